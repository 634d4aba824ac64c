//! What the centre says of its own accord: receipts, texts that people write, and answers that came too
//! late. Each is answered when it is on disk, and none waits for another.

use super::join::{self, Joined, Joiner, Whole};
use super::pdu::Sm;
use super::receipt;
use super::session::{Heard, Submitted};
use super::{Account, alphabet, locked, status};
use crate::channel::http::clip;
use crate::channel::{Ears, Of, Receipt, Written};
use crate::core::notification::Rung;
use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::Mutex;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, interval, timeout};

/// Handled at once; what comes beside them waits, and what comes beside that is given again.
const AT_ONCE: usize = 64;
/// The other parts of a text are waited for so long before the centre has its answer: one that gives no
/// second part before its first was answered would never give it.
const HOLD: Duration = Duration::from_secs(1);
/// How often texts are looked for whose parts never came.
const SWEEP: Duration = Duration::from_secs(30);
/// The same text of the same sender within so long of an answer is the same text given again.
const SAME: Duration = Duration::from_secs(60);
/// Texts that are known again.
const REMEMBERED: usize = 512;
/// A receipt waits for an answer to a message to the same number so long; then it is to be given again.
const UNANSWERED: Duration = Duration::from_secs(5);
/// Stands for a part that never came.
const GAP: &str = "[…]";

/// One listening.
pub struct Hearing<'a> {
    account: &'a Account,
    ears: &'a dyn Ears,
    joiner: Mutex<Joiner>,
    seen: Mutex<VecDeque<Seen>>,
}

/// A text that came. Centres name none of them, and give the same again where they heard no answer.
struct Seen {
    digest: String,
    /// With the minute of its first sight, so that the same words are another text tomorrow.
    id: String,
    at: Instant,
    taken: bool,
}

impl<'a> Hearing<'a> {
    pub fn new(account: &'a Account, ears: &'a dyn Ears) -> Self {
        Self { account, ears, joiner: Mutex::default(), seen: Mutex::default() }
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
                    let overdue = locked(&self.joiner).overdue(Instant::now());
                    for whole in overdue {
                        working.push(Box::pin(async move { let _ = self.hand_on(whole).await; }));
                    }
                }
            }
        }
    }

    async fn hear(&self, heard: Heard) {
        match heard {
            Heard::Message(sm, reply) => {
                let taken =
                    if receipt::is_receipt(&sm) { self.receipt(&sm).await } else { self.text(&sm).await };
                reply.give(taken).await;
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

    async fn text(&self, sm: &Sm) -> bool {
        let (place, octets) = join::place(sm);
        let Some(place) = place else {
            let text = alphabet::read(octets, sm.data_coding, self.account.alphabet);
            return self.written(sender(sm), text, &digest(sm, octets)).await;
        };
        let joined = locked(&self.joiner).add(sm, place, octets, Instant::now());
        match joined {
            Joined::Known => true,
            Joined::Whole(whole) => self.hand_on(whole).await,
            Joined::Waits(told) => !matches!(timeout(HOLD, told).await, Ok(Ok(false))),
        }
    }

    /// Hands on a text of several parts; a part that never came is a gap.
    async fn hand_on(&self, whole: Whole) -> bool {
        let (from, to, _, _, data_coding) = &whole.key;
        let read = |octets: &[u8]| alphabet::read(octets, *data_coding, self.account.alphabet);
        // Joined before it is read: a character may begin in one part and end in the next.
        let text = match whole.parts.iter().cloned().collect::<Option<Vec<_>>>() {
            Some(parts) => read(&parts.concat()),
            None => {
                let parts = whole.parts.iter().map(|part| part.as_deref().map_or(GAP.to_owned(), read));
                parts.collect::<Vec<_>>().join(" ")
            }
        };
        let sm =
            Sm { source: from.clone(), destination: to.clone(), data_coding: *data_coding, ..Sm::default() };
        let taken = self.written(sender(&sm), text.clone(), &digest(&sm, text.as_bytes())).await;
        locked(&self.joiner).settle(&whole, taken, Instant::now());
        taken
    }

    async fn written(&self, from: String, text: String, digest: &str) -> bool {
        let id = self.name(digest);
        let taken = self.ears.written(Written { id, from, text }).await;
        if let Some(seen) = locked(&self.seen).iter_mut().find(|seen| seen.digest == digest) {
            (seen.taken, seen.at) = (taken, Instant::now());
        }
        taken
    }

    /// The name of a text: the same when it is given again because no answer was heard, another when
    /// somebody writes the same words later.
    fn name(&self, digest: &str) -> String {
        let now = Instant::now();
        let mut seen = locked(&self.seen);
        let again = |seen: &Seen| !seen.taken || now.duration_since(seen.at) < SAME;
        if let Some(known) = seen.iter().find(|seen| seen.digest == digest && again(seen)) {
            return known.id.clone();
        }
        seen.retain(|seen| seen.digest != digest);
        let id = format!("{digest}-{}", Timestamp::now().as_second() / 60);
        seen.push_back(Seen { digest: digest.to_owned(), id: id.clone(), at: now, taken: false });
        if seen.len() > REMEMBERED {
            seen.pop_front();
        }
        id
    }
}

/// A number as the contacts have it, or the sender as it is.
fn sender(sm: &Sm) -> String {
    receipt::number(&sm.source).unwrap_or_else(|| sm.source.digits.clone())
}

/// What tells two texts apart: who, to whom, what, and every parameter that came with it.
fn digest(sm: &Sm, octets: &[u8]) -> String {
    let mut sha = Sha256::new();
    let mut part = |octets: &[u8]| {
        sha.update(octets.len().to_be_bytes());
        sha.update(octets);
    };
    part(sm.source.digits.as_bytes());
    part(sm.destination.digits.as_bytes());
    part(&[sm.data_coding]);
    part(octets);
    for (tag, value) in &sm.tlvs {
        part(&tag.to_be_bytes());
        part(value);
    }
    sha.finalize().iter().take(16).fold(String::new(), |mut hex, byte| {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
