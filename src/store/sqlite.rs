//! SQLite: one writer, many operations to a commit, readers beside it.
//!
//! The writer takes every operation that waits, runs each in a savepoint of one transaction, gives
//! the facts they made their numbers and chain hashes, commits with one sync (WAL, synchronous
//! FULL), and only then answers. An operation that fails is rolled back alone.

use super::StoreError;
use super::tx::{Cell, Sealable, Tx};
use crate::cells;
use crate::core::change::Change;
use crate::core::id::Ids;
use rusqlite::{Connection, OpenFlags};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use tokio::sync::{mpsc, oneshot, watch};

pub(super) const MIGRATIONS: &[&str] = &[
    include_str!("../../assets/migrations/0001.sql"),
    include_str!("../../assets/migrations/0002.sql"),
    include_str!("../../assets/migrations/0003.sql"),
    include_str!("../../assets/migrations/0004.sql"),
    include_str!("../../assets/migrations/0005.sql"),
    include_str!("../../assets/migrations/0006.sql"),
    include_str!("../../assets/migrations/0007.sql"),
    include_str!("../../assets/migrations/0008.sql"),
    include_str!("../../assets/migrations/0009.sql"),
    include_str!("../../assets/migrations/0010.sql"),
    include_str!("../../assets/migrations/0011.sql"),
    include_str!("../../assets/migrations/0012.sql"),
    include_str!("../../assets/migrations/0013.sql"),
    include_str!("../../assets/migrations/0014.sql"),
    include_str!("../../assets/migrations/0015.sql"),
    include_str!("../../assets/migrations/0016.sql"),
    include_str!("../../assets/migrations/0017.sql"),
    include_str!("../../assets/migrations/0019.sql"),
    include_str!("../../assets/migrations/0023.sql"),
    include_str!("../../assets/migrations/0025.sql"),
    // A store counts what it has applied, so that what came late stays where it came.
    include_str!("../../assets/migrations/0020.sql"),
    include_str!("../../assets/migrations/0026.sql"),
    include_str!("../../assets/migrations/0027.sql"),
];

/// Operations waiting for the writer before askers must wait too.
const QUEUE: usize = 4096;
/// Operations to one commit at most, so that nobody waits for an endless group.
const GROUP: usize = 512;
const READERS: usize = 2;

/// Given the transaction, or why there is none: either way its asker is told.
type Operation = Box<dyn FnOnce(Result<&mut Tx<'_>, StoreError>) -> Finish + Send>;
type Reading = Box<dyn FnOnce(&Tx<'_>) + Send>;

/// What an operation did, and how to tell its asker once the group is on disk.
struct Finish {
    failed: bool,
    tell: Box<dyn FnOnce(Result<(), StoreError>) + Send>,
}

/// Where a store lives and how it runs.
#[derive(Clone, Debug)]
pub enum Open {
    /// In this folder, with threads of its own; the folder is locked against other agents.
    Folder(PathBuf),
    /// In this file, every operation run where it is asked for: for simulations on virtual time,
    /// where a thread would run behind a paused clock.
    Inline(PathBuf),
}

/// A handle on the store; clones share it.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    engine: Engine,
    sealed: watch::Receiver<u64>,
    dues: watch::Receiver<u64>,
    instance: String,
    /// Where it lives, unless it runs inline.
    folder: Option<PathBuf>,
    _lock: Option<File>,
}

enum Engine {
    Threads { writes: mpsc::Sender<Operation>, reads: readers::Sender },
    Inline(Box<Mutex<Option<Writer>>>),
}

/// The few words of a multi-consumer queue that readers need.
mod readers {
    use super::{Arc, Mutex, PoisonError, Reading};
    use std::sync::mpsc;

    #[derive(Clone)]
    pub struct Sender(mpsc::Sender<Reading>);
    #[derive(Clone)]
    pub struct Receiver(Arc<Mutex<mpsc::Receiver<Reading>>>);

    pub fn queue() -> (Sender, Receiver) {
        let (sender, receiver) = mpsc::channel();
        (Sender(sender), Receiver(Arc::new(Mutex::new(receiver))))
    }

    impl Sender {
        pub fn send(&self, reading: Reading) {
            let _ = self.0.send(reading);
        }
    }

    impl Receiver {
        pub fn next(&self) -> Option<Reading> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
        }
    }
}

struct Writer {
    connection: Connection,
    ids: Ids,
    head: (u64, [u8; 32]),
    sealed: watch::Sender<u64>,
    dues: watch::Sender<u64>,
}

impl Store {
    /// Opens the store, brings its schema up to date and starts its threads. `entropy` names a new
    /// store.
    pub fn open(how: &Open, entropy: u64) -> Result<Self, StoreError> {
        let (file, lock) = match how {
            Open::Folder(folder) => {
                let lock = lock_folder(folder)?;
                (self::file(folder), Some(lock))
            }
            Open::Inline(file) => (file.clone(), None),
        };
        let wrap = |error: StoreError| match error {
            StoreError::Sql(why) => StoreError::Open { path: file.display().to_string(), why },
            other => other,
        };
        let mut connection = connect(&file, false).map_err(wrap)?;
        migrate(&mut connection, &file)?;
        let instance = instance(&connection, entropy)?;
        let writer = Writer::new(connection).map_err(wrap)?;
        let (sealed, dues) = (writer.sealed.subscribe(), writer.dues.subscribe());
        let engine = match how {
            Open::Inline(_) => Engine::Inline(Box::new(Mutex::new(Some(writer)))),
            Open::Folder(_) => {
                let (writes, queue) = mpsc::channel(QUEUE);
                let failed = |why: std::io::Error| StoreError::Open {
                    path: file.display().to_string(),
                    why: format!("its thread does not start: {why}"),
                };
                spawn("store-writer", move || writer.run(queue)).map_err(failed)?;
                let (reads, waiting) = readers::queue();
                for _ in 0..READERS {
                    let connection = connect(&file, true).map_err(wrap)?;
                    let waiting = waiting.clone();
                    spawn("store-reader", move || {
                        while let Some(reading) = waiting.next() {
                            reading(&Tx::new(&connection, Ids::default()));
                        }
                    })
                    .map_err(failed)?;
                }
                Engine::Threads { writes, reads }
            }
        };
        let folder = match how {
            Open::Folder(folder) => Some(folder.clone()),
            Open::Inline(_) => None,
        };
        Ok(Self { inner: Arc::new(Inner { engine, sealed, dues, instance, folder, _lock: lock }) })
    }

    /// The folder it shares with what is derived from it; `None` where it runs inline.
    pub fn folder(&self) -> Option<&Path> {
        self.inner.folder.as_deref()
    }

    /// The name given to this store when it was made.
    pub fn instance(&self) -> &str {
        &self.inner.instance
    }

    /// The newest number of the history; changes when a group was committed.
    pub fn sealed(&self) -> watch::Receiver<u64> {
        self.inner.sealed.clone()
    }

    /// Changes when something was written that falls due, now or later.
    pub fn dues(&self) -> watch::Receiver<u64> {
        self.inner.dues.clone()
    }

    /// Runs an operation and returns once what it wrote is on disk, or why it was not written.
    pub async fn write<T, F>(&self, operation: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        let (tell, told) = oneshot::channel();
        let boxed: Operation = Box::new(move |tx| {
            let result = tx.and_then(operation);
            Finish {
                failed: result.is_err(),
                tell: Box::new(move |committed| {
                    let _ = tell.send(result.and_then(|value| committed.map(|()| value)));
                }),
            }
        });
        match &self.inner.engine {
            Engine::Threads { writes, .. } => {
                writes.send(boxed).await.map_err(|_| StoreError::Closed)?;
            }
            Engine::Inline(writer) => {
                let mut writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
                writer.as_mut().ok_or(StoreError::Closed)?.group(vec![boxed]);
            }
        }
        told.await.map_err(|_| StoreError::Closed)?
    }

    /// Reads from a committed state, beside the writer.
    pub async fn read<T, F>(&self, reading: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        let (tell, told) = oneshot::channel();
        let boxed: Reading = Box::new(move |tx| {
            // One snapshot for all the queries of a reading.
            let began = tx.execute("BEGIN", &[]);
            let result = began.and_then(|_| reading(tx));
            let _ = tx.execute("COMMIT", &[]);
            let _ = tell.send(result);
        });
        match &self.inner.engine {
            Engine::Threads { reads, .. } => reads.send(boxed),
            Engine::Inline(writer) => {
                let writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
                let writer = writer.as_ref().ok_or(StoreError::Closed)?;
                boxed(&Tx::new(&writer.connection, writer.ids));
            }
        }
        told.await.map_err(|_| StoreError::Closed)?
    }

    /// Applies changes that were decided elsewhere.
    pub async fn append(&self, changes: Vec<Change>) -> Result<(), StoreError> {
        self.write(move |tx| tx.apply(changes)).await
    }

    /// Closes an inline store at once, as a crash would: nothing more is written.
    pub fn crash(&self) {
        if let Engine::Inline(writer) = &self.inner.engine {
            writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        }
    }
}

impl Writer {
    fn new(connection: Connection) -> Result<Self, StoreError> {
        let tx = Tx::new(&connection, Ids::default());
        let ids = tx.next_ids()?;
        let head = tx.query_one("SELECT seq, hash FROM change ORDER BY seq DESC LIMIT 1", &[], |row| {
            let hash: [u8; 32] = row.bytes(1)?.try_into().map_err(|_| StoreError::Corrupt {
                what: "chain hash",
                why: "it is not 32 bytes long".to_owned(),
            })?;
            Ok((row.int(0)? as u64, hash))
        })?;
        drop(tx);
        let head = head.unwrap_or((0, [0; 32]));
        let (sealed, dues) = (watch::Sender::new(head.0), watch::Sender::new(0));
        Ok(Self { connection, ids, head, sealed, dues })
    }

    fn run(mut self, mut queue: mpsc::Receiver<Operation>) {
        while let Some(first) = queue.blocking_recv() {
            let mut group = vec![first];
            while group.len() < GROUP
                && let Ok(next) = queue.try_recv()
            {
                group.push(next);
            }
            self.group(group);
        }
    }

    /// Runs operations in one transaction, each in a savepoint, and answers after the commit.
    ///
    /// Some errors end the whole transaction (a full disk, a lock that is not given): then nothing of
    /// the group is written, and every asker is told so, those whose turn never came among them.
    fn group(&mut self, operations: Vec<Operation>) {
        let mut finished = Vec::with_capacity(operations.len());
        let (ids, head) = (self.ids, self.head);
        let mut operations = operations.into_iter();
        let committed = self.transact(&mut operations, &mut finished);
        if let Err(why) = &committed {
            (self.ids, self.head) = (ids, head);
            let _ = self.connection.execute_batch("ROLLBACK");
            finished.extend(operations.map(|operation| operation(Err(why.clone()))));
        } else if self.head != head {
            self.sealed.send_replace(self.head.0);
        }
        for finish in finished {
            (finish.tell)(committed.clone());
        }
    }

    fn transact(
        &mut self,
        operations: &mut impl Iterator<Item = Operation>,
        finished: &mut Vec<Finish>,
    ) -> Result<(), StoreError> {
        self.connection.execute_batch("BEGIN IMMEDIATE")?;
        let mut tx = Tx::new(&self.connection, self.ids);
        for operation in operations {
            let point = tx.execute("SAVEPOINT op", &[]);
            if let Err(why) = point {
                finished.push(operation(Err(why.clone())));
                return Err(why);
            }
            let (facts, ids) = (tx.unsealed.len(), tx.ids);
            let finish = operation(Ok(&mut tx));
            let failed = finish.failed;
            finished.push(finish);
            if failed {
                tx.execute("ROLLBACK TO op", &[])?;
                tx.unsealed.truncate(facts);
                tx.ids = ids;
            }
            tx.execute("RELEASE op", &[])?;
        }
        let (seq, hash) = seal(&tx, self.head)?;
        let (ids, dues) = (tx.ids, tx.dues);
        drop(tx);
        self.connection.execute_batch("COMMIT")?;
        (self.ids, self.head) = (ids, (seq, hash));
        if dues {
            self.dues.send_modify(|count| *count += 1);
        }
        Ok(())
    }
}

/// Numbers the facts of a group and chains them: each hash covers the one before, the number and
/// the fact.
fn seal(tx: &Tx<'_>, head: (u64, [u8; 32])) -> Result<(u64, [u8; 32]), StoreError> {
    let (mut seq, mut hash) = head;
    for Sealable { change, body } in &tx.unsealed {
        seq += 1;
        hash = link(&hash, seq, body);
        tx.execute(
            "INSERT INTO change (seq, at, alert, partner, body, hash, thing)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            cells![
                seq,
                change.at,
                change.alert.map(|id| id.0),
                change.partner.as_ref().map(|p| p.raw()),
                body.as_str(),
                hash.to_vec(),
                super::apply::thing(&change.object)
            ],
        )?;
    }
    Ok((seq, hash))
}

/// One link of the audit chain.
pub fn link(before: &[u8; 32], seq: u64, body: &str) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(before);
    hasher.update(seq.to_be_bytes());
    hasher.update(body.as_bytes());
    hasher.finalize().into()
}

/// The store's file in its folder.
pub(super) fn file(folder: &Path) -> PathBuf {
    folder.join("nightdesk.db")
}

fn connect(file: &Path, reader: bool) -> Result<Connection, StoreError> {
    let flags = if reader {
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX
    } else {
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX
    };
    let connection = Connection::open_with_flags(file, flags)?;
    connection.set_prepared_statement_cache_capacity(64);
    connection.execute_batch(
        "PRAGMA busy_timeout = 5000; PRAGMA cache_size = -2000; PRAGMA temp_store = MEMORY; PRAGMA foreign_keys = ON;",
    )?;
    if !reader {
        connection.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 1000;
             PRAGMA journal_size_limit = 16777216;",
        )?;
    }
    Ok(connection)
}

fn migrate(connection: &mut Connection, file: &Path) -> Result<(), StoreError> {
    let path = || file.display().to_string();
    let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let known = MIGRATIONS.len() as i64;
    if found > known {
        return Err(StoreError::Newer { path: path(), found, known });
    }
    for (i, sql) in MIGRATIONS.iter().enumerate().skip(found as usize) {
        let version = i + 1;
        let step =
            connection.execute_batch(&format!("BEGIN; {sql}; PRAGMA user_version = {version}; COMMIT;"));
        if let Err(why) = step {
            let _ = connection.execute_batch("ROLLBACK");
            let why = format!("its schema cannot be brought to version {version}: {why}");
            return Err(StoreError::Open { path: path(), why });
        }
    }
    Ok(())
}

fn instance(connection: &Connection, entropy: u64) -> Result<String, StoreError> {
    let tx = Tx::new(connection, Ids::default());
    let fresh = format!("{entropy:016x}");
    tx.execute(
        "INSERT INTO meta (name, value) VALUES ('instance', $1) ON CONFLICT DO NOTHING",
        cells![fresh],
    )?;
    tx.query_one("SELECT value FROM meta WHERE name = 'instance'", &[] as &[Cell], |row| row.text(0))?
        .ok_or(StoreError::Closed)
}

fn lock_folder(folder: &Path) -> Result<File, StoreError> {
    let path = folder.join("agent.lock");
    let failed =
        |why: std::io::Error| StoreError::Open { path: path.display().to_string(), why: why.to_string() };
    let mut lock =
        File::options().read(true).write(true).create(true).truncate(false).open(&path).map_err(failed)?;
    if rustix::fs::flock(&lock, rustix::fs::FlockOperation::NonBlockingLockExclusive).is_err() {
        let mut pid = String::new();
        let _ = lock.read_to_string(&mut pid);
        let pid = pid.trim().chars().filter(char::is_ascii_digit).collect();
        return Err(StoreError::InUse { path: folder.display().to_string(), pid });
    }
    lock.set_len(0).map_err(failed)?;
    write!(lock, "{}", std::process::id()).map_err(failed)?;
    Ok(lock)
}

pub(super) fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> std::io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name(name.to_owned()).stack_size(1 << 20).spawn(work)
}
