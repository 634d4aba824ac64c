//! What the agent has told the console, folded: a snapshot, then every change replaces what it names.

use crate::console::clock;
use crate::console::known::Known;
use crate::core::alert::{Alert, AlertState, Target};
use crate::core::change::{Actor, Change, Numbered, Object, What};
use crate::core::contact::{Contact, Medium};
use crate::core::id::{AlertId, TaskId};
use crate::core::money::Money;
use crate::core::notification::{Content, Notification, RecipientId};
use crate::core::partner::PartnerRef;
use crate::core::person::{Person, PersonId, Role};
use crate::core::reach::addresses;
use crate::core::standing::Reachability;
use crate::core::suppression::address_key;
use crate::core::task::{Task, TaskState};
use crate::core::text::{Untrusted, sanitise};
use crate::core::traffic::Traffic;
use crate::wire::{
    ChannelHealth, DeskInfo, Health, Me, MediumDown, OnCall, OpenHandover, Snapshot, SourceHealth, SyncHealth,
};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// How many changes the Stream remembers.
pub const REMEMBERED: usize = 1000;

/// Beyond so many alerts, resolved ones are forgotten, but for so many of the latest.
const MANY_ALERTS: usize = 3000;
const RESOLVED: usize = 500;

/// So many tasks that have ended are remembered.
const FINISHED: usize = 200;

/// The desk as the agent last described it.
#[derive(Clone, Debug)]
pub struct Desk {
    pub seq: u64,
    pub me: Me,
    pub info: DeskInfo,
    pub alerts: BTreeMap<AlertId, Alert>,
    pub messages: Known,
    /// Open ones; of many those that are due first.
    pub tasks: BTreeMap<TaskId, Task>,
    /// Those that ended lately, the latest first: their rows stay until the hand is off.
    finished: Vec<Finished>,
    /// How many are open, known here or not.
    open_tasks: u64,
    pub contacts: BTreeMap<Untrusted, Contact>,
    /// Whether a partner's contacts are all known; of a partner that is not in it, some may be.
    pub contacts_heard: BTreeMap<Untrusted, ContactsHeard>,
    /// What stands between the desk and each contact, as the agent said last.
    pub reach: BTreeMap<Untrusted, Reachability>,
    /// The names of partners by their ids, as far as anything told them.
    partners: BTreeMap<Untrusted, Untrusted>,
    pub people: BTreeMap<PersonId, Person>,
    pub on_call: Vec<OnCall>,
    /// Hand-overs that nobody has accepted yet.
    pub handovers: Vec<OpenHandover>,
    pub sources: Vec<SourceHealth>,
    pub channels: Vec<ChannelHealth>,
    /// Of contacts with the community, if there is one to exchange with.
    pub sync: Option<SyncHealth>,
    /// Events of the last hour, in minutes that are over.
    pub traffic: Traffic,
    /// The zone that the operator's own machine is set to, if it is set to one.
    pub local: Option<TimeZone>,
    /// Oldest first.
    pub recent: VecDeque<Numbered>,
}

/// A task that has ended.
#[derive(Clone, Debug)]
pub struct Finished {
    /// As it was at the end.
    pub task: Task,
    /// `None`: it ended while the agent was away.
    pub end: Option<End>,
}

/// How a task ended.
#[derive(Clone, Debug)]
pub struct End {
    pub at: Timestamp,
    pub by: Actor,
    /// What ended it, in a sentence.
    pub said: Untrusted,
}

impl Finished {
    /// `22:07: the review was reported`.
    pub fn in_words(&self, now: Timestamp, zone: &TimeZone) -> String {
        match &self.end {
            Some(End { at, said, .. }) => {
                let said = said.printable();
                format!("{}: {}", clock::when(now, *at, zone), said.as_str().trim_end_matches('.'))
            }
            None => "while the agent was away".to_owned(),
        }
    }
}

/// What the agent has said about who the contacts of a partner are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContactsHeard {
    Asking,
    All,
    /// Why it could not say.
    Missing(String),
}

impl Desk {
    pub fn new(snapshot: Snapshot) -> Self {
        let Snapshot {
            seq,
            now: _,
            told: _,
            me,
            desk,
            alerts,
            notifications,
            tasks,
            open_tasks,
            recent,
            contacts,
            people,
            on_call,
            handovers,
            sources,
            channels,
            sync,
            traffic,
        } = snapshot;
        let mut partners = BTreeMap::new();
        let of_recent = recent.iter().filter_map(|numbered| partner_of(&numbered.change.object));
        let of_alerts = alerts.iter().map(|alert| &alert.partner);
        for about in of_recent.chain(of_alerts).chain(tasks.iter().filter_map(|task| task.partner.as_ref())) {
            partners.insert(about.id.clone(), about.name.clone());
        }
        let of_partners = contacts.iter().filter_map(|contact| contact.partner_id.clone());
        let contacts_heard = of_partners.map(|partner| (partner, ContactsHeard::All)).collect();
        Self {
            seq,
            me,
            partners,
            finished: Vec::new(),
            open_tasks: open_tasks
                .max(tasks.iter().filter(|task| task.state == TaskState::Open).count() as u64),
            info: desk,
            contacts_heard,
            reach: BTreeMap::new(),
            alerts: alerts.into_iter().map(|alert| (alert.id, alert)).collect(),
            messages: notifications.into_iter().collect(),
            tasks: tasks.into_iter().map(|task| (task.id, task)).collect(),
            contacts: contacts.into_iter().map(|contact| (contact.id.clone(), contact)).collect(),
            people: people.into_iter().map(|person| (person.id.clone(), person)).collect(),
            on_call,
            handovers,
            sources,
            channels,
            sync,
            traffic,
            local: None,
            recent: recent.into_iter().map(as_a_line).collect(),
        }
    }

    /// Remembers of what was known before a new snapshot what has ended since.
    pub fn remember(&mut self, before: Desk) {
        self.finished = before.finished;
        let gone = before.tasks.into_values().filter(|task| !self.tasks.contains_key(&task.id));
        let gone = gone.filter(|task| task.state == TaskState::Open).map(|task| Finished { task, end: None });
        self.finished.splice(0..0, gone);
        self.finished.retain(|one| !self.tasks.contains_key(&one.task.id));
        self.finished.truncate(FINISHED);
    }

    /// A task that ended lately.
    pub fn finished(&self, id: TaskId) -> Option<&Finished> {
        self.finished.iter().find(|one| one.task.id == id)
    }

    /// Ids and names of partners, as far as anything told them.
    pub fn known_partners(&self) -> impl Iterator<Item = (&Untrusted, &Untrusted)> {
        self.partners.iter()
    }

    /// A partner's name where anything told it, else the id.
    pub fn partner_name(&self, id: &Untrusted) -> String {
        self.partners.get(id).unwrap_or(id).printable().into_string()
    }

    /// What anything told of its name.
    pub fn raw_partner_name(&self, id: &Untrusted) -> Option<&Untrusted> {
        self.partners.get(id)
    }

    pub fn partner_names(&self) -> impl Iterator<Item = &str> {
        self.partners.values().map(Untrusted::raw)
    }

    /// Takes a contact from an answer, unless the stream brought a newer one meanwhile.
    pub fn learn(&mut self, contact: Contact) {
        let known = self.contacts.get(&contact.id);
        if known.is_none_or(|known| known.updated_at <= contact.updated_at) {
            self.contacts.insert(contact.id.clone(), contact);
        }
    }

    /// Applies one change of the stream; `false`: it was seen before, as a stream may repeat itself after a
    /// reconnect.
    pub fn fold(&mut self, numbered: Numbered) -> bool {
        if numbered.seq <= self.seq {
            return false;
        }
        self.seq = numbered.seq;
        let at = numbered.change.at;
        if let Some(about) = partner_of(&numbered.change.object) {
            self.partners.insert(about.id.clone(), about.name.clone());
        }
        match &numbered.change.object {
            Object::Alert(alert) => _ = self.alerts.insert(alert.id, (**alert).clone()),
            Object::Task(task) => self.fold_task(&numbered.change, task),
            Object::Notification(notification) => self.messages.learn((**notification).clone()),
            Object::Contact(contact) => {
                let before = self.contacts.insert(contact.id.clone(), (**contact).clone());
                let ways = |one: &Contact| (one.phones.clone(), one.emails.clone());
                // What was known of ways to them was known of other addresses.
                if before.is_none_or(|before| ways(&before) != ways(contact)) {
                    self.reach.remove(&contact.id);
                }
            }
            Object::Suppression(suppression) => {
                let contacts = &self.contacts;
                let is_theirs = |id: &Untrusted| {
                    let ways = |one| Medium::ALL.into_iter().flat_map(move |medium| addresses(one, medium));
                    contacts
                        .get(id)
                        .is_some_and(|one| ways(one).any(|at| address_key(at) == suppression.id.raw()))
                };
                self.reach.retain(|id, _| !is_theirs(id));
            }
            Object::Event(event) => {
                if let Some(source) = self.sources.iter_mut().find(|source| source.name == event.feed) {
                    source.last_event_at = source.last_event_at.max(Some(at));
                    source.silent = false;
                }
            }
            Object::Config(config) => self.info.config_version = config.version,
            _ => {}
        }
        if self.recent.len() >= REMEMBERED {
            self.recent.pop_front();
        }
        self.recent.push_back(as_a_line(numbered));
        self.forget();
        true
    }

    /// Forgets what is over, once there is much of it.
    fn forget(&mut self) {
        if self.alerts.len() > MANY_ALERTS {
            let over = self.alerts.values().filter(|alert| alert.state == AlertState::Resolved);
            let mut over: Vec<(Timestamp, AlertId)> =
                over.map(|alert| (alert.updated_at, alert.id)).collect();
            over.sort_unstable();
            for (_, id) in &over[..over.len().saturating_sub(RESOLVED)] {
                self.alerts.remove(id);
            }
        }
        if self.messages.is_many() {
            let of_tasks: BTreeSet<_> = self.tasks.values().filter_map(|task| task.notification).collect();
            let alerts = &self.alerts;
            let is_open = |id: &AlertId| alerts.get(id).is_some_and(|one| one.state != AlertState::Resolved);
            self.messages
                .forget(|message| of_tasks.contains(&message.id) || message.ever_about().iter().any(is_open));
        }
    }

    fn fold_task(&mut self, change: &Change, task: &Task) {
        let what = change.what;
        match task.state {
            TaskState::Done => {
                self.finished.truncate(FINISHED - 1);
                let end = End { at: change.at, by: change.actor.clone(), said: change.summary.clone() };
                self.finished.insert(0, Finished { task: task.clone(), end: Some(end) });
            }
            TaskState::Open | TaskState::Snoozed => self.finished.retain(|one| one.task.id != task.id),
        }
        let before = match task.state {
            TaskState::Done => self.tasks.remove(&task.id),
            TaskState::Open | TaskState::Snoozed => self.tasks.insert(task.id, task.clone()),
        };
        let was_open = match &before {
            Some(before) => before.state == TaskState::Open,
            // One that was not among those known is new, or was open or asleep all the time.
            None => match task.state {
                TaskState::Done => task.snoozed_until.is_none(),
                TaskState::Snoozed => what == What::TaskSnoozed,
                TaskState::Open => !matches!(what, What::TaskOpened | What::TaskWoke),
            },
        };
        match (was_open, task.state == TaskState::Open) {
            (false, true) => self.open_tasks += 1,
            (true, false) => self.open_tasks = self.open_tasks.saturating_sub(1),
            _ => {}
        }
    }

    pub fn health(&mut self, health: Health) {
        let Health { now: _, sources, channels, on_call, handovers, desk, sync, traffic, open_tasks } =
            health;
        // Counting along cannot tell whether a task that was never seen slept or was open; the agent can.
        if let Some(open) = open_tasks.filter(|open| open.seq == self.seq) {
            self.open_tasks = open.many;
        }
        self.traffic = traffic;
        self.sync = sync;
        self.sources = sources;
        self.channels = channels;
        self.on_call = on_call;
        self.handovers = handovers;
        self.info = desk;
    }

    /// The zone in which the operator reads times: their own, else that of their machine, else the desk's.
    pub fn zone(&self) -> TimeZone {
        let own = self.me.person.as_ref().and_then(|person| person.time_zone.as_deref());
        let own = own.and_then(|name| TimeZone::get(name).ok());
        own.or_else(|| self.local.clone()).unwrap_or_else(|| self.own_zone())
    }

    /// The zone of a partner, where it is known.
    pub fn zone_of(partner: &PartnerRef) -> Option<TimeZone> {
        partner.time_zone.as_ref().and_then(|name| TimeZone::get(name.raw()).ok())
    }

    /// The desk's own zone, in which its days are counted whoever looks.
    pub fn own_zone(&self) -> TimeZone {
        TimeZone::get(&self.info.time_zone).unwrap_or(TimeZone::UTC)
    }

    pub fn is_me(&self, person: &PersonId) -> bool {
        self.me.person.as_ref().is_some_and(|me| me.id == *person)
    }

    /// The role the agent grants; before the PIN of a shared login it is nobody's.
    pub fn role(&self) -> Role {
        if self.me.pin_needed { Role::Viewer } else { self.me.role }
    }

    /// `you`, `M.Weber`, or the id of somebody the configuration no longer knows.
    pub fn short_name(&self, person: &PersonId) -> String {
        if self.is_me(person) {
            return "you".to_owned();
        }
        match self.people.get(person) {
            Some(person) => sanitise(&person.short_name()).into_owned(),
            None => sanitise(&person.0).into_owned(),
        }
    }

    /// `Maria Weber`, also where it is oneself.
    pub fn whole_name(&self, person: &PersonId) -> String {
        let name = self.people.get(person).map_or(person.0.as_str(), |person| person.name.as_str());
        sanitise(name).into_owned()
    }

    /// The shortest name that a column takes: `Weber`.
    pub fn last_name(&self, person: &PersonId) -> String {
        if self.is_me(person) {
            return "you".to_owned();
        }
        let name = self.people.get(person).map_or(person.0.as_str(), |person| person.name.as_str());
        sanitise(name.split_whitespace().next_back().unwrap_or(name)).into_owned()
    }

    pub fn recipient_name(&self, notification: &Notification) -> String {
        match &notification.recipient.who {
            RecipientId::Person(person) => self.short_name(person),
            RecipientId::Webhook(channel) => sanitise(channel).into_owned(),
            RecipientId::Contact(_) => {
                crate::core::person::short_name(notification.recipient.name.printable().as_str())
            }
        }
    }

    /// Whom a policy step means today, in words: `M.Weber`, `team grid`, `lead A.Kaya`.
    pub fn target(&self, target: &Target) -> String {
        match target {
            Target::OnCall(schedule) => {
                let on_call = self.on_call.iter().find(|on_call| on_call.schedule == *schedule);
                match on_call.and_then(|on_call| on_call.person.as_ref()) {
                    Some(person) => self.short_name(person),
                    None => format!("on call: {}", sanitise(schedule)),
                }
            }
            Target::Person(person) => self.short_name(person),
            Target::Team(team) => format!("team {}", sanitise(team)),
            Target::Lead(team) => format!("lead of {}", sanitise(team)),
            Target::Webhook(channel) => format!("webhook {}", sanitise(channel)),
            Target::Assigned(role) => format!("the {}", sanitise(role).replace('_', " ")),
        }
    }

    pub fn targets(&self, targets: &[Target]) -> String {
        let mut names: Vec<String> = Vec::new();
        for target in targets {
            let name = self.target(target);
            if !names.contains(&name) {
                names.push(name);
            }
        }
        if names.is_empty() { "nobody".to_owned() } else { names.join(", ") }
    }

    pub fn contacts_of(&self, partner: &Untrusted) -> impl Iterator<Item = &Contact> {
        self.contacts.values().filter(move |contact| contact.partner_id.as_ref() == Some(partner))
    }

    /// Alerts that page somebody: open, and their members not all cleared.
    pub fn paging(&self) -> impl Iterator<Item = &Alert> {
        self.alerts.values().filter(|alert| pages(alert))
    }

    pub fn held(&self) -> usize {
        let held = |alert: &&Alert| matches!(alert.state, AlertState::Acknowledged | AlertState::Snoozed);
        self.alerts.values().filter(held).count()
    }

    /// What all that is not resolved puts at risk, one sum a currency, by the names of the currencies.
    pub fn at_risk(&self) -> Vec<Money> {
        let mut sums = Vec::new();
        let open = self.alerts.values().filter(|alert| alert.state != AlertState::Resolved);
        for money in open.flat_map(|alert| &alert.at_risk) {
            Money::add_to(&mut sums, money);
        }
        sums.sort_by(|one: &Money, other| one.currency.cmp(&other.currency));
        sums
    }

    pub fn to_do(&self) -> usize {
        usize::try_from(self.open_tasks).unwrap_or(usize::MAX)
    }

    /// Open tasks that the agent has and did not bring along: none of them is due sooner.
    pub fn to_do_elsewhere(&self) -> usize {
        let known = self.tasks.values().filter(|task| task.state == TaskState::Open).count();
        self.to_do().saturating_sub(known)
    }

    /// The newest event of any source.
    pub fn last_event(&self) -> Option<(&SourceHealth, Timestamp)> {
        self.sources
            .iter()
            .filter_map(|source| Some((source, source.last_event_at?)))
            .max_by_key(|(_, at)| *at)
    }

    /// Since when no provider carries a medium, if none does.
    pub fn medium_down(&self, medium: Medium) -> Option<&MediumDown> {
        self.info.down.iter().find(|down| down.medium == medium)
    }

    /// The channels that carry a medium.
    pub fn carriers(&self, medium: Medium) -> impl Iterator<Item = &ChannelHealth> {
        self.channels.iter().filter(move |channel| channel.carries.contains(&medium))
    }
}

/// Nobody has it in hand, and it is not over.
pub fn pages(alert: &Alert) -> bool {
    alert.state == AlertState::Open && alert.cleared_at.is_none()
}

/// A change without what only a page of its own shows, as the Stream keeps it.
fn as_a_line(mut numbered: Numbered) -> Numbered {
    match &mut numbered.change.object {
        Object::Alert(alert) => (alert.members, alert.policy.steps) = (Vec::new(), Vec::new()),
        Object::Event(event) => {
            event.data = serde_json::Value::Null;
            event.attributes = BTreeMap::new();
            (event.why, event.unreadable) = (Vec::new(), Vec::new());
            (event.source, event.event_id) = (Untrusted::default(), Untrusted::default());
            event.fingerprint = String::new();
        }
        Object::Notification(message) => {
            message.content = Content::default();
            message.said = None;
        }
        _ => {}
    }
    numbered
}

/// The partner as an object describes it.
pub fn partner_of(object: &Object) -> Option<&PartnerRef> {
    match object {
        Object::Alert(alert) => Some(&alert.partner),
        Object::Event(event) => event.partner.as_ref(),
        Object::Task(task) => task.partner.as_ref(),
        Object::Partner(partner) => Some(&partner.about),
        Object::Case(case) => Some(&case.partner),
        Object::Document(document) => Some(&document.partner),
        Object::Thread(thread) => Some(&thread.partner),
        Object::Milestone(milestone) => Some(&milestone.partner),
        Object::Expectation(expectation) => Some(&expectation.partner),
        Object::Exception(_) => None,
        Object::Notification(_)
        | Object::Contact(_)
        | Object::Link(_)
        | Object::Suppression(_)
        | Object::Reply(_)
        | Object::Consent(_)
        | Object::Digest(_)
        | Object::Assignment(_)
        | Object::Override(_)
        | Object::Window(_)
        | Object::ShiftTest(_)
        | Object::Roster(_)
        | Object::Provider(_)
        | Object::Handover(_)
        | Object::Config(_)
        | Object::View(_)
        | Object::Nothing => None,
    }
}
