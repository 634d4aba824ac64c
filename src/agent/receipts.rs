//! Callbacks of providers: verified by their channel, folded into the ladder.

use super::Agent;
use super::setup::Setup;
use crate::channel::{Callback, CallbackRefused, Channel, Receipt};
use crate::community::intake::{CallbackAnswer, CallbackRequest};
use crate::core::delivery::{self, Delivering};
use crate::core::notification::{Evidence, Rung};
use axum::http::StatusCode;

/// Takes one callback. A forged or unreadable one changes nothing.
pub async fn take(agent: &Agent, channel: &str, request: CallbackRequest) -> CallbackAnswer {
    let setup = agent.setup();
    let receipt = match heard(&setup, channel, request, |way, callback| way.receipt(callback)) {
        Ok(receipt) => receipt,
        Err(refused) => return refused,
    };
    let Receipt { notification: id, attempt, part, rung, by, detail } = receipt;
    let Some(rung) = rung else { return answer(StatusCode::OK, "heard; it says nothing about the fate") };
    let now = agent.world.now();
    let setup = setup.clone();
    let name = channel.to_owned();
    let folded = agent
        .store
        .write(move |tx| {
            let Some(mut notification) = tx.notification(id)? else { return Ok(false) };
            let evidence =
                Evidence { at: now, attempt, part, rung, by: by.to_owned(), detail: detail.into() };
            let (reach, mut ids) = (tx.reach(&notification)?, tx.ids());
            let desk = &setup.settings.desk;
            let mut context = Delivering { desk, reach: reach.as_ref(), ids: &mut ids, now };
            let changes = delivery::receipt(&mut context, &mut notification, evidence, &name);
            tx.keep_ids(ids);
            tx.apply(changes)?;
            Ok(true)
        })
        .await;
    match folded {
        Ok(true) => {
            if matches!(rung, Rung::Delivered | Rung::Read) {
                agent.vitals.proven(channel, now);
            }
            answer(StatusCode::OK, "taken")
        }
        Ok(false) => answer(StatusCode::NOT_FOUND, "there is no such message"),
        Err(why) => {
            tracing::error!(%why, "a receipt could not be stored");
            answer(StatusCode::SERVICE_UNAVAILABLE, "not taken; send it again")
        }
    }
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
    let CallbackRequest { query, headers, body, peer, .. } = request;
    read(&**way, &Callback { query, headers, body, peer }).map_err(|refused| match refused {
        CallbackRefused::NotHere => answer(StatusCode::NOT_FOUND, &format!("{refused}")),
        CallbackRefused::Forged(why) => {
            tracing::warn!(channel, why, "a callback was refused");
            answer(StatusCode::FORBIDDEN, "it cannot be proven to come from the provider")
        }
        CallbackRefused::Unreadable(why) => answer(StatusCode::BAD_REQUEST, &why),
    })
}

pub(super) fn answer(status: StatusCode, text: &str) -> CallbackAnswer {
    CallbackAnswer { status, text: text.to_owned() }
}
