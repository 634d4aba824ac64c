//! What `u` takes back: what was done last, and nothing else.

use crate::hand::Hand;
use crate::night::{self, person};
use nightdesk::console::dialog::Dialog;
use nightdesk::console::effect::Effect;
use nightdesk::console::message::Msg;
use nightdesk::core::alert::AlertState;
use nightdesk::core::change::{Actor, Object, What};
use nightdesk::core::command::{Action, Outcome};
use nightdesk::core::id::AlertId;
use nightdesk::wire::client::LinkError;

fn done() -> Outcome {
    Outcome::Done { said: "Done.".into() }
}

fn restore(alert: u64) -> Action {
    Action::RestoreAlert { alert: AlertId(alert) }
}

#[test]
fn while_the_newest_has_no_answer_nothing_older_is_undone_in_its_place() {
    let mut hand = Hand::at_night();
    hand.press(&["a"]);
    hand.command(done());
    hand.press(&["j", "a"]);
    let asked = hand.commands();
    hand.press(&["u"]);
    assert_eq!(hand.commands(), asked);
    assert_eq!(hand.footer(), "Ack of A8809 is on its way to the agent.");
    hand.command(done());
    hand.press(&["u"]);
    assert_eq!(hand.command(done()).0, restore(8809));
    // And that was all.
    hand.press(&["k", "u"]);
    assert_eq!(hand.commands(), 0, "{:?}", hand.effects);
}

#[test]
fn whatever_is_answered_last_the_newest_counts() {
    let mut hand = Hand::at_night();
    hand.press(&["a", "j", "a"]);
    let tickets: Vec<_> = hand
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Command { ticket, .. } => Some(*ticket),
            _ => None,
        })
        .collect();
    hand.effects.clear();
    for ticket in tickets.into_iter().rev() {
        hand.tell(Msg::Answered(ticket, Ok(done())));
    }
    hand.press(&["u"]);
    assert_eq!(hand.command(done()).0, restore(8809));
}

#[test]
fn a_named_alert_is_given_back_and_not_what_was_done_last() {
    let mut hand = Hand::at_night();
    hand.press(&["a"]);
    hand.command(done());
    hand.press(&[":"]).type_text("unack A8801").press(&["Enter"]);
    let (action, expect) = hand.command(done());
    assert_eq!(action, Action::Unack { alert: AlertId(8801) });
    assert_eq!(expect.holder, Some(Some(person("kim"))));
}

#[test]
fn only_what_is_still_in_my_hand_is_undone() {
    let mut hand = Hand::at_night();
    hand.press(&["a"]);
    hand.command(done());
    let mut alert = night::alerts().remove(0);
    (alert.state, alert.holder) = (AlertState::Acknowledged, Some(person("maria")));
    let object = Object::Alert(Box::new(alert));
    let mut taken = night::change(200, "02:07:40", What::AlertAcknowledged, Some(8812), "x", object);
    taken.change.actor = Actor::Person { id: person("maria"), login: None };
    hand.change(taken).press(&["u"]);
    let (action, expect) = hand.command(done());
    assert_eq!(action, restore(8812));
    assert_eq!(expect.holder, Some(Some(person("kim"))), "the agent refuses it where it is Maria's");
}

#[test]
fn a_sleep_and_a_promise_made_anew_are_undone_to_what_was_before() {
    let mut hand = Hand::at_night();
    for keys in [&["j", "j", "s", "1", "Enter"][..], &["a", "3", "Enter"]] {
        hand.press(keys);
        assert!(matches!(hand.command(done()).0, Action::Snooze { .. } | Action::Ack { .. }));
        hand.press(&["u"]);
        assert_eq!(hand.command(done()).0, restore(8801));
    }
}

#[test]
fn the_results_undo_what_they_list_as_long_as_that_can_be_undone() {
    let mut hand = Hand::at_night().sized(120, 40);
    let take = |hand: &mut Hand| {
        hand.press(&["*", "a"]);
        hand.previewed(&[]);
        hand.press(&["Tab", "Enter"]);
        assert!(hand.together(&[]).iter().all(|one| one.action != restore(8801)));
    };
    take(&mut hand);
    assert!(matches!(hand.model.dialog, Some(Dialog::Results(_))));
    assert!(hand.line("take: all 3").contains("u undoes"), "{}", hand.screen());
    hand.press(&["u"]);
    let undone = hand.together(&[]);
    assert!(undone.iter().all(|one| matches!(one.action, Action::RestoreAlert { .. })), "{undone:?}");
    hand.press(&["Esc", "Esc"]);
    take(&mut hand);
    hand.wait(31);
    assert!(!hand.line("take: all 3").contains("u undoes"), "{}", hand.screen());
    hand.press(&["u"]);
    let nothing = |effect: &Effect| matches!(effect, Effect::Command { .. } | Effect::Together { .. });
    assert!(!hand.effects.iter().any(nothing), "{:?}", hand.effects);
    assert!(hand.footer().contains("cannot be undone any more"), "{}", hand.footer());
}

#[test]
fn what_may_have_arrived_is_undone_and_not_only_forgotten() {
    let mut hand = Hand::at_night();
    hand.model.session = "console-1-1".to_owned();
    hand.press(&["a"]);
    let at = hand.effects.iter().position(|effect| matches!(effect, Effect::Command { .. })).unwrap();
    let Effect::Command { ticket, .. } = hand.effects.remove(at) else { unreachable!() };
    hand.tell(Msg::Answered(ticket, Err(LinkError::Broken("cut".into()))));
    hand.press(&["u"]);
    assert!(hand.footer().contains("may have arrived already"), "{}", hand.footer());
    let sent: Vec<Action> = hand
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Retry { command, .. } => Some(command.action.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(sent, [restore(8812)]);
    assert_eq!(hand.model.waiting.counted(), "1 undo");
}
