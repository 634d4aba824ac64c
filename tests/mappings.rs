//! The examples under `assets/mappings/` work as they stand: a user starts from a copy of them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use nightdesk::config;
use nightdesk::core::event::Native;
use nightdesk::core::mapping::{Made, Mapping};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn assets() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/mappings")
}

/// The source of an example, as a part of the newcomer's configuration.
fn example(file: &str, source: &str) -> Arc<Mapping> {
    let snippet = std::fs::read_to_string(assets().join(file)).unwrap();
    let text = format!("{}\n{snippet}", config::DEFAULT);
    let settings = config::parse(&text, Path::new(file)).unwrap_or_else(|why| panic!("{why}"));
    settings.sources.into_iter().find(|s| s.name == source).unwrap().mapping.unwrap()
}

fn payload(file: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(assets().join(file)).unwrap()).unwrap()
}

fn map(mapping: &Mapping, payload: &Value) -> Vec<Made> {
    let mapped = mapping.map(payload, &BTreeMap::new()).unwrap_or_else(|why| panic!("{why}"));
    for made in &mapped.events {
        assert_eq!(made.unreadable, [], "{:?}", made.event.id);
    }
    mapped.events
}

#[test]
fn an_x12_translators_documents_raise_and_clear_exceptions() {
    let edi = example("x12.toml", "edi");
    let late = map(&edi, &payload("x12-214.json")).remove(0);
    let Native::ExceptionRaised { exception, partner, severity } = &late.native else { panic!("{late:?}") };
    assert_eq!((late.event.id.as_str(), late.event.source.as_str()), ("000004711-0001", "/edi"));
    // 23:10 in Chicago in November
    assert_eq!(late.event.time.unwrap().to_string(), "2026-11-23T05:10:00Z");
    assert_eq!((exception.kind.word(), severity.as_str()), ("late_shipment", "medium"));
    assert_eq!(exception.title.raw(), "Shipment SHP-88213, carrier NOFR");
    assert_eq!(exception.order, Some("4500123".into()));
    assert_eq!(exception.deadline.unwrap().to_string(), "2026-11-24T23:00:00Z");
    assert_eq!((partner.id.raw(), partner.name.raw()), ("nordfracht", "Nordfracht"));
    let words: Vec<_> = exception.codes.iter().map(|code| code.code.raw()).collect();
    assert_eq!(words, ["SD", "AO"]);

    let arrived = map(&edi, &payload("x12-214-arrived.json")).remove(0);
    let Native::ExceptionCleared { exception: cleared, partner: by, .. } = &arrived.native else {
        panic!("{arrived:?}")
    };
    assert_eq!((&cleared.id, &by.id), (&exception.id, &partner.id), "it clears what the other raised");

    let rejected = map(&edi, &payload("x12-997.json")).remove(0);
    let Native::ExceptionRaised { exception, severity, .. } = &rejected.native else {
        panic!("{rejected:?}")
    };
    assert_eq!((exception.title.raw(), severity.as_str()), ("850 0004 answered: rejected", "high"));
    assert!(exception.description.as_ref().unwrap().raw().contains("mandatory segment missing"));

    let mut accepted = payload("x12-997.json");
    accepted["AK9"]["AK901"] = "A".into();
    let kept = map(&edi, &accepted).remove(0);
    assert_eq!(kept.event.kind, "edi.unmapped");
}

#[test]
fn a_networks_list_becomes_an_event_for_each_of_its_items() {
    let grid = example("trading-grid.toml", "grid");
    let events = map(&grid, &payload("trading-grid.json"));
    let kinds: Vec<_> = events.iter().map(|made| made.event.kind.as_str()).collect();
    assert_eq!(
        kinds,
        ["community.exception.raised", "community.exception.raised", "community.exception.cleared"]
    );
    let Native::ExceptionRaised { exception, partner, severity } = &events[0].native else { panic!() };
    assert_eq!((exception.kind.word(), severity.as_str()), ("blocked_order", "critical"));
    assert_eq!(exception.amount.as_ref().unwrap().cents, 8_420_000);
    assert_eq!(exception.deadline.unwrap().to_string(), "2026-11-24T17:00:00Z");
    assert_eq!((partner.id.raw(), partner.tier.as_ref().unwrap().raw()), ("314159265", "gold"));
    let Native::ExceptionRaised { exception, .. } = &events[1].native else { panic!() };
    assert_eq!((&exception.amount, exception.deadline, &exception.shipment), (&None, None, &None));

    let mut wrong = payload("trading-grid.json");
    wrong["items"][2]["state"] = "PARKED".into();
    let error = grid.map(&wrong, &BTreeMap::new()).unwrap_err();
    assert_eq!((error.item, error.field.as_str()), (Some(2), "type"));
    assert!(error.to_string().contains("no word for \"PARKED\""), "{error}");

    let document = serde_json::json!({"eventType": "DOCUMENT_RECEIVED", "documentId": "D-1",
        "fileName": "90032.pdf", "documentType": "INVOIC", "receivedAt": "2026-11-22T22:00:00Z",
        "tradingPartner": {"duns": 161803398, "name": "Delta Pharma"}});
    let document = map(&grid, &document).remove(0);
    assert!(
        matches!(&document.native, Native::DocumentUploaded { document, .. } if document.kind.word() == "invoice")
    );
}
