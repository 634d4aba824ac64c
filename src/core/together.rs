//! Several commands of one operator, decided one after the other as one thing: each is done or refused by
//! itself, and whoever hears of them hears once.

use crate::core::apply::{self, Asker, CommandView};
use crate::core::change::{Change, Object};
use crate::core::command::{Action, Command, Expect, Outcome, Refusal, RefusalCode};
use crate::core::desk::Desk;
use crate::core::id::{AlertId, Ids, NotificationId, TaskId};
use crate::core::notification::Notification;
use crate::core::status_update;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Commands of one go at most.
pub const MOST: usize = 200;

/// One of several.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct One {
    pub action: Action,
    #[serde(default)]
    pub expect: Expect,
}

/// What a command is about; of several each is about something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum About {
    Alert(AlertId),
    Task(TaskId),
}

/// `None`: it is not done together with others.
fn about(action: &Action) -> Option<About> {
    match action {
        Action::Ack { alert, .. }
        | Action::Unack { alert }
        | Action::RestoreAlert { alert }
        | Action::Snooze { alert, .. }
        | Action::Resolve { alert, .. }
        | Action::NoteAlert { alert, .. } => Some(About::Alert(*alert)),
        Action::TakeTask { task }
        | Action::DoneTask { task, .. }
        | Action::SnoozeTask { task, .. }
        | Action::NoteTask { task, .. }
        | Action::RestoreTask { task, .. } => Some(About::Task(*task)),
        _ => None,
    }
}

/// What became of each, and the changes that made it so. `views` are one for each.
pub fn decide(
    desk: &Desk,
    each: &[One],
    views: Vec<CommandView>,
    id: &str,
    asker: &Asker,
    mut ids: Ids,
    now: Timestamp,
) -> (Vec<Outcome>, Vec<Change>, Ids) {
    let mut changes: Vec<Change> = Vec::new();
    let mut outcomes = Vec::new();
    let mut named = BTreeSet::new();
    for (at, (one, mut view)) in each.iter().zip(views).enumerate() {
        let refused = match about(&one.action) {
            _ if at >= MOST => Some(format!("Only {MOST} are done together; this one was left out.")),
            None => Some("That is not done together with others.".to_owned()),
            Some(about) if !named.insert(about) => Some("It is named twice.".to_owned()),
            Some(_) => None,
        };
        if let Some(said) = refused {
            let refusal = Refusal { code: RefusalCode::Invalid, said: said.into(), by: None };
            outcomes.push(Outcome::Refused { refusal });
            continue;
        }
        as_they_are(&changes, &mut view.notifications);
        let command =
            Command { id: format!("{id}-{at}"), action: one.action.clone(), expect: one.expect.clone() };
        outcomes.push(match apply::command(desk, view, &command, asker, ids, now) {
            Ok((said, more, next)) => {
                changes.extend(more);
                ids = next;
                Outcome::Done { said: said.into() }
            }
            Err(refusal) => Outcome::Refused { refusal },
        });
    }
    status_update::say_once(&mut changes, 0);
    (outcomes, changes, ids)
}

/// Messages as they are after what was decided so far: one may speak of several of the alerts.
fn as_they_are(changes: &[Change], notifications: &mut [Notification]) {
    let decided = changes.iter().filter_map(|change| match &change.object {
        Object::Notification(n) => Some((n.id, n)),
        _ => None,
    });
    let newest: BTreeMap<NotificationId, _> = decided.collect();
    for n in notifications {
        if let Some(newer) = newest.get(&n.id) {
            newer.as_ref().clone_into(n);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::alert::AlertState;
    use crate::core::notification::{NotificationState, Purpose};
    use crate::core::person::{PersonId, Role};
    use crate::core::scenario::Scene;

    fn asker(name: &str) -> Asker {
        Asker { id: PersonId(name.into()), name: name.into(), role: Role::Responder, login: None }
    }

    fn together(scene: &mut Scene, each: &[One], who: &str) -> Vec<Outcome> {
        let view = |one: &One| {
            let alert = match about(&one.action) {
                Some(About::Alert(alert)) => scene.alerts.get(&alert).cloned(),
                _ => None,
            };
            let of = |n: &&Notification| alert.as_ref().is_some_and(|alert| n.is_about(alert.id));
            let notifications = scene.notifications.values().filter(of).cloned().collect();
            CommandView { alert, notifications, ..CommandView::default() }
        };
        let views = each.iter().map(view).collect();
        let desk = scene.desk.clone();
        let (outcomes, changes, ids) = decide(&desk, each, views, "b", &asker(who), scene.ids, scene.now);
        scene.ids = ids;
        scene.keep(changes);
        outcomes
    }

    fn ack(alert: u64) -> One {
        One { action: Action::Ack { alert: AlertId(alert), next_update_by: None }, expect: Expect::default() }
    }

    fn two() -> Scene {
        let mut scene = Scene::usual();
        scene.raise("x1");
        scene.raise("x2");
        assert_eq!(scene.alerts.len(), 2, "two alerts");
        scene
    }

    #[test]
    fn each_is_done_or_refused_by_itself() {
        let mut scene = two();
        scene.ack("jonas").unwrap();
        let outcomes = together(&mut scene, &[ack(1), ack(2), ack(2), ack(9)], "maria");
        let done: Vec<bool> =
            outcomes.iter().map(|outcome| matches!(outcome, Outcome::Done { .. })).collect();
        assert_eq!(done, [false, true, false, false], "{outcomes:?}");
        let Outcome::Refused { refusal } = &outcomes[0] else { panic!("{outcomes:?}") };
        assert_eq!((refusal.code, &refusal.by), (RefusalCode::Raced, &Some(PersonId("jonas".into()))));
        assert_eq!(scene.alerts[&AlertId(2)].state, AlertState::Acknowledged);
    }

    #[test]
    fn whoever_was_paged_for_all_of_them_hears_of_it_once() {
        let mut scene = two();
        for n in scene.notifications.values_mut() {
            let mut ids = Ids::default();
            let mut context = crate::core::delivery::Delivering {
                desk: &scene.desk,
                down: &crate::core::delivery::ALL_UP,
                reach: None,
                ids: &mut ids,
                now: scene.now,
            };
            crate::core::delivery::claim(&mut context, n);
        }
        together(&mut scene, &[ack(1), ack(2)], "jonas");
        let told = scene.notifications.values().filter(|n| n.purpose == Purpose::Status);
        let told: Vec<_> = told.filter(|n| n.state != NotificationState::Cancelled).collect();
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].content.body.raw().contains("+1 more"), "{}", told[0].content.body.raw());
        // One of them given back: what holds of the other is said all the same.
        scene.command("jonas", Action::Unack { alert: AlertId(1) }, Expect::default()).unwrap();
        let told = scene.notifications.values().find(|n| n.purpose == Purpose::Status).unwrap();
        assert_eq!(told.state, NotificationState::Queued);
        assert_eq!(told.content.body.raw(), "jonas has it, news by 23:00: Acme: Blocked (A2)");
    }

    #[test]
    fn what_cannot_be_looked_over_is_not_done_with_others() {
        let mut scene = two();
        let escalate =
            One { action: Action::Escalate { alert: AlertId(1), step: None }, expect: Expect::default() };
        let outcomes = together(&mut scene, &[escalate], "maria");
        assert!(matches!(outcomes[0], Outcome::Refused { .. }));
    }
}
