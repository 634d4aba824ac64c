//! What people ask of a hand-over: to accept it, and to say something that whoever comes has to know.

use super::course::{people, reachable, tell};
use super::{Accepted, Closed, Handover, HandoverState, Loaded, Matters, Note, words};
use crate::core::apply::Asker;
use crate::core::change::{Actor, Change, Object, What};
use crate::core::command::{Refusal, RefusalCode};
use crate::core::contact::Medium;
use crate::core::escalation::Decision;
use crate::core::id::HandoverId;
use crate::core::notification::Purpose;
use crate::core::offer;
use crate::core::person::{PersonId, Role};
use crate::core::status_update;
use crate::core::text::{Untrusted, sanitise};
use jiff::Timestamp;

/// A note of more than this many characters is no note any more.
const LONGEST: usize = 2_000;
/// Notes of one hand-over at most.
const MOST: usize = 50;

/// Accepts a hand-over: what whoever left has in hand is the asker's from now on. Without an id, the one that
/// waits for them. `known` are all that are live and the one named.
///
/// # Errors
/// None waits, several do and none is named, somebody was first, or it is not theirs to accept.
pub fn accept(
    decision: &mut Decision<'_>,
    asker: &Asker,
    actor: &Actor,
    id: Option<HandoverId>,
    known: Vec<Loaded>,
) -> Result<String, Refusal> {
    let Loaded { mut handover, alerts, tasks } = to_accept(asker, id, known)?;
    may_accept(decision, asker, &handover)?;
    let now = decision.now;
    let matters = handover.matters(decision.desk, alerts.iter().map(|(alert, _)| alert), &tasks, now);
    let before = decision.changes.len();
    let left: Vec<PersonId> = handover.outgoing.clone();
    let mut next_news: Option<(Timestamp, String)> = None;
    for (mut alert, of_alert) in alerts {
        let Some(from) = matters.held.iter().find(|held| held.id == alert.id).and_then(|held| held.held_by())
        else {
            continue;
        };
        let said =
            format!("{} took it over from {} ({}).", asker.name, decision.desk.name_of(from), handover.id);
        alert.holder = Some(asker.id.clone());
        alert.before = None;
        offer::settle(decision, &mut alert, &of_alert, &asker.id);
        alert.updated_at = now;
        decision.alert_change(actor.clone(), What::AlertHandedOver, said, &alert);
        status_update::tell_but(decision, &alert, &of_alert, Some(&asker.id), &left);
        if let Some(by) = alert.next_update_by
            && next_news.as_ref().is_none_or(|(first, _)| by < *first)
        {
            next_news = Some((by, alert.id.to_string()));
        }
    }
    // Whoever left hears of all of it in one message, below.
    status_update::say_once(&mut decision.changes, before);
    for mut task in matters.tasks.iter().cloned() {
        let from = task.owner.replace(asker.id.clone()).map(|from| decision.desk.name_of(&from));
        task.updated_at = now;
        let said =
            format!("{} took it over from {} ({}).", asker.name, from.unwrap_or_default(), handover.id);
        decision.changes.push(Change::task(now, actor.clone(), What::TaskTaken, said, &task));
    }
    handover.state = HandoverState::Accepted;
    handover.accepted = Some(Accepted { at: now, by: asker.id.clone() });
    handover.due_at = None;
    handover.updated_at = now;
    let moved = Matters { open: Vec::new(), ..matters.clone() }.counted();
    for person in people(decision.desk, &left) {
        let mut media = Medium::ALL.into_iter().filter(|medium| reachable(decision.desk, person, *medium));
        let Some(medium) = media.next() else { continue };
        let short = decision.desk.person(&asker.id).map_or_else(|| asker.name.clone(), |by| by.short_name());
        let content = words::relieved(&handover, &short, &moved);
        let via = format!("handed over {}", handover.schedule);
        tell(decision, &handover, person, medium, content, &via);
        decision.amend_last(|n| n.purpose = Purpose::Status);
    }
    let from = words::names(decision.desk, &left);
    let counted = matters.counted();
    let what = if counted.is_empty() { String::new() } else { format!(": {counted}") };
    let summary = format!("{} accepted {} from {from}{what}.", asker.name, handover.schedule);
    let said = match (moved.is_empty(), next_news) {
        (true, _) => format!("You have {} from {from} ({}).", sanitise(&handover.schedule), handover.id),
        (false, None) => {
            format!(
                "You have {} from {from} ({}): {moved} now yours.",
                sanitise(&handover.schedule),
                handover.id
            )
        }
        (false, Some((by, alert))) => format!(
            "You have {} from {from} ({}): {moved} now yours; the first news is due {} ({alert}).",
            sanitise(&handover.schedule),
            handover.id,
            clock(decision, asker, by)
        ),
    };
    decision.changes.insert(before, change(now, actor, What::HandoverAccepted, summary, handover));
    Ok(said)
}

/// Says something that whoever comes has to know. Without an id, for the hand-over that the asker gives, or
/// the next one they give.
///
/// # Errors
/// They give none, it is over, or there is nothing or too much said.
pub fn note(
    decision: &mut Decision<'_>,
    asker: &Asker,
    actor: &Actor,
    id: Option<HandoverId>,
    text: &Untrusted,
    known: Vec<Loaded>,
) -> Result<String, Refusal> {
    let mut one = to_note(asker, id, known)?;
    if text.is_empty() {
        return Err(refuse(RefusalCode::Invalid, "It needs a few words.".to_owned()));
    }
    if text.raw().chars().count() > LONGEST || one.notes.len() >= MOST {
        let said = format!("A hand-over takes {MOST} notes of {LONGEST} characters each at most.");
        return Err(refuse(RefusalCode::Invalid, said));
    }
    let now = decision.now;
    one.notes.push(Note { at: now, by: asker.id.clone(), text: text.clone() });
    one.updated_at = now;
    let summary =
        Untrusted::new(format!("{} for {} of {}: {}", asker.name, one.id, one.schedule, text.raw()));
    let to = words::names(decision.desk, &one.incoming);
    let schedule = sanitise(&one.schedule).into_owned();
    decision
        .changes
        .push(Change { summary, ..change(now, actor, What::HandoverNoted, String::new(), one.clone()) });
    if one.state == HandoverState::Ahead {
        let at = one.at.map(|at| format!(" at {}", clock(decision, asker, at))).unwrap_or_default();
        return Ok(format!("Noted for {}: {to} reads it when {schedule} goes to them{at}.", one.id));
    }
    // Whoever came has read the sheet already.
    let content = words::added(&one, &asker.name, text);
    for person in people(decision.desk, &one.incoming).into_iter().filter(|person| person.id != asker.id) {
        tell(decision, &one, person, Medium::Email, content.clone(), "came on call, and a note was added");
    }
    Ok(format!("Noted for {}, which {to} has yet to accept.", one.id))
}

fn to_accept(asker: &Asker, id: Option<HandoverId>, known: Vec<Loaded>) -> Result<Loaded, Refusal> {
    if let Some(id) = id {
        let found = known.into_iter().find(|one| one.handover.id == id);
        return found.ok_or_else(|| refuse(RefusalCode::NotFound, format!("There is no hand-over {id}.")));
    }
    let mut open: Vec<Loaded> =
        known.into_iter().filter(|one| one.handover.state == HandoverState::Open).collect();
    if open.iter().any(|one| one.handover.incoming.contains(&asker.id)) {
        open.retain(|one| one.handover.incoming.contains(&asker.id));
    }
    match (open.pop(), open.as_slice()) {
        (None, _) => Err(refuse(RefusalCode::NotFound, "No hand-over waits to be accepted.".to_owned())),
        (Some(only), []) => Ok(only),
        (Some(last), others) => {
            let all = others.iter().chain([&last]);
            let named: Vec<String> = all
                .map(|one| format!("{} ({})", one.handover.id, sanitise(&one.handover.schedule)))
                .collect();
            Err(refuse(RefusalCode::Invalid, format!("Several wait; name one of {}.", named.join(", "))))
        }
    }
}

fn may_accept(decision: &Decision<'_>, asker: &Asker, one: &Handover) -> Result<(), Refusal> {
    let desk = decision.desk;
    match one.state {
        HandoverState::Open => {}
        HandoverState::Ahead => {
            let at = one.at.map(|at| format!(" at {}", clock(decision, asker, at))).unwrap_or_default();
            let said = format!("{} is still to come{at}; it can be accepted from then on.", one.id);
            return Err(refuse(RefusalCode::WrongState, said));
        }
        HandoverState::Accepted => {
            let (by, at) = match &one.accepted {
                Some(Accepted { by, at }) => {
                    (Some(by.clone()), format!(" at {}", clock(decision, asker, *at)))
                }
                None => (None, String::new()),
            };
            let who = by.as_ref().map_or_else(|| "Somebody".to_owned(), |by| desk.name_of(by));
            let said = format!("{who} was first: {} was accepted{at}.", one.id);
            return Err(Refusal { code: RefusalCode::Raced, said: said.into(), by });
        }
        HandoverState::Closed => {
            let why = match one.closed {
                Some(Closed::Superseded { by }) => format!("what was left is handed over by {by}"),
                Some(Closed::Dropped) => format!("no policy asks {} any more", sanitise(&one.schedule)),
                Some(Closed::Nothing | Closed::Done) | None => "nothing is left to hand over".to_owned(),
            };
            return Err(refuse(RefusalCode::WrongState, format!("{} is closed: {why}.", one.id)));
        }
    }
    let to = words::names(desk, &one.incoming);
    if one.incoming.contains(&asker.id) {
        return Ok(());
    }
    if one.outgoing.contains(&asker.id) {
        let said = format!("You hand {} over yourself; {to} accepts it.", sanitise(&one.schedule));
        return Err(refuse(RefusalCode::NotAllowed, said));
    }
    let on_shift = asker.role >= Role::Responder && desk.is_on_shift(&asker.id, decision.now) == Some(true);
    if asker.role >= Role::Admin || on_shift {
        return Ok(());
    }
    let said = format!("{} is {to}'s to accept; somebody else on call, or an admin, may as well.", one.id);
    Err(refuse(RefusalCode::NotAllowed, said))
}

/// What the asker is about to give: what is not accepted yet before what is ahead, what comes first first.
fn to_note(asker: &Asker, id: Option<HandoverId>, known: Vec<Loaded>) -> Result<Handover, Refusal> {
    let mut known = known.into_iter().map(|one| one.handover);
    let Some(id) = id else {
        let mut mine: Vec<Handover> =
            known.filter(|one| one.is_live() && one.outgoing.contains(&asker.id)).collect();
        mine.sort_by_key(|one| (one.state != HandoverState::Open, one.at.is_none(), one.at, one.id));
        let none = || {
            let said =
                "You hand nothing over; name a hand-over with --of (`nightdesk handover list`).".to_owned();
            refuse(RefusalCode::NotFound, said)
        };
        return mine.into_iter().next().ok_or_else(none);
    };
    let found = known.find(|one| one.id == id);
    let one = found.ok_or_else(|| refuse(RefusalCode::NotFound, format!("There is no hand-over {id}.")))?;
    if !one.is_live() {
        let said = format!("{id} is {}; nothing can be added any more.", one.state.as_str());
        return Err(refuse(RefusalCode::WrongState, said));
    }
    Ok(one)
}

fn change(at: Timestamp, actor: &Actor, what: What, said: String, one: Handover) -> Change {
    Change {
        at,
        actor: actor.clone(),
        what,
        summary: said.into(),
        alert: None,
        partner: None,
        object: Object::Handover(Box::new(one)),
    }
}

fn refuse(code: RefusalCode, said: String) -> Refusal {
    Refusal { code, said: said.into(), by: None }
}

/// In the asker's zone.
fn clock(decision: &Decision<'_>, asker: &Asker, at: Timestamp) -> String {
    let zone = decision.desk.zone_of(&asker.id);
    let (then, today) = (at.to_zoned(zone.clone()), decision.now.to_zoned(zone));
    let form = if then.date() == today.date() { "%H:%M %Z" } else { "%a %-d %b %H:%M %Z" };
    then.strftime(form).to_string()
}
