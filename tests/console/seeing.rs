//! What an operator sees: why anything is so, rows in the order wanted, nothing that moves under the hand,
//! and times on the right clock.

use crate::hand::{Hand, text, theme};
use crate::{night, ways};
use jiff::tz::TimeZone;
use nightdesk::console::clock::zone_named;
use nightdesk::console::effect::Effect;
use nightdesk::console::message::Msg;
use nightdesk::console::view;
use nightdesk::core::change::{Change, Numbered, Object, What};
use nightdesk::core::exchange::Exchange;
use nightdesk::core::money::Money;
use nightdesk::core::notification::{Hold, NotificationState};
use nightdesk::term::capabilities::{Charset, Colours};
use nightdesk::term::frames::Frames;
use nightdesk::wire::partner::PartnerRows;
use std::collections::BTreeMap;

/// The words on the screen, without line breaks and frames.
fn words(hand: &Hand) -> String {
    let screen = hand.screen().replace(['│', '─', '▌'], " ");
    screen.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn says(hand: &Hand, wanted: &[&str]) {
    let words = words(hand);
    for wanted in wanted {
        assert!(words.contains(wanted), "no {wanted:?} in\n{}", hand.screen());
    }
}

#[test]
fn why_is_answered_on_a_task_with_whose_it_is_and_what_ends_it() {
    let mut hand = Hand::at_night();
    hand.press(&["Tab", "j", "w"]);
    says(
        &hand,
        &["why T301", "cannot be reached", "nobody has taken it", "by itself when the address is mended"],
    );
    insta::assert_snapshot!("why_task", hand.screen());
    let mut hand = Hand::at_night().sized(100, 50);
    hand.press(&["Tab", "j", "j", "j", "w"]);
    says(&hand, &["T302", "the answer was lost", "d says what became of it"]);
}

#[test]
fn why_is_answered_on_a_message_whether_it_arrived_waits_or_never_left() {
    let mut messages = night::messages();
    let shape = messages.latest[0].clone();
    for (id, state, hold, outcome) in [
        (901, NotificationState::Suppressed, None, "they said STOP on 12 Nov"),
        (902, NotificationState::Held, Some(Hold::Throttled), "11 texts within the hour"),
        (903, NotificationState::Held, Some(Hold::QuietHours), "it is 21:07 there"),
    ] {
        let mut one = shape.clone();
        one.id.0 = id;
        (one.state, one.hold) = (state, hold);
        one.reason.outcome = Some(outcome.into());
        (one.attempts, one.evidence) = (vec![], vec![]);
        messages.latest.push(one);
    }
    let mut hand = Hand::at_night();
    hand.press(&["4"]);
    hand.tell(Msg::Messages(Ok(messages)));
    for (id, wanted) in [
        ("N901", ["they said STOP", "Only the recipient ends an opt-out"]),
        ("N902", ["11 texts within the hour", "a first page of an urgent alert is never held"]),
        ("N903", ["it is 21:07 there", "when their quiet hours end"]),
    ] {
        hand.press(&["/"]).type_text(id).press(&["Enter", "w"]);
        says(&hand, &[&format!("why {id}")]);
        says(&hand, &wanted);
        says(&hand, &["configuration", "provider"]);
        hand.press(&["Esc", "Esc"]);
    }
    hand.press(&["/"]).type_text("N47").press(&["Enter", "w"]);
    insta::assert_snapshot!("why_message", hand.screen());
}

#[test]
fn why_is_answered_on_a_turn_on_call_with_what_the_plan_was() {
    let mut hand = Hand::at_night();
    hand.press(&["5"]).answers().press(&["w"]);
    says(&hand, &["You are on call by primary", "the rotation of the configuration says so"]);
    says(&hand, &["Open alerts whose policy pages this schedule: A8809, A8812"]);
    hand.press(&["Esc", "j", "j", "j", "w"]);
    says(&hand, &["O3 instead of J.Roth", "without it: J.Roth"]);
    insta::assert_snapshot!("why_turn", hand.screen());
    hand.press(&["Esc", "/"]).type_text("nobody").press(&["Enter", "w"]);
    says(&hand, &["Nobody is on call by overseas", "goes on to the next at once"]);
}

#[test]
fn why_is_answered_on_a_contact_with_their_own_words() {
    let mut hand = Hand::at_night();
    hand.press(&["3", "c", "j", "j", "w"]);
    assert!(
        hand.effects.iter().any(|effect| matches!(effect, Effect::FetchContact(_))),
        "{:?}",
        hand.effects
    );
    hand.answers();
    says(&hand, &["why Ana Lopez", "STOP PLEASE", "by a reply (R12)", "ended SMS"]);
    insta::assert_snapshot!("why_contact", hand.screen());
}

#[test]
fn why_is_answered_on_what_differs_and_on_a_provider_that_is_left() {
    let mut hand = Hand::at_night();
    let mut detail = night::partner_detail();
    detail.conflicts = vec![night::conflict()];
    hand.press(&["p"]);
    hand.tell(Msg::Partner("acme".into(), Ok(Box::new(detail))));
    hand.press(&["BackTab", "w"]);
    says(&hand, &["why it differs", "a person chooses", "messages go to what the desk has"]);
    let mut hand = Hand::at_night();
    hand.press(&[":"]).type_text("providers").press(&["Enter"]);
    hand.tell(Msg::Providers(Ok(ways::providers())));
    hand.press(&["w"]);
    says(&hand, &["why kannel", "is not used since", "taken back slowly", "connection refused"]);
}

#[test]
fn why_says_where_it_has_no_answer() {
    let mut hand = Hand::at_night();
    hand.press(&["3"]).answers().press(&["w"]);
    assert!(hand.footer().contains("Enter, then w on a row of theirs"), "{}", hand.footer());
}

/// The ids of the alerts on the screen, from the top.
fn order(hand: &Hand) -> Vec<u64> {
    hand.model.triage.alerts.order().iter().map(|id| id.0).collect()
}

#[test]
fn triage_is_sorted_by_what_one_asks_for_and_says_so_in_the_head() {
    let mut hand = Hand::at_night().sized(120, 40);
    assert_eq!(order(&hand), [8812, 8809, 8801, 8797]);
    hand.press(&["S"]);
    insta::assert_snapshot!("sort", hand.screen());
    hand.press(&["3"]);
    assert_eq!(order(&hand), [8809, 8812, 8797, 8801]);
    assert!(hand.line("PARTNER").contains("RISK↓"), "{}", hand.screen());
    for (digit, head, first) in
        [("2", "NEXT↓", 8812), ("4", "DUE↓", 8812), ("5", "AGE↓", 8797), ("6", "PARTNER↓", 8812)]
    {
        hand.press(&["S", digit]);
        assert!(hand.line("PARTNER").contains(head), "{}", hand.screen());
        assert_eq!(order(&hand)[0], first, "{head}");
    }
    hand.press(&["S", "1"]);
    assert!(!hand.line("PARTNER").contains('↓'));
    assert_eq!(order(&hand), [8812, 8809, 8801, 8797]);
}

#[test]
fn money_of_two_currencies_is_compared_only_where_the_configuration_says_how() {
    let mut snapshot = night::snapshot();
    // Ten times as many, each worth a hundredth.
    let yen = Money { cents: 840_000_000, currency: "JPY".into() };
    let delta = snapshot.alerts.iter_mut().find(|alert| alert.id.0 == 8801).unwrap();
    delta.at_risk = vec![yen];
    let mut hand = Hand::on(snapshot.clone()).sized(120, 40);
    hand.press(&["S", "3"]);
    assert_eq!(order(&hand), [8809, 8812, 8797, 8801], "each currency for itself");
    assert!(hand.footer().contains("Each currency stands apart"), "{}", hand.footer());
    says(&hand, &["€1.3M + JPY8.4M at risk"]);

    snapshot.desk.exchange = Some(Exchange {
        into: "EUR".into(),
        rates: BTreeMap::from([("JPY".into(), 0.01)]),
        as_of: "2026-11-02".parse().unwrap(),
    });
    let mut hand = Hand::on(snapshot).sized(120, 40);
    hand.press(&["S", "3"]);
    assert_eq!(order(&hand), [8809, 8812, 8801, 8797], "8.4 million yen are 84,000 euros");
    says(&hand, &["about €1.4M at risk"]);
}

#[test]
fn deadlines_name_the_partners_clock_where_it_shows_something_else() {
    let mut hand = Hand::at_night();
    hand.rest();
    says(&hand, &["due 06:00 (00:00 EST there)"]);
    let mut hand = Hand::at_night().sized(200, 60);
    hand.rest();
    let row = hand.line("A8812");
    assert!(row.contains("06:00   00:00 EST"), "{row}");
    assert!(!hand.line("A8809").contains("EST"), "the zone of Borg Steel is not known");
}

#[test]
fn times_are_on_the_operators_clock_their_own_before_that_of_their_machine() {
    let mut snapshot = night::snapshot();
    let mut hand = Hand::on(snapshot.clone());
    hand.model.local = zone_named("Asia/Kolkata");
    hand.tell(Msg::Snapshot(Box::new(snapshot.clone())));
    assert!(hand.line("nightdesk").contains("Tue 03:07 CET"), "Kim's own zone is set");
    if let Some(me) = &mut snapshot.me.person {
        me.time_zone = None;
    }
    hand.tell(Msg::Snapshot(Box::new(snapshot.clone())));
    assert!(hand.line("nightdesk").contains("Tue 07:37 IST"), "{}", hand.screen());
    hand.model.local = None;
    hand.tell(Msg::Snapshot(Box::new(snapshot)));
    assert!(hand.line("nightdesk").contains("Tue 03:07 CET"), "the desk's own");
    assert_eq!(zone_named(":Europe/Oslo"), TimeZone::get("Europe/Oslo").ok());
    assert_eq!((zone_named(""), zone_named(":/etc/localtime")), (None, None));
}

#[test]
fn a_newcomer_is_told_where_the_keys_are_until_they_have_found_them() {
    let mut hand = Hand::at_night();
    hand.model.newcomer = true;
    says(&hand, &["new here?", "? shows all keys"]);
    hand.press(&["?"]);
    assert!(hand.effects.contains(&Effect::Seen));
    hand.press(&["Esc"]);
    assert!(!words(&hand).contains("new here?"));
}

#[test]
fn the_help_of_every_place_names_its_keys_and_its_words() {
    for (keys, wanted) in [
        (&[][..], ["on an alert", "TOLD"]),
        (&["2"], ["in the Stream", "chart"]),
        (&["3"], ["in Partners", "LOAD"]),
        (&["4"], ["in Messages", "delivered"]),
        (&["4", "v"], ["in Providers", "TAKEN"]),
        (&["5"], ["in On call", "picture"]),
        (&["3", "c"], ["in Contacts", "QUIET"]),
    ] {
        let mut hand = Hand::at_night().sized(100, 60);
        hand.press(keys).answers();
        hand.press(&["?"]);
        let screen = hand.screen();
        let first = screen.lines().nth(2).unwrap();
        assert!(first.contains(wanted[0]), "{keys:?}: {first}");
        says(&hand, &wanted);
    }
}

#[test]
fn help_is_read_to_its_end_at_80x24_and_says_why_a_key_does_nothing_now() {
    let mut hand = Hand::at_night();
    hand.press(&["?"]);
    says(&hand, &["not now: nobody has taken it"]);
    for _ in 0..40 {
        hand.press(&["d"]);
    }
    says(&hand, &[":redraw", "draw the screen anew"]);
}

fn arrives(hand: &mut Hand, change: Change) {
    let seq = hand.model.desk.as_ref().unwrap().seq + 1;
    hand.tell(Msg::Changes(vec![Numbered { seq, change }]));
}

#[test]
fn in_every_list_new_rows_wait_while_the_hand_is_on_it() {
    // Contacts.
    let mut hand = Hand::at_night();
    hand.press(&["3", "c", "j"]);
    let before = hand.selected_line();
    let fresh = Object::Contact(Box::new(night::contact("c-aaa", "acme", "Aaron Able")));
    let change = night::change(1, "02:07:39", What::ContactCreated, None, "Aaron Able is new", fresh);
    arrives(&mut hand, change.change);
    assert_eq!(hand.selected_line(), before);
    says(&hand, &["1 new ↑ g"]);
    assert!(!words(&hand).contains("Aaron"));
    hand.press(&["g"]);
    says(&hand, &["Aaron Able"]);

    // Providers.
    let mut hand = Hand::at_night();
    hand.press(&["4", "v"]);
    let mut known = ways::providers();
    let newest = known.remove(0);
    hand.tell(Msg::Providers(Ok(known.clone())));
    hand.press(&["j"]);
    let before = hand.selected_line();
    known.insert(0, newest);
    hand.tell(Msg::Providers(Ok(known)));
    assert_eq!(hand.selected_line(), before);
    says(&hand, &["1 new ↑ g"]);
    hand.wait(21);
    assert!(!words(&hand).contains("1 new"), "the hand is off, so it is taken in");

    // Partners, and the page of one.
    let mut hand = Hand::at_night();
    let mut rows = night::partner_rows();
    let first = rows.rows.remove(0);
    hand.press(&["3"]);
    hand.tell(Msg::Partners(String::new(), Ok(PartnerRows { rows: rows.rows.clone(), more: false })));
    hand.press(&["j"]);
    let before = hand.selected_line();
    rows.rows.insert(0, first);
    hand.tell(Msg::Partners(String::new(), Ok(rows)));
    assert_eq!(hand.selected_line(), before);
    says(&hand, &["1 new ↑ g"]);
    let mut hand = Hand::at_night();
    hand.press(&["p"]);
    let mut detail = night::partner_detail();
    let case = detail.cases.remove(0);
    hand.tell(Msg::Partner("acme".into(), Ok(Box::new(detail.clone()))));
    hand.press(&["j"]);
    let before = hand.selected_line();
    detail.cases.insert(0, case);
    hand.tell(Msg::Partner("acme".into(), Ok(Box::new(detail))));
    assert_eq!(hand.selected_line(), before);
    says(&hand, &["1 new ↑ g"]);
}

#[test]
fn the_partner_beside_the_detail_is_told_whole_on_a_wide_screen() {
    for (name, size) in [("beside_at_120x40", (120, 40)), ("beside_at_200x60", (200, 60))] {
        let mut hand = Hand::at_night().sized(size.0, size.1);
        hand.press(&["j", "k"]).rest().answers();
        says(&hand, &["coordinator J.Roth", "2 cases", "1 review", "Can we reach them?", "Last told"]);
        insta::assert_snapshot!(name, hand.screen());
    }
}

#[test]
fn each_message_of_the_timeline_brings_its_evidence_where_there_is_room() {
    let mut hand = Hand::at_night().sized(120, 40);
    hand.rest();
    says(&hand, &["delivered by handset receipt", "N45: step 1, on call: primary", "configuration 12"]);
    let mut hand = Hand::at_night();
    hand.rest();
    assert!(!words(&hand).contains("N45: step 1"));
    hand.press(&["Enter"]);
    insta::assert_snapshot!("zoomed_at_80x24", hand.screen());
}

#[test]
fn severity_has_a_shape_and_a_word_beside_its_colour() {
    let hand = Hand::at_night();
    assert!(hand.line("Blocked order").contains("▲ CRIT"));
    assert!(hand.line("Borg Steel  Late").contains("◆ HIGH"));
    let ascii = text(&hand.buffer(theme(Colours::Mono, Charset::Ascii)));
    assert!(ascii.contains("! CRIT") && ascii.contains("O HIGH"), "{ascii}");
}

#[test]
fn in_ascii_a_sign_means_one_thing_and_whom_a_message_missed_is_named() {
    let mut hand = Hand::at_night();
    hand.press(&["Space", "j"]);
    let ascii = text(&hand.buffer(theme(Colours::Mono, Charset::Ascii)));
    assert!(ascii.contains("+you xRoth"), "{ascii}");
    assert!(ascii.contains("!*CRIT"), "a star is a mark and nothing else: {ascii}");
    assert_eq!(ascii.matches('*').count(), 1, "{ascii}");
}

#[test]
fn every_place_at_three_sizes_and_in_ascii() {
    for (name, keys) in
        [("stream", &["2"][..]), ("partners", &["3"]), ("messages", &["4"]), ("providers", &["4", "v"])]
    {
        for (width, height) in [(80, 24), (120, 40), (200, 60)] {
            let mut hand = Hand::at_night().sized(width, height);
            hand.press(keys).answers();
            insta::assert_snapshot!(format!("{name}_at_{width}x{height}"), hand.screen());
        }
        let mut hand = Hand::at_night().sized(120, 40);
        hand.press(keys).answers();
        let ascii = text(&hand.buffer(theme(Colours::Mono, Charset::Ascii)));
        assert!(ascii.is_ascii(), "{ascii}");
        insta::assert_snapshot!(format!("{name}_in_ascii"), ascii);
    }
}

#[test]
fn the_detail_of_the_row_one_rests_on_follows_within_two_kilobytes() {
    let mut hand = Hand::at_night().sized(120, 40);
    hand.rest().answers();
    let mut frames = Frames::new(Vec::new(), 120, 40);
    let mut draw = |hand: &Hand| {
        let theme = theme(Colours::Ansi256, Charset::Unicode);
        frames.draw(|buffer| view::paint(&hand.model, theme, buffer)).unwrap()
    };
    draw(&hand);
    let mut most = 0;
    for key in ["j", "j", "j", "k"] {
        hand.press(&[key]);
        draw(&hand);
        // What the console has by itself, then what the agent says of the alert, then of its partner.
        let mut followed = 0;
        for _ in 0..2 {
            let rest = hand.model.triage.rests;
            hand.tell(Msg::Rested(rest));
            followed += draw(&hand);
        }
        hand.rest();
        followed += draw(&hand);
        println!("120x40: the detail follows in {followed} bytes");
        most = most.max(followed);
    }
    assert!(most <= 2_048, "{most}");
}
