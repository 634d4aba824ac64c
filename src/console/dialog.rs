//! Dialogs: what is asked before something is done, and what the keys mean while it is asked.
//!
//! A dialog that cannot be undone stands on Cancel and swallows what was typed before it appeared.

mod chooser;
mod close;
mod escalate;
mod goto;
mod hand;
mod help;
mod log_in;
mod note;
mod palette;
mod stale;

pub use chooser::{Choice, Chooser};
pub use close::{Close, Closing};
pub use escalate::Escalate;
pub use goto::GoTo;
pub use hand::HandOver;
pub use help::Help;
pub use log_in::LogIn;
pub use note::{Note, paste_lines, text_area};
pub(in crate::console) use palette::REMEMBERED;
pub use palette::{Kind, Palette, Recent, shows};
pub use stale::{Stale, Verdict};

use crate::console::appear::is_fresh;
use crate::console::bulk::{Bulk, Deed, Results};
use crate::console::cover::Cover;
use crate::console::drill::Reading;
use crate::console::goal::Goal;
use crate::console::keymap::Action;
use crate::console::look::TryOn;
use crate::console::model::About;
use crate::console::pick::Pick;
use crate::console::question::Question;
use crate::console::resend::Resend;
use crate::console::sort::{By, Sort};
use crate::console::templates::Reader;
use crate::console::views::{Keep, Views};
use crate::console::why::Why;
use crate::core::alert::Alert;
use crate::core::command::{Action as Ask, Expect};
use crate::core::resend::Asked;
use crate::core::saved_view::SavedView;
use crate::core::together::One;
use crossterm::event::{KeyCode, KeyEvent};
use jiff::{SignedDuration, Timestamp};

/// Keys pressed this soon after a dialog appeared were meant for what was there before.
pub const TYPE_AHEAD: SignedDuration = SignedDuration::from_millis(400);

#[derive(Debug)]
pub enum Dialog {
    LogIn(LogIn),
    Chooser(Chooser),
    Escalate(Escalate),
    Resend(Resend),
    Note(Note),
    Close(Close),
    Question(Question),
    Cover(Box<Cover>),
    Pick(Pick),
    GoTo(GoTo),
    Bulk(Bulk),
    Results(Results),
    Stale(Stale),
    HandOver(HandOver),
    Theme(TryOn),
    Help(Help),
    Why(Why),
    Sort(Sort),
    Palette(Box<Palette>),
    Views(Views),
    Keep(Keep),
    /// The briefing of a drill, or how it went.
    Drill(Reading),
}

/// What a key made of the dialog.
#[derive(Debug)]
pub enum Pressed {
    Stay,
    Close,
    /// Asks the agent; the dialog closes where that can be sent.
    Order(Order),
    /// Takes back what was done to each, as one thing.
    Undo(Vec<One>),
    /// Asks the agent what sending this again would come to.
    Plan(Asked),
    LogIn {
        person: String,
        pin: String,
    },
    Reader(Option<Reader>),
    Go(Goal),
    /// Several rows are acted on: shows what would become of each.
    Several(Deed),
    /// What was decided about what waited for long.
    Decided,
    /// It is decided later.
    PutOff,
    /// Does what the look at several rows showed.
    Together,
    /// A command of the palette, by its name.
    Run(&'static str, Action),
    /// The same, on something that was named.
    RunOn(&'static str, Action, Goal),
    /// What is typed into the palette is asked for once the hand rests.
    Find(u64),
    /// Keep the theme of this name.
    Theme(String),
    /// Opens a saved view.
    View(SavedView),
    /// Opens the saved view of that name.
    Named(String),
    Sort(By),
    Say(String),
}

/// A command in the making.
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    pub about: About,
    pub word: &'static str,
    pub ask: Ask,
    pub expect: Expect,
}

/// Which button the Enter key presses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Button {
    Cancel,
    Do,
}

fn holder_of(alert: &Alert) -> Expect {
    Expect { holder: Some(alert.held_by().cloned()), ..Expect::default() }
}

/// How much there is to read, and how much of it is seen at once, in lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pages {
    pub lines: u16,
    pub room: u16,
}

impl Pages {
    /// The first line of the last page.
    pub fn last(self) -> u16 {
        self.lines.saturating_sub(self.room)
    }

    /// A line stays in sight from page to page, so that the eye finds where it was.
    fn turn(self) -> u16 {
        self.room.saturating_sub(1).max(1)
    }
}

fn press_scroll(scroll: &mut u16, pages: Pages, key: KeyEvent) -> Pressed {
    let (last, turn) = (pages.last(), pages.turn());
    let at = (*scroll).min(last);
    match key.code {
        KeyCode::Char('j') | KeyCode::Down => *scroll = (at + 1).min(last),
        KeyCode::Char('k') | KeyCode::Up => *scroll = at.saturating_sub(1),
        KeyCode::PageDown | KeyCode::Char('d' | ' ') => *scroll = at.saturating_add(turn).min(last),
        KeyCode::PageUp | KeyCode::Char('u') => *scroll = at.saturating_sub(turn),
        KeyCode::Home | KeyCode::Char('g') => *scroll = 0,
        KeyCode::End | KeyCode::Char('G') => *scroll = last,
        KeyCode::Esc | KeyCode::Enter | KeyCode::Char('q' | '?' | 'w') => return Pressed::Close,
        _ => {}
    }
    Pressed::Stay
}

impl Dialog {
    /// `pages`: of one that is read.
    pub fn press(&mut self, key: KeyEvent, pages: Pages, now: Timestamp) -> Pressed {
        let appeared = match self {
            Dialog::Escalate(escalate) => escalate.appeared,
            Dialog::Resend(resend) => resend.appeared,
            Dialog::Question(question) => question.appeared,
            Dialog::Cover(cover) => cover.appeared,
            Dialog::Bulk(dialog) => dialog.appeared,
            _ => Timestamp::MIN,
        };
        // What was typed before it was seen does nothing; moving about in it and leaving it are never taken away.
        if is_fresh(appeared, now) && matches!(key.code, KeyCode::Enter | KeyCode::Char(_)) {
            return Pressed::Stay;
        }
        match self {
            Dialog::LogIn(dialog) => dialog.press(key),
            Dialog::Chooser(dialog) => dialog.press(key, now),
            Dialog::Escalate(dialog) => dialog.press(key),
            Dialog::Resend(dialog) => dialog.press(key),
            Dialog::Note(dialog) => dialog.press(key),
            Dialog::Close(dialog) => dialog.press(key),
            Dialog::Question(dialog) => dialog.press(key),
            Dialog::Cover(dialog) => dialog.press(key, now),
            Dialog::Pick(dialog) => dialog.press(key),
            Dialog::GoTo(dialog) => dialog.press(key),
            Dialog::Bulk(dialog) => dialog.press(key),
            Dialog::Results(dialog) => dialog.press(key, now),
            Dialog::Stale(dialog) => dialog.press(key),
            Dialog::HandOver(dialog) => dialog.press(key),
            Dialog::Theme(dialog) => dialog.press(key),
            Dialog::Palette(dialog) => dialog.press(key),
            Dialog::Views(dialog) => dialog.press(key),
            Dialog::Keep(dialog) => dialog.press(key),
            Dialog::Sort(dialog) => dialog.press(key),
            Dialog::Help(dialog) => dialog.press(key, pages),
            Dialog::Why(Why { scroll, .. }) | Dialog::Drill(Reading { scroll }) => {
                press_scroll(scroll, pages, key)
            }
        }
    }

    /// Whether something was typed into it that would be a pity to lose.
    pub fn holds_text(&self) -> bool {
        match self {
            Dialog::Note(note) => !note.text.is_empty(),
            Dialog::Close(close) => !close.reason.is_empty(),
            Dialog::Bulk(bulk) => {
                matches!(&bulk.deed, Deed::Close(text) | Deed::Note(text) if !text.is_empty())
            }
            Dialog::Cover(_) => true,
            _ => false,
        }
    }

    /// Text that was pasted, into whatever takes text.
    pub fn paste(&mut self, text: &str) {
        match self {
            Dialog::LogIn(dialog) if dialog.on_pin => dialog.pin.insert(text),
            Dialog::LogIn(dialog) => dialog.person.insert(text),
            Dialog::Close(dialog) => dialog.reason.insert(text),
            Dialog::Pick(dialog) => dialog.filter.line.insert(text),
            Dialog::HandOver(dialog) => dialog.line.insert(text),
            Dialog::Palette(dialog) => dialog.paste(text),
            Dialog::Keep(dialog) => dialog.name.insert(text),
            Dialog::Cover(dialog) => dialog.paste(text),
            Dialog::Note(dialog) => paste_lines(&mut dialog.text, text),
            Dialog::Chooser(dialog) => dialog.paste(text),
            Dialog::Help(dialog) => dialog.paste(text),
            Dialog::Escalate(_)
            | Dialog::Resend(_)
            | Dialog::Question(_)
            | Dialog::GoTo(_)
            | Dialog::Bulk(_)
            | Dialog::Results(_)
            | Dialog::Stale(_)
            | Dialog::Drill(_)
            | Dialog::Views(_)
            | Dialog::Theme(_)
            | Dialog::Why(_)
            | Dialog::Sort(_) => {}
        }
    }
}
