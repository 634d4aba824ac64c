//! Views that people keep, by their owner and name.

use super::StoreError;
use super::find::body;
use super::tx::Tx;
use crate::cells;
use crate::core::person::PersonId;
use crate::core::saved_view::{OwnView, ViewState};

/// More than anybody finds anything in.
const MOST: i64 = 200;

impl Tx<'_> {
    /// What somebody saved and did not drop, by name.
    pub fn views_of(&self, person: &PersonId) -> Result<Vec<OwnView>, StoreError> {
        self.query(
            "SELECT body FROM saved_view WHERE person = $1 AND state = 'active' ORDER BY id LIMIT $2",
            cells![person.0.as_str(), MOST],
            body("view"),
        )
    }

    pub fn view_of(&self, person: &PersonId, name: &str) -> Result<Option<OwnView>, StoreError> {
        let id = OwnView::id_of(person, name);
        self.query_one("SELECT body FROM saved_view WHERE id = $1", cells![id], body("view"))
    }

    pub(super) fn put_view(&self, view: &OwnView, body: String) -> Result<(), StoreError> {
        let state = match view.state {
            ViewState::Active => "active",
            ViewState::Dropped => "dropped",
        };
        self.execute(
            "INSERT INTO saved_view (id, person, state, created_at, body) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (id) DO UPDATE SET state = $3, body = $5",
            cells![view.id.as_str(), view.person.0.as_str(), state, view.created_at, body],
        )?;
        Ok(())
    }
}
