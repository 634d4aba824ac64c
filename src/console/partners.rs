//! The Partners place and the page of one partner: what they hold, what a key or an answer makes of
//! them. Their data is asked for when they are opened, kept, and asked for again when the stream
//! brings something of theirs.

use crate::console::dialog::Dialog;
use crate::console::effect::{Effect, Wait};
use crate::console::goal::{self, Goal};
use crate::console::model::{Filter, Model, Place};
use crate::console::moves::End;
use crate::console::nav;
use crate::console::rows::Rows;
use crate::console::{beside, contacts, messages};
use crate::core::case::Case;
use crate::core::change::{Numbered, Object, What};
use crate::core::document::Document;
use crate::core::id::{AlertId, NotificationId, TaskId};
use crate::core::query::{Asking, field, rows};
use crate::core::text::Untrusted;
use crate::core::thread::Thread;
use crate::wire::client::LinkError;
use crate::wire::partner::{Filed, PartnerDetail, PartnerRow, PartnerRows, WithTimeline};
use std::time::Duration;

/// What is typed into the filter is asked for once the hand rests this long …
const FIND_AFTER: Duration = Duration::from_millis(200);
/// … and what the stream changed is asked for again once in this time.
const PAGE_EVERY: Duration = Duration::from_millis(500);
const LIST_EVERY: Duration = Duration::from_secs(3);

/// The list of partners.
#[derive(Debug, Default)]
pub struct Partners {
    pub filter: Filter,
    pub rows: Rows<Untrusted>,
    /// In the agent's order: those that need somebody first.
    pub known: Vec<PartnerRow>,
    /// The agent has more than these.
    pub more: bool,
    /// An answer has come.
    pub heard: bool,
    /// Why the list could not be fetched.
    pub missing: Option<String>,
    finds: u64,
    waiting: bool,
}

/// The page of one partner.
#[derive(Debug)]
pub struct Page {
    pub id: Untrusted,
    pub view: View,
    pub rows: Rows<Item>,
    pub detail: Option<Box<PartnerDetail>>,
    pub missing: Option<String>,
    /// One thing of the partner's on the whole screen.
    pub opened: Option<Opened>,
    waiting: bool,
}

/// What of the partner is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    Overview,
    Cases,
    Documents,
    Posts,
    Onboarding,
    Contacts,
    Told,
    Conflicts,
}

impl View {
    pub const ALL: [View; 8] = [
        View::Overview,
        View::Cases,
        View::Documents,
        View::Posts,
        View::Onboarding,
        View::Contacts,
        View::Told,
        View::Conflicts,
    ];

    fn beside(self, by: isize) -> Self {
        let at = Self::ALL.iter().position(|view| *view == self).unwrap_or(0);
        let len = Self::ALL.len();
        Self::ALL[(at + len).saturating_add_signed(by) % len]
    }
}

/// A row of the page. The community's ids name things within the partner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    Alert(AlertId),
    Case(Untrusted),
    Document(Untrusted),
    Thread(Untrusted),
    Task(TaskId),
    Milestone(Untrusted),
    Contact(Untrusted),
    Message(NotificationId),
    Conflict(usize),
}

/// Which thing of which partner's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThingOf {
    pub partner: Untrusted,
    pub kind: ThingKind,
    pub id: Untrusted,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThingKind {
    Case,
    Document,
    Thread,
}

/// A thing with its history.
#[derive(Clone, Debug, PartialEq)]
pub enum Thing {
    Case(WithTimeline<Case>),
    Document(WithTimeline<Filed<Document>>),
    Thread(WithTimeline<Filed<Thread>>),
}

#[derive(Debug)]
pub struct Opened {
    pub what: Item,
    pub thing: Option<Box<Thing>>,
    pub missing: Option<String>,
    pub scroll: u16,
}

// The list.

impl Partners {
    pub fn wanted(&self) -> Vec<Untrusted> {
        let query = self.filter.query(field::PARTNERS);
        let matches = |row: &&PartnerRow| query.finds(&rows::of_partner(&row.partner), &Asking::default());
        self.known.iter().filter(matches).map(|row| row.partner.about.id.clone()).collect()
    }

    pub fn row(&self, id: &Untrusted) -> Option<&PartnerRow> {
        self.known.iter().find(|row| row.partner.about.id == *id)
    }
}

pub fn show(model: &mut Model) -> Vec<Effect> {
    nav::straight(model, Place::Partners);
    vec![fetch(model)]
}

fn fetch(model: &Model) -> Effect {
    Effect::FetchPartners(model.partners.filter.line.text().trim().to_owned())
}

/// The filter changed: what is known is narrowed at once, the rest is asked for after a rest.
pub fn filtered(model: &mut Model) -> Vec<Effect> {
    let wanted = model.partners.wanted();
    model.partners.rows.arrange(wanted);
    model.partners.finds += 1;
    vec![Effect::Wait(Wait::Find(model.partners.finds), FIND_AFTER)]
}

pub fn came(model: &mut Model, find: &str, answer: Result<PartnerRows, LinkError>) {
    if let (Some(Dialog::Palette(palette)), Ok(found)) = (&mut model.dialog, &answer) {
        palette.learn(&found.rows);
    }
    if model.partners.filter.line.text().trim() != find {
        return;
    }
    model.partners.heard = true;
    match answer {
        Ok(PartnerRows { rows, more }) => {
            let still = model.hand_is_on() && !model.partners.filter.open && !model.partners.rows.is_empty();
            model.partners.known = rows;
            model.partners.more = more;
            model.partners.missing = None;
            let wanted = model.partners.wanted();
            // Rows change places only while the hand is off; what they say is new at once.
            if still { model.partners.rows.keep(&wanted) } else { model.partners.rows.arrange(wanted) }
        }
        Err(error) => model.partners.missing = Some(error.to_string()),
    }
}

// What the stream brings.

/// Asks again for what is shown, after a while, if any of the changes concerns it.
pub fn changed(model: &mut Model, changes: &[Numbered]) -> Vec<Effect> {
    let mut effects = Vec::new();
    let of = |numbered: &Numbered| numbered.change.partner.clone();
    if model.place == Place::Partners && !model.partners.waiting && changes.iter().any(shows) {
        model.partners.waiting = true;
        effects.push(Effect::Wait(Wait::Partners, LIST_EVERY));
    }
    if let Some(page) = &mut model.page
        && model.place == Place::Partner
        && !page.waiting
        && changes
            .iter()
            .any(|numbered| of(numbered).as_ref() == Some(&page.id) || is_contact(numbered, page))
    {
        page.waiting = true;
        effects.push(Effect::Wait(Wait::Page, PAGE_EVERY));
    }
    effects
}

/// A change of something that the list counts.
fn shows(numbered: &Numbered) -> bool {
    let change = &numbered.change;
    change.partner.is_some()
        && !matches!(
            change.what,
            What::EventReceived | What::NotificationSending | What::NotificationEvidence
        )
}

fn is_contact(numbered: &Numbered, page: &Page) -> bool {
    matches!(&numbered.change.object, Object::Contact(contact) if contact.partner_id.as_ref() == Some(&page.id))
}

pub fn waited(model: &mut Model, wait: Wait) -> Vec<Effect> {
    match wait {
        Wait::Providers | Wait::Palette(_) | Wait::Search(_) | Wait::Beside | Wait::Detail => Vec::new(),
        Wait::Find(number) if number == model.partners.finds => vec![fetch(model)],
        Wait::Find(_) => Vec::new(),
        Wait::Partners => {
            model.partners.waiting = false;
            if model.place == Place::Partners { vec![fetch(model)] } else { Vec::new() }
        }
        Wait::Page => match &mut model.page {
            Some(page) => {
                page.waiting = false;
                let mut effects = vec![Effect::FetchPartner(page.id.clone())];
                effects.extend(page.thing_of().map(Effect::FetchThing));
                effects
            }
            None => Vec::new(),
        },
    }
}

/// After a new snapshot: whatever is open may be old.
pub fn again(model: &mut Model) -> Vec<Effect> {
    match (model.place, &model.page) {
        (Place::Partners, _) => vec![fetch(model)],
        (Place::Partner, Some(page)) => vec![Effect::FetchPartner(page.id.clone())],
        _ => Vec::new(),
    }
}

// The page.

pub fn open(model: &mut Model, id: Untrusted) -> Vec<Effect> {
    nav::open(model, Place::Partner);
    load(model, id)
}

/// Its page without a step there.
pub fn load(model: &mut Model, id: Untrusted) -> Vec<Effect> {
    // The page is often left and come back to: what was known of it is shown until the answer is there.
    let detail = model.page.take().filter(|page| page.id == id).and_then(|page| page.detail);
    let mut page = Page {
        id: id.clone(),
        view: View::Overview,
        rows: Rows::default(),
        detail,
        missing: None,
        opened: None,
        waiting: false,
    };
    page.arrange();
    model.page = Some(page);
    vec![Effect::FetchPartner(id)]
}

/// The page with one of the partner's things on the whole screen.
pub fn open_thing(model: &mut Model, partner: Untrusted, what: Item) -> Vec<Effect> {
    let mut effects = open(model, partner);
    if let Some(page) = &mut model.page {
        page.opened = Some(Opened { what, thing: None, missing: None, scroll: 0 });
        effects.extend(page.thing_of().map(Effect::FetchThing));
    }
    effects
}

/// The page, with that of it in view.
pub fn open_view(model: &mut Model, partner: Untrusted, view: View) -> Vec<Effect> {
    let effects = open(model, partner);
    if let Some(page) = &mut model.page {
        page.view = view;
        page.arrange();
    }
    effects
}

pub fn detail_came(
    model: &mut Model,
    id: &Untrusted,
    answer: Result<Box<PartnerDetail>, LinkError>,
) -> Option<Effect> {
    // The form, the messages and the pane beside a detail know contacts from here, too.
    let contacts = match &answer {
        Ok(detail) => Ok(detail.contacts.clone()),
        Err(error) => Err(error.to_string()),
    };
    contacts::of_partner_came(model, id, contacts);
    if let Ok(detail) = &answer {
        beside::came(model, detail);
        messages::learn(model, &detail.notifications);
    }
    let hand_is_on = model.place == Place::Partner && model.hand_is_on();
    let page = model.page.as_mut().filter(|page| page.id == *id)?;
    match answer {
        Ok(detail) => {
            page.detail = Some(detail);
            page.missing = None;
            // Rows change places only while the hand is off; what they say is new at once.
            if hand_is_on && page.opened.is_none() {
                let wanted = page.wanted();
                page.rows.keep(&wanted);
            } else {
                page.arrange();
            }
            page.by_reference().map(Effect::FetchThing)
        }
        Err(error) => {
            page.missing = Some(error.to_string());
            None
        }
    }
}

pub fn thing_came(model: &mut Model, of: &ThingOf, answer: Result<Box<Thing>, LinkError>) {
    let Some(page) = model.page.as_mut().filter(|page| page.thing_of().as_ref() == Some(of)) else { return };
    let Some(opened) = &mut page.opened else { return };
    match answer {
        Ok(thing) => {
            opened.thing = Some(thing);
            opened.missing = None;
        }
        Err(error) => opened.missing = Some(error.to_string()),
    }
}

impl Page {
    /// The case that was opened by its reference, now that the id behind that is known.
    fn by_reference(&mut self) -> Option<ThingOf> {
        let (opened, detail) = (self.opened.as_mut()?, self.detail.as_ref()?);
        let Item::Case(named) = &opened.what else { return None };
        let cases = || detail.cases.iter().chain(&detail.settled.cases);
        if cases().any(|case| case.id == *named) {
            return None;
        }
        let case = cases().find(|case| case.reference == *named)?;
        opened.what = Item::Case(case.id.clone());
        opened.missing = None;
        self.thing_of()
    }

    /// What is on the whole screen, as the agent is asked for it.
    pub fn thing_of(&self) -> Option<ThingOf> {
        let (kind, id) = match &self.opened.as_ref()?.what {
            Item::Case(id) => (ThingKind::Case, id),
            Item::Document(id) => (ThingKind::Document, id),
            Item::Thread(id) => (ThingKind::Thread, id),
            _ => return None,
        };
        Some(ThingOf { partner: self.id.clone(), kind, id: id.clone() })
    }

    /// What waits for somebody, the most pressing first.
    pub fn open_items(&self) -> Vec<Item> {
        let Some(detail) = &self.detail else { return Vec::new() };
        let alerts = detail.alerts.iter().map(|alert| Item::Alert(alert.id));
        let cases = detail.cases.iter().map(|case| Item::Case(case.id.clone()));
        let reviews = detail.reviews.iter().map(|document| Item::Document(document.id.clone()));
        let threads = detail.threads.iter().map(|thread| Item::Thread(thread.id.clone()));
        // A task about a thing that has a row of its own says nothing more.
        let told = |about: &Untrusted| {
            detail.cases.iter().any(|case| case.id == *about)
                || detail.reviews.iter().any(|document| document.id == *about)
                || detail.threads.iter().any(|thread| thread.id == *about)
        };
        let tasks = detail.tasks.iter().filter(|task| !task.about.as_ref().is_some_and(told));
        let tasks = tasks.map(|task| Item::Task(task.id));
        alerts.chain(cases).chain(reviews).chain(threads).chain(tasks).collect()
    }

    pub fn contact_items(&self) -> Vec<Item> {
        let contacts = self.detail.iter().flat_map(|detail| &detail.contacts);
        contacts.map(|known| Item::Contact(known.contact.id.clone())).collect()
    }

    pub fn told_items(&self) -> Vec<Item> {
        let told = self.detail.iter().flat_map(|detail| &detail.notifications);
        told.map(|message| Item::Message(message.id)).collect()
    }

    fn arrange(&mut self) {
        let items = self.wanted();
        self.rows.arrange(items);
    }

    fn wanted(&self) -> Vec<Item> {
        let Some(detail) = &self.detail else { return Vec::new() };
        match self.view {
            View::Overview => {
                let mut items = self.open_items();
                items.extend(self.contact_items());
                items.extend(self.told_items());
                items
            }
            View::Cases => {
                let cases = detail.cases.iter().chain(&detail.settled.cases);
                cases.map(|case| Item::Case(case.id.clone())).collect()
            }
            View::Documents => {
                let documents = detail.reviews.iter().chain(&detail.settled.documents);
                documents.map(|document| Item::Document(document.id.clone())).collect()
            }
            View::Posts => {
                let threads = detail.threads.iter().chain(&detail.settled.threads);
                threads.map(|thread| Item::Thread(thread.id.clone())).collect()
            }
            View::Onboarding => {
                detail.milestones.iter().map(|milestone| Item::Milestone(milestone.id.clone())).collect()
            }
            View::Contacts => self.contact_items(),
            View::Told => self.told_items(),
            View::Conflicts => (0..detail.conflicts.len()).map(Item::Conflict).collect(),
        }
    }
}

/// Takes in what is new on the page.
pub fn arrange_page(model: &mut Model) {
    if let Some(page) = &mut model.page {
        page.arrange();
    }
}

/// The next view, or the one before.
pub fn turn(model: &mut Model, by: isize) {
    if let Some(page) = &mut model.page
        && page.opened.is_none()
    {
        page.view = page.view.beside(by);
        page.rows = Rows::default();
        page.arrange();
    }
}

pub fn step(model: &mut Model, by: isize) {
    let Some(page) = &mut model.page else { return };
    match &mut page.opened {
        Some(opened) => {
            let by = i16::try_from(by).unwrap_or(0);
            opened.scroll = opened.scroll.saturating_add_signed(by);
        }
        None => page.rows.step(by),
    }
    limit_scroll(model);
}

/// No further than there is something to see.
fn limit_scroll(model: &mut Model) {
    let longest = crate::console::view::opened_length(model);
    if let Some(opened) = model.page.as_mut().and_then(|page| page.opened.as_mut()) {
        opened.scroll = opened.scroll.min(longest);
    }
}

pub fn to_end(model: &mut Model, end: End) {
    if let Some(page) = &mut model.page {
        match end {
            End::First => {
                page.arrange();
                page.rows.first();
            }
            End::Last => page.rows.last(),
        }
    }
}

/// What Enter does to the selected row of the page.
pub fn enter(model: &mut Model) -> Vec<Effect> {
    let Some(page) = &mut model.page else { return Vec::new() };
    if page.opened.is_some() {
        page.opened = None;
        return Vec::new();
    }
    let Some(item) = page.rows.selected().cloned() else { return Vec::new() };
    match item {
        Item::Alert(alert) => goal::go(model, Goal::Alert(alert)),
        Item::Task(task) => goal::go(model, Goal::Task(task)),
        Item::Contact(contact) => {
            let known = model.desk.as_ref().and_then(|desk| desk.contacts.get(&contact));
            let form = known.map(|contact| contacts::form_of(model, contact));
            if let (Some(form), Ok(())) = (form, crate::console::allowed::may_act(model)) {
                nav::open(model, Place::Contacts);
                model.contacts.alone = true;
                model.contacts.form = Some(form);
            }
            Vec::new()
        }
        Item::Conflict(at) => {
            let found = page.detail.as_ref().and_then(|detail| detail.conflicts.get(at));
            let chooser = found.map(crate::console::dialog::Chooser::settle);
            if let (Some(chooser), Ok(())) = (chooser, crate::console::allowed::may_act(model)) {
                model.dialog = Some(crate::console::dialog::Dialog::Chooser(chooser));
            }
            Vec::new()
        }
        Item::Milestone(_) => Vec::new(),
        what => {
            page.opened = Some(Opened { what, thing: None, missing: None, scroll: 0 });
            page.thing_of().map(Effect::FetchThing).into_iter().collect()
        }
    }
}

/// One step back within the page; `false`: there is none.
pub fn back(model: &mut Model) -> bool {
    let Some(page) = &mut model.page else { return false };
    if page.opened.is_some() {
        page.opened = None;
    } else if page.view != View::Overview {
        page.view = View::Overview;
        page.rows = Rows::default();
        page.arrange();
    } else {
        return false;
    }
    true
}

/// The page of a partner with one of its cases on the whole screen.
pub fn open_case(model: &mut Model, partner: Untrusted, case: Untrusted) -> Vec<Effect> {
    let mut effects = open(model, partner.clone());
    if let Some(page) = &mut model.page {
        // Members of alerts name a case by its reference, where it has one.
        let cases = page.detail.iter().flat_map(|detail| detail.cases.iter().chain(&detail.settled.cases));
        let known = cases.into_iter().find(|one| one.id == case || one.reference == case);
        let id = known.map_or(case, |known| known.id.clone());
        page.opened = Some(Opened { what: Item::Case(id.clone()), thing: None, missing: None, scroll: 0 });
        effects.push(Effect::FetchThing(ThingOf { partner, kind: ThingKind::Case, id }));
    }
    effects
}
