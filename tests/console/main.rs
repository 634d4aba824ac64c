//! The console as an operator meets it: keys go in, lines come out.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod bytes;
mod day;
mod hand;
mod handover;
mod hostile;
mod keys;
mod night;
mod oncall;
mod partners;
mod presses;
mod screens;
mod seeing;
mod sending;
mod ways;
