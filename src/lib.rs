//! Nightdesk: a console and a dispatch agent for the people who run a B2B trading community at night.

pub mod channel;
pub mod console;
pub mod core;
pub mod term;
pub mod wire;
