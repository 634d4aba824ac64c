//! Taking the terminal and giving it back, however the console ends.
//!
//! There is one way back, [`restore`], and it may be taken any number of times: when the guard is
//! dropped, before a panic is printed, and when a signal ends or suspends the program. Only after
//! it may anything be printed.

use crossterm::cursor::{Hide, Show};
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::terminal::{
    EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use crossterm::{Command, queue};
use std::io::{self, Write};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether the terminal is ours at the moment.
static TAKEN: AtomicBool = AtomicBool::new(false);
static PANIC_HOOK: Once = Once::new();

/// The terminal is ours while this lives.
#[derive(Debug)]
pub struct Guard(());

impl Guard {
    /// Raw mode, alternate screen, bracketed paste, no cursor.
    pub fn take() -> io::Result<Self> {
        PANIC_HOOK.call_once(|| {
            let print = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                restore();
                print(panic);
            }));
        });
        let guard = Self(());
        take_again()?;
        Ok(guard)
    }

    /// Gives the terminal back, stops the program as Ctrl-Z does, and takes the terminal again once
    /// it is continued. The caller then draws everything anew.
    pub fn suspend(&self) -> io::Result<()> {
        restore();
        // STOP rather than TSTP: ours is handled, and the kernel drops TSTP for an orphaned group.
        // The whole group, so that a shell that waits for a wrapper script sees it stopped, too.
        rustix::process::kill_current_process_group(rustix::process::Signal::STOP)?;
        take_again()
    }

    /// After a stop that nobody announced: the shell has set its own modes meanwhile.
    pub fn retake(&self) -> io::Result<()> {
        restore();
        take_again()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        restore();
    }
}

fn take_again() -> io::Result<()> {
    // Marked before the first byte, so that a failure half way is undone, too.
    TAKEN.store(true, Ordering::SeqCst);
    // Colours are ours to decide; crossterm's own NO_COLOR handling would erase bold and reverse.
    crossterm::style::force_color_output(true);
    enable_raw_mode()?;
    write_all(&[&EnterAlternateScreen, &EnableBracketedPaste, &Hide])
}

/// Gives the terminal back. Does nothing when it is not ours.
pub fn restore() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        // Nobody is left to tell when the terminal is gone.
        let _ = write_all(&[&EndSynchronizedUpdate, &DisableBracketedPaste, &Show, &LeaveAlternateScreen]);
        let _ = disable_raw_mode();
    }
}

/// A crossterm command, whichever.
trait Sequence {
    fn queue(&self, out: &mut Vec<u8>) -> io::Result<()>;
}

impl<C: Command + Copy> Sequence for C {
    fn queue(&self, out: &mut Vec<u8>) -> io::Result<()> {
        queue!(out, *self)
    }
}

fn write_all(sequences: &[&dyn Sequence]) -> io::Result<()> {
    let mut bytes = Vec::new();
    for sequence in sequences {
        sequence.queue(&mut bytes)?;
    }
    let mut out = io::stdout().lock();
    out.write_all(&bytes)?;
    out.flush()
}
