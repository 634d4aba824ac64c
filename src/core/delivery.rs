//! The life of one message: claimed, handed over, answered, proven or in doubt.
//!
//! A claim is committed before the first byte leaves. Whatever happens after it is recorded against
//! that attempt; a claim that was never answered is in doubt, never queued again. What is sent out
//! of doubt is a new attempt, labelled as a possible duplicate.

use crate::core::alert::Alert;
use crate::core::change::{Actor, Change, Object, What};
use crate::core::contact::Medium;
use crate::core::desk::{Desk, Doubt};
use crate::core::duty::Work;
use crate::core::escalation::medium_word;
use crate::core::id::{AlertId, Ids};
use crate::core::notification::{
    Acceptance, Attempt, AttemptState, Disputed, Evidence, Fault, Hold, Notification, NotificationState,
    Purpose, RecipientId, Rung, proven,
};
use crate::core::page::AGAIN;
use crate::core::proof;
use crate::core::reach::{Reach, addresses};
use crate::core::reroute;
use crate::core::sms;
use crate::core::suppression::{Suppression, SuppressionCause, address_key};
use crate::core::task::{Task, TaskKind, TaskState};
use crate::core::text::Untrusted;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;

/// The channels whose provider is down.
pub type Down = BTreeSet<String>;

/// Every provider works.
pub static ALL_UP: Down = BTreeSet::new();

/// How long a receipt, or the provider's answer to a question, may clear up what became of a message before
/// it is sent again or somebody must decide.
const CLEARS_UP: SignedDuration = SignedDuration::from_secs(10);
/// The same for what is not urgent.
const CLEARS_UP_LATER: SignedDuration = SignedDuration::from_mins(2);

/// What a decision about one message works with.
pub struct Delivering<'a> {
    pub desk: &'a Desk,
    pub down: &'a Down,
    /// Of a message to a contact: how they can be reached.
    pub reach: Option<&'a Reach>,
    pub ids: &'a mut Ids,
    pub now: Timestamp,
}

/// What a claim decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// Send it to this address; the attempt is recorded in the notification.
    Send { address: String },
    /// It will not be sent; the notification says why.
    Drop,
}

/// Claims a due message for sending: addresses it as the recipient is now, or settles that it will
/// not be sent. Changes the notification and says what happened.
pub fn claim(context: &mut Delivering<'_>, n: &mut Notification) -> (Claim, Vec<Change>) {
    let (desk, now) = (context.desk, context.now);
    n.updated_at = now;
    n.due_at = None;
    let before = n.attempts.last().map(|attempt| attempt.channel.as_str()).unwrap_or_default();
    let wanted = std::mem::take(&mut n.again.despite_doubt);
    if n.state == NotificationState::InDoubt
        && !n.urgent
        && !wanted
        && doubt_of(desk, before) != Doubt::Repeat
    {
        return (Claim::Drop, vec![doubtful(desk, context.ids, n, now)]);
    }
    if n.expires_at.is_some_and(|end| end <= now) {
        return drop_it(
            n,
            now,
            NotificationState::Expired,
            What::NotificationExpired,
            "it is too old to be of use",
        );
    }
    let address = match &n.recipient.who {
        _ if n.answers.is_some() => n.answers.as_ref().map(|address| address.raw().to_owned()),
        RecipientId::Webhook(channel) => Some(channel.clone()),
        RecipientId::Person(id) => {
            desk.person(id).and_then(|person| person.address(n.medium)).map(str::to_owned)
        }
        RecipientId::Contact(_) => match reroute::address_now(context, n) {
            Ok(address) => Some(address),
            Err(changes) => return (Claim::Drop, changes),
        },
    };
    let stopped = |address: &str| {
        let known = context.reach.and_then(|reach| reach.suppressed.get(&address_key(address)));
        known.is_some_and(Suppression::is_opt_out)
    };
    if n.answers.is_none() && address.as_deref().is_some_and(stopped) {
        let because = "the recipient opted out of this; only they can end that, with START";
        return drop_it(n, now, NotificationState::Suppressed, What::NotificationSuppressed, because);
    }
    let Some(address) = address else {
        let because = match n.medium {
            Medium::Sms => "the recipient has no phone number",
            Medium::Email => "the recipient has no email address",
        };
        return drop_it(n, now, NotificationState::Suppressed, What::NotificationSuppressed, because);
    };
    let named = n.pinned || matches!(n.recipient.who, RecipientId::Webhook(_));
    if !(named && desk.carrier_named(&n.channel).is_some()) {
        let route = desk.route(n.medium, &address);
        let Some(first) = route.first() else {
            let because = "no configured channel carries it";
            return drop_it(n, now, NotificationState::Suppressed, What::NotificationSuppressed, because);
        };
        let works = route.iter().find(|carrier| !context.down.contains(&carrier.name));
        let here = route.iter().find(|carrier| carrier.name == n.channel);
        match (here, works) {
            (None, works) => n.channel = works.unwrap_or(first).name.clone(),
            (Some(here), Some(works))
                if here.name != works.name
                    && (n.attempts.is_empty() || context.down.contains(&here.name)) =>
            {
                return (Claim::Drop, vec![goes_by(n, &works.name.clone(), context.down, now)]);
            }
            _ => {}
        }
    }
    // What an earlier attempt is known to have come to stays known.
    if !matches!(n.at_rest(), NotificationState::Accepted | NotificationState::Sent) {
        n.state = NotificationState::Sending;
    }
    if n.hold.take().is_some() {
        n.reason.outcome = None;
    }
    n.attempts.push(Attempt {
        number: n.attempts.len() as u32 + 1,
        state: AttemptState::Sending,
        channel: n.channel.clone(),
        address: address.as_str().into(),
        started_at: now,
        ended_at: None,
        provider_ref: None,
        names: Vec::new(),
        answer: None,
        possible_duplicate: may_be_second(n),
        parts: 1,
    });
    let summary =
        format!("{} to {} leaves by {}.", medium_word(n.medium), n.recipient.name.printable(), n.channel);
    (Claim::Send { address }, n.facts(now, &Actor::Desk, What::NotificationSending, summary))
}

/// A waiting message takes another channel.
fn goes_by(n: &mut Notification, channel: &str, down: &Down, now: Timestamp) -> Change {
    let before = std::mem::replace(&mut n.channel, channel.to_owned());
    n.due_at = Some(now);
    n.updated_at = now;
    let why = if down.contains(&before) { format!("{before} is down") } else { "it comes first".to_owned() };
    let who = n.recipient.name.printable();
    let summary = format!("{} to {who} goes by {channel}: {why}.", medium_word(n.medium));
    Change::notification(now, Actor::Desk, What::NotificationMoved, summary, n)
}

/// A due message of a channel that is down goes by another, or waits until one works; `None`: it waits
/// for that already.
pub fn divert(context: &mut Delivering<'_>, n: &mut Notification) -> Option<Change> {
    let (desk, down, now) = (context.desk, context.down, context.now);
    if let Some(way) = works(desk, down, n, context.reach) {
        return Some(goes_by(n, &way, down, now));
    }
    if n.hold == Some(Hold::NoProvider) && n.due_at.is_none() {
        return None;
    }
    n.hold = Some(Hold::NoProvider);
    n.due_at = None;
    n.updated_at = now;
    if n.state == NotificationState::Queued {
        n.state = NotificationState::Held;
    }
    let because = format!("no provider takes {} now", medium_word(n.medium));
    let summary = format!("Held for {}: {because}.", n.recipient.name.printable());
    n.reason.outcome = Some(because.into());
    Some(Change::notification(now, Actor::Desk, What::NotificationHeld, summary, n))
}

/// The first channel that works of those that may carry a message.
pub fn works(desk: &Desk, down: &Down, n: &Notification, reach: Option<&Reach>) -> Option<String> {
    if n.pinned || matches!(n.recipient.who, RecipientId::Webhook(_)) {
        return Some(n.channel.clone()).filter(|channel| !down.contains(channel));
    }
    let address = address_of(desk, n, reach);
    let route = desk.route(n.medium, address.as_deref().unwrap_or_default());
    let first = route.into_iter().find(|carrier| !down.contains(&carrier.name));
    first.map(|carrier| carrier.name.clone())
}

/// A provider works again that a message waits for.
pub fn release(n: &mut Notification, channel: &str, now: Timestamp) -> Change {
    n.hold = None;
    n.due_at = Some(now);
    n.updated_at = now;
    n.reason.outcome = None;
    channel.clone_into(&mut n.channel);
    if n.state == NotificationState::Held {
        n.state = NotificationState::Queued;
    }
    let summary = format!("{} to {} leaves now.", medium_word(n.medium), n.recipient.name.printable());
    Change::notification(now, Actor::Desk, What::NotificationReleased, summary, n)
}

/// Where a message would go, as far as that is known without asking for the recipient's wishes.
fn address_of(desk: &Desk, n: &Notification, reach: Option<&Reach>) -> Option<String> {
    if let Some(answers) = &n.answers {
        return Some(answers.raw().to_owned());
    }
    match &n.recipient.who {
        RecipientId::Webhook(channel) => Some(channel.clone()),
        RecipientId::Person(id) => desk.person(id)?.address(n.medium).map(str::to_owned),
        RecipientId::Contact(_) => {
            let contact = reach?.contact.as_ref()?;
            addresses(contact, n.medium).next().map(str::to_owned)
        }
    }
}

/// What can be done about a message handed to this channel whose answer was lost.
fn doubt_of(desk: &Desk, channel: &str) -> Doubt {
    desk.carrier_named(channel).map_or(Doubt::Unknowable, |carrier| carrier.doubt)
}

/// An earlier attempt may have got through, or may yet.
pub fn may_be_second(n: &Notification) -> bool {
    n.attempts.iter().any(|attempt| n.may_arrive(attempt))
}

/// Nothing more is sent. What may already have got through stays what it is, whatever else became of
/// the message: it cannot be said that it was never sent.
fn give_up(n: &mut Notification, state: NotificationState) {
    n.state = match n.at_rest() {
        NotificationState::Queued | NotificationState::Held => state,
        known => known,
    };
    n.due_at = None;
}

fn drop_it(
    n: &mut Notification,
    now: Timestamp,
    state: NotificationState,
    what: What,
    because: &str,
) -> (Claim, Vec<Change>) {
    give_up(n, state);
    n.reason.outcome = Some(because.into());
    let summary = format!("Not sent to {}: {because}.", n.recipient.name.printable());
    (Claim::Drop, vec![Change::notification(now, Actor::Desk, what, summary, n)])
}

/// Gives a waiting message, whose channel is no longer configured, to the one that carries its
/// medium now; where none does, it is suppressed and says so.
pub fn rehome(desk: &Desk, n: &mut Notification, now: Timestamp) -> Change {
    n.updated_at = now;
    let before = std::mem::take(&mut n.channel);
    match desk.carrier(n.medium) {
        Some(carrier) => {
            n.channel = carrier.name.clone();
            let summary = format!("Waits for {} now; {before} is no longer configured.", n.channel);
            Change::notification(now, Actor::Desk, What::NotificationQueued, summary, n)
        }
        None => {
            n.channel = before;
            n.due_at = None;
            let because = "no configured channel carries it";
            if n.state != NotificationState::InDoubt {
                n.state = NotificationState::Suppressed;
            }
            n.reason.outcome = Some(because.into());
            let summary = format!("Not sent to {}: {because}.", n.recipient.name.printable());
            Change::notification(now, Actor::Desk, What::NotificationSuppressed, summary, n)
        }
    }
}

/// What came of an attempt, as the channel tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answered {
    Accepted(Acceptance),
    /// The provider could not take it, or asks for a pause.
    Deferred {
        said: String,
        after: Option<SignedDuration>,
    },
    /// The provider works, and wants this message later.
    Later {
        said: String,
        after: Option<SignedDuration>,
    },
    Refused {
        said: String,
        fault: Fault,
    },
    Unknown {
        said: String,
    },
}

/// What recording an answer needs to know beside the message itself.
pub struct Answering<'a> {
    pub desk: &'a Desk,
    pub down: &'a Down,
    /// Of a message to a contact: how else they can be reached.
    pub reach: Option<&'a Reach>,
    /// Whether another attempt would still be wanted: see [`still_needed`].
    pub needed: bool,
    /// Alerts that the message speaks of and that nobody is paged for any more.
    pub over: &'a [AlertId],
    /// Between 0 and 1, by chance.
    pub jitter: f64,
    pub now: Timestamp,
}

/// Whether another attempt would still be wanted, and which of the alerts it speaks of (`alerts`) are over:
/// a page is of no use once nobody is paged for any of them; everything else is.
pub fn still_needed(n: &Notification, alerts: &[Alert]) -> (bool, Vec<AlertId>) {
    if n.purpose != Purpose::Page {
        return (true, Vec::new());
    }
    let (paging, over): (Vec<&Alert>, Vec<&Alert>) = alerts.iter().partition(|alert| alert.is_paging());
    (!paging.is_empty() || over.is_empty(), over.into_iter().map(|alert| alert.id).collect())
}

/// A page that waited is of no use any more: nobody is paged for what it speaks of.
pub fn not_needed(n: &mut Notification, now: Timestamp) -> Change {
    give_up(n, NotificationState::Cancelled);
    n.hold = None;
    n.updated_at = now;
    let because = "nobody is paged for the alert any more";
    n.reason.outcome = Some(because.into());
    let summary = format!("Not sent to {}: {because}.", n.recipient.name.printable());
    Change::notification(now, Actor::Desk, What::NotificationCancelled, summary, n)
}

/// What is tried again speaks only of what somebody is still paged for.
pub fn leave_out_what_is_over(n: &mut Notification, over: &[AlertId]) {
    if n.bundle.is_some() {
        for alert in over {
            n.leave_out(*alert, "nobody is paged for it any more");
        }
    }
}

/// Records the answer to the attempt numbered `attempt`.
pub fn answered(
    context: &Answering<'_>,
    n: &mut Notification,
    attempt: u32,
    answer: Answered,
    ids: &mut Ids,
) -> Vec<Change> {
    let Answering { desk, down, reach, needed, over, jitter, now } = *context;
    let Some(index) = n.attempts.iter().position(|a| a.number == attempt) else { return Vec::new() };
    let channel = n.attempts[index].channel.clone();
    let actor = Actor::Channel(channel.clone());
    let who = n.recipient.name.printable();
    n.updated_at = now;
    n.attempts[index].ended_at = Some(now);
    match answer {
        Answered::Accepted(acceptance) => {
            accept(desk, n, index, acceptance, now);
            let summary = format!("{} to {who} {}.", medium_word(n.medium), state_words(n));
            vec![Change::notification(now, actor, What::NotificationEvidence, summary, n)]
        }
        Answered::Deferred { said, after } | Answered::Later { said, after } => {
            n.attempts[index].state = AttemptState::Deferred;
            n.attempts[index].answer = Some(said.as_str().into());
            if is_settled(n, attempt) {
                return vec![Change::notification(now, actor, What::NotificationDeferred, said, n)];
            }
            if !needed {
                give_up(n, NotificationState::Cancelled);
                n.reason.outcome = Some("nobody is paged for the alert any more".into());
                let summary = format!("Not tried again to {who}: nobody is paged for the alert any more.");
                return vec![Change::notification(now, actor, What::NotificationCancelled, summary, n)];
            }
            leave_out_what_is_over(n, over);
            let address = n.attempts[index].address.raw().to_owned();
            let other = less_tried(desk, down, n, &address);
            let wait =
                after.unwrap_or(SignedDuration::ZERO).max(backoff(desk, n.attempts.len() as u32, jitter));
            // What is urgent does not wait for a provider while another has not been tried as often.
            let due = now + if other.is_some() && n.urgent { SignedDuration::ZERO } else { wait };
            let by = other.filter(|other| *other != channel);
            if n.expires_at.is_some_and(|end| end <= due) {
                give_up(n, NotificationState::Expired);
                n.reason.outcome = Some(Untrusted::new(format!("gave up: {said}")));
                let summary = format!("Gave up on {} to {who}: {said}", medium_word(n.medium));
                return vec![Change::notification(now, actor, What::NotificationExpired, summary, n)];
            }
            n.state = n.at_rest();
            n.due_at = Some(due);
            let way = by.as_ref().map(|by| format!(", by {by}")).unwrap_or_default();
            let summary = format!("{} to {who} is tried again{way}: {said}", medium_word(n.medium));
            n.channel = by.unwrap_or_else(|| std::mem::take(&mut n.channel));
            vec![Change::notification(now, actor, What::NotificationDeferred, summary, n)]
        }
        Answered::Refused { said, fault } => {
            n.attempts[index].state = AttemptState::Refused;
            n.attempts[index].answer = Some(said.as_str().into());
            n.reason.outcome = Some(Untrusted::new(format!("refused: {said}")));
            let detail = said.as_str().into();
            add_evidence(
                n,
                Evidence { at: now, attempt, part: 1, rung: Some(Rung::Failed), by: channel, detail },
            );
            let summary = format!("{} to {who} failed: {said}", medium_word(n.medium));
            let mut changes = vec![Change::notification(now, actor, What::NotificationEvidence, summary, n)];
            let address = n.attempts[index].address.raw().to_owned();
            if fault == Fault::OptedOut {
                let cause = SuppressionCause::OptedOut;
                changes.extend(reroute::suppress(reach, n, &address, cause, &said, now));
            }
            if n.state.is_failure()
                && let Some(reach) = reach
            {
                changes.extend({
                    let mut context = Delivering { desk, down, reach: Some(reach), ids, now };
                    reroute::failed(&mut context, n, &address, fault, &said)
                });
            } else if n.state.is_failure() && !proof::moves_on(n) {
                changes.push(open_task(
                    desk,
                    ids,
                    n,
                    TaskKind::Fix,
                    format!("{who}: {} refused: {said}", medium_word(n.medium)),
                    now,
                ));
            }
            changes
        }
        Answered::Unknown { said } => {
            if needed {
                leave_out_what_is_over(n, over);
            }
            in_doubt(desk, n, index, &said, needed.then_some(desk.retry.first), ids, now)
        }
    }
}

/// The agent stopped, or lost its hold on the attempt, before an answer was recorded.
pub fn lease_ended(
    desk: &Desk,
    n: &mut Notification,
    needed: bool,
    ids: &mut Ids,
    now: Timestamp,
) -> Vec<Change> {
    let wait = needed.then_some(SignedDuration::ZERO);
    let open = |attempt: &Attempt| attempt.state == AttemptState::Sending;
    let mut changes = Vec::new();
    while let Some(index) = n.attempts.iter().position(open) {
        changes.extend(in_doubt(desk, n, index, "the agent stopped before an answer came", wait, ids, now));
    }
    changes
}

/// `again_after` is how long to wait before an urgent message is sent again; `None`: never.
fn in_doubt(
    desk: &Desk,
    n: &mut Notification,
    index: usize,
    said: &str,
    again_after: Option<SignedDuration>,
    ids: &mut Ids,
    now: Timestamp,
) -> Vec<Change> {
    let who = n.recipient.name.printable();
    let channel = n.attempts[index].channel.clone();
    n.attempts[index].state = AttemptState::InDoubt;
    n.attempts[index].ended_at = Some(now);
    n.attempts[index].answer = Some(said.into());
    n.updated_at = now;
    if is_settled(n, n.attempts[index].number) {
        return vec![Change::notification(now, Actor::Channel(channel), What::NotificationInDoubt, said, n)];
    }
    n.state = n.at_rest();
    let doubt = doubt_of(desk, &channel);
    let medium = medium_word(n.medium);
    if n.urgent && again_after.is_none() {
        n.due_at = None;
        let summary = format!("{medium} to {who} may or may not have left: {said}; it is no longer needed.");
        return vec![Change::notification(
            now,
            Actor::Channel(channel),
            What::NotificationInDoubt,
            summary,
            n,
        )];
    }
    let wait = match (doubt, n.urgent) {
        (Doubt::Ask | Doubt::Listen, true) => Some(CLEARS_UP),
        (Doubt::Ask | Doubt::Listen, false) => Some(CLEARS_UP_LATER),
        (Doubt::Repeat, _) | (Doubt::Unknowable, true) => again_after,
        (Doubt::Unknowable, false) => None,
    };
    if let Some(wait) = wait {
        n.due_at = Some(now + wait);
        let then = match doubt {
            Doubt::Ask => format!("{channel} is asked"),
            Doubt::Listen => "a receipt may tell".to_owned(),
            Doubt::Repeat | Doubt::Unknowable => "it is sent again, marked".to_owned(),
        };
        let summary = format!("{medium} to {who} may or may not have left: {said}; {then}.");
        return vec![Change::notification(
            now,
            Actor::Channel(channel),
            What::NotificationInDoubt,
            summary,
            n,
        )];
    }
    let summary = format!("{medium} to {who} may or may not have left: {said}.");
    let fact = Change::notification(now, Actor::Channel(channel), What::NotificationInDoubt, summary, n);
    vec![fact, doubtful(desk, ids, n, now)]
}

/// Receipts have told of the attempt, or of the message as a whole, more than its answer could.
fn is_settled(n: &Notification, attempt: u32) -> bool {
    use NotificationState::{Accepted, Sending, Sent};
    let heard = n.evidence.iter().any(|e| e.attempt == attempt && e.rung.is_some());
    match n.state {
        Sending => false,
        Accepted | Sent => heard,
        _ => true,
    }
}

/// Nothing cleared up what became of a message; somebody must decide.
fn doubtful(desk: &Desk, ids: &mut Ids, n: &mut Notification, now: Timestamp) -> Change {
    n.due_at = None;
    let title = format!("{} to {}: sent or not?", medium_word(n.medium), n.recipient.name.printable());
    open_task(desk, ids, n, TaskKind::Doubt, title, now)
}

/// The key of the task that asks what became of a message.
pub fn doubt_task(n: &Notification) -> String {
    format!("{}:{}", TaskKind::Doubt.as_str(), n.id)
}

/// What became of a message is known after all: nobody needs to decide.
pub fn cleared_up(n: &Notification, task: &Task, now: Timestamp) -> Option<Change> {
    let known = n.state != NotificationState::InDoubt && task.state != TaskState::Done;
    known.then(|| {
        let task = Task { state: TaskState::Done, updated_at: now, ..task.clone() };
        let summary = format!("It is known now: {}.", state_words(n));
        Change::task(now, Actor::Desk, What::TaskDone, summary, &task)
    })
}

/// The provider was asked for a message whose answer was lost, and has it.
pub fn found(
    desk: &Desk,
    n: &mut Notification,
    attempt: u32,
    acceptance: Acceptance,
    now: Timestamp,
) -> Vec<Change> {
    let lost = |a: &Attempt| a.number == attempt && a.state == AttemptState::InDoubt;
    let Some(index) = n.attempts.iter().position(lost) else { return Vec::new() };
    let actor = Actor::Channel(n.attempts[index].channel.clone());
    n.updated_at = now;
    accept(desk, n, index, acceptance, now);
    let who = n.recipient.name.printable();
    let summary = format!("{} to {who} was taken after all, {}.", medium_word(n.medium), state_words(n));
    vec![Change::notification(now, actor, What::NotificationEvidence, summary, n)]
}

/// The provider took what was handed over in the attempt at this index.
/// Whether a text left as more than one SMS, so that a receipt of a part is not one of the whole.
pub fn in_parts(n: &Notification, attempt: u32) -> bool {
    let again = n.attempts.iter().any(|one| one.number == attempt && one.possible_duplicate);
    let label = if again { AGAIN } else { "" };
    n.medium == Medium::Sms && sms::segments(&format!("{label}{}", n.content.body.raw())).parts.len() > 1
}

fn accept(desk: &Desk, n: &mut Notification, index: usize, acceptance: Acceptance, now: Timestamp) {
    let Acceptance { provider_ref, names, said, parts } = acceptance;
    let at = &mut n.attempts[index];
    at.names = names.into_iter().map(Untrusted::new).collect();
    at.state = AttemptState::Handed;
    at.parts = parts;
    at.answer = Some(said.as_str().into());
    at.provider_ref = provider_ref.map(Untrusted::new).or(at.provider_ref.take());
    n.provider_ref = at.provider_ref.clone().or(n.provider_ref.take());
    let (attempt, by) = (at.number, at.channel.clone());
    // Parts with names of their own are each proven for themselves: one that arrived is not the whole.
    let counted = u32::try_from(at.names.len()).unwrap_or(u32::MAX).max(1);
    for part in 1..=counted {
        let (rung, by, detail) = (Some(Rung::Accepted), by.clone(), said.as_str().into());
        add_evidence(n, Evidence { at: now, attempt, part, rung, by, detail });
    }
    proof::expect(desk, n, now);
}

/// The channel of the message's route that was tried less often than the one tried last.
fn less_tried(desk: &Desk, down: &Down, n: &Notification, address: &str) -> Option<String> {
    if n.pinned || matches!(n.recipient.who, RecipientId::Webhook(_)) {
        return None;
    }
    let tried = |name: &str| n.attempts.iter().filter(|attempt| attempt.channel == name).count();
    let up = desk.route(n.medium, address).into_iter().filter(|carrier| !down.contains(&carrier.name));
    let least = up.min_by_key(|carrier| tried(&carrier.name))?;
    (tried(&least.name) < tried(&n.channel)).then(|| least.name.clone())
}

pub fn open_task(
    desk: &Desk,
    ids: &mut Ids,
    n: &Notification,
    kind: TaskKind,
    title: String,
    now: Timestamp,
) -> Change {
    let duty = desk.duty(Work::Contacts);
    let dues = desk.dues(&duty, now);
    let task = Task {
        id: ids.next_task(),
        state: TaskState::Open,
        kind,
        title: title.into(),
        partner: None,
        alert: n.alert,
        notification: Some(n.id),
        key: Untrusted::new(format!("{}:{}", kind.as_str(), n.id)),
        team: duty.team,
        owner: None,
        due_at: Some(dues.due),
        lead_at: Some(dues.lead),
        reminded: None,
        about: None,
        snoozed_until: None,
        created_at: now,
        updated_at: now,
    };
    Change::task(now, Actor::Desk, What::TaskOpened, task.title.clone(), &task)
}

/// Nobody of the desk gets what is sent to this address: the task to look into it, under its own key.
pub fn undelivered(desk: &Desk, ids: &mut Ids, n: &Notification, key: String, now: Timestamp) -> Change {
    let said = n.evidence.iter().rev().find(|e| e.rung.is_some_and(|rung| rung >= Rung::Failed));
    let said = said.map(|e| format!(": {}", e.detail.printable())).unwrap_or_default();
    let (who, medium) = (n.recipient.name.printable(), medium_word(n.medium));
    let mut change =
        open_task(desk, ids, n, TaskKind::Fix, format!("{who}: {medium} {}{said}", state_words(n)), now);
    if let Object::Task(task) = &mut change.object {
        task.key = Untrusted::new(key);
    }
    change
}

/// Keeps what the provider calls a message, where a receipt says it before the answer did.
pub fn name(n: &mut Notification, attempt: u32, provider_ref: Option<String>) {
    let Some(provider_ref) = provider_ref else { return };
    let Some(attempt) = n.attempts.iter_mut().find(|one| one.number == attempt) else { return };
    let named = attempt.provider_ref.get_or_insert_with(|| Untrusted::new(provider_ref));
    n.provider_ref.get_or_insert_with(|| named.clone());
}

/// Folds one receipt. A receipt heard before changes nothing and is not kept twice. `fault`: what its
/// provider says is at fault; `None` where only its rung tells.
pub fn receipt(
    context: &mut Delivering<'_>,
    n: &mut Notification,
    evidence: Evidence,
    fault: Option<Fault>,
    channel: &str,
) -> Vec<Change> {
    let now = context.now;
    let heard = n.evidence.iter().any(|e| {
        (e.attempt, e.part, e.rung, &e.detail)
            == (evidence.attempt, evidence.part, evidence.rung, &evidence.detail)
    });
    if heard || !n.attempts.iter().any(|attempt| attempt.number == evidence.attempt) {
        return Vec::new();
    }
    let (failed_before, lost_before) = (n.state.is_failure(), n.lost_attempt().map(|lost| lost.number));
    let attempt = n.attempts.iter().find(|attempt| attempt.number == evidence.attempt);
    let address = attempt.map(|attempt| attempt.address.raw().to_owned()).unwrap_or_default();
    let bounced = evidence.rung == Some(Rung::Bounced);
    let fault = fault.unwrap_or(if bounced { Fault::Address } else { Fault::Message });
    let by = evidence.by.clone();
    let detail = evidence.detail.printable();
    if lost_before == Some(evidence.attempt) && evidence.rung.is_some_and(|rung| rung < Rung::Failed) {
        n.attempts
            .iter_mut()
            .filter(|a| a.number == evidence.attempt)
            .for_each(|a| a.state = AttemptState::Handed);
        add_evidence(n, evidence);
        proof::expect(context.desk, n, now);
    } else {
        add_evidence(n, evidence);
    }
    n.updated_at = now;
    let said = if detail.as_str().is_empty() { String::new() } else { format!(": {detail}") };
    let summary = format!(
        "{} to {} {}, by {by}{said}",
        medium_word(n.medium),
        n.recipient.name.printable(),
        state_words(n)
    );
    let actor = Actor::Channel(channel.to_owned());
    let mut changes = vec![Change::notification(now, actor, What::NotificationEvidence, summary, n)];
    if fault == Fault::OptedOut {
        let cause = SuppressionCause::OptedOut;
        changes.extend(reroute::suppress(context.reach, n, &address, cause, detail.as_str(), now));
    }
    if n.state.is_failure() && !failed_before {
        changes.extend(reroute::failed(context, n, &address, fault, detail.as_str()));
        if n.purpose == Purpose::Test {
            let (who, medium) = (n.recipient.name.printable(), medium_word(n.medium));
            let title = format!("{who} would not be reached: a test by {medium} {}{said}", state_words(n));
            changes.push(open_task(context.desk, context.ids, n, TaskKind::Fix, title, now));
        }
    }
    changes
}

/// Adds evidence and lets the state follow from all of it.
pub fn add_evidence(n: &mut Notification, evidence: Evidence) {
    n.evidence.push(evidence);
    let Some((rung, Disputed(disputed))) = proven(&n.evidence) else { return };
    use NotificationState::{Accepted, Cancelled, Sending, Sent};
    let open = matches!(n.state, Sending | Accepted | Sent);
    let on_its_way = open && n.attempts.iter().any(|attempt| attempt.state == AttemptState::Sending);
    let leaves_again =
        on_its_way || n.state == Cancelled || n.due_at.is_some() || n.hold == Some(Hold::NoProvider);
    // A later attempt on its way, or a decision not to send, is not undone by a late failure.
    if leaves_again && rung >= Rung::Failed {
        if matches!(n.state, Accepted | Sent) {
            n.state = if on_its_way { Sending } else { n.at_rest() };
        }
        return;
    }
    // Nor does it end a further attempt that an earlier one was only taken: that is known to be too little.
    if leaves_again && rung < Rung::Delivered && matches!(n.state, Accepted | Sent) {
        n.state = rung.state();
        return;
    }
    n.state = rung.state();
    n.disputed = disputed;
    n.due_at = None;
    if n.hold == Some(Hold::NoProvider) {
        n.hold = None;
    }
    if rung >= Rung::Delivered {
        n.proof_by = None;
    }
}

fn state_words(n: &Notification) -> &'static str {
    match n.state {
        NotificationState::Accepted => "accepted, not proven delivered",
        NotificationState::Failed if n.disputed => "failed, disputed",
        other => other.as_str(),
    }
}

/// Exponential from `retry.first` to `retry.longest`, with up to half of it taken off by chance, so
/// that many messages deferred together do not come back together.
fn backoff(desk: &Desk, attempts: u32, jitter: f64) -> SignedDuration {
    let doubled = desk.retry.first.as_secs_f64() * 2f64.powi(attempts.clamp(1, 30) as i32 - 1);
    let capped = doubled.min(desk.retry.longest.as_secs_f64());
    SignedDuration::from_secs_f64(capped * (1.0 - jitter.clamp(0.0, 1.0) / 2.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::change::Object;
    use crate::core::duty::Duty;
    use crate::core::scenario::Scene;

    fn context<'a>(desk: &'a Desk, ids: &'a mut Ids, now: Timestamp) -> Delivering<'a> {
        Delivering { desk, down: &ALL_UP, reach: None, ids, now }
    }

    fn claimed() -> (Scene, Notification) {
        let mut scene = Scene::usual();
        scene.raise("x1");
        let mut page = scene.message(1).clone();
        claim(&mut context(&scene.desk, &mut Ids::default(), scene.now), &mut page);
        (scene, page)
    }

    fn answer(scene: &mut Scene, n: &mut Notification, attempt: u32, needed: bool, said: Answered) {
        let context = Answering {
            desk: &scene.desk,
            down: &ALL_UP,
            reach: None,
            needed,
            over: &[],
            jitter: 0.0,
            now: scene.now,
        };
        answered(&context, n, attempt, said, &mut scene.ids);
    }

    fn unknown() -> Answered {
        Answered::Unknown { said: "timeout".into() }
    }

    #[test]
    fn of_a_message_in_named_parts_one_that_arrived_is_not_the_whole() {
        let (mut scene, mut n) = claimed();
        let names = vec!["7".to_owned(), "8".to_owned()];
        let taken = Acceptance { names, said: "taken".into(), parts: 2, ..Acceptance::default() };
        answer(&mut scene, &mut n, 1, true, Answered::Accepted(taken));
        let (desk, now) = (scene.desk.clone(), scene.now);
        for (part, state) in [(2, NotificationState::Accepted), (1, NotificationState::Delivered)] {
            let delivered = Evidence { part, ..says(1, Rung::Delivered, now) };
            receipt(&mut context(&desk, &mut scene.ids, now), &mut n, delivered, None, "sms");
            assert_eq!(n.state, state);
        }
    }

    #[test]
    fn a_text_is_in_parts_when_its_label_makes_it_too_long_for_one() {
        let (_, mut n) = claimed();
        n.content.body = "a".repeat(160).into();
        assert!(!in_parts(&n, 1));
        n.attempts[0].possible_duplicate = true;
        assert!(in_parts(&n, 1));
        n.medium = Medium::Email;
        assert!(!in_parts(&n, 1));
    }

    fn deferred() -> Answered {
        Answered::Deferred { said: "busy".into(), after: None }
    }

    fn says(attempt: u32, rung: Rung, now: Timestamp) -> Evidence {
        Evidence { at: now, attempt, part: 1, rung: Some(rung), by: "carrier".into(), detail: "".into() }
    }

    #[test]
    fn only_what_may_have_got_through_is_marked_when_it_is_sent_again() {
        let (mut scene, mut page) = claimed();
        answer(&mut scene, &mut page, 1, true, deferred());
        claim(&mut context(&scene.desk, &mut Ids::default(), scene.now), &mut page);
        assert!(!page.attempts[1].possible_duplicate);
        answer(&mut scene, &mut page, 2, true, unknown());
        assert_eq!((page.state, page.due_at.is_some()), (NotificationState::InDoubt, true));
        claim(&mut context(&scene.desk, &mut Ids::default(), scene.now), &mut page);
        assert!(page.attempts[2].possible_duplicate);
    }

    #[test]
    fn a_late_failure_of_an_earlier_attempt_leaves_the_one_on_its_way_alone() {
        let (mut scene, mut page) = claimed();
        answer(&mut scene, &mut page, 1, true, unknown());
        claim(&mut context(&scene.desk, &mut Ids::default(), scene.now), &mut page);
        receipt(
            &mut context(&scene.desk, &mut Ids::default(), scene.now),
            &mut page,
            says(1, Rung::Failed, scene.now),
            None,
            "sms",
        );
        assert_eq!(page.state, NotificationState::Sending);
        answer(&mut scene, &mut page, 2, true, deferred());
        assert!(page.due_at.is_some(), "it is tried again");
    }

    #[test]
    fn a_providers_word_that_somebody_opted_out_binds_once_and_for_their_number() {
        let stopped = |changes: &[Change]| {
            let found = changes.iter().find_map(|change| match &change.object {
                Object::Suppression(suppression) => Some((**suppression).clone()),
                _ => None,
            });
            found.map(|suppression| (suppression.id.raw().to_owned(), suppression.is_opt_out()))
        };
        let (mut scene, mut page) = claimed();
        let wanted = Some((address_key(page.attempts[0].address.raw()), true));
        let mut told = page.clone();
        let context_of = Answering {
            desk: &scene.desk,
            down: &ALL_UP,
            needed: true,
            over: &[],
            reach: None,
            jitter: 0.0,
            now: scene.now,
        };
        let refused = Answered::Refused { said: "error 21610".into(), fault: Fault::OptedOut };
        assert_eq!(stopped(&answered(&context_of, &mut page, 1, refused, &mut scene.ids)), wanted);

        // By a receipt that proves nothing else; and heard again, it does nothing again.
        let mut heard = || {
            let says = Evidence { rung: None, ..says(1, Rung::Sent, scene.now) };
            let mut ids = Ids::default();
            let mut context = context(&scene.desk, &mut ids, scene.now);
            stopped(&receipt(&mut context, &mut told, says, Some(Fault::OptedOut), "sms"))
        };
        assert_eq!((heard(), heard()), (wanted, None));
    }

    #[test]
    fn what_may_have_left_is_never_called_unsent() {
        let (mut scene, mut page) = claimed();
        answer(&mut scene, &mut page, 1, true, unknown());
        let mut late = page.clone();
        claim(
            &mut context(&scene.desk, &mut Ids::default(), scene.now + SignedDuration::from_hours(5)),
            &mut late,
        );
        assert_eq!((late.state, late.due_at), (NotificationState::InDoubt, None));
        claim(&mut context(&scene.desk, &mut Ids::default(), scene.now), &mut page);
        answer(&mut scene, &mut page, 2, false, deferred());
        assert_eq!((page.state, page.due_at), (NotificationState::InDoubt, None));
    }

    #[test]
    fn a_claim_is_settled_after_a_crash_though_a_receipt_was_faster_than_the_answer() {
        let (mut scene, mut page) = claimed();
        receipt(
            &mut context(&scene.desk, &mut Ids::default(), scene.now),
            &mut page,
            says(1, Rung::Delivered, scene.now),
            None,
            "sms",
        );
        lease_ended(&scene.desk, &mut page, true, &mut scene.ids, scene.now);
        assert_eq!(page.state, NotificationState::Delivered);
        assert_eq!((page.attempts[0].state, page.due_at), (AttemptState::InDoubt, None));
    }

    #[test]
    fn a_message_in_doubt_and_a_person_without_an_address_are_somebodys_work_with_a_time() {
        let (mut scene, mut mail) = claimed();
        mail.urgent = false;
        let duty = Duty { team: Some("service".into()), ..Duty::default() };
        scene.desk.work.insert(Work::Contacts, duty.clone());
        let wanted = scene.desk.dues(&duty, scene.now);
        let refused = Answered::Refused { said: "no such number".into(), fault: Fault::Address };
        let mut dead = mail.clone();
        dead.purpose = Purpose::Notice;
        for (n, answered, kind) in
            [(&mut mail, unknown(), TaskKind::Doubt), (&mut dead, refused, TaskKind::Fix)]
        {
            let context = Answering {
                desk: &scene.desk,
                down: &ALL_UP,
                needed: true,
                over: &[],
                reach: None,
                jitter: 0.0,
                now: scene.now,
            };
            let changes = super::answered(&context, n, 1, answered, &mut Ids::default());
            let task = changes.iter().find_map(|change| match &change.object {
                Object::Task(task) => Some(task),
                _ => None,
            });
            let task = task.expect("a task");
            assert_eq!((task.kind, task.team.as_deref()), (kind, Some("service")));
            assert_eq!((task.due_at, task.lead_at), (Some(wanted.due), Some(wanted.lead)));
        }
    }
}
