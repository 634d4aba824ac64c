//! What only Kannel's channel promises, against a small server and against the real gateway.
//!
//! The tests of the real one are ignored unless asked for; they need the Debian packages `kannel` and
//! `kannel-extras`.

use super::fake_http::{FakeHttp, Then};
use super::kannel_peer;
use super::stand::{CONNECTIONS, Got, HOSTILE, Mood, Peer, SHORT, Stand, is_unknown, message};
use nightdesk::channel::{Acceptance, Answer, Callback, Channel, Of, Outgoing, kannel};
use nightdesk::core::contact::Medium;
use nightdesk::core::id::NotificationId;
use nightdesk::core::notification::Rung;
use std::collections::BTreeMap;
use std::time::Duration;

fn settings(url: &str) -> kannel::Settings {
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

fn to(base: &str) -> Box<dyn Channel> {
    Box::new(kannel::Kannel::new(settings(&format!("{base}/cgi-bin/sendsms"))).unwrap())
}

pub struct Gateway(FakeHttp);

pub async fn stand() -> Stand<Gateway> {
    let server = FakeHttp::start(Then::Answer("202 Accepted", "", "0: Accepted for delivery")).await;
    let channel = to(&format!("http://{}", server.address));
    Stand { name: "kannel", medium: Medium::Sms, channel, to: Some(to), peer: Box::new(Gateway(server)) }
}

impl Peer for Gateway {
    fn is(&self, mood: Mood) -> bool {
        self.0.then(match mood {
            Mood::Takes => Then::Answer("202 Accepted", "", "0: Accepted for delivery"),
            Mood::Busy => Then::Answer(
                "503 Service Unavailable",
                "Retry-After: 90\r\n",
                "Temporal failure, try again later.",
            ),
            Mood::RefusesLogin => Then::Answer("403 Forbidden", "", "Authorization failed for sendsms"),
            Mood::Refuses => Then::Answer("400 Bad Request", "", "no \u{1b}[31mthanks"),
            Mood::TakesAndSaysNothing => Then::Hang,
            Mood::TakesAndHangsUp => Then::Close,
            Mood::HangsUpAtOnce => Then::Cut,
            Mood::TakesAndSaysHalf => {
                Then::Raw(b"HTTP/1.1 202 Accepted\r\ncontent-length: 24\r\n\r\n0: Acc".to_vec())
            }
            Mood::TakesAndBabbles => Then::Raw(b"\x00\xff 202 0: Accepted\r\n\r\n".to_vec()),
            Mood::SendsElsewhere => Then::Answer("302 Found", "location: /elsewhere\r\n", ""),
            Mood::TakesAndTalks => Then::Flood("202 Accepted", 64),
        });
        true
    }

    fn got(&self) -> Vec<Got> {
        let one = |query: &[(String, String)], name: &str| {
            let all: Vec<&String> = query.iter().filter(|(n, _)| n == name).map(|(_, v)| v).collect();
            assert_eq!(all.len(), 1, "{name} in {query:?}");
            all[0].clone()
        };
        let got = |query: Vec<(String, String)>| Got { to: one(&query, "to"), text: one(&query, "text") };
        self.0.requests().iter().map(|request| got(request.query())).collect()
    }

    fn connections(&self) -> usize {
        self.0.connections()
    }

    fn secrets(&self) -> &'static [&'static str] {
        &["hush"]
    }

    fn says_it_at_once(&self) -> bool {
        true
    }

    fn assert_harmless(&self) {
        let query = self.0.requests()[0].query();
        assert!(query.contains(&("coding".into(), "2".into())), "{query:?}");
        assert!(self.got()[0].text.contains("&to=%2B1&text=%00#<U+001B>]0;x"), "{query:?}");
    }
}

#[tokio::test]
async fn a_refused_kannel_login_waits_and_never_shows_the_password() {
    let stand = stand().await;
    let server = &stand.peer.0;
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

#[tokio::test]
#[ignore = "needs kannel"]
async fn kannel_takes_sms_and_its_reports_are_believed() {
    let gateway = kannel_peer::KannelGateway::start().await;
    let reports = FakeHttp::start(Then::Answer("200 OK", "", "")).await;
    let settings = |password: &str| kannel::Settings {
        password: password.into(),
        receipts_url: Some(format!("http://{}/v1/receipts/sms", reports.address)),
        timeout: Duration::from_secs(10),
        ..self::settings(&gateway.url)
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
                uri: report.target.clone(),
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
