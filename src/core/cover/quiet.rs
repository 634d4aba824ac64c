//! What is configured to keep alerts quiet and never will: windows that do not come, and inhibit rules that
//! no two alerts can fit; and what would keep them quiet on and on: windows that follow on each other. Rules are tried on made-up exceptions, from the words that they speak of.

use super::{Finding, Span, Walk};
use crate::core::event::Severity;
use crate::core::inhibit::{EqualField, Inhibit};
use crate::core::maintenance::{Covers, Window};
use crate::core::rule::{holds_over, names_in};
use jiff::SignedDuration;
use serde_json::{Map, Value, json};
use std::cmp::Reverse;
use std::collections::BTreeSet;

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
        self.on_and_on();
        for rule in &self.desk.inhibits {
            if can_fit(rule) == Some(false) {
                self.found.push(Finding::InhibitsNothing { rule: rule.name.clone() });
            }
        }
    }

    /// Of everything that windows tell apart, what several of them together keep quiet for too long. Windows with
    /// a condition are put together with those that have none, or the very same.
    fn on_and_on(&mut self) {
        let windows = &self.desk.maintenance;
        let mut seen = BTreeSet::new();
        for covers in told_apart(windows) {
            let on: Vec<usize> = (0..windows.len()).filter(|i| takes(&windows[*i].covers, &covers)).collect();
            let mut names: Vec<&String> = on.iter().map(|i| &windows[*i].name).collect();
            names.sort_unstable();
            names.dedup();
            if names.len() < 2 || !seen.insert(on.clone()) {
                continue;
            }
            let span = |on: &[usize]| longest(on.iter().map(|i| &windows[*i]), (self.from, self.until));
            let Some(together) = span(&on).filter(|span| length(span) > self.desk.quiet_at_most) else {
                continue;
            };
            let alone = names.iter().filter_map(|name| {
                let own: Vec<usize> = on.iter().copied().filter(|i| windows[*i].name == **name).collect();
                span(&own).map(|span| length(&span))
            });
            // One that lasts as long by itself was decided so.
            if alone.max().is_none_or(|alone| alone < length(&together)) {
                self.found.push(Finding::QuietOnAndOn {
                    windows: names.into_iter().cloned().collect(),
                    covers,
                    endless: together.from <= self.from && together.until >= self.until,
                    span: together,
                    at_most: self.desk.quiet_at_most,
                });
            }
        }
    }
}

/// So many times of one window at most are looked at: one every five minutes of two weeks.
const RUNS: usize = 4_032;

fn length(span: &Span) -> SignedDuration {
    span.until.duration_since(span.from)
}

/// The longest time without a pause that any of these windows is on.
fn longest<'w>(
    windows: impl Iterator<Item = &'w Window>,
    (from, until): (jiff::Timestamp, jiff::Timestamp),
) -> Option<Span> {
    let mut times: Vec<_> = windows.flat_map(|window| window.between(from, until, RUNS)).collect();
    times.sort_unstable();
    let mut merged: Vec<Span> = Vec::new();
    for (from, until) in times {
        match merged.last_mut().filter(|last| from <= last.until) {
            Some(last) => last.until = last.until.max(until),
            None => merged.push(Span { from, until }),
        }
    }
    merged.into_iter().max_by_key(|span| (length(span), Reverse(span.from)))
}

/// One of each kind of exceptions that these windows tell apart, the most severe and least special first; none
/// where there are very many.
fn told_apart(windows: &[Window]) -> Vec<Covers> {
    let words = |of: fn(&Covers) -> &Vec<String>| -> Vec<Vec<String>> {
        let named: BTreeSet<&String> = windows.iter().flat_map(|window| of(&window.covers)).collect();
        std::iter::once(Vec::new()).chain(named.into_iter().map(|word| vec![word.clone()])).collect()
    };
    let (partners, kinds, sources) = (words(|c| &c.partners), words(|c| &c.kinds), words(|c| &c.sources));
    let conditions: BTreeSet<Option<&String>> =
        std::iter::once(None).chain(windows.iter().map(|window| window.covers.when.as_ref())).collect();
    let mut all = Vec::new();
    if partners.len() * kinds.len() * sources.len() * conditions.len() * Severity::ALL.len() > MOST {
        return all;
    }
    for up_to in Severity::ALL.into_iter().rev() {
        for (partners, kinds) in partners.iter().flat_map(|p| kinds.iter().map(move |k| (p, k))) {
            for (sources, when) in sources.iter().flat_map(|s| conditions.iter().map(move |c| (s, c))) {
                let (partners, kinds, sources) = (partners.clone(), kinds.clone(), sources.clone());
                all.push(Covers { partners, kinds, sources, when: when.cloned(), up_to });
            }
        }
    }
    all
}

/// Whether a window covers all that these say, as far as can be told without an exception.
fn takes(window: &Covers, of: &Covers) -> bool {
    let named =
        |all: &[String], these: &[String]| all.is_empty() || these.iter().any(|one| all.contains(one));
    named(&window.partners, &of.partners)
        && named(&window.kinds, &of.kinds)
        && named(&window.sources, &of.sources)
        && window.up_to >= of.up_to
        && (window.when.is_none() || window.when == of.when)
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
    use crate::core::cover::{Known, walk};
    use crate::core::cron::CronSchedule;
    use crate::core::maintenance::Times;
    use crate::core::scenario::Scene;
    use jiff::tz::TimeZone;

    /// A window by its cron expression and hours.
    fn window(name: &str, expression: &str, hours: i64, partner: &str, kind: &str) -> Window {
        let schedule = CronSchedule::parse(expression, TimeZone::UTC).unwrap();
        let list = |word: &str| if word.is_empty() { vec![] } else { vec![word.to_owned()] };
        Window {
            name: name.into(),
            covers: Covers {
                partners: list(partner),
                kinds: list(kind),
                sources: vec![],
                when: None,
                up_to: Severity::High,
            },
            times: Times::Recurring { schedule, lasts: SignedDuration::from_hours(hours) },
        }
    }

    fn found(windows: Vec<Window>) -> Vec<String> {
        let mut desk = Scene::usual().desk;
        desk.maintenance = windows;
        let from: jiff::Timestamp = "2026-06-01T00:00:00Z".parse().unwrap();
        let until = from + SignedDuration::from_hours(14 * 24);
        let found = walk(&desk, &Known::default(), from, until);
        let on_and_on = found.iter().filter(|one| matches!(one, Finding::QuietOnAndOn { .. }));
        on_and_on.map(|one| one.words(&TimeZone::UTC)).collect()
    }

    #[test]
    fn windows_of_several_tables_that_leave_no_pause_are_seen_with_what_they_keep_quiet() {
        let days = || window("days", "0 6 * * *", 12, "acme", "");
        assert_eq!(
            found(vec![days(), window("nights", "0 18 * * *", 12, "", "late_shipment")]),
            [
                "maintenance windows days, nights follow on each other and keep partner acme, kind late_shipment, up \
                 to high quiet without an end from Sun 31 May 18:00 UTC on; what begins in them pages after 24h all \
                 the same ([quiet] at_most)"
            ]
        );
        assert_eq!(
            found(vec![days(), window("nights", "0 18 * * *", 11, "", "")]),
            [""; 0],
            "an hour's pause"
        );
        assert_eq!(found(vec![days(), window("nights", "0 18 * * *", 12, "borg", "")]), [""; 0], "others");
        let mut mild = window("nights", "0 18 * * *", 12, "", "");
        mild.covers.up_to = Severity::Low;
        assert!(found(vec![days(), mild])[0].contains("up to low"));
        let whole = || window("move", "0 0 * * fri", 48, "acme", "");
        assert_eq!(
            found(vec![whole(), window("sat", "0 6 * * sat", 4, "acme", "")]),
            [""; 0],
            "so by itself"
        );
        let on = found(vec![whole(), window("sun", "0 0 * * sun", 4, "acme", "")]);
        assert!(on[0].contains("without a pause Fri 5 Jun 00:00 to Sun 7 Jun 04:00 UTC"), "{on:?}");
    }

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
