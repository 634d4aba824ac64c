//! `nightdesk check`: is the configuration right, and can everybody it would page be reached?

use super::{Context, Failed, print};
use crate::config::{self, ConfigError, Settings};
use crate::core::alert::Target;
use crate::core::contact::Medium;
use crate::core::partner::PartnerRef;
use crate::core::rule::Then;
use clap::Args;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use std::collections::BTreeSet;

#[derive(Args, Debug)]
pub struct CheckArgs {
    /// One JSON object
    #[arg(long)]
    pub json: bool,
    /// Whether the desk is ready for this partner: can it be reached, has it a coordinator, which rules
    /// it hits
    #[arg(long, value_name = "ID")]
    pub partner: Option<String>,
}

/// What was found. `problems` make something urgent unreachable; `warnings` do not.
#[derive(Debug, Default, Serialize)]
struct Report {
    ok: bool,
    config: String,
    problems: Vec<String>,
    warnings: Vec<String>,
}

/// How far ahead schedules are looked at.
const DAYS: i64 = 14;

pub async fn run(args: &CheckArgs, context: &Context) -> Result<(), Failed> {
    let path = &context.paths.config;
    let settings = match config::load(path) {
        Ok(settings) => settings,
        Err(why) => {
            if args.json {
                let problems = match &why {
                    ConfigError::Wrong { problems } => problems
                        .iter()
                        .map(|p| format!("{}:{}:{}: {}", p.file, p.line, p.column, p.message))
                        .collect(),
                    other => vec![other.to_string()],
                };
                let config = path.display().to_string();
                print::json(&Report { ok: false, config, problems, warnings: Vec::new() })?;
            }
            return Err(Failed::Usage(why.to_string()));
        }
    };
    if let Some(partner) = &args.partner {
        return super::check_partner::run(partner, &settings, args.json, context).await;
    }
    let mut report = walk(&settings, Timestamp::now());
    report.config = path.display().to_string();
    report.ok = report.problems.is_empty();
    if args.json {
        print::json(&report)?;
    } else {
        for problem in &report.problems {
            print::line(&format!("problem: {problem}"))?;
        }
        for warning in &report.warnings {
            print::line(&format!("warning: {warning}"))?;
        }
    }
    match report.problems.len() {
        0 if args.json => Ok(()),
        0 => print::line(&format!("{} is right, and everybody urgent can be reached.", path.display())),
        n => Err(Failed::No(format!(
            "{n} urgent {} nobody.",
            if n == 1 { "path reaches" } else { "paths reach" }
        ))),
    }
}

/// Walks every urgent path: each policy that a rule or the catch-all uses, step by step.
fn walk(settings: &Settings, now: Timestamp) -> Report {
    let desk = &settings.desk;
    let mut report = Report::default();
    let mut used: BTreeSet<&str> = desk
        .rules
        .iter()
        .filter_map(|rule| match &rule.then {
            Then::Alert { policy } => Some(policy.as_str()),
            Then::Tell { .. } | Then::Quiet => None,
        })
        .collect();
    used.insert(&desk.catch_all);
    for name in desk.policies.keys().filter(|name| !used.contains(name.as_str())) {
        report.warnings.push(format!("no rule uses policy {name}"));
    }
    for policy in used.iter().filter_map(|name| desk.policies.get(*name)) {
        let steps = policy.steps.iter().chain([&policy.last_resort]);
        for (i, step) in steps.enumerate() {
            let what = match i == policy.steps.len() {
                true => format!("the last resort of policy {}", policy.name),
                false => format!("step {} of policy {}", i + 1, policy.name),
            };
            // Whoever is on call at each hand-over of the days ahead, and everybody else named.
            let anybody = PartnerRef { id: "".into(), name: "a partner".into(), ..PartnerRef::default() };
            let mut unreachable_at = None;
            for at in moments(settings, &step.notify, now) {
                let (told, nobody) = desk.people_behind(&step.notify, &anybody, at);
                let reached = told.iter().filter_map(|t| desk.person(&t.person)).any(|person| {
                    Medium::ALL.into_iter().any(|m| person.reachable_by(m) && desk.carrier(m).is_some())
                });
                if !reached {
                    unreachable_at.get_or_insert((at, nobody));
                }
            }
            if let Some((at, nobody)) = unreachable_at {
                let why = if nobody.is_empty() {
                    "nobody it names has an address that a channel carries".to_owned()
                } else {
                    nobody.join(", ")
                };
                let when = at.to_zoned(desk.time_zone.clone()).strftime("%a %d %b %H:%M %Z");
                // Only the agent knows what a calendar elsewhere says.
                let elsewhere = |target: &Target| match target {
                    Target::OnCall(name) => settings.rosters.iter().any(|feed| feed.schedule == *name),
                    _ => false,
                };
                match step.notify.iter().any(elsewhere) {
                    true => report.warnings.push(format!(
                        "{what} reaches nobody at {when} unless a calendar elsewhere says so; \
                         `nightdesk oncall --weeks 2` knows"
                    )),
                    false => report.problems.push(format!("{what} reaches nobody at {when}: {why}")),
                }
            }
        }
        let paged: BTreeSet<_> = policy
            .steps
            .iter()
            .chain([&policy.last_resort])
            .flat_map(|step| {
                desk.people_behind(
                    &step.notify,
                    &PartnerRef { id: "".into(), name: "".into(), ..PartnerRef::default() },
                    now,
                )
                .0
            })
            .map(|told| told.person)
            .collect();
        for person in paged.iter().filter_map(|id| desk.person(id)) {
            if !person.reachable_by(Medium::Sms) {
                report
                    .warnings
                    .push(format!("{} is paged by policy {} and has no phone", person.name, policy.name));
            }
        }
    }
    let channels = &settings.channels;
    for medium in Medium::ALL {
        let carriers: Vec<_> = channels.iter().filter(|c| c.carries.contains(&medium)).collect();
        if carriers.is_empty() {
            report.warnings.push(format!("no channel carries {}", medium.as_str()));
        } else if !carriers.iter().any(|c| c.receipts) {
            let word = medium.as_str();
            report.warnings.push(format!(
                "no channel for {word} reports deliveries (receipts = true): pages are accepted, never proven"
            ));
        }
    }
    report
}

/// Now, and every hand-over of the schedules named, for the days ahead.
fn moments(settings: &Settings, targets: &[Target], now: Timestamp) -> Vec<Timestamp> {
    let end = now + SignedDuration::from_hours(24 * DAYS);
    let mut moments = vec![now];
    for target in targets {
        let Target::OnCall(name) = target else { continue };
        let Some(schedule) = settings.desk.schedules.get(name) else { continue };
        moments.extend(schedule.turns(now, end).into_iter().map(|turn| turn.from));
    }
    moments
}
