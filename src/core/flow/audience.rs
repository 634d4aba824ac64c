//! Who hears of something that is not an alert: people of the desk by rule or by kind of work, and
//! contacts of a partner by their wishes.

use super::reader::Reader;
use crate::core::alert::Target;
use crate::core::change::What;
use crate::core::contact::{Contact, Medium};
use crate::core::decide::Thing;
use crate::core::desk::{Desk, Told};
use crate::core::duty::{Duty, Work};
use crate::core::escalation::{About, Decision};
use crate::core::message::{Frame, Message};
use crate::core::notification::{
    Content, Hold, NotificationState, Purpose, Reason, Recipient, RecipientId, Said,
};
use crate::core::partner::PartnerRef;
use crate::core::person::Person;
use crate::core::reach;
use crate::core::rule::{Rule, Then};
use crate::core::text::Untrusted;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

/// How pressing something is, where the media are left to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pressing {
    /// SMS and email.
    Yes,
    /// Email; SMS only to who has no email.
    No,
}

/// Whom to tell within the desk, by which rule.
#[derive(Clone, Debug)]
pub struct Audience {
    pub rule: String,
    pub targets: Vec<Target>,
    pub by: Vec<Medium>,
}

/// What a rule, or else the kind of work, says of who is told and whose task it is. `None`: a rule
/// keeps it quiet.
pub fn ruling(desk: &Desk, work: Work, rule: Option<&Rule>) -> Option<(Audience, Duty)> {
    let usual = desk.work.get(&work).cloned().unwrap_or_default();
    let Some(rule) = rule else {
        let rule = format!("work.{}", work.as_str());
        return Some((Audience { rule, targets: usual.tell.clone(), by: usual.by.clone() }, usual));
    };
    let duty = usual.with(&rule.duty);
    let (targets, by) = match &rule.then {
        Then::Quiet => return None,
        // The alert tells people itself.
        Then::Alert { .. } => (Vec::new(), Vec::new()),
        Then::Tell { targets, by } => (targets.clone(), by.clone()),
    };
    // A rule that tells a team makes it that team's task.
    let told_team = targets.iter().find_map(|target| match target {
        Target::Team(team) => Some(team.clone()),
        _ => None,
    });
    let team = rule.duty.team.clone().or(told_team).or(duty.team.clone());
    Some((Audience { rule: rule.name.clone(), targets, by }, Duty { team, ..duty }))
}

/// Reviewers may be assigned by the kind of document: `reviewer:invoice` before `reviewer`.
pub fn narrow(
    desk: &Desk,
    targets: Vec<Target>,
    partner: &PartnerRef,
    kind: &str,
    now: Timestamp,
) -> Vec<Target> {
    targets
        .into_iter()
        .map(|target| match target {
            Target::Assigned(role) => {
                let narrower = format!("{role}:{kind}");
                let named = desk.assigned(&narrower, partner, now).is_some();
                Target::Assigned(if named { narrower } else { role })
            }
            other => other,
        })
        .collect()
}

/// What mails about one thing of a partner's have in common.
pub fn mail_thread(thing: &Thing) -> String {
    let digest = Sha256::digest(format!("{}\u{1f}{}", thing.partner, thing.id).as_bytes());
    digest.iter().take(10).map(|byte| format!("{byte:02x}")).collect()
}

impl Decision<'_> {
    /// Tells people of the desk, each in their own words. Returns whom, and why a target names nobody.
    pub fn tell_people(
        &mut self,
        audience: &Audience,
        partner: &PartnerRef,
        about: &About,
        pressing: Pressing,
        message: impl Fn(&Reader<'_>) -> Message,
    ) -> (Vec<Told>, Vec<String>) {
        let (told, nobody) = self.desk.people_behind(&audience.targets, partner, self.now);
        self.tell_these(&told, &audience.rule, &audience.by, partner, about, pressing, message);
        (told, nobody)
    }

    #[allow(clippy::too_many_arguments)]
    pub fn tell_these(
        &mut self,
        told: &[Told],
        rule: &str,
        by: &[Medium],
        partner: &PartnerRef,
        about: &About,
        pressing: Pressing,
        message: impl Fn(&Reader<'_>) -> Message,
    ) {
        for one in told {
            let Some(person) = self.desk.person(&one.person) else { continue };
            let reader = Reader::person(self.desk, person);
            let message = message(&reader);
            let frame = frame(self.desk, partner, &person.name, &reader.reason(&one.via));
            for medium in self.media(person, by, pressing) {
                let content = self.desk.templates.render(&message, &frame, medium, &reader.locale);
                let reason = reason(rule, &one.via);
                self.queue_message(about.clone(), person, medium, Purpose::Notice, content, reason, None);
            }
        }
    }

    fn media(&self, person: &Person, by: &[Medium], pressing: Pressing) -> Vec<Medium> {
        let works = |m: &Medium| person.reachable_by(*m) && self.desk.carrier(*m).is_some();
        let wanted: Vec<Medium> = match (by, pressing) {
            ([], Pressing::Yes) => Medium::ALL.to_vec(),
            ([], Pressing::No) => vec![Medium::Email],
            (by, _) => by.to_vec(),
        };
        let media: Vec<_> = wanted.into_iter().filter(works).collect();
        // Better by the other way than not at all.
        if media.is_empty() { Medium::ALL.into_iter().filter(works).take(1).collect() } else { media }
    }

    /// Tells one contact, in their language and over the medium they like best; how it really goes is
    /// decided when it is sent.
    pub fn tell_contact(
        &mut self,
        contact: &Contact,
        partner: &PartnerRef,
        about: &About,
        rule: &str,
        via: &str,
        message: impl Fn(&Reader<'_>) -> Message,
    ) {
        let reader = Reader::contact(self.desk, contact, Some(partner));
        let medium = reach::wishes(contact, about.category).first().copied().unwrap_or(Medium::Email);
        let said = Said {
            message: message(&reader),
            frame: frame(self.desk, partner, &contact.name.printable().into_string(), via),
            locale: reader.locale.clone(),
        };
        let recipient =
            Recipient { who: RecipientId::Contact(contact.id.clone()), name: contact.name.clone() };
        self.queue_said(about, recipient, medium, said, reason(rule, via));
    }

    /// Keeps a message for a contact whom nobody knows yet; it leaves once they are known, in their
    /// language.
    pub fn tell_stranger(
        &mut self,
        id: &Untrusted,
        partner: &PartnerRef,
        about: &About,
        rule: &str,
        message: Message,
    ) {
        let locale = Reader::unknown(self.desk, partner).locale;
        let said = Said { message, frame: frame(self.desk, partner, "", "author"), locale };
        let recipient = Recipient { who: RecipientId::Contact(id.clone()), name: id.clone() };
        let mut reason = reason(rule, "named by the community");
        reason.outcome = Some("the contact is not known here".into());
        self.queue_said(about, recipient, Medium::Email, said, reason);
        self.amend_last(|n| {
            n.state = NotificationState::Held;
            n.hold = Some(Hold::UnknownContact);
            n.due_at = None;
            n.expires_at = None;
        });
        if let Some(change) = self.changes.last_mut() {
            change.what = What::NotificationHeld;
        }
    }

    /// Queues a message to a contact, known or not.
    pub fn queue_said(
        &mut self,
        about: &About,
        recipient: Recipient,
        medium: Medium,
        said: Said,
        reason: Reason,
    ) {
        let content: Content = self.desk.templates.render(&said.message, &said.frame, medium, &said.locale);
        self.queue_to(about.clone(), recipient, medium, Purpose::Notice, content, reason, None);
        self.amend_last(|n| n.said = Some(Box::new(said)));
    }
}

pub fn frame(desk: &Desk, partner: &PartnerRef, name: &str, why: &str) -> Frame {
    Frame {
        desk: desk.name.clone(),
        partner: partner.name.printable().into_string(),
        name: name.to_owned(),
        why: why.to_owned(),
    }
}

pub fn reason(rule: &str, via: &str) -> Reason {
    Reason { rule: rule.to_owned(), policy: None, step: None, via: Untrusted::from(via), outcome: None }
}
