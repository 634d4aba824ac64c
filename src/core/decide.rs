//! From events to changes: what the desk makes of what came in.
//!
//! A batch is decided in two steps, so that the store is read once: [`prepare`] runs the rules and
//! says which alerts an event might join; [`events`] decides with those alerts at hand, each event
//! seeing what the ones before it did.

use crate::core::alert::{Alert, AlertState, Member, MemberOf};
use crate::core::bundle::{self, Left};
use crate::core::case::Case;
use crate::core::change::{Actor, Change, Object, What};
use crate::core::contact::{Category, Contact};
use crate::core::desk::Desk;
use crate::core::document::Document;
use crate::core::escalation::{About, Decision};
use crate::core::event::{
    CaseStatus, CloudEvent, Event, EventState, ExceptionKind, FieldError, Native, Priority, Severity, Verdict,
};
use crate::core::exception::{ExceptionReport, ReportState};
use crate::core::expectation::Expectation;
use crate::core::flow::reader::Reader;
use crate::core::flow::{self, Pressing};
use crate::core::id::{AlertId, EventId, Ids};
use crate::core::inhibit::Inhibit;
use crate::core::mark::Mark;
use crate::core::message::{Message, Notice};
use crate::core::money::Money;
use crate::core::notification::{Notification, NotificationState, Purpose};
use crate::core::onboarding::MilestoneRecord;
use crate::core::partner::{Partner, PartnerRef, PartnerState};
use crate::core::rule::{self, Facts, Rule, Then};
use crate::core::status_update;
use crate::core::storm::{self, Weather};
use crate::core::sync::{self, Known, Said};
use crate::core::task::Task;
use crate::core::template::lower_first;
use crate::core::text::Untrusted;
use crate::core::thread::Thread;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet, HashMap};

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

/// A thing that the community names within a partner.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Thing {
    pub partner: String,
    pub id: String,
}

impl Thing {
    pub fn of(partner: &PartnerRef, id: &Untrusted) -> Self {
        Self { partner: partner.id.raw().to_owned(), id: id.raw().to_owned() }
    }
}

/// What a batch must know of the store before it is decided.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Keys of alerts.
    pub keys: BTreeSet<String>,
    /// With the messages of those alerts.
    pub waiting: bool,
    pub partners: BTreeSet<String>,
    /// With the contacts a case names.
    pub cases: BTreeSet<Thing>,
    pub documents: BTreeSet<Thing>,
    pub threads: BTreeSet<Thing>,
    /// Partners whose milestones, and whose contacts, are needed.
    pub milestones: BTreeSet<String>,
    pub contacts_of: BTreeSet<String>,
    pub contacts: BTreeSet<String>,
    /// Keys of tasks that may be open.
    pub tasks: BTreeSet<String>,
    pub expectations: BTreeSet<String>,
    /// Keys of exceptions.
    pub exceptions: BTreeSet<String>,
    /// Partners whose newest alerts count towards a storm.
    pub raised_lately: BTreeSet<String>,
    /// Whose alerts may keep others quiet.
    pub around: Around,
    /// Contacts that another side speaks of, as it calls them.
    pub spoken_of: BTreeSet<String>,
}

/// Alerts that may keep others quiet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Around {
    #[default]
    Nobody,
    Partners(BTreeSet<String>),
    Everybody,
}

impl Around {
    /// Those that could keep an alert of this partner quiet.
    pub fn of(desk: &Desk, partner: &str) -> Self {
        if desk.inhibits.is_empty() {
            Around::Nobody
        } else if desk.inhibits.iter().any(Inhibit::crosses_partners) {
            Around::Everybody
        } else {
            Around::Partners([partner.to_owned()].into())
        }
    }

    pub fn add(&mut self, other: &Self) {
        match (&mut *self, other) {
            (Around::Everybody, _) | (_, Around::Nobody) => {}
            (Around::Partners(all), Around::Partners(more)) => all.extend(more.iter().cloned()),
            (_, other) => *self = other.clone(),
        }
    }
}

impl Needs {
    /// All that several events need together.
    pub fn of<'p>(batch: impl IntoIterator<Item = &'p Needs>) -> Self {
        batch.into_iter().fold(Self::default(), |mut all, one| {
            all.keys.extend(one.keys.iter().cloned());
            all.waiting |= one.waiting;
            all.partners.extend(one.partners.iter().cloned());
            all.cases.extend(one.cases.iter().cloned());
            all.documents.extend(one.documents.iter().cloned());
            all.threads.extend(one.threads.iter().cloned());
            all.milestones.extend(one.milestones.iter().cloned());
            all.contacts_of.extend(one.contacts_of.iter().cloned());
            all.contacts.extend(one.contacts.iter().cloned());
            all.tasks.extend(one.tasks.iter().cloned());
            all.expectations.extend(one.expectations.iter().cloned());
            all.exceptions.extend(one.exceptions.iter().cloned());
            all.raised_lately.extend(one.raised_lately.iter().cloned());
            all.around.add(&one.around);
            all.spoken_of.extend(one.spoken_of.iter().cloned());
            all
        })
    }
}

/// What a batch is decided against, as it is in the store; decisions update it as they go.
#[derive(Clone, Debug, Default)]
pub struct View {
    /// Not resolved, found by the prepared keys.
    pub alerts: BTreeMap<AlertId, Alert>,
    pub keys: HashMap<String, AlertId>,
    pub partners: HashMap<String, Partner>,
    /// Of those alerts: messages that have not left yet.
    pub waiting: Vec<Notification>,
    pub cases: HashMap<Thing, Case>,
    pub documents: HashMap<Thing, Document>,
    pub threads: HashMap<Thing, Thread>,
    /// By their ids.
    pub milestones: HashMap<String, MilestoneRecord>,
    pub contacts: HashMap<String, Contact>,
    pub expectations: HashMap<String, Expectation>,
    /// What was last said of exceptions, by their keys.
    pub exceptions: HashMap<String, ExceptionReport>,
    /// When the newest alerts of partners were raised.
    pub raised_lately: HashMap<String, Vec<Timestamp>>,
    /// Alerts that stand and may keep others quiet.
    pub around: BTreeMap<AlertId, Alert>,
    /// Not done, by their keys.
    pub tasks: HashMap<String, Task>,
    /// How the desk calls the contacts that were spoken of, and what is known of each.
    pub called: HashMap<String, String>,
    pub known: HashMap<String, Known>,
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

fn needs(desk: &Desk, incoming: &Incoming, facts: &Facts<'_>, keys: &[String], now: Timestamp) -> Needs {
    let mut needs = Needs {
        keys: keys.iter().cloned().collect(),
        waiting: matches!(incoming.native, Native::ExceptionCleared { .. }),
        partners: facts.partner.map(|partner| partner.id.raw().to_owned()).into_iter().collect(),
        ..Needs::default()
    };
    if let Native::ContactChanged { contact, .. } = &incoming.native {
        needs.spoken_of.insert(contact.raw().to_owned());
    }
    if let Native::ExceptionRaised { exception, partner, .. }
    | Native::ExceptionCleared { exception, partner, .. } = &incoming.native
    {
        needs.exceptions.insert(exception_key(partner, &exception.id));
    }
    if let (false, Some(partner)) = (keys.is_empty(), facts.partner) {
        needs.keys.extend(desk.policies.keys().map(|policy| storm::key(partner, policy)));
        needs.raised_lately.insert(partner.id.raw().to_owned());
        needs.around = Around::of(desk, partner.id.raw());
    }
    if let Native::CaseStatusChanged { change, partner } = &incoming.native
        && change.status == CaseStatus::Resolved
    {
        needs.keys.insert(case_key(partner, &change.case));
        needs.waiting = true;
    }
    flow::needs(desk, &incoming.native, &mut needs);
    needs.expectations.extend(flow::expectations::ids(desk, facts, now));
    needs
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

/// The keys under which later events find this alert, for so many members that came last.
pub fn keys_of_newest(alert: &Alert, members: usize) -> Vec<String> {
    let newest = alert.members.iter().rev().take(members);
    let mut keys: Vec<String> = newest.flat_map(|m| member_keys(&alert.partner.id, m)).collect();
    if !alert.key.is_empty() {
        keys.push(alert.key.raw().to_owned());
    }
    keys
}

/// Recomputes what an alert shows of its members.
pub fn sum_up(alert: &mut Alert) {
    let live = || alert.members.iter().filter(|m| m.cleared_at.is_none());
    let mut at_risk = Vec::new();
    live().filter_map(|m| m.amount.as_ref()).for_each(|amount| Money::add_to(&mut at_risk, amount));
    at_risk.sort_by_key(|sum: &Money| std::cmp::Reverse(sum.cents));
    let deadline = live().filter_map(|m| m.deadline).min();
    let severity = live().map(|m| m.severity).max();
    alert.at_risk = at_risk;
    alert.deadline = deadline;
    alert.severity = severity.unwrap_or(alert.severity);
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
        remember_report(decision, view, &incoming.native, &mark);
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

/// Why an event says nothing new of an exception or a case: it comes again, or late.
fn stale(view: &View, native: &Native, mark: &Mark) -> Option<&'static str> {
    let lives = |key: &str| view.keys.contains_key(key);
    match native {
        Native::ExceptionRaised { exception, partner, severity }
        | Native::ExceptionCleared { exception, partner, severity } => {
            let key = exception_key(partner, &exception.id);
            let state = report_state(native);
            view.exceptions.get(&key)?.makes_stale(state, *severity, mark, lives(&key))
        }
        Native::CaseOpened { case, partner, priority } => {
            let known = view.cases.get(&Thing::of(partner, &case.id))?;
            let again = known.opened && known.priority >= Some(*priority);
            match lives(&case_key(partner, &case.id)) {
                _ if known.is_over() => Some("the case is over"),
                false if again => Some("its opening was heard before"),
                _ => None,
            }
        }
        _ => None,
    }
}

fn report_state(native: &Native) -> ReportState {
    match native {
        Native::ExceptionCleared { .. } => ReportState::Cleared,
        _ => ReportState::Raised,
    }
}

/// A newer status of the case was heard.
fn overtaken(view: &View, case: &Thing, mark: &Mark) -> bool {
    let known = view.cases.get(case).and_then(|case| case.mark.as_ref());
    known.is_some_and(|last| mark.is_before(last))
}

/// Keeps what an event says of an exception, for those that come after it.
fn remember_report(decision: &mut Decision<'_>, view: &mut View, native: &Native, mark: &Mark) {
    let (Native::ExceptionRaised { exception, partner, severity }
    | Native::ExceptionCleared { exception, partner, severity }) = native
    else {
        return;
    };
    let key = exception_key(partner, &exception.id);
    let known = view.exceptions.get(&key);
    let report = ExceptionReport {
        id: key.as_str().into(),
        partner: partner.id.clone(),
        state: report_state(native),
        severity: *severity,
        mark: known.map_or_else(|| mark.clone(), |known| mark.over(&known.mark)),
        created_at: known.map_or(decision.now, |known| known.created_at),
        updated_at: decision.now,
    };
    let object = Object::Exception(Box::new(report.clone()));
    let sentence = format!("Said of it: {}.", exception.title.raw());
    decision.changes.push(Change::of_partner(
        decision.now,
        What::ExceptionReported,
        sentence,
        &partner.id,
        object,
    ));
    view.exceptions.insert(key, report);
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

/// The name of the rule that nothing urgent escapes.
pub const CATCH_ALL: &str = "catch-all";

pub(super) fn raise(
    decision: &mut Decision<'_>,
    view: &mut View,
    member: Member,
    partner: PartnerRef,
    policy: &str,
    rule: &str,
    group: Option<String>,
) -> Option<AlertId> {
    let policy = decision.desk.policies.get(policy)?.clone().for_severity(member.severity);
    let id = decision.ids.next_alert();
    let mut alert = Alert {
        id,
        state: AlertState::Open,
        severity: member.severity,
        partner,
        title: member.title.clone(),
        kind: member.kind.clone(),
        key: Untrusted::new(group.unwrap_or_default()),
        members: vec![member],
        at_risk: Vec::new(),
        deadline: None,
        policy,
        step: 0,
        next_escalation_at: None,
        holder: None,
        next_update_by: None,
        snoozed_until: None,
        quiet: None,
        inhibited_at: None,
        offered: None,
        cleared_at: None,
        joined_at: None,
        close_at: None,
        resolution: None,
        rule: rule.to_owned(),
        config_version: decision.desk.version,
        created_at: decision.now,
        updated_at: decision.now,
    };
    let lately = view.raised_lately.entry(alert.partner.id.raw().to_owned()).or_default();
    lately.push(decision.now);
    sum_up(&mut alert);
    let sentence = format!("Raised by rule {rule}, policy {}.", alert.policy.name);
    decision.open_because(&mut alert, What::AlertRaised, &sentence);
    remember(view, alert);
    Some(id)
}

/// A further exception on an alert. It pages again only if it makes things worse.
pub(super) fn join(decision: &mut Decision<'_>, view: &mut View, id: AlertId, member: Member) {
    let Some(mut alert) = view.alerts.get(&id).cloned() else { return };
    let before = (alert.severity, alert.deadline, alert.at_risk.clone(), alert.cleared_at);
    let title = member.title.clone();
    let rests = alert.resting().is_some() && decision.rests_with(&alert, &member);
    alert.joined_at = Some(decision.now);
    alert.members.retain(|m| !(m.id == member.id && m.of == member.of));
    alert.members.push(member);
    alert.cleared_at = None;
    alert.close_at = None;
    sum_up(&mut alert);
    alert.updated_at = decision.now;
    let steps = alert.policy.clone().for_severity(alert.severity);
    let other_steps = alert.severity > before.0 && steps != alert.policy;
    alert.policy = steps;
    let worse = if before.3.is_some() {
        Some("it came back after it was cleared")
    } else if alert.severity > before.0 {
        Some("the severity rose")
    } else if alert.deadline.is_some_and(|new| before.1.is_none_or(|old| new < old)) && before.1.is_some() {
        Some("the deadline came nearer")
    } else if multiplied(&before.2, &alert.at_risk, decision.desk.amount_factor) {
        Some("the amount at risk grew")
    } else {
        None
    };
    let named = title.raw();
    match (worse, alert.state) {
        // What the desk lets sleep wakes for what nothing keeps quiet, however small.
        (_, AlertState::Snoozed) if alert.resting().is_some() && !rests => {
            awake(&mut alert);
            let sentence = format!("Joined: {named}; nothing keeps that quiet, so paging begins.");
            decision.start_policy_because(
                &mut alert,
                Actor::Desk,
                What::AlertJoined,
                Untrusted::new(sentence),
            );
        }
        (None, _) => {
            let sentence = Untrusted::new(format!("Joined: {named}."));
            decision.alert_change(Actor::Desk, What::AlertJoined, sentence, &alert);
        }
        (Some(why), AlertState::Snoozed) if alert.resting().is_some() && before.3.is_none() => {
            let sentence = Untrusted::new(format!("Joined: {named}; {why}, and it stays quiet."));
            decision.alert_change(Actor::Desk, What::AlertJoined, sentence, &alert);
        }
        (Some(why), AlertState::Open) if before.3.is_none() && !other_steps => {
            let sentence =
                Untrusted::new(format!("Joined: {named}; {why}, so those already told are paged again."));
            decision.alert_change(Actor::Desk, What::AlertJoined, sentence, &alert);
            let taken: Vec<_> =
                alert.policy.steps.iter().take(alert.step as usize).flat_map(|s| s.notify.clone()).collect();
            let (told, _) = decision.desk.people_behind(&taken, &alert.partner, decision.now);
            decision.page(&alert, &told, alert.step, true);
        }
        // It begins anew, as if it were raised now.
        (Some(why), _) if before.3.is_some() => {
            awake(&mut alert);
            decision.open_because(&mut alert, What::AlertJoined, &format!("Joined: {named}; {why}."));
        }
        (Some(why), _) => {
            awake(&mut alert);
            let sentence = Untrusted::new(format!("Joined: {named}; {why}, so paging starts again."));
            decision.start_policy_because(&mut alert, Actor::Desk, What::AlertJoined, sentence);
        }
    }
    remember(view, alert);
}

fn awake(alert: &mut Alert) {
    alert.state = AlertState::Open;
    alert.next_update_by = None;
    alert.snoozed_until = None;
    alert.quiet = None;
}

fn multiplied(before: &[Money], after: &[Money], factor: f64) -> bool {
    before.iter().any(|old| {
        old.cents > 0
            && after.iter().any(|new| {
                new.currency == old.currency
                    && new.cents > old.cents
                    && new.cents as f64 >= old.cents as f64 * factor
            })
    })
}

/// An exception or a case is over. Once all members are, nobody is paged any more; the alert stays in sight.
fn clear(
    decision: &mut Decision<'_>,
    view: &mut View,
    mut alert: Alert,
    of: MemberOf,
    id: &Untrusted,
    title: &Untrusted,
) {
    let mut any = false;
    for member in alert.members.iter_mut().filter(|m| m.of == of && m.id == *id) {
        any |= member.cleared_at.is_none();
        member.cleared_at.get_or_insert(decision.now);
    }
    if !any {
        return;
    }
    sum_up(&mut alert);
    alert.updated_at = decision.now;
    let left = alert.members.iter().filter(|m| m.cleared_at.is_none()).count();
    let named = title.raw();
    if left > 0 {
        let sentence = Untrusted::new(format!("Cleared: {named}; {left} more are open."));
        decision.alert_change(Actor::Desk, What::AlertCleared, sentence, &alert);
    } else {
        let end = if alert.state == AlertState::Open { "; nobody is paged any more" } else { "" };
        over(decision, view, &mut alert, &format!("Cleared: {named}{end}."));
    }
    remember(view, alert);
}

/// All that an alert was about is over: nobody is paged any more, and those who were are told. If nobody
/// had taken it, it stays in sight until the next hand-over; whoever has it is asked to close it.
pub(super) fn over(decision: &mut Decision<'_>, view: &mut View, alert: &mut Alert, sentence: &str) {
    alert.cleared_at = Some(decision.now);
    alert.next_escalation_at = None;
    alert.updated_at = decision.now;
    if alert.state == AlertState::Open {
        alert.close_at = Some(decision.next_hand_over(alert));
    }
    decision.alert_change(Actor::Desk, What::AlertCleared, sentence, alert);
    // What this very batch has queued waits too. In the order in which they were said, each as it is now.
    let stored = view.waiting.iter().filter(|n| n.is_about(alert.id)).cloned();
    let all: BTreeMap<_, _> = stored.chain(decision.queued_for(alert.id)).map(|n| (n.id, n)).collect();
    let mut waiting: Vec<_> = all.into_values().collect();
    cancel_pages(decision, alert.id, waiting.iter_mut(), "it was cleared");
    view.waiting.retain(|n| n.bundle.is_some() || n.alert != Some(alert.id));
    flow::outcome::tell(decision, alert, &waiting, None);
    status_update::tell(decision, alert, &waiting, None);
}

/// Cancels the pages of an alert that have not left yet, and what would have told others how things stood.
/// One that speaks of other alerts too leaves for those alone.
pub fn cancel_pages<'n>(
    decision: &mut Decision<'_>,
    alert: AlertId,
    waiting: impl Iterator<Item = &'n mut Notification>,
    because: &str,
) {
    for notification in waiting {
        if !matches!(notification.purpose, Purpose::Page | Purpose::Status) || !notification.is_waiting() {
            continue;
        }
        notification.updated_at = decision.now;
        if notification.bundle.is_some() {
            match notification.leave_out(alert, because) {
                Left::Untouched => continue,
                Left::Others => {
                    let who = notification.recipient.name.printable();
                    let summary = format!("Left out of the message to {who}: {because}.");
                    let what = What::NotificationCancelled;
                    let change = Change::notification(decision.now, Actor::Desk, what, summary, notification);
                    decision.changes.push(Change { alert: Some(alert), ..change });
                    continue;
                }
                Left::Nothing => {}
            }
        }
        notification.due_at = None;
        notification.hold = None;
        // What may already have got through stays what it is; it is only not sent again.
        if matches!(notification.state, NotificationState::Queued | NotificationState::Held) {
            notification.state = NotificationState::Cancelled;
        }
        notification.reason.outcome = Some(because.into());
        let summary = format!("Not sent to {}: {because}.", notification.recipient.name.printable());
        decision.changes.push(Change::notification(
            decision.now,
            Actor::Desk,
            What::NotificationCancelled,
            summary,
            notification,
        ));
    }
}

pub(super) fn remember(view: &mut View, alert: Alert) {
    for key in keys_of_newest(&alert, 1) {
        view.keys.insert(key, alert.id);
    }
    view.alerts.insert(alert.id, alert);
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

/// Stands for the partner where an event names none.
pub(super) fn the_desk() -> PartnerRef {
    PartnerRef { id: "".into(), name: "the desk".into(), ..PartnerRef::default() }
}

/// The member an event would be of an alert, and its partner. Exceptions and cases are members by
/// nature; any other event is one when a rule makes an alert of it.
fn subject(incoming: &Incoming, rule: Option<&Rule>) -> Option<(Member, PartnerRef)> {
    match &incoming.native {
        Native::ExceptionRaised { exception, partner, severity }
        | Native::ExceptionCleared { exception, partner, severity } => {
            let e = exception.clone();
            let member = Member {
                event: EventId(0),
                id: e.id,
                of: MemberOf::Exception,
                kind: e.kind,
                title: e.title,
                description: e.description,
                severity: *severity,
                order: e.order,
                shipment: e.shipment,
                case: e.case,
                amount: e.amount,
                deadline: e.deadline,
                codes: e.codes,
                cleared_at: None,
                feed: incoming.feed.clone(),
            };
            Some((member, partner.clone()))
        }
        Native::CaseOpened { case, partner, priority } => {
            let c = case.clone();
            let member = Member {
                event: EventId(0),
                id: c.id,
                of: MemberOf::Case,
                kind: ExceptionKind::from(c.kind.word().to_owned()),
                title: c.title,
                description: c.description,
                severity: priority.severity(),
                order: c.order,
                shipment: None,
                case: Some(c.reference),
                amount: c.amount,
                deadline: c.deadline,
                codes: Vec::new(),
                cleared_at: None,
                feed: incoming.feed.clone(),
            };
            Some((member, partner.clone()))
        }
        other if matches!(rule, Some(Rule { then: Then::Alert { .. }, .. })) => {
            let facts = Facts::of(&incoming.event.kind, other, &incoming.event.data);
            let title = match &incoming.event.subject {
                Some(subject) if *other == Native::Foreign => subject.as_str().into(),
                subject => title(other, &incoming.event.kind, subject.as_deref()),
            };
            // An event's id is its own only together with its source (CloudEvents 1.0.2).
            let id = Untrusted::new(format!("{} {}", incoming.event.source, incoming.event.id));
            let member = bare_member(id, facts.kind.unwrap_or(&incoming.event.kind), title, &incoming.feed);
            Some((member, facts.partner.cloned().unwrap_or_else(the_desk)))
        }
        _ => None,
    }
}

/// A member that is neither exception nor case: it has a title, and counts as high.
pub(super) fn bare_member(id: Untrusted, kind: &str, title: Untrusted, feed: &str) -> Member {
    Member {
        event: EventId(0),
        id,
        of: MemberOf::Event,
        kind: ExceptionKind::from(kind.to_owned()),
        title,
        description: None,
        severity: Severity::High,
        order: None,
        shipment: None,
        case: None,
        amount: None,
        deadline: None,
        codes: Vec::new(),
        cleared_at: None,
        feed: feed.to_owned(),
    }
}

/// Urgent by the community's own words: an exception of severity high or critical, or a case of
/// priority urgent.
fn is_urgent(member: &Member, native: &Native) -> bool {
    match native {
        Native::ExceptionRaised { severity, .. } => *severity >= Severity::High,
        Native::CaseOpened { priority, .. } => *priority == Priority::Urgent,
        _ => member.severity == Severity::Critical,
    }
}

fn shares_a_thing(alert: &Alert, member: &Member) -> bool {
    let keys = member_keys(&alert.partner.id, member);
    alert.members.iter().any(|m| member_keys(&alert.partner.id, m).iter().any(|key| keys.contains(key)))
}

/// Things of one partner that tie exceptions together: the exception itself, an order, a shipment, a case.
fn member_keys(partner: &Untrusted, member: &Member) -> Vec<String> {
    let key = |what: &str, value: &Untrusted| format!("{what}\u{1f}{}\u{1f}{}", partner.raw(), value.raw());
    let own = match member.of {
        MemberOf::Exception => key("exception", &member.id),
        MemberOf::Case => key("case", &member.id),
        MemberOf::Event => key("event", &member.id),
    };
    let mut keys = vec![own];
    keys.extend(member.order.as_ref().map(|order| key("order", order)));
    keys.extend(member.shipment.as_ref().map(|shipment| key("shipment", shipment)));
    keys.extend(member.case.as_ref().map(|case| key("case", case)));
    keys
}

fn case_key(partner: &PartnerRef, id: &Untrusted) -> String {
    format!("case\u{1f}{}\u{1f}{}", partner.id.raw(), id.raw())
}

fn exception_key(partner: &PartnerRef, id: &Untrusted) -> String {
    format!("exception\u{1f}{}\u{1f}{}", partner.id.raw(), id.raw())
}

/// What a notice says of an exception beside its title.
fn told_facts(desk: &Desk, reader: &Reader<'_>, native: &Native) -> Vec<String> {
    let (Native::ExceptionRaised { exception, severity, .. }
    | Native::ExceptionCleared { exception, severity, .. }) = native
    else {
        return Vec::new();
    };
    let named = |what: &str, value: &Option<Untrusted>| {
        value.as_ref().map(|value| format!("{} {}", reader.word(what), value.printable()))
    };
    let mut facts = vec![format!(
        "{}, {}",
        reader.word(exception.kind.word()),
        lower_first(&reader.word(severity.as_str()))
    )];
    facts.extend(named("order", &exception.order));
    facts.extend(named("shipment", &exception.shipment));
    facts.extend(
        exception
            .amount
            .as_ref()
            .map(|amount| format!("{} {}", reader.word("at_risk"), reader.money(amount))),
    );
    facts.extend(
        exception.deadline.map(|deadline| format!("{} {}", reader.word("deadline"), reader.moment(deadline))),
    );
    facts.extend(exception.codes.iter().map(|code| desk.codes.in_words(code)));
    let description = exception.description.as_ref().map(Untrusted::printable_lines).unwrap_or_default();
    facts.extend(description.into_iter().take(20).map(|line| line.into_string()));
    facts
}

fn no_rule(because: &str) -> Verdict {
    Verdict { rule: CATCH_ALL.into(), matched: false, because: because.into() }
}

fn title(native: &Native, kind: &str, subject: Option<&str>) -> Untrusted {
    match native {
        Native::ExceptionRaised { exception, .. } => exception.title.clone(),
        Native::ExceptionCleared { exception, .. } => {
            Untrusted::new(format!("Cleared: {}", exception.title.raw()))
        }
        Native::CaseOpened { case, .. } => {
            Untrusted::new(format!("{} ({})", case.title.raw(), case.reference.raw()))
        }
        Native::CaseStatusChanged { change, .. } => {
            let called = change.reference.as_ref().unwrap_or(&change.case);
            Untrusted::new(format!("Case {} is {}", called.raw(), change.status.word().replace('_', " ")))
        }
        Native::DocumentUploaded { document, .. } => {
            Untrusted::new(format!("Document {}", document.name.raw()))
        }
        Native::DocumentReviewed { document, outcome, .. } => {
            let outcome = format!("{outcome:?}").to_lowercase();
            Untrusted::new(format!("Document {} {outcome}", document.name.raw()))
        }
        Native::PostCreated { post, .. } => post.subject.clone(),
        Native::PostAnswered { post, .. } => Untrusted::new(format!("Answered: {}", post.subject.raw())),
        Native::OnboardingMilestone { milestone, withdrawn, .. } => {
            let end = if *withdrawn { " withdrawn" } else { "" };
            Untrusted::new(format!("Milestone {}{end}", milestone.word().replace('_', " ")))
        }
        Native::ContactChanged { contact, .. } => {
            Untrusted::new(format!("Contact {} changed", contact.raw()))
        }
        Native::Missed { name, .. } => {
            subject.map_or_else(|| Untrusted::new(format!("{name} did not come")), Untrusted::from)
        }
        Native::Foreign => Untrusted::new(kind),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::scenario::{Scene, exception};
    use serde_json::json;

    fn of(id: &str, more: serde_json::Value) -> serde_json::Value {
        let mut exception = exception(id);
        exception.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        exception
    }

    #[test]
    fn exceptions_about_the_same_order_shipment_or_case_are_one_alert() {
        let mut scene = Scene::usual();
        scene.events(&[
            ("raised", of("x1", json!({ "order": "PO-1", "shipment": "S-1" })), "high"),
            ("raised", of("x2", json!({ "order": "PO-1", "case_id": "C-1" })), "high"),
            ("raised", of("x3", json!({ "shipment": "S-1" })), "high"),
            ("raised", of("x4", json!({ "case_id": "C-1" })), "high"),
            ("raised", of("x5", json!({ "order": "PO-2" })), "high"),
        ]);
        assert_eq!(scene.alerts.len(), 2);
        assert_eq!(scene.alert().members.len(), 4);
    }

    #[test]
    fn a_rule_with_a_policy_pages_for_an_event_of_any_type() {
        let mut scene = Scene::usual();
        scene.desk.rules[0].matches =
            rule::Match { types: vec!["com.example.edi.failed".into()], ..Default::default() };
        scene.foreign("com.example.edi.failed", "s");
        scene.foreign("com.example.edi.failed", "another");
        assert_eq!(scene.alerts.len(), 1, "its rule groups them");
        assert_eq!(scene.alert().members.len(), 2, "the same id of another source is another event");
        assert_eq!(scene.events[0].state, EventState::Handled);
        assert!(scene.notifications.values().any(|n| n.purpose == Purpose::Page));
    }

    #[test]
    fn a_rule_groups_only_within_its_window() {
        let mut scene = Scene::usual();
        let late = |id: &str| of(id, json!({ "kind": "late_shipment" }));
        scene.events(&[("raised", late("x1"), "high")]);
        scene.pass(30);
        scene.events(&[("raised", late("x2"), "high")]);
        scene.pass(1);
        scene.events(&[("raised", late("x3"), "high")]);
        assert_eq!((scene.alerts.len(), scene.alert().members.len()), (2, 2));
    }

    #[test]
    fn a_joiner_pages_again_only_if_it_makes_things_worse() {
        let mut scene = Scene::usual();
        let same = |id: &str, more: serde_json::Value| {
            let mut exception =
                of(id, json!({ "order": "PO-1", "amount": { "value": 100, "currency": "EUR" } }));
            exception.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            exception
        };
        scene.events(&[("raised", same("x1", json!({})), "high")]);
        scene.ack("maria").unwrap();
        scene.events(&[("raised", same("x2", json!({ "amount": null })), "high")]);
        assert_eq!((scene.alert().state, scene.notifications.len()), (AlertState::Acknowledged, 1));
        scene.events(&[("raised", same("x3", json!({ "amount": null })), "critical")]);
        assert_eq!((scene.alert().state, scene.notifications.len()), (AlertState::Open, 2));
    }

    #[test]
    fn a_clear_stops_the_pages_even_of_its_own_batch_and_what_comes_back_pages() {
        let mut scene = Scene::usual();
        scene.events(&[("raised", exception("x1"), "high"), ("cleared", exception("x1"), "high")]);
        assert_eq!(scene.message(1).state, NotificationState::Cancelled);
        assert_eq!(scene.alert().next_escalation_at, None);
        scene.raise("x1");
        assert!(scene.alert().is_paging());
        assert_eq!((scene.alerts.len(), scene.message(2).state), (1, NotificationState::Queued));
    }

    #[test]
    fn what_is_urgent_and_matches_no_rule_goes_to_the_catch_all() {
        let mut scene = Scene::usual();
        scene.events(&[("raised", exception("x1"), "high"), ("raised", exception("x2"), "medium")]);
        assert_eq!((scene.alerts.len(), scene.alert().rule.as_str()), (1, CATCH_ALL));
        let quiet = &scene.events[1];
        assert_eq!((&quiet.state, quiet.why.is_empty()), (&EventState::Quiet, false));
    }
}
