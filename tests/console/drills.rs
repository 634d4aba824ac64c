//! A drill on the screen: read before the night begins, said in one line while it goes on, and judged after it.

use crate::hand::Hand;
use crate::night;
use nightdesk::console::drill::{News, Phase, Weight};
use nightdesk::console::effect::Effect;
use nightdesk::console::message::Msg;
use nightdesk::console::model::Model;

fn news(phase: Phase, line: &str) -> News {
    let page = match phase {
        Phase::Over => vec![
            (Weight::Head, "First page: 60 of 100 points, 1 of 2 missed.".to_owned()),
            (Weight::Good, "done    0:12   60/60  take the blocked order".to_owned()),
            (Weight::Bad, "missed          0/40  find out why Roth was not told".to_owned()),
            (
                Weight::Quiet,
                "       How: w on the alert shows it, and what follows is indented like it is here."
                    .to_owned(),
            ),
        ],
        _ => vec![(Weight::Plain, "You are Maria Weber, on call until morning.".to_owned())],
    };
    let hints = match line.is_empty() {
        true => vec![],
        false => vec!["look at TOLD".to_owned(), "w on the alert".to_owned()],
    };
    News { phase, title: "First page".to_owned(), line: line.to_owned(), hints, page }
}

/// Before anything has begun: no agent, no snapshot.
fn seated() -> Hand {
    let clock = night::now();
    let mut hand =
        Hand { model: Model::new(clock), clock, effects: Vec::new(), looks: Vec::new(), size: (80, 24) };
    hand.tell(Msg::Drill(Box::new(news(Phase::Briefing, ""))));
    hand
}

fn begun() -> Hand {
    let mut hand = seated();
    hand.press(&["Enter"]);
    hand.tell(Msg::Drill(Box::new(news(Phase::Running, "drill 2/2: find out why Roth was not told"))));
    hand.tell(Msg::Snapshot(Box::new(night::snapshot())));
    hand
}

#[test]
fn the_night_begins_when_the_briefing_is_closed_and_only_then_is_the_agent_listened_to() {
    let mut hand = seated();
    assert!(hand.screen().contains("You are Maria Weber"), "{}", hand.screen());
    assert!(hand.screen().contains("Enter begins"));
    assert!(hand.effects.is_empty(), "{:?}", hand.effects);
    hand.press(&["Enter"]);
    assert_eq!(hand.effects, [Effect::BeginDrill]);
    assert!(!hand.screen().contains("You are Maria Weber"));
    hand.effects.clear();
    hand.tell(Msg::Drill(Box::new(news(Phase::Running, "drill 1/2: take it"))));
    hand.tell(Msg::Drill(Box::new(news(Phase::Running, "drill 2/2: find out why"))));
    assert_eq!(hand.effects, [Effect::Listen], "once");
}

#[test]
fn what_is_wanted_stands_in_one_line_and_hints_come_when_asked_for() {
    let mut hand = begun();
    let line = hand.line("drill 2/2");
    assert!(
        line.starts_with(" drill 2/2: find out why Roth was not told") && line.ends_with(":hint"),
        "{line}"
    );
    let before = hand.screen().lines().nth(5).unwrap().to_owned();
    for hint in ["hint: look at TOLD", "hint: w on the alert", "hint: w on the alert"] {
        hand.press(&[":"]).type_text("hint").press(&["Enter"]);
        assert!(hand.screen().contains(hint), "{}", hand.screen());
    }
    assert_eq!(
        hand.screen().lines().nth(6).unwrap(),
        before,
        "rows move down by the hint's line and no further"
    );
    hand.tell(Msg::Drill(Box::new(news(Phase::Running, "drill 2/2: another thing"))));
    assert!(!hand.screen().contains("hint: "), "a hint goes with what it was for");
}

#[test]
fn how_it_went_appears_by_itself_but_never_over_a_dialog_that_is_being_answered() {
    let mut hand = begun();
    hand.press(&["n"]).type_text("x");
    hand.tell(Msg::Drill(Box::new(news(Phase::Over, "drill over: 60 of 100 points"))));
    assert!(hand.screen().contains("Note on"), "{}", hand.screen());
    hand.press(&["Esc"]);
    assert!(hand.screen().contains("drill over: 60 of 100 points"));
    hand.press(&[":"]).type_text("brief").press(&["Enter"]);
    assert!(hand.screen().contains("60 of 100 points, 1 of 2 missed"), "{}", hand.screen());

    let mut hand = begun();
    hand.tell(Msg::Drill(Box::new(news(Phase::Over, "drill over: 60 of 100 points"))));
    let keys = hand.commands();
    hand.tell(Msg::Input(nightdesk::term::input::Input::Key(crate::hand::key("Enter"))));
    assert!(hand.screen().contains("1 of 2 missed"), "what was typed before it appeared closes nothing");
    for line in [
        "│ First page: 60 of 100 points, 1 of 2 missed.",
        "│ done    0:12   60/60  take the blocked order",
        "│ missed          0/40  find out why Roth was not told",
        "│        How: w on the alert shows it, and what follows is indented like it",
        "│        is here.",
    ] {
        assert!(hand.screen().contains(line), "no {line} in\n{}", hand.screen());
    }
    hand.press(&["Enter"]);
    assert!(!hand.screen().contains("1 of 2 missed"));
    assert_eq!(hand.commands(), keys);
}

#[test]
fn without_a_drill_its_commands_say_how_to_begin_one() {
    let mut hand = Hand::at_night();
    hand.press(&[":"]).type_text("hint").press(&["Enter"]);
    assert!(hand.footer().contains("nightdesk drill list"), "{}", hand.footer());
}
