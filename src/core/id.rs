//! Names of the things the desk makes. A letter says what kind, so that an operator can type any of
//! them anywhere (`nightdesk resend N45`) and be understood.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// What was typed is not an id of the kind asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{typed:?} is not an {kind} id; they look like {letter}12")]
pub struct NotAnId {
    pub typed: String,
    pub kind: &'static str,
    pub letter: char,
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $letter:literal, $kind:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub struct $name(pub u64);

        impl $name {
            pub const LETTER: char = $letter;
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&format!("{}{}", $letter, self.0))
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;
            /// Takes `A12`, `a12` and plain `12`.
            fn from_str(typed: &str) -> Result<Self, NotAnId> {
                let digits = typed.trim().trim_start_matches([$letter, $letter.to_ascii_lowercase()]);
                digits.parse().map(Self).map_err(|_| NotAnId {
                    typed: crate::core::text::sanitise(typed).into_owned(),
                    kind: $kind,
                    letter: $letter,
                })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                std::borrow::Cow::<'de, str>::deserialize(d)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

id!(/// One stored community event.
    EventId, 'E', "event");
id!(/// One alert.
    AlertId, 'A', "alert");
id!(/// One message to one recipient over one medium.
    NotificationId, 'N', "notification");
id!(/// One thing a person must do that pages nobody.
    TaskId, 'T', "task");
id!(/// One override of a schedule.
    OverrideId, 'O', "override");
id!(/// One entry of the consent ledger.
    ConsentId, 'C', "consent entry");
id!(/// One hand-over of a schedule.
    HandoverId, 'H', "hand-over");

id!(/// One single maintenance window.
    WindowId, 'M', "maintenance window");

/// Where the next ids of each kind come from; a decision takes from it and the store keeps the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ids {
    pub event: u64,
    pub alert: u64,
    pub notification: u64,
    pub task: u64,
    pub over: u64,
    pub consent: u64,
    pub handover: u64,
    pub window: u64,
}

impl Default for Ids {
    fn default() -> Self {
        Self { event: 1, alert: 1, notification: 1, task: 1, over: 1, handover: 1, window: 1, consent: 1 }
    }
}

impl Ids {
    pub fn next_event(&mut self) -> EventId {
        self.event += 1;
        EventId(self.event - 1)
    }
    pub fn next_alert(&mut self) -> AlertId {
        self.alert += 1;
        AlertId(self.alert - 1)
    }
    pub fn next_notification(&mut self) -> NotificationId {
        self.notification += 1;
        NotificationId(self.notification - 1)
    }
    pub fn next_task(&mut self) -> TaskId {
        self.task += 1;
        TaskId(self.task - 1)
    }
    pub fn next_override(&mut self) -> OverrideId {
        self.over += 1;
        OverrideId(self.over - 1)
    }
    pub fn next_consent(&mut self) -> ConsentId {
        self.consent += 1;
        ConsentId(self.consent - 1)
    }
    pub fn next_handover(&mut self) -> HandoverId {
        self.handover += 1;
        HandoverId(self.handover - 1)
    }

    pub fn next_window(&mut self) -> WindowId {
        self.window += 1;
        WindowId(self.window - 1)
    }
}
