//! Whoever comes on call and was not proven to be reached by text for long is sent a test as the shift
//! begins, while somebody can still mend what is wrong; where the desk did not look then, or does not know them
//! for reached any more, by day. Any proof counts, that of a page too; a test that
//! fails or that nothing proves in time is a `fix` task of theirs, and then of their team's lead.

use crate::core::alert::Target;
use crate::core::change::{Actor, Change, Object, What};
use crate::core::contact::Medium;
use crate::core::delivery::person_fix_task;
use crate::core::desk::Desk;
use crate::core::escalation::Decision;
use crate::core::id::NotificationId;
use crate::core::notification::{Notification, NotificationState, Rung};
use crate::core::page_test;
use crate::core::person::PersonId;
use crate::core::rule::Then;
use crate::core::schedule::Segment;
use crate::core::task::{Task, TaskKind, TaskState};
use crate::core::text::Untrusted;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// `[page_test]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShiftTests {
    /// A proof counts for so long.
    pub every: SignedDuration,
    /// A test that nothing proves by then is a task.
    pub within: SignedDuration,
}

/// One test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShiftTest {
    /// `maria 2026-11-23T07:00:00Z`: there is one for each shift of a person at most.
    pub id: String,
    pub state: ShiftTestState,
    pub person: PersonId,
    pub schedule: String,
    /// When the shift began.
    pub shift_at: Timestamp,
    pub notification: NotificationId,
    /// By when it must be proven.
    pub deadline: Timestamp,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShiftTestState {
    Waiting,
    Proven,
    /// It failed, or nothing proved it in time.
    Unproven,
}

impl ShiftTestState {
    pub fn as_str(self) -> &'static str {
        match self {
            ShiftTestState::Waiting => "waiting",
            ShiftTestState::Proven => "proven",
            ShiftTestState::Unproven => "unproven",
        }
    }
}

impl ShiftTest {
    pub fn next_due(&self) -> Option<Timestamp> {
        (self.state == ShiftTestState::Waiting).then_some(self.deadline)
    }
}

/// Somebody whose shift runs, and when it began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begun {
    pub person: PersonId,
    pub schedule: String,
    pub at: Timestamp,
}

impl Begun {
    pub fn id(&self) -> String {
        format!("{} {}", self.person.0, self.at)
    }
}

/// Within this a shift has just begun.
const JUST: SignedDuration = SignedDuration::from_hours(1);
/// Whoever did not just come on call is woken by no test: on their own clock it is from the first of these hours on,
/// and not yet the second.
const BY_DAY: std::ops::Range<i8> = 8..21;
/// Whose shift began longer ago has none, but is always on.
const BACK: SignedDuration = SignedDuration::from_hours(35 * 24);

/// Nobody is tested again sooner, so not twice in a night, whatever shifts begin.
pub const PAUSE: SignedDuration = SignedDuration::from_hours(20);

/// Those who may be tested now: on call by a schedule that something urgent follows and not away, whose turn began
/// just now, or whose day it is.
pub fn on_shift(desk: &Desk, now: Timestamp) -> Vec<Begun> {
    let mut found: Vec<Begun> = Vec::new();
    for name in urgent_schedules(desk) {
        let on = desk.on_call(name, now).0.into_iter().filter(|person| !desk.is_away(person, now));
        for person in on {
            if !found.iter().any(|one| one.person == person) {
                let at = began(desk, name, &person, now);
                found.extend(at.map(|at| Begun { person, schedule: name.to_owned(), at }));
            }
        }
    }
    let by_day = |person: &PersonId| BY_DAY.contains(&now.to_zoned(desk.zone_of(person)).hour());
    found.retain(|one| now.duration_since(one.at) <= JUST || by_day(&one.person));
    found
}

/// When the turn of somebody who is on call began.
fn began(desk: &Desk, schedule: &str, person: &PersonId, now: Timestamp) -> Option<Timestamp> {
    let schedule = desk.schedules.get(schedule)?;
    // Hardly ever longer ago than a day or two.
    for back in [SignedDuration::from_hours(48), BACK] {
        let low = now.saturating_sub(back).unwrap_or(Timestamp::MIN);
        let high = now.saturating_add(SignedDuration::from_secs(1)).unwrap_or(Timestamp::MAX);
        // A turn of somebody who has the one before as well is a turn of theirs all the same.
        let turns = schedule.turns(low, high);
        let theirs = |turn: &&Segment| turn.from <= now && turn.people.contains(person);
        if let Some(begun) = turns.iter().skip(1).rev().find(theirs) {
            return Some(begun.from);
        }
    }
    None
}

/// The schedules that a policy of a rule, or of the catch-all, pages by.
fn urgent_schedules(desk: &Desk) -> BTreeSet<&str> {
    let of_rules = desk.rules.iter().filter_map(|rule| match &rule.then {
        Then::Alert { policy } => Some(policy.as_str()),
        Then::Tell { .. } | Then::Quiet => None,
    });
    let policies = of_rules.chain([desk.catch_all.as_str()]).filter_map(|name| desk.policies.get(name));
    let steps = policies.flat_map(|policy| {
        let variants = policy.variants.iter().flat_map(|one| one.steps.iter().chain([&one.last_resort]));
        policy.steps.iter().chain([&policy.last_resort]).chain(variants)
    });
    let targets = steps.flat_map(|step| &step.notify);
    let schedules = targets.filter_map(|target| match target {
        Target::OnCall(schedule) => Some(schedule.as_str()),
        _ => None,
    });
    schedules.collect()
}

/// Whether one of these messages proves that texts arrive at the number that the person has now.
pub fn proves(desk: &Desk, person: &PersonId, messages: &[Notification], since: Timestamp) -> bool {
    let Some(number) = desk.person(person).and_then(|person| person.address(Medium::Sms)) else {
        return false;
    };
    messages.iter().any(|n| {
        let proven = |rung| matches!(rung, Some(Rung::Delivered | Rung::Read));
        n.evidence.iter().filter(|evidence| proven(evidence.rung) && evidence.at >= since).any(|evidence| {
            let attempt = n.attempts.iter().find(|attempt| attempt.number == evidence.attempt);
            attempt.is_some_and(|attempt| attempt.address.raw() == number)
        })
    })
}

/// Sends a test as a shift begins; `None` where nothing would be proven by it.
pub fn send(decision: &mut Decision<'_>, rule: &ShiftTests, begun: &Begun) -> Option<()> {
    let (desk, now) = (decision.desk, decision.now);
    let tested = desk.person(&begun.person)?;
    // Over a channel that does not report deliveries a test proves nothing.
    let carrier = desk.carrier(Medium::Sms).filter(|carrier| carrier.proof.is_some())?;
    if !tested.reachable_by(Medium::Sms) {
        return None;
    }
    let (id, by) = (NotificationId(decision.ids.notification), desk.name.clone());
    let via = format!("test in a shift of {}", begun.schedule);
    page_test::queue(decision, tested, Medium::Sms, &by, &via);
    let test = ShiftTest {
        id: begun.id(),
        state: ShiftTestState::Waiting,
        person: begun.person.clone(),
        schedule: begun.schedule.clone(),
        shift_at: begun.at,
        notification: id,
        deadline: now.saturating_add(rule.within).unwrap_or(Timestamp::MAX),
        created_at: now,
        updated_at: now,
    };
    let said = format!(
        "{} is on call in {}; no text to them was proven for {} days, so a test goes by {}.",
        tested.name,
        begun.schedule,
        rule.every.as_hours() / 24,
        carrier.name
    );
    keep(decision, What::ShiftTested, said, &test);
    Some(())
}

/// What came of a test whose time is over. `open` are open tasks that may be about it already, by key.
pub fn due(decision: &mut Decision<'_>, mut test: ShiftTest, message: Option<&Notification>, open: &[Task]) {
    let desk = decision.desk;
    let state = message.map_or(NotificationState::Failed, |n| n.state);
    let proven = matches!(state, NotificationState::Delivered | NotificationState::Read);
    test.updated_at = decision.now;
    let name = desk.name_of(&test.person);
    if proven {
        test.state = ShiftTestState::Proven;
        let said = format!("{name} is reached by text: {} was delivered.", test.notification);
        keep(decision, What::ShiftTested, said.clone(), &test);
        // Whatever was wrong before is mended.
        for task in open {
            let mut task = task.clone();
            task.state = TaskState::Done;
            task.updated_at = decision.now;
            decision.changes.push(Change::task(
                decision.now,
                Actor::Desk,
                What::TaskDone,
                Untrusted::new(said.as_str()),
                &task,
            ));
        }
        return;
    }
    test.state = ShiftTestState::Unproven;
    let word = state.as_str().replace('_', " ");
    let said = format!("{name} was not proven to be reached by text: {} is {word}.", test.notification);
    keep(decision, What::ShiftTested, said.clone(), &test);
    if !open.is_empty() {
        return;
    }
    let task = Task {
        notification: Some(test.notification),
        owner: Some(test.person.clone()),
        ..Task::about_reach(
            desk,
            &mut decision.ids,
            TaskKind::Fix,
            said,
            task_key(&test.person),
            decision.now,
        )
    };
    decision.changes.push(task.opened());
}

/// The key of the task of somebody who was not proven to be reached.
pub fn task_key(person: &PersonId) -> String {
    format!("page-test:{}", person.0)
}

/// The keys under which there may be a task about it already: that a test was not proven, and that messages fail.
pub fn task_keys(test: &ShiftTest) -> [String; 2] {
    [task_key(&test.person), person_fix_task(&test.person, Medium::Sms)]
}

fn keep(decision: &mut Decision<'_>, what: What, said: String, test: &ShiftTest) {
    decision.changes.push(Change {
        at: decision.now,
        actor: Actor::Desk,
        what,
        summary: Untrusted::new(said),
        alert: None,
        partner: None,
        object: Object::ShiftTest(Box::new(test.clone())),
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::desk::{Absence, ProofWithin};
    use crate::core::scenario::Scene;
    use crate::core::schedule::{Length, Rotation, Schedule, Start};
    use jiff::tz::TimeZone;

    /// Saturday 22:00; maria and jonas take days from 21:30 on, jonas first.
    fn scene() -> Scene {
        let mut scene = Scene::usual();
        let people = ["jonas", "maria"].map(|id| PersonId(id.into())).to_vec();
        let start = Start::Day(jiff::civil::date(2026, 3, 28));
        let handoff = jiff::civil::time(21, 30, 0, 0);
        let rotation = Rotation::new(people, &Length::Days(1), handoff, start, &TimeZone::UTC);
        scene.desk.schedules.insert("primary".into(), Schedule::simple("primary", TimeZone::UTC, rotation));
        let policy = scene.desk.policies.get_mut("urgent").unwrap();
        policy.steps[0].notify = vec![Target::OnCall("primary".into())];
        scene
    }

    const PROOF: ProofWithin =
        ProofWithin { urgent: SignedDuration::from_mins(5), other: SignedDuration::from_mins(60) };

    fn rule() -> ShiftTests {
        ShiftTests { every: SignedDuration::from_hours(24 * 30), within: SignedDuration::from_mins(30) }
    }

    #[test]
    fn whoever_just_came_on_call_is_found_once_others_by_day_and_nobody_who_is_away() {
        let mut scene = scene();
        let names = |scene: &Scene| -> Vec<String> {
            on_shift(&scene.desk, scene.now).into_iter().map(|begun| begun.id()).collect()
        };
        assert_eq!(names(&scene), ["jonas 2026-03-28T21:30:00Z"]);
        let second = scene.desk.schedules["primary"].clone();
        scene.desk.schedules.insert("other".into(), second);
        scene.desk.policies.get_mut("urgent").unwrap().last_resort.notify =
            vec![Target::OnCall("other".into())];
        assert_eq!(names(&scene).len(), 1, "one test, whatever schedules begin");
        let day = jiff::civil::date(2026, 3, 28);
        scene.desk.absences = vec![Absence { person: PersonId("jonas".into()), first: day, last: day }];
        assert_eq!(names(&scene), [""; 0]);
        scene.desk.absences.clear();
        scene.pass(5 * 60);
        assert_eq!(
            names(&scene),
            [""; 0],
            "nobody is woken for a test, whatever the desk was at when they came"
        );
        scene.pass(5 * 60);
        assert_eq!(names(&scene), ["jonas 2026-03-28T21:30:00Z"], "08:00");
        scene.desk.people.get_mut(&PersonId("jonas".into())).unwrap().time_zone =
            Some("America/New_York".into());
        assert_eq!(names(&scene), [""; 0], "on their own clock");
        scene.pass(12 * 60);
        assert_eq!(names(&scene), ["jonas 2026-03-28T21:30:00Z"]);
        scene.pass(2 * 60);
        assert_eq!(names(&scene), ["maria 2026-03-29T21:30:00Z"]);
    }

    #[test]
    fn whoever_is_alone_in_a_rotation_begins_a_turn_too() {
        let mut scene = scene();
        let start = Start::Day(jiff::civil::date(2026, 3, 28));
        let (alone, handoff) = (vec![PersonId("maria".into())], jiff::civil::time(21, 30, 0, 0));
        let rotation = Rotation::new(alone, &Length::Days(7), handoff, start, &TimeZone::UTC);
        scene.desk.schedules.insert("primary".into(), Schedule::simple("primary", TimeZone::UTC, rotation));
        scene.pass(7 * 24 * 60);
        let found: Vec<_> = on_shift(&scene.desk, scene.now).into_iter().map(|begun| begun.id()).collect();
        assert_eq!(found, ["maria 2026-04-04T21:30:00Z"]);
    }

    #[test]
    fn a_test_goes_only_where_it_could_be_proven_and_one_that_is_not_is_a_task_of_theirs() {
        let mut scene = scene();
        let begun = on_shift(&scene.desk, scene.now).remove(0);
        let mut decision = Decision::new(&scene.desk, scene.now, scene.ids);
        assert_eq!(send(&mut decision, &rule(), &begun), None);
        assert!(decision.changes.is_empty());
        scene.desk.carriers[0].proof = Some(PROOF);
        let mut decision = Decision::new(&scene.desk, scene.now, scene.ids);
        send(&mut decision, &rule(), &begun).unwrap();
        let test = decision.changes.iter().find_map(|change| match &change.object {
            Object::ShiftTest(test) => Some((**test).clone()),
            _ => None,
        });
        let (test, message) = (
            test.unwrap(),
            match &decision.changes[0].object {
                Object::Notification(n) => (**n).clone(),
                other => panic!("{other:?}"),
            },
        );
        assert_eq!(test.notification, message.id);
        let tasks = |message: &Notification, open: &[Task]| {
            let mut decision = Decision::new(&scene.desk, scene.now, scene.ids);
            due(&mut decision, test.clone(), Some(message), open);
            let task = |change: &Change| match &change.object {
                Object::Task(task) => Some((**task).clone()),
                _ => None,
            };
            decision.changes.iter().filter_map(task).collect::<Vec<_>>()
        };
        let [task] = &tasks(&message, &[])[..] else { panic!("one task") };
        assert_eq!((task.kind, task.owner.as_ref()), (TaskKind::Fix, Some(&begun.person)));
        assert!(tasks(&message, std::slice::from_ref(task)).is_empty(), "there is one already");
        let delivered = Notification { state: NotificationState::Delivered, ..message };
        let closed = tasks(&delivered, std::slice::from_ref(task));
        assert_eq!(closed[0].state, TaskState::Done, "the next proof mends it");
        assert!(tasks(&delivered, &[]).is_empty());
    }
}
