//! `nightdesk check --partner ID`: is the desk ready for this partner? Can it be reached, has it a
//! coordinator, and what would happen to each kind of exception it may raise?

use super::list::encoded;
use super::partner::reach_in_words;
use super::{Context, Failed, print};
use crate::config::Settings;
use crate::core::assignment::Origin;
use crate::core::event::{ExceptionKind, Severity};
use crate::core::partner::PartnerRef;
use crate::core::rule::{Facts, Then, first_match};
use crate::core::text::sanitise;
use crate::wire::PartnerDetail;
use crate::wire::assign::AssignmentLine;
use crate::wire::client::LinkError;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeSet;

/// What was found. `problems` mean that the partner is not ready.
#[derive(Debug, Serialize)]
struct Report {
    ok: bool,
    partner: String,
    name: Option<String>,
    /// The agent answered, so contacts were looked at.
    asked_agent: bool,
    coordinator: Option<String>,
    contacts: Vec<ContactLine>,
    paths: Vec<Path>,
    problems: Vec<String>,
    notes: Vec<String>,
}

#[derive(Debug, Serialize)]
struct ContactLine {
    id: String,
    name: String,
    reachable: bool,
    said: String,
}

/// What an exception of that kind and severity would come to.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Path {
    kind: String,
    severity: Severity,
    /// `None`: no rule speaks of it.
    rule: Option<String>,
    /// The policy that wakes people.
    policy: Option<String>,
    said: String,
}

pub async fn run(id: &str, settings: &Settings, json: bool, context: &Context) -> Result<(), Failed> {
    let now = Timestamp::now();
    let answer: Result<PartnerDetail, LinkError> =
        context.client.get(&format!("/v1/partners/{}", encoded(id))).await;
    let (detail, asked_agent, note) = match answer {
        Ok(detail) => (Some(detail), true, None),
        Err(LinkError::NoAgent { .. }) => {
            let note = "no agent answers, so only the configuration was looked at: contacts and the partner's \
                        tier are not known";
            (None, false, Some(note.to_owned()))
        }
        Err(LinkError::Refused { status: 404, .. }) => {
            let note = "no event has named this partner yet, so its tier and contacts are not known";
            (None, true, Some(note.to_owned()))
        }
        Err(why) => return Err(why.into()),
    };
    let notes = note.into_iter().collect();
    let partner = detail.as_ref().map_or_else(
        || PartnerRef { id: id.into(), name: id.into(), ..PartnerRef::default() },
        |detail| detail.partner.about.clone(),
    );
    let mut settings = settings.clone();
    if asked_agent {
        lay_over(&mut settings, context).await?;
    }
    let report = report(&settings, &partner, detail.as_ref(), asked_agent, notes, now);
    if json {
        print::json(&report)?
    } else {
        in_words(&report)?
    }
    if report.ok {
        return Ok(());
    }
    Err(Failed::No(format!("{} is not ready: {}.", sanitise(id), report.problems.join("; "))))
}

/// The assignments that operators gave count as well.
async fn lay_over(settings: &mut Settings, context: &Context) -> Result<(), Failed> {
    let lines: Vec<AssignmentLine> = context.client.get("/v1/assignments").await?;
    let given = lines
        .into_iter()
        .map(|line| line.assignment)
        .filter(|given| given.origin == Origin::Stored && settings.desk.people.contains_key(&given.person));
    let given: Vec<_> = given.collect();
    settings.desk.assignments.extend(given);
    Ok(())
}

fn report(
    settings: &Settings,
    partner: &PartnerRef,
    detail: Option<&PartnerDetail>,
    asked_agent: bool,
    notes: Vec<String>,
    now: Timestamp,
) -> Report {
    let desk = &settings.desk;
    let coordinator = desk.assigned("coordinator", partner, now);
    let mut problems = Vec::new();
    if coordinator.is_none() {
        problems.push("it has no coordinator ([[assign]] role = \"coordinator\")".to_owned());
    }
    let contacts: Vec<ContactLine> = detail
        .iter()
        .flat_map(|detail| &detail.contacts)
        .map(|known| ContactLine {
            id: known.contact.id.raw().to_owned(),
            name: known.contact.name.raw().to_owned(),
            reachable: known.reach.reachable,
            said: reach_in_words(&known.reach),
        })
        .collect();
    if asked_agent && !contacts.iter().any(|contact| contact.reachable) {
        problems.push(match contacts.len() {
            0 => "no contact of it is known".to_owned(),
            _ => "none of its contacts can be reached".to_owned(),
        });
    }
    Report {
        ok: problems.is_empty(),
        partner: partner.id.raw().to_owned(),
        name: detail.map(|detail| detail.partner.about.name.raw().to_owned()),
        asked_agent,
        coordinator: coordinator.map(|person| person.0.clone()),
        contacts,
        paths: paths(settings, partner, now),
        problems,
        notes,
    }
}

/// Every kind of exception that is known by name or that a rule names, worst first.
fn paths(settings: &Settings, partner: &PartnerRef, now: Timestamp) -> Vec<Path> {
    use ExceptionKind::*;
    let desk = &settings.desk;
    let known = [LateShipment, BlockedOrder, ComplianceFailure, Dispute, ShipmentException, OrderDiscrepancy];
    let mut kinds: Vec<String> = known.iter().map(|kind| kind.word().to_owned()).collect();
    let of_exceptions = |types: &[String]| types.is_empty() || types.iter().any(|t| t.contains("exception"));
    let named: BTreeSet<&String> = desk
        .rules
        .iter()
        .filter(|rule| of_exceptions(&rule.matches.types))
        .flat_map(|rule| &rule.matches.kinds)
        .collect();
    for kind in named {
        if !kinds.contains(kind) {
            kinds.push(kind.clone());
        }
    }
    let mut paths = Vec::new();
    for kind in kinds {
        for severity in Severity::ALL.into_iter().rev() {
            let facts = Facts {
                kind_of_event: "community.exception.raised",
                kind: Some(&kind),
                severity: Some(severity),
                priority: None,
                partner: Some(partner),
                amount: None,
                order: None,
                shipment: None,
                deadline: None,
                author: None,
                data: &Value::Null,
            };
            let (rule, _) = first_match(&desk.rules, &facts, now);
            let name = rule.map(|rule| rule.name.clone());
            let (policy, said) = match rule.map(|rule| &rule.then) {
                Some(Then::Alert { policy }) => (Some(policy.clone()), format!("alerts by policy {policy}")),
                Some(Then::Tell { .. }) => (None, "is told once, without an alert".to_owned()),
                Some(Then::Quiet) => (None, "is kept and tells nobody".to_owned()),
                None if severity >= Severity::High => {
                    let policy = desk.catch_all.clone();
                    (Some(policy.clone()), format!("goes to the catch-all, policy {policy}"))
                }
                None => (None, "matches no rule and tells nobody".to_owned()),
            };
            paths.push(Path { kind: kind.clone(), severity, rule: name, policy, said });
        }
    }
    paths
}

fn in_words(report: &Report) -> Result<(), Failed> {
    let name = report.name.as_deref().unwrap_or(&report.partner);
    print::line(&format!("{name} ({})", report.partner))?;
    print::line(&format!("coordinator: {}", report.coordinator.as_deref().unwrap_or("nobody")))?;
    if report.asked_agent && report.contacts.is_empty() {
        print::line("contacts: none")?;
    }
    for contact in &report.contacts {
        print::line(&format!("{} ({}): {}", contact.name, contact.id, contact.said))?;
    }
    // Severities that fare alike stand on one line, and so do kinds.
    let mut said: Vec<(Vec<String>, Vec<String>)> = Vec::new();
    let mut rest = report.paths.as_slice();
    while let Some(first) = rest.first() {
        let of_kind = rest.iter().take_while(|path| path.kind == first.kind).count();
        let lines = of_one_kind(&rest[..of_kind]);
        let kind = first.kind.replace('_', " ");
        match said.iter_mut().find(|(_, known)| *known == lines) {
            Some((kinds, _)) => kinds.push(kind),
            None => said.push((vec![kind], lines)),
        }
        rest = &rest[of_kind..];
    }
    for (kinds, lines) in said {
        print::line(&kinds.join(", "))?;
        lines.iter().try_for_each(|line| print::line(&format!("  {line}")))?;
    }
    report.notes.iter().try_for_each(|note| print::line(&format!("note: {note}")))?;
    report.problems.iter().try_for_each(|problem| print::line(&format!("problem: {problem}")))
}

fn of_one_kind(mut rest: &[Path]) -> Vec<String> {
    let mut lines = Vec::new();
    while let Some(first) = rest.first() {
        let same =
            |path: &&Path| (&path.kind, &path.rule, &path.said) == (&first.kind, &first.rule, &first.said);
        let alike = rest.iter().take_while(same).count();
        let severities: Vec<_> = rest[..alike].iter().map(|path| path.severity.as_str()).collect();
        let rule = first.rule.as_ref().map(|rule| format!(" (rule {rule})")).unwrap_or_default();
        lines.push(format!("{}: {}{rule}", severities.join(" or "), first.said));
        rest = &rest[alike..];
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::contact::{Contact, ContactState, Medium};
    use crate::core::partner::{Partner, PartnerState};
    use crate::core::standing::{MediumReach, Reachability, Standing};
    use crate::wire::partner::{OpenCounts, ReachedContact, Settled};
    use std::collections::{BTreeMap, BTreeSet};

    fn settings(more: &str) -> Settings {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.toml");
        let text = format!(
            r#"
[desk]
name = "d"
time_zone = "UTC"

[[source]]
name = "grid"

[[channel]]
name = "spool"
kind = "spool"

[[person]]
id = "ann"
name = "Ann Lee"
role = "responder"
phone = "+49 151 23456701"

[[policy]]
name = "urgent"
steps = [{{ after = "0s", notify = ["person:ann"] }}]
last_resort = {{ every = "1h", notify = ["person:ann"] }}

[catch_all]
policy = "urgent"
{more}"#
        );
        std::fs::write(&file, text).unwrap();
        crate::config::load(&file).unwrap()
    }

    fn detail(reachable: bool) -> PartnerDetail {
        let at = Timestamp::UNIX_EPOCH;
        let about = PartnerRef { id: "acme".into(), name: "Acme Tools".into(), ..PartnerRef::default() };
        let contact = Contact {
            id: "c".into(),
            partner_id: Some("acme".into()),
            name: "Rita Ames".into(),
            state: ContactState::Active,
            successor: None,
            emails: Vec::new(),
            phones: Vec::new(),
            locale: None,
            time_zone: None,
            roles: Vec::new(),
            channels: BTreeMap::new(),
            quiet_hours: None,
            opted_out: BTreeSet::new(),
            opted_in: BTreeSet::new(),
            unsubscribed: BTreeSet::new(),
            notes: "".into(),
            as_configured: BTreeSet::new(),
            created_at: at,
            updated_at: at,
        };
        let standing = if reachable { Standing::Usable } else { Standing::NoAddress };
        let media = vec![MediumReach { medium: Medium::Sms, standing, usable: Vec::new() }];
        PartnerDetail {
            partner: Partner { about, state: PartnerState::Active, created_at: at, updated_at: at },
            open: OpenCounts::default(),
            alerts: Vec::new(),
            cases: Vec::new(),
            reviews: Vec::new(),
            threads: Vec::new(),
            tasks: Vec::new(),
            settled: Settled::default(),
            milestones: Vec::new(),
            contacts: vec![ReachedContact {
                contact,
                reach: Reachability { reachable, media, quiet_until: None },
            }],
            responsible: Vec::new(),
            notifications: Vec::new(),
            conflicts: Vec::new(),
        }
    }

    #[test]
    fn a_partner_without_coordinator_or_reachable_contact_is_not_ready() {
        let at = Timestamp::UNIX_EPOCH;
        let check = |settings: &Settings, detail: &PartnerDetail| {
            report(settings, &detail.partner.about, Some(detail), true, Vec::new(), at).problems.len()
        };
        let without = settings("");
        let with = settings("[[assign]]\nrole = \"coordinator\"\nperson = \"ann\"\npartner = \"acme\"\n");
        assert_eq!(check(&without, &detail(false)), 2);
        assert_eq!(check(&without, &detail(true)), 1);
        assert_eq!(check(&with, &detail(false)), 1);
        assert_eq!(check(&with, &detail(true)), 0);
    }

    #[test]
    fn each_kind_and_severity_says_which_rule_and_policy_it_hits() {
        let settings = settings(
            "[[rule]]\nname = \"late\"\nmatch = { kind = \"late_shipment\", severity = [\"medium\"] }\nquiet = true\n",
        );
        let partner = detail(true).partner.about;
        let paths = paths(&settings, &partner, Timestamp::UNIX_EPOCH);
        let find =
            |severity| paths.iter().find(|p| p.kind == "late_shipment" && p.severity == severity).unwrap();
        assert_eq!(find(Severity::Medium).rule.as_deref(), Some("late"));
        assert_eq!(find(Severity::Medium).policy, None);
        assert_eq!(find(Severity::Critical).policy.as_deref(), Some("urgent"));
        assert_eq!((&find(Severity::Low).rule, &find(Severity::Low).policy), (&None, &None));
    }
}
