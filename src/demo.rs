//! `nightdesk --demo`: the practice community and a throw-away desk that is configured to talk to
//! it. The agent is started like any other and knows nothing of this.

use super::on_one_thread;
use nightdesk::cli::{self, Cli, Context, Failed, Places};
use nightdesk::console;
use nightdesk::practice::{Addresses, Haste, Practice, Settings};
use std::net::SocketAddr;
use std::path::Path;

pub fn run(cli: &Cli) -> Result<(), Failed> {
    let folder = Folder::new()?;
    // The community lives on a thread of its own, as it would live on another machine.
    let (told, listening) = std::sync::mpsc::channel();
    let (begin, wanted) = tokio::sync::oneshot::channel::<Settings>();
    std::thread::Builder::new()
        .name("practice".to_owned())
        .spawn(move || community(&told, wanted))
        .map_err(|why| Failed::No(format!("the practice community does not start: {why}")))?;
    let community = listening
        .recv()
        .map_err(|_| Failed::No("the practice community does not start".to_owned()))?
        .map_err(|why| Failed::No(format!("the practice community cannot listen on loopback: {why}")))?;
    let intake = free_port()?;
    let secret = secret();
    write(&folder.path().join("secret"), &secret)?;
    write(&folder.path().join("gateway-password"), &super::cli::act::fresh_id())?;
    let inbound = super::cli::act::fresh_id();
    write(&folder.path().join("inbound-secret"), &inbound)?;
    write(&folder.path().join("config.toml"), &community.desk(intake, jiff::Timestamp::now()))?;
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
    on_one_thread(async {
        cli::agent::start(&context).await?;
        let url = format!("http://{intake}/v1/events/community");
        let seed = u64::from(std::process::id());
        let answers = format!("http://{intake}/v1/inbound/sms");
        let settings =
            Settings { inbound: Some((answers, inbound.into())), ..Settings::demo(url, secret.into(), seed) };
        let _ = begin.send(settings);
        let shown = super::show(cli, &context, console::AgentAfter::Ends).await;
        let stopped = cli::agent::end(&context).await;
        shown.and(stopped)
    })
}

type Listening = std::io::Result<Addresses>;

fn community(told: &std::sync::mpsc::Sender<Listening>, wanted: tokio::sync::oneshot::Receiver<Settings>) {
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
                if let Ok(settings) = wanted.await {
                    let _ = tokio::join!(practice.run(settings.clone()), practice.partners(settings));
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
struct Folder(std::path::PathBuf);

impl Folder {
    fn new() -> Result<Self, Failed> {
        use std::os::unix::fs::DirBuilderExt;
        let path = std::env::temp_dir().join(format!("nightdesk-demo-{}", super::cli::act::fresh_id()));
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
        .create_new(true)
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
