//! Every channel keeps the same promises: what it answers is never more, and never less, than what
//! it knows. First against small servers that fail on request, then against the real ones.
//!
//! The tests of real peers are ignored unless asked for; they need the Debian packages `kannel` and
//! `kannel-extras`, or `postfix` and root.

// A test fails by panicking, in its peers as well.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/fake_http.rs"]
mod fake_http;
#[path = "support/fake_smtp.rs"]
mod fake_smtp;
#[path = "support/kannel.rs"]
#[allow(dead_code)]
mod kannel_peer;
#[path = "support/peer.rs"]
mod peer;
#[path = "support/smtp.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod smtp_peer;

use fake_http::{FakeHttp, Then};
use fake_smtp::{FakeSmtp, Fault, Step};
use futures_util::StreamExt as _;
use jiff::Timestamp;
use mail_parser::MessageParser;
use nightdesk::channel::smtp::Tls;
use nightdesk::channel::{Acceptance, Answer, Callback, Channel, Of, Outgoing, kannel, smtp, spool, webhook};
use nightdesk::core::contact::Medium;
use nightdesk::core::id::NotificationId;
use nightdesk::core::notification::{Purpose, Rung};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

const SHORT: Duration = Duration::from_millis(600);
const CONNECTIONS: usize = 4;

fn message(medium: Medium, number: u64) -> Outgoing {
    let address = match medium {
        Medium::Sms => "+491512345678",
        Medium::Email => "ann@example.net",
    };
    Outgoing {
        notification: NotificationId(number),
        attempt: 1,
        medium,
        address: address.into(),
        name: "Ann Lee".into(),
        subject: "Order 4711 is late".into(),
        body: format!("Order 4711 is late; message {number}.").into(),
        html: None,
        attachments: Vec::new(),
        purpose: Purpose::Page,
        urgent: true,
        reply_to: None,
        return_path: None,
        unsubscribe: None,
        idempotency_key: format!("key-{number}"),
        thread: Some("A1".into()),
        possible_duplicate: false,
        created_at: "2026-02-03T04:05:06Z".parse().unwrap(),
    }
}

/// What the peer does with the next messages.
#[derive(Clone, Copy, Debug)]
enum Mood {
    Takes,
    Busy,
    Refuses,
    TakesAndSaysNothing,
    TakesAndHangsUp,
}

/// A channel with a peer that can be told how to behave.
struct Stand {
    name: &'static str,
    medium: Medium,
    channel: Box<dyn Channel>,
    peer: Peer,
}

enum Peer {
    Http(FakeHttp),
    Smtp(FakeSmtp),
    Folder(tempfile::TempDir, PathBuf),
}

impl Stand {
    async fn webhook() -> Self {
        let server = FakeHttp::start(Then::Answer("200 OK", "", "")).await;
        let channel = webhook::Webhook::new(webhook::Settings {
            url: format!("http://{}/hook", server.address),
            secret: Some("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD".into()),
            timeout: SHORT,
            connections: CONNECTIONS,
        });
        Self {
            name: "webhook",
            medium: Medium::Email,
            channel: Box::new(channel.unwrap()),
            peer: Peer::Http(server),
        }
    }

    async fn kannel() -> Self {
        let server = FakeHttp::start(Then::Answer("202 Accepted", "", "0: Accepted for delivery")).await;
        let channel =
            kannel::Kannel::new(kannel_settings(&format!("http://{}/cgi-bin/sendsms", server.address)));
        Self {
            name: "kannel",
            medium: Medium::Sms,
            channel: Box::new(channel.unwrap()),
            peer: Peer::Http(server),
        }
    }

    async fn smtp() -> Self {
        let server = FakeSmtp::start(&["8BITMIME", "SIZE 1000000"]).await;
        let channel = smtp::Smtp::new(smtp_settings(server.address.port(), Tls::None));
        Self {
            name: "smtp",
            medium: Medium::Email,
            channel: Box::new(channel.unwrap()),
            peer: Peer::Smtp(server),
        }
    }

    async fn spool(medium: Medium) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let outbox = folder.path().join("outbox");
        let channel = spool::Spool::new(spool::Settings { folder: outbox.clone() });
        let name = if medium == Medium::Sms { "spool of SMS" } else { "spool of mail" };
        Self { name, medium, channel: Box::new(channel.unwrap()), peer: Peer::Folder(folder, outbox) }
    }

    async fn every() -> Vec<Self> {
        vec![
            Self::webhook().await,
            Self::kannel().await,
            Self::smtp().await,
            Self::spool(Medium::Email).await,
            Self::spool(Medium::Sms).await,
        ]
    }

    /// False where the peer cannot behave like this: a folder never refuses.
    fn is(&self, mood: Mood) -> bool {
        match (&self.peer, mood) {
            (Peer::Http(server), Mood::Takes) if self.name == "kannel" => {
                server.then(Then::Answer("202 Accepted", "", "0: Accepted for delivery"));
            }
            (Peer::Http(server), Mood::Takes) => server.then(Then::Answer("204 No Content", "", "")),
            (Peer::Http(server), Mood::Busy) => {
                server.then(Then::Answer(
                    "503 Service Unavailable",
                    "Retry-After: 90\r\n",
                    "Temporal failure, try again later.",
                ));
            }
            (Peer::Http(server), Mood::Refuses) => {
                server.then(Then::Answer("400 Bad Request", "", "no \u{1b}[31mthanks"))
            }
            (Peer::Http(server), Mood::TakesAndSaysNothing) => server.then(Then::Hang),
            (Peer::Http(server), Mood::TakesAndHangsUp) => server.then(Then::Close),
            (Peer::Smtp(server), Mood::Takes) => server.work(),
            (Peer::Smtp(server), Mood::Busy) => server.fail(Step::Rcpt, Fault::Say("450 4.2.1 try later")),
            (Peer::Smtp(server), Mood::Refuses) => {
                server.fail(Step::Dot, Fault::Say("554 5.7.1 no \u{1b}[31mthanks"))
            }
            (Peer::Smtp(server), Mood::TakesAndSaysNothing) => server.fail(Step::Dot, Fault::Hang),
            (Peer::Smtp(server), Mood::TakesAndHangsUp) => server.fail(Step::Dot, Fault::Close),
            (Peer::Folder(_, outbox), Mood::Takes) => {
                if outbox.is_file() {
                    std::fs::remove_file(outbox).unwrap();
                    std::fs::create_dir(outbox).unwrap();
                }
            }
            (Peer::Folder(_, outbox), Mood::Busy) => {
                // Not even root can write into a folder that is a file.
                std::fs::remove_dir_all(outbox).unwrap();
                std::fs::write(outbox, "").unwrap();
            }
            (Peer::Folder(..), _) => return false,
        }
        true
    }

    fn taken(&self) -> usize {
        match &self.peer {
            Peer::Http(server) => server.requests().len(),
            Peer::Smtp(server) => server.taken().len(),
            Peer::Folder(_, outbox) => std::fs::read_dir(outbox).unwrap().count(),
        }
    }
}

fn kannel_settings(url: &str) -> kannel::Settings {
    kannel::Settings {
        url: url.into(),
        user: kannel_peer::USER.into(),
        password: kannel_peer::PASSWORD.into(),
        from: "Nightdesk".into(),
        receipts_url: Some("http://127.0.0.1:9/v1/receipts/sms".into()),
        receipt_key: "a key of this desk".into(),
        inbound_secret: None,
        timeout: SHORT,
        connections: CONNECTIONS,
    }
}

fn smtp_settings(port: u16, tls: Tls) -> smtp::Settings {
    smtp::Settings {
        host: "localhost".into(),
        port,
        tls,
        user: None,
        password: None,
        from: "desk@example.org".into(),
        from_name: "Night desk".into(),
        hello: "desk.example.org".into(),
        message_id_domain: "desk.example.org".into(),
        ca_file: None,
        receipts: true,
        timeout: SHORT,
        connections: CONNECTIONS,
    }
}

fn is_accepted(answer: &Answer) -> bool {
    matches!(answer, Answer::Accepted(_))
}

fn is_deferred(answer: &Answer) -> bool {
    matches!(answer, Answer::Deferred { .. })
}

fn is_unknown(answer: &Answer) -> bool {
    matches!(answer, Answer::Unknown { .. })
}

#[tokio::test]
async fn a_message_that_was_taken_is_accepted_and_was_sent_once() {
    for stand in Stand::every().await {
        let answer = stand.channel.send(&message(stand.medium, 1)).await;
        assert!(is_accepted(&answer), "{}: {answer:?}", stand.name);
        assert_eq!(stand.taken(), 1, "{}", stand.name);
    }
}

#[tokio::test]
async fn a_busy_peer_defers_and_later_takes_it() {
    for stand in Stand::every().await {
        stand.is(Mood::Busy);
        let answer = stand.channel.send(&message(stand.medium, 1)).await;
        let is_later = matches!(answer, Answer::Later { .. });
        assert!(is_deferred(&answer) || is_later, "{}: {answer:?}", stand.name);
        if let (Peer::Http(_), Answer::Deferred { after, .. }) = (&stand.peer, &answer) {
            assert_eq!(*after, Some(Duration::from_secs(90)), "{}", stand.name);
        }
        stand.is(Mood::Takes);
        let answer = stand.channel.send(&message(stand.medium, 1)).await;
        assert!(is_accepted(&answer), "{}: {answer:?}", stand.name);
    }
}

#[tokio::test]
async fn a_refusal_is_final_and_its_words_are_printable() {
    for stand in Stand::every().await {
        if stand.is(Mood::Refuses) {
            match stand.channel.send(&message(stand.medium, 1)).await {
                Answer::Refused { said, .. } => {
                    assert!(said.contains("no <U+001B>[31mthanks"), "{}: {said:?}", stand.name)
                }
                other => panic!("{}: {other:?}", stand.name),
            }
        }
    }
}

#[tokio::test]
async fn silence_after_handing_over_is_unknown_and_the_wait_is_bounded() {
    for mood in [Mood::TakesAndSaysNothing, Mood::TakesAndHangsUp] {
        for stand in Stand::every().await {
            if stand.is(mood) {
                let began = Instant::now();
                let answer = stand.channel.send(&message(stand.medium, 1)).await;
                assert!(is_unknown(&answer), "{} {mood:?}: {answer:?}", stand.name);
                assert!(began.elapsed() < 2 * SHORT + Duration::from_secs(2), "{} {mood:?}", stand.name);
                assert_eq!(stand.taken(), 1, "{} {mood:?}: sent again on its own", stand.name);
            }
        }
    }
}

#[tokio::test]
async fn a_used_connection_that_breaks_after_handing_over_is_unknown_and_nothing_is_sent_twice() {
    for stand in Stand::every().await {
        let answer = stand.channel.send(&message(stand.medium, 1)).await;
        assert!(is_accepted(&answer), "{}: {answer:?}", stand.name);
        if stand.is(Mood::TakesAndHangsUp) {
            let answer = stand.channel.send(&message(stand.medium, 2)).await;
            assert!(is_unknown(&answer), "{}: {answer:?}", stand.name);
            assert_eq!(stand.taken(), 2, "{}: sent again on its own", stand.name);
        }
    }
}

#[tokio::test]
async fn nobody_listening_defers() {
    let [port] = peer::free_ports();
    let channels: [(Medium, Box<dyn Channel>); 3] = [
        (Medium::Email, Box::new(smtp::Smtp::new(smtp_settings(port, Tls::None)).unwrap())),
        (
            Medium::Sms,
            Box::new(kannel::Kannel::new(kannel_settings(&format!("http://127.0.0.1:{port}/x"))).unwrap()),
        ),
        (
            Medium::Sms,
            Box::new(
                webhook::Webhook::new(webhook::Settings {
                    url: format!("http://127.0.0.1:{port}/"),
                    secret: None,
                    timeout: SHORT,
                    connections: 1,
                })
                .unwrap(),
            ),
        ),
    ];
    for (medium, channel) in channels {
        let answer = channel.send(&message(medium, 1)).await;
        assert!(is_deferred(&answer), "{answer:?}");
        assert!(!format!("{answer:?}").contains("hush"), "{answer:?}");
    }
}

#[tokio::test]
async fn a_connection_that_never_comes_up_proves_that_nothing_was_sent() {
    // Accepts, and never says a word: TLS does not get anywhere.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    for url in [format!("https://127.0.0.1:{port}/"), "http://no-such-host.invalid/".into()] {
        let channel = kannel::Kannel::new(kannel_settings(&url)).unwrap();
        let began = Instant::now();
        let answer = channel.send(&message(Medium::Sms, 1)).await;
        assert!(is_deferred(&answer), "{url}: {answer:?}");
        assert!(began.elapsed() < SHORT + Duration::from_secs(2), "{url}");
    }
    let channel = smtp::Smtp::new(smtp_settings(port, Tls::Tls)).unwrap();
    let answer = channel.send(&message(Medium::Email, 1)).await;
    assert!(is_deferred(&answer), "{answer:?}");
}

#[tokio::test]
async fn many_messages_share_few_connections() {
    for stand in Stand::every().await {
        let sends = (1..=60).map(|n| {
            let (channel, message) = (&stand.channel, message(stand.medium, n));
            async move { channel.send(&message).await }
        });
        let answers: Vec<Answer> =
            futures_util::stream::iter(sends).buffer_unordered(CONNECTIONS).collect().await;
        assert!(answers.iter().all(is_accepted), "{}", stand.name);
        assert_eq!(stand.taken(), 60, "{}", stand.name);
        let connections = match &stand.peer {
            Peer::Http(server) => server.connections(),
            Peer::Smtp(server) => server.connections(),
            Peer::Folder(..) => 0,
        };
        // An HTTP client may dial once more while a connection is on its way back to the pool.
        assert!(connections <= 2 * CONNECTIONS, "{}: {connections} connections", stand.name);
    }
}

const HOSTILE: &str = "x\r\nBcc: eve@example.com\r\n\r\n.\r\nMAIL FROM:<eve@example.com>\r\n\"}&to=%2B1&text=%00#\u{1b}]0;x\u{7}\u{202e}é€🚚";

#[tokio::test]
async fn hostile_text_stays_text() {
    for stand in Stand::every().await {
        let mut hostile = message(stand.medium, 1);
        hostile.name = HOSTILE.into();
        hostile.subject = HOSTILE.into();
        hostile.body = HOSTILE.into();
        hostile.idempotency_key = "../key\"".into();
        hostile.thread = Some("t>\r\nBcc: <eve@example.com".into());
        let answer = stand.channel.send(&hostile).await;
        assert!(is_accepted(&answer), "{}: {answer:?}", stand.name);
        assert_eq!(stand.taken(), 1, "{}", stand.name);
        match &stand.peer {
            Peer::Smtp(server) => {
                let taken = &server.taken()[0];
                assert_eq!(
                    (taken.mail_from.split(' ').next(), taken.rcpt_to.as_str()),
                    (Some("<desk@example.org>"), "<ann@example.net>")
                );
                mail_is_harmless(taken.text.as_bytes());
            }
            Peer::Http(server) if stand.name == "kannel" => {
                let query = server.requests()[0].query();
                let named = |name: &str| {
                    query.iter().filter(|(n, _)| n == name).map(|(_, v)| v.as_str()).collect::<Vec<_>>()
                };
                assert_eq!(named("to"), ["+491512345678"]);
                assert_eq!(named("coding"), ["2"]);
                assert!(named("text")[0].contains("&to=%2B1&text=%00#<U+001B>]0;x"), "{query:?}");
            }
            Peer::Http(server) => {
                let request = &server.requests()[0];
                let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
                assert_eq!((body["text"].as_str(), body["subject"].as_str()), (Some(HOSTILE), Some(HOSTILE)));
                assert_eq!(request.header("bcc"), None);
            }
            Peer::Folder(folder, outbox) => {
                let files: Vec<_> = std::fs::read_dir(outbox).unwrap().map(|f| f.unwrap().path()).collect();
                assert_eq!(std::fs::read_dir(folder).unwrap().count(), 1, "nothing outside the outbox");
                let content = std::fs::read(&files[0]).unwrap();
                if stand.medium == Medium::Email {
                    mail_is_harmless(&content);
                } else {
                    let file: serde_json::Value = serde_json::from_slice(&content).unwrap();
                    assert_eq!(file["text"].as_str(), Some(HOSTILE));
                    assert_eq!((file["encoding"].as_str(), file["parts"].as_u64()), (Some("ucs2"), Some(2)));
                }
            }
        }
    }
}

fn mail_is_harmless(mail: &[u8]) {
    let read = MessageParser::default().parse(mail).unwrap();
    let names: Vec<&str> = read.headers().iter().map(|h| h.name()).collect();
    assert!(!names.iter().any(|name| name.eq_ignore_ascii_case("bcc")), "{names:?}");
    assert_eq!(names.iter().filter(|name| **name == "To").count(), 1);
    assert!(read.subject().unwrap().contains("Bcc: eve@example.com"), "{:?}", read.subject());
    assert_eq!(read.to().unwrap().first().unwrap().address(), Some("ann@example.net"));
    assert!(read.body_text(0).unwrap().contains("\r\n.\r\nMAIL FROM:<eve@example.com>"));
}

#[tokio::test]
async fn an_address_that_is_more_than_one_address_is_refused() {
    for (stand, address) in [
        (Stand::smtp().await, "ann@example.net>\r\nRCPT TO:<eve@example.com"),
        (Stand::smtp().await, "ann@example.net,eve@example.com"),
        (Stand::kannel().await, "+4915123456 +4915123457"),
        (Stand::kannel().await, "+4915123456&text=x"),
    ] {
        let answer =
            stand.channel.send(&Outgoing { address: address.into(), ..message(stand.medium, 1) }).await;
        assert!(matches!(answer, Answer::Refused { .. }), "{address:?}: {answer:?}");
        assert_eq!(stand.taken(), 0);
    }
}

// The webhook.

#[tokio::test]
async fn a_webhook_is_signed_and_says_all_about_the_message() {
    let stand = Stand::webhook().await;
    stand.channel.send(&message(Medium::Email, 7)).await;
    let Peer::Http(server) = &stand.peer else { unreachable!() };
    let request = &server.requests()[0];
    let header = |name: &str| request.header(name).unwrap();
    assert_eq!(
        (request.method.as_str(), request.target.as_str(), header("webhook-id")),
        ("POST", "/hook", "key-7")
    );
    let sent: i64 = header("webhook-timestamp").parse().unwrap();
    assert!((Timestamp::now().as_second() - sent).abs() < 60);
    assert!(header("webhook-signature").starts_with("v1,"));
    let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
    insta::assert_snapshot!(body, @r#"{"attempt":1,"created_at":"2026-02-03T04:05:06Z","id":"N7","idempotency_key":"key-7","medium":"email","name":"Ann Lee","possible_duplicate":false,"purpose":"page","subject":"Order 4711 is late","text":"Order 4711 is late; message 7.","to":"ann@example.net","urgent":true}"#);
}

#[tokio::test]
async fn every_status_means_what_the_contract_says() {
    let stand = Stand::webhook().await;
    let Peer::Http(server) = &stand.peer else { unreachable!() };
    for (status, wanted) in [
        ("200 OK", "accepted"),
        ("202 Accepted", "accepted"),
        ("302 Found", "deferred"),
        ("400 Bad Request", "refused"),
        ("404 Not Found", "refused"),
        ("408 Request Timeout", "deferred"),
        ("410 Gone", "refused"),
        ("425 Too Early", "deferred"),
        ("429 Too Many Requests", "deferred"),
        ("500 Internal Server Error", "unknown"),
        ("502 Bad Gateway", "unknown"),
        ("504 Gateway Timeout", "unknown"),
        ("503 Service Unavailable", "deferred"),
    ] {
        server.then(Then::Answer(status, "location: /elsewhere\r\nretry-after: 999999999\r\n", ""));
        let answer = stand.channel.send(&message(Medium::Email, 1)).await;
        let got = match &answer {
            Answer::Accepted(_) => "accepted",
            Answer::Deferred { .. } => "deferred",
            Answer::Later { .. } => "later",
            Answer::Refused { .. } => "refused",
            Answer::Unknown { .. } => "unknown",
        };
        assert_eq!(got, wanted, "{status}: {answer:?}");
        if let Answer::Deferred { after, .. } = answer {
            assert_eq!(after, Some(Duration::from_secs(3600)), "a pause is bounded");
        }
    }
    assert!(
        server.requests().iter().all(|request| request.target == "/hook"),
        "a redirect is never followed"
    );
}

// The spool.

#[tokio::test]
async fn a_spooled_file_is_private_written_once_and_leaves_nothing_beside_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let stand = Stand::spool(Medium::Sms).await;
    let Peer::Folder(_, outbox) = &stand.peer else { unreachable!() };
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let first = message(Medium::Sms, 1);
    stand.channel.send(&first).await;
    let file = outbox.join("key-1-1.sms.json");
    assert_eq!((mode(outbox), mode(&file)), (0o700, 0o600));
    let written = std::fs::read(&file).unwrap();

    let again = stand.channel.send(&Outgoing { body: "something else".into(), ..first.clone() }).await;
    assert!(is_accepted(&again));
    assert_eq!(std::fs::read(&file).unwrap(), written);
    stand.channel.send(&Outgoing { attempt: 2, possible_duplicate: true, ..first }).await;
    let mut names: Vec<_> = std::fs::read_dir(outbox).unwrap().map(|f| f.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["key-1-1.sms.json", "key-1-2.sms.json"]);
    let file: serde_json::Value = serde_json::from_slice(&written).unwrap();
    insta::assert_snapshot!(file, @r#"{"attempt":1,"created_at":"2026-02-03T04:05:06Z","encoding":"gsm7","id":"N1","idempotency_key":"key-1","name":"Ann Lee","parts":1,"possible_duplicate":false,"text":"Order 4711 is late; message 1.","to":"+491512345678"}"#);
}

// Kannel.

#[tokio::test]
async fn a_refused_kannel_login_waits_and_never_shows_the_password() {
    let stand = Stand::kannel().await;
    let Peer::Http(server) = &stand.peer else { unreachable!() };
    for then in
        [Then::Answer("403 Forbidden", "", "Authorization failed for sendsms"), Then::Hang, Then::Close]
    {
        server.then(then);
        let answer = format!("{:?}", stand.channel.send(&message(Medium::Sms, 1)).await);
        assert!(!answer.contains("hush") && !answer.contains("password="), "{answer}");
    }
    server.then(Then::Answer("403 Forbidden", "", "Authorization failed for sendsms"));
    let answer = stand.channel.send(&message(Medium::Sms, 1)).await;
    assert!(
        matches!(&answer, Answer::Deferred { said, .. } if said.contains("check user and password")),
        "{answer:?}"
    );
}

// SMTP.

#[tokio::test]
async fn a_mail_session_tells_before_the_dot_from_after_it() {
    use Step::*;
    const WAIT: &str = "deferred";
    // The server works, and wants just this message later.
    const LATER: &str = "later";
    const NEVER: &str = "refused";
    const WHO_KNOWS: &str = "unknown";
    let say = Fault::Say;
    for (step, fault, wanted) in [
        (Greeting, Fault::Hang, WAIT),
        (Greeting, Fault::Close, WAIT),
        (Greeting, say("554 5.3.2 not today"), WAIT),
        (Greeting, say("421 too many"), WAIT),
        (Greeting, say("SSH-2.0-OpenSSH"), WAIT),
        (Ehlo, say("502 what"), WAIT),
        (Ehlo, Fault::Close, WAIT),
        (Mail, Fault::Hang, WAIT),
        (Mail, Fault::Close, WAIT),
        (Mail, say("421 closing"), WAIT),
        (Mail, say("451 later"), WAIT),
        (Mail, say("530 5.7.0 log in first"), WAIT),
        (Mail, say("550 5.7.1 bad sender"), NEVER),
        (Rcpt, Fault::Hang, WAIT),
        (Rcpt, say("450 4.7.1 greylisted"), LATER),
        (Rcpt, say("550 5.1.1 no such user"), NEVER),
        (Rcpt, say("251 will forward"), "accepted"),
        (Data, say("451 later"), LATER),
        (Data, say("554 no"), NEVER),
        (Data, Fault::Close, WAIT),
        (Text, Fault::Close, WHO_KNOWS),
        (Dot, say("451 4.3.0 later"), WAIT),
        (Dot, say("421 closing"), WAIT),
        (Dot, say("550-5.7.1 line one\r\n550 5.7.1 spam"), NEVER),
        (Dot, say("250-fine\r\n250 2.0.0 Ok: queued as Q7"), "accepted"),
        (Dot, say("what?"), WHO_KNOWS),
        (Dot, Fault::Hang, WHO_KNOWS),
        (Dot, Fault::Close, WHO_KNOWS),
    ] {
        let stand = Stand::smtp().await;
        let Peer::Smtp(server) = &stand.peer else { unreachable!() };
        server.fail(step, fault);
        let began = Instant::now();
        let answer = stand.channel.send(&message(Medium::Email, 1)).await;
        let got = match &answer {
            Answer::Accepted(_) => "accepted",
            Answer::Deferred { .. } => WAIT,
            Answer::Later { .. } => LATER,
            Answer::Refused { .. } => NEVER,
            Answer::Unknown { .. } => WHO_KNOWS,
        };
        // The text fits into the sockets' buffers, so that a server which goes away within it is
        // noticed only after the dot; then, or at once, both answers are honest.
        let honest = got == wanted || (step == Text && got == WAIT);
        assert!(honest, "{step:?} {fault:?}: {answer:?}");
        assert!(began.elapsed() < 2 * SHORT + Duration::from_secs(2), "{step:?} {fault:?}");
        // Whatever happened, the next message gets through.
        server.work();
        let next = stand.channel.send(&message(Medium::Email, 2)).await;
        assert!(is_accepted(&next), "after {step:?} {fault:?}: {next:?}");
    }
}

#[tokio::test]
async fn an_idle_mail_connection_found_dead_is_replaced_unseen() {
    let stand = Stand::smtp().await;
    let Peer::Smtp(server) = &stand.peer else { unreachable!() };
    assert!(is_accepted(&stand.channel.send(&message(Medium::Email, 1)).await));
    assert!(is_accepted(&stand.channel.send(&message(Medium::Email, 2)).await));
    assert_eq!(server.connections(), 1);
    server.hang_up();
    let answer = stand.channel.send(&message(Medium::Email, 3)).await;
    assert!(is_accepted(&answer), "{answer:?}");
    assert_eq!((server.connections(), server.taken().len()), (2, 3));
}

#[tokio::test]
async fn a_server_that_speaks_out_of_turn_is_never_misunderstood() {
    let stand = Stand::smtp().await;
    let Peer::Smtp(server) = &stand.peer else { unreachable!() };
    // Were the second line taken for the answer to the next command, every answer would be one late
    // and a refusal would be read as an acceptance.
    server.fail(Step::Dot, Fault::Say("250 ok\r\n250 ok again"));
    assert!(is_accepted(&stand.channel.send(&message(Medium::Email, 1)).await));
    server.fail(Step::Dot, Fault::Say("554 no"));
    let answer = stand.channel.send(&message(Medium::Email, 2)).await;
    assert!(matches!(answer, Answer::Refused { .. }), "{answer:?}");
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn a_refused_recipient_does_not_cost_the_connection() {
    let stand = Stand::smtp().await;
    let Peer::Smtp(server) = &stand.peer else { unreachable!() };
    server.fail(Step::Rcpt, Fault::Say("550 5.1.1 no such user"));
    assert!(matches!(stand.channel.send(&message(Medium::Email, 1)).await, Answer::Refused { .. }));
    server.work();
    assert!(is_accepted(&stand.channel.send(&message(Medium::Email, 2)).await));
    assert_eq!(server.connections(), 1);
    assert!(server.commands().contains(&"RSET".to_owned()));
}

#[tokio::test]
async fn idle_mail_connections_are_closed_with_a_goodbye() {
    let server = FakeSmtp::start(&[]).await;
    let channel = smtp::Smtp::new(smtp_settings(server.address.port(), Tls::None)).unwrap();
    let channel = channel.keeping_idle(Duration::from_millis(50));
    assert!(is_accepted(&channel.send(&message(Medium::Email, 1)).await));
    peer::until("QUIT", async || server.commands().contains(&"QUIT".to_owned()).then_some(())).await;
    assert!(is_accepted(&channel.send(&message(Medium::Email, 2)).await));
    assert_eq!(server.connections(), 2);
}

/// RFC 3461: only a server that offers reports is asked for them, and only mail that has a place for them.
#[tokio::test]
async fn reports_are_asked_for_under_the_token_of_the_attempt() {
    let path = "desk+b45-2-abc@example.org";
    let mail = || Outgoing {
        return_path: Some(path.into()),
        address: "ann+tag=1@example.net".into(),
        ..message(Medium::Email, 1)
    };
    for (offers, receipts, from, to) in [
        (
            &["DSN"][..],
            true,
            " RET=HDRS ENVID=b45-2-abc",
            " NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;ann+2Btag+3D1@example.net",
        ),
        (
            &["DSN"],
            false,
            " RET=HDRS ENVID=b45-2-abc",
            " NOTIFY=FAILURE,DELAY ORCPT=rfc822;ann+2Btag+3D1@example.net",
        ),
        (&[], true, "", ""),
    ] {
        let server = FakeSmtp::start(offers).await;
        let settings = smtp::Settings { receipts, ..smtp_settings(server.address.port(), Tls::None) };
        let channel = smtp::Smtp::new(settings).unwrap();
        assert!(is_accepted(&channel.send(&mail()).await));
        assert!(is_accepted(&channel.send(&message(Medium::Email, 2)).await));
        let taken = server.taken();
        assert_eq!(taken[0].mail_from, format!("<{path}>{from}"));
        assert_eq!(taken[0].rcpt_to, format!("<ann+tag=1@example.net>{to}"));
        assert_eq!(
            (taken[1].mail_from.as_str(), taken[1].rcpt_to.as_str()),
            ("<desk@example.org>", "<ann@example.net>")
        );
        let hostile = Outgoing { return_path: Some("a@b>\r\nDATA".into()), ..mail() };
        assert!(matches!(channel.send(&hostile).await, Answer::Refused { .. }));
    }
}

#[tokio::test]
async fn a_mail_keeps_its_identity_over_all_attempts() {
    let stand = Stand::smtp().await;
    let Peer::Smtp(server) = &stand.peer else { unreachable!() };
    let first = message(Medium::Email, 5);
    let answer = stand.channel.send(&first).await;
    assert_eq!(
        answer,
        Answer::Accepted(Acceptance {
            provider_ref: Some("Q7".into()),
            names: Vec::new(),
            said: "250 2.0.0 Ok: queued as Q7".into(),
            parts: 1
        })
    );
    stand.channel.send(&Outgoing { attempt: 2, possible_duplicate: true, ..first }).await;
    let taken = server.taken();
    assert_eq!(taken[0].text, taken[1].text);
    for header in [
        "Message-ID: <key-5@desk.example.org>",
        "In-Reply-To: <thread-A1@desk.example.org>",
        "Auto-Submitted: auto-generated",
        "X-Nightdesk-Id: N5",
        "Date: Tue, 03 Feb 2026 04:05:06 +0000",
    ] {
        assert!(taken[0].text.contains(&format!("\r\n{header}\r\n")), "{header} in {}", taken[0].text);
    }
}

#[tokio::test]
async fn a_server_without_starttls_gets_neither_mail_nor_password() {
    let server = FakeSmtp::start(&["AUTH PLAIN LOGIN"]).await;
    let settings = smtp::Settings {
        user: Some("desk".into()),
        password: Some("hush".into()),
        ..smtp_settings(server.address.port(), Tls::StartTls)
    };
    let answer = smtp::Smtp::new(settings).unwrap().send(&message(Medium::Email, 1)).await;
    assert!(matches!(&answer, Answer::Deferred { said, .. } if said.contains("STARTTLS")), "{answer:?}");
    assert_eq!(server.commands(), ["EHLO desk.example.org"]);
}

#[tokio::test]
async fn words_slipped_in_before_tls_are_not_believed() {
    let server = FakeSmtp::start(&["STARTTLS"]).await;
    server.fail(Step::StartTls, Fault::Say("220 go on\r\n250-me\r\n250 AUTH PLAIN"));
    let channel = smtp::Smtp::new(smtp_settings(server.address.port(), Tls::StartTls)).unwrap();
    let answer = channel.send(&message(Medium::Email, 1)).await;
    assert!(matches!(&answer, Answer::Deferred { said, .. } if said.contains("tampered")), "{answer:?}");
}

#[tokio::test]
async fn a_password_never_leaves_this_machine_in_the_clear() {
    let settings = |host: &str| smtp::Settings {
        host: host.into(),
        user: Some("desk".into()),
        password: Some("hush".into()),
        ..smtp_settings(25, Tls::None)
    };
    assert!(matches!(
        smtp::Smtp::new(settings("mx.example.net")),
        Err(smtp::BadSettings::LoginInTheClear(_))
    ));
    assert!(smtp::Smtp::new(settings("127.0.0.1")).is_ok());
}

#[tokio::test]
async fn a_mail_login_refused_waits_for_the_operator() {
    for (offers, steps) in [(&["AUTH PLAIN"], 2), (&["AUTH LOGIN"], 2)] {
        let server = FakeSmtp::start(offers).await;
        server.fail(Step::Auth, Fault::Say("535 5.7.8 authentication failed"));
        let settings = smtp::Settings {
            user: Some("desk".into()),
            password: Some("hush".into()),
            ..smtp_settings(server.address.port(), Tls::None)
        };
        let answer = smtp::Smtp::new(settings).unwrap().send(&message(Medium::Email, 1)).await;
        assert!(
            matches!(&answer, Answer::Deferred { said, .. } if said.contains("check user and password")),
            "{answer:?}"
        );
        assert_eq!(server.commands().len(), steps);
    }
}

// The real peers.

#[tokio::test]
#[ignore = "needs kannel"]
async fn kannel_takes_sms_and_its_reports_are_believed() {
    let gateway = kannel_peer::KannelGateway::start().await;
    let reports = FakeHttp::start(Then::Answer("200 OK", "", "")).await;
    let settings = |password: &str| kannel::Settings {
        password: password.into(),
        receipts_url: Some(format!("http://{}/v1/receipts/sms", reports.address)),
        timeout: Duration::from_secs(10),
        ..kannel_settings(&gateway.url)
    };
    let channel = kannel::Kannel::new(settings(kannel_peer::PASSWORD)).unwrap();

    let texts = [
        "Late: 5 pallets {A^B} [x] 7 € ~ ok \\ |",
        "Ťažký náklad mešká 🚚",
        &format!("part one {} the end", "x".repeat(400)),
        &format!("& to=%2B1 + % # = {} ?", HOSTILE.replace('\0', "")),
    ];
    for (number, text) in (1..).zip(texts) {
        let answer = channel.send(&Outgoing { body: text.into(), ..message(Medium::Sms, number) }).await;
        let expected = [1, 1, 3, 2][usize::try_from(number).unwrap() - 1];
        assert!(
            matches!(&answer, Answer::Accepted(Acceptance { parts, .. }) if *parts == expected),
            "{text}: {answer:?}"
        );

        // The report of the carrier, then that of the handset.
        for (status, rung) in [("8", Rung::Sent), ("1", Rung::Delivered)] {
            let id = format!("N{number}");
            let named = |query: &[(String, String)], name: &str, value: &str| {
                query.iter().any(|(n, v)| n == name && v == value)
            };
            let report =
                reports.wait_for(|r| named(&r.query(), "n", &id) && named(&r.query(), "s", status)).await;
            let mut callback = Callback {
                query: report.query().into_iter().collect::<BTreeMap<_, _>>(),
                headers: report.headers.clone(),
                body: Vec::new(),
                peer: std::net::Ipv4Addr::LOCALHOST.into(),
            };
            let receipt = channel.receipt(&callback).unwrap();
            let of = Of::Attempt { notification: NotificationId(number), attempt: 1, part: 1 };
            assert_eq!((receipt.of, receipt.rung), (of, Some(rung)));
            callback.query.insert("n".into(), "N99".into());
            assert!(channel.receipt(&callback).is_err(), "a report cannot be moved to another message");
        }
    }
    let received = gateway.received();
    assert!(received.contains(&format!("Nightdesk +491512345678 text {}", texts[0])), "{received:#?}");
    assert!(received.iter().any(|m| m.contains("ucs-2 %01d%00a%01~")), "{received:#?}");
    // Kannel cut the texts into as many parts as were foretold.
    assert_eq!(received.len(), 1 + 1 + 3 + 2, "{received:#?}");
    assert!(received.iter().all(|m| m.starts_with("Nightdesk +491512345678 ")), "{received:#?}");

    // A gateway that hangs after the request was sent. When it wakes it sometimes sends the message
    // and sometimes does not: nobody can know.
    let hasty = kannel::Settings { timeout: SHORT, ..settings(kannel_peer::PASSWORD) };
    gateway.hold();
    let answer = kannel::Kannel::new(hasty).unwrap().send(&message(Medium::Sms, 40)).await;
    gateway.go_on();
    assert!(is_unknown(&answer), "{answer:?}");

    let answer = kannel::Kannel::new(settings("wrong")).unwrap().send(&message(Medium::Sms, 50)).await;
    assert!(
        matches!(&answer, Answer::Deferred { said, .. } if said.contains("check user and password")),
        "{answer:?}"
    );
}

#[tokio::test]
#[ignore = "needs postfix"]
async fn postfix_takes_mail_plainly_by_starttls_and_by_tls() {
    let postfix = smtp_peer::Postfix::start().await;
    let base = |port, tls| smtp::Settings {
        ca_file: Some(postfix.ca_file.clone()),
        timeout: Duration::from_secs(15),
        ..smtp_settings(port, tls)
    };
    let login = |settings: smtp::Settings, password: &str| smtp::Settings {
        user: Some(smtp_peer::USER.into()),
        password: Some(password.into()),
        ..settings
    };
    for (number, settings) in [
        (1, base(postfix.port, Tls::None)),
        (2, base(postfix.port, Tls::StartTls)),
        (3, login(base(postfix.port, Tls::StartTls), smtp_peer::PASSWORD)),
        (4, login(base(postfix.tls_port, Tls::Tls), smtp_peer::PASSWORD)),
    ] {
        let channel = smtp::Smtp::new(settings).unwrap();
        let hostile = Outgoing {
            subject: HOSTILE.into(),
            name: HOSTILE.into(),
            body: HOSTILE.into(),
            ..message(Medium::Email, number)
        };
        let before = postfix.log().matches(": connect from").count();
        for message in [message(Medium::Email, 10 * number), hostile] {
            let answer = channel.send(&message).await;
            let Answer::Accepted(Acceptance { provider_ref: Some(queue_id), .. }) = &answer else {
                panic!("{number}: {answer:?}")
            };
            assert!(
                postfix.log().contains(&format!("{queue_id}: client=")),
                "{queue_id} in {}",
                postfix.log()
            );
        }
        assert_eq!(postfix.log().matches(": connect from").count(), before + 1, "one connection for both");
        let mail = postfix.mail_with(&format!("message {}.", 10 * number)).await;
        assert!(
            mail.contains("Subject: Order 4711 is late\n") && mail.contains("Auto-Submitted: auto-generated"),
            "{mail}"
        );
        let mail = postfix.mail_with(&format!("Message-ID: <key-{number}@")).await;
        mail_is_harmless(mail.replace('\n', "\r\n").as_bytes());
    }

    let refused = smtp::Smtp::new(base(postfix.port, Tls::StartTls)).unwrap();
    let answer =
        refused.send(&Outgoing { address: "nobody@example.net".into(), ..message(Medium::Email, 5) }).await;
    assert!(matches!(&answer, Answer::Refused { said, .. } if said.contains("550")), "{answer:?}");
    let answer = refused.send(&message(Medium::Email, 6)).await;
    assert!(is_accepted(&answer), "the connection is good after a refusal: {answer:?}");

    let wrong = smtp::Smtp::new(login(base(postfix.tls_port, Tls::Tls), "wrong")).unwrap();
    let answer = wrong.send(&message(Medium::Email, 7)).await;
    assert!(
        matches!(&answer, Answer::Deferred { said, .. } if said.contains("check user and password")),
        "{answer:?}"
    );

    let stranger = smtp::Settings { ca_file: None, ..base(postfix.port, Tls::StartTls) };
    let answer = smtp::Smtp::new(stranger).unwrap().send(&message(Medium::Email, 8)).await;
    assert!(
        matches!(&answer, Answer::Deferred { said, .. } if said.contains("TLS with localhost failed")),
        "{answer:?}"
    );
}
