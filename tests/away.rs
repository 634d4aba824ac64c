//! The agent dies, somebody acknowledges at the console, the console dies too: the alert is acknowledged once
//! all the same, when both are back.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

#[path = "support/desk.rs"]
#[allow(dead_code, reason = "shared with the tests of the agent")]
mod desk;
#[path = "support/peer.rs"]
#[allow(dead_code, reason = "shared with the tests of the agent")]
mod peer;
#[path = "support/terminal.rs"]
#[allow(dead_code, reason = "shared with the tests of the console")]
mod terminal;

use desk::{Desk, exception};
use peer::until;
use portable_pty::CommandBuilder;
use rustix::process::{Signal, kill_process};
use serde_json::Value;
use terminal::Terminal;

/// Ann is whoever runs the tests.
fn config() -> String {
    let login = uzers::get_current_username().unwrap();
    format!(
        r#"
[agent]
start = "service"

[[channel]]
name = "spool"
kind = "spool"

[[person]]
id = "ann"
name = "Ann Lee"
role = "responder"
login = "{}"
phone = "+49 151 23456701"

[[policy]]
name = "urgent"
steps = [{{ after = "0s", notify = ["person:ann"] }}]
last_resort = {{ every = "1h", notify = ["person:ann"] }}

[catch_all]
policy = "urgent"
"#,
        login.to_string_lossy()
    )
}

fn console(desk: &Desk) -> Terminal {
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_nightdesk"));
    let (config, state) = (desk.config(), desk.state());
    let socket = state.join("run/agent.sock");
    for (option, path) in [("--config", &config), ("--state", &state), ("--socket", &socket)] {
        command.arg(option);
        command.arg(path);
    }
    Terminal::of(command)
}

/// The facts on the alert's timeline of this kind.
async fn facts(desk: &Desk, what: &str) -> usize {
    let alert = desk.json(&["alerts", "show", "A1"]).await;
    let timeline = alert["timeline"].as_array().cloned().unwrap_or_default();
    timeline.iter().filter(|fact| fact["what"] == what).count()
}

fn waiting_files(desk: &Desk) -> Vec<std::path::PathBuf> {
    let folder = std::fs::read_dir(desk.state().join("console"));
    folder.into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_acknowledgment_pressed_while_everything_dies_is_done_once() {
    let mut desk = Desk::new(&config());
    desk.start().await;
    desk.raise(&exception("1")).await;
    let mut terminal = console(&desk);
    terminal.wait_for_text("a: you take it");

    desk.kill();
    terminal.wait_for_text("reconnecting");
    terminal.keys("a");
    terminal.wait_for_text("not acknowledged yet, pages continue");
    terminal.wait_for_text("ack waits");
    let kept = until("it to be on disk", async || {
        let files = waiting_files(&desk);
        let text = files.first().and_then(|file| std::fs::read_to_string(file).ok());
        text.filter(|text| text.ends_with('\n') && text.contains("\"ack\"")).map(|_| files)
    });
    assert_eq!(kept.await.len(), 1);

    // No time to say goodbye.
    kill_process(terminal.pid(), Signal::KILL).unwrap();
    terminal.ends();
    drop(terminal);
    let terminal = console(&desk);
    terminal.wait_for_text("Kept for the agent: 1 acknowledgment.");

    desk.start().await;
    terminal.wait_for_text("What waited is done: You took A1");
    let alert: Value = desk.json(&["alerts", "show", "A1"]).await;
    assert_eq!((&alert["state"], &alert["holder"]), (&"acknowledged".into(), &"ann".into()), "{alert}");
    assert_eq!(facts(&desk, "alert_acknowledged").await, 1);
    until("nothing to wait any more", async || {
        let text = waiting_files(&desk).first().and_then(|file| std::fs::read_to_string(file).ok());
        text.is_none_or(|text| text.is_empty()).then_some(())
    })
    .await;

    // A third console finds nothing to do.
    let third = console(&desk);
    third.wait_for_text("promise news");
    assert_eq!(facts(&desk, "alert_acknowledged").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_pressed_as_one_leaves_is_done_before_the_console_has_ended() {
    let mut desk = Desk::new(&config());
    desk.start().await;
    desk.raise(&exception("1")).await;
    let mut terminal = console(&desk);
    terminal.wait_for_text("a: you take it");
    terminal.keys("a:q\r");
    terminal.ends();
    let alert: Value = desk.json(&["alerts", "show", "A1"]).await;
    assert_eq!((&alert["state"], &alert["holder"]), (&"acknowledged".into(), &"ann".into()), "{alert}");
    assert_eq!(facts(&desk, "alert_acknowledged").await, 1);
    assert_eq!(
        waiting_files(&desk),
        Vec::<std::path::PathBuf>::new(),
        "and nothing of it is left to be sent"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_agent_that_hangs_has_not_answered_is_kept_when_the_line_is_cut() {
    let mut desk = Desk::new(&config());
    desk.start().await;
    desk.raise(&exception("1")).await;
    let mut terminal = console(&desk);
    terminal.wait_for_text("a: you take it");
    desk.signal(Signal::STOP);
    terminal.keys("a");
    terminal.wait_for_text("waiting for the agent");
    kill_process(terminal.pid(), Signal::HUP).unwrap();
    terminal.ends();
    let files = waiting_files(&desk);
    let text = std::fs::read_to_string(&files[0]).unwrap();
    assert!(text.contains("\"ack\"") && text.contains("\"tried\":true"), "{text}");
    desk.signal(Signal::CONT);
    let next = console(&desk);
    next.wait_for_text("What waited is done: You took A1");
    assert_eq!(facts(&desk, "alert_acknowledged").await, 1);
}
