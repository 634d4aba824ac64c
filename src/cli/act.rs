//! The operator's actions on alerts, messages and tasks.

use super::list::{self, ListArgs, ShowArgs, Things};
use super::{Context, Failed, Noted, print, time};
use crate::core::command::{Action, Command, Expect, Outcome, RefusalCode};
use crate::core::id::{AlertId, TaskId};
use crate::core::person::PersonId;
use crate::core::task::{Task, TaskKind, TaskState};
use crate::wire::Me;
use crate::wire::partner::WithTimeline;
use clap::{Args, Subcommand};

#[derive(Args, Debug)]
pub struct AlertsArgs {
    /// One or more alerts, such as A12
    #[arg(required = true, value_name = "ALERT")]
    pub alerts: Vec<AlertId>,
}

#[derive(Args, Debug)]
pub struct AckArgs {
    #[command(flatten)]
    pub alerts: AlertsArgs,
    /// Promise news by then: 30m, 06:30 (in your zone, else the desk's) or RFC 3339 [default: the desk's, by severity]
    #[arg(long, value_name = "TIME")]
    pub by: Option<String>,
}

#[derive(Args, Debug)]
pub struct SnoozeArgs {
    #[command(flatten)]
    pub alerts: AlertsArgs,
    /// Until then: 30m, 06:30 (in your zone, else the desk's) or RFC 3339
    #[arg(long, value_name = "TIME")]
    pub until: String,
}

#[derive(Args, Debug)]
pub struct ResolveArgs {
    #[command(flatten)]
    pub alerts: AlertsArgs,
    /// What became of it
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
}

#[derive(Args, Debug)]
pub struct EscalateArgs {
    #[command(flatten)]
    pub alerts: AlertsArgs,
    /// To this step, counted from 1 [default: the next]
    #[arg(long, value_name = "N")]
    pub step: Option<u32>,
}

#[derive(Args, Debug)]
pub struct HandArgs {
    #[command(flatten)]
    pub alerts: AlertsArgs,
    /// Whom to ask; they are told, and it stays where it is until they acknowledge it
    #[arg(long, value_name = "PERSON", required_unless_present = "keep", conflicts_with = "keep")]
    pub to: Option<String>,
    /// Ask nobody any more; whoever was asked declines with it
    #[arg(long)]
    pub keep: bool,
}

#[derive(Args, Debug)]
pub struct NoteArgs {
    /// An alert (A12) or a task (T3)
    #[arg(value_name = "ALERT|TASK")]
    pub on: Noted,
    /// What you have to say; several words are one note
    #[arg(required = true, value_name = "TEXT")]
    pub text: Vec<String>,
}

#[derive(Args, Debug)]
pub struct UndoArgs {
    /// One or more alerts (A12) or tasks (T3)
    #[arg(required = true, value_name = "ALERT|TASK")]
    pub what: Vec<Noted>,
}

#[derive(Subcommand, Debug)]
pub enum TaskCommand {
    /// Newest first
    List(TaskListArgs),
    /// One of them, whole
    Show(ShowArgs),
    /// Make them yours
    Take(TasksArgs),
    /// Close them; refused while what one is about still waits
    Done {
        #[command(flatten)]
        tasks: TasksArgs,
        /// Close them although what they are about still waits
        #[arg(long)]
        anyway: bool,
    },
    /// Put them off
    Snooze {
        #[command(flatten)]
        tasks: TasksArgs,
        /// Until then: 2h, 06:30 (in your zone, else the desk's) or RFC 3339
        #[arg(long, value_name = "TIME")]
        until: String,
    },
}

#[derive(Args, Debug)]
pub struct TaskListArgs {
    #[command(flatten)]
    pub common: ListArgs,
    /// Only of this kind: answer, review, fix, doubt, sync or plan
    #[arg(long, value_name = "KIND")]
    pub kind: Option<String>,
    /// Only of this team
    #[arg(long, value_name = "TEAM")]
    pub team: Option<String>,
    /// Only yours
    #[arg(long)]
    pub mine: bool,
}

#[derive(Args, Debug)]
pub struct TasksArgs {
    /// One or more tasks, such as T3
    #[arg(required = true, value_name = "TASK")]
    pub tasks: Vec<TaskId>,
}

pub async fn ack(args: AckArgs, context: &Context) -> Result<(), Failed> {
    let by = match &args.by {
        Some(typed) => Some(time::typed(typed, context).await?),
        None => None,
    };
    each(args.alerts.alerts, |alert| Action::Ack { alert, next_update_by: by }, context).await
}

pub async fn unack(args: AlertsArgs, context: &Context) -> Result<(), Failed> {
    each(args.alerts, |alert| Action::Unack { alert }, context).await
}

/// Alerts are as they were before they were taken or put to sleep, tasks are to do again.
pub async fn undo(args: UndoArgs, context: &Context) -> Result<(), Failed> {
    let mut refused: Vec<String> = Vec::new();
    for one in args.what {
        let action = match one {
            Noted::Alert(alert) => Ok(Action::RestoreAlert { alert }),
            Noted::Task(task) => to_do_again(task, context).await,
        };
        match action {
            Ok(action) => match each([action], |action| action, context).await {
                Err(Failed::No(said)) => refused.push(said),
                done => done?,
            },
            Err(Failed::No(said)) => refused.push(said),
            Err(why) => return Err(why),
        }
    }
    if refused.is_empty() { Ok(()) } else { Err(Failed::No(refused.join("\n"))) }
}

/// One that is closed or put off stays whose it is; one that is the asker's is nobody's again.
async fn to_do_again(id: TaskId, context: &Context) -> Result<Action, Failed> {
    let task: WithTimeline<Task> = context.client.get(&format!("/v1/tasks/{id}")).await?;
    let Task { state, owner, .. } = task.thing;
    if state != TaskState::Open {
        return Ok(Action::RestoreTask { task: id, owner });
    }
    let me = myself(context).await?;
    match owner {
        Some(owner) if owner == me => Ok(Action::RestoreTask { task: id, owner: None }),
        _ => Err(Failed::No(format!("{id} is to do and not yours; there is nothing to take back."))),
    }
}

pub async fn snooze(args: SnoozeArgs, context: &Context) -> Result<(), Failed> {
    let until = time::typed(&args.until, context).await?;
    each(args.alerts.alerts, |alert| Action::Snooze { alert, until }, context).await
}

pub async fn resolve(args: ResolveArgs, context: &Context) -> Result<(), Failed> {
    each(args.alerts.alerts, |alert| Action::Resolve { alert, reason: args.reason.as_str().into() }, context)
        .await
}

pub async fn escalate(args: EscalateArgs, context: &Context) -> Result<(), Failed> {
    each(args.alerts.alerts, |alert| Action::Escalate { alert, step: args.step }, context).await
}

pub async fn hand(args: HandArgs, context: &Context) -> Result<(), Failed> {
    let to = args.to.map(PersonId);
    let action = |alert| match &to {
        Some(to) => Action::HandAlert { alert, to: to.clone() },
        None => Action::KeepAlert { alert },
    };
    each(args.alerts.alerts, action, context).await
}

pub async fn note(args: NoteArgs, context: &Context) -> Result<(), Failed> {
    let text = args.text.join(" ");
    let action = match args.on {
        Noted::Alert(alert) => Action::NoteAlert { alert, text: text.into() },
        Noted::Task(task) => Action::NoteTask { task, text: text.into() },
    };
    each([action], |action| action, context).await
}

pub async fn tasks(command: TaskCommand, context: &Context) -> Result<(), Failed> {
    match command {
        TaskCommand::List(args) => {
            let mine = if args.mine { Some(myself(context).await?) } else { None };
            if let Some(kind) = &args.kind
                && !TaskKind::ALL.iter().any(|known| known.as_str() == kind)
            {
                let known: Vec<_> = TaskKind::ALL.iter().map(|kind| kind.as_str()).collect();
                let kind = crate::core::text::sanitise(kind);
                return Err(Failed::Usage(format!(
                    "{kind:?} is no kind of task; there are {}",
                    known.join(", ")
                )));
            }
            let more = [
                ("kind", args.kind.as_deref()),
                ("team", args.team.as_deref()),
                ("owner", mine.as_ref().map(|me| me.0.as_str())),
            ];
            list::list_where(Things::Tasks, &args.common, &more, context).await
        }
        TaskCommand::Show(args) => list::show(Things::Tasks, &args, context).await,
        TaskCommand::Take(args) => each(args.tasks, |task| Action::TakeTask { task }, context).await,
        TaskCommand::Done { tasks, anyway } => {
            each(tasks.tasks, |task| Action::DoneTask { task, anyway }, context).await
        }
        TaskCommand::Snooze { tasks, until } => {
            let until = time::typed(&until, context).await?;
            each(tasks.tasks, |task| Action::SnoozeTask { task, until }, context).await
        }
    }
}

async fn myself(context: &Context) -> Result<PersonId, Failed> {
    let me: Me = context.client.get("/v1/me").await?;
    me.person.map(|person| person.id).ok_or_else(|| {
        Failed::No(format!("The login {} is no [[person]] of this desk, so no task is yours.", me.login))
    })
}

/// Asks for each in turn, says what became of it, and fails in the end if any was refused.
pub async fn each<T>(
    things: impl IntoIterator<Item = T>,
    mut action: impl FnMut(T) -> Action,
    context: &Context,
) -> Result<(), Failed> {
    let mut refused: Vec<String> = Vec::new();
    for thing in things {
        match context.client.command(&command(action(thing))).await? {
            Outcome::Done { said } => print::line(said.printable().as_str())?,
            Outcome::Refused { refusal } => {
                let mut said = refusal.said.printable().into_string();
                if refusal.code == RefusalCode::StillOpen {
                    said.push_str(" --anyway closes it now.");
                }
                refused.push(said);
            }
        }
    }
    if refused.is_empty() { Ok(()) } else { Err(Failed::No(refused.join("\n"))) }
}

/// An action asked for as things are now.
pub fn command(action: Action) -> Command {
    Command { id: fresh_id(), action, expect: Expect::default() }
}

/// 128 random bits: no two commands of any desk share it.
pub fn fresh_id() -> String {
    let bits: u128 = rand::random();
    format!("{bits:032x}")
}
