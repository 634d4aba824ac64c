//! Native types, read strictly where they must be and leniently where they may.

use super::*;
use serde_json::json;

fn event(kind: &str, data: Value) -> CloudEvent {
    CloudEvent {
        id: "1".into(),
        source: "/test".into(),
        kind: kind.into(),
        time: None,
        subject: None,
        attributes: BTreeMap::new(),
        data,
    }
}

fn raised() -> Value {
    json!({
        "exception": {"id": "X1", "kind": "blocked_order", "title": "Blocked order 4500123", "order": 4500123,
            "amount": {"value": 84200, "currency": "EUR"}, "deadline": "2026-11-24T06:00:00Z"},
        "partner": {"id": "acme", "name": "Acme Tools"},
        "severity": "critical"
    })
}

#[test]
fn a_full_exception_is_read() {
    let (native, notes) = native(&event("community.exception.raised", raised())).unwrap();
    let Native::ExceptionRaised { exception, severity, .. } = native else { panic!("{native:?}") };
    assert_eq!(exception.kind, ExceptionKind::BlockedOrder);
    assert_eq!(exception.order, Some("4500123".into()));
    assert_eq!(exception.amount.map(|a| a.cents), Some(8_420_000));
    assert_eq!(severity, Severity::Critical);
    assert!(notes.is_empty());
}

#[test]
fn a_missing_or_wrong_required_field_is_named_with_its_path() {
    for (path, value, wanted) in [
        ("/exception", Value::Null, "data.exception: is missing"),
        ("/exception/id", json!(7), "data.exception.id: is a number, not a string"),
        ("/exception/title", json!(" "), "data.exception.title: is empty"),
        ("/partner/name", Value::Null, "data.partner.name: is missing"),
        ("/severity", json!("awful"), "data.severity: is \"awful\"; it must be one of low"),
    ] {
        let mut data = raised();
        *data.pointer_mut(path).unwrap() = value;
        let error = native(&event("community.exception.raised", data)).unwrap_err().to_string();
        assert!(error.starts_with(wanted), "{path}: {error}");
    }
}

#[test]
fn a_bad_optional_field_is_noted_and_never_loses_the_exception() {
    let mut data = raised();
    data["exception"]["deadline"] = json!("tomorrow");
    data["exception"]["amount"] = json!({"value": "much", "currency": "EUR"});
    let (_, notes) = native(&event("community.exception.raised", data)).unwrap();
    let fields: Vec<_> = notes.iter().map(|n| n.field.as_str()).collect();
    assert_eq!(fields, ["data.exception.amount.value", "data.exception.deadline"]);
}

#[test]
fn other_types_are_taken_whatever_their_data() {
    assert_eq!(native(&event("community.weather", Value::Null)).unwrap().0, Native::Foreign);
    assert_eq!(native(&event("com.example.x", json!([1]))).unwrap().0, Native::Foreign);
}
