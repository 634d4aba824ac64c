//! An answer to a hand-over: `ACCEPT` takes it, `?` says how it stands.

use super::read::Wish;
use super::take::Taking;
use super::{Became, Reply};
use crate::core::apply::{self, Asker, CommandView};
use crate::core::command::{Action, Command, Expect};
use crate::core::handover::{Handover, HandoverState, Loaded, words};
use crate::core::id::HandoverId;
use crate::core::notification::RecipientId;
use crate::core::person::Person;
use crate::core::text::sanitise;

impl Taking<'_> {
    /// What becomes of an answer that means a hand-over; `None` for one that means something else.
    pub(super) fn of_handover(&mut self, person: &Person, wish: &Wish) -> Option<Reply> {
        let theirs = self.view.named.as_ref().filter(|(named, _)| self.is_theirs(named, person));
        let asked = theirs.and_then(|(named, _)| {
            self.view.handovers.iter().find(|one| one.handover.asked.contains(&named.id)).cloned()
        });
        match (wish, asked) {
            // Whoever answers a hand-over with ACK means it.
            (Wish::Accept | Wish::Ack(_), Some(asked)) => Some(self.accept(person, asked)),
            (Wish::Ask, Some(asked)) => {
                let said = self.how_it_goes(&asked.handover);
                let who = Some(RecipientId::Person(person.id.clone()));
                Some(self.answer(who, Became::Answered, None, said))
            }
            (Wish::Accept, None) => Some(self.accept_bare(person)),
            _ => None,
        }
    }

    fn accept(&mut self, person: &Person, asked: Loaded) -> Reply {
        let asker =
            Asker { id: person.id.clone(), name: person.name.clone(), role: person.role, login: None };
        let action = Action::AcceptHandover { handover: Some(asked.handover.id) };
        let command = Command { id: self.inbound.id(), action, expect: Expect::default() };
        let view = CommandView { handovers: vec![asked], ..CommandView::default() };
        let who = Some(RecipientId::Person(person.id.clone()));
        let (desk, ids, now) = (self.decision.desk, self.decision.ids, self.decision.now);
        match apply::command(desk, view, &command, &asker, ids, now) {
            Ok((said, changes, ids)) => {
                self.decision.ids = ids;
                self.decision.changes.extend(changes);
                self.answer(who, Became::Acted, None, said)
            }
            Err(refusal) => {
                let said = refusal.said.printable().into_string();
                self.answer(who, Became::Refused, None, said)
            }
        }
    }

    /// Without a code, or with that of something else.
    fn accept_bare(&mut self, person: &Person) -> Reply {
        let who = Some(RecipientId::Person(person.id.clone()));
        if let Some(code) = self.said.code {
            let said = format!("{code} is no hand-over of yours. ACK takes an alert, ACCEPT a hand-over.");
            return self.answer(who, Became::Refused, None, said);
        }
        let waits = |one: &&Loaded| {
            one.handover.state == HandoverState::Open && one.handover.incoming.contains(&person.id)
        };
        let mut waiting: Vec<Loaded> = self.view.handovers.iter().filter(waits).cloned().collect();
        match (waiting.pop(), waiting.len()) {
            (None, _) => self.answer(who, Became::Refused, None, "No hand-over waits for you.".to_owned()),
            (Some(only), 0) => self.accept(person, only),
            (Some(_), more) => {
                let said = format!("Which of {}? Answer ACCEPT and the code of its message.", more + 1);
                self.answer(who, Became::Refused, None, said)
            }
        }
    }

    fn how_it_goes(&self, one: &Handover) -> String {
        let desk = self.decision.desk;
        let (id, schedule): (HandoverId, _) = (one.id, sanitise(&one.schedule));
        let from = words::names(desk, &one.outgoing);
        match (one.state, &one.accepted) {
            (HandoverState::Accepted, Some(accepted)) => {
                format!("{id}: {} accepted {schedule} from {from}.", desk.name_of(&accepted.by))
            }
            (HandoverState::Open, _) => {
                let moved =
                    self.view.handovers.iter().find(|loaded| loaded.handover.id == id).map(|loaded| {
                        let alerts = loaded.alerts.iter().map(|(alert, _)| alert);
                        one.matters(desk, alerts, &loaded.tasks, self.decision.now).counted()
                    });
                format!("{id}: {schedule} from {from}, not accepted yet: {}.", moved.unwrap_or_default())
            }
            _ => format!("{id}: {schedule} from {from} is {}.", one.state.as_str()),
        }
    }
}
