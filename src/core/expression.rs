//! The expressions of mappings: what they may use beside minijinja's own, how far they may run, and
//! how their failures are said.

use crate::core::reading::{self, Decimal};
use crate::core::text::sanitise;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use minijinja::value::{Kwargs, Serde, Value as Jinja, ValueKind};
use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior};
use std::collections::BTreeMap;

/// How many steps one expression may take.
const FUEL: u64 = 20_000;

/// The names an expression may use; the last two only with `each`.
const NAMES: [&str; 4] = ["body", "headers", "item", "index"];

/// Checks an expression without a payload: that it can be read, that it names only what there is,
/// and that the filters, tests and functions it reaches exist.
pub fn check(expression: &str, with_item: bool) -> Result<(), String> {
    let environment = environment(UndefinedBehavior::Chainable, TimeZone::UTC);
    let compiled = environment.compile_expression(expression).map_err(|error| said(&error))?;
    let names = if with_item { &NAMES[..] } else { &NAMES[..2] };
    let mut unknown: Vec<_> = compiled
        .undeclared_variables(false)
        .into_iter()
        .filter(|name| !names.contains(&name.as_str()) && !environment.globals().any(|(g, _)| g == name))
        .collect();
    unknown.sort();
    if let Some(name) = unknown.first() {
        let hint = match name.as_str() {
            "item" | "index" => "; item and index are there with `each`",
            _ => "; text stands in quotes of its own",
        };
        return Err(format!("there is no {}, there are {}{hint}", sanitise(name), names.join(", ")));
    }
    match compiled.eval(Jinja::from(BTreeMap::from([("body", Jinja::UNDEFINED)]))) {
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::UnknownFilter | ErrorKind::UnknownTest | ErrorKind::UnknownFunction
            ) =>
        {
            Err(said(&error))
        }
        _ => Ok(()),
    }
}

pub fn environment(undefined: UndefinedBehavior, zone: TimeZone) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(undefined);
    environment.set_fuel(Some(FUEL));
    environment.add_filter("lookup", lookup);
    environment.add_filter("money", money);
    environment.add_filter("time", move |value: Jinja, named: Option<String>, options: Kwargs| {
        time(&value, named.as_deref(), &options, &zone)
    });
    environment
}

/// `body.code | lookup({"SD": "late_shipment"}, "other")`: the word for a word.
fn lookup(value: Jinja, words: Jinja, default: Option<Jinja>) -> Result<Jinja, Error> {
    let found = match is_blank(&value) {
        true => Jinja::UNDEFINED,
        false => words.get_item(&Jinja::from(value.to_string())).unwrap_or_default(),
    };
    match (found.is_undefined(), default) {
        (false, _) => Ok(found),
        (true, Some(default)) => Ok(default),
        (true, None) if is_blank(&value) => Ok(Jinja::UNDEFINED),
        (true, None) => {
            Err(failure(format!("lookup has no word for {} and no default", shown(&value.to_string()))))
        }
    }
}

/// `body.total | money("EUR")`, of hundredths with `cents=true`; a text's decimal mark by `decimal`.
fn money(value: Jinja, currency: Jinja, options: Kwargs) -> Result<Jinja, Error> {
    let cents: Option<bool> = options.get("cents")?;
    let decimal: Option<String> = options.get("decimal")?;
    options.assert_all_used()?;
    let decimal = match decimal.as_deref() {
        None => None,
        Some(".") => Some(Decimal::Point),
        Some(",") => Some(Decimal::Comma),
        Some(_) => return Err(failure("decimal is '.' or ','".to_owned())),
    };
    if is_blank(&value) {
        return Ok(Jinja::UNDEFINED);
    }
    if is_blank(&currency) {
        return Err(failure("money needs a currency".to_owned()));
    }
    // A number of JSON has a point; only text may be written in another way.
    let decimal = if value.kind() == ValueKind::Number { Some(Decimal::Point) } else { decimal };
    let mut hundredths = reading::hundredths(&value.to_string(), decimal).map_err(failure)?;
    if cents == Some(true) {
        if hundredths % 100 != 0 {
            return Err(failure(format!("{} is no whole number of cents", shown(&value.to_string()))));
        }
        hundredths /= 100;
    }
    let written = serde_json::json!({ "value": hundredths as f64 / 100.0, "currency": currency.to_string() });
    Ok(Jinja::from(Serde(written)))
}

/// `body.due | time`, `| time("Europe/Berlin", at="17:00")`, `| time(form="%d.%m.%Y")`.
fn time(value: &Jinja, named: Option<&str>, options: &Kwargs, zone: &TimeZone) -> Result<Jinja, Error> {
    let at: Option<String> = options.get("at")?;
    let form: Option<String> = options.get("form")?;
    options.assert_all_used()?;
    if is_blank(value) {
        return Ok(Jinja::UNDEFINED);
    }
    let zone = match named {
        Some(name) => {
            TimeZone::get(name).map_err(|_| failure(format!("{} is not a time zone", shown(name))))?
        }
        None => zone.clone(),
    };
    let at = match at {
        Some(at) => at
            .parse::<Time>()
            .map_err(|_| failure(format!("at is a time of day such as 17:00, not {}", shown(&at))))?,
        None => Time::midnight(),
    };
    let text = value.to_string();
    let read = match form {
        Some(form) => reading::time_in_form(&text, &form, &zone, at),
        None => reading::time(&text, &zone, at),
    };
    read.map(|at| Jinja::from(at.to_string())).map_err(failure)
}

/// Absent, null or a text that says nothing.
fn is_blank(value: &Jinja) -> bool {
    value.is_undefined() || value.is_none() || value.as_str().is_some_and(|text| text.trim().is_empty())
}

pub fn evaluate(environment: &Environment<'_>, expression: &str, context: Jinja) -> Result<Jinja, String> {
    let compiled = environment.compile_expression_owned(expression.to_owned()).map_err(|e| e.to_string())?;
    compiled.eval(context).map_err(|e| e.to_string())
}

fn failure(why: String) -> Error {
    Error::new(ErrorKind::InvalidOperation, why)
}

/// minijinja's message without the name of a template there is none of.
fn said(error: &Error) -> String {
    let text = error.to_string();
    let text = text.split(" (in ").next().unwrap_or_default();
    sanitise(text.strip_prefix("invalid operation: ").unwrap_or(text)).into_owned()
}

pub fn cannot_be_evaluated(why: &str) -> String {
    let why = why.split(" (in ").next().unwrap_or_default();
    format!("cannot be evaluated: {}", sanitise(why.strip_prefix("invalid operation: ").unwrap_or(why)))
}

pub fn quoted(expression: &str) -> String {
    let one_line = sanitise(expression);
    let mut cut: String = one_line.chars().take(160).collect();
    if cut.len() < one_line.len() {
        cut.push('…');
    }
    format!("`{cut}`")
}

pub fn shown(text: &str) -> String {
    format!("{:?}", sanitise(text).chars().take(60).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_expression_that_cannot_work_is_found_before_a_payload_comes() {
        for good in
            ["body.a.b | default('x') | lower", "'late_shipment'", "body['a'] ~ headers['x-b']", "range(3)"]
        {
            assert_eq!(check(good, false), Ok(()), "{good}");
        }
        assert_eq!(check("item.a ~ index", true), Ok(()));
        for (bad, wanted) in [
            ("late_shipment", "there is no late_shipment"),
            ("item.a", "with `each`"),
            ("body.a | lokup({})", "lokup"),
            ("body.a ==", "syntax error"),
            ("nosuch(body)", "nosuch"),
        ] {
            let error = check(bad, false).unwrap_err();
            assert!(error.contains(wanted), "{bad}: {error}");
        }
    }

    #[test]
    fn filters_read_say_what_is_wrong_and_pass_over_what_is_not_there() {
        let environment = environment(UndefinedBehavior::SemiStrict, TimeZone::UTC);
        let body = json!({"body": {"n": 12345, "t": "1.234,50", "d": "20261124", "e": "", "f": 12.5}});
        let run = |text: &str| {
            let compiled = environment.compile_expression(text).unwrap();
            compiled.eval(Serde(&body)).map(|v| serde_json::to_value(v).unwrap()).map_err(|e| said(&e))
        };
        assert_eq!(run("body.n | money('EUR', cents=true)"), Ok(json!({"value": 123.45, "currency": "EUR"})));
        assert_eq!(run("body.t | money('EUR')"), Ok(json!({"value": 1234.5, "currency": "EUR"})));
        assert_eq!(run("body.f | money('EUR')"), Ok(json!({"value": 12.5, "currency": "EUR"})));
        for absent in [
            "body.e | money('EUR')",
            "body.none | money('EUR')",
            "body.e | time",
            "body.x | lookup({'a': 1})",
        ] {
            assert_eq!(run(absent), Ok(json!(null)), "{absent}");
        }
        assert_eq!(run("body.d | time('Asia/Tokyo', at='09:00')"), Ok(json!("2026-11-24T00:00:00Z")));
        assert_eq!(run("body.n | lookup({'12345': 'a'})"), Ok(json!("a")));
        assert_eq!(run("body.d | lookup({'1': 'a'}, 'b')"), Ok(json!("b")));
        for (bad, wanted) in [
            ("body.d | lookup({'1': 'a'})", "no word for \"20261124\""),
            ("body.d | time('Mars/X')", "is not a time zone"),
            ("body.d | time(zone='UTC')", "zone"),
            ("body.n | money(body.e)", "needs a currency"),
            ("body.t | money('EUR', decimal='.')", "contradict"),
            ("range(10000000) | list", ""),
        ] {
            let error = run(bad).unwrap_err();
            assert!(error.contains(wanted), "{bad}: {error}");
        }
    }
}
