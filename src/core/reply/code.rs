//! Reply codes: what somebody types into a text to say which message they mean, and the longer tokens
//! that ride in the address of a mail's reply, in its return path and in the links it carries.
//!
//! A code is the message's own number, permuted under the desk's key: nothing needs to be stored, no
//! two messages within 17 million have the same one, and nobody can guess the code of the next page.
//! Its letters are no vowels, so that no code is a word, least of all one of those that opt out.

use crate::core::id::NotificationId;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use std::fmt;
use std::str::FromStr;
use subtle::ConstantTimeEq as _;

/// Digits and capitals that are not taken for each other and spell nothing.
const LETTERS: &[u8; 28] = b"23456789BCDFGHJKMNPQRSTVWXYZ";
/// How long a code is.
pub const LENGTH: usize = 5;
/// The two halves whose product is the number of codes: 28³ and 28².
const HALVES: (u64, u64) = (28 * 28 * 28, 28 * 28);
const CODES: u64 = HALVES.0 * HALVES.1;
/// Of the permutation; each mixes one half with the other (a Feistel network over unequal halves,
/// NIST SP 800-38G describes the family). An even number.
const ROUNDS: u8 = 8;
/// Octets of the digest in a mail's token; 80 bits are out of reach for whoever can only try by mail.
const DIGEST: usize = 10;

/// What makes codes and tokens this desk's own. Never shown.
#[derive(Clone)]
pub struct ReplyKey(Hmac<Sha256>);

/// Where a link in a mail leads. A token made for one opens no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// Out of the mails of one category (RFC 8058).
    Unsubscribe,
    /// Back in again: only the recipient of the message has it.
    Subscribe,
}

/// A code as it is typed, in capitals.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code([u8; LENGTH]);

impl ReplyKey {
    /// Any secret will do; it should be as long as the digest, 32 octets.
    pub fn new(secret: &[u8]) -> Self {
        // HMAC takes keys of any length (RFC 2104, section 3), so the other arm is never taken.
        let mac = Hmac::<Sha256>::new_from_slice(secret)
            .unwrap_or_else(|_| Hmac::<Sha256>::new(&hmac::digest::Key::<Hmac<Sha256>>::default()));
        Self(mac)
    }

    /// The code of a message.
    pub fn code(&self, id: NotificationId) -> Code {
        let number = id.0 % CODES;
        let mut halves = (number / HALVES.1, number % HALVES.1);
        for round in 0..ROUNDS {
            halves = if round % 2 == 0 {
                ((halves.0 + self.mix(round, halves.1)) % HALVES.0, halves.1)
            } else {
                (halves.0, (halves.1 + self.mix(round, halves.0)) % HALVES.1)
            };
        }
        let mut left = halves.0 * HALVES.1 + halves.1;
        let mut letters = [0; LENGTH];
        for letter in letters.iter_mut().rev() {
            *letter = LETTERS[(left % 28) as usize];
            left /= 28;
        }
        Code(letters)
    }

    /// The newest message that has this code, `newest` being the last one there is.
    pub fn message(&self, code: Code, newest: NotificationId) -> Option<NotificationId> {
        let digit = |letter: &u8| LETTERS.iter().position(|known| known == letter);
        let mut number = 0;
        for letter in &code.0 {
            number = number * 28 + digit(letter)? as u64;
        }
        let mut halves = (number / HALVES.1, number % HALVES.1);
        for round in (0..ROUNDS).rev() {
            halves = if round % 2 == 0 {
                ((halves.0 + HALVES.0 - self.mix(round, halves.1) % HALVES.0) % HALVES.0, halves.1)
            } else {
                (halves.0, (halves.1 + HALVES.1 - self.mix(round, halves.0) % HALVES.1) % HALVES.1)
            };
        }
        let low = halves.0 * HALVES.1 + halves.1;
        let back = (newest.0 % CODES + CODES - low) % CODES;
        newest.0.checked_sub(back).filter(|id| *id > 0).map(NotificationId)
    }

    /// What a mail's `Reply-To` carries, in characters whose case does not matter: `45-mfrggzdfmztwq2lk`.
    pub fn token(&self, id: NotificationId) -> String {
        format!("{}-{}", id.0, self.digest(b't', &[id.0]))
    }

    /// The message a token names; `None` for one that is not ours.
    pub fn of_token(&self, token: &str) -> Option<NotificationId> {
        self.named(b't', token)
    }

    /// What the return path of one attempt carries: `b45-2-mfrggzdfmztwq2lk`.
    pub fn return_token(&self, id: NotificationId, attempt: u32) -> String {
        format!("b{}-{attempt}-{}", id.0, self.digest(b'b', &[id.0, u64::from(attempt)]))
    }

    /// The message and the attempt that a return path names.
    pub fn of_return_token(&self, token: &str) -> Option<(NotificationId, u32)> {
        let (number, rest) = token.strip_prefix(['b', 'B'])?.split_once('-')?;
        let (attempt, digest) = rest.split_once('-')?;
        let (id, attempt) = (number.parse::<u64>().ok()?, attempt.parse::<u32>().ok()?);
        let ours = self.digest(b'b', &[id, u64::from(attempt)]);
        same(&ours, digest).then_some((NotificationId(id), attempt))
    }

    /// What a link in a mail carries.
    pub fn link_token(&self, link: Link, id: NotificationId) -> String {
        format!("{}-{}", id.0, self.digest(link.label(), &[id.0]))
    }

    /// The message whose link this is.
    pub fn of_link_token(&self, link: Link, token: &str) -> Option<NotificationId> {
        self.named(link.label(), token)
    }

    fn named(&self, label: u8, token: &str) -> Option<NotificationId> {
        let (number, digest) = token.split_once('-')?;
        let id = NotificationId(number.parse().ok()?);
        same(&self.digest(label, &[id.0]), digest).then_some(id)
    }

    fn mix(&self, round: u8, half: u64) -> u64 {
        let mac = self.0.clone().chain_update([b'c', round]).chain_update(half.to_be_bytes());
        let bytes = mac.finalize().into_bytes();
        bytes.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte)) >> 8
    }

    /// Lower-case base 32 (RFC 4648, section 6).
    fn digest(&self, label: u8, numbers: &[u64]) -> String {
        let mac = self.0.clone().chain_update([label]);
        let mac = numbers.iter().fold(mac, |mac, number| mac.chain_update(number.to_be_bytes()));
        let bytes = mac.finalize().into_bytes();
        let bits = bytes.iter().take(DIGEST).flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1));
        let bits: Vec<u8> = bits.collect();
        let letter = |five: &[u8]| {
            let index = five.iter().fold(0usize, |number, bit| number << 1 | usize::from(*bit));
            char::from(b"abcdefghijklmnopqrstuvwxyz234567"[index])
        };
        bits.chunks(5).map(letter).collect()
    }
}

impl Link {
    fn label(self) -> u8 {
        match self {
            Link::Unsubscribe => b'u',
            Link::Subscribe => b's',
        }
    }
}

/// Compares in a time that tells nothing; capitals are as good, mail servers change them.
fn same(ours: &str, theirs: &str) -> bool {
    bool::from(ours.as_bytes().ct_eq(theirs.to_ascii_lowercase().as_bytes()))
}

/// Says nothing of the key.
impl fmt::Debug for ReplyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReplyKey(…)")
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|letter| fmt::Write::write_char(f, char::from(*letter)))
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Code {
    type Err = ();

    /// Takes small letters, too.
    fn from_str(typed: &str) -> Result<Self, ()> {
        let letters: [u8; LENGTH] = typed.to_ascii_uppercase().as_bytes().try_into().map_err(drop)?;
        letters.iter().all(|letter| LETTERS.contains(letter)).then_some(Self(letters)).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    #[test]
    fn no_two_of_many_messages_share_a_code_and_their_order_shows_nothing() {
        let key = ReplyKey::new(b"secret");
        let codes: Vec<Code> = (1..=20_000).map(|id| key.code(NotificationId(id))).collect();
        assert_eq!(codes.iter().collect::<HashSet<_>>().len(), codes.len());
        let rising = codes.windows(2).filter(|pair| pair[0] < pair[1]).count();
        assert!((9_000..11_000).contains(&rising), "{rising} of 19,999 rise");
        assert_ne!(key.code(NotificationId(7)), ReplyKey::new(b"other").code(NotificationId(7)));
    }

    #[test]
    fn a_token_of_another_desk_or_message_names_nothing() {
        let key = ReplyKey::new(b"secret");
        let token = key.token(NotificationId(45));
        assert_eq!(key.of_token(&token), Some(NotificationId(45)));
        assert_eq!(key.of_token(&token.to_ascii_uppercase()), Some(NotificationId(45)));
        assert_eq!(key.of_token(&token.replacen("45", "46", 1)), None);
        assert_eq!(ReplyKey::new(b"other").of_token(&token), None);
        for wrong in ["", "45", "45-", "-x", "45-aaaaaaaaaaaaaaaa"] {
            assert_eq!(key.of_token(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_token_made_for_one_use_is_good_for_no_other() {
        let key = ReplyKey::new(b"secret");
        let id = NotificationId(45);
        let back = key.return_token(id, 2);
        assert_eq!(key.of_return_token(&back), Some((id, 2)));
        assert_eq!(key.of_return_token(&back.to_ascii_uppercase()), Some((id, 2)));
        assert_eq!(key.of_return_token(&back.replacen("-2-", "-1-", 1)), None, "another attempt");
        assert_eq!(key.of_return_token(&format!("b{}", key.token(id))), None);
        assert_eq!(key.of_token(back.trim_start_matches('b')), None);
        let out = key.link_token(Link::Unsubscribe, id);
        assert_eq!(key.of_link_token(Link::Unsubscribe, &out), Some(id));
        assert_eq!(key.of_link_token(Link::Subscribe, &out), None);
        assert_eq!((key.of_token(&out), key.of_return_token(&out)), (None, None));
    }

    proptest! {
        #[test]
        fn a_code_names_the_newest_message_that_has_it(id in 1u64..1 << 40, later in 0u64..CODES) {
            let key = ReplyKey::new(b"secret");
            let code = key.code(NotificationId(id));
            let typed = code.to_string();
            prop_assert_eq!(typed.to_ascii_lowercase().parse(), Ok(code));
            prop_assert_eq!(key.message(code, NotificationId(id + later)), Some(NotificationId(id)));
            prop_assert!(!typed.contains(['A', 'E', 'I', 'O', 'U']), "{}", typed);
        }
    }
}
