//! One sentence to the operator, for a while.

use crate::console::model::{Flash, Model, Tone};
use jiff::SignedDuration;

const SAID_FOR: SignedDuration = SignedDuration::from_secs(10);
const REFUSED_FOR: SignedDuration = SignedDuration::from_secs(30);

pub fn say(model: &mut Model, text: String, tone: Tone) {
    let long = if tone == Tone::Refused { REFUSED_FOR } else { SAID_FOR };
    let until = model.now.saturating_add(long).unwrap_or(model.now);
    model.flash = Some(Flash { text, tone, until });
}

/// `the agent is away` → `The agent is away.`
pub fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    match letters.next() {
        Some(first) => format!("{}{}.", first.to_uppercase(), letters.as_str()),
        None => String::new(),
    }
}
