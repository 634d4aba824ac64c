//! Sending again and settling, as a script and the console do it: the real binary, the command line and the
//! agent's socket.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/desk.rs"]
#[allow(dead_code)]
mod desk;
#[path = "support/peer.rs"]
#[allow(dead_code)]
mod peer;

use desk::{Desk, exception};
use nightdesk::core::notification::RecipientId;
use nightdesk::core::resend::{Asked, Target};
use nightdesk::wire::client::Client;
use nightdesk::wire::{Planned, ProviderInfo};
use peer::until;
use serde_json::{Value, json};

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

fn flow(kind: &str, id: &str, data: Value) -> Value {
    json!({ "specversion": "1.0", "id": id, "source": "urn:test:community", "type": kind,
        "time": jiff::Timestamp::now().to_string(), "data": data })
}

/// A desk that has written to Ana of Acme, who has a colleague; Eve is with somebody else.
async fn desk_with_a_message() -> (Desk, String) {
    let mut desk = Desk::new(SMALL);
    desk.start().await;
    for (id, partner, opted_out) in [
        ("ana", "acme", json!([])),
        ("bob", "acme", json!([])),
        ("eve", "borg", json!([])),
        ("out", "acme", json!(["email", "sms"])),
    ] {
        let contact = json!({ "id": id, "version": "1", "partner_id": partner, "name": id,
            "emails": [format!("{id}@{partner}.example")], "opted_out": opted_out });
        let data = json!({ "contact": contact, "partner": { "id": partner, "name": partner } });
        desk.raise(&flow("community.contact.changed", id, data)).await;
    }
    let post = json!({ "id": "P-1", "thread": "T-1", "kind": "question", "subject": "Where is our 856?" });
    let data = json!({ "post": post, "partner": { "id": "acme", "name": "Acme" }, "author": { "contact_id": "ana" } });
    desk.raise(&flow("community.post.created", "post", data)).await;
    let desk = desk;
    let found = until("Ana's receipt is written", async || {
        let all = desk.list(&["notifications", "list"]).await;
        all.into_iter().find(|n| n["recipient"]["id"] == "ana" && n["state"] == "accepted")
    });
    let id = found.await["id"].as_str().unwrap().to_owned();
    (desk, id)
}

#[tokio::test]
async fn a_message_is_shown_before_it_goes_again_and_can_be_taken_back() {
    let (desk, id) = desk_with_a_message().await;
    let client = Client::new(desk.state().join("run/agent.sock"));
    let asked = |to: &str| Asked {
        what: vec![Target::Message(id.parse().unwrap())],
        to: Some(RecipientId::Contact(to.into())),
        via: None,
    };
    let before = desk.list(&["notifications", "list"]).await.len();
    let planned: Planned = client.post("/v1/resend", &asked("bob")).await.unwrap();
    let Planned::Goes(plan) = planned else { panic!("{planned:?}") };
    assert_eq!(plan.sentence(), "1 person, 1 email, none suppressed");
    for (to, why) in
        [("eve", "no contact of the partner"), ("out", "opted out"), ("nobody", "not known here")]
    {
        let planned: Planned = client.post("/v1/resend", &asked(to)).await.unwrap();
        let Planned::Refused(refusal) = planned else { panic!("{planned:?}") };
        assert!(refusal.said.raw().contains(why), "{refusal:?}");
        let ran = desk.run(&["resend", &id, "--to", to, "--yes"]).await;
        assert_eq!((ran.code, ran.err.contains(why)), (Some(1), true), "{ran:?}");
    }
    let ran = desk.run(&["resend", &id, "--to", "bob"]).await;
    assert_eq!((ran.code, ran.err.contains("--yes sends it")), (Some(2), true), "no terminal: {ran:?}");
    assert_eq!(desk.list(&["notifications", "list"]).await.len(), before, "nothing was sent by looking");

    let ran = desk.run(&["resend", &id, "--to", "bob", "--yes"]).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let copy = desk.list(&["notifications", "list"]).await.into_iter().next().unwrap();
    assert_eq!((&copy["recipient"]["id"], &copy["state"]), (&json!("bob"), &json!("queued")));
    assert_eq!(desk.run(&["unsend", &id]).await.code, Some(0));
    let copy = desk.json(&["notifications", "show", copy["id"].as_str().unwrap()]).await;
    assert_eq!((&copy["state"], &copy["attempts"]), (&json!("cancelled"), &json!([])));
    let ran = desk.run(&["unsend", &id]).await;
    assert_eq!(ran.code, Some(1), "{ran:?}");
}

#[tokio::test]
async fn several_go_again_together_and_who_gets_nothing_is_named() {
    let (desk, id) = desk_with_a_message().await;
    desk.raise(&exception("x1")).await;
    let ran = desk.run(&["resend", "A1", &id, "N999", "--yes"]).await;
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.out.contains("3 go out again"), "{ran:?}");
    assert!(ran.err.contains("N999: there is no such message"), "{ran:?}");
    let copies = desk.list(&["notifications", "list"]).await;
    let by_hand: Vec<_> = copies.iter().filter(|n| n["again"]["by"].is_string()).collect();
    assert_eq!(by_hand.len(), 2, "{by_hand:#?}");
    let ran = desk.run(&["settle", &id, "arrived"]).await;
    assert_eq!((ran.code, ran.err.contains("there is no doubt to settle")), (Some(1), true), "{ran:?}");
}

#[tokio::test]
async fn the_providers_tell_how_their_last_hour_was_also_after_a_start() {
    let (mut desk, _) = desk_with_a_message().await;
    let client = Client::new(desk.state().join("run/agent.sock"));
    let mut taken = Vec::new();
    for _ in 0..2 {
        let providers: Vec<ProviderInfo> = client.get("/v1/providers").await.unwrap();
        let [spool] = providers.as_slice() else { panic!("{providers:?}") };
        assert_eq!((spool.id.as_str(), spool.bars.len()), ("spool", 12));
        assert!(spool.hour.accepted > 0 && spool.hour.to_acceptance_ms.is_some(), "{spool:?}");
        taken.push(spool.hour.accepted);
        desk.stop().await;
        desk.start().await;
    }
    assert_eq!(taken[0], taken[1]);
    let ran = desk.run(&["providers", "show", "spool"]).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let nothing: Result<Value, _> = client.post("/v1/providers/spool/probe", &()).await;
    assert!(nothing.is_err(), "it works, so there is nothing to probe");
}
