//! The same query in the command line: `search`, the lists, and views under a name.

use crate::desk::{Desk, exception};
use crate::peer::until;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use nightdesk::core::alert::Alert;
use nightdesk::core::event::Event;
use nightdesk::core::notification::Notification;
use nightdesk::core::query::rows::{self, NoNames};
use nightdesk::core::query::{Asking, Query, field};
use serde_json::{Value, json};

const CONFIG: &str = r#"
[[channel]]
name = "spool"
kind = "spool"

[[person]]
id = "ann"
name = "Ann Lee"
role = "admin"
login = "LOGIN"
phone = "+49 151 23456701"

[[policy]]
name = "urgent"
steps = [{ after = "0s", notify = ["person:ann"] }]
last_resort = { every = "1h", notify = ["person:ann"] }

[catch_all]
policy = "urgent"

[[view]]
name = "big"
of = "triage"
query = "risk>50k -owner:me"
"#;

async fn desk() -> Desk {
    let login = std::process::Command::new("id").arg("-un").output().unwrap().stdout;
    let mut desk = Desk::new(&CONFIG.replace("LOGIN", String::from_utf8(login).unwrap().trim()));
    desk.start().await;
    for (id, partner, amount) in
        [("4711", "Acme Tools", 48_000), ("4712", "Borg Steel", 1_200_000), ("4713", "Delta Foods", 500)]
    {
        let mut event = exception(id);
        event["data"]["partner"] =
            json!({ "id": partner.split(' ').next().unwrap().to_lowercase(), "name": partner });
        event["data"]["exception"]["amount"]["value"] = json!(amount);
        event["data"]["exception"]["description"] = json!("The carrier waits at gate seven.");
        desk.raise(&event).await;
    }
    desk
}

fn ids(found: &[Value]) -> Vec<&str> {
    found.iter().map(|one| one["id"].as_str().unwrap()).collect()
}

/// What a search finds once everything is indexed.
async fn found(desk: &Desk, query: &[&str]) -> Vec<String> {
    let words: Vec<&str> = ["search"].iter().chain(query).copied().collect();
    until("the index to have everything", async || {
        let ran = desk.run(&[words.as_slice(), &["--json"]].concat()).await;
        assert_eq!(ran.code, Some(0), "{ran:?}");
        (!ran.err.contains("not found yet")).then(|| {
            let hits = ran.json();
            let name =
                |hit: &Value| format!("{} {}", hit["kind"].as_str().unwrap(), hit["id"].as_str().unwrap());
            hits.as_array().unwrap().iter().map(name).collect()
        })
    })
    .await
}

#[tokio::test]
async fn everything_is_searched_and_survives_a_kill() {
    let mut desk = desk().await;
    desk.run(&["note", "A1", "the forwarder promised a truck"]).await;
    assert_eq!(found(&desk, &["PO-4711", "kind:alert,event"]).await, ["alert A1", "event E1"]);
    assert_eq!(found(&desk, &["forwarder"]).await.len(), 1);
    assert_eq!(found(&desk, &["\"gate seven\"", "kind:event"]).await, ["event E3", "event E2", "event E1"]);
    assert!(found(&desk, &["kind:message", "to:ann"]).await.len() >= 3);
    assert_eq!(found(&desk, &["nothing-like-this"]).await, [] as [&str; 0]);
    desk.kill();
    desk.start().await;
    assert_eq!(found(&desk, &["forwarder"]).await.len(), 1);
    desk.stop().await;
    std::fs::write(desk.state().join("search.db"), b"broken").unwrap();
    desk.start().await;
    assert_eq!(found(&desk, &["forwarder"]).await.len(), 1);

    let refused = desk.run(&["search", "colour:red"]).await;
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(refused.err.contains("there is no colour: here; there are partner, state,"), "{}", refused.err);
    let limited = desk.run(&["search", "kind:event", "--limit", "2"]).await;
    assert!(limited.err.contains("there are more than 2"), "{limited:?}");
    assert_eq!(limited.out.lines().count(), 3, "{}", limited.out);
}

#[tokio::test]
async fn a_list_finds_what_the_same_words_find_in_the_console() {
    let desk = desk().await;
    desk.run(&["ack", "A2"]).await;
    let (alerts, events) = (desk.list(&["alerts", "list"]).await, desk.list(&["events", "list"]).await);
    let messages = desk.list(&["notifications", "list"]).await;
    let asking = Asking { now: Timestamp::now(), zone: TimeZone::UTC, me: Some("ann".to_owned()) };
    for query in [
        "partner:acme",
        "partner:a",
        "partner:nobody",
        "borg",
        "blocked -borg",
        "state:open",
        "state:open,ack",
        "state:zzz",
        "risk>50k",
        "risk<1k OR partner:acme",
        "severity:crit",
        "severity<high",
        "owner:me",
        "owner:nobody",
        "is:mine",
        "since:1h",
        "before:1h",
        "order:PO-47",
        "id:A2",
        "\"is blocked\"",
        "4713 -acme",
        "late",
        "blocked partner:acme,borg -state:ack",
        "kind:blocked-order",
        "case:x",
    ] {
        let parsed = Query::read(query, field::ALERTS);
        assert_eq!(parsed.problems, [], "{query}");
        let wanted: Vec<&str> = alerts
            .iter()
            .filter(|alert| {
                let read: Alert = serde_json::from_value((*alert).clone()).unwrap();
                parsed.query.finds(&rows::of_alert(&read, &NoNames), &asking)
            })
            .map(|alert| alert["id"].as_str().unwrap())
            .collect();
        let listed = desk.run(&["alerts", "list", "--json", query]).await.json();
        assert_eq!(ids(listed.as_array().unwrap()), wanted, "alerts: {query}");
    }
    for query in ["partner:delta", "state:handled gate", "4711", "source:lan", "since:2h -partner:acme"] {
        let parsed = Query::read(query, field::EVENTS).query;
        let finds = |event: &&Value| {
            let read: Event = serde_json::from_value((*event).clone()).unwrap();
            parsed.finds(&rows::of_event(&read), &asking)
        };
        let wanted: Vec<&str> =
            events.iter().filter(finds).map(|event| event["id"].as_str().unwrap()).collect();
        assert_eq!(ids(&desk.list(&["events", "list", query]).await), wanted, "events: {query}");
    }
    for query in ["to:ann", "channel:spool", "channel:sms alert:A1", "to:me is:urgent", "to:nobody"] {
        let parsed = Query::read(query, field::MESSAGES).query;
        let finds = |message: &&Value| {
            let read: Notification = serde_json::from_value((*message).clone()).unwrap();
            parsed.finds(&rows::of_message(&read, &NoNames), &asking)
        };
        let wanted: Vec<&str> =
            messages.iter().filter(finds).map(|message| message["id"].as_str().unwrap()).collect();
        assert_eq!(ids(&desk.list(&["notifications", "list", query]).await), wanted, "messages: {query}");
    }
    // The flags that were there before narrow as they did, with a query and without.
    assert_eq!(ids(&desk.list(&["alerts", "list", "--in", "open", "--partner", "acme"]).await), ["A1"]);
    assert_eq!(ids(&desk.list(&["alerts", "list", "--in", "open", "blocked", "--limit", "1"]).await), ["A3"]);
    let refused = desk.run(&["events", "list", "owner:ann"]).await;
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(refused.err.contains("there is no owner: here"), "{}", refused.err);
    assert_eq!(desk.list(&["people", "list", "lee"]).await.len(), 1);
    assert_eq!(desk.list(&["people", "list", "nobody-like-this"]).await.len(), 0);
}

#[tokio::test]
async fn views_are_kept_under_a_name_and_those_of_the_desk_are_everybodys() {
    let mut desk = desk().await;
    let saved = desk.run(&["views", "save", "mine", "--of", "triage", "partner:acme", "late"]).await;
    assert_eq!(saved.code, Some(0), "{saved:?}");
    desk.stop().await;
    desk.start().await;
    let views = desk.list(&["views", "list"]).await;
    let names: Vec<(&str, bool)> = views
        .iter()
        .map(|view| (view["name"].as_str().unwrap(), view["shared"].as_bool().unwrap()))
        .collect();
    assert_eq!(names, [("big", true), ("mine", false)]);
    assert_eq!(views[1]["query"], "partner:acme late");
    let shown = desk.list(&["views", "show", "big"]).await;
    assert_eq!(ids(&shown), ["A2"]);
    // Its own is the operator's to replace and to drop, the desk's is not.
    assert_eq!(desk.run(&["views", "save", "mine", "--of", "messages", "to:me"]).await.code, Some(0));
    assert_eq!(desk.list(&["views", "list"]).await[1]["of"], "messages");
    assert_eq!(desk.run(&["views", "delete", "mine"]).await.code, Some(0));
    let gone = desk.run(&["views", "delete", "big"]).await;
    assert_eq!(gone.code, Some(1), "{gone:?}");
    for (name, query) in [("a b", "x"), ("ok", "foo:x")] {
        let refused = desk.run(&["views", "save", name, query]).await;
        assert_eq!(refused.code, Some(1), "{refused:?}");
    }
    assert_eq!(desk.list(&["views", "list"]).await.len(), 1);
}
