//! Asking the index: the query as SQL and as words of FTS5.
//!
//! Whatever was typed reaches FTS5 only as quoted words, in which nothing is an operator. Things come newest
//! first, by the number of the change that wrote them last; what is called by the very word comes before all.

use super::doc::Key;
use super::file::{self, EVERY, Mark, column, is_words, kind_word};
use crate::core::event::Severity;
use crate::core::query::found::Kind;
use crate::core::query::{Asking, Compare, Field, Flag, Query, Term, Wants, Word};
use crate::store::StoreError;
use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, InterruptHandle, params_from_iter};
use std::path::Path;

/// Ways of finding that one query may come to.
const WAYS: usize = 32;

/// Of what a rare condition names, so many things are read and put in order; and so many, where each has to be
/// looked for in the words as well. Where there are more, they are met soon enough among the newest.
const FEW: i64 = 20_000;
const FEW_WITH_WORDS: i64 = 2_000;

/// What the index has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    pub keys: Vec<Key>,
    /// There are more than were asked for.
    pub more: bool,
    /// How far the index had come.
    pub seq: u64,
    pub at: Option<Timestamp>,
}

/// One question to the index, on a connection of its own, so that it can be called off.
pub struct Question {
    connection: Connection,
}

/// What must hold for one way of finding.
#[derive(Clone, Debug, Default)]
struct Way {
    /// Expressions of FTS5 that must hold, and that must not.
    wanted: Vec<String>,
    unwanted: Vec<String>,
    /// Conditions of SQL on `doc`, with their values in order.
    conditions: Vec<(String, Vec<Value>)>,
    /// Nothing that changed before can be meant.
    since: Option<i64>,
    /// A condition of those above that few things may fulfil.
    rare: Option<Rare>,
}

/// A condition that has an index of its own, which names what fulfils it.
#[derive(Clone, Debug, PartialEq)]
struct Rare {
    index: &'static str,
    condition: String,
    values: Vec<Value>,
}

/// One thing that a term may want.
enum Atom {
    Words(String),
    Holds(String, Vec<Value>),
    Rare(Rare),
    /// It began at that time or later, so it changed then or later.
    Since(i64),
    Never,
}

impl Question {
    /// `None`: there is no index yet, or one of another version that is about to be made anew.
    pub fn new(folder: &Path) -> Result<Option<Self>, StoreError> {
        let path = file::path(folder);
        if !path.exists() {
            return Ok(None);
        }
        let connection = file::reading(&path)?;
        Ok(file::is_current(&connection)?.then_some(Self { connection }))
    }

    /// With it a question is called off that takes too long.
    pub fn call_off(&self) -> InterruptHandle {
        self.connection.get_interrupt_handle()
    }

    /// The newest things that the query finds. `people` are the ids of whom a name means.
    pub fn ask(
        &self,
        query: &Query,
        asking: &Asking,
        people: &dyn Fn(&Word) -> Vec<String>,
        limit: usize,
    ) -> Result<Found, StoreError> {
        self.connection.execute_batch("BEGIN")?;
        let mark = self.connection.query_row("SELECT seq, at FROM mark", [], |row| {
            Ok(Mark { seq: row.get::<_, i64>(0)? as u64, at: row.get(1)?, hash: Vec::new() })
        })?;
        let mut rows: Vec<(i64, Key)> = Vec::new();
        for way in ways(query, asking, people) {
            rows.extend(self.along(&way, limit + 1)?);
        }
        rows.sort_by_key(|(row, _)| std::cmp::Reverse(*row));
        rows.dedup_by_key(|(row, _)| *row);
        if let Some(word) = name(query) {
            let called = self.called(word)?;
            rows.retain(|(row, _)| !called.iter().any(|(known, _)| known == row));
            rows.splice(0..0, called);
        }
        let more = rows.len() > limit;
        rows.truncate(limit);
        Ok(Found {
            keys: rows.into_iter().map(|(_, key)| key).collect(),
            more,
            seq: mark.seq,
            at: Timestamp::from_microsecond(mark.at).ok().filter(|_| mark.seq > 0),
        })
    }

    fn along(&self, way: &Way, limit: usize) -> Result<Vec<(i64, Key)>, StoreError> {
        let (sql, values) = way.sql(self.leading(way)?, self.first_since(way.since)?, limit);
        self.rows(&sql, values)
    }

    /// The rare condition of the way, where it is rare indeed; else the newest things are looked through.
    fn leading<'w>(&self, way: &'w Way) -> Result<Option<&'w Rare>, StoreError> {
        let Some(rare) = &way.rare else { return Ok(None) };
        let few = if way.words().is_some() { FEW_WITH_WORDS } else { FEW };
        let (sql, mut values) = (rare.counted(), rare.values.clone());
        values.push(Value::Integer(few + 1));
        let many: i64 = self.connection.query_row(&sql, params_from_iter(values), |row| row.get(0))?;
        Ok((many <= few).then_some(rare))
    }

    /// The first row that changed at that time or later; rows are in the order of changes.
    fn first_since(&self, since: Option<i64>) -> Result<Option<i64>, StoreError> {
        let Some(since) = since else { return Ok(None) };
        let sql = "SELECT row FROM doc WHERE changed >= ?1 ORDER BY changed, row LIMIT 1";
        let mut statement = self.connection.prepare(sql)?;
        let mut rows = statement.query([since])?;
        Ok(Some(rows.next()?.map_or(Ok(i64::MAX), |row| row.get(0))?))
    }

    /// The things of that very name.
    fn called(&self, name: &str) -> Result<Vec<(i64, Key)>, StoreError> {
        let sql = "SELECT row, kind, partner, id FROM doc WHERE id = ?1 COLLATE NOCASE
                   ORDER BY row DESC LIMIT 20";
        self.rows(sql, vec![Value::Text(name.to_owned())])
    }

    fn rows(&self, sql: &str, values: Vec<Value>) -> Result<Vec<(i64, Key)>, StoreError> {
        let mut statement = self.connection.prepare(sql)?;
        let mut rows = statement.query(params_from_iter(values))?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let Some(kind) = Kind::named(&row.get::<_, String>(1)?) else { continue };
            found.push((row.get(0)?, Key { kind, partner: row.get(2)?, id: row.get(3)? }));
        }
        Ok(found)
    }
}

/// The one word that may be something's name.
fn name(query: &Query) -> Option<&str> {
    let [term] = query.always() else { return None };
    match &term.wants {
        Wants::Word(word) if !term.not => Some(&word.text),
        Wants::Field(Field::Id, words) if !term.not && words.len() == 1 => Some(&words[0].text),
        _ => None,
    }
}

impl Rare {
    /// How many things fulfil it, counted no further than the last value says.
    fn counted(&self) -> String {
        let Self { index, condition, .. } = self;
        format!("SELECT COUNT(*) FROM (SELECT 1 FROM doc d INDEXED BY {index} WHERE {condition} LIMIT ?)")
    }
}

impl Way {
    fn sql(&self, leading: Option<&Rare>, first: Option<i64>, limit: usize) -> (String, Vec<Value>) {
        let mut values: Vec<Value> = Vec::new();
        let mut conditions: Vec<String> = Vec::new();
        let words = self.words();
        let (from, row) = match (leading, &words) {
            // What is rare leads, and each is looked for in the words.
            (Some(Rare { index, .. }), Some(_)) => {
                (format!("doc d INDEXED BY {index} CROSS JOIN words ON words.rowid = d.row"), "d.row")
            }
            (Some(Rare { index, .. }), None) => (format!("doc d INDEXED BY {index}"), "d.row"),
            // The word index leads, in its own order.
            (None, Some(_)) => ("words CROSS JOIN doc d ON d.row = words.rowid".to_owned(), "words.rowid"),
            (None, None) => ("doc d".to_owned(), "d.row"),
        };
        if let Some(words) = words {
            values.push(Value::Text(words));
            conditions.push("words MATCH ?".to_owned());
        }
        if let Some(first) = first {
            conditions.push(format!("{row} >= ?"));
            values.push(Value::Integer(first));
        }
        for (condition, of) in &self.conditions {
            conditions.push(condition.clone());
            values.extend(of.iter().cloned());
        }
        let all = if conditions.is_empty() { "1" } else { &conditions.join(" AND ") };
        values.push(Value::Integer(i64::try_from(limit).unwrap_or(i64::MAX)));
        let sql = format!(
            "SELECT d.row, d.kind, d.partner, d.id FROM {from} WHERE {all} ORDER BY {row} DESC LIMIT ?"
        );
        (sql, values)
    }

    fn words(&self) -> Option<String> {
        if self.wanted.is_empty() && self.unwanted.is_empty() {
            return None;
        }
        let mut wanted =
            self.wanted.iter().map(|words| format!("({words})")).collect::<Vec<_>>().join(" AND ");
        if wanted.is_empty() {
            wanted = format!("flags : {}", quoted(EVERY));
        }
        let unwanted: String = self.unwanted.iter().map(|words| format!(" NOT ({words})")).collect();
        Some(format!("({wanted}){unwanted}"))
    }
}

/// Every way in which the query is met.
fn ways(query: &Query, asking: &Asking, people: &dyn Fn(&Word) -> Vec<String>) -> Vec<Way> {
    if query.is_all() {
        return vec![Way::default()];
    }
    query.groups.iter().flat_map(|group| ways_of(group, asking, people)).take(WAYS).collect()
}

fn ways_of(group: &[Term], asking: &Asking, people: &dyn Fn(&Word) -> Vec<String>) -> Vec<Way> {
    let mut ways = vec![Way::default()];
    for term in group {
        let atoms = atoms(term, asking, people);
        if term.not {
            ways.iter_mut().for_each(|way| atoms.iter().for_each(|atom| way.add_not(atom)));
            continue;
        }
        let mut next = Vec::new();
        for atom in &atoms {
            for way in &ways {
                let mut way = way.clone();
                if way.add(atom) {
                    next.push(way);
                }
            }
        }
        ways = next;
        ways.truncate(WAYS);
    }
    ways
}

impl Way {
    /// `false`: it cannot be met.
    fn add(&mut self, atom: &Atom) -> bool {
        match atom {
            Atom::Words(words) => self.wanted.push(words.clone()),
            Atom::Holds(condition, values) => self.conditions.push((condition.clone(), values.clone())),
            Atom::Rare(rare) => {
                self.conditions.push((rare.condition.clone(), rare.values.clone()));
                self.rare.get_or_insert_with(|| rare.clone());
            }
            Atom::Since(at) => {
                self.since = self.since.max(Some(*at));
                self.conditions.push(("d.at >= ?".to_owned(), vec![Value::Integer(*at)]));
            }
            Atom::Never => return false,
        }
        true
    }

    fn add_not(&mut self, atom: &Atom) {
        let mut turn = |condition: &str, values: Vec<Value>| {
            // What is not known does not hold.
            self.conditions.push((format!("NOT coalesce({condition}, 0)"), values));
        };
        match atom {
            Atom::Words(words) => self.unwanted.push(words.clone()),
            Atom::Holds(condition, values) | Atom::Rare(Rare { condition, values, .. }) => {
                turn(condition, values.clone())
            }
            Atom::Since(at) => turn("d.at >= ?", vec![Value::Integer(*at)]),
            Atom::Never => {}
        }
    }
}

/// What a term wants: any of these.
fn atoms(term: &Term, asking: &Asking, people: &dyn Fn(&Word) -> Vec<String>) -> Vec<Atom> {
    let time = |at: Timestamp| Value::Integer(at.as_microsecond());
    let rare = |index, condition: String, values| Atom::Rare(Rare { index, condition, values });
    let late = || rare("doc_open", "(d.open AND d.due < ?)".to_owned(), vec![time(asking.now)]);
    let back = |when: crate::core::query::When| when.back(asking.now, &asking.zone);
    match &term.wants {
        Wants::Word(word) => {
            let mut atoms = vec![words(None, word)];
            if !word.exact && Flag::named(&word.text) == Some(Flag::Late) {
                atoms.push(late());
            }
            if !word.exact && Flag::named(&word.text) == Some(Flag::Mine) {
                atoms.push(mine(asking));
            }
            atoms
        }
        Wants::Field(field, list) => list
            .iter()
            .flat_map(|word| {
                if let (Field::Kind, Some(kind)) = (field, Kind::named(word.folded())) {
                    return vec![Atom::Words(in_column(Field::Kind, &quoted(&kind_word(kind))))];
                }
                let mut atoms = vec![words(Some(*field), word)];
                if matches!(field, Field::Owner | Field::To) {
                    if word.folded() == "me" && asking.me.is_some() {
                        return vec![person(*field, asking.me.as_deref().unwrap_or_default())];
                    }
                    atoms.extend(people(word).iter().map(|id| person(*field, id)));
                }
                atoms
            })
            .collect(),
        Wants::Severity(compare, than) => {
            let fits = Severity::ALL.into_iter().filter(|severity| match compare {
                Compare::Less => severity < than,
                Compare::AtMost => severity <= than,
                Compare::Equal => severity == than,
                Compare::AtLeast => severity >= than,
                Compare::More => severity > than,
            });
            let words: Vec<String> =
                fits.map(|severity| in_column(Field::Severity, &quoted(severity.as_str()))).collect();
            vec![if words.is_empty() { Atom::Never } else { Atom::Words(words.join(" OR ")) }]
        }
        Wants::Risk(compare, cents) => {
            let sign = if *compare == Compare::Equal { ">=" } else { compare.as_str() };
            vec![rare("doc_risk", format!("d.risk {sign} ?"), vec![Value::Integer(*cents)])]
        }
        Wants::Due(compare, when) => {
            let sign = if *compare == Compare::Equal { "<=" } else { compare.as_str() };
            let until = when.ahead(asking.now, &asking.zone);
            vec![rare("doc_due", format!("d.due {sign} ?"), vec![time(until)])]
        }
        Wants::Since(when) => vec![Atom::Since(back(*when).as_microsecond())],
        Wants::Before(when) => vec![Atom::Holds("d.at < ?".to_owned(), vec![time(back(*when))])],
        Wants::Is(flags) => flags
            .iter()
            .map(|flag| match flag {
                Flag::Late => late(),
                Flag::Mine => mine(asking),
                Flag::Open => rare("doc_open", "d.open".to_owned(), Vec::new()),
                flag => Atom::Words(format!("flags : {}", quoted(flag.as_str()))),
            })
            .collect(),
    }
}

fn mine(asking: &Asking) -> Atom {
    asking.me.as_deref().map_or(Atom::Never, |me| person(Field::Owner, me))
}

fn person(field: Field, id: &str) -> Atom {
    words(Some(field), &Word::new(id, true))
}

/// A word, wherever it stands or in one column; the beginning of one, unless it was quoted.
fn words(field: Option<Field>, word: &Word) -> Atom {
    if !word.text.chars().any(char::is_alphanumeric) {
        return Atom::Never;
    }
    let begins = if word.exact { "" } else { " *" };
    let words = format!("{}{begins}", quoted(&word.text));
    match field {
        Some(field) if is_words(field) => Atom::Words(in_column(field, &words)),
        Some(_) => Atom::Never,
        None => Atom::Words(words),
    }
}

fn in_column(field: Field, words: &str) -> String {
    format!("{} : {words}", column(field))
}

/// As FTS5 takes a text in which nothing is an operator. It stops at a NUL, so none goes there.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace(['"', '\0'], " "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::query::field;
    use jiff::tz::TimeZone;
    use rusqlite::StatementStatus;

    const THINGS: i64 = 30_000;

    /// Many things that are over, and a few old ones that are open, overdue and dear.
    fn question() -> Question {
        let connection = Connection::open_in_memory().unwrap();
        file::create(&connection, "test").unwrap();
        connection.execute_batch("BEGIN").unwrap();
        for row in 1..=THINGS {
            let few = row <= 3;
            let (due, risk) = (few.then_some(row), few.then_some(row * 100));
            let values = (row, format!("e-{row}"), due, risk, few);
            connection
                .execute(
                    "INSERT INTO doc (row, kind, partner, id, changed, at, due, risk, open)
                     VALUES (?1, 'event', 'p-1', ?2, ?1, ?1, ?3, ?4, ?5)",
                    values,
                )
                .unwrap();
            connection
                .execute("INSERT INTO words (rowid, said, flags) VALUES (?1, 'carrier', ?2)", (row, EVERY))
                .unwrap();
        }
        connection.execute_batch("COMMIT").unwrap();
        Question { connection }
    }

    fn ways_to(text: &str) -> Vec<Way> {
        let query = Query::read(text, field::ALL).query;
        let now = Timestamp::from_microsecond(THINGS).unwrap();
        ways(&query, &Asking { now, zone: TimeZone::UTC, me: None }, &|_| Vec::new())
    }

    /// The plan, the rows found, and the steps of the machine that found them.
    fn run(question: &Question, way: &Way) -> (String, usize, i32) {
        let (sql, values) = way.sql(question.leading(way).unwrap(), None, 100);
        let mut explained = question.connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let lines = explained.query_map(params_from_iter(values.clone()), |row| row.get::<_, String>(3));
        let plan = lines.unwrap().collect::<Result<Vec<_>, _>>().unwrap().join("; ");
        let mut statement = question.connection.prepare(&sql).unwrap();
        let mut rows = statement.query(params_from_iter(values)).unwrap();
        let mut found = 0;
        while rows.next().unwrap().is_some() {
            found += 1;
        }
        drop(rows);
        (plan, found, statement.get_status(StatementStatus::VmStep))
    }

    #[test]
    fn what_few_things_fulfil_is_found_without_looking_through_all() {
        let question = question();
        for text in
            ["is:late", "is:open", "risk>0", "due:1h", "carrier is:open", "carrier risk>0", "-risk<0 is:late"]
        {
            for way in ways_to(text) {
                let (plan, found, steps) = run(&question, &way);
                assert_eq!(found, 3, "{text}: {plan}");
                assert!(
                    plan.contains("USING INDEX doc_") || plan.contains("COVERING INDEX doc_"),
                    "{text}: {plan}"
                );
                assert!(steps < 1_000, "{text}: {steps} steps: {plan}");
            }
        }
    }

    #[test]
    fn what_many_things_fulfil_is_met_among_the_newest() {
        let question = question();
        question.connection.execute_batch("UPDATE doc SET open = 1, risk = 500").unwrap();
        for text in ["is:open", "risk>0", "carrier is:open"] {
            for way in ways_to(text) {
                let (plan, found, steps) = run(&question, &way);
                assert_eq!(found, 100, "{text}");
                assert!(!plan.contains("TEMP B-TREE") && steps < 5_000, "{text}: {steps} steps: {plan}");
            }
        }
    }

    #[test]
    fn a_file_without_its_tables_or_of_another_version_is_no_index_yet() {
        let folder = tempfile::tempdir().unwrap();
        let connection = Connection::open(file::path(folder.path())).unwrap();
        connection.execute_batch("PRAGMA journal_mode = WAL").unwrap();
        assert!(Question::new(folder.path()).unwrap().is_none(), "it is being made");
        file::create(&connection, "test").unwrap();
        assert!(Question::new(folder.path()).unwrap().is_some());
        connection.execute_batch("PRAGMA user_version = 1").unwrap();
        assert!(Question::new(folder.path()).unwrap().is_none(), "it is about to be made anew");
    }

    #[test]
    fn one_letter_has_an_index_of_its_own() {
        let question = question();
        let sql = "SELECT sql FROM sqlite_schema WHERE name = 'words'";
        let made: String = question.connection.query_row(sql, [], |row| row.get(0)).unwrap();
        assert!(made.contains("prefix = '1 2 3'"), "{made}");
        let [way] = &ways_to("c")[..] else { panic!() };
        assert_eq!(run(&question, way).1, 100);
    }
}
