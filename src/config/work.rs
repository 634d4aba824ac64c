//! `[work.*]`, `[[plan]]` and `[[expect]]`: who is responsible for what partners bring, how soon, and
//! what is expected of them.

use super::check::{Check, Known, matches, medium, unknown};
use super::file::{self, ExpectTable, PlanTable, WorkTable, WorkTables};
use crate::core::alert::Target;
use crate::core::duty::{Duty, Work};
use crate::core::event::Milestone;
use crate::core::expectation::Expect;
use crate::core::onboarding::{Doer, Plan, PlanStep};
use crate::core::rule::check_expression;
use jiff::SignedDuration;
use std::collections::{BTreeMap, BTreeSet};
use toml::Spanned;

impl Check<'_> {
    /// What each kind of work asks; `nobody_else` is told where the file names nobody for it.
    pub(super) fn work(
        &mut self,
        tables: WorkTables,
        known: &Known<'_>,
        nobody_else: &[Target],
    ) -> BTreeMap<Work, Duty> {
        let WorkTables { cases, documents, posts, onboarding, contacts } = tables;
        let mut work: BTreeMap<Work, Duty> = [
            (Work::Cases, cases),
            (Work::Documents, documents),
            (Work::Posts, posts),
            (Work::Onboarding, onboarding),
        ]
        .into_iter()
        .map(|(work, table)| (work, self.duty(table.unwrap_or_default(), known, nobody_else)))
        .collect();
        // Somebody must see to an address that is dead, so there is a team for it wherever there is a team.
        let mut duty = match contacts {
            Some(table) => self.duty(table, known, nobody_else),
            None => work.get(&Work::Cases).cloned().unwrap_or_default(),
        };
        let of_work = || Work::ALL.iter().find_map(|other| work.get(other)?.team.clone());
        let urgent = || {
            nobody_else.iter().find_map(|target| match target {
                Target::Team(team) | Target::Lead(team) => Some(team.clone()),
                _ => None,
            })
        };
        duty.team = duty.team.or_else(of_work).or_else(urgent).or_else(|| known.teams.keys().next().cloned());
        work.insert(Work::Contacts, duty);
        work
    }

    fn duty(&mut self, table: WorkTable, known: &Known<'_>, nobody_else: &[Target]) -> Duty {
        let usual = Duty::default();
        let team = table.team.as_ref().and_then(|team| self.team(team, known));
        let tell = match (&table.tell, &team) {
            (Some(tell), _) => self.targets(tell, known),
            (None, Some(team)) => vec![Target::Team(team.clone())],
            (None, None) => nobody_else.to_vec(),
        };
        Duty {
            team,
            tell,
            by: table.by.unwrap_or_default().into_iter().map(medium).collect(),
            within: table.within.as_ref().map_or(usual.within, |text| self.duration(text)),
            lead_after: table.lead_after.as_ref().map_or(usual.lead_after, |text| self.duration(text)),
            calendar: table.calendar.as_ref().and_then(|name| self.calendar_named(name, known)),
        }
    }

    pub(super) fn team(&mut self, team: &file::Text, known: &Known<'_>) -> Option<String> {
        if known.teams.contains_key(team.as_ref()) {
            return Some(team.as_ref().clone());
        }
        self.wrong(team.span(), unknown("team", team.as_ref(), known.teams.keys()));
        None
    }

    fn calendar_named(&mut self, name: &file::Text, known: &Known<'_>) -> Option<String> {
        if known.calendars.contains_key(name.as_ref()) {
            return Some(name.as_ref().clone());
        }
        self.wrong(name.span(), unknown("calendar", name.as_ref(), known.calendars.keys()));
        None
    }

    /// The configured plans, or the usual one where there is none.
    pub(super) fn plans(&mut self, tables: Vec<PlanTable>, known: &Known<'_>) -> Vec<Plan> {
        if tables.is_empty() {
            return vec![usual_plan()];
        }
        let mut names = BTreeSet::new();
        tables
            .into_iter()
            .map(|table| {
                self.name("plan", &table.name, &mut names);
                if table.steps.as_ref().is_empty() {
                    self.wrong(table.steps.span(), "a plan needs at least one milestone");
                }
                let mut seen = BTreeSet::new();
                let mut steps = Vec::new();
                for step in table.steps.into_inner() {
                    if !seen.insert(step.milestone.as_ref().clone()) {
                        let message = format!("this plan has {:?} twice", step.milestone.as_ref());
                        self.wrong(step.milestone.span(), message);
                    }
                    let by = match &step.by {
                        None => Doer::Partner,
                        Some(word) if word.as_ref() == "partner" => Doer::Partner,
                        Some(word) => self.target(word, known).map_or(Doer::Partner, Doer::Us),
                    };
                    steps.push(PlanStep {
                        milestone: Milestone::from(step.milestone.into_inner()),
                        within_days: step.within_days.map_or(5, u32::from),
                        by,
                    });
                }
                Plan { name: table.name.into_inner(), tiers: file::words(table.tier), steps }
            })
            .collect()
    }

    pub(super) fn expects(&mut self, tables: Vec<ExpectTable>, known: &Known<'_>) -> Vec<Expect> {
        let mut names = BTreeSet::new();
        let mut expects = Vec::new();
        for table in tables {
            self.name("expectation", &table.name, &mut names);
            for expression in table.when.iter().chain(&table.same) {
                if let Err(why) = check_expression(expression.as_ref()) {
                    self.wrong(expression.span(), format!("this expression cannot be read: {why}"));
                }
            }
            if table.within.is_none() && !table.by_deadline {
                self.wrong(
                    table.name.span(),
                    "an expectation says how long it waits: within = \"4h\" or by_deadline = true",
                );
            }
            expects.push(Expect {
                within: table.within.as_ref().map_or(SignedDuration::ZERO, |text| self.duration(text)),
                by_deadline: table.by_deadline,
                calendar: table.calendar.as_ref().and_then(|name| self.calendar_named(name, known)),
                after: matches(table.after),
                expect: matches(table.expect),
                when: table.when.map(Spanned::into_inner),
                same: table.same.map(Spanned::into_inner),
                name: table.name.into_inner(),
            });
        }
        expects
    }
}

fn usual_plan() -> Plan {
    let step = |milestone, within_days| PlanStep { milestone, within_days, by: Doer::Partner };
    Plan {
        name: "standard".into(),
        tiers: Vec::new(),
        steps: vec![
            step(Milestone::ProfileApproved, 0),
            step(Milestone::DocumentsComplete, 5),
            step(Milestone::TestingReady, 10),
            step(Milestone::GoLive, 5),
        ],
    }
}

#[cfg(test)]
mod tests {
    use crate::config::{DEFAULT, parse};
    use crate::core::duty::Work;
    use std::path::Path;

    #[test]
    fn somebody_mends_addresses_wherever_there_is_a_team() {
        let team = |text: &str| {
            let settings = parse(text, Path::new("c.toml")).unwrap();
            settings.desk.work[&Work::Contacts].team.clone()
        };
        assert_eq!(team(DEFAULT).as_deref(), Some("customer-service"), "as cases are");
        let own = format!("{DEFAULT}\n[work.contacts]\nteam = \"edi-support\"\nwithin = \"2h\"\n");
        assert_eq!(team(&own).as_deref(), Some("edi-support"));
        let start = DEFAULT.find("[work.cases]").unwrap();
        let end = DEFAULT.find("[work.onboarding]").unwrap();
        let less = format!("{}{}", &DEFAULT[..start], &DEFAULT[end..]);
        assert_eq!(team(&less).as_deref(), Some("operations"), "the first other work's");
        let none = less.replace("[work.onboarding]\nteam = \"operations\"", "[work.onboarding]");
        assert_ne!(less, none);
        assert_eq!(team(&none).as_deref(), Some("customer-service"), "the first team by name");
    }
}
