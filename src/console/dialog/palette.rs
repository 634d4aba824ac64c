//! The command line behind `:`: commands and things, found by a few letters, the recent ones first.
//!
//! What may be chosen is put together once, when it opens; a key only weighs it anew. A command takes what it is
//! to act on after a space: `:ack A12`, `:partner acme`. Before anything is typed those that fit what the hand is
//! on stand first, and leaving stands last.

mod things;

use crate::console::allowed::allowed;
use crate::console::dialog::Pressed;
use crate::console::goal::Goal;
use crate::console::keymap::{Action, COMMANDS};
use crate::console::line::Line;
use crate::console::messages::About;
use crate::console::model::Model;
use crate::wire::partner::PartnerRow;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use std::fmt;
use things::{at_hand, over, partner, things, unknown};

/// Things looked through with every key; more are found by their own lists.
const MOST: usize = 6_000;
/// Of what was found, as much as anybody reads.
const SHOWN: usize = 50;
/// Chosen ones that are remembered.
pub const REMEMBERED: usize = 20;

/// Something that was chosen, for the next time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recent {
    Command(&'static str),
    Goal(Goal),
}

pub struct Palette {
    pub line: Line,
    pub selected: usize,
    all: Vec<Entry>,
    /// What fits the row at hand, by its place in `all`.
    here: Vec<usize>,
    /// The best first, by their place in `all`.
    found: Vec<usize>,
    recents: Vec<Recent>,
    /// The selected one was moved to, or its name was taken: it is no guess.
    chosen: bool,
    /// How much the best of what was found is like what is typed.
    likeness: Likeness,
    /// Alerts and tasks that are over; only their ids find them.
    over: Vec<Entry>,
    matcher: Matcher,
    /// Tells the newest thing typed from older ones.
    pub finds: u64,
}

impl fmt::Debug for Palette {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Palette").field("line", &self.line).field("found", &self.found.len()).finish()
    }
}

/// Something that can be chosen.
#[derive(Debug)]
pub struct Entry {
    /// `alert`, `partner` …; `:` for a command.
    pub kind: Kind,
    pub label: String,
    /// What else is known of it; of a command what it does.
    pub more: String,
    what: Recent,
    /// What a command acts on that has the row at hand named already.
    on: Option<Goal>,
    /// Nothing but its whole id finds it: it is over, or unknown here.
    by_id: bool,
    /// Why a command cannot be used now.
    pub barred: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Command,
    Alert,
    Task,
    Partner,
    Case,
    Contact,
    Person,
    Message,
    Provider,
    Schedule,
}

impl Kind {
    fn of(goal: &Goal) -> Option<Self> {
        Some(match goal {
            Goal::Alert(_) => Kind::Alert,
            Goal::Task(_) => Kind::Task,
            Goal::Partner(_) => Kind::Partner,
            Goal::Contact { .. } => Kind::Contact,
            Goal::Person(_) => Kind::Person,
            Goal::Message(_) => Kind::Message,
            Goal::Provider(_) => Kind::Provider,
            Goal::Schedule(_) => Kind::Schedule,
            Goal::Case { .. } | Goal::ContactsOf(_) | Goal::Messages(_) => return None,
        })
    }

    /// A letter and a number name it, and nothing else does.
    fn has_ids(self) -> bool {
        matches!(self, Kind::Alert | Kind::Task | Kind::Message)
    }

    pub fn word(self) -> &'static str {
        match self {
            Kind::Command => ":",
            Kind::Alert => "alert",
            Kind::Task => "task",
            Kind::Partner => "partner",
            Kind::Case => "case",
            Kind::Contact => "contact",
            Kind::Person => "person",
            Kind::Message => "message",
            Kind::Provider => "provider",
            Kind::Schedule => "schedule",
        }
    }
}

/// How much a name is like what is typed, the most alike first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Likeness {
    Exact,
    Begins,
    /// What is typed stands in it.
    Holds,
    /// A command with one letter wrong, missing, too many, or two of them swapped.
    Slip,
    /// Its letters come in that order, with others between.
    Letters,
}

impl Likeness {
    /// It may not be what was meant.
    fn is_guess(self) -> bool {
        self >= Likeness::Slip
    }
}

/// Whether a hand that meant this command may have typed that.
fn is_slip_of(typed: &str, command: &str) -> bool {
    typed.chars().count() >= 3 && strsim::osa_distance(typed, command) == 1
}

/// What a command can be told to act on.
fn takes(action: Action) -> &'static [Kind] {
    match action {
        Action::Ack | Action::Undo | Action::Escalate | Action::Close | Action::Why | Action::Hand => {
            &[Kind::Alert]
        }
        Action::Snooze | Action::Note => &[Kind::Alert, Kind::Task],
        Action::Resend => &[Kind::Alert, Kind::Message],
        Action::Take | Action::Done => &[Kind::Task],
        Action::Settle => &[Kind::Message],
        Action::Partner => &[Kind::Partner],
        Action::Contacts => &[Kind::Contact, Kind::Partner],
        Action::People => &[Kind::Person],
        Action::Messages => &[Kind::Alert, Kind::Partner, Kind::Person, Kind::Message],
        Action::OnCall => &[Kind::Schedule],
        Action::Providers => &[Kind::Provider],
        _ => &[],
    }
}

/// `:ack A12`: the command, and what was typed after it.
fn with_argument(typed: &str) -> Option<(&'static str, Action, &str)> {
    let (first, rest) = typed.trim_start().split_once(' ')?;
    let (name, action, _) = COMMANDS.iter().find(|(name, ..)| name.eq_ignore_ascii_case(first))?;
    (!takes(*action).is_empty()).then_some((*name, *action, rest))
}

impl Palette {
    pub fn new(model: &Model) -> Self {
        let mut all: Vec<Entry> = COMMANDS
            .iter()
            .map(|(name, action, help)| Entry {
                kind: Kind::Command,
                label: (*name).to_owned(),
                more: (*help).to_owned(),
                what: Recent::Command(name),
                on: None,
                by_id: false,
                barred: allowed(model, *action).err(),
            })
            .collect();
        if let Some(desk) = &model.desk {
            things(&mut all, model, desk);
        }
        all.truncate(COMMANDS.len() + MOST);
        let here = at_hand(model, &mut all);
        let mut palette = Self {
            line: Line::default(),
            selected: 0,
            all,
            here,
            found: Vec::new(),
            recents: model.recents.clone(),
            chosen: false,
            likeness: Likeness::Exact,
            over: model.desk.as_ref().map(over).unwrap_or_default(),
            matcher: Matcher::new(Config::DEFAULT),
            finds: 0,
        };
        palette.look();
        palette
    }

    /// What was found, the best first.
    pub fn found(&self) -> impl ExactSizeIterator<Item = &Entry> {
        self.found.iter().map(|at| &self.all[*at])
    }

    /// Weighs everything against what is typed.
    fn look(&mut self) {
        let typed = self.line.text().trim_start().to_owned();
        let argument = with_argument(&typed);
        let kinds = argument.map(|(_, action, _)| takes(action));
        let wanted = argument.map_or(typed.as_str(), |(.., rest)| rest).trim();
        let lower = wanted.to_lowercase();
        let id = self.id_of(&lower);
        self.recall(id.as_deref().unwrap_or(&lower), argument.is_none());
        let id = id.filter(|_| argument.is_some()).unwrap_or_else(|| lower.clone());
        let of_kind =
            |entry: &Entry| entry.on.is_none() && kinds.is_none_or(|kinds| kinds.contains(&entry.kind));
        if typed.is_empty() {
            self.found = self.unasked();
            self.selected = 0;
            self.chosen = false;
            self.likeness = Likeness::Exact;
            return;
        }
        let rank = |entry: &Entry| self.recents.iter().position(|recent| *recent == entry.what);
        let mut scored: Vec<(Likeness, u32, usize)> = if wanted.is_empty() {
            // Whatever the command can be told, what was chosen before first.
            let entries = self.all.iter().enumerate().filter(|(_, entry)| of_kind(entry));
            let recent = |entry| rank(entry).map_or(0, |rank| 2_000 - u32::try_from(rank).unwrap_or(0));
            entries.map(|(at, entry)| (Likeness::Begins, recent(entry), at)).collect()
        } else {
            let of = |kind| Pattern::new(wanted, CaseMatching::Ignore, Normalization::Smart, kind);
            let (fuzzy, whole) = (of(AtomKind::Fuzzy), of(AtomKind::Substring));
            let mut buffer = Vec::new();
            let matcher = &mut self.matcher;
            let entries = self.all.iter().enumerate().filter(|(_, entry)| of_kind(entry));
            entries
                .filter_map(|(at, entry)| {
                    let command = entry.kind == Kind::Command;
                    let mut weigh = |pattern: &Pattern, text: &str| {
                        pattern.score(Utf32Str::new(text, &mut buffer), matcher)
                    };
                    // What it is called counts for more than what is known of it.
                    let named = weigh(&fuzzy, &entry.label).map(|score| score + 40);
                    let known = format!("{} {}", entry.label, entry.more);
                    let slip = command && is_slip_of(&lower, &entry.label);
                    let score = match named {
                        None if slip => 0,
                        None if command => return None,
                        named => named.or_else(|| weigh(&fuzzy, &known))?,
                    };
                    let label = entry.label.to_lowercase();
                    let likeness = if label == lower || label == id {
                        Likeness::Exact
                    } else if label.starts_with(&lower) {
                        Likeness::Begins
                    } else if weigh(&whole, if command { &entry.label } else { &known }).is_some() {
                        Likeness::Holds
                    } else if slip {
                        Likeness::Slip
                    } else {
                        Likeness::Letters
                    };
                    if entry.by_id && likeness != Likeness::Exact {
                        return None;
                    }
                    let recent = if rank(entry).is_some() { 60 } else { 0 };
                    Some((likeness, score + recent, at))
                })
                .collect()
        };
        scored.sort_by_key(|(likeness, score, at)| (*likeness, std::cmp::Reverse(*score), *at));
        self.likeness = scored.first().map_or(Likeness::Exact, |(likeness, ..)| *likeness);
        self.found = scored.into_iter().take(SHOWN).map(|(.., at)| at).collect();
        self.selected = 0;
        self.chosen = false;
    }

    /// An id that is typed finds what is over, too, and where nothing here is called so, the agent is asked for it.
    fn recall(&mut self, id: &str, ask: bool) {
        if self.all.iter().any(|entry| entry.kind.has_ids() && entry.label.eq_ignore_ascii_case(id)) {
            return;
        }
        if let Some(at) = self.over.iter().position(|entry| entry.label.eq_ignore_ascii_case(id)) {
            self.all.push(self.over.swap_remove(at));
        } else if ask {
            self.all.extend(unknown(id));
        }
    }

    /// Whether the best that was found may not be what was meant: Enter writes its name out, and does nothing yet.
    pub fn guesses(&self) -> bool {
        !self.chosen && self.likeness.is_guess()
    }

    /// While nothing is typed: what fits the row at hand, what was chosen before, then the commands as they are
    /// listed. Leaving is asked for by its name, or at the very end.
    fn unasked(&self) -> Vec<usize> {
        let position =
            |what: &Recent| self.all.iter().position(|entry| entry.on.is_none() && entry.what == *what);
        let leaves = |at: &usize| COMMANDS.get(*at).is_some_and(|(_, action, _)| *action == Action::Quit);
        let commands = 0..COMMANDS.len();
        let mut found = self.here.clone();
        for at in self.recents.iter().filter_map(position).chain(commands.clone()) {
            if !found.contains(&at) && !leaves(&at) {
                found.push(at);
            }
        }
        found.extend(commands.into_iter().find(leaves));
        found
    }

    pub fn press(&mut self, key: KeyEvent) -> Pressed {
        let last = self.found.len().saturating_sub(1);
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Esc => return Pressed::Close,
            KeyCode::Backspace if self.line.text().is_empty() => return Pressed::Close,
            KeyCode::Down => self.choose_at((self.selected + 1).min(last)),
            KeyCode::Char('n') if control => self.choose_at((self.selected + 1).min(last)),
            KeyCode::Up => self.choose_at(self.selected.saturating_sub(1)),
            KeyCode::Char('p') if control => self.choose_at(self.selected.saturating_sub(1)),
            KeyCode::Tab => self.complete(),
            KeyCode::Enter => return self.choose(),
            _ => {
                let before = self.line.text().to_owned();
                self.line.press(key);
                if self.line.text() != before {
                    return self.typed();
                }
            }
        }
        Pressed::Stay
    }

    fn choose_at(&mut self, at: usize) {
        self.selected = at;
        self.chosen = true;
    }

    pub fn paste(&mut self, text: &str) {
        self.line.insert(text);
        self.look();
    }

    /// What is known here is weighed at once; the agent is asked for partners once the hand rests.
    fn typed(&mut self) -> Pressed {
        self.look();
        self.finds += 1;
        match self.line.text().trim().chars().count() {
            0 | 1 => Pressed::Stay,
            _ => Pressed::Find(self.finds),
        }
    }

    /// The words that partners are asked for by.
    pub fn asks(&self) -> String {
        let typed = self.line.text().trim();
        with_argument(typed).map_or(typed, |(.., rest)| rest).trim().to_owned()
    }

    /// Takes partners that the agent found; the hand stays where it is.
    pub fn learn(&mut self, rows: &[PartnerRow]) {
        let (hand, chosen) = (self.found.get(self.selected).copied(), self.chosen);
        for row in rows {
            let entry = partner(&row.partner.about.id, &row.partner.about.name);
            if !self.all.iter().any(|known| known.what == entry.what) {
                self.all.push(entry);
            }
        }
        self.look();
        let place = hand.and_then(|hand| self.found.iter().position(|at| *at == hand));
        self.selected = place.unwrap_or(0);
        self.chosen = chosen && place.is_some();
    }

    /// The name of the selected one, so that more can be typed after it.
    fn complete(&mut self) {
        let Some(entry) = self.found.get(self.selected).map(|at| &self.all[*at]) else { return };
        let text = match (&entry.what, with_argument(self.line.text())) {
            (Recent::Command(_), _) if entry.on.is_some() => entry.label.clone(),
            (Recent::Command(name), _) => format!("{name} "),
            (Recent::Goal(_), Some((name, ..))) => format!("{name} {}", entry.label),
            (Recent::Goal(_), None) => entry.label.clone(),
        };
        self.line = Line::new(&text);
        self.look();
    }

    /// The id that is meant by what is typed, in small letters: `a12` for `A12`, and for `12` where that is an alert.
    fn id_of(&self, wanted: &str) -> Option<String> {
        let lower = wanted.to_lowercase();
        let digits = lower.trim_start_matches(|letter: char| letter.is_ascii_lowercase());
        let number = !digits.is_empty() && digits.chars().all(|digit| digit.is_ascii_digit());
        match lower.len() - digits.len() {
            1 if number => Some(lower),
            // An order may be a number, too, so this one has to be somebody's.
            0 if number => ["a", "t", "n"].iter().map(|letter| format!("{letter}{digits}")).find(|id| {
                let known = |entry: &Entry| entry.kind.has_ids() && entry.label.eq_ignore_ascii_case(id);
                self.all.iter().any(known)
            }),
            _ => None,
        }
    }

    /// A command that acts does so to what was named or moved to, and never to what merely resembles what was
    /// typed: its name is written out first.
    fn acts_on(&mut self, name: &'static str, action: Action, rest: &str, at: usize) -> Pressed {
        let entry = &self.all[at];
        let Recent::Goal(goal) = &entry.what else { return Pressed::Stay };
        let (goal, wanted) = (goal.clone(), rest.trim().to_lowercase());
        let label = entry.label.to_lowercase();
        if shows(action, &goal).is_some() || self.chosen || label == wanted {
            return Pressed::RunOn(name, action, goal);
        }
        match self.id_of(&wanted) {
            Some(id) if id == label => Pressed::RunOn(name, action, goal),
            Some(id) => Pressed::Say(Self::no_such(name, &id.to_uppercase())),
            None => {
                self.complete();
                Pressed::Stay
            }
        }
    }

    fn no_such(name: &str, wanted: &str) -> String {
        format!("Nothing here that :{name} could act on is called {wanted}.")
    }

    fn choose(&mut self) -> Pressed {
        let typed = self.line.text().trim();
        if let Some(name) = typed.strip_prefix("theme ") {
            return Pressed::Theme(name.trim().to_owned());
        }
        if let Some(name) = typed.strip_prefix("view ") {
            return Pressed::Named(name.trim().to_owned());
        }
        let argument =
            with_argument(self.line.text()).map(|(name, action, rest)| (name, action, rest.to_owned()));
        let chosen = self.found.get(self.selected).copied();
        if let Some(at) = chosen.filter(|_| argument.is_none() && self.guesses()) {
            self.line = Line::new(&self.all[at].label);
            self.look();
            return Pressed::Stay;
        }
        match (chosen.map(|at| (at, &self.all[at].what)), argument) {
            (None, _) if typed.is_empty() => Pressed::Close,
            (None, Some((name, _, rest))) => Pressed::Say(Self::no_such(name, rest.trim())),
            (None, None) => Pressed::Say(format!("Neither a command nor a thing here is called {typed}.")),
            (Some((at, Recent::Goal(_))), Some((name, action, rest))) => {
                self.acts_on(name, action, &rest, at)
            }
            (Some((_, Recent::Goal(goal))), None) => Pressed::Go(goal.clone()),
            (Some((_, Recent::Command(name))), _) => {
                let on = chosen.and_then(|at| self.all[at].on.clone());
                match (COMMANDS.iter().find(|(known, ..)| known == name), on) {
                    (Some((name, action, _)), Some(goal)) => Pressed::RunOn(name, *action, goal),
                    (Some((name, action, _)), None) => Pressed::Run(name, *action),
                    (None, _) => Pressed::Stay,
                }
            }
        }
    }
}

/// What a command that shows something shows, when it is told what.
pub fn shows(action: Action, goal: &Goal) -> Option<Goal> {
    Some(match (action, goal) {
        (Action::Partner, Goal::Partner(_)) | (Action::Contacts, Goal::Contact { .. }) => goal.clone(),
        (Action::Contacts, Goal::Partner(partner)) => Goal::ContactsOf(partner.clone()),
        (Action::People, Goal::Person(_)) => goal.clone(),
        (Action::Messages, Goal::Alert(alert)) => Goal::Messages(About::Alert(*alert)),
        (Action::Messages, Goal::Partner(partner)) => Goal::Messages(About::Partner(partner.clone())),
        (Action::Messages, Goal::Person(person)) => Goal::Messages(About::Person(person.clone())),
        (Action::Messages, Goal::Message(_)) => goal.clone(),
        (Action::OnCall, Goal::Schedule(_)) | (Action::Providers, Goal::Provider(_)) => goal.clone(),
        _ => return None,
    })
}
