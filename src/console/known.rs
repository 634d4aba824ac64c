//! The messages that the console knows of, also by the alerts they are about. What is over is forgotten,
//! so that a console that stays open for weeks keeps little more than it shows.

use crate::core::id::{AlertId, NotificationId};
use crate::core::notification::Notification;
use std::collections::{BTreeMap, BTreeSet};

/// Beyond so many, those that nothing open is about are forgotten, but for the newest.
const MANY: usize = 4000;
const NEWEST: usize = 1000;

#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Boxed: in a map of things this large, a third of the room stays empty.
    all: BTreeMap<NotificationId, Box<Notification>>,
    about: BTreeMap<AlertId, BTreeSet<NotificationId>>,
}

impl Known {
    pub fn get(&self, id: NotificationId) -> Option<&Notification> {
        self.all.get(&id).map(Box::as_ref)
    }

    pub fn values(&self) -> impl DoubleEndedIterator<Item = &Notification> {
        self.all.values().map(Box::as_ref)
    }

    /// Those that speak of this alert, or were to before it was left out of them; the oldest first.
    pub fn about(&self, alert: AlertId) -> impl Iterator<Item = &Notification> {
        self.about.get(&alert).into_iter().flatten().filter_map(|id| self.get(*id))
    }

    /// Takes one in, unless what is known of it is newer. The parts that only a mail reader shows are not kept.
    pub fn learn(&mut self, mut message: Notification) {
        let known = self.get(message.id);
        if known.is_some_and(|known| known.updated_at > message.updated_at) {
            return;
        }
        message.content.html = None;
        message.content.attachments = Vec::new();
        // Lists that were read have room for four where most hold one.
        message.attempts.shrink_to_fit();
        message.evidence.shrink_to_fit();
        if let Some(bundle) = &mut message.bundle {
            bundle.covers.shrink_to_fit();
        }
        for alert in message.ever_about() {
            self.about.entry(alert).or_default().insert(message.id);
        }
        self.all.insert(message.id, Box::new(message));
    }

    /// Whether it is time to forget.
    pub fn is_many(&self) -> bool {
        self.all.len() > MANY
    }

    /// Forgets those that are of no use any more, but for the newest.
    pub fn forget(&mut self, is_of_use: impl Fn(&Notification) -> bool) {
        let Some(newest) = self.all.keys().nth_back(NEWEST).copied() else { return };
        self.all.retain(|id, message| *id > newest || is_of_use(message));
        let all = &self.all;
        self.about.retain(|_, ids| {
            ids.retain(|id| all.contains_key(id));
            !ids.is_empty()
        });
    }
}

impl FromIterator<Notification> for Known {
    fn from_iter<T: IntoIterator<Item = Notification>>(messages: T) -> Self {
        let mut known = Self::default();
        messages.into_iter().for_each(|message| known.learn(message));
        known
    }
}
