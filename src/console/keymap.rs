//! The one table of keys. What a key does, what the footer and the help say, and the names of the
//! command line all come from here. [`super::keys`] has them as a configuration may have changed them.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What the operator can ask of the console.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    Ack,
    Undo,
    Escalate,
    Resend,
    Snooze,
    Note,
    Why,
    Contact,
    Close,
    CopyReference,
    Take,
    Done,
    Edit,
    Filter,
    Palette,
    Help,
    Open,
    Back,
    Switch,
    Down,
    Up,
    First,
    Last,
    ScrollDown,
    ScrollUp,
    Follow,
    Triage,
    Stream,
    Partners,
    Partner,
    Contacts,
    Messages,
    OnCall,
    Handover,
    Accept,
    Maintenance,
    Cover,
    Swap,
    TakeBack,
    Templates,
    Providers,
    Search,
    Views,
    KeepView,
    Settle,
    Mark,
    MarkFailed,
    MarkAll,
    Group,
    OfAlert,
    Probe,
    Desk,
    People,
    Sources,
    Configuration,
    LastView,
    GoTo,
    MessagesOf,
    Hand,
    Reader,
    Language,
    Medium,
    Sample,
    SwitchBack,
    Hint,
    Brief,
    Theme,
    Sort,
    LogIn,
    Redraw,
    Suspend,
    Quit,
}

/// Where a key means what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Context {
    Everywhere,
    /// The alerts of Triage.
    Alerts,
    /// The tasks of Triage.
    Tasks,
    Stream,
    Partners,
    /// The page of one partner.
    Partner,
    Contacts,
    Messages,
    Providers,
    /// What a search over everything found.
    Search,
    OnCall,
    People,
    /// The page of one person.
    Person,
    Sources,
    Configuration,
    /// The sheet of a hand-over.
    Handover,
    Templates,
    /// One template on the whole screen.
    Preview,
}

/// Whether the footer has room for it; the help has room for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Footer {
    Shown,
    Hidden,
}

#[derive(Clone, Copy, Debug)]
pub struct Binding {
    pub key: Key,
    pub context: Context,
    pub action: Action,
    /// One or two words for the footer.
    pub label: &'static str,
    /// A line for the help.
    pub help: &'static str,
    pub footer: Footer,
}

/// A key as it is pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    Char(char),
    Ctrl(char),
    Code(KeyCode),
}

impl Key {
    pub fn matches(self, pressed: KeyEvent) -> bool {
        let plain = !pressed.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
        match self {
            Key::Char(c) => plain && pressed.code == KeyCode::Char(c),
            Key::Ctrl(c) => {
                pressed.modifiers.contains(KeyModifiers::CONTROL) && pressed.code == KeyCode::Char(c)
            }
            Key::Code(code) => plain && pressed.code == code,
        }
    }

    pub fn name(self) -> String {
        match self {
            Key::Char(' ') => "Space".to_owned(),
            Key::Char(c) => c.to_string(),
            Key::Ctrl(c) => format!("Ctrl-{c}"),
            Key::Code(KeyCode::PageDown) => "PgDn".to_owned(),
            Key::Code(KeyCode::PageUp) => "PgUp".to_owned(),
            Key::Code(code) => code.to_string(),
        }
    }
}

const fn row(
    key: Key,
    context: Context,
    action: Action,
    label: &'static str,
    help: &'static str,
    footer: Footer,
) -> Binding {
    Binding { key, context, action, label, help, footer }
}

use Action::*;
use Footer::{Hidden, Shown};
use Key::{Char, Code, Ctrl};

#[rustfmt::skip]
pub const KEYMAP: &[Binding] = &[
    row(Char('a'), Context::Alerts, Ack, "ack", "take the alert; on your own: choose when you promise news", Shown),
    row(Char('e'), Context::Alerts, Escalate, "escalate", "wake the next step now, or another; asks first", Shown),
    row(Char('r'), Context::Alerts, Resend, "resend", "send the latest message again; asks first", Shown),
    row(Char('s'), Context::Alerts, Snooze, "snooze", "be quiet until a chosen time", Hidden),
    row(Char('n'), Context::Alerts, Note, "note", "write a note into the timeline", Shown),
    row(Char('w'), Context::Alerts, Why, "why", "why this alert exists and who was told: rule, policy, step", Shown),
    row(Char('c'), Context::Alerts, Contact, "contact", "the partner's contacts", Shown),
    row(Char('h'), Context::Alerts, Hand, "hand over", "ask somebody to take it over; it stays yours until they do", Hidden),
    row(Char('x'), Context::Alerts, Close, "close", "close with a reason", Hidden),
    row(Char('u'), Context::Alerts, Undo, "undo", "give the alert back; within 10 s of taking it, undo", Hidden),
    row(Char('y'), Context::Alerts, CopyReference, "copy", "send the reference to the terminal's clipboard", Hidden),
    row(Char('S'), Context::Alerts, Sort, "sort", "by urgency, what comes next, money, deadline, age or partner", Hidden),
    row(Char(' '), Context::Alerts, Mark, "mark", "mark it, to act on several together", Hidden),
    row(Char('*'), Context::Alerts, MarkAll, "mark all", "mark all alerts in the list, or none", Hidden),
    row(Char(' '), Context::Tasks, Mark, "mark", "mark it, to act on several together", Hidden),
    row(Char('*'), Context::Tasks, MarkAll, "mark all", "mark all tasks in the list, or none", Hidden),
    row(Char('a'), Context::Tasks, Take, "take", "take the task", Shown),
    row(Char('x'), Context::Tasks, Done, "done", "the task is done", Shown),
    row(Char('w'), Context::Tasks, Why, "why", "why it is to be done, whose it is, and what ends it", Shown),
    row(Char('s'), Context::Tasks, Snooze, "snooze", "be quiet until a chosen time", Shown),
    row(Char('d'), Context::Tasks, Settle, "doubt", "of a message in doubt: it arrived, send it once more, or leave it", Hidden),
    row(Char('r'), Context::Tasks, Resend, "resend", "send the message it is about again; asks first", Hidden),
    row(Char('n'), Context::Tasks, Note, "note", "write a note", Shown),
    row(Char('c'), Context::Tasks, Contact, "contact", "whom its message did not reach, or the partner's contacts", Shown),
    row(Char('p'), Context::Tasks, Partner, "partner", "everything about the partner of this row", Shown),
    row(Char('y'), Context::Tasks, CopyReference, "copy", "send the id to the terminal's clipboard", Hidden),
    row(Char('S'), Context::Tasks, Sort, "sort", "by urgency, what comes next, money, deadline, age or partner", Hidden),
    row(Code(KeyCode::Enter), Context::Stream, Open, "open", "go to what the line is about: its alert, else its message, task, case or partner", Shown),
    row(Char(' '), Context::Stream, Follow, "follow", "pause, or follow the newest again", Shown),
    row(Char('f'), Context::Stream, Follow, "follow", "pause, or follow the newest again", Hidden),
    row(Char('w'), Context::Stream, Why, "why", "why the alert, message or task of this line is so", Shown),
    row(Char('p'), Context::Stream, Partner, "partner", "everything about the partner of this line", Shown),
    row(Code(KeyCode::Enter), Context::Partners, Open, "open", "everything about this partner", Shown),
    row(Char(' '), Context::Partners, Mark, "mark", "mark it, to act on all that is open of several", Hidden),
    row(Char('*'), Context::Partners, MarkAll, "mark all", "mark all in the list, or none", Hidden),
    row(Char('a'), Context::Partners, Ack, "take all", "take everything open of it, or of those marked; shows each first", Shown),
    row(Char('s'), Context::Partners, Snooze, "snooze", "put all of it to sleep until a chosen time; shows each first", Hidden),
    row(Char('x'), Context::Partners, Close, "close", "close all of it with a reason; shows each first", Hidden),
    row(Char('n'), Context::Partners, Note, "note", "write a note on all of it; shows each first", Hidden),
    row(Char('r'), Context::Partners, Resend, "resend", "send the latest message of each alert again; asks first", Hidden),
    row(Char('c'), Context::Partners, Contacts, "contacts", "the contacts of all partners", Shown),
    row(Char('w'), Context::Partners, Why, "why", "of a contact, a message or a difference of theirs: Enter, then w on its row", Hidden),
    row(Code(KeyCode::Enter), Context::Partner, Open, "open", "the row: its history, the form of a contact, the text of a message", Shown),
    row(Code(KeyCode::Tab), Context::Partner, Switch, "next view", "cases, documents, posts, onboarding, contacts, told, conflicts", Shown),
    row(Code(KeyCode::BackTab), Context::Partner, SwitchBack, "view before", "the view before", Hidden),
    row(Char('w'), Context::Partner, Why, "why", "why the row is so: who can be reached, what differs, what was sent", Shown),
    row(Char('r'), Context::Partner, Resend, "resend", "send the selected message again; asks first", Shown),
    row(Char('y'), Context::Partner, CopyReference, "copy", "send the reference to the terminal's clipboard", Hidden),
    row(Code(KeyCode::Enter), Context::Messages, Open, "open", "what was said, and what is proven of it", Shown),
    row(Char('r'), Context::Messages, Resend, "resend", "send it, or all that are marked, again; shows what would leave and asks first", Shown),
    row(Char('d'), Context::Messages, Settle, "doubt", "of one in doubt: say that it arrived, send it once more, or leave it", Shown),
    row(Char('f'), Context::Messages, Group, "state", "only those in doubt, failed, held, waiting, on their way, done; or all", Shown),
    row(Char(' '), Context::Messages, Mark, "mark", "mark it, to send several again together", Shown),
    row(Char('*'), Context::Messages, MarkAll, "mark all", "mark all in this list, or none", Hidden),
    row(Char('F'), Context::Messages, MarkFailed, "mark failed", "mark all failed ones in this list, or none", Hidden),
    row(Char('w'), Context::Messages, Why, "why", "why it went to them this way, or why it waits or never left", Shown),
    row(Char('o'), Context::Messages, OfAlert, "alert", "go to its alert in Triage", Hidden),
    row(Char('c'), Context::Messages, Contact, "contact", "the contact who gets it", Hidden),
    row(Char('v'), Context::Messages, Providers, "providers", "the ways out, and how they are doing", Hidden),
    row(Char('p'), Context::Messages, Partner, "partner", "everything about the partner it concerns", Shown),
    row(Char('y'), Context::Messages, CopyReference, "copy", "send the id to the terminal's clipboard", Hidden),
    row(Char('t'), Context::Messages, Templates, "template", "the template it was written with, as its recipient reads it", Shown),
    row(Code(KeyCode::Enter), Context::Providers, Open, "messages", "the messages that went by it", Shown),
    row(Code(KeyCode::Tab), Context::Providers, Switch, "next view", "the next view of Desk: on call, people, providers, sources, configuration", Shown),
    row(Code(KeyCode::BackTab), Context::Providers, SwitchBack, "view before", "the view before", Hidden),
    row(Code(KeyCode::Enter), Context::People, Open, "open", "everything about this person: when on call, how reached, what proves it", Shown),
    row(Code(KeyCode::Tab), Context::People, Switch, "next view", "the next view of Desk: on call, people, providers, sources, configuration", Shown),
    row(Code(KeyCode::BackTab), Context::People, SwitchBack, "view before", "the view before", Hidden),
    row(Char('w'), Context::People, Why, "why", "where it is said how they are reached, and why they are on call", Hidden),
    row(Code(KeyCode::Tab), Context::Sources, Switch, "next view", "the next view of Desk: on call, people, providers, sources, configuration", Shown),
    row(Code(KeyCode::BackTab), Context::Sources, SwitchBack, "view before", "the view before", Hidden),
    row(Code(KeyCode::Enter), Context::Configuration, Open, "open", "the digest as it reads now, the templates, or the windows that can be taken back", Shown),
    row(Code(KeyCode::Tab), Context::Configuration, Switch, "next view", "the next view of Desk: on call, people, providers, sources, configuration", Shown),
    row(Code(KeyCode::BackTab), Context::Configuration, SwitchBack, "view before", "the view before", Hidden),
    row(Code(KeyCode::Tab), Context::OnCall, Switch, "next view", "the next view of Desk: on call, people, providers, sources, configuration", Shown),
    row(Code(KeyCode::BackTab), Context::OnCall, SwitchBack, "view before", "the view before", Hidden),
    row(Char('b'), Context::Providers, Probe, "probe", "one that is down: try it now, and take it back if it works", Shown),
    row(Code(KeyCode::Enter), Context::Search, Open, "go there", "to the alert, message, case, contact that it is", Shown),
    row(Char('/'), Context::Search, Filter, "search", "look for something else", Shown),
    row(Char('p'), Context::Search, Partner, "partner", "everything about its partner", Shown),
    row(Char('w'), Context::Providers, Why, "why", "why it is used or left, and what would carry instead", Shown),
    row(Char('o'), Context::OnCall, Cover, "override", "somebody else is on call for this time, or a part of it", Shown),
    row(Char('s'), Context::OnCall, Swap, "swap", "swap this turn for one of somebody else", Shown),
    row(Char('x'), Context::OnCall, TakeBack, "take back", "take the override back; asks first", Shown),
    row(Code(KeyCode::Enter), Context::OnCall, Open, "person", "everything about whoever is on then", Shown),
    row(Char('w'), Context::OnCall, Why, "why", "why they are on call then, or why nobody is", Shown),
    row(Char('a'), Context::Handover, Accept, "accept", "take what is handed over: alerts, promises and tasks are yours then", Shown),
    row(Char('n'), Context::Handover, Note, "note", "say something that whoever comes has to know", Shown),
    row(Char('e'), Context::Handover, Note, "note", "say something that whoever comes has to know", Hidden),
    row(Code(KeyCode::Enter), Context::Templates, Open, "preview", "how it reads to somebody", Shown),
    row(Char('c'), Context::Templates, Reader, "whose", "who reads it: a contact, a person, or a sample", Shown),
    row(Char('c'), Context::Preview, Reader, "whose", "who reads it: a contact, a person, or a sample", Shown),
    row(Char('l'), Context::Preview, Language, "language", "the next language there is", Shown),
    row(Char('o'), Context::Preview, Medium, "mail/SMS", "the same over the other medium", Shown),
    row(Char('b'), Context::Preview, Sample, "bare", "with no more values than are always there, or with all", Shown),
    row(Code(KeyCode::Enter), Context::Contacts, Edit, "edit", "edit the contact", Shown),
    row(Char('w'), Context::Contacts, Why, "why", "why they can be reached or not, and what they said about it", Shown),
    row(Char('p'), Context::Contacts, Partner, "partner", "everything about their partner", Shown),
    row(Char('y'), Context::Contacts, CopyReference, "copy", "send the address to the terminal's clipboard", Shown),
    row(Code(KeyCode::Enter), Context::Everywhere, Open, "open", "the detail on the whole screen", Hidden),
    row(Code(KeyCode::Tab), Context::Everywhere, Switch, "alerts/tasks", "between alerts and tasks; in Desk the next view", Hidden),
    row(Char('/'), Context::Everywhere, Filter, "find", "filter as you type, partner:acme late; Esc shows all again; // searches everything there ever was", Shown),
    row(Char(':'), Context::Everywhere, Palette, "go", "a command or a thing by a few letters: :q, :ack A12, :partner acme, an order", Shown),
    row(Char('?'), Context::Everywhere, Help, "help", "this page", Shown),
    row(Char('1'), Context::Everywhere, Triage, "triage", "Triage: what needs somebody now", Hidden),
    row(Char('2'), Context::Everywhere, Stream, "stream", "Stream: everything as it happens", Hidden),
    row(Char('3'), Context::Everywhere, Partners, "partners", "Partners: what is open for each, and their contacts", Hidden),
    row(Char('4'), Context::Everywhere, Messages, "messages", "Messages: what was said, what failed, is in doubt or is held", Hidden),
    row(Char('5'), Context::Everywhere, Desk, "desk", "Desk: on call first; Tab: people, providers, sources, configuration", Hidden),
    row(Char('-'), Context::Everywhere, LastView, "view before", "back to the view before this one, and further with every press", Hidden),
    row(Char('.'), Context::Everywhere, GoTo, "go to", "what the row speaks of: its partner, case, alert, messages, people", Shown),
    row(Char('m'), Context::Everywhere, MessagesOf, "messages", "the messages about what the row speaks of", Hidden),
    row(Char('u'), Context::Everywhere, Undo, "undo", "for 10 s: take back what was just done", Hidden),
    row(Char('p'), Context::Everywhere, Partner, "partner", "everything about the partner of this row", Hidden),
    row(Char('j'), Context::Everywhere, Down, "down", "down", Hidden),
    row(Code(KeyCode::Down), Context::Everywhere, Down, "down", "down", Hidden),
    row(Char('k'), Context::Everywhere, Up, "up", "up", Hidden),
    row(Code(KeyCode::Up), Context::Everywhere, Up, "up", "up", Hidden),
    row(Char('g'), Context::Everywhere, First, "first", "to the top; takes in what is new", Hidden),
    row(Code(KeyCode::Home), Context::Everywhere, First, "first", "to the top; takes in what is new", Hidden),
    row(Char('G'), Context::Everywhere, Last, "last", "to the bottom", Hidden),
    row(Code(KeyCode::End), Context::Everywhere, Last, "last", "to the bottom", Hidden),
    row(Ctrl('d'), Context::Everywhere, ScrollDown, "scroll", "scroll the detail down", Hidden),
    row(Code(KeyCode::PageDown), Context::Everywhere, ScrollDown, "scroll", "scroll the detail down", Hidden),
    row(Ctrl('u'), Context::Everywhere, ScrollUp, "scroll", "scroll the detail up", Hidden),
    row(Code(KeyCode::PageUp), Context::Everywhere, ScrollUp, "scroll", "scroll the detail up", Hidden),
    row(Code(KeyCode::Esc), Context::Everywhere, Back, "back", "back to where this was opened; where nothing was, nothing", Hidden),
    row(Char('q'), Context::Everywhere, Back, "back", "back to where this was opened; where nothing was, nothing. :q leaves", Hidden),
    row(Ctrl('s'), Context::Everywhere, KeepView, "save view", "keep what the filter says as a view under a name", Hidden),
    row(Ctrl('l'), Context::Everywhere, Redraw, "redraw", "draw the screen anew", Hidden),
    row(Ctrl('z'), Context::Everywhere, Suspend, "suspend", "to the shell; fg comes back", Hidden),
    row(Ctrl('c'), Context::Everywhere, Quit, "quit", "twice: leave", Hidden),
];

/// What may be typed after `:`.
pub const COMMANDS: &[(&str, Action, &str)] = &[
    ("q", Quit, "leave the console"),
    ("quit", Quit, "leave the console"),
    ("triage", Triage, "what needs somebody now"),
    ("stream", Stream, "everything as it happens"),
    ("partners", Partners, "what is open for each partner"),
    ("partner", Partner, "everything about the partner of this row"),
    ("contacts", Contacts, "how each contact wants to be told"),
    ("messages", Messages, "what was said, and what became of it"),
    ("providers", Providers, "the ways out, and how they are doing"),
    ("search", Search, "look through everything there ever was"),
    ("view", Views, "open a saved view; :view NAME goes straight there"),
    ("save", KeepView, "keep what the filter says as a view"),
    ("settle", Settle, "say what became of a message in doubt"),
    ("desk", Desk, "on call, people, providers, sources, configuration"),
    ("people", People, "who works here, who is on call, who can be reached"),
    ("person", People, "everything about one person: :person maria"),
    ("sources", Sources, "where events come from, and when each was heard last"),
    ("configuration", Configuration, "which version counts, maintenance, digests, templates"),
    ("goto", GoTo, "what the row speaks of"),
    ("back", LastView, "the view before this one"),
    ("oncall", OnCall, "who is on call over two weeks, and why"),
    ("handover", Handover, "what is handed over to you or by you: read, add to it, accept it"),
    ("override", Cover, "somebody else is on call for the selected time"),
    ("maintenance", Maintenance, "what pages nobody for a while; take a window back"),
    ("templates", Templates, "every template, and how it reads to whom"),
    ("mark-all", MarkAll, "mark every row of the list, to act on them together"),
    ("ack", Ack, "take the selected alert"),
    ("unack", Undo, "give the selected alert back"),
    ("escalate", Escalate, "wake the next step"),
    ("resend", Resend, "send the latest message again"),
    ("snooze", Snooze, "be quiet until a chosen time"),
    ("note", Note, "write a note"),
    ("why", Why, "why the selected thing is so"),
    ("sort", Sort, "sort Triage by urgency, next, money, deadline, age or partner"),
    ("close", Close, "close with a reason"),
    ("hand", Hand, "ask somebody to take the alert over"),
    ("take", Take, "take the selected task"),
    ("done", Done, "the selected task is done"),
    ("copy", CopyReference, "copy the reference"),
    ("hint", Hint, "of a drill: what helps with what is wanted now"),
    ("brief", Brief, "of a drill: its briefing, or how it went"),
    ("theme", Theme, "how it looks; each is shown while you choose"),
    ("login", LogIn, "say who you are behind a shared login"),
    ("help", Help, "all keys"),
    ("redraw", Redraw, "draw the screen anew"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_stands_twice_in_one_place() {
        for (i, one) in KEYMAP.iter().enumerate() {
            for other in &KEYMAP[i + 1..] {
                assert!(one.key != other.key || one.context != other.context, "{}", one.key.name());
            }
        }
    }

    #[test]
    fn nothing_sits_on_alt() {
        let alt = KeyEvent::new(KeyCode::Char('a'), KeyModifiers::ALT);
        assert!(!KEYMAP.iter().any(|binding| binding.key.matches(alt)));
    }
}
