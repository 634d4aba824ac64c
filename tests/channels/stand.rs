//! A channel and a peer that can be told how to behave.

use super::{kannel, opentext, smpp, smtp, spool, twilio, webhook};
use mail_parser::MessageParser;
use nightdesk::channel::{Answer, Channel, Outgoing};
use nightdesk::core::contact::Medium;
use nightdesk::core::id::NotificationId;
use nightdesk::core::notification::Purpose;
use std::time::Duration;

pub const SHORT: Duration = Duration::from_millis(600);
pub const CONNECTIONS: usize = 4;
pub const HOSTILE: &str = "x\r\nBcc: eve@example.com\r\n\r\n.\r\nMAIL FROM:<eve@example.com>\r\n\"}&to=%2B1&text=%00#\u{1b}]0;x\u{7}\u{202e}é€🚚";

/// What the peer does with the next messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    Takes,
    /// Takes none now; where its protocol can say when to come again, in 90 seconds.
    Busy,
    /// Does not know whoever sends.
    RefusesLogin,
    /// Never this message, and says `no <ESC>[31mthanks`.
    Refuses,
    TakesAndSaysNothing,
    TakesAndHangsUp,
    /// Hangs up before it read anything.
    HangsUpAtOnce,
    /// Takes it; of the answer only a half comes.
    TakesAndSaysHalf,
    /// Takes it; what it says is not its protocol.
    TakesAndBabbles,
    /// Sends whoever comes elsewhere.
    SendsElsewhere,
    /// Takes it and never stops talking.
    TakesAndTalks,
}

impl Mood {
    pub const ALL: [Self; 11] = [
        Self::Takes,
        Self::Busy,
        Self::RefusesLogin,
        Self::Refuses,
        Self::TakesAndSaysNothing,
        Self::TakesAndHangsUp,
        Self::HangsUpAtOnce,
        Self::TakesAndSaysHalf,
        Self::TakesAndBabbles,
        Self::SendsElsewhere,
        Self::TakesAndTalks,
    ];
}

/// A message as the peer got it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Got {
    pub to: String,
    pub text: String,
}

/// The other side of a channel.
pub trait Peer: Send + Sync {
    /// False where it cannot behave like this: a folder never refuses.
    fn is(&self, mood: Mood) -> bool;

    /// Every time that a whole message was handed over, in order, whatever was answered.
    fn got(&self) -> Vec<Got>;

    fn connections(&self) -> usize;

    /// What must never be shown.
    fn secrets(&self) -> &'static [&'static str] {
        &[]
    }

    /// Whether it can say when to come again.
    fn can_ask_for_a_pause(&self) -> bool {
        true
    }

    /// Whether its first words already say that it took a message, so that half an answer may be enough.
    fn says_it_at_once(&self) -> bool {
        false
    }

    /// Whether a refusal comes with words of its own.
    fn says_why(&self) -> bool {
        true
    }

    /// What was made of [`HOSTILE`] is text and nothing else.
    fn assert_harmless(&self) {}
}

/// Makes a channel to `http://host:port` or `https://…`.
pub type Dial = fn(&str) -> Box<dyn Channel>;

/// A channel and its peer.
pub struct Stand<P: ?Sized = dyn Peer> {
    pub name: &'static str,
    pub medium: Medium,
    pub channel: Box<dyn Channel>,
    /// The same channel to another address, if it has one at all.
    pub to: Option<Dial>,
    pub peer: Box<P>,
}

impl<P: Peer + 'static> Stand<P> {
    fn any(self) -> Stand {
        let Self { name, medium, channel, to, peer } = self;
        Stand { name, medium, channel, to, peer }
    }
}

/// A new stand for every channel there is.
pub async fn every() -> Vec<Stand> {
    vec![
        webhook::stand().await.any(),
        kannel::stand().await.any(),
        smtp::stand().await.any(),
        spool::stand(Medium::Email).any(),
        spool::stand(Medium::Sms).any(),
        twilio::stand().await.any(),
        smpp::stand().await.any(),
        opentext::stand(Medium::Sms).await.any(),
        opentext::stand(Medium::Email).await.any(),
    ]
}

pub fn message(medium: Medium, number: u64) -> Outgoing {
    let address = match medium {
        Medium::Sms => "+491512345678",
        Medium::Email => "ann@example.net",
    };
    Outgoing {
        notification: NotificationId(number),
        attempt: 1,
        medium,
        address: address.into(),
        name: "Ann Lee".into(),
        subject: "Order 4711 is late".into(),
        body: format!("Order 4711 is late; message {number}.").into(),
        html: None,
        attachments: Vec::new(),
        purpose: Purpose::Page,
        urgent: true,
        reply_to: None,
        return_path: None,
        unsubscribe: None,
        idempotency_key: format!("key-{number}"),
        thread: Some("A1".into()),
        possible_duplicate: false,
        created_at: "2026-02-03T04:05:06Z".parse().unwrap(),
    }
}

/// The same to an address of its own.
pub fn message_to_another(medium: Medium, number: u64) -> Outgoing {
    let address = match medium {
        Medium::Sms => format!("+4915123{number:05}"),
        Medium::Email => format!("ann{number}@example.net"),
    };
    Outgoing { address, ..message(medium, number) }
}

pub fn is_accepted(answer: &Answer) -> bool {
    matches!(answer, Answer::Accepted(_))
}

pub fn is_deferred(answer: &Answer) -> bool {
    matches!(answer, Answer::Deferred { .. })
}

pub fn is_unknown(answer: &Answer) -> bool {
    matches!(answer, Answer::Unknown { .. } | Answer::Cut { .. })
}

/// A mail with [`HOSTILE`] everywhere is one mail to one recipient.
pub fn mail_is_harmless(mail: &[u8]) {
    let read = MessageParser::default().parse(mail).unwrap();
    let names: Vec<&str> = read.headers().iter().map(|h| h.name()).collect();
    assert!(!names.iter().any(|name| name.eq_ignore_ascii_case("bcc")), "{names:?}");
    assert_eq!(names.iter().filter(|name| **name == "To").count(), 1);
    assert!(read.subject().unwrap().contains("Bcc: eve@example.com"), "{:?}", read.subject());
    assert_eq!(read.to().unwrap().first().unwrap().address(), Some("ann@example.net"));
    assert!(read.body_text(0).unwrap().contains("\r\n.\r\nMAIL FROM:<eve@example.com>"));
}
