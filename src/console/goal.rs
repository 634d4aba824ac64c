//! Somewhere to go: what a row speaks of, and what the palette finds. Going there opens the view it is in and
//! puts the hand on it.

use crate::console::desk::Desk;
use crate::console::effect::Effect;
use crate::console::follow::arrange;
use crate::console::line::Line;
use crate::console::messages::About;
use crate::console::model::{Filter, Focus, Model, Place, Subject};
use crate::console::oncall::TurnKey;
use crate::console::partners::Item;
use crate::console::why::{self, Of};
use crate::console::{contacts, messages, nav, oncall, partners, people, providers};
use crate::core::id::{AlertId, NotificationId, TaskId};
use crate::core::notification::{Notification, RecipientId};
use crate::core::person::PersonId;
use crate::core::text::{Untrusted, sanitise};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Goal {
    Alert(AlertId),
    Task(TaskId),
    Partner(Untrusted),
    /// A case of a partner's, by the community's id or its reference.
    Case {
        partner: Untrusted,
        case: Untrusted,
    },
    /// A contact of this partner's.
    Contact {
        contact: Untrusted,
        partner: Option<Untrusted>,
    },
    /// The contacts of a partner.
    ContactsOf(Untrusted),
    Person(PersonId),
    Message(NotificationId),
    /// The messages about something.
    Messages(About),
    Provider(String),
    Schedule(String),
}

/// Goes there; what cannot be shown is said.
pub fn go(model: &mut Model, goal: Goal) -> Vec<Effect> {
    match goal {
        Goal::Alert(alert) => to_alert(model, alert),
        Goal::Task(task) => to_task(model, task),
        Goal::Partner(partner) => partners::open(model, partner),
        Goal::Case { partner, case } => partners::open_case(model, partner, case),
        Goal::Contact { contact, partner } => contacts::show_one(model, contact, partner),
        Goal::ContactsOf(partner) => contacts::show_of(model, partner),
        Goal::Person(person) => people::open(model, person),
        Goal::Message(message) if model.message(message).is_none() => messages::open_one(model, message),
        Goal::Message(message) => {
            nav::open(model, Place::Messages);
            messages::stand_on(model, message)
        }
        Goal::Messages(about) => messages::show_about(model, about),
        Goal::Provider(name) => {
            let effects = providers::show(model);
            providers::arrange(model);
            model.providers.rows.select(&name);
            effects
        }
        Goal::Schedule(name) => {
            let effects = oncall::show(model);
            model.on_call.filter = Filter::default();
            oncall::arrange(model);
            let first =
                model.on_call.rows.order().iter().find(|key: &&TurnKey| key.schedule == name).cloned();
            if let Some(first) = first {
                model.on_call.rows.select(&first);
            }
            effects
        }
    }
}

/// In Triage; one that is over, in the words of why it was there.
fn to_alert(model: &mut Model, alert: AlertId) -> Vec<Effect> {
    let (filter, place) = (model.triage.filter.clone(), model.place);
    model.triage.filter = Filter::default();
    arrange(model);
    if model.triage.alerts.select(&alert) {
        nav::open(model, Place::Triage);
        model.triage.focus = Focus::Alerts;
        model.triage.zoomed &= place == Place::Triage;
        return Vec::new();
    }
    model.triage.filter = filter;
    arrange(model);
    why::about(model, Of::Alert(alert))
}

/// In Triage; one that is done or put off, in the words of what it was.
fn to_task(model: &mut Model, task: TaskId) -> Vec<Effect> {
    let filter = model.triage.filter.clone();
    model.triage.filter = Filter::default();
    arrange(model);
    if model.triage.tasks.select(&task) {
        nav::open(model, Place::Triage);
        model.triage.focus = Focus::Tasks;
        return Vec::new();
    }
    model.triage.filter = filter;
    arrange(model);
    why::about(model, Of::Task(task))
}

/// What the row that the hand is on is, and whose, as a command can be told it.
pub fn at_hand(model: &Model) -> Vec<Goal> {
    let subject = model.subject().map(|subject| match subject {
        Subject::Alert(alert) => Goal::Alert(alert),
        Subject::Task(task) => Goal::Task(task),
    });
    let row = match model.place {
        Place::Contacts => model
            .selected_contact()
            .map(|one| Goal::Contact { contact: one.id.clone(), partner: one.partner_id.clone() }),
        Place::People => model.people.rows.selected().cloned().map(Goal::Person),
        Place::Providers => model.providers.rows.selected().cloned().map(Goal::Provider),
        Place::OnCall => model.on_call.rows.selected().map(|turn| Goal::Schedule(turn.schedule.clone())),
        _ => model.selected_message().map(|message| Goal::Message(message.id)),
    };
    let partner = model.partner_at_hand().map(Goal::Partner);
    [subject, row, partner].into_iter().flatten().collect()
}

/// Where one can go from the row that the hand is on: only what there is, the nearest first.
pub fn of_hand(model: &Model) -> Vec<(String, Goal)> {
    let Some(desk) = &model.desk else { return Vec::new() };
    let mut goals = Goals { desk, list: Vec::new() };
    match model.place {
        Place::Triage => of_subject(&mut goals, model),
        Place::Stream => goals.of_streamed(model),
        Place::Partners => {
            if let Some(partner) = model.partner_at_hand() {
                goals.of_partner(&partner);
            }
        }
        Place::Partner => of_page(&mut goals, model),
        Place::Contacts => {
            if let Some(contact) = model.selected_contact()
                && let Some(partner) = &contact.partner_id
            {
                goals.of_partner(partner);
            }
        }
        Place::Messages => {
            if let Some(message) = model.selected_message() {
                goals.of_message(message);
            }
        }
        Place::OnCall => {
            let turn = oncall::selected(model).map(|(_, turn)| turn.people.clone()).unwrap_or_default();
            for person in turn {
                goals.person(&person, "who is on");
            }
        }
        Place::People => {
            if let Some(person) = model.people.rows.selected() {
                goals.person(person, "page");
                goals.add("messages to them".to_owned(), Goal::Messages(About::Person(person.clone())));
            }
        }
        Place::Person => of_person(&mut goals, model),
        Place::Search => {
            if let Some(hit) = model.search.selected() {
                if let Some(alert) = hit.alert {
                    goals.add(format!("alert {alert}"), Goal::Alert(alert));
                }
                if let Some(partner) = &hit.partner {
                    goals.of_partner(&partner.id);
                }
            }
        }
        Place::Handover => {
            if let Some(one) = crate::console::handover::own(model) {
                for person in one.outgoing.iter().chain(&one.incoming) {
                    goals.person(person, "hand-over");
                }
                goals.add(
                    format!("schedule {}", sanitise(&one.schedule)),
                    Goal::Schedule(one.schedule.clone()),
                );
            }
        }
        Place::Providers => {
            if let Some(one) = providers::selected(model) {
                let goal = Goal::Messages(About::Channel(one.id.clone()));
                goals.add(format!("messages by {}", sanitise(&one.id)), goal);
            }
        }
        Place::Templates | Place::Sources | Place::Configuration => {}
    }
    goals.list
}

struct Goals<'d> {
    desk: &'d Desk,
    list: Vec<(String, Goal)>,
}

impl Goals<'_> {
    fn add(&mut self, label: String, goal: Goal) {
        if !self.list.iter().any(|(_, known)| *known == goal) {
            self.list.push((label, goal));
        }
    }

    fn person(&mut self, person: &PersonId, why: &str) {
        self.add(format!("person {}, {why}", self.desk.whole_name(person)), Goal::Person(person.clone()));
    }

    fn of_alert(&mut self, alert: AlertId) {
        let title = self.desk.alerts.get(&alert).map(|alert| alert.title.printable().into_string());
        let title = title.map(|title| format!(", {title}")).unwrap_or_default();
        self.add(format!("alert {alert}{title}"), Goal::Alert(alert));
    }

    fn of_partner(&mut self, partner: &Untrusted) {
        let name = self.desk.partner_name(partner);
        self.add(format!("partner {name}"), Goal::Partner(partner.clone()));
        self.add(format!("contacts of {name}"), Goal::ContactsOf(partner.clone()));
        self.add(format!("messages about {name}"), Goal::Messages(About::Partner(partner.clone())));
    }

    fn case(&mut self, partner: &Untrusted, case: &Untrusted) {
        let goal = Goal::Case { partner: partner.clone(), case: case.clone() };
        self.add(format!("case {}", case.printable()), goal);
    }

    fn recipient(&mut self, message: &Notification) {
        let name = message.recipient.name.printable();
        match &message.recipient.who {
            RecipientId::Person(person) => self.person(person, "who gets it"),
            RecipientId::Contact(contact) => {
                let goal = Goal::Contact { contact: contact.clone(), partner: message.partner.clone() };
                self.add(format!("contact {name}, who gets it"), goal);
            }
            RecipientId::Webhook(channel) => {
                self.add(format!("provider {}", sanitise(channel)), Goal::Provider(channel.clone()));
            }
        }
    }

    fn of_message(&mut self, message: &Notification) {
        if let Some(alert) = message.alert {
            self.of_alert(alert);
        }
        self.recipient(message);
        if let Some(partner) = &message.partner {
            self.of_partner(partner);
        }
        let channel = message.attempts.last().map_or(&message.channel, |attempt| &attempt.channel);
        if !channel.is_empty() {
            self.add(format!("provider {}", sanitise(channel)), Goal::Provider(channel.clone()));
        }
    }

    fn of_streamed(&mut self, model: &Model) {
        let Some(change) = model.line_at_hand().map(|numbered| &numbered.change) else { return };
        if let Some(alert) = change.alert {
            self.of_alert(alert);
        }
        if let crate::core::change::Object::Notification(message) = &change.object {
            self.add(format!("message {}", message.id), Goal::Message(message.id));
            self.recipient(message);
        }
        if let crate::core::change::Object::Task(task) = &change.object {
            self.add(format!("task {}", task.id), Goal::Task(task.id));
        }
        if let crate::core::change::Object::Case(case) = &change.object {
            self.case(&case.partner.id, &case.id);
        }
        if let Some(partner) = &change.partner {
            self.of_partner(partner);
        }
        if let crate::core::change::Actor::Person { id, .. } = &change.actor {
            self.person(id, "who did it");
        }
    }
}

fn of_subject(goals: &mut Goals<'_>, model: &Model) {
    match model.subject() {
        Some(Subject::Alert(id)) => {
            let Some(alert) = model.alert(id) else { return };
            goals.add(format!("messages of {id}"), Goal::Messages(About::Alert(id)));
            goals.of_partner(&alert.partner.id);
            for member in &alert.members {
                if let Some(case) = &member.case {
                    goals.case(&alert.partner.id, case);
                }
            }
            if let Some(holder) = &alert.holder {
                goals.person(holder, "who holds it");
            }
            if let Some(offer) = &alert.offered {
                goals.person(&offer.to, "to whom it is handed over");
            }
            let told: Vec<PersonId> = goals
                .desk
                .messages
                .about(id)
                .filter_map(|message| match &message.recipient.who {
                    RecipientId::Person(person) => Some(person.clone()),
                    _ => None,
                })
                .collect();
            for person in told {
                goals.person(&person, "who was told");
            }
        }
        Some(Subject::Task(id)) => {
            let Some(task) = model.task(id) else { return };
            if let Some(alert) = task.alert {
                goals.of_alert(alert);
            }
            if let Some(message) = task.notification {
                goals.add(format!("message {message}"), Goal::Message(message));
                if let Some(message) = goals.desk.messages.get(message) {
                    goals.recipient(message);
                }
            }
            if let Some(partner) = &task.partner {
                if let Some(about) = &task.about
                    && task.kind == crate::core::task::TaskKind::Answer
                {
                    goals.case(&partner.id, about);
                }
                goals.of_partner(&partner.id);
            }
            if let Some(owner) = &task.owner {
                goals.person(owner, "whose task it is");
            }
        }
        None => {}
    }
}

fn of_page(goals: &mut Goals<'_>, model: &Model) {
    let Some(page) = &model.page else { return };
    match page.opened.as_ref().map(|opened| &opened.what).or(page.rows.selected()) {
        Some(Item::Alert(alert)) => goals.of_alert(*alert),
        Some(Item::Task(task)) => goals.add(format!("task {task}"), Goal::Task(*task)),
        Some(Item::Message(message)) => {
            goals.add(format!("message {message}"), Goal::Message(*message));
            if let Some(message) = model.selected_message() {
                if let Some(alert) = message.alert {
                    goals.of_alert(alert);
                }
                goals.recipient(message);
            }
        }
        Some(Item::Contact(contact)) => {
            let goal = Goal::Contact { contact: contact.clone(), partner: Some(page.id.clone()) };
            goals.add("contact".to_owned(), goal);
        }
        _ => {}
    }
    goals.add("contacts".to_owned(), Goal::ContactsOf(page.id.clone()));
    let name = goals.desk.partner_name(&page.id);
    goals.add(format!("messages about {name}"), Goal::Messages(About::Partner(page.id.clone())));
}

fn of_person(goals: &mut Goals<'_>, model: &Model) {
    let Some(page) = &model.people.page else { return };
    goals.add("messages to them".to_owned(), Goal::Messages(About::Person(page.id.clone())));
    let Some(detail) = &page.detail else { return };
    for alert in detail.holds.iter().chain(&detail.offered) {
        goals.of_alert(alert.id);
    }
    for task in &detail.tasks {
        goals.add(format!("task {}, {}", task.id, task.title.printable()), Goal::Task(task.id));
    }
    for turn in &detail.turns {
        goals.add(format!("schedule {}", sanitise(&turn.schedule)), Goal::Schedule(turn.schedule.clone()));
    }
}

/// The messages of what the hand is on.
pub fn messages_of_hand(model: &Model) -> Option<About> {
    match (model.place, model.subject()) {
        (_, Some(Subject::Alert(alert))) => return Some(About::Alert(alert)),
        (_, Some(Subject::Task(task))) => {
            let task = model.task(task)?;
            if let Some(alert) = task.alert {
                return Some(About::Alert(alert));
            }
            return task.partner.as_ref().map(|partner| About::Partner(partner.id.clone()));
        }
        (Place::People, None) => return model.people.rows.selected().cloned().map(About::Person),
        (Place::Person, None) => {
            return model.people.page.as_ref().map(|page| About::Person(page.id.clone()));
        }
        (Place::OnCall, None) => {
            let on = oncall::selected(model)?.1.people.first().cloned();
            return on.map(About::Person);
        }
        (Place::Messages, None) => return model.selected_message()?.alert.map(About::Alert),
        _ => {}
    }
    model.partner_at_hand().map(About::Partner)
}

/// What is typed to find a contact by its name.
pub fn named(name: &str) -> Filter {
    Filter { line: Line::new(name), open: false }
}
