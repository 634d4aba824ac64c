//! What the desk has said: in doubt, failed and held first, then the newest.

use crate::console::clock;
use crate::console::messages::{Listed, Look, listed, look};
use crate::console::model::{About, Model};
use crate::console::theme::Meaning;
use crate::console::view::paint::{Canvas, Spans, cells, wrap};
use crate::console::view::stream::filter_line;
use crate::console::view::{VERY_WIDE, WIDE, crumbs, first_row, opened};
use crate::core::contact::{Category, Medium};
use crate::core::notification::{Hold, Notification, NotificationState, RecipientId};
use crate::core::text::sanitise;
use crate::wire::ChannelState;
use jiff::Timestamp;
use ratatui::layout::{Position, Rect};

pub fn paint(canvas: &mut Canvas<'_>, model: &Model, area: Rect) -> Option<Position> {
    let desk = model.desk.as_ref()?;
    if model.messages.opened {
        opened::paint(canvas, model, area);
        return None;
    }
    let rows = &model.messages.rows;
    let x = canvas.put_spans(area.x + 1, area.y, area.width.saturating_sub(2), &counts(model));
    let cursor =
        filter_line(canvas, &model.messages.filter, x + 2, area.y, area.right().saturating_sub(x + 12));
    if let Some(new) = super::new_rows(canvas, rows.waiting()) {
        canvas.put_right(area.x, area.y, area.width - 1, &new, Meaning::Accent);
    }
    let wide = area.width >= WIDE;
    let very_wide = area.width >= VERY_WIDE;
    let (to, of, category, parts) = if wide { (18, 18, 10, 5) } else { (11, 11, 0, 0) };
    let again = model.messages.known.values().any(|message| message.attempts.len() > 1);
    let medium = if again && !wide { 7 } else { 4 };
    let (by, proof) = if very_wide { (14, 40) } else { (0, 0) };
    // The heads of the columns, and where they stand.
    let mut at = area.x + 2;
    let mut column = |width: u16| {
        let x = at;
        at += width + u16::from(width > 0);
        (x, width)
    };
    let (when, category, to) = (column(9), column(category), column(to));
    let (of, via, state) = (column(of), column(medium), column(10));
    let (tries, parts) = (column(parts), column(parts));
    let (by, proof) = (column(by), column(proof));
    let what = (at, area.right().saturating_sub(at + 1));
    let y = area.y + 1;
    for ((x, width), head) in [
        (when, "WHEN"),
        (category, "ABOUT"),
        (to, "TO"),
        (of, "PARTNER"),
        (via, "BY"),
        (state, "STATE"),
        (tries, "TRIES"),
        (parts, "PARTS"),
        (by, "PROVIDER"),
        (proof, "PROOF"),
        (what, "WHY, OR WHAT"),
    ] {
        canvas.put(x, y, width, head, Meaning::Quiet);
    }
    let room = usize::from(area.height.saturating_sub(3));
    if rows.is_empty() {
        let (said, meaning) = match (&model.messages.missing, model.messages.heard) {
            (Some(why), _) => (format!("The messages could not be read: {why}."), Meaning::Warn),
            (None, false) => ("Asking the agent.".to_owned(), Meaning::Quiet),
            (None, true) if model.messages.filter.is_active() => {
                ("No message matches. Esc shows all again.".to_owned(), Meaning::Quiet)
            }
            (None, true) => ("Nothing has been said yet.".to_owned(), Meaning::Plain),
        };
        canvas.put(area.x + 2, y + 1, area.width.saturating_sub(3), &said, meaning);
        if model.messages.heard && !model.messages.filter.is_active() && model.messages.missing.is_none() {
            let next = "The first alert, task or digest that tells somebody brings it here; v: the ways out.";
            canvas.put(area.x + 2, y + 2, area.width.saturating_sub(3), next, Meaning::Quiet);
        }
    }
    let lines = listed(model);
    let on = lines.iter().position(|line| matches!(line, Listed::Row(id) if rows.selected() == Some(id)));
    let first = first_row(on, lines.len(), room);
    for (y, line) in (y + 1..).zip(lines.iter().skip(first).take(room)) {
        let id = match line {
            Listed::Row(id) => id,
            Listed::Head(group, many) => {
                canvas.rule(area, y, group.word(), &many.to_string(), group_meaning(*group));
                continue;
            }
        };
        let Some(message) = model.messages.known.get(id) else { continue };
        canvas.selected = rows.selected() == Some(id);
        if canvas.selected {
            let marker = canvas.theme.signs.marker;
            canvas.put(area.x, y, 1, marker, Meaning::Accent);
        }
        if model.messages.rows.is_marked(id) {
            canvas.put(area.x + 1, y, 1, "*", Meaning::Accent);
        }
        let time = clock::when(model.now, message.created_at, &desk.zone());
        canvas.put(when.0, y, when.1, &time, Meaning::Quiet);
        canvas.put(category.0, y, category.1, category_word(message), Meaning::Quiet);
        canvas.put(to.0, y, to.1, &desk.recipient_name(message), Meaning::Plain);
        let partner = message.partner.as_ref().map(|id| desk.partner_name(id)).unwrap_or_default();
        canvas.put(of.0, y, of.1, &partner, Meaning::Plain);
        // Narrow lists have no column for how often it was tried, and that is said beside the medium.
        let tried = message.attempts.len();
        let again =
            if tried > 1 && !wide { format!(" {}{tried}", canvas.theme.signs.times) } else { String::new() };
        let medium = format!("{}{again}", medium_word(message.medium));
        canvas.put(via.0, y, via.1, &medium, Meaning::Plain);
        let (word, meaning) = match model.pending_for(&About::Message(message.id)) {
            Some(pending) => (format!("{} ..", pending.word), Meaning::Accent),
            None => state_of(message, model.now),
        };
        canvas.put(state.0, y, state.1, &word, meaning);
        if parts.1 > 0 && sms_parts(message) > 0 {
            canvas.put_right(parts.0, y, parts.1, &sms_parts(message).to_string(), Meaning::Quiet);
        }
        if tried > 0 {
            let meaning = if tried > 1 { Meaning::Warn } else { Meaning::Quiet };
            canvas.put_right(tries.0, y, tries.1, &tried.to_string(), meaning);
        }
        canvas.put(by.0, y, by.1, &sanitise(&message.channel), Meaning::Quiet);
        if let Some(best) = message.evidence.iter().max_by_key(|evidence| (evidence.rung, evidence.at)) {
            let at = clock::hour_minute_second(best.at, &desk.zone());
            let said = format!("{at} {} by {}", best.word(), sanitise(&best.by));
            canvas.put(proof.0, y, proof.1, &said, Meaning::Quiet);
        }
        let said = why(message).or_else(|| waits(model, message)).unwrap_or_else(|| what_was_said(message));
        canvas.put(what.0, y, what.1, &said, Meaning::Plain);
        canvas.selected = false;
    }
    if let Some(message) = model.selected_message() {
        let said = why(message).or_else(|| waits(model, message)).unwrap_or_else(|| what_was_said(message));
        let free = room.saturating_sub(lines.len());
        if cells(&said) > what.1 {
            // What its column cuts off stands below the list, where that is short.
            let wrapped = wrap(&said, area.width.saturating_sub(3));
            let rows = wrapped.len().min(free.saturating_sub(1));
            let top = area.bottom().saturating_sub(1 + u16::try_from(rows).unwrap_or(0));
            for (y, line) in (top..).zip(wrapped.iter().take(rows)) {
                canvas.put(area.x + 2, y, area.width.saturating_sub(3), line, Meaning::Quiet);
            }
        }
    }
    let marked = crate::console::messages::in_hand(model).len();
    let says = match model.selected_message() {
        Some(_) if crate::console::bulk::marked(model) > 0 => {
            format!("r: send the {marked} that are marked again; Space marks, Esc lets go")
        }
        Some(message) => match crate::console::allowed::may_act(model) {
            Ok(()) if message.state == NotificationState::InDoubt => {
                format!("d: say what became of {}; Enter: what is known; r: send it again", message.id)
            }
            Ok(()) => format!("Enter: what {} says and what is proven of it; r: send it again", message.id),
            Err(why) => format!("Enter: what {} says; r: not now, {why}", message.id),
        },
        None => String::new(),
    };
    canvas.rule(area, area.bottom().saturating_sub(1), &says, "", Meaning::Accent);
    cursor
}

/// `Messages  2 in doubt  3 failed  1 held`.
fn counts(model: &Model) -> Spans {
    let mut spans = crumbs::spans(model);
    let head = spans.len();
    for (wanted, word, meaning) in [
        (Look::Doubt, "in doubt", Meaning::Warn),
        (Look::Failed, "failed today", Meaning::Bad),
        (Look::Held, "held", Meaning::Plain),
    ] {
        let many = model.messages.known.values().filter(|n| look(n, model.now) == wanted).count();
        if many > 0 {
            spans.push((format!("  {many} {word}"), meaning));
        }
    }
    if let Some(group) = model.messages.narrowed.group {
        spans.push((format!("  only {}", group.word()), Meaning::Accent));
    }
    if let Some((about, desk)) = model.messages.narrowed.about.as_ref().zip(model.desk.as_ref()) {
        spans.push((format!("  only {}", about.words(desk)), Meaning::Accent));
    }
    if spans.len() == head && model.messages.heard {
        spans.push(("  none failed, in doubt or held".to_owned(), Meaning::Quiet));
    }
    spans
}

fn group_meaning(group: Look) -> Meaning {
    match group {
        Look::Doubt => Meaning::Warn,
        Look::Failed => Meaning::Bad,
        Look::Held => Meaning::Accent,
        Look::Waiting | Look::OnItsWay | Look::Done => Meaning::Quiet,
    }
}

/// What comes next for it, and when.
pub fn waits(model: &Model, message: &Notification) -> Option<String> {
    use NotificationState::*;
    let when = |at| clock::when(model.now, at, &model.zone());
    let down = || {
        let desk = model.desk.as_ref()?;
        let channel = desk.channels.iter().find(|channel| channel.name == message.channel)?;
        (channel.state == ChannelState::Down).then(|| format!("{} is DOWN", sanitise(&message.channel)))
    };
    let undo = message.again.by.is_some() && message.attempts.is_empty();
    match message.state {
        Queued if down().is_some() => down(),
        Queued => Some(match message.due_at {
            Some(at) if at > model.now && !undo => format!("tried again {}", when(at)),
            _ => "about to leave".to_owned(),
        }),
        Held | InDoubt => message.due_at.map(|at| format!("next {}", when(at))),
        Accepted | Sent if message.proof_by.is_some() => {
            let by = message.proof_by.map(when).unwrap_or_default();
            Some(format!("no proof yet; by {by}, else it goes another way"))
        }
        Accepted | Sent => message.due_at.map(|at| format!("tried another way {}", when(at))),
        _ => None,
    }
}

/// How many SMS it took, all attempts together; 0 for a mail and for what never left.
pub fn sms_parts(message: &Notification) -> u32 {
    match message.medium {
        Medium::Sms => message.attempts.iter().map(|attempt| attempt.parts).sum(),
        Medium::Email => 0,
    }
}

pub fn medium_word(medium: Medium) -> &'static str {
    match medium {
        Medium::Sms => "SMS",
        Medium::Email => "mail",
    }
}

/// What it is about, in one word.
pub fn category_word(message: &Notification) -> &'static str {
    match message.category {
        Category::Urgent => "urgent",
        Category::CaseUpdates => "case",
        Category::Documents => "document",
        Category::Onboarding => "onboarding",
        Category::Digests => "digest",
        // The author of a post gets a receipt; the desk is told of the post itself.
        Category::Acknowledgments => match message.recipient.who {
            RecipientId::Person(_) | RecipientId::Webhook(_) => "post",
            RecipientId::Contact(_) => "receipt",
        },
    }
}

/// Where it stands, in a word of at most ten letters.
pub fn state_of(message: &Notification, now: Timestamp) -> (String, Meaning) {
    use NotificationState::*;
    if message.disputed {
        return ("disputed".to_owned(), Meaning::Warn);
    }
    let meaning = match message.state {
        Delivered | Read => Meaning::Good,
        InDoubt => Meaning::Warn,
        Held => Meaning::Accent,
        Failed | Bounced | Expired if look(message, now) == Look::Failed => Meaning::Bad,
        Queued | Sending | Suppressed | Cancelled => Meaning::Quiet,
        Accepted | Sent | Failed | Bounced | Expired => Meaning::Plain,
    };
    (message.state.as_str().replace('_', " "), meaning)
}

/// Why it is not where it should be; `None` where nothing is wrong.
pub fn why(message: &Notification) -> Option<String> {
    use NotificationState::*;
    let outcome = message.reason.outcome.as_ref().map(|why| why.printable().into_string());
    match message.state {
        InDoubt => Some("handed over; nobody can tell whether it was taken".to_owned()),
        Held => Some(outcome.unwrap_or_else(|| match message.hold {
            Some(Hold::QuietHours) => "it is night where they live".to_owned(),
            Some(Hold::Throttled) => "they got enough texts lately".to_owned(),
            Some(Hold::NoProvider) => "no provider takes it now".to_owned(),
            Some(Hold::UnknownContact) => "nobody knows this contact yet".to_owned(),
            None => "held".to_owned(),
        })),
        Failed | Bounced | Expired => {
            let evidence = message.evidence.iter().max_by_key(|evidence| evidence.rung);
            let said = evidence.map(|evidence| evidence.detail.printable().into_string());
            let answer = message.attempts.last().and_then(|attempt| attempt.answer.as_ref());
            let answer = answer.map(|answer| answer.printable().into_string());
            let why = outcome.or(said).or(answer).map(|why| without_state(&why).to_owned());
            let again = message.again.last.as_ref().map(|last| format!("sent again as {}", last.id));
            let parts: Vec<String> = again.into_iter().chain(why.filter(|why| !why.is_empty())).collect();
            (!parts.is_empty()).then(|| parts.join("; "))
        }
        Suppressed | Cancelled => outcome,
        _ => None,
    }
}

/// The cause alone: that it failed stands before it wherever it is shown.
fn without_state(why: &str) -> &str {
    use NotificationState::*;
    let cause = |state: NotificationState| why.strip_prefix(state.as_str())?.strip_prefix(": ");
    [Failed, Bounced, Expired].into_iter().find_map(cause).unwrap_or(why)
}

/// The subject of a mail, the first line of anything else.
pub fn what_was_said(message: &Notification) -> String {
    if !message.content.subject.is_empty() {
        return message.content.subject.printable().into_string();
    }
    let first = message.content.body.raw().lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    crate::core::text::sanitise(first).into_owned()
}
