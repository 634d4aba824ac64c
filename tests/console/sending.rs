//! Messages by how they stand, what is in doubt, what is sent again, and the ways out.

use crate::hand::{Hand, text, theme};
use crate::{night, ways};
use nightdesk::console::effect::{Effect, Wait};
use nightdesk::console::message::Msg;
use nightdesk::console::model::Place;
use nightdesk::core::change::{Object, What};
use nightdesk::core::command::{Action, Outcome};
use nightdesk::core::contact::Medium;
use nightdesk::core::id::NotificationId;
use nightdesk::core::notification::{NotificationState, Recipient, RecipientId};
use nightdesk::core::resend::Target;
use nightdesk::core::settle::Settled;
use nightdesk::term::capabilities::{Charset, Colours};
use nightdesk::wire::partner::Messages;
use nightdesk::wire::{MediumDown, Planned};

fn done(said: &str) -> Outcome {
    Outcome::Done { said: said.into() }
}

/// One of every state.
fn every_state() -> Messages {
    use NotificationState::*;
    let states = [InDoubt, Failed, Bounced, Held, Queued, Sending, Accepted, Delivered, Cancelled];
    let latest = states.into_iter().zip(80..).map(|(state, id)| {
        let mut n = night::notification(id, 8812, ("maria", "Maria Weber"), Medium::Sms, state);
        if matches!(state, Held | Queued) {
            n.attempts.clear();
        }
        if state == Accepted {
            n.proof_by = Some(night::at("02:09:00"));
        }
        n
    });
    Messages { look: Vec::new(), latest: latest.collect() }
}

fn among_messages() -> Hand {
    let mut hand = Hand::at_night();
    hand.press(&["4"]).tell(Msg::Messages(Ok(every_state())));
    hand.effects.clear();
    hand
}

#[test]
fn what_is_in_doubt_and_what_failed_come_first_under_heads_of_their_own() {
    insta::assert_snapshot!(among_messages().screen());
}

#[test]
fn f_narrows_the_list_to_one_state_after_another_and_esc_shows_all() {
    let mut hand = among_messages();
    hand.press(&["f"]);
    assert!(hand.line("Messages").contains("only in doubt"), "{}", hand.screen());
    assert_eq!(hand.model.messages.rows.len(), 1);
    hand.press(&["f"]);
    assert_eq!(hand.model.messages.rows.len(), 2, "failed and bounced");
    hand.press(&["Esc"]);
    assert_eq!((hand.model.place, hand.model.messages.rows.len()), (Place::Messages, 9));
}

#[test]
fn d_says_what_became_of_a_message_in_doubt() {
    let mut hand = among_messages();
    hand.press(&["d"]);
    assert!(hand.screen().contains("N80 to Maria Weber: did it arrive?"), "{}", hand.screen());
    hand.press(&["2", "Enter"]);
    let (action, _) = hand.command(done("N80 leaves once more, marked."));
    assert_eq!(action, Action::Settle { notification: NotificationId(80), how: Settled::Again });
    hand.press(&["j", "d"]);
    assert_eq!(hand.commands(), 0);
    assert!(hand.footer().starts_with("Nothing selected is in doubt"), "{}", hand.footer());
}

#[test]
fn all_failed_ones_are_marked_with_one_key_and_sent_again_together() {
    let mut hand = among_messages();
    hand.press(&["F", "r"]).answers();
    assert!(hand.screen().contains("Resend 2 messages"), "{}", hand.screen());
    assert!(hand.screen().contains("1 person, 2 emails, none suppressed"), "{}", hand.screen());
    insta::assert_snapshot!("resend_in_bulk", hand.screen());
    hand.press(&["Tab", "Enter"]);
    let (action, expect) = hand.command(done("2 go out again."));
    let Action::Resend(asked) = action else { panic!("{action:?}") };
    let what = [82, 81].map(|id| Target::Message(NotificationId(id))).to_vec();
    assert_eq!((asked.what, expect.resent.len()), (what.clone(), 2));
    assert_eq!(hand.model.messages.rows.marked().count(), 0);
    hand.wait(9).press(&["u"]);
    assert_eq!(hand.command(done("Taken back.")).0, Action::Unsend { what });
}

#[test]
fn what_was_sent_again_is_not_taken_back_once_it_left() {
    let mut hand = among_messages();
    hand.press(&["j", "r"]).answers().press(&["Tab", "Enter"]);
    hand.command(done("It goes out again."));
    hand.wait(11).press(&["u"]);
    assert_eq!(hand.commands(), 0);
}

#[test]
fn no_key_that_chooses_whom_or_which_way_ever_comes_to_the_button_of_a_resend() {
    let mut hand = among_messages();
    hand.press(&["F", "r"]).answers();
    for chooses in ["Down", "j", "j", "k", "l", "h", "Space", "Right", "Up", "Left", "Down"] {
        hand.press(&[chooses]).answers();
        assert!(hand.line("Cancel").contains("▌ Cancel (Enter)"), "{chooses}\n{}", hand.screen());
    }
    hand.press(&["Enter"]);
    assert_eq!(hand.commands(), 0, "nobody was paged");
    // Before the agent has answered there is nothing that Tab could come to.
    hand.press(&["r", "Tab", "Enter"]);
    assert_eq!((hand.commands(), hand.model.dialog.is_none()), (0, true));
    hand.press(&["r"]).answers().press(&["Tab"]);
    assert!(hand.line("Cancel").contains("▌ Send 2 (Enter)"), "{}", hand.screen());
    hand.press(&["j"]);
    assert!(hand.line("Cancel").contains("▌ Cancel (Enter)"), "{}", hand.screen());
}

#[test]
fn a_resend_shows_the_address_of_each_and_what_is_known_of_it() {
    let mut hand = among_messages();
    for id in 90..98 {
        let jonas = ("jonas", "Jonas Roth");
        let mut n = night::notification(id, 8812, jonas, Medium::Sms, NotificationState::Failed);
        n.updated_at = night::at(&format!("01:0{}:00", id - 89));
        hand.change(night::change(
            id + 300,
            "02:07:00",
            What::NotificationEvidence,
            None,
            "x",
            Object::Notification(Box::new(n)),
        ));
    }
    let mut cleared = night::alerts().remove(0);
    cleared.cleared_at = Some(night::at("02:07:10"));
    let cleared = Object::Alert(Box::new(cleared));
    hand.change(night::change(900, "02:07:10", What::AlertCleared, Some(8812), "over", cleared));
    hand.press(&["F", "r"]);
    let at = hand.effects.iter().position(|effect| matches!(effect, Effect::Plan(_))).unwrap();
    let Effect::Plan(asked) = hand.effects.remove(at) else { unreachable!() };
    let Planned::Goes(mut plan) = ways::planned(&asked) else { panic!() };
    plan.goes[0].to =
        Recipient { who: RecipientId::Person(night::person("jonas")), name: "Jonas Roth".into() };
    plan.goes[0].medium = Medium::Sms;
    plan.goes[0].address = Some("+4915123456789".into());
    hand.tell(Msg::Planned(asked, Ok(Planned::Goes(plan))));
    let screen = hand.screen();
    assert!(screen.contains("SMS  Jonas Roth +4915123456789 by smtp"), "{screen}");
    assert!(screen.contains("✗ failed 9× since 03:00"), "{screen}");
    assert!(screen.contains("1 of them goes where the last message failed"), "{screen}");
    assert!(screen.contains("mail Maria Weber maria@desk.example by smtp"), "{screen}");
    assert!(hand.line("mail Maria Weber").contains("A8812"), "{screen}");
    assert!(screen.contains("alert cleared"), "{screen}");
}

#[test]
fn an_address_that_was_mended_has_not_failed() {
    let mut hand = Hand::at_night();
    hand.press(&[":"]).type_text("people").press(&["Enter"]);
    assert!(hand.line("Jonas Roth").contains("SMS✗ mail"), "{}", hand.screen());
    assert!(hand.line("Kim Okafor").contains("SMS✓ mail"), "{}", hand.screen());
    let ascii = text(&hand.buffer(theme(Colours::Mono, Charset::Ascii)));
    assert!(ascii.contains("xSMS mail"), "{ascii}");
    let mut snapshot = night::snapshot();
    let jonas = snapshot.people.iter_mut().find(|one| one.id == night::person("jonas")).unwrap();
    jonas.phone = Some("+4915177777777".parse().unwrap());
    let mut hand = Hand::on(snapshot);
    hand.press(&[":"]).type_text("people").press(&["Enter"]);
    assert!(hand.line("Jonas Roth").contains(" SMS mail"), "{}", hand.screen());
}

#[test]
fn whom_the_last_page_missed_is_marked_where_an_alert_is_handed_over() {
    let mut hand = Hand::at_night();
    hand.press(&["j", "j", "h"]);
    assert!(hand.line("Jonas Roth").contains("SMS✗ mail"), "{}", hand.screen());
    hand.press(&["Esc", "5"]).answers().press(&["o"]);
    assert!(hand.line("Jonas Roth").contains("SMS✗ mail"), "of an override as well: {}", hand.screen());
    hand.press(&["Esc", "Tab", "?"]);
    assert!(hand.line("  BY ").contains("SMS✓ the last message there arrived"), "{}", hand.screen());
}

#[test]
fn a_dead_mailbox_is_marked_among_the_contacts_and_at_its_partner() {
    let mut hand = Hand::at_night();
    hand.press(&["3"]).answers();
    let row = hand.line("Acme Tools");
    assert!(!row.contains('✗'), "{row}");
    let mut n = night::notification(70, 8812, ("x", "Rita Ames"), Medium::Email, NotificationState::Bounced);
    n.recipient.who = RecipientId::Contact("c-ames".into());
    let contact = night::snapshot().contacts.into_iter().find(|one| one.id == "c-ames".into()).unwrap();
    n.attempts[0].address = contact.emails[0].as_str().into();
    let bounced = Object::Notification(Box::new(n));
    hand.change(night::change(900, "02:07:10", What::NotificationEvidence, None, "x", bounced));
    assert!(hand.line("Acme Tools").ends_with("2 of 4 ✗"), "{}", hand.screen());
    let mut hand = hand.sized(120, 40);
    assert!(hand.line("Acme Tools").ends_with("2 of 4 mail✗"), "{}", hand.screen());
    hand.press(&["c"]);
    assert!(hand.line("Rita Ames").contains('✗'), "{}", hand.screen());
    assert!(!hand.line("Bill Sand").contains('✗'), "{}", hand.screen());
}

#[test]
fn an_answer_about_another_way_than_the_chosen_one_is_not_shown() {
    let mut hand = among_messages();
    hand.press(&["j", "r"]);
    let first: Vec<Effect> = std::mem::take(&mut hand.effects);
    hand.press(&["j", "l"]);
    hand.effects = first;
    hand.answers();
    assert!(hand.screen().contains("Asking the agent what would leave."), "{}", hand.screen());
}

#[test]
fn however_many_messages_come_no_more_than_a_thousand_are_kept() {
    let mut hand = among_messages();
    for id in 0..1200 {
        let n = night::notification(
            1000 + id,
            8812,
            ("maria", "Maria Weber"),
            Medium::Sms,
            NotificationState::Failed,
        );
        let object = Object::Notification(Box::new(n));
        hand.change(night::change(300 + id, "02:07:40", What::NotificationEvidence, None, "x", object));
    }
    assert!(hand.model.messages.known.len() <= 1000);
}

#[test]
fn the_ways_out_and_their_last_hour() {
    let mut hand = Hand::at_night();
    hand.press(&[":"]).type_text("providers").press(&["Enter"]).answers();
    insta::assert_snapshot!("providers_at_80x24", hand.screen());
    let ascii = text(&hand.buffer(theme(Colours::Mono, Charset::Ascii)));
    assert!(ascii.is_ascii(), "{ascii}");
    insta::assert_snapshot!("providers_in_ascii", ascii);
    hand.press(&["b"]);
    assert!(hand.effects.contains(&Effect::Probe("kannel".into())));
    hand.press(&["j", "b"]);
    assert!(hand.footer().contains("is not down"), "{}", hand.footer());
    hand.press(&["k", "Enter"]).tell(Msg::Messages(Ok(every_state())));
    assert!(hand.line("Messages").contains("only by kannel"), "{}", hand.screen());
    let mut hand = Hand::at_night().sized(120, 40);
    hand.press(&[":"]).type_text("providers").press(&["Enter"]).answers();
    insta::assert_snapshot!("providers_at_120x40", hand.screen());
}

#[test]
fn the_ways_out_are_asked_for_again_one_at_a_time_and_only_while_they_are_looked_at() {
    let mut hand = Hand::at_night();
    hand.press(&[":"]).type_text("providers").press(&["Enter"]);
    hand.effects.clear();
    hand.tell(Msg::Providers(Ok(ways::providers()))).tell(Msg::Providers(Ok(ways::providers())));
    let waits = hand.effects.iter().filter(|effect| matches!(effect, Effect::Wait(Wait::Providers, _)));
    assert_eq!(waits.count(), 1);
    hand.effects.clear();
    hand.tell(Msg::Waited(Wait::Providers));
    assert_eq!(hand.effects, [Effect::FetchProviders]);
    hand.press(&["1"]).effects.clear();
    hand.tell(Msg::Waited(Wait::Providers));
    assert!(hand.effects.is_empty());
}

#[test]
fn a_medium_that_is_down_says_who_cannot_be_woken_as_far_as_there_is_room() {
    let mut snapshot = night::snapshot();
    let names = [
        "Maria-Magdalena von Hohenstein-Bartholdy",
        "Jonas Roth",
        "Kim Ødegaard",
        "Wilhelmina Featherstonehaugh-Cholmondeley",
        "Aslı Kaya",
    ];
    snapshot.desk.down = vec![MediumDown {
        medium: Medium::Sms,
        since: night::at("01:14:00"),
        cannot_be_woken: names.map(str::to_owned).to_vec(),
    }];
    let hand = Hand::on(snapshot.clone());
    let line = hand.line("DOWN since");
    assert!(
        line.trim().starts_with("SMS DOWN since 02:14: cannot be woken: M.Hohenstein-Bartholdy"),
        "{line}"
    );
    assert!(line.trim().ends_with(" more.") && line.trim().len() <= 80, "{line}");
    let line = Hand::on(snapshot.clone()).sized(160, 40).line("DOWN since");
    assert!(line.trim().ends_with("W.Featherstonehaugh-Cholmondeley, A.Kaya."), "{line}");
    insta::assert_snapshot!("medium_down", hand.screen());
}
