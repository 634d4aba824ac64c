//! The keys of this console: the one table, as the configuration may have changed it.
//!
//! A row is called by its place and its action, `triage.ack`; both names come from the table, so
//! that there is no second list. What would be ambiguous, or lock somebody in, is refused with its
//! place in the file.

use crate::config::{ConsoleKeys, Problem};
use crate::console::keymap::{Action, Binding, COMMANDS, Context, KEYMAP, Key};
use crossterm::event::{KeyCode, KeyEvent};
use std::collections::BTreeSet;

/// What every key means, everywhere.
#[derive(Clone, Debug)]
pub struct Keys(Vec<Binding>);

/// These mean the same everywhere and in every dialog, so that nobody is ever caught.
const RESERVED: [Action; 5] = [Action::Quit, Action::Suspend, Action::Redraw, Action::Palette, Action::Help];

/// Every place, as the help names it.
pub const PLACES: [(Context, &str); 17] = [
    (Context::Alerts, "on an alert"),
    (Context::Tasks, "on a task"),
    (Context::Stream, "in the Stream"),
    (Context::Partners, "in Partners"),
    (Context::Partner, "on a partner's page"),
    (Context::Contacts, "in Contacts"),
    (Context::Messages, "in Messages"),
    (Context::Providers, "in Providers"),
    (Context::Search, "in a search"),
    (Context::OnCall, "in On call"),
    (Context::People, "in People"),
    (Context::Sources, "in Sources"),
    (Context::Configuration, "in Configuration"),
    (Context::Handover, "on a hand-over"),
    (Context::Templates, "in Templates"),
    (Context::Preview, "on a template's preview"),
    (Context::Everywhere, "everywhere"),
];

impl Default for Keys {
    fn default() -> Self {
        Self(KEYMAP.to_vec())
    }
}

impl Keys {
    /// The table with the rows of a configuration in it, or everything that is wrong with those.
    pub fn changed_by(written: &ConsoleKeys) -> Result<Self, Vec<Problem>> {
        let mut table = KEYMAP.to_vec();
        let mut problems = Vec::new();
        // Where each binding that was written stands, by its place in the table.
        let mut changed: BTreeSet<(usize, usize)> = BTreeSet::new();
        for (number, row) in written.rows.iter().enumerate() {
            let of_row: Vec<Binding> =
                KEYMAP.iter().filter(|binding| binding.name() == row.name).copied().collect();
            let Some(first) = of_row.first() else {
                problems.push(written.problem(row.name_at.clone(), unknown(&row.name)));
                continue;
            };
            if RESERVED.contains(&first.action) || first.key == Key::Code(KeyCode::Esc) {
                let key = first.key.name();
                let message = format!("{} stays on {key}, so that nobody is ever locked in", row.name);
                problems.push(written.problem(row.name_at.clone(), message));
                continue;
            }
            if row.keys.is_empty() {
                let message = format!("{} needs at least one key", row.name);
                problems.push(written.problem(row.keys_at.clone(), message));
                continue;
            }
            let at = table.iter().position(|binding| binding.name() == row.name).unwrap_or(table.len());
            table.retain(|binding| binding.name() != row.name);
            for (i, typed) in row.keys.iter().enumerate() {
                match Key::parse(typed) {
                    Ok(key) => table.insert(at + i.min(table.len() - at), Binding { key, ..*first }),
                    Err(why) => problems.push(written.problem(row.keys_at.clone(), why)),
                }
            }
            changed.insert((number, 0));
        }
        for (number, _) in changed {
            let row = &written.rows[number];
            for own in table.iter().filter(|binding| binding.name() == row.name) {
                if let Some(other) = table.iter().find(|other| clash(own, other)) {
                    let message = format!(
                        "{} is the key of {} ({}); give that another one, or take another one here",
                        own.key.name(),
                        other.name(),
                        other.help
                    );
                    problems.push(written.problem(row.keys_at.clone(), message));
                }
            }
        }
        if problems.is_empty() { Ok(Self(table)) } else { Err(problems) }
    }

    /// What a key means here: the place's own meaning before the general one.
    pub fn action(&self, context: Context, key: KeyEvent) -> Option<Action> {
        let find = |wanted: Context| {
            self.0.iter().find(|binding| binding.context == wanted && binding.key.matches(key))
        };
        find(context).or_else(|| find(Context::Everywhere)).map(|binding| binding.action)
    }

    /// The bindings of a place, its own before the general ones.
    pub fn bindings(&self, context: Context) -> impl Iterator<Item = &Binding> {
        let own = self.of(context);
        let general = self.of(Context::Everywhere).filter(move |general| {
            context != Context::Everywhere && !self.of(context).any(|own| own.key == general.key)
        });
        own.chain(general)
    }

    /// The bindings of a place, without the general ones.
    pub fn of(&self, context: Context) -> impl Iterator<Item = &Binding> {
        self.0.iter().filter(move |binding| binding.context == context)
    }

    /// The key that does this here, as sentences name it.
    pub fn name(&self, context: Context, action: Action) -> String {
        let found = self.bindings(context).find(|binding| binding.action == action);
        found.map_or_else(|| "?".to_owned(), |binding| binding.key.name())
    }
}

/// The page of the manual that lists every key, as it is built in.
pub fn page() -> String {
    let mut page = String::from(
        "# Keys\n\n\
         Written from the one table that the console itself uses, by `tests/console/keys.rs`. What a key does is the\n\
         same everywhere in a place; `?` in the console shows those of the place one is in first, as the configuration\n\
         may have changed them.\n\n\
         ```toml\n\
         [keys]\n\
         triage.ack = \"A\"                    # a place and an action, named in the tables below\n\
         stream.follow = [\"F\", \"F2\"]         # several keys for the same\n\
         ```\n\n\
         A key is a character, `Ctrl-` and a small letter, `F1` to `F12`, `Space`, `Enter`, `Tab`, `Up`, `Down`,\n\
         `Left`, `Right`, `Home`, `End`, `PgUp`, `PgDn`, `Insert` or `Delete`. One key with two meanings in a place is\n\
         refused with file, line and column, and so is a key that hides a general one: `nightdesk check` says which;\n\
         the console opens with the keys as they are built in, and says so. `Esc`, `Ctrl-c`, `Ctrl-z`, `Ctrl-l`, `:`\n\
         and `?` cannot be given away, and nothing sits on Alt. Whatever cannot be taken back asks first, on\n\
         whichever key it is. Within a dialog `j` and `k` or the arrows choose, `Tab` moves, `Enter` presses the\n\
         button that is marked, and `Esc` goes back.\n",
    );
    let keys = Keys::default();
    for (context, title) in PLACES {
        page.push_str(&format!(
            "\n## {}{}\n\n| key | name | does |\n|---|---|---|\n",
            title[..1].to_uppercase(),
            &title[1..]
        ));
        let mut rows: Vec<(Vec<String>, &Binding)> = Vec::new();
        for binding in keys.of(context) {
            let key = format!("`{}`", binding.key.name());
            match rows.iter_mut().find(|(_, known)| known.action == binding.action) {
                Some((keys, _)) => keys.push(key),
                None => rows.push((vec![key], binding)),
            }
        }
        for (keys, binding) in rows {
            let help = binding.help.replace('|', "\\|");
            page.push_str(&format!("| {} | `{}` | {help} |\n", keys.join(" "), binding.name()));
        }
    }
    page.push_str("\n## After a colon\n\n| command | does |\n|---|---|\n");
    for (name, _, help) in COMMANDS {
        page.push_str(&format!("| `:{name}` | {help} |\n"));
    }
    page
}

/// One key with two meanings in one place. A place's own meaning hides the general one, which is no
/// clash only where both mean the same.
fn clash(own: &Binding, other: &Binding) -> bool {
    let same_place = own.context == other.context;
    let hides = own.context == Context::Everywhere || other.context == Context::Everywhere;
    // To open a contact is to edit it.
    let same = |a: &Binding, b: &Binding| {
        a.action == b.action || (a.action, b.action) == (Action::Edit, Action::Open)
    };
    own.key == other.key && !same(own, other) && !same(other, own) && (same_place || hides)
}

fn unknown(name: &str) -> String {
    let name = crate::core::text::sanitise(name);
    let place = name.split('.').next().unwrap_or_default();
    let action = name.rsplit('.').next().unwrap_or_default();
    let names: BTreeSet<String> = KEYMAP.iter().map(Binding::name).collect();
    let (of_place, of_action): (Vec<&String>, Vec<&String>) = (
        names.iter().filter(|known| known.split('.').next() == Some(place)).collect(),
        names.iter().filter(|known| known.rsplit('.').next() == Some(action)).collect(),
    );
    let list = |names: Vec<&String>| names.into_iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    match (of_action.is_empty(), of_place.is_empty()) {
        (false, _) => format!("there is no key {name:?}; there is {}", list(of_action)),
        (true, false) => format!("there is no key {name:?}; of {place} there are {}", list(of_place)),
        (true, true) => {
            let places: BTreeSet<String> = KEYMAP.iter().map(|binding| binding.context.name()).collect();
            let places = places.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
            format!(
                "there is no key {name:?}; a name is a place and an action, such as triage.ack; there are the places {places}"
            )
        }
    }
}

impl Binding {
    /// `triage.ack`
    pub fn name(&self) -> String {
        format!("{}.{}", self.context.name(), self.action.name())
    }
}

impl Context {
    pub fn name(self) -> String {
        match self {
            Context::Alerts => "triage".to_owned(),
            other => kebab(&format!("{other:?}")),
        }
    }
}

impl Action {
    pub fn name(self) -> String {
        kebab(&format!("{self:?}"))
    }
}

/// `CopyReference` → `copy-reference`
fn kebab(name: &str) -> String {
    let mut kebab = String::with_capacity(name.len() + 2);
    for (i, c) in name.chars().enumerate() {
        if c.is_uppercase() && i > 0 {
            kebab.push('-');
        }
        kebab.extend(c.to_lowercase());
    }
    kebab
}

impl Key {
    /// The reverse of [`Key::name`].
    pub fn parse(typed: &str) -> Result<Self, String> {
        let named = [
            ("Space", Key::Char(' ')),
            ("Enter", Key::Code(KeyCode::Enter)),
            ("Tab", Key::Code(KeyCode::Tab)),
            ("Back Tab", Key::Code(KeyCode::BackTab)),
            ("Up", Key::Code(KeyCode::Up)),
            ("Down", Key::Code(KeyCode::Down)),
            ("Left", Key::Code(KeyCode::Left)),
            ("Right", Key::Code(KeyCode::Right)),
            ("Home", Key::Code(KeyCode::Home)),
            ("End", Key::Code(KeyCode::End)),
            ("PgUp", Key::Code(KeyCode::PageUp)),
            ("PgDn", Key::Code(KeyCode::PageDown)),
            ("Insert", Key::Code(KeyCode::Insert)),
            ("Delete", Key::Code(KeyCode::Delete)),
        ];
        let shown = crate::core::text::sanitise(typed);
        let taken = |key: &str| Err(format!("{key} means the same everywhere and cannot be given away"));
        match typed {
            "Esc" | "Ctrl-c" | "Ctrl-z" | "Ctrl-l" | ":" | "?" => return taken(typed),
            "Ctrl-i" => return Err("a terminal cannot tell Ctrl-i from Tab; write Tab".to_owned()),
            "Ctrl-m" | "Ctrl-j" => {
                return Err("a terminal cannot tell this from Enter; write Enter".to_owned());
            }
            _ => {}
        }
        if typed.starts_with("Alt") {
            return Err("nothing sits on Alt: many terminals send Esc and a key instead".to_owned());
        }
        if let Some((_, key)) = named.iter().find(|(name, _)| name.eq_ignore_ascii_case(typed)) {
            return Ok(*key);
        }
        if let Some(number) = typed.strip_prefix(['F', 'f']).and_then(|number| number.parse().ok())
            && (1..=12).contains(&number)
        {
            return Ok(Key::Code(KeyCode::F(number)));
        }
        let (control, letter) = match typed.strip_prefix("Ctrl-") {
            Some(letter) => (true, letter),
            None => (false, typed),
        };
        let mut chars = letter.chars();
        match (chars.next(), chars.next()) {
            (Some(c), None) if control && c.is_ascii_lowercase() => Ok(Key::Ctrl(c)),
            (Some(c), None) if !control && !c.is_control() && !c.is_whitespace() => Ok(Key::Char(c)),
            _ => Err(format!(
                "{shown:?} is no key; write a character, Ctrl- and a small letter, F1 to F12, Space, Enter, Tab, Up, Down, Left, Right, Home, End, PgUp, PgDn, Insert or Delete"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> Result<Keys, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        std::fs::write(&path, text).unwrap();
        let said = crate::config::console(&path).unwrap();
        Keys::changed_by(&said.keys).map_err(|problems| {
            let at = |p: &Problem| format!("{}:{}: {}", p.line, p.column, p.message);
            problems.iter().map(at).collect::<Vec<_>>().join("\n")
        })
    }

    fn pressed(c: char) -> KeyEvent {
        KeyEvent::new(KeyCode::Char(c), crossterm::event::KeyModifiers::NONE)
    }

    #[test]
    fn the_table_itself_is_without_a_clash() {
        for (i, one) in KEYMAP.iter().enumerate() {
            for other in &KEYMAP[i + 1..] {
                assert!(!clash(one, other), "{} and {} on {}", one.name(), other.name(), one.key.name());
            }
        }
    }

    #[test]
    fn a_changed_key_does_what_the_old_one_did_and_the_old_one_nothing() {
        let keys = written("[keys]\n\"triage.ack\" = \"A\"\n").unwrap();
        assert_eq!(keys.action(Context::Alerts, pressed('A')), Some(Action::Ack));
        assert_eq!(keys.action(Context::Alerts, pressed('a')), None);
        assert_eq!(keys.action(Context::Tasks, pressed('a')), Some(Action::Take));
        assert_eq!(keys.name(Context::Alerts, Action::Ack), "A");
    }

    #[test]
    fn two_keys_can_be_exchanged() {
        let keys = written("[keys]\ntriage.ack = \"e\"\ntriage.escalate = \"a\"\n").unwrap();
        assert_eq!(keys.action(Context::Alerts, pressed('a')), Some(Action::Escalate));
        assert_eq!(keys.action(Context::Alerts, pressed('e')), Some(Action::Ack));
    }

    #[test]
    fn what_would_be_ambiguous_is_refused_where_it_stands() {
        for (text, says) in [
            ("[keys]\ntriage.ack = \"e\"\n", "2:14: e is the key of triage.escalate"),
            ("[keys]\ntriage.ack = \"j\"\n", "2:14: j is the key of everywhere.down"),
            ("[keys]\neverywhere.down = [\"n\", \"Down\"]\n", "2:19: n is the key of triage.note"),
            ("[keys]\n\"triage.akc\" = \"A\"\n", "2:1: there is no key \"triage.akc\"; of triage there are"),
            ("[keys]\nstream.ack = \"A\"\n", "2:8: there is no key \"stream.ack\"; there is triage.ack"),
            ("[keys]\ntriage.ack = \"Ctrl-c\"\n", "2:14: Ctrl-c means the same everywhere"),
            ("[keys]\ntriage.ack = \"Alt-a\"\n", "2:14: nothing sits on Alt"),
            ("[keys]\ntriage.ack = []\n", "2:14: triage.ack needs at least one key"),
            ("[keys]\neverywhere.palette = \"!\"\n", "2:12: everywhere.palette stays on :"),
            ("[keys]\neverywhere.quit = \"Q\"\n", "2:12: everywhere.quit stays on Ctrl-c"),
        ] {
            let why = written(text).unwrap_err();
            assert!(why.starts_with(says), "{text}\n{why}");
        }
    }

    #[test]
    fn every_key_of_the_table_is_written_as_it_is_shown() {
        for binding in KEYMAP {
            let name = binding.key.name();
            match Key::parse(&name) {
                Ok(key) => assert_eq!(key, binding.key, "{name}"),
                Err(why) => assert!(why.contains("everywhere"), "{name}: {why}"),
            }
        }
    }
}
