//! What people write back: texts that a gateway hands on, and mails ([`super::letters`] reads those). Each
//! is taken once, in one transaction with what it does and the answer to it.

use super::Agent;
use super::contacts;
use super::handover;
use super::receipts::{answer, heard};
use crate::channel::Written;
use crate::community::intake::{CallbackAnswer, CallbackRequest};
use crate::core::alert::AlertState;
use crate::core::change::{Change, Object, What};
use crate::core::contact::Medium;
use crate::core::desk::Desk;
use crate::core::gathering::{self, Gathering, Joined, Piece};
use crate::core::id::{AlertId, Ids, NotificationId};
use crate::core::notification::Notification;
use crate::core::reply::{self, Became, CODE_LIVES, Inbound, Paged, ReplyView, take};
use crate::core::suppression::address_key;
use crate::store::{StoreError, Tx};
use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// How many of a person's newest messages are looked through for what may be meant.
const LOOKED_THROUGH: u64 = 300;
/// How many alerts may be meant; more are only counted.
const MEANT: usize = 40;

/// Takes what a gateway hands on.
pub async fn text(agent: &Agent, channel: &str, request: CallbackRequest) -> CallbackAnswer {
    let heard = heard(&agent.setup(), channel, request, |way, callback| {
        way.inbound(callback).map(|written| (written, way.thanks()))
    });
    let (written, (media_type, text)) = match heard {
        Ok(heard) => heard,
        Err(refused) => return refused,
    };
    match self::written(agent, channel, written).await {
        Ok(()) => CallbackAnswer { status: StatusCode::OK, media_type, text: text.to_owned() },
        Err(why) => {
            tracing::error!(%why, "a reply could not be stored");
            answer(StatusCode::SERVICE_UNAVAILABLE, "")
        }
    }
}

/// Takes a text that somebody wrote back, once.
pub(super) async fn written(agent: &Agent, channel: &str, written: Written) -> Result<(), StoreError> {
    let Written { mut id, from, text, mut gathered } = written;
    let nameless = id.is_empty().then(|| digest(&[&from, &text]));
    if let Some(of) = &nameless {
        // Without a name, the same words of the same sender within a minute are the same reply.
        let octets = text.as_bytes().to_vec();
        let piece = Piece { of: of.clone(), number: 1, total: 1, from: from.clone(), coding: 0, octets };
        match part(agent, channel, piece).await? {
            Joined::Whole(whole) => (id, gathered) = (whole.name, Some(of.clone())),
            Joined::Waits | Joined::Known => return Ok(()),
        }
    }
    let inbound = Inbound {
        channel: channel.to_owned(),
        provider_id: id,
        medium: Medium::Sms,
        from,
        text: text.into(),
        answers: None,
        automatic: None,
    };
    take_as(agent, inbound, gathered, take).await?;
    match nameless {
        Some(of) => told(agent, channel, &of).await,
        None => Ok(()),
    }
}

/// Keeps one part of a text that a provider hands on, and says what is to be done with it.
pub(super) async fn part(agent: &Agent, channel: &str, piece: Piece) -> Result<Joined, StoreError> {
    let (channel, now) = (channel.to_owned(), agent.world.now());
    let keep = move |tx: &mut Tx<'_>| {
        let known = tx.gathering(&channel, &piece.of)?;
        let (kept, joined) = gathering::add(known, &piece, now);
        tx.keep_gathering(&channel, &kept)?;
        Ok(joined)
    };
    agent.store.write(keep).await
}

/// Texts whose missing parts are waited for no longer.
pub(super) async fn overdue(agent: &Agent, channel: &str) -> Result<Vec<Gathering>, StoreError> {
    let (channel, now) = (channel.to_owned(), agent.world.now());
    agent.store.write(move |tx| tx.forget_gatherings(now)).await?;
    let open = agent.store.read(move |tx| tx.open_gatherings(&channel)).await?;
    Ok(gathering::overdue(open, now))
}

/// The provider was told that the text of this part was taken.
pub(super) async fn told(agent: &Agent, channel: &str, of: &str) -> Result<(), StoreError> {
    let (channel, of) = (channel.to_owned(), of.to_owned());
    let tell = move |tx: &mut Tx<'_>| match tx.gathering(&channel, &of)? {
        Some(known) if known.taken_at.is_some() && !known.told => {
            tx.keep_gathering(&channel, &Gathering { told: true, ..known })
        }
        _ => Ok(()),
    };
    agent.store.write(tell).await
}

/// Whoever got this message told their mailbox provider that it was unwanted.
pub(super) async fn complained(
    agent: &Agent,
    n: Notification,
    id: &str,
    said: String,
) -> Result<(), StoreError> {
    let Some(attempt) = n.attempts.last() else { return Ok(()) };
    let inbound = Inbound {
        channel: "mail".to_owned(),
        provider_id: id.to_owned(),
        medium: Medium::Email,
        from: attempt.address.raw().to_owned(),
        text: said.into(),
        answers: Some(n.id),
        automatic: None,
    };
    let decide = move |desk: &Desk, view, inbound: &Inbound, ids, now| {
        reply::complain(desk, view, inbound, n.id, ids, now)
    };
    take_as(agent, inbound, None, decide).await.map(|_| ())
}

/// Whoever got our question whether a STOP was theirs followed its signed link; `false` where it was no question.
pub(super) async fn confirmed(agent: &Agent, question: &Notification) -> Result<bool, StoreError> {
    let Some(address) = &question.answers else { return Ok(false) };
    let inbound = Inbound {
        channel: "mail".to_owned(),
        // Whoever came back meanwhile may follow it again.
        provider_id: format!("{} {}", question.id, agent.world.now()),
        medium: question.medium,
        from: address.raw().to_owned(),
        text: "followed the signed link".into(),
        answers: Some(question.id),
        automatic: None,
    };
    take_as(agent, inbound, None, reply::confirmed).await.map(|_| true)
}

/// Takes one reply; the same again does nothing.
pub async fn take_one(agent: &Agent, inbound: Inbound) -> Result<Became, StoreError> {
    take_as(agent, inbound, None, take).await
}

async fn take_as(
    agent: &Agent,
    inbound: Inbound,
    gathered: Option<String>,
    decide: impl FnOnce(&Desk, ReplyView, &Inbound, Ids, Timestamp) -> (Vec<Change>, Ids) + Send + 'static,
) -> Result<Became, StoreError> {
    let setup = agent.setup();
    let now = agent.world.now();
    let of_people = !reply::people_at(&setup.settings.desk, inbound.medium, &inbound.from).is_empty();
    let (became, laid_over) = agent
        .store
        .write(move |tx| {
            if let Some(of) = gathered
                && let Some(known) = tx.gathering(&inbound.channel, &of)?
            {
                tx.keep_gathering(&inbound.channel, &known.taken(now))?;
            }
            if let Some(known) = tx.reply(&inbound.id())? {
                return Ok((known.state, false));
            }
            let desk = &setup.settings.desk;
            let view = view(tx, desk, &inbound, now)?;
            let (changes, ids) = decide(desk, view, &inbound, tx.ids(), now);
            let became = changes.iter().find_map(|change| match &change.object {
                Object::Reply(reply) => Some(reply.state),
                _ => None,
            });
            let accepts = changes.iter().any(|change| change.what == What::HandoverAccepted);
            tx.keep_ids(ids);
            contacts::apply(tx, desk, changes, now)?;
            Ok((became.unwrap_or(Became::Ignored), accepts))
        })
        .await?;
    if of_people && (laid_over || matches!(became, Became::OptedOut | Became::OptedIn)) {
        // From now on they are paged another way, or by that one again; or others are not paged any more.
        agent.lay_over(None).await?;
    }
    Ok(became)
}

fn view(tx: &Tx<'_>, desk: &Desk, inbound: &Inbound, now: Timestamp) -> Result<ReplyView, StoreError> {
    if inbound.automatic.is_some() {
        return Ok(ReplyView::default());
    }
    let newest = NotificationId(tx.ids().notification.saturating_sub(1));
    let named = reply::named(desk, inbound, newest).map(|id| tx.notification(id)).transpose()?.flatten();
    let senders = tx.contacts_at(&address_key(&inbound.from))?;
    let mailbox = named.as_ref().and_then(|named| reply::mailbox_meant(desk, inbound, named, &senders, now));
    let address = address_key(mailbox.as_deref().unwrap_or(&inbound.from));
    let mut view = ReplyView {
        contacts: if mailbox.is_some() { tx.contacts_at(&address)? } else { senders },
        suppression: tx.suppression(&address)?,
        answered_lately: tx.answers_to(&address, now - SignedDuration::from_hours(1))?,
        asked_lately: tx.was_asked(&address, now - SignedDuration::from_hours(24))?,
        mailbox,
        ..ReplyView::default()
    };
    if let Some(named) = named {
        let paged = named.alert.map(|alert| paged(tx, alert)).transpose()?.flatten();
        for alert in named.alerts().into_iter().filter(|alert| Some(*alert) != named.alert) {
            view.along.extend(self::paged(tx, alert)?);
        }
        if let Some(asked) = tx.handover_asked_by(named.id)? {
            view.handovers = handover::loaded(tx, Some(asked.id))?;
        }
        view.named = Some((named, paged));
    } else if reply::accepts_any(inbound) {
        view.handovers = handover::loaded(tx, None)?;
    }
    let mut alerts = BTreeSet::new();
    for person in reply::people_at(desk, inbound.medium, &inbound.from) {
        let told = tx.told_person(&person.id, LOOKED_THROUGH)?;
        let lately = |n: &Notification| n.has_left() && now.duration_since(n.created_at) <= CODE_LIVES;
        let left: Vec<Notification> = told.into_iter().filter(lately).collect();
        if let Some(newest) = reply::told_last(&left)
            && let Some(alert) = newest.alert.map(|alert| tx.alert(alert)).transpose()?.flatten()
        {
            view.newest = Some((newest.clone(), alert));
        }
        alerts.extend(left.iter().flat_map(Notification::alerts));
    }
    for id in alerts.into_iter().rev() {
        let live = tx.alert(id)?.filter(|alert| alert.state != AlertState::Resolved);
        if let Some(alert) = live {
            view.told.push(Paged { alert, notifications: tx.notifications_of(id)? });
        }
        if view.told.len() == MEANT {
            break;
        }
    }
    if let Some(partner) = view.contacts.iter().find_map(|contact| contact.partner_id.as_ref()) {
        view.partner = tx.partner(partner.raw())?.map(|partner| partner.about);
    }
    for key in reply::task_keys(desk, inbound.medium, &address, &view.contacts) {
        view.tasks.extend(tx.open_task(&key)?);
    }
    Ok(view)
}

fn paged(tx: &Tx<'_>, alert: AlertId) -> Result<Option<Paged>, StoreError> {
    let Some(found) = tx.alert(alert)? else { return Ok(None) };
    Ok(Some(Paged { alert: found, notifications: tx.notifications_of(alert)? }))
}

fn digest(parts: &[&str]) -> String {
    let digest = Sha256::digest(parts.join("\u{1f}").as_bytes());
    digest.iter().take(12).map(|byte| format!("{byte:02x}")).collect()
}
