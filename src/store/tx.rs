//! The small transaction type that store operations are written against. SQL is shared between
//! engines: `$1 … $n` for parameters, integers (times in microseconds), text and bytes, nothing else.

use super::StoreError;
use crate::core::change::Change;
use crate::core::id::Ids;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, ToSql};
use std::ops::ControlFlow;
use std::sync::Arc;

/// A parameter or a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    Null,
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
}

/// One transaction, or one savepoint of a group.
pub struct Tx<'c> {
    connection: &'c Connection,
    /// Facts of this group, to be numbered when the group commits.
    pub(super) unsealed: Vec<Sealable>,
    pub(super) ids: Ids,
    /// Something was written that falls due, now or later.
    pub(super) dues: bool,
}

/// A change with its JSON, encoded once for the history and the readers of the stream.
#[derive(Clone, Debug)]
pub struct Sealable {
    pub change: Arc<Change>,
    pub body: String,
}

impl<'c> Tx<'c> {
    pub(super) fn new(connection: &'c Connection, ids: Ids) -> Self {
        Self { connection, unsealed: Vec::new(), ids, dues: false }
    }

    /// The next free ids; hand back what a decision left of them with [`Tx::keep_ids`].
    pub fn ids(&self) -> Ids {
        self.ids
    }

    pub fn keep_ids(&mut self, ids: Ids) {
        self.ids = ids;
    }

    pub fn execute(&self, sql: &str, cells: &[Cell]) -> Result<usize, StoreError> {
        let mut statement = self.prepared(sql, cells)?;
        Ok(statement.raw_execute()?)
    }

    /// Every row, read by `read`.
    pub fn query<T>(
        &self,
        sql: &str,
        cells: &[Cell],
        mut read: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let mut statement = self.prepared(sql, cells)?;
        let mut rows = statement.raw_query();
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(read(&Row(row))?);
        }
        Ok(found)
    }

    /// Row by row, until `see` has seen enough.
    pub fn walk(
        &self,
        sql: &str,
        cells: &[Cell],
        mut see: impl FnMut(&Row<'_>) -> Result<ControlFlow<()>, StoreError>,
    ) -> Result<(), StoreError> {
        let mut statement = self.prepared(sql, cells)?;
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next()? {
            if see(&Row(row))?.is_break() {
                break;
            }
        }
        Ok(())
    }

    pub fn query_one<T>(
        &self,
        sql: &str,
        cells: &[Cell],
        read: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        Ok(self.query(sql, cells, read)?.into_iter().next())
    }

    fn prepared(&self, sql: &str, cells: &[Cell]) -> Result<CachedStatement<'_>, StoreError> {
        let mut statement = self.connection.prepare_cached(sql)?;
        for (i, cell) in cells.iter().enumerate() {
            // Bound by name, so that a number may appear twice and in any order.
            if let Some(index) = statement.parameter_index(&format!("${}", i + 1))? {
                statement.raw_bind_parameter(index, cell)?;
            }
        }
        Ok(statement)
    }
}

/// One row of an answer.
pub struct Row<'r>(&'r rusqlite::Row<'r>);

impl Row<'_> {
    pub fn int(&self, column: usize) -> Result<i64, StoreError> {
        Ok(self.0.get(column)?)
    }

    pub fn maybe_int(&self, column: usize) -> Result<Option<i64>, StoreError> {
        Ok(self.0.get(column)?)
    }

    pub fn text(&self, column: usize) -> Result<String, StoreError> {
        Ok(self.0.get(column)?)
    }

    pub fn maybe_text(&self, column: usize) -> Result<Option<String>, StoreError> {
        Ok(self.0.get(column)?)
    }

    pub fn bytes(&self, column: usize) -> Result<Vec<u8>, StoreError> {
        Ok(self.0.get(column)?)
    }

    /// A JSON body.
    pub fn json<T: serde::de::DeserializeOwned>(
        &self,
        column: usize,
        what: &'static str,
    ) -> Result<T, StoreError> {
        let text = self.0.get_ref(column)?.as_str().map_err(|e| StoreError::Sql(e.to_string()))?;
        serde_json::from_str(text).map_err(|why| StoreError::Corrupt { what, why: why.to_string() })
    }
}

impl ToSql for Cell {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Cell::Null => ValueRef::Null,
            Cell::Int(int) => ValueRef::Integer(*int),
            Cell::Text(text) => ValueRef::Text(text.as_bytes()),
            Cell::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

impl From<i64> for Cell {
    fn from(int: i64) -> Self {
        Cell::Int(int)
    }
}

impl From<u64> for Cell {
    fn from(int: u64) -> Self {
        Cell::Int(i64::try_from(int).unwrap_or(i64::MAX))
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Cell::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Cell::Text(text)
    }
}

impl From<jiff::Timestamp> for Cell {
    fn from(at: jiff::Timestamp) -> Self {
        Cell::Int(at.as_microsecond())
    }
}

impl From<Vec<u8>> for Cell {
    fn from(bytes: Vec<u8>) -> Self {
        Cell::Bytes(bytes)
    }
}

impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(cell: Option<T>) -> Self {
        cell.map_or(Cell::Null, Into::into)
    }
}

/// `[cells]` from anything that is a cell.
#[macro_export]
macro_rules! cells {
    ($($cell:expr),* $(,)?) => { &[$($crate::store::tx::Cell::from($cell)),*] };
}
