//! The dialog before something is sent again: what would leave, to whom, by what, and who is left out.

use crate::console::clock;
use crate::console::model::Model;
use crate::console::resend::{Resend, ResendRow};
use crate::console::theme::Meaning;
use crate::console::told::{Lately, Ways};
use crate::console::view::dialog::{buttons, window};
use crate::console::view::messages::medium_word;
use crate::console::view::paint::{Canvas, Spans, cells, wrap};
use crate::core::alert::AlertState;
use crate::core::counted::counted;
use crate::core::id::AlertId;
use crate::core::resend::{Going, Plan, Target, UNDO};
use crate::core::text::sanitise;
use ratatui::layout::Rect;

/// So many lines of what leaves are shown at once.
const SHOWN: usize = 9;

/// The cells of the window, and of a line in it.
const WIDE: u16 = 76;
const LINE: u16 = WIDE - 6;

pub fn paint(canvas: &mut Canvas<'_>, model: &Model, dialog: &Resend, area: Rect) {
    let lines = lines(canvas, model, dialog);
    let shown = lines.len().min(SHOWN).min(usize::from(area.height.saturating_sub(9)));
    let height = u16::try_from(shown).unwrap_or(0) + 7;
    let inner = window(canvas, area, WIDE, height, &dialog.title, "h l change  Tab button");
    let rows = [
        (ResendRow::To, "to", &dialog.to[dialog.chosen_to].1),
        (ResendRow::Via, "by", &dialog.via[dialog.chosen_via].1),
    ];
    for (y, (which, label, value)) in (inner.y..).zip(rows) {
        let on = dialog.on == which;
        // The marker stands where Enter acts, and that is a button.
        if on {
            let chosen = canvas.theme.signs.chosen;
            canvas.put(inner.x, y, 1, chosen, Meaning::Accent);
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
    let deed = match dialog.ready() {
        Some(plan) => format!("Send {}", plan.goes.len()),
        None => "Send".to_owned(),
    };
    buttons(canvas, inner, inner.bottom().saturating_sub(1), Some(dialog.button), &deed);
}

fn lines(canvas: &Canvas<'_>, model: &Model, dialog: &Resend) -> Vec<Spans> {
    match &dialog.plan {
        None => vec![vec![("Asking the agent what would leave.".to_owned(), Meaning::Quiet)]],
        Some(Err(why)) => {
            wrap(&sanitise(why), 68).into_iter().map(|line| vec![(line, Meaning::Warn)]).collect()
        }
        Some(Ok(plan)) => of_plan(canvas, model, plan),
    }
}

fn of_plan(canvas: &Canvas<'_>, model: &Model, plan: &Plan) -> Vec<Spans> {
    let ways = Ways::of(model);
    let lately = |going: &Going| {
        let address = going.address.as_ref().map(|address| address.raw());
        ways.lately(&going.to.who, going.medium, address)
    };
    let mut lines: Vec<Spans> = vec![vec![(plan.sentence(), Meaning::Strong)]];
    let failed = plan.goes.iter().filter(|going| lately(going).is_some_and(|way| way.failed > 0)).count();
    if failed > 0 {
        let goes = counted(failed, "of them goes", "of them go");
        let said = format!("{goes} where the last message failed: choose another way or person with h l.");
        lines.extend(wrap(&said, LINE).into_iter().map(|line| vec![(line, Meaning::Bad)]));
    }
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
    let many = plan.seen.len() > 1;
    // What failed is in sight however many go.
    let mut goes: Vec<&Going> = plan.goes.iter().collect();
    goes.sort_by_key(|going| lately(going).is_none_or(|way| way.failed == 0));
    lines.extend(goes.into_iter().flat_map(|going| of_one(canvas, model, going, lately(going), many)));
    lines
}

/// To whom, at which address, and what is known of it; below it what does not fit beside.
fn of_one(
    canvas: &Canvas<'_>,
    model: &Model,
    going: &Going,
    lately: Option<Lately>,
    many: bool,
) -> Vec<Spans> {
    let name = going.to.name.printable();
    let about = about(model, going.of);
    let head = match (many, about) {
        (true, Some(alert)) => format!("{alert} "),
        (true, None) => format!("{} ", going.of),
        (false, _) => String::new(),
    };
    let address = going.address.as_ref().map(|address| format!(" {}", address.printable()));
    let mut line = vec![
        (head, Meaning::Quiet),
        (format!("{:<4} {name}", medium_word(going.medium)), Meaning::Plain),
        (address.unwrap_or_default(), Meaning::Strong),
        (format!(" by {}", sanitise(&going.channel)), Meaning::Plain),
    ];
    let mut notes: Spans = Vec::new();
    let signs = canvas.theme.signs;
    if let Some((way, trouble)) = lately.and_then(|way| Some((way, way.trouble(model, &signs)?))) {
        notes.push((format!("{} {trouble}", way.mark.sign(&signs)), way.mark.meaning()));
    }
    if about.is_some_and(|alert| is_over(model, alert)) {
        notes.push(("alert cleared".to_owned(), Meaning::Warn));
    }
    if going.parts > 1 {
        notes.push((format!("{} parts", going.parts), Meaning::Warn));
    }
    if going.marked {
        notes.push(("marked: perhaps a second time".to_owned(), Meaning::Warn));
    }
    if let Some(why) = &going.waits {
        let until = going.at.map(|at| format!(" until {}", clock::when(model.now, at, &model.zone())));
        notes.push((format!("waits{}: {}", until.unwrap_or_default(), why.printable()), Meaning::Accent));
    }
    let wide = |spans: &Spans| spans.iter().map(|(text, _)| cells(text)).fold(0, u16::saturating_add);
    let mut lines = Vec::new();
    let mut at = wide(&line);
    for (note, meaning) in notes {
        if at + 2 + cells(&note) > LINE {
            lines.push(std::mem::take(&mut line));
            line.push(("   ".to_owned(), Meaning::Plain));
            at = 3;
        }
        at += 2 + cells(&note);
        line.extend([("  ".to_owned(), Meaning::Plain), (note, meaning)]);
    }
    lines.push(line);
    lines
}

fn about(model: &Model, of: Target) -> Option<AlertId> {
    match of {
        Target::Alert(alert) => Some(alert),
        Target::Message(message) => {
            let of_desk = || model.desk.as_ref()?.messages.get(message);
            model.messages.known.get(&message).or_else(of_desk)?.alert
        }
    }
}

fn is_over(model: &Model, alert: AlertId) -> bool {
    let alert = model.alert(alert);
    alert.is_some_and(|alert| alert.cleared_at.is_some() || alert.state == AlertState::Resolved)
}
