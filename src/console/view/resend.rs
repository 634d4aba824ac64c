//! The dialog before something is sent again: what would leave, to whom, by what, and who is left out.

use crate::console::clock;
use crate::console::dialog::Button;
use crate::console::model::Model;
use crate::console::resend::{Resend, ResendRow};
use crate::console::theme::Meaning;
use crate::console::view::dialog::{buttons, window};
use crate::console::view::messages::medium_word;
use crate::console::view::paint::{Canvas, Spans, wrap};
use crate::core::resend::{Going, Plan, UNDO};
use crate::core::text::sanitise;
use ratatui::layout::Rect;

/// So many lines of what leaves are shown at once.
const SHOWN: usize = 9;

pub fn paint(canvas: &mut Canvas<'_>, model: &Model, dialog: &Resend, area: Rect) {
    let lines = lines(model, dialog);
    let shown = lines.len().min(SHOWN).min(usize::from(area.height.saturating_sub(9)));
    let height = u16::try_from(shown).unwrap_or(0) + 7;
    let inner = window(canvas, area, 76, height, &dialog.title, "h l change");
    let rows = [
        (ResendRow::To, "to", &dialog.to[dialog.chosen_to].1),
        (ResendRow::Via, "by", &dialog.via[dialog.chosen_via].1),
    ];
    for (y, (which, label, value)) in (inner.y..).zip(rows) {
        let on = dialog.on == which;
        if on {
            let marker = canvas.theme.signs.marker;
            canvas.put(inner.x, y, 1, marker, Meaning::Accent);
        }
        canvas.put(inner.x + 2, y, 4, label, Meaning::Quiet);
        let meaning = if on { Meaning::Strong } else { Meaning::Plain };
        canvas.put(inner.x + 7, y, inner.width.saturating_sub(7), value, meaning);
    }
    let first = dialog.scroll.min(lines.len().saturating_sub(shown));
    for (y, line) in (inner.y + 3..).zip(lines.iter().skip(first).take(shown)) {
        canvas.put_spans(inner.x + 2, y, inner.width.saturating_sub(2), line);
    }
    if lines.len() > shown {
        let hint = format!(" {} more, PgDn ", lines.len() - shown - first);
        canvas.put_right(inner.x, inner.bottom(), inner.width, &hint, Meaning::Quiet);
    }
    let button = match dialog.on {
        ResendRow::Cancel => Some(Button::Cancel),
        ResendRow::Send => Some(if dialog.ready().is_some() { Button::Do } else { Button::Cancel }),
        ResendRow::To | ResendRow::Via => None,
    };
    let deed = match dialog.ready() {
        Some(plan) => format!("Send {}", plan.goes.len()),
        None => "Send".to_owned(),
    };
    buttons(canvas, inner, inner.bottom().saturating_sub(1), button, &deed);
}

fn lines(model: &Model, dialog: &Resend) -> Vec<Spans> {
    match &dialog.plan {
        None => vec![vec![("Asking the agent what would leave.".to_owned(), Meaning::Quiet)]],
        Some(Err(why)) => {
            wrap(&sanitise(why), 68).into_iter().map(|line| vec![(line, Meaning::Warn)]).collect()
        }
        Some(Ok(plan)) => of_plan(model, plan),
    }
}

fn of_plan(model: &Model, plan: &Plan) -> Vec<Spans> {
    let mut lines: Vec<Spans> = vec![vec![(plan.sentence(), Meaning::Strong)]];
    if plan.can_be_undone() {
        let said = format!("What is not urgent can be taken back with u for {} s.", UNDO.as_secs());
        lines.push(vec![(said, Meaning::Quiet)]);
    }
    for reason in plan.reasons() {
        lines.extend(wrap(&reason, 64).into_iter().enumerate().map(|(i, line)| {
            let head = if i == 0 { "not " } else { "    " };
            vec![(head.to_owned(), Meaning::Bad), (line, Meaning::Warn)]
        }));
    }
    lines.extend(plan.goes.iter().map(|going| of_one(model, going)));
    lines
}

fn of_one(model: &Model, going: &Going) -> Spans {
    let name = going.to.name.printable();
    let mut line = vec![
        (format!("{:<4} ", medium_word(going.medium)), Meaning::Plain),
        (format!("{name} by {}", sanitise(&going.channel)), Meaning::Plain),
    ];
    if going.parts > 1 {
        line.push((format!(", {} parts", going.parts), Meaning::Warn));
    }
    if going.marked {
        line.push((", marked: perhaps a second time".to_owned(), Meaning::Warn));
    }
    if let Some(why) = &going.waits {
        let until = going.at.map(|at| format!(" until {}", clock::when(model.now, at, &model.zone())));
        let said = format!(", waits{}: {}", until.unwrap_or_default(), why.printable());
        line.push((said, Meaning::Accent));
    }
    line
}
