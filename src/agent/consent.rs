//! What contacts say about getting messages, by the links in their mails: written down and acted upon in one
//! transaction.

use super::Agent;
use super::contacts;
use super::replies;
use crate::community::unsubscribe::{Asks, Page};
use crate::core::consent::Means;
use crate::core::escalation::Decision;
use crate::core::id::NotificationId;
use crate::core::notification::{Notification, RecipientId};
use crate::core::reply::Link;
use crate::core::suppression::address_key;
use crate::core::unsubscribe;
use crate::store::{StoreError, Tx};

/// The page behind a link, and what its button does where it was pressed; `None` for a link that is not ours.
pub(super) async fn page(
    agent: &Agent,
    link: Link,
    token: &str,
    posted: bool,
) -> Result<Option<Page>, StoreError> {
    let setup = agent.setup();
    let desk = &setup.settings.desk;
    let Some(id) = desk.reply_key.of_link_token(link, token) else { return Ok(None) };
    let Some(n) = agent.store.read(move |tx| tx.notification(id)).await? else { return Ok(None) };
    let taken = match link {
        _ if !posted => true,
        Link::Unsubscribe if n.answers.is_some() => replies::confirmed(agent, &n).await?,
        _ => said(agent, link, id, Means::OneClick).await?,
    };
    if !taken {
        return Ok(None);
    }
    // An answer to who opted out, or to who is said to have, is about everything.
    let category = n.answers.is_none().then_some(n.category);
    let locale = n.said.as_ref().map_or(desk.locale.as_str(), |said| said.locale.as_str()).to_owned();
    Ok(Some(Page {
        desk: desk.name.clone(),
        words: unsubscribe::words(&locale),
        category,
        asks: match link {
            Link::Unsubscribe => Asks::Leave,
            Link::Subscribe => Asks::Back,
        },
        done: posted,
        back: (link == Link::Unsubscribe).then(|| desk.reply_key.link_token(Link::Subscribe, id)),
    }))
}

/// Does what somebody said by the link of a message; `false` where it is not for them to say.
pub(super) async fn said(
    agent: &Agent,
    link: Link,
    id: NotificationId,
    means: Means,
) -> Result<bool, StoreError> {
    let (setup, now) = (agent.setup(), agent.world.now());
    agent
        .store
        .write(move |tx| {
            let desk = &setup.settings.desk;
            let Some(n) = tx.notification(id)? else { return Ok(false) };
            let mut decision = Decision::new(desk, now, tx.ids());
            let taken = match (link, contact(tx, &n)?) {
                (Link::Subscribe, _) if n.answers.is_some() => {
                    let address = n.answers.as_ref().map(|address| address_key(address.raw()));
                    let address = address.unwrap_or_default();
                    let (contacts, stopped) = (tx.contacts_at(&address)?, tx.suppression(&address)?);
                    unsubscribe::opt_in(&mut decision, &n, contacts, stopped);
                    true
                }
                (Link::Unsubscribe, Some(contact)) if n.answers.is_none() => {
                    let words = match means {
                        Means::Mail => "wrote to the address in the mail",
                        _ => "List-Unsubscribe=One-Click",
                    };
                    unsubscribe::leave(&mut decision, &n, contact, means, words)
                }
                (Link::Subscribe, Some(contact)) => unsubscribe::come_back(&mut decision, &n, contact),
                (_, _) => false,
            };
            let changes = std::mem::take(&mut decision.changes);
            tx.keep_ids(decision.ids);
            contacts::apply(tx, desk, changes, now)?;
            Ok(taken)
        })
        .await
}

fn contact(tx: &Tx<'_>, n: &Notification) -> Result<Option<crate::core::contact::Contact>, StoreError> {
    match &n.recipient.who {
        RecipientId::Contact(id) => tx.contact(id.raw()),
        RecipientId::Person(_) | RecipientId::Webhook(_) => Ok(None),
    }
}
