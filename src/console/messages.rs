//! The Messages place: what the desk has said, with what failed, is in doubt or is held first. Its
//! rows are asked for when it is opened and follow the stream from there.

use crate::console::effect::Effect;
use crate::console::model::{Filter, Model, Place};
use crate::console::rows::Rows;
use crate::console::view::messages::{category_word, medium_word, state_of, what_was_said, why};
use crate::core::change::{Numbered, Object};
use crate::core::id::NotificationId;
use crate::core::notification::{Notification, NotificationState};
use crate::wire::Messages as Answer;
use crate::wire::client::LinkError;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// A failure older than this is history.
const LOOK_WITHIN: SignedDuration = SignedDuration::from_hours(24);
/// The oldest go when there are more.
const KEPT: usize = 1000;

#[derive(Debug, Default)]
pub struct Messages {
    pub filter: Filter,
    pub rows: Rows<NotificationId>,
    pub known: BTreeMap<NotificationId, Notification>,
    /// An answer has come.
    pub heard: bool,
    pub missing: Option<String>,
    /// The selected one is on the whole screen.
    pub opened: bool,
    pub scroll: u16,
}

/// How much a message wants to be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Look {
    Doubt,
    Failed,
    Held,
    Else,
}

/// Where a message stands in the list at this moment.
pub fn look(message: &Notification, now: Timestamp) -> Look {
    match message.state {
        NotificationState::InDoubt => Look::Doubt,
        NotificationState::Held => Look::Held,
        state if state.is_failure() && now.duration_since(message.updated_at) < LOOK_WITHIN => Look::Failed,
        _ => Look::Else,
    }
}

pub fn show(model: &mut Model) -> Vec<Effect> {
    model.place = Place::Messages;
    vec![Effect::FetchMessages]
}

pub fn wanted(model: &Model) -> Vec<NotificationId> {
    let Some(desk) = &model.desk else { return Vec::new() };
    let mut wanted: Vec<&Notification> = model
        .messages
        .known
        .values()
        .filter(|message| {
            let partner = message.partner.as_ref().map(|id| desk.partner_name(id)).unwrap_or_default();
            // What the row says, and the whole name behind a short one.
            model.messages.filter.matches(&[
                &desk.recipient_name(message),
                message.recipient.name.raw(),
                &partner,
                &state_of(message, model.now).0,
                category_word(message),
                medium_word(message.medium),
                &why(message).unwrap_or_else(|| what_was_said(message)),
                message.content.subject.raw(),
                &message.id.to_string(),
            ])
        })
        .collect();
    wanted.sort_by_key(|message| (look(message, model.now), std::cmp::Reverse(message.id)));
    wanted.into_iter().map(|message| message.id).collect()
}

pub fn arrange(model: &mut Model) {
    let wanted = wanted(model);
    model.messages.rows.arrange(wanted);
}

pub fn came(model: &mut Model, answer: Result<Answer, LinkError>) {
    model.messages.heard = true;
    match answer {
        Ok(Answer { look, latest }) => {
            model.messages.known =
                look.into_iter().chain(latest).map(|message| (message.id, message)).collect();
            model.messages.missing = None;
            settle(model);
        }
        Err(error) => model.messages.missing = Some(error.to_string()),
    }
}

pub fn changed(model: &mut Model, changes: &[Numbered]) {
    if !model.messages.heard {
        return;
    }
    let mut any = false;
    for numbered in changes {
        if let Object::Notification(message) = &numbered.change.object {
            model.messages.known.insert(message.id, (**message).clone());
            any = true;
        }
    }
    while model.messages.known.len() > KEPT {
        let now = model.now;
        let oldest = model.messages.known.values().find(|message| look(message, now) == Look::Else);
        let Some(oldest) = oldest.map(|message| message.id) else { break };
        model.messages.known.remove(&oldest);
    }
    if any {
        settle(model);
    }
}

/// Rows change places only while the hand is off.
fn settle(model: &mut Model) {
    if model.hand_is_on() && model.place == Place::Messages {
        let wanted = wanted(model);
        model.messages.rows.keep(&wanted);
    } else {
        arrange(model);
    }
}

pub fn selected(model: &Model) -> Option<&Notification> {
    model.messages.known.get(model.messages.rows.selected()?)
}

pub fn step(model: &mut Model, by: isize) {
    if model.messages.opened {
        let longest = crate::console::view::opened_length(model);
        let by = i16::try_from(by).unwrap_or(0);
        model.messages.scroll = model.messages.scroll.saturating_add_signed(by).min(longest);
    } else {
        model.messages.rows.step(by);
    }
}
