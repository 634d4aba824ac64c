//! Expectations: what does not come is missed once, and what came is not.

use super::*;
use crate::core::expectation::{Expect, ExpectationState, MISSED};
use crate::core::notification::Purpose;
use crate::core::rule::Match;
use jiff::{SignedDuration, Timestamp};

fn of(kind: &str) -> Match {
    Match { types: vec![format!("community.{kind}")], ..Match::default() }
}

fn stage(within_hours: i64, by_deadline: bool) -> Stage {
    let mut stage = Stage::with([contact("ana")]);
    stage.desk.expects = vec![Expect {
        name: "ship notice".into(),
        after: of("case.opened"),
        when: None,
        expect: of("document.uploaded"),
        same: Some("data.case.order if data.case else data.document.order".into()),
        within: SignedDuration::from_hours(within_hours),
        by_deadline,
        calendar: None,
    }];
    stage
}

fn order_placed(deadline: Option<&str>) -> Value {
    json!({ "case": { "id": "c1", "reference": "REF-1", "kind": "order", "title": "PO-1 placed", "order": "PO-1",
        "deadline": deadline }, "priority": "normal" })
}

fn ship_notice(order: &str) -> Value {
    json!({ "document": { "id": "d1", "name": "ASN", "kind": "shipping_document", "order": order } })
}

fn missed(stage: &Stage) -> usize {
    stage.events.values().filter(|event| event.kind.raw() == MISSED).count()
}

fn state(stage: &Stage) -> ExpectationState {
    stage.expectations.values().next().unwrap().state
}

#[test]
fn what_does_not_come_by_its_deadline_is_an_event_that_tells_once_and_names_what_it_is_about() {
    let mut stage = stage(0, true);
    stage.tell("case.opened", order_placed(Some("2026-03-02T12:00:00Z")));
    stage.tell("document.uploaded", ship_notice("PO-2"));
    stage.now = "2026-03-02T11:59:59Z".parse().unwrap();
    stage.due();
    assert_eq!(missed(&stage), 0);
    stage.now = "2026-03-02T12:00:00Z".parse().unwrap();
    let before = stage.to_person("maria").len();
    stage.due();
    stage.due();
    assert_eq!((missed(&stage), stage.to_person("maria").len()), (1, before + 1));
    let words = stage.to_person("maria").last().unwrap().content.body.raw();
    assert!(words.contains("ship notice did not come: PO-1 placed"), "{words}");
}

#[test]
fn within_counts_the_partners_own_working_hours() {
    let mut stage = stage(2, false);
    // Friday 16:30 in Berlin: an hour and a half that day, half an hour on Monday.
    stage.now = "2026-03-06T15:30:00Z".parse().unwrap();
    stage.tell("case.opened", order_placed(None));
    let due: Timestamp = stage.expectations.values().next().unwrap().due_at;
    assert_eq!(due, "2026-03-09T07:30:00Z".parse().unwrap());
}

#[test]
fn what_came_in_time_is_not_missed_however_often_it_is_told_and_in_which_order() {
    let (first, then) = (time("2026-03-02T08:00:00Z"), time("2026-03-02T08:30:00Z"));
    for places in [vec![0, 1, 0, 1], vec![1, 0], vec![1, 0, 0], vec![0, 0, 1, 0]] {
        let mut stage = stage(4, false);
        for place in &places {
            match place {
                0 => stage.tell_as("case.opened", order_placed(None), first.clone()),
                _ => stage.tell_as("document.uploaded", ship_notice("PO-1"), then.clone()),
            };
        }
        stage.now += SignedDuration::from_hours(500);
        stage.due();
        assert_eq!((missed(&stage), state(&stage)), (0, ExpectationState::Met), "{places:?}");
    }
}

#[test]
fn what_was_missed_is_missed_once_though_its_beginning_is_told_again_and_a_new_one_counts_anew() {
    let mut stage = stage(4, false);
    stage.tell_as("case.opened", order_placed(None), time("2026-03-02T08:00:00Z"));
    stage.now += SignedDuration::from_hours(500);
    stage.due();
    stage.tell_as("case.opened", order_placed(None), time("2026-03-02T08:00:00Z"));
    stage.now += SignedDuration::from_hours(500);
    stage.due();
    assert_eq!(missed(&stage), 1);
    stage.tell_as("case.opened", order_placed(None), time("2026-03-20T08:00:00Z"));
    stage.now += SignedDuration::from_hours(500);
    stage.due();
    assert_eq!(missed(&stage), 2);
    assert!(stage.notifications.values().all(|n| n.purpose == Purpose::Notice));
}
