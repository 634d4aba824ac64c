//! The terminal itself: taking it, giving it back, reading keys and writing frames.
//!
//! Nothing here knows what the console shows. Only this room writes to the terminal.

pub mod bell;
pub mod capabilities;
pub mod cells;
pub mod clipboard;
pub mod encode;
pub mod frames;
pub mod guard;
pub mod input;
pub mod pen;
pub mod shift;
