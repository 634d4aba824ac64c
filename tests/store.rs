//! What every store operation may rely on: one failing operation takes no other with it, what was
//! answered is on disk, and nobody else works on the same folder.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use nightdesk::cells;
use nightdesk::core::change::{Actor, Change, Object, What};
use nightdesk::store::{Open, Store, StoreError};
use std::sync::mpsc;

fn note(text: &str) -> Change {
    Change {
        at: jiff::Timestamp::UNIX_EPOCH,
        actor: Actor::Desk,
        what: What::Noted,
        summary: text.into(),
        alert: None,
        partner: None,
        object: Object::Nothing,
    }
}

async fn said(store: &Store) -> Vec<String> {
    let changes = store.read(|tx| tx.recent(100)).await.unwrap();
    changes.into_iter().map(|numbered| numbered.change.summary.raw().to_owned()).collect()
}

/// Holds the writer until everything else waits, so that the rest becomes one group.
fn held(store: &Store) -> (mpsc::Sender<()>, tokio::task::JoinHandle<Result<(), StoreError>>) {
    let (go, wait) = mpsc::channel::<()>();
    let store = store.clone();
    let holding = tokio::spawn(async move {
        store
            .write(move |_| {
                let _ = wait.recv();
                Ok(())
            })
            .await
    });
    (go, holding)
}

#[tokio::test]
async fn an_operation_that_fails_is_undone_alone_with_its_ids() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&Open::Folder(folder.path().to_owned()), 1).unwrap();
    let (go, holding) = held(&store);
    tokio::task::yield_now().await;
    let first = store.write(|tx| {
        let mut ids = tx.ids();
        ids.next_alert();
        tx.keep_ids(ids);
        tx.apply(vec![note("first")])
    });
    let broken = store.write(|tx| {
        let mut ids = tx.ids();
        ids.next_alert();
        tx.keep_ids(ids);
        tx.apply(vec![note("broken")])?;
        tx.execute("INSERT INTO no_such_table VALUES (1)", cells![]).map(|_| ())
    });
    let last = store.write(|tx| {
        tx.apply(vec![note("last")])?;
        Ok(tx.ids().alert)
    });
    let release = async {
        tokio::task::yield_now().await;
        go.send(()).unwrap();
    };
    let (first, broken, last, ()) = tokio::join!(first, broken, last, release);
    holding.await.unwrap().unwrap();
    first.unwrap();
    assert!(matches!(broken, Err(StoreError::Sql(_))), "{broken:?}");
    assert_eq!(last.unwrap(), 2, "the id that the failing operation took is free again");
    assert_eq!(said(&store).await, ["first", "last"]);
}

#[tokio::test]
async fn when_the_whole_group_is_lost_every_asker_is_told_so_and_the_next_group_works() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&Open::Folder(folder.path().to_owned()), 1).unwrap();
    let (go, holding) = held(&store);
    tokio::task::yield_now().await;
    let before = store.append(vec![note("before")]);
    // What SQLite does by itself on a full disk: the transaction is gone.
    let ends = store.write(|tx| tx.execute("ROLLBACK", cells![]).map(|_| ()));
    let after = store.append(vec![note("after")]);
    let release = async {
        tokio::task::yield_now().await;
        go.send(()).unwrap();
    };
    let (before, ends, after, ()) = tokio::join!(before, ends, after, release);
    let _ = holding.await.unwrap();
    for lost in [before, ends, after] {
        assert!(matches!(lost, Err(StoreError::Sql(_))), "told {lost:?}");
    }
    store.append(vec![note("again")]).await.unwrap();
    assert_eq!(said(&store).await, ["again"]);
}

#[tokio::test]
async fn what_was_answered_outlives_a_crash() {
    let folder = tempfile::tempdir().unwrap();
    let how = Open::Inline(folder.path().join("nightdesk.db"));
    let store = Store::open(&how, 1).unwrap();
    store.append(vec![note("kept")]).await.unwrap();
    store.crash();
    let refused = store.append(vec![note("too late")]).await;
    assert!(matches!(refused, Err(StoreError::Closed)), "{refused:?}");
    let again = Store::open(&how, 2).unwrap();
    assert_eq!(said(&again).await, ["kept"]);
    assert_eq!(again.instance(), store.instance());
}

#[test]
fn a_second_agent_and_an_older_program_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let how = Open::Folder(folder.path().to_owned());
    let first = Store::open(&how, 1).unwrap();
    assert!(matches!(Store::open(&how, 2), Err(StoreError::InUse { .. })));
    drop(first);
    let file = folder.path().join("nightdesk.db");
    let connection = rusqlite::Connection::open(&file).unwrap();
    connection.pragma_update(None, "user_version", 999).unwrap();
    drop(connection);
    let newer = Store::open(&Open::Inline(file), 3);
    assert!(matches!(newer, Err(StoreError::Newer { found: 999, .. })));
}
