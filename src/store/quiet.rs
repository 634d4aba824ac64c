//! What keeps alerts quiet: single maintenance windows, alerts that may explain others, and those that
//! sleep because of either.

use super::StoreError;
use super::tx::Tx;
use crate::cells;
use crate::core::alert::Alert;
use crate::core::decide::Around;
use crate::core::id::{AlertId, WindowId};
use crate::core::maintenance::StoredWindow;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// Alerts looked at for one that explains others. One that is not found keeps nothing quiet.
const MOST: i64 = 500;

const OF_PARTNER: &str = "SELECT body FROM alert INDEXED BY alert_of_partner
    WHERE partner = $1 AND state IN ('open', 'acknowledged', 'snoozed') AND quiet_by IS NULL LIMIT $2";
const OF_EVERYBODY: &str = "SELECT body FROM alert INDEXED BY alert_state
    WHERE state IN ('open', 'acknowledged', 'snoozed') AND quiet_by IS NULL LIMIT $1";
const ASLEEP: &str = "SELECT body FROM alert WHERE quiet_by IS NOT NULL ORDER BY quiet_by, id LIMIT $1";
const BECAUSE_OF: &str = "SELECT body FROM alert WHERE quiet_by = $1 ORDER BY id LIMIT $2";

impl Tx<'_> {
    /// Alerts that stand and that the desk does not let sleep.
    pub fn around(&self, whose: &Around) -> Result<BTreeMap<AlertId, Alert>, StoreError> {
        let mut found: Vec<Alert> = Vec::new();
        match whose {
            Around::Nobody => {}
            Around::Everybody => {
                found = self.query(OF_EVERYBODY, cells![MOST], |row| row.json(0, "alert"))?
            }
            Around::Partners(partners) => {
                for partner in partners {
                    let cells = cells![partner.as_str(), MOST];
                    found.extend(self.query(OF_PARTNER, cells, |row| row.json::<Alert>(0, "alert"))?);
                }
            }
        }
        Ok(found.into_iter().map(|alert| (alert.id, alert)).collect())
    }

    /// Alerts that the desk lets sleep, those because of maintenance first.
    pub fn asleep(&self, limit: u32) -> Result<Vec<Alert>, StoreError> {
        self.query(ASLEEP, cells![i64::from(limit)], |row| row.json(0, "alert"))
    }

    /// Alerts that the desk lets sleep because of this one.
    pub fn asleep_because_of(&self, alert: AlertId, limit: u32) -> Result<Vec<Alert>, StoreError> {
        self.query(BECAUSE_OF, cells![alert.0, i64::from(limit)], |row| row.json(0, "alert"))
    }

    /// Single windows that count and end after a moment, oldest first.
    pub fn windows(&self, since: Timestamp) -> Result<Vec<StoredWindow>, StoreError> {
        self.query(
            "SELECT body FROM maintenance WHERE state = 'active' AND until > $1 ORDER BY id",
            cells![since],
            |row| row.json(0, "maintenance window"),
        )
    }

    pub fn window(&self, id: WindowId) -> Result<Option<StoredWindow>, StoreError> {
        self.query_one("SELECT body FROM maintenance WHERE id = $1", cells![id.0], |row| {
            row.json(0, "maintenance window")
        })
    }

    /// All single windows there ever were, newest first.
    pub fn all_windows(&self, limit: u32) -> Result<Vec<StoredWindow>, StoreError> {
        self.query(
            "SELECT body FROM maintenance ORDER BY id DESC LIMIT $1",
            cells![i64::from(limit)],
            |row| row.json(0, "maintenance window"),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::find::tests::{plan, shape};

    #[test]
    fn what_keeps_quiet_and_what_sleeps_is_found_on_an_index() {
        for (sql, index) in [
            (OF_PARTNER, "INDEX alert_of_partner (partner=? AND state=?"),
            (OF_EVERYBODY, "INDEX alert_state (state=?"),
            (ASLEEP, "INDEX alert_quiet"),
            (BECAUSE_OF, "INDEX alert_quiet (quiet_by=?"),
        ] {
            let plan = plan(&shape(), sql);
            assert!(plan.contains(index) && !plan.contains("TEMP B-TREE"), "{sql}: {plan}");
        }
    }
}
