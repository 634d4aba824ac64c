//! The partner beside the detail of Triage, on screens wide enough to show one: asked for once the hand has
//! rested on a row, and again when something of theirs has changed.

use crate::console::contacts;
use crate::console::effect::{Effect, Wait};
use crate::console::model::{Model, Subject};
use crate::console::view::WIDE;
use crate::core::change::{Numbered, What};
use crate::core::partner::PartnerRef;
use crate::core::text::Untrusted;
use crate::wire::partner::PartnerDetail;
use std::time::Duration;

/// What the stream changed is asked for again once in this time.
const EVERY: Duration = Duration::from_secs(2);

#[derive(Debug, Default)]
pub struct Beside {
    /// Of the partner that was asked for last; the pane of another shows what the console knows by itself.
    pub detail: Option<Box<PartnerDetail>>,
    /// It is to be asked for again by and by.
    waiting: bool,
}

impl Beside {
    pub fn of(&self, partner: &Untrusted) -> Option<&PartnerDetail> {
        self.detail.as_deref().filter(|detail| detail.partner.about.id == *partner)
    }
}

/// The hand rests on a row: its partner is asked for, where the screen shows one or their contacts are not
/// known yet.
pub fn ask(model: &mut Model) -> Option<Effect> {
    let asked = contacts::ask_for_shown(model);
    if asked.is_some() || model.size.0 < WIDE {
        return asked;
    }
    let partner = model.selected_partner()?.id.clone();
    model.beside.of(&partner).is_none().then_some(Effect::FetchPartner(partner))
}

/// Whose pane it is, wherever the operator is meanwhile.
fn shown(model: &Model) -> Option<&PartnerRef> {
    match model.triage.shown? {
        Subject::Alert(id) => model.alert(id).map(|alert| &alert.partner),
        Subject::Task(id) => model.known_task(id)?.partner.as_ref(),
    }
}

pub fn came(model: &mut Model, detail: &PartnerDetail) {
    let shown = shown(model).is_some_and(|partner| partner.id == detail.partner.about.id);
    if shown && model.size.0 >= WIDE {
        model.beside.detail = Some(Box::new(detail.clone()));
    }
}

/// Asks again after a while, if any of the changes is about the partner that is shown.
pub fn changed(model: &mut Model, changes: &[Numbered]) -> Option<Effect> {
    let known = model.beside.detail.as_ref()?.partner.about.id.clone();
    let tells = |numbered: &Numbered| {
        let change = &numbered.change;
        change.partner.as_ref() == Some(&known)
            && !matches!(change.what, What::EventReceived | What::NotificationSending)
    };
    if model.beside.waiting || !changes.iter().any(tells) {
        return None;
    }
    model.beside.waiting = true;
    Some(Effect::Wait(Wait::Beside, EVERY))
}

pub fn waited(model: &mut Model) -> Vec<Effect> {
    model.beside.waiting = false;
    let known = model.beside.detail.as_ref().map(|detail| detail.partner.about.id.clone());
    match known {
        Some(known) if shown(model).is_some_and(|shown| shown.id == known) => {
            vec![Effect::FetchPartner(known)]
        }
        // It is old, and nobody looks at it: a rest on a row of theirs asks anew.
        _ => {
            model.beside.detail = None;
            Vec::new()
        }
    }
}
