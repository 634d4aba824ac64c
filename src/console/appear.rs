//! Dialogs that open by themselves. None takes a key that was meant for what was there before: they wait until
//! nothing is being typed, and swallow what comes in the first moment.

use crate::console::dialog::{Dialog, LogIn, TYPE_AHEAD};
use crate::console::model::{Model, Place};
use crate::console::narrow::filter_of;
use crate::core::alert::AlertState;

/// Whether keys go into a dialog, a form or a filter.
pub fn is_typing(model: &Model) -> bool {
    let form = model.place == Place::Contacts && model.contacts.form.is_some();
    model.dialog.is_some() || form || filter_of(model).open
}

/// Opens a dialog that nobody asked for; `Err` holds it where something is being typed.
pub fn appear(model: &mut Model, dialog: Dialog) -> Result<(), Box<Dialog>> {
    if is_typing(model) {
        return Err(Box::new(dialog));
    }
    model.dialog = Some(dialog);
    model.appeared = Some(model.now);
    Ok(())
}

/// Whether a key comes too soon after a dialog opened by itself to be meant for it.
pub fn swallows(model: &mut Model) -> bool {
    let fresh = model.appeared.is_some_and(|at| is_fresh(at, model.now));
    if !fresh {
        model.appeared = None;
    }
    fresh && model.dialog.is_some()
}

/// The first moment of what appeared at `at`; a clock that was set back makes nothing fresh for longer.
pub fn is_fresh(at: jiff::Timestamp, now: jiff::Timestamp) -> bool {
    let since = now.duration_since(at);
    !since.is_negative() && since < TYPE_AHEAD
}

/// What was typed, and was not carried out, is there again: now, or once nothing else is typed.
pub fn give_back(model: &mut Model, dialog: Dialog) {
    if let Some(dialog) = as_it_is_now(model, dialog)
        && let Err(dialog) = appear(model, dialog)
    {
        model.given_back.push(*dialog);
    }
}

/// The question that was typed for, as it stands now; `None` where it is over.
fn as_it_is_now(model: &Model, dialog: Dialog) -> Option<Dialog> {
    match dialog {
        Dialog::Close(close) => match close.alert().and_then(|id| model.alert(id)) {
            Some(alert) if alert.state == AlertState::Resolved => None,
            Some(alert) => Some(Dialog::Close(close.again(alert))),
            None => Some(Dialog::Close(close)),
        },
        dialog => Some(dialog),
    }
}

/// Opens what waited until nothing is typed.
pub fn clock(model: &mut Model) {
    if is_typing(model) {
        return;
    }
    if std::mem::take(&mut model.ask_pin) && model.desk.as_ref().is_some_and(|desk| desk.me.pin_needed) {
        let _ = appear(model, Dialog::LogIn(LogIn::default()));
    } else if let Some(dialog) = model.given_back.pop() {
        give_back(model, dialog);
    }
}
