//! Where one is and how one came there: the five places, the views inside them, and the way back.
//!
//! Every step is kept. `-` takes the last one back, Esc the one by which the view was opened; where nothing
//! was opened, Esc does nothing.

use crate::console::effect::Effect;
use crate::console::messages::Narrowed;
use crate::console::model::{Model, Place, Tone};
use crate::console::say::say;
use crate::console::{
    configuration, contacts, handover, messages, oncall, partners, people, providers, search, sources,
    templates,
};
use crate::core::person::PersonId;
use crate::core::text::Untrusted;

/// Steps that are kept; the oldest go first.
const KEPT: usize = 50;

/// The places that have a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Root {
    Triage,
    Stream,
    Partners,
    Messages,
    Desk,
}

impl Root {
    /// The view that its number shows.
    pub fn first(self) -> Place {
        match self {
            Root::Triage => Place::Triage,
            Root::Stream => Place::Stream,
            Root::Partners => Place::Partners,
            Root::Messages => Place::Messages,
            Root::Desk => Place::OnCall,
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            Root::Triage => "Triage",
            Root::Stream => "Stream",
            Root::Partners => "Partners",
            Root::Messages => "Messages",
            Root::Desk => "Desk",
        }
    }
}

/// How a view came onto the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Came {
    /// By its number or by Tab: there is nothing to go back to but with `-`.
    #[default]
    Straight,
    /// From the view before, where Esc goes.
    Opened,
}

/// Something one can come back to.
#[derive(Clone, Debug, PartialEq)]
struct Spot {
    place: Place,
    of: Of,
    came: Came,
}

/// Which of its kind a view shows.
#[derive(Clone, Debug, PartialEq)]
enum Of {
    Nothing,
    Partner(Untrusted),
    Person(PersonId),
    Messages(Narrowed),
}

/// The steps taken, and how the present view was reached.
#[derive(Clone, Debug, Default)]
pub struct Trail {
    before: Vec<Spot>,
    came: Came,
}

impl Trail {
    pub fn is_empty(&self) -> bool {
        self.before.is_empty()
    }
}

impl Place {
    /// The place of the five that this view is in.
    pub fn root(self) -> Root {
        match self {
            Place::Triage => Root::Triage,
            // What is over is found where what happens is seen.
            Place::Stream | Place::Search => Root::Stream,
            Place::Partners | Place::Partner | Place::Contacts => Root::Partners,
            Place::Messages => Root::Messages,
            Place::OnCall
            | Place::People
            | Place::Person
            | Place::Handover
            | Place::Templates
            | Place::Providers
            | Place::Sources
            | Place::Configuration => Root::Desk,
        }
    }
}

/// The views that Tab turns through in Desk, the first first.
pub const OF_DESK: [Place; 5] =
    [Place::OnCall, Place::People, Place::Providers, Place::Sources, Place::Configuration];

/// To a place by its number.
pub fn straight(model: &mut Model, place: Place) {
    step(model, place, Came::Straight);
}

/// To a view that is opened from this one. Called before anything that the view shows is changed.
pub fn open(model: &mut Model, place: Place) {
    step(model, place, Came::Opened);
}

fn step(model: &mut Model, place: Place, came: Came) {
    let here = here(model);
    let same = here.place == place && matches!(here.of, Of::Nothing);
    if !same {
        if model.trail.before.len() >= KEPT {
            model.trail.before.remove(0);
        }
        model.trail.before.push(here);
        model.trail.came = came;
    } else if came == Came::Straight {
        model.trail.came = came;
    }
    model.place = place;
    model.fresh = true;
}

fn here(model: &Model) -> Spot {
    let of = match model.place {
        Place::Partner => model.page.as_ref().map(|page| Of::Partner(page.id.clone())),
        Place::Person => model.people.page.as_ref().map(|page| Of::Person(page.id.clone())),
        Place::Messages => Some(Of::Messages(model.messages.narrowed.clone())),
        _ => None,
    };
    Spot { place: model.place, of: of.unwrap_or(Of::Nothing), came: model.trail.came }
}

/// To the view before this one, however one came here.
pub fn last(model: &mut Model) -> Vec<Effect> {
    let Some(spot) = model.trail.before.pop() else {
        say(model, "There is no view before this one.".to_owned(), Tone::Hint);
        return Vec::new();
    };
    model.place = spot.place;
    model.trail.came = spot.came;
    match spot.of {
        Of::Partner(id) => return partners::load(model, id),
        Of::Person(id) => return people::load(model, id),
        Of::Messages(narrowed) if model.messages.narrowed != narrowed => {
            model.messages.narrowed = narrowed;
            messages::arrange(model);
        }
        Of::Messages(_) | Of::Nothing => {}
    }
    again(model)
}

/// Whether Esc leads anywhere from here.
pub fn was_opened(model: &Model) -> bool {
    model.trail.came == Came::Opened
}

/// Back to where this view was opened from.
pub fn back(model: &mut Model) -> Vec<Effect> {
    match was_opened(model) {
        true if model.trail.is_empty() => {
            model.trail.came = Came::Straight;
            model.place = model.place.root().first();
            again(model)
        }
        true => last(model),
        false => Vec::new(),
    }
}

/// The view of Desk beside this one.
pub fn turn(model: &mut Model, by: isize) -> Vec<Effect> {
    let Some(at) = OF_DESK.iter().position(|place| *place == model.place) else { return Vec::new() };
    let beside = (at + OF_DESK.len()).saturating_add_signed(by) % OF_DESK.len();
    let came = model.trail.came;
    model.place = OF_DESK[beside];
    model.trail.came = came;
    again(model)
}

/// Asks for what is on the screen: it may be old.
pub fn again(model: &mut Model) -> Vec<Effect> {
    match model.place {
        Place::Triage | Place::Stream => Vec::new(),
        Place::Search => search::typed(model),
        Place::Partners | Place::Partner => partners::again(model),
        Place::Contacts => contacts::again(model),
        Place::Messages => vec![Effect::FetchMessages],
        Place::OnCall => oncall::again(model),
        Place::People | Place::Person => people::again(model),
        Place::Handover => handover::again(model),
        Place::Templates => templates::refreshed(model),
        Place::Providers => providers::again(model),
        Place::Sources => {
            sources::arrange(model);
            Vec::new()
        }
        Place::Configuration => configuration::again(model),
    }
}

/// The way from the place to what is on the screen, for the title line.
pub fn crumbs(model: &Model) -> Vec<String> {
    let mut crumbs = vec![model.place.root().word().to_owned()];
    let zoomed = || model.alert_at_hand().map(|alert| alert.to_string());
    let more = match model.place {
        Place::Triage if model.triage.zoomed => zoomed(),
        Place::Messages if model.messages.opened => model.selected_message().map(|one| one.id.to_string()),
        Place::Triage | Place::Stream | Place::Partners | Place::Messages => None,
        Place::Partner => {
            let page = model.page.as_ref().zip(model.desk.as_ref());
            page.map(|(page, desk)| desk.partner_name(&page.id))
        }
        Place::Contacts => Some("Contacts".to_owned()),
        Place::Search => Some("Search".to_owned()),
        Place::OnCall => Some("On call".to_owned()),
        Place::People => Some("People".to_owned()),
        Place::Person => {
            crumbs.push("People".to_owned());
            let page = model.people.page.as_ref().zip(model.desk.as_ref());
            page.map(|(page, desk)| desk.whole_name(&page.id))
        }
        Place::Handover => Some("Hand-over".to_owned()),
        Place::Templates => Some("Templates".to_owned()),
        Place::Providers => Some("Providers".to_owned()),
        Place::Sources => Some("Sources".to_owned()),
        Place::Configuration => Some("Configuration".to_owned()),
    };
    crumbs.extend(more);
    crumbs
}
