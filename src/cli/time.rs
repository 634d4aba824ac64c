//! Times as people type them: `30m`, `06:30`, `fri 18:00`, `2026-11-27 18:00`, or RFC 3339; and as they read them. Both are in the zone
//! the agent knows for the asker, so that a script on any machine means the desk's half past six.

use super::{Context, Failed};
use crate::core::wall;
use crate::wire::Me;
use crate::wire::client::LinkError;
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use std::sync::OnceLock;

/// A command is run once by one asker, who has one zone; unset while no agent was asked.
static ASKERS: OnceLock<TimeZone> = OnceLock::new();

/// A moment that is still to come.
pub fn future(typed: &str, now: Timestamp, zone: &TimeZone) -> Result<Timestamp, Failed> {
    if let Ok(at) = typed.parse::<Timestamp>() {
        return Ok(at);
    }
    if let Ok(length) = typed.parse::<SignedDuration>()
        && length.is_positive()
    {
        return Ok(now + length);
    }
    // Before a bare time of day, for which jiff takes the one of a date as well.
    if let Some(at) = of_day(typed, now, zone) {
        return Ok(at);
    }
    if let Ok(time) = typed.parse::<jiff::civil::Time>() {
        let here = now.to_zoned(zone.clone());
        let today = here.with().time(time).build().ok();
        let tomorrow = here.checked_add(1.day()).ok().and_then(|day| day.with().time(time).build().ok());
        if let Some(at) = today.filter(|at| at.timestamp() > now).or(tomorrow) {
            return Ok(at.timestamp());
        }
    }
    let typed = crate::core::text::sanitise(typed);
    Err(Failed::Usage(format!(
        "{typed:?} is not a time; write 30m, 06:30, fri 18:00, 2026-11-27 18:00 or 2026-11-22T06:30:00Z"
    )))
}

/// `fri 18:00`, the next one; `2026-11-27 18:00` or `2026-11-27T18:00`, on the clock of the zone.
fn of_day(typed: &str, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let typed = typed.trim();
    // A `T` parts a date from its time, but begins a Tuesday.
    let parted = typed.split_once(' ').or_else(|| typed.split_once('T'));
    let (day, time) = parted.map(|(day, time)| (day, time.trim()))?;
    let time: jiff::civil::Time = time.parse().ok()?;
    if let Ok(date) = day.parse::<jiff::civil::Date>() {
        return Some(wall::moment(zone, date.to_datetime(time)));
    }
    let weekday =
        WEEKDAYS.iter().find(|(name, _)| name.starts_with(&day.to_lowercase()) && day.len() >= 2)?.1;
    let today = now.to_zoned(zone.clone()).date();
    let days = i32::from(today.weekday().until(weekday));
    let on = |days: i32| {
        let date = today.checked_add(days.days()).ok()?;
        Some(wall::moment(zone, date.to_datetime(time)))
    };
    on(days).filter(|at| *at > now).or_else(|| on(days + 7))
}

const WEEKDAYS: [(&str, Weekday); 7] = [
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];

/// Asks the agent for the zone of whoever asks; where none answers, times stay in that of the machine.
pub async fn settle(context: &Context) -> Result<(), Failed> {
    if ASKERS.get().is_some() {
        return Ok(());
    }
    match context.client.get::<Me>("/v1/me").await {
        Ok(me) => {
            if let Ok(zone) = TimeZone::get(&me.time_zone) {
                let _ = ASKERS.set(zone);
            }
            Ok(())
        }
        Err(LinkError::NoAgent { .. }) => Ok(()),
        Err(why) => Err(why.into()),
    }
}

/// A moment still to come, in the asker's zone.
pub async fn typed(typed: &str, context: &Context) -> Result<Timestamp, Failed> {
    settle(context).await?;
    future(typed, Timestamp::now(), &zone())
}

/// The zone in which times are read and written: the asker's if it was settled, else `TZ`, else the
/// machine's.
pub fn zone() -> TimeZone {
    ASKERS.get().cloned().unwrap_or_else(TimeZone::system)
}

/// `03:07:10 CET`, for what happened lately.
pub fn second(at: Timestamp) -> String {
    at.to_zoned(zone()).strftime("%H:%M:%S %Z").to_string()
}

/// `Tue 24 Nov 03:07 CET`, for tables: the zone may change from a row to the next.
pub fn short(at: Timestamp) -> String {
    at.to_zoned(zone()).strftime("%a %d %b %H:%M %Z").to_string()
}

/// `Tue 24 Nov 03:07:10 CET`, for what happened in which order.
pub fn exact(at: Timestamp) -> String {
    at.to_zoned(zone()).strftime("%a %d %b %H:%M:%S %Z").to_string()
}

/// `Tue 24 Nov`, of a day that means the same everywhere.
pub fn day(day: Date) -> String {
    day.strftime("%a %-d %b").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_day_is_the_next_one() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let now: Timestamp = "2026-11-22T22:00:00Z".parse().unwrap(); // 23:00 in Berlin
        let at = |typed: &str| future(typed, now, &zone).unwrap().to_string();
        assert_eq!(at("06:30"), "2026-11-23T05:30:00Z");
        assert_eq!(at("23:30"), "2026-11-22T22:30:00Z");
        assert_eq!(at("45m"), "2026-11-22T22:45:00Z");
        assert!(future("soon", now, &zone).is_err());
    }

    #[test]
    fn a_weekday_is_the_next_one_and_a_date_is_on_the_clock_of_the_zone() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let now: Timestamp = "2026-11-27T17:00:00Z".parse().unwrap(); // Friday 18:00 in Berlin
        let at = |typed: &str| future(typed, now, &zone).unwrap().to_string();
        assert_eq!(at("fri 18:01"), "2026-11-27T17:01:00Z");
        assert_eq!(at("fri 18:00"), "2026-12-04T17:00:00Z");
        assert_eq!(at("Monday 08:00"), "2026-11-30T07:00:00Z");
        for (i, day) in ["sat", "sun", "mon", "Tue", "wed", "thursday"].iter().enumerate() {
            let wanted = now + SignedDuration::from_hours(24 * (i as i64 + 1));
            assert_eq!(at(&format!("{day} 18:00")), wanted.to_string());
        }
        assert_eq!(at("2026-07-01 08:00"), "2026-07-01T06:00:00Z");
        assert_eq!(at("2026-03-29T02:30"), "2026-03-29T01:00:00Z");
        for bad in ["x 08:00", "f 08:00", "fri", "2026-13-01 08:00", "fri 25:00"] {
            assert!(future(bad, now, &zone).is_err(), "{bad}");
        }
    }
}
