//! Schedules as they are written, and what is wrong with them, at its place.

use crate::config::{self, DEFAULT};
use crate::core::schedule::Schedule;
use jiff::Timestamp;
use secrecy::ExposeSecret;
use std::path::{Path, PathBuf};

/// The shipped configuration with another `primary`.
fn with(schedule: &str) -> String {
    let begin = DEFAULT.find("[[schedule]]").unwrap();
    let end = begin + DEFAULT[begin..].find("# Working hours").unwrap();
    format!("{}{schedule}\n\n{}", &DEFAULT[..begin], &DEFAULT[end..])
}

fn read(schedule: &str) -> Schedule {
    let settings = config::parse(&with(schedule), Path::new("config.toml"));
    settings.unwrap_or_else(|why| panic!("{why}")).desk.schedules.remove("primary").unwrap()
}

fn wrong(schedule: &str) -> String {
    config::parse(&with(schedule), Path::new("config.toml")).unwrap_err().to_string()
}

fn who(schedule: &Schedule, at: &str) -> Vec<String> {
    let at: Timestamp = at.parse().unwrap();
    schedule.who(at).0.into_iter().map(|person| person.0).collect()
}

const NAME: &str = "[[schedule]]\nname = \"primary\"\n";

#[test]
fn the_simple_form_is_people_taking_turns_from_a_day_on_and_before_it() {
    let weekly = read(&format!(
        "{NAME}people = [\"maria\", \"jonas\"]\nturn_days = 7\nstart = 2026-01-05\nhandoff = \"07:00\""
    ));
    for (at, wanted) in [
        ("2026-01-05T06:00:00Z", "maria"),
        ("2026-01-05T05:59:59Z", "jonas"),
        ("2026-01-12T06:00:00Z", "jonas"),
        ("2026-03-30T05:00:00Z", "maria"),
    ] {
        assert_eq!(who(&weekly, at), [wanted], "{at}");
    }
    let twice = read(&format!("{NAME}people = [\"maria\", \"jonas\"]\nhandoff = [\"08:00\", \"20:00\"]"));
    assert_ne!(who(&twice, "2026-01-05T08:00:00Z"), who(&twice, "2026-01-05T20:00:00Z"));
}

#[test]
fn layers_have_turns_hours_a_start_and_an_end() {
    let schedule = read(&format!(
        r#"{NAME}
[[schedule.layer]]
name = "week"
people = ["maria"]
turn = "1w"
handoff = "mon 08:00"
[[schedule.layer]]
name = "nights"
people = ["jonas", "aylin"]
turn = "1d"
handoff = "18:00"
start = 2026-11-02
end = 2026-12-01T08:00:00
hours = ["mon-fri 18:00-08:00", "sat,sun"]
"#
    ));
    for (at, wanted) in [
        ("2026-11-02T16:59:00Z", "maria"),
        ("2026-11-02T17:00:00Z", "jonas"),
        ("2026-11-03T06:59:00Z", "jonas"),
        ("2026-11-03T07:00:00Z", "maria"),
        ("2026-11-03T17:00:00Z", "aylin"),
        ("2026-12-01T06:59:59Z", "jonas"),
        ("2026-12-01T18:00:00Z", "maria"),
        ("2026-10-31T12:00:00Z", "maria"),
    ] {
        assert_eq!(who(&schedule, at), [wanted], "{at}");
    }
}

#[test]
fn what_is_wrong_is_said_at_its_place() {
    let layer = |keys: &str| format!("{NAME}[[schedule.layer]]\nname = \"l\"\n{keys}");
    let people = "people = [\"maria\"]\n";
    for (schedule, wanted) in [
        (NAME.to_owned(), "needs `people`, or a [[schedule.layer]]"),
        (format!("{NAME}people = [\"eve\"]"), "there is no person \"eve\"; there are aylin, jonas, maria"),
        (layer("people = [\"eve\"]"), "there is no person \"eve\""),
        (layer("people = []"), "a layer of nobody"),
        (layer(""), "this layer needs `people`, or a calendar"),
        (
            format!("{NAME}people = [\"maria\"]\n[[schedule.layer]]\nname = \"l\"\n{people}"),
            "said in each of them",
        ),
        (layer(&format!("{people}turn = \"1 month\"")), "is no length of a turn"),
        (layer(&format!("{people}turn = \"0h\"")), "is no length of a turn"),
        (layer(&format!("{people}handoff = \"25:00\"")), "a hand-off is written"),
        (
            layer(&format!("{people}turn = \"2d\"\nhandoff = [\"mon 08:00\", \"fri 17:00\"]")),
            "make the turns themselves",
        ),
        (
            layer(&format!("{people}turn = \"1w\"\nhandoff = \"mon 08:00\"\nstart = 2026-01-06")),
            "is a Tuesday",
        ),
        (layer(&format!("{people}start = 08:00:00")), "this is a date"),
        (layer(&format!("{people}start = 2026-01-05\nend = 2026-01-01")), "ends before it starts"),
        (layer(&format!("{people}hours = \"mon-fri\\u0007\"")), "hours of the week are written"),
        (layer(&format!("{people}every = \"5m\"")), "`every` says how often"),
        (layer(&format!("{people}ics = \"x.ics\"")), "not both"),
        (layer("ics = \"nowhere.ics\""), "nowhere.ics cannot be read"),
        (layer("ics = \"http://example.net/a.ics\""), "has an https:// address"),
        (layer("ics = \"http://localhost.example.net/a.ics\""), "has an https:// address"),
        (layer("ics = \"http://127.0.0.1@example.net/a.ics\""), "has an https:// address"),
        (layer("ics = \"https://example.net/a.ics\"\nevery = \"5s\""), "at most once a minute"),
        (layer("ics = \"https://example.net/a.ics\"\nturn = \"1w\""), "has no turns"),
        (layer("ics_secret = { env = \"NIGHTDESK_NOT_SET\" }"), "NIGHTDESK_NOT_SET is not set"),
        (
            format!("{}[[schedule.layer]]\nname = \"l\"\n{people}", layer(people)),
            "there is a layer \"l\" already",
        ),
    ] {
        let error = wrong(&schedule);
        assert!(error.starts_with("config.toml:") && error.contains(wanted), "{schedule}: {error}");
    }
}

#[test]
fn a_calendar_elsewhere_is_a_feed_of_its_layer() {
    let text = with(&format!(
        "{NAME}[[schedule.layer]]\nname = \"l\"\nics = \"http://[::1]:8080/a.ics\"\nevery = \"5m\""
    ));
    let settings = config::parse(&text, Path::new("config.toml")).unwrap();
    let [feed] = settings.rosters.as_slice() else { panic!("{:?}", settings.rosters) };
    assert_eq!((feed.id(), feed.every.as_secs()), ("primary/l".to_owned(), 300));
    assert_eq!(feed.url.expose_secret(), "http://[::1]:8080/a.ics");
}

/// A configuration with a calendar of that text beside it.
fn beside(calendar: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    let schedule = format!("{NAME}[[schedule.layer]]\nname = \"l\"\nics = \"shifts.ics\"");
    std::fs::write(&path, with(&schedule)).unwrap();
    std::fs::write(folder.path().join("shifts.ics"), calendar).unwrap();
    (folder, path)
}

fn event(lines: &str) -> String {
    format!("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\n{lines}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")
}

#[test]
fn a_calendar_file_is_kept_with_the_configuration_and_finds_people_in_its_events() {
    let settings = config::parse(DEFAULT, Path::new("config.toml")).unwrap();
    let jonas = settings.desk.people.values().find(|person| person.id.0 == "jonas").unwrap().clone();
    let mail = jonas.email.as_ref().map(|mail| mail.as_str().to_uppercase()).unwrap();
    let days = "DTSTART;VALUE=DATE:20261101\r\nRRULE:FREQ=DAILY";
    for (lines, wanted) in [
        (format!("SUMMARY:On call\r\nATTENDEE;CN=x:mailto:{mail}"), "jonas"),
        (format!("SUMMARY:shift of {}", jonas.name.to_lowercase()), "jonas"),
        ("SUMMARY:[aylin] nights".to_owned(), "aylin"),
        (format!("SUMMARY:nights\r\nORGANIZER:mailto:{mail}"), "jonas"),
        (format!("SUMMARY:maria\r\nATTENDEE:mailto:room@example.net\r\nORGANIZER:mailto:{mail}"), "maria"),
    ] {
        let (folder, path) = beside(&event(&format!("{days}\r\n{lines}")));
        let settings = config::load(&path).unwrap_or_else(|why| panic!("{lines}: {why}"));
        drop(folder);
        let kept = config::parse(&settings.text, Path::new("/nowhere/config.toml")).unwrap();
        assert_eq!(who(&kept.desk.schedules["primary"], "2026-11-05T12:00:00Z"), [wanted], "{lines}");
        assert_eq!(kept.sha256, settings.sha256);
    }
}

#[test]
fn a_wrong_calendar_file_is_a_problem_with_its_own_line() {
    for (calendar, wanted) in [
        (event("DTSTART:2026\r\nSUMMARY:maria"), "shifts.ics:4:1: \"2026\" is no time"),
        (event("DTSTART:20261101T080000Z\r\nSUMMARY:lunch"), "no event of this calendar names anybody"),
        ("BEGIN:VCALENDAR\u{7}".to_owned(), "a calendar has no control characters; this is U+0007"),
    ] {
        let (_folder, path) = beside(&calendar);
        let error = config::load(&path).unwrap_err().to_string();
        assert!(error.contains(wanted), "{error}");
    }
}
