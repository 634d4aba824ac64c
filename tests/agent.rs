//! The whole agent, as its users have it: the real binary in a process of its own, real gateways on
//! the other side, and only the command line and HTTP to look at it. What these tests promise is
//! what an operator relies on at night: nothing accepted is lost, nobody is paged for what somebody
//! holds, nobody acts who may not, and the agent says what it does.
//!
//! Tests of real peers are ignored unless asked for; they need the Debian packages `kannel` and
//! `kannel-extras`, `postfix` and root.

// A test fails by panicking, in its peers as well.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/desk.rs"]
mod desk;
#[path = "support/kannel.rs"]
#[allow(dead_code)]
mod kannel_peer;
#[path = "support/peer.rs"]
mod peer;
#[path = "support/smtp.rs"]
#[allow(dead_code)]
mod smtp_peer;

use desk::{Desk, exception, http, post};
use peer::until;
use rustix::process::Signal;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// One person, paged over a spool; the least a desk can be.
const SMALL: &str = r#"
[[channel]]
name = "spool"
kind = "spool"

[[person]]
id = "ann"
name = "Ann Lee"
role = "responder"
phone = "+49 151 23456701"

[[policy]]
name = "urgent"
steps = [{ after = "0s", notify = ["person:ann"] }]
last_resort = { every = "1h", notify = ["person:ann"] }

[catch_all]
policy = "urgent"
"#;

/// The one item there must be.
fn only(items: Vec<Value>) -> Value {
    assert_eq!(items.len(), 1, "{items:#?}");
    items.into_iter().next().unwrap()
}

fn ids(items: &[Value]) -> Vec<&str> {
    items.iter().map(|item| item["id"].as_str().unwrap()).collect()
}

#[tokio::test]
#[ignore = "needs kannel and postfix"]
async fn an_exception_pages_by_kannel_and_postfix_is_proven_and_acknowledged() {
    let gateway = kannel_peer::KannelGateway::start().await;
    let postfix = smtp_peer::Postfix::start().await;
    let config = format!(
        r#"
[[channel]]
name = "sms"
kind = "kannel"
url = "{}"
user = "{}"
password = {{ env = "SMS_PASSWORD" }}
from = "NIGHTDESK"
receipts = true

[[channel]]
name = "mail"
kind = "smtp"
host = "localhost"
port = {}
tls = "starttls"
user = "{}"
password = {{ env = "MAIL_PASSWORD" }}
ca_file = "{}"
from = "desk@example.org"
from_name = "Night desk"

[[person]]
id = "ann"
name = "Ann Lee"
role = "responder"
phone = "+49 151 23456701"
email = "ann@example.net"

[[person]]
id = "bob"
name = "Bob Roth"
role = "responder"
phone = "+49 151 23456702"

[[policy]]
name = "urgent"
steps = [
  {{ after = "0s", notify = ["person:ann"] }},
  {{ after = "1s", notify = ["person:bob"] }},
  {{ after = "4s", notify = ["person:bob"] }},
]
last_resort = {{ every = "1m", notify = ["person:bob"] }}

[catch_all]
policy = "urgent"
"#,
        gateway.url,
        kannel_peer::USER,
        postfix.port,
        smtp_peer::USER,
        postfix.ca_file.display(),
    );
    let secrets = [("SMS_PASSWORD", kannel_peer::PASSWORD), ("MAIL_PASSWORD", smtp_peer::PASSWORD)];
    let mut desk = Desk::with_environment(&config, &secrets);
    desk.start().await;
    desk.raise(&exception("4711")).await;

    // Ann's page is proven by her handset, and nobody acted: Bob is next.
    let paged = until("both pages to be proven", async || {
        let pages = desk.list(&["notifications", "list", "--in", "delivered"]).await;
        (pages.len() == 2).then_some(pages)
    })
    .await;
    for page in &paged {
        let rungs: Vec<_> = page["evidence"].as_array().unwrap().iter().map(|e| &e["rung"]).collect();
        // A receipt may be faster than the gateway's own answer, so their order is not promised.
        assert!(rungs.contains(&&json!("accepted")), "{page:#}");
        assert!(rungs.contains(&&json!("sent")) && rungs.contains(&&json!("delivered")), "{page:#}");
        assert_eq!((&page["channel"], &page["medium"]), (&json!("sms"), &json!("sms")));
        assert_eq!(page["attempts"].as_array().unwrap().len(), 1, "{page:#}");
    }
    let texts = gateway.received();
    for number in ["+4915123456701", "+4915123456702"] {
        let of_one: Vec<_> = texts.iter().filter(|text| text.contains(number)).collect();
        assert_eq!(of_one.len(), 1, "{texts:#?}");
        for fact in ["CRIT", "Acme", "4711", "48"] {
            assert!(of_one[0].contains(fact), "{fact} in {}", of_one[0]);
        }
    }

    // The detail came by mail, once and under a name of its own, and tells machines not to answer.
    let mail = postfix.mail_with("PO-4711").await;
    let details = desk.list(&["notifications", "list"]).await;
    let detail = only(details.into_iter().filter(|n| n["medium"] == "email").collect());
    let key = detail["idempotency_key"].as_str().unwrap();
    for line in [&format!("Message-ID: <{key}@example.org>"), "Auto-Submitted: auto-generated", "48"] {
        assert!(mail.contains(line), "{line} in {mail}");
    }
    assert_eq!(detail["state"], "accepted", "a mail server's word is no proof: {detail:#}");

    let before = only(desk.list(&["alerts", "list"]).await);
    assert_eq!((&before["id"], &before["step"]), (&json!("A1"), &json!(2)), "{before:#}");
    let due: jiff::Timestamp = before["next_escalation_at"].as_str().unwrap().parse().unwrap();
    let ran = desk.run(&["ack", "A1"]).await;
    assert_eq!((ran.code, ran.out.starts_with("You took A1")), (Some(0), true), "{ran:?}");

    // The third step was due, and its time passes without it.
    let held = only(desk.list(&["alerts", "list"]).await);
    assert_eq!((&held["state"], &held["next_escalation_at"]), (&json!("acknowledged"), &Value::Null));
    until("the third step's time to pass", async || (jiff::Timestamp::now() > due).then_some(())).await;
    // Both who were paged hear who has it, and nothing else.
    until("both to hear of it", async || (gateway.received().len() == 4).then_some(())).await;
    assert!(gateway.received()[2..].iter().all(|text| text.contains("has+it") || text.contains("has it")));
    until("proof of all texts", async || {
        let sent = desk.list(&["notifications", "list"]).await;
        let texts = || sent.iter().filter(|n| n["medium"] == "sms");
        (texts().count() == 4 && texts().all(|n| n["state"] == "delivered")).then_some(())
    })
    .await;
    let timeline = desk.json(&["alerts", "show", "A1"]).await["timeline"].clone();
    let facts: Vec<_> = timeline.as_array().unwrap().iter().map(|c| c["what"].as_str().unwrap()).collect();
    assert_eq!(facts.iter().filter(|fact| **fact == "alert_escalated").count(), 2, "{facts:?}");
    assert_eq!(facts.iter().filter(|fact| **fact == "notification_sending").count(), 5, "{facts:?}");

    // A restart changes nothing of it.
    let lists = async |desk: &Desk| {
        let mut lists = Vec::new();
        for things in ["alerts", "notifications", "events", "tasks", "partners"] {
            lists.push(desk.list(&[things, "list"]).await);
        }
        lists
    };
    let before = lists(&desk).await;
    assert_eq!(before[0][0]["holder"].as_str(), Some(whoami().as_str()));
    desk.stop().await;
    desk.start().await;
    assert_eq!(lists(&desk).await, before);
}

/// Who acts on a personal agent that knows no person of this login.
fn whoami() -> String {
    let user = uzers::get_user_by_uid(rustix::process::geteuid().as_raw()).unwrap();
    user.name().to_string_lossy().into_owned()
}

#[tokio::test]
async fn signed_events_only() {
    const OLD: &[u8] = b"the secret of last month, 32 b..";
    const NEW: &[u8] = b"the secret of this month, 32 b..";
    const NEXT: &[u8] = b"the secret of next month, 32 b..";
    let source = r#"
[[source]]
name = "community"
secrets = [{ env = "OLD_SECRET" }, { file = "new.secret" }]
"#;
    let secrets = [("OLD_SECRET", "whsec_dGhlIHNlY3JldCBvZiBsYXN0IG1vbnRoLCAzMiBiLi4=")];
    let mut desk = Desk::with_environment(&format!("{source}{SMALL}"), &secrets);
    let file = desk.config().with_file_name("new.secret");
    std::fs::write(&file, "whsec_dGhlIHNlY3JldCBvZiB0aGlzIG1vbnRoLCAzMiBiLi4=\n").unwrap();
    desk.start().await;

    let client = http();
    let url = desk.url("/v1/events/community");
    let send = async |id: &str, at: i64, signature: Option<String>, body: String| {
        let at = at.to_string();
        let mut headers = vec![("content-type", "application/cloudevents+json")];
        if let Some(signature) = &signature {
            headers.extend([
                ("webhook-id", id),
                ("webhook-timestamp", &at),
                ("webhook-signature", signature),
            ]);
        }
        post(&client, &url, &headers, body).await.unwrap()
    };
    let now = jiff::Timestamp::now().as_second();
    let bodies: BTreeMap<_, _> =
        ["m1", "m2", "m3", "m4", "m5"].into_iter().map(|id| (id, exception(id).to_string())).collect();
    let body = |id: &str| bodies[id].clone();
    for (id, secret) in [("m1", OLD), ("m2", NEW)] {
        let (status, text) = send(id, now, Some(signed(secret, id, now, &body(id))), body(id)).await;
        assert_eq!((status, text.as_str()), (202, r#"{"accepted":1,"duplicates":0}"#));
    }
    let both = format!("{} {}", signed(b"of somebody else", "m3", now, &body("m3")), {
        signed(NEW, "m3", now, &body("m3"))
    });
    assert_eq!(send("m3", now, Some(both), body("m3")).await.0, 202, "while a sender changes its secret");

    let stale = now - 600;
    for (why, at, signature) in [
        ("unsigned", now, None),
        ("stale", stale, Some(signed(NEW, "m4", stale, &body("m4")))),
        ("of the future", now + 600, Some(signed(NEW, "m4", now + 600, &body("m4")))),
        ("by a stranger", now, Some(signed(b"of somebody else", "m4", now, &body("m4")))),
        ("of another body", now, Some(signed(NEW, "m4", now, &body("m5")))),
        ("of another message", now, Some(signed(NEW, "m5", now, &body("m4")))),
        ("of another time", now, Some(signed(NEW, "m4", now - 1, &body("m4")))),
    ] {
        let (status, text) = send("m4", at, signature, body("m4")).await;
        assert_eq!(status, 401, "{why}: {text}");
        let problem: Value = serde_json::from_str(&text).unwrap();
        assert!(problem["detail"].is_string() && problem["status"] == 401, "{why}: {text}");
    }

    // A secret that changes in its file is in force once the unchanged configuration is applied again.
    std::fs::write(&file, "whsec_dGhlIHNlY3JldCBvZiBuZXh0IG1vbnRoLCAzMiBiLi4=\n").unwrap();
    let ran = desk.run(&["config", "apply"]).await;
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), "Version 1 is in force.\n"), "{ran:?}");
    assert_eq!(send("m4", now, Some(signed(NEW, "m4", now, &body("m4"))), body("m4")).await.0, 401);
    assert_eq!(send("m5", now, Some(signed(NEXT, "m5", now, &body("m5"))), body("m5")).await.0, 202);

    let taken = desk.list(&["events", "list"]).await;
    let taken: Vec<_> = taken.iter().map(|event| event["event_id"].as_str().unwrap()).collect();
    assert_eq!(taken, ["m5", "m3", "m2", "m1"]);
}

/// Standard Webhooks, scheme v1, written from its specification and not from the agent.
fn signed(secret: &[u8], id: &str, at: i64, body: &str) -> String {
    use base64::Engine as _;
    use hmac::Mac as _;
    let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(secret).unwrap();
    mac.update(format!("{id}.{at}.{body}").as_bytes());
    format!("v1,{}", base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes()))
}

#[tokio::test]
#[ignore = "needs root"]
async fn two_system_users_act_on_one_agent() {
    assert!(rustix::process::geteuid().is_root(), "only root may become somebody else");
    let config = r#"
[agent]
start = "service"
group = "users"

[[person]]
id = "maria"
name = "Maria Weber"
role = "responder"
login = "daemon"

[[person]]
id = "jonas"
name = "Jonas Roth"
role = "responder"
login = "bin"
shared = true
pin = { env = "PIN_OF_JONAS" }

[[person]]
id = "aylin"
name = "Aylin Kaya"
role = "admin"
login = "bin"
shared = true
pin = { env = "PIN_OF_AYLIN" }
"#;
    let pins = [("PIN_OF_JONAS", "2468"), ("PIN_OF_AYLIN", "1357")];
    let mut desk = Desk::with_environment(&format!("{config}{SMALL}"), &pins);
    desk.open_to_others();
    desk.start().await;
    for id in ["1", "2", "3"] {
        desk.raise(&exception(id)).await;
    }
    let as_user = async |user: &'static str, arguments: &[&str], pin: Option<&str>| {
        let (user, group) = (format!("--reuid={user}"), "--groups=users");
        let become_them = ["setpriv", &user, "--regid=nogroup", group, "--inh-caps=-all"];
        let pin: Vec<_> = pin.map(|pin| ("NIGHTDESK_PIN", pin)).into_iter().collect();
        desk.run_by(&become_them, arguments, &pin).await
    };

    // The kernel says who asks: a mapped login acts, an unmapped one looks, root is nobody special.
    let ran = as_user("daemon", &["ack", "A1"], None).await;
    assert_eq!((ran.code, ran.out.starts_with("You took A1")), (Some(0), true), "{ran:?}");
    let ran = as_user("nobody", &["alerts", "list", "--json"], None).await;
    assert_eq!((ran.code, ids(ran.json().as_array().unwrap())), (Some(0), vec!["A3", "A2", "A1"]));
    for ran in [as_user("nobody", &["ack", "A2"], None).await, desk.run(&["ack", "A2"]).await] {
        assert_eq!((ran.code, ran.err.contains("may look but not act")), (Some(1), true), "{ran:?}");
    }

    // Outside the group there is not even a socket to knock at.
    let outside = ["setpriv", "--reuid=daemon", "--regid=nogroup", "--clear-groups"];
    let ran = desk.run_by(&outside, &["alerts", "list"], &[]).await;
    assert!(ran.code != Some(0) && ran.out.is_empty(), "{ran:?}");

    // A shared login is nobody until somebody says who, and proves it.
    let ran = as_user("bin", &["ack", "A2"], None).await;
    assert_eq!((ran.code, ran.err.contains("shared")), (Some(1), true), "{ran:?}");
    let ran = as_user("bin", &["--as", "jonas", "ack", "A2"], Some("1357")).await;
    assert_eq!((ran.code, ran.err.contains("person or PIN is wrong")), (Some(1), true), "{ran:?}");
    let ran = as_user("bin", &["--as", "maria", "ack", "A2"], Some("2468")).await;
    assert_eq!(ran.code, Some(1), "somebody else's login is not behind this one: {ran:?}");
    let ran = as_user("bin", &["--as", "jonas", "ack", "A2"], Some("2468")).await;
    assert_eq!((ran.code, ran.out.starts_with("You took A2")), (Some(0), true), "{ran:?}");

    // The second is told who was first, whoever asks, and nothing happens twice.
    let ran = as_user("bin", &["--as", "aylin", "ack", "A1"], Some("1357")).await;
    assert_eq!((ran.code, ran.err.contains("Maria Weber")), (Some(1), true), "{ran:?}");
    let ran = as_user("daemon", &["ack", "A2"], None).await;
    assert_eq!((ran.code, ran.err.contains("Jonas Roth")), (Some(1), true), "{ran:?}");

    let seen = as_user("daemon", &["alerts", "show", "A2", "--json"], None).await.json();
    assert_eq!((&seen["holder"], &seen["state"]), (&json!("jonas"), &json!("acknowledged")));
    let taken = seen["timeline"].as_array().unwrap().to_vec();
    let taken = only(taken.into_iter().filter(|c| c["what"] == "alert_acknowledged").collect());
    assert_eq!(taken["actor"], json!({ "person": { "id": "jonas", "login": "bin" } }), "both are kept");

    // Five wrong PINs and the login waits, whatever it says then.
    for _ in 0..5 {
        as_user("bin", &["--as", "jonas", "ack", "A3"], Some("0000")).await;
    }
    let ran = as_user("bin", &["--as", "jonas", "ack", "A3"], Some("2468")).await;
    assert_eq!((ran.code, ran.err.contains("too many")), (Some(1), true), "{ran:?}");
}

#[tokio::test]
async fn exit_codes_are_those_of_the_contract() {
    let service = format!("[agent]\nstart = \"service\"\n{SMALL}");
    let mut desk = Desk::new(&service);

    // 3: nobody answers. 2: wrong usage, or a configuration that is wrong at a place.
    let ran = desk.run(&["agent", "status"]).await;
    assert_eq!((ran.code, ran.err.contains("no agent answers")), (Some(3), true), "{ran:?}");
    let ran = desk.run(&["agent", "status", "--json"]).await;
    assert_eq!((ran.code, &ran.json()["ready"]), (Some(3), &json!(false)));
    for usage in [
        &["alerts", "list", "--no-such-flag"] as &[&str],
        &["ack", "not-an-alert"],
        &["no-such-command"],
        &["--as", "ann", "ack", "A1"],
    ] {
        let ran = desk.run(usage).await;
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{usage:?}: {ran:?}");
    }
    let broken = service.replace("person:ann", "person:anna");
    desk.configure(&broken);
    let place = format!("{}:{}:", desk.config().display(), line_of(&desk, "person:anna"));
    for command in [&["check"] as &[&str], &["agent", "run"], &["agent", "start"]] {
        let ran = desk.run(command).await;
        assert_eq!((ran.code, ran.err.contains(&place)), (Some(2), true), "{place} {command:?}: {ran:?}");
    }

    // 0 and 1: done, and refused.
    desk.configure(&service);
    desk.start().await;
    assert_eq!(desk.run(&["agent", "status"]).await.code, Some(0));
    let ran = desk.run(&["ack", "A99"]).await;
    assert_eq!((ran.code, ran.err.contains("A99"), ran.out.as_str()), (Some(1), true, ""), "{ran:?}");
    assert_eq!(desk.run(&["alerts", "show", "A99"]).await.code, Some(1));

    // A second agent on the same folder says so and stops, and the first does not notice.
    let ran = desk.run(&["agent", "run"]).await;
    assert_eq!((ran.code, ran.err.contains("another agent")), (Some(1), true), "{ran:?}");
    assert_eq!(desk.json(&["agent", "status"]).await["pid"], desk.pid());

    // A service keeps what was applied, through a changed file and through a broken one.
    let changed = format!("{service}\n[[person]]\nid = \"bob\"\nname = \"Bob Roth\"\nrole = \"viewer\"\n");
    for (file, note) in [(&changed, "differs"), (&broken, "broken")] {
        desk.configure(file);
        desk.stop().await;
        desk.start().await;
        let status = desk.json(&["agent", "status"]).await;
        let said = status["desk"]["config_note"].as_str().unwrap_or_default();
        assert!(said.contains(note) && status["desk"]["config_version"] == 1, "{status:#}");
        let started = desk.run(&["agent", "start"]).await;
        assert!(started.code == Some(0) && started.err.contains(note), "{started:?}");
        assert_eq!(ids(&desk.list(&["people", "list"]).await), ["ann"]);
    }
    let ran = desk.run(&["config", "apply", "-m", "try"]).await;
    assert_eq!((ran.code, ran.err.contains(&place)), (Some(2), true), "{ran:?}");
    desk.signal(Signal::HUP);
    until("the agent to refuse the file", async || desk.said().contains("not applied").then_some(())).await;

    // Another file than the agent's own is not mistaken for it.
    let other = desk.config().with_file_name("other.toml");
    std::fs::write(
        &other,
        std::fs::read_to_string(desk.config()).unwrap().replace("person:anna", "person:ann"),
    )
    .unwrap();
    let mut command = std::process::Command::new(&desk.binary);
    command.args(["config", "apply", "--config"]).arg(&other);
    let refused = command.arg("--socket").arg(desk.state().join("run/agent.sock")).output().unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(2), "{said}");
    assert!(said.contains("other.toml") && said.contains("config.toml"), "{said}");

    // What was applied is what the file says again: there is nothing left to say.
    desk.configure(&service);
    let ran = desk.run(&["config", "apply"]).await;
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), "Version 1 is in force.\n"), "{ran:?}");
    assert_eq!(desk.json(&["agent", "status"]).await["desk"]["config_note"], Value::Null);

    // Applied on request: by command, at the start, by signal.
    desk.configure(&changed);
    let ran = desk.run(&["config", "apply", "-m", "Bob joins"]).await;
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), "Version 2 is in force.\n"), "{ran:?}");
    assert_eq!(ids(&desk.list(&["people", "list"]).await), ["ann", "bob"]);
    desk.stop().await;
    desk.configure(&service);
    desk.start_with(&["--apply"]).await;
    let status = desk.json(&["agent", "status"]).await;
    assert_eq!(
        (&status["desk"]["config_version"], &status["desk"]["config_note"]),
        (&json!(3), &Value::Null)
    );
    desk.configure(&changed);
    desk.signal(Signal::HUP);
    until("version 4", async || {
        let status = desk.json(&["agent", "status"]).await;
        (status["desk"]["config_version"] == 4).then_some(())
    })
    .await;
}

fn line_of(desk: &Desk, words: &str) -> usize {
    let text = std::fs::read_to_string(desk.config()).unwrap();
    text.lines().position(|line| line.contains(words)).unwrap() + 1
}

#[tokio::test]
async fn tail_resumes_from_a_number() {
    let mut desk = Desk::new(SMALL);
    desk.start().await;
    desk.raise(&exception("1")).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tail");
    let tail = desk.spawn(&["tail", "--json", "--since", "0"], std::fs::File::create(&path).unwrap());
    let lines = async |path: &std::path::Path| -> Vec<Value> {
        let text = std::fs::read_to_string(path).unwrap();
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        whole.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let heard = async |path: &std::path::Path, what: &str| {
        until(what, async || lines(path).await.iter().any(|c| c["what"] == what).then_some(())).await;
    };
    heard(&path, "notification_evidence").await;

    // The agent goes, comes back and is fed again, once politely and once not; tail goes on.
    desk.stop().await;
    desk.start().await;
    desk.raise(&exception("2")).await;
    desk.kill();
    desk.start().await;
    desk.raise(&exception("3")).await;
    let newest = desk.json(&["agent", "status"]).await["seq"].as_u64().unwrap();
    let all = until("tail to catch up", async || {
        let all = lines(&path).await;
        (all.last().is_some_and(|last| last["seq"].as_u64() >= Some(newest))).then_some(all)
    })
    .await;
    drop(tail);
    let numbers: Vec<_> = all.iter().map(|change| change["seq"].as_u64().unwrap()).collect();
    assert!(numbers.iter().copied().eq(1..=numbers.len() as u64), "{numbers:?}");
    let starts = all.iter().filter(|change| change["what"] == "agent_started").count();
    assert_eq!(starts, 3);

    // From the middle, the very same lines.
    let middle = numbers.len() / 2;
    let path = folder.path().join("rest");
    let since = middle.to_string();
    let rest = desk.spawn(&["tail", "--json", "--since", &since], std::fs::File::create(&path).unwrap());
    until("the rest", async || (lines(&path).await.len() >= all.len() - middle).then_some(())).await;
    drop(rest);
    assert_eq!(lines(&path).await[..all.len() - middle], all[middle..]);
}

#[tokio::test]
async fn the_agent_is_small_at_rest() {
    // What is shipped is measured whole. Of a debug build most is code that was not optimised, mapped from its
    // file; what it asks memory for is its own.
    const WHAT: &str = if cfg!(debug_assertions) { "RssAnon:" } else { "VmRSS:" };
    const MOST: u64 = if cfg!(debug_assertions) { 16 } else { 30 };
    let mut desk = Desk::new(SMALL);
    desk.start().await;
    desk.raise(&exception("1")).await;
    until("the page to leave", async || {
        let left = desk.list(&["notifications", "list", "--in", "accepted"]).await;
        (left.len() == 1).then_some(())
    })
    .await;
    let status = std::fs::read_to_string(format!("/proc/{}/status", desk.pid())).unwrap();
    let resident = status.lines().find_map(|line| line.strip_prefix(WHAT)).unwrap();
    let kib: u64 = resident.trim().trim_end_matches(" kB").parse().unwrap();
    println!("resident at rest: {:.1} MiB", kib as f64 / 1024.0);
    assert!(kib < MOST * 1024, "{kib} KiB");
}

#[tokio::test]
async fn text_from_outside_never_acts_on_a_terminal() {
    const HOSTILE: &str = "\u{1b}[2J\u{1b}]0;owned\u{7}\u{9b}31m\u{202e}txet\u{2066}\u{200b}\u{feff}\u{7f}\r\n\u{85}\u{2028}株é";
    let mut desk = Desk::new(SMALL);
    desk.start().await;
    let mut event = exception(&format!("1{HOSTILE}"));
    event["id"] = "1".into();
    event["data"]["partner"]["name"] = format!("Acme{HOSTILE}").into();
    event["data"]["exception"]["description"] = HOSTILE.into();
    event["data"]["more"] = HOSTILE.into();
    desk.raise(&event).await;

    let shown = |c: char| c == '\n' || !(c.is_control() || ACTS.contains(&c));
    for command in [
        &["alerts", "list"] as &[&str],
        &["alerts", "show", "A1"],
        &["events", "list"],
        &["events", "show", "E1"],
        &["notifications", "list"],
        &["notifications", "show", "N1"],
        &["partners", "list"],
    ] {
        for json in [false, true] {
            let mut arguments = command.to_vec();
            arguments.extend(json.then_some("--json"));
            let ran = desk.run(&arguments).await;
            let odd: Vec<_> = ran.out.chars().filter(|c| !shown(*c)).collect();
            assert_eq!((ran.code, odd), (Some(0), vec![]), "{arguments:?}: {}", ran.out);
            assert!(!ran.out.is_empty(), "{arguments:?}");
        }
    }
    // Nothing was lost on the way: who parses gets the text as it came.
    let alert = only(desk.list(&["alerts", "list"]).await);
    assert_eq!(alert["partner"]["name"], format!("Acme{HOSTILE}"));

    // A refusal quotes what was typed, and is as harmless.
    let ran = desk.run(&["partners", "show", &format!("x{}", HOSTILE.replace('\0', ""))]).await;
    assert_eq!((ran.code, ran.err.chars().find(|c| !shown(*c))), (Some(1), None), "{ran:?}");
}

/// Characters that no terminal shows and some act on: bidirectional controls, invisible ones, line
/// and paragraph separators.
const ACTS: [char; 22] = [
    '\u{61c}', '\u{200b}', '\u{200c}', '\u{200d}', '\u{200e}', '\u{200f}', '\u{2028}', '\u{2029}',
    '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}', '\u{2060}', '\u{2066}', '\u{2067}',
    '\u{2068}', '\u{2069}', '\u{206a}', '\u{206f}', '\u{feff}', '\u{fff9}',
];

fn flow(kind: &str, id: &str, data: Value) -> Value {
    json!({ "specversion": "1.0", "id": id, "source": "urn:test:community", "type": kind,
        "time": jiff::Timestamp::now().to_string(), "data": data })
}

#[tokio::test]
async fn a_task_closed_anyway_is_closed_and_its_history_says_so() {
    let mut desk = Desk::new(SMALL);
    desk.start().await;
    let document = json!({ "id": "D-1", "name": "invoice.pdf", "kind": "invoice" });
    let of = json!({ "id": "acme", "name": "ACME" });
    desk.raise(&flow("community.document.uploaded", "1", json!({ "document": document, "partner": of })))
        .await;
    let done = desk.run(&["tasks", "done", "T1", "--anyway"]).await;
    assert_eq!(done.code, Some(0), "{done:?}");
    let task = desk.json(&["tasks", "show", "T1"]).await;
    assert_eq!(task["state"], "done");
    let last = task["timeline"].as_array().unwrap().last().unwrap().clone();
    assert!(last["summary"].as_str().unwrap().contains("before what it is about was settled"), "{task:#}");
}

#[tokio::test]
async fn the_agent_shows_each_template_as_a_contact_would_read_it() {
    use nightdesk::core::template::{Listed, Shown};
    use nightdesk::wire::client::{Client, LinkError};
    let mut desk = Desk::new(SMALL);
    desk.start().await;
    let contact = json!({ "id": "ana", "version": "1", "partner_id": "acme", "name": "Ana López",
        "emails": ["ana@acme.example"], "locale": "es", "time_zone": "Europe/Madrid" });
    let data = json!({ "contact": contact, "partner": { "id": "acme", "name": "ACME" } });
    desk.raise(&flow("community.contact.changed", "1", data)).await;
    let client = Client::new(desk.state().join("run/agent.sock"));
    let listed: Vec<Listed> = client.get("/v1/templates").await.unwrap();
    assert!(listed.iter().all(|one| one.languages.contains(&"de".to_owned()) && one.yours.is_empty()));
    let of = |more: &str| format!("/v1/templates/case-status?to=ana&medium=sms{more}");
    let shown: Vec<Shown> = client.get(&of("")).await.unwrap();
    let [shown] = shown.as_slice() else { panic!("{shown:?}") };
    assert_eq!((shown.to.as_str(), shown.language()), ("Ana López", Some("es")));
    assert!(shown.sms.as_ref().unwrap().culprit.is_none() && shown.body.raw().contains("CASE-771"));
    let shown: Vec<Shown> = client.get(&of("&locale=de-AT")).await.unwrap();
    assert_eq!(shown[0].language(), Some("de"), "the nearest there is");
    let nobody = client.get::<Vec<Shown>>("/v1/templates/case-status?to=nobody").await;
    assert!(matches!(&nobody, Err(LinkError::Refused { status: 404, .. })), "{nobody:?}");
    let unknown = client.get::<Vec<Shown>>("/v1/templates/nonsense").await;
    assert!(
        matches!(&unknown, Err(LinkError::Refused { status: 404, sentence }) if sentence.contains("case-status"))
    );
}

#[tokio::test]
async fn what_partners_bring_is_listed_shown_and_told_apart_by_partner() {
    let mut desk = Desk::new(SMALL);
    desk.start().await;
    let case =
        json!({ "id": "C-1", "reference": "CASE-1", "kind": "dispute", "title": "Price on an invoice" });
    for (id, partner) in [("1", "acme"), ("2", "borg")] {
        let of = json!({ "id": partner, "name": partner.to_uppercase() });
        let data = json!({ "case": case, "partner": of, "priority": "normal" });
        desk.raise(&flow("community.case.opened", id, data)).await;
    }
    let acme = json!({ "id": "acme", "name": "ACME" });
    let document = json!({ "id": "D-1", "name": "invoice.pdf", "kind": "invoice", "case_id": "C-1" });
    desk.raise(&flow("community.document.uploaded", "3", json!({ "document": document, "partner": acme })))
        .await;
    let milestone = json!({ "partner": acme, "milestone": "profile_approved" });
    desk.raise(&flow("community.onboarding.milestone", "4", milestone)).await;

    // Lists, narrowed.
    assert_eq!(ids(&desk.list(&["cases", "list"]).await), ["C-1", "C-1"]);
    assert_eq!(desk.list(&["cases", "list", "--partner", "borg"]).await.len(), 1);
    assert!(desk.list(&["cases", "list", "--in", "resolved"]).await.is_empty());
    let documents = desk.list(&["documents", "list", "--in", "pending", "--partner", "acme"]).await;
    assert!(documents[0]["created_at"].is_string(), "{documents:#?}");
    assert_eq!(ids(&documents), ["D-1"]);
    assert_eq!((&documents[0]["case"], &documents[0]["case_reference"]), (&json!("C-1"), &json!("CASE-1")));
    let table = desk.run(&["documents", "list"]).await;
    assert!(table.out.contains("CASE-1") && !table.out.contains("C-1 "), "{table:?}");
    assert!(desk.list(&["threads", "list"]).await.is_empty());
    let refused = desk.run(&["partners", "list", "--in", "open"]).await;
    assert_eq!(refused.code, Some(2), "{refused:?}");
    let refused = desk.run(&["milestones", "list", "--in", "reached,achieved"]).await;
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(refused.err.contains("achieved") && refused.err.contains("withdrawn"), "{refused:?}");

    // One of them: by its id or what people call it, and whose where that is not clear.
    for name in ["C-1", "CASE-1"] {
        let which = desk.run(&["cases", "show", name]).await;
        assert_eq!(which.code, Some(1), "{which:?}");
        assert!(which.err.contains("ACME (acme)") && which.err.contains("BORG (borg)"), "{which:?}");
        let one = desk.json(&["cases", "show", name, "--partner", "borg"]).await;
        assert_eq!((&one["id"], &one["partner"]["id"]), (&json!("C-1"), &json!("borg")));
        assert_eq!(one["timeline"][0]["what"], "case_opened", "{one:#}");
    }
    let reached = desk.json(&["milestones", "show", "acme/profile_approved"]).await;
    assert_eq!(reached["state"], "reached", "{reached:#}");
    assert_eq!(reached["late"], false, "{reached:#}");
    assert!(desk.list(&["milestones", "list", "--in", "late"]).await.is_empty());
    // In words: what it is called, facts in a column, and what happened at the end.
    let shown = desk.run(&["cases", "show", "CASE-1", "--partner", "acme"]).await.out;
    assert!(shown.starts_with("CASE-1  Price on an invoice\n  State "), "{shown}");
    assert!(shown.contains("  Partner   ACME (acme)\n"), "{shown}");
    let (_, timeline) = shown.split_once("\nTimeline\n").unwrap();
    assert!(timeline.contains("CASE-1 opened: Price on an invoice."), "{shown}");

    // Tasks by what they are and whose.
    let reviews = desk.list(&["tasks", "list", "--kind", "review"]).await;
    assert_eq!(reviews.len(), 1, "{reviews:#?}");
    assert_eq!(reviews[0]["about"], "D-1");
    let review = reviews[0]["id"].as_str().unwrap();
    let done = desk.run(&["tasks", "done", review]).await;
    assert_eq!(done.code, Some(1), "{done:?}");
    assert!(done.err.contains("invoice.pdf of ACME still waits for its review."), "{done:?}");
    assert!(done.err.contains("--anyway"), "{done:?}");
    assert_eq!(desk.json(&["tasks", "show", review]).await["state"], "open");
    assert!(desk.list(&["tasks", "list", "--kind", "sync"]).await.is_empty());
    assert_eq!(desk.run(&["tasks", "list", "--kind", "nonsense"]).await.code, Some(2));
    assert_eq!(desk.list(&["tasks", "list", "--partner", "borg", "--in", "open"]).await.len(), 1);

    // Everything about one partner, and whether the desk is ready for it.
    let detail = desk.json(&["partners", "show", "acme"]).await;
    assert_eq!(detail["open"], json!({ "alerts": 0, "cases": 1, "reviews": 1, "threads": 0, "tasks": 2 }));
    assert_eq!(detail["cases"][0]["id"], "C-1");
    assert_eq!(detail["reviews"][0]["id"], "D-1");
    assert_eq!(detail["milestones"][0]["milestone"], "profile_approved");
    let check = desk.run(&["check", "--partner", "acme", "--json"]).await;
    assert_eq!(check.code, Some(1), "{check:?}");
    assert_eq!(check.json()["problems"].as_array().unwrap().len(), 2, "no coordinator, no contact");
    let contact = "\n[[contact]]\nid = \"c\"\npartner_id = \"acme\"\nname = \"Rita Ames\"\nphones = [\"+49 151 23456702\"]\n";
    let ready = format!(
        "{SMALL}\n[[assign]]\nrole = \"coordinator\"\nperson = \"ann\"\npartner = \"acme\"\n{contact}"
    );
    desk.configure(&ready);
    let ran = desk.run(&["config", "apply"]).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let check = desk.run(&["check", "--partner", "acme"]).await;
    assert_eq!(check.code, Some(0), "{check:?}");
    assert!(check.out.contains("Rita Ames") && check.out.contains("policy urgent"), "{check:?}");
    desk.stop().await;
    let check = desk.run(&["check", "--partner", "acme"]).await;
    assert!(check.out.contains("no agent answers, so only the configuration was looked at"), "{check:?}");
}

/// Half past six is that of the asker, wherever their machine is; else that of the desk.
#[tokio::test]
async fn times_are_typed_and_shown_in_the_askers_zone() {
    let mut desk = Desk::new(SMALL);
    desk.start().await;
    desk.raise(&exception("1")).await;
    let away = [("TZ", "America/New_York")];
    let snoozed = async |zone: &str| {
        let ran = desk.run_by(&[], &["snooze", "A1", "--until", "06:30"], &away).await;
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let until = desk.json(&["alerts", "show", "A1"]).await["snoozed_until"].as_str().unwrap().to_owned();
        let local = until.parse::<jiff::Timestamp>().unwrap().in_tz(zone).unwrap();
        assert_eq!(local.strftime("%H:%M").to_string(), "06:30", "{until}");
        let listed = desk.run_by(&[], &["alerts", "list"], &away).await;
        assert!(listed.out.contains(&local.strftime("06:30 %Z").to_string()), "{listed:?}");
    };
    snoozed("Europe/Berlin").await;

    let login = uzers::get_current_username().unwrap().into_string().unwrap();
    let me = format!(
        "\n[[person]]\nid = \"{login}\"\nname = \"Me\"\nrole = \"admin\"\ntime_zone = \"Asia/Tokyo\"\n"
    );
    desk.configure(&format!("{SMALL}{me}"));
    let ran = desk.run(&["config", "apply"]).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    snoozed("Asia/Tokyo").await;
}

#[tokio::test]
async fn whoever_scrolls_below_the_first_screen_finds_who_was_told_there_too() {
    use nightdesk::console::link::AgentLink;
    use nightdesk::console::message::Msg;
    use nightdesk::core::id::AlertId;
    use nightdesk::core::notification::Notification;
    use nightdesk::wire::client::{Client, LinkError};
    const MANY: usize = 75;
    let mut desk = Desk::new(SMALL);
    desk.start().await;
    for n in 0..MANY {
        let mut raised = exception(&format!("x{n}"));
        raised["data"]["partner"]["id"] = json!(format!("partner-{n}"));
        desk.raise(&raised).await;
    }
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let client = Client::new(desk.state().join("run/agent.sock"));
    let listening = tokio::spawn(AgentLink::new(client.clone(), tell).listen());
    let Some(Msg::Snapshot(snapshot)) = told.recv().await else { panic!("no snapshot came first") };
    assert_eq!(snapshot.alerts.len(), MANY);
    let about = |messages: &[Notification]| -> BTreeSet<AlertId> {
        messages.iter().flat_map(Notification::ever_about).collect()
    };
    let (first, below) = snapshot.alerts.split_at(snapshot.told);
    assert!(
        !below.is_empty() && first.iter().all(|alert| about(&snapshot.notifications).contains(&alert.id))
    );
    let mut missing: BTreeSet<AlertId> = below.iter().map(|alert| alert.id).collect();
    while !missing.is_empty() {
        if let Msg::Told(answer) = told.recv().await.unwrap() {
            missing = &missing - &about(&answer.unwrap());
        }
    }
    listening.abort();
    let too_many: Vec<String> = (1..=101).map(|n| format!("A{n}")).collect();
    let refused = client.get::<Vec<Notification>>(&format!("/v1/told?of={}", too_many.join(","))).await;
    assert!(matches!(&refused, Err(LinkError::Refused { status: 400, .. })), "{refused:?}");
}

#[tokio::test]
async fn what_a_contact_could_not_get_leaves_once_they_can() {
    let mut desk = Desk::new(SMALL);
    desk.start().await;
    let partner = json!({ "id": "acme", "name": "ACME" });
    let ana = |version: &str, active: bool| {
        json!({ "contact": { "id": "ana", "version": version, "partner_id": "acme", "name": "Ana López",
            "emails": ["ana@acme.example"], "locale": "en", "active": active }, "partner": partner })
    };
    let status = |status: &str| {
        json!({ "case": { "id": "c1", "reference": "DSP-1" }, "status": status, "partner": partner,
            "opened_by": { "contact_id": "ana" } })
    };
    let mails = async |state: &str| desk.list(&["notifications", "list", &format!("state:{state}")]).await;
    desk.raise(&flow("community.contact.changed", "1", ana("1", false))).await;
    desk.raise(&flow("community.case.status_changed", "2", status("received"))).await;
    desk.raise(&flow("community.case.status_changed", "3", status("under_review"))).await;
    until("both to be stopped", async || (mails("suppressed").await.len() == 2).then_some(())).await;
    assert_eq!(desk.list(&["tasks", "list", "kind:fix", "state:open"]).await.len(), 1);
    desk.raise(&flow("community.contact.changed", "4", ana("2", true))).await;
    let sent = until("the last word to leave", async || mails("accepted").await.into_iter().next()).await;
    assert!(sent["content"]["body"].as_str().unwrap().contains("under review"), "{sent:#}");
    assert!(sent["reason"]["via"].as_str().unwrap().contains("did not arrive"), "{sent:#}");
    assert_eq!(desk.list(&["notifications", "list"]).await.len(), 3, "and nothing else");
    assert_eq!(desk.list(&["tasks", "list", "kind:fix", "state:open"]).await, Vec::<Value>::new());
}
