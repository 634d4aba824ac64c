//! What can be pressed while the agent is away, and what becomes of it when it is back.

use crate::hand::Hand;
use crate::night::{self, person};
use nightdesk::console::dialog::Dialog;
use nightdesk::console::effect::Effect;
use nightdesk::console::message::Msg;
use nightdesk::console::waiting::{Item, MOST};
use nightdesk::core::command::{Action, Command, Outcome, Refusal, RefusalCode};
use nightdesk::core::id::AlertId;
use nightdesk::wire::client::LinkError;
use proptest::prelude::*;

fn gone() -> LinkError {
    LinkError::NoAgent { socket: "/run/x.sock".into() }
}

fn away() -> Hand {
    let mut hand = Hand::at_night();
    hand.model.session = "console-1-1".to_owned();
    hand.tell(Msg::Away(gone()));
    hand.wait(10);
    hand.effects.clear();
    hand
}

/// The agent is back, at the time that it is.
fn back(hand: &mut Hand) -> &mut Hand {
    let mut snapshot = night::snapshot();
    snapshot.now = hand.clock;
    hand.tell(Msg::Snapshot(Box::new(snapshot)))
}

/// What goes out again, in order.
fn retried(hand: &Hand) -> Vec<Command> {
    let of = |effect: &Effect| match effect {
        Effect::Retry { command, .. } => Some(command.clone()),
        _ => None,
    };
    hand.effects.iter().filter_map(of).collect()
}

fn kept(hand: &Hand) -> Vec<Item> {
    let of = |effect: &Effect| match effect {
        Effect::Keep(items) => Some(items.clone()),
        _ => None,
    };
    hand.effects.iter().rev().find_map(of).unwrap_or_default()
}

/// Answers what was retried first.
fn answer(hand: &mut Hand, answer: Result<Outcome, LinkError>) -> &mut Hand {
    let at = hand.effects.iter().position(|effect| matches!(effect, Effect::Retry { .. })).unwrap();
    let Effect::Retry { ticket, .. } = hand.effects.remove(at) else { unreachable!() };
    hand.tell(Msg::Answered(ticket, answer))
}

#[test]
fn an_acknowledgment_waits_visibly_and_goes_out_once_with_the_id_it_has() {
    let mut hand = away();
    assert!(hand.intent().contains("it waits and is sent when the agent is back"), "{}", hand.intent());
    hand.press(&["a"]);
    assert_eq!(hand.commands(), 0);
    assert!(hand.selected_line().contains("ack waits"), "{}", hand.selected_line());
    assert!(hand.intent().starts_with("not acknowledged yet, pages continue"), "{}", hand.intent());
    assert!(
        hand.screen().contains("Not with the agent yet: 1 acknowledgment; pages continue."),
        "{}",
        hand.screen()
    );
    insta::assert_snapshot!("ack_waits", hand.screen());
    assert_eq!(kept(&hand).len(), 1, "it is on disk");
    // Once more is not twice.
    hand.press(&["a"]);
    assert_eq!(hand.model.waiting.items.len(), 1);
    let id = hand.model.waiting.items[0].id.clone();
    back(&mut hand);
    let sent = retried(&hand);
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].id, id);
    assert_eq!(sent[0].action, Action::Ack { alert: AlertId(8812), next_update_by: None });
    answer(&mut hand, Ok(Outcome::Done { said: "You took A8812; news promised by 03:37.".into() }));
    assert_eq!(hand.footer(), "What waited is done: You took A8812; news promised by 03:37.");
    assert!(hand.model.waiting.items.is_empty() && kept(&hand).is_empty());
}

#[test]
fn a_link_that_breaks_again_sends_the_same_again_and_nothing_twice() {
    let mut hand = away();
    hand.press(&["a"]);
    back(&mut hand);
    let first = retried(&hand);
    answer(&mut hand, Err(gone()));
    assert_eq!(hand.model.waiting.items.len(), 1);
    hand.tell(Msg::Away(gone()));
    back(&mut hand);
    assert_eq!(retried(&hand), first, "the same id");
}

#[test]
fn what_the_desk_refuses_names_who_was_first() {
    let mut hand = away();
    hand.press(&["a", "n"]).type_text("rang the carrier").press(&["Ctrl-s"]);
    assert_eq!(hand.model.waiting.counted(), "1 acknowledgment and 1 note");
    back(&mut hand);
    assert_eq!(retried(&hand).len(), 2);
    let refusal = Refusal {
        code: RefusalCode::Raced,
        said: "Jonas Roth was first: A8812 is theirs since 03:08.".into(),
        by: Some(person("jonas")),
    };
    answer(&mut hand, Ok(Outcome::Refused { refusal }));
    answer(&mut hand, Ok(Outcome::Done { said: "Noted on A8812.".into() }));
    let screen = hand.screen();
    assert!(screen.contains("Of what waited 1 of 2 were refused."), "{screen}");
    assert!(screen.contains("Jonas Roth was first"), "{screen}");
}

#[test]
fn marked_rows_wait_together_and_each_goes_out_with_its_own_id() {
    let mut hand = away();
    hand.press(&["Space", "Space", "a"]);
    let screen = hand.screen();
    assert!(screen.contains("The agent is away: 2 would wait; pages continue."), "{screen}");
    insta::assert_snapshot!("marked_would_wait", screen);
    hand.wait(1).press(&["Tab", "Enter"]);
    assert_eq!(hand.commands(), 0);
    assert_eq!(hand.model.waiting.counted(), "2 acknowledgments");
    assert_eq!(kept(&hand).len(), 2, "they are on disk");
    // What waits already is not asked for twice.
    hand.press(&["k", "k", "Space", "Space", "a"]);
    assert!(hand.screen().contains("its acknowledgment waits already"), "{}", hand.screen());
    hand.wait(1).press(&["Tab", "Enter", "Esc", "Esc"]);
    assert_eq!(hand.model.waiting.items.len(), 2);
    back(&mut hand);
    let sent = retried(&hand);
    assert_eq!(sent.len(), 2);
    assert_ne!(sent[0].id, sent[1].id);
    for said in ["You took A8812.", "You took A8809."] {
        answer(&mut hand, Ok(Outcome::Done { said: said.into() }));
    }
    assert!(hand.screen().contains("What waited is done, all 2."), "{}", hand.screen());
    assert!(hand.model.waiting.items.is_empty());
}

#[test]
fn what_was_looked_at_while_away_goes_out_at_once_when_the_agent_came_back_meanwhile() {
    let mut hand = away();
    hand.press(&["Space", "Space", "a"]);
    back(&mut hand);
    hand.wait(1).press(&["Tab", "Enter"]);
    assert_eq!(retried(&hand).len(), 2);
}

#[test]
fn after_ten_minutes_it_is_a_question_and_nothing_goes_out_by_itself() {
    let mut hand = away();
    hand.press(&["a", "j", "a"]);
    hand.wait(11 * 60);
    back(&mut hand);
    assert!(retried(&hand).is_empty(), "nothing was sent");
    assert!(hand.screen().contains("is it still meant?"), "{}", hand.screen());
    insta::assert_snapshot!("waited_for_long", hand.screen());
    hand.press(&["s", "d", "Enter"]);
    let sent = retried(&hand);
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].action, Action::Ack { alert: AlertId(8812), next_update_by: None });
    assert_eq!(hand.model.waiting.items.len(), 1, "the other is dropped, and this one waits for its answer");
    answer(&mut hand, Ok(Outcome::Done { said: "You took A8812.".into() }));
    assert!(hand.model.waiting.items.is_empty());
}

#[test]
fn a_question_put_off_comes_back_with_the_agent_and_sends_nothing_meanwhile() {
    let mut hand = away();
    hand.press(&["a"]).wait(11 * 60);
    back(&mut hand);
    hand.press(&["Esc"]).wait(60);
    assert!(hand.model.dialog.is_none() && retried(&hand).is_empty());
    hand.tell(Msg::Away(gone()));
    back(&mut hand);
    assert!(matches!(hand.model.dialog, Some(Dialog::Stale(_))));
}

#[test]
fn nothing_but_acknowledgments_and_notes_waits() {
    let mut hand = away();
    for key in ["e", "r", "s", "x", "h"] {
        hand.press(&[key]);
        assert!(hand.model.dialog.is_none() && hand.model.waiting.items.is_empty(), "{key}");
        assert!(hand.footer().contains("away since"), "{key}: {}", hand.footer());
    }
    hand.press(&["*", "s"]);
    assert!(hand.model.dialog.is_none() && hand.model.waiting.items.is_empty(), "nor several at once");
}

#[test]
fn u_takes_back_what_waits() {
    let mut hand = away();
    hand.press(&["a", "u"]);
    assert!(hand.model.waiting.items.is_empty() && kept(&hand).is_empty());
    assert!(hand.footer().contains("never sent"), "{}", hand.footer());
    back(&mut hand);
    assert!(retried(&hand).is_empty());
}

#[test]
fn what_was_pressed_as_the_agent_went_away_waits_with_the_id_it_was_sent_with() {
    let mut hand = Hand::at_night();
    hand.model.session = "console-1-1".to_owned();
    hand.press(&["a"]);
    let at = hand.effects.iter().position(|effect| matches!(effect, Effect::Command { .. })).unwrap();
    let Effect::Command { ticket, .. } = hand.effects.remove(at) else { unreachable!() };
    hand.tell(Msg::Answered(ticket, Err(LinkError::Broken("cut".into()))));
    let id = format!("console-1-1-{}", ticket.0);
    assert_eq!(hand.model.waiting.items.iter().map(|item| item.id.clone()).collect::<Vec<_>>(), [id]);
}

#[test]
fn what_failed_while_the_agent_is_there_is_sent_again_by_itself() {
    let mut hand = Hand::at_night();
    hand.model.session = "console-1-1".to_owned();
    hand.press(&["a"]);
    let at = hand.effects.iter().position(|effect| matches!(effect, Effect::Command { .. })).unwrap();
    let Effect::Command { ticket, .. } = hand.effects.remove(at) else { unreachable!() };
    hand.tell(Msg::Answered(ticket, Err(LinkError::Broken("it took too long".into()))));
    assert!(hand.footer().contains("Nobody knows yet whether"), "{}", hand.footer());
    hand.line("Not confirmed by the agent yet: 1 acknowledgment; pages may continue.");
    assert!(hand.intent().contains("it may have arrived"), "{}", hand.intent());
    let mut waits = Vec::new();
    for _ in 0..6 {
        let began = hand.clock;
        while retried(&hand).is_empty() {
            hand.wait(1);
        }
        waits.push(hand.clock.duration_since(began).as_secs());
        assert_eq!(retried(&hand)[0].id, format!("console-1-1-{}", ticket.0));
        answer(&mut hand, Err(LinkError::Broken("it took too long".into())));
    }
    assert_eq!(waits, [2, 4, 8, 16, 30, 30], "and not in a hurry");
    while retried(&hand).is_empty() {
        hand.wait(1);
    }
    answer(&mut hand, Ok(Outcome::Done { said: "You took A8812.".into() }));
    assert!(hand.model.waiting.items.is_empty());
    hand.wait(120);
    assert!(retried(&hand).is_empty());
}

#[test]
fn leaving_keeps_what_has_no_answer_yet() {
    let mut hand = Hand::at_night();
    hand.model.session = "console-1-1".to_owned();
    hand.press(&["a", "Ctrl-c"]);
    assert_eq!(hand.footer(), "Ctrl-C again leaves. On its way, and kept: 1 acknowledgment.");
    hand.press(&["j", ":"]).type_text("q").press(&["Enter"]);
    let quit = hand.effects.iter().position(|effect| *effect == Effect::Quit).unwrap();
    let keep =
        hand.effects.iter().position(|effect| matches!(effect, Effect::Keep(items) if items.len() == 1));
    assert!(keep.is_some_and(|keep| keep < quit), "{:?}", hand.effects);
    assert!(kept(&hand)[0].tried, "it may have arrived");
    // The answer comes before the console has ended.
    let ticket = hand.effects.iter().find_map(|effect| match effect {
        Effect::Command { ticket, .. } => Some(*ticket),
        _ => None,
    });
    hand.tell(Msg::Answered(ticket.unwrap(), Ok(Outcome::Done { said: "You took A8812.".into() })));
    assert!(kept(&hand).is_empty());
    let mut hung = Hand::at_night();
    hung.press(&["a"]).tell(Msg::Input(nightdesk::term::input::Input::HungUp));
    assert_eq!(kept(&hung).len(), 1, "nor is it lost when the line is cut");
}

#[test]
fn an_acknowledgment_that_waits_is_shown_before_a_note_on_the_same_alert() {
    let mut hand = away();
    hand.press(&["n"]).type_text("x").press(&["Ctrl-s", "a"]);
    assert!(hand.selected_line().contains("ack waits"), "{}", hand.selected_line());
}

#[test]
fn a_note_on_a_task_that_waits_is_on_its_row_and_on_a_low_screen_in_a_line() {
    let mut hand = away().sized(80, 16);
    hand.press(&["Tab", "n"]).type_text("x").press(&["Ctrl-s"]);
    assert!(hand.selected_line().contains("note waits"), "{}", hand.screen());
    hand.line("Not with the agent yet: 1 note");
}

#[test]
fn what_an_earlier_console_left_is_shown_before_the_agent_answers_and_sent_when_it_does() {
    let mut hand = away();
    hand.press(&["a"]);
    let left = hand.model.waiting.items.clone();
    let mut next = Hand::on(night::snapshot());
    next.model = nightdesk::console::model::Model::new(night::now());
    next.tell(Msg::Away(gone())).tell(Msg::Kept(left.clone()));
    assert!(next.screen().contains("Kept for the agent: 1 acknowledgment."), "{}", next.screen());
    back(&mut next);
    assert_eq!(retried(&next)[0].id, left[0].id);
}

#[test]
fn what_somebody_else_pressed_is_not_sent_in_my_name() {
    let mut hand = away();
    hand.press(&["a"]);
    let mut left = hand.model.waiting.items.clone();
    left[0].by = person("jonas");
    let mut next = Hand::at_night();
    next.tell(Msg::Kept(left));
    assert!(retried(&next).is_empty());
    assert_eq!(next.model.waiting.items.len(), 1, "it waits for them");
}

#[test]
fn no_more_wait_than_somebody_can_answer_for() {
    let mut hand = away();
    for _ in 0..MOST + 3 {
        hand.press(&["n"]).type_text("x").press(&["Ctrl-s"]);
    }
    hand.press(&["n"]);
    assert_eq!(hand.model.waiting.items.len(), MOST);
    assert!(hand.footer().contains("wait for the agent already"), "{}", hand.footer());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is pressed, however often the agent comes and goes: an id is never sent with another action, and
    /// nothing older than ten minutes leaves without a key that says so.
    #[test]
    fn nothing_waits_or_leaves_in_two_shapes(steps in prop::collection::vec(0u8..8, 1..40)) {
        let mut hand = away();
        let mut by_id: std::collections::BTreeMap<String, Action> = std::collections::BTreeMap::new();
        let mut seen = std::collections::BTreeSet::new();
        for step in steps {
            let asked = matches!(hand.model.dialog, Some(Dialog::Stale(_)));
            match step {
                0 => { hand.press(&["a"]); }
                1 => { hand.press(&["j"]); }
                2 => { hand.press(&["u"]); }
                3 => { hand.wait(240); }
                4 => { hand.tell(Msg::Away(gone())); }
                5 => { back(&mut hand); }
                6 if asked => { hand.press(&["s", "Enter"]); }
                6 => { hand.press(&["Esc"]); }
                _ => {
                    if !retried(&hand).is_empty() {
                        answer(&mut hand, Ok(Outcome::Done { said: "Done.".into() }));
                    }
                }
            }
            for effect in std::mem::take(&mut hand.effects) {
                if let Effect::Retry { command, ticket } = effect {
                    let known = by_id.entry(command.id.clone()).or_insert_with(|| command.action.clone());
                    prop_assert_eq!(&*known, &command.action);
                    let item = hand.model.waiting.items.iter().find(|item| item.id == command.id);
                    // One that left earlier was young when it did.
                    if let Some(item) = item.filter(|_| seen.insert(ticket)) {
                        let old = hand.clock.duration_since(item.at) > nightdesk::console::waiting::ASK_AFTER;
                        prop_assert!(!old || step == 6, "sent without being asked");
                    }
                    hand.effects.push(Effect::Retry { command, ticket });
                }
            }
        }
    }
}
