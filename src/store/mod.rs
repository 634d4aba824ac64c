//! Durable state: it keeps, finds and claims, and decides nothing.
//!
//! Every write is a list of numbered changes applied to tables ([`apply`]); nothing writes state in
//! any other way, so replaying the history gives the same tables. Operations are plain functions
//! over a [`Tx`]; [`sqlite`] runs them, many to one commit.

pub mod apply;
mod audit;
pub mod consent;
mod digest;
pub mod find;
pub mod found;
mod gathering;
mod handover;
pub mod links;
pub mod list;
pub mod partners;
mod person;
mod providers;
pub mod quiet;
pub mod replies;
pub mod roster;
pub mod search;
mod shift_test;
pub mod sqlite;
pub mod tx;
mod views;

pub use sqlite::{Open, Store};
pub use tx::Tx;

/// What can go wrong in the store. The sentences are for operators; SQL never shows.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the store at {path} cannot be opened: {why}")]
    Open { path: String, why: String },
    #[error("another agent works on {path} (process {pid}); two agents never share a state folder")]
    InUse { path: String, pid: String },
    #[error(
        "the store at {path} was made by a newer nightdesk (schema {found}, this one knows {known}); use that version"
    )]
    Newer { path: String, found: i64, known: i64 },
    #[error("the store refused an operation: {0}")]
    Sql(String),
    #[error("a stored {what} cannot be read: {why}")]
    Corrupt { what: &'static str, why: String },
    #[error("the store is closed")]
    Closed,
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error.to_string())
    }
}
