//! What the index keeps of a change: the thing it leaves behind, under its name, with its words.

use super::file::{EVERY, column, columns, flag_word, kind_word};
use crate::core::change::{Change, Object, What};
use crate::core::query::found::Kind;
use crate::core::query::rows::{self, Names};
use crate::core::query::{Facets, Field, Flag};
use crate::core::text::Untrusted;

/// The one name of a thing: what it is, whose, and its id.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    pub kind: Kind,
    /// Of what the community's ids name within its partner; else empty.
    pub partner: String,
    /// Of a note: the number of the change that it is.
    pub id: String,
}

/// The words of one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Doc {
    /// One text a column of the word index.
    pub columns: Vec<String>,
    pub at: Option<i64>,
    pub due: Option<i64>,
    pub risk: Option<i64>,
    pub open: bool,
}

impl Key {
    pub fn new(kind: Kind, id: impl Into<String>) -> Self {
        Self { kind, partner: String::new(), id: id.into() }
    }

    fn of(kind: Kind, partner: &Untrusted, id: &Untrusted) -> Self {
        Self { kind, partner: partner.raw().to_owned(), id: id.raw().to_owned() }
    }
}

/// What a change is about, if it can be looked for.
pub(super) fn key(object: &Object) -> Option<Key> {
    let kind = Kind::of(object)?;
    Some(match object {
        Object::Event(event) => Key::new(kind, event.id.to_string()),
        Object::Alert(alert) => Key::new(kind, alert.id.to_string()),
        Object::Task(task) => Key::new(kind, task.id.to_string()),
        Object::Notification(message) => Key::new(kind, message.id.to_string()),
        Object::Case(case) => Key::of(kind, &case.partner.id, &case.id),
        Object::Document(document) => Key::of(kind, &document.partner.id, &document.id),
        Object::Thread(thread) => Key::of(kind, &thread.partner.id, &thread.id),
        Object::Milestone(milestone) => Key::new(kind, milestone.id.raw()),
        Object::Partner(partner) => Key::new(kind, partner.about.id.raw()),
        Object::Contact(contact) => Key::new(kind, contact.id.raw()),
        Object::Reply(reply) => Key::new(kind, reply.id.raw()),
        _ => return None,
    })
}

/// Somebody's own words in the history.
pub(super) fn is_note(change: &Change) -> bool {
    matches!(change.what, What::Noted | What::HandoverNoted)
}

pub(super) fn of_object(object: &Object, kind: Kind, names: &dyn Names) -> Option<Doc> {
    Some(doc(rows::of_object(object, names)?, kind))
}

pub(super) fn of_note(change: &Change, names: &dyn Names) -> Doc {
    let mut row = rows::of_change(change, names);
    // Who wrote it does not own what it is about.
    for (field, value) in std::mem::take(&mut row.values) {
        _ = if field == Field::Owner { row.text(value) } else { row.value(field, value) };
    }
    doc(row, Kind::Note)
}

fn doc(row: Facets<'_>, kind: Kind) -> Doc {
    let mut texts: Vec<(String, String)> =
        columns().into_iter().map(|column| (column, String::new())).collect();
    let mut put = |name: &str, text: &str| {
        if let Some((_, column)) = texts.iter_mut().find(|(column, _)| column == name) {
            if !column.is_empty() {
                column.push(' ');
            }
            column.push_str(text);
        }
    };
    row.texts.iter().for_each(|text| put("said", text));
    row.values.iter().for_each(|(field, value)| put(&column(*field), value));
    row.severity.iter().for_each(|severity| put("of_severity", severity.as_str()));
    put("of_kind", &kind_word(kind));
    put("flags", EVERY);
    row.flags.iter().for_each(|flag| put("flags", flag_word(*flag)));
    Doc {
        columns: texts.into_iter().map(|(_, text)| text).collect(),
        at: row.at.map(|at| at.as_microsecond()),
        due: row.due.map(|due| due.as_microsecond()),
        risk: row.risk,
        open: row.flags.contains(&Flag::Open),
    }
}
