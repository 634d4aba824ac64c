//! Moving about: rows, ends and pages of whatever place one is in, what Enter opens and where Esc goes.

use crate::console::effect::Effect;
use crate::console::follow::{arrange, keep};
use crate::console::goal;
use crate::console::messages::Narrowed;
use crate::console::model::{Filter, Focus, Model, Place, Tone};
use crate::console::narrow::{filter, filtered};
use crate::console::say::say;
use crate::console::{
    bulk, configuration, handover, messages, nav, oncall, partners, people, search, templates,
};

pub fn open(model: &mut Model) -> Vec<Effect> {
    match model.place {
        Place::Triage => {
            let zoomed = model.triage.zoomed;
            unzoom(model);
            model.triage.zoomed = !zoomed && model.subject().is_some();
        }
        Place::Stream => {
            return match goal::of_hand(model).into_iter().next() {
                Some((_, first)) => goal::go(model, first),
                None => {
                    say(model, "This line leads nowhere; it says it all.".to_owned(), Tone::Refused);
                    Vec::new()
                }
            };
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
        Place::Search => return search::enter(model),
        Place::People => {
            if let Some(person) = model.people.rows.selected().cloned() {
                return people::open(model, person);
            }
        }
        Place::OnCall => {
            let turn = oncall::selected(model).and_then(|(_, turn)| turn.people.first().cloned());
            if let Some(person) = turn {
                return people::open(model, person);
            }
        }
        Place::Configuration => return configuration::enter(model),
        Place::Contacts | Place::Person | Place::Handover | Place::Sources => {}
    }
    Vec::new()
}

/// Shows the rows again; what ended on the whole screen goes once the hand is off.
fn unzoom(model: &mut Model) {
    model.triage.zoomed = false;
    model.triage.scroll = 0;
    keep(model);
}

/// One step back: out of what is opened in the view, out of what narrows it, then to where the view was
/// opened from. Where nothing was opened there is no step.
pub fn back(model: &mut Model) -> Vec<Effect> {
    if model.place == Place::Messages && model.messages.opened && search::comes_back(model) {
        return nav::last(model);
    }
    let within = match model.place {
        Place::Partner => partners::back(model),
        Place::Messages => std::mem::take(&mut model.messages.opened),
        Place::Templates => model.templates.opened.take().is_some(),
        Place::Configuration => model.configuration.opened.take().is_some(),
        _ => false,
    };
    if within {
        return Vec::new();
    }
    let place = model.place;
    let filter = filter(model);
    if filter.is_active() && !matches!(place, Place::Partner | Place::Person | Place::Search) {
        *filter = Filter::default();
        return filtered(model);
    }
    if !model.triage.zoomed && bulk::unmark(model) {
        return Vec::new();
    }
    match place {
        Place::Triage if model.triage.zoomed => unzoom(model),
        Place::Stream if model.stream.selected.is_some() => model.stream.follow(),
        // What was narrowed on the way here goes with the way back.
        Place::Messages if !nav::was_opened(model) && messages::leave(model) => {}
        _ => {
            if place == Place::Messages {
                model.messages.narrowed = Narrowed::default();
                messages::arrange(model);
            }
            return nav::back(model);
        }
    }
    Vec::new()
}

/// Between alerts and tasks, and from one view of Desk to the next.
pub fn switch(model: &mut Model, by: isize) -> Vec<Effect> {
    if model.place == Place::Triage {
        model.triage.focus = match model.triage.focus {
            Focus::Alerts => Focus::Tasks,
            Focus::Tasks => Focus::Alerts,
        };
        return Vec::new();
    }
    nav::turn(model, by)
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
        Place::People => model.people.rows.step(by),
        Place::Person => people::scroll(model, by),
        Place::Sources => model.sources.rows.step(by),
        Place::Configuration => configuration::step(model, by),
        Place::Search => model.search.step(by),
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
            let news = !model.triage.alerts.waiting().is_empty();
            if end == End::First {
                arrange(model);
            }
            let (alerts, tasks) = (&mut model.triage.alerts, &mut model.triage.tasks);
            // From the top of the tasks on, or where news of alerts is said, the top is that of the alerts.
            if end == End::First && (news || tasks.index().is_none_or(|at| at == 0)) && !alerts.is_empty() {
                model.triage.focus = Focus::Alerts;
            }
            match (model.triage.focus, end) {
                (Focus::Alerts, End::First) => alerts.first(),
                (Focus::Alerts, End::Last) => alerts.last(),
                (Focus::Tasks, End::First) => tasks.first(),
                (Focus::Tasks, End::Last) => tasks.last(),
            }
        }
        Place::Stream if end == End::Last => model.stream.follow(),
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
        Place::People => {
            let rows = &mut model.people.rows;
            if end == End::First { rows.first() } else { rows.last() }
        }
        Place::Person => people::scroll(
            model,
            if end == End::First { isize::from(i16::MIN) } else { isize::from(i16::MAX) },
        ),
        Place::Sources => {
            let rows = &mut model.sources.rows;
            if end == End::First { rows.first() } else { rows.last() }
        }
        Place::Configuration => {
            let rows = &mut model.configuration.rows;
            if end == End::First { rows.first() } else { rows.last() }
        }
        Place::Search => model.search.to_end(end),
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
        Place::People => model.people.rows.step(pages * page),
        Place::Person => people::scroll(model, pages * page),
        Place::Sources => model.sources.rows.step(pages * page),
        Place::Configuration => configuration::step(model, pages * page),
        Place::Search => model.search.step(pages * page),
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
        model.stream.held = model.streamed().cloned().collect();
    }
    model.stream.selected = seq;
}
