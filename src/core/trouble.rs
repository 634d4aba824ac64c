//! What goes wrong with the desk's own ways in and out: a source that is silent, a medium that no provider
//! carries. Nobody outside would say so, hence each is an alert of the desk's own, paged like an exception.

use crate::core::alert::{Alert, Member};
use crate::core::change::{Change, Object, What};
use crate::core::contact::Medium;
use crate::core::decide::{View, bare_member, join, over, raise, remember, the_desk};
use crate::core::escalation::{Decision, medium_word};
use crate::core::event::Severity;
use crate::core::exception::{ExceptionReport, ReportState};
use crate::core::mark::Mark;
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

/// Whether somebody closed the alert about this silence: whoever did has dealt with it, and it is raised again
/// only after the source has spoken.
pub fn is_known(view: &View, source: &str) -> bool {
    let report = view.exceptions.get(&silence_key(source));
    report.is_some_and(|report| report.state == ReportState::Raised)
}

/// Nothing came from a source for longer than it may: an alert of its own, or its alert is open again.
pub fn silent(decision: &mut Decision<'_>, view: &mut View, source: &str, last_event_at: Timestamp) {
    if is_known(view, source) && known(view, &silence_key(source)).is_none() {
        return;
    }
    remember_silence(decision, view, source, ReportState::Raised);
    let title = Untrusted::new(format!("Source {source} is silent since {}", clock(decision, last_event_at)));
    let mut member = bare_member(source.into(), "silent_source", title, source);
    member.description = Some("Nothing comes in: what partners report now is not known here.".into());
    begins(decision, view, silence_key(source), "silent source", member);
}

/// A silent source has spoken again: nobody is paged for it any more.
pub fn spoke_again(decision: &mut Decision<'_>, view: &mut View, source: &str) {
    if is_known(view, source) {
        remember_silence(decision, view, source, ReportState::Cleared);
    }
    ends(decision, view, &silence_key(source), &format!("Source {source} sends again."));
}

fn remember_silence(decision: &mut Decision<'_>, view: &mut View, source: &str, state: ReportState) {
    let (key, now) = (silence_key(source), decision.now);
    let before = view.exceptions.get(&key);
    if before.is_some_and(|before| before.state == state) {
        return;
    }
    let report = ExceptionReport {
        id: key.as_str().into(),
        partner: "".into(),
        state,
        severity: Severity::High,
        alerted: (state == ReportState::Raised).then_some(Severity::High),
        mark: Mark::default(),
        created_at: before.map_or(now, |before| before.created_at),
        updated_at: now,
    };
    let said = match state {
        ReportState::Raised => format!("Source {source} is silent."),
        ReportState::Cleared => format!("Source {source} is silent no more."),
    };
    let object = Object::Exception(Box::new(report.clone()));
    decision.changes.push(Change::of_partner(now, What::ExceptionReported, said, &"".into(), object));
    view.exceptions.insert(key, report);
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
    use crate::core::alert::AlertState;
    use crate::core::command::{Action, Expect};
    use crate::core::id::AlertId;
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
    fn whoever_closes_the_alert_about_a_silence_is_not_paged_for_it_again_before_the_source_has_spoken() {
        let mut scene = Scene::usual();
        let (desk, mut view) = (scene.desk.clone(), View::default());
        let mut look = |scene: &mut Scene, silent: bool| {
            // Events find only alerts that stand.
            view.keys.retain(|_, id| scene.alerts[id].state != AlertState::Resolved);
            let mut decision = Decision::new(&desk, scene.now, scene.ids);
            match silent {
                true => super::silent(&mut decision, &mut view, "edi", scene.now),
                false => spoke_again(&mut decision, &mut view, "edi"),
            }
            scene.ids = decision.ids;
            scene.keep(decision.changes);
            scene.alerts.len()
        };
        assert_eq!(look(&mut scene, true), 1);
        let reason = "their server is being moved".into();
        scene.command("maria", Action::Resolve { alert: AlertId(1), reason }, Expect::default()).unwrap();
        for _ in 0..3 {
            scene.pass(1);
            assert_eq!(look(&mut scene, true), 1, "it is known");
        }
        look(&mut scene, false);
        assert_eq!(look(&mut scene, true), 2, "it spoke, and is silent again");
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
