//! The Messages place: what the desk has said, with what failed, is in doubt or is held first. Its
//! rows are asked for when it is opened and follow the stream from there.

use crate::console::contacts;
use crate::console::desk::Desk;
use crate::console::effect::Effect;
use crate::console::model::{Filter, Model, Place, Tone};
use crate::console::nav;
use crate::console::rows::Rows;
use crate::console::say::say;
use crate::core::change::{Numbered, Object};
use crate::core::id::{AlertId, NotificationId};
use crate::core::notification::{Notification, NotificationState, RecipientId};
use crate::core::person::PersonId;
use crate::core::query::{field, rows};
use crate::core::resend::TOGETHER;
use crate::core::text::{Untrusted, sanitise};
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
    pub narrowed: Narrowed,
}

/// What narrows the list beside what is typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Narrowed {
    /// Only these.
    pub group: Option<Look>,
    /// Only those about it.
    pub about: Option<About>,
}

/// What messages may have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    Alert(AlertId),
    Partner(Untrusted),
    /// To a person of the desk.
    Person(PersonId),
    /// By a provider.
    Channel(String),
}

impl About {
    fn holds(&self, message: &Notification) -> bool {
        match self {
            About::Alert(alert) => message.is_about(*alert),
            About::Partner(partner) => message.partner.as_ref() == Some(partner),
            About::Person(person) => message.recipient.who == RecipientId::Person(person.clone()),
            About::Channel(channel) => went_by(message, channel),
        }
    }

    /// `of A12`, `to M.Weber`.
    pub fn words(&self, desk: &Desk) -> String {
        match self {
            About::Alert(alert) => format!("of {alert}"),
            About::Partner(partner) => format!("about {}", desk.partner_name(partner)),
            About::Person(person) => format!("to {}", desk.short_name(person)),
            About::Channel(channel) => format!("by {}", sanitise(channel)),
        }
    }
}

/// How much a message wants to be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Look {
    Doubt,
    Failed,
    Held,
    Waiting,
    /// Handed over, and more is to be heard of it.
    OnItsWay,
    Done,
}

impl Look {
    pub const ALL: [Look; 6] =
        [Look::Doubt, Look::Failed, Look::Held, Look::Waiting, Look::OnItsWay, Look::Done];

    /// What such messages are called together.
    pub fn word(self) -> &'static str {
        match self {
            Look::Doubt => "in doubt",
            Look::Failed => "failed today",
            Look::Held => "held",
            Look::Waiting => "waiting",
            Look::OnItsWay => "on their way",
            Look::Done => "done",
        }
    }
}

/// Where a message stands in the list at this moment.
pub fn look(message: &Notification, now: Timestamp) -> Look {
    match message.state {
        NotificationState::InDoubt => Look::Doubt,
        NotificationState::Held => Look::Held,
        NotificationState::Queued => Look::Waiting,
        NotificationState::Sending => Look::OnItsWay,
        NotificationState::Accepted | NotificationState::Sent
            if message.proof_by.or(message.due_at).is_some() =>
        {
            Look::OnItsWay
        }
        // What was sent again is to be watched as that.
        state if state.is_failure() && message.again.last.is_some() => Look::Done,
        state if state.is_failure() && now.duration_since(message.updated_at) < LOOK_WITHIN => Look::Failed,
        _ => Look::Done,
    }
}

pub fn show(model: &mut Model) -> Vec<Effect> {
    nav::straight(model, Place::Messages);
    if model.messages.narrowed.about.take().is_some() {
        arrange(model);
    }
    vec![Effect::FetchMessages]
}

/// Those about something, opened from anywhere.
pub fn show_about(model: &mut Model, about: About) -> Vec<Effect> {
    nav::open(model, Place::Messages);
    model.messages.narrowed = Narrowed { group: None, about: Some(about.clone()) };
    model.messages.filter = Filter::default();
    model.messages.opened = false;
    let known: Vec<Notification> = model
        .desk
        .iter()
        .flat_map(|desk| desk.messages.values().filter(|message| about.holds(message)).cloned())
        .collect();
    learn(model, &known);
    arrange(model);
    model.messages.rows.first();
    let more = match about {
        About::Alert(alert) => Some(Effect::FetchDetail(alert)),
        About::Partner(partner) => Some(Effect::FetchPartner(partner)),
        About::Person(person) => Some(Effect::FetchPerson(person)),
        About::Channel(_) => None,
    };
    std::iter::once(Effect::FetchMessages).chain(more).collect()
}

/// One message of all.
pub fn stand_on(model: &mut Model, id: NotificationId) -> Vec<Effect> {
    model.messages.narrowed = Narrowed::default();
    model.messages.filter = Filter::default();
    model.messages.opened = false;
    let known = model.desk.as_ref().and_then(|desk| desk.messages.get(id)).cloned();
    learn(model, known.as_slice());
    arrange(model);
    if !model.messages.rows.select(&id) {
        say(
            model,
            format!("{id} is not among the messages here; `nightdesk notifications show {id}` tells of it."),
            Tone::Refused,
        );
    }
    vec![Effect::FetchMessages]
}

/// Keeps messages that came with something else.
pub fn learn(model: &mut Model, messages: &[Notification]) {
    let mut any = false;
    for message in messages {
        let known = model.messages.known.get(&message.id);
        if known.is_none_or(|known| known.updated_at <= message.updated_at) {
            model.messages.known.insert(message.id, message.clone());
            any = true;
        }
    }
    if any && model.messages.narrowed.about.is_some() {
        settle(model);
    }
}

pub fn wanted(model: &Model) -> Vec<NotificationId> {
    let Some(desk) = &model.desk else { return Vec::new() };
    let (query, asking) = (model.messages.filter.query(field::MESSAGES), model.asking());
    let mut wanted: Vec<&Notification> = model
        .messages
        .known
        .values()
        .filter(|message| model.messages.narrowed.group.is_none_or(|group| look(message, model.now) == group))
        .filter(|message| model.messages.narrowed.about.as_ref().is_none_or(|about| about.holds(message)))
        .filter(|message| query.is_all() || query.finds(&rows::of_message(message, desk), &asking))
        .collect();
    wanted.sort_by_key(|message| (look(message, model.now), std::cmp::Reverse(message.id)));
    wanted.into_iter().map(|message| message.id).collect()
}

pub fn arrange(model: &mut Model) {
    let wanted = wanted(model);
    model.messages.rows.arrange(wanted);
}

/// Lines of the list: the states as heads, with how many there are of each, over their messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listed {
    Head(Look, usize),
    Row(NotificationId),
}

/// The rows under their heads, each once. While the hand is on the list a row keeps its place, and stays under its
/// head though it belongs to another by now.
pub fn listed(model: &Model) -> Vec<Listed> {
    let of = |id: &NotificationId| model.messages.known.get(id).map(|message| look(message, model.now));
    let rows: Vec<(NotificationId, Look)> =
        model.messages.rows.order().iter().filter_map(|id| Some((*id, of(id)?))).collect();
    let mut lines = Vec::new();
    let mut under = None;
    for (at, (id, group)) in rows.iter().enumerate() {
        if under.is_none_or(|under| *group > under) {
            let to_come = rows[at..].iter().map(|(_, group)| *group);
            let next = to_come.filter(|one| Some(*one) >= under).min();
            if let Some(next) = next.filter(|next| under != Some(*next)) {
                lines.push(Listed::Head(next, rows.iter().filter(|(_, group)| *group == next).count()));
                under = Some(next);
            }
        }
        lines.push(Listed::Row(*id));
    }
    lines
}

pub fn came(model: &mut Model, answer: Result<Answer, LinkError>) {
    model.messages.heard = true;
    match answer {
        Ok(Answer { look, latest }) => {
            let came: Vec<Notification> = look.into_iter().chain(latest).collect();
            let newest = came.iter().map(|message| message.updated_at).max();
            let stands: BTreeMap<_, _> =
                came.iter().map(|message| (message.id, message.updated_at)).collect();
            // What the list is narrowed to stays, and so does one that is open, be it as old as it will; and what
            // the stream has told since.
            let open = selected(model).filter(|_| model.messages.opened).map(|message| message.id);
            let about = model.messages.narrowed.about.clone();
            model.messages.known.retain(|id, message| {
                open == Some(*id)
                    || about.as_ref().is_some_and(|about| about.holds(message))
                    || newest.is_some_and(|newest| newest < message.updated_at)
                    || stands.get(id).is_some_and(|at| *at < message.updated_at)
            });
            model.messages.missing = None;
            learn(model, &came);
            let fresh = model.fresh;
            settle(model);
            if fresh && !model.messages.opened {
                model.messages.rows.first();
            }
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
        let known = &model.messages.known;
        let done = known.values().find(|message| look(message, now) == Look::Done);
        let Some(oldest) = done.or(known.values().next()).map(|message| message.id) else { break };
        model.messages.known.remove(&oldest);
    }
    if any {
        settle(model);
    }
}

fn went_by(message: &Notification, channel: &str) -> bool {
    message.channel == channel || message.attempts.iter().any(|attempt| attempt.channel == channel)
}

/// What `r` sends again: the marked ones that are in sight, else the selected one.
pub fn in_hand(model: &Model) -> Vec<&Notification> {
    let marked = || model.messages.rows.marked().filter_map(|id| model.messages.known.get(id));
    match model.place {
        Place::Messages if model.named.is_none() && !model.messages.opened && marked().next().is_some() => {
            marked().collect()
        }
        _ => model.selected_message().into_iter().collect(),
    }
}

/// All failed ones in the list; where all are marked already, none.
pub fn mark_failed(model: &mut Model) {
    let failed: Vec<NotificationId> = model
        .messages
        .rows
        .order()
        .iter()
        .filter_map(|id| model.messages.known.get(id))
        .filter(|message| message.state.is_failure())
        .take(TOGETHER)
        .map(|message| message.id)
        .collect();
    match failed.is_empty() {
        true => say(model, "No message in this list failed.".to_owned(), Tone::Hint),
        false => model.messages.rows.mark_these(failed),
    }
}

/// From all to those in doubt and so on, passing over states that no message has.
pub fn next_group(model: &mut Model) {
    let has = |group: &Look| model.messages.known.values().any(|n| look(n, model.now) == *group);
    let groups: Vec<Look> = Look::ALL.into_iter().filter(has).collect();
    model.messages.narrowed.group = match model.messages.narrowed.group {
        None => groups.first().copied(),
        Some(now) => groups.into_iter().find(|group| *group > now),
    };
    model.messages.opened = false;
    arrange(model);
    model.messages.rows.first();
}

/// Esc: what narrows the list goes. `false`: there was nothing.
pub fn leave(model: &mut Model) -> bool {
    let messages = &mut model.messages;
    let narrowed = messages.narrowed != Narrowed::default();
    messages.narrowed = Narrowed::default();
    if narrowed {
        arrange(model);
    }
    narrowed
}

/// The contact who gets the selected message.
pub fn to_contact(model: &mut Model) -> Vec<Effect> {
    let Some(message) = model.selected_message() else { return Vec::new() };
    let RecipientId::Contact(contact) = message.recipient.who.clone() else { return Vec::new() };
    let partner = message.partner.clone();
    contacts::show_one(model, contact, partner)
}

/// One message on the whole screen, whether it is among the known ones or not.
pub fn open_one(model: &mut Model, id: NotificationId) -> Vec<Effect> {
    nav::open(model, Place::Messages);
    model.messages.filter = Filter::default();
    model.messages.narrowed = Narrowed::default();
    let known = select(model, id);
    model.messages.opened = known;
    let one = (!known).then_some(Effect::FetchMessage(id));
    let all = (!model.messages.heard).then_some(Effect::FetchMessages);
    one.into_iter().chain(all).collect()
}

/// A message that was asked for by itself has come.
pub fn one_came(model: &mut Model, answer: Result<Box<Notification>, LinkError>) {
    match answer {
        Ok(message) => {
            let id = message.id;
            learn(model, std::slice::from_ref(&*message));
            model.messages.opened = select(model, id);
        }
        Err(error) => say(model, format!("The message could not be read: {error}."), Tone::Refused),
    }
}

fn select(model: &mut Model, id: NotificationId) -> bool {
    arrange(model);
    model.messages.scroll = 0;
    model.messages.rows.select(&id)
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
