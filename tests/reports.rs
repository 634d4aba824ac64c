//! What becomes of mail, told by real mail servers: a real Postfix that bounces, delivers and passes on, and its
//! reports come back to a real agent. The test with it is ignored unless asked for; it needs the Debian package
//! `postfix` and root.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/desk.rs"]
#[allow(dead_code)]
mod desk;
#[path = "support/fake_smtp.rs"]
#[allow(dead_code)]
mod fake_smtp;
#[path = "support/peer.rs"]
#[allow(dead_code)]
mod peer;
#[path = "support/smtp.rs"]
#[allow(dead_code)]
mod smtp_peer;

use desk::{Desk, http};
use fake_smtp::FakeSmtp;
use peer::until;
use serde_json::{Value, json};
use smtp_peer::{PASSWORD, Postfix, USER};
use std::path::Path;

const PEOPLE: &str = r#"
[[person]]
id = "lena"
name = "Lena Orth"
role = "responder"
email = "gone@example.net"

[[assign]]
role = "coordinator"
person = "lena"

[[policy]]
name = "urgent"
steps = [{ after = "0s", notify = ["person:lena"] }]
last_resort = { every = "6h", notify = ["person:lena"] }

[catch_all]
policy = "urgent"

[[contact]]
id = "ana"
partner_id = "acme"
name = "Ana Lopez"
emails = ["nobody@example.net"]
phones = ["+34612345678"]

[[contact]]
id = "ben"
partner_id = "acme"
name = "Ben Ott"
emails = ["ann@example.net"]

[[contact]]
id = "zoe"
partner_id = "acme"
name = "Zoe Kay"
emails = ["zoe@away.example"]
"#;

fn event(id: &str, kind: &str, mut data: Value) -> Value {
    data["partner"] = json!({ "id": "acme", "name": "Acme Tools" });
    json!({ "specversion": "1.0", "id": id, "source": "urn:test:community",
        "type": format!("community.{kind}"), "time": "2026-11-20T10:00:00Z", "data": data })
}

/// A case that Ana opened, and whose watchers are the others.
fn opened(id: &str) -> Value {
    let case =
        json!({ "id": id, "reference": format!("DSP-{id}"), "kind": "dispute", "title": "Short delivery" });
    let data = json!({ "case": case, "priority": "normal", "opened_by": { "contact_id": "ana" },
        "watchers": ["ben", "zoe"] });
    event(&format!("open-{id}"), "case.opened", data)
}

fn moved(case: &str, status: &str) -> Value {
    event(
        &format!("{case}-{status}"),
        "case.status_changed",
        json!({ "case": { "id": case }, "status": status }),
    )
}

/// The messages to somebody, the oldest first.
async fn to(desk: &Desk, who: &str) -> Vec<Value> {
    let mut all = desk.list(&["notifications", "list", "--limit", "1000"]).await;
    all.retain(|n| n["recipient"]["id"] == who);
    all.reverse();
    all
}

fn arrives(maildir: &Path, name: &str, letter: &str) {
    std::fs::write(maildir.join("tmp").join(name), letter).unwrap();
    std::fs::rename(maildir.join("tmp").join(name), maildir.join("new").join(name)).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs postfix"]
async fn what_postfix_bounces_goes_another_way_and_what_it_delivers_or_relays_is_proven() {
    // It offers no reports, so Postfix says that it passed the mail on and knows no more.
    let away = FakeSmtp::start(&["8BITMIME"]).await;
    let postfix = Postfix::that_reports(away.address.port()).await;
    let mut desk = Desk::with_environment("", &[("MAIL_PASSWORD", PASSWORD)]);
    desk.configure(&format!(
        r#"
[replies]
address = "desk@example.net"
maildir = "{}"

[[channel]]
name = "mail"
kind = "smtp"
host = "localhost"
port = {}
tls = "starttls"
user = "{USER}"
password = {{ env = "MAIL_PASSWORD" }}
ca_file = "{}"
from = "desk@example.net"
receipts = true

[[channel]]
name = "texts"
kind = "spool"
carries = ["sms"]
{PEOPLE}"#,
        postfix.maildir("desk").display(),
        postfix.port,
        postfix.ca_file.display(),
    ));
    desk.start().await;
    desk.raise(&opened("c1")).await;
    desk.raise(&moved("c1", "under_review")).await;

    let bounced = until("Ana's mail to bounce", async || {
        to(&desk, "ana").await.into_iter().find(|n| n["state"] == "bounced")
    })
    .await;
    let id = bounced["id"].as_str().unwrap();
    let shown = desk.json(&["notifications", "show", id]).await;
    let said = shown["evidence"].as_array().unwrap().iter().find(|e| e["rung"] == "bounced").unwrap().clone();
    assert_eq!(said["by"], "mail server", "{shown:#}");
    assert!(
        said["detail"]
            .as_str()
            .unwrap()
            .starts_with("there is no such mailbox; correct the address (failed 5.1.1"),
        "{said:#}"
    );
    let text =
        until("the same by text", async || to(&desk, "ana").await.into_iter().find(|n| n["medium"] == "sms"))
            .await;
    assert!(text["reason"]["via"].as_str().unwrap().contains(&format!("{id} failed")), "{text:#}");

    // The address is dead: what comes next does not even try it, and somebody is asked to mend it.
    let found = desk.run(&["check", "--json"]).await.json();
    let dead = found
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["contact"] == "ana")
        .unwrap_or_else(|| panic!("{found:#}"));
    assert_eq!((&dead["medium"], &dead["cause"]), (&json!("email"), &json!("dead")));
    let fixes = desk.list(&["tasks", "list", "--kind", "fix"]).await;
    let title = |who: &str| fixes.iter().any(|task| task["title"].as_str().unwrap().starts_with(who));
    assert!(title("Ana Lopez: Email failed"), "{fixes:#?}");
    desk.raise(&moved("c1", "approved")).await;
    until("the next news by text", async || {
        let all = to(&desk, "ana").await;
        let last = all.last()?;
        (last["medium"] == "sms" && last["state"] == "accepted" && last["id"] != text["id"]).then_some(())
    })
    .await;

    // Nobody of the desk is left out: Lena's mailbox is gone as well.
    until("a task about Lena's mailbox", async || {
        let fixes = desk.list(&["tasks", "list", "--kind", "fix"]).await;
        fixes
            .iter()
            .any(|task| task["title"].as_str().unwrap().starts_with("Lena Orth: Email bounced"))
            .then_some(())
    })
    .await;

    let delivered = until("Ben's mail to be proven", async || {
        to(&desk, "ben").await.into_iter().find(|n| n["state"] == "delivered")
    })
    .await;
    until("Zoe's mail to be passed on", async || {
        to(&desk, "zoe").await.into_iter().find(|n| n["state"] == "sent")
    })
    .await;
    assert!(away.taken().iter().any(|mail| mail.rcpt_to.contains("zoe@away.example")));

    // Whoever has no token of ours changes nothing, though the report be perfect.
    let seen = postfix.maildir("desk").join("cur");
    let report = until("the report on Ben's mail to be put away", async || {
        let files = std::fs::read_dir(&seen).ok()?;
        let mut letters = files.filter_map(|file| std::fs::read_to_string(file.ok()?.path()).ok());
        letters.find(|letter| letter.contains("Action: delivered") && letter.contains("ann@example.net"))
    })
    .await;
    let forged =
        report.replace("Action: delivered", "Action: failed").replace("Status: 2.", "Status: 5.1.1\nX-Was: ");
    let token = |letter: &str| letter.split("desk+").nth(1).unwrap().split('@').next().unwrap().to_owned();
    let forged = forged.replace(&token(&report), &token(&report).replace(['a', 'e', 'x', '2', '3'], "y"));
    arrives(&postfix.maildir("desk"), "1700000000.forged.host", &forged);
    // And heard twice, it is heard once.
    arrives(&postfix.maildir("desk"), "1700000000.twice.host", &report);
    until("both to be read", async || {
        let names: Vec<String> = std::fs::read_dir(&seen)
            .unwrap()
            .map(|f| f.unwrap().file_name().into_string().unwrap())
            .collect();
        ["forged", "twice"].iter().all(|word| names.iter().any(|name| name.contains(word))).then_some(())
    })
    .await;
    let after = desk.json(&["notifications", "show", delivered["id"].as_str().unwrap()]).await;
    assert_eq!((&after["state"], &after["evidence"]), (&json!("delivered"), &delivered["evidence"]));
    desk.stop().await;
}

#[tokio::test]
async fn mail_that_waits_for_reports_with_no_mailbox_for_them_is_warned_of() {
    let channel =
        "[[channel]]\nname = \"mail\"\nkind = \"smtp\"\nhost = \"localhost\"\nfrom = \"desk@example.net\"\n";
    let desk = Desk::new("");
    for (receipts, wanted) in [("receipts = true\n", 1), ("", 0)] {
        desk.configure(&format!("{channel}{receipts}{PEOPLE}"));
        let found = desk.run(&["check", "--json"]).await.json();
        let warned = found.as_array().unwrap().iter().filter(|one| one["finding"] == "no_way_back");
        assert_eq!(warned.filter(|one| one["severity"] == "warning").count(), wanted, "{found:#}");
    }
}

/// The mails that the spool holds for this address.
fn mails(desk: &Desk, address: &str) -> Vec<String> {
    let files = std::fs::read_dir(desk.state().join("outbox")).into_iter().flatten().flatten();
    let mails = files.map(|file| file.path()).filter(|path| path.extension().is_some_and(|e| e == "eml"));
    let texts = mails.filter_map(|path| std::fs::read_to_string(path).ok());
    texts.filter(|text| text.contains(&format!("<{address}>"))).collect()
}

#[tokio::test]
async fn one_click_ends_a_contacts_mails_a_look_does_not_and_the_ledger_tells() {
    let mut desk = Desk::new("");
    let maildir = desk.state().parent().unwrap().join("replies");
    for folder in ["new", "cur", "tmp"] {
        std::fs::create_dir_all(maildir.join(folder)).unwrap();
    }
    let config = format!(
        "[desk]\nname = \"Night <desk>\"\n\n[intake]\nlisten = \"127.0.0.1:{}\"\npublic_url = \"https://desk.example.net\"\n\n\
         [[source]]\nname = \"lan\"\n\n[replies]\naddress = \"desk@example.net\"\nmaildir = \"{}\"\n\n\
         [[channel]]\nname = \"spool\"\nkind = \"spool\"\n{PEOPLE}",
        desk.port,
        maildir.display()
    );
    std::fs::write(desk.config(), config).unwrap();
    desk.start().await;
    desk.raise(&opened("c1")).await;
    desk.raise(&moved("c1", "under_review")).await;
    let mail = until("Ben's mail", async || mails(&desk, "ann@example.net").pop()).await;
    assert!(mail.contains("\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"), "{mail}");
    let link =
        mail.split("List-Unsubscribe: <https://desk.example.net").nth(1).unwrap().split('>').next().unwrap();
    // Nobody of the desk unsubscribes from their work.
    let lenas = until("Lena's mail", async || mails(&desk, "gone@example.net").pop()).await;
    assert!(!lenas.contains("List-Unsubscribe"), "{lenas}");

    let http = http();
    let wants = async || desk.json(&["contacts", "show", "ben"]).await["channels"].clone();
    let ledger = async || desk.list(&["consent", "list", "--contact", "ben"]).await;
    for path in [
        link.replace("/v1/unsubscribe/", "/v1/unsubscribe/9"),
        "/v1/unsubscribe/x".into(),
        format!("{link}{}", "0".repeat(5000)),
    ] {
        let answer = http.post(desk.url(&path)).body("List-Unsubscribe=One-Click").send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 404, "{path}");
    }
    let page = http.get(desk.url(link)).send().await.unwrap();
    assert_eq!(
        (page.status().as_u16(), &page.headers()["cache-control"]),
        (200, &"no-store".parse().unwrap())
    );
    let page = page.text().await.unwrap();
    assert!(page.contains("<form method=\"post\"") && page.contains("Night &lt;desk&gt;"), "{page}");
    assert_eq!((wants().await, ledger().await), (json!({}), vec![]), "a look changes nothing");

    let mut back = String::new();
    for _ in 0..2 {
        let done = http.post(desk.url(link)).body("List-Unsubscribe=One-Click").send().await.unwrap();
        assert_eq!(done.status().as_u16(), 200);
        back = done
            .text()
            .await
            .unwrap()
            .split("../subscribe/")
            .nth(1)
            .unwrap()
            .split('"')
            .next()
            .unwrap()
            .to_owned();
    }
    assert_eq!(wants().await, json!({ "case_updates": [] }));
    let entries = ledger().await;
    assert_eq!(entries.len(), 1, "{entries:#?}");
    let entry = &entries[0];
    assert_eq!(
        [&entry["state"], &entry["category"], &entry["means"], &entry["address"]],
        ["out", "case_updates", "one_click", "ann@example.net"]
    );
    let set = desk.run(&["contacts", "set", "ben", "channels.case_updates=email"]).await;
    assert_eq!(set.code, Some(1), "{set:?}");
    desk.raise(&moved("c1", "approved")).await;
    until("Ben's next message to be held back", async || {
        to(&desk, "ben").await.last().filter(|n| n["state"] == "suppressed").map(drop)
    })
    .await;
    let shown = desk.run(&["contacts", "show", "ben"]).await.out;
    assert!(shown.contains("no email about case updates, by one click"), "{shown}");

    let done = http.post(desk.url(&format!("/v1/subscribe/{back}"))).send().await.unwrap();
    assert_eq!(done.status().as_u16(), 200);
    assert_eq!((wants().await, ledger().await.len()), (json!({ "case_updates": ["email"] }), 2));
    // By mail, for programs that know no other way.
    let mailbox = mail.split("<mailto:").nth(1).unwrap().split('?').next().unwrap().to_owned();
    let letter = format!(
        "From: <ann@example.net>\r\nTo: <{mailbox}>\r\nSubject: unsubscribe\r\nMessage-ID: <u1@example.net>\r\n\r\n"
    );
    arrives(&maildir, "1700000000.u1.host", &letter);
    until("the mailed wish to be kept", async || (ledger().await.len() == 3).then_some(())).await;
    assert_eq!(ledger().await[0]["means"], "mail");

    // Ana tells her provider that a mail was unwanted. What only looks like it changes nothing.
    let anas = until("Ana's mail", async || mails(&desk, "nobody@example.net").pop()).await;
    let reply_to = anas.split("Reply-To: ").nth(1).unwrap().split("\r\n").next().unwrap().to_owned();
    let complaint = |id: &str, reply_to: &str| {
        format!(
            "From: <fbl@isp.example>\r\nTo: <desk@example.net>\r\nMessage-ID: <{id}@isp.example>\r\nMIME-Version: 1.0\r\n\
             Content-Type: multipart/report; report-type=feedback-report; boundary=f\r\n\r\n--f\r\nContent-Type: \
             message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nVersion: 1\r\n\r\n--f\r\nContent-Type: \
             message/rfc822\r\n\r\nReply-To: {reply_to}\r\nSubject: News\r\n\r\nText\r\n--f--\r\n"
        )
    };
    arrives(&maildir, "1700000001.c1.host", &complaint("c1", "<desk+1-aaaaaaaaaaaaaaaa@example.net>"));
    arrives(&maildir, "1700000002.c2.host", &complaint("c2", &reply_to));
    until("Ana's complaint to count", async || {
        let ana = desk.json(&["contacts", "show", "ana"]).await;
        (ana["opted_out"] == json!(["email"])).then_some(())
    })
    .await;
    let ana = desk.list(&["consent", "list", "--address", "Nobody@example.net"]).await;
    assert_eq!(
        [&ana[0]["means"], &ana[0]["contact"], &ana[0]["evidence"]],
        ["complaint", "ana", "mail:c2@isp.example"]
    );
    assert_eq!(desk.list(&["consent", "list"]).await.len(), 4, "nobody else said a word");
    let fixes = desk.list(&["tasks", "list", "--kind", "fix"]).await;
    assert!(fixes[0]["title"].as_str().unwrap().starts_with("Ana Lopez complained of N"), "{fixes:#?}");

    // A STOP that anybody may have written is a question to Ben, and his link the answer.
    let stop =
        "From: <ann@example.net>\r\nTo: <desk@example.net>\r\nMessage-ID: <s1@example.net>\r\n\r\nSTOP\r\n";
    arrives(&maildir, "1700000003.s1.host", stop);
    let question = until("the question", async || {
        mails(&desk, "ann@example.net").into_iter().find(|mail| mail.contains("STOP: https://"))
    })
    .await;
    let link = question.split("STOP: https://desk.example.net").nth(1).unwrap();
    let link = link.split_whitespace().next().unwrap().replace("=\r\n", "");
    let opted_out = async || desk.json(&["contacts", "show", "ben"]).await["opted_out"].clone();
    let page = http.get(desk.url(&link)).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("<form method=\"post\""), "{page}");
    assert_eq!((opted_out().await, ledger().await.len()), (json!([]), 3), "asked, and looked at");
    let done = http.post(desk.url(&link)).send().await.unwrap();
    assert_eq!((done.status().as_u16(), opted_out().await), (200, json!(["email"])));
    assert_eq!(ledger().await[0]["means"], "link");
    let fixes = desk.list(&["tasks", "list", "--kind", "fix", "state:done"]).await;
    assert!(fixes[0]["title"].as_str().unwrap().starts_with("Ben "), "{fixes:#?}");
    let back = done.text().await.unwrap();
    let back = back.split("../subscribe/").nth(1).unwrap().split('"').next().unwrap();
    http.post(desk.url(&format!("/v1/subscribe/{back}"))).send().await.unwrap();
    assert_eq!(opted_out().await, json!([]));

    // What an operator writes down is kept as such.
    desk.run(&["contacts", "set", "zoe", "opted_out=email"]).await;
    let zoe = desk.list(&["consent", "list", "--contact", "zoe"]).await;
    assert_eq!([&zoe[0]["state"], &zoe[0]["means"]], ["out", "operator"]);
    desk.stop().await;
}
