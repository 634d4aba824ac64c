//! Finding: the index of the whole history, what it may be relied on for, and the same query in the lists, the
//! search and the saved views of the command line.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../support/desk.rs"]
#[allow(dead_code)]
mod desk;
mod history;
mod index;
mod lines;
#[path = "../support/peer.rs"]
#[allow(dead_code)]
mod peer;
