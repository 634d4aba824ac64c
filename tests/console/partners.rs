//! Partners, the page of one, and Messages, in an operator's words.

use crate::hand::Hand;
use crate::night;
use nightdesk::console::effect::{Effect, Wait};
use nightdesk::console::message::Msg;
use nightdesk::console::model::Place;
use nightdesk::core::change::{Numbered, Object, What};
use nightdesk::core::command::{Action, Outcome};
use nightdesk::core::contact::Medium;
use nightdesk::core::id::{NotificationId, TaskId};
use nightdesk::core::notification::{Notification, NotificationState};
use nightdesk::core::resend::{Asked, Seen, Target};
use nightdesk::wire::client::LinkError;
use nightdesk::wire::partner::PartnerRows;
use nightdesk::wire::{ChannelState, SyncHealth};

fn of_partner(seq: u64, partner: &str) -> Numbered {
    let mut change = night::change(seq, "02:07:40", What::CaseMoved, None, "CASE-771 moved", Object::Nothing);
    change.change.partner = Some(partner.into());
    change
}

fn said(seq: u64, message: Notification) -> Numbered {
    let object = Object::Notification(Box::new(message));
    night::change(seq, "02:07:40", What::NotificationEvidence, None, "said", object)
}

fn waits(hand: &Hand) -> Vec<Wait> {
    let wait = |effect: &Effect| match effect {
        Effect::Wait(wait, _) => Some(*wait),
        _ => None,
    };
    hand.effects.iter().filter_map(wait).collect()
}

#[test]
fn p_opens_the_partner_of_any_row_and_esc_goes_back_to_where_it_was_pressed() {
    for (keys, place) in [
        (&[][..], Place::Triage),
        (&["Tab"], Place::Triage),
        (&["2", "k"], Place::Stream),
        (&["3"], Place::Partners),
        (&["3", "c"], Place::Contacts),
        (&["4"], Place::Messages),
    ] {
        let mut hand = Hand::at_night();
        hand.press(keys).answers().press(&["p"]).answers();
        assert_eq!(hand.model.place, Place::Partner, "{keys:?}");
        assert!(hand.screen().contains("can we reach them?"), "{keys:?}\n{}", hand.screen());
        hand.press(&["Tab", "Esc"]);
        assert_eq!(hand.model.place, Place::Partner, "first out of the view");
        hand.press(&["Esc"]);
        assert_eq!(hand.model.place, place, "{keys:?}");
    }
}

#[test]
fn a_row_that_names_no_partner_says_so() {
    let mut hand = Hand::on(night::quiet());
    hand.press(&["p"]);
    assert_eq!(hand.footer(), "The selected row names no partner.");
}

#[test]
fn a_filter_narrows_at_once_and_asks_the_agent_when_the_typing_rests() {
    let mut hand = Hand::at_night();
    hand.press(&["3"]).answers();
    hand.press(&["/"]).type_text("gam");
    assert!(hand.selected_line().contains("Gamma"), "{}", hand.screen());
    let asked = waits(&hand);
    assert_eq!(asked.len(), 3);
    hand.effects.clear();
    for wait in asked {
        hand.tell(Msg::Waited(wait));
    }
    assert_eq!(hand.effects, [Effect::FetchPartners("gam".into())], "only what was typed last is asked for");
    // An answer to what is no longer typed is not shown.
    hand.press(&["m"]);
    hand.tell(Msg::Partners("gam".into(), Ok(PartnerRows { rows: Vec::new(), more: false })));
    assert!(hand.selected_line().contains("Gamma"));
    hand.press(&["Enter", "Enter"]);
    assert_eq!(hand.model.place, Place::Partner);
}

#[test]
fn what_the_stream_brings_of_the_open_partner_is_asked_for_once_in_a_while() {
    let mut hand = Hand::at_night();
    hand.press(&["p"]).answers();
    hand.effects.clear();
    hand.change(of_partner(201, "borg"));
    assert!(waits(&hand).is_empty());
    hand.change(of_partner(202, "acme")).change(of_partner(203, "acme"));
    assert_eq!(waits(&hand), [Wait::Page]);
    hand.effects.clear();
    hand.tell(Msg::Waited(Wait::Page));
    assert_eq!(hand.effects, [Effect::FetchPartner("acme".into())]);
    hand.change(of_partner(204, "acme"));
    assert_eq!(waits(&hand), [Wait::Page], "and again after that");
    // Nobody looks any more.
    hand.effects.clear();
    hand.press(&["1"]).change(of_partner(205, "acme"));
    assert!(waits(&hand).is_empty());
}

#[test]
fn a_case_opens_with_its_history_and_the_hand_comes_back_to_it() {
    let mut hand = Hand::at_night();
    hand.press(&["p"]).answers().press(&["j"]);
    assert!(hand.selected_line().contains("CASE-771"));
    assert_eq!(hand.intent(), "Enter: what happened to CASE-771");
    hand.press(&["Enter"]);
    assert!(hand.screen().contains("Asking the agent."));
    hand.answers();
    assert!(hand.screen().contains("CASE-771 awaits documents; Rita Ames is told"));
    hand.press(&["Esc"]);
    assert!(hand.selected_line().contains("CASE-771"));
}

#[test]
fn an_alert_of_the_page_opens_in_triage() {
    let mut hand = Hand::at_night();
    hand.press(&["j", "p"]).answers().press(&["Enter"]);
    assert_eq!(hand.model.place, Place::Triage);
    assert!(hand.selected_line().contains("Blocked order 4500123"));
}

#[test]
fn a_contact_is_edited_on_the_page_and_esc_leads_back() {
    let mut hand = Hand::at_night();
    hand.press(&["p"]).answers().press(&["Tab", "Tab", "Tab", "Tab", "Tab", "j"]);
    assert!(hand.selected_line().contains("佐藤"), "{}", hand.screen());
    hand.press(&["Enter"]);
    assert!(hand.screen().contains("Contact 佐藤 健"));
    hand.press(&["Esc"]);
    assert_eq!(hand.model.place, Place::Partner);
}

#[test]
fn a_partner_that_cannot_be_read_says_why() {
    let mut hand = Hand::at_night();
    hand.press(&["p"]);
    let refused = LinkError::Refused { status: 404, sentence: "There is no partner acme.".into() };
    hand.tell(Msg::Partner("acme".into(), Err(refused)));
    assert!(hand.screen().contains("It could not be read: There is no partner acme."));
}

#[test]
fn r_sends_the_selected_message_again_after_asking() {
    let mut hand = Hand::at_night();
    hand.press(&["4"]).answers().press(&["j", "r"]);
    assert!(hand.screen().contains("Resend N69 to Rita Ames"), "{}", hand.screen());
    hand.press(&["Enter"]);
    assert_eq!(hand.commands(), 0, "it stands on Cancel");
    hand.press(&["r", "Tab"]);
    assert!(
        hand.screen().contains("▌ Cancel (Enter)"),
        "nothing is sent before the agent has said what would leave"
    );
    hand.answers().press(&["Tab", "Enter"]);
    let (action, expect) = hand.command(Outcome::Done { said: "N69 is sent again.".into() });
    let what = vec![Target::Message(NotificationId(69))];
    assert_eq!(action, Action::Resend(Asked { what: what.clone(), to: None, via: None }));
    assert_eq!(expect.resent, [Seen { of: what[0], last: None }]);
    hand.press(&["u"]);
    assert_eq!(hand.command(Outcome::Done { said: "Taken back.".into() }).0, Action::Unsend { what });
}

#[test]
fn what_fails_comes_to_the_top_of_the_messages_once_the_hand_is_off() {
    let mut hand = Hand::at_night();
    hand.press(&["4"]).answers().press(&["j"]);
    let before = hand.selected_line();
    let mut failed =
        night::notification(90, 8812, ("maria", "Maria Weber"), Medium::Sms, NotificationState::Failed);
    failed.updated_at = hand.clock;
    hand.change(said(301, failed.clone()));
    assert_eq!(hand.selected_line(), before);
    assert!(hand.screen().contains("3 failed today"), "{}", hand.screen());
    assert!(hand.line("1 new ↑").ends_with("1 new ↑ g"));
    hand.wait(21);
    assert!(!hand.screen().contains("new ↑"));
    assert_eq!(hand.selected_line(), before);
    let row = |name: &str| hand.screen().lines().position(|line| line.contains(name)).unwrap();
    assert!(row("M.Weber") < row("c-new"), "{}", hand.screen());
    // A day later it is history.
    hand.wait(24 * 3600);
    assert!(!hand.screen().contains("failed today"));
}

#[test]
fn a_message_shows_its_text_line_by_line_with_every_attempt() {
    let mut hand = Hand::at_night();
    hand.press(&["4", "/"]).answers().type_text("digest").press(&["Enter", "Enter"]);
    let screen = hand.screen();
    assert!(screen.contains("12 unresolved issues, worst first:"), "{screen}");
    assert!(screen.contains("and 41 more."));
    assert!(screen.contains("delivered by handset receipt"));
}

#[test]
fn tasks_come_longest_overdue_first_and_what_the_agent_kept_back_is_counted() {
    let mut snapshot = night::snapshot();
    snapshot.open_tasks = 5 + 120;
    let mut hand = Hand::on(snapshot);
    hand.press(&["Tab"]);
    assert!(hand.selected_line().contains("2d ago"));
    assert!(hand.screen().contains("125 to do"));
    assert!(hand.screen().contains("120 more to do ↓"), "{}", hand.screen());
    let mut done = hand.model.task(TaskId(301)).unwrap().clone();
    done.state = nightdesk::core::task::TaskState::Done;
    let object = Object::Task(Box::new(done));
    hand.change(night::change(210, "02:07:41", What::TaskDone, None, "done", object));
    assert!(hand.screen().contains("124 to do"));
}

#[test]
fn what_the_agent_does_not_answer_leaves_every_key_alive() {
    let mut hand = Hand::at_night();
    hand.press(&["3", "Enter", "j", "Tab", "Enter", "r", "Esc", "4", "Enter", "r", "p", "Esc", "1"]);
    assert_eq!(hand.model.place, Place::Triage);
}

#[test]
fn nobody_is_said_to_be_unknown_before_the_agent_was_asked() {
    let mut snapshot = night::snapshot();
    snapshot.contacts.clear();
    let mut hand = Hand::on(snapshot).sized(200, 60);
    hand.press(&["j"]).rest();
    assert!(hand.effects.contains(&Effect::FetchPartner("borg".into())), "{:?}", hand.effects);
    assert!(hand.screen().contains("Asking the agent."), "{}", hand.screen());
    assert!(!hand.screen().contains("No contact"), "{}", hand.screen());
    // `c` waits for the same answer, and does not ask twice.
    hand.effects.clear();
    hand.press(&["c"]);
    assert_eq!(hand.effects, [Effect::FetchContacts]);
    assert!(hand.screen().contains("Asking the agent."), "{}", hand.screen());
    let mut detail = night::partner_detail();
    detail.contacts.clear();
    hand.tell(Msg::Partner("borg".into(), Ok(Box::new(detail))));
    assert!(hand.screen().contains("No contact of Borg Steel is known."), "{}", hand.screen());
    hand.press(&["Esc", "Esc"]);
    assert!(hand.screen().contains("No contact of theirs is known."), "{}", hand.screen());
    hand.press(&["c"]);
    assert_eq!(hand.footer(), "No contact of Borg Steel is known.");
}

#[test]
fn contacts_that_the_agent_cannot_name_are_asked_for_again() {
    let mut snapshot = night::snapshot();
    snapshot.contacts.clear();
    let mut hand = Hand::on(snapshot).sized(200, 60);
    hand.press(&["c"]);
    let broken = LinkError::Broken("the answer broke off".to_owned());
    hand.tell(Msg::Partner("acme".into(), Err(broken)));
    assert!(hand.screen().contains("could not be read"), "{}", hand.screen());
    hand.effects.clear();
    hand.press(&["Esc", "Esc", "c"]);
    assert!(hand.effects.contains(&Effect::FetchPartner("acme".into())), "{:?}", hand.effects);
    hand.answers();
    assert!(hand.screen().contains("Rita Ames"));
}

#[test]
fn an_alert_that_its_source_cleared_is_not_called_open() {
    let mut snapshot = night::snapshot();
    snapshot.alerts[0].cleared_at = Some(night::at("02:06:00"));
    let mut hand = Hand::on(snapshot);
    hand.press(&["p"]).answers();
    let line = hand.line("Blocked order 4500123");
    assert!(line.contains("cleared") && !line.contains(" open "), "{line}");
}

#[test]
fn the_desk_is_told_of_a_post_and_its_author_gets_a_receipt() {
    use nightdesk::core::contact::Category;
    use nightdesk::core::notification::RecipientId;
    let mut to_desk =
        night::notification(90, 8812, ("maria", "Maria Weber"), Medium::Email, NotificationState::Sent);
    to_desk.category = Category::Acknowledgments;
    let mut to_author = to_desk.clone();
    to_author.id = NotificationId(91);
    to_author.recipient.who = RecipientId::Contact("c-ames".into());
    to_author.recipient.name = "Rita Ames".into();
    let mut hand = Hand::at_night().sized(120, 40);
    let latest = vec![to_desk, to_author];
    hand.press(&["4"]);
    hand.tell(Msg::Messages(Ok(nightdesk::wire::Messages { look: Vec::new(), latest })));
    assert!(hand.line("M.Weber").contains(" post "), "{}", hand.screen());
    assert!(hand.line("R.Ames").contains(" receipt "), "{}", hand.screen());
}

#[test]
fn t_shows_the_template_of_a_message_as_its_recipient_reads_it_and_esc_leads_back() {
    let mut hand = Hand::at_night();
    hand.press(&["4"]).answers();
    hand.press(&["t"]).answers();
    assert_eq!(hand.model.place, Place::Templates);
    let reader = hand.model.templates.to.clone().unwrap().name;
    assert!(!reader.is_empty());
    assert!(hand.intent().contains(reader.printable().as_str()), "{}", hand.screen());
    hand.press(&["Esc"]);
    assert_eq!(hand.model.place, Place::Messages);
}

#[test]
fn an_answer_for_a_reader_no_longer_chosen_is_not_shown() {
    let mut hand = Hand::at_night();
    hand.press(&[":"]).type_text("templates").press(&["Enter"]).answers();
    hand.press(&["Enter"]);
    let late = hand.effects.iter().rev().find_map(|effect| match effect {
        Effect::FetchPreview(asked) => Some(asked.clone()),
        _ => None,
    });
    let late = late.unwrap();
    hand.effects.clear();
    hand.press(&["b"]);
    hand.tell(Msg::Preview(late.clone(), Ok(vec![night::preview(&late)])));
    assert!(hand.screen().contains("Asking the agent."), "{}", hand.screen());
    hand.answers();
    assert!(hand.screen().contains("only what is always there"), "{}", hand.screen());
}

#[test]
fn messages_are_found_by_the_words_of_their_rows() {
    for (typed, found) in
        [("mail", true), ("in doubt", true), ("in_doubt", true), ("weber", true), ("zeppelin", false)]
    {
        let mut hand = Hand::at_night();
        hand.press(&["4"]).answers();
        hand.press(&["/"]).type_text(typed);
        assert_eq!(!hand.screen().contains("No message matches."), found, "{typed}\n{}", hand.screen());
    }
}

#[test]
fn an_exchange_of_contacts_that_fails_is_said_in_the_header_and_among_the_conflicts() {
    let mut snapshot = night::snapshot();
    let sync = SyncHealth {
        state: ChannelState::Failing,
        since: "2026-11-19T01:10:00Z".parse().unwrap(),
        last_listed_at: None,
        last_success_at: None,
        last_error: Some("no connection\u{1b}[2J".into()),
        warning: None,
        pending: 3,
        conflicts: 0,
    };
    snapshot.sync = Some(sync.clone());
    let mut hand = Hand::on(snapshot.clone());
    assert!(hand.screen().contains("sync failing since 02:10: no connection"), "{}", hand.screen());
    hand.press(&["p"]).answers().press(&["Tab"; 7]);
    let screen = hand.screen();
    assert!(
        screen.contains("failing since 02:10; contacts not listed yet, 3 waiting to be exchanged"),
        "{screen}"
    );
    snapshot.sync = Some(SyncHealth { state: ChannelState::Working, ..sync });
    assert!(!Hand::on(snapshot).screen().contains("sync failing"));
}
