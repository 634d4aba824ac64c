//! One alert handed over by hand: whoever has it offers it to somebody of the desk, who takes it, or does not.
//!
//! Whoever is offered it is told at once, after the time to undo; their acknowledgment, at the desk or by a
//! reply, takes it together with its promise, and whoever gave it hears so. Until then it stays with whoever
//! has it: a promise missed meanwhile pages both, the receiver first. An alert that nobody has goes on paging.

use crate::core::alert::{Alert, AlertState};
use crate::core::apply::Asker;
use crate::core::change::{Actor, Change, What};
use crate::core::command::{Refusal, RefusalCode};
use crate::core::contact::Medium;
use crate::core::desk::Told;
use crate::core::escalation::{Decision, about};
use crate::core::handover::course::reachable;
use crate::core::id::NotificationId;
use crate::core::notification::{Content, Notification, NotificationState, Purpose, Reason};
use crate::core::page::plain;
use crate::core::person::{Person, PersonId, Role};
use crate::core::reply::Code;
use crate::core::sms::{clip, length};
use crate::core::status_update::UNDO;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// What the messages that offer an alert give as their rule.
const RULE: &str = "handed over by hand";

/// An alert is offered to somebody who has not taken it yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    pub to: PersonId,
    pub by: PersonId,
    pub at: Timestamp,
}

impl Alert {
    pub fn is_offered_to(&self, person: &PersonId) -> bool {
        self.offered.as_ref().is_some_and(|offer| offer.to == *person)
    }
}

fn refuse(code: RefusalCode, said: String) -> Refusal {
    Refusal { code, said: said.into(), by: None }
}

/// Offers the alert to somebody; one that was offered to somebody else is offered to them no more.
///
/// # Errors
/// It is closed or somebody else's, or that person cannot take it or cannot be told.
pub fn offer(
    decision: &mut Decision<'_>,
    asker: &Asker,
    actor: &Actor,
    mut alert: Alert,
    of_alert: &[Notification],
    to: &PersonId,
) -> Result<String, Refusal> {
    if alert.state == AlertState::Resolved {
        return Err(refuse(RefusalCode::WrongState, format!("{} is closed already.", alert.id)));
    }
    if let Some(holder) = alert.held_by().filter(|holder| **holder != asker.id) {
        let name = decision.desk.name_of(holder);
        let said =
            format!("{name} has {}; only they hand it over. Take it first if it is to be yours.", alert.id);
        return Err(Refusal { by: Some(holder.clone()), ..refuse(RefusalCode::Raced, said) });
    }
    let Some(person) = decision.desk.person(to).cloned() else {
        let said = format!("There is nobody called {}.", crate::core::text::sanitise(&to.0));
        return Err(refuse(RefusalCode::NotFound, said));
    };
    if person.id == asker.id {
        let said = format!("You are {} yourself; ack takes {}.", person.name, alert.id);
        return Err(refuse(RefusalCode::Invalid, said));
    }
    if person.role < Role::Responder {
        let said = format!("{} may look but not act, so cannot take {}.", person.name, alert.id);
        return Err(refuse(RefusalCode::Invalid, said));
    }
    let media: Vec<Medium> =
        Medium::ALL.into_iter().filter(|medium| reachable(decision.desk, &person, *medium)).collect();
    if media.is_empty() {
        let said = format!("{} has no working phone or email, so cannot be told of it.", person.name);
        return Err(refuse(RefusalCode::Invalid, said));
    }
    withdraw_messages(decision, of_alert, "it was offered to somebody else");
    alert.offered = Some(Offer { to: to.clone(), by: asker.id.clone(), at: decision.now });
    alert.updated_at = decision.now;
    let said = format!("{} hands it over to {}, who has yet to take it.", asker.name, person.name);
    decision.alert_change(actor.clone(), What::AlertOffered, said, &alert);
    for medium in media {
        tell(decision, &alert, asker, &person, medium);
    }
    let until = match alert.held_by() {
        Some(_) => "it stays yours until they take it",
        None => "paging goes on until somebody takes it",
    };
    Ok(format!("{} is told of {}; {until}.", person.name, alert.id))
}

fn tell(decision: &mut Decision<'_>, alert: &Alert, by: &Asker, to: &Person, medium: Medium) {
    let code = decision.desk.reply_key.code(NotificationId(decision.ids.notification));
    let text = text(alert, &short(decision, &by.id, &by.name), code);
    let content = match medium {
        Medium::Sms => Content { body: text.into(), ..Content::default() },
        Medium::Email => {
            let why = format!("{} hands it over to you", by.name);
            let detail = decision.content(alert, to, medium, None, &why);
            let body = format!("{text}\n\n{}", detail.body.raw());
            Content {
                subject: format!("{} is handed over to you", alert.id).into(),
                body: body.into(),
                ..Content::default()
            }
        }
    };
    let reason = Reason {
        rule: RULE.to_owned(),
        policy: None,
        step: None,
        via: format!("{} hands it over", by.name).into(),
        outcome: None,
    };
    decision.queue_message(about(alert), to, medium, Purpose::Notice, content, reason, None);
    let due = decision.now + UNDO;
    decision.amend_last(|n| n.due_at = Some(due));
}

/// `M.Weber hands you HIGH Acme Tools: Blocked order 4500123 (A12). ACK K7RBM takes it.`, in one part.
fn text(alert: &Alert, by: &str, code: Code) -> String {
    let head = format!("{} hands you {} ", clip(&plain(by), 24), alert.severity.short());
    let tail = format!(" ({}). ACK {code} takes it.", alert.id);
    let room = 150usize.saturating_sub(length(&head) + length(&tail)).max(20);
    let title = format!("{}: {}", alert.partner.name.printable(), alert.title.printable());
    format!("{head}{}{tail}", clip(&plain(&title), room))
}

fn short(decision: &Decision<'_>, id: &PersonId, name: &str) -> String {
    decision.desk.person(id).map_or_else(|| name.to_owned(), Person::short_name)
}

/// Offers it to nobody any more.
///
/// # Errors
/// It is offered to nobody, or by somebody else.
pub fn withdraw(
    decision: &mut Decision<'_>,
    asker: &Asker,
    actor: &Actor,
    mut alert: Alert,
    of_alert: &[Notification],
) -> Result<String, Refusal> {
    let Some(offer) = alert.offered.take() else {
        let said = match alert.held_by() {
            Some(holder) if *holder != asker.id => {
                let name = decision.desk.name_of(holder);
                format!("{name} has taken {} already.", alert.id)
            }
            _ => format!("{} is offered to nobody.", alert.id),
        };
        return Err(refuse(RefusalCode::WrongState, said));
    };
    if offer.by != asker.id && offer.to != asker.id {
        let said = format!("{} offers it, and only they take that back.", decision.desk.name_of(&offer.by));
        return Err(refuse(RefusalCode::NotAllowed, said));
    }
    alert.updated_at = decision.now;
    let to = decision.desk.name_of(&offer.to);
    let said = match offer.to == asker.id {
        true => format!("{} does not take it; it stays where it is.", asker.name),
        false => format!("{} no longer hands it over to {to}.", asker.name),
    };
    decision.alert_change(actor.clone(), What::AlertOffered, said, &alert);
    let told = withdraw_messages(decision, of_alert, "it was taken back");
    // Whoever has read it has to know that it is no longer theirs to take.
    match (told, offer.to == asker.id) {
        (_, true) => word(decision, &alert, &offer.by, &format!("{} does not take", asker.name)),
        (Reached::Already, false) => {
            let name = short(decision, &asker.id, &asker.name);
            word(decision, &alert, &offer.to, &format!("{name} keeps"));
        }
        (Reached::NotYet, false) => {}
    }
    Ok(match offer.to == asker.id {
        true => format!("You do not take {}; {} is told.", alert.id, decision.desk.name_of(&offer.by)),
        false => format!("{} is no longer handed over to {to}.", alert.id),
    })
}

/// Whether anybody may have read that it is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reached {
    NotYet,
    Already,
}

fn withdraw_messages(decision: &mut Decision<'_>, of_alert: &[Notification], because: &str) -> Reached {
    let mut reached = Reached::NotYet;
    for n in of_alert.iter().filter(|n| n.purpose == Purpose::Notice && n.reason.rule == RULE) {
        if !matches!(n.state, NotificationState::Queued | NotificationState::Held) || !n.attempts.is_empty() {
            if n.state != NotificationState::Cancelled {
                reached = Reached::Already;
            }
            continue;
        }
        let mut n = n.clone();
        n.state = NotificationState::Cancelled;
        n.due_at = None;
        n.hold = None;
        n.updated_at = decision.now;
        n.reason.outcome = Some(because.into());
        let said = format!("Not sent to {}: {because}.", n.recipient.name.printable());
        let what = What::NotificationCancelled;
        decision.changes.push(Change::notification(decision.now, Actor::Desk, what, said, &n));
    }
    reached
}

/// One line about the alert: `M.Weber keeps Acme Tools: Blocked order (A12)`.
fn word(decision: &mut Decision<'_>, alert: &Alert, to: &PersonId, said: &str) {
    let Some(person) = decision.desk.person(to).cloned() else { return };
    let mut media = Medium::ALL.into_iter().filter(|medium| reachable(decision.desk, &person, *medium));
    let Some(medium) = media.next() else { return };
    let tail = format!(" ({})", alert.id);
    let title = format!("{}: {}", alert.partner.name.printable(), alert.title.printable());
    let room = 150usize.saturating_sub(length(said) + length(&tail) + 1).max(20);
    let text = format!("{} {}{tail}", plain(said), clip(&plain(&title), room));
    let content = match medium {
        Medium::Sms => Content { body: text.into(), ..Content::default() },
        Medium::Email => {
            Content { subject: text.clone().into(), body: format!("{text}\n").into(), ..Content::default() }
        }
    };
    let reason = Reason {
        rule: RULE.to_owned(),
        policy: None,
        step: None,
        via: "handed it over, or was to take it".into(),
        outcome: None,
    };
    decision.queue_message(about(alert), &person, medium, Purpose::Status, content, reason, None);
}

/// The alert is taken, closed or put to sleep: nobody is offered it any more. Whoever took what they were
/// offered keeps its promise, and whoever gave it hears so.
pub fn settle(
    decision: &mut Decision<'_>,
    alert: &mut Alert,
    of_alert: &[Notification],
    taker: &PersonId,
) -> Option<Offer> {
    let offer = alert.offered.take()?;
    withdraw_messages(decision, of_alert, "it does not wait for anybody any more");
    (offer.to == *taker).then_some(offer)
}

/// Tells whoever gave it that it was taken, unless they hear it as one who was paged.
pub fn relieve(decision: &mut Decision<'_>, alert: &Alert, offer: &Offer, since: usize) {
    let told = decision.changes.iter().skip(since).any(|change| match &change.object {
        crate::core::change::Object::Notification(n) => {
            n.purpose == Purpose::Status
                && n.recipient.who == crate::core::notification::RecipientId::Person(offer.by.clone())
        }
        _ => false,
    });
    if !told {
        let name = short(decision, &offer.to, &offer.to.0);
        word(decision, alert, &offer.by, &format!("{name} has taken over"));
    }
}

/// Whoever may take it and has not is paged beside whoever promised.
pub fn told_too(alert: &Alert) -> Option<Told> {
    let offer = alert.offered.as_ref()?;
    Some(Told { person: offer.to.clone(), via: "it is handed over to them".to_owned() })
}

/// How long ago it was offered.
pub fn waits(offer: &Offer, now: Timestamp) -> SignedDuration {
    now.duration_since(offer.at).max(SignedDuration::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::command::{Action, Expect};
    use crate::core::id::AlertId;
    use crate::core::scenario::Scene;

    fn id(name: &str) -> PersonId {
        PersonId(name.into())
    }

    fn hand(scene: &mut Scene, by: &str, to: &str) -> Result<String, Refusal> {
        let action = Action::HandAlert { alert: AlertId(1), to: id(to) };
        scene.command(by, action, Expect::default())
    }

    fn withdraws(scene: &mut Scene, by: &str) -> Result<String, Refusal> {
        scene.command(by, Action::KeepAlert { alert: AlertId(1) }, Expect::default())
    }

    /// To whom, why and in which state, of what offers the alert and of what became of that.
    fn words(scene: &Scene) -> Vec<(&str, &str, NotificationState)> {
        let about = scene.notifications.values().filter(|n| n.reason.rule == RULE);
        about.map(|n| (n.recipient.name.raw(), n.content.body.raw(), n.state)).collect()
    }

    fn held() -> Scene {
        let mut scene = Scene::usual();
        scene.raise("x1");
        scene.ack("maria").unwrap();
        scene
    }

    #[test]
    fn it_stays_with_whoever_has_it_until_the_other_takes_it_with_its_promise() {
        let mut scene = held();
        let promise = scene.alert().next_update_by;
        hand(&mut scene, "maria", "jonas").unwrap();
        assert_eq!(scene.alert().held_by(), Some(&id("maria")));
        let code = scene.desk.reply_key.code(*scene.notifications.keys().last().unwrap());
        let text = format!("maria hands you HIGH Acme: Blocked (A1). ACK {code} takes it.");
        assert_eq!(words(&scene), [("jonas", text.as_str(), NotificationState::Queued)]);
        scene.pass(5);
        scene.ack("jonas").unwrap();
        assert_eq!(scene.alert().held_by(), Some(&id("jonas")));
        assert_eq!((scene.alert().next_update_by, &scene.alert().offered), (promise, &None));
        let relieved = words(&scene).pop().unwrap();
        assert_eq!((relieved.0, relieved.1), ("maria", "jonas has taken over Acme: Blocked (A1)"));
    }

    #[test]
    fn a_promise_missed_meanwhile_pages_both_the_receiver_first() {
        let mut scene = held();
        hand(&mut scene, "maria", "jonas").unwrap();
        let before = scene.notifications.len();
        scene.pass(61);
        scene.due();
        let pages = scene.notifications.values().skip(before).filter(|n| n.purpose == Purpose::Page);
        let paged: Vec<_> = pages.map(|n| n.recipient.name.raw().to_owned()).collect();
        assert!(paged.contains(&"jonas".to_owned()) && paged.contains(&"maria".to_owned()), "{paged:?}");
        assert_eq!(paged.first().map(String::as_str), Some("jonas"));
    }

    #[test]
    fn what_is_taken_back_at_once_is_told_to_nobody() {
        let mut scene = held();
        hand(&mut scene, "maria", "jonas").unwrap();
        withdraws(&mut scene, "maria").unwrap();
        assert!(words(&scene).iter().all(|(.., state)| *state == NotificationState::Cancelled));
        assert_eq!(
            scene.ack("jonas").unwrap_err().by,
            Some(id("maria")),
            "it is not theirs to take any more"
        );
    }

    #[test]
    fn whoever_is_offered_it_may_decline_and_the_giver_is_told() {
        let mut scene = held();
        hand(&mut scene, "maria", "jonas").unwrap();
        withdraws(&mut scene, "jonas").unwrap();
        assert_eq!(words(&scene).pop().unwrap().1, "jonas does not take Acme: Blocked (A1)");
        assert_eq!(scene.alert().held_by(), Some(&id("maria")));
    }

    #[test]
    fn nobody_hands_over_what_is_somebody_elses_nor_to_somebody_who_cannot_take_it() {
        let mut scene = held();
        assert_eq!(hand(&mut scene, "jonas", "nils").unwrap_err().by, Some(id("maria")));
        // Nils has neither phone nor mail.
        assert_eq!(hand(&mut scene, "maria", "nils").unwrap_err().code, RefusalCode::Invalid);
        assert_eq!(hand(&mut scene, "maria", "nobody").unwrap_err().code, RefusalCode::NotFound);
        assert_eq!(hand(&mut scene, "maria", "maria").unwrap_err().code, RefusalCode::Invalid);
    }

    #[test]
    fn an_alert_that_nobody_has_goes_on_paging_while_it_is_offered() {
        let mut scene = Scene::usual();
        scene.raise("x1");
        let due = scene.alert().next_escalation_at;
        hand(&mut scene, "maria", "jonas").unwrap();
        assert_eq!((scene.alert().state, scene.alert().next_escalation_at), (AlertState::Open, due));
        scene.ack("jonas").unwrap();
        assert_eq!(scene.alert().held_by(), Some(&id("jonas")));
    }

    #[test]
    fn giving_it_back_closing_it_and_putting_it_to_sleep_end_the_offer() {
        for ends in [
            Action::Unack { alert: AlertId(1) },
            Action::Resolve { alert: AlertId(1), reason: "done".into() },
        ] {
            let mut scene = held();
            hand(&mut scene, "maria", "jonas").unwrap();
            scene.command("maria", ends, Expect::default()).unwrap();
            assert_eq!(scene.alert().offered, None);
            assert!(words(&scene).iter().all(|(.., state)| *state == NotificationState::Cancelled));
        }
    }
}
