//! The consent ledger: who said when, in which words, that they want messages or none, and what proves it.
//!
//! Entries are made by the same decision that acts on the word, so that neither is ever there without the
//! other, and are never changed. A contact that is erased leaves theirs: that they want no more must stay
//! provable.

use crate::core::change::{Actor, Change, Object, What};
use crate::core::contact::{Category, Contact, Medium};
use crate::core::desk::Desk;
use crate::core::escalation::{Decision, medium_word};
use crate::core::id::{ConsentId, Ids};
use crate::core::person::PersonId;
use crate::core::text::Untrusted;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Whether messages are wanted from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    In,
    Out,
}

impl Choice {
    pub fn as_str(self) -> &'static str {
        match self {
            Choice::In => "in",
            Choice::Out => "out",
        }
    }
}

/// How the word came here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Means {
    /// STOP or START, by text or mail.
    Reply,
    /// The link in a mail (RFC 8058), or the button behind it.
    OneClick,
    /// A mail to the address that a mail gave for it (RFC 2369).
    Mail,
    /// The signed link by which only its recipient comes back.
    Link,
    /// Its reader told their mailbox provider that a mail was unwanted (RFC 5965).
    Complaint,
    /// A provider refused for them: they had said stop to it, not to us.
    Provider,
    /// An operator wrote down what they were told.
    Operator,
    /// The community, or its event.
    Community,
    Spreadsheet,
}

impl Means {
    pub fn as_str(self) -> &'static str {
        match self {
            Means::Reply => "reply",
            Means::OneClick => "one_click",
            Means::Mail => "mail",
            Means::Link => "link",
            Means::Complaint => "complaint",
            Means::Provider => "provider",
            Means::Operator => "operator",
            Means::Community => "community",
            Means::Spreadsheet => "spreadsheet",
        }
    }
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    pub id: ConsentId,
    pub state: Choice,
    pub medium: Medium,
    /// Messages of this category only; nothing means all by that medium.
    #[serde(default)]
    pub category: Option<Category>,
    /// E.164, or a mailbox in lower case; nothing where the word was about the contact.
    #[serde(default)]
    pub address: Option<Untrusted>,
    #[serde(default)]
    pub contact: Option<Untrusted>,
    #[serde(default)]
    pub person: Option<PersonId>,
    pub means: Means,
    /// As they were said, or what was done.
    pub words: Untrusted,
    /// The id of the reply, the message or the command that proves it.
    pub evidence: Untrusted,
    pub created_at: Timestamp,
}

/// Somebody's word, before it is known whom it concerns.
#[derive(Clone, Debug)]
pub struct Word<'a> {
    pub actor: &'a Actor,
    pub means: Means,
    pub words: Untrusted,
    pub evidence: Untrusted,
}

/// Whose word it is.
#[derive(Clone, Debug, Default)]
pub struct Whose<'a> {
    /// By [`crate::core::suppression::address_key`].
    pub address: Option<&'a str>,
    pub contact: Option<&'a Contact>,
    pub person: Option<&'a PersonId>,
}

/// Writes one entry.
pub fn record(
    decision: &mut Decision<'_>,
    word: &Word<'_>,
    whose: &Whose<'_>,
    state: Choice,
    medium: Medium,
    category: Option<Category>,
) {
    let Decision { desk, now, .. } = *decision;
    let change = entry(desk, &mut decision.ids, now, word, whose, (state, medium, category));
    decision.changes.push(change);
}

/// One entry, and the fact of it: what is wanted, by which medium, about which category or everything.
pub fn entry(
    desk: &Desk,
    ids: &mut Ids,
    now: Timestamp,
    word: &Word<'_>,
    whose: &Whose<'_>,
    (state, medium, category): (Choice, Medium, Option<Category>),
) -> Change {
    let entry = Consent {
        id: ids.next_consent(),
        state,
        medium,
        category,
        address: whose.address.map(Into::into),
        contact: whose.contact.map(|contact| contact.id.clone()),
        person: whose.person.cloned(),
        means: word.means,
        words: word.words.clone(),
        evidence: word.evidence.clone(),
        created_at: now,
    };
    let name = whose.contact.map(|contact| contact.name.printable().into_string());
    let name = name.or_else(|| whose.person.map(|id| desk.name_of(id)));
    let name =
        name.or_else(|| whose.address.map(|address| crate::core::text::sanitise(address).into_owned()));
    let about = category.map(|category| format!(" about {}", category.as_str().replace('_', " ")));
    let wants = match state {
        Choice::In => "wants",
        Choice::Out => "wants no more",
    };
    let summary = format!(
        "{} {wants} {}{} ({}).",
        name.unwrap_or_default(),
        medium_word(medium),
        about.unwrap_or_default(),
        word.means.as_str().replace('_', " ")
    );
    Change {
        at: now,
        actor: word.actor.clone(),
        what: match state {
            Choice::In => What::ConsentGiven,
            Choice::Out => What::ConsentEnded,
        },
        summary: summary.into(),
        alert: None,
        partner: whose.contact.and_then(|contact| contact.partner_id.clone()),
        object: Object::Consent(Box::new(entry)),
    }
}

/// Writes down what changed in the media that a contact opted out of, `before` being what they were.
pub fn record_contact(
    decision: &mut Decision<'_>,
    word: &Word<'_>,
    before: &BTreeSet<Medium>,
    contact: &Contact,
) {
    let whose = Whose { contact: Some(contact), ..Whose::default() };
    for medium in contact.opted_out.difference(before) {
        record(decision, word, &whose, Choice::Out, *medium, None);
    }
    for medium in before.difference(&contact.opted_out) {
        record(decision, word, &whose, Choice::In, *medium, None);
    }
}
