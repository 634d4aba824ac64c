//! The practice community's mail server: RFC 5321 as far as a sender can tell, with mailboxes that
//! refuse, defer and are full.

use crate::practice::partners::{Arrival, Letter};
use crate::practice::{Habit, MAILBOXES, Post, keep};
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// One mail as it arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    pub from: String,
    pub to: Vec<String>,
    /// Header and body with CRLF line ends, without the dots of the transfer.
    pub content: Vec<u8>,
}

const LONGEST_LINE: u64 = 4096;
const LARGEST_MAIL: usize = 10 << 20;
const MOST_RECIPIENTS: usize = 100;
const PATIENCE: Duration = Duration::from_secs(300);
const CONNECTIONS: usize = 64;

pub async fn serve(listener: TcpListener, post: Arc<Post>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let mut sessions = JoinSet::new();
    loop {
        while sessions.try_join_next().is_some() {}
        let Ok(place) = places.clone().acquire_owned().await else { return };
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let post = post.clone();
        sessions.spawn(async move {
            let _place = place;
            // A client that goes away ends its session, and that is all there is to say about it.
            let _ = Session::new(stream, post).run().await;
        });
    }
}

/// What of a transaction has been said so far.
#[derive(Default)]
struct Envelope {
    from: Option<String>,
    to: Vec<String>,
}

struct Session {
    stream: BufReader<TcpStream>,
    post: Arc<Post>,
    greeted: bool,
    envelope: Envelope,
}

/// A line from the client.
enum Line {
    Text(Vec<u8>),
    TooLong,
    End,
}

impl Session {
    fn new(stream: TcpStream, post: Arc<Post>) -> Self {
        Self { stream: BufReader::new(stream), post, greeted: false, envelope: Envelope::default() }
    }

    async fn run(mut self) -> io::Result<()> {
        self.say("220 mx.practice.example.net ESMTP ready").await?;
        loop {
            let line = match self.line().await? {
                Line::Text(line) => line,
                Line::TooLong => {
                    self.say("500 5.5.2 Line too long").await?;
                    continue;
                }
                Line::End => return Ok(()),
            };
            let Ok(line) = String::from_utf8(line) else {
                self.say("500 5.5.2 Not UTF-8").await?;
                continue;
            };
            let (verb, rest) = line.split_once(' ').unwrap_or((&line, ""));
            match verb.trim().to_ascii_uppercase().as_str() {
                "EHLO" => {
                    self.greet();
                    let size = format!("250-SIZE {LARGEST_MAIL}");
                    for line in ["250-mx.practice.example.net", &size, "250-8BITMIME", "250-SMTPUTF8"] {
                        self.say(line).await?;
                    }
                    self.say("250-ENHANCEDSTATUSCODES").await?;
                    self.say("250 PIPELINING").await?;
                }
                "HELO" => {
                    self.greet();
                    self.say("250 mx.practice.example.net").await?;
                }
                "MAIL" => self.mail(rest).await?,
                "RCPT" => self.recipient(rest).await?,
                "DATA" => self.data().await?,
                "RSET" => {
                    self.envelope = Envelope::default();
                    self.say("250 2.0.0 Forgotten").await?;
                }
                "NOOP" => self.say("250 2.0.0 Yes").await?,
                "VRFY" => self.say("252 2.5.0 Send some mail and see").await?,
                "QUIT" => return self.say("221 2.0.0 Good night").await,
                "STARTTLS" | "AUTH" | "EXPN" | "HELP" => {
                    self.say("502 5.5.1 Not implemented on this server").await?;
                }
                _ => self.say("500 5.5.2 Unknown command").await?,
            }
        }
    }

    fn greet(&mut self) {
        self.greeted = true;
        self.envelope = Envelope::default();
    }

    async fn mail(&mut self, rest: &str) -> io::Result<()> {
        if !self.greeted || self.envelope.from.is_some() {
            return self.say("503 5.5.1 Not now").await;
        }
        let Some((from, parameters)) = path(rest, "FROM:") else {
            return self.say("501 5.5.4 Syntax: MAIL FROM:<address>").await;
        };
        let announced = parameters.to_ascii_uppercase();
        let size = announced.split(' ').find_map(|word| word.strip_prefix("SIZE="));
        if size.and_then(|digits| digits.parse().ok()).is_some_and(|size: usize| size > LARGEST_MAIL) {
            return self.say("552 5.3.4 Too large").await;
        }
        self.envelope.from = Some(from.to_owned());
        self.say("250 2.1.0 Sender ok").await
    }

    async fn recipient(&mut self, rest: &str) -> io::Result<()> {
        if self.envelope.from.is_none() {
            return self.say("503 5.5.1 MAIL first").await;
        }
        let Some((to, _)) = path(rest, "TO:").filter(|(to, _)| to.contains('@')) else {
            return self.say("501 5.5.4 Syntax: RCPT TO:<address>").await;
        };
        if self.envelope.to.len() == MOST_RECIPIENTS {
            return self.say("452 4.5.3 Too many recipients").await;
        }
        let to = to.to_ascii_lowercase();
        let local = to.split(['@', '+']).next().unwrap_or_default();
        let habit =
            MAILBOXES.iter().find(|(name, _)| *name == local).map_or(Habit::Answers, |(_, habit)| *habit);
        match habit {
            Habit::Refuses => self.say("550 5.1.1 No such mailbox here").await,
            Habit::Full => self.say("452 4.2.2 Mailbox full").await,
            Habit::DefersFirst if self.post.defer_once(&to) => {
                self.say("451 4.7.1 Greylisted, come again in a moment").await
            }
            _ => {
                self.envelope.to.push(to);
                self.say("250 2.1.5 Recipient ok").await
            }
        }
    }

    async fn data(&mut self) -> io::Result<()> {
        if self.envelope.to.is_empty() {
            return self.say("503 5.5.1 RCPT first").await;
        }
        self.say("354 End with a dot on a line of its own").await?;
        let mut content = Vec::new();
        let mut too_large = false;
        loop {
            let line = match self.line().await? {
                Line::Text(line) => line,
                Line::TooLong => {
                    too_large = true;
                    continue;
                }
                Line::End => return Ok(()),
            };
            if line == b"." {
                break;
            }
            let line = line.strip_prefix(b".").unwrap_or(&line);
            too_large |= content.len() + line.len() > LARGEST_MAIL;
            if !too_large {
                content.extend_from_slice(line);
                content.extend_from_slice(b"\r\n");
            }
        }
        let Envelope { from, to } = std::mem::take(&mut self.envelope);
        if too_large {
            return self.say("552 5.3.4 Too large").await;
        }
        for to in &to {
            self.post.arrived(Arrival { to: to.clone(), letter: Letter::Mail(content.clone()) });
        }
        keep(&self.post.mails, Mail { from: from.unwrap_or_default(), to, content });
        let number = self.post.mail_count.fetch_add(1, Ordering::Relaxed);
        self.say(&format!("250 2.0.0 Ok: queued as PRACTICE{number:05}")).await
    }

    /// One line without its end, of bounded length.
    async fn line(&mut self) -> io::Result<Line> {
        let mut line = self.piece().await?;
        if line.is_empty() {
            return Ok(Line::End);
        }
        if line.last() != Some(&b'\n') {
            // The rest of an overlong line is passed over, so that it is not read as a command.
            loop {
                match self.piece().await?.last() {
                    None => return Ok(Line::End),
                    Some(b'\n') => return Ok(Line::TooLong),
                    Some(_) => {}
                }
            }
        }
        line.pop();
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        Ok(Line::Text(line))
    }

    /// What comes up to the end of the line, or as much of it as a line may have.
    async fn piece(&mut self) -> io::Result<Vec<u8>> {
        let mut piece = Vec::new();
        let mut bounded = (&mut self.stream).take(LONGEST_LINE);
        let read = bounded.read_until(b'\n', &mut piece);
        tokio::time::timeout(PATIENCE, read).await.map_err(|_| io::ErrorKind::TimedOut)??;
        Ok(piece)
    }

    async fn say(&mut self, line: &str) -> io::Result<()> {
        let stream = self.stream.get_mut();
        stream.write_all(format!("{line}\r\n").as_bytes()).await
    }
}

/// `FROM:<address> PARAMETERS` → the address and the parameters.
fn path<'a>(rest: &'a str, keyword: &str) -> Option<(&'a str, &'a str)> {
    let head = rest.get(..keyword.len())?;
    let rest = rest[keyword.len()..].trim_start();
    let (address, parameters) = rest.strip_prefix('<')?.split_once('>')?;
    let plain = !address.contains([' ', '<']);
    (head.eq_ignore_ascii_case(keyword) && plain).then_some((address, parameters.trim()))
}
