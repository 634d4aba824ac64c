//! Cases: each real change is told once to each follower, whatever the order and repetition.

use super::*;
use crate::core::alert::Target;
use crate::core::contact::ContactState;
use crate::core::decide::Thing;
use crate::core::rule::{Match, Rule, Then};

const WORDS: [&str; 5] = ["received", "under_review", "awaiting_documents", "approved", "resolved"];

fn opened(id: &str) -> Value {
    json!({ "case": { "id": id, "reference": format!("REF-{id}"), "kind": "dispute", "title": "Short" },
        "priority": "normal", "opened_by": { "contact_id": "ana" }, "watchers": ["ben", "ana"] })
}

fn moved(id: &str, status: &str) -> Value {
    json!({ "case": { "id": id, "reference": format!("REF-{id}") }, "status": status,
        "note": "INTERNAL-NOTE", "opened_by": { "contact_id": "ana" } })
}

/// The opener, a watcher, one who asks, one who does not, and one of another partner.
fn stage() -> Stage {
    let mut other = contact("eve");
    other.partner_id = Some("borg".into());
    let asks = |contact| wants(contact, Category::CaseUpdates, &[Medium::Email]);
    Stage::with([asks(contact("ana")), contact("ben"), asks(contact("cleo")), contact("dan"), asks(other)])
}

fn state(stage: &Stage, id: &str) -> String {
    let thing = Thing { partner: "acme".into(), id: id.into() };
    stage.cases[&thing].state.word().to_owned()
}

/// What each contact was told, as places in [`WORDS`].
fn told(stage: &Stage, who: &str) -> Vec<usize> {
    let names = ["Eingegangen", "In Prüfung", "Unterlagen ausstehend", "Genehmigt", "Abgeschlossen"];
    let place = |text: &str| {
        let stands = |name: &&str| text.lines().any(|line| line == format!("Stand: {name}"));
        names.iter().position(stands).unwrap_or_else(|| panic!("{text}"))
    };
    stage.to_contacts().into_iter().filter(|(to, _)| *to == who).map(|(_, text)| place(text)).collect()
}

#[test]
fn in_order_each_follower_hears_each_status_once_and_nobody_else_hears_anything() {
    let mut stage = stage();
    stage.tell("case.opened", opened("c1"));
    for (i, word) in WORDS.iter().enumerate() {
        stage.tell_as("case.status_changed", moved("c1", word), sequence(i));
        stage.tell_as("case.status_changed", moved("c1", word), sequence(i));
    }
    for who in ["ana", "ben", "cleo"] {
        assert_eq!(told(&stage, who), [0, 1, 2, 3, 4], "{who}");
    }
    assert_eq!(stage.to_contacts().len(), 15);
    assert!(stage.open_tasks(TaskKind::Answer).is_empty(), "its course answered it");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn the_newest_status_wins_and_nothing_older_follows_it(order in order(6), by_time: bool) {
        let mut stage = stage();
        for at in &order {
            stage.now += jiff::SignedDuration::from_mins(1);
            let when = if by_time { time(&format!("2026-03-01T0{at}:00:00Z")) } else { sequence(*at) };
            match at {
                0 => stage.tell_as("case.opened", opened("c1"), when),
                at => stage.tell_as("case.status_changed", moved("c1", WORDS[at - 1]), when),
            };
        }
        if let Some(newest) = order.iter().max().filter(|at| **at > 0) {
            prop_assert_eq!(state(&stage, "c1"), WORDS[newest - 1]);
        }
        for who in ["ana", "ben", "cleo", "dan", "eve"] {
            let told = told(&stage, who);
            prop_assert!(told.is_sorted_by(|a, b| a < b), "{who}: {told:?} of {order:?}");
            if matches!(who, "dan" | "eve") {
                prop_assert!(told.is_empty());
            }
        }
        // Whoever follows it knows in the end where it stands.
        if let Some(newest) = order.iter().max().filter(|at| **at > 0) {
            prop_assert_eq!(told(&stage, "ana").last().copied(), Some(newest - 1), "{:?}", order);
            if order.contains(&0) {
                prop_assert_eq!(told(&stage, "ben").last().copied(), Some(newest - 1), "{:?}", order);
            }
        }
        for n in stage.notifications.values() {
            let whole = serde_json::to_string(n).unwrap();
            prop_assert!(!whole.contains("INTERNAL-NOTE"));
        }
    }
}

#[test]
fn a_status_without_sequence_or_time_does_not_let_an_older_one_pass() {
    let mut stage = stage();
    stage.tell_as("case.status_changed", moved("c1", "received"), sequence(5));
    stage.tell("case.status_changed", moved("c1", "under_review"));
    stage.tell_as("case.status_changed", moved("c1", "approved"), sequence(4));
    assert_eq!(state(&stage, "c1"), "under_review");
}

#[test]
fn an_older_status_still_tells_who_follows_the_case() {
    let mut stage = stage();
    let mut older = moved("c1", "received");
    older["watchers"] = json!(["ben"]);
    older["case"]["title"] = json!("Short delivery");
    stage.tell_as("case.status_changed", moved("c1", "under_review"), sequence(2));
    stage.tell_as("case.status_changed", older, sequence(1));
    stage.tell_as("case.status_changed", moved("c1", "resolved"), sequence(3));
    assert_eq!(told(&stage, "ben"), [4]);
    assert!(stage.to_contacts().last().unwrap().1.contains("Short delivery"));
}

#[test]
fn whom_a_late_opening_names_hears_where_the_case_stands_and_the_fix_is_done() {
    let mut stage = Stage::with([contact("ana")]);
    let anonymous = json!({ "case": { "id": "c1" }, "status": "under_review" });
    stage.tell_as("case.status_changed", anonymous.clone(), sequence(2));
    stage.tell_as("case.status_changed", anonymous, sequence(2));
    assert_eq!((stage.open_tasks(TaskKind::Fix).len(), stage.to_contacts().len()), (1, 0));
    let mut opening = opened("c1");
    opening["watchers"] = json!([]);
    stage.tell_as("case.opened", opening, sequence(1));
    assert_eq!(told(&stage, "ana"), [1]);
    assert!(stage.to_contacts()[0].1.contains("REF-c1"));
    assert!(stage.open_tasks(TaskKind::Fix).is_empty());
}

#[test]
fn nobody_to_tell_is_one_fix_task_however_often_it_happens() {
    let mut stage = Stage::with([contact("dan")]);
    for (i, word) in WORDS.iter().enumerate() {
        let data = json!({ "case": { "id": "c1" }, "status": word });
        stage.tell_as("case.status_changed", data, sequence(i));
    }
    assert_eq!((stage.open_tasks(TaskKind::Fix).len(), stage.to_contacts().len()), (1, 0));
}

#[test]
fn what_waited_for_one_who_left_is_not_told_twice_to_one_who_stays() {
    let mut left = contact("ana");
    left.state = ContactState::Inactive;
    let mut stage = Stage::with([left, contact("ben")]);
    stage.tell("case.opened", opened("c1"));
    stage.tell("case.status_changed", moved("c1", "received"));
    let to_ben = stage.send().into_iter().filter(|sent| sent.to == "ben").count();
    assert_eq!(to_ben, 1);
}

#[test]
fn an_urgent_case_that_is_over_or_was_opened_before_pages_nobody() {
    let mut stage = stage();
    let mut urgent = opened("c1");
    urgent["priority"] = json!("urgent");
    stage.tell_as("case.status_changed", moved("c1", "resolved"), sequence(9));
    stage.tell_as("case.opened", urgent.clone(), sequence(1));
    assert!(stage.alerts.is_empty(), "it was resolved before");

    let mut stage = super::Stage::with([contact("ana")]);
    stage.tell_as("case.opened", urgent.clone(), sequence(1));
    let pages = stage.notifications.len();
    for alert in stage.alerts.values_mut() {
        alert.state = crate::core::alert::AlertState::Resolved;
    }
    stage.tell_as("case.opened", urgent, sequence(1));
    assert_eq!((stage.alerts.len(), stage.notifications.len()), (1, pages), "somebody closed it");
}

#[test]
fn a_late_resolution_does_not_clear_a_case_that_moved_on() {
    let mut stage = stage();
    let mut urgent = opened("c1");
    urgent["priority"] = json!("urgent");
    stage.tell_as("case.opened", urgent, sequence(1));
    stage.tell_as("case.status_changed", moved("c1", "under_review"), sequence(6));
    stage.tell_as("case.status_changed", moved("c1", "resolved"), sequence(5));
    assert!(stage.alerts.values().all(|alert| alert.is_paging()));
    stage.tell_as("case.status_changed", moved("c1", "resolved"), sequence(7));
    assert!(stage.alerts.values().all(|alert| !alert.is_paging()));
}

#[test]
fn the_rule_that_matches_chooses_the_team_and_its_words_are_whole() {
    let mut stage = stage();
    stage.desk.rules = vec![Rule {
        name: "disputes to jonas".into(),
        matches: Match { kinds: vec!["dispute".into()], ..Match::default() },
        when: None,
        then: Then::Tell {
            targets: vec![Target::Person(crate::core::person::PersonId("jonas".into()))],
            by: vec![],
        },
        duty: Default::default(),
        group_by: vec![],
        group_window: jiff::SignedDuration::ZERO,
    }];
    stage.tell("case.opened", opened("c1"));
    stage.tell("case.opened", opened("c1"));
    assert_eq!((stage.to_person("jonas").len(), stage.notifications.len()), (1, 1));
    let task = stage.open_tasks(TaskKind::Answer)[0];
    assert_eq!(task.owner.as_ref().map(|owner| owner.0.as_str()), Some("jonas"));
}
