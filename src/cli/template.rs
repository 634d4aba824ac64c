//! The words of messages: which templates there are, and how one reads to somebody.

use super::print::{self, Table};
use super::{Context, Failed, list};
use crate::config::{self, ConfigError, Settings};
use crate::core::contact::{Contact, Medium};
use crate::core::digest::write;
use crate::core::label::Labels;
use crate::core::message::Frame;
use crate::core::partner::PartnerRef;
use crate::core::person::PersonId;
use crate::core::sms;
use crate::core::template::{Form, Name, Preview, Said, Templates};
use crate::core::text::sanitise;
use crate::wire::client::LinkError;
use clap::{Args, Subcommand};
use jiff::tz::TimeZone;
use serde::Serialize;

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
    /// sms or email; both without it
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

/// One template in the list.
#[derive(Serialize)]
struct Listed {
    name: &'static str,
    /// `contact` or `desk`.
    to: &'static str,
    medium: &'static str,
    languages: Vec<String>,
    /// Those that the configuration folder brings.
    yours: Vec<String>,
}

fn all(args: &ListArgs, context: &Context) -> Result<(), Failed> {
    let templates = settings(context)?.map_or_else(Templates::shipped, |settings| settings.desk.templates);
    let yours = templates.replaced();
    let files = Name::ALL.into_iter().flat_map(|name| {
        let media =
            name.media().iter().flat_map(move |medium| name.forms().iter().map(move |form| (medium, form)));
        media.map(move |(medium, form)| (name, *medium, *form))
    });
    let mut listed: Vec<_> = files
        .map(|(name, medium, form)| {
            let end = format!("/{name}.{}.{}", medium.as_str(), form.extension());
            Listed {
                name: name.as_str(),
                to: if name.is_for_contacts() { "contact" } else { "desk" },
                medium: match form {
                    Form::Text => medium.as_str(),
                    Form::Html => "email.html",
                },
                languages: templates.languages(name, medium, form),
                yours: yours.iter().filter_map(|key| key.strip_suffix(&end)).map(str::to_owned).collect(),
            }
        })
        .collect();
    let (languages, yours) = templates.phrase_languages();
    listed.push(Listed { name: Name::Digest.as_str(), to: "desk", medium: "phrases", languages, yours });
    if args.json {
        return print::json(&listed);
    }
    let mut table = Table::new(&["TEMPLATE", "TO", "MEDIUM", "LANGUAGES", "YOURS"]);
    for one in listed {
        let (languages, yours) = (one.languages.join(" "), one.yours.join(" "));
        table.row(vec![one.name.into(), one.to.into(), one.medium.into(), languages.into(), yours.into()]);
    }
    table.print()
}

/// A preview in JSON.
#[derive(Serialize)]
struct Shown {
    template: Option<String>,
    /// `shipped` or `yours`.
    from: &'static str,
    medium: &'static str,
    to: String,
    locale: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    body: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sms: Option<Measured>,
}

/// What a text costs as an SMS.
#[derive(Serialize)]
struct Measured {
    encoding: &'static str,
    parts: usize,
    /// Septets, or UTF-16 units.
    units: usize,
    /// How many would fit into as many parts.
    room: usize,
    /// The first character that forces UCS-2.
    culprit: Option<char>,
}

async fn preview(args: &PreviewArgs, context: &Context) -> Result<(), Failed> {
    let media = match &args.medium {
        None => args.name.media().to_vec(),
        Some(typed) => {
            let known = args.name.media().iter().find(|medium| medium.as_str() == typed.as_str());
            vec![*known.ok_or_else(|| {
                let known: Vec<_> = args.name.media().iter().map(|medium| medium.as_str()).collect();
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
    let samples = match args.name {
        Name::Digest => write::samples(&templates, &labels, &reader.locale, &reader.zone)
            .map(|values| Said::new(Name::Digest, values, "", "Digest"))
            .into(),
        name => Said::samples(name, &reader.frames, &labels, &reader.locale, &reader.zone),
    };
    let Some(said) = samples.get(usize::from(args.bare)) else {
        return Err(Failed::No(format!("there is no sample of {}", args.name)));
    };
    let shown: Vec<_> = media
        .into_iter()
        .map(|medium| show(templates.preview(said, medium, &reader.locale), medium, &reader))
        .collect();
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

fn show(preview: Preview, medium: Medium, reader: &Reader) -> Shown {
    let body = preview.content.body.raw().to_owned();
    let measured = || {
        let cut = sms::segments(&body);
        let parts = cut.parts.len();
        let room = if parts == 1 { cut.encoding.single() } else { cut.encoding.part() * parts };
        Measured { encoding: cut.encoding.as_str(), parts, units: cut.units, room, culprit: cut.culprit }
    };
    Shown {
        template: preview.template,
        from: if preview.replaced { "yours" } else { "shipped" },
        medium: medium.as_str(),
        to: reader.frames[0].name.clone(),
        locale: reader.locale.clone(),
        subject: (medium == Medium::Email).then(|| preview.content.subject.raw().to_owned()),
        sms: (medium == Medium::Sms).then(measured),
        body,
    }
}

fn tell(shown: &Shown) -> Result<(), Failed> {
    print::line(&format!("Template  {} ({})", shown.template.as_deref().unwrap_or("none"), shown.from))?;
    print::line(&format!("To        {} ({})", shown.to, shown.locale))?;
    if let Some(measured) = &shown.sms {
        let Measured { encoding, parts, units, room, culprit } = measured;
        let plural = if *parts == 1 { "part" } else { "parts" };
        let because = culprit.map_or(String::new(), |c| {
            format!(", because of {c:?} (U+{:04X}), which the 7-bit alphabet lacks", c as u32)
        });
        print::line(&format!("SMS       {encoding}, {parts} {plural}, {units} of {room}{because}"))?;
    }
    if let Some(subject) = &shown.subject {
        print::line(&format!("Subject   {subject}"))?;
    }
    print::line("")?;
    for line in shown.body.lines() {
        print::line(line)?;
    }
    Ok(())
}

/// Who reads the preview.
struct Reader {
    frames: [Frame; 2],
    locale: String,
    zone: TimeZone,
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
) -> Result<Reader, Failed> {
    let mut frames = Frame::samples();
    let (mut locale, mut zone) = (None, None);
    if let Some(settings) = settings {
        frames.iter_mut().for_each(|frame| frame.desk = settings.desk.name.clone());
        zone = Some(settings.desk.time_zone.clone());
    }
    if let Some(to) = &args.to {
        let person = settings.and_then(|settings| settings.desk.person(&PersonId(to.clone())));
        let (name, own_zone) = match person {
            Some(person) => {
                locale = person.locale.clone();
                (person.name.clone(), person.time_zone.clone())
            }
            None => {
                let contact = contact(to, settings, context).await?;
                if let Some(partner) = partner(&contact, context).await {
                    frames[0].partner = partner;
                }
                locale = contact.locale.as_ref().map(|locale| locale.raw().to_owned());
                let own_zone = contact.time_zone.as_ref().map(|zone| zone.raw().to_owned());
                (contact.name.printable().into_string(), own_zone)
            }
        };
        frames.iter_mut().for_each(|frame| frame.name.clone_from(&name));
        if let Some(own) = own_zone.and_then(|name| TimeZone::get(&name).ok()) {
            zone = Some(own);
        }
    }
    let desks = || settings.map_or_else(|| "en".to_owned(), |settings| settings.desk.locale.clone());
    let locale = args.locale.clone().or(locale).unwrap_or_else(desks);
    Ok(Reader { frames, locale, zone: zone.unwrap_or(TimeZone::UTC) })
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
