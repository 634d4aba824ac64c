//! A message centre of a few lines that keeps the texts it took and behaves as it is told. What a real one does is
//! tested elsewhere.

use super::smpp_wire::{self as wire, Submit, answer, words};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// The parts of one text that have come, by their number.
type Parts = BTreeMap<u8, Vec<u8>>;

/// What becomes of the next texts, or of whoever comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    Take,
    /// Refuse them with this status.
    Say(u32),
    /// Take them and say nothing.
    Silence,
    TakeAndClose,
    /// Take them, and write these octets instead of an answer, over and over or once.
    TakeAndWrite(&'static [u8], bool),
    /// Take them; of the answer only the first octets come.
    TakeAndBreakOff,
    /// Refuse whoever comes with this status.
    Refuse(u32),
    /// Hang up before anything was read.
    Cut,
}

pub struct FakeSmsc {
    pub address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    then: Mutex<Then>,
    taken: Mutex<Vec<(String, String)>>,
    parts: Mutex<BTreeMap<(Vec<u8>, u8), Parts>>,
    connections: AtomicUsize,
}

impl FakeSmsc {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            then: Mutex::new(Then::Take),
            taken: Mutex::default(),
            parts: Mutex::default(),
            connections: AtomicUsize::new(0),
        });
        let of_server = shared.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                of_server.connections.fetch_add(1, Ordering::SeqCst);
                if of_server.then() != Then::Cut {
                    tokio::spawn(converse(BufReader::new(stream), of_server.clone()));
                }
            }
        });
        Self { address, shared }
    }

    pub fn then(&self, then: Then) {
        *self.shared.then.lock().unwrap() = then;
    }

    /// To whom and what, each text once all its parts came.
    pub fn taken(&self) -> Vec<(String, String)> {
        self.shared.taken.lock().unwrap().clone()
    }

    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }
}

impl Shared {
    fn then(&self) -> Then {
        *self.then.lock().unwrap()
    }

    fn take(&self, submit: Submit) {
        let Submit { to, data_coding, part, octets, reference } = submit;
        let whole = match part {
            None => Some(octets),
            Some((of, total, number)) => {
                let mut parts = self.parts.lock().unwrap();
                let came = parts.entry((reference, of)).or_default();
                came.insert(number, octets);
                (came.len() == usize::from(total)).then(|| came.values().flatten().copied().collect())
            }
        };
        if let Some(whole) = whole {
            self.taken.lock().unwrap().push((format!("+{to}"), words(&whole, data_coding)));
        }
    }
}

async fn converse(mut stream: BufReader<TcpStream>, shared: Arc<Shared>) -> Option<()> {
    loop {
        let head = wire::head(&mut stream).await?;
        let then = shared.then();
        if then == Then::Cut {
            return None;
        }
        let body = wire::body(&mut stream, head).await?;
        let octets = match (head.command, then) {
            (wire::BIND_TRANSCEIVER, Then::Refuse(status)) => answer(head, status, b""),
            (wire::BIND_TRANSCEIVER, _) => answer(head, 0, b"fake\0"),
            (wire::ENQUIRE_LINK | wire::UNBIND, _) => answer(head, 0, b""),
            (wire::SUBMIT_SM, Then::Say(status)) => answer(head, status, b""),
            (wire::SUBMIT_SM, then) => {
                shared.take(Submit::read(&body));
                let taken = answer(head, 0, b"7\0");
                match then {
                    Then::Silence => continue,
                    Then::TakeAndClose => return None,
                    Then::TakeAndBreakOff => {
                        stream.write_all(&taken[..9]).await.ok()?;
                        return None;
                    }
                    Then::TakeAndWrite(octets, endless) => loop {
                        stream.write_all(octets).await.ok()?;
                        if !endless {
                            return std::future::pending().await;
                        }
                    },
                    _ => taken,
                }
            }
            _ => continue,
        };
        stream.write_all(&octets).await.ok()?;
    }
}
