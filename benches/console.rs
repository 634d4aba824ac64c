//! What the console costs on a line and how soon it answers: the real binary in a pty of 120x40,
//! against the real agent with 1,000,000 events in its store. `cargo bench --bench console`; the
//! targets stand beside the figures. On a machine that does something else meanwhile, times mean little.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod desk;

use desk::Desk;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

const ROWS: u16 = 40;
const COLUMNS: u16 = 120;
const DOWN: &[u8] = b"\x1b[B";

/// A console in a terminal; what it writes, each write with its time.
struct Terminal {
    master: Box<dyn MasterPty + Send>,
    writer: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    written: Receiver<(Instant, Vec<u8>)>,
    screen: vt100::Parser,
    began: Instant,
}

impl Terminal {
    fn open(folder: &Path) -> Self {
        let size = PtySize { rows: ROWS, cols: COLUMNS, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_nightdesk"));
        command.arg("--socket");
        command.arg(folder.join("agent.sock"));
        command.arg("--config");
        command.arg(folder.join("config.toml"));
        command.env("TERM", "xterm-256color");
        command.env("COLORTERM", "truecolor");
        command.env("LANG", "C.UTF-8");
        command.env_remove("LC_ALL");
        command.env_remove("NO_COLOR");
        let mut reader = pair.master.try_clone_reader().unwrap();
        let writer = pair.master.take_writer().unwrap();
        let (tell, written) = channel();
        std::thread::spawn(move || {
            let mut chunk = [0; 65536];
            while let Ok(n @ 1..) = reader.read(&mut chunk) {
                if tell.send((Instant::now(), chunk[..n].to_vec())).is_err() {
                    break;
                }
            }
        });
        let began = Instant::now();
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        Self {
            master: pair.master,
            writer,
            child,
            written,
            screen: vt100::Parser::new(ROWS, COLUMNS, 0),
            began,
        }
    }

    /// What is written until then.
    fn until(&mut self, end: Instant) -> Vec<(Instant, Vec<u8>)> {
        let mut all = Vec::new();
        while let Some(left) = end.checked_duration_since(Instant::now()) {
            let Ok((at, bytes)) = self.written.recv_timeout(left) else { break };
            self.screen.process(&bytes);
            all.push((at, bytes));
        }
        all
    }

    fn rest(&mut self, millis: u64) -> usize {
        let written = self.until(Instant::now() + Duration::from_millis(millis));
        written.iter().map(|(_, bytes)| bytes.len()).sum()
    }

    fn press(&mut self, key: &[u8]) {
        self.writer.write_all(key).unwrap();
    }

    /// The rows on which anything stands.
    fn filled(screen: &vt100::Screen) -> Vec<usize> {
        let rows: Vec<String> = screen.rows(0, COLUMNS).collect();
        (0..rows.len()).filter(|y| !rows[*y].trim().is_empty()).collect()
    }

    /// The row the hand is on.
    fn selected(&self) -> String {
        self.screen.screen().rows(0, COLUMNS).find(|row| row.starts_with('▌')).unwrap_or_default()
    }

    /// How long until the hand is seen on another row, and how many bytes came till then.
    fn moves(&mut self, key: &[u8]) -> Option<Duration> {
        let before = self.selected();
        let pressed = Instant::now();
        self.press(key);
        while let Ok((at, bytes)) = self.written.recv_timeout(Duration::from_millis(500)) {
            self.screen.process(&bytes);
            if self.selected() != before {
                return Some(at - pressed);
            }
        }
        None
    }

    /// Resident memory in KiB.
    fn memory(&self) -> u64 {
        let path = format!("/proc/{}/smaps_rollup", self.child.process_id().unwrap());
        let text = std::fs::read_to_string(path).unwrap();
        let line = text.lines().find(|line| line.starts_with("Rss:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = self.master.get_size();
    }
}

/// Posts events that page nobody, evenly, until told to stop.
fn pour(listen: &str, rate: u32, stop: Arc<AtomicBool>) -> std::thread::JoinHandle<u64> {
    let listen = listen.to_owned();
    std::thread::spawn(move || {
        let mut line = TcpStream::connect(&listen).unwrap();
        line.set_nodelay(true).unwrap();
        // No event is one that came before, in this run or an earlier one.
        let run = std::time::UNIX_EPOCH.elapsed().unwrap().as_micros();
        let mut posted = 0u64;
        let began = Instant::now();
        let mut answer = [0; 4096];
        while !stop.load(Ordering::Relaxed) {
            // In twentieths of a second, so that 2,000 a second are batches and 50 are not.
            let due = u64::from(rate) * began.elapsed().as_millis() as u64 / 1000;
            if due <= posted {
                std::thread::sleep(Duration::from_millis(2));
                continue;
            }
            let batch: Vec<serde_json::Value> = (posted..due.min(posted + 100))
                .map(|n| {
                    let order = format!("45{:05}", n * 7919 % 100_000);
                    serde_json::json!({ "specversion": "1.0", "id": format!("{run}-{rate}-{n}"), "source": "/bench",
                        "type": "community.exception.raised", "data": { "severity": "low",
                        "partner": { "id": format!("p-{}", n % 50), "name": format!("Partner {} Tools", n % 50) },
                        "exception": { "id": format!("X-{run}-{rate}-{n}"), "kind": "late_shipment",
                            "title": format!("Late shipment of order {order}"), "order": order } } })
                })
                .collect();
            posted += batch.len() as u64;
            let body = serde_json::to_vec(&batch).unwrap();
            let head = format!(
                "POST /v1/events/grid HTTP/1.1\r\nhost: bench\r\ncontent-type: application/cloudevents-batch+json\r\ncontent-length: {}\r\n\r\n",
                body.len()
            );
            line.write_all(&[head.as_bytes(), &body].concat()).unwrap();
            let n = line.read(&mut answer).unwrap();
            assert!(answer[..n].starts_with(b"HTTP/1.1 202"), "{}", String::from_utf8_lossy(&answer[..n]));
        }
        posted
    })
}

fn at<T: Copy + PartialOrd>(values: &mut [T], part: f64) -> T {
    values.sort_by(|a, b| a.partial_cmp(b).unwrap());
    values[((values.len() as f64 * part) as usize).min(values.len() - 1)]
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn row(what: &str, figure: String, target: &str) {
    println!("{what:<58} {figure:>22}   {target}");
}

#[tokio::main]
async fn main() {
    let listen = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let desk = Desk::open(&listen).await;
    let folder = desk.folder.clone();
    let figures = tokio::task::spawn_blocking(move || measure(&folder, &listen));
    figures.await.unwrap();
}

fn measure(folder: &Path, listen: &str) {
    // The first full frame: from the start of the process until nine of ten rows stand that stand in the end.
    let mut first = Vec::new();
    let mut bytes = 0;
    for _ in 0..11 {
        let mut terminal = Terminal::open(folder);
        let written = terminal.until(terminal.began + Duration::from_millis(700));
        let settled = Terminal::filled(terminal.screen.screen());
        let mut screen = vt100::Parser::new(ROWS, COLUMNS, 0);
        bytes = 0;
        let full = written.iter().find(|(_, chunk)| {
            screen.process(chunk);
            bytes += chunk.len();
            let now = Terminal::filled(screen.screen());
            let there = settled.iter().filter(|y| now.contains(y)).count();
            there * 10 >= settled.len() * 9
        });
        first.push(full.expect("a first frame").0 - terminal.began);
    }
    row(
        "first full frame (median, worst of 11)",
        format!("{:.1}, {:.1} ms", ms(at(&mut first, 0.5)), ms(at(&mut first, 1.0))),
        "30 ms",
    );
    row("its bytes", format!("{bytes} B"), "");

    let mut terminal = Terminal::open(folder);
    terminal.rest(1500);
    terminal.press(b"j");
    terminal.rest(1000);
    // The header's clock turns once a minute.
    let quiet = (0..3).map(|_| terminal.rest(3000)).min().unwrap();
    row("nothing changes, for 3 s", format!("{quiet} B"), "0 B");
    row("memory", format!("{:.1} MiB", terminal.memory() as f64 / 1024.0), "20 MiB");
    for _ in 0..45 {
        terminal.press(DOWN);
        terminal.rest(15);
    }
    terminal.rest(500);
    let mut taken: Vec<usize> = (0..40)
        .map(|_| {
            terminal.press(DOWN);
            terminal.rest(120)
        })
        .collect();
    row(
        "a scroll key (median, worst of 40)",
        format!("{}, {} B", at(&mut taken, 0.5), at(&mut taken, 1.0)),
        "500 B",
    );
    let mut details: Vec<usize> = (0..9)
        .map(|_| {
            terminal.press(b"k");
            terminal.rest(120);
            terminal.rest(700)
        })
        .collect();
    row(
        "the detail, once the hand rests (median, worst of 9)",
        format!("{}, {} B", at(&mut details, 0.5), at(&mut details, 1.0)),
        "2048 B",
    );

    for rate in [0, 50] {
        let stop = Arc::new(AtomicBool::new(rate == 0));
        let pouring = pour(listen, rate, stop.clone());
        terminal.rest(1000);
        let mut times = Vec::new();
        let mut unanswered = 0;
        for n in 0..500 {
            // Thirty up, thirty down: the list is longer than that on either side.
            match terminal.moves(if n / 30 % 2 == 0 { b"k" } else { b"j" }) {
                Some(time) => times.push(time),
                None => unanswered += 1,
            }
            terminal.rest(17 + n % 13);
        }
        stop.store(true, Ordering::Relaxed);
        let posted = pouring.join().unwrap();
        let figure = format!(
            "{:.2}, {:.2}, {:.2} ms",
            ms(at(&mut times, 0.5)),
            ms(at(&mut times, 0.99)),
            ms(at(&mut times, 1.0))
        );
        let what = format!("key to frame (median, p99, worst of 500), {rate} events/s");
        row(&what, figure, if rate == 0 { "" } else { "p99 5 ms" });
        if unanswered > 0 {
            row("  keys without an answer", unanswered.to_string(), "0");
        }
        if posted > 0 {
            row("  events meanwhile", posted.to_string(), "");
        }
    }

    terminal.press(b"2");
    terminal.rest(500);
    for rate in [5, 50, 200, 2000] {
        let stop = Arc::new(AtomicBool::new(false));
        let pouring = pour(listen, rate, stop.clone());
        terminal.rest(2000);
        let bytes = terminal.rest(10_000);
        stop.store(true, Ordering::Relaxed);
        let posted = pouring.join().unwrap();
        row(
            &format!("the Stream at {rate} events/s ({posted} in 12 s)"),
            format!("{} B/s", bytes / 10),
            "4096 B/s",
        );
        terminal.rest(2500);
    }
    row("memory after all that", format!("{:.1} MiB", terminal.memory() as f64 / 1024.0), "20 MiB");
}
