//! Times as people on a night shift say them.
//!
//! Ages and countdowns are differences between minutes of the clock, so that everything on the
//! screen changes together, when the clock in the header does, and a quiet screen stays quiet
//! in between.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// The number of the minute since the epoch.
fn minute(at: Timestamp) -> i64 {
    at.as_second().div_euclid(60)
}

/// Whole minutes from `now` to `at` by the clock; negative when past.
pub fn minutes_until(now: Timestamp, at: Timestamp) -> i64 {
    minute(at) - minute(now)
}

/// `now`, `2m`, `3h`, `4d`: how long ago.
pub fn age(now: Timestamp, at: Timestamp) -> String {
    match -minutes_until(now, at) {
        ..=0 => "now".to_owned(),
        minutes => span(minutes),
    }
}

/// `47s`, `1m 47s`, `12m`, `5h 56m`, `6d 9h`: a length of time, in at most the two units that say enough. A colon
/// stands only in a time of day.
pub fn length(seconds: i64) -> String {
    let two = |(many, unit): (i64, char), (rest, of_rest): (i64, char)| match rest {
        0 => format!("{many}{unit}"),
        rest => format!("{many}{unit} {rest}{of_rest}"),
    };
    let (minutes, hours) = (seconds / 60, seconds / 3_600);
    match seconds {
        ..60 => format!("{}s", seconds.max(0)),
        60..120 => two((minutes, 'm'), (seconds % 60, 's')),
        120..3_600 => format!("{minutes}m"),
        3_600..172_800 => two((hours, 'h'), (minutes % 60, 'm')),
        _ => two((hours / 24, 'd'), (hours % 24, 'h')),
    }
}

/// The same in the one unit that says enough, for a narrow column: `4m`, `3h`, `2d`.
pub fn span(minutes: i64) -> String {
    match minutes {
        ..=99 => format!("{minutes}m"),
        100..=2_879 => format!("{}h", (minutes + 30) / 60),
        _ => format!("{}d", (minutes + 720) / 1_440),
    }
}

/// `34m`, `2h 40m`: a countdown to something; `now` only once it is due.
pub fn countdown(now: Timestamp, at: Timestamp) -> String {
    match minutes_until(now, at) {
        _ if at <= now => "now".to_owned(),
        ..=0 => "<1m".to_owned(),
        minutes => length(minutes * 60),
    }
}

/// `1m 52s`: a countdown that a person is watching.
pub fn seconds(now: Timestamp, at: Timestamp) -> String {
    length(at.as_second().saturating_sub(now.as_second()))
}

/// `03:07`.
pub fn hour_minute(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%H:%M").to_string()
}

/// `03:07:21`.
pub fn hour_minute_second(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%H:%M:%S").to_string()
}

/// `Tue 03:07 CET`.
pub fn day_hour_zone(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%a %H:%M %Z").to_string()
}

/// `03:37` today, `Wed 03:37` on another day: for a time in a sentence.
pub fn when(now: Timestamp, at: Timestamp, zone: &TimeZone) -> String {
    let (then, today) = (at.to_zoned(zone.clone()), now.to_zoned(zone.clone()));
    let days = then.date().duration_since(today.date()).as_hours() / 24;
    match days {
        0 => then.strftime("%H:%M").to_string(),
        -6..=6 => then.strftime("%a %H:%M").to_string(),
        _ => then.strftime("%-d %b %H:%M").to_string(),
    }
}

/// `Fri 27 Nov`: the last day that something may take; its end, midnight, is already the next.
pub fn last_day(end: Timestamp, zone: &TimeZone) -> String {
    before(end).to_zoned(zone.clone()).strftime("%a %-d %b").to_string()
}

/// `27 Nov`, where there is less room.
pub fn last_date(end: Timestamp, zone: &TimeZone) -> String {
    date(before(end), zone)
}

fn before(end: Timestamp) -> Timestamp {
    end.saturating_sub(jiff::SignedDuration::from_secs(1)).unwrap_or(end)
}

/// `3 Nov`: a day gone by.
pub fn date(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%-d %b").to_string()
}

/// The widest that [`due`] gets.
pub const DUE_WIDE: u16 = 7;

/// A deadline in [`DUE_WIDE`] cells at most: `06:00` within a day, `27m ago` and `2d ago` when past, `Thu 9h`
/// this week, `27 Nov` later.
pub fn due(now: Timestamp, at: Timestamp, zone: &TimeZone) -> String {
    let minutes = minutes_until(now, at);
    let local = at.to_zoned(zone.clone());
    match minutes {
        -142_559..0 => format!("{} ago", span(-minutes)),
        0..1_440 => local.strftime("%H:%M").to_string(),
        1_440..8_640 => local.strftime("%a %-Hh").to_string(),
        _ => local.strftime("%-d %b").to_string(),
    }
}

/// The zone that `TZ` names; nothing where it names none, or a file.
pub fn zone_named(tz: &str) -> Option<TimeZone> {
    let name = tz.strip_prefix(':').unwrap_or(tz);
    if name.is_empty() {
        return None;
    }
    TimeZone::get(name).or_else(|_| TimeZone::posix(name)).ok()
}

/// What the clock shows for them, where it shows something else than here: `00:00 EST`.
pub fn there(at: Timestamp, here: &TimeZone, there: &TimeZone) -> Option<String> {
    let differs = here.to_datetime(at) != there.to_datetime(at);
    differs.then(|| at.to_zoned(there.clone()).strftime("%H:%M %Z").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn minutes_follow_the_clock_on_the_wall() {
        let now = at("2026-11-24T02:07:58Z");
        assert_eq!(age(now, at("2026-11-24T02:07:01Z")), "now");
        assert_eq!(age(now, at("2026-11-24T02:06:59Z")), "1m");
        assert_eq!(minutes_until(now, at("2026-11-24T02:09:50Z")), 2);
        assert_eq!(seconds(now, at("2026-11-24T02:09:50Z")), "1m 52s");
        assert_eq!(countdown(now, at("2026-11-24T04:47:10Z")), "2h 40m");
        assert_eq!(countdown(now, at("2026-11-24T02:07:59Z")), "<1m");
        assert_eq!(countdown(now, now), "now");
        assert_eq!(age(now, at("2026-11-22T02:00:00Z")), "2d");
    }

    #[test]
    fn a_length_is_said_in_one_way_and_never_with_a_colon() {
        let (minute, hour, day) = (60, 3_600, 86_400);
        for (seconds, said) in [
            (47, "47s"),
            (minute + 47, "1m 47s"),
            (minute, "1m"),
            (12 * minute + 20, "12m"),
            (5 * hour + 56 * minute, "5h 56m"),
            (4 * hour, "4h"),
            (6 * day + 9 * hour + 5 * minute, "6d 9h"),
        ] {
            assert_eq!(length(seconds), said);
        }
    }

    #[test]
    fn deadlines_are_in_the_operators_zone_and_fit_their_column() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let now = at("2026-11-24T02:07:00Z");
        for (deadline, shown) in [
            ("2026-11-24T05:00:00Z", "06:00"),
            ("2026-11-22T02:00:00Z", "2d ago"),
            ("2026-11-24T01:40:00Z", "27m ago"),
            ("2026-11-22T08:07:00Z", "42h ago"),
            ("2026-08-01T08:07:00Z", "1 Aug"),
            ("2026-11-26T08:00:00Z", "Thu 9h"),
            ("2026-12-27T05:00:00Z", "27 Dec"),
        ] {
            assert_eq!(due(now, at(deadline), &zone), shown);
        }
        assert_eq!(when(now, at("2026-11-25T02:37:00Z"), &zone), "Wed 03:37");
    }

    #[test]
    fn a_clock_elsewhere_is_told_only_where_it_shows_something_else() {
        let zone = |name: &str| TimeZone::get(name).unwrap();
        let (berlin, york, oslo) = (zone("Europe/Berlin"), zone("America/New_York"), zone("Europe/Oslo"));
        let deadline = at("2026-11-24T05:00:00Z");
        assert_eq!(there(deadline, &berlin, &york).as_deref(), Some("00:00 EST"));
        assert_eq!(there(deadline, &berlin, &oslo), None);
    }

    proptest::proptest! {
        #[test]
        fn no_deadline_is_wider_than_its_column(minutes in -3_000_000i64..3_000_000) {
            let now = at("2026-11-24T02:07:00Z");
            let shown = due(now, now + jiff::SignedDuration::from_mins(minutes), &TimeZone::UTC);
            proptest::prop_assert!(shown.chars().count() <= usize::from(DUE_WIDE), "{}", shown);
        }
    }
}
