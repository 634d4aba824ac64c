//! How much is written to the terminal. Over a slow line at night every byte is a wait.

use crate::hand::{Hand, theme};
use crate::night;
use nightdesk::console::message::Msg;
use nightdesk::console::view;
use nightdesk::core::change::{Object, What};
use nightdesk::core::id::{AlertId, NotificationId};
use nightdesk::core::text::Untrusted;
use nightdesk::term::capabilities::{Charset, Colours};
use nightdesk::term::frames::Frames;

fn draw(frames: &mut Frames<Vec<u8>>, hand: &Hand) -> usize {
    let theme = theme(Colours::Ansi256, Charset::Unicode);
    frames.draw(|buffer| view::paint(&hand.model, theme, buffer)).unwrap()
}

fn on(width: u16, height: u16) -> (Hand, Frames<Vec<u8>>) {
    let mut hand = Hand::at_night().sized(width, height);
    hand.rest();
    (hand, Frames::new(Vec::new(), width, height))
}

#[test]
fn a_screen_on_which_nothing_changes_writes_nothing() {
    for (width, height) in [(80, 24), (120, 40), (200, 60)] {
        let (mut hand, mut frames) = on(width, height);
        assert!(draw(&mut frames, &hand) > 1000);
        assert_eq!(draw(&mut frames, &hand), 0);
        // Off the watched countdown, seconds pass unseen until the minute turns.
        hand.press(&["j"]).rest();
        draw(&mut frames, &hand);
        hand.wait(10);
        assert_eq!(draw(&mut frames, &hand), 0);
    }
}

#[test]
fn moving_the_selection_is_cheap() {
    for (width, height) in [(80, 24), (120, 40)] {
        let (mut hand, mut frames) = on(width, height);
        hand.press(&["j", "j"]);
        draw(&mut frames, &hand);
        hand.press(&["j"]);
        let moved = draw(&mut frames, &hand);
        println!("{width}x{height}: moving the selection takes {moved} bytes");
        assert!(moved <= 500, "{width}x{height}: {moved}");
    }
}

#[test]
fn the_places_are_as_quiet_and_as_cheap() {
    for (width, height) in [(80, 24), (120, 40)] {
        for keys in [&["3"][..], &["p"], &["p", "Tab"], &["4"]] {
            let (mut hand, mut frames) = on(width, height);
            hand.press(keys).answers();
            draw(&mut frames, &hand);
            assert_eq!(draw(&mut frames, &hand), 0);
            hand.press(&["j"]);
            draw(&mut frames, &hand);
            hand.press(&["j"]);
            let moved = draw(&mut frames, &hand);
            println!("{width}x{height} {keys:?}: moving the selection takes {moved} bytes");
            assert!((1..=500).contains(&moved), "{width}x{height} {keys:?}: {moved}");
        }
    }
}

#[test]
fn a_first_frame_is_a_few_kilobytes() {
    let (hand, mut frames) = on(80, 24);
    let first = draw(&mut frames, &hand);
    println!("80x24: the first frame takes {first} bytes");
    assert!(first <= 4_500, "{first}");
    let (hand, mut frames) = on(120, 40);
    let first = draw(&mut frames, &hand);
    println!("120x40: the first frame takes {first} bytes");
    assert!(first <= 9_000, "{first}");
}

#[test]
fn the_turn_of_a_minute_on_a_quiet_night_is_a_few_cells() {
    let mut hand = Hand::on(night::quiet());
    let mut frames = Frames::new(Vec::new(), 80, 24);
    draw(&mut frames, &hand);
    hand.wait(30);
    let turned = draw(&mut frames, &hand);
    println!("80x24: the turn of a minute takes {turned} bytes");
    assert!((1..=250).contains(&turned), "{turned}");
}

/// A desk with more rows than any screen has.
fn full(width: u16, height: u16) -> (Hand, Frames<Vec<u8>>) {
    let mut snapshot = night::snapshot();
    let known = snapshot.alerts.clone();
    snapshot.alerts.extend((0..200u64).map(|i| {
        let mut alert = known[(i % 4) as usize].clone();
        alert.id = AlertId(9000 + i);
        alert.title = Untrusted::new(format!("Late shipment {i} of order 45{:05}", i * 7919 % 100_000));
        alert.partner.name = Untrusted::new(format!("Partner {} Tools", i * 37 % 101));
        alert
    }));
    let mut hand = Hand::on(snapshot).sized(width, height);
    hand.rest();
    (hand, Frames::new(Vec::new(), width, height))
}

fn median(mut bytes: Vec<usize>) -> usize {
    bytes.sort_unstable();
    bytes[bytes.len() / 2]
}

/// Frames that the line really carries are those after the screen has filled and begins to scroll.
fn scrolled(hand: &mut Hand, frames: &mut Frames<Vec<u8>>, key: &str) -> usize {
    for _ in 0..30 {
        hand.press(&[key]);
    }
    draw(frames, hand);
    let bytes = (0..40).map(|_| {
        hand.press(&[key]);
        draw(frames, hand)
    });
    median(bytes.collect())
}

#[test]
fn a_scroll_key_on_a_full_list_takes_at_most_500_bytes() {
    for (width, height) in [(80, 24), (120, 40)] {
        for place in ["triage", "partners", "messages", "stream"] {
            let (mut hand, mut frames) = full(width, height);
            match place {
                "partners" => {
                    let mut rows = night::partner_rows();
                    let known = rows.rows.clone();
                    rows.rows = (0..200usize)
                        .map(|i| {
                            let mut row = known[i % known.len()].clone();
                            row.partner.about.id = Untrusted::new(format!("p-{i:03}"));
                            row.partner.about.name = Untrusted::new(format!("Partner {i:03} Tools and Dies"));
                            row
                        })
                        .collect();
                    hand.press(&["3"]).tell(Msg::Partners(String::new(), Ok(rows)));
                }
                "messages" => {
                    let mut messages = night::messages();
                    let known = messages.latest.clone();
                    messages.latest = (0..200usize)
                        .map(|i| {
                            let mut message = known[i % known.len()].clone();
                            message.id = NotificationId(1000 + i as u64);
                            message.content.subject =
                                Untrusted::new(format!("Order 45{:05} is late", i * 7919));
                            message
                        })
                        .collect();
                    hand.press(&["4"]).tell(Msg::Messages(Ok(messages)));
                }
                "stream" => {
                    for second in 0..20 {
                        pour(&mut hand, second * 20, 20);
                        hand.wait(1);
                    }
                    hand.wait(5);
                    hand.press(&["2", "k"]);
                }
                _ => {}
            }
            let (key, back) = if place == "stream" { ("k", "j") } else { ("j", "k") };
            for key in [key, back] {
                let bytes = scrolled(&mut hand, &mut frames, key);
                println!("{width}x{height} {place}: {key} takes {bytes} bytes");
                assert!((1..=500).contains(&bytes), "{width}x{height} {place} {key}: {bytes}");
            }
        }
    }
}

#[test]
fn the_detail_follows_the_hand_with_two_kilobytes_at_most() {
    for (width, height) in [(80, 24), (120, 40)] {
        let (mut hand, mut frames) = on(width, height);
        draw(&mut frames, &hand);
        for _ in 0..3 {
            hand.press(&["j"]);
            draw(&mut frames, &hand);
            let rest = hand.model.triage.rests;
            hand.tell(Msg::Rested(rest));
            let known = draw(&mut frames, &hand);
            hand.rest();
            let told = draw(&mut frames, &hand);
            println!("{width}x{height}: the detail takes {known} + {told} bytes");
            assert!(known + told <= 2048, "{width}x{height}: {known} + {told}");
        }
    }
}

/// `many` events come in, as the agent tells them.
fn pour(hand: &mut Hand, from: u64, many: u64) {
    let changes = (from..from + many).map(|n| {
        let summary = format!(
            "Partner {} Tools: late shipment of order 45{:05} raised by grid",
            n * 37 % 101,
            n * 7919 % 100_000
        );
        let mut change =
            night::change(1000 + n, "02:07:40", What::EventReceived, None, &summary, Object::Nothing);
        change.change.partner = Some(Untrusted::new(format!("p-{}", n * 37 % 101)));
        change
    });
    hand.tell(Msg::Changes(changes.collect()));
}

#[test]
fn the_stream_takes_less_than_four_kilobytes_a_second_however_much_happens() {
    for colours in [Colours::Ansi256, Colours::Rgb] {
        for (rate, place) in [(20, "2"), (200, "2"), (2000, "2"), (200, "1")] {
            let (mut hand, mut frames) = full(120, 40);
            hand.press(&[place]);
            let mut draw = |hand: &Hand| {
                let theme = theme(colours, Charset::Unicode);
                frames.draw(|buffer| view::paint(&hand.model, theme, buffer)).unwrap()
            };
            let mut painted = Vec::new();
            for second in 0..5 {
                let mut bytes = 0;
                for batch in 0..10 {
                    pour(&mut hand, second * rate + batch * rate / 10, rate / 10);
                    bytes += draw(&hand);
                }
                hand.wait(1);
                assert!(hand.model.too_fast(), "{rate}");
                bytes += draw(&hand);
                painted.push(bytes);
            }
            let most = painted.iter().skip(2).max().unwrap();
            println!("{colours:?}: {rate} a second take {most} bytes a second on {place}");
            assert!(*most < 4096, "{colours:?} {rate}: {painted:?}");
        }
    }
}
