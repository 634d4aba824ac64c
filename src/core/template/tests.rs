//! What every shipped template says, and what no value and no template may do.

use super::*;
use crate::core::label::Labels;
use jiff::tz::TimeZone;
use std::fmt::Write as _;

/// Everything a language says, full and bare, as its readers get it.
fn everything(locale: &str) -> String {
    let templates = Templates::shipped();
    let mut out = String::new();
    for samples in Message::samples(&Labels::shipped(), locale, &TimeZone::UTC) {
        for (message, frame) in samples.iter().zip(Frame::samples()) {
            let said = Said::message(message, &frame);
            for medium in [Medium::Email, Medium::Sms] {
                let key = Key { locale: locale.into(), name: said.name, medium }.to_string();
                let content = attempt(&templates.shipped, &key, &said, medium)
                    .unwrap_or_else(|fault| panic!("{key}:{}: {}", fault.line, fault.message));
                assert_eq!(templates.render(message, &frame, medium, locale), content);
                let body = content.body.raw();
                match medium {
                    Medium::Email => {
                        writeln!(out, "=== {key}\nSubject: {}\n\n{body}", content.subject.raw()).unwrap();
                    }
                    Medium::Sms => {
                        let cut = sms::segments(body);
                        let (encoding, parts) = (cut.encoding.as_str(), cut.parts.len());
                        writeln!(out, "=== {key} ({encoding}, {parts} part, {})\n{body}\n", cut.units)
                            .unwrap();
                        assert_eq!(cut.culprit, None, "{key}: {body}");
                        assert_eq!(parts, 1, "{key}: {body}");
                    }
                }
            }
        }
    }
    out
}

/// Kept with the other snapshots, to be read by a native reader.
fn reads_as_reviewed(locale: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../../tests/snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(format!("messages_{locale}"), everything(locale)));
}

#[test]
fn every_message_reads_as_reviewed_in_english() {
    reads_as_reviewed("en");
}

#[test]
fn every_message_reads_as_reviewed_in_german() {
    reads_as_reviewed("de");
}

#[test]
fn every_message_reads_as_reviewed_in_french() {
    reads_as_reviewed("fr");
}

#[test]
fn every_message_reads_as_reviewed_in_spanish() {
    reads_as_reviewed("es");
}
