//! The read side: lists newest first, and one thing whole.

use super::print::{self, Table, cell};
use super::{Context, Failed, time};
use crate::core::alert::{Alert, AlertState};
use crate::core::case::Case;
use crate::core::contact::Contact;
use crate::core::document::Document;
use crate::core::event::Event;
use crate::core::money::Money;
use crate::core::notification::Notification;
use crate::core::partner::Partner;
use crate::core::person::Person;
use crate::core::query::{Asking, Facets, Parsed, Query, field, rows};
use crate::core::task::Task;
use crate::core::thread::Thread;
use crate::wire::ProviderInfo;
pub use crate::wire::client::encoded;
use crate::wire::partner::{Dated, Filed};
use clap::{Args, Subcommand};
use jiff::civil::Date;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::borrow::Cow;

#[derive(Subcommand, Debug)]
pub enum ListCommand {
    /// Newest first
    List(ListArgs),
    /// One of them, whole
    Show(ShowArgs),
}

#[derive(Args, Debug)]
pub struct ListArgs {
    /// Only what a query finds: words, "several together", -without, partner:acme since:2h late
    #[arg(value_name = "QUERY")]
    pub query: Vec<String>,
    /// One JSON array
    #[arg(long)]
    pub json: bool,
    /// Only in these states (several with commas)
    #[arg(long = "in", value_name = "STATE")]
    pub states: Option<String>,
    /// Only of this partner (its id)
    #[arg(long, value_name = "ID")]
    pub partner: Option<String>,
    /// Only of this alert
    #[arg(long, value_name = "ALERT")]
    pub alert: Option<String>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub limit: u32,
}

#[derive(Args, Debug)]
pub struct ShowArgs {
    /// Its id
    pub id: String,
    /// Whose it is, where several partners use the same id
    #[arg(long, value_name = "ID")]
    pub partner: Option<String>,
    /// One JSON object
    #[arg(long)]
    pub json: bool,
}

/// What can be listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Things {
    Events,
    Alerts,
    Tasks,
    Notifications,
    Cases,
    Documents,
    Threads,
    Milestones,
    Partners,
    Contacts,
    People,
    Providers,
}

impl Things {
    fn path(self) -> &'static str {
        match self {
            Things::Events => "events",
            Things::Alerts => "alerts",
            Things::Tasks => "tasks",
            Things::Notifications => "notifications",
            Things::Cases => "cases",
            Things::Documents => "documents",
            Things::Threads => "threads",
            Things::Milestones => "milestones",
            Things::Partners => "partners",
            Things::Contacts => "contacts",
            Things::People => "people",
            Things::Providers => "providers",
        }
    }

    /// People and providers are few: the agent gives them all and they are narrowed here.
    fn is_whole(self) -> bool {
        matches!(self, Things::People | Things::Providers)
    }
}

pub async fn run(things: Things, command: ListCommand, context: &Context) -> Result<(), Failed> {
    match command {
        ListCommand::List(args) => list(things, &args, context).await,
        ListCommand::Show(args) => show(things, &args, context).await,
    }
}

pub async fn list(things: Things, args: &ListArgs, context: &Context) -> Result<(), Failed> {
    list_where(things, args, &[], context).await
}

/// A list narrowed by more than every list has.
pub async fn list_where(
    things: Things,
    args: &ListArgs,
    more: &[(&str, Option<&str>)],
    context: &Context,
) -> Result<(), Failed> {
    let mut path = format!("/v1/{}", things.path());
    let query = args.query.join(" ");
    if things.is_whole() {
        if args.states.is_some() || args.partner.is_some() || args.alert.is_some() {
            return Err(Failed::Usage(format!(
                "{} have no state, partner or alert to narrow by",
                things.path()
            )));
        }
    } else {
        path.push_str(&format!("?limit={}", args.limit));
        let common = [
            ("state", args.states.as_deref()),
            ("partner", args.partner.as_deref()),
            ("alert", args.alert.as_deref()),
        ];
        let query = [("q", Some(query.as_str()).filter(|query| !query.trim().is_empty()))];
        for (name, value) in common.iter().chain(more).chain(&query) {
            if let Some(value) = value {
                path.push_str(&format!("&{name}={}", encoded(value)));
            }
        }
    }
    let (mut found, note): (Vec<Value>, _) = context.client.get_noted(&path).await?;
    if let Some(note) = note {
        eprintln!("nightdesk: {note}");
    }
    if things.is_whole() {
        found = narrowed(things, found, &query)?;
    }
    found.truncate(args.limit as usize);
    if args.json {
        return print::json(&found);
    }
    time::settle(context).await?;
    table(things, found)
}

/// What the words find of things that the agent gives whole.
fn narrowed(things: Things, found: Vec<Value>, query: &str) -> Result<Vec<Value>, Failed> {
    let Parsed { query, problems } = Query::read(query, field::WORDS);
    if let Some(problem) = problems.first() {
        let said = crate::core::text::sanitise(&problem.to_string()).into_owned();
        return Err(Failed::Usage(format!("the query is not understood: {said}")));
    }
    let asking = Asking::default();
    let mut kept = Vec::new();
    for value in found {
        let finds = match things {
            Things::People => query.finds(&rows::of_person(&read::<Person>(value.clone())?), &asking),
            _ => {
                let info = read::<ProviderInfo>(value.clone())?;
                let media: Vec<&str> = info.channel.carries.iter().map(|medium| medium.as_str()).collect();
                let mut row = Facets::of_texts(&[&info.id, &info.channel.kind]);
                media.into_iter().for_each(|medium| _ = row.text(medium));
                query.finds(&row, &asking)
            }
        };
        if finds {
            kept.push(value);
        }
    }
    Ok(kept)
}

pub async fn show(things: Things, args: &ShowArgs, context: &Context) -> Result<(), Failed> {
    let value: Value = if things.is_whole() {
        let all: Vec<Value> = context.client.get(&format!("/v1/{}", things.path())).await?;
        let wanted = Value::from(args.id.as_str());
        all.into_iter().find(|one| one["id"] == wanted).ok_or_else(|| {
            Failed::No(format!(
                "There is none called {} among the {}.",
                crate::core::text::sanitise(&args.id),
                things.path()
            ))
        })?
    } else {
        let mut path = format!("/v1/{}/{}", things.path(), encoded(&args.id));
        match (&args.partner, things) {
            (None, _) => {}
            (Some(partner), Things::Cases | Things::Documents | Things::Threads | Things::Milestones) => {
                path.push_str(&format!("?partner={}", encoded(partner)))
            }
            (Some(_), _) => {
                return Err(Failed::Usage(format!(
                    "no two {} have the same id; leave --partner out",
                    things.path()
                )));
            }
        }
        context.client.get(&path).await?
    };
    if args.json {
        return print::json(&value);
    }
    time::settle(context).await?;
    super::show::in_words(things, value, context).await
}

pub fn read<T: DeserializeOwned>(value: Value) -> Result<T, Failed> {
    serde_json::from_value(value)
        .map_err(|why| Failed::No(format!("the agent's answer cannot be read: {why}")))
}

fn table(things: Things, found: Vec<Value>) -> Result<(), Failed> {
    let rows = Value::Array(found);
    match things {
        Things::Alerts => alerts(&read::<Vec<Alert>>(rows)?),
        Things::Notifications => notifications(&read::<Vec<Notification>>(rows)?),
        Things::Events => {
            let mut table = Table::new(&["ID", "AT", "SOURCE", "TYPE", "PARTNER", "WHAT", "STATE", "ALERT"]);
            for e in read::<Vec<Event>>(rows)? {
                let state = serde_json::to_value(&e.state).ok().and_then(|s| s.as_str().map(str::to_owned));
                table.row(vec![
                    e.id.to_string().into(),
                    time::short(e.created_at).into(),
                    e.feed.into(),
                    cell(&e.kind),
                    e.partner.as_ref().map_or("".into(), |p| cell(&p.name)),
                    cell(&e.title),
                    state.unwrap_or_default().into(),
                    e.alert.map_or("".into(), |a| a.to_string().into()),
                ]);
            }
            table.print()
        }
        Things::Tasks => {
            let mut table = Table::new(&["ID", "KIND", "STATE", "OWNER", "TEAM", "DUE", "PARTNER", "WHAT"]);
            for t in read::<Vec<Task>>(rows)? {
                table.row(vec![
                    t.id.to_string().into(),
                    t.kind.as_str().into(),
                    t.state.as_str().into(),
                    t.owner.map_or("nobody".into(), |owner| owner.0.into()),
                    t.team.map_or("".into(), Cow::Owned),
                    due(t.due_at),
                    t.partner.as_ref().map_or("".into(), |p| cell(&p.name)),
                    cell(&t.title),
                ]);
            }
            table.print()
        }
        Things::Cases => {
            let mut table =
                Table::new(&["ID", "REFERENCE", "STATE", "KIND", "PARTNER", "WHAT", "AMOUNT", "DUE"]);
            for c in read::<Vec<Case>>(rows)? {
                table.row(vec![
                    cell(&c.id),
                    cell(&c.reference),
                    word(c.state.word()),
                    c.kind.as_ref().map_or("".into(), |kind| word(kind.word())),
                    cell(&c.partner.name),
                    cell(&c.title),
                    c.amount.as_ref().map(Money::long).unwrap_or_default().into(),
                    due(c.due.or(c.deadline)),
                ]);
            }
            table.print()
        }
        Things::Documents => {
            let mut table =
                Table::new(&["ID", "AT", "STATE", "KIND", "PARTNER", "NAME", "CASE", "REVIEW BY"]);
            for Filed { thing: d, case_reference } in read::<Vec<Filed<Document>>>(rows)? {
                table.row(vec![
                    cell(&d.id),
                    time::short(d.created_at).into(),
                    d.state.as_str().into(),
                    word(d.kind.word()),
                    cell(&d.partner.name),
                    cell(&d.name),
                    case_reference.as_ref().or(d.case.as_ref()).map_or("".into(), cell),
                    due(d.review_by),
                ]);
            }
            table.print()
        }
        Things::Threads => {
            let mut table =
                Table::new(&["ID", "AT", "STATE", "KIND", "PARTNER", "SUBJECT", "AUTHOR", "ANSWER BY"]);
            for t in read::<Vec<Thread>>(rows)? {
                table.row(vec![
                    cell(&t.id),
                    time::short(t.created_at).into(),
                    t.state.as_str().into(),
                    word(t.kind.word()),
                    cell(&t.partner.name),
                    cell(&t.subject),
                    cell(&t.author),
                    due(t.answer_by),
                ]);
            }
            table.print()
        }
        Things::Milestones => {
            let mut table = Table::new(&["ID", "STATE", "PARTNER", "MILESTONE", "PLAN", "DUE", "REACHED"]);
            for dated in read::<Vec<Dated>>(rows)? {
                let (state, day) = (dated.word(), |day: Option<Date>| day.map_or("".into(), time::day));
                let (due_on, reached_on) = (day(dated.due_on), day(dated.reached_on));
                let m = dated.milestone;
                table.row(vec![
                    cell(&m.id),
                    state.into(),
                    cell(&m.partner.name),
                    word(m.milestone.word()),
                    m.plan.into(),
                    due_on.into(),
                    reached_on.into(),
                ]);
            }
            table.print()
        }
        Things::Partners => {
            let mut table = Table::new(&["ID", "NAME", "TIER", "ZONE", "SINCE"]);
            for p in read::<Vec<Partner>>(rows)? {
                table.row(vec![
                    cell(&p.about.id),
                    cell(&p.about.name),
                    p.about.tier.as_ref().map_or("".into(), cell),
                    p.about.time_zone.as_ref().map_or("".into(), cell),
                    time::short(p.created_at).into(),
                ]);
            }
            table.print()
        }
        Things::Contacts => {
            let mut table = Table::new(&["ID", "PARTNER", "NAME", "EMAILS", "PHONES", "OPTED OUT"]);
            for c in read::<Vec<Contact>>(rows)? {
                let list = |items: Vec<String>| Cow::Owned(items.join(", "));
                table.row(vec![
                    cell(&c.id),
                    c.partner_id.as_ref().map_or("".into(), cell),
                    cell(&c.name),
                    list(c.emails.iter().map(ToString::to_string).collect()),
                    list(c.phones.iter().map(ToString::to_string).collect()),
                    list(c.opted_out.iter().map(|m| m.as_str().to_owned()).collect()),
                ]);
            }
            table.print()
        }
        Things::People => {
            let mut table = Table::new(&["ID", "NAME", "ROLE", "PHONE", "EMAIL", "TEAMS"]);
            for p in read::<Vec<Person>>(rows)? {
                table.row(vec![
                    p.id.0.clone().into(),
                    p.name.clone().into(),
                    format!("{:?}", p.role).to_lowercase().into(),
                    p.phone.as_ref().map_or("".into(), |phone| phone.to_string().into()),
                    p.email.as_ref().map_or("".into(), |email| email.to_string().into()),
                    p.teams.join(", ").into(),
                ]);
            }
            table.print()
        }
        Things::Providers => {
            let mut table = Table::new(&[
                "NAME",
                "KIND",
                "CARRIES",
                "STATE",
                "QUEUED",
                "TAKEN/H",
                "PROVEN/H",
                "FAILED/H",
                "LAST ACCEPTED",
                "LAST PROVEN",
                "LAST ERROR",
            ]);
            for info in read::<Vec<ProviderInfo>>(rows)? {
                let (c, hour) = (info.channel, info.hour);
                let at = |at: Option<jiff::Timestamp>| at.map_or("never".to_owned(), time::short).into();
                table.row(vec![
                    c.name.into(),
                    c.kind.into(),
                    c.carries.iter().map(|m| m.as_str()).collect::<Vec<_>>().join("+").into(),
                    format!("{:?}", c.state).to_lowercase().into(),
                    c.queued.to_string().into(),
                    hour.accepted.to_string().into(),
                    hour.proven.to_string().into(),
                    hour.failed.to_string().into(),
                    at(c.last_accepted_at),
                    at(c.last_proven_at),
                    c.last_error.as_ref().map_or("".into(), cell),
                ]);
            }
            table.print()
        }
    }
}

/// A word of the community's as people read it.
fn word(word: &str) -> Cow<'static, str> {
    Cow::Owned(word.replace('_', " "))
}

fn due(at: Option<jiff::Timestamp>) -> Cow<'static, str> {
    at.map_or("".into(), |at| time::short(at).into())
}

fn alerts(alerts: &[Alert]) -> Result<(), Failed> {
    let mut table = Table::new(&["ID", "SEV", "STATE", "NEXT", "PARTNER", "WHAT", "RISK", "DUE", "HOLDER"]);
    for a in alerts {
        let next = match a.state {
            AlertState::Open if a.cleared_at.is_some() => "cleared".to_owned(),
            AlertState::Open if a.in_last_resort() => "LAST RESORT".to_owned(),
            _ => a.next_due().map(time::short).unwrap_or_default(),
        };
        table.row(vec![
            a.id.to_string().into(),
            a.severity.short().into(),
            a.state.as_str().into(),
            next.into(),
            cell(&a.partner.name),
            title_of(a).into(),
            a.at_risk.first().map(Money::long).unwrap_or_default().into(),
            a.deadline.map(time::short).unwrap_or_default().into(),
            a.holder.as_ref().map_or("", |holder| holder.0.as_str()).into(),
        ]);
    }
    table.print()
}

pub fn title_of(alert: &Alert) -> String {
    let title = alert.title.printable();
    match alert.members.len() {
        0 | 1 => title.into_string(),
        n => format!("{title} ×{n}"),
    }
}

fn notifications(notifications: &[Notification]) -> Result<(), Failed> {
    let mut table = Table::new(&["ID", "AT", "STATE", "MEDIUM", "CHANNEL", "TO", "ALERT", "TRIES", "WHY"]);
    for n in notifications {
        let mut state = n.state.as_str().to_owned();
        if n.disputed {
            state.push_str(", disputed");
        }
        let why = match &n.reason.outcome {
            Some(outcome) => outcome.printable().into_string(),
            None => format!("{} ({})", n.reason.rule, n.reason.via.printable()),
        };
        table.row(vec![
            n.id.to_string().into(),
            time::short(n.created_at).into(),
            state.into(),
            n.medium.as_str().into(),
            n.channel.as_str().into(),
            cell(&n.recipient.name),
            n.alert.map_or("".into(), |a| a.to_string().into()),
            n.attempts.len().to_string().into(),
            why.into(),
        ]);
    }
    table.print()
}
