//! Finding in the console: filters that understand a query and complete it, the search over everything, and
//! saved views.

use crate::hand::Hand;
use crate::night;
use nightdesk::console::effect::{Effect, Wait};
use nightdesk::console::message::Msg;
use nightdesk::console::model::Place;
use nightdesk::core::command::{Action, Outcome};
use nightdesk::core::event::Severity;
use nightdesk::core::id::{AlertId, NotificationId};
use nightdesk::core::partner::PartnerRef;
use nightdesk::core::query::found::Kind;
use nightdesk::core::saved_view::{SavedView, ViewOf};
use nightdesk::wire::client::LinkError;
use nightdesk::wire::search::{Hit, Indexed, SearchAnswer, ViewInfo};

fn hit(kind: Kind, id: &str, title: &str, said: &str, at: &str) -> Hit {
    Hit {
        kind,
        id: id.into(),
        state: "open".into(),
        severity: None,
        partner: Some(PartnerRef { id: "acme".into(), name: "Acme Tools".into(), ..PartnerRef::default() }),
        alert: None,
        task: None,
        who: None,
        title: title.into(),
        said: said.into(),
        created_at: night::at(at),
    }
}

/// What the agent finds of 4500123.
fn answer(behind: u64) -> SearchAnswer {
    let mut alert = hit(Kind::Alert, "A8812", "Blocked order 4500123", "", "02:00:00");
    (alert.alert, alert.severity) = (Some(AlertId(8812)), Some(Severity::Critical));
    let mut message = hit(Kind::Message, "N44", "Order 4500123 is blocked, pickup 06:00.", "", "02:00:04");
    (message.who, message.state, message.alert) =
        (Some("Robert Ames".into()), "in_doubt".into(), Some(AlertId(8812)));
    let mut note =
        hit(Kind::Note, "812", "Forwarder called; the truck waits for order 4500123", "", "02:04:00");
    (note.who, note.alert, note.state) = (Some("ann".into()), Some(AlertId(8812)), "".into());
    let event = hit(
        Kind::Event,
        "E901",
        "Credit block, plant 12",
        "…shipment 88-1920 of order 4500123 is held at \u{1b}[2Jthe gate",
        "01:59:58",
    );
    SearchAnswer {
        hits: vec![alert, note, message, event, hit(Kind::Case, "CASE-771", "Price dispute", "", "01:00:00")],
        more: false,
        indexed: Indexed { seq: 900, at: Some(night::at("02:06:59")), behind, trouble: None },
    }
}

/// One alert is found.
pub fn alert_found(alert: u64) -> SearchAnswer {
    let mut answer = answer(0);
    answer.hits.truncate(1);
    answer.hits[0].alert = Some(AlertId(alert));
    answer
}

/// The hand rests, and the agent answers with this.
fn found(hand: &mut Hand, answer: &SearchAnswer) {
    let wait = hand.effects.iter().rev().find_map(|effect| match effect {
        Effect::Wait(wait @ Wait::Search(_), _) => Some(*wait),
        _ => None,
    });
    hand.effects.clear();
    hand.tell(Msg::Waited(wait.unwrap()));
    let Some(Effect::FetchSearch(query)) = hand.effects.pop() else { panic!("{:?}", hand.effects) };
    hand.tell(Msg::Search(query, Ok(answer.clone())));
}

#[test]
fn a_filter_takes_fields_and_words() {
    let mut hand = Hand::at_night();
    hand.press(&["/"]).type_text("severity:crit partner:acme");
    assert_eq!(hand.model.wanted_alerts(), [AlertId(8812)]);
    hand.press(&["Esc", "/"]).type_text("-severity:crit,high");
    assert!(hand.model.wanted_alerts().is_empty());
    assert!(!hand.model.wanted_tasks().is_empty(), "what has no severity is not of these");
    hand.press(&["Esc", "/"]).type_text("owner:me");
    assert!(hand.model.wanted_alerts().contains(&AlertId(8801)), "{:?}", hand.model.wanted_alerts());
    assert!(!hand.model.wanted_alerts().contains(&AlertId(8812)));
}

#[test]
fn what_may_be_typed_next_stands_in_the_last_line_and_tab_takes_it() {
    let mut hand = Hand::at_night();
    hand.press(&["/"]);
    assert!(hand.footer().starts_with("words  -without"), "{}", hand.footer());
    hand.type_text("par");
    assert_eq!(hand.footer(), "Tab  partner:");
    hand.press(&["Tab"]).type_text("ac");
    assert_eq!(hand.footer(), "Tab  \"Acme Tools\"");
    hand.press(&["Tab"]);
    assert!(hand.line("Triage").contains("/partner:\"Acme Tools\""), "{}", hand.line("Triage"));
    hand.type_text("sev");
    hand.press(&["Tab", "Tab"]);
    assert!(hand.line("Triage").trim_end().ends_with("severity:critical"), "{}", hand.line("Triage"));
    assert_eq!(hand.model.wanted_alerts(), [AlertId(8812)]);
}

#[test]
fn tab_goes_between_alerts_and_tasks_where_there_is_nothing_to_take() {
    let mut hand = Hand::at_night();
    hand.press(&["/"]).type_text("xyz");
    let before = hand.model.triage.focus;
    hand.press(&["Tab"]);
    assert_ne!(hand.model.triage.focus, before);
}

#[test]
fn an_unknown_field_is_named_with_those_there_are_and_narrows_nothing() {
    let mut hand = Hand::at_night();
    let all = hand.model.wanted_alerts();
    hand.press(&["/"]).type_text("channel:sms");
    assert!(
        hand.footer().starts_with("Triage cannot be filtered by channel:, only by partner:, state:,"),
        "{}",
        hand.footer()
    );
    assert_eq!(hand.model.wanted_alerts(), all);
    hand.press(&["Enter"]);
    assert!(hand.footer().starts_with("Triage cannot be filtered by channel:"), "{}", hand.footer());
}

#[test]
fn a_value_that_a_field_does_not_know_is_said_and_told_from_no_match() {
    let mut hand = Hand::at_night();
    hand.press(&["/"]).type_text("state:zz");
    assert_eq!(hand.footer(), "state: knows open, acknowledged, snoozed; not zz");
    hand.press(&["Enter"]);
    assert_eq!(hand.footer(), "state: knows open, acknowledged, snoozed; not zz.");
    hand.press(&["Esc", "/"]).type_text("state:snooz");
    hand.press(&["Enter"]);
    assert!(!hand.footer().contains("knows"), "{}", hand.footer());
    hand.press(&["Esc", "/"]).type_text("severity:purple");
    assert_eq!(hand.footer(), "severity: knows low, medium, high, critical; not purple");
}

#[test]
fn a_list_without_a_field_says_by_what_it_can_be_filtered() {
    let mut hand = Hand::at_night();
    hand.press(&["5", "/"]).type_text("partner:acme");
    assert_eq!(hand.footer(), "On call cannot be filtered by partner:, only by owner:");
    hand.press(&["Esc", "Tab", "/"]).type_text("partner:acme");
    assert_eq!(hand.footer(), "People cannot be filtered by partner:, only by words");
}

#[test]
fn two_slashes_search_everything_and_enter_goes_there() {
    let mut hand = Hand::at_night();
    hand.press(&["/", "/"]);
    assert_eq!(hand.model.place, Place::Search);
    assert!(hand.screen().contains("Everything there ever was"), "{}", hand.screen());
    hand.type_text("4500123");
    found(&mut hand, &answer(0));
    assert!(hand.line("Search").ends_with("5 found"), "{}", hand.line("Search"));
    assert!(hand.selected_line().contains("CRIT"), "{}", hand.selected_line());
    assert_eq!(hand.intent().split(" ─").next(), Some("Enter: alert A8812"));
    hand.press(&["Down"]);
    assert!(hand.selected_line().contains("note"), "the arrows move while one types");
    hand.press(&["Enter"]);
    assert_eq!(
        (hand.model.place, hand.model.selected_alert().map(|alert| alert.id)),
        (Place::Triage, Some(AlertId(8812)))
    );
}

#[test]
fn enter_opens_messages_and_cases_and_esc_comes_back_to_what_was_found() {
    let mut hand = Hand::at_night();
    hand.press(&["/", "/"]).type_text("4500123");
    found(&mut hand, &answer(0));
    hand.press(&["Down", "Down", "Enter"]);
    assert_eq!(hand.model.place, Place::Messages);
    assert!(
        hand.model.messages.opened || hand.effects.contains(&Effect::FetchMessage(NotificationId(44))),
        "{:?}",
        hand.effects
    );
    let mut message = night::messages().latest.remove(0);
    message.id = NotificationId(44);
    hand.tell(Msg::Message(Ok(Box::new(message))));
    assert!(hand.model.messages.opened);
    hand.press(&["Esc"]);
    assert_eq!(hand.model.place, Place::Search);
    hand.press(&["/"]).type_text(" ");
    found(&mut hand, &answer(0));
    hand.press(&["Down", "Down"]);
    hand.press(&["Enter"]).answers();
    assert_eq!(hand.model.place, Place::Partner);
    assert!(hand.model.page.as_ref().unwrap().opened.is_some());
    hand.press(&["Esc", "Esc"]);
    assert_eq!(hand.model.place, Place::Search);
    assert!(hand.screen().contains("5 found"));
    hand.press(&["Esc"]);
    assert_ne!(hand.model.place, Place::Search);
}

#[test]
fn only_what_was_typed_last_is_asked_and_an_answer_to_something_else_is_dropped() {
    let mut hand = Hand::at_night();
    hand.press(&["/", "/"]).type_text("45");
    let waits: Vec<Wait> = hand
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Wait(wait @ Wait::Search(_), _) => Some(*wait),
            _ => None,
        })
        .collect();
    hand.effects.clear();
    for wait in waits {
        hand.tell(Msg::Waited(wait));
    }
    assert_eq!(hand.effects, [Effect::FetchSearch("45".into())]);
    hand.type_text("00123");
    hand.tell(Msg::Search("45".into(), Ok(answer(0))));
    assert!(hand.model.search.answer.hits.is_empty());
}

#[test]
fn an_index_that_lags_says_so_and_is_asked_again_until_it_has_everything() {
    let mut hand = Hand::at_night();
    hand.press(&["/", "/"]).type_text("4500123");
    found(&mut hand, &answer(12));
    assert!(hand.intent().ends_with("12 newer not yet"), "{}", hand.intent());
    found(&mut hand, &answer(0));
    assert!(!hand.screen().contains("not yet"));
    assert!(!hand.effects.iter().any(|effect| matches!(effect, Effect::Wait(..))), "{:?}", hand.effects);
}

#[test]
fn a_search_that_cannot_be_answered_says_why() {
    let mut hand = Hand::at_night();
    hand.press(&["/", "/"]).type_text("x");
    hand.tell(Msg::Search("x".into(), Err(LinkError::Broken("it took too long".into()))));
    assert!(hand.screen().contains("it took too long"));
}

#[test]
fn a_search_at_80x24_and_120x40() {
    for (width, height) in [(80, 24), (120, 40)] {
        let mut hand = Hand::at_night().sized(width, height);
        hand.press(&["/", "/"]);
        insta::assert_snapshot!(format!("search_begins_at_{width}x{height}"), hand.screen());
        hand.type_text("4500123");
        found(&mut hand, &answer(12));
        hand.press(&["Down", "Down", "Down"]);
        insta::assert_snapshot!(format!("search_found_at_{width}x{height}"), hand.screen());
        assert!(!hand.screen().contains('\u{1b}'));
    }
}

fn views() -> Vec<ViewInfo> {
    let view = |name: &str, of, query: &str| SavedView { name: name.into(), of, query: query.into() };
    vec![
        ViewInfo { view: view("crit", ViewOf::Triage, "severity:critical"), shared: true },
        ViewInfo { view: view("doubt", ViewOf::Messages, "state:in_doubt"), shared: false },
    ]
}

#[test]
fn a_view_opens_by_its_name() {
    let mut hand = Hand::at_night();
    hand.press(&["2", ":"]).type_text("view crit").press(&["Enter"]);
    assert!(hand.effects.contains(&Effect::FetchViews));
    hand.tell(Msg::Views(Ok(views())));
    assert_eq!(hand.model.place, Place::Triage);
    assert!(hand.line("Triage").contains("/severity:critical"), "{}", hand.line("Triage"));
    assert_eq!(hand.model.wanted_alerts(), [AlertId(8812)]);
    hand.press(&[":"]).type_text("view nothing").press(&["Enter"]);
    hand.tell(Msg::Views(Ok(views())));
    assert!(hand.footer().contains("There is no view nothing"), "{}", hand.footer());
}

#[test]
fn views_are_listed_opened_kept_and_dropped() {
    let mut hand = Hand::at_night();
    hand.press(&[":"]).type_text("view").press(&["Enter"]);
    hand.tell(Msg::Views(Ok(views())));
    insta::assert_snapshot!("views_at_80x24", hand.screen());
    hand.press(&["x"]);
    assert!(hand.footer().contains("crit is the desk's"), "{}", hand.footer());
    hand.press(&["j", "x"]);
    assert!(hand.screen().contains("x again drops doubt"));
    hand.press(&["x"]);
    let (action, _) = hand.command(Outcome::Done { said: "The view doubt is gone.".into() });
    assert_eq!(action, Action::DropView { name: "doubt".into() });

    hand.press(&["/"]).type_text("late").press(&["Ctrl-s"]).type_text("night").press(&["Enter"]);
    let (action, _) = hand.command(Outcome::Done { said: "The view night is saved.".into() });
    let view = SavedView { name: "night".into(), of: ViewOf::Triage, query: "late".into() };
    assert_eq!(action, Action::SaveView { view });
    assert_eq!(hand.footer(), "The view night is saved.");
}
