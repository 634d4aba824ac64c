//! Contacts kept on two sides: the real agent against a SCIM server that shares no code with it,
//! both edited at will while everything between them fails in turn. What partners rely on: nothing
//! they or an operator wrote is lost unseen, nothing is sent back and forth, and no opt-out is undone.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/desk.rs"]
#[allow(dead_code)]
mod desk;
#[path = "support/peer.rs"]
#[allow(dead_code)]
mod peer;
#[path = "support/scim.rs"]
mod scim;

use desk::Desk;
use peer::until;
use scim::{Community, PREFERENCES};
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

async fn desk_of(community: &Community, more: &str) -> Desk {
    let mut desk = Desk::new(&format!("{SMALL}\n{}", community.config(more)));
    desk.start().await;
    desk
}

fn ana() -> Value {
    json!({
        "userName": "ana", "displayName": "Ana López", "active": true,
        "emails": [{ "value": "ana@example.net", "type": "home", "primary": true }],
        "phoneNumbers": [{ "value": "tel:+34-612-345-678", "type": "mobile" }],
        "locale": "es", "timezone": "Europe/Madrid",
        PREFERENCES: { "quietHours": { "from": "22:00", "to": "07:00" }, "optedOut": ["fax"] },
    })
}

async fn contact(desk: &Desk, id: &str) -> Option<Value> {
    let ran = desk.run(&["contacts", "show", id, "--json"]).await;
    (ran.code == Some(0)).then(|| ran.json())
}

async fn contact_where(desk: &Desk, id: &str, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
    until(what, async || contact(desk, id).await.filter(|found| holds(found))).await
}

async fn user_where(community: &Community, id: &str, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
    until(what, async || Some(community.user(id).await).filter(|found| holds(found))).await
}

async fn set(desk: &Desk, id: &str, field: &str) {
    let ran = desk.run(&["contacts", "set", id, field]).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
}

/// Two listings from now, whatever was under way has been heard.
async fn listed_again(community: &Community) {
    let before = community.asked("LIST").await.len();
    until("two more listings", async || (community.asked("LIST").await.len() >= before + 2).then_some(()))
        .await;
}

async fn nothing_more_is_written(desk: &Desk, community: &Community) {
    listed_again(community).await;
    let (patches, seq) = (community.asked("PATCH").await.len(), newest(desk).await);
    listed_again(community).await;
    assert_eq!(
        community.asked("PATCH").await.len(),
        patches,
        "an echo: {:?}",
        community.asked("PATCH").await
    );
    assert_eq!(newest(desk).await, seq, "the history grows though nothing changes");
}

async fn newest(desk: &Desk) -> u64 {
    desk.json(&["agent", "status"]).await["seq"].as_u64().unwrap()
}

#[tokio::test]
async fn edits_of_both_sides_meet_field_by_field_and_nothing_is_echoed() {
    let community = Community::start(json!({ "largest": 2 })).await;
    for i in 0..5 {
        community.edit(&format!("u{i}"), json!({ "displayName": format!("User {i}"), "active": true })).await;
    }
    community.edit("ana", ana()).await;
    let desk = desk_of(&community, "every = \"1s\"").await;
    let found = contact_where(&desk, "ana", "the contact to come", |_| true).await;
    assert_eq!(found["name"], "Ana López");
    assert_eq!(found["phones"], json!(["+34612345678"]));
    assert_eq!(found["quiet_hours"], json!({ "from": "22:00", "to": "07:00" }));
    let all = async || (desk.list(&["contacts", "list"]).await.len() == 6).then_some(());
    until("every page to be read", all).await;
    nothing_more_is_written(&desk, &community).await;

    set(&desk, "ana", "phones=+34612345679").await;
    community.edit("ana", json!({ "locale": "en" })).await;
    let there = user_where(&community, "ana", "the phone to be given", |user| {
        user["phoneNumbers"][0]["value"] == "+34612345679"
    });
    assert_eq!(there.await["emails"][0]["type"], "home", "what is beside the value stays");
    contact_where(&desk, "ana", "the locale to be taken", |contact| contact["locale"] == "en").await;

    // An opt-out here, one of another kind there, and one taken back there.
    set(&desk, "ana", "opted_out=sms").await;
    let out = |user: &Value| user[PREFERENCES]["optedOut"].clone();
    user_where(&community, "ana", "the opt-out to be given", |user| out(user) == json!(["fax", "sms"])).await;
    community.edit("ana", json!({ PREFERENCES: { "optedOut": ["email"] } })).await;
    let both = json!(["sms", "email"]);
    contact_where(&desk, "ana", "both opt-outs", |contact| contact["opted_out"] == both).await;
    let ledger = desk.list(&["consent", "list", "--contact", "ana"]).await;
    let said: Vec<_> =
        ledger.iter().map(|entry| [&entry["state"], &entry["medium"], &entry["means"]]).collect();
    assert_eq!(said, [["out", "email", "community"], ["out", "sms", "operator"]]);
    user_where(&community, "ana", "the opt-out to be given again", |user| {
        out(user) == json!(["email", "sms"])
    })
    .await;
    nothing_more_is_written(&desk, &community).await;
}

#[tokio::test]
async fn two_edits_of_one_field_wait_for_somebody_to_choose_and_never_come_back() {
    let community = Community::start(json!({})).await;
    community.edit("ana", ana()).await;
    let desk = desk_of(&community, "every = \"1s\"").await;
    contact_where(&desk, "ana", "the contact to come", |_| true).await;
    for (keep, here, there, wanted) in
        [("mine", "Ana L.", "Ana M.", "Ana L."), ("theirs", "Ana N.", "Ana O.", "Ana O.")]
    {
        // So that neither hears of the other in between.
        community.set(json!({ "token": "none" })).await;
        set(&desk, "ana", &format!("name={here}")).await;
        community.edit("ana", json!({ "displayName": there })).await;
        community.set(json!({ "token": null })).await;
        let conflict =
            until("the conflict", async || desk.list(&["contacts", "conflicts"]).await.pop()).await;
        assert_eq!(
            (&conflict["field"], &conflict["mine"], &conflict["theirs"]),
            (&"name".into(), &here.into(), &there.into())
        );
        let tasks = desk.list(&["tasks", "list", "--in", "open"]).await;
        assert_eq!((tasks.len(), &tasks[0]["kind"]), (1, &"sync".into()));
        assert_eq!(community.user("ana").await["displayName"], there, "nobody is written over");
        let ran = desk.run(&["contacts", "resolve", "ana", "name", keep]).await;
        assert_eq!(ran.code, Some(0), "{ran:?}");
        user_where(&community, "ana", "the choice to be given", |user| user["displayName"] == wanted).await;
        assert_eq!(contact(&desk, "ana").await.unwrap()["name"], wanted);
        nothing_more_is_written(&desk, &community).await;
        assert_eq!(desk.list(&["contacts", "conflicts"]).await.len(), 0);
        assert_eq!(desk.list(&["tasks", "list", "--in", "open"]).await.len(), 0);
        assert_eq!(desk.run(&["contacts", "resolve", "ana", "name", keep]).await.code, Some(1));
    }
}

#[tokio::test]
async fn whatever_answer_a_write_gets_it_is_done_once() {
    let community = Community::start(json!({})).await;
    community.edit("ana", ana()).await;
    let desk = desk_of(&community, "every = \"1s\"\ntimeout = \"1s\"").await;
    contact_where(&desk, "ana", "the contact to come", |_| true).await;
    for (done, fault) in ["500_after", "500_before", "hang_after", "overtake", "204"].into_iter().enumerate()
    {
        let before = community.version("ana").await;
        community.set(json!({ "faults": [fault] })).await;
        set(&desk, "ana", &format!("name={fault}")).await;
        user_where(&community, "ana", fault, |user| user["displayName"] == fault).await;
        contact_where(&desk, "ana", "the answer to be settled", |contact| {
            let link = &contact["links"][0];
            let base = link["base"].as_array().unwrap().iter().find(|base| base["field"] == "name").unwrap();
            link["sent"].is_null() && base["value"] == fault
        })
        .await;
        let patches = community.asked("PATCH").await;
        let taken = patches.iter().filter(|patch| patch["answer"] == 200).count();
        assert_eq!(taken, done + 1, "{fault}: {patches:?}");
        let edits = if fault == "overtake" { 2 } else { 1 };
        assert_eq!(community.version("ana").await, before + edits, "{fault}");
    }
    nothing_more_is_written(&desk, &community).await;
    assert_eq!(desk.list(&["contacts", "conflicts"]).await.len(), 0);
}

#[tokio::test]
async fn a_proxy_that_rewrites_tags_and_versions_that_are_no_numbers_are_no_trouble() {
    let community = Community::start(json!({ "proxy": true, "opaque": true, "schemas": false })).await;
    community.edit("ana", ana()).await;
    let desk = desk_of(&community, "every = \"1s\"").await;
    contact_where(&desk, "ana", "the contact to come", |_| true).await;
    set(&desk, "ana", "name=Ana Maria").await;
    user_where(&community, "ana", "the name to be given", |user| user["displayName"] == "Ana Maria").await;
    nothing_more_is_written(&desk, &community).await;
}

#[tokio::test]
async fn a_community_without_preferences_keeps_addresses_and_the_desk_keeps_the_rest() {
    let community = Community::start(json!({ "preferences": false, "cursor": true, "largest": 2 })).await;
    for i in 0..5 {
        community.edit(&format!("u{i}"), json!({ "displayName": format!("User {i}"), "active": true })).await;
    }
    let mut ana = ana();
    ana.as_object_mut().unwrap().remove(PREFERENCES);
    community.edit("ana", ana).await;
    let desk = desk_of(&community, "every = \"1s\"").await;
    contact_where(&desk, "u4", "the last page", |_| true).await;
    contact_where(&desk, "ana", "the contact to come", |_| true).await;
    set(&desk, "ana", "opted_out=sms").await;
    set(&desk, "ana", "quiet_hours=21:00-06:00").await;
    set(&desk, "ana", "name=Ana Maria").await;
    user_where(&community, "ana", "the name to be given", |user| user["displayName"] == "Ana Maria").await;
    nothing_more_is_written(&desk, &community).await;
    let kept = contact(&desk, "ana").await.unwrap();
    assert_eq!((&kept["opted_out"], &kept["quiet_hours"]["from"]), (&json!(["sms"]), &json!("21:00")));
    assert!(community.user("ana").await[PREFERENCES].is_null());
    let patches = community.asked("PATCH").await;
    assert!(patches.iter().all(|patch| !patch.to_string().contains(PREFERENCES)), "{patches:?}");
}

#[tokio::test]
async fn a_value_the_community_refuses_is_given_once_holds_up_nothing_and_becomes_a_task() {
    let community = Community::start(json!({ "refuses": "timezone" })).await;
    community.edit("ana", ana()).await;
    let desk = desk_of(&community, "every = \"1s\"").await;
    contact_where(&desk, "ana", "the contact to come", |_| true).await;
    let fields = ["contacts", "set", "ana", "time_zone=Europe/Lisbon", "name=Ana Maria", "opted_out=email"];
    assert_eq!(desk.run(&fields).await.code, Some(0));
    user_where(&community, "ana", "the name to be given", |user| user["displayName"] == "Ana Maria").await;
    assert_eq!(community.user("ana").await[PREFERENCES]["optedOut"], json!(["fax", "email"]));
    let task = until("the task", async || desk.list(&["tasks", "list", "--in", "open"]).await.pop()).await;
    assert!(task["title"].as_str().unwrap().contains("time_zone"), "{task}");
    nothing_more_is_written(&desk, &community).await;
    let first = &community.asked("PATCH").await[0];
    assert!(first["operations"].to_string().contains("optedOut"), "opt-outs go first: {first}");
    assert_eq!(contact(&desk, "ana").await.unwrap()["time_zone"], "Europe/Lisbon");
}

async fn sync_where(desk: &Desk, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
    until(what, async || {
        Some(desk.json(&["agent", "status"]).await["sync"].clone()).filter(|sync| holds(sync))
    })
    .await
}

#[tokio::test]
async fn how_the_exchange_goes_is_told_while_the_community_is_away_and_when_it_is_back() {
    let community = Community::start(json!({})).await;
    community.edit("ana", ana()).await;
    let desk = desk_of(&community, "every = \"1s\"").await;
    let sync = sync_where(&desk, "the first listing", |sync| sync["last_listed_at"].is_string()).await;
    assert_eq!((&sync["state"], &sync["conflicts"]), (&json!("working"), &json!(0)), "{sync:#}");
    assert!(sync["last_error"].is_null(), "{sync:#}");

    community.set(json!({ "token": "none" })).await;
    let away = sync_where(&desk, "the trouble", |sync| sync["state"] == "failing").await;
    assert!(away["last_error"].as_str().unwrap().contains("401"), "{away:#}");
    set(&desk, "ana", "name=Ana L.").await;
    let waits = sync_where(&desk, "what waits", |sync| sync["pending"] == 1).await;
    assert_eq!(waits["since"], away["since"], "failing since the first failure");
    let said = desk.run(&["agent", "status"]).await.out;
    let line = said.lines().find(|line| line.starts_with("sync with the community: ")).unwrap().to_owned();
    assert!(line.contains("FAILING since ") && line.contains("1 waiting to be exchanged"), "{line}");

    community.edit("ana", json!({ "displayName": "Ana M." })).await;
    community.set(json!({ "token": null })).await;
    // It works again once the round is through in which the conflict was found.
    let back = |sync: &Value| sync["conflicts"] == 1 && sync["state"] == "working";
    sync_where(&desk, "the conflict", back).await;
    let listed = |sync: &Value| sync["pending"] == 0 && sync["last_listed_at"] != away["last_listed_at"];
    sync_where(&desk, "another listing", listed).await;
    assert_eq!(Desk::new(SMALL).run(&["agent", "status"]).await.code, Some(3));
}

#[tokio::test]
async fn contacts_of_the_configuration_take_the_communitys_word_unless_an_operator_has_edited_them() {
    let community = Community::start(json!({ "token": "none" })).await;
    community.edit("ana", ana()).await;
    let mut bo = ana();
    bo["displayName"] = "Bo Lind".into();
    community.edit("bo", bo).await;
    let file = |id: &str| {
        format!(
            "[[contact]]\nid = \"{id}\"\nname = \"{id} of the file\"\nphones = [\"+49 151 23456701\"]\n\
             roles = [\"edi\"]\n"
        )
    };
    let desk = desk_of(&community, &format!("every = \"1s\"\n{}{}", file("ana"), file("bo"))).await;
    set(&desk, "bo", "phones=+4915123456702").await;
    community.set(json!({ "token": null })).await;

    let taken = contact_where(&desk, "ana", "the community's word", |ana| ana["name"] == "Ana López").await;
    assert_eq!((&taken["phones"], &taken["roles"]), (&json!(["+34612345678"]), &json!(["edi"])));
    user_where(&community, "ana", "the role that only the desk had", |user| {
        user["roles"][0]["value"] == "edi"
    })
    .await;
    contact_where(&desk, "bo", "the name nobody edited", |bo| bo["name"] == "Bo Lind").await;
    let conflicts = desk.list(&["contacts", "conflicts"]).await;
    assert_eq!(conflicts.len(), 1, "{conflicts:#?}");
    assert_eq!((&conflicts[0]["contact"], &conflicts[0]["field"]), (&json!("bo"), &json!("phones")));
    assert_eq!(conflicts[0]["mine"], json!(["+4915123456702"]));
}

fn changed(event: &str, contact: Value) -> Value {
    json!({
        "specversion": "1.0", "id": event, "source": "urn:test:community",
        "type": "community.contact.changed", "time": jiff::Timestamp::now().to_string(),
        "data": { "contact": contact },
    })
}

#[tokio::test]
async fn notices_are_hints_late_repeated_or_malformed_they_undo_nothing() {
    let community = Community::start(json!({})).await;
    community.edit("ana", ana()).await;
    // Only the first listing: what comes later comes by the notices.
    let mut desk = desk_of(&community, "every = \"1h\"").await;
    contact_where(&desk, "ana", "the contact to come", |_| true).await;
    let heard_of = community.edit("ana", json!({ "displayName": "Ana Maria" }));
    heard_of.await;
    desk.raise(&changed("1", json!({ "id": "ana", "version": "2" }))).await;
    contact_where(&desk, "ana", "the name", |contact| contact["name"] == "Ana Maria").await;
    // What it says itself counts where it is newer, and what cannot be read is left out and named.
    let newer = json!({ "id": "ana", "version": 3, "locale": "fr", "phones": ["+34612345678", "none"],
        "emails": "no list", "name": null });
    community.edit("ana", json!({ "locale": "fr" })).await;
    desk.raise(&changed("2", newer)).await;
    let taken = contact_where(&desk, "ana", "the locale", |contact| contact["locale"] == "fr").await;
    assert_eq!((&taken["name"], &taken["emails"]), (&json!("Ana Maria"), &json!(["ana@example.net"])));
    let event = desk.list(&["events", "list"]).await.remove(0);
    let noted: Vec<&str> =
        event["unreadable"].as_array().unwrap().iter().map(|e| e["field"].as_str().unwrap()).collect();
    assert_eq!(noted, ["data.contact.emails", "data.contact.phones"]);
    desk.raise(&changed("3", json!({ "id": "ana", "version": 1, "name": "Ana López", "locale": "es" })))
        .await;
    // Unknown to the desk and known there, by its id or by the name others have for it.
    community.edit("bo", json!({ "displayName": "Bo", "externalId": "hr-7" })).await;
    desk.raise(&changed("4", json!({ "id": "hr-7", "version": 1 }))).await;
    contact_where(&desk, "hr-7", "the contact looked up", |contact| contact["name"] == "Bo").await;
    let kept = contact(&desk, "ana").await.unwrap();
    assert_eq!((&kept["name"], &kept["locale"]), (&json!("Ana Maria"), &json!("fr")));
    // The author of a post is looked up as well.
    community.edit("cy", json!({ "displayName": "Cy" })).await;
    let mut post = changed("5", Value::Null);
    post["type"] = "community.post.created".into();
    post["data"] = json!({ "post": { "id": "p", "thread": "t", "kind": "question", "subject": "?" },
        "partner": { "id": "acme", "name": "Acme" }, "author": { "contact_id": "cy" } });
    desk.raise(&post).await;
    contact_where(&desk, "cy", "the author", |contact| contact["name"] == "Cy").await;
    // Somebody who left there gets nothing more here.
    community.delete("bo").await;
    desk.raise(&changed("6", json!({ "id": "hr-7", "version": 9 }))).await;
    contact_where(&desk, "hr-7", "the leaver", |contact| contact["active"] == false).await;
    desk.stop().await;
}

/// A few numbers that look like chance.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

#[tokio::test]
async fn random_edits_of_both_sides_with_faults_and_crashes_come_to_the_same() {
    let community = Community::start(json!({ "largest": 2 })).await;
    let ids = ["a", "b", "c"];
    for id in ids {
        community.edit(id, json!({ "displayName": "Name 0", "active": true })).await;
    }
    let mut desk = desk_of(&community, "every = \"1s\"\ntimeout = \"1s\"").await;
    for id in ids {
        contact_where(&desk, id, "the contacts to come", |_| true).await;
    }
    let mut dice = Dice(7);
    let mut out_here = Vec::new();
    for step in 0..60 {
        let id = ids[dice.roll(3) as usize];
        let faults = ["500_after", "500_before", "overtake", "hang_after"];
        match dice.roll(12) {
            0 => set(&desk, id, &format!("name=Here {step}")).await,
            1 => set(&desk, id, &format!("phones=+49151234567{:02}", dice.roll(40) + 10)).await,
            2 => set(&desk, id, "quiet_hours=21:00-06:00").await,
            3 => set(&desk, id, &format!("locale={}", ["de", "en", ""][dice.roll(3) as usize])).await,
            4 if step > 20 => {
                let kept = contact(&desk, id).await.unwrap();
                if kept["opted_out"] == json!([]) {
                    set(&desk, id, "opted_out=sms").await;
                    out_here.push(id);
                }
            }
            5 => community.edit(id, json!({ "displayName": format!("There {step}") })).await,
            6 => {
                let phone = format!("+49151234567{:02}", dice.roll(40) + 10);
                community.edit(id, json!({ "phoneNumbers": [{ "value": phone }] })).await;
            }
            7 => {
                let zone = ["Europe/Rome", "UTC"][dice.roll(2) as usize];
                community.edit(id, json!({ "timezone": zone })).await
            }
            // The community takes every opt-out back; none of ours may go.
            8 => community.edit(id, json!({ PREFERENCES: { "optedOut": [] } })).await,
            9 => {
                let fault = faults[dice.roll(4) as usize];
                community.set(json!({ "faults": [fault] })).await
            }
            10 => {
                let notice = changed(&step.to_string(), json!({ "id": id, "version": dice.roll(30) }));
                desk.post(&notice).await;
            }
            _ if step % 20 == 0 => {
                desk.kill();
                desk.start().await;
            }
            _ => {}
        }
    }
    community.set(json!({ "faults": [] })).await;
    listed_again(&community).await;
    for conflict in desk.list(&["contacts", "conflicts"]).await {
        let (id, field) = (conflict["contact"].as_str().unwrap(), conflict["field"].as_str().unwrap());
        let keep = ["mine", "theirs"][dice.roll(2) as usize];
        let ran = desk.run(&["contacts", "resolve", id, field, keep]).await;
        assert_eq!(ran.code, Some(0), "{ran:?}");
    }
    for id in ids {
        until("both sides to agree", async || {
            let (here, there) = (contact(&desk, id).await.unwrap(), community.user(id).await);
            let phone = |v: &Value| v.as_str().unwrap_or_default().to_owned();
            let text = |v: &Value| v.as_str().map(str::to_owned);
            let same = text(&here["name"]) == text(&there["displayName"])
                && phone(&here["phones"][0]) == phone(&there["phoneNumbers"][0]["value"])
                && text(&here["locale"]) == text(&there["locale"])
                && text(&here["time_zone"]) == text(&there["timezone"])
                && text(&here["quiet_hours"]["from"]) == text(&there[PREFERENCES]["quietHours"]["from"])
                && here["opted_out"].as_array().map(Vec::len).unwrap_or_default()
                    == there[PREFERENCES]["optedOut"].as_array().map(Vec::len).unwrap_or_default();
            same.then_some(())
        })
        .await;
    }
    assert!(!out_here.is_empty());
    for id in out_here {
        assert_eq!(contact(&desk, id).await.unwrap()["opted_out"], json!(["sms"]));
        assert_eq!(community.user(id).await[PREFERENCES]["optedOut"], json!(["sms"]));
    }
    nothing_more_is_written(&desk, &community).await;
}

#[tokio::test]
async fn a_spreadsheet_goes_out_and_in_by_the_rules_of_the_sync() {
    let mut desk = Desk::new(&format!(
        "{SMALL}\n[[contact]]\nid = \"ana\"\npartner_id = \"acme\"\nname = \"=Ana, \\\"A\\\"\"\n\
         phones = [\"+34 612 345 678\"]\nroles = [\"logistics\", \"a;b\"]\n\n\
         [[contact]]\nid = \"bo\"\npartner_id = \"borg\"\nname = \"Bo\"\n"
    ));
    desk.start().await;
    set(&desk, "ana", "opted_out=sms").await;
    let exported = desk.run(&["contacts", "export"]).await.out;
    let only_borg = desk.run(&["contacts", "export", "--partner", "borg"]).await.out;
    assert_eq!((exported.lines().count(), only_borg.lines().count()), (3, 2));
    let sheet = desk.state().join("contacts.csv");
    let file = sheet.to_str().unwrap();
    let import = async |text: &str, more: &[&str]| {
        std::fs::write(&sheet, text).unwrap();
        desk.run(&[&["contacts", "import", file, "--json"], more].concat()).await
    };
    let seq = newest(&desk).await;
    let same = import(&exported, &[]).await;
    assert_eq!((same.code, &same.json()["same"]), (Some(0), &json!(2)), "{same:?}");

    // Edited in the sheet, and something else here meanwhile; the opt-out cannot be taken out.
    let edited =
        exported.replace("+34612345678", "+34612345679").replace("Bo,", "Bob,").replace(",sms,", ",,");
    let dry = import(&edited, &["--dry-run"]).await;
    assert_eq!((dry.code, &dry.json()["changed"]), (Some(0), &json!(2)), "{dry:?}");
    assert_eq!(contact(&desk, "bo").await.unwrap()["name"], "Bo", "a dry run changes nothing");
    set(&desk, "bo", "name=Bo Lind").await;
    set(&desk, "ana", "locale=es").await;
    let ran = import(&edited, &[]).await;
    assert_eq!((ran.code, &ran.json()["changed"], &ran.json()["conflicts"]), (Some(1), &json!(1), &json!(1)));
    let ana = contact(&desk, "ana").await.unwrap();
    assert_eq!(
        (&ana["phones"], &ana["locale"], &ana["opted_out"]),
        (&json!(["+34612345679"]), &json!("es"), &json!(["sms"]))
    );
    assert_eq!(contact(&desk, "bo").await.unwrap()["name"], "Bo Lind");
    let conflict = desk.list(&["contacts", "conflicts"]).await.remove(0);
    assert_eq!((&conflict["theirs"], &conflict["side"]), (&json!("Bob"), &json!("sheet:contacts")));
    assert_eq!(desk.run(&["contacts", "resolve", "bo", "name", "theirs"]).await.code, Some(0));
    assert_eq!(contact(&desk, "bo").await.unwrap()["name"], "Bob");

    let mixed = "id;name;phones\ncy;Cy;+34612345670\nda;Da;12\n";
    let ran = import(mixed, &["--source", "other"]).await;
    assert_eq!((ran.code, &ran.json()["created"]), (Some(1), &json!(1)));
    assert_eq!(ran.json()["invalid"][0]["line"], 3);
    assert_eq!(import("id,fax\n", &[]).await.code, Some(2));
    assert!(newest(&desk).await > seq);
}

#[tokio::test]
async fn a_leaver_is_listed_first_and_an_erased_contact_does_not_come_back() {
    let community = Community::start(json!({})).await;
    community.edit("ana", ana()).await;
    community
        .edit("bo", json!({ "displayName": "Bo", "active": true, "roles": [{ "value": "billing" }] }))
        .await;
    let desk = desk_of(&community, "every = \"1s\"").await;
    contact_where(&desk, "ana", "the contact to come", |_| true).await;
    contact_where(&desk, "bo", "the contact to come", |_| true).await;
    let asked = desk.run(&["contacts", "leave", "bo", "--successor", "ana"]).await;
    assert_eq!(asked.code, Some(1), "{asked:?}");
    assert!(asked.out.contains("role billing") && asked.out.contains("community bo"), "{asked:?}");
    assert_eq!(contact(&desk, "bo").await.unwrap()["active"], true);
    assert_eq!(desk.run(&["contacts", "leave", "bo", "--successor", "nobody", "--yes"]).await.code, Some(1));
    let left = desk.run(&["contacts", "leave", "bo", "--successor", "ana", "--yes"]).await;
    assert_eq!(left.code, Some(0), "{left:?}");
    assert_eq!(contact(&desk, "bo").await.unwrap()["successor"], "ana");
    user_where(&community, "bo", "the leaving to be given", |user| user["active"] == false).await;

    assert_eq!(desk.run(&["contacts", "erase", "ana"]).await.code, Some(1), "it asks first");
    let ran = desk.run(&["contacts", "erase", "ana", "--yes"]).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    community.edit("ana", json!({ "locale": "pt" })).await;
    nothing_more_is_written(&desk, &community).await;
    let erased = contact(&desk, "ana").await.unwrap().to_string();
    assert!(!erased.contains("López") && !erased.contains("612345678"), "{erased}");
    assert_eq!(community.user("ana").await["displayName"], "Ana López", "nothing is given either");
}

#[tokio::test]
async fn the_practice_community_keeps_its_contacts_with_the_desk() {
    let practice = nightdesk::practice::Practice::bind(nightdesk::practice::Haste(1.0)).await.unwrap();
    let config = format!(
        "{SMALL}\n[community]\nscim = \"http://{}/scim/v2\"\nevery = \"1s\"",
        practice.addresses().scim
    );
    let mut desk = Desk::new(&config);
    desk.start().await;
    let tanaka = contact_where(&desk, "y.tanaka", "the contacts to come", |_| true).await;
    assert_eq!((&tanaka["partner_id"], &tanaka["quiet_hours"]["from"]), (&json!("sakura"), &json!("21:00")));
    practice.contacts().edit("r.ames", "locale", json!("es"));
    contact_where(&desk, "r.ames", "the edit", |contact| contact["locale"] == "es").await;
    set(&desk, "k.lie", "opted_out=sms").await;
    until("the opt-out to be given", async || {
        let there = practice.contacts().user("k.lie").unwrap();
        (there[PREFERENCES]["optedOut"] == json!(["sms"])).then_some(())
    })
    .await;
    assert_eq!(desk.list(&["contacts", "conflicts"]).await.len(), 0);
    desk.stop().await;
}
