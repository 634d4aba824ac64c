//! How much is written to the terminal. Over a slow line at night every byte is a wait.

use crate::hand::{Hand, theme};
use crate::night;
use nightdesk::console::view;
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
