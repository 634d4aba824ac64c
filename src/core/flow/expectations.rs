//! What is expected of partners after something happened. Begun and met by events; what does not come
//! in time makes an event of its own, which goes through the rules like any other.

use super::audience::{Pressing, ruling};
use super::reader::{line, partner_zone};
use super::{Heard, Taken};
use crate::core::change::{Change, Object, What};
use crate::core::contact::Category;
use crate::core::decide::{Incoming, View};
use crate::core::desk::Desk;
use crate::core::duty::Work;
use crate::core::escalation::Decision;
use crate::core::event::{CloudEvent, Native};
use crate::core::expectation::{Expect, Expectation, ExpectationState, MISSED};
use crate::core::mark::Mark;
use crate::core::message::{Message, Notice};
use crate::core::partner::PartnerRef;
use crate::core::rule::Facts;
use crate::core::text::{Untrusted, sanitise};
use jiff::Timestamp;
use serde_json::json;
use std::collections::BTreeMap;

/// The ids under which an event begins or meets configured expectations.
pub fn ids(desk: &Desk, facts: &Facts<'_>, now: Timestamp) -> Vec<String> {
    let Some(partner) = facts.partner else { return Vec::new() };
    desk.expects
        .iter()
        .filter(|expect| begins(expect, facts, now) || facts.fit(&expect.expect).is_ok())
        .filter_map(|expect| Some(id(expect, partner, &same(expect, facts, now)?)))
        .collect()
}

/// Begins and meets what this event begins and meets.
pub fn heard(
    decision: &mut Decision<'_>,
    view: &mut View,
    facts: &Facts<'_>,
    title: &Untrusted,
    mark: &Mark,
) {
    let Some(partner) = facts.partner else { return };
    let desk = decision.desk;
    for expect in &desk.expects {
        let Some(same) = same(expect, facts, decision.now) else { continue };
        let id = id(expect, partner, &same);
        let known = view.expectations.get(&id).cloned();
        let came = facts.fit(&expect.expect).is_ok();
        let waits = known
            .as_ref()
            .is_some_and(|known| known.state == ExpectationState::Waiting && !mark.is_before(&known.began));
        let anew = known.as_ref().is_none_or(|known| known.begins_anew(mark));
        if came && waits {
            let Some(mut met) = known else { continue };
            met.state = ExpectationState::Met;
            met.came = mark.over(&met.came);
            keep(decision, view, met, What::ExpectationMet, &format!("{}: it came.", expect.name));
        } else if anew && begins(expect, facts, decision.now) {
            let due = due(expect, desk, partner, facts, decision.now);
            // What is over when it is heard of is nothing to wait for.
            let Some(due_at) = due.filter(|due| *due > decision.now) else { continue };
            let begun = Expectation {
                id: id.into(),
                state: ExpectationState::Waiting,
                name: expect.name.clone(),
                partner: partner.clone(),
                same: same.into(),
                title: title.clone(),
                due_at,
                began: mark.clone(),
                came: known.as_ref().map(|known| known.came.clone()).unwrap_or_default(),
                created_at: known.map_or(decision.now, |known| known.created_at),
                updated_at: decision.now,
            };
            keep(decision, view, begun, What::ExpectationBegun, &format!("{}: waited for.", expect.name));
        } else if came && known.is_none() && *mark != Mark::default() {
            // It may have overtaken what begins the wait.
            let early = Expectation {
                id: id.into(),
                state: ExpectationState::Met,
                name: expect.name.clone(),
                partner: partner.clone(),
                same: same.into(),
                title: title.clone(),
                due_at: decision.now,
                began: Mark::default(),
                came: mark.clone(),
                created_at: decision.now,
                updated_at: decision.now,
            };
            let sentence = format!("{}: it came before it was waited for.", expect.name);
            keep(decision, view, early, What::ExpectationMet, &sentence);
        } else if let Some(mut known) = known.filter(|_| came) {
            known.came = mark.over(&known.came);
            keep(decision, view, known, What::Repeated, &format!("{}: it came once more.", expect.name));
        }
    }
}

/// What did not come in time, as an event of the desk's own.
pub fn missed(decision: &mut Decision<'_>, view: &mut View, mut expectation: Expectation) -> Incoming {
    expectation.state = ExpectationState::Missed;
    let data = json!({
        "expectation": { "name": expectation.name, "same": expectation.same, "title": expectation.title,
            "due": expectation.due_at, "since": expectation.created_at },
        "partner": expectation.partner,
    });
    let subject = format!("{}: {}", not_come(&expectation.name), expectation.title.printable());
    let event = CloudEvent {
        // One wait, one event: the same thing may be waited for again, even until the same moment.
        id: format!("{} {} {}", expectation.id.raw(), expectation.due_at, expectation.updated_at),
        source: "nightdesk".into(),
        kind: MISSED.into(),
        time: Some(expectation.due_at),
        subject: Some(subject),
        attributes: BTreeMap::new(),
        data,
    };
    let fingerprint = format!("{} {}", event.source, event.id);
    let native = Native::Missed { partner: expectation.partner.clone(), name: expectation.name.clone() };
    let sentence = format!("{}: it did not come in time.", expectation.name);
    keep(decision, view, expectation, What::ExpectationMissed, &sentence);
    Incoming { feed: "desk".into(), event, native, unreadable: Vec::new(), fingerprint }
}

/// Tells those whom a rule, or else the work on cases, names.
pub fn tell(decision: &mut Decision<'_>, heard: &Heard<'_>, partner: &PartnerRef, name: &str) -> Taken {
    let Some((audience, _)) = ruling(decision.desk, Work::Cases, heard.rule) else {
        return Taken::quiet("a rule keeps it quiet");
    };
    let about = heard.about(partner, Category::CaseUpdates, None);
    let (title, event) = (line(&heard.title), heard.event.to_string());
    // The event's title is in the words of the desk's own records.
    let what = title.strip_prefix(&not_come(name));
    let (_, nobody) = decision.tell_people(&audience, partner, &about, Pressing::No, |reader| {
        let title = match what {
            Some(what) => format!("{} {}{what}", sanitise(name), reader.word("did_not_come")),
            None => title.clone(),
        };
        Message::Notice(Notice { title, event: event.clone(), facts: Vec::new() })
    });
    Taken::handled(nobody)
}

fn not_come(name: &str) -> String {
    format!("{} did not come", sanitise(name))
}

fn begins(expect: &Expect, facts: &Facts<'_>, now: Timestamp) -> bool {
    facts.fit(&expect.after).is_ok()
        && expect.when.as_ref().is_none_or(|when| facts.holds(when, now).unwrap_or(false))
}

/// What ties the two events together; `None` where this event has no such thing.
fn same(expect: &Expect, facts: &Facts<'_>, now: Timestamp) -> Option<String> {
    match &expect.same {
        None => Some(String::new()),
        Some(expression) => {
            facts.text_of(expression, now).ok().filter(|text| !text.is_empty() && text != "none")
        }
    }
}

/// In working time of the partner's calendar and zone.
fn due(
    expect: &Expect,
    desk: &Desk,
    partner: &PartnerRef,
    facts: &Facts<'_>,
    now: Timestamp,
) -> Option<Timestamp> {
    if expect.by_deadline && facts.deadline.is_some() {
        return facts.deadline;
    }
    if expect.within.is_zero() {
        return None;
    }
    let calendar = desk.calendar(expect.calendar.as_deref());
    let calendar = partner_zone(partner).map_or(calendar.clone(), |zone| calendar.in_zone(zone));
    Some(calendar.after(now, expect.within))
}

fn id(expect: &Expect, partner: &PartnerRef, same: &str) -> String {
    format!("{}\u{1f}{}\u{1f}{same}", expect.name, partner.id.raw())
}

fn keep(decision: &mut Decision<'_>, view: &mut View, mut kept: Expectation, what: What, sentence: &str) {
    kept.updated_at = decision.now;
    let object = Object::Expectation(Box::new(kept.clone()));
    let change = Change::of_partner(decision.now, what, sentence, &kept.partner.id, object);
    decision.changes.push(change);
    view.expectations.insert(kept.id.raw().to_owned(), kept);
}
