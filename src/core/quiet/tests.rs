//! What sleeps, for how long, and what wakes it.

use super::*;
use crate::core::change::Object;
use crate::core::command::{Action, Expect};
use crate::core::event::Severity;
use crate::core::inhibit::{EqualField, Inhibit};
use crate::core::maintenance::{Covers, Times, Window};
use crate::core::notification::{NotificationState, Purpose};
use crate::core::scenario::{Scene, exception};
use jiff::SignedDuration;
use serde_json::json;

fn minutes(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

fn covers(up_to: Severity) -> Covers {
    Covers { partners: vec!["acme".into()], kinds: vec![], sources: vec![], when: None, up_to }
}

/// A window over all of acme's that begins now.
fn window(scene: &Scene, name: &str, lasts: i64) -> Window {
    let times = Times::Once { from: scene.now, until: scene.now + minutes(lasts) };
    Window { name: name.into(), covers: covers(Severity::High), times }
}

fn in_maintenance(lasts: i64) -> Scene {
    let mut scene = Scene::usual();
    scene.desk.maintenance = vec![window(&scene, "M1", lasts)];
    scene
}

fn pages(scene: &Scene) -> usize {
    scene.notifications.values().filter(|n| n.purpose == Purpose::Page).count()
}

fn said(scene: &Scene, what: What) -> Vec<String> {
    let facts = scene.history.iter().filter(|change| change.what == what);
    facts.map(|change| change.summary.raw().to_owned()).collect()
}

fn of(id: &str, kind: &str, more: serde_json::Value) -> serde_json::Value {
    let mut exception = exception(id);
    exception["kind"] = kind.into();
    exception.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    exception
}

/// While the partner's gateway is down, its shipments are late, and nobody is paged for each.
fn with_gateway(equal: Vec<EqualField>) -> Scene {
    let mut scene = Scene::usual();
    scene.desk.rules.clear();
    scene.desk.inhibits = vec![Inhibit {
        name: "gateway".into(),
        source: "kind == 'gateway_down'".into(),
        target: "kind != 'gateway_down'".into(),
        equal,
        at_most: minutes(240),
    }];
    scene
}

#[test]
fn what_opens_in_a_window_sleeps_until_its_end_and_then_pages_from_the_first_step() {
    let mut scene = in_maintenance(60);
    scene.raise("x1");
    let alert = scene.alert();
    assert_eq!((alert.state, &alert.holder, pages(&scene)), (AlertState::Snoozed, &None, 0));
    assert_eq!(alert.snoozed_until, Some(scene.now + minutes(60)));
    assert_eq!(said(&scene, What::AlertSnoozed), ["Quiet because of maintenance M1, until Sat 23:00 UTC."]);
    scene.pass(59);
    scene.due();
    assert_eq!(pages(&scene), 0);
    scene.pass(1);
    scene.due();
    assert_eq!((scene.alert().state, scene.alert().step, pages(&scene)), (AlertState::Open, 1, 1));
    assert_eq!(scene.alert().resting(), None);
    assert_eq!(said(&scene, What::AlertWoke), ["No longer quiet because of maintenance M1; paging begins."]);
}

#[test]
fn what_paged_before_the_window_is_not_silenced() {
    let mut scene = Scene::usual();
    scene.raise("x1");
    scene.desk.maintenance = vec![window(&scene, "M1", 60)];
    scene.review();
    scene.pass(6);
    scene.due();
    assert_eq!((scene.alert().step, pages(&scene)), (2, 2));
}

#[test]
fn a_window_that_is_taken_back_wakes_at_once_and_a_longer_one_goes_on() {
    let mut scene = in_maintenance(60);
    scene.raise("x1");
    scene.desk.maintenance.push(window(&scene, "M2", 90));
    scene.review();
    assert_eq!(scene.alert().snoozed_until, Some(scene.now + minutes(90)), "the latest end counts");
    scene.desk.maintenance.pop();
    scene.review();
    assert_eq!(scene.alert().snoozed_until, Some(scene.now + minutes(60)));
    scene.desk.maintenance.clear();
    scene.review();
    assert_eq!((scene.alert().state, pages(&scene)), (AlertState::Open, 1));
}

/// Two tables whose windows take turns for ever.
fn taking_turns(scene: &Scene) -> Vec<Window> {
    let daily = |name: &str, hour: i8| {
        let zone = jiff::tz::TimeZone::UTC;
        let schedule = crate::core::cron::CronSchedule::parse(&format!("0 {hour} * * *"), zone).unwrap();
        Window { times: Times::Recurring { schedule, lasts: minutes(12 * 60) }, ..window(scene, name, 0) }
    };
    vec![daily("days", 6), daily("nights", 18)]
}

#[test]
fn windows_that_follow_on_each_other_for_ever_keep_nothing_quiet_for_ever() {
    let mut scene = Scene::usual();
    scene.desk.maintenance = taking_turns(&scene);
    let first_page = |scene: &mut Scene| {
        let before = pages(scene);
        let since = scene.now;
        while pages(scene) == before && scene.now.duration_since(since) < minutes(100 * 60) {
            scene.pass(30);
            scene.due();
        }
        scene.now.duration_since(since).as_mins()
    };
    scene.raise("x1");
    assert_eq!(first_page(&mut scene), 24 * 60);
    assert_eq!(
        said(&scene, What::AlertWoke),
        ["Quiet for as long as may be, though maintenance nights goes on; paging begins."]
    );
    assert_eq!(scene.alert().state, AlertState::Open);
    // What comes and goes again and again is no exception, as long as nobody was told.
    let mut scene = Scene::usual();
    scene.desk.maintenance = taking_turns(&scene);
    scene.raise("x1");
    for _ in 0..13 {
        scene.pass(100);
        scene.events(&[("cleared", exception("x1"), "high")]);
        scene.due();
        scene.events(&[("raised", exception("x1"), "high")]);
    }
    assert_eq!(first_page(&mut scene), 24 * 60 - 13 * 100 + 10, "the next look after 24 hours");
    assert_eq!(scene.alerts.len(), 1);
}

#[test]
fn three_days_of_one_window_are_one_decision_and_what_follows_is_not_slept_through() {
    let mut scene = in_maintenance(72 * 60);
    let next = Times::Once { from: scene.now + minutes(72 * 60), until: scene.now + minutes(80 * 60) };
    scene.desk.maintenance.push(Window { times: next, ..window(&scene, "M2", 0) });
    scene.raise("x1");
    scene.pass(72 * 60 - 1);
    scene.due();
    assert_eq!((scene.alert().state, pages(&scene)), (AlertState::Snoozed, 0));
    scene.pass(1);
    scene.due();
    assert_eq!((scene.alert().state, pages(&scene)), (AlertState::Open, 1));
    // A weekend of two days that one table names is one, too.
    let mut scene = in_maintenance(0);
    let day = |name: &str, from: i64| Window {
        times: Times::Once { from: scene.now + minutes(from), until: scene.now + minutes(from + 24 * 60) },
        ..window(&scene, name, 0)
    };
    let weekend = vec![day("weekend", 0), day("weekend", 24 * 60)];
    scene.desk.maintenance = weekend;
    scene.raise("x1");
    for _ in 0..47 {
        scene.pass(60);
        scene.due();
    }
    assert_eq!((scene.alert().state, pages(&scene)), (AlertState::Snoozed, 0));
    scene.pass(60);
    scene.due();
    assert_eq!(scene.alert().state, AlertState::Open);
}

#[test]
fn one_window_after_another_is_one_sleep() {
    let mut scene = in_maintenance(60);
    let next = Times::Once { from: scene.now + minutes(60), until: scene.now + minutes(120) };
    scene.desk.maintenance.push(Window { times: next, ..window(&scene, "M2", 0) });
    scene.raise("x1");
    scene.pass(60);
    scene.due();
    assert_eq!((scene.alert().state, pages(&scene)), (AlertState::Snoozed, 0));
    scene.pass(60);
    scene.due();
    assert_eq!((scene.alert().state, pages(&scene)), (AlertState::Open, 1));
}

#[test]
fn what_was_cleared_in_the_window_pages_nobody_and_says_so_at_its_end() {
    let mut scene = in_maintenance(60);
    scene.raise("x1");
    scene.events(&[("cleared", exception("x1"), "high")]);
    scene.review();
    assert_eq!(scene.alert().state, AlertState::Snoozed);
    scene.pass(60);
    scene.due();
    assert_eq!((scene.alert().state, pages(&scene)), (AlertState::Open, 0));
    assert!(scene.alert().close_at.is_some(), "it stays in sight until the hand-over");
    assert!(said(&scene, What::AlertWoke)[0].ends_with("it was cleared meanwhile."));
    scene.raise("x1");
    assert_eq!(pages(&scene), 1, "the window is over");
}

#[test]
fn what_is_too_severe_pages_unless_the_window_says_so() {
    let mut scene = in_maintenance(60);
    scene.events(&[("raised", exception("x1"), "critical")]);
    assert_eq!((scene.alert().state, pages(&scene)), (AlertState::Open, 1));
    let mut scene = in_maintenance(60);
    scene.desk.maintenance[0].covers = covers(Severity::Critical);
    scene.events(&[("raised", exception("x1"), "critical")]);
    assert_eq!((scene.alert().state, pages(&scene)), (AlertState::Snoozed, 0));
}

#[test]
fn a_joiner_that_no_window_covers_wakes_the_alert_at_once() {
    let mut scene = in_maintenance(60);
    scene.raise("x1");
    scene.events(&[("raised", exception("x1"), "critical")]);
    assert_eq!((scene.alert().state, pages(&scene)), (AlertState::Open, 1), "its severity rose");
    let mut scene = in_maintenance(60);
    scene.desk.maintenance[0].covers.kinds = vec!["late_shipment".into()];
    let order = json!({ "order": "PO-1" });
    scene.events(&[("raised", of("x1", "late_shipment", order.clone()), "high")]);
    scene.events(&[("raised", of("x2", "late_shipment", order.clone()), "high")]);
    assert_eq!((scene.alert().members.len(), pages(&scene)), (2, 0));
    scene.events(&[("raised", of("x3", "blocked_order", order), "high")]);
    assert_eq!((scene.alert().state, pages(&scene)), (AlertState::Open, 1));
}

#[test]
fn what_wakes_together_is_one_message() {
    let mut scene = in_maintenance(60);
    for i in 0..4 {
        scene.raise(&format!("x{i}"));
    }
    scene.pass(60);
    scene.due();
    assert_eq!((scene.alerts.len(), pages(&scene)), (4, 1));
}

#[test]
fn somebody_may_take_what_sleeps_put_it_off_or_wake_it() {
    let quiet = || {
        let mut scene = in_maintenance(60);
        scene.raise("x1");
        scene
    };
    let mut taken = quiet();
    taken.ack("maria").unwrap();
    taken.review();
    assert_eq!((taken.alert().state, taken.alert().resting()), (AlertState::Acknowledged, None));
    let mut woken = quiet();
    woken.command("maria", Action::Unack { alert: AlertId(1) }, Expect::default()).unwrap();
    woken.review();
    assert_eq!((woken.alert().state, pages(&woken)), (AlertState::Open, 1));
    let mut off = quiet();
    let until = off.now + minutes(20);
    off.command("maria", Action::Snooze { alert: AlertId(1), until }, Expect::default()).unwrap();
    off.pass(20);
    off.due();
    assert_eq!((off.alert().state, pages(&off)), (AlertState::Open, 1), "a person said when to be asked");
}

#[test]
fn what_another_alert_explains_is_quiet_until_that_one_is_over() {
    let mut scene = with_gateway(vec![EqualField::Partner]);
    scene.events(&[("raised", of("g", "gateway_down", json!({})), "high")]);
    scene.raise("x1");
    let target = scene.alerts[&AlertId(2)].clone();
    assert_eq!((target.state, &target.holder, pages(&scene)), (AlertState::Snoozed, &None, 1));
    assert_eq!(
        said(&scene, What::AlertSnoozed),
        ["Quiet because of A1 (rule gateway), until Sun 02:00 UTC at the latest."]
    );
    scene.ack("maria").unwrap();
    scene.review();
    assert!(scene.alerts[&AlertId(2)].resting().is_some(), "its source is only in somebody's hands");
    scene.events(&[("cleared", of("g", "gateway_down", json!({})), "high")]);
    scene.review();
    assert_eq!((scene.alerts[&AlertId(2)].state, pages(&scene)), (AlertState::Open, 2));
}

#[test]
fn quiet_because_of_others_is_bounded_however_often_it_comes() {
    let mut scene = with_gateway(vec![EqualField::Partner]);
    scene.events(&[("raised", of("g", "gateway_down", json!({})), "high")]);
    scene.raise("x1");
    scene.pass(240);
    scene.due();
    assert_eq!(scene.alerts[&AlertId(2)].state, AlertState::Open);
    scene.review();
    scene.due();
    assert_eq!(scene.alerts[&AlertId(2)].state, AlertState::Open, "it is not put to sleep again");
}

#[test]
fn a_field_that_is_missing_on_either_side_is_never_equal() {
    for (source, target, sleeps) in [
        (json!({}), json!({}), false),
        (json!({ "shipment": "S-1" }), json!({}), false),
        (json!({}), json!({ "shipment": "S-1" }), false),
        (json!({ "shipment": "S-1" }), json!({ "shipment": "S-2" }), false),
    ] {
        let mut scene = with_gateway(vec![EqualField::Partner, EqualField::Shipment]);
        scene.events(&[("raised", of("g", "gateway_down", source), "high")]);
        scene.events(&[("raised", of("x1", "blocked_order", target), "high")]);
        assert_eq!(scene.alerts[&AlertId(2)].resting().is_some(), sleeps);
    }
    let mut scene = with_gateway(vec![EqualField::Partner, EqualField::Source]);
    scene.events(&[("raised", of("g", "gateway_down", json!({})), "high")]);
    scene.raise("x1");
    assert!(scene.alerts[&AlertId(2)].resting().is_some(), "both came in by f");
}

#[test]
fn nothing_is_quiet_because_of_something_less_severe_or_of_something_quiet() {
    let mut scene = with_gateway(vec![EqualField::Partner]);
    scene.events(&[("raised", of("g", "gateway_down", json!({})), "high")]);
    scene.events(&[("raised", exception("x1"), "critical")]);
    assert_eq!(scene.alerts[&AlertId(2)].state, AlertState::Open);
    let mut scene = with_gateway(vec![EqualField::Partner]);
    scene.desk.inhibits[0].target = "kind == 'b'".into();
    scene.desk.inhibits.push(Inhibit {
        name: "second".into(),
        source: "kind == 'b'".into(),
        target: "kind == 'c'".into(),
        ..scene.desk.inhibits[0].clone()
    });
    scene.events(&[("raised", of("g", "gateway_down", json!({})), "high")]);
    scene.events(&[("raised", of("x1", "b", json!({})), "high")]);
    scene.events(&[("raised", of("x2", "c", json!({})), "high")]);
    assert!(scene.alerts[&AlertId(2)].resting().is_some());
    assert_eq!(scene.alerts[&AlertId(3)].state, AlertState::Open, "A2 is quiet itself");
}

#[test]
fn two_rules_against_each_other_never_keep_both_quiet() {
    let mut scene = with_gateway(vec![EqualField::Partner]);
    let back = Inhibit {
        source: "kind == 'blocked_order'".into(),
        target: "kind == 'gateway_down'".into(),
        ..scene.desk.inhibits[0].clone()
    };
    scene.desk.inhibits.push(back);
    scene.events(&[
        ("raised", of("g", "gateway_down", json!({})), "high"),
        ("raised", exception("x1"), "high"),
    ]);
    scene.review();
    let asleep = scene.alerts.values().filter(|alert| alert.resting().is_some()).count();
    assert_eq!((scene.alerts.len(), asleep, pages(&scene)), (2, 1, 1));
}

#[test]
fn a_source_that_no_longer_fits_wakes_what_it_kept_quiet() {
    let mut scene = with_gateway(vec![EqualField::Partner]);
    scene.desk.inhibits[0].source = "kind == 'gateway_down' and severity == 'critical'".into();
    let gateway = of("g", "gateway_down", json!({ "order": "PO-9" }));
    scene.events(&[("raised", gateway.clone(), "critical")]);
    scene.raise("x1");
    assert!(scene.alerts[&AlertId(2)].resting().is_some());
    scene.events(&[("raised", gateway, "high")]);
    scene.review();
    assert_eq!(scene.alerts[&AlertId(2)].state, AlertState::Open);
}

#[test]
fn what_sleeps_has_a_waking_time_and_no_page_that_waits() {
    let mut scene = in_maintenance(60);
    scene.raise("x1");
    scene.ack("maria").unwrap();
    scene.events(&[("cleared", exception("x1"), "high")]);
    scene.raise("x1");
    assert!(scene.alert().resting().is_some(), "it began anew");
    assert!(scene.alert().next_due().is_some());
    let waits = |state| matches!(state, NotificationState::Queued | NotificationState::Held);
    assert!(!scene.notifications.values().any(|n| n.purpose == Purpose::Page && waits(n.state)));
    let whole = scene.history.iter().filter_map(|change| match &change.object {
        Object::Alert(alert) => Some(alert),
        _ => None,
    });
    assert!(whole.into_iter().all(|alert| alert.next_due().is_some() || alert.cleared_at.is_some()));
}
