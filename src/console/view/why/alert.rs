//! Why an alert exists and why each person was told: rule, policy, step, verdicts.

use super::Told;
use crate::console::clock;
use crate::console::model::Model;
use crate::console::theme::Meaning;
use crate::console::view::messages::medium_word;
use crate::console::why::Why;
use crate::core::alert::{Alert, AlertState};
use crate::core::counted::counted;
use crate::core::id::AlertId;
use crate::core::quiet::Quiet;
use crate::core::text::sanitise;
use crate::wire::AlertDetail;
use jiff::Timestamp;

pub fn tell(told: &mut Told, model: &Model, id: AlertId, why: &Why) {
    let detail = model.detail_of(id);
    let known = model.alert(id).or(detail.map(|detail| &detail.alert));
    let (Some(desk), Some(alert)) = (&model.desk, known) else {
        match &why.alert {
            Some(Err(why)) => told.say(&format!("{id} could not be read: {}", sanitise(why)), Meaning::Warn),
            _ => told.say("Asking the agent.", Meaning::Quiet),
        }
        return;
    };
    if alert.state == AlertState::Resolved {
        closed(told, alert, detail, &|at| clock::when(model.now, at, &desk.zone()));
    }
    let rule = sanitise(&alert.rule);
    let raised = format!("{id} was raised by rule {rule}, configuration {}.", alert.config_version);
    told.say(&raised, Meaning::Strong);
    let paged = match alert.step {
        0 => "none has been paged yet".to_owned(),
        step if alert.in_last_resort() => {
            format!("{} been paged, the last resort repeats", counted(step, "step has", "steps have"))
        }
        1 => "step 1 has been paged".to_owned(),
        step => format!("steps 1 to {step} have been paged"),
    };
    let policy = sanitise(&alert.policy.name);
    let steps = alert.policy.steps.len();
    told.say(&format!("Policy {policy} has {}; {paged}.", counted(steps, "step", "steps")), Meaning::Plain);
    if let (Some(quiet), Some(until)) = (alert.resting(), alert.snoozed_until) {
        let until = clock::when(model.now, until, &desk.zone());
        let latest = match quiet {
            Quiet::Maintenance { .. } => "",
            Quiet::Alert { .. } => " at the latest",
        };
        let said = format!("It is quiet because of {}, until {until}{latest}; then it pages.", quiet.words());
        told.say(&said, Meaning::Accent);
    }
    let group = if alert.key.is_empty() { "" } else { ", or fall into the same group of its rule" };
    let joins = "Further exceptions join it when they name the same order, shipment or case";
    told.say(&format!("{joins}{group}."), Meaning::Plain);

    told.gap();
    let mut messages: Vec<_> = desk.messages.about(alert.id).collect();
    if messages.is_empty() {
        messages.extend(detail.iter().flat_map(|detail| &detail.notifications));
    }
    messages.sort_by_key(|message| message.id);
    for message in messages {
        let reason = &message.reason;
        let step = reason.step.map(|step| format!("Step {step}: ")).unwrap_or_default();
        let rule = match reason.rule == alert.rule {
            true => String::new(),
            false => format!("; {}", sanitise(&reason.rule)),
        };
        let why = reason.outcome.as_ref().map(|why| format!("; {}", why.printable())).unwrap_or_default();
        let said = format!(
            "{step}{} to {} ({}, {}): {}{rule}{why}.",
            medium_word(message.medium),
            desk.recipient_name(message),
            message.id,
            message.state.as_str().replace('_', " "),
            reason.via.printable(),
        );
        told.say(&said, Meaning::Plain);
    }
    if let (Some(at), Some(detail)) = (alert.next_escalation_at, detail) {
        let (number, _) = alert.next_step();
        let wakes = detail.steps.iter().find(|step| step.step == number).map(|step| step.wakes.as_slice());
        let names: Vec<String> = wakes
            .unwrap_or_default()
            .iter()
            .map(|wake| format!("{} ({})", desk.short_name(&wake.person), sanitise(&wake.via)))
            .collect();
        let names =
            if names.is_empty() { "nobody, and goes on at once".to_owned() } else { names.join(", ") };
        let at = clock::when(model.now, at, &desk.zone());
        told.say(&format!("If nobody acts, step {number} at {at} tells {names}."), Meaning::Accent);
    }

    let Some(detail) = detail else {
        told.gap();
        match &why.alert {
            Some(Err(why)) => {
                told.say(&format!("Its events could not be read: {}", sanitise(why)), Meaning::Warn);
            }
            _ => told.say("Asking the agent for the events.", Meaning::Quiet),
        }
        return;
    };
    for event in &detail.events {
        told.gap();
        let said = format!("{} from {}: {}", event.id, sanitise(&event.feed), event.title.printable());
        told.lines.push(vec![(said, Meaning::Strong)]);
        for verdict in &event.why {
            let (word, meaning) =
                if verdict.matched { ("match", Meaning::Good) } else { ("no match", Meaning::Quiet) };
            told.lines.push(vec![
                (format!("  {:<16} ", sanitise(&verdict.rule)), Meaning::Plain),
                (format!("{:<10}", format!("{word}:")), meaning),
                (verdict.because.printable().into_string(), Meaning::Plain),
            ]);
        }
        for unreadable in &event.unreadable {
            let said = format!("  not readable: {unreadable}");
            told.lines.push(vec![(sanitise(&said).into_owned(), Meaning::Warn)]);
        }
    }
}

/// What it was, how it ended, and what happened between.
fn closed(told: &mut Told, alert: &Alert, detail: Option<&AlertDetail>, when: &dyn Fn(Timestamp) -> String) {
    let said = format!("{}: {}", alert.partner.name.printable(), alert.title.printable());
    told.say(&said, Meaning::Strong);
    let reason = alert.resolution.as_ref().map(|why| format!(": {}", why.printable())).unwrap_or_default();
    told.say(&format!("Closed {}{reason}", when(alert.updated_at)), Meaning::Plain);
    told.gap();
    for numbered in detail.iter().flat_map(|detail| &detail.timeline) {
        let change = &numbered.change;
        told.fact(&when(change.at), change.summary.printable().as_str(), Meaning::Plain);
    }
    told.gap();
}
