//! `config.toml` → checked settings. Nothing outside this room sees the file's own shape, and
//! nothing inside it is looked up later: what is accepted here works.

mod calendar;
mod channel;
mod check;
mod community;
mod console;
mod digest;
mod exchange;
mod file;
mod handover;
mod heartbeat;
mod kept;
mod mapping;
mod naming;
mod page_test;
pub mod paths;
mod problem;
mod quiet;
mod replies;
mod roster;
mod schedule;
mod smpp;
mod templates;
mod unsubscribe;
mod view;
mod waking;
mod work;

pub use channel::{Channel, ChannelKind, OpentextLogin, Tls, TwilioSender};
pub use community::Community;
pub use console::{Console as ConsoleSettings, KeyRow, Keys as ConsoleKeys, NotifyWord, console};
pub use heartbeat::Heartbeat;
pub use problem::{ConfigError, Problem};
pub use replies::{Imap, Letters, Replies};
pub use roster::address_hash;
pub use schedule::{Feed, LARGEST_CALENDAR};
pub use smpp::{AlphabetWord, Smpp, SplitWord};

use crate::core::calendar::Calendar;
use crate::core::contact::Contact;
use crate::core::desk::Desk;
use crate::core::mapping::Mapping;
use crate::core::person::{PersonId, Role};
use crate::core::saved_view::SavedView;
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use sha2::{Digest, Sha256};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

/// The configuration of a newcomer, as it lies in the repository.
pub const DEFAULT: &str = include_str!("../../config.toml");

/// Everything a configuration says.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What decisions need; its `version` and `instance` are set by whoever applies it.
    pub desk: Desk,
    pub practice: bool,
    pub agent: Agent,
    pub intake: Intake,
    pub sources: Vec<Source>,
    pub channels: Vec<Channel>,
    pub logins: Vec<Login>,
    pub digests: Vec<crate::core::digest::Digest>,
    /// Created in the store if absent, never written over.
    /// The store adds the times.
    pub contacts: Vec<Contact>,
    /// Where the community keeps its contacts, if it offers that.
    pub community: Option<Community>,
    /// Calendars elsewhere that schedules are made of.
    pub rosters: Vec<Feed>,
    /// Where mailed replies come in, if they do.
    pub replies: Option<Replies>,
    /// Who is told, again and again, that this desk is well.
    pub heartbeat: Option<Heartbeat>,
    /// Queries under a name that everybody may use.
    pub views: Vec<SavedView>,
    /// By which amounts of different currencies are compared, if they are.
    pub exchange: Option<crate::core::exchange::Exchange>,
    /// The file as it is, with what is kept of the files beside it, and their SHA-256 in hex.
    pub text: String,
    pub sha256: String,
}

#[derive(Clone, Debug)]
pub struct Agent {
    pub start: Start,
    /// A service's socket is open to this system group.
    pub group: Option<String>,
}

/// Who starts the agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// The console, when none answers.
    Console,
    /// The system; the console only says that it is away.
    Service,
}

#[derive(Clone, Debug)]
pub struct Intake {
    pub listen: SocketAddr,
    /// How others reach the intake, for callback links; without it, `http://{listen}`.
    pub public_url: Option<String>,
}

#[derive(Clone, Debug)]
pub struct Source {
    pub name: String,
    /// Any of them may have signed; none means that only this machine may send.
    pub secrets: Vec<SecretString>,
    pub silence: Option<Silence>,
    /// How payloads that are no CloudEvents become events.
    pub mapping: Option<Arc<Mapping>>,
}

/// How long a source may be silent.
#[derive(Clone, Debug)]
pub struct Silence {
    pub after: SignedDuration,
    /// Whose working hours count; `None`: round the clock.
    pub calendar: Option<Calendar>,
}

impl Silence {
    /// Whether it has been silent for too long, having spoken last at that time.
    pub fn is_broken(&self, last: Timestamp, now: Timestamp) -> bool {
        let silent = match &self.calendar {
            Some(calendar) => calendar.working_between(last, now),
            None => now.duration_since(last),
        };
        silent > self.after
    }
}

/// A system user and the person behind it.
#[derive(Clone, Debug)]
pub struct Login {
    pub login: String,
    pub person: PersonId,
    pub role: Role,
    /// Set where several people share the login: each gives name and PIN once a session.
    pub pin: Option<SecretString>,
}

/// The configuration's text as it is checked, kept and compared: the file, and after it the templates
/// of the folder `templates/` beside it, its tables of EDI codes, its lists of holidays and the calendars
/// that its schedules name.
pub fn read(path: &Path) -> Result<String, ConfigError> {
    Watched::default().read(path)
}

/// A configuration that is read again and again: which other files it names is only looked for where it is another.
#[derive(Default)]
pub struct Watched {
    text: String,
    named: Vec<(kept::Kind, String)>,
}

impl Watched {
    /// As [`read`].
    pub fn read(&mut self, path: &Path) -> Result<String, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|why| ConfigError::Unreadable { path: path.to_owned(), why: why.to_string() })?;
        if text != self.text {
            self.named = kept::named(&text);
            self.text.clone_from(&text);
        }
        let kept = templates::beside(path)? + &kept::beside(&self.named, path)?;
        Ok(text + &kept)
    }
}

/// Reads and checks a configuration file and its templates.
pub fn load(path: &Path) -> Result<Settings, ConfigError> {
    parse(&read(path)?, path)
}

/// Checks a configuration text; `path` names it in errors and is where file references start.
pub fn parse(text: &str, path: &Path) -> Result<Settings, ConfigError> {
    check::settings(text, path)
}

/// SHA-256 of a text in hex.
pub fn digest(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
