//! Who was told of an alert, and what is proven of it: one mark a person, never better than the
//! evidence.

use crate::console::desk::Desk;
use crate::core::alert::Alert;
use crate::core::id::AlertId;
use crate::core::notification::{Notification, NotificationState, RecipientId};

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
    use NotificationState::*;
    let any =
        |wanted: &dyn Fn(NotificationState) -> bool| notifications.iter().any(|n| wanted(n.state_for(alert)));
    if any(&NotificationState::is_proven) {
        Some(Mark::Proven)
    } else if any(&NotificationState::is_failure) {
        Some(Mark::Failed)
    } else if any(&|state| state == InDoubt) {
        Some(Mark::Doubt)
    } else if any(&|state| state == Held) {
        Some(Mark::Waits)
    } else if any(&|state| matches!(state, Accepted | Sent)) {
        Some(Mark::Accepted)
    } else {
        None
    }
}

fn last_word(name: &str) -> String {
    name.split_whitespace().next_back().unwrap_or(name).to_owned()
}
