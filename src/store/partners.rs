//! What is open for a partner, and what the places of the console begin with.

use super::StoreError;
use super::find::{body, numbered};
use super::list::List;
use super::tx::Tx;
use crate::cells;
use crate::core::case::Case;
use crate::core::change::Numbered;
use crate::core::notification::Notification;
use crate::core::task::Task;
use std::ops::ControlFlow;

/// Something of a partner's that waits for somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiting {
    Alerts,
    Cases,
    Reviews,
    Threads,
    Tasks,
}

impl Waiting {
    pub const ALL: [Waiting; 5] =
        [Waiting::Alerts, Waiting::Cases, Waiting::Reviews, Waiting::Threads, Waiting::Tasks];

    /// The rows of one partner, of which `$2` at most are counted.
    fn sql(self) -> String {
        let rows = match self {
            Waiting::Alerts => {
                return "SELECT COUNT(*) FROM (SELECT 1 FROM alert WHERE partner = $1
                    AND state IN ('open', 'acknowledged', 'snoozed') LIMIT $2)"
                    .to_owned();
            }
            Waiting::Cases => "partner_case WHERE partner = $1 AND state <> 'resolved'",
            Waiting::Reviews => "document WHERE partner = $1 AND state = 'pending'",
            Waiting::Threads => "thread WHERE partner = $1 AND state = 'open'",
            Waiting::Tasks => "task WHERE partner = $1 AND state = 'open'",
        };
        format!("SELECT COUNT(*) FROM (SELECT 1 FROM {rows} LIMIT $2)")
    }
}

const UNSETTLED: &str = "SELECT body FROM partner_case WHERE partner = $1 AND state <> 'resolved'
    ORDER BY created_at DESC, id LIMIT $2";
const DUE_TASKS: &str = "SELECT body FROM task WHERE state = 'open' AND due_at IS NOT NULL
    ORDER BY due_at, id LIMIT $1";
const OTHER_TASKS: &str =
    "SELECT body FROM task WHERE state = 'open' AND due_at IS NULL ORDER BY id LIMIT $1";
const ALERTED: &str = "SELECT partner FROM alert WHERE state = $1 ORDER BY id DESC LIMIT $2";
const TASKED: &str = "SELECT partner FROM task WHERE state = 'open' AND due_at IS NOT NULL
    ORDER BY due_at, id LIMIT $1";
const NAMES: &str = "SELECT name, id FROM partner ORDER BY name, id";
const HISTORY: &str =
    "SELECT seq, body FROM change WHERE partner = $1 AND thing = $2 ORDER BY seq DESC LIMIT 500";
const TOLD: &str = "SELECT body FROM notification WHERE contact = $1 ORDER BY id DESC LIMIT $2";

impl Tx<'_> {
    /// How many there are, counted no further than `most`.
    pub fn count_waiting(&self, what: Waiting, partner: &str, most: u32) -> Result<u32, StoreError> {
        let counted =
            self.query_one(&what.sql(), cells![partner, i64::from(most)], |row| row.int(0))?.unwrap_or(0);
        Ok(u32::try_from(counted).unwrap_or(most))
    }

    /// A partner's cases that somebody still works on, newest first.
    pub fn unsettled_cases(&self, partner: &str, limit: u32) -> Result<Vec<Case>, StoreError> {
        self.query(UNSETTLED, cells![partner, i64::from(limit)], body("case"))
    }

    /// Open tasks: the longest overdue first, then by when they are due, then those without a time.
    pub fn tasks_to_do(&self, limit: u32) -> Result<Vec<Task>, StoreError> {
        let mut tasks: Vec<Task> = self.query(DUE_TASKS, cells![i64::from(limit)], body("task"))?;
        let room = i64::from(limit) - tasks.len() as i64;
        if room > 0 {
            tasks.extend(self.query(OTHER_TASKS, cells![room], body("task"))?);
        }
        Ok(tasks)
    }

    /// The partners that need somebody: those with alerts first, then those with what is due first.
    pub fn partners_in_need(&self, limit: usize) -> Result<Vec<String>, StoreError> {
        let mut found: Vec<String> = Vec::new();
        let mut take = |partner: Option<String>| {
            if let Some(partner) = partner
                && found.len() < limit
                && !found.contains(&partner)
            {
                found.push(partner);
            }
        };
        let most = limit as i64 * 4;
        for state in ["open", "acknowledged", "snoozed"] {
            self.query(ALERTED, cells![state, most], |row| row.text(0))?
                .into_iter()
                .for_each(|partner| take(Some(partner)));
        }
        self.query(TASKED, cells![most], |row| row.maybe_text(0))?.into_iter().for_each(take);
        Ok(found)
    }

    /// Partners whose names and ids are wanted, by name.
    pub fn partners_like(
        &self,
        wanted: impl Fn(&str, &str) -> bool,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        let mut found = Vec::new();
        // The index alone is read: a name is found where it stands, in whatever place of the list.
        self.walk(NAMES, &[], |row| {
            let (name, id) = (row.text(0)?, row.text(1)?);
            if wanted(&name, &id) {
                found.push(id);
            }
            Ok(if found.len() < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        })?;
        Ok(found)
    }

    /// The facts about one thing of a partner's, oldest first; `thing` as the history calls it.
    pub fn history_of(&self, partner: &str, thing: &str) -> Result<Vec<Numbered>, StoreError> {
        let mut history = self.query(HISTORY, cells![partner, thing], numbered)?;
        history.reverse();
        Ok(history)
    }

    /// The newest messages to a contact, newest first.
    pub fn told_contact(&self, contact: &str, limit: u32) -> Result<Vec<Notification>, StoreError> {
        self.query(TOLD, cells![contact, i64::from(limit)], body("notification"))
    }

    /// Whether there are more than so many.
    pub fn has_more(&self, list: List, than: u32) -> Result<bool, StoreError> {
        let sql = format!("SELECT COUNT(*) FROM (SELECT 1 FROM {} LIMIT $1)", list.table());
        let counted = self.query_one(&sql, cells![i64::from(than) + 1], |row| row.int(0))?;
        Ok(counted.unwrap_or(0) > i64::from(than))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::find::tests::{plan, shape};

    #[test]
    fn what_is_open_is_found_without_sorting_or_reading_through() {
        let shape = shape();
        let counts: Vec<String> = Waiting::ALL.iter().map(|what| what.sql()).collect();
        let fixed = [UNSETTLED, DUE_TASKS, OTHER_TASKS, ALERTED, TASKED, HISTORY, TOLD];
        for sql in counts.iter().map(String::as_str).chain(fixed) {
            let plan = plan(&shape, sql);
            let through = plan.lines().any(|line| line.starts_with("SCAN") && !line.contains("(subquery"));
            assert!(!plan.contains("TEMP B-TREE") && !through, "{sql}\n{plan}");
        }
        let names = plan(&shape, NAMES);
        assert!(names.contains("COVERING INDEX partner_name"), "{names}");
    }
}
