//! What only the webhook promises.

use super::fake_http::{FakeHttp, Then};
use super::stand::{CONNECTIONS, Got, HOSTILE, Mood, Peer, SHORT, Stand, message};
use jiff::Timestamp;
use nightdesk::channel::{Answer, Channel, webhook};
use nightdesk::core::contact::Medium;
use std::time::Duration;

fn to(base: &str) -> Box<dyn Channel> {
    Box::new(
        webhook::Webhook::new(webhook::Settings {
            url: format!("{base}/hook"),
            secret: Some("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD".into()),
            timeout: SHORT,
            connections: CONNECTIONS,
        })
        .unwrap(),
    )
}

pub struct Hook(FakeHttp);

pub async fn stand() -> Stand<Hook> {
    let server = FakeHttp::start(Then::Answer("200 OK", "", "")).await;
    let channel = to(&format!("http://{}", server.address));
    Stand { name: "webhook", medium: Medium::Email, channel, to: Some(to), peer: Box::new(Hook(server)) }
}

impl Peer for Hook {
    fn is(&self, mood: Mood) -> bool {
        self.0.then(match mood {
            Mood::Takes => Then::Answer("204 No Content", "", ""),
            Mood::Busy => Then::Answer("503 Service Unavailable", "Retry-After: 90\r\n", "later"),
            // There is no login: whoever does not like the signature refuses the message.
            Mood::RefusesLogin => return false,
            Mood::Refuses => Then::Answer("400 Bad Request", "", "no \u{1b}[31mthanks"),
            Mood::TakesAndSaysNothing => Then::Hang,
            Mood::TakesAndHangsUp => Then::Close,
            Mood::HangsUpAtOnce => Then::Cut,
            Mood::TakesAndSaysHalf => Then::Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nfi".to_vec()),
            Mood::TakesAndBabbles => Then::Raw(b"\x00\xff 200 250 ok\r\n\r\n".to_vec()),
            Mood::SendsElsewhere => Then::Answer("302 Found", "location: /elsewhere\r\n", ""),
            Mood::TakesAndTalks => Then::Flood("200 OK", 64),
        });
        true
    }

    fn got(&self) -> Vec<Got> {
        let read = |body: &[u8]| -> serde_json::Value { serde_json::from_slice(body).unwrap() };
        let got = |body: serde_json::Value| Got {
            to: body["to"].as_str().unwrap().to_owned(),
            text: body["text"].as_str().unwrap().to_owned(),
        };
        self.0.requests().iter().map(|request| got(read(&request.body))).collect()
    }

    fn connections(&self) -> usize {
        self.0.connections()
    }

    fn secrets(&self) -> &'static [&'static str] {
        &["C2FVsBQIhrscChlQIMV"]
    }

    fn says_it_at_once(&self) -> bool {
        true
    }

    fn assert_harmless(&self) {
        let request = &self.0.requests()[0];
        let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
        assert_eq!((body["text"].as_str(), body["subject"].as_str()), (Some(HOSTILE), Some(HOSTILE)));
        assert_eq!(request.header("bcc"), None);
    }
}

#[tokio::test]
async fn a_webhook_is_signed_and_says_all_about_the_message() {
    let stand = stand().await;
    stand.channel.send(&message(Medium::Email, 7)).await;
    let server = &stand.peer.0;
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
    let stand = stand().await;
    let server = &stand.peer.0;
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
            Answer::Unknown { .. } | Answer::Cut { .. } => "unknown",
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
