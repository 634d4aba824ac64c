//! Whether the desk itself keeps its promises: that nothing is overdue, nothing is stuck, and every alert has
//! something ahead. It judges what the store holds and trusts no loop to know of its own trouble.

use crate::core::alert::{Alert, AlertState};
use crate::core::id::{AlertId, NotificationId, TaskId};
use crate::core::notification::{AttemptState, Notification};
use crate::core::task::Task;
use crate::core::text::sanitise;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// What was due this long ago and is not done is overdue.
pub const OVERDUE: SignedDuration = SignedDuration::from_mins(1);
/// A page may wait this long for a free connection.
pub const WAITING: SignedDuration = SignedDuration::from_mins(2);
/// A digest takes longer to write than a page.
pub const DIGEST_OVERDUE: SignedDuration = SignedDuration::from_mins(5);

/// What may be wrong, as the store holds it.
#[derive(Clone, Debug, Default)]
pub struct Suspects {
    /// Alerts, longest due first.
    pub due_alerts: Vec<Alert>,
    /// Alerts that are not resolved and for which no due time is kept.
    pub idle_alerts: Vec<AlertId>,
    /// Messages claimed and not answered for.
    pub claimed: Vec<Notification>,
    /// Urgent messages that wait to be sent, longest due first.
    pub waiting: Vec<Notification>,
    pub due_tasks: Vec<Task>,
    /// Milestones, expectations and hand-overs: what each is called, and since when it is due.
    pub due_others: Vec<(String, Timestamp)>,
    /// Digests by name, and when they should have gone.
    pub due_digests: Vec<(String, Timestamp)>,
}

/// Something that does not go on by itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "stuck", rename_all = "snake_case")]
pub enum Stuck {
    /// Nothing will ever happen to it unless somebody acts.
    NothingAhead {
        alert: AlertId,
    },
    /// Its next step, promise or waking is past.
    AlertOverdue {
        alert: AlertId,
        since: Timestamp,
    },
    /// It was claimed and is neither sent nor in doubt.
    Lease {
        notification: NotificationId,
        channel: String,
        since: Timestamp,
    },
    /// It should have left.
    PageWaiting {
        notification: NotificationId,
        channel: String,
        since: Timestamp,
    },
    TaskOverdue {
        task: TaskId,
        since: Timestamp,
    },
    /// A milestone, something expected or a hand-over.
    Overdue {
        what: String,
        since: Timestamp,
    },
    DigestOverdue {
        digest: String,
        since: Timestamp,
    },
    /// The store cannot be read, so nothing is known.
    Unread {
        why: String,
    },
}

impl Stuck {
    /// Whether time alone may heal it: a loop that wakes a little later does it after all.
    pub fn may_pass(&self) -> bool {
        !matches!(self, Stuck::NothingAhead { .. })
    }
}

impl std::fmt::Display for Stuck {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let clock = |at: &Timestamp| at.strftime("%H:%M UTC").to_string();
        match self {
            Stuck::NothingAhead { alert } => write!(f, "{alert} has nothing ahead"),
            Stuck::AlertOverdue { alert, since } => write!(f, "{alert} is overdue since {}", clock(since)),
            Stuck::Lease { notification, channel, since } => {
                write!(f, "{notification} is being sent by {} since {}", sanitise(channel), clock(since))
            }
            Stuck::PageWaiting { notification, channel, since } => {
                write!(f, "{notification} waits for {} since {}", sanitise(channel), clock(since))
            }
            Stuck::TaskOverdue { task, since } => {
                write!(f, "{task} should have reminded at {}", clock(since))
            }
            Stuck::Overdue { what, since } => {
                write!(f, "{} is overdue since {}", sanitise(what), clock(since))
            }
            Stuck::DigestOverdue { digest, since } => {
                write!(f, "digest {} was due at {}", sanitise(digest), clock(since))
            }
            Stuck::Unread { why } => write!(f, "the store cannot be read: {}", sanitise(why)),
        }
    }
}

/// Everything that is stuck, the worst first. `lease` is how long a claim may take.
pub fn judge(suspects: &Suspects, lease: SignedDuration, now: Timestamp) -> Vec<Stuck> {
    let past = |due: Timestamp, patience: SignedDuration| now.duration_since(due) > patience;
    let mut stuck: Vec<Stuck> =
        suspects.idle_alerts.iter().map(|alert| Stuck::NothingAhead { alert: *alert }).collect();
    for alert in &suspects.due_alerts {
        match alert.next_due() {
            _ if alert.state == AlertState::Resolved => {}
            None => stuck.push(Stuck::NothingAhead { alert: alert.id }),
            Some(due) => {
                let since = alert.look_at().unwrap_or(due);
                if past(since, OVERDUE) {
                    stuck.push(Stuck::AlertOverdue { alert: alert.id, since });
                }
            }
        }
    }
    for n in &suspects.claimed {
        let sending = n.attempts.iter().filter(|attempt| attempt.state == AttemptState::Sending);
        if let Some(attempt) = sending.min_by_key(|attempt| attempt.started_at)
            && past(attempt.started_at, lease + OVERDUE)
        {
            let (channel, since) = (attempt.channel.clone(), attempt.started_at);
            stuck.push(Stuck::Lease { notification: n.id, channel, since });
        }
    }
    for n in &suspects.waiting {
        if let Some(since) = n.due_at.filter(|due| past(*due, WAITING)) {
            stuck.push(Stuck::PageWaiting { notification: n.id, channel: n.channel.clone(), since });
        }
    }
    for task in &suspects.due_tasks {
        if let Some(since) = task.next_due().filter(|due| past(*due, OVERDUE)) {
            stuck.push(Stuck::TaskOverdue { task: task.id, since });
        }
    }
    for (what, since) in suspects.due_others.iter().filter(|(_, since)| past(*since, OVERDUE)) {
        stuck.push(Stuck::Overdue { what: what.clone(), since: *since });
    }
    for (digest, since) in suspects.due_digests.iter().filter(|(_, since)| past(*since, DIGEST_OVERDUE)) {
        stuck.push(Stuck::DigestOverdue { digest: digest.clone(), since: *since });
    }
    stuck.sort();
    stuck.dedup();
    stuck
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::notification::{Attempt, NotificationState};
    use crate::core::scenario::Scene;

    const LEASE: SignedDuration = SignedDuration::from_mins(10);

    fn raised() -> (Scene, Alert, Notification) {
        let mut scene = Scene::usual();
        scene.raise("x1");
        let alert = scene.alert().clone();
        let page = scene.notifications.values().next().unwrap().clone();
        (scene, alert, page)
    }

    #[test]
    fn what_was_due_is_stuck_a_minute_later_and_not_before() {
        let (_, alert, _) = raised();
        let due = alert.next_due().unwrap();
        let suspects = Suspects { due_alerts: vec![alert.clone()], ..Suspects::default() };
        assert_eq!(judge(&suspects, LEASE, due + OVERDUE), []);
        let stuck = judge(&suspects, LEASE, due + OVERDUE + SignedDuration::from_secs(1));
        assert_eq!(stuck, [Stuck::AlertOverdue { alert: alert.id, since: due }]);
    }

    #[test]
    fn an_alert_without_a_next_thing_is_stuck_at_once() {
        let (scene, mut alert, _) = raised();
        alert.next_escalation_at = None;
        let suspects = Suspects { due_alerts: vec![alert.clone()], ..Suspects::default() };
        let stuck = judge(&suspects, LEASE, scene.now);
        assert_eq!(stuck, [Stuck::NothingAhead { alert: alert.id }]);
        assert_eq!(stuck[0].to_string(), "A1 has nothing ahead");
        assert!(!stuck[0].may_pass());
        alert.state = AlertState::Resolved;
        let suspects = Suspects { due_alerts: vec![alert], ..Suspects::default() };
        assert_eq!(judge(&suspects, LEASE, scene.now), []);
    }

    #[test]
    fn a_page_that_waits_and_a_claim_without_an_answer_are_stuck() {
        let (_, _, mut page) = raised();
        let due = page.due_at.unwrap();
        let waits = Suspects { waiting: vec![page.clone()], ..Suspects::default() };
        assert_eq!(judge(&waits, LEASE, due + WAITING), []);
        let late = due + WAITING + SignedDuration::from_secs(1);
        assert!(matches!(judge(&waits, LEASE, late).as_slice(), [Stuck::PageWaiting { .. }]));
        page.state = NotificationState::Sending;
        page.attempts.push(Attempt {
            number: 1,
            state: AttemptState::Sending,
            channel: "sms".into(),
            address: "+4915123456701".into(),
            started_at: due,
            ended_at: None,
            provider_ref: None,
            names: Vec::new(),
            answer: None,
            possible_duplicate: false,
            parts: 1,
        });
        let claimed = Suspects { claimed: vec![page], ..Suspects::default() };
        assert_eq!(judge(&claimed, LEASE, due + LEASE + OVERDUE), []);
        let late = due + LEASE + OVERDUE + SignedDuration::from_secs(1);
        assert!(matches!(judge(&claimed, LEASE, late).as_slice(), [Stuck::Lease { .. }]));
    }

    #[test]
    fn whatever_a_night_brings_nothing_is_without_a_next_thing() {
        let (mut scene, ..) = raised();
        for _ in 0..12 {
            let suspects =
                Suspects { due_alerts: scene.alerts.values().cloned().collect(), ..Suspects::default() };
            assert_eq!(judge(&suspects, LEASE, scene.now), []);
            scene.pass(10);
            scene.due();
        }
    }
}
