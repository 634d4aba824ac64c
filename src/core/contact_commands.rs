//! What operators do with contacts beside setting fields: choosing between two edits, a leaver, an
//! erasure, and the rows of a spreadsheet.

use crate::core::change::{Actor, What};
use crate::core::command::{Refusal, RefusalCode};
use crate::core::contact::{Contact, ContactState};
use crate::core::escalation::Decision;
use crate::core::sheet::{Row, mark};
use crate::core::sync::{
    self, Keep, Known, Link, Merged, Said, Side, blank_contact, contact_change, same_field, synced_fields,
};
use crate::core::task::Task;
use crate::core::text::Untrusted;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What there is about one contact.
#[derive(Clone, Debug, Default)]
pub struct About {
    /// Its links, each with its open task.
    pub links: Vec<(Link, Option<Task>)>,
    /// The contact named as successor, if it is known.
    pub successor: Option<Contact>,
}

/// Something that names a contact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mention {
    pub kind: MentionKind,
    /// The id of what names it, or the word itself.
    pub id: Untrusted,
    pub title: Untrusted,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MentionKind {
    Role,
    Case,
    Notification,
    Task,
    Community,
    Spreadsheet,
}

/// What became of one row of a sheet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowTaken {
    pub line: u64,
    pub id: Untrusted,
    pub outcome: RowOutcome,
    /// The fields taken, and those in conflict.
    #[serde(default)]
    pub taken: Vec<String>,
    #[serde(default)]
    pub disputed: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowOutcome {
    Created,
    Changed,
    /// It says what is known already.
    Same,
    /// At least one field changed on both sides; the others are taken.
    Conflict,
    /// The contact was erased, and is not made again.
    Erased,
}

fn refuse(code: RefusalCode, said: String) -> Refusal {
    Refusal { code, said: said.into(), by: None }
}

/// Ends a conflict; what was chosen goes to the other side, or is taken here.
pub fn resolve(
    decision: &mut Decision<'_>,
    actor: &Actor,
    who: &str,
    mut contact: Contact,
    mut links: Vec<(Link, Option<Task>)>,
    field: &str,
    keep: Keep,
) -> Result<String, Refusal> {
    let name = contact.name.printable();
    let disputed = |link: &Link| link.conflicts.iter().any(|conflict| conflict.mine.name() == field);
    links.retain(|(link, _)| disputed(link));
    // Should two sides differ from here, "theirs" is what was said last.
    links.sort_by_key(|(link, _)| std::cmp::Reverse(link.heard_at));
    if links.is_empty() {
        let said = format!(
            "{} of {name} is not in conflict; `nightdesk contacts conflicts` lists those that are.",
            crate::core::text::sanitise(field)
        );
        return Err(refuse(RefusalCode::WrongState, said));
    }
    let mut said = String::new();
    for (i, (link, task)) in links.into_iter().enumerate() {
        let mut after = link.clone();
        let keep = if i == 0 { keep } else { Keep::Mine };
        if sync::resolve(&mut contact, &mut after, field, keep, decision.now).is_none() {
            continue;
        }
        let side = link.side.spoken();
        let whose = match keep {
            Keep::Mine => format!("{who} kept the desk's {field} of {}.", contact.name.raw()),
            Keep::Theirs => format!("{who} took {field} of {} from {side}.", contact.name.raw()),
        };
        if i == 0 {
            decision.changes.push(contact_change(
                actor,
                What::ConflictResolved,
                whose.as_str(),
                &contact,
                decision.now,
            ));
            said = match keep {
                Keep::Mine => format!("{field} of {name} stays as it is here, and goes to {side}."),
                Keep::Theirs => format!("{field} of {name} is taken from {side}."),
            };
        }
        let mut known = Known { contact: Some(contact.clone()), link: Some(link), task, ..Known::default() };
        sync::note_answer(decision, actor, &mut known, What::ConflictResolved, whose, after);
    }
    Ok(said)
}

/// Somebody leaves: nothing more is sent to them, and what waited goes to `successor`, if there is one.
pub fn leave(
    decision: &mut Decision<'_>,
    actor: &Actor,
    who: &str,
    mut contact: Contact,
    successor: Option<&Untrusted>,
    known: Option<Contact>,
) -> Result<String, Refusal> {
    let name = contact.name.printable();
    let mut heir = String::new();
    if let Some(id) = successor {
        let Some(known) = known else {
            return Err(refuse(RefusalCode::NotFound, format!("There is no contact {}.", id.printable())));
        };
        if known.id == contact.id || known.state == ContactState::Inactive {
            let said = format!(
                "{} cannot follow {name}: it must be another, active contact.",
                known.name.printable()
            );
            return Err(refuse(RefusalCode::Invalid, said));
        }
        if known.partner_id != contact.partner_id {
            let said = format!("{} works for another partner than {name}.", known.name.printable());
            return Err(refuse(RefusalCode::Invalid, said));
        }
        heir = format!("; {} follows", known.name.printable());
    }
    if contact.state == ContactState::Inactive && contact.successor.as_ref() == successor {
        return Ok(format!("{name} has left already{heir}."));
    }
    contact.state = ContactState::Inactive;
    contact.successor = successor.cloned();
    contact.updated_at = decision.now;
    let summary = format!("{who}: {} has left{heir}.", contact.name.raw());
    decision.changes.push(contact_change(actor, What::ContactLeft, summary, &contact, decision.now));
    Ok(format!("{name} gets nothing more{heir}."))
}

/// Takes everything personal out of a contact and its links. The id stays, so that nothing that names
/// it breaks, and so that no sync brings the person back.
pub fn erase(
    decision: &mut Decision<'_>,
    actor: &Actor,
    who: &str,
    contact: Contact,
    links: Vec<(Link, Option<Task>)>,
) -> String {
    let now = decision.now;
    let erased = Contact {
        partner_id: contact.partner_id.clone(),
        name: ERASED.into(),
        state: ContactState::Inactive,
        // Not to be written to again is the one wish that outlives the person's data.
        opted_out: contact.opted_out.clone(),
        unsubscribed: contact.unsubscribed.clone(),
        created_at: contact.created_at,
        ..blank_contact(contact.id.clone(), now)
    };
    let summary = format!("{who} erased the contact {}.", contact.id.raw());
    decision.changes.push(contact_change(actor, What::ContactErased, summary.as_str(), &erased, now));
    let mut sides: Vec<(Link, Option<Task>)> = links;
    if !sides.iter().any(|(link, _)| link.side == Side::Community) {
        sides.push((Link::new(contact.id.clone(), Side::Community, now), None));
    }
    for (link, task) in sides {
        let after = Link {
            community_id: link.community_id.clone(),
            external_id: link.external_id.clone(),
            created_at: link.created_at,
            erased: true,
            ..Link::new(link.contact.clone(), link.side.clone(), now)
        };
        let mut known = Known { contact: Some(erased.clone()), link: Some(link), task, ..Known::default() };
        sync::note_answer(decision, actor, &mut known, What::ContactErased, summary.clone(), after);
    }
    format!(
        "{} is erased: name, addresses, preferences and notes are gone from the contact. The id, the partner and \
         opt-outs stay; the history and messages already sent keep what they said.",
        contact.id.printable()
    )
}

/// The name of a contact that was erased.
pub const ERASED: &str = "(erased)";

/// Merges one row of a sheet by the very rules of the community's sync.
pub fn import_row(
    decision: &mut Decision<'_>,
    actor: &Actor,
    known: &mut Known,
    side: &Side,
    row: &Row,
    now: Timestamp,
) -> RowTaken {
    let erased = known.link.as_ref().is_some_and(|link| link.erased)
        || known.contact.as_ref().is_some_and(|contact| contact.name.raw() == ERASED);
    let is_new = known.contact.is_none();
    if let Some(link) = based_on_export(known, side, row, now) {
        known.link = Some(link);
    }
    let said = Said { id: row.id.clone(), stated: row.stated.clone(), ..Said::default() };
    let merged = match erased {
        true => Merged::default(),
        false => sync::hear(decision, actor, known, side, &said),
    };
    let still = known.link.as_ref().map(|link| &link.conflicts[..]).unwrap_or_default();
    let disputed: Vec<String> = still
        .iter()
        .filter(|conflict| row.stated.fields.iter().any(|field| same_field(field, &conflict.mine)))
        .map(|conflict| conflict.mine.name().to_owned())
        .collect();
    let outcome = match () {
        () if erased => RowOutcome::Erased,
        () if !disputed.is_empty() => RowOutcome::Conflict,
        () if is_new => RowOutcome::Created,
        () if !merged.taken.is_empty() => RowOutcome::Changed,
        () => RowOutcome::Same,
    };
    let taken = merged.taken.into_iter().map(str::to_owned).collect();
    RowTaken { line: row.line, id: row.id.clone(), outcome, taken, disputed }
}

/// The link to merge by, where the row says what the contact was when it was exported and that is
/// newer than what this sheet said last.
fn based_on_export(known: &Known, side: &Side, row: &Row, now: Timestamp) -> Option<Link> {
    let (exported, contact) = (row.exported.as_ref()?, known.contact.as_ref()?);
    let mut link = match &known.link {
        Some(link) if link.heard_at >= exported.at => return None,
        Some(link) => link.clone(),
        None => Link::new(row.id.clone(), side.clone(), now),
    };
    let fields = synced_fields(contact);
    if fields.len() != exported.marks.len() {
        return None;
    }
    for (mine, was) in fields.iter().zip(&exported.marks) {
        let theirs = row.stated.fields.iter().find(|theirs| same_field(theirs, mine));
        // Whichever of the two is what it was, the other one is the edit.
        let base = [Some(mine), theirs].into_iter().flatten().find(|value| mark(value) == *was);
        link.base.retain(|base| !same_field(base, mine));
        link.base.extend(base.cloned());
    }
    Some(link)
}
