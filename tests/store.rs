//! What every store operation may rely on: one failing operation takes no other with it, what was
//! answered is on disk, and nobody else works on the same folder.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use nightdesk::cells;
use nightdesk::core::change::{Actor, Change, Object, What};
use nightdesk::core::consent::{Choice, Consent, Means};
use nightdesk::core::contact::{Category, Medium};
use nightdesk::core::id::{ConsentId, NotificationId};
use nightdesk::core::notification::{
    Attempt, AttemptState, Content, Notification, NotificationState, Purpose, Reason, Recipient, RecipientId,
};
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

/// Holds the writer until everything else waits, so that the rest becomes one group. It holds by the time this returns:
/// what was asked for before that would be of its own group.
async fn held(store: &Store) -> (mpsc::Sender<()>, tokio::task::JoinHandle<Result<(), StoreError>>) {
    let (go, wait) = mpsc::channel::<()>();
    let (begin, begun) = tokio::sync::oneshot::channel();
    let store = store.clone();
    let holding = tokio::spawn(async move {
        store
            .write(move |_| {
                let _ = begin.send(());
                let _ = wait.recv();
                Ok(())
            })
            .await
    });
    begun.await.unwrap();
    (go, holding)
}

#[tokio::test]
async fn an_operation_that_fails_is_undone_alone_with_its_ids() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&Open::Folder(folder.path().to_owned()), 1).unwrap();
    let (go, holding) = held(&store).await;
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
    let (go, holding) = held(&store).await;
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

fn mail(id: u64, to: &str, thread: &str) -> Notification {
    let now = jiff::Timestamp::UNIX_EPOCH;
    Notification {
        id: NotificationId(id),
        state: NotificationState::Queued,
        disputed: false,
        purpose: Purpose::Notice,
        category: Category::CaseUpdates,
        urgent: false,
        alert: None,
        event: None,
        partner: None,
        bundle: None,
        recipient: Recipient { who: RecipientId::Contact(to.into()), name: to.into() },
        medium: Medium::Email,
        channel: "mail".into(),
        content: Content::default(),
        said: None,
        stranded: false,
        hold: None,
        failed_at: Vec::new(),
        thread: Some(thread.into()),
        reason: Reason { rule: "r".into(), policy: None, step: None, via: "v".into(), outcome: None },
        attempts: Vec::new(),
        evidence: Vec::new(),
        answers: None,
        provider_ref: None,
        idempotency_key: format!("x-{id}"),
        pinned: false,
        again: Default::default(),
        proof_by: None,
        due_at: Some(now),
        expires_at: None,
        config_version: 1,
        created_at: now,
        updated_at: now,
    }
}

async fn keep(store: &Store, all: &[&Notification]) {
    let at = jiff::Timestamp::UNIX_EPOCH;
    let changes = all.iter().map(|n| Change::notification(at, Actor::Desk, What::NotificationQueued, "", n));
    let changes: Vec<_> = changes.collect();
    store.write(move |tx| tx.apply(changes)).await.unwrap();
}

/// What may leave within the hour.
async fn due(store: &Store) -> Vec<u64> {
    let hour = jiff::Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_hours(1);
    let due = store.read(move |tx| tx.due_notifications("mail", hour, 100)).await.unwrap();
    due.iter().map(|n| n.id.0).collect()
}

#[tokio::test]
async fn a_newer_mail_of_a_conversation_waits_for_the_older_until_that_left_or_ended() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&Open::Folder(folder.path().to_owned()), 1).unwrap();
    let start = jiff::Timestamp::UNIX_EPOCH;
    let (mut first, second, mut third) =
        (mail(1, "lopez", "c1"), mail(2, "lopez", "c1"), mail(3, "lopez", "c1"));
    let (someone_else, another_case) = (mail(4, "chen", "c1"), mail(5, "lopez", "c2"));
    let text = Notification { medium: Medium::Sms, ..mail(6, "lopez", "c1") };
    keep(&store, &[&third, &second, &first, &someone_else, &another_case, &text]).await;
    assert_eq!(due(&store).await, [1, 4, 5, 6]);

    // A mail server puts the older one off for long.
    first.due_at = Some(start + jiff::SignedDuration::from_hours(9));
    keep(&store, &[&first]).await;
    assert_eq!(due(&store).await, [4, 5, 6]);
    let next = store.read(|tx| tx.next_notification_due("mail")).await.unwrap();
    assert_eq!(next, Some(start), "the others still leave");
    let left = |n: &Notification, state| Notification { state, due_at: None, ..n.clone() };
    for other in [&someone_else, &another_case, &text] {
        keep(&store, &[&left(other, NotificationState::Accepted)]).await;
    }
    let next = store.read(|tx| tx.next_notification_due("mail")).await.unwrap();
    assert_eq!(next, first.due_at, "nobody is woken for one that may not leave");

    // On its way, it is still the first.
    first.attempts = vec![Attempt {
        number: 1,
        state: AttemptState::Sending,
        channel: "mail".into(),
        address: "lopez@example.org".into(),
        started_at: start,
        ended_at: None,
        provider_ref: None,
        names: Vec::new(),
        answer: None,
        possible_duplicate: false,
        parts: 1,
    }];
    keep(&store, &[&left(&first, NotificationState::Sending)]).await;
    assert_eq!(due(&store).await, [0u64; 0]);
    first.attempts[0].state = AttemptState::Refused;
    let mut dues = store.dues();
    dues.mark_unchanged();
    keep(&store, &[&left(&first, NotificationState::Expired)]).await;
    assert_eq!(due(&store).await, [2]);
    assert!(dues.has_changed().unwrap(), "whoever sends is woken");

    // One that goes another way makes room, too.
    keep(&store, &[&Notification { medium: Medium::Sms, ..second.clone() }]).await;
    assert_eq!(due(&store).await, [2, 3]);

    // What is held for the night leaves in its order, and keeps nothing else waiting.
    keep(&store, &[&left(&second, NotificationState::Cancelled)]).await;
    third.state = NotificationState::Held;
    let later = mail(7, "lopez", "c1");
    let held = Notification { state: NotificationState::Held, ..mail(8, "lopez", "c1") };
    keep(&store, &[&third, &later, &held]).await;
    assert_eq!(due(&store).await, [3, 7]);
}

#[tokio::test]
async fn nothing_changes_or_removes_an_entry_of_the_consent_ledger() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&Open::Folder(folder.path().to_owned()), 1).unwrap();
    let entry = |id: u64, state| Consent {
        id: ConsentId(id),
        state,
        medium: Medium::Sms,
        category: None,
        address: Some("+34612345678".into()),
        contact: Some("ana".into()),
        person: None,
        means: Means::Reply,
        words: "stop".into(),
        evidence: "sms:7".into(),
        created_at: jiff::Timestamp::UNIX_EPOCH,
    };
    let kept = |entry: &Consent| Change { object: Object::Consent(Box::new(entry.clone())), ..note("said") };
    let (out, back) = (entry(1, Choice::Out), entry(2, Choice::In));
    let changes = vec![kept(&out), kept(&back)];
    store.write(move |tx| tx.apply(changes)).await.unwrap();
    let forged = kept(&Consent { words: "yes, please".into(), ..out.clone() });
    store.write(move |tx| tx.apply(vec![forged])).await.expect_err("an id is given once");
    for sql in [
        "UPDATE consent SET body = '{}' WHERE id = 1",
        "DELETE FROM consent WHERE id = 1",
        "INSERT OR REPLACE INTO consent (id, created_at, body) VALUES (1, 0, '{}')",
    ] {
        store.write(move |tx| tx.execute(sql, &[])).await.expect_err(sql);
    }
    let found = store.read(|tx| tx.consents(Some("+34612345678"), Some("ana"), 10)).await.unwrap();
    assert_eq!(found, [back, out]);
    assert_eq!(store.read(|tx| tx.consents(None, Some("bob"), 10)).await.unwrap(), []);
}
