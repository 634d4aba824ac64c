//! The practice community over real sockets: its mail server, its SMS gateway with delivery
//! reports, and the recorded day against the real intake.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/desk.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod desk;
#[path = "support/peer.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod peer;

use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::routing::get;
use desk::Desk as AgentOfDesk;
use jiff::{SignedDuration, Timestamp};
use mail_parser::MessageParser;
use nightdesk::community::Received;
use nightdesk::community::intake::{CallbackAnswer, CallbackRequest, Desk, Feed, NotTaken, Taken, router};
use nightdesk::core::contact::{Mailbox, Phone};
use nightdesk::core::event::Native;
use nightdesk::practice::{Day, Haste, MAILBOXES, Mail, PHONES, Pace, Practice, Settings, Text};
use peer::until;
use secrecy::SecretString;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

/// How long anything here may take before the test gives up.
const LIMIT: Duration = Duration::from_secs(20);

struct Smtp(BufReader<TcpStream>);

impl Smtp {
    async fn open(practice: &Practice) -> Self {
        let mut smtp = Smtp(BufReader::new(TcpStream::connect(practice.addresses().smtp).await.unwrap()));
        assert!(smtp.reply().await.starts_with("220 "));
        smtp
    }

    /// The last line of a reply.
    async fn reply(&mut self) -> String {
        loop {
            let mut line = String::new();
            tokio::time::timeout(LIMIT, self.0.read_line(&mut line)).await.unwrap().unwrap();
            if line.as_bytes().get(3) != Some(&b'-') {
                return line.trim_end().to_owned();
            }
        }
    }

    async fn ask(&mut self, line: &str) -> String {
        self.0.get_mut().write_all(format!("{line}\r\n").as_bytes()).await.unwrap();
        self.reply().await
    }
}

#[tokio::test]
async fn a_mail_is_taken_as_rfc_5321_says() {
    let practice = Practice::bind(Haste(0.01)).await.unwrap();
    let mut smtp = Smtp::open(&practice).await;
    for (line, code) in [
        ("MAIL FROM:<a@example.org>", "503"),
        ("BREW", "500"),
        ("EHLO desk.example.org", "250"),
        ("RCPT TO:<m@example.net>", "503"),
        ("MAIL FROM a@example.org", "501"),
        ("MAIL FROM:<a@example.org> SIZE=99999999999", "552"),
        ("mail from:<a@example.org> BODY=8BITMIME SIZE=100", "250"),
        ("MAIL FROM:<b@example.org>", "503"),
        ("DATA", "503"),
        ("RCPT TO:<nobody>", "501"),
        ("RCPT TO:<M.Weber@example.net>", "250"),
        ("NOOP", "250"),
        ("VRFY m.weber", "252"),
        (&"X".repeat(9000), "500"),
        ("DATA", "354"),
    ] {
        assert!(smtp.ask(line).await.starts_with(code), "{line}");
    }
    let said = smtp.ask("Subject: late\r\n\r\n..dot\r\nQUIT\r\n.").await;
    assert!(said.starts_with("250 2.0.0 Ok: queued as PRACTICE"), "{said}");
    assert!(smtp.ask("RCPT TO:<m@example.net>").await.starts_with("503"), "the transaction is over");
    assert!(smtp.ask("RSET").await.starts_with("250"));
    assert!(smtp.ask("QUIT").await.starts_with("221"));
    let mails = practice.mails();
    assert_eq!(mails.len(), 1);
    assert_eq!(
        (mails[0].from.as_str(), &mails[0].to[..]),
        ("a@example.org", &["m.weber@example.net".to_owned()][..])
    );
    assert_eq!(mails[0].content, b"Subject: late\r\n\r\n.dot\r\nQUIT\r\n");
}

#[tokio::test]
async fn mailboxes_refuse_defer_and_are_full_as_the_table_says() {
    let practice = Practice::bind(Haste(0.01)).await.unwrap();
    let mut smtp = Smtp::open(&practice).await;
    smtp.ask("EHLO desk.example.org").await;
    smtp.ask("MAIL FROM:<>").await;
    for (mailbox, reply) in [
        ("dead", "550 5.1.1"),
        ("dead+verp", "550 5.1.1"),
        ("full", "452 4.2.2"),
        ("full", "452 4.2.2"),
        ("slow", "451 4.7.1"),
        ("slow", "250"),
        ("anybody", "250"),
    ] {
        let said = smtp.ask(&format!("RCPT TO:<{mailbox}@example.net>")).await;
        assert!(said.starts_with(reply), "{mailbox}: {said}");
    }
}

#[test]
fn the_special_addresses_are_real_addresses() {
    for (phone, _) in PHONES {
        assert_eq!(phone.parse::<Phone>().unwrap().as_str(), phone);
    }
    for (mailbox, _) in MAILBOXES {
        assert!(format!("{mailbox}@example.net").parse::<Mailbox>().is_ok());
    }
}

/// Listens for delivery reports; each comes as (name, status, reply).
async fn reports() -> (SocketAddr, mpsc::UnboundedReceiver<(String, String, String)>) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let heard = |State(sender): State<mpsc::UnboundedSender<_>>,
                 Query(query): Query<HashMap<String, String>>| async move {
        let of = |name: &str| query.get(name).cloned().unwrap_or_default();
        sender.send((of("n"), of("status"), of("reply"))).unwrap();
        StatusCode::ACCEPTED
    };
    let router = Router::new().route("/v1/receipts/kannel", get(heard)).with_state(sender);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (address, receiver)
}

async fn send(practice: &Practice, reports: SocketAddr, to: &str, name: &str) -> (u16, String) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let url = format!("http://{reports}/v1/receipts/kannel?n={name}&status=%d&reply=%A");
    let answer = reqwest::Client::builder()
        .no_proxy()
        .build()
        .unwrap()
        .get(format!("http://{}/cgi-bin/sendsms", practice.addresses().sms))
        .query(&[("username", "desk"), ("password", "x"), ("to", to), ("from", "desk"), ("text", "CRIT")])
        .query(&[("dlr-mask", "27"), ("dlr-url", &url)])
        .send()
        .await
        .unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test]
async fn the_sms_gateway_reports_as_the_table_says() {
    let practice = Practice::bind(Haste(0.02)).await.unwrap();
    let (address, mut heard) = reports().await;
    let accepted = (202, "0: Accepted for delivery".to_owned());
    let mut expected: HashMap<&str, Vec<&str>> = HashMap::new();
    for (to, name, statuses) in [
        ("+4915112345601", "answers", vec!["8", "1"]),
        ("+4915112345613", "unreachable", vec!["8", "2"]),
        ("+4915112345614", "silent", vec![]),
        ("+4915112345615", "disordered", vec!["1", "8"]),
    ] {
        assert_eq!(send(&practice, address, to, name).await, accepted, "{name}");
        expected.insert(name, statuses);
    }
    assert_eq!(send(&practice, address, "+4915112345616", "deferred").await.0, 503);
    assert_eq!(send(&practice, address, "+4915112345616", "deferred").await, accepted);
    expected.insert("deferred", vec!["8", "1"]);
    assert_eq!(send(&practice, address, "+4915112345617", "refused").await.0, 400);
    assert_eq!(send(&practice, address, "garbage", "refused").await.0, 400);

    let mut found: HashMap<String, Vec<String>> = HashMap::new();
    for _ in 0..expected.values().map(Vec::len).sum() {
        let (name, status, reply) = tokio::time::timeout(LIMIT, heard.recv()).await.unwrap().unwrap();
        let says = match status.as_str() {
            "1" => "stat:DELIVRD",
            "2" => "stat:UNDELIV",
            _ => "ACK/",
        };
        assert!(reply.contains(says), "{status}: {reply}");
        found.entry(name).or_default().push(status);
    }
    expected.retain(|_, statuses| !statuses.is_empty());
    for (name, statuses) in expected {
        assert_eq!(found[name], statuses, "{name}");
    }
    assert_eq!(practice.texts().len(), 5);
}

/// A desk that keeps what comes in, under one source that is signed.
#[derive(Default)]
struct MemoryDesk(Mutex<Vec<Received>>);

#[async_trait::async_trait]
impl Desk for MemoryDesk {
    fn feed(&self, name: &str) -> Option<Arc<Feed>> {
        let feed = Feed {
            name: name.to_owned(),
            secrets: vec![SECRET.into()],
            allowed_origins: vec![],
            mapping: None,
        };
        (name == "community").then(|| Arc::new(feed))
    }
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
    fn ready(&self) -> Result<(), String> {
        Ok(())
    }
    async fn accept(&self, _feed: &str, events: Vec<Received>) -> Result<Taken, NotTaken> {
        let accepted = events.len();
        self.0.lock().unwrap().extend(events);
        Ok(Taken { accepted, duplicates: 0 })
    }
    async fn inbound(&self, _channel: &str, _callback: CallbackRequest) -> CallbackAnswer {
        CallbackAnswer { status: StatusCode::NOT_FOUND, media_type: "text/plain", text: String::new() }
    }
    async fn receipt(&self, _channel: &str, _callback: CallbackRequest) -> CallbackAnswer {
        CallbackAnswer { status: StatusCode::OK, media_type: "text/plain", text: String::new() }
    }
}

#[tokio::test]
async fn the_recorded_day_is_taken_whole_by_the_real_intake_and_again_with_fresh_ids() {
    let desk = Arc::new(MemoryDesk::default());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = router(desk.clone()).into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });

    let practice = Practice::bind(Haste(0.01)).await.unwrap();
    let url = format!("http://{address}/v1/events/community");
    let settings =
        Settings { pace: Pace::AtOnce, rounds: 2, ..Settings::demo(url, SecretString::from(SECRET), 7) };
    tokio::time::timeout(LIMIT, practice.run(settings)).await.unwrap().unwrap();

    let taken = desk.0.lock().unwrap();
    assert_eq!(taken.len(), 2 * Day::recorded().unwrap().entries().len());
    let ids: std::collections::HashSet<_> = taken.iter().map(|received| &received.event.id).collect();
    assert_eq!(ids.len(), taken.len());
    let quiet = |received: &&Received| received.native == Native::Foreign || !received.unreadable.is_empty();
    assert_eq!(taken.iter().find(quiet), None);
}

/// A mail as its reader sees it.
struct Letter {
    to: String,
    subject: String,
    text: String,
    html: Option<String>,
}

fn letters(practice: &Practice) -> Vec<Letter> {
    let read = |mail: Mail| {
        let message = MessageParser::default().parse(&mail.content).unwrap();
        Letter {
            to: mail.to.join(" "),
            subject: message.subject().unwrap_or_default().to_owned(),
            text: message.body_text(0).unwrap_or_default().into_owned(),
            html: (message.html_body_count() > 0 && message.text_body_count() > 0)
                .then(|| message.body_html(0).unwrap_or_default().into_owned()),
        }
    };
    practice.mails().into_iter().map(read).collect()
}

/// Waits for a mail to somebody whose subject holds all of these words.
async fn letter(practice: &Practice, to: &str, words: &[&str]) -> Letter {
    let wanted = format!("a mail to {to} about {words:?}");
    let fits = |letter: &Letter| letter.to == to && words.iter().all(|word| letter.subject.contains(word));
    until(&wanted, async || letters(practice).into_iter().find(fits)).await
}

async fn text(practice: &Practice, to: &str, words: &str) -> Text {
    let fits = |text: &Text| text.to == to && text.text.contains(words);
    until(&format!("a text to {to} with {words:?}"), async || practice.texts().into_iter().find(fits)).await
}

/// A desk with the demo's own configuration, and the practice community playing its day to it in a
/// twentieth of the time.
async fn practised() -> (Arc<Practice>, AgentOfDesk, tokio::task::JoinSet<()>) {
    let practice = Arc::new(Practice::bind(Haste(0.05)).await.unwrap());
    let mut desk = AgentOfDesk::new("");
    let intake = SocketAddr::from(([127, 0, 0, 1], desk.port));
    let config = practice.addresses().desk(intake, "maria", Timestamp::now());
    std::fs::write(desk.config(), format!("{config}\n[[source]]\nname = \"lan\"\n")).unwrap();
    for (file, content) in [("secret", SECRET), ("gateway-password", "gate"), ("inbound-secret", "open")] {
        std::fs::write(desk.config().with_file_name(file), content).unwrap();
    }
    desk.start().await;
    let settings = Settings {
        pace: Pace::Recorded(Haste(0.05)),
        rounds: 1,
        inbound: Some((desk.url("/v1/inbound/sms"), SecretString::from("open"))),
        ..Settings::demo(desk.url("/v1/events/community"), SecretString::from(SECRET), 7)
    };
    let mut playing = tokio::task::JoinSet::new();
    let (community, own) = (practice.clone(), settings.clone());
    playing.spawn(async move { community.run(own).await.unwrap() });
    let community = practice.clone();
    playing.spawn(async move { community.partners(settings).await.unwrap() });
    (practice, desk, playing)
}

#[tokio::test]
async fn every_flow_of_the_recorded_day_reaches_those_it_concerns() {
    let (practice, mut desk, _playing) = practised().await;
    let practice = &*practice;

    // An urgent exception pages whoever is on call; its end is told by mail.
    text(practice, "+4915112345601", "4500123").await;
    letter(practice, "maria.weber@example.net", &["Over: Delta Foods", "Certificate expired"]).await;

    // The opening of a case reaches the team that the rules name, a document the reviewer of its kind.
    letter(practice, "lena.brandt@example.net", &["CASE-771", "dispute from Kilo Corp"]).await;
    letter(practice, "lena.brandt@example.net", &["To review: invoice", "Invoice 2026-1184.pdf"]).await;
    letter(practice, "tomas.silva@example.net", &["To review: compliance certificate"]).await;

    // Who writes is answered in their language, the one whom only the community knew, too.
    for (author, subject) in [
        ("carmen.ruiz@example.net", "Hemos recibido su mensaje - T-411"),
        ("j.petersen@example.net", "Wir haben Ihre Nachricht erhalten - T-412"),
        ("luc.bernard@example.net", "Nous avons bien reçu votre message - T-413"),
        ("ola.nilsen@example.net", "We have your request - T-414"),
    ] {
        letter(practice, author, &[subject]).await;
    }

    // A milestone says what is next and who does it.
    let milestone = letter(practice, "p.walsh@example.net", &["Milestone reached: profile approved"]).await;
    for line in ["Next: documents complete", "Who:  Lumen Health"] {
        assert!(milestone.text.lines().any(|said| said == line), "{}", milestone.text);
    }
    letter(practice, "tomas.silva@example.net", &["Lumen Health: milestone reached: profile approved"]).await;

    // The partner sends what the case waits for, and every real change of it is one mail.
    letter(practice, "jonas.roth@example.net", &["claims evidence for CASE-771", "Price list"]).await;
    letter(practice, "b.sand@example.net", &["CASE-771: resolved"]).await;
    let of_case = |letter: &Letter| letter.to == "b.sand@example.net" && letter.subject.contains("CASE-771");
    let mut told: Vec<String> =
        letters(practice).into_iter().filter(of_case).map(|letter| letter.subject).collect();
    told.sort();
    let title = "Price on invoice 90-4471 differs from contract";
    let wanted = ["approved", "awaiting documents", "received", "resolved", "under review"];
    assert_eq!(told, wanted.map(|status| format!("CASE-771: {status} - {title}")));
    let reviewed = |task: &Value| {
        task["title"].to_string().contains("Price list of the order date.pdf") && task["state"] == "done"
    };
    until("the review of what was uploaded", async || {
        desk.list(&["tasks", "list"]).await.into_iter().find(reviewed)
    })
    .await;

    // A digest is one mail in two forms.
    let ran = desk.run(&["digest", "send", "accounts", "--yes"]).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let digest = letter(practice, "jonas.roth@example.net", &["Accounts digest"]).await;
    assert!(digest.html.unwrap().contains("<table"), "{}", digest.text);

    // What is internal is in none of all these.
    let day = Day::recorded().unwrap();
    let events = day.entries().iter().map(|entry| entry.event("1", 0, Timestamp::now()));
    let notes: Vec<String> =
        events.filter_map(|event| Some(event["data"]["note"].as_str()?.to_owned())).collect();
    assert!(notes.len() >= 4);
    let mut said: Vec<String> = practice.texts().into_iter().map(|text| text.text).collect();
    said.extend(letters(practice).into_iter().map(|l| format!("{}\n{}\n{:?}", l.subject, l.text, l.html)));
    for note in notes {
        let start: String = note.chars().take(20).collect();
        assert!(!said.iter().any(|said| said.contains(&start)), "{note}");
    }
    let automatic = letters(practice).into_iter().find(|letter| letter.subject.contains("T-415"));
    assert!(automatic.is_none_or(|letter| letter.to != "h.byrne@example.net"), "nobody thanks a machine");
    desk.stop().await;
}

#[tokio::test]
async fn partners_act_on_what_they_are_sent() {
    let (practice, mut desk, _playing) = practised().await;
    let practice = &*practice;
    let contact = async |id: &str, what: &str, holds: &dyn Fn(&Value) -> bool| {
        until(what, async || {
            let ran = desk.run(&["contacts", "show", id, "--json"]).await;
            (ran.code == Some(0)).then(|| ran.json()).filter(|contact| holds(contact))
        })
        .await
    };

    // A closed mailbox: somebody must mend it, and the news goes by text.
    text(practice, "+33612345679", "CASE-775").await;
    let fix = |task: &Value| task["kind"] == "fix" && task["title"].to_string().contains("Claire Martin");
    until("the fix task", async || desk.list(&["tasks", "list"]).await.into_iter().find(fix)).await;

    // One edits their own number, and another has had enough of texts.
    contact("l.bernard", "the new number", &|contact| contact["phones"] == json!(["+33698765432"])).await;
    text(practice, "+4740612345", "CASE-776").await;
    contact("k.lie", "the opt-out", &|contact| contact["opted_out"] == json!(["sms"])).await;
    let rejected = json!({
        "specversion": "1.0", "id": "after", "source": "/test", "type": "community.case.status_changed",
        "time": (Timestamp::now() + SignedDuration::from_hours(1)).to_string(),
        "data": {
            "case": { "id": "C-776", "reference": "CASE-776" },
            "partner": { "id": "fjord", "name": "Fjord AS" }, "status": "rejected",
        },
    });
    desk.raise(&rejected).await;
    letter(practice, "k.lie@example.net", &["CASE-776: rejected"]).await;
    let to_her = |text: &Text| text.to == "+4740612345" && text.text.contains("rejected");
    assert!(!practice.texts().iter().any(to_her));

    // One writes again, and is answered again; two machines do not thank each other without end.
    let answered =
        |letter: &Letter| letter.to == "carmen.ruiz@example.net" && letter.subject.contains("T-411");
    let answers = || letters(practice).iter().filter(|letter| answered(letter)).count();
    until("the second answer", async || (answers() >= 2).then_some(())).await;
    // What is written much later has come.
    text(practice, "+4915112345601", "4560007").await;
    assert_eq!(answers(), 2);
    desk.stop().await;
}
