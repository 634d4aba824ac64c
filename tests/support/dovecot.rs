//! A real Dovecot (Debian package dovecot-imapd; needs root) in a folder of its own: an IMAP server, with TLS
//! and with STARTTLS, whose letters lie in a Maildir that tests write into.

use super::peer::{Process, certificate, free_ports, until_listening};
use rustix::process::Signal;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

pub const USER: &str = "desk";
pub const PASSWORD: &str = "hush";

/// `nobody`, whom the letters belong to.
const NOBODY: u32 = 65534;

pub struct Dovecot {
    /// Plain, then STARTTLS; nobody comes in without it.
    pub port: u16,
    /// TLS from the start.
    pub tls_port: u16,
    pub ca_file: PathBuf,
    folder: tempfile::TempDir,
    process: Option<Process>,
    letters: u32,
}

impl Dovecot {
    pub async fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("nightdesk-dovecot-").tempdir_in("/tmp").unwrap();
        let root = folder.path();
        std::fs::set_permissions(root, std::fs::Permissions::from_mode(0o755)).unwrap();
        for name in ["run", "state", "mail", "mail/desk", "mail/desk/new", "mail/desk/cur", "mail/desk/tmp"] {
            std::fs::create_dir(root.join(name)).unwrap();
        }
        for name in ["mail", "mail/desk", "mail/desk/new", "mail/desk/cur", "mail/desk/tmp"] {
            chown(root.join(name), Some(NOBODY), None).unwrap();
        }
        certificate(root, "DNS:localhost,IP:127.0.0.1");
        let [port, tls_port] = free_ports();
        let config = CONFIG
            .replace("ROOT", &root.display().to_string())
            .replace("TLS_PORT", &tls_port.to_string())
            .replace("PLAIN_PORT", &port.to_string());
        std::fs::write(root.join("dovecot.conf"), config).unwrap();
        let ca_file = root.join("cert.pem");
        let mut this = Self { port, tls_port, ca_file, folder, process: None, letters: 0 };
        this.run().await;
        this
    }

    /// Starts it again, on the same ports.
    pub async fn run(&mut self) {
        let out = std::fs::File::create(self.folder.path().join("out")).unwrap();
        let mut command = Command::new("/usr/sbin/dovecot");
        let also = out.try_clone().unwrap();
        command.arg("-F").arg("-c").arg(self.folder.path().join("dovecot.conf")).stdout(out).stderr(also);
        self.process = Some(Process::start(&mut command));
        until_listening("Dovecot", self.tls_port).await;
    }

    /// Ends it, its connections with it.
    pub fn stop(&mut self) {
        let mut process = self.process.take().unwrap();
        process.signal(Signal::TERM);
        process.0.wait().unwrap();
    }

    /// Forgets the numbers of all letters, as a restored or moved server does. It must not run.
    pub fn renumber(&self) {
        assert!(self.process.is_none());
        for entry in std::fs::read_dir(self.maildir()).unwrap() {
            let path = entry.unwrap().path();
            if path.file_name().unwrap().to_string_lossy().starts_with("dovecot") {
                std::fs::remove_file(path).unwrap();
            }
        }
    }

    fn maildir(&self) -> PathBuf {
        self.folder.path().join("mail/desk")
    }

    /// A letter arrives.
    pub fn arrives(&mut self, letter: &str) {
        self.letters += 1;
        // Names order the letters; the server numbers them by it.
        let name = format!("17000000{:02}.{}.host", self.letters, std::process::id());
        let file = self.maildir().join("tmp").join(&name);
        std::fs::write(&file, letter).unwrap();
        chown(&file, Some(NOBODY), None).unwrap();
        std::fs::rename(&file, self.maildir().join("new").join(&name)).unwrap();
    }

    /// How many letters somebody has seen.
    pub fn seen(&self) -> usize {
        let flagged = |path: &Path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            name.rsplit_once(":2,").is_some_and(|(_, flags)| flags.contains('S'))
        };
        let cur = std::fs::read_dir(self.maildir().join("cur")).unwrap();
        cur.filter(|entry| flagged(&entry.as_ref().unwrap().path())).count()
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        // Its helpers end with it only where it is asked to.
        if self.process.is_some() {
            self.stop();
        }
    }
}

const CONFIG: &str = "\
base_dir = ROOT/run
state_dir = ROOT/state
log_path = ROOT/log
protocols = imap
listen = 127.0.0.1
ssl = required
ssl_cert = <ROOT/cert.pem
ssl_key = <ROOT/key.pem
mail_location = maildir:ROOT/mail/%u
passdb {
  driver = static
  args = password=hush
}
userdb {
  driver = static
  args = uid=nobody gid=nogroup home=ROOT/mail/%u
}
service imap-login {
  inet_listener imap {
    port = PLAIN_PORT
  }
  inet_listener imaps {
    port = TLS_PORT
    ssl = yes
  }
}
";
