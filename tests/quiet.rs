//! One message after an absence, and texts that wait: a whole agent in virtual time.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/life.rs"]
mod life;

use async_trait::async_trait;
use axum::http::{Method, StatusCode};
use jiff::{SignedDuration, Timestamp};
use nightdesk::agent::Agent;
use nightdesk::channel::{Acceptance, Answer, Callback, CallbackRefused, Channel, Of, Outgoing, Receipt};
use nightdesk::community::Received;
use nightdesk::community::intake::{CallbackRequest, Desk as _};
use nightdesk::core::alert::AlertState;
use nightdesk::core::apply::Asker;
use nightdesk::core::command::{Action, Command, Expect, Outcome};
use nightdesk::core::contact::Medium;
use nightdesk::core::event::CloudEvent;
use nightdesk::core::event::Severity;
use nightdesk::core::id::{AlertId, WindowId};
use nightdesk::core::maintenance::Covers;
use nightdesk::core::notification::{Hold, Notification, NotificationState, Purpose, Rung};
use nightdesk::core::person::{PersonId, Role};
use nightdesk::core::reply::Inbound;
use nightdesk::store::Store;
use nightdesk::store::list::{Filter, List};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const CONFIG: &str = r#"
[desk]
name = "simulated"
time_zone = "UTC"

[[source]]
name = "community"

[[channel]]
name = "sms"
kind = "spool"
carries = ["sms"]

[[person]]
id = "maria"
name = "Maria Weber"
role = "responder"
phone = "+49 151 23456701"

[[policy]]
name = "urgent"
steps = [{ after = "0s", notify = ["person:maria"] }]
last_resort = { every = "10m", notify = ["person:maria"] }

[catch_all]
policy = "urgent"
"#;

/// Takes every text, and remembers it, unless its gateway fails.
#[derive(Clone, Default)]
struct Handset(Arc<Mutex<Vec<String>>>, Arc<AtomicBool>);

#[async_trait]
impl Channel for Handset {
    async fn send(&self, message: &Outgoing) -> Answer {
        if self.1.load(Ordering::Relaxed) {
            return Answer::Deferred { said: "connection refused".into(), after: None };
        }
        self.0.lock().unwrap().push(message.body.raw().to_owned());
        Answer::Accepted(Acceptance { said: "taken".into(), parts: 1, ..Acceptance::default() })
    }

    fn receipt(&self, callback: &Callback) -> Result<Receipt, CallbackRefused> {
        Ok(Receipt {
            of: Of::Attempt { notification: callback.query["n"].parse().unwrap(), attempt: 1, part: 1 },
            provider_ref: None,
            rung: Some(Rung::Delivered),
            by: "simulated carrier",
            detail: String::new(),
            fault: None,
        })
    }

    fn connections(&self) -> usize {
        1
    }
}

/// The carrier says that the newest test arrived.
async fn arrived(agent: &Agent, store: &Store) {
    let read = |tx: &nightdesk::store::Tx<'_>| {
        tx.list(List::Notifications, &Filter { limit: 50, ..Filter::default() })
    };
    let newest: Vec<Notification> = store.read(read).await.unwrap();
    let id = newest.iter().find(|n| n.purpose == Purpose::Test).unwrap().id;
    let request = CallbackRequest {
        method: Method::GET,
        uri: String::new(),
        query: BTreeMap::from([("n".to_owned(), id.to_string())]),
        headers: Vec::new(),
        body: Vec::new(),
        peer: [127, 0, 0, 1].into(),
    };
    assert_eq!(agent.receipt("sms", request).await.status, StatusCode::OK);
}

impl Handset {
    fn fails(&self, fails: bool) {
        self.1.store(fails, Ordering::Relaxed);
    }

    fn got(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

fn at(text: &str) -> Timestamp {
    format!("2026-03-29T{text}:00Z").parse().unwrap()
}

/// One life of the agent, in virtual time; it ends without a word, like any crash.
fn live(folder: &Path, start: Timestamp, handset: &Handset, within: impl AsyncFnOnce(Arc<Agent>, Store)) {
    live_by(CONFIG, folder, start, handset, within);
}

fn live_by(
    config: &str,
    folder: &Path,
    start: Timestamp,
    handset: &Handset,
    within: impl AsyncFnOnce(Arc<Agent>, Store),
) {
    let channels = || -> life::Channels { vec![("sms", Arc::new(handset.clone()))] };
    life::live(config, folder, start, channels, within);
}

async fn minutes(count: u64) {
    tokio::time::sleep(Duration::from_secs(count * 60)).await;
}

async fn report(agent: &Agent, kind: &str, id: &str, partner: &str, severity: &str) {
    report_of(agent, kind, "blocked_order", id, partner, severity).await;
}

async fn report_of(agent: &Agent, kind: &str, of: &str, id: &str, partner: &str, severity: &str) {
    let data = json!({
        "exception": { "id": id, "kind": of, "title": format!("Blocked order {id}") },
        "partner": { "id": partner, "name": partner },
        "severity": severity,
    });
    let event = CloudEvent {
        id: format!("{kind}-{id}"),
        source: "/community".to_owned(),
        kind: format!("community.exception.{kind}"),
        time: None,
        subject: None,
        attributes: BTreeMap::new(),
        data,
    };
    agent.accept("community", vec![Received::check(event, None).unwrap()]).await.unwrap();
}

#[test]
fn what_an_absence_left_is_one_message_and_its_code_takes_all_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let handset = Handset::default();
    live(folder.path(), at("02:00"), &handset, async |agent, _| {
        for (id, partner, severity) in
            [("1", "Acme", "high"), ("2", "Borg", "critical"), ("3", "Delta", "high"), ("4", "Echo", "high")]
        {
            report(&agent, "raised", id, partner, severity).await;
            minutes(1).await;
        }
        report(&agent, "cleared", "3", "Delta", "high").await;
        minutes(1).await;
        tokio::time::sleep(Duration::from_secs(10)).await;
        assert_eq!(handset.got().len(), 5, "four pages, and that one is over");
    });
    live(folder.path(), at("04:05"), &handset, async |agent, store| {
        minutes(1).await;
        let [said] = &handset.got()[..] else { panic!("one message after an absence") };
        assert!(
            said.starts_with("Desk was away 02:05-04:05: 3 alerts, worst CRIT Borg: Blocked order 2. ACK "),
            "{said}"
        );
        let code = said.split(' ').nth_back(4).unwrap();
        let inbound = Inbound {
            channel: "sms".into(),
            provider_id: "1".into(),
            medium: Medium::Sms,
            from: "+4915123456701".into(),
            text: format!("ack {code}").into(),
            answers: None,
            automatic: None,
        };
        nightdesk::agent::replies::take_one(&agent, inbound).await.unwrap();
        minutes(1).await;
        assert_eq!(handset.got(), ["You took 3 alerts; news promised by 05:06 UTC."]);
        for id in [1, 2, 4] {
            let (alert, told) = store
                .read(move |tx| Ok((tx.alert(AlertId(id))?.unwrap(), tx.notifications_of(AlertId(id))?)))
                .await
                .unwrap();
            assert_eq!(alert.state, AlertState::Acknowledged, "{id}");
            let told: Vec<_> =
                told.iter().filter(|n| n.bundle.is_some()).map(|n| n.state_for(AlertId(id))).collect();
            assert_eq!(told, [NotificationState::Accepted], "{id}");
            let timeline = store.read(move |tx| tx.timeline(AlertId(id))).await.unwrap();
            let tells = |n: &&_| {
                let n: &nightdesk::core::change::Numbered = n;
                n.change.summary.raw().contains("in one message with 2 more")
            };
            assert_eq!(timeline.iter().filter(tells).count(), 1, "{id}");
        }
    });
}

#[test]
fn a_restart_is_no_absence() {
    let folder = tempfile::tempdir().unwrap();
    let handset = Handset::default();
    live(folder.path(), at("02:00"), &handset, async |agent, _| {
        report(&agent, "raised", "1", "Acme", "high").await;
        report(&agent, "raised", "2", "Borg", "high").await;
        minutes(9).await;
        assert_eq!(handset.got().len(), 2);
    });
    live(folder.path(), at("02:10"), &handset, async |_, _| {
        minutes(2).await;
        let got = handset.got();
        assert!(got.len() == 2 && got.iter().all(|said| !said.contains("away")), "{got:?}");
    });
}

#[test]
fn a_text_too_many_waits_with_its_reason_and_leaves_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let handset = Handset::default();
    live(folder.path(), at("02:00"), &handset, async |agent, store| {
        for i in 0..5 {
            report(&agent, "raised", &format!("{i}"), &format!("Partner {i}"), "high").await;
            minutes(1).await;
        }
        assert_eq!(handset.got().len(), 5, "the first page of each left");
        // 02:10: the first of them is due for the last resort, and its text would be the sixth.
        minutes(6).await;
        assert_eq!(handset.got().len(), 0);
        let held = store.read(|tx| tx.notifications_of(AlertId(1))).await.unwrap().pop().unwrap();
        assert_eq!((held.state, held.hold), (NotificationState::Held, Some(Hold::Throttled)));
        assert_eq!(held.reason.outcome.unwrap().raw(), "until 02:15 UTC: 5 texts within 15 minutes");
        report(&agent, "raised", "5", "Partner 5", "high").await;
        minutes(1).await;
        assert_eq!(handset.got().len(), 1, "the first page of an alert never waits");
        minutes(8).await;
        assert!(!handset.got().is_empty(), "what waited leaves");
        let sent = store.read(|tx| tx.notifications_of(AlertId(1))).await.unwrap();
        assert!(sent.iter().filter(|n| n.state == NotificationState::Accepted).count() >= 2);
    });
}

#[test]
fn where_the_only_page_of_a_step_has_to_wait_the_next_step_follows_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let handset = Handset::default();
    let jonas =
        "[[person]]\nid = \"jonas\"\nname = \"Jonas\"\nrole = \"responder\"\nphone = \"+49 151 23456702\"\n";
    let config = CONFIG.replace("[[policy]]", &format!("{jonas}\n[[policy]]")).replace(
        "[{ after = \"0s\", notify = [\"person:maria\"] }]",
        "[{ after = \"0s\", notify = [\"person:maria\"] }, { after = \"6m\", notify = [\"person:maria\"] },
          { after = \"60m\", notify = [\"person:jonas\"] }]",
    );
    live_by(&config, folder.path(), at("02:00"), &handset, async |agent, store| {
        for i in 0..5 {
            report(&agent, "raised", &format!("{i}"), &format!("Partner {i}"), "high").await;
        }
        minutes(7).await;
        let told = store.read(|tx| tx.notifications_of(AlertId(1))).await.unwrap();
        let told: Vec<_> = told.iter().map(|n| (n.recipient.name.raw(), n.hold)).collect();
        assert_eq!(told, [("Maria Weber", None), ("Maria Weber", Some(Hold::Throttled)), ("Jonas", None)]);
        let timeline = store.read(|tx| tx.timeline(AlertId(1))).await.unwrap();
        let said = "Nobody of step 2 is known to be reached: SMS to Maria Weber waits: until 02:15 UTC";
        assert!(timeline.iter().any(|one| one.change.summary.raw().starts_with(said)), "{timeline:?}");
    });
}

#[test]
fn after_an_outage_of_the_gateway_each_alert_is_one_text_and_not_one_of_every_round() {
    let folder = tempfile::tempdir().unwrap();
    let handset = Handset::default();
    live(folder.path(), at("02:00"), &handset, async |agent, store| {
        handset.fails(true);
        report(&agent, "raised", "0", "Acme", "high").await;
        minutes(60).await;
        assert_eq!(handset.got().len(), 0);
        let waits = |n: &&Notification| n.is_waiting() && n.purpose == Purpose::Page;
        let told = store.read(|tx| tx.notifications_of(AlertId(1))).await.unwrap();
        assert!(told.len() > 4, "every round was decided");
        assert_eq!(told.iter().filter(waits).count(), 1, "{told:?}");
        handset.fails(false);
        minutes(5).await;
        let got = handset.got();
        let of_it = got.iter().filter(|said| said.contains("Blocked order 0")).count();
        assert_eq!(of_it, 1, "{got:?}");
    });
}

#[test]
fn an_agent_that_was_never_at_work_was_not_away() {
    let folder = tempfile::tempdir().unwrap();
    live(folder.path(), at("02:00"), &Handset::default(), async |_, store| {
        let seen = store.read(|tx| tx.seen_at_work()).await.unwrap();
        assert_eq!(seen, Some(at("02:00")));
        minutes(3).await;
        let seen = store.read(|tx| tx.seen_at_work()).await.unwrap().unwrap();
        assert!(at("02:03").duration_since(seen) <= SignedDuration::from_secs(61), "{seen}");
    });
}

async fn ask(agent: &Agent, id: &str, action: Action) -> String {
    let maria = Asker { id: PersonId("maria".into()), name: "Maria".into(), role: Role::Admin, login: None };
    let command = Command { id: id.to_owned(), action, expect: Expect::default() };
    match agent.command(command, maria).await.unwrap() {
        Outcome::Done { said } => said.raw().to_owned(),
        Outcome::Refused { refusal } => panic!("{refusal:?}"),
    }
}

fn window(from: &str, until: &str) -> Action {
    let covers = Covers {
        partners: vec!["Acme".into()],
        kinds: vec![],
        sources: vec![],
        when: None,
        up_to: Severity::High,
    };
    Action::AddMaintenance {
        covers: Box::new(covers),
        from: at(from),
        until: at(until),
        why: "new warehouse".into(),
    }
}

async fn state(store: &Store, id: u64) -> AlertState {
    store.read(move |tx| tx.alert(AlertId(id))).await.unwrap().unwrap().state
}

#[test]
fn a_window_outlives_a_crash_and_what_slept_in_it_is_one_message_at_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let handset = Handset::default();
    live(folder.path(), at("02:00"), &handset, async |agent, store| {
        report(&agent, "raised", "0", "Acme", "high").await;
        minutes(1).await;
        ask(&agent, "w", window("02:01", "03:00")).await;
        report(&agent, "raised", "1", "Acme", "high").await;
        report(&agent, "raised", "2", "Borg", "high").await;
        report(&agent, "raised", "3", "Acme", "critical").await;
        report(&agent, "raised", "4", "Acme", "high").await;
        report(&agent, "raised", "5", "Acme", "high").await;
        report(&agent, "cleared", "5", "Acme", "high").await;
        minutes(8).await;
        let states = [state(&store, 1).await, state(&store, 2).await, state(&store, 3).await];
        assert_eq!(states, [AlertState::Open, AlertState::Snoozed, AlertState::Open]);
        assert_eq!(handset.got().len(), 3, "what paged before, another partner, and what is critical");
        for alert in [1, 3, 4] {
            ask(
                &agent,
                &format!("a{alert}"),
                Action::Resolve { alert: AlertId(alert), reason: "done".into() },
            )
            .await;
        }
        minutes(1).await;
        handset.got();
    });
    live(folder.path(), at("02:11"), &handset, async |agent, store| {
        minutes(30).await;
        assert_eq!((handset.got().len(), state(&store, 2).await), (0, AlertState::Snoozed));
        report(&agent, "raised", "6", "Acme", "high").await;
        minutes(18).await;
        assert_eq!(handset.got().len(), 0);
        minutes(2).await;
        assert_eq!(handset.got().len(), 3, "three are open; the one that was cleared pages nobody");
        assert_eq!(state(&store, 6).await, AlertState::Open, "in sight until the hand-over");
    });
}

#[test]
fn a_window_that_ended_while_the_desk_was_away_is_part_of_what_it_left() {
    let folder = tempfile::tempdir().unwrap();
    let handset = Handset::default();
    live(folder.path(), at("02:00"), &handset, async |agent, _| {
        ask(&agent, "w", window("02:00", "03:00")).await;
        report(&agent, "raised", "1", "Acme", "high").await;
        report(&agent, "raised", "2", "Acme", "high").await;
        minutes(5).await;
        assert_eq!(handset.got().len(), 0);
    });
    live(folder.path(), at("04:05"), &handset, async |_, _| {
        minutes(1).await;
        let got = handset.got();
        let [said] = &got[..] else { panic!("one message after an absence: {got:?}") };
        assert!(said.starts_with("Desk was away 02:04-04:05: 2 alerts, worst "), "{said}");
    });
}

#[test]
fn a_window_taken_back_wakes_what_slept_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let handset = Handset::default();
    live(folder.path(), at("02:00"), &handset, async |agent, store| {
        let said = ask(&agent, "w", window("02:00", "03:00")).await;
        assert!(
            said.starts_with("M1: quiet for partner Acme, up to high, Sun 29 Mar 02:00 UTC – "),
            "{said}"
        );
        report(&agent, "raised", "1", "Acme", "high").await;
        minutes(5).await;
        assert_eq!(state(&store, 1).await, AlertState::Snoozed);
        ask(&agent, "r", Action::RemoveMaintenance { id: WindowId(1) }).await;
        assert_eq!(state(&store, 1).await, AlertState::Open, "before the answer");
        report(&agent, "raised", "2", "Acme", "high").await;
        minutes(1).await;
        assert_eq!(handset.got().len(), 2);
    });
}

#[test]
fn a_recurring_window_and_an_inhibit_rule_count_as_the_file_that_is_applied_says() {
    let quiet = format!(
        "{CONFIG}\n[[maintenance]]\nname = \"backup\"\nat = \"sun 02:00\"\nfor = \"1h\"\npartner = \"Acme\"\n\
         [[inhibit]]\nname = \"same\"\nsource = \"severity == 'critical'\"\ntarget = \"severity == 'high'\"\n\
         equal = [\"partner\"]\n"
    );
    let folder = tempfile::tempdir().unwrap();
    let handset = Handset::default();
    live_by(&quiet, folder.path(), at("02:00"), &handset, async |agent, store| {
        report(&agent, "raised", "1", "Acme", "high").await;
        report(&agent, "raised", "2", "Borg", "critical").await;
        report(&agent, "raised", "3", "Borg", "high").await;
        minutes(5).await;
        assert_eq!(handset.got().len(), 1, "only what is critical");
        let timeline = store.read(|tx| tx.timeline(AlertId(3))).await.unwrap();
        let said = timeline.iter().map(|fact| fact.change.summary.raw().to_owned());
        assert!(said.into_iter().any(|said| said.starts_with("Quiet because of A2 (rule same)")));
        ask(&agent, "r", Action::Resolve { alert: AlertId(2), reason: "done".into() }).await;
        assert_eq!(state(&store, 3).await, AlertState::Open, "in the same transaction");
        minutes(1).await;
        assert_eq!(handset.got().len(), 1, "it pages");
        std::fs::write(folder.path().join("config.toml"), CONFIG).unwrap();
        let actor = nightdesk::core::change::Actor::Desk;
        agent.apply_file("no more windows", actor).await.unwrap();
        assert_eq!(state(&store, 1).await, AlertState::Open);
    });
}

#[test]
fn what_sleeps_while_no_text_leaves_wakes_and_pages_when_one_does_again() {
    let quiet = format!(
        "{CONFIG}\n[[inhibit]]\nname = \"no texts\"\nsource = \"severity == 'critical'\"\n\
         target = \"severity == 'high'\"\nequal = [\"kind\"]\nat_most = \"72h\"\n"
    );
    let folder = tempfile::tempdir().unwrap();
    let handset = Handset::default();
    live_by(&quiet, folder.path(), at("02:00"), &handset, async |agent, store| {
        handset.fails(true);
        report(&agent, "raised", "1", "Acme", "high").await;
        minutes(10).await;
        let down = store.read(|tx| tx.alert(AlertId(2))).await.unwrap().unwrap();
        assert!(down.title.raw().starts_with("SMS DOWN since "), "{:?}", down.title);
        // Their own gateway, by the words of the very same trouble.
        report_of(&agent, "raised", "provider_down", "3", "Borg", "high").await;
        assert_eq!(state(&store, 3).await, AlertState::Snoozed);
        minutes(60).await;
        assert_eq!((state(&store, 3).await, handset.got().len()), (AlertState::Snoozed, 0));
        handset.fails(false);
        minutes(6).await;
        let down = store.read(|tx| tx.alert(AlertId(2))).await.unwrap().unwrap();
        assert!(down.cleared_at.is_some(), "{down:?}");
        assert_eq!(state(&store, 3).await, AlertState::Open, "in the same transaction");
        let got = handset.got();
        assert!(got.iter().any(|said| said.contains("Borg: Blocked order 3")), "{got:?}");
    });
}

#[test]
fn tests_that_are_switched_on_at_night_wake_nobody_and_come_once_by_day() {
    let folder = tempfile::tempdir().unwrap();
    let handset = Handset::default();
    let with = with_shifts();
    let without = with.replace("[page_test]\nevery = \"30d\"\n", "");
    assert_ne!(with, without);
    live_by(&without, folder.path(), at("03:50"), &handset, async |agent, _| {
        minutes(2).await;
        std::fs::write(folder.path().join("config.toml"), &with).unwrap();
        agent.apply_file("test who is on call", nightdesk::core::change::Actor::Desk).await.unwrap();
        minutes(60).await;
        assert_eq!(handset.got(), [""; 0], "maria came on at 02:30");
    });
    live_by(&with, folder.path(), at("07:58"), &handset, async |_, _| {
        minutes(1).await;
        assert_eq!(handset.got(), [""; 0]);
        minutes(30).await;
        let [said] = &handset.got()[..] else { panic!("maria is tested") };
        assert!(said.starts_with("TEST from simulated, 08:0"), "{said}");
    });
}

/// Two take turns of a day, and texts are proven.
fn with_shifts() -> String {
    let proving = CONFIG.replace("carries = [\"sms\"]", "carries = [\"sms\"]\nreceipts = true");
    let on_call = proving.replace("notify = [\"person:maria\"] }]", "notify = [\"oncall:primary\"] }]");
    format!(
        "{on_call}\n[page_test]\nevery = \"30d\"\n\n[[person]]\nid = \"jonas\"\nname = \"Jonas Roth\"\n\
         role = \"responder\"\nphone = \"+49 151 23456702\"\n\n[[schedule]]\nname = \"primary\"\n\
         people = [\"maria\", \"jonas\"]\nturn_days = 1\nstart = 2026-03-29\nhandoff = \"02:30\"\n"
    )
}

async fn fixes(store: &Store) -> Vec<nightdesk::core::task::Task> {
    let mut tasks = store.read(|tx| tx.tasks_to_do(100)).await.unwrap();
    tasks.retain(|task| task.kind == nightdesk::core::task::TaskKind::Fix);
    tasks
}

#[test]
fn whoever_comes_on_call_unproven_is_tested_once_and_is_a_task_until_it_is_proven() {
    let folder = tempfile::tempdir().unwrap();
    let handset = Handset::default();
    let config = with_shifts();
    live_by(&config, folder.path(), at("02:00"), &handset, async |_, _| {
        minutes(31).await;
        let [said] = &handset.got()[..] else { panic!("maria is tested") };
        assert!(said.starts_with("TEST from simulated, 02:3"), "{said}");
    });
    live_by(&config, folder.path(), at("02:33"), &handset, async |agent, store| {
        minutes(20).await;
        assert_eq!((handset.got().len(), fixes(&store).await.len()), (0, 0), "once, and in time");
        minutes(20).await;
        let [task] = &fixes(&store).await[..] else { panic!("nothing proved it") };
        assert_eq!(task.owner, Some(PersonId("maria".into())));
        minutes(23 * 60 + 20).await;
        // Maria's task is open, so that he is asked to take over, too.
        let got = handset.got();
        let tests = got.iter().filter(|said| said.starts_with("TEST")).count();
        assert_eq!((tests, got.len()), (1, 2), "{got:?}");
        arrived(&agent, &store).await;
        minutes(60).await;
        assert_eq!(fixes(&store).await.len(), 1, "only maria's");
        minutes(23 * 60).await;
        let tests = |got: Vec<String>| got.into_iter().filter(|said| said.starts_with("TEST")).count();
        assert_eq!(tests(handset.got()), 1, "maria is tested again, beside what reminds her of the task");
        arrived(&agent, &store).await;
        minutes(60).await;
        assert_eq!(fixes(&store).await.len(), 0, "what was wrong is mended");
        minutes(24 * 60).await;
        assert_eq!(tests(handset.got()), 0, "both are proven for a month");
    });
}
