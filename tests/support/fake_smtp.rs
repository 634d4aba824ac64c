//! An SMTP server of a few lines that keeps the mails it took and fails at any step as it is told.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Greeting,
    Ehlo,
    StartTls,
    Auth,
    Mail,
    Rcpt,
    Data,
    /// Within the text, after its first line.
    Text,
    Dot,
}

/// What happens instead of the usual answer.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    Say(&'static str),
    Hang,
    Close,
}

#[derive(Clone, Debug, Default)]
pub struct Taken {
    pub mail_from: String,
    pub rcpt_to: String,
    /// As it came, without the dot and with dots unstuffed.
    pub text: String,
}

pub struct FakeSmtp {
    pub address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    fault: Mutex<Option<(Step, Fault)>>,
    offers: &'static [&'static str],
    taken: Mutex<Vec<Taken>>,
    commands: Mutex<Vec<String>>,
    connections: AtomicUsize,
    hang_up: watch::Sender<u64>,
}

impl FakeSmtp {
    /// `offers` are the keywords of the answer to EHLO.
    pub async fn start(offers: &'static [&'static str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            fault: Mutex::default(),
            offers,
            taken: Mutex::default(),
            commands: Mutex::default(),
            connections: AtomicUsize::new(0),
            hang_up: watch::channel(0).0,
        });
        let of_server = shared.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                of_server.connections.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(stream, of_server.clone()));
            }
        });
        Self { address, shared }
    }

    pub fn fail(&self, at: Step, with: Fault) {
        *self.shared.fault.lock().unwrap() = Some((at, with));
    }

    pub fn work(&self) {
        *self.shared.fault.lock().unwrap() = None;
    }

    /// Closes every connection that waits for a command.
    pub fn hang_up(&self) {
        self.shared.hang_up.send_modify(|n| *n += 1);
    }

    pub fn taken(&self) -> Vec<Taken> {
        self.shared.taken.lock().unwrap().clone()
    }

    pub fn commands(&self) -> Vec<String> {
        self.shared.commands.lock().unwrap().clone()
    }

    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }
}

async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    // A broken connection ends the conversation; that is all there is to do.
    let _ = converse(BufReader::new(stream), &shared).await;
}

async fn converse(mut stream: BufReader<TcpStream>, shared: &Shared) -> Option<()> {
    let mut hang_up = shared.hang_up.subscribe();
    answer(&mut stream, shared, Step::Greeting, "220 fake").await?;
    let mut mail = Taken::default();
    loop {
        let mut line = String::new();
        tokio::select! {
            read = stream.read_line(&mut line) => { read.ok().filter(|n| *n > 0)?; }
            _ = hang_up.changed() => return None,
        }
        let line = line.trim_end().to_owned();
        shared.commands.lock().unwrap().push(line.clone());
        let upper = line.to_ascii_uppercase();
        if upper.starts_with("EHLO") {
            let mut lines: Vec<String> = shared.offers.iter().map(|offer| format!("250-{offer}")).collect();
            lines.insert(0, "250-fake at your service".into());
            lines.push("250 HELP".into());
            answer(&mut stream, shared, Step::Ehlo, &lines.join("\r\n")).await?;
        } else if upper == "STARTTLS" {
            answer(&mut stream, shared, Step::StartTls, "220 go on").await?;
        } else if upper.starts_with("AUTH") {
            answer(&mut stream, shared, Step::Auth, "235 welcome").await?;
        } else if upper.starts_with("MAIL FROM:") {
            mail = Taken { mail_from: line["MAIL FROM:".len()..].into(), ..Taken::default() };
            answer(&mut stream, shared, Step::Mail, "250 ok").await?;
        } else if upper.starts_with("RCPT TO:") {
            mail.rcpt_to = line["RCPT TO:".len()..].into();
            answer(&mut stream, shared, Step::Rcpt, "250 ok").await?;
        } else if upper == "DATA" {
            let go_on = answer(&mut stream, shared, Step::Data, "354 go on").await?;
            if !go_on {
                continue;
            }
            loop {
                let mut line = String::new();
                stream.read_line(&mut line).await.ok().filter(|n| *n > 0)?;
                if line == ".\r\n" {
                    break;
                }
                mail.text.push_str(line.strip_prefix('.').unwrap_or(&line));
                fault(&mut stream, shared, Step::Text).await?;
            }
            shared.taken.lock().unwrap().push(mail.clone());
            answer(&mut stream, shared, Step::Dot, "250 2.0.0 Ok: queued as Q7").await?;
        } else if upper == "QUIT" {
            answer(&mut stream, shared, Step::Ehlo, "221 bye").await?;
            return None;
        } else {
            answer(&mut stream, shared, Step::Ehlo, "250 ok").await?;
        }
    }
}

/// `Some(true)`: the usual answer was given; `Some(false)`: another one; `None`: the connection ends.
async fn answer(stream: &mut BufReader<TcpStream>, shared: &Shared, step: Step, usual: &str) -> Option<bool> {
    if fault(stream, shared, step).await? {
        return Some(false);
    }
    stream.write_all(format!("{usual}\r\n").as_bytes()).await.ok().map(|()| true)
}

async fn fault(stream: &mut BufReader<TcpStream>, shared: &Shared, step: Step) -> Option<bool> {
    let fault = shared.fault.lock().unwrap().filter(|(at, _)| *at == step).map(|(_, fault)| fault);
    match fault {
        None => Some(false),
        Some(Fault::Say(line)) => {
            stream.write_all(format!("{line}\r\n").as_bytes()).await.ok().map(|()| true)
        }
        Some(Fault::Hang) => std::future::pending().await,
        Some(Fault::Close) => None,
    }
}
