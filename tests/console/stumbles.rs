//! What somebody who is new at the desk must not stumble over: whole sentences on a narrow screen, one focus at a
//! time, counts that are true.

use super::hand::Hand;
use super::night;
use jiff::{SignedDuration, Timestamp};
use nightdesk::console::message::Msg;
use nightdesk::core::change::{Actor, Object, What};
use nightdesk::core::command::Outcome;
use nightdesk::core::contact::Medium;
use nightdesk::core::id::TaskId;
use nightdesk::core::notification::{NotificationState, Purpose};
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
    hand.press(&["Tab", "g"]);
    let done = Task { state: TaskState::Done, ..hand.model.task(TaskId(301)).unwrap().clone() };
    let mut change =
        night::change(210, "02:07:41", What::TaskDone, None, "done", Object::Task(Box::new(done)));
    change.change.actor = Actor::Person { id: PersonId("maria".into()), login: None };
    hand.change(change);
    let line = hand.line("A.Lopez: phone is dead");
    assert!(line.contains("done Weber") && line.contains("Gamma GmbH"), "{line}");
}

#[test]
fn a_task_that_ended_while_the_agent_was_away_keeps_its_title() {
    let mut hand = Hand::at_night();
    hand.press(&["Tab", "g", "j"]);
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
