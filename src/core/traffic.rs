//! How many events came in over the last hour, minute by minute and by severity, for a small chart. However
//! many there are, no more than an hour's minutes are kept.

use crate::core::event::Severity;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// So many minutes are kept.
pub const MINUTES: i64 = 60;

/// The minutes in which anything came, the oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Traffic(VecDeque<Arrived>);

/// What came in one minute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrived {
    /// Since 1970.
    pub minute: i64,
    pub critical: u32,
    pub high: u32,
    pub medium: u32,
    pub low: u32,
    /// Events that have no severity: documents, posts, milestones.
    pub other: u32,
}

impl Arrived {
    pub fn all(&self) -> u32 {
        self.urgent() + self.medium + self.low + self.other
    }

    /// Critical and high.
    pub fn urgent(&self) -> u32 {
        self.critical + self.high
    }

    fn count(&mut self, severity: Option<Severity>) {
        let of = match severity {
            Some(Severity::Critical) => &mut self.critical,
            Some(Severity::High) => &mut self.high,
            Some(Severity::Medium) => &mut self.medium,
            Some(Severity::Low) => &mut self.low,
            None => &mut self.other,
        };
        *of = of.saturating_add(1);
    }

    /// The worst severity of the minute; `None` where nothing had one.
    pub fn worst(&self) -> Option<Severity> {
        [
            (self.critical, Severity::Critical),
            (self.high, Severity::High),
            (self.medium, Severity::Medium),
            (self.low, Severity::Low),
        ]
        .into_iter()
        .find_map(|(many, severity)| (many > 0).then_some(severity))
    }
}

/// The number of the minute since 1970.
pub fn minute(at: Timestamp) -> i64 {
    at.as_second().div_euclid(60)
}

/// How many whole minutes before `now` were counted from `since` on, an hour at most.
pub fn minutes_counted(since: Option<Timestamp>, now: Timestamp) -> i64 {
    // The minute in which the count began is counted in part.
    since.map_or(MINUTES, |since| (minute(now) - minute(since) - 1).clamp(0, MINUTES))
}

impl Traffic {
    pub fn record(&mut self, severity: Option<Severity>, at: Timestamp) {
        let number = minute(at);
        let newest = self.0.back().map_or(number, |newest| newest.minute.max(number));
        if number <= newest - MINUTES {
            return;
        }
        let place = self.0.partition_point(|one| one.minute < number);
        if self.0.get(place).is_none_or(|one| one.minute != number) {
            self.0.insert(place, Arrived { minute: number, ..Arrived::default() });
        }
        if let Some(one) = self.0.get_mut(place) {
            one.count(severity);
        }
        while self.0.front().is_some_and(|oldest| oldest.minute <= newest - MINUTES) {
            self.0.pop_front();
        }
    }

    /// The minutes that are over, of the last hour: what no longer changes while one looks.
    #[must_use]
    pub fn over(&self, now: Timestamp) -> Self {
        let this = minute(now);
        let within = |one: &&Arrived| one.minute < this && one.minute >= this - MINUTES;
        Self(self.0.iter().filter(within).copied().collect())
    }

    /// The last `minutes` whole minutes before `now`, the oldest first, empty ones too.
    pub fn last(&self, minutes: i64, now: Timestamp) -> Vec<Arrived> {
        let this = minute(now);
        let of = |minute: i64| {
            let found = self.0.iter().find(|one| one.minute == minute);
            found.copied().unwrap_or(Arrived { minute, ..Arrived::default() })
        };
        (this - minutes.clamp(0, MINUTES)..this).map(of).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;
    use proptest::prelude::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_mins(1000 + minute) + SignedDuration::from_secs(7)
    }

    #[test]
    fn a_desk_that_looks_since_a_moment_ago_has_counted_no_whole_minute() {
        for (since, minutes) in [(0, 0), (-1, 0), (-2, 1), (-31, 30), (-500, 60)] {
            assert_eq!(minutes_counted(Some(at(since)), at(0)), minutes, "{since}");
        }
        assert_eq!(minutes_counted(None, at(0)), 60, "an agent that does not say");
    }

    #[test]
    fn only_minutes_that_are_over_are_told_so_that_a_chart_changes_once_a_minute() {
        let mut traffic = Traffic::default();
        traffic.record(Some(Severity::Critical), at(0));
        traffic.record(Some(Severity::Low), at(0));
        traffic.record(None, at(2));
        let told = |now: i64| traffic.over(at(now)).last(3, at(now));
        let counts = |now: i64| told(now).iter().map(Arrived::all).collect::<Vec<_>>();
        assert_eq!((counts(2), counts(3)), (vec![0, 2, 0], vec![2, 0, 1]));
        let last = told(3);
        assert_eq!((last[0].worst(), last[0].urgent(), last[2].worst()), (Some(Severity::Critical), 1, None));
        assert_eq!(
            traffic.over(at(61)),
            Traffic::from_iter([(None, at(2))]),
            "the first is more than an hour ago"
        );
    }

    impl FromIterator<(Option<Severity>, Timestamp)> for Traffic {
        fn from_iter<I: IntoIterator<Item = (Option<Severity>, Timestamp)>>(all: I) -> Self {
            let mut traffic = Traffic::default();
            all.into_iter().for_each(|(severity, at)| traffic.record(severity, at));
            traffic
        }
    }

    proptest! {
        #[test]
        fn in_whatever_order_events_come_an_hour_is_kept_and_every_one_of_it_counted(
            came in prop::collection::vec(0i64..300, 0..200),
        ) {
            let traffic: Traffic = came.iter().map(|minute| (None, at(*minute))).collect();
            prop_assert!(traffic.0.len() <= MINUTES as usize);
            if let Some(newest) = came.iter().max() {
                let next = at(newest + 1);
                let told: u32 = traffic.over(next).last(MINUTES, next).iter().map(Arrived::all).sum();
                let within = came.iter().filter(|minute| **minute > newest - MINUTES).count();
                prop_assert_eq!(told as usize, within);
            }
        }
    }
}
