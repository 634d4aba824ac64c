//! Why it is so, of whatever the hand is on: the rule, the schedule, the preference or the fact that decided,
//! in sentences.

mod alert;
mod contact;
mod message;
mod provider;
mod task;
mod turn;

use crate::console::model::Model;
use crate::console::theme::Meaning;
use crate::console::view::paint::{Spans, wrap};
use crate::console::why::{Of, Why};
use crate::core::text::sanitise;

/// The title of the dialog.
pub fn title(model: &Model, of: &Of) -> String {
    match of {
        Of::Alert(id) => format!("why {id}"),
        Of::Task(id) => format!("why {id}"),
        Of::Message(id) => format!("why {id}"),
        Of::Turn(key) => match crate::console::oncall::turn(model, key).zip(model.desk.as_ref()) {
            Some(((schedule, turn), desk)) => {
                let who = crate::console::oncall::who(desk, turn);
                format!("why {who} on {}", sanitise(&schedule.schedule))
            }
            None => "why".to_owned(),
        },
        Of::Contact(id) => {
            let known = model.desk.as_ref().and_then(|desk| desk.contacts.get(id));
            format!("why {}", known.map_or(id, |contact| &contact.name).printable())
        }
        Of::Conflict(_) => "why it differs".to_owned(),
        Of::Provider(name) => format!("why {}", sanitise(name)),
    }
}

pub fn lines(model: &Model, why: &Why, width: u16) -> Vec<Spans> {
    let mut told = Told { lines: Vec::new(), width };
    match &why.of {
        Of::Alert(id) => alert::tell(&mut told, model, *id, why),
        Of::Task(id) => task::tell(&mut told, model, *id),
        Of::Message(id) => message::tell(&mut told, model, *id),
        Of::Turn(key) => turn::tell(&mut told, model, key),
        Of::Contact(id) => contact::tell(&mut told, model, id, why.contact.as_ref()),
        Of::Conflict(at) => contact::conflict(&mut told, model, *at),
        Of::Provider(name) => provider::tell(&mut told, model, name),
    }
    told.lines
}

/// What is told, line by line.
struct Told {
    lines: Vec<Spans>,
    width: u16,
}

impl Told {
    /// A sentence.
    fn say(&mut self, text: &str, meaning: Meaning) {
        self.lines.extend(wrap(text, self.width).into_iter().map(|line| vec![(line, meaning)]));
    }

    /// A fact under a word of at most nine letters.
    fn fact(&mut self, label: &str, text: &str, meaning: Meaning) {
        for (i, line) in wrap(text, self.width.saturating_sub(10)).into_iter().enumerate() {
            let label = if i == 0 { label } else { "" };
            self.lines.push(vec![(format!("{label:<10}"), Meaning::Quiet), (line, meaning)]);
        }
    }

    fn gap(&mut self) {
        if self.lines.last().is_some_and(|line| !line.is_empty()) {
            self.lines.push(Vec::new());
        }
    }
}
