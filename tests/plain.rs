//! The console without a screen, as the real binary in a pipe: what is said, what can be done, and
//! that nothing of it is for eyes only.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

#[path = "console/night.rs"]
#[allow(dead_code, reason = "shared with the tests of the console")]
mod night;

use axum::Json;
use axum::extract::Path;
use axum::http::header::CONTENT_TYPE;
use axum::routing::{get, post};
use futures_util::StreamExt;
use nightdesk::core::change::{Object, What};
use nightdesk::core::command::{Action, Command as Asked, Outcome};
use nightdesk::core::event::Severity;
use nightdesk::core::id::{AlertId, TaskId};
use nightdesk::core::task::TaskState;
use nightdesk::wire::partner::WithTimeline;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};

/// An agent that knows one night, agrees to everything and remembers what was asked.
struct Agent {
    folder: tempfile::TempDir,
    asked: Arc<Mutex<Vec<Action>>>,
    _runtime: tokio::runtime::Runtime,
}

impl Agent {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let asked: Arc<Mutex<Vec<Action>>> = Arc::default();
        let ear = asked.clone();
        let stream = || async {
            let alert = night::alert(
                8900,
                night::alerts().remove(0).partner,
                Severity::Critical,
                "Customs hold",
                "03:00:00",
                None,
            );
            let quiet = night::change(
                107,
                "02:07:40",
                What::NotificationQueued,
                Some(8900),
                "SMS queued",
                Object::Nothing,
            );
            let raised = night::change(
                108,
                "02:07:41",
                What::AlertRaised,
                Some(8900),
                "Customs \u{1b}[31mhold\u{1b}]0;x\u{7} raised",
                Object::Alert(Box::new(alert)),
            );
            let said = [quiet, raised].map(|change| {
                let data = serde_json::to_string(&change).unwrap();
                Ok::<_, std::io::Error>(format!("event: change\nid: {}\ndata: {data}\n\n", change.seq))
            });
            let body = axum::body::Body::from_stream(
                futures_util::stream::iter(said).chain(futures_util::stream::pending()),
            );
            ([(CONTENT_TYPE, "text/event-stream")], body)
        };
        let router = axum::Router::new()
            .route("/v1/snapshot", get(|| async { Json(night::snapshot()) }))
            .route("/v1/me", get(|| async { Json(night::snapshot().me) }))
            .route("/v1/stream", get(stream))
            .route("/v1/alerts/{id}", get(|| async { Json(night::detail(8812)) }))
            .route(
                "/v1/tasks/{id}",
                get(|Path(id): Path<String>| async move {
                    let mut thing = night::snapshot().tasks.remove(0);
                    // T1 was put off, T2 is the asker's, anything else nobody's.
                    match id.as_str() {
                        "T1" => {
                            (thing.state, thing.owner) = (TaskState::Snoozed, Some(night::person("jonas")))
                        }
                        "T2" => thing.owner = Some(night::person("kim")),
                        _ => {}
                    }
                    Json(WithTimeline { thing, timeline: Vec::new() })
                }),
            )
            .route("/v1/alerts/{id}/steps", get(|| async { Json(night::steps()) }))
            .route(
                "/v1/commands",
                post(move |Json(asked): Json<Asked>| {
                    let ear = ear.clone();
                    async move {
                        ear.lock().unwrap().push(asked.action);
                        Json(Outcome::Done { said: "It is done.".into() })
                    }
                }),
            );
        let socket = folder.path().join("agent.sock");
        runtime.spawn(async move {
            let listener = tokio::net::UnixListener::bind(socket).unwrap();
            axum::serve(listener, router).await
        });
        Self { folder, asked, _runtime: runtime }
    }

    /// What the program says to these lines.
    fn told(&self, more: &[&str], lines: &str) -> Output {
        let mut child = self.spawn(more);
        child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }

    fn spawn(&self, more: &[&str]) -> Child {
        Command::new(env!("CARGO_BIN_EXE_nightdesk"))
            .args(["--plain", "--config", "/dev/null", "--socket"])
            .arg(self.folder.path().join("agent.sock"))
            .args(more)
            .env("TERM", "xterm-256color")
            .env("COLORTERM", "truecolor")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    fn says(&self, lines: &str) -> String {
        let output = self.told(&[], lines);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(said.chars().all(|c| c == '\n' || !c.is_control()), "{said:?}");
        said
    }
}

#[test]
fn it_says_first_what_needs_somebody_and_where_one_is() {
    let said = Agent::start().says("triage\nquit\n");
    let mut lines = said.lines();
    assert_eq!(lines.next(), Some("Live: desk eu-prod on ops1."));
    assert!(lines.next().unwrap().contains(" somebody, "), "{said}");
    assert!(said.contains("A8812 critical, Acme Tools: Blocked order 4500123. Next page 03:09."), "{said}");
    assert!(said.contains(" at risk."), "{said}");
    assert!(said.contains("Nobody has it."), "{said}");
}

#[test]
fn everything_that_matters_is_a_line_in_one_order_and_harmless() {
    let agent = Agent::start();
    let mut child = agent.spawn(&[]);
    let mut said = Vec::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        said.push(line.unwrap());
        if said.last().unwrap().contains("A8900") {
            break;
        }
    }
    let last = said.last().unwrap();
    assert!(
        last.starts_with(
            "03:07:41 CRITICAL alert raised A8900, Acme Tools: Customs hold: Customs <U+001B>[31mhold"
        ),
        "{said:?}"
    );
    // The queued message, which is the desk at its work, was not.
    assert!(!said.iter().any(|line| line.contains("SMS queued")), "{said:?}");
    child.stdin.take().unwrap().write_all(b"quit\n").unwrap();
    child.wait().unwrap();
}

#[test]
fn what_was_not_announced_is_there_to_be_asked_for() {
    let agent = Agent::start();
    let mut child = agent.spawn(&[]);
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"announce all\n").unwrap();
    let mut asked = false;
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        if line.contains("A8900") && !asked {
            asked = true;
            stdin.write_all(b"stream\n").unwrap();
        }
        if asked && line.contains("SMS queued") {
            stdin.write_all(b"quit\n").unwrap();
        }
    }
    assert!(asked);
    child.wait().unwrap();
}

#[test]
fn a_command_is_done_and_one_that_cannot_be_taken_back_asks_in_words() {
    let agent = Agent::start();
    let said = agent
        .says("ack A8812\nescalate A8812 2\nno\nescalate A8812 2\nyes\nclose A8812 came at six\n\nquit\n");
    assert!(said.contains("It is done."), "{said}");
    assert!(said.contains("A8812: step 2 is paged now."), "{said}");
    assert!(said.contains("It wakes Maria Weber by sms"), "{said}");
    assert!(said.contains("Do it? Type yes to do it; anything else leaves it:"), "{said}");
    assert_eq!(said.matches("Nothing was done.").count(), 2, "{said}");
    let asked = agent.asked.lock().unwrap();
    assert!(
        matches!(asked.as_slice(), [Action::Ack { .. }, Action::Escalate { step: Some(2), .. }]),
        "{asked:?}"
    );
}

#[test]
fn what_was_just_done_is_undone_of_alerts_and_of_tasks() {
    let agent = Agent::start();
    let said = agent.says("undo A8812\nundo T1\nundo T2\nundo T3\nquit\n");
    assert!(said.contains("No: T3 is to do and not yours; there is nothing to take back."), "{said}");
    let asked = agent.asked.lock().unwrap();
    let jonas = Some(night::person("jonas"));
    let wanted = [
        Action::RestoreAlert { alert: AlertId(8812) },
        Action::RestoreTask { task: TaskId(1), owner: jonas },
        Action::RestoreTask { task: TaskId(2), owner: None },
    ];
    assert_eq!(asked.as_slice(), wanted);
}

#[test]
fn no_answer_is_a_no() {
    let agent = Agent::start();
    let said = agent.says("escalate A8812\n");
    assert!(said.contains("A8812: step 2 is paged now.\n"), "{said}");
    assert!(said.contains("\nNothing was done.\n"), "{said}");
    assert_eq!(agent.asked.lock().unwrap().len(), 0);
}

#[test]
fn a_desk_that_only_looks_is_told_so_and_nothing_is_asked_of_the_agent() {
    let agent = Agent::start();
    let output = agent
        .told(&["--read-only"], "ack A8812\nescalate A8812 2\nyes\nnote A8812 hello\nshow A8812\nquit\n");
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.starts_with("Read-only: every action is refused.\n"), "{said}");
    assert_eq!(
        said.matches("No: Nothing was done: this is read-only, as --read-only asked for.").count(),
        3,
        "{said}"
    );
    assert!(said.contains("Blocked order 4500123"), "{said}");
    assert_eq!(agent.asked.lock().unwrap().len(), 0);
}

#[test]
fn what_cannot_be_understood_says_what_can_be_typed() {
    let said = Agent::start().says("frobnicate A12\nnote \"open\nagent stop\nhelp ack\nhelp\nquit\n");
    assert!(said.contains("unrecognized subcommand 'frobnicate'"), "{said}");
    assert!(said.contains("No: a \" is opened and not closed"), "{said}");
    assert!(said.contains("No: that is a command for the shell, not for this prompt."), "{said}");
    assert!(
        said.contains(
            "ack A12 [TIME]: take an alert; pages stop, and news is promised by then: ack A12 30m."
        ),
        "{said}"
    );
}

#[test]
fn without_an_agent_it_says_so_and_can_be_left() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = tempfile::NamedTempFile::new().unwrap();
    let text = nightdesk::config::DEFAULT.replace("start = \"console\"", "start = \"service\"");
    config.write_all(text.as_bytes()).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_nightdesk"))
        .args(["--plain", "--socket"])
        .arg(folder.path().join("agent.sock"))
        .arg("--config")
        .arg(config.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"ack A1\nquit\n").unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.starts_with("The agent is away: no agent answers at "), "{said}");
    assert!(said.contains("No: no agent answers at "), "{said}");
    assert!(said.contains("Nothing was done and nothing is kept; pages continue."), "{said}");
    assert!(output.status.success());
}
