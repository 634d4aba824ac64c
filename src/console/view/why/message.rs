//! Why a message went to somebody, by that way, and why it waits, stopped or never left.

use super::Told;
use crate::console::clock;
use crate::console::desk::Desk;
use crate::console::model::Model;
use crate::console::theme::Meaning;
use crate::console::view::messages::{category_word, medium_word, state_of, waits, why};
use crate::core::alert::AlertState;
use crate::core::contact::{Category, Medium};
use crate::core::counted::counted;
use crate::core::id::NotificationId;
use crate::core::notification::{Hold, Notification, NotificationState, Purpose, RecipientId};
use crate::core::text::sanitise;

pub fn tell(told: &mut Told, model: &Model, id: NotificationId) {
    let (Some(desk), Some(message)) = (&model.desk, model.message(id)) else {
        told.say(&format!("{id} is no longer among what the console knows."), Meaning::Quiet);
        return;
    };
    let (state, meaning) = state_of(message, model.now);
    let name = desk.recipient_name(message);
    let alert = message.alert.map_or_else(|| "an alert".to_owned(), |alert| alert.to_string());
    let does = match message.purpose {
        Purpose::Page => format!("pages {name} for {alert}"),
        Purpose::Detail => format!("gives {name} the detail of {alert}"),
        Purpose::Outcome => format!("tells {name} what became of {alert}"),
        Purpose::Status if was_over(desk, message) => format!("tells {name} that {alert} is over"),
        Purpose::Status => format!("tells {name} how {alert} stands"),
        Purpose::Notice => format!("tells {name} of something that can wait"),
        Purpose::Test => format!("tests whether a page reaches {name}"),
    };
    let what = format!("{id} {does}: {} {state}.", medium_word(message.medium));
    told.say(&what, Meaning::Strong);
    if let Some(why) = why(message) {
        told.fact("because", &why, meaning);
    }
    if let Some(next) = waits(model, message) {
        told.fact("next", &next, Meaning::Accent);
    }
    told.gap();
    reason(told, model, desk, message);
    told.gap();
    way(told, desk, message);
    told.gap();
    what_ends_it(told, model, message);
}

/// The alert it speaks of had ended when it was written.
fn was_over(desk: &Desk, message: &Notification) -> bool {
    let alert = message.alert.and_then(|id| desk.alerts.get(&id));
    alert.is_some_and(|alert| {
        alert.cleared_at.is_some_and(|at| at <= message.created_at)
            || alert.state == AlertState::Resolved && alert.updated_at <= message.created_at
    })
}

/// Which rule, step and role made it.
fn reason(told: &mut Told, model: &Model, desk: &Desk, message: &Notification) {
    let reason = &message.reason;
    told.fact("told as", reason.via.printable().as_str(), Meaning::Plain);
    let policy =
        reason.policy.as_ref().map(|name| format!(", policy {}", sanitise(name))).unwrap_or_default();
    let step = reason.step.map(|step| format!(", step {step}")).unwrap_or_default();
    let rule = format!("{}{policy}{step}, configuration {}", sanitise(&reason.rule), message.config_version);
    told.fact("rule", &rule, Meaning::Plain);
    let mut about: Vec<String> = Vec::new();
    about.extend(message.alert.map(|alert| alert.to_string()));
    about.extend(message.event.map(|event| format!("event {event}")));
    about.extend(message.partner.as_ref().map(|partner| desk.partner_name(partner)));
    if let Some(bundle) = &message.bundle {
        about.push(format!("{} in one message", counted(bundle.covers.len(), "alert", "alerts")));
    }
    if !about.is_empty() {
        told.fact("about", &about.join(", "), Meaning::Plain);
    }
    let when = clock::when(model.now, message.created_at, &desk.zone());
    told.fact("decided", &when, Meaning::Plain);
    if let Some(by) = &message.again.by {
        let of = message.again.of.map(|of| format!(", a repeat of {of}")).unwrap_or_default();
        told.fact("by hand", &format!("{}{of}", desk.short_name(by)), Meaning::Plain);
    }
}

/// Why by this medium and this provider.
fn way(told: &mut Told, desk: &Desk, message: &Notification) {
    let medium = medium_word(message.medium);
    let by_hand = message.again.over.is_some();
    let said = match &message.recipient.who {
        _ if matches!(message.purpose, Purpose::Status | Purpose::Outcome) => {
            format!("{medium}: the way they were told of it")
        }
        _ if by_hand => format!("{medium}: whoever sent it again chose it"),
        RecipientId::Contact(id) => match desk.contacts.get(id) {
            Some(contact) => match contact.channels.get(&message.category) {
                Some(wanted) => {
                    let wanted: Vec<&str> = wanted.iter().map(|medium| medium_word(*medium)).collect();
                    let wanted =
                        if wanted.is_empty() { "nothing".to_owned() } else { wanted.join(", then ") };
                    format!("{medium}: for {} they want {wanted}", category_word(message))
                }
                None if message.category == Category::Urgent => {
                    format!("{medium}: they named no wish for urgent messages, so SMS comes first, then mail")
                }
                None => format!("{medium}: they named no wish for {}", category_word(message)),
            },
            None => format!("{medium}: what they want is not known here"),
        },
        RecipientId::Person(_) if message.urgent => match message.medium {
            Medium::Sms => "SMS: a page wakes people by SMS where they have a phone".to_owned(),
            Medium::Email => "mail: it goes beside the SMS, or instead where there is no phone".to_owned(),
        },
        RecipientId::Person(_) => format!("{medium}: it is not urgent for people of the desk"),
        RecipientId::Webhook(_) => "a webhook: the policy names another system".to_owned(),
    };
    told.fact("medium", &said, Meaning::Plain);
    let mut tried: Vec<&str> = message.attempts.iter().map(|attempt| attempt.channel.as_str()).collect();
    tried.dedup();
    let channel = sanitise(&message.channel);
    let said = match tried.as_slice() {
        _ if message.pinned => format!("{channel}: somebody said that it leaves by it and no other"),
        [] => format!("{channel}: the first of its route; none was tried yet"),
        [_] => format!("{channel}: the first of its route that works"),
        [earlier @ .., _] => {
            let earlier: Vec<_> = earlier.iter().map(|name| sanitise(name)).collect();
            format!("{channel}, after {} did not bring it there", earlier.join(", "))
        }
    };
    told.fact("provider", &said, Meaning::Plain);
    if !message.failed_at.is_empty() {
        let failed: Vec<String> = message.failed_at.iter().map(|a| a.printable().into_string()).collect();
        told.fact(
            "not to",
            &format!("{}, where the same words failed before", failed.join(", ")),
            Meaning::Warn,
        );
    }
}

/// What it waits for, or what would make it leave.
fn what_ends_it(told: &mut Told, model: &Model, message: &Notification) {
    use NotificationState::*;
    let when = |at| clock::when(model.now, at, &model.zone());
    let said = match (message.state, message.hold) {
        (Held, Some(Hold::UnknownContact)) => {
            "It leaves as soon as the contact is known: from the community's next listing, or `contacts set`."
        }
        (Held, Some(Hold::QuietHours)) => {
            "It leaves when their quiet hours end; only urgent messages go at once. r sends it now."
        }
        (Held, Some(Hold::Throttled)) => {
            "It leaves when fewer texts went to them lately; a first page of an urgent alert is never held."
        }
        (Held, Some(Hold::NoProvider)) => "It leaves when a provider of its medium works again.",
        (Suppressed, _) => {
            "It never left, and will not. Only the recipient ends an opt-out; a dead address \
             is mended in their contact (c)."
        }
        (Cancelled, _) => "It was not needed any more before it left; nothing is to do.",
        (InDoubt, _) => {
            "It was handed over and no answer came back; d says what became of it, r sends it again, labelled."
        }
        (Failed | Bounced | Expired, _) => "r sends it again, by another way or to somebody else.",
        (Accepted | Sent, _) => match message.proof_by {
            Some(by) => {
                let said = format!("If no receipt proves delivery by {}, it goes another way.", when(by));
                return told.say(&said, Meaning::Plain);
            }
            None => "It was taken; delivery is not proven, and this provider gives no receipts it waits for.",
        },
        (Delivered | Read, _) => "A receipt proves it; nothing is to do.",
        (Queued | Sending | Held, _) => return,
    };
    told.say(said, Meaning::Plain);
}
