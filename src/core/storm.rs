//! A storm: one partner has so many alerts within a short time that each of them alone would only keep
//! people from seeing anything. What comes further joins one alert, until it has been quiet for a while.

use crate::core::change::{Change, Object, What};
use crate::core::decide::View;
use crate::core::id::AlertId;
use crate::core::partner::PartnerRef;
use jiff::{SignedDuration, Timestamp};
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

/// So many members at most join one alert; the next one begins another, and pages.
pub const MEMBERS: usize = 500;

/// The key of the alert that a partner's storm joins. Each policy has its own: whoever answers for one
/// kind of trouble must hear of it, whatever else is going on.
pub fn key(partner: &PartnerRef, policy: &str) -> String {
    format!("storm\u{1f}{}\u{1f}{policy}", partner.id.raw())
}

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
    use crate::core::change::Object;
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
