//! Notices a source that has sent nothing for longer than it may, and one that speaks again. What
//! does not come makes no sound of its own, so somebody is paged for it like for an exception.

use super::{Agent, quiet};
use crate::core::bundle;
use crate::core::decide::Needs;
use crate::core::escalation::Decision;
use crate::core::trouble::{self, silence_key};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

const LOOK_EVERY: Duration = Duration::from_secs(30);

/// Looks at every source until the agent stops.
pub async fn job(agent: Arc<Agent>) {
    loop {
        tokio::select! {
            biased;
            () = agent.stopping.cancelled() => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
        if let Err(why) = look(&agent).await {
            tracing::error!(%why, "silent sources could not be looked for");
        }
    }
}

async fn look(agent: &Agent) -> Result<(), crate::store::StoreError> {
    let (setup, now) = (agent.setup(), agent.world.now());
    let sources = agent.vitals.sources(&setup, now);
    let watched: BTreeSet<String> = setup
        .settings
        .sources
        .iter()
        .filter(|source| source.silence.is_some())
        .map(|source| silence_key(&source.name))
        .collect();
    let needs = Needs { exceptions: watched.clone(), keys: watched, ..Needs::default() };
    let looked_up = needs.clone();
    let open = agent.store.read(move |tx| tx.view(&looked_up)).await?;
    let news = sources.iter().any(|source| {
        let known = open.keys.get(&silence_key(&source.name)).and_then(|alert| open.alerts.get(alert));
        match known {
            Some(alert) => source.silent == alert.cleared_at.is_some(),
            None => source.silent != trouble::is_known(&open, &source.name),
        }
    });
    if !news {
        return Ok(());
    }
    agent
        .store
        .write(move |tx| {
            let mut view = tx.view(&Needs { waiting: true, ..needs })?;
            let mut decision = Decision::new(&setup.settings.desk, now, tx.ids());
            for source in &sources {
                match source.last_event_at {
                    Some(at) if source.silent => trouble::silent(&mut decision, &mut view, &source.name, at),
                    _ => trouble::spoke_again(&mut decision, &mut view, &source.name),
                }
            }
            bundle::gather(&mut decision, None);
            tx.keep_ids(decision.ids);
            let changed = quiet::changed(&decision.changes);
            tx.apply(decision.changes)?;
            quiet::follow(tx, &setup.settings.desk, &changed, now)
        })
        .await
}
