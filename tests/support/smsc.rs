//! A message centre that speaks SMPP by Debian's `libnet-smpp-perl` and fails as it is told (`smsc.pl`).

use super::peer::{Process, free_ports, until};
use serde_json::Value;
use std::io::Write as _;
use std::process::{Command, Stdio};

pub const USER: &str = "nightdesk";
pub const PASSWORD: &str = "s3cret";

pub struct Smsc {
    pub port: u16,
    process: Process,
    folder: tempfile::TempDir,
}

impl Smsc {
    pub async fn start() -> Self {
        let [port] = free_ports::<1>();
        let folder = tempfile::Builder::new().prefix("nightdesk-smsc-").tempdir().unwrap();
        let out = std::fs::File::create(folder.path().join("said")).unwrap();
        let errors = std::fs::File::create(folder.path().join("errors")).unwrap();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/smsc.pl");
        let mut command = Command::new("perl");
        command.arg(script).arg(port.to_string()).arg(PASSWORD).stdout(Stdio::from(out)).stderr(errors);
        let smsc = Self { port, process: Process::start(&mut command), folder };
        smsc.said("listening", 1).await;
        smsc
    }

    /// Everything of one kind that it was given or did, in order.
    pub fn all(&self, event: &str) -> Vec<Value> {
        let said = std::fs::read_to_string(self.folder.path().join("said")).unwrap_or_default();
        let whole = said.rsplit_once('\n').map_or("", |(whole, _)| whole);
        let events = whole.lines().map(|line| serde_json::from_str(line).unwrap());
        events.filter(|one: &Value| one["event"] == event).collect()
    }

    /// Waits until something happened so often.
    pub async fn said(&self, event: &str, times: usize) -> Vec<Value> {
        let what = format!("the SMSC to say {event:?} {times} times");
        until(&what, async || Some(self.all(event)).filter(|all| all.len() >= times)).await
    }

    /// Tells it what to do; when this returns it was told.
    pub async fn tell(&mut self, line: &str) {
        let before = self.all("told").len();
        let input = self.process.0.stdin.as_mut().unwrap();
        writeln!(input, "{line}").unwrap();
        input.flush().unwrap();
        self.said("told", before + 1).await;
    }

    pub fn submits(&self) -> Vec<Value> {
        self.all("submit")
    }
}

/// The octets that stand in hexadecimal.
pub fn octets(hex: &Value) -> Vec<u8> {
    let hex = hex.as_str().unwrap();
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

pub fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}
