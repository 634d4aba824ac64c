//! The practice community: what `--demo` talks to. It is an outside party that happens to ship in
//! the binary, so it knows nothing of the desk but the words of community events: it signs and posts
//! them from a recorded day, serves its contacts over SCIM, and takes mail over SMTP and SMS over a
//! Kannel-like gateway, which answers with receipts, refusals, delays and silence. Some of its people act
//! on what they are sent.
//!
//! What a phone or a mailbox does is a table, [`Habit`], and what people do another, so that a
//! demonstration and its tests can rely on them.

mod day;
pub mod drill;
mod partners;
mod play;
mod poster;
mod scim;
mod sms;
mod smtp;

pub use day::{Day, Entry, NotADay};
pub use poster::{Pace, Settings};
pub use scim::Contacts;
pub use sms::Text;
pub use smtp::Mail;

use drill::{Drill, Gateway};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use partners::Arrival;
use serde_json::Value;
use std::collections::{BTreeSet, HashSet, VecDeque};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
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
pub const MAILBOXES: [(&str, Habit); 4] = [
    ("dead", Habit::Refuses),
    ("claire.martin", Habit::Refuses),
    ("slow", Habit::DefersFirst),
    ("full", Habit::Full),
];

/// How long things take in practice, as a share of what they really take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Haste(pub f64);

impl Haste {
    pub const REAL: Haste = Haste(1.0);

    fn of(self, seconds: f64) -> Duration {
        Duration::try_from_secs_f64(seconds * self.0).unwrap_or(Duration::ZERO)
    }
}

/// Where the community is spoken to.
#[derive(Clone, Copy, Debug)]
pub struct Addresses {
    /// Its mail server.
    pub smtp: SocketAddr,
    /// Its SMS gateway; messages go to `http://ADDRESS/cgi-bin/sendsms`.
    pub sms: SocketAddr,
    /// Its contacts; SCIM is spoken at `http://ADDRESS/scim/v2`.
    pub scim: SocketAddr,
}

/// The configuration of a desk that looks after this community; `{{…}}` are the addresses of one run.
const DESK: &str = include_str!("../../assets/demo/config.toml");

/// The configuration that the desks of all drills share.
const DRILLS: &str = include_str!("../../assets/drills/desk.toml");

/// How long after the start a partner's day of onboarding ends.
const ONBOARDING: SignedDuration = SignedDuration::from_mins(4);

impl Addresses {
    /// The configuration of a desk that listens there and begins now. Beside it the files `secret`,
    /// `gateway-password` and `inbound-secret` are read. Whoever has this login is the one on call.
    pub fn desk(&self, intake: SocketAddr, login: &str, now: Timestamp) -> String {
        self.filled(DESK, intake, login, now)
    }

    /// The same for a drill.
    pub fn desk_of(&self, drill: &Drill, intake: SocketAddr, login: &str, now: Timestamp) -> String {
        let desk = day::filled(&format!("{DRILLS}\n{}", drill.desk), 0, now);
        self.filled(&desk, intake, login, now)
    }

    fn filled(&self, desk: &str, intake: SocketAddr, login: &str, now: Timestamp) -> String {
        let soon = now.saturating_add(ONBOARDING).unwrap_or(now).to_zoned(TimeZone::UTC).time();
        let soon = match (soon.hour(), soon.minute()) {
            // Nothing ends as the day begins.
            (0, 0) => "00:01".to_owned(),
            (hour, minute) => format!("{hour:02}:{minute:02}"),
        };
        desk.replace("{{intake}}", &intake.to_string())
            .replace("{{sms}}", &self.sms.to_string())
            .replace("{{scim}}", &self.scim.to_string())
            .replace("{{smtp_port}}", &self.smtp.port().to_string())
            .replace("{{soon}}", &soon)
            .replace("{{login}}", &login.replace(['\\', '"'], ""))
    }
}

/// The running gateways. They stop when this is dropped.
pub struct Practice {
    addresses: Addresses,
    contacts: Arc<Contacts>,
    post: Arc<Post>,
    arrivals: tokio::sync::Mutex<mpsc::Receiver<Arrival>>,
    _running: JoinSet<()>,
}

/// What has arrived, and who was deferred once already.
struct Post {
    mails: Mutex<VecDeque<Mail>>,
    mail_count: AtomicU64,
    texts: Mutex<VecDeque<Text>>,
    /// What the community has said last, as events.
    posted: Mutex<VecDeque<Value>>,
    arrivals: mpsc::Sender<Arrival>,
    deferred: Mutex<HashSet<String>>,
    gateway: Mutex<Gateway>,
    haste: Haste,
}

/// How much of what arrived is kept to be looked at.
const KEPT: usize = 500;

impl Practice {
    /// Opens both gateways and the contacts on free loopback ports; they answer at once. The agent's
    /// configuration needs the ports, so posting begins separately, with [`Practice::run`], and so do
    /// the partners who act, with [`Practice::partners`].
    pub async fn bind(haste: Haste) -> io::Result<Practice> {
        let smtp = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let sms = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let scim = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let contacts = Contacts::recorded()?;
        let (arrived, arrivals) = mpsc::channel(KEPT);
        let post = Arc::new(Post {
            mails: Mutex::default(),
            mail_count: AtomicU64::new(1),
            texts: Mutex::default(),
            posted: Mutex::default(),
            arrivals: arrived,
            deferred: Mutex::default(),
            gateway: Mutex::default(),
            haste,
        });
        let addresses =
            Addresses { smtp: smtp.local_addr()?, sms: sms.local_addr()?, scim: scim.local_addr()? };
        let mut running = JoinSet::new();
        running.spawn(smtp::serve(smtp, post.clone()));
        running.spawn(sms::serve(sms, post.clone(), client()?));
        running.spawn(scim::serve(scim, contacts.clone()));
        running.spawn(scim::live(contacts.clone(), haste));
        let arrivals = tokio::sync::Mutex::new(arrivals);
        Ok(Practice { addresses, contacts, post, arrivals, _running: running })
    }

    pub fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// What the partners' contacts say of themselves.
    pub fn contacts(&self) -> &Contacts {
        &self.contacts
    }

    /// Posts the recorded day, again and again with fresh ids, until it has been posted
    /// [`Settings::rounds`] times. Drop the future to stop earlier.
    pub async fn run(&self, settings: Settings) -> io::Result<()> {
        let day = Day::recorded().map_err(io::Error::other)?;
        poster::day(&day, &self.post, &self.contacts, &settings, &client()?).await;
        Ok(())
    }

    /// Lets partners act on what they are sent. Drop the future to stop them.
    pub async fn partners(&self, settings: Settings) -> io::Result<()> {
        let mut arrivals = self.arrivals.lock().await;
        let (post, contacts) = (self.post.clone(), self.contacts.clone());
        partners::live(post, contacts, &mut arrivals, &settings, &client()?).await;
        Ok(())
    }

    /// Plays a drill, whose cues may wait for marks and goals that are reached, and lets people answer. Drop the
    /// future to stop it.
    pub async fn play(
        &self,
        drill: &Drill,
        settings: Settings,
        reached: watch::Receiver<BTreeSet<String>>,
    ) -> io::Result<()> {
        let mut arrivals = self.arrivals.lock().await;
        play::drill(drill, self.post.clone(), &mut arrivals, &settings, reached, &client()?).await;
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
    /// Where nobody reads, messages pile up only so far.
    fn arrived(&self, arrival: Arrival) {
        let _ = self.arrivals.try_send(arrival);
    }

    /// The newest event of which this holds.
    fn last_posted(&self, holds: impl Fn(&Value) -> bool) -> Option<Value> {
        locked(&self.posted).iter().rev().find(|event| holds(event)).cloned()
    }

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
