//! What the centre says of its own accord: receipts, texts that people write, and answers that came too
//! late. Each is answered when it is on disk, and none waits for another.

use super::pdu::Sm;
use super::place::{Place, place};
use super::receipt;
use super::session::{Heard, Submitted};
use super::{Account, alphabet, locked, status};
use crate::channel::http::clip;
use crate::channel::{Ears, Of, Receipt, Written};
use crate::core::gathering::{Gathering, Joined, Piece};
use crate::core::notification::Rung;
use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::interval;

/// Handled at once; what comes beside them waits, and what comes beside that is given again.
const AT_ONCE: usize = 64;
/// How often texts are looked for whose parts never came.
const SWEEP: Duration = Duration::from_secs(30);
/// A receipt waits for an answer to a message to the same number so long; then it is to be given again.
const UNANSWERED: Duration = Duration::from_secs(5);
/// Stands for a part that never came.
const GAP: &str = "[…]";

/// One listening.
pub struct Hearing<'a> {
    account: &'a Account,
    ears: &'a dyn Ears,
}

impl<'a> Hearing<'a> {
    pub fn new(account: &'a Account, ears: &'a dyn Ears) -> Self {
        Self { account, ears }
    }

    pub async fn run(&self, unread: &mut mpsc::Receiver<Heard>) {
        let mut working: FuturesUnordered<BoxFuture<'_, ()>> = FuturesUnordered::new();
        let mut sweep = interval(SWEEP);
        loop {
            tokio::select! {
                heard = unread.recv(), if working.len() < AT_ONCE => match heard {
                    Some(heard) => working.push(Box::pin(self.hear(heard))),
                    None => return,
                },
                Some(()) = working.next(), if !working.is_empty() => {}
                _ = sweep.tick() => {
                    for gathering in self.ears.overdue().await {
                        working.push(Box::pin(async move { let _ = self.hand_on(gathering).await; }));
                    }
                }
            }
        }
    }

    async fn hear(&self, heard: Heard) {
        match heard {
            Heard::Message(sm, reply) => {
                if receipt::is_receipt(&sm) {
                    reply.give(self.receipt(&sm).await).await;
                    return;
                }
                let (of, taken) = self.text(&sm).await;
                if reply.give(taken).await && taken {
                    self.ears.told(&of).await;
                }
            }
            Heard::Late { of, status, message_id } => self.late(of, status, message_id).await,
        }
    }

    /// A receipt by a name that is not known may be of a message that has no answer yet.
    async fn receipt(&self, sm: &Sm) -> bool {
        let account = self.account;
        let read = || receipt::read(sm, &account.from, &locked(&account.given_out));
        let first = read();
        let Of::Named { to: Some(to), .. } = &first.of else { return self.ears.receipt(first).await };
        account.asked.settles(to, UNANSWERED).await && self.ears.receipt(read()).await
    }

    /// An answer after the message was given up: in doubt no longer. Of a long message one part says nothing
    /// of the others.
    async fn late(&self, of: Submitted, status: u32, message_id: String) {
        let Submitted { notification, attempt, parts } = of;
        if parts > 1 {
            tracing::info!(%notification, attempt, status, "a part of a message was answered too late");
            return;
        }
        let taken = status == status::OK;
        let receipt = Receipt {
            fault: None,
            of: Of::Attempt { notification, attempt, part: 1 },
            provider_ref: Some(receipt::name(&message_id)).filter(|name| taken && !name.is_empty()),
            rung: Some(if taken { Rung::Accepted } else { Rung::Failed }),
            by: "gateway",
            detail: match taken {
                true => clip(&format!("answered late: taken as {message_id}")),
                false => format!("answered late: {}", status::words(status)),
            },
        };
        self.ears.receipt(receipt).await;
    }

    /// Of which text it is, and whether that was taken or the part kept: only then is it answered for.
    async fn text(&self, sm: &Sm) -> (String, bool) {
        let (place, octets) = place(sm);
        let of = digest(sm, place, octets);
        let piece = Piece {
            of: of.clone(),
            number: place.map_or(1, |place| place.number),
            total: place.map_or(1, |place| place.total),
            from: sender(sm),
            coding: sm.data_coding,
            octets: octets.to_vec(),
        };
        let taken = match self.ears.part(piece).await {
            None => false,
            Some(Joined::Waits | Joined::Known) => true,
            Some(Joined::Whole(gathering)) => self.hand_on(gathering).await,
        };
        (of, taken)
    }

    /// Hands on a text whose parts came; a part that never did is a gap.
    async fn hand_on(&self, gathering: Gathering) -> bool {
        let Gathering { id, name, from, coding, parts, .. } = gathering;
        let read = |octets: &[u8]| alphabet::read(octets, coding, self.account.alphabet);
        // Joined before it is read: a character may begin in one part and end in the next.
        let text = match parts.iter().cloned().collect::<Option<Vec<_>>>() {
            Some(parts) => read(&parts.concat()),
            None => {
                let parts = parts.iter().map(|part| part.as_deref().map_or(GAP.to_owned(), read));
                parts.collect::<Vec<_>>().join(" ")
            }
        };
        let from = from.raw().to_owned();
        self.ears.written(Written { id: name, from, text, gathered: Some(id) }).await
    }
}

/// A number as the contacts have it, or the sender as it is.
fn sender(sm: &Sm) -> String {
    receipt::number(&sm.source).unwrap_or_else(|| sm.source.digits.clone())
}

/// What tells two texts apart: who, to whom, and what with every parameter that came with it; of a part, the
/// text that it says it belongs to.
fn digest(sm: &Sm, place: Option<Place>, octets: &[u8]) -> String {
    let mut sha = Sha256::new();
    let mut part = |octets: &[u8]| {
        sha.update(octets.len().to_be_bytes());
        sha.update(octets);
    };
    part(sm.source.digits.as_bytes());
    part(sm.destination.digits.as_bytes());
    part(&[sm.data_coding]);
    match place {
        Some(Place { reference, total, .. }) => {
            part(&reference.to_be_bytes());
            part(&[total]);
        }
        None => {
            part(octets);
            for (tag, value) in &sm.tlvs {
                part(&tag.to_be_bytes());
                part(value);
            }
        }
    }
    sha.finalize().iter().take(16).fold(String::new(), |mut hex, byte| {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
