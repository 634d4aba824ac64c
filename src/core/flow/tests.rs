//! What the flows promise, whatever the order and number of the events they hear.

mod cases;
mod documents;
mod expectations;
mod onboarding;
mod outcome;
mod posts;
mod reaching;
mod tasks;

use super::stage::{Stage, When, contact, sequence, time};
use crate::core::contact::{Category, Contact, Medium};
use crate::core::task::TaskKind;
use proptest::prelude::*;
use serde_json::{Value, json};

/// Up to twelve steps out of `n`, each any number of times and in any order.
fn order(n: usize) -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(0..n, 1..12)
}

fn wants(mut contact: Contact, category: Category, media: &[Medium]) -> Contact {
    contact.channels.insert(category, media.to_vec());
    contact
}
