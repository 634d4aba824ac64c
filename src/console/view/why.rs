//! Why an alert exists and why each person was told: rule, policy, step, verdicts.

use crate::console::clock;
use crate::console::model::Model;
use crate::console::theme::Meaning;
use crate::console::view::messages::medium_word;
use crate::console::view::paint::{Spans, wrap};
use crate::core::id::AlertId;
use crate::core::quiet::Quiet;
use crate::core::text::sanitise;

pub fn lines(model: &Model, alert: AlertId, width: u16) -> Vec<Spans> {
    let (Some(desk), Some(alert)) = (&model.desk, model.alert(alert)) else { return Vec::new() };
    let mut lines: Vec<Spans> = Vec::new();
    let say = |text: String, meaning: Meaning| -> Vec<Spans> {
        wrap(&text, width).into_iter().map(|line| vec![(line, meaning)]).collect()
    };
    lines.extend(say(
        format!(
            "{} was raised by rule {}, configuration {}.",
            alert.id,
            sanitise(&alert.rule),
            alert.config_version
        ),
        Meaning::Strong,
    ));
    let taken = match alert.step {
        0 => "no step is taken yet".to_owned(),
        step if alert.in_last_resort() => format!("{step} steps are taken, the last resort repeats"),
        1 => "step 1 is taken".to_owned(),
        step => format!("steps 1 to {step} are taken"),
    };
    let policy = sanitise(&alert.policy.name);
    lines.extend(say(
        format!("Policy {policy} has {} steps; {taken}.", alert.policy.steps.len()),
        Meaning::Plain,
    ));
    if let (Some(quiet), Some(until)) = (alert.resting(), alert.snoozed_until) {
        let until = clock::when(model.now, until, &desk.zone());
        let latest = match quiet {
            Quiet::Maintenance { .. } => "",
            Quiet::Alert { .. } => " at the latest",
        };
        lines.extend(say(
            format!("It is quiet because of {}, until {until}{latest}; then it pages.", quiet.words()),
            Meaning::Accent,
        ));
    }
    let group = if alert.key.is_empty() { "" } else { ", or fall into the same group of its rule" };
    let joins = "Further exceptions join it when they name the same order, shipment or case";
    lines.extend(say(format!("{joins}{group}."), Meaning::Plain));

    lines.push(Vec::new());
    let mut messages: Vec<_> = desk.notifications_of(alert.id).collect();
    messages.sort_by_key(|message| message.id);
    for message in messages {
        let reason = &message.reason;
        let step = reason.step.map(|step| format!("Step {step}: ")).unwrap_or_default();
        let rule = match reason.rule == alert.rule {
            true => String::new(),
            false => format!("; {}", sanitise(&reason.rule)),
        };
        let why = reason.outcome.as_ref().map(|why| format!("; {}", why.printable())).unwrap_or_default();
        lines.extend(say(
            format!(
                "{step}{} to {} ({}, {}): {}{rule}{why}.",
                medium_word(message.medium),
                desk.recipient_name(message),
                message.id,
                message.state.as_str().replace('_', " "),
                reason.via.printable(),
            ),
            Meaning::Plain,
        ));
    }
    if let (Some(at), Some(detail)) = (alert.next_escalation_at, model.detail_of(alert.id)) {
        let (number, _) = alert.next_step();
        let wakes = detail.steps.iter().find(|step| step.step == number).map(|step| step.wakes.as_slice());
        let told: Vec<String> = wakes
            .unwrap_or_default()
            .iter()
            .map(|wake| format!("{} ({})", desk.short_name(&wake.person), sanitise(&wake.via)))
            .collect();
        let told = if told.is_empty() { "nobody, and goes on at once".to_owned() } else { told.join(", ") };
        let at = clock::when(model.now, at, &desk.zone());
        lines.extend(say(format!("If nobody acts, step {number} at {at} tells {told}."), Meaning::Accent));
    }

    match model.detail_of(alert.id) {
        None => lines.push(vec![("Asking the agent for the events.".to_owned(), Meaning::Quiet)]),
        Some(detail) => {
            for event in &detail.events {
                lines.push(Vec::new());
                lines.push(vec![(
                    format!("{} from {}: {}", event.id, sanitise(&event.feed), event.title.printable()),
                    Meaning::Strong,
                )]);
                for verdict in &event.why {
                    let (word, meaning) = if verdict.matched {
                        ("matched", Meaning::Good)
                    } else {
                        ("did not", Meaning::Quiet)
                    };
                    lines.push(vec![
                        (format!("  {:<16} ", sanitise(&verdict.rule)), Meaning::Plain),
                        (format!("{word:<8} "), meaning),
                        (verdict.because.printable().into_string(), Meaning::Plain),
                    ]);
                }
                for unreadable in &event.unreadable {
                    let said = format!("  not readable: {unreadable}");
                    lines.push(vec![(sanitise(&said).into_owned(), Meaning::Warn)]);
                }
            }
        }
    }
    lines
}
