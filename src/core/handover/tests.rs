//! Hand-overs against a small desk: who is told what, who is paged until it is accepted, and what moves.

use super::course::{self, Facts};
use super::{Closed, Handover, HandoverState, Known, Loaded, Quiet, unaccepted};
use crate::core::alert::{AlertState, Step, Target};
use crate::core::apply::{self, Asker, CommandView};
use crate::core::assignment::{Assignment, Origin, Scope};
use crate::core::change::{Change, Object, What};
use crate::core::command::{Action, Command, Expect, Refusal, RefusalCode};
use crate::core::contact::Medium;
use crate::core::desk::Carrier;
use crate::core::escalation::Decision;
use crate::core::id::{AlertId, HandoverId, Ids, OverrideId};
use crate::core::notification::{Notification, NotificationState, Purpose};
use crate::core::partner::PartnerRef;
use crate::core::person::{PersonId, Role};
use crate::core::reply::{self, Became, Inbound, ReplyView};
use crate::core::scenario::Scene;
use crate::core::schedule::{Length, Override, OverrideState, Rotation, Schedule, Start};
use crate::core::sms;
use crate::core::task::{Task, TaskKind, TaskState};
use jiff::civil::{date, time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

fn id(name: &str) -> PersonId {
    PersonId(name.into())
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Jonas is on until 07:00, Maria after him, and so on, a day each.
fn daily(people: &[&str]) -> Schedule {
    let people = people.iter().map(|name| id(name)).collect();
    let start = Start::Day(date(2026, 3, 27));
    let rotation = Rotation::new(people, &Length::Days(1), time(7, 0, 0, 0), start, &TimeZone::UTC);
    Schedule::simple("primary", TimeZone::UTC, rotation)
}

struct Desk {
    scene: Scene,
    known: BTreeMap<HandoverId, Handover>,
}

impl Desk {
    /// 22:00, Jonas on call, both reachable by text and mail.
    fn new() -> Self {
        let on_call = |after: i64| Step {
            after: SignedDuration::from_mins(after),
            notify: vec![Target::OnCall("primary".into())],
        };
        let mut scene = Scene::new(vec![on_call(0), on_call(6)], on_call(10));
        scene.desk.schedules.insert("primary".into(), daily(&["maria", "jonas"]));
        scene.desk.carriers.push(Carrier::plain("mail", &[Medium::Email]));
        for name in ["maria", "jonas"] {
            let person = scene.desk.people.get_mut(&id(name)).unwrap();
            person.email = Some(format!("{name}@example.net").parse().unwrap());
        }
        let mut desk = Self { scene, known: BTreeMap::new() };
        desk.look();
        desk
    }

    fn live(&self) -> Vec<Handover> {
        self.known.values().filter(|one| one.is_live()).cloned().collect()
    }

    fn the(&self, number: u64) -> &Handover {
        &self.known[&HandoverId(number)]
    }

    fn keep(&mut self, changes: Vec<Change>) {
        for change in &changes {
            if let Object::Handover(one) = &change.object {
                self.known.insert(one.id, (**one).clone());
            }
        }
        for change in &changes {
            if let Object::Task(task) = &change.object {
                self.scene.tasks.retain(|known| known.id != task.id);
            }
        }
        self.scene.keep(changes);
        self.scene.desk.unaccepted = unaccepted(&self.live());
    }

    /// The desk does what is due, about hand-overs first; says whether anything was.
    fn look(&mut self) -> bool {
        let desk = self.scene.desk.clone();
        let live = self.live();
        let mut decision = Decision::new(&desk, self.scene.now, self.scene.ids);
        let known = Known { alerts: self.scene.alerts.values().cloned().collect(), ..Known::default() };
        let tasks = self.scene.tasks.clone();
        course::decide(&mut decision, &live, &Facts { known, tasks });
        self.scene.ids = decision.ids;
        let decided = !decision.changes.is_empty();
        self.keep(decision.changes);
        assert!(
            !course::is_due(&self.scene.desk, &self.live(), self.scene.now),
            "what was done is due again"
        );
        decided
    }

    fn goes_to(&mut self, moment: &str) {
        self.scene.now = at(moment);
        self.look();
        self.scene.due();
    }

    fn loaded(&self) -> Vec<Loaded> {
        let messages: Vec<Notification> = self.scene.notifications.values().cloned().collect();
        let load = |one: &Handover| Loaded {
            alerts: self.scene.alerts.values().map(|alert| (alert.clone(), messages.clone())).collect(),
            tasks: self.scene.tasks.clone(),
            handover: one.clone(),
        };
        self.known.values().map(load).collect()
    }

    fn asks(&mut self, who: &str, action: Action) -> Result<String, Refusal> {
        let role = self.scene.desk.role_of(&id(who));
        let asker = Asker { id: id(who), name: who.into(), role, login: None };
        let command = Command { id: "c".into(), action, expect: Expect::default() };
        let view = CommandView { handovers: self.loaded(), ..CommandView::default() };
        let desk = self.scene.desk.clone();
        let (said, changes, ids) =
            apply::command(&desk, view, &command, &asker, self.scene.ids, self.scene.now)?;
        self.scene.ids = ids;
        self.keep(changes);
        Ok(said)
    }

    fn accepts(&mut self, who: &str) -> Result<String, Refusal> {
        self.asks(who, Action::AcceptHandover { handover: None })
    }

    fn task(&mut self, owner: &str, partner: Option<&str>) {
        let number = self.scene.ids.next_task();
        let partner =
            partner.map(|name| PartnerRef { id: name.into(), name: name.into(), ..PartnerRef::default() });
        self.scene.tasks.push(Task {
            id: number,
            state: TaskState::Open,
            kind: TaskKind::Fix,
            title: "A phone is dead".into(),
            partner,
            alert: None,
            notification: None,
            key: number.to_string().into(),
            team: None,
            owner: Some(id(owner)),
            due_at: None,
            lead_at: None,
            reminded: None,
            about: None,
            snoozed_until: None,
            created_at: self.scene.now,
            updated_at: self.scene.now,
        });
    }

    /// What was queued since, as (to whom, medium, why).
    fn told(&self, since: usize) -> Vec<(&str, Medium, &str)> {
        let told = self.scene.notifications.values().skip(since);
        told.map(|n| (n.recipient.name.raw(), n.medium, n.reason.via.raw())).collect()
    }

    /// Whom messages since then page, in this order.
    fn paged(&self, since: usize) -> Vec<(&str, &str)> {
        let pages = self.scene.notifications.values().skip(since);
        let pages = pages.filter(|n| n.purpose == Purpose::Page && n.medium == Medium::Sms);
        pages.map(|n| (n.recipient.name.raw(), n.reason.via.raw())).collect()
    }

    fn count(&self) -> usize {
        self.scene.notifications.len()
    }

    /// Marks everything that waits as handed over.
    fn sent(&mut self) {
        use crate::core::delivery::{self, Delivering};
        for n in self.scene.notifications.values_mut() {
            if n.state == NotificationState::Queued {
                let mut ids = Ids::default();
                let (desk, now) = (&self.scene.desk, self.scene.now);
                delivery::claim(
                    &mut Delivering { desk, down: &delivery::ALL_UP, reach: None, ids: &mut ids, now },
                    n,
                );
            }
        }
    }

    /// Jonas has A1, Maria comes at 07:00.
    fn handing_over() -> Self {
        let mut desk = Self::new();
        desk.scene.raise("x1");
        desk.sent();
        desk.scene.ack("jonas").unwrap();
        desk.goes_to("2026-03-28T22:59:00Z");
        let later = desk.scene.now + SignedDuration::from_hours(12);
        let again = Action::Ack { alert: AlertId(1), next_update_by: Some(later) };
        desk.scene.command("jonas", again, Expect::default()).unwrap();
        desk.goes_to("2026-03-29T07:00:00Z");
        desk
    }
}

const MARIA: &str = "hands over primary, not accepted yet";

#[test]
fn one_hand_over_is_always_ahead_and_a_line_may_be_added_to_it() {
    let mut desk = Desk::new();
    let ahead = desk.the(1);
    assert_eq!((ahead.state, ahead.at), (HandoverState::Ahead, Some(at("2026-03-29T07:00:00Z"))));
    assert_eq!((&ahead.outgoing, &ahead.incoming), (&vec![id("jonas")], &vec![id("maria")]));
    assert_eq!(ahead.due_at, Some(at("2026-03-29T06:30:00Z")));
    assert!(!desk.look(), "nothing is due");
    let note = Action::NoteHandover { handover: None, text: "The carrier calls at 8.".into() };
    let said = desk.asks("jonas", note.clone()).unwrap();
    assert!(said.starts_with("Noted for H1: maria reads it when primary goes to them at "), "{said}");
    assert_eq!(desk.asks("maria", note).unwrap_err().code, RefusalCode::NotFound);
}

#[test]
fn whoever_leaves_is_asked_once_for_a_note_with_what_is_open() {
    let mut desk = Desk::new();
    desk.scene.raise("x1");
    let before = desk.count();
    desk.goes_to("2026-03-29T06:30:00Z");
    let asked: Vec<&Notification> =
        desk.scene.notifications.values().skip(before).filter(|n| n.purpose == Purpose::Notice).collect();
    assert_eq!(asked.len(), 1);
    assert_eq!((asked[0].recipient.name.raw(), asked[0].medium), ("jonas", Medium::Email));
    let text = asked[0].content.body.raw();
    assert!(text.contains("nightdesk handover note --of H1") && text.contains("A1"), "{text}");
    let notices =
        |desk: &Desk| desk.scene.notifications.values().filter(|n| n.purpose == Purpose::Notice).count();
    desk.goes_to("2026-03-29T06:59:00Z");
    assert_eq!(notices(&desk), 1);
}

#[test]
fn whoever_comes_gets_one_text_with_a_code_and_one_mail_with_the_sheet_and_the_note() {
    let mut desk = Desk::new();
    desk.scene.raise("x1");
    desk.scene.ack("jonas").unwrap();
    let note = Action::NoteHandover { handover: None, text: "The carrier\ncalls at 8.".into() };
    desk.asks("jonas", note).unwrap();
    desk.scene.now = at("2026-03-29T07:00:00Z");
    let before = desk.count();
    desk.look();
    let told: Vec<&Notification> = desk.scene.notifications.values().skip(before).collect();
    assert_eq!(told.len(), 2);
    let (text, mail) = (told[0].content.body.raw(), told[1].content.body.raw());
    let code = desk.scene.desk.reply_key.code(told[0].id);
    assert_eq!(text, format!("You have primary until Mon 07:00 from jonas. 1 promise. Reply ACCEPT {code}"));
    assert!(sms::length(text) <= 160);
    assert!(mail.contains("nightdesk handover accept H1") && mail.contains("The carrier"), "{mail}");
    assert!(mail.contains("jonas has it; news promised by"), "{mail}");
    assert_eq!(desk.the(1).state, HandoverState::Open);
    assert_eq!(desk.the(2).state, HandoverState::Ahead);
    assert_eq!(desk.the(2).incoming, [id("jonas")]);
}

#[test]
fn with_nothing_to_hand_over_nothing_is_asked_and_quiet_may_be_silence() {
    let mut desk = Desk::new();
    desk.scene.now = at("2026-03-29T07:00:00Z");
    desk.look();
    assert_eq!((desk.the(1).state, desk.the(1).closed), (HandoverState::Closed, Some(Closed::Nothing)));
    let told = desk.told(0);
    assert_eq!(told, [("maria", Medium::Email, "comes on call for primary")]);
    assert!(desk.scene.desk.unaccepted.is_empty());

    let mut desk = Desk::new();
    desk.scene.desk.handover.when_quiet = Quiet::Nothing;
    desk.goes_to("2026-03-29T06:30:00Z");
    desk.goes_to("2026-03-29T07:00:00Z");
    assert_eq!((desk.the(1).closed, desk.count()), (Some(Closed::Nothing), 0));
}

/// Whoever changes the plan tells those whom it concerns; with nothing to hand over that is all they need.
#[test]
fn a_plan_that_changes_under_somebody_sends_no_second_mail_where_there_is_nothing_to_hand_over() {
    let mut desk = Desk::new();
    desk.scene.desk.schedules.insert("primary".into(), daily(&["jonas", "maria"]));
    desk.look();
    assert_eq!((desk.the(1).closed, desk.count()), (Some(Closed::Nothing), 0));
    assert_eq!((desk.the(2).state, &desk.the(2).outgoing), (HandoverState::Ahead, &vec![id("maria")]));
    // What is in hand is handed over all the same.
    let mut desk = Desk::new();
    desk.scene.raise("x1");
    desk.sent();
    desk.scene.ack("jonas").unwrap();
    desk.scene.desk.schedules.insert("primary".into(), daily(&["jonas", "maria"]));
    let before = desk.count();
    desk.look();
    assert_eq!(desk.the(1).state, HandoverState::Open);
    assert_eq!(desk.count() - before, 2, "a text and a mail");
}

#[test]
fn until_it_is_accepted_whoever_left_is_paged_too_and_last() {
    let mut desk = Desk::handing_over();
    let before = desk.count();
    desk.scene.raise("x2");
    assert_eq!(desk.paged(before), [("maria", "on call: primary, in turn"), ("jonas", MARIA)]);
    let before = desk.count();
    desk.accepts("maria").unwrap();
    desk.scene.pass(6);
    desk.look();
    desk.scene.due();
    assert_eq!(desk.paged(before), [("maria", "on call: primary, in turn")]);
}

#[test]
fn accepting_moves_what_whoever_left_has_in_hand_and_says_so_once_to_each() {
    let mut desk = Desk::handing_over();
    desk.task("jonas", None);
    desk.task("jonas", Some("acme"));
    desk.task("nils", None);
    desk.scene.desk.assignments = vec![Assignment {
        role: "coordinator".into(),
        person: id("jonas"),
        deputy: None,
        scope: Scope::Partner("acme".into()),
        until: None,
        origin: Origin::File,
    }];
    let promised = desk.scene.alert().next_update_by;
    let before = desk.count();
    let said = desk.accepts("maria").unwrap();
    assert!(said.starts_with("You have primary from jonas (H1): 1 promise, 1 task now yours; "), "{said}");
    assert_eq!(
        (desk.scene.alert().holder.clone(), desk.scene.alert().state),
        (Some(id("maria")), AlertState::Acknowledged)
    );
    assert_eq!(desk.scene.alert().next_update_by, promised);
    let owners: Vec<&str> = desk
        .scene
        .tasks
        .iter()
        .filter_map(|task| task.owner.as_ref())
        .map(|owner| owner.0.as_str())
        .collect();
    assert_eq!(owners, ["jonas", "nils", "maria"], "the partner's own coordinator keeps their task");
    // He was paged for it, and hears it in one message all the same.
    assert_eq!(desk.told(before), [("jonas", Medium::Sms, "handed over primary")]);
    let told = desk.scene.notifications.values().next_back().unwrap();
    assert!(
        told.content.body.raw().starts_with("maria has taken over primary: 1 promise, 1 task"),
        "{told:?}"
    );
    assert!(desk.scene.history.iter().any(|change| change.what == What::AlertHandedOver));
    assert_eq!(desk.the(1).state, HandoverState::Accepted);
}

#[test]
fn the_second_is_told_who_was_first_and_only_whoever_comes_or_may_stand_in_accepts() {
    let mut desk = Desk::handing_over();
    let refused = desk.accepts("jonas").unwrap_err();
    assert_eq!(refused.said.raw(), "You hand primary over yourself; maria accepts it.");
    let refused = desk.accepts("nils").unwrap_err();
    assert_eq!(refused.code, RefusalCode::NotAllowed);
    desk.scene.desk.people.get_mut(&id("nils")).unwrap().role = Role::Admin;
    desk.accepts("nils").unwrap();
    let accept = Action::AcceptHandover { handover: Some(HandoverId(1)) };
    let refused = desk.asks("maria", accept).unwrap_err();
    assert_eq!((refused.code, &refused.by), (RefusalCode::Raced, &Some(id("nils"))));
    assert!(refused.said.raw().starts_with("nils was first: H1 was accepted at "), "{refused:?}");
    assert_eq!(desk.scene.alert().holder, Some(id("nils")));
}

#[test]
fn a_broken_promise_pages_both_while_it_is_not_accepted() {
    let mut desk = Desk::handing_over();
    let before = desk.count();
    desk.goes_to("2026-03-29T11:00:00Z");
    assert_eq!(desk.paged(before), [("maria", "on call: primary, in turn"), ("jonas", MARIA)]);
    // Where the policy asks the schedule only later, they are paged all the same.
    let mut desk = Desk::handing_over();
    let alert = desk.scene.alerts.get_mut(&AlertId(1)).unwrap();
    alert.policy.steps[0].notify = vec![Target::Person(id("nils"))];
    alert.policy.steps[1].notify = vec![Target::Person(id("nils"))];
    let before = desk.count();
    desk.goes_to("2026-03-29T11:00:00Z");
    let who: Vec<&str> = desk.paged(before).into_iter().map(|(who, _)| who).collect();
    assert_eq!(who, ["maria", "jonas"]);
}

#[test]
fn whoever_comes_is_reminded_once() {
    let mut desk = Desk::handing_over();
    let before = desk.count();
    desk.scene.now = at("2026-03-29T07:30:00Z");
    desk.look();
    let told = desk.told(before);
    assert_eq!(told, [("maria", Medium::Sms, "came on call for primary, not accepted yet")]);
    desk.scene.now = at("2026-03-29T09:30:00Z");
    assert!(!desk.look());
}

#[test]
fn what_is_left_at_the_next_hand_off_is_handed_over_by_that_one() {
    let mut desk = Desk::handing_over();
    desk.scene.desk.schedules.insert("primary".into(), daily(&["maria", "jonas", "nils"]));
    desk.scene.now = at("2026-03-29T12:00:00Z");
    // Another plan: nils is on now, whoever was before.
    desk.look();
    assert_eq!(desk.the(1).closed, Some(Closed::Superseded { by: HandoverId(2) }));
    let second = desk.the(2);
    assert_eq!(second.state, HandoverState::Open);
    assert_eq!((&second.outgoing, &second.incoming), (&vec![id("maria"), id("jonas")], &vec![id("nils")]));
    assert_eq!(second.at, Some(desk.scene.now), "it is the plan that changed");
    desk.accepts("nils").unwrap();
    assert_eq!(desk.scene.alert().holder, Some(id("nils")));
}

#[test]
fn it_is_closed_when_nothing_is_left_to_hand_over() {
    let mut desk = Desk::handing_over();
    assert_eq!(desk.the(1).state, HandoverState::Open);
    let resolve = Action::Resolve { alert: AlertId(1), reason: "done".into() };
    desk.scene.command("jonas", resolve, Expect::default()).unwrap();
    desk.look();
    assert_eq!(desk.the(1).closed, Some(Closed::Done));
    assert!(desk.scene.desk.unaccepted.is_empty());
    let refused = desk.asks("maria", Action::AcceptHandover { handover: Some(HandoverId(1)) }).unwrap_err();
    assert_eq!(refused.said.raw(), "H1 is closed: nothing is left to hand over.");
}

#[test]
fn of_several_missed_hand_offs_only_the_last_is_told_late_with_everybody_who_left() {
    let mut desk = Desk::new();
    desk.scene.desk.schedules.insert("primary".into(), daily(&["maria", "jonas", "nils"]));
    desk.look();
    desk.scene.raise("x1");
    desk.scene.ack("jonas").unwrap();
    // jonas, nils, maria: the desk sees neither of them come.
    desk.scene.now = at("2026-03-30T09:00:00Z");
    let before = desk.count();
    desk.look();
    let open: Vec<&Handover> = desk.known.values().filter(|one| one.state == HandoverState::Open).collect();
    assert_eq!(open.len(), 1);
    assert_eq!((&open[0].outgoing, &open[0].incoming), (&vec![id("nils"), id("jonas")], &vec![id("maria")]));
    assert_eq!(open[0].at, Some(at("2026-03-30T07:00:00Z")));
    let text = desk.scene.notifications.values().nth(before).unwrap().content.body.raw();
    assert!(
        text.starts_with("(Late: the desk was away.) You have primary since 07:00 until Tue 07:00"),
        "{text}"
    );
    assert!(sms::length(text) <= 160 && text.contains("Reply ACCEPT "), "{text}");
}

#[test]
fn who_comes_again_after_a_gap_or_in_a_row_hands_nothing_over() {
    let mut desk = Desk::new();
    desk.scene.desk.schedules.insert("primary".into(), daily(&["jonas"]));
    desk.look();
    desk.scene.raise("x1");
    desk.goes_to("2026-04-03T09:00:00Z");
    assert_eq!(desk.known.len(), 1);
    assert_eq!(desk.the(1).at, None);
}

#[test]
fn a_clock_that_is_set_back_hands_nothing_back() {
    let mut desk = Desk::handing_over();
    desk.scene.now = at("2026-03-29T06:50:00Z");
    assert!(!desk.look());
    assert_eq!((desk.the(1).state, desk.known.len()), (HandoverState::Open, 2));
    desk.goes_to("2026-03-29T07:00:00Z");
    assert_eq!(desk.known.len(), 2);
}

#[test]
fn an_override_is_a_hand_off_like_any_other_and_quiet_for_whoever_was_told_of_it() {
    let mut desk = Desk::new();
    let over = Override {
        id: OverrideId(1),
        state: OverrideState::Active,
        schedule: "primary".into(),
        person: id("maria"),
        instead: None,
        from: at("2026-03-28T23:00:00Z"),
        until: at("2026-03-29T03:00:00Z"),
        swap: None,
        by: id("jonas"),
        created_at: desk.scene.now,
        updated_at: desk.scene.now,
    };
    let plan = desk.scene.desk.schedules["primary"].with(&[over], &desk.scene.desk);
    desk.scene.desk.schedules.insert("primary".into(), plan);
    desk.look();
    assert_eq!(desk.the(1).at, Some(at("2026-03-28T23:00:00Z")));
    desk.scene.desk.handover.note_before = SignedDuration::ZERO;
    desk.goes_to("2026-03-28T23:00:00Z");
    assert_eq!((desk.the(1).closed, desk.count()), (Some(Closed::Nothing), 0));
    desk.scene.raise("x1");
    desk.goes_to("2026-03-29T03:00:00Z");
    let back = desk.the(2);
    assert_eq!((back.state, &back.incoming), (HandoverState::Open, &vec![id("jonas")]));
}

#[test]
fn a_schedule_that_no_policy_asks_hands_nothing_over() {
    let mut desk = Desk::handing_over();
    desk.scene.desk.schedules.remove("primary");
    desk.look();
    assert!(desk.live().is_empty());
    assert_eq!(desk.the(1).closed, Some(Closed::Dropped));
}

/// What becomes of a text, and what it is answered with.
fn says(desk: &mut Desk, from: &str, text: &str) -> (Became, String) {
    let inbound = Inbound {
        channel: "sms".into(),
        provider_id: text.into(),
        medium: Medium::Sms,
        from: from.into(),
        text: text.into(),
        answers: None,
        automatic: None,
    };
    let settings = desk.scene.desk.clone();
    let newest = crate::core::id::NotificationId(desk.scene.ids.notification - 1);
    let named = reply::named(&settings, &inbound, newest);
    let named = named.and_then(|id| desk.scene.notifications.get(&id)).map(|n| (n.clone(), None));
    let view = ReplyView { named, handovers: desk.loaded(), ..ReplyView::default() };
    let (changes, ids) = reply::take(&settings, view, &inbound, desk.scene.ids, desk.scene.now);
    desk.scene.ids = ids;
    let kept = changes.iter().find_map(|change| match &change.object {
        Object::Reply(reply) => Some((reply.state, reply.said.raw().to_owned())),
        _ => None,
    });
    desk.keep(changes);
    kept.unwrap()
}

#[test]
fn a_text_accepts_by_its_code_or_alone_and_whoever_sends_another_accepts_nothing() {
    let mut desk = Desk::handing_over();
    let asked = desk.the(1).asked[0];
    let code = desk.scene.desk.reply_key.code(asked);
    let (became, said) = says(&mut desk, "+4915123456702", &format!("accept {code}"));
    assert_eq!((became, said.contains("is no hand-over of yours")), (Became::Refused, true), "{said}");
    let (_, said) = says(&mut desk, "+4915123456702", "ACCEPT");
    assert_eq!(said, "No hand-over waits for you.");
    let (became, said) = says(&mut desk, "+4915123456701", &format!("? {code}"));
    assert_eq!(became, Became::Answered);
    assert_eq!(said, "H1: primary from jonas, not accepted yet: 1 promise.");
    let (became, _) = says(&mut desk, "+4915123456701", &format!("Accept {code} thanks"));
    assert_eq!(became, Became::Acted);
    assert_eq!(desk.scene.alert().holder, Some(id("maria")));
    let (became, said) = says(&mut desk, "+4915123456701", &format!("ACK {code}"));
    assert_eq!((became, said.starts_with("maria was first")), (Became::Refused, true), "{said}");

    let mut desk = Desk::handing_over();
    assert_eq!(says(&mut desk, "+4915123456701", "ACCEPT").0, Became::Acted);
}

#[test]
fn a_note_after_the_hand_off_is_mailed_and_after_it_is_accepted_refused() {
    let mut desk = Desk::handing_over();
    let before = desk.count();
    let note = |text: &str| Action::NoteHandover { handover: None, text: text.into() };
    desk.asks("jonas", note("One more thing.")).unwrap();
    assert_eq!(desk.told(before), [("maria", Medium::Email, "came on call, and a note was added")]);
    desk.accepts("maria").unwrap();
    let late = Action::NoteHandover { handover: Some(HandoverId(1)), text: "Too late.".into() };
    assert_eq!(desk.asks("jonas", late).unwrap_err().code, RefusalCode::WrongState);
}
