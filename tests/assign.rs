//! Who looks after which partner, changed from outside while the agent works: what is told next goes to
//! whoever holds the role now, through restarts and changed files.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/desk.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod desk;
#[path = "support/peer.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod peer;

use desk::{Desk, exception};
use peer::until;
use serde_json::{Value, json};

const PEOPLE: &str = r#"
[[channel]]
name = "spool"
kind = "spool"

[[person]]
id = "maria"
name = "Maria Weber"
phone = "+49 151 23456701"
role = "responder"

[[person]]
id = "jonas"
name = "Jonas Roth"
phone = "+49 151 23456702"
role = "responder"

[[policy]]
name = "urgent"
steps = [{ after = "0s", notify = ["coordinator"] }]
last_resort = { every = "1h", notify = ["coordinator"] }

[catch_all]
policy = "urgent"

[[assign]]
role = "coordinator"
person = "maria"
"#;

/// Who is paged for an exception raised now.
async fn paged(desk: &Desk, id: &str) -> Vec<String> {
    desk.raise(&exception(id)).await;
    until("the page", async || {
        let title = format!("Order {id} is blocked");
        let alerts = desk.list(&["alerts", "list"]).await;
        let alert = alerts.iter().find(|alert| alert["title"] == title.as_str())?["id"].clone();
        let all = desk.list(&["notifications", "list"]).await;
        let paged: Vec<String> = all
            .iter()
            .filter(|n| n["alert"] == alert)
            .map(|n| n["recipient"]["id"].as_str().unwrap_or_default().to_owned())
            .collect();
        (!paged.is_empty()).then_some(paged)
    })
    .await
}

async fn lines(desk: &Desk) -> Vec<(String, String, String, Value)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let all = desk.list(&["assign", "list"]).await;
    all.iter().map(|l| (text(&l["id"]), text(&l["state"]), text(&l["origin"]), l["person"].clone())).collect()
}

#[tokio::test]
async fn whoever_is_given_a_role_is_told_from_then_on_and_after_a_restart() {
    let mut desk = Desk::new(PEOPLE);
    desk.start().await;
    assert_eq!(paged(&desk, "1").await, ["maria"]);

    let ran = desk.run(&["assign", "add", "coordinator", "jonas", "--partner", "acme"]).await;
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), "Jonas Roth is coordinator of acme.\n"), "{ran:?}");
    assert_eq!(paged(&desk, "2").await, ["jonas"]);
    let file = ("coordinator@everyone".to_owned(), "active".to_owned(), "file".to_owned(), json!("maria"));
    let given = ("coordinator@partner=acme".to_owned(), "active".into(), "stored".into(), json!("jonas"));
    assert_eq!(lines(&desk).await, [given.clone(), file.clone()]);
    let role = desk.json(&["assign", "who", "acme"]).await["roles"][0].clone();
    let wanted = json!({"role": "coordinator", "person": "jonas", "acting": "jonas", "by": given.0, "origin": "stored"});
    assert_eq!(role, wanted);

    // It is a fact of the history, with who did it, and in the stream.
    let tail = desk.run(&["assign", "list", "--json"]).await.json();
    assert!(tail[0]["set_by"].is_string() && tail[0]["created_at"].is_string(), "{tail:#}");

    // A restart and another configuration leave it as it is.
    desk.stop().await;
    desk.start().await;
    assert_eq!(paged(&desk, "3").await, ["jonas"]);
    desk.configure(&format!(
        "{PEOPLE}\n[[assign]]\nrole = \"coordinator\"\nperson = \"maria\"\npartner = \"acme\"\n"
    ));
    assert_eq!(desk.run(&["config", "apply", "-m", "both"]).await.code, Some(0));
    assert_eq!(paged(&desk, "4").await, ["jonas"]);
    let overruled =
        ("coordinator@partner=acme".to_owned(), "overruled".into(), "file".into(), json!("maria"));
    assert_eq!(lines(&desk).await, [given, file.clone(), overruled]);

    // Of somebody who works here no longer it is kept, and does not count.
    desk.configure(&PEOPLE.replace("id = \"jonas\"", "id = \"jon\""));
    assert_eq!(desk.run(&["config", "apply", "-m", "he left"]).await.code, Some(0));
    assert_eq!(lines(&desk).await[0].1, "nobody_there");
    assert_eq!(paged(&desk, "5").await, ["maria"]);

    let ran = desk.run(&["assign", "remove", "coordinator@partner=acme"]).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(lines(&desk).await, [file]);
    let ran = desk.run(&["assign", "remove", "coordinator@everyone"]).await;
    assert_eq!((ran.code, ran.err.contains("stands in the configuration file")), (Some(1), true), "{ran:?}");
    let ran = desk.run(&["assign", "add", "coordinator", "lena", "--tier", "gold"]).await;
    assert_eq!((ran.code, ran.err.contains("there is no [[person]] \"lena\"")), (Some(1), true), "{ran:?}");
    let ran = desk.run(&["assign", "add", "x", "maria", "--tier", "gold", "--partner", "acme"]).await;
    assert_eq!(ran.code, Some(2), "{ran:?}");
    desk.stop().await;
}
