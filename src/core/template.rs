//! Templates give a message its words: one per message, medium and language, shipped with the desk
//! and open to be replaced from the configuration folder. Whatever a template does, somebody gets a
//! readable text: one that fails gives way to the shipped one, and no reference is ever cut.

mod check;
mod name;
mod phrases;
mod sample;
mod shipped;
mod shown;

pub use name::{Form, Key, Name};
pub use shown::{Beholder, For, Listed, Measured, Piece, Sample, Shown, Source};

use crate::core::contact::Medium;
use crate::core::label;
use crate::core::message::{Frame, Message};
use crate::core::notification::Content;
use crate::core::sms;
use crate::core::text::{Untrusted, sanitise};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{
    AutoEscape, Environment, Error, ErrorKind, State, UndefinedBehavior, Value, escape_formatter,
};
use serde::Serialize;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

/// The longest subject, in characters, unless the reference alone is longer.
pub const SUBJECT: usize = 180;

/// What one rendering may spend, in minijinja's units: a long mail takes a few thousand.
const FUEL: u64 = 200_000;

/// How much of its room each `cut` of an SMS may use, tried in this order.
const PERCENTS: [usize; 8] = [400, 250, 175, 130, 100, 80, 60, 45];

/// Less of a name would name nobody, in septets.
const LEAST_CUT: usize = 8;

/// Where `cut` finds how much of its room to use.
const PERCENT: &str = "cut_percent";

/// The language everything exists in.
const LAST: &str = "en";

static SHIPPED: LazyLock<Arc<Environment<'static>>> = LazyLock::new(|| {
    let mut environment = environment();
    for (name, source) in shipped::ALL {
        // A test renders every one of them; should one be broken, another language takes its place.
        let _ = environment.add_template(name, source);
    }
    Arc::new(environment)
});

/// Every template, shipped and replaced. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Templates {
    shipped: Arc<Environment<'static>>,
    replaced: Arc<Environment<'static>>,
    /// Of digests, by language: only what the configuration folder brings.
    phrases: Arc<BTreeMap<String, phrases::Phrases>>,
}

/// A template from the configuration folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// The file, as problems name it.
    pub path: String,
    /// Which template it replaces: `de/case-status.email.txt`.
    pub name: String,
    pub source: String,
}

/// What is wrong with a template, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateProblem {
    pub path: String,
    /// Counted from 1.
    pub line: usize,
    /// A sentence.
    pub message: String,
}

/// Everything a template may say, and what must come out whole.
#[derive(Clone, Debug)]
pub struct Said {
    name: Name,
    values: Json,
    /// What the reader quotes: the case, the thread, the task, the alert. Empty where there is nothing.
    reference: String,
    /// For a text that not even the shipped template can write.
    bare: String,
}

impl Said {
    /// A message as its recipient may see it. A contact's template never sees `why`.
    pub fn message(message: &Message, frame: &Frame) -> Self {
        let name = Name::of(message);
        let mut values = serde_json::to_value(message).unwrap_or_default();
        if let (Json::Object(values), Ok(Json::Object(frame))) = (&mut values, serde_json::to_value(frame)) {
            // Which message it is stands in the template's name.
            values.remove("says");
            values.extend(frame.into_iter().filter(|(key, _)| key != "why" || !name.is_for_contacts()));
        }
        let (reference, about) = match message {
            Message::CaseOpened(m) => (m.reference.as_str(), m.title.as_str()),
            Message::DocumentUploaded(m) => (m.case.as_deref().unwrap_or_default(), m.document.as_str()),
            Message::Acknowledgment(m) => (m.reference.as_str(), m.subject.as_str()),
            Message::PostCreated(m) => (m.reference.as_str(), m.subject.as_str()),
            Message::CaseStatus(m) => (m.reference.as_str(), m.status.as_str()),
            Message::Outcome(m) => (m.alert.as_str(), m.title.as_str()),
            Message::Milestone(m) | Message::MilestoneDesk(m) => ("", m.milestone.as_str()),
            Message::TaskOverdue(m) => (m.task.as_str(), m.title.as_str()),
            Message::Notice(m) => ("", m.title.as_str()),
        };
        let bare = format!("{}: {about}", frame.desk);
        Self::new(name, values, reference, &bare)
    }

    /// What the template may use.
    pub fn values(&self) -> &Json {
        &self.values
    }

    /// Any other text, from its values.
    pub fn new(name: Name, mut values: Json, reference: &str, bare: &str) -> Self {
        make_printable(&mut values);
        let clean = |text: &str| alone(text).trim_start().to_owned();
        Self { name, values, reference: clean(reference), bare: clean(bare) }
    }
}

/// What a template sees.
#[derive(Serialize)]
struct Context<'a> {
    #[serde(flatten)]
    values: &'a Json,
    #[serde(rename = "cut_percent")]
    percent: usize,
}

/// What comes from outside stays one harmless line wherever a template puts it.
fn make_printable(values: &mut Json) {
    match values {
        Json::String(text) => *text = alone(text),
        Json::Array(items) => items.iter_mut().for_each(make_printable),
        Json::Object(fields) => fields.values_mut().for_each(make_printable),
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

/// A text and where its words come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// `de/case-status.email.txt`; nothing where no template could say it.
    pub template: Option<String>,
    /// It is one from the configuration folder.
    pub replaced: bool,
    pub content: Content,
}

/// Printable wherever it stands, even first in a line: a mark that drew onto a space before it would
/// draw onto nothing there.
fn alone(text: &str) -> String {
    let printable = sanitise(text);
    let words = printable.trim();
    let indent = " ".repeat(printable.trim_end().len().saturating_sub(words.len()));
    format!("{indent}{}", sanitise(words))
}

/// Why a template did not give a text, and in which of its lines.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Fault {
    line: usize,
    message: String,
}

impl Templates {
    /// The templates that come with the desk: every message in English, German, French and Spanish.
    pub fn shipped() -> Self {
        Self { shipped: SHIPPED.clone(), replaced: Arc::new(environment()), phrases: Arc::default() }
    }

    /// A message in words. It never fails: a replaced template that fails on these very values gives
    /// way to the shipped one of that language, and that to English.
    pub fn render(&self, message: &Message, frame: &Frame, medium: Medium, locale: &str) -> Content {
        self.write(&Said::message(message, frame), medium, locale)
    }

    /// Any text in words; never fails either.
    pub fn write(&self, said: &Said, medium: Medium, locale: &str) -> Content {
        self.preview(said, medium, locale).content
    }

    /// A text and the template that wrote it.
    pub fn preview(&self, said: &Said, medium: Medium, locale: &str) -> Preview {
        for locale in languages(locale) {
            let key = Key { locale, name: said.name, medium, form: Form::Text }.to_string();
            for (environment, replaced) in [(&self.replaced, true), (&self.shipped, false)] {
                if let Ok(content) = attempt(environment, &key, said, medium) {
                    return Preview { template: Some(key), replaced, content };
                }
            }
        }
        let text = format!("{} {}", said.bare, said.reference);
        let content = finish(medium, &text, text.trim(), &said.reference);
        Preview { template: None, replaced: false, content }
    }

    /// A mail's HTML form, where it has one.
    pub fn html(&self, said: &Said, locale: &str) -> Option<String> {
        self.preview_html(said, locale).map(|preview| preview.content.body.raw().to_owned())
    }

    /// A mail's HTML form as a content's body, and the template that wrote it.
    fn preview_html(&self, said: &Said, locale: &str) -> Option<Preview> {
        languages(locale).into_iter().find_map(|locale| {
            let key = Key { locale, name: said.name, medium: Medium::Email, form: Form::Html }.to_string();
            [(&self.replaced, true), (&self.shipped, false)].into_iter().find_map(
                |(environment, replaced)| {
                    let body = html(environment, &key, said).ok()?.into();
                    let content = Content { body, ..Content::default() };
                    Some(Preview { template: Some(key.clone()), replaced, content })
                },
            )
        })
    }

    /// The languages that have a template for this.
    fn languages(&self, name: Name, medium: Medium, form: Form) -> Vec<String> {
        let of = |environment: &Environment| {
            let keys = environment.templates().filter_map(|(key, _)| key.parse::<Key>().ok());
            keys.filter(|k| k.name == name && k.medium == medium && k.form == form)
                .map(|k| k.locale)
                .collect::<Vec<_>>()
        };
        let mut languages = [of(&self.shipped), of(&self.replaced)].concat();
        languages.sort();
        languages.dedup();
        languages
    }
}

/// The language of a file of the configuration folder by its name; nothing where it is no template's.
pub fn language_of(name: &str) -> Option<String> {
    phrases::language(name).or_else(|| name.parse::<Key>().ok().map(|key| key.locale))
}

/// `zh-Hant-TW` is looked for as it is, then ever shorter (RFC 4647, section 3.4), then in English.
fn languages(locale: &str) -> Vec<String> {
    let whole = label::tag(locale);
    let mut languages: Vec<_> = label::ladder(&whole).map(str::to_owned).collect();
    if !languages.iter().any(|language| language == LAST) {
        languages.push(LAST.to_owned());
    }
    languages
}

/// The rules all templates live under: nothing undefined, nothing endless, blocks on their own lines.
fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    if let Ok(syntax) = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build() {
        environment.set_syntax(syntax);
    }
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|name| match name.ends_with(".html") {
        true => AutoEscape::Html,
        false => AutoEscape::None,
    });
    environment.set_fuel(Some(FUEL));
    environment.add_filter("cut", cut);
    environment.add_filter("lower_first", lower_first);
    environment.set_formatter(|out, state, value| {
        if value.is_none() {
            return Err(absent());
        }
        escape_formatter(out, state, value)
    });
    environment
}

/// At most so many septets, ending in `..` where something was cut; in an SMS more where there is room
/// for it, and less where it takes that to leave the text in one part.
fn cut(state: &State, value: &Value, room: usize) -> Result<String, Error> {
    let percent = state.lookup(PERCENT).and_then(|percent| usize::try_from(percent).ok()).unwrap_or(100);
    let room = (room.saturating_mul(percent) / 100).max(LEAST_CUT.min(room));
    match value.as_str() {
        Some(text) => Ok(sms::clip(text, room)),
        None if value.is_none() => Err(absent()),
        None => Ok(sms::clip(&value.to_string(), room)),
    }
}

/// A label within a sentence: `Late shipment` becomes `late shipment`, and `EDI query` stays.
pub fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    match (letters.next(), letters.next()) {
        (Some(first), Some(second)) if second.is_lowercase() => {
            first.to_lowercase().chain([second]).chain(letters).collect()
        }
        _ => text.to_owned(),
    }
}

fn absent() -> Error {
    Error::new(
        ErrorKind::InvalidOperation,
        "this value is not always there; write it inside {% if … %} or as {{ … if … }}",
    )
}

/// What one template makes of it. An SMS is the longest of its texts that is one part; where none is,
/// names and titles are as long as the template says.
fn attempt(environment: &Environment, key: &str, said: &Said, medium: Medium) -> Result<Content, Fault> {
    let at = |percent| attempt_at(percent, environment, key, said, medium);
    match medium {
        Medium::Email => at(100),
        Medium::Sms => {
            let one_part = |content: &Content| sms::segments(content.body.raw()).parts.len() == 1;
            let fits = PERCENTS.into_iter().filter_map(|percent| at(percent).ok()).find(one_part);
            fits.map_or_else(|| at(100), Ok)
        }
    }
}

fn attempt_at(
    percent: usize,
    environment: &Environment,
    key: &str,
    said: &Said,
    medium: Medium,
) -> Result<Content, Fault> {
    let context = Value::from(Serde(Context { values: &said.values, percent }));
    let text = environment
        .get_template(key)
        .and_then(|template| template.render(context))
        .map_err(|error| Fault::of(&error))?;
    let (subject, body) = match medium {
        Medium::Sms => ("", text.as_str()),
        Medium::Email => split(&text)?,
    };
    if body.trim().is_empty() {
        return Err(Fault::at(1, "nothing is left to say: the body is empty"));
    }
    let content = finish(medium, subject, body, &said.reference);
    let whole = |text: &Untrusted| text.raw().contains(&said.reference);
    if !whole(&content.subject) && !whole(&content.body) {
        return Err(Fault::at(1, "the reference does not come out whole; it must never be cut or left out"));
    }
    Ok(content)
}

/// What an HTML template makes of it.
fn html(environment: &Environment, key: &str, said: &Said) -> Result<String, Fault> {
    let context = Value::from(Serde(Context { values: &said.values, percent: 100 }));
    let template = environment.get_template(key).map_err(|error| Fault::of(&error))?;
    let page = template.render(context).map_err(|error| Fault::of(&error))?;
    match page.trim().is_empty() {
        true => Err(Fault::at(1, "nothing is left to say: the page is empty")),
        false => Ok(page),
    }
}

/// A mail's first line is its subject, then comes an empty line.
fn split(text: &str) -> Result<(&str, &str), Fault> {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let subject = first.strip_prefix("Subject:").map(str::trim).unwrap_or_default();
    if subject.is_empty() {
        return Err(Fault::at(1, "a mail's first line is \"Subject: …\", with something in it"));
    }
    match rest.split_once('\n') {
        Some((empty, body)) if empty.trim().is_empty() => Ok((subject, body)),
        _ => Err(Fault::at(2, "an empty line comes between a mail's subject and its body")),
    }
}

/// Makes a mail's or an SMS's text from what a template wrote.
fn finish(medium: Medium, subject: &str, body: &str, reference: &str) -> Content {
    match medium {
        Medium::Sms => {
            let line: Vec<_> = body.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
            Content { body: Untrusted::new(for_sms(&line.join(" "), reference)), ..Content::default() }
        }
        Medium::Email => Content {
            subject: Untrusted::new(shorten(subject, reference)),
            body: Untrusted::new(paragraphs(body)),
            ..Content::default()
        },
    }
}

/// The text in the 7-bit alphabet where that takes nothing but accents from it; the reference as it is.
fn for_sms(text: &str, reference: &str) -> String {
    let around = |change: fn(&str) -> String| match reference {
        "" => change(text),
        _ => text.split(reference).map(change).collect::<Vec<_>>().join(reference),
    };
    let folded = around(|part| sms::fold(&sms::to_gsm7_text(part)));
    match sms::segments(&folded).culprit {
        None => folded,
        Some(_) => around(sms::to_gsm7_text),
    }
}

/// At most [`SUBJECT`] characters, but never less than up to the end of the reference.
fn shorten(subject: &str, reference: &str) -> String {
    if subject.chars().count() <= SUBJECT {
        return subject.to_owned();
    }
    let at = |characters: usize| subject.char_indices().nth(characters).map_or(subject.len(), |(at, _)| at);
    let kept = match subject.find(reference) {
        Some(start) if !reference.is_empty() => start + reference.len(),
        _ => 0,
    };
    let end = at(SUBJECT - "..".len()).max(kept);
    match end == subject.len() {
        true => subject.to_owned(),
        false => format!("{}..", subject[..end].trim_end()),
    }
}

/// A mail's body: no space at the end of a line, never two empty lines in a row, one at the end.
fn paragraphs(body: &str) -> String {
    let mut out = String::with_capacity(body.len());
    let mut empty = 0;
    for line in body.trim().lines().map(str::trim_end) {
        empty = if line.is_empty() { empty + 1 } else { 0 };
        if empty < 2 {
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

impl Fault {
    fn at(line: usize, message: &str) -> Self {
        Self { line, message: message.to_owned() }
    }

    fn of(error: &Error) -> Self {
        let message = match (error.kind(), error.detail()) {
            (ErrorKind::UndefinedError, None) => "this is undefined: the value has no such part".to_owned(),
            (ErrorKind::OutOfFuel, _) => "this takes too long; is a loop too large?".to_owned(),
            (ErrorKind::InvalidOperation | ErrorKind::SyntaxError, Some(detail)) => detail.to_owned(),
            (kind, None) => kind.to_string(),
            (kind, Some(detail)) => format!("{kind}: {detail}"),
        };
        let message = sanitise(&message).into_owned();
        Self { line: error.line().unwrap_or(1), message }
    }
}

#[cfg(test)]
mod tests;
