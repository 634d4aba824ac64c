//! A conversation that a partner began: a question, a request or an action item, and its answers.

use crate::core::event::PostKind;
use crate::core::id::TaskId;
use crate::core::mark::Mark;
use crate::core::partner::PartnerRef;
use crate::core::text::Untrusted;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThreadState {
    /// Somebody waits for an answer.
    Open,
    Answered,
}

impl ThreadState {
    pub fn as_str(self) -> &'static str {
        match self {
            ThreadState::Open => "open",
            ThreadState::Answered => "answered",
        }
    }
}

/// Posts of a thread that are remembered, so that one told again is not acknowledged again.
pub const REMEMBERED: usize = 200;

/// One thread. The community's id names it within its partner.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Thread {
    pub id: Untrusted,
    pub state: ThreadState,
    pub partner: PartnerRef,
    /// Of the post that opened it, or opened it again.
    pub subject: Untrusted,
    pub kind: PostKind,
    /// Contact id of the author of the newest post.
    pub author: Untrusted,
    /// The case it is about.
    #[serde(default)]
    pub case: Option<Untrusted>,
    /// Ids of the newest posts, oldest first.
    #[serde(default)]
    pub posts: Vec<Untrusted>,
    /// By when an answer is due, in working time of who answers.
    #[serde(default)]
    pub answer_by: Option<Timestamp>,
    #[serde(default)]
    pub answered_at: Option<Timestamp>,
    /// Of the newest report acted on.
    #[serde(default)]
    pub mark: Mark,
    #[serde(default)]
    pub task: Option<TaskId>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Thread {
    /// What an acknowledgment names: the case, or else the thread.
    pub fn reference(&self) -> &Untrusted {
        self.case.as_ref().unwrap_or(&self.id)
    }
}
