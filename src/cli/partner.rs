//! Everything about one partner, as sentences.

use super::print::line;
use super::{Failed, time};
use crate::core::contact::Medium;
use crate::core::notification::Notification;
use crate::core::onboarding::MilestoneState;
use crate::core::standing::{Reachability, Standing};
use crate::wire::PartnerDetail;
use crate::wire::partner::{Dated, ReachedContact};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Days are those of `desk`, the desk's zone, where a partner has none of its own.
pub fn in_words(detail: &PartnerDetail, desk: &TimeZone, now: Timestamp) -> Result<(), Failed> {
    let about = &detail.partner.about;
    let tier = about.tier.as_ref().map(|tier| format!(", tier {}", tier.printable())).unwrap_or_default();
    line(&format!("{} ({}){tier}", about.name.printable(), about.id.printable()))?;
    for responsible in &detail.responsible {
        let who = responsible.person.as_ref().map_or("nobody", |person| person.0.as_str());
        line(&format!("{}: {who}", responsible.role.replace('_', " ")))?;
    }
    section("open alerts", detail.open.alerts)?;
    for alert in &detail.alerts {
        line(&format!(
            "  {} {} {}: {}",
            alert.id,
            alert.severity.short(),
            alert.state.as_str(),
            alert.title.printable()
        ))?;
    }
    section("open cases", detail.open.cases)?;
    for case in &detail.cases {
        let due = by(case.due.or(case.deadline));
        let state = case.state.word().replace('_', " ");
        line(&format!("  {} {state}: {}{due}", case.reference.printable(), case.title.printable()))?;
    }
    section("documents to review", detail.open.reviews)?;
    for document in &detail.reviews {
        let kind = document.kind.word().replace('_', " ");
        line(&format!("  {} ({kind}){}", document.name.printable(), by(document.review_by)))?;
    }
    section("open threads", detail.open.threads)?;
    for thread in &detail.threads {
        line(&format!("  {}{}", thread.subject.printable(), by(thread.answer_by)))?;
    }
    section("tasks", detail.open.tasks)?;
    for task in &detail.tasks {
        let owner = task.owner.as_ref().map_or("nobody", |owner| owner.0.as_str());
        let what = task.title.printable();
        line(&format!("  {} {} {owner}: {what}{}", task.id, task.kind.as_str(), by(task.due_at)))?;
    }
    section("milestones", u32::try_from(detail.milestones.len()).unwrap_or(u32::MAX))?;
    for milestone in &detail.milestones {
        let dated = Dated::new(milestone.clone(), desk, now);
        line(&format!("  {}", of_milestone(&dated)))?;
    }
    section("contacts", u32::try_from(detail.contacts.len()).unwrap_or(u32::MAX))?;
    for ReachedContact { contact, reach } in &detail.contacts {
        let name = contact.name.printable();
        line(&format!("  {name} ({}): {}", contact.id.printable(), reach_in_words(reach)))?;
    }
    if !detail.conflicts.is_empty() {
        section("sync conflicts", u32::try_from(detail.conflicts.len()).unwrap_or(u32::MAX))?;
    }
    section("told lately", u32::try_from(detail.notifications.len()).unwrap_or(u32::MAX))?;
    detail.notifications.iter().try_for_each(|message| line(&format!("  {}", of_message(message))))
}

fn section(name: &str, many: u32) -> Result<(), Failed> {
    line(&format!("{name}: {}", if many == 0 { "none".to_owned() } else { many.to_string() }))
}

fn by(at: Option<jiff::Timestamp>) -> String {
    at.map(|at| format!(", by {}", time::short(at))).unwrap_or_default()
}

fn of_milestone(milestone: &Dated) -> String {
    let word = milestone.milestone.milestone.word().replace('_', " ");
    match (milestone.milestone.state, milestone.reached_on, milestone.due_on) {
        (MilestoneState::Reached, Some(day), _) => format!("{word}: reached {}", time::day(day)),
        (MilestoneState::Expected, _, Some(day)) if milestone.late => {
            format!("{word}: late since {}", time::day(day))
        }
        (MilestoneState::Expected, _, Some(day)) => format!("{word}: expected by {}", time::day(day)),
        (state, ..) => format!("{word}: {}", state.as_str()),
    }
}

fn of_message(message: &Notification) -> String {
    format!(
        "{} {} {} to {}: {}",
        time::short(message.created_at),
        message.id,
        message.medium.as_str(),
        message.recipient.name.printable(),
        message.state.as_str().replace('_', " ")
    )
}

/// `sms +4915…, no usable email (opted out)`.
pub fn reach_in_words(reach: &Reachability) -> String {
    let media = reach.media.iter().map(|medium| {
        let name = match medium.medium {
            Medium::Sms => "SMS",
            Medium::Email => "mail",
        };
        match medium.standing {
            Standing::Usable => format!("{name} {}", medium.usable.join(", ")),
            Standing::NoAddress => format!("no {name}"),
            Standing::OptedOut => format!("{name} opted out"),
            Standing::Dead => format!("{name} dead"),
            Standing::NoChannel => format!("no channel for {name}"),
        }
    });
    let media = media.collect::<Vec<_>>().join("; ");
    match (reach.reachable, reach.quiet_until) {
        (false, _) => format!("cannot be reached: {media}"),
        (true, Some(until)) => format!("{media}; quiet until {}", time::short(until)),
        (true, None) => media,
    }
}
