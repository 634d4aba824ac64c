//! Puts a reader's copy into words: as text, as an HTML page, and at the month's end as a CSV file. The
//! layouts are the same in every language; their phrases are in `assets/templates/<language>/digest.toml`.

use super::compose::{Copy, Counts, Part, PartnerSum};
use super::{Cause, Digest, DigestInput, Due, Kind, Row};
use crate::core::desk::Desk;
use crate::core::money::Money;
use crate::core::notification::{Attachment, Content};
use crate::core::person::Person;
use crate::core::text::sanitise;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Error, UndefinedBehavior, Value};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::OnceLock;

const TEXT: &str = include_str!("../../../assets/templates/digest.email.txt");
const HTML: &str = include_str!("../../../assets/templates/digest.email.html");

const PHRASES: [(&str, &str); 4] = [
    ("en", include_str!("../../../assets/templates/en/digest.toml")),
    ("de", include_str!("../../../assets/templates/de/digest.toml")),
    ("fr", include_str!("../../../assets/templates/fr/digest.toml")),
    ("es", include_str!("../../../assets/templates/es/digest.toml")),
];

/// Partners in the table of the month's end.
const PARTNERS: usize = 50;
/// Rows of the file: what a spreadsheet and a mailbox take.
pub const FILE_ROWS: usize = 5_000;

/// What the layouts see; every value is printable and in the reader's language and zone.
#[derive(Serialize)]
struct Sheet {
    title: String,
    subject: String,
    greeting: String,
    as_of: String,
    late: Option<String>,
    summary: String,
    changes: Option<String>,
    at_risk: Option<String>,
    sections: Vec<SheetPart>,
    partners: Vec<SheetPartner>,
    more_partners: Option<String>,
    file: Option<String>,
    footer: String,
    heads: BTreeMap<&'static str, String>,
}

#[derive(Serialize)]
struct SheetPart {
    head: String,
    counts: String,
    rows: Vec<SheetRow>,
    more: Option<String>,
}

#[derive(Serialize)]
struct SheetRow {
    overdue: bool,
    new: bool,
    partner: String,
    reference: String,
    title: String,
    /// Everything else, for the text.
    facts: Vec<String>,
    due: Option<String>,
    amount: String,
    state: String,
    age: String,
    owner: String,
}

#[derive(Serialize)]
struct SheetPartner {
    name: String,
    open: usize,
    overdue: usize,
    opened: usize,
    closed: usize,
    at_risk: String,
}

/// A copy in the making: whose language, zone and instant.
struct Writer<'w> {
    desk: &'w Desk,
    digest: &'w Digest,
    input: &'w DigestInput,
    locale: &'static str,
    zone: TimeZone,
}

/// The mail of one copy.
pub fn content(
    desk: &Desk,
    digest: &Digest,
    person: &Person,
    cause: &Cause,
    input: &DigestInput,
    copy: &Copy<'_>,
) -> Content {
    let locale = desk.labels.locale(Some(&digest.locale));
    let zone = person.time_zone.as_deref().and_then(|name| TimeZone::get(name).ok());
    let zone = zone.unwrap_or_else(|| desk.time_zone.clone());
    let writer = Writer { desk, digest, input, locale, zone };
    let sheet = writer.sheet(person, cause, copy);
    let subject = sheet.subject.as_str().into();
    // The layouts are compiled in and tested in every language; should one fail, the summary stays.
    let body = layout("digest.txt", TEXT, &sheet).unwrap_or_else(|_| format!("{}\n", sheet.summary));
    let html = layout("digest.html", HTML, &sheet).ok();
    let attachments = writer.file(copy).into_iter().collect();
    Content { subject, body: body.into(), html: html.map(Into::into), attachments }
}

impl Writer<'_> {
    fn sheet(&self, person: &Person, cause: &Cause, copy: &Copy<'_>) -> Sheet {
        let title = self.title();
        let counts = copy.counts;
        let (overdue, open) = (counts.overdue.to_string(), counts.open.to_string());
        let day = match self.digest.kind {
            Kind::Daily => self.day(self.input.as_of),
            Kind::MonthEnd => self.month(),
        };
        let subject_words = match (counts.open, counts.overdue) {
            (0, _) => "subject_nothing",
            (_, 0) => "subject_open",
            _ => "subject",
        };
        let named = [("title", title.as_str()), ("overdue", &overdue), ("open", &open), ("day", &day)];
        let mut subject = self.say(subject_words, &named);
        let late = match cause {
            Cause::Schedule(Due { run, late: true, folded, .. }) => {
                subject.push_str(&self.say("late_mark", &[]));
                let at = self.time(run.at);
                let words = if *folded > 0 { "late_folded" } else { "late" };
                Some(self.say(words, &[("at", &at), ("n", &folded.to_string())]))
            }
            Cause::Schedule(_) | Cause::Asked { .. } => None,
        };
        let since = self.input.since.map(|since| self.time(since));
        let changes = since.map(|since| {
            let (new, closed) = (counts.new.to_string(), counts.closed.to_string());
            self.say("changes", &[("since", &since), ("new", &new), ("closed", &closed)])
        });
        let heads =
            ["partner", "due", "amount", "state", "age", "owner", "opened", "closed", "open", "overdue"];
        let greeting = if copy.assigned { "for_assigned" } else { "for_all" };
        Sheet {
            greeting: self.say(greeting, &[("name", &sanitise(&person.name)), ("desk", &self.desk.name)]),
            as_of: self.say("as_of", &[("at", &self.time(self.input.as_of))]),
            summary: self.counts(counts),
            at_risk: (!copy.at_risk.is_empty())
                .then(|| self.say("at_risk", &[("amount", &amounts(&copy.at_risk))])),
            sections: copy.sections.iter().map(|part| self.part(part)).collect(),
            partners: copy.partners.iter().take(PARTNERS).map(partner).collect(),
            more_partners: self.more(copy.partners.len().saturating_sub(PARTNERS)),
            file: (self.digest.kind == Kind::MonthEnd).then(|| {
                let (n, all) = (copy.all.len().min(FILE_ROWS).to_string(), copy.all.len().to_string());
                let words = if copy.all.len() > FILE_ROWS { "file_cut" } else { "file" };
                self.say(words, &[("n", &n), ("all", &all)])
            }),
            footer: self.say("footer", &[("digest", &sanitise(&self.digest.name))]),
            heads: heads.into_iter().map(|head| (head, self.say(head, &[]))).collect(),
            title,
            subject,
            late,
            changes,
        }
    }

    fn part(&self, part: &Part<'_>) -> SheetPart {
        SheetPart {
            head: self.say(part.section.as_str(), &[]),
            counts: self.counts(part.counts),
            rows: part.rows.iter().map(|row| self.row(row)).collect(),
            more: self.more(part.more),
        }
    }

    fn counts(&self, counts: Counts) -> String {
        let words = match (counts.open, counts.overdue) {
            (0, _) => "nothing",
            (_, 0) => "summary_open",
            _ => "summary",
        };
        let (open, overdue) = (counts.open.to_string(), counts.overdue.to_string());
        self.say(words, &[("open", &open), ("overdue", &overdue)])
    }

    fn row(&self, row: &Row) -> SheetRow {
        let overdue = row.is_overdue(self.input.as_of);
        let new = row.is_new(self.input.since);
        let due = row.due.map(|due| self.time(due));
        let amount = amounts(&row.amounts);
        let state = self.desk.labels.word(self.locale, &row.state);
        let age = self.age(row.since);
        let owner =
            row.owner.as_ref().map(|id| sanitise(&self.desk.name_of(id)).into_owned()).unwrap_or_default();
        let mut facts = Vec::new();
        match (&due, overdue) {
            (Some(due), true) if row.due.is_some_and(|at| at < self.input.as_of) => {
                facts.push(self.say("overdue_since", &[("at", due)]));
            }
            (_, true) => facts.push(self.say("overdue", &[])),
            (Some(due), false) => facts.push(self.say("due_at", &[("at", due)])),
            (None, false) => {}
        }
        facts.extend([&amount, &state].into_iter().filter(|fact| !fact.is_empty()).cloned());
        facts.push(self.say("open_for", &[("age", &age)]));
        facts.extend((!owner.is_empty()).then(|| owner.clone()));
        if new {
            facts.push(self.say("new", &[]));
        }
        SheetRow {
            overdue,
            new,
            partner: row.partner.name.printable().into_string(),
            reference: row.reference.printable().into_string(),
            title: clip(row.title.printable().as_str(), 90),
            facts,
            due,
            amount,
            state,
            age,
            owner,
        }
    }

    /// Every row for a spreadsheet (RFC 4180), at the month's end.
    fn file(&self, copy: &Copy<'_>) -> Option<Attachment> {
        if self.digest.kind != Kind::MonthEnd {
            return None;
        }
        let stamp = |at: Timestamp| at.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string();
        // A byte order mark tells spreadsheets that this is UTF-8.
        let mut csv = String::from(
            "\u{feff}section,partner id,partner,reference,title,state,opened,due,closed,overdue,new,amount,currency,owner\r\n",
        );
        for row in copy.all.iter().take(FILE_ROWS) {
            let word = |yes: bool| if yes { "yes" } else { "" }.to_owned();
            // A row a currency; most have one or none.
            let blank = [None];
            let some: Vec<_> = row.amounts.iter().map(Some).collect();
            for amount in if some.is_empty() { &blank[..] } else { &some[..] } {
                let cells = [
                    row.section.as_str().to_owned(),
                    row.partner.id.printable().into_string(),
                    row.partner.name.printable().into_string(),
                    row.reference.printable().into_string(),
                    row.title.printable().into_string(),
                    self.desk.labels.word(self.locale, &row.state),
                    stamp(row.since),
                    row.due.map(stamp).unwrap_or_default(),
                    row.closed_at.map(stamp).unwrap_or_default(),
                    word(row.is_overdue(self.input.as_of)),
                    word(row.is_new(self.input.since)),
                    amount.map(plain_number).unwrap_or_default(),
                    amount.map(|money| money.currency.printable().into_string()).unwrap_or_default(),
                    row.owner.as_ref().map(|id| self.desk.name_of(id)).unwrap_or_default(),
                ];
                let cells: Vec<_> = cells.iter().map(|cell| csv_cell(cell)).collect();
                // Writing to a String cannot fail.
                let _ = write!(csv, "{}\r\n", cells.join(","));
            }
        }
        let month = self.digest.month(self.input.as_of).strftime("%Y-%m").to_string();
        let name = format!("{}-{month}.csv", self.digest.name.replace(' ', "-"));
        Some(Attachment { name, media_type: "text/csv".to_owned(), text: csv.into() })
    }

    /// `Morning digest`; a name that says it already stays as it is.
    fn title(&self) -> String {
        let name = sanitise(&self.digest.name).replace(['-', '_'], " ");
        let mut letters = name.chars();
        let name =
            letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect());
        if name.to_lowercase().contains("digest") { name } else { self.say("title", &[("name", &name)]) }
    }

    fn more(&self, n: usize) -> Option<String> {
        (n > 0).then(|| self.say("more", &[("n", &n.to_string())]))
    }

    fn age(&self, since: Timestamp) -> String {
        let hours = self.input.as_of.duration_since(since).as_hours().max(0);
        match hours {
            0..2 => {
                let minutes = self.input.as_of.duration_since(since).as_mins().max(0);
                self.say("minutes", &[("n", &minutes.to_string())])
            }
            2..48 => self.say("hours", &[("n", &hours.to_string())]),
            _ => self.say("days", &[("n", &(hours / 24).to_string())]),
        }
    }

    fn time(&self, at: Timestamp) -> String {
        self.desk.labels.date_time(self.locale, at, &self.zone)
    }

    /// Short in English, which names its days; in numbers elsewhere.
    fn day(&self, at: Timestamp) -> String {
        match self.locale {
            "en" => at.to_zoned(self.zone.clone()).strftime("%a %-d %b").to_string(),
            other => self.desk.labels.date(other, at, &self.zone),
        }
    }

    fn month(&self) -> String {
        let month = self.digest.month(self.input.as_of);
        month.strftime(if self.locale == "en" { "%B %Y" } else { "%m/%Y" }).to_string()
    }

    fn say(&self, phrase: &str, values: &[(&str, &str)]) -> String {
        say(self.locale, phrase, values)
    }
}

fn partner(sum: &PartnerSum<'_>) -> SheetPartner {
    SheetPartner {
        name: sum.partner.name.printable().into_string(),
        open: sum.counts.open,
        overdue: sum.counts.overdue,
        opened: sum.opened,
        closed: sum.counts.closed,
        at_risk: amounts(&sum.at_risk),
    }
}

fn amounts(amounts: &[Money]) -> String {
    amounts.iter().map(Money::long).collect::<Vec<_>>().join(", ")
}

fn plain_number(money: &Money) -> String {
    let sign = if money.cents < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", (money.cents / 100).unsigned_abs(), (money.cents % 100).unsigned_abs())
}

/// Quoted where needed; text that a spreadsheet would take for a formula begins with an apostrophe.
fn csv_cell(text: &str) -> String {
    let number = text.parse::<f64>().is_ok();
    let formula = !number && text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if formula { format!("'{text}") } else { text.to_owned() };
    if text.contains(['"', ',', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

fn clip(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text.to_owned(),
    }
}

/// A phrase with its values; its `_one` form where `n` is 1 and there is one.
fn say(locale: &str, phrase: &str, values: &[(&str, &str)]) -> String {
    static ALL: OnceLock<BTreeMap<&str, BTreeMap<String, String>>> = OnceLock::new();
    let all = ALL.get_or_init(|| PHRASES.iter().map(|(locale, _)| (*locale, phrases(locale))).collect());
    let words = all.get(locale).or_else(|| all.get("en"));
    let one = values.contains(&("n", "1")).then(|| format!("{phrase}_one"));
    let found = words.and_then(|words| one.and_then(|one| words.get(&one)).or_else(|| words.get(phrase)));
    let mut said = String::new();
    let mut rest = found.map_or(phrase, String::as_str);
    // In one pass, so that a value which looks like a place for another stays what it is.
    while let Some((before, after)) = rest.split_once('{') {
        said.push_str(before);
        let Some((name, after)) = after.split_once('}') else { break };
        said.push_str(values.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value));
        rest = after;
    }
    said.push_str(rest);
    said
}

/// The phrases of a language that ships. A file that cannot be read fails a test.
pub(super) fn phrases(locale: &str) -> BTreeMap<String, String> {
    let found = PHRASES.iter().find(|(known, _)| *known == locale);
    found.and_then(|(_, text)| toml::from_str(text).ok()).unwrap_or_default()
}

fn layout(name: &str, source: &str, sheet: &Sheet) -> Result<String, Error> {
    let mut environment = Environment::new();
    if let Ok(syntax) = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build() {
        environment.set_syntax(syntax);
    }
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|name| match name.ends_with(".html") {
        true => AutoEscape::Html,
        false => AutoEscape::None,
    });
    environment.template_from_named_str(name, source)?.render(Value::from(Serde(sheet)))
}
