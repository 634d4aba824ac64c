//! One's own hand-over on the screen: read, added to, accepted, and said above every place while it waits.

use crate::hand::Hand;
use crate::night::{self, at, person};
use nightdesk::console::effect::Effect;
use nightdesk::console::message::Msg;
use nightdesk::core::command::{Action, Outcome, Refusal, RefusalCode};
use nightdesk::core::handover::HandoverState;
use nightdesk::core::id::HandoverId;
use nightdesk::wire::client::LinkError;
use nightdesk::wire::{OpenHandover, OwnHandover, Snapshot};

fn open() -> Hand {
    let mut hand = Hand::at_night();
    hand.press(&[":"]).type_text("handover").press(&["Enter"]).answers();
    hand
}

fn with(change: impl FnOnce(&mut OwnHandover)) -> Hand {
    let mut hand = open();
    let mut own = night::own_handover();
    change(&mut own);
    hand.tell(Msg::Handover(Ok(Box::new(own))));
    hand
}

fn done() -> Outcome {
    Outcome::Done { said: "You have primary from Maria Weber (H12): 1 promise now yours.".into() }
}

#[test]
fn the_sheet_stands_on_the_screen_and_is_accepted_after_a_question() {
    let mut hand = open();
    insta::assert_snapshot!("handover_open", hand.screen());
    hand.press(&["a"]);
    assert!(hand.screen().contains("cannot be undone"), "{}", hand.screen());
    hand.press(&["Enter"]);
    assert_eq!((hand.commands(), hand.model.dialog.is_none()), (0, true), "Enter stands on Cancel");
    hand.press(&["a", "Tab", "Enter"]);
    let (action, _) = hand.command(done());
    assert_eq!(action, Action::AcceptHandover { handover: Some(HandoverId(12)) });
    assert!(hand.footer().starts_with("You have primary from Maria Weber"), "{}", hand.screen());
    assert!(hand.effects.contains(&Effect::FetchHandover), "it is read again");
    hand.press(&["Esc"]);
    assert!(hand.screen().contains("Triage"), "{}", hand.screen());
}

#[test]
fn a_second_acceptance_says_who_was_first() {
    let mut hand = open();
    hand.press(&["a", "Tab", "Enter"]);
    let said = "Jonas Roth was first: H12 was accepted at 03:02 CET.";
    let refusal = Refusal { code: RefusalCode::Raced, said: said.into(), by: Some(person("jonas")) };
    hand.command(Outcome::Refused { refusal });
    assert_eq!(hand.footer(), said);
}

#[test]
fn what_is_still_to_come_can_be_added_to_and_not_accepted() {
    let mut hand = with(|own| {
        let one = own.handover.as_mut().unwrap();
        (one.outgoing, one.incoming) = (vec![person("kim")], vec![person("maria")]);
        (one.state, one.at) = (HandoverState::Ahead, Some(at("06:00:00")));
    });
    assert_eq!(hand.intent(), "n: say something that whoever comes has to know");
    hand.press(&["a"]);
    assert_eq!(hand.commands(), 0);
    assert!(hand.footer().contains("still to come 07:00"), "{}", hand.footer());
    hand.press(&["n"]).type_text("Ask for Lopez").press(&["Ctrl-s"]);
    let (action, _) = hand.command(done());
    let text = "Ask for Lopez".into();
    assert_eq!(action, Action::NoteHandover { handover: Some(HandoverId(12)), text });
}

#[test]
fn whoever_hands_over_is_told_who_accepts_it() {
    let mut hand = with(|own| {
        let one = own.handover.as_mut().unwrap();
        (one.outgoing, one.incoming) = (vec![person("kim")], vec![person("maria")]);
    });
    hand.press(&["a"]);
    assert_eq!(hand.commands(), 0);
    assert_eq!(hand.footer(), "You hand it over; M.Weber accepts it.");
}

#[test]
fn while_it_waits_every_place_says_so() {
    let open = OpenHandover {
        id: HandoverId(12),
        schedule: "primary".into(),
        at: at("01:00:00"),
        outgoing: vec![person("maria")],
        incoming: vec![person("kim")],
    };
    let hand = Hand::on(Snapshot { handovers: vec![open.clone()], ..night::snapshot() });
    hand.line("primary from M.Weber waits for you since 02:00: :handover");
    let given = OpenHandover { outgoing: open.incoming, incoming: open.outgoing, ..open };
    let hand = Hand::on(Snapshot { handovers: vec![given], ..night::snapshot() });
    hand.line("M.Weber has not accepted primary since 02:00; you are paged, too: :handover");
}

#[test]
fn where_nothing_is_handed_over_the_sheet_is_all_there_is() {
    let mut hand = with(|own| own.handover = None);
    hand.press(&["a"]);
    assert_eq!(hand.footer(), "No hand-over concerns you.");
    assert!(hand.screen().contains("HAND-OVER of primary"), "{}", hand.screen());
}

#[test]
fn a_note_that_was_not_taken_is_there_again_and_goes_nowhere_by_itself() {
    let mut hand = open();
    hand.press(&["n"]).type_text("Ask for Lopez").press(&["Ctrl-s"]);
    let at = hand.effects.iter().position(|effect| matches!(effect, Effect::Command { .. })).unwrap();
    let Effect::Command { ticket, .. } = hand.effects.remove(at) else { unreachable!() };
    // Something else is typed by then.
    hand.press(&["/"]);
    let busy = LinkError::Refused { status: 503, sentence: "The agent is ending.".into() };
    hand.tell(Msg::Answered(ticket, Err(busy)));
    assert!(hand.model.dialog.is_none());
    assert_eq!(hand.footer(), "The agent is ending.");
    hand.press(&["Esc"]).wait(1);
    assert!(hand.screen().contains("Ask for Lopez"), "{}", hand.screen());
    hand.wait(1).press(&["Ctrl-s"]);
    assert!(
        matches!(hand.command(done()).0, Action::NoteHandover { text, .. } if text.raw() == "Ask for Lopez")
    );
}
