//! How long every list, the console's first snapshot and its places take on a desk of some years:
//! 100,000 cases, 20,000 contacts and 1,000,000 events. `cargo bench --bench lists`; the target is
//! 50 ms for each. The agent is the real binary, asked over its socket.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod desk;

use desk::Desk;
use nightdesk::wire::client::Client;
use serde_json::Value;
use std::time::{Duration, Instant};

const TARGET: Duration = Duration::from_millis(50);

async fn measure(client: &Client, path: &str) -> Duration {
    let mut times = Vec::new();
    for _ in 0..9 {
        let began = Instant::now();
        let _: Value = client.get(path).await.unwrap_or_else(|why| panic!("{path}: {why}"));
        times.push(began.elapsed());
    }
    times.sort();
    let (median, worst) = (times[4], times[8]);
    let mark = if median > TARGET { "  TOO SLOW" } else { "" };
    println!("{:>7.1} ms  {:>7.1} ms  {path}{mark}", ms(median), ms(worst));
    median
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

#[tokio::main]
async fn main() {
    let desk = Desk::open("127.0.0.1:0").await;
    let client = &desk.client;
    println!("    median       worst  path");
    let mut slow = 0;
    for path in [
        "/v1/snapshot",
        "/v1/status",
        "/v1/events",
        "/v1/events?state=quiet",
        "/v1/events?partner=p-0",
        "/v1/events?partner=p-7&state=quiet,no_rule",
        "/v1/alerts",
        "/v1/alerts?state=open",
        "/v1/alerts?partner=p-0",
        "/v1/alerts/A19999",
        "/v1/notifications",
        "/v1/notifications?state=failed",
        "/v1/notifications?partner=p-0",
        "/v1/notifications?partner=p-7&state=failed",
        "/v1/messages",
        "/v1/tasks",
        "/v1/tasks?state=open",
        "/v1/tasks?state=open&kind=review",
        "/v1/tasks?owner=ann",
        "/v1/tasks?team=grid&state=open&kind=fix",
        "/v1/tasks?partner=p-0",
        "/v1/cases",
        "/v1/cases?state=under_review,resolved",
        "/v1/cases?partner=p-0",
        "/v1/cases?partner=p-0&state=under_review",
        "/v1/cases/CASE-99990",
        "/v1/documents",
        "/v1/documents?partner=p-0&state=pending",
        "/v1/threads",
        "/v1/threads?partner=p-0",
        "/v1/milestones",
        "/v1/partners",
        "/v1/partners/p-0",
        "/v1/partners/p-7",
        "/v1/open",
        "/v1/open?find=ner%204712",
        "/v1/contacts",
        "/v1/contacts?partner=p-7",
    ] {
        slow += u32::from(measure(client, path).await > TARGET);
    }
    println!("{slow} over {} ms", TARGET.as_millis());
}
