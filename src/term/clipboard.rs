//! Copying through the terminal (OSC 52), which reaches the operator's own machine over SSH.
//!
//! The terminal never says whether it took the text, so callers say "sent to the terminal". tmux
//! takes a plain sequence where `set-clipboard` is `on`, and hands one on that is wrapped where
//! `allow-passthrough` is; it gets both, and keeps the same text twice at worst.

use crate::core::text::Printable;
use crate::term::capabilities::Within;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Terminals drop longer sequences whole, and some of them print the rest.
pub const LONGEST: usize = 8 * 1024;
/// What `screen` lets through at once.
const LONGEST_IN_SCREEN: usize = 512;

/// The longest text, in bytes, that is taken there.
pub fn longest(within: Within) -> usize {
    if within == Within::Screen { LONGEST_IN_SCREEN } else { LONGEST }
}

/// The sequence that asks the terminal to keep `text`; `None` when it is too long to be taken.
pub fn copy(text: &Printable, within: Within) -> Option<Vec<u8>> {
    let bytes = text.as_str().as_bytes();
    if bytes.len() > longest(within) {
        return None;
    }
    let plain = format!("\x1b]52;c;{}\x07", STANDARD.encode(bytes)).into_bytes();
    let passed = within.pass(&plain);
    Some(if within == Within::Tmux { [plain, passed].concat() } else { passed })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::text::Untrusted;

    #[test]
    fn a_reference_is_sent_and_a_book_is_not() {
        let reference = Untrusted::from("CASE-771").printable();
        let sent = copy(&reference, Within::Terminal).unwrap();
        assert_eq!(sent, b"\x1b]52;c;Q0FTRS03NzE=\x07");
        let book = Untrusted::new("x".repeat(LONGEST + 1)).printable();
        assert_eq!(copy(&book, Within::Terminal), None);
    }

    #[test]
    fn tmux_gets_it_for_itself_and_for_the_terminal_outside() {
        let reference = Untrusted::from("CASE-771").printable();
        let sent = copy(&reference, Within::Tmux).unwrap();
        assert_eq!(sent, b"\x1b]52;c;Q0FTRS03NzE=\x07\x1bPtmux;\x1b\x1b]52;c;Q0FTRS03NzE=\x07\x1b\\");
        let sent = copy(&reference, Within::Screen).unwrap();
        assert_eq!(sent, b"\x1bP\x1b]52;c;Q0FTRS03NzE=\x07\x1b\\");
    }
}
