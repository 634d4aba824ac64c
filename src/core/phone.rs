//! Phone numbers, read as people and systems write them and kept in E.164.
//!
//! The numbering plans of all countries take a tenth of a second and nine megabytes to load, which a console
//! that only shows numbers need not pay. So what can be read in one way only is taken as it stands, and
//! everything else (a national prefix in brackets, a rare country) goes to the plans. Either way a number for
//! which the plan of its country has no room is refused: a digit lost or typed twice reaches nobody.

use crate::core::contact::BadAddress;
use crate::core::text::sanitise;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A phone number in E.164 (`+15551230000`), checked against the numbering plan of its country.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Phone(String);

impl Phone {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Phone {
    type Err = BadAddress;

    /// Reads what somebody typed: `+49 151 2345678`, `+49 (0) 151/2345678`, with or without `tel:`.
    fn from_str(typed: &str) -> Result<Self, BadAddress> {
        let number = plain_number(typed);
        let bad = || BadAddress::Phone(sanitise(typed).into_owned());
        // Without a country nobody knows which one is meant.
        if !number.trim_start().starts_with('+') {
            return Err(bad());
        }
        let e164 = match is_plain_e164(number) {
            true => number.to_owned(),
            false => by_plan(number).ok_or_else(bad)?,
        };
        // A number of a range that no plan lists may be new, so only its length is held against it.
        let plan = Plan::of(&e164).ok_or_else(bad)?;
        if !plan.lengths.contains(&plan.has) {
            let (country, has, want) = (plan.country, plan.has, spoken(plan.lengths));
            return Err(BadAddress::Digits { typed: sanitise(typed).into_owned(), country, has, want });
        }
        Ok(Self(e164))
    }
}

/// What was kept was checked when it came in; a plan that changed since does not make it unreadable.
impl TryFrom<String> for Phone {
    type Error = BadAddress;

    fn try_from(text: String) -> Result<Self, BadAddress> {
        if is_plain_e164(&text) { Ok(Self(text)) } else { text.parse() }
    }
}

impl From<Phone> for String {
    fn from(phone: Phone) -> String {
        phone.0
    }
}

impl fmt::Display for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A number without the scheme of RFC 3966.
pub fn plain_number(text: &str) -> &str {
    match text.get(..4) {
        Some(scheme) if scheme.eq_ignore_ascii_case("tel:") => &text[4..],
        _ => text,
    }
}

/// A number that reads the same before and after parsing. Whatever could be read in another way (a
/// national prefix, a rare or unassigned country) is not.
fn is_plain_e164(typed: &str) -> bool {
    let Some(digits) = typed.strip_prefix('+') else { return false };
    if !(7..=15).contains(&digits.len()) || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return false;
    }
    let national = match digits.as_bytes() {
        [b'1', rest @ ..] if rest.first() != Some(&b'1') => rest,
        [b'2', b'0' | b'7', rest @ ..]
        | [b'3', b'0'..=b'4' | b'6', rest @ ..]
        | [b'4', b'0' | b'1' | b'3'..=b'9', rest @ ..]
        | [b'5', b'1'..=b'8', rest @ ..]
        | [b'6', b'0'..=b'6', rest @ ..]
        | [b'8', b'1' | b'2' | b'4' | b'6', rest @ ..]
        | [b'9', b'0'..=b'5' | b'8', rest @ ..]
        | [b'3', b'5', b'1'..=b'9', rest @ ..]
        | [b'3', b'8', b'0'..=b'2' | b'5'..=b'7', rest @ ..]
        | [b'4', b'2', b'0' | b'1', rest @ ..]
        | [b'9', b'7', b'1'..=b'4', rest @ ..] => rest,
        _ => return false,
    };
    national.first() != Some(&b'0')
}

/// As the numbering plans read it, less the `0` that somebody wrote behind the country. Any other prefix that
/// would go (8 in Russia and Lithuania, 80 in Belarus) is as well the beginning of numbers, and nobody writes
/// one there: what was typed is what was meant.
fn by_plan(number: &str) -> Option<String> {
    let read = phonenumber::parse(None, number).ok()?;
    let read = read.format().mode(phonenumber::Mode::E164).to_string();
    let typed: String = number.chars().filter(char::is_ascii_digit).collect();
    let code = Plan::of(&read).map(|plan| read.len() - plan.has)?;
    let (country, national) = read.split_at_checked(code)?;
    let gone = typed.strip_prefix(&country[1..]).and_then(|rest| rest.strip_suffix(national));
    Some(match gone {
        None | Some("" | "0") => read,
        Some(_) => format!("+{typed}"),
    })
}

/// The plan that a number falls under.
struct Plan {
    country: u16,
    /// How many digits follow the country's code.
    has: usize,
    /// How many may.
    lengths: &'static [usize],
}

impl Plan {
    /// `None`: the digits begin with no country's code.
    fn of(e164: &str) -> Option<Self> {
        let digits = e164.strip_prefix('+')?;
        // No code is the beginning of another.
        (1..=3).find_map(|code| {
            let country: u16 = digits.get(..code)?.parse().ok()?;
            let (lengths, _) = LENGTHS.iter().find(|(_, countries)| countries.contains(&country))?;
            Some(Self { country, has: digits.len() - code, lengths })
        })
    }
}

/// `10`, `5 or 8`, `4 to 13`.
fn spoken(lengths: &[usize]) -> String {
    match lengths {
        [first, .., last] if last - first == lengths.len() - 1 && lengths.len() > 2 => {
            format!("{first} to {last}")
        }
        [before @ .., last] if !before.is_empty() => {
            let before: Vec<String> = before.iter().map(usize::to_string).collect();
            format!("{} or {last}", before.join(", "))
        }
        few => few.iter().map(usize::to_string).collect(),
    }
}

/// How many digits the numbers of each country's plan have, all kinds of numbers together, as libphonenumber has
/// it (9.0.43); none is longer than E.164 allows.
const LENGTHS: &[(&[usize], &[u16])] = &[
    (&[4, 5], &[290]),
    (&[4, 5, 6, 7], &[690]),
    (&[4, 5, 6, 7, 8, 9, 10, 11], &[352]),
    (&[4, 5, 6, 7, 8, 9, 10, 11, 12], &[598]),
    (&[4, 5, 6, 7, 8, 9, 10, 11, 12, 13], &[43, 49]),
    (&[4, 5, 6, 7, 10], &[98]),
    (&[4, 7], &[683]),
    (&[5], &[500, 682]),
    (&[5, 6], &[247]),
    (&[5, 6, 7], &[688]),
    (&[5, 6, 7, 8], &[386]),
    (&[5, 6, 7, 8, 9, 10], &[27, 64]),
    (&[5, 6, 7, 8, 9, 10, 11], &[31]),
    (&[5, 6, 7, 8, 9, 10, 11, 12], &[358, 971]),
    (&[5, 6, 7, 8, 9, 10, 12], &[61]),
    (&[5, 6, 7, 8, 9, 11], &[852]),
    (&[5, 6, 7, 10], &[685]),
    (&[5, 6, 8, 9, 10, 11, 12, 13], &[82]),
    (&[5, 7], &[676, 677, 678]),
    (&[5, 8], &[47, 686]),
    (&[6], &[298, 299, 672, 687]),
    (&[6, 7], &[597]),
    (&[6, 7, 8, 9], &[252, 355]),
    (&[6, 7, 8, 9, 10], &[48, 95, 880]),
    (&[6, 7, 8, 9, 10, 11], &[375, 595]),
    (&[6, 7, 8, 9, 10, 11, 12], &[39, 381]),
    (&[6, 7, 8, 9, 10, 12], &[46]),
    (&[6, 7, 8, 9, 12], &[359]),
    (&[6, 7, 8, 10], &[53]),
    (&[6, 7, 9], &[421]),
    (&[6, 8, 9], &[376, 689]),
    (&[6, 8, 9, 10, 11, 12, 13], &[63]),
    (&[6, 9], &[40, 508, 681]),
    (&[7], &[238, 239, 246, 248, 269, 291, 297, 592, 673, 674, 680, 691, 692]),
    (&[7, 8], &[241, 599, 670, 675, 853, 961, 965, 975]),
    (&[7, 8, 9], &[231, 385, 967, 968]),
    (&[7, 8, 9, 10], &[84, 243, 254, 353]),
    (&[7, 8, 9, 10, 11], &[886]),
    (&[7, 8, 9, 10, 11, 12], &[86, 882, 972]),
    (&[7, 8, 9, 10, 11, 12, 13], &[62]),
    (&[7, 8, 9, 11], &[974]),
    (&[7, 8, 10], &[230, 267, 372]),
    (&[7, 8, 10, 11], &[507]),
    (&[7, 8, 11], &[503]),
    (&[7, 9], &[220, 245, 265, 354, 423]),
    (&[7, 9, 10], &[44, 263]),
    (&[7, 10], &[960]),
    (&[7, 10, 12, 13], &[90]),
    (&[7, 11], &[501, 679]),
    (
        &[8],
        &[
            45, 216, 222, 223, 226, 227, 228, 232, 235, 236, 253, 257, 266, 350, 356, 357, 370, 371, 373,
            374, 389, 505, 509, 800, 808, 973, 993,
        ],
    ),
    (&[8, 9], &[32, 36, 51, 213, 224, 233, 237, 250, 258, 264, 268, 377, 382, 387, 591, 962, 963]),
    (&[8, 9, 10], &[20, 60, 855, 856, 964, 970, 976]),
    (&[8, 9, 10, 11], &[55, 593]),
    (&[8, 9, 10, 11, 12], &[92, 383, 883]),
    (&[8, 9, 10, 11, 12, 13], &[81, 91]),
    (&[8, 9, 10, 13], &[66]),
    (&[8, 10], &[378, 506, 850]),
    (&[8, 10, 11], &[57, 65, 977]),
    (&[8, 11], &[502, 504]),
    (
        &[9],
        &[
            33, 34, 93, 94, 211, 212, 218, 221, 240, 242, 244, 249, 251, 255, 256, 260, 261, 262, 351, 590,
            594, 596, 979, 992, 994, 995, 998,
        ],
    ),
    (&[9, 10], &[380, 881, 966, 996]),
    (&[9, 10, 11], &[56]),
    (&[9, 10, 11, 12], &[420]),
    (&[9, 12], &[41, 870]),
    (&[10], &[1, 52, 58, 225, 229]),
    (&[10, 11], &[54]),
    (&[10, 11, 12], &[30, 234]),
    (&[10, 14], &[7]),
    (&[11], &[888]),
    (&[12], &[878]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_numbers_read_as_the_numbering_plans_would_read_them() {
        for number in [
            "+4915123456789",
            "+15551230000",
            "+14155552671",
            "+442071838750",
            "+33142685300",
            "+351211234567",
            "+420601123456",
            "+861012345678",
            "+919876543210",
            "+97143211234",
            "+61291234567",
        ] {
            assert!(is_plain_e164(number), "{number}");
            let planned = phonenumber::parse(None, number).unwrap();
            assert_eq!(planned.format().mode(phonenumber::Mode::E164).to_string(), number);
        }
        for other in
            ["+49 151 23456789", "4915123456789", "+4901512345678", "+999123456", "+123", "+390612345678"]
        {
            assert!(!is_plain_e164(other), "{other}");
        }
        for typed in
            ["+49 (0) 151 23456789", "+49 0151 23456789", "tel:+49-151-23456789", "TEL:+4915123456789"]
        {
            assert_eq!(typed.parse::<Phone>().unwrap().as_str(), "+4915123456789", "{typed}");
        }
    }

    #[test]
    fn a_lost_or_doubled_digit_is_named_and_what_was_kept_stays_readable() {
        let said = |typed: &str| typed.parse::<Phone>().unwrap_err().to_string();
        assert!(
            said("+1 415 555 267").contains("has 9 digits after +1, and numbers of that country have 10")
        );
        assert!(said("+1 415 555 26711").contains("has 11 digits"));
        assert!(said("+47 212 34 56").contains("have 5 or 8;"));
        assert!(said("0151 23456789").contains("international form"));
        assert!(said("+999 123 4567").contains("international form"));
        let kept: Phone = serde_json::from_str("\"+141555526711\"").unwrap();
        assert_eq!(kept.as_str(), "+141555526711");
    }

    #[test]
    fn no_countrys_code_is_the_beginning_of_anothers() {
        let codes: Vec<String> = LENGTHS.iter().flat_map(|row| row.1).map(u16::to_string).collect();
        for code in &codes {
            let begun = codes.iter().filter(|other| other.starts_with(code.as_str())).count();
            assert_eq!(begun, 1, "{code}");
        }
    }
}
