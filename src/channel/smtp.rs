//! Hands mail to a relay or submission server (RFC 5321, RFC 6409).
//!
//! The session is written out here because the answer to "may it have been sent?" hangs on one
//! octet: until the dot that ends the text is written, the server cannot have taken the message, so
//! every failure before it is safe to repeat; after it, silence means that nobody knows.

use super::codes::in_words;
use super::codes::mail::{self as mail_codes, Enhanced};
use super::mail::{self, Mail, Sender};
use super::tls::{Tls, TlsSetup};
use super::{Acceptance, Answer, Channel, Outgoing, http, tls};
use crate::core::contact::Medium;
use crate::core::notification::Fault;
use crate::core::text::Untrusted;
use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use futures_util::FutureExt as _;
use rustls::pki_types::ServerName;
use secrecy::{ExposeSecret as _, SecretString};
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;
use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader,
};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsConnector;

/// Which server, as whom, and whom the mail is from.
#[derive(Clone, Debug)]
pub struct Settings {
    pub host: String,
    pub port: u16,
    pub tls: Tls,
    pub user: Option<String>,
    pub password: Option<SecretString>,
    /// The mailbox in `From` and in the envelope.
    pub from: String,
    /// The name in `From`; may be empty.
    pub from_name: String,
    /// What this host calls itself in EHLO.
    pub hello: String,
    /// The right side of every Message-ID.
    pub message_id_domain: String,
    /// Trusted besides the machine's own roots (PEM).
    pub ca_file: Option<PathBuf>,
    /// Also what was delivered is reported, where the server offers it; failures are in any case.
    pub receipts: bool,
    /// For everything up to the final dot, and once more for the answer to it.
    pub timeout: Duration,
    pub connections: usize,
}

/// Why the server cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BadSettings {
    #[error("the mail server's host {0:?} is neither a host name nor an IP address")]
    Host(String),
    #[error("the sender {0:?} is not a plain mailbox, such as desk@example.org")]
    From(String),
    #[error(
        "{0:?} cannot stand in an SMTP greeting or a Message-ID; use this host's full name, such as desk.example.org"
    )]
    Name(String),
    #[error("a user needs a password and a password needs a user")]
    HalfALogin,
    #[error(
        "a password would travel unprotected to {0}; set tls to \"starttls\" or \"tls\", or use a server on this machine"
    )]
    LoginInTheClear(String),
    #[error("the mail server's trust cannot be set up: {0}")]
    Trust(#[from] TlsSetup),
}

/// One mail server, with its open connections.
pub struct Smtp {
    host: String,
    port: u16,
    tls: Tls,
    login: Option<Login>,
    hello: String,
    sender: Sender,
    connector: TlsConnector,
    server_name: ServerName<'static>,
    receipts: bool,
    /// It was said once that the server offers none.
    said_no_reports: AtomicBool,
    timeout: Duration,
    connections: usize,
    idle: Arc<Idle>,
}

struct Login {
    user: String,
    password: SecretString,
}

/// A connection that has said EHLO and, where configured, has TLS and a login.
struct Session {
    stream: BufReader<Box<dyn Wire>>,
    offers: Offers,
    idle_since: Instant,
    /// The last message was refused on the way: the next one begins with RSET.
    mid_mail: bool,
}

trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

/// What the server says it can do (RFC 5321 §4.1.1.1).
#[derive(Clone, Copy, Debug, Default)]
struct Offers {
    start_tls: bool,
    eight_bit: bool,
    size: bool,
    plain: bool,
    login: bool,
    /// Reports on what becomes of a mail (RFC 3461).
    reports: bool,
}

/// A complete answer of the server.
#[derive(Clone, Debug)]
struct Reply {
    code: u16,
    lines: Vec<String>,
}

/// Why no complete answer came.
#[derive(Debug, thiserror::Error)]
enum Lost {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("the server closed the connection")]
    Closed,
    #[error("the server's answer is not SMTP: {0}")]
    Garbled(String),
}

/// Why the message did not get as far as the final dot.
enum Stop {
    Answer(Answer),
    /// A connection that had been idle turned out to be dead; nothing was said on it.
    Stale,
}

/// What stopped a message between MAIL and the text.
enum Refused {
    Server(Reply, &'static str),
    Broken(String),
    /// As [`Stop::Stale`].
    Stale,
}

/// Connections between two messages, newest last.
struct Idle {
    keep: Duration,
    state: Mutex<IdleState>,
}

#[derive(Default)]
struct IdleState {
    sessions: Vec<Session>,
    swept: bool,
}

/// Servers close idle connections after minutes; firewalls forget them earlier, without a word.
const KEEP_IDLE: Duration = Duration::from_secs(30);
/// RFC 5321 §4.5.3.1.5 allows 512 octets; some servers say more.
const MAX_REPLY_LINE: u64 = 4096;
const MAX_REPLY_LINES: usize = 100;
/// A provider's name for a message is cut here.
const MAX_REF: usize = 120;

impl Smtp {
    /// Reads `ca_file` and the machine's roots.
    pub fn new(settings: Settings) -> Result<Self, BadSettings> {
        let Settings {
            host,
            port,
            tls,
            user,
            password,
            from,
            from_name,
            hello,
            message_id_domain,
            ca_file,
            receipts,
            timeout,
            connections,
        } = settings;
        let server_name = ServerName::try_from(host.clone()).map_err(|_| BadSettings::Host(shown(&host)))?;
        if !mail::is_plain_mailbox(&from) {
            return Err(BadSettings::From(shown(&from)));
        }
        for name in [&hello, &message_id_domain] {
            if !is_host_word(name) {
                return Err(BadSettings::Name(shown(name)));
            }
        }
        let login = match (user, password) {
            (Some(user), Some(password)) => Some(Login { user, password }),
            (None, None) => None,
            _ => return Err(BadSettings::HalfALogin),
        };
        if login.is_some() && tls == Tls::None && !http::is_this_machine(&host) {
            return Err(BadSettings::LoginInTheClear(host));
        }
        let connector = TlsConnector::from(Arc::new(tls::client_config(ca_file.as_deref())?));
        let name = Untrusted::new(from_name).printable().into_string();
        Ok(Self {
            host,
            port,
            tls,
            login,
            hello,
            sender: Sender { mailbox: from, name, domain: message_id_domain },
            connector,
            server_name,
            receipts,
            said_no_reports: AtomicBool::new(false),
            timeout,
            connections: connections.max(1),
            idle: Arc::new(Idle::keeping(KEEP_IDLE)),
        })
    }

    /// Keeps idle connections open for another time than 30 seconds, for servers and firewalls that
    /// forget them earlier.
    pub fn keeping_idle(self, time: Duration) -> Self {
        Self { idle: Arc::new(Idle::keeping(time)), ..self }
    }

    /// Everything that can be repeated without harm. On success the server waits for the dot.
    async fn up_to_the_dot(&self, message: &Outgoing) -> Result<Session, Answer> {
        while let Some(mut session) = self.idle.take() {
            if !session.is_quiet() {
                continue;
            }
            match self.say_message(session, message, true).await {
                Ok(session) => return Ok(session),
                Err(Stop::Answer(answer)) => return Err(answer),
                // The others have been idle for longer.
                Err(Stop::Stale) => break,
            }
        }
        let session = self.connect().await?;
        match self.say_message(session, message, false).await {
            Ok(session) => Ok(session),
            Err(Stop::Answer(answer)) => Err(answer),
            Err(Stop::Stale) => Err(later("the server closed a new connection")),
        }
    }

    async fn say_message(
        &self,
        mut session: Session,
        message: &Outgoing,
        reused: bool,
    ) -> Result<Session, Stop> {
        match self.envelope_and_text(&mut session, message, reused).await {
            Ok(()) => Ok(session),
            Err(Refused::Server(reply, what)) => {
                let answer = refusal(&reply, what);
                // 421 says goodbye (RFC 5321 §3.8); after any other answer the connection is good.
                if reply.code != 421 {
                    session.mid_mail = true;
                    self.idle.put(session, self.connections);
                }
                Err(Stop::Answer(answer))
            }
            Err(Refused::Broken(said)) => Err(Stop::Answer(later(&said))),
            Err(Refused::Stale) => Err(Stop::Stale),
        }
    }

    async fn envelope_and_text(
        &self,
        session: &mut Session,
        message: &Outgoing,
        reused: bool,
    ) -> Result<(), Refused> {
        let Mail { text, eight_bit } = mail::compose(message, &self.sender, session.offers.eight_bit);
        let text = dot_stuffed(&text);
        if session.mid_mail {
            match session.command("RSET").await {
                Ok(reply) if reply.code == 250 => session.mid_mail = false,
                _ => return Err(Refused::Stale),
            }
        }
        let body = if eight_bit { " BODY=8BITMIME" } else { "" };
        let size = if session.offers.size { format!(" SIZE={}", text.len()) } else { String::new() };
        let asked = message.return_path.as_deref().filter(|_| session.offers.reports);
        let asked = asked.map(|path| self.asks_for_reports(path, &message.address));
        let (of_mail, of_recipient) = asked.unwrap_or_default();
        let sender = message.return_path.as_ref().unwrap_or(&self.sender.mailbox);
        let mail_from = format!("MAIL FROM:<{sender}>{size}{body}{of_mail}");
        match session.command(&mail_from).await {
            Err(_) if reused => return Err(Refused::Stale),
            // Often because the connection was idle for too long.
            Ok(reply) if reused && reply.code == 421 => return Err(Refused::Stale),
            reply => wanted(reply, 250, "the sender")?,
        }
        let reply = session.command(&format!("RCPT TO:<{}>{of_recipient}", message.address)).await;
        wanted(reply, 250, RECIPIENT)?;
        let reply = session.command("DATA").await;
        wanted(reply, 354, "the message")?;
        let broken = |e| Refused::Broken(format!("the connection broke within the text: {e}"));
        session.write(text.as_bytes()).await.map_err(broken)
    }

    /// What MAIL and RCPT say more, so that reports come, and name the attempt (RFC 3461 §4): the envelope id
    /// is the token in the return path.
    fn asks_for_reports(&self, return_path: &str, recipient: &str) -> (String, String) {
        let token = return_path.split(['+', '@']).nth(1).unwrap_or_default();
        let on = if self.receipts { "SUCCESS,FAILURE,DELAY" } else { "FAILURE,DELAY" };
        let of_mail = format!(" RET=HDRS ENVID={}", xtext(token));
        (of_mail, format!(" NOTIFY={on} ORCPT=rfc822;{}", xtext(recipient)))
    }

    async fn connect(&self) -> Result<Session, Answer> {
        let (host, port) = (self.host.as_str(), self.port);
        let failed = |stage: &str, e: &dyn std::fmt::Display| later(&format!("{stage} {host}:{port}: {e}"));
        let tcp = TcpStream::connect((host, port)).await.map_err(|e| failed("no connection to", &e))?;
        // Commands are short and each waits for its answer.
        let _ = tcp.set_nodelay(true);
        let peer_is_here = tcp.peer_addr().is_ok_and(|peer| peer.ip().is_loopback());

        let wire: Box<dyn Wire> =
            if self.tls == Tls::Tls { self.secure(Box::new(tcp)).await? } else { Box::new(tcp) };
        let mut session = Session::new(wire);
        let greeting = session.reply().await.map_err(|e| failed("no greeting from", &e))?;
        if greeting.code != 220 {
            return Err(later(&format!("the server does not want to talk: {}", greeting.said())));
        }
        session.hello(&self.hello).await?;

        if self.tls == Tls::StartTls {
            if !session.offers.start_tls {
                return Err(later(
                    "the server does not offer STARTTLS, and without it no mail is sent; check tls and port",
                ));
            }
            let reply = session.command("STARTTLS").await.map_err(|e| failed("no STARTTLS with", &e))?;
            if reply.code != 220 {
                return Err(later(&format!("the server does not take STARTTLS: {}", reply.said())));
            }
            // It was said in the clear and would be taken for a protected answer.
            if !session.stream.buffer().is_empty() {
                return Err(later(
                    "somebody spoke after STARTTLS and before TLS; the connection may be tampered with",
                ));
            }
            session = Session::new(self.secure(session.stream.into_inner()).await?);
            session.hello(&self.hello).await?;
        }
        if self.receipts && !session.offers.reports && !self.said_no_reports.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                host = self.host,
                "the mail server offers no reports (DSN), so nothing it takes is ever proven; remove receipts = true"
            );
        }
        if let Some(login) = &self.login {
            if self.tls == Tls::None && !peer_is_here {
                return Err(later(&format!(
                    "{host} is not this machine, and the password must not travel unprotected; set tls"
                )));
            }
            session.log_in(login).await?;
        }
        Ok(session)
    }

    async fn secure(&self, wire: Box<dyn Wire>) -> Result<Box<dyn Wire>, Answer> {
        match self.connector.connect(self.server_name.clone(), wire).await {
            Ok(stream) => Ok(Box::new(stream)),
            Err(e) => Err(later(&format!("TLS with {} failed: {e}", self.host))),
        }
    }
}

#[async_trait]
impl Channel for Smtp {
    async fn send(&self, message: &Outgoing) -> Answer {
        if message.medium != Medium::Email {
            return Answer::Refused { said: "this channel carries email only".into(), fault: Fault::Message };
        }
        let plain = |mailbox: &String| mail::is_plain_mailbox(mailbox);
        if !message.return_path.as_ref().is_none_or(plain) {
            return Answer::Refused {
                said: "the address for reports is not a plain ASCII mailbox; see [replies]".into(),
                fault: Fault::Message,
            };
        }
        if !plain(&message.address) {
            return Answer::Refused {
                said: "the recipient is not a plain ASCII mailbox".into(),
                fault: Fault::Address,
            };
        }
        let deadline = Instant::now() + self.timeout;
        let mut session = match timeout_at(deadline, self.up_to_the_dot(message)).await {
            Ok(Ok(session)) => session,
            Ok(Err(answer)) => return answer,
            Err(_) => {
                return later(&format!("{} did not answer in time; nothing was handed over", self.host));
            }
        };
        let reply = match timeout(self.timeout, session.dot()).await {
            Ok(Ok(reply)) => reply,
            Ok(Err(e)) => {
                return Answer::Unknown {
                    said: http::clip(&format!("the message was handed over, but {e}")),
                };
            }
            Err(_) => {
                return Answer::Unknown {
                    said: "the message was handed over, but no answer came in time".into(),
                };
            }
        };
        let answer = match reply.code {
            200..=299 => {
                let provider_ref = Some(reply.queue_id());
                Answer::Accepted(Acceptance { provider_ref, said: reply.said(), parts: 1, names: Vec::new() })
            }
            400..=599 => refusal(&reply, "the message"),
            _ => Answer::Unknown { said: format!("the answer makes no sense: {}", reply.said()) },
        };
        if reply.code != 421 {
            self.idle.put(session, self.connections);
        }
        answer
    }

    async fn probe(&self) -> Result<(), String> {
        match timeout(self.timeout, self.connect()).await {
            Ok(Ok(session)) => {
                self.idle.put(session, self.connections);
                Ok(())
            }
            Ok(Err(Answer::Deferred { said, .. } | Answer::Unknown { said })) => Err(said),
            Ok(Err(_)) => Err("the server does not let us in".into()),
            Err(_) => Err(format!("{} did not answer in time", self.host)),
        }
    }

    fn connections(&self) -> usize {
        self.connections
    }
}

impl Session {
    fn new(wire: Box<dyn Wire>) -> Self {
        Self {
            stream: BufReader::new(wire),
            offers: Offers::default(),
            idle_since: Instant::now(),
            mid_mail: false,
        }
    }

    async fn hello(&mut self, name: &str) -> Result<(), Answer> {
        match self.command(&format!("EHLO {name}")).await {
            Ok(reply) if reply.code == 250 => {
                self.offers = Offers::read(&reply);
                Ok(())
            }
            Ok(reply) => Err(later(&format!("the server does not take EHLO {name}: {}", reply.said()))),
            Err(e) => Err(later(&format!("no answer to EHLO: {e}"))),
        }
    }

    /// AUTH PLAIN (RFC 4616) or, for servers that know nothing else, LOGIN. A refusal may be
    /// repaired by the operator, so the message waits.
    async fn log_in(&mut self, login: &Login) -> Result<(), Answer> {
        let Login { user, password } = login;
        let password = password.expose_secret();
        let result = if self.offers.plain {
            let token = SecretString::from(BASE64.encode(format!("\0{user}\0{password}")));
            self.command(&format!("AUTH PLAIN {}", token.expose_secret())).await
        } else if self.offers.login {
            self.log_in_by_steps(user, password).await
        } else {
            return Err(later(
                "the server offers no login that is known here (PLAIN or LOGIN); remove user and password, or check tls and port",
            ));
        };
        match result {
            Ok(reply) if reply.code == 235 => Ok(()),
            Ok(reply) => Err(later(&format!(
                "the server refuses the login; check user and password: {}",
                reply.said()
            ))),
            Err(e) => Err(later(&format!("the connection broke at the login: {e}"))),
        }
    }

    async fn log_in_by_steps(&mut self, user: &str, password: &str) -> Result<Reply, Lost> {
        for step in ["AUTH LOGIN", &BASE64.encode(user)] {
            let reply = self.command(step).await?;
            if reply.code != 334 {
                return Ok(reply);
            }
        }
        self.command(&BASE64.encode(password)).await
    }

    /// Whether the server has kept still since its last answer: it has neither closed nor said
    /// anything that would be taken for the answer to the next command.
    fn is_quiet(&mut self) -> bool {
        self.stream.fill_buf().now_or_never().is_none()
    }

    async fn command(&mut self, line: &str) -> Result<Reply, Lost> {
        if !self.stream.buffer().is_empty() {
            return Err(Lost::Garbled("it spoke out of turn".into()));
        }
        self.write(format!("{line}\r\n").as_bytes()).await?;
        self.reply().await
    }

    /// Ends the text. From the first octet of this on, the server may have the message.
    async fn dot(&mut self) -> Result<Reply, Lost> {
        self.write(b".\r\n").await?;
        self.reply().await
    }

    async fn write(&mut self, octets: &[u8]) -> io::Result<()> {
        self.stream.write_all(octets).await?;
        self.stream.flush().await
    }

    /// One answer, which may have several lines (RFC 5321 §4.2.1).
    async fn reply(&mut self) -> Result<Reply, Lost> {
        let mut lines = Vec::new();
        loop {
            let mut line = Vec::new();
            let read = (&mut self.stream).take(MAX_REPLY_LINE).read_until(b'\n', &mut line).await?;
            if read == 0 {
                return Err(Lost::Closed);
            }
            let line = String::from_utf8_lossy(&line);
            let garbled = || Lost::Garbled(http::clip(line.trim_end()));
            if !line.ends_with('\n') || lines.len() >= MAX_REPLY_LINES {
                return Err(garbled());
            }
            let text = line.trim_end_matches(['\r', '\n']);
            let code =
                text.get(..3).and_then(|code| code.parse().ok()).filter(|code| (200..600).contains(code));
            let (Some(code), more) = (code, text.get(3..4)) else { return Err(garbled()) };
            lines.push(text.get(4..).unwrap_or_default().to_owned());
            match more {
                Some("-") => {}
                None | Some(" ") => return Ok(Reply { code, lines }),
                Some(_) => return Err(garbled()),
            }
        }
    }
}

impl Offers {
    fn read(reply: &Reply) -> Self {
        let mut offers = Self::default();
        // The first line greets.
        for line in reply.lines.iter().skip(1) {
            let mut words = line.split([' ', '=']).map(str::to_ascii_uppercase);
            match words.next().as_deref() {
                Some("STARTTLS") => offers.start_tls = true,
                Some("8BITMIME") => offers.eight_bit = true,
                Some("SIZE") => offers.size = true,
                Some("DSN") => offers.reports = true,
                Some("AUTH") => {
                    for mechanism in words {
                        offers.plain |= mechanism == "PLAIN";
                        offers.login |= mechanism == "LOGIN";
                    }
                }
                _ => {}
            }
        }
        offers
    }
}

impl Reply {
    /// The enhanced code of the answer, where it has one that says something.
    fn status(&self) -> Option<Enhanced> {
        Enhanced::within(&self.lines.join(" ")).filter(|status| status.tells())
    }

    fn said(&self) -> String {
        http::clip(format!("{} {}", self.code, self.lines.join(" ")).trim_end())
    }

    /// What the server calls the message: the name after "queued as" or "id=", else its whole answer.
    fn queue_id(&self) -> String {
        let text = self.lines.join(" ");
        let named = ["queued as ", "id="].iter().find_map(|mark| {
            let (_, after) = text.split_once(mark)?;
            after.split_whitespace().next()
        });
        Untrusted::from(named.unwrap_or(text.trim())).printable().as_str().chars().take(MAX_REF).collect()
    }
}

impl Idle {
    fn keeping(keep: Duration) -> Self {
        Self { keep, state: Mutex::default() }
    }

    /// The connection used last, if it is not too old.
    fn take(&self) -> Option<Session> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.sessions.pop().filter(|session| session.idle_since.elapsed() < self.keep)
    }

    fn put(self: &Arc<Self>, mut session: Session, limit: usize) {
        session.idle_since = Instant::now();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.sessions.len() < limit {
            state.sessions.push(session);
            if !state.swept {
                state.swept = true;
                tokio::spawn(sweep(Arc::downgrade(self), Instant::now() + self.keep));
            }
        }
    }

    /// Takes out what has been idle for too long; says when to look again.
    fn outdated(&self) -> (Vec<Session>, Option<Instant>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (old, fresh): (Vec<_>, Vec<_>) =
            state.sessions.drain(..).partition(|session| session.idle_since.elapsed() >= self.keep);
        state.sessions = fresh;
        let next = state.sessions.iter().map(|session| session.idle_since + self.keep).min();
        state.swept = next.is_some();
        (old, next)
    }
}

/// Closes idle connections politely until none is left.
async fn sweep(idle: Weak<Idle>, first: Instant) {
    let mut next = Some(first);
    while let Some(at) = next {
        tokio::time::sleep_until(at).await;
        let Some(idle) = idle.upgrade() else { return };
        let (old, again) = idle.outdated();
        next = again;
        for mut session in old {
            // Whatever the server answers, the connection ends here.
            let _ = timeout(Duration::from_secs(2), session.command("QUIT")).await;
        }
    }
}

/// Passes the wanted answer, or any of its kind (RFC 5321 §4.2.1: 251 is as good as 250).
fn wanted(reply: Result<Reply, Lost>, code: u16, what: &'static str) -> Result<(), Refused> {
    match reply {
        Ok(reply) if reply.code / 10 == code / 10 => Ok(()),
        Ok(reply) => Err(Refused::Server(reply, what)),
        Err(e) => Err(Refused::Broken(format!("the connection broke at {what}: {e}"))),
    }
}

/// The step at which a server judges the address.
const RECIPIENT: &str = "the recipient";

/// Nothing was handed over; the same message may be tried again.
fn later(said: &str) -> Answer {
    Answer::Deferred { said: http::clip(said), after: None }
}

/// A 4xx asks to come back. A 5xx is final, unless it is about who we are (RFC 4954 §6), which the
/// operator can repair.
fn refusal(reply: &Reply, what: &str) -> Answer {
    match reply.code {
        530 | 534 | 535 | 538 => {
            later(&format!("the server wants a login; check user, password and tls: {}", reply.said()))
        }
        500..=599 => {
            let said = format!("{what} was refused: {}", reply.said());
            Answer::Refused { said: in_plain_words(reply, what, &said), fault: fault(reply, what) }
        }
        // Greylisting, a full mailbox: the server works, and wants just this later. A code of the class
        // "mail system" or "network and routing" (RFC 3463, x.3 and x.4), and goodbye, are about all mail.
        400..=499 if reply.code != 421 && what != "the sender" && !of_the_server(reply) => {
            let said = http::clip(&format!("{what} was not taken for now: {}", reply.said()));
            Answer::Later { said: in_plain_words(reply, what, &said), after: None }
        }
        _ => later(&in_plain_words(reply, what, &format!("{what} was not taken for now: {}", reply.said()))),
    }
}

fn of_the_server(reply: &Reply) -> bool {
    reply.status().is_some_and(Enhanced::is_about_the_way)
}

/// A refused recipient is the address's fault where the server's code says so.
fn fault(reply: &Reply, what: &str) -> Fault {
    let nobody = match reply.status() {
        Some(status) => status.proves_nobody(),
        None => mail_codes::reply_proves_nobody(reply.code),
    };
    if what == RECIPIENT && nobody { Fault::Address } else { Fault::Message }
}

/// What the server's answer means, before the answer itself.
fn in_plain_words(reply: &Reply, what: &str, said: &str) -> String {
    let by_reply = || mail_codes::reply_words(reply.code).filter(|_| what == RECIPIENT);
    let words = match reply.status() {
        Some(status) => status.words(),
        None => by_reply(),
    };
    in_words(words, said)
}

/// RFC 5321 §4.5.2: a line that begins with a dot gets one more.
fn dot_stuffed(text: &str) -> String {
    let stuffed = text.replace("\r\n.", "\r\n..");
    if stuffed.starts_with('.') { format!(".{stuffed}") } else { stuffed }
}

/// What may stand in a parameter as it is (RFC 3461 §4); the rest is `+` and hex.
fn xtext(value: &str) -> String {
    let plain = |b: u8| (b'!'..=b'~').contains(&b) && !matches!(b, b'+' | b'=');
    value.bytes().fold(String::new(), |coded, byte| match plain(byte) {
        true => coded + &char::from(byte).to_string(),
        false => coded + &format!("+{byte:02X}"),
    })
}

fn is_host_word(name: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-.[]:_".contains(&b);
    !name.is_empty() && name.len() <= 255 && name.bytes().all(allowed)
}

fn shown(text: &str) -> String {
    http::clip(text)
}
