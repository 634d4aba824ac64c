//! Putting somebody else on call for a while, swapping two turns, and taking that back.

use super::act;
use super::print::{self, Table};
use super::{Context, Failed, time};
use crate::core::command::Action;
use crate::core::id::OverrideId;
use crate::core::person::PersonId;
use crate::core::schedule::{Override, OverrideState};
use crate::core::text::sanitise;
use clap::{Args, Subcommand};
use jiff::Timestamp;

#[derive(Subcommand, Debug)]
pub enum OverrideCommand {
    /// Somebody is on call from a time until another; those it concerns are told
    Add(AddArgs),
    /// Two people swap the turns they have at those times
    Swap(SwapArgs),
    /// Those that count now or later
    List(ListArgs),
    /// Take one back; with it the other half of a swap
    Remove {
        /// Such as O3
        #[arg(value_name = "ID")]
        id: OverrideId,
    },
}

#[derive(Args, Debug)]
pub struct AddArgs {
    /// A schedule of the configuration, by name
    #[arg(value_name = "SCHEDULE")]
    pub schedule: String,
    /// Who is on call then
    #[arg(value_name = "PERSON")]
    pub who: String,
    /// From then: fri 18:00, 2026-11-27 18:00, 06:30 (in your zone, else the desk's) or RFC 3339 [default: now]
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// Until then: 12h (after the start), mon 08:00, 2026-11-30 08:00 or RFC 3339
    #[arg(long, value_name = "TIME")]
    pub until: String,
    /// Only where this person would be on call [default: whoever is]
    #[arg(long, value_name = "PERSON")]
    pub instead: Option<String>,
}

#[derive(Args, Debug)]
pub struct SwapArgs {
    /// A schedule of the configuration, by name
    #[arg(value_name = "SCHEDULE")]
    pub schedule: String,
    /// A person and a time in their turn: 'maria@fri 20:00' or maria@now
    #[arg(value_name = "PERSON@TIME")]
    pub first: String,
    /// With whose turn, in the same way
    #[arg(value_name = "PERSON@TIME")]
    pub second: String,
}

#[derive(Args, Debug)]
pub struct ListArgs {
    /// Those that are over or were taken back as well, at most 1000
    #[arg(long)]
    pub all: bool,
    /// Only of this schedule
    #[arg(long, value_name = "SCHEDULE")]
    pub schedule: Option<String>,
    /// One JSON array
    #[arg(long)]
    pub json: bool,
}

pub async fn run(command: OverrideCommand, context: &Context) -> Result<(), Failed> {
    match command {
        OverrideCommand::Add(args) => add(args, context).await,
        OverrideCommand::Swap(args) => {
            let (first, first_at) = turn(&args.first, context).await?;
            let (second, second_at) = turn(&args.second, context).await?;
            let schedule = args.schedule;
            one(Action::SwapOverride { schedule, first, first_at, second, second_at }, context).await
        }
        OverrideCommand::List(args) => list(&args, context).await,
        OverrideCommand::Remove { id } => one(Action::RemoveOverride { id }, context).await,
    }
}

/// One action, and what became of it.
async fn one(action: Action, context: &Context) -> Result<(), Failed> {
    act::each([action], |action| action, context).await
}

async fn add(args: AddArgs, context: &Context) -> Result<(), Failed> {
    time::settle(context).await?;
    let zone = time::zone();
    let now = Timestamp::now();
    let from = match &args.from {
        Some(typed) => time::future(typed, now, &zone)?,
        None => now,
    };
    // A weekday or a time of day is the next one after the start, a length counts from it.
    let until = time::future(&args.until, from, &zone)?;
    let (schedule, person) = (args.schedule, PersonId(args.who));
    let instead = args.instead.map(PersonId);
    one(Action::AddOverride { schedule, person, instead, from, until }, context).await
}

async fn turn(typed: &str, context: &Context) -> Result<(PersonId, Timestamp), Failed> {
    let Some((person, at)) = typed.split_once('@') else {
        let typed = sanitise(typed);
        return Err(Failed::Usage(format!(
            "{typed:?} does not say whose turn and when; write maria@06:30 or 'maria@fri 20:00'"
        )));
    };
    let at = match at.trim() {
        "now" => Timestamp::now(),
        at => time::typed(at, context).await?,
    };
    Ok((PersonId(person.to_owned()), at))
}

async fn list(args: &ListArgs, context: &Context) -> Result<(), Failed> {
    let path = if args.all { "/v1/overrides?all=true" } else { "/v1/overrides" };
    let mut found: Vec<Override> = context.client.get(path).await?;
    if let Some(schedule) = &args.schedule {
        found.retain(|over| over.schedule == *schedule);
    }
    if args.json {
        return print::json(&found);
    }
    time::settle(context).await?;
    let mut table = Table::new(&["ID", "SCHEDULE", "ON CALL", "INSTEAD OF", "FROM", "UNTIL", "BY", "STATE"]);
    for over in found {
        let plain = |text: &str| sanitise(text).into_owned();
        table.row(vec![
            over.id.to_string().into(),
            plain(&over.schedule).into(),
            plain(&over.person.0).into(),
            over.instead.as_ref().map_or_else(|| "whoever is".to_owned(), |id| plain(&id.0)).into(),
            time::short(over.from).into(),
            time::short(over.until).into(),
            plain(&over.by.0).into(),
            match (over.state, over.swap) {
                (OverrideState::Removed, _) => "removed".to_owned(),
                (OverrideState::Active, Some(other)) => format!("swap with {other}"),
                (OverrideState::Active, None) => "active".to_owned(),
            }
            .into(),
        ]);
    }
    table.print()
}
