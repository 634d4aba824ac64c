//! Copying through the terminal (OSC 52), which reaches the operator's own machine over SSH.
//!
//! The terminal never says whether it took the text, so callers say "sent to the terminal".

use crate::core::text::Printable;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Terminals drop longer sequences whole, and some of them print the rest.
pub const LONGEST: usize = 8 * 1024;

/// The sequence that asks the terminal to keep `text`; `None` when it is too long to be taken.
pub fn copy(text: &Printable) -> Option<Vec<u8>> {
    let bytes = text.as_str().as_bytes();
    (bytes.len() <= LONGEST).then(|| format!("\x1b]52;c;{}\x07", STANDARD.encode(bytes)).into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::text::Untrusted;

    #[test]
    fn a_reference_is_sent_and_a_book_is_not() {
        let sent = copy(&Untrusted::from("CASE-771").printable()).unwrap();
        assert_eq!(sent, b"\x1b]52;c;Q0FTRS03NzE=\x07");
        assert_eq!(copy(&Untrusted::new("x".repeat(LONGEST + 1)).printable()), None);
    }
}
