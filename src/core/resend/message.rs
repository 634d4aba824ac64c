//! One message sent again: as it was, in another medium, or to somebody else.

use super::{Not, Resending, Target};
use crate::core::alert::{Alert, AlertState};
use crate::core::command::RefusalCode;
use crate::core::contact::{Contact, ContactState, Medium};
use crate::core::flow::reader::Reader;
use crate::core::notification::{
    Content, Hold, Notification, NotificationState, Purpose, Recipient, RecipientId,
};
use crate::core::person::PersonId;
use crate::core::reach::{NoWay, Reach, Way};
use crate::core::settle;
use crate::core::text::Untrusted;

impl Resending<'_, '_> {
    pub(super) fn message(&mut self, target: Target, n: &Notification) {
        let to = self.asked.to.clone().unwrap_or_else(|| n.recipient.who.clone());
        // Of what is in doubt nobody knows whether a copy would be the second one: it goes on itself, marked.
        if n.state == NotificationState::InDoubt && to == n.recipient.who && self.asked.via.is_none() {
            return self.out_of_doubt(target, n);
        }
        let done = match &to {
            RecipientId::Person(id) => self.by_person(target, n, id),
            RecipientId::Contact(id) => self.by_contact(target, n, id),
            RecipientId::Webhook(_) if to == n.recipient.who && self.asked.via.is_none() => {
                let (purpose, recipient) = (n.purpose, n.recipient.clone());
                let channel = n.channel.clone();
                self.copy(target, n, recipient, n.medium, purpose, n.content.clone(), |copy| {
                    copy.channel = channel;
                });
                Ok(())
            }
            RecipientId::Webhook(_) => {
                Err((RefusalCode::Invalid, "a webhook gets only what was written for it, its own way".into()))
            }
        };
        if let Err(why) = done {
            let name = match &to {
                RecipientId::Person(id) => self.decision.desk.name_of(id),
                RecipientId::Contact(id) => self.contact(id).map_or_else(
                    || id.printable().into_string(),
                    |(_, contact)| contact.name.printable().into_string(),
                ),
                RecipientId::Webhook(name) => name.clone(),
            };
            self.leave_out(target, Some(&name), why);
        }
    }

    fn out_of_doubt(&mut self, target: Target, n: &Notification) {
        if let Some((reach, contact)) = self.recipient_contact(n)
            && let Way::None(NoWay::Unwanted(why) | NoWay::Broken(why)) =
                reach.way(self.decision.desk, contact, n.category, self.decision.now)
        {
            let name = contact.name.printable().into_string();
            return self.leave_out(target, Some(&name), (RefusalCode::NotAllowed, why));
        }
        let mut n = n.clone();
        let actor = self.actor();
        let change = settle::send_again(self.decision, &actor, &self.asker.id, &mut n);
        self.decision.changes.push(change);
        self.go(target, &n, true);
    }

    fn recipient_contact(&self, n: &Notification) -> Option<(&Reach, &Contact)> {
        match &n.recipient.who {
            RecipientId::Contact(id) => self.contact(id),
            _ => None,
        }
    }

    fn by_person(&mut self, target: Target, n: &Notification, id: &PersonId) -> Result<(), Not> {
        let person = self.decision.desk.person(id).cloned();
        let person = person.ok_or((RefusalCode::NotFound, "is no person of the desk any more".to_owned()))?;
        let medium = self.over.medium(n.medium);
        self.reaches(&person, medium).map_err(|why| (RefusalCode::Invalid, why))?;
        let alert = n.alert.and_then(|id| self.known.alerts.get(&id));
        let anothers = n.purpose == Purpose::Page && n.recipient.who != RecipientId::Person(id.clone());
        let several = n.purpose == Purpose::Page && n.bundle.is_some();
        let content = match (alert, medium == n.medium) {
            // Words for another medium, and the reply code of another person, are made anew; of several
            // alerts, some of which may be over, only the one it is filed under is said again.
            (Some(alert), same) if n.said.is_none() && (!same || several || anothers) => {
                let next = self.decision.next_after(alert).filter(|_| alert.state == AlertState::Open);
                self.decision.content(alert, &person, medium, next.as_ref(), "sent again by hand")
            }
            (_, false) => self.written(n, medium, None).unwrap_or_else(|| n.content.clone()),
            (_, true) => n.content.clone(),
        };
        // Sent again it is still a page, and goes the way of pages when somebody takes the alert.
        let paging = alert.is_some_and(Alert::is_paging);
        let purpose = if n.purpose == Purpose::Page && !paging { Purpose::Detail } else { n.purpose };
        let recipient = Recipient { who: RecipientId::Person(id.clone()), name: person.name.as_str().into() };
        self.copy(target, n, recipient, medium, purpose, content, |_| {});
        Ok(())
    }

    fn by_contact(&mut self, target: Target, n: &Notification, id: &Untrusted) -> Result<(), Not> {
        let Some((reach, contact)) =
            self.contact(id).map(|(reach, contact)| (reach.clone(), contact.clone()))
        else {
            return Err((RefusalCode::NotFound, "is not known here".to_owned()));
        };
        let own = n.recipient.who == RecipientId::Contact(id.clone());
        if !matches!(n.recipient.who, RecipientId::Contact(_)) {
            let said = "it was written for the desk; nothing of it goes to a partner";
            return Err((RefusalCode::NotAllowed, said.to_owned()));
        }
        if contact.state == ContactState::Inactive {
            return Err((RefusalCode::WrongState, "is inactive".to_owned()));
        }
        let elsewhere = match (&contact.partner_id, &n.partner) {
            (Some(theirs), Some(of)) => theirs != of,
            (None, Some(_)) => !own,
            (_, None) => !own,
        };
        if elsewhere {
            let said = "is no contact of the partner that it is about";
            return Err((RefusalCode::NotAllowed, said.to_owned()));
        }
        let (desk, now) = (self.decision.desk, self.decision.now);
        let way = match &self.over.media {
            Some(_) => reach.way_over(desk, &contact, n.category, self.over.medium(n.medium), now),
            None => reach.way(desk, &contact, n.category, now),
        };
        let (medium, until) = match way {
            Way::Send { medium, .. } => (medium, None),
            Way::Wait(until) => {
                let by_day = reach.by_day(desk, &contact, n.category).map(|(medium, _)| medium);
                let chosen = self.over.media.as_ref().map(|_| self.over.medium(n.medium));
                (chosen.or(by_day.ok()).unwrap_or(n.medium), Some(until))
            }
            Way::None(NoWay::Unwanted(why)) => return Err((RefusalCode::NotAllowed, why)),
            Way::None(NoWay::Broken(why)) => return Err((RefusalCode::WrongState, why)),
        };
        let for_other = (!own).then_some(&contact);
        let content = match (medium == n.medium && own, self.written(n, medium, for_other)) {
            (true, _) => n.content.clone(),
            (false, Some(content)) => content,
            (false, None) if medium == n.medium => n.content.clone(),
            (false, None) => {
                let said = format!("it has no words for {}", medium.as_str());
                return Err((RefusalCode::Invalid, said));
            }
        };
        let recipient = Recipient { who: RecipientId::Contact(id.clone()), name: contact.name.clone() };
        let said = n.said.clone().map(|mut said| {
            if !own {
                said.frame.name = contact.name.printable().into_string();
                said.locale = Reader::contact(desk, &contact, reach.partner.as_ref()).locale;
            }
            said
        });
        let over = self.over.media.is_some().then_some(medium);
        self.copy(target, n, recipient, medium, n.purpose, content, |copy| {
            copy.said = said;
            copy.again.over = over;
            if let Some(until) = until {
                (copy.state, copy.hold) = (NotificationState::Held, Some(Hold::QuietHours));
                copy.due_at = Some(until);
                copy.expires_at = Some(until + desk.retry.give_up);
                copy.reason.outcome = Some("it is night where the contact lives".into());
            }
        });
        Ok(())
    }

    /// The same said in another medium or to another contact; `None` where only the words are kept.
    fn written(&self, n: &Notification, medium: Medium, to: Option<&Contact>) -> Option<Content> {
        let said = n.said.as_ref()?;
        let mut frame = said.frame.clone();
        let mut locale = said.locale.clone();
        if let Some(contact) = to {
            frame.name = contact.name.printable().into_string();
            let partner = self.known.reach.get(&contact.id).and_then(|reach| reach.partner.as_ref());
            locale = Reader::contact(self.decision.desk, contact, partner).locale;
        }
        Some(self.decision.desk.templates.render(&said.message, &frame, medium, &locale))
    }
}
