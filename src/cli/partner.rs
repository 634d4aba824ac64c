//! Everything about one partner.

use super::sheet::Sheet;
use super::time;
use crate::core::contact::Medium;
use crate::core::notification::Notification;
use crate::core::onboarding::MilestoneState;
use crate::core::standing::{Reachability, Standing};
use crate::wire::PartnerDetail;
use crate::wire::partner::{Dated, ReachedContact};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Days are those of `desk`, the desk's zone, where a partner has none of its own.
pub fn sheet(detail: &PartnerDetail, desk: &TimeZone, now: Timestamp) -> Sheet {
    let about = &detail.partner.about;
    let mut sheet = Sheet::new(about.name.printable().as_str());
    sheet.word("Id", Some(&about.id)).word("Tier", about.tier.as_ref()).word("Region", about.region.as_ref());
    sheet.word("Zone", about.time_zone.as_ref());
    for (role, label) in [
        ("coordinator", "Coordinator"),
        ("account_manager", "Account manager"),
        ("onboarding_manager", "Onboarding manager"),
    ] {
        if let Some(responsible) = detail.responsible.iter().find(|one| one.role == role) {
            let who = responsible.person.as_ref().map_or("nobody", |person| person.0.as_str());
            sheet.fact(label, who);
        }
    }
    let open = &detail.open;
    let counts = [
        (open.alerts, "alerts"),
        (open.cases, "cases"),
        (open.reviews, "documents to review"),
        (open.threads, "posts to answer"),
        (open.tasks, "tasks"),
    ];
    let counts = counts.into_iter().filter(|(many, _)| *many > 0);
    let counts: Vec<String> = counts.map(|(many, what)| format!("{many} {what}")).collect();
    sheet.fact("Open", if counts.is_empty() { "nothing".to_owned() } else { counts.join(", ") });
    let alerts = detail.alerts.iter().map(|alert| {
        let (severity, state) = (alert.severity.short(), alert.state.as_str());
        format!("{} {severity} {state}: {}", alert.id, alert.title.printable())
    });
    sheet.part("Alerts", alerts.collect());
    let cases = detail.cases.iter().map(|case| {
        let due = by(case.due.or(case.deadline));
        let state = case.state.word().replace('_', " ");
        format!("{} {state}: {}{due}", case.reference.printable(), case.title.printable())
    });
    sheet.part("Cases", cases.collect());
    let reviews = detail.reviews.iter().map(|document| {
        let kind = document.kind.word().replace('_', " ");
        format!("{} ({kind}){}", document.name.printable(), by(document.review_by))
    });
    sheet.part("Documents to review", reviews.collect());
    let threads =
        detail.threads.iter().map(|thread| format!("{}{}", thread.subject.printable(), by(thread.answer_by)));
    sheet.part("Posts to answer", threads.collect());
    let tasks = detail.tasks.iter().map(|task| {
        let owner = task.owner.as_ref().map_or("nobody", |owner| owner.0.as_str());
        let what = task.title.printable();
        format!("{} {} {owner}: {what}{}", task.id, task.kind.as_str(), by(task.due_at))
    });
    sheet.part("Tasks", tasks.collect());
    let milestones = detail.milestones.iter();
    let milestones = milestones.map(|milestone| of_milestone(&Dated::new(milestone.clone(), desk, now)));
    sheet.part("Milestones", milestones.collect());
    let contacts = detail.contacts.iter().map(|ReachedContact { contact, reach }| {
        format!("{} ({}): {}", contact.name.printable(), contact.id.printable(), reach_in_words(reach))
    });
    sheet.part("Contacts", contacts.collect());
    let conflicts = detail.conflicts.iter();
    let conflicts = conflicts.map(|conflict| format!("{} of {}", conflict.field, conflict.name.printable()));
    sheet.part("Differ here and elsewhere", conflicts.collect());
    sheet.part("Told lately", detail.notifications.iter().map(of_message).collect());
    sheet
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
