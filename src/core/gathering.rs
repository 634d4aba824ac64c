//! Texts that people write, gathered part by part, whatever the order, and known when they come again.
//!
//! Where a provider hands texts on over a connection and names none of them, it gives a part again when it heard
//! no answer: after a cut, or when the desk stopped. So a part is answered for once it is kept, a text is taken
//! once, and what was taken is remembered: for a short while after the provider was told, since the same person
//! may write the same words again, and for long where it may not have heard.

use crate::core::text::Untrusted;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// So long the other parts are waited for; then what came is handed on with its gaps shown.
pub const WITHIN: SignedDuration = SignedDuration::from_mins(10);
/// Texts of one channel that wait for parts; the oldest makes room for one more.
pub const AT_ONCE: usize = 32;
/// The same words within so long of the provider's having its answer are the same text given again.
const SAME: SignedDuration = SignedDuration::from_secs(60);
/// So long a text is known of which the provider may not know that it was taken.
pub const REMEMBERED: SignedDuration = SignedDuration::from_hours(24);

/// One part as it came in; a text of one part is its only one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Tells texts apart: who wrote, to whom, and of parts, which text they say they belong to.
    pub of: String,
    /// Counted from 1, at most `total`.
    pub number: u8,
    pub total: u8,
    /// Who wrote it.
    pub from: String,
    /// How the channel reads the octets.
    pub coding: u8,
    pub octets: Vec<u8>,
}

/// A text whose parts came, or some of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gathering {
    pub id: String,
    /// What this text is called: the same when it is given again, another when somebody writes the same later.
    pub name: String,
    pub from: Untrusted,
    pub coding: u8,
    pub since: Timestamp,
    /// Each as it came; once the whole was taken only what tells it from another.
    pub parts: Vec<Option<Vec<u8>>>,
    #[serde(default)]
    pub taken_at: Option<Timestamp>,
    /// The provider was told that it was taken.
    #[serde(default)]
    pub told: bool,
}

/// What is to be done with a part that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Joined {
    /// The others are missing.
    Waits,
    /// All of them are there, and nobody took them yet.
    Whole(Gathering),
    /// It is of a text that was taken already.
    Known,
}

/// Puts a part where it belongs: what is kept from now on, and what is to be done.
pub fn add(known: Option<Gathering>, piece: &Piece, now: Timestamp) -> (Gathering, Joined) {
    let known = known.filter(|known| known.parts.len() == usize::from(piece.total));
    let at = usize::from(piece.number).saturating_sub(1);
    let mut gathering = match known {
        Some(known) if known.is_again(piece, at, now) => return (known, Joined::Known),
        Some(known) if known.taken_at.is_none() => known,
        _ => Gathering {
            id: piece.of.clone(),
            name: format!("{}-{}", piece.of, now.as_microsecond()),
            from: piece.from.as_str().into(),
            coding: piece.coding,
            since: now,
            parts: vec![None; usize::from(piece.total)],
            taken_at: None,
            told: false,
        },
    };
    if let Some(part) = gathering.parts.get_mut(at) {
        *part = Some(piece.octets.clone());
    }
    match gathering.parts.iter().all(Option::is_some) {
        true => (gathering.clone(), Joined::Whole(gathering)),
        false => (gathering, Joined::Waits),
    }
}

/// Of texts that nobody took yet, the oldest first, those that wait for their parts no longer: too old, or the
/// oldest of too many.
pub fn overdue(open: Vec<Gathering>, now: Timestamp) -> Vec<Gathering> {
    let too_many = open.len().saturating_sub(AT_ONCE);
    let overdue = open.into_iter().enumerate();
    overdue
        .filter(|(at, one)| *at < too_many || now.duration_since(one.since) >= WITHIN)
        .map(|(_, one)| one)
        .collect()
}

impl Gathering {
    /// It was taken, wholly or with gaps. What it said is kept elsewhere from now on.
    pub fn taken(mut self, now: Timestamp) -> Self {
        if self.taken_at.is_none() {
            self.parts = self.parts.into_iter().map(|part| part.map(|octets| mark(&octets))).collect();
        }
        self.taken_at.get_or_insert(now);
        self
    }

    /// Whether the part is one of those that were taken, given again.
    fn is_again(&self, piece: &Piece, at: usize, now: Timestamp) -> bool {
        let Some(taken_at) = self.taken_at else { return false };
        // The parts of another text say that they are of another; a whole text says only its words.
        let long = if self.told && piece.total == 1 { SAME } else { REMEMBERED };
        let same = self.parts.get(at).is_some_and(|part| part.as_ref() == Some(&mark(&piece.octets)));
        same && now.duration_since(taken_at) < long
    }
}

fn mark(octets: &[u8]) -> Vec<u8> {
    Sha256::digest(octets).iter().take(16).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn piece(of: &str, number: u8, total: u8, text: &str) -> Piece {
        let (of, from) = (of.to_owned(), "+4915123456789".to_owned());
        Piece { of, number, total, from, coding: 0, octets: text.as_bytes().to_vec() }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_770_000_000 + seconds).unwrap()
    }

    fn whole(joined: Joined) -> Gathering {
        match joined {
            Joined::Whole(gathering) => gathering,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_text_given_again_before_its_provider_was_told_is_the_same_however_long_the_desk_was_away() {
        let (_, joined) = add(None, &piece("a", 1, 1, "ACK"), at(0));
        let first = whole(joined);
        // It was not taken yet: the same text is tried again under the same name.
        let (kept, again) = add(Some(first.clone()), &piece("a", 1, 1, "ACK"), at(500));
        assert_eq!(whole(again).name, first.name);
        let taken = kept.taken(at(501));
        assert_eq!(add(Some(taken.clone()), &piece("a", 1, 1, "ACK"), at(40_000)).1, Joined::Known);
        // Once it was told, the same words a minute later are another text.
        let told = Gathering { told: true, ..taken };
        assert_eq!(add(Some(told.clone()), &piece("a", 1, 1, "ACK"), at(530)).1, Joined::Known);
        let (_, later) = add(Some(told), &piece("a", 1, 1, "ACK"), at(600));
        assert_ne!(whole(later).name, first.name);
    }

    #[test]
    fn a_part_of_what_was_taken_is_known_and_another_text_under_its_reference_is_not_lost() {
        let (kept, joined) = add(None, &piece("a", 2, 2, "b"), at(0));
        assert_eq!(joined, Joined::Waits);
        let (kept, joined) = add(Some(kept), &piece("a", 1, 2, "a"), at(1));
        assert_eq!(whole(joined).parts, [Some(b"a".to_vec()), Some(b"b".to_vec())]);
        let taken = Gathering { told: true, ..kept.taken(at(2)) };
        assert!(!format!("{taken:?}").contains("[97]"), "what it said is not kept here");
        let (known, joined) = add(Some(taken), &piece("a", 2, 2, "b"), at(3_000));
        assert_eq!(joined, Joined::Known);
        let (fresh, joined) = add(Some(known), &piece("a", 2, 2, "c"), at(3_001));
        assert_eq!((joined, fresh.taken_at, fresh.since), (Joined::Waits, None, at(3_001)));
    }

    #[test]
    fn what_waits_is_bounded_in_time_and_number() {
        let one = |number: usize| add(None, &piece(&format!("{number:02}"), 1, 3, "a"), at(number as i64)).0;
        let open: Vec<Gathering> = (0..=AT_ONCE).map(one).collect();
        let over = overdue(open.clone(), at(60));
        assert_eq!(over.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["00"]);
        assert_eq!(over[0].parts, [Some(b"a".to_vec()), None, None]);
        assert_eq!(overdue(open[1..].to_vec(), at(60)).len(), 0);
        assert_eq!(overdue(open[1..].to_vec(), at(1_000)).len(), AT_ONCE);
    }

    proptest! {
        #[test]
        fn the_order_of_parts_and_their_copies_do_not_matter(
            order in Just((1u8..=5).chain(1..=5).collect::<Vec<_>>()).prop_shuffle(),
        ) {
            let (mut kept, mut wholes) = (None, 0);
            for number in order {
                let (now_kept, joined) = add(kept, &piece("a", number, 5, &number.to_string()), at(i64::from(number)));
                kept = Some(now_kept);
                if let Joined::Whole(gathering) = joined {
                    wholes += 1;
                    let said: Vec<u8> = gathering.parts.iter().flatten().flatten().copied().collect();
                    prop_assert_eq!(said, b"12345".to_vec());
                    kept = Some(gathering.taken(at(10)));
                }
            }
            prop_assert_eq!(wholes, 1);
        }
    }
}
