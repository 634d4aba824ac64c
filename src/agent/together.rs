//! Several commands in one go: what would become of each, and doing them in one transaction.

use super::{Agent, command_view, contacts};
use crate::core::apply::{Asker, CommandView};
use crate::core::command::Outcome;
use crate::core::together::{self, MOST, One};
use crate::store::{StoreError, Tx};
use crate::wire::Together;
use jiff::Timestamp;

/// What would become of each; nothing does.
pub async fn preview(agent: &Agent, asked: Together, asker: Asker) -> Result<Vec<Outcome>, StoreError> {
    let (setup, now) = (agent.setup(), agent.world.now());
    agent
        .store
        .read(move |tx| {
            let views = views(tx, &asked.each, now)?;
            let desk = &setup.settings.desk;
            Ok(together::decide(desk, &asked.each, views, &asked.id, &asker, tx.next_ids()?, now).0)
        })
        .await
}

/// Decides them; the same id again gets the same answers.
pub async fn command(agent: &Agent, asked: Together, asker: Asker) -> Result<Vec<Outcome>, StoreError> {
    let (setup, now) = (agent.setup(), agent.world.now());
    agent
        .store
        .write(move |tx| {
            let mut answered = Vec::new();
            for at in 0..asked.each.len().min(MOST) {
                match tx.answered(&answer_id(&asked.id, at), &asker.id.0)? {
                    Some(outcome) => answered.push(outcome),
                    None => break,
                }
            }
            if !answered.is_empty() {
                return Ok(answered);
            }
            let views = views(tx, &asked.each, now)?;
            let desk = &setup.settings.desk;
            let (outcomes, changes, ids) =
                together::decide(desk, &asked.each, views, &asked.id, &asker, tx.ids(), now);
            tx.keep_ids(ids);
            contacts::apply(tx, desk, changes, now)?;
            for (at, outcome) in outcomes.iter().enumerate().take(MOST) {
                tx.keep_answer(&answer_id(&asked.id, at), &asker.id.0, now, outcome)?;
            }
            Ok(outcomes)
        })
        .await
}

/// Each has an answer of its own.
fn answer_id(id: &str, at: usize) -> String {
    format!("{id}-{at}")
}

fn views(tx: &Tx<'_>, each: &[One], now: Timestamp) -> Result<Vec<CommandView>, StoreError> {
    let looked_at = |(at, one): (usize, &One)| match at < MOST {
        true => command_view(tx, &one.action, now),
        false => Ok(CommandView::default()),
    };
    each.iter().enumerate().map(looked_at).collect()
}
