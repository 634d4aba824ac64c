//! Questions, requests and action items: each becomes a task with a time to answer by, and only then
//! its author one acknowledgment.

use super::audience::{Pressing, ruling};
use super::reader::{Reader, line, lines};
use super::tasks::Draft;
use super::{Heard, Taken, answer_task, case_reference};
use crate::core::change::{Change, Object, What};
use crate::core::contact::{Category, Contact};
use crate::core::decide::{Thing, View};
use crate::core::desk::Desk;
use crate::core::duty::Work;
use crate::core::escalation::Decision;
use crate::core::event::Post;
use crate::core::message::{self, Message};
use crate::core::partner::PartnerRef;
use crate::core::task::TaskKind;
use crate::core::text::Untrusted;
use crate::core::thread::{REMEMBERED, Thread, ThreadState};
use jiff::Timestamp;

/// Why there is no acknowledgment for some authors.
pub const OF_A_MACHINE: &str = "its author's mailbox answers for no human, so nobody is thanked for it";

pub fn created(
    decision: &mut Decision<'_>,
    view: &mut View,
    heard: &Heard<'_>,
    post: &Post,
    partner: &PartnerRef,
    author: &Untrusted,
) -> Taken {
    let thing = Thing::of(partner, &post.thread);
    let known = view.threads.get(&thing).cloned();
    if known.as_ref().is_some_and(|known| known.posts.contains(&post.id)) {
        return Taken::quiet("the post was heard before");
    }
    let answered_since = known
        .as_ref()
        .is_some_and(|known| known.state == ThreadState::Answered && !opens_again(heard, known));
    let mut thread = known.clone().unwrap_or_else(|| new_thread(post, partner, author, heard, decision.now));
    remember(&mut thread, post);
    if answered_since {
        keep(decision, view, thing, thread, What::Repeated, "It was answered since.");
        return Taken::quiet("the thread was answered since");
    }
    let opens = known.as_ref().is_none_or(|known| known.state == ThreadState::Answered);
    thread.state = ThreadState::Open;
    thread.case = thread.case.or(post.case.clone());
    if !heard.mark.is_before(&thread.mark) {
        thread.author = author.clone();
        thread.mark = heard.mark.over(&thread.mark);
    }
    if opens {
        thread.subject = post.subject.clone();
        thread.kind = post.kind.clone();
        thread.answered_at = None;
    }
    let Some((audience, duty)) = ruling(decision.desk, Work::Posts, heard.rule) else {
        keep(decision, view, thing, thread, What::ThreadOpened, "A rule keeps it quiet.");
        return Taken::quiet("a rule keeps it quiet");
    };
    let key = answer_task(partner, &post.thread);
    let reference = reference(view, &thread);
    let writer =
        view.contacts.get(author.raw()).filter(|contact| super::cases::belongs(contact, partner)).cloned();
    let (told, _) = decision.desk.people_behind(&audience.targets, partner, decision.now);
    let at = decision.changes.len();
    let task = match view.tasks.get(&key) {
        Some(open) => open.clone(),
        None => {
            let dues = decision.dues(&duty);
            thread.answer_by = Some(dues.due);
            let draft = Draft {
                kind: TaskKind::Answer,
                key,
                title: task_title(decision.desk, post, Writer::of(writer.as_ref())),
                partner,
                about: post.thread.clone(),
                alert: heard.alert,
            };
            decision.open_task(view, draft, &duty, dues, &told)
        }
    };
    thread.task = Some(task.id);
    let what = if opens { What::ThreadOpened } else { What::ThreadJoined };
    let subject = line(&post.subject);
    let end = if subject.ends_with(['.', '?', '!']) { "" } else { "." };
    let sentence = format!("{}: {subject}{end}", partner.name.printable());
    let fact = fact(decision, &thread, what, &sentence);
    decision.changes.insert(at, fact);
    view.threads.insert(thing.clone(), thread.clone());

    let about = heard.about(partner, Category::Acknowledgments, Some(&thing));
    let task = Some(task);
    let name = writer.as_ref().map_or_else(|| line(author), |contact| line(&contact.name));
    let message = |reader: &Reader<'_>| {
        Message::PostCreated(message::PostCreated {
            reference: reference.clone(),
            kind: reader.word(post.kind.word()),
            subject: line(&post.subject),
            body: lines(&post.body),
            author: name.clone(),
            author_unknown: writer.is_none(),
            task: Decision::task_line(&task, reader),
        })
    };
    let (_, mut why) = decision.tell_people(&audience, partner, &about, Pressing::No, message);
    let now = decision.now;
    match &writer {
        _ if post.automatic => why.push("a machine wrote it, so nobody is thanked for it".into()),
        Some(contact) if is_a_machine(contact) => {
            why.push(OF_A_MACHINE.into());
        }
        Some(contact) => {
            let via = format!("wrote {reference}");
            decision.tell_contact(contact, partner, &about, &audience.rule, &via, |reader| {
                acknowledgment(reader, &reference, &thread, post, now)
            });
        }
        None => {
            why.push(format!(
                "its author {} is not known; the acknowledgment waits until they are",
                line(author)
            ));
            let reader = Reader::unknown(decision.desk, partner);
            let message = acknowledgment(&reader, &reference, &thread, post, now);
            decision.tell_stranger(author, partner, &about, &audience.rule, message);
        }
    }
    Taken::handled(why)
}

pub fn answered(
    decision: &mut Decision<'_>,
    view: &mut View,
    heard: &Heard<'_>,
    post: &Post,
    partner: &PartnerRef,
    author: &Untrusted,
) -> Taken {
    let thing = Thing::of(partner, &post.thread);
    let known = view.threads.get(&thing).cloned();
    if known.as_ref().is_some_and(|known| heard.mark.is_before(&known.mark)) {
        return Taken::quiet("a newer post of the thread was heard before");
    }
    if let Some(mut known) = known.clone().filter(|known| known.state == ThreadState::Answered) {
        known.mark = heard.mark.over(&known.mark);
        keep(decision, view, thing, known, What::Repeated, "It was answered before.");
        return Taken::quiet("the thread was answered before");
    }
    let mut thread = known.unwrap_or_else(|| {
        let mut thread = new_thread(post, partner, author, heard, decision.now);
        // The question itself may still come, and is then no second one.
        thread.posts.clear();
        thread
    });
    thread.state = ThreadState::Answered;
    thread.answered_at = Some(decision.now);
    thread.mark = heard.mark.over(&thread.mark);
    let sentence = format!("{} is answered.", line(&thread.subject));
    keep(decision, view, thing, thread, What::ThreadAnswered, &sentence);
    decision.close_task(view, &answer_task(partner, &post.thread), "It was answered.");
    Taken::handled(Vec::new())
}

/// Whether the desk knows who wrote a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writer {
    Known,
    Unknown,
}

impl Writer {
    fn of(contact: Option<&Contact>) -> Self {
        if contact.is_some() { Writer::Known } else { Writer::Unknown }
    }
}

/// What the task to answer a post is called; it says so while nobody knows whom to answer.
pub fn task_title(desk: &Desk, post: &Post, writer: Writer) -> String {
    let subject = line(&post.subject);
    match writer {
        Writer::Known => subject,
        Writer::Unknown => format!("{subject} ({})", desk.labels.word(&desk.locale, "author_unknown")),
    }
}

/// The acknowledgment for one reader. A time to answer by that is past already is not promised.
pub fn acknowledgment(
    reader: &Reader<'_>,
    reference: &str,
    thread: &Thread,
    post: &Post,
    now: Timestamp,
) -> Message {
    Message::Acknowledgment(message::Acknowledgment {
        reference: reference.to_owned(),
        kind: reader.word(post.kind.word()),
        subject: line(&post.subject),
        answer_by: thread.answer_by.filter(|by| *by > now).map(|by| reader.moment(by)),
    })
}

/// What people quote: the case's reference where it is about a case, else the thread's id.
pub fn reference(view: &View, thread: &Thread) -> String {
    match &thread.case {
        Some(case) => case_reference(view, &thread.partner, case),
        None => line(&thread.id),
    }
}

/// A post after the answer asks anew. One that was written before it, or at an unknown time by an
/// event that only overtook the answer, does not.
fn opens_again(heard: &Heard<'_>, known: &Thread) -> bool {
    if known.posts.is_empty() {
        return known.mark.is_before(&heard.mark);
    }
    !heard.mark.is_before(&known.mark)
}

/// Mailboxes behind which a program sits (RFC 2142 and the habits of mail programs).
pub fn is_a_machine(contact: &Contact) -> bool {
    const NAMES: [&str; 9] = [
        "noreply",
        "no-reply",
        "no_reply",
        "donotreply",
        "do-not-reply",
        "mailer-daemon",
        "postmaster",
        "bounce",
        "bounces",
    ];
    let local = |mailbox: &str| mailbox.split('@').next().unwrap_or_default().to_ascii_lowercase();
    !contact.emails.is_empty()
        && contact.phones.is_empty()
        && contact.emails.iter().all(|mailbox| NAMES.contains(&local(mailbox.as_str()).as_str()))
}

fn new_thread(
    post: &Post,
    partner: &PartnerRef,
    author: &Untrusted,
    heard: &Heard<'_>,
    now: Timestamp,
) -> Thread {
    Thread {
        id: post.thread.clone(),
        state: ThreadState::Open,
        partner: partner.clone(),
        subject: post.subject.clone(),
        kind: post.kind.clone(),
        author: author.clone(),
        case: post.case.clone(),
        posts: Vec::new(),
        answer_by: None,
        answered_at: None,
        mark: heard.mark.clone(),
        task: None,
        created_at: now,
        updated_at: now,
    }
}

fn remember(thread: &mut Thread, post: &Post) {
    thread.posts.push(post.id.clone());
    if thread.posts.len() > REMEMBERED {
        thread.posts.remove(0);
    }
}

fn fact(decision: &Decision<'_>, thread: &Thread, what: What, sentence: &str) -> Change {
    let object = Object::Thread(Box::new(thread.clone()));
    Change::of_partner(decision.now, what, sentence, &thread.partner.id, object)
}

fn keep(
    decision: &mut Decision<'_>,
    view: &mut View,
    thing: Thing,
    mut thread: Thread,
    what: What,
    sentence: &str,
) {
    thread.updated_at = decision.now;
    let fact = fact(decision, &thread, what, sentence);
    decision.changes.push(fact);
    view.threads.insert(thing, thread);
}
