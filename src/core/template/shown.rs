//! Templates as people look at them: which there are, and how one reads to somebody. The command line
//! and the agent both show what stands here.

use super::{Name, Said, Templates};
use crate::core::contact::{Contact, Medium};
use crate::core::desk::Desk;
use crate::core::flow::reader::zone;
use crate::core::label::Labels;
use crate::core::message::Frame;
use crate::core::person::Person;
use crate::core::sms;
use crate::core::text::Untrusted;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// One template over one medium, in every language it has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    pub name: Name,
    /// `contact` or `desk`.
    pub to: For,
    pub medium: Medium,
    /// What it belongs to: `case status`.
    pub flow: String,
    pub languages: Vec<String>,
    /// Those that the configuration folder brings.
    pub yours: Vec<String>,
}

/// Whom a template is written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum For {
    Contact,
    Desk,
}

impl For {
    pub fn as_str(self) -> &'static str {
        match self {
            For::Contact => "contact",
            For::Desk => "desk",
        }
    }
}

/// Where a template's words come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    Shipped,
    /// From the configuration folder.
    Yours,
}

impl Source {
    pub fn as_str(self) -> &'static str {
        match self {
            Source::Shipped => "shipped",
            Source::Yours => "yours",
        }
    }
}

/// A template as somebody would read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// `de/case-status.email.txt`; nothing where no template could say it.
    pub template: Option<String>,
    #[serde(rename = "from")]
    pub source: Source,
    pub medium: Medium,
    /// The reader's name.
    pub to: String,
    /// The reader's language, or the one asked for; the template may be of a shorter one.
    pub locale: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Untrusted>,
    pub body: Untrusted,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sms: Option<Measured>,
}

impl Shown {
    /// The language of the template that wrote it.
    pub fn language(&self) -> Option<&str> {
        self.template.as_deref()?.split_once('/').map(|(language, _)| language)
    }
}

/// What a text costs as an SMS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measured {
    pub encoding: sms::Encoding,
    pub parts: usize,
    /// Septets, or UTF-16 units.
    pub units: usize,
    /// How many would fit into as many parts.
    pub room: usize,
    /// The first character that forces UCS-2.
    pub culprit: Option<char>,
}

impl Measured {
    pub fn of(text: &str) -> Self {
        let cut = sms::segments(text);
        let parts = cut.parts.len();
        let room = if parts == 1 { cut.encoding.single() } else { cut.encoding.part() * parts };
        Self { encoding: cut.encoding, parts, units: cut.units, room, culprit: cut.culprit }
    }

    /// `GSM-7, 1 part, 131 of 160`, and what forces UCS-2 where something does.
    pub fn in_words(&self) -> String {
        let Self { encoding, parts, units, room, culprit } = self;
        let plural = if *parts == 1 { "part" } else { "parts" };
        let because = culprit.map_or(String::new(), |c| {
            format!(", because of {c:?} (U+{:04X}), which the 7-bit alphabet lacks", c as u32)
        });
        format!("{}, {parts} {plural}, {units} of {room}{because}", encoding.name())
    }
}

/// How much a sample says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sample {
    /// Everything the template may say.
    #[default]
    Full,
    /// No more values than are always there.
    Bare,
}

/// Who reads a preview: a name, a language, a clock.
#[derive(Clone, Debug)]
pub struct Beholder {
    frames: [Frame; 2],
    pub locale: String,
    zone: TimeZone,
}

impl Beholder {
    /// Somebody who does not exist, in the desk's language. Without a desk everything is a sample.
    pub fn sample(desk: Option<&Desk>) -> Self {
        let mut frames = Frame::samples();
        if let Some(desk) = desk {
            frames.iter_mut().for_each(|frame| frame.desk.clone_from(&desk.name));
        }
        let locale = desk.map_or("en", |desk| desk.labels.locale(None));
        let zone = desk.map_or(TimeZone::UTC, |desk| desk.time_zone.clone());
        Self { frames, locale: locale.to_owned(), zone }
    }

    pub fn person(self, person: &Person) -> Self {
        self.named(person.name.clone(), person.time_zone.as_deref())
    }

    /// A contact of the partner of that name.
    pub fn contact(self, contact: &Contact, partner: Option<String>) -> Self {
        let own = contact.time_zone.as_ref().map(Untrusted::raw);
        let mut beholder = self.named(contact.name.printable().into_string(), own);
        if let Some(partner) = partner {
            beholder.frames[0].partner = partner;
        }
        if let Some(locale) = &contact.locale {
            beholder.locale = locale.raw().to_owned();
        }
        beholder
    }

    /// In this language instead.
    pub fn reading(self, locale: Option<&str>) -> Self {
        let locale = locale.map_or(self.locale, str::to_owned);
        Self { locale, ..self }
    }

    fn named(mut self, name: String, own_zone: Option<&str>) -> Self {
        self.frames.iter_mut().for_each(|frame| frame.name.clone_from(&name));
        if let Some(own) = own_zone.and_then(zone) {
            self.zone = own;
        }
        self
    }
}

impl Templates {
    /// Every template over every medium it has.
    pub fn listed(&self) -> Vec<Listed> {
        let yours = self.replaced();
        let each =
            Name::ALL.into_iter().flat_map(|name| name.media().iter().map(move |medium| (name, *medium)));
        each.map(|(name, medium)| {
            let end = format!("/{name}.{}.txt", medium.as_str());
            Listed {
                name,
                to: if name.is_for_contacts() { For::Contact } else { For::Desk },
                medium,
                flow: name.flow().to_owned(),
                languages: self.languages(name, medium),
                yours: yours.iter().filter_map(|key| key.strip_suffix(&end)).map(str::to_owned).collect(),
            }
        })
        .collect()
    }

    /// How a template reads to somebody; `None` where it has no sample.
    pub fn shown(
        &self,
        (name, medium): (Name, Medium),
        labels: &Labels,
        reader: &Beholder,
        sample: Sample,
    ) -> Option<Shown> {
        let samples = Said::samples(name, &reader.frames, labels, &reader.locale, &reader.zone);
        let said = samples.get(match sample {
            Sample::Full => 0,
            Sample::Bare => 1,
        })?;
        let preview = self.preview(said, medium, &reader.locale);
        Some(Shown {
            template: preview.template,
            source: if preview.replaced { Source::Yours } else { Source::Shipped },
            medium,
            to: reader.frames[0].name.clone(),
            locale: reader.locale.clone(),
            subject: (medium == Medium::Email).then_some(preview.content.subject),
            sms: (medium == Medium::Sms).then(|| Measured::of(preview.content.body.raw())),
            body: preview.content.body,
        })
    }
}
