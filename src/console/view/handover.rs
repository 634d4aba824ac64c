//! One's own hand-over: the sheet as it is on paper, under what it is and over what can be done with it.

use crate::console::handover::{may, own, stands};
use crate::console::keymap::Action;
use crate::console::model::Model;
use crate::console::oncall::names;
use crate::console::theme::Meaning;
use crate::console::view::crumbs;
use crate::console::view::paint::{Canvas, Spans, lay};
use crate::console::view::stream::filter_line;
use crate::core::handover::{HandoverState, Medium};
use crate::core::text::sanitise;
use ratatui::layout::{Position, Rect};

pub fn paint(canvas: &mut Canvas<'_>, model: &Model, area: Rect) -> Option<Position> {
    let desk = model.desk.as_ref()?;
    let width = area.width.saturating_sub(1);
    let lines = lines(model, width);
    let filtered = model.handover.filter.is_active();
    let room = area.height.saturating_sub(2 + u16::from(filtered));
    let longest = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_sub(room);
    let scroll = model.handover.scroll.min(longest);
    let more = match longest - scroll {
        0 => String::new(),
        more => format!("{more} more {}", canvas.theme.signs.down),
    };
    let title = match own(model) {
        Some(one) => format!("{} · {}", one.id, stands(model, desk, one)),
        None => String::new(),
    };
    canvas.rule(area, area.y, &crumbs::title(model, &title), &more, Meaning::Strong);
    let mut y = area.y + 1;
    let mut cursor = None;
    if filtered {
        cursor = filter_line(canvas, &model.handover.filter, area.x + 1, y, width);
        y += 1;
    }
    for (y, line) in (y..).zip(lines.iter().skip(usize::from(scroll)).take(usize::from(room))) {
        canvas.put_spans(area.x, y, area.width, line);
    }
    canvas.rule(area, area.bottom().saturating_sub(1), &intent(model), "", Meaning::Accent);
    cursor
}

/// How far it can be scrolled.
pub fn length(model: &Model) -> u16 {
    let lines = lines(model, model.size.0.saturating_sub(1)).len();
    u16::try_from(lines.saturating_sub(1)).unwrap_or(u16::MAX)
}

/// What the main key does.
fn intent(model: &Model) -> String {
    let Some(one) = own(model) else { return "Esc: back; j, k scroll".to_owned() };
    match (may(model, Action::Accept), one.state) {
        (Ok(()), _) => {
            let from = model.desk.as_ref().map(|desk| names(desk, &one.outgoing)).unwrap_or_default();
            format!("a: it is yours from then on, and {from} is not paged any more")
        }
        (Err(_), HandoverState::Ahead) if may(model, Action::Note).is_ok() => {
            "n: say something that whoever comes has to know".to_owned()
        }
        (Err(why), _) => format!("a: not now, {why}"),
    }
}

fn lines(model: &Model, width: u16) -> Vec<Spans> {
    let say = |text: String, meaning| vec![vec![(text, meaning)]];
    let (known, desk) = match (&model.handover.known, &model.handover.missing, &model.desk) {
        (Some(known), _, Some(desk)) => (known, desk),
        (_, Some(why), _) => return say(format!(" It could not be read: {why}."), Meaning::Warn),
        _ => return say(" Asking the agent.".to_owned(), Meaning::Quiet),
    };
    let mut lines: Vec<Spans> = Vec::new();
    for line in known.sheet.text(&desk.zone(), Medium::Screen).lines() {
        if !model.handover.filter.matches(&[line]) {
            continue;
        }
        let meaning = match line.starts_with(' ') {
            true => Meaning::Plain,
            false => Meaning::Strong,
        };
        let laid = lay(&sanitise(line), width);
        if laid.is_empty() {
            lines.push(Vec::new());
        }
        lines.extend(laid.into_iter().map(|line| vec![(format!(" {line}"), meaning)]));
    }
    lines
}
