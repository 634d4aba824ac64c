//! An answer to a message that speaks of several alerts: it takes all that are still open, and is
//! answered once.

use super::meant::{Asks, title};
use super::take::Taking;
use super::{Became, Paged, Reply};
use crate::core::alert::{Alert, AlertState};
use crate::core::change::Object;
use crate::core::command::Action;
use crate::core::contact::Medium;
use crate::core::id::NotificationId;
use crate::core::notification::{Notification, RecipientId};
use crate::core::person::Person;
use crate::core::sms;
use crate::core::status_update;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

impl Taking<'_> {
    /// The alerts that an answer means together: those of the message it names, or, for a bare question,
    /// all that this person heard of in one message. The worst first.
    pub(super) fn bundled(&self, person: &Person, asks: &Asks) -> Option<Vec<Paged>> {
        let mut several: Vec<Paged> = match &self.view.named {
            Some((named, paged)) => {
                let theirs = named.bundle.is_some() && self.is_theirs(named, person);
                paged.iter().chain(&self.view.along).filter(|_| theirs).cloned().collect()
            }
            None if self.said.code.is_none() && matches!(asks, Asks::How) => {
                let codes: BTreeSet<_> = self.view.told.iter().map(|p| self.code_of(person, p)).collect();
                let one = codes.len() == 1 && self.view.told.len() > 1;
                self.view.told.iter().filter(|_| one).cloned().collect()
            }
            None => return None,
        };
        several.sort_by_key(|paged| (Reverse(paged.alert.severity), paged.alert.id));
        (!several.is_empty()).then_some(several)
    }

    pub(super) fn of_bundle(&mut self, person: &Person, several: Vec<Paged>, asks: Asks) -> Reply {
        let who = Some(RecipientId::Person(person.id.clone()));
        let worst = several.first().map(|paged| paged.alert.clone());
        let (Asks::Take(action) | Asks::End(action)) = asks else {
            let said = self.list(person, &several);
            return self.answer(who, Became::Answered, worst, said);
        };
        let open: Vec<Paged> =
            several.into_iter().filter(|paged| paged.alert.state == AlertState::Open).collect();
        let Some(first) = open.first().map(|paged| action(paged.alert.id)) else {
            let said = "None of them is open any more; somebody took them, or they are over.".to_owned();
            return self.answer(who, Became::Refused, worst, said);
        };
        if matches!(first, Action::Resolve { .. }) && open.len() > 1 {
            let said = format!(
                "That message speaks of {} alerts, and each is closed for a reason of its own: do it at the desk.",
                open.len()
            );
            return self.answer(who, Became::Refused, worst, said);
        }
        let before = self.decision.changes.len();
        let (mut done, mut last, mut refused) = (0, String::new(), Vec::new());
        for mut paged in open {
            let id = paged.alert.id;
            self.as_they_are(&mut paged.notifications);
            match self.act(person, paged, action(id)) {
                Ok(said) => (done, last) = (done + 1, said),
                Err(refusal) => refused.push(refusal.said.printable().into_string()),
            }
        }
        status_update::say_once(&mut self.decision.changes, before);
        let refusal = refused.first().map(|why| format!(" Not {}: {why}", refused.len())).unwrap_or_default();
        let done = match (done, &first) {
            (0, _) => return self.answer(who, Became::Refused, worst, refusal.trim_start().to_owned()),
            (1, _) => last,
            (_, Action::Ack { .. }) => {
                let promised = last.split_once("; ").map_or("", |(_, promised)| promised);
                format!("You took {done} alerts; {promised}")
            }
            (_, Action::Snooze { .. }) => format!("{done} alerts sleep."),
            _ => format!("{done} alerts are escalated."),
        };
        self.answer(who, Became::Acted, worst, format!("{done}{refusal}"))
    }

    /// Messages as they are after what was decided so far: one may speak of several of the alerts.
    fn as_they_are(&self, notifications: &mut [Notification]) {
        let decided = self.decision.changes.iter().filter_map(|change| match &change.object {
            Object::Notification(n) => Some((n.id, n)),
            _ => None,
        });
        let newest: BTreeMap<NotificationId, _> = decided.collect();
        for n in notifications {
            if let Some(newer) = newest.get(&n.id) {
                newer.as_ref().clone_into(n);
            }
        }
    }

    /// How they all stand, as many as fit.
    fn list(&self, person: &Person, several: &[Paged]) -> String {
        let open = several.iter().filter(|paged| paged.alert.state == AlertState::Open).count();
        let code = several.iter().find_map(|paged| self.code_of(person, paged));
        let tail = match (open, code) {
            (1.., Some(code)) => format!(" ACK {code} takes the open ones."),
            _ => String::new(),
        };
        let room = if self.inbound.medium == Medium::Sms { 160 } else { 4_000 };
        let mut said = format!("{open} of {} open:", several.len());
        for (i, paged) in several.iter().enumerate() {
            let item = format!(" {};", self.item(&paged.alert));
            let more = format!(" +{} more.", several.len() - i);
            if sms::length(&said) + sms::length(&item) + sms::length(&more) + sms::length(&tail) > room {
                return format!("{said}{more}{tail}");
            }
            said.push_str(&item);
        }
        format!("{}.{tail}", said.trim_end_matches(';'))
    }

    /// `CRIT Acme Blocked order 45 (Weber)`.
    fn item(&self, alert: &Alert) -> String {
        let stands = match (alert.state, alert.held_by()) {
            (AlertState::Resolved, _) => " (closed)".to_owned(),
            (AlertState::Snoozed, _) => " (asleep)".to_owned(),
            (_, Some(holder)) => {
                let name =
                    self.decision.desk.person(holder).map_or_else(|| holder.0.clone(), Person::short_name);
                format!(" ({})", sms::clip(&sms::to_gsm7_text(&name), 12))
            }
            (AlertState::Open | AlertState::Acknowledged, None) => String::new(),
        };
        let named = sms::clip(&sms::fold(&sms::to_gsm7_text(&title(alert))), 28);
        format!("{} {} {named}{stands}", alert.id, alert.severity.short())
    }
}
