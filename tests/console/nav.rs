//! Five places, the views inside them, the way back, and going from a row to what it speaks of.

use crate::hand::Hand;
use nightdesk::console::effect::Effect;
use nightdesk::console::goal::Goal;
use nightdesk::console::messages::About;
use nightdesk::console::model::Place;
use nightdesk::core::id::AlertId;

fn places(hand: &mut Hand, keys: &[&str]) -> Vec<Place> {
    keys.iter().map(|key| hand.press(&[key]).model.place).collect()
}

#[test]
fn five_places_have_a_number_and_the_fifth_is_the_desk_with_who_is_on_call() {
    let mut hand = Hand::at_night();
    let expected = [Place::Stream, Place::Partners, Place::Messages, Place::OnCall, Place::Triage];
    assert_eq!(places(&mut hand, &["2", "3", "4", "5", "1"]), expected);
    hand.press(&["5"]).answers();
    assert!(hand.line("Desk › On call").contains("within two weeks"), "{}", hand.screen());
}

#[test]
fn tab_turns_through_the_views_of_the_desk_and_names_where_one_is() {
    let mut hand = Hand::at_night().sized(120, 40);
    hand.press(&["5"]);
    for (view, words) in [
        ("People", "ON CALL"),
        ("Providers", "CARRIES"),
        ("Sources", "LAST EVENT"),
        ("Configuration", "the winter rota"),
        ("On call", "primary"),
    ] {
        hand.press(&["Tab"]).answers();
        assert!(hand.line(&format!("Desk › {view}")).contains("Desk"), "{}", hand.screen());
        assert!(hand.screen().contains(words), "{words} in\n{}", hand.screen());
    }
    hand.press(&["BackTab"]);
    assert_eq!(hand.model.place, Place::Configuration);
}

#[test]
fn minus_goes_back_view_by_view_and_says_when_there_is_none() {
    let mut hand = Hand::at_night();
    hand.press(&["p"]).answers();
    hand.press(&["4", "5"]);
    let back = [Place::Messages, Place::Partner, Place::Triage, Place::Triage];
    assert_eq!(places(&mut hand, &["-", "-", "-", "-"]), back);
    assert!(hand.footer().starts_with("There is no view before"), "{}", hand.footer());
}

#[test]
fn esc_leads_back_to_where_a_view_was_opened_and_elsewhere_does_nothing() {
    let mut hand = Hand::at_night();
    hand.press(&["4"]).answers();
    hand.press(&["p"]).answers();
    assert_eq!(places(&mut hand, &["Esc", "Esc", "q"]), [Place::Messages; 3]);
    hand.press(&["1", "p"]).answers();
    assert_eq!(places(&mut hand, &["q", "q"]), [Place::Triage; 2]);
}

#[test]
fn the_page_before_is_the_same_partner_again() {
    let mut hand = Hand::at_night();
    hand.press(&["p"]).answers();
    hand.press(&["1", "j", "p"]).answers();
    assert!(hand.screen().contains("Borg") || hand.model.page.as_ref().unwrap().id.raw() == "borg");
    hand.press(&["-", "-"]);
    assert_eq!(hand.model.page.as_ref().unwrap().id.raw(), "acme");
    assert!(hand.effects.contains(&Effect::FetchPartner("acme".into())), "{:?}", hand.effects);
}

#[test]
fn the_chooser_lists_only_what_there_is_for_the_row() {
    let mut hand = Hand::at_night();
    hand.press(&["."]);
    let screen = hand.screen();
    for words in [
        "messages of A8812",
        "partner Acme Tools",
        "contacts of Acme Tools",
        "case CASE-771",
        "person Kim Okafor, who was told",
        "person Jonas Roth, who was told",
    ] {
        assert!(screen.contains(words), "{words} in\n{screen}");
    }
    assert!(!screen.contains("who holds it"), "nobody does: {screen}");
    insta::assert_snapshot!("go_to", screen);
    hand.press(&["Esc", "j", "j", "j", "."]);
    assert!(hand.screen().contains("person Maria Weber, who holds it"), "{}", hand.screen());
    // The detail beside the chooser may name one; the chooser has none to go to.
    assert!(
        !hand.screen().lines().any(|line| line.contains("│ ") && line.contains(" case ")),
        "its members name none"
    );
}

#[test]
fn a_digit_goes_at_once_and_esc_comes_back() {
    let mut hand = Hand::at_night();
    hand.press(&[".", "1"]);
    assert_eq!(hand.model.place, Place::Messages);
    assert_eq!(hand.model.messages.narrowed.about, Some(About::Alert(AlertId(8812))));
    assert!(hand.line("Messages").contains("only of A8812"), "{}", hand.screen());
    assert!(hand.screen().contains("handset receipt") || hand.model.messages.rows.len() == 3);
    hand.press(&["Esc"]);
    assert_eq!(hand.model.place, Place::Triage);
    hand.press(&["4"]);
    assert_eq!(hand.model.messages.narrowed.about, None, "4 shows all");
}

#[test]
fn m_shows_the_messages_of_the_row_wherever_it_is() {
    let mut hand = Hand::at_night();
    hand.press(&["m"]);
    assert_eq!(hand.model.messages.narrowed.about, Some(About::Alert(AlertId(8812))));
    hand.press(&["3"]).answers().press(&["m"]);
    assert!(matches!(hand.model.messages.narrowed.about, Some(About::Partner(_))));
}

#[test]
fn a_case_opens_from_its_alert_and_everything_about_a_person_from_theirs() {
    let mut hand = Hand::at_night().sized(120, 40);
    hand.press(&["."]);
    let at = match &hand.model.dialog {
        Some(nightdesk::console::dialog::Dialog::GoTo(dialog)) => {
            dialog.goals.iter().position(|(_, goal)| matches!(goal, Goal::Case { .. })).unwrap() + 1
        }
        other => panic!("{other:?}"),
    };
    hand.press(&[&at.to_string()]).answers();
    assert_eq!(hand.model.place, Place::Partner);
    assert!(hand.screen().contains("CASE-771"), "{}", hand.screen());

    hand.press(&["1", "j", "j", "j", "."]);
    let at = match &hand.model.dialog {
        Some(nightdesk::console::dialog::Dialog::GoTo(dialog)) => {
            dialog.goals.iter().position(|(label, _)| label.contains("holds it")).unwrap() + 1
        }
        other => panic!("{other:?}"),
    };
    hand.press(&[&at.to_string()]);
    assert_eq!(hand.model.place, Place::Person);
    assert!(hand.screen().contains("Asking the agent."), "{}", hand.screen());
    hand.answers();
    let screen = hand.screen();
    for words in ["Desk › People › Maria Weber", "last proven", "handset receipt", "never proven", "A8797"]
    {
        assert!(screen.contains(words), "{words} in\n{screen}");
    }
    insta::assert_snapshot!("person_at_120x40", screen);
    hand.press(&["Esc"]);
    assert_eq!(hand.model.place, Place::Triage);
}

#[test]
fn the_views_of_the_desk_at_80x24() {
    let mut hand = Hand::at_night();
    hand.press(&["5", "Tab"]);
    insta::assert_snapshot!("people_at_80x24", hand.screen());
    hand.press(&["Enter"]).answers();
    insta::assert_snapshot!("person_at_80x24", hand.screen());
    hand.press(&["5", "Tab", "Tab", "Tab"]);
    insta::assert_snapshot!("sources_at_80x24", hand.screen());
    hand.press(&["Tab"]).answers();
    insta::assert_snapshot!("configuration_at_80x24", hand.screen());
}

#[test]
fn a_digest_of_the_configuration_opens_as_it_would_read_now() {
    let mut hand = Hand::at_night();
    hand.press(&[":"]).type_text("configuration").press(&["Enter"]).answers();
    for _ in 0..9 {
        if !hand.selected_line().contains("morning") {
            hand.press(&["j"]);
        }
    }
    hand.press(&["Enter"]).answers();
    assert!(hand.screen().contains("to Kim Okafor: 2 alerts are open"), "{}", hand.screen());
    hand.press(&["Esc"]);
    assert!(hand.selected_line().contains("morning"));
    hand.press(&["Esc"]);
    assert_eq!(hand.model.place, Place::Triage);
}
