//! What is typed, what is meant by it, and what it finds.

use super::complete::{Completion, Vocabulary, complete, taken};
use super::*;
use crate::core::text::Untrusted;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use proptest::prelude::*;

fn read(text: &str) -> Query {
    let Parsed { query, problems } = Query::read(text, field::ALL);
    assert_eq!(problems, [], "{text}");
    query
}

fn problem(text: &str, fields: &[Field]) -> String {
    Query::read(text, fields).problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("; ")
}

fn asking() -> Asking {
    Asking {
        now: "2026-11-24T02:07:00Z".parse().unwrap(),
        zone: TimeZone::get("Europe/Berlin").unwrap(),
        me: Some("kim".to_owned()),
    }
}

fn at(time: &str) -> Timestamp {
    time.parse().unwrap()
}

fn late_shipment() -> Facets<'static> {
    let mut row = Facets::of_texts(&["Late shipment", "Überseekiste"]);
    row.value(Field::Partner, "p-acme").value(Field::Partner, "Acme Tools, Inc");
    row.value(Field::Id, "A8812").value(Field::Order, "88-1920").value(Field::State, "in_doubt");
    row.value(Field::Owner, "kim").value(Field::Owner, "Kim Larsen").flag(Flag::Open, true);
    row.severity = Some(Severity::High);
    row.at = Some(at("2026-11-24T01:00:00Z"));
    row.due = Some(at("2026-11-24T05:00:00Z"));
    row.risk = Some(8_420_000);
    row
}

#[track_caller]
fn finds(query: &str) -> bool {
    read(query).finds(&late_shipment(), &asking())
}

#[test]
fn the_words_of_the_issue_are_understood() {
    let query = read("partner:acme state:failed since:2h late");
    let [group] = query.groups.as_slice() else { panic!("{query:?}") };
    assert_eq!(group.len(), 4);
    assert_eq!(query.to_string(), "partner:acme state:failed since:2h late");
}

#[test]
fn every_term_must_hold_and_or_begins_another_way() {
    assert!(finds("acme shipment"));
    assert!(!finds("acme certificate"));
    assert!(finds("certificate OR acme"));
    assert!(finds("partner:borg,acme"));
    assert!(!finds("partner:borg OR state:failed"));
    // Small letters are a word like any other.
    assert!(!finds("shipment or certificate"));
}

#[test]
fn a_minus_turns_a_term_round() {
    assert!(finds("acme -certificate"));
    assert!(!finds("acme -shipment"));
    assert!(!finds("-severity:high"));
    assert!(finds("-partner:borg"));
    assert!(finds("- acme") == finds("acme"), "a minus alone is a word, and 88-1920 holds it");
}

#[test]
fn words_are_found_in_any_case_with_and_without_marks_and_quoted_ones_whole() {
    assert!(finds("ACME UBERSEE"));
    assert!(finds("überseekiste"));
    assert!(finds("\"late shipment\""));
    assert!(!finds("\"late ship\""));
    assert!(finds("1920") && finds("88-1920") && finds("order:88-19"));
    assert!(finds("\"1920\"") && !finds("\"192\""));
}

#[test]
fn fields_look_only_at_themselves() {
    assert!(finds("id:a8812") && finds("id:A88") && !finds("id:8812"));
    assert!(!finds("order:acme"));
    assert!(finds("partner:\"Acme Tools, Inc\""));
    assert!(
        finds("state:in_doubt")
            && finds("state:in-doubt")
            && finds("state:\"in doubt\"")
            && finds("state:in")
    );
    assert!(finds("owner:me") && finds("owner:larsen") && finds("is:mine") && !finds("owner:nobody"));
    assert!(
        finds("severity:hi") && finds("severity>=high") && !finds("severity>high") && finds("severity<crit")
    );
}

#[test]
fn times_and_amounts_are_compared() {
    assert!(finds("since:2h") && !finds("since:1h") && finds("since:today") && finds("since:01:30"));
    assert!(finds("before:1h") && !finds("before:2h") && !finds("before:2026-11-24"));
    assert!(
        finds("due:3h") && !finds("due:2h") && finds("due:06:00") && finds("due:today") && finds("due>2h")
    );
    assert!(finds("risk>50k") && finds("risk:84200") && !finds("risk>€84.2k") && finds("risk<1M"));
}

#[test]
fn late_is_a_word_and_what_is_past_its_time() {
    assert!(finds("late") && !finds("is:late"));
    let mut overdue = Facets::of_texts(&["Certificate expired"]);
    overdue.flag(Flag::Open, true).due = Some(at("2026-11-24T02:00:00Z"));
    assert!(read("late").finds(&overdue, &asking()) && read("is:late").finds(&overdue, &asking()));
    assert!(read("due:late").finds(&overdue, &asking()));
    overdue.flags.clear();
    assert!(!read("late").finds(&overdue, &asking()), "what is over is not late");
}

#[test]
fn what_is_not_understood_is_named_and_left_out() {
    let few = &[Field::Partner, Field::State];
    assert_eq!(problem("foo:bar", few), "there is no foo: here; there are partner and state");
    assert_eq!(problem("risk>5", few), "there is no risk: here; there are partner and state");
    assert_eq!(
        problem("since:", &[Field::Since]),
        "since: wants a time: 2h, 30m, 7d, today, yesterday, 06:30 or 2026-11-30"
    );
    assert_eq!(problem("state>open", few), "state cannot be compared; write state:");
    assert_eq!(problem("is:green", field::ALL), "is: wants late, open, mine, urgent, cleared or disputed");
    let parsed = Query::read("acme foo:bar", few);
    assert_eq!(parsed.query.to_string(), "acme");
    // Times of day, sums and what stands in quotes are words.
    assert_eq!(problem("12:30 \"foo:bar\" a>b x:y", few), "");
    assert!(problem(&"x ".repeat(MOST_TERMS + 1), few).contains("at most"));
}

#[test]
fn a_clock_time_is_the_last_one_for_what_was_and_the_next_one_for_what_is_due() {
    let (now, zone) = (asking().now, asking().zone);
    let clock = When::read("06:30").unwrap();
    assert_eq!(clock.back(now, &zone), at("2026-11-23T05:30:00Z"));
    assert_eq!(clock.ahead(now, &zone), at("2026-11-24T05:30:00Z"));
    assert_eq!(When::read("today").unwrap().back(now, &zone), at("2026-11-23T23:00:00Z"));
    assert_eq!(When::read("today").unwrap().ahead(now, &zone), at("2026-11-24T23:00:00Z"));
    for bad in ["", "h", "2", "25:00", "2h30", "99999999999999999999d", "2026-13-01", "-2h"] {
        assert_eq!(When::read(bad), None, "{bad}");
    }
}

struct Desk;

impl Vocabulary for Desk {
    fn fields(&self) -> &'static [Field] {
        &[Field::Partner, Field::State, Field::Since, Field::Severity]
    }

    fn values(&self, field: Field) -> Vec<String> {
        let values: &[&str] = match field {
            Field::Partner => &["Acme Tools", "Acme UK", "Borg Steel"],
            Field::State => &["open", "acknowledged", "snoozed"],
            _ => &[],
        };
        values.iter().map(|value| (*value).to_owned()).collect()
    }
}

fn offers(before: &str) -> Vec<String> {
    complete(before, &Desk).options
}

#[test]
fn fields_and_values_are_offered_while_they_are_typed() {
    assert_eq!(offers("s"), ["state:", "since:", "severity:"]);
    assert_eq!(offers("late sta"), ["state:"]);
    assert_eq!(offers("-pa"), ["partner:"]);
    assert_eq!(offers("partner:ac"), ["\"Acme Tools\"", "\"Acme UK\""]);
    assert_eq!(offers("partner:\"acme t"), ["\"Acme Tools\""]);
    assert_eq!(offers("partner:steel"), ["\"Borg Steel\""]);
    assert_eq!(offers("state:open,s"), ["snoozed"]);
    assert_eq!(offers("severity>=c"), ["critical"]);
    assert_eq!(offers("since:2"), ["2h", "24h"]);
    assert!(offers("foo:b").is_empty() && offers("").is_empty() && offers("state:x").is_empty());
}

#[test]
fn an_offer_is_taken_as_far_as_all_agree_then_whole() {
    let take = |before: &str| {
        let completion: Completion = complete(before, &Desk);
        taken(before, &completion).map(|taken| format!("{}{taken}", &before[..completion.from]))
    };
    assert_eq!(take("sta").unwrap(), "state:");
    assert_eq!(take("late partner:b").unwrap(), "late partner:\"Borg Steel\" ");
    assert_eq!(take("partner:a").unwrap(), "partner:\"Acme ");
    assert_eq!(take("partner:\"Acme ").unwrap(), "partner:\"Acme Tools\" ");
    assert_eq!(take("state:open,a").unwrap(), "state:open,acknowledged ");
    assert_eq!(take("nothing"), None);
}

#[test]
fn a_snippet_shows_what_was_found_and_no_more_than_asked() {
    let query = read("müller");
    let text = format!("{} Herr MULLER\nsagt ja {}", "wort ".repeat(40), "x".repeat(400));
    let shown = snippet::snippet(&["nothing", &text], &query.words(), 60);
    let shown = shown.printable().into_string();
    assert!(
        shown.starts_with("…") && shown.contains("Herr MULLER sagt ja") && shown.ends_with('…'),
        "{shown}"
    );
    assert!(shown.chars().count() <= 62, "{shown}");
    let marked = snippet::marked(&Untrusted::from("Herr Müller kommt").printable(), &query.words());
    let plain = |text: &str, found| (text.to_owned(), found);
    assert_eq!(marked, [plain("Herr ", false), plain("Müller", true), plain(" kommt", false)]);
}

fn queries() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just(" ".to_owned()),
        Just("\"".to_owned()),
        Just("\\".to_owned()),
        Just("-".to_owned()),
        Just(",".to_owned()),
        Just(" OR ".to_owned()),
        Just("*(){}^+".to_owned()),
        prop::sample::select(field::ALL).prop_map(|field| format!("{}:", field.name())),
        prop::sample::select(vec![
            "risk>",
            "due<=",
            "severity>=",
            "nofield:",
            "2h",
            "50k",
            "late",
            "today",
            "12:30",
            "x"
        ])
        .prop_map(str::to_owned),
        "\\PC{0,6}",
        any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn reading_never_fails_and_what_is_written_reads_the_same(text in queries()) {
        let parsed = Query::read(&text, field::ALL);
        let written = parsed.query.to_string();
        let again = Query::read(&written, field::ALL);
        prop_assert_eq!(&again.problems, &[]);
        prop_assert_eq!(&again.query, &parsed.query, "{} -> {}", text, written);
        prop_assert_eq!(again.query.to_string(), written);
        // Neither does asking, or completing what stands before any cursor.
        parsed.query.finds(&late_shipment(), &asking());
        for (at, _) in text.char_indices() {
            let completion = complete(&text[..at], &Desk);
            prop_assert!(text.is_char_boundary(completion.from));
            taken(&text[..at], &completion);
        }
        snippet::snippet(&[&text], &parsed.query.words(), 20);
        let shown = Untrusted::new(text).printable();
        let parts = snippet::marked(&shown, &parsed.query.words());
        prop_assert_eq!(parts.into_iter().map(|(part, _)| part).collect::<String>(), shown.into_string());
    }

    #[test]
    fn a_term_and_its_turn_never_both_hold(text in queries()) {
        for term in Query::read(&text, field::ALL).query.groups.concat() {
            let turned = Term { not: !term.not, ..term.clone() };
            let row = late_shipment();
            prop_assert!(term.finds(&row, &asking()) != turned.finds(&row, &asking()));
        }
    }
}
