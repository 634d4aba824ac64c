//! The console as an operator meets it: keys go in, lines come out.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod acting;
mod appear;
mod away;
mod bytes;
mod day;
mod drills;
mod finding;
mod hand;
mod handover;
mod hostile;
mod keys;
mod long;
mod moved;
mod nav;
mod night;
mod oncall;
mod palette;
mod partners;
mod presses;
mod random;
mod screens;
mod seeing;
mod sending;
mod stumbles;
mod undo;
mod ways;
