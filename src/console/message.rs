//! Everything that can happen to the console, in the one order in which it happened.

use crate::console::drill::News;
use crate::console::effect::Wait;
use crate::console::partners::{Thing, ThingOf};
use crate::console::templates::AskedPreview;
use crate::console::waiting::Item;
use crate::core::change::Numbered;
use crate::core::command::Outcome;
use crate::core::contact::Contact;
use crate::core::id::AlertId;
use crate::core::notification::Notification;
use crate::core::person::PersonId;
use crate::core::resend::Asked;
use crate::core::template::{Listed, Shown};
use crate::core::text::Untrusted;
use crate::term::input::Input;
use crate::wire::client::LinkError;
use crate::wire::person::{PersonDetail, Viewer};
use crate::wire::search::{SearchAnswer, ViewInfo};
use crate::wire::{
    AlertDetail, ConfigInfo, ContactDetail, DigestCopy, DigestInfo, Health, Messages, OwnHandover,
    PartnerDetail, PartnerRows, Planned, ProviderInfo, ScheduleTimeline, Snapshot, StepPreview,
};
use jiff::Timestamp;

#[derive(Debug)]
pub enum Msg {
    /// The time by this machine's clock; comes before whatever else happens at it.
    Clock(Timestamp),
    /// The terminal's size in cells.
    Size(u16, u16),
    Input(Input),
    /// The agent answered with everything; the stream continues from it.
    Snapshot(Box<Snapshot>),
    /// Changes that arrived together.
    Changes(Vec<Numbered>),
    Health(Box<Health>),
    /// The agent is away; tried again by itself.
    Away(LinkError),
    /// The stream is open: from now on the agent believes what it is told of who looks.
    Listening,
    /// Who looks at which alert now.
    Viewers(Vec<Viewer>),
    Detail(AlertId, Result<Box<AlertDetail>, LinkError>),
    /// The partners that these words name.
    Partners(String, Result<PartnerRows, LinkError>),
    Partner(Untrusted, Result<Box<PartnerDetail>, LinkError>),
    Contact(Untrusted, Result<Box<ContactDetail>, LinkError>),
    Thing(ThingOf, Result<Box<Thing>, LinkError>),
    Messages(Result<Messages, LinkError>),
    /// The messages of all that the snapshot named.
    Told(Result<Vec<Notification>, LinkError>),
    Message(Result<Box<Notification>, LinkError>),
    /// What this query finds.
    Search(String, Result<SearchAnswer, LinkError>),
    Views(Result<Vec<ViewInfo>, LinkError>),
    Providers(Result<Vec<ProviderInfo>, LinkError>),
    /// What the agent says of probing a provider.
    Probed(Result<Untrusted, LinkError>),
    /// What sending again would come to.
    Planned(Asked, Result<Planned, LinkError>),
    /// Who is on call over the time to come.
    OnCall(Result<Vec<ScheduleTimeline>, LinkError>),
    /// The asker's own hand-over, with its sheet.
    Handover(Result<Box<OwnHandover>, LinkError>),
    Templates(Result<Vec<Listed>, LinkError>),
    Preview(AskedPreview, Result<Vec<Shown>, LinkError>),
    Contacts(Result<Vec<Contact>, LinkError>),
    Person(PersonId, Result<Box<PersonDetail>, LinkError>),
    Config(Result<ConfigInfo, LinkError>),
    Digests(Result<Vec<DigestInfo>, LinkError>),
    /// The copies of the digest of this name.
    Digest(String, Result<Vec<DigestCopy>, LinkError>),
    Waited(Wait),
    Steps(AlertId, Result<Vec<StepPreview>, LinkError>),
    /// What became of the command with this ticket.
    Answered(Ticket, Result<Outcome, LinkError>),
    /// What an earlier console left on disk.
    Kept(Vec<Item>),
    /// Why what waits is not on disk.
    Unkept(String),
    /// What would become of each of several.
    Previewed(Ticket, Result<Vec<Outcome>, LinkError>),
    /// What became of each of several.
    Together(Ticket, Result<Vec<Outcome>, LinkError>),
    /// How the drill stands that is being played.
    Drill(Box<News>),
    /// The selection has rested; the number tells the newest rest from older ones.
    Rested(u64),
}

/// Tells the console's own commands apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(pub u64);
