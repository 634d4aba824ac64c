//! What the place shows, and all keys, out of the one table.

use crate::console::allowed::allowed;
use crate::console::clock;
use crate::console::keymap::{Binding, COMMANDS, Context};
use crate::console::keys::{Keys, PLACES};
use crate::console::model::{Link, Model};
use crate::console::theme::{Meaning, Signs};
use crate::console::told::Mark;
use crate::console::view::paint::{Spans, wrap};
use crate::core::event::Severity;
use crate::core::text::sanitise;

/// The cells that the keys take.
const KEYS: u16 = 18;

/// The page, or of it what holds what is looked for.
pub fn lines(model: &Model, signs: Signs, width: u16, wanted: &str) -> Vec<Spans> {
    let here = model.context();
    let wanted = wanted.trim().to_lowercase();
    let mut page = Page { lines: Vec::new(), title: None, wanted, width };
    if let Link::Away { since, why } = &model.link {
        page.section("the agent is away");
        let since = clock::hour_minute(*since, &model.zone());
        let says = format!("{}; it is tried again and again", sanitise(why));
        page.row(&format!("since {since}"), Meaning::Plain, &says, Meaning::Warn);
    }
    // The keys of this place come first, and say when they cannot be used.
    let mut sections = PLACES;
    sections.sort_by_key(|(context, _)| (*context != here, *context != Context::Everywhere));
    for (context, title) in sections {
        page.section(title);
        let rows = grouped(&model.keys, context).into_iter().map(|(keys, binding)| {
            let why_not = allowed(model, binding.action).err().filter(|_| context == here);
            (keys, binding, why_not)
        });
        let rows: Vec<_> = rows.collect();
        let shared = shared(rows.iter().filter_map(|(.., why)| why.as_deref()));
        if let Some(why) = shared {
            page.row("not now", Meaning::Quiet, &format!("what is grey: {why}"), Meaning::Quiet);
        }
        for (keys, binding, why_not) in &rows {
            let help = binding.help;
            let (help, meaning) = match why_not.as_deref() {
                Some(why) if shared == Some(why) => (help.to_owned(), Meaning::Quiet),
                Some(why) => (format!("{help} (not now: {why})"), Meaning::Quiet),
                None => (help.to_owned(), Meaning::Plain),
            };
            if page.wants(&[keys, &help, binding.label]) {
                page.put(keys, Meaning::Accent, &help, meaning);
            }
        }
        if context == here {
            page.section("what it shows");
            for (word, says) in legend(model, signs, here) {
                page.row(&word, Meaning::Plain, &says, Meaning::Quiet);
            }
        }
    }
    page.section("after a colon");
    for (name, _, help) in COMMANDS {
        page.row(&format!(":{name}"), Meaning::Accent, help, Meaning::Plain);
    }
    if page.lines.is_empty() {
        page.lines.push(vec![("No key and no word says that.".to_owned(), Meaning::Quiet)]);
    }
    page.lines
}

/// The reason that keeps three keys or more from being used, so that it is said once.
fn shared<'w>(why: impl Iterator<Item = &'w str> + Clone) -> Option<&'w str> {
    why.clone().find(|one| why.clone().filter(|other| other == one).count() >= 3)
}

struct Page {
    lines: Vec<Spans>,
    /// Of the section whose first row is still to come.
    title: Option<String>,
    /// In small letters.
    wanted: String,
    width: u16,
}

impl Page {
    fn section(&mut self, title: &str) {
        self.title = Some(title.to_owned());
    }

    fn row(&mut self, label: &str, of: Meaning, says: &str, meaning: Meaning) {
        if self.wants(&[label, says]) {
            self.put(label, of, says, meaning);
        }
    }

    /// Whether a row that goes by these words is looked for.
    fn wants(&self, words: &[&str]) -> bool {
        words.iter().any(|word| word.to_lowercase().contains(&self.wanted))
    }

    fn put(&mut self, label: &str, of: Meaning, says: &str, meaning: Meaning) {
        if let Some(title) = self.title.take() {
            if !self.lines.is_empty() {
                self.lines.push(Vec::new());
            }
            self.lines.push(vec![(title, Meaning::Strong)]);
        }
        for (row, says) in wrap(says, self.width.saturating_sub(KEYS)).into_iter().enumerate() {
            let label = if row == 0 { format!("  {label}") } else { String::new() };
            self.lines.push(vec![(format!("{label:<wide$}", wide = usize::from(KEYS)), of), (says, meaning)]);
        }
    }
}

/// The words and signs of the place, for whoever has not seen them before.
fn legend(model: &Model, signs: Signs, here: Context) -> Vec<(String, String)> {
    let zone = clock::day_hour_zone(model.now, &model.zone());
    let zone = zone.rsplit(' ').next().unwrap_or_default().to_owned();
    let said: Vec<(&str, String)> = match here {
        Context::Alerts | Context::Tasks => vec![
            (
                "NEXT",
                "what happens if nobody acts: in 6m the next page, you 34m your promise runs out, zzz until it \
                 wakes, cleared, LAST RESORT; of a task: who has it"
                    .to_owned(),
            ),
            ("RISK", "what is at stake; + where there is more in another currency".to_owned()),
            ("DUE", format!("the nearest deadline, on your clock ({zone})")),
            (
                "TOLD",
                format!(
                    "{} is proven to have it, {} failed, {} nobody can tell, {} kept back for now, a bare \
                     name: a gateway took it and no more is known",
                    Mark::Proven.beside("Weber", &signs),
                    Mark::Failed.beside("Weber", &signs),
                    Mark::Doubt.beside("Weber", &signs),
                    Mark::Waits.beside("Weber", &signs)
                ),
            ),
            (
                "severity",
                Severity::ALL
                    .into_iter()
                    .map(|severity| format!("{} {}", signs.severity(severity), severity.short()))
                    .collect::<Vec<_>>()
                    .join("   "),
            ),
        ],
        Context::Stream => vec![
            ("chart", "events a minute; the colour is that of the worst, and the words say how many".to_owned()),
            ("paused", "k or Space stops it; what comes meanwhile is counted and waits".to_owned()),
        ],
        Context::Partners => vec![
            ("counts", "what waits for somebody: alerts, cases, documents to review, posts, tasks".to_owned()),
            ("LOAD", "all of it together, beside the partner with the most (on wide screens)".to_owned()),
            (
                "REACHABLE",
                format!(
                    "contacts whom some message would reach now; NOBODY is worth a look, and so is {}: the last \
                     to one of them failed",
                    Mark::Failed.beside("mail", &signs)
                ),
            ),
        ],
        Context::Messages => vec![
            ("accepted", "a gateway or mail server took it".to_owned()),
            ("sent", "the carrier or the next mail server took it".to_owned()),
            ("delivered", "a receipt of the handset or mailbox says so; nothing else does".to_owned()),
            ("in doubt", "handed over, and the answer was lost".to_owned()),
            ("held", "decided, and waits: quiet hours, a throttle, no provider".to_owned()),
            ("suppressed", "never sent: opted out, or the address is dead".to_owned()),
            ("PARTS", "SMS parts it cost, all attempts together".to_owned()),
        ],
        Context::Providers => vec![
            ("QUEUE", "messages that wait for it now".to_owned()),
            ("TAKEN", "of the last hour, like PROVEN (by a receipt) and FAILED".to_owned()),
            ("charts", "five minutes a cell; the highest is as high as it goes".to_owned()),
            ("DOWN", "left after failures in a row; probed, and taken back slowly".to_owned()),
        ],
        Context::OnCall => vec![
            ("THERE", "the same moment by the schedule's clock".to_owned()),
            ("picture", "two weeks: a letter for each person, small where arranged, ! where nobody is".to_owned()),
        ],
        Context::Contacts => vec![
            ("SMS, MAIL", ways_say(signs)),
            ("QUIET", "hours on their own clock in which only urgent messages go".to_owned()),
        ],
        Context::People => vec![("BY", ways_say(signs))],
        _ => Vec::new(),
    };
    said.into_iter().map(|(word, says)| (word.to_owned(), says)).collect()
}

/// What the sign beside an address or a medium says.
fn ways_say(signs: Signs) -> String {
    let beside = |mark: Mark| mark.beside("SMS", &signs);
    format!(
        "{} the last message there arrived, {} it failed, {} nobody can tell; without a sign nothing is known",
        beside(Mark::Proven),
        beside(Mark::Failed),
        beside(Mark::Doubt)
    )
}

/// Keys that do the same stand on one line.
fn grouped(keys: &Keys, context: Context) -> Vec<(String, Binding)> {
    let mut rows: Vec<(String, Binding)> = Vec::new();
    for binding in keys.of(context) {
        match rows.iter_mut().find(|(_, known)| known.action == binding.action) {
            Some((keys, _)) => {
                keys.push_str(", ");
                keys.push_str(&binding.key.name());
            }
            None => rows.push((binding.key.name(), *binding)),
        }
    }
    rows
}
