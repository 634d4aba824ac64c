//! The Templates place: every template there is, and how one reads to whom. What is shown comes from
//! the agent, so that it is what goes out now.

use crate::console::desk::Desk;
use crate::console::effect::Effect;
use crate::console::model::{Filter, Model, Place};
use crate::console::nav;
use crate::console::rows::Rows;
use crate::core::contact::Category;
use crate::core::notification::RecipientId;
use crate::core::template::{Listed, Name, Piece, Sample, Shown};
use crate::core::text::Untrusted;
use crate::wire::client::LinkError;

#[derive(Debug, Default)]
pub struct Templates {
    pub filter: Filter,
    pub rows: Rows<Row>,
    pub known: Vec<Listed>,
    /// An answer has come.
    pub heard: bool,
    pub missing: Option<String>,
    /// Whose copy is shown; nobody who exists while nobody is chosen.
    pub to: Option<Reader>,
    pub opened: Option<Opened>,
}

/// One piece of a template.
pub type Row = (Name, Piece);

/// Somebody to read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reader {
    pub who: RecipientId,
    pub name: Untrusted,
}

impl Reader {
    fn id(&self) -> &str {
        match &self.who {
            RecipientId::Person(person) => &person.0,
            RecipientId::Contact(contact) => contact.raw(),
            RecipientId::Webhook(channel) => channel,
        }
    }
}

/// One template on the whole screen.
#[derive(Debug)]
pub struct Opened {
    /// In this language instead of the reader's.
    pub locale: Option<String>,
    pub sample: Sample,
    pub shown: Option<Result<Box<Shown>, String>>,
    pub scroll: u16,
}

/// What the agent is asked to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskedPreview {
    pub row: Row,
    /// The id of a person or a contact.
    pub to: Option<String>,
    pub locale: Option<String>,
    pub sample: Sample,
}

impl Templates {
    pub fn wanted(&self) -> Vec<Row> {
        let matches = |one: &&Listed| {
            let yours = if one.yours.is_empty() { "" } else { "yours" };
            let by = crate::console::view::templates::piece_word(one.piece);
            self.filter.matches(&[one.name.as_str(), &one.flow, one.to.as_str(), by, yours])
        };
        self.known.iter().filter(matches).map(|one| (one.name, one.piece)).collect()
    }

    pub fn listed(&self, row: Row) -> Option<&Listed> {
        self.known.iter().find(|one| (one.name, one.piece) == row)
    }

    /// What is to be asked for, if a template is open.
    fn asked(&self) -> Option<AskedPreview> {
        let opened = self.opened.as_ref()?;
        Some(AskedPreview {
            row: *self.rows.selected()?,
            to: self.to.as_ref().map(|reader| reader.id().to_owned()),
            locale: opened.locale.clone(),
            sample: opened.sample,
        })
    }
}

pub fn show(model: &mut Model) -> Vec<Effect> {
    let about = model.selected_message().map(|message| {
        let reader = Reader { who: message.recipient.who.clone(), name: message.recipient.name.clone() };
        let name = match &message.said {
            Some(said) => Some(Name::of(&said.message)),
            None => (message.category == Category::Digests).then_some(Name::Digest),
        };
        let row = name.map(|name| (name, Piece::from(message.medium)));
        (reader, row)
    });
    nav::open(model, Place::Templates);
    let mut effects = vec![Effect::FetchTemplates];
    if let Some((reader, row)) = about {
        let templates = &mut model.templates;
        templates.to = Some(reader);
        templates.filter = Filter::default();
        templates.opened = None;
        if let Some(row) = row {
            templates.rows.arrange(vec![row]);
            effects.extend(open(model));
        }
    }
    effects
}

pub fn arrange(model: &mut Model) {
    let wanted = model.templates.wanted();
    model.templates.rows.arrange(wanted);
}

pub fn came(model: &mut Model, answer: Result<Vec<Listed>, LinkError>) {
    model.templates.heard = true;
    match answer {
        Ok(known) => {
            model.templates.known = known;
            model.templates.missing = None;
            arrange(model);
        }
        Err(error) => model.templates.missing = Some(error.to_string()),
    }
}

/// A late answer to what is no longer asked is not shown.
pub fn preview_came(model: &mut Model, asked: &AskedPreview, answer: Result<Vec<Shown>, LinkError>) {
    if model.templates.asked().as_ref() != Some(asked) {
        return;
    }
    let Some(opened) = &mut model.templates.opened else { return };
    opened.shown = Some(match answer.map(|shown| shown.into_iter().next()) {
        Ok(Some(shown)) => Ok(Box::new(shown)),
        Ok(None) => Err("there is no sample of it".to_owned()),
        Err(error) => Err(error.to_string()),
    });
}

/// Opens the selected template, or goes back to the list.
pub fn enter(model: &mut Model) -> Vec<Effect> {
    if model.templates.opened.take().is_some() || model.templates.rows.selected().is_none() {
        return Vec::new();
    }
    open(model)
}

fn open(model: &mut Model) -> Vec<Effect> {
    model.templates.opened = Some(Opened { locale: None, sample: Sample::Full, shown: None, scroll: 0 });
    again(model)
}

/// After a new snapshot: the configuration may be another.
pub fn refreshed(model: &mut Model) -> Vec<Effect> {
    if model.place != Place::Templates {
        return Vec::new();
    }
    let shown = model.templates.asked().map(Effect::FetchPreview);
    std::iter::once(Effect::FetchTemplates).chain(shown).collect()
}

/// Asks for what is shown as it is chosen now.
pub fn again(model: &mut Model) -> Vec<Effect> {
    if let Some(opened) = &mut model.templates.opened {
        opened.scroll = 0;
    }
    model.templates.asked().map(Effect::FetchPreview).into_iter().collect()
}

pub fn read_by(model: &mut Model, reader: Option<Reader>) -> Vec<Effect> {
    model.templates.to = reader;
    if let Some(opened) = &mut model.templates.opened {
        opened.locale = None;
    }
    again(model)
}

/// The language after the one that is shown.
pub fn next_language(model: &mut Model) -> Vec<Effect> {
    let languages = match model.templates.rows.selected().and_then(|row| model.templates.listed(*row)) {
        Some(listed) => listed.languages.clone(),
        None => return Vec::new(),
    };
    let Some(opened) = &mut model.templates.opened else { return Vec::new() };
    let Some(Ok(shown)) = &opened.shown else { return Vec::new() };
    let now = shown.language().unwrap_or_default();
    let after = languages.iter().position(|language| language == now).map_or(0, |at| at + 1);
    opened.locale = languages.get(after).or(languages.first()).cloned();
    again(model)
}

/// The next piece of the same template.
pub fn other_medium(model: &mut Model) -> Vec<Effect> {
    let Some((name, piece)) = model.templates.rows.selected().copied() else { return Vec::new() };
    let pieces = name.pieces();
    let next = pieces.iter().position(|other| *other == piece).map_or(0, |at| at + 1);
    let Some(other) = pieces.get(next).or(pieces.first()) else { return Vec::new() };
    if !model.templates.rows.select(&(name, *other)) {
        // What is typed hides it; whoever asks for it wants to see it.
        model.templates.filter = Filter::default();
        arrange(model);
        model.templates.rows.select(&(name, *other));
    }
    again(model)
}

pub fn other_sample(model: &mut Model) -> Vec<Effect> {
    if let Some(opened) = &mut model.templates.opened {
        opened.sample = match opened.sample {
            Sample::Full => Sample::Bare,
            Sample::Bare => Sample::Full,
        };
    }
    again(model)
}

pub fn step(model: &mut Model, by: isize) {
    let longest = crate::console::view::opened_length(model);
    match &mut model.templates.opened {
        Some(opened) => {
            let by = i16::try_from(by).unwrap_or(0);
            opened.scroll = opened.scroll.saturating_add_signed(by).min(longest);
        }
        None => model.templates.rows.step(by),
    }
}

/// Everybody a preview can be made for whom the console knows: contacts, then the people of the desk.
pub fn readers(desk: &Desk) -> Vec<(Reader, String)> {
    let mut contacts: Vec<(Reader, String)> = desk
        .contacts
        .values()
        .map(|contact| {
            let reader = Reader { who: RecipientId::Contact(contact.id.clone()), name: contact.name.clone() };
            let of = contact.partner_id.as_ref().map(|id| desk.partner_name(id)).unwrap_or_default();
            (reader, of)
        })
        .collect();
    contacts.sort_by(|a, b| (&a.1, &a.0.name).cmp(&(&b.1, &b.0.name)));
    let people = desk.people.values().map(|person| {
        let name = Untrusted::from(person.name.as_str());
        (Reader { who: RecipientId::Person(person.id.clone()), name }, "of the desk".to_owned())
    });
    contacts.extend(people);
    contacts
}
