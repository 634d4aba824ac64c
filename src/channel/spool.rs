//! Writes messages as files: the way out that needs nothing installed, for trying the desk and for
//! hosts where another program picks mail and SMS up.

use super::mail::{self, Sender};
use super::{Acceptance, Answer, Channel, Outgoing};
use crate::core::contact::Medium;
use crate::core::notification::Fault;
use crate::core::sms;
use async_trait::async_trait;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Where the files go.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Made if it is not there, readable by its owner only.
    pub folder: PathBuf,
}

/// Why the spool cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BadSettings {
    #[error("the spool folder {0} cannot be made ({1}); choose a folder that the agent may write to")]
    Folder(PathBuf, #[source] io::Error),
}

/// Each message becomes `<key>-<attempt>.eml` or `.sms.json`, complete and synced before it has
/// that name.
#[derive(Clone, Debug)]
pub struct Spool {
    folder: Arc<Path>,
    sender: Sender,
}

/// The content of a `.sms.json`.
#[derive(Serialize)]
struct SmsFile<'a> {
    id: String,
    attempt: u32,
    to: &'a str,
    name: &'a str,
    text: &'a str,
    parts: usize,
    encoding: &'static str,
    idempotency_key: &'a str,
    possible_duplicate: bool,
    created_at: jiff::Timestamp,
}

/// File names stay below the 255 bytes that file systems allow, with room for the attempt.
const MAX_KEY: usize = 160;
/// How the name of a file begins until it is whole.
const UNFINISHED: &str = ".unfinished-";
/// An unfinished file this old belongs to an agent that stopped while it wrote.
const LEFT_BEHIND: Duration = Duration::from_secs(3600);

impl Spool {
    pub fn new(settings: Settings) -> Result<Self, BadSettings> {
        let Settings { folder } = settings;
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&folder);
        // The folder's own name must survive a crash too.
        let synced = made.and_then(|()| sync_folder(folder.parent().unwrap_or(Path::new("."))));
        match synced {
            Ok(()) => {
                // What is left lying about does no harm.
                let _ = clear_away(&folder);
                let sender = Sender {
                    mailbox: "nightdesk@localhost".into(),
                    name: "Nightdesk".into(),
                    domain: "localhost".into(),
                };
                Ok(Self { folder: folder.into(), sender })
            }
            Err(e) => Err(BadSettings::Folder(folder, e)),
        }
    }
}

#[async_trait]
impl Channel for Spool {
    async fn send(&self, message: &Outgoing) -> Answer {
        let (suffix, content, parts) = match message.medium {
            Medium::Email => ("eml", mail::compose(message, &self.sender, true).text.into_bytes(), 1),
            Medium::Sms => match sms_file(message) {
                Ok((content, parts)) => ("sms.json", content, parts),
                Err(e) => {
                    return Answer::Refused {
                        said: format!("the message cannot be written as JSON: {e}"),
                        fault: Fault::Message,
                    };
                }
            },
        };
        let name = format!("{}-{}.{suffix}", file_stem(&message.idempotency_key), message.attempt);
        let (folder, named) = (self.folder.clone(), name.clone());
        let written = tokio::task::spawn_blocking(move || write_once(&folder, &named, &content)).await;
        match written {
            Ok(Ok(Ok(()))) => {
                let said = format!("written to {name}");
                Answer::Accepted(Acceptance { said, provider_ref: Some(name), parts, names: Vec::new() })
            }
            Ok(Err(e)) => Answer::Deferred { said: format!("{name} cannot be written: {e}"), after: None },
            Ok(Ok(Err(e))) => {
                Answer::Unknown { said: format!("{name} is written, but may not outlast a power cut: {e}") }
            }
            // The runtime is going down; the file may be there or not.
            Err(_) => Answer::Unknown { said: format!("the agent stopped while it wrote {name}") },
        }
    }

    fn connections(&self) -> usize {
        4
    }
}

fn sms_file(message: &Outgoing) -> serde_json::Result<(Vec<u8>, u32)> {
    let text = message.body.raw();
    let segments = sms::segments(text);
    let mut content = serde_json::to_vec_pretty(&SmsFile {
        id: message.notification.to_string(),
        attempt: message.attempt,
        to: &message.address,
        name: message.name.raw(),
        text,
        parts: segments.parts.len(),
        encoding: segments.encoding.as_str(),
        idempotency_key: &message.idempotency_key,
        possible_duplicate: message.possible_duplicate,
        created_at: message.created_at,
    })?;
    content.push(b'\n');
    Ok((content, u32::try_from(segments.parts.len()).unwrap_or(u32::MAX)))
}

/// Writes a file whole or not at all, and never a second time. The outer error: nothing is there.
/// The inner one: it is there under its name, but its folder could not be synced.
fn write_once(folder: &Path, name: &str, content: &[u8]) -> io::Result<io::Result<()>> {
    static WRITES: AtomicU64 = AtomicU64::new(0);
    let target = folder.join(name);
    if target.try_exists()? {
        // An earlier try may have stopped just before this.
        return Ok(sync_folder(folder));
    }
    let number = WRITES.fetch_add(1, Ordering::Relaxed);
    let unfinished = folder.join(format!("{UNFINISHED}{}-{number}", std::process::id()));
    let written = (|| {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
        file.write_all(content)?;
        file.sync_all()?;
        std::fs::rename(&unfinished, &target)
    })();
    if written.is_err() {
        // The first error is the one to report.
        let _ = std::fs::remove_file(&unfinished);
    }
    written?;
    Ok(sync_folder(folder))
}

/// Removes what agents that stopped while they wrote have left behind.
fn clear_away(folder: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let unfinished = entry.file_name().to_string_lossy().starts_with(UNFINISHED);
        let age = entry.metadata()?.modified()?.elapsed().unwrap_or_default();
        if unfinished && age > LEFT_BEHIND {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    File::open(folder)?.sync_all()
}

/// A key as a file name: no separator, no leading dot, one name per key.
fn file_stem(key: &str) -> String {
    let mut stem = String::with_capacity(key.len());
    for (at, byte) in key.bytes().enumerate() {
        let safe = byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_' || (byte == b'.' && at > 0);
        if safe {
            stem.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(stem, "%{byte:02x}");
        }
    }
    if stem.is_empty() || stem.len() > MAX_KEY {
        stem = format!("{:x}", Sha256::digest(key));
    }
    stem
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_old_unfinished_files_are_cleared_away() {
        let folder = tempfile::tempdir().unwrap();
        let old = std::time::SystemTime::now() - 2 * LEFT_BEHIND;
        for (name, time) in
            [(".unfinished-1-0", Some(old)), (".unfinished-2-0", None), ("k-1.eml", Some(old))]
        {
            let file = File::create(folder.path().join(name)).unwrap();
            if let Some(time) = time {
                file.set_modified(time).unwrap();
            }
        }
        Spool::new(Settings { folder: folder.path().to_owned() }).unwrap();
        let mut left: Vec<_> =
            std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, [".unfinished-2-0", "k-1.eml"]);
    }

    #[test]
    fn a_key_never_leaves_the_folder() {
        assert_eq!(file_stem("0198-abc_1.2"), "0198-abc_1.2");
        assert_eq!(file_stem("../../etc/passwd"), "%2e.%2f..%2fetc%2fpasswd");
        assert_eq!(file_stem("a\0b\n"), "a%00b%0a");
        assert_eq!(file_stem(&"x".repeat(500)).len(), 64);
    }
}
