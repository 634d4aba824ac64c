//! Reads the mailbox for replies: takes every letter once, and puts it away once what it does is on disk.
//!
//! A crash between the two has the letter read again; it is known by its own name then, and does nothing.

use super::Agent;
use super::consent;
use super::replies::take_one;
use super::reports::{self, Heard};
use super::setup::Setup;
use crate::channel::mailbox::Mailbox;
use crate::channel::mailbox::imap::{Failed, Folder, Mark, Server};
use crate::channel::mailbox::letter::{self, Letter};
use crate::channel::mailbox::maildir::Maildir;
use crate::core::consent::Means;
use crate::core::contact::Medium;
use crate::core::reply::{Inbound, Link};
use crate::store::StoreError;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How often a Maildir is looked into.
const EVERY: Duration = Duration::from_secs(2);
/// Letters read at one look.
const LETTERS: usize = 50;
/// How often a server is asked that does not say by itself that a letter came.
const POLL: Duration = Duration::from_secs(15);
/// How long it is waited for one that does: shorter than what firewalls take for an idle connection.
const PATIENCE: Duration = Duration::from_secs(4 * 60);
/// Between two tries to get in.
const AGAIN: [Duration; 6] = [
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(5),
    Duration::from_secs(10),
    Duration::from_secs(30),
    Duration::from_secs(60),
];

/// What became of a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Taken {
    /// What it does is on disk.
    Done,
    /// It cannot be taken yet.
    Later,
}

/// Why the folder of a server is not read.
#[derive(Debug, thiserror::Error)]
enum Ended {
    #[error("{0}")]
    Server(#[from] Failed),
    #[error("{0}")]
    Store(#[from] StoreError),
}

/// Reads the mailbox, if one is configured, until the agent stops.
pub async fn job(agent: Arc<Agent>) {
    let mut setups = agent.setups();
    loop {
        let setup = setups.borrow_and_update().clone();
        agent.vitals.mailbox_opens(agent.world.now());
        tokio::select! {
            biased;
            () = agent.stopping.cancelled() => return,
            gone = another(&mut setups, &setup) => if gone { return },
            () = read(&agent, &setup) => {}
        }
    }
}

/// Returns when another mailbox is configured; whether there will be no more set-ups.
async fn another(setups: &mut watch::Receiver<Arc<Setup>>, now: &Setup) -> bool {
    loop {
        if setups.changed().await.is_err() {
            return true;
        }
        let same = match (&setups.borrow_and_update().mailbox, &now.mailbox) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            (None, None) => true,
            _ => false,
        };
        if !same {
            return false;
        }
    }
}

async fn read(agent: &Agent, setup: &Setup) {
    let (Some(mailbox), Some(replies)) = (&setup.mailbox, &setup.settings.replies) else {
        return std::future::pending().await;
    };
    let desk = letter::Desk { address: &replies.address, key: &setup.settings.desk.reply_key };
    match &**mailbox {
        Mailbox::Maildir(folder) => read_maildir(agent, &Maildir { folder, desk }).await,
        Mailbox::Imap(server) => read_server(agent, server, desk).await,
    }
}

async fn read_maildir(agent: &Agent, maildir: &Maildir<'_>) {
    loop {
        match maildir.letters(LETTERS).await {
            Ok(letters) => {
                agent.vitals.mailbox_read(agent.world.now());
                for (file, letter) in letters {
                    match take(agent, letter).await {
                        // Only what is on disk leaves the mailbox's new letters.
                        Ok(Taken::Done) => put_away(maildir, &file).await,
                        Ok(Taken::Later) => {}
                        Err(why) => tracing::error!(%why, "a letter could not be stored"),
                    }
                }
            }
            Err(why) => agent.vitals.mailbox_failed(agent.world.now(), &why.to_string()),
        }
        tokio::time::sleep(EVERY).await;
    }
}

async fn put_away(maildir: &Maildir<'_>, file: &Path) {
    if let Err(why) = maildir.put_away(file).await {
        tracing::error!(%why, "a letter that was read could not be put away");
    }
}

async fn read_server(agent: &Agent, server: &Server, desk: letter::Desk<'_>) {
    let mut failures = 0;
    loop {
        let ended = match server.open().await {
            Ok(folder) => {
                agent.vitals.mailbox_read(agent.world.now());
                failures = 0;
                visit(agent, server, folder, desk).await
            }
            Err(failed) => failed.into(),
        };
        let why = format!("mailed replies at {} are not read: {ended}", server.name());
        agent.vitals.mailbox_failed(agent.world.now(), &why);
        // Servers lock accounts that come again and again with a wrong password.
        let refused = matches!(ended, Ended::Server(Failed::Refused(_)));
        let last = AGAIN.len() - 1;
        let pause = AGAIN[if refused { last } else { last.min(failures) }];
        failures += 1;
        tokio::time::sleep(pause).await;
    }
}

/// Takes what is new again and again, until the session or the store fails.
async fn visit(agent: &Agent, server: &Server, mut folder: Folder, desk: letter::Desk<'_>) -> Ended {
    // Taken in this session, beyond a letter that is not yet.
    let mut ahead = BTreeSet::new();
    loop {
        let left = match take_new(agent, server, &mut folder, desk, &mut ahead).await {
            Ok(left) => left,
            Err(ended) => return ended,
        };
        agent.vitals.mailbox_read(agent.world.now());
        let waited = match left {
            true => {
                tokio::time::sleep(EVERY).await;
                Ok(())
            }
            false => folder.wait(POLL, PATIENCE).await,
        };
        if let Err(failed) = waited {
            return failed.into();
        }
    }
}

/// Takes what is new; whether something is left that cannot be taken yet.
async fn take_new(
    agent: &Agent,
    server: &Server,
    folder: &mut Folder,
    desk: letter::Desk<'_>,
    ahead: &mut BTreeSet<u32>,
) -> Result<bool, Ended> {
    let name = server.name();
    let kept = {
        let name = name.clone();
        agent.store.read(move |tx| tx.mailbox_mark(&name)).await?
    };
    let kept = kept.map(|(validity, uid)| Mark { validity, uid });
    let known = kept.filter(|mark| mark.validity == folder.validity);
    let found = folder.new_letters(kept).await?;
    let mut left = false;
    for uid in &found {
        if !ahead.contains(uid)
            && let Some(octets) = folder.letter(*uid).await?
        {
            let called = match octets.is_empty() {
                true => format!("{}.{uid}@{name}", folder.validity),
                false => letter::name_of(&octets),
            };
            match take(agent, desk.read(&called, &octets)).await? {
                Taken::Later => {
                    left = true;
                    continue;
                }
                Taken::Done => folder.seen(*uid).await?,
            }
        }
        // What comes before one that is left is done with; what comes after it is known in this session, and
        // by its name in another.
        match (left, known.is_some()) {
            (false, true) => {
                ahead.remove(uid);
                keep(agent, &name, Mark { validity: folder.validity, uid: *uid }).await?;
            }
            _ => {
                ahead.insert(*uid);
            }
        }
    }
    if known.is_none() && !left {
        keep(agent, &name, folder.first_mark(&found)).await?;
        ahead.clear();
    }
    Ok(left)
}

async fn keep(agent: &Agent, name: &str, mark: Mark) -> Result<(), StoreError> {
    let name = name.to_owned();
    agent.store.write(move |tx| tx.keep_mailbox_mark(&name, mark.validity, mark.uid)).await
}

async fn take(agent: &Agent, letter: Letter) -> Result<Taken, StoreError> {
    match meant(agent, &letter).await? {
        Some(Heard::Kept) => return Ok(Taken::Done),
        Some(Heard::TooEarly) => return Ok(Taken::Later),
        Some(Heard::NotOurs) | None => {}
    }
    let inbound = Inbound {
        channel: "mail".to_owned(),
        provider_id: letter.id,
        medium: Medium::Email,
        from: letter.from,
        text: letter.text.into(),
        answers: letter.answers,
        automatic: letter.automatic,
    };
    take_one(agent, inbound).await.map(|_| Taken::Done)
}

/// Takes what is no reply: a report, or the wish to get no more of something. `None`: it is neither.
async fn meant(agent: &Agent, letter: &Letter) -> Result<Option<Heard>, StoreError> {
    if let Some(report) = &letter.report {
        return reports::take(agent, report.clone(), &letter.id).await.map(Some);
    }
    let Some(id) = letter.leaves.filter(|_| letter.automatic.is_none()) else { return Ok(None) };
    let said = consent::said(agent, Link::Unsubscribe, id, Means::Mail).await?;
    Ok(Some(if said { Heard::Kept } else { Heard::NotOurs }))
}
