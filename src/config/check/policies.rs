//! Escalation policies: their steps, whom each tells, and the last resort.

use super::{Check, Known, unknown};
use crate::config::file::{self, Text};
use crate::core::alert::{PolicySnapshot, Step, Target, Variant};
use crate::core::person::PersonId;
use crate::core::text::sanitise;
use jiff::SignedDuration;
use std::collections::{BTreeMap, BTreeSet};
use toml::Spanned;

impl Check<'_> {
    pub(super) fn policies(
        &mut self,
        tables: Vec<file::PolicyTable>,
        known: &Known<'_>,
    ) -> BTreeMap<String, PolicySnapshot> {
        let mut names = BTreeSet::new();
        let mut policies = BTreeMap::new();
        for t in tables {
            self.name("policy", &t.name, &mut names);
            let steps = self.steps(t.steps, t.repeat, t.repeat_after, known);
            let last_resort = self.last_resort(t.last_resort, known);
            let mut variants = Vec::new();
            for t in t.variants {
                if t.severity.as_ref().is_empty() {
                    self.wrong(t.severity.span(), "name the severities that these steps are for");
                }
                variants.push(Variant {
                    severities: t.severity.into_inner().into_iter().map(Into::into).collect(),
                    steps: self.steps(t.steps, t.repeat, t.repeat_after, known),
                    last_resort: self.last_resort(t.last_resort, known),
                });
            }
            if !variants.is_empty() {
                // So that an alert whose severity changes finds the others' steps again.
                let (steps, last_resort) = (steps.clone(), last_resort.clone());
                variants.push(Variant { severities: Vec::new(), steps, last_resort });
            }
            let name = t.name.into_inner();
            policies.insert(name.clone(), PolicySnapshot { name, steps, last_resort, variants });
        }
        policies
    }

    /// The steps, and the same again as often as they are to be repeated.
    pub(super) fn steps(
        &mut self,
        tables: Spanned<Vec<file::StepTable>>,
        repeat: Option<Spanned<u8>>,
        repeat_after: Option<Text>,
        known: &Known<'_>,
    ) -> Vec<Step> {
        if tables.as_ref().is_empty() {
            self.wrong(tables.span(), "a policy needs at least one step");
        }
        let mut steps = Vec::new();
        for step in tables.into_inner() {
            let after = self.duration(&step.after);
            steps.push(Step { after, notify: self.targets(&step.notify, known) });
        }
        let times = repeat.as_ref().map_or(0, |times| *times.as_ref());
        if let Some(times) = repeat.as_ref().filter(|times| *times.as_ref() > 20) {
            self.wrong(times.span(), "steps are repeated 20 times at most; after them comes the last resort");
        }
        let pause = match (&repeat, &repeat_after) {
            (_, Some(text)) => self.duration(text),
            (Some(times), None) if times.as_ref() > &0 => {
                self.wrong(
                    times.span(),
                    "say how long after the last step they begin again: repeat_after = \"10m\"",
                );
                SignedDuration::from_mins(10)
            }
            _ => SignedDuration::ZERO,
        };
        if let (None, Some(text)) = (&repeat, &repeat_after) {
            self.wrong(text.span(), "repeat_after is of no use without repeat = 1 or more");
        }
        let mut again = steps.clone();
        if let Some(first) = again.first_mut() {
            first.after = pause;
        }
        (0..times.min(20)).for_each(|_| steps.extend(again.iter().cloned()));
        steps
    }

    pub(super) fn last_resort(&mut self, table: Spanned<file::LastResortTable>, known: &Known<'_>) -> Step {
        let last = table.into_inner();
        let every = self.duration(&last.every);
        if every < SignedDuration::from_mins(1) {
            self.wrong(last.every.span(), "a last resort repeats at most once a minute");
        }
        let notify = self.targets(&last.notify, known);
        if !notify.is_empty() && notify.iter().all(|target| matches!(target, Target::Webhook(_))) {
            self.wrong(
                last.notify.span(),
                "a last resort tells at least one person; a webhook wakes nobody for sure",
            );
        }
        Step { after: every, notify }
    }

    pub(in crate::config) fn targets(&mut self, list: &Spanned<Vec<Text>>, known: &Known<'_>) -> Vec<Target> {
        if list.as_ref().is_empty() {
            self.wrong(
                list.span(),
                "somebody must be told; name \"oncall:…\", \"team:…\", \"lead:…\", \"person:…\" or a role",
            );
        }
        list.as_ref().iter().filter_map(|word| self.target(word, known)).collect()
    }

    pub(in crate::config) fn target(&mut self, word: &Text, known: &Known<'_>) -> Option<Target> {
        let text = word.as_ref();
        let (kind, name) = text.split_once(':').unwrap_or(("", text));
        let problem = match kind {
            "oncall" if known.schedules.contains_key(name) => return Some(Target::OnCall(name.to_owned())),
            "oncall" => unknown("schedule", name, known.schedules.keys()),
            "team" if known.teams.contains_key(name) => return Some(Target::Team(name.to_owned())),
            "team" => unknown("team", name, known.teams.keys()),
            "lead" if known.teams.get(name).is_some_and(|team| team.lead.is_some()) => {
                return Some(Target::Lead(name.to_owned()));
            }
            "lead" if known.teams.contains_key(name) => format!("team {name:?} has no lead"),
            "lead" => unknown("team", name, known.teams.keys()),
            "person" if known.people.contains_key(&PersonId(name.to_owned())) => {
                return Some(Target::Person(PersonId(name.to_owned())));
            }
            "person" => unknown("person", name, known.people.keys()),
            "webhook" if known.webhooks.contains(name) => return Some(Target::Webhook(name.to_owned())),
            "webhook" => unknown("channel of kind webhook", name, known.webhooks.iter()),
            "" if known.assignments.iter().any(|a| a.role == name) => {
                return Some(Target::Assigned(name.to_owned()));
            }
            "" => {
                let roles: BTreeSet<_> = known.assignments.iter().map(|a| &a.role).collect();
                unknown("role in any [[assign]]", name, roles.into_iter())
            }
            other => format!(
                "{:?} is no kind of target; allowed are oncall:SCHEDULE, team:TEAM, lead:TEAM, person:ID, webhook:CHANNEL or a role of [[assign]]",
                sanitise(other)
            ),
        };
        self.wrong(word.span(), problem);
        None
    }
}
