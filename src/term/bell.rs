//! The bell: the one sound that works through SSH, tmux and a locked screen.

/// BEL, and nothing else: never text from outside, so that nothing can be smuggled into a title.
pub const BELL: &[u8] = b"\x07";
