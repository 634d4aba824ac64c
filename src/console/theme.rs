//! How meanings look. A view names a meaning, never a colour; no background is ever painted.

use crate::core::event::Severity;
use crate::term::capabilities::{Capabilities, Charset, Colours};
use ratatui::style::{Color, Modifier, Style};

/// What a piece of text means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    Plain,
    /// Titles and what is selected.
    Strong,
    /// Labels, lines and what can be read later.
    Quiet,
    /// Where the hand is, and what it can do.
    Accent,
    Severity(Severity),
    Good,
    /// Needs a look.
    Warn,
    Bad,
    /// PRACTICE: this is not the real desk.
    Practice,
}

/// Meanings to styles, and the few signs that ASCII has to do without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    colours: Colours,
    pub signs: Signs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signs {
    pub charset: Charset,
    pub marker: &'static str,
    pub proven: &'static str,
    pub failed: &'static str,
    pub doubt: &'static str,
    pub line: &'static str,
    pub ellipsis: &'static str,
    pub up: &'static str,
    pub down: &'static str,
    pub dot: &'static str,
    pub times: &'static str,
    pub ticked: &'static str,
    pub unticked: &'static str,
    pub waiting: &'static str,
    pub bar: &'static str,
    /// Of a chart, the lowest first.
    pub levels: [&'static str; 8],
}

const UNICODE: Signs = Signs {
    charset: Charset::Unicode,
    marker: "▌",
    proven: "✓",
    failed: "✗",
    doubt: "?",
    line: "─",
    ellipsis: "…",
    up: "↑",
    down: "↓",
    dot: "·",
    times: "×",
    ticked: "[×]",
    unticked: "[ ]",
    waiting: "⋯",
    bar: "│",
    levels: ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
};

const ASCII: Signs = Signs {
    charset: Charset::Ascii,
    marker: ">",
    proven: "+",
    failed: "x",
    doubt: "?",
    line: "-",
    ellipsis: "~",
    up: "^",
    down: "v",
    dot: "-",
    times: "x",
    ticked: "[x]",
    unticked: "[ ]",
    waiting: "..",
    bar: "|",
    levels: ["_", ".", "-", "~", "=", "+", "*", "#"],
};

impl Theme {
    pub fn new(capabilities: Capabilities) -> Self {
        let signs = match capabilities.charset {
            Charset::Ascii => ASCII,
            Charset::Unicode => UNICODE,
        };
        Self { colours: capabilities.colours, signs }
    }

    pub fn style(&self, meaning: Meaning) -> Style {
        let colour = self.colour(meaning);
        let style = if colour == Color::Reset { Style::new() } else { Style::new().fg(colour) };
        match meaning {
            Meaning::Strong | Meaning::Accent | Meaning::Practice | Meaning::Bad => {
                style.add_modifier(Modifier::BOLD)
            }
            Meaning::Severity(Severity::Critical | Severity::High) => style.add_modifier(Modifier::BOLD),
            // Faint is what monochrome has; with colours a grey is more even across terminals.
            Meaning::Quiet if matches!(self.colours, Colours::Mono | Colours::Ansi16) => {
                style.add_modifier(Modifier::DIM)
            }
            _ => style,
        }
    }

    fn colour(&self, meaning: Meaning) -> Color {
        let (ansi, indexed, rgb) = match meaning {
            Meaning::Plain | Meaning::Strong => return Color::Reset,
            Meaning::Quiet => (Color::Reset, 245, (138, 138, 138)),
            Meaning::Accent => (Color::Cyan, 80, (86, 194, 214)),
            Meaning::Severity(Severity::Critical) | Meaning::Bad => (Color::Red, 203, (255, 104, 92)),
            Meaning::Severity(Severity::High) | Meaning::Warn => (Color::Yellow, 215, (240, 176, 84)),
            Meaning::Severity(Severity::Medium) => (Color::Blue, 111, (130, 170, 240)),
            Meaning::Severity(Severity::Low) => (Color::Reset, 245, (138, 138, 138)),
            Meaning::Good => (Color::Green, 114, (128, 200, 128)),
            Meaning::Practice => (Color::Magenta, 177, (214, 140, 240)),
        };
        match self.colours {
            Colours::Mono => Color::Reset,
            Colours::Ansi16 => ansi,
            Colours::Ansi256 => Color::Indexed(indexed),
            Colours::Rgb => Color::Rgb(rgb.0, rgb.1, rgb.2),
        }
    }
}
