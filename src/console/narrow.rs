//! The filter of the place: what is typed narrows its list at once.

use crate::console::effect::Effect;
use crate::console::follow::arrange;
use crate::console::model::{Filter, Model, Place, Tone};
use crate::console::say::say;
use crate::console::{
    configuration, contacts, find, messages, oncall, partners, people, providers, search, sources, templates,
};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

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
        Place::Search => &mut model.search.filter,
    }
}

pub fn filter_of(model: &Model) -> &Filter {
    match model.place {
        Place::Triage => &model.triage.filter,
        Place::Stream => &model.stream.filter,
        Place::Partners | Place::Partner => &model.partners.filter,
        Place::Contacts => &model.contacts.filter,
        Place::Messages => &model.messages.filter,
        Place::OnCall => &model.on_call.filter,
        Place::Handover => &model.handover.filter,
        Place::Templates => &model.templates.filter,
        Place::Providers => &model.providers.filter,
        Place::People | Place::Person => &model.people.filter,
        Place::Sources => &model.sources.filter,
        Place::Configuration => &model.configuration.filter,
        Place::Search => &model.search.filter,
    }
}

pub fn filtered(model: &mut Model) -> Vec<Effect> {
    match model.place {
        Place::Triage => arrange(model),
        Place::Stream => model.stream.follow(),
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
        Place::Search => return search::typed(model),
    }
    Vec::new()
}

/// Keys while the filter is typed; `None` when the key is not for it.
pub fn press_filter(model: &mut Model, key: KeyEvent) -> Option<Vec<Effect>> {
    if !filter(model).open {
        return None;
    }
    let searches = model.place == Place::Search;
    match key.code {
        KeyCode::Up | KeyCode::Down | KeyCode::PageUp | KeyCode::PageDown => return None,
        KeyCode::Char('s') if key.modifiers.contains(KeyModifiers::CONTROL) => return None,
        KeyCode::Esc | KeyCode::Enter if searches => return None,
        KeyCode::Tab => {
            if !find::take_offer(model) {
                return None;
            }
        }
        // Two slashes ask everything there ever was.
        KeyCode::Char('/') if !searches && filter(model).line.is_empty() => {
            *filter(model) = Filter::default();
            let mut effects = filtered(model);
            effects.extend(search::show(model));
            return Some(effects);
        }
        KeyCode::Esc => *filter(model) = Filter::default(),
        KeyCode::Enter => {
            filter(model).open = false;
            let kept = filter(model).clone();
            if let Some(problem) = find::problem(model, &kept) {
                say(model, format!("{problem}."), Tone::Refused);
            }
        }
        _ => _ = filter(model).line.press(key),
    }
    Some(filtered(model))
}
