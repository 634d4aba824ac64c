//! What happens to hand-overs by themselves: one is planned, whoever leaves is asked for a note, the hand-off
//! comes, whoever came is reminded, and what nobody needs to accept any more is closed.
//!
//! Who was on when the desk looked last stands in the hand-over ahead. So a hand-off that the desk missed is
//! noticed when it looks again; of several that it missed only the last is told, with everybody who left.

use super::{Closed, Handover, HandoverState, Known, Matters, Quiet, Terms, asked_schedules, words};
use crate::core::change::{Actor, Change, Object, What};
use crate::core::contact::{Category, Medium};
use crate::core::desk::Desk;
use crate::core::escalation::{About, Decision};
use crate::core::id::NotificationId;
use crate::core::notification::{Content, Purpose, Reason};
use crate::core::person::{Person, PersonId};
use crate::core::schedule::{Schedule, Why};
use crate::core::task::Task;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;

/// What is decided against, beside the hand-overs themselves.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// As the sheet shows it.
    pub known: Known,
    /// Open tasks that have an owner.
    pub tasks: Vec<Task>,
}

/// How far ahead the next hand-off is looked for, little by little.
const AHEAD_DAYS: [i64; 4] = [2, 16, 100, 400];
/// How far back it is looked who was on meanwhile.
const BACK: SignedDuration = SignedDuration::from_hours(24 * 35);
/// Told longer after it than this, it is told late.
const LATE: SignedDuration = SignedDuration::from_mins(15);

/// What is to be done about one schedule.
enum Step<'a> {
    Drop(&'a Handover),
    Begin(&'a Schedule),
    /// The plan is another, or somebody joined.
    Replan(&'a Handover, Plan),
    AskForNote(&'a Handover, Plan),
    HandOff(&'a Handover, &'a Schedule, Vec<PersonId>),
}

/// What is ahead of a schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Plan {
    on: Vec<PersonId>,
    at: Option<Timestamp>,
    incoming: Vec<PersonId>,
    /// When anything changes, be it that somebody only joins.
    look_at: Option<Timestamp>,
}

/// Whether anything is to be decided now, of these hand-overs that are live. Open ones are to be looked at
/// whenever anything changes, too: see [`decide`].
pub fn is_due(desk: &Desk, live: &[Handover], now: Timestamp) -> bool {
    let reminds =
        |one: &Handover| one.state == HandoverState::Open && one.due_at.is_some_and(|due| due <= now);
    live.iter().any(reminds) || !steps(desk, live, now).is_empty()
}

/// Decides everything that is due, and closes what nobody needs to accept any more.
pub fn decide(decision: &mut Decision<'_>, live: &[Handover], facts: &Facts) {
    let (desk, now) = (decision.desk, decision.now);
    let mut ended: BTreeSet<&str> = BTreeSet::new();
    for step in steps(desk, live, now) {
        match step {
            Step::Drop(one) => {
                ended.insert(&one.schedule);
                close(decision, one.clone(), Closed::Dropped);
            }
            Step::Begin(schedule) => begin(decision, schedule, schedule.who(now).0, now),
            Step::Replan(one, plan) => replan(decision, one.clone(), plan),
            Step::AskForNote(one, plan) => ask_for_note(decision, one.clone(), plan, facts),
            Step::HandOff(one, schedule, on) => {
                ended.insert(&one.schedule);
                let open = live.iter().filter(|open| open.state == HandoverState::Open);
                let open = open.filter(|open| open.schedule == one.schedule).cloned().collect();
                hand_off(decision, one.clone(), schedule, on, open, facts);
            }
        }
    }
    let open = live.iter().filter(|one| one.state == HandoverState::Open);
    for one in open.filter(|one| !ended.contains(one.schedule.as_str())) {
        let matters = one.matters(desk, &facts.known.alerts, &facts.tasks, now);
        if matters.is_empty() {
            close(decision, one.clone(), Closed::Done);
        } else if one.due_at.is_some_and(|due| due <= now) {
            remind(decision, one.clone(), &matters, facts);
        }
    }
}

fn steps<'a>(desk: &'a Desk, live: &'a [Handover], now: Timestamp) -> Vec<Step<'a>> {
    let asked: Vec<&Schedule> = asked_schedules(desk).collect();
    let mut steps: Vec<Step<'a>> = live
        .iter()
        .filter(|one| asked.iter().all(|schedule| schedule.name != one.schedule))
        .map(Step::Drop)
        .collect();
    for schedule in asked {
        let mut ahead =
            live.iter().filter(|one| one.state == HandoverState::Ahead && one.schedule == schedule.name);
        let Some(one) = ahead.next() else {
            steps.push(Step::Begin(schedule));
            continue;
        };
        // The clock was set back: what has come to pass is not told again.
        if now < one.since {
            continue;
        }
        let on = schedule.who(now).0;
        let same = on.is_empty() || same_people(&on, &one.outgoing);
        if !same && one.outgoing.iter().any(|person| !on.contains(person)) {
            steps.push(Step::HandOff(one, schedule, on));
            continue;
        }
        let plan = plan(schedule, if same { one.outgoing.clone() } else { on }, now);
        if asks_now(&desk.handover, one, &plan, now) {
            steps.push(Step::AskForNote(one, plan));
        } else if differs(&desk.handover, one, &plan) {
            steps.push(Step::Replan(one, plan));
        }
    }
    steps
}

fn same_people(one: &[PersonId], other: &[PersonId]) -> bool {
    one.iter().collect::<BTreeSet<_>>() == other.iter().collect::<BTreeSet<_>>()
}

/// What is ahead while these people are on.
fn plan(schedule: &Schedule, on: Vec<PersonId>, now: Timestamp) -> Plan {
    let mut plan = Plan { on, at: None, incoming: Vec::new(), look_at: None };
    for days in AHEAD_DAYS {
        let end = now.saturating_add(SignedDuration::from_hours(24 * days)).unwrap_or(Timestamp::MAX);
        let turns = schedule.turns(now, end);
        let later = || turns.iter().filter(|turn| turn.from > now && !turn.people.is_empty());
        plan.look_at = later().find(|turn| !same_people(&turn.people, &plan.on)).map(|turn| turn.from);
        let leaves = |people: &[PersonId]| plan.on.iter().any(|person| !people.contains(person));
        if let Some(turn) = later().find(|turn| leaves(&turn.people)) {
            plan.at = Some(turn.from);
            plan.incoming = arriving(&turn.people, &plan.on);
            return plan;
        }
    }
    plan
}

/// Whoever comes; where somebody only leaves, whoever stays.
fn arriving(on: &[PersonId], before: &[PersonId]) -> Vec<PersonId> {
    let new: Vec<PersonId> = on.iter().filter(|person| !before.contains(person)).cloned().collect();
    if new.is_empty() { on.to_vec() } else { new }
}

/// When whoever leaves is asked: not before half of their turn is over.
fn note_at(terms: &Terms, one: &Handover, plan: &Plan) -> Option<Timestamp> {
    let at = plan.at.filter(|_| !terms.note_before.is_zero() && !one.note_asked)?;
    let half = one.since.checked_add(at.duration_since(one.since) / 2).unwrap_or(at);
    Some(at.saturating_sub(terms.note_before).unwrap_or(at).max(half))
}

fn asks_now(terms: &Terms, one: &Handover, plan: &Plan, now: Timestamp) -> bool {
    note_at(terms, one, plan).is_some_and(|at| at <= now)
}

fn due_at(terms: &Terms, one: &Handover, plan: &Plan) -> Option<Timestamp> {
    note_at(terms, one, plan).into_iter().chain(plan.look_at).min()
}

fn differs(terms: &Terms, one: &Handover, plan: &Plan) -> bool {
    (one.at, &one.incoming, &one.outgoing) != (plan.at, &plan.incoming, &plan.on)
        || one.due_at != due_at(terms, one, plan)
}

fn begin(decision: &mut Decision<'_>, schedule: &Schedule, on: Vec<PersonId>, since: Timestamp) {
    let (id, now) = (decision.ids.next_handover(), decision.now);
    let one = Handover {
        id,
        state: HandoverState::Ahead,
        schedule: schedule.name.clone(),
        at: None,
        outgoing: on.clone(),
        incoming: Vec::new(),
        until: None,
        notes: Vec::new(),
        accepted: None,
        closed: None,
        asked: Vec::new(),
        note_asked: false,
        reminded: false,
        since,
        due_at: None,
        created_at: now,
        updated_at: now,
    };
    replan(decision, one, plan(schedule, on, now));
}

fn replan(decision: &mut Decision<'_>, mut one: Handover, plan: Plan) {
    one.due_at = due_at(&decision.desk.handover, &one, &plan);
    (one.at, one.incoming, one.outgoing) = (plan.at, plan.incoming, plan.on);
    let (name, from) = (&one.schedule, words::names(decision.desk, &one.outgoing));
    let said = match one.at {
        Some(at) => {
            let zone = decision.desk.schedules.get(name).map(|schedule| schedule.time_zone.clone());
            let at = words::long(at, &zone.unwrap_or_else(|| decision.desk.time_zone.clone()));
            format!("{name}: {from} hands over to {} {at}.", words::names(decision.desk, &one.incoming))
        }
        None => format!("{name}: {from}, and nobody else is planned."),
    };
    keep(decision, What::HandoverPlanned, said, one);
}

fn ask_for_note(decision: &mut Decision<'_>, mut one: Handover, plan: Plan, facts: &Facts) {
    one.note_asked = true;
    one.due_at = due_at(&decision.desk.handover, &one, &plan);
    (one.at, one.incoming, one.outgoing) = (plan.at, plan.incoming, plan.on);
    let leaving: Vec<PersonId> =
        one.outgoing.iter().filter(|person| !one.incoming.contains(person)).cloned().collect();
    let ahead = Handover { at: Some(decision.now), ..one.clone() };
    let matters = ahead.matters(decision.desk, &facts.known.alerts, &facts.tasks, decision.now);
    let mut asked = Vec::new();
    if !matters.is_empty() || decision.desk.handover.when_quiet == Quiet::Mail {
        for person in people(decision.desk, &leaving) {
            let content = words::note_wanted(decision.desk, &one, &matters, person, facts, decision.now);
            let via = format!("hands over {}", one.schedule);
            asked.extend(
                tell(decision, &one, person, Medium::Email, content, &via).map(|_| person.name.clone()),
            );
        }
    }
    let said = match asked.is_empty() {
        true => format!("{} hands over soon; nobody was asked for a note.", one.schedule),
        false => format!("{} hands over soon; {} asked for a note.", one.schedule, asked.join(", ")),
    };
    keep(decision, What::HandoverAsked, said, one);
}

/// Somebody left. Those who left before and were not relieved are handed over with them.
fn hand_off(
    decision: &mut Decision<'_>,
    mut one: Handover,
    schedule: &Schedule,
    on: Vec<PersonId>,
    open: Vec<Handover>,
    facts: &Facts,
) {
    let (desk, now) = (decision.desk, decision.now);
    let Began { at: began, between, by_a_new_plan } = began(schedule, &one, &on, now);
    let arriving = arriving(&on, &one.outgoing);
    let before = open.iter().flat_map(|open| open.outgoing.iter().cloned());
    let mut outgoing: Vec<PersonId> = Vec::new();
    for person in between.into_iter().chain(one.outgoing).chain(before) {
        if !on.contains(&person) && !outgoing.contains(&person) {
            outgoing.push(person);
        }
    }
    let next = plan(schedule, on.clone(), now);
    (one.outgoing, one.incoming, one.at, one.until) = (outgoing, arriving, Some(began), next.at);
    let by = one.id;
    for former in open {
        close(decision, former, Closed::Superseded { by });
    }
    let matters = one.matters(desk, &facts.known.alerts, &facts.tasks, now);
    let (from, to) = (words::names(desk, &one.outgoing), words::names(desk, &one.incoming));
    one.due_at = None;
    let at = decision.changes.len();
    if matters.is_empty() {
        (one.state, one.closed) = (HandoverState::Closed, Some(Closed::Nothing));
        // Whoever was put on call by hand, or by a calendar or configuration that changed, was told then.
        let arranged = by_a_new_plan || matches!(schedule.who(now).1, Why::Override { .. });
        if !one.notes.is_empty() || (desk.handover.when_quiet == Quiet::Mail && !arranged) {
            announce(decision, &mut one, &matters, facts, &[Medium::Email]);
        }
    } else {
        one.state = HandoverState::Open;
        let remind = Some(desk.handover.remind_after).filter(|after| !after.is_zero());
        one.due_at = remind.and_then(|after| now.checked_add(after).ok());
        announce(decision, &mut one, &matters, facts, &Medium::ALL);
    }
    let (what, said) = match one.state {
        HandoverState::Open => {
            let counted = matters.counted();
            (
                What::HandoverOpened,
                format!("{} went from {from} to {to}: {counted}, to be accepted.", one.schedule),
            )
        }
        _ => (
            What::HandoverClosed,
            format!("{} went from {from} to {to}; there was nothing to hand over.", one.schedule),
        ),
    };
    one.updated_at = now;
    decision.changes.insert(at, change(decision, what, said, one));
    begin(decision, schedule, on, began);
}

/// How those who are on came to be.
struct Began {
    at: Timestamp,
    /// Who was on last before them, where the desk did not see it.
    between: Vec<PersonId>,
    /// It is no turn that comes: the plan itself has changed, just now.
    by_a_new_plan: bool,
}

fn began(schedule: &Schedule, one: &Handover, on: &[PersonId], now: Timestamp) -> Began {
    let since = one.since.max(now.saturating_sub(BACK).unwrap_or(Timestamp::MIN));
    let end = now.saturating_add(SignedDuration::from_micros(1)).unwrap_or(now);
    let (mut began, mut last) = (since, Vec::new());
    for turn in schedule.turns(since, end).into_iter().rev() {
        if same_people(&turn.people, on) {
            began = turn.from;
        } else if !turn.people.is_empty() {
            last = turn.people;
            break;
        }
    }
    // By the plan as it is now they were on before: so it has changed.
    match began <= since {
        true => Began { at: now, between: Vec::new(), by_a_new_plan: true },
        false => Began { at: began, between: last, by_a_new_plan: false },
    }
}

fn remind(decision: &mut Decision<'_>, mut one: Handover, matters: &Matters, facts: &Facts) {
    one.due_at = None;
    one.reminded = true;
    let mut told = Vec::new();
    for person in people(decision.desk, &one.incoming) {
        let mut media = Medium::ALL.into_iter().filter(|medium| reachable(decision.desk, person, *medium));
        let Some(medium) = media.next() else { continue };
        let code = decision.desk.reply_key.code(NotificationId(decision.ids.notification));
        let content = match medium {
            Medium::Sms => words::reminder(decision.desk, &one, matters, code),
            Medium::Email => words::mail(decision.desk, &one, matters, person, facts, decision.now),
        };
        let via = format!("came on call for {}, not accepted yet", one.schedule);
        if let Some(id) = tell(decision, &one, person, medium, content, &via) {
            one.asked.push(id);
            told.push(person.name.clone());
        }
    }
    let said = match told.is_empty() {
        true => format!("{} is not accepted, and nobody can be reminded.", one.id),
        false => format!("{} is not accepted: {} reminded.", one.id, told.join(", ")),
    };
    keep(decision, What::HandoverAsked, said, one);
}

/// Tells whoever comes, over each of these media that reaches them.
fn announce(
    decision: &mut Decision<'_>,
    one: &mut Handover,
    matters: &Matters,
    facts: &Facts,
    media: &[Medium],
) {
    let late = one.at.is_some_and(|at| decision.now.duration_since(at) >= LATE);
    for person in people(decision.desk, &one.incoming) {
        for medium in media.iter().copied().filter(|medium| reachable(decision.desk, person, *medium)) {
            let code = decision.desk.reply_key.code(NotificationId(decision.ids.notification));
            let content = match medium {
                Medium::Sms => words::text(decision.desk, one, matters, person, code, late, decision.now),
                Medium::Email => words::mail(decision.desk, one, matters, person, facts, decision.now),
            };
            let via = format!("comes on call for {}", one.schedule);
            let asked = tell(decision, one, person, medium, content, &via);
            one.asked.extend(asked.filter(|_| one.state == HandoverState::Open));
        }
    }
}

pub(super) fn people<'d>(desk: &'d Desk, ids: &[PersonId]) -> Vec<&'d Person> {
    ids.iter().filter_map(|id| desk.person(id)).collect()
}

pub(in crate::core) fn reachable(desk: &Desk, person: &Person, medium: Medium) -> bool {
    person.reachable_by(medium) && desk.carrier(medium).is_some()
}

/// Queues one message, where it can reach them at all.
pub(super) fn tell(
    decision: &mut Decision<'_>,
    one: &Handover,
    person: &Person,
    medium: Medium,
    content: Content,
    via: &str,
) -> Option<NotificationId> {
    if !reachable(decision.desk, person, medium) {
        return None;
    }
    let id = NotificationId(decision.ids.notification);
    let about = About {
        alert: None,
        event: None,
        partner: None,
        category: Category::Urgent,
        urgent: false,
        thread: None,
    };
    let reason = Reason {
        rule: format!("handover {}", one.id),
        policy: None,
        step: None,
        via: via.into(),
        outcome: None,
    };
    decision.queue_message(about, person, medium, Purpose::Notice, content, reason, None);
    Some(id)
}

fn close(decision: &mut Decision<'_>, mut one: Handover, because: Closed) {
    one.state = HandoverState::Closed;
    one.closed = Some(because);
    one.due_at = None;
    let said = match because {
        Closed::Nothing | Closed::Done => format!("{}: nothing is left to hand over.", one.id),
        Closed::Superseded { by } => {
            format!("{} was not accepted; what is left is handed over by {by}.", one.id)
        }
        Closed::Dropped => format!("{}: no policy asks {} any more.", one.id, one.schedule),
    };
    keep(decision, What::HandoverClosed, said, one);
}

fn keep(decision: &mut Decision<'_>, what: What, said: String, mut one: Handover) {
    one.updated_at = decision.now;
    let change = change(decision, what, said, one);
    decision.changes.push(change);
}

fn change(decision: &Decision<'_>, what: What, said: String, one: Handover) -> Change {
    Change {
        at: decision.now,
        actor: Actor::Desk,
        what,
        summary: said.into(),
        alert: None,
        partner: None,
        object: Object::Handover(Box::new(one)),
    }
}
