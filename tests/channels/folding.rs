//! What receipts add up to does not depend on their order, nor on how often they come; and one that was not
//! proven to come from the provider adds nothing.

use super::stand::{Stand, message};
use super::twilio;
use super::twilio_peer::{Call, Message, TOKEN, Twilio};
use nightdesk::channel::Channel;
use nightdesk::core::contact::Medium;
use nightdesk::core::notification::{Evidence, Rung, proven};

/// The evidence that calls leave, as the agent keeps it: what was heard before is not kept twice.
fn evidence(channel: &dyn Channel, calls: &[Call]) -> Vec<Evidence> {
    let mut kept: Vec<Evidence> = Vec::new();
    for call in calls {
        let Ok(receipt) = channel.receipt(&call.callback()) else { continue };
        let detail = receipt.detail.as_str().into();
        let at = message(Medium::Sms, 1).created_at;
        let heard = Evidence { at, attempt: 2, part: 1, rung: receipt.rung, by: receipt.by.into(), detail };
        if !kept.contains(&heard) {
            kept.push(heard);
        }
    }
    kept
}

fn permutations<T: Clone>(of: &[T]) -> Vec<Vec<T>> {
    let Some((first, rest)) = of.split_first() else { return vec![Vec::new()] };
    let mut all = Vec::new();
    for shorter in permutations(rest) {
        for at in 0..=shorter.len() {
            let mut one = shorter.clone();
            one.insert(at, first.clone());
            all.push(one);
        }
    }
    all
}

/// The greatest rung of the calls, and whether they contradict each other: the contract's own words.
fn wanted(statuses: &[(&str, Option<u32>)]) -> (Option<Rung>, bool) {
    let rung = |(status, code): &(&str, Option<u32>)| match (*status, code) {
        ("queued" | "sending", _) => Some(Rung::Accepted),
        ("sent", _) => Some(Rung::Sent),
        ("delivered", _) => Some(Rung::Delivered),
        ("read", _) => Some(Rung::Read),
        ("undelivered", Some(30005 | 30006)) => Some(Rung::Bounced),
        ("undelivered" | "failed", _) => Some(Rung::Failed),
        _ => None,
    };
    let rungs: Vec<Rung> = statuses.iter().filter_map(rung).collect();
    let delivered = rungs.iter().any(|rung| matches!(rung, Rung::Delivered | Rung::Read));
    let failed = rungs.iter().any(|rung| *rung >= Rung::Failed);
    (rungs.into_iter().max(), delivered && failed)
}

async fn taken() -> (Stand<Twilio>, Message) {
    twilio::taken().await
}

#[tokio::test]
async fn every_order_of_callbacks_adds_up_to_the_same_state() {
    let (stand, message) = taken().await;
    for statuses in [
        &[("queued", None), ("sending", None), ("sent", None), ("delivered", None), ("read", None)][..],
        &[("queued", None), ("sent", None), ("undelivered", Some(30003)), ("sent", None)],
        &[("sent", None), ("delivered", None), ("undelivered", Some(30008)), ("partially_delivered", None)],
        &[("sending", None), ("undelivered", Some(30005)), ("delivered", None), ("failed", None)],
        &[("partially_delivered", None), ("invented", None)],
    ] {
        let (rung, disputed) = wanted(statuses);
        let calls: Vec<Call> = statuses
            .iter()
            .map(|(status, code)| Call::status(&message, status, *code).signed(TOKEN))
            .collect();
        for order in permutations(&calls) {
            // Each comes twice: at once, and again at the end.
            let twice: Vec<Call> =
                order.iter().flat_map(|call| [call.clone(), call.clone()]).chain(order.clone()).collect();
            for calls in [&order, &twice] {
                let kept = evidence(&*stand.channel, calls);
                let state = proven(&kept).map(|(rung, disputed)| (rung, disputed.0));
                let names: Vec<_> = calls.iter().map(|call| &call.fields[2].1).collect();
                assert_eq!(state, rung.map(|rung| (rung, disputed)), "{names:?}");
            }
        }
    }
}

#[tokio::test]
async fn what_is_not_proven_to_be_twilios_changes_nothing_in_any_place() {
    let (stand, message) = taken().await;
    let genuine: Vec<Call> =
        ["queued", "sent"].iter().map(|status| Call::status(&message, status, None).signed(TOKEN)).collect();
    let url = message.status_callback.clone().unwrap();
    let other = Message { status_callback: Some(url.replace("&a=2", "&a=1")), ..message.clone() };
    let forged = [
        Call::status(&message, "delivered", None),
        Call::status(&message, "read", None).signed("guess"),
        Call::status(&message, "failed", Some(30003)).signed_for(TOKEN, "https://desk.example.net/"),
        Call::status(&other, "delivered", None).signed(TOKEN),
    ];
    let alone = evidence(&*stand.channel, &genuine);
    for call in forged {
        for at in 0..=genuine.len() {
            let mut calls = genuine.clone();
            calls.insert(at, call.clone());
            assert_eq!(evidence(&*stand.channel, &calls), alone, "{call:?}");
        }
    }
}
