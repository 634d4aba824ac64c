//! What people change about a contact, and what nobody but the contact may.

use super::{Asked, refuse};
use crate::core::change::{Change, Object, What};
use crate::core::command::{Refusal, RefusalCode};
use crate::core::consent::{self, Means, Word};
use crate::core::contact::{Category, Contact, ContactField, Medium};
use crate::core::suppression::{Suppression, SuppressionCause, SuppressionState};
use crate::core::text::Untrusted;

impl Asked<'_> {
    pub(super) fn set_contact(
        &mut self,
        mut contact: Contact,
        fields: &[ContactField],
    ) -> Result<String, Refusal> {
        if fields.is_empty() {
            return Err(refuse(RefusalCode::Invalid, "No field was given to change.".to_owned()));
        }
        for seen in &self.expect.fields {
            if contact.field(seen) != *seen {
                return Err(refuse(
                    RefusalCode::Raced,
                    format!(
                        "{} of {} was changed meanwhile; look again.",
                        seen.name(),
                        contact.name.printable()
                    ),
                ));
            }
        }
        let mut changed = Vec::new();
        let before = contact.opted_out.clone();
        for field in fields {
            let brings_back = |(category, media): (&Category, &Vec<Medium>)| {
                media.contains(&Medium::Email) && contact.unsubscribed.contains(category)
            };
            if let ContactField::Channels(wanted) = field
                && wanted.iter().any(brings_back)
            {
                let said = format!(
                    "{} ended those mails by the link in one of them; only the signed link there brings them back.",
                    contact.name.printable()
                );
                return Err(refuse(RefusalCode::NotAllowed, said));
            }
            if let ContactField::OptedOut(wanted) = field
                && !contact.opted_out.is_subset(wanted)
            {
                let said = format!(
                    "An opt-out ends only by {} (START, or the signed link); nobody else can end it.",
                    contact.name.printable()
                );
                return Err(refuse(RefusalCode::NotAllowed, said));
            }
            if let ContactField::TimeZone(Some(zone)) = field
                && jiff::tz::TimeZone::get(zone.raw()).is_err()
            {
                let said =
                    format!("{} is not a time zone; they are named like Europe/Berlin.", zone.printable());
                return Err(refuse(RefusalCode::Invalid, said));
            }
            if matches!(field, ContactField::Name(name) if name.is_empty()) {
                return Err(refuse(RefusalCode::Invalid, "A contact needs a name.".to_owned()));
            }
            if contact.field(field) != *field {
                changed.push(field.name());
                contact.set(field.clone());
            }
        }
        if changed.is_empty() {
            return Ok(format!("{} is as you want it already.", contact.name.printable()));
        }
        contact.updated_at = self.decision.now;
        let list = changed.join(", ");
        let summary =
            Untrusted::new(format!("{} changed {list} of {}.", self.asker.name, contact.name.raw()));
        self.decision.changes.push(Change {
            at: self.decision.now,
            actor: self.actor.clone(),
            what: What::ContactChanged,
            summary,
            alert: None,
            partner: contact.partner_id.clone(),
            object: Object::Contact(Box::new(contact.clone())),
        });
        let word = Word {
            actor: &self.actor,
            means: Means::Operator,
            words: Untrusted::new(format!("set by {}", self.asker.name)),
            evidence: Untrusted::new(format!("command {}", self.id)),
        };
        consent::record_contact(&mut self.decision, &word, &before, &contact);
        Ok(format!("Changed {list} of {}.", contact.name.printable()))
    }

    /// Whoever says that a contact's addresses are mended has them tried again. An opt-out stays.
    pub(super) fn lift(&mut self, suppressed: Vec<Suppression>) {
        let dead = |s: &Suppression| s.state == SuppressionState::Active && s.cause == SuppressionCause::Dead;
        for mut lifted in suppressed.into_iter().filter(dead) {
            lifted.state = SuppressionState::Lifted;
            lifted.updated_at = self.decision.now;
            let summary = format!("{} is tried again.", lifted.id.printable());
            self.decision.changes.push(Change {
                at: self.decision.now,
                actor: self.actor.clone(),
                what: What::AddressLifted,
                summary: summary.into(),
                alert: None,
                partner: None,
                object: Object::Suppression(Box::new(lifted)),
            });
        }
    }
}
