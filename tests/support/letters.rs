//! A desk between a real Postfix and a real Kannel, seen as its recipients see it: events go in by HTTP,
//! letters and texts are read where they arrive, and what every reader got is written on one page.

use super::desk::Desk;
use super::kannel_peer::{self, KannelGateway};
use super::peer::until;
use super::smtp_peer::{self, Postfix};
use jiff::{Timestamp, tz::TimeZone};
use mail_parser::{Address, HeaderValue, Message, MessageParser};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The clocks of those who read here. Whose clock a time is on stays on the page, winter or summer.
const CLOCKS: [(&str, &str); 5] = [
    ("Europe/Berlin", "Berlin"),
    ("Europe/London", "London"),
    ("America/New_York", "New York"),
    ("America/Chicago", "Chicago"),
    ("Atlantic/Canary", "the Canaries"),
];

/// How the languages of the desk write a time.
const WRITTEN: [&str; 4] =
    ["%a %-d %b %Y %H:%M %Z", "%-d %b %Y %H:%M %Z", "%d.%m.%Y %H:%M %Z", "%d/%m/%Y %H:%M %Z"];

pub struct Letters {
    pub desk: Desk,
    postfix: Postfix,
    gateway: KannelGateway,
    /// Every event told, in order.
    told: Vec<Value>,
    read: (usize, usize),
    page: String,
    /// What can only be known once it happened, and what stands for it on the page.
    masks: Vec<(String, String)>,
}

impl Letters {
    /// `config` is a whole configuration file but for `[intake]`, the source and the channels.
    pub async fn start(config: &str) -> Self {
        let domains = ["nordlicht.example", "acme.example", "new.example"];
        // One after the other: a port is free until somebody listens on it.
        let gateway = KannelGateway::start().await;
        let postfix = Postfix::for_everybody_at(&domains).await;
        let secrets = [("SMS_PASSWORD", kannel_peer::PASSWORD), ("MAIL_PASSWORD", smtp_peer::PASSWORD)];
        let mut desk = Desk::with_environment("", &secrets);
        let channels = format!(
            r#"
[intake]
listen = "127.0.0.1:{}"

[[source]]
name = "lan"

[[channel]]
name = "sms"
kind = "kannel"
url = "{}"
user = "{}"
password = {{ env = "SMS_PASSWORD" }}
from = "NORDLICHT"
receipts = true

[[channel]]
name = "mail"
kind = "smtp"
host = "localhost"
port = {}
tls = "starttls"
user = "{}"
password = {{ env = "MAIL_PASSWORD" }}
ca_file = "{}"
from = "desk@nordlicht.example"
from_name = "Nordlicht night desk"
"#,
            desk.port,
            gateway.url,
            kannel_peer::USER,
            postfix.port,
            smtp_peer::USER,
            postfix.ca_file.display(),
        );
        std::fs::write(desk.config(), format!("{config}{channels}")).unwrap();
        desk.start().await;
        Self { desk, postfix, gateway, told: vec![], read: (0, 0), page: String::new(), masks: vec![] }
    }

    /// Posts an event twice, waits until every message of it has arrived, and writes them on the page.
    pub async fn tell(&mut self, what: &str, kind: &str, at: &str, data: Value) {
        let event = json!({ "specversion": "1.0", "id": format!("e{}", self.told.len() + 1),
            "source": "urn:test:community", "type": format!("community.{kind}"), "time": at, "data": data });
        self.desk.raise(&event).await;
        assert_eq!(self.desk.post(&event).await, (202, r#"{"accepted":0,"duplicates":1}"#.to_owned()));
        self.told.push(event);
        self.arrived(what).await;
    }

    /// The agent ends as in a power cut, and is started again.
    pub async fn crash(&mut self) {
        self.desk.kill();
        self.desk.start().await;
    }

    /// Writes down what came since this was asked last; `what` says why it should have come.
    pub async fn arrived(&mut self, what: &str) {
        self.settle().await;
        let mails = self.postfix.delivered().await.split_off(self.read.0);
        let texts = self.gateway.received().split_off(self.read.1);
        self.read = (self.read.0 + mails.len(), self.read.1 + texts.len());
        let mut letters: Vec<String> = mails.iter().map(|mail| letter(mail)).collect();
        letters.extend(texts.iter().map(|text| short(text)));
        letters.sort();
        self.page.push_str(&format!("━━━ {what}\n\n"));
        if letters.is_empty() {
            self.page.push_str("(nobody is told)\n\n");
        }
        letters.iter().for_each(|letter| self.page.push_str(&format!("{letter}\n\n")));
    }

    /// Until nothing is on its way any more, each SMS is on its handset; what is held waits on purpose.
    async fn settle(&self) {
        until("every message to arrive", async || {
            let all = self.desk.list(&["notifications", "list", "--limit", "1000"]).await;
            let ends = ["held", "suppressed", "cancelled"];
            let rests = |n: &Value| match n["medium"].as_str() {
                Some("sms") => n["state"] == "delivered",
                _ => n["state"] == "accepted",
            };
            all.iter().all(|n| rests(n) || ends.iter().any(|end| n["state"] == *end)).then_some(())
        })
        .await;
    }

    /// A time on the page that nobody can know before, as each reader's own clock shows it.
    pub fn instant(&mut self, before: &str, name: &str, at: Timestamp) {
        for pattern in WRITTEN {
            self.time(before, name, at, pattern);
        }
    }

    pub fn time(&mut self, before: &str, name: &str, at: Timestamp, pattern: &str) {
        for (zone, clock) in CLOCKS {
            let written = at.to_zoned(TimeZone::get(zone).unwrap()).strftime(pattern).to_string();
            self.mask(&format!("{before}{written}"), &format!("{before}{{{name}, by {clock}'s clock}}"));
        }
    }

    pub fn mask(&mut self, written: &str, instead: &str) {
        self.masks.push((written.to_owned(), instead.to_owned()));
    }

    /// When each task made so far is due.
    pub async fn dues(&mut self) {
        for task in self.desk.list(&["tasks", "list"]).await {
            if let Some(due) = task["due_at"].as_str() {
                self.instant("", "task due", due.parse().unwrap());
            }
        }
    }

    /// Tells everything once more, in the order it was told and under the same ids, then backwards and under
    /// new ids, with the agent killed before each: nobody gets anything. Then the page.
    pub async fn page(mut self) -> String {
        let told = std::mem::take(&mut self.told);
        self.crash().await;
        for event in &told {
            assert_eq!(self.desk.post(event).await, (202, r#"{"accepted":0,"duplicates":1}"#.to_owned()));
        }
        self.settle().await;
        self.crash().await;
        for event in told.iter().rev() {
            let mut anew = event.clone();
            anew["id"] = json!(format!("{}-again", event["id"].as_str().unwrap()));
            self.desk.raise(&anew).await;
        }
        self.settle().await;
        let (mails, texts) = (self.postfix.delivered().await, self.gateway.received());
        let more: Vec<_> = mails[self.read.0..].iter().chain(&texts[self.read.1..]).collect();
        assert!(more.is_empty(), "told again, somebody got more: {more:#?}");
        let ids: BTreeSet<_> =
            mails.iter().map(|mail| parsed(mail).message_id().unwrap().to_owned()).collect();
        assert_eq!(ids.len(), mails.len(), "every mail has an id of its own");
        self.desk.stop().await;
        // All that a desk tells apart from others by.
        if let Some((_, desk)) = self.page.split_once("Thread: thread-") {
            let desk = desk.split('-').next().unwrap_or_default().to_owned();
            self.mask(&format!("Thread: thread-{desk}-"), "Thread: thread-{desk}-");
        }
        // The longest first: a date may be the end of another, and a day stands in a time.
        self.masks.sort_by_key(|(written, _)| std::cmp::Reverse(written.len()));
        self.masks.iter().fold(self.page, |page, (written, instead)| page.replace(written, instead))
    }
}

fn parsed(mail: &str) -> Message<'_> {
    MessageParser::default().parse(mail.as_bytes()).unwrap()
}

fn mailbox(address: Option<&Address<'_>>) -> String {
    let one = address.and_then(Address::first).unwrap();
    format!("{} <{}>", one.name().unwrap_or_default(), one.address().unwrap())
}

/// A mail as its reader has it, with those headers that machines go by.
fn letter(mail: &str) -> String {
    let read = parsed(mail);
    let header = |name: &'static str| read.header(name).and_then(HeaderValue::as_text).unwrap_or("(none)");
    let thread = match (header("In-Reply-To"), header("References")) {
        (reply, references) if reply == references => reply,
        (reply, references) => panic!("{reply} and {references}"),
    };
    assert_eq!(header("Auto-Submitted"), "auto-generated", "{mail}");
    let text = read.body_text(0).unwrap().replace("\r\n", "\n");
    let mut out = format!(
        "✉ {}\nFrom: {}\nTo: {}\nThread: {thread}\nSubject: {}\n\n{}",
        header("Delivered-To"),
        mailbox(read.from()),
        mailbox(read.to()),
        read.subject().unwrap(),
        text.trim_end(),
    );
    if read.html_body_count() > 0 && mail.contains("text/html") {
        out.push_str(&format!(
            "\n\n--- the same as a page\n{}",
            read.body_html(0).unwrap().replace("\r\n", "\n")
        ));
    }
    out
}

/// What somebody types to answer a page: of this message alone, so nobody can know it before.
fn is_code(word: &str) -> bool {
    word.len() == 5 && word.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

/// A text of one part: `NORDLICHT +4915123456701 text …` as the simulated carrier got it.
fn short(received: &str) -> String {
    let mut words = received.splitn(4, ' ');
    let (from, to, kind, text) =
        (words.next().unwrap(), words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
    assert_eq!((from, kind), ("NORDLICHT", "text"), "one part in GSM-7: {received}");
    match text.rsplit_once(' ') {
        Some((page, code)) if text.starts_with("CRIT ") && is_code(code) => {
            format!("☎ {to}\n{page} {{reply code}}")
        }
        _ => format!("☎ {to}\n{text}"),
    }
}
