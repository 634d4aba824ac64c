//! What the desk knows and decides.
//!
//! This room is pure: no async, no I/O, no clock and no randomness. Time, ids and chance come in as
//! arguments, decisions go out as [`change::Change`]s. It knows no other room.

pub mod alert;
pub mod change;
pub mod command;
pub mod contact;
pub mod event;
pub mod id;
pub mod money;
pub mod notification;
pub mod partner;
pub mod person;
pub mod sms;
pub mod task;
pub mod text;
