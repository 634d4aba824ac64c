//! Whom messages are on their way to. A receipt may be faster than the answer to its message, or come where
//! that answer was lost; until the answer is there or given up, nobody can tell which of the two it is.

use super::{locked, receipt};
use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::timeout;

#[derive(Default)]
pub struct Asked {
    /// How many messages by number.
    about: Mutex<HashMap<String, usize>>,
    settled: Notify,
}

/// One message on its way.
pub struct Asking<'a> {
    asked: &'a Asked,
    to: String,
}

impl Asked {
    /// From now until what it returns is dropped.
    pub fn about(&self, to: &str) -> Asking<'_> {
        let to = receipt::bare(to).to_owned();
        *locked(&self.about).entry(to.clone()).or_default() += 1;
        Asking { asked: self, to }
    }

    /// Waits until nothing is on its way to this number; whether that was within the limit.
    pub async fn settles(&self, to: &str, limit: Duration) -> bool {
        let to = receipt::bare(to);
        let settled = async {
            loop {
                let settled = self.settled.notified();
                tokio::pin!(settled);
                settled.as_mut().enable();
                if !locked(&self.about).contains_key(to) {
                    return;
                }
                settled.await;
            }
        };
        timeout(limit, settled).await.is_ok()
    }
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        let mut about = locked(&self.asked.about);
        match about.get_mut(&self.to) {
            Some(count) if *count > 1 => *count -= 1,
            _ => {
                about.remove(&self.to);
            }
        }
        drop(about);
        self.asked.settled.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_number_is_settled_when_nothing_is_on_its_way_there() {
        let (asked, limit) = (Asked::default(), Duration::from_secs(5));
        assert!(asked.settles("+4915", limit).await);
        let (first, second) = (asked.about("+4915"), asked.about("4915"));
        drop(first);
        assert!(!asked.settles("+4915", limit).await);
        assert!(asked.settles("+4916", limit).await);
        let waiting = asked.settles("+4915", limit);
        tokio::pin!(waiting);
        assert!(futures_util::poll!(&mut waiting).is_pending());
        drop(second);
        assert!(waiting.await);
    }
}
