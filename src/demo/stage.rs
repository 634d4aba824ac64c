//! What a demonstration stands on: a folder that goes when it ends, the practice community on a thread of its
//! own, and a configuration that makes the two know each other.

use nightdesk::cli::act::fresh_id;
use nightdesk::cli::{Cli, Context, Failed, Places};
use nightdesk::practice::drill::Drill;
use nightdesk::practice::{Addresses, Haste, Practice, Settings};
use std::cell::Cell;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use tokio::sync::{oneshot, watch};

pub struct Stage {
    folder: Folder,
    community: Addresses,
    intake: SocketAddr,
    secret: String,
    inbound: String,
    begin: Cell<Option<oneshot::Sender<Wanted>>>,
    /// Speaks to the agent of this stage.
    pub context: Context,
}

/// What the community is to play.
pub enum Wanted {
    /// The recorded day, and partners who act.
    Day(Settings),
    /// A drill; the names of what its cues wait for come in by the receiver.
    Drill(Box<Drill>, Settings, watch::Receiver<BTreeSet<String>>),
}

impl Stage {
    /// Opens the community's gateways; nothing is said yet, and no agent runs.
    pub fn set(cli: &Cli) -> Result<Stage, Failed> {
        let folder = Folder::new()?;
        // The community lives on a thread of its own, as it would live on another machine.
        let (told, listening) = std::sync::mpsc::channel();
        let (begin, wanted) = oneshot::channel::<Wanted>();
        std::thread::Builder::new()
            .name("practice".to_owned())
            .spawn(move || live(&told, wanted))
            .map_err(|why| Failed::No(format!("the practice community does not start: {why}")))?;
        let community = listening
            .recv()
            .map_err(|_| Failed::No("the practice community does not start".to_owned()))?
            .map_err(|why| Failed::No(format!("the practice community cannot listen on loopback: {why}")))?;
        let (intake, secret, inbound) = (free_port()?, secret(), fresh_id());
        write(&folder.path().join("secret"), &secret)?;
        write(&folder.path().join("gateway-password"), &fresh_id())?;
        write(&folder.path().join("inbound-secret"), &inbound)?;
        let places = Places {
            config: Some(folder.path().join("config.toml")),
            state: Some(folder.path().join("state")),
            socket: None,
            person: None,
        };
        let mut context = Context::new(&places)?;
        if cli.read_only {
            context.client = context.client.read_only();
        }
        Ok(Stage { folder, community, intake, secret, inbound, begin: Cell::new(Some(begin)), context })
    }

    /// Writes the desk's configuration, over one that was written before.
    pub fn configure(&self, desk: impl FnOnce(&Addresses, SocketAddr) -> String) -> Result<(), Failed> {
        write(&self.config(), &desk(&self.community, self.intake))
    }

    pub fn config(&self) -> PathBuf {
        self.folder.path().join("config.toml")
    }

    /// How the community speaks to the desk of this stage.
    pub fn settings(&self) -> Settings {
        let url = format!("http://{}/v1/events/community", self.intake);
        let answers = format!("http://{}/v1/inbound/sms", self.intake);
        let seed = u64::from(std::process::id());
        let settings = Settings::demo(url, self.secret.clone().into(), seed);
        Settings { inbound: Some((answers, self.inbound.clone().into())), ..settings }
    }

    /// Lets the community begin; only once.
    pub fn play(&self, wanted: Wanted) {
        if let Some(begin) = self.begin.take() {
            let _ = begin.send(wanted);
        }
    }
}

/// The system user who began it.
pub fn login() -> String {
    uzers::get_current_username().unwrap_or_default().to_string_lossy().into_owned()
}

type Listening = std::io::Result<Addresses>;

fn live(told: &std::sync::mpsc::Sender<Listening>, wanted: oneshot::Receiver<Wanted>) {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(why) => {
            let _ = told.send(Err(why));
            return;
        }
    };
    runtime.block_on(async {
        match Practice::bind(Haste::REAL).await {
            Ok(practice) => {
                let _ = told.send(Ok(practice.addresses()));
                match wanted.await {
                    Ok(Wanted::Day(settings)) => {
                        let _ = tokio::join!(practice.run(settings.clone()), practice.partners(settings));
                    }
                    Ok(Wanted::Drill(drill, settings, reached)) => {
                        let _ = practice.play(&drill, settings, reached).await;
                    }
                    Err(_) => {}
                }
                // The gateways answer on after the last event of the day.
                std::future::pending::<()>().await;
            }
            Err(why) => {
                let _ = told.send(Err(why));
            }
        }
    });
}

/// A folder that goes when the demo ends.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self, Failed> {
        use std::os::unix::fs::DirBuilderExt;
        let path = std::env::temp_dir().join(format!("nightdesk-demo-{}", fresh_id()));
        std::fs::DirBuilder::new()
            .mode(0o700)
            .create(&path)
            .map_err(|why| Failed::No(format!("{} cannot be made: {why}", path.display())))?;
        Ok(Self(path))
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn write(path: &Path, text: &str) -> Result<(), Failed> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|why| Failed::No(format!("{} cannot be written: {why}", path.display())))
}

/// An address on loopback that nobody uses at this moment.
fn free_port() -> Result<SocketAddr, Failed> {
    std::net::TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .map_err(|why| Failed::No(format!("no port on loopback is free: {why}")))
}

fn secret() -> String {
    use base64::Engine;
    let random: [u8; 32] = rand::random();
    format!("whsec_{}", base64::engine::general_purpose::STANDARD.encode(random))
}
