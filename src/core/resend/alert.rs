//! An alert said again to each person who is responsible now.

use super::{Resending, Target};
use crate::core::alert::{Alert, AlertState};
use crate::core::command::RefusalCode;
use crate::core::contact::Medium;
use crate::core::desk::Told;
use crate::core::notification::{Purpose, Reason, Recipient, RecipientId};

impl Resending<'_, '_> {
    pub(super) fn alert(&mut self, target: Target, alert: &Alert) {
        if alert.state == AlertState::Resolved {
            return self.leave_out(target, None, (RefusalCode::WrongState, "it is closed already".into()));
        }
        let told = match &self.asked.to {
            Some(RecipientId::Person(id)) => vec![Told { person: id.clone(), via: self.by_hand() }],
            Some(_) => {
                let said = "what the desk says of an alert is not written for partners; send one of their own \
                            messages again";
                return self.leave_out(target, None, (RefusalCode::NotAllowed, said.into()));
            }
            None => {
                let taken = alert.step.clamp(1, alert.policy.steps.len().max(1) as u32) as usize;
                let targets: Vec<_> =
                    alert.policy.steps.iter().take(taken).flat_map(|s| s.notify.clone()).collect();
                self.decision.desk.people_behind(&targets, &alert.partner, self.decision.now).0
            }
        };
        if told.is_empty() {
            let said = "nobody is responsible for it now; name a person with --to";
            return self.leave_out(target, None, (RefusalCode::WrongState, said.into()));
        }
        for one in told {
            let Some(person) = self.decision.desk.person(&one.person).cloned() else { continue };
            let media = self.over.media.clone().unwrap_or_else(|| Medium::ALL.to_vec());
            let media: Vec<Medium> =
                media.into_iter().filter(|m| self.reaches(&person, *m).is_ok()).collect();
            if media.is_empty() {
                let medium = self.over.medium(Medium::Sms);
                let why = self.reaches(&person, medium).err().unwrap_or_else(|| "no way to them".to_owned());
                self.leave_out(target, Some(&person.name), (RefusalCode::Invalid, why));
                continue;
            }
            let next = self.decision.next_after(alert).filter(|_| alert.state == AlertState::Open);
            for (i, medium) in media.into_iter().enumerate() {
                let content = self.decision.content(alert, &person, medium, next.as_ref(), &one.via);
                let purpose = if i == 0 && alert.is_paging() { Purpose::Page } else { Purpose::Detail };
                let by_hand = self.by_hand();
                let via = if one.via == by_hand { by_hand } else { format!("{by_hand}, {}", one.via) };
                let reason = Reason {
                    rule: alert.rule.clone(),
                    policy: Some(alert.policy.name.clone()),
                    step: None,
                    via: via.into(),
                    outcome: None,
                };
                let about = crate::core::escalation::about(alert);
                let who = RecipientId::Person(person.id.clone());
                let recipient = Recipient { who, name: person.name.as_str().into() };
                self.queue(target, about, recipient, medium, purpose, content, reason, |_| {});
            }
        }
    }
}
