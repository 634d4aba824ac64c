//! What is said about a drill: before, while and after it is played.

use super::{Drill, FULL, Goal, Score, Standing};
use jiff::Timestamp;

/// How a line is meant, for whoever shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    Head,
    Plain,
    Good,
    Bad,
    Quiet,
}

/// A line of a page; not broken to any width.
pub type Line = (Weight, String);

impl Drill {
    /// What the operator reads before it begins.
    pub fn briefing(&self) -> Vec<Line> {
        let mut lines = paragraphs(&self.briefing, Weight::Plain);
        lines.push((Weight::Plain, String::new()));
        lines.push((Weight::Head, "What is wanted".to_owned()));
        lines.extend(self.goals.iter().map(|goal| (Weight::Plain, format!("- {}", goal.says))));
        lines.push((Weight::Plain, String::new()));
        let said = format!(
            "It is {FULL} points and goes on for {} at most. Your line stands under the header; :hint helps, :brief \
             shows this again.",
            clock(i64::from(self.seconds))
        );
        lines.push((Weight::Quiet, said));
        lines
    }
}

impl Score {
    /// What is wanted now, in one line.
    pub fn line(&self) -> String {
        let of = self.drill().goals.len();
        match (self.is_over(), self.wanted()) {
            (true, _) => format!("drill over: {} of {FULL} points; :brief shows how it went", self.points()),
            (false, Some((at, goal))) => format!("drill {}/{of}: {}", at + 1, goal.says),
            (false, None) => "drill: watch; something is about to happen".to_owned(),
        }
    }

    /// What helps with what is wanted now, from the least to the most.
    pub fn hints(&self) -> &[String] {
        self.wanted().map_or(&[], |(_, goal)| &goal.hints)
    }

    /// What was done when, what was missed, what a good night looks like, and the drill that comes next.
    pub fn debrief(&self, next: Option<&Drill>) -> Vec<Line> {
        let mut lines = vec![(Weight::Head, self.result())];
        for (goal, standing) in self.goals() {
            lines.push(self.judged(goal, standing));
            let lost = matches!(standing, Standing::Missed { .. });
            if lost || matches!(standing, Standing::Late { .. }) {
                lines.push((Weight::Quiet, format!("       {}", goal.missed)));
            }
            if let (true, Some(hint)) = (lost, goal.hints.last()) {
                lines.push((Weight::Quiet, format!("       How: {hint}")));
            }
        }
        lines.push((Weight::Plain, String::new()));
        lines.push((Weight::Head, "A good night".to_owned()));
        lines.extend(paragraphs(&self.drill().good, Weight::Plain));
        lines.push((Weight::Plain, String::new()));
        lines.push(match next {
            Some(next) => {
                (Weight::Plain, format!("Next: nightdesk --demo --drill {} ({}).", next.name, next.about))
            }
            None => (Weight::Plain, "That was the last one; `nightdesk --demo` is a longer day.".to_owned()),
        });
        lines
    }

    /// `First page: 85 of 100 points, 1 of 5 missed.`
    pub fn result(&self) -> String {
        let missed = self.goals().filter(|(_, standing)| !is_reached(*standing)).count();
        let missed = match missed {
            0 => "nothing missed".to_owned(),
            n => format!("{n} of {} missed", self.drill().goals.len()),
        };
        format!("{}: {} of {FULL} points, {missed}.", self.drill().title, self.points())
    }

    fn judged(&self, goal: &Goal, standing: Standing) -> Line {
        let since = |at: Timestamp| clock(at.duration_since(self.began()).as_secs());
        let (weight, word, at, points) = match standing {
            Standing::Reached { at } => (Weight::Good, "done", since(at), goal.points),
            Standing::Late { at } => (Weight::Bad, "late", since(at), goal.points / 2),
            Standing::Missed { at } => (Weight::Bad, "missed", at.map(since).unwrap_or_default(), 0),
            Standing::Ahead | Standing::Due { .. } => (Weight::Quiet, "open", String::new(), 0),
        };
        let within = match (standing, goal.within) {
            (Standing::Late { .. }, Some(within)) => format!(" (in time is within {within} s)"),
            _ => String::new(),
        };
        (weight, format!("{word:<6} {at:>5}  {points:>3}/{:<3} {}{within}", goal.points, goal.says))
    }
}

fn is_reached(standing: Standing) -> bool {
    matches!(standing, Standing::Reached { .. } | Standing::Late { .. })
}

/// `2:10`, in minutes and seconds.
fn clock(seconds: i64) -> String {
    let seconds = seconds.max(0);
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// Paragraphs as single lines, with an empty one between them.
fn paragraphs(text: &str, weight: Weight) -> Vec<Line> {
    let mut lines = Vec::new();
    for paragraph in text.trim().split("\n\n") {
        if !lines.is_empty() {
            lines.push((weight, String::new()));
        }
        lines.push((weight, paragraph.split_whitespace().collect::<Vec<_>>().join(" ")));
    }
    lines
}
