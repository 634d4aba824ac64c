//! The filter of the place: what is typed narrows its list at once.

use crate::console::effect::Effect;
use crate::console::follow::arrange;
use crate::console::model::{Filter, Model, Place};
use crate::console::{
    configuration, contacts, messages, oncall, partners, people, providers, sources, templates,
};
use crossterm::event::{KeyCode, KeyEvent};

pub fn filter(model: &mut Model) -> &mut Filter {
    match model.place {
        Place::Triage => &mut model.triage.filter,
        Place::Stream => &mut model.stream.filter,
        Place::Partners | Place::Partner => &mut model.partners.filter,
        Place::Contacts => &mut model.contacts.filter,
        Place::Messages => &mut model.messages.filter,
        Place::OnCall => &mut model.on_call.filter,
        Place::Handover => &mut model.handover.filter,
        Place::Templates => &mut model.templates.filter,
        Place::Providers => &mut model.providers.filter,
        Place::People | Place::Person => &mut model.people.filter,
        Place::Sources => &mut model.sources.filter,
        Place::Configuration => &mut model.configuration.filter,
    }
}

pub fn filtered(model: &mut Model) -> Vec<Effect> {
    match model.place {
        Place::Triage => arrange(model),
        Place::Stream => model.stream.selected = None,
        Place::Partners | Place::Partner => return partners::filtered(model),
        Place::Contacts => contacts::arrange(model),
        Place::Messages => messages::arrange(model),
        Place::OnCall => oncall::arrange(model),
        Place::Handover => model.handover.scroll = 0,
        Place::Templates => templates::arrange(model),
        Place::Providers => providers::arrange(model),
        Place::People | Place::Person => people::arrange(model),
        Place::Sources => sources::arrange(model),
        Place::Configuration => configuration::arrange(model),
    }
    Vec::new()
}

/// Keys while the filter is typed; `None` when the key is not for it.
pub fn press_filter(model: &mut Model, key: KeyEvent) -> Option<Vec<Effect>> {
    let filter = filter(model);
    if !filter.open {
        return None;
    }
    match key.code {
        KeyCode::Esc => *filter = Filter::default(),
        KeyCode::Enter => filter.open = false,
        KeyCode::Up | KeyCode::Down | KeyCode::Tab => return None,
        _ => {
            filter.line.press(key);
        }
    }
    Some(filtered(model))
}
