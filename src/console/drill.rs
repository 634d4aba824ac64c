//! A drill that somebody outside runs while the operator works: what is to be read before and after it, and
//! the one line that says what is wanted now. The console shows it and says when the night may begin; who
//! runs it, and who counts the points, it does not know.

use crate::console::appear::appear;
use crate::console::dialog::Dialog;
use crate::console::effect::Effect;
use crate::console::message::Msg;
use crate::console::model::{Model, Tone};
use crate::console::say::say;
use tokio::sync::{mpsc, watch};

/// The console's seat in a drill.
#[derive(Clone, Debug)]
pub struct Seat {
    pub news: watch::Receiver<News>,
    /// The briefing was read: the night may begin.
    pub begin: mpsc::UnboundedSender<()>,
}

/// How the drill stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    pub phase: Phase,
    pub title: String,
    /// What is wanted now.
    pub line: String,
    /// From the least to the most.
    pub hints: Vec<String>,
    /// The briefing, and once it is over the debrief.
    pub page: Vec<(Weight, String)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Nothing has begun, and no agent runs.
    Briefing,
    Running,
    Over,
}

/// How a line of a page is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    Head,
    Plain,
    Good,
    Bad,
    Quiet,
}

/// The drill as the console has it.
#[derive(Clone, Debug)]
pub struct Drill {
    pub news: News,
    /// How many hints to what is wanted now were asked for.
    pub hints: usize,
    /// The operator has closed the briefing.
    pub begun: bool,
}

impl Drill {
    /// The hint that was asked for last.
    pub fn hint(&self) -> Option<&str> {
        self.news.hints.get(self.hints.checked_sub(1)?).map(String::as_str)
    }
}

/// The page over the place.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reading {
    pub scroll: u16,
}

/// Tells the console how the drill stands, until nobody runs it any more.
pub async fn follow(mut news: watch::Receiver<News>, tell: mpsc::UnboundedSender<Msg>) {
    loop {
        let now = Box::new(news.borrow_and_update().clone());
        if tell.send(Msg::Drill(now)).is_err() || news.changed().await.is_err() {
            return;
        }
    }
}

pub fn came(model: &mut Model, news: News) -> Vec<Effect> {
    let before = model.drill.take();
    let was = before.as_ref().map(|drill| drill.news.phase);
    let same = before.as_ref().is_some_and(|drill| drill.news.line == news.line);
    let hints = before.as_ref().filter(|_| same).map_or(0, |drill| drill.hints);
    let phase = news.phase;
    model.drill = Some(Drill { news, hints, begun: before.is_some_and(|drill| drill.begun) });
    // A dialog that is being answered is not taken away; the line says where the page is.
    if was != Some(phase) && phase != Phase::Running {
        let _ = appear(model, Dialog::Drill(Reading::default()));
    }
    let begins = phase != Phase::Briefing && matches!(was, None | Some(Phase::Briefing));
    if begins { vec![Effect::Listen] } else { Vec::new() }
}

/// Opens the briefing, or the debrief.
pub fn read(model: &mut Model) {
    model.dialog = Some(Dialog::Drill(Reading::default()));
}

/// One more hint to what is wanted now.
pub fn hint(model: &mut Model) {
    let Some(drill) = &mut model.drill else { return };
    match drill.news.hints.len() {
        0 => say(model, "Nothing is wanted of you now.".to_owned(), Tone::Hint),
        most => drill.hints = (drill.hints + 1).min(most),
    }
}

/// A dialog was closed; after the briefing the night begins.
pub fn closed(model: &mut Model) -> Vec<Effect> {
    match (&model.dialog, &mut model.drill) {
        (Some(Dialog::Drill(_)), Some(drill)) if !drill.begun => {
            drill.begun = true;
            vec![Effect::BeginDrill]
        }
        _ => Vec::new(),
    }
}

/// Whether a drill is on; the sentence says how to begin one.
pub fn may(model: &Model) -> Result<(), String> {
    match model.drill {
        Some(_) => Ok(()),
        None => Err("no drill is on; `nightdesk drill list` shows which there are".to_owned()),
    }
}
