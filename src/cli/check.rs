//! `nightdesk check`: is the configuration right, and does everything urgent reach somebody, at every
//! minute of the next 14 days? The walk is [`crate::core::cover`]; an agent, where one answers, adds what the
//! file cannot know.

use super::{Context, Failed, print};
use crate::config::{self, ConfigError, Settings};
use crate::core::assignment;
use crate::core::counted::counted;
use crate::core::cover::{self, Finding, Known, Weight};
use crate::core::suppression::{SuppressionState, address_key};
use crate::wire::client::LinkError;
use crate::wire::cover::CoverInputs;
use clap::Args;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

#[derive(Args, Debug)]
pub struct CheckArgs {
    /// A JSON array of what was found, each with severity (error, warning, note), finding and said; for one
    /// partner, one object
    #[arg(long)]
    pub json: bool,
    /// Whether the desk is ready for this partner: can it be reached, has it a coordinator, which rules
    /// it hits
    #[arg(long, value_name = "ID")]
    pub partner: Option<String>,
}

/// One thing found, as `--json` shows it.
#[derive(Serialize)]
struct Found<'a> {
    severity: Weight,
    #[serde(flatten)]
    finding: &'a Finding,
    /// The same in words.
    said: String,
}

/// A mistake in the file, in the same list.
#[derive(Serialize)]
struct Mistake {
    severity: Weight,
    finding: &'static str,
    said: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
}

/// How far ahead schedules are walked.
const DAYS: i64 = 14;

pub async fn run(args: &CheckArgs, context: &Context) -> Result<(), Failed> {
    let path = &context.paths.config;
    let settings = match config::load(path) {
        Ok(settings) => settings,
        Err(why) => {
            if args.json {
                print::json(&mistakes(&why))?;
            }
            return Err(Failed::Usage(why.to_string()));
        }
    };
    let problems = crate::console::setup::problems(path);
    if !problems.is_empty() {
        let why = ConfigError::Wrong { problems };
        if args.json {
            print::json(&mistakes(&why))?;
        }
        return Err(Failed::Usage(why.to_string()));
    }
    if let Some(partner) = &args.partner {
        return super::check_partner::run(partner, &settings, args.json, context).await;
    }
    let asked = match context.client.get::<CoverInputs>(&format!("/v1/cover?days={DAYS}")).await {
        Ok(inputs) => Some(inputs),
        // An older agent does not know the question.
        Err(LinkError::NoAgent { .. } | LinkError::Refused { status: 404, .. }) => None,
        Err(why) => return Err(why.into()),
    };
    let zone = settings.desk.time_zone.clone();
    let findings = walk(settings, asked, Timestamp::now());
    let found: Vec<Found<'_>> = findings
        .iter()
        .map(|finding| Found { severity: finding.weight(), finding, said: finding.words(&zone) })
        .collect();
    if args.json {
        print::json(&found)?;
    } else {
        for one in &found {
            let weight = match one.severity {
                Weight::Error => "problem",
                Weight::Warning => "warning",
                Weight::Note => "note",
            };
            print::line(&format!("{weight}: {}", one.said))?;
        }
    }
    match found.iter().filter(|one| one.severity == Weight::Error).count() {
        0 if args.json => Ok(()),
        0 => print::line(&format!("{} is right, and everybody urgent can be reached.", path.display())),
        n => Err(Failed::No(format!("{} nobody.", counted(n, "urgent path reaches", "urgent paths reach")))),
    }
}

/// Walks the file's desk, with what the agent knows laid over it.
fn walk(mut settings: Settings, asked: Option<CoverInputs>, now: Timestamp) -> Vec<Finding> {
    let proving = settings.channels.iter().filter(|channel| channel.proof.is_some());
    let mut known =
        Known { proving: proving.map(|channel| channel.name.clone()).collect(), ..Known::default() };
    let reports = settings.replies.as_ref().is_some_and(|replies| replies.bounces);
    let waits = |channel: &&config::Channel| {
        !reports && channel.proof.is_some() && matches!(channel.kind, config::ChannelKind::Smtp { .. })
    };
    let waiting = settings.channels.iter().filter(waits);
    let lost: Vec<Finding> =
        waiting.map(|channel| Finding::NoWayBack { channel: channel.name.clone() }).collect();
    let Some(asked) = asked else {
        known.unread = settings.rosters.iter().map(|feed| feed.schedule.clone()).collect();
        let mut found = cover::walk(&settings.desk, &known, now, ahead(now));
        found.extend(lost);
        found.push(Finding::AgentNotAsked);
        return found;
    };
    // The file's own plan, with what is arranged beside it: a copy counts for the calendar that it was read from.
    known.unread = settings.lay(&asked.rosters, &asked.overrides);
    let desk = &mut settings.desk;
    assignment::lay_over(desk, &asked.assignments);
    let active = asked.suppressed.iter().filter(|one| one.state == SuppressionState::Active);
    known.suppressed = active.map(|one| (address_key(one.id.raw()), one.cause)).collect();
    known.failing = asked.failing.into_iter().map(|one| one.address).collect();
    (known.partners, known.contacts) = (asked.partners, asked.contacts);
    let mut found = cover::walk(desk, &known, asked.now, ahead(asked.now));
    found.extend(lost);
    found
}

fn ahead(now: Timestamp) -> Timestamp {
    now.saturating_add(SignedDuration::from_hours(24 * DAYS)).unwrap_or(Timestamp::MAX)
}

fn mistakes(why: &ConfigError) -> Vec<Mistake> {
    let bare = |said: String| Mistake {
        severity: Weight::Error,
        finding: "configuration",
        said,
        file: None,
        line: None,
        column: None,
    };
    match why {
        ConfigError::Wrong { problems } => problems
            .iter()
            .map(|p| Mistake {
                file: Some(p.file.clone()),
                line: Some(p.line),
                column: Some(p.column),
                ..bare(p.message.clone())
            })
            .collect(),
        other => vec![bare(other.to_string())],
    }
}
