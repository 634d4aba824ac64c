//! How reading the mailbox for replies goes.

use super::Vitals;
use crate::agent::setup::Setup;
use crate::core::text::Untrusted;
use crate::wire::{ChannelState, MailboxHealth};
use jiff::Timestamp;

/// What was last heard of the mailbox.
#[derive(Clone)]
pub(super) struct Pulse {
    state: ChannelState,
    since: Timestamp,
    last_read_at: Option<Timestamp>,
    last_error: Option<Untrusted>,
}

impl Vitals {
    /// Another mailbox is about to be read, or none any more.
    pub fn mailbox_opens(&self, at: Timestamp) {
        let opening = Pulse { state: ChannelState::Untried, since: at, last_read_at: None, last_error: None };
        self.locked().mailbox = Some(opening);
        self.beat();
    }

    /// There is nothing new, or what was new was read.
    pub fn mailbox_read(&self, at: Timestamp) {
        self.mailbox_pulse(at, ChannelState::Working, |pulse| pulse.last_read_at = Some(at));
    }

    /// It cannot be read; said once in the log as long as the reason stays.
    pub fn mailbox_failed(&self, at: Timestamp, why: &str) {
        let said = Some(Untrusted::from(why));
        self.mailbox_pulse(at, ChannelState::Failing, |pulse| {
            if pulse.last_error != said {
                tracing::error!("{why}");
                pulse.last_error = said;
            }
        });
    }

    fn mailbox_pulse(&self, at: Timestamp, state: ChannelState, set: impl FnOnce(&mut Pulse)) {
        let mut known = self.locked();
        let Some(pulse) = &mut known.mailbox else { return };
        let turned = pulse.state != state;
        if turned {
            (pulse.state, pulse.since) = (state, at);
        }
        if state == ChannelState::Working {
            pulse.last_error = None;
        }
        set(pulse);
        drop(known);
        if turned {
            self.beat();
        }
    }

    /// `None` where no mailed replies come in.
    pub fn mailbox(&self, setup: &Setup) -> Option<MailboxHealth> {
        let mailbox = setup.mailbox.as_ref()?;
        let Pulse { state, since, last_read_at, last_error } = self.locked().mailbox.clone()?;
        Some(MailboxHealth { place: mailbox.place().into(), state, since, last_read_at, last_error })
    }
}
