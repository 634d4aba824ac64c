//! What is configured to keep alerts quiet and never will: windows that do not come, and inhibit rules that
//! no two alerts can fit. Rules are tried on made-up exceptions, from the words that they speak of.

use super::{Finding, Walk};
use crate::core::event::Severity;
use crate::core::inhibit::{EqualField, Inhibit};
use crate::core::rule::{holds_over, names_in};
use jiff::SignedDuration;
use serde_json::{Map, Value, json};

/// A window that does not come within this is as good as none.
const AHEAD: SignedDuration = SignedDuration::from_hours(24 * 366);

/// So many made-up exceptions at most; a rule that needs more is taken to be right.
const MOST: usize = 20_000;

/// What stands for a word that the rule does not speak of.
const ANY: &str = "\u{1f}any";

impl Walk<'_> {
    pub(super) fn quiet(&mut self) {
        let until = self.from.saturating_add(AHEAD).unwrap_or(jiff::Timestamp::MAX);
        for window in self.desk.maintenance.iter().filter(|window| window.is_recurring()) {
            if window.between(self.from, until, 1).is_empty() {
                self.found.push(Finding::WindowNeverComes { window: window.name.clone() });
            }
        }
        for rule in &self.desk.inhibits {
            if can_fit(rule) == Some(false) {
                self.found.push(Finding::InhibitsNothing { rule: rule.name.clone() });
            }
        }
    }
}

/// Whether there could be a cause and something it explains; `None` where that cannot be told.
fn can_fit(rule: &Inhibit) -> Option<bool> {
    // A filter makes something else of a word than what is written.
    if rule.source.contains('|') || rule.target.contains('|') {
        return None;
    }
    let words = words(&[&rule.source, &rule.target]);
    let numbers = numbers(&[&rule.source, &rule.target]);
    let fits = |expression: &str| -> Option<Vec<Value>> {
        let samples = samples(expression, &words, &numbers)?;
        Some(samples.into_iter().filter(|facts| holds_over(expression, facts) == Ok(true)).collect())
    };
    let (sources, targets) = (fits(&rule.source)?, fits(&rule.target)?);
    if sources.len().saturating_mul(targets.len()) > 1_000_000 {
        return None;
    }
    let agree = |one: &Value, other: &Value| {
        rule.equal.iter().all(|field| {
            let (one, other) = (at(one, *field), at(other, *field));
            let open = |value: &Value| value.as_str() == Some(ANY);
            !one.is_null() && !other.is_null() && (open(one) || open(other) || one == other)
        })
    };
    let severity = |facts: &Value| serde_json::from_value::<Severity>(facts["severity"].clone()).ok();
    Some(sources.iter().any(|source| {
        targets.iter().any(|target| severity(target) <= severity(source) && agree(source, target))
    }))
}

fn at(facts: &Value, field: EqualField) -> &Value {
    match field {
        EqualField::Partner => &facts["partner"]["id"],
        EqualField::Kind => &facts["kind"],
        EqualField::Order => &facts["order"],
        EqualField::Shipment => &facts["shipment"],
        EqualField::Case => &facts["case"],
        EqualField::Source => &facts["source"],
    }
}

/// Every combination of what an expression speaks of.
fn samples(expression: &str, words: &[String], numbers: &[f64]) -> Option<Vec<Value>> {
    let spoken = names_in(expression).ok()?;
    let open = || words.iter().map(|word| json!(word)).chain([json!(ANY)]);
    let maybe = || open().chain([Value::Null]);
    let mut all: Vec<Map<String, Value>> = vec![Map::new()];
    let partner = |id: Value, rest: Value| json!({ "id": id, "name": rest, "tier": rest, "region": rest, "time_zone": rest });
    for name in crate::core::maintenance::NAMES {
        let speaks = spoken.iter().any(|word| word == name);
        let choices: Vec<Value> = match name {
            "severity" => Severity::ALL.iter().map(|severity| json!(severity)).collect(),
            "partner" if speaks => {
                open().flat_map(|id| maybe().map(move |rest| partner(id.clone(), rest))).collect()
            }
            "partner" => vec![partner(json!(ANY), json!(ANY))],
            "amount" if speaks => numbers.iter().map(|n| json!(n)).chain([Value::Null]).collect(),
            "amount" => vec![Value::Null],
            "order" | "shipment" | "case" | "currency" if speaks => maybe().collect(),
            "kind" | "source" if speaks => open().collect(),
            _ => vec![json!(ANY)],
        };
        if all.len().saturating_mul(choices.len()) > MOST {
            return None;
        }
        let with = |facts: &Map<String, Value>, choice: &Value| {
            let mut facts = facts.clone();
            facts.insert(name.to_owned(), choice.clone());
            facts
        };
        all = all.iter().flat_map(|facts| choices.iter().map(|choice| with(facts, choice))).collect();
    }
    Some(all.into_iter().map(Value::Object).collect())
}

/// The quoted words of expressions, each once.
fn words(expressions: &[&str]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for expression in expressions {
        for quote in ['\'', '"'] {
            let quoted = expression.split(quote).skip(1).step_by(2).map(str::to_owned);
            found.extend(quoted.filter(|word| !word.is_empty()));
        }
    }
    found.sort();
    found.dedup();
    found
}

/// Numbers around those of expressions.
fn numbers(expressions: &[&str]) -> Vec<f64> {
    let mut found = vec![0.0, 1.0];
    for expression in expressions {
        let parts = expression.split(|c: char| !c.is_ascii_digit() && c != '.');
        found.extend(parts.filter_map(|part| part.parse::<f64>().ok()).flat_map(|n| [n - 1.0, n, n + 1.0]));
    }
    found.sort_by(f64::total_cmp);
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_that_no_two_alerts_can_fit_is_seen_and_others_are_not() {
        for (source, target, equal, fits) in [
            ("kind == 'gateway_down'", "kind == 'late_shipment'", EqualField::Partner, true),
            ("kind == 'gateway_down'", "kind == 'late_shipment'", EqualField::Kind, false),
            ("kind == 'a' and severity == 'hihg'", "kind == 'b'", EqualField::Partner, false),
            ("severity == 'high'", "severity == 'critical'", EqualField::Partner, false),
            ("severity == 'critical'", "severity in ['high', 'medium']", EqualField::Shipment, true),
            ("amount > 500 and amount < 400", "kind == 'b'", EqualField::Partner, false),
            ("amount > 500", "amount < 400", EqualField::Order, true),
            ("partner.tier == 'gold'", "partner.id == 'acme'", EqualField::Partner, true),
            ("partner.id == 'borg'", "partner.id == 'acme'", EqualField::Partner, false),
            ("kind == 'a'", "kind == 'b' and shipment is none", EqualField::Shipment, false),
            ("kind is startingwith 'gate'", "kind == 'b'", EqualField::Partner, true),
            ("kind | length > 12", "kind == 'b'", EqualField::Partner, true),
        ] {
            let rule = Inhibit {
                name: "r".into(),
                source: source.into(),
                target: target.into(),
                equal: vec![equal],
                at_most: SignedDuration::from_hours(4),
            };
            let found = can_fit(&rule);
            assert!(found != Some(!fits), "{source} / {target}: {found:?}");
        }
    }
}
