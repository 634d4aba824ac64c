//! What stands around every place: who and where we are, whether it is live, and what the keys do.

use crate::console::allowed::allowed;
use crate::console::clock;
use crate::console::desk::Desk;
use crate::console::keymap::{Action, Binding, Context, Footer};
use crate::console::model::{Link, Model, Place, Tone};
use crate::console::theme::Meaning;
use crate::console::view::find;
use crate::console::view::paint::{Canvas, Spans, cells, wrap};
use crate::console::waiting;
use crate::core::contact::Medium;
use crate::core::person::{PersonId, short_name};
use crate::core::text::sanitise;
use crate::wire::{ChannelState, MaintenanceInfo, MaintenanceState, MediumDown, SourceHealth};
use ratatui::layout::Rect;

/// On a lower screen every row is worth more than the end of a sentence.
const LOW: u16 = 20;

/// So many rows a notice may take.
const NOTICE_ROWS: usize = 2;

/// A part of the header; those that matter least go first where there is no room.
struct Part {
    text: String,
    meaning: Meaning,
    /// 0 is never left out.
    spare: u8,
}

fn part(text: impl Into<String>, meaning: Meaning, spare: u8) -> Part {
    Part { text: text.into(), meaning, spare }
}

/// Paints the header and returns the area below it.
pub fn header(canvas: &mut Canvas<'_>, model: &Model, area: Rect) -> Rect {
    let Some(desk) = &model.desk else {
        canvas.put(area.x + 1, area.y, area.width - 1, "nightdesk", Meaning::Strong);
        return below(area, 1);
    };
    let mut left = vec![part("nightdesk", Meaning::Quiet, 9)];
    left.push(part(sanitise(&desk.info.name), Meaning::Strong, 0));
    left.push(part(sanitise(&desk.info.host), Meaning::Quiet, 3));
    if desk.info.practice {
        left.push(part("PRACTICE", Meaning::Practice, 0));
    }
    if model.read_only {
        left.push(part("READ-ONLY", Meaning::Accent, 0));
    }
    left.extend(paging(model, desk));
    let mut right = vec![link(model)];
    right.extend(sources(model, desk));
    right.extend(Medium::ALL.map(|medium| channel(model, desk, medium)));
    right.push(part(clock::day_hour_zone(model.now, &desk.zone()), Meaning::Plain, 0));
    let width = |parts: &[Part]| parts.iter().map(|part| cells(&part.text) + 2).sum::<u16>();
    while width(&left) + width(&right) > area.width {
        let worst = left.iter().chain(&right).map(|part| part.spare).max().unwrap_or(0);
        if worst == 0 {
            break;
        }
        left.retain(|part| part.spare != worst);
        right.retain(|part| part.spare != worst);
    }
    let spans = |parts: Vec<Part>| -> Spans {
        let gap = ("  ".to_owned(), Meaning::Plain);
        let mut spans = Vec::new();
        for part in parts {
            if !spans.is_empty() {
                spans.push(gap.clone());
            }
            spans.push((part.text, part.meaning));
        }
        spans
    };
    let right_width = width(&right).saturating_sub(2).min(area.width - 2);
    canvas.put_spans(area.x + 1, area.y, area.width.saturating_sub(right_width + 3), &spans(left));
    canvas.put_spans(area.right() - right_width - 1, area.y, right_width + 1, &spans(right));

    let mut y = area.y + 1;
    // On a low screen only what the operator did and nobody has yet is worth a row.
    let notices = match area.height {
        LOW.. => notices(model, desk, area.width - 2),
        _ => unsent(model).into_iter().collect(),
    };
    for (text, meaning) in notices {
        for line in few_lines(&text, area.width - 2, NOTICE_ROWS) {
            canvas.put(area.x + 1, y, area.width - 2, &line, meaning);
            y += 1;
        }
    }
    below(area, y - area.y)
}

/// A sentence in as many lines as it takes, `most` of them; what is beyond stands at the end of the last, to be
/// cut there.
fn few_lines(text: &str, width: u16, most: usize) -> Vec<String> {
    let mut lines = wrap(text, width);
    if lines.len() > most {
        let beyond = lines.split_off(most - 1).join(" ");
        lines.push(beyond);
    }
    lines
}

/// What was said to the operator, in the lines that it takes: two at most, and one where rows are few.
pub fn said(model: &Model, (width, height): (u16, u16)) -> Vec<String> {
    let most = if height < LOW { 1 } else { 2 };
    flash(model).map_or_else(Vec::new, |(text, _)| few_lines(text, width.saturating_sub(2), most))
}

fn flash(model: &Model) -> Option<(&str, Meaning)> {
    let flash = model.flash.as_ref()?;
    let meaning = match flash.tone {
        Tone::Done => Meaning::Good,
        Tone::Refused => Meaning::Warn,
        Tone::Hint => Meaning::Accent,
    };
    Some((&flash.text, meaning))
}

fn below(area: Rect, rows: u16) -> Rect {
    Rect { y: area.y + rows, height: area.height.saturating_sub(rows), ..area }
}

/// `2 CRIT paging`, `3 paging, 1 CRIT`: wherever the list that says so is not on the screen.
fn paging(model: &Model, desk: &Desk) -> Option<Part> {
    if model.place == Place::Triage && !model.triage.zoomed {
        return None;
    }
    let worst = desk.paging().map(|alert| alert.severity).max()?;
    let (all, of_it) = (desk.paging().count(), desk.paging().filter(|alert| alert.severity == worst).count());
    let said = match all == of_it {
        true => format!("{all} {} paging", worst.short()),
        false => format!("{all} paging, {of_it} {}", worst.short()),
    };
    Some(part(said, Meaning::Severity(worst), 0))
}

fn link(model: &Model) -> Part {
    match &model.link {
        Link::Live if let Some(slow) = model.slow() => {
            part(format!("slow {}", clock::length(slow)), Meaning::Warn, 0)
        }
        Link::Connecting => part("connecting", Meaning::Warn, 0),
        Link::Live => part("live", Meaning::Good, 0),
        Link::Away { .. } if !model.is_cut_off() => part("reconnecting", Meaning::Warn, 0),
        Link::Away { since, .. } => {
            part(format!("AWAY since {}", clock::hour_minute(*since, &model.zone())), Meaning::Bad, 0)
        }
    }
}

/// The age of each source's last event, those that need a look first; of what happens while the agent is away
/// nothing is known.
fn sources(model: &Model, desk: &Desk) -> Vec<Part> {
    if model.is_cut_off() {
        return Vec::new();
    }
    let mut sources: Vec<&SourceHealth> = desk.sources.iter().collect();
    sources.sort_by_key(|source| (!source.silent, source.last_event_at.is_none()));
    let heard = sources.iter().any(|source| source.last_event_at.is_some());
    if !heard {
        return vec![part("no events yet", Meaning::Warn, 0)];
    }
    sources
        .into_iter()
        .enumerate()
        .map(|(i, source)| {
            let name = sanitise(&source.name);
            let unsigned = if source.signed { "" } else { " unsigned" };
            // What is quiet as it should be gives way to what is not.
            let spare = match i {
                0 if source.silent || !source.signed => 0,
                0 => 2,
                _ => 5,
            };
            match source.last_event_at {
                Some(at) if source.silent => {
                    part(format!("{name} SILENT {}", clock::age(model.now, at)), Meaning::Bad, spare)
                }
                Some(at) => {
                    let meaning = if source.signed { Meaning::Plain } else { Meaning::Warn };
                    part(format!("{name} {}{unsigned}", clock::age(model.now, at)), meaning, spare)
                }
                None => part(format!("{name} never"), Meaning::Quiet, 6),
            }
        })
        .collect()
}

/// How one medium is doing over all channels that carry it.
fn channel(model: &Model, desk: &Desk, medium: Medium) -> Part {
    let name = match medium {
        Medium::Sms => "sms",
        Medium::Email => "mail",
    };
    let states: Vec<ChannelState> = desk.carriers(medium).map(|channel| channel.state).collect();
    let (word, meaning) = if model.is_cut_off() {
        ("?", Meaning::Quiet)
    } else if states.is_empty() {
        ("none", Meaning::Warn)
    } else if desk.medium_down(medium).is_some() {
        ("DOWN", Meaning::Bad)
    } else if states.iter().any(|state| matches!(state, ChannelState::Failing | ChannelState::Down)) {
        ("FAILING", Meaning::Bad)
    } else if states.contains(&ChannelState::Working) {
        ("ok", Meaning::Plain)
    } else {
        ("untried", Meaning::Quiet)
    };
    part(format!("{name} {word}"), meaning, 0)
}

/// What waits for the agent.
fn unsent(model: &Model) -> Option<(String, Meaning)> {
    let waits = model.waiting.counted();
    if waits.is_empty() {
        return None;
    }
    let kept = match &model.waiting.unkept {
        Some(why) => format!(" Only in this console: {}.", sanitise(why)),
        None => String::new(),
    };
    // What was sent may have arrived, and nothing is said of it that is not known.
    let said = match model.waiting.items.iter().any(|item| item.tried) {
        true => format!("Not confirmed by the agent yet: {waits}; pages may continue.{kept}"),
        false => format!("Not with the agent yet: {waits}; pages continue.{kept}"),
    };
    Some((said, Meaning::Bad))
}

/// Whole sentences that somebody should know, a line each.
fn notices(model: &Model, desk: &Desk, width: u16) -> Vec<(String, Meaning)> {
    let mut notices = Vec::new();
    if let Link::Away { since, .. } = &model.link
        && model.is_cut_off()
    {
        let since = clock::hour_minute(*since, &desk.zone());
        let keys = [Action::Ack, Action::Note].map(|action| model.keys.name(Context::Alerts, action));
        let waits = match waiting::may(model) {
            Ok(()) => format!("; {} wait", keys.join(" and ")),
            Err(_) => String::new(),
        };
        let said = format!("As of {since}. Pages go on without you if the agent runs{waits}.");
        notices.push((said, Meaning::Bad));
    }
    notices.extend(unsent(model));
    for medium in Medium::ALL {
        if let Some(down) = desk.medium_down(medium) {
            notices.push((down_in_words(model, down, width), Meaning::Bad));
        }
    }
    if let Some(stuck) = desk.info.audit.as_ref().and_then(|audit| audit.stuck.split_first()) {
        let (first, more) = stuck;
        let more = if more.is_empty() { String::new() } else { format!(", and {} more", more.len()) };
        notices.push((sanitise(&format!("AUDIT: {first}{more}")).into_owned(), Meaning::Bad));
    }
    for one in &desk.handovers {
        let names = |people: &[PersonId]| crate::console::oncall::names(desk, people);
        let has = |people: &[PersonId]| people.iter().any(|person| desk.is_me(person));
        let (schedule, since) = (sanitise(&one.schedule), clock::hour_minute(one.at, &desk.zone()));
        let (from, to) = (names(&one.outgoing), names(&one.incoming));
        let said = if has(&one.incoming) {
            format!("{schedule} from {from} waits for you since {since}: :handover")
        } else if has(&one.outgoing) {
            format!("{to} has not accepted {schedule} since {since}; you are paged, too: :handover")
        } else {
            format!("{to} has not accepted {schedule} from {from} since {since}: :handover")
        };
        notices.push((said, Meaning::Warn));
    }
    if let Some((first, more)) = in_maintenance(desk).split_first() {
        let more = if more.is_empty() { String::new() } else { format!(", and {} more", more.len()) };
        let until = clock::when(model.now, first.until, &desk.zone());
        let said =
            format!("MAINTENANCE {}: {} until {until}{more}", sanitise(&first.name), first.covers.words());
        notices.push((said, Meaning::Accent));
    }
    if desk.last_event().is_none() {
        notices.push(("No source has ever sent anything to this agent.".to_owned(), Meaning::Warn));
    }
    if let Some(sync) = desk.sync.as_ref().filter(|sync| sync.state == ChannelState::Failing) {
        let since = clock::hour_minute(sync.since, &desk.zone());
        let why = sync.last_error.as_ref().map(|why| why.printable().into_string()).unwrap_or_default();
        notices.push((format!("sync failing since {since}: {why}"), Meaning::Warn));
    }
    if let Some(mailbox) = desk.info.mailbox.as_ref().filter(|one| one.state == ChannelState::Failing) {
        let since = clock::hour_minute(mailbox.since, &desk.zone());
        let why = mailbox.last_error.as_ref().map(|why| why.printable().into_string()).unwrap_or_default();
        notices.push((format!("mailed replies are not read since {since}: {why}"), Meaning::Warn));
    }
    for warning in &model.warnings {
        notices.push((sanitise(warning).into_owned(), Meaning::Warn));
    }
    if let Some(note) = &desk.info.config_note {
        notices.push((sanitise(note).into_owned(), Meaning::Warn));
    }
    notices.truncate(2);
    notices
}

/// Windows that are on.
fn in_maintenance(desk: &Desk) -> Vec<&MaintenanceInfo> {
    desk.info.maintenance.iter().filter(|window| window.state == MaintenanceState::On).collect()
}

/// Since when nothing leaves by a medium, and whom nothing wakes meanwhile: as many names as there is room for.
fn down_in_words(model: &Model, down: &MediumDown, width: u16) -> String {
    let since = clock::when(model.now, down.since, &model.zone());
    let medium = match down.medium {
        Medium::Sms => "SMS",
        Medium::Email => "EMAIL",
    };
    let head = format!("{medium} DOWN since {since}");
    let names: Vec<String> =
        down.cannot_be_woken.iter().map(|name| sanitise(&short_name(name)).into_owned()).collect();
    let said = |shown: usize| match names.len() - shown {
        0 if shown == 0 => format!("{head}."),
        0 => format!("{head}: cannot be woken: {}.", names.join(", ")),
        more if shown == 0 => format!("{head}: {more} cannot be woken."),
        more => format!("{head}: cannot be woken: {} and {more} more.", names[..shown].join(", ")),
    };
    let fits = (0..=names.len()).rev().map(said).find(|said| cells(said) <= width);
    fits.unwrap_or(head)
}

/// Paints the last line and returns the area above it.
pub fn footer(canvas: &mut Canvas<'_>, model: &Model, area: Rect) -> Rect {
    let y = area.bottom().saturating_sub(1);
    let above = Rect { height: area.height.saturating_sub(1), ..area };
    if let Some((_, meaning)) = flash(model) {
        let lines = said(model, model.size);
        let rows = u16::try_from(lines.len()).unwrap_or(1).max(1);
        let top = area.bottom().saturating_sub(rows);
        for (y, line) in (top..).zip(&lines) {
            canvas.put(area.x + 1, y, area.width - 2, line, meaning);
        }
        return Rect { height: area.height.saturating_sub(rows), ..area };
    }
    if model.place == Place::Contacts && model.contacts.form.is_some() {
        let keys = [("Ctrl-s", "save"), ("Tab", "next"), ("Space", "tick"), ("Esc", "back")];
        let spans: Spans = keys.iter().flat_map(|(key, label)| hint(key, label, true)).collect();
        canvas.put_spans(area.x + 1, y, area.width - 2, &spans);
        return above;
    }
    if let Some(spans) = find::footer(model) {
        canvas.put_spans(area.x + 1, y, area.width - 2, &spans);
        return above;
    }
    let context = model.context();
    let shown = model.keys.bindings(context).filter(|binding| binding.footer == Footer::Shown);
    // A key that acts on a row does nothing where there is none.
    let bare = has_no_row(model);
    let shown: Vec<&Binding> = shown.filter(|binding| !bare || goes_without_row(binding)).collect();
    let wide = |binding: &Binding| cells(&binding.key.name()) + cells(binding.label) + 3;
    // The keys that are the same everywhere are never what is left out.
    let (own, general): (Vec<&Binding>, Vec<&Binding>) =
        shown.into_iter().partition(|binding| binding.context != Context::Everywhere);
    let kept: u16 = general.iter().map(|binding| wide(binding)).sum();
    let mut room = (area.width + 1).saturating_sub(kept);
    let fits = own.into_iter().take_while(|binding| {
        let fits = wide(binding) <= room;
        room = room.saturating_sub(wide(binding));
        fits
    });
    let mut x = area.x + 1;
    for binding in fits.collect::<Vec<_>>().into_iter().chain(general) {
        let key = binding.key.name();
        let spans = hint(&key, binding.label, allowed(model, binding.action).is_ok());
        x = canvas.put_spans(x, y, area.right() - x, &spans);
    }
    above
}

/// The list of the place is empty.
fn has_no_row(model: &Model) -> bool {
    match model.place {
        Place::Stream => model.line_at_hand().is_none(),
        Place::Partners => model.partners.rows.is_empty(),
        Place::Contacts => model.contacts.rows.is_empty(),
        Place::Messages => model.messages.rows.is_empty(),
        Place::OnCall => model.on_call.rows.is_empty(),
        Place::People => model.people.rows.is_empty(),
        Place::Providers => model.providers.rows.is_empty(),
        Place::Sources => model.sources.rows.is_empty(),
        Place::Search => model.search.selected().is_none(),
        // The main key of Triage says itself that there is nothing; the others always hold something.
        Place::Triage
        | Place::Partner
        | Place::Person
        | Place::Handover
        | Place::Templates
        | Place::Configuration => false,
    }
}

fn goes_without_row(binding: &Binding) -> bool {
    use Action::{Contacts, Filter, Follow, GoTo, Group, Providers, Switch};
    let everywhere = binding.context == Context::Everywhere && binding.action != GoTo;
    everywhere || matches!(binding.action, Contacts | Filter | Follow | Group | Providers | Switch)
}

fn hint(key: &str, label: &str, enabled: bool) -> Spans {
    let (key_meaning, label_meaning) =
        if enabled { (Meaning::Accent, Meaning::Plain) } else { (Meaning::Quiet, Meaning::Quiet) };
    vec![
        (key.to_owned(), key_meaning),
        (format!(" {label}"), label_meaning),
        ("  ".to_owned(), Meaning::Plain),
    ]
}
