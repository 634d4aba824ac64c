//! No size and no content breaks the screen or gets anything past the wall.

use crate::hand::{Hand, theme};
use crate::{night, ways};
use nightdesk::console::effect::Effect;
use nightdesk::console::message::Msg;
use nightdesk::console::partners::Thing;
use nightdesk::console::view;
use nightdesk::core::id::AlertId;
use nightdesk::core::template::Measured;
use nightdesk::core::text::{Untrusted, sanitise};
use nightdesk::term::capabilities::{Charset, Colours};
use nightdesk::wire::Snapshot;
use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

/// The night with every word from outside replaced.
fn said_by(words: &str) -> Snapshot {
    let said = || Untrusted::from(words);
    let mut snapshot = night::snapshot();
    for alert in &mut snapshot.alerts {
        alert.title = said();
        alert.partner.name = said();
        alert.partner.tier = Some(said());
        for member in &mut alert.members {
            member.description = Some(said());
            member.case = Some(said());
        }
        for money in &mut alert.at_risk {
            money.currency = said();
        }
    }
    for notification in &mut snapshot.notifications {
        notification.recipient.name = said();
        notification.reason.outcome = Some(said());
        for evidence in &mut notification.evidence {
            evidence.detail = said();
            evidence.by = words.to_owned();
        }
    }
    for task in &mut snapshot.tasks {
        task.title = said();
    }
    for contact in &mut snapshot.contacts {
        contact.name = said();
        contact.notes = said();
        contact.locale = Some(said());
    }
    for numbered in &mut snapshot.recent {
        numbered.change.summary = said();
    }
    // What comes from a configuration gets no easier way in.
    snapshot.desk.name = words.to_owned();
    snapshot.desk.config_note = Some(words.to_owned());
    snapshot.people[1].name = words.to_owned();
    snapshot.sources[0].name = words.to_owned();
    snapshot
}

/// What the places are told, with every word from outside replaced.
fn tell_places(hand: &mut Hand, words: &str) {
    let said = || Untrusted::from(words);
    let mut rows = night::partner_rows();
    for row in &mut rows.rows {
        row.partner.about.name = said();
        row.partner.about.tier = Some(said());
    }
    hand.tell(Msg::Partners(String::new(), Ok(rows)));
    let mut detail = night::partner_detail();
    detail.partner.about.name = said();
    detail.milestones[2].milestone = words.to_owned().into();
    for case in &mut detail.cases {
        case.title = said();
        case.reference = said();
        case.state = words.to_owned().into();
    }
    detail.reviews[0].name = said();
    detail.threads[0].subject = said();
    for known in &mut detail.contacts {
        known.contact.name = said();
        known.contact.roles = vec![said()];
    }
    for message in &mut detail.notifications {
        message.content.subject = said();
        message.recipient.name = said();
    }
    hand.tell(Msg::Partner("acme".into(), Ok(Box::new(detail))));
    let mut messages = night::messages();
    for message in &mut messages.latest {
        message.content.subject = said();
        message.content.body = Untrusted::new(format!("{words}\n{words}"));
        message.reason.outcome = Some(said());
        message.reason.via = said();
        for attempt in &mut message.attempts {
            attempt.answer = Some(said());
            attempt.address = said();
        }
    }
    hand.tell(Msg::Messages(Ok(messages)));
    let mut providers = ways::providers();
    for one in &mut providers {
        one.id = words.to_owned();
        one.channel.last_error = Some(said());
    }
    hand.tell(Msg::Providers(Ok(providers)));
    let mut plan = night::plan();
    for schedule in &mut plan {
        schedule.schedule = words.to_owned();
    }
    hand.tell(Msg::OnCall(Ok(plan)));
    let mut contact = night::contact_detail(&"c-lopez".into());
    for entry in &mut contact.consent {
        entry.words = said();
    }
    hand.tell(Msg::Contact("c-lopez".into(), Ok(Box::new(contact))));
    let mut case = night::case_with_timeline();
    case.thing.title = said();
    case.thing.description = Some(said());
    case.thing.wanted = vec![said()];
    for fact in &mut case.timeline {
        fact.change.summary = said();
    }
    hand.tell(Msg::Templates(Ok(night::templates())));
    let asked = hand.effects.iter().rev().find_map(|effect| match effect {
        Effect::FetchPreview(asked) => Some(asked.clone()),
        _ => None,
    });
    if let Some(asked) = asked {
        let mut shown = night::preview(&asked);
        shown.to = words.to_owned();
        shown.locale = words.to_owned();
        shown.template = Some(words.to_owned());
        shown.subject = shown.subject.map(|_| said());
        shown.body = Untrusted::new(format!("{words}\n{words}"));
        shown.sms = shown.sms.map(|_| Measured::of(shown.body.raw()));
        hand.tell(Msg::Preview(asked, Ok(vec![shown])));
    }
    let of = hand.model.page.as_ref().and_then(|page| page.thing_of());
    if let Some(of) = of {
        hand.tell(Msg::Thing(of, Ok(Box::new(Thing::Case(case)))));
    }
}

fn check(hand: &Hand, width: u16, height: u16, charset: Charset) {
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    let cursor = view::paint(&hand.model, theme(Colours::Rgb, charset), &mut buffer);
    for cell in &buffer.content {
        let symbol = cell.symbol();
        assert_eq!(sanitise(symbol), symbol, "{symbol:?} is on the screen");
        assert!(charset == Charset::Unicode || symbol.is_ascii(), "{symbol:?} is not ASCII");
    }
    assert!(cursor.is_none_or(|at| at.x < width && at.y < height));
    // Every row is exactly as wide as the screen: no wide sign is cut in half, at the end or under another.
    for y in 0..height {
        let mut x = 0;
        while x < width {
            let wide = u16::try_from(buffer[(x, y)].symbol().width()).unwrap().max(1);
            assert!(x + wide <= width, "{:?} at {x},{y} of {width}x{height}", buffer[(x, y)].symbol());
            for under in x + 1..x + wide {
                let symbol = buffer[(under, y)].symbol();
                assert!(symbol.trim().is_empty(), "{symbol:?} stands under a wide sign at {x},{y}");
            }
            x += wide;
        }
    }
}

const WAYS: [&[&str]; 39] = [
    &[],
    &["j"],
    &["Tab", "j"],
    &["Enter", "Ctrl-d"],
    &["2", "k"],
    &["3", "c"],
    &["3", "c", "Enter"],
    &["3", "c", "Enter", "Tab", "Tab"],
    &["3"],
    &["p"],
    &["p", "j"],
    &["p", "Tab"],
    &["p", "Tab", "Tab", "Tab", "Tab", "Tab"],
    &["p", "Tab", "Enter"],
    &["4"],
    &["4", "Enter"],
    &["4", "Enter", "r"],
    &["4", "t"],
    &["4", "t", "Enter"],
    &["4", "t", "j", "Enter", "c"],
    &["e"],
    &["r"],
    &["s"],
    &["n", "x"],
    &["w"],
    &["x"],
    &[":"],
    &["?"],
    &["S"],
    &["S", "3"],
    &["Tab", "w"],
    &["2", "w"],
    &["4", "w"],
    &["4", "v"],
    &["4", "v", "w"],
    &["5"],
    &["5", "w"],
    &["3", "c", "w"],
    &["p", "BackTab", "w"],
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn nothing_breaks_the_screen(
        width in 1u16..=250,
        height in 1u16..=80,
        way in 0usize..WAYS.len(),
        ascii in any::<bool>(),
        words in prop_oneof![
            "\\PC{0,60}",
            ".{0,40}",
            "[\\x00-\\x1f\u{80}-\u{9f}\u{200b}-\u{206f}\u{e0041}a]{0,30}",
            "(a\u{301}{0,40}){0,4}",
            "[漢字かな한글🚚👍🏽é]{0,60}",
            "x{0,300}",
        ],
    ) {
        let mut hand = Hand::on(said_by(&words)).sized(width, height);
        hand.rest();
        for key in WAYS[way] {
            hand.press(&[key]);
            tell_places(&mut hand, &words);
        }
        hand.tell(Msg::Steps(AlertId(8812), Ok(night::steps())));
        hand.press(&["j"]);
        check(&hand, width, height, if ascii { Charset::Ascii } else { Charset::Unicode });
    }
}

#[test]
fn every_size_from_one_cell_on_can_be_painted() {
    for way in WAYS {
        let mut hand = Hand::at_night();
        hand.rest();
        for key in way {
            hand.press(&[key]).answers();
        }
        for width in (1..=250).step_by(13) {
            for height in (1..=80).step_by(7) {
                check(&hand, width, height, Charset::Unicode);
            }
        }
    }
}

#[test]
fn wide_names_keep_the_columns_in_line() {
    let mut snapshot = night::snapshot();
    snapshot.alerts[0].partner.name = "東京製作所株式会社".into();
    snapshot.alerts[1].partner.name = "Cafe\u{301} 🚚 Ltd".into();
    let hand = Hand::on(snapshot);
    let buffer = hand.buffer(theme(Colours::Mono, Charset::Unicode));
    let due = |row: u16| (61..80).find(|x| buffer[(*x, row)].symbol() == ":");
    assert_eq!(due(3), due(4));
    assert_eq!(due(4), due(5));
}
