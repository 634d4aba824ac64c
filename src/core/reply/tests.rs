//! Replies against a small desk: whose they are, what they do, and what is answered.

use super::{Became, Code, Inbound, Paged, Reply, ReplyView, named, take, task_keys};
use crate::core::alert::AlertState;
use crate::core::change::{Change, Object};
use crate::core::consent::{Choice, Consent, Means};
use crate::core::contact::{Contact, Medium};
use crate::core::id::{Ids, NotificationId};
use crate::core::notification::{Notification, NotificationState, Purpose, RecipientId};
use crate::core::person::{PersonId, Role};
use crate::core::scenario::{Scene, exception};
use crate::core::suppression::{Suppression, SuppressionState};
use crate::core::sync::blank_contact;
use crate::core::task::{Task, TaskState};
use jiff::Timestamp;
use proptest::prelude::*;

const MARIA: &str = "+4915123456701";
const JONAS: &str = "+4915123456702";
const ANA: &str = "+34612345678";

struct Desk {
    scene: Scene,
    contacts: Vec<Contact>,
    suppression: Option<Suppression>,
    replies: Vec<Reply>,
    ledger: Vec<Consent>,
}

impl Desk {
    fn new() -> Self {
        let scene = Scene::usual();
        let mut ana = blank_contact("ana".into(), scene.now);
        ana.name = "Ana López".into();
        ana.partner_id = Some("acme".into());
        ana.locale = Some("es".into());
        ana.phones = vec![ANA.parse().unwrap()];
        Self { scene, contacts: vec![ana], suppression: None, replies: vec![], ledger: vec![] }
    }

    fn paging(alerts: &[&str]) -> Self {
        let mut desk = Self::new();
        for id in alerts {
            desk.scene.raise(id);
        }
        desk.scene.sent();
        desk
    }

    fn inbound(&self, from: &str, text: &str) -> Inbound {
        Inbound {
            channel: "sms".into(),
            provider_id: format!("{}", self.replies.len()),
            medium: Medium::Sms,
            from: from.into(),
            text: text.into(),
            answers: None,
            automatic: None,
        }
    }

    fn says(&mut self, from: &str, text: &str) -> Reply {
        let inbound = self.inbound(from, text);
        self.takes(inbound)
    }

    fn takes(&mut self, inbound: Inbound) -> Reply {
        self.takes_as(inbound, take)
    }

    fn takes_as(
        &mut self,
        inbound: Inbound,
        decide: impl Fn(&crate::core::desk::Desk, ReplyView, &Inbound, Ids, Timestamp) -> (Vec<Change>, Ids),
    ) -> Reply {
        let desk = self.scene.desk.clone();
        let paged = |alert: &crate::core::alert::Alert| {
            let of = |n: &&Notification| n.is_about(alert.id);
            Paged {
                alert: alert.clone(),
                notifications: self.scene.notifications.values().filter(of).cloned().collect(),
            }
        };
        let last = NotificationId(self.scene.ids.notification - 1);
        let named = named(&desk, &inbound, last)
            .and_then(|id| self.scene.notifications.get(&id))
            .map(|n| (n.clone(), n.alert.and_then(|alert| self.scene.alerts.get(&alert)).map(&paged)));
        let along = named.iter().flat_map(|(n, _): &(Notification, _)| {
            n.alerts().into_iter().filter(|alert| Some(*alert) != n.alert)
        });
        let along = along.filter_map(|id| self.scene.alerts.get(&id)).map(&paged).collect();
        let has = |contact: &&Contact, address: &str| {
            contact.phones.iter().any(|phone| phone.as_str() == address)
                || contact.emails.iter().any(|mailbox| mailbox.as_str() == address)
        };
        let senders: Vec<_> = self.contacts.iter().filter(|c| has(c, &inbound.from)).cloned().collect();
        let mailbox = named
            .as_ref()
            .and_then(|(n, _)| super::mailbox_meant(&desk, &inbound, n, &senders, self.scene.now));
        let address = mailbox.clone().unwrap_or_else(|| inbound.from.clone());
        let people = super::people_at(&desk, inbound.medium, &address);
        let to_them = |n: &Notification| {
            people.iter().any(|person| n.recipient.who == RecipientId::Person(person.id.clone()))
        };
        let told = |p: &Paged| {
            p.alert.state != AlertState::Resolved
                && p.notifications.iter().any(|n| n.has_left() && to_them(n) && !n.leaves_out(p.alert.id))
        };
        let theirs: Vec<Notification> =
            self.scene.notifications.values().filter(|n| to_them(n)).cloned().collect();
        let newest =
            super::told_last(&theirs).map(|n| (n.clone(), self.scene.alerts[&n.alert.unwrap()].clone()));
        let contacts: Vec<_> = self.contacts.iter().filter(|c| has(c, &address)).cloned().collect();
        let keys = task_keys(&desk, inbound.medium, &address, &contacts);
        let mut tasks: Vec<Task> = self.tasks().into_iter().cloned().collect();
        tasks.retain(|task| task.state != TaskState::Done && keys.contains(&task.key.raw().to_owned()));
        let day_ago = self.scene.now - jiff::SignedDuration::from_hours(24);
        let asked = |reply: &Reply| {
            let question = reply.state == Became::Asked && reply.answer.is_some();
            question && reply.created_at > day_ago && reply.address().raw() == address
        };
        let view = ReplyView {
            handovers: vec![],
            named,
            along,
            told: self.scene.alerts.values().rev().map(&paged).filter(told).collect(),
            newest,
            contacts,
            partner: None,
            suppression: self.suppression.clone().filter(|s| s.id.raw() == address),
            tasks,
            answered_lately: self.replies.iter().filter(|reply| reply.answer.is_some()).count() as u64,
            asked_lately: self.replies.iter().any(asked),
            mailbox,
        };
        let (changes, ids) = decide(&desk, view, &inbound, self.scene.ids, self.scene.now);
        self.scene.ids = ids;
        for change in &changes {
            match &change.object {
                Object::Contact(contact) => {
                    self.contacts.retain(|known| known.id != contact.id);
                    self.contacts.push((**contact).clone());
                }
                Object::Suppression(suppression) => self.suppression = Some((**suppression).clone()),
                Object::Reply(reply) => self.replies.push((**reply).clone()),
                Object::Consent(entry) => self.ledger.push((**entry).clone()),
                _ => {}
            }
        }
        self.scene.keep(changes);
        self.replies.last().unwrap().clone()
    }

    /// What the last reply was answered.
    fn answered(&self) -> String {
        let answer = self.replies.last().unwrap().answer.map(|id| &self.scene.notifications[&id]);
        answer.map_or_else(String::new, |n| n.content.body.raw().to_owned())
    }

    fn code(&self, message: u64) -> Code {
        self.scene.desk.reply_key.code(NotificationId(message))
    }

    fn state(&self, alert: u64) -> AlertState {
        self.scene.alerts[&crate::core::id::AlertId(alert)].state
    }
}

#[test]
fn a_page_carries_its_code_and_the_code_takes_the_alert() {
    let mut desk = Desk::paging(&["x1"]);
    let page = desk.scene.notifications[&NotificationId(1)].content.body.raw().to_owned();
    let code = desk.code(1);
    assert!(page.ends_with(&format!(" {code}")), "{page}");
    let reply = desk.says(MARIA, &format!("ack {code} 45"));
    assert_eq!((reply.state, desk.state(1)), (Became::Acted, AlertState::Acknowledged));
    assert_eq!(desk.scene.alert().next_update_by, Some(desk.scene.now + jiff::SignedDuration::from_mins(45)));
    assert_eq!(desk.answered(), "You took A1; news promised by 22:45 UTC.");
    let pages = desk.scene.notifications.values().filter(|n| n.purpose == Purpose::Page);
    assert!(pages.into_iter().all(|n| n.state == NotificationState::Sending), "it had left");
}

#[test]
fn a_bare_ack_with_several_open_asks_which_and_with_one_acts() {
    let mut desk = Desk::paging(&["x1", "x2"]);
    let reply = desk.says(MARIA, "ack");
    assert_eq!(reply.state, Became::Refused);
    let asked = desk.answered();
    assert!(asked.starts_with("Which of 2? Answer with its code:"), "{asked}");
    assert!(
        asked.contains(&desk.code(1).to_string()) && asked.contains(&desk.code(2).to_string()),
        "{asked}"
    );
    assert!(crate::core::sms::length(&asked) <= 160);
    let code = desk.code(2);
    desk.says(MARIA, &format!("ACK {code}"));
    assert_eq!((desk.state(1), desk.state(2)), (AlertState::Open, AlertState::Acknowledged));
    desk.says(MARIA, "ack");
    assert_eq!(desk.state(1), AlertState::Acknowledged, "only one is left open");
}

#[test]
fn a_code_works_for_its_recipient_only_and_not_for_ever() {
    let mut desk = Desk::paging(&["x1"]);
    let code = desk.code(1);
    for (from, why) in [(JONAS, "another person"), (ANA, "a contact"), ("+4915199999999", "a stranger")] {
        desk.says(from, &format!("ack {code}"));
        assert_eq!(desk.state(1), AlertState::Open, "{why}");
    }
    desk.scene.now += jiff::SignedDuration::from_hours(24 * 31);
    let reply = desk.says(MARIA, &format!("ack {code}"));
    assert_eq!((reply.state, desk.state(1)), (Became::Refused, AlertState::Open), "31 days later");
}

#[test]
fn the_second_of_two_is_told_who_was_first() {
    let mut desk = Desk::paging(&["x1"]);
    desk.scene.pass(6);
    desk.scene.due();
    let codes: Vec<_> =
        desk.scene.notifications.keys().map(|id| desk.scene.desk.reply_key.code(*id)).collect();
    desk.says(MARIA, &format!("ack {}", codes[0]));
    let reply = desk.says(JONAS, &format!("ack {}", codes[1]));
    assert_eq!(reply.state, Became::Refused);
    assert_eq!(desk.answered(), "maria was first: A1 is theirs since 22:06 UTC.");
    assert_eq!(desk.scene.alert().holder, Some(PersonId("maria".into())));
}

#[test]
fn a_viewer_and_a_machine_change_nothing() {
    let mut desk = Desk::paging(&["x1"]);
    let code = desk.code(1);
    let mut machine = desk.inbound(MARIA, &format!("ack {code}"));
    machine.automatic = Some("Auto-Submitted: auto-replied".into());
    let reply = desk.takes(machine);
    assert_eq!((reply.state, reply.answer, desk.state(1)), (Became::Ignored, None, AlertState::Open));
    desk.scene.desk.people.get_mut(&PersonId("maria".into())).unwrap().role = Role::Viewer;
    let reply = desk.says(MARIA, &format!("ack {code}"));
    assert_eq!((reply.state, desk.state(1)), (Became::Refused, AlertState::Open));
}

#[test]
fn stop_wins_is_confirmed_once_and_ends_only_by_start() {
    let mut desk = Desk::paging(&["x1"]);
    let code = desk.code(1);
    let reply = desk.says(MARIA, &format!("STOP ack {code}"));
    assert_eq!((reply.state, desk.state(1)), (Became::OptedOut, AlertState::Open));
    assert_eq!(desk.answered(), "test: you get no more SMS from us. Answer START to get them again.");
    let fix = desk.scene.tasks.last().unwrap().clone();
    assert_eq!(
        fix.title.raw(),
        "maria opted out of SMS: no page reaches them that way until they answer START"
    );
    assert_eq!(desk.says(MARIA, "stop").answer, None, "said once");
    assert_eq!(desk.says(MARIA, "what?").answer, None, "silence");
    let reply = desk.says(MARIA, "START");
    assert_eq!(reply.state, Became::OptedIn);
    assert_eq!(desk.suppression.as_ref().unwrap().state, SuppressionState::Lifted);
    assert_eq!(desk.scene.tasks.last().unwrap().state, crate::core::task::TaskState::Done);
}

#[test]
fn a_contacts_stop_and_start_are_theirs_in_their_language() {
    let mut desk = Desk::new();
    desk.says(ANA, "baja");
    assert!(desk.contacts[0].opted_out.contains(&Medium::Sms));
    assert_eq!(
        desk.answered(),
        "test: no recibira mas SMS nuestros. Responda START para recibirlos de nuevo."
    );
    let answer = desk.replies.last().unwrap().answer.unwrap();
    assert_eq!(desk.scene.notifications[&answer].answers.as_ref().unwrap().raw(), ANA);
    desk.says(ANA, "Start");
    assert!(desk.contacts[0].opted_out.is_empty() && desk.contacts[0].opted_in.contains(&Medium::Sms));
}

#[test]
fn every_stop_and_start_is_written_down_in_its_own_words() {
    let mut desk = Desk::paging(&["x1"]);
    desk.says(ANA, "baja por favor");
    desk.says(ANA, "start");
    desk.says(MARIA, "stop");
    desk.says("+4915199999999", "stop");
    let entries: Vec<_> = desk
        .ledger
        .iter()
        .map(|entry| {
            let who = entry.contact.as_ref().map(|id| id.raw().to_owned());
            let who = who.or(entry.person.as_ref().map(|id| id.0.clone())).unwrap_or_default();
            (entry.id.0, entry.state, who, entry.words.raw().to_owned(), entry.evidence.raw().to_owned())
        })
        .collect();
    let entry = |id, state, who: &str, words: &str, reply: u32| {
        (id, state, who.to_owned(), words.to_owned(), format!("sms:{reply}"))
    };
    assert_eq!(
        entries,
        [
            entry(1, Choice::Out, "ana", "baja por favor", 0),
            entry(2, Choice::In, "ana", "start", 1),
            entry(3, Choice::Out, "maria", "stop", 2),
            entry(4, Choice::Out, "", "stop", 3),
        ]
    );
    assert_eq!(desk.ledger[3].address.as_ref().unwrap().raw(), "+4915199999999");
}

#[test]
fn a_complaint_is_as_good_as_stop_is_not_answered_and_somebody_must_look() {
    let mut desk = Desk::new();
    desk.contacts[0].emails = vec!["ana@acme.example".parse().unwrap()];
    let about = NotificationId(7);
    let mut complain = || {
        let inbound = Inbound {
            channel: "mail".into(),
            medium: Medium::Email,
            ..desk.inbound("ana@acme.example", "complaint (abuse)")
        };
        desk.takes_as(inbound, |desk, view, inbound, ids, now| {
            super::complain(desk, view, inbound, about, ids, now)
        })
    };
    let reply = complain();
    assert_eq!((reply.state, reply.answer), (Became::OptedOut, None));
    complain();
    assert!(desk.contacts[0].opted_out.contains(&Medium::Email));
    assert!(desk.suppression.as_ref().unwrap().is_opt_out());
    let fixes: Vec<_> = desk.scene.tasks.iter().map(|task| task.title.raw()).collect();
    assert_eq!(fixes, ["Ana L\u{f3}pez complained of N7 as unwanted: no more mail goes to them"]);
    assert_eq!((desk.ledger[0].means, desk.ledger[0].state), (Means::Complaint, Choice::Out));
}

const ANAS_MAIL: &str = "ana@acme.example";

/// A desk that mails, and has links; Ana of Acme and Maria of the desk have mailboxes.
fn mailing() -> Desk {
    let mut desk = Desk::new();
    desk.contacts[0].emails = vec![ANAS_MAIL.parse().unwrap()];
    desk.contacts[0].locale = None;
    desk.scene.desk.carriers = vec![crate::core::desk::Carrier::plain("mail", &[Medium::Email])];
    desk.scene.desk.links.base = Some("https://desk.example.net".into());
    let maria = desk.scene.desk.people.get_mut(&PersonId("maria".into())).unwrap();
    maria.email = Some("maria@example.net".parse().unwrap());
    desk
}

impl Desk {
    fn mails(&mut self, from: &str, text: &str, answers: Option<NotificationId>) -> Reply {
        let inbound =
            Inbound { channel: "mail".into(), medium: Medium::Email, answers, ..self.inbound(from, text) };
        self.takes(inbound)
    }

    /// As they are now.
    fn tasks(&self) -> Vec<&Task> {
        let mut newest: Vec<&Task> = Vec::new();
        for task in &self.scene.tasks {
            newest.retain(|known| known.id != task.id);
            newest.push(task);
        }
        newest.sort_by_key(|task| task.id);
        newest
    }

    fn gets_mail(&self) -> bool {
        self.suppression.is_none() && !self.contacts[0].opted_out.contains(&Medium::Email)
    }
}

#[test]
fn a_mailed_stop_that_proves_no_sender_silences_nobody_asks_once_a_day_and_is_a_task() {
    let mut desk = mailing();
    let reply = desk.mails(ANAS_MAIL, "STOP", None);
    let question = &desk.scene.notifications[&reply.answer.unwrap()];
    assert_eq!((reply.state, question.answers.as_ref().unwrap().raw()), (Became::Asked, ANAS_MAIL));
    assert!(desk.gets_mail() && desk.ledger.is_empty());
    let said = desk.answered();
    assert!(said.starts_with("test: STOP came from this address in a mail that does not prove"), "{said}");
    let token = said.trim().rsplit_once("https://desk.example.net/v1/unsubscribe/").expect(&said).1;
    assert_eq!(desk.scene.desk.reply_key.of_link_token(super::Link::Unsubscribe, token), reply.answer);
    let [task] = desk.tasks()[..] else { panic!("a person can ask her") };
    assert_eq!((reply.task, task.state), (Some(task.id), TaskState::Open));
    assert_eq!(
        task.title.raw(),
        "Ana López: STOP came by a mail that proves no sender, so mail still goes to them; ask whether they meant it"
    );
    desk.scene.tasks[0].state = TaskState::Done;
    let answered = |desk: &mut Desk| desk.mails(ANAS_MAIL, "unsubscribe", None).answer.is_some();
    assert!(!answered(&mut desk), "not twice a day, whatever became of the task");
    desk.scene.now += jiff::SignedDuration::from_hours(25);
    assert!(answered(&mut desk) && !answered(&mut desk));
    assert!(desk.gets_mail());
    assert_eq!(desk.mails("eve@example.org", "STOP", None).state, Became::Ignored, "nobody knows her");
    assert_eq!(desk.replies.last().unwrap().answer, None, "no mail goes to whom nobody knows");
}

#[test]
fn whoever_answers_the_question_is_believed_and_the_mail_that_says_so_has_the_way_back() {
    let mut desk = mailing();
    let question = desk.mails(ANAS_MAIL, "STOP", None).answer;
    assert_eq!(desk.mails(ANAS_MAIL, "what is this?", question).state, Became::Task);
    assert!(desk.gets_mail(), "not by other words");
    let reply = desk.mails(ANAS_MAIL, "Stop.", question);
    assert_eq!((reply.state, desk.gets_mail()), (Became::OptedOut, false));
    assert_eq!((desk.ledger[0].means, desk.ledger[0].words.raw()), (Means::Reply, "Stop."));
    let asks: Vec<_> = desk.tasks().into_iter().filter(|task| task.key.raw().contains("stop")).collect();
    assert_eq!(asks.iter().map(|task| task.state).collect::<Vec<_>>(), [TaskState::Done]);
    let body = desk.answered();
    let token = body.trim().rsplit_once("https://desk.example.net/v1/subscribe/").expect(&body).1;
    assert_eq!(desk.scene.desk.reply_key.of_link_token(super::Link::Subscribe, token), reply.answer);
    let reply = desk.mails(ANAS_MAIL, "STOP", None);
    assert_eq!((reply.state, reply.answer), (Became::Ignored, None), "she has already");
    let reply = desk.mails(ANAS_MAIL, "START", None);
    assert_eq!(
        (reply.state, desk.gets_mail()),
        (Became::Ignored, false),
        "nobody else brings the mails back"
    );
}

#[test]
fn the_signed_link_of_the_question_ends_the_mails() {
    let mut desk = mailing();
    let question = desk.mails(ANAS_MAIL, "STOP", None).answer;
    let followed = Inbound {
        channel: "mail".into(),
        medium: Medium::Email,
        answers: question,
        ..desk.inbound(ANAS_MAIL, "followed the signed link")
    };
    let reply = desk.takes_as(followed, super::confirmed);
    assert_eq!((reply.state, desk.gets_mail(), reply.answer), (Became::OptedOut, false, None));
    assert_eq!((desk.ledger[0].means, desk.ledger[0].state), (Means::Link, Choice::Out));
    assert_eq!(desk.tasks()[0].state, TaskState::Done);
}

#[test]
fn a_stop_by_who_reads_a_contacts_mail_elsewhere_asks_where_that_mail_went() {
    let mut desk = mailing();
    let question = desk.mails(ANAS_MAIL, "STOP", None).answer.unwrap();
    // A mail to her that another reads, or got from her.
    let mut mail = desk.scene.notifications[&question].clone();
    mail.id = NotificationId(desk.scene.ids.notification);
    desk.scene.ids.notification += 1;
    mail.answers = None;
    mail.attempts.push(crate::core::notification::Attempt {
        number: 1,
        state: crate::core::notification::AttemptState::Handed,
        channel: "mail".into(),
        address: ANAS_MAIL.into(),
        started_at: desk.scene.now,
        ended_at: None,
        provider_ref: None,
        names: vec![],
        answer: None,
        possible_duplicate: false,
        parts: 1,
    });
    let id = mail.id;
    desk.scene.notifications.insert(id, mail);
    desk.scene.now += jiff::SignedDuration::from_hours(25);
    let reply = desk.mails("bob@acme.example", "please stop", Some(id));
    assert_eq!((reply.state, desk.gets_mail()), (Became::Asked, true));
    assert_eq!((reply.from.raw(), reply.address().raw()), ("bob@acme.example", ANAS_MAIL));
    let question = reply.answer.unwrap();
    assert_eq!(desk.scene.notifications[&question].answers.as_ref().unwrap().raw(), ANAS_MAIL);
    assert_eq!(desk.mails("eve@acme.example", "STOP", Some(id)).answer, None, "asked today");
    let reply = desk.mails("bob@acme.example", "STOP", Some(question));
    assert_eq!((reply.state, desk.gets_mail()), (Became::OptedOut, false));
    assert_eq!(desk.suppression.as_ref().unwrap().id.raw(), ANAS_MAIL);
    // A person of the desk speaks for themselves.
    let reply = desk.mails("maria@example.net", "STOP", Some(id));
    assert_eq!((reply.state, reply.address().raw()), (Became::Asked, "maria@example.net"));
}

#[test]
fn a_stop_in_the_name_of_somebody_of_the_desk_keeps_their_pages_until_they_confirm_it() {
    let mut desk = mailing();
    let reply = desk.mails("maria@example.net", "STOP", None);
    assert_eq!((reply.state, desk.suppression.is_none()), (Became::Asked, true));
    assert!(!desk.answered().contains("https://"), "pages are not ended by a link");
    let question = reply.answer;
    assert_eq!(desk.mails("maria@example.net", "STOP", question).state, Became::OptedOut);
    assert!(desk.suppression.as_ref().unwrap().is_opt_out());
    let states: Vec<_> =
        desk.tasks().into_iter().map(|task| (task.title.raw().len() > 60, task.state)).collect();
    assert_eq!(states.len(), 2, "one to ask her, one that no page reaches her that way");
    assert_eq!((states[0].1, states[1].1), (TaskState::Done, TaskState::Open));
}

#[test]
fn what_a_contact_writes_is_one_task_and_then_notes_on_it() {
    let mut desk = Desk::paging(&["x1"]);
    let reply = desk.says(ANA, "The truck has left at 04:10");
    assert_eq!((reply.state, reply.answer), (Became::Task, None));
    let task = desk.scene.tasks.last().unwrap().clone();
    assert_eq!(task.title.raw(), "Ana López wrote by SMS: The truck has left at 04:10");
    let again = desk.says(ANA, "ack");
    assert_eq!((again.state, again.task), (Became::Task, Some(task.id)), "a contact acknowledges nothing");
    assert_eq!((desk.scene.tasks.len(), desk.state(1)), (1, AlertState::Open));
}

#[test]
fn a_question_says_how_it_stands() {
    let mut desk = Desk::paging(&["x1"]);
    desk.says(MARIA, "?");
    let code = desk.code(1);
    assert_eq!(desk.answered(), format!("A1 HIGH Acme Blocked: nobody has it, next jonas 22:06. ACK {code}"));
    desk.says(MARIA, "ack");
    desk.says(MARIA, "status");
    assert_eq!(desk.answered(), "A1 HIGH Acme Blocked: maria has it, news by 23:00.");
    desk.says(MARIA, "resolve carrier found");
    assert_eq!(desk.answered(), "A1 is closed.");
    assert_eq!(desk.scene.alert().resolution.as_ref().unwrap().raw(), "carrier found");
}

#[test]
fn somebody_who_never_stops_talking_gets_only_so_many_answers() {
    let mut desk = Desk::paging(&["x1"]);
    let answered = (0..30).filter(|_| desk.says(MARIA, "I am on holiday").answer.is_some()).count();
    assert_eq!(answered, 12);
    assert!(desk.says(MARIA, "ack").answer.is_some(), "what acts is always confirmed");
}

proptest! {
    #[test]
    fn no_text_of_a_stranger_or_a_contact_touches_an_alert(
        text in "\\PC{0,40}|(ack|esc|resolve|snooze|STOP|START|\\?) ?[2-9B-Z]{0,5}",
        contact in any::<bool>(),
    ) {
        let mut desk = Desk::paging(&["x1"]);
        let before = desk.scene.alert().clone();
        desk.says(if contact { ANA } else { "+15551230000" }, &text);
        prop_assert_eq!(desk.scene.alert(), &before);
    }
}

#[test]
fn alerts_of_other_people_are_not_meant() {
    let mut desk = Desk::new();
    desk.scene.events(&[("raised", exception("x1"), "high")]);
    let reply = desk.says(JONAS, "ack");
    assert_eq!((reply.state, desk.state(1)), (Became::Refused, AlertState::Open), "Jonas was not paged yet");
    assert_eq!(desk.answered(), "Nothing that you were told of is open.");
}

/// A desk whose three alerts came at once, and are one message to each who is paged.
fn bundled() -> Desk {
    let mut desk = Desk::new();
    desk.scene.desk.policies.get_mut("urgent").unwrap().steps =
        vec![crate::core::scenario::tells(&["maria", "jonas"], 0)];
    let batch = [("x1", "high"), ("x2", "critical"), ("x3", "high")];
    desk.scene.events(&batch.map(|(id, severity)| ("raised", exception(id), severity)));
    for n in desk.scene.notifications.values_mut() {
        let mut ids = crate::core::id::Ids::default();
        let mut context = crate::core::delivery::Delivering {
            desk: &desk.scene.desk,
            down: &crate::core::delivery::ALL_UP,
            reach: None,
            ids: &mut ids,
            now: desk.scene.now,
        };
        crate::core::delivery::claim(&mut context, n);
    }
    assert_eq!(desk.scene.notifications.len(), 2, "{:?}", desk.scene.notifications);
    desk
}

fn code_of(desk: &Desk, who: &str) -> Code {
    let to = |n: &&Notification| n.recipient.name.raw() == who && n.bundle.is_some();
    desk.scene.desk.reply_key.code(desk.scene.notifications.values().find(to).unwrap().id)
}

#[test]
fn the_code_of_a_message_about_several_takes_all_that_are_open_and_is_answered_once() {
    let mut desk = bundled();
    let (maria, jonas) = (code_of(&desk, "maria"), code_of(&desk, "jonas"));
    desk.scene
        .command(
            "jonas",
            crate::core::command::Action::Ack { alert: crate::core::id::AlertId(3), next_update_by: None },
            crate::core::command::Expect::default(),
        )
        .unwrap();
    let before = desk.scene.notifications.len();
    let reply = desk.says(MARIA, &format!("ack {maria}"));
    assert_eq!(reply.state, Became::Acted);
    assert_eq!(desk.answered(), "You took 2 alerts; news promised by 23:00 UTC.");
    let holders: Vec<_> =
        desk.scene.alerts.values().map(|a| a.holder.clone().map(|holder| holder.0)).collect();
    assert_eq!(holders, [Some("maria".into()), Some("maria".into()), Some("jonas".into())]);
    // One answer, and one text to the other who was paged.
    let more: Vec<_> =
        desk.scene.notifications.values().skip(before).map(|n| n.content.body.raw().to_owned()).collect();
    assert_eq!(more.len(), 2, "{more:?}");
    assert!(more.iter().any(|said| said.ends_with("+1 more")), "{more:?}");
    let reply = desk.says(JONAS, &format!("ack {jonas}"));
    assert_eq!(reply.state, Became::Refused);
    assert_eq!(desk.answered(), "None of them is open any more; somebody took them, or they are over.");
}

#[test]
fn a_question_lists_what_one_message_was_about_and_a_bare_ack_says_how_to_take_all() {
    let mut desk = bundled();
    let maria = code_of(&desk, "maria");
    desk.says(MARIA, "?");
    let listed = desk.answered();
    assert!(listed.starts_with("3 of 3 open: A2 CRIT Acme Blocked; A1 HIGH Acme Blocked;"), "{listed}");
    assert!(listed.ends_with(&format!("ACK {maria} takes the open ones.")), "{listed}");
    assert!(crate::core::sms::length(&listed) <= 160);
    assert_eq!(desk.says(MARIA, "ack").state, Became::Refused);
    assert_eq!(desk.answered(), format!("3 are open. ACK {maria} takes all, ? {maria} lists them."));
    assert_eq!(desk.says(MARIA, &format!("resolve {maria} all done")).state, Became::Refused);
    assert!(desk.scene.alerts.values().all(|alert| alert.state == AlertState::Open));
}

#[test]
fn nobody_takes_all_by_the_code_of_somebody_else() {
    let mut desk = bundled();
    let maria = code_of(&desk, "maria");
    assert_eq!(desk.says(JONAS, &format!("ack {maria}")).state, Became::Refused);
    assert!(desk.scene.alerts.values().all(|alert| alert.state == AlertState::Open));
}

#[test]
fn a_mail_that_only_says_who_it_is_from_touches_nothing_and_silences_nobody() {
    let mut desk = Desk::paging(&["x1"]);
    let maria = desk.scene.desk.people.get_mut(&PersonId("maria".into())).unwrap();
    maria.email = Some("maria@example.net".parse().unwrap());
    let before = desk.scene.alert().clone();
    for (text, answers) in
        [("resolve it", None), ("ack", None), ("STOP", None), ("ack", Some(NotificationId(99)))]
    {
        let mut mail = desk.inbound("maria@example.net", text);
        (mail.medium, mail.answers) = (Medium::Email, answers);
        let reply = desk.takes(mail);
        let became = if text == "STOP" { Became::Asked } else { Became::Ignored };
        assert_eq!((reply.state, reply.answer), (became, None), "{text}");
    }
    assert_eq!((desk.scene.alert(), &desk.suppression), (&before, &None));
}

#[test]
fn a_bare_word_that_ends_an_alert_never_means_somebody_elses_or_one_of_two() {
    let mut desk = Desk::paging(&["x1", "x2"]);
    let code = desk.code(1);
    desk.says(MARIA, &format!("ack {code}"));
    let reply = desk.says(MARIA, "done");
    assert_eq!(reply.state, Became::Refused, "hers, and one that pages");
    assert_eq!((desk.state(1), desk.state(2)), (AlertState::Acknowledged, AlertState::Open));
    desk.scene.pass(6);
    desk.scene.due();
    let page = desk.scene.notifications.values().find(|n| n.recipient.name.raw() == "jonas").unwrap().id;
    let code = desk.scene.desk.reply_key.code(page);
    desk.says(JONAS, &format!("ack {code}"));
    let mut alone = Desk::paging(&["x1"]);
    alone.scene.pass(6);
    alone.scene.due();
    alone.scene.ack("jonas").unwrap();
    assert_eq!(alone.says(MARIA, "done").state, Became::Refused);
    assert_eq!(alone.state(1), AlertState::Acknowledged);
}

/// A1 pages maria and then jonas, who takes it; A2 is raised, and its page to maria is decided.
fn one_taken_and_one_more() -> Desk {
    let mut desk = Desk::paging(&["x1"]);
    desk.scene.pass(6);
    desk.scene.due();
    desk.scene.sent();
    desk.scene.ack("jonas").unwrap();
    desk.scene.pass(1);
    desk.scene.raise("x2");
    desk
}

#[test]
fn a_bare_word_never_means_an_alert_whose_page_has_not_left() {
    for word in ["ack", "done", "snooze", "esc"] {
        let mut desk = one_taken_and_one_more();
        let step = desk.scene.alerts[&crate::core::id::AlertId(2)].step;
        assert_eq!(desk.says(MARIA, word).state, Became::Refused, "{word}");
        let second = &desk.scene.alerts[&crate::core::id::AlertId(2)];
        assert_eq!((second.state, second.step), (AlertState::Open, step), "{word}");
        assert_eq!(desk.state(1), AlertState::Acknowledged, "{word}");
    }
}

#[test]
fn a_bare_word_answers_the_newest_page_and_names_the_other_with_its_code_where_that_one_is_taken() {
    // A2 was sent before A1, which jonas took.
    let mut desk = Desk::paging(&["x1"]);
    desk.scene.pass(1);
    desk.scene.raise("x2");
    desk.scene.sent();
    let taken = crate::core::id::AlertId(2);
    let take = crate::core::command::Action::Ack { alert: taken, next_update_by: None };
    desk.scene.command("jonas", take, crate::core::command::Expect::default()).unwrap();
    for (word, verb) in [("ok", "ACK"), ("done", "RESOLVE")] {
        assert_eq!(desk.says(MARIA, word).state, Became::Refused, "{word}");
        let code = desk.code(1);
        let said =
            format!("A2 is jonas's. Did you mean A1 Acme Blocked? Answer with its code: {verb} {code}");
        assert_eq!(desk.answered(), said);
        assert_eq!(desk.state(1), AlertState::Open, "{word}");
    }
    let close = crate::core::command::Action::Resolve { alert: taken, reason: "over".into() };
    desk.scene.command("jonas", close, crate::core::command::Expect::default()).unwrap();
    assert_eq!(desk.says(MARIA, "ack").state, Became::Refused, "that one is closed");
    assert!(desk.answered().starts_with("A2 is closed. Did you mean A1"), "{}", desk.answered());
    let code = desk.code(1);
    assert_eq!(desk.says(MARIA, &format!("ack {code}")).state, Became::Acted);
}

#[test]
fn a_code_ends_or_quiets_nothing_that_somebody_else_has() {
    let mut desk = Desk::new();
    desk.scene.desk.policies.get_mut("urgent").unwrap().steps =
        vec![crate::core::scenario::tells(&["maria", "jonas"], 0)];
    desk.scene.raise("x1");
    desk.scene.sent();
    desk.scene.ack("maria").unwrap();
    let promise = desk.scene.alert().next_update_by;
    let code = desk.code(2);
    for word in ["snooze 120", "resolve", "done"] {
        let words = if word == "resolve" { " all fine" } else { "" };
        assert_eq!(desk.says(JONAS, &format!("{word} {code}{words}")).state, Became::Refused, "{word}");
        assert_eq!(desk.answered(), "maria was first: A1 is theirs since 22:00 UTC.");
        let alert = desk.scene.alert();
        assert_eq!((alert.state, alert.next_update_by), (AlertState::Acknowledged, promise), "{word}");
    }
    let code = desk.code(1);
    assert_eq!(desk.says(MARIA, &format!("resolve {code} all fine")).state, Became::Acted);
}

#[test]
fn two_who_escalate_from_the_same_page_escalate_once() {
    let mut desk = Desk::new();
    let policy = desk.scene.desk.policies.get_mut("urgent").unwrap();
    policy.steps = vec![
        crate::core::scenario::tells(&["maria", "jonas"], 0),
        crate::core::scenario::tells(&["maria"], 6),
        crate::core::scenario::tells(&["jonas"], 6),
    ];
    desk.scene.raise("x1");
    desk.scene.sent();
    let code = desk.code(1);
    assert_eq!(desk.says(MARIA, &format!("esc {code}")).state, Became::Acted);
    assert_eq!(desk.scene.alert().step, 2);
    assert_eq!(desk.says(JONAS, "esc").state, Became::Refused);
    assert_eq!(desk.answered(), "A1 went on to step 2 meanwhile; look again before you escalate.");
    assert_eq!(desk.scene.alert().step, 2);
    // Whoever has heard since how it stands goes on from there.
    desk.scene.sent();
    assert_eq!(desk.says(MARIA, &format!("esc {code}")).state, Became::Acted);
    assert_eq!(desk.scene.alert().step, 3);
}
