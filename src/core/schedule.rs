//! Who is on call when. A schedule is a list of people who take turns of whole days, handing over at
//! a wall-clock time in the schedule's own zone.
//!
//! The rule across clock changes: a hand-over happens when the zone's wall clock shows its time; in
//! a gap (the time is skipped) at the moment the clock jumps past it, in an overlap (the time comes
//! twice) the first time. Turns are counted in civil days, so that no turn is lost or doubled.

use crate::core::person::PersonId;
use crate::core::wall;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan, Unit};

/// One list of people taking turns.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    pub name: String,
    pub time_zone: TimeZone,
    pub people: Vec<PersonId>,
    /// Length of a turn in days.
    pub days: i32,
    /// The day on which the first person's first turn starts.
    pub start: Date,
    pub handoff: Time,
}

/// One person's time on call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    pub person: PersonId,
    pub from: Timestamp,
    pub until: Timestamp,
    pub next: PersonId,
}

impl Schedule {
    /// Whose turn it is; `None` when nobody is listed.
    pub fn at(&self, at: Timestamp) -> Option<Turn> {
        let count = i64::try_from(self.people.len()).ok().filter(|n| *n > 0)?;
        let days = i64::from(self.days.max(1));
        let local = at.to_zoned(self.time_zone.clone()).date();
        let since = local.since((Unit::Day, self.start)).ok()?.get_days();
        // A day either way covers hand-overs later in the day and shifted by a clock change.
        let guess = i64::from(since).div_euclid(days);
        let turn =
            (guess - 1..=guess + 1).rev().find(|n| self.begins(*n).is_some_and(|begin| begin <= at))?;
        let who = |n: i64| self.people.get(n.rem_euclid(count) as usize).cloned();
        Some(Turn {
            person: who(turn)?,
            from: self.begins(turn)?,
            until: self.begins(turn + 1)?,
            next: who(turn + 1)?,
        })
    }

    fn begins(&self, turn: i64) -> Option<Timestamp> {
        let days: Span = turn.checked_mul(i64::from(self.days.max(1)))?.days();
        let day = self.start.checked_add(days).ok()?;
        Some(wall::moment(&self.time_zone, day.to_datetime(self.handoff)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn weekly(zone: &str) -> Schedule {
        Schedule {
            name: "primary".into(),
            time_zone: TimeZone::get(zone).unwrap(),
            people: ["maria", "jonas", "aylin"].map(|id| PersonId(id.into())).to_vec(),
            days: 7,
            start: jiff::civil::date(2026, 1, 5),
            handoff: jiff::civil::time(7, 0, 0, 0),
        }
    }

    #[test]
    fn turns_change_at_seven_local_time_on_both_sides_of_a_clock_change() {
        let schedule = weekly("Europe/Berlin");
        for (before, after) in [
            ("2026-03-23T05:59:59Z", "2026-03-23T06:00:00Z"), // winter time: 07:00 is 06:00Z
            ("2026-03-30T04:59:59Z", "2026-03-30T05:00:00Z"), // summer time: 07:00 is 05:00Z
        ] {
            let before = schedule.at(before.parse().unwrap()).unwrap();
            let after = schedule.at(after.parse().unwrap()).unwrap();
            assert_eq!(before.next, after.person);
            assert_eq!(before.until, after.from);
        }
    }

    #[test]
    fn a_skipped_hand_over_is_when_the_clock_jumps_and_a_doubled_one_the_first_time() {
        let mut schedule = weekly("Europe/Berlin");
        schedule.days = 1;
        schedule.handoff = jiff::civil::time(2, 30, 0, 0);
        for (inside, begins) in [
            ("2026-03-29T12:00:00Z", "2026-03-29T01:00:00Z"),
            ("2026-10-25T12:00:00Z", "2026-10-25T00:30:00Z"),
        ] {
            assert_eq!(schedule.at(inside.parse().unwrap()).unwrap().from, begins.parse().unwrap());
        }
    }

    #[test]
    fn nobody_listed_is_nobody_on_call() {
        let mut schedule = weekly("UTC");
        schedule.people.clear();
        assert_eq!(schedule.at("2026-03-01T00:00:00Z".parse().unwrap()), None);
    }

    proptest! {
        #[test]
        fn there_is_no_gap_and_no_overlap_in_any_zone(
            zone in prop::sample::select(vec!["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe",
                "Pacific/Apia", "America/St_Johns", "Asia/Kathmandu", "Africa/Casablanca", "America/Santiago"]),
            second in 1_200_000_000i64..2_000_000_000,
            days in 1i32..20,
            hour in 0i8..24,
        ) {
            let mut schedule = weekly(zone);
            schedule.days = days;
            schedule.handoff = jiff::civil::time(hour, 30, 0, 0);
            let at = Timestamp::from_second(second).unwrap();
            let turn = schedule.at(at).unwrap();
            prop_assert!(turn.from <= at && at < turn.until, "{turn:?} does not cover {at}");
            let next = schedule.at(turn.until).unwrap();
            prop_assert_eq!(next.from, turn.until);
            prop_assert_eq!(next.person, turn.next);
        }
    }
}
