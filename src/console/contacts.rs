//! The Contacts view: what it holds, and whose contacts the agent still has to be asked for. The
//! first snapshot brings those of partners that need somebody; of all others nothing may be said
//! before the agent has answered.

use crate::console::desk::ContactsHeard;
use crate::console::dialog::Dialog;
use crate::console::effect::Effect;
use crate::console::form::Form;
use crate::console::line::Line;
use crate::console::model::{Filter, Model, Place, Tone};
use crate::console::nav;
use crate::console::say::say;
use crate::console::told::{Mark, Ways};
use crate::core::contact::{Contact, Medium};
use crate::core::text::Untrusted;
use crate::wire::client::LinkError;
use crate::wire::partner::ReachedContact;

/// Asks for the contacts of a partner, unless they are known or on their way.
pub fn ask(model: &mut Model, partner: &Untrusted) -> Option<Effect> {
    let desk = model.desk.as_mut()?;
    match desk.contacts_heard.get(partner) {
        Some(ContactsHeard::Asking | ContactsHeard::All) => None,
        Some(ContactsHeard::Missing(_)) | None => {
            desk.contacts_heard.insert(partner.clone(), ContactsHeard::Asking);
            Some(Effect::FetchPartner(partner.clone()))
        }
    }
}

/// Asks for those of the partner that Triage shows.
pub fn ask_for_shown(model: &mut Model) -> Option<Effect> {
    let partner = model.selected_partner().map(|partner| partner.id.clone())?;
    ask(model, &partner)
}

pub fn show(model: &mut Model) -> Vec<Effect> {
    nav::open(model, Place::Contacts);
    model.contacts.of = None;
    vec![Effect::FetchContacts]
}

/// Those of the partner of the selected row.
pub fn show_of_partner(model: &mut Model) -> Vec<Effect> {
    match model.partner_at_hand() {
        Some(partner) => show_of(model, partner),
        None => Vec::new(),
    }
}

/// One contact among all.
pub fn show_one(model: &mut Model, contact: Untrusted, partner: Option<Untrusted>) -> Vec<Effect> {
    nav::open(model, Place::Contacts);
    model.contacts.of = None;
    model.contacts.form = None;
    let known = model.desk.as_ref().and_then(|desk| desk.contacts.get(&contact));
    let name = known.map_or(&contact, |known| &known.name).printable().into_string();
    model.contacts.filter = Filter { line: Line::new(&name), open: false };
    arrange(model);
    if !model.contacts.rows.select(&contact) {
        // The name does not show as it is typed; then all contacts are shown instead.
        model.contacts.filter = Filter::default();
        arrange(model);
        if !model.contacts.rows.select(&contact) {
            model.contacts.sought = Some(contact.clone());
        }
    }
    let asked = partner.and_then(|partner| ask(model, &partner));
    asked.into_iter().chain([Effect::FetchContacts]).collect()
}

/// Those of a partner.
pub fn show_of(model: &mut Model, partner: Untrusted) -> Vec<Effect> {
    nav::open(model, Place::Contacts);
    model.contacts.filter = Filter { line: Line::new(partner.printable().as_str()), open: false };
    model.contacts.form = None;
    model.contacts.of = Some(partner.clone());
    arrange(model);
    stand_on_first(model, &partner);
    // All others come into sight with the next Esc.
    let all = (!model.contacts.heard).then_some(Effect::FetchContacts);
    ask(model, &partner).into_iter().chain(all).collect()
}

/// After a new snapshot: whatever is open may be old.
pub fn again(model: &mut Model) -> Vec<Effect> {
    if model.place != Place::Contacts {
        return Vec::new();
    }
    let of = model.contacts.of.clone();
    let asked = of.and_then(|partner| ask(model, &partner));
    std::iter::once(Effect::FetchContacts).chain(asked).collect()
}

pub fn came(model: &mut Model, answer: Result<Vec<Contact>, LinkError>) {
    model.contacts.heard = true;
    match (answer, &mut model.desk) {
        (Ok(contacts), Some(desk)) => {
            for contact in contacts {
                desk.learn(contact);
            }
            if let Some(Dialog::Pick(pick)) = &mut model.dialog {
                pick.learn(desk);
            }
            settle(model);
            if let Some(sought) = model.contacts.sought.take() {
                model.contacts.rows.select(&sought);
            }
        }
        (Err(error), _) => say(model, format!("The contacts could not be read: {error}."), Tone::Refused),
        (Ok(_), None) => {}
    }
}

/// The agent has said who all of a partner's contacts are, or why it cannot.
pub fn of_partner_came(model: &mut Model, partner: &Untrusted, answer: Result<Vec<ReachedContact>, String>) {
    let Some(desk) = &mut model.desk else { return };
    let heard = match answer {
        Ok(contacts) => {
            for known in contacts {
                desk.reach.insert(known.contact.id.clone(), known.reach);
                desk.learn(known.contact);
            }
            ContactsHeard::All
        }
        Err(why) => ContactsHeard::Missing(why),
    };
    desk.contacts_heard.insert(partner.clone(), heard);
    settle(model);
    if model.contacts.shows_only(partner) && model.contacts.rows.is_empty() {
        stand_on_first(model, partner);
    }
}

/// Rows change places only while the hand is off.
pub fn settle(model: &mut Model) {
    if model.place == Place::Contacts && model.hand_is_on() {
        let wanted = model.wanted_contacts();
        model.contacts.rows.keep(&wanted);
    } else {
        arrange(model);
    }
}

pub fn arrange(model: &mut Model) {
    let contacts = model.wanted_contacts();
    model.contacts.rows.arrange(contacts);
}

fn stand_on_first(model: &mut Model, partner: &Untrusted) {
    let first = model.desk.as_ref().and_then(|desk| desk.contacts_of(partner).next().map(|c| c.id.clone()));
    if let Some(first) = first
        && !model.contacts.rows.select(&first)
    {
        // The id does not show as it is typed; then all contacts are shown instead.
        model.contacts.filter = Filter::default();
        arrange(model);
        model.contacts.rows.select(&first);
    }
}

/// The form of a contact, on the address that failed where one did: that is what it was opened for.
pub fn form_of(model: &Model, contact: &Contact) -> Form {
    let mut form = Form::new(contact);
    let known = Ways::of(model);
    let fails = |medium: &Medium| {
        let desk = model.desk.as_ref()?;
        known.to_contact(desk, contact, *medium).filter(|(_, mark)| *mark == Mark::Failed)
    };
    if let Some(medium) = Medium::ALL.into_iter().find(|medium| fails(medium).is_some()) {
        form.stand_on(medium);
    }
    form
}
