//! What a page says. The SMS is one GSM-7 part that answers, in this order: how bad, whose, what,
//! which order, how much, by when, who is next and when. Names are cut to fit; the order, the
//! amount, the deadline and the alert's id never are.

use crate::core::alert::Alert;
use crate::core::edi;
use crate::core::money::Money;
use crate::core::notification::Content;
use crate::core::sms;
use crate::core::text::Untrusted;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use minijinja::Environment;
use serde_json::json;

/// What comes after this page if nobody acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Next {
    pub who: String,
    pub at: Timestamp,
}

/// The mark before a text whose recipient may have got it already.
pub const AGAIN: &str = "(again?) ";

const DETAIL: &str = include_str!("../../assets/templates/en/detail.email.txt");

/// Septets a page may use, so that it stays one part when [`AGAIN`] comes before it.
const ROOM: usize = 160 - AGAIN.len();

/// The SMS that wakes somebody.
pub fn sms(alert: &Alert, next: Option<&Next>, zone: &TimeZone, now: Timestamp) -> Content {
    let head = format!("{} ", alert.severity.short());
    let title = plain(alert.title.printable().as_str());
    let mut facts = String::new();
    if let Some(order) = alert.members.iter().find_map(|m| m.order.as_ref().or(m.shipment.as_ref())) {
        let order = plain(order.printable().as_str());
        if !title.contains(&order) {
            facts.push_str(&format!(" {}", clip(&order, 40)));
        }
    }
    if alert.members.len() > 1 {
        facts.push_str(&format!(" x{}", alert.members.len()));
    }
    for sum in alert.at_risk.iter().take(2) {
        facts.push_str(&format!(" {}", plain(&Money::short(sum))));
    }
    if let Some(deadline) = alert.deadline {
        facts.push_str(&format!(" due {}", clock(deadline, zone, now)));
    }
    facts.push('.');
    if let Some(next) = next {
        facts.push_str(&format!(" Next {} {}.", clip(&plain(&next.who), 20), clock(next.at, zone, now)));
    }
    facts.push_str(&format!(" {}", alert.id));
    let room = ROOM.saturating_sub(septets(&head) + septets(&facts));
    let named =
        names(&plain(alert.partner.name.printable().as_str()), &title, order_in(alert).as_deref(), room);
    Content { subject: Untrusted::default(), body: Untrusted::new(format!("{head}{named}{facts}")) }
}

/// The email with the detail.
pub fn email(alert: &Alert, next: Option<&Next>, zone: &TimeZone, why: &str) -> Content {
    let long = |at: Timestamp| at.to_zoned(zone.clone()).strftime("%a %-d %b %Y %H:%M %Z").to_string();
    let members: Vec<_> = alert
        .members
        .iter()
        .take(50)
        .map(|m| {
            json!({
                "title": m.title.printable().as_str(),
                "kind": crate::core::text::sanitise(m.kind.word()).replace('_', " "),
                "severity": m.severity.as_str(),
                "description": m.description.as_ref().map(|d| d.printable_lines().iter().map(ToString::to_string).collect::<Vec<_>>()),
                "order": m.order.as_ref().map(|t| t.printable().into_string()),
                "shipment": m.shipment.as_ref().map(|t| t.printable().into_string()),
                "case": m.case.as_ref().map(|t| t.printable().into_string()),
                "amount": m.amount.as_ref().map(|a| a.long()),
                "deadline": m.deadline.map(long),
                "codes": m.codes.iter().map(edi::in_words).collect::<Vec<_>>(),
                "cleared": m.cleared_at.is_some(),
            })
        })
        .collect();
    let context = json!({
        "id": alert.id.to_string(),
        "severity": alert.severity.as_str(),
        "partner": alert.partner.name.printable().as_str(),
        "title": alert.title.printable().as_str(),
        "at_risk": alert.at_risk.iter().map(Money::long).collect::<Vec<_>>(),
        "deadline": alert.deadline.map(long),
        "raised": long(alert.created_at),
        "members": members,
        "more": alert.members.len().saturating_sub(50),
        "next": next.map(|n| json!({"who": n.who, "at": long(n.at)})),
        "policy": alert.policy.name,
        "rule": alert.rule,
        "why": why,
    });
    let subject = format!(
        "[{}] {}: {} ({})",
        alert.severity.short(),
        alert.partner.name.printable(),
        alert.title.printable(),
        alert.id
    );
    // The template is compiled in and covered by a test; should it fail, the subject still says it all.
    let body = Environment::new()
        .render_str(DETAIL, minijinja::value::Serde(&context))
        .unwrap_or_else(|_| subject.clone());
    Content { subject: Untrusted::new(clip(&subject, 180)), body: Untrusted::new(body) }
}

/// `06:00`, or `Tue 06:00` when it is not within the next day.
fn clock(at: Timestamp, zone: &TimeZone, now: Timestamp) -> String {
    let format = if at.duration_since(now).as_hours().abs() < 20 { "%H:%M" } else { "%a %H:%M" };
    at.to_zoned(zone.clone()).strftime(format).to_string()
}

fn order_in(alert: &Alert) -> Option<String> {
    let order = alert.members.iter().find_map(|m| m.order.as_ref().or(m.shipment.as_ref()))?;
    let order = plain(order.printable().as_str());
    alert.title.printable().as_str().contains(&order).then_some(order)
}

/// `Partner: title` in at most `room` septets; a reference inside the title is moved behind the cut.
fn names(partner: &str, title: &str, reference: Option<&str>, room: usize) -> String {
    let whole = format!("{partner}: {title}");
    if septets(&whole) <= room {
        return whole;
    }
    let reference = reference.map(|r| format!(" {}", clip(r, 40))).unwrap_or_default();
    let left = room.saturating_sub(septets(&reference) + 2);
    let partner = clip(partner, (left / 2).max(left.saturating_sub(septets(title))));
    let title = clip(title, left.saturating_sub(septets(&partner)));
    let lost = !title.contains(reference.trim());
    let title = if lost { format!("{title}{reference}") } else { title };
    format!("{partner}: {title}")
}

/// Text in GSM-7's characters; what has no place there becomes `?`.
fn plain(text: &str) -> String {
    sms::to_gsm7_text(text).chars().map(|c| if sms::septets(c).is_some() { c } else { '?' }).collect()
}

fn septets(text: &str) -> usize {
    text.chars().map(|c| sms::septets(c).unwrap_or(1)).sum()
}

/// At most `room` septets, ending in `..` where something was cut.
fn clip(text: &str, room: usize) -> String {
    if septets(text) <= room {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut used = 2;
    for c in text.chars() {
        used += sms::septets(c).unwrap_or(1);
        if used > room {
            break;
        }
        out.push(c);
    }
    let out = out.trim_end().to_owned();
    if room < 3 { out } else { format!("{out}..") }
}
