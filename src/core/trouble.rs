//! What goes wrong with the desk's own ways in and out: a source that is silent, a medium that no provider
//! carries. Nobody outside would say so, hence each is an alert of the desk's own, paged like an exception.

use crate::core::alert::{Alert, Member};
use crate::core::contact::Medium;
use crate::core::decide::{View, bare_member, join, over, raise, remember, the_desk};
use crate::core::escalation::{Decision, medium_word};
use crate::core::event::Severity;
use crate::core::text::Untrusted;
use jiff::Timestamp;

/// The key of the alert about a silent source.
pub fn silence_key(source: &str) -> String {
    format!("silent\u{1f}{source}")
}

/// The key of the alert about a medium that no provider carries.
pub fn down_key(medium: Medium) -> String {
    format!("down\u{1f}{}", medium.as_str())
}

/// Nothing came from a source for longer than it may: an alert of its own, or its alert is open again.
pub fn silent(decision: &mut Decision<'_>, view: &mut View, source: &str, last_event_at: Timestamp) {
    let title = Untrusted::new(format!("Source {source} is silent since {}", clock(decision, last_event_at)));
    let mut member = bare_member(source.into(), "silent_source", title, source);
    member.description = Some("Nothing comes in: what partners report now is not known here.".into());
    begins(decision, view, silence_key(source), "silent source", member);
}

/// A silent source has spoken again: nobody is paged for it any more.
pub fn spoke_again(decision: &mut Decision<'_>, view: &mut View, source: &str) {
    ends(decision, view, &silence_key(source), &format!("Source {source} sends again."));
}

/// Every provider of a medium is down. `cannot` are those on call whom nothing else wakes.
pub fn medium_down(
    decision: &mut Decision<'_>,
    view: &mut View,
    medium: Medium,
    since: Timestamp,
    cannot: &[String],
) {
    let title = format!("{} DOWN since {}", medium_word(medium).to_uppercase(), clock(decision, since));
    let mut member = bare_member(medium.as_str().into(), "provider_down", Untrusted::new(title), "");
    let nobody = match cannot {
        [] => String::new(),
        some => format!(" Cannot be woken: {}.", some.join(", ")),
    };
    let said =
        format!("No provider takes {} now.{nobody} What waits leaves when one does.", medium_word(medium));
    member.description = Some(said.into());
    member.severity = Severity::Critical;
    begins(decision, view, down_key(medium), "provider down", member);
}

/// A provider of the medium works again.
pub fn medium_back(decision: &mut Decision<'_>, view: &mut View, medium: Medium, provider: &str) {
    let sentence = format!("{} leaves again, by {provider}.", medium_word(medium));
    ends(decision, view, &down_key(medium), &sentence);
}

fn clock(decision: &Decision<'_>, at: Timestamp) -> String {
    at.to_zoned(decision.desk.time_zone.clone()).strftime("%a %H:%M %Z").to_string()
}

fn known<'v>(view: &'v View, key: &str) -> Option<&'v Alert> {
    view.keys.get(key).and_then(|alert| view.alerts.get(alert))
}

fn begins(decision: &mut Decision<'_>, view: &mut View, key: String, rule: &str, member: Member) {
    match known(view, &key).map(|alert| (alert.id, alert.cleared_at)) {
        Some((_, None)) => {}
        Some((alert, Some(_))) => join(decision, view, alert, member),
        None => {
            let policy = decision.desk.catch_all.clone();
            raise(decision, view, member, the_desk(), &policy, rule, Some(key));
        }
    }
}

fn ends(decision: &mut Decision<'_>, view: &mut View, key: &str, sentence: &str) {
    let Some(mut alert) = known(view, key).filter(|alert| alert.cleared_at.is_none()).cloned() else {
        return;
    };
    alert.members.iter_mut().for_each(|member| member.cleared_at = Some(decision.now));
    over(decision, view, &mut alert, sentence);
    remember(view, alert);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::change::What;
    use crate::core::scenario::Scene;

    #[test]
    fn a_silent_source_pages_once_stops_when_it_speaks_and_pages_again() {
        let mut scene = Scene::usual();
        let (desk, mut view) = (scene.desk.clone(), View::default());
        let mut steps = Vec::new();
        for speaks in [false, false, true, false] {
            scene.pass(1);
            let mut decision = Decision::new(&desk, scene.now, scene.ids);
            match speaks {
                true => spoke_again(&mut decision, &mut view, "edi"),
                false => silent(&mut decision, &mut view, "edi", scene.now),
            }
            scene.ids = decision.ids;
            let pages = decision.changes.iter().filter(|c| c.what == What::NotificationQueued).count();
            scene.keep(decision.changes);
            steps.push((pages, scene.alert().is_paging()));
        }
        assert_eq!(steps, [(1, true), (0, true), (0, false), (1, true)]);
        assert_eq!(scene.alerts.len(), 1);
    }

    #[test]
    fn a_medium_that_is_down_is_an_alert_that_names_whom_nothing_wakes_and_ends_when_it_is_back() {
        let mut scene = Scene::usual();
        let (desk, mut view) = (scene.desk.clone(), View::default());
        let mut decision = Decision::new(&desk, scene.now, scene.ids);
        let since = scene.now;
        for _ in 0..2 {
            medium_down(&mut decision, &mut view, Medium::Sms, since, &["maria".into(), "jonas".into()]);
        }
        scene.ids = decision.ids;
        scene.keep(decision.changes);
        assert_eq!(scene.alerts.len(), 1);
        let member = &scene.alert().members[0];
        assert!(member.title.raw().starts_with("SMS DOWN since "), "{:?}", member.title);
        assert!(member.description.as_ref().unwrap().raw().contains("Cannot be woken: maria, jonas."));
        let mut decision = Decision::new(&desk, scene.now, scene.ids);
        medium_back(&mut decision, &mut view, Medium::Sms, "twilio");
        scene.keep(decision.changes);
        assert!(scene.alert().cleared_at.is_some() && !scene.alert().is_paging());
    }
}
