//! SMS straight to a message centre: what is answered is never more than what is known, and what the centre
//! says is believed as it deserves.
//!
//! The centre is a script on Debian's `libnet-smpp-perl`, which reads and writes every PDU. These tests are
//! ignored unless asked for; they need that package.

// A test fails by panicking, in its peers as well.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/peer.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod peer;
#[path = "support/smsc.rs"]
mod smsc;

#[path = "support/desk.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod desk;

use async_trait::async_trait;
use desk::{Desk, exception};
use jiff::Timestamp;
use nightdesk::channel::smpp::{Alphabet, Settings, Smpp, Split};
use nightdesk::channel::{Acceptance, Answer, Channel, Ears, Of, Outgoing, Receipt, Written};
use nightdesk::core::contact::Medium;
use nightdesk::core::gathering::{self, Gathering, Joined, Piece};
use nightdesk::core::id::NotificationId;
use nightdesk::core::notification::{Fault, Purpose, Rung};
use peer::{certificate, free_ports, until};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::Value;
use smsc::{PASSWORD, Smsc, USER, hex, octets};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

const SHORT: Duration = Duration::from_millis(1500);
const TO: &str = "+491512345678";

fn settings(port: u16) -> Settings {
    Settings {
        host: "127.0.0.1".into(),
        port,
        tls: false,
        ca_file: None,
        user: USER.into(),
        password: PASSWORD.into(),
        system_type: "desk".into(),
        from: "12345".into(),
        alphabet: Alphabet::Gsm7,
        split: Split::Udh,
        receipts: true,
        valid_for: Some(Duration::from_secs(4 * 3600)),
        enquire_every: Duration::from_secs(30),
        timeout: Duration::from_secs(10),
        connections: 8,
    }
}

/// For what the centre leaves unanswered.
fn hasty(port: u16) -> Settings {
    Settings { timeout: SHORT, ..settings(port) }
}

fn channel(settings: Settings) -> Arc<Smpp> {
    Arc::new(Smpp::new(settings).unwrap())
}

fn message(number: u64, text: &str) -> Outgoing {
    Outgoing {
        return_path: None,
        unsubscribe: None,
        notification: NotificationId(number),
        attempt: 1,
        medium: Medium::Sms,
        address: TO.into(),
        name: "Ann Lee".into(),
        subject: "".into(),
        body: text.into(),
        html: None,
        attachments: Vec::new(),
        purpose: Purpose::Page,
        urgent: true,
        reply_to: None,
        idempotency_key: format!("key-{number}"),
        thread: None,
        possible_duplicate: false,
        created_at: Timestamp::UNIX_EPOCH,
    }
}

fn accepted(answer: Answer) -> Acceptance {
    match answer {
        Answer::Accepted(acceptance) => acceptance,
        other => panic!("{other:?}"),
    }
}

fn deferred(answer: &Answer) -> &str {
    match answer {
        Answer::Deferred { said, .. } => said,
        other => panic!("{other:?}"),
    }
}

fn unknown(answer: &Answer) -> &str {
    match answer {
        Answer::Unknown { said } | Answer::Cut { said } => said,
        other => panic!("{other:?}"),
    }
}

/// Keeps what it hears, and takes it or not.
struct Heard {
    receipts: Mutex<Vec<Receipt>>,
    texts: Mutex<Vec<Written>>,
    takes: AtomicBool,
    /// Parts, as an agent's store has them.
    kept: Mutex<BTreeMap<String, Gathering>>,
    /// Receipts of failures wait for a permit here.
    gate: Semaphore,
}

impl Default for Heard {
    fn default() -> Self {
        Self {
            receipts: Mutex::default(),
            texts: Mutex::default(),
            takes: AtomicBool::new(true),
            kept: Mutex::default(),
            gate: Semaphore::new(1000),
        }
    }
}

#[async_trait]
impl Ears for Heard {
    async fn receipt(&self, receipt: Receipt) -> bool {
        if receipt.rung == Some(Rung::Failed) {
            self.gate.acquire().await.unwrap().forget();
        }
        self.receipts.lock().unwrap().push(receipt);
        self.takes.load(Ordering::SeqCst)
    }

    async fn written(&self, written: Written) -> bool {
        let taken = self.takes.load(Ordering::SeqCst);
        let mut kept = self.kept.lock().unwrap();
        if taken
            && let Some(of) = &written.gathered
            && let Some(known) = kept.remove(of)
        {
            kept.insert(of.clone(), known.taken(Timestamp::now()));
        }
        self.texts.lock().unwrap().push(written);
        taken
    }

    async fn part(&self, piece: Piece) -> Option<Joined> {
        let mut kept = self.kept.lock().unwrap();
        let (gathering, joined) = gathering::add(kept.remove(&piece.of), &piece, Timestamp::now());
        kept.insert(piece.of, gathering);
        Some(joined)
    }

    async fn overdue(&self) -> Vec<Gathering> {
        Vec::new()
    }

    async fn told(&self, of: &str) {
        if let Some(known) = self.kept.lock().unwrap().get_mut(of) {
            known.told = true;
        }
    }
}

impl Heard {
    async fn receipts(&self, count: usize) -> Vec<Receipt> {
        until("receipts", async || {
            Some(self.receipts.lock().unwrap().clone()).filter(|all| all.len() >= count)
        })
        .await
    }

    async fn texts(&self, count: usize) -> Vec<Written> {
        until("texts", async || Some(self.texts.lock().unwrap().clone()).filter(|all| all.len() >= count))
            .await
    }
}

/// Listens until it is aborted.
fn listen(channel: &Arc<Smpp>) -> (Arc<Heard>, JoinHandle<()>) {
    let heard = Arc::new(Heard::default());
    let (channel, ears) = (channel.clone(), heard.clone());
    (heard, tokio::spawn(async move { channel.listen(&*ears).await }))
}

fn spellings(receipt: &Receipt) -> (Vec<String>, Option<String>, Option<u16>) {
    match &receipt.of {
        Of::Named { spellings, to, reference } => (spellings.clone(), to.clone(), *reference),
        Of::Attempt { .. } => panic!("{receipt:?}"),
    }
}

fn status(event: &Value) -> u64 {
    event["status"].as_u64().unwrap()
}

// What goes out.

#[tokio::test]
#[ignore = "needs libnet-smpp-perl"]
async fn an_smsc_gets_every_message_once_over_one_session() {
    let smsc = Smsc::start().await;
    let channel = channel(settings(smsc.port));
    let sending = (1..=40).map(|number| {
        let channel = channel.clone();
        tokio::spawn(async move { channel.send(&message(number, &format!("Order {number} is late"))).await })
    });
    let mut names = Vec::new();
    for answer in futures_util::future::join_all(sending).await {
        let Acceptance { provider_ref, names: named, parts, .. } = accepted(answer.unwrap());
        assert_eq!((provider_ref.as_ref(), parts), (named.first(), 1));
        names.extend(named);
    }
    let submits = smsc.submits();
    assert_eq!((submits.len(), smsc.all("bind").len()), (40, 1));
    let bind = &smsc.all("bind")[0];
    assert_eq!(
        (&bind["system_id"], &bind["system_type"], bind["interface_version"].as_u64()),
        (&USER.into(), &"desk".into(), Some(0x34))
    );
    let mut given: Vec<&str> = submits.iter().map(|one| one["id"].as_str().unwrap()).collect();
    given.sort_unstable();
    names.sort_unstable();
    assert_eq!(names, given);
    for submit in &submits {
        let text = String::from_utf8(octets(&submit["text"])).unwrap();
        let number: u64 = text.split(' ').nth(1).unwrap().parse().unwrap();
        let kind = |key: &str| submit[key].as_u64().unwrap();
        assert_eq!(
            (kind("source_addr_ton"), kind("source_addr_npi"), &submit["source_addr"]),
            (3, 0, &"12345".into())
        );
        assert_eq!(
            (kind("dest_addr_ton"), kind("dest_addr_npi"), &submit["destination_addr"]),
            (1, 1, &TO[1..].into())
        );
        assert_eq!(
            (kind("registered_delivery"), kind("replace_if_present_flag"), kind("data_coding")),
            (1, 0, 0)
        );
        assert_eq!(submit["validity_period"], "000000040000000R");
        assert_eq!(submit["tlv"]["user_message_reference"], format!("{number:04x}"));
    }
}

#[tokio::test]
#[ignore = "needs libnet-smpp-perl"]
async fn an_smsc_gets_long_texts_in_parts_that_say_the_whole() {
    let smsc = Smsc::start().await;
    let latin: String = format!("{}€{}", "x".repeat(152), "y".repeat(200));
    let wide = "Ж🚚".repeat(60);
    for (split, text, parts) in [
        (Split::Udh, latin.as_str(), 3),
        (Split::Udh, &wide, 3),
        (Split::Sar, &latin, 3),
        (Split::Payload, &latin, 1),
    ] {
        let before = smsc.submits().len();
        let sent = channel(Settings { split, ..settings(smsc.port) }).send(&message(0x1_0203, text)).await;
        let acceptance = accepted(sent);
        let submits = smsc.submits().split_off(before);
        let ids: Vec<&str> = submits.iter().map(|one| one["id"].as_str().unwrap()).collect();
        assert_eq!(
            (submits.len(), acceptance.parts, &acceptance.names),
            (parts, parts as u32, &ids.iter().map(|id| (*id).to_owned()).collect())
        );
        assert_eq!(acceptance.provider_ref, Some(ids.join(" ")));
        let mut said = Vec::new();
        for (at, submit) in submits.iter().enumerate() {
            let (octets, tlv) = (octets(&submit["text"]), &submit["tlv"]);
            let number = at as u8 + 1;
            assert_eq!(tlv["user_message_reference"], "0203");
            match split {
                Split::Udh => {
                    assert_eq!(submit["esm_class"], 0x40);
                    assert_eq!(octets[..6], [5, 0, 3, 3, parts as u8, number]);
                    said.extend(&octets[6..]);
                }
                Split::Sar => {
                    let sar =
                        ["sar_msg_ref_num", "sar_total_segments", "sar_segment_seqnum"].map(|key| &tlv[key]);
                    assert_eq!(sar, ["0203", "03", &format!("{number:02x}")]);
                    said.extend(octets);
                }
                Split::Payload => said.extend(self::octets(&tlv["message_payload"])),
            }
        }
        let coding = submits[0]["data_coding"].as_u64().unwrap();
        if coding == 8 {
            let units: Vec<u16> = said.chunks(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
            assert_eq!(String::from_utf16(&units).unwrap(), text);
        } else {
            let septets = [&[b'x'; 152][..], &[0x1b, 0x65], &[b'y'; 200]].concat();
            assert_eq!((coding, said), (0, septets));
        }
    }
}

#[tokio::test]
#[ignore = "needs libnet-smpp-perl"]
async fn an_smsc_that_wants_less_gets_less_and_no_part_twice() {
    let mut smsc = Smsc::start().await;
    let channel = channel(hasty(smsc.port));
    for refusal in ["58", "14"] {
        smsc.tell(&format!("submit status:{refusal}")).await;
        let Answer::Deferred { said, after: Some(pause) } = channel.send(&message(1, "late")).await else {
            panic!()
        };
        assert!(pause >= Duration::from_millis(500), "{said}: {pause:?}");
        // The pause is for all; nobody hammers on.
        let before = smsc.submits().len();
        assert!(deferred(&channel.send(&message(2, "late")).await).contains("slow down"));
        assert_eq!(smsc.submits().len(), before);
        until("the pause to end", async || {
            matches!(channel.send(&message(3, "late")).await, Answer::Accepted(_)).then_some(())
        })
        .await;
    }

    let text = "z".repeat(400);
    smsc.tell("submit ok status:58").await;
    let before = smsc.submits().len();
    let answer = until("a part to be throttled", async || {
        let answer = channel.send(&message(4, &text)).await;
        (smsc.submits().len() == before + 2).then_some(answer)
    })
    .await;
    assert!(
        deferred(&answer)
            .starts_with("part 2 of 3: more messages than this account may send (ESME_RTHROTTLED"),
        "{answer:?}"
    );
    assert!(deferred(&answer).contains("(part 1 was taken)"));
    let again = Outgoing { attempt: 2, ..message(4, &text) };
    let acceptance = until("the rest to be taken", async || match channel.send(&again).await {
        Answer::Accepted(acceptance) => Some(acceptance),
        _ => None,
    })
    .await;
    let submits = smsc.submits().split_off(before);
    let parts: Vec<Vec<u8>> = submits.iter().map(|one| octets(&one["text"])[..6].to_vec()).collect();
    // The one that was throttled, and each of the others once, all of one message.
    assert_eq!(parts.iter().map(|head| head[5]).collect::<Vec<_>>(), [1, 2, 2, 3]);
    assert!(parts.iter().all(|head| head[3] == parts[0][3]));
    let taken: Vec<&str> = [0, 2, 3].map(|at: usize| submits[at]["id"].as_str().unwrap()).into();
    assert_eq!(acceptance.names, taken);
}

#[tokio::test]
#[ignore = "needs libnet-smpp-perl"]
async fn an_smsc_that_refuses_is_told_apart_by_what_is_at_fault() {
    let mut smsc = Smsc::start().await;
    let channel = channel(settings(smsc.port));
    for (refusal, fault, word) in [
        ("status:0b", Some(Fault::Address), "no such number"),
        ("status:0a", Some(Fault::Message), "check from"),
        ("status:43", Some(Fault::Message), "split"),
        ("status:4ff", Some(Fault::Message), "0x000004ff"),
        ("nack:03", Some(Fault::Message), "does not know"),
        ("status:08", None, "RSYSERR"),
        ("status:45", None, "RSUBMITFAIL"),
        ("status:04", None, "not bound"),
    ] {
        smsc.tell(&format!("submit {refusal}")).await;
        let answer = channel.send(&message(1, "late")).await;
        let (said, found) = match answer {
            Answer::Refused { said, fault } => (said, Some(fault)),
            Answer::Deferred { said, .. } | Answer::Later { said, .. } => (said, None),
            other => panic!("{refusal}: {other:?}"),
        };
        assert_eq!(found, fault, "{refusal}: {said}");
        assert!(said.contains(word), "{refusal}: {said}");
    }
    // A session that the centre does not know is given up for another one.
    accepted(channel.send(&message(2, "late")).await);
    assert_eq!(smsc.all("bind").len(), 2);
    for address in ["+4915123456 +4915123457", "", "ann", "+49151;1"] {
        let answer = channel.send(&Outgoing { address: address.into(), ..message(3, "x") }).await;
        assert!(matches!(answer, Answer::Refused { fault: Fault::Address, .. }), "{address}");
    }
    smsc.tell("submit noid").await;
    let nameless = accepted(channel.send(&message(4, "late")).await);
    assert_eq!((nameless.provider_ref, nameless.names), (None, Vec::new()));
    smsc.tell("submit twice").await;
    accepted(channel.send(&message(5, "late")).await);
    accepted(channel.send(&message(6, "late")).await);
}

// What nobody knows.

#[tokio::test]
#[ignore = "needs libnet-smpp-perl"]
async fn an_smsc_that_took_it_and_says_nothing_leaves_doubt_and_the_next_goes_out_by_itself() {
    let mut smsc = Smsc::start().await;
    let channel = channel(Settings { timeout: Duration::from_secs(3), ..settings(smsc.port) });
    smsc.tell("submit silent").await;
    assert!(unknown(&channel.send(&message(1, "late")).await).contains("did not answer in time"));
    smsc.tell("submit cut").await;
    assert!(unknown(&channel.send(&message(2, "late")).await).contains("before it answered"));
    smsc.tell("submit answer_cut").await;
    accepted(channel.send(&message(3, "late")).await);
    accepted(channel.send(&message(4, "late")).await);
    smsc.tell("submit ok silent").await;
    let long = channel.send(&message(5, &"z".repeat(400))).await;
    assert!(
        unknown(&long).starts_with("part 2 of 3: the centre did not answer in time (part 1 was taken)"),
        "{long:?}"
    );
    assert_eq!(smsc.submits().len(), 6);
}

#[tokio::test]
#[ignore = "needs libnet-smpp-perl"]
async fn an_smsc_that_answers_late_ends_the_doubt() {
    let mut smsc = Smsc::start().await;
    let channel = channel(hasty(smsc.port));
    let (heard, _listening) = listen(&channel);
    smsc.tell("submit hold").await;
    unknown(&channel.send(&message(7, "late")).await);
    smsc.tell("go").await;
    let receipt = heard.receipts(1).await.remove(0);
    assert_eq!(receipt.of, Of::Attempt { notification: NotificationId(7), attempt: 1, part: 1 });
    assert_eq!(
        (receipt.rung, receipt.provider_ref.as_deref()),
        (Some(Rung::Accepted), smsc.submits()[0]["id"].as_str())
    );
}

#[tokio::test]
#[ignore = "needs libnet-smpp-perl"]
async fn an_smsc_that_is_away_or_reads_nothing_is_known_to_have_got_nothing() {
    let [port] = free_ports::<1>();
    let said = channel(hasty(port)).send(&message(1, "late")).await;
    assert!(deferred(&said).contains("no connection"), "{said:?}");

    let mut smsc = Smsc::start().await;
    smsc.tell("bind drop").await;
    let away = channel(hasty(smsc.port));
    assert!(away.probe().await.unwrap_err().contains("no bind"));
    assert!(deferred(&away.send(&message(1, "late")).await).contains("no bind"));
    // It comes back by itself.
    smsc.tell("bind ok").await;
    until("the probe to succeed", async || away.probe().await.ok()).await;
    until("a session", async || {
        matches!(away.send(&message(2, "late")).await, Answer::Accepted(_)).then_some(())
    })
    .await;
    assert_eq!(smsc.submits().len(), 1);
}

// The session.

#[tokio::test]
#[ignore = "needs libnet-smpp-perl"]
async fn an_smsc_that_does_not_let_us_in_is_named_with_what_to_check() {
    let mut smsc = Smsc::start().await;
    for (bind, word) in [
        ("status:0e", "check user and password"),
        ("status:0f", "check user"),
        ("status:0d", "allows transceivers"),
        ("status:05", "another agent"),
        ("garbage", "is this an SMPP port?"),
        ("silent", "did not answer the bind in time"),
        ("slow", "did not answer the bind in time"),
    ] {
        smsc.tell(&format!("bind {bind}")).await;
        let refused = channel(hasty(smsc.port));
        let answer = until("a reason", async || {
            let answer = refused.send(&message(1, "late")).await;
            (!deferred(&answer).contains("not connected yet")).then_some(answer)
        })
        .await;
        assert!(deferred(&answer).contains(word), "{bind}: {answer:?}");
        assert!(!format!("{answer:?}").contains(PASSWORD));
    }
    smsc.tell("bind ok").await;
    let wrong = channel(Settings { password: "wrong".into(), ..settings(smsc.port) });
    let answer = wrong.send(&message(1, "late")).await;
    assert!(
        matches!(&answer, Answer::Deferred { said, after: Some(_) } if said.contains("password")),
        "{answer:?}"
    );
    assert_eq!(smsc.submits().len(), 0);
}

#[tokio::test]
#[ignore = "needs libnet-smpp-perl"]
async fn an_smsc_that_is_slow_to_bind_is_waited_for() {
    let mut smsc = Smsc::start().await;
    smsc.tell("bind slow").await;
    let channel = channel(settings(smsc.port));
    let sending = tokio::spawn({
        let channel = channel.clone();
        async move { channel.send(&message(1, "late")).await }
    });
    smsc.said("bind", 1).await;
    smsc.tell("go").await;
    accepted(sending.await.unwrap());
}

#[tokio::test]
#[ignore = "needs libnet-smpp-perl"]
async fn an_smsc_that_shows_no_life_or_ends_the_session_is_called_again() {
    let mut smsc = Smsc::start().await;
    let channel = channel(Settings { enquire_every: Duration::from_millis(100), ..hasty(smsc.port) });
    let (_heard, listening) = listen(&channel);
    smsc.said("enquire", 3).await;
    assert_eq!(smsc.all("bind").len(), 1);
    smsc.tell("enquire now").await;
    smsc.said("enquire_link_resp", 1).await;
    smsc.tell("enquire ignore").await;
    smsc.said("bind", 2).await;
    smsc.tell("enquire answer").await;
    let before = smsc.said("bound", 2).await.len();
    smsc.tell("unbind").await;
    smsc.said("unbind_resp", 1).await;
    smsc.said("bound", before + 1).await;
    let before = smsc.all("bound").len();
    smsc.tell("cut").await;
    smsc.said("bound", before + 1).await;
    accepted(channel.send(&message(1, "late")).await);
    listening.abort();
}

#[tokio::test]
#[ignore = "needs libnet-smpp-perl"]
async fn an_smsc_that_sends_nonsense_is_answered_or_left() {
    let mut smsc = Smsc::start().await;
    let channel = channel(settings(smsc.port));
    let (heard, _listening) = listen(&channel);
    smsc.said("bound", 1).await;
    // alert_notification is no request that is answered here; query_sm is none that an SMSC sends.
    smsc.tell("raw 00000010000000030000000000000009").await;
    let nack = smsc.said("generic_nack", 1).await.remove(0);
    assert_eq!((nack["seq"].as_u64(), status(&nack)), (Some(9), 3));
    // A deliver_sm that is cut off within.
    smsc.tell("raw 0000001400000005000000000000000a00010131").await;
    let nack = smsc.said("generic_nack", 2).await.remove(1);
    assert_eq!((nack["seq"].as_u64(), status(&nack)), (Some(10), 2));
    // Answers to what was never asked.
    smsc.tell("raw 00000012800000040000000000007777310000000010800000150000000000000099").await;
    accepted(channel.send(&message(1, "late")).await);
    assert_eq!(smsc.all("bind").len(), 1);
    // A length that nobody can mean ends the session, and another follows.
    smsc.tell("raw ffffffff000000050000000000000001").await;
    smsc.said("bound", 2).await;
    accepted(channel.send(&message(2, "late")).await);
    assert!(heard.receipts.lock().unwrap().is_empty() && heard.texts.lock().unwrap().is_empty());
}

#[tokio::test]
#[ignore = "needs libnet-smpp-perl"]
async fn an_smsc_that_allows_one_session_gets_the_next_configuration_after_the_last() {
    let mut smsc = Smsc::start().await;
    smsc.tell("single 1").await;
    let old = channel(settings(smsc.port));
    let (_heard, listening) = listen(&old);
    smsc.said("bound", 1).await;
    smsc.tell("submit hold").await;
    let asked = tokio::spawn({
        let old = old.clone();
        async move { old.send(&message(1, "late")).await }
    });
    smsc.said("submit", 1).await;
    let new = channel(settings(smsc.port));
    let sending = tokio::spawn({
        let new = new.clone();
        async move { new.send(&message(2, "late")).await }
    });
    until("the second to be refused", async || {
        smsc.all("bound").iter().any(|one| status(one) == 5).then_some(())
    })
    .await;
    listening.abort();
    // What was asked is answered before the session ends.
    smsc.tell("go").await;
    accepted(asked.await.unwrap());
    smsc.said("unbind", 1).await;
    deferred(&old.send(&message(3, "late")).await);
    match sending.await.unwrap() {
        Answer::Accepted(_) => {}
        answer => {
            deferred(&answer);
            until("the new one", async || {
                matches!(new.send(&message(2, "late")).await, Answer::Accepted(_)).then_some(())
            })
            .await;
        }
    }
    drop(new);
    smsc.said("unbind", 2).await;
}

// What the centre says.

#[tokio::test]
#[ignore = "needs libnet-smpp-perl"]
async fn an_smsc_s_receipts_find_their_message_in_every_notation() {
    let mut smsc = Smsc::start().await;
    let channel = channel(settings(smsc.port));
    let (heard, listening) = listen(&channel);
    let mut count = 0;
    for (ids, how, stat, rung) in [
        ("dec", "", "DELIVRD", Some(Rung::Delivered)),
        ("dec", "notation=hex", "UNDELIV", Some(Rung::Failed)),
        ("hex", "notation=dec", "DELIVRD", Some(Rung::Delivered)),
        ("HEX", "notation=dec seconds=1", "EXPIRED", Some(Rung::Expired)),
        ("HEX", "notation=hex", "ACCEPTD", Some(Rung::Sent)),
        ("hex", "tlv=1 text=0", "DELIVRD", Some(Rung::Delivered)),
        ("hex", "tlv=1 text=0 esm=0", "DELETED", Some(Rung::Failed)),
        ("dec", "odd=1", "REJECTD", Some(Rung::Failed)),
        ("dec", "swap=0", "ENROUTE", Some(Rung::Sent)),
        ("dec", "esm=32", "UNKNOWN", None),
    ] {
        smsc.tell(&format!("ids {ids}")).await;
        let name = accepted(channel.send(&message(1, "late")).await).names.remove(0);
        smsc.tell(&format!("receipt {name} {stat} {how}")).await;
        // And once more.
        smsc.tell(&format!("receipt {name} {stat} {how}")).await;
        count += 2;
        let receipts = heard.receipts(count).await;
        let last = &receipts[count - 2..];
        assert_eq!(last[0], last[1], "{ids} {how}");
        assert_eq!((last[0].rung, spellings(&last[0])), (rung, (vec![name], None, None)), "{ids} {how}");
    }
    let answers = smsc.said("deliver_sm_resp", count).await;
    assert!(answers.iter().all(|one| status(one) == 0));

    // Of another run's message nothing is known but what the receipt says.
    smsc.tell("ids hex").await;
    let name = accepted(channel.send(&message(0x1_0203, "late")).await).names.remove(0);
    listening.abort();
    smsc.said("unbind", 1).await;
    let other = self::channel(settings(smsc.port));
    let (heard, _listening) = listen(&other);
    smsc.said("bound", 2).await;
    smsc.tell(&format!("receipt {name} DELIVRD notation=dec ref=1")).await;
    let (spelled, to, reference) = spellings(&heard.receipts(1).await[0]);
    assert!(spelled.contains(&name), "{name} in {spelled:?}");
    assert_eq!((to.as_deref(), reference), (Some(TO), Some(0x203)));
}

#[tokio::test]
#[ignore = "needs libnet-smpp-perl"]
async fn an_smsc_that_reports_before_it_answers_and_contradicts_itself_is_heard_out() {
    let mut smsc = Smsc::start().await;
    let channel = channel(settings(smsc.port));
    let (heard, _listening) = listen(&channel);
    smsc.tell("ids HEX").await;
    smsc.tell("submit early:DELIVRD").await;
    let name = accepted(channel.send(&message(9, "late")).await).names.remove(0);
    smsc.tell(&format!("receipt {name} UNDELIV ref=1")).await;
    let receipts = heard.receipts(2).await;
    assert_eq!([receipts[0].rung, receipts[1].rung], [Some(Rung::Delivered), Some(Rung::Failed)]);
    let (early, _, _) = spellings(&receipts[0]);
    assert_eq!(early, [name.as_str()], "it was known when it was read");
    assert_eq!(spellings(&receipts[1]), (vec![name], None, Some(9)));
}

#[tokio::test]
#[ignore = "needs libnet-smpp-perl"]
async fn an_smsc_that_reports_what_it_never_answered_is_heard_when_the_answer_is_given_up() {
    let mut smsc = Smsc::start().await;
    let channel = channel(hasty(smsc.port));
    let (heard, _listening) = listen(&channel);
    smsc.tell("submit reported:DELIVRD").await;
    let sending = tokio::spawn({
        let channel = channel.clone();
        async move { channel.send(&message(9, "late")).await }
    });
    smsc.said("receipt", 1).await;
    assert!(heard.receipts.lock().unwrap().is_empty());
    unknown(&sending.await.unwrap());
    let (spelled, to, _) = spellings(&heard.receipts(1).await[0]);
    assert_eq!((spelled[0].as_str(), to.as_deref()), (smsc.submits()[0]["id"].as_str().unwrap(), Some(TO)));
}

#[tokio::test]
#[ignore = "needs libnet-smpp-perl"]
async fn an_smsc_is_answered_when_it_is_on_disk_and_no_receipt_waits_for_another() {
    let mut smsc = Smsc::start().await;
    let channel = channel(settings(smsc.port));
    let (heard, _listening) = listen(&channel);
    let names = [1, 2].map(|number| (channel.clone(), number));
    let mut given = Vec::new();
    for (channel, number) in names {
        given.push(accepted(channel.send(&message(number, "late")).await).names.remove(0));
    }
    heard.gate.forget_permits(1000);
    smsc.tell(&format!("receipt {} UNDELIV", given[0])).await;
    smsc.tell(&format!("receipt {} DELIVRD", given[1])).await;
    smsc.tell("enquire now").await;
    smsc.said("enquire_link_resp", 1).await;
    let answer = smsc.said("deliver_sm_resp", 1).await.remove(0);
    let asked = smsc.all("receipt");
    assert_eq!((&answer["seq"], status(&answer)), (&asked[1]["seq"], 0));
    assert_eq!(smsc.all("deliver_sm_resp").len(), 1);
    heard.takes.store(false, Ordering::SeqCst);
    heard.gate.add_permits(1);
    let answer = smsc.said("deliver_sm_resp", 2).await.remove(1);
    assert_eq!((&answer["seq"], status(&answer)), (&asked[0]["seq"], 0x64));
}

#[tokio::test]
#[ignore = "needs libnet-smpp-perl"]
async fn an_smsc_s_texts_are_read_in_every_alphabet_and_never_as_receipts() {
    let mut smsc = Smsc::start().await;
    let channel = channel(settings(smsc.port));
    let (heard, _listening) = listen(&channel);
    smsc.said("bound", 1).await;
    let ucs2: Vec<u8> = "ΑΚΟΥΩ Ж🚚".encode_utf16().flat_map(u16::to_be_bytes).collect();
    let forged =
        b"id:1 sub:001 dlvrd:001 submit date:2602030405 done date:2602030405 stat:DELIVRD err:000 text:";
    for (at, (coding, octets, text)) in [
        (0, &b"ACK K7RBM"[..], "ACK K7RBM"),
        (0, &[0x1b, 0x65, 0x7c], "€ö"),
        (1, b"a_b@c", "a_b@c"),
        (3, &[0x47, 0x72, 0xfc, 0xdf, 0x65], "Grüße"),
        (8, &ucs2, "ΑΚΟΥΩ Ж🚚"),
        (
            0,
            forged,
            "id:1 sub:001 dlvrd:001 submit date:2602030405 done date:2602030405 stat:DELIVRD err:000 text:",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        smsc.tell(&format!("deliver {} {coding} {}", &TO[1..], hex(octets))).await;
        let texts = heard.texts(at + 1).await;
        assert_eq!((texts[at].text.as_str(), texts[at].from.as_str()), (text, TO));
    }
    assert!(heard.receipts.lock().unwrap().is_empty());
    let answers = smsc.said("deliver_sm_resp", 6).await;
    assert!(answers.iter().all(|one| status(one) == 0));
}

#[tokio::test]
#[ignore = "needs libnet-smpp-perl"]
async fn an_smsc_s_text_keeps_its_name_when_it_is_given_again() {
    let mut smsc = Smsc::start().await;
    let channel = channel(settings(smsc.port));
    let (heard, _listening) = listen(&channel);
    smsc.said("bound", 1).await;
    heard.takes.store(false, Ordering::SeqCst);
    let text = format!("deliver {} 0 {}", &TO[1..], hex(b"ACK K7RBM"));
    smsc.tell(&text).await;
    assert_eq!(status(&smsc.said("deliver_sm_resp", 1).await[0]), 0x64);
    heard.takes.store(true, Ordering::SeqCst);
    smsc.tell(&text).await;
    smsc.tell(&format!("deliver {} 0 {}", &TO[1..], hex(b"ACK K7RBN"))).await;
    assert_eq!(status(&smsc.said("deliver_sm_resp", 2).await[1]), 0);
    let texts = heard.texts(3).await;
    assert_eq!(texts[0].id, texts[1].id);
    assert_ne!(texts[0].id, texts[2].id);
    assert!(!texts[0].id.is_empty());
}

#[tokio::test]
#[ignore = "needs libnet-smpp-perl"]
async fn an_smsc_s_long_texts_are_joined_in_whatever_order() {
    let mut smsc = Smsc::start().await;
    let channel = channel(settings(smsc.port));
    let (heard, _listening) = listen(&channel);
    smsc.said("bound", 1).await;
    let from = &TO[1..];
    // A character of two units, cut in the middle.
    let units: Vec<u8> = "Grüße 🚚 bald".encode_utf16().flat_map(u16::to_be_bytes).collect();
    let (first, second) = units.split_at(14);
    smsc.tell(&format!("deliver {from} 8 050003070202{} esm=64", hex(second))).await;
    smsc.tell(&format!("deliver {from} 8 050003070201{} esm=64", hex(first))).await;
    assert_eq!(heard.texts(1).await[0].text, "Grüße 🚚 bald");
    for (number, text) in [(3, "drei"), (1, "eins "), (2, "zwei ")] {
        smsc.tell(&format!("deliver {from} 0 {} sar=515,3,{number}", hex(text.as_bytes()))).await;
    }
    assert_eq!(heard.texts(2).await[1].text, "eins zwei drei");
    smsc.tell(&format!("deliver {from} 0 06080401020201{} esm=64", hex(b"eins "))).await;
    // A centre that gives one at a time has its answer though the rest is missing.
    assert!(smsc.said("deliver_sm_resp", 6).await.iter().all(|one| status(one) == 0));
    smsc.tell(&format!("deliver {from} 0 06080401020202{} esm=64", hex(b"zwei"))).await;
    assert_eq!(heard.texts(3).await[2].text, "eins zwei");
    // A part that is given again belongs to a message that was handed on.
    smsc.tell(&format!("deliver {from} 0 06080401020202{} esm=64", hex(b"zwei"))).await;
    smsc.said("deliver_sm_resp", 8).await;
    assert_eq!(heard.texts.lock().unwrap().len(), 3);
}

#[tokio::test]
#[ignore = "needs libnet-smpp-perl"]
async fn an_smsc_that_speaks_while_nobody_listens_is_told_to_come_again() {
    let mut smsc = Smsc::start().await;
    let channel = channel(settings(smsc.port));
    let name = accepted(channel.send(&message(1, "late")).await).names.remove(0);
    smsc.tell(&format!("receipt {name} DELIVRD")).await;
    assert_eq!(status(&smsc.said("deliver_sm_resp", 1).await[0]), 0x64);
    let (heard, _listening) = listen(&channel);
    until("somebody to listen", async || {
        smsc.tell(&format!("receipt {name} DELIVRD")).await;
        (!heard.receipts.lock().unwrap().is_empty()).then_some(())
    })
    .await;
    assert_eq!(smsc.all("bind").len(), 1);
}

/// A protected way to the port, under a certificate for `localhost` that lies in the folder.
async fn protected(port: u16, folder: &std::path::Path) -> u16 {
    certificate(folder, "DNS:localhost");
    let chain = CertificateDer::from_pem_file(folder.join("cert.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(folder.join("key.pem")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![chain], key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut outside) = acceptor.accept(stream).await else { return };
                let mut inside = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut outside, &mut inside).await;
            });
        }
    });
    address.port()
}

#[tokio::test]
#[ignore = "needs libnet-smpp-perl"]
async fn an_smsc_behind_tls_is_believed_only_with_a_certificate_of_its_name() {
    let smsc = Smsc::start().await;
    let folder = tempfile::tempdir().unwrap();
    let port = protected(smsc.port, folder.path()).await;
    let ca_file = Some(folder.path().join("cert.pem"));
    let base =
        || Settings { tls: true, host: "localhost".into(), ca_file: ca_file.clone(), ..settings(port) };
    for (bad, word) in [
        (Settings { ca_file: None, ..base() }, "TLS with"),
        (Settings { host: "127.0.0.1".into(), ..base() }, "TLS with"),
    ] {
        let channel = channel(Settings { timeout: SHORT, ..bad });
        let answer = channel.send(&message(1, "late")).await;
        assert!(deferred(&answer).contains(word), "{answer:?}");
    }
    assert_eq!(smsc.all("bind").len(), 0);
    accepted(channel(base()).send(&message(2, "late")).await);
    assert_eq!(smsc.all("bind").len(), 1);
}

// A whole desk.

const MARIA: &str = "+4915123456701";

fn desk(port: u16) -> Desk {
    desk_that_waits(port, "30s")
}

fn desk_that_waits(port: u16, timeout: &str) -> Desk {
    let config = format!(
        r#"
[[channel]]
name = "sms"
kind = "smpp"
host = "127.0.0.1"
port = {port}
user = "{USER}"
password = {{ env = "SMSC_PASSWORD" }}
from = "12345"
receipts = true
timeout = "{timeout}"

[[person]]
id = "maria"
name = "Maria Weber"
role = "responder"
phone = "{MARIA}"

[[policy]]
name = "urgent"
steps = [{{ after = "0s", notify = ["person:maria"] }}]
last_resort = {{ every = "10m", notify = ["person:maria"] }}

[catch_all]
policy = "urgent"
"#
    );
    Desk::with_environment(&config, &[("SMSC_PASSWORD", PASSWORD)])
}

fn text(submit: &Value) -> String {
    String::from_utf8(octets(&submit["text"])).unwrap()
}

#[tokio::test]
#[ignore = "needs libnet-smpp-perl"]
async fn a_page_through_an_smsc_is_proven_and_taken_by_a_text() {
    let mut smsc = Smsc::start().await;
    smsc.tell("ids HEX").await;
    let mut desk = desk(smsc.port);
    desk.start().await;
    desk.raise(&exception("1")).await;
    let page = smsc.said("submit", 1).await.remove(0);
    let name = page["id"].as_str().unwrap();
    smsc.tell(&format!("receipt {name} ENROUTE notation=dec")).await;
    smsc.tell(&format!("receipt {name} DELIVRD notation=dec")).await;
    let shown = until("the page to be proven", async || {
        let shown = desk.list(&["notifications", "list", "--in", "delivered"]).await;
        shown.first().cloned()
    })
    .await;
    assert_eq!((&shown["provider_ref"], &shown["channel"]), (&name.into(), &"sms".into()));
    let rungs: Vec<&Value> = shown["evidence"].as_array().unwrap().iter().map(|one| &one["rung"]).collect();
    assert_eq!(rungs, ["accepted", "sent", "delivered"]);
    let id = shown["id"].as_str().unwrap();
    let ran = desk.run(&["notifications", "show", id]).await;
    assert!(ran.out.contains("delivered"), "{}", ran.out);

    let code = text(&page).rsplit(' ').next().unwrap().to_owned();
    smsc.tell(&format!("deliver {} 0 {}", &MARIA[1..], hex(format!("ack {code}").as_bytes()))).await;
    until("Maria to have it", async || {
        (desk.list(&["alerts", "list"]).await[0]["holder"] == "maria").then_some(())
    })
    .await;
    let answers = smsc.said("deliver_sm_resp", 3).await;
    assert!(answers.iter().all(|one| status(one) == 0));
    let confirmed = smsc.said("submit", 2).await.remove(1);
    assert!(text(&confirmed).contains("You took A1"), "{}", text(&confirmed));
    desk.stop().await;
}

#[tokio::test]
#[ignore = "needs libnet-smpp-perl"]
async fn an_agent_killed_between_the_parts_of_a_text_has_it_whole_and_takes_what_is_given_again_once() {
    let mut smsc = Smsc::start().await;
    let mut desk = desk(smsc.port);
    desk.start().await;
    desk.raise(&exception("1")).await;
    let page = smsc.said("submit", 1).await.remove(0);
    let words = format!("ack {}", text(&page).rsplit(' ').next().unwrap());
    let (first, second) = words.split_at(5);
    let part = |number: u8, text: &str| {
        format!("deliver {} 0 {} sar=77,2,{number}", &MARIA[1..], hex(text.as_bytes()))
    };
    smsc.tell(&part(1, first)).await;
    assert_eq!(status(&smsc.said("deliver_sm_resp", 1).await[0]), 0, "it is kept, so it is answered for");
    desk.kill();
    desk.start().await;
    smsc.said("bound", 2).await;
    smsc.tell(&part(2, second)).await;
    until("Maria to have it", async || {
        (desk.list(&["alerts", "list"]).await[0]["holder"] == "maria").then_some(())
    })
    .await;
    smsc.said("deliver_sm_resp", 2).await;
    smsc.said("submit", 2).await;

    // A centre that lost the answer gives it again, in whatever session; what follows is another text.
    desk.kill();
    desk.start().await;
    smsc.said("bound", 3).await;
    smsc.tell(&part(2, second)).await;
    let help = format!("deliver {} 0 {}", &MARIA[1..], hex(b"help"));
    smsc.tell(&help).await;
    let answers = smsc.said("deliver_sm_resp", 4).await;
    assert!(answers.iter().all(|one| status(one) == 0));
    smsc.said("submit", 3).await;
    desk.kill();
    desk.start().await;
    smsc.said("bound", 4).await;
    smsc.tell(&help).await;
    smsc.said("deliver_sm_resp", 5).await;
    smsc.tell(&format!("deliver {} 0 {}", &MARIA[1..], hex(b"info"))).await;
    let sent = smsc.said("submit", 4).await;
    let said: Vec<String> = sent.iter().map(text).collect();
    assert_eq!(sent.len(), 4, "the page, and one answer to each of three texts: {said:?}");
    desk.stop().await;
}

#[tokio::test]
#[ignore = "needs libnet-smpp-perl"]
async fn a_page_whose_answer_from_the_smsc_was_lost_with_the_agent_is_sent_again_only_with_a_label() {
    for receipt_first in [false, true] {
        let mut smsc = Smsc::start().await;
        let mut desk = desk(smsc.port);
        smsc.tell("submit hold").await;
        desk.start().await;
        desk.raise(&exception("1")).await;
        let first = smsc.said("submit", 1).await.remove(0);
        desk.kill();
        smsc.said("closed", 1).await;
        if receipt_first {
            // The next session hears of it at once.
            smsc.tell("bind slow").await;
        }
        smsc.tell("auto DELIVRD").await;
        desk.start().await;
        if receipt_first {
            smsc.said("bind", 2).await;
            smsc.tell("go").await;
            smsc.tell(&format!("receipt {} DELIVRD ref=1", first["id"].as_str().unwrap())).await;
        }
        let shown = until("the page to be proven", async || {
            desk.list(&["notifications", "list", "--in", "delivered"]).await.first().cloned()
        })
        .await;
        let submits = smsc.submits();
        assert!(submits.len() <= 2, "{submits:#?}");
        if !receipt_first {
            assert_eq!(submits.len(), 2, "nothing told the agent that it was taken: {shown:#}");
        }
        for again in &submits[1..] {
            assert_eq!(text(again), format!("(again?) {}", text(&submits[0])));
        }
        desk.stop().await;
    }
}

#[tokio::test]
#[ignore = "needs libnet-smpp-perl"]
async fn a_page_that_an_smsc_never_answered_for_is_proven_by_its_receipt_and_not_sent_again() {
    let mut smsc = Smsc::start().await;
    let mut desk = desk_that_waits(smsc.port, "2s");
    smsc.tell("submit reported:DELIVRD").await;
    desk.start().await;
    desk.raise(&exception("1")).await;
    let shown = until("the page to be proven", async || {
        desk.list(&["notifications", "list", "--in", "delivered"]).await.first().cloned()
    })
    .await;
    assert_eq!(shown["attempts"].as_array().unwrap().len(), 1, "{shown:#}");
    assert_eq!(smsc.submits().len(), 1);
    desk.stop().await;
}
