//! A page that a provider took and nobody proved delivered moves on when its deadline comes, and not before: in
//! real time, with the real binary, by what the desk itself wrote down.

// A test fails by panicking, in its peers as well.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/desk.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod desk;
#[path = "support/fake_http.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod fake_http;
#[path = "support/peer.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod peer;

use desk::{Desk, exception};
use fake_http::{FakeHttp, Then};
use jiff::{SignedDuration, Timestamp};
use peer::until;
use serde_json::Value;

const PAGES: usize = 12;
const WITHIN: SignedDuration = SignedDuration::from_secs(2);

fn gateway(name: &str, peer: &FakeHttp) -> String {
    format!(
        r#"
[[channel]]
name = "{name}"
kind = "kannel"
url = "http://{}/cgi-bin/sendsms"
user = "desk"
password = {{ env = "SMS_PASSWORD" }}
from = "12345"
receipts = true
proof_within = {{ urgent = "2s" }}
"#,
        peer.address
    )
}

fn at(value: &Value) -> Timestamp {
    value.as_str().unwrap_or_else(|| panic!("{value} is no time")).parse().unwrap()
}

#[tokio::test]
async fn a_page_that_was_taken_and_never_proven_takes_the_next_provider_and_then_the_next_person() {
    let took = Then::Answer("202 Accepted", "", "0: Accepted for delivery");
    let (first, second) = (FakeHttp::start(took.clone()).await, FakeHttp::start(took).await);
    let config = format!(
        r#"
[bundle]
pages = 0

[storm]
alerts = 0
{}{}
[[route]]
medium = "sms"
channels = ["first", "second"]

[[person]]
id = "ann"
name = "Ann Lee"
role = "responder"
phone = "+49 151 23456701"

[[person]]
id = "bob"
name = "Bob Roth"
role = "responder"
phone = "+49 151 23456702"

[[policy]]
name = "urgent"
steps = [{{ after = "0s", notify = ["person:ann"] }}, {{ after = "2h", notify = ["person:bob"] }}]
last_resort = {{ every = "3h", notify = ["person:bob"] }}

[catch_all]
policy = "urgent"
"#,
        gateway("first", &first),
        gateway("second", &second)
    );
    let mut desk = Desk::with_environment(&config, &[("SMS_PASSWORD", "hush")]);
    desk.start().await;
    for number in 0..PAGES {
        desk.raise(&exception(&format!("n{number}"))).await;
    }
    let bobs = until("every page to reach the next person", async || {
        let all = desk.list(&["notifications", "list"]).await;
        let bobs: Vec<Value> = all.into_iter().filter(|n| n["recipient"]["id"] == "bob").collect();
        (bobs.len() == PAGES).then_some(bobs)
    })
    .await;

    let mut late = Vec::new();
    for n in desk.list(&["notifications", "list"]).await {
        if n["recipient"]["id"] != "ann" {
            continue;
        }
        let attempts = n["attempts"].as_array().unwrap();
        let ways: Vec<&str> = attempts.iter().map(|one| one["channel"].as_str().unwrap()).collect();
        assert_eq!(ways, ["first", "second"], "{n:#}");
        assert_eq!(attempts[0]["possible_duplicate"], false);
        assert_eq!(attempts[1]["possible_duplicate"], true, "nobody knows that the first one got lost");
        // The deadline runs from when the provider took it.
        let deadline = at(&attempts[0]["ended_at"]) + WITHIN;
        let left = at(&attempts[1]["started_at"]);
        assert!(left >= deadline, "it moved on before its deadline: {n:#}");
        late.push(left.duration_since(deadline));

        let alert = &n["alert"];
        let next = bobs.iter().find(|bob| bob["alert"] == *alert).unwrap_or_else(|| panic!("{n:#}"));
        let deadline = at(&attempts[1]["ended_at"]) + WITHIN;
        let told = at(&next["created_at"]);
        assert!(told >= deadline, "the next person was told before the deadline: {next:#}");
        late.push(told.duration_since(deadline));
    }
    assert_eq!(late.len(), 2 * PAGES);
    late.sort();
    // A figure, not a promise of this test: whatever else runs here may hold the desk up.
    println!("moved on after the deadline: median {:?}, latest {:?}", late[PAGES], late[2 * PAGES - 1]);
    desk.stop().await;
}
