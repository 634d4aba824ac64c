//! How meanings look. A view names a meaning, never a colour; no background is ever painted.

use crate::console::colours::{Ink, Palette};
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Theme {
    styles: [Style; 11],
    pub signs: Signs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signs {
    pub charset: Charset,
    /// Where the hand is.
    pub marker: &'static str,
    /// What is chosen while the hand is elsewhere.
    pub chosen: &'static str,
    pub proven: &'static str,
    pub failed: &'static str,
    pub doubt: &'static str,
    pub line: &'static str,
    pub ellipsis: &'static str,
    pub up: &'static str,
    pub down: &'static str,
    pub dot: &'static str,
    pub times: &'static str,
    /// Before the number of those that there is no room for.
    pub more: &'static str,
    pub ticked: &'static str,
    pub unticked: &'static str,
    pub waiting: &'static str,
    pub bar: &'static str,
    /// Of a window: the upper two, then the lower two.
    pub corners: [&'static str; 4],
    /// Of each severity, the lowest first: their shapes differ where colours do not.
    pub severities: [&'static str; 4],
    /// A full cell of a bar that lies.
    pub full: &'static str,
    /// Of a chart, the lowest first.
    pub levels: [&'static str; 8],
}

impl Default for Signs {
    fn default() -> Self {
        UNICODE
    }
}

const UNICODE: Signs = Signs {
    charset: Charset::Unicode,
    marker: "▌",
    chosen: "•",
    proven: "✓",
    failed: "✗",
    doubt: "?",
    line: "─",
    ellipsis: "…",
    up: "↑",
    down: "↓",
    dot: "·",
    times: "×",
    more: "+",
    ticked: "[×]",
    unticked: "[ ]",
    waiting: "⋯",
    bar: "│",
    corners: ["╭", "╮", "╰", "╯"],
    severities: ["○", "●", "◆", "▲"],
    full: "■",
    levels: ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
};

const ASCII: Signs = Signs {
    charset: Charset::Ascii,
    marker: ">",
    chosen: "=",
    proven: "+",
    failed: "x",
    doubt: "?",
    line: "-",
    ellipsis: "~",
    up: "^",
    down: "v",
    dot: "-",
    times: "x",
    more: "&",
    ticked: "[x]",
    unticked: "[ ]",
    waiting: "..",
    bar: "|",
    corners: ["+", "+", "+", "+"],
    severities: [".", "o", "O", "!"],
    full: "#",
    levels: ["_", ".", "-", "~", "=", "+", "*", "#"],
};

impl Signs {
    /// The shape that stands beside a severity's word.
    pub fn severity(&self, severity: Severity) -> &'static str {
        let [low, medium, high, critical] = self.severities;
        match severity {
            Severity::Low => low,
            Severity::Medium => medium,
            Severity::High => high,
            Severity::Critical => critical,
        }
    }
}

impl Theme {
    /// A palette as this terminal can show it.
    pub fn new(palette: &Palette, capabilities: Capabilities) -> Self {
        let signs = match capabilities.charset {
            Charset::Ascii => ASCII,
            Charset::Unicode => UNICODE,
        };
        Self { styles: palette.inks().map(|ink| style(ink, capabilities.colours)), signs }
    }

    pub fn style(&self, meaning: Meaning) -> Style {
        let [strong, quiet, accent, critical, high, medium, low, good, warn, bad, practice] = self.styles;
        match meaning {
            Meaning::Plain => Style::new(),
            Meaning::Strong => strong,
            Meaning::Quiet => quiet,
            Meaning::Accent => accent,
            Meaning::Severity(Severity::Critical) => critical,
            Meaning::Severity(Severity::High) => high,
            Meaning::Severity(Severity::Medium) => medium,
            Meaning::Severity(Severity::Low) => low,
            Meaning::Good => good,
            Meaning::Warn => warn,
            Meaning::Bad => bad,
            Meaning::Practice => practice,
        }
    }
}

fn style(ink: &Ink, colours: Colours) -> Style {
    let colour = match colours {
        Colours::Mono => None,
        Colours::Ansi16 => ink.ansi,
        Colours::Ansi256 => ink.rgb.map(|rgb| Color::Indexed(rgb.nearest_indexed().0)),
        // What is one of the 256 anyway is named in half the bytes.
        Colours::Rgb => ink.rgb.map(|rgb| match rgb.nearest_indexed() {
            (index, same) if same == rgb => Color::Indexed(index),
            _ => Color::Rgb(rgb.0, rgb.1, rgb.2),
        }),
    };
    let mut style = Style::new();
    if let Some(colour) = colour {
        style = style.fg(colour);
    }
    if ink.bold {
        style = style.add_modifier(Modifier::BOLD);
    }
    if ink.faint && matches!(colours, Colours::Mono | Colours::Ansi16) {
        style = style.add_modifier(Modifier::DIM);
    }
    style
}
