//! From events to changes: what the desk makes of what came in.
//!
//! A batch is decided in two steps, so that the store is read once: [`prepare`] runs the rules and
//! says which alerts an event might join; [`events`] decides with those alerts at hand, each event
//! seeing what the ones before it did.

mod course;
mod member;
mod needs;
mod stale;
#[cfg(test)]
mod tests;
mod told;

pub use course::{cancel_pages, keys_of_newest, sum_up};
pub(super) use course::{join, over, raise, remember};
pub(super) use member::{bare_member, the_desk};
pub use needs::{Around, Needs, Thing, View};

use crate::core::alert::MemberOf;
use crate::core::bundle;
use crate::core::change::{Actor, Change, Object, What};
use crate::core::contact::Category;
use crate::core::desk::Desk;
use crate::core::escalation::{About, Decision};
use crate::core::event::{CaseStatus, CloudEvent, Event, EventState, FieldError, Native, Severity, Verdict};
use crate::core::flow::{self, Pressing};
use crate::core::id::Ids;
use crate::core::mark::Mark;
use crate::core::message::{Message, Notice};
use crate::core::partner::{Partner, PartnerRef, PartnerState};
use crate::core::rule::{self, Facts, Rule, Then};
use crate::core::storm::{self, Weather};
use crate::core::sync::{self, Said};
use crate::core::text::Untrusted;
use course::clear;
use jiff::Timestamp;
use member::{case_key, exception_key, is_urgent, member_keys, shares_a_thing, subject};
use needs::needs;
use stale::{overtaken, remember_report, stale};
use told::{title, told_facts};

/// The name of the rule that nothing urgent escapes.
pub const CATCH_ALL: &str = "catch-all";

/// An event as intake hands it over: checked in form, read, and not seen before.
#[derive(Clone, Debug, PartialEq)]
pub struct Incoming {
    pub feed: String,
    pub event: CloudEvent,
    pub native: Native,
    pub unreadable: Vec<FieldError>,
    pub fingerprint: String,
}

/// An event with what the rules say of it.
#[derive(Clone, Debug)]
pub struct Prepared<'d> {
    pub incoming: Incoming,
    pub rule: Option<&'d Rule>,
    pub why: Vec<Verdict>,
    /// What it might join an alert by.
    pub keys: Vec<String>,
    /// What must be looked up before it can be decided.
    pub needs: Needs,
}

/// Runs the rules over one event.
pub fn prepare<'d>(desk: &'d Desk, incoming: Incoming, now: Timestamp) -> Prepared<'d> {
    let facts = Facts::of(&incoming.event.kind, &incoming.native, &incoming.event.data);
    let (rule, why) = rule::first_match(&desk.rules, &facts, now);
    let group = rule.and_then(|rule| rule.group_key(&facts));
    let mut keys = match subject(&incoming, rule) {
        Some((member, partner)) => member_keys(&partner.id, &member),
        None => Vec::new(),
    };
    keys.extend(group);
    let needs = needs(desk, &incoming, &facts, &keys, now);
    Prepared { incoming, rule, why, keys, needs }
}

/// Decides a batch.
pub fn events(
    desk: &Desk,
    view: &mut View,
    batch: Vec<Prepared<'_>>,
    ids: Ids,
    now: Timestamp,
) -> (Vec<Change>, Ids) {
    let mut decision = Decision::new(desk, now, ids);
    decision.around = std::mem::take(&mut view.around);
    for prepared in batch {
        one(&mut decision, view, prepared);
    }
    bundle::gather(&mut decision, None);
    storm::lighten(&mut decision.changes);
    (decision.changes, decision.ids)
}

fn one(decision: &mut Decision<'_>, view: &mut View, prepared: Prepared<'_>) {
    let Prepared { mut incoming, rule, why, keys, needs } = prepared;
    if let Some(partner) = incoming.native.partner_mut()
        && let Some(known) = view.partners.get(partner.id.raw())
    {
        partner.fill_in(&known.about);
    }
    let id = decision.ids.next_event();
    look_for_strangers(decision, view, &needs);
    let mark = Mark { sequence: incoming.event.sequence().map(Untrusted::new), time: incoming.event.time };
    let stale = stale(view, &incoming.native, &mark);
    let subject = subject(&incoming, rule);
    let (partner, group) = {
        let facts = Facts::of(&incoming.event.kind, &incoming.native, &incoming.event.data);
        (facts.partner.cloned(), rule.and_then(|rule| rule.group_key(&facts)))
    };
    let severity = match &incoming.native {
        Native::ExceptionRaised { .. } | Native::ExceptionCleared { .. } | Native::CaseOpened { .. } => {
            subject.as_ref().map(|(member, _)| member.severity)
        }
        _ => None,
    };
    let mut event = Event {
        id,
        state: if rule.is_some() || incoming.native != Native::Foreign {
            EventState::Quiet
        } else {
            EventState::NoRule
        },
        feed: incoming.feed,
        source: incoming.event.source.into(),
        event_id: incoming.event.id.into(),
        title: title(&incoming.native, &incoming.event.kind, incoming.event.subject.as_deref()),
        kind: incoming.event.kind.into(),
        subject: incoming.event.subject.map(Untrusted::new),
        time: incoming.event.time,
        attributes: incoming.event.attributes,
        data: incoming.event.data,
        unreadable: incoming.unreadable,
        partner: partner.clone(),
        severity,
        alert: None,
        why,
        fingerprint: incoming.fingerprint,
        config_version: decision.desk.version,
        created_at: decision.now,
    };
    let at = decision.changes.len();
    if let Some(partner) = &partner {
        see_partner(decision, view, partner);
    }
    match (&incoming.native, subject) {
        _ if stale.is_some() => event.why.extend(stale.map(no_rule)),
        (Native::ExceptionCleared { exception, partner, .. }, _) => {
            let found = view.keys.get(&exception_key(partner, &exception.id)).copied();
            match found.and_then(|alert| view.alerts.get(&alert).cloned()) {
                Some(alert) => {
                    event.state = EventState::Handled;
                    event.alert = Some(alert.id);
                    clear(decision, view, alert, MemberOf::Exception, &exception.id, &exception.title);
                }
                None => event.why.push(no_rule("no open alert is about this exception")),
            }
        }
        (Native::ContactChanged { contact, version, stated }, _) => {
            let said = Said {
                id: contact.clone(),
                version: Some(version.clone()),
                told_at: event.time,
                stated: (**stated).clone(),
                ..Said::default()
            };
            let verdict = contact_changed(decision, view, &event.feed, said);
            event.state = if verdict.matched { EventState::Handled } else { EventState::Quiet };
            event.why.push(verdict);
        }
        (_, Some((mut member, partner))) => {
            member.event = id;
            let policy = match rule {
                Some(Rule { then: Then::Alert { policy }, name, .. }) => {
                    Some((policy.as_str(), name.as_str()))
                }
                Some(_) => None,
                None if is_urgent(&member, &incoming.native) => {
                    event.why.push(Verdict {
                        rule: CATCH_ALL.into(),
                        matched: true,
                        because: "it is urgent and no rule matches".into(),
                    });
                    Some((decision.desk.catch_all.as_str(), CATCH_ALL))
                }
                None => {
                    event.why.push(no_rule("it is not urgent and no rule matches"));
                    None
                }
            };
            let joins = keys.iter().filter_map(|key| view.keys.get(key).copied()).find(|alert| {
                view.alerts.get(alert).is_some_and(|alert| {
                    let window = rule.map(|rule| rule.group_window).unwrap_or_default();
                    let same_group = group.as_deref() == Some(alert.key.raw());
                    let by_group_only = same_group && !shares_a_thing(alert, &member);
                    !by_group_only || window.is_zero() || alert.created_at + window >= decision.now
                })
            });
            match (joins, policy) {
                (Some(alert), Some(_)) => {
                    event.state = EventState::Handled;
                    event.alert = Some(alert);
                    join(decision, view, alert, member);
                }
                (None, Some((policy, rule))) => {
                    event.state = EventState::Handled;
                    event.alert = match decision.desk.storm.weather(view, &partner, policy, decision.now) {
                        Weather::Calm => raise(decision, view, member, partner, policy, rule, group),
                        Weather::Begins => {
                            let key = storm::key(&partner, policy);
                            raise(decision, view, member, partner, policy, rule, Some(key))
                        }
                        Weather::Rages(alert) => {
                            join(decision, view, alert, member);
                            Some(alert)
                        }
                    };
                }
                // What a quieter event says about an exception that already is an alert belongs to it.
                (Some(alert), None) if view.alerts[&alert].members.iter().any(|m| m.id == member.id) => {
                    event.state = EventState::Handled;
                    event.alert = Some(alert);
                    join(decision, view, alert, member);
                }
                (_, None) => {}
            }
        }
        _ => {}
    }
    if stale.is_none() {
        remember_report(decision, view, &incoming.native, &mark, event.alert.is_some());
    }
    if let Native::CaseStatusChanged { change, partner } = &incoming.native
        && change.status == CaseStatus::Resolved
        && !overtaken(view, &Thing::of(partner, &change.case), &mark)
        && let Some(alert) =
            view.keys.get(&case_key(partner, &change.case)).and_then(|id| view.alerts.get(id))
    {
        event.alert = Some(alert.id);
        let title = event.title.clone();
        clear(decision, view, alert.clone(), MemberOf::Case, &change.case, &title);
    }
    let facts = Facts::of(event.kind.raw(), &incoming.native, &event.data);
    flow::expectations::heard(decision, view, &facts, &event.title, &mark);
    let heard = flow::Heard { event: id, title: event.title.clone(), mark, rule, alert: event.alert };
    if let Some(taken) = flow::take(decision, view, &incoming.native, &heard) {
        if taken.handled {
            event.state = EventState::Handled;
        }
        event.why.extend(taken.why.iter().map(|why| no_rule(why)));
    } else if stale.is_none()
        && let Some(Rule { then: Then::Tell { targets, by }, name, .. }) = rule
    {
        let partner = partner.clone().unwrap_or_else(the_desk);
        let (told, nobody) = decision.desk.people_behind(targets, &partner, decision.now);
        event.why.extend(nobody.into_iter().map(|why| no_rule(&why)));
        if !told.is_empty() {
            event.state = EventState::Handled;
        }
        let about = About {
            partner: event.partner.as_ref().map(|p| p.id.clone()),
            ..heard.about(&partner, Category::Urgent, None)
        };
        let pressing = if severity >= Some(Severity::High) { Pressing::Yes } else { Pressing::No };
        let (title, told_of) = (event.title.printable().into_string(), id.to_string());
        let desk = decision.desk;
        decision.tell_these(&told, name, by, &partner, &about, pressing, |reader| {
            let facts = told_facts(desk, reader, &incoming.native);
            let title = match &incoming.native {
                Native::ExceptionCleared { exception, .. } => {
                    format!("{}: {}", reader.word("cleared"), exception.title.printable())
                }
                _ => title.clone(),
            };
            Message::Notice(Notice { title, event: told_of.clone(), facts })
        });
    }
    let who = partner.as_ref().map(|p| format!("{}: ", p.name.printable())).unwrap_or_default();
    let summary = Untrusted::new(format!("{who}{}", event.title.raw()));
    decision.changes.insert(
        at,
        Change {
            at: decision.now,
            actor: Actor::Source(event.feed.clone()),
            what: What::EventReceived,
            summary,
            alert: event.alert,
            partner: partner.map(|p| p.id),
            object: Object::Event(Box::new(event)),
        },
    );
}

/// Contacts that an event names and nobody here knows.
fn look_for_strangers(decision: &mut Decision<'_>, view: &mut View, needs: &Needs) {
    for id in needs.contacts.iter().filter(|id| !view.contacts.contains_key(*id)) {
        let known = view.known.entry(id.clone()).or_default();
        sync::look_up(decision, &Actor::Desk, known, &id.as_str().into());
    }
}

fn contact_changed(decision: &mut Decision<'_>, view: &mut View, feed: &str, mut said: Said) -> Verdict {
    let called = view.called.get(said.id.raw()).cloned().unwrap_or_else(|| said.id.raw().to_owned());
    said.id = called.as_str().into();
    let known = view.known.entry(called.clone()).or_default();
    if let Some(contact) = view.contacts.get(&called) {
        known.contact = Some(contact.clone());
    }
    let verdict = sync::notice(decision, &Actor::Source(feed.to_owned()), known, &said);
    view.contacts.extend(known.contact.clone().map(|contact| (called, contact)));
    verdict
}

fn see_partner(decision: &mut Decision<'_>, view: &mut View, about: &PartnerRef) {
    let known = view.partners.get(about.id.raw());
    if known.is_some_and(|partner| partner.about == *about) {
        return;
    }
    let partner = Partner {
        about: about.clone(),
        state: PartnerState::Active,
        created_at: known.map_or(decision.now, |partner| partner.created_at),
        updated_at: decision.now,
    };
    view.partners.insert(about.id.raw().to_owned(), partner.clone());
    decision.changes.push(Change {
        at: decision.now,
        actor: Actor::Desk,
        what: What::PartnerSeen,
        summary: Untrusted::new(format!("Partner {} as its events describe it.", about.name.raw())),
        alert: None,
        partner: Some(about.id.clone()),
        object: Object::Partner(Box::new(partner)),
    });
}

fn no_rule(because: &str) -> Verdict {
    Verdict { rule: CATCH_ALL.into(), matched: false, because: because.into() }
}
