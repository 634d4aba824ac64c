//! One thing on the whole screen: a message as it was sent, or a case, document or post with what
//! happened to it.

use crate::console::clock;
use crate::console::desk::Desk;
use crate::console::model::{Model, Place};
use crate::console::partners::{Item, Thing};
use crate::console::theme::Meaning;
use crate::console::view::item::{case_title, in_words};
use crate::console::view::messages::{category_word, medium_word, sms_parts, state_of, waits, why};
use crate::console::view::paint::{Canvas, Spans, lay, wrap};
use crate::console::view::timeline;
use crate::core::case::Case;
use crate::core::change::Numbered;
use crate::core::contact::Medium;
use crate::core::counted::counted;
use crate::core::document::Document;
use crate::core::notification::{AttemptState, Notification, NotificationState};
use crate::core::sms::segments;
use crate::core::text::{Untrusted, sanitise};
use crate::core::thread::Thread;
use crate::wire::partner::Filed;
use ratatui::layout::Rect;

pub fn paint(canvas: &mut Canvas<'_>, model: &Model, area: Rect) {
    let Some(desk) = &model.desk else { return };
    let width = area.width.saturating_sub(3);
    let (title, lines) = content(model, desk, width);
    let room = area.height.saturating_sub(2);
    let longest = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_sub(room);
    let scroll = scrolled(model).min(longest);
    let more = match longest - scroll {
        0 => String::new(),
        more => format!("{more} more {}", canvas.theme.signs.down),
    };
    canvas.rule(area, area.y, &title, &more, Meaning::Strong);
    for (y, line) in (area.y + 1..).zip(lines.iter().skip(usize::from(scroll)).take(usize::from(room))) {
        canvas.put_spans(area.x + 2, y, width, line);
    }
    let says = match model.selected_message() {
        Some(message) => match crate::console::allowed::may_act(model) {
            Ok(()) => {
                let doubt = if message.state == NotificationState::InDoubt { "d: settle; " } else { "" };
                let alert = if message.alert.is_some() { "o: alert; w: why; " } else { "" };
                let keys =
                    if model.place == Place::Messages { format!("{doubt}{alert}") } else { String::new() };
                format!("{keys}r: send {} again; Esc: back", message.id)
            }
            Err(why) => format!("r: not now, {why}; Esc: back"),
        },
        None => "Esc: back; j, k scroll".to_owned(),
    };
    canvas.rule(area, area.bottom().saturating_sub(1), &says, "", Meaning::Accent);
}

/// How far it can be scrolled.
pub fn length(model: &Model) -> u16 {
    let Some(desk) = &model.desk else { return 0 };
    let lines = content(model, desk, model.size.0.saturating_sub(3)).1.len();
    u16::try_from(lines.saturating_sub(1)).unwrap_or(u16::MAX)
}

fn scrolled(model: &Model) -> u16 {
    match model.place {
        Place::Messages => model.messages.scroll,
        _ => model.page.as_ref().and_then(|page| page.opened.as_ref()).map_or(0, |opened| opened.scroll),
    }
}

fn content(model: &Model, desk: &Desk, width: u16) -> (String, Vec<Spans>) {
    if let Some(message) = model.selected_message() {
        let to = message.recipient.name.printable();
        let title = format!("{} · {} to {to}", message.id, medium_word(message.medium));
        return (title, of_message(model, desk, message, width));
    }
    let Some(opened) = model.page.as_ref().and_then(|page| page.opened.as_ref()) else {
        return (String::new(), Vec::new());
    };
    match (&opened.thing, &opened.missing) {
        (Some(thing), _) => of_thing(model, desk, thing, width),
        (None, Some(why)) => (
            name(&opened.what),
            vec![vec![(format!("It could not be read: {}", sanitise(why)), Meaning::Warn)]],
        ),
        (None, None) => (name(&opened.what), vec![vec![("Asking the agent.".to_owned(), Meaning::Quiet)]]),
    }
}

fn name(what: &Item) -> String {
    match what {
        Item::Case(id) | Item::Document(id) | Item::Thread(id) => id.printable().into_string(),
        _ => String::new(),
    }
}

fn text(lines: &mut Vec<Spans>, text: &str, width: u16, meaning: Meaning) {
    // Line by line, as it was written; an empty line stays one.
    for line in text.lines() {
        let wrapped = lay(&sanitise(line), width);
        if wrapped.is_empty() {
            lines.push(Vec::new());
        }
        lines.extend(wrapped.into_iter().map(|line| vec![(line, meaning)]));
    }
}

fn labelled(lines: &mut Vec<Spans>, label: &str, said: &str, width: u16, meaning: Meaning) {
    for (i, line) in wrap(said, width.saturating_sub(10)).into_iter().enumerate() {
        let label = if i == 0 { label } else { "" };
        lines.push(vec![(format!("{label:<10}"), Meaning::Quiet), (line, meaning)]);
    }
}

fn of_message(model: &Model, desk: &Desk, message: &Notification, width: u16) -> Vec<Spans> {
    let zone = desk.zone();
    let at = |time| clock::hour_minute_second(time, &zone);
    let mut lines: Vec<Spans> = Vec::new();
    let (state, meaning) = state_of(message, model.now);
    let stands = match why(message) {
        Some(why) => format!("{state}: {why}"),
        None => state,
    };
    labelled(&mut lines, "stands", &stands, width, meaning);
    let reason = &message.reason;
    let step = reason.step.map(|step| format!(", step {step}")).unwrap_or_default();
    let because = format!(
        "{}: {} (rule {}{step}, configuration {})",
        category_word(message),
        reason.via.printable(),
        sanitise(&reason.rule),
        message.config_version
    );
    labelled(&mut lines, "because", &because, width, Meaning::Plain);
    let of: Vec<String> = message
        .partner
        .iter()
        .map(|partner| desk.partner_name(partner))
        .chain(message.alert.map(|alert| alert.to_string()))
        .collect();
    labelled(&mut lines, "about", &of.join(", "), width, Meaning::Plain);
    labelled(
        &mut lines,
        "decided",
        &clock::when(model.now, message.created_at, &zone),
        width,
        Meaning::Plain,
    );
    if let Some(next) = waits(model, message) {
        labelled(&mut lines, "waits", &next, width, Meaning::Accent);
    }
    if message.medium == Medium::Sms {
        let each = segments(message.content.body.raw()).parts.len();
        let (each_word, paid) = (if each == 1 { "part" } else { "parts" }, sms_parts(message));
        let said = format!("{each} SMS {each_word} a copy; {paid} sent so far");
        labelled(&mut lines, "cost", &said, width, Meaning::Plain);
    }
    if let Some(by) = &message.again.by {
        let of = message.again.of.map(|of| format!(", a repeat of {of}")).unwrap_or_default();
        let said = format!("sent by hand by {}{of}", desk.short_name(by));
        labelled(&mut lines, "again", &said, width, Meaning::Plain);
    }
    if let Some(last) = &message.again.last {
        let when = clock::when(model.now, last.at, &zone);
        let said = format!("{} sent it again as {} ({when})", desk.short_name(&last.by), last.id);
        labelled(&mut lines, "again", &said, width, Meaning::Plain);
    }
    lines.push(Vec::new());
    if !message.content.subject.is_empty() {
        labelled(&mut lines, "subject", message.content.subject.printable().as_str(), width, Meaning::Strong);
        lines.push(Vec::new());
    }
    text(&mut lines, message.content.body.raw(), width, Meaning::Plain);
    lines.push(Vec::new());
    for attempt in &message.attempts {
        let (word, meaning) = match attempt.state {
            AttemptState::Sending => ("being sent", Meaning::Plain),
            AttemptState::Handed => ("taken", Meaning::Plain),
            AttemptState::Deferred => ("not taken, to be tried again", Meaning::Warn),
            AttemptState::Refused => ("refused", Meaning::Bad),
            AttemptState::InDoubt => ("handed over; nobody knows", Meaning::Warn),
        };
        let again = if attempt.possible_duplicate { ", perhaps a second time" } else { "" };
        let answer = attempt.answer.as_ref().map(|said| format!(": {}", said.printable()));
        let said = format!(
            "attempt {} {word} by {}, {}{again}{}",
            attempt.number,
            sanitise(&attempt.channel),
            attempt.address.printable(),
            answer.unwrap_or_default()
        );
        labelled(&mut lines, &at(attempt.started_at), &said, width, meaning);
        for evidence in message.evidence.iter().filter(|evidence| evidence.attempt == attempt.number) {
            let said = evidence.detail.printable();
            let part = if attempt.parts > 1 { format!(" part {}", evidence.part) } else { String::new() };
            let rung = evidence.word();
            let colon = if said.as_str().is_empty() { "" } else { ": " };
            let said = format!("{rung}{part} by {}{colon}{said}", sanitise(&evidence.by));
            labelled(&mut lines, &at(evidence.at), &said, width, Meaning::Plain);
        }
    }
    if message.attempts.is_empty() {
        lines.push(vec![("It never left.".to_owned(), Meaning::Quiet)]);
    }
    lines
}

fn of_thing(model: &Model, desk: &Desk, thing: &Thing, width: u16) -> (String, Vec<Spans>) {
    let mut lines = Vec::new();
    let (title, timeline) = match thing {
        Thing::Case(case) => {
            of_case(model, desk, &case.thing, width, &mut lines);
            (case_title(&case.thing), &case.timeline)
        }
        Thing::Document(document) => {
            of_document(model, desk, &document.thing, width, &mut lines);
            (document.thing.thing.name.printable().into_string(), &document.timeline)
        }
        Thing::Thread(thread) => {
            of_thread(model, desk, &thread.thing, width, &mut lines);
            (thread.thing.thing.subject.printable().into_string(), &thread.timeline)
        }
    };
    lines.push(Vec::new());
    lines.extend(timeline.iter().rev().flat_map(|numbered| happened(model, desk, numbered, width)));
    if timeline.is_empty() {
        lines.push(vec![("Nothing is known of how it came here.".to_owned(), Meaning::Quiet)]);
    }
    (title, lines)
}

fn contact_name(desk: &Desk, id: &Untrusted) -> String {
    desk.contacts.get(id).map_or(id, |contact| &contact.name).printable().into_string()
}

fn of_case(model: &Model, desk: &Desk, case: &Case, width: u16, lines: &mut Vec<Spans>) {
    let zone = desk.zone();
    let mut stands = in_words(desk, case.state.word());
    if let Some(kind) = &case.kind {
        stands = format!("{stands}, {}", in_words(desk, kind.word()));
    }
    labelled(lines, "stands", &stands, width, Meaning::Strong);
    labelled(lines, "partner", case.partner.name.printable().as_str(), width, Meaning::Plain);
    let mut facts = Vec::new();
    facts.extend(case.amount.as_ref().map(|money| money.long()));
    facts.extend(case.order.as_ref().map(|order| format!("order {}", order.printable())));
    facts.extend(case.alert.map(|alert| alert.to_string()));
    facts.extend(case.task.map(|task| task.to_string()));
    labelled(lines, "about", &facts.join(" · "), width, Meaning::Plain);
    if let Some(due) = case.due.or(case.deadline) {
        labelled(lines, "due", &clock::when(model.now, due, &zone), width, Meaning::Plain);
    }
    let people: Vec<String> =
        case.opened_by.iter().chain(&case.watchers).map(|id| contact_name(desk, id)).collect();
    labelled(lines, "told", &people.join(", "), width, Meaning::Plain);
    let wanted: Vec<String> = case.wanted.iter().map(|wanted| wanted.printable().into_string()).collect();
    labelled(lines, "wanted", &wanted.join(", "), width, Meaning::Warn);
    for said in case.description.iter().chain(&case.message) {
        lines.push(Vec::new());
        text(lines, said.raw(), width, Meaning::Plain);
    }
}

/// What people call the case of a thing.
fn case_of<T>(filed: &Filed<T>, id: &Option<Untrusted>) -> Option<Untrusted> {
    filed.case_reference.clone().or_else(|| id.clone())
}

fn of_document(model: &Model, desk: &Desk, filed: &Filed<Document>, width: u16, lines: &mut Vec<Spans>) {
    let document = &filed.thing;
    let zone = desk.zone();
    let stands = format!("{}, {}", document.state.as_str(), in_words(desk, document.kind.word()));
    labelled(lines, "stands", &stands, width, Meaning::Strong);
    labelled(lines, "partner", document.partner.name.printable().as_str(), width, Meaning::Plain);
    if let Some(by) = document.review_by {
        labelled(lines, "review by", &clock::when(model.now, by, &zone), width, Meaning::Plain);
    }
    if let Some(at) = document.reviewed_at {
        labelled(lines, "reviewed", &clock::when(model.now, at, &zone), width, Meaning::Plain);
    }
    for (label, said) in [("case", &case_of(filed, &document.case)), ("link", &document.url)] {
        if let Some(said) = said {
            labelled(lines, label, said.printable().as_str(), width, Meaning::Plain);
        }
    }
    if let Some(by) = &document.uploaded_by {
        labelled(lines, "from", &contact_name(desk, by), width, Meaning::Plain);
    }
}

fn of_thread(model: &Model, desk: &Desk, filed: &Filed<Thread>, width: u16, lines: &mut Vec<Spans>) {
    let thread = &filed.thing;
    let zone = desk.zone();
    let stands = format!("{}, {}", thread.state.as_str(), in_words(desk, thread.kind.word()));
    labelled(lines, "stands", &stands, width, Meaning::Strong);
    labelled(lines, "partner", thread.partner.name.printable().as_str(), width, Meaning::Plain);
    labelled(lines, "author", &contact_name(desk, &thread.author), width, Meaning::Plain);
    if let Some(by) = thread.answer_by {
        labelled(lines, "answer by", &clock::when(model.now, by, &zone), width, Meaning::Plain);
    }
    if let Some(at) = thread.answered_at {
        labelled(lines, "answered", &clock::when(model.now, at, &zone), width, Meaning::Plain);
    }
    if let Some(case) = &case_of(filed, &thread.case) {
        labelled(lines, "case", case.printable().as_str(), width, Meaning::Plain);
    }
    let posts = counted(thread.posts.len(), "post", "posts");
    labelled(lines, "posts", &posts, width, Meaning::Plain);
}

fn happened(model: &Model, desk: &Desk, numbered: &Numbered, width: u16) -> Vec<Spans> {
    let change = &numbered.change;
    let (word, meaning) = timeline::word(change);
    let when = clock::when(model.now, change.at, &desk.zone());
    let said = wrap(change.summary.printable().as_str(), width.saturating_sub(21));
    let label = |i: usize, text: &str| if i == 0 { text.to_owned() } else { String::new() };
    said.into_iter()
        .enumerate()
        .map(|(i, line)| {
            vec![
                (format!("{:<12} ", label(i, &when)), Meaning::Quiet),
                (format!("{:<8}", label(i, word)), meaning),
                (line, Meaning::Plain),
            ]
        })
        .collect()
}
