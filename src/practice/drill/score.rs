//! What of a drill is done. Pure: lines of the live stream and the time go in, standings come out.

use super::pattern::Seen;
use super::{Drill, Goal, OneOrMore};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

/// A drill that is being played, or was.
#[derive(Clone, Debug)]
pub struct Score {
    drill: Drill,
    began: Timestamp,
    now: Timestamp,
    over: bool,
    seen: Seen,
    /// When each mark and goal was reached.
    at: std::collections::BTreeMap<String, Timestamp>,
    /// By goal, in the order of the drill.
    standings: Vec<Standing>,
}

/// How a goal stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// What makes it due has not happened.
    Ahead,
    /// It is wanted now; `since` it is due.
    Due { since: Timestamp },
    /// In time: for all of its points.
    Reached { at: Timestamp },
    /// For half of them.
    Late { at: Timestamp },
    /// Lost by what happened then, or never reached.
    Missed { at: Option<Timestamp> },
}

impl Standing {
    pub fn is_settled(self) -> bool {
        !matches!(self, Standing::Ahead | Standing::Due { .. })
    }
}

impl Score {
    pub fn new(drill: Drill, began: Timestamp) -> Self {
        let standings = drill.goals.iter().map(|goal| opened(goal, began)).collect();
        Self { drill, began, now: began, over: false, seen: Seen::new(), at: Default::default(), standings }
    }

    pub fn drill(&self) -> &Drill {
        &self.drill
    }

    pub fn began(&self) -> Timestamp {
        self.began
    }

    /// When it ends if nothing else ends it.
    pub fn ends(&self) -> Timestamp {
        self.began
            .saturating_add(SignedDuration::from_secs(self.drill.seconds.into()))
            .unwrap_or(Timestamp::MAX)
    }

    pub fn is_over(&self) -> bool {
        self.over
    }

    /// The goals with how they stand.
    pub fn goals(&self) -> impl Iterator<Item = (&Goal, Standing)> {
        self.drill.goals.iter().zip(self.standings.iter().copied())
    }

    /// What is wanted now: the first goal that is due and asks for something to be done.
    pub fn wanted(&self) -> Option<(usize, &Goal)> {
        let due = |(_, (goal, standing)): &(usize, (&Goal, Standing))| {
            goal.when.is_some() && matches!(standing, Standing::Due { .. })
        };
        self.goals().enumerate().find(due).map(|(at, (goal, _))| (at, goal))
    }

    /// The marks and goals that were reached so far.
    pub fn reached(&self) -> impl Iterator<Item = &str> {
        self.at.keys().map(String::as_str)
    }

    pub fn points(&self) -> u32 {
        let worth = |(goal, standing): (&Goal, Standing)| match standing {
            Standing::Reached { .. } => goal.points,
            Standing::Late { .. } => goal.points / 2,
            Standing::Ahead | Standing::Due { .. } | Standing::Missed { .. } => 0,
        };
        self.goals().map(worth).sum()
    }

    /// Every goal is reached, in time or not.
    pub fn is_passed(&self) -> bool {
        self.standings
            .iter()
            .all(|standing| matches!(standing, Standing::Reached { .. } | Standing::Late { .. }))
    }

    /// Takes in a line of the stream, as it happened at `at`.
    pub fn hear(&mut self, line: &Value, at: Timestamp) {
        if self.over {
            return;
        }
        self.now = self.now.max(at);
        let fits =
            |patterns: &OneOrMore, seen: &Seen| patterns.patterns().iter().any(|one| one.fits(line, seen));
        let mut happened: Vec<&str> = Vec::new();
        for mark in &self.drill.marks {
            if !self.at.contains_key(&mark.name) && fits(&mark.when, &self.seen) {
                happened.push(&mark.name);
            }
        }
        for (goal, standing) in self.drill.goals.iter().zip(&mut self.standings) {
            let Standing::Due { since } = *standing else { continue };
            match (&goal.when, &goal.never) {
                (Some(when), _) if fits(when, &self.seen) => {
                    let late = goal.within.is_some_and(|within| {
                        at.duration_since(since) > SignedDuration::from_secs(within.into())
                    });
                    *standing = if late { Standing::Late { at } } else { Standing::Reached { at } };
                    happened.push(&goal.name);
                }
                (_, Some(never)) if fits(never, &self.seen) => *standing = Standing::Missed { at: Some(at) },
                _ => {}
            }
        }
        let happened: Vec<String> = happened.into_iter().map(str::to_owned).collect();
        for name in happened {
            self.happens(&name, line, at);
        }
        if self.standings.iter().all(|standing| standing.is_settled()) {
            self.over = true;
        }
    }

    /// Takes in that time passes.
    pub fn pass(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
        if self.now >= self.ends() {
            self.end();
        }
    }

    /// Nothing more counts: what is not reached is missed, and what was to be kept is kept.
    pub fn end(&mut self) {
        if self.over {
            return;
        }
        self.over = true;
        for (goal, standing) in self.drill.goals.iter().zip(&mut self.standings) {
            *standing = match (*standing, &goal.until) {
                // Kept up to something that never came is nothing kept.
                (Standing::Due { .. }, None) if goal.never.is_some() => Standing::Reached { at: self.now },
                (Standing::Ahead | Standing::Due { .. }, _) => Standing::Missed { at: None },
                (settled, _) => settled,
            };
        }
    }

    fn happens(&mut self, name: &str, line: &Value, at: Timestamp) {
        self.seen.insert(name.to_owned(), line.clone());
        self.at.insert(name.to_owned(), at);
        for (goal, standing) in self.drill.goals.iter().zip(&mut self.standings) {
            if goal.after.as_deref() == Some(name) && *standing == Standing::Ahead {
                *standing = Standing::Due { since: at };
            }
            if goal.until.as_deref() == Some(name) && matches!(standing, Standing::Due { .. }) {
                *standing = Standing::Reached { at };
            }
        }
    }
}

fn opened(goal: &Goal, began: Timestamp) -> Standing {
    match goal.after {
        Some(_) => Standing::Ahead,
        None => Standing::Due { since: began },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const DRILL: &str = r#"
name = "try"
title = "Try"
about = "a try"
seconds = 120
briefing = "b"
good = "g"
desk = ""

[[mark]]
name = "raised"
when = { what = "alert_raised" }

[[goal]]
name = "take"
says = "take it"
hints = ["a"]
points = 60
after = "raised"
within = 30
when = { what = "alert_acknowledged", alert = "{{raised.alert}}" }
missed = "m"

[[goal]]
name = "calm"
says = "wake nobody else"
hints = ["a"]
points = 40
after = "raised"
never = { what = "alert_escalated" }
until = "take"
missed = "m"
"#;

    fn began() -> Timestamp {
        "2026-11-22T02:00:00Z".parse().unwrap()
    }

    fn at(seconds: i64) -> Timestamp {
        began() + SignedDuration::from_secs(seconds)
    }

    fn played(lines: &[(i64, &str, &str)]) -> Score {
        let mut score = Score::new(Drill::parse(DRILL).unwrap(), began());
        for (seconds, what, alert) in lines {
            score.pass(at(*seconds));
            score.hear(&json!({ "what": what, "alert": alert }), at(*seconds));
        }
        score
    }

    fn standings(score: &Score) -> Vec<Standing> {
        score.goals().map(|(_, standing)| standing).collect()
    }

    #[test]
    fn what_is_done_in_time_is_worth_all_of_its_points_and_ends_the_drill() {
        let score = played(&[(3, "alert_raised", "A1"), (10, "alert_acknowledged", "A1")]);
        assert!(score.is_over() && score.is_passed());
        assert_eq!((score.points(), score.reached().collect::<Vec<_>>()), (100, vec!["raised", "take"]));
    }

    #[test]
    fn what_is_done_late_is_worth_half_and_what_was_lost_stays_lost() {
        let score = played(&[
            (3, "alert_raised", "A1"),
            (40, "alert_escalated", "A1"),
            (50, "alert_acknowledged", "A1"),
        ]);
        assert_eq!(standings(&score), [Standing::Late { at: at(50) }, Standing::Missed { at: Some(at(40)) }]);
        assert!(score.is_over() && !score.is_passed());
        assert_eq!(score.points(), 30);
    }

    #[test]
    fn another_alert_is_not_the_one_and_nothing_counts_before_it_is_due() {
        let score = played(&[
            (1, "alert_acknowledged", "A1"),
            (3, "alert_raised", "A1"),
            (9, "alert_acknowledged", "A2"),
        ]);
        assert_eq!(score.wanted().map(|(at, goal)| (at, goal.name.as_str())), Some((0, "take")));
        assert!(!score.is_over());
    }

    #[test]
    fn whoever_does_nothing_gets_nothing_when_the_time_is_over() {
        let mut score = played(&[(3, "alert_raised", "A1")]);
        score.pass(at(119));
        assert!(!score.is_over());
        score.pass(at(120));
        assert!(score.is_over() && !score.is_passed());
        assert_eq!((score.points(), standings(&score)), (0, vec![Standing::Missed { at: None }; 2]));
        score.hear(&json!({ "what": "alert_acknowledged", "alert": "A1" }), at(121));
        assert_eq!(score.points(), 0, "what comes after the end does not count");
    }
}
