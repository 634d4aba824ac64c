//! What running a real peer takes: free ports, a process that ends with its test, and waiting for a
//! condition instead of for a while.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Ports that nobody listened on a moment ago, all different. They lie below those that the system
/// hands out itself, and each test process looks at a place of its own, so that no other test takes
/// one before the peer does.
pub fn free_ports<const N: usize>() -> [u16; N] {
    let place = u16::try_from(std::process::id() % 1100).unwrap();
    let mut candidates = (20_000 + place * 11)..32_700;
    std::array::from_fn(|_| {
        candidates.find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).expect("a port is free")
    })
}

/// Looks every few milliseconds until the condition holds; tells what was waited for if it never does.
pub async fn until<T>(what: &str, mut holds: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        if let Some(value) = holds().await {
            return value;
        }
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

pub async fn until_listening(what: &str, port: u16) {
    until(what, async || tokio::net::TcpStream::connect(("127.0.0.1", port)).await.ok().map(drop)).await;
}

/// A child that is stopped, by its own process id, when the test is done with it.
pub struct Process(pub Child);

impl Process {
    pub fn start(command: &mut Command) -> Self {
        let child = command.stdin(Stdio::piped()).spawn();
        Self(child.unwrap_or_else(|e| panic!("{command:?} does not start: {e}")))
    }

    pub fn signal(&self, signal: rustix::process::Signal) {
        rustix::process::kill_process(rustix::process::Pid::from_child(&self.0), signal).unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A certificate for these names (`DNS:localhost,IP:127.0.0.1`) in `cert.pem` of the folder, and its key in `key.pem`.
#[allow(dead_code, reason = "not every peer speaks TLS")]
pub fn certificate(folder: &Path, names: &str) {
    let names = format!("subjectAltName={names}");
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "2",
        ])
        .args(["-subj", "/CN=desk test", "-addext", &names])
        // rustls takes no certificate authority for a server.
        .args(["-addext", "basicConstraints=critical,CA:FALSE", "-keyout", "key.pem", "-out", "cert.pem"])
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
}
