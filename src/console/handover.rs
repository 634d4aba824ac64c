//! One's own hand-over: what it is, what may be done with it, and the sheet that goes with it. It is asked for
//! when it is opened, and again whenever the agent says how it is.

use crate::console::desk::Desk;
use crate::console::dialog::Order;
use crate::console::effect::Effect;
use crate::console::keymap::Action;
use crate::console::model::{About, Filter, Model, Place};
use crate::console::moves::End;
use crate::console::question::Question;
use crate::console::{clock, nav, oncall};
use crate::core::command::{Action as Ask, Expect};
use crate::core::handover::{Handover, HandoverState};
use crate::core::person::PersonId;
use crate::core::text::sanitise;
use crate::wire::OwnHandover;
use crate::wire::client::LinkError;

#[derive(Debug, Default)]
pub struct Handing {
    pub filter: Filter,
    pub scroll: u16,
    pub known: Option<Box<OwnHandover>>,
    /// Why it could not be fetched.
    pub missing: Option<String>,
}

pub fn show(model: &mut Model) -> Vec<Effect> {
    if model.place != Place::Handover {
        model.handover.scroll = 0;
    }
    nav::open(model, Place::Handover);
    vec![Effect::FetchHandover]
}

/// What is on the screen may be old.
pub fn again(model: &Model) -> Vec<Effect> {
    if model.place == Place::Handover { vec![Effect::FetchHandover] } else { Vec::new() }
}

pub fn came(model: &mut Model, answer: Result<Box<OwnHandover>, LinkError>) {
    match answer {
        Ok(known) => {
            model.handover.known = Some(known);
            model.handover.missing = None;
        }
        Err(error) => model.handover.missing = Some(error.to_string()),
    }
}

/// The hand-over on the screen.
pub fn own(model: &Model) -> Option<&Handover> {
    if model.place == Place::Handover { model.handover.known.as_ref()?.handover.as_ref() } else { None }
}

/// Who hands over to whom, and how it stands: one sentence without its full stop.
pub fn stands(model: &Model, desk: &Desk, one: &Handover) -> String {
    let names = |people: &[PersonId]| oncall::names(desk, people);
    let (from, to) = (names(&one.outgoing), names(&one.incoming));
    let mine = one.outgoing.iter().any(|person| desk.is_me(person));
    let verb = if mine { "hand" } else { "hands" };
    let has = if mine || one.outgoing.len() > 1 { "have" } else { "has" };
    let at = one.at.map(|at| clock::when(model.now, at, &desk.zone()));
    let schedule = sanitise(&one.schedule);
    match (one.state, at) {
        (HandoverState::Ahead, Some(at)) => format!("{from} {verb} {schedule} over to {to}, {at}"),
        (HandoverState::Ahead, None) => format!("{schedule}: {from} {has} it, and nobody else is planned"),
        (HandoverState::Open, Some(at)) => {
            format!("{from} {verb} {schedule} over to {to} since {at}, not accepted yet")
        }
        (HandoverState::Open, None) => format!("{from} {verb} {schedule} over to {to}, not accepted yet"),
        (HandoverState::Accepted | HandoverState::Closed, _) => {
            format!("{schedule} from {from} to {to}, {}", one.state.as_str())
        }
    }
}

/// `Err` holds a whole sentence without its full stop.
pub fn may(model: &Model, action: Action) -> Result<(), String> {
    let Some((one, desk)) = own(model).zip(model.desk.as_ref()) else {
        return Err("no hand-over concerns you".to_owned());
    };
    crate::console::allowed::may_act(model)?;
    if let Some(pending) = model.pending_for(&About::Handover(one.id)) {
        return Err(format!("{} of {} is on its way to the agent", pending.word, one.id));
    }
    let mine = |people: &[PersonId]| people.iter().any(|person| desk.is_me(person));
    match (action, one.state) {
        (_, HandoverState::Accepted | HandoverState::Closed) => {
            Err(format!("{} is {}", one.id, one.state.as_str()))
        }
        (Action::Accept, HandoverState::Ahead) => {
            let at = one.at.map(|at| format!(" {}", clock::when(model.now, at, &desk.zone())));
            Err(format!("it is still to come{}; it can be accepted from then on", at.unwrap_or_default()))
        }
        (Action::Accept, HandoverState::Open) if mine(&one.outgoing) && !mine(&one.incoming) => {
            Err(format!("you hand it over; {} accepts it", oncall::names(desk, &one.incoming)))
        }
        _ => Ok(()),
    }
}

/// Whether the hand-over is really to be accepted: it cannot be given back as it was.
pub fn accept(model: &Model) -> Option<Question> {
    let (one, desk) = own(model).zip(model.desk.as_ref())?;
    let ask = Ask::AcceptHandover { handover: Some(one.id) };
    let order = Order { about: About::Handover(one.id), word: "accept", ask, expect: Expect::default() };
    let says = format!(
        "What {} has in hand becomes yours, with every promise. This cannot be undone.",
        oncall::names(desk, &one.outgoing)
    );
    let title = format!("Accept {} ({})?", sanitise(&one.schedule), one.id);
    Some(Question::new(title, says, "Accept it", order, model.now))
}

pub fn scroll(model: &mut Model, by: isize) {
    let longest = crate::console::view::handover::length(model);
    let by = i16::try_from(by).unwrap_or(0);
    model.handover.scroll = model.handover.scroll.saturating_add_signed(by).min(longest);
}

pub fn to_end(model: &mut Model, end: End) {
    model.handover.scroll = match end {
        End::First => 0,
        End::Last => crate::console::view::handover::length(model),
    };
}
