//! One click ends the mails of a category, for who got the mail, until they come back.

use super::*;
use crate::core::change::Object;
use crate::core::consent::{Choice, Consent};
use crate::core::flow::stage::{Stage, contact};
use crate::core::notification::NotificationState;
use serde_json::json;

fn news(stage: &mut Stage, status: &str) {
    let data = json!({ "case": { "id": "c1" }, "status": status, "opened_by": { "contact_id": "ana" } });
    stage.tell("case.status_changed", data);
}

/// The newest message to a contact.
fn newest(stage: &Stage) -> Notification {
    let to = |n: &&Notification| matches!(n.recipient.who, RecipientId::Contact(_));
    stage.notifications.values().rfind(to).unwrap().clone()
}

/// What following a link of this message does.
fn follow(stage: &mut Stage, n: &Notification, link: Link) -> Vec<Consent> {
    let desk = stage.desk.clone();
    let mut decision = Decision::new(&desk, stage.now, stage.ids);
    let ana = stage.contacts["ana"].clone();
    let taken = match link {
        Link::Unsubscribe => leave(&mut decision, n, ana, Means::OneClick, "List-Unsubscribe=One-Click"),
        Link::Subscribe => come_back(&mut decision, n, ana),
    };
    assert!(taken);
    stage.ids = decision.ids;
    let mut written = Vec::new();
    for change in decision.changes {
        match change.object {
            Object::Contact(contact) => {
                stage.meet(*contact);
            }
            Object::Consent(entry) => written.push(*entry),
            other => panic!("{other:?}"),
        }
    }
    written
}

#[test]
fn one_click_ends_the_mails_of_one_category_and_only_the_signed_way_back_brings_them_again() {
    let mut stage = Stage::with([contact("ana")]);
    news(&mut stage, "received");
    assert_eq!(stage.send().len(), 1);
    let n = newest(&stage);
    let written = follow(&mut stage, &n, Link::Unsubscribe);
    let [entry] = &written[..] else { panic!("{written:?}") };
    assert_eq!(
        (entry.state, entry.category, entry.means),
        (Choice::Out, Some(Category::CaseUpdates), Means::OneClick)
    );
    assert_eq!(entry.evidence.raw(), n.id.to_string());
    assert_eq!(entry.address.as_ref().unwrap().raw(), stage.contacts["ana"].emails[0].to_string());
    assert_eq!(follow(&mut stage, &n, Link::Unsubscribe), [], "said again, it adds nothing");
    news(&mut stage, "under_review");
    assert_eq!(stage.send(), [], "nor by text: they never asked for one");
    assert_eq!(newest(&stage).state, NotificationState::Suppressed);
    // Neither side brings it back by setting the preference.
    let mut set = stage.contacts["ana"].clone();
    set.channels.insert(Category::CaseUpdates, vec![Medium::Email]);
    stage.meet(set);
    news(&mut stage, "approved");
    assert_eq!(stage.send(), []);
    let written = follow(&mut stage, &n, Link::Subscribe);
    assert_eq!(written.iter().map(|entry| entry.state).collect::<Vec<_>>(), [Choice::In]);
    news(&mut stage, "resolved");
    assert_eq!(stage.send().len(), 1);
}

#[test]
fn who_asked_for_texts_as_well_still_gets_those_and_no_mail_in_their_stead() {
    let mut ana = contact("ana");
    ana.channels.insert(Category::CaseUpdates, vec![Medium::Email, Medium::Sms]);
    let mut stage = Stage::with([ana]);
    news(&mut stage, "received");
    stage.send();
    let n = newest(&stage);
    follow(&mut stage, &n, Link::Unsubscribe);
    assert_eq!(wishes(&stage.contacts["ana"], Category::CaseUpdates), [Medium::Sms]);
    let mut mute = stage.contacts["ana"].clone();
    mute.phones.clear();
    stage.meet(mute);
    news(&mut stage, "under_review");
    assert_eq!(stage.send(), [], "a medium they did not name is one they left");
}

#[test]
fn only_mails_to_contacts_of_the_configured_categories_say_how_to_end_them() {
    let mut stage = Stage::with([contact("ana")]);
    news(&mut stage, "received");
    let n = newest(&stage);
    let links = Links { base: Some("https://desk.example.net".into()), categories: USUAL.into() };
    assert!(links.may_end(&n));
    assert!(!links.may_end(&Notification { urgent: true, ..n.clone() }));
    assert!(!links.may_end(&Notification { medium: Medium::Sms, ..n.clone() }));
    assert!(!links.may_end(&Notification { category: Category::Acknowledgments, ..n.clone() }));
    assert!(!links.may_end(&Notification { answers: Some("a@b.example".into()), ..n.clone() }));
    assert!(!Links { categories: BTreeSet::new(), ..links.clone() }.may_end(&n));
    let key = ReplyKey::new(b"k");
    let url = links.url(&key, Link::Unsubscribe, n.id).unwrap();
    let token = url.strip_prefix("https://desk.example.net/v1/unsubscribe/").unwrap();
    assert_eq!(key.of_link_token(Link::Unsubscribe, token), Some(n.id));
    assert_eq!(Links { base: None, ..links }.url(&key, Link::Unsubscribe, n.id), None);
}
