//! A real Postfix (Debian package postfix; needs root) in a folder of its own: it takes mail for
//! ann@example.net, or for everybody at some domains, into a Maildir, with STARTTLS, TLS and a login. The
//! login is checked by this file, which speaks the Dovecot authentication protocol to it.

use super::peer::{Process, certificate, free_ports, until, until_listening};
use base64::Engine as _;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::PathBuf;
use std::process::Command;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};

pub const USER: &str = "desk";
pub const PASSWORD: &str = "hush";

pub struct Postfix {
    /// Plain, or STARTTLS; a login only after it.
    pub port: u16,
    /// TLS from the start, and only for who has logged in.
    pub tls_port: u16,
    pub ca_file: PathBuf,
    folder: tempfile::TempDir,
    _start: Process,
}

impl Postfix {
    /// Knows ann@example.net and nobody else.
    pub async fn start() -> Self {
        Self::with("example.net", "inline:{ {ann@example.net=ann/} }").await
    }

    /// Takes mail for whoever it is for at these domains.
    pub async fn for_everybody_at(domains: &[&str]) -> Self {
        Self::with(&domains.join(" "), "static:all/").await
    }

    /// Knows ann@example.net, desk@example.net with anything behind a +, and nobody else, which it finds out
    /// only when it delivers; mail for away.example goes on to this port.
    pub async fn that_reports(next: u16) -> Self {
        let more = format!(
            "recipient_delimiter = +\nsmtpd_reject_unlisted_recipient = no\n\
             transport_maps = inline:{{ {{away.example=smtp:[127.0.0.1]:{next}}} }}\n"
        );
        let boxes = "inline:{ {ann@example.net=ann/} {desk@example.net=desk/} }";
        let this = Self::with_more("example.net", boxes, &more).await;
        for name in ["new", "cur", "tmp"] {
            let folder = this.maildir("desk").join(name);
            std::fs::create_dir_all(&folder).unwrap();
            chown(&folder, Some(NOBODY), None).unwrap();
        }
        chown(this.maildir("desk"), Some(NOBODY), None).unwrap();
        this
    }

    pub fn maildir(&self, name: &str) -> PathBuf {
        self.folder.path().join("mail").join(name)
    }

    async fn with(domains: &str, boxes: &str) -> Self {
        Self::with_more(domains, boxes, "").await
    }

    async fn with_more(domains: &str, boxes: &str, more: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("nightdesk-postfix-").tempdir_in("/tmp").unwrap();
        let root = folder.path();
        std::fs::set_permissions(root, std::fs::Permissions::from_mode(0o755)).unwrap();
        for name in ["conf", "queue", "data", "mail"] {
            std::fs::create_dir(root.join(name)).unwrap();
        }
        let postfix = uzers::get_user_by_name("postfix").expect("the package postfix makes the user postfix");
        chown(root.join("data"), Some(postfix.uid()), None).unwrap();
        chown(root.join("mail"), Some(NOBODY), None).unwrap();
        certificate(root, "DNS:localhost,IP:127.0.0.1");

        let sasl = UnixListener::bind(root.join("sasl")).unwrap();
        std::fs::set_permissions(root.join("sasl"), std::fs::Permissions::from_mode(0o666)).unwrap();
        tokio::spawn(async move {
            while let Ok((stream, _)) = sasl.accept().await {
                tokio::spawn(check_logins(stream));
            }
        });

        let [port, tls_port] = free_ports();
        let at = root.display();
        let main = MAIN.replace("ROOT", &at.to_string()).replace("DOMAINS", domains).replace("BOXES", boxes);
        std::fs::write(root.join("conf/main.cf"), main + more).unwrap();
        let master = MASTER.replace("PLAIN", &port.to_string()).replace("TLS", &tls_port.to_string());
        std::fs::write(root.join("conf/master.cf"), master).unwrap();
        let out = std::fs::File::create(root.join("out")).unwrap();
        let mut command = Command::new("/usr/sbin/postfix");
        let also = out.try_clone().unwrap();
        command.arg("-c").arg(root.join("conf")).arg("start-fg").stdout(out).stderr(also);
        let start = Process::start(&mut command);
        let ca_file = root.join("cert.pem");
        let this = Self { port, tls_port, ca_file, folder, _start: start };
        until_listening("Postfix", port).await;
        // That look at the port is a connection too; tests count theirs from here.
        until("Postfix to notice it", async || this.log().contains("disconnect from").then_some(())).await;
        this
    }

    /// The mail in ann@example.net's box whose text has these words.
    pub async fn mail_with(&self, words: &str) -> String {
        let folder = self.folder.path().join("mail/ann/new");
        until(words, async || {
            let files = std::fs::read_dir(&folder).ok()?;
            let mut mails = files.filter_map(|file| std::fs::read_to_string(file.ok()?.path()).ok());
            mails.find(|mail| mail.contains(words))
        })
        .await
    }

    /// Every mail that Postfix took, once all of them are in the common box of everybody, in the order in
    /// which they came; each begins with whom it was delivered to.
    pub async fn delivered(&self) -> Vec<String> {
        let folder = self.folder.path().join("mail/all/new");
        until("Postfix to deliver what it took", async || {
            let log = self.log();
            let count = |words: &str| log.matches(words).count();
            let read = |file: std::io::Result<std::fs::DirEntry>| {
                let path = file.ok()?.path();
                Some((path.metadata().ok()?.modified().ok()?, std::fs::read_to_string(path).ok()?))
            };
            let files = std::fs::read_dir(&folder).into_iter().flatten();
            let mut mails: Vec<_> = files.filter_map(read).collect();
            mails.sort();
            (count(": client=") == count(": removed") && mails.len() == count("status=sent"))
                .then(|| mails.into_iter().map(|(_, mail)| mail).collect())
        })
        .await
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        // Ends the master and, by it, all its children; the foreground process follows.
        let _ = Command::new("/usr/sbin/postfix")
            .arg("-c")
            .arg(self.folder.path().join("conf"))
            .arg("stop")
            .output();
    }
}

const NOBODY: u32 = 65534;

const MAIN: &str = "\
compatibility_level = 3.6
queue_directory = ROOT/queue
data_directory = ROOT/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = ROOT/log
maillog_file_prefixes = /tmp
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
myhostname = mx.example.net
mydestination =
local_recipient_maps =
alias_maps =
smtpd_reject_unlisted_recipient = yes
virtual_mailbox_domains = DOMAINS
virtual_mailbox_base = ROOT/mail
virtual_mailbox_maps = BOXES
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
virtual_minimum_uid = 1
smtpd_tls_security_level = may
smtpd_tls_cert_file = ROOT/cert.pem
smtpd_tls_key_file = ROOT/key.pem
smtpd_tls_auth_only = yes
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = ROOT/sasl
";

const MASTER: &str = "\
127.0.0.1:PLAIN inet n - n - - smtpd
127.0.0.1:TLS inet n - n - - smtpd
  -o smtpd_tls_wrappermode=yes
  -o smtpd_recipient_restrictions=permit_sasl_authenticated,reject
postlog unix-dgram n - n - 1 postlogd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
tlsmgr unix - - n 1000? 1 tlsmgr
proxymap unix - - n - - proxymap
virtual unix - n n - - virtual
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
";

/// Dovecot's authentication protocol, version 1, as far as AUTH PLAIN needs it.
async fn check_logins(stream: UnixStream) {
    let mut stream = BufReader::new(stream);
    let greeting = "VERSION\t1\t2\nMECH\tPLAIN\tplaintext\nSPID\t1\nCUID\t1\nCOOKIE\t00\nDONE\n";
    if stream.write_all(greeting.as_bytes()).await.is_err() {
        return;
    }
    let good = base64::engine::general_purpose::STANDARD.encode(format!("\0{USER}\0{PASSWORD}"));
    let mut line = String::new();
    while stream.read_line(&mut line).await.is_ok_and(|n| n > 0) {
        let fields: Vec<&str> = line.trim_end().split('\t').collect();
        if let ["AUTH", id, "PLAIN", ..] = fields[..] {
            let right = fields.iter().any(|field| field.strip_prefix("resp=") == Some(&good));
            let verdict = if right { "OK" } else { "FAIL" };
            let answer = format!("{verdict}\t{id}\tuser={USER}\n");
            if stream.write_all(answer.as_bytes()).await.is_err() {
                return;
            }
        }
        line.clear();
    }
}
