//! A console that stays open: it keeps little more than it shows, and asks no more often than it can be read.

use crate::hand::Hand;
use crate::night;
use nightdesk::console::effect::{Effect, Wait};
use nightdesk::console::message::Msg;
use nightdesk::core::alert::AlertState;
use nightdesk::core::change::{Object, What};
use nightdesk::core::id::{AlertId, NotificationId};

fn fetches(hand: &Hand) -> usize {
    hand.effects.iter().filter(|effect| matches!(effect, Effect::FetchDetail(AlertId(8812)))).count()
}

#[test]
fn what_is_over_is_forgotten_and_what_is_open_is_not() {
    let mut hand = Hand::at_night();
    let (alert, message) = (night::alerts().remove(0), night::snapshot().notifications.remove(0));
    assert_eq!(message.alert, Some(AlertId(8812)));
    let mut seq = 10_000;
    for n in 0..10_000u64 {
        let mut closed = alert.clone();
        (closed.id, closed.state) = (AlertId(20_000 + n), AlertState::Resolved);
        let mut sent = message.clone();
        (sent.id, sent.alert) = (NotificationId(90_000 + n), Some(closed.id));
        let changes = [
            night::change(
                seq,
                "02:07:40",
                What::AlertResolved,
                Some(closed.id.0),
                "x",
                Object::Alert(Box::new(closed)),
            ),
            night::change(
                seq + 1,
                "02:07:40",
                What::NotificationEvidence,
                None,
                "x",
                Object::Notification(Box::new(sent)),
            ),
        ];
        seq += 2;
        hand.tell(Msg::Changes(changes.into()));
    }
    let desk = hand.model.desk.as_ref().unwrap();
    assert!(desk.messages.values().count() <= 4001, "{}", desk.messages.values().count());
    assert!(desk.alerts.len() <= 3001, "{}", desk.alerts.len());
    assert!(
        desk.messages.about(AlertId(8812)).any(|known| known.id == message.id),
        "it is about what is open"
    );
    assert!(desk.alerts.contains_key(&AlertId(29_999)), "the latest is still there");
    assert!(desk.messages.get(NotificationId(99_999)).is_some());
}

#[test]
fn an_answer_that_was_overtaken_by_the_stream_changes_nothing() {
    let mut hand = Hand::at_night();
    let old = night::snapshot().notifications.remove(0);
    let mut new = old.clone();
    new.updated_at = old.updated_at + jiff::SignedDuration::from_secs(5);
    new.recipient.name = "Somebody".into();
    let id = new.id;
    let change = night::change(
        10_000,
        "02:07:40",
        What::NotificationEvidence,
        Some(8812),
        "x",
        Object::Notification(Box::new(new)),
    );
    hand.tell(Msg::Changes(vec![change])).tell(Msg::Told(Ok(vec![old])));
    let desk = hand.model.desk.as_ref().unwrap();
    assert_eq!(desk.messages.get(id).unwrap().recipient.name.raw(), "Somebody");
}

#[test]
fn the_detail_of_an_alert_that_changes_all_the_time_is_asked_for_now_and_then() {
    let mut hand = Hand::at_night();
    hand.effects.clear();
    for n in 0..50 {
        let alert = Object::Alert(Box::new(night::alerts().remove(0)));
        hand.tell(Msg::Changes(vec![night::change(
            10_000 + n,
            "02:07:40",
            What::AlertJoined,
            Some(8812),
            "x",
            alert,
        )]));
    }
    assert_eq!(fetches(&hand), 1);
    hand.tell(Msg::Waited(Wait::Detail));
    assert_eq!(fetches(&hand), 2, "it changed since");
    hand.tell(Msg::Waited(Wait::Detail)).tell(Msg::Waited(Wait::Detail));
    assert_eq!(fetches(&hand), 2, "and not any more");
}
