//! Messages sent again by hand: as they were, another way, or to somebody else.
//!
//! What would leave is decided once, by [`decide`]: shown before it goes, the changes are thrown away; done,
//! they are kept. What an opt-out, a dead address or the wall between desk and partners forbids is left out
//! and says so, and what is not urgent leaves after [`UNDO`], so that it can be taken back.

mod alert;
mod message;
mod over;
mod plan;
mod queue;
#[cfg(test)]
mod tests;
mod unsend;

use over::Over;
pub use plan::{Going, LeftOut, Plan, Seen};
pub use unsend::unsend;

use crate::core::alert::Alert;
use crate::core::apply::Asker;
use crate::core::change::Actor;
use crate::core::command::{Refusal, RefusalCode};
use crate::core::contact::{Contact, Medium};
use crate::core::delivery::Down;
use crate::core::desk::Desk;
use crate::core::escalation::Decision;
use crate::core::id::{AlertId, NotificationId};
use crate::core::notification::{Notification, RecipientId};
use crate::core::person::Person;
use crate::core::reach::Reach;
pub use crate::core::status_update::UNDO;
use crate::core::text::{Untrusted, sanitise};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// So many things at most are sent again together.
pub const TOGETHER: usize = 200;

/// What is to be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// Its latest word to each person who is responsible now.
    Alert(AlertId),
    Message(NotificationId),
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Target::Alert(id) => id.fmt(f),
            Target::Message(id) => id.fmt(f),
        }
    }
}

/// What somebody asks to be sent again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    pub what: Vec<Target>,
    /// Somebody else: a person of the desk, or a contact of the same partner.
    #[serde(default)]
    pub to: Option<RecipientId>,
    /// `sms`, `email`, or a channel by its name.
    #[serde(default)]
    pub via: Option<String>,
}

/// What a decision to send again works with.
#[derive(Clone, Debug, Default)]
pub struct Known {
    pub alerts: BTreeMap<AlertId, Alert>,
    pub messages: BTreeMap<NotificationId, Notification>,
    /// What was last sent again by hand about each of the alerts.
    pub latest: BTreeMap<AlertId, Notification>,
    /// Of contacts that something would go to.
    pub reach: BTreeMap<Untrusted, Reach>,
    /// The channels whose provider is down.
    pub down: Down,
}

/// Decides what leaves, and queues it in the decision.
///
/// # Errors
/// Nothing is asked for, a person or channel is unknown, or nothing at all can leave.
pub fn decide(
    decision: &mut Decision<'_>,
    asker: &Asker,
    known: &Known,
    asked: &Asked,
) -> Result<Plan, Refusal> {
    let refuse = |code, said: String| Refusal { code, said: said.into(), by: None };
    if asked.what.is_empty() || asked.what.len() > TOGETHER {
        let said = format!("Between 1 and {TOGETHER} messages or alerts can be sent again together.");
        return Err(refuse(RefusalCode::Invalid, said));
    }
    let over = Over::parse(decision.desk, asked.via.as_deref())?;
    if let Some(RecipientId::Person(id)) = &asked.to {
        let desk = decision.desk;
        if desk.person(id).is_none() {
            let people: Vec<_> = desk.people.keys().map(|id| id.0.as_str()).collect();
            let said = format!("There is no person {}; there are {}.", sanitise(&id.0), people.join(", "));
            return Err(refuse(RefusalCode::NotFound, said));
        }
    }
    let mut at = Resending { decision, asker, known, asked, over, plan: Plan::default() };
    let mut done = BTreeSet::new();
    for target in asked.what.iter().filter(|target| done.insert(**target)) {
        at.target(*target);
    }
    let plan = at.plan;
    match (plan.goes.is_empty(), plan.left_out.first()) {
        (true, Some(first)) => {
            let code = first.code;
            Err(refuse(code, format!("Nothing is sent. {}.", plan.reasons().join("; "))))
        }
        _ => Ok(plan),
    }
}

/// Refuses what somebody else has sent again since the asker looked.
pub fn as_seen(desk: &Desk, known: &Known, plan: &Plan, seen: &[Seen]) -> Result<(), Refusal> {
    for before in seen {
        let now = plan.seen.iter().find(|now| now.of == before.of && now.last != before.last);
        let Some(id) = now.and_then(|now| now.last) else { continue };
        let copies = known.latest.values().chain(known.messages.values());
        let by = copies.clone().find(|n| n.id == id).and_then(|n| n.again.by.clone());
        let last = || copies.clone().find_map(|n| n.again.last.clone().filter(|last| last.id == id));
        let by = by.or_else(|| last().map(|last| last.by));
        let who = by.as_ref().map_or_else(|| "Somebody".to_owned(), |by| desk.name_of(by));
        let said = format!("{who} was first: {} went out again as {id} meanwhile; look again.", before.of);
        return Err(Refusal { code: RefusalCode::Raced, said: said.into(), by });
    }
    Ok(())
}

struct Resending<'a, 'd> {
    decision: &'a mut Decision<'d>,
    asker: &'a Asker,
    known: &'a Known,
    asked: &'a Asked,
    over: Over,
    plan: Plan,
}

/// Why somebody gets nothing.
type Not = (RefusalCode, String);

impl Resending<'_, '_> {
    fn target(&mut self, target: Target) {
        match target {
            Target::Alert(id) => match self.known.alerts.get(&id) {
                None => {
                    self.leave_out(target, None, (RefusalCode::NotFound, "there is no such alert".into()))
                }
                Some(alert) => {
                    let last = self.known.latest.get(&id).map(|n| n.id);
                    self.plan.seen.push(Seen { of: target, last });
                    self.alert(target, &alert.clone());
                }
            },
            Target::Message(id) => match self.known.messages.get(&id) {
                None => {
                    self.leave_out(target, None, (RefusalCode::NotFound, "there is no such message".into()));
                }
                Some(n) => {
                    let last = n.again.last.as_ref().map(|last| last.id);
                    self.plan.seen.push(Seen { of: target, last });
                    self.message(target, &n.clone());
                }
            },
        }
    }

    fn contact(&self, id: &Untrusted) -> Option<(&Reach, &Contact)> {
        let reach = self.known.reach.get(id)?;
        Some((reach, reach.contact.as_ref()?))
    }

    /// Why a person is not reached over this medium.
    fn reaches(&self, person: &Person, medium: Medium) -> Result<(), String> {
        let desk = self.decision.desk;
        match medium {
            _ if person.opted_out.contains(&medium) => {
                Err(format!("opted out of {}; only they can end that, with START", medium.as_str()))
            }
            Medium::Sms if person.address(medium).is_none() => Err("has no phone number".to_owned()),
            Medium::Email if person.address(medium).is_none() => Err("has no mailbox".to_owned()),
            _ if self.over.channel.is_none() && desk.carrier(medium).is_none() => {
                Err(format!("no configured channel carries {}", medium.as_str()))
            }
            _ => Ok(()),
        }
    }

    fn actor(&self) -> Actor {
        Actor::Person { id: self.asker.id.clone(), login: self.asker.login.clone() }
    }

    fn by_hand(&self) -> String {
        format!("sent again by {}", self.asker.name)
    }
}
