//! The console's side of the agent: one task that keeps a snapshot and its stream coming, and one
//! short task for each question, all answering into the same ordered channel.

use crate::console::message::{Msg, Ticket};
use crate::console::partners::{Thing, ThingKind, ThingOf};
use crate::console::templates::AskedPreview;
use crate::core::change::Numbered;
use crate::core::command::{Action, Command, Expect};
use crate::core::id::{AlertId, NotificationId};
use crate::core::notification::Notification;
use crate::core::person::PersonId;
use crate::core::resend::Asked;
use crate::core::template::Sample;
use crate::core::text::Untrusted;
use crate::core::together::One;
use crate::wire::client::{Client, LinkError, StreamItem, encoded};
use crate::wire::person::Looking;
use crate::wire::{Snapshot, Together};
use futures_util::StreamExt;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use std::time::Duration;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::{sleep, timeout};

/// The first wait after a break, doubled up to the longest.
const FIRST_WAIT: Duration = Duration::from_millis(250);
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// Changes that follow each other this closely are one message.
const TOGETHER: Duration = Duration::from_millis(5);
const MOST_TOGETHER: usize = 500;
/// The messages of so many alerts are asked for at once, until so many are known.
const TOLD_TOGETHER: usize = 10;
const MOST_TOLD: usize = 3000;

/// Asks and listens; every answer is a message.
#[derive(Clone)]
pub struct AgentLink {
    client: Client,
    messages: UnboundedSender<Msg>,
    /// Makes the command ids of this console unlike those of any other.
    session: String,
}

impl AgentLink {
    pub fn new(client: Client, messages: UnboundedSender<Msg>) -> Self {
        let session = format!("console-{}-{}", std::process::id(), Timestamp::now().as_microsecond());
        Self { client, messages, session }
    }

    /// Listens for ever; aborted by whoever spawned it.
    pub async fn listen(self) {
        let mut wait = FIRST_WAIT;
        loop {
            let error = match self.follow(&mut wait).await {
                Ok(()) => LinkError::Broken("the agent ended the live stream".to_owned()),
                Err(error) => error,
            };
            self.tell(Msg::Away(error));
            sleep(wait).await;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }

    /// One snapshot and the stream after it. What was missed meanwhile is in the snapshot.
    async fn follow(&self, wait: &mut Duration) -> Result<(), LinkError> {
        let snapshot: Box<Snapshot> = self.client.get("/v1/snapshot").await?;
        let since = snapshot.seq;
        let below: Vec<AlertId> = snapshot.alerts.iter().skip(snapshot.told).map(|alert| alert.id).collect();
        self.tell(Msg::Snapshot(snapshot));
        let link = self.clone();
        tokio::spawn(async move { link.tell_of(&below).await });
        let mut stream = Box::pin(self.client.stream_as(since, &self.session));

        let mut listens = false;
        loop {
            let Some(item) = stream.next().await else { return Ok(()) };
            *wait = FIRST_WAIT;
            if !std::mem::replace(&mut listens, true) {
                self.tell(Msg::Listening);
            }
            let mut changes: Vec<Numbered> = Vec::new();
            let mut next = Some(item);
            while let Some(item) = next.take() {
                match item? {
                    StreamItem::Change(change) => changes.push(*change),
                    StreamItem::Health(health) => {
                        self.tell_changes(&mut changes);
                        self.tell(Msg::Health(health));
                    }
                    StreamItem::Viewers(viewers) => {
                        self.tell_changes(&mut changes);
                        self.tell(Msg::Viewers(viewers));
                    }
                    StreamItem::Lagged => {
                        return Err(LinkError::Broken("the stream is too far behind".to_owned()));
                    }
                    StreamItem::Ping => {}
                }
                if changes.is_empty() || changes.len() >= MOST_TOGETHER {
                    break;
                }
                next = match timeout(TOGETHER, stream.next()).await {
                    Ok(None) => {
                        self.tell_changes(&mut changes);
                        return Ok(());
                    }
                    Ok(more) => more,
                    Err(_) => None,
                };
            }
            self.tell_changes(&mut changes);
        }
    }

    /// The messages of the alerts that stand below the first screen, before anybody scrolls to them. They are asked for
    /// a few at a time, so that a storm's do not lie in memory twice.
    async fn tell_of(&self, alerts: &[AlertId]) {
        let mut told = 0;
        let of = alerts.chunks(TOLD_TOGETHER).map(|alerts| {
            let ids: Vec<String> = alerts.iter().map(AlertId::to_string).collect();
            format!("/v1/told?of={}", ids.join(","))
        });
        for path in std::iter::once("/v1/told".to_owned()).chain(of) {
            let answer: Result<Vec<Notification>, LinkError> = self.client.get(&path).await;
            told += answer.as_ref().map_or(MOST_TOLD, Vec::len);
            self.tell(Msg::Told(answer));
            if told >= MOST_TOLD {
                break;
            }
        }
    }

    fn tell_changes(&self, changes: &mut Vec<Numbered>) {
        if !changes.is_empty() {
            self.tell(Msg::Changes(std::mem::take(changes)));
        }
    }

    pub fn log_in(&self, person: &str, pin: &str) {
        self.client.log_in(person, pin);
    }

    /// What the ids of this console's commands begin with.
    pub fn session(&self) -> &str {
        &self.session
    }

    pub fn command(&self, ticket: Ticket, action: Action, expect: Expect) {
        let command = Command { id: format!("{}-{}", self.session, ticket.0), action, expect };
        self.retry(ticket, command);
    }

    /// A command with the id it has.
    pub fn retry(&self, ticket: Ticket, command: Command) {
        let link = self.clone();
        tokio::spawn(async move {
            let mut answer = link.client.command(&command).await;
            if matches!(answer, Err(LinkError::Broken(_) | LinkError::NoAgent { .. })) {
                // The same id again is harmless, and tells whether it was done.
                sleep(FIRST_WAIT).await;
                answer = link.client.command(&command).await;
            }
            link.tell(Msg::Answered(ticket, answer));
        });
    }

    pub fn preview_of(&self, ticket: Ticket, each: Vec<One>) {
        let asked = Together { id: format!("{}-{}", self.session, ticket.0), each };
        let link = self.clone();
        tokio::spawn(async move {
            let answer = link.client.post("/v1/commands/preview", &asked).await;
            link.tell(Msg::Previewed(ticket, answer));
        });
    }

    pub fn together(&self, ticket: Ticket, each: Vec<One>) {
        let asked = Together { id: format!("{}-{}", self.session, ticket.0), each };
        let link = self.clone();
        tokio::spawn(async move {
            let mut answer = link.client.post("/v1/commands/together", &asked).await;
            if matches!(answer, Err(LinkError::Broken(_) | LinkError::NoAgent { .. })) {
                // The same id again is harmless, and tells what was done.
                sleep(FIRST_WAIT).await;
                answer = link.client.post("/v1/commands/together", &asked).await;
            }
            link.tell(Msg::Together(ticket, answer));
        });
    }

    /// Says what is looked at; that nobody hears it matters to nobody.
    pub fn look(&self, alert: Option<AlertId>) {
        let link = self.clone();
        let looking = Looking { console: self.session.clone(), alert };
        tokio::spawn(async move {
            if let Ok(viewers) = link.client.post("/v1/looking", &looking).await {
                link.tell(Msg::Viewers(viewers));
            }
        });
    }

    pub fn detail(&self, alert: AlertId) {
        let link = self.clone();
        tokio::spawn(async move {
            let answer = link.client.get(&format!("/v1/alerts/{alert}")).await;
            link.tell(Msg::Detail(alert, answer));
        });
    }

    pub fn steps(&self, alert: AlertId) {
        let link = self.clone();
        tokio::spawn(async move {
            let answer = link.client.get(&format!("/v1/alerts/{alert}/steps")).await;
            link.tell(Msg::Steps(alert, answer));
        });
    }

    pub fn partners(&self, find: String) {
        self.ask(format!("/v1/open?find={}", encoded(&find)), move |answer| Msg::Partners(find, answer));
    }

    pub fn partner(&self, id: Untrusted) {
        self.ask(format!("/v1/partners/{}", encoded(id.raw())), move |answer| Msg::Partner(id, answer));
    }

    pub fn contact(&self, id: Untrusted) {
        let path = format!("/v1/contacts/{}", encoded(id.raw()));
        self.ask(path, move |answer| Msg::Contact(id, answer));
    }

    pub fn thing(&self, of: ThingOf) {
        let kind = match of.kind {
            ThingKind::Case => "cases",
            ThingKind::Document => "documents",
            ThingKind::Thread => "threads",
        };
        let path = format!("/v1/{kind}/{}?partner={}", encoded(of.id.raw()), encoded(of.partner.raw()));
        match of.kind {
            ThingKind::Case => self.ask(path, |answer| Msg::Thing(of, boxed(answer, Thing::Case))),
            ThingKind::Document => self.ask(path, |answer| Msg::Thing(of, boxed(answer, Thing::Document))),
            ThingKind::Thread => self.ask(path, |answer| Msg::Thing(of, boxed(answer, Thing::Thread))),
        }
    }

    pub fn messages(&self) {
        self.ask("/v1/messages".to_owned(), Msg::Messages);
    }

    pub fn message(&self, id: NotificationId) {
        self.ask(format!("/v1/notifications/{id}"), Msg::Message);
    }

    pub fn search(&self, query: String) {
        self.ask(format!("/v1/search?q={}", encoded(&query)), move |answer| Msg::Search(query, answer));
    }

    pub fn views(&self) {
        self.ask("/v1/views".to_owned(), Msg::Views);
    }

    pub fn providers(&self) {
        self.ask("/v1/providers".to_owned(), Msg::Providers);
    }

    pub fn probe(&self, name: &str) {
        let (link, path) = (self.clone(), format!("/v1/providers/{}/probe", encoded(name)));
        tokio::spawn(async move {
            let answer = link.client.post(&path, &()).await;
            link.tell(Msg::Probed(answer));
        });
    }

    pub fn plan(&self, asked: Asked) {
        let link = self.clone();
        tokio::spawn(async move {
            let answer = link.client.post("/v1/resend", &asked).await;
            link.tell(Msg::Planned(asked, answer));
        });
    }

    pub fn on_call(&self) {
        self.ask("/v1/oncall/timeline?days=14".to_owned(), Msg::OnCall);
    }

    pub fn handover(&self) {
        self.ask("/v1/handover/own".to_owned(), Msg::Handover);
    }

    pub fn templates(&self) {
        self.ask("/v1/templates".to_owned(), Msg::Templates);
    }

    pub fn preview(&self, asked: AskedPreview) {
        let (name, piece) = asked.row;
        let mut path = format!("/v1/templates/{name}?medium={}", piece.as_str());
        for (key, value) in [("to", &asked.to), ("locale", &asked.locale)] {
            if let Some(value) = value {
                path.push_str(&format!("&{key}={}", encoded(value)));
            }
        }
        if asked.sample == Sample::Bare {
            path.push_str("&bare=true");
        }
        self.ask(path, |answer| Msg::Preview(asked, answer));
    }

    pub fn contacts(&self) {
        self.ask("/v1/contacts?limit=1000".to_owned(), Msg::Contacts);
    }

    pub fn person(&self, id: PersonId) {
        self.ask(format!("/v1/people/{}", encoded(&id.0)), move |answer| Msg::Person(id, answer));
    }

    pub fn config(&self) {
        self.ask("/v1/config".to_owned(), Msg::Config);
    }

    pub fn digests(&self) {
        self.ask("/v1/digests".to_owned(), Msg::Digests);
    }

    pub fn digest(&self, name: String) {
        self.ask(format!("/v1/digests/{}/preview", encoded(&name)), move |answer| Msg::Digest(name, answer));
    }

    fn ask<T: DeserializeOwned + Send>(
        &self,
        path: String,
        said: impl FnOnce(Result<T, LinkError>) -> Msg + Send + 'static,
    ) {
        let link = self.clone();
        tokio::spawn(async move {
            let answer = link.client.get(&path).await;
            link.tell(said(answer));
        });
    }

    fn tell(&self, msg: Msg) {
        // The console has ended when nobody listens.
        let _ = self.messages.send(msg);
    }
}

fn boxed<T>(answer: Result<T, LinkError>, thing: impl FnOnce(T) -> Thing) -> Result<Box<Thing>, LinkError> {
    answer.map(|answer| Box::new(thing(answer)))
}
