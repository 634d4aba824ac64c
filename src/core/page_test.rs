//! A message that tests a way to a person: it goes the way of a page, says that nothing is wrong, and what the
//! channel reports of it proves that they would be reached.

use crate::core::apply::Asker;
use crate::core::command::{Refusal, RefusalCode};
use crate::core::contact::{Category, Medium};
use crate::core::desk::Desk;
use crate::core::escalation::{About, Decision, medium_word};
use crate::core::id::NotificationId;
use crate::core::notification::{Content, Purpose, Reason};
use crate::core::person::{Person, PersonId, Role};
use crate::core::sms;
use crate::core::text::{Untrusted, sanitise};
use jiff::{SignedDuration, Timestamp};

/// A test that has not left by then would prove nothing of a page at night.
const GOOD_FOR: SignedDuration = SignedDuration::from_mins(15);

/// Queues a test; without a medium by the one that would page them first. People may test themselves, admins
/// anybody.
///
/// # Errors
/// The person is unknown, somebody else, or not reachable that way.
pub fn send(
    decision: &mut Decision<'_>,
    asker: &Asker,
    person: &PersonId,
    via: Option<Medium>,
) -> Result<String, Refusal> {
    let desk = decision.desk;
    let refuse = |code, said: String| Refusal { code, said: said.into(), by: None };
    let Some(tested) = desk.person(person) else {
        let said =
            format!("There is no [[person]] {}; `nightdesk people list` shows them.", sanitise(&person.0));
        return Err(refuse(RefusalCode::NotFound, said));
    };
    if tested.id != asker.id && asker.role < Role::Admin {
        let said = format!("{} may test only themselves; an admin may test {}.", asker.name, tested.name);
        return Err(refuse(RefusalCode::NotAllowed, said));
    }
    let works = |medium: &Medium| tested.reachable_by(*medium) && desk.carrier(*medium).is_some();
    let Some(medium) = via.into_iter().chain(Medium::ALL.into_iter().filter(|_| via.is_none())).find(works)
    else {
        return Err(refuse(RefusalCode::Invalid, no_way(desk, tested, via)));
    };
    let id = NotificationId(decision.ids.notification);
    queue(decision, tested, medium, &asker.name, &format!("test asked for by {}", asker.name));
    let carrier = desk.carrier(medium).map(|carrier| carrier.name.clone()).unwrap_or_default();
    Ok(format!("{id}: a test goes to {} by {carrier} ({}).", tested.name, medium_word(medium)))
}

/// Queues the test itself.
pub fn queue(decision: &mut Decision<'_>, tested: &Person, medium: Medium, by: &str, via: &str) {
    let now = decision.now;
    let about = About {
        alert: None,
        event: None,
        partner: None,
        category: Category::Urgent,
        urgent: true,
        thread: None,
    };
    let reason = Reason {
        rule: "page-test".to_owned(),
        policy: None,
        step: None,
        via: Untrusted::new(via),
        outcome: None,
    };
    let content = content(decision.desk, tested, medium, by, now);
    decision.queue_message(about, tested, medium, Purpose::Test, content, reason, None);
    decision.amend_last(|n| n.expires_at = Some(now + GOOD_FOR));
}

fn no_way(desk: &Desk, person: &Person, via: Option<Medium>) -> String {
    let name = &person.name;
    match via {
        Some(Medium::Sms) if !person.reachable_by(Medium::Sms) => format!("{name} has no phone number."),
        Some(Medium::Email) if !person.reachable_by(Medium::Email) => format!("{name} has no mailbox."),
        Some(medium) => format!("No channel of {} carries {}.", desk.name, medium.as_str()),
        None => format!("{name} has no phone or email that a channel carries; add one to [[person]]."),
    }
}

fn content(desk: &Desk, person: &Person, medium: Medium, by: &str, now: Timestamp) -> Content {
    let at = now.to_zoned(desk.zone_of(&person.id)).strftime("%H:%M %Z").to_string();
    match medium {
        Medium::Sms => {
            let body = format!(
                "TEST from {}, {at}: nothing is wrong, nothing to do. A real page reaches you like this. By {}",
                sms::clip(&sms::to_gsm7_text(&desk.name), 24),
                sms::clip(&sms::to_gsm7_text(by), 24)
            );
            Content { body: Untrusted::new(body), ..Content::default() }
        }
        Medium::Email => Content {
            subject: Untrusted::new(format!("Test from {}: nothing is wrong", desk.name)),
            body: Untrusted::new(format!(
                "This is a test from {}, asked for by {by} at {at}.\n\nNothing is wrong and there is nothing to do. \
                 A real page reaches you like this.\n",
                desk.name
            )),
            ..Content::default()
        },
    }
}

#[cfg(test)]
mod tests {
    use crate::core::apply::Asker;
    use crate::core::command::{Action, Expect, RefusalCode};
    use crate::core::contact::Medium;
    use crate::core::escalation::Decision;
    use crate::core::notification::{NotificationState, Purpose};
    use crate::core::person::{PersonId, Role};
    use crate::core::scenario::Scene;
    use crate::core::sms;

    fn test(person: &str, via: Option<Medium>) -> Action {
        Action::PageTest { person: PersonId(person.into()), via }
    }

    #[test]
    fn a_test_of_oneself_is_one_urgent_text_that_is_no_page() {
        let mut scene = Scene::usual();
        scene.desk.name = "A desk with a name that is far too long for one text €€€€".into();
        let said = scene.command("maria", test("maria", None), Expect::default()).unwrap();
        assert_eq!(said, "N1: a test goes to maria by sms (SMS).");
        let n = scene.message(1);
        assert_eq!((n.purpose, n.urgent, n.alert), (Purpose::Test, true, None));
        assert_eq!(n.state, NotificationState::Queued);
        assert!(sms::length(n.content.body.raw()) <= 160, "{:?}", n.content.body);
        assert!(sms::segments(n.content.body.raw()).culprit.is_none());
    }

    #[test]
    fn only_an_admin_tests_others_and_only_by_a_way_there_is() {
        let mut scene = Scene::usual();
        let refused =
            |scene: &mut Scene, action| scene.command("maria", action, Expect::default()).unwrap_err();
        assert_eq!(refused(&mut scene, test("jonas", None)).code, RefusalCode::NotAllowed);
        assert_eq!(refused(&mut scene, test("nobody", None)).code, RefusalCode::NotFound);
        assert_eq!(refused(&mut scene, test("maria", Some(Medium::Email))).code, RefusalCode::Invalid);
        assert!(scene.notifications.is_empty());
        let asker = |role| Asker { id: PersonId("maria".into()), name: "Maria".into(), role, login: None };
        let send = |role, person: &str| {
            let mut decision = Decision::new(&scene.desk, scene.now, scene.ids);
            super::send(&mut decision, &asker(role), &PersonId(person.into()), None)
        };
        assert_eq!(send(Role::Admin, "jonas").unwrap(), "N1: a test goes to jonas by sms (SMS).");
        assert_eq!(send(Role::Responder, "jonas").unwrap_err().code, RefusalCode::NotAllowed);
        assert_eq!(
            send(Role::Admin, "nils").unwrap_err().said.raw(),
            "nils has no phone or email that a channel carries; add one to [[person]]."
        );
    }
}
