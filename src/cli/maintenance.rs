//! Maintenance windows: a time in which what was to be expected pages nobody.

use super::act;
use super::print::{self, Table};
use super::{Context, Failed, time};
use crate::core::command::Action;
use crate::core::event::Severity;
use crate::core::id::WindowId;
use crate::core::maintenance::Covers;
use crate::core::text::sanitise;
use crate::wire::{MaintenanceInfo, MaintenanceState};
use clap::{Args, Subcommand, ValueEnum};
use jiff::{SignedDuration, Timestamp};

#[derive(Subcommand, Debug)]
pub enum MaintenanceCommand {
    /// What begins to page in that time and is covered sleeps until it ends
    Add(AddArgs),
    /// Those that are on or to come, the configured ones with their next time
    List(ListArgs),
    /// Take one back; what slept because of it wakes at once
    Remove {
        /// Such as M3; what the configuration says is changed there
        #[arg(value_name = "ID")]
        id: WindowId,
    },
}

#[derive(Args, Debug)]
pub struct AddArgs {
    /// Only what is about this partner; several may be named
    #[arg(long = "partner", value_name = "ID")]
    pub partners: Vec<String>,
    /// Only exceptions of this kind; several may be named
    #[arg(long = "kind", value_name = "KIND")]
    pub kinds: Vec<String>,
    /// Only what came in by this source; several may be named
    #[arg(long = "source", value_name = "NAME")]
    pub sources: Vec<String>,
    /// What is more severe pages all the same
    #[arg(long, value_name = "SEVERITY", default_value = "high")]
    pub severity: SeverityArg,
    /// From then: 22:00, fri 18:00, 2026-11-27 18:00 (in your zone, else the desk's) or RFC 3339 [default: now]
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// For so long: 30m, 2h; three days at most
    #[arg(long = "for", value_name = "LENGTH")]
    pub lasts: SignedDuration,
    /// Why, in a few words
    #[arg(value_name = "WHY")]
    pub why: String,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum SeverityArg {
    Low,
    Medium,
    High,
    Critical,
}

impl From<SeverityArg> for Severity {
    fn from(word: SeverityArg) -> Self {
        match word {
            SeverityArg::Low => Severity::Low,
            SeverityArg::Medium => Severity::Medium,
            SeverityArg::High => Severity::High,
            SeverityArg::Critical => Severity::Critical,
        }
    }
}

#[derive(Args, Debug)]
pub struct ListArgs {
    /// Those that are over or were taken back as well, at most 1000
    #[arg(long)]
    pub all: bool,
    /// One JSON array
    #[arg(long)]
    pub json: bool,
}

pub async fn run(command: MaintenanceCommand, context: &Context) -> Result<(), Failed> {
    match command {
        MaintenanceCommand::Add(args) => add(args, context).await,
        MaintenanceCommand::List(args) => list(&args, context).await,
        MaintenanceCommand::Remove { id } => {
            act::each([Action::RemoveMaintenance { id }], |action| action, context).await
        }
    }
}

async fn add(args: AddArgs, context: &Context) -> Result<(), Failed> {
    time::settle(context).await?;
    let now = Timestamp::now();
    let from = match &args.from {
        Some(typed) => time::future(typed, now, &time::zone())?,
        None => now,
    };
    let until = from
        .checked_add(args.lasts)
        .map_err(|_| Failed::Usage("--for is too long; a window is at most three days (72h)".to_owned()))?;
    let covers = Covers {
        partners: args.partners,
        kinds: args.kinds,
        sources: args.sources,
        when: None,
        up_to: args.severity.into(),
    };
    let action =
        Action::AddMaintenance { covers: Box::new(covers), from, until, why: args.why.as_str().into() };
    act::each([action], |action| action, context).await
}

async fn list(args: &ListArgs, context: &Context) -> Result<(), Failed> {
    let path = if args.all { "/v1/maintenance?all=true" } else { "/v1/maintenance" };
    let found: Vec<MaintenanceInfo> = context.client.get(path).await?;
    if args.json {
        return print::json(&found);
    }
    time::settle(context).await?;
    let mut table = Table::new(&["NAME", "STATE", "FROM", "UNTIL", "COVERS", "BY", "WHY"]);
    for window in found {
        table.row(vec![
            sanitise(&window.name).into_owned().into(),
            match window.state {
                MaintenanceState::On => "on",
                MaintenanceState::ToCome => "to come",
                MaintenanceState::Over => "over",
                MaintenanceState::Removed => "removed",
            }
            .to_owned()
            .into(),
            time::short(window.from).into(),
            time::short(window.until).into(),
            window.covers.words().into(),
            window
                .by
                .as_ref()
                .map_or_else(|| "the configuration".to_owned(), |by| sanitise(&by.0).into_owned())
                .into(),
            window.why.map_or_else(String::new, |why| why.printable().into_string()).into(),
        ]);
    }
    table.print()
}
