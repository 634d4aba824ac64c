//! One row of a partner's page: an alert, a case, a document, a post, a task, a contact, a message.

use crate::console::allowed::may_act;
use crate::console::clock;
use crate::console::desk::Desk;
use crate::console::model::Model;
use crate::console::partners::{Item, Page};
use crate::console::theme::Meaning;
use crate::console::view::messages::{medium_word, state_of, what_was_said};
use crate::console::view::paint::{Canvas, Spans};
use crate::console::view::{WIDE, page};
use crate::core::case::Case;
use crate::core::contact::{ContactState, Medium};
use crate::core::document::ReviewState;
use crate::core::event::Severity;

use crate::core::money::Money;
use crate::core::notification::{Notification, RecipientId};
use crate::core::onboarding::MilestoneState;
use crate::core::standing::{MediumReach, Standing};
use crate::core::task::TaskKind;
use crate::core::text::Untrusted;
use crate::core::thread::ThreadState;
use crate::wire::partner::ReachedContact;
use jiff::Timestamp;
use ratatui::layout::Rect;

const KIND: u16 = 6;
const STATE: u16 = 18;
const RISK: u16 = 7;
const DUE: u16 = clock::DUE_WIDE;
const NAME: u16 = 15;

/// Where the cells of a thing stand.
pub struct Columns {
    kind: u16,
    what: (u16, u16),
    state: u16,
    risk: u16,
    due: u16,
}

impl Columns {
    pub fn of(area: Rect) -> Self {
        let due = area.right().saturating_sub(DUE);
        let risk = due.saturating_sub(RISK + 1);
        let state = risk.saturating_sub(STATE + 1);
        let what = area.x + 2 + KIND;
        Self { kind: area.x + 2, what: (what, state.saturating_sub(what + 1)), state, risk, due }
    }

    pub fn heads(&self, canvas: &mut Canvas<'_>, y: u16) {
        canvas.put(self.what.0, y, self.what.1, "WHAT", Meaning::Quiet);
        canvas.put(self.state, y, STATE, "STATE", Meaning::Quiet);
        canvas.put_right(self.risk, y, RISK, "RISK", Meaning::Quiet);
        canvas.put(self.due, y, DUE, "DUE", Meaning::Quiet);
    }
}

/// What a row of a thing says.
struct Words {
    kind: (String, Meaning),
    what: String,
    state: (String, Meaning),
    risk: Option<Money>,
    due: Option<Timestamp>,
    /// Nobody works on it any more.
    over: bool,
}

pub fn paint(canvas: &mut Canvas<'_>, model: &Model, desk: &Desk, page: &Page, item: &Item, area: Rect) {
    let Some(detail) = &page.detail else { return };
    match item {
        Item::Contact(id) => {
            if let Some(known) = detail.contacts.iter().find(|known| known.contact.id == *id) {
                contact(canvas, model, desk, &detail.notifications, known, area);
            }
        }
        Item::Message(id) => {
            let fetched = || detail.notifications.iter().find(|n| n.id == *id);
            if let Some(found) = desk.messages.get(*id).or_else(fetched) {
                message(canvas, model, desk, found, area);
            }
        }
        Item::Milestone(id) => {
            let next = detail.milestones.iter().find(|m| m.state == MilestoneState::Expected);
            if let Some(found) = detail.milestones.iter().find(|m| m.id == *id) {
                let is_next = next.is_some_and(|next| next.id == found.id);
                let tick = canvas.theme.signs.proven;
                let (mut said, meaning) = page::of_milestone(model, desk, found, tick, is_next);
                if let (Some(due), false) = (found.due_at, is_next || found.reached_at.is_some()) {
                    said = format!(
                        "{said}, expected by {}",
                        clock::last_day(due, &found.zone(&desk.own_zone()))
                    );
                }
                canvas.put(area.x + 2, area.y, area.width.saturating_sub(3), &said, meaning);
            }
        }
        Item::Conflict(at) => {
            if let Some(conflict) = detail.conflicts.get(*at) {
                let said = page::of_conflict(conflict);
                canvas.put(area.x + 2, area.y, area.width.saturating_sub(3), &said, Meaning::Warn);
            }
        }
        thing => {
            if let Some(words) = words(desk, page, thing) {
                row(canvas, model, desk, &words, area);
            }
        }
    }
}

fn words(desk: &Desk, page: &Page, item: &Item) -> Option<Words> {
    let detail = page.detail.as_ref()?;
    let medium = Meaning::Severity(Severity::Medium);
    let kind = |word: &str| (word.to_owned(), medium);
    Some(match item {
        Item::Alert(id) => {
            let alert = desk.alerts.get(id).or_else(|| detail.alerts.iter().find(|alert| alert.id == *id))?;
            let held = alert.held_by().map(|holder| format!("held by {}", desk.short_name(holder)));
            Words {
                kind: (alert.severity.short().to_owned(), Meaning::Severity(alert.severity)),
                what: alert.title.printable().into_string(),
                state: match held {
                    Some(held) => (held, Meaning::Plain),
                    None if alert.cleared_at.is_some() => ("cleared".to_owned(), Meaning::Good),
                    None => (alert.state.as_str().to_owned(), Meaning::Bad),
                },
                risk: alert.at_risk.first().cloned(),
                due: alert.deadline,
                over: false,
            }
        }
        Item::Case(id) => {
            let case = detail.cases.iter().chain(&detail.settled.cases).find(|case| case.id == *id)?;
            Words {
                kind: kind("case"),
                what: case_title(case),
                state: (in_words(desk, case.state.word()), Meaning::Plain),
                risk: case.amount.clone(),
                due: case.due.or(case.deadline).or_else(|| task_due(page, id)),
                over: case.is_over(),
            }
        }
        Item::Document(id) => {
            let document =
                detail.reviews.iter().chain(&detail.settled.documents).find(|document| document.id == *id)?;
            let what = format!("{} ({})", document.name.printable(), in_words(desk, document.kind.word()));
            Words {
                kind: kind("doc"),
                what,
                state: match document.state {
                    ReviewState::Pending => ("to review".to_owned(), Meaning::Plain),
                    state => (state.as_str().to_owned(), Meaning::Plain),
                },
                risk: None,
                due: document.review_by.filter(|_| document.state == ReviewState::Pending),
                over: document.state != ReviewState::Pending,
            }
        }
        Item::Thread(id) => {
            let thread =
                detail.threads.iter().chain(&detail.settled.threads).find(|thread| thread.id == *id)?;
            Words {
                kind: kind("post"),
                what: thread.subject.printable().into_string(),
                state: match thread.state {
                    ThreadState::Open => ("to answer".to_owned(), Meaning::Plain),
                    ThreadState::Answered => ("answered".to_owned(), Meaning::Plain),
                },
                risk: None,
                due: thread.answer_by.filter(|_| thread.state == ThreadState::Open),
                over: thread.state == ThreadState::Answered,
            }
        }
        Item::Task(id) => {
            let task = desk.tasks.get(id).or_else(|| detail.tasks.iter().find(|task| task.id == *id))?;
            let owner = task.owner.as_ref().map(|owner| desk.short_name(owner));
            Words {
                kind: kind(task_word(task)),
                what: task.title.printable().into_string(),
                state: match owner {
                    Some(owner) => (owner, Meaning::Plain),
                    None => ("nobody".to_owned(), Meaning::Quiet),
                },
                risk: None,
                due: task.due_at,
                over: false,
            }
        }
        Item::Milestone(_) | Item::Contact(_) | Item::Message(_) | Item::Conflict(_) => return None,
    })
}

/// When the task about a thing is due.
fn task_due(page: &Page, about: &Untrusted) -> Option<Timestamp> {
    let tasks = &page.detail.as_ref()?.tasks;
    tasks.iter().find(|task| task.about.as_ref() == Some(about))?.due_at
}

/// The word a task has on the screen: what it is about.
pub fn task_word(task: &crate::core::task::Task) -> &'static str {
    match task.kind {
        TaskKind::Answer if task.is_of_case() => "case",
        TaskKind::Answer => "post",
        TaskKind::Review => "doc",
        TaskKind::Fix => "fix",
        TaskKind::Doubt => "doubt",
        TaskKind::Sync => "sync",
        TaskKind::Plan => "plan",
    }
}

/// `CASE-771  Price dispute`; a case known only by its id has no more to say.
pub fn case_title(case: &Case) -> String {
    let reference = case.reference.printable();
    if case.title.is_empty() {
        reference.into_string()
    } else {
        format!("{reference}  {}", case.title.printable())
    }
}

/// A word of the community's as this desk calls it.
pub fn in_words(desk: &Desk, word: &str) -> String {
    desk.info.labels.word("en", word)
}

fn row(canvas: &mut Canvas<'_>, model: &Model, desk: &Desk, words: &Words, area: Rect) {
    let columns = Columns::of(area);
    let y = area.y;
    let faded = |meaning| if words.over { Meaning::Quiet } else { meaning };
    canvas.put(columns.kind, y, KIND - 1, &words.kind.0, faded(words.kind.1));
    canvas.put(columns.what.0, y, columns.what.1, &words.what, faded(Meaning::Plain));
    canvas.put(columns.state, y, STATE, &words.state.0, faded(words.state.1));
    if let Some(money) = &words.risk {
        canvas.put_right(columns.risk, y, RISK, &money.short(), faded(Meaning::Plain));
    }
    if let Some(due) = words.due {
        let meaning = if due <= model.now { Meaning::Warn } else { Meaning::Plain };
        canvas.put(columns.due, y, DUE, &clock::due(model.now, due, &desk.zone()), faded(meaning));
    }
}

fn contact(
    canvas: &mut Canvas<'_>,
    model: &Model,
    desk: &Desk,
    told: &[Notification],
    known: &ReachedContact,
    area: Rect,
) {
    let (contact, reach) = (&known.contact, &known.reach);
    let active = contact.state == ContactState::Active;
    let meaning = if active { Meaning::Plain } else { Meaning::Quiet };
    canvas.put(area.x + 2, area.y, NAME, contact.name.printable().as_str(), meaning);
    let wide = area.width >= WIDE;
    let mut spans: Spans = Vec::new();
    if !active {
        spans.push(("has left".to_owned(), Meaning::Quiet));
    }
    for medium in reach.media.iter().filter(|_| active) {
        spans.push(of_medium(canvas, model, desk, told, known, medium));
        if let Some(address) = medium.usable.first().filter(|_| wide) {
            spans.push((format!(" {address}"), Meaning::Quiet));
        }
        spans.push(("  ".to_owned(), Meaning::Plain));
    }
    if active && let Some(until) = reach.quiet_until {
        spans.push((format!("quiet until {}  ", clock::when(model.now, until, &desk.zone())), Meaning::Warn));
    }
    if active {
        let roles: Vec<String> = contact.roles.iter().map(|role| role.printable().into_string()).collect();
        spans.push((roles.join(", "), Meaning::Quiet));
    }
    let x = area.x + 2 + NAME + 1;
    canvas.put_spans(x, area.y, area.right().saturating_sub(x + 1), &spans);
}

/// `SMS✓ 02:51`: the last proof, or what stands in the way.
pub fn of_medium(
    canvas: &Canvas<'_>,
    model: &Model,
    desk: &Desk,
    told: &[Notification],
    known: &ReachedContact,
    medium: &MediumReach,
) -> (String, Meaning) {
    let name = medium_word(medium.medium);
    match medium.standing {
        Standing::NoAddress => return (format!("no {name}"), Meaning::Quiet),
        Standing::OptedOut => return (format!("{name} opted out"), Meaning::Warn),
        Standing::Dead => return (format!("{name} dead"), Meaning::Bad),
        Standing::NoChannel => return (format!("no channel for {name}"), Meaning::Bad),
        Standing::Usable => {}
    }
    of_address(canvas, model, desk, told.iter(), (&known.contact.id, medium.medium))
}

/// `SMS✓ 02:51`, `mail ✗ 03:00`, `SMS unproven`: what became of the last message to a contact over a medium.
pub fn of_address<'n>(
    canvas: &Canvas<'_>,
    model: &Model,
    desk: &Desk,
    told: impl Iterator<Item = &'n Notification>,
    (contact, medium): (&Untrusted, Medium),
) -> (String, Meaning) {
    let (name, signs) = (medium_word(medium), canvas.theme.signs);
    let to_them = |n: &&Notification| {
        n.medium == medium && matches!(&n.recipient.who, RecipientId::Contact(id) if id == contact)
    };
    match told.filter(to_them).max_by_key(|n| n.updated_at) {
        Some(last) if last.state.is_proven() => {
            let when = clock::when(model.now, last.updated_at, &desk.zone());
            (format!("{name}{} {when}", signs.proven), Meaning::Good)
        }
        Some(last) if last.state.is_failure() => {
            let when = clock::when(model.now, last.updated_at, &desk.zone());
            (format!("{name} {} {when}", signs.failed), Meaning::Bad)
        }
        _ => (format!("{name} unproven"), Meaning::Plain),
    }
}

fn message(canvas: &mut Canvas<'_>, model: &Model, desk: &Desk, message: &Notification, area: Rect) {
    let (state, meaning) = state_of(message, model.now);
    let when = clock::when(model.now, message.created_at, &desk.zone());
    let (x, y) = (area.x + 2, area.y);
    canvas.put(x, y, 9, &when, Meaning::Quiet);
    canvas.put(x + 10, y, 4, medium_word(message.medium), Meaning::Plain);
    let name = desk.recipient_name(message);
    canvas.put(x + 15, y, 11, &name, Meaning::Plain);
    canvas.put(x + 27, y, 10, &state, meaning);
    let said = what_was_said(message);
    canvas.put(x + 38, y, area.right().saturating_sub(x + 39), &said, Meaning::Plain);
}

/// What Enter would do to the row.
pub fn enter_says(model: &Model, page: &Page, item: &Item) -> String {
    let detail = page.detail.as_ref();
    match item {
        Item::Alert(id) => format!("Enter: {id} in Triage, to take it there"),
        Item::Task(id) => format!("Enter: {id} in Triage, to take it there"),
        Item::Case(id) => {
            let case =
                detail.and_then(|d| d.cases.iter().chain(&d.settled.cases).find(|case| case.id == *id));
            let name = case.map_or(id, |case| &case.reference).printable();
            format!("Enter: what happened to {name}")
        }
        Item::Document(_) => "Enter: what happened to this document".to_owned(),
        Item::Thread(_) => "Enter: what happened to this post".to_owned(),
        Item::Milestone(_) | Item::Conflict(_) => String::new(),
        Item::Contact(id) => match may_act(model) {
            Ok(()) => {
                let name = model.desk.as_ref().and_then(|desk| desk.contacts.get(id));
                let name = name.map_or(id, |contact| &contact.name).printable();
                format!("Enter: edit {name}; nothing is sent before Ctrl-s")
            }
            Err(why) => format!("Enter: not now, {why}"),
        },
        Item::Message(_) => "Enter: what was said and what is proven of it; r: send it again".to_owned(),
    }
}
