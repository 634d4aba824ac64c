//! Ways out that end in the test: each keeps every message it was handed, in order, and what it does with the
//! next one is decided by chance with a seed. One may be told to say when a request is at a certain step.

use super::smpp_wire::{self as wire, Submit, answer, words};
use rand::{Rng as _, SeedableRng as _};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// Where in the handling of one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Some of it was read; it is not taken.
    Half,
    /// It is taken, and nothing was answered.
    Taken,
    /// It was answered.
    Answered,
}

/// A message as it arrived.
#[derive(Clone, Debug)]
pub struct Arrived {
    /// What it is about; each message of a load has its own.
    pub order: String,
    /// It says of itself that it may be a second copy.
    pub marked: bool,
    /// The name that all copies of one message share, where the protocol has one.
    pub name: Option<String>,
}

/// What becomes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Takes,
    TakesSlowly(u64),
    /// Takes it, and hangs up instead of answering.
    LosesTheAnswer,
    /// Takes it not, and asks for patience.
    Busy,
    /// Hangs up in its midst.
    HangsUp,
}

/// What every kind of sink has.
pub struct Sink {
    arrived: Mutex<Vec<Arrived>>,
    /// Long texts by the reference of the message and that of its parts.
    parts: Mutex<BTreeMap<(Vec<u8>, u8), Parts>>,
    /// What texts were about that came whole, some of them in parts.
    whole: Mutex<BTreeSet<String>>,
    chance: Mutex<rand::rngs::StdRng>,
    armed: Mutex<Option<(Step, usize)>>,
    requests: Mutex<usize>,
    reached: Notify,
}

struct Parts {
    order: String,
    total: u8,
    came: BTreeSet<u8>,
}

impl Sink {
    fn new(seed: u64) -> Arc<Self> {
        Arc::new(Self {
            arrived: Mutex::default(),
            parts: Mutex::default(),
            whole: Mutex::default(),
            chance: Mutex::new(rand::rngs::StdRng::seed_from_u64(seed)),
            armed: Mutex::default(),
            requests: Mutex::default(),
            reached: Notify::new(),
        })
    }

    /// The `after`-th request from now on waits at this step, and [`Sink::reached`] is told of it.
    pub fn arm(&self, step: Step, after: usize) {
        let at = *self.requests.lock().unwrap() + after;
        *self.armed.lock().unwrap() = Some((step, at));
    }

    pub fn disarm(&self) {
        *self.armed.lock().unwrap() = None;
    }

    pub async fn reached(&self) {
        self.reached.notified().await;
    }

    pub fn arrived(&self) -> Vec<Arrived> {
        self.arrived.lock().unwrap().clone()
    }

    /// How many different messages came.
    pub fn orders(&self) -> usize {
        self.arrived.lock().unwrap().iter().map(|one| &one.order).collect::<BTreeSet<_>>().len()
    }

    /// Long texts of which a part never came, by what they are about.
    pub fn torn(&self) -> Vec<String> {
        let whole = self.whole.lock().unwrap();
        let parts = self.parts.lock().unwrap();
        let begun: BTreeSet<&String> = parts.values().map(|parts| &parts.order).collect();
        begun.into_iter().filter(|order| !whole.contains(*order)).cloned().collect()
    }

    fn request(&self) -> (usize, Fate) {
        let mut requests = self.requests.lock().unwrap();
        *requests += 1;
        let fate = match self.chance.lock().unwrap().random_range(0..1000) {
            0..8 => Fate::LosesTheAnswer,
            8..14 => Fate::Busy,
            14..18 => Fate::HangsUp,
            18..60 => Fate::TakesSlowly(self.chance_of_wait()),
            _ => Fate::Takes,
        };
        (*requests, fate)
    }

    fn chance_of_wait(&self) -> u64 {
        20 + (self.arrived.lock().unwrap().len() as u64 * 37) % 200
    }

    /// Waits for good where somebody wants the request to stand.
    async fn at(&self, step: Step, number: usize) {
        if !self.is_wanted(step, number) {
            return;
        }
        self.reached.notify_one();
        if step != Step::Answered {
            std::future::pending().await
        }
    }

    fn is_wanted(&self, step: Step, number: usize) -> bool {
        let mut armed = self.armed.lock().unwrap();
        let wanted = armed.is_some_and(|(wanted, at)| wanted == step && number >= at);
        if wanted {
            *armed = None;
        }
        wanted
    }

    /// What the desk says of its own, that a way out is down, is not of the load.
    fn take(&self, order: Option<String>, marked: bool, name: Option<String>) {
        if let Some(order) = order {
            self.whole.lock().unwrap().insert(order.clone());
            self.arrive(order, marked, name);
        }
    }

    fn arrive(&self, order: String, marked: bool, name: Option<String>) {
        self.arrived.lock().unwrap().push(Arrived { order, marked, name });
    }
}

/// What a text is about: `Order n17 is blocked`.
fn order_in(text: &str) -> Option<String> {
    let (_, after) = text.split_once("Order n")?;
    let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
    Some(format!("n{digits}"))
}

fn is_marked(text: &str) -> bool {
    text.starts_with("(again?)")
}

async fn listen<F, S>(seed: u64, serve: F) -> (Arc<Sink>, u16)
where
    F: Fn(BufReader<TcpStream>, Arc<Sink>) -> S + Send + 'static,
    S: Future<Output = Option<()>> + Send + 'static,
{
    let sink = Sink::new(seed);
    let port = open(sink.clone(), serve).await;
    (sink, port)
}

/// One more way into a sink.
async fn open<F, S>(sink: Arc<Sink>, serve: F) -> u16
where
    F: Fn(BufReader<TcpStream>, Arc<Sink>) -> S + Send + 'static,
    S: Future<Output = Option<()>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = stream.set_nodelay(true);
            tokio::spawn(serve(BufReader::new(stream), sink.clone()));
        }
    });
    port
}

/// A gateway of Kannel's kind.
pub async fn kannel(seed: u64) -> (Arc<Sink>, u16) {
    listen(seed, |stream, sink| http(stream, sink, Http::Kannel)).await
}

/// The same beside another way out: what arrives by either is kept together.
pub async fn kannel_beside(sink: &Arc<Sink>) -> u16 {
    open(sink.clone(), |stream, sink| http(stream, sink, Http::Kannel)).await
}

/// A receiver of Standard Webhooks.
pub async fn webhook(seed: u64) -> (Arc<Sink>, u16) {
    listen(seed, |stream, sink| http(stream, sink, Http::Webhook)).await
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Http {
    Kannel,
    Webhook,
}

async fn http(mut stream: BufReader<TcpStream>, sink: Arc<Sink>, kind: Http) -> Option<()> {
    loop {
        let mut first = String::new();
        stream.read_line(&mut first).await.ok().filter(|read| *read > 0)?;
        let (number, fate) = sink.request();
        sink.at(Step::Half, number).await;
        let mut length = 0;
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).await.ok().filter(|read| *read > 0)?;
            if line == "\r\n" {
                break;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        if fate == Fate::HangsUp {
            return None;
        }
        stream.read_exact(&mut body).await.ok()?;
        if fate == Fate::Busy {
            let busy = "HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\ncontent-length: 0\r\n\r\n";
            stream.write_all(busy.as_bytes()).await.ok()?;
            continue;
        }
        match kind {
            Http::Kannel => {
                let target = first.split(' ').nth(1).unwrap();
                let url = reqwest::Url::parse(&format!("http://sink{target}")).unwrap();
                let field = |wanted: &str| {
                    let found = url.query_pairs().find(|(name, _)| name == wanted);
                    found.map(|(_, value)| value.into_owned())
                };
                let text = field("text").unwrap();
                sink.take(order_in(&text), is_marked(&text), None);
                // Of every other one the handset tells, also where the answer is lost.
                if let Some(url) = field("dlr-url").filter(|_| number % 2 == 0) {
                    tokio::spawn(report(url.replace("%d", "1").replace("%A", "")));
                }
            }
            Http::Webhook => {
                let message: serde_json::Value = serde_json::from_slice(&body).unwrap();
                let text = message["text"].as_str().or(message["body"].as_str()).unwrap();
                let name = message["idempotency_key"].as_str().unwrap().to_owned();
                sink.take(order_in(text), message["possible_duplicate"].as_bool().unwrap(), Some(name));
            }
        }
        sink.at(Step::Taken, number).await;
        match fate {
            Fate::LosesTheAnswer => return None,
            Fate::TakesSlowly(wait) => tokio::time::sleep(Duration::from_millis(wait)).await,
            _ => {}
        }
        let said = "0: Accepted for delivery";
        let answer = format!("HTTP/1.1 202 Accepted\r\ncontent-length: {}\r\n\r\n{said}", said.len());
        stream.write_all(answer.as_bytes()).await.ok()?;
        sink.at(Step::Answered, number).await;
    }
}

/// A delivery report, again and again until it is taken.
async fn report(url: String) {
    let client = super::desk::http();
    while !client.get(&url).send().await.is_ok_and(|answer| answer.status().is_success()) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A mail server.
pub async fn smtp(seed: u64) -> (Arc<Sink>, u16) {
    listen(seed, mail).await
}

async fn mail(mut stream: BufReader<TcpStream>, sink: Arc<Sink>) -> Option<()> {
    stream.write_all(b"220 sink\r\n").await.ok()?;
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok().filter(|read| *read > 0)?;
        let answer = match line.trim_end().to_ascii_uppercase().as_str() {
            "DATA" => {
                let (number, fate) = sink.request();
                if fate == Fate::Busy {
                    stream.write_all(b"451 4.7.1 come again\r\n").await.ok()?;
                    continue;
                }
                stream.write_all(b"354 go on\r\n").await.ok()?;
                let mut text = String::new();
                loop {
                    let mut line = String::new();
                    stream.read_line(&mut line).await.ok().filter(|read| *read > 0)?;
                    if line == ".\r\n" {
                        break;
                    }
                    if text.is_empty() {
                        sink.at(Step::Half, number).await;
                        if fate == Fate::HangsUp {
                            return None;
                        }
                    }
                    text.push_str(line.strip_prefix('.').unwrap_or(&line));
                }
                let read = mail_parser::MessageParser::default().parse(text.as_bytes()).unwrap();
                let words = format!("{} {}", read.subject().unwrap_or_default(), read.body_text(0).unwrap());
                sink.take(order_in(&words), false, Some(read.message_id().unwrap().to_owned()));
                sink.at(Step::Taken, number).await;
                match fate {
                    Fate::LosesTheAnswer => return None,
                    Fate::TakesSlowly(wait) => tokio::time::sleep(Duration::from_millis(wait)).await,
                    _ => {}
                }
                stream.write_all(b"250 2.0.0 Ok\r\n").await.ok()?;
                sink.at(Step::Answered, number).await;
                continue;
            }
            "QUIT" => {
                let _ = stream.write_all(b"221 bye\r\n").await;
                return None;
            }
            hello if hello.starts_with("EHLO") => "250-sink\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES\r\n",
            _ => "250 2.0.0 ok\r\n",
        };
        stream.write_all(answer.as_bytes()).await.ok()?;
    }
}

/// A message centre (SMPP 3.4), as far as a sender of texts meets it.
pub async fn smpp(seed: u64) -> (Arc<Sink>, u16) {
    listen(seed, centre).await
}

const THROTTLED: u32 = 0x58;

async fn centre(mut stream: BufReader<TcpStream>, sink: Arc<Sink>) -> Option<()> {
    loop {
        let head = wire::head(&mut stream).await?;
        if head.command != wire::SUBMIT_SM {
            wire::body(&mut stream, head).await?;
            let name: &[u8] = if head.command == wire::BIND_TRANSCEIVER { b"sink\0" } else { b"" };
            stream.write_all(&answer(head, 0, name)).await.ok()?;
            continue;
        }
        let (number, fate) = sink.request();
        sink.at(Step::Half, number).await;
        if fate == Fate::HangsUp {
            return None;
        }
        let submit = Submit::read(&wire::body(&mut stream, head).await?);
        // Seldom: who is told so goes slower for a quarter of a minute.
        if fate == Fate::Busy && number % 10 == 0 {
            stream.write_all(&answer(head, THROTTLED, b"")).await.ok()?;
            continue;
        }
        part(&sink, submit);
        sink.at(Step::Taken, number).await;
        match fate {
            Fate::LosesTheAnswer => return None,
            Fate::TakesSlowly(wait) => tokio::time::sleep(Duration::from_millis(wait / 10)).await,
            _ => {}
        }
        let name = format!("{number}\0");
        stream.write_all(&answer(head, 0, name.as_bytes())).await.ok()?;
        sink.at(Step::Answered, number).await;
    }
}

/// What a long text is about stands in its first part.
fn part(sink: &Sink, submit: Submit) {
    let text = words(&submit.octets, submit.data_coding);
    let Some((of, total, number)) = submit.part else {
        return sink.take(order_in(&text), is_marked(&text), None);
    };
    let key = (submit.reference, of);
    let mut parts = sink.parts.lock().unwrap();
    if number == 1 {
        let Some(order) = order_in(&text) else { return };
        sink.arrive(order.clone(), is_marked(&text), None);
        parts.insert(key.clone(), Parts { order, total, came: BTreeSet::new() });
    }
    let Some(one) = parts.get_mut(&key) else { return };
    one.came.insert(number);
    if one.came.len() == usize::from(one.total) {
        sink.whole.lock().unwrap().insert(one.order.clone());
    }
}
