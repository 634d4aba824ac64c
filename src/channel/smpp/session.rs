//! One bound session: who is asked what, what the centre says meanwhile, and whether it still lives.
//!
//! What hangs on one octet: until the first octet of a `submit_sm` is written the centre cannot have taken
//! it; after that, a session that ends without its answer leaves nobody who knows.

use super::pdu::{self, Frame, HEADER, Malformed, Pdu, Sm};
use super::status;
use crate::core::id::NotificationId;
use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

pub trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

/// PDUs that wait to be written. A centre that reads so slowly is not there.
const QUEUE: usize = 256;
/// Requests that were given up and may still be answered; with more the session is of no use.
const MOST_UNANSWERED: usize = 256;
/// The centre's answer to our leaving is waited for no longer.
const FAREWELL: Duration = Duration::from_secs(2);

/// Waits of one session.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// For an answer, for one write, and for the rest of a PDU that has begun.
    pub timeout: Duration,
    /// After so long without a word the centre is asked whether it is there.
    pub enquire_every: Duration,
}

/// The message that a request is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Submitted {
    pub notification: NotificationId,
    pub attempt: u32,
    pub parts: usize,
}

/// What became of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Answered {
        status: u32,
        message_id: String,
    },
    /// The session ended first. `left`: some of it may have been read by the centre.
    Lost {
        left: bool,
        why: String,
    },
    /// It left, the session stands, and nothing was said.
    Silent,
}

/// What the centre says of its own accord.
pub enum Heard {
    Message(Box<Sm>, Reply),
    /// The answer to a request that was given up.
    Late {
        of: Submitted,
        status: u32,
        message_id: String,
    },
}

/// The answer that the centre waits for. Without one it is told to come again.
pub struct Reply {
    queue: mpsc::WeakSender<Out>,
    sequence: u32,
    response: Option<Pdu>,
}

impl Reply {
    /// Taken for good, or to be given again. `false` where the session ended meanwhile: the centre gives it
    /// again in the next one.
    pub async fn give(mut self, taken: bool) -> bool {
        let Some(pdu) = self.response.take() else { return false };
        let status = if taken { status::OK } else { status::RECEIVER_TEMPORARY };
        match self.queue.upgrade() {
            Some(queue) => queue.send(Out::of(status, self.sequence, pdu)).await.is_ok(),
            None => false,
        }
    }
}

impl Drop for Reply {
    fn drop(&mut self) {
        if let (Some(pdu), Some(queue)) = (self.response.take(), self.queue.upgrade()) {
            let _ = queue.try_send(Out::of(status::RECEIVER_TEMPORARY, self.sequence, pdu));
        }
    }
}

/// One PDU to be written.
struct Out {
    octets: Vec<u8>,
    /// The number of a request that is only written while somebody waits for it.
    submit: Option<u32>,
    /// Nothing is written after it.
    last: bool,
}

impl Out {
    fn of(status: u32, sequence: u32, pdu: Pdu) -> Self {
        Self { octets: pdu::encode(&Frame { status, sequence, pdu }), submit: None, last: false }
    }
}

struct Waiting {
    of: Submitted,
    left: bool,
    tell: oneshot::Sender<Outcome>,
}

struct Table {
    /// Why nothing more is taken.
    closed: Option<String>,
    waiting: HashMap<u32, Waiting>,
}

/// The side of a session that asks.
pub struct Session {
    queue: mpsc::Sender<Out>,
    table: Mutex<Table>,
    answered: Notify,
    sequence: AtomicU32,
    heard_at: Mutex<Instant>,
    useful: AtomicBool,
    broken: CancellationToken,
}

/// The side that reads and writes.
pub struct Line {
    pub session: Arc<Session>,
    queue: mpsc::Receiver<Out>,
    wire: Box<dyn Wire>,
    /// Of a protected connection nobody can tell how much of a failed write left.
    plain: bool,
    limits: Limits,
}

/// Where what is heard goes; `None` while nobody listens.
pub type Ear<'a> = &'a (dyn Fn(Heard) + Send + Sync);

/// A session over a wire on which the bind was answered.
pub fn over(wire: Box<dyn Wire>, plain: bool, limits: Limits) -> Line {
    let (sender, queue) = mpsc::channel(QUEUE);
    let session = Session {
        queue: sender,
        table: Mutex::new(Table { closed: None, waiting: HashMap::new() }),
        answered: Notify::new(),
        // 1 was the bind.
        sequence: AtomicU32::new(2),
        heard_at: Mutex::new(Instant::now()),
        useful: AtomicBool::new(false),
        broken: CancellationToken::new(),
    };
    Line { session: Arc::new(session), queue, wire, plain, limits }
}

impl Session {
    /// Asks the centre to take a message, and waits for its word.
    pub async fn submit(&self, sm: Sm, of: Submitted, wait: Duration) -> Outcome {
        let sequence = self.next();
        let (tell, told) = oneshot::channel();
        {
            let mut table = self.table();
            if let Some(why) = &table.closed {
                return Outcome::Lost { left: false, why: why.clone() };
            }
            table.waiting.insert(sequence, Waiting { of, left: false, tell });
            if table.waiting.len() > MOST_UNANSWERED {
                self.broken.cancel();
            }
        }
        let octets = pdu::encode(&Frame { status: 0, sequence, pdu: Pdu::SubmitSm(Box::new(sm)) });
        let out = Out { octets, submit: Some(sequence), last: false };
        let asked = async {
            // Where the session ends first, its end tells what became of the request.
            let _ = self.queue.send(out).await;
            told.await
        };
        match timeout(wait, asked).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Outcome::Lost { left: true, why: "the session ended".to_owned() },
            Err(_) => {
                let mut table = self.table();
                match table.waiting.get(&sequence) {
                    // Not written: then it never will be.
                    Some(waiting) if !waiting.left => {
                        table.waiting.remove(&sequence);
                        Outcome::Lost { left: false, why: "the centre reads nothing".to_owned() }
                    }
                    // Its answer may still come, and is heard then.
                    _ => Outcome::Silent,
                }
            }
        }
    }

    /// Whether it takes nothing more.
    pub fn is_closed(&self) -> bool {
        self.table().closed.is_some()
    }

    /// Gives the session up; another one follows.
    pub fn give_up(&self) {
        self.broken.cancel();
    }

    fn next(&self) -> u32 {
        // 1 to 0x7fffffff, and from the beginning again. (§3.2)
        (self.sequence.fetch_add(1, Ordering::Relaxed) & 0x7fff_ffff).max(1)
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn heard_at(&self) -> Instant {
        *self.heard_at.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the centre said anything in it.
    pub fn was_useful(&self) -> bool {
        self.useful.load(Ordering::Relaxed)
    }

    fn hears(&self) {
        self.useful.store(true, Ordering::Relaxed);
        *self.heard_at.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    fn close(&self, why: &str) {
        self.table().closed.get_or_insert_with(|| why.to_owned());
    }

    /// Whether this request is still to be written; from now on it may have left.
    fn leaves(&self, sequence: u32) -> bool {
        match self.table().waiting.get_mut(&sequence) {
            Some(waiting) if !waiting.tell.is_closed() => {
                waiting.left = true;
                true
            }
            _ => false,
        }
    }

    fn stayed(&self, sequence: u32) {
        if let Some(waiting) = self.table().waiting.get_mut(&sequence) {
            waiting.left = false;
        }
    }

    fn answer(&self, sequence: u32, status: u32, message_id: String, ear: Ear<'_>) {
        let Some(Waiting { of, tell, .. }) = self.table().waiting.remove(&sequence) else { return };
        self.answered.notify_waiters();
        let outcome = Outcome::Answered { status, message_id };
        if let Err(Outcome::Answered { status, message_id }) = tell.send(outcome) {
            ear(Heard::Late { of, status, message_id });
        }
    }
}

impl Line {
    /// Reads and writes until the session ends, and says why. When `closing` comes, what was asked is waited
    /// for, and then the centre is told that we leave.
    pub async fn run(self, ear: Ear<'_>, closing: impl Future<Output = ()>) -> String {
        let Line { session, mut queue, wire, plain, limits } = self;
        let (reader, writer) = tokio::io::split(wire);
        let why = tokio::select! {
            why = read(&session, reader, limits, ear) => why,
            why = write(&session, writer, &mut queue, plain, limits) => why,
            why = watch(&session, limits) => why,
            why = leave(&session, closing, limits) => why,
            () = session.broken.cancelled() => "the session was given up".to_owned(),
        };
        session.close(&why);
        let waiting: Vec<Waiting> = session.table().waiting.drain().map(|(_, waiting)| waiting).collect();
        for Waiting { left, tell, .. } in waiting {
            let _ = tell.send(Outcome::Lost { left, why: why.clone() });
        }
        why
    }
}

async fn read(session: &Session, mut reader: impl AsyncRead + Unpin, limits: Limits, ear: Ear<'_>) -> String {
    loop {
        let frame = match next(&mut reader, limits.timeout).await {
            Ok(Ok(frame)) => frame,
            Ok(Err(broken)) => {
                session.hears();
                if broken.is_request()
                    && !say(session, status::INVALID_COMMAND_LENGTH, broken.sequence, Pdu::GenericNack)
                {
                    return DEAF.to_owned();
                }
                continue;
            }
            Err(why) => return why,
        };
        session.hears();
        let Frame { status, sequence, pdu } = frame;
        let answered = match pdu {
            Pdu::SubmitSmResp { message_id } => {
                session.answer(sequence, status, message_id, ear);
                true
            }
            Pdu::GenericNack => {
                // Of a status 0 nobody could tell what was not taken.
                let status = if status == 0 { status::INVALID_COMMAND } else { status };
                session.answer(sequence, status, String::new(), ear);
                true
            }
            Pdu::DeliverSm(sm) => {
                ear(Heard::Message(sm, reply(session, sequence, Pdu::DeliverSmResp)));
                true
            }
            Pdu::DataSm(sm) => {
                ear(Heard::Message(sm, reply(session, sequence, Pdu::DataSmResp)));
                true
            }
            Pdu::EnquireLink => say(session, status::OK, sequence, Pdu::EnquireLinkResp),
            Pdu::Unbind => {
                session.close("the centre ended the session");
                let out = Out { last: true, ..Out::of(status::OK, sequence, Pdu::UnbindResp) };
                let queued = session.queue.try_send(out).is_ok();
                if queued {
                    // The writer ends the session, when that is written.
                    std::future::pending::<()>().await;
                }
                false
            }
            Pdu::UnbindResp => return "we left".to_owned(),
            Pdu::UnknownRequest(_) | Pdu::BindTransceiver(_) | Pdu::SubmitSm(_) => {
                say(session, status::INVALID_COMMAND, sequence, Pdu::GenericNack)
            }
            Pdu::BindTransceiverResp { .. }
            | Pdu::DeliverSmResp
            | Pdu::DataSmResp
            | Pdu::EnquireLinkResp
            | Pdu::UnknownResponse(_) => true,
        };
        if !answered {
            return DEAF.to_owned();
        }
    }
}

const DEAF: &str = "the centre reads no answers";

fn say(session: &Session, status: u32, sequence: u32, pdu: Pdu) -> bool {
    session.queue.try_send(Out::of(status, sequence, pdu)).is_ok()
}

fn reply(session: &Session, sequence: u32, response: Pdu) -> Reply {
    Reply { queue: session.queue.downgrade(), sequence, response: Some(response) }
}

/// The next PDU, or why there will be none. Its length is judged before it is read.
pub async fn next(
    reader: &mut (impl AsyncRead + Unpin),
    limit: Duration,
) -> Result<Result<Frame, Malformed>, String> {
    let mut header = [0; HEADER];
    reader.read_exact(&mut header).await.map_err(|e| ended(&e))?;
    let length = pdu::announced(header)
        .map_err(|length| format!("the centre sent a PDU of {length} octets; is this an SMPP port?"))?;
    let mut frame = Vec::with_capacity(length);
    frame.extend(header);
    frame.resize(length, 0);
    let body = frame.get_mut(HEADER..).unwrap_or_default();
    match timeout(limit, reader.read_exact(body)).await {
        Ok(Ok(_)) => Ok(pdu::decode(&frame)),
        Ok(Err(e)) => Err(ended(&e)),
        Err(_) => Err("the centre stopped in the middle of a PDU".to_owned()),
    }
}

fn ended(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "the centre closed the connection".to_owned(),
        _ => format!("the connection broke: {error}"),
    }
}

async fn write(
    session: &Session,
    mut writer: impl AsyncWrite + Unpin,
    queue: &mut mpsc::Receiver<Out>,
    plain: bool,
    limits: Limits,
) -> String {
    while let Some(Out { octets, submit, last }) = queue.recv().await {
        if submit.is_some_and(|sequence| !session.leaves(sequence)) {
            continue;
        }
        let mut written = 0;
        let writing = async {
            while let Some(rest) = octets.get(written..).filter(|rest| !rest.is_empty()) {
                match writer.write(rest).await? {
                    0 => return Err(io::ErrorKind::WriteZero.into()),
                    count => written += count,
                }
            }
            writer.flush().await
        };
        let why = match timeout(limits.timeout, writing).await {
            Ok(Ok(())) if last => return "the centre ended the session".to_owned(),
            Ok(Ok(())) => continue,
            Ok(Err(e)) => ended(&e),
            Err(_) => "the centre reads nothing".to_owned(),
        };
        if let Some(sequence) = submit.filter(|_| plain && written == 0) {
            session.stayed(sequence);
        }
        return why;
    }
    "the session was given up".to_owned()
}

/// Asks whether the centre is there, when it has been silent.
async fn watch(session: &Session, limits: Limits) -> String {
    loop {
        let heard = session.heard_at();
        sleep_until(heard + limits.enquire_every).await;
        if session.heard_at() != heard {
            continue;
        }
        if !say(session, status::OK, session.next(), Pdu::EnquireLink) {
            return DEAF.to_owned();
        }
        sleep(limits.timeout).await;
        if session.heard_at() == heard {
            return "the centre gave no sign of life".to_owned();
        }
    }
}

async fn leave(session: &Session, closing: impl Future<Output = ()>, limits: Limits) -> String {
    closing.await;
    session.close("this configuration is no longer used");
    let settled = async {
        loop {
            let answered = session.answered.notified();
            tokio::pin!(answered);
            answered.as_mut().enable();
            if session.table().waiting.values().all(|waiting| waiting.tell.is_closed()) {
                return;
            }
            answered.await;
        }
    };
    let _ = timeout(limits.timeout, settled).await;
    say(session, status::OK, session.next(), Pdu::Unbind);
    sleep(FAREWELL).await;
    "we left".to_owned()
}

/// Writes one PDU before there is a session.
pub async fn put(wire: &mut Box<dyn Wire>, frame: &Frame) -> io::Result<()> {
    wire.write_all(&pdu::encode(frame)).await?;
    wire.flush().await
}
