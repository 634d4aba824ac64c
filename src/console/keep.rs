//! Keeps what waits for the agent on disk, in a private file of this console's own: a line for each that
//! begins or ends to wait, each synced before the next. What a console that ended left behind is taken over.
//!
//! A console holds a lock on its file while it lives, so that nobody takes over what somebody still shows.

use crate::console::message::Msg;
use crate::console::waiting::{Item, MOST};
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};
use tokio::sync::mpsc::UnboundedSender;

/// Files of consoles that ended are looked at, so many at a start.
const FILES: usize = 50;
/// No file is read further.
const LONGEST: u64 = 1 << 20;
const FOLDER: &str = "console";
const SUFFIX: &str = ".waiting";

/// One line of a file.
#[derive(Serialize, Deserialize)]
#[serde(tag = "item", rename_all = "snake_case")]
enum Line {
    Waits(Box<Item>),
    Ended { id: String },
}

/// Writes on a thread of its own, in the order in which it is told.
pub struct Keeper {
    tell: Option<Sender<Vec<Item>>>,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    /// Begins, and tells the console what earlier ones left, or why nothing can be kept.
    pub fn start(state: &Path, session: &str, messages: UnboundedSender<Msg>) -> Self {
        let (tell, told) = channel();
        let (folder, session) = (state.join(FOLDER), session.to_owned());
        let thread = thread::Builder::new()
            .name("waiting".to_owned())
            .spawn(move || keep(&folder, &session, &told, &messages));
        Self { tell: Some(tell), thread: thread.ok() }
    }

    pub fn keep(&self, items: Vec<Item>) {
        if let Some(tell) = &self.tell {
            // The thread has ended when nothing can be kept; the console knows.
            let _ = tell.send(items);
        }
    }
}

impl Drop for Keeper {
    /// Waits until everything is written.
    fn drop(&mut self) {
        self.tell = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn keep(folder: &Path, session: &str, told: &Receiver<Vec<Item>>, messages: &UnboundedSender<Msg>) {
    let say = |why: io::Error| {
        let why = format!("{}: {why}", folder.display());
        let _ = messages.send(Msg::Unkept(why));
    };
    let mut own = Own { path: folder.join(format!("{session}{SUFFIX}")), file: None, known: BTreeMap::new() };
    match left_behind(folder) {
        Ok(left) if left.is_empty() => {}
        Ok(left) => {
            let left = not_too_many(left);
            let items: Vec<Item> = left.iter().flat_map(|one| one.items.clone()).collect();
            if let Err(why) = own.write(folder, &items) {
                say(why);
            } else {
                for one in left {
                    // It is in this console's own file by now; a file that stays is read again, with the same ids.
                    let _ = fs::remove_file(one.path);
                }
            }
            if !items.is_empty() {
                let _ = messages.send(Msg::Kept(items));
            }
        }
        Err(why) if why.kind() == io::ErrorKind::NotFound => {}
        Err(why) => say(why),
    }
    for items in told {
        if let Err(why) = own.write(folder, &items) {
            say(why);
        }
    }
    if own.known.is_empty() && own.file.take().is_some() {
        let _ = fs::remove_file(&own.path);
    }
}

/// The file of this console.
struct Own {
    path: PathBuf,
    /// Opened with the first that waits, and locked as long as this console lives.
    file: Option<File>,
    known: BTreeMap<String, Item>,
}

impl Own {
    fn write(&mut self, folder: &Path, items: &[Item]) -> io::Result<()> {
        if items.is_empty() && self.file.is_none() {
            return Ok(());
        }
        let mut lines = String::new();
        for item in items.iter().filter(|item| self.known.get(&item.id) != Some(item)) {
            lines.push_str(&serde_json::to_string(&Line::Waits(Box::new(item.clone())))?);
            lines.push('\n');
        }
        for id in self.known.keys().filter(|id| items.iter().all(|item| item.id != **id)) {
            lines.push_str(&serde_json::to_string(&Line::Ended { id: id.clone() })?);
            lines.push('\n');
        }
        let file = self.file(folder)?;
        if items.is_empty() {
            file.set_len(0)?;
        } else {
            file.write_all(lines.as_bytes())?;
        }
        file.sync_all()?;
        self.known = items.iter().map(|item| (item.id.clone(), item.clone())).collect();
        Ok(())
    }

    fn file(&mut self, folder: &Path) -> io::Result<&mut File> {
        if self.file.is_none() {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
            let file = OpenOptions::new().create(true).append(true).mode(0o600).open(&self.path)?;
            flock(&file, FlockOperation::NonBlockingLockExclusive)?;
            // The name has to last as well.
            File::open(folder)?.sync_all()?;
            self.file = Some(file);
        }
        self.file.as_mut().ok_or_else(|| io::Error::other("the file is gone"))
    }
}

/// What a console that ended left.
struct Left {
    path: PathBuf,
    items: Vec<Item>,
    /// The lock lasts until its items are in another file.
    _locked: File,
}

fn left_behind(folder: &Path) -> io::Result<Vec<Left>> {
    let mut left = Vec::new();
    for entry in fs::read_dir(folder)?.take(FILES).flatten() {
        let path = entry.path();
        if !path.to_string_lossy().ends_with(SUFFIX) {
            continue;
        }
        if let Ok(Some(one)) = taken_over(path) {
            left.push(one);
        }
    }
    Ok(left)
}

/// Whole files, and the first of them in any case: what is in the others stays there for the next console.
fn not_too_many(left: Vec<Left>) -> Vec<Left> {
    let mut many = 0;
    let fits = |one: &Left| {
        let first = many == 0;
        many += one.items.len();
        first || many <= MOST
    };
    left.into_iter().take_while(fits).collect()
}

/// `None`: its console lives, or it is nobody's of ours.
fn taken_over(path: PathBuf) -> io::Result<Option<Left>> {
    let flags = i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).unwrap_or(0);
    let mut file = OpenOptions::new().read(true).append(true).custom_flags(flags).open(&path)?;
    let about = file.metadata()?;
    if !about.is_file() || about.uid() != rustix::process::geteuid().as_raw() {
        return Ok(None);
    }
    if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
        return Ok(None);
    }
    let mut text = String::new();
    let _ = (&mut file).take(LONGEST).read_to_string(&mut text)?;
    Ok(Some(Left { path, items: read(&text), _locked: file }))
}

/// A line that was not written whole is the last, and never counted.
fn read(text: &str) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    for line in text.lines() {
        match serde_json::from_str(line) {
            // What is told anew of one counts.
            Ok(Line::Waits(item)) => match items.iter_mut().find(|known| known.id == item.id) {
                Some(known) => *known = *item,
                None => items.push(*item),
            },
            Ok(Line::Ended { id }) => items.retain(|item| item.id != id),
            Err(_) => {}
        }
    }
    items
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::command::{Action, Expect};
    use crate::core::id::AlertId;
    use crate::core::person::PersonId;
    use proptest::prelude::*;
    use tokio::sync::mpsc::unbounded_channel;

    fn item(number: u64) -> Item {
        Item {
            id: format!("console-1-{number}"),
            at: "2026-11-24T02:07:00Z".parse().unwrap(),
            by: PersonId("kim".into()),
            action: Action::Ack { alert: AlertId(number), next_update_by: None },
            expect: Expect { holder: Some(None), ..Expect::default() },
            label: format!("A{number} Acme"),
            tried: false,
        }
    }

    fn after(state: &Path, session: &str) -> Vec<Item> {
        let (tell, mut heard) = unbounded_channel();
        drop(Keeper::start(state, session, tell));
        match heard.try_recv() {
            Ok(Msg::Kept(items)) => items,
            Ok(other) => panic!("{other:?}"),
            Err(_) => Vec::new(),
        }
    }

    #[test]
    fn the_next_console_has_what_the_last_one_left_and_nobody_else_can_read_it() {
        let state = tempfile::tempdir().unwrap();
        let (tell, _heard) = unbounded_channel();
        let keeper = Keeper::start(state.path(), "first", tell);
        keeper.keep(vec![item(1)]);
        keeper.keep(vec![item(1), item(2)]);
        keeper.keep(vec![item(2)]);
        drop(keeper);
        let file = state.path().join("console/first.waiting");
        assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(file.parent().unwrap()).unwrap().mode() & 0o777, 0o700);
        assert_eq!(after(state.path(), "second"), [item(2)]);
        assert!(!file.exists(), "it is in the file of the next");
        assert_eq!(after(state.path(), "third"), [item(2)], "and the one after that has it, too");
    }

    #[test]
    fn that_it_was_sent_is_kept_as_well() {
        let state = tempfile::tempdir().unwrap();
        let (tell, _heard) = unbounded_channel();
        let keeper = Keeper::start(state.path(), "first", tell);
        keeper.keep(vec![item(1)]);
        let tried = Item { tried: true, ..item(1) };
        keeper.keep(vec![tried.clone()]);
        drop(keeper);
        assert_eq!(after(state.path(), "second"), [tried]);
    }

    #[test]
    fn more_than_one_console_takes_over_is_left_for_the_next() {
        let state = tempfile::tempdir().unwrap();
        let half = u64::try_from(MOST).unwrap() * 2 / 3;
        let (tell, _heard) = unbounded_channel();
        let both = ["first", "second"].map(|name| Keeper::start(state.path(), name, tell.clone()));
        for (at, keeper) in (0..).zip(&both) {
            keeper.keep((0..half).map(|number| item(at * 1000 + number)).collect());
        }
        drop(both);
        let third = after(state.path(), "third");
        assert_eq!(third.len() as u64, half);
        let (tell, mut heard) = unbounded_channel();
        let holds = Keeper::start(state.path(), "fourth", tell);
        drop(holds);
        let Ok(Msg::Kept(fourth)) = heard.try_recv() else { panic!("nothing was taken over") };
        let left: u64 = fs::read_dir(state.path().join("console"))
            .unwrap()
            .map(|entry| read(&fs::read_to_string(entry.unwrap().path()).unwrap()).len() as u64)
            .sum();
        assert_eq!((fourth.len() as u64, left), (half, 2 * half), "nothing is lost");
    }

    #[test]
    fn what_a_living_console_shows_is_its_own() {
        let state = tempfile::tempdir().unwrap();
        let (tell, _heard) = unbounded_channel();
        let keeper = Keeper::start(state.path(), "first", tell);
        keeper.keep(vec![item(1)]);
        let file = state.path().join("console/first.waiting");
        while fs::read_to_string(&file).unwrap_or_default().is_empty() {
            thread::yield_now();
        }
        assert_eq!(after(state.path(), "second"), []);
        drop(keeper);
        assert_eq!(after(state.path(), "third"), [item(1)]);
    }

    #[test]
    fn nothing_is_left_where_nothing_waits() {
        let state = tempfile::tempdir().unwrap();
        let (tell, _heard) = unbounded_channel();
        let keeper = Keeper::start(state.path(), "first", tell);
        keeper.keep(vec![item(1)]);
        keeper.keep(Vec::new());
        drop(keeper);
        assert_eq!(fs::read_dir(state.path().join("console")).unwrap().count(), 0);
    }

    proptest! {
        #[test]
        fn a_file_cut_anywhere_loses_at_most_its_last_line(cut in 0usize..2_000) {
            let lines: Vec<String> = (0..4u64)
                .map(|number| serde_json::to_string(&Line::Waits(Box::new(item(number)))).unwrap() + "\n")
                .collect();
            let whole = lines.concat();
            let cut = cut.min(whole.len());
            let mut end = 0;
            let complete = lines.iter().take_while(|line| { end += line.len(); end <= cut }).count();
            let read = read(&whole[..cut]).len();
            // A line that lacks only its end is whole all the same.
            prop_assert!(read == complete || read == complete + 1);
        }
    }
}
