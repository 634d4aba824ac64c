//! Callbacks of providers: verified by their channel, folded into the ladder.

use super::Agent;
use crate::channel::{Callback, CallbackRefused, Receipt};
use crate::community::intake::{ReceiptAnswer, ReceiptRequest};
use crate::core::delivery::{self, Delivering};
use crate::core::notification::{Evidence, Rung};
use axum::http::StatusCode;

/// Takes one callback. A forged or unreadable one changes nothing.
pub async fn take(agent: &Agent, channel: &str, request: ReceiptRequest) -> ReceiptAnswer {
    let setup = agent.setup();
    let Some(way) = setup.channels.get(channel) else {
        return answer(StatusCode::NOT_FOUND, "there is no such channel");
    };
    let ReceiptRequest { query, headers, body, peer, .. } = request;
    let receipt = match way.receipt(&Callback { query, headers, body, peer }) {
        Ok(receipt) => receipt,
        Err(CallbackRefused::NotHere) => {
            return answer(StatusCode::NOT_FOUND, "this channel takes no receipts");
        }
        Err(CallbackRefused::Forged(why)) => {
            tracing::warn!(channel, why, "a receipt was refused");
            return answer(StatusCode::FORBIDDEN, "the receipt is not signed by us");
        }
        Err(CallbackRefused::Unreadable(why)) => return answer(StatusCode::BAD_REQUEST, &why),
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

fn answer(status: StatusCode, text: &str) -> ReceiptAnswer {
    ReceiptAnswer { status, text: text.to_owned() }
}
