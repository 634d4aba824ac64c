//! Plays a drill: says what its cues say when their time has come, lets the gateway fail and work again, and
//! lets people answer texts. Like everything of the community it comes to the desk from outside.

use crate::practice::drill::{Cue, Drill, Reply};
use crate::practice::partners::{Arrival, Letter};
use crate::practice::poster::{self, Settings};
use crate::practice::{Post, locked};
use jiff::Timestamp;
use secrecy::ExposeSecret;
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

/// Plays until every cue has been, and lets people answer until it is dropped. `reached` are the names of the
/// marks and goals that cues wait for.
pub(super) async fn drill(
    drill: &Drill,
    post: Arc<Post>,
    arrivals: &mut mpsc::Receiver<Arrival>,
    settings: &Settings,
    reached: watch::Receiver<BTreeSet<String>>,
    client: &reqwest::Client,
) {
    let mut running = JoinSet::new();
    for (number, cue) in drill.cues.iter().cloned().enumerate() {
        let (post, settings, client) = (post.clone(), settings.clone(), client.clone());
        let reached = reached.clone();
        running.spawn(async move { play(cue, number, &post, &settings, reached, &client).await });
    }
    let mut answered = HashSet::new();
    while let Some(arrival) = arrivals.recv().await {
        while running.try_join_next().is_some() {}
        let Letter::Text(text) = arrival.letter else { continue };
        let wanted = |reply: &&Reply| reply.phone == arrival.to && text.contains(&reply.to);
        let Some(reply) = drill.replies.iter().find(wanted).cloned() else { continue };
        if !answered.insert((arrival.to.clone(), text.clone())) {
            continue;
        }
        let id = format!("{:x}-reply-{}", settings.seed, answered.len());
        let (settings, client, wait) = (settings.clone(), client.clone(), post.haste.of(reply.after));
        running.spawn(async move {
            tokio::time::sleep(wait).await;
            answer(&reply, &text, &id, &settings, &client).await;
        });
    }
}

async fn play(
    cue: Cue,
    number: usize,
    post: &Post,
    settings: &Settings,
    mut reached: watch::Receiver<BTreeSet<String>>,
    client: &reqwest::Client,
) {
    if let Some(name) = &cue.after
        && reached.wait_for(|names| names.contains(name)).await.is_err()
    {
        return;
    }
    tokio::time::sleep(post.haste.of(cue.at)).await;
    for time in 0..cue.times {
        if time > 0 {
            tokio::time::sleep(post.haste.of(cue.every)).await;
        }
        if let Some(gateway) = cue.gateway {
            *locked(&post.gateway) = gateway;
        }
        if let Some(event) = &cue.event {
            let id = format!("{:x}-drill-{number}-{time}", settings.seed);
            let settings = settings.of_source(cue.source.as_deref());
            poster::tell(post, &settings, client, &id, event.event(&id, time, Timestamp::now())).await;
        }
    }
}

/// Sends a text back the way a handset does: through the gateway, which hands it on.
async fn answer(reply: &Reply, text: &str, id: &str, settings: &Settings, client: &reqwest::Client) {
    let Some((url, secret)) = &settings.inbound else { return };
    let code = text.rsplit(' ').next().unwrap_or_default();
    let says = format!("{} {code}", reply.says);
    let asked = client.get(url).query(&[
        ("secret", secret.expose_secret()),
        ("from", reply.phone.as_str()),
        ("id", id),
        ("text", says.as_str()),
    ]);
    if let Err(why) = asked.send().await {
        tracing::warn!(why = %why.without_url(), "the practice gateway could not hand on a text");
    }
}
