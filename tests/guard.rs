//! Whether somebody would be reached, and whether the desk itself is well: asked as its users ask it, of the
//! real binary.

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

use desk::{Desk, exception, http};
use fake_http::{FakeHttp, Then};
use peer::until;
use serde_json::Value;

const PEOPLE: &str = r#"
[[channel]]
name = "spool"
kind = "spool"
carries = ["sms"]

[[person]]
id = "maria"
name = "Maria Weber"
role = "admin"
phone = "+49 151 23456701"

[[person]]
id = "jonas"
name = "Jonas Roth"
role = "responder"
phone = "+49 151 23456702"

[[schedule]]
name = "primary"
[[schedule.layer]]
name = "weekdays"
people = ["jonas"]
turn = "1w"
handoff = "mon 08:00"
hours = ["mon-fri"]

[catch_all]
policy = "urgent"
"#;

const POLICY: &str = r#"
[[policy]]
name = "urgent"
steps = [{ after = "0s", notify = ["oncall:primary"] }]
last_resort = { every = "10m", notify = ["person:maria"] }
"#;

fn named<'f>(found: &'f [Value], finding: &str) -> Vec<&'f Value> {
    found.iter().filter(|one| one["finding"] == finding).collect()
}

#[tokio::test]
async fn a_gap_in_cover_fails_the_check_until_somebody_fills_it() {
    let mut desk = Desk::new(&(PEOPLE.to_owned() + POLICY));
    let check = desk.run(&["check", "--json"]).await;
    assert_eq!(check.code, Some(1), "{check:?}");
    let found: Vec<Value> = serde_json::from_value(check.json()).unwrap();
    let gaps = named(&found, "nobody");
    assert_eq!(gaps.len(), 1, "{found:?}");
    assert_eq!((&gaps[0]["severity"], &gaps[0]["step"]), (&"error".into(), &1.into()));
    // Two weekends are whole within any 14 days, or two and the parts of one.
    assert!((2..=3).contains(&gaps[0]["times"].as_array().unwrap().len()), "{gaps:?}");
    assert_eq!(named(&found, "agent_not_asked").len(), 1);
    assert_eq!(named(&found, "no_receipts").len(), 1);
    let said = desk.run(&["check"]).await;
    assert!(said.out.contains("problem: step 1 of policy urgent reaches nobody Sat "), "{said:?}");
    assert!(said.out.contains("no one is on call in primary"), "{said:?}");

    // What was arranged beside the plan counts, where an agent can tell of it.
    desk.start().await;
    let arranged = desk.run(&["override", "add", "primary", "maria", "--until", "480h"]).await;
    assert_eq!(arranged.code, Some(0), "{arranged:?}");
    let check = desk.run(&["check", "--json"]).await;
    assert_eq!(check.code, Some(0), "{check:?}");
    let found: Vec<Value> = serde_json::from_value(check.json()).unwrap();
    assert!(found.iter().all(|one| one["severity"] == "warning"), "{found:?}");
    desk.stop().await;
}

#[tokio::test]
async fn a_mistake_in_the_file_is_found_by_check_with_its_place() {
    let desk = Desk::new(&(PEOPLE.to_owned() + &POLICY.replace("person:maria", "person:nobody")));
    let check = desk.run(&["check", "--json"]).await;
    assert_eq!(check.code, Some(2), "{check:?}");
    let found: Vec<Value> = serde_json::from_value(check.json()).unwrap();
    assert_eq!(found[0]["finding"], "configuration");
    assert!(found[0]["line"].as_u64().unwrap() > 10, "{found:?}");
}

async fn audit(desk: &Desk) -> Value {
    until("the audit", async || {
        let status = desk.json(&["agent", "status"]).await;
        let audit = status["desk"]["audit"].clone();
        audit.is_object().then_some(audit)
    })
    .await
}

async fn figures(desk: &Desk) -> String {
    http().get(desk.url("/metrics")).send().await.unwrap().text().await.unwrap()
}

#[tokio::test]
async fn the_heart_beats_only_while_every_alert_has_something_ahead() {
    let watcher = FakeHttp::start(Then::Answer("200 OK", "", "ok")).await;
    let beats = format!("\n[heartbeat]\nurl = \"{}\"\n", format_args!("http://{}/beat", watcher.address));
    let mut desk = Desk::new(&(PEOPLE.to_owned() + POLICY + &beats));
    desk.start().await;
    desk.raise(&exception("1")).await;
    assert_eq!(audit(&desk).await["clean"], true);
    watcher.wait_for(|request| request.target == "/beat").await;
    let figures_now = figures(&desk).await;
    for line in ["nightdesk_audit_clean 1\n", "nightdesk_alerts{state=\"open\"} 1\n"] {
        assert!(figures_now.contains(line), "{line:?} in {figures_now}");
    }
    let proxied = http().get(desk.url("/metrics")).header("x-forwarded-for", "192.0.2.1").send().await;
    assert_eq!(proxied.unwrap().status().as_u16(), 404);
    desk.stop().await;

    // Something loses the due time of the alert behind the agent's back.
    let store = rusqlite::Connection::open(desk.state().join("nightdesk.db")).unwrap();
    store.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
    assert_eq!(store.execute("UPDATE alert SET next_due = NULL", []).unwrap(), 1);
    drop(store);
    let before = watcher.requests().len();
    desk.start().await;
    let found = audit(&desk).await;
    assert_eq!(found["clean"], false, "{found}");
    assert_eq!(found["stuck"][0]["stuck"], "nothing_ahead", "{found}");
    let said = desk.run(&["agent", "status"]).await;
    assert!(said.out.contains("AUDIT: A1 has nothing ahead"), "{said:?}");
    assert!(figures(&desk).await.contains("nightdesk_audit_clean 0\n"));
    desk.stop().await;
    assert_eq!(watcher.requests().len(), before, "it beat although something was stuck");
}

#[tokio::test]
async fn a_test_page_is_proven_by_the_handset_or_becomes_a_task() {
    let gateway = FakeHttp::start(Then::Answer("202 Accepted", "", "0: Accepted for delivery")).await;
    let sms = format!(
        "[[channel]]\nname = \"sms\"\nkind = \"kannel\"\nurl = \"http://{}/cgi-bin/sendsms\"\nuser = \"desk\"\n\
         password = {{ env = \"KANNEL\" }}\nfrom = \"DESK\"\nreceipts = true\n",
        gateway.address
    );
    let mut desk = Desk::with_environment(&(sms + PEOPLE + POLICY), &[("KANNEL", "secret")]);
    desk.start().await;
    for (index, (bits, code, state)) in [("1", 0, "delivered"), ("2", 1, "failed")].into_iter().enumerate() {
        let asked = async { desk.run(&["page-test", "jonas", "--via", "sms", "--wait"]).await };
        let answered = async {
            let request = until("the text", async || gateway.requests().get(index).cloned()).await;
            let query = request.query();
            let of = |name: &str| query.iter().find(|(n, _)| n == name).unwrap().1.clone();
            assert!(of("text").starts_with("TEST from test, "), "{query:?}");
            let report = of("dlr-url").replace("%d", bits).replace("%A", "said");
            assert!(http().get(report).send().await.unwrap().status().is_success());
        };
        let (ran, ()) = tokio::join!(asked, answered);
        assert_eq!(ran.code, Some(code), "{ran:?}");
        assert!(ran.out.contains(&format!(" {state}")), "{ran:?}");
    }
    let tasks = desk.list(&["tasks", "list", "--kind", "fix"]).await;
    assert_eq!(tasks.len(), 1, "{tasks:?}");
    let title = tasks[0]["title"].as_str().unwrap();
    assert!(title.starts_with("Jonas Roth would not be reached: a test by SMS failed"), "{title}");
    let refused = desk.run(&["page-test", "nobody"]).await;
    assert_eq!(refused.code, Some(1), "{refused:?}");

    // What failed is known to the walk ahead, until the file has another number; in force, that mends it.
    let no_way = async || -> Vec<Value> {
        let found: Vec<Value> = serde_json::from_value(desk.run(&["check", "--json"]).await.json()).unwrap();
        named(&found, "no_way").into_iter().map(|one| one["person"].clone()).collect()
    };
    assert_eq!(no_way().await, ["jonas"]);
    let text = std::fs::read_to_string(desk.config()).unwrap();
    std::fs::write(desk.config(), text.replace("23456702", "23456703")).unwrap();
    assert_eq!(no_way().await, [""; 0]);
    assert_eq!(desk.list(&["tasks", "list", "--kind", "fix", "--in", "open"]).await.len(), 1);
    assert_eq!(desk.run(&["config", "apply"]).await.code, Some(0));
    assert_eq!(desk.list(&["tasks", "list", "--kind", "fix", "--in", "open"]).await.len(), 0);
    desk.stop().await;
}

#[tokio::test]
async fn a_maintenance_window_is_made_listed_and_taken_back_on_the_command_line() {
    let mut desk = Desk::new(&format!("{PEOPLE}{POLICY}"));
    desk.start().await;
    let refused = desk.run(&["maintenance", "add", "--for", "2h", "everything"]).await;
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.err.contains("Say what the window covers"), "{refused:?}");
    let long = desk.run(&["maintenance", "add", "--partner", "acme", "--for", "73h", "move"]).await;
    assert_eq!(long.code, Some(1), "{long:?}");
    let added = desk
        .run(&[
            "maintenance",
            "add",
            "--partner",
            "acme",
            "--kind",
            "blocked_order",
            "--for",
            "2h",
            "new warehouse",
        ])
        .await;
    assert_eq!(added.code, Some(0), "{added:?}");
    assert!(
        added.out.starts_with("M1: quiet for partner acme, kind blocked_order, up to high, "),
        "{added:?}"
    );
    let listed = desk.list(&["maintenance", "list"]).await;
    assert_eq!((&listed[0]["id"], &listed[0]["state"]), (&"M1".into(), &"on".into()), "{listed:#?}");

    let mut event = exception("x1");
    event["data"]["severity"] = "high".into();
    desk.raise(&event).await;
    let alerts = desk.list(&["alerts", "list"]).await;
    assert_eq!(alerts[0]["state"], "snoozed", "{alerts:#?}");
    assert_eq!((&alerts[0]["holder"], &alerts[0]["quiet"]["window"]), (&Value::Null, &"M1".into()));
    assert_eq!(alerts[0]["snoozed_until"], listed[0]["until"]);
    let shown = desk.run(&["alerts", "show", "A1"]).await;
    assert!(shown.out.contains("quiet because of maintenance M1"), "{shown:?}");
    assert_eq!(desk.list(&["notifications", "list"]).await.len(), 0);

    let removed = desk.run(&["maintenance", "remove", "M1"]).await;
    assert_eq!(removed.code, Some(0), "{removed:?}");
    assert_eq!(desk.list(&["alerts", "list"]).await[0]["state"], "open");
    assert_eq!(desk.list(&["maintenance", "list"]).await.len(), 0);
    let again = desk.run(&["maintenance", "remove", "M1"]).await;
    assert!(again.code == Some(1) && again.err.contains("M1 was removed already."), "{again:?}");
    assert_eq!(desk.list(&["maintenance", "list", "--all"]).await[0]["state"], "removed");
}
