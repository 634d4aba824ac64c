//! `[replies]`: where mailed replies come in. Texts come in over their channel.

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
}

/// The mailbox that mailed replies are read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replies {
    /// Every mail's `Reply-To` is this address with a token behind a `+`.
    pub address: Mailbox,
    /// A Maildir with its `new`, `cur` and `tmp`.
    pub maildir: PathBuf,
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
        Some(Replies { address, maildir })
    }
}
