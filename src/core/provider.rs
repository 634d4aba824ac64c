//! The health of one way out, judged by what it answers.
//!
//! A breaker: a few failures in a row take the provider down, and messages go by others. After a pause that
//! doubles it is probed with one message; one that it takes brings it back, slowly at first, so that what
//! waited does not leave all at once.

use crate::core::text::Untrusted;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// So many failures in a row take a provider down.
pub const FAILURES: u32 = 3;
/// Before the first probe; doubles with each that fails.
const FIRST_PROBE: SignedDuration = SignedDuration::from_secs(10);
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_mins(5);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProviderState {
    Working,
    /// Nothing is handed to it but a probe now and then.
    Down,
}

/// One configured channel as a way out, by its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provider {
    pub id: String,
    pub state: ProviderState,
    pub since: Timestamp,
    /// In a row, with nothing taken between them.
    pub failures: u32,
    /// When it is next probed, while it is down.
    pub probe_at: Option<Timestamp>,
    /// What it said last when it failed.
    pub last_error: Option<Untrusted>,
    /// Answers since it came back.
    #[serde(skip)]
    taken: u32,
    /// A probe is on its way.
    #[serde(skip)]
    probing: bool,
    /// When the last failure was heard of, if that was a connection that ended.
    #[serde(skip)]
    cut_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// What an answer says of the provider that gave it, or failed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard<'a> {
    /// It works: it took the message, or refused just this one.
    Works,
    /// It asks to be left alone until then. One that works goes on working after that; one that is down has
    /// answered its probe so, and gets the next when it wants it.
    Pause(Timestamp),
    /// It could not be reached, let us in, or gave no answer.
    Trouble(&'a str),
    /// A connection that carried several messages ended before this one was answered: one failure,
    /// however many of them say so.
    Cut(&'a str),
}

/// What all that one cut connection carried is heard of within this time.
const ONE_CUT: SignedDuration = SignedDuration::from_secs(1);

impl Provider {
    pub fn new(id: &str, now: Timestamp) -> Self {
        Self {
            id: id.to_owned(),
            state: ProviderState::Working,
            since: now,
            failures: 0,
            probe_at: None,
            last_error: None,
            taken: u32::MAX,
            probing: false,
            cut_at: None,
            created_at: now,
            updated_at: now,
        }
    }

    pub fn is_down(&self) -> bool {
        self.state == ProviderState::Down
    }

    /// Takes in an answer. `true`: it went down or came back.
    pub fn hear(&mut self, heard: Heard<'_>, now: Timestamp) -> bool {
        self.updated_at = now;
        match heard {
            Heard::Works => {
                (self.failures, self.probing, self.cut_at) = (0, false, None);
                self.taken = self.taken.saturating_add(1);
                let back = self.is_down();
                if back {
                    (self.state, self.since, self.probe_at, self.taken) =
                        (ProviderState::Working, now, None, 1);
                }
                back
            }
            Heard::Pause(until) => {
                if std::mem::take(&mut self.probing) {
                    self.probe_at = Some(until);
                }
                false
            }
            Heard::Cut(_) if !self.probing && self.cut_at.is_some_and(|at| now <= at + ONE_CUT) => false,
            Heard::Trouble(said) | Heard::Cut(said) => {
                self.cut_at = matches!(heard, Heard::Cut(_)).then_some(now);
                self.failures = self.failures.saturating_add(1);
                self.last_error = Some(said.into());
                if !self.is_down() && self.failures < FAILURES {
                    return false;
                }
                let went_down = !self.is_down();
                if went_down {
                    (self.state, self.since) = (ProviderState::Down, now);
                }
                // Answers to what left before it went down put off no probe.
                if went_down || self.probing {
                    let doublings = self.failures.saturating_sub(FAILURES).min(6);
                    self.probe_at = Some(now + (FIRST_PROBE * (1 << doublings)).min(LONGEST_PAUSE));
                }
                self.probing = false;
                went_down
            }
        }
    }

    /// How many messages may be on their way to it at once, of as many as it has connections.
    pub fn room(&self, connections: usize, now: Timestamp) -> usize {
        match self.state {
            ProviderState::Working => connections.min(self.taken.saturating_mul(2) as usize).max(1),
            ProviderState::Down if !self.probing && self.probe_at.is_none_or(|at| at <= now) => 1,
            ProviderState::Down => 0,
        }
    }

    /// Somebody does not want to wait until it is probed.
    pub fn probe_now(&mut self, now: Timestamp) {
        self.probe_at = self.probe_at.map(|at| at.min(now));
    }

    /// A probe leaves: nothing else does until it is answered.
    pub fn probe(&mut self) {
        self.probing = self.is_down();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds)
    }

    #[test]
    fn a_probe_that_is_answered_with_a_pause_is_made_again_after_it() {
        let mut sms = Provider::new("sms", at(0));
        assert!(
            !sms.hear(Heard::Pause(at(60)), at(0)) && sms.room(8, at(1)) == 8,
            "its pause is kept elsewhere"
        );
        for second in 1..=3 {
            sms.hear(Heard::Trouble("no route"), at(second));
        }
        sms.probe();
        assert!(!sms.hear(Heard::Pause(at(90)), at(14)));
        assert_eq!((sms.room(8, at(89)), sms.room(8, at(90)), sms.probe_at), (0, 1, Some(at(90))));
        // What left before it went down and is answered now puts no probe off.
        assert!(!sms.hear(Heard::Pause(at(500)), at(15)));
        assert_eq!(sms.probe_at, Some(at(90)));
        sms.probe();
        assert!(sms.hear(Heard::Works, at(91)) && !sms.is_down());
    }

    #[test]
    fn a_failing_provider_is_left_after_three_probed_and_taken_back_slowly() {
        let mut sms = Provider::new("sms", at(0));
        assert!(!sms.hear(Heard::Trouble("no route"), at(1)) && !sms.hear(Heard::Trouble("no route"), at(2)));
        assert_eq!(sms.room(8, at(2)), 8);
        assert!(sms.hear(Heard::Trouble("no route"), at(3)));
        assert_eq!((sms.room(8, at(12)), sms.room(8, at(13))), (0, 1));
        sms.probe();
        assert_eq!(sms.room(8, at(13)), 0, "one probe at a time");
        assert!(!sms.hear(Heard::Trouble("still not"), at(14)));
        assert_eq!((sms.since, sms.probe_at), (at(3), Some(at(34))));
        sms.probe();
        assert!(sms.hear(Heard::Works, at(40)));
        let mut rooms = vec![sms.room(8, at(40))];
        for second in 41..44 {
            assert!(!sms.hear(Heard::Works, at(second)));
            rooms.push(sms.room(8, at(second)));
        }
        assert_eq!(rooms, [2, 4, 6, 8]);
    }

    #[test]
    fn a_refusal_between_two_failures_shows_that_it_works() {
        let mut sms = Provider::new("sms", at(0));
        for second in 0..30 {
            let heard = if second % 3 == 2 { Heard::Works } else { Heard::Trouble("busy") };
            assert!(!sms.hear(heard, at(second)));
        }
        assert!(!sms.is_down());
    }

    #[test]
    fn a_connection_that_ends_under_many_messages_is_one_failure() {
        let mut sms = Provider::new("sms", at(0));
        for _ in 0..10 {
            assert!(!sms.hear(Heard::Cut("the session ended"), at(1)));
        }
        assert_eq!(sms.failures, 1);
        assert!(!sms.hear(Heard::Cut("the session ended"), at(5)));
        assert!(
            sms.hear(Heard::Cut("the session ended"), at(9)),
            "three connections that end one after another"
        );
        sms.probe();
        assert!(!sms.hear(Heard::Cut("the session ended"), at(9)));
        assert!(sms.room(1, at(9) + LONGEST_PAUSE) == 1, "a probe that is cut is followed by another");
    }

    proptest! {
        #[test]
        fn whatever_it_answers_it_is_tried_again_within_five_minutes(
            answers in prop::collection::vec((0usize..3, 0i64..400), 1..60),
        ) {
            let mut sms = Provider::new("sms", at(0));
            let mut now = at(0);
            for (answer, wait) in answers {
                let heard = [Heard::Works, Heard::Trouble("no"), Heard::Cut("gone")][answer];
                if sms.room(4, now) > 0 {
                    sms.probe();
                    sms.hear(heard, now);
                }
                prop_assert!(sms.room(4, now + LONGEST_PAUSE) > 0);
                prop_assert_eq!(sms.is_down(), sms.probe_at.is_some());
                now += SignedDuration::from_secs(wait);
            }
        }
    }
}
