//! What `update` asks of the world.

use crate::console::message::Ticket;
use crate::console::partners::ThingOf;
use crate::console::templates::AskedPreview;
use crate::console::waiting::Item;
use crate::core::command::{Action, Command, Expect};
use crate::core::id::{AlertId, NotificationId};
use crate::core::person::PersonId;
use crate::core::resend::Asked;
use crate::core::text::{Printable, Untrusted};
use crate::core::together::One;
use std::time::Duration;

/// What is waited for before the agent is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// The filter of the partners rests; the number tells the newest from older ones.
    Find(u64),
    /// The palette rests; the number tells the newest from older ones.
    Palette(u64),
    /// More may have changed of the partners by then …
    Partners,
    /// … or of the one whose page is open.
    Page,
    /// … or of the one beside the detail of Triage.
    Beside,
    /// … or of the alert that the detail shows.
    Detail,
    /// The figures of the providers may have changed by then.
    Providers,
    /// What is searched for rests; the number tells the newest rest from older ones.
    Search(u64),
}

#[derive(Debug, PartialEq)]
pub enum Effect {
    /// Send a command; the answer comes back with the ticket.
    Command {
        ticket: Ticket,
        action: Action,
        expect: Expect,
    },
    /// Send a command that waited, with the id it has.
    Retry {
        ticket: Ticket,
        command: Command,
    },
    /// What waits now, for the disk.
    Keep(Vec<Item>),
    /// What would become of each of these?
    Preview {
        ticket: Ticket,
        each: Vec<One>,
    },
    /// Do these as one thing; the answer comes back with the ticket.
    Together {
        ticket: Ticket,
        each: Vec<One>,
    },
    /// Tell the agent what is looked at now.
    Look(Option<AlertId>),
    FetchDetail(AlertId),
    FetchSteps(AlertId),
    /// The partners that these words name; without words those that need somebody.
    FetchPartners(String),
    FetchPartner(Untrusted),
    /// A contact, with what they said about getting messages.
    FetchContact(Untrusted),
    FetchThing(ThingOf),
    FetchMessages,
    FetchMessage(NotificationId),
    /// What this query finds in all of the history.
    FetchSearch(String),
    /// Saved views.
    FetchViews,
    FetchProviders,
    /// What would sending this again come to?
    Plan(Asked),
    /// Try a provider that is down.
    Probe(String),
    FetchOnCall,
    FetchHandover,
    FetchTemplates,
    FetchPreview(AskedPreview),
    FetchContacts,
    FetchPerson(PersonId),
    FetchConfig,
    FetchDigests,
    /// Everybody's copy of a digest, as it would be now.
    FetchDigest(String),
    /// Send [`crate::console::message::Msg::Waited`] after a while.
    Wait(Wait, Duration),
    /// Say who is there behind a shared login, and begin again.
    LogIn {
        person: String,
        pin: String,
    },
    /// The briefing of a drill was read.
    BeginDrill,
    /// Listen to the agent from now on.
    Listen,
    /// Send [`crate::console::message::Msg::Rested`] with this number after a while.
    Rest(u64, Duration),
    /// This operator has found the keys; nobody need point at them again.
    Seen,
    Copy(Printable),
    Bell,
    /// Draw everything anew.
    Redraw,
    Suspend,
    Quit,
}
