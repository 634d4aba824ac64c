//! What people write back: read, bound to the message they mean, and made to act; or not, and why.
//!
//! Who may act is settled by where the reply comes from: a text by the number of its sender, a mail by
//! the signed token in the address it was sent to and its sender's address. What proves nothing changes
//! nothing, least of all whether its supposed sender is told. Whatever a machine wrote (an auto-reply, a bounce,
//! a mailing list) never acts.

mod answer;
mod bundled;
pub mod code;
pub mod complaint;
mod handed;
mod meant;
pub mod read;
mod spoken;
mod stop;
mod take;
#[cfg(test)]
mod tests;

pub use code::{Code, Link, ReplyKey};
pub use complaint::complain;
pub use stop::{confirmed, mailbox_meant};
pub use take::{Paged, ReplyView, accepts_any, named, people_at, take, task_keys, told_last};

use crate::core::contact::Medium;
use crate::core::id::{AlertId, NotificationId, TaskId};
use crate::core::notification::RecipientId;
use crate::core::text::Untrusted;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How long the code of a message is taken for it.
pub const CODE_LIVES: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Something that came in over a channel, as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inbound {
    /// The configured channel, or `mail`.
    pub channel: String,
    /// What the provider calls it; the same again is the same reply.
    pub provider_id: String,
    pub medium: Medium,
    /// The sender's number or mailbox.
    pub from: String,
    /// Without quoted text.
    pub text: Untrusted,
    /// Of a mail: the message whose signed token stands in the address it was sent to.
    pub answers: Option<NotificationId>,
    /// It is no human's, for this reason.
    pub automatic: Option<String>,
}

/// One reply and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// Channel and the provider's own id.
    pub id: Untrusted,
    pub state: Became,
    pub channel: String,
    pub medium: Medium,
    pub from: Untrusted,
    /// The mailbox that it is about, and that is answered, where that is not its sender's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mailbox: Option<Untrusted>,
    /// The person or contact with that address.
    pub who: Option<RecipientId>,
    pub text: Untrusted,
    pub alert: Option<AlertId>,
    pub task: Option<TaskId>,
    /// What was answered.
    pub answer: Option<NotificationId>,
    /// In one sentence.
    pub said: Untrusted,
    pub created_at: Timestamp,
}

impl Reply {
    /// The address that it is about, and that is answered.
    pub fn address(&self) -> &Untrusted {
        self.mailbox.as_ref().unwrap_or(&self.from)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Became {
    /// It did what it asked for.
    Acted,
    /// It asked for something that is not possible; the answer says why.
    Refused,
    /// It asked a question, and got an answer.
    Answered,
    OptedOut,
    OptedIn,
    /// It says STOP and does not prove whose word that is: they are asked, and a task says so.
    Asked,
    /// A person must read it.
    Task,
    /// Nothing came of it.
    Ignored,
}

impl Became {
    pub fn as_str(self) -> &'static str {
        match self {
            Became::Acted => "acted",
            Became::Refused => "refused",
            Became::Answered => "answered",
            Became::OptedOut => "opted_out",
            Became::OptedIn => "opted_in",
            Became::Asked => "asked",
            Became::Task => "task",
            Became::Ignored => "ignored",
        }
    }
}

impl Inbound {
    /// The one name of this reply, whoever delivers it how often.
    pub fn id(&self) -> String {
        format!("{}\u{1f}{}", self.channel, self.provider_id)
    }
}
