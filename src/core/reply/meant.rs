//! Which alert an answer means: the one whose message it names, else the only one there is to act on; and how
//! that one stands.

use super::Code;
use super::read::Wish;
use super::take::{Paged, Taking};
use crate::core::alert::{Alert, AlertState};
use crate::core::command::Action;
use crate::core::contact::Medium;
use crate::core::id::AlertId;
use crate::core::notification::{Notification, Purpose, RecipientId};
use crate::core::page::plain;
use crate::core::person::Person;
use crate::core::sms;
use jiff::Timestamp;
use std::collections::BTreeSet;

/// What a person's reply asks for.
pub(super) enum Asks {
    /// Takes it, or passes it on.
    Take(Asked),
    /// Closes it, or puts it to sleep.
    End(Asked),
    How,
}

/// The action, for whichever alert is meant.
type Asked = Box<dyn Fn(AlertId) -> Action>;

pub(super) fn title(alert: &Alert) -> String {
    format!("{} {}", alert.partner.name.printable(), alert.title.printable())
}

impl Taking<'_> {
    /// The alert that is meant: the one whose message is named, else the only one there is to act on.
    pub(super) fn meant(&self, person: &Person, asks: &Asks) -> Result<Paged, String> {
        let names_one = self.said.code.is_some() || self.inbound.answers.is_some();
        if names_one {
            let unknown = || match self.said.code {
                Some(code) => format!("No message to you has the code {code}. Answer ? for yours."),
                None => "That mail is not one of yours, or too old.".to_owned(),
            };
            let (named, paged) = self.view.named.as_ref().ok_or_else(unknown)?;
            return match paged {
                Some(paged) if self.is_theirs(named, person) => Ok(paged.clone()),
                _ => Err(unknown()),
            };
        }
        let open = |paged: &&Paged| paged.alert.state == AlertState::Open;
        let mine = |paged: &&Paged| paged.alert.held_by() == Some(&person.id);
        let told = &self.view.told;
        let groups: Vec<Vec<&Paged>> = match asks {
            Asks::Take(_) => vec![
                told.iter().filter(open).collect(),
                told.iter().filter(mine).collect(),
                told.iter().collect(),
            ],
            // What ends or quiets an alert is never guessed, and never somebody else's.
            Asks::End(_) => vec![told.iter().filter(|paged| open(paged) || mine(paged)).collect()],
            Asks::How => vec![told.iter().collect()],
        };
        match groups.iter().find(|group| !group.is_empty()).map(Vec::as_slice) {
            None => Err("Nothing that you were told of is open.".into()),
            Some([only]) => match self.answers_another(person, only, asks) {
                Some(refused) => Err(refused),
                None => Ok((*only).clone()),
            },
            Some(several) => Err(self.which(person, several)),
        }
    }

    /// Whoever answers without a code answers what they read last: if that is somebody else's or over by now, they
    /// do not mean another alert instead, which is named with its code.
    fn answers_another(&self, person: &Person, only: &Paged, asks: &Asks) -> Option<String> {
        let (newest, alert) = self.view.newest.as_ref()?;
        let theirs = alert.state == AlertState::Open || alert.held_by() == Some(&person.id);
        if theirs || matches!(asks, Asks::How) || newest.is_about(only.alert.id) {
            return None;
        }
        let stands = match alert.held_by() {
            Some(holder) => format!("{} is {}'s", alert.id, self.decision.desk.name_of(holder)),
            None if alert.state == AlertState::Resolved => format!("{} is closed", alert.id),
            None => format!("{} is asleep", alert.id),
        };
        let verb = match self.said.wish {
            Wish::Snooze(_) => "SNOOZE",
            Wish::Escalate => "ESC",
            Wish::Resolve(_) => "RESOLVE",
            _ => "ACK",
        };
        let code = self.code_of(person, only).map(|code| format!(": {verb} {code}")).unwrap_or_default();
        let title = sms::clip(&plain(&title(&only.alert)), 60);
        Some(format!("{stands}. Did you mean {} {title}? Answer with its code{code}", only.alert.id))
    }

    /// Asks which one is meant, as many as fit.
    fn which(&self, person: &Person, several: &[&Paged]) -> String {
        let codes: BTreeSet<Option<Code>> = several.iter().map(|paged| self.code_of(person, paged)).collect();
        if let (1, Some(Some(code))) = (codes.len(), codes.first()) {
            return format!("{} are open. ACK {code} takes all, ? {code} lists them.", several.len());
        }
        let mut said = format!("Which of {}? Answer with its code:", several.len());
        let room = if self.inbound.medium == Medium::Sms { 160 } else { 2000 };
        for (i, paged) in several.iter().enumerate() {
            let Some(code) = self.code_of(person, paged) else { continue };
            let item = format!(" {code} {};", sms::clip(&plain(&title(&paged.alert)), 30));
            let more = format!(" +{} more.", several.len() - i);
            if sms::length(&said) + sms::length(&item) + sms::length(&more) > room {
                said.push_str(&more);
                return said;
            }
            said.push_str(&item);
        }
        said.truncate(said.trim_end_matches(';').len());
        said.push('.');
        said
    }

    /// The code of the newest text to this person about the alert.
    pub(super) fn code_of(&self, person: &Person, paged: &Paged) -> Option<Code> {
        let to_them = |n: &&Notification| {
            n.recipient.who == RecipientId::Person(person.id.clone()) && !n.leaves_out(paged.alert.id)
        };
        let newest =
            paged.notifications.iter().filter(to_them).max_by_key(|n| (n.purpose == Purpose::Page, n.id))?;
        Some(self.decision.desk.reply_key.code(newest.id))
    }

    pub(super) fn how(&self, person: &Person, paged: &Paged) -> String {
        let Paged { alert, .. } = paged;
        let desk = self.decision.desk;
        let zone = desk.zone_of(&person.id);
        let clock = |at: Timestamp| at.to_zoned(zone.clone()).strftime("%H:%M").to_string();
        let stands = match (alert.state, alert.held_by()) {
            (AlertState::Resolved, _) => "closed".to_owned(),
            (AlertState::Snoozed, _) => match alert.snoozed_until {
                Some(until) => format!("asleep until {}", clock(until)),
                None => "asleep".to_owned(),
            },
            (_, Some(holder)) => match alert.next_update_by {
                Some(by) => format!("{} has it, news by {}", desk.name_of(holder), clock(by)),
                None => format!("{} has it", desk.name_of(holder)),
            },
            (_, None) => match self.decision.next_after(alert) {
                Some(next) => format!("nobody has it, next {} {}", next.who, clock(next.at)),
                None => "nobody has it".to_owned(),
            },
        };
        let code = self.code_of(person, paged).map(|code| format!(" ACK {code}")).unwrap_or_default();
        let code = if alert.state == AlertState::Open { code } else { String::new() };
        let head = format!("{} {} ", alert.id, alert.severity.short());
        let room = 160usize.saturating_sub(sms::length(&head) + sms::length(&stands) + code.len() + 4);
        let title = sms::clip(&plain(&title(alert)), room.max(20));
        format!("{head}{title}: {stands}.{code}")
    }
}
