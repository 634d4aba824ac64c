//! Several rows at once, undo, handing over, and what others do meanwhile.

use crate::hand::Hand;
use crate::night::{self, at, person};
use nightdesk::console::effect::Effect;
use nightdesk::console::message::Msg;
use nightdesk::core::alert::AlertState;
use nightdesk::core::change::{Actor, Numbered, Object, What};
use nightdesk::core::command::{Action, Outcome};
use nightdesk::core::id::{AlertId, TaskId};
use nightdesk::core::offer::Offer;
use nightdesk::wire::person::Viewer;

fn done(said: &str) -> Outcome {
    Outcome::Done { said: said.into() }
}

/// Somebody else acts on the alert.
fn by_another(
    seq: u64,
    what: What,
    who: &str,
    change: impl FnOnce(&mut nightdesk::core::alert::Alert),
) -> Numbered {
    let mut alert = night::alerts().remove(0);
    change(&mut alert);
    let object = Object::Alert(Box::new(alert));
    let mut numbered = night::change(seq, "02:07:40", what, Some(8812), "x", object);
    numbered.change.actor = Actor::Person { id: person(who), login: None };
    numbered
}

#[test]
fn marked_rows_are_shown_one_by_one_before_anything_is_done_to_them() {
    let mut hand = Hand::at_night().sized(120, 40);
    hand.press(&["Space", "Space"]);
    assert!(hand.line("Acme Tools   ").contains('*'), "{}", hand.screen());
    hand.press(&["a"]);
    assert!(hand.screen().contains("Asking the agent what it would refuse."), "{}", hand.screen());
    hand.press(&["Tab", "Enter"]);
    assert!(hand.model.dialog.is_some(), "nothing is done before the agent has said");
    let each = hand.previewed(&[(1, "Jonas Roth was first: A8809 is theirs since 03:04.")]);
    assert_eq!(each.len(), 2);
    assert!(hand.line("you take it, news by 03:37").contains("A8812"), "{}", hand.screen());
    assert!(hand.line("Jonas Roth was first").contains("A8809"), "{}", hand.screen());
    assert!(hand.screen().contains("1 can be done, 1 would be refused."));
    insta::assert_snapshot!("bulk_preview", hand.screen());
    hand.press(&["Enter"]);
    let sent = hand.together(&[]);
    assert_eq!(sent.len(), 1, "what would be refused is not asked for");
    assert_eq!(sent[0].action, Action::Ack { alert: AlertId(8812), next_update_by: None });
    assert_eq!(sent[0].expect.holder, Some(None));
}

#[test]
fn with_marked_rows_the_line_above_the_footer_says_what_the_key_does_to_them() {
    let mut hand = Hand::at_night();
    hand.press(&["Space", "Space"]);
    assert_eq!(hand.intent(), "a: take the 2 marked, A8812 A8809; you see each first; Esc lets go");
    assert!(hand.line(" Triage ").contains("2 marked"), "they may be out of sight");
    hand.press(&["Tab", "Space"]);
    assert_eq!(hand.intent(), "a: take the 3 marked, A8812 A8809 T303; you see each first; Esc lets go");
    hand.press(&["Esc"]);
    assert!(!hand.screen().contains("marked"), "{}", hand.screen());
    assert!(hand.intent().starts_with("a: you take it"), "{}", hand.intent());
}

#[test]
fn marked_partners_are_counted_and_the_key_says_that_it_is_for_all_of_them() {
    let mut hand = Hand::at_night();
    hand.press(&["3"]).answers().press(&["Space", "Space"]);
    assert!(hand.line("known").contains("2 marked"), "{}", hand.screen());
    assert_eq!(hand.intent(), "a: take all that is open of the 2 marked; you see each first; Esc lets go");
    hand.press(&["Esc"]);
    assert!(hand.intent().starts_with("Enter: everything about"), "{}", hand.screen());
}

#[test]
fn cancel_is_what_enter_does_first_and_type_ahead_is_swallowed() {
    let mut hand = Hand::at_night();
    hand.press(&["*", "a"]);
    hand.previewed(&[]);
    for key in ["Tab", "Enter"] {
        hand.tell(Msg::Input(nightdesk::term::input::Input::Key(crate::hand::key(key))));
    }
    assert!(hand.model.dialog.is_some(), "Enter is too early to have been meant");
    hand.press(&["Tab", "Enter"]);
    assert!(hand.model.dialog.is_none());
    assert_eq!(hand.footer(), "Nothing was done.");
    assert!(!hand.effects.iter().any(|effect| matches!(effect, Effect::Together { .. })));
}

#[test]
fn the_outcome_names_each_row_and_u_undoes_all_that_were_done() {
    let mut hand = Hand::at_night().sized(120, 40);
    hand.press(&["*", "a"]);
    hand.previewed(&[]);
    hand.press(&["Tab", "Enter"]);
    let sent = hand.together(&[(2, "Maria Weber was first: A8797 is theirs.")]);
    assert_eq!(sent.len(), 3, "what is mine already is left out");
    let screen = hand.screen();
    assert!(screen.contains("take: 2 done, 1 refused; u undoes."), "{screen}");
    assert!(hand.line("Maria Weber was first").contains("A8797"), "{screen}");
    insta::assert_snapshot!("bulk_outcome", screen);
    hand.press(&["u"]);
    let undone = hand.together(&[]);
    assert_eq!(undone.len(), 2);
    assert!(undone.iter().all(|one| matches!(one.action, Action::RestoreAlert { .. })), "{undone:?}");
    assert_eq!(undone[0].expect.holder, Some(Some(person("kim"))), "only what is still mine");
}

#[test]
fn star_marks_all_that_match_what_is_typed_and_esc_lets_go() {
    let mut hand = Hand::at_night();
    hand.press(&["/"]).type_text("borg OR fjord").press(&["Enter", "*"]);
    assert_eq!(nightdesk::console::bulk::marked(&hand.model), 2, "{}", hand.screen());
    hand.press(&["*"]);
    assert_eq!(nightdesk::console::bulk::marked(&hand.model), 0);
    hand.press(&["*", "Esc", "Esc"]);
    assert_eq!(nightdesk::console::bulk::marked(&hand.model), 0);
}

#[test]
fn closing_several_asks_for_one_reason_and_a_note_goes_to_each() {
    let mut hand = Hand::at_night();
    hand.press(&["Space", "Space", "x"]).type_text("carrier confirmed").press(&["Enter"]);
    let each = hand.previewed(&[]);
    assert!(each.iter().all(
        |one| matches!(&one.action, Action::Resolve { reason, .. } if reason.raw() == "carrier confirmed")
    ));
    hand.press(&["Esc", "n"]).type_text("rang the carrier").press(&["Ctrl-s"]);
    let each = hand.previewed(&[]);
    assert!(each.iter().all(
        |one| matches!(&one.action, Action::NoteAlert { text, .. } if text.raw() == "rang the carrier")
    ));
    assert_eq!(each.len(), 2);
    hand.press(&["Esc", "s", "2", "Enter"]);
    let each = hand.previewed(&[]);
    assert!(each.iter().all(|one| matches!(one.action, Action::Snooze { .. })));
}

#[test]
fn alerts_and_tasks_are_taken_together() {
    let mut hand = Hand::at_night();
    hand.press(&["Space", "Tab", "Space", "a"]);
    let each = hand.previewed(&[]);
    assert!(matches!(each[0].action, Action::Ack { .. }), "{each:?}");
    assert!(matches!(each[1].action, Action::TakeTask { .. }), "{each:?}");
}

#[test]
fn everything_open_of_a_partner_is_one_key_away_and_shown_first() {
    let mut hand = Hand::at_night();
    hand.press(&["3"]).answers();
    while hand.model.partner_at_hand().is_some_and(|id| id.raw() != "acme") {
        hand.press(&["j"]);
    }
    hand.press(&["a"]);
    let each = hand.previewed(&[]);
    let alert = each.iter().filter(|one| matches!(one.action, Action::Ack { alert: AlertId(8812), .. }));
    assert_eq!(alert.count(), 1, "{each:?}");
}

#[test]
fn a_task_that_was_closed_or_taken_is_given_back_within_ten_seconds() {
    let mut hand = Hand::at_night();
    hand.press(&["Tab", "x"]);
    let Action::DoneTask { task, .. } = hand.command(done("Done.")).0 else { panic!() };
    hand.press(&["u"]);
    let (action, _) = hand.command(done("It is to do again."));
    assert!(matches!(action, Action::RestoreTask { task: again, .. } if again == task), "{action:?}");
    hand.press(&["a"]);
    hand.command(done("You took it."));
    hand.wait(11).press(&["u"]);
    assert_eq!(hand.commands(), 0, "too late");
    let _ = TaskId(0);
}

#[test]
fn h_hands_an_alert_over_to_whoever_is_chosen_and_u_takes_that_back() {
    let mut hand = Hand::at_night();
    // My own.
    hand.press(&["j", "j", "h"]);
    assert!(hand.screen().contains("Hand A8801 over to"), "{}", hand.screen());
    assert!(hand.screen().contains("It stays yours until they take it"), "{}", hand.screen());
    insta::assert_snapshot!("hand_over", hand.screen());
    hand.type_text("weber");
    assert!(hand.line("Maria Weber").contains("there"), "{}", hand.screen());
    hand.press(&["Enter"]);
    let (action, _) = hand.command(done("Maria Weber is told of A8801; it stays yours until they take it."));
    assert_eq!(action, Action::HandAlert { alert: AlertId(8801), to: person("maria") });
    hand.press(&["u"]);
    assert_eq!(hand.command(done("Kept.")).0, Action::KeepAlert { alert: AlertId(8801) });
}

#[test]
fn what_somebody_else_has_is_theirs_to_hand_over() {
    let mut hand = Hand::at_night();
    hand.press(&["j", "j", "j", "h"]);
    assert!(hand.model.dialog.is_none());
    assert!(hand.footer().contains("M.Weber has it"), "{}", hand.footer());
}

#[test]
fn whoever_is_asked_reads_what_taking_it_means() {
    let mut snapshot = night::snapshot();
    snapshot.alerts[3].offered = Some(Offer { to: person("kim"), by: person("maria"), at: at("02:05:00") });
    let mut hand = Hand::on(snapshot).sized(120, 40);
    hand.press(&["j", "j", "j"]).rest();
    assert!(
        hand.intent().starts_with("a: you take it over from M.Weber, who hands it to you"),
        "{}",
        hand.intent()
    );
    assert!(hand.selected_line().contains("MW>you"), "{}", hand.selected_line());
    assert!(
        hand.screen().contains("M.Weber hands it over to you since 03:05, not taken yet"),
        "{}",
        hand.screen()
    );
}

#[test]
fn what_somebody_else_does_is_said_with_their_name() {
    let mut hand = Hand::at_night();
    let taken = by_another(200, What::AlertAcknowledged, "maria", |alert| {
        alert.state = AlertState::Acknowledged;
        alert.holder = Some(person("maria"));
    });
    hand.change(taken);
    assert_eq!(hand.footer(), "M.Weber took A8812 (Acme Tools).");
    // What I did is no news to me, nor what the desk did by itself.
    hand.wait(11);
    hand.change(by_another(201, What::AlertSnoozed, "kim", |_| {}));
    assert!(!hand.footer().contains("A8812"), "{}", hand.footer());
}

#[test]
fn what_was_refused_is_not_hidden_by_what_others_do() {
    let mut hand = Hand::at_night();
    hand.press(&["a"]);
    let refusal = nightdesk::core::command::Refusal {
        code: nightdesk::core::command::RefusalCode::Raced,
        said: "Jonas Roth was first: he took A8812 at 03:04.".into(),
        by: Some(person("jonas")),
    };
    hand.command(Outcome::Refused { refusal });
    hand.change(by_another(200, What::Noted, "maria", |_| {}));
    assert_eq!(hand.footer(), "Jonas Roth was first: he took A8812 at 03:04.");
}

#[test]
fn who_looks_at_an_alert_is_shown_on_its_row_and_in_its_detail() {
    let mut hand = Hand::at_night().sized(120, 40);
    hand.rest();
    assert_eq!(hand.looks.last(), Some(&Some(AlertId(8812))), "the agent is told what I look at");
    let viewer = |who: &str, name: &str, alert| Viewer {
        alert: AlertId(alert),
        person: Some(person(who)),
        name: name.into(),
        since: at("02:07:00"),
    };
    hand.tell(Msg::Viewers(vec![viewer("kim", "Kim Okafor", 8812), viewer("maria", "Maria Weber", 8812)]));
    assert!(hand.selected_line().contains("CRIT@"), "{}", hand.selected_line());
    assert!(hand.screen().contains("Weber looks at it"), "{}", hand.screen());
    assert!(!hand.screen().contains("Okafor looks"), "not oneself");
    hand.tell(Msg::Viewers(vec![viewer("kim", "Kim Okafor", 8812)]));
    assert!(!hand.selected_line().contains('@'), "{}", hand.selected_line());
    hand.press(&["2"]);
    assert_eq!(hand.looks.last(), Some(&None), "in the Stream nobody looks at an alert");
    hand.press(&["1"]).wait(301);
    assert_eq!(hand.looks.last(), Some(&None), "nor does somebody who has pressed no key for five minutes");
}
