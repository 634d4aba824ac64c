//! Rules: what they match, and what follows; and how much of it one recipient gets.

use super::{Check, Known, medium, unknown};
use crate::config::file::{self, ThrottleTable};
use crate::core::alert::PolicySnapshot;
use crate::core::duty::DutyChange;
use crate::core::event::Priority;
use crate::core::rule::{GroupField, Match, Rule, Then, check_expression};
use crate::core::throttle::{Limit, Throttle};
use jiff::SignedDuration;
use std::collections::{BTreeMap, BTreeSet};
use toml::Spanned;

impl Check<'_> {
    pub(super) fn rules(
        &mut self,
        tables: Vec<file::RuleTable>,
        policies: &BTreeMap<String, PolicySnapshot>,
        known: &Known<'_>,
    ) -> Vec<Rule> {
        let mut names = BTreeSet::new();
        let mut rules = Vec::new();
        for t in tables {
            self.name("rule", &t.name, &mut names);
            if let Some(when) = &t.when
                && let Err(why) = check_expression(when.as_ref())
            {
                self.wrong(when.span(), format!("this expression cannot be read: {why}"));
            }
            let quiet = t.quiet.as_ref().is_some_and(|quiet| *quiet.as_ref());
            let then = match (&t.policy, &t.tell, quiet) {
                (Some(policy), None, false) => {
                    if !policies.contains_key(policy.as_ref()) {
                        let message = unknown("policy", policy.as_ref(), policies.keys());
                        self.wrong(policy.span(), message);
                    }
                    Then::Alert { policy: policy.as_ref().clone() }
                }
                (None, Some(tell), false) => Then::Tell {
                    targets: self.targets(tell, known),
                    by: t.by.clone().unwrap_or_default().into_iter().map(medium).collect(),
                },
                (None, None, true) => Then::Quiet,
                _ => {
                    self.wrong(
                        t.name.span(),
                        "a rule says one of: policy = \"…\", tell = [\"…\"], quiet = true",
                    );
                    continue;
                }
            };
            let duty = DutyChange {
                team: t.team.as_ref().and_then(|team| self.team(team, known)),
                within: t.within.as_ref().map(|text| self.duration(text)),
                lead_after: t.lead_after.as_ref().map(|text| self.duration(text)),
            };
            let group_window = match &t.group_window {
                Some(text) => self.duration(text),
                None => SignedDuration::ZERO,
            };
            rules.push(Rule {
                name: t.name.into_inner(),
                matches: matches(t.matches),
                when: t.when.map(Spanned::into_inner),
                then,
                duty,
                group_by: t
                    .group_by
                    .into_iter()
                    .map(|word| match word {
                        file::GroupWord::Partner => GroupField::Partner,
                        file::GroupWord::Kind => GroupField::Kind,
                        file::GroupWord::Order => GroupField::Order,
                        file::GroupWord::Shipment => GroupField::Shipment,
                    })
                    .collect(),
                group_window,
            });
        }
        rules
    }

    pub(super) fn throttle(&mut self, table: ThrottleTable) -> Throttle {
        let Some(limits) = table.limits else { return Throttle::default() };
        let limits = limits
            .into_iter()
            .map(|limit| {
                if !(1..=1000).contains(limit.sms.as_ref()) {
                    self.wrong(
                        limit.sms.span(),
                        "a limit lets 1 to 1000 texts through; leave it out for none",
                    );
                }
                Limit { sms: *limit.sms.as_ref(), within: self.duration(&limit.within) }
            })
            .collect();
        Throttle { limits }
    }
}

pub(in crate::config) fn matches(t: file::MatchTable) -> Match {
    use file::words;
    Match {
        types: words(t.kind_of_event),
        kinds: words(t.kind),
        partners: words(t.partner),
        tiers: words(t.tier),
        authors: words(t.author),
        amount_at_least: t.amount_at_least,
        severities: t
            .severity
            .map(|words| words.into_vec())
            .unwrap_or_default()
            .into_iter()
            .map(Into::into)
            .collect(),
        priorities: t
            .priority
            .map(|words| words.into_vec())
            .unwrap_or_default()
            .into_iter()
            .map(|word| match word {
                file::PriorityWord::Low => Priority::Low,
                file::PriorityWord::Normal => Priority::Normal,
                file::PriorityWord::High => Priority::High,
                file::PriorityWord::Urgent => Priority::Urgent,
            })
            .collect(),
    }
}
