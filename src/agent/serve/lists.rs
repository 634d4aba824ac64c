//! Lists, newest first and bounded, and one thing whole.

use super::narrow::{Listed, Narrow, Narrowed};
use super::{Desk, Failure, not_found, parsed};
use crate::agent::identity::Identified;
use crate::core::alert::Alert;
use crate::core::case::Case;
use crate::core::contact::Contact;
use crate::core::decide::Thing;
use crate::core::document::Document;
use crate::core::event::Event;
use crate::core::id::{AlertId, EventId, NotificationId, TaskId};
use crate::core::notification::{Notification, NotificationState};
use crate::core::onboarding::{MilestoneRecord, MilestoneState};
use crate::core::partner::{Partner, PartnerRef};
use crate::core::query::Flag;
use crate::core::task::Task;
use crate::core::text::Untrusted;
use crate::core::thread::Thread;
use crate::store::list::{Filter, List};
use crate::store::{StoreError, Tx};
use crate::wire::partner::{Dated, Filed};
use crate::wire::{Messages, NOTE_HEADER, WithTimeline};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::Deserialize;
use serde::de::DeserializeOwned;

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
    /// A query over the rows.
    q: Option<String>,
    #[serde(skip)]
    also: Option<Flag>,
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

/// A list, with what there is to say of it in a header.
type Noted<T> = ([(&'static str, String); 1], Json<Vec<T>>);
type Answer<T> = Result<Result<Json<Vec<T>>, Noted<T>>, Failure>;

fn noted<T>(found: Narrowed<T>) -> Result<Json<Vec<T>>, Noted<T>> {
    match found.note {
        None => Ok(Json(found.rows)),
        Some(note) => Err(([(NOTE_HEADER, note)], Json(found.rows))),
    }
}

/// The rows of a list as the store has them, made into what is shown of each.
async fn rows<T: Listed, S: Send + 'static>(
    desk: &Desk,
    who: &Identified,
    list: List,
    mut asked: Asked,
    shown: impl Fn(&Tx<'_>, T) -> Result<S, StoreError> + Send + 'static,
) -> Answer<S> {
    let text = asked.q.take();
    let narrow = Narrow::read(&desk.agent, who, text.as_deref(), asked.also, list.fields())?;
    let filter = asked.filter(list)?;
    let read = desk.agent.store.read(move |tx| {
        let found = match &narrow {
            Some(narrow) => narrow.list(tx, list, &filter)?,
            None => Narrowed { rows: tx.list(list, &filter)?, note: None },
        };
        let rows = found.rows.into_iter().map(|one| shown(tx, one)).collect::<Result<_, _>>()?;
        Ok(Narrowed { rows, note: found.note })
    });
    Ok(noted(read.await?))
}

async fn list<T: Listed>(desk: &Desk, who: &Identified, list: List, asked: Asked) -> Answer<T> {
    rows(desk, who, list, asked, |_, one: T| Ok(one)).await
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
            Extension(who): Extension<Identified>,
            Query(asked): Query<Asked>,
        ) -> Answer<$object> {
            list(&desk, &who, List::$list, asked).await
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
}

/// A thing that may belong to a case.
trait InCase: DeserializeOwned + Send + 'static {
    fn case(&self) -> Option<Thing>;
}

impl InCase for Document {
    fn case(&self) -> Option<Thing> {
        self.case.as_ref().map(|case| Thing::of(&self.partner, case))
    }
}

impl InCase for Thread {
    fn case(&self) -> Option<Thing> {
        self.case.as_ref().map(|case| Thing::of(&self.partner, case))
    }
}

fn filed<T: InCase>(tx: &Tx<'_>, thing: T) -> Result<Filed<T>, StoreError> {
    let case = match thing.case() {
        Some(case) => tx.case(&case)?,
        None => None,
    };
    Ok(Filed { thing, case_reference: case.map(|case| case.reference) })
}

pub async fn documents(
    State(desk): State<Desk>,
    Extension(who): Extension<Identified>,
    Query(asked): Query<Asked>,
) -> Answer<Filed<Document>> {
    rows(&desk, &who, List::Documents, asked, filed).await
}

pub async fn threads(
    State(desk): State<Desk>,
    Extension(who): Extension<Identified>,
    Query(asked): Query<Asked>,
) -> Answer<Filed<Thread>> {
    rows(&desk, &who, List::Threads, asked, filed).await
}

/// The word for an expected milestone whose day has passed; no state of its own.
const LATE: &str = "late";

pub async fn milestones(
    State(desk): State<Desk>,
    Extension(who): Extension<Identified>,
    Query(mut asked): Query<Asked>,
) -> Answer<Dated> {
    let (setup, now) = (desk.agent.setup(), desk.agent.world.now());
    if asked.state.as_deref() == Some(LATE) {
        asked.state = Some(MilestoneState::Expected.as_str().to_owned());
        asked.also = Some(Flag::Late);
    }
    rows(&desk, &who, List::Milestones, asked, move |_, milestone| {
        Ok(Dated::new(milestone, &setup.settings.desk.time_zone, now))
    })
    .await
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
        look.extend(of(&[Queued, Sending])?);
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

pub async fn task(
    State(desk): State<Desk>,
    Path(id): Path<String>,
) -> Result<Json<WithTimeline<Task>>, Failure> {
    let task: TaskId = parsed(&id)?;
    one(&desk, "task", &id, move |tx| {
        let Some(thing) = tx.task(task)? else { return Ok(None) };
        let timeline = match &thing.partner {
            Some(partner) => tx.history_of(partner.id.raw(), &format!("task {task}"))?,
            None => Vec::new(),
        };
        Ok(Some(WithTimeline { thing, timeline }))
    })
    .await
}

/// Whose thing is meant, where several partners use the same id.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskedThing {
    partner: Option<String>,
}

/// The one thing of that id with its history; several are a conflict that names the partners.
async fn thing<T: DeserializeOwned + Send + 'static, S: Send + 'static>(
    desk: &Desk,
    (list, word): (List, &'static str),
    id: String,
    asked: AskedThing,
    of: fn(&T) -> (&PartnerRef, &Untrusted),
    shown: impl FnOnce(&Tx<'_>, T) -> Result<S, StoreError> + Send + 'static,
) -> Result<Json<WithTimeline<S>>, Failure> {
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
        Ok(Ok(Some(WithTimeline { thing: shown(tx, thing)?, timeline })))
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
    ($($name:ident: $list:ident of $object:ty as $shown:ty, $how:expr);+ $(;)?) => {
        $(pub async fn $name(
            State(desk): State<Desk>,
            Path(id): Path<String>,
            Query(asked): Query<AskedThing>,
        ) -> Result<Json<WithTimeline<$shown>>, Failure> {
            fn of(thing: &$object) -> (&PartnerRef, &Untrusted) {
                (&thing.partner, &thing.id)
            }
            thing(&desk, (List::$list, stringify!($name)), id, asked, of, $how(&desk)).await
        })+
    };
}
things! {
    case: Cases of Case as Case, |_: &Desk| |_: &Tx<'_>, case| Ok(case);
    document: Documents of Document as Filed<Document>, |_: &Desk| filed;
    thread: Threads of Thread as Filed<Thread>, |_: &Desk| filed;
    milestone: Milestones of MilestoneRecord as Dated, dated;
}

fn dated(desk: &Desk) -> impl FnOnce(&Tx<'_>, MilestoneRecord) -> Result<Dated, StoreError> + use<> {
    let (setup, now) = (desk.agent.setup(), desk.agent.world.now());
    move |_, milestone| Ok(Dated::new(milestone, &setup.settings.desk.time_zone, now))
}
