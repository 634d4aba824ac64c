//! The On-call place: who is on over two weeks by each schedule, when nobody is, and what can be arranged
//! beside the plan. It is asked for when it is opened, and again whenever the agent says how it is.

use crate::console::clock;
use crate::console::cover::Cover;
use crate::console::desk::Desk;
use crate::console::dialog::{Chooser, Dialog, Order};
use crate::console::effect::Effect;
use crate::console::keymap::Action;
use crate::console::model::{About, Filter, Model, Place};
use crate::console::nav;
use crate::console::question::Question;
use crate::console::rows::Rows;
use crate::core::command::{Action as Ask, Expect};
use crate::core::person::PersonId;
use crate::core::query::rows::Names;
use crate::core::query::{Facets, Field, field};
use crate::core::schedule::{Override, Segment, Why};
use crate::core::text::sanitise;
use crate::wire::ScheduleTimeline;
use crate::wire::client::LinkError;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;

/// Turns offered for a swap; more would not fit the smallest screen.
const OFFERED: usize = 16;

/// So long `u` asks about what oneself arranged last.
const AFTERTHOUGHT: SignedDuration = SignedDuration::from_secs(60);

#[derive(Debug, Default)]
pub struct Plan {
    pub filter: Filter,
    pub rows: Rows<TurnKey>,
    pub known: Vec<ScheduleTimeline>,
    /// An answer has come.
    pub heard: bool,
    pub missing: Option<String>,
    /// The operator has just changed the plan, and wants to see it.
    own: bool,
}

/// A turn by its end: its beginning moves while it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TurnKey {
    pub schedule: String,
    pub until: Timestamp,
}

pub fn show(model: &mut Model) -> Vec<Effect> {
    nav::open(model, Place::OnCall);
    vec![Effect::FetchOnCall]
}

/// The operator's own change was made.
pub fn done(model: &mut Model) -> Vec<Effect> {
    model.on_call.own = true;
    again(model)
}

/// What is on the screen may be old.
pub fn again(model: &Model) -> Vec<Effect> {
    if model.place == Place::OnCall { vec![Effect::FetchOnCall] } else { Vec::new() }
}

pub fn came(model: &mut Model, answer: Result<Vec<ScheduleTimeline>, LinkError>) {
    model.on_call.heard = true;
    match answer {
        Ok(known) => {
            model.on_call.known = known;
            model.on_call.missing = None;
            let own = std::mem::take(&mut model.on_call.own);
            let stand =
                |model: &Model| model.on_call.rows.order().iter().all(|key| turn(model, key).is_some());
            if model.place == Place::OnCall && model.hand_is_on() && !own && stand(model) {
                let wanted = wanted(model);
                model.on_call.rows.keep(&wanted);
            } else {
                arrange(model);
            }
        }
        Err(error) => model.on_call.missing = Some(error.to_string()),
    }
}

pub fn arrange(model: &mut Model) {
    let wanted = wanted(model);
    model.on_call.rows.arrange(wanted);
}

/// Drops turns that are over, while the hand is off.
pub fn passed(model: &mut Model) {
    let now = model.now;
    let over = model.on_call.rows.order().iter().any(|key| key.until <= now);
    if over && !model.hand_is_on() {
        arrange(model);
    }
}

fn wanted(model: &Model) -> Vec<TurnKey> {
    let Some(desk) = &model.desk else { return Vec::new() };
    let (query, asking) = (model.on_call.filter.query(field::ON_CALL), model.asking());
    let mut wanted = Vec::new();
    for schedule in &model.on_call.known {
        for turn in schedule.segments.iter().filter(|turn| turn.until > model.now) {
            let who = who(desk, turn);
            let why = why(desk, schedule, turn);
            let mut row = Facets::of_texts(&[&schedule.schedule, &who, &why]);
            for person in &turn.people {
                row.value(Field::Owner, person.0.as_str());
                row.value(Field::Owner, desk.person(person).unwrap_or_default());
            }
            if query.finds(&row, &asking) {
                wanted.push(TurnKey { schedule: schedule.schedule.clone(), until: turn.until });
            }
        }
    }
    wanted
}

/// The turn with this key, and its schedule.
pub fn turn<'m>(model: &'m Model, key: &TurnKey) -> Option<(&'m ScheduleTimeline, &'m Segment)> {
    let schedule = model.on_call.known.iter().find(|known| known.schedule == key.schedule)?;
    let turn = schedule.segments.iter().find(|turn| turn.until == key.until)?;
    Some((schedule, turn))
}

pub fn selected(model: &Model) -> Option<(&ScheduleTimeline, &Segment)> {
    turn(model, model.on_call.rows.selected()?)
}

/// `you`, `M.Weber and J.Roth`, `nobody`.
pub fn who(desk: &Desk, turn: &Segment) -> String {
    names(desk, &turn.people)
}

pub fn names<'p>(desk: &Desk, people: impl IntoIterator<Item = &'p PersonId>) -> String {
    let names: Vec<String> = people.into_iter().map(|person| desk.short_name(person)).collect();
    match names.as_slice() {
        [] => "nobody".to_owned(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// Why they are on, in words.
pub fn why(desk: &Desk, schedule: &ScheduleTimeline, turn: &Segment) -> String {
    match &turn.why {
        Why::Rotation { layer } => {
            let mine = matches!(turn.people.as_slice(), [one] if desk.is_me(one));
            let whose = if mine { "your turn" } else { "their turn" };
            // A plan of one layer has the schedule's own name.
            if *layer == schedule.schedule {
                whose.to_owned()
            } else {
                format!("{whose} in {}", sanitise(layer))
            }
        }
        Why::Calendar { layer, event } => format!("calendar {}: {}", sanitise(layer), event.printable()),
        Why::Override { id, by } => {
            let instead = match planned(schedule, turn.from, turn.until) {
                people if people.is_empty() => "where nobody was on".to_owned(),
                people => format!("instead of {}", names(desk, &people)),
            };
            format!("{id} {instead}, by {}", desk.short_name(by))
        }
        Why::Nobody => "no layer has anybody on".to_owned(),
    }
}

/// `nobody from Sat 18:00 to Sun 08:00`, beside the date it begins; with dates when it is long.
pub fn gap(model: &Model, schedule: &ScheduleTimeline, turn: &Segment) -> String {
    let (zone, soon) = (model.zone(), SignedDuration::from_hours(6 * 24));
    let long = turn.from.max(model.now).duration_until(turn.until);
    let form = if long < soon { "%a %H:%M" } else { "%a %-d %b %H:%M" };
    let say = |at: Timestamp| at.to_zoned(zone.clone()).strftime(form).to_string();
    match (turn.from <= model.now, goes_on(schedule, turn)) {
        (true, false) => format!("nobody now, until {}", say(turn.until)),
        (true, true) => "nobody now, and nobody comes".to_owned(),
        (false, false) => format!("nobody from {} to {}", say(turn.from), say(turn.until)),
        (false, true) => format!("nobody from {} on", say(turn.from)),
    }
}

/// The turn is the last that was asked for, and may last longer than is known here.
pub fn goes_on(schedule: &ScheduleTimeline, turn: &Segment) -> bool {
    schedule.segments.last() == Some(turn)
}

/// Who would be on at any moment of that time if nothing were arranged.
fn planned(schedule: &ScheduleTimeline, from: Timestamp, until: Timestamp) -> BTreeSet<PersonId> {
    let within = schedule.planned.iter().filter(|turn| turn.from < until && from < turn.until);
    within.flat_map(|turn| turn.people.iter().cloned()).collect()
}

/// The override that put them on.
pub fn arranged<'s>(schedule: &'s ScheduleTimeline, turn: &Segment) -> Option<&'s Override> {
    let Why::Override { id, .. } = &turn.why else { return None };
    schedule.overrides.iter().find(|over| over.id == *id)
}

/// `Err` holds a whole sentence without its full stop.
pub fn may(model: &Model, action: Action) -> Result<(), String> {
    let found = if model.place == Place::OnCall { selected(model) } else { None };
    let Some((schedule, turn)) = found else {
        return Err("no time is selected; 5 shows who is on call when".to_owned());
    };
    match action {
        Action::TakeBack if arranged(schedule, turn).is_none() => {
            return Err(
                "this is the plan itself; only what was arranged beside it can be taken back".to_owned()
            );
        }
        Action::Swap if turn.people.is_empty() => {
            return Err("nobody is on call then, so there is no turn to swap; o puts somebody on".to_owned());
        }
        _ => {}
    }
    crate::console::allowed::may_act(model)?;
    match model.pending_for(&About::OnCall(schedule.schedule.clone())) {
        Some(pending) => {
            Err(format!("a change of {} ({}) is on its way", sanitise(&schedule.schedule), pending.word))
        }
        None => Ok(()),
    }
}

pub fn cover(model: &mut Model) {
    let dialog = selected(model).zip(model.desk.as_ref());
    let dialog = dialog.map(|((schedule, turn), desk)| Cover::new(desk, schedule, turn, model.now));
    model.dialog = dialog.map(|dialog| Dialog::Cover(Box::new(dialog)));
}

pub fn swap(model: &mut Model) {
    let Some(((schedule, turn), desk)) = selected(model).zip(model.desk.as_ref()) else { return };
    let Some(first) = turn.people.iter().find(|person| desk.is_me(person)).or(turn.people.first()) else {
        return;
    };
    let zone = model.zone();
    let moment = |turn: &Segment| turn.from.max(model.now);
    let others = schedule.segments.iter().filter(|other| other.until > model.now && *other != turn);
    let offers = others.filter_map(|other| {
        let second = other.people.iter().find(|person| *person != first && !turn.people.contains(person))?;
        let until = clock::when(model.now, other.until, &zone);
        let from = clock::when(model.now, moment(other), &zone);
        let ask = Ask::SwapOverride {
            schedule: schedule.schedule.clone(),
            first: first.clone(),
            first_at: moment(turn),
            second: second.clone(),
            second_at: moment(other),
        };
        Some((format!("{}, {from} to {until}", desk.short_name(second)), ask))
    });
    let offers: Vec<_> = offers.take(OFFERED).collect();
    let whose =
        if desk.is_me(first) { "your turn".to_owned() } else { format!("{}'s turn", desk.short_name(first)) };
    if offers.is_empty() {
        let said = format!("Within two weeks nobody else has a turn in {}.", sanitise(&schedule.schedule));
        crate::console::say::say(model, said, crate::console::model::Tone::Refused);
        return;
    }
    let at = if turn.from <= model.now { "now".to_owned() } else { clock::when(model.now, turn.from, &zone) };
    let title = format!("Swap {whose} ({at}) for");
    let chooser = Chooser::swap(title, &schedule.schedule, offers);
    model.dialog = Some(Dialog::Chooser(chooser));
}

pub fn take_back(model: &mut Model) {
    let dialog = selected(model).zip(model.desk.as_ref()).and_then(|((schedule, turn), desk)| {
        Some(asked_back(model, desk, schedule, arranged(schedule, turn)?))
    });
    model.dialog = dialog.map(Dialog::Question).or(model.dialog.take());
}

/// What oneself has just arranged, if anything.
pub fn just_made(model: &Model) -> Option<(&ScheduleTimeline, &Override)> {
    let desk = model.desk.as_ref()?;
    let made = |known| {
        let known: &ScheduleTimeline = known;
        known.overrides.iter().map(move |over| (known, over))
    };
    let mine = model.on_call.known.iter().flat_map(made).filter(|(_, over)| desk.is_me(&over.by));
    let (known, newest) = mine.max_by_key(|(_, over)| (over.created_at, over.id))?;
    (model.now.duration_since(newest.created_at) < AFTERTHOUGHT).then_some((known, newest))
}

/// Asks whether that is to go again.
pub fn take_back_just_made(model: &mut Model) {
    let dialog = just_made(model)
        .zip(model.desk.as_ref())
        .map(|((schedule, over), desk)| asked_back(model, desk, schedule, over));
    model.dialog = dialog.map(Dialog::Question);
}

fn asked_back(model: &Model, desk: &Desk, schedule: &ScheduleTimeline, over: &Override) -> Question {
    let zone = model.zone();
    let both: Vec<&Override> =
        schedule.overrides.iter().filter(|one| one.id == over.id || Some(one.id) == over.swap).collect();
    let mut says = Vec::new();
    let mut told: BTreeSet<PersonId> = BTreeSet::new();
    for one in &both {
        let back = planned(schedule, one.from.max(model.now), one.until);
        says.push(format!(
            "{}: {} {} no longer on from {} to {}, {} again.",
            one.id,
            desk.short_name(&one.person),
            if desk.is_me(&one.person) { "are" } else { "is" },
            clock::when(model.now, one.from.max(model.now), &zone),
            clock::when(model.now, one.until, &zone),
            names(desk, &back),
        ));
        told.insert(one.person.clone());
        told.extend(back);
    }
    if over.swap.is_some() {
        says.insert(0, "Both halves of the swap go.".to_owned());
    }
    told.retain(|person| !desk.is_me(person));
    says.push(match told.is_empty() {
        true => "It concerns nobody but you; nobody is told.".to_owned(),
        false => format!("{} will be told.", names(desk, &told)),
    });
    let (schedule, id) = (schedule.schedule.clone(), over.id);
    let order = Order {
        about: About::OnCall(schedule),
        word: "take back",
        ask: Ask::RemoveOverride { id },
        expect: Expect::default(),
    };
    let (title, says) = (format!("Take back {id}?"), says.join(" "));
    Question::new(title, says, "Take it back", order, model.now)
}
