//! What the desk knows and decides.
//!
//! This room is pure: no async, no I/O, no clock and no randomness. Time, ids and chance come in as
//! arguments, decisions go out as [`change::Change`]s. It knows no other room.

pub mod alert;
pub mod apply;
pub mod assignment;
pub mod audit;
pub mod bundle;
pub mod calendar;
pub mod case;
pub mod change;
pub mod command;
pub mod contact;
pub mod contact_commands;
pub mod cover;
pub mod cron;
pub mod decide;
pub mod delivery;
pub mod desk;
pub mod digest;
pub mod document;
pub mod duty;
pub mod edi;
pub mod escalation;
pub mod event;
pub mod exception;
pub mod expectation;
pub mod expression;
pub mod flow;
pub mod handover;
pub mod ical;
pub mod id;
pub mod label;
pub mod mapping;
pub mod mark;
pub mod matter;
pub mod message;
pub mod money;
pub mod notification;
pub mod onboarding;
pub mod override_commands;
pub mod page;
pub mod page_test;
pub mod partner;
pub mod person;
pub mod reach;
pub mod reading;
pub mod reply;
pub mod reroute;
pub mod rule;
#[cfg(test)]
mod scenario;
pub mod schedule;
pub mod sheet;
pub mod sms;
pub mod standing;
pub mod status_update;
pub mod storm;
pub mod suppression;
pub mod sync;
pub mod task;
pub mod template;
pub mod text;
pub mod thread;
pub mod throttle;
pub mod wall;
pub mod why;
