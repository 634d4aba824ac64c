//! The practice community: what `--demo` talks to. It is an outside party that happens to ship in
//! the binary, so it knows nothing of the desk but the words of community events: it signs and posts
//! them from a recorded day, serves its contacts over SCIM, and takes mail over SMTP and SMS over a Kannel-like gateway, which
//! answers with receipts, refusals, delays and silence.
//!
//! What it does with whom is a table, [`Habit`], so that a demonstration and its tests can rely on it.

mod day;
mod poster;
mod scim;
mod sms;
mod smtp;

pub use day::{Day, Entry, NotADay};
pub use poster::{Pace, Settings};
pub use scim::Contacts;
pub use sms::Text;
pub use smtp::Mail;

use std::collections::{HashSet, VecDeque};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// What a phone or a mailbox of the practice community does with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Habit {
    /// Takes it, and a phone confirms it after some seconds.
    Answers,
    /// A phone: the carrier takes the message, and the handset cannot be reached.
    Unreachable,
    /// A phone: the carrier takes the message and nothing is ever heard of it again.
    Silent,
    /// A phone: the handset's receipt comes before the carrier's.
    OutOfOrder,
    /// Refused for the time being at the first attempt, taken at the next.
    DefersFirst,
    /// A mailbox that is full, every time.
    Full,
    /// Refused for good.
    Refuses,
}

/// The phones with a habit of their own; all others answer.
pub const PHONES: [(&str, Habit); 5] = [
    ("+4915112345613", Habit::Unreachable),
    ("+4915112345614", Habit::Silent),
    ("+4915112345615", Habit::OutOfOrder),
    ("+4915112345616", Habit::DefersFirst),
    ("+4915112345617", Habit::Refuses),
];

/// The mailboxes with a habit of their own, by what stands before the `@`; all others answer.
pub const MAILBOXES: [(&str, Habit); 3] =
    [("dead", Habit::Refuses), ("slow", Habit::DefersFirst), ("full", Habit::Full)];

/// How long the practice phones take, as a share of what real ones take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Haste(pub f64);

impl Haste {
    pub const REAL: Haste = Haste(1.0);

    fn of(self, seconds: f64) -> Duration {
        Duration::try_from_secs_f64(seconds * self.0).unwrap_or(Duration::ZERO)
    }
}

/// The running gateways. They stop when this is dropped.
pub struct Practice {
    smtp: SocketAddr,
    sms: SocketAddr,
    scim: SocketAddr,
    contacts: Arc<Contacts>,
    post: Arc<Post>,
    _running: JoinSet<()>,
}

/// What has arrived, and who was deferred once already.
struct Post {
    mails: Mutex<VecDeque<Mail>>,
    mail_count: AtomicU64,
    texts: Mutex<VecDeque<Text>>,
    deferred: Mutex<HashSet<String>>,
    haste: Haste,
}

/// How much of what arrived is kept to be looked at.
const KEPT: usize = 500;

impl Practice {
    /// Opens both gateways and the contacts on free loopback ports; they answer at once. The agent's configuration
    /// needs the ports, so posting begins separately, with [`Practice::run`].
    pub async fn bind(haste: Haste) -> io::Result<Practice> {
        let smtp = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let sms = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let scim = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let contacts = Contacts::recorded()?;
        let post = Arc::new(Post {
            mails: Mutex::default(),
            mail_count: AtomicU64::new(1),
            texts: Mutex::default(),
            deferred: Mutex::default(),
            haste,
        });
        let (smtp_addr, sms_addr, scim_addr) = (smtp.local_addr()?, sms.local_addr()?, scim.local_addr()?);
        let mut running = JoinSet::new();
        running.spawn(smtp::serve(smtp, post.clone()));
        running.spawn(sms::serve(sms, post.clone(), client()?));
        running.spawn(scim::serve(scim, contacts.clone()));
        running.spawn(scim::live(contacts.clone(), haste));
        Ok(Practice { smtp: smtp_addr, sms: sms_addr, scim: scim_addr, contacts, post, _running: running })
    }

    pub fn smtp_addr(&self) -> SocketAddr {
        self.smtp
    }

    /// The gateway's address; messages go to `http://ADDRESS/cgi-bin/sendsms`.
    pub fn sms_addr(&self) -> SocketAddr {
        self.sms
    }

    /// The contacts' address; SCIM is spoken at `http://ADDRESS/scim/v2`.
    pub fn scim_addr(&self) -> SocketAddr {
        self.scim
    }

    /// What the partners' contacts say of themselves.
    pub fn contacts(&self) -> &Contacts {
        &self.contacts
    }

    /// Posts the recorded day, again and again with fresh ids, until it has been posted
    /// [`Settings::rounds`] times. Drop the future to stop earlier.
    pub async fn run(&self, settings: Settings) -> io::Result<()> {
        let day = Day::recorded().map_err(io::Error::other)?;
        poster::post(&day, &settings, &client()?).await;
        Ok(())
    }

    /// The mails that arrived last, oldest first.
    pub fn mails(&self) -> Vec<Mail> {
        locked(&self.post.mails).iter().cloned().collect()
    }

    /// The texts that arrived last, oldest first.
    pub fn texts(&self) -> Vec<Text> {
        locked(&self.post.texts).iter().cloned().collect()
    }
}

impl Post {
    /// Whether this address was not yet deferred; it is from now on.
    fn defer_once(&self, address: &str) -> bool {
        let mut deferred = locked(&self.deferred);
        deferred.len() < KEPT && deferred.insert(address.to_owned())
    }
}

fn keep<T>(list: &Mutex<VecDeque<T>>, item: T) {
    let mut list = locked(list);
    if list.len() == KEPT {
        list.pop_front();
    }
    list.push_back(item);
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A client for the loopback; the provider is installed because building one asks for it.
fn client() -> io::Result<reqwest::Client> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(20)).build().map_err(io::Error::other)
}
