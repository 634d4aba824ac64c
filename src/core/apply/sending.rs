//! What somebody who had messages sent again is told of it.

use super::Asked;
use crate::core::command::Refusal;
use crate::core::escalation::medium_word;
use crate::core::resend;

impl Asked<'_> {
    pub(super) fn resend(&mut self, known: &resend::Known, asked: &resend::Asked) -> Result<String, Refusal> {
        let plan = resend::decide(&mut self.decision, self.asker, known, asked)?;
        resend::as_seen(self.decision.desk, known, &plan, &self.expect.resent)?;
        let goes: Vec<String> = plan
            .goes
            .iter()
            .map(|one| format!("{} to {}", medium_word(one.medium), one.to.name.printable()))
            .collect();
        let undo = match plan.can_be_undone() {
            true => format!(" It can be taken back for {} s.", resend::UNDO.as_secs()),
            false => String::new(),
        };
        let out = match plan.reasons() {
            reasons if reasons.is_empty() => String::new(),
            reasons => format!(" Left out: {}.", reasons.join("; ")),
        };
        let what = match asked.what.as_slice() {
            [one] => format!("{one} goes out again"),
            more => format!("{} go out again", more.len()),
        };
        let shown = 5;
        let more = match goes.len().saturating_sub(shown) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let goes = goes[..goes.len().min(shown)].join(", ");
        Ok(format!("{what}: {goes}{more}.{undo}{out}"))
    }
}
