//! The same outside over days and months: a thousand alerts a day, storms, causes and what they explain,
//! maintenance windows made and taken back, and people who answer by text, less of them at night.

use super::{Clock, Night, Outside, SOURCE, again, asker, race, submit};
use jiff::{SignedDuration, Timestamp, ToSpan};
use nightdesk::agent::{Agent, replies};
use nightdesk::core::alert::{Alert, AlertState};
use nightdesk::core::command::{Action, Command, Expect, Outcome};
use nightdesk::core::contact::Medium;
use nightdesk::core::event::{CloudEvent, Severity};
use nightdesk::core::id::WindowId;
use nightdesk::core::maintenance::Covers;
use nightdesk::core::notification::{NotificationState, Purpose, RecipientId};
use nightdesk::core::reply::Inbound;
use nightdesk::core::resend::Target;
use rand::Rng;
use rand::seq::IndexedRandom;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// What the nights' configuration has besides, over a year.
pub const CONFIG: &str = r#"
[[maintenance]]
name = "night batch"
at = "mon-sun 23:30"
for = "3h"
partner = ["p1", "p2", "p3"]

[[maintenance]]
name = "carrier system"
schedule = "0 12 * * sat"
for = "6h"
kind = "late_shipment"
when = "amount is none or amount < 800000"

[[inhibit]]
name = "gateway"
source = "kind == 'gateway_down'"
target = "kind != 'gateway_down'"
equal = ["partner"]
at_most = "2h"

[bundle]
pages = 4
"#;

const PARTNERS: u64 = 40;

/// Sends about fourteen hundred events a day, of which about a thousand raise an alert.
pub async fn community(agent: Arc<Agent>, night: Night, clock: Clock) {
    let unsure: Vec<CloudEvent> = night.look().unsure.values().cloned().collect();
    for event in unsure {
        submit(&agent, &night, vec![event]).await;
    }
    loop {
        let (pause, batch) = {
            let mut outside = night.look();
            let storm = outside.rng.random_bool(0.001);
            let size = if storm { 80 } else { 1 };
            let partner = outside.between(1, PARTNERS);
            let batch: Vec<CloudEvent> = (0..size)
                .map(|_| {
                    let partner = if storm { partner } else { outside.between(1, PARTNERS) };
                    outside.of_a_year(clock.now(), partner, storm)
                })
                .collect();
            if storm {
                outside.count("storms");
            }
            (outside.between(10, 100), batch)
        };
        submit(&agent, &night, batch).await;
        tokio::time::sleep(Duration::from_secs(pause)).await;
    }
}

impl Outside {
    fn of_a_year(&mut self, now: Timestamp, partner: u64, storm: bool) -> CloudEvent {
        let dice = if storm { 99 } else { self.between(0, 99) };
        self.sequence += 1;
        let sequence = self.sequence;
        let gateway = self.raised.iter().position(|data| data["exception"]["kind"] == "gateway_down");
        let (kind, data) = match (dice, gateway) {
            // What is down is mended after an hour or so.
            (0..=2, Some(down)) => ("community.exception.cleared", self.raised.swap_remove(down)),
            (0..=15, _) if !self.raised.is_empty() => {
                let index = self.rng.random_range(0..self.raised.len());
                ("community.exception.cleared", self.raised.swap_remove(index))
            }
            (16..=18, _) if !self.raised.is_empty() => {
                let index = self.rng.random_range(0..self.raised.len());
                self.raised[index]["severity"] = json!(self.pick(&["high", "critical"]));
                ("community.exception.raised", self.raised[index].clone())
            }
            _ => {
                let minutes = i64::try_from(self.between(30, 2_000)).unwrap();
                let down = (19..=20).contains(&dice);
                let kind = match down {
                    true => "gateway_down",
                    false => self.pick(&["late_shipment", "blocked_order", "compliance_failure"]),
                };
                let severity = match dice {
                    19..=20 => "critical",
                    21..=25 => "medium",
                    26..=35 => "critical",
                    _ => "high",
                };
                let data = json!({
                    "exception": {
                        "id": format!("x{sequence}"),
                        "kind": kind,
                        "title": "Blocked: the line in plant 12 stands still until it is released",
                        "order": format!("PO-{sequence}"),
                        "amount": { "value": self.between(100, 900_000), "currency": "EUR" },
                        "deadline": (now + minutes.minutes()).to_string(),
                    },
                    "partner": { "id": format!("p{partner}"), "name": format!("Partner {partner}") },
                    "severity": severity,
                });
                self.raised.push(data.clone());
                if self.raised.len() > 400 {
                    self.raised.remove(0);
                }
                ("community.exception.raised", data)
            }
        };
        event(sequence, kind, now, data)
    }
}

fn event(sequence: u64, kind: &str, now: Timestamp, data: Value) -> CloudEvent {
    CloudEvent {
        id: format!("{sequence:07}"),
        source: SOURCE.to_owned(),
        kind: kind.to_owned(),
        time: Some(now),
        subject: None,
        attributes: BTreeMap::new(),
        data,
    }
}

/// Works off what is open, by the console and by text; slower between one and five at night.
pub async fn operators(agent: Arc<Agent>, night: Night, clock: Clock) {
    let mut number = 0;
    loop {
        let hour = clock.now().to_zoned(jiff::tz::TimeZone::UTC).hour();
        let slow = if (0..4).contains(&hour) { 8 } else { 1 };
        let pause = night.look().between(5, 55) * slow;
        tokio::time::sleep(Duration::from_secs(pause)).await;
        number += 1;
        let id = format!("{}-{number}", clock.base);
        let Some((alert, who, dice)) = night.look().oldest_or_any() else { continue };
        let now = clock.now();
        let later = now + SignedDuration::from_mins(i64::try_from(night.look().between(1, 90)).unwrap());
        let alert_id = alert.id;
        let action = match dice {
            0..=4 => {
                race(&agent, &night, &alert, &id).await;
                continue;
            }
            5..=12 => {
                if !answer(&agent, &night, &id).await {
                    return;
                }
                continue;
            }
            13..=35 => Action::Ack { alert: alert_id, next_update_by: None },
            36..=37 => Action::Unack { alert: alert_id },
            38 => Action::RestoreAlert { alert: alert_id },
            39..=43 => Action::Snooze { alert: alert_id, until: later },
            44..=47 => Action::Escalate { alert: alert_id, step: None },
            48 => again(Target::Alert(alert_id)),
            49 if night.look().rng.random_bool(0.3) => Action::AddMaintenance {
                covers: Box::new(Covers {
                    partners: vec![format!("p{}", night.look().between(1, PARTNERS))],
                    kinds: vec![],
                    sources: vec![],
                    when: None,
                    up_to: Severity::High,
                }),
                from: now + SignedDuration::from_mins(i64::try_from(night.look().between(0, 30)).unwrap()),
                until: later + SignedDuration::from_hours(2),
                why: "simulated".into(),
            },
            50 if night.look().rng.random_bool(0.2) => {
                let made = night.look().counts.get("windows").copied().unwrap_or(0);
                if made == 0 {
                    continue;
                }
                Action::RemoveMaintenance { id: WindowId(made) }
            }
            _ => Action::Resolve { alert: alert_id, reason: "It is done.".into() },
        };
        let window = matches!(action, Action::AddMaintenance { .. });
        let command = Command { id, action, expect: Expect::default() };
        let Ok(outcome) = agent.command(command, asker(who)).await else { return };
        let mut outside = night.look();
        outside.count("commands");
        if window && matches!(outcome, Outcome::Done { .. }) {
            outside.count("windows");
        }
    }
}

/// Somebody answers a page that reached them; whether the desk still takes it.
async fn answer(agent: &Agent, night: &Night, id: &str) -> bool {
    let page = {
        let mut outside = night.look();
        let pages: Vec<(String, String)> = outside
            .notifications
            .values()
            .rev()
            .filter(|n| n.purpose == Purpose::Page && n.medium == Medium::Sms && !n.attempts.is_empty())
            .filter(|n| matches!(n.state, NotificationState::Accepted | NotificationState::Delivered))
            .take(20)
            .filter_map(|n| {
                let phone = match &n.recipient.who {
                    RecipientId::Person(person) if person.0 == "maria" => "+4915123456701",
                    RecipientId::Person(person) if person.0 == "jonas" => "+4915123456702",
                    _ => return None,
                };
                let code = n.content.body.raw().split("ACK ").nth(1)?.split_whitespace().next()?;
                Some((phone.to_owned(), code.trim_end_matches(['.', ',']).to_owned()))
            })
            .collect();
        pages.choose(&mut outside.rng).cloned()
    };
    let Some((from, code)) = page else { return true };
    let word = night.look().pick(&["ack", "Ack", "?", "esc"]);
    let inbound = Inbound {
        channel: "sms".into(),
        provider_id: id.into(),
        medium: Medium::Sms,
        from: from.as_str().into(),
        text: format!("{word} {code}").into(),
        answers: None,
        automatic: None,
    };
    let taken = replies::take_one(agent, inbound).await.is_ok();
    night.look().count("replies");
    taken
}

impl Outside {
    /// What waits longest is worked off first, most of the time.
    fn oldest_or_any(&mut self) -> Option<(Alert, &'static str, u64)> {
        let open: Vec<_> =
            self.alerts.values().filter(|alert| alert.state != AlertState::Resolved).map(|a| a.id).collect();
        let oldest = self.rng.random_bool(0.7);
        let id = if oldest { open.first().copied() } else { open.choose(&mut self.rng).copied() }?;
        let alert = self.alerts.get(&id)?.clone();
        let who = self.pick(&super::PEOPLE);
        Some((alert, who, self.between(0, 99)))
    }

    /// Forgets what is over, so that a year fits in memory.
    pub fn forget_what_is_over(&mut self) {
        self.alerts.retain(|_, alert| alert.state != AlertState::Resolved);
        let alerts: BTreeSet<_> = self.alerts.keys().copied().collect();
        self.paging.retain(|alert, _| alerts.contains(alert));
        self.notifications.retain(|_, n| n.due_at.is_some() || n.alerts().iter().any(|a| alerts.contains(a)));
        self.about.retain(|alert, _| alerts.contains(alert));
        while self.accepted.len() > 2_000 {
            self.accepted.pop_first();
        }
    }
}
