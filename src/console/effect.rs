//! What `update` asks of the world.

use crate::console::message::Ticket;
use crate::core::command::{Action, Expect};
use crate::core::id::AlertId;
use crate::core::text::Printable;
use std::time::Duration;

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
    /// Say who is there behind a shared login, and begin again.
    LogIn {
        person: String,
        pin: String,
    },
    /// Send [`crate::console::message::Msg::Rested`] with this number after a while.
    Rest(u64, Duration),
    Copy(Printable),
    Bell,
    /// Draw everything anew.
    Redraw,
    Suspend,
    Quit,
}
