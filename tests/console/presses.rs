//! What an operator does and what comes of it, in their own words.

use crate::hand::Hand;
use crate::night::{self, at, person};
use nightdesk::console::dialog::{Chooser, Dialog};
use nightdesk::console::effect::Effect;
use nightdesk::console::message::Msg;
use nightdesk::console::model::Place;
use nightdesk::core::alert::AlertState;
use nightdesk::core::change::{Object, What};
use nightdesk::core::command::{Action, Outcome, Refusal, RefusalCode};
use nightdesk::core::contact::{ContactField, Medium};
use nightdesk::core::event::Severity;
use nightdesk::core::id::{AlertId, TaskId, WindowId};
use nightdesk::core::maintenance::Covers;
use nightdesk::core::notification::RecipientId;
use nightdesk::core::person::Role;
use nightdesk::core::resend::Asked;
use nightdesk::core::text::Untrusted;
use nightdesk::term::input::Input;
use nightdesk::wire::client::LinkError;
use nightdesk::wire::{MaintenanceInfo, MaintenanceState};
use std::collections::BTreeSet;

fn done(said: &str) -> Outcome {
    Outcome::Done { said: said.into() }
}

fn new_alert(id: u64) -> nightdesk::core::change::Numbered {
    let of = night::alerts().remove(0).partner;
    let alert = night::alert(id, of, Severity::Critical, "Customs hold", "03:00:00", Some(500_000));
    night::change(200 + id, "02:07:40", What::AlertRaised, Some(id), "raised", Object::Alert(Box::new(alert)))
}

#[test]
fn a_takes_the_alert_without_a_dialog_and_u_gives_it_back() {
    let mut hand = Hand::at_night();
    assert_eq!(hand.intent(), "a: you take it, M.Weber is not paged, news promised by 03:37");
    hand.press(&["a"]);
    assert!(hand.selected_line().contains("ack .."), "{}", hand.selected_line());
    assert_eq!(hand.intent(), "ack A8812: waiting for the agent");
    let (action, expect) = hand.command(done("You took A8812; news promised by 03:37."));
    assert_eq!(action, Action::Ack { alert: AlertId(8812), next_update_by: None });
    assert_eq!(expect.holder, Some(None));
    assert_eq!(hand.footer(), "You took A8812; news promised by 03:37.");
    hand.press(&["u"]);
    let (action, _) = hand.command(done("A8812 is open again."));
    assert_eq!(action, Action::RestoreAlert { alert: AlertId(8812) });
}

#[test]
fn u_undoes_for_ten_seconds_even_from_another_row() {
    let mut hand = Hand::at_night();
    hand.press(&["a"]);
    hand.command(done("You took A8812."));
    hand.press(&["j", "u"]);
    assert_eq!(hand.command(done("ok")).0, Action::RestoreAlert { alert: AlertId(8812) });

    hand.press(&["k", "a"]);
    hand.command(done("You took A8812."));
    hand.wait(11).press(&["j", "u"]);
    assert_eq!(hand.commands(), 0);
    assert!(hand.footer().starts_with("Nobody has taken it"), "{}", hand.footer());
}

#[test]
fn who_was_first_is_said_and_nothing_else_happens() {
    let mut hand = Hand::at_night();
    hand.press(&["a"]);
    hand.command(Outcome::Refused {
        refusal: Refusal {
            code: RefusalCode::Raced,
            said: "Jonas Roth was first: he took A8812 at 03:04.".into(),
            by: Some(person("jonas")),
        },
    });
    assert_eq!(hand.footer(), "Jonas Roth was first: he took A8812 at 03:04.");
    assert!(hand.model.undo.is_none());
}

#[test]
fn a_on_my_own_alert_changes_the_promise() {
    let mut hand = Hand::at_night();
    hand.press(&["j", "j", "a", "3"]);
    assert_eq!(hand.commands(), 0, "a digit selects, here as everywhere");
    hand.press(&["Enter"]);
    let (action, expect) = hand.command(done("News promised by 04:07."));
    let Action::Ack { alert: AlertId(8801), next_update_by: Some(by) } = action else { panic!("{action:?}") };
    assert_eq!(by.duration_since(hand.clock).as_mins(), 59);
    assert_eq!(expect.holder, Some(Some(person("kim"))));
}

#[test]
fn new_alerts_wait_while_the_hand_is_on_the_list() {
    let mut hand = Hand::at_night();
    hand.press(&["j"]);
    assert!(hand.selected_line().contains("Borg Steel"));
    let before = hand.selected_line();
    hand.change(new_alert(8900)).change(new_alert(8901));
    assert!(hand.effects.contains(&Effect::Bell));
    assert_eq!(hand.selected_line(), before);
    assert!(hand.line("NEXT").ends_with("2 new ↑ g: CRIT Acme Tools"), "{}", hand.line("2 new ↑"));
    hand.wait(21);
    assert!(!hand.screen().contains("new ↑"));
    assert!(hand.selected_line().contains("Borg Steel"), "the hand stays on the same alert");
    assert!(hand.screen().lines().nth(3).unwrap().contains("Customs hold"));
}

#[test]
fn a_colon_leaves_what_is_only_read_and_q_there_is_no_key_of_the_row_below() {
    for page in ["w", "?"] {
        let mut hand = Hand::at_night();
        hand.press(&[page, ":"]).type_text("q").press(&["Enter"]);
        assert!(hand.effects.contains(&Effect::Quit), "{page}");
        assert_eq!(hand.commands(), 0);
    }
}

#[test]
fn a_place_that_was_just_opened_shows_what_is_there_and_holds_nothing_back() {
    let mut hand = Hand::at_night();
    hand.press(&["j", "1", "2", "1"]).change(new_alert(8900));
    assert!(!hand.screen().contains("new ↑"), "{}", hand.screen());
    hand.press(&["j"]).change(new_alert(8901));
    assert!(hand.screen().contains("1 new ↑ g"), "{}", hand.screen());
}

#[test]
fn a_task_about_a_message_leads_to_whom_it_did_not_reach_and_sends_it_again() {
    let mut hand = Hand::at_night();
    while hand.model.selected_task().and_then(|task| task.notification).is_none() {
        hand.press(&["Tab", "j"]);
    }
    hand.press(&["r"]);
    assert!(matches!(hand.model.dialog, Some(Dialog::Resend(_))), "{}", hand.screen());
    hand.press(&["Esc", "c"]);
    assert!(hand.line("▌").contains("Rita Ames"), "{}", hand.screen());
    // The same of a page: people stand in the configuration, and their page says so.
    let mut page =
        hand.model.message_of_task().cloned().unwrap_or_else(|| night::snapshot().notifications.remove(0));
    page.id = nightdesk::core::id::NotificationId(60);
    page.recipient.who = RecipientId::Person(person("maria"));
    page.updated_at = hand.clock;
    hand.press(&["1"]).change(night::change(
        900,
        "02:07:40",
        What::NotificationEvidence,
        None,
        "x",
        Object::Notification(Box::new(page)),
    ));
    hand.press(&["c"]);
    assert_eq!(hand.model.place, Place::Person, "{}", hand.screen());
    assert!(hand.screen().contains("[[person]]"), "{}", hand.screen());
}

#[test]
fn g_takes_in_what_is_new() {
    let mut hand = Hand::at_night();
    hand.press(&["j"]).change(new_alert(8900)).press(&["g"]);
    assert!(hand.selected_line().contains("Customs hold"));
}

#[test]
fn escalating_names_who_is_woken_stands_on_cancel_and_swallows_type_ahead() {
    let mut hand = Hand::at_night();
    hand.press(&["e"]);
    hand.tell(Msg::Steps(AlertId(8812), Ok(night::steps())));
    assert!(hand.line("Maria Weber").contains("03:07 there"));
    // Typed before the names could be read.
    for key in ["Tab", "Enter"] {
        hand.tell(Msg::Input(Input::Key(crate::hand::key(key))));
    }
    assert_eq!(
        (hand.commands(), hand.model.dialog.is_some()),
        (0, true),
        "Enter is too early to have been meant"
    );
    hand.press(&["Tab", "Enter"]);
    assert_eq!((hand.commands(), hand.model.dialog.is_none()), (0, true), "Enter on Cancel");

    hand.press(&["e"]);
    hand.tell(Msg::Steps(AlertId(8812), Ok(night::steps())));
    hand.press(&["j", "Tab", "Enter"]);
    let (action, expect) = hand.command(done("Aslı Kaya is woken."));
    assert_eq!(action, Action::Escalate { alert: AlertId(8812), step: Some(3) });
    assert_eq!(expect.step, Some(1));
}

#[test]
fn resending_says_what_it_costs_and_to_whom() {
    let mut hand = Hand::at_night();
    hand.press(&["r"]);
    assert!(hand.screen().contains("Asking the agent what would leave."));
    hand.answers();
    assert!(hand.screen().contains("1 person, 1 email, 1 left out"), "{}", hand.screen());
    assert!(hand.screen().contains("not R.Ames (A8812): opted out of sms"), "{}", hand.screen());
    hand.press(&["k", "k", "l"]);
    assert!(hand.screen().contains("Asking the agent what would leave."), "what was said is of another way");
    hand.answers().press(&["Tab", "Enter"]);
    let (action, _) = hand.command(done("Sent again."));
    assert!(matches!(action, Action::Resend(Asked { to: Some(_), via: None, .. })), "{action:?}");
}

#[test]
fn a_snooze_never_reaches_past_half_the_way_to_the_deadline() {
    let mut hand = Hand::at_night();
    hand.press(&["s"]);
    assert!(!hand.screen().contains("2 hours"), "what would be refused is not offered\n{}", hand.screen());
    assert!(hand.line("longest allowed").contains("4 04:33"), "after the hour it is longer than");
    hand.press(&["4", "Enter"]);
    let (action, _) = hand.command(done("Snoozed."));
    let Action::Snooze { until, .. } = action else { panic!("{action:?}") };
    assert!(until > at("03:33:00") && until < at("03:34:00"), "{until}");
}

#[test]
fn what_is_due_in_a_minute_may_not_sleep_and_what_was_due_may() {
    for (due, said) in [("02:08:30", "A8812 is due 03:08"), ("01:00:00", "")] {
        let mut snapshot = night::snapshot();
        snapshot.alerts[0].deadline = Some(at(due));
        let mut hand = Hand::on(snapshot);
        hand.press(&["s"]);
        assert_eq!(hand.model.dialog.is_none(), !said.is_empty(), "{}", hand.screen());
        assert!(hand.footer().contains(said), "{}", hand.footer());
    }
}

#[test]
fn a_promise_made_for_later_is_not_halved_by_pressing_enter() {
    for (promised, stands_on) in [
        ("02:54:00", "5 as promised, 03:54"),
        ("03:07:50", "3 1 hour, 04:07, as promised"),
        ("02:01:00", "1 15 minutes, 03:22"),
    ] {
        let mut snapshot = night::snapshot();
        snapshot.alerts[2].next_update_by = Some(at(promised));
        let mut hand = Hand::on(snapshot);
        hand.press(&["j", "j", "a"]);
        assert!(hand.line(stands_on).contains('▌'), "{promised}\n{}", hand.screen());
    }
    let mut hand = Hand::at_night();
    hand.press(&["j", "j", "a", "Enter"]);
    assert_eq!(hand.commands(), 0, "as promised is as it is");
    assert!(hand.model.dialog.is_none());
}

#[test]
fn what_sleeps_until_monday_says_which() {
    let mut hand = Hand::at_night();
    hand.press(&["Tab", "s"]);
    assert!(hand.screen().contains("tomorrow morning, 08:00"), "{}", hand.screen());
    assert!(hand.screen().contains("Monday morning 30 Nov, 08:00"), "{}", hand.screen());
}

#[test]
fn a_note_takes_lines_and_pasted_escapes_lose_their_power() {
    let mut hand = Hand::at_night();
    hand.press(&["n"]).type_text("Called").press(&["Enter"]);
    hand.tell(Msg::Input(Input::Paste("them\u{1b}[2J\r\ntwice".into())));
    hand.press(&["Ctrl-s"]);
    let (action, _) = hand.command(done("Noted."));
    let text = Untrusted::from("Called\nthem<U+001B>[2J\ntwice");
    assert_eq!(action, Action::NoteAlert { alert: AlertId(8812), text });
}

#[test]
fn closing_wants_a_reason_and_where_nobody_has_a_paging_alert_a_button_too() {
    let mut hand = Hand::at_night();
    hand.press(&["x"]);
    let says = "CRIT Acme Tools: Blocked order 4500123 €84k";
    assert!(hand.screen().contains(says), "it says what is closed\n{}", hand.screen());
    hand.press(&["Enter"]);
    assert!(hand.model.dialog.is_none(), "Enter stands on Cancel");
    hand.press(&["x", "Tab", "Enter"]);
    assert!(hand.screen().contains("a reason is needed"));
    hand.press(&["Tab"]).type_text("qax").press(&["Enter"]);
    assert_eq!(hand.commands(), 0);
    assert!(hand.screen().contains("Tab goes to Close"), "what was typed is not lost\n{}", hand.screen());
    insta::assert_snapshot!("close_paging", hand.screen());
    hand.press(&["Tab", "Enter"]);
    let (action, _) = hand.command(done("Closed."));
    assert_eq!(action, Action::Resolve { alert: AlertId(8812), reason: "qax".into() });
    // One's own alert pages nobody: a reason and Enter close it.
    hand.press(&["j", "j", "x"]).type_text("done").press(&["Enter"]);
    let (action, _) = hand.command(done("Closed."));
    assert_eq!(action, Action::Resolve { alert: AlertId(8801), reason: "done".into() });
}

#[test]
fn a_task_is_taken_and_done() {
    let mut hand = Hand::at_night();
    hand.press(&["Tab", "j", "a"]);
    assert!(matches!(hand.command(done("T301 is yours.")).0, Action::TakeTask { .. }));
    hand.press(&["x"]);
    assert!(matches!(hand.command(done("T301 is done.")).0, Action::DoneTask { .. }));
}

#[test]
fn a_task_that_waits_for_a_fact_is_closed_only_by_who_insists() {
    let why = "INV-77.pdf of Borg Steel still waits for its review.";
    let still_open = || {
        let refusal = Refusal { code: RefusalCode::StillOpen, said: why.into(), by: None };
        Outcome::Refused { refusal }
    };
    let mut hand = Hand::at_night();
    hand.press(&["Tab", "j", "x"]);
    assert!(matches!(hand.command(still_open()).0, Action::DoneTask { anyway: false, .. }));
    assert!(hand.screen().contains(why), "{}", hand.screen());
    let asked = hand.commands();
    hand.tell(Msg::Input(Input::Key(crate::hand::key("Enter"))));
    assert!(hand.model.dialog.is_some(), "what was typed ahead does nothing");
    hand.press(&["Enter"]);
    assert_eq!((hand.commands(), hand.model.dialog.is_none()), (asked, true), "Enter stands on Cancel");
    hand.press(&["x"]);
    hand.command(still_open());
    hand.press(&["Tab", "Enter"]);
    assert!(matches!(hand.command(done("T301 is done.")).0, Action::DoneTask { anyway: true, .. }));
}

#[test]
fn esc_and_q_go_back_and_never_leave() {
    let mut hand = Hand::at_night();
    hand.press(&["Enter", "Esc", "q", "Esc", "q", "2", "q"]);
    assert!(!hand.effects.contains(&Effect::Quit));
    assert_eq!(hand.model.place, Place::Stream, "nothing was opened, so there is nowhere to go back to");
    hand.press(&["Ctrl-c"]);
    assert!(!hand.effects.contains(&Effect::Quit));
    hand.press(&["j", "Ctrl-c", "Ctrl-c"]);
    assert!(hand.effects.contains(&Effect::Quit));
}

#[test]
fn colon_q_leaves() {
    let mut hand = Hand::at_night();
    hand.press(&[":", "q", "Enter"]);
    assert!(hand.effects.contains(&Effect::Quit));
}

#[test]
fn the_filter_works_as_you_type_and_esc_shows_all_again() {
    let mut hand = Hand::at_night();
    hand.press(&["/"]).type_text("fjord");
    assert!(hand.selected_line().contains("Fjord"));
    assert!(!hand.screen().contains("Borg Steel  Late"));
    hand.press(&["Enter", "Esc"]);
    assert!(hand.screen().contains("Borg Steel"));
    assert!(hand.selected_line().contains("Fjord"));
}

#[test]
fn a_viewer_sees_everything_and_is_told_why_not() {
    let mut snapshot = night::snapshot();
    snapshot.me.role = Role::Viewer;
    let mut hand = Hand::on(snapshot);
    assert!(hand.intent().starts_with("a: not now, your role is viewer"), "{}", hand.intent());
    for keys in ["a", "e", "r", "s", "n", "x"] {
        hand.press(&[keys]);
        assert!(hand.model.dialog.is_none() && hand.commands() == 0, "{keys}");
        assert!(hand.footer().starts_with("Your role is viewer"), "{}", hand.footer());
    }
}

#[test]
fn a_shared_login_is_asked_who_it_is() {
    let mut snapshot = night::snapshot();
    snapshot.me.pin_needed = true;
    let mut hand = Hand::on(snapshot);
    hand.type_text("kim").press(&["Enter"]).type_text("4711");
    assert!(!hand.screen().contains("4711"));
    hand.press(&["Enter"]);
    let log_in = Effect::LogIn { person: "kim".into(), pin: "4711".into() };
    assert!(hand.effects.contains(&log_in));
}

#[test]
fn while_the_agent_is_away_the_header_says_since_when_and_actions_say_why_not() {
    let mut hand = Hand::at_night();
    hand.tell(Msg::Away(LinkError::Broken("the agent ended the live stream".into())));
    assert!(hand.screen().contains("reconnecting"));
    hand.wait(60).tell(Msg::Away(LinkError::NoAgent { socket: "/run/x.sock".into() }));
    assert!(hand.screen().contains("AWAY since 03:07"), "{}", hand.screen());
    // Nobody here can know how anything is doing meanwhile.
    assert!(
        hand.screen().contains("sms ?  mail ?") && !hand.screen().contains("grid now"),
        "{}",
        hand.screen()
    );
    assert!(
        hand.screen().contains(" As of 03:07. Pages go on without you if the agent runs; a and n wait."),
        "{}",
        hand.screen()
    );
    assert!(!hand.screen().contains("/run/x.sock"), "{}", hand.screen());
    hand.press(&["?"]);
    assert!(hand.screen().contains("/run/x.sock"), "{}", hand.screen());
    hand.press(&["Esc"]);
    hand.press(&["s"]);
    assert_eq!(hand.commands(), 0);
    assert_eq!(hand.footer(), "The agent is away since 03:07 and can take no order.");
    hand.tell(Msg::Snapshot(Box::new(night::snapshot())));
    assert!(hand.screen().contains(" live "));
}

#[test]
fn the_stream_says_what_enter_does_and_tells_an_events_words_once() {
    let mut hand = Hand::at_night();
    let of = night::alerts().remove(0).partner;
    let said = |seq, what, words: &str| {
        let object = Object::Alert(Box::new(night::alerts().remove(0)));
        let mut change = night::change(seq, "02:07:40", what, None, words, object);
        change.change.partner = Some(of.id.clone());
        change
    };
    hand.change(said(300, What::EventReceived, "Acme Tools: Case CASE-775 is Under review"));
    hand.change(said(301, What::CaseMoved, "CASE-775 is under review."));
    hand.change(said(302, What::CaseMoved, "CASE-776 is under review."));
    hand.change(said(303, What::EventReceived, "Acme Tools: Where is PO-7?"));
    hand.change(said(304, What::ThreadOpened, "Acme Tools: Where is PO-7?"));
    hand.press(&["2"]);
    let screen = hand.screen();
    assert_eq!(screen.matches("CASE-775").count(), 1, "{screen}");
    assert_eq!(screen.matches("Where is PO-7?").count(), 1, "{screen}");
    assert!(screen.contains("CASE-776 is under review."), "{screen}");
    assert_eq!(hand.intent(), "Space or k: stop here, to act on a line");
    hand.press(&["/"]).type_text("775").press(&["Enter"]);
    assert_eq!(hand.screen().matches("CASE-775").count(), 2, "what is looked for is whole");
    hand.press(&["Esc", "g"]);
    assert_eq!(hand.intent(), "Enter: A8812 in Triage; w: why it is so");
}

#[test]
fn a_list_without_a_row_names_no_key_of_a_row() {
    let mut hand = Hand::at_night();
    hand.press(&["5", "Tab", "/"]).type_text("zzzz").press(&["Enter"]);
    assert_eq!(hand.footer(), "Tab next view  / find  : go  ? help");
    hand.press(&["Esc", "w"]);
    assert_eq!(
        hand.footer(),
        "Enter says how they are reached and what proves it; 5 says why who is on call."
    );
}

#[test]
fn an_agent_that_does_not_answer_a_key_is_slow_and_counted_in_steps() {
    let mut hand = Hand::at_night();
    hand.press(&["j", "a"]).wait(3);
    assert!(hand.screen().contains("  live  "), "{}", hand.screen());
    hand.wait(3);
    assert!(hand.screen().contains("  slow 5s  "), "{}", hand.screen());
    hand.wait(3);
    assert!(
        hand.screen().contains("  slow 5s  "),
        "it is counted on once in five seconds: {}",
        hand.screen()
    );
    let wakes = hand.model.wakes_at().duration_since(hand.model.now);
    assert_eq!(wakes.as_secs(), 1, "{wakes:?}");
    hand.wait(1);
    assert!(hand.screen().contains("  slow 10s  "), "{}", hand.screen());
    hand.command(done("You took A8809."));
    assert!(hand.screen().contains("  live  "), "{}", hand.screen());
}

#[test]
fn an_agent_that_was_never_fed_says_so() {
    let mut snapshot = night::quiet();
    snapshot.sources[0].last_event_at = None;
    let hand = Hand::on(snapshot);
    assert!(hand.screen().contains("No source has ever sent anything"));
}

#[test]
fn the_header_tells_practice_unsigned_intake_silence_and_failing_channels() {
    let mut snapshot = night::snapshot();
    snapshot.desk.practice = true;
    snapshot.sources[0].signed = false;
    snapshot.channels[0].state = nightdesk::wire::ChannelState::Failing;
    let hand = Hand::on(snapshot.clone());
    let header = hand.screen().lines().next().unwrap().to_owned();
    for words in ["eu-prod", "PRACTICE", "grid now unsigned", "sms FAILING", "mail ok", "03:07 CET"] {
        assert!(header.contains(words), "{words}: {header}");
    }
    snapshot.sources[0].silent = true;
    assert!(Hand::on(snapshot).screen().contains("grid SILENT now"));
}

#[test]
fn that_a_message_leaves_is_no_line_beside_how_it_went_unless_it_is_looked_for() {
    let mut hand = Hand::at_night();
    hand.press(&["2"]);
    let screen = hand.screen();
    assert!(screen.contains("delivered, by handset r") && !screen.contains("handed to kannel"), "{screen}");
    hand.press(&["/"]).type_text("handed").press(&["Enter"]);
    assert!(hand.screen().contains("handed to kannel"));
}

#[test]
fn the_stream_pauses_under_the_hand_and_enter_goes_to_the_alert() {
    let mut hand = Hand::at_night();
    hand.press(&["2", "k", "k"]);
    let before = hand.selected_line();
    hand.change(new_alert(8900));
    assert_eq!(hand.selected_line(), before);
    assert!(hand.screen().contains("paused, 1 new ↓"));
    hand.press(&["Enter"]);
    assert!(hand.selected_line().contains("Acme Tools"));
    assert!(hand.screen().contains("Triage"));
}

#[test]
fn a_stream_too_fast_to_read_is_counted() {
    let mut hand = Hand::at_night();
    hand.press(&["2"]).wait(1);
    for id in 8900..8930 {
        hand.change(new_alert(id));
    }
    assert!(hand.model.too_fast());
    assert!(hand.screen().contains("30 passed in a second"));
}

#[test]
fn a_contact_is_checked_beside_the_field_and_sent_with_what_it_was() {
    let mut hand = Hand::at_night();
    hand.press(&["c", "Enter", "Tab", "Tab"]).type_text(", nonsense").press(&["Ctrl-s"]);
    assert_eq!(hand.commands(), 0);
    assert!(hand.line("emails").contains("is not an email"), "{}", hand.line("emails"));
    for _ in 0..", nonsense".len() {
        hand.press(&["Backspace"]);
    }
    hand.type_text(",r@acme.example").press(&["Ctrl-s"]);
    let (action, expect) = hand.command(done("Saved."));
    let Action::SetContact { contact, fields } = action else { panic!("{action:?}") };
    assert_eq!(contact, "c-ames".into());
    let emails =
        |list: &[&str]| vec![ContactField::Emails(list.iter().map(|m| m.parse().unwrap()).collect())];
    assert_eq!(fields, emails(&["c-ames@acme.example", "r@acme.example"]));
    assert_eq!(expect.fields, emails(&["c-ames@acme.example"]));
    assert!(hand.model.contacts.form.is_none());
}

#[test]
fn an_opt_out_can_be_set_and_never_taken_back() {
    let mut hand = Hand::at_night();
    hand.press(&["3", "c", "j", "j", "Enter"]);
    let to_opt_out = ["Tab"; 11];
    hand.press(&to_opt_out).press(&[" "]);
    assert!(hand.line("no SMS").contains("[×]"));
    assert!(hand.screen().contains("only the recipient ends an opt-out, with START or the signed link"));
    hand.press(&["Tab", " ", "Ctrl-s"]);
    let (action, _) = hand.command(done("Saved."));
    let Action::SetContact { fields, .. } = action else { panic!("{action:?}") };
    assert_eq!(fields, [ContactField::OptedOut(BTreeSet::from(Medium::ALL))]);
}

#[test]
fn a_refused_contact_stays_in_the_form_with_the_reason() {
    let mut hand = Hand::at_night();
    hand.press(&["3", "c", "Enter"]).type_text("!").press(&["Ctrl-s"]);
    hand.command(Outcome::Refused {
        refusal: Refusal {
            code: RefusalCode::Raced,
            said: "The name was changed meanwhile.".into(),
            by: None,
        },
    });
    assert!(hand.screen().contains("The name was changed meanwhile."));
    hand.press(&["Esc"]);
    assert!(hand.screen().contains("Esc again drops the changes"));
    hand.press(&["Esc"]);
    assert!(hand.model.contacts.form.is_none());
}

#[test]
fn y_copies_what_one_would_say_on_the_telephone() {
    let mut hand = Hand::at_night();
    hand.press(&["y"]);
    assert!(hand.effects.contains(&Effect::Copy(Untrusted::from("CASE-771").printable())));
    assert!(hand.footer().contains("sent to the terminal"));
}

#[test]
fn the_detail_follows_when_the_hand_rests_also_while_changes_pour_in() {
    let mut hand = Hand::at_night();
    hand.rest().press(&["j"]);
    assert!(hand.screen().contains("─ Acme Tools"), "the detail waits for the hand");
    let rest = hand.model.triage.rests;
    hand.change(new_alert(8900)).change(new_alert(8901));
    hand.tell(Msg::Rested(rest));
    assert!(hand.screen().contains("─ Borg Steel"));
    hand.effects.clear();
    hand.tell(Msg::Rested(rest));
    assert!(hand.effects.contains(&Effect::FetchDetail(AlertId(8809))));
}

#[test]
fn what_happens_if_nobody_acts_is_said_in_each_state() {
    let mut snapshot = night::snapshot();
    snapshot.alerts[0].step = 5;
    snapshot.alerts[1].cleared_at = Some(at("02:06:00"));
    snapshot.alerts[2].next_update_by = Some(at("02:07:00"));
    snapshot.alerts[3].state = AlertState::Snoozed;
    snapshot.alerts[3].snoozed_until = Some(at("03:10:00"));
    let hand = Hand::on(snapshot);
    assert!(hand.line("Acme Tools").contains("LAST RESORT"));
    assert!(hand.line("Borg Steel  Late").contains("cleared"));
    assert!(hand.line("Triage").contains("1 paging"), "what is cleared pages nobody");
    assert!(hand.line("Delta").contains("you LATE"));
    assert!(hand.line("Fjord").contains("zzz 04:10"));
}

#[test]
fn a_quiet_screen_sleeps_until_the_minute_turns_and_a_watched_countdown_ticks() {
    let hand = Hand::on(night::quiet());
    assert_eq!(hand.model.wakes_at(), at("02:08:00"));
    let mut hand = Hand::at_night();
    assert_eq!(hand.model.wakes_at(), at("02:07:39"));
    hand.press(&["j"]);
    assert_eq!(hand.model.wakes_at(), at("02:08:00"));
}

#[test]
fn what_was_raised_while_the_agent_was_away_rings_when_it_is_back() {
    let mut hand = Hand::at_night();
    hand.tell(Msg::Away(LinkError::Broken("gone".into())));
    hand.tell(Msg::Snapshot(Box::new(night::snapshot())));
    assert!(!hand.effects.contains(&Effect::Bell));
    let mut later = night::snapshot();
    let Object::Alert(alert) = new_alert(8900).change.object else { panic!() };
    later.alerts.push(*alert);
    hand.tell(Msg::Snapshot(Box::new(later)));
    assert!(hand.effects.contains(&Effect::Bell));
}

#[test]
fn behind_a_shared_login_another_person_can_take_over_the_console() {
    let mut hand = Hand::at_night();
    hand.press(&[":"]).type_text("login").press(&["Enter"]);
    assert!(hand.screen().contains("Who are you?"));
}

#[test]
fn the_hand_walks_from_the_last_alert_to_the_first_task_and_back() {
    let mut hand = Hand::at_night();
    hand.press(&["j", "j", "j"]);
    let last_alert = hand.selected_line();
    hand.press(&["j"]);
    assert!(hand.model.selected_task().is_some(), "{}", hand.screen());
    hand.press(&["j", "k", "k"]);
    assert_eq!(hand.selected_line(), last_alert);
}

#[test]
fn an_alert_that_comes_while_the_hand_is_on_a_task_can_be_reached_with_up() {
    let mut hand = Hand::on(nightdesk::wire::Snapshot { alerts: Vec::new(), ..night::snapshot() });
    hand.press(&["j"]).change(new_alert(8900));
    assert!(hand.model.selected_task().is_some(), "the hand stays where it is");
    hand.press(&["k", "k"]);
    assert!(hand.selected_line().contains("Customs hold"), "{}", hand.screen());
}

#[test]
fn before_any_key_the_first_alert_gets_the_selection() {
    let mut hand = Hand::on(nightdesk::wire::Snapshot { alerts: Vec::new(), ..night::snapshot() });
    assert!(hand.model.selected_task().is_some());
    hand.change(new_alert(8900));
    assert!(hand.selected_line().contains("Customs hold"), "{}", hand.screen());
}

#[test]
fn a_time_can_be_typed_instead_of_chosen() {
    let mut hand = Hand::at_night();
    hand.press(&["s"]).type_text("03:30");
    assert_eq!((hand.commands(), hand.model.dialog.is_some()), (0, true));
    assert!(hand.line("in 23m").contains('▌'), "{}", hand.screen());
    insta::assert_snapshot!("snooze_typed", hand.screen());
    hand.press(&["Enter"]);
    let (action, _) = hand.command(done("Snoozed."));
    assert_eq!(action, Action::Snooze { alert: AlertId(8812), until: at("02:30:00") });

    let mut hand = Hand::at_night();
    hand.press(&["s"]).type_text("06:30").press(&["Enter"]);
    assert_eq!(hand.commands(), 0);
    assert!(hand.screen().contains("04:33 at the latest, half way"), "{}", hand.screen());
    hand.press(&["Up", "Enter"]);
    let (action, _) = hand.command(done("Snoozed."));
    assert!(matches!(action, Action::Snooze { until, .. } if until < at("03:40:00")), "{action:?}");

    let mut hand = Hand::at_night();
    hand.press(&["j", "j", "a"]).type_text("1h30m").press(&["Enter"]);
    let (action, _) = hand.command(done("News promised."));
    let Action::Ack { next_update_by: Some(by), .. } = action else { panic!("{action:?}") };
    assert_eq!((by.duration_since(hand.clock).as_secs() + 59) / 60, 90);

    let mut hand = Hand::at_night();
    hand.press(&["Tab", "s"]).type_text("thu 6").press(&["Enter"]);
    let (action, _) = hand.command(done("Snoozed."));
    let Action::SnoozeTask { until, .. } = action else { panic!("{action:?}") };
    assert_eq!(until.to_string(), "2026-11-26T05:00:00Z");
    let mut hand = Hand::at_night();
    hand.press(&["s"]).type_text("soon").press(&["Enter"]);
    assert_eq!(hand.commands(), 0);
    assert!(hand.screen().contains("no time yet"), "{}", hand.screen());
}

#[test]
fn on_a_sunday_monday_morning_is_offered_once() {
    let sunday = "2026-11-22T12:00:00Z".parse().unwrap();
    let zone = jiff::tz::TimeZone::UTC;
    let labels = |now| -> Vec<String> {
        let chooser = Chooser::snooze_task(TaskId(301), now, &zone);
        chooser.choices.into_iter().map(|choice| choice.label).collect()
    };
    assert!(!labels(sunday).iter().any(|label| label.contains("Monday")), "{:?}", labels(sunday));
    assert!(labels(night::now()).iter().any(|label| label.contains("Monday")));
}

#[test]
fn a_rotation_of_one_hands_nothing_over() {
    let mut snapshot = night::snapshot();
    snapshot.on_call[0].person = Some(person("maria"));
    let hand = Hand::on(snapshot.clone());
    assert!(hand.line("Triage").ends_with("on call: M.Weber"), "{}", hand.line("Triage"));
    let calm = nightdesk::wire::Snapshot { on_call: snapshot.on_call, ..night::quiet() };
    assert!(!Hand::on(calm).screen().contains("hand-over"));
}

#[test]
fn leaving_says_what_becomes_of_the_agent() {
    let mut hand = Hand::at_night();
    hand.press(&["Ctrl-c"]);
    assert!(hand.footer().contains("the agent goes on"), "{}", hand.footer());
    hand.model.agent_after = nightdesk::console::AgentAfter::Ends;
    hand.press(&["j", "Ctrl-c"]);
    assert!(hand.footer().contains("end with the console"), "{}", hand.footer());
}

#[test]
fn a_filter_that_hides_all_tasks_does_not_deny_them() {
    let mut hand = Hand::at_night();
    hand.press(&["/"]).type_text("fjord");
    assert!(hand.screen().contains("Nothing to do fits the filter."), "{}", hand.screen());
    assert!(!hand.screen().contains("Nothing is to do."));
}

#[test]
fn maintenance_is_said_in_the_header_and_taken_back_from_its_list() {
    let mut snapshot = night::snapshot();
    let window = |name: &str, id: Option<u64>| MaintenanceInfo {
        id: id.map(WindowId),
        name: name.into(),
        state: MaintenanceState::On,
        covers: Covers {
            partners: vec!["acme".into()],
            kinds: vec![],
            sources: vec![],
            when: None,
            up_to: Severity::High,
        },
        from: at("02:00:00"),
        until: at("03:30:00"),
        recurring: id.is_none(),
        why: None,
        by: None,
    };
    snapshot.desk.maintenance = vec![window("backup", None), window("M3", Some(3))];
    let mut hand = Hand::on(snapshot);
    let screen = hand.screen();
    assert!(
        screen.contains("MAINTENANCE backup: partner acme, up to high until 04:30, and 1 more"),
        "{screen}"
    );
    hand.press(&[":", "m", "a", "i", "n", "Enter"]);
    let screen = hand.screen();
    assert!(screen.contains("fixed") && screen.contains("M3 on until 04:30"), "{screen}");
    hand.press(&["Enter"]);
    assert_eq!(hand.command(done("M3 no longer counts.")).0, Action::RemoveMaintenance { id: WindowId(3) });
}
