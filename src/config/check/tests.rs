//! What a wrong file is told: every problem with its place, and what is allowed there.

use super::*;
use crate::core::contact::Medium;
use jiff::Timestamp;

fn wrong(edit: impl Fn(&str) -> String) -> String {
    let text = edit(crate::config::DEFAULT);
    assert_ne!(text, crate::config::DEFAULT, "the edit must change something");
    settings(&text, Path::new("config.toml")).unwrap_err().to_string()
}

#[test]
fn the_default_configuration_is_accepted() {
    let settings = settings(crate::config::DEFAULT, Path::new("config.toml")).unwrap();
    assert_eq!(settings.desk.teams.len(), 3);
    assert!(settings.desk.carrier(Medium::Sms).is_some());
    assert_eq!(settings.contacts.len(), 3);
}

#[test]
fn the_factor_that_pages_again_is_the_configured_one() {
    let with = |text: &str| settings(text, Path::new("config.toml")).unwrap().desk.amount_factor;
    assert_eq!(with(crate::config::DEFAULT), 2.0);
    let text = crate::config::DEFAULT
        .replace("# [joining]\n# amount_factor = 2.0", "[joining]\namount_factor = 3.5");
    assert_eq!(with(&text), 3.5);
}

#[test]
fn an_error_shows_file_line_column_the_text_and_what_is_allowed() {
    let error = wrong(|text| {
        text.replace("priority = \"x\"", "").replace("severity = \"medium\"", "severity = \"mid\"")
    });
    let mut lines = error.lines();
    let first = lines.next().unwrap();
    assert!(first.starts_with("config.toml:"), "{error}");
    assert!(first.contains("mid") && first.contains("critical"), "{error}");
    assert!(error.contains("^^^"), "{error}");
}

#[test]
fn unknown_keys_people_schedules_and_kinds_are_refused_by_name() {
    for (from, to, wanted) in [
        ("time_zone = \"Europe/Berlin\"", "timezone = \"Europe/Berlin\"", "timezone"),
        (
            "members = [\"jonas\"]",
            "members = [\"jonsa\"]",
            "there is no person \"jonsa\"; there are aylin, jonas, maria",
        ),
        ("\"oncall:primary\", \"coordinator\"", "\"oncall:secondary\"", "there is no schedule \"secondary\""),
        (
            "time_zone = \"Europe/Istanbul\"",
            "locale = \"tr\"",
            "there are no templates in \"tr\"; there are some in de, en, es, fr",
        ),
        ("locale = \"en\"", "locale = \"german\"", "no templates in \"german\""),
        ("after = \"6m\"", "after = \"six\"", "is not a length of time"),
        (
            "role = \"responder\"",
            "role = \"viewer\"",
            "may look but not acknowledge, and so cannot be on call",
        ),
        (
            "when = \"minutes_left is none",
            "when = \"minutes_left is none or ( ",
            "this expression cannot be read",
        ),
        ("phone = \"+49 151 23456701\"", "phone = \"0151 23456701\"", "is not a phone number"),
        ("kind = \"spool\"", "kind = \"spool\"\nhost = \"x\"", "a channel of kind \"spool\" has no `host`"),
        (
            "{ env = \"NIGHTDESK_COMMUNITY_SECRET\", optional = true }",
            "{ env = \"NIGHTDESK_NOT_SET\" }",
            "NIGHTDESK_NOT_SET is not set",
        ),
        ("engine = \"sqlite\"", "engine = \"mysql\"", "there is no store engine"),
        ("every = \"10m\"", "every = \"1s\"", "at most once a minute"),
        ("# [joining]\n# amount_factor = 2.0", "[joining]\namount_factor = 0.5", "from a factor of 1.01"),
    ] {
        let error = wrong(|text| text.replacen(from, to, 1));
        assert!(error.contains(wanted), "{to}: {error}");
    }
}

#[test]
fn all_problems_are_reported_at_once_in_the_order_of_the_file() {
    let error = wrong(|text| {
        text.replace("Europe/Istanbul", "Mars/Olympus").replace("every = \"10m\"", "every = \"x\"")
    });
    assert!(error.find("Mars").unwrap() < error.find("\"x\" is not a length").unwrap(), "{error}");
}

#[test]
fn a_source_may_be_silent_for_so_many_working_hours() {
    let silence = |edit: &str| {
        let text = crate::config::DEFAULT.replacen("silent_after = \"10h\"", edit, 1);
        assert_ne!(text, crate::config::DEFAULT);
        settings(&text, Path::new("config.toml")).map(|settings| settings.sources[0].silence.clone())
    };
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    // Friday 16:00 in Berlin, Monday at 09:59 and at 10:01.
    let (friday, before, after) =
        (at("2026-11-20T15:00:00Z"), at("2026-11-23T08:59:00Z"), at("2026-11-23T09:01:00Z"));
    for usual in ["silent_after = \"4h\"", "silent_after = \"4h\"\ncalendar = \"office\""] {
        let silence = silence(usual).unwrap().unwrap();
        assert!(!silence.is_broken(friday, before), "the weekend is no silence");
        assert!(silence.is_broken(friday, after));
    }
    let always = silence("silent_after = \"4h\"\ncalendar = \"always\"").unwrap().unwrap();
    assert!(!always.is_broken(friday, at("2026-11-20T19:00:00Z")));
    assert!(always.is_broken(friday, at("2026-11-20T19:00:01Z")));
    assert!(silence("").unwrap().is_none());
    let error = silence("silent_after = \"4h\"\ncalendar = \"shop\"").unwrap_err().to_string();
    assert!(error.contains("there is no calendar \"shop\"; there are office, always"), "{error}");
    let error = silence("calendar = \"office\"").unwrap_err().to_string();
    assert!(error.contains("silent_after, which is not set"), "{error}");
}
