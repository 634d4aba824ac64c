//! Cases: an opening reaches the responsible team, and every real change of status the partner's
//! contacts, each once, in their language, with nothing internal in it.

use super::audience::{Pressing, ruling};
use super::reader::{Reader, line, lines, maybe_line};
use super::tasks::Draft;
use super::{Heard, Taken, case_task, nobody_task};
use crate::core::case::Case;
use crate::core::change::{Change, Object, What};
use crate::core::contact::{Category, Contact, ContactState};
use crate::core::decide::{Thing, View};
use crate::core::duty::Work;
use crate::core::escalation::Decision;
use crate::core::event::{self, CaseStatus, Priority, StatusChange};
use crate::core::message::{self, Message};
use crate::core::partner::PartnerRef;
use crate::core::reach;
use crate::core::rule::{Rule, Then, priority_word};
use crate::core::task::TaskKind;
use crate::core::text::Untrusted;

pub fn opened(
    decision: &mut Decision<'_>,
    view: &mut View,
    heard: &Heard<'_>,
    opening: &event::Case,
    partner: &PartnerRef,
    priority: Priority,
) -> Taken {
    let thing = Thing::of(partner, &opening.id);
    let known = view.cases.get(&thing).cloned();
    if let Some(mut known) = known.clone().filter(|known| known.opened) {
        if Some(priority) > known.priority {
            known.priority = Some(priority);
            let said = format!("{} is {} now.", line(&known.reference), priority_word(priority));
            keep(decision, view, thing, known, What::Repeated, &said);
        }
        return Taken::quiet("its opening was heard before");
    }
    let mut case = Case {
        id: opening.id.clone(),
        state: CaseStatus::Opened,
        partner: partner.clone(),
        reference: opening.reference.clone(),
        kind: Some(opening.kind.clone()),
        title: opening.title.clone(),
        description: opening.description.clone(),
        order: opening.order.clone(),
        amount: opening.amount.clone(),
        deadline: opening.deadline,
        priority: Some(priority),
        opened_by: opening.opened_by.clone(),
        watchers: opening.watchers.clone(),
        opened: true,
        message: None,
        wanted: Vec::new(),
        due: None,
        mark: None,
        alert: heard.alert,
        task: None,
        created_at: decision.now,
        updated_at: decision.now,
    };
    if let Some(known) = known.clone() {
        // Heard of in mid-course before its opening came: the course stays, the opening fills it in.
        case.state = known.state;
        case.message = known.message;
        case.wanted = known.wanted;
        case.due = known.due;
        case.mark = known.mark;
        case.created_at = known.created_at;
        case.opened_by = case.opened_by.or(known.opened_by);
        for watcher in known.watchers {
            if !case.watchers.contains(&watcher) {
                case.watchers.push(watcher);
            }
        }
    }
    let sentence = format!("{} opened: {}.", line(&case.reference), line(&case.title));
    let Some((audience, duty)) = ruling(decision.desk, Work::Cases, heard.rule) else {
        keep(decision, view, thing, case, What::CaseOpened, &sentence);
        return Taken::quiet("a rule keeps it quiet");
    };
    if case.is_over() {
        keep(decision, view, thing, case.clone(), What::CaseOpened, &sentence);
        tell_newcomers(decision, view, heard, known.as_ref(), &case);
        return Taken::quiet("it was resolved before its opening was heard");
    }
    let waits = case.waits_for_answer();
    let at = decision.changes.len();
    let (told, _) = decision.desk.people_behind(&audience.targets, partner, decision.now);
    let task = (waits && heard.alert.is_none()).then(|| {
        let draft = Draft {
            kind: TaskKind::Answer,
            key: case_task(partner, &opening.id),
            title: format!("{}: {}", line(&case.reference), line(&case.title)),
            partner,
            about: opening.id.clone(),
            alert: None,
        };
        let dues = decision.dues(&duty);
        decision.open_task(view, draft, &duty, dues, &told)
    });
    case.task = task.as_ref().map(|task| task.id);
    let fact = fact(decision, &case, What::CaseOpened, &sentence);
    decision.changes.insert(at, fact);
    view.cases.insert(thing.clone(), case.clone());
    tell_newcomers(decision, view, heard, known.as_ref(), &case);
    if heard.alert.is_some() && !matches!(heard.rule, Some(Rule { then: Then::Tell { .. }, .. })) {
        return Taken::handled(Vec::new());
    }
    let opener = case.opened_by.as_ref();
    let opened_by = opener.and_then(|id| view.contacts.get(id.raw())).map(|contact| line(&contact.name));
    let message = |reader: &Reader<'_>| {
        Message::CaseOpened(message::CaseOpened {
            reference: line(&case.reference),
            kind: reader.word(opening.kind.word()),
            title: line(&case.title),
            description: lines(&case.description),
            order: maybe_line(&case.order),
            amount: case.amount.as_ref().map(|amount| reader.money(amount)),
            deadline: case.deadline.map(|deadline| reader.moment(deadline)),
            priority: reader.word(priority_word(priority)),
            opened_by: opened_by.clone(),
            task: Decision::task_line(&task, reader),
        })
    };
    let pressing = if priority >= Priority::High { Pressing::Yes } else { Pressing::No };
    let about = heard.about(partner, Category::CaseUpdates, Some(&thing));
    let (_, nobody) = decision.tell_people(&audience, partner, &about, pressing, message);
    Taken::handled(nobody)
}

pub fn moved(
    decision: &mut Decision<'_>,
    view: &mut View,
    heard: &Heard<'_>,
    change: &StatusChange,
    partner: &PartnerRef,
) -> Taken {
    let thing = Thing::of(partner, &change.case);
    let known = view.cases.get(&thing).cloned();
    let first_heard = known.is_none();
    let mut case = known.unwrap_or_else(|| from_mid_course(change, partner, decision));
    if case.mark.as_ref().is_some_and(|last| heard.mark.is_before(last)) {
        fill_gaps(&mut case, change);
        let said =
            format!("An older status of {} came late: {}.", line(&case.reference), word(&change.status));
        keep(decision, view, thing, case, What::Repeated, &said);
        return Taken::quiet("a newer status of the case was heard before");
    }
    fill_in(&mut case, change);
    case.mark = Some(case.mark.as_ref().map_or_else(|| heard.mark.clone(), |last| heard.mark.over(last)));
    let asks = |new: &Option<Vec<Untrusted>>| new.as_ref().is_some_and(|new| *new != case.wanted);
    let real = first_heard
        || case.state != change.status
        || asks(&change.wanted)
        || change.due.is_some() && change.due != case.due
        || change.message.is_some() && change.message != case.message;
    if !real {
        let said = format!("{} is {} still.", line(&case.reference), word(&change.status));
        keep(decision, view, thing, case, What::Repeated, &said);
        return Taken::quiet("the case has this status already");
    }
    case.state = change.status.clone();
    case.message = change.message.clone();
    case.wanted = change.wanted.clone().unwrap_or_default();
    case.due = change.due;
    let sentence = format!("{} is {}.", line(&case.reference), word(&change.status));
    keep(decision, view, thing.clone(), case.clone(), What::CaseMoved, &sentence);
    if !case.waits_for_answer() {
        let because = format!("The case is {}.", word(&case.state));
        decision.close_task(view, &case_task(partner, &case.id), &because);
    }
    let rule = match heard.rule {
        Some(Rule { then: Then::Quiet, .. }) => return Taken::quiet("a rule keeps it quiet"),
        Some(rule) => rule.name.as_str(),
        None => "case status",
    };
    let about = heard.about(partner, Category::CaseUpdates, Some(&thing));
    let (followers, strangers) = followers(view, &case, partner);
    let mut why = Vec::new();
    for (contact, via) in &followers {
        decision.tell_contact(contact, partner, &about, rule, via, |reader| news(reader, &case, change));
    }
    for id in &strangers {
        why.push(format!("contact {} is not known; the message waits until they are", id.printable()));
        let reader = Reader::unknown(decision.desk, partner);
        decision.tell_stranger(id, partner, &about, rule, news(&reader, &case, change));
    }
    let task = nobody_task(partner, &case.id);
    if !followers.is_empty() || !strangers.is_empty() {
        decision.close_task(view, &task, "Somebody follows the case now.");
    } else {
        let said = format!("{}: nobody to tell that it is {}", line(&case.reference), word(&case.state));
        why.push("the case has no opener, no watcher and nobody who asks for case updates".into());
        if !view.tasks.contains_key(&task) {
            let duty = decision.desk.duty(Work::Cases);
            let draft = Draft {
                kind: TaskKind::Fix,
                key: task,
                title: said,
                partner,
                about: case.id.clone(),
                alert: None,
            };
            let dues = decision.dues(&duty);
            decision.open_task(view, draft, &duty, dues, &[]);
        }
    }
    Taken::handled(why)
}

/// The message about a status, for one reader. It is made of the event's own words for the partner.
pub fn news(reader: &Reader<'_>, case: &Case, change: &StatusChange) -> Message {
    Message::CaseStatus(message::CaseStatusNews {
        reference: line(&case.reference),
        title: line(&case.title),
        status: reader.word(change.status.word()),
        word: word(&change.status),
        message: lines(&change.message),
        wanted: change.wanted.iter().flatten().map(line).collect(),
        due: change.due.map(|due| reader.moment(due)),
    })
}

/// Whom a late opening names, and nobody else did, has heard nothing of the case: they are told where it
/// stands by now.
fn tell_newcomers(
    decision: &mut Decision<'_>,
    view: &mut View,
    heard: &Heard<'_>,
    known: Option<&Case>,
    case: &Case,
) {
    let Some(known) = known else { return };
    let partner = &case.partner;
    let thing = Thing::of(partner, &case.id);
    let about = heard.about(partner, Category::CaseUpdates, Some(&thing));
    let (before, strangers_before) = followers(view, known, partner);
    let (now, strangers) = followers(view, case, partner);
    let mut any = false;
    for (contact, via) in now.iter().filter(|(one, _)| !before.iter().any(|(other, _)| other.id == one.id)) {
        any = true;
        let said = |reader: &Reader<'_>| standing(reader, case);
        decision.tell_contact(contact, partner, &about, "case status", via, said);
    }
    for id in strangers.iter().filter(|id| !strangers_before.contains(id)) {
        any = true;
        let message = standing(&Reader::unknown(decision.desk, partner), case);
        decision.tell_stranger(id, partner, &about, "case status", message);
    }
    if any {
        decision.close_task(view, &nobody_task(partner, &case.id), "Somebody follows the case now.");
    }
}

/// Where a case stands, in the words of its last status.
pub fn standing(reader: &Reader<'_>, case: &Case) -> Message {
    let last = StatusChange {
        case: case.id.clone(),
        status: case.state.clone(),
        reference: None,
        kind: None,
        title: None,
        message: case.message.clone(),
        wanted: Some(case.wanted.clone()),
        due: case.due,
        opened_by: None,
        watchers: Vec::new(),
    };
    news(reader, case, &last)
}

/// Whom the status of a case concerns: the opener, the watchers, and who asks for case updates, each
/// once with why; and the ids named that nobody knows. A contact of another partner is never told.
fn followers(view: &View, case: &Case, partner: &PartnerRef) -> (Vec<(Contact, String)>, Vec<Untrusted>) {
    let mut found: Vec<(Contact, String)> = Vec::new();
    let mut strangers: Vec<Untrusted> = Vec::new();
    let reference = line(&case.reference);
    let named = case.opened_by.iter().map(|id| (id, format!("opened {reference}")));
    let watching = case.watchers.iter().map(|id| (id, format!("watches {reference}")));
    for (id, via) in named.chain(watching) {
        match view.contacts.get(id.raw()) {
            Some(contact) if !belongs(contact, partner) => {}
            Some(contact) if !found.iter().any(|(known, _)| known.id == contact.id) => {
                found.push((contact.clone(), via));
            }
            Some(_) => {}
            None if !strangers.contains(id) => strangers.push(id.clone()),
            None => {}
        }
    }
    let mut asking: Vec<&Contact> = view
        .contacts
        .values()
        .filter(|contact| contact.partner_id.as_ref() == Some(&partner.id))
        .filter(|contact| contact.state == ContactState::Active)
        .filter(|contact| reach::asks_for(contact, Category::CaseUpdates))
        .collect();
    asking.sort_by(|a, b| (a.created_at, a.id.raw()).cmp(&(b.created_at, b.id.raw())));
    for contact in asking {
        if !found.iter().any(|(known, _)| known.id == contact.id) {
            found.push((contact.clone(), "asks for case updates".into()));
        }
    }
    (without_leavers(found), strangers)
}

/// What is for one who left goes to somebody who stays; so it is only meant for them where nobody else
/// gets it, and then once.
pub fn without_leavers<V>(mut found: Vec<(Contact, V)>) -> Vec<(Contact, V)> {
    if found.iter().any(|(contact, _)| contact.state == ContactState::Active) {
        found.retain(|(contact, _)| contact.state == ContactState::Active);
    } else {
        found.truncate(1);
    }
    found
}

/// Whether a contact is the partner's, or nobody's in particular.
pub fn belongs(contact: &Contact, partner: &PartnerRef) -> bool {
    contact.partner_id.as_ref().is_none_or(|id| *id == partner.id)
}

fn from_mid_course(change: &StatusChange, partner: &PartnerRef, decision: &Decision<'_>) -> Case {
    Case {
        id: change.case.clone(),
        state: change.status.clone(),
        partner: partner.clone(),
        reference: change.reference.clone().unwrap_or_else(|| change.case.clone()),
        kind: None,
        title: Untrusted::default(),
        description: None,
        order: None,
        amount: None,
        deadline: None,
        priority: None,
        opened_by: None,
        watchers: Vec::new(),
        opened: false,
        message: None,
        wanted: Vec::new(),
        due: None,
        mark: None,
        alert: None,
        task: None,
        created_at: decision.now,
        updated_at: decision.now,
    }
}

/// What a status tells of the case beside the status.
fn fill_in(case: &mut Case, change: &StatusChange) {
    if let Some(reference) = &change.reference {
        case.reference = reference.clone();
    }
    if let Some(title) = &change.title {
        case.title = title.clone();
    }
    fill_gaps(case, change);
}

/// What even an older status tells where nothing newer did.
fn fill_gaps(case: &mut Case, change: &StatusChange) {
    if case.reference == case.id
        && let Some(reference) = &change.reference
    {
        case.reference = reference.clone();
    }
    if case.title.is_empty() {
        case.title = change.title.clone().unwrap_or_default();
    }
    case.kind = case.kind.take().or(change.kind.clone());
    case.opened_by = case.opened_by.take().or(change.opened_by.clone());
    for watcher in &change.watchers {
        if !case.watchers.contains(watcher) {
            case.watchers.push(watcher.clone());
        }
    }
}

fn word(status: &CaseStatus) -> String {
    crate::core::text::sanitise(status.word()).replace('_', " ")
}

fn fact(decision: &Decision<'_>, case: &Case, what: What, sentence: &str) -> Change {
    let object = Object::Case(Box::new(case.clone()));
    Change::of_partner(decision.now, what, sentence, &case.partner.id, object)
}

fn keep(
    decision: &mut Decision<'_>,
    view: &mut View,
    thing: Thing,
    mut case: Case,
    what: What,
    sentence: &str,
) {
    case.updated_at = decision.now;
    let fact = fact(decision, &case, what, sentence);
    decision.changes.push(fact);
    view.cases.insert(thing, case);
}
