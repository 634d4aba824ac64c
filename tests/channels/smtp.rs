//! What only SMTP promises, against a small server and against Postfix.
//!
//! The test of the real one is ignored unless asked for; it needs `postfix` and root.

use super::fake_smtp::{FakeSmtp, Fault, Step};
use super::stand::{
    CONNECTIONS, Got, HOSTILE, Mood, Peer, SHORT, Stand, is_accepted, mail_is_harmless, message,
};
use super::{peer, smtp_peer};
use mail_parser::MessageParser;
use nightdesk::channel::tls::Tls;
use nightdesk::channel::{Acceptance, Answer, Channel, Outgoing, smtp};
use nightdesk::core::contact::Medium;
use nightdesk::core::notification::Fault as At;
use std::time::{Duration, Instant};

fn settings(port: u16, tls: Tls) -> smtp::Settings {
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

/// With a login; `https` means TLS from the first byte.
fn to(base: &str) -> Box<dyn Channel> {
    let url = reqwest::Url::parse(base).unwrap();
    let tls = if url.scheme() == "https" { Tls::Tls } else { Tls::None };
    let host = url.host_str().unwrap();
    // A login in the clear goes to this machine only.
    let login = (!host.ends_with(".invalid")).then(|| ("desk".to_owned(), "hush".into()));
    let (user, password) = login.unzip();
    let settings =
        smtp::Settings { host: host.into(), user, password, ..settings(url.port().unwrap_or(80), tls) };
    Box::new(smtp::Smtp::new(settings).unwrap())
}

pub struct Server(FakeSmtp);

pub async fn stand() -> Stand<Server> {
    let server = FakeSmtp::start(&["8BITMIME", "SIZE 1000000", "AUTH PLAIN"]).await;
    let channel = to(&format!("http://127.0.0.1:{}", server.address.port()));
    Stand { name: "smtp", medium: Medium::Email, channel, to: Some(to), peer: Box::new(Server(server)) }
}

impl Peer for Server {
    fn is(&self, mood: Mood) -> bool {
        let server = &self.0;
        match mood {
            Mood::Takes => server.work(),
            Mood::Busy => server.fail(Step::Rcpt, Fault::Say("450 4.2.1 try later")),
            Mood::RefusesLogin => server.fail(Step::Auth, Fault::Say("535 5.7.8 authentication failed")),
            Mood::Refuses => server.fail(Step::Dot, Fault::Say("554 5.7.1 no \u{1b}[31mthanks")),
            Mood::TakesAndSaysNothing => server.fail(Step::Dot, Fault::Hang),
            Mood::TakesAndHangsUp => server.fail(Step::Dot, Fault::Close),
            Mood::HangsUpAtOnce => server.fail(Step::Greeting, Fault::Close),
            // Without the last line of several there is no answer.
            Mood::TakesAndSaysHalf => server.fail(Step::Dot, Fault::Say("250-2.0.0 fine")),
            Mood::TakesAndBabbles => server.fail(Step::Dot, Fault::Say("what?")),
            Mood::SendsElsewhere | Mood::TakesAndTalks => return false,
        }
        true
    }

    fn got(&self) -> Vec<Got> {
        let text = |mail: &str| {
            MessageParser::default().parse(mail.as_bytes()).unwrap().body_text(0).unwrap().into_owned()
        };
        let to = |to: &str| to.trim_start_matches('<').trim_end_matches('>').to_owned();
        self.0.taken().iter().map(|taken| Got { to: to(&taken.rcpt_to), text: text(&taken.text) }).collect()
    }

    fn connections(&self) -> usize {
        self.0.connections()
    }

    fn secrets(&self) -> &'static [&'static str] {
        &["hush", "AGRlc2sAaHVzaA=="]
    }

    fn can_ask_for_a_pause(&self) -> bool {
        false
    }

    fn assert_harmless(&self) {
        let taken = &self.0.taken()[0];
        assert_eq!(taken.mail_from.split(' ').next(), Some("<desk@example.org>"));
        mail_is_harmless(taken.text.as_bytes());
    }
}

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
        let stand = stand().await;
        let server = &stand.peer.0;
        server.fail(step, fault);
        let began = Instant::now();
        let answer = stand.channel.send(&message(Medium::Email, 1)).await;
        let got = match &answer {
            Answer::Accepted(_) => "accepted",
            Answer::Deferred { .. } => WAIT,
            Answer::Later { .. } => LATER,
            Answer::Refused { .. } => NEVER,
            Answer::Unknown { .. } | Answer::Cut { .. } => WHO_KNOWS,
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
    let stand = stand().await;
    let server = &stand.peer.0;
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
    let stand = stand().await;
    let server = &stand.peer.0;
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
    let stand = stand().await;
    let server = &stand.peer.0;
    server.fail(Step::Rcpt, Fault::Say("550 5.1.1 no such user"));
    assert!(matches!(stand.channel.send(&message(Medium::Email, 1)).await, Answer::Refused { .. }));
    server.work();
    assert!(is_accepted(&stand.channel.send(&message(Medium::Email, 2)).await));
    assert_eq!(server.connections(), 1);
    assert!(server.commands().contains(&"RSET".to_owned()));
}

#[tokio::test]
async fn a_refused_recipient_is_dead_only_where_the_server_says_that_nobody_is_there() {
    for (reply, wanted, words) in [
        ("550 5.1.1 no such user", At::Address, "there is no such mailbox; correct the address ("),
        ("550 no such user", At::Address, "there is no such mailbox, or it is closed to us"),
        ("552 over quota", At::Message, "the mailbox is full; ask for another address ("),
        ("552 5.2.2 over quota", At::Message, "the mailbox is full; ask for another address ("),
        ("550 5.2.1 too much mail", At::Message, "the mailbox takes no mail; ask for another address ("),
        ("550 5.7.1 not from you", At::Message, "their rules forbid this mail or its sender"),
        ("556 takes no mail", At::Address, "its domain takes no mail; correct the address ("),
        ("554 no", At::Message, "the recipient was refused: 554 no"),
    ] {
        let stand = stand().await;
        stand.peer.0.fail(Step::Rcpt, Fault::Say(reply));
        let answer = stand.channel.send(&message(Medium::Email, 1)).await;
        let Answer::Refused { said, fault } = answer else { panic!("{reply}: {answer:?}") };
        assert_eq!(fault, wanted, "{reply}");
        assert!(said.starts_with(words) && said.contains(reply), "{said}");
    }
}

#[tokio::test]
async fn idle_mail_connections_are_closed_with_a_goodbye() {
    let server = FakeSmtp::start(&[]).await;
    let channel = smtp::Smtp::new(settings(server.address.port(), Tls::None)).unwrap();
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
        let settings = smtp::Settings { receipts, ..settings(server.address.port(), Tls::None) };
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
    let stand = stand().await;
    let server = &stand.peer.0;
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
        ..settings(server.address.port(), Tls::StartTls)
    };
    let answer = smtp::Smtp::new(settings).unwrap().send(&message(Medium::Email, 1)).await;
    assert!(matches!(&answer, Answer::Deferred { said, .. } if said.contains("STARTTLS")), "{answer:?}");
    assert_eq!(server.commands(), ["EHLO desk.example.org"]);
}

#[tokio::test]
async fn words_slipped_in_before_tls_are_not_believed() {
    let server = FakeSmtp::start(&["STARTTLS"]).await;
    server.fail(Step::StartTls, Fault::Say("220 go on\r\n250-me\r\n250 AUTH PLAIN"));
    let channel = smtp::Smtp::new(settings(server.address.port(), Tls::StartTls)).unwrap();
    let answer = channel.send(&message(Medium::Email, 1)).await;
    assert!(matches!(&answer, Answer::Deferred { said, .. } if said.contains("tampered")), "{answer:?}");
}

#[tokio::test]
async fn a_password_never_leaves_this_machine_in_the_clear() {
    let settings = |host: &str| smtp::Settings {
        host: host.into(),
        user: Some("desk".into()),
        password: Some("hush".into()),
        ..settings(25, Tls::None)
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
            ..settings(server.address.port(), Tls::None)
        };
        let answer = smtp::Smtp::new(settings).unwrap().send(&message(Medium::Email, 1)).await;
        assert!(
            matches!(&answer, Answer::Deferred { said, .. } if said.contains("check user and password")),
            "{answer:?}"
        );
        assert_eq!(server.commands().len(), steps);
    }
}

#[tokio::test]
#[ignore = "needs postfix"]
async fn postfix_takes_mail_plainly_by_starttls_and_by_tls() {
    let postfix = smtp_peer::Postfix::start().await;
    let base = |port, tls| smtp::Settings {
        ca_file: Some(postfix.ca_file.clone()),
        timeout: Duration::from_secs(15),
        ..settings(port, tls)
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
            // Postfix answers before another of its programs has written the line.
            let logged = format!("{queue_id}: client=");
            peer::until("the log to know the id", async || postfix.log().contains(&logged).then_some(()))
                .await;
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
