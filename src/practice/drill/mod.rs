//! Drills: short nights that somebody plays to learn what a long one asks of them.
//!
//! A drill is a file under `assets/drills/`: what the operator reads first, a desk, what the community does and
//! when, what is wanted of the operator, and what a good night looks like. The practice community plays it
//! ([`crate::practice::Practice::play`]), and the agent takes it for any other night. What the operator did
//! is judged by what the agent publishes, line by line as `nightdesk tail --json` prints it, and by nothing
//! else ([`Score`]): whoever acts by keys, by commands or by text is judged alike.

mod pattern;
mod score;
mod words;

pub use pattern::Pattern;
pub use score::{Score, Standing};
pub use words::{Line, Weight};

use crate::practice::day::Entry;
use serde::Deserialize;
use std::collections::BTreeSet;

/// The drills that ship with the program, in the order in which one plays them.
const SHIPPED: [&str; 6] = [
    include_str!("../../../assets/drills/first-page.toml"),
    include_str!("../../../assets/drills/storm.toml"),
    include_str!("../../../assets/drills/sms-down.toml"),
    include_str!("../../../assets/drills/feed-silent.toml"),
    include_str!("../../../assets/drills/hand-over.toml"),
    include_str!("../../../assets/drills/never-told.toml"),
];

/// What the points of all goals of a drill add up to.
pub const FULL: u32 = 100;

/// One drill, as its file says it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drill {
    pub name: String,
    pub title: String,
    /// What one learns by it, in a line.
    pub about: String,
    /// How long it goes on at most, in seconds.
    pub seconds: u32,
    /// What the operator reads before it begins; paragraphs have an empty line between them.
    pub briefing: String,
    /// What a good night looks like, for afterwards.
    pub good: String,
    /// Added to the configuration that the desks of all drills share.
    pub desk: String,
    #[serde(default, rename = "cue")]
    pub cues: Vec<Cue>,
    #[serde(default, rename = "reply")]
    pub replies: Vec<Reply>,
    #[serde(default, rename = "mark")]
    pub marks: Vec<Mark>,
    #[serde(rename = "goal")]
    pub goals: Vec<Goal>,
}

/// Something that happens at a time, whatever the operator does.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cue {
    /// Seconds after the drill began, or after what `after` names.
    #[serde(default)]
    pub at: f64,
    /// A mark or a goal; it happens only if that does.
    #[serde(default)]
    pub after: Option<String>,
    /// So often, `every` so many seconds.
    #[serde(default = "once")]
    pub times: u32,
    #[serde(default)]
    pub every: f64,
    /// Said to the desk, signed like every other event.
    #[serde(default)]
    pub event: Option<Entry>,
    /// By this source of the desk, unless by its main one.
    #[serde(default)]
    pub source: Option<String>,
    #[serde(default)]
    pub gateway: Option<Gateway>,
}

fn once() -> u32 {
    1
}

/// How the practice community's SMS gateway is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gateway {
    #[default]
    Works,
    /// It answers, and takes nothing.
    Down,
}

/// Somebody who answers a text that comes to their phone; once for each wording.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reply {
    pub phone: String,
    /// What stands in the text they answer.
    pub to: String,
    /// `ACK`, `ACCEPT` …; the code at the end of the text follows it.
    pub says: String,
    /// After so many seconds.
    pub after: f64,
}

/// A moment that something else waits for: the first line that fits.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mark {
    pub name: String,
    pub when: OneOrMore,
}

/// Something that is wanted of the operator.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Goal {
    pub name: String,
    /// What to do, in the imperative, without a full stop.
    pub says: String,
    /// How, from the least to the most.
    pub hints: Vec<String>,
    pub points: u32,
    /// The mark or goal that makes it due; the start of the drill where nothing does.
    #[serde(default)]
    pub after: Option<String>,
    /// Seconds from then on for all of its points; later it is worth half of them.
    #[serde(default)]
    pub within: Option<u32>,
    /// It is reached by a line that fits one of these …
    #[serde(default)]
    pub when: Option<OneOrMore>,
    /// … or lost by one, and kept by none until `until`, or the end.
    #[serde(default)]
    pub never: Option<OneOrMore>,
    /// The mark or goal up to which `never` counts.
    #[serde(default)]
    pub until: Option<String>,
    /// What it costs in a real night when it is missed.
    pub missed: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum OneOrMore {
    One(Pattern),
    More(Vec<Pattern>),
}

impl OneOrMore {
    fn patterns(&self) -> &[Pattern] {
        match self {
            OneOrMore::One(one) => std::slice::from_ref(one),
            OneOrMore::More(more) => more,
        }
    }
}

/// A file that is no drill.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the drill {name:?} cannot be played: {why}")]
pub struct NotADrill {
    pub name: String,
    pub why: String,
}

impl Drill {
    /// All that ship, in order.
    ///
    /// # Errors
    /// One of them cannot be read; a test keeps that from shipping.
    pub fn shipped() -> Result<Vec<Drill>, NotADrill> {
        SHIPPED.into_iter().map(Drill::parse).collect()
    }

    /// # Errors
    /// It is no TOML of this form, its points do not add up to [`FULL`], or it waits for what never comes.
    pub fn parse(text: &str) -> Result<Drill, NotADrill> {
        let wrong = |name: &str, why: String| NotADrill { name: name.to_owned(), why };
        let drill: Drill = toml::from_str(text).map_err(|error| wrong("", error.to_string()))?;
        drill.check().map_err(|why| wrong(&drill.name, why))?;
        Ok(drill)
    }

    fn check(&self) -> Result<(), String> {
        let points: u32 = self.goals.iter().map(|goal| goal.points).sum();
        if points != FULL {
            return Err(format!("its points add up to {points}, not to {FULL}"));
        }
        let mut known = BTreeSet::new();
        for name in self.marks.iter().map(|mark| &mark.name).chain(self.goals.iter().map(|goal| &goal.name)) {
            if !known.insert(name.as_str()) {
                return Err(format!("two moments are called {name:?}"));
            }
        }
        let waits = self.cues.iter().filter_map(|cue| cue.after.as_deref());
        let waits = waits.chain(
            self.goals.iter().flat_map(|goal| [goal.after.as_deref(), goal.until.as_deref()]).flatten(),
        );
        for name in waits {
            if !known.contains(name) {
                return Err(format!("it waits for {name:?}, which is no mark and no goal"));
            }
        }
        for goal in &self.goals {
            if goal.when.is_some() == goal.never.is_some() {
                return Err(format!("the goal {:?} needs `when` or `never`, not both", goal.name));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_drills_can_be_played_and_take_half_an_hour_together() {
        let drills = Drill::shipped().unwrap();
        let names: Vec<&str> = drills.iter().map(|drill| drill.name.as_str()).collect();
        assert_eq!(names, ["first-page", "storm", "sms-down", "feed-silent", "hand-over", "never-told"]);
        let seconds: u32 = drills.iter().map(|drill| drill.seconds).sum();
        assert!((20 * 60..=32 * 60).contains(&seconds), "{seconds} s");
        for drill in &drills {
            assert!(drill.goals.len() >= 4, "{}", drill.name);
            for goal in &drill.goals {
                assert!(!goal.hints.is_empty(), "{}: {} has no hint", drill.name, goal.name);
                // Both stand in one line of 80 columns.
                assert!(goal.says.chars().count() <= 64, "{}: {}", drill.name, goal.says);
                for hint in &goal.hints {
                    assert!(hint.chars().count() <= 72, "{}: {hint}", drill.name);
                }
            }
        }
    }

    #[test]
    fn a_drill_that_waits_for_nothing_that_exists_is_refused() {
        let text = SHIPPED[0].replacen("after = \"raised\"", "after = \"sunrise\"", 1);
        let why = Drill::parse(&text).unwrap_err().to_string();
        assert!(why.contains("\"sunrise\", which is no mark and no goal"), "{why}");
    }
}
