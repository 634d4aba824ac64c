//! Inhibition: while one alert stands that explains others, these page nobody.
//!
//! Only what pages, is in somebody's hands, or was put off by a person keeps others quiet; what the desk
//! itself lets sleep keeps nothing quiet. So there are no circles, and no alert is quiet because of one that
//! nobody heard of.

use crate::core::alert::{Alert, AlertState, Member};
use crate::core::maintenance::facts;
use crate::core::rule;
use crate::core::text::Untrusted;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// One configured rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inhibit {
    pub name: String,
    /// Holds for an exception that explains others, in minijinja's expression language over
    /// [`crate::core::maintenance::NAMES`].
    pub source: String,
    /// Holds for what is explained.
    pub target: String,
    /// Both must have these, and the same. Never empty.
    pub equal: Vec<EqualField>,
    /// No alert is quiet because of others for longer.
    pub at_most: SignedDuration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EqualField {
    Partner,
    Kind,
    Order,
    Shipment,
    Case,
    Source,
}

impl EqualField {
    /// What an exception has there; nothing where it is not said.
    fn of<'a>(self, alert: &'a Alert, member: &'a Member) -> Option<&'a str> {
        let text = |text: &'a Option<Untrusted>| text.as_ref().map(Untrusted::raw);
        let found = match self {
            EqualField::Partner => Some(alert.partner.id.raw()),
            EqualField::Kind => Some(member.kind.word()),
            EqualField::Order => text(&member.order),
            EqualField::Shipment => text(&member.shipment),
            EqualField::Case => text(&member.case),
            EqualField::Source => Some(member.feed.as_str()),
        };
        found.filter(|word| !word.is_empty())
    }
}

impl Inhibit {
    /// Whether sources must be looked for beyond the alert's own partner.
    pub fn crosses_partners(&self) -> bool {
        !self.equal.contains(&EqualField::Partner)
    }

    /// Whether the source explains every one of these exceptions of the alert. An expression that cannot be
    /// evaluated explains nothing.
    fn explains(&self, source: &Alert, alert: &Alert, members: &[Member]) -> bool {
        let holds = |expression: &str, alert: &Alert, member: &Member| {
            rule::holds_over(expression, &facts(&alert.partner, member)).unwrap_or(false)
        };
        let mut any = false;
        for member in members.iter().filter(|member| member.cleared_at.is_none()) {
            any = true;
            let explained = source.members.iter().filter(|cause| cause.cleared_at.is_none()).any(|cause| {
                member.severity <= cause.severity
                    && self.equal.iter().all(|field| {
                        let own = field.of(alert, member);
                        own.is_some() && own == field.of(source, cause)
                    })
                    && holds(&self.source, source, cause)
                    && holds(&self.target, alert, member)
            });
            if !explained {
                return false;
            }
        }
        any
    }
}

/// Whether an alert may keep others quiet.
pub fn may_explain(alert: &Alert) -> bool {
    alert.state != AlertState::Resolved && alert.cleared_at.is_none() && alert.resting().is_none()
}

/// What keeps these exceptions of an alert quiet, and until when at most: counted from when the desk first
/// let it sleep for such a reason.
pub fn rest<'r, 'a>(
    rules: &'r [Inhibit],
    alert: &Alert,
    members: &[Member],
    around: impl Iterator<Item = &'a Alert> + Clone,
    now: Timestamp,
) -> Option<(&'r Inhibit, &'a Alert, Timestamp)> {
    let since = alert.inhibited_at.unwrap_or(now);
    let mut found: Option<(&Inhibit, &Alert, Timestamp)> = None;
    for rule in rules {
        let until = since.saturating_add(rule.at_most).unwrap_or(Timestamp::MAX);
        if until <= now || found.is_some_and(|(_, _, longest)| longest >= until) {
            continue;
        }
        let source = around
            .clone()
            .filter(|source| source.id != alert.id && may_explain(source))
            .find(|source| rule.explains(source, alert, members));
        if let Some(source) = source {
            found = Some((rule, source, until));
        }
    }
    found
}
