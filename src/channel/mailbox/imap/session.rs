//! One IMAP session (RFC 3501): commands with their tags, and answers of bounded size, each within a limit.
//!
//! What a server says is data: a line that cannot be read is passed over, and no server makes us keep more
//! than one letter at a time.

use super::Failed;
use crate::channel::http::clip;
use crate::channel::mailbox::letter::LARGEST;
use imap_proto::{AttributeValue, Capability, MailboxDatum, Response, ResponseCode, Status};
use std::time::Duration;
use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader,
};
use tokio::time::timeout;

/// A line apart from its literals; a search may name many letters in one.
const LONGEST_LINE: usize = 1 << 20;
/// Answers to one command.
const MOST_ANSWERS: usize = 100_000;

pub trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

/// What a server offers, as far as it concerns us.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Offers {
    pub start_tls: bool,
    pub plain: bool,
    /// Credentials may follow the command at once (RFC 4959).
    pub at_once: bool,
    pub login: bool,
    /// It says by itself that a letter came (RFC 2177).
    pub idle: bool,
}

/// What was heard in answer to a command, apart from what does not concern us.
#[derive(Debug, Default)]
struct Heard {
    offers: Option<Offers>,
    validity: Option<u32>,
    next: Option<u32>,
    found: Vec<u32>,
    size: Option<u64>,
    body: Option<Vec<u8>>,
    /// The folder has other letters than before.
    news: bool,
}

/// One answer of the server.
enum Said {
    Data(Heard),
    /// It waits for more of the command.
    GoOn,
    Done {
        tag: String,
        status: Status,
        text: String,
    },
    /// It ends the session.
    Bye(String),
}

/// A connection to a server that has greeted.
pub struct Session {
    stream: BufReader<Box<dyn Wire>>,
    count: u32,
    limit: Duration,
    /// A letter came since the last search began, beside whatever was asked.
    news: bool,
}

impl Session {
    /// Every answer must come within `limit`.
    pub fn new(stream: Box<dyn Wire>, limit: Duration) -> Self {
        Self { stream: BufReader::new(stream), count: 0, limit, news: false }
    }

    /// Waits for the server's first word.
    pub async fn greeted(&mut self) -> Result<(), Failed> {
        match self.said(self.limit).await? {
            Said::Data(_) => Ok(()),
            Said::Bye(text) => Err(Failed::Lost(format!("it turned us away: {text}"))),
            Said::GoOn | Said::Done { .. } => Err(no_imap()),
        }
    }

    pub async fn offers(&mut self) -> Result<Offers, Failed> {
        self.ask("CAPABILITY").await?.offers.ok_or_else(no_imap)
    }

    /// The bare connection, for TLS to begin on it. What came unprotected behind the answer was put there by
    /// somebody else.
    pub async fn start_tls(mut self) -> Result<Box<dyn Wire>, Failed> {
        self.ask("STARTTLS").await?;
        match self.stream.buffer().is_empty() {
            true => Ok(self.stream.into_inner()),
            false => Err(Failed::Lost("it spoke on before TLS began".to_owned())),
        }
    }

    pub async fn plain(&mut self, credentials: &str, at_once: bool) -> Result<(), Failed> {
        if at_once {
            return self.ask(&format!("AUTHENTICATE PLAIN {credentials}")).await.map(|_| ());
        }
        let tag = self.send("AUTHENTICATE PLAIN").await?;
        match self.until(&tag, true).await? {
            None => self.line(credentials).await?,
            Some(_) => return Err(no_imap()),
        }
        self.until(&tag, false).await.map(|_| ())
    }

    pub async fn login(&mut self, user: &str, password: &str) -> Result<(), Failed> {
        let (user, password) = (quoted(user)?, quoted(password)?);
        self.ask(&format!("LOGIN {user} {password}")).await.map(|_| ())
    }

    /// Opens a folder: what its numbers are valid for, and the number that its next letter gets.
    pub async fn select(&mut self, folder: &str) -> Result<(u32, Option<u32>), Failed> {
        let heard = self.ask(&format!("SELECT {}", quoted(&encoded(folder))?)).await?;
        let Some(validity) = heard.validity else {
            return Err(Failed::Refused("it gives letters no lasting numbers (UIDVALIDITY)".to_owned()));
        };
        Ok((validity, heard.next))
    }

    /// The numbers of the letters that match, in their order.
    pub async fn search(&mut self, what: &str) -> Result<Vec<u32>, Failed> {
        self.news = false;
        let mut found = self.ask(&format!("UID SEARCH {what}")).await?.found;
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    /// How many octets a letter has; `None`: it is gone.
    pub async fn size(&mut self, uid: u32) -> Result<Option<u64>, Failed> {
        Ok(self.ask(&format!("UID FETCH {uid} (UID RFC822.SIZE)")).await?.size)
    }

    /// A letter's octets; `None`: it is gone. It stays as unseen as it was.
    pub async fn letter(&mut self, uid: u32) -> Result<Option<Vec<u8>>, Failed> {
        Ok(self.ask(&format!("UID FETCH {uid} (UID BODY.PEEK[])")).await?.body)
    }

    /// Marks a letter as seen.
    pub async fn seen(&mut self, uid: u32) -> Result<(), Failed> {
        self.ask(&format!("UID STORE {uid} +FLAGS.SILENT (\\Seen)")).await.map(|_| ())
    }

    /// Waits until the server says that something changed, for `patience` at most.
    pub async fn idle(&mut self, patience: Duration) -> Result<(), Failed> {
        if self.news {
            return Ok(());
        }
        let tag = self.send("IDLE").await?;
        if self.until(&tag, true).await?.is_some() {
            return Err(no_imap());
        }
        let news = timeout(patience, self.said(Duration::MAX)).await;
        if let Ok(said) = news {
            match said? {
                Said::Data(_) | Said::GoOn => {}
                Said::Bye(text) => return Err(Failed::Lost(text)),
                Said::Done { .. } => return Ok(()),
            }
        }
        self.line("DONE").await?;
        self.until(&tag, false).await.map(|_| ())
    }

    async fn ask(&mut self, command: &str) -> Result<Heard, Failed> {
        let tag = self.send(command).await?;
        self.until(&tag, false).await?.ok_or_else(no_imap)
    }

    async fn send(&mut self, command: &str) -> Result<String, Failed> {
        self.count = self.count.wrapping_add(1);
        let tag = format!("n{}", self.count);
        self.line(&format!("{tag} {command}")).await?;
        Ok(tag)
    }

    async fn line(&mut self, line: &str) -> Result<(), Failed> {
        let written = async {
            self.stream.write_all(format!("{line}\r\n").as_bytes()).await?;
            self.stream.flush().await
        };
        match timeout(self.limit, written).await {
            Ok(written) => written.map_err(|why| Failed::Lost(why.to_string())),
            Err(_) => Err(silent()),
        }
    }

    /// Reads to the end of a command's answer; `None`: the server waits for more, where that may be.
    async fn until(&mut self, tag: &str, may_go_on: bool) -> Result<Option<Heard>, Failed> {
        let mut all = Heard::default();
        for _ in 0..MOST_ANSWERS {
            match self.said(self.limit).await? {
                Said::Data(heard) => {
                    self.news |= heard.news;
                    all.add(heard);
                }
                Said::GoOn if may_go_on => return Ok(None),
                Said::GoOn => return Err(no_imap()),
                Said::Bye(text) => return Err(Failed::Lost(text)),
                Said::Done { tag: of, status, text } if of == tag => {
                    return match status {
                        Status::Ok => Ok(Some(all)),
                        _ => Err(Failed::Refused(text)),
                    };
                }
                Said::Done { .. } => return Err(no_imap()),
            }
        }
        Err(Failed::Lost("its answer does not end".to_owned()))
    }

    /// The server's next answer.
    async fn said(&mut self, limit: Duration) -> Result<Said, Failed> {
        match timeout(limit, self.read()).await {
            Ok(said) => said,
            Err(_) => Err(silent()),
        }
    }

    async fn read(&mut self) -> Result<Said, Failed> {
        let mut answer = Vec::new();
        loop {
            let began = answer.len();
            let mut line = (&mut self.stream).take(LONGEST_LINE as u64);
            line.read_until(b'\n', &mut answer).await.map_err(|why| Failed::Lost(why.to_string()))?;
            if !answer.ends_with(b"\n") {
                let why = if answer.len() == began { "it hung up" } else { "a line of it has no end" };
                return Err(Failed::Lost(why.to_owned()));
            }
            match parsed(&answer) {
                Parsed::Said(said) => return Ok(said),
                Parsed::NoImap => return Err(no_imap()),
                Parsed::GoesOn => {
                    let Some(octets) = literal(&answer[began..]) else { return Err(no_imap()) };
                    if octets > LARGEST + 1024 {
                        return Err(Failed::Lost(format!("it sends {octets} octets nobody asked for")));
                    }
                    let mut more = (&mut self.stream).take(octets);
                    match more.read_to_end(&mut answer).await {
                        Ok(read) if read as u64 == octets => {}
                        Ok(_) => return Err(Failed::Lost("it hung up within a letter".to_owned())),
                        Err(why) => return Err(Failed::Lost(why.to_string())),
                    }
                }
            }
        }
    }
}

enum Parsed {
    Said(Said),
    /// A literal follows.
    GoesOn,
    NoImap,
}

fn parsed(answer: &[u8]) -> Parsed {
    match Response::parse(answer) {
        Ok((_, response)) => Parsed::Said(understood(response)),
        Err(error) if error.is_incomplete() => Parsed::GoesOn,
        // Something that this knows nothing of.
        Err(_) if answer.starts_with(b"* ") => Parsed::Said(Said::Data(Heard::default())),
        Err(_) => Parsed::NoImap,
    }
}

impl Heard {
    fn add(&mut self, other: Heard) {
        self.offers = other.offers.or(self.offers);
        self.validity = other.validity.or(self.validity);
        self.next = other.next.or(self.next);
        self.found.extend(other.found);
        self.size = other.size.or(self.size);
        self.body = other.body.or(self.body.take());
    }
}

fn understood(response: Response<'_>) -> Said {
    let mut heard = Heard::default();
    match response {
        Response::Continue(_) => return Said::GoOn,
        Response::Done { tag, status, outcome } => {
            return Said::Done { tag: tag.0, status, text: clip(&outcome.information.unwrap_or_default()) };
        }
        Response::Data { status: Status::Bye, outcome } => {
            return Said::Bye(clip(&outcome.information.unwrap_or_default()));
        }
        Response::Data { outcome, .. } => match outcome.code {
            Some(ResponseCode::UidValidity(validity)) => heard.validity = Some(validity),
            Some(ResponseCode::UidNext(next)) => heard.next = Some(next),
            _ => {}
        },
        Response::Capabilities(all) => heard.offers = Some(offers(&all)),
        Response::MailboxData(MailboxDatum::Search(found)) => heard.found = found,
        Response::MailboxData(MailboxDatum::Exists(_)) => heard.news = true,
        Response::Fetch(_, attributes) => {
            for attribute in attributes {
                match attribute {
                    AttributeValue::Rfc822Size(size) => heard.size = Some(size.into()),
                    AttributeValue::BodySection { section: None, data: Some(data), .. } => {
                        heard.body = Some(data.into_owned());
                    }
                    _ => {}
                }
            }
        }
        _ => {}
    }
    Said::Data(heard)
}

fn offers(all: &[Capability<'_>]) -> Offers {
    let has = |word: &str| {
        all.iter().any(|one| matches!(one, Capability::Atom(atom) if atom.eq_ignore_ascii_case(word)))
    };
    let plain =
        |one: &Capability<'_>| matches!(one, Capability::Auth(way) if way.eq_ignore_ascii_case("PLAIN"));
    Offers {
        start_tls: has("STARTTLS"),
        plain: all.iter().any(plain),
        at_once: has("SASL-IR"),
        login: !has("LOGINDISABLED"),
        idle: has("IDLE"),
    }
}

/// How many octets follow a line that ends in `{n}`.
fn literal(line: &[u8]) -> Option<u64> {
    let inside = line.strip_suffix(b"\r\n")?.strip_suffix(b"}")?;
    let at = inside.iter().rposition(|byte| *byte == b'{')?;
    std::str::from_utf8(&inside[at + 1..]).ok()?.parse().ok()
}

/// A quoted string (RFC 3501 §9).
fn quoted(text: &str) -> Result<String, Failed> {
    match text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        true => Ok(format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))),
        false => Err(Failed::Refused(
            "a name or password beyond ASCII needs a server that takes AUTHENTICATE PLAIN".to_owned(),
        )),
    }
}

/// A folder's name in modified UTF-7 (RFC 3501 §5.1.3).
pub fn encoded(name: &str) -> String {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
    let mut out = String::new();
    let mut beyond: Vec<u8> = Vec::new();
    let flush = |beyond: &mut Vec<u8>, out: &mut String| {
        if !beyond.is_empty() {
            out.push_str(&format!("&{}-", BASE64.encode(&beyond).replace('/', ",")));
            beyond.clear();
        }
    };
    for c in name.chars() {
        if (' '..='~').contains(&c) {
            flush(&mut beyond, &mut out);
            out.push(c);
            if c == '&' {
                out.push('-');
            }
        } else {
            let mut units = [0; 2];
            c.encode_utf16(&mut units).iter().for_each(|unit| beyond.extend(unit.to_be_bytes()));
        }
    }
    flush(&mut beyond, &mut out);
    out
}

fn no_imap() -> Failed {
    Failed::Lost("what it says is no IMAP".to_owned())
}

fn silent() -> Failed {
    Failed::Lost("it does not answer".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_named_as_rfc_3501_writes_them() {
        for (name, wire) in [
            ("INBOX", "INBOX"),
            ("Ops & more", "Ops &- more"),
            ("Entwürfe", "Entw&APw-rfe"),
            ("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
        ] {
            assert_eq!(encoded(name), wire);
        }
    }

    #[test]
    fn a_literal_is_told_from_words_that_look_like_one() {
        assert_eq!(literal(b"* 1 FETCH (BODY[] {342}\r\n"), Some(342));
        assert_eq!(literal(b"* OK {almost}\r\n"), None);
        assert_eq!(literal(b"* OK 342}\r\n"), None);
    }

    /// A server that says this, whatever it is asked.
    async fn hears(answers: &str, what: &str) -> Result<Heard, Failed> {
        let (ours, theirs) = tokio::io::duplex(1 << 16);
        let mut session = Session::new(Box::new(ours), Duration::from_secs(1));
        let mut theirs = theirs;
        theirs.write_all(answers.as_bytes()).await.unwrap();
        session.ask(what).await
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_not_understood_is_passed_over_and_a_refusal_is_told() {
        let heard = hears("* XNEWS {oh\r\n* SEARCH 3 9\r\n* SEARCH 12\r\nn1 OK done\r\n", "UID SEARCH ALL");
        assert_eq!(heard.await.unwrap().found, [3, 9, 12]);
        let refused = hears("n1 NO [NONEXISTENT] No such mailbox\r\n", "SELECT x").await.unwrap_err();
        assert!(matches!(&refused, Failed::Refused(why) if why.contains("No such mailbox")), "{refused:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_letter_is_read_whole_and_more_than_the_largest_ends_the_session() {
        let letter = "Subject: {3}\r\n\r\n)\r\nn1 OK not yet\r\n";
        let fetched = format!("* 1 FETCH (UID 7 BODY[] {{{}}}\r\n{letter})\r\nn1 OK done\r\n", letter.len());
        assert_eq!(hears(&fetched, "UID FETCH").await.unwrap().body.unwrap(), letter.as_bytes());
        let flood = format!("* 1 FETCH (UID 7 BODY[] {{{}}}\r\n", LARGEST * 2);
        assert!(matches!(hears(&flood, "UID FETCH").await, Err(Failed::Lost(_))));
    }

    #[tokio::test(start_paused = true)]
    async fn a_letter_that_comes_beside_an_answer_is_not_waited_for() {
        let (ours, mut theirs) = tokio::io::duplex(1 << 16);
        let mut session = Session::new(Box::new(ours), Duration::from_secs(1));
        theirs.write_all(b"* SEARCH\r\n* 3 EXISTS\r\nn1 OK done\r\n").await.unwrap();
        assert!(session.search("UNSEEN").await.unwrap().is_empty());
        // The server would not say it again.
        session.idle(Duration::from_secs(240)).await.unwrap();
        assert_eq!(session.count, 1, "nothing further was asked");
    }

    #[tokio::test(start_paused = true)]
    async fn silence_a_hang_up_and_what_is_no_imap_end_the_session() {
        for said in ["* SEARCH 3\r\n", "n1 OK", "220 mail.example.net ESMTP\r\n", "n7 OK done\r\n"] {
            assert!(matches!(hears(said, "NOOP").await, Err(Failed::Lost(_))), "{said}");
        }
    }
}
