//! Where a part of what somebody wrote says that it belongs: in a header before its text, or in parameters.

use super::pdu::{Sm, tag};
use super::segment::UDHI;

/// Where a part belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub reference: u16,
    pub total: u8,
    /// Counted from 1.
    pub number: u8,
}

/// Where it says that it is a part, and what it says without that header.
pub fn place(sm: &Sm) -> (Option<Place>, &[u8]) {
    let octets = sm.text();
    if sm.esm_class & UDHI != 0
        && let Some((length, rest)) = octets.split_first()
        && let Some((header, text)) = rest.split_at_checked(usize::from(*length))
    {
        return (headed(header), text);
    }
    let numbers = (
        sm.number(tag::SAR_MSG_REF_NUM),
        sm.number(tag::SAR_TOTAL_SEGMENTS),
        sm.number(tag::SAR_SEGMENT_SEQNUM),
    );
    let (Some(reference), Some(total), Some(number)) = numbers else { return (None, octets) };
    match (u8::try_from(total), u8::try_from(number)) {
        (Ok(total), Ok(number)) => (sound(Place { reference, total, number }), octets),
        _ => (None, octets),
    }
}

/// Information elements 0 and 8: a reference of one octet or two.
fn headed(mut header: &[u8]) -> Option<Place> {
    while let [element, length, rest @ ..] = header {
        let (value, rest) = rest.split_at_checked(usize::from(*length))?;
        match (element, value) {
            (0, &[reference, total, number]) => {
                return sound(Place { reference: u16::from(reference), total, number });
            }
            (8, &[high, low, total, number]) => {
                return sound(Place { reference: u16::from_be_bytes([high, low]), total, number });
            }
            _ => header = rest,
        }
    }
    None
}

fn sound(place: Place) -> Option<Place> {
    (place.total > 1 && (1..=place.total).contains(&place.number)).then_some(place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn part(reference: u8, total: u8, number: u8, text: &[u8]) -> Sm {
        let short_message = [&[5, 0, 3, reference, total, number][..], text].concat();
        Sm { esm_class: UDHI, short_message, ..Sm::default() }
    }

    #[test]
    fn both_kinds_of_reference_and_the_parameters_are_known() {
        let (eight, text) = (part(7, 2, 1, b"x"), b"x");
        assert_eq!(place(&eight), (Some(Place { reference: 7, total: 2, number: 1 }), &text[..]));
        let wide = Sm { esm_class: UDHI, short_message: vec![6, 8, 4, 1, 2, 3, 2, b'x'], ..Sm::default() };
        assert_eq!(place(&wide).0, Some(Place { reference: 0x102, total: 3, number: 2 }));
        let port = Sm {
            esm_class: UDHI,
            short_message: vec![11, 5, 4, 0, 0, 0, 0, 0, 3, 9, 2, 2, b'x'],
            ..Sm::default()
        };
        assert_eq!(place(&port), (Some(Place { reference: 9, total: 2, number: 2 }), &text[..]));
        let tlvs = vec![(0x20c, vec![0, 9]), (0x20e, vec![2]), (0x20f, vec![1])];
        let sar = Sm { short_message: b"x".to_vec(), tlvs, ..Sm::default() };
        assert_eq!(place(&sar).0, Some(Place { reference: 9, total: 2, number: 1 }));
        for broken in [vec![], vec![200, 0], vec![5, 0, 3, 1, 0, 0], vec![5, 0, 3, 1, 2, 3], vec![3, 0, 9, 1]]
        {
            assert_eq!(place(&Sm { esm_class: UDHI, short_message: broken, ..Sm::default() }).0, None);
        }
    }

    proptest! {
        #[test]
        fn any_header_is_read_or_left(short_message in prop::collection::vec(any::<u8>(), 0..40), esm_class in any::<u8>()) {
            let sm = Sm { esm_class, short_message, ..Sm::default() };
            let (found, _) = place(&sm);
            prop_assert!(found.is_none_or(|p| p.number >= 1 && p.number <= p.total));
        }
    }
}
