//! What only Twilio's channel promises.

use super::stand::{
    CONNECTIONS, Got, Mood, Peer, SHORT, Stand, is_accepted, is_deferred, is_unknown, message,
};
use super::twilio_peer::{ACCOUNT, Call, Fault, Message, TOKEN, Twilio};
use jiff::{SignedDuration, Timestamp};
use nightdesk::channel::{
    Acceptance, Answer, CallbackRefused, Channel, Found, Lost, Of, Outgoing, Receipt, Written, twilio,
};
use nightdesk::core::contact::Medium;
use nightdesk::core::id::NotificationId;
use nightdesk::core::notification::{Fault as At, Rung};
use std::time::Duration;

pub const RECEIPTS: &str = "https://desk.example.org/v1/receipts/sms";
const INBOUND: &str = "https://desk.example.org/v1/inbound/sms";

fn settings(url: &str) -> twilio::Settings {
    twilio::Settings {
        url: url.into(),
        account: ACCOUNT.into(),
        auth_token: TOKEN.into(),
        api_key: None,
        sender: twilio::Sender::From("+15550006789".into()),
        valid_for: None,
        receipts_url: Some(RECEIPTS.into()),
        inbound_url: INBOUND.into(),
        receipt_key: "a key of this desk".into(),
        timeout: SHORT,
        connections: CONNECTIONS,
    }
}

fn to(base: &str) -> Box<dyn Channel> {
    Box::new(twilio::Twilio::new(settings(base)).unwrap())
}

pub async fn stand() -> Stand<Twilio> {
    let peer = Twilio::start().await;
    Stand {
        name: "twilio",
        medium: Medium::Sms,
        channel: to(&peer.url()),
        to: Some(to),
        peer: Box::new(peer),
    }
}

impl Peer for Twilio {
    fn is(&self, mood: Mood) -> bool {
        self.fail(match mood {
            Mood::Takes => Fault::None,
            Mood::Busy => Fault::TooMany,
            Mood::RefusesLogin => Fault::Login,
            Mood::Refuses => Fault::Error(30007),
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
        self.messages().into_iter().map(|message| Got { to: message.to, text: message.body }).collect()
    }

    fn connections(&self) -> usize {
        self.http.connections()
    }

    fn secrets(&self) -> &'static [&'static str] {
        // As it stands, and as Basic authentication carries it.
        &[TOKEN, "aHVzaC10d2lsaW8tdG9rZW4", "Omh1c2gtdHdpbGlvLXRva2Vu", "odXNoLXR3aWxpby10b2tlb"]
    }
}

/// A message that Twilio took, and its own view of it.
pub async fn taken() -> (Stand<Twilio>, Message) {
    let stand = stand().await;
    let answer = stand.channel.send(&Outgoing { attempt: 2, ..message(Medium::Sms, 7) }).await;
    assert!(is_accepted(&answer), "{answer:?}");
    let message = stand.peer.messages().remove(0);
    (stand, message)
}

fn read(stand: &Stand<Twilio>, call: Call) -> Result<Receipt, CallbackRefused> {
    stand.channel.receipt(&call.callback())
}

#[tokio::test]
async fn a_message_is_accepted_by_its_sid_and_in_parts() {
    let stand = stand().await;
    let long = Outgoing { body: "x".repeat(400).into(), ..message(Medium::Sms, 1) };
    let answer = stand.channel.send(&long).await;
    let Answer::Accepted(Acceptance { provider_ref, names, said, parts }) = answer else {
        panic!("{answer:?}")
    };
    let message = &stand.peer.messages()[0];
    assert_eq!((provider_ref.as_ref(), parts), (Some(&message.sid), 3));
    assert!(names.is_empty() && said.contains("queued"), "{said}");
    assert_eq!((message.from.as_deref(), message.service.as_deref()), (Some("+15550006789"), None));
    assert!(message.status_callback.as_ref().unwrap().starts_with(&format!("{RECEIPTS}?n=N1&a=1&t=")));
}

#[tokio::test]
async fn a_service_a_validity_and_an_api_key_are_used_where_they_are_given() {
    let peer = Twilio::start().await;
    let settings = twilio::Settings {
        sender: twilio::Sender::Service("MG00000000000000000000000000000001".into()),
        valid_for: Some(Duration::from_secs(900)),
        receipts_url: None,
        ..settings(&peer.url())
    };
    let channel = twilio::Twilio::new(settings.clone()).unwrap();
    assert!(is_accepted(&channel.send(&message(Medium::Sms, 1)).await));
    let sent = &peer.messages()[0];
    assert_eq!(sent.service.as_deref(), Some("MG00000000000000000000000000000001"));
    assert_eq!((sent.from.as_deref(), sent.validity.as_deref()), (None, Some("900")));
    assert_eq!(sent.status_callback, None);

    let keyed = twilio::Settings { api_key: Some(("SK1".into(), "hush".into())), ..settings };
    let answer = twilio::Twilio::new(keyed).unwrap().send(&message(Medium::Sms, 1)).await;
    assert!(is_deferred(&answer), "the peer knows no such key: {answer:?}");
    let login = peer.http.requests()[1].header("authorization").unwrap().to_owned();
    assert_eq!(login, "Basic U0sxOmh1c2g=");
}

#[tokio::test]
async fn every_fault_means_what_it_proves() {
    let (wait, never, who_knows) = ("deferred", "refused", "unknown");
    for (fault, wanted) in [
        (Fault::TooMany, wait),
        (Fault::QueueFull, wait),
        (Fault::Login, wait),
        (Fault::Forbidden, wait),
        (Fault::NoAccount, wait),
        (Fault::Moved, wait),
        (Fault::Error(21408), never),
        (Fault::Error(21606), never),
        (Fault::Error(21617), never),
        (Fault::FailedAtOnce(30007), never),
        (Fault::Down(500), who_knows),
        (Fault::Down(503), who_knows),
        (Fault::TakenThen(500), who_knows),
        (Fault::TakenThen(502), who_knows),
        (Fault::TakenThen(504), who_knows),
        (Fault::Silent, who_knows),
        (Fault::HangUp, who_knows),
        (Fault::HalfAnswer, who_knows),
        (Fault::Garbage, who_knows),
        (Fault::Page, who_knows),
        (Fault::Flood, who_knows),
        (Fault::Nameless, who_knows),
    ] {
        let stand = stand().await;
        stand.peer.fail(fault);
        let answer = stand.channel.send(&message(Medium::Sms, 1)).await;
        let got = match &answer {
            Answer::Accepted(_) => "accepted",
            Answer::Deferred { .. } => wait,
            Answer::Later { .. } => "later",
            Answer::Refused { .. } => never,
            Answer::Unknown { .. } | Answer::Cut { .. } => who_knows,
        };
        assert_eq!(got, wanted, "{fault:?}: {answer:?}");
        // Nothing that it may have taken is called refused or deferred.
        let taken = !stand.peer.messages().is_empty();
        assert!(!taken || got == who_knows || fault == Fault::FailedAtOnce(30007), "{fault:?}: {answer:?}");
        stand.peer.fail(Fault::None);
        let next = stand.channel.send(&message(Medium::Sms, 2)).await;
        assert!(is_accepted(&next), "after {fault:?}: {next:?}");
    }
}

#[tokio::test]
async fn a_number_at_fault_and_an_owner_who_opted_out_are_told_from_everything_else() {
    for (code, wanted) in [
        (21211, At::Address),
        (21614, At::Address),
        (21610, At::OptedOut),
        (21408, At::Message),
        (21606, At::Message),
    ] {
        let stand = stand().await;
        stand.peer.fail(Fault::Error(code));
        let answer = stand.channel.send(&message(Medium::Sms, 1)).await;
        let Answer::Refused { said, fault } = answer else { panic!("{code}: {answer:?}") };
        assert_eq!(fault, wanted, "{code}");
        assert!(said.contains(&code.to_string()), "{said}");
    }
}

#[tokio::test]
async fn every_status_is_the_rung_that_it_proves() {
    let (stand, message) = taken().await;
    for (status, error, rung, fault) in [
        ("queued", None, Some(Rung::Accepted), None),
        ("accepted", None, Some(Rung::Accepted), None),
        ("scheduled", None, Some(Rung::Accepted), None),
        ("sending", None, Some(Rung::Accepted), None),
        ("sent", None, Some(Rung::Sent), None),
        ("delivered", None, Some(Rung::Delivered), None),
        ("read", None, Some(Rung::Read), None),
        ("undelivered", Some(30003), Some(Rung::Failed), Some(At::Message)),
        ("undelivered", Some(30005), Some(Rung::Bounced), Some(At::Address)),
        ("undelivered", Some(30006), Some(Rung::Bounced), Some(At::Address)),
        ("failed", Some(21610), Some(Rung::Failed), Some(At::OptedOut)),
        ("failed", Some(30007), Some(Rung::Failed), Some(At::Message)),
        ("failed", None, Some(Rung::Failed), None),
        ("canceled", None, Some(Rung::Failed), None),
        ("partially_delivered", None, None, None),
        ("invented\u{1b}[2J", None, None, None),
    ] {
        let receipt = read(&stand, Call::status(&message, status, error).signed(TOKEN)).unwrap();
        assert_eq!(
            receipt.of,
            Of::Attempt { notification: NotificationId(7), attempt: 2, part: 1 },
            "{status}"
        );
        assert_eq!((receipt.rung, receipt.fault), (rung, fault), "{status} {error:?}");
        assert_eq!(receipt.provider_ref.as_ref(), Some(&message.sid));
        assert!(!receipt.detail.contains('\u{1b}'));
        assert!(error.is_none_or(|code| receipt.detail.contains(&code.to_string())), "{}", receipt.detail);
    }
}

#[tokio::test]
async fn a_failure_says_first_in_words_what_it_means_and_an_error_that_nobody_explains_stays_as_it_is() {
    let (stand, message) = taken().await;
    for (error, said) in [
        (30003, "the phone is switched off or out of reach; try again later (undelivered, error 30003)"),
        (30005, "nobody has this number; correct it (undelivered, error 30005)"),
        (39999, "undelivered, error 39999"),
    ] {
        let call = Call::status(&message, "undelivered", Some(error)).signed(TOKEN);
        assert_eq!(read(&stand, call).unwrap().detail, said);
    }
}

#[tokio::test]
async fn only_what_twilio_signed_for_this_very_address_is_believed() {
    let (stand, message) = taken().await;
    let delivered = || Call::status(&message, "delivered", None);
    let forged = |call: Call, why: &str| {
        let answer = read(&stand, call);
        assert!(matches!(answer, Err(CallbackRefused::Forged(_))), "{why}: {answer:?}");
    };
    forged(delivered(), "not signed");
    forged(delivered().signed("another token"), "signed with another token");
    forged(delivered().signed_for(TOKEN, "https://evil.example.org/v1/receipts/sms"), "signed for elsewhere");
    forged(delivered().signed_for(TOKEN, RECEIPTS), "signed without our name");
    let mut changed = Call::status(&message, "failed", Some(30003)).signed(TOKEN);
    changed
        .fields
        .iter_mut()
        .filter(|(_, value)| value == "failed")
        .for_each(|(_, value)| *value = "delivered".into());
    forged(changed, "changed after it was signed");
    let mut more = delivered().signed(TOKEN);
    more.fields.push(("MessageStatus".into(), "read".into()));
    forged(more, "a field more");
    let mut cut = delivered().signed(TOKEN);
    cut.signature = cut.signature.map(|signature| signature[..12].to_owned());
    forged(cut, "a signature that breaks off");
    let url = message.status_callback.as_deref().unwrap();
    let moved = Message { status_callback: Some(url.replace("n=N7", "n=N8")), ..message.clone() };
    forged(Call::status(&moved, "delivered", None).signed(TOKEN), "signed, but with another's name");

    // Its own ways to write the same address.
    let with_port = url.replace("desk.example.org/", "desk.example.org:443/");
    assert!(read(&stand, delivered().signed_for(TOKEN, &with_port)).is_ok());
    let speechless = Call { fields: vec![("MessageSid".into(), message.sid.clone())], ..delivered() };
    let answer = read(&stand, speechless.signed(TOKEN));
    assert!(matches!(answer, Err(CallbackRefused::Unreadable(_))), "{answer:?}");
}

#[tokio::test]
async fn what_somebody_writes_is_taken_from_twilio_only_and_answered_with_nothing_to_send() {
    let stand = stand().await;
    let text = || Call::text(INBOUND, "SM77", "+491512345678", "ACK 4711 & ü 👍");
    let written = stand.channel.inbound(&text().signed(TOKEN).callback()).unwrap();
    assert_eq!(
        written,
        Written {
            id: "SM77".into(),
            from: "+491512345678".into(),
            text: "ACK 4711 & ü 👍".into(),
            gathered: None
        }
    );
    for call in [text(), text().signed("guess"), text().signed_for(TOKEN, RECEIPTS)] {
        assert!(matches!(stand.channel.inbound(&call.callback()), Err(CallbackRefused::Forged(_))));
    }
    let nobody = Call::text(INBOUND, "SM78", "whatsapp:+49151", "hi").signed(TOKEN);
    assert!(matches!(stand.channel.inbound(&nobody.callback()), Err(CallbackRefused::Unreadable(_))));
    let (media_type, answer) = stand.channel.thanks();
    assert!(media_type.starts_with("text/xml") && answer.ends_with("<Response/>"), "{answer}");
}

fn lost(body: &str, since: SignedDuration) -> Lost {
    let now = Timestamp::now();
    let message = Outgoing { body: body.into(), ..message(Medium::Sms, 1) };
    Lost { message, from: now - since, until: now }
}

#[tokio::test]
async fn a_message_whose_answer_was_lost_is_found_by_number_time_and_text() {
    let stand = stand().await;
    let minute = SignedDuration::from_mins(1);
    let here = "+491512345678";
    stand.peer.has(here, "(again?) Late", Timestamp::now());
    stand.peer.has(here, "Something else", Timestamp::now());
    stand.peer.has("+491512345679", "Late", Timestamp::now());
    stand.peer.has(here, "Late", Timestamp::now() - 10 * minute);
    let found = stand.channel.find(&lost("Late", minute)).await;
    assert!(matches!(found, Found::Nothing { .. }), "{found:?}");

    let found = stand.channel.find(&lost("(again?) Late", minute)).await;
    let Found::Taken(acceptance) = found else { panic!("{found:?}") };
    assert_eq!(acceptance.provider_ref.as_deref(), Some("SM00000000000000000000000000000001"));
    assert_eq!(acceptance.parts, 1);

    // What it took though its answer was lost.
    for fault in [Fault::HangUp, Fault::TakenThen(502), Fault::HalfAnswer] {
        let from = Timestamp::now();
        let one = Outgoing { body: format!("{fault:?}").into(), ..message(Medium::Sms, 2) };
        stand.peer.fail(fault);
        assert!(is_unknown(&stand.channel.send(&one).await), "{fault:?}");
        stand.peer.fail(Fault::None);
        let found = stand.channel.find(&Lost { message: one, from, until: Timestamp::now() }).await;
        let sid = stand.peer.messages().last().unwrap().sid.clone();
        assert!(
            matches!(&found, Found::Taken(found) if found.provider_ref == Some(sid)),
            "{fault:?}: {found:?}"
        );
    }
}

#[tokio::test]
async fn twilios_own_clock_decides_what_was_before() {
    let stand = stand().await;
    for ahead in [SignedDuration::from_hours(3), SignedDuration::from_hours(-3)] {
        stand.peer.clock_ahead_by(ahead);
        let text = format!("by a clock {ahead} ahead");
        stand.peer.has("+491512345678", &text, Timestamp::now() + ahead);
        let found = stand.channel.find(&lost(&text, SignedDuration::from_secs(20))).await;
        assert!(matches!(found, Found::Taken(_)), "{ahead}: {found:?}");
        let older = format!("long before by a clock {ahead} ahead");
        stand.peer.has("+491512345678", &older, Timestamp::now() + ahead - SignedDuration::from_mins(5));
        let found = stand.channel.find(&lost(&older, SignedDuration::from_secs(20))).await;
        assert!(matches!(found, Found::Nothing { .. }), "{ahead}: {found:?}");
    }
}

#[tokio::test]
async fn a_long_list_is_read_by_pages_and_not_for_ever() {
    let stand = stand().await;
    let now = Timestamp::now();
    let here = "+491512345678";
    stand.peer.has(here, "Late", now - SignedDuration::from_secs(30));
    for n in 0..7 {
        stand.peer.has(here, &format!("Newer {n}"), now - SignedDuration::from_secs(20));
    }
    let found = stand.channel.find(&lost("Late", SignedDuration::from_mins(1))).await;
    assert!(matches!(found, Found::Taken(_)), "{found:?}");
    assert_eq!(stand.peer.http.requests().len(), 3);

    for (fault, most) in
        [(Fault::ListForever, 5), (Fault::List(500), 1), (Fault::List(429), 1), (Fault::Login, 1)]
    {
        stand.peer.fail(fault);
        let before = stand.peer.http.requests().len();
        let found = stand.channel.find(&lost("Never sent", SignedDuration::from_mins(1))).await;
        assert!(matches!(found, Found::Unknown { .. }), "{fault:?}: {found:?}");
        assert!(!format!("{found:?}").contains(TOKEN));
        assert!(stand.peer.http.requests().len() - before <= most, "{fault:?}");
    }
    let nobody = to("http://127.0.0.1:9");
    let found = nobody.find(&lost("Late", SignedDuration::from_mins(1))).await;
    assert!(matches!(found, Found::Unknown { .. }), "{found:?}");
}

#[tokio::test]
async fn the_login_never_goes_to_another_server() {
    let stand = stand().await;
    stand.peer.has("+491512345678", "Something else", Timestamp::now());
    stand.peer.fail(Fault::ListElsewhere);
    let found = stand.channel.find(&lost("Late", SignedDuration::from_mins(1))).await;
    // Were it followed, the server there, which is none, would make it unknown for another reason.
    assert!(matches!(&found, Found::Unknown { said } if said.contains("another server")), "{found:?}");
}

#[test]
fn settings_that_cannot_work_are_refused_with_what_to_do() {
    let good = || settings("https://api.twilio.com");
    let why = |settings: twilio::Settings| twilio::Twilio::new(settings).err().map(|why| why.to_string());
    assert_eq!(why(good()), None);
    for (bad, word) in [
        (twilio::Settings { url: "api.twilio.com".into(), ..good() }, "https://api.twilio.com"),
        (twilio::Settings { account: "../x".into(), ..good() }, "SID"),
        (twilio::Settings { auth_token: "".into(), ..good() }, "auth_token"),
        (twilio::Settings { sender: twilio::Sender::From("Nightdesk agency".into()), ..good() }, "eleven"),
        (twilio::Settings { inbound_url: "desk/inbound".into(), ..good() }, "public_url"),
        (twilio::Settings { receipt_key: "".into(), ..good() }, "forge"),
        (twilio::Settings { valid_for: Some(Duration::from_secs(40_000)), ..good() }, "ten hours"),
    ] {
        let said = why(bad).unwrap();
        assert!(said.contains(word), "{said}");
    }
}
