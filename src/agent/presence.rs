//! Who looks at which alert at this moment. It is in memory alone, for as long as the console's stream is open,
//! and never in the history.

use crate::core::id::AlertId;
use crate::core::person::PersonId;
use crate::wire::person::Viewer;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;

/// Consoles at most; more are not told of.
const MOST: usize = 500;
/// The word by which a console names itself is no longer than this.
const LONGEST_NAME: usize = 80;

/// Everybody who is there, and a number that changes whenever that does.
pub struct Presence {
    consoles: Mutex<BTreeMap<String, Console>>,
    changed: watch::Sender<u64>,
}

/// One console with its stream open.
#[derive(Clone, Debug)]
struct Console {
    /// Streams that it has open; the old one of a reconnect may end after the new one began.
    streams: u32,
    looks: Option<Viewer>,
}

impl Default for Presence {
    fn default() -> Self {
        Self { consoles: Mutex::default(), changed: watch::Sender::new(0) }
    }
}

/// Kept by the stream of a console: with it goes what the console looked at.
pub struct Present {
    presence: Arc<Presence>,
    console: String,
}

impl Presence {
    /// A console has opened its stream; `None` where there are too many, or its name is none.
    pub fn begin(self: &Arc<Self>, console: &str) -> Option<Present> {
        let mut consoles = self.lock();
        if console.is_empty()
            || console.len() > LONGEST_NAME
            || consoles.len() >= MOST && !consoles.contains_key(console)
        {
            return None;
        }
        consoles.entry(console.to_owned()).or_insert(Console { streams: 0, looks: None }).streams += 1;
        Some(Present { presence: self.clone(), console: console.to_owned() })
    }

    /// What a console shows now. One whose stream is not open is nobody's.
    pub fn looks(&self, console: &str, alert: Option<AlertId>, who: Who, now: Timestamp) {
        let mut consoles = self.lock();
        let Some(known) = consoles.get_mut(console) else { return };
        let same = match (&known.looks, alert) {
            (Some(looks), Some(alert)) => looks.alert == alert && looks.person == who.person,
            (looks, alert) => looks.is_none() && alert.is_none(),
        };
        if same {
            return;
        }
        known.looks = alert.map(|alert| Viewer { alert, person: who.person, name: who.name, since: now });
        drop(consoles);
        self.tell();
    }

    /// Everybody who looks at an alert, one entry a person and alert.
    pub fn viewers(&self) -> Vec<Viewer> {
        let mut viewers: Vec<Viewer> = self.lock().values().filter_map(|one| one.looks.clone()).collect();
        viewers.sort_by(|a, b| (a.alert, &a.name, a.since).cmp(&(b.alert, &b.name, b.since)));
        viewers.dedup_by(|b, a| a.alert == b.alert && a.person == b.person && a.name == b.name);
        viewers
    }

    pub fn changed(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    fn tell(&self) {
        self.changed.send_modify(|number| *number += 1);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Console>> {
        self.consoles.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whoever asks, as others read it.
pub struct Who {
    pub person: Option<PersonId>,
    pub name: String,
}

impl Drop for Present {
    fn drop(&mut self) {
        let mut consoles = self.presence.lock();
        let Some(known) = consoles.get_mut(&self.console) else { return };
        known.streams = known.streams.saturating_sub(1);
        if known.streams > 0 {
            return;
        }
        let looked = known.looks.is_some();
        consoles.remove(&self.console);
        drop(consoles);
        if looked {
            self.presence.tell();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who(name: &str) -> Who {
        Who { person: Some(PersonId(name.to_owned())), name: name.to_owned() }
    }

    fn now() -> Timestamp {
        "2026-11-24T02:07:00Z".parse().unwrap()
    }

    fn names(presence: &Presence) -> Vec<String> {
        presence.viewers().into_iter().map(|one| format!("{} {}", one.alert, one.name)).collect()
    }

    #[test]
    fn somebody_looks_for_as_long_as_their_console_is_there() {
        let presence = Arc::new(Presence::default());
        let mut changed = presence.changed();
        presence.looks("c1", Some(AlertId(1)), who("maria"), now());
        assert_eq!(names(&presence), [""; 0], "its stream is not open");
        let one = presence.begin("c1").unwrap();
        presence.looks("c1", Some(AlertId(1)), who("maria"), now());
        assert!(changed.has_changed().unwrap());
        changed.mark_unchanged();
        presence.looks("c1", Some(AlertId(1)), who("maria"), now());
        assert!(!changed.has_changed().unwrap(), "nothing is told twice");
        assert_eq!(names(&presence), ["A1 maria"]);
        // A reconnect: the new stream begins before the old one is known to have ended.
        let two = presence.begin("c1").unwrap();
        drop(one);
        assert_eq!(names(&presence), ["A1 maria"]);
        drop(two);
        assert_eq!(names(&presence), [""; 0]);
        assert!(changed.has_changed().unwrap());
    }

    #[test]
    fn two_consoles_of_one_person_are_one_viewer_and_too_many_are_none() {
        let presence = Arc::new(Presence::default());
        let open: Vec<Present> = (0..MOST).filter_map(|n| presence.begin(&format!("c{n}"))).collect();
        assert_eq!(open.len(), MOST);
        assert!(presence.begin("one more").is_none() && presence.begin("").is_none());
        presence.looks("c1", Some(AlertId(1)), who("maria"), now());
        presence.looks("c2", Some(AlertId(1)), who("maria"), now());
        presence.looks("c3", Some(AlertId(1)), who("jonas"), now());
        assert_eq!(names(&presence), ["A1 jonas", "A1 maria"]);
    }
}
