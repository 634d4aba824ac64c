//! What would leave, and who gets nothing: shown before it goes.

use super::Target;
use crate::core::command::RefusalCode;
use crate::core::contact::Medium;
use crate::core::counted::counted;
use crate::core::id::NotificationId;
use crate::core::notification::{Recipient, RecipientId};
use crate::core::text::Untrusted;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What leaves when it is done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    pub goes: Vec<Going>,
    pub left_out: Vec<LeftOut>,
    /// What each of the things asked for was last sent again as, as far as it was.
    pub seen: Vec<Seen>,
}

/// One message that would leave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Going {
    pub of: Target,
    pub to: Recipient,
    /// The number or mailbox it goes to, as things are now; `None`: a system, or none is known.
    #[serde(default)]
    pub address: Option<Untrusted>,
    pub medium: Medium,
    /// The channel that carries it, as things are now.
    pub channel: String,
    /// How many SMS it takes; 1 for mail.
    pub parts: u32,
    /// When it leaves; what is not urgent can be taken back until then.
    pub at: Option<Timestamp>,
    /// Why it leaves only later.
    pub waits: Option<Untrusted>,
    /// It may have got through already, so it goes out marked as a possible second copy.
    pub marked: bool,
    pub undoable: bool,
}

/// Somebody who gets nothing, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    pub of: Target,
    pub who: Option<Untrusted>,
    pub because: Untrusted,
    pub code: RefusalCode,
}

/// What a thing was last sent again as, when somebody looked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    pub of: Target,
    pub last: Option<NotificationId>,
}

impl Plan {
    /// `3 people, 2 SMS in 3 parts, 1 email, none suppressed`.
    pub fn sentence(&self) -> String {
        let who: BTreeSet<&RecipientId> = self.goes.iter().map(|going| &going.to.who).collect();
        let mut said = vec![counted(who.len(), "person", "people")];
        let texts = self.goes.iter().filter(|going| going.medium == Medium::Sms);
        let (texts, parts) = texts.fold((0, 0), |(n, parts), going| (n + 1, parts + going.parts as usize));
        match (texts, parts) {
            (0, _) => {}
            (n, parts) if n == parts => said.push(format!("{n} SMS")),
            (n, parts) => said.push(format!("{n} SMS in {parts} parts")),
        }
        let mails = self.goes.len() - texts;
        if mails > 0 {
            said.push(counted(mails, "email", "emails"));
        }
        said.push(match self.left_out.len() {
            0 => "none suppressed".to_owned(),
            n => format!("{n} left out"),
        });
        let later = self.goes.iter().filter(|going| going.waits.is_some()).count();
        if later > 0 {
            said.push(format!("{later} later"));
        }
        said.join(", ")
    }

    /// `A.Lopez (N45): opted out of sms`.
    pub fn reasons(&self) -> Vec<String> {
        let said = |out: &LeftOut| match &out.who {
            Some(who) => format!("{} ({}): {}", who.printable(), out.of, out.because.printable()),
            None => format!("{}: {}", out.of, out.because.printable()),
        };
        self.left_out.iter().map(said).collect()
    }

    /// Something of it can be taken back for a while.
    pub fn can_be_undone(&self) -> bool {
        self.goes.iter().any(|going| going.undoable)
    }
}
