//! Contacts: look, and set fields.

use super::act::each;
use super::list::{self, ListArgs, ShowArgs, Things};
use super::{Context, Failed, act, print, sheets};
use crate::core::command::{Action, Outcome};
use crate::core::contact::{Category, Contact, ContactField, Medium, QuietHours};
use crate::core::contact_commands::Mention;
use crate::core::sync::Keep;
use crate::wire::FieldConflict;
use clap::Subcommand;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;

#[derive(Subcommand, Debug)]
pub enum ContactCommand {
    /// Newest first
    List(ListArgs),
    /// One of them, whole
    Show(ShowArgs),
    /// Set fields: name, active, emails, phones, locale, time_zone, roles, quiet_hours, opted_out,
    /// notes, channels.CATEGORY
    #[command(after_help = "Lists are written with commas; an empty value clears the field:\n  \
        nightdesk contacts set acme-lopez phones=+34612345678 channels.urgent=sms,email quiet_hours=22:00-07:00\n\
        opted_out can be added to; an opt-out ends only by its recipient.")]
    Set {
        /// A contact's id, as `nightdesk contacts list` shows it
        id: String,
        /// What is to be another way, such as time_zone=Asia/Tokyo
        #[arg(required = true, value_name = "FIELD=VALUE")]
        fields: Vec<String>,
    },
    /// Fields changed both here and in the community (or a spreadsheet), with both values
    Conflicts {
        /// One JSON array
        #[arg(long)]
        json: bool,
    },
    /// Choose which value of a field in conflict stays
    Resolve {
        /// A contact's id, as `nightdesk contacts list` shows it
        id: String,
        /// Such as phones
        field: String,
        /// Whose value stays
        keep: KeepWord,
    },
    /// Merge a spreadsheet; opt-outs are never undone, conflicts are shown
    Import(sheets::ImportArgs),
    /// All contacts as a spreadsheet (CSV), to be edited and imported again
    Export(sheets::ExportArgs),
    /// Somebody has left: list what names them, and with --yes send them nothing more
    Leave {
        /// A contact's id, as `nightdesk contacts list` shows it
        id: String,
        /// Another contact of the partner, for what waits
        #[arg(long, value_name = "ID")]
        successor: Option<String>,
        /// Do it
        #[arg(long)]
        yes: bool,
        /// What names them as one JSON array
        #[arg(long)]
        json: bool,
    },
    /// Take everything personal out of a contact
    Erase {
        /// A contact's id, as `nightdesk contacts list` shows it
        id: String,
        /// Do it; it cannot be undone
        #[arg(long)]
        yes: bool,
    },
}

/// Whose value stays.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum KeepWord {
    /// The desk's
    Mine,
    /// The community's or the spreadsheet's
    Theirs,
}

pub async fn run(command: ContactCommand, context: &Context) -> Result<(), Failed> {
    match command {
        ContactCommand::List(args) => list::list(Things::Contacts, &args, context).await,
        ContactCommand::Show(args) => list::show(Things::Contacts, &args, context).await,
        ContactCommand::Set { id, fields } => {
            let contact: Contact =
                context.client.get(&format!("/v1/contacts/{}", list::encoded(&id))).await?;
            let fields = parse(&contact, &fields)?;
            each(
                [()],
                |()| Action::SetContact { contact: contact.id.clone(), fields: fields.clone() },
                context,
            )
            .await
        }
        ContactCommand::Conflicts { json } => conflicts(json, context).await,
        ContactCommand::Resolve { id, field, keep } => {
            let keep = match keep {
                KeepWord::Mine => Keep::Mine,
                KeepWord::Theirs => Keep::Theirs,
            };
            let action = Action::ResolveContact { contact: id.into(), field, keep };
            each([action], |action| action, context).await
        }
        ContactCommand::Import(args) => sheets::import(&args, context).await,
        ContactCommand::Export(args) => sheets::export(&args, context).await,
        ContactCommand::Leave { id, successor, yes, json } => {
            leave(&id, successor.as_deref(), yes, json, context).await
        }
        ContactCommand::Erase { id, yes: true } => {
            each([()], |()| Action::EraseContact { contact: id.as_str().into() }, context).await
        }
        ContactCommand::Erase { id, yes: false } => {
            let contact: Contact =
                context.client.get(&format!("/v1/contacts/{}", list::encoded(&id))).await?;
            Err(Failed::No(format!(
                "Name, addresses, preferences and notes of {} would be gone for good; the id, the partner, opt-outs, \
                 the history and messages already sent stay. Say --yes to do it.",
                contact.name.printable()
            )))
        }
    }
}

async fn conflicts(json: bool, context: &Context) -> Result<(), Failed> {
    let found: Vec<FieldConflict> = context.client.get("/v1/contacts/conflicts").await?;
    if json {
        return print::json(&found);
    }
    for conflict in found {
        print::line(&format!(
            "{} {} ({}): here {}, in {} {}",
            conflict.contact.printable(),
            conflict.field,
            conflict.name.printable(),
            shown(&conflict.mine),
            conflict.side.spoken(),
            shown(&conflict.theirs)
        ))?;
    }
    Ok(())
}

/// A field's value in a few words.
fn shown(value: &serde_json::Value) -> String {
    let text = match value {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Null => "nothing".to_owned(),
        serde_json::Value::Array(items) if items.is_empty() => "nothing".to_owned(),
        serde_json::Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    };
    crate::core::text::sanitise(&text).into_owned()
}

async fn leave(
    id: &str,
    successor: Option<&str>,
    yes: bool,
    json: bool,
    context: &Context,
) -> Result<(), Failed> {
    let path = format!("/v1/contacts/{}/mentions", list::encoded(id));
    let mentions: Vec<Mention> = context.client.get(&path).await?;
    if json {
        print::json(&mentions)?;
    } else {
        for mention in &mentions {
            let kind = serde_json::to_value(mention.kind).unwrap_or_default();
            let kind = kind.as_str().unwrap_or_default().to_owned();
            print::line(&format!("{kind} {}: {}", mention.id.printable(), mention.title.printable()))?;
        }
    }
    if !yes {
        let id = crate::core::text::sanitise(id).into_owned();
        return Err(Failed::No(format!(
            "{} of these name {id}. Say --yes, and they get nothing more; --successor ID says who follows.",
            mentions.len()
        )));
    }
    let action = Action::LeaveContact { contact: id.into(), successor: successor.map(Into::into) };
    match json {
        // The list was the data; what became of it goes beside it.
        true => match context.client.command(&act::command(action)).await? {
            Outcome::Done { .. } => Ok(()),
            Outcome::Refused { refusal } => Err(Failed::No(refusal.said.printable().into_string())),
        },
        false => each([action], |action| action, context).await,
    }
}

/// Reads `FIELD=VALUE`s; categories that are not named keep their channels.
fn parse(contact: &Contact, typed: &[String]) -> Result<Vec<ContactField>, Failed> {
    let mut fields = Vec::new();
    let mut channels: Option<BTreeMap<Category, Vec<Medium>>> = None;
    for one in typed {
        let Some((name, value)) = one.split_once('=') else {
            let one = crate::core::text::sanitise(one);
            return Err(Failed::Usage(format!("{one:?} is not FIELD=VALUE, such as phones=+34612345678")));
        };
        let value = value.trim();
        let maybe = || (!value.is_empty()).then(|| value.into());
        if let Some(category) = name.strip_prefix("channels.") {
            let category = word(Category::ALL, Category::as_str, category, "category")?;
            let media = items(value).map(medium).collect::<Result<Vec<_>, _>>()?;
            let all = channels.get_or_insert_with(|| contact.channels.clone());
            if media.is_empty() {
                all.remove(&category)
            } else {
                all.insert(category, media)
            };
            continue;
        }
        fields.push(match name {
            "name" => ContactField::Name(value.into()),
            "active" => ContactField::Active(read(value)?),
            "emails" => ContactField::Emails(items(value).map(read).collect::<Result<_, _>>()?),
            "phones" => ContactField::Phones(items(value).map(read).collect::<Result<_, _>>()?),
            "locale" => ContactField::Locale(maybe()),
            "time_zone" => ContactField::TimeZone(maybe()),
            "roles" => ContactField::Roles(items(value).map(Into::into).collect()),
            "quiet_hours" if value.is_empty() => ContactField::QuietHours(None),
            "quiet_hours" => ContactField::QuietHours(Some(read::<QuietHours>(value)?)),
            "opted_out" => ContactField::OptedOut(items(value).map(medium).collect::<Result<_, _>>()?),
            "notes" => ContactField::Notes(value.into()),
            other => {
                let other = crate::core::text::sanitise(other);
                return Err(Failed::Usage(format!(
                    "a contact has no field {other:?}; there are name, active, emails, phones, locale, time_zone, \
                     roles, quiet_hours, opted_out, notes and channels.CATEGORY"
                )));
            }
        });
    }
    fields.extend(channels.map(ContactField::Channels));
    Ok(fields)
}

fn items(value: &str) -> impl Iterator<Item = &str> {
    value.split(',').map(str::trim).filter(|item| !item.is_empty())
}

fn read<T: FromStr<Err: Display>>(value: &str) -> Result<T, Failed> {
    value.parse().map_err(|why: T::Err| Failed::Usage(why.to_string()))
}

fn medium(value: &str) -> Result<Medium, Failed> {
    word(Medium::ALL, Medium::as_str, value, "channel")
}

fn word<T: Copy, const N: usize>(
    all: [T; N],
    name: impl Fn(T) -> &'static str,
    value: &str,
    what: &str,
) -> Result<T, Failed> {
    all.into_iter().find(|one| name(*one) == value).ok_or_else(|| {
        let known: Vec<_> = all.into_iter().map(&name).collect();
        let value = crate::core::text::sanitise(value);
        Failed::Usage(format!("{value:?} is no {what}; there are {}", known.join(", ")))
    })
}
