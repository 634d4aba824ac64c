//! Delivery that is not proven in time is a failure: the next provider, then the next medium and the next
//! person. What fails outright moves on at once.
//!
//! A gateway that takes a page and a carrier that drops it look alike from here; only a receipt tells them
//! apart. Hence a page that a channel with receipts took has a deadline, and what is sent because nothing
//! proved an earlier attempt is labelled as a possible duplicate.

use crate::core::alert::{Alert, AlertState};
use crate::core::change::{Actor, Change, What};
use crate::core::contact::Medium;
use crate::core::delivery::{self, Down};
use crate::core::desk::Desk;
use crate::core::escalation::{Decision, medium_word};
use crate::core::notification::{
    Evidence, Fault, Notification, NotificationState, Purpose, RecipientId, Rung, proven,
};
use crate::core::person::{Person, PersonId, Role};
use jiff::{SignedDuration, Timestamp};

/// Why a page is not known to have reached its recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shortfall {
    /// It was taken, and no receipt came in time.
    Unproven,
    /// A provider or a receipt says that it failed.
    Failed(Fault),
    /// It has not left: no provider of its medium works.
    NoProvider,
}

/// An alert that a page speaks of, and everything that was said of it.
#[derive(Clone, Debug)]
pub struct Paging {
    pub alert: Alert,
    /// Empty where nothing hangs on it: see [`hangs_on_told`].
    pub told: Vec<Notification>,
}

/// A page to a person: it has somewhere to move on to.
pub fn moves_on(n: &Notification) -> bool {
    n.purpose == Purpose::Page && matches!(n.recipient.who, RecipientId::Person(_)) && n.answers.is_none()
}

/// Sets the deadline of a message that was just taken, if its channel gives receipts.
pub fn expect(desk: &Desk, n: &mut Notification, now: Timestamp) {
    let taken = matches!(n.state, NotificationState::Accepted | NotificationState::Sent);
    let within = n.attempts.last().and_then(|last| desk.carrier_named(&last.channel)?.proof);
    n.proof_by =
        within.filter(|_| taken).map(|within| now + if n.urgent { within.urgent } else { within.other });
}

/// A message is not known to have arrived. `down` are the channels that nothing can leave by now.
pub fn move_on(
    decision: &mut Decision<'_>,
    down: &Down,
    n: &mut Notification,
    paging: &mut [Paging],
    shortfall: Shortfall,
) {
    let (desk, now) = (decision.desk, decision.now);
    n.proof_by = None;
    n.updated_at = now;
    let who = n.recipient.name.printable().into_string();
    let medium = medium_word(n.medium);
    let said = words(n, shortfall);
    let wanted = paging.iter().any(|one| one.alert.is_paging());
    let person = match &n.recipient.who {
        RecipientId::Person(id) if moves_on(n) && wanted => desk.person(id).cloned(),
        _ => None,
    };
    let Some(person) = person else {
        // Nobody is woken for what is no page; that its delivery is not proven is a fact all the same.
        if shortfall == Shortfall::Unproven {
            n.reason.outcome = Some(said.as_str().into());
            let summary = format!("{medium} to {who}: {said}.");
            decision.changes.push(Change::notification(
                now,
                Actor::Desk,
                What::NotificationUnproven,
                summary,
                n,
            ));
        }
        return;
    };
    if let Some(other) = untried(desk, down, n, &person, shortfall) {
        n.channel = other;
        n.due_at = Some(now);
        n.expires_at = Some(now + desk.retry.give_up);
        n.state = n.at_rest();
        n.reason.outcome = None;
        let summary = format!("{medium} to {who}: {said}; it goes by {} now.", n.channel);
        decision.changes.push(Change::notification(now, Actor::Desk, What::NotificationUnproven, summary, n));
        return;
    }
    n.reason.outcome = Some(said.as_str().into());
    let summary = format!("{medium} to {who}: {said}; no other provider is left for it.");
    decision.changes.push(Change::notification(now, Actor::Desk, What::NotificationUnproven, summary, n));
    if matches!(shortfall, Shortfall::Failed(_)) {
        let title = format!("{who}: {medium} {}", last_words(n).unwrap_or(said.clone()));
        decision.changes.push(delivery::fix(desk, &mut decision.ids, n, title, now));
    }
    let via = format!("{medium} to {}: {said}", person.short_name());
    write_instead(decision, n, &person, paging, &via);
    for one in paging {
        hurry(decision, n, one, &said);
    }
}

/// What is missing, in words.
fn words(n: &Notification, shortfall: Shortfall) -> String {
    let last = n.attempts.last();
    let by = last.map_or(n.channel.as_str(), |attempt| attempt.channel.as_str());
    match shortfall {
        Shortfall::Unproven => {
            let took = last.and_then(|attempt| attempt.ended_at).unwrap_or(n.updated_at);
            let waited = n.updated_at.duration_since(took);
            format!("no receipt from {by} within {}", span(waited))
        }
        Shortfall::Failed(_) => match last_words(n) {
            Some(said) => format!("{said}, by {by}"),
            None => format!("it failed at {by}"),
        },
        Shortfall::NoProvider => "no provider takes it now".to_owned(),
    }
}

/// The provider's own words about the failure.
fn last_words(n: &Notification) -> Option<String> {
    let failing = |e: &&Evidence| e.rung.is_some_and(|rung| rung >= Rung::Failed);
    let said = n.evidence.iter().rev().find(failing)?;
    Some(format!("{}: {}", said.word(), said.detail.printable()))
}

fn span(waited: SignedDuration) -> String {
    match waited.as_secs() {
        seconds @ ..120 => format!("{seconds} s"),
        seconds => format!("{} min", seconds / 60),
    }
}

/// The first provider of the route that works and has not tried it yet.
fn untried(
    desk: &Desk,
    down: &Down,
    n: &Notification,
    person: &Person,
    shortfall: Shortfall,
) -> Option<String> {
    // Another provider does not make a wrong number right, nor a stop undone.
    let hopeless = match shortfall {
        Shortfall::Failed(Fault::Address | Fault::OptedOut) | Shortfall::NoProvider => true,
        Shortfall::Failed(Fault::Message) | Shortfall::Unproven => false,
    };
    if n.pinned || hopeless {
        return None;
    }
    let address = person.address(n.medium)?;
    let tried = |name: &str| n.attempts.iter().any(|attempt| attempt.channel == name);
    let route = desk.route(n.medium, address);
    let other = route.into_iter().find(|c| !tried(&c.name) && !down.contains(&c.name))?;
    Some(other.name.clone())
}

/// The same person, by mail, if they were not told that way.
fn write_instead(
    decision: &mut Decision<'_>,
    n: &Notification,
    person: &Person,
    paging: &[Paging],
    via: &str,
) {
    let by_mail = n.medium != Medium::Email
        && person.reachable_by(Medium::Email)
        && decision.desk.carrier(Medium::Email).is_some();
    // Of several alerts it speaks of the one it is filed under; the others were told of by mails of their own.
    let Some(one) = paging.iter().find(|one| n.alert == Some(one.alert.id) && one.alert.is_paging()) else {
        return;
    };
    let recipient = RecipientId::Person(person.id.clone());
    let told = one.told.iter().any(|other| {
        other.medium == Medium::Email
            && other.recipient.who == recipient
            && other.tells_of_alert()
            && !other.state.is_failure()
    });
    if !by_mail || told {
        return;
    }
    let next = decision.next_after(&one.alert).filter(|_| one.alert.state == AlertState::Open);
    let content = decision.content(&one.alert, person, Medium::Email, next.as_ref(), via);
    let step = n.step_for(one.alert.id);
    decision.queue(&one.alert, person, Medium::Email, Purpose::Page, content, via, step, None);
}

/// Whether what becomes of this page hangs on what was said of one of its alerts. A page may speak of a hundred, and
/// of each there may be hundreds of messages.
pub fn hangs_on_told(n: &Notification, alert: &Alert, now: Timestamp) -> bool {
    n.alert == Some(alert.id) || may_hurry(alert, n, now)
}

/// Whether a page that waits could make the next step of this alert follow at once: it is of the step that was
/// paged last, and there is a next one to come.
fn may_hurry(alert: &Alert, n: &Notification, now: Timestamp) -> bool {
    let of_step = n.step_for(alert.id) == Some(alert.step);
    let waits = alert.next_escalation_at.is_some_and(|at| at > now);
    alert.is_paging() && !alert.in_last_resort() && of_step && waits
}

/// Where nobody of the step can be expected to have been reached, the next follows now. `said` is why this page
/// does not reach its recipient now.
pub fn hurry(decision: &mut Decision<'_>, n: &Notification, paging: &mut Paging, said: &str) {
    let Paging { alert, told } = paging;
    let now = decision.now;
    if !may_hurry(alert, n, now) {
        return;
    }
    let hope = |other: &Notification| {
        other.id != n.id
            && other.purpose == Purpose::Page
            && matches!(&other.recipient.who, RecipientId::Person(id) if decision.desk.role_of(id) >= Role::Responder)
            && other.step_for(alert.id) == Some(alert.step)
            && may_reach(decision.desk, other)
    };
    if told.iter().any(hope) {
        return;
    }
    alert.next_escalation_at = Some(now);
    alert.updated_at = now;
    let sentence = format!("Nobody of step {} is known to be reached: {said}.", alert.step);
    decision.alert_change(Actor::Desk, What::AlertNobody, sentence, alert);
    decision.advance(alert);
}

/// It reached somebody, or may still.
fn may_reach(desk: &Desk, n: &Notification) -> bool {
    if n.state.is_failure() || matches!(n.state, NotificationState::Cancelled | NotificationState::Suppressed)
    {
        return false;
    }
    let gives_none = || {
        let last = n.attempts.last().and_then(|attempt| desk.carrier_named(&attempt.channel));
        last.is_none_or(|carrier| carrier.proof.is_none())
    };
    let delivered = proven(&n.evidence).is_some_and(|(rung, _)| matches!(rung, Rung::Delivered | Rung::Read));
    match n.state {
        NotificationState::Held => false,
        NotificationState::Accepted | NotificationState::Sent => {
            delivered || n.due_at.is_some() || n.proof_by.is_some() || gives_none()
        }
        _ => true,
    }
}

/// Whom nothing but this medium would wake now: everybody on call who is paged by it first.
pub fn sleepers(desk: &Desk, medium: Medium, now: Timestamp) -> Vec<PersonId> {
    let mut on_call: Vec<PersonId> =
        desk.schedules.keys().flat_map(|name| desk.on_call(name, now).0).collect();
    on_call.sort();
    on_call.dedup();
    on_call.retain(|id| desk.person(id).is_some_and(|person| person.reachable_by(medium)));
    on_call
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::delivery::{self, ALL_UP, Answered, Answering, Delivering};
    use crate::core::desk::{Carrier, ProofWithin};
    use crate::core::id::Ids;
    use crate::core::notification::{Acceptance, Evidence};
    use crate::core::scenario::Scene;
    use crate::core::task::TaskKind;

    const WITHIN: ProofWithin =
        ProofWithin { urgent: SignedDuration::from_secs(90), other: SignedDuration::from_mins(30) };

    /// Two gateways that give receipts, and mail that gives none.
    fn scene() -> Scene {
        let mut scene = Scene::usual();
        let gateway = |name: &str| Carrier { proof: Some(WITHIN), ..Carrier::plain(name, &[Medium::Sms]) };
        scene.desk.carriers = vec![gateway("one"), gateway("two"), Carrier::plain("mail", &[Medium::Email])];
        scene.raise("x1");
        scene
    }

    fn page(scene: &Scene, medium: Medium) -> Notification {
        let pages = |n: &&Notification| n.purpose == Purpose::Page && n.medium == medium;
        scene.notifications.values().rfind(pages).expect("a page").clone()
    }

    fn keep(scene: &mut Scene, n: &Notification) {
        scene.notifications.insert(n.id, n.clone());
    }

    /// Its gateway takes the page.
    fn taken(scene: &mut Scene, n: &mut Notification) {
        let mut ids = Ids::default();
        let mut context =
            Delivering { desk: &scene.desk, down: &ALL_UP, reach: None, ids: &mut ids, now: scene.now };
        delivery::claim(&mut context, n);
        let context = Answering {
            desk: &scene.desk,
            down: &ALL_UP,
            reach: None,
            needed: true,
            over: &[],
            jitter: 0.0,
            now: scene.now,
        };
        let attempt = n.attempts.len() as u32;
        let said = Answered::Accepted(Acceptance { said: "ok".into(), parts: 1, ..Acceptance::default() });
        delivery::answered(&context, n, attempt, said, &mut ids);
        keep(scene, n);
    }

    fn heard(scene: &mut Scene, n: &mut Notification, attempt: u32, rung: Rung) {
        let evidence = Evidence {
            at: scene.now,
            attempt,
            part: 1,
            rung: Some(rung),
            by: "carrier".into(),
            detail: format!("{rung:?}").into(),
        };
        let mut ids = Ids::default();
        let mut context =
            Delivering { desk: &scene.desk, down: &ALL_UP, reach: None, ids: &mut ids, now: scene.now };
        delivery::receipt(&mut context, n, evidence, None, "one");
        keep(scene, n);
    }

    fn falls_short(scene: &mut Scene, n: &mut Notification, shortfall: Shortfall) {
        let desk = scene.desk.clone();
        let mut decision = Decision::new(&desk, scene.now, scene.ids);
        let told = scene.notifications.values().cloned().collect();
        let mut paging = [Paging { alert: scene.alert().clone(), told }];
        move_on(&mut decision, &ALL_UP, n, &mut paging, shortfall);
        scene.ids = decision.ids;
        scene.keep(decision.changes);
    }

    #[test]
    fn a_page_without_proof_takes_the_next_gateway_marked_then_mail_and_the_next_person() {
        let mut scene = scene();
        let mut sms = page(&scene, Medium::Sms);
        taken(&mut scene, &mut sms);
        assert_eq!(sms.proof_by, Some(scene.now + WITHIN.urgent));
        scene.now += WITHIN.urgent;
        falls_short(&mut scene, &mut sms, Shortfall::Unproven);
        assert_eq!((sms.state, sms.channel.as_str()), (NotificationState::Accepted, "two"));
        assert_eq!((sms.due_at, scene.alert().step), (Some(scene.now), 1), "nobody else is woken yet");
        taken(&mut scene, &mut sms);
        assert!(sms.attempts[1].possible_duplicate);
        scene.now += WITHIN.urgent;
        let before = scene.notifications.len();
        falls_short(&mut scene, &mut sms, Shortfall::Unproven);
        assert_eq!((sms.due_at, sms.proof_by), (None, None));
        let more: Vec<_> = scene.notifications.values().skip(before).collect();
        let told: Vec<_> = more.iter().map(|n| (n.recipient.name.raw(), n.medium, n.purpose)).collect();
        assert!(!told.contains(&("maria", Medium::Sms, Purpose::Page)));
        assert!(told.contains(&("jonas", Medium::Sms, Purpose::Page)), "{told:?}");
        assert_eq!(scene.alert().step, 2, "before its time");
    }

    #[test]
    fn proof_in_time_leaves_everything_as_it_is() {
        let mut scene = scene();
        let mut sms = page(&scene, Medium::Sms);
        taken(&mut scene, &mut sms);
        heard(&mut scene, &mut sms, 1, Rung::Sent);
        assert!(sms.proof_by.is_some(), "the carrier's word is no proof");
        heard(&mut scene, &mut sms, 1, Rung::Delivered);
        assert_eq!((sms.state, sms.proof_by), (NotificationState::Delivered, None));
    }

    #[test]
    fn late_proof_stops_the_second_gateway_and_mere_progress_does_not() {
        let mut scene = scene();
        let mut sms = page(&scene, Medium::Sms);
        taken(&mut scene, &mut sms);
        scene.now += WITHIN.urgent;
        falls_short(&mut scene, &mut sms, Shortfall::Unproven);
        heard(&mut scene, &mut sms, 1, Rung::Sent);
        assert_eq!((sms.state, sms.due_at.is_some()), (NotificationState::Sent, true));
        heard(&mut scene, &mut sms, 1, Rung::Delivered);
        assert_eq!((sms.state, sms.due_at), (NotificationState::Delivered, None));
    }

    #[test]
    fn a_failure_takes_the_next_gateway_at_once_and_unmarked_and_a_wrong_number_does_not() {
        let mut scene = scene();
        let mut sms = page(&scene, Medium::Sms);
        taken(&mut scene, &mut sms);
        heard(&mut scene, &mut sms, 1, Rung::Failed);
        falls_short(&mut scene, &mut sms, Shortfall::Failed(Fault::Message));
        assert_eq!((sms.state, sms.channel.as_str()), (NotificationState::Queued, "two"));
        taken(&mut scene, &mut sms);
        assert!(!sms.attempts[1].possible_duplicate, "the first is known not to have arrived");
        heard(&mut scene, &mut sms, 2, Rung::Bounced);
        falls_short(&mut scene, &mut sms, Shortfall::Failed(Fault::Address));
        assert_eq!((sms.state, scene.alert().step), (NotificationState::Failed, 2));
        let task = scene.tasks.iter().find(|task| task.kind == TaskKind::Fix).expect("somebody mends it");
        assert_eq!(task.notification, Some(sms.id));
    }

    #[test]
    fn whoever_told_one_gateway_to_stop_is_not_sent_to_by_the_next() {
        let mut scene = scene();
        let mut sms = page(&scene, Medium::Sms);
        taken(&mut scene, &mut sms);
        heard(&mut scene, &mut sms, 1, Rung::Failed);
        falls_short(&mut scene, &mut sms, Shortfall::Failed(Fault::OptedOut));
        assert_eq!((sms.state, sms.attempts.len(), scene.alert().step), (NotificationState::Failed, 1, 2));
    }

    #[test]
    fn nobody_else_is_woken_while_another_of_the_step_may_be_reached() {
        let mut scene = scene();
        let mut sms = page(&scene, Medium::Sms);
        taken(&mut scene, &mut sms);
        let mut other = sms.clone();
        other.id = scene.ids.next_notification();
        other.recipient.who = RecipientId::Person(PersonId("jonas".into()));
        keep(&mut scene, &other);
        falls_short(&mut scene, &mut sms, Shortfall::Failed(Fault::Address));
        assert_eq!(scene.alert().step, 1);
        // The other fails as well.
        falls_short(&mut scene, &mut other, Shortfall::Failed(Fault::Address));
        assert_eq!(scene.alert().step, 2);
    }

    #[test]
    fn what_somebody_has_taken_moves_on_to_nobody() {
        let mut scene = scene();
        let mut sms = page(&scene, Medium::Sms);
        taken(&mut scene, &mut sms);
        scene.ack("maria").unwrap();
        let before = scene.notifications.len();
        falls_short(&mut scene, &mut sms, Shortfall::Unproven);
        assert_eq!((scene.notifications.len(), sms.due_at), (before, None));
        assert!(sms.reason.outcome.as_ref().unwrap().raw().starts_with("no receipt from one within"));
    }
}
