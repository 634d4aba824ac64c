//! Bundles under whatever happens while they wait.

use super::*;
use crate::core::alert::AlertState;
use crate::core::command::{Action, Expect};
use crate::core::delivery::{self, Answered, Answering, Claim, Delivering};
use crate::core::id::Ids;
use crate::core::notification::Acceptance;
use crate::core::scenario::{Scene, exception, tells};
use proptest::prelude::*;

fn scene() -> Scene {
    let mut scene = Scene::usual();
    scene.desk.storm.alerts = 0;
    scene
}

fn raise(scene: &mut Scene, ids: &[&str]) {
    let batch: Vec<_> = ids.iter().map(|id| ("raised", exception(id), "high")).collect();
    scene.events(&batch);
}

fn pages(scene: &Scene) -> Vec<&Notification> {
    scene.notifications.values().filter(|n| n.purpose == Purpose::Page).collect()
}

fn ack(scene: &mut Scene, who: &str, alert: u64) {
    let action = Action::Ack { alert: AlertId(alert), next_update_by: None };
    scene.command(who, action, Expect::default()).unwrap();
}

/// Hands one message over as a channel's loop does, and says whether it left.
fn claim(scene: &mut Scene, id: NotificationId) -> bool {
    let n = scene.notifications.get_mut(&id).unwrap();
    let alerts: Vec<Alert> = n.alerts().iter().map(|alert| scene.alerts[alert].clone()).collect();
    let (needed, over) = delivery::still_needed(n, &alerts);
    if !needed {
        delivery::not_needed(n, scene.now);
        return false;
    }
    delivery::leave_out_what_is_over(n, &over);
    let mut ids = Ids::default();
    let mut context =
        Delivering { desk: &scene.desk, down: &delivery::ALL_UP, reach: None, ids: &mut ids, now: scene.now };
    let n = scene.notifications.get_mut(&id).unwrap();
    let (claim, _) = delivery::claim(&mut context, n);
    matches!(claim, Claim::Send { .. })
}

fn answer(scene: &mut Scene, id: NotificationId, said: Answered) {
    let n = scene.notifications.get_mut(&id).unwrap();
    let alerts: Vec<Alert> = n.alerts().iter().map(|alert| scene.alerts[alert].clone()).collect();
    let (needed, over) = delivery::still_needed(n, &alerts);
    let context = Answering {
        desk: &scene.desk,
        down: &delivery::ALL_UP,
        reach: None,
        needed,
        over: &over,
        jitter: 0.0,
        now: scene.now,
    };
    let attempt = n.attempts.len() as u32;
    delivery::answered(&context, n, attempt, said, &mut scene.ids);
}

#[test]
fn three_pages_at_once_are_one_message_that_every_alert_tells_of() {
    let mut scene = scene();
    scene.events(&[
        ("raised", exception("x1"), "high"),
        ("raised", exception("x2"), "critical"),
        ("raised", exception("x3"), "high"),
    ]);
    let code = scene.desk.reply_key.code(pages(&scene)[0].id);
    let said = format!("3 alerts, worst CRIT Acme: Blocked. ACK {code} takes all, ? lists");
    let [page] = pages(&scene)[..] else { panic!("{:?}", scene.notifications) };
    assert_eq!(page.content.body.raw(), said);
    assert_eq!(page.alerts(), [AlertId(2), AlertId(1), AlertId(3)]);
    for id in 1..=3 {
        let told = |c: &&Change| c.what == What::NotificationQueued && c.alert == Some(AlertId(id));
        let facts: Vec<_> = scene.history.iter().filter(told).map(|c| c.summary.raw()).collect();
        assert_eq!(facts, ["SMS to maria (named by the policy), in one message with 2 more"]);
    }
}

#[test]
fn two_pages_at_once_are_two_messages_and_no_number_turns_it_off() {
    let mut scene = scene();
    raise(&mut scene, &["x1", "x2"]);
    assert_eq!(pages(&scene).len(), 2);
    scene.desk.bundle_from = 0;
    raise(&mut scene, &["x3", "x4", "x5"]);
    assert_eq!(pages(&scene).len(), 5);
}

#[test]
fn what_an_absence_left_begins_with_it() {
    let mut scene = scene();
    raise(&mut scene, &["x1"]);
    raise(&mut scene, &["x2"]);
    let from = scene.now;
    scene.pass(115);
    let away = Away { from, until: scene.now };
    scene.due_after(Some(away));
    let bundle = pages(&scene)[2];
    let code = scene.desk.reply_key.code(bundle.id);
    assert_eq!(
        bundle.content.body.raw(),
        format!(
            "Desk was away 22:00-23:55: 2 alerts, worst HIGH Acme: Blocked. ACK {code} takes all, ? lists"
        )
    );
    assert_eq!(pages(&scene).len(), 3);
}

#[test]
fn a_bundle_leaves_for_those_alerts_that_nobody_took_and_not_at_all_when_all_are_taken() {
    let mut scene = scene();
    raise(&mut scene, &["x1", "x2", "x3"]);
    let id = pages(&scene)[0].id;
    ack(&mut scene, "jonas", 1);
    let left = scene.notifications[&id].clone();
    assert_eq!((left.state, left.alert), (NotificationState::Queued, Some(AlertId(2))));
    assert!(left.content.body.raw().starts_with("2 alerts, worst"), "{:?}", left.content.body);
    assert_eq!(left.state_for(AlertId(1)), NotificationState::Cancelled);
    scene.events(&[("cleared", exception("x2"), "high")]);
    ack(&mut scene, "jonas", 3);
    assert_eq!(scene.notifications[&id].state, NotificationState::Cancelled);
    // Whoever gives it back pages those whom the bundle did not tell.
    scene.command("jonas", Action::Unack { alert: AlertId(1) }, Expect::default()).unwrap();
    let again = pages(&scene).last().map(|n| (n.alert, n.state)).unwrap();
    assert_eq!(again, (Some(AlertId(1)), NotificationState::Queued));
}

#[test]
fn whoever_heard_of_several_in_one_message_hears_who_has_each() {
    let mut scene = scene();
    raise(&mut scene, &["x1", "x2", "x3"]);
    let id = pages(&scene)[0].id;
    assert!(claim(&mut scene, id));
    ack(&mut scene, "jonas", 3);
    let status = scene.notifications.values().filter(|n| n.purpose == Purpose::Status);
    let told: Vec<_> = status.map(|n| (n.recipient.name.raw(), n.alert)).collect();
    assert_eq!(told, [("maria", Some(AlertId(3)))]);
}

/// What happens to a desk.
#[derive(Clone, Debug)]
enum Step {
    Raise(usize, Severity),
    Pass(i64),
    Absent(i64),
    Claim(usize),
    Answer(usize, u8),
    Ack(usize, bool),
    Unack(usize),
    Clear(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let severity = prop::sample::select(vec![Severity::High, Severity::Critical]);
    let step = prop_oneof![
        3 => (1usize..6, severity).prop_map(|(count, severity)| Step::Raise(count, severity)),
        2 => (0i64..12).prop_map(Step::Pass),
        1 => (3i64..12).prop_map(Step::Absent),
        4 => (0usize..9).prop_map(Step::Claim),
        3 => (0usize..9, 0u8..3).prop_map(|(which, said)| Step::Answer(which, said)),
        3 => (0usize..9, any::<bool>()).prop_map(|(which, maria)| Step::Ack(which, maria)),
        1 => (0usize..9).prop_map(Step::Unack),
        2 => (0usize..9).prop_map(Step::Clear),
    ];
    prop::collection::vec(step, 1..24)
}

fn nth(scene: &Scene, which: usize, wanted: impl Fn(&Notification) -> bool) -> Option<NotificationId> {
    let waiting: Vec<_> = scene.notifications.values().filter(|n| wanted(n)).map(|n| n.id).collect();
    waiting.get(which % waiting.len().max(1)).copied()
}

fn alert(scene: &Scene, which: usize, state: AlertState) -> Option<AlertId> {
    let of: Vec<_> = scene.alerts.values().filter(|a| a.state == state).map(|a| a.id).collect();
    of.get(which % of.len().max(1)).copied()
}

fn step(scene: &mut Scene, raised: &mut usize, step: Step) {
    match step {
        Step::Raise(count, severity) => {
            let batch: Vec<_> = (0..count)
                .map(|i| ("raised", exception(&format!("x{}", *raised + i)), severity.as_str()))
                .collect();
            *raised += count;
            scene.events(&batch);
        }
        Step::Pass(minutes) => {
            scene.pass(minutes);
            scene.due();
        }
        Step::Absent(minutes) => {
            let from = scene.now;
            scene.pass(minutes);
            scene.due_after(Some(Away { from, until: scene.now }));
        }
        Step::Claim(which) => {
            let waits = |n: &Notification| n.due_at.is_some();
            let Some(id) = nth(scene, which, waits) else { return };
            let left = claim(scene, id);
            let n = scene.notifications[&id].clone();
            if left && n.purpose == Purpose::Page {
                assert!(!n.alerts().is_empty(), "it leaves for nothing: {n:?}");
                for alert in n.alerts() {
                    assert!(scene.alerts[&alert].is_paging(), "{alert} is over, and leaves in {n:?}");
                }
            }
        }
        Step::Answer(which, said) => {
            let Some(id) = nth(scene, which, |n| n.state == NotificationState::Sending) else { return };
            let said = match said {
                0 => Answered::Accepted(Acceptance { said: "ok".into(), ..Acceptance::default() }),
                1 => Answered::Deferred { said: "busy".into(), after: None },
                _ => Answered::Unknown { said: "timeout".into() },
            };
            answer(scene, id, said);
        }
        Step::Ack(which, maria) => {
            let who = if maria { "maria" } else { "jonas" };
            if let Some(id) = alert(scene, which, AlertState::Open) {
                ack(scene, who, id.0);
            }
        }
        Step::Unack(which) => {
            if let Some(id) = alert(scene, which, AlertState::Acknowledged) {
                let holder = scene.alerts[&id].holder.clone();
                let expect = Expect { holder: Some(holder), ..Expect::default() };
                let who = scene.alerts[&id].holder.clone().unwrap().0;
                scene.command(&who, Action::Unack { alert: id }, expect).unwrap();
            }
        }
        Step::Clear(which) => {
            let Some(alert) = scene.alerts.values().nth(which) else { return };
            let id = alert.members[0].id.raw().to_owned();
            scene.events(&[("cleared", exception(&id), "high")]);
        }
    }
}

/// What must hold whatever happened.
fn holds(scene: &Scene) {
    for alert in scene.alerts.values().filter(|alert| alert.is_paging() && alert.step >= 1) {
        let told = pages(scene).into_iter().any(|n| {
            n.is_about(alert.id)
                && matches!(
                    n.state_for(alert.id),
                    NotificationState::Queued
                        | NotificationState::Sending
                        | NotificationState::Accepted
                        | NotificationState::InDoubt
                )
        });
        assert!(told, "{} pages nobody: {:#?}", alert.id, scene.notifications);
    }
    for n in scene.notifications.values() {
        assert!(length(n.content.body.raw()) <= ROOM, "{:?}", n.content.body);
        let Some(bundle) = &n.bundle else { continue };
        // What may have got through is wanted again whole, and is narrowed when it leaves: a claim looks at that.
        let waits = n.due_at.is_some() && !n.again.despite_doubt;
        if waits {
            assert_eq!(n.alert, n.alerts().first().copied(), "it is filed under the worst");
            assert_eq!(n.content, bundle.content(n.medium));
            for alert in n.alerts() {
                assert!(scene.alerts[&alert].is_paging(), "{alert} is over and still in {n:?}");
            }
        }
    }
}

proptest! {
    #[test]
    fn no_alert_loses_its_page_and_none_that_is_over_is_spoken_of(steps in steps()) {
        let steps_of = vec![tells(&["maria", "jonas"], 0), tells(&["jonas"], 6)];
        let mut scene = Scene::new(steps_of, tells(&["maria", "jonas"], 10));
        scene.desk.storm.alerts = 0;
        let mut raised = 0;
        for one in steps {
            step(&mut scene, &mut raised, one);
            holds(&scene);
        }
    }
}
