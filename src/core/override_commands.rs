//! What operators do with schedules: somebody takes over for a while, two swap their turns, and both are
//! taken back. Whoever is put on or taken off by it, or by a calendar that changes, is told once, except who
//! did it.

use crate::core::change::{Actor, Change, Object, What};
use crate::core::command::{Refusal, RefusalCode};
use crate::core::contact::{Category, Medium};
use crate::core::counted::counted;
use crate::core::desk::Desk;
use crate::core::escalation::{About, Decision, medium_word};
use crate::core::id::OverrideId;
use crate::core::notification::{Content, Purpose, Reason};
use crate::core::person::{Person, PersonId};
use crate::core::schedule::{Override, OverrideState, Schedule, Segment};
use crate::core::sms;
use crate::core::text::{Untrusted, sanitise};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// An override lasts this long at most: what is longer belongs in the configuration.
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 366);

/// What begins sooner is told by SMS, for a mail may not be read in time.
const SOON: SignedDuration = SignedDuration::from_hours(24);

/// A mail names so many changes one by one.
const MOST_LINES: usize = 20;

/// Who asks: their id, and the name by which they are spoken of.
#[derive(Clone, Copy, Debug)]
pub struct By<'a> {
    pub id: &'a PersonId,
    pub name: &'a str,
    pub actor: &'a Actor,
}

/// Somebody's turn, found by a moment in it.
#[derive(Clone, Copy, Debug)]
pub struct TurnOf<'a> {
    pub person: &'a PersonId,
    pub at: Timestamp,
}

/// What is to be arranged, before it has ids.
struct Draft {
    person: PersonId,
    instead: Option<PersonId>,
    from: Timestamp,
    until: Timestamp,
}

/// Puts a person on call from a moment until another; `instead` of one person or of whoever is on.
#[allow(clippy::too_many_arguments)]
pub fn add(
    decision: &mut Decision<'_>,
    by: By<'_>,
    known: &[Override],
    schedule: &str,
    person: &PersonId,
    instead: Option<&PersonId>,
    from: Timestamp,
    until: Timestamp,
) -> Result<String, Refusal> {
    let plan = plan(decision.desk, schedule, known)?;
    able(decision.desk, person)?;
    // What was is not changed: the history says who was on call.
    let from = from.max(decision.now);
    if until <= from {
        return Err(invalid("An override ends after it begins, and not in the past.".to_owned()));
    }
    if from.duration_until(until) > LONGEST {
        return Err(invalid(
            "An override is at most a year long; change the configuration instead.".to_owned(),
        ));
    }
    if let Some(instead) = instead
        && !plan.turns(from, until).iter().any(|turn| turn.people.contains(instead))
    {
        let who = decision.desk.name_of(instead);
        return Err(refuse(
            RefusalCode::WrongState,
            format!("{who} is not on call for {schedule} in that time."),
        ));
    }
    let draft = Draft { person: person.clone(), instead: instead.cloned(), from, until };
    let (ids, told) = arrange(decision, by, &plan, vec![draft])?;
    let name = decision.desk.name_of(person);
    let zone = &decision.desk.time_zone;
    let (from, until) = (long(from, zone), long(until, zone));
    let instead = instead.map(|id| format!(" instead of {}", decision.desk.name_of(id))).unwrap_or_default();
    let id = ids.first().map(ToString::to_string).unwrap_or_default();
    Ok(format!("{id}: {name} is on call for {schedule} from {from} until {until}{instead}.{told}"))
}

/// Two people swap their turns: each takes the other's, whole, as far as it is still to come.
pub fn swap(
    decision: &mut Decision<'_>,
    by: By<'_>,
    known: &[Override],
    schedule: &str,
    first: TurnOf<'_>,
    second: TurnOf<'_>,
) -> Result<String, Refusal> {
    let plan = plan(decision.desk, schedule, known)?;
    if first.person == second.person {
        return Err(invalid("A swap is between two people.".to_owned()));
    }
    let now = decision.now;
    let part = |turn: TurnOf<'_>, other: &PersonId| -> Result<Draft, Refusal> {
        able(decision.desk, turn.person)?;
        let (from, until) = whole(&plan, turn).ok_or_else(|| {
            let (who, zone) = (decision.desk.name_of(turn.person), &decision.desk.time_zone);
            let said = format!("{who} is not on call for {schedule} at {}.", long(turn.at, zone));
            refuse(RefusalCode::WrongState, said)
        })?;
        if until <= now {
            let who = decision.desk.name_of(turn.person);
            return Err(invalid(format!("That turn of {who} is over.")));
        }
        Ok(Draft { person: other.clone(), instead: Some(turn.person.clone()), from: from.max(now), until })
    };
    let drafts = vec![part(first, second.person)?, part(second, first.person)?];
    let (ids, told) = arrange(decision, by, &plan, drafts)?;
    let names = (decision.desk.name_of(first.person), decision.desk.name_of(second.person));
    let ids: Vec<_> = ids.iter().map(ToString::to_string).collect();
    Ok(format!("{}: {} and {} swap their turns in {schedule}.{told}", ids.join(" and "), names.0, names.1))
}

/// Takes an override back, and the other half of a swap with it.
pub fn remove(
    decision: &mut Decision<'_>,
    by: By<'_>,
    known: &[Override],
    asked: Override,
) -> Result<String, Refusal> {
    let both: Vec<Override> = known
        .iter()
        .filter(|over| over.id == asked.id || Some(over.id) == asked.swap)
        .filter(|over| over.state == OverrideState::Active && over.until > decision.now)
        .cloned()
        .collect();
    if both.is_empty() {
        let word = if asked.state == OverrideState::Removed { "was removed already" } else { "is over" };
        return Err(refuse(RefusalCode::WrongState, format!("{} {word}.", asked.id)));
    }
    // A schedule that is no more has nobody to tell.
    let before = plan(decision.desk, &asked.schedule, known).ok();
    for mut over in both.clone() {
        let now = decision.now;
        if over.from < now {
            // The part that was stays as it was.
            over.until = now;
        } else {
            over.state = OverrideState::Removed;
        }
        over.updated_at = now;
        let who = decision.desk.name_of(&over.person);
        let said = format!("{} took back {}: {who} for {}.", by.name, over.id, sanitise(&over.schedule));
        change(decision, by, What::OverrideRemoved, said, &over);
    }
    let mut told = String::new();
    if let Some(before) = before {
        let mut after = before.clone();
        after.overrides.retain(|over| !both.iter().any(|gone| gone.id == over.id));
        told = tell_of(decision, by, (&before, &after), &both, &asked.id.to_string());
    }
    let ids: Vec<_> = both.iter().map(|over| over.id.to_string()).collect();
    Ok(format!("{} no longer counts.{told}", ids.join(" and ")))
}

/// The schedule with what is arranged so far.
fn plan(desk: &Desk, schedule: &str, known: &[Override]) -> Result<Schedule, Refusal> {
    let found = desk.schedules.get(schedule).ok_or_else(|| {
        let known: Vec<_> = desk.schedules.keys().map(String::as_str).collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        refuse(
            RefusalCode::NotFound,
            format!("There is no schedule {}; there is {known}.", sanitise(schedule)),
        )
    })?;
    Ok(found.with(known, desk))
}

/// Whoever is on call must be able to take an alert.
fn able(desk: &Desk, id: &PersonId) -> Result<(), Refusal> {
    let Some(person) = desk.person(id) else {
        return Err(refuse(RefusalCode::NotFound, format!("There is no person {}.", sanitise(&id.0))));
    };
    if !person.may_act() {
        let said = format!("{} may look but not act, and so cannot be on call.", person.name);
        return Err(refuse(RefusalCode::Invalid, said));
    }
    Ok(())
}

/// From when until when the person is on without a pause around that moment.
fn whole(plan: &Schedule, turn: TurnOf<'_>) -> Option<(Timestamp, Timestamp)> {
    let around = SignedDuration::from_hours(24 * 60);
    let (low, high) = (turn.at.saturating_sub(around).ok()?, turn.at.saturating_add(around).ok()?);
    let found = plan.turns(low, high);
    let segment = found.iter().find(|segment| segment.from <= turn.at && turn.at < segment.until)?;
    segment.people.contains(turn.person).then_some((segment.from, segment.until))
}

/// Makes the overrides and tells whom they concern; what is said of that.
fn arrange(
    decision: &mut Decision<'_>,
    by: By<'_>,
    plan: &Schedule,
    drafts: Vec<Draft>,
) -> Result<(Vec<OverrideId>, String), Refusal> {
    let ids: Vec<OverrideId> = drafts.iter().map(|_| decision.ids.next_override()).collect();
    let now = decision.now;
    let made: Vec<Override> = drafts
        .into_iter()
        .zip(&ids)
        .map(|(draft, id)| Override {
            id: *id,
            state: OverrideState::Active,
            schedule: plan.name.clone(),
            person: draft.person,
            instead: draft.instead,
            from: draft.from,
            until: draft.until,
            swap: ids.iter().find(|other| ids.len() > 1 && *other != id).copied(),
            by: by.id.clone(),
            created_at: now,
            updated_at: now,
        })
        .collect();
    let mut after = plan.clone();
    after.overrides.extend(made.iter().cloned());
    if made.iter().all(|over| {
        let who = |plan: &Schedule| plan.turns(over.from, over.until).into_iter().map(|t| (t.from, t.people));
        joined(who(plan)) == joined(who(&after))
    }) {
        let said = format!("That changes nothing: so it is in {} already.", sanitise(&plan.name));
        return Err(refuse(RefusalCode::WrongState, said));
    }
    for over in &made {
        let (who, zone) = (decision.desk.name_of(&over.person), &plan.time_zone);
        let instead = over.instead.as_ref().map(|id| format!(" instead of {}", decision.desk.name_of(id)));
        let said = format!(
            "{} put {who} on call for {}{}, {} – {}.",
            by.name,
            sanitise(&plan.name),
            instead.unwrap_or_default(),
            long(over.from, zone),
            long(over.until, zone)
        );
        change(decision, by, What::OverrideAdded, said, over);
    }
    let rule = ids.first().map(ToString::to_string).unwrap_or_default();
    let told = tell_of(decision, by, (plan, &after), &made, &rule);
    Ok((ids, told))
}

/// Who is on from when, whatever the reason.
fn joined(turns: impl Iterator<Item = (Timestamp, Vec<PersonId>)>) -> Vec<(Timestamp, Vec<PersonId>)> {
    let mut found: Vec<(Timestamp, Vec<PersonId>)> = Vec::new();
    for (from, people) in turns {
        if found.last().is_none_or(|(_, last)| *last != people) {
            found.push((from, people));
        }
    }
    found
}

fn change(decision: &mut Decision<'_>, by: By<'_>, what: What, said: String, over: &Override) {
    decision.changes.push(Change {
        at: decision.now,
        actor: by.actor.clone(),
        what,
        summary: said.into(),
        alert: None,
        partner: None,
        object: Object::Override(Box::new(over.clone())),
    });
}

/// A time in which somebody is on that was not, or is no longer that was, and who is there otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Part {
    from: Timestamp,
    until: Timestamp,
    gained: bool,
    others: BTreeSet<PersonId>,
}

/// What changes for one person between two plans.
fn parts(before: &[Segment], after: &[Segment], person: &PersonId) -> Vec<Part> {
    let mut cuts: Vec<Timestamp> =
        before.iter().chain(after).flat_map(|turn| [turn.from, turn.until]).collect();
    cuts.sort();
    cuts.dedup();
    let on = |turns: &[Segment], at: Timestamp| -> Vec<PersonId> {
        let turn = turns.iter().find(|turn| turn.from <= at && at < turn.until);
        turn.map(|turn| turn.people.clone()).unwrap_or_default()
    };
    let mut found: Vec<Part> = Vec::new();
    for pair in cuts.windows(2) {
        let &[from, until] = pair else { continue };
        let (was, is) = (on(before, from), on(after, from));
        let gained = match (was.contains(person), is.contains(person)) {
            (false, true) => true,
            (true, false) => false,
            _ => continue,
        };
        let others = if gained { &was } else { &is };
        match found.last_mut() {
            Some(last) if last.until == from && last.gained == gained => {
                last.until = until;
                last.others.extend(others.iter().cloned());
            }
            _ => found.push(Part { from, until, gained, others: others.iter().cloned().collect() }),
        }
    }
    found
}

/// Tells those for whom overrides change something, and says in words who was told.
fn tell_of(
    decision: &mut Decision<'_>,
    by: By<'_>,
    plans: (&Schedule, &Schedule),
    changed: &[Override],
    id: &str,
) -> String {
    let from = changed.iter().map(|over| over.from).min().unwrap_or(decision.now).max(decision.now);
    let until = changed.iter().map(|over| over.until).max().unwrap_or(from);
    tell(decision, by.name, Some(by.id), plans, (from, until), &format!("override {id}"))
}

/// How far ahead a calendar that changes is told of.
pub const TOLD_AHEAD: SignedDuration = SignedDuration::from_hours(24 * 14);

/// Tells those whom a calendar that says something else puts on or takes off within two weeks from now, each
/// once, as it tells them of overrides; in words who was told.
pub fn tell_of_calendar(
    decision: &mut Decision<'_>,
    layer: &str,
    (before, after): (&Schedule, &Schedule),
) -> String {
    let until = decision.now.saturating_add(TOLD_AHEAD).unwrap_or(Timestamp::MAX);
    let (by, from) = (format!("calendar {}", sanitise(layer)), decision.now);
    tell(decision, &by, None, (before, after), (from, until), &by)
}

/// The same for a configuration that changes who is on call, apart from whoever applied it.
pub fn tell_of_configuration(
    decision: &mut Decision<'_>,
    version: u64,
    applied_by: Option<&PersonId>,
    (before, after): (&BTreeMap<String, Schedule>, &BTreeMap<String, Schedule>),
) -> String {
    let (now, until) = (decision.now, decision.now.saturating_add(TOLD_AHEAD).unwrap_or(Timestamp::MAX));
    let by = format!("configuration {version}");
    let mut said = String::new();
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    for name in names {
        let Some(known) = after.get(name).or_else(|| before.get(name)) else { continue };
        let nobody = Schedule { layers: Vec::new(), overrides: Vec::new(), ..known.clone() };
        let plans = (before.get(name).unwrap_or(&nobody), after.get(name).unwrap_or(&nobody));
        said.push_str(&tell(decision, &by, applied_by, plans, (now, until), &by));
    }
    said
}

/// One message to each person for whom something changes in that time, except who did it; in words who was
/// told.
fn tell(
    decision: &mut Decision<'_>,
    by: &str,
    except: Option<&PersonId>,
    (before, after): (&Schedule, &Schedule),
    (from, until): (Timestamp, Timestamp),
    rule: &str,
) -> String {
    if until <= from {
        return String::new();
    }
    let (was, is) = (before.turns(from, until), after.turns(from, until));
    let people: BTreeSet<&PersonId> = was.iter().chain(&is).flat_map(|turn| &turn.people).collect();
    let (mut told, mut silent) = (Vec::new(), Vec::new());
    for person in people.into_iter().filter(|person| Some(*person) != except) {
        let parts = parts(&was, &is, person);
        let (Some(first), Some(person)) = (parts.first(), decision.desk.person(person)) else { continue };
        let soon = first.from.duration_since(decision.now) < SOON;
        let order = if soon { [Medium::Sms, Medium::Email] } else { [Medium::Email, Medium::Sms] };
        let way = order.into_iter().find(|m| person.reachable_by(*m) && decision.desk.carrier(*m).is_some());
        let Some(medium) = way else {
            silent.push(person.name.clone());
            continue;
        };
        let content = content(decision.desk, person, &parts, before, by, medium);
        let via = match first.gained {
            true => format!("put on call for {} by {by}", before.name),
            false => format!("taken off call for {} by {by}", before.name),
        };
        let reason =
            Reason { rule: rule.to_owned(), policy: None, step: None, via: via.into(), outcome: None };
        let about = About {
            alert: None,
            event: None,
            partner: None,
            category: Category::Urgent,
            urgent: false,
            thread: None,
        };
        told.push(format!("{} by {}", person.name, medium_word(medium)));
        decision.queue_message(about, person, medium, Purpose::Notice, content, reason, None);
    }
    let mut said = String::new();
    if !told.is_empty() {
        said.push_str(&format!(" Told: {}.", told.join(", ")));
    }
    if !silent.is_empty() {
        said.push_str(&format!(" Tell {} yourself: there is no way to reach them.", silent.join(", ")));
    }
    said
}

/// What one person is told: every part on their own clock, in the order of time.
fn content(
    desk: &Desk,
    person: &Person,
    parts: &[Part],
    schedule: &Schedule,
    by: &str,
    medium: Medium,
) -> Content {
    let zone = desk.zone_of(&person.id);
    let name = sanitise(&schedule.name).into_owned();
    let names =
        |ids: &BTreeSet<PersonId>| ids.iter().map(|id| desk.name_of(id)).collect::<Vec<_>>().join(", ");
    let time = |part: &Part| format!("{} to {}", long(part.from, &zone), long(part.until, &zone));
    if medium == Medium::Sms {
        let said: Vec<String> = parts
            .iter()
            .take(2)
            .map(|part| match part.gained {
                true => format!("YOU are on call {}", time(part)),
                false => format!("you are OFF call {}", time(part)),
            })
            .collect();
        let more = if parts.len() > 2 { format!(" and {} more", parts.len() - 2) } else { String::new() };
        let head = format!("{}: {}{more}. ", sms::clip(&name, 20), said.join("; "));
        let room = 160usize.saturating_sub(sms::length(&head)).max(6);
        let body = format!("{head}{}", sms::clip(&format!("By {by}"), room));
        return Content { body: Untrusted::new(body), ..Content::default() };
    }
    let mut lines = vec![format!("{by} changed who is on call for {name}."), String::new()];
    for part in parts.iter().take(MOST_LINES) {
        let others = names(&part.others);
        lines.push(match (part.gained, others.is_empty()) {
            (true, true) => format!("You are on call {}; nobody was before.", time(part)),
            (true, false) => format!("You are on call {}, instead of {others}.", time(part)),
            (false, true) => format!("You are no longer on call {}; nobody is.", time(part)),
            (false, false) => format!("You are no longer on call {}; {others} is.", time(part)),
        });
    }
    if parts.len() > MOST_LINES {
        lines.push(format!("And {}.", counted(parts.len() - MOST_LINES, "more time", "more times")));
    }
    lines.extend([String::new(), format!("nightdesk oncall --schedule {name} --weeks 2 shows the plan.")]);
    let subject = match (parts.iter().any(|part| part.gained), parts.iter().any(|part| !part.gained)) {
        (true, true) => format!("On call for {name}: your turns are swapped"),
        (true, false) => format!("On call for {name}: you are on {}", long(parts[0].from, &zone)),
        (false, _) => format!("On call for {name}: you are off {}", long(parts[0].from, &zone)),
    };
    Content { subject: Untrusted::new(subject), body: Untrusted::new(lines.join("\n")), ..Content::default() }
}

/// `Fri 27 Nov 18:00 CET`.
fn long(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%a %-d %b %H:%M %Z").to_string()
}

fn invalid(said: String) -> Refusal {
    refuse(RefusalCode::Invalid, said)
}

fn refuse(code: RefusalCode, said: String) -> Refusal {
    Refusal { code, said: said.into(), by: None }
}

#[cfg(test)]
mod tests;
