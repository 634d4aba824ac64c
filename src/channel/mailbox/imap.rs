//! Letters in a folder of an IMAP server.
//!
//! A letter is known by its number and what that number is valid for (UIDVALIDITY, UID). Whoever reads keeps
//! the highest number that is done with; what is above it is new, whether somebody has looked at it or not.
//! Where nothing is kept, or the server has renumbered the folder, what nobody has seen is new.

mod session;

use super::letter::LARGEST;
use crate::channel::tls::{Tls, TlsSetup};
use crate::channel::{http, tls};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use rustls::pki_types::ServerName;
use secrecy::{ExposeSecret as _, SecretString};
use session::{Offers, Session, Wire};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// Which folder, of whom, on which server.
#[derive(Clone, Debug)]
pub struct Settings {
    pub host: String,
    pub port: u16,
    pub tls: Tls,
    pub user: String,
    pub password: SecretString,
    pub folder: String,
    /// Trusted besides the machine's own roots (PEM).
    pub ca_file: Option<PathBuf>,
    /// For connecting, and for each answer.
    pub timeout: Duration,
}

/// Why a server cannot be used at all.
#[derive(Debug, thiserror::Error)]
pub enum BadSettings {
    #[error("the mail server's host {0:?} is neither a host name nor an IP address")]
    Host(String),
    #[error(
        "the password of the mailbox would travel unprotected to {0}; set tls to \"tls\" or \"starttls\", or use a server on this machine"
    )]
    InTheClear(String),
    #[error("the mail server's trust cannot be set up: {0}")]
    Trust(#[from] TlsSetup),
}

/// Why a session did not come about, or ended.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failed {
    #[error("{0}")]
    Lost(String),
    /// Somebody must change something first.
    #[error("refused: {0}")]
    Refused(String),
}

/// What of a folder is done with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    pub validity: u32,
    /// Letters up to this number are done with.
    pub uid: u32,
}

/// One folder of one server.
pub struct Server {
    settings: Settings,
    connector: TlsConnector,
    server_name: ServerName<'static>,
}

/// An open folder.
pub struct Folder {
    session: Session,
    idle: bool,
    pub validity: u32,
    next: Option<u32>,
}

impl Server {
    pub fn new(settings: Settings) -> Result<Self, BadSettings> {
        let Ok(server_name) = ServerName::try_from(settings.host.clone()) else {
            return Err(BadSettings::Host(settings.host));
        };
        if settings.tls == Tls::None && !http::is_this_machine(&settings.host) {
            return Err(BadSettings::InTheClear(settings.host));
        }
        let config = tls::client_config(settings.ca_file.as_deref())?;
        Ok(Self { settings, connector: TlsConnector::from(Arc::new(config)), server_name })
    }

    /// What is kept of the folder is kept under this name.
    pub fn name(&self) -> String {
        let Settings { host, port, user, folder, .. } = &self.settings;
        format!("imap://{user}@{host}:{port}/{folder}")
    }

    /// Connects, logs in and opens the folder.
    pub async fn open(&self) -> Result<Folder, Failed> {
        let Settings { host, port, tls, user, folder, timeout: limit, .. } = &self.settings;
        let connecting = timeout(*limit, TcpStream::connect((host.as_str(), *port))).await;
        let stream = match connecting {
            Ok(Ok(stream)) => stream,
            Ok(Err(why)) => return Err(Failed::Lost(why.to_string())),
            Err(_) => return Err(Failed::Lost("it does not answer".to_owned())),
        };
        let _ = stream.set_nodelay(true);
        let here = stream.peer_addr().is_ok_and(|peer| peer.ip().is_loopback());
        if *tls == Tls::None && !here {
            return Err(Failed::Refused(
                "the password would travel unprotected to another machine".to_owned(),
            ));
        }
        let mut session = match tls {
            Tls::Tls => Session::new(self.protected(Box::new(stream)).await?, *limit),
            Tls::StartTls | Tls::None => Session::new(Box::new(stream), *limit),
        };
        session.greeted().await?;
        if *tls == Tls::StartTls {
            if !session.offers().await?.start_tls {
                return Err(Failed::Refused("it offers no STARTTLS".to_owned()));
            }
            let bare = session.start_tls().await?;
            session = Session::new(self.protected(bare).await?, *limit);
        }
        let offers = session.offers().await?;
        self.log_in(&mut session, offers).await.map_err(|failed| match failed {
            Failed::Refused(why) => Failed::Refused(format!("it does not let {user} in: {why}")),
            lost => lost,
        })?;
        // Many offer more to whoever is logged in.
        let idle = session.offers().await?.idle;
        let (validity, next) = session.select(folder).await.map_err(|failed| match failed {
            Failed::Refused(why) => Failed::Refused(format!("the folder {folder:?} cannot be opened: {why}")),
            lost => lost,
        })?;
        Ok(Folder { session, idle, validity, next })
    }

    async fn protected(&self, stream: Box<dyn Wire>) -> Result<Box<dyn Wire>, Failed> {
        let shaken = self.connector.connect(self.server_name.clone(), stream);
        match timeout(self.settings.timeout, shaken).await {
            Ok(Ok(stream)) => Ok(Box::new(stream)),
            Ok(Err(why)) => Err(Failed::Refused(format!("no TLS: {why}"))),
            Err(_) => Err(Failed::Lost("it does not answer".to_owned())),
        }
    }

    async fn log_in(&self, session: &mut Session, offers: Offers) -> Result<(), Failed> {
        let Settings { user, password, .. } = &self.settings;
        let password = password.expose_secret();
        if offers.plain {
            let credentials = BASE64.encode(format!("\0{user}\0{password}"));
            session.plain(&credentials, offers.at_once).await
        } else if offers.login {
            session.login(user, password).await
        } else {
            Err(Failed::Refused("it takes neither AUTHENTICATE PLAIN nor LOGIN".to_owned()))
        }
    }
}

impl Folder {
    /// The numbers of new letters in their order, and what is done with once they are.
    pub async fn new_letters(&mut self, mark: Option<Mark>) -> Result<Vec<u32>, Failed> {
        match mark.filter(|mark| mark.validity == self.validity) {
            Some(Mark { uid, .. }) => {
                let Some(from) = uid.checked_add(1) else { return Ok(Vec::new()) };
                // `from:*` names the last letter even where it is older (RFC 3501 §6.4.8).
                let found = self.session.search(&format!("UID {from}:*")).await?;
                Ok(found.into_iter().filter(|found| *found > uid).collect())
            }
            None => self.session.search("UNSEEN").await,
        }
    }

    /// What is done with once every new letter of the first look is: all that were there when it was opened.
    pub fn first_mark(&self, seen: &[u32]) -> Mark {
        let last = self.next.map_or(0, |next| next.saturating_sub(1));
        Mark { validity: self.validity, uid: seen.iter().copied().max().unwrap_or(0).max(last) }
    }

    /// A letter's octets, none for one that is too large; `None`: it is gone.
    pub async fn letter(&mut self, uid: u32) -> Result<Option<Vec<u8>>, Failed> {
        match self.session.size(uid).await? {
            None => Ok(None),
            Some(size) if size > LARGEST => Ok(Some(Vec::new())),
            Some(_) => self.session.letter(uid).await,
        }
    }

    /// Marks a letter as seen, for whoever else looks into the folder; a folder that may only be read stays
    /// as it is.
    pub async fn seen(&mut self, uid: u32) -> Result<(), Failed> {
        match self.session.seen(uid).await {
            Err(Failed::Refused(why)) => {
                tracing::debug!(uid, why, "a letter that was taken could not be marked as seen");
                Ok(())
            }
            done => done,
        }
    }

    /// Returns when there may be something new: once the server says so, else after `poll`; a server that
    /// says so by itself is waited for during `patience`.
    pub async fn wait(&mut self, poll: Duration, patience: Duration) -> Result<(), Failed> {
        if self.idle {
            return self.session.idle(patience).await;
        }
        tokio::time::sleep(poll).await;
        Ok(())
    }
}
