//! An operator's hand and eye: presses keys, lets time pass, reads the screen.

use crate::night;
use crate::ways;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::{SignedDuration, Timestamp};
use nightdesk::console::colours::{BUILT_IN, Palette};
use nightdesk::console::effect::Effect;
use nightdesk::console::message::Msg;
use nightdesk::console::model::Model;
use nightdesk::console::partners::Thing;
use nightdesk::console::theme::Theme;
use nightdesk::console::update::update;
use nightdesk::console::view;
use nightdesk::core::change::Numbered;
use nightdesk::core::command::{Action, Expect, Outcome, Refusal, RefusalCode};
use nightdesk::core::id::AlertId;
use nightdesk::core::together::One;
use nightdesk::term::capabilities::{Capabilities, Charset, Colours};
use nightdesk::term::input::Input;
use nightdesk::wire::Snapshot;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::path::Path;

pub struct Hand {
    pub model: Model,
    pub clock: Timestamp,
    pub effects: Vec<Effect>,
    /// What the agent was told that the operator looks at, the newest last.
    pub looks: Vec<Option<AlertId>>,
    pub size: (u16, u16),
}

pub fn theme(colours: Colours, charset: Charset) -> Theme {
    let palette = Palette::parse(BUILT_IN[0].1, Path::new("dark.toml")).unwrap();
    Theme::new(&palette, Capabilities { colours, charset })
}

pub fn key(name: &str) -> KeyEvent {
    let (code, modifiers) = match name {
        "Enter" => (KeyCode::Enter, KeyModifiers::NONE),
        "Esc" => (KeyCode::Esc, KeyModifiers::NONE),
        "BackTab" => (KeyCode::BackTab, KeyModifiers::NONE),
        "Tab" => (KeyCode::Tab, KeyModifiers::NONE),
        "Down" => (KeyCode::Down, KeyModifiers::NONE),
        "Up" => (KeyCode::Up, KeyModifiers::NONE),
        "Left" => (KeyCode::Left, KeyModifiers::NONE),
        "Right" => (KeyCode::Right, KeyModifiers::NONE),
        "PgDn" => (KeyCode::PageDown, KeyModifiers::NONE),
        "PgUp" => (KeyCode::PageUp, KeyModifiers::NONE),
        "F5" => (KeyCode::F(5), KeyModifiers::NONE),
        "Space" => (KeyCode::Char(' '), KeyModifiers::NONE),
        "Backspace" => (KeyCode::Backspace, KeyModifiers::NONE),
        _ => match name.strip_prefix("Ctrl-") {
            Some(letter) => (KeyCode::Char(letter.chars().next().unwrap()), KeyModifiers::CONTROL),
            None => (KeyCode::Char(name.chars().next().unwrap()), KeyModifiers::NONE),
        },
    };
    KeyEvent::new(code, modifiers)
}

impl Hand {
    pub fn on(snapshot: Snapshot) -> Self {
        let clock = night::now();
        let mut hand =
            Self { model: Model::new(clock), clock, effects: Vec::new(), looks: Vec::new(), size: (80, 24) };
        hand.tell(Msg::Snapshot(Box::new(snapshot)));
        hand.effects.clear();
        hand
    }

    pub fn at_night() -> Self {
        Self::on(night::snapshot())
    }

    pub fn sized(mut self, width: u16, height: u16) -> Self {
        self.size = (width, height);
        self.tell(Msg::Size(width, height));
        self
    }

    pub fn tell(&mut self, msg: Msg) -> &mut Self {
        self.fold(Msg::Clock(self.clock));
        self.fold(msg);
        self
    }

    /// Presses keys by name, half a second apart.
    pub fn press(&mut self, keys: &[&str]) -> &mut Self {
        for name in keys {
            self.clock += SignedDuration::from_millis(500);
            self.tell(Msg::Input(Input::Key(key(name))));
        }
        self
    }

    pub fn type_text(&mut self, text: &str) -> &mut Self {
        for c in text.chars() {
            self.press(&[&c.to_string()]);
        }
        self
    }

    pub fn wait(&mut self, seconds: i64) -> &mut Self {
        self.clock += SignedDuration::from_secs(seconds);
        self.fold(Msg::Clock(self.clock));
        self
    }

    fn fold(&mut self, msg: Msg) {
        for effect in update(&mut self.model, msg) {
            match effect {
                Effect::Look(alert) => self.looks.push(alert),
                effect => self.effects.push(effect),
            }
        }
    }

    /// Lets the selection rest, and answers with the detail.
    pub fn rest(&mut self) -> &mut Self {
        for _ in 0..2 {
            let rest = self.model.triage.rests;
            self.tell(Msg::Rested(rest));
        }
        if let Some(alert) = self.model.selected_alert().map(|alert| alert.id) {
            let detail = night::detail(alert.0);
            self.tell(Msg::Detail(alert, Ok(Box::new(detail))));
        }
        self
    }

    /// The agent answers whatever the places asked it.
    pub fn answers(&mut self) -> &mut Self {
        let asked: Vec<Effect> = std::mem::take(&mut self.effects);
        for effect in asked {
            let answer = match effect {
                Effect::FetchPartners(find) => Msg::Partners(find, Ok(night::partner_rows())),
                Effect::FetchPartner(id) => Msg::Partner(id, Ok(Box::new(night::partner_detail()))),
                Effect::FetchContact(id) => {
                    let detail = night::contact_detail(&id);
                    Msg::Contact(id, Ok(Box::new(detail)))
                }
                Effect::FetchMessages => Msg::Messages(Ok(night::messages())),
                Effect::FetchProviders => Msg::Providers(Ok(ways::providers())),
                Effect::Plan(asked) => {
                    let planned = ways::planned(&asked);
                    Msg::Planned(asked, Ok(planned))
                }
                Effect::FetchOnCall => Msg::OnCall(Ok(night::plan())),
                Effect::FetchHandover => Msg::Handover(Ok(Box::new(night::own_handover()))),
                Effect::FetchPerson(id) => Msg::Person(id, Ok(Box::new(night::person_detail()))),
                Effect::FetchConfig => Msg::Config(Ok(night::config())),
                Effect::FetchDigests => Msg::Digests(Ok(night::digests())),
                Effect::FetchDigest(name) => Msg::Digest(name, Ok(night::digest_copies())),
                Effect::FetchTemplates => Msg::Templates(Ok(night::templates())),
                Effect::FetchPreview(asked) => {
                    let shown = night::preview(&asked);
                    Msg::Preview(asked, Ok(vec![shown]))
                }
                Effect::FetchThing(of) => {
                    let thing = Thing::Case(night::case_with_timeline());
                    Msg::Thing(of, Ok(Box::new(thing)))
                }
                other => {
                    self.effects.push(other);
                    continue;
                }
            };
            self.tell(answer);
        }
        self
    }

    pub fn change(&mut self, change: Numbered) -> &mut Self {
        self.tell(Msg::Changes(vec![change]))
    }

    /// The one command on its way, which is then answered.
    pub fn command(&mut self, answer: Outcome) -> (Action, Expect) {
        let at = self.effects.iter().position(|effect| matches!(effect, Effect::Command { .. }));
        let at = at.unwrap_or_else(|| panic!("no command in {:?}", self.effects));
        let Effect::Command { ticket, action, expect } = self.effects.remove(at) else { unreachable!() };
        self.tell(Msg::Answered(ticket, Ok(answer)));
        (action, expect)
    }

    /// The agent would refuse these rows of the look at several, and do the others.
    pub fn previewed(&mut self, refused: &[(usize, &str)]) -> Vec<One> {
        let at = self.effects.iter().position(|effect| matches!(effect, Effect::Preview { .. }));
        let at = at.unwrap_or_else(|| panic!("nothing is looked at in {:?}", self.effects));
        let Effect::Preview { ticket, each } = self.effects.remove(at) else { unreachable!() };
        self.tell(Msg::Previewed(ticket, Ok(outcomes(each.len(), refused))));
        each
    }

    /// What is done together, which is then answered.
    pub fn together(&mut self, refused: &[(usize, &str)]) -> Vec<One> {
        let at = self.effects.iter().position(|effect| matches!(effect, Effect::Together { .. }));
        let at = at.unwrap_or_else(|| panic!("nothing is done together in {:?}", self.effects));
        let Effect::Together { ticket, each } = self.effects.remove(at) else { unreachable!() };
        self.tell(Msg::Together(ticket, Ok(outcomes(each.len(), refused))));
        each
    }

    pub fn commands(&self) -> usize {
        self.effects.iter().filter(|effect| matches!(effect, Effect::Command { .. })).count()
    }

    pub fn buffer(&self, theme: Theme) -> Buffer {
        let mut buffer = Buffer::empty(Rect::new(0, 0, self.size.0, self.size.1));
        view::paint(&self.model, theme, &mut buffer);
        buffer
    }

    pub fn screen(&self) -> String {
        text(&self.buffer(theme(Colours::Mono, Charset::Unicode)))
    }

    /// The line that holds `words`.
    pub fn line(&self, words: &str) -> String {
        let screen = self.screen();
        let line = screen.lines().find(|line| line.contains(words));
        line.unwrap_or_else(|| panic!("no line with {words:?} in\n{screen}")).to_owned()
    }

    pub fn selected_line(&self) -> String {
        self.line("▌")
    }

    pub fn intent(&self) -> String {
        let screen = self.screen();
        screen.lines().rev().nth(self.footer_rows()).unwrap().trim_matches(['─', ' ']).to_owned()
    }

    fn footer_rows(&self) -> usize {
        view::frame::said(&self.model, self.model.size).len().max(1)
    }

    pub fn footer(&self) -> String {
        let screen = self.screen();
        let mut lines: Vec<&str> = screen.lines().rev().take(self.footer_rows()).map(str::trim).collect();
        lines.reverse();
        lines.join(" ")
    }
}

fn outcomes(many: usize, refused: &[(usize, &str)]) -> Vec<Outcome> {
    let outcome = |at| match refused.iter().find(|(row, _)| *row == at) {
        Some((_, why)) => {
            let refusal = Refusal { code: RefusalCode::Raced, said: (*why).into(), by: None };
            Outcome::Refused { refusal }
        }
        None => Outcome::Done { said: "Done.".into() },
    };
    (0..many).map(outcome).collect()
}

pub fn text(buffer: &Buffer) -> String {
    let mut screen = String::new();
    for y in 0..buffer.area.height {
        let mut line = String::new();
        let mut skip = 0;
        for x in 0..buffer.area.width {
            if skip > 0 {
                skip -= 1;
                continue;
            }
            let symbol = buffer[(x, y)].symbol();
            skip = unicode_width::UnicodeWidthStr::width(symbol).saturating_sub(1);
            line.push_str(symbol);
        }
        screen.push_str(line.trim_end());
        screen.push('\n');
    }
    screen
}
