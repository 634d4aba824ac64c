//! What a template is called: the language, the message and the medium in one path.

use crate::core::contact::Medium;
use crate::core::label::tag as locale;
use crate::core::message::Message;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// What a template is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Name {
    CaseOpened,
    DocumentUploaded,
    Acknowledgment,
    PostCreated,
    CaseStatus,
    Outcome,
    Milestone,
    MilestoneDesk,
    TaskOverdue,
    Notice,
    /// The detail of an alert. Its SMS is no template: [`crate::core::page`] cuts it to one part.
    Detail,
    /// A digest: the only one that also has an HTML form.
    Digest,
}

/// What a template is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    Text,
    /// Of a mail; every value is escaped in it.
    Html,
}

impl Form {
    /// How its file ends.
    pub fn extension(self) -> &'static str {
        match self {
            Form::Text => "txt",
            Form::Html => "html",
        }
    }
}

/// One template: `de/case-status.email.txt`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// A language, or a language and a country: `de`, `de-at`. Lower case.
    pub locale: String,
    pub name: Name,
    pub medium: Medium,
    pub form: Form,
}

impl Name {
    pub const ALL: [Name; 12] = [
        Name::CaseOpened,
        Name::DocumentUploaded,
        Name::Acknowledgment,
        Name::PostCreated,
        Name::CaseStatus,
        Name::Outcome,
        Name::Milestone,
        Name::MilestoneDesk,
        Name::TaskOverdue,
        Name::Notice,
        Name::Detail,
        Name::Digest,
    ];

    pub fn of(message: &Message) -> Self {
        match message {
            Message::CaseOpened(_) => Name::CaseOpened,
            Message::DocumentUploaded(_) => Name::DocumentUploaded,
            Message::Acknowledgment(_) => Name::Acknowledgment,
            Message::PostCreated(_) => Name::PostCreated,
            Message::CaseStatus(_) => Name::CaseStatus,
            Message::Outcome(_) => Name::Outcome,
            Message::Milestone(_) => Name::Milestone,
            Message::MilestoneDesk(_) => Name::MilestoneDesk,
            Message::TaskOverdue(_) => Name::TaskOverdue,
            Message::Notice(_) => Name::Notice,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Name::CaseOpened => "case-opened",
            Name::DocumentUploaded => "document-uploaded",
            Name::Acknowledgment => "acknowledgment",
            Name::PostCreated => "post-created",
            Name::CaseStatus => "case-status",
            Name::Outcome => "outcome",
            Name::Milestone => "milestone",
            Name::MilestoneDesk => "milestone-desk",
            Name::TaskOverdue => "task-overdue",
            Name::Notice => "notice",
            Name::Detail => "detail",
            Name::Digest => "digest",
        }
    }

    /// What it belongs to, in a word or two.
    pub fn flow(self) -> &'static str {
        match self {
            Name::CaseOpened => "issues",
            Name::DocumentUploaded => "documents",
            Name::Acknowledgment | Name::PostCreated => "posts",
            Name::CaseStatus => "case status",
            Name::Outcome | Name::Detail => "urgent",
            Name::Milestone | Name::MilestoneDesk => "onboarding",
            Name::TaskOverdue => "tasks",
            Name::Notice => "any event",
            Name::Digest => "digests",
        }
    }

    /// Written to a partner's contact, who must not read of people, rules or reasons of the desk.
    pub fn is_for_contacts(self) -> bool {
        matches!(self, Name::Acknowledgment | Name::CaseStatus | Name::Milestone)
    }

    /// The media it has a template for.
    pub fn media(self) -> &'static [Medium] {
        match self {
            Name::Detail | Name::Digest => &[Medium::Email],
            _ => &[Medium::Email, Medium::Sms],
        }
    }
}

impl Serialize for Name {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let typed = String::deserialize(deserializer)?;
        typed.parse().map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl std::str::FromStr for Name {
    type Err = String;

    fn from_str(typed: &str) -> Result<Self, String> {
        Name::ALL.into_iter().find(|name| name.as_str() == typed).ok_or_else(|| {
            let known: Vec<_> = Name::ALL.iter().map(|name| name.as_str()).collect();
            let typed = crate::core::text::sanitise(typed);
            format!("there is no template {typed:?}; there are {}", known.join(", "))
        })
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}.{}.{}", self.locale, self.name, self.medium.as_str(), self.form.extension())
    }
}

impl std::str::FromStr for Key {
    type Err = String;

    fn from_str(path: &str) -> Result<Self, String> {
        let form = || {
            let path = crate::core::text::sanitise(path);
            format!(
                "{path:?} is no template's name; one is LANGUAGE/NAME.MEDIUM.txt, as de/case-status.email.txt, \
                 and of digests de/digest.email.html and de/digest.toml"
            )
        };
        let (folder, file) = path.split_once('/').ok_or_else(form)?;
        let parts: Vec<_> = file.split('.').collect();
        let [name, medium, ending] = parts[..] else { return Err(form()) };
        let form = match ending {
            "txt" => Form::Text,
            "html" if name == Name::Digest.as_str() => Form::Html,
            _ => return Err(form()),
        };
        let name: Name = name.parse()?;
        let medium = name.media().iter().copied().find(|m| m.as_str() == medium).ok_or_else(|| {
            let media: Vec<_> = name.media().iter().map(|m| m.as_str()).collect();
            let medium = crate::core::text::sanitise(medium);
            format!("{name} has no template for {medium:?}; it has {}", media.join(" and "))
        })?;
        if !is_language(&locale(folder)) {
            let folder = crate::core::text::sanitise(folder);
            return Err(format!("{folder:?} is no language; a folder is called de or de-AT"));
        }
        Ok(Key { locale: locale(folder), name, medium, form })
    }
}

/// BCP 47 as far as templates tell languages apart: a language, and maybe script and country.
pub(super) fn is_language(locale: &str) -> bool {
    let mut parts = locale.split('-');
    let letters = |part: &str| part.chars().all(|c| c.is_ascii_lowercase());
    let language = parts.next().is_some_and(|first| (2..=3).contains(&first.len()) && letters(first));
    language && parts.all(|p| (2..=8).contains(&p.len()) && p.chars().all(|c| c.is_ascii_alphanumeric()))
}
