//! What the Stream shows of all that happens: what is news, what a filter finds, and how many passed while things come
//! faster than an eye can follow.

use crate::console::desk::partner_of;
use crate::console::model::{Filter, Model};
use crate::core::change::{Change, Numbered, What};
use crate::core::query::rows::{Names, NoNames};
use crate::core::query::{field, rows};

/// More changes in a second than an eye can follow.
const TOO_FAST: u32 = 10;
/// Changes of one event that are looked at for the words of another.
const TOGETHER: usize = 8;

#[derive(Debug)]
pub struct Stream {
    pub filter: Filter,
    /// `None`: following the newest.
    pub selected: Option<u64>,
    /// The newest when following ended.
    pub paused_at: u64,
    /// What was shown when following ended, as long as it is paused.
    pub held: Vec<Numbered>,
    /// Changes of the running second, and of the last full one.
    pub second: i64,
    pub counting: u32,
    pub passed: u32,
    /// What is shown while they come too fast; taken anew every second.
    pub still: Vec<Numbered>,
}

impl Stream {
    /// Shows the newest again.
    pub fn follow(&mut self) {
        self.selected = None;
        self.held = Vec::new();
    }
}

impl Model {
    /// The changes that the Stream shows, oldest first: while it is paused those that it showed then.
    pub fn streamed(&self) -> impl DoubleEndedIterator<Item = &Numbered> {
        let paused = self.stream.selected.is_some();
        let held = paused.then_some(&self.stream.held).into_iter().flatten();
        let newest = self.newest().filter(move |_| !paused);
        held.chain(newest.filter(self.found_by(&self.stream.filter)))
    }

    /// The line of the Stream that the hand is on; while it follows, the newest.
    pub fn line_at_hand(&self) -> Option<&Numbered> {
        match self.stream.selected {
            Some(seq) => self.streamed().find(|numbered| numbered.seq == seq),
            None => self.streamed().next_back(),
        }
    }

    /// What is news of what the console remembers: a partner described by its events is none beside the event
    /// itself, nor what says the event's words again, nor that a message leaves, of which the next line says how it
    /// went; unless something is looked for.
    fn news(&self) -> impl DoubleEndedIterator<Item = &Numbered> {
        let whole = self.stream.filter.is_active();
        self.desk.iter().flat_map(move |desk| {
            let recent = &desk.recent;
            let said_before = move |at: usize| {
                let line = &recent[at];
                let together = recent.range(..at).rev().take_while(|one| one.change.at == line.change.at);
                together.take(TOGETHER).any(|event| repeats(&line.change, &event.change))
            };
            let lines = recent.iter().enumerate();
            let lines = lines.filter(|(_, line)| line.change.what != What::PartnerSeen);
            let is_news = move |at: usize, line: &Numbered| {
                line.change.what != What::NotificationSending && !said_before(at)
            };
            lines.filter(move |(at, line)| whole || is_news(*at, line)).map(|(_, line)| line)
        })
    }

    /// The newest changes, whatever the Stream's filter finds and wherever it is paused.
    pub fn newest(&self) -> impl DoubleEndedIterator<Item = &Numbered> {
        let fast = self.too_fast();
        let still = fast.then_some(&self.stream.still).into_iter().flatten();
        still.chain(self.news().filter(move |_| !fast))
    }

    fn found_by(&self, filter: &Filter) -> impl Fn(&&Numbered) -> bool {
        let (query, asking) = (filter.query(field::STREAM), self.asking());
        let names: &dyn Names = match &self.desk {
            Some(desk) => desk,
            None => &NoNames,
        };
        move |numbered| query.is_all() || query.finds(&rows::of_change(&numbered.change, names), &asking)
    }

    /// What came since following ended, of what the filter finds: how many, and whether there were more.
    pub fn streamed_since(&self) -> (usize, bool) {
        let recent = || self.desk.iter().flat_map(|desk| desk.recent.iter());
        let since = self.news().filter(|numbered| numbered.seq > self.stream.paused_at);
        let many = since.filter(self.found_by(&self.stream.filter)).count();
        (many, recent().next().is_some_and(|oldest| oldest.seq > self.stream.paused_at + 1))
    }

    /// Changes come faster than an eye can follow: the lines stand still for a second, and what passes
    /// is counted.
    pub fn too_fast(&self) -> bool {
        self.stream.counting.max(self.stream.passed) > TOO_FAST
    }

    /// Takes the lines that stand for the next second, if things go too fast for anything else.
    pub fn stand_still(&mut self) {
        const LINES: usize = 64;
        let newest = self.news().rev().take(LINES).filter(|_| self.too_fast());
        let mut still: Vec<Numbered> = newest.cloned().collect();
        still.reverse();
        self.stream.still = still;
    }

    /// How many changes passed in a second, when that was too fast. It stands still for a second, too.
    pub fn passing(&self) -> Option<u32> {
        let Stream { counting, passed, .. } = self.stream;
        self.too_fast().then_some(if passed > TOO_FAST { passed } else { counting })
    }
}

/// A case or a thread of which is said what the event said that moved it.
fn repeats(change: &Change, event: &Change) -> bool {
    fn words(change: &Change) -> &str {
        let said = change.summary.raw().trim_end_matches('.');
        let partner = partner_of(&change.object).map(|partner| partner.name.raw());
        let said = partner.and_then(|name| said.strip_prefix(name)?.strip_prefix(": ")).unwrap_or(said);
        said.strip_prefix("Case ").unwrap_or(said)
    }
    matches!(change.what, What::CaseMoved | What::ThreadOpened | What::ThreadJoined)
        && event.what == What::EventReceived
        && change.partner == event.partner
        && words(change).eq_ignore_ascii_case(words(event))
}
