//! Drills as somebody plays them without a console: the program says what is wanted, and another terminal acts
//! by the command line. Played well a drill gives all of its points; left, it names what was missed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/peer.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod peer;

use peer::{Process, until};
use rustix::process::Signal;
use serde_json::Value;
use std::fs::File;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

/// A drill under way in a folder of its own.
struct Night {
    program: Process,
    folder: tempfile::TempDir,
}

impl Drop for Night {
    /// Whatever happened, the drill ends its agent with itself.
    fn drop(&mut self) {
        if let Ok(None) = self.program.0.try_wait() {
            self.program.signal(Signal::TERM);
            let deadline = Instant::now() + Duration::from_secs(10);
            while matches!(self.program.0.try_wait(), Ok(None)) && Instant::now() < deadline {
                std::thread::sleep(Duration::from_millis(20));
            }
        }
    }
}

/// How it ended.
struct End {
    code: Option<i32>,
    out: String,
    err: String,
}

fn binary() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nightdesk"));
    for name in ["NIGHTDESK_CONFIG", "NIGHTDESK_STATE", "NIGHTDESK_SOCKET", "NIGHTDESK_PIN"] {
        command.env_remove(name);
    }
    command
}

impl Night {
    /// Begins the drill; returns once it may be acted in.
    async fn of(name: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("nightdesk-drill-").tempdir().unwrap();
        let file = |name: &str| File::create(folder.path().join(name)).unwrap();
        let mut command = binary();
        command.args(["--demo", "--drill", name]).env("TMPDIR", folder.path()).current_dir(folder.path());
        let program = Process::start(command.stdout(file("out")).stderr(file("err")));
        let night = Self { program, folder };
        night
            .until("the drill to begin", async || night.said().contains("NIGHTDESK_STATE=").then_some(()))
            .await;
        night
    }

    fn said(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("out")).unwrap()
    }

    /// What the program says to export.
    fn exported(&self, name: &str) -> PathBuf {
        let said = self.said();
        let line = said.lines().find_map(|line| line.strip_prefix(&format!("export {name}=")));
        line.unwrap_or_else(|| panic!("no {name} in {said}")).into()
    }

    async fn ran(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let mut command = binary();
        command.args(arguments).current_dir(self.folder.path());
        for name in ["NIGHTDESK_CONFIG", "NIGHTDESK_STATE"] {
            command.env(name, self.exported(name));
        }
        let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout) + &text(output.stderr))
    }

    /// Does what must not be refused.
    async fn does(&self, arguments: &[&str]) {
        let (code, said) = self.ran(arguments).await;
        assert_eq!(code, Some(0), "{arguments:?}: {said}\n{}", self.said());
    }

    async fn list(&self, arguments: &[&str]) -> Vec<Value> {
        let (code, said) = self.ran(&[arguments, &["--json"]].concat()).await;
        assert_eq!(code, Some(0), "{arguments:?}: {said}");
        serde_json::from_str(&said).unwrap()
    }

    /// Looks until the condition holds; a drill takes its time, so longer than other tests.
    async fn until<T>(&self, what: &str, mut holds: impl AsyncFnMut() -> Option<T>) -> T {
        let deadline = Instant::now() + Duration::from_secs(120);
        loop {
            if let Some(value) = holds().await {
                return value;
            }
            assert!(Instant::now() < deadline, "waited in vain for {what}:\n{}", self.said());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// The id of the first thing in this list that has all of these words.
    async fn id(&self, list: &[&str], words: &[&str]) -> String {
        let fits = |thing: &Value| {
            let text = thing.to_string();
            words.iter().all(|word| text.contains(word))
        };
        let found = self
            .until(&format!("{list:?} with {words:?}"), async || {
                self.list(&[list, &["list"]].concat()).await.into_iter().rev().find(fits)
            })
            .await;
        found["id"].as_str().unwrap().to_owned()
    }

    /// Waits until the drill says that this is wanted now.
    async fn wants(&self, words: &str) {
        let said = |line: &str| line.starts_with("drill ") && line.contains(words);
        self.until(words, async || self.said().lines().any(said).then_some(())).await;
    }

    async fn ends(mut self) -> End {
        let status = {
            let program = &mut self.program.0;
            until("the drill to end", async || program.try_wait().unwrap()).await
        };
        let read = |name: &str| std::fs::read_to_string(self.folder.path().join(name)).unwrap();
        End { code: status.code(), out: read("out"), err: read("err") }
    }

    async fn ends_full(self) {
        let end = self.ends().await;
        assert!(end.out.contains("100 of 100 points, nothing missed."), "{}\n{}", end.out, end.err);
        assert!(end.out.contains("A good night"), "{}", end.out);
        assert_eq!(end.code, Some(0), "{}", end.err);
    }
}

#[tokio::test]
async fn a_first_page_is_taken_passed_on_and_closed() {
    let night = Night::of("first-page").await;
    let alert = night.id(&["alerts"], &["Acme Tools"]).await;
    night.does(&["ack", &alert]).await;
    night.wants("find out why Roth").await;
    night.does(&["note", &alert, "Roth's phone is off."]).await;
    night.does(&["resend", &alert, "--to", "lena", "--yes"]).await;
    night.wants("the block is lifted").await;
    night.does(&["resolve", &alert, "--reason", "The credit was granted."]).await;
    night.ends_full().await;
}

#[tokio::test]
async fn in_a_storm_what_matters_is_taken_first() {
    let night = Night::of("storm").await;
    let first = night.id(&["alerts"], &["Borg Steel"]).await;
    night.does(&["ack", &first]).await;
    let storm = night.id(&["alerts"], &["Borg Steel", "storm"]).await;
    night.does(&["ack", &storm]).await;
    night.does(&["note", &storm, "Borg's translator; Erik calls them."]).await;
    let urgent = night.id(&["alerts"], &["Acme Tools"]).await;
    night.does(&["ack", &urgent]).await;
    night.wants("Borg works again").await;
    night.does(&["resolve", &storm, "--reason", "Borg has put it right."]).await;
    night.ends_full().await;
}

#[tokio::test]
async fn while_sms_is_down_people_are_reached_another_way() {
    let night = Night::of("sms-down").await;
    let order = night.id(&["alerts"], &["Acme Tools"]).await;
    night.does(&["ack", &order]).await;
    let down = night.id(&["alerts"], &["SMS DOWN"]).await;
    night.does(&["ack", &down]).await;
    night.does(&["resend", &order, "--to", "lena", "--via", "email", "--yes"]).await;
    night.does(&["note", &order, "Tomás has only SMS: call him."]).await;
    night.wants("once a text was taken again").await;
    night.does(&["resolve", &down, "--reason", "The carrier is back."]).await;
    night.ends_full().await;
}

#[tokio::test]
async fn a_silent_feed_is_taken_for_what_it_is_and_what_waited_in_it_is_seen() {
    let night = Night::of("feed-silent").await;
    let silent = night.id(&["alerts"], &["is silent since"]).await;
    night.does(&["ack", &silent]).await;
    night.does(&["ack", &silent, "--by", "15m"]).await;
    night.does(&["note", &silent, "Called the grid's hotline, ticket 4711."]).await;
    let waited = night.id(&["alerts"], &["Delta Foods"]).await;
    night.does(&["ack", &waited]).await;
    night.wants("close the silence").await;
    night.does(&["resolve", &silent, "--reason", "The grid had a full disk."]).await;
    night.ends_full().await;
}

#[tokio::test]
async fn a_shift_is_accepted_kept_and_left_with_a_note() {
    let night = Night::of("hand-over").await;
    let alert = night.id(&["alerts"], &["Acme Tools"]).await;
    night.wants("accept what Erik hands over").await;
    night.does(&["handover", "accept"]).await;
    night.does(&["ack", &alert, "--by", "30m"]).await;
    night.does(&["handover", "note", "The carrier waits until six if Ruiz signs."]).await;
    // Lena comes a little earlier than planned, so that this test need not wait for her.
    night.does(&["override", "add", "primary", "lena", "--until", "2h"]).await;
    night.ends_full().await;
}

#[tokio::test]
async fn of_two_who_were_never_told_the_right_one_is_told() {
    let night = Night::of("never-told").await;
    let claim = night.id(&["tasks"], &["You never told us"]).await;
    night.does(&["tasks", "take", &claim]).await;
    let proof = night.id(&["notifications"], &["k.lie", "packing list", "delivered"]).await;
    night.does(&["note", &claim, &format!("{proof} was delivered to her handset.")]).await;
    night.does(&["resend", &proof, "--via", "email", "--yes"]).await;
    night.wants("was Claire Martin of Delta told").await;
    let refused = night.id(&["notifications"], &["delta-martin", "certificate", "failed"]).await;
    night.does(&["contacts", "set", "delta-martin", "emails=claire.dubois@example.net"]).await;
    night.does(&["resend", &refused, "--yes"]).await;
    night.ends_full().await;
}

#[tokio::test]
async fn whoever_does_nothing_hears_what_was_missed_and_how_it_is_done() {
    for (drill, missed) in [
        ("first-page", "take the blocked order of Acme Tools"),
        ("storm", "take the storm of Borg Steel"),
        ("sms-down", "tell somebody by mail what Tomás cannot be told"),
        ("feed-silent", "take the alert about the silent source"),
        ("hand-over", "accept what Erik hands over"),
        ("never-told", "find the proof"),
    ] {
        let night = Night::of(drill).await;
        night.program.signal(Signal::TERM);
        let end = night.ends().await;
        assert_eq!(end.code, Some(1), "{drill}: {}", end.err);
        let line = end.out.lines().find(|line| line.starts_with("missed") && line.contains(missed));
        assert!(line.is_some_and(|line| line.contains(" 0/")), "{drill}: {}", end.out);
        assert!(end.out.contains("How: ") && end.out.contains("0 of 100 points"), "{drill}: {}", end.out);
        assert!(end.err.contains("0 of 100 points"), "{drill}: {}", end.err);
    }
}

#[tokio::test]
async fn an_unknown_drill_is_refused_with_those_there_are() {
    let output = binary().args(["--demo", "--drill", "earthquake"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("first-page, storm, sms-down"));
    let output = binary().args(["drill", "list", "--json"]).output().unwrap();
    let drills: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((drills.as_array().unwrap().len(), &drills[0]["name"]), (6, &Value::from("first-page")));
}
