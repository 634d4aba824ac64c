//! A storm: one partner has so many alerts within a short time that each of them alone would only keep
//! people from seeing anything. What comes further joins one alert, until it has been quiet for a while.

use crate::core::alert::{Alert, AlertState};
use crate::core::change::{Actor, Change, Object, What};
use crate::core::decide::View;
use crate::core::escalation::Decision;
use crate::core::id::AlertId;
use crate::core::notification::Notification;
use crate::core::page::plain;
use crate::core::partner::PartnerRef;
use crate::core::sms::{clip, length};
use crate::core::status_update;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// When a partner's alerts are a storm, and when it is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Storm {
    /// So many alerts of one partner …
    pub alerts: u32,
    /// … raised within this time begin one.
    pub within: SignedDuration,
    /// Nothing joined for so long ends it.
    pub quiet: SignedDuration,
}

/// What a new alert of a partner is to become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weather {
    /// An alert of its own.
    Calm,
    /// The alert that further ones join.
    Begins,
    /// It joins this one.
    Rages(AlertId),
}

/// What the alert of a storm says once the storm is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Raging {
    /// When the storm began.
    pub since: Timestamp,
    /// Members of its alerts before this one, which were full.
    pub before: u32,
    /// When it is over, if nothing joins until then.
    pub over_at: Timestamp,
}

/// So many members at most join one alert; the next one begins another, and pages.
pub const MEMBERS: usize = 500;

/// The key of the alert that a partner's storm joins. Each policy has its own: whoever answers for one
/// kind of trouble must hear of it, whatever else is going on.
pub fn key(partner: &PartnerRef, policy: &str) -> String {
    format!("{KEY}{}\u{1f}{policy}", partner.id.raw())
}

const KEY: &str = "storm\u{1f}";

impl Storm {
    pub fn weather(&self, view: &View, partner: &PartnerRef, policy: &str, now: Timestamp) -> Weather {
        if self.alerts == 0 {
            return Weather::Calm;
        }
        let raging = view.keys.get(&key(partner, policy)).and_then(|id| view.alerts.get(id));
        let raging = raging.filter(|alert| {
            let joined_at = alert.joined_at.unwrap_or(alert.created_at);
            alert.cleared_at.is_none() && joined_at + self.quiet > now
        });
        match raging {
            Some(alert) if alert.members.len() < MEMBERS => return Weather::Rages(alert.id),
            Some(_) => return Weather::Begins,
            None => {}
        }
        let lately = view.raised_lately.get(partner.id.raw()).map(Vec::as_slice).unwrap_or_default();
        let since = now - self.within;
        let count = lately.iter().filter(|at| **at > since).count();
        if count >= self.alerts as usize { Weather::Begins } else { Weather::Calm }
    }
}

/// An alert of this key is about to be raised: whether it is a storm's, and what of the storm is in an alert
/// that is full. That one says nothing at the end; this one does.
pub fn goes_on(decision: &mut Decision<'_>, view: &mut View, key: &str) -> Option<Raging> {
    if !key.starts_with(KEY) {
        return None;
    }
    let (now, quiet) = (decision.now, decision.desk.storm.quiet);
    let begins = Raging { since: now, before: 0, over_at: now + quiet };
    let full = view.keys.get(key).and_then(|id| view.alerts.get_mut(id));
    let Some((full, raging)) = full.and_then(|full| full.storm.take().map(|raging| (full, raging))) else {
        return Some(begins);
    };
    full.updated_at = now;
    let members = u32::try_from(full.members.len()).unwrap_or(u32::MAX);
    let full = full.clone();
    let sentence = "It is full; the storm goes on in another alert.";
    decision.alert_change(Actor::Desk, What::AlertJoined, sentence, &full);
    Some(Raging { since: raging.since, before: raging.before.saturating_add(members), ..begins })
}

/// Ends the storm of an alert if it is over: whoever was paged hears once how many more there were.
/// `of_alert` are its messages.
pub fn end(decision: &mut Decision<'_>, alert: &mut Alert, of_alert: impl FnOnce() -> Vec<Notification>) {
    let now = decision.now;
    let Some(raging) = alert.storm.take_if(|raging| raging.over_at <= now) else { return };
    alert.updated_at = now;
    let joined = u32::try_from(alert.members.len()).unwrap_or(u32::MAX).saturating_sub(1);
    let more = raging.before.saturating_add(joined);
    let lasted = alert.joined_at.unwrap_or(now).duration_since(raging.since).as_mins();
    let within = if lasted < 1 { "within a minute".to_owned() } else { format!("within {lasted} min") };
    let sentence = format!("The storm is over: {more} more like this {within}.");
    decision.alert_change(Actor::Desk, What::AlertStormOver, sentence, alert);
    if more == 0 || alert.cleared_at.is_some() || alert.state == AlertState::Resolved {
        return;
    }
    let alert = &*alert;
    status_update::tell_once(decision, alert, &of_alert(), |_, _| {
        let head = format!("{more} more like this {within}, quiet now: ");
        let tail = format!(" ({})", alert.id);
        let room = 140usize.saturating_sub(length(&head) + length(&tail));
        let what = format!("{}: {}", alert.partner.name.printable(), alert.title.printable());
        format!("{head}{}{tail}", clip(&plain(&what), room))
    });
}

/// Of several joins of one alert in a batch only the last carries it whole; a storm would else write the
/// growing alert over and over.
pub fn lighten(changes: &mut [Change]) {
    let mut later = HashSet::new();
    for change in changes.iter_mut().rev().filter(|change| change.what == What::AlertJoined) {
        if let Object::Alert(alert) = &change.object
            && !later.insert(alert.id)
        {
            change.object = Object::Nothing;
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::core::alert::AlertState;
    use crate::core::change::{Object, What};
    use crate::core::id::AlertId;
    use crate::core::notification::Purpose;
    use crate::core::scenario::{Scene, exception};
    use jiff::SignedDuration;

    fn pages(scene: &Scene) -> usize {
        scene.notifications.values().filter(|n| n.purpose == Purpose::Page).count()
    }

    fn storm(count: usize) -> Scene {
        let mut scene = Scene::usual();
        let exceptions: Vec<_> = (0..count).map(|i| exception(&format!("x{i}"))).collect();
        for batch in exceptions.chunks(500) {
            let batch: Vec<_> = batch.iter().map(|x| ("raised", x.clone(), "high")).collect();
            scene.events(&batch);
        }
        scene
    }

    #[test]
    fn five_thousand_exceptions_of_one_partner_page_a_handful_of_times() {
        let scene = storm(5_000);
        assert_eq!(scene.alerts.len(), 5 + 10, "five of their own, and ten of five hundred");
        assert_eq!(pages(&scene), 10, "what came at once is one message");
        let members: usize = scene.alerts.values().map(|alert| alert.members.len()).sum();
        assert_eq!(members, 5_000, "none is lost");
        let whole =
            scene.history.iter().filter(|c| matches!(&c.object, Object::Alert(a) if a.members.len() > 1));
        assert!(whole.count() <= 25, "a growing alert is written once a batch");
    }

    #[test]
    fn a_storm_ends_by_itself_and_each_alert_is_its_own_again() {
        let mut scene = storm(20);
        assert_eq!(scene.alerts.len(), 6);
        scene.now += SignedDuration::from_mins(20);
        scene.raise("later");
        assert_eq!(scene.alerts.len(), 7);
    }

    fn summaries(scene: &Scene) -> Vec<(&str, &str)> {
        let said = scene.notifications.values().filter(|n| n.purpose == Purpose::Status);
        said.map(|n| (n.recipient.name.raw(), n.content.body.raw())).collect()
    }

    #[test]
    fn a_storm_that_is_over_says_once_how_many_more_there_were() {
        let mut scene = storm(43);
        scene.sent();
        scene.pass(14);
        scene.due();
        assert_eq!(summaries(&scene), [], "it may go on");
        scene.pass(1);
        scene.due();
        scene.pass(60);
        scene.due();
        let said = "37 more like this within a minute, quiet now: Acme: Blocked (A6)";
        assert!(summaries(&scene).contains(&("maria", said)), "{:?}", summaries(&scene));
        let twice = summaries(&scene).iter().filter(|(who, _)| *who == "maria").count();
        assert_eq!(twice, 1);
        let ended = scene.history.iter().filter(|change| change.what == What::AlertStormOver).count();
        assert_eq!(ended, 1, "and it stands on the timeline");
        assert_eq!(scene.alerts[&AlertId(6)].storm, None);
    }

    #[test]
    fn a_storm_over_many_alerts_is_summed_up_once_and_one_that_is_cleared_is_not() {
        let mut scene = storm(1_205);
        scene.sent();
        scene.pass(16);
        scene.due();
        let said: Vec<_> = summaries(&scene).into_iter().filter(|(who, _)| *who == "maria").collect();
        assert_eq!(said, [("maria", "1199 more like this within a minute, quiet now: Acme: Blocked (A8)")]);
        let mut scene = storm(6);
        scene.sent();
        scene.events(&[("cleared", exception("x5"), "high")]);
        let before = summaries(&scene).len();
        scene.pass(16);
        scene.due();
        assert_eq!(summaries(&scene).len(), before);
        assert_eq!(scene.alerts[&AlertId(6)].storm, None);
    }

    #[test]
    fn equal_amounts_in_a_storm_do_not_page_again_and_one_that_is_large_does() {
        let mut scene = Scene::usual();
        let with = |id: String, euros: u64| {
            let mut exception = exception(&id);
            exception["amount"] = serde_json::json!({ "value": euros, "currency": "EUR" });
            exception
        };
        let tell = |scene: &mut Scene, exception| scene.events(&[("raised", exception, "high")]);
        (0..6).for_each(|i| tell(&mut scene, with(format!("x{i}"), 1_000)));
        let before = pages(&scene);
        (6..30).for_each(|i| tell(&mut scene, with(format!("x{i}"), 1_000)));
        assert_eq!(pages(&scene), before);
        tell(&mut scene, with("large".into(), 100_000));
        assert_eq!(pages(&scene), before + 1);
    }

    #[test]
    fn a_storm_of_one_policy_keeps_nothing_from_another() {
        let mut scene = Scene::usual();
        let mut other = scene.desk.policies["urgent"].clone();
        other.name = "compliance".into();
        other.steps = vec![crate::core::scenario::tells(&["jonas"], 0)];
        scene.desk.policies.insert("compliance".into(), other);
        let mut rule = scene.desk.rules[0].clone();
        rule.name = "compliance".into();
        rule.matches.kinds = vec!["compliance_failure".into()];
        rule.then = crate::core::rule::Then::Alert { policy: "compliance".into() };
        rule.group_by = vec![];
        scene.desk.rules.push(rule);
        let usual: Vec<_> = (0..20).map(|i| ("raised", exception(&format!("x{i}")), "high")).collect();
        scene.events(&usual);
        let before = scene.alerts.len();
        let mut failed = exception("c1");
        failed["kind"] = "compliance_failure".into();
        scene.events(&[("raised", failed, "high")]);
        assert_eq!(scene.alerts.len(), before + 1);
        let last = scene.notifications.values().last().unwrap();
        assert_eq!((last.purpose, last.recipient.name.raw()), (Purpose::Page, "jonas"));
    }

    #[test]
    fn steps_and_acknowledgments_do_not_keep_a_storm_alive() {
        let mut scene = storm(20);
        for _ in 0..4 {
            scene.pass(5);
            scene.due();
        }
        let before = scene.alerts.len();
        scene.raise("later");
        assert_eq!(scene.alerts.len(), before + 1);
    }

    #[test]
    fn a_worse_one_in_a_storm_pages_again() {
        let mut scene = storm(20);
        let before = pages(&scene);
        scene.events(&[("raised", exception("worst"), "critical")]);
        assert_eq!((scene.alerts.len(), pages(&scene)), (6, before + 1));
        let id = *scene.alerts.keys().last().unwrap();
        assert_eq!(scene.alerts[&id].state, AlertState::Open);
    }
}
