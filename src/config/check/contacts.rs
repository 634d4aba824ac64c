//! Contacts that the file names, created where they are not known.

use super::{Check, category, medium};
use crate::config::file::{self, Text};
use crate::core::contact::{Contact, ContactState};
use crate::core::sync::{is_blank, synced_fields};
use jiff::Timestamp;
use std::collections::BTreeSet;

impl Check<'_> {
    pub(super) fn contacts(&mut self, tables: Vec<file::ContactTable>) -> Vec<Contact> {
        let mut names = BTreeSet::new();
        let mut contacts = Vec::new();
        for t in tables {
            self.name("contact", &t.id, &mut names);
            if let Some(zone) = &t.time_zone {
                self.zone(zone);
            }
            let text = |text: Option<Text>| text.map(|t| t.into_inner().into());
            let mut contact = Contact {
                id: t.id.as_ref().as_str().into(),
                partner_id: text(t.partner_id),
                name: t.name.into_inner().into(),
                state: ContactState::Active,
                emails: t.emails.iter().filter_map(|email| self.parsed(Some(email))).collect(),
                phones: t.phones.iter().filter_map(|phone| self.parsed(Some(phone))).collect(),
                locale: text(t.locale),
                time_zone: text(t.time_zone),
                roles: t.roles.into_iter().map(|role| role.into_inner().into()).collect(),
                channels: t
                    .channels
                    .into_iter()
                    .map(|(word, media)| (category(word), media.into_iter().map(medium).collect()))
                    .collect(),
                quiet_hours: self.parsed(t.quiet_hours.as_ref()),
                opted_out: BTreeSet::new(),
                opted_in: BTreeSet::new(),
                unsubscribed: BTreeSet::new(),
                successor: None,
                notes: "".into(),
                as_configured: BTreeSet::new(),
                created_at: Timestamp::UNIX_EPOCH,
                updated_at: Timestamp::UNIX_EPOCH,
            };
            let said = synced_fields(&contact).into_iter().filter(|field| !is_blank(field));
            contact.as_configured = said.map(|field| field.name().to_owned()).collect();
            contacts.push(contact);
        }
        contacts
    }
}
