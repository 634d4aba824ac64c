//! What operators do with single maintenance windows: make one, and take it back.

use crate::core::change::{Actor, Change, Object, What};
use crate::core::command::{Refusal, RefusalCode};
use crate::core::escalation::Decision;
use crate::core::maintenance::{Covers, LONGEST, StoredWindow, WindowState};
use crate::core::override_commands::By;
use crate::core::text::Untrusted;
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Makes a window from a moment until another.
///
/// # Errors
/// It is past, longer than three days, covers nothing in particular, or says no reason.
pub fn add(
    decision: &mut Decision<'_>,
    by: By<'_>,
    covers: Covers,
    from: Timestamp,
    until: Timestamp,
    why: &Untrusted,
) -> Result<String, Refusal> {
    let now = decision.now;
    let from = from.max(now);
    if until <= from {
        return Err(invalid("A window ends after it begins, and not in the past."));
    }
    if from.duration_until(until) > LONGEST {
        return Err(invalid(
            "A window is at most three days long (72h), for no alert may be quiet for longer.",
        ));
    }
    if !covers.says_something() {
        return Err(invalid("Say what the window covers: a partner, a kind or a source."));
    }
    if why.is_empty() {
        return Err(invalid("Say in a few words why; whoever finds an alert asleep reads it."));
    }
    let window = StoredWindow {
        id: decision.ids.next_window(),
        state: WindowState::Active,
        covers,
        from,
        until,
        why: why.clone(),
        by: by.id.clone(),
        created_at: now,
        updated_at: now,
    };
    let zone = decision.desk.time_zone.clone();
    let times = format!("{} – {}", long(from, &zone), long(until, &zone));
    let words = window.covers.words();
    let said = format!("{} made maintenance {}: {words}, {times}: {}", by.name, window.id, why.raw());
    change(decision, by, What::MaintenanceAdded, said, &window);
    Ok(format!(
        "{}: quiet for {words}, {times}. What pages already goes on; the rest wakes at the end.",
        window.id
    ))
}

/// Takes a window back. What slept because of it wakes at once.
///
/// # Errors
/// It is over, or was taken back already.
pub fn remove(decision: &mut Decision<'_>, by: By<'_>, mut window: StoredWindow) -> Result<String, Refusal> {
    if window.state == WindowState::Removed || window.until <= decision.now {
        let word = if window.state == WindowState::Removed { "was removed already" } else { "is over" };
        let said = format!("{} {word}.", window.id);
        return Err(Refusal { code: RefusalCode::WrongState, said: said.into(), by: None });
    }
    window.state = WindowState::Removed;
    window.updated_at = decision.now;
    let said = format!("{} took back maintenance {}: {}.", by.name, window.id, window.covers.words());
    change(decision, by, What::MaintenanceRemoved, said, &window);
    Ok(format!("{} no longer counts; what slept because of it wakes now.", window.id))
}

fn change(decision: &mut Decision<'_>, by: By<'_>, what: What, said: String, window: &StoredWindow) {
    let partner = match window.covers.partners.as_slice() {
        [one] => Some(one.as_str().into()),
        _ => None,
    };
    let actor: Actor = by.actor.clone();
    let object = Object::Window(Box::new(window.clone()));
    decision.changes.push(Change {
        at: decision.now,
        actor,
        what,
        summary: Untrusted::new(said),
        alert: None,
        partner,
        object,
    });
}

fn long(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%a %-d %b %H:%M %Z").to_string()
}

fn invalid(said: &str) -> Refusal {
    Refusal { code: RefusalCode::Invalid, said: said.into(), by: None }
}
