//! A program in a real terminal: what it wrote, what stands on its screen, and what is typed into it.

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::Pid;
use std::io::{Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Longer than anything takes that a test waits for.
pub const WAIT: Duration = Duration::from_secs(10);

/// A terminal with a program in it.
pub struct Terminal {
    pub master: Option<Box<dyn MasterPty + Send>>,
    pub writer: Option<Box<dyn Write + Send>>,
    pub child: Box<dyn Child + Send + Sync>,
    pub heard: Arc<Mutex<Vec<u8>>>,
    /// Tells the reading thread to let go of the terminal.
    pub gone: Arc<AtomicBool>,
}

impl Terminal {
    pub fn of(mut command: CommandBuilder) -> Self {
        command.env("TERM", "xterm-256color");
        command.env("LANG", "C.UTF-8");
        command.env_remove("LC_ALL");
        let size = PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let writer = pair.master.take_writer().unwrap();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let ear = heard.clone();
        let gone = Arc::new(AtomicBool::new(false));
        let lets_go = gone.clone();
        std::thread::spawn(move || {
            let mut chunk = [0; 4096];
            while let Ok(n @ 1..) = reader.read(&mut chunk) {
                ear.lock().unwrap().extend_from_slice(&chunk[..n]);
                if lets_go.load(Ordering::SeqCst) {
                    break;
                }
            }
        });
        Self { master: Some(pair.master), writer: Some(writer), child, heard, gone }
    }

    pub fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.process_id().unwrap()).unwrap()).unwrap()
    }

    pub fn keys(&mut self, keys: &str) {
        self.writer.as_mut().unwrap().write_all(keys.as_bytes()).unwrap();
    }

    pub fn bytes(&self) -> usize {
        self.heard.lock().unwrap().len()
    }

    pub fn screen(&self) -> vt100::Parser {
        let mut parser = vt100::Parser::new(24, 80, 0);
        parser.process(&self.heard.lock().unwrap());
        parser
    }

    pub fn wait_for(&self, what: &str, mut until: impl FnMut(&vt100::Screen) -> bool) {
        let end = Instant::now() + WAIT;
        while !until(self.screen().screen()) {
            assert!(Instant::now() < end, "no {what} in\n{}", self.screen().screen().contents());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    pub fn wait_for_text(&self, text: &str) {
        self.wait_for(text, |screen| screen.contents().contains(text));
    }

    /// The exit code; the program must end by itself.
    pub fn ends(&mut self) -> u32 {
        let end = Instant::now() + WAIT;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.exit_code();
            }
            assert!(Instant::now() < end, "still running:\n{}", self.screen().screen().contents());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Main screen, cursor shown, no bracketed paste, and the line discipline as it was.
    pub fn is_given_back(&self) {
        self.wait_for("terminal given back", |screen| {
            !screen.alternate_screen() && !screen.hide_cursor() && !screen.bracketed_paste()
        });
        assert!(!self.is_raw(), "still raw");
    }

    pub fn is_raw(&self) -> bool {
        let modes = self.master.as_ref().and_then(|master| master.get_termios()).unwrap();
        !format!("{:?}", modes.local_flags).contains("ICANON")
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
