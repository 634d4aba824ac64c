//! Tells somebody outside, again and again, that the desk is well: only while the audit is clean, so that
//! silence means trouble, whatever kind it is.

use super::Agent;
use crate::channel::http_client;
use crate::config::Heartbeat;
use reqwest::Url;
use secrecy::ExposeSecret;
use std::sync::Arc;
use std::time::Duration;

const TIMEOUT: Duration = Duration::from_secs(10);

/// Beats until the agent stops.
pub async fn job(agent: Arc<Agent>) {
    let mut setups = agent.setups();
    let mut looked = agent.audited.looked();
    loop {
        let settings = setups.borrow_and_update().settings.heartbeat.clone();
        looked.mark_unchanged();
        let Some(heartbeat) = settings else {
            tokio::select! {
                biased;
                () = agent.stopping.cancelled() => return,
                changed = setups.changed() => if changed.is_err() { return },
            }
            continue;
        };
        let clean = agent.audited.is_clean(agent.world.now());
        if clean {
            let came = beat(&heartbeat).await;
            if let Err(why) = &came {
                tracing::warn!(why, "the heartbeat did not arrive");
            }
            agent.audited.beat(agent.world.now(), came);
        }
        tokio::select! {
            biased;
            () = agent.stopping.cancelled() => return,
            () = tokio::time::sleep(heartbeat.every), if clean => {}
            // The next look may find that all is well.
            _ = looked.changed(), if !clean => {}
            changed = setups.changed() => if changed.is_err() { return },
        }
    }
}

/// One request; its answer must be a 2xx. The address may be a secret, so no error names it.
async fn beat(heartbeat: &Heartbeat) -> Result<(), String> {
    let url: Url = heartbeat.url.expose_secret().parse().map_err(|_| "its address is none".to_owned())?;
    let answer = http_client(&url, TIMEOUT, 1)?.get(url).send().await.map_err(|why| {
        let kind = if why.is_timeout() {
            "no answer came in time"
        } else if why.is_connect() {
            "nobody is reached there"
        } else {
            "the connection broke"
        };
        kind.to_owned()
    })?;
    match answer.status() {
        status if status.is_success() => Ok(()),
        status => Err(format!("it was answered with {status}")),
    }
}
