//! What every shipped template says, and what no value and no template may do.

use super::*;
use crate::core::label::Labels;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use std::fmt::Write as _;

/// Everything a language says, full and bare, as its readers get it.
fn everything(locale: &str) -> String {
    let templates = Templates::shipped();
    let mut out = String::new();
    for name in Name::ALL {
        for said in Said::samples(name, &Frame::samples(), &Labels::shipped(), locale, &TimeZone::UTC) {
            for &medium in name.media() {
                let key = Key { locale: locale.into(), name, medium, form: Form::Text }.to_string();
                let content = attempt(&templates.shipped, &key, &said, medium)
                    .unwrap_or_else(|fault| panic!("{key}:{}: {}", fault.line, fault.message));
                assert_eq!(templates.write(&said, medium, locale), content);
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

#[test]
fn sms_templates_are_written_in_the_seven_bit_alphabet() {
    for (name, source) in shipped::ALL.iter().filter(|(name, _)| name.ends_with(".sms.txt")) {
        assert_eq!(sms::segments(source).culprit, None, "{name}");
    }
}

/// Names and titles of a length that is met, though not often.
fn lengthen(values: &mut Json) {
    let long = [
        ("desk", "Northwind Industrial Service Desk Europe"),
        ("partner", "Hinterhuber Maschinenbau und Anlagentechnik GmbH"),
        ("title", "Shipment of twelve pallets of hydraulic pumps is held at customs in Antwerp"),
        ("subject", "When will the replacement for the damaged hydraulic pumps be delivered?"),
        ("document", "claims_evidence_pallets_2026-11-25_dock_4_photo_0017_signed.pdf"),
        ("author", "Maximiliane Hinterhuber-Weber"),
        ("owner", "Maximiliane Hinterhuber-Weber"),
        ("who", "Hinterhuber Maschinenbau und Anlagentechnik GmbH"),
        ("resolution", "A replacement truck was unloaded at dock 4 and the line runs again since noon."),
        ("reference", "CASE-2026-004711"),
    ];
    let Json::Object(fields) = values else { return };
    for (name, field) in fields.iter_mut() {
        match long.iter().find(|(long, _)| long == name) {
            Some((_, text)) if field.is_string() => *field = (*text).into(),
            _ => lengthen(field),
        }
    }
}

#[test]
fn long_names_and_titles_still_leave_an_sms_in_one_part() {
    let mut long = Vec::new();
    for (name, locale) in Name::ALL.into_iter().flat_map(|n| ["en", "de", "fr", "es"].map(|l| (n, l))) {
        let zone = TimeZone::fixed(jiff::tz::offset(1));
        for sample in Said::samples(name, &Frame::samples(), &Labels::shipped(), locale, &zone) {
            let mut values = sample.values.clone();
            lengthen(&mut values);
            let reference =
                values.get(reference_in(&sample)).and_then(Json::as_str).unwrap_or_default().to_owned();
            let body = Templates::shipped()
                .write(&Said::new(name, values, &reference, ""), Medium::Sms, locale)
                .body;
            let cut = sms::segments(body.raw());
            if name != Name::Detail && cut.parts.len() > 1 {
                long.push(format!("{locale}/{name} {}: {}", cut.units, body.raw()));
            }
        }
    }
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn every_language_ships_every_template() {
    let shipped: Vec<_> = shipped::ALL.iter().map(|(name, _)| *name).collect();
    let all = ["en", "de", "fr", "es"].into_iter().flat_map(|locale| {
        Name::ALL.into_iter().flat_map(move |name| {
            name.media()
                .iter()
                .map(move |&medium| Key { locale: locale.into(), name, medium, form: Form::Text }.to_string())
        })
    });
    let all: Vec<_> = all.collect();
    assert_eq!(all.len(), 88);
    for name in all {
        assert!(shipped.contains(&name.as_str()), "{name}");
        assert_eq!(name.parse::<Key>().unwrap().to_string(), name);
    }
}

#[test]
fn contacts_never_read_why() {
    for name in Name::ALL.into_iter().filter(|name| name.is_for_contacts()) {
        for said in Said::samples(name, &Frame::samples(), &Labels::shipped(), "en", &TimeZone::UTC) {
            assert_eq!(said.values.get("why"), None, "{name}");
        }
    }
}

fn replacing(name: &str, source: &str) -> Result<Templates, Vec<(usize, String)>> {
    let over = Override { path: "x".into(), name: name.into(), source: source.into() };
    Templates::shipped()
        .with(vec![over])
        .map_err(|problems| problems.into_iter().map(|p| (p.line, p.message)).collect())
}

fn problems(name: &str, source: &str) -> Vec<(usize, String)> {
    replacing(name, source).unwrap_err()
}

#[test]
fn a_template_that_would_fail_is_refused_with_its_line() {
    let sms = "de/acknowledgment.sms.txt";
    for (name, source, line, says) in [
        (sms, "{{ reference }}\n\n{% if %}", 3, "unexpected"),
        (sms, "{{ reference }}\n{{ refrence }}", 2, "there is no \"refrence\""),
        (sms, "{{ reference }}{% if subject == 'never' %}\n{{ tittle }}{% endif %}", 2, "\"tittle\""),
        (sms, "{{ reference }}\n{{ why }}", 2, "there is no \"why\""),
        (sms, "{{ reference }}\n{{ answer_by }}", 2, "not always there"),
        (sms, "{{ reference }}\n{{ answer_by | cut(4) }}", 2, "not always there"),
        (sms, "{{ reference | cut(10) }}", 1, "must never be cut"),
        (sms, "{{ reference | cut(90) }}", 1, "must never be cut"),
        (sms, "{{ subject }}", 1, "must never be cut"),
        (sms, "{# nothing #}", 1, "nothing is left to say"),
        (
            sms,
            "{{ reference }}{% for x in range(100000) %}{% for y in range(9999) %}{% endfor %}{% endfor %}",
            1,
            "too long",
        ),
        ("de/case-opened.sms.txt", "{{ reference }}\n\n{{ task.nope if task }}", 3, "undefined"),
        ("de/outcome.email.txt", "{{ alert }}\n\n{{ alert }}", 1, "Subject: "),
        ("de/outcome.email.txt", "Subject: {{ alert }}\n{{ alert }}", 2, "empty line"),
        ("de/outcome.email.txt", "Subject: {{ references | join('\\n') }}\n\n{{ alert }}", 2, "empty line"),
        ("de/detail.sms.txt", "x", 1, "it has email"),
        ("de/detial.email.txt", "x", 1, "there is no template \"detial\""),
        ("case-status.email.txt", "x", 1, "LANGUAGE/NAME.MEDIUM.txt"),
        ("german/case-status.email.txt", "x", 1, "no language"),
        ("de/case-status.email.html", "x", 1, "LANGUAGE/NAME.MEDIUM.txt"),
    ] {
        let problems = problems(name, source);
        assert!(
            problems.iter().any(|(at, message)| *at == line && message.contains(says)),
            "{name} {source:?} should say {says:?} in line {line}: {problems:?}"
        );
    }
}

#[test]
fn a_digest_is_shown_as_text_page_and_phrases_in_its_readers_language_and_says_which_are_yours() {
    let templates = replacing("de/digest.toml", "nothing = \"nichts zu tun\"").unwrap();
    let desk = crate::core::scenario::Scene::usual().desk;
    let mut maria = desk.people.values().next().unwrap().clone();
    (maria.name, maria.locale) = ("Maria Weber".into(), Some("de-AT".into()));
    let reader = Beholder::sample(Some(&desk)).person(&maria);
    let show = |piece, sample| templates.shown((Name::Digest, piece), &desk.labels, &reader, sample).unwrap();
    let [text, page] = [Piece::Email, Piece::Page].map(|piece| show(piece, Sample::Bare));
    assert_eq!(text.template.as_deref(), Some("de/digest.email.txt"));
    assert_eq!(page.template.as_deref(), Some("de/digest.email.html"));
    assert!(text.subject.unwrap().raw().contains("nichts offen") && page.subject.is_none());
    for body in [text.body.raw(), page.body.raw()] {
        assert!(body.contains("nichts zu tun") && body.contains(&maria.name), "{body}");
    }
    assert!(page.body.raw().contains("<html") && !text.body.raw().contains('<'));

    let phrases = show(Piece::Phrases, Sample::Full);
    assert_eq!((phrases.template.as_deref(), phrases.source), (Some("de/digest.toml"), Source::Yours));
    let lines: Vec<_> = phrases.body.raw().lines().collect();
    assert!(lines.contains(&"nothing = \"nichts zu tun\"  # yours"), "{lines:#?}");
    assert_eq!(lines.iter().filter(|line| line.ends_with("# yours")).count(), 1, "the others are shipped");
    // It is a file that could be used as it is.
    let again = replacing("de/digest.toml", phrases.body.raw()).unwrap();
    assert_eq!(again.phrase("de", "more", &[("n", "2")]), templates.phrase("de", "more", &[("n", "2")]));

    let listed = templates.listed();
    let of: Vec<_> = listed.iter().filter(|one| one.name == Name::Digest).collect();
    let seen: Vec<_> = of.iter().map(|one| (one.piece.as_str(), one.yours.join(" "))).collect();
    assert_eq!(seen, [("email", ""), ("email.html", ""), ("phrases", "de")].map(|(a, b)| (a, b.to_owned())));
    assert!(of.iter().all(|one| one.languages == ["de", "en", "es", "fr"]), "{of:#?}");
}

#[test]
fn a_digests_layout_and_its_phrases_are_checked_like_any_template() {
    let replaced = replacing("pt/digest.email.html", "<p>{{ title }}</p>").unwrap();
    let said = Said::samples(Name::Digest, &Frame::samples(), &Labels::shipped(), "pt", &TimeZone::UTC);
    assert_eq!(replaced.html(&said[0], "pt-BR").unwrap(), "<p>Morning digest</p>");
    assert_eq!(replaced.html(&said[0], "de"), Templates::shipped().html(&said[0], "de"));
    let mut hostile = said[0].clone();
    hostile.values["title"] = "<b>&".into();
    assert_eq!(replaced.html(&hostile, "pt").unwrap(), "<p>&lt;b&gt;&amp;</p>");

    let phrases =
        replacing("pt-BR/digest.toml", "nothing = \"nada em aberto\"\nmore_one = \"e mais um\"").unwrap();
    assert_eq!(phrases.replaced(), ["pt-br/digest.toml"]);
    let say = |locale, n| phrases.phrase(locale, "more", &[("n", n)]);
    assert_eq!((say("pt-BR", "1"), say("pt-BR", "2")), ("e mais um".into(), "and 2 more".into()));
    assert_eq!(phrases.phrase("pt_BR", "nothing", &[]), "nada em aberto");
    assert_eq!(phrases.phrase("de", "nothing", &[]), "nichts offen");

    let phrases = "de/digest.toml";
    for (name, source, line, says) in [
        ("de/digest.email.html", "<p>\n{{ titel }}", 2, "there is no \"titel\""),
        ("de/digest.email.html", "{{ title }}\n{{ late }}", 2, "not always there"),
        ("de/digest.email.html", "{# nothing #}", 1, "the page is empty"),
        ("de/digest.email.txt", "{{ title }}", 1, "Subject: "),
        (
            "de/digest.email.txt",
            "Subject: {{ subject }}\n\n{% for s in sections %}\n{{ s.nope }}\n{% endfor %}",
            4,
            "undefined",
        ),
        ("de/digest.sms.txt", "x", 1, "it has email"),
        ("german/digest.toml", "x = 1", 1, "LANGUAGE/NAME.MEDIUM.txt"),
        (phrases, "nothing = \"x\"\nnothin = \"x\"", 2, "there is no phrase \"nothin\""),
        (phrases, "\nmore = \"und {m}\"", 2, "there is no {m} in this phrase; it has n"),
        (phrases, "nothing = \" \"", 1, "says something"),
        (phrases, "nothing = 3", 1, "string"),
        (phrases, "\nnothing", 2, ""),
    ] {
        let problems = problems(name, source);
        assert!(
            problems.iter().any(|(at, message)| *at == line && message.contains(says)),
            "{name} {source:?} should say {says:?} in line {line}: {problems:?}"
        );
    }
}

#[test]
fn a_shipped_subject_has_no_character_that_only_decorates() {
    for (name, source) in shipped::ALL.iter().filter(|(name, _)| name.ends_with(".email.txt")) {
        let subject = source.lines().next().unwrap();
        let odd = subject.chars().find(|c| !c.is_ascii() && !c.is_alphabetic());
        assert_eq!(odd, None, "{name}: a mail program may show it as an encoded word");
    }
}

#[test]
fn every_problem_of_every_template_is_told_at_once() {
    let over =
        |name: &str, source: &str| Override { path: name.into(), name: name.into(), source: source.into() };
    let wrong = Templates::shipped()
        .with(vec![
            over("de/notice.sms.txt", "{{ nope }} {{ never }}"),
            over("xx", "fine"),
            over("fr/notice.sms.txt", "{{ title }}"),
        ])
        .unwrap_err();
    assert_eq!(
        wrong.iter().map(|p| p.path.as_str()).collect::<Vec<_>>(),
        ["de/notice.sms.txt", "de/notice.sms.txt", "xx"]
    );
}

#[test]
fn a_replaced_template_speaks_in_its_own_language_and_the_others_as_shipped() {
    let templates = replacing("de/notice.sms.txt", "Neu: {{ title }}").unwrap();
    let [message, _] = Message::samples(&Labels::shipped(), "de", &TimeZone::UTC).pop().unwrap();
    let [frame, _] = Frame::samples();
    let said = |locale: &str| templates.render(&message, &frame, Medium::Sms, locale).body.raw().to_owned();
    assert_eq!(said("de-AT"), "Neu: New price list for 2027");
    assert_eq!(said("de"), "Neu: New price list for 2027");
    assert_eq!(said("pt_BR"), "Acme Tools: New price list for 2027");
    assert_eq!(said(""), "Acme Tools: New price list for 2027");
    let portuguese = replacing("pt/notice.sms.txt", "Aviso: {{ title }}").unwrap();
    assert_eq!(portuguese.replaced(), ["pt/notice.sms.txt"]);
    assert_eq!(
        portuguese.render(&message, &frame, Medium::Sms, "pt_BR").body.raw(),
        "Aviso: New price list for 2027"
    );
}

#[test]
fn a_replaced_template_that_fails_on_these_very_values_gives_way_to_the_shipped_one() {
    let source = "Subject: {{ reference }}\n\n{{ {'Frage': 'x', 'Anfrage': 'y'}[kind] }} {{ reference }}";
    let templates = replacing("de/acknowledgment.email.txt", source).unwrap();
    let [mut message, _] = Message::samples(&Labels::shipped(), "de", &TimeZone::UTC).swap_remove(2);
    let [frame, _] = Frame::samples();
    let said = |message: &Message| templates.render(message, &frame, Medium::Email, "de");
    assert_eq!(said(&message).body.raw(), "x CASE-771\n");
    if let Message::Acknowledgment(m) = &mut message {
        m.kind = "Lob".into();
    }
    assert_eq!(said(&message), Templates::shipped().render(&message, &frame, Medium::Email, "de"));
}

/// The values of a message, each replaced by what somebody outside might have written.
fn hostile(values: &mut Json, words: &mut dyn Iterator<Item = String>) {
    match values {
        Json::String(text) => *text = words.next().unwrap_or_default(),
        Json::Array(items) => items.iter_mut().for_each(|item| hostile(item, words)),
        Json::Object(fields) => fields.values_mut().for_each(|field| hostile(field, words)),
        _ => {}
    }
}

#[test]
fn a_mark_that_drew_onto_a_space_is_shown_where_it_comes_first() {
    let said = Said::new(
        Name::Notice,
        serde_json::json!({"title": " \u{dca}x", "partner": "", "event": "e", "facts": [], "why": "w", "desk": "d"}),
        "",
        "",
    );
    let subject = Templates::shipped().write(&said, Medium::Email, "en").subject;
    assert_eq!(subject.raw(), "<U+0DCA>x");
}

fn reference_in(said: &Said) -> &'static str {
    match said.name {
        Name::DocumentUploaded => "case",
        Name::Outcome => "alert",
        Name::TaskOverdue => "task",
        Name::Detail => "id",
        _ => "reference",
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_value_adds_a_line_to_a_subject_or_cuts_a_reference(
        words in prop::collection::vec(
            "\\PC{0,30}|[a-z \r\n\u{85}\u{2028}\u{202e}\u{200b}\u{1b}{}%#]{0,40}|[A-Za-z株 €]{0,400}|\\{\\{ desk \\}\\}\r\nBcc: all@example.org|[A-Z]{2,5}-[0-9 ]{1,80}",
            1..24,
        ),
    ) {
        for name in Name::ALL {
            for sample in Said::samples(name, &Frame::samples(), &Labels::shipped(), "en", &TimeZone::UTC) {
                let mut values = sample.values.clone();
                hostile(&mut values, &mut words.iter().cycle().cloned());
                let reference = values.get(reference_in(&sample)).and_then(Json::as_str).unwrap_or_default().to_owned();
                let said = Said::new(name, values, &reference, "bare");
                if ["title", "partner", "event"].iter().all(|field| said.values.get(field).is_some_and(|v| v == "")) {
                    continue;
                }
                // A digest's subject is a phrase, and never empty.
                if said.values.get("subject").is_some_and(|subject| name == Name::Digest && subject == "") {
                    continue;
                }
                for locale in ["en", "de", "fr", "es"] {
                    for &medium in name.media() {
                        let key = Key { locale: locale.into(), name, medium, form: Form::Text }.to_string();
                        let content = attempt(&SHIPPED, &key, &said, medium);
                        let content = content.unwrap_or_else(|fault| panic!("{key}: {fault:?} {:?}", said.values));
                        let (subject, body) = (content.subject.raw(), content.body.raw());
                        prop_assert_eq!(sanitise(subject), subject, "{}", key);
                        let short = subject.chars().count() <= SUBJECT;
                        let whole = subject.trim_end_matches("..").ends_with(&said.reference);
                        prop_assert!(short || whole, "{}: {:?}", key, subject);
                        prop_assert!(body.contains(&said.reference), "{}: {:?} in {:?}", key, said.reference, body);
                        match medium {
                            Medium::Sms => {
                                prop_assert_eq!(sanitise(body), body, "{}", key);
                                prop_assert_eq!(subject, "");
                            }
                            Medium::Email => {
                                prop_assert!(subject.contains(&said.reference), "{}: {:?} in {:?}", key, said.reference, subject);
                                prop_assert!(body.ends_with('\n') && !body.contains("\n\n\n"));
                                for line in body.lines() {
                                    prop_assert_eq!(sanitise(line), line, "{}", key);
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
