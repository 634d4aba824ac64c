//! Notices that the configuration file is no longer what is applied. It is only said, in the header
//! and in `agent status`; applying it stays a person's decision.

use super::{Agent, setup};
use crate::config;
use std::sync::Arc;
use std::time::Duration;

const LOOK_EVERY: Duration = Duration::from_secs(10);

/// Looks at the file until the agent stops.
pub async fn job(agent: Arc<Agent>) {
    let mut watched = config::Watched::default();
    loop {
        tokio::select! {
            biased;
            () = agent.stopping.cancelled() => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
        let (file, applied) = (agent.origin.file.clone(), agent.setup());
        let read = tokio::task::spawn_blocking({
            let file = file.clone();
            move || {
                let digest = watched.read(&file).map(|text| config::digest(&text));
                (watched, digest)
            }
        });
        let (again, digest) = match read.await {
            Ok((again, digest)) => (again, digest.ok()),
            Err(_) => (config::Watched::default(), None),
        };
        watched = again;
        let note = match digest {
            Some(digest) if digest == applied.settings.sha256 => None,
            _ => Some(match config::load(&file) {
                Ok(_) => setup::differs(&file, applied.settings.desk.version),
                Err(broken) => {
                    let first = broken.to_string().lines().next().unwrap_or_default().to_owned();
                    format!("version {} is used, the file is broken: {first}", applied.settings.desk.version)
                }
            }),
        };
        agent.notice(note);
    }
}
