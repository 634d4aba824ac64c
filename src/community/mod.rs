//! How the community is reached: events come in here, checked to the letter, before anyone decides.
//!
//! This room knows only `core`. It reads requests and answers them; what the desk does with an
//! event, and where it is kept, enters through the [`intake::Desk`] trait.

mod body;
pub mod cloudevents;
mod fingerprint;
pub mod intake;
mod json;
mod linger;
mod media;
pub mod problem;
pub mod received;
pub mod scim;
pub mod signature;
pub mod unsubscribe;
mod uri;

pub use fingerprint::fingerprint;
pub use received::{Received, Refused};
