//! What people write back, through a real SMS gateway and out of a mailbox, against a real agent.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/desk.rs"]
#[allow(dead_code)]
mod desk;
#[path = "support/kannel.rs"]
#[allow(dead_code)]
mod kannel;
#[path = "support/peer.rs"]
mod peer;

use desk::{Desk, exception, http};
use kannel::{KannelGateway, PASSWORD, USER};
use peer::until;
use serde_json::Value;

const MARIA: &str = "+4915123456701";
const JONAS: &str = "+4915123456702";

const PEOPLE: &str = r#"
[[person]]
id = "maria"
name = "Maria Weber"
role = "responder"
phone = "+4915123456701"
email = "maria@example.net"

[[person]]
id = "jonas"
name = "Jonas Roth"
role = "responder"
phone = "+4915123456702"

[[policy]]
name = "urgent"
steps = [{ after = "0s", notify = ["person:maria", "person:jonas"] }]
last_resort = { every = "10m", notify = ["person:maria"] }

[catch_all]
policy = "urgent"

[[contact]]
id = "ana"
partner_id = "acme"
name = "Ana Lopez"
phones = ["+34612345678"]
"#;

/// The texts that handsets with this number got.
fn texts(gateway: &KannelGateway, to: &str) -> Vec<String> {
    let to = to.trim_start_matches('+');
    let mine =
        |line: &String| line.split(' ').nth(1).is_some_and(|number| number.trim_start_matches('+') == to);
    gateway.received().into_iter().filter(mine).collect()
}

/// The code at the end of a page.
fn code(page: &str) -> String {
    page.rsplit([' ', '+']).next().unwrap().to_owned()
}

/// Where an answer to a mail goes.
fn reply_address(mail: &str) -> String {
    let line = mail.lines().find_map(|line| line.strip_prefix("Reply-To: ")).unwrap();
    line.split(['<', '>']).nth(1).unwrap().to_owned()
}

async fn alert(desk: &Desk) -> Value {
    desk.list(&["alerts", "list"]).await.remove(0)
}

#[tokio::test]
#[ignore = "needs kannel"]
async fn a_text_through_kannel_takes_the_alert_once_and_a_forged_one_changes_nothing() {
    // The agent listens before the gateway looks for ports of its own.
    let spool = "[[channel]]\nname = \"spool\"\nkind = \"spool\"\n";
    let mut desk = Desk::with_environment(
        &format!("{spool}{PEOPLE}"),
        &[("KANNEL_PASSWORD", PASSWORD), ("INBOUND", "open sesame")],
    );
    desk.start().await;
    let mut gateway =
        KannelGateway::start_with_replies(&desk.url("/v1/inbound/sms?secret=open%20sesame")).await;
    let channel = format!(
        "[[channel]]\nname = \"sms\"\nkind = \"kannel\"\nurl = \"{}\"\nuser = \"{USER}\"\nfrom = \"12345\"\n\
         password = {{ env = \"KANNEL_PASSWORD\" }}\ninbound_secret = {{ env = \"INBOUND\" }}\nreceipts = true\n",
        gateway.url
    );
    desk.configure(&(channel + PEOPLE));
    assert_eq!(desk.run(&["config", "apply"]).await.code, Some(0));
    desk.raise(&exception("1")).await;
    let page = until("both to be paged", async || {
        (!texts(&gateway, JONAS).is_empty()).then(|| texts(&gateway, MARIA).first().cloned())?
    })
    .await;
    let code = code(&page);

    for (query, why) in [
        (format!("?secret=guess&from=%2B4915123456701&id=f1&text=ack+{code}"), 403),
        (format!("?from=%2B4915123456701&id=f2&text=ack+{code}"), 403),
        (format!("?secret=open%20sesame&from=nobody&id=f3&text=ack+{code}"), 400),
        (format!("?secret=open%20sesame&from=%2B4915123456702&id=f4&text=ack+{code}"), 200),
    ] {
        let answer = http().get(desk.url(&format!("/v1/inbound/sms{query}"))).send().await.unwrap();
        assert_eq!(
            (answer.status().as_u16(), alert(&desk).await["state"].as_str()),
            (why, Some("open")),
            "{query}"
        );
    }

    gateway.says(MARIA, &format!("Ack {code} 45"));
    until("Maria to have it", async || (alert(&desk).await["holder"] == "maria").then_some(())).await;
    let answer = until("Maria's answer", async || texts(&gateway, MARIA).get(1).cloned()).await;
    assert!(answer.contains("You took A1") || answer.contains("You+took+A1"), "{answer}");

    // Kannel asks again where it heard no answer: the same reply acts once.
    for _ in 0..2 {
        let query = "?secret=open%20sesame&from=%2B4915123456702&id=again&text=esc";
        let answer = http().get(desk.url(&format!("/v1/inbound/sms{query}"))).send().await.unwrap();
        assert_eq!((answer.status().as_u16(), answer.text().await.unwrap().as_str()), (200, ""));
    }
    let escalated = desk.run(&["alerts", "show", "A1"]).await.out.matches("escalates to").count();
    assert_eq!(escalated, 1);

    gateway.says("+34612345678", "STOP please");
    until("Ana's word to be kept", async || {
        let ana = desk.json(&["contacts", "show", "ana"]).await;
        (ana["opted_out"] == serde_json::json!(["sms"])).then_some(())
    })
    .await;
    until("Ana's confirmation", async || (texts(&gateway, "+34612345678").len() == 1).then_some(())).await;
    gateway.says("+34612345678", "START");
    until("Ana's other word to be kept", async || {
        let ana = desk.json(&["contacts", "show", "ana"]).await;
        (ana["opted_out"] == serde_json::json!([])).then_some(())
    })
    .await;
    desk.stop().await;
}

#[tokio::test]
async fn a_mailed_reply_acts_by_its_token_and_sender_and_no_machine_s_does() {
    let mut desk = Desk::new("");
    let maildir = desk.state().parent().unwrap().join("replies");
    for folder in ["new", "cur", "tmp"] {
        std::fs::create_dir_all(maildir.join(folder)).unwrap();
    }
    let head = format!(
        "[replies]\naddress = \"desk@example.net\"\nmaildir = \"{}\"\n\n[[channel]]\nname = \"spool\"\nkind = \"spool\"\n",
        maildir.display()
    );
    desk.configure(&(head + PEOPLE));
    desk.start().await;
    desk.raise(&exception("1")).await;
    let outbox = desk.state().join("outbox");
    let got = |what: &str| -> Vec<String> {
        let files = std::fs::read_dir(&outbox).into_iter().flatten().flatten().map(|file| file.path());
        let mails = files.filter(|path| path.extension().is_some_and(|e| e == "eml"));
        let read = mails.filter_map(|path| std::fs::read_to_string(path).ok());
        read.filter(|mail| mail.contains("maria@example.net") && mail.contains(what)).collect()
    };
    let mail = until("Maria's mail", async || got("").pop()).await;
    let reply_to = reply_address(&mail);
    assert!(reply_to.starts_with("desk+") && reply_to.ends_with("@example.net"), "{reply_to}");

    let mut count = 0;
    let mut arrives = |from: &str, to: &str, header: &str, text: &str| {
        count += 1;
        let letter = format!(
            "{header}From: <{from}>\r\nTo: <{to}>\r\nSubject: Re: page\r\nMessage-ID: <m{count}@example.net>\r\n\r\n{text}\r\n"
        );
        let name = format!("1700000000.{count}.host");
        std::fs::write(maildir.join("tmp").join(&name), letter).unwrap();
        std::fs::rename(maildir.join("tmp").join(&name), maildir.join("new").join(&name)).unwrap();
    };
    arrives("eve@example.org", &reply_to, "", "ack");
    arrives("maria@example.net", "desk@example.net", "", "resolve it is over");
    arrives("maria@example.net", "desk@example.net", "", "STOP");
    arrives("maria@example.net", &reply_to, "Auto-Submitted: auto-replied\r\n", "ack");
    arrives("maria@example.net", &reply_to.replace("desk+", "desk+9"), "", "ack");
    let emptied = || std::fs::read_dir(maildir.join("new")).unwrap().count() == 0;
    until("the letters to be read", async || emptied().then_some(())).await;
    let untouched = alert(&desk).await;
    assert_eq!((&untouched["state"], &untouched["holder"]), (&"open".into(), &Value::Null), "{untouched:#}");
    // Asked once, whoever it was.
    arrives("maria@example.net", "desk@example.net", "", "stop");
    let asked = "STOP came from this address";
    let question = until("the question", async || got(asked).pop()).await;
    until("the letters to be read", async || emptied().then_some(())).await;
    assert_eq!(got(asked).len(), 1);
    let fixes = desk.list(&["tasks", "list"]).await;
    let [task] = &fixes[..] else { panic!("{fixes:#?}") };
    assert!(task["title"].as_str().unwrap().starts_with("Maria Weber: STOP came by a mail"), "{task:#}");
    arrives("Maria@example.net", &reply_to, "", "Ack 30\r\n\r\nOn Tuesday Night desk wrote:\r\n> resolve");
    until("Maria to have it", async || (alert(&desk).await["holder"] == "maria").then_some(())).await;
    assert_eq!(alert(&desk).await["state"], "acknowledged");
    assert_eq!(desk.list(&["consent", "list"]).await, Vec::<Value>::new());
    arrives("maria@example.net", &reply_address(&question), "", "stop");
    until("Maria's word to be kept", async || {
        (desk.list(&["consent", "list"]).await.len() == 1).then_some(())
    })
    .await;
    desk.stop().await;
}
