//! What leaves is queued and put into the plan; who gets nothing is put there too.

use super::plan::{Going, LeftOut};
use super::{Not, Resending, Target};
use crate::core::change::{Change, Object, What};
use crate::core::contact::Medium;
use crate::core::escalation::{About, medium_word};
use crate::core::id::NotificationId;
use crate::core::notification::{
    Again, Content, Notification, Purpose, Reason, Recipient, RecipientId, SentAgain,
};
use crate::core::sms;
use crate::core::status_update::UNDO;
use crate::core::text::Untrusted;

impl Resending<'_, '_> {
    #[allow(clippy::too_many_arguments)]
    pub(super) fn copy(
        &mut self,
        target: Target,
        n: &Notification,
        recipient: Recipient,
        medium: Medium,
        purpose: Purpose,
        content: Content,
        amend: impl FnOnce(&mut Notification),
    ) {
        let about = About {
            alert: n.alert,
            event: n.event,
            partner: n.partner.clone(),
            category: n.category,
            urgent: n.urgent,
            thread: n.thread.clone(),
        };
        let reason = Reason { via: self.by_hand().into(), outcome: None, ..n.reason.clone() };
        let id = self.queue(target, about, recipient, medium, purpose, content, reason, amend);
        let (now, by) = (self.decision.now, self.asker.id.clone());
        let mut original = n.clone();
        original.again.last = Some(SentAgain { id, by, at: now });
        let summary = format!("{} sends it again as {id}.", self.asker.name);
        let actor = self.actor();
        let what = What::NotificationResent;
        self.decision.changes.push(Change::notification(now, actor, what, summary, &original));
    }

    #[allow(clippy::too_many_arguments)]
    pub(super) fn queue(
        &mut self,
        target: Target,
        about: About,
        recipient: Recipient,
        medium: Medium,
        purpose: Purpose,
        content: Content,
        reason: Reason,
        amend: impl FnOnce(&mut Notification),
    ) -> NotificationId {
        let id = NotificationId(self.decision.ids.notification);
        let channel = self.over.channel.clone();
        self.decision.queue_to(about, recipient, medium, purpose, content, reason, channel.as_deref());
        let (now, by) = (self.decision.now, self.asker.id.clone());
        let of = match target {
            Target::Message(of) => Some(of),
            Target::Alert(_) => None,
        };
        self.decision.amend_last(|n| {
            n.again = Again { by: Some(by), of, ..Again::default() };
            if !n.urgent {
                n.due_at = Some(now + UNDO);
            }
            amend(n);
        });
        let actor = self.actor();
        let Some(last) = self.decision.changes.last_mut() else { return id };
        (last.actor, last.what) = (actor, What::NotificationResent);
        if let Object::Notification(n) = &last.object {
            let n = (**n).clone();
            self.go(target, &n, false);
        }
        id
    }

    pub(super) fn go(&mut self, of: Target, n: &Notification, marked: bool) {
        let parts = match n.medium {
            Medium::Sms => {
                let mark = if marked { crate::core::page::AGAIN } else { "" };
                sms::segments(&format!("{mark}{}", n.content.body.raw())).parts.len() as u32
            }
            Medium::Email => 1,
        };
        let waits = match n.hold {
            Some(_) => n.reason.outcome.clone(),
            None if self.known.down.contains(&n.channel)
                && crate::core::delivery::works(self.decision.desk, &self.known.down, n, None).is_none() =>
            {
                Some(format!("no provider takes {} now", medium_word(n.medium)).into())
            }
            None => None,
        };
        self.plan.goes.push(Going {
            of,
            to: n.recipient.clone(),
            address: self.address(n),
            medium: n.medium,
            channel: n.channel.clone(),
            parts,
            at: n.due_at,
            waits,
            marked,
            undoable: !marked && n.due_at.is_some_and(|due| due > self.decision.now),
        });
    }

    /// Where it goes as things are now.
    fn address(&self, n: &Notification) -> Option<Untrusted> {
        match &n.recipient.who {
            RecipientId::Person(id) => self.decision.desk.person(id)?.address(n.medium).map(Into::into),
            RecipientId::Contact(id) => {
                let (reach, contact) = self.contact(id)?;
                reach.usable(self.decision.desk, contact, n.medium).map(Into::into)
            }
            RecipientId::Webhook(_) => None,
        }
    }

    pub(super) fn leave_out(&mut self, of: Target, who: Option<&str>, (code, because): Not) {
        let who = who.map(Into::into);
        self.plan.left_out.push(LeftOut { of, who, because: because.into(), code });
    }
}
