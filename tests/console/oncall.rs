//! On call: who is on when, and what an operator arranges beside the plan.

use crate::hand::Hand;
use crate::night::{self, person};
use jiff::Timestamp;
use nightdesk::console::effect::Effect;
use nightdesk::console::message::Msg;
use nightdesk::console::model::Place;
use nightdesk::core::command::{Action, Outcome};
use nightdesk::core::id::OverrideId;
use nightdesk::core::person::Role;
use nightdesk::wire::Health;
use nightdesk::wire::client::LinkError;

fn on_call() -> Hand {
    let mut hand = Hand::at_night();
    hand.press(&["5"]).answers();
    hand
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn done() -> Outcome {
    Outcome::Done { said: "done".into() }
}

fn health() -> Health {
    let night = night::snapshot();
    let (now, sources, channels) = (night.now, night.sources, night.channels);
    let handovers = night.handovers;
    Health {
        now,
        sources,
        channels,
        on_call: night.on_call,
        handovers,
        desk: night.desk,
        sync: None,
        traffic: night.traffic,
        open_tasks: None,
    }
}

#[test]
fn an_override_of_the_selected_time_takes_three_keys() {
    let mut hand = on_call();
    hand.press(&["j"]);
    assert!(hand.selected_line().contains("Tue 24 Nov 07:00"), "{}", hand.screen());
    assert_eq!(hand.intent(), "o: put somebody else on instead of M.Weber; s swaps turns");
    hand.press(&["o"]);
    assert!(hand.line("Okafor").contains("• Kim Okafor (you)"), "oneself comes first\n{}", hand.screen());
    assert!(hand.screen().contains("Told: M.Weber."), "{}", hand.screen());
    hand.press(&["Enter"]);
    let (action, _) = hand.command(done());
    let asked = Action::AddOverride {
        schedule: "primary".into(),
        person: person("kim"),
        instead: None,
        from: time("2026-11-24T06:00:00Z"),
        until: time("2026-11-25T06:00:00Z"),
    };
    assert_eq!(action, asked);
    assert!(hand.effects.contains(&Effect::FetchOnCall), "the plan is read again");
}

#[test]
fn the_times_can_be_typed_and_are_told_on_both_clocks() {
    let mut hand = on_call();
    hand.press(&["G", "k", "o"]).type_text("roth");
    assert!(hand.line("Jonas").contains("• Jonas Roth"), "{}", hand.screen());
    hand.press(&["Tab", "Ctrl-u"]).type_text("tue 18:00");
    hand.press(&["Tab", "Ctrl-u"]).type_text("4h");
    assert!(
        hand.line("from  tue").contains("Tue 24 Nov 18:00 CET, Tue 12:00 EST there"),
        "{}",
        hand.screen()
    );
    assert!(hand.line("until 4h").contains("Tue 24 Nov 22:00 CET"), "a length counts from the start");
    hand.press(&["Enter"]);
    let (action, _) = hand.command(done());
    let Action::AddOverride { schedule, from, until, .. } = action else { panic!("{action:?}") };
    assert_eq!(schedule, "overseas");
    assert_eq!((from, until), (time("2026-11-24T17:00:00Z"), time("2026-11-24T21:00:00Z")));
}

#[test]
fn a_time_that_is_none_is_said_so_and_sends_nothing() {
    let mut hand = on_call();
    hand.press(&["o", "Tab", "Tab", "Ctrl-u"]).type_text("soon").press(&["Enter"]);
    assert_eq!(hand.commands(), 0);
    assert!(hand.screen().contains("\"soon\" is no time; write fri 18:00"), "{}", hand.screen());
    hand.press(&["Ctrl-u"]).type_text("2026-11-01 08:00").press(&["Enter"]);
    assert_eq!(hand.commands(), 0);
    assert!(hand.screen().contains("it has to end after it begins"), "{}", hand.screen());
}

#[test]
fn taking_back_says_what_that_changes_and_stands_on_cancel() {
    let mut hand = on_call();
    hand.press(&["x"]);
    assert!(hand.footer().starts_with("This is the plan itself"), "{}", hand.footer());
    hand.press(&["/"]).type_text("O4").press(&["Enter", "x"]);
    let screen = hand.screen();
    assert!(screen.contains("Both halves of the swap go."), "{screen}");
    assert!(screen.contains("J.Roth and M.Weber will"), "{screen}");
    hand.press(&["Enter"]);
    assert_eq!(hand.commands(), 0, "Cancel");
    hand.press(&["x", "Tab", "Enter"]);
    assert_eq!(hand.command(done()).0, Action::RemoveOverride { id: OverrideId(4) });
}

#[test]
fn a_swap_offers_the_turns_of_others_and_names_a_moment_in_each() {
    let mut hand = on_call();
    hand.press(&["s", "j", "Enter"]);
    let (action, _) = hand.command(done());
    let Action::SwapOverride { first, first_at, second, second_at, .. } = action else {
        panic!("{action:?}")
    };
    assert_eq!((first, second), (person("kim"), person("jonas")));
    assert!(first_at >= night::now() && first_at < time("2026-11-24T06:00:00Z"));
    assert_eq!(second_at, time("2026-11-25T06:00:00Z"));
}

#[test]
fn a_gap_is_said_in_words_and_can_be_filled_but_not_swapped() {
    let mut hand = on_call();
    hand.press(&["/"]).type_text("nobody").press(&["Enter"]);
    assert!(hand.selected_line().contains("nobody from Sat 14:00 to Mon 14:00"), "{}", hand.screen());
    assert_eq!(hand.intent(), "o: put somebody on call for this gap");
    hand.press(&["s"]);
    assert!(hand.footer().starts_with("Nobody is on call then"), "{}", hand.footer());
}

#[test]
fn the_plan_is_read_again_when_the_agent_says_how_it_is_and_only_where_it_is_seen() {
    let mut hand = on_call();
    hand.effects.clear();
    hand.tell(Msg::Health(Box::new(health())));
    assert_eq!(hand.effects, [Effect::FetchOnCall]);
    hand.press(&["1"]);
    hand.effects.clear();
    hand.tell(Msg::Health(Box::new(health())));
    assert!(hand.effects.is_empty());
}

#[test]
fn what_was_heard_stays_when_the_agent_cannot_say() {
    let mut hand = on_call();
    hand.tell(Msg::OnCall(Err(LinkError::Broken("it went".into()))));
    assert!(hand.screen().contains("as last heard") && hand.screen().contains("A.Lind"));
    let mut hand = Hand::at_night();
    hand.press(&["5"]).tell(Msg::OnCall(Err(LinkError::Broken("it went".into()))));
    assert!(hand.screen().contains("could not be read"), "{}", hand.screen());
}

#[test]
fn a_turn_that_ends_leaves_the_list_and_the_hand_stays_in_it() {
    let mut hand = on_call();
    assert!(hand.selected_line().contains("now"), "{}", hand.screen());
    hand.wait(4 * 3600);
    assert!(hand.selected_line().contains("M.Weber"), "{}", hand.screen());
}

#[test]
fn a_viewer_looks_and_changes_nothing() {
    let mut snapshot = night::snapshot();
    snapshot.me.role = Role::Viewer;
    let mut hand = Hand::on(snapshot);
    hand.press(&["5"]).answers().press(&["o"]);
    assert!(hand.model.dialog.is_none() && hand.footer().contains("viewer"), "{}", hand.footer());
    hand.press(&["Esc"]);
    assert_eq!(hand.model.place, Place::OnCall, "it was opened from nowhere");
    hand.press(&["-"]);
    assert_eq!(hand.model.place, Place::Triage);
}

#[test]
fn an_override_gives_one_night_away_and_shows_how_long_that_is() {
    let mut hand = on_call();
    let mut plan = night::plan();
    // A turn of six days.
    let turn = &mut plan[0].segments[0];
    turn.until = time("2026-11-29T06:00:00Z");
    plan[0].segments.truncate(1);
    hand.tell(Msg::OnCall(Ok(plan)));
    hand.press(&["g", "o"]).type_text("roth");
    assert!(hand.line("  for  ").contains("3h 52m; the turn ends Sun 29 Nov 07:00"), "{}", hand.screen());
    hand.press(&["Enter"]);
    let Action::AddOverride { until, .. } = hand.command(done()).0 else { panic!() };
    assert_eq!(until, time("2026-11-24T06:00:00Z"), "and no week");
}

#[test]
fn u_asks_to_take_back_what_was_just_arranged_and_else_says_what_x_does() {
    let mut hand = on_call();
    hand.press(&["u"]);
    assert_eq!(hand.footer(), "You arranged nothing just now; x takes the selected override back.");
    assert!(hand.wait(30).footer().contains("x take back"), "{}", hand.footer());
    let mut plan = night::plan();
    let over = plan.iter_mut().flat_map(|known| &mut known.overrides).next().unwrap();
    (over.by, over.created_at) = (person("kim"), hand.clock);
    let id = over.id;
    hand.tell(Msg::OnCall(Ok(plan)));
    hand.press(&["u"]);
    assert!(hand.screen().contains(&format!("Take back {id}?")), "{}", hand.screen());
    hand.press(&["Enter"]);
    assert_eq!(hand.commands(), 0, "it stands on Cancel");
    hand.press(&["u", "Tab", "Enter"]);
    assert_eq!(hand.command(done()).0, Action::RemoveOverride { id });
}
