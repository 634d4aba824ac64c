//! What providers say of messages they took: in calls to us, over connections they keep, or when asked.
//! Verified by their channel, folded into the ladder.

use super::Agent;
use super::proof;
use super::replies;
use super::setup::Setup;
use crate::channel::{Callback, CallbackRefused, Channel, Ears, Of, Receipt, Written};
use crate::community::intake::{CallbackAnswer, CallbackRequest};
use crate::core::delivery::{self, Delivering};
use crate::core::desk::Desk;
use crate::core::gathering::{Gathering, Joined, Piece};
use crate::core::gauge::Did;
use crate::core::id::NotificationId;
use crate::core::notification::{Evidence, Fault, Notification, NotificationState, RecipientId, Rung};
use crate::core::proof::{Shortfall, moves_on};
use crate::store::{StoreError, Tx};
use async_trait::async_trait;
use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use std::time::Duration;

/// A receipt that was faster than the answer to its message is looked up again for so long.
const EARLY: [Duration; 4] =
    [Duration::from_millis(100), Duration::from_millis(400), Duration::from_secs(1), Duration::from_secs(3)];
/// A receipt by a name that nobody knows is of a message in doubt only if that was handed over since.
const LOST_SINCE: SignedDuration = SignedDuration::from_hours(1);

/// Whether a receipt was of a message of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Folded {
    /// What is new came so long after its attempt had begun; `None`: nothing is new.
    Kept(Option<SignedDuration>),
    NoSuchMessage,
}

/// Takes one callback. A forged or unreadable one changes nothing.
pub async fn take(agent: &Agent, channel: &str, request: CallbackRequest) -> CallbackAnswer {
    let receipt = match heard(&agent.setup(), channel, request, |way, callback| way.receipt(callback)) {
        Ok(receipt) => receipt,
        Err(refused) => return refused,
    };
    match fold(agent, channel, receipt).await {
        Ok(Folded::Kept(_)) => answer(StatusCode::OK, "taken"),
        Ok(Folded::NoSuchMessage) => answer(StatusCode::NOT_FOUND, "there is no such message"),
        Err(why) => {
            tracing::error!(%why, "a receipt could not be stored");
            answer(StatusCode::SERVICE_UNAVAILABLE, "not taken; send it again")
        }
    }
}

/// Hears what channels with connections of their own are told, and listens anew when the configuration
/// changes.
pub async fn job(agent: Arc<Agent>) {
    let mut setups = agent.setups();
    loop {
        let setup = setups.borrow_and_update().clone();
        let listening = setup.channels.iter().map(|(name, way)| {
            let ears = Line { agent: agent.clone(), channel: name.clone() };
            async move { way.listen(&ears).await }
        });
        tokio::select! {
            biased;
            () = agent.stopping.cancelled() => {}
            _ = futures_util::future::join_all(listening) => agent.stopping.cancelled().await,
            changed = setups.changed() => if changed.is_err() { return },
        }
        if agent.stopping.is_cancelled() {
            return;
        }
    }
}

/// What one channel hears goes where calls to us go.
struct Line {
    agent: Arc<Agent>,
    channel: String,
}

#[async_trait]
impl Ears for Line {
    async fn receipt(&self, receipt: Receipt) -> bool {
        let mut early = EARLY.iter();
        loop {
            match fold(&self.agent, &self.channel, receipt.clone()).await {
                Ok(Folded::Kept(_)) => return true,
                Ok(Folded::NoSuchMessage) => match early.next() {
                    Some(wait) => tokio::time::sleep(*wait).await,
                    None => {
                        tracing::warn!(channel = self.channel, of = ?receipt.of, "a receipt is of no message of ours");
                        return true;
                    }
                },
                Err(why) => {
                    tracing::error!(%why, "a receipt could not be stored");
                    return false;
                }
            }
        }
    }

    async fn written(&self, written: Written) -> bool {
        match replies::written(&self.agent, &self.channel, written).await {
            Ok(()) => true,
            Err(why) => {
                tracing::error!(%why, "a reply could not be stored");
                false
            }
        }
    }

    async fn part(&self, piece: Piece) -> Option<Joined> {
        let kept = replies::part(&self.agent, &self.channel, piece).await;
        kept.inspect_err(|why| tracing::error!(%why, "a part of a reply could not be stored")).ok()
    }

    async fn overdue(&self) -> Vec<Gathering> {
        let overdue = replies::overdue(&self.agent, &self.channel).await;
        overdue
            .inspect_err(|why| tracing::error!(%why, "parts of replies could not be read"))
            .unwrap_or_default()
    }

    async fn told(&self, of: &str) {
        if let Err(why) = replies::told(&self.agent, &self.channel, of).await {
            tracing::error!(%why, "it could not be stored that a reply was answered for");
        }
    }
}

/// Keeps what a receipt says with the message it is of.
pub(super) async fn fold(agent: &Agent, channel: &str, receipt: Receipt) -> Result<Folded, StoreError> {
    let now = agent.world.now();
    let setup = agent.setup();
    let name = channel.to_owned();
    let (rung, stopped) = (receipt.rung, receipt.fault == Some(Fault::OptedOut));
    let down = agent.providers.down();
    let folded = agent
        .store
        .write(move |tx| {
            let Receipt { of, provider_ref, rung, by, detail, fault } = receipt;
            let Some(Whose { id, attempt, part, by_name }) = whose(tx, &name, &of, now)? else {
                return Ok(Folded::NoSuchMessage);
            };
            let Some(mut notification) = tx.notification(id)? else { return Ok(Folded::NoSuchMessage) };
            // Of a message that left in part, perhaps, the part that arrived does not prove the rest.
            let whole = by_name || !delivery::in_parts(&notification, attempt);
            let rung = rung.filter(|rung| whole || *rung >= Rung::Failed);
            let evidence =
                Evidence { at: now, attempt, part, rung, by: by.to_owned(), detail: detail.into() };
            let (reach, mut ids) = (tx.reach(&notification)?, tx.ids());
            let desk = &setup.settings.desk;
            let mut context = Delivering { desk, down: &down, reach: reach.as_ref(), ids: &mut ids, now };
            let (failed, lost) = (notification.state.is_failure(), notification.lost_attempt().is_some());
            delivery::name(&mut notification, attempt, provider_ref);
            let changes = delivery::receipt(&mut context, &mut notification, evidence, fault, &name);
            let began = notification.attempts.iter().find(|a| a.number == attempt).map(|a| a.started_at);
            let took = began.filter(|_| !changes.is_empty()).map(|began| now.duration_since(began));
            tx.keep_ids(ids);
            tx.apply_once(changes)?;
            if lost {
                proof::settle(tx, &notification, now)?;
            }
            if notification.state.is_failure() && !failed && moves_on(&notification) {
                let bounced = rung == Some(Rung::Bounced);
                let fault = fault.unwrap_or(if bounced { Fault::Address } else { Fault::Message });
                proof::move_on(tx, desk, &down, notification.clone(), Shortfall::Failed(fault), now)?;
            }
            if notification.state == NotificationState::Bounced && !failed {
                mend(tx, desk, &notification, now)?;
            }
            Ok(Folded::Kept(took))
        })
        .await?;
    match (folded, rung) {
        (Folded::Kept(Some(took)), Some(Rung::Delivered | Rung::Read)) => {
            agent.vitals.proven(channel, now, Some(took));
        }
        (Folded::Kept(Some(_)), Some(Rung::Failed | Rung::Bounced | Rung::Expired)) => {
            agent.vitals.record(channel, Did::Failed, now);
        }
        _ => {}
    }
    if matches!(folded, Folded::Kept(_)) && stopped {
        // If they are of the desk, they are paged another way from now on.
        agent.lay_over(None).await?;
    }
    Ok(folded)
}

/// An address of somebody of the desk is dead: somebody must mend it.
fn mend(tx: &mut Tx<'_>, desk: &Desk, n: &Notification, now: Timestamp) -> Result<(), StoreError> {
    if !matches!(n.recipient.who, RecipientId::Person(_)) || n.answers.is_some() {
        return Ok(());
    }
    let mut ids = tx.ids();
    let change = delivery::undelivered(desk, &mut ids, n, now);
    tx.keep_ids(ids);
    tx.apply_once(vec![change])
}

/// What a receipt is of.
struct Whose {
    id: NotificationId,
    attempt: u32,
    part: u32,
    /// It says so itself; else it is of the only message that it can be of.
    by_name: bool,
}

/// The message, attempt and part that a receipt is of: by name; else the only one in doubt to that address.
fn whose(tx: &Tx<'_>, channel: &str, of: &Of, now: Timestamp) -> Result<Option<Whose>, StoreError> {
    let (spellings, to, reference) = match of {
        Of::Attempt { notification, attempt, part } => {
            return Ok(Some(Whose { id: *notification, attempt: *attempt, part: *part, by_name: true }));
        }
        Of::Named { spellings, to, reference } => (spellings, to, reference),
    };
    for name in spellings {
        if let Some((id, attempt, part)) = tx.called(channel, name)? {
            return Ok(Some(Whose { id, attempt, part, by_name: true }));
        }
    }
    let Some(to) = to else { return Ok(None) };
    let mut lost = tx.lost_to(to)?.into_iter().filter_map(|n| {
        let attempt = n.lost_attempt()?;
        let fits = attempt.channel == channel
            && now.duration_since(attempt.started_at) <= LOST_SINCE
            && reference.is_none_or(|reference| u64::from(reference) == n.id.0 & 0xffff);
        fits.then_some(Whose { id: n.id, attempt: attempt.number, part: 1, by_name: false })
    });
    // Of two it may be either.
    Ok(lost.next().filter(|_| lost.next().is_none()))
}

/// Verifies a callback and reads it, as its channel knows how to; or what the gateway is told instead.
pub(super) fn heard<T>(
    setup: &Setup,
    channel: &str,
    request: CallbackRequest,
    read: impl FnOnce(&dyn Channel, &Callback) -> Result<T, CallbackRefused>,
) -> Result<T, CallbackAnswer> {
    let Some(way) = setup.channels.get(channel) else {
        return Err(answer(StatusCode::NOT_FOUND, "there is no such channel"));
    };
    let CallbackRequest { uri, query, headers, body, peer, .. } = request;
    read(&**way, &Callback { uri, query, headers, body, peer }).map_err(|refused| match refused {
        CallbackRefused::NotHere => answer(StatusCode::NOT_FOUND, &format!("{refused}")),
        CallbackRefused::Forged(why) => {
            tracing::warn!(channel, why, "a callback was refused");
            answer(StatusCode::FORBIDDEN, "it cannot be proven to come from the provider")
        }
        CallbackRefused::Unreadable(why) => answer(StatusCode::BAD_REQUEST, &why),
    })
}

pub(super) fn answer(status: StatusCode, text: &str) -> CallbackAnswer {
    CallbackAnswer { status, media_type: "text/plain; charset=utf-8", text: text.to_owned() }
}
