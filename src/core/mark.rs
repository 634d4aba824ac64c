//! Which of two reports about the same thing is the newer one, whatever order they arrive in.

use crate::core::text::Untrusted;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// Where a report stands in time: by the `sequence` extension where both have one, else by `time`,
/// else as it arrived.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequence: Option<Untrusted>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<Timestamp>,
}

impl Mark {
    /// Whether this report was made before the one last acted on. Of two that cannot be told apart
    /// the one that arrives later counts as the later.
    pub fn is_before(&self, last: &Mark) -> bool {
        if let (Some(mine), Some(theirs)) = (&self.sequence, &last.sequence) {
            return by_sequence(mine.raw(), theirs.raw()) == Ordering::Less;
        }
        matches!((self.time, last.time), (Some(mine), Some(theirs)) if mine < theirs)
    }

    /// Whether it says that it was made just when the other was: the same report once more.
    pub fn is_again(&self, last: &Mark) -> bool {
        self == last && *self != Mark::default()
    }

    /// Where a thing stands once this report on it is acted on. What the report does not say is as the
    /// last one left it, so that an older one stays older.
    pub fn over(&self, last: &Mark) -> Mark {
        Mark {
            sequence: self.sequence.clone().or_else(|| last.sequence.clone()),
            time: self.time.max(last.time),
        }
    }
}

/// Whole numbers of any length as numbers, anything else as text (CloudEvents sequence extension:
/// "lexicographically orderable"; integers are its only defined type).
fn by_sequence(a: &str, b: &str) -> Ordering {
    let number = |text: &str| -> Option<String> {
        let digits = text.trim();
        let whole = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        whole.then(|| digits.trim_start_matches('0').to_owned())
    };
    match (number(a), number(b)) {
        (Some(a), Some(b)) => a.len().cmp(&b.len()).then_with(|| a.cmp(&b)),
        _ => a.cmp(b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(sequence: Option<&str>, time: Option<&str>) -> Mark {
        Mark { sequence: sequence.map(Untrusted::from), time: time.map(|t| t.parse().unwrap()) }
    }

    #[test]
    fn sequence_outweighs_time_and_numbers_are_compared_as_numbers() {
        let (nine, ten) =
            (mark(Some("9"), Some("2026-01-02T00:00:00Z")), mark(Some("010"), Some("2026-01-01T00:00:00Z")));
        assert!(nine.is_before(&ten) && !ten.is_before(&nine));
        assert!(mark(Some("00a"), None).is_before(&mark(Some("00b"), None)));
    }

    #[test]
    fn time_decides_where_either_has_no_sequence_and_arrival_where_it_has_no_time() {
        let (early, late) =
            (mark(None, Some("2026-01-01T00:00:00Z")), mark(Some("7"), Some("2026-01-02T00:00:00Z")));
        assert!(early.is_before(&late) && !late.is_before(&early));
        assert!(!mark(None, None).is_before(&late));
        assert!(!early.is_before(&early));
    }
}
