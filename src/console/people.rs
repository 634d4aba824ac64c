//! The people of the desk, and the page of one of them: when they are on call, how they are reached and what
//! proves it, what is in their hand.

use crate::console::desk::Desk;
use crate::console::effect::Effect;
use crate::console::messages;
use crate::console::model::{Filter, Model, Place};
use crate::console::nav;
use crate::console::rows::Rows;
use crate::core::change::{Numbered, Object};
use crate::core::notification::RecipientId;
use crate::core::person::{Person, PersonId};
use crate::wire::client::LinkError;
use crate::wire::person::PersonDetail;

#[derive(Debug, Default)]
pub struct People {
    pub filter: Filter,
    pub rows: Rows<PersonId>,
    pub page: Option<Page>,
}

/// One person on the screen.
#[derive(Debug)]
pub struct Page {
    pub id: PersonId,
    pub detail: Option<Box<PersonDetail>>,
    pub missing: Option<String>,
    pub scroll: u16,
}

pub fn show(model: &mut Model) -> Vec<Effect> {
    nav::open(model, Place::People);
    arrange(model);
    Vec::new()
}

/// Those on call first, then by name.
pub fn arrange(model: &mut Model) {
    let Some(desk) = &model.desk else { return };
    let mut people: Vec<&Person> = desk.people.values().collect();
    people.retain(|person| {
        let on = on_call(desk, &person.id).join(" ");
        let teams = person.teams.join(" ");
        model.people.filter.matches(&[&person.name, &person.id.0, &teams, &on])
    });
    people.sort_by_key(|person| (on_call(desk, &person.id).is_empty(), person.name.as_str()));
    let wanted = people.into_iter().map(|person| person.id.clone()).collect();
    model.people.rows.arrange(wanted);
}

/// The schedules by which they are on call now.
pub fn on_call<'d>(desk: &'d Desk, person: &PersonId) -> Vec<&'d str> {
    let on =
        desk.on_call.iter().filter(|on| on.people.contains(person) || on.person.as_ref() == Some(person));
    on.map(|on| on.schedule.as_str()).collect()
}

/// The page of somebody, from anywhere.
pub fn open(model: &mut Model, id: PersonId) -> Vec<Effect> {
    nav::open(model, Place::Person);
    load(model, id)
}

pub fn load(model: &mut Model, id: PersonId) -> Vec<Effect> {
    let detail = model.people.page.take().filter(|page| page.id == id).and_then(|page| page.detail);
    model.people.page = Some(Page { id: id.clone(), detail, missing: None, scroll: 0 });
    vec![Effect::FetchPerson(id)]
}

/// What is shown may be old.
pub fn again(model: &mut Model) -> Vec<Effect> {
    match (model.place, &model.people.page) {
        (Place::People, _) => {
            arrange(model);
            Vec::new()
        }
        (Place::Person, Some(page)) => vec![Effect::FetchPerson(page.id.clone())],
        _ => Vec::new(),
    }
}

pub fn came(model: &mut Model, id: &PersonId, answer: Result<Box<PersonDetail>, LinkError>) {
    if let Ok(detail) = &answer {
        messages::learn(model, &detail.messages);
    }
    let Some(page) = model.people.page.as_mut().filter(|page| page.id == *id) else { return };
    match answer {
        Ok(detail) => {
            page.detail = Some(detail);
            page.missing = None;
        }
        Err(error) => page.missing = Some(error.to_string()),
    }
}

/// Asks again where a change concerns whoever is on the screen.
pub fn changed(model: &Model, changes: &[Numbered]) -> Option<Effect> {
    let page = model.people.page.as_ref().filter(|_| model.place == Place::Person)?;
    let concerns = |numbered: &Numbered| match &numbered.change.object {
        Object::Alert(alert) => alert.holder.as_ref() == Some(&page.id),
        Object::Task(task) => task.owner.as_ref() == Some(&page.id),
        Object::Notification(n) => n.recipient.who == RecipientId::Person(page.id.clone()),
        Object::Override(_) | Object::Roster(_) => true,
        _ => false,
    };
    changes.iter().any(concerns).then(|| Effect::FetchPerson(page.id.clone()))
}

pub fn scroll(model: &mut Model, by: isize) {
    let longest = crate::console::view::person::length(model);
    if let Some(page) = &mut model.people.page {
        let by = i16::try_from(by).unwrap_or(0);
        page.scroll = page.scroll.saturating_add_signed(by).min(longest);
    }
}
