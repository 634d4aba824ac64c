//! Keeps one session to the centre: connects, binds, comes back by itself, slower each time, and leaves when
//! it is no longer wanted.

use super::pdu::{Bind, Frame, Pdu};
use super::session::{self, Ear, Limits, Line, Session, Wire};
use super::status;
use crate::channel::http::clip;
use rustls::pki_types::ServerName;
use secrecy::{ExposeSecret as _, SecretString};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};
use tokio_rustls::TlsConnector;
use tokio_util::sync::CancellationToken;

/// Between two tries to get in.
const AGAIN: [Duration; 8] = [
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(5),
    Duration::from_secs(10),
    Duration::from_secs(20),
    Duration::from_secs(30),
];
/// A login that was refused is tried less often: many centres lock accounts.
const REFUSED_AGAIN: Duration = Duration::from_secs(60);

/// Where the centre is, and who we are to it.
pub struct Door {
    pub host: String,
    pub port: u16,
    /// `None`: unprotected.
    pub tls: Option<(TlsConnector, ServerName<'static>)>,
    pub user: String,
    pub password: SecretString,
    pub system_type: String,
    pub limits: Limits,
}

/// Whether there is a session.
#[derive(Clone)]
pub enum State {
    /// Not yet, or not at the moment.
    Opening {
        failures: u32,
        said: String,
    },
    /// The centre does not let us in; it is asked again then.
    Refused {
        said: String,
        again: Instant,
    },
    Bound(Arc<Session>),
}

/// Why there is no session.
struct Failed {
    said: String,
    /// Somebody must change something first.
    refused: bool,
}

/// Runs until `stop`; what is heard goes to `ear`, what stands to `state`.
pub async fn keep(door: &Door, state: &watch::Sender<State>, ear: Ear<'_>, stop: &CancellationToken) {
    let mut failures: u32 = 0;
    loop {
        let opened = tokio::select! {
            opened = door.open() => opened,
            () = stop.cancelled() => return,
        };
        let pause = match opened {
            Ok(line) => {
                tracing::info!(host = door.host, port = door.port, "bound to the SMSC");
                let session = line.session.clone();
                state.send_replace(State::Bound(session.clone()));
                let said = line.run(ear, stop.cancelled()).await;
                // One that says nothing and hangs up is as good as none.
                if session.was_useful() {
                    failures = 0;
                }
                tracing::info!(host = door.host, port = door.port, said, "the session with the SMSC ended");
                let pause = again(failures);
                failures = failures.saturating_add(1);
                // A session that just ended is no failure yet: the next one may stand at once.
                state.send_replace(State::Opening { failures: failures.saturating_sub(1), said });
                pause
            }
            Err(Failed { said, refused: true }) => {
                tracing::warn!(host = door.host, port = door.port, said, "the SMSC does not let us in");
                state.send_replace(State::Refused { said, again: Instant::now() + REFUSED_AGAIN });
                REFUSED_AGAIN
            }
            Err(Failed { said, refused: false }) => {
                tracing::warn!(host = door.host, port = door.port, said, "no session with the SMSC");
                let pause = again(failures);
                failures = failures.saturating_add(1);
                state.send_replace(State::Opening { failures, said });
                pause
            }
        };
        tokio::select! {
            () = sleep(pause) => {}
            () = stop.cancelled() => return,
        }
    }
}

fn again(failures: u32) -> Duration {
    let last = AGAIN.len() - 1;
    AGAIN[usize::try_from(failures).map_or(last, |failures| failures.min(last))]
}

impl Door {
    /// Connects and binds, each within the limit.
    async fn open(&self) -> Result<Line, Failed> {
        let limit = self.limits.timeout;
        let place = format!("{}:{}", self.host, self.port);
        let later = |said: String| Failed { said: clip(&said), refused: false };
        let connecting = async {
            let tcp = TcpStream::connect((self.host.as_str(), self.port))
                .await
                .map_err(|e| later(format!("no connection to {place}: {e}")))?;
            // A message is small and its answer is waited for.
            let _ = tcp.set_nodelay(true);
            let wire: Box<dyn Wire> = match &self.tls {
                None => Box::new(tcp),
                Some((connector, name)) => {
                    let secured = connector.connect(name.clone(), tcp).await;
                    Box::new(secured.map_err(|e| later(format!("TLS with {place} failed: {e}")))?)
                }
            };
            Ok(wire)
        };
        let mut wire = timeout(limit, connecting)
            .await
            .map_err(|_| later(format!("no connection to {place} in time")))??;
        match timeout(limit, self.bind(&mut wire)).await {
            Ok(Ok(0)) => Ok(session::over(wire, self.tls.is_none(), self.limits)),
            Ok(Ok(refusal)) => Err(Failed {
                said: format!("{place} refused the bind: {}", status::words(refusal)),
                refused: matches!(refusal, 0x0d | 0x0e | 0x0f | 0x53),
            }),
            Ok(Err(why)) => Err(later(format!("no bind with {place}: {why}"))),
            Err(_) => Err(later(format!("{place} did not answer the bind in time"))),
        }
    }

    /// The status of the answer.
    async fn bind(&self, wire: &mut Box<dyn Wire>) -> Result<u32, String> {
        let bind = Bind {
            system_id: self.user.clone(),
            password: self.password.expose_secret().to_owned(),
            system_type: self.system_type.clone(),
        };
        let request = Frame { status: 0, sequence: 1, pdu: Pdu::BindTransceiver(bind) };
        session::put(wire, &request).await.map_err(|e| e.to_string())?;
        loop {
            match session::next(wire, self.limits.timeout).await? {
                Ok(Frame { status, pdu: Pdu::BindTransceiverResp { .. }, .. }) => return Ok(status),
                // A refusal without a status is one all the same.
                Ok(Frame { status, pdu: Pdu::GenericNack, .. }) => return Ok(status.max(1)),
                // Nothing else may come before it; what does is not for us.
                Ok(_) | Err(_) => {}
            }
        }
    }
}
