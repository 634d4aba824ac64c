//! What an event would be of an alert, and by which keys it finds one.

use super::Incoming;
use super::told::title;
use crate::core::alert::{Alert, Member, MemberOf};
use crate::core::event::{ExceptionKind, Native, Priority, Severity};
use crate::core::id::EventId;
use crate::core::partner::PartnerRef;
use crate::core::rule::{Facts, Rule, Then};
use crate::core::text::Untrusted;

/// The member an event would be of an alert, and its partner. Exceptions and cases are members by
/// nature; any other event is one when a rule makes an alert of it.
pub(super) fn subject(incoming: &Incoming, rule: Option<&Rule>) -> Option<(Member, PartnerRef)> {
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
pub(in crate::core) fn bare_member(id: Untrusted, kind: &str, title: Untrusted, feed: &str) -> Member {
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

/// Stands for the partner where an event names none.
pub(in crate::core) fn the_desk() -> PartnerRef {
    PartnerRef { id: "".into(), name: "the desk".into(), ..PartnerRef::default() }
}

/// Urgent by the community's own words: an exception of severity high or critical, or a case of
/// priority urgent.
pub(super) fn is_urgent(member: &Member, native: &Native) -> bool {
    match native {
        Native::ExceptionRaised { severity, .. } => *severity >= Severity::High,
        Native::CaseOpened { priority, .. } => *priority == Priority::Urgent,
        _ => member.severity == Severity::Critical,
    }
}

pub(super) fn shares_a_thing(alert: &Alert, member: &Member) -> bool {
    let keys = member_keys(&alert.partner.id, member);
    alert.members.iter().any(|m| member_keys(&alert.partner.id, m).iter().any(|key| keys.contains(key)))
}

/// Things of one partner that tie exceptions together: the exception itself, an order, a shipment, a case.
pub(super) fn member_keys(partner: &Untrusted, member: &Member) -> Vec<String> {
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

pub(super) fn case_key(partner: &PartnerRef, id: &Untrusted) -> String {
    format!("case\u{1f}{}\u{1f}{}", partner.id.raw(), id.raw())
}

pub(super) fn exception_key(partner: &PartnerRef, id: &Untrusted) -> String {
    format!("exception\u{1f}{}\u{1f}{}", partner.id.raw(), id.raw())
}
