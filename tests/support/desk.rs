//! A desk as its users have it: the real binary as an agent in a folder of its own, spoken to by
//! the command line and by HTTP, and nothing else. What a test learns here, a script can learn too.

use super::peer::{Process, free_ports, until};
use rustix::process::Signal;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs::File;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

pub struct Desk {
    pub port: u16,
    pub binary: PathBuf,
    folder: tempfile::TempDir,
    /// Secrets, as the configuration names them.
    environment: Vec<(&'static str, &'static str)>,
    agent: Option<Process>,
    starts: u32,
}

/// What a command left.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ran {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|why| panic!("{why} in {self:?}"))
    }
}

/// Desks of one test process never share an intake.
static TAKEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());

fn intake_port() -> u16 {
    let mut taken = TAKEN.lock().unwrap();
    let port = free_ports::<16>().into_iter().find(|port| taken.insert(*port));
    port.expect("a port is free")
}

impl Desk {
    /// `config` follows `[desk]`, `[intake]` and a source `lan` without a secret.
    pub fn new(config: &str) -> Self {
        Self::with_environment(config, &[])
    }

    pub fn with_environment(config: &str, environment: &[(&'static str, &'static str)]) -> Self {
        let folder = tempfile::Builder::new().prefix("nightdesk-desk-").tempdir().unwrap();
        let desk = Self {
            port: intake_port(),
            binary: env!("CARGO_BIN_EXE_nightdesk").into(),
            folder,
            environment: environment.to_vec(),
            agent: None,
            starts: 0,
        };
        desk.configure(config);
        desk
    }

    pub fn configure(&self, config: &str) {
        let head = format!(
            "[desk]\nname = \"test\"\ntime_zone = \"Europe/Berlin\"\n\n[intake]\nlisten = \"127.0.0.1:{}\"\n\n\
             [[source]]\nname = \"lan\"\n\n",
            self.port
        );
        std::fs::write(self.config(), head + config).unwrap();
    }

    pub fn config(&self) -> PathBuf {
        self.folder.path().join("config.toml")
    }

    pub fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    /// Other system users may pass through to the socket, and run the same binary.
    pub fn open_to_others(&mut self) {
        std::fs::set_permissions(self.folder.path(), std::fs::Permissions::from_mode(0o711)).unwrap();
        let reachable = self.folder.path().join("nightdesk");
        std::fs::copy(&self.binary, &reachable).unwrap();
        std::fs::set_permissions(&reachable, std::fs::Permissions::from_mode(0o755)).unwrap();
        self.binary = reachable;
    }

    /// The binary with this desk's places, and none of the places of whoever runs the tests.
    fn command_by(&self, prefix: &[&str], arguments: &[&str]) -> Command {
        let mut words = prefix.iter().map(Path::new).chain([self.binary.as_path()]);
        let mut command = Command::new(words.next().unwrap());
        command.args(words).args(arguments);
        command.arg("--config").arg(self.config()).arg("--state").arg(self.state());
        command.arg("--socket").arg(self.state().join("run/agent.sock"));
        for name in ["NIGHTDESK_CONFIG", "NIGHTDESK_STATE", "NIGHTDESK_SOCKET", "NIGHTDESK_PIN"] {
            command.env_remove(name);
        }
        command.envs(self.environment.iter().copied()).current_dir(self.folder.path());
        command
    }

    pub async fn run(&self, arguments: &[&str]) -> Ran {
        self.run_by(&[], arguments, &[]).await
    }

    /// As `prefix` runs it (`setpriv …`), with more in the environment.
    pub async fn run_by(&self, prefix: &[&str], arguments: &[&str], environment: &[(&str, &str)]) -> Ran {
        let mut command = self.command_by(prefix, arguments);
        command.envs(environment.iter().copied());
        let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
        Ran {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The output of a command that must succeed.
    pub async fn json(&self, arguments: &[&str]) -> Value {
        let ran = self.run(&[arguments, &["--json"]].concat()).await;
        assert_eq!(ran.code, Some(0), "{arguments:?}: {ran:?}");
        ran.json()
    }

    pub async fn list(&self, arguments: &[&str]) -> Vec<Value> {
        match self.json(arguments).await {
            Value::Array(items) => items,
            other => panic!("{arguments:?}: {other}"),
        }
    }

    /// A command that goes on beside the test.
    pub fn spawn(&self, arguments: &[&str], out: File) -> Process {
        Process::start(self.command_by(&[], arguments).stdout(out).stderr(self.log("spawned")))
    }

    fn log(&self, name: &str) -> File {
        File::create(self.folder.path().join(format!("{name}.err"))).unwrap()
    }

    /// What the agent said since it was started last.
    pub fn said(&self) -> String {
        let path = self.folder.path().join(format!("agent-{}.err", self.starts));
        std::fs::read_to_string(path).unwrap_or_default()
    }

    pub fn pid(&self) -> u32 {
        self.agent.as_ref().expect("the agent runs").0.id()
    }

    pub async fn start(&mut self) {
        self.start_with(&[]).await;
    }

    /// Starts it and does not wait for it.
    #[allow(dead_code, reason = "few tests start it so")]
    pub fn launch(&mut self) {
        self.launch_with(&[]);
    }

    fn launch_with(&mut self, arguments: &[&str]) {
        assert!(self.agent.is_none(), "the agent runs already");
        self.starts += 1;
        let log = self.log(&format!("agent-{}", self.starts));
        let mut command = self.command_by(&[], &[&["agent", "run"], arguments].concat());
        self.agent = Some(Process::start(command.stderr(log)));
    }

    /// Returns once the agent itself says that it is ready.
    pub async fn start_with(&mut self, arguments: &[&str]) {
        self.launch_with(arguments);
        until("the agent to be ready", async || {
            let ended = self.agent.as_mut().unwrap().0.try_wait().unwrap();
            assert!(ended.is_none(), "the agent ended with {ended:?}: {}", self.said());
            let ran = self.run(&["agent", "status", "--json"]).await;
            (ran.code == Some(0) && ran.json()["pid"] == self.pid()).then_some(())
        })
        .await;
    }

    pub fn signal(&self, signal: Signal) {
        self.agent.as_ref().expect("the agent runs").signal(signal);
    }

    /// Ends the agent as a service manager does.
    pub async fn stop(&mut self) {
        let mut agent = self.agent.take().expect("the agent runs");
        agent.signal(Signal::TERM);
        let status = until("the agent to stop", async || agent.0.try_wait().unwrap()).await;
        assert!(status.success(), "{status:?}: {}", self.said());
    }

    /// Ends the agent as a power cut does, as far as a process can tell.
    pub fn kill(&mut self) {
        drop(self.agent.take().expect("the agent runs"));
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub async fn post(&self, event: &Value) -> (u16, String) {
        let headers = [("content-type", "application/cloudevents+json")];
        post(&http(), &self.url("/v1/events/lan"), &headers, event.to_string()).await.unwrap()
    }

    pub async fn raise(&self, event: &Value) {
        let (status, text) = self.post(event).await;
        assert_eq!((status, text.as_str()), (202, r#"{"accepted":1,"duplicates":0}"#));
    }
}

/// One client for all connections of a test, as a sender would have it.
pub fn http() -> reqwest::Client {
    // Another test of this process may have been first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().unwrap()
}

/// Status and text, or nothing where no whole answer came.
pub async fn post(
    client: &reqwest::Client,
    url: &str,
    headers: &[(&str, &str)],
    body: impl Into<reqwest::Body>,
) -> Option<(u16, String)> {
    let mut request = client.post(url).body(body);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = request.send().await.ok()?;
    Some((response.status().as_u16(), response.text().await.ok()?))
}

/// A critical exception about an order of its own.
pub fn exception(id: &str) -> Value {
    json!({
        "specversion": "1.0",
        "id": id,
        "source": "urn:test:community",
        "type": "community.exception.raised",
        "time": jiff::Timestamp::now().to_string(),
        "data": {
            "exception": {
                "id": format!("X-{id}"),
                "kind": "blocked_order",
                "title": format!("Order {id} is blocked"),
                "order": format!("PO-{id}"),
                "amount": { "value": 48000, "currency": "EUR" },
            },
            "partner": { "id": "acme", "name": "Acme Tools" },
            "severity": "critical",
        },
    })
}
