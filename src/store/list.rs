//! Lists: newest first, narrowed, and at the cost of what they return.

use super::StoreError;
use super::find::body;
use super::tx::{Cell, Tx};
use crate::cells;
use crate::core::id::AlertId;
use crate::core::query::{Field, field};
use serde::de::DeserializeOwned;
use std::ops::ControlFlow;

/// What a list may be narrowed by. Lists come newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    pub states: Vec<String>,
    pub partner: Option<String>,
    pub alert: Option<AlertId>,
    /// Of tasks.
    pub kind: Option<String>,
    pub team: Option<String>,
    pub owner: Option<String>,
    pub limit: u32,
}

/// The lists there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List {
    Events,
    Alerts,
    Notifications,
    Tasks,
    Partners,
    Contacts,
    Cases,
    Documents,
    Threads,
    Milestones,
}

impl List {
    pub(super) fn table(self) -> &'static str {
        match self {
            List::Events => "event",
            List::Alerts => "alert",
            List::Notifications => "notification",
            List::Tasks => "task",
            List::Partners => "partner",
            List::Contacts => "contact",
            List::Cases => "partner_case",
            List::Documents => "document",
            List::Threads => "thread",
            List::Milestones => "milestone",
        }
    }

    /// The columns that put the newest first, and in which order.
    fn order(self) -> (&'static str, &'static str) {
        match self {
            List::Events | List::Alerts | List::Notifications | List::Tasks => ("id", "id DESC"),
            _ => ("created_at, id", "created_at DESC, id"),
        }
    }

    /// All states there are; `None` where the community may bring its own, or where there is none.
    pub fn states(self) -> Option<&'static [&'static str]> {
        Some(match self {
            List::Events => &["handled", "quiet", "no_rule"],
            List::Alerts => &["open", "acknowledged", "snoozed", "resolved"],
            List::Notifications => &[
                "queued",
                "held",
                "sending",
                "accepted",
                "sent",
                "delivered",
                "read",
                "failed",
                "bounced",
                "expired",
                "suppressed",
                "cancelled",
                "in_doubt",
            ],
            List::Tasks => &["open", "snoozed", "done"],
            List::Documents => &["pending", "approved", "rejected"],
            List::Threads => &["open", "answered"],
            List::Milestones => &["expected", "reached", "skipped", "withdrawn"],
            List::Cases | List::Partners | List::Contacts => return None,
        })
    }

    /// The fields that a query may ask of it.
    pub fn fields(self) -> &'static [Field] {
        match self {
            List::Events => field::EVENTS,
            List::Alerts => field::ALERTS,
            List::Notifications => field::MESSAGES,
            List::Tasks => field::TASKS,
            List::Partners => field::PARTNERS,
            List::Contacts => field::CONTACTS,
            List::Cases => field::CASES,
            List::Documents => field::DOCUMENTS,
            List::Threads => field::THREADS,
            List::Milestones => field::MILESTONES,
        }
    }

    /// Whether rows of this list can be told apart by the column.
    pub fn has(self, column: &str) -> bool {
        match column {
            "state" => !matches!(self, List::Partners | List::Contacts),
            "partner" => !matches!(self, List::Partners),
            "alert" => matches!(self, List::Events | List::Notifications | List::Tasks),
            "kind" | "team" | "owner" => matches!(self, List::Tasks),
            _ => false,
        }
    }
}

/// The query of a list: every part of it walks one index in the order shown, so that it costs what it
/// returns. Where several states are wanted each has its part, and the parts are merged.
fn list_sql(list: List, filter: &Filter) -> (String, Vec<Cell>) {
    let mut cells: Vec<Cell> = vec![Cell::from(i64::from(filter.limit))];
    let mut place = |cell: Cell| {
        cells.push(cell);
        format!("${}", cells.len())
    };
    // The first of these leads to the rows; the others (`+` keeps them off the index) only pass over some.
    let text = |value: &Option<String>| value.as_deref().map(Cell::from);
    let asked = [
        ("alert", filter.alert.map(|alert| Cell::from(alert.0))),
        ("owner", text(&filter.owner)),
        ("partner", text(&filter.partner)),
        ("team", text(&filter.team)),
        ("kind", text(&filter.kind)),
    ];
    let mut conditions = Vec::new();
    let mut lead = None;
    for (column, cell) in asked {
        let Some(cell) = cell else { continue };
        let off = if lead.is_some() { "+" } else { "" };
        lead = lead.or(Some(column));
        conditions.push(format!("{off}{column} = {}", place(cell)));
    }
    let mut states: Vec<&str> = filter.states.iter().map(String::as_str).collect();
    states.sort_unstable();
    states.dedup();
    // An alert has few of anything, a partner few milestones.
    let few = lead == Some("alert") || (list, lead) == (List::Milestones, Some("partner"));
    if states.is_empty() && lead.is_some() && !few {
        states = list.states().unwrap_or_default().to_vec();
    }
    let (columns, order) = list.order();
    let part = |conditions: &[String]| {
        let filtered = match conditions {
            [] => String::new(),
            _ => format!("WHERE {}", conditions.join(" AND ")),
        };
        format!("SELECT body, {columns} FROM {} {filtered}", list.table())
    };
    let parts: Vec<String> = if states.is_empty() {
        vec![part(&conditions)]
    } else if few {
        let places: Vec<String> = states.iter().map(|state| place(Cell::from(*state))).collect();
        conditions.push(format!("+state IN ({})", places.join(", ")));
        vec![part(&conditions)]
    } else {
        let one = |state: &&str| {
            let mut conditions = conditions.clone();
            conditions.push(format!("state = {}", place(Cell::from(*state))));
            part(&conditions)
        };
        states.iter().map(one).collect()
    };
    (format!("{} ORDER BY {order} LIMIT $1", parts.join(" UNION ALL ")), cells)
}

impl Tx<'_> {
    /// How many there are in the state, counted no further than `most`.
    pub fn count(&self, list: List, state: &str, most: u32) -> Result<u64, StoreError> {
        let sql = format!("SELECT COUNT(*) FROM (SELECT 1 FROM {} WHERE state = $1 LIMIT $2)", list.table());
        Ok(self.query_one(&sql, cells![state, i64::from(most)], |row| row.int(0))?.unwrap_or(0) as u64)
    }

    /// Objects newest first, one by one, until `see` has seen enough; `filter.limit` is how many at most.
    pub fn walk_list<T: DeserializeOwned>(
        &self,
        list: List,
        filter: &Filter,
        mut see: impl FnMut(T) -> Result<ControlFlow<()>, StoreError>,
    ) -> Result<(), StoreError> {
        let (sql, cells) = list_sql(list, filter);
        self.walk(&sql, &cells, |row| see(row.json(0, list.table())?))
    }

    /// Objects newest first, as JSON.
    pub fn list<T: DeserializeOwned>(&self, list: List, filter: &Filter) -> Result<Vec<T>, StoreError> {
        let (sql, cells) = list_sql(list, filter);
        self.query(&sql, &cells, body(list.table()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::find::tests::{plan, shape};

    const LISTS: [List; 10] = [
        List::Events,
        List::Alerts,
        List::Notifications,
        List::Tasks,
        List::Partners,
        List::Contacts,
        List::Cases,
        List::Documents,
        List::Threads,
        List::Milestones,
    ];

    /// Whatever a list is narrowed by, it costs what it returns and not what the store holds.
    #[test]
    fn no_list_sorts_or_reads_through_a_table() {
        let shape = shape();
        for list in LISTS {
            for asked in 0..1u32 << 7 {
                let on = |bit: u32| asked & (1 << bit) != 0;
                let value = |bit: u32, column: &str| (on(bit) && list.has(column)).then(|| "x".to_owned());
                let states = match (on(0) && list.has("state"), on(1)) {
                    (false, _) => vec![],
                    (true, false) => vec!["open".to_owned()],
                    (true, true) => vec!["open".to_owned(), "done".to_owned()],
                };
                let filter = Filter {
                    states,
                    partner: value(2, "partner"),
                    alert: (on(3) && list.has("alert")).then_some(AlertId(1)),
                    kind: value(4, "kind"),
                    team: value(5, "team"),
                    owner: value(6, "owner"),
                    limit: 100,
                };
                let (sql, _) = list_sql(list, &filter);
                let plan = plan(&shape, &sql);
                assert!(!plan.contains("TEMP B-TREE"), "{sql}\n{plan}");
                // In the order of the whole list, and only if nothing narrows it.
                let whole = filter == Filter { limit: 100, ..Filter::default() };
                let walks = plan.contains("SCAN");
                assert!(!walks || whole, "{sql}\n{plan}");
            }
        }
    }
}
