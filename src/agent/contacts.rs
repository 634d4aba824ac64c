//! What follows when a contact is made or changed, whichever way: messages that waited for them leave,
//! and the task to mend their addresses is closed once they are mended. What follows of alerts is in
//! [`super::quiet`].

use super::quiet;
use crate::core::change::{Change, Object};
use crate::core::contact::Contact;
use crate::core::decide::Needs;
use crate::core::desk::Desk;
use crate::core::escalation::Decision;
use crate::core::flow::arrival;
use crate::core::reach::fix_task;
use crate::store::{StoreError, Tx};
use jiff::Timestamp;

/// Applies changes and what follows from the alerts and contacts among them, in the same transaction.
pub fn apply(tx: &mut Tx<'_>, desk: &Desk, changes: Vec<Change>, now: Timestamp) -> Result<(), StoreError> {
    let contacts: Vec<Contact> = changes
        .iter()
        .filter_map(|change| match &change.object {
            Object::Contact(contact) => Some((**contact).clone()),
            _ => None,
        })
        .collect();
    let changed = quiet::changed(&changes);
    tx.apply(changes)?;
    quiet::follow(tx, desk, &changed, now)?;
    for contact in contacts {
        let held = tx.held_for(contact.id.raw())?;
        let things = arrival::things(&held);
        let tasks = arrival::tasks(&held).into_iter().chain([fix_task(&contact.id)]).collect();
        let view = tx.view(&Needs {
            threads: things.iter().cloned().collect(),
            cases: things.into_iter().collect(),
            tasks,
            ..Needs::default()
        })?;
        if held.is_empty() && view.tasks.is_empty() && contact.opted_out.is_empty() {
            continue;
        }
        let broken = view.tasks.get(&fix_task(&contact.id)).and_then(|task| task.notification);
        let since = broken
            .map(|first| tx.told_contact_since(contact.id.raw(), first))
            .transpose()?
            .unwrap_or_default();
        let reach = tx.reach_of(contact)?;
        let mut decision = Decision::new(desk, now, tx.ids());
        arrival::contact_kept(&mut decision, view, &reach, held, &since);
        tx.keep_ids(decision.ids);
        tx.apply(decision.changes)?;
    }
    Ok(())
}
