//! The dialog before something is sent again: who gets it, which way, and what the agent says would leave.
//!
//! Nothing can be sent before the agent has said what it would come to; with every change it is asked anew. No key
//! that chooses to whom or which way comes to the button: only Tab does.

use crate::console::desk::Desk;
use crate::console::dialog::{Button, Order, Pressed};
use crate::console::model::About;
use crate::core::alert::Alert;
use crate::core::command::{Action as Ask, Expect};
use crate::core::contact::ContactState;
use crate::core::notification::{Notification, RecipientId};
use crate::core::resend::{Asked, Plan, Target};
use crate::core::text::{Untrusted, sanitise};
use crate::wire::Planned;
use crossterm::event::{KeyCode, KeyEvent};
use jiff::Timestamp;

#[derive(Debug)]
pub struct Resend {
    pub what: Vec<Target>,
    pub title: String,
    /// The first is whoever got it before.
    pub to: Vec<(Option<RecipientId>, String)>,
    /// The first is the same way as before.
    pub via: Vec<(Option<String>, String)>,
    pub chosen_to: usize,
    pub chosen_via: usize,
    pub on: ResendRow,
    pub button: Button,
    /// What would leave; `None` while the agent is asked.
    pub plan: Option<Result<Plan, String>>,
    pub scroll: usize,
    pub appeared: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResendRow {
    To,
    Via,
}

impl Resend {
    pub fn of_alert(desk: &Desk, alert: &Alert, now: Timestamp) -> Self {
        let title = format!("Resend the latest message of {}", alert.id);
        let what = vec![Target::Alert(alert.id)];
        Self::new(desk, what, title, "everybody responsible now".to_owned(), None, now)
    }

    /// One message, or several that were marked.
    pub fn of_messages(desk: &Desk, messages: &[&Notification], now: Timestamp) -> Option<Self> {
        let what = messages.iter().map(|n| Target::Message(n.id)).collect();
        let first = messages.first()?;
        // Another contact can only be one of the partner that all of them are about.
        let to_contacts = messages.iter().all(|n| matches!(n.recipient.who, RecipientId::Contact(_)));
        let partner = first
            .partner
            .clone()
            .filter(|of| to_contacts && messages.iter().all(|n| n.partner.as_ref() == Some(of)));
        let (title, before) = match messages {
            [one] => {
                (format!("Resend {} to {}", one.id, one.recipient.name.printable()), desk.recipient_name(one))
            }
            more => (format!("Resend {} messages", more.len()), "whoever got each before".to_owned()),
        };
        let mut dialog = Self::new(desk, what, title, before, partner, now);
        if let [one] = messages {
            dialog.to.retain(|(who, _)| who.as_ref() != Some(&one.recipient.who));
        }
        Some(dialog)
    }

    /// Alerts and messages that were marked; `None`: there is none.
    pub fn of_several(desk: &Desk, what: Vec<Target>, now: Timestamp) -> Option<Self> {
        let many = what.len();
        let title = format!("Resend the latest message of {many}");
        let dialog = Self::new(desk, what, title, "everybody responsible now".to_owned(), None, now);
        (many > 0).then_some(dialog)
    }

    fn new(
        desk: &Desk,
        what: Vec<Target>,
        title: String,
        before: String,
        partner: Option<Untrusted>,
        now: Timestamp,
    ) -> Self {
        let mut to = vec![(None, before)];
        let active = |state| state == ContactState::Active;
        if let Some(partner) = &partner {
            to.extend(desk.contacts_of(partner).filter(|contact| active(contact.state)).map(|contact| {
                let who = RecipientId::Contact(contact.id.clone());
                (Some(who), format!("{} (contact)", contact.name.printable()))
            }));
        }
        to.extend(desk.people.values().map(|person| {
            let you = if desk.is_me(&person.id) { " (you)" } else { "" };
            (Some(RecipientId::Person(person.id.clone())), format!("{}{you}", sanitise(&person.name)))
        }));
        let mut via = vec![(None, "the same way as before".to_owned())];
        via.push((Some("sms".to_owned()), "SMS".to_owned()));
        via.push((Some("email".to_owned()), "email".to_owned()));
        let named = |name: &str| name != "sms" && name != "email";
        via.extend(desk.channels.iter().filter(|channel| named(&channel.name)).map(|channel| {
            let media: Vec<&str> = channel.carries.iter().map(|medium| medium.as_str()).collect();
            (Some(channel.name.clone()), format!("{} ({})", sanitise(&channel.name), media.join(", ")))
        }));
        Self {
            what,
            title,
            to,
            via,
            chosen_to: 0,
            chosen_via: 0,
            on: ResendRow::To,
            button: Button::Cancel,
            plan: None,
            scroll: 0,
            appeared: now,
        }
    }

    /// What the agent is asked: what would this come to?
    pub fn asked(&self) -> Asked {
        Asked {
            what: self.what.clone(),
            to: self.to[self.chosen_to].0.clone(),
            via: self.via[self.chosen_via].0.clone(),
        }
    }

    pub fn came(&mut self, asked: &Asked, answer: Result<Planned, String>) {
        if *asked != self.asked() {
            return;
        }
        self.scroll = 0;
        self.plan = Some(match answer {
            Ok(Planned::Goes(plan)) => Ok(plan),
            Ok(Planned::Refused(refusal)) => Err(refusal.said.printable().into_string()),
            Err(why) => Err(format!("The agent could not say what would leave: {why}.")),
        });
    }

    pub fn ready(&self) -> Option<&Plan> {
        self.plan.as_ref()?.as_ref().ok()
    }

    pub fn press(&mut self, key: KeyEvent) -> Pressed {
        match key.code {
            KeyCode::Esc | KeyCode::Char('q') => return Pressed::Close,
            KeyCode::PageDown => self.scroll += 1,
            KeyCode::PageUp => self.scroll = self.scroll.saturating_sub(1),
            KeyCode::Char('j') | KeyCode::Down => self.go(ResendRow::Via),
            KeyCode::Char('k') | KeyCode::Up => self.go(ResendRow::To),
            KeyCode::Tab | KeyCode::BackTab => {
                let sends = self.button == Button::Cancel && self.ready().is_some();
                self.button = if sends { Button::Do } else { Button::Cancel };
            }
            KeyCode::Left | KeyCode::Char('h') => return self.change(-1),
            KeyCode::Right | KeyCode::Char('l' | ' ') => return self.change(1),
            KeyCode::Enter if self.button == Button::Cancel => return Pressed::Close,
            KeyCode::Enter => {
                let Some(plan) = self.ready() else { return Pressed::Stay };
                let about = match self.what.first() {
                    Some(Target::Alert(alert)) => About::Alert(*alert),
                    Some(Target::Message(message)) => About::Message(*message),
                    None => return Pressed::Close,
                };
                let expect = Expect { resent: plan.seen.clone(), ..Expect::default() };
                return Pressed::Order(Order {
                    about,
                    word: "resend",
                    ask: Ask::Resend(self.asked()),
                    expect,
                });
            }
            _ => {}
        }
        Pressed::Stay
    }

    fn go(&mut self, row: ResendRow) {
        self.on = row;
        self.button = Button::Cancel;
    }

    /// Somebody else, or another way: the agent has to be asked anew.
    fn change(&mut self, by: isize) -> Pressed {
        let turn = |chosen: usize, len: usize| (chosen + len).saturating_add_signed(by) % len;
        match self.on {
            ResendRow::To => self.chosen_to = turn(self.chosen_to, self.to.len()),
            ResendRow::Via => self.chosen_via = turn(self.chosen_via, self.via.len()),
        }
        self.plan = None;
        self.button = Button::Cancel;
        Pressed::Plan(self.asked())
    }
}
