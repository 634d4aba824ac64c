//! How a message leaves and how its receipt is read. One file per kind of provider; what they share
//! is this: a message goes in, one of four answers comes out, and receipts become evidence.

mod codes;
mod http;
pub mod kannel;
mod mail;
pub mod mailbox;
mod named;
pub mod opentext;
pub mod report;
pub mod smpp;
pub mod smtp;
pub mod spool;
mod texts;
pub mod tls;
pub mod twilio;
pub mod webhook;

pub use http::client as http_client;
pub use mail::message_name;

use crate::core::contact::Medium;
use crate::core::gathering::{Gathering, Joined, Piece};
use crate::core::id::NotificationId;
pub use crate::core::notification::Acceptance;
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
    /// Of a mail: where reports on it come back to, with the token of this attempt; else to the sender.
    pub return_path: Option<String>,
    /// Of a mail: how its recipient gets no more of its kind.
    pub unsubscribe: Option<Unsubscribe>,
    /// The same for every attempt of one notification; a mail's Message-ID is made of it.
    pub idempotency_key: String,
    /// Groups the mails of one alert (`In-Reply-To`, `References`).
    pub thread: Option<String>,
    pub possible_duplicate: bool,
    /// When the message was decided: its `Date`.
    pub created_at: Timestamp,
}

/// Ways out of the mails of one category (RFC 2369 §3.2); at least one is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unsubscribe {
    /// An https address; a POST to it is enough (RFC 8058).
    pub web: Option<String>,
    /// A mail to this mailbox is enough.
    pub mail: Option<String>,
}

/// What the provider said, or failed to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The provider took responsibility (SMTP 250, Kannel 202, any 2xx, a spool file synced).
    Accepted(Acceptance),
    /// Not taken, and worth trying again; `after` when the provider asked for a pause.
    Deferred { said: String, after: Option<Duration> },
    /// The provider works, and wants just this message later (greylisting, a full mailbox).
    Later { said: String, after: Option<Duration> },
    /// Refused for good; the same message will never be taken.
    Refused { said: String, fault: Fault },
    /// It was handed over, wholly or in part, and no answer came: it may or may not go out.
    Unknown { said: String },
    /// As unknown: the connection it shared with others ended first, which tells less of the provider than as
    /// many silences would.
    Cut { said: String },
}

/// Evidence from a provider, before it is folded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    pub of: Of,
    /// What the provider calls the message, where the receipt says so.
    pub provider_ref: Option<String>,
    /// `None`: it says nothing about the fate (Kannel "queued", UNKNOWN); kept, changes nothing.
    pub rung: Option<Rung>,
    /// `carrier`, `handset receipt`, `mail server` …
    pub by: &'static str,
    /// The provider's own words.
    pub detail: String,
    /// What the provider says is at fault; `None` where only the rung tells.
    pub fault: Option<Fault>,
}

/// Which message a receipt is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Of {
    /// It carries our own name, proven to be ours.
    Attempt { notification: NotificationId, attempt: u32, part: u32 },
    /// It carries the provider's name of one part. Providers that write numbers now in decimal, now in
    /// hexadecimal make several spellings of one, the likeliest first. Where none is known it may be of
    /// the one message to `to` that is in doubt.
    Named { spellings: Vec<String>, to: Option<String>, reference: Option<u16> },
}

/// A message whose fate is asked after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    pub notification: NotificationId,
    pub attempt: u32,
    pub medium: Medium,
    pub provider_ref: String,
}

/// A message that may or may not have been taken, to be looked for at its provider.
#[derive(Clone, Debug)]
pub struct Lost {
    /// As it was handed over.
    pub message: Outgoing,
    /// When handing it over began, and when it was given up.
    pub from: Timestamp,
    pub until: Timestamp,
}

/// What the provider knows of a message that was lost sight of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// It was taken after all.
    Taken(Acceptance),
    /// The provider was asked and has no such message, or not yet.
    Nothing { said: String },
    /// It cannot be asked, or did not answer.
    Unknown { said: String },
}

/// Takes what a provider says of its own accord. `true`: it is on disk, and the provider may forget it.
#[async_trait]
pub trait Ears: Send + Sync {
    async fn receipt(&self, receipt: Receipt) -> bool;
    async fn written(&self, written: Written) -> bool;
    /// Keeps one part of what somebody wrote, and says what is to be done with it; `None`: it is not kept.
    async fn part(&self, piece: Piece) -> Option<Joined>;
    /// Texts whose missing parts are waited for no longer.
    async fn overdue(&self) -> Vec<Gathering>;
    /// The provider was told that the text of this part was taken.
    async fn told(&self, of: &str);
}

/// What somebody wrote, as a provider tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The provider's own name of it; empty where there is none.
    pub id: String,
    pub from: String,
    pub text: String,
    /// The kept parts that it was put together from.
    pub gathered: Option<String>,
}

/// An HTTP request to `/v1/receipts/{channel}` or `/v1/inbound/{channel}`, for the channel to verify and read.
#[derive(Clone, Debug)]
pub struct Callback {
    /// Path and query as they came, for signatures that cover them.
    pub uri: String,
    /// Decoded; of a name that stands twice the last value.
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

    /// Media type and text of the answer to what [`Channel::inbound`] took. Most gateways send whatever
    /// stands in it to the writer, so by default nothing does.
    fn thanks(&self) -> (&'static str, &'static str) {
        ("text/plain; charset=utf-8", "")
    }

    /// Hears what the provider says of its own accord, over a connection that it keeps; runs until it is
    /// dropped, and comes back by itself when the connection fails. The default has nothing to hear.
    async fn listen(&self, _ears: &dyn Ears) {
        std::future::pending().await
    }

    /// How many messages one question may be about; 0: the provider is never asked, it tells.
    fn asks_about(&self) -> usize {
        0
    }

    /// Asks how messages fared that it took; says what went wrong, without secrets.
    async fn ask(&self, _about: &[Asked]) -> Result<Vec<Receipt>, String> {
        Ok(Vec::new())
    }

    /// Looks for a message whose answer was lost.
    async fn find(&self, _lost: &Lost) -> Found {
        Found::Unknown { said: "this provider cannot be asked".to_owned() }
    }

    /// Whether the provider can be reached, without handing it anything; says what is wrong. The default
    /// cannot tell and lets one message try.
    async fn probe(&self) -> Result<(), String> {
        Ok(())
    }

    /// How many messages may be on their way at once.
    fn connections(&self) -> usize;
}
