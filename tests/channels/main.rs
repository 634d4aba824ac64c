//! Every channel keeps the same promises: what it answers is never more, and never less, than what it
//! knows. [`suite`] runs every channel through the same cases against a small peer that fails on request;
//! then each has a file for what only it promises, some of it against the real thing.
//!
//! To add a channel: a file with its `Stand` and how its [`stand::Peer`] behaves in each mood, and a line in
//! [`stand::every`].

// A test fails by panicking, in its peers as well.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../support/fake_http.rs"]
mod fake_http;
#[path = "../support/fake_smsc.rs"]
mod fake_smsc;
#[path = "../support/fake_smtp.rs"]
mod fake_smtp;
mod folding;
mod kannel;
#[path = "../support/kannel.rs"]
#[allow(dead_code)]
mod kannel_peer;
mod opentext;
#[path = "../support/opentext.rs"]
mod opentext_peer;
#[path = "../support/peer.rs"]
mod peer;
mod smpp;
#[path = "../support/smpp_wire.rs"]
mod smpp_wire;
mod smtp;
#[path = "../support/smtp.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod smtp_peer;
mod spool;
mod stand;
mod suite;
mod twilio;
#[path = "../support/twilio.rs"]
mod twilio_peer;
mod webhook;
