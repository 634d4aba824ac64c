//! The bell: the one sound that works through SSH, tmux and a locked screen; and, where it is
//! wished for, a notification of the desktop. Fixed words only, never text from outside, so that
//! nothing can be smuggled into a title.

use crate::term::capabilities::Within;
use std::time::Duration;

/// However many alerts come, nothing rings more often.
pub const AT_MOST_EVERY: Duration = Duration::from_secs(10);

/// Whether the terminal tells the desktop, and in which of the two ways there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Notify {
    #[default]
    Off,
    /// iTerm2, kitty, WezTerm, Windows Terminal and others.
    Osc9,
    /// urxvt, foot, WezTerm, Konsole and others.
    Osc777,
}

/// What rings, and when it last did.
#[derive(Clone, Copy, Debug)]
pub struct Bell {
    pub sounds: bool,
    pub notify: Notify,
    pub within: Within,
    rang: Option<Duration>,
}

impl Bell {
    pub fn new(sounds: bool, notify: Notify, within: Within) -> Self {
        Self { sounds, notify, within, rang: None }
    }

    /// What to write so that somebody looks; nothing if that was done a moment ago. `now` is the time
    /// since any fixed moment.
    pub fn ring(&mut self, now: Duration) -> Vec<u8> {
        if self.rang.is_some_and(|rang| now.saturating_sub(rang) < AT_MOST_EVERY) {
            return Vec::new();
        }
        self.rang = Some(now);
        let mut bytes = Vec::new();
        if self.sounds {
            bytes.push(0x07);
        }
        match self.notify {
            Notify::Off => {}
            Notify::Osc9 => bytes.extend(self.within.pass(b"\x1b]9;Nightdesk: an alert needs somebody\x07")),
            Notify::Osc777 => {
                bytes.extend(self.within.pass(b"\x1b]777;notify;Nightdesk;an alert needs somebody\x07"));
            }
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_storm_rings_once_in_ten_seconds() {
        let mut bell = Bell::new(true, Notify::Off, Within::Terminal);
        let rung = (0..30_000).step_by(100).filter(|ms| !bell.ring(Duration::from_millis(*ms)).is_empty());
        assert_eq!(rung.count(), 3);
    }

    #[test]
    fn the_desktop_is_told_in_fixed_words_through_whatever_stands_between() {
        let ring = |sounds, notify, within| Bell::new(sounds, notify, within).ring(Duration::ZERO);
        assert_eq!(ring(true, Notify::Off, Within::Tmux), b"\x07");
        assert_eq!(ring(false, Notify::Off, Within::Terminal), b"");
        assert_eq!(
            ring(false, Notify::Osc777, Within::Terminal),
            b"\x1b]777;notify;Nightdesk;an alert needs somebody\x07"
        );
        assert_eq!(
            ring(true, Notify::Osc9, Within::Tmux),
            b"\x07\x1bPtmux;\x1b\x1b]9;Nightdesk: an alert needs somebody\x07\x1b\\"
        );
    }
}
