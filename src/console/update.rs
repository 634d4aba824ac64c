//! What a message makes of the model, and what it asks of the world. Pure: no clock, no I/O.

use crate::console::AgentAfter;
use crate::console::allowed::allowed;
use crate::console::desk::{Desk, Folded};
use crate::console::dialog::{Chooser, Close, Dialog, Escalate, LogIn, Note, Order, Pressed};
use crate::console::effect::{Effect, Wait};
use crate::console::form::{self, Form};
use crate::console::insist::Insist;
use crate::console::keymap::{self, Action};
use crate::console::line::Line;
use crate::console::message::{Msg, Ticket};
use crate::console::model::{
    About, Filter, Flash, Focus, Link, Model, Pending, Place, Subject, Tone, UNDO_WITHIN, Undo, Undone,
};
use crate::console::moves::{End, back, open, pause_at, scroll, step, switch, to_end};
use crate::console::pick::Pick;
use crate::console::resend::Resend;
use crate::console::{contacts, drill, handover, messages, oncall, partners, providers, templates};
use crate::core::alert::{Alert, AlertState};
use crate::core::change::Numbered;
use crate::core::command::{Action as Ask, Expect, Outcome, RefusalCode};
use crate::core::id::AlertId;
use crate::core::resend::Target;
use crate::core::text::{Printable, Untrusted};
use crate::term::input::Input;
use crate::wire::Snapshot;
use crate::wire::client::LinkError;
use crossterm::event::{KeyCode, KeyEvent};
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// The detail follows once the hand has rested this long on a row …
const SHOW_AFTER: Duration = Duration::from_millis(60);
/// … and what the console does not have is fetched after this.
const FETCH_AFTER: Duration = Duration::from_millis(150);
const SAID_FOR: SignedDuration = SignedDuration::from_secs(10);
const REFUSED_FOR: SignedDuration = SignedDuration::from_secs(30);

pub fn update(model: &mut Model, msg: Msg) -> Vec<Effect> {
    match msg {
        Msg::Clock(local) => clock(model, local),
        Msg::Size(width, height) => {
            model.size = (width, height);
            Vec::new()
        }
        Msg::Input(Input::Key(key)) => press(model, key),
        Msg::Input(Input::Paste(text)) => paste(model, &text),
        Msg::Input(Input::Resized) => Vec::new(),
        Msg::Input(Input::HungUp) => vec![Effect::Quit],
        Msg::Snapshot(snapshot) => snapshot_came(model, *snapshot),
        Msg::Changes(changes) => changes_came(model, changes),
        Msg::Health(health) => {
            model.link = Link::Live;
            if let Some(desk) = &mut model.desk {
                desk.health(*health);
            }
            let mut effects = oncall::again(model);
            effects.extend(providers::again(model));
            effects.extend(handover::again(model));
            effects
        }
        Msg::Away(error) => {
            away(model, &error);
            Vec::new()
        }
        Msg::Detail(alert, answer) => {
            detail_came(model, alert, answer);
            Vec::new()
        }
        Msg::Steps(alert, answer) => {
            let now = model.now;
            if let Some(Dialog::Escalate(dialog)) = &mut model.dialog
                && dialog.alert == alert
            {
                dialog.show(answer.map_err(|error| error.to_string()), now);
            }
            Vec::new()
        }
        Msg::Partners(find, answer) => {
            partners::came(model, &find, answer);
            Vec::new()
        }
        Msg::Partner(id, answer) => {
            partners::detail_came(model, &id, answer);
            Vec::new()
        }
        Msg::Thing(of, answer) => {
            partners::thing_came(model, &of, answer);
            Vec::new()
        }
        Msg::Messages(answer) => {
            messages::came(model, answer);
            Vec::new()
        }
        Msg::Providers(answer) => providers::came(model, answer),
        Msg::Probed(answer) => {
            let (said, tone) = match answer {
                Ok(said) => (said.printable().into_string(), Tone::Done),
                Err(error) => (error.to_string(), Tone::Refused),
            };
            say(model, said, tone);
            providers::again(model)
        }
        Msg::Planned(asked, answer) => {
            if let Some(Dialog::Resend(dialog)) = &mut model.dialog {
                dialog.came(&asked, answer.map_err(|error| error.to_string()));
            }
            Vec::new()
        }
        Msg::OnCall(answer) => {
            oncall::came(model, answer);
            Vec::new()
        }
        Msg::Handover(answer) => {
            handover::came(model, answer);
            Vec::new()
        }
        Msg::Templates(answer) => {
            templates::came(model, answer);
            Vec::new()
        }
        Msg::Preview(asked, answer) => {
            templates::preview_came(model, &asked, answer);
            Vec::new()
        }
        Msg::Contacts(answer) => {
            contacts::came(model, answer);
            Vec::new()
        }
        Msg::Waited(Wait::Providers) => providers::waited(model),
        Msg::Waited(wait) => partners::waited(model, wait),
        Msg::Answered(ticket, answer) => answered(model, ticket, answer),
        Msg::Drill(news) => drill::came(model, *news),
        Msg::Rested(rest) => rested(model, rest),
    }
}

fn clock(model: &mut Model, local: Timestamp) -> Vec<Effect> {
    model.now = local.saturating_add(model.clock_offset).unwrap_or(local);
    if model.flash.as_ref().is_some_and(|flash| flash.until <= model.now) {
        model.flash = None;
    }
    if model.undo.as_ref().is_some_and(|undo| undo.until <= model.now) {
        model.undo = None;
    }
    let second = model.now.as_second();
    if second != model.stream.second {
        model.stream.passed = if second == model.stream.second + 1 { model.stream.counting } else { 0 };
        model.stream.counting = 0;
        model.stream.second = second;
    }
    if !model.hand_is_on() && model.rows_wait() {
        arrange(model);
        let wanted = model.partners.wanted();
        model.partners.rows.arrange(wanted);
        messages::arrange(model);
    }
    oncall::passed(model);
    follow_selection(model)
}

// What the agent says.

fn snapshot_came(model: &mut Model, snapshot: Snapshot) -> Vec<Effect> {
    let agents = snapshot.now;
    let local = model.now.saturating_sub(model.clock_offset).unwrap_or(model.now);
    let first = model.desk.is_none();
    let pin_needed = snapshot.me.pin_needed;
    model.link = Link::Live;
    // Small differences are the way of the answer, and would only make the clock jump.
    let apart = agents.duration_since(local);
    model.clock_offset =
        if apart.abs() > SignedDuration::from_secs(2) { apart } else { SignedDuration::ZERO };
    model.now = local.saturating_add(model.clock_offset).unwrap_or(local);
    let rings = |alert: &Alert, known: &Desk| {
        alert.state == AlertState::Open && !known.alerts.contains_key(&alert.id)
    };
    let known = model.desk.as_ref();
    let rings = known.is_some_and(|known| snapshot.alerts.iter().any(|alert| rings(alert, known)));
    model.desk = Some(Desk::new(snapshot));
    model.stream.selected = None;
    // Whatever was on its way is in the snapshot or was not done; its answer says which.
    if first || !model.hand_is_on() {
        arrange(model);
    } else {
        keep(model);
    }
    contacts::arrange(model);
    if pin_needed && !matches!(model.dialog, Some(Dialog::LogIn(_))) {
        model.dialog = Some(Dialog::LogIn(LogIn::default()));
    }
    // What was raised while the agent was away has to be heard, too.
    let mut effects: Vec<Effect> = rings.then_some(Effect::Bell).into_iter().collect();
    if let Some(subject) = model.subject() {
        model.triage.shown = Some(subject);
        if let Subject::Alert(alert) = subject {
            effects.push(Effect::FetchDetail(alert));
        }
        effects.extend(contacts::ask_for_shown(model));
    }
    effects.extend(partners::again(model));
    if model.messages.heard {
        effects.push(Effect::FetchMessages);
    }
    effects.extend(contacts::again(model));
    effects.extend(oncall::again(model));
    effects.extend(handover::again(model));
    effects.extend(templates::refreshed(model));
    effects.extend(providers::again(model));
    effects
}

fn changes_came(model: &mut Model, changes: Vec<Numbered>) -> Vec<Effect> {
    let was_away = model.link != Link::Live;
    model.link = Link::Live;
    if model.desk.is_none() {
        return Vec::new();
    }
    let shown = match model.triage.shown {
        Some(Subject::Alert(alert)) => Some(alert),
        _ => None,
    };
    let mut effects = partners::changed(model, &changes);
    messages::changed(model, &changes);
    let Some(desk) = &mut model.desk else { return effects };
    let mut detail_is_old = was_away;
    let mut rings = false;
    for numbered in changes {
        let of_shown = shown.is_some() && numbered.change.alert == shown;
        let folded = desk.fold(numbered);
        if folded == Folded::Known {
            continue;
        }
        model.stream.counting += 1;
        detail_is_old |= of_shown;
        if let Folded::NewAlert(alert) = folded {
            rings |= desk.alerts.get(&alert).is_some_and(|alert| alert.state == AlertState::Open);
        }
    }
    if rings {
        effects.push(Effect::Bell);
    }
    if detail_is_old && let Some(alert) = shown {
        effects.push(Effect::FetchDetail(alert));
    }
    if model.hand_is_on() {
        keep(model);
    } else {
        arrange(model);
    }
    contacts::arrange(model);
    effects.extend(follow_selection(model));
    effects
}

fn away(model: &mut Model, error: &LinkError) {
    let since = match &model.link {
        Link::Away { since, .. } => *since,
        Link::Connecting | Link::Live => model.now,
    };
    model.link = Link::Away { since, why: error.to_string() };
    if let LinkError::Refused { sentence, .. } = error {
        say(model, sentence.clone(), Tone::Refused);
    }
}

fn detail_came(model: &mut Model, alert: AlertId, answer: Result<Box<crate::wire::AlertDetail>, LinkError>) {
    if model.triage.shown != Some(Subject::Alert(alert)) {
        return;
    }
    match answer {
        Ok(detail) => {
            model.triage.detail = Some(detail);
            model.triage.detail_missing = None;
        }
        Err(error) => model.triage.detail_missing = Some(error.to_string()),
    }
}

fn answered(model: &mut Model, ticket: Ticket, answer: Result<Outcome, LinkError>) -> Vec<Effect> {
    let Some(at) = model.pending.iter().position(|pending| pending.ticket == ticket) else {
        return Vec::new();
    };
    let pending = model.pending.remove(at);
    let form =
        model.contacts.form.as_mut().filter(|form| About::Contact(form.began.id.clone()) == pending.about);
    let refusal = match answer {
        Ok(Outcome::Done { said }) => {
            if form.is_some() {
                model.contacts.form = None;
                form_closed(model);
            }
            if let Some(what) = pending.undo {
                let until = model.now.saturating_add(UNDO_WITHIN).unwrap_or(model.now);
                model.undo = Some(Undo { what, until });
            }
            say(model, said.printable().into_string(), Tone::Done);
            return match pending.about {
                About::Alert(alert) if model.triage.shown == Some(Subject::Alert(alert)) => {
                    vec![Effect::FetchDetail(alert)]
                }
                About::OnCall(_) => oncall::again(model),
                About::Handover(_) => handover::again(model),
                _ => Vec::new(),
            };
        }
        Ok(Outcome::Refused { refusal }) => {
            let said = refusal.said.printable().into_string();
            if let (About::Task(task), RefusalCode::StillOpen, None) =
                (&pending.about, refusal.code, &model.dialog)
            {
                model.dialog = Some(Dialog::Insist(Insist::new(*task, said, model.now)));
                return Vec::new();
            }
            said
        }
        Err(LinkError::Refused { sentence, .. }) => sentence,
        Err(error) => {
            format!(
                "Not known whether {} was done: {error}. It shows here once the agent is back.",
                pending.word
            )
        }
    };
    match form {
        Some(form) => {
            form.sending = false;
            form.error = Some(refusal);
        }
        None => say(model, refusal, Tone::Refused),
    }
    Vec::new()
}

// The rows.

pub fn arrange(model: &mut Model) {
    let (alerts, tasks) = (model.wanted_alerts(), model.wanted_tasks());
    model.triage.alerts.arrange(alerts);
    model.triage.tasks.arrange(tasks);
    // Until the operator has chosen a row, the console stands on what is most urgent.
    if model.last_key.is_none() {
        let only_tasks = model.triage.alerts.is_empty() && !model.triage.tasks.is_empty();
        model.triage.focus = if only_tasks { Focus::Tasks } else { Focus::Alerts };
    }
}

/// Moves nothing: what is new waits, what is gone stays as it last was.
fn keep(model: &mut Model) {
    let (alerts, tasks) = (model.wanted_alerts(), model.wanted_tasks());
    model.triage.alerts.keep(&alerts);
    model.triage.tasks.keep(&tasks);
}

/// When the hand is on another row than the detail shows, the detail follows after a rest.
fn follow_selection(model: &mut Model) -> Vec<Effect> {
    let subject = model.subject();
    if model.place != Place::Triage || subject == model.triage.shown || subject == model.triage.resting {
        return Vec::new();
    }
    model.triage.resting = subject;
    model.triage.rests += 1;
    vec![Effect::Rest(model.triage.rests, SHOW_AFTER)]
}

fn rested(model: &mut Model, rest: u64) -> Vec<Effect> {
    if rest != model.triage.rests {
        return Vec::new();
    }
    let subject = model.subject();
    model.triage.resting = None;
    if model.triage.shown != subject {
        model.triage.shown = subject;
        model.triage.scroll = 0;
        model.triage.detail = None;
        model.triage.detail_missing = None;
        return vec![Effect::Rest(rest, FETCH_AFTER.saturating_sub(SHOW_AFTER))];
    }
    let mut effects: Vec<Effect> = match subject {
        Some(Subject::Alert(alert)) => vec![Effect::FetchDetail(alert)],
        _ => Vec::new(),
    };
    effects.extend(contacts::ask_for_shown(model));
    effects
}

// The keys.

fn press(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    model.last_key = Some(model.now);
    if model.flash.as_ref().is_some_and(|flash| flash.tone != Tone::Done) {
        model.flash = None;
    }
    // These mean the same everywhere, so that nobody is ever caught in a dialog.
    match keymap::action(keymap::Context::Everywhere, key) {
        Some(action @ (Action::Quit | Action::Suspend | Action::Redraw)) => return act(model, action),
        _ => model.leaving = false,
    }
    if model.dialog.is_some() {
        return press_dialog(model, key);
    }
    if model.place == Place::Contacts && model.contacts.form.is_some() {
        return press_form(model, key);
    }
    if let Some(mut effects) = press_filter(model, key) {
        effects.extend(follow_selection(model));
        return effects;
    }
    match keymap::action(model.context(), key) {
        Some(action) => {
            let mut effects = act(model, action);
            effects.extend(follow_selection(model));
            effects
        }
        None => Vec::new(),
    }
}

fn paste(model: &mut Model, text: &str) -> Vec<Effect> {
    model.last_key = Some(model.now);
    let mut effects = Vec::new();
    if let Some(dialog) = &mut model.dialog {
        dialog.paste(text);
    } else if let (Place::Contacts, Some(form)) = (model.place, &mut model.contacts.form) {
        form.paste(text);
    } else if filter(model).open {
        filter(model).line.insert(text);
        effects = filtered(model);
    }
    effects
}

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
    }
    Vec::new()
}

/// Keys while the filter is typed; `None` when the key is not for it.
fn press_filter(model: &mut Model, key: KeyEvent) -> Option<Vec<Effect>> {
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

fn press_dialog(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    let now = model.now;
    let Some(dialog) = &mut model.dialog else { return Vec::new() };
    match dialog.press(key, now) {
        Pressed::Stay => Vec::new(),
        Pressed::Close => {
            let effects = drill::closed(model);
            model.dialog = None;
            effects
        }
        Pressed::Plan(asked) => vec![Effect::Plan(asked)],
        Pressed::Order(order) => {
            let undo = match model.dialog.take() {
                Some(Dialog::Resend(dialog)) => {
                    model.messages.marked.clear();
                    let can = dialog.ready().is_some_and(|plan| plan.can_be_undone());
                    can.then_some(Undone::Sent(dialog.what))
                }
                _ => None,
            };
            match undo {
                Some(undo) => send_undoable(model, order, Some(undo)),
                None => send(model, order),
            }
        }
        Pressed::LogIn { person, pin } => {
            model.dialog = None;
            vec![Effect::LogIn { person, pin }]
        }
        Pressed::Reader(reader) => {
            model.dialog = None;
            templates::read_by(model, reader)
        }
        Pressed::Run(action) => {
            model.dialog = None;
            if action == Action::Quit {
                return vec![Effect::Quit];
            }
            let mut effects = act(model, action);
            effects.extend(follow_selection(model));
            effects
        }
        Pressed::Say(sentence) => {
            if matches!(model.dialog, Some(Dialog::Palette(_))) {
                model.dialog = None;
            }
            say(model, sentence, Tone::Refused);
            Vec::new()
        }
    }
}

fn press_form(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    let live = crate::console::allowed::may_act(model);
    let Some(form) = &mut model.contacts.form else { return Vec::new() };
    match form.press(key) {
        form::Pressed::Stay => Vec::new(),
        form::Pressed::Leave => {
            model.contacts.form = None;
            form_closed(model)
        }
        form::Pressed::Send(order) => match live {
            Ok(()) => send(model, *order),
            Err(why) => {
                form.sending = false;
                form.error = Some(format!("nothing was sent: {why}"));
                Vec::new()
            }
        },
    }
}

/// A form opened on the page of a partner goes back there.
fn form_closed(model: &mut Model) -> Vec<Effect> {
    if model.place == Place::Contacts && model.contacts.from == Place::Partner {
        model.place = Place::Partner;
    }
    partners::again(model)
}

fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    if let Err(why) = allowed(model, action) {
        say(model, sentence(&why), Tone::Refused);
        return Vec::new();
    }
    let now = model.now;
    let zone = model.zone();
    match action {
        Action::Ack => return ack(model),
        Action::Undo => return undo(model),
        Action::Take | Action::Done => return on_task(model, action),
        Action::Escalate => {
            let dialog = model.selected_alert().map(|alert| Escalate::new(alert, now));
            if let Some(dialog) = dialog {
                let alert = dialog.alert;
                model.dialog = Some(Dialog::Escalate(dialog));
                return vec![Effect::FetchSteps(alert)];
            }
        }
        Action::Resend => {
            let Some(desk) = &model.desk else { return Vec::new() };
            let messages = messages::in_hand(model);
            let dialog = match (messages.as_slice(), model.selected_alert()) {
                ([], alert) => alert.map(|alert| Resend::of_alert(desk, alert, now)),
                (messages, _) => Resend::of_messages(desk, messages, now),
            };
            if let Some(dialog) = dialog {
                let asked = dialog.asked();
                model.dialog = Some(Dialog::Resend(dialog));
                return vec![Effect::Plan(asked)];
            }
        }
        Action::Settle => {
            let chooser = model.message_in_doubt().map(Chooser::doubt);
            model.dialog = chooser.map(Dialog::Chooser);
        }
        Action::Mark => messages::mark(model),
        Action::MarkFailed => messages::mark_failed(model),
        Action::Group => messages::next_group(model),
        Action::OfAlert => messages::to_alert(model),
        Action::Contact if model.place == Place::Messages => return messages::to_contact(model),
        Action::Providers => return providers::show(model),
        Action::Probe => return providers::probe(model),
        Action::Snooze => {
            let chooser = match model.subject() {
                Some(Subject::Task(task)) => Some(Chooser::snooze_task(task, now, &zone)),
                _ => model.selected_alert().map(|alert| Chooser::snooze_alert(alert, now, &zone)),
            };
            model.dialog = chooser.map(Dialog::Chooser);
        }
        Action::Note => {
            let about = match model.subject() {
                Some(Subject::Alert(alert)) => Some(About::Alert(alert)),
                Some(Subject::Task(task)) => Some(About::Task(task)),
                None => handover::own(model).map(|one| About::Handover(one.id)),
            };
            model.dialog = about.map(|about| Dialog::Note(Note::new(about)));
        }
        Action::Close => model.dialog = model.selected_alert().map(|alert| Dialog::Close(Close::new(alert))),
        Action::Why => {
            if let Some(alert) = model.alert_at_hand() {
                model.dialog = Some(Dialog::Why { alert, scroll: 0 });
                if model.detail_of(alert).is_none() {
                    model.triage.shown = Some(Subject::Alert(alert));
                    return vec![Effect::FetchDetail(alert)];
                }
            }
        }
        Action::Contact => return contacts::show_of_partner(model),
        Action::Edit => {
            let form = model.selected_contact().map(Form::new);
            model.contacts.form = form;
        }
        Action::CopyReference => return copy(model),
        Action::Filter => {
            if model.place == Place::Partner {
                model.place = Place::Partners;
            }
            // What is typed narrows a list, which one goes back to.
            model.templates.opened = None;
            filter(model).open = true;
        }
        Action::Palette => model.dialog = Some(Dialog::Palette(Line::default())),
        Action::Help => model.dialog = Some(Dialog::Help { scroll: 0 }),
        Action::Open => return open(model),
        Action::Back => return back(model),
        Action::Switch if model.place == Place::Partner => partners::turn(model, 1),
        Action::Switch => switch(model),
        Action::SwitchBack => partners::turn(model, -1),
        Action::Down => step(model, 1),
        Action::Up => step(model, -1),
        Action::First => to_end(model, End::First),
        Action::Last => to_end(model, End::Last),
        Action::ScrollDown => scroll(model, 1),
        Action::ScrollUp => scroll(model, -1),
        Action::Follow => {
            let newest = model.streamed().next_back().map(|numbered| numbered.seq);
            match model.stream.selected {
                Some(_) => model.stream.selected = None,
                None => pause_at(model, newest),
            }
        }
        Action::Triage => model.place = Place::Triage,
        Action::Stream => model.place = Place::Stream,
        Action::Partners => return partners::show(model),
        Action::Partner => {
            if let Some(partner) = model.partner_at_hand() {
                return partners::open(model, partner);
            }
        }
        Action::Messages => return messages::show(model),
        Action::OnCall => return oncall::show(model),
        Action::Handover => return handover::show(model),
        Action::Accept => {
            if let Some(order) = handover::accept(model) {
                return send(model, order);
            }
        }
        Action::Maintenance => maintenance(model),
        Action::Cover => oncall::cover(model),
        Action::Swap => oncall::swap(model),
        Action::TakeBack => oncall::take_back(model),
        Action::Templates => return templates::show(model),
        Action::Reader => {
            model.dialog = model.desk.as_ref().map(|desk| Dialog::Pick(Pick::new(desk)));
            return vec![Effect::FetchContacts];
        }
        Action::Language => return templates::next_language(model),
        Action::Medium => return templates::other_medium(model),
        Action::Sample => return templates::other_sample(model),
        Action::Contacts => return contacts::show(model),
        Action::Hint => drill::hint(model),
        Action::Brief => drill::read(model),
        Action::LogIn => model.dialog = Some(Dialog::LogIn(LogIn::default())),
        Action::Redraw => return vec![Effect::Redraw],
        Action::Suspend => return vec![Effect::Suspend],
        Action::Quit if model.leaving => return vec![Effect::Quit],
        Action::Quit => {
            model.leaving = true;
            let said = match model.agent_after {
                AgentAfter::GoesOn => "Ctrl-C again leaves; the agent goes on without the console.",
                AgentAfter::Ends => "Ctrl-C again leaves; this agent and its community end with the console.",
            };
            say(model, said.to_owned(), Tone::Hint);
        }
    }
    Vec::new()
}

/// The windows that are on or to come; one that is stored may be taken back.
fn maintenance(model: &mut Model) {
    let Some(desk) = &model.desk else { return };
    let chooser = Chooser::maintenance(&desk.info.maintenance, model.now, &model.zone());
    match chooser {
        Some(chooser) => model.dialog = Some(Dialog::Chooser(chooser)),
        None => {
            let said =
                "No maintenance window is on or within two weeks; `nightdesk maintenance add` makes one.";
            say(model, said.to_owned(), Tone::Hint);
        }
    }
}

fn ack(model: &mut Model) -> Vec<Effect> {
    let (now, zone) = (model.now, model.zone());
    let Some((alert, desk)) = model.selected_alert().zip(model.desk.as_ref()) else { return Vec::new() };
    if alert.held_by().is_some_and(|holder| desk.is_me(holder)) && alert.state == AlertState::Acknowledged {
        model.dialog = Some(Dialog::Chooser(Chooser::promise(alert, now, &zone)));
        return Vec::new();
    }
    let order = Order {
        about: About::Alert(alert.id),
        word: "ack",
        ask: Ask::Ack { alert: alert.id, next_update_by: None },
        expect: Expect { holder: Some(alert.held_by().cloned()), ..Expect::default() },
    };
    send(model, order)
}

fn undo(model: &mut Model) -> Vec<Effect> {
    let alert = match model.undo.take().map(|undo| undo.what) {
        Some(Undone::Sent(what)) => {
            let about = match what.first() {
                Some(Target::Alert(alert)) => About::Alert(*alert),
                Some(Target::Message(message)) => About::Message(*message),
                None => return Vec::new(),
            };
            let ask = Ask::Unsend { what };
            return send(model, Order { about, word: "unsend", ask, expect: Expect::default() });
        }
        Some(Undone::Taken(alert)) => model.alert(alert),
        None => model.selected_alert(),
    };
    let Some(alert) = alert else { return Vec::new() };
    let order = Order {
        about: About::Alert(alert.id),
        word: "unack",
        ask: Ask::Unack { alert: alert.id },
        expect: Expect { holder: Some(alert.held_by().cloned()), ..Expect::default() },
    };
    send(model, order)
}

fn on_task(model: &mut Model, action: Action) -> Vec<Effect> {
    let Some(task) = model.selected_task().map(|task| task.id) else { return Vec::new() };
    let (word, ask) = match action {
        Action::Done => ("done", Ask::DoneTask { task, anyway: false }),
        _ => ("take", Ask::TakeTask { task }),
    };
    send(model, Order { about: About::Task(task), word, ask, expect: Expect::default() })
}

fn send(model: &mut Model, order: Order) -> Vec<Effect> {
    let undo = match (&order.about, order.word) {
        (About::Alert(alert), "ack" | "snooze") => Some(Undone::Taken(*alert)),
        _ => None,
    };
    send_undoable(model, order, undo)
}

fn send_undoable(model: &mut Model, order: Order, undo: Option<Undone>) -> Vec<Effect> {
    if let Err(why) = crate::console::allowed::may_act(model) {
        say(model, sentence(&why), Tone::Refused);
        return Vec::new();
    }
    model.tickets += 1;
    let ticket = Ticket(model.tickets);
    model.pending.push(Pending { ticket, about: order.about, word: order.word, undo });
    model.flash = None;
    vec![Effect::Command { ticket, action: order.ask, expect: order.expect }]
}

/// What one would say on the telephone: the case or order where there is one, else the id.
fn reference(alert: &Alert) -> Printable {
    let named =
        alert.members.iter().find_map(|m| m.case.as_ref().or(m.order.as_ref()).or(m.shipment.as_ref()));
    match named {
        Some(name) => name.printable(),
        None => Untrusted::new(alert.id.to_string()).printable(),
    }
}

fn copy(model: &mut Model) -> Vec<Effect> {
    let text = match model.subject() {
        Some(Subject::Alert(id)) => model.alert(id).map(reference),
        Some(Subject::Task(id)) => Some(Untrusted::new(id.to_string()).printable()),
        None if model.place == Place::Messages => {
            model.selected_message().map(|message| Untrusted::new(message.id.to_string()).printable())
        }
        None if model.place == Place::Partner => model.partner_at_hand().map(|id| id.printable()),
        None => model.selected_contact().map(|contact| {
            let email = contact.emails.first().map(|mailbox| mailbox.as_str());
            let address = email.or(contact.phones.first().map(|phone| phone.as_str()));
            Untrusted::from(address.unwrap_or(contact.name.raw())).printable()
        }),
    };
    let Some(text) = text else { return Vec::new() };
    say(model, format!("{text} was sent to the terminal's clipboard."), Tone::Done);
    vec![Effect::Copy(text)]
}

pub fn say(model: &mut Model, text: String, tone: Tone) {
    let long = if tone == Tone::Refused { REFUSED_FOR } else { SAID_FOR };
    let until = model.now.saturating_add(long).unwrap_or(model.now);
    model.flash = Some(Flash { text, tone, until });
}

/// `the agent is away` → `The agent is away.`
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    match letters.next() {
        Some(first) => format!("{}{}.", first.to_uppercase(), letters.as_str()),
        None => String::new(),
    }
}
