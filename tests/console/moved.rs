//! A single key acts on what was chosen, and on nothing that came in its place.

use crate::hand::Hand;
use crate::night;
use nightdesk::console::dialog::Dialog;
use nightdesk::console::effect::{Effect, Wait};
use nightdesk::console::message::Msg;
use nightdesk::console::model::Place;
use nightdesk::core::alert::AlertState;
use nightdesk::core::change::{Numbered, Object, What};
use nightdesk::core::command::{Action, Outcome};
use nightdesk::core::id::AlertId;

fn done() -> Outcome {
    Outcome::Done { said: "Done.".into() }
}

fn closed(seq: u64, alert: u64) -> Numbered {
    let mut object = night::alerts().into_iter().find(|one| one.id == AlertId(alert)).unwrap();
    object.state = AlertState::Resolved;
    night::change(
        seq,
        "02:08:00",
        What::AlertResolved,
        Some(alert),
        "closed",
        Object::Alert(Box::new(object)),
    )
}

#[test]
fn a_row_that_went_from_under_the_hand_is_said_before_another_is_acted_on() {
    let mut hand = Hand::at_night();
    hand.press(&["k"]).wait(21);
    hand.change(closed(200, 8812)).press(&["a"]);
    assert_eq!(hand.commands(), 0);
    assert_eq!(hand.footer(), "A8812 was closed; the hand is now on A8809: press again.");
    hand.press(&["a"]);
    assert_eq!(hand.command(done()).0, Action::Ack { alert: AlertId(8809), next_update_by: None });
}

#[test]
fn where_nobody_has_pressed_a_key_yet_the_first_one_is_not_for_what_just_came() {
    let mut hand = Hand::at_night();
    hand.tell(Msg::Changes(vec![closed(200, 8812)]));
    hand.press(&["x"]);
    assert!(hand.model.dialog.is_none() && hand.footer().contains("A8812 was closed"), "{}", hand.footer());
    hand.wait(2).press(&["x"]);
    assert!(matches!(hand.model.dialog, Some(Dialog::Close(_))));
}

#[test]
fn what_comes_to_be_most_urgent_before_the_first_key_is_not_taken_by_it() {
    let mut hand = Hand::at_night();
    let mut alert = night::alerts().remove(0);
    (alert.id, alert.deadline) = (AlertId(8900), Some(night::at("02:30:00")));
    let object = Object::Alert(Box::new(alert));
    hand.change(night::change(200, "02:07:39", What::AlertRaised, Some(8900), "raised", object));
    hand.press(&["a"]);
    assert_eq!(hand.commands(), 0);
    assert_eq!(hand.footer(), "The hand has just come from A8812 to A8900: press again.");
}

#[test]
fn a_row_that_went_a_while_ago_was_seen_to_go() {
    let mut hand = Hand::at_night();
    hand.press(&["k"]).wait(21);
    hand.change(closed(200, 8812)).wait(2).press(&["a"]);
    assert_eq!(hand.command(done()).0, Action::Ack { alert: AlertId(8809), next_update_by: None });
}

#[test]
fn an_id_names_that_alert_and_no_other() {
    let mut hand = Hand::at_night();
    hand.change(closed(200, 8812));
    hand.press(&[":"]).type_text("ack A8812").press(&["Enter"]);
    assert_eq!(hand.commands(), 0);
    assert_eq!(hand.footer(), "A8812 is closed.");
    hand.press(&[":"]).type_text("ack A88").press(&["Enter"]);
    assert_eq!(hand.commands(), 0);
    assert_eq!(hand.footer(), "Nothing here that :ack could act on is called A88.");
    for named in ["ack a8809", "ack 8809"] {
        hand.press(&[":"]).type_text(named).press(&["Enter"]);
        assert_eq!(hand.command(done()).0, Action::Ack { alert: AlertId(8809), next_update_by: None });
    }
}

#[test]
fn what_only_resembles_it_is_written_out_or_moved_to_before_it_is_acted_on() {
    let mut hand = Hand::at_night();
    hand.press(&[":"]).type_text("ack borg").press(&["Enter"]);
    assert_eq!(hand.commands(), 0);
    assert!(hand.screen().contains("ack A8809"), "{}", hand.screen());
    hand.press(&["Enter"]);
    assert_eq!(hand.command(done()).0, Action::Ack { alert: AlertId(8809), next_update_by: None });
    hand.press(&[":"]).type_text("ack ").press(&["Enter"]);
    assert_eq!(hand.commands(), 0, "nor is the first of all");
    hand.press(&["Esc", ":"]).type_text("ack ").press(&["Down", "Enter"]);
    assert_eq!(hand.commands(), 1);
}

#[test]
fn enter_in_a_search_waits_for_the_answer_to_what_is_typed() {
    let mut hand = Hand::at_night();
    let waits = |hand: &mut Hand| {
        let wait = hand.effects.iter().rev().find_map(|effect| match effect {
            Effect::Wait(wait @ Wait::Search(_), _) => Some(*wait),
            _ => None,
        });
        hand.effects.clear();
        hand.tell(Msg::Waited(wait.unwrap()));
        let Some(Effect::FetchSearch(query)) = hand.effects.pop() else { panic!("{:?}", hand.effects) };
        query
    };
    let answer = |alert| crate::finding::alert_found(alert);
    hand.press(&["/", "/"]).type_text("borg");
    let asked = waits(&mut hand);
    hand.tell(Msg::Search(asked, Ok(answer(8809))));
    hand.press(&["Esc", "/", "/"]);
    assert_eq!(hand.model.search.filter.line.text(), "", "it begins anew");
    hand.type_text("acme").press(&["Enter"]);
    assert_eq!(hand.model.place, Place::Search, "what it found before is not what was asked for");
    assert!(hand.footer().starts_with("Still asking"), "{}", hand.footer());
    let asked = waits(&mut hand);
    hand.tell(Msg::Search(asked, Ok(answer(8812))));
    assert_eq!(hand.model.place, Place::Triage);
    assert_eq!(hand.model.triage.alerts.selected(), Some(&AlertId(8812)));
}
