//! Who is responsible for what comes in, and how soon: what each kind of work asks of whom, when no
//! rule says otherwise.

use crate::core::alert::Target;
use crate::core::contact::Medium;
use jiff::{SignedDuration, Timestamp};

/// The kinds of work that partners bring, and reaching them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Work {
    Cases,
    Documents,
    Posts,
    Onboarding,
    /// People and contacts that cannot be reached, messages in doubt, contacts that two sides changed.
    Contacts,
}

impl Work {
    pub const ALL: [Work; 5] = [Work::Cases, Work::Documents, Work::Posts, Work::Onboarding, Work::Contacts];

    /// As it is spelled in `[work.cases]`.
    pub fn as_str(self) -> &'static str {
        match self {
            Work::Cases => "cases",
            Work::Documents => "documents",
            Work::Posts => "posts",
            Work::Onboarding => "onboarding",
            Work::Contacts => "contacts",
        }
    }
}

/// Who is told, who answers for it, and how soon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duty {
    /// Whose task it becomes, and whose lead hears of it when it is overdue.
    pub team: Option<String>,
    /// Whom to tell; nobody here means the team.
    pub tell: Vec<Target>,
    /// Over which media; none means by how pressing it is.
    pub by: Vec<Medium>,
    /// Working time until it is due.
    pub within: SignedDuration,
    /// Working time after that until the lead hears of it.
    pub lead_after: SignedDuration,
    /// The calendar that counts the working time; the desk's first where none is named.
    pub calendar: Option<String>,
}

/// When something is due, and when the lead hears of it, in working time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dues {
    pub due: Timestamp,
    pub lead: Timestamp,
}

impl Default for Duty {
    fn default() -> Self {
        Self {
            team: None,
            tell: Vec::new(),
            by: Vec::new(),
            within: SignedDuration::from_hours(8),
            lead_after: SignedDuration::from_hours(4),
            calendar: None,
        }
    }
}

/// What a rule says of the duty that differs from its kind's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DutyChange {
    pub team: Option<String>,
    pub within: Option<SignedDuration>,
    pub lead_after: Option<SignedDuration>,
}

impl Duty {
    pub fn with(mut self, change: &DutyChange) -> Self {
        if change.team.is_some() {
            self.team.clone_from(&change.team);
        }
        self.within = change.within.unwrap_or(self.within);
        self.lead_after = change.lead_after.unwrap_or(self.lead_after);
        self
    }
}
