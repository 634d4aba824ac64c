//! "Why?" of whatever the hand is on: which thing is asked about, and what has to be asked of the agent
//! before it can be told. [`crate::console::view::why`] tells it.

use crate::console::effect::Effect;
use crate::console::model::{Model, Place, Subject};
use crate::console::oncall::{self, TurnKey};
use crate::console::partners::Item;
use crate::console::providers;
use crate::core::change::Object;
use crate::core::id::{AlertId, NotificationId, TaskId};
use crate::core::text::Untrusted;
use crate::wire::client::LinkError;
use crate::wire::{AlertDetail, ContactDetail};

/// What is asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Of {
    /// Why it exists, and who was told.
    Alert(AlertId),
    /// Why somebody has to do it, and what ends it.
    Task(TaskId),
    /// Why it went to them that way, or why it waits or never left.
    Message(NotificationId),
    /// Why this person is on call then, or why nobody is.
    Turn(TurnKey),
    /// Why they can be reached, or not.
    Contact(Untrusted),
    /// Why a field differs: a row of the open partner's page.
    Conflict(usize),
    /// Why it is left, or taken.
    Provider(String),
}

/// The dialog.
#[derive(Debug)]
pub struct Why {
    pub of: Of,
    pub scroll: u16,
    /// What the agent knows of a contact beside what the console has.
    pub contact: Option<Result<Box<ContactDetail>, String>>,
    /// What it knows of an alert that is not the one shown behind the dialog.
    pub alert: Option<Result<Box<AlertDetail>, String>>,
}

impl Why {
    pub fn new(of: Of) -> Self {
        Self { of, scroll: 0, contact: None, alert: None }
    }
}

/// What the hand is on; `Err` holds a whole sentence without its full stop.
pub fn at_hand(model: &Model) -> Result<Of, String> {
    let nothing = || "nothing is selected".to_owned();
    match model.place {
        Place::Triage => match model.subject() {
            Some(Subject::Alert(alert)) => Ok(Of::Alert(alert)),
            Some(Subject::Task(task)) => Ok(Of::Task(task)),
            None => Err(nothing()),
        },
        Place::Messages => model.selected_message().map(|m| Of::Message(m.id)).ok_or_else(nothing),
        Place::OnCall => model.on_call.rows.selected().cloned().map(Of::Turn).ok_or_else(nothing),
        Place::Contacts => model.selected_contact().map(|c| Of::Contact(c.id.clone())).ok_or_else(nothing),
        Place::Providers => {
            providers::selected(model).map(|p| Of::Provider(p.id.clone())).ok_or_else(nothing)
        }
        Place::Stream => {
            let change = &model.line_at_hand().ok_or_else(nothing)?.change;
            match (&change.object, change.alert) {
                (Object::Notification(message), _) => Ok(Of::Message(message.id)),
                (Object::Task(task), _) => Ok(Of::Task(task.id)),
                (Object::Contact(contact), _) => Ok(Of::Contact(contact.id.clone())),
                (Object::Alert(alert), _) => Ok(Of::Alert(alert.id)),
                (_, Some(alert)) => Ok(Of::Alert(alert)),
                _ => Err("this line is a fact of its own; the sentence says it all".to_owned()),
            }
        }
        Place::Partner => {
            let page = model.page.as_ref().ok_or_else(nothing)?;
            let item = page.opened.as_ref().map(|opened| &opened.what).or(page.rows.selected());
            let task_about = |id: &Untrusted| {
                let tasks = page.detail.iter().flat_map(|detail| &detail.tasks);
                let mut about = tasks.filter(|task| task.about.as_ref() == Some(id));
                let none = "no task is open about it; Enter shows what happened to it".to_owned();
                about.next().map(|task| Of::Task(task.id)).ok_or(none)
            };
            match item.ok_or_else(nothing)? {
                Item::Alert(id) => Ok(Of::Alert(*id)),
                Item::Task(id) => Ok(Of::Task(*id)),
                Item::Contact(id) => Ok(Of::Contact(id.clone())),
                Item::Message(id) => Ok(Of::Message(*id)),
                Item::Conflict(at) => Ok(Of::Conflict(*at)),
                Item::Case(id) | Item::Document(id) | Item::Thread(id) => task_about(id),
                Item::Milestone(id) => task_about(id),
            }
        }
        Place::Search => {
            let hit = model.search.selected().ok_or_else(nothing)?;
            match (hit.alert, hit.task) {
                (Some(alert), _) => Ok(Of::Alert(alert)),
                (None, Some(task)) => Ok(Of::Task(task)),
                (None, None) => Err("Enter goes there; w on it says why".to_owned()),
            }
        }
        Place::Partners => {
            Err("a partner has no why of its own; Enter, then w on a row of theirs".to_owned())
        }
        Place::People | Place::Person => {
            Err("Enter says how they are reached and what proves it; 5 says why who is on call".to_owned())
        }
        Place::Sources | Place::Configuration => {
            Err("nothing here was decided; it is as it was configured".to_owned())
        }
        Place::Handover | Place::Templates => Err("there is nothing here that was decided".to_owned()),
    }
}

/// Opens the dialog about what the hand is on, and asks for what it lacks.
pub fn ask(model: &mut Model) -> Vec<Effect> {
    match at_hand(model) {
        Ok(of) => about(model, of),
        Err(_) => Vec::new(),
    }
}

/// The same about something that is named.
pub fn about(model: &mut Model, of: Of) -> Vec<Effect> {
    let effects = match &of {
        Of::Alert(alert) => fetch_alert(model, *alert),
        Of::Message(id) => match model.message(*id).and_then(|message| message.alert) {
            Some(alert) if model.alert(alert).is_some() => fetch_alert(model, alert),
            _ => Vec::new(),
        },
        Of::Contact(id) => {
            let partner = model.desk.as_ref().and_then(|desk| desk.contacts.get(id)?.partner_id.clone());
            let reach = partner.map(Effect::FetchPartner);
            std::iter::once(Effect::FetchContact(id.clone())).chain(reach).collect()
        }
        Of::Turn(_) if !model.on_call.heard => oncall::again(model),
        _ => Vec::new(),
    };
    model.dialog = Some(crate::console::dialog::Dialog::Why(Why::new(of)));
    effects
}

fn fetch_alert(model: &Model, alert: AlertId) -> Vec<Effect> {
    match model.detail_of(alert) {
        Some(_) => Vec::new(),
        None => vec![Effect::FetchDetail(alert)],
    }
}

pub fn contact_came(model: &mut Model, id: &Untrusted, answer: Result<Box<ContactDetail>, LinkError>) {
    if let Some(crate::console::dialog::Dialog::Why(why)) = &mut model.dialog
        && why.of == Of::Contact(id.clone())
    {
        why.contact = Some(answer.map_err(|error| error.to_string()));
    }
}
