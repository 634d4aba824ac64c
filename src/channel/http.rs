//! What the channels that speak HTTP share: one client with limits on every wait, and an honest
//! reading of what a failure proves.
//!
//! Only a failure to connect proves that nothing was sent. Every other failure comes after the
//! request may have left, so the message may go out: [`Answer::Unknown`].

use super::Answer;
use crate::core::notification::Fault;
use crate::core::text::sanitise;
use jiff::Timestamp;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode, Url};
use std::error::Error;
use std::time::Duration;

/// How long an answer's text may be before it is cut.
const MAX_SAID: usize = 240;
/// How much of an answer is read at all.
const MAX_READ: usize = 4096;
/// A pause asked for by a provider is honoured up to here.
pub(super) const MAX_PAUSE: Duration = Duration::from_secs(3600);
/// Connecting takes longer than this only where something is broken.
const MAX_CONNECT: Duration = Duration::from_secs(10);
/// Idle connections are closed before most servers would close them.
const IDLE: Duration = Duration::from_secs(30);

/// A client for one provider. It follows no redirect: a signed or secret request goes only where the
/// configuration says.
pub fn client(url: &Url, timeout: Duration, connections: usize) -> Result<Client, String> {
    let tls = super::tls::client_config(None).map_err(|e| e.to_string())?;
    let mut builder = Client::builder()
        .tls_backend_preconfigured(tls)
        .user_agent(concat!("nightdesk/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        // Shorter than the whole, so that a connection that never comes up is seen as that.
        .connect_timeout((timeout / 2).min(MAX_CONNECT))
        .timeout(timeout)
        .pool_max_idle_per_host(connections)
        .pool_idle_timeout(IDLE);
    if url.host_str().is_some_and(is_this_machine) {
        builder = builder.no_proxy();
    }
    builder.build().map_err(|e| chain(&e.without_url()))
}

/// An `http` or `https` address with a host.
pub(super) fn parse_url(url: &str) -> Option<Url> {
    Url::parse(url).ok().filter(|u| matches!(u.scheme(), "http" | "https") && u.has_host())
}

/// Whether the host can only be this machine.
pub(super) fn is_this_machine(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}

/// Why no answer came. The address may carry a password, and is left out.
pub(super) fn why(error: reqwest::Error) -> String {
    chain(&error.without_url())
}

/// What it means that no answer came.
pub(super) fn unanswered(error: reqwest::Error) -> Answer {
    let (connect, builder, timeout) = (error.is_connect(), error.is_builder(), error.is_timeout());
    let why = why(error);
    if connect {
        Answer::Deferred { said: format!("no connection: {why}"), after: None }
    } else if builder {
        Answer::Refused { said: format!("the request cannot be written: {why}"), fault: Fault::Message }
    } else if timeout {
        Answer::Unknown { said: format!("no answer in time: {why}") }
    } else {
        Answer::Unknown { said: format!("the connection broke before the answer: {why}") }
    }
}

/// The status and the beginning of an answer's text, safe to show. Its status stands even if the
/// text never comes.
pub(super) async fn said(response: Response) -> (StatusCode, String) {
    let status = response.status();
    let body = body(response, MAX_READ).await;
    (status, clip(String::from_utf8_lossy(&body).trim()))
}

/// The beginning of an answer's body, as far as it came; nobody is made to read more than `most` octets.
pub(super) async fn body(mut response: Response, most: usize) -> Vec<u8> {
    let mut body = Vec::new();
    while body.len() < most {
        match response.chunk().await {
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) | Err(_) => break,
        }
    }
    body.truncate(most);
    body
}

/// The pause the server asks for (RFC 9110 §10.2.3): seconds or a date, never more than an hour.
pub(super) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let asked = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let pause = match asked.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let until = jiff::fmt::rfc2822::parse(asked).ok()?.timestamp();
            Duration::try_from(until.duration_since(now)).unwrap_or(Duration::ZERO)
        }
    };
    Some(pause.min(MAX_PAUSE))
}

/// Somebody else's words on one printable line of bounded length.
pub(super) fn clip(text: &str) -> String {
    let text = sanitise(text);
    match text.char_indices().nth(MAX_SAID) {
        None => text.into_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

fn chain(error: &dyn Error) -> String {
    let mut said = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_said = cause.to_string();
        if !said.contains(&cause_said) {
            said = format!("{said}: {cause_said}");
        }
        source = cause.source();
    }
    clip(&said)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_read_in_seconds_or_as_a_date_and_never_exceeds_an_hour() {
        let now: Timestamp = "2026-02-03T04:05:06Z".parse().unwrap();
        let asked = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, reqwest::header::HeaderValue::from_static(value));
            retry_after(&headers, now)
        };
        assert_eq!(asked("120"), Some(Duration::from_secs(120)));
        assert_eq!(asked("99999999"), Some(MAX_PAUSE));
        assert_eq!(asked("Tue, 03 Feb 2026 04:06:06 GMT"), Some(Duration::from_secs(60)));
        assert_eq!(asked("Tue, 03 Feb 2026 04:00:00 GMT"), Some(Duration::ZERO));
        assert_eq!(asked("soon"), None);
    }
}
