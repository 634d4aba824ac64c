//! Onboarding: milestones in any order, repeated, late and withdrawn.

use super::*;
use crate::core::onboarding::MilestoneState;
use jiff::SignedDuration;

const STEPS: [&str; 4] = ["profile_approved", "documents_complete", "testing_ready", "go_live"];

fn milestone(name: &str, withdrawn: bool) -> Value {
    json!({ "milestone": name, "withdrawn": withdrawn })
}

fn state(stage: &Stage, name: &str) -> Option<MilestoneState> {
    stage.milestones.get(&format!("acme/{name}")).map(|record| record.state)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_order_repetition_and_withdrawal_leaves_one_task_a_milestone(order in order(8), timed: bool) {
        let mut stage = Stage::with([contact("ana"), contact("ben")]);
        let mut newest: std::collections::BTreeMap<usize, usize> = Default::default();
        for at in &order {
            stage.now += SignedDuration::from_hours(100);
            stage.due();
            let when = if timed { time(&format!("2026-03-01T0{at}:00:00Z")) } else { When::default() };
            let before = stage.to_contacts().len();
            let known = stage.milestones.get(&format!("acme/{}", STEPS[at % 4])).map(|m| m.state);
            stage.tell_as("onboarding.milestone", milestone(STEPS[at % 4], *at >= 4), when);
            let is = stage.milestones.get(&format!("acme/{}", STEPS[at % 4])).map(|m| m.state);
            let said = stage.to_contacts().len() - before;
            prop_assert!(said == 0 || (said == 2 && known != is), "each contact once a change: {:?}", order);
            let at_most = newest.entry(at % 4).or_default();
            *at_most = (*at_most).max(*at);
            stage.due();
            for task in stage.open_tasks(TaskKind::Plan) {
                let same = stage.open_tasks(TaskKind::Plan).iter().filter(|t| t.key == task.key).count();
                prop_assert_eq!(same, 1);
                let about = task.about.as_ref().unwrap().raw();
                prop_assert_eq!(stage.milestones[about].state, MilestoneState::Expected, "{:?}", order);
            }
        }
        if timed {
            for (place, at) in newest {
                let is = state(&stage, STEPS[place]);
                match at >= 4 {
                    true => prop_assert!(is != Some(MilestoneState::Reached), "{order:?}"),
                    false => prop_assert_eq!(is, Some(MilestoneState::Reached), "{:?}", order),
                }
            }
        }
        // What a later milestone overtook is not chased.
        let reached = |place: usize| state(&stage, STEPS[place]) == Some(MilestoneState::Reached);
        for (place, step) in STEPS.iter().enumerate() {
            let overtaken = (place + 1..4).any(reached);
            if overtaken {
                prop_assert!(state(&stage, step) != Some(MilestoneState::Expected), "{order:?}");
            }
        }
    }
}

#[test]
fn a_late_milestone_is_one_task_of_the_partners_manager_and_done_when_it_comes() {
    let mut stage = Stage::with([contact("ana")]);
    stage.tell("onboarding.milestone", milestone("profile_approved", false));
    // Five working days after Monday the 2nd, at the end of the partner's day in Berlin.
    let due = stage.milestones["acme/documents_complete"].due_at.unwrap();
    assert_eq!(due, "2026-03-09T17:00:00Z".parse().unwrap());
    stage.now = due;
    stage.due();
    stage.now += SignedDuration::from_hours(1);
    stage.due();
    let open = stage.open_tasks(TaskKind::Plan);
    assert_eq!(open.len(), 1);
    assert_eq!(open[0].owner.as_ref().map(|owner| owner.0.as_str()), Some("maria"));
    stage.tell("onboarding.milestone", milestone("documents_complete", false));
    assert!(stage.open_tasks(TaskKind::Plan).is_empty());
}

#[test]
fn each_message_says_what_is_next_who_does_it_and_by_when() {
    let mut stage = Stage::with([contact("ana")]);
    stage.tell("onboarding.milestone", milestone("testing_ready", false));
    assert_eq!(state(&stage, "profile_approved"), Some(MilestoneState::Skipped));
    let words = stage.to_contacts()[0].1.to_owned();
    for said in ["Acme", "9. März 2026"] {
        assert!(words.contains(said) || words.contains("09.03.2026"), "{said} in {words}");
    }
}

#[test]
fn after_a_withdrawal_what_is_next_is_the_milestone_that_was_taken_back() {
    let mut stage = Stage::with([contact("ana")]);
    stage.tell("onboarding.milestone", milestone("profile_approved", false));
    stage.tell("onboarding.milestone", milestone("documents_complete", false));
    stage.tell("onboarding.milestone", milestone("documents_complete", true));
    let last = |stage: &Stage| stage.to_contacts().last().unwrap().1.to_owned();
    let words = last(&stage);
    assert!(words.contains("Nächster Schritt: Unterlagen vollständig\nZuständig:        Acme\n"), "{words}");
    assert!(!words.contains("Termin:"), "no day is given for it anew: {words}");
    stage.tell("onboarding.milestone", milestone("documents_complete", false));
    assert!(last(&stage).contains("Nächster Schritt: Bereit zum Testen"), "{}", last(&stage));
}

#[test]
fn one_who_is_named_twice_or_by_two_names_is_told_once() {
    let mut stage = Stage::with([contact("ana"), contact("ben")]);
    let mut data = milestone("profile_approved", false);
    data["contacts"] = json!(["ana", "ben", "ana"]);
    stage.tell("onboarding.milestone", data);
    assert_eq!(stage.to_contacts().len(), 2);
    let mut stage = Stage::with([contact("ana")]);
    let mut called = contact("ana");
    called.id = "ana".into();
    stage.contacts.insert("U-7".into(), called);
    let mut data = milestone("profile_approved", false);
    data["contacts"] = json!(["U-7", "nobody"]);
    stage.tell("onboarding.milestone", data.clone());
    data["milestone"] = json!("documents_complete");
    data["contacts"] = json!([]);
    stage.tell("onboarding.milestone", data);
    assert_eq!(stage.to_contacts().len(), 2);
}

#[test]
fn a_withdrawal_that_overtakes_its_milestone_counts() {
    let mut stage = Stage::with([contact("ana")]);
    stage.tell_as("onboarding.milestone", milestone("go_live", true), time("2026-03-01T02:00:00Z"));
    stage.tell_as("onboarding.milestone", milestone("go_live", false), time("2026-03-01T01:00:00Z"));
    assert!(stage.to_contacts().is_empty());
    assert_ne!(state(&stage, "go_live"), Some(MilestoneState::Reached));
}
