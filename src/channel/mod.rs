//! How a message leaves and how its receipt is read. One file per kind of provider; what they share
//! is this: a message goes in, one of four answers comes out, and receipts become evidence.

mod http;
pub mod kannel;
mod mail;
pub mod mailbox;
pub mod smtp;
pub mod spool;
mod tls;
pub mod webhook;

pub use http::client as http_client;

use crate::core::contact::Medium;
use crate::core::id::NotificationId;
use crate::core::notification::{Attachment, Fault, Purpose, Rung};
use crate::core::text::Untrusted;
use async_trait::async_trait;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::time::Duration;

/// One attempt to hand over one message. Everything is decided; a channel only encodes and sends.
#[derive(Clone, Debug)]
pub struct Outgoing {
    pub notification: NotificationId,
    /// Counted from 1.
    pub attempt: u32,
    pub medium: Medium,
    /// E.164 or a mailbox.
    pub address: String,
    /// The recipient's name, for a mail's `To`.
    pub name: Untrusted,
    /// Of a mail; empty for SMS.
    pub subject: Untrusted,
    /// The text; an SMS that may be a second copy already begins with `(again?)`.
    pub body: Untrusted,
    /// Of a mail: the same as an HTML page.
    pub html: Option<Untrusted>,
    /// Of a mail: the files that go with it.
    pub attachments: Vec<Attachment>,
    pub purpose: Purpose,
    pub urgent: bool,
    /// Of a mail: where an answer to it goes, with its token; else to the sender.
    pub reply_to: Option<String>,
    /// The same for every attempt of one notification; a mail's Message-ID is made of it.
    pub idempotency_key: String,
    /// Groups the mails of one alert (`In-Reply-To`, `References`).
    pub thread: Option<String>,
    pub possible_duplicate: bool,
    /// When the message was decided: its `Date`.
    pub created_at: Timestamp,
}

/// What the provider said, or failed to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The provider took responsibility (SMTP 250, Kannel 202, any 2xx, a spool file synced).
    Accepted { provider_ref: Option<String>, said: String, parts: u32 },
    /// Not taken, and worth trying again; `after` when the provider asked for a pause.
    Deferred { said: String, after: Option<Duration> },
    /// Refused for good; the same message will never be taken.
    Refused { said: String, fault: Fault },
    /// It was handed over, wholly or in part, and no answer came: it may or may not go out.
    Unknown { said: String },
}

/// Evidence in a provider's callback, before it is folded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    pub notification: NotificationId,
    pub attempt: u32,
    pub part: u32,
    /// `None`: it says nothing about the fate (Kannel "queued", UNKNOWN); kept, changes nothing.
    pub rung: Option<Rung>,
    /// `carrier`, `handset receipt`, `mail server` …
    pub by: &'static str,
    /// The provider's own words.
    pub detail: String,
}

/// What somebody wrote, as a provider tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The provider's own name of it; empty where there is none.
    pub id: String,
    pub from: String,
    pub text: String,
}

/// An HTTP request to `/v1/receipts/{channel}` or `/v1/inbound/{channel}`, for the channel to verify and read.
#[derive(Clone, Debug)]
pub struct Callback {
    pub query: BTreeMap<String, String>,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// The peer's address.
    pub peer: std::net::IpAddr,
}

/// Why a callback was not taken. Nothing changes, whatever it said.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallbackRefused {
    #[error("this channel takes none")]
    NotHere,
    #[error("it cannot be proven to come from the provider: {0}")]
    Forged(String),
    #[error("it cannot be read: {0}")]
    Unreadable(String),
}

/// A way out. Implementations keep connections open between messages, put a limit on every wait,
/// verify TLS, and never log an address, a text or a secret above debug level.
#[async_trait]
pub trait Channel: Send + Sync {
    /// Hands over one message. Dropping the future counts as [`Answer::Unknown`].
    async fn send(&self, message: &Outgoing) -> Answer;

    /// Reads a callback; the default takes none.
    fn receipt(&self, _callback: &Callback) -> Result<Receipt, CallbackRefused> {
        Err(CallbackRefused::NotHere)
    }

    /// Reads what somebody wrote back, as the provider hands it on; the default takes none.
    fn inbound(&self, _callback: &Callback) -> Result<Written, CallbackRefused> {
        Err(CallbackRefused::NotHere)
    }

    /// How many messages may be on their way at once.
    fn connections(&self) -> usize;
}
