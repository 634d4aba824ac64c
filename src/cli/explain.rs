//! `nightdesk explain`: why each message was or was not sent; on a file, what would happen, without
//! keeping or sending anything.

use super::list::encoded;
use super::print::{json, line};
use super::{Context, Failed, time};
use crate::config::{self, Settings};
use crate::core::change::What;
use crate::core::contact::Medium;
use crate::core::counted::counted;
use crate::core::decide::{self, Incoming, View};
use crate::core::event::{CloudEvent, Event};
use crate::core::id::{EventId, Ids, NotificationId};
use crate::core::mapping::{Made, Mapped, Mapping};
use crate::core::notification::{AttemptState, Notification, NotificationState};
use crate::core::text::sanitise;
use crate::core::why::{Before, Explained, Explanation, explained};
use crate::wire::client::LinkError;
use crate::wire::{AlertDetail, AskedExplain};
use clap::Args;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;

#[derive(Args, Debug)]
pub struct ExplainArgs {
    /// A file with a CloudEvent, a list of them, or (with --source) a source's own JSON; `-` reads
    /// standard input. event:ID and notification:ID tell what was decided
    #[arg(value_name = "FILE|event:ID|notification:ID")]
    pub what: String,
    /// The source it would come in by; its [[source.map]] in the configuration file reads what is no
    /// CloudEvent
    #[arg(long, value_name = "NAME")]
    pub source: Option<String>,
    /// A request header for the mapping's expressions
    #[arg(long = "header", value_name = "NAME=VALUE", requires = "source")]
    pub headers: Vec<String>,
    /// One JSON object
    #[arg(long)]
    pub json: bool,
}

pub async fn run(args: &ExplainArgs, context: &Context) -> Result<(), Failed> {
    match args.what.split_once(':') {
        Some(("event", id)) => event(id, args.json, context).await,
        Some(("notification", id)) => notification(id, args.json, context).await,
        _ => file(args, context).await,
    }
}

/// A dry run on a file.
async fn file(args: &ExplainArgs, context: &Context) -> Result<(), Failed> {
    let text = match args.what.as_str() {
        "-" => std::io::read_to_string(std::io::stdin()),
        path => std::fs::read_to_string(path),
    };
    let shown = sanitise(&args.what).into_owned();
    let text = text.map_err(|why| Failed::Usage(format!("{shown} cannot be read: {why}")))?;
    let value: Value = serde_json::from_str(&text).map_err(|why| {
        Failed::No(format!("{shown}:{}:{}: this is not JSON: {why}", why.line(), why.column()))
    })?;
    let mut explanation = match is_cloud_events(&value) {
        true => {
            let source = args.source.clone().unwrap_or_else(|| "file".to_owned());
            context.client.post("/v1/explain", &AskedExplain { source, text }).await?
        }
        false => foreign(args, &value, context).await?,
    };
    if explanation.events.is_empty() {
        explanation.state_known = true;
    }
    if args.json {
        return json(&explanation);
    }
    time::settle(context).await?;
    print(&explanation, args.source.as_deref())
}

/// A source's own JSON: mapped by the configuration file, so that a mapping can be tried before it is
/// applied, and then decided by the agent, or against an empty desk where there is none.
async fn foreign(args: &ExplainArgs, value: &Value, context: &Context) -> Result<Explanation, Failed> {
    let Some(source) = &args.source else {
        return Err(Failed::Usage(format!(
            "{} holds no CloudEvent (there is no specversion); name the source whose mapping reads it: --source NAME",
            sanitise(&args.what)
        )));
    };
    let settings = config::load(&context.paths.config).map_err(|why| Failed::Usage(why.to_string()))?;
    let mapping = mapping(&settings, source, context)?;
    let mapped = match mapping.map(value, &headers(&args.headers)?) {
        Ok(mapped) => mapped,
        Err(error) => {
            if args.json {
                json(
                    &json!({ "mapping_error": { "entry": error.entry, "item": error.item, "field": error.field,
                    "expression": error.expression, "problem": error.problem } }),
                )?;
            }
            return Err(Failed::No(format!("The mapping of source {} fails: {error}.", sanitise(source))));
        }
    };
    let text = Value::Array(mapped.events.iter().map(|made| structured(&made.event)).collect()).to_string();
    let asked = AskedExplain { source: source.clone(), text };
    let mut explanation = match context.client.post("/v1/explain", &asked).await {
        Ok(explanation) => explanation,
        Err(LinkError::NoAgent { .. }) => against_nothing(&settings, source, &mapped),
        Err(other) => return Err(other.into()),
    };
    for (one, made) in explanation.events.iter_mut().zip(mapped.events) {
        one.event.unreadable = made.unreadable;
    }
    explanation.mapped_by = mapped.entry;
    Ok(explanation)
}

fn mapping<'s>(settings: &'s Settings, source: &str, context: &Context) -> Result<&'s Mapping, Failed> {
    let path = sanitise(&context.paths.config.display().to_string()).into_owned();
    let Some(found) = settings.sources.iter().find(|known| known.name == source) else {
        let known: Vec<_> = settings.sources.iter().map(|source| source.name.as_str()).collect();
        return Err(Failed::Usage(format!(
            "{path} has no source {:?}; it has {}",
            sanitise(source),
            known.join(", ")
        )));
    };
    found.mapping.as_deref().ok_or_else(|| {
        Failed::Usage(format!(
            "the source {} of {path} has no [[source.map]], and this is no CloudEvent",
            sanitise(source)
        ))
    })
}

fn headers(typed: &[String]) -> Result<BTreeMap<String, String>, Failed> {
    let pair = |typed: &String| match typed.split_once('=') {
        Some((name, value)) => Ok((name.trim().to_ascii_lowercase(), value.to_owned())),
        None => Err(Failed::Usage(format!("a header is NAME=VALUE, not {:?}", sanitise(typed)))),
    };
    typed.iter().map(pair).collect()
}

/// The decision of a desk that knows nothing yet.
fn against_nothing(settings: &Settings, feed: &str, mapped: &Mapped) -> Explanation {
    let (desk, now) = (&settings.desk, Timestamp::now());
    let incoming = |made: &Made| Incoming {
        feed: feed.to_owned(),
        event: made.event.clone(),
        native: made.native.clone(),
        unreadable: made.unreadable.clone(),
        fingerprint: String::new(),
    };
    let prepared = mapped.events.iter().map(|made| decide::prepare(desk, incoming(made), now)).collect();
    let (changes, _) = decide::events(desk, &mut View::default(), prepared, Ids::default(), now);
    Explanation { state_known: false, mapped_by: None, events: explained(changes, Vec::new()) }
}

fn is_cloud_events(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().all(|item| item.get("specversion").is_some()),
        one => one.get("specversion").is_some(),
    }
}

fn structured(event: &CloudEvent) -> Value {
    let mut members = json!({ "specversion": "1.0", "id": event.id, "source": event.source, "type": event.kind,
        "data": event.data });
    if let Some(time) = event.time {
        members["time"] = time.to_string().into();
    }
    if let Some(subject) = &event.subject {
        members["subject"] = subject.as_str().into();
    }
    members
}

fn print(explanation: &Explanation, source: Option<&str>) -> Result<(), Failed> {
    let count = explanation.events.len();
    let events = counted(count, "event", "events");
    match (&explanation.mapped_by, source) {
        (Some(entry), Some(source)) => line(&format!("{events}, by {entry} of source {source}."))?,
        (None, Some(source)) => line(&format!("{events}, from source {source}."))?,
        _ => line(&format!("{events}."))?,
    }
    for one in &explanation.events {
        line("")?;
        what_would_happen(one, explanation.mapped_by.is_some())?;
    }
    line("")?;
    if !explanation.state_known {
        line(
            "No agent answers: what the desk knows already (alerts, duplicates, opt-outs) is not considered.",
        )?;
    }
    line("Nothing was kept and nothing was sent.")
}

fn what_would_happen(one: &Explained, mapped: bool) -> Result<(), Failed> {
    about(&one.event)?;
    if mapped {
        let data = serde_json::to_string_pretty(&one.event.data).unwrap_or_default();
        line("  data:")?;
        data.lines().try_for_each(|text| line(&format!("    {text}")))?;
    }
    for note in &one.event.unreadable {
        line(&format!("  left out: {note}"))?;
    }
    match one.before {
        Before::Duplicate => line("  The very same is here already: nothing would happen. The first time:")?,
        Before::Conflict => {
            line("  Another event has its source and id: it would be refused (409). With an id of its own:")?
        }
        Before::New | Before::Unknown => {}
    }
    verdicts(&one.event)?;
    line("  what would happen:")?;
    // The event itself stands above, and the messages follow with their words.
    for change in
        one.changes.iter().filter(|c| !matches!(c.what, What::EventReceived | What::NotificationQueued))
    {
        line(&format!("    {}", change.summary.printable()))?;
    }
    if let Some(at) = one.alert.as_ref().and_then(|alert| alert.next_escalation_at) {
        line(&format!("    Unless somebody acknowledges, the next step follows {}.", time::short(at)))?;
    }
    if one.notifications.is_empty() {
        line("    Nobody would be told.")?;
    }
    for message in &one.notifications {
        would_be_told(message)?;
    }
    Ok(())
}

fn would_be_told(message: &Notification) -> Result<(), Failed> {
    let (name, medium) = (message.recipient.name.printable(), medium(message.medium));
    let via = message.reason.via.printable();
    let outcome =
        message.reason.outcome.as_ref().map(|why| format!(": {}", why.printable())).unwrap_or_default();
    match message.state {
        NotificationState::Queued | NotificationState::Sending => {
            line(&format!("    {name} would get {medium} over {} ({via}):", sanitise(&message.channel)))?;
            let subject = message.content.subject.printable();
            let text =
                if message.content.subject.is_empty() { message.content.body.printable() } else { subject };
            line(&format!("      {text}"))
        }
        other => line(&format!("    {name}, {medium} ({via}): {}{outcome}", state(other))),
    }
}

/// What was decided about an event.
async fn event(id: &str, as_json: bool, context: &Context) -> Result<(), Failed> {
    let id: EventId = id.parse().map_err(|why| Failed::Usage(format!("{why}")))?;
    let event: Event = context.client.get(&format!("/v1/events/{id}")).await?;
    let messages = messages_of(&event, context).await?;
    if as_json {
        return json(&json!({ "event": event, "notifications": messages }));
    }
    time::settle(context).await?;
    line(&format!("{} by source {}, {}", event.id, sanitise(&event.feed), time::short(event.created_at)))?;
    about(&event)?;
    for note in &event.unreadable {
        line(&format!("  left out: {note}"))?;
    }
    verdicts(&event)?;
    if let Some(alert) = event.alert {
        line(&format!("  it belongs to alert {alert}"))?;
    }
    if messages.is_empty() {
        line("  nobody was told of it")?;
    }
    messages.iter().try_for_each(|message| {
        line("")?;
        told(message)
    })
}

/// The messages that name the event, or its alert.
async fn messages_of(event: &Event, context: &Context) -> Result<Vec<Notification>, Failed> {
    if let Some(alert) = event.alert {
        let detail: AlertDetail = context.client.get(&format!("/v1/alerts/{alert}")).await?;
        return Ok(detail.notifications);
    }
    let partner =
        event.partner.as_ref().map(|p| format!("&partner={}", encoded(p.id.raw()))).unwrap_or_default();
    let path = format!("/v1/notifications?limit=2000{partner}");
    let mut messages: Vec<Notification> = context.client.get(&path).await?;
    messages.retain(|message| message.event == Some(event.id));
    Ok(messages)
}

/// What was decided about a message, and what became of it.
async fn notification(id: &str, as_json: bool, context: &Context) -> Result<(), Failed> {
    let id: NotificationId = id.parse().map_err(|why| Failed::Usage(format!("{why}")))?;
    let message: Notification = context.client.get(&format!("/v1/notifications/{id}")).await?;
    let cause: Option<Event> = match message.event {
        Some(event) => Some(context.client.get(&format!("/v1/events/{event}")).await?),
        None => None,
    };
    if as_json {
        return json(&json!({ "notification": message, "event": cause }));
    }
    time::settle(context).await?;
    told(&message)?;
    let Some(cause) = cause else { return Ok(()) };
    line("")?;
    line(&format!("It tells of {}:", cause.id))?;
    about(&cause)?;
    verdicts(&cause)
}

fn about(event: &Event) -> Result<(), Failed> {
    line(&format!(
        "{}, id {} of {}",
        event.kind.printable(),
        event.event_id.printable(),
        event.source.printable()
    ))?;
    let partner = event.partner.as_ref().map(|p| format!("{}: ", p.name.printable())).unwrap_or_default();
    let severity = event.severity.map(|s| format!(", severity {}", s.as_str())).unwrap_or_default();
    line(&format!("  {partner}{}{severity}", event.title.printable()))
}

fn verdicts(event: &Event) -> Result<(), Failed> {
    line("  rules, in order:")?;
    if event.why.is_empty() {
        line("    there is none that speaks of it")?;
    }
    for verdict in &event.why {
        let answer = if verdict.matched { "yes" } else { "no " };
        line(&format!("    {answer} {}: {}", sanitise(&verdict.rule), verdict.because.printable()))?;
    }
    Ok(())
}

/// One message: its one reason, its attempts, and what proves where it is.
fn told(message: &Notification) -> Result<(), Failed> {
    let disputed = if message.disputed { ", disputed" } else { "" };
    line(&format!(
        "{}: {} to {}, {}{disputed}",
        message.id,
        medium(message.medium),
        message.recipient.name.printable(),
        state(message.state)
    ))?;
    let reason = &message.reason;
    let policy = reason.policy.as_ref().map(|p| format!(", policy {}", sanitise(p))).unwrap_or_default();
    let step = reason.step.map(|step| format!(", step {step}")).unwrap_or_default();
    line(&format!("  because of rule {}{policy}{step}: {}", sanitise(&reason.rule), reason.via.printable()))?;
    if let Some(outcome) = &reason.outcome {
        line(&format!("  {}", outcome.printable()))?;
    }
    for attempt in &message.attempts {
        let again = if attempt.possible_duplicate { ", possibly a second copy" } else { "" };
        let answer = attempt.answer.as_ref().map(|a| format!(": {}", a.printable())).unwrap_or_default();
        line(&format!(
            "  attempt {} {} over {} to {}, {}{again}{answer}",
            attempt.number,
            time::short(attempt.started_at),
            sanitise(&attempt.channel),
            attempt.address.printable(),
            outcome(attempt.state)
        ))?;
    }
    for evidence in &message.evidence {
        line(&format!(
            "  proof {} {} says {}: {}",
            time::short(evidence.at),
            sanitise(&evidence.by),
            evidence.rung.map_or("heard", |rung| state(rung.state())),
            evidence.detail.printable()
        ))?;
    }
    Ok(())
}

fn medium(medium: Medium) -> &'static str {
    match medium {
        Medium::Sms => "an SMS",
        Medium::Email => "a mail",
    }
}

fn outcome(state: AttemptState) -> &'static str {
    match state {
        AttemptState::Sending => "on its way",
        AttemptState::Handed => "taken",
        AttemptState::Deferred => "not taken, to be tried again",
        AttemptState::Refused => "refused",
        AttemptState::InDoubt => "nobody can tell whether it was taken",
    }
}

/// A state in plain words, claiming no more than it means.
fn state(state: NotificationState) -> &'static str {
    use NotificationState::*;
    match state {
        Queued => "waiting to be sent",
        Held => "held back",
        Sending => "being handed over",
        Accepted => "taken by the gateway",
        Sent => "taken by the carrier",
        Delivered => "delivered",
        Read => "read",
        Failed => "failed",
        Bounced => "bounced",
        Expired => "expired unsent or undelivered",
        Suppressed => "never sent",
        Cancelled => "cancelled, no longer needed",
        InDoubt => "in doubt: nobody can tell whether it was taken",
    }
}
