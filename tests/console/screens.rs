//! The screens as they look, at the two sizes that are meant and in the looks that exist.

use crate::hand::{Hand, text, theme};
use crate::night;
use nightdesk::console::message::Msg;
use nightdesk::core::id::AlertId;
use nightdesk::term::capabilities::{Charset, Colours};
use ratatui::style::Color;

#[test]
fn triage_at_80x24() {
    let mut hand = Hand::at_night();
    hand.rest();
    insta::assert_snapshot!(hand.screen());
}

#[test]
fn triage_at_120x40() {
    let mut hand = Hand::at_night().sized(120, 40);
    hand.rest();
    insta::assert_snapshot!(hand.screen());
}

#[test]
fn triage_at_200x60() {
    let mut hand = Hand::at_night().sized(200, 60);
    hand.rest();
    insta::assert_snapshot!(hand.screen());
}

#[test]
fn triage_in_ascii() {
    let mut hand = Hand::at_night();
    hand.rest();
    let screen = text(&hand.buffer(theme(Colours::Mono, Charset::Ascii)));
    assert!(screen.is_ascii(), "{screen}");
    insta::assert_snapshot!(screen);
}

#[test]
fn a_task_in_hand() {
    let mut hand = Hand::at_night();
    hand.press(&["Tab", "j"]).rest();
    insta::assert_snapshot!(hand.screen());
}

#[test]
fn a_calm_night() {
    insta::assert_snapshot!(Hand::on(night::quiet()).screen());
}

#[test]
fn who_is_on_call_and_what_is_asked_before_it_changes() {
    for (width, height) in [(80, 24), (120, 40)] {
        let mut hand = Hand::at_night().sized(width, height);
        hand.press(&["5"]).answers().press(&["j", "j", "j"]);
        insta::assert_snapshot!(format!("on_call_at_{width}x{height}"), hand.screen());
        hand.press(&["o"]);
        insta::assert_snapshot!(format!("on_call_override_at_{width}x{height}"), hand.screen());
        hand.press(&["Esc", "j", "j", "x"]);
        insta::assert_snapshot!(format!("on_call_take_back_at_{width}x{height}"), hand.screen());
        hand.press(&["Esc", "s"]);
        insta::assert_snapshot!(format!("on_call_swap_at_{width}x{height}"), hand.screen());
        hand.press(&["Esc", "/"]).type_text("nobody").press(&["Enter"]);
        insta::assert_snapshot!(format!("on_call_gaps_at_{width}x{height}"), hand.screen());
    }
    let mut hand = Hand::at_night();
    hand.press(&["5"]).answers().press(&["o"]);
    let screen = text(&hand.buffer(theme(Colours::Mono, Charset::Ascii)));
    assert!(screen.is_ascii(), "{screen}");
}

#[test]
fn the_stream() {
    let mut hand = Hand::at_night();
    hand.press(&["2", "k"]);
    insta::assert_snapshot!(hand.screen());
}

#[test]
fn the_contacts_and_one_of_them() {
    let mut hand = Hand::at_night();
    hand.press(&["3", "c"]);
    insta::assert_snapshot!("contacts", hand.screen());
    hand.press(&["j", "j", "Enter"]);
    insta::assert_snapshot!("contact", hand.screen());
}

#[test]
fn the_partners() {
    for (name, size) in [("partners_at_80x24", (80, 24)), ("partners_at_120x40", (120, 40))] {
        let mut hand = Hand::at_night().sized(size.0, size.1);
        hand.press(&["3"]).answers();
        insta::assert_snapshot!(name, hand.screen());
    }
}

#[test]
fn a_partner_and_the_views_of_it() {
    let mut hand = Hand::at_night();
    hand.press(&["p"]).answers();
    insta::assert_snapshot!("partner_at_80x24", hand.screen());
    hand.press(&["j"]);
    hand.press(&["Enter"]).answers();
    insta::assert_snapshot!("case", hand.screen());
    hand.press(&["Esc", "Tab"]);
    insta::assert_snapshot!("partner_cases", hand.screen());
    hand.press(&["Tab", "Tab", "Tab"]);
    insta::assert_snapshot!("partner_onboarding", hand.screen());
    hand.press(&["Tab", "Tab", "Tab"]);
    insta::assert_snapshot!("partner_conflicts", hand.screen());
    let mut hand = Hand::at_night().sized(120, 40);
    hand.press(&["p"]).answers();
    insta::assert_snapshot!("partner_at_120x40", hand.screen());
}

#[test]
fn the_messages_and_one_of_them() {
    let mut hand = Hand::at_night();
    hand.press(&["4"]).answers();
    insta::assert_snapshot!("messages_at_80x24", hand.screen());
    hand.press(&["j", "Enter"]);
    insta::assert_snapshot!("message", hand.screen());
    hand.press(&["r"]).answers();
    insta::assert_snapshot!("message_resend", hand.screen());
    let mut hand = Hand::at_night().sized(120, 40);
    hand.press(&["4"]).answers();
    insta::assert_snapshot!("messages_at_120x40", hand.screen());
}

#[test]
fn the_templates_and_how_one_reads_to_whom() {
    for (size, at) in [((80, 24), "80x24"), ((120, 40), "120x40")] {
        let mut hand = Hand::at_night().sized(size.0, size.1);
        hand.press(&[":"]).type_text("templates").press(&["Enter"]).answers();
        insta::assert_snapshot!(format!("templates_at_{at}"), hand.screen());
        hand.press(&["/"]).type_text("case-status").press(&["Enter", "Enter"]).answers();
        insta::assert_snapshot!(format!("template_mail_at_{at}"), hand.screen());
        hand.press(&["o", "c"]).type_text("ames");
        insta::assert_snapshot!(format!("template_reader_at_{at}"), hand.screen());
        hand.press(&["Enter"]).answers().press(&["l"]).answers();
        insta::assert_snapshot!(format!("template_sms_at_{at}"), hand.screen());
    }
}

#[test]
fn places_in_which_nothing_is_known_yet_say_what_comes() {
    use nightdesk::wire::partner::{Messages, PartnerRows};
    let mut hand = Hand::on(night::quiet());
    hand.press(&["3"]);
    hand.tell(Msg::Partners(String::new(), Ok(PartnerRows { rows: Vec::new(), more: false })));
    insta::assert_snapshot!("no_partner_yet", hand.screen());
    hand.press(&["4"]);
    hand.tell(Msg::Messages(Ok(Messages::default())));
    insta::assert_snapshot!("no_message_yet", hand.screen());
}

#[test]
fn the_escalation_names_who_is_woken_and_when_it_is_there() {
    let mut hand = Hand::at_night();
    hand.press(&["e"]);
    hand.tell(Msg::Steps(AlertId(8812), Ok(night::steps())));
    hand.press(&["j"]);
    insta::assert_snapshot!(hand.screen());
}

#[test]
fn the_other_dialogs() {
    for (name, keys) in [
        ("resend", ["r"]),
        ("snooze", ["s"]),
        ("note", ["n"]),
        ("why", ["w"]),
        ("palette", [":"]),
        ("help", ["?"]),
    ] {
        let mut hand = Hand::at_night();
        hand.rest().press(&keys).answers();
        insta::assert_snapshot!(name, hand.screen());
    }
}

#[test]
fn every_meaning_survives_without_colour_and_no_background_is_painted() {
    let mut hand = Hand::at_night().sized(120, 40);
    hand.rest();
    let words = hand.screen();
    for colours in [Colours::Mono, Colours::Ansi16, Colours::Ansi256, Colours::Rgb] {
        let buffer = hand.buffer(theme(colours, Charset::Unicode));
        assert_eq!(text(&buffer), words);
        assert!(buffer.content.iter().all(|cell| cell.bg == Color::Reset));
        let coloured = buffer.content.iter().any(|cell| cell.fg != Color::Reset);
        assert_eq!(coloured, colours != Colours::Mono);
    }
}

#[test]
fn triage_in_sixteen_colours() {
    let mut hand = Hand::at_night();
    hand.rest();
    let buffer = hand.buffer(theme(Colours::Ansi16, Charset::Unicode));
    insta::assert_snapshot!(coloured(&buffer));
}

/// Each row as the runs that have a colour or a weight of their own.
fn coloured(buffer: &ratatui::buffer::Buffer) -> String {
    let mut rows = String::new();
    for y in 0..buffer.area.height {
        let mut runs: Vec<(String, String)> = Vec::new();
        for x in 0..buffer.area.width {
            let cell = &buffer[(x, y)];
            let look = format!("{:?} {:?}", cell.fg, cell.modifier)
                .replace("Modifier(NONE)", "")
                .replace("Modifier", "");
            match runs.last_mut() {
                Some((known, text)) if *known == look => text.push_str(cell.symbol()),
                _ => runs.push((look, cell.symbol().to_owned())),
            }
        }
        for (look, text) in runs.iter().filter(|(look, text)| look != "Reset NONE" && !text.trim().is_empty())
        {
            let text = text.trim().trim_matches('─');
            if !text.is_empty() {
                rows.push_str(&format!("{y:>2} {:<16} {text}\n", look.trim()));
            }
        }
    }
    rows
}

#[test]
fn a_digest_is_previewed_as_mail_then_as_page_then_in_its_phrases() {
    let mut hand = Hand::at_night().sized(120, 40);
    hand.press(&[":"]).type_text("templates").press(&["Enter"]).answers();
    hand.press(&["/"]).type_text("digest").press(&["Enter", "Enter"]).answers();
    insta::assert_snapshot!("template_digest_mail", hand.screen());
    hand.press(&["o"]).answers().press(&["l"]).answers();
    insta::assert_snapshot!("template_digest_page", hand.screen());
    hand.press(&["o"]).answers();
    insta::assert_snapshot!("template_digest_phrases", hand.screen());
    hand.press(&["o"]).answers();
    assert!(hand.screen().contains("digest by mail to"), "{}", hand.screen());
}

#[test]
fn an_sms_that_must_be_ucs2_shows_its_parts_and_the_character_that_forces_it() {
    use nightdesk::console::effect::Effect;
    use nightdesk::core::template::Measured;
    let mut hand = Hand::at_night();
    hand.press(&[":"]).type_text("templates").press(&["Enter"]).answers();
    hand.press(&["j", "Enter"]);
    let asked = hand.effects.iter().find_map(|effect| match effect {
        Effect::FetchPreview(asked) => Some(asked.clone()),
        _ => None,
    });
    let asked = asked.unwrap();
    let mut shown = night::preview(&asked);
    let body = "Northwind Service Desk: CASE-771 Two pallets short on PO-450017 (株式会社 Sakura) wants an \
                answer by 27 Nov 2026 12:00 CET; T214.";
    shown.body = body.into();
    shown.sms = Some(Measured::of(body));
    hand.tell(Msg::Preview(asked, Ok(vec![shown])));
    insta::assert_snapshot!("template_ucs2_at_80x24", hand.screen());
}
