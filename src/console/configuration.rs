//! The Configuration view: which version counts, what the file says beside it, and what hangs on it:
//! maintenance windows, digests, templates.

use crate::console::effect::Effect;
use crate::console::model::{Filter, Model, Place};
use crate::console::nav;
use crate::console::rows::Rows;
use crate::core::text::sanitise;
use crate::wire::client::LinkError;
use crate::wire::{ConfigInfo, DigestCopy, DigestInfo};

#[derive(Debug, Default)]
pub struct Configuration {
    pub filter: Filter,
    pub rows: Rows<Row>,
    pub info: Option<ConfigInfo>,
    pub digests: Vec<DigestInfo>,
    /// Why one of them could not be fetched.
    pub missing: Option<String>,
    pub opened: Option<Opened>,
}

/// Something that Enter opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Row {
    /// The version applied then.
    Version(u64),
    /// By its name.
    Window(String),
    Digest(String),
    Templates,
}

/// A digest as it would read now.
#[derive(Debug)]
pub struct Opened {
    pub digest: String,
    pub copies: Option<Result<Vec<DigestCopy>, String>>,
    pub scroll: u16,
}

pub fn show(model: &mut Model) -> Vec<Effect> {
    nav::open(model, Place::Configuration);
    again(model)
}

/// What is shown may be old.
pub fn again(model: &mut Model) -> Vec<Effect> {
    if model.place != Place::Configuration {
        return Vec::new();
    }
    arrange(model);
    vec![Effect::FetchConfig, Effect::FetchDigests]
}

pub fn arrange(model: &mut Model) {
    // The hand begins at the top, so nothing is listed before the top is known.
    if model.configuration.info.is_none() && model.configuration.missing.is_none() {
        return;
    }
    let all = model.configuration.info.iter().flat_map(|info| &info.applied);
    let mut rows: Vec<(Row, String)> = all
        .map(|one| (Row::Version(one.version), format!("version {} {}", one.version, one.why.printable())))
        .collect();
    let windows = model.desk.iter().flat_map(|desk| &desk.info.maintenance);
    rows.extend(windows.map(|window| {
        let words = format!("maintenance {} {}", sanitise(&window.name), window.covers.words());
        (Row::Window(window.name.clone()), words)
    }));
    let digests = model.configuration.digests.iter();
    rows.extend(digests.map(|one| (Row::Digest(one.name.clone()), format!("digest {}", one.name))));
    rows.push((Row::Templates, "templates".to_owned()));
    rows.retain(|(_, words)| model.configuration.filter.matches(&[words]));
    model.configuration.rows.arrange(rows.into_iter().map(|(row, _)| row).collect());
}

pub fn came(model: &mut Model, answer: Result<ConfigInfo, LinkError>) {
    match answer {
        Ok(info) => {
            model.configuration.info = Some(info);
            model.configuration.missing = None;
            arrange(model);
        }
        Err(error) => model.configuration.missing = Some(error.to_string()),
    }
}

pub fn digests_came(model: &mut Model, answer: Result<Vec<DigestInfo>, LinkError>) {
    match answer {
        Ok(digests) => {
            model.configuration.digests = digests;
            arrange(model);
        }
        Err(error) => model.configuration.missing = Some(error.to_string()),
    }
}

pub fn copies_came(model: &mut Model, digest: &str, answer: Result<Vec<DigestCopy>, LinkError>) {
    let opened = model.configuration.opened.as_mut().filter(|opened| opened.digest == digest);
    if let Some(opened) = opened {
        opened.copies = Some(answer.map_err(|error| error.to_string()));
    }
}

/// Opens what the hand is on, or goes back to the list.
pub fn enter(model: &mut Model) -> Vec<Effect> {
    if model.configuration.opened.take().is_some() {
        return Vec::new();
    }
    match model.configuration.rows.selected().cloned() {
        Some(Row::Digest(digest)) => {
            model.configuration.opened = Some(Opened { digest: digest.clone(), copies: None, scroll: 0 });
            vec![Effect::FetchDigest(digest)]
        }
        Some(Row::Templates) => crate::console::templates::show(model),
        Some(Row::Window(_)) => {
            crate::console::act::maintenance(model);
            Vec::new()
        }
        Some(Row::Version(_)) | None => Vec::new(),
    }
}

pub fn step(model: &mut Model, by: isize) {
    let longest = crate::console::view::configuration::length(model);
    match &mut model.configuration.opened {
        Some(opened) => {
            let by = i16::try_from(by).unwrap_or(0);
            opened.scroll = opened.scroll.saturating_add_signed(by).min(longest);
        }
        None => model.configuration.rows.step(by),
    }
}
