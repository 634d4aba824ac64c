//! One life of a whole agent in virtual time, with channels that are the test's.

use jiff::Timestamp;
use nightdesk::agent::Agent;
use nightdesk::agent::setup::{self, Origin};
use nightdesk::agent::world::World;
use nightdesk::channel::Channel;
use nightdesk::store::{Open, Store};
use std::path::Path;
use std::sync::Arc;

/// Channels by the names that the configuration gives them, in place of what it says they are.
pub type Channels = Vec<(&'static str, Arc<dyn Channel>)>;

/// Runs the agent from its store in `folder`, from `start` until `within` is through; it ends without a word, like
/// any crash. `channels` are made where time is virtual already.
pub fn live<T>(
    config: &str,
    folder: &Path,
    start: Timestamp,
    channels: impl FnOnce() -> Channels,
    within: impl AsyncFnOnce(Arc<Agent>, Store) -> T,
) -> T {
    std::fs::write(folder.join("config.toml"), config).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    runtime.unwrap().block_on(async {
        let world = World::simulated(start, 1);
        let store = Store::open(&Open::Inline(folder.join("nightdesk.db")), 1).unwrap();
        let origin = Origin { file: folder.join("config.toml"), state: folder.to_owned(), apply: false };
        let mut setup = setup::at_start(&origin, &store, &world).await.unwrap();
        setup.channels.extend(channels().into_iter().map(|(name, channel)| (name.to_owned(), channel)));
        let agent = Agent::start(store.clone(), world, origin, setup).await.unwrap();
        let done = within(agent, store.clone()).await;
        store.crash();
        done
    })
}
