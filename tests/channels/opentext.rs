//! What only OpenText's channel promises.

use super::opentext_peer::{CLIENT, CLIENT_SECRET, Fault, OpenText, PASSWORD, TOKEN, USER};
use super::stand::{
    CONNECTIONS, Dial, Got, HOSTILE, Mood, Peer, SHORT, Stand, is_accepted, is_deferred, message,
};
use nightdesk::channel::{Acceptance, Answer, Asked, Channel, Found, Lost, Of, Outgoing, Receipt, opentext};
use nightdesk::core::contact::Medium;
use nightdesk::core::id::NotificationId;
use nightdesk::core::notification::{Attachment, Fault as At, Rung};
use serde_json::{Value, json};

fn settings(url: &str, login: opentext::Login) -> opentext::Settings {
    opentext::Settings {
        url: url.into(),
        login,
        from_name: "Night desk".into(),
        receipt_key: "a key of this desk".into(),
        timeout: SHORT,
        connections: CONNECTIONS,
    }
}

fn basic() -> opentext::Login {
    opentext::Login::Basic { user: USER.into(), password: PASSWORD.into() }
}

fn client(base: &str) -> opentext::Login {
    opentext::Login::Client {
        token_url: format!("{base}/oauth2/token"),
        id: CLIENT.into(),
        secret: CLIENT_SECRET.into(),
        scope: None,
    }
}

fn by_password(base: &str) -> Box<dyn Channel> {
    Box::new(opentext::OpenText::new(settings(base, basic())).unwrap())
}

fn by_token(base: &str) -> Box<dyn Channel> {
    Box::new(opentext::OpenText::new(settings(base, client(base))).unwrap())
}

/// SMS by password, mail by token.
pub async fn stand(medium: Medium) -> Stand<OpenText> {
    let peer = OpenText::start().await;
    let (name, to): (_, Dial) = match medium {
        Medium::Sms => ("opentext for SMS", by_password),
        Medium::Email => ("opentext for mail", by_token),
    };
    Stand { name, medium, channel: to(&peer.url()), to: Some(to), peer: Box::new(peer) }
}

impl Peer for OpenText {
    fn is(&self, mood: Mood) -> bool {
        self.fail(match mood {
            Mood::Takes => Fault::None,
            Mood::Busy => Fault::TooMany,
            Mood::RefusesLogin => Fault::Login,
            Mood::Refuses => Fault::Refused,
            Mood::TakesAndSaysNothing => Fault::Silent,
            Mood::TakesAndHangsUp => Fault::HangUp,
            Mood::HangsUpAtOnce => Fault::Cut,
            Mood::TakesAndSaysHalf => Fault::HalfAnswer,
            Mood::TakesAndBabbles => Fault::Garbage,
            Mood::SendsElsewhere => Fault::Moved,
            Mood::TakesAndTalks => Fault::Flood,
        });
        true
    }

    fn got(&self) -> Vec<Got> {
        self.jobs().iter().map(|job| Got { to: job.to(), text: job.text() }).collect()
    }

    fn connections(&self) -> usize {
        self.http.connections()
    }

    fn secrets(&self) -> &'static [&'static str] {
        &[PASSWORD, CLIENT_SECRET, TOKEN, "ZGVzazpodXNoLW9wZW50ZXh0", "bmlnaHRkZXNrOmh1c2gt"]
    }

    fn assert_harmless(&self) {
        let job = &self.jobs()[0];
        let shown = job.body.to_string();
        assert!(!shown.contains("\\u001b") && !shown.contains("\\r"), "{shown}");
        if job.kind == "emails" {
            let subject = job.body["options"]["email_options"]["subject"].as_str().unwrap();
            assert!(subject.contains("Bcc: eve@example.com") && !subject.contains('\n'), "{subject:?}");
        }
        assert!(HOSTILE.contains("Bcc"));
    }
}

/// A message that was taken, and the question how it fared.
async fn taken(medium: Medium) -> (Stand<OpenText>, Asked) {
    let stand = stand(medium).await;
    let answer = stand.channel.send(&Outgoing { attempt: 2, ..message(medium, 7) }).await;
    let Answer::Accepted(Acceptance { provider_ref: Some(provider_ref), .. }) = answer else {
        panic!("{answer:?}")
    };
    let asked = Asked { notification: NotificationId(7), attempt: 2, medium, provider_ref };
    (stand, asked)
}

async fn heard(stand: &Stand<OpenText>, asked: &Asked) -> Vec<(Option<Rung>, String)> {
    let receipts = stand.channel.ask(std::slice::from_ref(asked)).await.unwrap();
    let of = Of::Attempt { notification: NotificationId(7), attempt: 2, part: 1 };
    let read = |receipt: Receipt| {
        assert_eq!((&receipt.of, receipt.provider_ref.as_ref()), (&of, Some(&asked.provider_ref)));
        (receipt.rung, receipt.detail)
    };
    receipts.into_iter().map(read).collect()
}

#[tokio::test]
async fn a_text_is_a_job_with_our_name_in_both_references() {
    let (stand, asked) = taken(Medium::Sms).await;
    assert_eq!(asked.provider_ref, "xsi-1000000");
    let body = &stand.peer.jobs()[0].body;
    let name = body["destinations"][0]["ref"].as_str().unwrap();
    assert!(name.starts_with("N7-2-") && name.len() == 17, "{name}");
    assert_eq!(
        *body,
        json!({
            "destinations": [{ "sms": "+491512345678", "ref": name }],
            "sms_text": "Order 4711 is late; message 7.",
            "options": { "customer_reference": name },
            "reports": { "delivery_report": { "type": "none" } },
        })
    );
    assert_eq!(stand.peer.http.requests()[0].header("x-mra-submitid"), Some("key-7"));
}

#[tokio::test]
async fn a_mail_is_a_job_with_its_subject_its_page_and_its_files() {
    let stand = stand(Medium::Email).await;
    let mail = Outgoing {
        html: Some("<p>Late</p>".into()),
        attachments: vec![Attachment {
            name: "open.csv".into(),
            media_type: "text/csv".into(),
            text: "order;days\n4711;3".into(),
        }],
        ..message(Medium::Email, 1)
    };
    assert!(is_accepted(&stand.channel.send(&mail).await));
    let job = &stand.peer.jobs()[0];
    assert_eq!((job.kind.as_str(), job.to().as_str()), ("emails", "ann@example.net"));
    let options = &job.body["options"]["email_options"];
    assert_eq!(options["subject"], "Order 4711 is late");
    assert_eq!(options["from_display_name"], "Night desk");
    assert_eq!(job.text(), "Order 4711 is late; message 1.\n\nopen.csv\norder;days\n4711;3");
    let parts: Vec<&str> =
        job.body["body"].as_array().unwrap().iter().map(|part| part["type"].as_str().unwrap()).collect();
    assert_eq!(parts, ["text", "html"]);
}

#[tokio::test]
async fn every_fault_means_what_it_proves() {
    let (wait, never, who_knows) = ("deferred", "refused", "unknown");
    for (fault, wanted) in [
        (Fault::TooMany, wait),
        (Fault::Busy, wait),
        (Fault::Login, wait),
        (Fault::Forbidden, wait),
        (Fault::Nowhere, wait),
        (Fault::Moved, wait),
        (Fault::NoToken, wait),
        (Fault::TokenPage, wait),
        (Fault::TokenSilent, wait),
        (Fault::TokenGone, "accepted"),
        (Fault::Refused, never),
        (Fault::Down(500), who_knows),
        (Fault::TakenThen(500), who_knows),
        (Fault::TakenThen(502), who_knows),
        (Fault::Silent, who_knows),
        (Fault::HangUp, who_knows),
        (Fault::HalfAnswer, who_knows),
        (Fault::Garbage, who_knows),
        (Fault::Page, who_knows),
        (Fault::Flood, who_knows),
        (Fault::Nameless, who_knows),
        (Fault::OddName, who_knows),
    ] {
        let stand = stand(Medium::Email).await;
        stand.peer.fail(fault);
        let answer = stand.channel.send(&message(Medium::Email, 1)).await;
        let got = match &answer {
            Answer::Accepted(_) => "accepted",
            Answer::Deferred { .. } => wait,
            Answer::Later { .. } => "later",
            Answer::Refused { .. } => never,
            Answer::Unknown { .. } | Answer::Cut { .. } => who_knows,
        };
        assert_eq!(got, wanted, "{fault:?}: {answer:?}");
        assert!(!format!("{answer:?}").contains("hush"), "{fault:?}: {answer:?}");
        assert!(
            stand.peer.jobs().is_empty() || matches!(got, "unknown" | "accepted"),
            "{fault:?}: {answer:?}"
        );
        stand.peer.fail(Fault::None);
        let next = stand.channel.send(&message(Medium::Email, 2)).await;
        assert!(is_accepted(&next), "after {fault:?}: {next:?}");
    }
}

#[tokio::test]
async fn a_token_is_kept_asked_for_once_and_renewed_when_it_is_refused() {
    let stand = stand(Medium::Email).await;
    let messages: Vec<Outgoing> = (1..=8).map(|n| message(Medium::Email, n)).collect();
    let answers = futures_util::future::join_all(messages.iter().map(|m| stand.channel.send(m))).await;
    assert!(answers.iter().all(is_accepted));
    assert_eq!(stand.peer.tokens_given(), 1, "eight senders wait for one token");

    stand.peer.fail(Fault::TokenGone);
    let answers = futures_util::future::join_all(messages.iter().map(|m| stand.channel.send(m))).await;
    assert!(answers.iter().all(is_accepted), "{answers:?}");
    assert_eq!(stand.peer.tokens_given(), 2, "eight refusals are one renewal");
    assert_eq!(stand.peer.jobs().len(), 16);

    // A login that is refused with a fresh token as well is not tried for ever.
    stand.peer.fail(Fault::Login);
    let before = stand.peer.http.requests().len();
    let answer = stand.channel.send(&messages[0]).await;
    assert!(is_deferred(&answer), "{answer:?}");
    assert!(stand.peer.http.requests().len() - before <= 4);
}

#[tokio::test]
async fn everybody_who_waits_for_a_token_fails_with_it_and_not_one_after_the_other() {
    for fault in [Fault::TokenSilent, Fault::NoToken] {
        let stand = stand(Medium::Email).await;
        stand.peer.fail(fault);
        let messages: Vec<Outgoing> = (1..=8).map(|n| message(Medium::Email, n)).collect();
        let answers = futures_util::future::join_all(messages.iter().map(|m| stand.channel.send(m))).await;
        assert!(answers.iter().all(is_deferred), "{fault:?}: {answers:?}");
        assert_eq!(stand.peer.http.requests().len(), 1, "{fault:?}");
        stand.peer.fail(Fault::None);
        assert!(is_accepted(&stand.channel.send(&messages[0]).await), "{fault:?}");
    }
}

#[tokio::test]
async fn a_token_that_lasts_no_time_is_asked_for_anew() {
    let stand = stand(Medium::Email).await;
    stand.peer.tokens_last(json!(0));
    for n in 1..=3 {
        assert!(is_accepted(&stand.channel.send(&message(Medium::Email, n)).await));
    }
    assert_eq!(stand.peer.tokens_given(), 3);
    stand.peer.tokens_last(Value::Null);
    for n in 4..=6 {
        assert!(is_accepted(&stand.channel.send(&message(Medium::Email, n)).await));
    }
    assert_eq!(stand.peer.tokens_given(), 4, "where nothing is said it lasts for a while");
}

#[tokio::test]
async fn every_state_is_the_rung_that_it_proves() {
    let (stand, asked) = taken(Medium::Sms).await;
    let done = json!(["Complete", "Posted"]);
    for (state, gamma, rung) in [
        (json!("Pending"), json!(0), Some(Rung::Accepted)),
        (json!("Submitted"), json!(0), Some(Rung::Accepted)),
        (json!("InProcess"), json!(0), Some(Rung::Accepted)),
        (json!("Error"), json!(5000), Some(Rung::Failed)),
        (json!("Cancelled"), json!(0), Some(Rung::Failed)),
        (json!("Held"), json!(0), None),
        (json!("Sent"), json!(0), Some(Rung::Sent)),
        (json!("Sent"), Value::Null, Some(Rung::Sent)),
        (json!("Sent"), json!(5000), Some(Rung::Failed)),
        (json!("Sent"), json!("5000"), Some(Rung::Failed)),
        (json!("Expired"), json!(0), Some(Rung::Expired)),
        (json!(1), json!(0), Some(Rung::Accepted)),
        (json!(4), json!(0), Some(Rung::Failed)),
        (json!(7), json!(0), Some(Rung::Sent)),
        (json!(7), json!(12), Some(Rung::Failed)),
        (json!("8"), json!(0), Some(Rung::Expired)),
        (json!("Invented\u{1b}"), json!(0), None),
    ] {
        stand.peer.shows(done.clone(), json!([{ "state": state, "gamma_code": gamma }]), json!({}));
        let heard = heard(&stand, &asked).await;
        assert_eq!((heard.len(), heard[0].0), (1, rung), "{state} {gamma}: {heard:?}");
        assert!(!heard[0].1.contains('\u{1b}'));
        if gamma.as_u64().is_some_and(|code| code != 0) {
            assert!(heard[0].1.contains(&gamma.to_string()), "{heard:?}");
        }
    }
}

#[tokio::test]
async fn only_the_last_try_of_a_finished_job_can_have_failed() {
    let (stand, asked) = taken(Medium::Sms).await;
    let (failed, sent) =
        (json!({ "state": "Error", "gamma_code": 5000 }), json!({ "state": "Sent", "gamma_code": 0 }));
    for (states, tries, rung) in [
        (json!(["InProcess"]), json!([failed]), None),
        (json!(["Complete"]), json!([failed]), Some(Rung::Failed)),
        (json!(["Complete"]), json!([failed, sent]), Some(Rung::Sent)),
        (json!([]), json!([failed]), Some(Rung::Failed)),
    ] {
        stand.peer.shows(states.clone(), tries.clone(), json!({}));
        let heard = heard(&stand, &asked).await;
        assert_eq!(heard[0].0, rung, "{states} {tries}");
    }
}

#[tokio::test]
async fn a_confirmed_text_is_delivered() {
    let (stand, asked) = taken(Medium::Sms).await;
    for (status, rung) in [
        ("Confirmed", Some(Rung::Delivered)),
        ("Undelivered", Some(Rung::Failed)),
        ("Expired", Some(Rung::Expired)),
        ("Enroute", None),
    ] {
        let events = json!({ "sms_delivery_events": [
            { "event_time": "2026-02-03T04:05:09.000Z", "status": status, "message": "by the handset", "tags": [] }
        ] });
        stand.peer.shows(json!(["Complete"]), json!([{ "state": "Sent", "gamma_code": 0 }]), events);
        let heard = heard(&stand, &asked).await;
        assert_eq!(heard[0].0, Some(Rung::Sent));
        assert_eq!(heard[1], (rung, format!("{status}: by the handset")));
    }
}

#[tokio::test]
async fn a_mails_events_are_read_by_the_words_of_its_server() {
    let (stand, asked) = taken(Medium::Email).await;
    for (dsn, rung) in [
        (json!({ "event_time": "2026-02-03T04:05:09Z", "status": "delivered" }), Some(Rung::Delivered)),
        (json!({ "status": "2.1.5", "message": "ok" }), Some(Rung::Delivered)),
        (json!({ "action": "relayed", "status": "2.0.0" }), Some(Rung::Sent)),
        (json!({ "action": "delayed", "status": "4.4.1" }), None),
        (json!({ "action": "failed", "status": "5.1.1", "message": "no such user" }), Some(Rung::Bounced)),
        (json!({ "status": "5.2.2", "message": "mailbox full" }), Some(Rung::Failed)),
        (json!("not delivered yet, 4.2.2"), None),
        (json!({ "value": "something" }), None),
    ] {
        let events = json!({ "email_delivery_events": { "dsn": dsn } });
        stand.peer.shows(json!(["Complete"]), json!([{ "state": "Sent", "gamma_code": 0 }]), events);
        let heard = heard(&stand, &asked).await;
        assert_eq!((heard.len(), heard[1].0), (2, rung), "{dsn}: {heard:?}");
    }
    let events = json!({ "email_delivery_events": {
        "html_open": [{ "event_time": "a" }, { "event_time": "b" }], "pull": [], "dsn": null,
        "opt_out": { "event_time": "c" },
    } });
    stand.peer.shows(json!(["Complete"]), json!([]), events);
    let receipts = stand.channel.ask(std::slice::from_ref(&asked)).await.unwrap();
    let read: Vec<_> = receipts.iter().map(|receipt| (receipt.rung, receipt.fault)).collect();
    assert_eq!(read, [(Some(Rung::Read), None), (None, Some(At::OptedOut))]);
}

#[tokio::test]
async fn a_job_that_is_gone_is_said_to_be_and_another_ones_is_never_believed() {
    let (stand, asked) = taken(Medium::Sms).await;
    stand.peer.shows(json!(["Complete"]), json!([{ "state": "Sent", "gamma_code": 0 }]), json!({}));
    stand.peer.fail(Fault::Purged);
    let gone = heard(&stand, &asked).await;
    assert!(
        gone.len() == 1 && gone[0].0.is_none() && gone[0].1.contains("no longer has this job"),
        "{gone:?}"
    );
    for fault in [
        Fault::OtherJob,
        Fault::OtherRef,
        Fault::StatusPage,
        Fault::Status(400),
        Fault::Status(429),
        Fault::Status(500),
        Fault::Login,
        Fault::Silent,
        Fault::Cut,
    ] {
        stand.peer.fail(fault);
        let answer = stand.channel.ask(std::slice::from_ref(&asked)).await;
        assert!(answer.is_err(), "{fault:?}: {answer:?}");
        assert!(!format!("{answer:?}").contains("hush"), "{fault:?}: {answer:?}");
    }
    // The job of one attempt asked after as if it were of another.
    stand.peer.fail(Fault::None);
    let other = Asked { attempt: 1, ..asked };
    assert!(stand.channel.ask(&[other]).await.is_err());
}

#[tokio::test]
async fn few_jobs_are_asked_about_at_a_time_and_one_that_fails_hides_no_other() {
    let stand = stand(Medium::Sms).await;
    let mut about = Vec::new();
    for n in 1..=12 {
        let answer = stand.channel.send(&message(Medium::Sms, n)).await;
        let Answer::Accepted(Acceptance { provider_ref: Some(provider_ref), .. }) = answer else {
            panic!("{answer:?}")
        };
        // The third is of another message than it says.
        let notification = NotificationId(if n == 3 { 99 } else { n });
        about.push(Asked { notification, attempt: 1, medium: Medium::Sms, provider_ref });
    }
    let before = stand.peer.http.requests().len();
    let heard = stand.channel.ask(&about).await.unwrap();
    assert_eq!((stand.channel.asks_about(), heard.len()), (10, 9));
    assert_eq!(stand.peer.http.requests().len() - before, 10);
    assert!(heard.iter().all(|receipt| receipt.rung == Some(Rung::Accepted)));
}

#[tokio::test]
async fn a_message_whose_job_was_lost_cannot_be_looked_for() {
    let stand = stand(Medium::Sms).await;
    let message = message(Medium::Sms, 1);
    let (from, until) = (message.created_at, message.created_at);
    let found = stand.channel.find(&Lost { message, from, until }).await;
    assert!(matches!(found, Found::Unknown { .. }), "{found:?}");
}

#[test]
fn settings_that_cannot_work_are_refused_with_what_to_do() {
    let why =
        |url: &str, login| opentext::OpenText::new(settings(url, login)).err().map(|why| why.to_string());
    let good = "https://t2api.us.cloudmessaging.opentext.com";
    assert_eq!(why(good, basic()), None);
    assert_eq!(why(&format!("{good}/mra/v1/"), basic()), None);
    assert!(why("t2api", basic()).unwrap().contains("/mra/v1"));
    let empty = opentext::Login::Basic { user: String::new(), password: "".into() };
    assert!(why(good, empty).unwrap().contains("client_id"));
    assert!(why(good, client("nowhere")).unwrap().contains("token_url"));
}
