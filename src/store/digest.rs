//! What digests read, as of one instant, and their runs.

use super::StoreError;
use super::tx::{Cell, Row as Found, Tx};
use crate::cells;
use crate::core::alert::{Alert, Member, MemberOf};
use crate::core::case::Case;
use crate::core::digest::{DigestInput, DigestRun, Row, Section};
use crate::core::document::Document;
use crate::core::event::Priority;
use crate::core::id::TaskId;
use crate::core::task::Task;
use crate::core::thread::Thread;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use std::collections::{HashMap, HashSet};

const OPEN_ALERTS: &str = "SELECT body FROM alert WHERE state IN ('open', 'acknowledged', 'snoozed')";
const CLOSED_ALERTS: &str = "SELECT body FROM alert WHERE state = 'resolved' AND updated_at > $1";
const OPEN_CASES: &str = "SELECT body FROM partner_case WHERE state <> 'resolved'";
const CLOSED_CASES: &str = "SELECT body FROM partner_case WHERE closed_at > $1";
const OPEN_DOCUMENTS: &str = "SELECT body FROM document WHERE state = 'pending'";
const CLOSED_DOCUMENTS: &str = "SELECT body FROM document WHERE closed_at > $1";
const OPEN_THREADS: &str = "SELECT body FROM thread WHERE state = 'open'";
const CLOSED_THREADS: &str = "SELECT body FROM thread WHERE closed_at > $1";
const OPEN_TASKS: &str = "SELECT body FROM task WHERE state IN ('open', 'snoozed')";
const LAST_RUN: &str =
    "SELECT body FROM digest_run WHERE name = $1 AND state <> 'by_hand' ORDER BY at DESC LIMIT 1";
const RUNS: &str = "SELECT body FROM digest_run WHERE name = $1 ORDER BY created_at DESC LIMIT $2";

impl Tx<'_> {
    /// The run of that name, if it was.
    pub fn digest_run(&self, id: &str) -> Result<Option<DigestRun>, StoreError> {
        self.query_one("SELECT body FROM digest_run WHERE id = $1", cells![id], |row| row.json(0, "digest"))
    }

    /// The last run by its schedule.
    pub fn last_digest(&self, name: &str) -> Result<Option<DigestRun>, StoreError> {
        self.query_one(LAST_RUN, cells![name], |row| row.json(0, "digest"))
    }

    /// The newest runs of a digest, by hand or not, newest first.
    pub fn digest_runs(&self, name: &str, limit: u32) -> Result<Vec<DigestRun>, StoreError> {
        self.query(RUNS, cells![name, i64::from(limit)], |row| row.json(0, "digest"))
    }

    /// Everything there is to tell of these sections. Asked within one reading, it is of one instant.
    pub fn digest_input(
        &self,
        sections: &[Section],
        since: Option<Timestamp>,
        as_of: Timestamp,
    ) -> Result<DigestInput, StoreError> {
        let tasks: HashMap<TaskId, Task> =
            self.bodies::<Task>("task", OPEN_TASKS, &[])?.into_iter().map(|task| (task.id, task)).collect();
        let tasks = Tasks { open: tasks, as_of };
        let mut input = DigestInput { as_of, since, open: Vec::new(), closed: Vec::new() };
        // Without an instant to count from nothing counts as closed since.
        let after = cells![since];
        for section in sections {
            match section {
                Section::Issues => {
                    let cases: Vec<Case> = self.bodies("case", OPEN_CASES, &[])?;
                    let known: HashSet<(&str, &str)> =
                        cases.iter().map(|case| (case.partner.id.raw(), case.id.raw())).collect();
                    // An alert made of nothing but cases that are listed is those cases.
                    let is_case = |partner: &str, member: &Member| {
                        member.of == MemberOf::Case && known.contains(&(partner, member.id.raw()))
                    };
                    let alerts = self.bodies::<Alert>("alert", OPEN_ALERTS, &[])?;
                    let alone = |alert: &&Alert| {
                        !alert.members.iter().all(|member| is_case(alert.partner.id.raw(), member))
                    };
                    input.open.extend(alerts.iter().filter(alone).map(|alert| of_alert(alert, &tasks)));
                    input.open.extend(cases.iter().map(|case| of_case(case, &tasks)));
                    let closed = self.bodies::<Alert>("alert", CLOSED_ALERTS, after)?;
                    let alone =
                        |alert: &&Alert| alert.members.iter().any(|member| member.of != MemberOf::Case);
                    input.closed.extend(closed.iter().filter(alone).map(|alert| of_alert(alert, &tasks)));
                    let closed = self.bodies::<Case>("case", CLOSED_CASES, after)?;
                    input.closed.extend(closed.iter().map(|case| of_case(case, &tasks)));
                }
                Section::Reviews => {
                    let open = self.bodies::<Document>("document", OPEN_DOCUMENTS, &[])?;
                    input.open.extend(open.iter().map(|document| of_document(document, &tasks)));
                    let closed = self.bodies::<Document>("document", CLOSED_DOCUMENTS, after)?;
                    input.closed.extend(closed.iter().map(|document| of_document(document, &tasks)));
                }
                Section::Threads => {
                    let open = self.bodies::<Thread>("thread", OPEN_THREADS, &[])?;
                    input.open.extend(open.iter().map(|thread| of_thread(thread, &tasks)));
                    let closed = self.bodies::<Thread>("thread", CLOSED_THREADS, after)?;
                    input.closed.extend(closed.iter().map(|thread| of_thread(thread, &tasks)));
                }
            }
        }
        Ok(input)
    }

    fn bodies<T: DeserializeOwned>(
        &self,
        what: &'static str,
        sql: &str,
        cells: &[Cell],
    ) -> Result<Vec<T>, StoreError> {
        self.query(sql, cells, |row: &Found<'_>| row.json(0, what))
    }
}

/// The tasks that go with what is told.
struct Tasks {
    open: HashMap<TaskId, Task>,
    as_of: Timestamp,
}

impl Tasks {
    fn of(&self, id: Option<TaskId>) -> (Option<&Task>, bool) {
        let task = id.and_then(|id| self.open.get(&id));
        (task, task.and_then(|task| task.due_at).is_some_and(|due| due < self.as_of))
    }
}

fn of_alert(alert: &Alert, _: &Tasks) -> Row {
    let over = alert.state == crate::core::alert::AlertState::Resolved;
    Row {
        section: Section::Issues,
        partner: alert.partner.clone(),
        reference: alert.id.to_string().into(),
        title: alert.title.clone(),
        state: alert.state.as_str().to_owned(),
        severity: Some(alert.severity),
        since: alert.created_at,
        due: alert.deadline,
        amounts: alert.at_risk.clone(),
        owner: alert.holder.clone(),
        task_overdue: false,
        closed_at: over.then_some(alert.updated_at),
    }
}

fn of_case(case: &Case, tasks: &Tasks) -> Row {
    let (task, task_overdue) = tasks.of(case.task);
    Row {
        section: Section::Issues,
        partner: case.partner.clone(),
        reference: case.reference.clone(),
        title: case.title.clone(),
        state: case.state.word().to_owned(),
        severity: case.priority.map(Priority::severity),
        since: case.created_at,
        due: case.deadline.or(task.and_then(|task| task.due_at)),
        amounts: case.amount.iter().cloned().collect(),
        owner: task.and_then(|task| task.owner.clone()),
        task_overdue,
        closed_at: case.is_over().then_some(case.updated_at),
    }
}

fn of_document(document: &Document, tasks: &Tasks) -> Row {
    let (task, task_overdue) = tasks.of(document.task);
    Row {
        section: Section::Reviews,
        partner: document.partner.clone(),
        reference: document.name.clone(),
        title: "".into(),
        state: document.kind.word().to_owned(),
        severity: None,
        since: document.created_at,
        due: document.review_by.or(task.and_then(|task| task.due_at)),
        amounts: Vec::new(),
        owner: task.and_then(|task| task.owner.clone()),
        task_overdue,
        closed_at: document.reviewed_at,
    }
}

fn of_thread(thread: &Thread, tasks: &Tasks) -> Row {
    let (task, task_overdue) = tasks.of(thread.task);
    Row {
        section: Section::Threads,
        partner: thread.partner.clone(),
        reference: thread.reference().clone(),
        title: thread.subject.clone(),
        state: thread.kind.word().to_owned(),
        severity: None,
        since: thread.created_at,
        due: thread.answer_by.or(task.and_then(|task| task.due_at)),
        amounts: Vec::new(),
        owner: task.and_then(|task| task.owner.clone()),
        task_overdue,
        closed_at: thread.answered_at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::change::{Actor, Change, Object, What};
    use crate::core::digest::RunState;
    use crate::store::{Open, Store};

    #[tokio::test]
    async fn a_run_that_was_is_refused_with_all_that_came_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&Open::Inline(folder.path().join("nightdesk.db")), 1).unwrap();
        let run = DigestRun {
            id: "morning 2026-11-23T07:00[Europe/Berlin]".into(),
            state: RunState::Sent,
            name: "morning".into(),
            schedule: "0 7 * * * Europe/Berlin".into(),
            at: Timestamp::UNIX_EPOCH,
            as_of: None,
            late: false,
            folded: 0,
            open: 3,
            overdue: 1,
            messages: vec![],
            created_at: Timestamp::UNIX_EPOCH,
        };
        let change = |what, object| Change {
            at: Timestamp::UNIX_EPOCH,
            actor: Actor::Desk,
            what,
            summary: "".into(),
            alert: None,
            partner: None,
            object,
        };
        let both = || {
            let run = Object::Digest(Box::new(run.clone()));
            vec![change(What::Noted, Object::Nothing), change(What::DigestSent, run)]
        };
        store.append(both()).await.unwrap();
        assert!(store.append(both()).await.is_err());
        let (facts, last) =
            store.read(|tx| Ok((tx.newest_seq()?, tx.last_digest("morning")?))).await.unwrap();
        assert_eq!((facts, last.unwrap().id), (2, run.id));
    }

    /// A digest reads what is open and what was closed lately, never all there ever was.
    #[test]
    fn a_digest_never_reads_the_whole_of_a_table() {
        let connection = rusqlite::Connection::open_in_memory().unwrap();
        for migration in super::super::sqlite::MIGRATIONS {
            connection.execute_batch(migration).unwrap();
        }
        for sql in [
            OPEN_ALERTS,
            CLOSED_ALERTS,
            OPEN_CASES,
            CLOSED_CASES,
            OPEN_DOCUMENTS,
            CLOSED_DOCUMENTS,
            OPEN_THREADS,
            CLOSED_THREADS,
            OPEN_TASKS,
            LAST_RUN,
            RUNS,
        ] {
            let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
            let mut rows = statement.raw_query();
            let mut plan = String::new();
            while let Some(row) = rows.next().unwrap() {
                plan += &row.get::<_, String>(3).unwrap();
                plan.push('\n');
            }
            assert!(plan.contains("INDEX ") && !plan.contains("TEMP B-TREE"), "{sql}: {plan}");
        }
    }
}
