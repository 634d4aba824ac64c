//! Commands and things behind the colon, found by a few letters.

use crate::hand::Hand;
use crate::night;
use nightdesk::console::dialog::Dialog;
use nightdesk::console::effect::{Effect, Wait};
use nightdesk::console::message::Msg;
use nightdesk::console::model::Place;
use nightdesk::core::command::{Action, Outcome};
use nightdesk::core::id::AlertId;

fn done() -> Outcome {
    Outcome::Done { said: "Done.".into() }
}

fn labels(hand: &Hand) -> Vec<String> {
    match &hand.model.dialog {
        Some(Dialog::Palette(palette)) => palette.found().map(|entry| entry.label.clone()).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_alert_is_found_by_its_order_its_title_or_its_number_and_enter_goes_there() {
    for typed in ["4500123", "blocked", "a8812"] {
        let mut hand = Hand::at_night();
        hand.press(&["4", ":"]).type_text(typed);
        assert_eq!(labels(&hand)[0], "A8812", "{typed}");
        hand.press(&["Enter"]);
        assert_eq!(hand.model.place, Place::Triage);
        assert!(hand.selected_line().contains("Blocked order 4500123"));
        hand.press(&["Esc"]);
        assert_eq!(hand.model.place, Place::Messages, "and Esc comes back");
    }
}

#[test]
fn a_command_takes_what_it_acts_on_and_the_hand_stays_where_it_is() {
    let mut hand = Hand::at_night();
    hand.press(&["j", ":"]).type_text("ack 8812");
    assert_eq!(labels(&hand)[0], "A8812");
    assert!(labels(&hand).iter().all(|label| label.starts_with('A')), "only what can be acknowledged");
    hand.press(&["Enter"]);
    let (action, expect) = hand.command(done());
    assert_eq!(action, Action::Ack { alert: AlertId(8812), next_update_by: None });
    assert_eq!(expect.holder, Some(None));
    assert!(hand.selected_line().contains("Borg Steel"));
    hand.press(&[":"]).type_text("partner acme").press(&["Enter"]);
    assert_eq!(hand.model.page.as_ref().unwrap().id.raw(), "acme");
    hand.press(&[":"]).type_text("person maria").press(&["Enter"]);
    assert_eq!(hand.model.place, Place::Person);
    hand.press(&[":"]).type_text("ack A99999").press(&["Enter"]);
    assert!(hand.footer().starts_with("Nothing here that :ack could act on"), "{}", hand.footer());
}

#[test]
fn what_cannot_be_done_now_is_listed_and_says_why() {
    let mut hand = Hand::at_night();
    hand.press(&["5", ":"]).type_text("escalate");
    assert!(hand.line(":escalate").contains("not now: no alert is selected"), "{}", hand.screen());
    hand.press(&["Enter"]);
    assert!(hand.footer().starts_with("No alert is selected"), "{}", hand.footer());
}

#[test]
fn what_was_chosen_before_comes_first() {
    let mut hand = Hand::at_night();
    hand.press(&[":"]).type_text("providers").press(&["Enter", ":"]).type_text("fjord").press(&["Enter"]);
    hand.press(&["1", ":"]);
    let first = labels(&hand);
    assert!(first[0].contains("A8797") || first[0].contains("Fjord"), "{first:?}");
    assert_eq!(first[1], "providers");
    insta::assert_snapshot!("palette_recent", hand.screen());
}

#[test]
fn partners_that_the_console_does_not_know_are_asked_for_once_the_hand_rests() {
    let mut hand = Hand::at_night();
    hand.press(&[":"]).type_text("kil");
    let waits: Vec<_> = hand
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Wait(wait @ Wait::Palette(_), _) => Some(*wait),
            _ => None,
        })
        .collect();
    hand.effects.clear();
    for wait in &waits {
        hand.tell(Msg::Waited(*wait));
    }
    assert_eq!(hand.effects, [Effect::FetchPartners("kil".to_owned())], "only for the last");
    hand.tell(Msg::Partners("kil".to_owned(), Ok(night::partner_rows())));
    assert!(labels(&hand).iter().any(|label| label.contains("Kilo")), "{:?}", labels(&hand));
}

#[test]
fn however_much_the_desk_knows_a_key_weighs_no_more_than_it_shows_room_for() {
    let mut snapshot = night::snapshot();
    let of = snapshot.alerts[0].clone();
    snapshot.alerts = (0..9_000)
        .map(|id| {
            let mut alert = of.clone();
            alert.id = AlertId(id);
            alert
        })
        .collect();
    let mut hand = Hand::on(snapshot);
    hand.press(&[":"]).type_text("a");
    assert_eq!(labels(&hand).len(), 50);
}

#[test]
fn tab_takes_the_name_so_that_more_can_be_typed() {
    let mut hand = Hand::at_night();
    hand.press(&[":"]).type_text("unac").press(&["Tab"]).type_text("delta").press(&["Enter"]);
    assert_eq!(hand.commands(), 0, "what only resembles it is written out first");
    hand.press(&["Enter"]);
    assert_eq!(hand.command(done()).0, Action::Unack { alert: AlertId(8801) });
}

#[test]
fn special_letters_of_a_search_language_are_letters() {
    let mut hand = Hand::at_night();
    hand.press(&[":"]).type_text("^$!'\\ x").press(&["Enter"]);
    assert!(hand.footer().starts_with("Neither a command nor a thing"), "{}", hand.footer());
}
