//! What providers' codes mean, in the words of whoever is woken by them: one table a protocol. A code says
//! what happened and what a person can do about it; the code itself stays behind the words, for the provider's
//! support. A code that no document explains stays as it is.

pub mod mail;
pub mod smpp;
pub mod twilio;

/// The words first, since the end of a long line is what screens leave out: `there is no such mailbox (550)`.
pub fn in_words(words: Option<&str>, code: &str) -> String {
    match words {
        Some(words) if code.is_empty() => words.to_owned(),
        Some(words) => format!("{words} ({code})"),
        None => code.to_owned(),
    }
}
