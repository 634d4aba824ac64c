//! Rows that went from under the hand. A key that acts is meant for the row that was seen: where the hand came
//! to another one without a key, a moment ago, it is said first, and pressed again.

use crate::console::bulk;
use crate::console::keymap::Action;
use crate::console::model::{Model, Place, Subject};
use crate::console::oncall::TurnKey;
use crate::console::partners::Item;
use crate::core::alert::AlertState;
use crate::core::id::NotificationId;
use crate::core::task::TaskState;
use crate::core::text::{Untrusted, sanitise};
use jiff::{SignedDuration, Timestamp};

/// So long a key may still be meant for the row that went.
const MOMENT: SignedDuration = SignedDuration::from_secs(1);

/// What a key would act on.
#[derive(Clone, Debug, PartialEq)]
pub enum Row {
    Subject(Subject),
    Partner(Untrusted),
    Contact(Untrusted),
    Message(NotificationId),
    Provider(String),
    Turn(TurnKey),
    Item(Item),
}

/// The hand came from this row to another one.
#[derive(Clone, Debug, PartialEq)]
pub struct Moved {
    pub from: Row,
    pub at: Timestamp,
}

/// The row that the hand is on.
pub fn row(model: &Model) -> Option<Row> {
    match model.place {
        Place::Triage => model.subject().map(Row::Subject),
        Place::Partners => model.partners.rows.selected().cloned().map(Row::Partner),
        Place::Partner => model.page.as_ref()?.rows.selected().cloned().map(Row::Item),
        Place::Contacts => model.contacts.rows.selected().cloned().map(Row::Contact),
        Place::Messages => model.messages.rows.selected().copied().map(Row::Message),
        Place::Providers => model.providers.rows.selected().cloned().map(Row::Provider),
        Place::OnCall => model.on_call.rows.selected().cloned().map(Row::Turn),
        _ => None,
    }
}

/// Something other than a key has come to pass in this place; the hand was on that row before.
pub fn note(model: &mut Model, place: Place, before: Option<Row>) {
    let Some(from) = before.filter(|_| model.place == place) else { return };
    if row(model).as_ref() == Some(&from) {
        return;
    }
    // Of several that went, the one that was seen.
    let first = model.moved.take().filter(|moved| is_recent(moved, model.now));
    let from = first.map_or(from, |first| first.from);
    model.moved = Some(Moved { from, at: model.now });
}

/// The sentence instead of the action, once.
pub fn refuses(model: &mut Model, action: Action) -> Option<String> {
    // What was just done is undone wherever the hand is.
    let undoes = action == Action::Undo && model.undo.is_some();
    if !acts(action) || undoes || model.named.is_some() || bulk::marked(model) > 0 {
        return None;
    }
    let moved = model.moved.take().filter(|moved| is_recent(moved, model.now))?;
    let now = row(model)?;
    if moved.from == now {
        return None;
    }
    let over = match &moved.from {
        Row::Subject(Subject::Alert(id)) => {
            let closed = model.alert(*id).is_some_and(|alert| alert.state == AlertState::Resolved);
            closed.then_some("was closed")
        }
        Row::Subject(Subject::Task(id)) => {
            let open = model.task(*id).is_some_and(|task| task.state == TaskState::Open);
            (!open).then_some("is done or put off")
        }
        _ => None,
    };
    let (from, now) = (name(model, &moved.from), name(model, &now));
    Some(match over {
        Some(over) => format!("{from} {over}; the hand is now on {now}: press again."),
        None => format!("The hand has just come from {from} to {now}: press again."),
    })
}

fn is_recent(moved: &Moved, now: Timestamp) -> bool {
    let since = now.duration_since(moved.at);
    !since.is_negative() && since < MOMENT
}

fn name(model: &Model, row: &Row) -> String {
    match row {
        Row::Subject(Subject::Alert(id)) => id.to_string(),
        Row::Subject(Subject::Task(id)) => id.to_string(),
        Row::Message(id) => id.to_string(),
        Row::Partner(id) => match &model.desk {
            Some(desk) => desk.partner_name(id),
            None => id.printable().into_string(),
        },
        Row::Contact(id) => {
            let known = model.desk.as_ref().and_then(|desk| desk.contacts.get(id));
            known.map_or(id, |contact| &contact.name).printable().into_string()
        }
        Row::Provider(name) => sanitise(name).into_owned(),
        Row::Turn(_) => "another turn".to_owned(),
        Row::Item(_) => "another row".to_owned(),
    }
}

fn acts(action: Action) -> bool {
    matches!(
        action,
        Action::Ack
            | Action::Escalate
            | Action::Resend
            | Action::Close
            | Action::Hand
            | Action::Snooze
            | Action::Note
            | Action::Take
            | Action::Done
            | Action::Undo
            | Action::Settle
            | Action::Edit
            | Action::Cover
            | Action::Swap
            | Action::TakeBack
            | Action::Probe
    )
}
