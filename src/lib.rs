//! Nightdesk: a console and a dispatch agent for the people who run a B2B trading community at night.
//!
//! The house has rooms, and each knows few others:
//!
//! - [`core`] knows what the desk knows and decides. Pure: it knows nobody, not even the clock.
//! - [`config`], [`store`], [`channel`], [`community`] and [`wire`] know only `core`: the file, the
//!   durable state, the ways out, the way in, and the words between agent and console.
//! - [`agent`] runs the long jobs and knows those.
//! - `term` is the terminal itself; `console` shows and asks, `cli` does the same a line at a time;
//!   neither knows the store, a channel or the agent.
//! - `practice` is an outside party that happens to ship in the binary.
//!
//! `main` alone knows everyone. `tests/house.rs` holds this.

pub mod agent;
pub mod channel;
pub mod cli;
pub mod community;
pub mod config;
pub mod console;
pub mod core;
pub mod practice;
pub mod store;
pub mod term;
pub mod wire;
