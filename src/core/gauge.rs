//! What a provider did with messages over the last hour, minute by minute: how many it took, proved and
//! failed, and how long each took. However many there are, no more than an hour's minutes are kept.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// So many minutes are kept.
const MINUTES: i64 = 60;
/// One bar of a chart stands for so many minutes.
pub const BAR: i64 = 5;

/// The minutes of one provider.
#[derive(Clone, Debug, Default)]
pub struct Gauge {
    /// The oldest first; minutes in which nothing happened are left out.
    minutes: VecDeque<Minute>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Minute {
    /// Minutes since 1970.
    number: i64,
    accepted: u32,
    proven: u32,
    failed: u32,
    /// Together, in milliseconds, of those that `accepted_timed` counts.
    to_acceptance: i64,
    accepted_timed: u32,
    to_proof: i64,
    proven_timed: u32,
    /// The most that waited; nothing where nobody counted.
    waiting: Option<u32>,
}

/// Something a provider did with one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Did {
    /// It took it, so long after it was handed over.
    Accepted(Option<SignedDuration>),
    /// A receipt proves delivery, so long after it was handed over.
    Proven(Option<SignedDuration>),
    /// It refused it, could not be reached, or a receipt says that delivery failed.
    Failed,
}

/// What happened over a while, and how long it took on average.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    pub accepted: u32,
    pub proven: u32,
    pub failed: u32,
    /// Milliseconds from handing over until it was taken; `None` where nothing was.
    pub to_acceptance_ms: Option<i64>,
    /// Milliseconds from handing over until a receipt proved delivery.
    pub to_proof_ms: Option<i64>,
    /// The most messages that waited for it at once; `None` where nobody counted.
    #[serde(default)]
    pub waiting: Option<u32>,
}

fn number(at: Timestamp) -> i64 {
    at.as_second().div_euclid(60)
}

impl Gauge {
    pub fn record(&mut self, did: Did, at: Timestamp) {
        let Some(minute) = self.minute(at) else { return };
        let millis = |took: SignedDuration| took.as_millis().clamp(0, i64::MAX.into()) as i64;
        match did {
            Did::Accepted(took) => {
                minute.accepted += 1;
                minute.accepted_timed += u32::from(took.is_some());
                minute.to_acceptance += took.map_or(0, millis);
            }
            Did::Proven(took) => {
                minute.proven += 1;
                minute.proven_timed += u32::from(took.is_some());
                minute.to_proof += took.map_or(0, millis);
            }
            Did::Failed => minute.failed += 1,
        }
    }

    /// So many messages wait for it now.
    pub fn waits(&mut self, many: u32, at: Timestamp) {
        if let Some(minute) = self.minute(at) {
            minute.waiting = minute.waiting.max(Some(many));
        }
    }

    /// The minute of that time, unless it is more than an hour ago.
    fn minute(&mut self, at: Timestamp) -> Option<&mut Minute> {
        let number = number(at);
        let newest = self.minutes.back().map_or(number, |minute| minute.number.max(number));
        if number <= newest - MINUTES {
            return None;
        }
        let place = self.minutes.partition_point(|minute| minute.number < number);
        if self.minutes.get(place).is_none_or(|minute| minute.number != number) {
            self.minutes.insert(place, Minute { number, ..Minute::default() });
        }
        while self.minutes.front().is_some_and(|oldest| oldest.number <= newest - MINUTES) {
            self.minutes.pop_front();
        }
        self.minutes.iter_mut().find(|minute| minute.number == number)
    }

    /// The last hour together.
    pub fn hour(&self, now: Timestamp) -> Figures {
        self.between(number(now) - MINUTES, number(now))
    }

    /// The last hour in bars of [`BAR`] minutes, the oldest first; the last one is not over yet.
    pub fn bars(&self, now: Timestamp) -> Vec<Figures> {
        let last = number(now).div_euclid(BAR);
        let bar = |bar: i64| self.between(bar * BAR - 1, bar * BAR + BAR - 1);
        (last - MINUTES / BAR + 1..=last).map(bar).collect()
    }

    /// Of the minutes after the first and up to the last.
    fn between(&self, after: i64, last: i64) -> Figures {
        let within = self.minutes.iter().filter(|minute| minute.number > after && minute.number <= last);
        let all = within.fold(Minute::default(), |sum, minute| Minute {
            number: 0,
            accepted: sum.accepted + minute.accepted,
            proven: sum.proven + minute.proven,
            failed: sum.failed + minute.failed,
            to_acceptance: sum.to_acceptance + minute.to_acceptance,
            accepted_timed: sum.accepted_timed + minute.accepted_timed,
            to_proof: sum.to_proof + minute.to_proof,
            proven_timed: sum.proven_timed + minute.proven_timed,
            waiting: sum.waiting.max(minute.waiting),
        });
        let average = |sum: i64, of: u32| (of > 0).then(|| sum / i64::from(of));
        Figures {
            accepted: all.accepted,
            proven: all.proven,
            failed: all.failed,
            to_acceptance_ms: average(all.to_acceptance, all.accepted_timed),
            to_proof_ms: average(all.to_proof, all.proven_timed),
            waiting: all.waiting,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_mins(1000 * BAR + minute)
    }

    #[test]
    fn an_hour_is_kept_in_bars_that_average_what_they_took() {
        let mut gauge = Gauge::default();
        gauge.record(Did::Accepted(Some(SignedDuration::from_millis(100))), at(0));
        gauge.record(Did::Accepted(Some(SignedDuration::from_millis(300))), at(4));
        gauge.record(Did::Accepted(None), at(4));
        gauge.record(Did::Proven(Some(SignedDuration::from_secs(5))), at(5));
        gauge.record(Did::Failed, at(58));
        let bars = gauge.bars(at(58));
        assert_eq!(bars.len(), 12);
        assert_eq!((bars[0].accepted, bars[0].to_acceptance_ms), (3, Some(200)));
        assert_eq!((bars[1].proven, bars[1].to_proof_ms, bars[1].to_acceptance_ms), (1, Some(5000), None));
        assert_eq!(bars[11].failed, 1);
        gauge.waits(3, at(7));
        gauge.waits(1, at(8));
        let waited: Vec<_> = gauge.bars(at(58)).iter().map(|bar| bar.waiting).collect();
        assert_eq!(
            waited[..3],
            [None, Some(3), None],
            "the most of a bar counts, and nobody guesses the rest"
        );
        assert_eq!(gauge.hour(at(58)).accepted, 3);
        assert_eq!(gauge.hour(at(61)).accepted, 2, "the first minute is more than an hour ago");
    }

    proptest! {
        #[test]
        fn however_much_happens_and_in_whatever_order_no_more_than_an_hour_is_kept(
            happened in prop::collection::vec(0i64..500, 0..300),
        ) {
            let mut gauge = Gauge::default();
            for minute in &happened {
                gauge.record(Did::Failed, at(*minute));
                prop_assert!(gauge.minutes.len() <= MINUTES as usize);
            }
            if let Some(newest) = happened.iter().max() {
                let within = happened.iter().filter(|minute| **minute > newest - MINUTES).count();
                prop_assert_eq!(gauge.hour(at(*newest)).failed as usize, within);
                let bars: u32 = gauge.bars(at(*newest)).iter().map(|bar| bar.failed).sum();
                prop_assert!(bars as usize <= within);
            }
        }
    }
}
