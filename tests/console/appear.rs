//! What appears by itself takes no key that was meant for something else, and what was typed is not lost.

use crate::hand::Hand;
use crate::night::{self, at, person};
use jiff::SignedDuration;
use nightdesk::console::dialog::Dialog;
use nightdesk::console::effect::Effect;
use nightdesk::console::message::Msg;
use nightdesk::core::alert::AlertState;
use nightdesk::core::change::{Object, What};
use nightdesk::core::command::{Action, Outcome, Refusal, RefusalCode};
use nightdesk::core::notification::NotificationState;
use nightdesk::term::input::Input;
use nightdesk::wire::Snapshot;
use nightdesk::wire::client::LinkError;

fn gone() -> LinkError {
    LinkError::NoAgent { socket: "/run/x.sock".into() }
}

fn back(hand: &mut Hand, pin_needed: bool) {
    let mut snapshot = Snapshot { now: hand.clock, ..night::snapshot() };
    snapshot.me.pin_needed = pin_needed;
    hand.tell(Msg::Snapshot(Box::new(snapshot)));
}

fn note(hand: &Hand) -> Option<String> {
    match &hand.model.dialog {
        Some(Dialog::Note(note)) => Some(note.text.lines().join("\n")),
        _ => None,
    }
}

#[test]
fn a_question_that_comes_by_itself_takes_nothing_of_what_is_typed() {
    let mut hand = Hand::at_night();
    hand.model.session = "console-1-1".to_owned();
    hand.tell(Msg::Away(gone())).press(&["a"]).wait(11 * 60);
    hand.press(&["/"]).type_text("de");
    back(&mut hand, false);
    hand.wait(1).type_text("ad").press(&["Enter"]);
    assert_eq!(hand.model.waiting.counted(), "1 acknowledgment");
    assert!(hand.effects.iter().all(|effect| !matches!(effect, Effect::Retry { .. })));
    // Now that nothing is typed it is asked, and the key that was on its way does nothing.
    hand.wait(1);
    assert!(matches!(hand.model.dialog, Some(Dialog::Stale(_))), "{}", hand.screen());
    hand.tell(Msg::Input(Input::Key(crate::hand::key("Enter"))));
    assert!(matches!(hand.model.dialog, Some(Dialog::Stale(_))), "{}", hand.screen());
    // A clock that is set back locks nobody in.
    hand.clock -= SignedDuration::from_hours(1);
    hand.press(&["Esc"]);
    assert!(hand.model.dialog.is_none());
}

#[test]
fn results_do_not_open_over_what_is_typed() {
    let mut hand = Hand::at_night();
    hand.press(&["*", "a"]);
    hand.previewed(&[]);
    hand.press(&["Tab", "Enter", "/"]);
    hand.together(&[]);
    assert!(hand.model.dialog.is_none());
    hand.type_text("u");
    assert_eq!(hand.model.triage.filter.line.text(), "u");
}

#[test]
fn who_is_there_is_asked_once_nothing_is_typed() {
    let mut hand = Hand::at_night();
    hand.press(&["n"]).type_text("rang the carrier");
    back(&mut hand, true);
    assert_eq!(note(&hand).as_deref(), Some("rang the carrier"));
    hand.press(&["Ctrl-s"]);
    assert_eq!(note(&hand).as_deref(), Some("rang the carrier"), "nothing is sent, and nothing is lost");
    hand.press(&["Esc"]).wait(1);
    assert!(matches!(hand.model.dialog, Some(Dialog::LogIn(_))));
    hand.wait(1).press(&["Esc"]).wait(60);
    assert!(hand.model.dialog.is_none(), "it is asked once");
}

#[test]
fn a_reason_that_cannot_be_sent_stays() {
    let mut hand = Hand::at_night();
    hand.press(&["x"]).type_text("carrier came");
    hand.tell(Msg::Away(gone())).press(&["Tab", "Enter"]);
    assert!(hand.footer().contains("can take no order"), "{}", hand.footer());
    let Some(Dialog::Close(close)) = &hand.model.dialog else { panic!("{}", hand.screen()) };
    assert_eq!(close.reason.text(), "carrier came");
}

#[test]
fn a_reason_that_is_refused_comes_back_with_who_has_it_now() {
    let mut hand = Hand::at_night();
    hand.press(&["x"]).type_text("carrier came").press(&["Tab", "Enter"]);
    let mut alert = night::alerts().remove(0);
    (alert.state, alert.holder) = (AlertState::Acknowledged, Some(person("jonas")));
    let object = Object::Alert(Box::new(alert));
    hand.change(night::change(200, "02:08:00", What::AlertAcknowledged, Some(8812), "x", object));
    let said = "Jonas Roth was first: A8812 is theirs since 03:08.";
    let refusal = Refusal { code: RefusalCode::Raced, said: said.into(), by: Some(person("jonas")) };
    hand.command(Outcome::Refused { refusal });
    assert_eq!(hand.footer(), said);
    hand.press(&["Enter"]);
    let (action, expect) = hand.command(Outcome::Done { said: "A8812 is closed.".into() });
    assert!(matches!(action, Action::Resolve { reason, .. } if reason.raw() == "carrier came"));
    assert_eq!(expect.holder, Some(Some(person("jonas"))));
}

#[test]
fn a_note_that_the_agent_has_no_time_for_is_sent_again() {
    let mut hand = Hand::at_night();
    hand.press(&["Tab", "n"]).type_text("ring them").press(&["Ctrl-s"]);
    let at = hand.effects.iter().position(|effect| matches!(effect, Effect::Command { .. })).unwrap();
    let Effect::Command { ticket, .. } = hand.effects.remove(at) else { unreachable!() };
    let busy = LinkError::Refused { status: 503, sentence: "The agent is saturated.".into() };
    hand.tell(Msg::Answered(ticket, Err(busy)));
    assert_eq!(hand.model.waiting.counted(), "1 note", "it is sent again");
    hand.wait(60);
    assert!(hand.effects.iter().any(|effect| matches!(effect, Effect::Retry { .. })), "{:?}", hand.effects);
}

#[test]
fn below_the_least_size_no_key_acts_on_what_cannot_be_seen() {
    let mut hand = Hand::at_night().sized(39, 11);
    hand.press(&["a", "x"]);
    assert!(hand.commands() == 0 && hand.model.dialog.is_none());
    hand.press(&["Ctrl-c", "Ctrl-c"]);
    assert!(hand.effects.contains(&Effect::Quit));
}

#[test]
fn the_last_alert_that_is_closed_goes_without_waiting_for_another_change() {
    let mut snapshot = night::snapshot();
    snapshot.alerts.truncate(1);
    snapshot.tasks.clear();
    let mut hand = Hand::on(snapshot);
    hand.press(&["x"]).type_text("done").press(&["Tab", "Enter"]);
    hand.command(Outcome::Done { said: "A8812 is closed.".into() });
    let mut alert = night::alerts().remove(0);
    alert.state = AlertState::Resolved;
    let object = Object::Alert(Box::new(alert));
    hand.change(night::change(200, "02:08:00", What::AlertResolved, Some(8812), "closed", object));
    assert!(hand.selected_line().contains("closed"), "{}", hand.screen());
    assert!(hand.model.wakes_at() <= hand.clock + SignedDuration::from_secs(21));
    hand.wait(21);
    assert!(hand.model.triage.alerts.is_empty(), "{}", hand.screen());
}

#[test]
fn a_paused_stream_keeps_its_lines_and_stops_no_other() {
    let mut hand = Hand::at_night().sized(120, 40);
    hand.press(&["2", "k"]);
    let line = hand.selected_line();
    let object = || Object::Alert(Box::new(night::alerts().remove(0)));
    let many = (200..1300).map(|seq| {
        night::change(seq, "02:08:00", What::AlertJoined, Some(8812), &format!("news {seq}"), object())
    });
    hand.tell(Msg::Changes(many.collect())).wait(2);
    assert_eq!(hand.selected_line(), line);
    assert!(hand.screen().contains("paused, 1000+ new"), "{}", hand.screen());
    hand.press(&["1"]);
    assert!(hand.screen().contains("news 1299"), "{}", hand.screen());
    back(&mut hand, false);
    hand.press(&["2"]);
    assert_eq!(hand.selected_line(), line, "nor does the agent's coming back move it");
}

#[test]
fn what_the_filter_hides_is_not_counted_as_new() {
    let mut hand = Hand::at_night();
    hand.press(&["2", "/"]).type_text("acme").press(&["Enter", "k"]);
    let object = || Object::Alert(Box::new(night::alerts().remove(1)));
    let mut other = night::change(200, "02:08:00", What::AlertJoined, Some(8809), "borg", object());
    other.change.partner = Some("borg".into());
    hand.change(other);
    assert!(!hand.screen().contains("new ↓"), "{}", hand.screen());
}

#[test]
fn an_older_answer_does_not_hide_what_the_stream_has_told() {
    let mut hand = Hand::at_night();
    hand.press(&["4"]).answers();
    let mut failed = night::messages().latest.into_iter().find(|message| message.id.0 == 45).unwrap();
    (failed.state, failed.updated_at) = (NotificationState::Failed, at("02:08:00"));
    let id = failed.id;
    let object = Object::Notification(Box::new(failed));
    hand.change(night::change(200, "02:08:00", What::NotificationEvidence, Some(8812), "x", object));
    hand.tell(Msg::Messages(Ok(night::messages())));
    assert_eq!(hand.model.messages.known[&id].state, NotificationState::Failed);
    let old = night::messages().latest.into_iter().find(|message| message.id == id).unwrap();
    hand.tell(Msg::Message(Ok(Box::new(old))));
    assert_eq!(hand.model.messages.known[&id].state, NotificationState::Failed);
}

#[test]
fn of_two_details_the_newer_one_stays_whichever_comes_last() {
    let mut hand = Hand::at_night().sized(120, 40);
    hand.rest();
    let old = night::detail(8812);
    let mut new = night::detail(8812);
    let object = Object::Nothing;
    new.timeline.push(night::change(300, "02:08:00", What::Noted, Some(8812), "rang them", object));
    let id = new.alert.id;
    hand.tell(Msg::Detail(id, Ok(Box::new(new)))).tell(Msg::Detail(id, Ok(Box::new(old))));
    let detail = hand.model.detail_of(id).unwrap();
    assert_eq!(detail.timeline.last().unwrap().seq, 300);
}

#[test]
fn what_others_did_while_a_refusal_stood_is_said_after_it() {
    let mut hand = Hand::at_night();
    hand.press(&["a"]);
    let refusal = Refusal { code: RefusalCode::Raced, said: "Jonas was first.".into(), by: None };
    hand.command(Outcome::Refused { refusal });
    let object = Object::Alert(Box::new(night::alerts().remove(0)));
    let mut noted = night::change(200, "02:07:40", What::Noted, Some(8812), "x", object);
    noted.change.actor = nightdesk::core::change::Actor::Person { id: person("maria"), login: None };
    hand.change(noted);
    assert_eq!(hand.footer(), "Jonas was first.");
    hand.wait(31);
    assert_eq!(hand.footer(), "M.Weber wrote a note on A8812 (Acme Tools).");
}

#[test]
fn it_rings_for_what_nobody_has_in_hand_any_more_and_for_what_got_worse() {
    let rings = |of: usize, change: fn(&mut nightdesk::core::alert::Alert)| {
        let mut hand = Hand::at_night();
        let mut alert = night::alerts().remove(of);
        change(&mut alert);
        let id = alert.id.0;
        let object = Object::Alert(Box::new(alert));
        hand.change(night::change(200, "02:08:00", What::AlertJoined, Some(id), "x", object));
        hand.effects.contains(&Effect::Bell)
    };
    assert!(rings(2, |alert| alert.state = AlertState::Open), "a promise is missed");
    assert!(rings(1, |alert| alert.severity = nightdesk::core::event::Severity::Critical), "it got worse");
    assert!(rings(0, |alert| alert.step = 4), "the last resort has come");
    assert!(!rings(0, |alert| alert.step = 2));
    assert!(!rings(0, |alert| alert.state = AlertState::Acknowledged));
}

#[test]
fn nobody_vouches_for_a_message_by_pressing_enter() {
    let mut hand = Hand::at_night();
    hand.press(&["4"]).answers();
    while hand.model.message_in_doubt().is_none() {
        hand.press(&["j"]);
    }
    hand.press(&["d", "Enter"]);
    assert_eq!((hand.commands(), hand.model.dialog.is_none()), (0, true));
    hand.press(&["d", "1", "Enter"]);
    assert!(matches!(
        hand.command(Outcome::Done { said: "Done.".into() }).0,
        Action::Settle { how: nightdesk::core::settle::Settled::Arrived, .. }
    ));
}

#[test]
fn a_text_that_the_clipboard_does_not_take_is_not_said_to_be_there() {
    let mut hand = Hand::at_night();
    hand.model.clipboard = 4;
    hand.press(&["y"]);
    assert!(hand.footer().contains("too long for this terminal's clipboard"), "{}", hand.footer());
    assert!(!hand.effects.iter().any(|effect| matches!(effect, Effect::Copy(_))));
}

#[test]
fn a_form_is_sent_once() {
    let mut hand = Hand::at_night();
    hand.press(&["c"]).answers();
    while hand.model.selected_contact().is_none_or(|contact| contact.id.raw() != "c-ames") {
        hand.press(&["j"]);
    }
    hand.press(&["Enter"]);
    if hand.model.contacts.form.is_none() {
        hand.press(&["e"]);
    }
    hand.type_text("x").press(&["Ctrl-s", "Ctrl-s"]);
    assert_eq!(hand.commands(), 1);
}
