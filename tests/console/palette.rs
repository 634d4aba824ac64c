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
    let all = labels(&hand);
    let after_here = all.iter().position(|label| !label.contains(' ')).unwrap() - 1;
    assert!(all[after_here].contains("A8797") || all[after_here].contains("Fjord"), "{all:?}");
    assert_eq!(all[after_here + 1], "providers", "right after what fits the row");
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

#[test]
fn a_colon_and_enter_never_leave_the_console_whatever_the_hand_is_on() {
    for place in ["1", "2", "3", "4", "5"] {
        let mut hand = Hand::at_night();
        hand.press(&[place]).answers().press(&[":"]);
        let listed = labels(&hand);
        assert!(listed[0] != "q" && listed[0] != "quit", "{listed:?}");
        assert_eq!(listed.last().unwrap(), "q", "leaving stands at the very end");
        assert_eq!(listed.iter().filter(|label| *label == "q" || *label == "quit").count(), 1);
        hand.press(&["Enter"]);
        assert!(!hand.effects.contains(&Effect::Quit), "{place}");
    }
    for typed in ["q", "quit"] {
        let mut hand = Hand::at_night();
        hand.press(&[":"]).type_text(typed).press(&["Enter"]);
        assert!(hand.effects.contains(&Effect::Quit), ":{typed} leaves");
    }
}

#[test]
fn a_fresh_palette_offers_first_what_fits_the_row() {
    let mut hand = Hand::at_night();
    hand.press(&[":"]);
    let on_alert = labels(&hand);
    assert_eq!(on_alert[..3], ["ack A8812", "escalate A8812", "resend A8812"], "{on_alert:?}");
    assert!(on_alert.contains(&"partner Acme Tools".to_owned()), "{on_alert:?}");
    assert!(!on_alert.contains(&"unack A8812".to_owned()), "nobody has it");
    insta::assert_snapshot!("palette_fresh", hand.screen());
    hand.press(&["Enter"]);
    assert_eq!(hand.command(done()).0, Action::Ack { alert: AlertId(8812), next_update_by: None });

    hand.press(&["Tab", ":"]);
    assert_eq!(labels(&hand)[..2], ["take T303", "done T303"], "{:?}", labels(&hand));
    hand.press(&["Esc", "4"]).answers().press(&[":"]);
    assert!(labels(&hand)[0].starts_with("resend N"), "{:?}", labels(&hand));
}

#[test]
fn with_marked_rows_a_fresh_palette_offers_what_acts_on_all_of_them() {
    let mut hand = Hand::at_night();
    hand.press(&["Space", "Space", ":"]);
    assert_eq!(labels(&hand)[0], "ack", "{:?}", labels(&hand));
    hand.press(&["Enter"]);
    assert_eq!(hand.previewed(&[]).len(), 2);
}

#[test]
fn an_id_finds_what_is_closed_and_what_the_console_never_heard_of() {
    let mut snapshot = night::snapshot();
    snapshot.alerts[0].state = nightdesk::core::alert::AlertState::Resolved;
    let (closed, title) = (snapshot.alerts[0].id, snapshot.alerts[0].title.clone());
    let mut hand = Hand::on(snapshot);
    hand.press(&[":"]).type_text(&closed.to_string());
    assert_eq!(labels(&hand)[0], closed.to_string(), "before all that merely resembles it");
    hand.press(&["Enter"]);
    assert!(hand.screen().contains(title.printable().as_str()), "{}", hand.screen());
    assert!(hand.effects.contains(&Effect::FetchDetail(closed)));
    let detail = nightdesk::wire::AlertDetail {
        alert: hand.model.alert(closed).unwrap().clone(),
        ..night::detail(8812)
    };
    hand.tell(Msg::Detail(closed, Ok(Box::new(detail))));
    assert!(!hand.screen().contains("Asking the agent"), "{}", hand.screen());
    hand.press(&["Esc", ":"]).type_text("a7");
    assert_eq!(labels(&hand)[0], "A7");
    hand.press(&["Backspace"]);
    assert!(!labels(&hand).contains(&"A7".to_owned()), "nothing but its whole id finds it");
    hand.type_text("7").press(&["Enter"]);
    assert!(hand.effects.contains(&Effect::FetchDetail(AlertId(7))), "{:?}", hand.effects);
    assert!(hand.screen().contains("why A7"), "{}", hand.screen());
    let mut hand = Hand::at_night();
    hand.press(&[":"]).type_text("ack a7").press(&["Enter"]);
    assert!(
        hand.footer().starts_with("Nothing here that :ack could act on is called A7"),
        "{}",
        hand.footer()
    );
}

#[test]
fn what_only_resembles_what_is_typed_is_never_done_at_once() {
    for (typed, meant) in [("hnad", "hand"), ("akc", "ack"), ("providres", "providers")] {
        let mut hand = Hand::at_night();
        hand.press(&[":"]).type_text(typed);
        assert_eq!(labels(&hand)[0], meant, "{typed}");
        assert!(hand.screen().contains("a guess: Enter only writes it out"), "{}", hand.screen());
        hand.press(&["Enter"]);
        assert_eq!((labels(&hand)[0].as_str(), hand.commands()), (meant, 0), "it is written out");
        hand.press(&["Enter"]);
        assert!(!matches!(hand.model.dialog, Some(Dialog::Palette(_))), "and done then");
    }
    let mut hand = Hand::at_night();
    hand.press(&[":"]).type_text("bsl").press(&["Enter"]);
    assert!(matches!(hand.model.dialog, Some(Dialog::Palette(_))), "letters with others between are a guess");
    hand.press(&["Esc", ":"]).type_text("bsl").press(&["Down", "Up", "Enter"]);
    assert!(hand.model.dialog.is_none(), "moved to, it is none");
}
