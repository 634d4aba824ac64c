//! The one answer to a reply, and the record of it.

use super::take::{TEXT_KEPT, Taking};
use super::{Became, Reply};
use crate::core::alert::Alert;
use crate::core::contact::{Category, Medium};
use crate::core::escalation::About;
use crate::core::id::NotificationId;
use crate::core::notification::{Content, Purpose, Reason, Recipient, RecipientId};
use crate::core::page::plain;
use crate::core::sms;
use crate::core::text::Untrusted;

/// An address that got more answers than this within an hour is a machine's, or somebody playing.
const ANSWERS_AN_HOUR: u64 = 12;

impl Taking<'_> {
    pub(super) fn kept(&self, state: Became, who: Option<RecipientId>, said: String) -> Reply {
        let text: String = self.inbound.text.raw().chars().take(TEXT_KEPT).collect();
        Reply {
            id: self.inbound.id().into(),
            state,
            channel: self.inbound.channel.clone(),
            medium: self.inbound.medium,
            from: self.inbound.from.as_str().into(),
            mailbox: self.view.mailbox.as_deref().map(Into::into),
            who: who.or_else(|| self.who()),
            text: text.into(),
            alert: None,
            task: None,
            answer: None,
            said: said.into(),
            created_at: self.decision.now,
        }
    }

    /// One answer, unless the address said stop or got very many.
    pub(super) fn answer(
        &mut self,
        who: Option<RecipientId>,
        state: Became,
        alert: Option<Alert>,
        said: String,
    ) -> Reply {
        let quiet =
            self.is_suppressed() || (self.view.answered_lately >= ANSWERS_AN_HOUR && state != Became::Acted);
        if quiet {
            let mut kept = self.kept(state, who, said);
            kept.alert = alert.map(|alert| alert.id);
            return kept;
        }
        self.answer_anyway(who, state, alert, said)
    }

    pub(super) fn answer_anyway(
        &mut self,
        who: Option<RecipientId>,
        state: Became,
        alert: Option<Alert>,
        said: String,
    ) -> Reply {
        let mut kept = self.kept(state, who, said.clone());
        kept.alert = alert.as_ref().map(|alert| alert.id);
        let (Some(who), medium) = (kept.who.clone(), self.inbound.medium) else { return kept };
        if self.decision.desk.carrier(medium).is_none() {
            return kept;
        }
        let name = match &who {
            RecipientId::Person(id) => self.decision.desk.name_of(id).into(),
            RecipientId::Contact(_) | RecipientId::Webhook(_) => {
                self.contact().map(|contact| contact.name.clone()).unwrap_or_default()
            }
        };
        let content = match medium {
            Medium::Sms => {
                let text = sms::clip(&plain(&said), 160);
                Content { body: text.into(), ..Content::default() }
            }
            Medium::Email => Content {
                subject: format!("Re: your answer to {}", self.decision.desk.name).into(),
                body: format!("{said}\n").into(),
                ..Content::default()
            },
        };
        let about = About {
            alert: kept.alert,
            event: None,
            partner: self.contact().and_then(|contact| contact.partner_id.clone()),
            category: Category::Urgent,
            urgent: true,
            thread: self.view.named.as_ref().and_then(|(named, _)| named.thread.clone()),
        };
        let reason = Reason {
            rule: "replies".into(),
            policy: None,
            step: None,
            via: "answers a reply".into(),
            outcome: None,
        };
        kept.answer = Some(NotificationId(self.decision.ids.notification));
        self.decision.queue_to(
            about,
            Recipient { who, name },
            medium,
            Purpose::Notice,
            content,
            reason,
            None,
        );
        // It goes to the one address that the reply was about and nowhere else, also to somebody who just opted out.
        let address: Untrusted = self.address().into();
        self.decision.amend_last(|n| n.answers = Some(address));
        kept
    }
}
