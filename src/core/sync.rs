//! Contacts that two sides keep: what one of them says of a contact is merged field by field against
//! the value both last agreed on, so that neither side's edit is lost, nothing is sent back to where
//! it came from, and an opt-out of either side stays.
//!
//! The other side is the community (over SCIM and its events) or a spreadsheet; the rules are the same.

mod heard;
pub mod reading;

pub use heard::{
    Known, Said, contact_change, gone, hear, look_up, note_answer, notice, settle_task, task_key,
};

use crate::core::contact::{Contact, ContactField, ContactState};
use crate::core::event::FieldError;
use crate::core::text::Untrusted;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

/// Who else keeps the contact.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Side {
    Community,
    /// A spreadsheet, by the name its imports go by.
    Sheet(String),
}

impl Side {
    /// `community`, or `sheet:` and its name; as the store keeps it.
    pub fn word(&self) -> String {
        match self {
            Side::Community => "community".to_owned(),
            Side::Sheet(name) => format!("sheet:{name}"),
        }
    }

    /// For a sentence.
    pub fn spoken(&self) -> String {
        match self {
            Side::Community => "the community".to_owned(),
            Side::Sheet(name) => format!("the spreadsheet {}", crate::core::text::sanitise(name)),
        }
    }
}

impl From<String> for Side {
    fn from(word: String) -> Self {
        match word.strip_prefix("sheet:") {
            Some(name) => Side::Sheet(name.to_owned()),
            None => Side::Community,
        }
    }
}

impl From<Side> for String {
    fn from(side: Side) -> String {
        side.word()
    }
}

/// What a side says of a contact. A field that is not in it was not said, and is left alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stated {
    /// Whom the contact works for. Only ever taken: the desk moves nobody from one company to another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner_id: Option<Untrusted>,
    pub fields: Vec<ContactField>,
}

/// A field that both sides changed, each in its own way. Both values stay until somebody chooses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conflict {
    /// The desk's value.
    pub mine: ContactField,
    /// The other side's.
    pub theirs: ContactField,
    pub since: Timestamp,
}

/// A value that the other side will not have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declined {
    pub value: ContactField,
    /// In its own words.
    pub said: Untrusted,
}

/// Values that were sent and not yet answered for: heard from the other side, they are our own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// The version they were to replace (`If-Match`). Once the other side has another one, they have
    /// landed or never will.
    pub on: Option<Untrusted>,
    pub values: Vec<ContactField>,
}

/// What the desk knows of a contact's other side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    pub contact: Untrusted,
    pub side: Side,
    /// The community's own `id` and `externalId` (RFC 7643 §3.1).
    #[serde(default)]
    pub community_id: Option<Untrusted>,
    #[serde(default)]
    pub external_id: Option<Untrusted>,
    /// `meta.version` of what was heard last, as it was given.
    #[serde(default)]
    pub version: Option<Untrusted>,
    /// The value of each field that both sides last agreed on.
    #[serde(default)]
    pub base: Vec<ContactField>,
    #[serde(default)]
    pub conflicts: Vec<Conflict>,
    #[serde(default)]
    pub sent: Option<Sent>,
    #[serde(default)]
    pub declined: Vec<Declined>,
    /// Fields the other side took and does not keep.
    #[serde(default)]
    pub not_kept: Vec<Untrusted>,
    /// What that side says and cannot be used, each with why.
    #[serde(default)]
    pub unreadable: Vec<FieldError>,
    /// The community should be asked for this contact since then.
    #[serde(default)]
    pub look_since: Option<Timestamp>,
    /// When the newest event about it was made, as the community's clock says.
    #[serde(default)]
    pub told_at: Option<Timestamp>,
    /// When something was last learned of the other side, by our clock.
    pub heard_at: Timestamp,
    /// The other side has it no longer.
    #[serde(default)]
    pub gone: bool,
    /// The contact was erased: nothing is taken for it any more, and nothing given.
    #[serde(default)]
    pub erased: bool,
    pub created_at: Timestamp,
}

/// What a merge did, field by field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Merged {
    /// Taken over from the other side.
    pub taken: Vec<&'static str>,
    /// In conflict now and not before.
    pub disputed: Vec<&'static str>,
}

impl Link {
    pub fn new(contact: Untrusted, side: Side, now: Timestamp) -> Self {
        Self {
            contact,
            side,
            community_id: None,
            external_id: None,
            version: None,
            base: Vec::new(),
            conflicts: Vec::new(),
            sent: None,
            declined: Vec::new(),
            not_kept: Vec::new(),
            unreadable: Vec::new(),
            look_since: None,
            told_at: None,
            heard_at: now,
            gone: false,
            erased: false,
            created_at: now,
        }
    }

    /// The agreed value of the same field as `like`; blank where there never was one.
    pub fn base_of(&self, like: &ContactField) -> ContactField {
        self.base.iter().find(|base| same_field(base, like)).cloned().unwrap_or_else(|| blank(like))
    }

    /// Something a person should look at.
    pub fn wants_attention(&self) -> bool {
        !self.conflicts.is_empty() || !self.declined.is_empty()
    }

    fn agree(&mut self, value: ContactField) {
        self.conflicts.retain(|conflict| !same_field(&conflict.mine, &value));
        put(&mut self.base, value);
    }

    fn keeps(&self, field: &ContactField) -> bool {
        !self.not_kept.iter().any(|name| name.raw() == field.name())
    }

    /// Values about to be sent to replace version `on`; to be on disk before the first byte leaves.
    pub fn sending(&mut self, values: &[ContactField], on: Option<&Untrusted>) {
        let mut sent = self.sent.take().filter(|sent| sent.on.as_ref() == on);
        let sent = sent.get_or_insert(Sent { on: on.cloned(), values: Vec::new() });
        for value in values {
            if !sent.values.contains(value) {
                sent.values.push(value.clone());
            }
        }
        self.sent = Some(sent.clone());
    }

    /// The whole contact was heard as of `version`, and merged.
    pub fn heard_whole(&mut self, version: Option<&Untrusted>) {
        // Without versions there is nothing to tell a late landing by; this is the best that can be done.
        self.sent = self
            .sent
            .take()
            .filter(|sent| sent.on.is_some() && (version.is_none() || sent.on.as_ref() == version));
    }

    /// The other side has taken these values; `after` is what it says of the contact as of that
    /// moment, where it says so. Merge `after` next.
    pub fn taken_there(&mut self, values: &[ContactField], after: Option<&Stated>) {
        for value in values {
            self.agree(value.clone());
            self.declined.retain(|declined| !same_field(&declined.value, value));
            let lost = after.is_some_and(|after| {
                let said = after.fields.iter().find(|said| same_field(said, value));
                said.is_none_or(is_blank) && !is_blank(value)
            });
            if lost && self.keeps(value) {
                self.not_kept.push(value.name().into());
            }
        }
        // Whatever is still on its way was to replace an older version, and is refused.
        self.sent = None;
    }

    /// The other side will not have this value; it is not sent again.
    pub fn declined(&mut self, value: &ContactField, said: &str) {
        if let Some(sent) = &mut self.sent {
            sent.values.retain(|sent| sent != value);
        }
        self.declined.retain(|declined| !same_field(&declined.value, value));
        self.declined.push(Declined { value: value.clone(), said: said.into() });
    }
}

/// Merges what the other side says into contact and link. Hearing the same again changes nothing.
pub fn merge(contact: &mut Contact, link: &mut Link, stated: &Stated, now: Timestamp) -> Merged {
    let mut merged = Merged::default();
    if link.erased {
        return merged;
    }
    // Only the community moves a contact from one company to another. A spreadsheet may be an old one, and
    // would send the new company's person what is the old one's.
    let may_move = link.side == Side::Community || contact.partner_id.is_none();
    if let Some(partner) = &stated.partner_id
        && contact.partner_id.as_ref() != Some(partner)
        && may_move
    {
        contact.partner_id = Some(partner.clone());
        merged.taken.push("partner_id");
    }
    for theirs in stated.fields.iter().filter(|said| is_synced(said)) {
        if !link.keeps(theirs) {
            if is_blank(theirs) {
                continue;
            }
            link.not_kept.retain(|name| name.raw() != theirs.name());
        }
        if let ContactField::OptedOut(out) = theirs {
            // What they have said since before the recipient ended it is no new opt-out.
            let old = match link.base_of(theirs) {
                ContactField::OptedOut(base) => base.intersection(&contact.opted_in).copied().collect(),
                _ => BTreeSet::new(),
            };
            let fresh = out.difference(&old).copied();
            let both: BTreeSet<_> = contact.opted_out.iter().copied().chain(fresh).collect();
            if both != contact.opted_out {
                contact.opted_in.retain(|medium| !both.contains(medium));
                contact.opted_out = both;
                merged.taken.push(theirs.name());
            }
            put(&mut link.base, theirs.clone());
            continue;
        }
        if matches!(theirs, ContactField::Name(name) if name.is_empty()) {
            continue;
        }
        // What we sent and hear back is no edit of theirs, though its answer was lost.
        let own = link.sent.as_ref().is_some_and(|sent| sent.values.contains(theirs));
        let base = if own { theirs.clone() } else { link.base_of(theirs) };
        let mine = contact.field(theirs);
        if mine == *theirs {
            link.agree(theirs.clone());
        } else if mine == base {
            contact.set(theirs.clone());
            link.agree(theirs.clone());
            merged.taken.push(theirs.name());
        } else if *theirs == base {
            link.agree(base);
        } else if contact.as_configured.contains(theirs.name()) {
            // Nobody here has edited it: what the configuration made up is not worth a question.
            contact.set(theirs.clone());
            link.agree(theirs.clone());
            merged.taken.push(theirs.name());
        } else {
            let before = link.conflicts.iter_mut().find(|conflict| same_field(&conflict.mine, theirs));
            match before {
                Some(conflict) => (conflict.mine, conflict.theirs) = (mine, theirs.clone()),
                None => {
                    link.conflicts.push(Conflict { mine, theirs: theirs.clone(), since: now });
                    merged.disputed.push(theirs.name());
                }
            }
        }
    }
    if !merged.taken.is_empty() {
        contact.updated_at = now;
    }
    let mut settled = link.declined.clone();
    settled.retain(|declined| contact.field(&declined.value) == declined.value);
    link.declined = settled;
    merged
}

/// What the other side should be given: everything the desk changed since they agreed, apart from
/// what is disputed or was declined. Opt-outs go before all else, and alone, so that nothing else
/// that may be refused holds them up.
pub fn to_give(contact: &Contact, link: &Link) -> Vec<ContactField> {
    if link.erased || link.gone {
        return Vec::new();
    }
    let mut values: Vec<ContactField> = synced_fields(contact)
        .into_iter()
        .filter(|mine| {
            let base = link.base_of(mine);
            let changed = match (mine, &base) {
                // An opt-out that is missing here is given as ended only where its recipient ended it.
                (ContactField::OptedOut(mine), ContactField::OptedOut(base)) => {
                    !mine.is_subset(base)
                        || base.difference(mine).any(|medium| contact.opted_in.contains(medium))
                }
                _ => *mine != base,
            };
            changed
                && link.keeps(mine)
                && !link.conflicts.iter().any(|conflict| same_field(&conflict.mine, mine))
                && !link.declined.iter().any(|declined| declined.value == *mine)
        })
        .collect();
    if let Some(at) = values.iter().position(|value| matches!(value, ContactField::OptedOut(_))) {
        return vec![values.swap_remove(at)];
    }
    values
}

/// Which of two values of a conflict stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keep {
    Mine,
    Theirs,
}

/// Ends a conflict; both sides then agree on what the other side had, so that it never comes back.
/// Returns the value that stays; `None` if that field is not in conflict.
pub fn resolve(
    contact: &mut Contact,
    link: &mut Link,
    field: &str,
    keep: Keep,
    now: Timestamp,
) -> Option<ContactField> {
    let at = link.conflicts.iter().position(|conflict| conflict.mine.name() == field)?;
    let conflict = link.conflicts.remove(at);
    put(&mut link.base, conflict.theirs.clone());
    Some(match keep {
        Keep::Mine => contact.field(&conflict.mine),
        Keep::Theirs => {
            contact.set(conflict.theirs.clone());
            contact.updated_at = now;
            conflict.theirs
        }
    })
}

/// Compares two versions of a contact where they are numbers (`7`, `"7"`, `W/"7"`); other versions
/// only say that something differs (RFC 9110 §8.8.3).
pub fn compare_versions(one: &str, other: &str) -> Option<Ordering> {
    let number = |version: &str| bare_version(version).parse::<u64>().ok();
    match (number(one), number(other)) {
        (Some(one), Some(other)) => Some(one.cmp(&other)),
        _ => (bare_version(one) == bare_version(other)).then_some(Ordering::Equal),
    }
}

/// An entity tag without its quotes and its mark of weakness.
pub fn bare_version(version: &str) -> &str {
    let version = version.trim();
    version.strip_prefix("W/").unwrap_or(version).trim_matches('"')
}

/// Every field that is kept the same on both sides, as the contact has it. Notes are the desk's own.
pub fn synced_fields(contact: &Contact) -> Vec<ContactField> {
    vec![
        ContactField::Name(contact.name.clone()),
        ContactField::Active(contact.state == ContactState::Active),
        ContactField::Emails(contact.emails.clone()),
        ContactField::Phones(contact.phones.clone()),
        ContactField::Locale(contact.locale.clone()),
        ContactField::TimeZone(contact.time_zone.clone()),
        ContactField::Roles(contact.roles.clone()),
        ContactField::Channels(contact.channels.clone()),
        ContactField::QuietHours(contact.quiet_hours),
        ContactField::OptedOut(contact.opted_out.clone()),
    ]
}

/// A contact that nobody has said anything of yet.
pub fn blank_contact(id: Untrusted, now: Timestamp) -> Contact {
    Contact {
        id,
        partner_id: None,
        name: "".into(),
        state: ContactState::Active,
        emails: Vec::new(),
        phones: Vec::new(),
        locale: None,
        time_zone: None,
        roles: Vec::new(),
        channels: BTreeMap::new(),
        quiet_hours: None,
        opted_out: BTreeSet::new(),
        opted_in: BTreeSet::new(),
        unsubscribed: BTreeSet::new(),
        successor: None,
        notes: "".into(),
        as_configured: BTreeSet::new(),
        created_at: now,
        updated_at: now,
    }
}

/// The same field without a value.
pub fn blank(like: &ContactField) -> ContactField {
    match like {
        ContactField::Name(_) => ContactField::Name("".into()),
        ContactField::Active(_) => ContactField::Active(true),
        ContactField::Emails(_) => ContactField::Emails(Vec::new()),
        ContactField::Phones(_) => ContactField::Phones(Vec::new()),
        ContactField::Locale(_) => ContactField::Locale(None),
        ContactField::TimeZone(_) => ContactField::TimeZone(None),
        ContactField::Roles(_) => ContactField::Roles(Vec::new()),
        ContactField::Channels(_) => ContactField::Channels(BTreeMap::new()),
        ContactField::QuietHours(_) => ContactField::QuietHours(None),
        ContactField::OptedOut(_) => ContactField::OptedOut(BTreeSet::new()),
        ContactField::Notes(_) => ContactField::Notes("".into()),
    }
}

pub fn is_blank(field: &ContactField) -> bool {
    *field == blank(field)
}

pub fn same_field(one: &ContactField, other: &ContactField) -> bool {
    std::mem::discriminant(one) == std::mem::discriminant(other)
}

fn is_synced(field: &ContactField) -> bool {
    !matches!(field, ContactField::Notes(_))
}

fn put(fields: &mut Vec<ContactField>, value: ContactField) {
    match fields.iter_mut().find(|field| same_field(field, &value)) {
        Some(field) => *field = value,
        None => fields.push(value),
    }
}

#[cfg(test)]
mod tests;
