//! The recorded day, decided by the very functions that decide for an agent, folded into the console: played
//! again it gives the same screens, however it was cut into batches.

use crate::hand::{Hand, theme};
use crate::night;
use jiff::{SignedDuration, Timestamp};
use nightdesk::config;
use nightdesk::console::message::Msg;
use nightdesk::core::alert::{Alert, AlertState};
use nightdesk::core::bundle;
use nightdesk::core::change::{Change, Numbered, Object};
use nightdesk::core::decide::{self, Incoming, View};
use nightdesk::core::desk::Desk;
use nightdesk::core::escalation::Decision;
use nightdesk::core::event::{CloudEvent, native};
use nightdesk::core::id::{AlertId, Ids};
use nightdesk::core::notification::Notification;
use nightdesk::core::text::sanitise;
use nightdesk::practice::Day;
use nightdesk::term::capabilities::{Charset, Colours};
use nightdesk::wire::Snapshot;
use serde_json::Value;
use std::collections::BTreeMap;

const DESK: &str = include_str!("../../assets/demo/config.toml");

fn began() -> Timestamp {
    "2026-11-24T02:00:00Z".parse().unwrap()
}

/// What a store would keep, as far as the next decision asks for it.
struct Memory {
    desk: Desk,
    view: View,
    ids: Ids,
    alerts: BTreeMap<AlertId, Alert>,
    messages: BTreeMap<u64, Notification>,
}

impl Memory {
    fn keep(&mut self, changes: &[Change]) {
        for change in changes {
            match &change.object {
                Object::Alert(alert) => drop(self.alerts.insert(alert.id, (**alert).clone())),
                Object::Notification(one) => drop(self.messages.insert(one.id.0, (**one).clone())),
                _ => {}
            }
        }
    }

    fn standing(&self) -> BTreeMap<AlertId, Alert> {
        let stands = self.alerts.values().filter(|alert| alert.state != AlertState::Resolved);
        stands.map(|alert| (alert.id, alert.clone())).collect()
    }

    /// What the clock alone makes due.
    fn due(&mut self, now: Timestamp) -> Vec<Change> {
        let desk = self.desk.clone();
        let mut decision = Decision::new(&desk, now, self.ids);
        decision.around = self.standing();
        for alert in self.standing().values_mut() {
            decision.due(alert);
        }
        bundle::gather(&mut decision, None);
        self.ids = decision.ids;
        self.keep(&decision.changes);
        decision.changes
    }

    fn comes(&mut self, event: &Value, now: Timestamp) -> Vec<Change> {
        let text = |name: &str| event[name].as_str().unwrap().to_owned();
        let event = CloudEvent {
            id: text("id"),
            source: text("source"),
            kind: text("type"),
            time: text("time").parse().ok(),
            subject: event["subject"].as_str().map(str::to_owned),
            attributes: BTreeMap::new(),
            data: event["data"].clone(),
        };
        let (native, unreadable) = native(&event).unwrap();
        let fingerprint = event.id.clone();
        let incoming = Incoming { feed: "community".into(), event, native, unreadable, fingerprint };
        let desk = self.desk.clone();
        let prepared = vec![decide::prepare(&desk, incoming, now)];
        self.view.waiting = self.messages.values().cloned().collect();
        self.view.alerts = self.alerts.clone();
        self.view.around = self.standing();
        let (changes, ids) = decide::events(&desk, &mut self.view, prepared, self.ids, now);
        self.ids = ids;
        self.keep(&changes);
        changes
    }
}

/// Everything that the recorded day makes happen, with the second at which it does.
fn history() -> Vec<(Timestamp, Vec<Change>)> {
    let places = [
        ("intake", "127.0.0.1:1"),
        ("sms", "127.0.0.1:2"),
        ("scim", "127.0.0.1:3"),
        ("smtp_port", "4"),
        ("soon", "09:00"),
    ];
    let text = places
        .iter()
        .fold(DESK.to_owned(), |text, (place, value)| text.replace(&format!("{{{{{place}}}}}"), value));
    let folder = tempfile::tempdir().unwrap();
    for secret in ["secret", "gateway-password", "inbound-secret"] {
        std::fs::write(folder.path().join(secret), "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD").unwrap();
    }
    let settings = config::parse(&text, &folder.path().join("config.toml")).unwrap();
    let mut memory = Memory {
        desk: Desk { version: 1, ..settings.desk },
        view: View::default(),
        ids: Ids::default(),
        alerts: BTreeMap::new(),
        messages: BTreeMap::new(),
    };
    for contact in settings.contacts {
        memory.view.contacts.insert(contact.id.raw().to_owned(), contact);
    }
    let mut history = Vec::new();
    for (number, entry) in Day::recorded().unwrap().entries().iter().enumerate() {
        let now = began() + SignedDuration::from_millis((entry.at * 1000.0) as i64);
        history.push((now, memory.due(now)));
        let event = entry.event(&format!("day-{number}"), 0, now);
        history.push((now, memory.comes(&event, now)));
    }
    history
}

/// An operator who has watched the whole day, told of it in batches of so many changes.
fn watched(history: &[(Timestamp, Vec<Change>)], batch: usize, size: (u16, u16)) -> Hand {
    let snapshot = Snapshot { seq: 0, now: began(), recent: vec![], contacts: vec![], ..night::quiet() };
    let mut hand = Hand::on(snapshot).sized(size.0, size.1);
    hand.clock = began();
    hand.model.clock_offset = SignedDuration::ZERO;
    let mut seq = 0;
    let mut waiting: Vec<Numbered> = Vec::new();
    for (now, changes) in history {
        for change in changes {
            seq += 1;
            waiting.push(Numbered { seq, change: change.clone() });
        }
        if waiting.len() >= batch {
            hand.clock = *now;
            hand.tell(Msg::Changes(std::mem::take(&mut waiting)));
        }
    }
    hand.clock = history.last().unwrap().0;
    hand.tell(Msg::Changes(waiting));
    hand.wait(30);
    for _ in 0..2 {
        let rest = hand.model.triage.rests;
        hand.tell(Msg::Rested(rest));
    }
    hand
}

#[test]
fn the_recorded_day_replays_into_the_same_screens() {
    let history = history();
    let sizes = [(80, 24), (120, 40), (200, 60)];
    for size in sizes {
        let mut hand = watched(&history, 1, size);
        let again = watched(&self::history(), 400, size);
        assert_eq!(hand.screen(), again.screen(), "{size:?}");
        insta::assert_snapshot!(format!("day_triage_at_{}x{}", size.0, size.1), hand.screen());
        hand.press(&["2"]);
        insta::assert_snapshot!(format!("day_stream_at_{}x{}", size.0, size.1), hand.screen());
    }
}

#[test]
fn nothing_that_the_day_says_gets_past_the_wall() {
    let hand = watched(&history(), 50, (200, 60));
    for keys in [&[][..], &["2"], &["S", "3"], &["w"]] {
        let mut hand_of = watched(&history(), 50, (120, 40));
        hand_of.press(keys);
        for cell in &hand_of.buffer(theme(Colours::Rgb, Charset::Unicode)).content {
            assert_eq!(sanitise(cell.symbol()), cell.symbol());
        }
    }
    assert!(hand.model.desk.as_ref().unwrap().alerts.len() > 5);
}
