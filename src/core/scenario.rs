//! Small desks and alerts for the tests of this room: events go in, commands are given, time passes,
//! and what is stored is what the changes say.

use crate::core::alert::{Alert, AlertState, PolicySnapshot, Step, Target};
use crate::core::apply::{self, Asker, CommandView};
use crate::core::bundle::{self, Away};
use crate::core::change::{Change, Object};
use crate::core::command::{Action, Command, Expect, Refusal};
use crate::core::contact::Medium;
use crate::core::decide::{self, Incoming, View};
use crate::core::delivery::{self, Delivering};
use crate::core::desk::{Carrier, Desk, Promise, Retry};
use crate::core::duty::DutyChange;
use crate::core::escalation::Decision;
use crate::core::event::{CloudEvent, Event, native};
use crate::core::id::{AlertId, Ids, NotificationId};
use crate::core::label::Labels;
use crate::core::notification::{Notification, NotificationState};
use crate::core::person::{Person, PersonId, Role};
use crate::core::reply::ReplyKey;
use crate::core::resend;
use crate::core::rule::{GroupField, Match, Rule, Then};
use crate::core::storm::{self, Storm};
use crate::core::task::Task;
use crate::core::template::Templates;
use crate::core::throttle::Throttle;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use std::collections::BTreeMap;

pub struct Scene {
    pub desk: Desk,
    pub now: Timestamp,
    pub ids: Ids,
    pub alerts: BTreeMap<AlertId, Alert>,
    pub notifications: BTreeMap<NotificationId, Notification>,
    pub tasks: Vec<Task>,
    pub events: Vec<Event>,
    pub history: Vec<Change>,
    view: View,
}

pub fn tells(people: &[&str], after_minutes: i64) -> Step {
    let notify = people.iter().map(|id| Target::Person(PersonId((*id).into()))).collect();
    Step { after: SignedDuration::from_mins(after_minutes), notify }
}

fn person(id: &str, phone: Option<&str>) -> Person {
    Person {
        id: PersonId(id.into()),
        name: id.into(),
        role: Role::Responder,
        email: None,
        phone: phone.map(|phone| phone.parse().unwrap()),
        time_zone: None,
        locale: None,
        teams: vec![],

        opted_out: Default::default(),
    }
}

impl Scene {
    pub fn new(steps: Vec<Step>, last_resort: Step) -> Self {
        let people = [
            person("maria", Some("+4915123456701")),
            person("jonas", Some("+4915123456702")),
            person("nils", None),
        ];
        let minutes = SignedDuration::from_mins;
        let late = Rule {
            name: "late".into(),
            matches: Match { kinds: vec!["late_shipment".into()], ..Match::default() },
            when: None,
            then: Then::Alert { policy: "urgent".into() },
            duty: DutyChange::default(),
            group_by: vec![GroupField::Partner, GroupField::Kind],
            group_window: minutes(30),
        };
        let policy = PolicySnapshot { name: "urgent".into(), steps, last_resort, variants: vec![] };
        let desk = Desk {
            version: 1,
            name: "test".into(),
            instance: "d".into(),
            reply_key: ReplyKey::new(b"test"),
            time_zone: TimeZone::UTC,
            locale: "en".into(),
            people: people.into_iter().map(|p| (p.id.clone(), p)).collect(),
            teams: BTreeMap::new(),

            schedules: BTreeMap::new(),
            handover: Default::default(),
            unaccepted: vec![],
            calendars: BTreeMap::new(),
            main_calendar: None,
            policies: BTreeMap::from([("urgent".into(), policy)]),
            rules: vec![late],
            catch_all: "urgent".into(),
            assignments: vec![],
            absences: vec![],
            labels: Labels::shipped(),
            codes: crate::core::edi::Codes::shipped(),
            work: BTreeMap::new(),
            plans: vec![],
            expects: vec![],
            routes: Vec::new(),
            carriers: vec![Carrier::plain("sms", &[Medium::Sms])],
            wakes_contacts: crate::core::reach::WAKES.into(),
            links: Default::default(),
            asks_community: false,
            promise: Promise { critical: minutes(30), high: minutes(60), other: minutes(240) },
            storm: Storm { alerts: 5, within: minutes(10), quiet: minutes(15) },
            maintenance: vec![],
            inhibits: vec![],
            quiet_at_most: minutes(24 * 60),
            page_test: None,
            bundle_from: 3,
            throttle: Throttle::default(),
            retry: Retry { first: SignedDuration::from_secs(5), longest: minutes(5), give_up: minutes(240) },
            amount_factor: 2.0,
            templates: Templates::shipped(),
        };
        Self {
            desk,
            now: "2026-03-28T22:00:00Z".parse().unwrap(),
            ids: Ids::default(),
            alerts: BTreeMap::new(),
            notifications: BTreeMap::new(),
            tasks: vec![],
            events: vec![],
            history: vec![],
            view: View::default(),
        }
    }

    pub fn usual() -> Self {
        Self::new(vec![tells(&["maria"], 0), tells(&["jonas"], 6)], tells(&["maria", "jonas"], 10))
    }

    pub fn pass(&mut self, minutes: i64) {
        self.now += SignedDuration::from_mins(minutes);
    }

    /// What the store would hold: the last change of each thing.
    pub fn keep(&mut self, changes: Vec<Change>) {
        for change in &changes {
            match &change.object {
                Object::Alert(alert) => {
                    // Events find only alerts that stand.
                    if alert.state == AlertState::Resolved {
                        self.view.keys.retain(|_, id| *id != alert.id);
                    }
                    self.alerts.insert(alert.id, (**alert).clone());
                }
                Object::Notification(n) => drop(self.notifications.insert(n.id, (**n).clone())),
                Object::Task(task) => self.tasks.push((**task).clone()),
                Object::Event(event) => self.events.push((**event).clone()),
                _ => {}
            }
        }
        self.history.extend(changes);
    }

    /// Decides events together, as (`raised` or `cleared`, exception, severity).
    pub fn events(&mut self, batch: &[(&str, serde_json::Value, &str)]) {
        let prepared = batch
            .iter()
            .map(|(kind, exception, severity)| {
                let data = json!({ "exception": exception, "severity": severity, "partner": { "id": "acme", "name": "Acme" } });
                let event = CloudEvent {
                    id: "e".into(),
                    source: "s".into(),
                    kind: format!("community.exception.{kind}"),
                    time: None,
                    subject: None,
                    attributes: BTreeMap::new(),
                    data,
                };
                let (native, unreadable) = native(&event).unwrap();
                let incoming =
                    Incoming { feed: "f".into(), event, native, unreadable, fingerprint: String::new() };
                decide::prepare(&self.desk, incoming, self.now)
            })
            .collect();
        self.view.waiting = self.notifications.values().cloned().collect();
        self.view.alerts = self.alerts.clone();
        self.view.around = self.around();
        let (changes, ids) = decide::events(&self.desk, &mut self.view, prepared, self.ids, self.now);
        self.ids = ids;
        self.keep(changes);
    }

    /// Decides one event of a type that is not ours, without data.
    pub fn foreign(&mut self, kind: &str, source: &str) {
        let event = CloudEvent {
            id: "e".into(),
            source: source.into(),
            kind: kind.into(),
            time: None,
            subject: None,
            attributes: BTreeMap::new(),
            data: serde_json::Value::Null,
        };
        let (native, unreadable) = native(&event).unwrap();
        let incoming = Incoming { feed: "f".into(), event, native, unreadable, fingerprint: String::new() };
        let desk = self.desk.clone();
        let prepared = vec![decide::prepare(&desk, incoming, self.now)];
        let (changes, ids) = decide::events(&desk, &mut self.view, prepared, self.ids, self.now);
        self.ids = ids;
        self.keep(changes);
    }

    pub fn raise(&mut self, id: &str) {
        self.events(&[("raised", exception(id), "high")]);
    }

    fn around(&self) -> BTreeMap<AlertId, Alert> {
        let stands = |alert: &&Alert| alert.state != crate::core::alert::AlertState::Resolved;
        self.alerts.values().filter(stands).map(|alert| (alert.id, alert.clone())).collect()
    }

    /// Looks again at what the desk lets sleep, as after any change.
    pub fn review(&mut self) {
        let desk = self.desk.clone();
        let mut decision = Decision::new(&desk, self.now, self.ids);
        decision.around = self.around();
        for alert in self.alerts.clone().values_mut() {
            decision.review_rest(alert);
        }
        bundle::gather(&mut decision, None);
        self.ids = decision.ids;
        self.keep(decision.changes);
    }

    /// Lets the desk do what is due.
    pub fn due(&mut self) {
        self.due_after(None);
    }

    /// Lets the desk do what is due, perhaps after an absence.
    pub fn due_after(&mut self, away: Option<Away>) {
        let desk = self.desk.clone();
        let mut decision = Decision::new(&desk, self.now, self.ids);
        decision.around = self.around();
        for alert in self.alerts.clone().values_mut() {
            let about = |n: &&Notification| n.is_about(alert.id);
            let of_alert = self.notifications.values().filter(about).cloned().collect();
            storm::end(&mut decision, alert, || of_alert);
            decision.due(alert);
        }
        bundle::gather(&mut decision, away);
        self.ids = decision.ids;
        self.keep(decision.changes);
    }

    /// Everything that waits is handed over.
    pub fn sent(&mut self) {
        for n in self.notifications.values_mut().filter(|n| n.state == NotificationState::Queued) {
            let (down, mut ids) = (&delivery::ALL_UP, Ids::default());
            let mut context =
                Delivering { desk: &self.desk, down, reach: None, ids: &mut ids, now: self.now };
            delivery::claim(&mut context, n);
        }
    }

    pub fn command(&mut self, who: &str, action: Action, expect: Expect) -> Result<String, Refusal> {
        let alert = match &action {
            Action::Ack { alert, .. }
            | Action::Unack { alert }
            | Action::RestoreAlert { alert }
            | Action::Snooze { alert, .. }
            | Action::Resolve { alert, .. } => self.alerts.get(alert),
            _ => self.alerts.values().next(),
        };
        let about = |n: &&Notification| alert.is_none_or(|alert| n.is_about(alert.id));
        let view = CommandView {
            alert: alert.cloned(),
            notifications: self.notifications.values().filter(about).cloned().collect(),
            resend: resend::Known {
                alerts: self.alerts.clone(),
                messages: self.notifications.clone(),
                ..resend::Known::default()
            },
            ..CommandView::default()
        };
        let asker = Asker { id: PersonId(who.into()), name: who.into(), role: Role::Responder, login: None };
        let command = Command { id: "c".into(), action, expect };
        let desk = self.desk.clone();
        let (said, changes, ids) = apply::command(&desk, view, &command, &asker, self.ids, self.now)?;
        self.ids = ids;
        self.keep(changes);
        Ok(said)
    }

    pub fn ack(&mut self, who: &str) -> Result<String, Refusal> {
        self.command(who, Action::Ack { alert: AlertId(1), next_update_by: None }, Expect::default())
    }

    pub fn alert(&self) -> &Alert {
        &self.alerts[&AlertId(1)]
    }

    pub fn message(&mut self, id: u64) -> &mut Notification {
        self.notifications.get_mut(&NotificationId(id)).unwrap()
    }
}

pub fn exception(id: &str) -> serde_json::Value {
    json!({ "id": id, "kind": "blocked_order", "title": "Blocked" })
}
