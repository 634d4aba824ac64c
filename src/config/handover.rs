//! `[handover]`: when whoever leaves is asked for a note, and how hard whoever comes is asked to accept.

use super::check::Check;
use super::file::Text;
use crate::core::handover::{Quiet, Terms};
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct HandoverTable {
    pub note_before: Option<Text>,
    pub remind_after: Option<Text>,
    pub when_quiet: Option<QuietWord>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
pub enum QuietWord {
    Mail,
    Nothing,
}

impl Check<'_> {
    pub(super) fn handover(&mut self, table: HandoverTable) -> Terms {
        let usual = Terms::default();
        let mut or = |text: Option<&Text>, usual| text.map_or(usual, |text| self.duration(text));
        Terms {
            note_before: or(table.note_before.as_ref(), usual.note_before),
            remind_after: or(table.remind_after.as_ref(), usual.remind_after),
            when_quiet: match table.when_quiet {
                Some(QuietWord::Nothing) => Quiet::Nothing,
                Some(QuietWord::Mail) | None => Quiet::Mail,
            },
        }
    }
}
