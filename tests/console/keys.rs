//! What keys may do, whatever they are changed to; what a console that only looks may do; and that
//! a paste never presses keys.

use crate::hand::{Hand, text};
use crate::night;
use nightdesk::config;
use nightdesk::console::effect::Effect;
use nightdesk::console::keymap::{Binding, Context, KEYMAP, Key};
use nightdesk::console::keys::Keys;
use nightdesk::console::look::Looks;
use nightdesk::console::message::Msg;
use nightdesk::core::command::Action as Ask;
use nightdesk::core::id::AlertId;
use nightdesk::term::capabilities::{Background, Capabilities, Charset, Colours};
use nightdesk::term::input::Input;

/// A hand in this place, on a row.
fn in_place(context: Context) -> Hand {
    let mut hand = Hand::at_night();
    hand.rest();
    let keys: &[&str] = match context {
        Context::Alerts | Context::Everywhere => &[],
        Context::Tasks => &["Tab"],
        Context::Stream => &["2", "k"],
        Context::Partners => &["3"],
        Context::Partner => &["p"],
        Context::Contacts => &["3", "c"],
        Context::Messages => &["4"],
        Context::Providers => &["4", "v"],
        Context::Search => &["/", "/", "Enter"],
        Context::People => &["5", "Tab"],
        Context::Sources => &["5", "Tab", "Tab", "Tab"],
        Context::Configuration => &["5", "Tab", "Tab", "Tab", "Tab"],
        Context::OnCall => &["5"],
        Context::Templates => &["4", "t"],
        Context::Preview => &["4", "t", "Enter"],
        Context::Handover => &[],
        // It has no keys of its own.
        Context::Person => &[],
    };
    for key in keys {
        hand.press(&[key]).answers();
    }
    if context == Context::Handover {
        hand.press(&[":"]).type_text("handover").press(&["Enter"]).answers();
    }
    if !matches!(context, Context::Everywhere | Context::Person) {
        assert_eq!(hand.model.context(), context, "there is another way to it now");
    }
    hand.effects.clear();
    hand
}

fn press(hand: &mut Hand, binding: &Binding) {
    match binding.key {
        Key::Char(c) => hand.press(&[&c.to_string()]),
        Key::Ctrl(c) => hand.press(&[&format!("Ctrl-{c}")]),
        Key::Code(code) => hand.tell(Msg::Input(Input::Key(crossterm::event::KeyEvent::new(
            code,
            crossterm::event::KeyModifiers::NONE,
        )))),
    };
}

fn commands(hand: &Hand) -> Vec<&Ask> {
    let mut commands = Vec::new();
    for effect in &hand.effects {
        if let Effect::Command { action, .. } = effect {
            commands.push(action);
        }
    }
    commands
}

#[test]
fn nothing_that_cannot_be_taken_back_sits_on_a_single_key() {
    for binding in KEYMAP {
        let mut hand = in_place(binding.context);
        press(&mut hand, binding);
        let together = hand.effects.iter().any(|effect| matches!(effect, Effect::Together { .. }));
        assert!(!together, "{} acts on several at once", binding.name());
        for asked in commands(&hand) {
            // Taking something is given back with another key; a task is done only where its matter is.
            let harmless = matches!(
                asked,
                Ask::Ack { .. }
                    | Ask::Unack { .. }
                    | Ask::TakeTask { .. }
                    | Ask::DoneTask { anyway: false, .. }
                    | Ask::AcceptHandover { .. }
                    | Ask::RestoreTask { .. }
                    | Ask::KeepAlert { .. }
            );
            assert!(harmless, "{} on {} does {asked:?} at once", binding.name(), binding.key.name());
        }
    }
}

#[test]
fn a_console_that_only_looks_asks_for_nothing_whatever_is_pressed() {
    for binding in KEYMAP {
        let mut hand = in_place(binding.context);
        hand.model.read_only = true;
        press(&mut hand, binding);
        hand.answers().tell(Msg::Steps(AlertId(8812), Ok(night::steps())));
        hand.press(&["x", "Tab", "Enter", "Ctrl-s", "Enter"]);
        assert_eq!(commands(&hand), Vec::<&Ask>::new(), "{}", binding.name());
        let acts = |effect: &Effect| {
            matches!(
                effect,
                Effect::Probe(_) | Effect::Together { .. } | Effect::Retry { .. } | Effect::Keep(_)
            )
        };
        assert!(!hand.effects.iter().any(acts), "{}", binding.name());
    }
    let mut hand = Hand::at_night();
    hand.model.read_only = true;
    hand.press(&["a"]);
    assert_eq!(hand.footer(), "This console is read-only, as it was started with --read-only.");
    assert!(hand.line("live").contains("READ-ONLY"));
}

#[test]
fn a_key_that_was_changed_is_the_one_that_is_shown_everywhere() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "[keys]\ntriage.ack = \"A\"\neverywhere.filter = \"F3\"\n").unwrap();
    let mut hand = Hand::at_night();
    hand.model.keys = Keys::changed_by(&config::console(file.path()).unwrap().keys).unwrap();
    assert!(hand.intent().starts_with("A: you take it, "), "{}", hand.intent());
    assert!(hand.footer().starts_with("A ack "), "{}", hand.footer());
    hand.press(&["a"]);
    assert_eq!(hand.commands(), 0);
    hand.press(&["?"]);
    let line = hand.line("take the alert; on your own");
    let (keys, _) = line.split_once("take the alert").unwrap();
    assert!(keys.trim_end().ends_with(" A"), "{line}");
    hand.press(&["Esc", "A"]);
    assert_eq!(hand.commands(), 1);
}

#[test]
fn every_key_is_in_the_help_and_every_place_has_its_part() {
    let mut hand = Hand::at_night().sized(120, 300);
    hand.press(&["?"]);
    let screen = hand.screen();
    for binding in KEYMAP {
        // Keys that do the same stand on one line.
        let first = KEYMAP.iter().find(|one| (one.context, one.action) == (binding.context, binding.action));
        let binding = first.unwrap();
        let help: String = binding.help.chars().take(40).collect();
        assert!(screen.contains(&help), "{} is not in the help", binding.name());
    }
}

#[test]
fn a_paste_into_a_list_presses_nothing_and_into_a_field_is_text() {
    let paste = |hand: &mut Hand, text: &str| {
        hand.tell(Msg::Input(Input::Paste(text.to_owned())));
    };
    let mut hand = Hand::at_night();
    let before = hand.screen();
    paste(&mut hand, "ae:q\r\nxq");
    assert_eq!((hand.commands(), hand.model.dialog.is_some()), (0, false));
    assert_eq!(hand.screen(), before);
    hand.press(&["/"]);
    paste(&mut hand, "Borg\nSteel\r\n");
    assert_eq!(hand.model.triage.filter.line.text().trim_end(), "Borg Steel");
    hand.press(&["Esc", "n"]);
    paste(&mut hand, "first line\r\nsecond\rthird\u{1b}[2J");
    let shown = hand.screen();
    for line in ["first line", "second", "third<U+001B>[2J"] {
        assert!(shown.contains(line), "{shown}");
    }
    // Chooser and questions take no text at all.
    hand.press(&["Esc", "s"]);
    paste(&mut hand, "1\r");
    assert_eq!(hand.commands(), 0);
}

#[test]
fn a_theme_is_seen_while_it_is_chosen_and_kept_only_with_enter() {
    let capabilities = Capabilities { colours: Colours::Ansi256, charset: Charset::Unicode };
    let mut hand = Hand::at_night();
    hand.model.looks = Looks::built_in(capabilities, Background::Dark);
    hand.model.looks.choose("auto").unwrap();
    let dark = hand.model.theme();
    hand.press(&[":"]).type_text("theme").press(&["Enter"]);
    assert!(text(&hand.buffer(dark)).contains("Enter keeps it"));
    hand.press(&["j", "j", "j"]);
    assert_ne!(hand.model.theme(), dark);
    hand.press(&["Esc"]);
    assert_eq!(hand.model.theme(), dark);
    hand.press(&[":"]).type_text("theme light");
    assert_ne!(hand.model.theme(), dark, "it is shown before it is chosen");
    hand.press(&["Enter"]);
    assert_eq!(hand.model.looks.chosen(), "light");
    assert_eq!(hand.footer(), "light; in the configuration: [console] theme = \"light\"");
    hand.press(&[":"]).type_text("theme nonsense").press(&["Enter"]);
    assert!(
        hand.footer().starts_with("There is no theme \"nonsense\"; there are auto, dark,"),
        "{}",
        hand.footer()
    );
}

#[test]
fn no_background_is_ever_painted() {
    use nightdesk::console::colours::{BUILT_IN, Palette};
    use nightdesk::console::theme::Theme;
    for (name, file) in BUILT_IN {
        let palette = Palette::parse(file, std::path::Path::new(name)).unwrap();
        for colours in [Colours::Mono, Colours::Ansi16, Colours::Ansi256, Colours::Rgb] {
            let theme = Theme::new(&palette, Capabilities { colours, charset: Charset::Unicode });
            for cell in &Hand::at_night().sized(120, 40).buffer(theme).content {
                assert_eq!(cell.bg, ratatui::style::Color::Reset);
                assert!(colours != Colours::Mono || cell.fg == ratatui::style::Color::Reset);
            }
        }
    }
}

/// `docs/keys.md` is written from the table; with `NIGHTDESK_WRITE_DOCS=1` this test writes it.
#[test]
fn the_page_of_keys_is_the_table() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/keys.md");
    let page = nightdesk::console::keys::page();
    if std::env::var_os("NIGHTDESK_WRITE_DOCS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "docs/keys.md is not what the table says; NIGHTDESK_WRITE_DOCS=1 writes it anew"
    );
}
