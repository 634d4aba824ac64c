//! Between texts and the octets that centres take and give: the GSM 7-bit alphabet, one septet an octet,
//! and UTF-16. (3GPP TS 23.038 §6.2.1; SMPP 3.4 §5.2.19)

/// How the centre reads `data_coding` 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alphabet {
    /// The GSM 7-bit default alphabet, unpacked.
    Gsm7,
    /// ISO 8859-1; texts then go as `data_coding` 3, which leaves no doubt.
    Latin1,
}

/// `data_coding` of texts.
pub mod coding {
    pub const DEFAULT: u8 = 0;
    pub const IA5: u8 = 1;
    pub const LATIN1: u8 = 3;
    pub const UCS2: u8 = 8;
}

const ESCAPE: u8 = 0x1b;
/// By septet. The escape stands for itself.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\u{1b}ÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
                     ¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// What follows an escape.
const EXTENSION: [(u8, char); 10] = [
    (0x0a, '\u{c}'),
    (0x14, '^'),
    (0x28, '{'),
    (0x29, '}'),
    (0x2f, '\\'),
    (0x3c, '['),
    (0x3d, '~'),
    (0x3e, ']'),
    (0x40, '|'),
    (0x65, '€'),
];

/// Septets, one an octet; what the alphabet lacks becomes a question mark.
pub fn gsm7(text: &str) -> Vec<u8> {
    let mut octets = Vec::with_capacity(text.len());
    for c in text.chars() {
        if let Some((septet, _)) = EXTENSION.iter().find(|(_, one)| *one == c) {
            octets.extend([ESCAPE, *septet]);
        } else {
            let place = BASIC.chars().position(|one| one == c && one != '\u{1b}');
            octets.push(place.and_then(|place| u8::try_from(place).ok()).unwrap_or(b'?'));
        }
    }
    octets
}

/// `None` where a character is not in ISO 8859-1.
pub fn latin1(text: &str) -> Option<Vec<u8>> {
    text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect()
}

/// UTF-16, big endian.
pub fn ucs2(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_be_bytes).collect()
}

/// What a text of this `data_coding` says. Whatever the octets, something readable comes out.
pub fn read(octets: &[u8], data_coding: u8, default: Alphabet) -> String {
    match data_coding {
        coding::UCS2 => from_ucs2(octets),
        // Message classes and compression of TS 23.038 §4 with the same alphabets.
        class if matches!(class & 0xf0, 0x10 | 0x50) && class & 0x0c == 0x08 => from_ucs2(octets),
        coding::IA5 | coding::LATIN1 => from_latin1(octets),
        _ if default == Alphabet::Latin1 => from_latin1(octets),
        // Septets have no eighth bit: this centre writes something else.
        _ if octets.iter().any(|octet| *octet > 0x7f) => match std::str::from_utf8(octets) {
            Ok(text) => text.to_owned(),
            Err(_) => from_latin1(octets),
        },
        _ => from_gsm7(octets),
    }
}

fn from_gsm7(octets: &[u8]) -> String {
    let mut text = String::with_capacity(octets.len());
    let mut octets = octets.iter();
    while let Some(octet) = octets.next() {
        if *octet != ESCAPE {
            text.extend(BASIC.chars().nth(usize::from(*octet)));
            continue;
        }
        let Some(next) = octets.next() else { break };
        match EXTENSION.iter().find(|(septet, _)| septet == next) {
            Some((_, c)) => text.push(*c),
            // An unknown extension is shown as its place in the basic table (§6.2.1.1).
            None => text.extend(BASIC.chars().nth(usize::from(*next))),
        }
    }
    text
}

fn from_latin1(octets: &[u8]) -> String {
    octets.iter().map(|octet| char::from(*octet)).collect()
}

fn from_ucs2(octets: &[u8]) -> String {
    let units = octets.chunks(2).map(|pair| match *pair {
        [high, low] => u16::from_be_bytes([high, low]),
        _ => 0xfffd,
    });
    char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::sms;
    use proptest::prelude::*;

    #[test]
    fn the_tables_are_those_that_lengths_are_counted_with() {
        assert_eq!(BASIC.chars().count(), 128);
        assert_eq!(BASIC.chars().position(|c| c == '\u{1b}'), Some(0x1b));
        let basic = BASIC.chars().filter(|c| *c != '\u{1b}');
        assert!(basic.clone().all(|c| sms::septets(c) == Some(1)));
        assert!(EXTENSION.iter().all(|(_, c)| sms::septets(*c) == Some(2)));
        for (c, octet) in
            [('@', 0), ('A', 0x41), ('Z', 0x5a), ('a', 0x61), ('ä', 0x7b), ('à', 0x7f), (' ', 0x20)]
        {
            assert_eq!(gsm7(&c.to_string()), [octet], "{c}");
        }
        assert_eq!(gsm7("€5"), [0x1b, 0x65, 0x35]);
    }

    #[test]
    fn texts_of_centres_that_write_something_else_stay_readable() {
        let gsm = Alphabet::Gsm7;
        assert_eq!(read(&[0x47, 0x72, 0x7e, 0x1e, 0x65], 0, gsm), "Grüße");
        assert_eq!(read("Grüße".as_bytes(), 0, gsm), "Grüße");
        assert_eq!(read(&[0x47, 0x72, 0xfc, 0xdf, 0x65], 0, gsm), "Grüße");
        assert_eq!(read(&[0x47, 0x72, 0xfc, 0xdf, 0x65], 3, gsm), "Grüße");
        assert_eq!(read(b"a_b@c", 1, gsm), "a_b@c");
        assert_eq!(read(b"a_b@c", 0, Alphabet::Latin1), "a_b@c");
        assert_eq!(read(&[0x04, 0x16, 0xd8, 0x3d, 0xde, 0x9a], 8, gsm), "Ж🚚");
        // Half a character, an escape at the end.
        assert_eq!(read(&[0x04, 0x16, 0xd8, 0x3d, 0xde], 8, gsm).chars().next(), Some('Ж'));
        assert_eq!(read(&[0x41, 0x1b], 0, gsm), "A");
    }

    proptest! {
        #[test]
        fn a_text_in_the_alphabet_comes_back_whole(text in "[ -Za-z£¥èéùìòÇØøÅåΔΦΓΛΩ\\[\\]{}^~|€äöñüà\n]{0,200}") {
            prop_assume!(sms::segments(&text).culprit.is_none());
            let octets = gsm7(&text);
            prop_assert_eq!(octets.len(), sms::length(&text));
            prop_assert_eq!(read(&octets, 0, Alphabet::Gsm7), text);
        }

        #[test]
        fn any_text_comes_back_from_utf_16(text in "\\PC{0,100}") {
            prop_assert_eq!(read(&ucs2(&text), 8, Alphabet::Gsm7), text);
        }

        #[test]
        fn any_octets_are_some_text(octets in prop::collection::vec(any::<u8>(), 0..300), coding in any::<u8>()) {
            let _ = read(&octets, coding, Alphabet::Gsm7);
            let _ = read(&octets, coding, Alphabet::Latin1);
        }
    }
}
