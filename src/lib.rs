//! Nightdesk: a console and a dispatch agent for the people who run a B2B trading community at night.

pub mod channel;
pub mod config;
pub mod core;
pub mod store;
pub mod wire;
