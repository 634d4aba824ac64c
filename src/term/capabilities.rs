//! What this terminal can show: how many colours, and whether more than ASCII.
//!
//! Read from the environment alone, never by asking the terminal: an answer that comes late would
//! be read as keys.

/// How colours are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Colours {
    Mono,
    Ansi16,
    Ansi256,
    Rgb,
}

/// What may be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charset {
    Ascii,
    Unicode,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    pub colours: Colours,
    pub charset: Charset,
}

/// What the terminal's own background is taken for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Background {
    #[default]
    Dark,
    Light,
}

impl Background {
    /// What `COLORFGBG` says (rxvt, Konsole and others set it); most are dark.
    pub fn of_environment() -> Self {
        Self::read(std::env::var("COLORFGBG").ok().as_deref())
    }

    fn read(colorfgbg: Option<&str>) -> Self {
        // `15;0` or `0;default;15`: of the 16 colours, 7 and the bright ones but grey are light.
        match colorfgbg.and_then(|said| said.rsplit(';').next()?.parse().ok()) {
            Some(7u8 | 9..=15) => Background::Light,
            _ => Background::Dark,
        }
    }
}

/// What stands between the console and the terminal, and has to let some sequences through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Within {
    Terminal,
    Tmux,
    Screen,
}

impl Within {
    /// Only where it runs on this machine; one at the other end of SSH cannot be told from here.
    pub fn of_environment() -> Self {
        Self::read(|name| std::env::var(name).ok())
    }

    fn read(var: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| var(name).is_some_and(|value| !value.is_empty());
        match (set("TMUX"), set("STY")) {
            (true, _) => Within::Tmux,
            (_, true) => Within::Screen,
            _ if var("TERM").is_some_and(|term| term.starts_with("tmux")) => Within::Tmux,
            _ => Within::Terminal,
        }
    }

    /// A sequence wrapped so that it reaches the terminal outside, where that is allowed.
    pub fn pass(self, sequence: &[u8]) -> Vec<u8> {
        let mut passed = Vec::with_capacity(sequence.len() + 16);
        match self {
            Within::Terminal => passed.extend_from_slice(sequence),
            Within::Tmux => {
                passed.extend_from_slice(b"\x1bPtmux;");
                for byte in sequence {
                    if *byte == 0x1b {
                        passed.push(0x1b);
                    }
                    passed.push(*byte);
                }
                passed.extend_from_slice(b"\x1b\\");
            }
            Within::Screen => {
                passed.extend_from_slice(b"\x1bP");
                passed.extend_from_slice(sequence);
                passed.extend_from_slice(b"\x1b\\");
            }
        }
        passed
    }
}

impl Capabilities {
    /// What the environment says; `ascii` is the operator's own wish and wins.
    pub fn of_environment(ascii: bool) -> Self {
        Self::read(|name| std::env::var(name).ok(), ascii)
    }

    fn read(var: impl Fn(&str) -> Option<String>, ascii: bool) -> Self {
        Self { colours: colours(&var), charset: charset(&var, ascii) }
    }
}

fn colours(var: &impl Fn(&str) -> Option<String>) -> Colours {
    // https://no-color.org: present and not empty.
    if var("NO_COLOR").is_some_and(|value| !value.is_empty()) {
        return Colours::Mono;
    }
    let term = var("TERM").unwrap_or_default();
    let colorterm = var("COLORTERM").unwrap_or_default();
    match term.as_str() {
        "" | "dumb" | "vt100" | "vt102" | "vt220" => Colours::Mono,
        _ if term.ends_with("-m") || term.ends_with("-mono") => Colours::Mono,
        _ if matches!(colorterm.as_str(), "truecolor" | "24bit") || term.ends_with("-direct") => Colours::Rgb,
        _ if term.contains("256color") || term.starts_with("alacritty") || term.starts_with("foot") => {
            Colours::Ansi256
        }
        _ => Colours::Ansi16,
    }
}

fn charset(var: &impl Fn(&str) -> Option<String>, ascii: bool) -> Charset {
    if ascii || var("NIGHTDESK_ASCII").is_some_and(|value| !value.is_empty() && value != "0") {
        return Charset::Ascii;
    }
    // The first that is set and not empty decides, as in setlocale(3).
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(var).find(|value| !value.is_empty());
    match locale {
        Some(locale) => {
            let locale = locale.to_ascii_lowercase();
            if locale.contains("utf-8") || locale.contains("utf8") {
                Charset::Unicode
            } else {
                Charset::Ascii
            }
        }
        // SSH often carries no locale at all; then a terminal of this century is the safer guess,
        // except on a Linux text console.
        None if var("TERM").as_deref() == Some("linux") => Charset::Ascii,
        None => Charset::Unicode,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(vars: &[(&str, &str)], ascii: bool) -> (Colours, Charset) {
        let find = |name: &str| vars.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
        let capabilities = Capabilities::read(find, ascii);
        (capabilities.colours, capabilities.charset)
    }

    #[test]
    fn the_environment_decides_what_is_shown() {
        use Charset::*;
        use Colours::*;
        let utf8 = ("LANG", "de_DE.UTF-8");
        assert_eq!(read(&[("TERM", "xterm-256color"), utf8], false), (Ansi256, Unicode));
        assert_eq!(read(&[("TERM", "xterm"), ("COLORTERM", "truecolor"), utf8], false), (Rgb, Unicode));
        assert_eq!(read(&[("TERM", "xterm-256color"), ("NO_COLOR", "1"), utf8], false), (Mono, Unicode));
        assert_eq!(read(&[("TERM", "xterm-256color"), ("NO_COLOR", ""), utf8], false), (Ansi256, Unicode));
        assert_eq!(read(&[("TERM", "screen"), ("LANG", "C")], false), (Ansi16, Ascii));
        assert_eq!(read(&[("TERM", "screen"), ("LC_ALL", "C"), utf8], false), (Ansi16, Ascii));
        assert_eq!(read(&[("TERM", "vt100"), utf8], true), (Mono, Ascii));
    }

    #[test]
    fn a_light_background_is_known_only_where_the_environment_says_so() {
        for (said, background) in [
            (None, Background::Dark),
            (Some("15;0"), Background::Dark),
            (Some("0;15"), Background::Light),
            (Some("0;default;15"), Background::Light),
            (Some("7;8"), Background::Dark),
            (Some("nonsense"), Background::Dark),
        ] {
            assert_eq!(Background::read(said), background, "{said:?}");
        }
    }

    #[test]
    fn what_is_within_tmux_is_wrapped_for_the_terminal_outside() {
        let within = |vars: &[(&str, &str)]| {
            Within::read(|name| vars.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned()))
        };
        assert_eq!(within(&[("TERM", "xterm")]), Within::Terminal);
        assert_eq!(within(&[("TERM", "screen"), ("TMUX", "/tmp/tmux,1,0")]), Within::Tmux);
        assert_eq!(within(&[("TERM", "tmux-256color")]), Within::Tmux);
        assert_eq!(within(&[("TERM", "screen"), ("STY", "12.pts")]), Within::Screen);
        // From the other end of SSH, `screen` may be either.
        assert_eq!(within(&[("TERM", "screen-256color")]), Within::Terminal);
        assert_eq!(Within::Tmux.pass(b"\x1b]9;x\x07"), b"\x1bPtmux;\x1b\x1b]9;x\x07\x1b\\");
        assert_eq!(Within::Screen.pass(b"\x1b]9;x\x07"), b"\x1bP\x1b]9;x\x07\x1b\\");
    }
}
