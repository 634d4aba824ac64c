//! Mailed replies out of a folder of a real IMAP server (Dovecot), against a real agent: each is taken once,
//! whatever stops in between.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/desk.rs"]
#[allow(dead_code)]
mod desk;
#[path = "support/dovecot.rs"]
mod dovecot;
#[path = "support/peer.rs"]
mod peer;

use desk::{Desk, exception};
use dovecot::{Dovecot, PASSWORD, USER};
use peer::until;
use serde_json::Value;

const REST: &str = r#"
[[channel]]
name = "spool"
kind = "spool"

[[person]]
id = "maria"
name = "Maria Weber"
role = "responder"
email = "maria@example.net"

[[policy]]
name = "urgent"
steps = [{ after = "0s", notify = ["person:maria"] }]
last_resort = { every = "10m", notify = ["person:maria"] }

[catch_all]
policy = "urgent"
"#;

/// A desk that reads its replies there, with a page on its way to Maria; and where she answers it to.
async fn desk_at(server: &Dovecot, how: &str) -> (Desk, String) {
    let mut desk = Desk::with_environment("", &[("IMAP_PASSWORD", PASSWORD), ("WRONG", "guess")]);
    configure(&desk, server, how);
    desk.start().await;
    desk.raise(&exception("1")).await;
    let outbox = desk.state().join("outbox");
    let mail = until("Maria's mail", async || {
        let files = std::fs::read_dir(&outbox).ok()?.flatten();
        files
            .filter_map(|file| std::fs::read_to_string(file.path()).ok())
            .find(|text| text.contains("Reply-To: "))
    })
    .await;
    let reply_to = mail.lines().find_map(|line| line.strip_prefix("Reply-To: ")).unwrap();
    (desk, reply_to.split(['<', '>']).nth(1).unwrap().to_owned())
}

fn configure(desk: &Desk, server: &Dovecot, how: &str) {
    let how = how
        .replace("PLAIN_PORT", &server.port.to_string())
        .replace("TLS_PORT", &server.tls_port.to_string())
        .replace("CA", &server.ca_file.display().to_string());
    desk.configure(&format!(
        "[replies]\naddress = \"desk@example.net\"\nimap = {{ host = \"localhost\", user = \"{USER}\", {how} }}\n{REST}"
    ));
}

const TLS: &str = "port = TLS_PORT, ca_file = \"CA\", password = { env = \"IMAP_PASSWORD\" }";
const STARTTLS: &str =
    "port = PLAIN_PORT, tls = \"starttls\", ca_file = \"CA\", password = { env = \"IMAP_PASSWORD\" }";

fn letter(id: &str, to: &str, text: &str) -> String {
    let id = if id.is_empty() { String::new() } else { format!("Message-ID: <{id}@example.net>\r\n") };
    format!("From: <maria@example.net>\r\nTo: <{to}>\r\nSubject: Re: page\r\n{id}\r\n{text}\r\n")
}

/// How often somebody's reply has escalated the alert.
async fn escalated(desk: &Desk) -> usize {
    desk.run(&["alerts", "show", "A1"]).await.out.matches("escalates to").count()
}

async fn until_escalated(desk: &Desk, times: usize) {
    until("the replies to be taken", async || (escalated(desk).await == times).then_some(())).await;
}

async fn reading(desk: &Desk) -> Value {
    desk.json(&["agent", "status"]).await["desk"]["mailbox"].clone()
}

#[tokio::test]
#[ignore = "needs dovecot"]
async fn every_letter_of_an_imap_folder_is_taken_once_across_crashes_and_new_numbers() {
    let mut server = Dovecot::start().await;
    let (mut desk, to) = desk_at(&server, TLS).await;
    server.arrives(&letter("m1", &to, "esc"));
    until_escalated(&desk, 1).await;
    until("it to be marked as seen", async || (server.seen() == 1).then_some(())).await;

    // What arrives while nobody reads is taken by the next agent, each once; without a name, too.
    desk.kill();
    server.arrives(&letter("m2", &to, "esc"));
    server.arrives(&letter("", &to, "esc"));
    server.arrives(&letter("m2", &to, "esc"));
    desk.start().await;
    until_escalated(&desk, 3).await;
    until("all to be seen", async || (server.seen() == 4).then_some(())).await;

    // The server loses its numbers: what was seen stays taken, what was not is not lost.
    server.stop();
    server.renumber();
    server.arrives(&letter("m5", &to, "esc"));
    until("the agent to notice", async || (reading(&desk).await["state"] == "failing").then_some(())).await;
    let said = desk.run(&["agent", "status"]).await.out;
    assert!(said.contains("mailed replies, imap://desk@localhost") && said.contains("FAILING"), "{said}");
    server.run().await;
    until_escalated(&desk, 4).await;
    until("the last to be seen", async || (server.seen() == 5).then_some(())).await;
    assert_eq!(reading(&desk).await["state"], "working");

    // Something huge keeps nothing from being read; and what is read last comes after all before it.
    server.arrives(&letter("m6", &to, &"x".repeat(5 << 20)));
    server.arrives(&letter("m7", &to, "ack"));
    until("Maria to have it", async || {
        (desk.list(&["alerts", "list"]).await[0]["holder"] == "maria").then_some(())
    })
    .await;
    assert_eq!(escalated(&desk).await, 4);
    assert!(!desk.said().contains(PASSWORD));
    desk.stop().await;
}

#[tokio::test]
#[ignore = "needs dovecot"]
async fn an_imap_server_is_spoken_to_only_over_tls_that_is_verified_and_says_why_it_lets_nobody_in() {
    let mut server = Dovecot::start().await;
    let (mut desk, to) = desk_at(&server, STARTTLS).await;
    server.arrives(&letter("m1", &to, "esc"));
    until_escalated(&desk, 1).await;

    for (how, why) in [
        (TLS.replace("IMAP_PASSWORD", "WRONG"), "it does not let desk in"),
        (TLS.replace(", ca_file = \"CA\"", ""), "no TLS"),
        (STARTTLS.replace(", ca_file = \"CA\"", ""), "no TLS"),
        (format!("{TLS}, folder = \"Nowhere\""), "the folder \"Nowhere\" cannot be opened"),
        // A port that speaks TLS is no IMAP without it.
        (TLS.replace("port = TLS_PORT", "port = PLAIN_PORT"), "no TLS"),
    ] {
        configure(&desk, &server, &how);
        let applied = desk.run(&["config", "apply"]).await;
        assert_eq!(applied.code, Some(0), "{applied:?}");
        until(why, async || {
            let mailbox = reading(&desk).await;
            (mailbox["state"] == "failing" && mailbox["last_error"].as_str()?.contains(why)).then_some(())
        })
        .await;
    }
    let passwords = server.log().matches("auth failed").count();
    assert!(passwords <= 1, "a wrong password is not tried again at once: {}", server.log());

    configure(&desk, &server, TLS);
    assert_eq!(desk.run(&["config", "apply"]).await.code, Some(0));
    server.arrives(&letter("m2", &to, "ack"));
    until("Maria to have it", async || {
        (desk.list(&["alerts", "list"]).await[0]["holder"] == "maria").then_some(())
    })
    .await;
    assert_eq!(escalated(&desk).await, 1, "what another session took is not taken again");
    desk.stop().await;
}
