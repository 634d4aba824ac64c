//! An agent that is killed at every step of a message's way, again and again, over a load: nothing is lost, and
//! whatever arrives twice says so or bears the same name.
//!
//! `NIGHTDESK_TEST_EVENTS=10000` makes the load as large as is promised; `NIGHTDESK_TEST_SEED` plays one again.

// A test fails by panicking, in its peers as well.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/desk.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod desk;
#[path = "support/peer.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod peer;
#[path = "support/sinks.rs"]
mod sinks;
#[path = "support/smpp_wire.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod smpp_wire;

use desk::{Desk, exception, http, post};
use rand::{Rng as _, SeedableRng as _};
use serde_json::Value;
use sinks::{Sink, Step};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const SENDERS: usize = 16;

/// How many events a load has; small enough for every run, more where somebody asks for it.
fn events_of_a_load() -> usize {
    std::env::var("NIGHTDESK_TEST_EVENTS").ok().map_or(600, |n| n.parse().unwrap())
}

fn seed() -> u64 {
    let asked = std::env::var("NIGHTDESK_TEST_SEED").ok().map(|seed| seed.parse().unwrap());
    let seed = asked.unwrap_or_else(rand::random);
    println!("NIGHTDESK_TEST_SEED={seed}");
    seed
}

/// When the agent is killed.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// When so many events were answered for.
    Intake,
    /// When a message stands at this step on its way out.
    Sending(Step),
    /// Soon after it was started, while it takes up what was left.
    Starting,
}

const MOMENTS: [Moment; 5] = [
    Moment::Intake,
    Moment::Sending(Step::Half),
    Moment::Sending(Step::Taken),
    Moment::Sending(Step::Answered),
    Moment::Starting,
];

fn desk_of(channel: &str, address: &str) -> Desk {
    let config = format!(
        r#"
[bundle]
pages = 0

[retry]
first = "1s"

[storm]
alerts = 0

[[channel]]
name = "out"
connections = 16
{channel}

[[person]]
id = "ann"
name = "Ann Lee"
role = "responder"
{address}

[[policy]]
name = "urgent"
steps = [{{ after = "0s", notify = ["person:ann"] }}]
last_resort = {{ every = "12h", notify = ["person:ann"] }}

[catch_all]
policy = "urgent"
"#
    );
    Desk::with_environment(&config, &[("SECRET_OF_OUT", "hush")])
}

const PHONE: &str = "phone = \"+49 151 23456701\"";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_every_step_of_a_text_by_http_nothing_is_lost_and_no_copy_is_unmarked() {
    let seed = seed();
    let (sink, port) = sinks::kannel(seed).await;
    let channel = format!(
        "kind = \"kannel\"\nurl = \"http://127.0.0.1:{port}/cgi-bin/sendsms\"\nuser = \"desk\"\n\
         password = {{ env = \"SECRET_OF_OUT\" }}\nfrom = \"12345\"\n\
         receipts = true\nproof_within = {{ urgent = \"12h\" }}\n"
    );
    play(seed, sink, desk_of(&channel, PHONE)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_every_step_of_a_text_by_smpp_nothing_is_lost_and_no_copy_is_unmarked() {
    let seed = seed();
    let (sink, port) = sinks::smpp(seed).await;
    // Where a session breaks everything on its way is in doubt, and the next provider takes over.
    let beside = sinks::kannel_beside(&sink).await;
    let channel = format!(
        "kind = \"smpp\"\nhost = \"127.0.0.1\"\nport = {port}\nuser = \"desk\"\n\
         password = {{ env = \"SECRET_OF_OUT\" }}\nfrom = \"12345\"\n\n\
         [[channel]]\nname = \"other\"\nkind = \"kannel\"\nurl = \"http://127.0.0.1:{beside}/cgi-bin/sendsms\"\n\
         user = \"desk\"\npassword = {{ env = \"SECRET_OF_OUT\" }}\nfrom = \"12345\"\n\n\
         [[route]]\nmedium = \"sms\"\nchannels = [\"out\", \"other\"]\n"
    );
    play(seed, sink, desk_of(&channel, PHONE)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_every_step_of_a_mail_nothing_is_lost_and_every_copy_has_one_name() {
    let seed = seed();
    let (sink, port) = sinks::smtp(seed).await;
    let channel = format!(
        "kind = \"smtp\"\nhost = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\nfrom = \"desk@example.net\"\n"
    );
    play(seed, sink, desk_of(&channel, "email = \"ann@example.net\"")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_every_step_of_a_webhook_nothing_is_lost_and_no_copy_is_unmarked() {
    let seed = seed();
    let (sink, port) = sinks::webhook(seed).await;
    let channel =
        format!("kind = \"webhook\"\ncarries = [\"sms\"]\nurl = \"http://127.0.0.1:{port}/page\"\n");
    play(seed, sink, desk_of(&channel, PHONE)).await;
}

/// Pours a load in, kills at every kind of moment, and compares what arrived with the books.
async fn play(seed: u64, sink: Arc<Sink>, mut desk: Desk) {
    let total = events_of_a_load();
    let mut chance = rand::rngs::StdRng::seed_from_u64(seed);
    let began = Instant::now();
    desk.start().await;

    // Every sender posts its next event until it is answered, whatever becomes of the agent.
    let (next, answered) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let senders: Vec<_> = (0..SENDERS)
        .map(|_| {
            let (client, url) = (http(), desk.url("/v1/events/lan"));
            let (next, answered) = (next.clone(), answered.clone());
            tokio::spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::SeqCst);
                    if number >= total {
                        return;
                    }
                    post_until_taken(&client, &url, &format!("n{number}")).await;
                    answered.fetch_add(1, Ordering::SeqCst);
                }
            })
        })
        .collect();

    let rounds = (total / 1000).clamp(2, 8);
    let mut kills: BTreeMap<String, usize> = BTreeMap::new();
    for moment in MOMENTS.iter().cycle().take(rounds * MOMENTS.len()) {
        if sink.orders() >= total {
            break;
        }
        let stride = chance.random_range(1..(total / rounds / MOMENTS.len()).max(2));
        match moment {
            Moment::Intake => {
                let at = answered.load(Ordering::SeqCst) + stride;
                progress("events to be taken", || {
                    let now = answered.load(Ordering::SeqCst);
                    (now, now >= at.min(total))
                })
                .await;
            }
            Moment::Sending(step) => {
                sink.arm(*step, stride);
                tokio::select! {
                    () = sink.reached() => {}
                    // Everything arrived before it came to that.
                    () = progress("messages to arrive", || {
                        let now = sink.orders();
                        (now, now >= total)
                    }) => sink.disarm(),
                }
            }
            Moment::Starting => {
                desk.kill();
                desk.launch();
                tokio::time::sleep(Duration::from_millis(chance.random_range(0..800))).await;
            }
        }
        // Not always at the very moment.
        if chance.random_bool(0.5) {
            tokio::time::sleep(Duration::from_micros(chance.random_range(0..20_000))).await;
        }
        desk.kill();
        *kills.entry(format!("{moment:?}")).or_default() += 1;
        desk.start().await;
    }
    for sender in senders {
        sender.await.unwrap();
    }
    progress("every message", || {
        let orders = sink.orders();
        (orders, orders >= total)
    })
    .await;
    println!("{total} arrived after {:?}, killed at {kills:?}", began.elapsed());
    settled(&desk, total).await;
    compare(&desk, &sink, total).await;
    println!("settled after {:?}", began.elapsed());
}

/// Nothing is on its way any more.
async fn settled(desk: &Desk, total: usize) {
    let every = (total + 1_000).to_string();
    let open = ["notifications", "list", "--in", "queued,sending,in_doubt,held", "--limit", &every];
    let (mut last, mut moved) = (usize::MAX, Instant::now());
    loop {
        let waiting = desk.list(&open).await;
        let left = waiting.len();
        if left == 0 {
            return;
        }
        if left != last {
            (last, moved) = (left, Instant::now());
        }
        assert!(
            moved.elapsed() < Duration::from_secs(60),
            "{left} messages are never settled: {:#}",
            waiting[0]
        );
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// What arrived, against what the desk says of it.
async fn compare(desk: &Desk, sink: &Sink, total: usize) {
    let every = (total + 1_000).to_string();
    let events = desk.list(&["events", "list", "--limit", &every]).await;
    let kept: BTreeSet<_> = events.iter().map(|e| e["event_id"].as_str().unwrap().to_owned()).collect();
    let posted: BTreeSet<_> = (0..total).map(|number| format!("n{number}")).collect();
    assert!(kept == posted && events.len() == total, "{} events are kept", events.len());

    let alerts = desk.list(&["alerts", "list", "--limit", &every]).await;
    // Beside those of the load there may be one of the desk's own: that the way out was down for a while.
    let order_of = |alert: &Value| {
        let (_, rest) = alert["title"].as_str().unwrap().split_once("Order ")?;
        Some((alert["id"].as_str().unwrap().to_owned(), rest.split(' ').next().unwrap().to_owned()))
    };
    let orders: BTreeMap<String, String> = alerts.iter().filter_map(order_of).collect();
    let pages = desk.list(&["notifications", "list", "--limit", &every]).await;
    let of_load = |page: &&Value| orders.contains_key(page["alert"].as_str().unwrap_or_default());
    assert_eq!((orders.len(), pages.iter().filter(of_load).count()), (total, total));
    let page_of: BTreeMap<&str, &Value> = pages
        .iter()
        .filter(of_load)
        .map(|page| (orders[page["alert"].as_str().unwrap()].as_str(), page))
        .collect();
    assert_eq!(page_of.len(), total);

    let mut copies: BTreeMap<String, Vec<sinks::Arrived>> = BTreeMap::new();
    for one in sink.arrived() {
        copies.entry(one.order.clone()).or_default().push(one);
    }
    let mut second = 0;
    for (order, page) in &page_of {
        let Some(came) = copies.remove(*order) else { panic!("{order} never arrived: {page:#}") };
        let attempts = page["attempts"].as_array().unwrap();
        let possible = attempts.iter().filter(|one| one["possible_duplicate"] == true).count();
        let names: BTreeSet<_> = came.iter().filter_map(|one| one.name.as_deref()).collect();
        let unmarked = came.iter().filter(|one| !one.marked).count();
        let by_mail = page["medium"] == "email";
        assert!(came.len() <= attempts.len(), "{order} left without a row before it: {came:?} {page:#}");
        assert!(came.len() - 1 <= possible, "{order}: a copy that the books do not mark: {came:?} {page:#}");
        assert!(unmarked <= 1 || by_mail, "{order}: copies without a mark: {came:?} {page:#}");
        assert!(names.len() <= 1, "{order}: copies of different names: {names:?}");
        let known = ["accepted", "delivered"].contains(&page["state"].as_str().unwrap());
        assert!(known, "{order} arrived: {page:#}");
        second += came.len() - 1;
    }
    assert!(copies.is_empty(), "nobody decided to send {copies:?}");
    assert_eq!(sink.torn(), Vec::<String>::new(), "long texts of which a part never came");
    println!("{second} second copies, each marked");
}

/// As a community does it: the same event again until it is answered for.
async fn post_until_taken(client: &reqwest::Client, url: &str, id: &str) {
    let event = exception(id).to_string();
    let deadline = Instant::now() + Duration::from_secs(120);
    while Instant::now() < deadline {
        let headers = [("content-type", "application/cloudevents+json")];
        match post(client, url, &headers, event.clone()).await {
            Some((202, _)) => return,
            None | Some((429 | 503, _)) => tokio::time::sleep(Duration::from_millis(20)).await,
            Some(other) => panic!("{id}: {other:?}"),
        }
    }
    panic!("{id} was never answered for");
}

/// Waits for a count to get there, as long as it moves at all.
async fn progress(what: &str, mut look: impl FnMut() -> (usize, bool)) {
    let (mut last, mut moved) = (0, Instant::now());
    loop {
        let (now, there) = look();
        if there {
            return;
        }
        if now != last {
            (last, moved) = (now, Instant::now());
        }
        assert!(moved.elapsed() < Duration::from_secs(60), "waited in vain for {what}; stuck at {now}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
