//! The file as it is written: every table and key there is. Unknown ones are refused; what the
//! values mean is checked in [`super::check`], which has the spans kept here to point at them.

use super::channel::{ChannelTable, RouteTable};
use super::mapping::{MapTable, UnmappedWord};
use super::naming::{EdiTable, LabelTable};
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

pub type Text = Spanned<String>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    pub desk: DeskTable,
    #[serde(default)]
    pub agent: AgentTable,
    #[serde(default)]
    pub intake: IntakeTable,
    #[serde(default)]
    pub store: StoreTable,
    #[serde(default)]
    pub promise: PromiseTable,
    #[serde(default)]
    pub storm: StormTable,
    #[serde(default)]
    pub quiet: super::quiet::QuietTable,
    #[serde(default)]
    pub joining: JoiningTable,
    #[serde(default)]
    pub bundle: BundleTable,
    #[serde(default)]
    pub handover: super::handover::HandoverTable,
    #[serde(default)]
    pub throttle: ThrottleTable,
    #[serde(default)]
    pub retry: RetryTable,
    #[serde(default)]
    pub source: Vec<SourceTable>,
    #[serde(default)]
    pub channel: Vec<ChannelTable>,
    #[serde(default)]
    pub route: Vec<RouteTable>,
    #[serde(default)]
    pub person: Vec<PersonTable>,
    #[serde(default)]
    pub team: Vec<TeamTable>,
    #[serde(default)]
    pub schedule: Vec<super::schedule::ScheduleTable>,
    #[serde(default)]
    pub calendar: Vec<super::calendar::CalendarTable>,
    #[serde(default)]
    pub digest: Vec<super::digest::DigestTable>,
    #[serde(default)]
    pub policy: Vec<PolicyTable>,
    #[serde(default)]
    pub assign: Vec<AssignTable>,
    #[serde(default)]
    pub rule: Vec<RuleTable>,
    #[serde(default)]
    pub maintenance: Vec<super::quiet::MaintenanceTable>,
    #[serde(default)]
    pub inhibit: Vec<super::quiet::InhibitTable>,
    #[serde(default)]
    pub view: Vec<super::view::ViewTable>,
    #[serde(default)]
    pub work: WorkTables,
    #[serde(default)]
    pub plan: Vec<PlanTable>,
    #[serde(default)]
    pub expect: Vec<ExpectTable>,
    pub catch_all: CatchAllTable,
    #[serde(default)]
    pub labels: LabelTable,
    #[serde(default)]
    pub edi: EdiTable,
    #[serde(default)]
    pub contact: Vec<ContactTable>,
    pub community: Option<super::community::CommunityTable>,
    pub replies: Option<super::replies::RepliesTable>,
    #[serde(default)]
    pub unsubscribe: super::unsubscribe::UnsubscribeTable,
    #[serde(default)]
    pub quiet_hours: super::waking::QuietHoursTable,
    pub heartbeat: Option<super::heartbeat::HeartbeatTable>,
    pub exchange: Option<super::exchange::ExchangeTable>,
    pub page_test: Option<super::page_test::PageTestTable>,
    /// Of these two only the shape counts here; the console reads what they say.
    #[serde(default, rename = "console")]
    pub _console: super::console::ConsoleTable,
    #[serde(default, rename = "keys")]
    pub _keys: super::console::KeysTable,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeskTable {
    pub name: Text,
    pub time_zone: Option<Text>,
    pub locale: Option<Text>,
    #[serde(default)]
    pub practice: bool,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct AgentTable {
    pub start: Option<StartWord>,
    pub group: Option<Text>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
pub enum StartWord {
    Console,
    Service,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct IntakeTable {
    pub listen: Option<Text>,
    pub public_url: Option<Text>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct StoreTable {
    pub engine: Option<Text>,
    pub url: Option<Text>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct PromiseTable {
    pub critical: Option<Text>,
    pub high: Option<Text>,
    pub other: Option<Text>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct StormTable {
    pub alerts: Option<Spanned<u32>>,
    pub within: Option<Text>,
    pub quiet: Option<Text>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct JoiningTable {
    pub amount_factor: Option<Spanned<f64>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct BundleTable {
    pub pages: Option<u32>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct ThrottleTable {
    pub limits: Option<Vec<LimitTable>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitTable {
    pub sms: Spanned<u32>,
    pub within: Text,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct RetryTable {
    pub first: Option<Text>,
    pub longest: Option<Text>,
    pub give_up: Option<Text>,
}

/// A secret is never written in the file, only where to find it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretRef {
    pub env: Option<Text>,
    pub file: Option<Text>,
    /// Does without it where it is not set.
    #[serde(default)]
    pub optional: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceTable {
    pub name: Text,
    #[serde(default)]
    pub secrets: Vec<Spanned<SecretRef>>,
    pub silent_after: Option<Text>,
    pub calendar: Option<Text>,
    #[serde(default)]
    pub map: Vec<MapTable>,
    pub unmapped: Option<Spanned<UnmappedWord>>,
    pub headers: Option<Spanned<Vec<Text>>>,
    pub time_zone: Option<Text>,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum MediumWord {
    Sms,
    Email,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
pub enum RoleWord {
    Viewer,
    Responder,
    Admin,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonTable {
    pub id: Text,
    pub name: Text,
    pub role: Option<RoleWord>,
    pub email: Option<Text>,
    pub phone: Option<Text>,
    pub time_zone: Option<Text>,
    pub locale: Option<Text>,
    pub login: Option<Text>,
    #[serde(default)]
    pub shared: bool,
    pub pin: Option<Spanned<SecretRef>>,
    /// Days away: `2026-12-24` or `2026-12-24..2027-01-02`.
    #[serde(default)]
    pub away: Vec<Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TeamTable {
    pub name: Text,
    pub members: Vec<Text>,
    pub lead: Option<Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyTable {
    pub name: Text,
    pub steps: Spanned<Vec<StepTable>>,
    pub repeat: Option<Spanned<u8>>,
    pub repeat_after: Option<Text>,
    pub last_resort: Spanned<LastResortTable>,
    #[serde(default, rename = "for")]
    pub variants: Vec<PolicyVariantTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyVariantTable {
    pub severity: Spanned<Vec<SeverityWord>>,
    pub steps: Spanned<Vec<StepTable>>,
    pub repeat: Option<Spanned<u8>>,
    pub repeat_after: Option<Text>,
    pub last_resort: Spanned<LastResortTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepTable {
    pub after: Text,
    pub notify: Spanned<Vec<Text>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LastResortTable {
    pub every: Text,
    pub notify: Spanned<Vec<Text>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssignTable {
    pub role: Text,
    pub person: Text,
    pub deputy: Option<Text>,
    pub partner: Option<Text>,
    pub pattern: Option<Text>,
    pub region: Option<Text>,
    pub tier: Option<Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleTable {
    pub name: Text,
    #[serde(default, rename = "match")]
    pub matches: MatchTable,
    pub when: Option<Text>,
    pub policy: Option<Text>,
    pub tell: Option<Spanned<Vec<Text>>>,
    pub by: Option<Vec<MediumWord>>,
    pub team: Option<Text>,
    pub within: Option<Text>,
    pub lead_after: Option<Text>,
    pub quiet: Option<Spanned<bool>>,
    #[serde(default)]
    pub group_by: Vec<GroupWord>,
    pub group_window: Option<Text>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct MatchTable {
    #[serde(rename = "type")]
    pub kind_of_event: Option<Words>,
    pub kind: Option<Words>,
    pub severity: Option<OneOrMore<SeverityWord>>,
    pub priority: Option<OneOrMore<PriorityWord>>,
    pub partner: Option<Words>,
    pub tier: Option<Words>,
    pub author: Option<Words>,
    pub amount_at_least: Option<f64>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct WorkTables {
    pub cases: Option<WorkTable>,
    pub documents: Option<WorkTable>,
    pub posts: Option<WorkTable>,
    pub onboarding: Option<WorkTable>,
    pub contacts: Option<WorkTable>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct WorkTable {
    pub team: Option<Text>,
    pub tell: Option<Spanned<Vec<Text>>>,
    pub by: Option<Vec<MediumWord>>,
    pub within: Option<Text>,
    pub lead_after: Option<Text>,
    pub calendar: Option<Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanTable {
    pub name: Text,
    pub tier: Option<Words>,
    pub steps: Spanned<Vec<PlanStepTable>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanStepTable {
    pub milestone: Text,
    pub within_days: Option<u16>,
    pub by: Option<Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectTable {
    pub name: Text,
    pub after: MatchTable,
    pub when: Option<Text>,
    pub expect: MatchTable,
    pub same: Option<Text>,
    pub within: Option<Text>,
    #[serde(default)]
    pub by_deadline: bool,
    pub calendar: Option<Text>,
}

/// `"a"` or `["a", "b"]`.
#[derive(Deserialize, Clone)]
#[serde(untagged, expecting = "expected a word or a list of words")]
pub enum Words {
    One(String),
    More(Vec<String>),
}

/// The words of either form; none where the key is absent.
pub fn words(words: Option<Words>) -> Vec<String> {
    match words {
        None => Vec::new(),
        Some(Words::One(one)) => vec![one],
        Some(Words::More(more)) => more,
    }
}

/// One word or several, of a closed list.
pub enum OneOrMore<T> {
    One(T),
    More(Vec<T>),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOrMore<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor<T>(std::marker::PhantomData<T>);
        impl<'de, T: Deserialize<'de>> serde::de::Visitor<'de> for Visitor<T> {
            type Value = OneOrMore<T>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a word or a list of words")
            }
            fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<Self::Value, E> {
                T::deserialize(serde::de::value::StrDeserializer::new(word)).map(OneOrMore::One)
            }
            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut words: A) -> Result<Self::Value, A::Error> {
                let mut all = Vec::new();
                while let Some(word) = words.next_element()? {
                    all.push(word);
                }
                Ok(OneOrMore::More(all))
            }
        }
        deserializer.deserialize_any(Visitor(std::marker::PhantomData))
    }
}

impl<T> OneOrMore<T> {
    pub fn into_vec(self) -> Vec<T> {
        match self {
            OneOrMore::One(one) => vec![one],
            OneOrMore::More(more) => more,
        }
    }
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
pub enum SeverityWord {
    Low,
    Medium,
    High,
    Critical,
}

impl From<SeverityWord> for crate::core::event::Severity {
    fn from(word: SeverityWord) -> Self {
        match word {
            SeverityWord::Low => Self::Low,
            SeverityWord::Medium => Self::Medium,
            SeverityWord::High => Self::High,
            SeverityWord::Critical => Self::Critical,
        }
    }
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
pub enum PriorityWord {
    Low,
    Normal,
    High,
    Urgent,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
pub enum GroupWord {
    Partner,
    Kind,
    Order,
    Shipment,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CatchAllTable {
    pub policy: Text,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContactTable {
    pub id: Text,
    pub partner_id: Option<Text>,
    pub name: Text,
    #[serde(default)]
    pub emails: Vec<Text>,
    #[serde(default)]
    pub phones: Vec<Text>,
    pub locale: Option<Text>,
    pub time_zone: Option<Text>,
    #[serde(default)]
    pub roles: Vec<Text>,
    #[serde(default)]
    pub channels: BTreeMap<CategoryWord, Vec<MediumWord>>,
    pub quiet_hours: Option<Text>,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "snake_case")]
pub enum CategoryWord {
    Urgent,
    CaseUpdates,
    Documents,
    Onboarding,
    Digests,
    Acknowledgments,
}
