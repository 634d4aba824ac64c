//! Reads delivery receipts: from the optional parameters where there are any, from the text of SMPP 3.4's
//! appendix B where there are none, as different centres write it.
//!
//! Only what the centre marks as a receipt is one. A person can type what a receipt says.

use super::alphabet::{self, Alphabet};
use super::pdu::{Address, Sm, tag};
use crate::channel::codes::smpp::{MessageState, receipt_words};
use crate::channel::http::clip;
use crate::channel::{Of, Receipt};
use std::collections::{HashMap, VecDeque};

/// `esm_class` of a receipt and of an intermediate notification, and the bits that tell. (§5.2.12)
const KIND: u8 = 0x3c;
const DELIVERY_RECEIPT: u8 = 0x04;
const INTERMEDIATE: u8 = 0x20;

/// Names that were given out lately are remembered, so that a receipt is never taken for that of another
/// message whose name reads the same in the other notation.
const REMEMBERED: usize = 16_384;
/// A longer name is not one.
const LONGEST_NAME: usize = 256;

/// The names that messages of this run were given, and whom they went to.
#[derive(Default)]
pub struct GivenOut {
    to: HashMap<String, String>,
    order: VecDeque<String>,
}

impl GivenOut {
    pub fn remember(&mut self, name: &str, to: &str) {
        if name.is_empty() {
            return;
        }
        if self.to.insert(name.to_owned(), to.to_owned()).is_none() {
            self.order.push_back(name.to_owned());
        }
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.to.remove(&oldest);
        }
    }

    fn went_to(&self, name: &str) -> Option<&str> {
        self.to.get(name).map(String::as_str)
    }
}

/// A name as it is kept; one that nobody could mean is none.
pub fn name(message_id: &str) -> String {
    match message_id.trim() {
        name if name.len() <= LONGEST_NAME => name.to_owned(),
        _ => String::new(),
    }
}

/// Whether the centre marks it as a receipt.
pub fn is_receipt(sm: &Sm) -> bool {
    matches!(sm.esm_class & KIND, DELIVERY_RECEIPT | INTERMEDIATE)
        || (sm.tlv(tag::RECEIPTED_MESSAGE_ID).is_some() && sm.tlv(tag::MESSAGE_STATE).is_some())
}

/// What a receipt says, and of which message. `ours` is the sender of our messages: some centres leave the
/// addresses as they were in the message, others exchange them.
pub fn read(sm: &Sm, ours: &str, given_out: &GivenOut) -> Receipt {
    // Centres write these in ASCII, whatever they read texts as: a name may hold an underscore.
    let text = alphabet::read(sm.text(), sm.data_coding, Alphabet::Latin1);
    let fields = Fields::of(&text);
    let numbered = sm.tlv(tag::MESSAGE_STATE).and_then(|value| value.first().copied());
    let told =
        [numbered.and_then(MessageState::numbered), fields.get("stat").and_then(MessageState::written)];
    // Where the two disagree, the worse is kept, as the ladder does with two receipts.
    let state = told.into_iter().flatten().max_by_key(|state| state.rung());
    let names: Vec<String> = [sm.string(tag::RECEIPTED_MESSAGE_ID), fields.get("id").map(str::to_owned)]
        .into_iter()
        .flatten()
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty() && name.len() <= LONGEST_NAME)
        .collect();
    let from_us = bare(&sm.source.digits) == bare(ours);
    let to = number(if from_us { &sm.destination } else { &sm.source });
    let (spellings, known) = spellings(&names, to.as_deref(), given_out);
    Receipt {
        fault: None,
        of: Of::Named {
            spellings,
            // Whose it is, is known: it is of no other message to the same number.
            to: to.filter(|_| !known),
            reference: sm.number(tag::USER_MESSAGE_REFERENCE),
        },
        provider_ref: None,
        rung: state.and_then(MessageState::rung),
        by: "carrier",
        detail: detail(&fields, numbered, state),
    }
}

/// What a screen shows of it: state and error, without the message's own words.
fn detail(fields: &Fields<'_>, numbered: Option<u8>, state: Option<MessageState>) -> String {
    let written = match (fields.get("stat"), numbered) {
        (Some(written), _) => clip(written),
        (None, Some(number)) => format!("message_state {number}"),
        (None, None) => String::new(),
    };
    receipt_words(state, &written, fields.get("err").map(clip).as_deref())
}

/// `key:value` pairs of the text, up to where the message's own words begin.
struct Fields<'a> {
    text: &'a str,
}

impl<'a> Fields<'a> {
    fn of(text: &'a str) -> Self {
        let end = key(text, "text").map_or(text.len(), |(start, _)| start);
        Self { text: &text[..end] }
    }

    fn get(&self, name: &str) -> Option<&'a str> {
        let (_, value) = key(self.text, name)?;
        let value = self.text[value..].trim_start();
        let value = value.split(|c: char| c.is_whitespace() || c == ',' || c == ';').next()?;
        Some(value.trim_matches('\0')).filter(|value| !value.is_empty())
    }
}

/// Where a key begins and where its value does, whatever its case and the spaces around its colon.
fn key(text: &str, name: &str) -> Option<(usize, usize)> {
    let mut from = 0;
    while let Some(at) = text
        .get(from..)?
        .char_indices()
        .map(|(at, _)| from + at)
        .find(|at| text.get(*at..*at + name.len()).is_some_and(|word| word.eq_ignore_ascii_case(name)))
    {
        let alone = !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let rest = &text[at + name.len()..];
        if alone && let Some(value) = rest.trim_start().strip_prefix(':') {
            return Some((at, text.len() - value.len()));
        }
        from = at + name.len();
    }
    None
}

/// The names under which the message may be known, the likeliest first, and whether it is known for sure.
fn spellings(names: &[String], to: Option<&str>, given_out: &GivenOut) -> (Vec<String>, bool) {
    let mut all: Vec<String> = Vec::new();
    for name in names {
        for spelling in notations(name) {
            if !all.contains(&spelling) {
                all.push(spelling);
            }
        }
    }
    let fits = |spelling: &String| match (given_out.went_to(spelling), to) {
        (Some(went), Some(to)) => bare(went) == bare(to),
        (Some(_), None) => true,
        (None, _) => false,
    };
    if let Some(found) = all.iter().find(|spelling| fits(spelling)) {
        return (vec![found.clone()], true);
    }
    // What was given to a message to somebody else is not the name of this one.
    all.retain(|spelling| given_out.went_to(spelling).is_none() || to.is_none());
    (all, false)
}

/// One name as it stands, with and without leading zeros, in small and capital letters, and the same number
/// in hexadecimal and decimal notation.
fn notations(name: &str) -> Vec<String> {
    let mut found = vec![name.to_owned()];
    let bare = name.trim_start_matches('0');
    let bare = if bare.is_empty() { "0" } else { bare };
    let mut add = |spelling: String| found.push(spelling);
    add(bare.to_owned());
    add(name.to_ascii_lowercase());
    add(name.to_ascii_uppercase());
    if name.bytes().all(|digit| digit.is_ascii_digit())
        && let Ok(number) = bare.parse::<u128>()
    {
        add(format!("{number:x}"));
        add(format!("{number:X}"));
        add(format!("{number:08x}"));
        add(format!("{number:08X}"));
        add(format!("{number:010}"));
        add(format!("{number:08}"));
    }
    if let Ok(number) = u128::from_str_radix(bare, 16) {
        add(number.to_string());
        add(format!("{number:010}"));
        add(format!("{number:08X}"));
        add(format!("{number:08x}"));
    }
    let mut seen = Vec::with_capacity(found.len());
    for spelling in found {
        if !seen.contains(&spelling) {
            seen.push(spelling);
        }
    }
    seen
}

/// A telephone number as everybody else writes it, where it can be one.
pub fn number(address: &Address) -> Option<String> {
    let digits = bare(&address.digits);
    let is_number = digits.bytes().all(|b| b.is_ascii_digit()) && digits.len() >= 7;
    // National numbers begin with a trunk prefix that international ones never have.
    let international = matches!(address.ton, 0 | 1) && !digits.starts_with('0');
    (is_number && international).then(|| format!("+{digits}"))
}

/// A number without what marks it as international.
pub fn bare(digits: &str) -> &str {
    let digits = digits.trim();
    digits.strip_prefix('+').or_else(|| digits.strip_prefix("00")).unwrap_or(digits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::notification::Rung;
    use proptest::prelude::*;

    const US: &str = "Nightdesk";

    fn sm(text: &str, esm_class: u8) -> Sm {
        Sm {
            esm_class,
            source: Address { ton: 1, npi: 1, digits: "491512345678".into() },
            destination: Address { ton: 5, npi: 0, digits: US.into() },
            short_message: text.as_bytes().to_vec(),
            ..Sm::default()
        }
    }

    fn heard(text: &str) -> Receipt {
        read(&sm(text, 4), US, &GivenOut::default())
    }

    fn named(receipt: &Receipt) -> (Vec<String>, Option<String>) {
        match &receipt.of {
            Of::Named { spellings, to, .. } => (spellings.clone(), to.clone()),
            Of::Attempt { .. } => panic!("{receipt:?}"),
        }
    }

    #[test]
    fn receipts_are_read_as_different_centres_write_them() {
        for (text, rung, detail) in [
            (
                "id:4711 sub:001 dlvrd:001 submit date:2602030405 done date:2602030406 stat:DELIVRD err:000 text:Order",
                Some(Rung::Delivered),
                "DELIVRD",
            ),
            (
                "id:4711 sub:001 dlvrd:001 submit date:260203040506 done date:260203040607 stat:DELIVRD err:000 Text:",
                Some(Rung::Delivered),
                "DELIVRD",
            ),
            (
                "ID: 4711 Sub: 1 Dlvrd: 0 Submit Date: 2602030405 Done Date: 2602030406 Stat: undeliv Err: 01b Text: x",
                Some(Rung::Failed),
                "the carrier cannot deliver it to this phone; check the number (undeliv err 01b)",
            ),
            (
                "id:4711 submitdate:26020304 donedate:26020304 stat:EXPIRED err:254",
                Some(Rung::Expired),
                "the phone was off or out of reach until the carrier gave up; try again later (EXPIRED err 254)",
            ),
            (
                "  id :4711  stat : REJECTD\terr : 012 text",
                Some(Rung::Failed),
                "the carrier rejected it; ask the provider why (REJECTD err 012)",
            ),
            (
                "id:4711\tstat:DELETED",
                Some(Rung::Failed),
                "the carrier deleted it; ask the provider why (DELETED)",
            ),
            ("id:4711 stat:ACCEPTD", Some(Rung::Sent), "the carrier has taken it (ACCEPTD)"),
            ("id:4711 stat:ENROUTE", Some(Rung::Sent), "it is on its way to the phone (ENROUTE)"),
            ("id:4711 stat:UNKNOWN err:000", None, "the carrier does not know what became of it (UNKNOWN)"),
            (
                "id:4711 stat:UNDELIVERABLE",
                Some(Rung::Failed),
                "the carrier cannot deliver it to this phone; check the number (UNDELIVERABLE)",
            ),
            ("id:4711", None, ""),
            // Whatever the message itself said is no part of the receipt.
            ("id:4711 err:000 text:stat:DELIVRD", None, ""),
        ] {
            let receipt = heard(text);
            assert_eq!((receipt.rung, receipt.detail.as_str()), (rung, detail), "{text}");
            let (spellings, to) = named(&receipt);
            assert_eq!((spellings[0].as_str(), to.as_deref()), ("4711", Some("+491512345678")), "{text}");
        }
        assert_eq!(named(&heard("your message was delivered")).0, Vec::<String>::new());
    }

    #[test]
    fn parameters_count_before_the_text_and_the_worse_of_both_is_kept() {
        let mut with = sm("id:1 stat:DELIVRD err:000", 0);
        with.tlvs = vec![
            (tag::RECEIPTED_MESSAGE_ID, b"4d2\0".to_vec()),
            (tag::MESSAGE_STATE, vec![5]),
            (tag::USER_MESSAGE_REFERENCE, vec![0x12, 0x34]),
        ];
        assert!(is_receipt(&with));
        let receipt = read(&with, US, &GivenOut::default());
        assert_eq!(receipt.rung, Some(Rung::Failed));
        let Of::Named { spellings, reference, .. } = &receipt.of else { panic!() };
        assert_eq!((spellings[0].as_str(), *reference), ("4d2", Some(0x1234)));
        assert!(spellings.contains(&"1234".to_owned()) && spellings.contains(&"1".to_owned()));
        with.short_message.clear();
        assert_eq!(
            read(&with, US, &GivenOut::default()).detail,
            "the carrier cannot deliver it to this phone; check the number (message_state 5)"
        );
    }

    #[test]
    fn what_a_person_types_is_never_a_receipt() {
        for esm_class in [0, 0x40, 0x08, 0x10, 0x03] {
            assert!(!is_receipt(&sm("id:4711 sub:001 dlvrd:001 stat:DELIVRD err:000 text:", esm_class)));
        }
        assert!(is_receipt(&sm("", 0x04)) && is_receipt(&sm("", 0x20)) && is_receipt(&sm("", 0x44)));
    }

    #[test]
    fn one_number_is_found_in_either_notation() {
        let of = |text: &str| named(&heard(text)).0;
        assert!(of("id:0000001234 stat:DELIVRD").contains(&"4d2".to_owned()));
        assert!(of("id:1234 stat:DELIVRD").contains(&"000004D2".to_owned()));
        assert!(of("id:1234 stat:DELIVRD").contains(&"0000001234".to_owned()));
        assert!(of("id:4D2 stat:DELIVRD").contains(&"1234".to_owned()));
        assert!(of("id:4D2 stat:DELIVRD").contains(&"4d2".to_owned()));
        assert_eq!(of("id:c449ab9744f47b6af1879e49e75e4f40x stat:DELIVRD").len(), 2);
        assert_eq!(of("id:0 stat:DELIVRD")[0], "0");
    }

    #[test]
    fn a_receipt_is_of_the_message_that_went_where_it_says() {
        let mut given_out = GivenOut::default();
        // Named in hexadecimal, reported in decimal: 1234 is 4d2, and another message is called 1234.
        given_out.remember("4d2", "+491512345678");
        given_out.remember("1234", "+4930123456");
        let of = |text: &str| named(&read(&sm(text, 4), US, &given_out));
        assert_eq!(of("id:1234 stat:DELIVRD"), (vec!["4d2".to_owned()], None));
        let (unknown, to) = of("id:4660 stat:DELIVRD");
        assert!(!unknown.contains(&"1234".to_owned()), "{unknown:?}");
        assert_eq!(to.as_deref(), Some("+491512345678"));
    }

    #[test]
    fn a_name_is_read_as_it_was_given() {
        assert_eq!(named(&heard("id:a_B@3$-x stat:DELIVRD")).0[0], "a_B@3$-x");
    }

    #[test]
    fn some_centres_do_not_exchange_the_addresses() {
        let mut as_sent = sm("id:1 stat:DELIVRD", 4);
        std::mem::swap(&mut as_sent.source, &mut as_sent.destination);
        let receipt = read(&as_sent, US, &GivenOut::default());
        assert_eq!(named(&receipt).1.as_deref(), Some("+491512345678"));
    }

    #[test]
    fn only_what_can_be_an_international_number_becomes_one() {
        let of = |ton: u8, digits: &str| number(&Address { ton, npi: 1, digits: digits.into() });
        assert_eq!(of(1, "491512345678").as_deref(), Some("+491512345678"));
        assert_eq!(of(0, "+491512345678").as_deref(), Some("+491512345678"));
        assert_eq!(of(0, "00491512345678").as_deref(), Some("+491512345678"));
        for (ton, digits) in [(2, "1512345678"), (0, "01512345678"), (5, "Acme"), (1, "12345"), (1, "")] {
            assert_eq!(of(ton, digits), None, "{ton} {digits}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in "(\\PC|id:|stat:|text:| |:|err){0,40}") {
            let _ = heard(&text);
        }

        #[test]
        fn what_is_remembered_is_bounded(names in prop::collection::vec("[0-9a-f]{1,4}", 0..50)) {
            let mut given_out = GivenOut::default();
            for name in &names {
                given_out.remember(name, "+491512345678");
            }
            prop_assert_eq!(given_out.to.len(), given_out.order.len());
        }
    }
}
