//! Rules: which events matter, and what follows. The first rule that matches decides; every rule
//! looked at leaves a verdict, so that "why" and "why not" have the same answer everywhere.

use crate::core::alert::Target;
use crate::core::contact::Medium;
use crate::core::duty::DutyChange;
use crate::core::event::{Native, Priority, Severity, Verdict};
use crate::core::money::Money;
use crate::core::partner::PartnerRef;
use crate::core::text::Untrusted;
use jiff::{SignedDuration, Timestamp};
use minijinja::Environment;
use serde_json::{Value, json};

/// One configured rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    pub name: String,
    pub matches: Match,
    /// A condition over the event, in minijinja's expression language.
    pub when: Option<String>,
    pub then: Then,
    /// What it says of who is responsible and how soon, where it differs.
    pub duty: DutyChange,
    /// Events of this rule with the same values here join one alert.
    pub group_by: Vec<GroupField>,
    /// How long after it was raised an alert takes such joiners.
    pub group_window: SignedDuration,
}

/// What a rule asks of an event. An empty list asks nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Match {
    pub types: Vec<String>,
    pub kinds: Vec<String>,
    pub severities: Vec<Severity>,
    pub priorities: Vec<Priority>,
    /// Partner ids.
    pub partners: Vec<String>,
    pub tiers: Vec<String>,
    /// Contact ids of who wrote a post.
    pub authors: Vec<String>,
    /// The amount's value must be at least this, in whatever currency.
    pub amount_at_least: Option<f64>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Then {
    /// Raises an alert that follows the named policy.
    Alert { policy: String },
    /// Tells people once, without an alert; without media, over those that suit how pressing it is.
    Tell { targets: Vec<Target>, by: Vec<Medium> },
    /// Keeps the event and tells nobody.
    Quiet,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupField {
    Partner,
    Kind,
    Order,
    Shipment,
}

/// What rules can see of an event.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    pub kind_of_event: &'a str,
    pub kind: Option<&'a str>,
    pub severity: Option<Severity>,
    pub priority: Option<Priority>,
    pub partner: Option<&'a PartnerRef>,
    pub amount: Option<&'a Money>,
    pub order: Option<&'a Untrusted>,
    pub shipment: Option<&'a Untrusted>,
    pub deadline: Option<Timestamp>,
    /// The contact who wrote a post.
    pub author: Option<&'a Untrusted>,
    pub data: &'a Value,
}

impl<'a> Facts<'a> {
    pub fn of(kind_of_event: &'a str, native: &'a Native, data: &'a Value) -> Self {
        let mut facts = Facts {
            kind_of_event,
            kind: None,
            severity: None,
            priority: None,
            partner: None,
            amount: None,
            order: None,
            shipment: None,
            deadline: None,
            author: None,
            data,
        };
        match native {
            Native::ExceptionRaised { exception, partner, severity }
            | Native::ExceptionCleared { exception, partner, severity } => {
                facts.kind = Some(exception.kind.word());
                facts.severity = Some(*severity);
                facts.partner = Some(partner);
                facts.amount = exception.amount.as_ref();
                facts.order = exception.order.as_ref();
                facts.shipment = exception.shipment.as_ref();
                facts.deadline = exception.deadline;
            }
            Native::CaseOpened { case, partner, priority } => {
                facts.kind = Some(case.kind.word());
                facts.priority = Some(*priority);
                facts.partner = Some(partner);
                facts.amount = case.amount.as_ref();
                facts.order = case.order.as_ref();
                facts.deadline = case.deadline;
            }
            Native::CaseStatusChanged { partner, change } => {
                facts.kind = Some(change.status.word());
                facts.partner = Some(partner);
            }
            Native::DocumentUploaded { document, partner }
            | Native::DocumentReviewed { document, partner, .. } => {
                facts.kind = Some(document.kind.word());
                facts.partner = Some(partner);
            }
            Native::PostCreated { post, partner, author }
            | Native::PostAnswered { post, partner, author } => {
                facts.author = Some(author);
                facts.kind = Some(post.kind.word());
                facts.partner = Some(partner);
            }
            Native::OnboardingMilestone { partner, milestone, .. } => {
                facts.kind = Some(milestone.word());
                facts.partner = Some(partner);
            }
            Native::Missed { partner, name } => {
                facts.kind = Some(name);
                facts.partner = Some(partner);
            }
            Native::ContactChanged { .. } | Native::Foreign => {}
        }
        facts
    }

    /// `Err` says what a match asks for and does not find.
    pub fn fit(&self, m: &Match) -> Result<(), String> {
        one_of("type", &m.types, Some(self.kind_of_event))?;
        one_of("kind", &m.kinds, self.kind)?;
        one_of("severity", &words(&m.severities, Severity::as_str), self.severity.map(Severity::as_str))?;
        one_of("priority", &words(&m.priorities, priority_word), self.priority.map(priority_word))?;
        one_of("partner", &m.partners, self.partner.map(|p| p.id.raw()))?;
        one_of("tier", &m.tiers, self.partner.and_then(|p| p.tier.as_ref()).map(Untrusted::raw))?;
        one_of("author", &m.authors, self.author.map(Untrusted::raw))?;
        match (m.amount_at_least, self.amount.map(|a| a.cents as f64 / 100.0)) {
            (Some(least), Some(amount)) if amount < least => {
                Err(format!("the amount is {amount}, the rule wants at least {least}"))
            }
            (Some(least), None) => Err(format!("no amount is given, the rule wants at least {least}")),
            _ => Ok(()),
        }
    }

    /// Whether an expression over the event holds, or why it cannot be evaluated.
    pub fn holds(&self, expression: &str, now: Timestamp) -> Result<bool, String> {
        evaluate(expression, &self.for_expression(now)).map(|value| value.is_true())
    }

    /// What an expression over the event says, as text.
    pub fn text_of(&self, expression: &str, now: Timestamp) -> Result<String, String> {
        evaluate(expression, &self.for_expression(now)).map(|value| value.to_string())
    }

    fn for_expression(&self, now: Timestamp) -> Value {
        json!({
            "type": self.kind_of_event,
            "kind": self.kind,
            "severity": self.severity,
            "priority": self.priority,
            "partner": self.partner,
            "amount": self.amount.map(|m| m.cents as f64 / 100.0),
            "currency": self.amount.map(|m| m.currency.raw()),
            "order": self.order,
            "shipment": self.shipment,
            "author": self.author,
            "minutes_left": self.deadline.map(|d| d.duration_since(now).as_mins()),
            "data": self.data,
        })
    }
}

/// The first rule that matches, and the verdict of every rule up to it.
pub fn first_match<'r>(
    rules: &'r [Rule],
    facts: &Facts<'_>,
    now: Timestamp,
) -> (Option<&'r Rule>, Vec<Verdict>) {
    let mut verdicts = Vec::new();
    for rule in rules {
        let answer = rule.judge(facts, now);
        let matched = answer.is_ok();
        let because = Untrusted::new(match answer {
            Ok(()) => "everything it asks for holds".to_owned(),
            Err(because) => because,
        });
        verdicts.push(Verdict { rule: rule.name.clone(), matched, because });
        if matched {
            return (Some(rule), verdicts);
        }
    }
    (None, verdicts)
}

impl Rule {
    /// `Err` says what does not hold.
    fn judge(&self, facts: &Facts<'_>, now: Timestamp) -> Result<(), String> {
        facts.fit(&self.matches)?;
        match &self.when {
            Some(expression) => match facts.holds(expression, now) {
                Ok(true) => Ok(()),
                Ok(false) => Err(format!("`{expression}` does not hold")),
                Err(why) => Err(format!("`{expression}` cannot be evaluated: {why}")),
            },
            None => Ok(()),
        }
    }

    /// The value by which events of this rule join one alert; `None` when the rule groups nothing.
    pub fn group_key(&self, facts: &Facts<'_>) -> Option<String> {
        if self.group_by.is_empty() {
            return None;
        }
        let text = |t: Option<&Untrusted>| t.map(|t| t.raw().to_owned()).unwrap_or_default();
        let parts: Vec<String> = self
            .group_by
            .iter()
            .map(|field| match field {
                GroupField::Partner => text(facts.partner.map(|p| &p.id)),
                GroupField::Kind => facts.kind.unwrap_or_default().to_owned(),
                GroupField::Order => text(facts.order),
                GroupField::Shipment => text(facts.shipment),
            })
            .collect();
        Some(format!("rule\u{1f}{}\u{1f}{}", self.name, parts.join("\u{1f}")))
    }
}

/// Checks an expression over an event without running it, for the configuration.
pub fn check_expression(expression: &str) -> Result<(), String> {
    check_expression_over(expression, &NAMES)
}

/// What an expression speaks of.
pub fn names_in(expression: &str) -> Result<Vec<String>, String> {
    let environment = Environment::new();
    environment.compile_expression(expression).map_err(|error| error.to_string())?;
    // The same as a template, which can say what it refers to.
    let template = format!("{{{{ {expression} }}}}");
    let used = environment.template_from_str(&template).map_err(|error| error.to_string())?;
    Ok(used.undeclared_variables(false).into_iter().collect())
}

/// Checks an expression that may speak of these names.
pub fn check_expression_over(expression: &str, names: &[&str]) -> Result<(), String> {
    let mut used = names_in(expression)?;
    used.retain(|name| !names.contains(&name.as_str()));
    used.sort();
    match used.first() {
        Some(name) => {
            let name = crate::core::text::sanitise(name).into_owned();
            Err(format!("there is no {name:?}; there are {}", names.join(", ")))
        }
        None => Ok(()),
    }
}

/// What an expression may speak of.
const NAMES: [&str; 12] = [
    "type",
    "kind",
    "severity",
    "priority",
    "partner",
    "amount",
    "currency",
    "order",
    "shipment",
    "author",
    "minutes_left",
    "data",
];

/// Whether an expression over these facts holds, or why it cannot be evaluated.
pub fn holds_over(expression: &str, facts: &Value) -> Result<bool, String> {
    evaluate(expression, facts).map(|value| value.is_true())
}

fn evaluate(expression: &str, facts: &Value) -> Result<minijinja::Value, String> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(minijinja::UndefinedBehavior::SemiStrict);
    environment.set_fuel(Some(20_000));
    let compiled = environment.compile_expression(expression).map_err(|e| e.to_string())?;
    compiled.eval(minijinja::value::Serde(facts)).map_err(|e| e.to_string())
}

fn words<T: Copy>(list: &[T], word: impl Fn(T) -> &'static str) -> Vec<String> {
    list.iter().map(|item| word(*item).to_owned()).collect()
}

pub fn priority_word(priority: Priority) -> &'static str {
    match priority {
        Priority::Low => "low",
        Priority::Normal => "normal",
        Priority::High => "high",
        Priority::Urgent => "urgent",
    }
}

fn one_of(field: &str, wanted: &[String], found: Option<&str>) -> Result<(), String> {
    if wanted.is_empty() || found.is_some_and(|found| wanted.iter().any(|word| word == found)) {
        return Ok(());
    }
    let wanted = wanted.join(" or ");
    Err(match found {
        Some(found) => format!("{field} is {found}, the rule wants {wanted}"),
        None => format!("it has no {field}, the rule wants {wanted}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(matches: Match, when: Option<&str>) -> Rule {
        Rule {
            name: "r".into(),
            matches,
            when: when.map(str::to_owned),
            then: Then::Quiet,
            duty: DutyChange::default(),
            group_by: vec![],
            group_window: SignedDuration::ZERO,
        }
    }

    fn facts(data: &Value) -> Facts<'_> {
        Facts {
            kind_of_event: "community.exception.raised",
            kind: Some("blocked_order"),
            severity: Some(Severity::High),
            priority: None,
            partner: None,
            amount: None,
            order: None,
            shipment: None,
            deadline: None,
            author: None,
            data,
        }
    }

    #[test]
    fn an_expression_that_speaks_of_nothing_there_is_is_refused_when_it_is_read() {
        assert_eq!(check_expression("minutes_left is none or minutes_left < 720"), Ok(()));
        assert_eq!(check_expression("data.items | length > 3 and partner.tier == 'gold'"), Ok(()));
        let said = check_expression("minuts_left < 720").unwrap_err();
        assert!(said.starts_with("there is no \"minuts_left\"; there are type, kind"), "{said}");
        for name in NAMES {
            let data = json!({});
            assert!(facts(&data).for_expression(Timestamp::UNIX_EPOCH).get(name).is_some(), "{name}");
        }
    }

    #[test]
    fn the_verdict_says_what_did_not_hold() {
        let data = json!({"plant": 12});
        let now = Timestamp::UNIX_EPOCH;
        let rules = [
            rule(Match { severities: vec![Severity::Critical], ..Match::default() }, None),
            rule(Match::default(), Some("data.plant == 11")),
            rule(Match::default(), Some("nothing.at.all > 3")),
            rule(Match { kinds: vec!["blocked_order".into()], ..Match::default() }, Some("data.plant == 12")),
        ];
        let (found, verdicts) = first_match(&rules, &facts(&data), now);
        assert_eq!(found, Some(&rules[3]));
        assert_eq!(verdicts[0].because.raw(), "severity is high, the rule wants critical");
        assert_eq!(verdicts[1].because.raw(), "`data.plant == 11` does not hold");
        assert!(verdicts[2].because.raw().contains("cannot be evaluated"), "{verdicts:?}");
    }
}
