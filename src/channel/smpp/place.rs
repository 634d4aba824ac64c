//! Puts the parts of what somebody wrote together, whatever their order, within bounds of time and room.

use super::pdu::{Address, Sm, tag};
use super::segment::UDHI;
use std::collections::VecDeque;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::Instant;

/// Where a part belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub reference: u16,
    pub total: u8,
    /// Counted from 1.
    pub number: u8,
}

/// So long the other parts are waited for; then what came is handed on with its gaps shown.
const WITHIN: Duration = Duration::from_secs(600);
/// Messages that wait for parts; the oldest makes room for one more.
const AT_ONCE: usize = 32;
/// Whole messages whose parts are known again when they come twice.
const REMEMBERED: usize = 256;

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

/// Which message a part is of: from, to, reference, total, and how it is written.
type Key = (Address, Address, u16, u8, u8);

/// A message some of whose parts came.
struct Open {
    key: Key,
    since: Instant,
    parts: Vec<Option<Vec<u8>>>,
    /// Who is told when the whole was handed on.
    waiting: Vec<oneshot::Sender<bool>>,
}

/// What is to be done with a part that came.
#[derive(Debug)]
pub enum Joined {
    /// The others are missing; it is told here whether the whole was taken.
    Waits(oneshot::Receiver<bool>),
    /// It was the last: all of them in order.
    Whole(Whole),
    /// A part of a message that was handed on already.
    Known,
}

/// A message to be handed on; `settle` says how that went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whole {
    pub key: Key,
    /// A missing part is `None`.
    pub parts: Vec<Option<Vec<u8>>>,
}

/// The messages that wait for parts.
#[derive(Default)]
pub struct Joiner {
    open: VecDeque<Open>,
    done: VecDeque<(Key, Instant)>,
}

impl Joiner {
    pub fn add(&mut self, sm: &Sm, place: Place, octets: &[u8], now: Instant) -> Joined {
        let (from, to) = (sm.source.clone(), sm.destination.clone());
        let key: Key = (from, to, place.reference, place.total, sm.data_coding);
        self.done.retain(|(_, at)| now.duration_since(*at) < WITHIN);
        if self.done.iter().any(|(done, _)| *done == key) {
            return Joined::Known;
        }
        let at = self.open.iter().position(|open| open.key == key).unwrap_or_else(|| {
            let parts = vec![None; usize::from(place.total)];
            self.open.push_back(Open { key, since: now, parts, waiting: Vec::new() });
            self.open.len() - 1
        });
        let Some(open) = self.open.get_mut(at) else { return Joined::Known };
        if let Some(part) = open.parts.get_mut(usize::from(place.number) - 1) {
            *part = Some(octets.to_vec());
        }
        if open.parts.iter().all(Option::is_some) {
            return Joined::Whole(Whole { key: open.key.clone(), parts: open.parts.clone() });
        }
        let (tell, told) = oneshot::channel();
        open.waiting.push(tell);
        Joined::Waits(told)
    }

    /// Messages that wait no longer: too old, or the oldest of too many.
    pub fn overdue(&mut self, now: Instant) -> Vec<Whole> {
        let too_many = self.open.len().saturating_sub(AT_ONCE);
        let overdue = self.open.iter().enumerate();
        overdue
            .filter(|(at, open)| *at < too_many || now.duration_since(open.since) >= WITHIN)
            .map(|(_, open)| Whole { key: open.key.clone(), parts: open.parts.clone() })
            .collect()
    }

    /// It was handed on, or could not be: then its parts are kept, and come again.
    pub fn settle(&mut self, whole: &Whole, taken: bool, now: Instant) {
        let Some(at) = self.open.iter().position(|open| open.key == whole.key) else { return };
        if let Some(open) = self.open.get_mut(at) {
            for tell in open.waiting.drain(..) {
                // Whoever waited longer than it would was answered already.
                let _ = tell.send(taken);
            }
        }
        if taken {
            self.open.remove(at);
            self.done.push_back((whole.key.clone(), now));
            if self.done.len() > REMEMBERED {
                self.done.pop_front();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn part(reference: u8, total: u8, number: u8, text: &[u8]) -> Sm {
        let short_message = [&[5, 0, 3, reference, total, number][..], text].concat();
        Sm { esm_class: UDHI, short_message, ..Sm::default() }
    }

    fn add(joiner: &mut Joiner, sm: &Sm, now: Instant) -> Joined {
        let (place, octets) = place(sm);
        joiner.add(sm, place.unwrap(), octets, now)
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

    #[test]
    fn a_part_waits_until_the_whole_is_taken_and_comes_again_where_it_was_not() {
        let (mut joiner, now) = (Joiner::default(), Instant::now());
        let Joined::Waits(mut first) = add(&mut joiner, &part(1, 2, 2, b"b"), now) else { panic!() };
        let Joined::Whole(whole) = add(&mut joiner, &part(1, 2, 1, b"a"), now) else { panic!() };
        assert_eq!(whole.parts, [Some(b"a".to_vec()), Some(b"b".to_vec())]);
        joiner.settle(&whole, false, now);
        assert_eq!(first.try_recv(), Ok(false));
        let Joined::Whole(again) = add(&mut joiner, &part(1, 2, 2, b"b"), now) else { panic!() };
        joiner.settle(&again, true, now);
        assert!(matches!(add(&mut joiner, &part(1, 2, 1, b"a"), now), Joined::Known));
        // The reference is free again later.
        assert!(matches!(add(&mut joiner, &part(1, 2, 1, b"c"), now + WITHIN), Joined::Waits(_)));
    }

    #[test]
    fn what_waits_is_bounded_in_time_and_number_and_nothing_is_dropped() {
        let (mut joiner, now) = (Joiner::default(), Instant::now());
        for reference in 0..=AT_ONCE as u8 {
            add(&mut joiner, &part(reference, 3, 1, b"a"), now);
        }
        let over = joiner.overdue(now);
        assert_eq!((over.len(), over[0].key.2), (1, 0));
        assert_eq!(over[0].parts, [Some(b"a".to_vec()), None, None]);
        joiner.settle(&over[0], true, now);
        assert_eq!(joiner.overdue(now).len(), 0);
        assert_eq!(joiner.overdue(now + WITHIN).len(), AT_ONCE);
    }

    proptest! {
        #[test]
        fn any_header_is_read_or_left(short_message in prop::collection::vec(any::<u8>(), 0..40), esm_class in any::<u8>()) {
            let sm = Sm { esm_class, short_message, ..Sm::default() };
            let (found, _) = place(&sm);
            prop_assert!(found.is_none_or(|p| p.number >= 1 && p.number <= p.total));
        }

        #[test]
        fn the_order_of_parts_does_not_matter(order in Just((1u8..=5).collect::<Vec<_>>()).prop_shuffle()) {
            let (mut joiner, now) = (Joiner::default(), Instant::now());
            let mut last = None;
            for number in order {
                if let Joined::Whole(whole) = add(&mut joiner, &part(9, 5, number, &[number]), now) {
                    last = Some(whole.parts);
                }
            }
            let wanted: Vec<_> = (1u8..=5).map(|n| Some(vec![n])).collect();
            prop_assert_eq!(last, Some(wanted));
        }
    }
}
