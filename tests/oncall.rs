//! Who is on call, as an operator arranges it on the command line and as a calendar elsewhere says it;
//! and that the next page goes to whom they name.

// A test fails by panicking, in its peers as well.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/desk.rs"]
#[allow(dead_code)]
mod desk;
#[path = "support/peer.rs"]
#[allow(dead_code)]
mod peer;

use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use desk::{Desk, exception};
use peer::until;
use serde_json::Value;
use std::sync::{Arc, Mutex};

const PEOPLE: &str = r#"
[[channel]]
name = "spool"
kind = "spool"

[[person]]
id = "ann"
name = "Ann Lee"
role = "responder"
phone = "+49 151 23456701"
email = "ann@example.net"

[[person]]
id = "bob"
name = "Bob Roth"
role = "responder"
phone = "+49 151 23456702"
email = "bob@example.net"

[[policy]]
name = "urgent"
steps = [{ after = "0s", notify = ["oncall:primary"] }]
last_resort = { every = "1h", notify = ["oncall:primary"] }

[catch_all]
policy = "urgent"
"#;

/// Whoever is on call now, and why.
async fn now(desk: &Desk) -> (Value, Value) {
    let found = desk.list(&["oncall", "--schedule", "primary"]).await;
    (found[0]["people"].clone(), found[0]["why"]["because"].clone())
}

fn to<'a>(messages: &'a [Value], person: &str) -> Vec<&'a Value> {
    messages.iter().filter(|message| message["recipient"]["id"] == person).collect()
}

#[tokio::test]
async fn an_override_is_told_pages_whom_it_names_outlives_the_agent_and_can_be_taken_back() {
    let ann = "[[schedule]]\nname = \"primary\"\npeople = [\"ann\"]\n";
    let mut desk = Desk::new(&format!("{PEOPLE}{ann}"));
    desk.start().await;
    assert_eq!(now(&desk).await, (serde_json::json!(["ann"]), "rotation".into()));

    let added = desk.run(&["override", "add", "primary", "bob", "--until", "12h"]).await;
    assert_eq!(added.code, Some(0), "{added:?}");
    assert!(added.out.starts_with("O1: Bob Roth is on call for primary from "), "{added:?}");
    assert!(added.out.contains("Told: Ann Lee by SMS, Bob Roth by SMS."), "{added:?}");
    assert_eq!(now(&desk).await, (serde_json::json!(["bob"]), "override".into()));
    let told = desk.list(&["notifications", "list"]).await;
    assert_eq!((to(&told, "ann").len(), to(&told, "bob").len()), (1, 1), "{told:#?}");

    desk.raise(&exception("x1")).await;
    let told = desk.list(&["notifications", "list"]).await;
    assert_eq!(to(&told, "ann").len(), 1, "not paged: {told:#?}");
    let page = to(&told, "bob").into_iter().find(|message| message["purpose"] == "page").unwrap().clone();
    assert!(page["reason"]["via"].as_str().unwrap().starts_with("on call: primary, arranged by "), "{page}");

    desk.stop().await;
    desk.start().await;
    assert_eq!(now(&desk).await.0, serde_json::json!(["bob"]));
    let listed = desk.list(&["override", "list"]).await;
    assert_eq!((listed.len(), &listed[0]["id"], &listed[0]["state"]), (1, &"O1".into(), &"active".into()));
    let timeline = desk.list(&["oncall", "--weeks", "1"]).await;
    let segments = timeline[0]["segments"].as_array().unwrap();
    assert_eq!((&segments[0]["people"][0], &segments[1]["people"][0]), (&"bob".into(), &"ann".into()));
    let words = desk.run(&["oncall", "--weeks", "1"]).await.out;
    assert!(
        words.contains("O1, arranged by ") && words.contains("Somebody is on call all the time."),
        "{words}"
    );

    let same = desk.run(&["override", "add", "primary", "bob", "--until", "1h"]).await;
    assert!(same.code == Some(1) && same.err.contains("changes nothing"), "{same:?}");
    let removed = desk.run(&["override", "remove", "O1"]).await;
    assert!(removed.code == Some(0) && removed.out.starts_with("O1 no longer counts."), "{removed:?}");
    assert_eq!(now(&desk).await, (serde_json::json!(["ann"]), "rotation".into()));
    let unknown = desk.run(&["override", "remove", "O9"]).await;
    assert!(unknown.code == Some(1) && unknown.err.contains("There is no override O9."), "{unknown:?}");
    let bad = desk.run(&["override", "swap", "primary", "ann", "bob@now"]).await;
    assert!(bad.code == Some(2) && bad.err.contains("write maria@06:30"), "{bad:?}");
}

#[tokio::test]
async fn the_hand_over_sheet_says_what_is_open_who_has_it_and_who_comes_and_fits_paper() {
    let turns =
        "[[schedule]]\nname = \"primary\"\npeople = [\"ann\", \"bob\"]\nturn = \"1d\"\nhandoff = \"07:00\"\n";
    let mut desk = Desk::new(&format!("{PEOPLE}{turns}"));
    desk.start().await;
    let quiet = desk.run(&["handover"]).await;
    assert!(quiet.code == Some(0) && quiet.out.contains("Nothing is open"), "{quiet:?}");
    let (first, then) =
        if quiet.out.contains("primary: Ann Lee until") { ("Ann", "Bob") } else { ("Bob", "Ann") };
    assert!(quiet.out.contains(&format!("primary: {first} ")), "{quiet:?}");
    assert!(quiet.out.contains(&format!("then {then} ")), "{quiet:?}");

    desk.raise(&exception("x1")).await;
    let open = desk.run(&["handover", "--schedule", "primary"]).await.out;
    assert!(
        open.contains("\nAlerts\n  A1") && open.contains("nobody has it; LAST RESORT again at "),
        "{open}"
    );
    let paper = desk.run(&["handover", "--print"]).await.out;
    assert!(paper.contains("  [ ] A1") && paper.contains("taken over by"), "{paper}");
    assert!(paper.lines().all(|line| line.chars().count() <= 80), "{paper}");

    let unknown = desk.run(&["handover", "--schedule", "nights"]).await;
    assert!(unknown.code == Some(1) && unknown.err.contains("schedule nights"), "{unknown:?}");
}

#[tokio::test]
async fn a_hand_over_is_listed_noted_and_accepted_on_the_command_line() {
    // Whoever runs the test is an admin, and nobody who comes or leaves.
    let ann = "[handover]\nremind_after = \"0s\"\n\n[[schedule]]\nname = \"primary\"\npeople = [\"ann\"]\n";
    let mut desk = Desk::new(&format!("{PEOPLE}{ann}"));
    desk.start().await;
    let ahead = until("the hand-over ahead", async || {
        let found = desk.list(&["handover", "list"]).await;
        (!found.is_empty()).then_some(found)
    })
    .await;
    assert_eq!((&ahead[0]["id"], &ahead[0]["state"]), (&"H1".into(), &"ahead".into()));
    let early = desk.run(&["handover", "accept", "H1"]).await;
    assert!(early.code == Some(1) && early.err.contains("H1 is still to come"), "{early:?}");
    let noted = desk.run(&["handover", "note", "--of", "H1", "Ask", "for", "Lopez."]).await;
    assert!(noted.code == Some(0) && noted.out.starts_with("Noted for H1"), "{noted:?}");
    assert!(desk.run(&["handover", "--print"]).await.out.contains("Ask for Lopez."));

    desk.raise(&exception("x1")).await;
    let added = desk.run(&["override", "add", "primary", "bob", "--until", "12h"]).await;
    assert_eq!(added.code, Some(0), "{added:?}");
    until("the hand-over to wait", async || {
        let status = desk.json(&["agent", "status"]).await;
        (status["handovers"][0]["id"] == "H1").then_some(())
    })
    .await;
    let words = desk.run(&["agent", "status"]).await.out;
    assert!(words.contains("hand-over H1 of primary: bob has not accepted it from ann, since "), "{words}");
    let told = desk.list(&["notifications", "list"]).await;
    let asked = to(&told, "bob").into_iter().filter(|n| n["reason"]["rule"] == "handover H1").count();
    assert_eq!(asked, 2, "one text and one mail: {told:#?}");
    let shown = desk.run(&["handover", "show", "H1"]).await.out;
    assert!(shown.contains("H1 primary: ann to bob") && shown.contains("nobody has: A1"), "{shown}");
    let sheet = desk.run(&["handover"]).await.out;
    assert!(sheet.contains("not accepted since ") && sheet.contains("Ask for Lopez."), "{sheet}");

    let accepted = desk.run(&["handover", "accept"]).await;
    assert!(
        accepted.code == Some(0) && accepted.out.starts_with("You have primary from Ann Lee (H1)"),
        "{accepted:?}"
    );
    let again = desk.run(&["handover", "accept", "H1"]).await;
    assert!(again.code == Some(1) && again.err.contains("was first: H1 was accepted at "), "{again:?}");
    let found = desk.list(&["handover", "list", "--in", "accepted", "--schedule", "primary"]).await;
    assert_eq!((found.len(), &found[0]["id"]), (1, &"H1".into()));
    let unknown = desk.run(&["handover", "show", "H9"]).await;
    assert!(unknown.code == Some(1) && unknown.err.contains("There is no hand-over H9."), "{unknown:?}");
    let wrong = desk.run(&["handover", "list", "--in", "gone"]).await;
    assert_eq!(wrong.code, Some(2), "{wrong:?}");
}

/// What the calendar's server answers next, and what it was asked with.
#[derive(Clone, Default)]
struct Server(Arc<Mutex<Heard>>);

/// What is answered, and the `If-None-Match` of each request.
type Heard = (Option<String>, Vec<Option<String>>);

impl Server {
    /// Its address; the path is a secret.
    async fn start(&self) -> String {
        let server = self.clone();
        let answer = move |headers: HeaderMap| {
            let server = server.clone();
            async move { server.answer(&headers) }
        };
        let router = axum::Router::new().route("/s3cret/basic.ics", axum::routing::get(answer));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        format!("http://{address}/s3cret/basic.ics")
    }

    fn answer(&self, headers: &HeaderMap) -> Response {
        let mut state = self.0.lock().unwrap();
        let seen = headers.get("if-none-match").map(|etag| etag.to_str().unwrap().to_owned());
        state.1.push(seen.clone());
        let Some(text) = state.0.clone() else { return StatusCode::BAD_GATEWAY.into_response() };
        let etag = format!("\"{}\"", text.len());
        match seen.as_ref() == Some(&etag) {
            true => StatusCode::NOT_MODIFIED.into_response(),
            false => ([("etag", etag)], text).into_response(),
        }
    }

    fn says(&self, text: Option<String>) {
        self.0.lock().unwrap().0 = text;
    }

    fn asked(&self) -> Vec<Option<String>> {
        self.0.lock().unwrap().1.clone()
    }
}

fn roster(summary: &str) -> String {
    format!(
        "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART:20260101T000000Z\r\nDURATION:P1D\r\n\
         RRULE:FREQ=DAILY\r\nSUMMARY:{summary}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
}

#[tokio::test]
async fn a_calendar_elsewhere_is_read_and_its_last_good_copy_counts_while_it_cannot_be() {
    let server = Server::default();
    server.says(Some(roster("Ann Lee on call")));
    let url = server.start().await;
    let schedule = "[[schedule]]\nname = \"primary\"\n[[schedule.layer]]\nname = \"roster\"\n\
                    ics_secret = { env = \"ROSTER\" }\n";
    let environment: &'static str = url.leak();
    let mut desk = Desk::with_environment(&format!("{PEOPLE}{schedule}"), &[("ROSTER", environment)]);
    desk.start().await;
    until("the calendar", async || {
        (now(&desk).await == (serde_json::json!(["ann"]), "calendar".into())).then_some(())
    })
    .await;

    // Nothing at all, then a page that is no calendar: said, and the copy counts.
    let strangers = Some(roster("x"));
    for (answer, wanted) in [
        (None, "502"),
        (Some("<html>".to_owned()), "line 1"),
        (strangers, "it puts nobody of the desk on call"),
    ] {
        desk.stop().await;
        server.says(answer.clone());
        let before = server.asked().len();
        desk.start().await;
        until("the calendar to be asked", async || (server.asked().len() > before).then_some(())).await;
        let status = until("the trouble", async || {
            let status = desk.json(&["agent", "status"]).await;
            let said = status["calendars"][0]["last_error"].as_str()?.to_owned();
            said.contains(wanted).then_some(status)
        })
        .await;
        assert!(status["calendars"][0]["read_at"].is_string(), "{status}");
        assert!(!status.to_string().contains("s3cret"), "{status}");
        assert_eq!(now(&desk).await.0, serde_json::json!(["ann"]), "{wanted}");
    }
    let asked = server.asked();
    assert!(asked[0].is_none() && asked[1..].iter().all(Option::is_some), "{asked:?}");

    desk.stop().await;
    server.says(Some(roster("bob")));
    desk.start().await;
    until("the new calendar", async || (now(&desk).await.0 == serde_json::json!(["bob"])).then_some(()))
        .await;
    assert!(!desk.said().contains("s3cret"), "{}", desk.said());

    let tasks = desk.list(&["tasks", "list"]).await;
    let fix: Vec<_> = tasks.iter().map(|task| (task["kind"].as_str(), task["state"].as_str())).collect();
    assert_eq!(fix, [(Some("fix"), Some("done"))], "said once, and mended by a calendar that names somebody");

    // Ann is taken off and Bob put on by the good calendar; the first reading told nobody.
    let told = desk.list(&["notifications", "list"]).await;
    // One message each: of a hand-over with nothing in it they need not hear besides.
    let why = |person| -> Vec<String> {
        let of = to(&told, person).into_iter();
        of.map(|n| n["reason"]["via"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(why("ann"), ["taken off call for primary by calendar roster"], "{told:#?}");
    assert_eq!(why("bob"), ["put on call for primary by calendar roster"], "{told:#?}");
}

#[tokio::test]
async fn check_walks_the_file_that_is_edited_and_not_the_plan_that_is_applied() {
    let server = Server::default();
    // Nights only.
    server.says(Some(roster("Ann Lee on call").replace("DURATION:P1D", "DURATION:PT8H")));
    let url = server.start().await;
    let days = "[[schedule.layer]]\nname = \"days\"\npeople = [\"bob\"]\n";
    let nights = "[[schedule.layer]]\nname = \"roster\"\nics_secret = { env = \"ROSTER\" }\n";
    let schedule = "[[schedule]]\nname = \"primary\"\n";
    let environment: &'static str = url.leak();
    let whole = format!("{PEOPLE}{schedule}{days}{nights}");
    let mut desk = Desk::with_environment(&whole, &[("ROSTER", environment)]);
    desk.start().await;
    until("the calendar", async || (!server.asked().is_empty()).then_some(())).await;
    until("the check to know of it", async || (desk.run(&["check"]).await.code == Some(0)).then_some(()))
        .await;
    desk.configure(&format!("{PEOPLE}{schedule}{nights}"));
    let check = desk.run(&["check"]).await;
    assert_eq!(check.code, Some(1), "{check:?}");
    assert!(check.out.contains("no one is on call in primary"), "{check:?}");
    desk.stop().await;
}
