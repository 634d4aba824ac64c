//! What somebody who is new at the desk must not stumble over: whole sentences on a narrow screen, one focus at a
//! time, counts that are true.

use super::hand::Hand;
use super::night;
use jiff::{SignedDuration, Timestamp};
use nightdesk::console::message::Msg;
use nightdesk::console::model::{Place, Subject};
use nightdesk::core::alert::{Alert, AlertState};
use nightdesk::core::change::{Actor, Object, What};
use nightdesk::core::command::Outcome;
use nightdesk::core::contact::Medium;
use nightdesk::core::id::{AlertId, NotificationId, TaskId};
use nightdesk::core::notification::{NotificationState, Purpose, SentAgain};
use nightdesk::core::person::PersonId;
use nightdesk::core::task::{Task, TaskState};
use nightdesk::wire::{Health, OpenTasks};

fn to_do(hand: &Hand) -> String {
    let screen = hand.screen();
    let line = screen.lines().find(|line| line.contains(" to do ")).unwrap_or_default().to_owned();
    line.split_whitespace()
        .zip(line.split_whitespace().skip(1))
        .find(|(_, word)| *word == "to")
        .map_or_else(|| screen.clone(), |(many, _)| many.to_owned())
}

fn task(id: u64, state: TaskState, hand: &Hand) -> Task {
    let known = hand.model.task(TaskId(301)).unwrap().clone();
    let until = (state == TaskState::Snoozed).then_some(hand.model.now + SignedDuration::from_hours(2));
    Task { id: TaskId(id), state, snoozed_until: until, key: format!("task {id}").into(), ..known }
}

fn tell(hand: &mut Hand, seq: u64, what: What, task: Task) {
    hand.change(night::change(seq, "02:07:41", what, None, "so", Object::Task(Box::new(task))));
}

#[test]
fn a_task_that_slept_unseen_changes_no_count_when_it_is_noted_on_or_ends() {
    let mut snapshot = night::snapshot();
    snapshot.open_tasks = 5 + 120;
    let mut hand = Hand::on(snapshot);
    assert_eq!(to_do(&hand), "125");
    let asleep = task(900, TaskState::Snoozed, &hand);
    tell(&mut hand, 210, What::Noted, asleep.clone());
    assert_eq!(to_do(&hand), "125", "it slept before");
    let ended = Task { id: TaskId(901), state: TaskState::Done, ..asleep.clone() };
    tell(&mut hand, 211, What::TaskDone, ended);
    assert_eq!(to_do(&hand), "125", "it ended in its sleep");
    let ended = Task { id: TaskId(902), state: TaskState::Done, snoozed_until: None, ..asleep };
    tell(&mut hand, 212, What::TaskDone, ended);
    assert_eq!(to_do(&hand), "124", "it was open until then");
}

#[test]
fn the_agents_own_count_wins_once_it_is_of_the_same_moment() {
    let mut hand = Hand::at_night();
    let beat = |seq, many| {
        let night = night::snapshot();
        Msg::Health(Box::new(Health {
            now: night.now,
            sources: night.sources,
            channels: night.channels,
            on_call: night.on_call,
            handovers: night.handovers,
            desk: night.desk,
            sync: None,
            traffic: night.traffic,
            open_tasks: Some(OpenTasks { seq, many }),
        }))
    };
    hand.tell(beat(999, 77));
    assert_eq!(to_do(&hand), "5", "what the agent counted is ahead of what was told");
    hand.tell(beat(106, 77));
    assert_eq!(to_do(&hand), "77");
}

#[test]
fn a_finished_row_says_what_it_was_and_who_finished_it() {
    let mut hand = Hand::at_night();
    hand.press(&["Tab"]);
    let done = Task { state: TaskState::Done, ..hand.model.task(TaskId(301)).unwrap().clone() };
    let mut change =
        night::change(210, "02:07:41", What::TaskDone, None, "done", Object::Task(Box::new(done)));
    change.change.actor = Actor::Person { id: PersonId("maria".into()), login: None };
    hand.change(change);
    let line = hand.line("A.Lopez: phone is dead");
    assert!(line.contains("done Weber") && line.contains("Gamma GmbH"), "{line}");
}

/// The task under the hand ends by itself.
fn ends_under_the_hand(hand: &mut Hand) {
    let done = Task { state: TaskState::Done, ..hand.model.task(TaskId(301)).unwrap().clone() };
    let object = Object::Task(Box::new(done));
    hand.change(night::change(210, "02:07:41", What::TaskDone, None, "the review was reported.", object));
}

#[test]
fn a_row_that_ended_under_the_hand_still_says_what_it_was_and_why_nothing_can_be_done_to_it() {
    let mut hand = Hand::at_night();
    hand.press(&["Tab", "j"]).rest();
    ends_under_the_hand(&mut hand);
    assert!(hand.selected_line().contains("done itself"), "{}", hand.screen());
    assert_eq!(hand.intent(), "a: not now, T301 ended 03:07: the review was reported");
    assert!(hand.line("─ Gamma GmbH · A.Lopez: phone is dead").contains("T301"), "{}", hand.screen());
    assert!(hand.screen().contains(" ended 03:07: the review was reported"), "{}", hand.screen());
    hand.press(&["x"]);
    assert_eq!(hand.footer(), "T301 ended 03:07: the review was reported.");
    hand.press(&["c"]);
    assert_eq!(hand.model.place, Place::Contacts, "{}", hand.screen());
}

#[test]
fn what_is_read_on_the_whole_screen_stays_where_it_ends_meanwhile() {
    let mut hand = Hand::at_night();
    hand.press(&["Tab", "j"]).rest().press(&["Enter"]);
    ends_under_the_hand(&mut hand);
    hand.wait(25).wait(25);
    hand.change(night::change(211, "02:08:41", What::Noted, None, "x", Object::Nothing));
    assert!(hand.line("A.Lopez: phone is dead").contains("T301"), "{}", hand.screen());
    assert_eq!(hand.intent(), "a: not now, T301 ended 03:07: the review was reported");
    hand.press(&["Esc"]);
    assert!(hand.selected_line().contains("A.Lopez"), "{}", hand.screen());
    hand.wait(25).rest();
    assert!(!hand.screen().contains("A.Lopez"), "it goes once the hand is off\n{}", hand.screen());
}

/// A desk with so many alerts that page, the first the worst, and so many tasks.
fn crowded(alerts: u64, tasks: u64) -> Hand {
    let mut snapshot = night::snapshot();
    let (alert, task) = (snapshot.alerts[1].clone(), snapshot.tasks[0].clone());
    snapshot.alerts.truncate(1);
    snapshot.alerts.extend((0..alerts - 1).map(|at| Alert { id: AlertId(100 + at), ..alert.clone() }));
    snapshot.tasks = (0..tasks).map(|at| Task { id: TaskId(500 + at), ..task.clone() }).collect();
    snapshot.open_tasks = tasks;
    Hand::on(snapshot)
}

#[test]
fn what_is_above_the_rows_is_said_to_be_above() {
    let mut hand = crowded(12, 12);
    assert!(hand.line("more alerts").contains("5 more alerts ↓  9 more to do ↓"), "{}", hand.screen());
    hand.press(&["G"]);
    assert!(!hand.screen().lines().nth(3).unwrap().contains("CRIT"), "{}", hand.screen());
    assert!(hand.line("more alerts").contains("5 more alerts ↑  9 more to do ↓"), "{}", hand.screen());
    hand.press(&["k", "k", "k"]);
    assert!(hand.line("more alerts").contains("2 more alerts ↑ 3 ↓"), "{}", hand.screen());
    hand.press(&["Tab", "G"]);
    assert!(hand.line("more to do").contains("9 more to do ↑"), "{}", hand.screen());
}

#[test]
fn the_top_of_the_tasks_is_a_stop_on_the_way_to_the_worst_alert() {
    let mut hand = crowded(9, 12);
    hand.press(&["G", "Tab", "G", "g"]);
    assert_eq!(hand.model.subject(), Some(Subject::Task(TaskId(500))));
    hand.press(&["g"]);
    assert!(hand.selected_line().contains("CRIT"), "{}", hand.screen());
    hand.press(&["Tab", "G"]);
    let mut worse = night::alerts().remove(0);
    worse.id = AlertId(8900);
    hand.change(night::change(
        210,
        "02:07:41",
        What::AlertRaised,
        Some(8900),
        "so",
        Object::Alert(Box::new(worse)),
    ));
    assert!(hand.line("NEXT").ends_with("1 new ↑ g: CRIT Acme Tools"), "{}", hand.screen());
    hand.press(&["g"]);
    assert!(matches!(hand.model.subject(), Some(Subject::Alert(_))), "what g is told to show is shown");
}

#[test]
fn news_of_a_task_is_said_at_the_tasks_and_news_of_an_alert_at_the_alerts() {
    let mut hand = Hand::at_night();
    hand.press(&["j"]);
    let new = task(900, TaskState::Open, &hand);
    tell(&mut hand, 210, What::TaskOpened, new);
    assert!(!hand.line("NEXT").contains("new"), "{}", hand.screen());
    assert!(hand.line("1 new ↑ g").ends_with("1 new ↑ g"), "{}", hand.screen());
}

#[test]
fn wherever_one_is_the_screen_says_that_somebody_is_paged() {
    let mut hand = Hand::at_night();
    assert!(!hand.line("eu-prod").contains("paging"), "Triage says it in its own line");
    for place in ["2", "3", "4", "5"] {
        hand.press(&[place]).answers();
        let line = hand.line("eu-prod");
        assert!(line.contains("2 paging, 1 CRIT") && line.ends_with("CET"), "{line}");
    }
    hand.press(&["1", "Enter"]);
    assert!(hand.line("eu-prod").contains("2 paging, 1 CRIT"), "{}", hand.screen());
    let mut snapshot = night::snapshot();
    snapshot.alerts.retain(|alert| alert.id == AlertId(8812));
    let mut hand = Hand::on(snapshot);
    hand.press(&["4"]);
    assert!(hand.line("eu-prod").contains("1 CRIT paging"), "{}", hand.screen());
}

#[test]
fn a_filter_says_what_it_hides_that_pages_somebody() {
    let mut hand = Hand::at_night();
    hand.rest();
    hand.press(&["/"]).type_text("nosuch").press(&["Enter"]);
    let screen = hand.screen();
    assert!(screen.contains("2 paging are hidden by /nosuch; Esc shows all"), "{screen}");
    assert!(hand.line(" Triage ").contains("0 of 4 alerts  0 of 5 to do"), "{screen}");
    assert!(!screen.contains("Acme Tools"), "no detail of what is not in the list\n{screen}");
    hand.press(&["4", "1"]);
    assert!(hand.screen().contains("2 paging are hidden by /nosuch"), "{}", hand.screen());
    hand.press(&["Esc", "/"]).type_text("acme").press(&["Enter"]);
    assert!(hand.line("NEXT").ends_with("1 paging is hidden by /acme; Esc shows all"), "{}", hand.screen());
}

#[test]
fn a_key_that_means_nothing_here_says_where_it_does() {
    let mut hand = Hand::at_night();
    hand.press(&["Tab", "h"]);
    assert_eq!(hand.footer(), "h (hand over) is a key on an alert; it does nothing here.");
    hand.press(&["4"]).answers();
    for (key, said) in [("h", "h (hand over)"), ("x", "x (close)"), ("e", "e (escalate)")] {
        hand.press(&[key]);
        assert!(hand.footer().starts_with(said), "{}", hand.footer());
    }
}

#[test]
fn the_number_of_a_place_leaves_what_is_only_read() {
    let mut hand = Hand::at_night();
    hand.press(&["Space", "Space", "a"]);
    hand.previewed(&[]);
    hand.wait(1).press(&["Tab", "Enter"]);
    hand.together(&[]);
    assert!(hand.screen().contains("take: all 2 done"), "{}", hand.screen());
    hand.wait(1).press(&["4"]);
    assert!(hand.model.dialog.is_none() && hand.model.place == Place::Messages, "{}", hand.screen());
}

#[test]
fn closing_what_pages_says_that_the_pages_stop_and_u_says_that_it_stays_closed() {
    let mut hand = Hand::at_night();
    hand.press(&["x"]);
    let says = "Nobody has it and it is paging: closing stops the pages.";
    assert!(hand.screen().contains(says), "{}", hand.screen());
    hand.type_text("gone").press(&["Tab", "Enter"]);
    hand.command(Outcome::Done { said: "A8812 is closed.".into() });
    let mut closed = night::alerts().remove(0);
    closed.state = AlertState::Resolved;
    hand.change(night::change(
        210,
        "02:07:41",
        What::AlertResolved,
        Some(8812),
        "so",
        Object::Alert(Box::new(closed)),
    ));
    assert!(!hand.screen().contains("u undoes"), "{}", hand.screen());
    hand.press(&["u"]);
    assert_eq!(hand.footer(), "A8812 is closed, and that cannot be taken back; n writes a note on it.");
    let mut hand = Hand::at_night();
    hand.press(&["j", "j", "x"]);
    assert!(!hand.screen().contains("Nobody has it"), "{}", hand.screen());
}

#[test]
fn u_undoes_stands_there_only_while_there_is_something_to_undo() {
    let mut hand = Hand::at_night();
    assert!(!hand.screen().contains("u undoes"), "{}", hand.screen());
    hand.press(&["a"]);
    hand.command(Outcome::Done { said: "You took A8812.".into() });
    assert!(hand.intent().ends_with("u undoes"), "{}", hand.intent());
    hand.wait(11);
    assert!(!hand.screen().contains("u undoes"), "{}", hand.screen());
}

#[test]
fn a_note_that_was_begun_is_there_again() {
    let mut hand = Hand::at_night();
    hand.press(&["n"]);
    assert!(hand.screen().contains("Ctrl-s saves, Esc cancels"), "{}", hand.screen());
    hand.type_text("the truck waits");
    assert!(hand.screen().contains("Esc keeps it for later"), "{}", hand.screen());
    hand.press(&["Esc", "j", "n"]);
    assert!(!hand.screen().contains("the truck waits"), "it is about another one\n{}", hand.screen());
    hand.press(&["Esc", "k", "n"]);
    assert!(hand.screen().contains("the truck waits"), "{}", hand.screen());
    hand.press(&["Ctrl-s"]);
    hand.command(Outcome::Done { said: "Noted.".into() });
    hand.press(&["n"]);
    assert!(!hand.screen().contains("the truck waits"), "it was sent\n{}", hand.screen());
}

#[test]
fn who_put_an_alert_to_sleep_still_holds_it() {
    let mut snapshot = night::snapshot();
    let mine = &mut snapshot.alerts[2];
    mine.state = AlertState::Snoozed;
    mine.next_update_by = None;
    mine.snoozed_until = Some(night::at("02:41:00"));
    let mut hand = Hand::on(snapshot);
    hand.press(&["j", "j", "j"]).rest();
    assert!(
        hand.screen().contains("you hold it, quiet until 03:41, then it pages again"),
        "{}",
        hand.screen()
    );
    assert_eq!(hand.intent(), "a: you wake it, news promised by 03:37; else it wakes at 03:41");
}

#[test]
fn one_failure_is_said_once_where_there_is_little_room() {
    let failed =
        night::snapshot().notifications.into_iter().find(|one| one.id == NotificationId(47)).unwrap();
    let told = "SMS to Jonas Roth: failed: number unreachable, by kannel; no other provider is left for it.";
    let of_message = Object::Notification(Box::new(failed));
    let mut of_task = night::snapshot().tasks.remove(0);
    of_task.notification = Some(NotificationId(47));
    let mut detail = night::detail(8812);
    detail.timeline.push(night::change(
        301,
        "02:06:40",
        What::NotificationUnproven,
        Some(8812),
        told,
        of_message,
    ));
    let to_do = "Jonas Roth: SMS failed: number unreachable";
    let of_task = Object::Task(Box::new(of_task));
    detail.timeline.push(night::change(302, "02:06:41", What::TaskOpened, Some(8812), to_do, of_task));
    for size in [(80, 24), (120, 40)] {
        let mut hand = Hand::at_night().sized(size.0, size.1);
        hand.rest();
        hand.tell(Msg::Detail(AlertId(8812), Ok(Box::new(detail.clone()))));
        let screen = hand.screen();
        assert!(!screen.contains("unsure"), "what failed did fail\n{screen}");
        let at = |words: &str| screen.lines().position(|line| line.contains(words));
        if size.0 == 80 {
            assert!(at("Roth     failed") < at("Carrier says"), "{screen}");
            assert!(at("to do   Jonas").is_none(), "the message's row says it\n{screen}");
        } else {
            assert!(at(" failed  SMS to Jonas").is_some(), "where there is room, all of it\n{screen}");
        }
    }
}

#[test]
fn a_task_that_ended_while_the_agent_was_away_keeps_its_title() {
    let mut hand = Hand::at_night();
    hand.press(&["Tab", "j"]);
    let mut snapshot = night::snapshot();
    snapshot.tasks.retain(|task| task.id != TaskId(301));
    snapshot.open_tasks = 4;
    hand.tell(Msg::Snapshot(Box::new(snapshot)));
    let line = hand.line("A.Lopez: phone is dead");
    assert!(line.contains("done"), "{line}");
}

#[test]
fn a_long_confirmation_is_read_to_its_end_on_a_narrow_screen() {
    let mut hand = Hand::at_night();
    let said = "OV1: Maria Weber is on call for primary from Mon 30 Nov 18:00 CET until Tue 1 Dec 07:00 CET \
                instead of Kim Okafor. Told: Kim Okafor.";
    hand.press(&["a"]);
    hand.command(Outcome::Done { said: said.into() });
    assert_eq!(hand.footer(), said);
    assert!(!hand.intent().is_empty(), "what the key does stays in sight\n{}", hand.screen());
}

#[test]
fn what_the_configuration_file_is_about_is_said_whole_on_a_narrow_screen() {
    let mut snapshot = night::snapshot();
    snapshot.desk.config_note = Some(
        "config.toml differs from version 12: `nightdesk config apply` applies it (/etc/nightdesk/config.toml)"
            .into(),
    );
    let hand = Hand::on(snapshot);
    let screen = hand.screen();
    assert!(screen.contains("`nightdesk config apply` applies it"), "{screen}");
    assert!(screen.contains("(/etc/nightdesk/config.toml)"), "{screen}");
}

#[test]
fn help_turns_by_whole_pages_and_says_where_one_is() {
    let mut hand = Hand::at_night();
    hand.press(&["?"]);
    let rows = |hand: &Hand| -> Vec<String> {
        let screen = hand.screen();
        let inside = screen.lines().skip(2).take(20).map(|line| line.split('│').nth(1).unwrap_or_default());
        inside.map(str::to_owned).collect()
    };
    assert!(hand.screen().contains(" 1 to 20 of "), "{}", hand.screen());
    let first = rows(&hand);
    hand.press(&["PgDn"]);
    assert!(hand.screen().contains(" 20 to 39 of "), "{}", hand.screen());
    assert_eq!(rows(&hand)[0], first[19], "the last line of a page is the first of the next");
    hand.press(&["k"]);
    assert!(hand.screen().contains(" 19 to 38 of "), "{}", hand.screen());
    hand.press(&["PgUp"]);
    assert_eq!(rows(&hand), first);
    hand.press(&["G"]);
    let end = rows(&hand);
    assert!(hand.screen().contains(", the end "), "{}", hand.screen());
    hand.press(&["k"]);
    assert_ne!(rows(&hand), end, "from the end one line up is one line up");
}

#[test]
fn one_thing_is_in_the_hand_while_an_escalation_is_asked_about() {
    let mut hand = Hand::at_night();
    hand.press(&["e"]).rest();
    hand.answers();
    let screen = hand.screen();
    let of_dialog = screen.lines().filter(|line| line.contains('│') && line.contains('▌'));
    assert_eq!(of_dialog.count(), 1, "{screen}");
}

#[test]
fn who_is_nobody_in_the_configuration_puts_no_stranger_on_call_by_pressing_enter() {
    let mut snapshot = night::snapshot();
    snapshot.me.person = None;
    snapshot.me.login = "root".into();
    let mut hand = Hand::on(snapshot);
    hand.press(&["5"]).answers().press(&["j", "o"]).wait(1);
    hand.press(&["Enter"]);
    assert_eq!(hand.commands(), 0);
    assert!(
        hand.screen().contains("choose who it is first: type a name, or take the arrows"),
        "{}",
        hand.screen()
    );
    hand.press(&["Down"]);
    assert!(!hand.screen().contains("choose who it is first"), "{}", hand.screen());
    hand.press(&["Enter"]);
    assert_eq!(hand.commands(), 1);
}

#[test]
fn a_desk_that_looks_since_a_moment_ago_does_not_say_that_nothing_came() {
    let mut snapshot = night::snapshot();
    snapshot.traffic = Default::default();
    let begun =
        |minutes: i64| -> Option<Timestamp> { Some(snapshot.now - SignedDuration::from_mins(minutes)) };
    for (since, said) in [
        (begun(0), "counting since this minute"),
        (begun(4), "no event in 3 min"),
        (begun(500), "no event in 30 min"),
    ] {
        let mut snapshot = snapshot.clone();
        snapshot.desk.counting_since = since;
        let mut hand = Hand::on(snapshot);
        hand.press(&["2"]);
        assert!(hand.screen().contains(said), "{said}\n{}", hand.screen());
    }
}

#[test]
fn what_a_field_wants_is_said_whole_on_a_narrow_screen() {
    let mut hand = Hand::at_night();
    hand.press(&["3", "c", "Enter"]);
    let to_quiet_hours = ["Tab"; 10];
    hand.press(&to_quiet_hours);
    let screen = hand.screen();
    assert!(screen.contains("urgent messages still come"), "{screen}");
}

#[test]
fn a_long_title_takes_the_room_of_a_partner_that_there_is_none_of() {
    let title = "Jonas Roth: SMS failed: the carrier cannot deliver it";
    let mut snapshot = night::snapshot();
    snapshot.tasks[0].title = title.into();
    snapshot.tasks[0].partner = None;
    snapshot.tasks[0].alert = Some(AlertId(8812));
    let mut hand = Hand::on(snapshot.clone());
    assert!(hand.line("  Jonas Roth: SMS failed: the").contains("€84k"), "{}", hand.screen());
    snapshot.tasks[0].title = "Who reads this?".into();
    hand = Hand::on(snapshot);
    let (head, row) = (hand.line("WHAT"), hand.line("Who reads this?"));
    assert_eq!(
        head.find("WHAT"),
        row.find("Who reads"),
        "where it fits it stands in its column\n{}",
        hand.screen()
    );
}

#[test]
fn a_cause_is_said_once_and_in_the_same_words_wherever_it_is_shown() {
    let mut hand = Hand::at_night();
    let jonas = ("jonas", "Jonas Roth");
    let mut n = night::notification(95, 8812, jonas, Medium::Sms, NotificationState::Failed);
    n.reason.outcome = Some("failed: the carrier cut the line, by kannel".into());
    n.purpose = Purpose::Status;
    let object = Object::Notification(Box::new(n));
    hand.press(&["4"]).answers();
    hand.change(night::change(300, "02:07:40", What::NotificationEvidence, None, "N95 failed.", object));
    hand.press(&["f", "f"]);
    let row = hand.line("the carrier cut");
    assert!(row.contains("failed     the carrier cut the li"), "{row}");
    hand.press(&["w"]);
    assert!(hand.screen().contains("N95 tells J.Roth how A8812 stands: SMS failed."), "{}", hand.screen());
    assert!(hand.screen().contains("because   the carrier cut the line, by kannel"), "{}", hand.screen());
    hand.press(&["Esc", "Enter"]);
    assert!(hand.screen().contains("failed: the carrier cut the line, by kannel"), "{}", hand.screen());
    assert!(!hand.screen().contains("failed: failed"), "{}", hand.screen());
}

#[test]
fn what_failed_is_as_red_in_the_stream_as_what_was_raised() {
    let mut hand = Hand::at_night();
    let maria = ("maria", "Maria Weber");
    let n = night::notification(95, 8812, maria, Medium::Sms, NotificationState::Failed);
    let object = Object::Notification(Box::new(n));
    hand.press(&["2"]);
    hand.change(night::change(300, "02:07:40", What::NotificationEvidence, None, "N95 is lost.", object));
    assert!(hand.line("N95 is lost").contains(" failed "), "{}", hand.screen());
}

#[test]
fn a_contact_who_said_nothing_shows_what_holds_for_them() {
    let mut hand = Hand::at_night();
    hand.press(&["3", "c"]).answers().press(&["Enter"]);
    assert!(hand.line("documents").contains("default: mail, then SMS"), "{}", hand.screen());
}

#[test]
fn a_key_without_a_meaning_says_so_and_names_the_help() {
    for (key, name) in [("Z", "Z"), ("9", "9"), ("F5", "F5")] {
        let mut hand = Hand::at_night();
        hand.press(&[key]);
        assert_eq!(hand.footer(), format!("{name} does nothing here; ? lists the keys."));
    }
    let mut hand = Hand::at_night();
    hand.press(&["Esc", "q", "Left"]);
    assert!(!hand.footer().contains("does nothing"), "{}", hand.footer());
}

#[test]
fn the_help_can_be_searched() {
    let mut hand = Hand::at_night();
    hand.press(&["?"]);
    assert!(hand.screen().contains("/ finds"), "{}", hand.screen());
    hand.press(&["/"]).type_text("snooze");
    assert!(
        hand.screen().contains("on an alert")
            && hand.screen().contains(":snooze")
            && !hand.screen().contains(":providers"),
        "{}",
        hand.screen()
    );
    insta::assert_snapshot!("help_searched", hand.screen());
    hand.type_text("zzz");
    assert!(hand.screen().contains("No key and no word says that."), "{}", hand.screen());
    hand.press(&["Esc"]);
    assert!(hand.screen().contains("on an alert"), "all again\n{}", hand.screen());
    hand.press(&["/"]).type_text("q2").press(&["Enter", "Esc", "Esc"]);
    assert!(hand.model.dialog.is_none());
}

#[test]
fn what_keeps_many_keys_from_working_is_said_once_in_the_help() {
    let mut hand = Hand::at_night();
    hand.model.read_only = true;
    hand.press(&["?"]);
    assert_eq!(hand.screen().matches("what is grey: ").count(), 1, "{}", hand.screen());
    assert!(!hand.screen().contains("(not now: "), "{}", hand.screen());
}

#[test]
fn a_mended_address_carries_no_mark_of_the_old_one() {
    let mut hand = Hand::at_night();
    hand.press(&["p"]).answers().press(&[":"]).type_text("contacts acme").press(&["Enter"]).answers();
    assert!(hand.line("Luz Diaz").contains('✗'), "{}", hand.screen());
    let mut mended = night::contact("c-diaz", "acme", "Luz Diaz");
    mended.phones = vec!["+4915123450000".parse().unwrap()];
    let object = Object::Contact(Box::new(mended));
    hand.change(night::change(900, "02:08:00", What::ContactChanged, None, "Mended.", object));
    assert!(hand.line("+4915123450000").contains("Luz Diaz"), "{}", hand.screen());
    assert!(!hand.line("+4915123450000").contains('✗'), "{}", hand.screen());
}

#[test]
fn what_was_sent_again_says_so_and_is_no_longer_to_be_looked_at() {
    let jonas = ("jonas", "Jonas Roth");
    let mut failed = night::notification(95, 8812, jonas, Medium::Sms, NotificationState::Failed);
    let mut hand = Hand::at_night();
    hand.press(&["4"]).answers();
    let mut hear = |seq, failed: &nightdesk::core::notification::Notification| {
        let object = Object::Notification(Box::new(failed.clone()));
        let what = What::NotificationQueued;
        hand.change(night::change(seq, "02:08:00", what, Some(8812), "So it stands.", object)).wait(30);
        hand.screen()
    };
    failed.updated_at = night::at("02:06:00");
    let before = hear(900, &failed);
    assert!(before.contains("3 failed today"), "{before}");
    failed.again.last =
        Some(SentAgain { id: NotificationId(99), by: night::person("kim"), at: night::at("02:07:30") });
    failed.updated_at = night::at("02:07:30");
    let after = hear(901, &failed);
    assert!(after.contains("2 failed today") && after.contains("sent again as N99"), "{after}");
}

#[test]
fn a_persons_page_names_the_file_that_they_are_kept_in() {
    let mut hand = Hand::at_night();
    hand.press(&[":"]).type_text("person jonas").press(&["Enter"]).answers();
    assert!(hand.screen().contains("/etc/nightdesk/config.toml, [[person]] jonas"), "{}", hand.screen());
}

#[test]
fn a_head_of_the_messages_stands_once_though_a_row_that_moved_on_keeps_its_place() {
    let jonas = ("jonas", "Jonas Roth");
    let message = |id| night::notification(id, 8812, jonas, Medium::Sms, NotificationState::Failed);
    let mut hand = Hand::at_night();
    hand.press(&["4"]).answers();
    for (seq, id) in [(900, 94), (901, 95), (902, 96)] {
        let mut failed = message(id);
        failed.updated_at = night::at("02:06:00");
        let object = Object::Notification(Box::new(failed));
        hand.change(night::change(seq, "02:08:00", What::NotificationQueued, Some(8812), "Failed.", object));
    }
    hand.wait(30).press(&["j"]);
    let mut moved = message(95);
    (moved.state, moved.updated_at) = (NotificationState::Delivered, night::at("02:08:30"));
    let object = Object::Notification(Box::new(moved));
    hand.change(night::change(903, "02:08:30", What::NotificationQueued, Some(8812), "Here.", object));
    let heads = hand.screen().lines().filter(|line| line.starts_with("─ failed today")).count();
    assert_eq!(heads, 1, "{}", hand.screen());
    assert_eq!(
        hand.screen().lines().filter(|line| line.starts_with("─ done")).count(),
        1,
        "{}",
        hand.screen()
    );
}

#[test]
fn what_a_narrow_list_of_messages_cuts_off_is_said_in_full_below_it() {
    let mut hand = Hand::at_night();
    hand.press(&["4"]).answers();
    let mut failed =
        night::notification(95, 8812, ("jonas", "Jonas Roth"), Medium::Sms, NotificationState::Failed);
    failed.updated_at = night::at("02:06:00");
    failed.reason.outcome = Some("the carrier cannot deliver to that handset at all (raw 8, 69)".into());
    let object = Object::Notification(Box::new(failed));
    hand.change(night::change(900, "02:08:00", What::NotificationQueued, Some(8812), "Failed.", object))
        .wait(30);
    hand.press(&["/"]).type_text("roth carrier").press(&["Enter"]);
    assert!(
        hand.screen().contains("  the carrier cannot deliver to that handset at all (raw 8, 69)"),
        "{}",
        hand.screen()
    );
}

#[test]
fn the_form_of_a_contact_stands_on_the_address_that_failed_and_marks_what_is_wrong() {
    let mut hand = Hand::at_night();
    hand.press(&["p"]).answers().press(&[":"]).type_text("contacts luz").press(&["Enter"]).answers();
    if hand.model.contacts.form.is_none() {
        hand.press(&["Enter"]);
    }
    assert!(hand.line("phones").starts_with('▌'), "{}", hand.screen());
    hand.type_text(", 12").press(&["Ctrl-s"]);
    assert_eq!(hand.commands(), 0);
    assert!(hand.line("✗phones").starts_with('▌'), "{}", hand.screen());
}
