//! Where mailed replies, and reports on mails of ours, come in: a Maildir, or a folder of an IMAP server.

pub mod imap;
pub mod letter;
pub mod maildir;

use std::path::PathBuf;

/// Where letters lie until they are taken.
pub enum Mailbox {
    Maildir(PathBuf),
    Imap(imap::Server),
}

impl Mailbox {
    /// Where that is, without secrets.
    pub fn place(&self) -> String {
        match self {
            Mailbox::Maildir(folder) => folder.display().to_string(),
            Mailbox::Imap(server) => server.name(),
        }
    }
}
