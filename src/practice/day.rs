//! A recorded day: events with the second at which each came, and places that are filled in when it
//! is played again, so that deadlines lie ahead and every round is about new orders.
//!
//! `{{now+3h}}` and `{{now-20m}}` become a time, `{{utc+25s}}` one as a configuration writes it, and
//! `{{n:4500123}}` a number that is another in every round (the first round has it as it stands).

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value};

/// The day that ships with the program.
const RECORDED: &str = include_str!("../../assets/demo/day.jsonl");

/// One line of a recording.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Seconds since the day began.
    #[serde(default)]
    pub at: f64,
    #[serde(rename = "type")]
    kind: String,
    source: String,
    #[serde(default)]
    subject: Option<String>,
    /// It was written so many seconds before it comes: it has been overtaken.
    #[serde(default)]
    ago: u32,
    data: Value,
}

/// A recording, in the order of time.
#[derive(Clone, Debug)]
pub struct Day(Vec<Entry>);

/// A recording that cannot be played.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the recorded day cannot be played: {why}")]
pub struct NotADay {
    pub line: usize,
    pub why: String,
}

impl Day {
    pub fn recorded() -> Result<Day, NotADay> {
        Self::parse(RECORDED)
    }

    pub fn parse(text: &str) -> Result<Day, NotADay> {
        let mut entries: Vec<Entry> = Vec::new();
        for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let wrong = |why: String| NotADay { line: at + 1, why };
            let entry: Entry = serde_json::from_str(line).map_err(|error| wrong(error.to_string()))?;
            if entries.last().is_some_and(|last| last.at > entry.at) {
                return Err(wrong("it comes before the line above it".to_owned()));
            }
            entries.push(entry);
        }
        Ok(Day(entries))
    }

    pub fn entries(&self) -> &[Entry] {
        &self.0
    }
}

impl Entry {
    /// The contact who wrote a post.
    pub fn author(&self) -> Option<&str> {
        self.data["author"]["contact_id"].as_str()
    }

    /// The event as structured CloudEvents JSON, with every place filled in.
    pub fn event(&self, id: &str, round: u32, now: Timestamp) -> Value {
        let fill = |text: &str| filled(text, round, now);
        let mut event = Map::new();
        event.insert("specversion".into(), "1.0".into());
        event.insert("id".into(), id.into());
        event.insert("source".into(), self.source.as_str().into());
        event.insert("type".into(), self.kind.as_str().into());
        let written = now.checked_sub(SignedDuration::from_secs(self.ago.into())).unwrap_or(now);
        event.insert("time".into(), written.to_string().into());
        event.insert("datacontenttype".into(), "application/json".into());
        if let Some(subject) = &self.subject {
            event.insert("subject".into(), fill(subject).into());
        }
        event.insert("data".into(), everywhere(&self.data, &fill));
        Value::Object(event)
    }
}

fn everywhere(value: &Value, fill: &impl Fn(&str) -> String) -> Value {
    match value {
        Value::String(text) => Value::String(fill(text)),
        Value::Array(items) => items.iter().map(|item| everywhere(item, fill)).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, member)| (name.clone(), everywhere(member, fill))).collect()
        }
        other => other.clone(),
    }
}

pub(super) fn filled(text: &str, round: u32, now: Timestamp) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        out.push_str(before);
        let place =
            after.split_once("}}").and_then(|(place, tail)| Some((place_text(place, round, now)?, tail)));
        match place {
            Some((value, tail)) => {
                out.push_str(&value);
                rest = tail;
            }
            None => {
                out.push_str("{{");
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

fn place_text(place: &str, round: u32, now: Timestamp) -> Option<String> {
    if let Some(number) = place.strip_prefix("n:") {
        return Some((number.parse::<u64>().ok()? + u64::from(round) * 1000).to_string());
    }
    if let Some(shift) = place.strip_prefix("utc") {
        // As a configuration writes a time of day; to the second.
        let at = now.checked_add(length(shift)?).ok()?.to_zoned(jiff::tz::TimeZone::UTC);
        return Some(at.strftime("%Y-%m-%dT%H:%M:%S").to_string());
    }
    let shift = place.strip_prefix("now")?;
    if shift.is_empty() {
        return Some(now.to_string());
    }
    let at = now.checked_add(length(shift)?).ok()?;
    // A deadline is a round time; nobody sets one to the second.
    Some(Timestamp::from_second(at.as_second() / 300 * 300).unwrap_or(at).to_string())
}

/// `+3h`, `-20m`.
fn length(shift: &str) -> Option<SignedDuration> {
    let (digits, unit) = shift.split_at_checked(shift.len().checked_sub(1)?)?;
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return None,
    };
    Some(SignedDuration::from_secs(digits.parse::<i64>().ok()?.checked_mul(unit)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::event::{CloudEvent, Native, Severity, native};
    use std::collections::{BTreeMap, BTreeSet};

    fn now() -> Timestamp {
        "2026-11-22T02:07:31Z".parse().unwrap()
    }

    fn read(event: &Value) -> (Native, Vec<crate::core::event::FieldError>) {
        let text = |name: &str| event[name].as_str().unwrap().to_owned();
        let event = CloudEvent {
            id: text("id"),
            source: text("source"),
            kind: text("type"),
            time: text("time").parse().ok(),
            subject: None,
            attributes: BTreeMap::new(),
            data: event["data"].clone(),
        };
        native(&event).unwrap()
    }

    #[test]
    fn every_recorded_event_is_a_native_one_that_is_read_whole() {
        let day = Day::recorded().unwrap();
        assert!(day.entries().len() >= 60);
        let mut partners = BTreeSet::new();
        for (line, entry) in day.entries().iter().enumerate() {
            let event = entry.event("1", 0, now());
            assert!(!event.to_string().contains("{{"), "line {line}");
            let (native, unreadable) = read(&event);
            assert!(!matches!(native, Native::Foreign), "line {line}");
            assert_eq!(unreadable, [], "line {line}");
            partners.extend(event["data"]["partner"]["id"].as_str().map(str::to_owned));
        }
        assert_eq!(partners.len(), 11);
    }

    #[test]
    fn the_first_event_is_worth_waking_somebody_for_and_comes_within_two_seconds() {
        let day = Day::recorded().unwrap();
        let first = &day.entries()[0];
        let (native, _) = read(&first.event("1", 0, now()));
        let Native::ExceptionRaised { exception, severity, .. } = native else { panic!("{native:?}") };
        assert!(first.at < 2.0);
        assert_eq!((severity, exception.order), (Severity::Critical, Some("4500123".into())));
        assert_eq!(
            exception.deadline,
            "2026-11-22T05:05:00Z".parse().ok(),
            "a round time, three hours ahead"
        );
    }

    #[test]
    fn whatever_is_cleared_was_raised_before_and_another_round_is_about_other_orders() {
        let day = Day::recorded().unwrap();
        let mut raised = BTreeSet::new();
        for entry in day.entries() {
            match read(&entry.event("1", 0, now())).0 {
                Native::ExceptionRaised { exception, .. } => {
                    assert!(raised.insert(exception.id.clone()), "{:?} is raised twice", exception.id);
                }
                Native::ExceptionCleared { exception, .. } => assert!(raised.contains(&exception.id)),
                _ => {}
            }
            if let Native::ExceptionRaised { exception, .. } = read(&entry.event("2", 1, now())).0 {
                assert!(!raised.contains(&exception.id), "{:?}", exception.id);
            }
        }
    }

    #[test]
    fn every_contact_that_is_named_is_kept_by_the_community_or_by_the_desk() {
        let kept: Value = serde_json::from_str(include_str!("../../assets/demo/contacts.json")).unwrap();
        let mut known: BTreeSet<String> =
            kept.as_array().unwrap().iter().map(|user| user["id"].as_str().unwrap().to_owned()).collect();
        let desk: toml::Table =
            toml::from_str(&include_str!("../../assets/demo/config.toml").replace("{{smtp_port}}", "25"))
                .unwrap();
        for contact in desk["contact"].as_array().unwrap() {
            known.insert(contact["id"].as_str().unwrap().to_owned());
        }
        for entry in Day::recorded().unwrap().entries() {
            let data = &entry.data;
            let one = ["author", "opened_by", "uploaded_by"].map(|role| data[role]["contact_id"].as_str());
            let watching = data["watchers"].as_array().into_iter().flatten();
            let more = data["contacts"].as_array().into_iter().flatten();
            let all = one.into_iter().flatten().chain(watching.filter_map(|w| w["contact_id"].as_str()));
            for id in all.chain(more.filter_map(Value::as_str)) {
                // Whoever answers for the desk is nobody's contact.
                assert!(known.contains(id) || id == "support", "{id}");
            }
        }
    }

    #[test]
    fn all_eight_flows_begin_within_the_first_minute_and_a_half() {
        let day = Day::recorded().unwrap();
        let early: BTreeSet<&str> =
            day.entries().iter().filter(|entry| entry.at <= 90.0).map(|entry| entry.kind.as_str()).collect();
        // Digests come of the desk's own clock, and contacts change as partners act.
        for kind in [
            "case.opened",
            "document.uploaded",
            "document.reviewed",
            "post.created",
            "case.status_changed",
            "exception.raised",
            "exception.cleared",
            "onboarding.milestone",
        ] {
            assert!(early.contains(format!("community.{kind}").as_str()), "{kind}");
        }
    }

    #[test]
    fn some_words_of_partners_are_hostile() {
        let recorded = Day::recorded().unwrap();
        let hostile =
            recorded.entries().iter().any(|e| e.data["exception"]["title"].to_string().contains("\\u001b"));
        assert!(hostile);
    }

    #[test]
    fn what_is_no_place_stays_as_it_is_and_a_broken_line_is_named() {
        for text in ["{{", "}}", "{{now+3x}}", "{{n:}}", "{{now+}}", "a {{b}} c", "{{now+99999999999d}}"] {
            assert_eq!(filled(text, 0, now()), text);
        }
        assert_eq!(filled("{{n:7}}/{{now}}", 2, now()), "2007/2026-11-22T02:07:31Z");
        assert_eq!(Day::parse("\n{}").unwrap_err().line, 2);
        let backwards = r#"{"at":2,"type":"t","source":"/s","data":1}
{"at":1,"type":"t","source":"/s","data":1}"#;
        assert_eq!(Day::parse(backwards).unwrap_err().line, 2);
    }
}
