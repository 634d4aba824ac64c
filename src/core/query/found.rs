//! What a search over the whole history finds.

use crate::core::change::Object;
use serde::{Deserialize, Serialize};

/// The kinds of things that can be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Event,
    Alert,
    Task,
    /// A notification.
    Message,
    Case,
    Document,
    Thread,
    Milestone,
    Partner,
    Contact,
    /// Somebody's own words on an alert, a task or a hand-over.
    Note,
    /// What somebody wrote back.
    Reply,
}

impl Kind {
    pub const ALL: [Kind; 12] = [
        Kind::Event,
        Kind::Alert,
        Kind::Task,
        Kind::Message,
        Kind::Case,
        Kind::Document,
        Kind::Thread,
        Kind::Milestone,
        Kind::Partner,
        Kind::Contact,
        Kind::Note,
        Kind::Reply,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Event => "event",
            Kind::Alert => "alert",
            Kind::Task => "task",
            Kind::Message => "message",
            Kind::Case => "case",
            Kind::Document => "document",
            Kind::Thread => "thread",
            Kind::Milestone => "milestone",
            Kind::Partner => "partner",
            Kind::Contact => "contact",
            Kind::Note => "note",
            Kind::Reply => "reply",
        }
    }

    /// What it is; `None` for what nobody looks for.
    pub fn of(object: &Object) -> Option<Self> {
        Some(match object {
            Object::Event(_) => Kind::Event,
            Object::Alert(_) => Kind::Alert,
            Object::Task(_) => Kind::Task,
            Object::Notification(_) => Kind::Message,
            Object::Case(_) => Kind::Case,
            Object::Document(_) => Kind::Document,
            Object::Thread(_) => Kind::Thread,
            Object::Milestone(_) => Kind::Milestone,
            Object::Partner(_) => Kind::Partner,
            Object::Contact(_) => Kind::Contact,
            Object::Reply(_) => Kind::Reply,
            _ => return None,
        })
    }

    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}
