//! The search over the whole history: an index in a file of its own (`search.db`, SQLite's FTS5), made of the
//! numbered changes and of nothing else. It is derived: lost, broken or old, it is made anew from the history.
//!
//! Its writer has its own thread and its own connections, reads the history in small batches and keeps in the
//! same transaction how far it has come; so it costs the store's writer nothing, resumes where it was, and may
//! lag, which every answer says. What each word finds is decided by [`crate::core::query`].
//!
//! All of this speaks SQLite. On an engine with an index of its own (a GIN column on PostgreSQL) these files
//! have no part: [`ask::Found`] is what a search gives whatever made it.

pub mod ask;
mod doc;
mod file;
mod write;

pub use ask::{Found, Question};
pub use doc::Key;
pub use write::{Index, Progress};
