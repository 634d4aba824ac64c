//! Contacts of partners and how each of them wants to be told.

pub use crate::core::phone::Phone;
use crate::core::text::Untrusted;
use jiff::Timestamp;
use jiff::civil::Time;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

/// The way a message travels, whichever provider carries it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Medium {
    Sms,
    Email,
}

impl Medium {
    pub const ALL: [Medium; 2] = [Medium::Sms, Medium::Email];

    pub fn as_str(self) -> &'static str {
        match self {
            Medium::Sms => "sms",
            Medium::Email => "email",
        }
    }
}

/// What a message is about, as far as a recipient's preferences tell messages apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    Urgent,
    CaseUpdates,
    Documents,
    Onboarding,
    Digests,
    Acknowledgments,
}

impl Category {
    pub const ALL: [Category; 6] = [
        Category::Urgent,
        Category::CaseUpdates,
        Category::Documents,
        Category::Onboarding,
        Category::Digests,
        Category::Acknowledgments,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Category::Urgent => "urgent",
            Category::CaseUpdates => "case_updates",
            Category::Documents => "documents",
            Category::Onboarding => "onboarding",
            Category::Digests => "digests",
            Category::Acknowledgments => "acknowledgments",
        }
    }
}

/// One mailbox, in the syntax of RFC 5321, with a domain that has at least one label.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Mailbox(String);

/// An address that cannot be used, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAddress {
    #[error("{0:?} is not a phone number in international form; write it as +49 151 2345678")]
    Phone(String),
    #[error("{typed:?} has {has} digits after +{country}, and numbers of that country have {want}; check it")]
    Digits { typed: String, country: u16, has: usize, want: String },
    #[error("{0:?} is not an email address: {1}")]
    Mailbox(String, String),
}

impl Mailbox {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Mailbox {
    type Err = BadAddress;

    fn from_str(typed: &str) -> Result<Self, BadAddress> {
        let typed = typed.trim();
        let options = email_address::Options::default().without_display_text().without_domain_literal();
        match email_address::EmailAddress::parse_with_options(typed, options) {
            Ok(address) => Ok(Self(address.to_string())),
            Err(why) => Err(BadAddress::Mailbox(
                crate::core::text::sanitise(typed).into_owned(),
                crate::core::text::sanitise(&why.to_string()).into_owned(),
            )),
        }
    }
}

impl TryFrom<String> for Mailbox {
    type Error = BadAddress;

    fn try_from(text: String) -> Result<Self, BadAddress> {
        text.parse()
    }
}

impl From<Mailbox> for String {
    fn from(address: Mailbox) -> String {
        address.0
    }
}

impl fmt::Display for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Hours of the day in the contact's own zone in which nothing but urgent messages is sent.
/// `from` is included and `to` is not; `22:00`–`07:00` goes over midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuietHours {
    #[serde(with = "hour_minute")]
    pub from: Time,
    #[serde(with = "hour_minute")]
    pub to: Time,
}

impl QuietHours {
    pub fn covers(&self, at: Time) -> bool {
        if self.from <= self.to { self.from <= at && at < self.to } else { at >= self.from || at < self.to }
    }
}

impl fmt::Display for QuietHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!(
            "{:02}:{:02}-{:02}:{:02}",
            self.from.hour(),
            self.from.minute(),
            self.to.hour(),
            self.to.minute()
        );
        f.pad(&text)
    }
}

impl FromStr for QuietHours {
    type Err = String;

    /// Reads `22:00-07:00`.
    fn from_str(typed: &str) -> Result<Self, String> {
        let sentence =
            || format!("quiet hours are written 22:00-07:00, not {:?}", crate::core::text::sanitise(typed));
        let (from, to) = typed.split_once('-').ok_or_else(sentence)?;
        let time = |text: &str| hour_minute::parse(text.trim()).ok_or_else(sentence);
        Ok(Self { from: time(from)?, to: time(to)? })
    }
}

mod hour_minute {
    use jiff::civil::Time;
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn parse(text: &str) -> Option<Time> {
        let (hour, minute) = text.split_once(':')?;
        Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
    }
    pub fn serialize<S: Serializer>(time: &Time, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(&format_args!("{:02}:{:02}", time.hour(), time.minute()))
    }
    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Time, D::Error> {
        let text = String::deserialize(d)?;
        parse(&text)
            .ok_or_else(|| serde::de::Error::custom(format!("a time of day is written 22:00, not {text:?}")))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContactState {
    Active,
    Inactive,
}

mod standing {
    use super::ContactState;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize)]
    struct Written {
        state: ContactState,
        active: bool,
    }

    #[derive(Deserialize)]
    struct Read {
        state: ContactState,
    }

    pub fn serialize<S: Serializer>(state: &ContactState, s: S) -> Result<S::Ok, S::Error> {
        Written { state: *state, active: *state == ContactState::Active }.serialize(s)
    }
    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<ContactState, D::Error> {
        Read::deserialize(d).map(|read| read.state)
    }
}

/// One person at a partner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    pub id: Untrusted,
    #[serde(default)]
    pub partner_id: Option<Untrusted>,
    pub name: Untrusted,
    /// In JSON also as the plain boolean `active`.
    #[serde(flatten, with = "standing")]
    pub state: ContactState,
    #[serde(default)]
    pub emails: Vec<Mailbox>,
    #[serde(default)]
    pub phones: Vec<Phone>,
    /// BCP 47, such as `de` or `en-GB`.
    #[serde(default)]
    pub locale: Option<Untrusted>,
    /// IANA zone name.
    #[serde(default)]
    pub time_zone: Option<Untrusted>,
    #[serde(default)]
    pub roles: Vec<Untrusted>,
    /// The media wanted per category, in order of preference; absent means both, SMS first when urgent.
    #[serde(default)]
    pub channels: BTreeMap<Category, Vec<Medium>>,
    #[serde(default)]
    pub quiet_hours: Option<QuietHours>,
    #[serde(default)]
    pub opted_out: BTreeSet<Medium>,
    /// Media whose opt-out the recipient has ended: the other side's older word on them holds no longer.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub opted_in: BTreeSet<Medium>,
    /// Categories whose mails their recipient ended; only they bring them back.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub unsubscribed: BTreeSet<Category>,
    /// Of somebody who left: the contact that what waits for them goes to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub successor: Option<Untrusted>,
    /// What operators noted about this contact; internal.
    #[serde(default)]
    pub notes: Untrusted,
    /// The names of the fields that still are what the configuration made the contact with: an example of
    /// somebody's, which whoever keeps contacts for good may put right without asking.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub as_configured: BTreeSet<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// One editable field of a contact with its value; what `contacts set` and the console's form send.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "field", content = "value", rename_all = "snake_case")]
pub enum ContactField {
    Name(Untrusted),
    Active(bool),
    Emails(Vec<Mailbox>),
    Phones(Vec<Phone>),
    Locale(Option<Untrusted>),
    TimeZone(Option<Untrusted>),
    Roles(Vec<Untrusted>),
    Channels(BTreeMap<Category, Vec<Medium>>),
    QuietHours(Option<QuietHours>),
    OptedOut(BTreeSet<Medium>),
    Notes(Untrusted),
}

impl Contact {
    /// The present value of the same field as `like`.
    pub fn field(&self, like: &ContactField) -> ContactField {
        match like {
            ContactField::Name(_) => ContactField::Name(self.name.clone()),
            ContactField::Active(_) => ContactField::Active(self.state == ContactState::Active),
            ContactField::Emails(_) => ContactField::Emails(self.emails.clone()),
            ContactField::Phones(_) => ContactField::Phones(self.phones.clone()),
            ContactField::Locale(_) => ContactField::Locale(self.locale.clone()),
            ContactField::TimeZone(_) => ContactField::TimeZone(self.time_zone.clone()),
            ContactField::Roles(_) => ContactField::Roles(self.roles.clone()),
            ContactField::Channels(_) => ContactField::Channels(self.channels.clone()),
            ContactField::QuietHours(_) => ContactField::QuietHours(self.quiet_hours),
            ContactField::OptedOut(_) => ContactField::OptedOut(self.opted_out.clone()),
            ContactField::Notes(_) => ContactField::Notes(self.notes.clone()),
        }
    }

    /// Sets one field; the caller has checked that it may be set.
    pub fn set(&mut self, field: ContactField) {
        self.as_configured.remove(field.name());
        match field {
            ContactField::Name(name) => self.name = name,
            ContactField::Active(true) => self.state = ContactState::Active,
            ContactField::Active(false) => self.state = ContactState::Inactive,
            ContactField::Emails(emails) => self.emails = emails,
            ContactField::Phones(phones) => self.phones = phones,
            ContactField::Locale(locale) => self.locale = locale,
            ContactField::TimeZone(zone) => self.time_zone = zone,
            ContactField::Roles(roles) => self.roles = roles,
            ContactField::Channels(channels) => self.channels = channels,
            ContactField::QuietHours(hours) => self.quiet_hours = hours,
            ContactField::OptedOut(media) => {
                self.opted_in.retain(|medium| !media.contains(medium));
                self.opted_out = media;
            }
            ContactField::Notes(notes) => self.notes = notes,
        }
    }
}

impl ContactField {
    /// The name the field has in JSON, in `contacts set` and in sentences.
    pub fn name(&self) -> &'static str {
        match self {
            ContactField::Name(_) => "name",
            ContactField::Active(_) => "active",
            ContactField::Emails(_) => "emails",
            ContactField::Phones(_) => "phones",
            ContactField::Locale(_) => "locale",
            ContactField::TimeZone(_) => "time_zone",
            ContactField::Roles(_) => "roles",
            ContactField::Channels(_) => "channels",
            ContactField::QuietHours(_) => "quiet_hours",
            ContactField::OptedOut(_) => "opted_out",
            ContactField::Notes(_) => "notes",
        }
    }
}
