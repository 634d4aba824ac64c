//! The words between the agent and those who talk to it: console and command line.
//!
//! HTTP with JSON over a Unix socket. Reading: `GET /v1/snapshot`, `/v1/status`, `/v1/{kind}`,
//! `/v1/{kind}/{id}`, `/v1/alerts/{id}/timeline`, `/v1/open` (partners with what is open),
//! `/v1/messages`. Acting: `POST /v1/commands`.
//! Live: `GET /v1/stream?since=SEQ`, server-sent events whose ids are `seq` and whose data are
//! [`Numbered`] changes. The version is part of the path; fields are only ever added.

pub mod assign;
pub mod client;
pub mod cover;
pub mod partner;
pub mod person;
pub mod search;

pub use partner::{Messages, PartnerDetail, PartnerRows, WithTimeline};

use crate::core::alert::Alert;
use crate::core::audit::Stuck;
use crate::core::change::Numbered;
use crate::core::command::Refusal;
use crate::core::consent::Consent;
use crate::core::contact::{Contact, Medium};
use crate::core::digest::{DigestRun, Kind as DigestKind};
use crate::core::edi::Codes;
use crate::core::event::{Event, Severity};
use crate::core::exchange::Exchange;
use crate::core::gauge::Figures;
use crate::core::handover::{Handover, Sheet};
use crate::core::id::{AlertId, HandoverId, TaskId, WindowId};
use crate::core::label::Labels;
use crate::core::maintenance::Covers;
use crate::core::notification::{Content, Notification};
use crate::core::person::{Person, PersonId, Role};
use crate::core::resend::Plan;
use crate::core::schedule::{Override, Segment, Why};
use crate::core::sheet::Row;
use crate::core::sync::{Link, Side};
use crate::core::task::Task;
use crate::core::text::Untrusted;
use crate::core::together::One;
use crate::core::traffic::Traffic;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The header that carries the PIN of a person behind a shared login, once a session; the agent
/// answers with a session token in [`SESSION_HEADER`].
pub const PIN_HEADER: &str = "nightdesk-pin";
pub const PERSON_HEADER: &str = "nightdesk-person";
pub const SESSION_HEADER: &str = "nightdesk-session";
/// What there is to say of an answer beside it: a sentence in ASCII.
pub const NOTE_HEADER: &str = "nightdesk-note";

/// `GET /v1/status`: whether the agent is ready and how it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// `true` once the store is open, the intake listens and the jobs run.
    pub ready: bool,
    pub desk: DeskInfo,
    pub pid: u32,
    pub since: Timestamp,
    /// The newest sealed change.
    pub seq: u64,
    pub intake: Option<String>,
    pub sources: Vec<SourceHealth>,
    pub channels: Vec<ChannelHealth>,
    /// Calendars elsewhere that schedules are made of.
    #[serde(default)]
    pub calendars: Vec<CalendarHealth>,
    pub open_alerts: u64,
    pub open_tasks: u64,
    /// Hand-overs that nobody has accepted yet.
    #[serde(default)]
    pub handovers: Vec<OpenHandover>,
    /// Notifications waiting to be sent.
    pub queued: u64,
    /// `None`: there is no `[community]`.
    #[serde(default)]
    pub sync: Option<SyncHealth>,
}

/// One of `GET /v1/digests`: a configured digest, and how it went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DigestInfo {
    pub name: String,
    /// A cron expression, in `time_zone`.
    pub schedule: String,
    pub time_zone: String,
    pub kind: DigestKind,
    pub readers: Vec<PersonId>,
    pub next: Option<Timestamp>,
    /// Newest first.
    pub runs: Vec<DigestRun>,
}

/// One of `GET /v1/digests/{name}/preview`: a reader's copy as it would be now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DigestCopy {
    pub person: PersonId,
    #[serde(flatten)]
    pub content: Content,
}

/// `POST /v1/digests/{name}/send`; the answer is an [`crate::core::command::Outcome`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DigestAsked {
    /// Made by the asker; the same again sends nothing more.
    pub id: String,
    /// Only this person's copy.
    #[serde(default)]
    pub to: Option<PersonId>,
}

/// `GET /v1/config`: which configuration counts, and what was applied before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConfigInfo {
    /// The file that the agent reads, without links in its path.
    pub file: String,
    /// That it differs from what is applied, or is broken.
    pub note: Option<String>,
    /// Versions, the newest first (at most 20).
    pub applied: Vec<AppliedConfig>,
}

/// One version of the configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AppliedConfig {
    pub version: u64,
    pub at: Timestamp,
    pub why: Untrusted,
}

/// Which desk and agent this is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeskInfo {
    /// `[desk] name`.
    pub name: String,
    pub host: String,
    pub version: String,
    /// Every header says PRACTICE.
    pub practice: bool,
    /// IANA zone of the desk, for people without one of their own.
    pub time_zone: String,
    pub config_version: u64,
    /// The file that the agent was started with.
    #[serde(default)]
    pub config_file: String,
    /// Something to say about the configuration file: it differs from what is applied, or is broken.
    #[serde(default)]
    pub config_note: Option<String>,
    /// `None`: it has not looked yet.
    #[serde(default)]
    pub audit: Option<Audit>,
    /// How long after an acknowledgment without a promise the desk promises news, by severity.
    #[serde(default)]
    pub promises: BTreeMap<Severity, SignedDuration>,
    /// What the desk calls words from outside, and EDI codes: its own; the shipped ones everybody has.
    #[serde(default)]
    pub labels: Labels,
    #[serde(default)]
    pub codes: Codes,
    /// Maintenance windows that are on or begin within two weeks, those that are on first (at most 50).
    #[serde(default)]
    pub maintenance: Vec<MaintenanceInfo>,
    /// Media that no provider carries now.
    #[serde(default)]
    pub down: Vec<MediumDown>,
    /// `None`: amounts of different currencies are never compared.
    #[serde(default)]
    pub exchange: Option<Exchange>,
    /// Where mailed replies come in; `None`: nowhere.
    #[serde(default)]
    pub mailbox: Option<MailboxHealth>,
    /// Since when all events that came in are counted; `None`: for longer than is told.
    #[serde(default)]
    pub counting_since: Option<Timestamp>,
}

/// One of `GET /v1/maintenance`: a window, a recurring one with the time it is on now or next.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MaintenanceInfo {
    /// Of a single one.
    pub id: Option<WindowId>,
    pub name: String,
    pub state: MaintenanceState,
    pub covers: Covers,
    pub from: Timestamp,
    pub until: Timestamp,
    /// The configuration says so; it cannot be taken back.
    pub recurring: bool,
    #[serde(default)]
    pub why: Option<Untrusted>,
    #[serde(default)]
    pub by: Option<PersonId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MaintenanceState {
    On,
    ToCome,
    Over,
    Removed,
}

/// A medium that no provider carries.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MediumDown {
    pub medium: Medium,
    pub since: Timestamp,
    /// The names of those on call whom nothing else wakes.
    pub cannot_be_woken: Vec<String>,
}

/// What the auditor found when it looked last, which it does once a minute.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Audit {
    /// Nothing is overdue, nothing stuck, and every alert has something ahead.
    pub clean: bool,
    /// What is not as it should be, the worst first (at most 20).
    #[serde(default)]
    pub stuck: Vec<Stuck>,
    /// Since when it is so.
    pub since: Timestamp,
    /// `None`: there is no `[heartbeat]`.
    #[serde(default)]
    pub heartbeat: Option<Heartbeat>,
}

/// How the beats to somebody who watches this desk go.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Heartbeat {
    /// When the last one was answered.
    pub last_beat_at: Option<Timestamp>,
    /// Why the last one was not.
    pub last_error: Option<Untrusted>,
}

/// How a source of events is doing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SourceHealth {
    pub name: String,
    /// Whether events must be signed.
    pub signed: bool,
    /// `None`: it has never sent anything.
    pub last_event_at: Option<Timestamp>,
    /// Silent for longer than configured.
    pub silent: bool,
}

/// How a channel is doing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChannelHealth {
    pub name: String,
    /// `smtp`, `kannel`, `webhook`, `spool` …
    pub kind: String,
    pub carries: Vec<Medium>,
    pub state: ChannelState,
    /// Since when it is in that state.
    pub since: Timestamp,
    pub last_accepted_at: Option<Timestamp>,
    /// The last delivery that a receipt proved.
    pub last_proven_at: Option<Timestamp>,
    pub last_error: Option<Untrusted>,
    pub queued: u64,
}

/// One of `GET /v1/providers`: a channel as a way out, with the last hour in figures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProviderInfo {
    #[serde(flatten)]
    pub channel: ChannelHealth,
    pub id: String,
    pub created_at: Timestamp,
    /// In a row, with nothing taken between them.
    pub failures: u32,
    /// When it is next tried, while it is down.
    pub probe_at: Option<Timestamp>,
    /// It asked to be left alone until then.
    pub paused_until: Option<Timestamp>,
    /// By when delivery must be proven, of urgent messages; `None`: it gives no receipts.
    pub proof_within: Option<SignedDuration>,
    pub hour: Figures,
    /// The last hour, five minutes each, the oldest first.
    pub bars: Vec<Figures>,
}

/// How the exchange of contacts with the community is doing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SyncHealth {
    /// Failing: the community as a whole cannot be asked.
    pub state: ChannelState,
    /// Since when it is in that state.
    pub since: Timestamp,
    /// When all contacts were last listed.
    pub last_listed_at: Option<Timestamp>,
    /// When the community last answered a listing or an exchange about one contact to the end.
    pub last_success_at: Option<Timestamp>,
    /// What went wrong last, be it with the whole or with one contact; without secrets.
    pub last_error: Option<Untrusted>,
    /// Something to look at though it works.
    pub warning: Option<Untrusted>,
    /// Contacts that wait to be exchanged.
    pub pending: u64,
    /// Fields that wait for somebody to choose.
    pub conflicts: u64,
}

/// How reading the mailbox for replies is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailboxHealth {
    /// A Maildir, or `imap://user@host:port/folder`.
    pub place: Untrusted,
    pub state: ChannelState,
    /// Since when it is in that state.
    pub since: Timestamp,
    /// When it was last looked into, to the end.
    pub last_read_at: Option<Timestamp>,
    /// Why it is failing; without secrets.
    pub last_error: Option<Untrusted>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChannelState {
    /// Nothing was sent through it yet.
    Untried,
    Working,
    /// The last attempts failed; it is tried again and again.
    Failing,
    /// So many failed that nothing leaves by it but a probe now and then.
    Down,
}

/// How reading a calendar goes that is elsewhere.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CalendarHealth {
    pub schedule: String,
    pub layer: String,
    /// When the copy in use was read; `None`: there is none, and the layer has nobody on.
    pub read_at: Option<Timestamp>,
    /// When it was last asked for with success, by this agent.
    pub asked_at: Option<Timestamp>,
    /// Why it could not be read when it was last asked for; the copy still counts.
    pub last_error: Option<Untrusted>,
    /// Titles of events that name nobody of the desk, at most ten.
    #[serde(default)]
    pub strangers: Vec<Untrusted>,
}

/// Who is on call by one schedule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OnCall {
    pub schedule: String,
    /// IANA zone in which it hands over.
    #[serde(default)]
    pub time_zone: String,
    /// The first of `people`; `None` where nobody is on call.
    pub person: Option<PersonId>,
    /// All who are: several where a calendar has several.
    #[serde(default)]
    pub people: Vec<PersonId>,
    /// `None`: nothing changes for more than a year.
    pub until: Option<Timestamp>,
    #[serde(default)]
    pub why: Option<Why>,
    /// The first of those who follow; `None` where nobody does.
    pub next: Option<PersonId>,
    /// What follows, whole; it may go on for longer than is said here.
    #[serde(default)]
    pub then: Option<Segment>,
}

/// One of `GET /v1/oncall/timeline`: who is on call by one schedule from a moment until another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScheduleTimeline {
    pub schedule: String,
    /// IANA zone in which it hands over.
    pub time_zone: String,
    /// In order, without a gap or an overlap; a segment without people is a time when nobody is on call.
    pub segments: Vec<Segment>,
    /// The same as it would be if nothing were arranged beside the plan.
    #[serde(default)]
    pub planned: Vec<Segment>,
    /// Active overrides that have a part of that time, oldest first.
    pub overrides: Vec<Override>,
}

/// `GET /v1/handovers/{id}`: a hand-over; of one that is not accepted, what is to be handed over by it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HandoverDetail {
    #[serde(flatten)]
    pub handover: Handover,
    /// Alerts that nobody has.
    pub open: Vec<AlertId>,
    /// Alerts and tasks that move to whoever accepts it.
    pub moves: Vec<AlertId>,
    pub tasks: Vec<TaskId>,
    /// `3 open, 2 promises`.
    pub counted: String,
}

/// `GET /v1/handover/own`: the hand-over that concerns the asker most, and the sheet of its schedule; the
/// sheet of all where none does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OwnHandover {
    pub handover: Option<Handover>,
    pub sheet: Sheet,
}

/// A hand-over that is not accepted yet, for the header and the status.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OpenHandover {
    pub id: HandoverId,
    pub schedule: String,
    pub at: Timestamp,
    pub outgoing: Vec<PersonId>,
    pub incoming: Vec<PersonId>,
}

/// Who the agent takes the asker for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Me {
    /// The system user, from the kernel.
    pub login: String,
    pub person: Option<Person>,
    /// IANA zone in which the asker reads and writes times: their own, else the desk's.
    #[serde(default)]
    pub time_zone: String,
    pub role: Role,
    /// The login is shared and the person has yet to give name and PIN.
    pub pin_needed: bool,
}

/// `GET /v1/snapshot`: everything the console needs to draw its first frame; the stream continues
/// from `seq`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    pub seq: u64,
    /// The agent's clock.
    pub now: Timestamp,
    pub me: Me,
    pub desk: DeskInfo,
    /// All that are not resolved, and those resolved within the last day (at most 2000), the most urgent first.
    pub alerts: Vec<Alert>,
    /// Those of the first alerts and of the first tasks; `GET /v1/told` brings the others.
    pub notifications: Vec<Notification>,
    /// The messages of so many alerts, from the first, are here.
    #[serde(default)]
    pub told: usize,
    /// The open ones that are overdue longest or due first (at most 200), and how many are open.
    pub tasks: Vec<Task>,
    #[serde(default)]
    pub open_tasks: u64,
    /// The newest changes for the Stream, oldest first (at most 100).
    pub recent: Vec<Numbered>,
    /// Those of the partners that need somebody; others are asked for with `/v1/contacts`.
    pub contacts: Vec<Contact>,
    pub people: Vec<Person>,
    pub on_call: Vec<OnCall>,
    /// Hand-overs that nobody has accepted yet.
    #[serde(default)]
    pub handovers: Vec<OpenHandover>,
    pub sources: Vec<SourceHealth>,
    pub channels: Vec<ChannelHealth>,
    #[serde(default)]
    pub sync: Option<SyncHealth>,
    /// Events that came in by this agent over the last hour, in minutes that are over.
    #[serde(default)]
    pub traffic: Traffic,
}

/// `POST /v1/resend`: what would leave if it were sent again, or why nothing would.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Planned {
    Goes(Plan),
    Refused(Refusal),
}

/// `POST /v1/commands/together` does them, `POST /v1/commands/preview` says what would become of them; the
/// answer is an [`crate::core::command::Outcome`] for each, in this order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Together {
    /// Made by the asker; the same again does nothing twice.
    pub id: String,
    pub each: Vec<One>,
}

/// Events to explain without keeping them: `POST /v1/explain`, answered by
/// [`crate::core::why::Explanation`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskedExplain {
    /// The configured source they would come in by.
    pub source: String,
    /// One CloudEvent as JSON, or a list of them.
    pub text: String,
}

/// What escalating to a step would do, for the dialog: `GET /v1/alerts/{id}/steps`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepPreview {
    /// Counted from 1; the last resort is the one after the last.
    pub step: u32,
    pub last_resort: bool,
    pub wakes: Vec<Wake>,
}

/// One person a step would tell now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Wake {
    pub person: PersonId,
    pub name: String,
    /// Their own zone, to show what time it is where they sleep.
    pub time_zone: Option<String>,
    pub media: Vec<Medium>,
    /// `on call: primary, in turn`, `coordinator` …
    pub via: String,
}

/// `GET /v1/alerts/{id}`: an alert with everything about it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AlertDetail {
    #[serde(flatten)]
    pub alert: Alert,
    pub notifications: Vec<Notification>,
    /// Oldest first.
    pub timeline: Vec<Numbered>,
    pub events: Vec<Event>,
    pub steps: Vec<StepPreview>,
}

/// A health beat on the stream (`event: health`), whenever sources or channels change state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Health {
    pub now: Timestamp,
    pub sources: Vec<SourceHealth>,
    pub channels: Vec<ChannelHealth>,
    pub on_call: Vec<OnCall>,
    /// Hand-overs that nobody has accepted yet.
    #[serde(default)]
    pub handovers: Vec<OpenHandover>,
    pub desk: DeskInfo,
    #[serde(default)]
    pub sync: Option<SyncHealth>,
    /// Events that came in by this agent over the last hour, in minutes that are over.
    #[serde(default)]
    pub traffic: Traffic,
    /// How many tasks were open at a change, so that whoever counts along can put it right.
    #[serde(default)]
    pub open_tasks: Option<OpenTasks>,
}

/// How many tasks were open when the history had come to `seq`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenTasks {
    pub seq: u64,
    pub many: u64,
}

/// `GET /v1/contacts/{id}`: a contact with what is known of its other sides.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ContactDetail {
    #[serde(flatten)]
    pub contact: Contact,
    pub links: Vec<Link>,
    /// What they said last about getting messages, the newest first.
    #[serde(default)]
    pub consent: Vec<Consent>,
}

/// `GET /v1/contacts/conflicts`: a field of a contact that was changed both here and elsewhere.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FieldConflict {
    /// `acme-lopez.phones`.
    pub id: Untrusted,
    /// Always `open`: one that was resolved is no conflict any more.
    pub state: String,
    pub contact: Untrusted,
    pub name: Untrusted,
    pub partner: Option<Untrusted>,
    pub field: String,
    /// The desk's value as it is now, and the other side's as it was heard last.
    pub mine: serde_json::Value,
    pub theirs: serde_json::Value,
    /// `community`, or `sheet:` and its name.
    pub side: Side,
    /// Since when.
    pub created_at: Timestamp,
}

/// `POST /v1/contacts/import`: rows of a spreadsheet, a few hundred at a time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Import {
    /// The name that imports of this spreadsheet go by.
    pub source: String,
    /// Says what would happen, and does nothing.
    #[serde(default)]
    pub dry_run: bool,
    pub rows: Vec<Row>,
}
