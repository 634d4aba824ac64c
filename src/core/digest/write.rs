//! Puts a reader's copy into words: as text, as an HTML page, and at the month's end as a CSV file. The
//! layouts are templates like any other, the same in every language that ships; their phrases are in
//! `assets/templates/<language>/digest.toml`.

use super::compose::{Copy, Counts, Part, PartnerSum};
use super::{Cause, Digest, DigestInput, Due, Kind, Row, Section};
use crate::core::contact::Medium;
use crate::core::desk::Desk;
use crate::core::flow;
use crate::core::label::{self, Labels};
use crate::core::message::Frame;
use crate::core::money::Money;
use crate::core::notification::{Attachment, Content};
use crate::core::person::Person;
use crate::core::template::{Name, Said, Templates};
use crate::core::text::sanitise;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Partners in the table of the month's end.
const PARTNERS: usize = 50;
/// Rows of the file: what a spreadsheet and a mailbox take.
pub const FILE_ROWS: usize = 5_000;

/// The words that stand at the heads of columns.
const HEADS: [&str; 10] =
    ["partner", "due", "amount", "state", "age", "owner", "opened", "closed", "open", "overdue"];

/// When the samples are written: 25 November 2026, 07:00 UTC.
const SAMPLED: Timestamp = Timestamp::constant(1_795_590_000, 0);

/// What the layouts see; every value is printable and in the reader's language and zone.
#[derive(Serialize)]
struct Sheet {
    /// The desk's name, and the reader's.
    desk: String,
    name: String,
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
    locale: String,
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
    let reader = flow::reader::Reader::person(desk, person);
    let locale = digest.locale.as_deref().map_or(reader.locale, label::tag);
    let writer = Writer { desk, digest, input, locale, zone: reader.zone };
    let sheet = writer.sheet(person, cause, copy);
    let bare = format!("{}\n{}", sheet.subject, sheet.summary);
    let values = serde_json::to_value(&sheet).unwrap_or_default();
    let said = Said::new(Name::Digest, values, "", &bare);
    let html = desk.templates.html(&said, &writer.locale);
    let attachments = writer.file(copy).into_iter().collect();
    let mail = desk.templates.write(&said, Medium::Email, &writer.locale);
    Content { html: html.map(Into::into), attachments, ..mail }
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
        let greeting = if copy.assigned { "for_assigned" } else { "for_all" };
        Sheet {
            greeting: self.say(greeting, &[("name", &sanitise(&person.name)), ("desk", &self.desk.name)]),
            as_of: self.say("as_of", &[("at", &self.time(self.input.as_of))]),
            summary: self.counts(counts),
            at_risk: (!copy.at_risk.is_empty())
                .then(|| self.say("at_risk", &[("amount", &self.amounts(&copy.at_risk))])),
            sections: copy.sections.iter().map(|part| self.part(part)).collect(),
            partners: copy.partners.iter().take(PARTNERS).map(|sum| self.partner(sum)).collect(),
            more_partners: self.more(copy.partners.len().saturating_sub(PARTNERS)),
            file: (self.digest.kind == Kind::MonthEnd).then(|| {
                let (n, all) = (copy.all.len().min(FILE_ROWS).to_string(), copy.all.len().to_string());
                let words = if copy.all.len() > FILE_ROWS { "file_cut" } else { "file" };
                self.say(words, &[("n", &n), ("all", &all)])
            }),
            footer: self.say("footer", &[("digest", &sanitise(&self.digest.name))]),
            heads: HEADS.into_iter().map(|head| (head, self.say(head, &[]))).collect(),
            desk: self.desk.name.clone(),
            name: sanitise(&person.name).into_owned(),
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
        let amount = self.amounts(&row.amounts);
        let state = self.desk.labels.word(&self.locale, &row.state);
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
                    self.desk.labels.word(&self.locale, &row.state),
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
        self.desk.labels.date_time(&self.locale, at, &self.zone)
    }

    /// Short in English, which names its days; in numbers elsewhere.
    fn day(&self, at: Timestamp) -> String {
        match self.is_english() {
            true => at.to_zoned(self.zone.clone()).strftime("%a %-d %b").to_string(),
            false => self.desk.labels.date(&self.locale, at, &self.zone),
        }
    }

    fn month(&self) -> String {
        let month = self.digest.month(self.input.as_of);
        month.strftime(if self.is_english() { "%B %Y" } else { "%m/%Y" }).to_string()
    }

    fn is_english(&self) -> bool {
        self.desk.labels.locale(Some(&self.locale)) == "en"
    }

    fn partner(&self, sum: &PartnerSum<'_>) -> SheetPartner {
        SheetPartner {
            name: sum.partner.name.printable().into_string(),
            open: sum.counts.open,
            overdue: sum.counts.overdue,
            opened: sum.opened,
            closed: sum.counts.closed,
            at_risk: self.amounts(&sum.at_risk),
        }
    }

    fn amounts(&self, amounts: &[Money]) -> String {
        amounts.iter().map(|sum| self.desk.labels.money(&self.locale, sum)).collect::<Vec<_>>().join(", ")
    }

    fn say(&self, phrase: &str, values: &[(&str, &str)]) -> String {
        self.desk.templates.phrase(&self.locale, phrase, values)
    }
}

/// Digests to check and preview a layout with: with everything, and with as little as there may be.
pub fn samples(
    templates: &Templates,
    frame: &Frame,
    labels: &Labels,
    locale: &str,
    zone: &TimeZone,
) -> [Value; 2] {
    let named = [("name", frame.name.as_str()), ("desk", frame.desk.as_str())];
    let say = |phrase: &str, values: &[(&str, &str)]| templates.phrase(locale, phrase, values);
    let at = labels.date_time(locale, SAMPLED, zone);
    let sum = labels.money(locale, &Money { cents: 8_420_000, currency: "EUR".into() });
    let counts = say("summary", &[("open", "42"), ("overdue", "1")]);
    let row = |overdue: bool| SheetRow {
        overdue,
        new: !overdue,
        partner: "Acme Tools".to_owned(),
        reference: "CASE-771".to_owned(),
        title: if overdue { "Line 12 stands still".to_owned() } else { String::new() },
        facts: vec![say(if overdue { "overdue_since" } else { "due_at" }, &[("at", &at)]), sum.clone()],
        due: overdue.then(|| at.clone()),
        amount: if overdue { sum.clone() } else { String::new() },
        state: labels.word(locale, "under_review"),
        age: say("days", &[("n", "3")]),
        owner: if overdue { "Maria Weber".to_owned() } else { String::new() },
    };
    let partner = SheetPartner {
        name: "Acme Tools".to_owned(),
        open: 42,
        overdue: 1,
        opened: 3,
        closed: 7,
        at_risk: sum.clone(),
    };
    let part = |section: Section, rows: Vec<SheetRow>, more: Option<String>| SheetPart {
        head: say(section.as_str(), &[]),
        counts: if rows.is_empty() { say("nothing", &[]) } else { counts.clone() },
        rows,
        more,
    };
    let title = say("title", &[("name", "Morning")]);
    let bare = Sheet {
        desk: frame.desk.clone(),
        name: frame.name.clone(),
        subject: say("subject_nothing", &[("title", &title), ("day", &labels.date(locale, SAMPLED, zone))]),
        title: title.clone(),
        greeting: say("for_all", &named),
        as_of: say("as_of", &[("at", &at)]),
        late: None,
        summary: say("nothing", &[]),
        changes: None,
        at_risk: None,
        sections: vec![part(Section::Issues, Vec::new(), None)],
        partners: Vec::new(),
        more_partners: None,
        file: None,
        footer: say("footer", &[("digest", "morning")]),
        heads: HEADS.into_iter().map(|head| (head, say(head, &[]))).collect(),
    };
    let full = Sheet {
        desk: bare.desk.clone(),
        name: bare.name.clone(),
        subject: say(
            "subject",
            &[
                ("title", &title),
                ("open", "42"),
                ("overdue", "1"),
                ("day", &labels.date(locale, SAMPLED, zone)),
            ],
        ),
        title,
        greeting: say("for_assigned", &named),
        as_of: bare.as_of.clone(),
        late: Some(say("late", &[("at", &at)])),
        summary: counts.clone(),
        changes: Some(say("changes", &[("since", &at), ("new", "3"), ("closed", "7")])),
        at_risk: Some(say("at_risk", &[("amount", &sum)])),
        sections: vec![
            part(Section::Issues, vec![row(true), row(false)], Some(say("more", &[("n", "40")]))),
            part(Section::Threads, Vec::new(), None),
        ],
        partners: vec![partner],
        more_partners: Some(say("more", &[("n", "1")])),
        file: Some(say("file", &[("n", "49"), ("all", "49")])),
        footer: bare.footer.clone(),
        heads: bare.heads.clone(),
    };
    [full, bare].map(|sheet| serde_json::to_value(&sheet).unwrap_or_default())
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
