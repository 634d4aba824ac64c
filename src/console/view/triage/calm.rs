//! Triage when nothing is in it: what lets one believe that, and where to look meanwhile.

use crate::console::clock;
use crate::console::desk::Desk;
use crate::console::model::{Link, Model};
use crate::console::theme::Meaning;
use crate::console::view::chart;
use crate::console::view::paint::{Canvas, Spans, wrap};
use crate::core::alert::AlertState;
use crate::core::contact::Medium;
use crate::core::counted::counted;
use crate::core::text::sanitise;
use ratatui::layout::Rect;

/// Nothing has come from the agent yet.
pub fn waiting(canvas: &mut Canvas<'_>, model: &Model, area: Rect) {
    let (said, meaning) = match &model.link {
        Link::Away { why, .. } => (format!("{}.", sanitise(why)), Meaning::Warn),
        _ => ("Asking the agent.".to_owned(), Meaning::Quiet),
    };
    let y = area.y + 2;
    canvas.put(area.x + 1, y, area.width.saturating_sub(2), &upper(&said), meaning);
    if let Link::Away { .. } = model.link {
        let next = "Start it with: nightdesk agent start    This console goes on trying; :q leaves.";
        canvas.put(area.x + 1, y + 2, area.width.saturating_sub(2), next, Meaning::Plain);
        let waits = model.waiting.counted();
        if !waits.is_empty() {
            let said = format!("Kept for the agent: {waits}. Pages continue until it has them.");
            canvas.put(area.x + 1, y + 4, area.width.saturating_sub(2), &said, Meaning::Bad);
        }
    }
}

fn upper(said: &str) -> String {
    let mut letters = said.chars();
    letters.next().map(|first| format!("{}{}", first.to_uppercase(), letters.as_str())).unwrap_or_default()
}

/// Nothing needs anybody; what is said instead lets one believe it.
pub fn calm(canvas: &mut Canvas<'_>, model: &Model, desk: &Desk, area: Rect) {
    let zone = desk.zone();
    let plain = |text: String, meaning| -> Spans { vec![(text, meaning)] };
    let mut said: Vec<Spans> = vec![plain("Nothing needs you.".to_owned(), Meaning::Strong)];
    let mut proofs = Vec::new();
    proofs.push(match desk.last_event() {
        Some((source, at)) => match clock::age(model.now, at).as_str() {
            "now" => format!("Last event just now from {}", sanitise(&source.name)),
            age => format!("Last event {age} ago from {}", sanitise(&source.name)),
        },
        None => "No source has ever sent anything".to_owned(),
    });
    for (medium, name) in [(Medium::Sms, "SMS"), (Medium::Email, "mail")] {
        match desk.carriers(medium).filter_map(|channel| channel.last_proven_at).max() {
            Some(at) => proofs.push(format!("{name} last proven {}", clock::when(model.now, at, &zone))),
            None => proofs.push(format!("{name} never proven")),
        }
    }
    let changes = desk.on_call.iter().filter(|on_call| on_call.next != on_call.person);
    if let Some(until) = changes.filter_map(|on_call| on_call.until).min() {
        proofs.push(format!("next hand-over {}", clock::when(model.now, until, &zone)));
    }
    let width = area.width.min(100).saturating_sub(6);
    said.extend(
        wrap(&format!("{}.", proofs.join("; ")), width).into_iter().map(|l| plain(l, Meaning::Plain)),
    );
    let closed = desk.alerts.values().filter(|alert| alert.state == AlertState::Resolved).count();
    if closed > 0 {
        said.push(plain(
            format!("{} closed within the last day.", counted(closed, "alert was", "alerts were")),
            Meaning::Quiet,
        ));
    }
    if desk.last_event().is_some() {
        said.push(Vec::new());
        said.push(chart::traffic_in_words(desk, model.now, 60));
    }
    said.push(Vec::new());
    for (key, what) in next_steps(desk, model.newcomer) {
        said.push(vec![(format!("{key:<3}"), Meaning::Accent), (what.to_owned(), Meaning::Quiet)]);
    }
    for (y, line) in (area.y + area.height / 4..area.bottom()).zip(said) {
        canvas.put_spans(area.x + 3, y, area.width.saturating_sub(4), &line);
    }
}

/// Where to look while nothing happens.
fn next_steps(desk: &Desk, newcomer: bool) -> Vec<(&'static str, &'static str)> {
    let mut steps = Vec::new();
    if desk.last_event().is_none() {
        steps.push(("", "A source sends its events to the intake; docs/events.md shows one with curl."));
    }
    steps.push(("2", "everything as it happens"));
    steps.push(("3", "the partners, and whether they can be reached"));
    steps.push(("4", "what was said, and what is proven of it"));
    steps.push(("5", "who is on call"));
    if newcomer {
        steps.push(("?", "all keys; :q leaves"));
    }
    steps
}
