//! Reading keys, on a thread of its own that blocks in `poll` and never spins.

use crossterm::event::{self, Event, KeyEvent, KeyEventKind};
use rustix::event::{PollFd, PollFlags, poll};
use std::io;
use std::time::Duration;

/// What the operator did to the terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    Key(KeyEvent),
    /// Pasted as a whole; may hold anything.
    Paste(String),
    Resized,
    /// The terminal is gone.
    HungUp,
}

/// How long one looks for a further key after another. Not zero: the reader would then not look at all.
const MOMENT: Duration = Duration::from_millis(1);

/// Reads until the terminal hangs up or `take` says that nobody listens any more.
///
/// A pty whose other end is closed is readable for ever and never yields a key, so a reader that
/// only reads would spin a core. Its hang-up is seen here before anything is read.
pub fn read(take: impl Fn(Input) -> bool + Send + 'static) -> io::Result<()> {
    std::thread::Builder::new().name("keys".to_owned()).spawn(move || {
        // An error means that the terminal cannot be read, which is the same as its being gone.
        if read_on(&take).is_err() {
            take(Input::HungUp);
        }
    })?;
    Ok(())
}

fn read_on(take: &impl Fn(Input) -> bool) -> io::Result<()> {
    let stdin = io::stdin();
    loop {
        let mut terminal = [PollFd::new(&stdin, PollFlags::IN)];
        match poll(&mut terminal, None) {
            Err(rustix::io::Errno::INTR) => continue,
            other => other?,
        };
        if terminal[0].revents().intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL) {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        while event::poll(MOMENT)? {
            let input = match event::read()? {
                Event::Key(key) if key.kind == KeyEventKind::Release => continue,
                Event::Key(key) => Input::Key(key),
                Event::Paste(text) => Input::Paste(text),
                Event::Resize(..) => Input::Resized,
                Event::FocusGained | Event::FocusLost | Event::Mouse(_) => continue,
            };
            if !take(input) {
                return Ok(());
            }
        }
    }
}
