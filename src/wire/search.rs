//! What a search over the whole history answers.

use crate::core::change::{Change, Object};
use crate::core::event::Severity;
use crate::core::id::{AlertId, NotificationId, TaskId};
use crate::core::partner::PartnerRef;
use crate::core::query::found::Kind;
use crate::core::query::rows::{self, NoNames};
use crate::core::query::{Facets, Field, Word, fold, snippet};
use crate::core::saved_view::SavedView;
use crate::core::text::Untrusted;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Answers hold so many unless asked for another number, and never more than the most.
pub const USUAL: usize = 100;
pub const MOST: usize = 1_000;
/// Characters of a title, and of the words around what was found.
const TITLE: usize = 200;
const SAID: usize = 160;

/// `GET /v1/search?q=QUERY&limit=N`: things, the newest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SearchAnswer {
    pub hits: Vec<Hit>,
    /// There are more.
    pub more: bool,
    pub indexed: Indexed,
}

/// How far the index had come when it was asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Indexed {
    /// Everything up to this number of the history is found.
    pub seq: u64,
    /// When that was; `None`: nothing is indexed yet.
    pub at: Option<Timestamp>,
    /// Changes that are newer, and not found yet.
    pub behind: u64,
    /// Why it does not go on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
}

/// One thing that was found, as it is now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hit {
    pub kind: Kind,
    /// Of a note, the number of the change that it is.
    pub id: Untrusted,
    /// Empty where it has none.
    #[serde(default)]
    pub state: Untrusted,
    #[serde(default)]
    pub severity: Option<Severity>,
    #[serde(default)]
    pub partner: Option<PartnerRef>,
    /// The alert or task that it is, or belongs to.
    #[serde(default)]
    pub alert: Option<AlertId>,
    #[serde(default)]
    pub task: Option<TaskId>,
    /// Who gets it, said it or wrote it.
    #[serde(default)]
    pub who: Option<Untrusted>,
    pub title: Untrusted,
    /// Words around what was found, where the title does not show it.
    #[serde(default)]
    pub said: Untrusted,
    pub created_at: Timestamp,
}

/// One of `GET /v1/views`: a query under a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ViewInfo {
    #[serde(flatten)]
    pub view: SavedView,
    /// The configuration has it, for everybody; else it is the asker's own.
    pub shared: bool,
}

impl Hit {
    /// `None` for what nobody looks for.
    pub fn of_object(object: &Object, words: &[&Word]) -> Option<Self> {
        let row = rows::of_object(object, &NoNames)?;
        let state = row.values.iter().find(|(field, _)| *field == Field::State).map(|(_, state)| &**state);
        let mut hit = Self {
            kind: Kind::of(object)?,
            id: Untrusted::default(),
            state: Untrusted::from(state.unwrap_or_default()),
            severity: row.severity,
            partner: None,
            alert: None,
            task: None,
            who: None,
            title: Untrusted::default(),
            said: Untrusted::default(),
            created_at: row.at.unwrap_or_default(),
        };
        let id = |id: &dyn std::fmt::Display| Untrusted::new(id.to_string());
        match object {
            Object::Event(event) => {
                hit.id = id(&event.id);
                (hit.partner, hit.alert) = (event.partner.clone(), event.alert);
                hit.title = event.title.clone();
            }
            Object::Alert(alert) => {
                hit.id = id(&alert.id);
                (hit.partner, hit.alert) = (Some(alert.partner.clone()), Some(alert.id));
                hit.title = alert.title.clone();
            }
            Object::Task(task) => {
                hit.id = id(&task.id);
                (hit.partner, hit.alert, hit.task) = (task.partner.clone(), task.alert, Some(task.id));
                hit.title = task.title.clone();
            }
            Object::Notification(message) => {
                hit.id = id(&message.id);
                hit.partner = message.partner.clone().map(named);
                hit.alert = message.alert;
                hit.who = Some(message.recipient.name.clone());
                hit.title = match message.content.subject.is_empty() {
                    false => message.content.subject.clone(),
                    true => first_line(&message.content.body),
                };
            }
            Object::Case(case) => {
                hit.id = case.reference.clone();
                (hit.partner, hit.alert) = (Some(case.partner.clone()), case.alert);
                hit.title = case.title.clone();
            }
            Object::Document(document) => {
                hit.id = document.id.clone();
                hit.partner = Some(document.partner.clone());
                hit.title = document.name.clone();
            }
            Object::Thread(thread) => {
                hit.id = thread.id.clone();
                hit.partner = Some(thread.partner.clone());
                hit.title = thread.subject.clone();
            }
            Object::Milestone(milestone) => {
                hit.id = milestone.id.clone();
                hit.partner = Some(milestone.partner.clone());
                hit.title = Untrusted::new(milestone.milestone.word().replace('_', " "));
            }
            Object::Partner(partner) => {
                hit.id = partner.about.id.clone();
                hit.partner = Some(partner.about.clone());
                hit.title = partner.about.name.clone();
            }
            Object::Contact(contact) => {
                hit.id = contact.id.clone();
                hit.partner = contact.partner_id.clone().map(named);
                hit.title = contact.name.clone();
            }
            Object::Reply(reply) => {
                hit.id = Untrusted::new(reply.id.raw().replace('\u{1f}', " "));
                (hit.alert, hit.task) = (reply.alert, reply.task);
                hit.who = Some(reply.from.clone());
                hit.title = first_line(&reply.text);
            }
            _ => return None,
        }
        hit.show(&row, words);
        Some(hit)
    }

    /// Somebody's own words in the history.
    pub fn of_note(seq: u64, change: &Change, words: &[&Word]) -> Self {
        let mut hit = Self {
            kind: Kind::Note,
            id: Untrusted::new(seq.to_string()),
            state: Untrusted::default(),
            severity: None,
            partner: change.partner.clone().map(named),
            alert: change.alert,
            task: match &change.object {
                Object::Task(task) => Some(task.id),
                _ => None,
            },
            who: match &change.actor {
                crate::core::change::Actor::Person { id, .. } => Some(Untrusted::from(id.0.as_str())),
                _ => None,
            },
            title: first_line(&change.summary),
            said: Untrusted::default(),
            created_at: change.at,
        };
        hit.show(&rows::of_change(change, &NoNames), words);
        hit
    }

    /// The message that it is.
    pub fn message(&self) -> Option<NotificationId> {
        (self.kind == Kind::Message).then(|| self.id.raw().parse().ok()).flatten()
    }

    /// Cuts the title, and adds what it does not show of what was found.
    fn show(&mut self, row: &Facets<'_>, words: &[&Word]) {
        let title = fold(self.title.raw()).into_owned();
        let shown = format!("{title} {}", fold(self.id.raw()));
        let missing: Vec<&Word> =
            words.iter().copied().filter(|word| !shown.contains(word.folded().trim())).collect();
        let partner = self.partner.as_ref().map(|partner| fold(partner.name.raw()).into_owned());
        let holds = |text: &str| {
            let text = fold(text);
            Some(&*text) != partner.as_deref()
                && missing.iter().any(|word| text.contains(word.folded().trim()))
        };
        let texts =
            row.texts.iter().chain(row.values.iter().filter(|(f, _)| *f != Field::Partner).map(|(_, v)| v));
        if let Some(text) =
            texts.map(|text| &**text).filter(|text| *text != self.title.raw()).find(|text| holds(text))
        {
            self.said = snippet::snippet(&[text], &missing, SAID);
        }
        if self.title.raw().chars().nth(TITLE).is_some() {
            self.title = snippet::snippet(&[self.title.raw()], &[], TITLE);
        }
    }
}

/// A partner of whom only the id is known; whoever knows the name fills it in.
fn named(id: Untrusted) -> PartnerRef {
    PartnerRef { name: id.clone(), id, ..PartnerRef::default() }
}

fn first_line(text: &Untrusted) -> Untrusted {
    let line = text.raw().lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    Untrusted::from(line)
}
