//! Writing frames: one write each, and none at all when nothing changed.
//!
//! A frame is drawn into a buffer and compared with what the terminal shows. Only the difference is
//! written, wrapped as one synchronized update (mode 2026), so that no half-drawn frame is seen.

use crate::term::cells;
use crate::term::encode::encode;
use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::queue;
use crossterm::style::ResetColor;
use crossterm::terminal::{BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;

/// The terminal itself, unbuffered: standard output would cut a frame at its last line break.
pub fn terminal() -> io::Result<File> {
    Ok(File::from(io::stdout().as_fd().try_clone_to_owned()?))
}

/// Columns and rows. The kernel knows them; where it does not, as on some serial lines, nobody is
/// asked and the size is the usual one.
pub fn size() -> (u16, u16) {
    match rustix::termios::tcgetwinsize(io::stdout()) {
        Ok(size) if size.ws_col > 0 && size.ws_row > 0 => (size.ws_col, size.ws_row),
        _ => (80, 24),
    }
}

/// What the terminal shows, and the way to change it.
pub struct Frames<W: Write> {
    out: W,
    shown: Buffer,
    next: Buffer,
    cursor: Option<Position>,
    /// The terminal's content is unknown: write everything.
    anew: bool,
}

impl<W: Write> Frames<W> {
    pub fn new(out: W, width: u16, height: u16) -> Self {
        let area = Rect::new(0, 0, width, height);
        Self { out, shown: Buffer::empty(area), next: Buffer::empty(area), cursor: None, anew: true }
    }

    /// After a resize, a suspension or anything else that may have written to the terminal.
    pub fn start_anew(&mut self, width: u16, height: u16) {
        let area = Rect::new(0, 0, width, height);
        self.shown = Buffer::empty(area);
        self.next = Buffer::empty(area);
        self.cursor = None;
        self.anew = true;
    }

    /// Draws one frame; `paint` says where the cursor is to stand, if anywhere. Returns how many
    /// bytes it took.
    pub fn draw(&mut self, paint: impl FnOnce(&mut Buffer) -> Option<Position>) -> io::Result<usize> {
        self.next.reset();
        let cursor = paint(&mut self.next);
        let mut bytes = Vec::new();
        let rows = |buffer| (0..self.next.area.height).map(move |y| cells::row(buffer, y));
        let mut shown: Vec<_> = if self.anew {
            queue!(bytes, ResetColor, Clear(ClearType::All))?;
            (0..self.next.area.height).map(|_| cells::blank(self.next.area.width)).collect()
        } else {
            rows(&self.shown).collect()
        };
        let next: Vec<_> = rows(&self.next).collect();
        let mut changed = encode(&mut shown, &next);
        if !changed.is_empty() {
            if self.cursor.is_some() {
                queue!(bytes, Hide)?;
            }
            bytes.append(&mut changed);
        }
        if !bytes.is_empty() || cursor != self.cursor {
            match cursor {
                Some(at) => queue!(bytes, MoveTo(at.x, at.y), Show)?,
                None if self.cursor.is_some() || self.anew => queue!(bytes, Hide)?,
                None => {}
            }
        }
        self.cursor = cursor;
        self.anew = false;
        std::mem::swap(&mut self.shown, &mut self.next);
        if bytes.is_empty() {
            return Ok(0);
        }
        let mut frame = Vec::with_capacity(bytes.len() + 16);
        queue!(frame, BeginSynchronizedUpdate)?;
        frame.append(&mut bytes);
        queue!(frame, EndSynchronizedUpdate)?;
        self.write(&frame)?;
        Ok(frame.len())
    }

    /// Writes a sequence that draws nothing: the bell, a copy.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.out.write_all(bytes)?;
        self.out.flush()
    }

    /// What the terminal shows now.
    pub fn shown(&self) -> &Buffer {
        &self.shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::style::Style;

    #[test]
    fn an_unchanged_frame_writes_nothing() {
        let mut frames = Frames::new(Vec::new(), 20, 3);
        let paint = |text: &'static str| {
            move |buffer: &mut Buffer| {
                buffer.set_string(0, 0, text, Style::new());
                None
            }
        };
        assert!(frames.draw(paint("hello")).unwrap() > 0);
        assert_eq!(frames.draw(paint("hello")).unwrap(), 0);
        let one_word = frames.draw(paint("hellO")).unwrap();
        assert!((1..80).contains(&one_word), "{one_word}");
    }

    #[test]
    fn a_frame_is_one_synchronized_write() {
        struct Writes(Vec<Vec<u8>>);
        impl Write for Writes {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0.push(bytes.to_vec());
                Ok(bytes.len())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut frames = Frames::new(Writes(Vec::new()), 20, 3);
        frames
            .draw(|buffer| {
                buffer.set_string(0, 0, "a", Style::new());
                Some(Position::new(1, 0))
            })
            .unwrap();
        assert_eq!(frames.out.0.len(), 1);
        assert!(frames.out.0[0].starts_with(b"\x1b[?2026h") && frames.out.0[0].ends_with(b"\x1b[?2026l"));
    }
}
