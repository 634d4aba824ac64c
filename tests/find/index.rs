//! The index by itself: it is derived, it resumes, it is made anew where it must be, and it is in nobody's way.

use crate::history::{History, acme, alert, borg, change, contact, event, message, night, note};
use nightdesk::core::change::What;
use nightdesk::core::query::{Query, field};
use nightdesk::store::search::Question;
use proptest::prelude::*;
use serde_json::json;
use std::path::Path;
use std::sync::mpsc;

#[tokio::test]
async fn everything_is_found_whole_and_by_part() {
    let history = History::of(night()).await;
    let index = history.index();
    history.caught_up(&index).await;
    for (query, wanted) in [
        ("4500123", &["event E1"] as &[&str]),
        ("45001", &["alert A2", "alert A1", "event E1"]),
        ("case-771", &["case CASE-771", "message N1", "alert A2", "alert A1"]),
        ("771 kind:case", &["case CASE-771"]),
        ("88-1920 kind:alert", &["alert A2", "alert A1"]),
        ("1920 kind:case", &["case CASE-771"]),
        ("ames", &["contact c-1", "message N1"]),
        ("r.ames@acme.example", &["contact c-1"]),
        ("gate", &["event E1"]),
        ("truck", &["note 12"]),
        ("uberseekiste", &["case CASE-771"]),
        ("\"price dispute\"", &["case CASE-771"]),
        ("\"dispute price\"", &[]),
        ("a1", &["alert A1", "note 12"]),
        ("zeppelin", &[]),
    ] {
        assert_eq!(history.find(query), wanted, "{query}");
    }
}

#[tokio::test]
async fn fields_mean_what_they_mean_in_a_list() {
    let history = History::of(night()).await;
    let index = history.index();
    history.caught_up(&index).await;
    for (query, wanted) in [
        ("partner:borg", &["alert A2", "partner p-borg"] as &[&str]),
        ("partner:acme kind:alert,task", &["task T1", "alert A1"]),
        ("state:failed", &["message N1"]),
        ("state:queued", &[]),
        ("severity>=critical", &["alert A2", "alert A1"]),
        ("severity<critical", &["event E1"]),
        ("owner:me", &["alert A2"]),
        ("owner:nobody", &["task T1", "alert A1"]),
        ("is:mine OR is:late kind:alert", &["alert A2", "alert A1"]),
        ("kind:alert late", &["alert A2", "alert A1"]),
        ("kind:alert since:4h", &["alert A2"]),
        ("kind:alert before:4h", &["alert A1"]),
        ("risk>50k -since:1d", &["alert A1"]),
        ("due:4h kind:task", &["task T1"]),
        ("due:1h kind:task", &[]),
        ("channel:kannel to:ames", &["message N1"]),
        ("to:\"+4915112345678\"", &["message N1"]),
        ("-kind:alert,event,partner,contact,case -ames", &["note 12", "task T1"]),
        ("-is:open -kind:note,event,partner,contact -since:1h", &["message N1"]),
        ("shipment OR truck", &["note 12", "alert A2", "alert A1"]),
    ] {
        assert_eq!(history.find(query), wanted, "{query}");
    }
}

#[tokio::test]
async fn what_grew_with_the_history_is_what_is_made_of_it() {
    let history = History::new();
    let index = history.index();
    for (i, one) in night().into_iter().enumerate() {
        history.add(vec![one]).await;
        if i % 3 == 0 {
            history.caught_up(&index).await;
        }
    }
    for id in 10..400 {
        let of = if id % 2 == 0 { acme() } else { borg() };
        history
            .add(vec![
                change(What::EventReceived, event(id, &of, "Late shipment", json!({ "n": id }), 1)),
                change(What::NotificationQueued, message(id, &of, "Ann", "words of a message", "queued")),
                change(What::NotificationEvidence, message(id / 2, &of, "Ann", "other words", "delivered")),
            ])
            .await;
    }
    history.caught_up(&index).await;
    let (grown, found) = (history.kept(), history.find("other words"));
    drop(index);
    for ending in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(history.path().join(format!("search.db{ending}")));
    }
    let index = history.index();
    history.caught_up(&index).await;
    let (made, again) = (history.kept(), history.find("other words"));
    assert_eq!(grown.0, made.0);
    assert_eq!(grown.1, made.1);
    assert_eq!(found, again);
    assert!(found.len() > 90, "{found:?}");
}

/// A table of nobody's shows whether the file is still the same.
fn mark_file(folder: &Path) {
    let index = rusqlite::Connection::open(folder.join("search.db")).unwrap();
    index.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
    index.execute_batch("CREATE TABLE witness (x)").unwrap();
}

fn is_marked(folder: &Path) -> bool {
    let index = rusqlite::Connection::open(folder.join("search.db")).unwrap();
    index.prepare("SELECT x FROM witness").is_ok()
}

#[tokio::test]
async fn it_goes_on_from_where_it_was() {
    let history = History::of(night()).await;
    let index = history.index();
    history.caught_up(&index).await;
    drop(index);
    mark_file(history.path());
    history.add(vec![note(1, "the ferry has left")]).await;
    let index = history.index();
    history.caught_up(&index).await;
    assert!(is_marked(history.path()), "it was made anew though it was whole");
    assert_eq!(history.find("ferry"), ["note 13", "note 12"]);
}

#[tokio::test]
async fn a_broken_an_old_and_a_strange_index_are_made_anew() {
    let history = History::of(night()).await;
    let path = history.path().join("search.db");
    type Break = fn(&Path);
    let breaks: [(&str, Break); 5] = [
        ("no database", |path| std::fs::write(path, b"this is no database at all, and never was").unwrap()),
        ("empty", |path| std::fs::write(path, b"").unwrap()),
        ("torn", |path| {
            let whole = std::fs::read(path).unwrap();
            std::fs::write(path, &whole[..whole.len() / 3]).unwrap();
        }),
        ("old", |path| {
            rusqlite::Connection::open(path).unwrap().execute_batch("PRAGMA user_version = 0").unwrap();
        }),
        ("of another store", |path| {
            let index = rusqlite::Connection::open(path).unwrap();
            index.execute_batch("UPDATE mark SET instance = 'another'").unwrap();
        }),
    ];
    for (how, break_it) in breaks {
        let index = history.index();
        history.caught_up(&index).await;
        drop(index);
        mark_file(history.path());
        let _ = std::fs::remove_file(history.path().join("search.db-wal"));
        break_it(&path);
        let index = history.index();
        history.caught_up(&index).await;
        assert!(!is_marked(history.path()), "{how}: it is still the same");
        assert_eq!(history.find("truck"), ["note 12"], "{how}");
    }
}

#[tokio::test]
async fn an_index_of_a_history_that_went_another_way_is_made_anew() {
    let history = History::of(night()).await;
    let index = history.index();
    history.caught_up(&index).await;
    drop(index);
    mark_file(history.path());
    let index = rusqlite::Connection::open(history.path().join("search.db")).unwrap();
    index.execute_batch("UPDATE mark SET hash = x'00'").unwrap();
    drop(index);
    let index = history.index();
    history.caught_up(&index).await;
    assert!(!is_marked(history.path()));
}

#[tokio::test]
async fn one_that_is_found_torn_by_a_question_is_made_anew() {
    let history = History::of(night()).await;
    let index = history.index();
    history.caught_up(&index).await;
    drop(index);
    mark_file(history.path());
    let path = history.path().join("search.db");
    let index = rusqlite::Connection::open(&path).unwrap();
    // The words are gone, and nothing else says so.
    index.execute_batch("PRAGMA writable_schema = ON; DELETE FROM words_data").unwrap();
    drop(index);
    let index = history.index();
    history.caught_up(&index).await;
    let query = Query::read("truck", field::ALL).query;
    let question = Question::new(history.path()).unwrap().unwrap();
    let asked = question.ask(&query, &crate::history::asking(), &|_| Vec::new(), 10);
    assert!(asked.is_err(), "{asked:?}");
    drop(question);
    index.doubt();
    let mut progress = index.progress();
    progress.wait_for(|progress| progress.trouble.is_some() || progress.seq < 12).await.unwrap();
    history.caught_up(&index).await;
    assert!(!is_marked(history.path()));
    assert_eq!(history.find("truck"), ["note 12"]);
}

#[tokio::test]
async fn intake_goes_on_while_the_index_cannot() {
    let history = History::of(night()).await;
    let index = history.index();
    history.caught_up(&index).await;
    let held = rusqlite::Connection::open(history.path().join("search.db")).unwrap();
    held.execute_batch("BEGIN IMMEDIATE").unwrap();
    for id in 10..60 {
        history.add(vec![change(What::EventReceived, event(id, &acme(), "Late", json!({}), 1))]).await;
        index.wake();
    }
    // Everything is taken, and the index has nothing of it.
    assert_eq!(*history.store.sealed().borrow(), 62);
    assert_eq!(index.progress().borrow().seq, 12);
    held.execute_batch("ROLLBACK").unwrap();
    history.caught_up(&index).await;
    assert_eq!(history.find("late kind:event").len(), 50);
}

#[tokio::test]
async fn the_index_needs_neither_the_writer_nor_a_reader_of_the_store() {
    let history = History::of(night()).await;
    // All of the store's readers, and its writer, are busy.
    let mut holding = Vec::new();
    let mut go = Vec::new();
    for _ in 0..4 {
        let (free, wait) = mpsc::channel::<()>();
        let store = history.store.clone();
        go.push(free);
        holding.push(tokio::spawn(async move {
            store
                .read(move |_| {
                    let _ = wait.recv();
                    Ok(())
                })
                .await
        }));
    }
    let (free, wait) = mpsc::channel::<()>();
    let store = history.store.clone();
    go.push(free);
    holding.push(tokio::spawn(async move {
        store
            .write(move |_| {
                let _ = wait.recv();
                Ok(())
            })
            .await
    }));
    let index = history.index();
    history.caught_up(&index).await;
    assert_eq!(history.find("truck"), ["note 12"]);
    drop(go);
    for held in holding {
        held.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn indexing_writes_nothing_to_the_store() {
    let (with, without) = (History::new(), History::new());
    let index = with.index();
    for one in night() {
        for history in [&with, &without] {
            history.add(vec![one.clone()]).await;
        }
        with.caught_up(&index).await;
    }
    let size = |history: &History| std::fs::metadata(history.path().join("nightdesk.db-wal")).unwrap().len();
    assert_eq!(size(&with), size(&without), "as many pages are written with an index as without");
}

#[tokio::test]
async fn who_is_erased_is_found_no_more_and_leaves_the_file() {
    let history = History::of(night()).await;
    history
        .add(vec![change(
            What::ContactCreated,
            contact("c-9", "Xanthippe Quorn", Some("xq@zyzzyva.example")),
        )])
        .await;
    let index = history.index();
    history.caught_up(&index).await;
    assert_eq!(history.find("xanthippe"), ["contact c-9"]);
    assert_eq!(history.find("zyzzyva"), ["contact c-9"]);
    assert!(holds(history.path(), b"anthippe"));
    history.add(vec![change(What::ContactErased, contact("c-9", "(erased)", None))]).await;
    history.caught_up(&index).await;
    assert!(history.find("xanthippe").is_empty() && history.find("zyzzyva").is_empty());
    assert_eq!(history.find("id:c-9"), ["contact c-9"]);
    drop(index);
    assert!(!holds(history.path(), b"anthippe"));
    assert!(!holds(history.path(), b"yzzyva"));
    // Nor does it come back when the index is made anew of a history that still names them.
    std::fs::remove_file(history.path().join("search.db")).unwrap();
    let _ = std::fs::remove_file(history.path().join("search.db-wal"));
    let _ = std::fs::remove_file(history.path().join("search.db-shm"));
    let index = history.index();
    history.caught_up(&index).await;
    assert!(history.find("xanthippe").is_empty());
    assert!(!holds(history.path(), b"anthippe"));
}

fn holds(folder: &Path, word: &[u8]) -> bool {
    ["search.db", "search.db-wal"].iter().any(|name| {
        let bytes = std::fs::read(folder.join(name)).unwrap_or_default();
        bytes.windows(word.len()).any(|window| window == word)
    })
}

#[tokio::test]
async fn no_words_are_operators_to_the_index() {
    let history = History::of(night()).await;
    let index = history.index();
    history.caught_up(&index).await;
    for query in [
        "*",
        "\"",
        "'",
        "NEAR(a b)",
        "a AND b",
        "a NOT b",
        "said:x",
        "{said}:x",
        "^a",
        "(a",
        "a)",
        "a + b",
        "-",
        "--",
        "\u{0}",
        "a\u{0}b",
        "said : \"",
        "\u{feff}",
        "💥",
        "%",
        "; DROP TABLE doc",
        "ndxevery OR *",
    ] {
        history.find(query);
    }
    // What FTS5 would take for an operator is a word.
    assert_eq!(history.find("\"truck NOT ferry\""), Vec::<String>::new());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]
    #[test]
    fn whatever_is_typed_has_an_answer(text in "(\\PC|[\"*()^:,+-]| OR | NOT |partner:|is:|since:2h|risk>5k){0,20}") {
        let history = shared();
        let query = Query::read(&text, field::ALL).query;
        let question = Question::new(history.path()).unwrap().unwrap();
        let asked = question.ask(&query, &crate::history::asking(), &|_| vec!["o'\"*".to_owned()], 10);
        prop_assert!(asked.is_ok(), "{text:?}: {asked:?}");
    }
}

fn shared() -> &'static History {
    static HISTORY: std::sync::OnceLock<History> = std::sync::OnceLock::new();
    HISTORY.get_or_init(|| {
        std::thread::spawn(|| {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(async {
                let history = History::of(night()).await;
                let index = history.index();
                history.caught_up(&index).await;
                history
            })
        })
        .join()
        .unwrap()
    })
}

#[tokio::test]
async fn a_partner_that_is_named_later_is_found_by_its_name() {
    let history =
        History::of(vec![change(What::AlertRaised, alert(5, &acme(), "Blocked", "open", None, 1))]).await;
    let index = history.index();
    history.caught_up(&index).await;
    assert_eq!(history.find("partner:tools"), ["alert A5"]);
}
