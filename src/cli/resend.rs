//! Sending again, taking that back, and settling what is in doubt.

use super::act::{command, each};
use super::{Context, Failed, print, time};
use crate::core::command::{Action, Command, Expect, Outcome};
use crate::core::id::NotificationId;
use crate::core::notification::RecipientId;
use crate::core::person::{Person, PersonId};
use crate::core::resend::{Asked, Plan, Target, UNDO};
use crate::core::settle::Settled;
use crate::core::text::sanitise;
use crate::wire::Planned;
use clap::{Args, ValueEnum};
use std::io::{BufRead, IsTerminal};

#[derive(Args, Debug)]
pub struct ResendArgs {
    /// Alerts (A12) or notifications (N45)
    #[arg(required = true, value_name = "ALERT|NOTIFICATION")]
    pub targets: Vec<String>,
    /// To this person instead, or to this contact of the same partner
    #[arg(long, value_name = "PERSON|CONTACT")]
    pub to: Option<String>,
    /// Over sms, email, or a channel by its name
    #[arg(long, value_name = "CHANNEL")]
    pub via: Option<String>,
    /// Don't ask; without a terminal to ask on it is needed
    #[arg(long, short)]
    pub yes: bool,
}

#[derive(Args, Debug)]
pub struct UnsendArgs {
    /// What was sent again: alerts (A12), notifications (N45), or the copies themselves
    #[arg(required = true, value_name = "ALERT|NOTIFICATION")]
    pub targets: Vec<String>,
}

#[derive(Args, Debug)]
pub struct SettleArgs {
    /// A notification in doubt, such as N45
    #[arg(value_name = "NOTIFICATION")]
    pub notification: NotificationId,
    /// What became of it, or what is to be done
    pub how: How,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum How {
    /// It arrived: the recipient says so, and you vouch for it
    Arrived,
    /// It leaves once more, marked as a possible second copy
    Again,
    /// Nothing more is done about it
    Leave,
}

pub async fn resend(args: ResendArgs, context: &Context) -> Result<(), Failed> {
    let (asked, plan) = plan(&args, context).await?;
    if !args.yes {
        time::settle(context).await?;
        for line in sentences(&plan) {
            eprintln!("{line}");
        }
        if !std::io::stdin().is_terminal() {
            return Err(Failed::Usage(
                "nothing was sent: there is no terminal to ask on; --yes sends it".to_owned(),
            ));
        }
        eprint!("Send it? [y/N] ");
        let mut answer = String::new();
        let read = std::io::stdin().lock().read_line(&mut answer);
        if read.is_err() || !matches!(answer.trim(), "y" | "Y" | "yes") {
            return Err(Failed::No("Nothing was sent.".to_owned()));
        }
    }
    let (left_out, undo) = (plan.reasons(), plan.can_be_undone());
    let expect = Expect { resent: plan.seen, ..Expect::default() };
    let order = Command { expect, ..command(Action::Resend(asked)) };
    match context.client.command(&order).await? {
        Outcome::Done { said } => print::line(said.printable().as_str())?,
        Outcome::Refused { refusal } => return Err(Failed::No(refusal.said.printable().into_string())),
    }
    if undo {
        eprintln!("nightdesk unsend {} takes it back within {} s.", args.targets.join(" "), UNDO.as_secs());
    }
    if left_out.is_empty() { Ok(()) } else { Err(Failed::No(left_out.join("\n"))) }
}

pub async fn unsend(args: UnsendArgs, context: &Context) -> Result<(), Failed> {
    let what = targets(&args.targets)?;
    each([what], |what| Action::Unsend { what }, context).await
}

pub async fn settle(args: SettleArgs, context: &Context) -> Result<(), Failed> {
    let how = match args.how {
        How::Arrived => Settled::Arrived,
        How::Again => Settled::Again,
        How::Leave => Settled::Leave,
    };
    each([args.notification], |notification| Action::Settle { notification, how }, context).await
}

/// What sending again would come to.
pub async fn plan(args: &ResendArgs, context: &Context) -> Result<(Asked, Plan), Failed> {
    let asked = Asked {
        what: targets(&args.targets)?,
        to: recipient(args.to.clone(), context).await?,
        via: args.via.clone(),
    };
    match context.client.post("/v1/resend", &asked).await? {
        Planned::Goes(plan) => Ok((asked, plan)),
        Planned::Refused(refusal) => Err(Failed::No(refusal.said.printable().into_string())),
    }
}

/// What would leave, line by line.
pub fn sentences(plan: &Plan) -> Vec<String> {
    let mut lines = vec![plan.sentence()];
    for one in &plan.goes {
        let parts = if one.parts > 1 { format!(", {} parts", one.parts) } else { String::new() };
        let marked = if one.marked { ", marked as a possible second copy" } else { "" };
        let later = match (&one.waits, one.at) {
            (Some(why), Some(at)) => format!(", leaves {}: {}", time::short(at), why.printable()),
            (Some(why), None) => format!(", waits: {}", why.printable()),
            (None, _) => String::new(),
        };
        lines.push(format!(
            "  {} {} to {} by {}{parts}{marked}{later}",
            one.of,
            one.medium.as_str(),
            one.to.name.printable(),
            sanitise(&one.channel)
        ));
    }
    lines.extend(plan.reasons().into_iter().map(|reason| format!("  not {reason}")));
    lines
}

fn targets(typed: &[String]) -> Result<Vec<Target>, Failed> {
    let one = |typed: &String| {
        let usage = |why: String| Failed::Usage(why);
        if typed.starts_with(['N', 'n']) {
            typed.parse().map(Target::Message).map_err(|why| usage(format!("{why}")))
        } else {
            typed.parse().map(Target::Alert).map_err(|why| usage(format!("{why}")))
        }
    };
    typed.iter().map(one).collect()
}

/// A person of the desk where one has that id, else a contact.
async fn recipient(typed: Option<String>, context: &Context) -> Result<Option<RecipientId>, Failed> {
    let Some(typed) = typed else { return Ok(None) };
    let people: Vec<Person> = context.client.get("/v1/people").await?;
    let id = PersonId(typed.clone());
    Ok(Some(match people.iter().any(|person| person.id == id) {
        true => RecipientId::Person(id),
        false => RecipientId::Contact(typed.into()),
    }))
}
