//! Whatever is pressed on whatever desk, nothing panics and every screen can be painted.

use crate::hand::Hand;
use crate::night;
use nightdesk::console::effect::Effect;
use nightdesk::console::message::Msg;
use nightdesk::core::command::Outcome;
use nightdesk::core::id::AlertId;
use nightdesk::core::person::Role;
use nightdesk::wire::Snapshot;
use nightdesk::wire::client::LinkError;
use proptest::prelude::*;

const KEYS: &[&str] = &[
    "a",
    "b",
    "c",
    "d",
    "e",
    "f",
    "g",
    "h",
    "j",
    "k",
    "l",
    "m",
    "n",
    "o",
    "p",
    "q",
    "r",
    "s",
    "t",
    "u",
    "w",
    "x",
    "y",
    "1",
    "2",
    "3",
    "4",
    "5",
    "6",
    "-",
    ".",
    "*",
    "/",
    ":",
    "?",
    "F",
    "G",
    "Space",
    "Enter",
    "Esc",
    "Tab",
    "BackTab",
    "Down",
    "Backspace",
    "Ctrl-s",
    "Ctrl-d",
    "Ctrl-u",
    "Ctrl-p",
    "Ctrl-n",
    "ä",
    "漢",
];

/// One thing that happens.
#[derive(Clone, Debug)]
enum Event {
    Key(&'static str),
    /// The agent answers what it was asked.
    Answers,
    Commands,
    Wait(i64),
    Away,
    Back,
    NewAlert(u64),
    Size(u16, u16),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        20 => prop::sample::select(KEYS).prop_map(Event::Key),
        4 => Just(Event::Answers),
        3 => Just(Event::Commands),
        1 => (1i64..900).prop_map(Event::Wait),
        1 => Just(Event::Away),
        1 => Just(Event::Back),
        1 => (9_000u64..9_010).prop_map(Event::NewAlert),
        1 => (1u16..220, 1u16..70).prop_map(|(width, height)| Event::Size(width, height)),
    ]
}

/// A desk with any part of the night missing.
fn desk() -> impl Strategy<Value = Snapshot> {
    (0u16..64, 0usize..3).prop_map(|(missing, role)| {
        let mut snapshot = night::snapshot();
        let lacks = |bit: u16| missing & (1 << bit) != 0;
        if lacks(0) {
            snapshot.alerts.clear();
        }
        if lacks(1) {
            snapshot.tasks.clear();
        }
        if lacks(2) {
            snapshot.contacts.clear();
        }
        if lacks(3) {
            snapshot.people.clear();
        }
        if lacks(4) {
            snapshot.notifications.clear();
        }
        if lacks(5) {
            snapshot.on_call.clear();
            snapshot.sources.clear();
            snapshot.channels.clear();
        }
        snapshot.me.role = [Role::Viewer, Role::Responder, Role::Admin][role];
        snapshot
    })
}

fn answer_commands(hand: &mut Hand, refuse: bool) {
    for effect in std::mem::take(&mut hand.effects) {
        let outcome = || match refuse {
            true => Outcome::Refused {
                refusal: nightdesk::core::command::Refusal {
                    code: nightdesk::core::command::RefusalCode::Raced,
                    said: "Somebody was first.".into(),
                    by: None,
                },
            },
            false => Outcome::Done { said: "Done.".into() },
        };
        match effect {
            Effect::Command { ticket, .. } | Effect::Retry { ticket, .. } => {
                hand.tell(Msg::Answered(ticket, Ok(outcome())));
            }
            Effect::Preview { ticket, each } => {
                let answers = each.iter().map(|_| outcome()).collect();
                hand.tell(Msg::Previewed(ticket, Ok(answers)));
            }
            Effect::Together { ticket, each } => {
                let answers = each.iter().map(|_| outcome()).collect();
                hand.tell(Msg::Together(ticket, Ok(answers)));
            }
            _ => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn random_keys_on_random_desks_never_panic(
        snapshot in desk(),
        events in prop::collection::vec(event(), 1..80),
    ) {
        let mut hand = Hand::on(snapshot.clone());
        for event in events {
            match event {
                Event::Key(key) => drop(hand.press(&[key])),
                Event::Answers => drop(hand.answers()),
                Event::Commands => {
                    let refuse = hand.clock.as_second() % 2 == 0;
                    answer_commands(&mut hand, refuse);
                }
                Event::Wait(seconds) => drop(hand.wait(seconds)),
                Event::Away => {
                    hand.tell(Msg::Away(LinkError::NoAgent { socket: "/x".into() }));
                }
                Event::Back => {
                    let mut again = snapshot.clone();
                    again.now = hand.clock;
                    hand.tell(Msg::Snapshot(Box::new(again)));
                }
                Event::NewAlert(id) => {
                    let mut alert = night::alerts().remove(0);
                    alert.id = AlertId(id);
                    let seq = 1_000 + hand.model.desk.as_ref().map_or(0, |desk| desk.seq);
                    let object = nightdesk::core::change::Object::Alert(Box::new(alert));
                    let what = nightdesk::core::change::What::AlertRaised;
                    hand.change(night::change(seq, "02:07:40", what, Some(id), "raised", object));
                }
                Event::Size(width, height) => {
                    hand.size = (width, height);
                    hand.tell(Msg::Size(width, height));
                }
            }
            let _ = hand.screen();
        }
    }
}
