//! One message to one recipient over one medium, and what is really known of its delivery.

use crate::core::bundle::Bundle;
use crate::core::contact::{Category, Medium};
use crate::core::id::{AlertId, EventId, NotificationId};
use crate::core::message::{Frame, Message};
use crate::core::person::PersonId;
use crate::core::text::Untrusted;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Where a notification stands; never better than its evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotificationState {
    Queued,
    Held,
    Sending,
    /// The gateway took it.
    Accepted,
    /// The carrier or the next mail server took it.
    Sent,
    /// A handset or mailbox receipt says so.
    Delivered,
    Read,
    Failed,
    Bounced,
    Expired,
    /// Never sent, and the reason says why.
    Suppressed,
    /// No longer needed.
    Cancelled,
    /// Handed over, and nobody can tell yet whether it was taken.
    InDoubt,
}

impl NotificationState {
    pub fn as_str(self) -> &'static str {
        use NotificationState::*;
        match self {
            Queued => "queued",
            Held => "held",
            Sending => "sending",
            Accepted => "accepted",
            Sent => "sent",
            Delivered => "delivered",
            Read => "read",
            Failed => "failed",
            Bounced => "bounced",
            Expired => "expired",
            Suppressed => "suppressed",
            Cancelled => "cancelled",
            InDoubt => "in_doubt",
        }
    }

    /// Proven to have reached the handset or mailbox.
    pub fn is_proven(self) -> bool {
        matches!(self, Self::Delivered | Self::Read)
    }

    /// Known not to have reached anybody.
    pub fn is_failure(self) -> bool {
        matches!(self, Self::Failed | Self::Bounced | Self::Expired)
    }
}

/// One step of proof, in the order in which a later one outweighs an earlier one of the same part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rung {
    Accepted,
    Sent,
    Delivered,
    Read,
    Failed,
    Bounced,
    Expired,
}

impl Rung {
    pub fn state(self) -> NotificationState {
        match self {
            Rung::Accepted => NotificationState::Accepted,
            Rung::Sent => NotificationState::Sent,
            Rung::Delivered => NotificationState::Delivered,
            Rung::Read => NotificationState::Read,
            Rung::Failed => NotificationState::Failed,
            Rung::Bounced => NotificationState::Bounced,
            Rung::Expired => NotificationState::Expired,
        }
    }

    fn is_failure(self) -> bool {
        self >= Rung::Failed
    }
}

/// Something a provider said about one part of one attempt. Evidence is only ever added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    pub at: Timestamp,
    /// Counted from 1.
    pub attempt: u32,
    /// Of a split message, counted from 1; a receipt that does not tell parts apart says 1.
    pub part: u32,
    /// `None`: it says nothing of the message's fate; kept, and changes nothing.
    pub rung: Option<Rung>,
    /// Who said so: `gateway`, `carrier`, `handset receipt`, `mail server` …
    pub by: String,
    /// What was said: in plain words, with the provider's own behind them.
    pub detail: Untrusted,
}

impl Evidence {
    /// What it proves, in a word; `heard` where it proves nothing.
    pub fn word(&self) -> &'static str {
        self.rung.map_or("heard", |rung| rung.state().as_str())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptState {
    /// Committed before the first byte; the outcome is not known yet.
    Sending,
    /// Taken by the provider; evidence says more.
    Handed,
    /// Not taken, to be tried again.
    Deferred,
    /// Refused for good.
    Refused,
    /// The agent stopped or timed out after handing it over.
    InDoubt,
}

/// One try to hand the message to a provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// Counted from 1.
    pub number: u32,
    pub state: AttemptState,
    /// The configured channel it went through.
    pub channel: String,
    /// The number or mailbox it went to.
    pub address: Untrusted,
    pub started_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    /// What the provider calls the message.
    pub provider_ref: Option<Untrusted>,
    /// What its receipts will call it, part by part, where they don't carry our own name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<Untrusted>,
    /// What the provider answered: in plain words, with its own behind them.
    pub answer: Option<Untrusted>,
    /// The recipient may get this message twice: an earlier attempt may have got through.
    pub possible_duplicate: bool,
    /// How many SMS parts it took; 1 for mail.
    pub parts: u32,
}

/// The provider's word that it took a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Acceptance {
    /// What the provider calls it, to be shown and asked after.
    pub provider_ref: Option<String>,
    /// By these its receipts will name it, one for each part; empty where they carry our own name.
    pub names: Vec<String>,
    /// The provider's own words.
    pub said: String,
    pub parts: u32,
}

/// Who gets it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum RecipientId {
    Person(PersonId),
    Contact(Untrusted),
    /// Another system, by the name of the channel that reaches it.
    Webhook(String),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipient {
    #[serde(flatten)]
    pub who: RecipientId,
    /// The name as it was when the message was decided.
    pub name: Untrusted,
}

/// What the message is for; decides urgency, expiry and what an acknowledgment does to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Wakes somebody for an alert.
    Page,
    /// The detail of an alert by email.
    Detail,
    /// The outcome, for those who were told.
    Outcome,
    /// A word to those who were paged: somebody has it, or it is over.
    Status,
    /// Tells somebody of something that is not urgent.
    Notice,
    /// Shows whether a page would reach somebody.
    Test,
}

/// Why this message exists: the one reason, as names and as a sentence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// The rule that decided, by its configured name.
    pub rule: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<u32>,
    /// `on call: primary`, `coordinator of Acme Tools` …
    pub via: Untrusted,
    /// Why it is held, suppressed, cancelled or failed, where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Untrusted>,
}

/// What is said. Decided once; every attempt says the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// Of a mail; empty for SMS.
    #[serde(default)]
    pub subject: Untrusted,
    pub body: Untrusted,
    /// The same once more as a whole HTML page, for a mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub html: Option<Untrusted>,
    /// Files that go with a mail.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
}

/// A text file that goes with a mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// The file's name, as it is offered to the reader.
    pub name: String,
    /// Without parameters: `text/csv`.
    pub media_type: String,
    pub text: Untrusted,
}

/// What a message says before it has words, so that it can be said again in another medium or to
/// another contact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    pub message: Message,
    pub frame: Frame,
    pub locale: String,
}

/// What is at fault when a message is refused for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Nobody is behind the address; nothing more is to be sent there.
    Address,
    /// Its owner told the provider to stop, and only they can take that back.
    OptedOut,
    /// The message, the account or the way; the address may be good.
    Message,
}

/// Why a message waits though it is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hold {
    /// Its contact is not known here; it leaves once they are.
    UnknownContact,
    /// It is night where the contact lives.
    QuietHours,
    /// Its recipient got as many texts lately as they are to get.
    Throttled,
    /// No provider that could carry it works.
    NoProvider,
}

/// What people did about a message by hand.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Again {
    /// Somebody escalated, so that its recipient is told now, whatever limit there is.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub woken: bool,
    /// Who had this one sent again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<PersonId>,
    /// The message that this one repeats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<NotificationId>,
    /// They chose this medium, whatever the recipient prefers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over: Option<Medium>,
    /// Nobody knows whether it arrived, and somebody wants it to leave once more all the same.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub despite_doubt: bool,
    /// What it was last sent again as.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<SentAgain>,
}

/// One message that repeats another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentAgain {
    pub id: NotificationId,
    pub by: PersonId,
    pub at: Timestamp,
}

impl Again {
    fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// One message to one recipient over one medium.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notification {
    pub id: NotificationId,
    pub state: NotificationState,
    /// Both a delivery and a failure were reported.
    #[serde(default)]
    pub disputed: bool,
    pub purpose: Purpose,
    pub category: Category,
    /// An urgent message is sent again when its fate is unknown; others wait for a person.
    pub urgent: bool,
    pub alert: Option<AlertId>,
    pub event: Option<EventId>,
    pub partner: Option<Untrusted>,
    /// Of a page that speaks of several alerts; `alert` is the worst of those it still speaks of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bundle: Option<Box<Bundle>>,
    pub recipient: Recipient,
    pub medium: Medium,
    /// The configured channel that carries it, or will.
    pub channel: String,
    pub content: Content,
    /// Of a message to a contact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<Box<Said>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<Hold>,
    /// Not sent because nothing works by which its recipient could be reached: see [`crate::core::mended`].
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stranded: bool,
    /// Addresses that the same words failed at before, so that they are not sent there once more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed_at: Vec<Untrusted>,
    /// Where the reply came from that this answers: it goes there and nowhere else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<Untrusted>,
    /// What mails of one conversation have in common, in letters and digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread: Option<String>,
    pub reason: Reason,
    pub attempts: Vec<Attempt>,
    pub evidence: Vec<Evidence>,
    pub provider_ref: Option<Untrusted>,
    /// The same for every attempt, so that a provider that knows it can refuse a second copy.
    pub idempotency_key: String,
    /// It leaves by this channel and no other, because somebody said so.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pinned: bool,
    #[serde(default, skip_serializing_if = "Again::is_none")]
    pub again: Again,
    /// By then its delivery is to be proven, or it goes another way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof_by: Option<Timestamp>,
    /// When it is next to be tried.
    pub due_at: Option<Timestamp>,
    /// After this it is of no use and expires unsent.
    pub expires_at: Option<Timestamp>,
    pub config_version: u64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Notification {
    /// The newest attempt of which nobody can tell whether it left, and of which nothing was heard since.
    pub fn lost_attempt(&self) -> Option<&Attempt> {
        let heard = |attempt: &Attempt| self.evidence.iter().any(|e| e.attempt == attempt.number);
        let lost = |attempt: &&Attempt| attempt.state == AttemptState::InDoubt && !heard(attempt);
        self.attempts.iter().rev().find(lost)
    }

    /// It will leave, or leave again, unless something comes between.
    pub fn is_waiting(&self) -> bool {
        match self.state {
            NotificationState::Queued | NotificationState::Held => true,
            _ => self.due_at.is_some() || self.hold == Some(Hold::NoProvider),
        }
    }

    /// What was handed over in this attempt is not known to have failed; of what is in doubt nothing is.
    pub fn may_arrive(&self, attempt: &Attempt) -> bool {
        let of_it =
            || self.evidence.iter().filter(|e| e.attempt == attempt.number).cloned().collect::<Vec<_>>();
        match attempt.state {
            AttemptState::InDoubt => true,
            AttemptState::Handed | AttemptState::Sending => {
                !proven(&of_it()).is_some_and(|(rung, Disputed(disputed))| rung.is_failure() && !disputed)
            }
            AttemptState::Deferred | AttemptState::Refused => false,
        }
    }

    /// An attempt was handed over, or may have been: somebody may have read it.
    pub fn has_left(&self) -> bool {
        let left = |attempt: &Attempt| {
            matches!(attempt.state, AttemptState::Sending | AttemptState::Handed | AttemptState::InDoubt)
        };
        self.attempts.iter().any(left)
    }

    /// Where it stands by what was proven and what may have left, while nothing is on its way.
    pub fn at_rest(&self) -> NotificationState {
        match proven(&self.evidence) {
            Some((rung, _)) if !rung.is_failure() => rung.state(),
            _ if self.attempts.iter().any(|attempt| attempt.state == AttemptState::InDoubt) => {
                NotificationState::InDoubt
            }
            _ if self.hold == Some(Hold::NoProvider) => NotificationState::Held,
            _ => NotificationState::Queued,
        }
    }

    /// Whether it tells its recipient of the alert itself, not how it ended, who has it, or what they asked.
    pub fn tells_of_alert(&self) -> bool {
        !matches!(self.purpose, Purpose::Outcome | Purpose::Status) && self.answers.is_none()
    }
}

/// What the evidence alone proves, whatever the order and number of receipts: within a part the
/// greatest rung, an attempt is its worst part, a message its best attempt.
pub fn proven(evidence: &[Evidence]) -> Option<(Rung, Disputed)> {
    let telling = || evidence.iter().filter_map(|e| Some((e, e.rung?)));
    let mut attempts: Vec<u32> = telling().map(|(e, _)| e.attempt).collect();
    attempts.sort_unstable();
    attempts.dedup();
    attempts
        .into_iter()
        .filter_map(|attempt| {
            let of_attempt = || telling().filter(move |(e, _)| e.attempt == attempt);
            let mut parts: Vec<u32> = of_attempt().map(|(e, _)| e.part).collect();
            parts.sort_unstable();
            parts.dedup();
            parts
                .into_iter()
                .map(|part| {
                    let rungs = || of_attempt().filter(move |(e, _)| e.part == part).map(|(_, rung)| rung);
                    let greatest = rungs().max().unwrap_or(Rung::Accepted);
                    let disputed = greatest.is_failure()
                        && rungs().any(|rung| matches!(rung, Rung::Delivered | Rung::Read));
                    (greatest, Disputed(disputed))
                })
                .max_by_key(|(rung, _)| worseness(*rung))
        })
        .min_by_key(|(rung, _)| worseness(*rung))
}

/// Both a delivery and a failure were reported for the part that decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Disputed(pub bool);

/// 0 is best. A failure is worse than mere acceptance, and acceptance is worse than delivery.
fn worseness(rung: Rung) -> u8 {
    match rung {
        Rung::Read => 0,
        Rung::Delivered => 1,
        Rung::Sent => 2,
        Rung::Accepted => 3,
        Rung::Expired => 4,
        Rung::Failed => 5,
        Rung::Bounced => 6,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn said(attempt: u32, part: u32, rung: Rung) -> Evidence {
        Evidence {
            at: Timestamp::UNIX_EPOCH,
            attempt,
            part,
            rung: Some(rung),
            by: "carrier".into(),
            detail: "".into(),
        }
    }

    fn any_evidence() -> impl Strategy<Value = Vec<Evidence>> {
        use Rung::*;
        let rung = prop::sample::select(vec![Accepted, Sent, Delivered, Read, Failed, Bounced, Expired]);
        prop::collection::vec((1u32..4, 1u32..4, rung).prop_map(|(a, p, r)| said(a, p, r)), 0..12)
    }

    proptest! {
        #[test]
        fn neither_the_order_nor_the_number_of_receipts_changes_what_is_proven(
            (evidence, shuffled) in any_evidence().prop_flat_map(|e| (Just(e.clone()), Just(e).prop_shuffle())),
        ) {
            prop_assert_eq!(proven(&evidence), proven(&shuffled));
            let twice: Vec<_> = evidence.iter().chain(&shuffled).cloned().collect();
            prop_assert_eq!(proven(&evidence), proven(&twice));
        }

        #[test]
        fn nothing_is_proven_that_nobody_said(evidence in any_evidence()) {
            match proven(&evidence) {
                Some((rung, _)) => prop_assert!(evidence.iter().any(|e| e.rung == Some(rung))),
                None => prop_assert!(evidence.is_empty()),
            }
        }
    }

    #[test]
    fn an_attempt_is_its_worst_part_and_a_message_its_best_attempt() {
        let first = [said(1, 1, Rung::Delivered), said(1, 2, Rung::Sent)];
        assert_eq!(proven(&first), Some((Rung::Sent, Disputed(false))));
        let second = [&first[..], &[said(2, 1, Rung::Failed)]].concat();
        assert_eq!(proven(&second), Some((Rung::Sent, Disputed(false))));
        let third = [&second[..], &[said(3, 1, Rung::Read)]].concat();
        assert_eq!(proven(&third), Some((Rung::Read, Disputed(false))));
    }

    #[test]
    fn delivered_and_failed_both_seen_is_failed_and_disputed() {
        let both = [said(1, 1, Rung::Failed), said(1, 1, Rung::Delivered)];
        assert_eq!(proven(&both), Some((Rung::Failed, Disputed(true))));
    }
}
