//! What others do at the same time: who looks at an alert, and what somebody just did, with their name.

use crate::console::desk::Desk;
use crate::console::effect::Effect;
use crate::console::model::{Model, Place, Subject, Tone};
use crate::console::say::say;
use crate::core::change::{Actor, Change, Numbered, What};
use crate::core::id::AlertId;
use crate::core::person::PersonId;
use crate::core::text::sanitise;
use crate::wire::person::Viewer;
use jiff::SignedDuration;

/// Without a key for so long, nobody is taken to look.
pub const LOOKS_FOR: SignedDuration = SignedDuration::from_mins(5);

/// The alert that the operator has before them now.
fn looks_at(model: &Model) -> Option<AlertId> {
    let awake = model.last_key.is_none_or(|key| model.now.duration_since(key) < LOOKS_FOR);
    match (model.place, model.triage.shown) {
        (Place::Triage, Some(Subject::Alert(alert))) if awake && model.triage.resting.is_none() => {
            Some(alert)
        }
        _ => None,
    }
}

/// Tells the agent what is looked at, where that is another alert than it knows of.
pub fn look(model: &mut Model) -> Option<Effect> {
    let now = looks_at(model);
    // While the hand moves on, what is looked at is not known yet.
    if model.place == Place::Triage && model.triage.resting.is_some() || model.looked == now {
        return None;
    }
    model.looked = now;
    Some(Effect::Look(now))
}

/// What is looked at, whatever the agent knows of it; the answer says who else looks.
pub fn look_anew(model: &mut Model) -> Effect {
    model.looked = looks_at(model);
    Effect::Look(model.looked)
}

/// The other people who have this alert before them.
pub fn viewers<'m>(model: &'m Model, desk: &'m Desk, alert: AlertId) -> impl Iterator<Item = &'m Viewer> {
    let me = |viewer: &&Viewer| viewer.person.as_ref().is_some_and(|person| desk.is_me(person));
    model.viewers.iter().filter(move |viewer| viewer.alert == alert && !me(viewer))
}

/// `Roth looks at it`, `Roth and 2 more look at it`; `None` where nobody does.
pub fn looking(model: &Model, desk: &Desk, alert: AlertId) -> Option<String> {
    let names: Vec<String> = viewers(model, desk, alert).map(|viewer| name(desk, viewer)).collect();
    match names.as_slice() {
        [] => None,
        [one] => Some(format!("{one} looks at it")),
        [one, other] => Some(format!("{one} and {other} look at it")),
        [one, more @ ..] => Some(format!("{one} and {} more look at it", more.len())),
    }
}

/// The shortest name of whoever looks.
pub fn name(desk: &Desk, viewer: &Viewer) -> String {
    match &viewer.person {
        Some(person) => desk.last_name(person),
        None => sanitise(&viewer.name).into_owned(),
    }
}

/// What others did that could not be said yet: the newest, and how many more there were.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsaid {
    newest: String,
    more: usize,
}

/// Says what others have just done; the newest, and how many more there were. While a refusal stands, which is not
/// to be overlooked, it waits.
pub fn tell(model: &mut Model, changes: &[Numbered]) {
    let Some(desk) = &model.desk else { return };
    let known = desk.seq;
    let did = changes.iter().filter(|one| one.seq > known).filter_map(|one| said(desk, &one.change));
    let did = did.fold(model.unsaid.take(), |before, newest| {
        Some(Unsaid { newest, more: before.map_or(0, |before| before.more + 1) })
    });
    model.unsaid = did;
    tell_unsaid(model);
}

/// Says what waited, once no refusal stands any more.
pub fn tell_unsaid(model: &mut Model) {
    if model.flash.as_ref().is_some_and(|flash| flash.tone == Tone::Refused) {
        return;
    }
    if let Some(Unsaid { newest, more }) = model.unsaid.take() {
        let text = if more == 0 { format!("{newest}.") } else { format!("{newest}, and {more} more.") };
        say(model, text, Tone::Hint);
    }
}

/// `M.Weber took A8812 (Acme Tools)`, of what concerns others.
fn said(desk: &Desk, change: &Change) -> Option<String> {
    let Actor::Person { id, .. } = &change.actor else { return None };
    if desk.is_me(id) {
        return None;
    }
    let deed = deed(desk, change, id)?;
    let about = match (&change.object, change.alert) {
        (crate::core::change::Object::Task(task), _) => {
            let of = task.partner.as_ref().map(|partner| format!(" ({})", partner.name.printable()));
            format!("{}{}", task.id, of.unwrap_or_default())
        }
        (_, Some(alert)) => {
            let partner = desk.alerts.get(&alert).map(|alert| alert.partner.name.printable());
            let partner = partner.map(|name| format!(" ({name})")).unwrap_or_default();
            format!("{alert}{partner}")
        }
        _ => return None,
    };
    Some(format!("{} {}", desk.short_name(id), deed.replace("{}", &about)))
}

fn deed(desk: &Desk, change: &Change, by: &PersonId) -> Option<String> {
    let alert = match &change.object {
        crate::core::change::Object::Alert(alert) => Some(alert),
        _ => None,
    };
    Some(match change.what {
        What::AlertAcknowledged => {
            // A promise made anew is no news to others.
            let before = change.alert.and_then(|id| desk.alerts.get(&id)).and_then(|known| known.held_by());
            if before == Some(by) {
                return None;
            }
            "took {}".to_owned()
        }
        What::AlertHandedOver => "took over {}".to_owned(),
        What::AlertOffered => match alert.and_then(|alert| alert.offered.as_ref()) {
            Some(offer) => format!("hands {{}} over to {}", desk.short_name(&offer.to)),
            None => "keeps {}".to_owned(),
        },
        What::AlertUnacknowledged => "gave {} back".to_owned(),
        What::AlertSnoozed => "put {} to sleep".to_owned(),
        What::AlertResolved => "closed {}".to_owned(),
        What::AlertEscalated => "escalated {}".to_owned(),
        What::Noted => "wrote a note on {}".to_owned(),
        What::TaskTaken => "took {}".to_owned(),
        What::TaskDone => "finished {}".to_owned(),
        _ => return None,
    })
}
