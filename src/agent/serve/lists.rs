//! Lists, newest first and bounded, and one thing whole.

use super::{Desk, Failure, not_found, parsed};
use crate::core::alert::Alert;
use crate::core::case::Case;
use crate::core::contact::Contact;
use crate::core::document::Document;
use crate::core::event::Event;
use crate::core::id::{AlertId, EventId, NotificationId, TaskId};
use crate::core::notification::{Notification, NotificationState};
use crate::core::onboarding::MilestoneRecord;
use crate::core::partner::{Partner, PartnerRef};
use crate::core::task::Task;
use crate::core::text::Untrusted;
use crate::core::thread::Thread;
use crate::store::list::{Filter, List};
use crate::store::{StoreError, Tx};
use crate::wire::{Messages, WithTimeline};
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// What a list may be asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// Several with commas between.
    state: Option<String>,
    partner: Option<String>,
    alert: Option<String>,
    kind: Option<String>,
    team: Option<String>,
    owner: Option<String>,
    limit: Option<u32>,
}

/// More states than any list has; what names more is a mistake.
const STATES: usize = 32;

impl Asked {
    fn filter(self, list: List) -> Result<Filter, Failure> {
        let wrong = |said: String| Err(Failure(StatusCode::BAD_REQUEST, said));
        for (column, asked) in [
            ("state", &self.state),
            ("partner", &self.partner),
            ("alert", &self.alert),
            ("kind", &self.kind),
            ("team", &self.team),
            ("owner", &self.owner),
        ] {
            if asked.is_some() && !list.has(column) {
                return wrong(format!("This list has no {column} to filter by."));
            }
        }
        let alert = self.alert.as_deref().map(parsed::<AlertId>).transpose()?;
        let states: Vec<String> =
            self.state.map(|s| s.split(',').map(str::to_owned).collect()).unwrap_or_default();
        if states.len() > STATES {
            return wrong(format!("At most {STATES} states can be asked for together."));
        }
        if let Some(known) = list.states()
            && let Some(unknown) = states.iter().find(|state| !known.contains(&state.as_str()))
        {
            let unknown = crate::core::text::sanitise(unknown);
            return wrong(format!("{unknown:?} is no state of this list; there are {}.", known.join(", ")));
        }
        let limit = self.limit.unwrap_or(100).clamp(1, 100_000);
        let Asked { partner, kind, team, owner, .. } = self;
        Ok(Filter { states, partner, alert, kind, team, owner, limit })
    }
}

async fn list<T: DeserializeOwned + Serialize + Send + 'static>(
    desk: &Desk,
    list: List,
    asked: Asked,
) -> Result<Json<Vec<T>>, Failure> {
    let filter = asked.filter(list)?;
    Ok(Json(desk.agent.store.read(move |tx| tx.list(list, &filter)).await?))
}

async fn one<T: Send + 'static>(
    desk: &Desk,
    what: &str,
    id: &str,
    find: impl FnOnce(&Tx<'_>) -> Result<Option<T>, StoreError> + Send + 'static,
) -> Result<Json<T>, Failure> {
    desk.agent.store.read(find).await?.map(Json).ok_or_else(|| not_found(what, id))
}

macro_rules! lists {
    ($($name:ident: $list:ident of $object:ty),+ $(,)?) => {
        $(pub async fn $name(
            State(desk): State<Desk>,
            Query(asked): Query<Asked>,
        ) -> Result<Json<Vec<$object>>, Failure> {
            list(&desk, List::$list, asked).await
        })+
    };
}
lists! {
    events: Events of Event,
    alerts: Alerts of Alert,
    notifications: Notifications of Notification,
    tasks: Tasks of Task,
    partners: Partners of Partner,
    contacts: Contacts of Contact,
    cases: Cases of Case,
    documents: Documents of Document,
    threads: Threads of Thread,
    milestones: Milestones of MilestoneRecord,
}

/// How many messages each half of the Messages place needs at most.
const MESSAGES: u32 = 200;

/// Messages that need a look, and the newest of all.
pub async fn messages(State(desk): State<Desk>) -> Result<Json<Messages>, Failure> {
    use NotificationState::*;
    let read = desk.agent.store.read(|tx| {
        let of = |states: &[NotificationState]| {
            let states = states.iter().map(|state| state.as_str().to_owned()).collect();
            tx.list(List::Notifications, &Filter { states, limit: MESSAGES, ..Filter::default() })
        };
        let mut look: Vec<Notification> = of(&[InDoubt, Held])?;
        look.extend(of(&[Failed, Bounced, Expired])?);
        Ok(Messages { look, latest: of(&[])? })
    });
    Ok(Json(read.await?))
}

pub async fn event(State(desk): State<Desk>, Path(id): Path<String>) -> Result<Json<Event>, Failure> {
    let event: EventId = parsed(&id)?;
    one(&desk, "event", &id, move |tx| tx.event(event)).await
}

pub async fn notification(
    State(desk): State<Desk>,
    Path(id): Path<String>,
) -> Result<Json<Notification>, Failure> {
    let notification: NotificationId = parsed(&id)?;
    one(&desk, "notification", &id, move |tx| tx.notification(notification)).await
}

pub async fn task(State(desk): State<Desk>, Path(id): Path<String>) -> Result<Json<Task>, Failure> {
    let task: TaskId = parsed(&id)?;
    one(&desk, "task", &id, move |tx| tx.task(task)).await
}

/// Whose thing is meant, where several partners use the same id.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskedThing {
    partner: Option<String>,
}

/// The one thing of that id with its history; several are a conflict that names the partners.
async fn thing<T: DeserializeOwned + Send + 'static>(
    desk: &Desk,
    (list, word): (List, &'static str),
    id: String,
    asked: AskedThing,
    of: fn(&T) -> (&PartnerRef, &Untrusted),
) -> Result<Json<WithTimeline<T>>, Failure> {
    let key = id.clone();
    let read = desk.agent.store.read(move |tx| {
        let mut found: Vec<T> = tx.things_named(list, &key)?;
        if let Some(wanted) = &asked.partner {
            found.retain(|thing| of(thing).0.id.raw() == wanted);
        }
        if found.len() > 1 {
            let named =
                |partner: &PartnerRef| format!("{} ({})", partner.name.printable(), partner.id.printable());
            return Ok(Err(found.iter().map(|thing| named(of(thing).0)).collect::<Vec<_>>()));
        }
        let Some(thing) = found.pop() else { return Ok(Ok(None)) };
        let (partner, id) = of(&thing);
        let timeline = tx.history_of(partner.id.raw(), &format!("{word} {}", id.raw()))?;
        Ok(Ok(Some(WithTimeline { thing, timeline })))
    });
    match read.await? {
        Ok(found) => found.map(Json).ok_or_else(|| not_found(word, &id)),
        Err(partners) => {
            let id = crate::core::text::sanitise(&id);
            Err(Failure(
                StatusCode::CONFLICT,
                format!(
                    "{} partners have a {word} {id}: {}. Say whose with --partner.",
                    partners.len(),
                    partners.join(", ")
                ),
            ))
        }
    }
}

macro_rules! things {
    ($($name:ident: $list:ident of $object:ty),+ $(,)?) => {
        $(pub async fn $name(
            State(desk): State<Desk>,
            Path(id): Path<String>,
            Query(asked): Query<AskedThing>,
        ) -> Result<Json<WithTimeline<$object>>, Failure> {
            thing(&desk, (List::$list, stringify!($name)), id, asked, |thing: &$object| {
                (&thing.partner, &thing.id)
            })
            .await
        })+
    };
}
things! {
    case: Cases of Case,
    document: Documents of Document,
    thread: Threads of Thread,
    milestone: Milestones of MilestoneRecord,
}
