//! Whole nights on virtual time: the agent as it is, with everything around it simulated, killed at
//! random moments and opened again from the same file. What must always hold is checked at every
//! committed fact, and once more over the whole history in the morning.
//!
//! A failure names its seed; `SEED=7 cargo nextest run -E 'test(the_night_of_a_seed)' --run-ignored all`
//! plays that night alone, and `NIGHTS=1000` plays as many.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/night.rs"]
mod night;

use jiff::{SignedDuration, Timestamp};
use night::{Clock, Gateway, Night, SOURCE};
use nightdesk::agent::Agent;
use nightdesk::agent::setup::{self, Origin};
use nightdesk::agent::world::World;
use nightdesk::cells;
use nightdesk::channel::Channel;
use nightdesk::core::alert::AlertState;
use nightdesk::core::apply::Asker;
use nightdesk::core::change::Change;
use nightdesk::core::command::{Action, Command, Expect, Outcome};
use nightdesk::core::notification::{AttemptState, Hold, Notification, Purpose};
use nightdesk::core::person::{PersonId, Role};
use nightdesk::store::sqlite::link;
use nightdesk::store::tx::Cell;
use nightdesk::store::{Open, Store, Tx};
use rand::Rng;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

const CONFIG: &str = r#"
[desk]
name = "simulated"
time_zone = "Europe/Berlin"

[[source]]
name = "community"

[[channel]]
name = "sms"
kind = "webhook"
url = "http://127.0.0.1:9/"
carries = ["sms"]
receipts = true
proof_within = { urgent = "90s", other = "30m" }

[[channel]]
name = "sms2"
kind = "webhook"
url = "http://127.0.0.1:9/"
carries = ["sms"]
receipts = true

[[channel]]
name = "mail"
kind = "spool"
carries = ["email"]

[retry]
first = "5s"
longest = "5m"
give_up = "40m"

[[person]]
id = "maria"
name = "Maria Weber"
role = "responder"
phone = "+49 151 23456701"
email = "maria.weber@example.net"

[[person]]
id = "jonas"
name = "Jonas Roth"
role = "responder"
phone = "+49 151 23456702"

[[person]]
id = "aylin"
name = "Aylin Kaya"
role = "admin"
email = "aylin.kaya@example.net"

# Nobody can reach Nils: whatever tells only him must move on.
[[person]]
id = "nils"
name = "Nils Unreachable"

[[team]]
name = "operations"
members = ["maria", "jonas", "nils"]
lead = "aylin"

[[schedule]]
name = "primary"
people = ["maria", "jonas"]
turn_days = 1
start = 2026-01-05
handoff = "02:00"

[[assign]]
role = "coordinator"
person = "jonas"

[[assign]]
role = "coordinator"
person = "nils"
partner = "far"

[[policy]]
name = "urgent"
steps = [
  { after = "0s", notify = ["oncall:primary", "coordinator"] },
  { after = "6m", notify = ["team:operations"] },
  { after = "10m", notify = ["lead:operations"] },
]
last_resort = { every = "10m", notify = ["oncall:primary", "lead:operations"] }

[[policy]]
name = "hollow"
steps = [
  { after = "0s", notify = ["person:nils"] },
  { after = "5m", notify = ["person:nils", "coordinator"] },
]
last_resort = { every = "7m", notify = ["person:nils"] }

[promise]
critical = "30m"
high = "1h"
other = "2h"

[[rule]]
name = "hollow"
match = { type = "community.exception.raised", kind = "hollow", severity = ["high", "critical"] }
policy = "hollow"

[[rule]]
name = "late shipments"
match = { type = "community.exception.raised", kind = "late_shipment", severity = ["high", "critical"] }
policy = "urgent"
group_by = ["partner", "kind"]
group_window = "30m"

[[rule]]
name = "smaller exceptions"
match = { type = "community.exception.raised", severity = ["low", "medium"] }
tell = ["team:operations"]
by = ["email"]

[catch_all]
policy = "urgent"
"#;

macro_rules! nights {
    ($($name:ident = $seed:literal),* $(,)?) => { $(#[test] fn $name() { play($seed); })* };
}

nights! {
    night_01 = 1, night_02 = 2, night_03 = 3, night_04 = 4, night_05 = 5, night_06 = 6,
    night_07 = 7, night_08 = 8, night_09 = 9, night_10 = 10, night_11 = 11, night_12 = 12,
}

/// Nights by the thousand, for an idle machine.
#[test]
#[ignore = "plays as many nights as the environment asks for"]
fn the_night_of_a_seed() {
    let number =
        |name: &str, default| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    let first = number("SEED", 1);
    (first..first + number("NIGHTS", 1)).for_each(play);
}

/// Says which night it was, whatever fails in it.
struct Seed(u64);

impl Drop for Seed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("\nthis was the night of seed {}\n", self.0);
        }
    }
}

/// An afternoon of it, on a Saturday with maintenance, and the night's closing.
#[test]
fn an_afternoon_of_a_year() {
    play_hours(2, 0, 5);
}

/// A year of them, in pieces of so many days from a day on, each from an empty store: `FROM=0 DAYS=7 cargo
/// nextest run --release -E 'test(a_year_of_a_thousand_alerts_a_day)' --run-ignored all --no-capture`.
#[test]
#[ignore = "plays as many days as the environment asks for"]
fn a_year_of_a_thousand_alerts_a_day() {
    let number =
        |name: &str, default| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    play_hours(number("SEED", 1), number("FROM", 0), 24 * number("DAYS", 7));
}

/// A seed that fails can be looked into only when it plays alike each time, and it does where tokio draws by a seed
/// too: `RUSTFLAGS="--cfg tokio_unstable"`.
#[cfg(tokio_unstable)]
#[test]
fn a_seed_plays_alike_each_time() {
    let once = || {
        let folder = home(&format!("{CONFIG}{}", night::year::CONFIG));
        let begin: Timestamp = "2026-10-24T20:00:00Z".parse().unwrap();
        let night = Night::new(7, begin);
        let mut now = begin;
        for _ in 0..4 {
            let until = now + minutes(&night, 30, 90);
            now = live(&night, folder.path(), now, until, Around::Year);
        }
        let store = Store::open(&Open::Inline(folder.path().join("nightdesk.db")), 7).unwrap();
        runtime().block_on(store.read(|tx| tx.changes_since(0, u32::MAX))).unwrap()
    };
    let (first, second) = (once(), once());
    assert!(first.len() > 500, "the evening was too quiet: {}", first.len());
    for (one, other) in first.iter().zip(&second) {
        assert_eq!(one, other, "from here on the evening went another way");
    }
    assert_eq!(first.len(), second.len());
}

/// Who is there besides the agent in one of its lives.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Around {
    Night,
    Year,
    /// Somebody closes all that is open.
    Nobody,
}

fn play_hours(seed: u64, from_day: u64, hours: u64) {
    let _named = Seed(seed);
    let folder = home(&format!("{CONFIG}{}", night::year::CONFIG));
    // The clock goes back on the first night of the year.
    let year: Timestamp = "2026-10-24T12:00:00Z".parse().unwrap();
    let begin = year + SignedDuration::from_hours(24 * i64::try_from(from_day).unwrap());
    let end = begin + SignedDuration::from_hours(i64::try_from(hours).unwrap());
    let night = Night::new(seed, begin);
    night.look().long_run = true;
    let began = std::time::Instant::now();
    let (mut now, mut lives) = (begin, 0);
    while now < end {
        let until = now + minutes(&night, 60, 900);
        now = live(&night, folder.path(), now, until.min(end), Around::Year);
        if let Some(broken) = night.look().broken.take() {
            panic!("{broken}");
        }
        night.look().forget_what_is_over();
        lives += 1;
        now += match night.look().rng.random_range(0..20) {
            0 => SignedDuration::from_mins(150),
            1..=3 => SignedDuration::from_mins(20),
            _ => SignedDuration::from_secs(20),
        };
        if lives % 20 == 0 {
            let day = now.duration_since(begin).as_hours() / 24;
            println!("day {day} after {:.0?}: {:?}", began.elapsed(), night.look().counts);
        }
    }
    night.calm_down(now);
    live(&night, folder.path(), now, now + SignedDuration::from_hours(3), Around::Nobody);
    assert_eq!(night.look().broken, None);
    let store = Store::open(&Open::Inline(folder.path().join("nightdesk.db")), seed).unwrap();
    let runtime = runtime();
    runtime.block_on(async {
        night::read_facts(&store, &night).await;
        every_accepted_event_is_there(&store, &night).await;
        assert!(store.read(|tx| tx.due_alerts(Timestamp::MAX, 1)).await.unwrap().is_empty());
        the_chain_holds(&store).await;
        replay_gives_the_same_tables(&store, folder.path()).await;
    });
    let counts = night.look().counts.clone();
    println!("{hours} hours of seed {seed}, {lives} lives, {:.0?}: {counts:?}", began.elapsed());
    assert!(counts["alerts"] > 20 * hours && counts["quiet for maintenance"] > 0, "too little: {counts:?}");
    if hours < 48 {
        return;
    }
    for what in ["quiet for maintenance", "quiet because of another", "throttled", "bundles", "replies"] {
        assert!(counts.get(what).is_some_and(|count| *count > 0), "there was no {what}: {counts:?}");
    }
}

fn play(seed: u64) {
    let _named = Seed(seed);
    let folder = home(CONFIG);
    let evening: Timestamp = "2026-03-28T20:00:00Z".parse().unwrap();
    let morning = evening + SignedDuration::from_hours(10);
    let night = Night::new(seed, evening);
    let mut now = evening;
    while now < morning {
        let until = now + minutes(&night, 5, 150);
        now = live(&night, folder.path(), now, until.min(morning), Around::Night);
        // Usually restarted at once, sometimes after a while.
        if let Some(broken) = night.look().broken.take() {
            panic!("{broken}");
        }
        let away = minutes(&night, 0, 1) * if night.look().rng.random_bool(0.2) { 20 } else { 1 };
        now += away;
    }
    night.calm_down(now);
    live(&night, folder.path(), now, now + SignedDuration::from_hours(3), Around::Nobody);
    assert_eq!(night.look().broken, None);
    let store = Store::open(&Open::Inline(folder.path().join("nightdesk.db")), seed).unwrap();
    let runtime = runtime();
    runtime.block_on(async {
        night::read_facts(&store, &night).await;
        nothing_is_left(&store, &night, now + SignedDuration::from_hours(3)).await;
        every_accepted_event_is_there(&store, &night).await;
        the_chain_holds(&store).await;
        replay_gives_the_same_tables(&store, folder.path()).await;
    });
    println!("night {seed}: {:?}", night.look().counts);
}

/// Where the agent lives, with a key that is always the same.
fn home(config: &str) -> tempfile::TempDir {
    // In memory where there is some: a night syncs tens of thousands of commits.
    let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    std::fs::write(folder.path().join("config.toml"), config).unwrap();
    std::fs::write(folder.path().join("receipt.key"), "5".repeat(64)).unwrap();
    folder
}

fn minutes(night: &Night, least: i64, most: i64) -> SignedDuration {
    SignedDuration::from_mins(night.look().rng.random_range(least..=most))
}

fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    // Whom a change wakes first is drawn by tokio.
    #[cfg(tokio_unstable)]
    builder.rng_seed(tokio::runtime::RngSeed::from_bytes(b"night"));
    builder.enable_all().start_paused(true).build().unwrap()
}

/// One life of the agent, ended by a crash; returns the moment. Dropping the runtime drops every
/// task where it stands, as a kill would.
fn live(night: &Night, folder: &Path, start: Timestamp, until: Timestamp, around: Around) -> Timestamp {
    let busy = around != Around::Nobody;
    let runtime = runtime();
    runtime.block_on(async {
        let clock = Clock::starting(start);
        let entropy = night.look().rng.random();
        let world = World::simulated(start, entropy);
        let store = Store::open(&Open::Inline(folder.join("nightdesk.db")), entropy).unwrap();
        let origin = Origin { file: folder.join("config.toml"), state: folder.to_owned(), apply: false };
        let mut setup = setup::at_start(&origin, &store, &world).await.unwrap();
        let crash = Arc::new(Notify::new());
        for name in ["sms", "sms2", "mail"] {
            let (store, night, crash) = (store.clone(), night.clone(), crash.clone());
            let gateway: Arc<dyn Channel> = Arc::new(Gateway { name, store, night, clock, crash });
            setup.channels.insert(name.to_owned(), gateway);
        }
        let agent = Agent::start(store.clone(), world, origin, setup).await.unwrap();
        let outside = async {
            let auditor = night::auditor(store.clone(), night.clone(), clock);
            let carrier = night::carrier(agent.clone(), night.clone(), clock);
            let busy_people = async {
                match around {
                    Around::Night => {
                        let community = night::community(agent.clone(), night.clone(), clock);
                        let operators = night::operators(agent.clone(), night.clone(), clock);
                        tokio::join!(community, operators);
                    }
                    Around::Year => {
                        let community = night::year::community(agent.clone(), night.clone(), clock);
                        let operators = night::year::operators(agent.clone(), night.clone(), clock);
                        tokio::join!(community, operators);
                    }
                    Around::Nobody => close_everything(&agent, night).await,
                }
            };
            tokio::join!(auditor, carrier, busy_people);
        };
        tokio::select! {
            biased;
            () = outside => {}
            () = crash.notified(), if busy => {}
            () = virtual_time(until.duration_since(start)) => {}
        }
        if !busy {
            agent.stop(Duration::from_secs(60)).await.unwrap();
        }
        store.crash();
        clock.now()
    })
}

/// A length of the paused clock; the agent's own waiting looks up more often than that.
async fn virtual_time(wait: SignedDuration) {
    tokio::time::sleep(Duration::try_from(wait).unwrap_or_default()).await;
}

async fn close_everything(agent: &Agent, night: &Night) {
    night::read_facts(&agent.store, night).await;
    let open: Vec<_> = {
        let outside = night.look();
        outside.alerts.values().filter(|a| a.state != AlertState::Resolved).map(|a| a.id).collect()
    };
    for alert in open {
        let command = Command {
            id: format!("morning-{alert}"),
            action: Action::Resolve { alert, reason: "The night is over.".into() },
            expect: Expect::default(),
        };
        let aylin = Asker {
            id: PersonId("aylin".to_owned()),
            name: "Aylin Kaya".to_owned(),
            role: Role::Admin,
            login: None,
        };
        let outcome = agent.command(command, aylin).await.unwrap();
        assert!(matches!(outcome, Outcome::Done { .. }), "{alert} cannot be closed: {outcome:?}");
    }
}

async fn nothing_is_left(store: &Store, night: &Night, now: Timestamp) {
    let waiting = store.read(|tx| tx.channels_waiting()).await.unwrap();
    // What its recipient had too much of leaves hours later; nothing that pages is among it.
    {
        let outside = night.look();
        let waits: Vec<_> = outside.notifications.values().filter(|n| n.due_at.is_some()).collect();
        let throttled = |n: &&&Notification| n.hold == Some(Hold::Throttled) && n.purpose != Purpose::Page;
        let others: Vec<_> = waits.iter().filter(|n| !throttled(n)).collect();
        assert!(others.is_empty(), "messages still wait: {waiting:?} {others:#?}");
    }
    // Tasks are due in the working hours of days to come; nothing may be left of what was due by now.
    let next = store.read(|tx| tx.next_due()).await.unwrap();
    assert!(next.is_none_or(|due| due > now), "something is still due: {next:?}");
    let next = store.read(|tx| tx.next_handover_due()).await.unwrap();
    assert!(next.is_none_or(|due| due > now), "a hand-over is still due: {next:?}");
    assert!(
        store.read(|tx| tx.due_alerts(Timestamp::MAX, 1)).await.unwrap().is_empty(),
        "an alert is still due"
    );
    let outside = night.look();
    for n in outside.notifications.values() {
        let open = n.attempts.iter().any(|attempt| attempt.state == AttemptState::Sending);
        assert!(!open, "{} was claimed and never settled: {n:?}", n.id);
    }
    assert!(outside.alerts.len() > 5 && outside.counts["delivered"] > 20, "the night was too quiet");
}

async fn every_accepted_event_is_there(store: &Store, night: &Night) {
    let accepted: Vec<String> = night.look().accepted.keys().cloned().collect();
    store
        .read(move |tx| {
            for id in accepted {
                assert!(tx.known_event(SOURCE, &id)?.is_some(), "event {id} was accepted and is lost");
            }
            Ok(())
        })
        .await
        .unwrap();
}

/// So many facts are looked at together: the history of a week does not fit in memory.
const PIECE: u32 = 5000;

async fn the_chain_holds(store: &Store) {
    let (mut before, mut since) = ([0; 32], 0);
    loop {
        let rows = store.read(move |tx| {
            tx.query(
                "SELECT seq, body, hash FROM change WHERE seq > $1 ORDER BY seq LIMIT $2",
                cells![since, i64::from(PIECE)],
                |row| Ok((row.int(0)? as u64, row.text(1)?, row.bytes(2)?)),
            )
        });
        let rows = rows.await.unwrap();
        if rows.is_empty() {
            return;
        }
        for (seq, body, hash) in rows {
            assert_eq!(seq, since + 1, "the history has a gap");
            (before, since) = (link(&before, seq, &body), seq);
            assert_eq!(hash, before, "fact {seq} does not follow from the one before");
        }
    }
}

/// The tables are nothing but the history applied in order. What commands were answered is kept
/// beside the history and is no part of it.
async fn replay_gives_the_same_tables(store: &Store, folder: &Path) {
    let again = Store::open(&Open::Inline(folder.join("replay.db")), 1).unwrap();
    let mut since = 0;
    loop {
        let bodies = store.read(move |tx| tx.changes_since(since, PIECE)).await.unwrap();
        let Some((last, _)) = bodies.last() else { break };
        since = *last;
        let apply = move |tx: &mut Tx<'_>| {
            let mut changes = bodies.iter().map(|(_, body)| serde_json::from_str::<Change>(body).unwrap());
            changes.try_for_each(|change| tx.apply(vec![change]))
        };
        again.write(apply).await.unwrap();
    }
    for table in [
        "event",
        "alert",
        "alert_key",
        "notification",
        "covered",
        "handover",
        "handover_asked",
        "task",
        "maintenance",
        "shift_test",
        "partner",
        "contact",
        "config",
        "change",
    ] {
        let (was, is) = (rows(store, table).await, rows(&again, table).await);
        assert_eq!(was.len(), is.len(), "table {table}");
        for (was, is) in was.iter().zip(&is) {
            assert_eq!(was, is, "table {table}");
        }
    }
}

/// Every row by its first two columns, and all of it as a number.
async fn rows(store: &Store, table: &'static str) -> Vec<(Vec<String>, u64)> {
    store
        .read(move |tx: &Tx<'_>| {
            let columns =
                tx.query("SELECT name FROM pragma_table_info($1) ORDER BY cid", cells![table], |row| {
                    row.text(0)
                })?;
            let list: Vec<String> =
                columns.iter().map(|name| format!("COALESCE(quote({name}), '')")).collect();
            let sql = format!("SELECT {} FROM {table} ORDER BY 1, 2", list.join(", "));
            tx.query(&sql, &[] as &[Cell], |row| {
                let mut cells: Vec<String> =
                    (0..columns.len()).map(|i| row.text(i)).collect::<Result<_, _>>()?;
                let mut whole = DefaultHasher::new();
                cells.hash(&mut whole);
                cells.truncate(2);
                Ok((cells, whole.finish()))
            })
        })
        .await
        .unwrap()
}
