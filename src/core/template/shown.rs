//! Templates as people look at them: which there are, and how one reads to somebody. The command line
//! and the agent both show what stands here.

use super::{Form, Name, Said, Templates};
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

/// What a template has once in each language: its words over a medium; and a digest's page and phrases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Piece {
    #[serde(rename = "email")]
    Email,
    #[serde(rename = "sms")]
    Sms,
    /// The HTML form of a mail.
    #[serde(rename = "email.html")]
    Page,
    /// What a digest's layout is filled with.
    #[serde(rename = "phrases")]
    Phrases,
}

impl Piece {
    /// How it is called over the API and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Piece::Email => "email",
            Piece::Sms => "sms",
            Piece::Page => "email.html",
            Piece::Phrases => "phrases",
        }
    }

    /// How its files end after the template's name.
    fn ending(self) -> &'static str {
        match self {
            Piece::Email => "email.txt",
            Piece::Sms => "sms.txt",
            Piece::Page => "email.html",
            Piece::Phrases => "toml",
        }
    }
}

impl From<Medium> for Piece {
    fn from(medium: Medium) -> Self {
        match medium {
            Medium::Email => Piece::Email,
            Medium::Sms => Piece::Sms,
        }
    }
}

impl Name {
    /// Everything that this template has in each language.
    pub fn pieces(self) -> &'static [Piece] {
        match self {
            Name::Digest => &[Piece::Email, Piece::Page, Piece::Phrases],
            Name::Detail => &[Piece::Email],
            _ => &[Piece::Email, Piece::Sms],
        }
    }
}

/// One piece of a template, in every language it has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    pub name: Name,
    /// `contact` or `desk`.
    pub to: For,
    #[serde(rename = "medium")]
    pub piece: Piece,
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
    #[serde(rename = "medium")]
    pub piece: Piece,
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
        let locale = desk.map_or_else(|| "en".to_owned(), |desk| desk.locale.clone());
        let zone = desk.map_or(TimeZone::UTC, |desk| desk.time_zone.clone());
        Self { frames, locale, zone }
    }

    /// Somebody of the desk, in their own language where they have one.
    pub fn person(self, person: &Person) -> Self {
        self.named(person.name.clone(), person.time_zone.as_deref()).reading(person.locale.as_deref())
    }

    /// A contact of the partner of that name.
    pub fn contact(self, contact: &Contact, partner: Option<String>) -> Self {
        let own = contact.time_zone.as_ref().map(Untrusted::raw);
        let mut beholder = self.named(contact.name.printable().into_string(), own);
        if let Some(partner) = partner {
            beholder.frames[0].partner = partner;
        }
        beholder.reading(contact.locale.as_ref().map(Untrusted::raw))
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
    /// Every piece of every template.
    pub fn listed(&self) -> Vec<Listed> {
        let yours = self.replaced();
        let each =
            Name::ALL.into_iter().flat_map(|name| name.pieces().iter().map(move |piece| (name, *piece)));
        each.map(|(name, piece)| {
            let end = format!("/{name}.{}", piece.ending());
            Listed {
                name,
                to: if name.is_for_contacts() { For::Contact } else { For::Desk },
                piece,
                flow: name.flow().to_owned(),
                languages: match piece {
                    Piece::Email => self.languages(name, Medium::Email, Form::Text),
                    Piece::Sms => self.languages(name, Medium::Sms, Form::Text),
                    Piece::Page => self.languages(name, Medium::Email, Form::Html),
                    Piece::Phrases => self.phrase_languages(),
                },
                yours: yours.iter().filter_map(|key| key.strip_suffix(&end)).map(str::to_owned).collect(),
            }
        })
        .collect()
    }

    /// How a piece of a template reads to somebody; `None` where it has no sample. Of a page this is its
    /// source, and phrases have their places for values still in them.
    pub fn shown(
        &self,
        (name, piece): (Name, Piece),
        labels: &Labels,
        reader: &Beholder,
        sample: Sample,
    ) -> Option<Shown> {
        let Beholder { frames, locale, zone } = reader;
        let samples = match name {
            Name::Digest => Said::digests(self, &frames[0], labels, locale, zone),
            name => Said::samples(name, frames, labels, locale, zone),
        };
        let said = samples.get(match sample {
            Sample::Full => 0,
            Sample::Bare => 1,
        })?;
        let preview = match piece {
            Piece::Email => self.preview(said, Medium::Email, locale),
            Piece::Sms => self.preview(said, Medium::Sms, locale),
            Piece::Page => self.preview_html(said, locale)?,
            Piece::Phrases => self.preview_phrases(locale),
        };
        Some(Shown {
            template: preview.template,
            source: if preview.replaced { Source::Yours } else { Source::Shipped },
            piece,
            to: frames[0].name.clone(),
            locale: locale.clone(),
            subject: (piece == Piece::Email).then_some(preview.content.subject),
            sms: (piece == Piece::Sms).then(|| Measured::of(preview.content.body.raw())),
            body: preview.content.body,
        })
    }
}
