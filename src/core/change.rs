//! The numbered history. Every fact is a change; state is nothing but changes applied in order.

use crate::core::alert::Alert;
use crate::core::assignment::StoredAssignment;
use crate::core::case::Case;
use crate::core::consent::Consent;
use crate::core::contact::Contact;
use crate::core::digest::DigestRun;
use crate::core::document::Document;
use crate::core::event::Event;
use crate::core::exception::ExceptionReport;
use crate::core::expectation::Expectation;
use crate::core::handover::Handover;
use crate::core::id::AlertId;
use crate::core::maintenance::StoredWindow;
use crate::core::notification::Notification;
use crate::core::onboarding::MilestoneRecord;
use crate::core::partner::Partner;
use crate::core::person::PersonId;
use crate::core::provider::Provider;
use crate::core::reply::Reply;
use crate::core::saved_view::OwnView;
use crate::core::schedule::{Override, RosterCopy};
use crate::core::shift_test::ShiftTest;
use crate::core::suppression::Suppression;
use crate::core::sync::Link;
use crate::core::task::Task;
use crate::core::text::Untrusted;
use crate::core::thread::Thread;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Who made it happen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// The desk itself: a rule, a policy step, a due time.
    Desk,
    /// A person; `login` is the system user where it is shared by several.
    Person {
        id: PersonId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        login: Option<String>,
    },
    /// A configured event source.
    Source(String),
    /// A configured channel: receipts, replies, answers.
    Channel(String),
}

/// What happened, in one word. The words are stable: scripts filter `tail --json` by them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    EventReceived,
    AlertRaised,
    AlertJoined,
    AlertStormOver,
    AlertEscalated,
    AlertLastResort,
    AlertAcknowledged,
    AlertUnacknowledged,
    AlertSnoozed,
    AlertWoke,
    AlertPromiseMissed,
    AlertCleared,
    AlertResolved,
    /// Whoever came on call, or whoever was asked to take it, has it from whoever had it.
    AlertHandedOver,
    /// Somebody is asked to take it over, or no longer is.
    AlertOffered,
    /// A step found nobody to tell; the sentence says why.
    AlertNobody,
    Noted,
    NotificationQueued,
    NotificationSending,
    NotificationDeferred,
    NotificationEvidence,
    NotificationInDoubt,
    NotificationHeld,
    NotificationSuppressed,
    NotificationCancelled,
    NotificationExpired,
    NotificationResent,
    NotificationMoved,
    /// No receipt came in time, or it failed; the sentence says what follows.
    NotificationUnproven,
    NotificationReleased,
    TaskOpened,
    TaskTaken,
    TaskSnoozed,
    TaskWoke,
    /// It is overdue, and its owner or its team's lead is told.
    TaskOverdue,
    TaskDone,
    CaseOpened,
    CaseMoved,
    /// A report that changes nothing: heard before, or older than what is known.
    Repeated,
    DocumentUploaded,
    DocumentReviewed,
    ThreadOpened,
    ThreadJoined,
    ThreadAnswered,
    MilestoneReached,
    MilestoneExpected,
    MilestoneSkipped,
    MilestoneWithdrawn,
    MilestoneLate,
    /// A report on an exception that changed nothing else.
    ExceptionReported,
    ExpectationBegun,
    ExpectationMet,
    ExpectationMissed,
    /// Somebody wrote back; the sentence says what became of it.
    ReplyReceived,
    AddressSuppressed,
    AddressLifted,
    /// Somebody said that they want messages, or none; an entry of the consent ledger.
    ConsentGiven,
    ConsentEnded,
    /// A digest, or its schedule, is new; its runs count from here.
    DigestPlanned,
    DigestSent,
    /// There was nothing to tell, or it was missed for too long.
    DigestSkipped,
    PartnerSeen,
    ContactCreated,
    ContactChanged,
    /// Fields were taken over from the community or a spreadsheet.
    ContactSynced,
    /// Both sides changed the same field.
    ContactConflict,
    /// Something was given to the other side, or it would not have it.
    ContactPushed,
    /// What is known of the other side changed, and nothing of the contact.
    ContactLinked,
    ConflictResolved,
    ContactLeft,
    ContactErased,
    /// An operator gave somebody a role for partners, or took it back.
    Assigned,
    Unassigned,
    /// Who is on call was changed by hand, or such a change taken back.
    OverrideAdded,
    OverrideRemoved,
    /// A single maintenance window was made, or taken back.
    MaintenanceAdded,
    MaintenanceRemoved,
    /// Somebody who came on call is tested, or what came of it.
    ShiftTested,
    /// A calendar that schedules are made of was read anew, and says something else.
    RosterRead,
    /// Who hands over to whom next, and when; or the plan changed.
    HandoverPlanned,
    /// Somebody said something that whoever comes has to know.
    HandoverNoted,
    /// Whoever leaves was asked for a note, or whoever came was reminded.
    HandoverAsked,
    /// Somebody came on call, and is to accept what is open.
    HandoverOpened,
    HandoverAccepted,
    /// It ended without being accepted; the sentence says why.
    HandoverClosed,
    ConfigApplied,
    /// A provider fails and is left, or works again.
    ProviderDown,
    ProviderBack,
    /// Somebody keeps a query under a name, or no longer.
    ViewSaved,
    ViewDropped,
    AgentStarted,
    AgentStopped,
}

/// The thing as it is after the change, whole: a reader replaces what it had under the same id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "object", rename_all = "snake_case")]
pub enum Object {
    Event(Box<Event>),
    Alert(Box<Alert>),
    Notification(Box<Notification>),
    Task(Box<Task>),
    Partner(Box<Partner>),
    Contact(Box<Contact>),
    Link(Box<Link>),
    Case(Box<Case>),
    Document(Box<Document>),
    Thread(Box<Thread>),
    Milestone(Box<MilestoneRecord>),
    Exception(Box<ExceptionReport>),
    Expectation(Box<Expectation>),
    Suppression(Box<Suppression>),
    Consent(Box<Consent>),
    Reply(Box<Reply>),
    Digest(Box<DigestRun>),
    Assignment(Box<StoredAssignment>),
    Override(Box<Override>),
    Window(Box<StoredWindow>),
    ShiftTest(Box<ShiftTest>),
    Roster(Box<RosterCopy>),
    Provider(Box<Provider>),
    Handover(Box<Handover>),
    Config(Box<ConfigVersion>),
    View(Box<OwnView>),
    /// Nothing but the sentence: a note, the agent's own comings and goings.
    Nothing,
}

/// One applied configuration: what it was, who applied it and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigVersion {
    pub version: u64,
    pub sha256: String,
    /// The file as it was. Secrets are only ever references in it.
    pub text: String,
    pub why: Untrusted,
    pub created_at: Timestamp,
}

/// One fact, before it has a number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    pub at: Timestamp,
    pub actor: Actor,
    pub what: What,
    /// One sentence in plain words; may quote text from outside.
    pub summary: Untrusted,
    /// The alert whose timeline this belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert: Option<AlertId>,
    /// The partner it concerns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner: Option<Untrusted>,
    #[serde(flatten)]
    pub object: Object,
}

/// A change with its place in the history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Numbered {
    pub seq: u64,
    #[serde(flatten)]
    pub change: Change,
}

impl Change {
    /// A fact about an alert, on its timeline.
    pub fn alert(
        at: Timestamp,
        actor: Actor,
        what: What,
        summary: impl Into<Untrusted>,
        alert: &Alert,
    ) -> Self {
        Self {
            at,
            actor,
            what,
            summary: summary.into(),
            alert: Some(alert.id),
            partner: Some(alert.partner.id.clone()),
            object: Object::Alert(Box::new(alert.clone())),
        }
    }

    /// A fact about a message, on the timeline of its alert.
    pub fn notification(
        at: Timestamp,
        actor: Actor,
        what: What,
        summary: impl Into<Untrusted>,
        notification: &Notification,
    ) -> Self {
        Self {
            at,
            actor,
            what,
            summary: summary.into(),
            alert: notification.alert,
            partner: notification.partner.clone(),
            object: Object::Notification(Box::new(notification.clone())),
        }
    }

    /// A fact about a thing of a partner's, made by the desk.
    pub fn of_partner(
        at: Timestamp,
        what: What,
        summary: impl Into<Untrusted>,
        partner: &Untrusted,
        object: Object,
    ) -> Self {
        let partner = Some(partner.clone());
        Self { at, actor: Actor::Desk, what, summary: summary.into(), alert: None, partner, object }
    }

    /// A fact about a task.
    pub fn task(at: Timestamp, actor: Actor, what: What, summary: impl Into<Untrusted>, task: &Task) -> Self {
        Self {
            at,
            actor,
            what,
            summary: summary.into(),
            alert: task.alert,
            partner: task.partner.as_ref().map(|partner| partner.id.clone()),
            object: Object::Task(Box::new(task.clone())),
        }
    }
}
