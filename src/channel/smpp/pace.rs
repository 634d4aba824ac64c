//! How fast messages are given to the centre: as fast as it takes them, and slower for a while once it said
//! that it was too fast.

use std::time::Duration;
use tokio::time::Instant;

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
const FIRST_GAP: Duration = Duration::from_millis(100);
const WIDEST_GAP: Duration = Duration::from_secs(5);
/// After so long without another complaint messages follow each other twice as fast.
const CALM: Duration = Duration::from_secs(15);

pub struct Pace {
    /// When the next message may leave.
    next: Instant,
    /// Between two messages.
    gap: Duration,
    pause: Duration,
    /// When the pace last changed.
    changed: Instant,
}

impl Pace {
    pub fn new(now: Instant) -> Self {
        Self { next: now, gap: Duration::ZERO, pause: FIRST_PAUSE, changed: now }
    }

    /// When a message may leave, if that is before `until`; else how long it would have to wait.
    pub fn turn(&mut self, now: Instant, until: Instant) -> Result<Instant, Duration> {
        if !self.gap.is_zero() && now.saturating_duration_since(self.changed) >= CALM {
            self.gap = if self.gap > FIRST_GAP { self.gap / 2 } else { Duration::ZERO };
            self.changed = now;
        }
        let turn = self.next.max(now);
        if turn > until {
            return Err(turn - now);
        }
        self.next = turn + self.gap;
        Ok(turn)
    }

    /// It was too fast: nothing leaves for the pause that this returns, and then at half the pace.
    pub fn too_fast(&mut self, now: Instant) -> Duration {
        // Several that were on their way together complain of the same haste.
        if self.next > now + self.gap && self.changed + FIRST_PAUSE > now {
            return self.next - now;
        }
        let pause = self.pause;
        self.next = now + pause;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        self.gap = (self.gap * 2).clamp(FIRST_GAP, WIDEST_GAP);
        self.changed = now;
        pause
    }

    pub fn taken(&mut self) {
        self.pause = FIRST_PAUSE;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_complaint_makes_a_pause_and_a_slower_pace_that_wears_off() {
        let start = Instant::now();
        let far = start + Duration::from_secs(3600);
        let mut pace = Pace::new(start);
        assert_eq!((pace.turn(start, far), pace.turn(start, far)), (Ok(start), Ok(start)));
        let pause = pace.too_fast(start);
        assert_eq!(pause, FIRST_PAUSE);
        // The others that were on their way do not make it longer.
        assert_eq!(pace.too_fast(start), FIRST_PAUSE);
        assert_eq!(pace.turn(start, start), Err(FIRST_PAUSE));
        assert_eq!(pace.turn(start, far), Ok(start + FIRST_PAUSE));
        assert_eq!(pace.turn(start, far), Ok(start + FIRST_PAUSE + FIRST_GAP));
        let later = start + Duration::from_secs(2);
        assert_eq!(pace.too_fast(later), 2 * FIRST_PAUSE);
        let calm = later + CALM;
        assert_eq!(pace.turn(calm, far), Ok(calm));
        assert_eq!(pace.turn(calm, far), Ok(calm + FIRST_GAP));
        let quiet = calm + CALM;
        assert_eq!((pace.turn(quiet, far), pace.turn(quiet, far)), (Ok(quiet), Ok(quiet)));
    }

    #[test]
    fn no_pause_grows_beyond_its_bound() {
        let mut now = Instant::now();
        let mut pace = Pace::new(now);
        for _ in 0..20 {
            let pause = pace.too_fast(now);
            assert!(pause <= LONGEST_PAUSE);
            now += pause + WIDEST_GAP;
        }
        pace.taken();
        assert_eq!(pace.too_fast(now), FIRST_PAUSE);
    }
}
