//! `[[calendar]]`: working hours and days off, from the configuration and from a file of dates beside it.

use super::check::Check;
use super::file::Text;
use super::kept::Kind;
use super::problem::Problem;
use crate::core::calendar::{BadHours, Calendar, Hours, Week};
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use toml::Spanned;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalendarTable {
    pub name: Text,
    pub time_zone: Option<Text>,
    pub hours: Spanned<HoursTable>,
    #[serde(default)]
    pub holidays: Vec<Spanned<toml::value::Datetime>>,
    /// A date a line; `#` starts a comment.
    pub holidays_file: Option<Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HoursTable {
    /// From Monday to Friday, for the days not named themselves.
    pub weekdays: Option<Vec<Text>>,
    pub mon: Option<Vec<Text>>,
    pub tue: Option<Vec<Text>>,
    pub wed: Option<Vec<Text>>,
    pub thu: Option<Vec<Text>>,
    pub fri: Option<Vec<Text>>,
    pub sat: Option<Vec<Text>>,
    pub sun: Option<Vec<Text>>,
}

impl Check<'_> {
    /// The calendars by name, and the name of the first.
    pub(super) fn calendars(
        &mut self,
        tables: Vec<CalendarTable>,
        zone: &TimeZone,
    ) -> (BTreeMap<String, Calendar>, Option<String>) {
        let first = tables.first().map(|table| table.name.as_ref().clone());
        let mut names = BTreeSet::new();
        let mut calendars = BTreeMap::new();
        for t in tables {
            self.name("calendar", &t.name, &mut names);
            let time_zone = t.time_zone.as_ref().map_or_else(|| zone.clone(), |zone| self.zone(zone));
            let week = self.week(&t.hours);
            let mut holidays = BTreeSet::new();
            for day in &t.holidays {
                match day.as_ref().to_string().parse::<Date>() {
                    Ok(date) if day.as_ref().time.is_none() => _ = holidays.insert(date),
                    _ => self.wrong(day.span(), "a holiday is a date, such as 2026-12-25"),
                }
            }
            if let Some(file) = &t.holidays_file {
                holidays.extend(self.holidays(file));
            }
            let name = t.name.into_inner();
            calendars.insert(name.clone(), Calendar { name, time_zone, week, holidays });
        }
        (calendars, first)
    }

    fn week(&mut self, hours: &Spanned<HoursTable>) -> Week {
        let t = hours.as_ref();
        let mut week = Week::default();
        let days = [&t.mon, &t.tue, &t.wed, &t.thu, &t.fri, &t.sat, &t.sun];
        if days.iter().all(|day| day.is_none()) && t.weekdays.is_none() {
            self.wrong(hours.span(), "a calendar needs hours, such as { weekdays = [\"08:00-18:00\"] }");
        }
        for (day, own) in Weekday::Monday.cycle_forward().zip(days) {
            let shared = || t.weekdays.as_ref().filter(|_| day.to_monday_zero_offset() < 5);
            for text in own.as_ref().or_else(shared).into_iter().flatten() {
                let added = text.as_ref().parse::<Hours>().and_then(|hours| week.add(day, hours));
                // Shared hours are wrong five times, and said once.
                match added {
                    Err(_) if own.is_none() && day != first_shared(&days) => {}
                    Err(why @ (BadHours::Unreadable | BadHours::Overlap)) => {
                        self.wrong(text.span(), why.to_string());
                    }
                    Ok(()) => {}
                }
            }
        }
        week
    }

    fn holidays(&mut self, file: &Text) -> Vec<Date> {
        let path = self.beside(file.as_ref());
        let Some(text) = self.kept(Kind::Days, file) else { return Vec::new() };
        let mut dates = Vec::new();
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            let day = line.split('#').next().unwrap_or_default();
            let from = start + day.len() - day.trim_start().len();
            match day.trim().parse::<Date>() {
                _ if day.trim().is_empty() => {}
                Ok(date) => dates.push(date),
                Err(_) => {
                    let message = "a line of this file is a date, such as 2026-12-25, or a # comment";
                    self.problems.push(Problem::at(&text, &path, from..from + day.trim().len(), message));
                }
            }
            start += line.len();
        }
        dates
    }
}

/// The first weekday that has no hours of its own.
fn first_shared(days: &[&Option<Vec<Text>>; 7]) -> Weekday {
    Weekday::Monday
        .cycle_forward()
        .zip(days)
        .find(|(_, own)| own.is_none())
        .map_or(Weekday::Monday, |(day, _)| day)
}

#[cfg(test)]
mod tests {
    use crate::config::{DEFAULT, parse};
    use std::path::Path;

    fn with(calendar: &str, folder: &Path) -> Result<crate::config::Settings, String> {
        let text = format!("{DEFAULT}\n{calendar}");
        parse(&text, &folder.join("config.toml")).map_err(|error| error.to_string())
    }

    #[test]
    fn hours_and_holidays_are_read_and_the_first_calendar_counts_where_none_is_named() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(
            folder.path().join("holidays.txt"),
            "# Bavaria\n2026-01-06  # Epiphany\n\n2026-08-15\n",
        )
        .unwrap();
        let calendar = r#"
            [[calendar]]
            name = "shop"
            hours = { weekdays = ["08:00-12:00", "13:00-17:00"], fri = ["08:00-12:00"], sat = [] }
            holidays = [2026-12-25]
            holidays_file = "holidays.txt"
            [[calendar]]
            name = "istanbul"
            time_zone = "Europe/Istanbul"
            hours = { sun = ["22:00-24:00"] }
        "#;
        let desk = with(calendar, folder.path()).unwrap().desk;
        assert_eq!(desk.calendar(None).name, "office", "the first of the file");
        let shop = desk.calendar(Some("shop"));
        assert_eq!(shop.holidays.len(), 3);
        let working = |at: &str| shop.is_working(at.parse().unwrap());
        assert!(working("2026-01-05T15:00:00Z"), "a Monday afternoon");
        assert!(!working("2026-01-09T15:00:00Z"), "a Friday afternoon");
        assert!(!working("2026-01-06T15:00:00Z"), "a holiday");
        assert!(desk.calendar(Some("istanbul")).is_working("2026-01-04T20:59:59Z".parse().unwrap()));
        assert_eq!(desk.calendar(Some("gone")).name, "office");
    }

    #[test]
    fn what_is_wrong_is_shown_with_file_line_and_column() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("days.txt"), "2026-01-06\n  2026-13-01 # no such month\n").unwrap();
        for (calendar, wanted) in [
            ("hours = { mon = [\"17:00-08:00\"] }", "hours are written 08:00-17:00"),
            ("hours = { weekdays = [\"8-17\"] }", "hours are written 08:00-17:00"),
            ("hours = { mon = [\"08:00-12:00\", \"11:00-13:00\"] }", "overlap"),
            ("hours = {}", "a calendar needs hours"),
            ("hours = { monday = [] }", "unknown field `monday`"),
            ("hours = { weekdays = [] }\nholidays = [2026-12-25T00:00:00]", "a holiday is a date"),
            ("hours = { weekdays = [] }\nholidays_file = \"none.txt\"", "none.txt cannot be read"),
            ("hours = { weekdays = [] }\nholidays_file = \"days.txt\"", "days.txt:2:3: a line of this file"),
            ("time_zone = \"Mars/Olympus\"\nhours = { weekdays = [] }", "is not a time zone"),
        ] {
            let error = with(&format!("[[calendar]]\nname = \"c\"\n{calendar}"), folder.path()).unwrap_err();
            assert!(error.contains(wanted), "{calendar}: {error}");
            assert_eq!(
                error.lines().filter(|line| line.trim_end().ends_with('^')).count(),
                1,
                "said once: {error}"
            );
        }
    }
}
