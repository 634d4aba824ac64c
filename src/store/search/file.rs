//! The index's file: its shape, and whether what lies there is an index of this history.

use crate::core::query::field::ALL;
use crate::core::query::found::Kind;
use crate::core::query::{Field, Flag};
use crate::store::{StoreError, sqlite};
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::path::{Path, PathBuf};

/// Counts up whenever the shape changes, or what is put into it; an index of another version is made anew.
const VERSION: i64 = 2;

/// How far the index has come: the number, time and hash of the newest change in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark {
    pub seq: u64,
    pub at: i64,
    pub hash: Vec<u8>,
}

/// Why the index cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    #[error("{0}")]
    Sql(#[from] rusqlite::Error),
    #[error("{0}")]
    Store(#[from] StoreError),
    #[error("the file is torn: {0}")]
    Torn(String),
    #[error("{0} cannot be thrown away: {1}")]
    File(String, String),
}

impl Trouble {
    /// A new file would be better.
    pub fn is_broken(&self) -> bool {
        match self {
            Trouble::Sql(why) => is_broken(why),
            Trouble::Torn(_) => true,
            Trouble::Store(_) | Trouble::File(..) => false,
        }
    }
}

pub(super) fn path(folder: &Path) -> PathBuf {
    folder.join("search.db")
}

/// The columns of the word index, each a field; the first is everything else that is said.
pub(super) fn columns() -> Vec<String> {
    let kept = ALL.iter().filter(|field| is_words(**field)).map(|field| column(*field));
    std::iter::once("said".to_owned()).chain(kept).chain(["flags".to_owned()]).collect()
}

/// The field is looked for by words; times and amounts are compared.
pub(super) fn is_words(field: Field) -> bool {
    !matches!(field, Field::Since | Field::Before | Field::Due | Field::Risk | Field::Is)
}

/// `order` and `to` are words of SQL.
pub(super) fn column(field: Field) -> String {
    format!("of_{}", field.name())
}

/// Stands in every document, for questions that only say what is not wanted. No word that anybody types.
pub(super) const EVERY: &str = "ndxevery";

/// Says what a document is; no plain word finds it, and no kind of the community's is it.
pub(super) fn kind_word(kind: Kind) -> String {
    format!("ndx{}", kind.as_str())
}

pub(super) fn flag_word(flag: Flag) -> &'static str {
    flag.as_str()
}

/// Opens the index for its writer; what is no index of this store's is thrown away and begun anew.
pub(super) fn open(folder: &Path, instance: &str) -> Result<(Connection, Mark), Trouble> {
    match begin(&path(folder), instance) {
        Ok(Some(opened)) => Ok(opened),
        Ok(None) => anew(folder, instance),
        Err(why) if is_broken(&why) => anew(folder, instance),
        Err(why) => Err(why.into()),
    }
}

/// Throws the file away and begins an empty one.
pub(super) fn anew(folder: &Path, instance: &str) -> Result<(Connection, Mark), Trouble> {
    let path = path(folder);
    for ending in ["", "-wal", "-shm", "-journal"] {
        let mut name = path.clone().into_os_string();
        name.push(ending);
        if let Err(why) = std::fs::remove_file(PathBuf::from(name))
            && why.kind() != std::io::ErrorKind::NotFound
        {
            return Err(Trouble::File(path.display().to_string(), why.to_string()));
        }
    }
    let connection = connect(&path)?;
    create(&connection, instance)?;
    Ok((connection, Mark::default()))
}

/// `None`: it is empty, of another version, or of another store.
fn begin(path: &Path, instance: &str) -> rusqlite::Result<Option<(Connection, Mark)>> {
    let connection = connect(path)?;
    if !is_current(&connection)? {
        return Ok(None);
    }
    let (of, mark) = connection.query_row("SELECT instance, seq, at, hash FROM mark", [], |row| {
        let mark = Mark { seq: row.get::<_, i64>(1)? as u64, at: row.get(2)?, hash: row.get(3)? };
        Ok((row.get::<_, String>(0)?, mark))
    })?;
    Ok((of == instance).then_some((connection, mark)))
}

/// Whether it has the tables of this version: they come all at once, some time after the file.
pub(super) fn is_current(connection: &Connection) -> rusqlite::Result<bool> {
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    Ok(version == VERSION)
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.set_prepared_statement_cache_capacity(32);
    // Whatever a crash takes is read from the history again.
    connection.execute_batch(
        "PRAGMA busy_timeout = 1000; PRAGMA cache_size = -4000; PRAGMA temp_store = MEMORY;
         PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 1000;
         PRAGMA journal_size_limit = 16777216; PRAGMA secure_delete = ON;",
    )?;
    Ok(connection)
}

/// An empty index.
pub(super) fn create(connection: &Connection, instance: &str) -> rusqlite::Result<()> {
    let columns = columns().join(", ");
    connection.execute_batch(&format!(
        "BEGIN;
         CREATE TABLE mark (
           one INTEGER PRIMARY KEY CHECK (one = 1), instance TEXT NOT NULL, seq INTEGER NOT NULL,
           at INTEGER NOT NULL, hash BLOB NOT NULL
         );
         CREATE TABLE doc (
           row     INTEGER PRIMARY KEY,
           kind    TEXT NOT NULL,
           partner TEXT NOT NULL,
           id      TEXT NOT NULL,
           changed INTEGER NOT NULL,
           at      INTEGER,
           due     INTEGER,
           risk    INTEGER,
           open    INTEGER NOT NULL
         );
         CREATE UNIQUE INDEX doc_thing ON doc (kind, id, partner);
         CREATE INDEX doc_id ON doc (id COLLATE NOCASE);
         CREATE INDEX doc_changed ON doc (changed);
         CREATE INDEX doc_open ON doc (due) WHERE open;
         CREATE INDEX doc_due ON doc (due) WHERE due IS NOT NULL;
         CREATE INDEX doc_risk ON doc (risk) WHERE risk IS NOT NULL;
         CREATE VIRTUAL TABLE words USING fts5 (
           {columns}, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2',
           prefix = '1 2 3'
         );
         PRAGMA user_version = {VERSION};
         COMMIT;"
    ))?;
    connection
        .execute("INSERT INTO mark (one, instance, seq, at, hash) VALUES (1, ?1, 0, 0, x'')", [instance])?;
    Ok(())
}

/// A connection that only reads, to the index or to the store it is made of.
pub(super) fn reading(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.execute_batch("PRAGMA busy_timeout = 1000; PRAGMA cache_size = -1000;")?;
    Ok(connection)
}

pub(super) fn reading_store(folder: &Path) -> rusqlite::Result<Connection> {
    reading(&sqlite::file(folder))
}

/// The file is no database, or a broken one: nothing will come of trying again.
fn is_broken(why: &rusqlite::Error) -> bool {
    use rusqlite::Error;
    match why {
        Error::SqliteFailure(code, _) => {
            matches!(code.code, ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
                // Tables that an index of this version has are not there.
                || code.code == ErrorCode::Unknown
        }
        Error::SqlInputError { .. } | Error::QueryReturnedNoRows | Error::InvalidColumnType(..) => true,
        _ => false,
    }
}
