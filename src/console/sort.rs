//! In what order Triage shows its rows, and the dialog that asks for another.

use crate::console::desk::Desk;
use crate::console::dialog::Pressed;
use crate::console::follow::arrange;
use crate::console::model::{Model, Tone};
use crate::console::say::say;
use crate::core::alert::Alert;
use crate::core::task::Task;
use crate::core::text::sanitise;
use crate::core::urgency::{rank, worth};
use crossterm::event::{KeyCode, KeyEvent};
use jiff::Timestamp;

/// What the first row has most of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum By {
    /// What pages somebody before what is held, then the severity, the deadline and the money.
    #[default]
    Urgency,
    Next,
    Money,
    Deadline,
    Age,
    Partner,
}

impl By {
    pub const ALL: [By; 6] = [By::Urgency, By::Next, By::Money, By::Deadline, By::Age, By::Partner];

    pub fn word(self) -> &'static str {
        match self {
            By::Urgency => "urgency",
            By::Next => "what comes next",
            By::Money => "money at risk",
            By::Deadline => "deadline",
            By::Age => "age",
            By::Partner => "partner",
        }
    }

    /// What stands first, for the dialog.
    pub fn says(self) -> &'static str {
        match self {
            By::Urgency => "what pages first; then severity, deadline, money",
            By::Next => "what happens soonest if nobody acts",
            By::Money => "the most first; currencies by [exchange], or apart",
            By::Deadline => "the nearest deadline, what is past first",
            By::Age => "what came first",
            By::Partner => "by the partner's name",
        }
    }
}

/// The dialog; what it stands on is chosen with Enter.
#[derive(Clone, Copy, Debug)]
pub struct Sort {
    pub selected: usize,
}

impl Sort {
    pub fn new(by: By) -> Self {
        Self { selected: By::ALL.iter().position(|one| *one == by).unwrap_or(0) }
    }

    pub fn press(&mut self, key: KeyEvent) -> Pressed {
        let last = By::ALL.len() - 1;
        match key.code {
            KeyCode::Esc | KeyCode::Char('q') => return Pressed::Close,
            KeyCode::Char('j') | KeyCode::Down => self.selected = (self.selected + 1).min(last),
            KeyCode::Char('k') | KeyCode::Up => self.selected = self.selected.saturating_sub(1),
            KeyCode::Enter => {
                return By::ALL.get(self.selected).map_or(Pressed::Stay, |by| Pressed::Sort(*by));
            }
            // It does nothing but turn rows about, so a digit may choose at once.
            KeyCode::Char(digit @ '1'..='9') => {
                let at = digit as usize - '1' as usize;
                return By::ALL.get(at).map_or(Pressed::Stay, |by| Pressed::Sort(*by));
            }
            _ => {}
        }
        Pressed::Stay
    }
}

/// Whether the money of these rows is compared across currencies that nothing converts.
pub fn currencies_apart(desk: &Desk) -> bool {
    let sums = desk.at_risk();
    sums.len() > 1 && desk.info.exchange.as_ref().and_then(|exchange| exchange.worth(&sums)).is_none()
}

const NEVER: i64 = i64::MAX;

fn second(at: Option<Timestamp>) -> i64 {
    at.map_or(NEVER, Timestamp::as_second)
}

pub fn alerts(desk: &Desk, by: By, alerts: &mut [&Alert]) {
    let exchange = desk.info.exchange.as_ref();
    let usual = |alert: &Alert| rank(alert, exchange);
    match by {
        By::Urgency => alerts.sort_by_cached_key(|alert| usual(alert)),
        By::Next => alerts.sort_by_cached_key(|alert| (second(alert.next_due()), usual(alert))),
        By::Money => alerts.sort_by_cached_key(|alert| (worth(exchange, &alert.at_risk), usual(alert))),
        By::Deadline => alerts.sort_by_cached_key(|alert| (second(alert.deadline), usual(alert))),
        By::Age => alerts.sort_by_cached_key(|alert| (alert.created_at, usual(alert))),
        By::Partner => {
            alerts.sort_by_cached_key(|alert| (alert.partner.name.raw().to_lowercase(), usual(alert)));
        }
    }
}

pub fn tasks(desk: &Desk, by: By, tasks: &mut [&Task]) {
    let exchange = desk.info.exchange.as_ref();
    let usual = |task: &Task| (second(task.due_at), task.id);
    let money = |task: &Task| {
        let alert = task.alert.and_then(|alert| desk.alerts.get(&alert));
        worth(exchange, alert.map_or(&[], |alert| alert.at_risk.as_slice()))
    };
    match by {
        By::Urgency | By::Deadline => tasks.sort_by_cached_key(|task| usual(task)),
        By::Next => tasks.sort_by_cached_key(|task| (second(task.next_due()), usual(task))),
        By::Money => tasks.sort_by_cached_key(|task| (money(task), usual(task))),
        By::Age => tasks.sort_by_cached_key(|task| (task.created_at, usual(task))),
        By::Partner => tasks.sort_by_cached_key(|task| {
            // Tasks of no partner come last.
            let name = task.partner.as_ref().map(|partner| partner.name.raw().to_lowercase());
            (name.is_none(), name, usual(task))
        }),
    }
}

/// The operator wants this order, and sees it at once.
pub fn chosen(model: &mut Model, by: By) {
    model.triage.by = by;
    arrange(model);
    let Some(desk) = &model.desk else { return };
    if by == By::Money && currencies_apart(desk) {
        let said = match &desk.info.exchange {
            None => "Each currency stands apart: no [exchange] says what one is worth in another.".to_owned(),
            Some(exchange) => format!(
                "By worth in {} ({}); currencies without a rate stand apart, below.",
                sanitise(&exchange.into),
                exchange.as_of
            ),
        };
        say(model, said, Tone::Hint);
    }
}
