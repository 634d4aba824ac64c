//! Sends SMS straight to a carrier's or an aggregator's message centre (SMPP 3.4, as a transceiver), and
//! hears its receipts and what people write back over the same session.
//!
//! There is one session, kept open and shared by all messages. Long texts are cut here, so that it is known
//! which part each receipt is of. Nothing is done twice when a part was refused for the moment: the parts
//! that were taken are remembered, and the next attempt goes on behind them.

mod alphabet;
mod asked;
mod hearing;
mod link;
mod pace;
mod pdu;
mod place;
mod receipt;
mod segment;
mod session;

pub use alphabet::Alphabet;
pub use segment::Split;

use super::http::clip;
use super::texts::{is_number, is_word, text_of};
use super::tls::{self, TlsSetup};
use super::{Acceptance, Answer, Channel, Ears, Outgoing};
use crate::channel::codes::smpp::{self as status, Verdict};
use crate::core::contact::Medium;
use crate::core::id::NotificationId;
use crate::core::notification::Fault;
use crate::core::text::sanitise;
use asked::Asked;
use async_trait::async_trait;
use hearing::Hearing;
use link::{Door, State};
use pace::Pace;
use pdu::{Address, Sm, tag};
use receipt::GivenOut;
use rustls::pki_types::ServerName;
use secrecy::SecretString;
use segment::Part;
use session::{Heard, Limits, Outcome, Session, Submitted};
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_util::sync::CancellationToken;

/// Which centre, as whom, and how it wants its texts.
#[derive(Clone, Debug)]
pub struct Settings {
    pub host: String,
    pub port: u16,
    pub tls: bool,
    /// Trusted besides the machine's own roots (PEM).
    pub ca_file: Option<PathBuf>,
    /// The `system_id`.
    pub user: String,
    pub password: SecretString,
    pub system_type: String,
    /// The sender that handsets show: a number, a short code, or up to eleven letters and digits.
    pub from: String,
    pub alphabet: Alphabet,
    pub split: Split,
    /// Whether receipts are asked for.
    pub receipts: bool,
    /// How long the centre tries to deliver; `None`: as long as it likes.
    pub valid_for: Option<Duration>,
    /// After so long without a word the centre is asked whether it is there.
    pub enquire_every: Duration,
    /// For connecting, for the bind, and for the answer to each part.
    pub timeout: Duration,
    /// The window: messages that may be unanswered at once.
    pub connections: usize,
}

/// Why the centre cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BadSettings {
    #[error("the SMPP host {0:?} is neither a host name nor an IP address")]
    Host(String),
    #[error("SMPP needs a user: the system_id that the centre gave you")]
    User,
    #[error("the SMS sender {0:?} must be a number or at most eleven letters and digits")]
    From(String),
    #[error(transparent)]
    Trust(#[from] TlsSetup),
}

/// A session is waited for no longer than this; then the message is for somebody else to carry.
const PATIENCE: Duration = Duration::from_secs(10);
/// What the centre says and nobody has read yet.
const UNREAD: usize = 64;
/// Messages of which some parts are taken and the rest waits.
const HALFWAY: usize = 256;
/// Sessions that one part may lose before it leaves.
const TRIES: usize = 3;

/// One account at a centre.
pub struct Smpp {
    account: Arc<Account>,
    kept: Mutex<Kept>,
}

/// The session that is kept.
#[derive(Default)]
struct Kept {
    /// Ends it; `None` while none is kept.
    stop: Option<CancellationToken>,
    /// What keeps it, or is about to leave.
    keeper: Option<JoinHandle<()>>,
}

/// What the session and the messages share.
struct Account {
    door: Door,
    source: Address,
    from: String,
    alphabet: Alphabet,
    split: Split,
    receipts: bool,
    validity: String,
    timeout: Duration,
    connections: usize,
    window: Semaphore,
    pace: Mutex<Pace>,
    state: watch::Sender<State>,
    given_out: Mutex<GivenOut>,
    halfway: Mutex<VecDeque<Halfway>>,
    heard: mpsc::Sender<Heard>,
    unread: tokio::sync::Mutex<mpsc::Receiver<Heard>>,
    listening: AtomicBool,
    /// Nobody listens any more: another configuration has the account now.
    retired: AtomicBool,
    /// Whom messages are on their way to that have no answer yet.
    asked: Asked,
}

/// A message that was taken in part.
struct Halfway {
    notification: NotificationId,
    text: String,
    reference: u16,
    names: Vec<String>,
}

impl Smpp {
    pub fn new(settings: Settings) -> Result<Self, BadSettings> {
        let Settings { host, port, user, password, system_type, from, timeout, connections, .. } = settings;
        let name = ServerName::try_from(host.clone());
        let name = name.map_err(|_| BadSettings::Host(sanitise(&host).into_owned()))?;
        if user.is_empty() {
            return Err(BadSettings::User);
        }
        if !is_number(&from) && !is_word(&from) {
            return Err(BadSettings::From(sanitise(&from).into_owned()));
        }
        let tls = match settings.tls {
            true => {
                let config = tls::client_config(settings.ca_file.as_deref())?;
                Some((TlsConnector::from(Arc::new(config)), name))
            }
            false => None,
        };
        let limits = Limits { timeout, enquire_every: settings.enquire_every };
        let connections = connections.max(1);
        let (heard, unread) = mpsc::channel(UNREAD);
        let account = Account {
            door: Door { host, port, tls, user, password, system_type, limits },
            source: sender(&from),
            from,
            alphabet: settings.alphabet,
            split: settings.split,
            receipts: settings.receipts,
            validity: settings.valid_for.map(relative).unwrap_or_default(),
            timeout,
            connections,
            window: Semaphore::new(connections),
            pace: Mutex::new(Pace::new(Instant::now())),
            state: watch::Sender::new(State::Opening { failures: 0, said: "not connected yet".into() }),
            given_out: Mutex::default(),
            halfway: Mutex::default(),
            heard,
            unread: tokio::sync::Mutex::new(unread),
            listening: AtomicBool::new(false),
            retired: AtomicBool::new(false),
            asked: Asked::default(),
        };
        Ok(Self { account: Arc::new(account), kept: Mutex::default() })
    }

    /// Keeps a session from now on, if none is kept yet.
    fn keep(&self) {
        let mut kept = locked(&self.kept);
        if kept.stop.is_some() {
            return;
        }
        let stop = CancellationToken::new();
        kept.stop = Some(stop.clone());
        let (account, before) = (self.account.clone(), kept.keeper.take());
        kept.keeper = Some(tokio::spawn(async move {
            // Never two at once.
            if let Some(before) = before {
                let _ = before.await;
            }
            let ear = |heard| account.hears(heard);
            link::keep(&account.door, &account.state, &ear, &stop).await;
        }));
    }

    /// Lets the session end: what is asked is waited for, then the centre is told.
    fn leave(&self) {
        if let Some(stop) = locked(&self.kept).stop.take() {
            stop.cancel();
        }
    }
}

impl Drop for Smpp {
    fn drop(&mut self) {
        self.leave();
    }
}

/// While it lives somebody listens; after that the account is somebody else's.
struct Listening<'a>(&'a Smpp);

impl Drop for Listening<'_> {
    fn drop(&mut self) {
        self.0.account.retired.store(true, Ordering::SeqCst);
        self.0.account.listening.store(false, Ordering::SeqCst);
        self.0.leave();
    }
}

#[async_trait]
impl Channel for Smpp {
    async fn send(&self, message: &Outgoing) -> Answer {
        if message.medium != Medium::Sms {
            return Answer::Refused { said: "this channel carries SMS only".into(), fault: Fault::Message };
        }
        if !is_number(&message.address) {
            let said = format!("{:?} is not one phone number", sanitise(&message.address));
            return Answer::Refused { said, fault: Fault::Address };
        }
        if self.account.retired.load(Ordering::SeqCst) {
            return superseded();
        }
        self.keep();
        self.account.send(message).await
    }

    async fn listen(&self, ears: &dyn Ears) {
        let mut unread = self.account.unread.lock().await;
        self.account.retired.store(false, Ordering::SeqCst);
        self.account.listening.store(true, Ordering::SeqCst);
        let _listening = Listening(self);
        self.keep();
        Hearing::new(&self.account, ears).run(&mut unread).await;
    }

    async fn probe(&self) -> Result<(), String> {
        self.keep();
        match self.account.bound(self.account.patience()).await {
            Ok(_) => Ok(()),
            Err(Answer::Deferred { said, .. }) => Err(said),
            Err(_) => Err("there is no session with the centre".to_owned()),
        }
    }

    fn connections(&self) -> usize {
        self.account.connections
    }
}

impl Account {
    async fn send(&self, message: &Outgoing) -> Answer {
        let text = text_of(message);
        let half = self.resume(message, &text);
        let (reference, mut names) = match half {
            Some(half) => (half.reference, half.names),
            None => (reference(message), Vec::new()),
        };
        let Some(parts) = segment::parts(&text, self.alphabet, self.split, reference) else {
            return Answer::Refused {
                said: "the text is longer than any SMS can be".into(),
                fault: Fault::Message,
            };
        };
        let count = parts.len();
        let of = Submitted { notification: message.notification, attempt: message.attempt, parts: count };
        let taken_before = names.len();
        for (at, part) in parts.into_iter().enumerate().skip(taken_before) {
            let stumbled = match self.part(self.short_message(message, part), of, &message.address).await {
                Ok(name) => {
                    names.push(name);
                    continue;
                }
                Err(answer) => answer,
            };
            let at = at + 1;
            if matches!(stumbled, Answer::Deferred { .. } | Answer::Later { .. }) && !names.is_empty() {
                let notification = message.notification;
                self.remember(Halfway { notification, text: text.clone(), reference, names });
            }
            return in_parts(stumbled, at, count);
        }
        let named = names.iter().any(|name| !name.is_empty());
        let called = names.join(" ");
        Answer::Accepted(Acceptance {
            said: match named {
                true => clip(&format!("the centre took it as {called}")),
                false => "the centre took it without a name; its receipts can not be told apart".to_owned(),
            },
            provider_ref: named.then_some(called),
            names: if named { names } else { Vec::new() },
            parts: u32::try_from(count).unwrap_or(u32::MAX),
        })
    }

    /// Gives one part to the centre: its name there, or why it has none.
    async fn part(&self, sm: Sm, of: Submitted, to: &str) -> Result<String, Answer> {
        let until = self.patience();
        let later = |said: &str| Answer::Deferred { said: said.to_owned(), after: None };
        let permit = timeout_at(until, self.window.acquire()).await;
        let Ok(Ok(_permit)) = permit else {
            return Err(later("the window is full: the centre answers too slowly"));
        };
        let mut said = String::new();
        for _ in 0..TRIES {
            let session = self.bound(until).await?;
            let turn = locked(&self.pace).turn(Instant::now(), until);
            match turn {
                Ok(turn) => sleep_until(turn).await,
                Err(wait) => {
                    return Err(Answer::Deferred {
                        said: "the centre asked to slow down".to_owned(),
                        after: Some(wait),
                    });
                }
            }
            let asking = self.asked.about(to);
            let outcome = session.submit(sm.clone(), of, self.timeout).await;
            if let Outcome::Answered { status: status::OK, message_id } = outcome {
                locked(&self.pace).taken();
                let name = receipt::name(&message_id);
                locked(&self.given_out).remember(&name, to);
                drop(asking);
                return Ok(name);
            }
            match outcome {
                Outcome::Answered { status, .. } => return Err(self.refused(status, &session)),
                Outcome::Lost { left: true, why } => {
                    return Err(Answer::Cut { said: format!("{why} before it answered") });
                }
                Outcome::Silent => {
                    return Err(Answer::Unknown { said: "the centre did not answer in time".to_owned() });
                }
                // Nothing left: the next session takes it.
                Outcome::Lost { left: false, why } => said = why,
            }
        }
        Err(later(&format!("no session stood: {said}")))
    }

    /// What a refusal means; a centre that wants less gets less.
    fn refused(&self, status: u32, session: &Session) -> Answer {
        let said = status::words(status);
        match status::verdict(status) {
            Verdict::Slower => {
                let pause = locked(&self.pace).too_fast(Instant::now());
                Answer::Deferred { said, after: Some(pause) }
            }
            Verdict::NotBound => {
                session.give_up();
                Answer::Deferred { said, after: None }
            }
            Verdict::Failing => Answer::Deferred { said, after: None },
            Verdict::Later => Answer::Later { said, after: None },
            Verdict::Never(fault) => Answer::Refused { said, fault },
        }
    }

    fn patience(&self) -> Instant {
        Instant::now() + (self.timeout / 2).min(PATIENCE)
    }

    /// The session, waited for within reason: not where it is known that there will be none.
    async fn bound(&self, until: Instant) -> Result<Arc<Session>, Answer> {
        let mut states = self.state.subscribe();
        loop {
            let state = states.borrow_and_update().clone();
            let said = match state {
                State::Bound(session) if !session.is_closed() => return Ok(session),
                _ if self.retired.load(Ordering::SeqCst) => return Err(superseded()),
                State::Bound(_) => "the session just ended".to_owned(),
                State::Refused { said, again } => {
                    let after = again.saturating_duration_since(Instant::now());
                    return Err(Answer::Deferred { said, after: Some(after) });
                }
                State::Opening { failures, said } if failures > 1 => {
                    return Err(Answer::Deferred { said, after: None });
                }
                State::Opening { said, .. } => said,
            };
            if !matches!(timeout_at(until, states.changed()).await, Ok(Ok(()))) {
                return Err(Answer::Deferred {
                    said: format!("no session with the centre: {said}"),
                    after: None,
                });
            }
        }
    }

    fn short_message(&self, message: &Outgoing, part: Part) -> Sm {
        let Part { esm_class, data_coding, octets, mut tlvs } = part;
        let reference = u16::try_from(message.notification.0 & 0xffff).unwrap_or_default();
        tlvs.push((tag::USER_MESSAGE_REFERENCE, reference.to_be_bytes().to_vec()));
        let digits = message.address.strip_prefix('+').unwrap_or(&message.address).to_owned();
        Sm {
            source: self.source.clone(),
            destination: Address { ton: 1, npi: 1, digits },
            esm_class,
            validity: self.validity.clone(),
            // A receipt for the final outcome, good or bad. (§5.2.17)
            registered_delivery: u8::from(self.receipts),
            data_coding,
            short_message: octets,
            tlvs,
            ..Sm::default()
        }
    }

    /// What an earlier attempt of the same message left to be done.
    fn resume(&self, message: &Outgoing, text: &str) -> Option<Halfway> {
        let mut halfway = locked(&self.halfway);
        let at = halfway.iter().position(|half| half.notification == message.notification)?;
        halfway.remove(at).filter(|half| half.text == text)
    }

    fn remember(&self, half: Halfway) {
        let mut halfway = locked(&self.halfway);
        halfway.push_back(half);
        if halfway.len() > HALFWAY {
            halfway.pop_front();
        }
    }

    /// What nobody can read now is given again by the centre: a reply that is dropped says so.
    fn hears(&self, heard: Heard) {
        if self.listening.load(Ordering::SeqCst) {
            let _ = self.heard.try_send(heard);
        }
    }
}

fn superseded() -> Answer {
    let said = "the configuration has changed; it goes out with the new one".to_owned();
    Answer::Deferred { said, after: None }
}

/// Says of a long message which of its parts it is about.
fn in_parts(answer: Answer, at: usize, count: usize) -> Answer {
    if count == 1 {
        return answer;
    }
    let before = match at {
        1 => String::new(),
        2 => " (part 1 was taken)".to_owned(),
        _ => format!(" (parts 1 to {} were taken)", at - 1),
    };
    let words = |said: String| format!("part {at} of {count}: {said}{before}");
    match answer {
        Answer::Deferred { said, after } => Answer::Deferred { said: words(said), after },
        Answer::Later { said, after } => Answer::Later { said: words(said), after },
        Answer::Refused { said, fault } => Answer::Refused { said: words(said), fault },
        Answer::Unknown { said } => Answer::Unknown { said: words(said) },
        Answer::Cut { said } => Answer::Cut { said: words(said) },
        accepted @ Answer::Accepted(_) => accepted,
    }
}

/// The reference that the parts of one message share: another one for the next message and for the next
/// attempt, so that no handset mixes them.
fn reference(message: &Outgoing) -> u16 {
    let [.., high, low] = message.notification.0.to_be_bytes();
    let again = u16::try_from(message.attempt & 0xff).unwrap_or_default().wrapping_sub(1);
    u16::from_be_bytes([high, low]).wrapping_add(again.wrapping_mul(101))
}

/// What kind of sender it is (§5.2.5, §5.2.6): a short code is the network's own.
fn sender(from: &str) -> Address {
    let digits = from.strip_prefix('+').unwrap_or(from).to_owned();
    let (ton, npi) = match is_number(from) {
        false => return Address { ton: 5, npi: 0, digits: from.to_owned() },
        true if from.starts_with('+') || digits.len() > 8 => (1, 1),
        true => (3, 0),
    };
    Address { ton, npi, digits }
}

/// A time relative to the centre's own (§7.1.1.2): years, months, days, hours, minutes, seconds.
fn relative(time: Duration) -> String {
    let seconds = time.as_secs().min(99 * 24 * 3600);
    let (days, hours) = (seconds / 86_400, seconds / 3600 % 24);
    let (minutes, seconds) = (seconds / 60 % 60, seconds % 60);
    format!("00{:02}{:02}{hours:02}{minutes:02}{seconds:02}000R", days / 30, days % 30)
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_is_told_to_the_network_as_what_it_is() {
        let kind = |from: &str| {
            let Address { ton, npi, digits } = sender(from);
            (ton, npi, digits)
        };
        assert_eq!(kind("+49301234567"), (1, 1, "49301234567".into()));
        assert_eq!(kind("49301234567"), (1, 1, "49301234567".into()));
        assert_eq!(kind("12345"), (3, 0, "12345".into()));
        assert_eq!(kind("Nightdesk"), (5, 0, "Nightdesk".into()));
    }

    #[test]
    fn a_time_is_written_as_the_centre_counts() {
        assert_eq!(relative(Duration::from_secs(4 * 3600)), "000000040000000R");
        assert_eq!(relative(Duration::from_secs(86_400 * 31 + 61)), "000101000101000R");
        assert_eq!(relative(Duration::from_secs(u64::MAX)).len(), 16);
    }

    #[test]
    fn a_part_that_stumbled_is_named_with_what_was_taken_before_it() {
        let unknown = || Answer::Unknown { said: "silence".into() };
        assert_eq!(in_parts(unknown(), 1, 1), unknown());
        let said = |at| match in_parts(unknown(), at, 3) {
            Answer::Unknown { said } => said,
            other => panic!("{other:?}"),
        };
        assert_eq!(said(1), "part 1 of 3: silence");
        assert_eq!(said(2), "part 2 of 3: silence (part 1 was taken)");
        assert_eq!(said(3), "part 3 of 3: silence (parts 1 to 2 were taken)");
    }
}
