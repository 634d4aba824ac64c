//! Several pages to one person at one moment leave as one message: after an absence of the desk, or
//! when much comes in at once. It names the worst alert and counts the others; an alert that needs
//! nobody any more is left out before it leaves, and when none is left it does not leave at all.

use crate::core::alert::Alert;
use crate::core::change::{Actor, Change, Object, What};
use crate::core::contact::Medium;
use crate::core::desk::Desk;
use crate::core::escalation::{Decision, medium_word};
use crate::core::event::Severity;
use crate::core::id::{AlertId, NotificationId};
use crate::core::notification::{Content, Notification, NotificationState, Purpose, RecipientId};
use crate::core::page::{ROOM, clock, names, plain};
use crate::core::person::PersonId;
use crate::core::sms::{clip, length};
use crate::core::text::Untrusted;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// What one message says of several alerts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bundle {
    /// What comes first: `Desk was away 02:10-04:05`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<String>,
    /// The code that an answer names the message by.
    pub code: String,
    /// The worst first.
    pub covers: Vec<Covered>,
}

/// One alert of a bundle, in the words it has there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Covered {
    pub alert: AlertId,
    pub severity: Severity,
    pub partner: Untrusted,
    pub title: Untrusted,
    /// The order or shipment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<Untrusted>,
    /// What is at risk, and by when.
    pub facts: String,
    /// The step of its policy that pages.
    pub step: Option<u32>,
    /// The whole word about it, in a message of how alerts stand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<Untrusted>,
    /// Why the message does not speak of it, where it was to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_out: Option<Untrusted>,
}

/// When the desk did not work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Away {
    pub from: Timestamp,
    pub until: Timestamp,
}

/// From so many overdue pages on, what an absence left is one message.
const LEAST_AFTER_ABSENCE: usize = 2;

/// Turns the pages that this decision has queued for one person over one medium into one message,
/// where there are as many as the desk bundles.
pub fn gather(decision: &mut Decision<'_>, away: Option<Away>) {
    let least = match (decision.desk.bundle_from as usize, away) {
        (0, _) => return,
        (_, Some(_)) => LEAST_AFTER_ABSENCE,
        (least, None) => least.max(2),
    };
    let mut seen: BTreeMap<NotificationId, u32> = BTreeMap::new();
    let mut alerts: BTreeMap<AlertId, Alert> = BTreeMap::new();
    for change in &decision.changes {
        match &change.object {
            Object::Notification(n) => *seen.entry(n.id).or_default() += 1,
            Object::Alert(alert) => drop(alerts.insert(alert.id, (**alert).clone())),
            _ => {}
        }
    }
    let mut groups: BTreeMap<(PersonId, Medium, String), Vec<(usize, AlertId)>> = BTreeMap::new();
    for (i, change) in decision.changes.iter().enumerate() {
        if let (What::NotificationQueued, Object::Notification(n)) = (change.what, &change.object)
            && let (RecipientId::Person(person), Some(alert)) = (&n.recipient.who, n.alert)
            && (n.purpose, n.state) == (Purpose::Page, NotificationState::Queued)
            && seen.get(&n.id) == Some(&1)
            && alerts.contains_key(&alert)
        {
            groups.entry((person.clone(), n.medium, n.channel.clone())).or_default().push((i, alert));
        }
    }
    for pages in groups.into_values() {
        let distinct: BTreeSet<AlertId> = pages.iter().map(|(_, alert)| *alert).collect();
        if distinct.len() >= least {
            let of: Vec<&Alert> = distinct.iter().filter_map(|id| alerts.get(id)).collect();
            one(decision, &pages, of, away);
        }
    }
}

fn one(decision: &mut Decision<'_>, pages: &[(usize, AlertId)], mut of: Vec<&Alert>, away: Option<Away>) {
    of.sort_by_key(|a| (Reverse(a.severity), a.deadline.is_none(), a.deadline, a.id));
    let Some(worst) = of.first().map(|alert| alert.id) else { return };
    let Some((carrier, _)) = pages.iter().find(|(_, alert)| *alert == worst).copied() else { return };
    let (zone, now) = (decision.desk.time_zone.clone(), decision.now);
    let mut steps = BTreeMap::new();
    let others = of.len() - 1;
    for (i, alert) in pages {
        let change = &mut decision.changes[*i];
        let Object::Notification(n) = &change.object else { continue };
        steps.insert(*alert, n.reason.step);
        change.summary = Untrusted::new(format!(
            "{} to {} ({}), in one message with {others} more",
            medium_word(n.medium),
            n.recipient.name.printable(),
            n.reason.via.printable()
        ));
        if *i != carrier {
            change.object = Object::Nothing;
        }
    }
    let same_partner = of.iter().all(|alert| of.first().is_some_and(|a| a.partner.id == alert.partner.id));
    let head = away.map(|away| {
        format!("Desk was away {}-{}", clock(away.from, &zone, now), clock(away.until, &zone, now))
    });
    let covers =
        of.into_iter().map(|a| covered(a, steps.get(&a.id).copied().flatten(), &zone, now)).collect();
    let reply_key = &decision.desk.reply_key;
    if let Some(Change { object: Object::Notification(n), .. }) = decision.changes.get_mut(carrier) {
        let bundle = Bundle { head, code: reply_key.code(n.id).to_string(), covers };
        n.content = bundle.content(n.medium);
        n.bundle = Some(Box::new(bundle));
        n.partner = n.partner.take().filter(|_| same_partner);
    }
}

fn covered(alert: &Alert, step: Option<u32>, zone: &TimeZone, now: Timestamp) -> Covered {
    let mut facts = String::new();
    if let Some(sum) = alert.at_risk.first() {
        facts.push_str(&format!(" {}", plain(&sum.short())));
    }
    if let Some(deadline) = alert.deadline {
        facts.push_str(&format!(" due {}", clock(deadline, zone, now)));
    }
    Covered {
        alert: alert.id,
        severity: alert.severity,
        partner: alert.partner.name.clone(),
        title: alert.title.clone(),
        reference: alert.members.iter().find_map(|m| m.order.clone().or(m.shipment.clone())),
        facts,
        step,
        said: None,
        left_out: None,
    }
}

/// Lets a word of how one alert stands be the word of others, too: `Weber has it … +2 more`. Where one of them does
/// not hold any more, the rest is said all the same. `alerts` are those that all of them speak of; where one is
/// missing nothing changes, and `false` says so.
pub fn say_with(n: &mut Notification, others: &[Notification], alerts: &[Alert]) -> bool {
    let mut covers: Vec<Covered> = Vec::new();
    for one in std::iter::once(&*n).chain(others) {
        let words = match (&one.bundle, one.alert) {
            (Some(bundle), _) => bundle.covers.clone(),
            (None, alert) => {
                let Some(alert) = alerts.iter().find(|known| Some(known.id) == alert) else { return false };
                vec![word(alert, one)]
            }
        };
        // What was said last of an alert counts.
        for word in words {
            match covers.iter_mut().find(|known| known.alert == word.alert) {
                Some(known) => *known = word,
                None => covers.push(word),
            }
        }
    }
    let bundle = Bundle { head: None, code: String::new(), covers };
    n.content = bundle.content(n.medium);
    n.bundle = Some(Box::new(bundle));
    if others.iter().any(|other| other.partner != n.partner) {
        n.partner = None;
    }
    true
}

fn word(alert: &Alert, n: &Notification) -> Covered {
    Covered {
        alert: alert.id,
        severity: alert.severity,
        partner: alert.partner.name.clone(),
        title: alert.title.clone(),
        reference: None,
        facts: String::new(),
        step: None,
        said: Some(Untrusted::new(n.content.body.raw().trim_end())),
        left_out: None,
    }
}

/// `Weber has it … +2 more`, in one part; counts further what was counted before.
pub fn and_more(text: &str, more: usize) -> String {
    let counted = text.rsplit_once(" +").and_then(|(said, tail)| {
        let count: usize = tail.strip_suffix(" more")?.parse().ok()?;
        Some((said, count))
    });
    let (said, count) = counted.unwrap_or((text.trim_end(), 0));
    let tail = format!(" +{} more", count + more);
    format!("{}{tail}", clip(said, 150usize.saturating_sub(tail.len())))
}

/// Lets a page that waits speak of the alerts of another one, too. `alerts` are those of both.
pub fn join(desk: &Desk, waiting: &mut Notification, other: &Notification, alerts: &[Alert], now: Timestamp) {
    let zone = &desk.time_zone;
    let of = |id: AlertId, step| {
        alerts.iter().find(|alert| alert.id == id).map(|alert| covered(alert, step, zone, now))
    };
    let alone = || Bundle {
        head: None,
        code: desk.reply_key.code(waiting.id).to_string(),
        covers: waiting.alert.and_then(|id| of(id, waiting.reason.step)).into_iter().collect(),
    };
    let mut bundle = waiting.bundle.as_deref().cloned().unwrap_or_else(alone);
    for id in other.alerts() {
        bundle.covers.retain(|covered| covered.alert != id || covered.left_out.is_none());
        if bundle.covers.iter().all(|covered| covered.alert != id) {
            bundle.covers.extend(of(id, other.step_for(id)));
        }
    }
    bundle.covers.sort_by_key(|covered| Reverse(covered.severity));
    let Some(worst) = bundle.live().next().map(|covered| covered.alert) else { return };
    waiting.alert = Some(worst);
    waiting.content = bundle.content(waiting.medium);
    waiting.bundle = Some(Box::new(bundle));
    if waiting.partner != other.partner {
        waiting.partner = None;
    }
}

impl Bundle {
    fn live(&self) -> impl Iterator<Item = &Covered> {
        self.covers.iter().filter(|covered| covered.left_out.is_none())
    }

    /// The words for what it still speaks of.
    pub fn content(&self, medium: Medium) -> Content {
        let Some(worst) = self.live().next() else { return Content::default() };
        let count = self.live().count();
        if let Some(said) = &worst.said {
            let first = match count {
                1 => said.raw().to_owned(),
                _ => and_more(said.raw(), count - 1),
            };
            let all = self.live().filter_map(|covered| covered.said.as_ref());
            return match medium {
                Medium::Sms => Content { body: first.into(), ..Content::default() },
                Medium::Email => Content {
                    subject: format!("{} {first}", worst.alert).into(),
                    body: all.map(|said| format!("{}\n", said.raw())).collect::<String>().into(),
                    ..Content::default()
                },
            };
        }
        let away = self.head.as_ref().map(|head| format!("{head}: ")).unwrap_or_default();
        let bad = worst.severity.short();
        match medium {
            Medium::Sms => {
                let (head, tail) = match count {
                    1 => (format!("{away}{bad} "), format!(". ACK {}", self.code)),
                    _ => (
                        format!("{away}{count} alerts, worst {bad} "),
                        format!(". ACK {} takes all, ? lists", self.code),
                    ),
                };
                let room = ROOM.saturating_sub(length(&head) + length(&tail) + length(&worst.facts));
                let said = clip(&worst.named(room), room);
                let body = format!("{head}{said}{}{tail}", worst.facts);
                Content { body: body.into(), ..Content::default() }
            }
            Medium::Email => {
                let named = |covered: &Covered| covered.named(120);
                let lines: String = self
                    .live()
                    .map(|c| format!("- {} {} {}{}\n", c.alert, c.severity.short(), named(c), c.facts))
                    .collect();
                let subject = match count {
                    1 => format!("[{bad}] {away}{}", named(worst)),
                    _ => format!("[{bad}] {away}{count} alerts, worst {}", named(worst)),
                };
                let body = format!(
                    "{away}{count} alerts page you, the worst first:\n\n{lines}\nAnswer ACK to take all of them, ? to hear how they stand.\n"
                );
                Content { subject: subject.into(), body: body.into(), ..Content::default() }
            }
        }
    }
}

impl Covered {
    /// `Acme Tools: Blocked order 4500123` in at most so many septets.
    fn named(&self, room: usize) -> String {
        let title = plain(self.title.printable().as_str());
        let reference = self.reference.as_ref().map(|r| plain(r.printable().as_str()));
        let title = match &reference {
            Some(reference) if !title.contains(reference.as_str()) => format!("{title} {reference}"),
            _ => title,
        };
        names(&plain(self.partner.printable().as_str()), &title, reference.as_deref(), room)
    }
}

impl Notification {
    /// The alerts it speaks of.
    pub fn alerts(&self) -> Vec<AlertId> {
        match &self.bundle {
            Some(bundle) => bundle.live().map(|covered| covered.alert).collect(),
            None => self.alert.into_iter().collect(),
        }
    }

    /// The alerts that it speaks of, and those that were left out before it left.
    pub fn ever_about(&self) -> Vec<AlertId> {
        let covered = self.bundle.iter().flat_map(|bundle| &bundle.covers).map(|covered| covered.alert);
        self.alert.into_iter().chain(covered).collect()
    }

    /// It speaks of the alert, or was to before that was left out.
    pub fn is_about(&self, alert: AlertId) -> bool {
        self.alert == Some(alert) || self.covered(alert).is_some()
    }

    /// How far it is as far as this alert is concerned.
    pub fn state_for(&self, alert: AlertId) -> NotificationState {
        match self.covered(alert) {
            Some(Covered { left_out: Some(_), .. }) => NotificationState::Cancelled,
            _ => self.state,
        }
    }

    /// This alert was taken out of it before it left.
    pub fn leaves_out(&self, alert: AlertId) -> bool {
        self.covered(alert).is_some_and(|covered| covered.left_out.is_some())
    }

    /// The step of the alert's policy that it belongs to.
    pub fn step_for(&self, alert: AlertId) -> Option<u32> {
        self.covered(alert).map_or(self.reason.step, |covered| covered.step)
    }

    /// Speaks of the alert no more. Says whether there is anything left to speak of; a message about one
    /// alert alone has nothing left.
    pub fn leave_out(&mut self, alert: AlertId, because: &str) -> Left {
        let medium = self.medium;
        let Some(bundle) = self.bundle.as_deref_mut() else {
            return if self.alert == Some(alert) { Left::Nothing } else { Left::Untouched };
        };
        let Some(covered) = bundle.covers.iter_mut().find(|c| c.alert == alert && c.left_out.is_none())
        else {
            return Left::Untouched;
        };
        covered.left_out = Some(because.into());
        let Some(worst) = bundle.live().next().map(|covered| covered.alert) else { return Left::Nothing };
        self.content = bundle.content(medium);
        self.alert = Some(worst);
        Left::Others
    }

    /// Facts about the message, one on the timeline of each alert that it speaks of; the first, of the alert
    /// that it is filed under, carries it.
    pub fn facts(
        &self,
        at: Timestamp,
        actor: &Actor,
        what: What,
        summary: impl Into<Untrusted>,
    ) -> Vec<Change> {
        let first = Change::notification(at, actor.clone(), what, summary, self);
        let others = self.alerts().into_iter().filter(|alert| Some(*alert) != self.alert);
        let more: Vec<Change> = others
            .map(|alert| Change { alert: Some(alert), object: Object::Nothing, ..first.clone() })
            .collect();
        [vec![first], more].concat()
    }

    fn covered(&self, alert: AlertId) -> Option<&Covered> {
        self.bundle.as_ref()?.covers.iter().find(|covered| covered.alert == alert)
    }
}

/// What is left of a message after an alert was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// It does not speak of that alert.
    Untouched,
    Others,
    Nothing,
}

#[cfg(test)]
mod tests;
