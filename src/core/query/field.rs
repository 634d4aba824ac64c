//! The fields of the language: what each is called, what it wants, and which things have which.

/// A field that can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    Partner,
    State,
    Severity,
    Kind,
    Id,
    Order,
    Case,
    Alert,
    To,
    Channel,
    Source,
    Owner,
    Team,
    Since,
    Before,
    Due,
    Risk,
    Is,
}

/// What a row can be, besides what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Flag {
    /// Not over, and past its time.
    Late,
    /// Somebody still has to do something.
    Open,
    /// The asker's own.
    Mine,
    Urgent,
    /// What it was about is over.
    Cleared,
    /// Both a delivery and a failure were reported.
    Disputed,
}

use Field::*;

/// What Triage shows: alerts and tasks.
pub const TRIAGE: &[Field] =
    &[Partner, State, Severity, Kind, Id, Order, Case, Owner, Team, To, Since, Before, Due, Risk, Is];
pub const ALERTS: &[Field] =
    &[Partner, State, Severity, Kind, Id, Order, Case, Owner, Since, Before, Due, Risk, Is];
pub const TASKS: &[Field] = &[Partner, State, Kind, Id, Alert, Owner, Team, Since, Before, Due, Is];
pub const MESSAGES: &[Field] = &[Partner, State, Kind, Id, Alert, To, Channel, Since, Before, Is];
pub const EVENTS: &[Field] = &[Partner, State, Severity, Kind, Id, Order, Case, Alert, Source, Since, Before];
pub const CASES: &[Field] =
    &[Partner, State, Severity, Kind, Id, Order, Case, Alert, Since, Before, Due, Risk, Is];
pub const DOCUMENTS: &[Field] = &[Partner, State, Kind, Id, Case, Since, Before, Due, Is];
pub const THREADS: &[Field] = &[Partner, State, Kind, Id, Case, Since, Before, Due, Is];
pub const MILESTONES: &[Field] = &[Partner, State, Kind, Id, Since, Before, Due, Is];
pub const PARTNERS: &[Field] = &[Partner, Id];
pub const CONTACTS: &[Field] = &[Partner, State, Id, To, Channel, Since, Before];
/// The stream of changes.
pub const STREAM: &[Field] = &[Partner, Severity, Kind, Id, Alert, Owner, Since, Before];
/// Turns of schedules.
pub const ON_CALL: &[Field] = &[Owner];
/// Lists of few things, in which words are enough.
pub const WORDS: &[Field] = &[];
/// All of the history.
pub const ALL: &[Field] = &[
    Partner, State, Severity, Kind, Id, Order, Case, Alert, To, Channel, Source, Owner, Team, Since, Before,
    Due, Risk, Is,
];

impl Field {
    pub fn name(self) -> &'static str {
        match self {
            Partner => "partner",
            State => "state",
            Severity => "severity",
            Kind => "kind",
            Id => "id",
            Order => "order",
            Case => "case",
            Alert => "alert",
            To => "to",
            Channel => "channel",
            Source => "source",
            Owner => "owner",
            Team => "team",
            Since => "since",
            Before => "before",
            Due => "due",
            Risk => "risk",
            Is => "is",
        }
    }

    /// The field of that name, or of another name for it.
    pub fn named(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let other = match name.as_str() {
            "recipient" => Some(To),
            "holder" => Some(Owner),
            "sev" => Some(Severity),
            "until" => Some(Before),
            "amount" => Some(Risk),
            "shipment" => Some(Order),
            "via" => Some(Channel),
            "feed" => Some(Source),
            _ => None,
        };
        other.or_else(|| ALL.iter().copied().find(|field| field.name() == name))
    }

    /// What stands after the colon, for whoever wrote something else.
    pub fn wants(self) -> &'static str {
        match self {
            Partner => "a part of a partner's name or id",
            State => "a state, such as open or failed",
            Severity => "low, medium, high or critical",
            Kind => "a kind, such as late_shipment or fix",
            Id => "an id, such as A8812",
            Order => "an order or shipment",
            Case => "a case's reference",
            Alert => "an alert, such as A8812",
            To => "a part of a name, number or mailbox",
            Channel => "a channel, sms or email",
            Source => "a source",
            Owner => "a person's name, me or nobody",
            Team => "a team",
            Since | Before => "a time: 2h, 30m, 7d, today, yesterday, 06:30 or 2026-11-30",
            Due => "a time: 2h, today, tomorrow, 06:30 or 2026-11-30",
            Risk => "an amount, such as 50k or 1.2M",
            Is => "late, open, mine, urgent, cleared or disputed",
        }
    }

    /// It can be compared with `<` and `>`.
    pub fn is_ordered(self) -> bool {
        matches!(self, Severity | Due | Risk)
    }

    /// What is looked for stands at the beginning of the value; elsewhere it may stand anywhere.
    pub(super) fn begins(self) -> bool {
        matches!(self, State | Id | Alert | Team | Channel | Source)
    }

    /// Spaces, dashes and underlines are the same in its values.
    pub(super) fn is_word(self) -> bool {
        matches!(self, State | Kind | Team)
    }
}

impl Flag {
    pub const ALL: [Flag; 6] =
        [Flag::Late, Flag::Open, Flag::Mine, Flag::Urgent, Flag::Cleared, Flag::Disputed];

    pub fn as_str(self) -> &'static str {
        match self {
            Flag::Late => "late",
            Flag::Open => "open",
            Flag::Mine => "mine",
            Flag::Urgent => "urgent",
            Flag::Cleared => "cleared",
            Flag::Disputed => "disputed",
        }
    }

    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|flag| flag.as_str().eq_ignore_ascii_case(word))
    }
}

/// `partner, state and id`.
pub(super) fn names(fields: &[Field]) -> String {
    let names: Vec<&str> = fields.iter().map(|field| field.name()).collect();
    match names.as_slice() {
        [] => "none, only words".to_owned(),
        [one] => (*one).to_owned(),
        [more @ .., last] => format!("{} and {last}", more.join(", ")),
    }
}
