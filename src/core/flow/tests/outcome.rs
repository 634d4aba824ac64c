//! Urgent exceptions: who was paged hears of each end once, and old reports change nothing.

use super::*;
use crate::core::alert::AlertState;
use crate::core::notification::Purpose;
use crate::core::scenario::tells;

fn exception() -> Value {
    json!({ "exception": { "id": "x1", "kind": "blocked_order", "title": "Order PO-1 is blocked" },
        "severity": "high" })
}

/// Maria and Jonas are paged at once.
fn stage() -> Stage {
    let mut stage = Stage::new();
    let policy = stage.desk.policies.get_mut("urgent").unwrap();
    policy.steps = vec![tells(&["maria", "jonas"], 0)];
    for person in stage.desk.people.values_mut() {
        person.phone = Some("+4915123456701".parse().unwrap());
    }
    stage
}

fn outcomes(stage: &Stage, who: &str) -> usize {
    stage.to_person(who).iter().filter(|n| n.purpose == Purpose::Outcome).count()
}

fn pages(stage: &Stage) -> usize {
    stage.notifications.values().filter(|n| n.purpose == Purpose::Page).count()
}

#[test]
fn whoever_was_paged_hears_each_end_once() {
    let mut stage = stage();
    for round in 1..=3 {
        stage.tell("exception.raised", exception());
        stage.send();
        stage.tell("exception.cleared", exception());
        stage.tell("exception.cleared", exception());
        stage.send();
        for who in ["maria", "jonas"] {
            assert_eq!(outcomes(&stage, who), round, "{who}");
        }
        assert_eq!((outcomes(&stage, "lena"), stage.alerts.len()), (0, 1));
    }
}

#[test]
fn a_page_that_never_left_has_no_outcome_and_a_detail_that_leaves_has_one() {
    let mut stage = stage();
    for person in stage.desk.people.values_mut() {
        person.email = None;
    }
    stage.tell("exception.raised", exception());
    stage.tell("exception.cleared", exception());
    assert_eq!(stage.notifications.values().filter(|n| n.purpose == Purpose::Outcome).count(), 0);
}

#[test]
fn the_same_report_again_under_another_id_neither_pages_nor_ends_anything_again() {
    let mut stage = stage();
    let (raised, cleared) = (time("2026-03-02T08:00:00Z"), time("2026-03-02T08:30:00Z"));
    stage.tell_as("exception.raised", exception(), raised.clone());
    stage.tell_as("exception.raised", exception(), raised.clone());
    stage.send();
    assert_eq!(pages(&stage), 2);
    stage.tell_as("exception.cleared", exception(), cleared.clone());
    stage.tell_as("exception.raised", exception(), raised.clone());
    stage.tell_as("exception.cleared", exception(), cleared.clone());
    stage.send();
    assert_eq!((pages(&stage), outcomes(&stage, "maria")), (2, 1));
    assert!(!stage.alerts.values().next().unwrap().is_paging());

    // Somebody closes it, and the community repeats itself.
    for alert in stage.alerts.values_mut() {
        alert.state = AlertState::Resolved;
    }
    stage.tell_as("exception.raised", exception(), raised);
    stage.tell_as("exception.cleared", exception(), cleared);
    assert_eq!((pages(&stage), stage.alerts.len()), (2, 1));
}

#[test]
fn an_end_that_overtakes_its_beginning_pages_nobody_and_an_old_end_ends_nothing() {
    let mut early = stage();
    early.tell_as("exception.cleared", exception(), time("2026-03-02T08:30:00Z"));
    early.tell_as("exception.raised", exception(), time("2026-03-02T08:00:00Z"));
    assert_eq!((pages(&early), early.alerts.len()), (0, 0));
    early.tell_as("exception.raised", exception(), time("2026-03-02T08:45:00Z"));
    assert_eq!(pages(&early), 2, "it is a new one");
    early.tell_as("exception.cleared", exception(), time("2026-03-02T08:30:00Z"));
    assert!(early.alerts.values().next().unwrap().is_paging());
}
