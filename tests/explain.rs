//! `nightdesk explain`, by the real binary: a dry run says what then happens, leaves nothing behind,
//! and what was decided can be asked for afterwards.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/desk.rs"]
#[allow(dead_code)]
mod desk;
#[path = "support/peer.rs"]
#[allow(dead_code)]
mod peer;

use desk::{Desk, exception, http, post};
use peer::until;
use serde_json::{Value, json};

const CONFIG: &str = r#"
[[source]]
name = "grid"

[[source.map]]
name = "trouble"
when = "body.trouble is defined"
type = "community.exception.raised"
id = "body.trouble.no"
data.exception = { id = "body.trouble.no", kind = "'blocked_order'", title = "body.trouble.what", deadline = "body.trouble.due | time" }
data.partner = { id = "body.from", name = "body.from" }
data.severity = "body.trouble.grade | lookup({'1': 'critical'})"

[[channel]]
name = "spool"
kind = "spool"

[[person]]
id = "ann"
name = "Ann Lee"
role = "responder"
phone = "+49 151 23456701"

[[rule]]
name = "invoices"
match = { kind = "invoice" }
quiet = true

[[policy]]
name = "urgent"
steps = [{ after = "0s", notify = ["person:ann"] }]
last_resort = { every = "1h", notify = ["person:ann"] }

[catch_all]
policy = "urgent"
"#;

fn file(desk: &Desk, name: &str, content: &Value) -> String {
    let path = desk.config().with_file_name(name);
    std::fs::write(&path, content.to_string()).unwrap();
    path.to_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_mapping_is_tried_without_an_agent_and_a_wrong_one_shows_the_failing_expression() {
    let desk = Desk::new(CONFIG);
    let good = file(
        &desk,
        "good.json",
        &json!({"from": "acme", "trouble": {"no": "7", "what": "Blocked", "grade": 1}}),
    );
    let explained = desk.json(&["explain", "--source", "grid", &good]).await;
    assert_eq!((&explained["state_known"], &explained["mapped_by"]), (&json!(false), &json!("trouble")));
    let event = &explained["events"][0];
    assert_eq!(event["event"]["data"]["severity"], "critical");
    assert_eq!(event["event"]["why"][0]["because"], "kind is blocked_order, the rule wants invoice");
    assert_eq!(event["notifications"][0]["recipient"]["name"], "Ann Lee");
    let said = desk.run(&["explain", "--source", "grid", &good]).await;
    assert!(
        said.out.contains("No agent answers") && said.out.contains("Ann Lee would get an SMS"),
        "{said:?}"
    );
    assert!(!desk.state().exists(), "a dry run made a state folder");

    let bad = file(
        &desk,
        "bad.json",
        &json!({"from": "acme", "trouble": {"no": "7", "what": "Blocked", "grade": 5}}),
    );
    let ran = desk.run(&["explain", "--source", "grid", &bad]).await;
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("data.severity") && ran.err.contains("`body.trouble.grade | lookup"), "{ran:?}");
    let unfit = file(&desk, "unfit.json", &json!({"hello": 1}));
    let ran = desk.run(&["explain", "--source", "grid", &unfit, "--json"]).await;
    assert_eq!((ran.code, &ran.json()["mapping_error"]["field"]), (Some(1), &json!("body")));

    let event = file(&desk, "event.json", &exception("1"));
    for (arguments, code, phrase) in [
        (vec!["explain", &good], 2, "--source NAME"),
        (vec!["explain", "--source", "lan", &good], 2, "has no [[source.map]]"),
        (vec!["explain", "--source", "nobody", &good], 2, "no source \"nobody\"; it has lan, grid"),
        (vec!["explain", "no-such-file"], 2, "cannot be read"),
        (vec!["explain", &event], 3, "no agent answers"),
        (vec!["explain", "event:E1"], 3, "no agent answers"),
    ] {
        let ran = desk.run(&arguments).await;
        assert_eq!(ran.code, Some(code), "{arguments:?}: {ran:?}");
        assert!(ran.err.contains(phrase), "{arguments:?}: {ran:?}");
    }
}

#[tokio::test]
async fn a_dry_run_says_what_then_happens_and_the_stored_trace_says_why() {
    let mut desk = Desk::new(CONFIG);
    desk.start().await;
    let payload =
        json!({"from": "acme", "trouble": {"no": "7", "what": "Blocked", "grade": 1, "due": "soon"}});
    let path = file(&desk, "trouble.json", &payload);
    let before = desk.json(&["explain", "--source", "grid", &path]).await;
    assert_eq!((&before["state_known"], &before["events"][0]["before"]), (&json!(true), &json!("new")));
    assert!(desk.list(&["events", "list"]).await.is_empty(), "a dry run kept an event");
    assert!(desk.list(&["notifications", "list"]).await.is_empty(), "a dry run wrote a message");

    let headers = [("content-type", "application/json")];
    let sent = post(&http(), &desk.url("/v1/events/grid"), &headers, payload.to_string()).await.unwrap();
    assert_eq!(sent, (202, r#"{"accepted":1,"duplicates":0}"#.to_owned()));
    let then = until("the page", async || {
        let sent = desk.list(&["notifications", "list", "--in", "accepted"]).await;
        sent.into_iter().next()
    })
    .await;
    let would = &before["events"][0]["notifications"][0];
    for field in ["id", "recipient", "medium", "channel", "content", "reason"] {
        assert_eq!(would[field], then[field], "{field}");
    }
    let event = desk.json(&["explain", "event:E1"]).await;
    assert_eq!(event["event"]["why"], before["events"][0]["event"]["why"]);
    assert_eq!(event["event"]["unreadable"], before["events"][0]["event"]["unreadable"]);
    assert_eq!(event["notifications"][0]["id"], then["id"]);

    let again = desk.json(&["explain", "--source", "grid", &path]).await;
    assert_eq!(again["events"][0]["before"], "duplicate");
    let mut other = payload.clone();
    other["trouble"]["what"] = "Something else".into();
    let other = file(&desk, "other.json", &other);
    assert_eq!(desk.json(&["explain", "--source", "grid", &other]).await["events"][0]["before"], "conflict");

    let batch = file(&desk, "batch.json", &json!([exception("1"), exception("2")]));
    let explained = desk.json(&["explain", &batch]).await;
    assert_eq!(explained["events"].as_array().unwrap().len(), 2);
    let mut broken = exception("3");
    broken["data"]["severity"] = "awful".into();
    let broken = file(&desk, "broken.json", &broken);
    let ran = desk.run(&["explain", &broken]).await;
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("data.severity"), "{ran:?}");

    let id = then["id"].as_str().unwrap();
    let told = desk.run(&["explain", &format!("notification:{id}")]).await;
    for phrase in
        ["Ann Lee", "taken by the gateway", "because of rule catch-all", "it is urgent and no rule matches"]
    {
        assert!(told.out.contains(phrase), "{phrase}: {told:?}");
    }
    assert_eq!(desk.run(&["explain", "notification:N99"]).await.code, Some(1));
    desk.stop().await;
}
