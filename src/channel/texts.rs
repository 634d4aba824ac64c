//! What the channels of SMS share: what is sent of a text, and what a number or a sender looks like.

use super::Outgoing;

/// The lines of the text without anything invisible; a handset shows line breaks.
pub(super) fn text_of(message: &Outgoing) -> String {
    let lines: Vec<String> =
        message.body.printable_lines().into_iter().map(|line| line.into_string()).collect();
    lines.join("\n")
}

/// One number. Gateways would take several, separated by spaces.
pub(super) fn is_number(address: &str) -> bool {
    let digits = address.strip_prefix('+').unwrap_or(address);
    (3..=20).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
}

/// An alphanumeric sender (3GPP TS 23.040 §9.1.2.5: eleven characters at most).
pub(super) fn is_word(from: &str) -> bool {
    (1..=11).contains(&from.len()) && from.bytes().all(|b| b.is_ascii_alphanumeric() || b" -.&_".contains(&b))
}
