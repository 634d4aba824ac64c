//! Documents: a review is open just as long as its document waits.

use super::*;
use crate::core::document::ReviewState;

fn document(kind: &str) -> Value {
    json!({ "document": { "id": "d1", "name": "INV-1.pdf", "kind": kind } })
}

fn reviewed(outcome: &str) -> Value {
    let mut data = document("invoice");
    data["outcome"] = json!(outcome);
    data
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn a_review_is_open_just_as_long_as_the_document_waits_for_it(order in order(5), timed: bool) {
        let mut stage = Stage::new();
        for at in &order {
            stage.now += jiff::SignedDuration::from_mins(1);
            let when = if timed { time(&format!("2026-03-01T0{at}:00:00Z")) } else { When::default() };
            match at {
                0 | 3 => stage.tell_as("document.uploaded", document("invoice"), when),
                1 => stage.tell_as("document.reviewed", reviewed("rejected"), when),
                _ => stage.tell_as("document.reviewed", reviewed("approved"), when),
            };
            let state = stage.documents.values().next().unwrap().state;
            let open = usize::from(state == ReviewState::Pending);
            prop_assert_eq!(stage.open_tasks(TaskKind::Review).len(), open, "{:?}", order);
        }
        if timed {
            let wanted = match order.iter().max().unwrap() {
                0 | 3 => ReviewState::Pending,
                1 => ReviewState::Rejected,
                _ => ReviewState::Approved,
            };
            prop_assert_eq!(stage.documents.values().next().unwrap().state, wanted, "{:?}", order);
        }
        let rounds = stage.to_person("fin").len();
        prop_assert_eq!(rounds, stage.tasks.len(), "one message a review, to its reviewer alone");
    }
}

#[test]
fn the_reviewer_of_that_kind_owns_the_review_and_another_kind_goes_to_the_general_one() {
    for (kind, owner) in [("invoice", "fin"), ("claims_evidence", "jonas")] {
        let mut stage = Stage::new();
        stage.tell("document.uploaded", document(kind));
        stage.tell("document.uploaded", document(kind));
        let task = stage.open_tasks(TaskKind::Review)[0];
        assert_eq!(task.owner.as_ref().map(|owner| owner.0.as_str()), Some(owner), "{kind}");
        assert_eq!((stage.to_person(owner).len(), stage.notifications.len()), (1, 1));
    }
}
