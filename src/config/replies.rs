//! `[replies]`: where mailed replies and reports on mails come in. Texts come in over their channel.

use super::channel::TlsWord;
use super::check::{Check, is_this_machine};
use super::file::{SecretRef, Text};
use crate::core::contact::Mailbox;
use secrecy::SecretString;
use serde::Deserialize;
use std::path::PathBuf;
use toml::Spanned;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RepliesTable {
    pub address: Text,
    pub maildir: Option<Text>,
    pub imap: Option<Spanned<ImapTable>>,
    pub bounces: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImapTable {
    pub host: Text,
    pub port: Option<u16>,
    pub tls: Option<TlsWord>,
    pub user: Text,
    pub password: Spanned<SecretRef>,
    pub folder: Option<Text>,
    pub ca_file: Option<Text>,
}

/// RFC 5321 §4.5.3.1.1 allows 64 octets before the @; a token takes up to 32.
const LONGEST_LOCAL: usize = 32;

/// The mailbox that mailed replies, and reports on mails, are read from.
#[derive(Clone, Debug)]
pub struct Replies {
    /// Every mail's `Reply-To` is this address with a token behind a `+`.
    pub address: Mailbox,
    pub letters: Letters,
    /// Every mail's return path is this address too, so that reports on it come here.
    pub bounces: bool,
}

/// Where letters to that address lie.
#[derive(Clone, Debug)]
pub enum Letters {
    /// A Maildir with its `new`, `cur` and `tmp`.
    Maildir(PathBuf),
    Imap(Box<Imap>),
}

/// A folder of an IMAP server, and who may read it.
#[derive(Clone, Debug)]
pub struct Imap {
    pub host: String,
    pub port: u16,
    pub tls: super::Tls,
    pub user: String,
    pub password: SecretString,
    pub folder: String,
    pub ca_file: Option<PathBuf>,
}

impl Check<'_> {
    pub(super) fn replies(&mut self, table: RepliesTable) -> Option<Replies> {
        let letters = match (table.maildir, table.imap) {
            (Some(maildir), None) => Some(Letters::Maildir(self.maildir(&maildir))),
            (None, Some(imap)) => self.imap(imap.into_inner()).map(|imap| Letters::Imap(Box::new(imap))),
            _ => {
                self.wrong(
                    table.address.span(),
                    "say where letters to it lie: one of maildir = \"…\" and imap = { host = …, user = …, password = … }",
                );
                None
            }
        };
        let address = self.parsed::<Mailbox>(Some(&table.address))?;
        if address.as_str().contains('+') {
            self.wrong(
                table.address.span(),
                "the address of replies gets a token behind a +, so it must have none",
            );
        }
        if address.as_str().split('@').next().is_some_and(|local| local.len() > LONGEST_LOCAL) {
            let said = format!("a token must fit behind it: at most {LONGEST_LOCAL} characters before the @");
            self.wrong(table.address.span(), said);
        }
        Some(Replies { address, letters: letters?, bounces: table.bounces.unwrap_or(true) })
    }

    fn maildir(&mut self, typed: &Text) -> PathBuf {
        let maildir = self.beside(typed.as_ref());
        if !maildir.join("new").is_dir() {
            let problem = format!(
                "{} is no Maildir: it has no folder new; the mail server makes it, or `mkdir -p` for new, cur and tmp",
                crate::core::text::sanitise(&maildir.display().to_string())
            );
            self.wrong(typed.span(), problem);
        }
        maildir
    }

    fn imap(&mut self, table: ImapTable) -> Option<Imap> {
        self.host(&table.host);
        let host = table.host.as_ref().clone();
        // The password goes over it: protected, unless that is said.
        let tls = match table.tls.unwrap_or(TlsWord::Tls) {
            TlsWord::Tls => super::Tls::Tls,
            TlsWord::Starttls => super::Tls::Starttls,
            TlsWord::None => super::Tls::None,
        };
        if tls == super::Tls::None && !is_this_machine(&host) {
            self.wrong(
                table.host.span(),
                "the password would travel unprotected; say tls = \"tls\" or \"starttls\", or use a server on this machine",
            );
        }
        let folder = table.folder.map_or_else(|| "INBOX".to_owned(), Spanned::into_inner);
        Some(Imap {
            port: table.port.unwrap_or(if tls == super::Tls::Tls { 993 } else { 143 }),
            host,
            tls,
            user: table.user.into_inner(),
            password: self.secret(&table.password)?,
            folder,
            ca_file: table.ca_file.map(|file| self.readable(&file)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;
    use std::path::Path;

    fn read(replies: &str) -> Result<Option<Replies>, String> {
        let text =
            format!("{}\n[replies]\naddress = \"desk@example.net\"\n{replies}\n", crate::config::DEFAULT);
        parse(&text, Path::new("config.toml")).map(|settings| settings.replies).map_err(|why| why.to_string())
    }

    #[test]
    fn letters_lie_in_one_place_and_a_password_travels_protected() {
        let secret = "password = { file = \"Cargo.toml\" }";
        let imap =
            |more: &str| format!("imap = {{ host = \"imap.example.net\", user = \"desk\", {secret}{more} }}");
        let replies = read(&imap("")).unwrap().unwrap();
        let Letters::Imap(found) = replies.letters else { panic!("it is no IMAP") };
        assert_eq!((found.port, found.tls, found.folder.as_str()), (993, crate::config::Tls::Tls, "INBOX"));
        let replies = read(&imap(", tls = \"starttls\", folder = \"Replies\"")).unwrap().unwrap();
        assert!(matches!(replies.letters, Letters::Imap(found) if found.port == 143));
        for (wrong, wanted) in [
            (String::new(), "say where letters to it lie"),
            (format!("maildir = \".\"\n{}", imap("")), "say where letters to it lie"),
            (imap(", tls = \"none\""), "would travel unprotected"),
            (imap(", mailbox = \"x\""), "unknown field"),
        ] {
            let error = read(&wrong).unwrap_err();
            assert!(error.contains(wanted), "{wrong}: {error}");
        }
        assert!(read(&imap(", tls = \"none\"").replace("imap.example.net", "127.0.0.1")).is_ok());
    }
}
