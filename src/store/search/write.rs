//! The index's writer: reads the history from where it was, in small batches, and puts what changed into the
//! index, with how far it has come, in one transaction a batch.

use super::doc::{self, Doc, Key};
use super::file::{self, Mark, Trouble, columns};
use crate::core::change::{Change, Object, What};
use crate::core::contact::Contact;
use crate::core::person::PersonId;
use crate::core::query::found::Kind;
use crate::core::query::rows::Names;
use crate::core::text::Untrusted;
use crate::store::{StoreError, sqlite};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params, params_from_iter};
use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::watch;

/// Changes in one transaction at most, and how much of them is read at once.
const BATCH: usize = 500;
const BYTES: usize = 1 << 20;
/// After something went wrong.
const AGAIN_AFTER: Duration = Duration::from_secs(5);
/// Names of partners that are remembered.
const NAMES: usize = 10_000;

/// A handle on the index's writer, which ends when the handle goes.
pub struct Index {
    folder: PathBuf,
    /// `None` only while it goes.
    wake: Option<SyncSender<()>>,
    doubted: Arc<AtomicBool>,
    progress: watch::Receiver<Progress>,
    thread: Option<JoinHandle<()>>,
}

/// How far the index has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Everything up to this number of the history is in it.
    pub seq: u64,
    /// When that was.
    pub at: Option<Timestamp>,
    /// Why it does not go on.
    pub trouble: Option<String>,
}

impl Index {
    /// Starts the writer for the store in this folder; it opens the index, or makes it anew, by itself.
    pub fn open(folder: &Path, instance: &str) -> Result<Self, StoreError> {
        let (wake, woken) = sync_channel(1);
        let (tell, progress) = watch::channel(Progress::default());
        let (of, instance) = (folder.to_owned(), instance.to_owned());
        let doubted = Arc::new(AtomicBool::new(false));
        let doubts = doubted.clone();
        let thread = sqlite::spawn("search-writer", move || {
            // Whoever waits for an answer goes before.
            let _ = rustix::process::nice(10);
            run(&of, &instance, (&woken, &*doubts), &tell);
        })
        .map_err(|why| StoreError::Open {
            path: file::path(folder).display().to_string(),
            why: format!("its thread does not start: {why}"),
        })?;
        Ok(Self { folder: folder.to_owned(), wake: Some(wake), doubted, progress, thread: Some(thread) })
    }

    /// There may be more to read.
    pub fn wake(&self) {
        if let Some(wake) = &self.wake {
            // Woken already is woken.
            let _ = wake.try_send(());
        }
    }

    /// A question failed: the writer looks whether the file is whole, and makes it anew if it is not.
    pub fn doubt(&self) {
        self.doubted.store(true, Ordering::Relaxed);
        self.wake();
    }

    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.clone()
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Index {
    /// The file is nobody's any more once this returns.
    fn drop(&mut self) {
        self.wake = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn run(
    folder: &Path,
    instance: &str,
    (woken, doubted): (&Receiver<()>, &AtomicBool),
    tell: &watch::Sender<Progress>,
) {
    let mut writer: Option<Writer> = None;
    loop {
        let step = match &mut writer {
            Some(writer) if doubted.swap(false, Ordering::Relaxed) => writer.look().map(|()| Step::More),
            Some(writer) => writer.batch(),
            None => Writer::open(folder, instance).map(|opened| {
                writer = Some(opened);
                Step::More
            }),
        };
        match (step, &writer) {
            (Ok(step), Some(writer)) => {
                tell.send_replace(Progress {
                    seq: writer.mark.seq,
                    at: Timestamp::from_microsecond(writer.mark.at).ok().filter(|_| writer.mark.seq > 0),
                    trouble: None,
                });
                match (step, woken.try_recv()) {
                    (_, Err(TryRecvError::Disconnected)) => return,
                    (Step::More, _) | (_, Ok(())) => {}
                    (Step::UpToDate, Err(TryRecvError::Empty)) => {
                        if woken.recv().is_err() {
                            return;
                        }
                    }
                }
            }
            (Err(why), _) => {
                let broken = why.is_broken();
                tracing::warn!(%why, broken, "the search index cannot go on");
                writer = None;
                // What was found broken may be thrown away at once; whatever fails then waits.
                let begun = broken && file::anew(folder, instance).is_ok();
                tell.send_modify(|progress| {
                    progress.trouble = Some(why.to_string());
                    if begun {
                        (progress.seq, progress.at) = (0, None);
                    }
                });
                match woken.recv_timeout(if begun { Duration::ZERO } else { AGAIN_AFTER }) {
                    Ok(()) | Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => return,
                }
            }
            (Ok(_), None) => {}
        }
    }
}

enum Step {
    More,
    UpToDate,
}

struct Writer {
    index: Connection,
    store: Connection,
    mark: Mark,
    names: PartnerNames,
}

/// A change as it was read.
struct Read {
    seq: u64,
    at: i64,
    hash: Vec<u8>,
    /// `None`: a newer agent wrote it, in words that this one does not know.
    change: Option<Change>,
}

impl Writer {
    fn open(folder: &Path, instance: &str) -> Result<Self, Trouble> {
        let store = file::reading_store(folder)?;
        let (mut index, mut mark) = file::open(folder, instance)?;
        if mark.seq > 0 {
            // A store that was put back from a copy went another way from here.
            let sql = "SELECT hash FROM change WHERE seq = ?1";
            let hash: Option<Vec<u8>> =
                store.query_row(sql, [mark.seq as i64], |row| row.get(0)).optional()?;
            if hash.as_ref() != Some(&mark.hash) {
                drop(index);
                (index, mark) = file::anew(folder, instance)?;
            }
        }
        let names = PartnerNames { store: file::reading_store(folder)?, known: RefCell::default() };
        Ok(Self { index, store, mark, names })
    }

    /// Whether the file is whole.
    fn look(&self) -> Result<(), Trouble> {
        let said: String = self.index.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if said != "ok" {
            return Err(Trouble::Torn(said));
        }
        self.index.execute_batch("INSERT INTO words (words) VALUES ('integrity-check')")?;
        Ok(())
    }

    fn batch(&mut self) -> Result<Step, Trouble> {
        let read = self.read()?;
        let Some(last) = read.last() else { return Ok(Step::UpToDate) };
        let mark = Mark { seq: last.seq, at: last.at, hash: last.hash.clone() };
        let erased = read.iter().filter_map(|read| read.change.as_ref());
        let erased = erased.filter(|change| change.what == What::ContactErased).count() > 0;
        let of_partners = read.iter().filter_map(|read| match read.change.as_ref().map(|c| &c.object) {
            Some(Object::Partner(partner)) => Some(partner.about.id.raw()),
            _ => None,
        });
        self.names.forget(of_partners);
        // Of a thing that changed more than once the last change tells all.
        let mut last_of: HashMap<Key, u64> = HashMap::new();
        let keyed: Vec<(&Read, &Change, Option<Key>)> = read
            .iter()
            .filter_map(|read| Some((read, read.change.as_ref()?)))
            .map(|(read, change)| (read, change, doc::key(&change.object)))
            .collect();
        for (read, _, key) in &keyed {
            if let Some(key) = key {
                last_of.insert(key.clone(), read.seq);
            }
        }
        let transaction = self.index.unchecked_transaction()?;
        for (read, change, key) in keyed {
            if let Some(key) = key
                && last_of.get(&key) == Some(&read.seq)
                && let Some(doc) = self.doc(&change.object, key.kind)?
            {
                put(&transaction, read.seq * 2, read.at, &key, &doc)?;
            }
            if doc::is_note(change) {
                let key = Key::new(Kind::Note, read.seq.to_string());
                put(&transaction, read.seq * 2 + 1, read.at, &key, &doc::of_note(change, &self.names))?;
            }
        }
        transaction.execute(
            "UPDATE mark SET seq = ?1, at = ?2, hash = ?3",
            params![mark.seq as i64, mark.at, mark.hash],
        )?;
        transaction.commit()?;
        self.mark = mark;
        if erased {
            // What was taken out is still in the file until its pages are written anew.
            self.index.execute_batch("INSERT INTO words (words) VALUES ('optimize')")?;
            self.index.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        }
        Ok(if read.len() < BATCH { Step::UpToDate } else { Step::More })
    }

    fn read(&self) -> Result<Vec<Read>, Trouble> {
        let sql = "SELECT seq, at, hash, body FROM change WHERE seq > ?1 ORDER BY seq LIMIT ?2";
        let mut statement = self.store.prepare_cached(sql)?;
        let mut rows = statement.query(params![self.mark.seq as i64, BATCH as i64])?;
        let (mut read, mut bytes) = (Vec::new(), 0);
        while bytes < BYTES
            && let Some(row) = rows.next()?
        {
            let body = row.get_ref(3)?.as_str().map_err(rusqlite::Error::from)?;
            bytes += body.len();
            let change = serde_json::from_str(body);
            if let Err(why) = &change {
                tracing::warn!(%why, "a change is not in the search index: it cannot be read");
            }
            read.push(Read {
                seq: row.get::<_, i64>(0)? as u64,
                at: row.get(1)?,
                hash: row.get(2)?,
                change: change.ok(),
            });
        }
        Ok(read)
    }

    fn doc(&self, object: &Object, kind: Kind) -> Result<Option<Doc>, Trouble> {
        if let Object::Contact(contact) = object {
            // As the store keeps them now: who was erased since is never learnt again from the history.
            let sql = "SELECT body FROM contact WHERE id = ?1";
            let mut statement = self.store.prepare_cached(sql)?;
            let body: Option<String> =
                statement.query_row([contact.id.raw()], |row| row.get(0)).optional()?;
            let current: Option<Contact> = body.and_then(|body| serde_json::from_str(&body).ok());
            let Some(current) = current else { return Ok(None) };
            return Ok(doc::of_object(&Object::Contact(Box::new(current)), kind, &self.names));
        }
        Ok(doc::of_object(object, kind, &self.names))
    }
}

/// Puts a document in the place of the one that the thing had.
fn put(index: &Connection, row: u64, changed: i64, key: &Key, doc: &Doc) -> Result<(), Trouble> {
    let find = "SELECT row FROM doc WHERE kind = ?1 AND id = ?2 AND partner = ?3";
    let before: Option<i64> = index
        .prepare_cached(find)?
        .query_row(params![key.kind.as_str(), key.id, key.partner], |row| row.get(0))
        .optional()?;
    if let Some(before) = before {
        index.prepare_cached("DELETE FROM words WHERE rowid = ?1")?.execute([before])?;
        index.prepare_cached("DELETE FROM doc WHERE row = ?1")?.execute([before])?;
    }
    let row = row as i64;
    index
        .prepare_cached(
            "INSERT INTO doc (row, kind, partner, id, changed, at, due, risk, open)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            row,
            key.kind.as_str(),
            key.partner,
            key.id,
            changed,
            doc.at,
            doc.due,
            doc.risk,
            doc.open
        ])?;
    let names = columns();
    let places: Vec<String> = (0..names.len()).map(|place| format!("?{}", place + 2)).collect();
    let sql = format!("INSERT INTO words (rowid, {}) VALUES (?1, {})", names.join(", "), places.join(", "));
    let row = rusqlite::types::Value::Integer(row);
    let words = doc.columns.iter().map(|text| rusqlite::types::Value::Text(text.clone()));
    index.prepare_cached(&sql)?.execute(params_from_iter(std::iter::once(row).chain(words)))?;
    Ok(())
}

/// What partners are called, as the store has it.
struct PartnerNames {
    store: Connection,
    known: RefCell<HashMap<String, Option<String>>>,
}

impl PartnerNames {
    fn forget<'p>(&self, partners: impl Iterator<Item = &'p str>) {
        let mut known = self.known.borrow_mut();
        if known.len() > NAMES {
            known.clear();
        }
        partners.for_each(|partner| _ = known.remove(partner));
    }
}

impl Names for PartnerNames {
    fn partner(&self, id: &Untrusted) -> Option<String> {
        if let Some(known) = self.known.borrow().get(id.raw()) {
            return known.clone();
        }
        let sql = "SELECT body ->> '$.name' FROM partner WHERE id = ?1";
        let asked = self.store.prepare_cached(sql).and_then(|mut statement| {
            statement.query_row([id.raw()], |row| row.get::<_, Option<String>>(0)).optional()
        });
        let name = asked.ok().flatten().flatten();
        self.known.borrow_mut().insert(id.raw().to_owned(), name.clone());
        name
    }

    fn person(&self, _: &PersonId) -> Option<String> {
        // People are configured; whoever asks knows their ids.
        None
    }
}
