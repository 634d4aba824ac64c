//! To whom an alert is handed over: everybody who could take it, those on call first, found by typing.

use crate::console::clock;
use crate::console::desk::Desk;
use crate::console::dialog::{Order, Pressed};
use crate::console::line::Line;
use crate::console::model::{About, Model};
use crate::console::people::on_call;
use crate::console::told::{Mark, Ways};
use crate::core::alert::Alert;
use crate::core::command::{Action as Ask, Expect};
use crate::core::contact::Medium;
use crate::core::id::AlertId;
use crate::core::person::{Person, PersonId, Role};
use crate::core::text::sanitise;
use crossterm::event::{KeyCode, KeyEvent};
use jiff::Timestamp;
use jiff::tz::TimeZone;

#[derive(Debug)]
pub struct HandOver {
    pub alert: AlertId,
    /// What is true of the alert until somebody takes it.
    pub says: String,
    everybody: Vec<Receiver>,
    pub line: Line,
    pub selected: usize,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Receiver {
    /// `None`: it is offered to nobody any more.
    pub person: Option<PersonId>,
    pub name: String,
    /// `on call: primary`.
    pub on_call: String,
    /// `03:07`, where they are.
    pub there: String,
    /// What is known of each way to them.
    pub ways: Vec<(Medium, Mark)>,
    /// Why it cannot be them.
    pub barred: Option<String>,
}

impl HandOver {
    pub fn new(model: &Model, desk: &Desk, alert: &Alert) -> Self {
        let (now, known) = (model.now, Ways::of(model));
        let mut people: Vec<&Person> =
            desk.people.values().filter(|person| !desk.is_me(&person.id)).collect();
        let rank = |person: &Person| (person.role < Role::Responder, on_call(desk, &person.id).is_empty());
        people.sort_by_key(|person| (rank(person), person.name.as_str()));
        let mut everybody: Vec<Receiver> =
            people.into_iter().map(|one| receiver(desk, &known, one, now)).collect();
        if let Some(offer) = &alert.offered {
            let name = format!("nobody: take it back from {}", desk.short_name(&offer.to));
            everybody.insert(0, Receiver { name, ..Receiver::default() });
        }
        let says = match alert.held_by() {
            Some(_) => "It stays yours until they take it; a promise missed meanwhile pages both.",
            None => "Nobody has it, so paging goes on until somebody takes it.",
        };
        Self { alert: alert.id, says: says.to_owned(), everybody, line: Line::default(), selected: 0 }
    }

    /// Those whose name, schedule or id holds what is typed.
    pub fn found(&self) -> Vec<&Receiver> {
        let typed = self.line.text().trim().to_lowercase();
        let holds = |one: &&Receiver| {
            let id = one.person.as_ref().map_or("", |person| person.0.as_str());
            [one.name.as_str(), one.on_call.as_str(), id]
                .iter()
                .any(|text| text.to_lowercase().contains(&typed))
        };
        self.everybody.iter().filter(holds).collect()
    }

    pub fn press(&mut self, key: KeyEvent) -> Pressed {
        let last = self.found().len().saturating_sub(1);
        match key.code {
            KeyCode::Esc => return Pressed::Close,
            KeyCode::Down => self.selected = (self.selected + 1).min(last),
            KeyCode::Up => self.selected = self.selected.saturating_sub(1),
            KeyCode::Enter => {
                let found = self.found();
                let Some(one) = found.get(self.selected) else { return Pressed::Stay };
                if let Some(why) = &one.barred {
                    return Pressed::Say(format!("Not {}: {why}.", one.name));
                }
                let alert = self.alert;
                let (word, ask) = match &one.person {
                    Some(to) => ("hand over", Ask::HandAlert { alert, to: to.clone() }),
                    None => ("keep", Ask::KeepAlert { alert }),
                };
                return Pressed::Order(Order {
                    about: About::Alert(alert),
                    word,
                    ask,
                    expect: Expect::default(),
                });
            }
            _ => {
                self.line.press(key);
                self.selected = 0;
            }
        }
        Pressed::Stay
    }
}

fn receiver(desk: &Desk, known: &Ways<'_>, person: &Person, now: Timestamp) -> Receiver {
    let zone = person.time_zone.as_deref().and_then(|name| TimeZone::get(name).ok());
    let schedules: Vec<_> = on_call(desk, &person.id).into_iter().map(sanitise).collect();
    let ways = known.to(person);
    let barred = match (person.role < Role::Responder, ways.is_empty()) {
        (true, _) => Some("may look but not act".to_owned()),
        (false, true) => Some("there is no way to tell them".to_owned()),
        (false, false) => None,
    };
    Receiver {
        person: Some(person.id.clone()),
        name: sanitise(&person.name).into_owned(),
        on_call: if schedules.is_empty() {
            String::new()
        } else {
            format!("on call: {}", schedules.join(", "))
        },
        there: clock::hour_minute(now, &zone.unwrap_or_else(|| desk.own_zone())),
        ways,
        barred,
    }
}
