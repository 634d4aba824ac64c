//! The real binary in a real terminal, against an agent that is only a socket: how it starts, stops,
//! is stopped and dies, and in what state it leaves the terminal.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

#[path = "console/night.rs"]
#[allow(dead_code, reason = "shared with the other tests of the console")]
mod night;
#[path = "support/terminal.rs"]
mod terminal;

use axum::Json;
use axum::http::header::CONTENT_TYPE;
use axum::routing::{get, post};
use nightdesk::core::command::{Command, Outcome};
use portable_pty::CommandBuilder;
use rustix::process::{Pid, Signal, kill_process};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use terminal::{Terminal, WAIT};

/// An agent that knows one night and agrees to everything. Gone when dropped.
struct Agent {
    folder: tempfile::TempDir,
    _runtime: tokio::runtime::Runtime,
}

impl Agent {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let agent = Self { folder, _runtime: runtime };
        let socket = agent.socket();
        let silence = || async {
            let body = axum::body::Body::from_stream(futures_util::stream::pending::<
                Result<String, std::io::Error>,
            >());
            ([(CONTENT_TYPE, "text/event-stream")], body)
        };
        let router = axum::Router::new()
            .route("/v1/snapshot", get(|| async { Json(night::snapshot()) }))
            .route("/v1/stream", get(silence))
            .route("/v1/alerts/{id}", get(|| async { Json(night::detail(8812)) }))
            .route(
                "/v1/commands",
                post(|Json(_): Json<Command>| async {
                    Json(Outcome::Done { said: "You took A8812.".into() })
                }),
            );
        agent._runtime.spawn(async move {
            let listener = tokio::net::UnixListener::bind(socket).unwrap();
            axum::serve(listener, router).await
        });
        agent
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("agent.sock")
    }
}

/// The console in a terminal, and no agent but the one that is there.
fn of_console(socket: &Path) -> Terminal {
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_nightdesk"));
    command.args(["--socket", socket.to_str().unwrap()]);
    command.env_remove("NO_COLOR");
    in_terminal(command)
}

fn in_terminal(mut command: CommandBuilder) -> Terminal {
    command.env("NIGHTDESK_CONFIG", service_config());
    command.env("NIGHTDESK_STATE", service_config().with_extension("state"));
    Terminal::of(command)
}

fn state_of(pid: Pid) -> char {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).unwrap_or_default();
    stat.rsplit(')').next().and_then(|rest| rest.trim().chars().next()).unwrap_or('?')
}

/// The default configuration of a service, whose console starts no agent of its own.
fn service_config() -> &'static std::path::Path {
    static FILE: std::sync::OnceLock<tempfile::NamedTempFile> = std::sync::OnceLock::new();
    let file = FILE.get_or_init(|| {
        let text = nightdesk::config::DEFAULT.replace("start = \"console\"", "start = \"service\"");
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        file
    });
    file.path()
}

#[test]
fn it_starts_fast_idles_silently_acts_and_leaves_a_clean_terminal() {
    let agent = Agent::start();
    let started = Instant::now();
    let mut terminal = of_console(&agent.socket());
    terminal.wait_for_text("a: you take it");
    println!("first frame after {:?}", started.elapsed());
    assert!(terminal.is_raw());
    terminal.keys("jjj");
    terminal.wait_for_text("Fjord AS · Late");
    std::thread::sleep(Duration::from_millis(400));
    let before = terminal.bytes();
    std::thread::sleep(Duration::from_secs(2));
    // The clock in the header may turn once within the two seconds.
    assert!(terminal.bytes() - before < 400, "{} bytes while idle", terminal.bytes() - before);
    let memory =
        std::fs::read_to_string(format!("/proc/{}/status", terminal.pid().as_raw_nonzero())).unwrap();
    println!("{}", memory.lines().find(|line| line.starts_with("VmRSS")).unwrap());
    terminal.keys("ka");
    terminal.wait_for_text("promised within");
    terminal.keys("\u{1b}");
    terminal.wait_for("dialog closed", |screen| !screen.contents().contains("promised within"));
    terminal.keys(":q\r");
    assert_eq!(terminal.ends(), 0);
    terminal.is_given_back();
}

#[test]
fn without_an_agent_it_says_which_it_looked_for_and_goes_on_trying() {
    let folder = tempfile::tempdir().unwrap();
    let mut terminal = of_console(&folder.path().join("agent.sock"));
    terminal.wait_for_text("No agent answers at");
    terminal.wait_for_text("nightdesk agent start");
    terminal.keys("\u{3}\u{3}");
    assert_eq!(terminal.ends(), 0);
    terminal.is_given_back();
}

#[test]
fn it_finds_an_agent_that_comes_later() {
    let agent = Agent::start();
    let moved = agent.folder.path().join("elsewhere.sock");
    let mut terminal = of_console(&moved);
    terminal.wait_for_text("No agent answers at");
    while std::os::unix::fs::symlink(agent.socket(), &moved).is_err() {}
    terminal.wait_for_text("Blocked order 4500123");
    terminal.keys("\u{3}\u{3}");
    assert_eq!(terminal.ends(), 0);
}

#[test]
fn a_signal_to_end_gives_the_terminal_back() {
    let agent = Agent::start();
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let mut terminal = of_console(&agent.socket());
        terminal.wait_for_text("a: you take it");
        kill_process(terminal.pid(), signal).unwrap();
        terminal.ends();
        terminal.is_given_back();
    }
}

#[test]
fn a_terminal_that_is_gone_ends_it_and_no_core_spins() {
    let agent = Agent::start();
    let mut terminal = of_console(&agent.socket());
    terminal.wait_for_text("a: you take it");
    // The reader lets go at the next tick of the countdown.
    terminal.gone.store(true, Ordering::SeqCst);
    terminal.writer = None;
    terminal.master = None;
    terminal.ends();
}

#[test]
fn ctrl_z_gives_the_terminal_to_the_shell_and_continuing_draws_anew() {
    let agent = Agent::start();
    let mut terminal = of_console(&agent.socket());
    terminal.wait_for_text("a: you take it");
    for way in ["a key", "a signal"] {
        match way {
            "a key" => terminal.keys("\u{1a}"),
            _ => kill_process(terminal.pid(), Signal::TSTP).unwrap(),
        }
        let end = Instant::now() + WAIT;
        while state_of(terminal.pid()) != 'T' {
            assert!(Instant::now() < end, "not stopped by {way}");
            std::thread::sleep(Duration::from_millis(10));
        }
        terminal.is_given_back();
        terminal.heard.lock().unwrap().clear();
        kill_process(terminal.pid(), Signal::CONT).unwrap();
        terminal.wait_for_text("a: you take it");
        terminal.wait_for("alternate screen", vt100::Screen::alternate_screen);
    }
    terminal.keys(":q\r");
    assert_eq!(terminal.ends(), 0);
    terminal.is_given_back();
}

#[test]
fn no_key_is_lost_when_the_window_changes_at_the_same_moment() {
    let agent = Agent::start();
    let mut terminal = of_console(&agent.socket());
    terminal.wait_for_text("a: you take it");
    let helps = |screen: &vt100::Screen| screen.contents().contains("take the alert; on your own");
    for _ in 0..40 {
        kill_process(terminal.pid(), Signal::WINCH).unwrap();
        terminal.keys("?");
        terminal.wait_for("help", helps);
        terminal.keys("q");
        kill_process(terminal.pid(), Signal::WINCH).unwrap();
        terminal.wait_for("the list again", |screen| !helps(screen));
    }
    terminal.keys(":q\r");
    assert_eq!(terminal.ends(), 0);
}

#[test]
fn a_panic_is_printed_on_the_screen_that_was_there_before() {
    let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
    command.args(["--exact", "panics_with_the_terminal_taken", "--ignored", "--nocapture"]);
    command.env("RUST_BACKTRACE", "0");
    let mut terminal = in_terminal(command);
    terminal.ends();
    terminal.is_given_back();
    terminal.wait_for_text("the sky has fallen");
}

/// Not a test of its own: what the one above runs in a terminal.
#[test]
#[ignore = "run in a terminal by a_panic_is_printed_on_the_screen_that_was_there_before"]
fn panics_with_the_terminal_taken() {
    let _guard = nightdesk::term::guard::Guard::take().unwrap();
    panic!("the sky has fallen");
}

#[test]
fn no_color_keeps_bold_and_writes_no_colour() {
    let agent = Agent::start();
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_nightdesk"));
    command.args(["--ascii", "--socket", agent.socket().to_str().unwrap()]);
    command.env("NO_COLOR", "1");
    let mut terminal = in_terminal(command);
    terminal.wait_for("selected row in bold", |screen| {
        let row = (0..24).find(|row| screen.cell(*row, 0).is_some_and(|cell| cell.contents() == ">"));
        row.and_then(|row| screen.cell(row, 32)).is_some_and(vt100::Cell::bold)
    });
    let parser = terminal.screen();
    for (row, column) in (0..24).flat_map(|row| (0..80).map(move |column| (row, column))) {
        let cell = parser.screen().cell(row, column).unwrap();
        assert_eq!(cell.fgcolor(), vt100::Color::Default);
        assert!(cell.contents().is_ascii());
    }
    terminal.keys(":q\r");
    assert_eq!(terminal.ends(), 0);
}

#[test]
fn a_theme_that_there_is_not_is_a_wrong_command_line() {
    let agent = Agent::start();
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_nightdesk"));
    command.args(["--theme", "nonsense", "--socket", agent.socket().to_str().unwrap()]);
    let mut terminal = Terminal::of(command);
    assert_eq!(terminal.ends(), 2);
    terminal.wait_for_text("there is no theme \"nonsense\"; there are auto, dark,");
}

#[test]
fn a_mistake_in_the_keys_is_said_and_keeps_nobody_out_and_a_theme_of_ones_own_counts() {
    let agent = Agent::start();
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("c.toml");
    let text = nightdesk::config::DEFAULT.replace("start = \"console\"", "start = \"service\"");
    std::fs::write(&config, format!("{text}\n[console]\ntheme = \"mine\"\n[keys]\ntriage.ack = \"e\"\n"))
        .unwrap();
    std::fs::create_dir(folder.path().join("themes")).unwrap();
    let mine = include_str!("../assets/themes/dark.toml").replace("#5fd7d7", "#12fe34");
    std::fs::write(folder.path().join("themes/mine.toml"), mine).unwrap();
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_nightdesk"));
    command.args(["--socket", agent.socket().to_str().unwrap(), "--config", config.to_str().unwrap()]);
    command.env("COLORTERM", "truecolor");
    command.env_remove("NO_COLOR");
    command.env_remove("NIGHTDESK_THEME");
    let mut terminal = Terminal::of(command);
    terminal.wait_for_text(": e is the key of triage.escalate");
    terminal.wait_for_text("a: you take it");
    terminal.wait_for("the accent of the theme", |screen| {
        (0..24).any(|row| {
            screen.cell(row, 1).is_some_and(|cell| cell.fgcolor() == vt100::Color::Rgb(0x12, 0xfe, 0x34))
        })
    });
    terminal.keys(":q\r");
    assert_eq!(terminal.ends(), 0);
    let check = || {
        let check = std::process::Command::new(env!("CARGO_BIN_EXE_nightdesk"))
            .args(["check", "--config", config.to_str().unwrap()])
            .output()
            .unwrap();
        assert_eq!(check.status.code(), Some(2));
        String::from_utf8_lossy(&check.stderr).into_owned()
    };
    let said = check();
    assert!(said.contains(":14: e is the key of triage.escalate") && !said.contains("theme"), "{said}");
    std::fs::write(folder.path().join("themes/other.toml"), "accent = \"bluish\"\n").unwrap();
    std::fs::write(&config, format!("{text}\n[console]\ntheme = \"none\"\n")).unwrap();
    let said = check();
    assert!(said.contains("other.toml:1:"), "{said}");
    assert!(said.contains(":9: there is no theme \"none\"; there are auto, dark,"), "{said}");
}

#[test]
fn what_moved_on_the_screen_is_what_would_be_drawn_anew() {
    let agent = Agent::start();
    let mut terminal = of_console(&agent.socket());
    terminal.wait_for_text("a: you take it");
    // The last of these rests on a row that counts no seconds.
    for keys in ["jjj", "\t", "2kkk", "4jj", "3", "1", "\tk", "?", "\u{1b}", "j"] {
        let before = terminal.bytes();
        terminal.keys(keys);
        terminal.wait_for("an answer to the key", |_| terminal.bytes() > before);
    }
    terminal.wait_for_text("Fjord AS · Late");
    let end = Instant::now() + WAIT;
    loop {
        let shown = terminal.screen().screen().contents();
        let before = terminal.bytes();
        terminal.keys("\u{c}");
        terminal.wait_for("a whole screen", |_| terminal.bytes() > before + 1500);
        std::thread::sleep(Duration::from_millis(100));
        let anew = terminal.screen().screen().contents();
        // A minute may turn between the two.
        if shown == anew {
            break;
        }
        assert!(Instant::now() < end, "{shown}\n\nis not\n\n{anew}");
    }
    terminal.keys(":q\r");
    assert_eq!(terminal.ends(), 0);
}
