//! How a contact ends the mails of one category by one click (RFC 8058), and how they come back.
//!
//! A link names the message it stood in, under the desk's key: whoever got the message may say what is to
//! become of such messages, and nobody else can make a link. What they said is theirs: neither an operator nor
//! the community brings the mails back.

use crate::core::change::{Actor, Change, Object, What};
use crate::core::consent::{self, Choice, Means, Whose, Word};
use crate::core::contact::{Category, Contact, Medium};
use crate::core::escalation::Decision;
use crate::core::id::NotificationId;
use crate::core::notification::{Notification, RecipientId};
use crate::core::reach::wishes;
use crate::core::reply::{Link, ReplyKey};
use crate::core::suppression::{Suppression, SuppressionState, address_key};
use crate::core::sync::contact_change;
use crate::core::text::Untrusted;
use std::collections::BTreeSet;

/// What the configuration says of links in mails.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Links {
    /// Where the intake is reached from outside, if that is over https.
    pub base: Option<String>,
    /// Whose mails may be ended by one click.
    pub categories: BTreeSet<Category>,
}

/// Those that may be ended where nothing else is configured.
pub const USUAL: [Category; 4] =
    [Category::CaseUpdates, Category::Documents, Category::Onboarding, Category::Digests];

/// Those that never may: what is urgent, and the answer to what they wrote themselves.
pub const NEVER: [Category; 2] = [Category::Urgent, Category::Acknowledgments];

impl Links {
    /// The address of a link, if there is one to give.
    pub fn url(&self, key: &ReplyKey, link: Link, of: NotificationId) -> Option<String> {
        let path = match link {
            Link::Unsubscribe => "unsubscribe",
            Link::Subscribe => "subscribe",
        };
        let base = self.base.as_ref()?;
        Some(format!("{base}/v1/{path}/{}", key.link_token(link, of)))
    }

    /// Whether mails like this one may be ended by one click.
    pub fn may_end(&self, n: &Notification) -> bool {
        matches!(n.recipient.who, RecipientId::Contact(_))
            && n.medium == Medium::Email
            && !n.urgent
            && n.answers.is_none()
            && self.categories.contains(&n.category)
    }
}

/// Ends the mails of a message's category for the contact who got it; again, it does nothing. `false`: the
/// message went to somebody else.
pub fn leave(
    decision: &mut Decision<'_>,
    n: &Notification,
    mut contact: Contact,
    means: Means,
    words: &str,
) -> bool {
    if !matches!(&n.recipient.who, RecipientId::Contact(id) if *id == contact.id) {
        return false;
    }
    let category = n.category;
    let actor = Actor::Channel(n.channel.clone());
    let before = wishes(&contact, category);
    let spoken = contact.channels.contains_key(&category);
    if contact.unsubscribed.insert(category) {
        // Nobody who ends mails asks for texts instead.
        let left = before.into_iter().filter(|medium| spoken && *medium != Medium::Email).collect();
        contact.channels.insert(category, left);
        contact.updated_at = decision.now;
        let summary = format!("{} ended mails about {}.", contact.name.printable(), spelled(category));
        let change = contact_change(&actor, What::ContactChanged, summary, &contact, decision.now);
        decision.changes.push(change);
        note(decision, &actor, n, &contact, means, words, Choice::Out);
    }
    true
}

/// Brings the mails of a message's category back. `false`: the message went to somebody else.
pub fn come_back(decision: &mut Decision<'_>, n: &Notification, mut contact: Contact) -> bool {
    if !matches!(&n.recipient.who, RecipientId::Contact(id) if *id == contact.id) {
        return false;
    }
    let category = n.category;
    let actor = Actor::Channel(n.channel.clone());
    if contact.unsubscribed.remove(&category) {
        let media = contact.channels.entry(category).or_default();
        if !media.contains(&Medium::Email) {
            media.insert(0, Medium::Email);
        }
        contact.updated_at = decision.now;
        let summary = format!("{} wants mails about {} again.", contact.name.printable(), spelled(category));
        let change = contact_change(&actor, What::ContactChanged, summary, &contact, decision.now);
        decision.changes.push(change);
        note(decision, &actor, n, &contact, Means::Link, "followed the signed link", Choice::In);
    }
    true
}

/// The owner of an address, who had opted out of a medium altogether, follows the signed link in the mail that
/// confirmed it.
pub fn opt_in(
    decision: &mut Decision<'_>,
    n: &Notification,
    contacts: Vec<Contact>,
    suppression: Option<Suppression>,
) {
    let Some(address) = n.answers.as_ref().map(|address| address_key(address.raw())) else { return };
    let (now, medium) = (decision.now, n.medium);
    let actor = Actor::Channel(n.channel.clone());
    let word = Word {
        actor: &actor,
        means: Means::Link,
        words: "followed the signed link".into(),
        evidence: n.id.to_string().into(),
    };
    for mut contact in contacts {
        if contact.opted_out.remove(&medium) {
            contact.opted_in.insert(medium);
            contact.updated_at = now;
            let summary = format!("{} opted in to {} again.", contact.name.printable(), medium.as_str());
            decision.changes.push(contact_change(&actor, What::ContactChanged, summary, &contact, now));
            let whose = Whose { address: Some(&address), contact: Some(&contact), person: None };
            consent::record(decision, &word, &whose, Choice::In, medium, None);
        }
    }
    if let Some(mut suppression) = suppression.filter(Suppression::is_opt_out) {
        suppression.state = SuppressionState::Lifted;
        suppression.detail = "followed the signed link".into();
        suppression.updated_at = now;
        let whose = Whose { address: Some(&address), ..Whose::default() };
        consent::record(decision, &word, &whose, Choice::In, medium, None);
        decision.changes.push(Change {
            at: now,
            actor,
            what: What::AddressLifted,
            summary: Untrusted::new(format!("{}: Its owner opted in again.", suppression.id.printable())),
            alert: None,
            partner: n.partner.clone(),
            object: Object::Suppression(Box::new(suppression)),
        });
    }
}

fn note(
    decision: &mut Decision<'_>,
    actor: &Actor,
    n: &Notification,
    contact: &Contact,
    means: Means,
    words: &str,
    state: Choice,
) {
    let address = n.attempts.last().map(|attempt| address_key(attempt.address.raw()));
    let whose = Whose { address: address.as_deref(), contact: Some(contact), person: None };
    let word = Word { actor, means, words: words.into(), evidence: n.id.to_string().into() };
    consent::record(decision, &word, &whose, state, Medium::Email, Some(n.category));
}

fn spelled(category: Category) -> String {
    category.as_str().replace('_', " ")
}

/// The words of the page that a link opens, in its reader's language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words {
    pub locale: &'static str,
    /// `{category}` and `{desk}` stand for their names.
    pub ask_leave: &'static str,
    pub leave: &'static str,
    pub left: &'static str,
    pub ask_back: &'static str,
    pub back: &'static str,
    pub is_back: &'static str,
    categories: [&'static str; 4],
    all: &'static str,
}

impl Words {
    /// What a category is called; without one, all messages by a medium.
    pub fn category(&self, category: Option<Category>) -> &'static str {
        let at = |wanted| USUAL.iter().position(|usual| *usual == wanted);
        category.and_then(at).map_or(self.all, |at| self.categories[at])
    }
}

pub fn words(locale: &str) -> Words {
    match locale.split('-').next().unwrap_or_default() {
        "de" => Words {
            locale: "de",
            ask_leave: "Möchten Sie keine E-Mails über {category} von {desk} mehr bekommen?",
            leave: "Abbestellen",
            left: "Sie bekommen keine E-Mails über {category} von {desk} mehr.",
            ask_back: "Möchten Sie wieder E-Mails über {category} von {desk} bekommen?",
            back: "Wieder bekommen",
            is_back: "Sie bekommen wieder E-Mails über {category} von {desk}.",
            categories: ["Ihre Vorgänge", "Ihre Dokumente", "Ihr Onboarding", "den Stand offener Punkte"],
            all: "alles, was Sie betrifft,",
        },
        "fr" => Words {
            locale: "fr",
            ask_leave: "Ne plus recevoir de courriels de {desk} sur {category} ?",
            leave: "Se désabonner",
            left: "Vous ne recevrez plus de courriels de {desk} sur {category}.",
            ask_back: "Recevoir à nouveau les courriels de {desk} sur {category} ?",
            back: "Les recevoir à nouveau",
            is_back: "Vous recevez à nouveau les courriels de {desk} sur {category}.",
            categories: ["vos dossiers", "vos documents", "votre intégration", "l'état des points ouverts"],
            all: "tout ce qui vous concerne",
        },
        "es" => Words {
            locale: "es",
            ask_leave: "¿No recibir más correos de {desk} sobre {category}?",
            leave: "Darse de baja",
            left: "No recibirá más correos de {desk} sobre {category}.",
            ask_back: "¿Volver a recibir los correos de {desk} sobre {category}?",
            back: "Volver a recibirlos",
            is_back: "Vuelve a recibir los correos de {desk} sobre {category}.",
            categories: ["sus casos", "sus documentos", "su incorporación", "los asuntos pendientes"],
            all: "todo lo que le concierne",
        },
        _ => Words {
            locale: "en",
            ask_leave: "Get no more emails about {category} from {desk}?",
            leave: "Unsubscribe",
            left: "You get no more emails about {category} from {desk}.",
            ask_back: "Get emails about {category} from {desk} again?",
            back: "Get them again",
            is_back: "You get emails about {category} from {desk} again.",
            categories: ["your cases", "your documents", "your onboarding", "the state of open matters"],
            all: "all that concerns you",
        },
    }
}

#[cfg(test)]
mod tests;
