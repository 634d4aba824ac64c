//! The command line behind `:`: commands and things, found by a few letters, the recent ones first.
//!
//! What may be chosen is put together once, when it opens; a key only weighs it anew. A command takes what it is
//! to act on after a space: `:ack A12`, `:partner acme`. Before anything is typed those that fit what the hand is
//! on stand first, and leaving stands last.

use crate::console::allowed::allowed;
use crate::console::bulk;
use crate::console::desk::Desk;
use crate::console::dialog::Pressed;
use crate::console::goal::{self, Goal};
use crate::console::keymap::{Action, COMMANDS};
use crate::console::line::Line;
use crate::console::messages::About;
use crate::console::model::Model;
use crate::core::alert::AlertState;
use crate::core::contact::Contact;
use crate::core::task::TaskState;
use crate::core::text::{Untrusted, sanitise};
use crate::wire::partner::PartnerRow;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use std::fmt;

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
    /// Alerts and tasks that are over, by their ids.
    over: Vec<String>,
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
        let typed = self.line.text().trim_start();
        let argument = with_argument(typed);
        let kinds = argument.map(|(_, action, _)| takes(action));
        let wanted = argument.map_or(typed, |(.., rest)| rest).trim();
        let id = argument.is_some().then(|| self.id_of(wanted)).flatten();
        let of_kind =
            |entry: &Entry| entry.on.is_none() && kinds.is_none_or(|kinds| kinds.contains(&entry.kind));
        if typed.is_empty() {
            self.found = self.unasked();
            self.selected = 0;
            self.chosen = false;
            return;
        }
        let rank = |entry: &Entry| self.recents.iter().position(|recent| *recent == entry.what);
        let mut scored: Vec<(u32, usize)> = if wanted.is_empty() {
            // Whatever the command can be told, what was chosen before first.
            let entries = self.all.iter().enumerate().filter(|(_, entry)| of_kind(entry));
            let recent = |entry| rank(entry).map_or(0, |rank| 2_000 - u32::try_from(rank).unwrap_or(0));
            entries.map(|(at, entry)| (recent(entry), at)).collect()
        } else {
            let pattern = Pattern::new(wanted, CaseMatching::Ignore, Normalization::Smart, AtomKind::Fuzzy);
            let mut buffer = Vec::new();
            let matcher = &mut self.matcher;
            let lower = wanted.to_lowercase();
            let entries = self.all.iter().enumerate().filter(|(_, entry)| of_kind(entry));
            entries
                .filter_map(|(at, entry)| {
                    let mut weigh = |text: &str| pattern.score(Utf32Str::new(text, &mut buffer), matcher);
                    // What it is called counts for more than what is known of it.
                    let named = weigh(&entry.label).map(|score| score + 40);
                    let score = match (named, entry.kind) {
                        (None, Kind::Command) => return None,
                        (named, _) => named.or_else(|| weigh(&format!("{} {}", entry.label, entry.more)))?,
                    };
                    let label = entry.label.to_lowercase();
                    let exact = if label == lower || id.as_ref() == Some(&label) { 10_000 } else { 0 };
                    let begins = if label.starts_with(&lower) { 200 } else { 0 };
                    let recent = if rank(entry).is_some() { 60 } else { 0 };
                    Some((score + exact + begins + recent, at))
                })
                .collect()
        };
        scored.sort_by_key(|(score, at)| (std::cmp::Reverse(*score), *at));
        self.found = scored.into_iter().take(SHOWN).map(|(_, at)| at).collect();
        self.selected = 0;
        self.chosen = false;
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
            Some(id) => Pressed::Say(self.no_such(name, &id.to_uppercase())),
            None => {
                self.complete();
                Pressed::Stay
            }
        }
    }

    fn no_such(&self, name: &str, wanted: &str) -> String {
        match self.over.iter().find(|over| over.eq_ignore_ascii_case(wanted)) {
            Some(over) => format!("{over} is closed."),
            None => format!("Nothing here that :{name} could act on is called {wanted}."),
        }
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
        match (chosen.map(|at| (at, &self.all[at].what)), argument) {
            (None, _) if typed.is_empty() => Pressed::Close,
            (None, Some((name, _, rest))) => Pressed::Say(self.no_such(name, rest.trim())),
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

fn partner(id: &Untrusted, name: &Untrusted) -> Entry {
    let (name, id_shown) = (name.printable().into_string(), id.printable().into_string());
    entry(Kind::Partner, name, id_shown, Goal::Partner(id.clone()))
}

fn entry(kind: Kind, label: String, more: String, goal: Goal) -> Entry {
    Entry { kind, label, more, what: Recent::Goal(goal), on: None, barred: None }
}

/// What can be done now to what the hand is on, in the order of its keys; of marked rows what acts on all of them.
fn at_hand(model: &Model, all: &mut Vec<Entry>) -> Vec<usize> {
    let command = |action: Action| COMMANDS.iter().position(|(_, known, _)| *known == action);
    let mut here = Vec::new();
    let goals = goal::at_hand(model);
    for binding in model.keys.bindings(model.context()) {
        let action = binding.action;
        let Some(at) = command(action).filter(|_| allowed(model, action).is_ok()) else { continue };
        if bulk::acts_on_several(model, action) {
            here.push(at);
            continue;
        }
        let goal = goals.iter().find(|goal| Kind::of(goal).is_some_and(|kind| takes(action).contains(&kind)));
        let named = goal.and_then(|goal| all.iter().find(|entry| entry.what == Recent::Goal(goal.clone())));
        let (Some(goal), Some(named), (name, _, help)) = (goal, named, COMMANDS[at]) else { continue };
        let one = Entry {
            kind: Kind::Command,
            label: format!("{name} {}", named.label),
            more: help.to_owned(),
            what: Recent::Command(name),
            on: Some(goal.clone()),
            barred: None,
        };
        if !all.iter().any(|known| known.on.is_some() && known.label == one.label) {
            here.push(all.len());
            all.push(one);
        }
    }
    here
}

/// What is over, and may still be named.
fn over(desk: &Desk) -> Vec<String> {
    let alerts = desk.alerts.values().filter(|alert| alert.state == AlertState::Resolved);
    let tasks = desk.tasks.values().filter(|task| task.state == TaskState::Done);
    alerts.map(|alert| alert.id.to_string()).chain(tasks.map(|task| task.id.to_string())).collect()
}

/// Everything the console knows by name, what is urgent first.
fn things(all: &mut Vec<Entry>, model: &Model, desk: &Desk) {
    let open = |state: AlertState| state != AlertState::Resolved;
    for alert in desk.alerts.values().rev().filter(|alert| open(alert.state)) {
        let orders = alert
            .members
            .iter()
            .filter_map(|member| member.order.as_ref().or(member.shipment.as_ref()).or(member.case.as_ref()));
        let orders: Vec<String> = orders.take(6).map(|order| order.printable().into_string()).collect();
        let name = alert.partner.name.printable();
        let more = format!("{name}: {} {}", alert.title.printable(), orders.join(" "));
        all.push(entry(Kind::Alert, alert.id.to_string(), more, Goal::Alert(alert.id)));
    }
    for task in desk.tasks.values().filter(|task| task.state != TaskState::Done) {
        let of = task.partner.as_ref().map(|partner| format!("{}: ", partner.name.printable()));
        let more = format!("{}{}", of.unwrap_or_default(), task.title.printable());
        all.push(entry(Kind::Task, task.id.to_string(), more, Goal::Task(task.id)));
    }
    for person in desk.people.values() {
        let goal = Goal::Person(person.id.clone());
        let more = sanitise(&person.id.0).into_owned();
        all.push(entry(Kind::Person, sanitise(&person.name).into_owned(), more, goal));
    }
    for (id, name) in desk.known_partners() {
        all.push(partner(id, name));
    }
    for row in &model.partners.known {
        let about = &row.partner.about;
        if desk.known_partners().all(|(known, _)| *known != about.id) {
            all.push(partner(&about.id, &about.name));
        }
    }
    if let Some(detail) = model.page.as_ref().and_then(|page| page.detail.as_ref()) {
        for case in detail.cases.iter().chain(&detail.settled.cases) {
            let goal = Goal::Case { partner: case.partner.id.clone(), case: case.id.clone() };
            let more = format!("{}: {}", case.partner.name.printable(), case.title.printable());
            all.push(entry(Kind::Case, case.reference.printable().into_string(), more, goal));
        }
    }
    cases(all, desk);
    for contact in desk.contacts.values() {
        all.push(of_contact(desk, contact));
    }
    for channel in &desk.channels {
        let name = sanitise(&channel.name).into_owned();
        let more = sanitise(&channel.kind).into_owned();
        all.push(entry(Kind::Provider, name, more, Goal::Provider(channel.name.clone())));
    }
    for on in &desk.on_call {
        let who = on.person.as_ref().map_or("nobody".to_owned(), |person| desk.short_name(person));
        let goal = Goal::Schedule(on.schedule.clone());
        all.push(entry(Kind::Schedule, sanitise(&on.schedule).into_owned(), format!("on call: {who}"), goal));
    }
    let known = model.messages.known.values().chain(desk.messages.values());
    for message in known.rev().take(2_000) {
        let goal = Goal::Message(message.id);
        let more = format!(
            "to {}, {}",
            message.recipient.name.printable(),
            message.state.as_str().replace('_', " ")
        );
        let one = entry(Kind::Message, message.id.to_string(), more, goal);
        all.push(one);
    }
}

/// Cases that alerts name, once each.
fn cases(all: &mut Vec<Entry>, desk: &Desk) {
    let mut named: Vec<(Untrusted, Untrusted)> = Vec::new();
    for alert in desk.alerts.values() {
        for case in alert.members.iter().filter_map(|member| member.case.as_ref()) {
            let one = (alert.partner.id.clone(), case.clone());
            if named.contains(&one) || named.len() >= 500 {
                continue;
            }
            let goal = Goal::Case { partner: one.0.clone(), case: one.1.clone() };
            let more = alert.partner.name.printable().into_string();
            if !all.iter().any(|known| known.what == Recent::Goal(goal.clone())) {
                all.push(entry(Kind::Case, case.printable().into_string(), more, goal));
            }
            named.push(one);
        }
    }
}

fn of_contact(desk: &Desk, contact: &Contact) -> Entry {
    let of = contact.partner_id.as_ref().map(|partner| desk.partner_name(partner)).unwrap_or_default();
    let address = contact.emails.first().map(|mailbox| mailbox.as_str());
    let address = address.or(contact.phones.first().map(|phone| phone.as_str())).unwrap_or_default();
    let more = format!("{of} {}", sanitise(address));
    let goal = Goal::Contact { contact: contact.id.clone(), partner: contact.partner_id.clone() };
    entry(Kind::Contact, contact.name.printable().into_string(), more, goal)
}
