//! Who was told, and what is proven of it: one mark a person, or a way to them, never better than the
//! evidence.

use crate::console::clock;
use crate::console::desk::Desk;
use crate::console::model::Model;
use crate::console::theme::{Meaning, Signs};
use crate::core::alert::Alert;
use crate::core::contact::{Contact, ContactState, Medium};
use crate::core::id::{AlertId, NotificationId};
use crate::core::notification::{Notification, NotificationState, RecipientId};
use crate::core::person::Person;
use crate::core::reach::addresses;
use crate::core::standing::Standing;
use crate::core::suppression::address_key;
use crate::core::text::Untrusted;
use crate::term::capabilities::Charset;
use jiff::Timestamp;
use std::collections::{BTreeMap, HashMap};

/// What is known of telling one person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// A handset or mailbox receipt says so.
    Proven,
    Failed,
    /// Handed over, and nobody can tell.
    Doubt,
    /// A gateway took it; no more is known.
    Accepted,
    /// Their text is kept back and leaves later.
    Waits,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub name: String,
    pub mark: Mark,
}

/// Everybody whom the desk has tried to tell, the first told first.
pub fn told(desk: &Desk, alert: &Alert) -> Vec<Told> {
    let mut by_recipient: Vec<(&RecipientId, Vec<&Notification>)> = Vec::new();
    for notification in desk.messages.about(alert.id) {
        if !notification.tells_of_alert() {
            continue;
        }
        let who = &notification.recipient.who;
        match by_recipient.iter_mut().find(|(known, _)| *known == who) {
            Some((_, list)) => list.push(notification),
            None => by_recipient.push((who, vec![notification])),
        }
    }
    by_recipient
        .into_iter()
        .filter_map(|(who, list)| {
            let mark = mark(&list, alert.id)?;
            let name = match who {
                RecipientId::Person(person) => desk.last_name(person),
                RecipientId::Webhook(channel) => crate::core::text::sanitise(channel).into_owned(),
                RecipientId::Contact(_) => last_word(list[0].recipient.name.printable().as_str()),
            };
            Some(Told { name, mark })
        })
        .collect()
}

/// A proof wins. Without one a failure is said first, because it is what an operator can mend; then what nobody
/// has been given yet.
fn mark(notifications: &[&Notification], alert: AlertId) -> Option<Mark> {
    let marks: Vec<Mark> = notifications.iter().filter_map(|n| of_state(n.state_for(alert))).collect();
    let order = [Mark::Proven, Mark::Failed, Mark::Doubt, Mark::Waits, Mark::Accepted];
    order.into_iter().find(|mark| marks.contains(mark))
}

/// `None`: nothing is known of it yet, or it never left.
fn of_state(state: NotificationState) -> Option<Mark> {
    use NotificationState::*;
    match state {
        Delivered | Read => Some(Mark::Proven),
        Failed | Bounced | Expired => Some(Mark::Failed),
        InDoubt => Some(Mark::Doubt),
        Held => Some(Mark::Waits),
        Accepted | Sent => Some(Mark::Accepted),
        Queued | Sending | Suppressed | Cancelled => None,
    }
}

fn last_word(name: &str) -> String {
    name.split_whitespace().next_back().unwrap_or(name).to_owned()
}

/// What is known of one way to somebody, since it was last proven to work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lately {
    pub mark: Mark,
    /// Of the newest message that says so.
    pub at: Timestamp,
    /// Of those that failed, how many there are, and the first.
    pub failed: usize,
    pub since: Timestamp,
}

/// What the messages known here tell of every way to everybody, gathered once for a whole list.
pub struct Ways<'m>(HashMap<(&'m RecipientId, Medium), BTreeMap<NotificationId, &'m Notification>>);

impl<'m> Ways<'m> {
    pub fn of(model: &'m Model) -> Self {
        let mut ways: HashMap<_, BTreeMap<_, &Notification>> = HashMap::new();
        let of_desk = model.desk.iter().flat_map(|desk| desk.messages.values());
        for message in of_desk.chain(model.messages.known.values()) {
            let known = ways.entry((&message.recipient.who, message.medium)).or_default();
            let known = known.entry(message.id).or_insert(message);
            if known.updated_at < message.updated_at {
                *known = message;
            }
        }
        Self(ways)
    }

    /// `address`: only what went there counts, since an address may have been mended meanwhile.
    pub fn lately(&self, who: &RecipientId, medium: Medium, address: Option<&str>) -> Option<Lately> {
        let key = address.map(address_key);
        let there = |message: &&&Notification| match (&key, message.attempts.last()) {
            (Some(key), Some(last)) => *key == address_key(last.address.raw()),
            (Some(_), None) => false,
            (None, _) => true,
        };
        let messages = self.0.get(&(who, medium))?.values();
        let mut found: Option<Lately> = None;
        for message in messages.filter(there) {
            let Some(mark) = of_state(message.state).filter(|mark| *mark != Mark::Waits) else { continue };
            let at = message.updated_at;
            let fresh = Lately { mark, at, failed: usize::from(mark == Mark::Failed), since: at };
            found = Some(match (found, mark) {
                (Some(before), Mark::Failed) if before.failed > 0 => {
                    Lately { failed: before.failed + 1, since: before.since, ..fresh }
                }
                // What was merely taken, or nobody can tell of, takes no failure back.
                (Some(before), mark) if before.failed > 0 && mark != Mark::Proven => before,
                _ => fresh,
            });
        }
        found
    }

    /// The ways by which somebody of the desk can be told; a bare one where nothing is known of it.
    pub fn to(&self, person: &Person) -> Vec<(Medium, Mark)> {
        let who = RecipientId::Person(person.id.clone());
        let open = Medium::ALL.into_iter().filter(|medium| person.reachable_by(*medium));
        open.map(|medium| {
            let lately = self.lately(&who, medium, person.address(medium));
            (medium, lately.map_or(Mark::Accepted, |way| way.mark))
        })
        .collect()
    }

    /// The first address of a contact that can be used, and what is known of it; that none can be is a failure.
    pub fn to_contact<'c>(
        &self,
        desk: &Desk,
        contact: &'c Contact,
        medium: Medium,
    ) -> Option<(&'c str, Mark)> {
        let reach = desk.reach.get(&contact.id);
        let reach = reach.and_then(|reach| reach.media.iter().find(|one| one.medium == medium));
        // What the agent said may be older than an address that was mended since.
        let usable = reach.and_then(|reach| reach.usable.first());
        let usable = addresses(contact, medium).find(|address| usable.is_some_and(|one| one == address));
        let address = usable.or(addresses(contact, medium).next())?;
        if usable.is_none() && reach.is_some_and(|reach| reach.standing == Standing::Dead) {
            return Some((address, Mark::Failed));
        }
        let who = RecipientId::Contact(contact.id.clone());
        let mark = self.lately(&who, medium, Some(address)).map_or(Mark::Accepted, |way| way.mark);
        Some((address, mark))
    }

    /// The media by which the last message to one of a partner's contacts failed.
    pub fn failed(&self, desk: &Desk, partner: &Untrusted) -> Vec<Medium> {
        let active = || desk.contacts_of(partner).filter(|contact| contact.state == ContactState::Active);
        let fails = |medium: &Medium| {
            let of = |contact| self.to_contact(desk, contact, *medium);
            active().any(|contact| of(contact).is_some_and(|(_, mark)| mark == Mark::Failed))
        };
        Medium::ALL.into_iter().filter(fails).collect()
    }
}

impl Lately {
    /// `failed 8× since 22:06`, `last failed 22:17`; `None` where nothing is wrong.
    pub fn trouble(&self, model: &Model, signs: &Signs) -> Option<String> {
        let when = |at| clock::when(model.now, at, &model.zone());
        match self.mark {
            Mark::Failed if self.failed > 1 => {
                Some(format!("failed {}{} since {}", self.failed, signs.times, when(self.since)))
            }
            Mark::Failed => Some(format!("last failed {}", when(self.at))),
            Mark::Doubt => Some(format!("in doubt since {}", when(self.at))),
            Mark::Proven | Mark::Accepted | Mark::Waits => None,
        }
    }
}

impl Mark {
    pub fn meaning(self) -> Meaning {
        match self {
            Mark::Proven => Meaning::Good,
            Mark::Failed => Meaning::Bad,
            Mark::Doubt | Mark::Waits => Meaning::Warn,
            Mark::Accepted => Meaning::Plain,
        }
    }

    /// `Roth✗`; in ASCII, where a letter that follows a name would be a part of it, `xRoth`.
    pub fn beside(self, name: &str, signs: &Signs) -> String {
        match (self.sign(signs), signs.charset) {
            ("", _) => name.to_owned(),
            (sign, Charset::Unicode) => format!("{name}{sign}"),
            (sign, Charset::Ascii) => format!("{sign}{name}"),
        }
    }

    pub fn sign(self, signs: &Signs) -> &'static str {
        match self {
            Mark::Proven => signs.proven,
            Mark::Failed => signs.failed,
            Mark::Doubt => signs.doubt,
            Mark::Waits => signs.waiting,
            Mark::Accepted => "",
        }
    }
}
