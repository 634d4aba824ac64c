//! A desk with everything the flows work with, for their tests: events are told to it, time passes,
//! messages leave; what is stored is what the changes say, and an event sees of it only what it asked for.

use crate::core::alert::{Alert, AlertState, Target};
use crate::core::assignment::{Assignment, Origin, Scope};
use crate::core::case::Case;
use crate::core::change::{Change, Object};
use crate::core::contact::{Contact, Medium};
use crate::core::decide::{self, Incoming, Needs, Thing, View};
use crate::core::delivery::{self, Answered, Answering, Claim, Delivering};
use crate::core::desk::{Carrier, Desk, Team};
use crate::core::document::Document;
use crate::core::duty::{Duty, Work};
use crate::core::escalation::Decision;
use crate::core::event::{CloudEvent, Event, Milestone, native};
use crate::core::exception::ExceptionReport;
use crate::core::expectation::Expectation;
use crate::core::flow::arrival::{self, Held};
use crate::core::flow::{self, plan_task};
use crate::core::id::{AlertId, EventId, Ids, NotificationId, TaskId};
use crate::core::notification::{Acceptance, Notification, NotificationState, RecipientId};
use crate::core::onboarding::{Doer, MilestoneRecord, Plan, PlanStep};
use crate::core::person::{Person, PersonId, Role};
use crate::core::reach::{Reach, fix_task};
use crate::core::scenario::Scene;
use crate::core::suppression::{Suppression, address_key};
use crate::core::task::{Task, TaskKind, TaskState};
use crate::core::thread::Thread;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub struct Stage {
    pub desk: Desk,
    pub now: Timestamp,
    pub alerts: BTreeMap<AlertId, Alert>,
    pub notifications: BTreeMap<NotificationId, Notification>,
    pub tasks: BTreeMap<TaskId, Task>,
    pub cases: BTreeMap<Thing, Case>,
    pub documents: BTreeMap<Thing, Document>,
    pub threads: BTreeMap<Thing, Thread>,
    pub milestones: BTreeMap<String, MilestoneRecord>,
    pub contacts: BTreeMap<String, Contact>,
    pub suppressed: BTreeMap<String, Suppression>,
    pub expectations: BTreeMap<String, Expectation>,
    pub exceptions: BTreeMap<String, ExceptionReport>,
    pub events: BTreeMap<EventId, Event>,
    pub history: Vec<Change>,
    keys: BTreeMap<String, AlertId>,
    pub ids: Ids,
    told: u32,
}

/// When an event says it was made.
#[derive(Clone, Debug, Default)]
pub struct When {
    pub sequence: Option<String>,
    pub time: Option<Timestamp>,
}

/// One message that left: to whom, over what, and in which words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    pub to: String,
    pub medium: Medium,
    pub address: String,
    pub body: String,
}

pub fn time(text: &str) -> When {
    When { time: Some(text.parse().unwrap()), sequence: None }
}

pub fn sequence(number: usize) -> When {
    When { sequence: Some(number.to_string()), time: None }
}

/// A contact of acme's with a mailbox and a number of their own.
pub fn contact(id: &str) -> Contact {
    let digits = id.bytes().fold(100_000u32, |sum, b| (sum * 31 + u32::from(b)) % 900_000);
    serde_json::from_value(json!({
        "id": id, "partner_id": "acme", "name": format!("Name of {id}"), "state": "active",
        "emails": [format!("{id}@acme.example")], "phones": [format!("+49151{:08}", digits)],
        "locale": "de", "time_zone": "Europe/Madrid",
        "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z",
    }))
    .unwrap()
}

impl Stage {
    /// Maria and Jonas are the team `service`, Lena leads it; Maria looks after acme; finance reviews.
    pub fn new() -> Self {
        let mut desk = Scene::usual().desk;
        let person = |id: &str| Person {
            id: PersonId(id.into()),
            name: format!("Name of {id}"),
            role: Role::Responder,
            email: Some(format!("{id}@desk.example").parse().unwrap()),
            phone: None,
            time_zone: None,
            locale: None,
            teams: vec!["service".into()],

            opted_out: Default::default(),
        };
        let everyone = ["maria", "jonas", "lena", "fin"];
        desk.people = everyone.map(|id| (PersonId(id.into()), person(id))).into();
        let service = Team {
            name: "service".into(),
            members: vec![PersonId("maria".into()), PersonId("jonas".into())],
            lead: Some(PersonId("lena".into())),
        };
        desk.teams.insert("service".into(), service);
        let of_all = |role: &str, person: &str| Assignment {
            role: role.into(),
            person: PersonId(person.into()),
            scope: Scope::Everyone,
            until: None,
            origin: Origin::File,
            deputy: None,
        };
        desk.assignments = vec![
            of_all("account_manager", "maria"),
            of_all("reviewer", "jonas"),
            of_all("reviewer:invoice", "fin"),
        ];
        for work in Work::ALL {
            let target = match work {
                Work::Documents => Target::Assigned("reviewer".into()),
                _ => Target::Team("service".into()),
            };
            let duty = Duty { team: Some("service".into()), tell: vec![target], ..Duty::default() };
            desk.work.insert(work, duty);
        }
        let step = |milestone, within_days| PlanStep { milestone, within_days, by: Doer::Partner };
        desk.plans = vec![Plan {
            name: "standard".into(),
            tiers: vec![],
            steps: vec![
                step(Milestone::ProfileApproved, 0),
                step(Milestone::DocumentsComplete, 5),
                step(Milestone::TestingReady, 10),
                step(Milestone::GoLive, 5),
            ],
        }];
        desk.carriers = vec![Carrier::plain("sms", &[Medium::Sms]), Carrier::plain("mail", &[Medium::Email])];
        Self {
            desk,
            // A Monday, within working hours.
            now: "2026-03-02T09:00:00Z".parse().unwrap(),
            alerts: BTreeMap::new(),
            notifications: BTreeMap::new(),
            tasks: BTreeMap::new(),
            cases: BTreeMap::new(),
            documents: BTreeMap::new(),
            threads: BTreeMap::new(),
            milestones: BTreeMap::new(),
            contacts: BTreeMap::new(),
            suppressed: BTreeMap::new(),
            expectations: BTreeMap::new(),
            exceptions: BTreeMap::new(),
            events: BTreeMap::new(),
            history: vec![],
            keys: BTreeMap::new(),
            ids: Ids::default(),
            told: 0,
        }
    }

    pub fn with(contacts: impl IntoIterator<Item = Contact>) -> Self {
        let mut stage = Self::new();
        stage.contacts = contacts.into_iter().map(|c| (c.id.raw().to_owned(), c)).collect();
        stage
    }

    /// Tells one event under an id of its own, and returns what it changed.
    pub fn tell(&mut self, kind: &str, data: Value) -> Vec<Change> {
        self.tell_as(kind, data, When::default())
    }

    pub fn tell_as(&mut self, kind: &str, mut data: Value, when: When) -> Vec<Change> {
        self.told += 1;
        if data.get("partner").is_none() {
            data["partner"] = json!({ "id": "acme", "name": "Acme", "time_zone": "Europe/Berlin" });
        }
        let sequence = when.sequence.map(|number| ("sequence".to_owned(), Value::String(number)));
        let event = CloudEvent {
            id: format!("e{}", self.told),
            source: "s".into(),
            kind: format!("community.{kind}"),
            time: when.time,
            subject: None,
            attributes: sequence.into_iter().collect(),
            data,
        };
        let (native, unreadable) = native(&event).unwrap();
        let fingerprint = event.id.clone();
        let incoming = Incoming { feed: "f".into(), event, native, unreadable, fingerprint };
        self.decide(vec![incoming])
    }

    fn decide(&mut self, incoming: Vec<Incoming>) -> Vec<Change> {
        let desk = self.desk.clone();
        let prepared: Vec<_> = incoming.into_iter().map(|i| decide::prepare(&desk, i, self.now)).collect();
        let mut view = self.view(&Needs::of(prepared.iter().map(|prepared| &prepared.needs)));
        let (changes, ids) = decide::events(&desk, &mut view, prepared, self.ids, self.now);
        self.ids = ids;
        self.keys.extend(view.keys);
        self.keep(changes.clone());
        changes
    }

    /// A contact is made or changed; what waited for them leaves.
    pub fn meet(&mut self, contact: Contact) -> Vec<Change> {
        let desk = self.desk.clone();
        let waits = |n: &&Notification| {
            n.state == NotificationState::Held && n.recipient.who == RecipientId::Contact(contact.id.clone())
        };
        let held: Vec<Held> = self
            .notifications
            .values()
            .filter(waits)
            .map(|n| Held { notification: n.clone(), event: n.event.map(|id| self.events[&id].clone()) })
            .collect();
        let things = arrival::things(&held);
        let tasks = arrival::tasks(&held).into_iter().chain([fix_task(&contact.id)]).collect();
        let needs = Needs {
            threads: things.iter().cloned().collect(),
            cases: things.into_iter().collect(),
            tasks,
            ..Needs::default()
        };
        self.contacts.insert(contact.id.raw().to_owned(), contact.clone());
        let (view, reach) = (self.view(&needs), self.reach(contact.id.raw()));
        let broken = view.tasks.get(&fix_task(&contact.id)).and_then(|task| task.notification);
        let told = |n: &&Notification| {
            n.recipient.who == RecipientId::Contact(contact.id.clone())
                && broken.is_some_and(|first| n.id >= first)
        };
        let since: Vec<Notification> = self.notifications.values().filter(told).cloned().collect();
        let mut decision = Decision::new(&desk, self.now, self.ids);
        arrival::contact_kept(&mut decision, view, &reach, held, &since);
        self.ids = decision.ids;
        self.keep(decision.changes.clone());
        decision.changes
    }

    /// Does what is due now, as often as something is.
    pub fn due(&mut self) {
        let desk = self.desk.clone();
        loop {
            let now = self.now;
            let due = |at: Option<Timestamp>| at.is_some_and(|at| at <= now);
            let mut decision = Decision::new(&desk, now, self.ids);
            for task in self.tasks.values().filter(|task| due(task.next_due())) {
                decision.task_due(&mut task.clone());
            }
            for milestone in self.milestones.values().filter(|m| due(m.next_due())) {
                let tasks = [plan_task(&milestone.partner, &milestone.milestone)].into();
                let mut view = self.view(&Needs { tasks, ..Needs::default() });
                flow::late(&mut decision, &mut view, milestone.clone());
            }
            let mut missed = Vec::new();
            for expectation in self.expectations.values().filter(|e| due(e.next_due())) {
                let mut view = View::default();
                missed.push(flow::expectations::missed(&mut decision, &mut view, expectation.clone()));
            }
            self.ids = decision.ids;
            if decision.changes.is_empty() {
                return;
            }
            self.keep(decision.changes);
            self.decide(missed);
        }
    }

    /// Hands over everything that is due; `answer` says what becomes of each message.
    pub fn send_with(&mut self, answer: impl Fn(&Sent) -> Answered) -> Vec<Sent> {
        let desk = self.desk.clone();
        let mut sent = Vec::new();
        // More rounds than any message can need.
        for _ in 0..20 {
            let due: Vec<_> = self
                .notifications
                .values()
                .filter(|n| n.due_at.is_some_and(|at| at <= self.now))
                .map(|n| n.id)
                .collect();
            if due.is_empty() {
                return sent;
            }
            for id in due {
                let (mut n, now) = (self.notifications[&id].clone(), self.now);
                let reach = match &n.recipient.who {
                    RecipientId::Contact(id) => Some(self.reach(id.raw())),
                    RecipientId::Person(_) | RecipientId::Webhook(_) => None,
                };
                let mut ids = self.ids;
                let mut context = Delivering {
                    desk: &desk,
                    down: &delivery::ALL_UP,
                    reach: reach.as_ref(),
                    ids: &mut ids,
                    now,
                };
                let (claim, changes) = delivery::claim(&mut context, &mut n);
                self.keep(changes);
                if let Claim::Send { address } = claim {
                    let to = match &n.recipient.who {
                        RecipientId::Contact(id) => id.raw().to_owned(),
                        RecipientId::Person(id) => id.0.clone(),
                        RecipientId::Webhook(name) => name.clone(),
                    };
                    let (body, attempt) = (n.content.body.raw().to_owned(), n.attempts.len() as u32);
                    let one = Sent { to, medium: n.medium, address, body };
                    let context = Answering {
                        desk: &desk,
                        down: &delivery::ALL_UP,
                        reach: reach.as_ref(),
                        needed: true,
                        over: &[],
                        jitter: 0.0,
                        now,
                    };
                    let changes = delivery::answered(&context, &mut n, attempt, answer(&one), &mut ids);
                    self.keep(changes);
                    sent.push(one);
                }
                self.ids = ids;
            }
        }
        panic!("messages go round and round: {sent:#?}");
    }

    pub fn send(&mut self) -> Vec<Sent> {
        self.send_with(|_| {
            Answered::Accepted(Acceptance { said: "ok".into(), parts: 1, ..Acceptance::default() })
        })
    }

    /// To contacts, the oldest message first: the contact, and its words.
    pub fn to_contacts(&self) -> Vec<(&str, &str)> {
        let to = |n: &'_ Notification| matches!(n.recipient.who, RecipientId::Contact(_));
        let named = self.notifications.values().filter(|n| to(n));
        named
            .map(|n| match &n.recipient.who {
                RecipientId::Contact(id) => (id.raw(), n.content.body.raw()),
                RecipientId::Person(id) => (id.0.as_str(), n.content.body.raw()),
                RecipientId::Webhook(name) => (name.as_str(), n.content.body.raw()),
            })
            .collect()
    }

    /// Messages to one person of the desk.
    pub fn to_person(&self, id: &str) -> Vec<&Notification> {
        let who = RecipientId::Person(PersonId(id.into()));
        self.notifications.values().filter(|n| n.recipient.who == who).collect()
    }

    pub fn open_tasks(&self, kind: TaskKind) -> Vec<&Task> {
        self.tasks.values().filter(|task| task.kind == kind && task.state != TaskState::Done).collect()
    }

    /// How a contact can be reached, as the store says it.
    pub fn reach(&self, id: &str) -> Reach {
        let contact = self.contacts.get(id).cloned();
        let others: Vec<Contact> = self.contacts.values().cloned().collect();
        Reach {
            others,
            suppressed: self.suppressed.iter().map(|(key, s)| (key.clone(), s.clone())).collect(),
            tasks: self.open_by_key().into_iter().collect(),
            partner: None,
            failed: Default::default(),
            contact,
        }
    }

    fn open_by_key(&self) -> BTreeMap<String, Task> {
        let open = self.tasks.values().filter(|task| task.state != TaskState::Done);
        open.map(|task| (task.key.raw().to_owned(), task.clone())).collect()
    }

    fn view(&self, needs: &Needs) -> View {
        let mut view = View::default();
        let alive = |id: &AlertId| self.alerts.get(id).filter(|alert| alert.state != AlertState::Resolved);
        for key in &needs.keys {
            if let Some(alert) = self.keys.get(key).and_then(alive) {
                view.keys.insert(key.clone(), alert.id);
                view.alerts.insert(alert.id, alert.clone());
            }
        }
        if needs.waiting {
            let of_alert = |n: &&Notification| n.alerts().iter().any(|id| view.alerts.contains_key(id));
            view.waiting = self.notifications.values().filter(of_alert).cloned().collect();
        }
        let pick = |thing: &Thing| self.cases.get(thing).map(|case| (thing.clone(), case.clone()));
        view.cases.extend(needs.cases.iter().filter_map(pick));
        for thing in &needs.threads {
            let Some(thread) = self.threads.get(thing) else { continue };
            let case = thread.case.as_ref().map(|case| Thing::of(&thread.partner, case));
            view.cases.extend(case.as_ref().and_then(pick));
            view.threads.insert(thing.clone(), thread.clone());
        }
        let documents = needs.documents.iter();
        view.documents.extend(documents.filter_map(|t| Some((t.clone(), self.documents.get(t)?.clone()))));
        let of_partner = |m: &&MilestoneRecord| needs.milestones.contains(m.partner.id.raw());
        let milestones = self.milestones.values().filter(of_partner);
        view.milestones.extend(milestones.map(|m| (m.id.raw().to_owned(), m.clone())));
        let followers = view.cases.values().flat_map(|case| case.opened_by.iter().chain(&case.watchers));
        let named: Vec<String> = followers.map(|id| id.raw().to_owned()).collect();
        for id in named.iter().chain(&needs.contacts) {
            view.contacts.extend(self.contacts.get(id).map(|contact| (id.clone(), contact.clone())));
        }
        let wanted =
            |c: &&Contact| c.partner_id.as_ref().is_some_and(|p| needs.contacts_of.contains(p.raw()));
        let all = self.contacts.values().filter(wanted);
        view.contacts.extend(all.map(|contact| (contact.id.raw().to_owned(), contact.clone())));
        view.tasks.extend(self.open_by_key().into_iter().filter(|(key, _)| needs.tasks.contains(key)));
        let exceptions = needs.exceptions.iter();
        view.exceptions
            .extend(exceptions.filter_map(|id| Some((id.clone(), self.exceptions.get(id)?.clone()))));
        let expectations = needs.expectations.iter();
        view.expectations
            .extend(expectations.filter_map(|id| Some((id.clone(), self.expectations.get(id)?.clone()))));
        view
    }

    fn keep(&mut self, changes: Vec<Change>) {
        for change in &changes {
            match &change.object {
                Object::Alert(alert) => _ = self.alerts.insert(alert.id, (**alert).clone()),
                Object::Notification(n) => _ = self.notifications.insert(n.id, (**n).clone()),
                Object::Task(task) => _ = self.tasks.insert(task.id, (**task).clone()),
                Object::Event(event) => _ = self.events.insert(event.id, (**event).clone()),
                Object::Case(case) => {
                    _ = self.cases.insert(Thing::of(&case.partner, &case.id), (**case).clone());
                }
                Object::Document(document) => {
                    let thing = Thing::of(&document.partner, &document.id);
                    self.documents.insert(thing, (**document).clone());
                }
                Object::Thread(thread) => {
                    _ = self.threads.insert(Thing::of(&thread.partner, &thread.id), (**thread).clone());
                }
                Object::Milestone(m) => _ = self.milestones.insert(m.id.raw().to_owned(), (**m).clone()),
                Object::Exception(e) => _ = self.exceptions.insert(e.id.raw().to_owned(), (**e).clone()),
                Object::Expectation(e) => _ = self.expectations.insert(e.id.raw().to_owned(), (**e).clone()),
                Object::Suppression(s) => _ = self.suppressed.insert(address_key(s.id.raw()), (**s).clone()),
                _ => {}
            }
        }
        self.history.extend(changes);
    }
}
