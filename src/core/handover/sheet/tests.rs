//! The sheet, of what little a small desk has.

use super::*;
use crate::core::alert::Target;
use crate::core::scenario::Scene;

fn known(scene: &Scene) -> Known {
    Known { alerts: scene.alerts.values().cloned().collect(), ..Known::default() }
}

#[test]
fn the_sheet_says_of_each_alert_who_has_it_and_what_comes_next() {
    let mut scene = Scene::usual();
    scene.raise("x1");
    let sheet = |scene: &Scene| super::sheet(&scene.desk, None, known(scene), scene.now);
    let open = sheet(&scene);
    assert_eq!(open.alerts[0].holder, None);
    assert!(matches!(open.alerts[0].next, Next::Step { .. }), "{open:?}");
    assert!(open.text(&TimeZone::UTC, Medium::Screen).contains("nobody has it; step "), "{open:?}");

    scene.ack("maria").unwrap();
    let held = sheet(&scene);
    assert_eq!(held.alerts[0].holder.as_deref(), Some("maria"));
    let text = held.text(&TimeZone::UTC, Medium::Screen);
    assert!(text.contains("maria has it; news promised by "), "{text}");
}

#[test]
fn what_was_cleared_and_not_seen_stands_apart_and_what_is_closed_not_at_all() {
    let mut scene = Scene::usual();
    scene.raise("x1");
    let mut alert = scene.alert().clone();
    alert.cleared_at = Some(scene.now);
    let with = |alert: &Alert| Known { alerts: vec![alert.clone()], ..Known::default() };
    let sheet = super::sheet(&scene.desk, None, with(&alert), scene.now);
    assert_eq!((sheet.alerts.len(), sheet.cleared.len()), (0, 1));
    alert.state = AlertState::Resolved;
    let sheet = super::sheet(&scene.desk, None, with(&alert), scene.now);
    assert!(sheet.is_quiet());
    assert!(sheet.text(&TimeZone::UTC, Medium::Screen).contains("Nothing is open"));
}

#[test]
fn a_schedules_sheet_has_the_alerts_that_page_it_and_no_others() {
    let mut scene = Scene::usual();
    scene.raise("x1");
    let sheet = |known| super::sheet(&scene.desk, Some("primary"), known, scene.now);
    assert!(sheet(known(&scene)).alerts.is_empty(), "it pages people by name");
    let mut alert = scene.alert().clone();
    alert.policy.last_resort.notify.push(Target::OnCall("primary".into()));
    assert_eq!(sheet(Known { alerts: vec![alert], ..Known::default() }).alerts.len(), 1);
}

#[test]
fn no_line_is_wider_than_paper_whatever_the_partner_wrote() {
    let mut scene = Scene::usual();
    scene.raise("x1");
    let mut alert = scene.alert().clone();
    alert.title = format!("{} \u{1b}[31m{} end", "漢".repeat(90), "word ".repeat(30)).into();
    let silent = vec![Silent { source: "grid".repeat(40), last_event_at: None }];
    let failing =
        vec![Failing { channel: "sms".into(), since: scene.now, why: Some("no ".repeat(90).into()) }];
    let known = Known { alerts: vec![alert], silent, failing, ..Known::default() };
    let sheet = super::sheet(&scene.desk, None, known, scene.now);
    for medium in [Medium::Screen, Medium::Paper] {
        let text = sheet.text(&TimeZone::UTC, medium);
        for line in text.lines() {
            assert!(line.width() <= WIDTH, "{} columns: {line}", line.width());
        }
        assert!(!text.contains('\u{1b}') && text.contains("has never sent anything"), "{text}");
        assert_eq!(text.contains("taken over by"), medium == Medium::Paper);
    }
}
