//! What a batch of events makes of the alerts, in the order of its events.

use super::*;
use crate::core::alert::AlertState;
use crate::core::command::{Action, Expect};
use crate::core::id::AlertId;
use crate::core::notification::{NotificationState, Purpose};
use crate::core::scenario::{Scene, exception};
use serde_json::json;

fn of(id: &str, more: serde_json::Value) -> serde_json::Value {
    let mut exception = exception(id);
    exception.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    exception
}

#[test]
fn exceptions_about_the_same_order_shipment_or_case_are_one_alert() {
    let mut scene = Scene::usual();
    scene.events(&[
        ("raised", of("x1", json!({ "order": "PO-1", "shipment": "S-1" })), "high"),
        ("raised", of("x2", json!({ "order": "PO-1", "case_id": "C-1" })), "high"),
        ("raised", of("x3", json!({ "shipment": "S-1" })), "high"),
        ("raised", of("x4", json!({ "case_id": "C-1" })), "high"),
        ("raised", of("x5", json!({ "order": "PO-2" })), "high"),
    ]);
    assert_eq!(scene.alerts.len(), 2);
    assert_eq!(scene.alert().members.len(), 4);
}

#[test]
fn a_rule_with_a_policy_pages_for_an_event_of_any_type() {
    let mut scene = Scene::usual();
    scene.desk.rules[0].matches =
        rule::Match { types: vec!["com.example.edi.failed".into()], ..Default::default() };
    scene.foreign("com.example.edi.failed", "s");
    scene.foreign("com.example.edi.failed", "another");
    assert_eq!(scene.alerts.len(), 1, "its rule groups them");
    assert_eq!(scene.alert().members.len(), 2, "the same id of another source is another event");
    assert_eq!(scene.events[0].state, EventState::Handled);
    assert!(scene.notifications.values().any(|n| n.purpose == Purpose::Page));
}

#[test]
fn a_rule_groups_only_within_its_window() {
    let mut scene = Scene::usual();
    let late = |id: &str| of(id, json!({ "kind": "late_shipment" }));
    scene.events(&[("raised", late("x1"), "high")]);
    scene.pass(30);
    scene.events(&[("raised", late("x2"), "high")]);
    scene.pass(1);
    scene.events(&[("raised", late("x3"), "high")]);
    assert_eq!((scene.alerts.len(), scene.alert().members.len()), (2, 2));
}

#[test]
fn a_joiner_pages_again_only_if_it_makes_things_worse() {
    let mut scene = Scene::usual();
    let same = |id: &str, more: serde_json::Value| {
        let mut exception = of(id, json!({ "order": "PO-1", "amount": { "value": 100, "currency": "EUR" } }));
        exception.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        exception
    };
    scene.events(&[("raised", same("x1", json!({})), "high")]);
    scene.ack("maria").unwrap();
    scene.events(&[("raised", same("x2", json!({ "amount": null })), "high")]);
    assert_eq!((scene.alert().state, scene.notifications.len()), (AlertState::Acknowledged, 1));
    scene.events(&[("raised", same("x3", json!({ "amount": null })), "critical")]);
    assert_eq!((scene.alert().state, scene.notifications.len()), (AlertState::Open, 2));
}

#[test]
fn a_clear_stops_the_pages_even_of_its_own_batch_and_what_comes_back_pages() {
    let mut scene = Scene::usual();
    scene.events(&[("raised", exception("x1"), "high"), ("cleared", exception("x1"), "high")]);
    assert_eq!(scene.message(1).state, NotificationState::Cancelled);
    assert_eq!(scene.alert().next_escalation_at, None);
    scene.raise("x1");
    assert!(scene.alert().is_paging());
    assert_eq!((scene.alerts.len(), scene.message(2).state), (1, NotificationState::Queued));
}

#[test]
fn what_is_urgent_and_matches_no_rule_goes_to_the_catch_all() {
    let mut scene = Scene::usual();
    scene.events(&[("raised", exception("x1"), "high"), ("raised", exception("x2"), "medium")]);
    assert_eq!((scene.alerts.len(), scene.alert().rule.as_str()), (1, CATCH_ALL));
    let quiet = &scene.events[1];
    assert_eq!((&quiet.state, quiet.why.is_empty()), (&EventState::Quiet, false));
}

#[test]
fn what_somebody_closed_opens_again_only_when_its_severity_rises_or_after_it_was_cleared() {
    let mut scene = Scene::usual();
    let close = |scene: &mut Scene, id: u64| {
        let action = Action::Resolve { alert: AlertId(id), reason: "Dealt with.".into() };
        scene.command("maria", action, Expect::default()).unwrap();
    };
    scene.raise("x1");
    close(&mut scene, 1);
    for _ in 0..3 {
        scene.pass(10);
        scene.raise("x1");
        assert_eq!(scene.alerts.len(), 1, "the community says it again and again");
    }
    let why = scene.events.last().unwrap().why.last().unwrap().because.clone();
    assert_eq!(why.raw(), "somebody closed it, and it is not more severe than it was");
    scene.pass(10);
    scene.events(&[("raised", exception("x1"), "critical")]);
    assert_eq!(scene.alerts.len(), 2);
    close(&mut scene, 2);
    scene.pass(10);
    scene.events(&[("cleared", exception("x1"), "high")]);
    scene.pass(10);
    scene.raise("x1");
    assert_eq!(scene.alerts.len(), 3, "it is over, and begins again");
}
