//! The cases that every channel passes.

use super::peer;
use super::stand::{
    CONNECTIONS, HOSTILE, Mood, SHORT, every, is_accepted, is_deferred, is_unknown, message,
    message_to_another,
};
use futures_util::StreamExt as _;
use nightdesk::channel::{Answer, Outgoing};
use nightdesk::core::contact::Medium;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

#[tokio::test]
async fn a_message_that_was_taken_is_accepted_and_was_sent_once() {
    for stand in every().await {
        let message = message(stand.medium, 1);
        let answer = stand.channel.send(&message).await;
        assert!(is_accepted(&answer), "{}: {answer:?}", stand.name);
        let got = stand.peer.got();
        assert_eq!(got.len(), 1, "{}", stand.name);
        assert_eq!(
            (&got[0].to, got[0].text.trim()),
            (&message.address, message.body.raw()),
            "{}",
            stand.name
        );
    }
}

#[tokio::test]
async fn a_busy_peer_defers_for_as_long_as_it_asks_and_later_takes_it() {
    for stand in every().await {
        stand.peer.is(Mood::Busy);
        let answer = stand.channel.send(&message(stand.medium, 1)).await;
        let (Answer::Deferred { after, .. } | Answer::Later { after, .. }) = &answer else {
            panic!("{}: {answer:?}", stand.name)
        };
        let asked = stand.peer.can_ask_for_a_pause().then_some(Duration::from_secs(90));
        assert_eq!(*after, asked, "{}", stand.name);
        stand.peer.is(Mood::Takes);
        let answer = stand.channel.send(&message(stand.medium, 1)).await;
        assert!(is_accepted(&answer), "{}: {answer:?}", stand.name);
    }
}

#[tokio::test]
async fn a_refused_login_waits_for_somebody_who_is_told_what_to_check() {
    for stand in every().await {
        if stand.peer.is(Mood::RefusesLogin) {
            let answer = stand.channel.send(&message(stand.medium, 1)).await;
            let Answer::Deferred { said, after } = &answer else { panic!("{}: {answer:?}", stand.name) };
            assert!(said.contains("check "), "{}: {said}", stand.name);
            stand.peer.is(Mood::Takes);
            // One that logs in once for many messages knocks seldom while it is refused, and says when again.
            if after.is_none() {
                let answer = stand.channel.send(&message(stand.medium, 1)).await;
                assert!(is_accepted(&answer), "{}: {answer:?}", stand.name);
            }
        }
    }
}

#[tokio::test]
async fn a_refusal_is_final_and_its_words_are_printable() {
    for stand in every().await {
        if stand.peer.is(Mood::Refuses) {
            match stand.channel.send(&message(stand.medium, 1)).await {
                Answer::Refused { said, .. } if stand.peer.says_why() => {
                    assert!(said.contains("no <U+001B>[31mthanks"), "{}: {said:?}", stand.name);
                }
                Answer::Refused { said, .. } => assert!(!said.is_empty(), "{}", stand.name),
                other => panic!("{}: {other:?}", stand.name),
            }
        }
    }
}

#[tokio::test]
async fn silence_after_handing_over_is_unknown_and_the_wait_is_bounded() {
    for mood in [Mood::TakesAndSaysNothing, Mood::TakesAndHangsUp, Mood::TakesAndBabbles] {
        for stand in every().await {
            if stand.peer.is(mood) {
                let began = Instant::now();
                let answer = stand.channel.send(&message(stand.medium, 1)).await;
                assert!(is_unknown(&answer), "{} {mood:?}: {answer:?}", stand.name);
                assert!(began.elapsed() < 2 * SHORT + Duration::from_secs(2), "{} {mood:?}", stand.name);
                assert_eq!(stand.peer.got().len(), 1, "{} {mood:?}: sent again on its own", stand.name);
            }
        }
    }
}

#[tokio::test]
async fn half_an_answer_is_never_taken_for_a_refusal() {
    for stand in every().await {
        if stand.peer.is(Mood::TakesAndSaysHalf) {
            let answer = stand.channel.send(&message(stand.medium, 1)).await;
            let enough = stand.peer.says_it_at_once() && is_accepted(&answer);
            assert!(is_unknown(&answer) || enough, "{}: {answer:?}", stand.name);
            assert_eq!(stand.peer.got().len(), 1, "{}: sent again on its own", stand.name);
        }
    }
}

#[tokio::test]
async fn an_answer_without_end_is_read_no_further_than_is_needed() {
    for stand in every().await {
        if stand.peer.is(Mood::TakesAndTalks) {
            let began = Instant::now();
            let answer = stand.channel.send(&message(stand.medium, 1)).await;
            let enough = stand.peer.says_it_at_once() && is_accepted(&answer);
            assert!(is_unknown(&answer) || enough, "{}: {answer:?}", stand.name);
            assert!(format!("{answer:?}").len() < 2_000, "{}: too much is kept of it", stand.name);
            assert!(began.elapsed() < 2 * SHORT + Duration::from_secs(2), "{}", stand.name);
        }
    }
}

#[tokio::test]
async fn whoever_hangs_up_before_reading_has_taken_nothing_and_is_not_said_to_have() {
    for stand in every().await {
        if stand.peer.is(Mood::HangsUpAtOnce) {
            let answer = stand.channel.send(&message(stand.medium, 1)).await;
            assert!(is_deferred(&answer) || is_unknown(&answer), "{}: {answer:?}", stand.name);
            assert_eq!(stand.peer.got().len(), 0, "{}", stand.name);
            stand.peer.is(Mood::Takes);
            // One that keeps a session opens it again by itself.
            let what = format!("{} to take one again", stand.name);
            peer::until(&what, async || {
                let answer = stand.channel.send(&message(stand.medium, 2)).await;
                assert!(is_accepted(&answer) || is_deferred(&answer), "{}: {answer:?}", stand.name);
                is_accepted(&answer).then_some(())
            })
            .await;
            assert_eq!(stand.peer.got().len(), 1, "{}", stand.name);
        }
    }
}

#[tokio::test]
async fn nobody_is_followed_elsewhere() {
    for stand in every().await {
        if stand.peer.is(Mood::SendsElsewhere) {
            let answer = stand.channel.send(&message(stand.medium, 1)).await;
            assert!(is_deferred(&answer), "{}: {answer:?}", stand.name);
            assert!(stand.peer.got().len() <= 1, "{}: asked again elsewhere", stand.name);
        }
    }
}

#[tokio::test]
async fn a_used_connection_that_breaks_after_handing_over_is_unknown_and_nothing_is_sent_twice() {
    for stand in every().await {
        let answer = stand.channel.send(&message(stand.medium, 1)).await;
        assert!(is_accepted(&answer), "{}: {answer:?}", stand.name);
        if stand.peer.is(Mood::TakesAndHangsUp) {
            let answer = stand.channel.send(&message(stand.medium, 2)).await;
            assert!(is_unknown(&answer), "{}: {answer:?}", stand.name);
            assert_eq!(stand.peer.got().len(), 2, "{}: sent again on its own", stand.name);
        }
    }
}

#[tokio::test]
async fn nobody_listening_defers() {
    let [port] = peer::free_ports();
    for stand in every().await {
        let Some(to) = stand.to else { continue };
        let answer = to(&format!("http://127.0.0.1:{port}")).send(&message(stand.medium, 1)).await;
        assert!(is_deferred(&answer), "{}: {answer:?}", stand.name);
    }
}

#[tokio::test]
async fn a_connection_that_never_comes_up_proves_that_nothing_was_sent() {
    // Accepts, and never says a word: TLS does not get anywhere.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    for url in [format!("https://127.0.0.1:{port}"), "http://no-such-host.invalid:80".into()] {
        for stand in every().await {
            let Some(to) = stand.to else { continue };
            let began = Instant::now();
            let answer = to(&url).send(&message(stand.medium, 1)).await;
            assert!(is_deferred(&answer), "{} {url}: {answer:?}", stand.name);
            assert!(began.elapsed() < SHORT + Duration::from_secs(2), "{} {url}", stand.name);
        }
    }
}

#[tokio::test]
async fn many_messages_share_few_connections_and_none_goes_to_anothers_address() {
    for stand in every().await {
        let all: Vec<Outgoing> = (1..=60).map(|n| message_to_another(stand.medium, n)).collect();
        let sends = all.iter().map(|message| stand.channel.send(message));
        let answers: Vec<Answer> =
            futures_util::stream::iter(sends).buffer_unordered(CONNECTIONS).collect().await;
        assert!(answers.iter().all(is_accepted), "{}", stand.name);
        let got: BTreeSet<(String, String)> =
            stand.peer.got().into_iter().map(|got| (got.to, got.text.trim().to_owned())).collect();
        let sent: BTreeSet<(String, String)> =
            all.iter().map(|message| (message.address.clone(), message.body.raw().to_owned())).collect();
        assert_eq!(got, sent, "{}", stand.name);
        assert_eq!(stand.peer.got().len(), 60, "{}", stand.name);
        // An HTTP client may dial once more while a connection is on its way back to the pool.
        let connections = stand.peer.connections();
        assert!(connections <= 2 * CONNECTIONS + 1, "{}: {connections} connections", stand.name);
    }
}

#[tokio::test]
async fn hostile_text_stays_text() {
    for stand in every().await {
        let mut hostile = message(stand.medium, 1);
        hostile.name = HOSTILE.into();
        hostile.subject = HOSTILE.into();
        hostile.body = HOSTILE.into();
        hostile.idempotency_key = "../key\"".into();
        hostile.thread = Some("t>\r\nBcc: <eve@example.com".into());
        let answer = stand.channel.send(&hostile).await;
        assert!(is_accepted(&answer), "{}: {answer:?}", stand.name);
        let got = stand.peer.got();
        assert_eq!(got.len(), 1, "{}", stand.name);
        assert_eq!(got[0].to, hostile.address, "{}", stand.name);
        assert!(got[0].text.contains("MAIL FROM:<eve@example.com>"), "{}: {:?}", stand.name, got[0].text);
        assert!(got[0].text.contains("&to=%2B1&text=%00#"), "{}: {:?}", stand.name, got[0].text);
        stand.peer.assert_harmless();
    }
}

#[tokio::test]
async fn an_address_that_is_more_than_one_address_is_refused() {
    for stand in every().await {
        // The webhook and the folder hand on an address as it stands: theirs is not to send.
        if stand.to.is_none() || stand.name == "webhook" {
            continue;
        }
        let addresses: &[&str] = match stand.medium {
            Medium::Email => {
                &["ann@example.net>\r\nRCPT TO:<eve@example.com", "ann@example.net,eve@example.com", ""]
            }
            Medium::Sms => {
                &["+4915123456 +4915123457", "+4915123456,+4915123457", "+4915123456&text=x", "nobody", ""]
            }
        };
        for address in addresses {
            let outgoing = Outgoing { address: (*address).into(), ..message(stand.medium, 1) };
            let answer = stand.channel.send(&outgoing).await;
            assert!(matches!(answer, Answer::Refused { .. }), "{} {address:?}: {answer:?}", stand.name);
            assert_eq!(stand.peer.got().len(), 0, "{} {address:?}", stand.name);
        }
    }
}

#[tokio::test]
async fn no_secret_shows_in_an_answer_or_in_any_log_and_no_address_above_debug() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    for mood in Mood::ALL {
        for stand in every().await {
            if stand.peer.is(mood) {
                let message = message(stand.medium, 1);
                let answer = format!("{:?}", stand.channel.send(&message).await);
                let logged = log.take();
                for secret in stand.peer.secrets() {
                    assert!(!answer.contains(secret), "{} {mood:?}: {answer}", stand.name);
                    assert!(!logged.contains(secret), "{} {mood:?}: {logged}", stand.name);
                }
                let loud =
                    |line: &&str| [" INFO ", " WARN ", "ERROR "].iter().any(|level| line.contains(level));
                for line in logged.lines().filter(loud) {
                    let shown = line.contains(&message.address) || line.contains(message.body.raw());
                    assert!(!shown, "{} {mood:?}: {line}", stand.name);
                }
            }
        }
    }
}

/// What was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn take(&self) -> String {
        String::from_utf8_lossy(&std::mem::take(&mut *self.0.lock().unwrap())).into_owned()
    }
}

impl std::io::Write for Log {
    fn write(&mut self, octets: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
