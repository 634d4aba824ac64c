//! Posts: one acknowledgment for each, and never without its task.

use super::*;
use crate::core::change::Object;
use crate::core::notification::{NotificationState, RecipientId};
use crate::core::rule::{Match, Rule, Then};
use crate::core::thread::ThreadState;
use std::collections::BTreeMap;

fn post(id: &str, author: &str) -> Value {
    json!({ "post": { "id": id, "thread": "t1", "kind": "question", "subject": format!("About {id}") },
        "author": { "contact_id": author } })
}

fn acknowledged(stage: &Stage) -> BTreeMap<String, usize> {
    let mut count = BTreeMap::new();
    for n in stage.notifications.values() {
        let (RecipientId::Contact(_), Some(event)) = (&n.recipient.who, n.event) else { continue };
        let post = stage.events[&event].data["post"]["id"].as_str().unwrap().to_owned();
        *count.entry(post).or_default() += 1;
    }
    count
}

fn thread(stage: &Stage) -> ThreadState {
    stage.threads.values().next().unwrap().state
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_post_is_acknowledged_twice_and_each_acknowledgment_has_its_task(order in order(5), timed: bool) {
        let mut stage = Stage::with([contact("ana")]);
        for at in &order {
            stage.now += jiff::SignedDuration::from_mins(1);
            let when = if timed { time(&format!("2026-03-01T0{at}:00:00Z")) } else { When::default() };
            let changes = match at {
                0 | 2 | 4 => stage.tell_as("post.created", post(&format!("p{at}"), "ana"), when),
                at => stage.tell_as("post.answered", post(&format!("a{at}"), "desk"), when),
            };
            let thanks = changes.iter().any(|change| matches!(&change.object,
                Object::Notification(n) if matches!(n.recipient.who, RecipientId::Contact(_))));
            if thanks {
                prop_assert_eq!(stage.open_tasks(TaskKind::Answer).len(), 1);
            }
            let open = thread(&stage) == ThreadState::Open;
            prop_assert_eq!(stage.open_tasks(TaskKind::Answer).len(), usize::from(open), "{:?}", order);
        }
        prop_assert!(acknowledged(&stage).values().all(|count| *count == 1), "{:?}", order);
        if timed {
            let newest = order.iter().max().unwrap();
            let wanted = if newest % 2 == 0 { ThreadState::Open } else { ThreadState::Answered };
            prop_assert_eq!(thread(&stage), wanted, "{:?}", order);
        }
    }
}

#[test]
fn a_machine_is_never_thanked_even_one_that_becomes_known_later() {
    let mut machine = contact("bot");
    machine.emails = vec!["no-reply@acme.example".parse().unwrap()];
    machine.phones.clear();
    let mut stage = Stage::with([contact("ana"), machine.clone()]);
    let mut automatic = post("p1", "ana");
    automatic["post"]["automatic"] = json!(true);
    stage.tell("post.created", automatic);
    stage.tell("post.created", post("p2", "bot"));
    assert_eq!((stage.to_contacts().len(), stage.open_tasks(TaskKind::Answer).len()), (0, 1));

    let mut stage = Stage::with([]);
    stage.tell("post.created", post("p1", "bot"));
    stage.meet(machine);
    assert!(stage.send().iter().all(|sent| sent.to != "bot"));
}

#[test]
fn a_rule_that_keeps_quiet_thanks_nobody() {
    let mut stage = Stage::with([contact("ana")]);
    stage.desk.rules = vec![Rule {
        name: "hush".into(),
        matches: Match::default(),
        when: None,
        then: Then::Quiet,
        duty: Default::default(),
        group_by: vec![],
        group_window: jiff::SignedDuration::ZERO,
    }];
    stage.tell("post.created", post("p1", "ana"));
    assert_eq!((stage.notifications.len(), stage.tasks.len()), (0, 0));
}

#[test]
fn an_unknown_author_waits_and_is_thanked_once_in_their_language_and_on_their_clock() {
    let mut stage = Stage::with([]);
    let mut about_case = post("p1", "ana");
    about_case["post"]["case_id"] = json!("c1");
    let case = json!({ "case": { "id": "c1", "reference": "REF-1", "kind": "dispute", "title": "Short" },
        "priority": "normal" });
    stage.tell("case.opened", case);
    stage.tell("post.created", about_case);
    assert!(stage.open_tasks(TaskKind::Answer).iter().any(|task| task.title.raw().contains("not known")));
    let held =
        |stage: &Stage| stage.notifications.values().filter(|n| n.state == NotificationState::Held).count();
    assert_eq!(held(&stage), 1);

    let mut stranger = contact("ana");
    stranger.partner_id = Some("borg".into());
    stage.meet(stranger);
    assert_eq!(held(&stage), 1, "another partner's contact is not the author");
    let mut ana = contact("ana");
    ana.time_zone = Some("America/New_York".into());
    for _ in 0..3 {
        stage.meet(ana.clone());
    }
    let sent: Vec<_> = stage.send().into_iter().filter(|sent| sent.to == "ana").collect();
    assert_eq!(sent.len(), 1);
    let words = &sent[0].body;
    assert!(words.contains("REF-1") && words.contains("Name of ana"), "{words}");
    assert!(words.contains("EST") && words.contains("Referenz"), "{words}");
    assert!(stage.meet(ana).is_empty());
    let tasks = stage.open_tasks(TaskKind::Answer);
    assert!(tasks.iter().any(|task| task.title.raw() == "About p1"), "{tasks:#?}");
    assert!(tasks.iter().all(|task| !task.title.raw().contains("not known")), "{tasks:#?}");
}

#[test]
fn a_later_post_of_a_case_quotes_the_reference_though_it_does_not_name_the_case() {
    let mut stage = Stage::with([contact("ana")]);
    let case = json!({ "case": { "id": "c1", "reference": "REF-1", "kind": "dispute", "title": "Short" },
        "priority": "normal" });
    stage.tell("case.opened", case);
    let mut first = post("p1", "ana");
    first["post"]["case_id"] = json!("c1");
    stage.tell("post.created", first);
    stage.tell("post.created", post("p2", "ana"));
    let thanks = stage.to_contacts();
    assert_eq!(thanks.len(), 2);
    assert!(thanks.iter().all(|(_, words)| words.contains("REF-1")), "{thanks:#?}");
}

#[test]
fn an_acknowledgment_promises_no_answer_in_the_past() {
    let mut stage = Stage::with([contact("ana")]);
    stage.tell("post.created", post("p1", "ana"));
    let due = stage.open_tasks(TaskKind::Answer)[0].due_at.unwrap();
    stage.now = due + jiff::SignedDuration::from_hours(48);
    stage.tell("post.created", post("p2", "ana"));
    let thanks = stage.to_contacts();
    assert!(thanks[0].1.contains("Antwort bis"), "{thanks:#?}");
    assert!(!thanks[1].1.contains("Antwort bis"), "{thanks:#?}");
}

#[test]
fn a_post_after_the_answer_opens_a_new_task_with_a_time_of_its_own() {
    let mut stage = Stage::with([contact("ana")]);
    stage.tell("post.created", post("p1", "ana"));
    stage.tell("post.answered", post("a1", "desk"));
    assert!(stage.open_tasks(TaskKind::Answer).is_empty());
    stage.now += jiff::SignedDuration::from_hours(24);
    stage.tell("post.created", post("p2", "ana"));
    let open = stage.open_tasks(TaskKind::Answer);
    assert_eq!((open.len(), stage.tasks.len()), (1, 2));
    assert!(open[0].due_at.unwrap() > stage.now);
}
