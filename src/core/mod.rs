//! What the desk knows and decides.
//!
//! This room is pure: no async, no I/O, no clock and no randomness. Time, ids and chance come in as
//! arguments, decisions go out as [`change::Change`]s. It knows no other room.

pub mod alert;
pub mod apply;
pub mod change;
pub mod command;
pub mod contact;
pub mod decide;
pub mod delivery;
pub mod desk;
pub mod edi;
pub mod escalation;
pub mod event;
pub mod id;
pub mod money;
pub mod notification;
pub mod page;
pub mod partner;
pub mod person;
pub mod rule;
#[cfg(test)]
mod scenario;
pub mod schedule;
pub mod sms;
pub mod sync;
pub mod task;
pub mod text;
