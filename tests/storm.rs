//! One partner's translator goes mad and raises five thousand exceptions, while other partners have troubles
//! of their own: through the real binary, from its intake to what leaves.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/desk.rs"]
#[allow(dead_code)]
mod desk;
#[path = "support/peer.rs"]
#[allow(dead_code)]
mod peer;

use desk::{Desk, exception, http, post};
use nightdesk::wire::Snapshot;
use nightdesk::wire::client::Client;
use peer::until;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const STORM: usize = 5_000;
const BATCH: usize = 250;

const CONFIG: &str = r#"
[[channel]]
name = "spool"
kind = "spool"

[[person]]
id = "maria"
name = "Maria Weber"
role = "responder"
phone = "+49 151 23456701"

[[person]]
id = "jonas"
name = "Jonas Roth"
role = "responder"
phone = "+49 151 23456702"

[[policy]]
name = "urgent"
steps = [{ after = "0s", notify = ["person:maria"] }, { after = "2h", notify = ["person:jonas"] }]
last_resort = { every = "1h", notify = ["person:maria"] }

[[rule]]
name = "blocked"
match = { type = "community.exception.raised", severity = ["high", "critical"] }
policy = "urgent"

[catch_all]
policy = "urgent"

[storm]
quiet = "10s"
"#;

fn of(partner: &str, id: &str, severity: &str) -> Value {
    let mut event = exception(id);
    event["data"]["partner"] = json!({ "id": partner, "name": format!("Partner {partner}") });
    event["data"]["severity"] = severity.into();
    event
}

async fn post_all(desk: &Desk, client: &reqwest::Client, events: &[Value]) {
    let headers = [("content-type", "application/cloudevents-batch+json")];
    let body = Value::from(events).to_string();
    let (status, text) = post(client, &desk.url("/v1/events/lan"), &headers, body).await.unwrap();
    assert_eq!(status, 202, "{text}");
}

fn partner(alert: &Value) -> &str {
    alert["partner"]["id"].as_str().unwrap()
}

fn at(value: &Value) -> jiff::Timestamp {
    value.as_str().unwrap().parse().unwrap()
}

fn pages(messages: &[Value]) -> impl Iterator<Item = &Value> {
    messages.iter().filter(|n| n["purpose"] == "page" && n["recipient"]["id"] == "maria")
}

#[tokio::test]
async fn of_five_thousand_exceptions_of_one_partner_a_handful_pages_and_nothing_of_others_waits_behind_them()
{
    let mut desk = Desk::new(CONFIG);
    desk.start().await;
    let client = http();
    let storm: Vec<Value> = (0..STORM).map(|i| of("mad", &format!("s{i}"), "high")).collect();
    for (i, batch) in storm.chunks(BATCH).enumerate() {
        // Each batch and somebody else's trouble arrive together.
        let other = [of(&format!("p{i}"), &format!("o{i}"), "critical")];
        tokio::join!(post_all(&desk, &client, batch), post_all(&desk, &client, &other));
    }
    let others = STORM / BATCH;

    let alerts = desk.list(&["alerts", "list", "--limit", "200"]).await;
    let of_storm: Vec<&Value> = alerts.iter().filter(|alert| partner(alert) == "mad").collect();
    let members = of_storm.iter().flat_map(|alert| alert["members"].as_array().unwrap());
    let ids: BTreeSet<&str> = members.map(|member| member["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), STORM, "everything is in the members of some alert");
    assert_eq!(alerts.len() - of_storm.len(), others, "and what others have is in alerts of their own");
    assert!(of_storm.len() <= 10 + STORM.div_ceil(500), "{} alerts", of_storm.len());

    let sent = until("everybody's page to leave", async || {
        let messages = desk.list(&["notifications", "list", "--limit", "1000"]).await;
        let waits = |n: &&Value| matches!(n["state"].as_str(), Some("queued" | "sending"));
        messages.iter().find(waits).is_none().then_some(messages)
    })
    .await;
    let about = |n: &Value, what: &BTreeSet<&str>| n["alert"].as_str().is_some_and(|id| what.contains(id));
    let mad: BTreeSet<&str> = of_storm.iter().map(|alert| alert["id"].as_str().unwrap()).collect();
    let handful =
        pages(&sent).filter(|n| about(n, &mad) && !n["attempts"].as_array().unwrap().is_empty()).count();
    assert!((1..=12).contains(&handful), "{handful} texts about the storm");

    // A page of somebody else never waits, and nothing that was queued after it leaves before it.
    let started = |n: &Value| at(&n["attempts"][0]["started_at"]);
    let theirs: Vec<&Value> = pages(&sent).filter(|n| !about(n, &mad)).collect();
    assert_eq!(theirs.len(), others, "one page for each");
    for page in theirs {
        assert!(page["hold"].is_null() && !page["attempts"].as_array().unwrap().is_empty(), "{page:#}");
        let overtaken =
            pages(&sent).filter(|n| about(n, &mad) && !n["attempts"].as_array().unwrap().is_empty());
        for later in overtaken.filter(|n| at(&n["created_at"]) > at(&page["created_at"])) {
            assert!(started(page) <= started(later), "{later:#} overtook {page:#}");
        }
    }

    // The console opens on it: some dozens of rows, each storm one of them, in a frame of bounded size.
    let bytes = desk.json(&["agent", "status"]).await;
    assert_eq!(bytes["ready"], true);
    let snapshot: Snapshot =
        Client::new(desk.state().join("run/agent.sock")).get("/v1/snapshot").await.unwrap();
    assert!(snapshot.alerts.len() <= of_storm.len() + others, "{} rows", snapshot.alerts.len());
    let size = serde_json::to_string(&snapshot).unwrap().len();
    assert!(size < 4 << 20, "the first frame takes {size} bytes");

    // It ends by itself, says once how many more there were, and the next one is an alert of its own.
    let summary = until("the storm to be over", async || {
        let messages = desk.list(&["notifications", "list", "--limit", "1000"]).await;
        let said =
            |n: &Value| n["content"]["body"].as_str().is_some_and(|body| body.contains("more like this"));
        let all: Vec<Value> = messages.into_iter().filter(|n| said(n)).collect();
        (!all.is_empty()).then_some(all)
    })
    .await;
    assert_eq!(summary.len(), 1, "{summary:#?}");
    let body = summary[0]["content"]["body"].as_str().unwrap();
    let first = alerts.iter().filter(|a| partner(a) == "mad" && a["members"].as_array().unwrap().len() == 1);
    let more = STORM - first.count() - 1;
    assert!(body.starts_with(&format!("{more} more like this within ")), "{body}");
    desk.raise(&of("mad", "after", "high")).await;
    let newest = desk.list(&["alerts", "list"]).await.remove(0);
    assert_eq!((partner(&newest), newest["members"].as_array().unwrap().len()), ("mad", 1));
    desk.stop().await;
}
