//! An HTTP server of a few lines that keeps what it was sent and answers, or fails, as it is told.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

#[derive(Clone, Debug, Default)]
pub struct Request {
    pub method: String,
    pub target: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    pub fn query(&self) -> Vec<(String, String)> {
        let url = reqwest::Url::parse(&format!("http://fake{}", self.target)).unwrap();
        url.query_pairs().into_owned().collect()
    }
}

/// Decides by the request what happens next.
pub type Decide = Arc<dyn Fn(&Request) -> Then + Send + Sync>;

/// What happens after a whole request was read.
#[derive(Clone)]
#[allow(dead_code, reason = "other tests use the rest")]
pub enum Then {
    /// Status line, further header lines, text.
    Answer(&'static str, &'static str, &'static str),
    /// The same, made up as it goes along.
    Tell(String, String, String),
    Hang,
    Close,
    /// Before anything is read.
    Cut,
    /// These octets as they are; then the connection is closed.
    Raw(Vec<u8>),
    /// A status line and a text of so many megabytes.
    Flood(&'static str, usize),
    Decide(Decide),
}

pub struct FakeHttp {
    pub address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    then: Mutex<Then>,
    requests: Mutex<Vec<Request>>,
    connections: AtomicUsize,
    arrived: Notify,
}

impl FakeHttp {
    pub async fn start(then: Then) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            then: Mutex::new(then),
            requests: Mutex::default(),
            connections: AtomicUsize::new(0),
            arrived: Notify::new(),
        });
        let of_server = shared.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                of_server.connections.fetch_add(1, Ordering::SeqCst);
                if !matches!(*of_server.then.lock().unwrap(), Then::Cut) {
                    tokio::spawn(serve(stream, of_server.clone()));
                }
            }
        });
        Self { address, shared }
    }

    pub fn then(&self, then: Then) {
        *self.shared.then.lock().unwrap() = then;
    }

    pub fn requests(&self) -> Vec<Request> {
        self.shared.requests.lock().unwrap().clone()
    }

    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// Waits for the first request that fits.
    #[allow(dead_code)]
    pub async fn wait_for(&self, fits: impl Fn(&Request) -> bool) -> Request {
        let found = async {
            loop {
                let arrived = self.shared.arrived.notified();
                if let Some(request) = self.requests().into_iter().find(&fits) {
                    return request;
                }
                arrived.await;
            }
        };
        let deadline = std::time::Duration::from_secs(20);
        let waited = tokio::time::timeout(deadline, found).await;
        waited.unwrap_or_else(|_| panic!("no such request came; there were {:?}", self.requests()))
    }
}

async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    let mut stream = BufReader::new(stream);
    while let Some(request) = read(&mut stream).await {
        let mut then = shared.then.lock().unwrap().clone();
        if let Then::Decide(decide) = then {
            then = decide(&request);
        }
        shared.requests.lock().unwrap().push(request);
        shared.arrived.notify_waiters();
        let answer = match then {
            Then::Close | Then::Cut | Then::Decide(_) => return,
            Then::Hang => std::future::pending().await,
            Then::Answer(status, headers, text) => answer(status, headers, text),
            Then::Tell(status, headers, text) => answer(&status, &headers, &text),
            Then::Raw(octets) => {
                // Whoever hung up first, the conversation is over.
                let _ = stream.write_all(&octets).await;
                return;
            }
            Then::Flood(status, megabytes) => {
                let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n", megabytes << 20);
                let _ = stream.write_all(head.as_bytes()).await;
                for _ in 0..megabytes * 16 {
                    if stream.write_all(&[b'x'; 1 << 16]).await.is_err() {
                        return;
                    }
                }
                continue;
            }
        };
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

fn answer(status: &str, headers: &str, text: &str) -> String {
    let length = text.len();
    format!("HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\n\r\n{text}")
}

async fn read(stream: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok().filter(|n| *n > 0)?;
    let mut words = line.split_whitespace().map(str::to_owned);
    let mut request = Request { method: words.next()?, target: words.next()?, ..Request::default() };
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok().filter(|n| *n > 0)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        request.headers.push((name.to_lowercase(), value.trim().to_owned()));
    }
    let length = request.header("content-length").and_then(|l| l.parse().ok()).unwrap_or(0);
    request.body = vec![0; length];
    stream.read_exact(&mut request.body).await.ok()?;
    Some(request)
}
