//! `[replies]`: where mailed replies and reports on mails come in. Texts come in over their channel.

use super::check::Check;
use super::file::Text;
use crate::core::contact::Mailbox;
use serde::Deserialize;
use std::path::PathBuf;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RepliesTable {
    pub address: Text,
    pub maildir: Text,
    pub bounces: Option<bool>,
}

/// RFC 5321 §4.5.3.1.1 allows 64 octets before the @; a token takes up to 32.
const LONGEST_LOCAL: usize = 32;

/// The mailbox that mailed replies, and reports on mails, are read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replies {
    /// Every mail's `Reply-To` is this address with a token behind a `+`.
    pub address: Mailbox,
    /// A Maildir with its `new`, `cur` and `tmp`.
    pub maildir: PathBuf,
    /// Every mail's return path is this address too, so that reports on it come here.
    pub bounces: bool,
}

impl Check<'_> {
    pub(super) fn replies(&mut self, table: RepliesTable) -> Option<Replies> {
        let maildir = self.beside(table.maildir.as_ref());
        if !maildir.join("new").is_dir() {
            let problem = format!(
                "{} is no Maildir: it has no folder new; the mail server makes it, or `mkdir -p` for new, cur and tmp",
                crate::core::text::sanitise(&maildir.display().to_string())
            );
            self.wrong(table.maildir.span(), problem);
        }
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
        Some(Replies { address, maildir, bounces: table.bounces.unwrap_or(true) })
    }
}
