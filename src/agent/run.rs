//! The agent as a process: its folder, its sockets, its signals, its end.

use super::setup::{self, NotApplied, Origin};
use super::world::World;
use super::{Agent, serve};
use crate::community;
use crate::config::ConfigError;
use crate::config::paths::Paths;
use crate::core::change::Actor;
use crate::store::{Open, Store, StoreError};
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, UnixListener};
use tokio::signal::unix::{SignalKind, signal};

/// How long what is on its way may take to finish when the agent stops.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why an agent does not run.
#[derive(Debug, thiserror::Error)]
pub enum NotRunning {
    #[error("{0}")]
    Config(ConfigError),
    #[error("{0}")]
    Setup(NotApplied),
    #[error("{0}")]
    Store(#[from] StoreError),
    #[error("the state folder {path} cannot be made: {why}")]
    Folder { path: String, why: String },
    #[error(
        "the intake cannot listen on {address}: {why}; change [intake] listen, or stop what listens there"
    )]
    Intake { address: SocketAddr, why: String },
    #[error("the socket {path} cannot be opened: {why}")]
    Socket { path: String, why: String },
    #[error("there is no system group {0}; make it, or change [agent] group")]
    Group(String),
    #[error("signals cannot be watched: {0}")]
    Signals(std::io::Error),
}

impl From<NotApplied> for NotRunning {
    fn from(why: NotApplied) -> Self {
        match why {
            NotApplied::Config(why) => Self::Config(why),
            NotApplied::Store(why) => Self::Store(why),
            other => Self::Setup(other),
        }
    }
}

/// Runs an agent until it is told to stop. `apply`: apply a changed file whoever starts the agent.
pub async fn run(paths: &Paths, apply: bool) -> Result<(), NotRunning> {
    // Whatever the agent writes is for its own user, however it was started.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    private_folder(&paths.state, 0o700)?;
    let world = World::real();
    let store = Store::open(&Open::Folder(paths.state.clone()), world.entropy())?;
    let origin = Origin { file: paths.config.clone(), state: paths.state.clone(), apply };
    let setup = setup::at_start(&origin, &store, &world).await?;
    let address = setup.settings.intake.listen;
    let group = setup.settings.agent.group.clone();
    let intake = TcpListener::bind(address)
        .await
        .map_err(|why| NotRunning::Intake { address, why: why.to_string() })?;
    let agent = Agent::start(store, world, origin, setup).await?;
    let socket = open_socket(paths, group.as_deref())?;

    let events = community::intake::router(agent.clone());
    let stopping = agent.stopping.clone();
    let intake = tokio::spawn(
        axum::serve(intake, events.into_make_service_with_connect_info::<SocketAddr>())
            .with_graceful_shutdown(async move { stopping.cancelled().await })
            .into_future(),
    );
    let stopping = agent.stopping.clone();
    let api = tokio::spawn(
        axum::serve(
            socket,
            serve::router(agent.clone()).into_make_service_with_connect_info::<serve::Peer>(),
        )
        .with_graceful_shutdown(async move { stopping.cancelled().await })
        .into_future(),
    );
    tracing::info!(%address, socket = %paths.socket.display(), "the agent is ready");

    wait_for_the_end(&agent).await?;
    let stopped = agent.stop(PATIENCE).await;
    let _ = std::fs::remove_file(&paths.socket);
    for server in [intake, api] {
        let _ = tokio::time::timeout(Duration::from_secs(2), server).await;
    }
    stopped?;
    Ok(())
}

/// TERM and INT end the agent; HUP applies a changed configuration.
async fn wait_for_the_end(agent: &Arc<Agent>) -> Result<(), NotRunning> {
    let mut terminate = signal(SignalKind::terminate()).map_err(NotRunning::Signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(NotRunning::Signals)?;
    let mut hangup = signal(SignalKind::hangup()).map_err(NotRunning::Signals)?;
    let mut sealed = agent.store.sealed();
    loop {
        tokio::select! {
            // The store's writer has ended, so nothing can be kept or claimed: better no agent, which is
            // seen and started again, than one that looks alive.
            () = gone(&mut sealed) => return Err(NotRunning::Store(StoreError::Closed)),
            _ = terminate.recv() => return Ok(()),
            _ = interrupt.recv() => return Ok(()),
            _ = hangup.recv() => match agent.apply_file("on SIGHUP", Actor::Desk).await {
                Ok(version) => tracing::info!(version, "configuration applied"),
                Err(why) => tracing::error!("the configuration is not applied:\n{why}"),
            },
        }
    }
}

/// Returns when nobody can seal any more.
async fn gone(sealed: &mut tokio::sync::watch::Receiver<u64>) {
    while sealed.changed().await.is_ok() {}
}

fn private_folder(path: &Path, mode: u32) -> Result<(), NotRunning> {
    let failed =
        |why: std::io::Error| NotRunning::Folder { path: path.display().to_string(), why: why.to_string() };
    std::fs::DirBuilder::new().recursive(true).mode(mode).create(path).map_err(failed)
}

/// The socket in a folder that only its owner (or the group of a service) may enter. The folder has
/// its mode before the socket exists, so that there is no moment in which anybody may connect.
fn open_socket(paths: &Paths, group: Option<&str>) -> Result<UnixListener, NotRunning> {
    let path = &paths.socket;
    let failed =
        |why: std::io::Error| NotRunning::Socket { path: path.display().to_string(), why: why.to_string() };
    let folder = path.parent().unwrap_or(Path::new("."));
    let gid = match group {
        Some(name) => {
            Some(uzers::get_group_by_name(name).ok_or_else(|| NotRunning::Group(name.to_owned()))?.gid())
        }
        None => None,
    };
    let (folder_mode, socket_mode) = if gid.is_some() { (0o750, 0o660) } else { (0o700, 0o600) };
    let existed = folder.exists();
    private_folder(folder, 0o700)?;
    let owned = std::fs::metadata(folder).map_err(failed)?;
    let ours = std::os::unix::fs::MetadataExt::uid(&owned) == rustix::process::geteuid().as_raw();
    if !existed || (ours && folder.file_name().is_some_and(|name| name == "run")) {
        if let Some(gid) = gid {
            std::os::unix::fs::chown(folder, None, Some(gid)).map_err(failed)?;
            if path.starts_with(&paths.state) {
                // The group may pass through the state folder to the socket, and see nothing else.
                std::os::unix::fs::chown(&paths.state, None, Some(gid)).map_err(failed)?;
                std::fs::set_permissions(&paths.state, std::fs::Permissions::from_mode(0o710))
                    .map_err(failed)?;
            }
        }
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(folder_mode)).map_err(failed)?;
    }
    // The state folder is ours alone, so a socket left here is nobody's.
    match std::fs::remove_file(path) {
        Ok(()) => {}
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => {}
        Err(why) => return Err(failed(why)),
    }
    let mask = rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o177));
    let bound = UnixListener::bind(path);
    rustix::process::umask(mask);
    let socket = bound.map_err(failed)?;
    if let Some(gid) = gid {
        std::os::unix::fs::chown(path, None, Some(gid)).map_err(failed)?;
    }
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(socket_mode)).map_err(failed)?;
    Ok(socket)
}
