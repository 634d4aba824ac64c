//! Letters in a Maildir: new ones lie in `new`, what was taken goes to `cur` (maildir(5)).

use super::letter::{Desk, LARGEST, Letter};
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use tokio::fs;

/// Why a mailbox cannot be looked into.
#[derive(Debug, thiserror::Error)]
#[error(
    "the mailbox for replies at {path} cannot be read: {why}; the agent's user must be able to read and write it"
)]
pub struct Unreadable {
    path: PathBuf,
    why: io::Error,
}

/// A Maildir in which replies arrive.
pub struct Maildir<'a> {
    pub folder: &'a Path,
    pub desk: Desk<'a>,
}

impl Maildir<'_> {
    /// New letters with their files, in the order of their names, at most so many.
    pub async fn letters(&self, most: usize) -> Result<Vec<(PathBuf, Letter)>, Unreadable> {
        let folder = self.folder.join("new");
        let failed = |why| Unreadable { path: folder.clone(), why };
        let mut names: Vec<OsString> = Vec::new();
        let mut entries = fs::read_dir(&folder).await.map_err(failed)?;
        while let Some(entry) = entries.next_entry().await.map_err(failed)? {
            if !entry.file_name().as_encoded_bytes().starts_with(b".") {
                names.push(entry.file_name());
            }
        }
        names.sort();
        let mut letters = Vec::new();
        for name in names {
            if letters.len() == most {
                break;
            }
            let file = folder.join(&name);
            // One that cannot be read (yet) keeps no other from being read.
            let Ok(about) = fs::metadata(&file).await else { continue };
            if !about.is_file() {
                continue;
            }
            let bytes = match about.len() > LARGEST {
                true => Ok(Vec::new()),
                false => fs::read(&file).await,
            };
            let bytes = match bytes {
                Ok(bytes) => bytes,
                Err(why) => {
                    tracing::error!(file = %file.display(), %why, "a mailed reply cannot be read");
                    continue;
                }
            };
            let letter = self.desk.read(&name.to_string_lossy(), &bytes);
            letters.push((file, letter));
        }
        Ok(letters)
    }

    /// Puts a letter that was taken among those that were seen.
    pub async fn put_away(&self, file: &Path) -> Result<(), Unreadable> {
        let mut name = file.file_name().unwrap_or_default().to_owned();
        if !name.as_encoded_bytes().windows(3).any(|three| three == b":2,") {
            name.push(":2,");
        }
        name.push("S");
        let seen = self.folder.join("cur").join(name);
        fs::rename(file, &seen).await.map_err(|why| Unreadable { path: seen, why })
    }
}
