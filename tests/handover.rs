//! A night in which one person hands over to another: a whole agent in virtual time, from the note to the
//! acceptance, over a crash, and with a hand-off that the desk missed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/life.rs"]
mod life;

use async_trait::async_trait;
use jiff::Timestamp;
use nightdesk::agent::Agent;
use nightdesk::channel::{Acceptance, Answer, Channel, Outgoing};
use nightdesk::community::Received;
use nightdesk::community::intake::Desk as _;
use nightdesk::core::apply::Asker;
use nightdesk::core::command::{Action, Command, Expect, Outcome};
use nightdesk::core::contact::Medium;
use nightdesk::core::event::CloudEvent;
use nightdesk::core::handover::{Closed, HandoverState};
use nightdesk::core::id::{AlertId, HandoverId};
use nightdesk::core::person::{PersonId, Role};
use nightdesk::core::reply::{Became, Inbound};
use nightdesk::store::Store;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const CONFIG: &str = r#"
[desk]
name = "simulated"
time_zone = "UTC"

[[source]]
name = "community"

[[channel]]
name = "sms"
kind = "spool"
carries = ["sms"]

[[channel]]
name = "mail"
kind = "spool"
carries = ["email"]

[[person]]
id = "maria"
name = "Maria Weber"
role = "responder"
phone = "+49 151 23456701"
email = "maria@example.net"

[[person]]
id = "jonas"
name = "Jonas Roth"
role = "responder"
phone = "+49 151 23456702"
email = "jonas@example.net"

[[schedule]]
name = "primary"
people = ["jonas", "maria"]
turn_days = 1
start = 2026-03-28
handoff = "07:00"

[[policy]]
name = "urgent"
steps = [{ after = "0s", notify = ["oncall:primary"] }]
last_resort = { every = "1h", notify = ["oncall:primary"] }

[catch_all]
policy = "urgent"

[promise]
high = "8h"
"#;

/// What somebody got: who, by mail or text, and its subject or words.
type Got = (&'static str, Medium, String);

/// Takes every message, and remembers it.
#[derive(Clone, Default)]
struct Handsets(Arc<Mutex<Vec<Got>>>);

#[async_trait]
impl Channel for Handsets {
    async fn send(&self, message: &Outgoing) -> Answer {
        let maria = message.address.contains("maria") || message.address.ends_with("01");
        let said = match message.medium {
            Medium::Sms => message.body.raw(),
            Medium::Email => message.subject.raw(),
        };
        let who = if maria { "maria" } else { "jonas" };
        self.0.lock().unwrap().push((who, message.medium, said.to_owned()));
        Answer::Accepted(Acceptance { said: "taken".into(), parts: 1, ..Acceptance::default() })
    }

    fn connections(&self) -> usize {
        1
    }
}

impl Handsets {
    fn got(&self) -> Vec<Got> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }

    /// The texts, as who got them and how they begin.
    fn texts(&self) -> Vec<(&'static str, String)> {
        let texts = self.got().into_iter().filter(|(_, medium, _)| *medium == Medium::Sms);
        texts.map(|(who, _, said)| (who, said)).collect()
    }
}

fn at(text: &str) -> Timestamp {
    format!("2026-03-{text}:00Z").parse().unwrap()
}

/// One life of the agent, in virtual time; it ends without a word, like any crash.
fn live(folder: &Path, start: Timestamp, handsets: &Handsets, within: impl AsyncFnOnce(Arc<Agent>, Store)) {
    let channels = || -> life::Channels {
        vec![("sms", Arc::new(handsets.clone())), ("mail", Arc::new(handsets.clone()))]
    };
    life::live(CONFIG, folder, start, channels, within);
}

/// Lets time pass until that moment, and what falls due at it be done.
async fn until(agent: &Agent, moment: &str) {
    let wait = at(moment).duration_since(agent.world.now());
    tokio::time::sleep(Duration::try_from(wait).unwrap() + Duration::from_secs(20)).await;
}

async fn raise(agent: &Agent, id: &str) {
    let data = json!({
        "exception": { "id": id, "kind": "blocked_order", "title": format!("Blocked order {id}") },
        "partner": { "id": id, "name": format!("Partner {id}") },
        "severity": "high",
    });
    let event = CloudEvent {
        id: id.to_owned(),
        source: "/community".to_owned(),
        kind: "community.exception.raised".to_owned(),
        time: None,
        subject: None,
        attributes: BTreeMap::new(),
        data,
    };
    agent.accept("community", vec![Received::check(event, None).unwrap()]).await.unwrap();
    tokio::time::sleep(Duration::from_secs(5)).await;
}

async fn asks(agent: &Agent, who: &str, action: Action) -> Outcome {
    let asker = Asker { id: PersonId(who.into()), name: who.to_owned(), role: Role::Responder, login: None };
    let id = format!("{who}-{}", agent.world.now());
    agent.command(Command { id, action, expect: Expect::default() }, asker).await.unwrap()
}

async fn done(agent: &Agent, who: &str, action: Action) {
    let outcome = asks(agent, who, action).await;
    assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
}

async fn state(store: &Store, id: u64) -> (HandoverState, Option<Closed>) {
    let found = store.read(move |tx| tx.handover(HandoverId(id))).await.unwrap().unwrap();
    (found.state, found.closed)
}

fn reply(text: &str) -> Inbound {
    Inbound {
        channel: "sms".into(),
        provider_id: text.into(),
        medium: Medium::Sms,
        from: "+4915123456701".into(),
        text: text.into(),
        answers: None,
        automatic: None,
    }
}

#[test]
fn from_the_note_to_the_acceptance_over_a_crash() {
    let folder = tempfile::tempdir().unwrap();
    let handsets = Handsets::default();
    live(folder.path(), at("29T05:00"), &handsets, async |agent, store| {
        raise(&agent, "1").await;
        done(&agent, "jonas", Action::Ack { alert: AlertId(1), next_update_by: None }).await;
        assert_eq!(handsets.texts().len(), 1, "the page");
        until(&agent, "29T06:30").await;
        let asked = handsets.got();
        let [(who, Medium::Email, subject)] = &asked[..] else { panic!("{asked:?}") };
        assert_eq!(
            (*who, subject.as_str()),
            ("jonas", "[primary] You hand over to Maria Weber at 07:00: 1 promise")
        );
        let text = "The plant answers only before nine.".into();
        done(&agent, "jonas", Action::NoteHandover { handover: None, text }).await;
        assert_eq!(state(&store, 1).await.0, HandoverState::Ahead);
    });
    // A crash before the hand-off, and one after it: it is told once.
    live(folder.path(), at("29T06:50"), &handsets, async |agent, _| {
        until(&agent, "29T07:00").await;
        let came = handsets.got();
        assert_eq!(came.len(), 2, "{came:?}");
        let said = &came.iter().find(|(_, medium, _)| *medium == Medium::Sms).unwrap().2;
        assert!(
            said.starts_with("You have primary until Mon 07:00 from J.Roth. 1 promise. Reply ACCEPT "),
            "{said}"
        );
        assert!(came.iter().all(|(who, ..)| *who == "maria"), "{came:?}");
    });
    live(folder.path(), at("29T07:02"), &handsets, async |agent, store| {
        raise(&agent, "2").await;
        let paged: Vec<&str> = handsets.texts().into_iter().map(|(who, _)| who).collect();
        assert_eq!(paged, ["maria", "jonas"], "whoever left comes last");
        until(&agent, "29T07:31").await;
        let reminded = handsets.texts();
        assert_eq!(reminded.len(), 1, "{reminded:?}");
        assert_eq!(reminded[0].0, "maria");
        let code = reminded[0].1.rsplit(' ').next().unwrap().to_owned();
        assert_eq!(state(&store, 1).await.0, HandoverState::Open);

        let became = nightdesk::agent::replies::take_one(&agent, reply(&format!("Accept {code}"))).await;
        assert_eq!(became.unwrap(), Became::Acted);
        tokio::time::sleep(Duration::from_secs(15)).await;
        let told = handsets.texts();
        assert_eq!(told.len(), 2, "{told:?}");
        let of = |who| told.iter().find(|(whom, _)| *whom == who).unwrap().1.clone();
        assert!(
            of("maria").starts_with("You have primary from Jonas Roth (H1): 1 promise now yours; "),
            "{told:?}"
        );
        assert!(of("jonas").starts_with("M.Weber has taken over primary: 1 promise now theirs."), "{told:?}");
        let alert = store.read(|tx| tx.alert(AlertId(1))).await.unwrap().unwrap();
        assert_eq!(alert.held_by(), Some(&PersonId("maria".into())));
        let timeline = store.read(|tx| tx.timeline(AlertId(1))).await.unwrap();
        let said = |n: &nightdesk::core::change::Numbered| n.change.summary.raw().to_owned();
        assert!(
            timeline.iter().any(|n| said(n) == "Maria Weber took it over from Jonas Roth (H1)."),
            "{timeline:#?}"
        );
        assert_eq!(state(&store, 1).await, (HandoverState::Accepted, None));

        raise(&agent, "3").await;
        let paged: Vec<&str> = handsets.texts().into_iter().map(|(who, _)| who).collect();
        assert_eq!(paged, ["maria"], "whoever was relieved is left in peace");
        let refused = asks(&agent, "jonas", Action::AcceptHandover { handover: Some(HandoverId(1)) }).await;
        let Outcome::Refused { refusal } = refused else { panic!("{refused:?}") };
        assert_eq!(refusal.by, Some(PersonId("maria".into())));
    });
}

#[test]
fn a_hand_off_that_the_desk_missed_is_told_once_and_late_and_ends_when_nothing_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let handsets = Handsets::default();
    live(folder.path(), at("29T05:00"), &handsets, async |agent, _| {
        raise(&agent, "1").await;
        done(&agent, "jonas", Action::Ack { alert: AlertId(1), next_update_by: None }).await;
        handsets.got();
    });
    live(folder.path(), at("29T08:10"), &handsets, async |agent, store| {
        tokio::time::sleep(Duration::from_secs(20)).await;
        let texts = handsets.texts();
        let [(who, said)] = &texts[..] else { panic!("{texts:?}") };
        assert_eq!(*who, "maria");
        assert!(said.starts_with("(Late: the desk was away.) You have primary since 07:00 "), "{said}");
        assert_eq!(state(&store, 1).await.0, HandoverState::Open);
        let resolve = Action::Resolve { alert: AlertId(1), reason: "It is done.".into() };
        done(&agent, "jonas", resolve).await;
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert_eq!(state(&store, 1).await, (HandoverState::Closed, Some(Closed::Done)));
        raise(&agent, "2").await;
        let paged: Vec<&str> = handsets.texts().into_iter().map(|(who, _)| who).collect();
        assert_eq!(paged, ["maria"]);
        // Nobody accepts the next, and the one after it hands over what is left.
        let later = agent.world.now() + jiff::SignedDuration::from_hours(70);
        done(&agent, "maria", Action::Ack { alert: AlertId(2), next_update_by: Some(later) }).await;
    });
    live(folder.path(), at("30T06:59"), &handsets, async |agent, store| {
        until(&agent, "30T07:00").await;
        assert_eq!(state(&store, 2).await.0, HandoverState::Open);
    });
    live(folder.path(), at("31T06:59"), &handsets, async |agent, store| {
        until(&agent, "31T07:00").await;
        assert_eq!(state(&store, 2).await.1, Some(Closed::Superseded { by: HandoverId(3) }));
        // What is Maria's comes back to her: there is nothing to hand over.
        let third = store.read(|tx| tx.handover(HandoverId(3))).await.unwrap().unwrap();
        let alerts = store.read(|tx| tx.unresolved_alerts()).await.unwrap();
        assert_eq!(third.closed, Some(Closed::Nothing), "{third:#?} {alerts:#?}");
    });
}
