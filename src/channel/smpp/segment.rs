//! One text as the short messages that carry it. A long one is cut here, so that it is known what each
//! part says and which receipt is of which. (3GPP TS 23.040 §9.2.3.24.1; SMPP 3.4 §5.2.12, §5.3.2.22)

use super::alphabet::{self, Alphabet, coding};
use super::pdu::tag;
use crate::core::sms::{self, Encoding};

/// How the parts of a long text say that they belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
    /// A header before the text, as it travels to the handset.
    Udh,
    /// `sar_*` parameters, of which the centre makes that header.
    Sar,
    /// No parts: the whole text in `message_payload`, for the centre to cut.
    Payload,
}

/// What one `submit_sm` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    pub esm_class: u8,
    pub data_coding: u8,
    pub octets: Vec<u8>,
    pub tlvs: Vec<(u16, Vec<u8>)>,
}

/// The text begins with a user data header (UDHI, §5.2.12).
pub const UDHI: u8 = 0x40;
/// Parts are counted in one octet.
const MOST_PARTS: usize = 255;

/// Cuts a text; `None` where it is longer than any message can be. Parts of one message share the
/// reference, parts of two that may arrive together must not.
pub fn parts(text: &str, alphabet: Alphabet, split: Split, reference: u16) -> Option<Vec<Part>> {
    let (segments, data_coding) = match alphabet {
        Alphabet::Gsm7 => match sms::segments(text) {
            segments if segments.encoding == Encoding::Gsm7 => (segments, coding::DEFAULT),
            segments => (segments, coding::UCS2),
        },
        // On the air it is GSM-7 again: what is in both alphabets, counted in septets.
        Alphabet::Latin1 => match sms::segments(text) {
            segments if segments.culprit.is_none() && alphabet::latin1(text).is_some() => {
                (segments, coding::LATIN1)
            }
            _ => (sms::segments_in(text, Encoding::Ucs2), coding::UCS2),
        },
    };
    let encode = |text: &str| match data_coding {
        coding::UCS2 => alphabet::ucs2(text),
        coding::LATIN1 => alphabet::latin1(text).unwrap_or_default(),
        _ => alphabet::gsm7(text),
    };
    let whole = |tlvs| Part { esm_class: 0, data_coding, octets: Vec::new(), tlvs };
    let count = segments.parts.len();
    if count == 1 {
        return Some(vec![Part { octets: encode(text), ..whole(Vec::new()) }]);
    }
    if split == Split::Payload {
        let octets = encode(text);
        let fits = octets.len() <= usize::from(u16::MAX);
        return fits.then(|| vec![whole(vec![(tag::MESSAGE_PAYLOAD, octets)])]);
    }
    let total = u8::try_from(count).ok().filter(|_| count <= MOST_PARTS)?;
    let parts = (1..=total).zip(segments.parts).map(|(number, range)| {
        let said = encode(&text[range]);
        match split {
            Split::Udh => {
                let [_, low] = reference.to_be_bytes();
                let octets = [&[5, 0, 3, low, total, number][..], &said].concat();
                Part { esm_class: UDHI, octets, ..whole(Vec::new()) }
            }
            Split::Sar | Split::Payload => {
                let tlvs = vec![
                    (tag::SAR_MSG_REF_NUM, reference.to_be_bytes().to_vec()),
                    (tag::SAR_TOTAL_SEGMENTS, vec![total]),
                    (tag::SAR_SEGMENT_SEQNUM, vec![number]),
                ];
                Part { octets: said, ..whole(tlvs) }
            }
        }
    });
    Some(parts.collect())
}

#[cfg(test)]
mod tests {
    use super::super::pdu::Sm;
    use super::super::place::{Place, place};
    use super::*;
    use proptest::prelude::*;

    /// What a handset makes of the parts, in whatever order they come.
    fn read(parts: &[Part], alphabet: Alphabet) -> String {
        let mut pieces: Vec<(u8, Vec<u8>, u8)> = parts
            .iter()
            .map(|part| {
                let sm = Sm {
                    esm_class: part.esm_class,
                    data_coding: part.data_coding,
                    short_message: part.octets.clone(),
                    tlvs: part.tlvs.clone(),
                    ..Sm::default()
                };
                let (place, octets) = place(&sm);
                (place.map_or(1, |Place { number, .. }| number), octets.to_vec(), part.data_coding)
            })
            .collect();
        pieces.sort();
        // Each part for itself: nothing may hang on the next one.
        pieces.iter().map(|(_, octets, coding)| alphabet::read(octets, *coding, alphabet)).collect()
    }

    #[test]
    fn a_part_is_headed_as_handsets_know_it() {
        let parts = super::parts(&"a".repeat(200), Alphabet::Gsm7, Split::Udh, 0x1234).unwrap();
        assert_eq!(parts.len(), 2);
        assert_eq!((parts[0].esm_class, parts[0].data_coding), (0x40, 0));
        assert_eq!(parts[0].octets[..6], [5, 0, 3, 0x34, 2, 1]);
        assert_eq!(parts[1].octets[..6], [5, 0, 3, 0x34, 2, 2]);
        assert_eq!((parts[0].octets.len(), parts[1].octets.len()), (6 + 153, 6 + 47));
        let sar = super::parts(&"ж".repeat(71), Alphabet::Gsm7, Split::Sar, 0x1234).unwrap();
        assert_eq!((sar.len(), sar[0].esm_class, sar[0].data_coding, sar[0].octets.len()), (2, 0, 8, 134));
        assert_eq!(sar[1].tlvs, [(0x20c, vec![0x12, 0x34]), (0x20e, vec![2]), (0x20f, vec![2])]);
        let payload = super::parts(&"a".repeat(500), Alphabet::Gsm7, Split::Payload, 1).unwrap();
        assert_eq!((payload.len(), payload[0].tlvs[0].0, payload[0].tlvs[0].1.len()), (1, 0x424, 500));
    }

    #[test]
    fn latin_1_is_sent_only_where_the_air_carries_it_too() {
        let coding = |text: &str| super::parts(text, Alphabet::Latin1, Split::Udh, 1).unwrap()[0].data_coding;
        assert_eq!((coding("Grüße"), coding("5 €"), coding("ê"), coding("Ω")), (3, 8, 8, 8));
        assert_eq!(super::parts(&"€".repeat(71), Alphabet::Latin1, Split::Udh, 1).unwrap().len(), 2);
    }

    #[test]
    fn no_message_has_more_parts_than_can_be_counted() {
        let most = "a".repeat(153 * 255);
        assert_eq!(super::parts(&most, Alphabet::Gsm7, Split::Udh, 1).unwrap().len(), 255);
        assert_eq!(super::parts(&(most + "a"), Alphabet::Gsm7, Split::Udh, 1), None);
        assert_eq!(super::parts(&"a".repeat(70_000), Alphabet::Gsm7, Split::Payload, 1), None);
    }

    proptest! {
        #[test]
        fn the_parts_say_the_text_and_each_stands_alone(
            text in "[a-zA-Z{}\\[\\]€ ]{0,400}|(\\PC|🚚|ж){0,200}",
            alphabet in prop::sample::select(vec![Alphabet::Gsm7, Alphabet::Latin1]),
            split in prop::sample::select(vec![Split::Udh, Split::Sar]),
            reference in any::<u16>(),
        ) {
            let parts = super::parts(&text, alphabet, split, reference).unwrap();
            prop_assert_eq!(read(&parts, alphabet), text);
            for part in &parts {
                let room = if part.data_coding == 8 { 140 } else { 160 };
                prop_assert!(part.octets.len() <= room);
            }
        }
    }
}
