//! Where a key goes: to the dialog, the form or the filter that is open, else to what the keymap says.

use crate::console::act::{act, leave};
use crate::console::appear::swallows;
use crate::console::dialog::{Dialog, Order, Pressed, REMEMBERED, Recent, shows};
use crate::console::effect::{Effect, Wait};
use crate::console::follow::follow_selection;
use crate::console::form;
use crate::console::goal::{self, Goal};
use crate::console::keymap::{Action, Context, Key};
use crate::console::keys::PLACES;
use crate::console::model::{Link, Model, Named, Place, Subject, Tone};
use crate::console::narrow::{filter, filtered, press_filter};
use crate::console::order::{keep_typed, or_say, send, send_undoable, undo_these};
use crate::console::say::{say, sentence};
use crate::console::{bulk, nav, sort, templates, view, views, waiting};
use crate::core::command::{Action as Ask, Expect};
use crate::core::text::sanitise;
use crate::core::together::One;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use std::time::Duration;

/// What is typed into the palette is asked for once the hand rests this long.
const FIND_AFTER: Duration = Duration::from_millis(200);

pub fn press(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    // Where nothing is painted, nothing is meant by a key but to leave or to have another size.
    if view::is_too_small(model.size) {
        return match model.keys.action(Context::Everywhere, key) {
            Some(action @ (Action::Quit | Action::Suspend | Action::Redraw)) => act(model, action),
            _ => Vec::new(),
        };
    }
    model.last_key = Some(model.now);
    model.fresh = false;
    if model.flash.as_ref().is_some_and(|flash| flash.tone != Tone::Done) {
        model.flash = None;
    }
    // These mean the same everywhere, so that nobody is ever caught in a dialog.
    match model.keys.action(Context::Everywhere, key) {
        Some(action @ (Action::Quit | Action::Suspend | Action::Redraw)) => return act(model, action),
        _ => model.leaving = false,
    }
    if swallows(model) {
        return Vec::new();
    }
    // What is only read gives way to whatever is asked for next.
    let is_read = match &model.dialog {
        Some(Dialog::Help(help)) => !help.find.open,
        Some(Dialog::Why(_) | Dialog::Results(_)) => true,
        _ => false,
    };
    if let Some(action) = model.keys.action(Context::Everywhere, key).filter(|_| is_read)
        && (action == Action::Palette || goes_to_a_place(action))
    {
        model.dialog = None;
        return follow(model, action);
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
    match model.keys.action(model.context(), key) {
        Some(action) => follow(model, action),
        None => {
            if let Some(said) = means_elsewhere(model, key).or_else(|| means_nothing(model, key)) {
                say(model, said, Tone::Refused);
            }
            Vec::new()
        }
    }
}

/// Acts, and what is shown follows the hand.
fn follow(model: &mut Model, action: Action) -> Vec<Effect> {
    let mut effects = act(model, action);
    effects.extend(follow_selection(model));
    effects
}

fn goes_to_a_place(action: Action) -> bool {
    matches!(action, Action::Triage | Action::Stream | Action::Partners | Action::Messages | Action::Desk)
}

/// `h (hand over) is a key on an alert; it does nothing here.`, for a key that has no meaning in this place.
fn means_elsewhere(model: &Model, key: KeyEvent) -> Option<String> {
    let of = |context| model.keys.of(context).find(|binding| binding.key.matches(key));
    let (binding, place) = PLACES.iter().find_map(|(context, place)| Some((of(*context)?, *place)))?;
    Some(format!("{} ({}) is a key {place}; it does nothing here.", binding.key.name(), binding.label))
}

/// `F5 does nothing here; ? lists the keys.`; nothing for keys that move about everywhere else.
fn means_nothing(model: &Model, key: KeyEvent) -> Option<String> {
    let pressed = match key.code {
        KeyCode::Char(letter) if key.modifiers.contains(KeyModifiers::CONTROL) => Key::Ctrl(letter),
        KeyCode::Char(letter) if !key.modifiers.contains(KeyModifiers::ALT) => Key::Char(letter),
        KeyCode::F(_) => Key::Code(key.code),
        _ => return None,
    };
    let help = model.keys.name(Context::Everywhere, Action::Help);
    Some(format!("{} does nothing here; {help} lists the keys.", sanitise(&pressed.name())))
}

pub fn paste(model: &mut Model, text: &str) -> Vec<Effect> {
    if view::is_too_small(model.size) || swallows(model) {
        return Vec::new();
    }
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

fn press_dialog(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    let now = model.now;
    let pages = view::dialog::read_in_pages(model);
    let Some(dialog) = &mut model.dialog else { return Vec::new() };
    match dialog.press(key, pages, now) {
        Pressed::Stay => Vec::new(),
        Pressed::Close => {
            let effects = crate::console::drill::closed(model);
            if matches!(model.dialog, Some(Dialog::Escalate(_) | Dialog::Resend(_) | Dialog::Bulk(_))) {
                say(model, "Nothing was done.".to_owned(), Tone::Hint);
            }
            if let Some(Dialog::Note(note)) = model.dialog.take() {
                note.keep(&mut model.drafts);
            }
            effects
        }
        Pressed::Plan(asked) => vec![Effect::Plan(asked)],
        Pressed::Order(order) => ordered(model, order),
        Pressed::Undo(ones) => {
            model.dialog = None;
            or_say(model, |model| undo_these(model, ones))
        }
        Pressed::LogIn { person, pin } => {
            model.dialog = None;
            vec![Effect::LogIn { person, pin }]
        }
        Pressed::Several(deed) => bulk::look(model, deed),
        Pressed::Together => bulk::send(model),
        Pressed::Decided => waiting::decided(model),
        Pressed::PutOff => {
            model.dialog = None;
            waiting::later(model);
            Vec::new()
        }
        Pressed::Go(goal) => {
            if matches!(model.dialog, Some(Dialog::Palette(_))) {
                remember(model, Recent::Goal(goal.clone()));
            }
            model.dialog = None;
            let mut effects = goal::go(model, goal);
            effects.extend(follow_selection(model));
            effects
        }
        Pressed::Reader(reader) => {
            model.dialog = None;
            templates::read_by(model, reader)
        }
        Pressed::Theme(name) => {
            model.dialog = None;
            let (said, tone) = match model.looks.choose(&name) {
                Ok(()) => {
                    let name = model.looks.chosen();
                    (format!("{name}; in the configuration: [console] theme = \"{name}\""), Tone::Done)
                }
                Err(why) => (sentence(&why), Tone::Refused),
            };
            say(model, said, tone);
            Vec::new()
        }
        Pressed::Sort(by) => {
            model.dialog = None;
            sort::chosen(model, by);
            follow_selection(model)
        }
        Pressed::Find(number) => vec![Effect::Wait(Wait::Palette(number), FIND_AFTER)],
        Pressed::RunOn(name, action, goal) => {
            model.dialog = None;
            remember(model, Recent::Command(name));
            let mut effects = match shows(action, &goal) {
                Some(shown) => goal::go(model, shown),
                None => act_on(model, action, &goal),
            };
            remember(model, Recent::Goal(goal));
            effects.extend(follow_selection(model));
            effects
        }
        Pressed::Run(name, action) => {
            model.dialog = None;
            remember(model, Recent::Command(name));
            if action == Action::Quit {
                return leave(model);
            }
            follow(model, action)
        }
        Pressed::View(view) => views::open(model, &view),
        Pressed::Named(name) => views::show(model, Some(name)),
        Pressed::Say(sentence) => {
            if matches!(model.dialog, Some(Dialog::Palette(_))) {
                model.dialog = None;
            }
            say(model, sentence, Tone::Refused);
            Vec::new()
        }
    }
}

/// Sends what the dialog asks for. Where it cannot be sent the dialog stays, and what was typed comes back where
/// the agent does not take it.
fn ordered(model: &mut Model, order: Order) -> Vec<Effect> {
    let undo = match &model.dialog {
        Some(Dialog::Resend(dialog)) => dialog
            .ready()
            .is_some_and(|plan| plan.can_be_undone())
            .then(|| One { action: Ask::Unsend { what: dialog.what.clone() }, expect: Expect::default() }),
        _ => None,
    };
    let sent = match undo {
        Some(_) => send_undoable(model, order, undo),
        None => send(model, order),
    };
    match sent {
        Ok(effects) => {
            match model.dialog.take() {
                Some(Dialog::Resend(_)) => _ = bulk::unmark(model),
                // What waits for the agent has its text with it.
                Some(dialog) if model.link == Link::Live => keep_typed(model, dialog),
                _ => {}
            }
            effects
        }
        Err(why) => {
            say(model, sentence(&why), Tone::Refused);
            Vec::new()
        }
    }
}

/// Does to what is named what is asked, without the hand going there.
fn act_on(model: &mut Model, action: Action, goal: &Goal) -> Vec<Effect> {
    model.named = match goal {
        Goal::Alert(alert) => Some(Named::Subject(Subject::Alert(*alert))),
        Goal::Task(task) => Some(Named::Subject(Subject::Task(*task))),
        Goal::Message(message) => Some(Named::Message(*message)),
        _ => None,
    };
    let effects = act(model, action);
    model.named = None;
    effects
}

fn remember(model: &mut Model, chosen: Recent) {
    model.recents.retain(|known| *known != chosen);
    model.recents.insert(0, chosen);
    model.recents.truncate(REMEMBERED);
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
        form::Pressed::Send(order) => match live.and_then(|()| send(model, *order)) {
            Ok(effects) => effects,
            Err(why) => {
                if let Some(form) = &mut model.contacts.form {
                    form.sending = false;
                    form.error = Some(format!("nothing was sent: {why}"));
                }
                Vec::new()
            }
        },
    }
}

/// A form that was opened by itself goes back to where it was.
pub fn form_closed(model: &mut Model) -> Vec<Effect> {
    if std::mem::take(&mut model.contacts.alone) && model.place == Place::Contacts {
        return nav::back(model);
    }
    Vec::new()
}
