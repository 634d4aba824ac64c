//! SMPP among the channels that the suite is about. What only it promises is in a test of its own, against a
//! centre that others wrote.

use super::fake_smsc::{FakeSmsc, Then};
use super::stand::{CONNECTIONS, Got, Mood, Peer, SHORT, Stand};
use nightdesk::channel::Channel;
use nightdesk::channel::smpp::{Alphabet, Settings, Smpp, Split};
use nightdesk::core::contact::Medium;
use std::time::Duration;

fn to(base: &str) -> Box<dyn Channel> {
    let url = reqwest::Url::parse(base).unwrap();
    let settings = Settings {
        host: url.host_str().unwrap().to_owned(),
        port: url.port_or_known_default().unwrap(),
        tls: url.scheme() == "https",
        ca_file: None,
        user: "desk".into(),
        password: "hush".into(),
        system_type: String::new(),
        from: "12345".into(),
        alphabet: Alphabet::Gsm7,
        split: Split::Udh,
        receipts: true,
        valid_for: None,
        enquire_every: Duration::from_secs(30),
        timeout: SHORT,
        connections: CONNECTIONS,
    };
    Box::new(Smpp::new(settings).unwrap())
}

pub struct Centre(FakeSmsc);

pub async fn stand() -> Stand<Centre> {
    let centre = FakeSmsc::start().await;
    let channel = to(&format!("http://{}", centre.address));
    Stand { name: "smpp", medium: Medium::Sms, channel, to: Some(to), peer: Box::new(Centre(centre)) }
}

/// `ESME_RSYSERR`, `ESME_RINVPASWD`, `ESME_RX_P_APPN`.
const FAILING: u32 = 0x08;
const WRONG_PASSWORD: u32 = 0x0e;
const NEVER: u32 = 0x65;
/// The head of an answer that is said to be two gigabytes long.
const ENDLESS: &[u8] = b"\x7f\xff\xff\xff\x80\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x02";

impl Peer for Centre {
    fn is(&self, mood: Mood) -> bool {
        self.0.then(match mood {
            Mood::Takes => Then::Take,
            Mood::Busy => Then::Say(FAILING),
            Mood::RefusesLogin => Then::Refuse(WRONG_PASSWORD),
            Mood::Refuses => Then::Say(NEVER),
            Mood::TakesAndSaysNothing => Then::Silence,
            Mood::TakesAndHangsUp => Then::TakeAndClose,
            Mood::HangsUpAtOnce => Then::Cut,
            Mood::TakesAndSaysHalf => Then::TakeAndBreakOff,
            Mood::TakesAndBabbles => Then::TakeAndWrite(b"HTTP/1.1 200 OK\r\n\r\n", false),
            Mood::TakesAndTalks => Then::TakeAndWrite(ENDLESS, true),
            // A centre has no words to send anybody elsewhere.
            Mood::SendsElsewhere => return false,
        });
        true
    }

    fn got(&self) -> Vec<Got> {
        self.0.taken().into_iter().map(|(to, text)| Got { to, text }).collect()
    }

    fn connections(&self) -> usize {
        self.0.connections()
    }

    fn secrets(&self) -> &'static [&'static str] {
        &["hush"]
    }

    fn can_ask_for_a_pause(&self) -> bool {
        false
    }

    fn says_why(&self) -> bool {
        false
    }

    fn assert_harmless(&self) {
        let got = self.got();
        assert!(got[0].text.contains("&to=%2B1&text=%00#<U+001B>]0;x"), "{got:?}");
    }
}
