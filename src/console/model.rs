//! Everything the console knows and shows. Views read it, only `update` writes it.

use crate::console::AgentAfter;
use crate::console::beside::Beside;
use crate::console::configuration::Configuration;
use crate::console::desk::Desk;
use crate::console::dialog::{Dialog, Note, Recent};
use crate::console::drill::Drill;
use crate::console::form::Form;
use crate::console::handover::Handing;
use crate::console::keymap::Context;
use crate::console::keys::Keys;
use crate::console::line::Line;
use crate::console::look::Looks;
use crate::console::message::Ticket;
use crate::console::messages::Messages;
use crate::console::moved::Moved;
use crate::console::nav::Trail;
use crate::console::oncall::Plan;
use crate::console::others::Unsaid;
use crate::console::partners::{Item, Page, Partners};
use crate::console::people::People;
use crate::console::providers::Providers;
use crate::console::rows::Rows;
use crate::console::search::Search;
use crate::console::sort::{self, By};
use crate::console::sources::Sources;
use crate::console::streamed::Stream;
use crate::console::templates::Templates;
use crate::console::theme::Theme;
use crate::console::waiting::{Item as WaitingItem, Waiting};
use crate::core::alert::{Alert, AlertState};
use crate::core::command::Action as Ask;
use crate::core::contact::{Contact, ContactState};
use crate::core::counted::counted;
use crate::core::id::{AlertId, HandoverId, NotificationId, TaskId};
use crate::core::notification::{Notification, NotificationState};
use crate::core::partner::PartnerRef;
use crate::core::query::{field, rows};
use crate::core::resend::Target;
use crate::core::task::{Task, TaskKind, TaskState};
use crate::core::text::Untrusted;
use crate::core::together::One;
use crate::wire::AlertDetail;
use crate::wire::person::Viewer;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// How long after a key the hand still counts as being on the list.
pub const HAND_RESTS: SignedDuration = SignedDuration::from_secs(20);
/// How long `u` undoes.
pub const UNDO_WITHIN: SignedDuration = SignedDuration::from_secs(10);
/// An agent away for less is "reconnecting".
pub const RECONNECTING: SignedDuration = SignedDuration::from_secs(5);
/// A command without an answer for longer makes the agent slow; so often that is counted on.
pub const SLOW_STEP: SignedDuration = SignedDuration::from_secs(5);
/// A selected countdown shows seconds below this.
pub const SECONDS_BELOW: i64 = 120;
#[derive(Debug)]
pub struct Model {
    /// The agent's time.
    pub now: Timestamp,
    /// What to add to this machine's clock to get the agent's.
    pub clock_offset: SignedDuration,
    pub size: (u16, u16),
    pub link: Link,
    pub desk: Option<Desk>,
    pub place: Place,
    /// The way here.
    pub trail: Trail,
    pub triage: Triage,
    /// The partner beside the detail of Triage.
    pub beside: Beside,
    pub stream: Stream,
    pub partners: Partners,
    pub page: Option<Page>,
    pub contacts: Contacts,
    pub messages: Messages,
    pub on_call: Plan,
    pub handover: Handing,
    pub templates: Templates,
    pub providers: Providers,
    pub people: People,
    pub sources: Sources,
    pub configuration: Configuration,
    pub search: Search,
    pub dialog: Option<Dialog>,
    /// When the dialog opened, if it did so by itself.
    pub appeared: Option<Timestamp>,
    /// With text whose order was not carried out; each opens again once nothing else is typed.
    pub given_back: Vec<Dialog>,
    /// Notes that were begun and put off, in memory only.
    pub drafts: Vec<Note>,
    /// Who is there has to be said, and was not asked yet.
    pub ask_pin: bool,
    pub pending: Vec<Pending>,
    /// Who looks at which alert, oneself among them.
    pub viewers: Vec<Viewer>,
    /// What the agent was last told that one looks at.
    pub looked: Option<AlertId>,
    /// What was pressed while the agent was away.
    pub waiting: Waiting,
    /// Makes the ids of this console's commands unlike those of any other.
    pub session: String,
    pub flash: Option<Flash>,
    /// What others did, where a refusal stands in its place.
    pub unsaid: Option<Unsaid>,
    pub undo: Option<Undo>,
    /// The hand came to another row without a key, a moment ago.
    pub moved: Option<Moved>,
    /// What the command line names, while it is carried out: it counts as what the hand is on.
    pub named: Option<Named>,
    /// Chosen from the palette, the newest first.
    pub recents: Vec<Recent>,
    pub drill: Option<Drill>,
    pub agent_after: AgentAfter,
    pub keys: Keys,
    pub looks: Looks,
    /// The longest text, in bytes, that the terminal's clipboard takes.
    pub clipboard: usize,
    /// Nothing may be done from here.
    pub read_only: bool,
    /// What was wrong with the console's part of the configuration.
    pub warnings: Vec<String>,
    /// The zone that this machine is set to for the operator, if it is set to one.
    pub local: Option<TimeZone>,
    /// Somebody sits here for the first time and has not asked for the keys yet.
    pub newcomer: bool,
    /// Ctrl-C was pressed once.
    pub leaving: bool,
    pub last_key: Option<Timestamp>,
    /// The place was opened by the last key, so that no hand is on its rows yet.
    pub fresh: bool,
    pub tickets: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Link {
    /// Not heard from yet.
    Connecting,
    Live,
    Away {
        since: Timestamp,
        why: String,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Triage,
    Stream,
    Partners,
    /// The page of one partner, opened from anywhere.
    Partner,
    /// A view of Partners.
    Contacts,
    Messages,
    /// The first view of Desk.
    OnCall,
    People,
    /// The page of one person of the desk.
    Person,
    /// The sheet of one's own hand-over.
    Handover,
    Templates,
    /// The ways out, and how they are doing.
    Providers,
    /// The ways in.
    Sources,
    Configuration,
    /// Everything there ever was, by a query.
    Search,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Focus {
    Alerts,
    Tasks,
}

#[derive(Debug)]
pub struct Triage {
    pub focus: Focus,
    pub alerts: Rows<AlertId>,
    pub tasks: Rows<TaskId>,
    pub filter: Filter,
    /// In what order the rows stand.
    pub by: By,
    /// The detail has the whole screen.
    pub zoomed: bool,
    pub scroll: u16,
    /// What the detail pane shows; follows the selection once it rests.
    pub shown: Option<Subject>,
    /// Where the hand went and has not rested yet.
    pub resting: Option<Subject>,
    pub rests: u64,
    pub detail: Option<Box<AlertDetail>>,
    pub refresh: Refresh,
    /// Why the detail could not be fetched.
    pub detail_missing: Option<String>,
}

/// Whether what the detail pane shows is to be asked for again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Refresh {
    #[default]
    Rests,
    /// It was asked for a moment ago.
    Waits,
    /// It has changed since.
    IsOld,
}

/// What a detail pane is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    Alert(AlertId),
    Task(TaskId),
}

/// What a command was told to act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    Subject(Subject),
    Message(NotificationId),
}

#[derive(Debug)]
pub struct Contacts {
    pub filter: Filter,
    pub rows: Rows<Untrusted>,
    pub form: Option<Form>,
    /// The form was opened by itself, and closing it leads back.
    pub alone: bool,
    /// Whose contacts were asked to be shown.
    pub of: Option<Untrusted>,
    /// An answer has come.
    pub heard: bool,
    /// Where the hand is to be once the contact is known.
    pub sought: Option<Untrusted>,
}

/// Rows that match what is typed.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub line: Line,
    /// Being typed.
    pub open: bool,
}

/// A command on its way.
#[derive(Debug)]
pub struct Pending {
    pub ticket: Ticket,
    pub about: About,
    /// `ack`, `snooze` …
    pub word: &'static str,
    /// What the row is called, for what became of it.
    pub label: String,
    /// What undoes it once it is done.
    pub undo: Option<One>,
    /// The dialog with the text that was typed for it, which comes back where it is not done.
    pub typed: Option<Box<Dialog>>,
    /// What waits in its place if the agent goes away before it answers.
    pub waits: Option<Box<WaitingItem>>,
    /// When it was sent.
    pub since: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    Alert(AlertId),
    Task(TaskId),
    Contact(Untrusted),
    Message(NotificationId),
    /// Who is on call by this schedule.
    OnCall(String),
    Handover(HandoverId),
    Maintenance,
    /// So many rows.
    Several(usize),
    View,
}

/// One sentence to the operator, for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flash {
    pub text: String,
    pub tone: Tone,
    pub until: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Done,
    Refused,
    Hint,
}

/// What `u` takes back.
#[derive(Clone, Debug, PartialEq)]
pub struct Undo {
    /// Of what was done; the newest counts, whatever is answered last.
    pub ticket: Ticket,
    /// What undoes it, row by row.
    pub what: Vec<One>,
    pub until: Timestamp,
}

impl About {
    /// `None`: an action that no row or message is waiting for.
    pub fn of(action: &Ask) -> Option<Self> {
        Some(match action {
            Ask::Ack { alert, .. }
            | Ask::Unack { alert }
            | Ask::RestoreAlert { alert }
            | Ask::Snooze { alert, .. }
            | Ask::HandAlert { alert, .. }
            | Ask::KeepAlert { alert }
            | Ask::NoteAlert { alert, .. } => Self::Alert(*alert),
            Ask::TakeTask { task }
            | Ask::DoneTask { task, .. }
            | Ask::SnoozeTask { task, .. }
            | Ask::RestoreTask { task, .. }
            | Ask::NoteTask { task, .. } => Self::Task(*task),
            Ask::Unsend { what } => match what.first()? {
                Target::Alert(alert) => Self::Alert(*alert),
                Target::Message(message) => Self::Message(*message),
            },
            _ => return None,
        })
    }

    /// `A12`, `T3`, `3 rows`; `that` for what has no name of its own.
    pub fn name(&self) -> String {
        match self {
            Self::Alert(id) => id.to_string(),
            Self::Task(id) => id.to_string(),
            Self::Message(id) => id.to_string(),
            Self::Handover(id) => id.to_string(),
            Self::Several(many) => counted(*many, "row", "rows"),
            Self::Contact(_) | Self::OnCall(_) | Self::Maintenance | Self::View => "that".to_owned(),
        }
    }
}

impl Filter {
    pub fn is_active(&self) -> bool {
        self.open || !self.line.is_empty()
    }
}

impl Contacts {
    /// The filter is still the one that shows this partner's contacts.
    pub fn shows_only(&self, partner: &Untrusted) -> bool {
        self.of.as_ref() == Some(partner) && self.filter.line.text() == partner.printable().as_str()
    }
}

impl Model {
    pub fn new(now: Timestamp) -> Self {
        Self {
            now,
            clock_offset: SignedDuration::ZERO,
            size: (80, 24),
            link: Link::Connecting,
            desk: None,
            place: Place::Triage,
            trail: Trail::default(),
            triage: Triage {
                focus: Focus::Alerts,
                alerts: Rows::default(),
                tasks: Rows::default(),
                filter: Filter::default(),
                by: By::default(),
                zoomed: false,
                scroll: 0,
                shown: None,
                resting: None,
                rests: 0,
                detail: None,
                refresh: Refresh::Rests,
                detail_missing: None,
            },
            beside: Beside::default(),
            stream: Stream {
                filter: Filter::default(),
                selected: None,
                paused_at: 0,
                held: Vec::new(),
                second: 0,
                counting: 0,
                passed: 0,
                still: Vec::new(),
            },
            partners: Partners::default(),
            page: None,
            contacts: Contacts {
                filter: Filter::default(),
                rows: Rows::default(),
                form: None,
                alone: false,
                of: None,
                heard: false,
                sought: None,
            },
            messages: Messages::default(),
            on_call: Plan::default(),
            handover: Handing::default(),
            templates: Templates::default(),
            providers: Providers::default(),
            people: People::default(),
            sources: Sources::default(),
            configuration: Configuration::default(),
            search: Search::default(),
            dialog: None,
            appeared: None,
            given_back: Vec::new(),
            drafts: Vec::new(),
            ask_pin: false,
            moved: None,
            pending: Vec::new(),
            viewers: Vec::new(),
            looked: None,
            waiting: Waiting::default(),
            session: String::new(),
            flash: None,
            unsaid: None,
            undo: None,
            named: None,
            recents: Vec::new(),
            drill: None,
            agent_after: AgentAfter::GoesOn,
            keys: Keys::default(),
            looks: Looks::default(),
            clipboard: crate::term::clipboard::LONGEST,
            read_only: false,
            warnings: Vec::new(),
            local: None,
            newcomer: false,
            leaving: false,
            last_key: None,
            fresh: false,
            tickets: 0,
        }
    }

    /// Which rows of the keymap hold.
    pub fn context(&self) -> Context {
        match (self.place, self.triage.focus) {
            (Place::Triage, Focus::Alerts) => Context::Alerts,
            (Place::Triage, Focus::Tasks) => Context::Tasks,
            (Place::Stream, _) => Context::Stream,
            (Place::Partners, _) => Context::Partners,
            (Place::Partner, _) => Context::Partner,
            (Place::Contacts, _) => Context::Contacts,
            (Place::Messages, _) => Context::Messages,
            (Place::OnCall, _) => Context::OnCall,
            (Place::Handover, _) => Context::Handover,
            (Place::Templates, _) if self.templates.opened.is_some() => Context::Preview,
            (Place::Templates, _) => Context::Templates,
            (Place::Providers, _) => Context::Providers,
            (Place::People, _) => Context::People,
            (Place::Person, _) => Context::Person,
            (Place::Sources, _) => Context::Sources,
            (Place::Configuration, _) => Context::Configuration,
            (Place::Search, _) => Context::Search,
        }
    }

    /// How it looks; while a theme is being chosen, as that one does.
    pub fn theme(&self) -> Theme {
        self.looks.theme(match &self.dialog {
            Some(Dialog::Theme(dialog)) => dialog.tried(),
            Some(Dialog::Palette(palette)) => palette.line.text().trim().strip_prefix("theme "),
            _ => None,
        })
    }

    pub fn zone(&self) -> TimeZone {
        self.desk.as_ref().map_or(TimeZone::UTC, Desk::zone)
    }

    pub fn alert(&self, id: AlertId) -> Option<&Alert> {
        self.desk.as_ref()?.alerts.get(&id)
    }

    pub fn task(&self, id: TaskId) -> Option<&Task> {
        self.desk.as_ref()?.tasks.get(&id)
    }

    /// A task that is open or asleep, or that ended lately.
    pub fn known_task(&self, id: TaskId) -> Option<&Task> {
        self.task(id).or_else(|| Some(&self.desk.as_ref()?.finished(id)?.task))
    }

    pub fn selected_alert(&self) -> Option<&Alert> {
        match self.subject()? {
            Subject::Alert(id) => self.alert(id),
            Subject::Task(_) => None,
        }
    }

    /// The message that the selected task is about.
    pub fn message_of_task(&self) -> Option<&Notification> {
        self.desk.as_ref()?.messages.get(self.selected_task()?.notification?)
    }

    pub fn selected_task(&self) -> Option<&Task> {
        match self.subject()? {
            Subject::Task(id) => self.task(id),
            Subject::Alert(_) => None,
        }
    }

    /// The alert of the row the hand is on.
    pub fn alert_at_hand(&self) -> Option<AlertId> {
        match self.place {
            Place::Messages if self.named.is_none() => self.selected_message()?.alert,
            _ => self.selected_alert().map(|alert| alert.id),
        }
    }

    /// What the hand is on in Triage, or what a command names.
    pub fn subject(&self) -> Option<Subject> {
        match self.named {
            Some(Named::Subject(subject)) => return Some(subject),
            Some(Named::Message(_)) => return None,
            None => {}
        }
        match (self.place, self.triage.focus) {
            (Place::Triage, Focus::Alerts) => self.triage.alerts.selected().copied().map(Subject::Alert),
            (Place::Triage, Focus::Tasks) => self.triage.tasks.selected().copied().map(Subject::Task),
            _ => None,
        }
    }

    /// A message, wherever the console knows it from.
    pub fn message(&self, id: NotificationId) -> Option<&Notification> {
        let of_desk = self.desk.as_ref().and_then(|desk| desk.messages.get(id));
        let of_page =
            || self.page.iter().filter_map(|page| page.detail.as_ref()).flat_map(|d| &d.notifications);
        let of_alert = || self.triage.detail.iter().flat_map(|detail| &detail.notifications);
        of_desk
            .or_else(|| self.messages.known.get(&id))
            .or_else(|| of_page().chain(of_alert()).find(|message| message.id == id))
    }

    pub fn selected_contact(&self) -> Option<&Contact> {
        self.desk.as_ref()?.contacts.get(self.contacts.rows.selected()?)
    }

    /// The message in doubt that the hand is on, or that the task at hand asks about.
    pub fn message_in_doubt(&self) -> Option<&Notification> {
        let of_task = || {
            let task = self.selected_task().filter(|task| task.kind == TaskKind::Doubt)?;
            self.desk.as_ref()?.messages.get(task.notification?)
        };
        self.selected_message().or_else(of_task).filter(|n| n.state == NotificationState::InDoubt)
    }

    /// The message the hand is on: in Messages, or on the page of a partner.
    pub fn selected_message(&self) -> Option<&Notification> {
        match self.named {
            Some(Named::Message(id)) => {
                let known = self.messages.known.get(&id);
                return known.or_else(|| self.desk.as_ref()?.messages.get(id));
            }
            Some(Named::Subject(_)) => return None,
            None => {}
        }
        match self.place {
            Place::Messages => crate::console::messages::selected(self),
            Place::Partner => {
                let page = self.page.as_ref()?;
                let item = page.opened.as_ref().map(|opened| &opened.what).or(page.rows.selected());
                let Some(Item::Message(id)) = item else { return None };
                let fetched = || page.detail.as_ref()?.notifications.iter().find(|n| n.id == *id);
                self.desk.as_ref()?.messages.get(*id).or_else(fetched)
            }
            _ => None,
        }
    }

    /// Whose row the hand is on, wherever it is.
    pub fn partner_at_hand(&self) -> Option<Untrusted> {
        match self.place {
            Place::Triage => self.selected_partner().map(|partner| partner.id.clone()),
            Place::Stream => self.line_at_hand()?.change.partner.clone(),
            Place::Partners => self.partners.rows.selected().cloned(),
            Place::Partner => self.page.as_ref().map(|page| page.id.clone()),
            Place::Contacts => self.selected_contact()?.partner_id.clone(),
            Place::Messages => self.selected_message()?.partner.clone(),
            Place::Search => self.search.selected()?.partner.as_ref().map(|partner| partner.id.clone()),
            Place::OnCall
            | Place::People
            | Place::Person
            | Place::Handover
            | Place::Templates
            | Place::Providers
            | Place::Sources
            | Place::Configuration => None,
        }
    }

    /// The partner of the selected row of Triage.
    pub fn selected_partner(&self) -> Option<&PartnerRef> {
        match self.subject()? {
            Subject::Alert(id) => self.alert(id).map(|alert| &alert.partner),
            Subject::Task(id) => self.known_task(id)?.partner.as_ref(),
        }
    }

    /// The detail of the alert in the pane, when it has come.
    pub fn detail_of(&self, alert: AlertId) -> Option<&AlertDetail> {
        let of_why = match &self.dialog {
            Some(Dialog::Why(why)) => why.alert.as_ref().and_then(|answer| answer.as_deref().ok()),
            _ => None,
        };
        [self.triage.detail.as_deref(), of_why].into_iter().flatten().find(|detail| detail.alert.id == alert)
    }

    pub fn pending_for(&self, about: &About) -> Option<&Pending> {
        self.pending.iter().find(|pending| pending.about == *about)
    }

    /// Whether the operator's hand is on the list, so that no row may move.
    pub fn hand_is_on(&self) -> bool {
        crate::console::appear::is_typing(self)
            || !self.fresh && self.last_key.is_some_and(|at| self.now.duration_since(at) < HAND_RESTS)
    }

    /// What a list shows, or in which order, is no longer what it would be with the hand off.
    pub fn rows_wait(&self) -> bool {
        let page = self.page.as_ref().is_some_and(|page| page.rows.is_stale());
        self.triage.alerts.is_stale()
            || self.triage.tasks.is_stale()
            || self.partners.rows.is_stale()
            || self.messages.rows.is_stale()
            || page
            || self.contacts.rows.is_stale()
            || self.providers.rows.is_stale()
            || self.on_call.rows.is_stale()
    }

    /// The alerts of Triage, most urgent first.
    pub fn wanted_alerts(&self) -> Vec<AlertId> {
        let Some(desk) = &self.desk else { return Vec::new() };
        let (query, asking) = (self.triage.filter.query(field::TRIAGE), self.asking());
        let mut alerts: Vec<&Alert> = desk
            .alerts
            .values()
            .filter(|alert| alert.state != AlertState::Resolved)
            .filter(|alert| query.is_all() || query.finds(&rows::of_alert(alert, desk), &asking))
            .collect();
        sort::alerts(desk, self.triage.by, &mut alerts);
        alerts.into_iter().map(|alert| alert.id).collect()
    }

    /// `3 paging are hidden by /roth; Esc shows all`: nobody is to take a list that is short for one that is quiet.
    pub fn paging_hidden(&self) -> Option<String> {
        let desk = self.desk.as_ref().filter(|_| self.triage.filter.is_active())?;
        let rows = &self.triage.alerts;
        let known = |id| rows.order().contains(id) || rows.waiting().contains(id);
        let hidden = desk.paging().filter(|alert| !known(&alert.id)).count();
        let verb = if hidden == 1 { "is" } else { "are" };
        let by = self.triage.filter.line.text();
        (hidden > 0).then(|| format!("{hidden} paging {verb} hidden by /{by}; Esc shows all"))
    }

    /// The tasks of Triage, the first due first.
    pub fn wanted_tasks(&self) -> Vec<TaskId> {
        let Some(desk) = &self.desk else { return Vec::new() };
        let (query, asking) = (self.triage.filter.query(field::TRIAGE), self.asking());
        let mut tasks: Vec<&Task> = desk
            .tasks
            .values()
            .filter(|task| task.state == TaskState::Open)
            .filter(|task| query.is_all() || query.finds(&rows::of_task(task, desk), &asking))
            .collect();
        sort::tasks(desk, self.triage.by, &mut tasks);
        tasks.into_iter().map(|task| task.id).collect()
    }

    /// The contacts, by partner and name.
    pub fn wanted_contacts(&self) -> Vec<Untrusted> {
        let Some(desk) = &self.desk else { return Vec::new() };
        let (query, asking) = (self.contacts.filter.query(field::CONTACTS), self.asking());
        let finds =
            |contact: &&Contact| query.is_all() || query.finds(&rows::of_contact(contact, desk), &asking);
        let mut contacts: Vec<&Contact> = desk.contacts.values().filter(finds).collect();
        let rank = |c: &Contact| c.state == ContactState::Inactive;
        contacts.sort_by(|a, b| {
            (&a.partner_id, rank(a), &a.name, &a.id).cmp(&(&b.partner_id, rank(b), &b.name, &b.id))
        });
        contacts.into_iter().map(|contact| contact.id.clone()).collect()
    }

    /// Nothing is known of what happens: the agent is away, and does not come back at once.
    pub fn is_cut_off(&self) -> bool {
        matches!(self.link, Link::Away { since, .. } if self.now.duration_since(since) >= RECONNECTING)
    }

    /// For how many seconds the oldest command has had no answer, in steps, once that is long.
    pub fn slow(&self) -> Option<i64> {
        let since = self.pending.iter().map(|pending| pending.since).min()?;
        let step = SLOW_STEP.as_secs();
        let steps = self.now.duration_since(since).as_secs() / step;
        (steps > 0).then_some(steps * step)
    }

    /// When something on the screen changes by the clock alone.
    pub fn wakes_at(&self) -> Timestamp {
        let second = self.now.as_second();
        let at = |second: i64| Timestamp::from_second(second).unwrap_or(Timestamp::MAX);
        let mut wakes = at((second.div_euclid(60) + 1) * 60);
        let mut sooner = |time: Timestamp| {
            if time > self.now {
                wakes = wakes.min(time);
            }
        };
        let watched = self.selected_alert().and_then(Alert::next_due).map(|due| due.as_second() - second);
        if watched.is_some_and(|left| (0..=SECONDS_BELOW).contains(&left))
            || self.stream.counting > 0 && self.place == Place::Stream
            || self.too_fast()
        {
            sooner(at(second + 1));
        }
        if let Some(flash) = &self.flash {
            sooner(flash.until);
        }
        if let Some(undo) = &self.undo {
            sooner(undo.until);
        }
        if let Some(Dialog::Results(results)) = &self.dialog {
            sooner(results.until);
        }
        if let Some(again) = self.waiting.again_at {
            sooner(again);
        }
        if let Some(since) = self.pending.iter().map(|pending| pending.since).min() {
            let next = SignedDuration::from_secs(self.slow().unwrap_or(0)) + SLOW_STEP;
            sooner(since.saturating_add(next).unwrap_or(Timestamp::MAX));
        }
        if let Link::Away { since, .. } = self.link {
            sooner(since.saturating_add(RECONNECTING).unwrap_or(Timestamp::MAX));
        }
        if self.rows_wait()
            && let Some(key) = self.last_key
        {
            sooner(key.saturating_add(HAND_RESTS).unwrap_or(Timestamp::MAX));
        }
        wakes
    }
}
