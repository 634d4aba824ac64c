//! The words of messages: which templates there are, and how one reads to somebody.

use super::print::{self, Table};
use super::{Context, Failed, list};
use crate::config::{self, ConfigError, Settings};
use crate::core::contact::Contact;
use crate::core::label::Labels;
use crate::core::partner::PartnerRef;
use crate::core::person::PersonId;
use crate::core::template::{Beholder, Name, Sample, Shown, Templates};
use crate::core::text::sanitise;
use crate::wire::client::LinkError;
use clap::{Args, Subcommand};

#[derive(Subcommand, Debug)]
pub enum TemplateCommand {
    /// Every template, its languages, and which of them are yours
    List(ListArgs),
    /// How a template reads, with sample values and the real recipient's name, language and zone
    #[command(
        after_help = "Templates are those of the configuration file's folder as they are now, applied or not."
    )]
    Preview(PreviewArgs),
}

#[derive(Args, Debug)]
pub struct ListArgs {
    /// One JSON array
    #[arg(long)]
    pub json: bool,
}

#[derive(Args, Debug)]
pub struct PreviewArgs {
    /// Such as case-status; `nightdesk template list` shows all
    pub name: Name,
    /// In this language instead of the recipient's
    #[arg(long, value_name = "LANGUAGE")]
    pub locale: Option<String>,
    /// As this contact or person gets it
    #[arg(long, value_name = "CONTACT|PERSON")]
    pub to: Option<String>,
    /// sms or email, and of digests email.html or phrases; all that there are without it
    #[arg(long)]
    pub medium: Option<String>,
    /// With no more values than are always there
    #[arg(long)]
    pub bare: bool,
    /// One JSON array
    #[arg(long)]
    pub json: bool,
}

pub async fn run(command: TemplateCommand, context: &Context) -> Result<(), Failed> {
    match command {
        TemplateCommand::List(args) => all(&args, context),
        TemplateCommand::Preview(args) => preview(&args, context).await,
    }
}

fn all(args: &ListArgs, context: &Context) -> Result<(), Failed> {
    let templates = settings(context)?.map_or_else(Templates::shipped, |settings| settings.desk.templates);
    let listed = templates.listed();
    if args.json {
        return print::json(&listed);
    }
    let mut table = Table::new(&["TEMPLATE", "FLOW", "TO", "MEDIUM", "LANGUAGES", "YOURS"]);
    for one in listed {
        let (languages, yours) = (one.languages.join(" "), one.yours.join(" "));
        table.row(vec![
            one.name.as_str().into(),
            one.flow.into(),
            one.to.as_str().into(),
            one.piece.as_str().into(),
            languages.into(),
            yours.into(),
        ]);
    }
    table.print()
}

async fn preview(args: &PreviewArgs, context: &Context) -> Result<(), Failed> {
    let pieces = match &args.medium {
        None => args.name.pieces().to_vec(),
        Some(typed) => {
            let known = args.name.pieces().iter().find(|piece| piece.as_str() == typed.as_str());
            vec![*known.ok_or_else(|| {
                let known: Vec<_> = args.name.pieces().iter().map(|piece| piece.as_str()).collect();
                let typed = sanitise(typed);
                Failed::Usage(format!(
                    "{} has no template for {typed:?}; it has {}",
                    args.name,
                    known.join(" and ")
                ))
            })?]
        }
    };
    let settings = settings(context)?;
    let reader = reader(args, settings.as_ref(), context).await?;
    let (templates, labels) = match settings {
        Some(settings) => (settings.desk.templates, settings.desk.labels),
        None => (Templates::shipped(), Labels::shipped()),
    };
    let sample = if args.bare { Sample::Bare } else { Sample::Full };
    let show = |piece| templates.shown((args.name, piece), &labels, &reader, sample);
    let shown: Vec<_> = pieces.into_iter().filter_map(show).collect();
    if args.json {
        return print::json(&shown);
    }
    for (i, one) in shown.iter().enumerate() {
        if i > 0 {
            print::line("")?;
        }
        tell(one)?;
    }
    Ok(())
}

fn tell(shown: &Shown) -> Result<(), Failed> {
    let template = shown.template.as_deref().unwrap_or("none");
    print::line(&format!("Template  {template} ({})", shown.source.as_str()))?;
    print::line(&format!("To        {} ({})", shown.to, shown.locale))?;
    if let Some(measured) = &shown.sms {
        print::line(&format!("SMS       {}", measured.in_words()))?;
    }
    if let Some(subject) = &shown.subject {
        print::line(&format!("Subject   {}", subject.printable()))?;
    }
    print::line("")?;
    shown.body.raw().lines().try_for_each(print::line)
}

/// The configuration as its file is now; nothing where there is none.
fn settings(context: &Context) -> Result<Option<Settings>, Failed> {
    match config::load(&context.paths.config) {
        Ok(settings) => Ok(Some(settings)),
        Err(ConfigError::Unreadable { .. }) => Ok(None),
        Err(wrong) => Err(Failed::Usage(wrong.to_string())),
    }
}

/// A person of the configuration, a contact of the agent's, or a sample. With no agent, the contacts of
/// the configuration count.
async fn reader(
    args: &PreviewArgs,
    settings: Option<&Settings>,
    context: &Context,
) -> Result<Beholder, Failed> {
    let sample = Beholder::sample(settings.map(|settings| &settings.desk));
    let reader = match &args.to {
        None => sample,
        Some(to) => match settings.and_then(|settings| settings.desk.person(&PersonId(to.clone()))) {
            Some(person) => sample.person(person),
            None => {
                let contact = contact(to, settings, context).await?;
                let partner = partner(&contact, context).await;
                sample.contact(&contact, partner)
            }
        },
    };
    Ok(reader.reading(args.locale.as_deref()))
}

async fn contact(id: &str, settings: Option<&Settings>, context: &Context) -> Result<Contact, Failed> {
    match context.client.get(&format!("/v1/contacts/{}", list::encoded(id))).await {
        Ok(contact) => Ok(contact),
        Err(error @ LinkError::NoAgent { .. }) => settings
            .and_then(|settings| settings.contacts.iter().find(|contact| contact.id.raw() == id))
            .cloned()
            .ok_or_else(|| error.into()),
        Err(LinkError::Refused { status: 404, .. }) => {
            Err(Failed::No(format!("there is no contact and no person {:?}", sanitise(id))))
        }
        Err(error) => Err(error.into()),
    }
}

/// The name of the contact's partner, as the agent knows it.
async fn partner(contact: &Contact, context: &Context) -> Option<String> {
    let id = contact.partner_id.as_ref()?;
    let path = format!("/v1/partners/{}", list::encoded(id.raw()));
    let named: Result<PartnerRef, LinkError> = context.client.get(&path).await;
    Some(named.map_or_else(|_| id.printable(), |partner| partner.name.printable()).into_string())
}
