//! How many texts a person gets at most. What is too much waits and says until when; it is never lost.
//! The first page of an urgent alert to a person never waits, nor does what somebody asked for.

use crate::core::alert::Alert;
use crate::core::bundle;
use crate::core::change::{Actor, Change, What};
use crate::core::contact::Medium;
use crate::core::counted::counted;
use crate::core::desk::Desk;
use crate::core::escalation::medium_word;
use crate::core::id::AlertId;
use crate::core::notification::{Hold, Notification, NotificationState, Purpose, RecipientId};
use crate::core::text::Untrusted;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// At most so many texts within a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    pub sms: u32,
    pub within: SignedDuration,
}

/// Every limit holds for each person by itself; none: no limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Throttle {
    pub limits: Vec<Limit>,
}

impl Default for Throttle {
    fn default() -> Self {
        let limit = |sms, minutes| Limit { sms, within: SignedDuration::from_mins(minutes) };
        Self { limits: vec![limit(5, 15), limit(11, 60), limit(21, 180)] }
    }
}

/// What keeps a text back, and until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full {
    pub limit: Limit,
    pub until: Timestamp,
}

impl Throttle {
    /// How long back texts count.
    pub fn looks_back(&self) -> SignedDuration {
        self.limits.iter().map(|limit| limit.within).max().unwrap_or_default()
    }

    /// How many texts count at most.
    pub fn counts(&self) -> u32 {
        self.limits.iter().map(|limit| limit.sms).max().unwrap_or_default()
    }

    /// Why nothing more is to leave now, given when texts to this person left, the newest first.
    pub fn full(&self, left: &[Timestamp], now: Timestamp) -> Option<Full> {
        let full = |limit: &Limit| {
            let counted: Vec<_> = left.iter().filter(|at| **at + limit.within > now).collect();
            // Once this one is out of the window there is room for one more.
            let frees = counted.get((limit.sms as usize).checked_sub(1)?)?;
            Some(Full { limit: *limit, until: **frees + limit.within })
        };
        self.limits.iter().filter_map(full).max_by_key(|full| full.until)
    }
}

/// Whether a message is of those that may have to wait: a text to a person of the desk that they did not
/// ask for and that has not been tried.
pub fn may_wait(n: &Notification) -> bool {
    n.medium == Medium::Sms
        && matches!(n.recipient.who, RecipientId::Person(_))
        && n.answers.is_none()
        && n.again.by.is_none()
        && !n.again.woken
        && n.attempts.is_empty()
}

/// Whether of one of the alerts that it speaks of no page may have reached this person since that alert began
/// to page anew. `alerts` are those it speaks of; `beside` gives what else was said of one of them to its recipient
/// by its medium, each message once, and ends. What failed reached nobody, and who was paged for a high alert does
/// not know that it is critical now.
pub fn is_first_page<E>(
    n: &Notification,
    mut alerts: Vec<Alert>,
    mut beside: impl FnMut(AlertId) -> Result<Option<Notification>, E>,
) -> Result<bool, E> {
    if n.purpose != Purpose::Page || !n.urgent {
        return Ok(false);
    }
    let tells = |other: &Notification, alert: &Alert| {
        other.id != n.id
            && other.purpose == Purpose::Page
            && (&other.recipient.who, other.medium) == (&n.recipient.who, n.medium)
            && alert.is_of_round(other.id)
            && other.is_about(alert.id)
            && !other.leaves_out(alert.id)
            && other.attempts.iter().any(|attempt| other.may_arrive(attempt))
    };
    // One page may have told of all of them.
    while let Some(first) = alerts.first() {
        let Some(other) = beside(first.id)? else { return Ok(true) };
        alerts.retain(|alert| !tells(&other, alert));
    }
    Ok(false)
}

/// Whether a message that waits can say what this one would: it is of the same kind, a page, a word of
/// how an alert stands or a notice.
pub fn may_join(waiting: &Notification, n: &Notification) -> bool {
    waiting.hold == Some(Hold::Throttled)
        && waiting.id != n.id
        && n.hold.is_none()
        && waiting.channel == n.channel
        && waiting.purpose == n.purpose
        && matches!(n.purpose, Purpose::Page | Purpose::Status | Purpose::Notice)
}

/// Lets a message that already waits say what this one would have said, too: whoever got enough texts is
/// not to get all of them later. `alerts` are those that both speak of. One that says it all already is left as it
/// is: alerts whose last resort repeats would otherwise write it anew, with all that it speaks of, each time.
pub fn join(
    desk: &Desk,
    waiting: &mut Notification,
    n: &mut Notification,
    alerts: &[Alert],
    now: Timestamp,
) -> Vec<Change> {
    let before = waiting.clone();
    match n.purpose {
        Purpose::Page => bundle::join(desk, waiting, n, alerts, now),
        Purpose::Status if bundle::say_with(waiting, std::slice::from_ref(n), alerts) => {}
        _ => waiting.content.body = bundle::and_more(waiting.content.body.raw(), 1).into(),
    }
    waiting.expires_at = waiting.expires_at.max(n.expires_at);
    let says_it_already = *waiting == before;
    n.state = NotificationState::Cancelled;
    n.due_at = None;
    n.updated_at = now;
    n.reason.outcome = Some(Untrusted::new(format!("{} says it, too, once it may leave", waiting.id)));
    let who = n.recipient.name.printable();
    let said = format!("{} to {who} waits with others as {}.", medium_word(n.medium), waiting.id);
    let cancelled = Change::notification(now, Actor::Desk, What::NotificationCancelled, said.as_str(), n);
    if says_it_already {
        return vec![cancelled];
    }
    waiting.updated_at = now;
    let joined = Change::notification(now, Actor::Desk, What::NotificationHeld, said, waiting);
    vec![Change { alert: n.alert, ..joined }, cancelled]
}

/// Lets a message wait until there is room, and as much longer before it is too old to be of use.
pub fn hold(n: &mut Notification, full: Full, zone: &TimeZone, now: Timestamp) -> Change {
    let wait = full.until.duration_since(now);
    let next = full.until.to_zoned(zone.clone()).strftime("%H:%M %Z").to_string();
    let within = full.limit.within.as_mins();
    let because =
        format!("until {next}: {} within {within} minutes", counted(full.limit.sms, "text", "texts"));
    n.state = NotificationState::Held;
    n.hold = Some(Hold::Throttled);
    n.due_at = Some(full.until);
    n.expires_at = n.expires_at.map(|end| end + wait);
    n.updated_at = now;
    n.reason.outcome = Some(because.as_str().into());
    let summary = format!("{} to {} waits: {because}.", medium_word(n.medium), n.recipient.name.printable());
    Change::notification(now, Actor::Desk, What::NotificationHeld, summary, n)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::command::{Action, Expect};
    use crate::core::delivery::{self, Delivering};
    use crate::core::id::{Ids, NotificationId};
    use crate::core::notification::AttemptState;
    use crate::core::scenario::{Scene, exception, tells};
    use crate::core::sms;
    use proptest::prelude::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes)
    }

    fn is_first(n: &Notification, alerts: &[Alert], of_alerts: &[Notification]) -> bool {
        let mut given = of_alerts.iter();
        let answer = is_first_page(n, alerts.to_vec(), |_| Ok::<_, ()>(given.next().cloned()));
        answer.unwrap()
    }

    /// What the agent does with every message that is due; the times when texts to maria left.
    fn send(scene: &mut Scene, left: &mut Vec<Timestamp>) {
        let due: Vec<NotificationId> = scene
            .notifications
            .values()
            .filter(|n| n.due_at.is_some_and(|due| due <= scene.now))
            .filter(|n| n.recipient.name.raw() == "maria")
            .map(|n| n.id)
            .collect();
        for id in due {
            let mut n = scene.notifications[&id].clone();
            let all: Vec<Notification> = scene.notifications.values().cloned().collect();
            let newest: Vec<Timestamp> = left.iter().rev().copied().collect();
            let alerts: Vec<Alert> = n.alerts().iter().map(|id| scene.alerts[id].clone()).collect();
            let full = scene.desk.throttle.full(&newest, scene.now).filter(|_| may_wait(&n));
            match full.filter(|_| !is_first(&n, &alerts, &all)) {
                Some(full) => drop(hold(&mut n, full, &scene.desk.time_zone, scene.now)),
                None => {
                    let mut ids = Ids::default();
                    let mut context = Delivering {
                        desk: &scene.desk,
                        down: &delivery::ALL_UP,
                        reach: None,
                        ids: &mut ids,
                        now: scene.now,
                    };
                    delivery::claim(&mut context, &mut n);
                    left.push(scene.now);
                }
            }
            scene.notifications.insert(id, n);
        }
    }

    #[test]
    fn a_sixth_text_within_a_quarter_of_an_hour_waits_says_until_when_and_leaves_then() {
        let mut scene = Scene::new(vec![tells(&["maria"], 0)], tells(&["maria"], 1));
        let mut left = Vec::new();
        scene.raise("x1");
        for _ in 0..5 {
            send(&mut scene, &mut left);
            scene.pass(1);
            scene.due();
        }
        send(&mut scene, &mut left);
        assert_eq!(left.len(), 5);
        let held = scene.message(6).clone();
        assert_eq!((held.state, held.hold), (NotificationState::Held, Some(Hold::Throttled)));
        assert_eq!(held.due_at, Some(left[0] + SignedDuration::from_mins(15)));
        assert_eq!(
            held.reason.outcome.as_ref().map(|why| why.raw()),
            Some("until 22:15 UTC: 5 texts within 15 minutes")
        );
        scene.pass(10);
        send(&mut scene, &mut left);
        assert_eq!(scene.message(6).state, NotificationState::Sending);
        assert_eq!((scene.message(6).hold, scene.message(6).reason.outcome.clone()), (None, None));
    }

    #[test]
    fn the_first_page_of_an_urgent_alert_never_waits() {
        let mut scene = Scene::new(vec![tells(&["maria"], 0)], tells(&["maria"], 60));
        scene.desk.storm.alerts = 0;
        let mut left = Vec::new();
        for i in 0..30 {
            scene.events(&[("raised", exception(&format!("x{i}")), "high")]);
            send(&mut scene, &mut left);
        }
        assert_eq!(left.len(), 30);
        scene.pass(60);
        scene.due();
        send(&mut scene, &mut left);
        assert_eq!(left.len(), 30, "the last resort of thirty alerts is not the first page of any");
        assert!(scene.notifications.values().all(|n| n.state != NotificationState::Suppressed));
    }

    #[test]
    fn whoever_somebody_wants_woken_now_is_paged_whatever_the_limit() {
        let mut scene = Scene::new(vec![tells(&["maria"], 0)], tells(&["maria"], 60));
        scene.desk.storm.alerts = 0;
        let mut left = Vec::new();
        for i in 0..5 {
            scene.raise(&format!("x{i}"));
            send(&mut scene, &mut left);
        }
        let escalate = Action::Escalate { alert: AlertId(1), step: None };
        scene.command("jonas", escalate, Expect::default()).unwrap();
        let page = scene.notifications.values().next_back().unwrap().clone();
        assert!(page.is_about(AlertId(1)) && page.attempts.is_empty());
        send(&mut scene, &mut left);
        assert_eq!(scene.notifications[&page.id].state, NotificationState::Sending);
    }

    #[test]
    fn whoever_was_reached_by_no_page_or_before_it_got_worse_is_paged_whatever_the_limit() {
        let mut scene = Scene::new(vec![tells(&["maria"], 0)], tells(&["maria"], 60));
        scene.desk.storm.alerts = 0;
        let mut left = Vec::new();
        for i in 0..5 {
            scene.raise(&format!("x{i}"));
            send(&mut scene, &mut left);
        }
        let newest = |scene: &Scene| scene.notifications.values().next_back().unwrap().clone();
        let worth = |value: u32| {
            let mut exception = exception("x0");
            exception["amount"] = serde_json::json!({ "value": value, "currency": "EUR" });
            exception
        };
        scene.events(&[("raised", worth(100), "critical")]);
        send(&mut scene, &mut left);
        assert_eq!(newest(&scene).state, NotificationState::Sending, "the severity rose");
        // Another page of the same round is a text too many.
        scene.pass(5);
        scene.events(&[("raised", worth(300), "critical")]);
        send(&mut scene, &mut left);
        assert_eq!(newest(&scene).state, NotificationState::Held);
        // Put off, and awake again.
        let until = scene.now + SignedDuration::from_mins(2);
        scene.command("jonas", Action::Snooze { alert: AlertId(1), until }, Expect::default()).unwrap();
        scene.pass(2);
        scene.due();
        send(&mut scene, &mut left);
        assert_eq!(newest(&scene).state, NotificationState::Sending, "it woke");
        // A page that was refused reached nobody.
        let (alert, page) = (scene.alerts[&AlertId(2)].clone(), scene.message(2).clone());
        let mut next = page.clone();
        next.id = NotificationId(99);
        assert!(!is_first(&next, std::slice::from_ref(&alert), std::slice::from_ref(&page)));
        let mut refused = page;
        refused.attempts[0].state = AttemptState::Refused;
        assert!(is_first(&next, &[alert], &[refused]));
    }

    #[test]
    fn one_page_that_told_of_all_alerts_is_read_once_and_no_other() {
        let mut scene = Scene::new(vec![tells(&["maria"], 0)], tells(&["maria"], 60));
        scene.raise("x1");
        scene.events(&[("raised", exception("x2"), "critical")]);
        send(&mut scene, &mut Vec::new());
        let alerts: Vec<Alert> = scene.alerts.values().cloned().collect();
        let (mut told, mut other) = (scene.message(1).clone(), scene.message(2).clone());
        join(&scene.desk, &mut told, &mut other, &alerts, scene.now);
        let mut next = told.clone();
        (told.id, next.id) = (NotificationId(98), NotificationId(99));
        let mut asked = 0;
        let first = is_first_page(&next, alerts, |_| {
            asked += 1;
            Ok::<_, ()>((asked < 9).then(|| told.clone()))
        });
        assert_eq!((first, asked), (Ok(false), 1));
    }

    #[test]
    fn an_answer_and_a_mail_and_another_attempt_never_wait() {
        let mut scene = Scene::usual();
        scene.raise("x1");
        let page = scene.message(1).clone();
        assert!(may_wait(&page));
        assert!(!may_wait(&Notification { answers: Some("+49151".into()), ..page.clone() }));
        assert!(!may_wait(&Notification { medium: Medium::Email, ..page.clone() }));
        let mut tried = page;
        let mut ids = Ids::default();
        let mut context = Delivering {
            desk: &scene.desk,
            down: &delivery::ALL_UP,
            reach: None,
            ids: &mut ids,
            now: scene.now,
        };
        delivery::claim(&mut context, &mut tried);
        assert!(!may_wait(&tried));
    }

    #[test]
    fn what_waits_is_one_page_of_all_alerts_and_one_word_of_how_they_stand() {
        let mut scene = Scene::new(vec![tells(&["maria"], 0)], tells(&["maria"], 60));
        scene.raise("x1");
        scene.events(&[("raised", exception("x2"), "critical")]);
        let alerts: Vec<Alert> = scene.alerts.values().cloned().collect();
        let (mut waiting, mut other) = (scene.message(1).clone(), scene.message(2).clone());
        let changes = join(&scene.desk, &mut waiting, &mut other, &alerts, scene.now);
        assert_eq!(changes.iter().filter_map(|c| c.alert).map(|a| a.0).collect::<Vec<_>>(), [2, 2]);
        assert_eq!((other.state, other.due_at), (NotificationState::Cancelled, None));
        assert_eq!(waiting.alerts().iter().map(|a| a.0).collect::<Vec<_>>(), [2, 1]);
        assert!(waiting.content.body.raw().starts_with("2 alerts, worst CRIT"), "{:?}", waiting.content);
        // The same alert once more changes nothing of what is said.
        let mut again = Notification { state: NotificationState::Queued, ..other.clone() };
        let said = waiting.clone();
        let changes = join(&scene.desk, &mut waiting, &mut again, &alerts, scene.now);
        assert_eq!(waiting, said);
        assert_eq!(changes.iter().map(|c| c.what).collect::<Vec<_>>(), [What::NotificationCancelled]);
        let and_more = bundle::and_more;
        assert_eq!(and_more("Weber has it", 1), "Weber has it +1 more");
        assert_eq!(and_more("Weber has it +1 more", 2), "Weber has it +3 more");
        assert!(sms::length(&and_more(&"x".repeat(160), 12)) <= 150);
    }

    proptest! {
        #[test]
        fn no_window_ever_holds_more_than_its_limit(wants in prop::collection::vec(0i64..240, 1..60)) {
            let throttle = Throttle::default();
            let mut wants = wants;
            wants.sort_unstable();
            let (mut left, mut waiting) = (Vec::<Timestamp>::new(), wants.into_iter().map(at).collect::<Vec<_>>());
            while let Some(now) = waiting.iter().min().copied() {
                waiting.remove(waiting.iter().position(|at| *at == now).unwrap());
                let newest: Vec<_> = left.iter().rev().copied().collect();
                match throttle.full(&newest, now) {
                    Some(full) => {
                        prop_assert!(full.until > now);
                        waiting.push(full.until);
                    }
                    None => left.push(now),
                }
            }
            for limit in &throttle.limits {
                for begins in &left {
                    let within = left.iter().filter(|at| *at >= begins && **at < *begins + limit.within);
                    prop_assert!(within.count() <= limit.sms as usize);
                }
            }
        }
    }
}
