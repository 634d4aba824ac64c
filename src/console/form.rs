//! The form of a contact: typed, checked beside the field, and sent with the values it began from.

use crate::console::dialog::{Order, paste_lines, text_area};
use crate::console::line::Line;
use crate::console::model::About;
use crate::core::command::{Action as Ask, Expect};
use crate::core::contact::{
    Category, Contact, ContactField, ContactState, Mailbox, Medium, Phone, QuietHours,
};
use crate::core::text::{Untrusted, sanitise};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use std::collections::{BTreeMap, BTreeSet};
use tui_textarea::TextArea;

pub const ONLY_THE_RECIPIENT: &str = "only the recipient ends an opt-out, with START or the signed link";

#[derive(Debug)]
pub struct Form {
    /// As it was when the form was opened.
    pub began: Contact,
    pub fields: Vec<Field>,
    pub notes: Box<TextArea<'static>>,
    notes_began: Vec<String>,
    /// An index into `fields`; one past the last is the notes.
    pub focus: usize,
    /// The agent's refusal, or why nothing was sent.
    pub error: Option<String>,
    pub sending: bool,
    /// Esc was pressed once on a changed form.
    pub dropping: bool,
}

#[derive(Debug)]
pub struct Field {
    pub name: FieldName,
    pub value: Value,
    pub error: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldName {
    Name,
    Active,
    Emails,
    Phones,
    Channels(Category),
    QuietHours,
    OptedOut(Medium),
    Locale,
    TimeZone,
    Roles,
}

#[derive(Debug)]
pub enum Value {
    Text { line: Line, began: String },
    Tick { on: bool, began: bool },
}

pub enum Pressed {
    Stay,
    Leave,
    Send(Box<Order>),
}

impl FieldName {
    pub fn label(self) -> String {
        match self {
            FieldName::Name => "name".to_owned(),
            FieldName::Active => "active".to_owned(),
            FieldName::Emails => "emails".to_owned(),
            FieldName::Phones => "phones".to_owned(),
            FieldName::Channels(category) => category.as_str().replace('_', " "),
            FieldName::QuietHours => "quiet hours".to_owned(),
            FieldName::OptedOut(Medium::Sms) => "no SMS".to_owned(),
            FieldName::OptedOut(Medium::Email) => "no mail".to_owned(),
            FieldName::Locale => "locale".to_owned(),
            FieldName::TimeZone => "time zone".to_owned(),
            FieldName::Roles => "roles".to_owned(),
        }
    }

    /// What to type, said while the field is empty or in hand.
    pub fn hint(self) -> &'static str {
        match self {
            FieldName::Name | FieldName::Active => "",
            FieldName::Emails => "one or more, with commas between; the first is tried first",
            FieldName::Phones => "international, with commas between: +49 151 2345678",
            FieldName::Channels(_) => "sms, email in the order wanted; empty: both; none: never",
            FieldName::QuietHours => "22:00-07:00 in the contact's own time; urgent messages still come",
            FieldName::OptedOut(_) => "Space sets it; then only the recipient can end it",
            FieldName::Locale => "a language such as de or en-GB",
            FieldName::TimeZone => "a zone such as Europe/Berlin",
            FieldName::Roles => "with commas between",
        }
    }
}

impl Form {
    pub fn new(contact: &Contact) -> Self {
        use FieldName::*;
        let text = |name, text: String| Field {
            name,
            value: Value::Text { line: Line::new(&text), began: Line::new(&text).text().to_owned() },
            error: None,
        };
        let tick = |name, on| Field { name, value: Value::Tick { on, began: on }, error: None };
        let maybe = |text: &Option<Untrusted>| text.as_ref().map(shown).unwrap_or_default();
        let mut fields = vec![
            text(Name, shown(&contact.name)),
            tick(Active, contact.state == ContactState::Active),
            text(Emails, join(&contact.emails)),
            text(Phones, join(&contact.phones)),
        ];
        fields.extend(Category::ALL.map(|category| {
            let media = contact.channels.get(&category);
            text(Channels(category), media.map(|media| media_text(media)).unwrap_or_default())
        }));
        fields.push(text(QuietHours, contact.quiet_hours.map(|hours| hours.to_string()).unwrap_or_default()));
        fields.extend(Medium::ALL.map(|medium| tick(OptedOut(medium), contact.opted_out.contains(&medium))));
        fields.push(text(Locale, maybe(&contact.locale)));
        fields.push(text(TimeZone, maybe(&contact.time_zone)));
        fields.push(text(Roles, contact.roles.iter().map(shown).collect::<Vec<_>>().join(", ")));
        let notes: Vec<String> =
            contact.notes.printable_lines().into_iter().map(|line| line.into_string()).collect();
        let notes = text_area(notes);
        Self {
            began: contact.clone(),
            fields,
            notes_began: notes.lines().to_vec(),
            notes,
            focus: 0,
            error: None,
            sending: false,
            dropping: false,
        }
    }

    /// Puts the hand on the addresses of this medium.
    pub fn stand_on(&mut self, medium: Medium) {
        let name = match medium {
            Medium::Sms => FieldName::Phones,
            Medium::Email => FieldName::Emails,
        };
        self.focus = self.fields.iter().position(|field| field.name == name).unwrap_or(0);
    }

    pub fn on_notes(&self) -> bool {
        self.focus == self.fields.len()
    }

    pub fn changed(&self) -> bool {
        self.fields.iter().any(Field::changed) || self.notes.lines() != self.notes_began
    }

    pub fn press(&mut self, key: KeyEvent) -> Pressed {
        let dropping = std::mem::take(&mut self.dropping);
        let places = self.fields.len() + 1;
        match key.code {
            KeyCode::Char('s') if key.modifiers.contains(KeyModifiers::CONTROL) => {
                return if self.sending { Pressed::Stay } else { self.send() };
            }
            KeyCode::Esc if dropping || !self.changed() => return Pressed::Leave,
            KeyCode::Esc => self.dropping = true,
            KeyCode::Tab => self.focus = (self.focus + 1) % places,
            KeyCode::BackTab => self.focus = (self.focus + places - 1) % places,
            KeyCode::Up if self.on_notes() && self.notes.cursor().0 == 0 => self.focus -= 1,
            _ if self.on_notes() => {
                self.notes.input(key);
            }
            KeyCode::Up => self.focus = self.focus.saturating_sub(1),
            KeyCode::Down | KeyCode::Enter => self.focus += 1,
            _ => self.fields[self.focus].press(key),
        }
        Pressed::Stay
    }

    pub fn paste(&mut self, text: &str) {
        match self.fields.get_mut(self.focus).map(|field| &mut field.value) {
            Some(Value::Text { line, .. }) => line.insert(text),
            Some(Value::Tick { .. }) => {}
            None => paste_lines(&mut self.notes, text),
        }
    }

    fn send(&mut self) -> Pressed {
        let Some(fields) = self.check() else {
            // The whole sentence; beside a long value there may be little room for it.
            let bad = self.fields.iter().find_map(|field| Some((field.name.label(), field.error.as_ref()?)));
            self.error = bad.map(|(label, error)| format!("Nothing was sent; {label}: {error}"));
            return Pressed::Stay;
        };
        if fields.is_empty() {
            return Pressed::Leave;
        }
        self.error = None;
        self.sending = true;
        let contact = self.began.id.clone();
        let expect = Expect {
            fields: fields.iter().map(|field| self.began.field(field)).collect(),
            ..Expect::default()
        };
        let ask = Ask::SetContact { contact: contact.clone(), fields };
        Pressed::Send(Box::new(Order { about: About::Contact(contact), word: "save", ask, expect }))
    }

    /// The changed fields, or the errors beside them.
    fn check(&mut self) -> Option<Vec<ContactField>> {
        let mut good = Vec::new();
        let mut channels = self.began.channels.clone();
        let mut opted_out = self.began.opted_out.clone();
        let mut all_good = true;
        let mut first_bad = None;
        for (at, field) in self.fields.iter_mut().enumerate() {
            field.error = None;
            if !field.changed() {
                continue;
            }
            match field.read(&mut channels, &mut opted_out) {
                Ok(Some(value)) => good.push(value),
                Ok(None) => {}
                Err(error) => {
                    field.error = Some(error);
                    all_good = false;
                    first_bad.get_or_insert(at);
                }
            }
        }
        if let Some(at) = first_bad {
            self.focus = at;
        }
        if channels != self.began.channels {
            good.push(ContactField::Channels(channels));
        }
        if opted_out != self.began.opted_out {
            good.push(ContactField::OptedOut(opted_out));
        }
        if self.notes.lines() != self.notes_began {
            good.push(ContactField::Notes(Untrusted::new(self.notes.lines().join("\n"))));
        }
        all_good.then_some(good)
    }
}

impl Field {
    pub fn changed(&self) -> bool {
        match &self.value {
            Value::Text { line, began } => line.text() != began,
            Value::Tick { on, began } => on != began,
        }
    }

    /// Why the field cannot be changed, where it cannot.
    pub fn fixed(&self) -> Option<&'static str> {
        match (self.name, &self.value) {
            (FieldName::OptedOut(_), Value::Tick { began: true, .. }) => Some(ONLY_THE_RECIPIENT),
            _ => None,
        }
    }

    fn press(&mut self, key: KeyEvent) {
        let fixed = self.fixed();
        self.error = None;
        match &mut self.value {
            Value::Text { line, .. } => {
                line.press(key);
            }
            Value::Tick { on, .. } if key.code == KeyCode::Char(' ') => match fixed {
                Some(why) => self.error = Some(why.to_owned()),
                None => *on = !*on,
            },
            Value::Tick { .. } => {}
        }
    }

    /// The value of a changed field; the two that are one value in the contact go into their sums.
    fn read(
        &self,
        channels: &mut BTreeMap<Category, Vec<Medium>>,
        opted_out: &mut BTreeSet<Medium>,
    ) -> Result<Option<ContactField>, String> {
        let text = match &self.value {
            Value::Text { line, .. } => line.text().trim(),
            Value::Tick { .. } => "",
        };
        let on = matches!(self.value, Value::Tick { on: true, .. });
        let maybe = (!text.is_empty()).then(|| Untrusted::from(text));
        Ok(Some(match self.name {
            FieldName::Name if text.is_empty() => return Err("a contact needs a name".to_owned()),
            FieldName::Name => ContactField::Name(text.into()),
            FieldName::Active => ContactField::Active(on),
            FieldName::Emails => {
                ContactField::Emails(each(text, |word| word.parse::<Mailbox>().map_err(|e| e.to_string()))?)
            }
            FieldName::Phones => {
                ContactField::Phones(each(text, |word| word.parse::<Phone>().map_err(|e| e.to_string()))?)
            }
            FieldName::Channels(category) => {
                if text.is_empty() {
                    channels.remove(&category);
                } else {
                    channels.insert(category, media(text)?);
                }
                return Ok(None);
            }
            FieldName::QuietHours if text.is_empty() => ContactField::QuietHours(None),
            FieldName::QuietHours => ContactField::QuietHours(Some(text.parse::<QuietHours>()?)),
            FieldName::OptedOut(medium) => {
                if on {
                    opted_out.insert(medium);
                }
                return Ok(None);
            }
            FieldName::Locale => {
                if !text.is_empty() && !is_language(text) {
                    return Err(format!("{:?} is not a language tag; write de or en-GB", sanitise(text)));
                }
                ContactField::Locale(maybe)
            }
            FieldName::TimeZone => {
                if !text.is_empty() && jiff::tz::TimeZone::get(text).is_err() {
                    return Err(format!("no time zone is called {:?}; write Europe/Berlin", sanitise(text)));
                }
                ContactField::TimeZone(maybe)
            }
            FieldName::Roles => ContactField::Roles(each(text, |word| Ok(Untrusted::from(word)))?),
        }))
    }
}

fn shown(text: &Untrusted) -> String {
    text.printable().into_string()
}

fn join<T: std::fmt::Display>(list: &[T]) -> String {
    list.iter().map(T::to_string).collect::<Vec<_>>().join(", ")
}

fn media_text(media: &[Medium]) -> String {
    if media.is_empty() {
        return "none".to_owned();
    }
    media.iter().map(|medium| medium.as_str()).collect::<Vec<_>>().join(", ")
}

fn each<T>(text: &str, read: impl Fn(&str) -> Result<T, String>) -> Result<Vec<T>, String> {
    text.split([',', ';']).map(str::trim).filter(|word| !word.is_empty()).map(read).collect()
}

fn media(text: &str) -> Result<Vec<Medium>, String> {
    if text.eq_ignore_ascii_case("none") {
        return Ok(Vec::new());
    }
    let words = text.split([',', ' ', ';']).filter(|word| !word.is_empty());
    let mut media = Vec::new();
    for word in words {
        let medium = match word.to_ascii_lowercase().as_str() {
            "sms" => Medium::Sms,
            "email" | "mail" => Medium::Email,
            _ => {
                return Err(format!(
                    "{:?} is no way to tell anybody; sms, email or none are",
                    sanitise(word)
                ));
            }
        };
        if !media.contains(&medium) {
            media.push(medium);
        }
    }
    Ok(media)
}

fn is_language(tag: &str) -> bool {
    let mut subtags = tag.split('-');
    let language = subtags.next().unwrap_or_default();
    (2..=3).contains(&language.len())
        && language.bytes().all(|b| b.is_ascii_alphabetic())
        && subtags.all(|s| (1..=8).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_alphanumeric()))
}
