//! Moving about: rows, ends and pages of whatever place one is in, what Enter opens and where Esc goes.

use crate::console::effect::Effect;
use crate::console::follow::arrange;
use crate::console::model::{Filter, Focus, Model, Place, Tone};
use crate::console::narrow::{filter, filtered};
use crate::console::say::say;
use crate::console::{handover, messages, partners, templates};

pub fn open(model: &mut Model) -> Vec<Effect> {
    match model.place {
        Place::Triage => {
            model.triage.zoomed = !model.triage.zoomed && model.subject().is_some();
            model.triage.scroll = 0;
        }
        Place::Stream => {
            let selected = model.stream.selected;
            let found = match selected {
                Some(seq) => model.streamed().find(|numbered| numbered.seq == seq),
                None => model.streamed().next_back(),
            };
            let alert = found.and_then(|numbered| numbered.change.alert);
            match alert {
                Some(alert) => {
                    model.triage.filter = Filter::default();
                    arrange(model);
                    if model.triage.alerts.select(&alert) {
                        model.place = Place::Triage;
                        model.triage.focus = Focus::Alerts;
                    } else {
                        say(model, format!("{alert} is closed and no longer in Triage."), Tone::Refused);
                    }
                }
                None => say(model, "This line is about no alert.".to_owned(), Tone::Refused),
            }
        }
        Place::Partners => {
            if let Some(partner) = model.partner_at_hand() {
                return partners::open(model, partner);
            }
        }
        Place::Partner => return partners::enter(model),
        Place::Messages => {
            model.messages.opened = !model.messages.opened && model.selected_message().is_some();
            model.messages.scroll = 0;
        }
        Place::Templates => return templates::enter(model),
        Place::Providers => return crate::console::providers::enter(model),
        Place::Contacts | Place::OnCall | Place::Handover => {}
    }
    Vec::new()
}

/// One step back, and never further than the root.
pub fn back(model: &mut Model) -> Vec<Effect> {
    if model.place == Place::Partner {
        partners::back(model);
        return partners::again(model);
    }
    if model.place == Place::Messages && model.messages.opened {
        model.messages.opened = false;
        return Vec::new();
    }
    if model.place == Place::Templates && model.templates.opened.is_some() {
        model.templates.opened = None;
        return Vec::new();
    }
    let filter = filter(model);
    if filter.is_active() {
        *filter = Filter::default();
        return filtered(model);
    }
    if model.place == Place::Triage && model.triage.zoomed {
        model.triage.zoomed = false;
        model.triage.scroll = 0;
    } else if model.place == Place::Stream && model.stream.selected.is_some() {
        model.stream.selected = None;
    } else if model.place == Place::Contacts {
        model.place = model.contacts.from;
        return partners::again(model);
    } else if model.place == Place::Messages && messages::leave(model) {
    } else if model.place == Place::Handover {
        model.place = model.handover.from;
        return partners::again(model);
    } else if model.place == Place::Providers {
        model.place = model.providers.from;
        return partners::again(model);
    } else if model.place == Place::Templates {
        model.place = model.templates.from;
        return partners::again(model);
    } else {
        model.place = Place::Triage;
    }
    Vec::new()
}

pub fn switch(model: &mut Model) {
    if model.place == Place::Triage {
        model.triage.focus = match model.triage.focus {
            Focus::Alerts => Focus::Tasks,
            Focus::Tasks => Focus::Alerts,
        };
    }
}

pub fn step(model: &mut Model, by: isize) {
    match model.place {
        Place::Triage if model.triage.zoomed => scroll_by(model, by),
        Place::Triage => triage_step(model, by),
        Place::Stream => stream_step(model, by),
        Place::Partners => model.partners.rows.step(by),
        Place::Partner => partners::step(model, by),
        Place::Contacts => model.contacts.rows.step(by),
        Place::Messages => messages::step(model, by),
        Place::OnCall => model.on_call.rows.step(by),
        Place::Handover => handover::scroll(model, by),
        Place::Templates => templates::step(model, by),
        Place::Providers => model.providers.rows.step(by),
    }
}

/// The tasks stand below the alerts, and the hand walks through both as through one list.
fn triage_step(model: &mut Model, by: isize) {
    let triage = &mut model.triage;
    let (alerts, tasks) = (&mut triage.alerts, &mut triage.tasks);
    let on_last_alert = alerts.index().is_none_or(|at| at + 1 == alerts.len());
    let on_first_task = tasks.index().is_none_or(|at| at == 0);
    match triage.focus {
        Focus::Alerts if by > 0 && on_last_alert && !tasks.is_empty() => {
            triage.focus = Focus::Tasks;
            tasks.first();
        }
        Focus::Tasks if by < 0 && on_first_task && !alerts.is_empty() => {
            triage.focus = Focus::Alerts;
            alerts.last();
        }
        Focus::Alerts => alerts.step(by),
        Focus::Tasks => tasks.step(by),
    }
}

/// An end of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    First,
    Last,
}

pub fn to_end(model: &mut Model, end: End) {
    match model.place {
        Place::Triage => {
            if end == End::First {
                arrange(model);
            }
            let (alerts, tasks) = (&mut model.triage.alerts, &mut model.triage.tasks);
            match (model.triage.focus, end) {
                (Focus::Alerts, End::First) => alerts.first(),
                (Focus::Alerts, End::Last) => alerts.last(),
                (Focus::Tasks, End::First) => tasks.first(),
                (Focus::Tasks, End::Last) => tasks.last(),
            }
        }
        Place::Stream if end == End::Last => model.stream.selected = None,
        Place::Stream => {
            let oldest = model.streamed().next().map(|numbered| numbered.seq);
            pause_at(model, oldest);
        }
        Place::Partners => {
            let wanted = model.partners.wanted();
            let rows = &mut model.partners.rows;
            rows.arrange(wanted);
            if end == End::First { rows.first() } else { rows.last() }
        }
        Place::Partner => partners::to_end(model, end),
        Place::Contacts => match end {
            End::First => {
                crate::console::contacts::arrange(model);
                model.contacts.rows.first();
            }
            End::Last => model.contacts.rows.last(),
        },
        Place::Handover => handover::to_end(model, end),
        Place::OnCall => {
            crate::console::oncall::arrange(model);
            let rows = &mut model.on_call.rows;
            if end == End::First { rows.first() } else { rows.last() }
        }
        Place::Templates => {
            let rows = &mut model.templates.rows;
            if end == End::First { rows.first() } else { rows.last() }
        }
        Place::Providers => {
            crate::console::providers::arrange(model);
            let rows = &mut model.providers.rows;
            if end == End::First { rows.first() } else { rows.last() }
        }
        Place::Messages => {
            messages::arrange(model);
            let rows = &mut model.messages.rows;
            if end == End::First { rows.first() } else { rows.last() }
        }
    }
}

pub fn scroll(model: &mut Model, pages: isize) {
    let page = isize::try_from(model.size.1 / 2).unwrap_or(10).max(1);
    match model.place {
        Place::Triage => scroll_by(model, pages * if model.triage.zoomed { page } else { 4 }),
        Place::Stream => stream_step(model, pages * page),
        Place::Partners => model.partners.rows.step(pages * page),
        Place::Partner => partners::step(model, pages * page),
        Place::Contacts => model.contacts.rows.step(pages * page),
        Place::Messages => messages::step(model, pages * page),
        Place::OnCall => model.on_call.rows.step(pages * page),
        Place::Handover => handover::scroll(model, pages * page),
        Place::Templates => templates::step(model, pages * page),
        Place::Providers => model.providers.rows.step(pages * page),
    }
}

fn scroll_by(model: &mut Model, lines: isize) {
    let longest = crate::console::view::detail_length(model);
    let by = i16::try_from(lines).unwrap_or(0);
    model.triage.scroll = model.triage.scroll.saturating_add_signed(by).min(longest);
}

fn stream_step(model: &mut Model, by: isize) {
    let seqs: Vec<u64> = model.streamed().map(|numbered| numbered.seq).collect();
    let Some(last) = seqs.len().checked_sub(1) else { return };
    let at = match model.stream.selected {
        Some(selected) => seqs.iter().position(|seq| *seq == selected).unwrap_or(last),
        None => last,
    };
    let to = at.saturating_add_signed(by).min(last);
    pause_at(model, seqs.get(to).copied());
}

pub fn pause_at(model: &mut Model, seq: Option<u64>) {
    if model.stream.selected.is_none() {
        model.stream.paused_at = model.desk.as_ref().map_or(0, |desk| desk.seq);
    }
    model.stream.selected = seq;
}
