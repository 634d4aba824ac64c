//! Times as people type them: `30m`, `06:30`, or RFC 3339.

use super::Failed;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

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
    if let Ok(time) = typed.parse::<jiff::civil::Time>() {
        let here = now.to_zoned(zone.clone());
        let today = here.with().time(time).build().ok();
        let tomorrow = here.checked_add(1.day()).ok().and_then(|day| day.with().time(time).build().ok());
        if let Some(at) = today.filter(|at| at.timestamp() > now).or(tomorrow) {
            return Ok(at.timestamp());
        }
    }
    let typed = crate::core::text::sanitise(typed);
    Err(Failed::Usage(format!("{typed:?} is not a time; write 30m, 06:30 or 2026-11-22T06:30:00Z")))
}

/// The zone in which this user reads times: `TZ`, else the machine's.
pub fn zone() -> TimeZone {
    TimeZone::system()
}

/// `Tue 03:07`, for tables.
pub fn short(at: Timestamp) -> String {
    at.to_zoned(zone()).strftime("%a %d %b %H:%M").to_string()
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
}
