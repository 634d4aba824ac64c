//! What `update` asks of the world.

use crate::console::message::Ticket;
use crate::console::partners::ThingOf;
use crate::console::templates::AskedPreview;
use crate::core::command::{Action, Expect};
use crate::core::id::AlertId;
use crate::core::resend::Asked;
use crate::core::text::{Printable, Untrusted};
use std::time::Duration;

/// What is waited for before the agent is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// The filter of the partners rests; the number tells the newest from older ones.
    Find(u64),
    /// More may have changed of the partners by then …
    Partners,
    /// … or of the one whose page is open.
    Page,
    /// … or of the one beside the detail of Triage.
    Beside,
    /// The figures of the providers may have changed by then.
    Providers,
}

#[derive(Debug, PartialEq)]
pub enum Effect {
    /// Send a command; the answer comes back with the ticket.
    Command {
        ticket: Ticket,
        action: Action,
        expect: Expect,
    },
    FetchDetail(AlertId),
    FetchSteps(AlertId),
    /// The partners that these words name; without words those that need somebody.
    FetchPartners(String),
    FetchPartner(Untrusted),
    /// A contact, with what they said about getting messages.
    FetchContact(Untrusted),
    FetchThing(ThingOf),
    FetchMessages,
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
    /// Send [`crate::console::message::Msg::Waited`] after a while.
    Wait(Wait, Duration),
    /// Say who is there behind a shared login, and begin again.
    LogIn {
        person: String,
        pin: String,
    },
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
