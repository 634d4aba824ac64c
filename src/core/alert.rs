//! An alert: something urgent that somebody must acknowledge.

use crate::core::event::{Code, ExceptionKind, Severity};
use crate::core::id::{AlertId, EventId, NotificationId};
use crate::core::money::Money;
use crate::core::offer::Offer;
use crate::core::partner::PartnerRef;
use crate::core::person::PersonId;
use crate::core::quiet::Quiet;
use crate::core::storm::Raging;
use crate::core::text::Untrusted;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertState {
    Open,
    Acknowledged,
    Snoozed,
    Resolved,
}

impl AlertState {
    pub fn as_str(self) -> &'static str {
        match self {
            AlertState::Open => "open",
            AlertState::Acknowledged => "acknowledged",
            AlertState::Snoozed => "snoozed",
            AlertState::Resolved => "resolved",
        }
    }
}

/// One exception or case that an alert is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The event that brought it.
    pub event: EventId,
    /// The community's id of the exception, or of the case where `of` says so.
    pub id: Untrusted,
    pub of: MemberOf,
    pub kind: ExceptionKind,
    pub title: Untrusted,
    #[serde(default)]
    pub description: Option<Untrusted>,
    pub severity: Severity,
    #[serde(default)]
    pub order: Option<Untrusted>,
    #[serde(default)]
    pub shipment: Option<Untrusted>,
    /// The case's reference or id, where the event names one.
    #[serde(default)]
    pub case: Option<Untrusted>,
    #[serde(default)]
    pub amount: Option<Money>,
    #[serde(default)]
    pub deadline: Option<Timestamp>,
    #[serde(default)]
    pub codes: Vec<Code>,
    #[serde(default)]
    pub cleared_at: Option<Timestamp>,
    /// The source it came in by; empty where that was not kept.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub feed: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MemberOf {
    Exception,
    Case,
    /// Any other event that a rule makes an alert of.
    Event,
}

/// Whom a policy step tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "target", content = "name", rename_all = "snake_case")]
pub enum Target {
    /// Whoever the named schedule says is on call when the step is due.
    OnCall(String),
    /// Everybody in the named team.
    Team(String),
    /// The lead of the named team.
    Lead(String),
    Person(PersonId),
    /// The person assigned to the partner in that role (coordinator, account_manager …).
    Assigned(String),
    /// Another system, by the name of a channel of kind `webhook`.
    Webhook(String),
}

/// One step of a policy: whom it tells, and how long after the step before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    pub after: SignedDuration,
    pub notify: Vec<Target>,
}

/// The policy as it was when the alert was raised. A later configuration does not change it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicySnapshot {
    pub name: String,
    pub steps: Vec<Step>,
    /// Repeats every `last_resort.after` once the steps are used up.
    pub last_resort: Step,
    /// What holds for some severities instead; the first that names the alert's counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variants: Vec<Variant>,
}

/// A policy for some severities.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variant {
    /// None means all that no variant before it names.
    pub severities: Vec<Severity>,
    pub steps: Vec<Step>,
    pub last_resort: Step,
}

impl PolicySnapshot {
    /// The policy as it is for an alert of that severity.
    pub fn for_severity(mut self, severity: Severity) -> Self {
        let fits =
            |variant: &&Variant| variant.severities.is_empty() || variant.severities.contains(&severity);
        if let Some(variant) = self.variants.iter().find(fits).cloned() {
            (self.steps, self.last_resort) = (variant.steps, variant.last_resort);
        }
        self
    }
}

/// An alert in somebody's hand, as it was until it was taken or put to sleep (by another, or by themselves anew).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Before {
    pub holder: PersonId,
    pub state: AlertState,
    /// Of the promise, or of the sleep.
    pub until: Option<Timestamp>,
    /// When that ended.
    pub ended_at: Timestamp,
}

impl Before {
    /// What taking `alert` now, or putting it to sleep, ends.
    pub fn of(alert: &Alert, now: Timestamp) -> Option<Self> {
        let holder = alert.held_by()?.clone();
        Some(Self { holder, state: alert.state, until: alert.next_due(), ended_at: now })
    }
}

/// One alert. `step` counts the steps taken: 1 after the first page; beyond the policy's steps it
/// counts the rounds of the last resort too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    pub id: AlertId,
    pub state: AlertState,
    pub severity: Severity,
    pub partner: PartnerRef,
    pub title: Untrusted,
    pub kind: ExceptionKind,
    /// What joins further exceptions to this alert while it is not resolved.
    pub key: Untrusted,
    pub members: Vec<Member>,
    /// Sums over the members not cleared, one per currency.
    pub at_risk: Vec<Money>,
    /// The nearest deadline of the members not cleared.
    pub deadline: Option<Timestamp>,
    pub policy: PolicySnapshot,
    pub step: u32,
    /// When the next step is due; `None` when nobody will be paged further.
    pub next_escalation_at: Option<Timestamp>,
    /// Who took it.
    pub holder: Option<PersonId>,
    /// In whose hand it was when it was last taken or put to sleep; `None`: in nobody's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Before>,
    /// When the holder promised the next news; a promise missed pages again.
    pub next_update_by: Option<Timestamp>,
    pub snoozed_until: Option<Timestamp>,
    /// Somebody is asked to take it over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offered: Option<Offer>,
    /// Why the desk lets it sleep, where nobody put it off; see [`Alert::resting`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet: Option<Quiet>,
    /// Whatever keeps it quiet by then, the desk lets it sleep no longer; said when it falls asleep, until it pages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet_at_most: Option<Timestamp>,
    /// When another alert first kept it quiet: from then on such quiet is bounded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inhibited_at: Option<Timestamp>,
    /// Set once every member is cleared.
    pub cleared_at: Option<Timestamp>,
    /// When the newest member joined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub joined_at: Option<Timestamp>,
    /// The first message of the round of pages that runs: it began when the alert was raised, woke, came back
    /// or got more severe, or when a promise was broken. `None`: everything said of it belongs to that round.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round_from: Option<NotificationId>,
    /// It takes in what a storm brings, until that is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storm: Option<Raging>,
    /// When the desk closes it by itself: cleared before anybody took it, it stays in sight until the
    /// next hand-over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub close_at: Option<Timestamp>,
    pub resolution: Option<Untrusted>,
    /// The rule that raised it and the configuration version that decided.
    pub rule: String,
    pub config_version: u64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Alert {
    /// Whether the steps of the policy are used up and the last resort repeats.
    pub fn in_last_resort(&self) -> bool {
        self.step as usize > self.policy.steps.len()
    }

    /// Whether people are being told of it, step by step.
    pub fn is_paging(&self) -> bool {
        self.state == AlertState::Open && self.next_escalation_at.is_some()
    }

    /// Who has it in hand now. An alert that pages again keeps the name of its last holder for the
    /// record, and is in nobody's hand.
    pub fn held_by(&self) -> Option<&PersonId> {
        match self.state {
            AlertState::Acknowledged | AlertState::Snoozed => self.holder.as_ref(),
            AlertState::Open | AlertState::Resolved => None,
        }
    }

    /// Whether a message was decided since the alert last began to page anew.
    pub fn is_of_round(&self, message: NotificationId) -> bool {
        self.round_from.is_none_or(|first| message >= first)
    }

    /// A person decides from now on, or nobody has to: what the desk kept quiet is theirs.
    pub fn rests_no_more(&mut self) {
        self.quiet = None;
        self.quiet_at_most = None;
    }

    /// Why the desk lets it sleep; nothing for one that is awake or that a person put off.
    pub fn resting(&self) -> Option<&Quiet> {
        self.quiet.as_ref().filter(|_| self.state == AlertState::Snoozed)
    }

    /// When the desk looks at this alert by itself: at what happens to it next, or at the end of its storm.
    pub fn look_at(&self) -> Option<Timestamp> {
        let storm = self.storm.as_ref().filter(|_| self.state != AlertState::Resolved);
        self.next_due().into_iter().chain(storm.map(|storm| storm.over_at)).min()
    }

    /// What happens to it next if nobody acts.
    pub fn next_due(&self) -> Option<Timestamp> {
        match self.state {
            AlertState::Open => self.next_escalation_at.into_iter().chain(self.close_at).min(),
            AlertState::Acknowledged => self.next_update_by,
            AlertState::Snoozed => self.snoozed_until,
            AlertState::Resolved => None,
        }
    }

    /// The step that comes next, with its number as people count (from 1).
    pub fn next_step(&self) -> (u32, &Step) {
        let next = self.policy.steps.get(self.step as usize).unwrap_or(&self.policy.last_resort);
        (self.step + 1, next)
    }
}
