//! Hand-overs: the sheet on the screen and on paper, what is to be handed over, a note, and accepting it.

use super::print::{self, Table};
use super::{Context, Failed, act, list, time};
use crate::core::command::Action;
use crate::core::handover::{Closed, Handover, HandoverState, Medium, Sheet};
use crate::core::id::HandoverId;
use crate::core::person::PersonId;
use crate::core::text::sanitise;
use crate::wire::HandoverDetail;
use clap::{Args, Subcommand};

#[derive(Args, Debug)]
pub struct HandoverArgs {
    #[command(flatten)]
    pub sheet: SheetArgs,
    #[command(subcommand)]
    pub command: Option<HandoverCommand>,
}

#[derive(Args, Debug)]
pub struct SheetArgs {
    /// Only what concerns this schedule
    #[arg(long, value_name = "SCHEDULE")]
    pub schedule: Option<String>,
    /// For paper: with boxes to tick and lines to write on; pipe it to lp
    #[arg(long, conflicts_with = "json")]
    pub print: bool,
    /// One JSON object
    #[arg(long)]
    pub json: bool,
}

#[derive(Subcommand, Debug)]
pub enum HandoverCommand {
    /// Those that are ahead, wait to be accepted, or are over; newest first
    List(ListArgs),
    /// One of them, whole, and what is to be handed over by it
    Show {
        /// Such as H12
        id: HandoverId,
        /// One JSON object
        #[arg(long)]
        json: bool,
    },
    /// Say something that whoever comes has to know, until they have accepted
    Note {
        /// Of this hand-over, such as H12 [default: the one you give, or give next]
        #[arg(long, value_name = "HANDOVER")]
        of: Option<HandoverId>,
        /// What whoever comes has to know; several words are one note
        #[arg(required = true, value_name = "TEXT")]
        text: Vec<String>,
    },
    /// Take what is handed over: alerts with their promises, and tasks, are yours from then on
    Accept {
        /// Such as H12 [default: the one that waits for you]
        id: Option<HandoverId>,
    },
}

#[derive(Args, Debug)]
pub struct ListArgs {
    /// One JSON array
    #[arg(long)]
    pub json: bool,
    /// Only in this state: ahead, open, accepted or closed
    #[arg(long = "in", value_name = "STATE")]
    pub in_state: Option<String>,
    /// Only of this schedule
    #[arg(long, value_name = "SCHEDULE")]
    pub schedule: Option<String>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub limit: u32,
}

pub async fn run(args: HandoverArgs, context: &Context) -> Result<(), Failed> {
    let of_the_sheet = args.sheet.print || args.sheet.json || args.sheet.schedule.is_some();
    if args.command.is_some() && of_the_sheet {
        let said = "--schedule, --print and --json before the word are of the sheet; write them after it";
        return Err(Failed::Usage(said.to_owned()));
    }
    match args.command {
        None => sheet(&args.sheet, context).await,
        Some(HandoverCommand::List(args)) => listed(&args, context).await,
        Some(HandoverCommand::Show { id, json }) => show(id, json, context).await,
        Some(HandoverCommand::Note { of, text }) => {
            let action = Action::NoteHandover { handover: of, text: text.join(" ").into() };
            act::each([action], |action| action, context).await
        }
        Some(HandoverCommand::Accept { id }) => {
            act::each([Action::AcceptHandover { handover: id }], |action| action, context).await
        }
    }
}

async fn sheet(args: &SheetArgs, context: &Context) -> Result<(), Failed> {
    let of = args.schedule.as_ref().map(|name| format!("?schedule={}", list::encoded(name)));
    let path = format!("/v1/handover{}", of.unwrap_or_default());
    let sheet: Sheet = context.client.get(&path).await?;
    if args.json {
        return print::json(&sheet);
    }
    time::settle(context).await?;
    let medium = if args.print { Medium::Paper } else { Medium::Screen };
    sheet.text(&time::zone(), medium).lines().try_for_each(print::line)
}

async fn listed(args: &ListArgs, context: &Context) -> Result<(), Failed> {
    let mut path = format!("/v1/handovers?limit={}", args.limit);
    for (key, value) in [("state", &args.in_state), ("schedule", &args.schedule)] {
        if let Some(value) = value {
            path.push_str(&format!("&{key}={}", list::encoded(value)));
        }
    }
    let found: Vec<Handover> = context.client.get(&path).await?;
    if args.json {
        return print::json(&found);
    }
    time::settle(context).await?;
    let mut table = Table::new(&["ID", "STATE", "SCHEDULE", "AT", "FROM", "TO", "NOTES", ""]);
    for one in found {
        table.row(vec![
            one.id.to_string().into(),
            one.state.as_str().into(),
            sanitise(&one.schedule).into_owned().into(),
            one.at.map(time::short).unwrap_or_default().into(),
            names(&one.outgoing).into(),
            names(&one.incoming).into(),
            one.notes.len().to_string().into(),
            ended(&one).into(),
        ]);
    }
    table.print()
}

fn names(people: &[PersonId]) -> String {
    match people {
        [] => "nobody".to_owned(),
        people => people.iter().map(|id| sanitise(&id.0).into_owned()).collect::<Vec<_>>().join(", "),
    }
}

/// How it ended, in a few words.
fn ended(one: &Handover) -> String {
    match (&one.accepted, one.closed) {
        (Some(accepted), _) => {
            format!("accepted by {} {}", sanitise(&accepted.by.0), time::short(accepted.at))
        }
        (None, Some(Closed::Nothing)) => "there was nothing to hand over".to_owned(),
        (None, Some(Closed::Done)) => "nothing was left to hand over".to_owned(),
        (None, Some(Closed::Superseded { by })) => format!("not accepted; handed over by {by}"),
        (None, Some(Closed::Dropped)) => "no policy asks the schedule any more".to_owned(),
        (None, None) => String::new(),
    }
}

async fn show(id: HandoverId, json: bool, context: &Context) -> Result<(), Failed> {
    let found: HandoverDetail = context.client.get(&format!("/v1/handovers/{id}")).await?;
    if json {
        return print::json(&found);
    }
    time::settle(context).await?;
    let one = &found.handover;
    let at = one.at.map(|at| format!(" {}", time::short(at))).unwrap_or_default();
    let (from, to) = (names(&one.outgoing), names(&one.incoming));
    print::line(&format!(
        "{} {}: {from} to {to}{at}, {}",
        one.id,
        sanitise(&one.schedule),
        one.state.as_str()
    ))?;
    let ended = ended(one);
    if !ended.is_empty() {
        print::line(&ended)?;
    }
    for note in &one.notes {
        let head = format!("{} {}: ", time::short(note.at), sanitise(&note.by.0));
        for (nth, line) in note.text.raw().lines().enumerate() {
            let head = if nth == 0 { head.as_str() } else { "  " };
            print::line(&format!("{head}{}", sanitise(line)))?;
        }
    }
    if one.state == HandoverState::Open {
        let ids = |ids: Vec<String>| if ids.is_empty() { "none".to_owned() } else { ids.join(", ") };
        let open = ids(found.open.iter().map(ToString::to_string).collect());
        let moves = ids(found.moves.iter().map(ToString::to_string).collect());
        let tasks = ids(found.tasks.iter().map(ToString::to_string).collect());
        print::line(&format!("nobody has: {open}"))?;
        print::line(&format!("moves to whoever accepts: alerts {moves}; tasks {tasks}"))?;
        print::line(&format!("nightdesk handover accept {}", one.id))?;
    }
    Ok(())
}
