//! The one door for time and chance, so that a whole agent runs in a simulation.

use jiff::{SignedDuration, Timestamp};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// The longest one waits before looking at the clock again. Timers stand still while a machine
/// sleeps and do not see its clock set; a page must not be late by more than this for it.
pub const LOOK_AGAIN: Duration = Duration::from_secs(15);

/// Time and randomness.
pub struct World {
    clock: Clock,
    random: Mutex<StdRng>,
}

enum Clock {
    System,
    /// Virtual: a moment, and the runtime's own (paused) clock counting from it.
    Virtual {
        base: Timestamp,
        since: Instant,
    },
}

impl World {
    /// The real one.
    pub fn real() -> Self {
        Self { clock: Clock::System, random: Mutex::new(StdRng::from_os_rng()) }
    }

    /// One that can be replayed.
    pub fn simulated(base: Timestamp, seed: u64) -> Self {
        let clock = Clock::Virtual { base, since: Instant::now() };
        Self { clock, random: Mutex::new(StdRng::seed_from_u64(seed)) }
    }

    pub fn now(&self) -> Timestamp {
        match &self.clock {
            // Microseconds are what the store keeps, so nothing finer may decide.
            Clock::System => truncated(Timestamp::now()),
            Clock::Virtual { base, since } => {
                let elapsed = SignedDuration::try_from(since.elapsed()).unwrap_or(SignedDuration::MAX);
                truncated(base.saturating_add(elapsed).unwrap_or(Timestamp::MAX))
            }
        }
    }

    /// Between 0 and 1.
    pub fn chance(&self) -> f64 {
        self.random.lock().unwrap_or_else(PoisonError::into_inner).random()
    }

    pub fn entropy(&self) -> u64 {
        self.random.lock().unwrap_or_else(PoisonError::into_inner).random()
    }

    /// Waits until a moment, but at most a little while: a clock that is set, or a machine that
    /// slept, is noticed by whoever looks again.
    pub async fn sleep_until(&self, at: Timestamp) {
        let wait = Duration::try_from(at.duration_since(self.now())).unwrap_or_default();
        tokio::time::sleep(wait.min(LOOK_AGAIN)).await;
    }
}

fn truncated(at: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at)
}
