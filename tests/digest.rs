//! Digests from outside: sent exactly once however the clocks change and the agent falls, and read from a
//! mail server as their readers get them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/desk.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod desk;
#[path = "support/fake_smtp.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod fake_smtp;
#[path = "support/peer.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod peer;

use async_trait::async_trait;
use desk::{Desk, exception};
use fake_smtp::FakeSmtp;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use mail_parser::{MessageParser, MimeHeaders};
use nightdesk::agent::Agent;
use nightdesk::agent::setup::{self, Origin};
use nightdesk::agent::world::World;
use nightdesk::cells;
use nightdesk::channel::{Acceptance, Answer, Channel, Outgoing};
use nightdesk::core::digest::{DigestRun, RunState};
use nightdesk::core::wall;
use nightdesk::store::{Open, Store};
use peer::until;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const CONFIG: &str = r#"
[desk]
name = "simulated"
time_zone = "Europe/Berlin"

[[source]]
name = "community"

[[channel]]
name = "mail"
kind = "spool"
carries = ["email"]

[[person]]
id = "maria"
name = "Maria Weber"
role = "responder"
email = "maria@example.net"
phone = "+49 151 23456701"

[[policy]]
name = "urgent"
steps = [{ after = "0s", notify = ["person:maria"] }]
last_resort = { every = "10m", notify = ["person:maria"] }

[catch_all]
policy = "urgent"

[[digest]]
name = "simulated"
schedule = "SCHEDULE"
time_zone = "ZONE"
to = ["person:maria"]
skip_empty = false
late = "72h"
"#;

macro_rules! changes {
    ($($name:ident = $zone:literal, $at:literal, $minute:literal, $hours:expr;)*) => {
        $(#[test] fn $name() {
            around_a_change($zone, $at, $minute, &$hours, seed());
        })*
    };
}

changes! {
    berlin_in_spring = "Europe/Berlin", "2026-03-29T01:00:00Z", 30, [2, 7];
    berlin_in_autumn = "Europe/Berlin", "2026-10-25T01:00:00Z", 30, [2, 7];
    new_york_in_spring = "America/New_York", "2026-03-08T07:00:00Z", 15, [2];
    new_york_in_autumn = "America/New_York", "2026-11-01T06:00:00Z", 15, [1, 23];
    lord_howe_in_spring = "Australia/Lord_Howe", "2026-10-03T15:30:00Z", 10, [2];
    lord_howe_in_autumn = "Australia/Lord_Howe", "2026-04-04T15:00:00Z", 40, [1];
    santiago_in_spring = "America/Santiago", "2026-09-06T04:00:00Z", 0, [0, 12];
    santiago_in_autumn = "America/Santiago", "2026-04-05T03:00:00Z", 30, [23];
    apia_skips_a_day = "Pacific/Apia", "2011-12-30T10:00:00Z", 0, [7];
}

/// Other lives: `SEED=7 cargo nextest run --test digest`.
fn seed() -> u64 {
    std::env::var("SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(1)
}

/// Takes every mail, and remembers which message it was.
#[derive(Clone, Default)]
struct Taking(Arc<Mutex<Vec<String>>>);

#[async_trait]
impl Channel for Taking {
    async fn send(&self, message: &Outgoing) -> Answer {
        assert!(message.html.is_some());
        self.0.lock().unwrap().push(message.idempotency_key.clone());
        Answer::Accepted(Acceptance { said: "taken".into(), parts: 1, ..Acceptance::default() })
    }

    fn connections(&self) -> usize {
        1
    }
}

/// Lives of random length around a clock change, each ended by a crash, some with a pause after it.
fn around_a_change(zone: &str, change: &str, minute: i8, hours: &[i8], seed: u64) {
    let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    let list: Vec<_> = hours.iter().map(i8::to_string).collect();
    let schedule = format!("{minute} {} * * *", list.join(","));
    let config = CONFIG.replace("ZONE", zone).replace("SCHEDULE", &schedule);
    std::fs::write(folder.path().join("config.toml"), config).unwrap();
    let change: Timestamp = change.parse().unwrap();
    let (start, end) = (change - SignedDuration::from_hours(26), change + SignedDuration::from_hours(26));
    let mut rng = StdRng::seed_from_u64(seed);
    let taken = Taking::default();
    let mut now = start;
    while now < end {
        let long = SignedDuration::from_secs(rng.random_range(10..6 * 3600));
        now = live(folder.path(), now, (now + long).min(end), rng.random(), &taken);
        if rng.random_bool(0.4) {
            now += SignedDuration::from_mins(rng.random_range(1..300));
        }
    }
    let end = live(folder.path(), now, now + SignedDuration::from_mins(10), rng.random(), &taken);

    let (runs, messages) = kept(folder.path());
    let watched: Vec<_> = runs.iter().filter(|run| run.state == RunState::Watched).collect();
    assert_eq!(watched.len(), 1, "it began to count once");
    let sent: Vec<_> = runs.iter().filter(|run| run.state == RunState::Sent).collect();
    assert_eq!(sent.len() + 1, runs.len(), "{runs:?}");
    // What should have been, counted day by day: every civil time that its clock showed or jumped past.
    let zone = TimeZone::get(zone).unwrap();
    let mut day = zone.to_datetime(start).date();
    let mut wanted = 0;
    while day <= zone.to_datetime(end).date() {
        let moments = hours.iter().map(|hour| wall::moment(&zone, day.at(*hour, minute, 0, 0)));
        wanted += moments.filter(|at| watched[0].at < *at && *at <= end).count();
        day = day.tomorrow().unwrap();
    }
    let stood_for: usize = sent.iter().map(|run| 1 + run.folded as usize).sum();
    assert_eq!(stood_for, wanted, "seed {seed}: {runs:#?}");
    // One message a run, and each left once.
    assert_eq!(messages.len(), sent.len());
    let left = taken.0.lock().unwrap().clone();
    assert_eq!(left.iter().collect::<BTreeSet<_>>().len(), left.len(), "none twice");
    assert_eq!(left.len(), sent.len(), "none lost");
    for run in sent {
        assert!(
            run.late == (run.created_at.duration_since(run.at) >= SignedDuration::from_mins(15)),
            "{run:?}"
        );
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap()
}

/// One life of the agent, ended by a crash.
fn live(folder: &Path, start: Timestamp, until: Timestamp, entropy: u64, taken: &Taking) -> Timestamp {
    runtime().block_on(async {
        let began = tokio::time::Instant::now();
        let world = World::simulated(start, entropy);
        let store = Store::open(&Open::Inline(folder.join("nightdesk.db")), entropy).unwrap();
        let origin = Origin { file: folder.join("config.toml"), state: folder.to_owned(), apply: false };
        let mut setup = setup::at_start(&origin, &store, &world).await.unwrap();
        setup.channels.insert("mail".to_owned(), Arc::new(taken.clone()));
        let _agent = Agent::start(store.clone(), world, origin, setup).await.unwrap();
        tokio::time::sleep(Duration::try_from(until.duration_since(start)).unwrap()).await;
        store.crash();
        start + SignedDuration::try_from(began.elapsed()).unwrap()
    })
}

/// The runs, and the messages that are of a digest.
fn kept(folder: &Path) -> (Vec<DigestRun>, Vec<String>) {
    let store = Store::open(&Open::Inline(folder.join("nightdesk.db")), 1).unwrap();
    runtime()
        .block_on(store.read(|tx| {
            let runs =
                tx.query("SELECT body FROM digest_run ORDER BY at", cells![], |row| row.json(0, "digest"))?;
            let messages = tx.query("SELECT body FROM notification", cells![], |row| row.text(0))?;
            Ok((runs, messages))
        }))
        .unwrap()
}

/// The agent of a real desk, its mail read from a server.
#[tokio::test(flavor = "multi_thread")]
async fn a_digest_asked_for_arrives_as_text_page_and_file() {
    let server = FakeSmtp::start(&[]).await;
    let mut desk = Desk::new(&format!(
        r#"
[[channel]]
name = "mail"
kind = "smtp"
host = "127.0.0.1"
port = {}
tls = "none"
from = "desk@example.org"

[[channel]]
name = "spool"
kind = "spool"
carries = ["sms"]

[[person]]
id = "ann"
name = "Ann Lee"
role = "responder"
email = "ann@example.net"
phone = "+49 151 23456701"

[[person]]
id = "bob"
name = "Bob Roe"
email = "bob@example.net"

[[team]]
name = "operations"
members = ["ann"]
lead = "ann"

[[assign]]
role = "coordinator"
person = "bob"
partner = "borg"

[[policy]]
name = "urgent"
steps = [{{ after = "0s", notify = ["person:ann"] }}]
last_resort = {{ every = "10m", notify = ["person:ann"] }}

[catch_all]
policy = "urgent"

[[digest]]
name = "month-end"
kind = "month_end"
schedule = "0 0 1 1 *"
to = ["lead:operations", "coordinator"]
"#,
        server.address.port()
    ));
    desk.start().await;
    for id in ["1", "2", "3"] {
        desk.raise(&exception(id)).await;
    }

    let copies = desk.list(&["digest", "preview", "month-end"]).await;
    assert_eq!(
        copies.iter().map(|copy| copy["person"].as_str().unwrap()).collect::<Vec<_>>(),
        ["ann", "bob"]
    );
    assert!(copies[1]["body"].as_str().unwrap().contains("nothing open"), "no partner of bob's has anything");
    let shown = desk.run(&["digest", "preview", "month-end", "--to", "ann"]).await;
    assert!(
        shown.out.contains("Subject: Month end digest: 3 open (") && shown.out.contains("Order 1 is blocked"),
        "{shown:?}"
    );
    assert!(desk.list(&["notifications", "list"]).await.iter().all(|n| n["category"] != "digests"));

    let sent = desk.run(&["digest", "send", "month-end", "--to", "ann", "--yes"]).await;
    assert_eq!(sent.out, "Digest month-end goes to Ann Lee: 0 overdue, 3 open.\n", "{sent:?}");
    let mail = until("the digest", async || {
        server.taken().into_iter().find(|mail| mail.text.contains("Subject: Month end digest"))
    })
    .await;
    let read = MessageParser::default().parse(mail.text.as_bytes()).unwrap();
    assert_eq!(read.content_type().unwrap().subtype(), Some("mixed"));
    let text = read.body_text(0).unwrap();
    assert!(text.contains("Acme Tools: A1") && text.contains("€48,000"), "{text}");
    let page = read.body_html(0).unwrap();
    assert!(
        page.contains("<b>Acme Tools</b>") && !page.contains("http"),
        "nothing is fetched from elsewhere: {page}"
    );
    let file = read.attachment(0).unwrap();
    assert!(file.attachment_name().unwrap().ends_with(".csv"));
    let rows = String::from_utf8(file.contents().to_vec()).unwrap();
    assert_eq!(rows.lines().count(), 4, "{rows}");
    assert!(rows.contains("issues,acme,Acme Tools,A1,Order 1 is blocked,Open,"), "{rows}");

    for (arguments, said) in [
        (&["digest", "send", "evening", "--yes"][..], "There is no digest evening."),
        (&["digest", "send", "month-end", "--to", "nobody", "--yes"], "There is no person nobody."),
        (&["digest", "preview", "evening"], "There is no digest evening."),
    ] {
        let ran = desk.run(arguments).await;
        assert!(ran.code == Some(1) && ran.err.contains(said), "{arguments:?}: {ran:?}");
    }
    let listed = desk.list(&["digest", "list"]).await;
    assert_eq!(listed[0]["runs"][0]["state"], "by_hand");
    assert_eq!(listed[0]["runs"][1]["state"], "watched");
    desk.stop().await;
}
