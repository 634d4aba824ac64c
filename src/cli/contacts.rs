//! Contacts: look, and set fields.

use super::act::each;
use super::list::{self, ListArgs, ShowArgs, Things};
use super::{Context, Failed};
use crate::core::command::Action;
use crate::core::contact::{Category, Contact, ContactField, Medium, QuietHours};
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
        id: String,
        #[arg(required = true, value_name = "FIELD=VALUE")]
        fields: Vec<String>,
    },
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
