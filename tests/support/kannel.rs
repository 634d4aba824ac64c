//! A real Kannel gateway (Debian packages kannel and kannel-extras) with a simulated SMSC behind it.

use super::peer::{Process, free_ports, until, until_listening};
use std::fs::File;
use std::path::Path;
use std::process::Command;

pub const USER: &str = "desk";
pub const PASSWORD: &str = "hush & more";

/// bearerbox, smsbox and fakesmsc, stopped when dropped.
pub struct KannelGateway {
    pub url: String,
    folder: tempfile::TempDir,
    smsc: u16,
    fakesmsc: Option<Process>,
    /// Before the carrier's connection was made anew.
    earlier: Vec<String>,
    smsbox: Process,
    _bearerbox: Process,
}

impl KannelGateway {
    pub async fn start() -> Self {
        Self::start_with("text = \"none\"").await
    }

    /// A gateway that hands what handsets send on to this address.
    pub async fn start_with_replies(url: &str) -> Self {
        Self::start_with(&format!(
            "get-url = \"{url}&from=%p&id=%I&text=%a\"\ncatch-all = true\nmax-messages = 0\nomit-empty = true"
        ))
        .await
    }

    async fn start_with(service: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let [admin, boxes, smsc, sendsms] = free_ports();
        let config = format!(
            r#"
group = core
admin-port = {admin}
admin-interface = 127.0.0.1
admin-password = admin
smsbox-port = {boxes}
smsbox-interface = 127.0.0.1
dlr-storage = internal

group = smsc
smsc = fake
smsc-id = FAKE
port = {smsc}
connect-allow-ip = 127.0.0.1

group = smsbox
bearerbox-host = 127.0.0.1
bearerbox-port = {boxes}
sendsms-port = {sendsms}
sendsms-interface = 127.0.0.1

group = sendsms-user
username = {USER}
password = "{PASSWORD}"
concatenation = true
max-messages = 20

group = sms-service
keyword = default
{service}
"#
        );
        std::fs::write(folder.path().join("kannel.conf"), config).unwrap();
        let conf = ["-v", "2", "kannel.conf"];
        let bearerbox = start(folder.path(), "/usr/sbin/bearerbox", &conf);
        until_listening("bearerbox", boxes).await;
        until_listening("the simulated SMSC's port", smsc).await;
        let smsbox = start(folder.path(), "/usr/sbin/smsbox", &conf);
        let fakesmsc = carrier(folder.path(), smsc, &["-m", "0"]);
        until_listening("smsbox", sendsms).await;

        let status = format!("http://127.0.0.1:{admin}/status.txt?password=admin");
        until("the SMSC to be online", async || {
            let text = get(&status).await?;
            (text.contains("(online") && text.contains("smsbox:")).then_some(())
        })
        .await;
        let url = format!("http://127.0.0.1:{sendsms}/cgi-bin/sendsms");
        Self {
            url,
            folder,
            smsc,
            fakesmsc: Some(fakesmsc),
            smsbox,
            _bearerbox: bearerbox,
            earlier: Vec::new(),
        }
    }

    /// A handset sends a text. The carrier's connection is made anew for it, as the simulation has it.
    pub fn says(&mut self, from: &str, text: &str) {
        self.earlier = self.received();
        drop(self.fakesmsc.take());
        let text: String = text.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let message = format!("{from} 12345 data {text}");
        self.fakesmsc = Some(carrier(self.folder.path(), self.smsc, &["-i", "0.2", "-m", "1", &message]));
    }

    /// Holds the HTTP side: connections are still made, and nobody answers.
    pub fn hold(&self) {
        self.smsbox.signal(rustix::process::Signal::STOP);
    }

    pub fn go_on(&self) {
        self.smsbox.signal(rustix::process::Signal::CONT);
    }

    /// What the simulated SMSC got so far, a line a message: `from to text …`.
    pub fn received(&self) -> Vec<String> {
        let log = std::fs::read_to_string(self.folder.path().join("fakesmsc.log")).unwrap();
        let here = log
            .lines()
            .filter_map(|line| line.split_once("Got message ")?.1.split_once(": <"))
            .map(|(_, message)| message.trim_end_matches('>').to_owned());
        self.earlier.iter().cloned().chain(here).collect()
    }
}

/// The simulated carrier, connected to the gateway.
fn carrier(folder: &Path, port: u16, arguments: &[&str]) -> Process {
    let port = port.to_string();
    let of_smsc = [&["-H", "127.0.0.1", "-r", &port, "-v", "0"], arguments].concat();
    start(folder, "/usr/lib/kannel/test/fakesmsc", &of_smsc)
}

fn start(folder: &Path, program: &str, arguments: &[&str]) -> Process {
    let name = Path::new(program).file_name().unwrap().to_string_lossy();
    let log = File::create(folder.join(format!("{name}.log"))).unwrap();
    let also = log.try_clone().unwrap();
    Process::start(Command::new(program).args(arguments).current_dir(folder).stdout(log).stderr(also))
}

async fn get(url: &str) -> Option<String> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    client.get(url).send().await.ok()?.text().await.ok()
}
