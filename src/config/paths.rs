//! Where configuration, state and socket are, in the order the contract gives.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Where everything of one desk is.
#[derive(Clone, Debug)]
pub struct Paths {
    pub config: PathBuf,
    pub state: PathBuf,
    pub socket: PathBuf,
}

/// The places a person named, by flag or environment; the rest is looked for.
#[derive(Clone, Debug, Default)]
pub struct Named {
    pub config: Option<PathBuf>,
    pub state: Option<PathBuf>,
    pub socket: Option<PathBuf>,
}

/// The environment's part in it.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    pub home: Option<PathBuf>,
    pub xdg_config: Option<PathBuf>,
    pub xdg_state: Option<PathBuf>,
}

impl Environment {
    pub fn of_process() -> Self {
        let folder = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|p| p.is_absolute());
        Self {
            home: folder("HOME"),
            xdg_config: folder("XDG_CONFIG_HOME"),
            xdg_state: folder("XDG_STATE_HOME"),
        }
    }

    fn config(&self) -> Option<PathBuf> {
        let base = self.xdg_config.clone().or_else(|| self.home.as_ref().map(|home| home.join(".config")))?;
        Some(base.join("nightdesk/config.toml"))
    }

    fn state(&self) -> PathBuf {
        let base =
            self.xdg_state.clone().or_else(|| self.home.as_ref().map(|home| home.join(".local/state")));
        base.unwrap_or_else(|| PathBuf::from("/var/lib")).join("nightdesk")
    }
}

impl Paths {
    pub fn find(named: Named, environment: &Environment) -> Self {
        let config = named.config.unwrap_or_else(|| find_config(environment));
        let state = named.state.unwrap_or_else(|| environment.state());
        let socket = named.socket.unwrap_or_else(|| state.join("run").join("agent.sock"));
        Self { config, state, socket }
    }
}

/// `./config.toml` counts only if it is ours to trust: it has a `[desk]` section and belongs to the
/// user or to root.
fn find_config(environment: &Environment) -> PathBuf {
    let here = PathBuf::from("config.toml");
    if is_ours(&here) {
        return std::path::absolute(&here).unwrap_or(here);
    }
    let system = PathBuf::from("/etc/nightdesk/config.toml");
    match environment.config() {
        Some(personal) if personal.exists() || !system.exists() => personal,
        _ => system,
    }
}

fn is_ours(file: &Path) -> bool {
    let Ok(meta) = std::fs::metadata(file) else { return false };
    let owner = meta.uid();
    let trusted = owner == 0 || owner == rustix::process::geteuid().as_raw();
    trusted
        && std::fs::read_to_string(file)
            .is_ok_and(|text| text.lines().any(|line| line.trim().starts_with("[desk]")))
}
