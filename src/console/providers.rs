//! The Providers screen: each way out, how it is doing and how the last hour was. It is asked for when it is
//! opened, and again while it is looked at.

use crate::console::allowed::may_act;
use crate::console::effect::{Effect, Wait};
use crate::console::messages;
use crate::console::model::{Filter, Model, Place};
use crate::console::nav;
use crate::console::rows::Rows;
use crate::wire::client::LinkError;
use crate::wire::{ChannelState, ProviderInfo};
use std::time::Duration;

/// While it is looked at, it is never older than this.
const AGAIN_AFTER: Duration = Duration::from_secs(5);

#[derive(Debug, Default)]
pub struct Providers {
    pub filter: Filter,
    pub rows: Rows<String>,
    pub known: Vec<ProviderInfo>,
    /// An answer has come.
    pub heard: bool,
    pub missing: Option<String>,
    /// It will be asked for again by and by.
    waiting: bool,
}

pub fn show(model: &mut Model) -> Vec<Effect> {
    nav::open(model, Place::Providers);
    vec![Effect::FetchProviders]
}

/// What is shown may be old.
pub fn again(model: &Model) -> Vec<Effect> {
    match model.place {
        Place::Providers => vec![Effect::FetchProviders],
        _ => Vec::new(),
    }
}

pub fn waited(model: &mut Model) -> Vec<Effect> {
    model.providers.waiting = false;
    again(model)
}

pub fn came(model: &mut Model, answer: Result<Vec<ProviderInfo>, LinkError>) -> Vec<Effect> {
    let providers = &mut model.providers;
    providers.heard = true;
    match answer {
        Ok(known) => {
            providers.known = known;
            providers.missing = None;
        }
        Err(error) => providers.missing = Some(error.to_string()),
    }
    if model.place == Place::Providers && model.hand_is_on() {
        let wanted = wanted(model);
        model.providers.rows.keep(&wanted);
    } else {
        arrange(model);
    }
    if model.providers.waiting || model.place != Place::Providers {
        return Vec::new();
    }
    model.providers.waiting = true;
    vec![Effect::Wait(Wait::Providers, AGAIN_AFTER)]
}

fn wanted(model: &Model) -> Vec<String> {
    let providers = &model.providers;
    let wanted = providers.known.iter().filter(|one| {
        let media: Vec<&str> = one.channel.carries.iter().map(|medium| medium.as_str()).collect();
        providers.filter.matches(&[&one.id, &one.channel.kind, &media.join(" ")])
    });
    wanted.map(|one| one.id.clone()).collect()
}

pub fn arrange(model: &mut Model) {
    let wanted = wanted(model);
    model.providers.rows.arrange(wanted);
}

pub fn selected(model: &Model) -> Option<&ProviderInfo> {
    let id = model.providers.rows.selected()?;
    model.providers.known.iter().find(|one| one.id == *id)
}

/// The messages that went by it.
pub fn enter(model: &mut Model) -> Vec<Effect> {
    let Some(channel) = selected(model).map(|one| one.id.clone()) else { return Vec::new() };
    messages::show_about(model, messages::About::Channel(channel))
}

pub fn may_probe(model: &Model) -> Result<(), String> {
    may_act(model)?;
    match selected(model) {
        Some(one) if one.channel.state == ChannelState::Down => Ok(()),
        Some(one) => Err(format!("{} is not down, so there is nothing to probe", one.id)),
        None => Err("no provider is selected".to_owned()),
    }
}

pub fn probe(model: &Model) -> Vec<Effect> {
    selected(model).map(|one| Effect::Probe(one.id.clone())).into_iter().collect()
}
