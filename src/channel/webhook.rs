//! POSTs each message to an address of the operator's choosing, signed as the Standard Webhooks
//! specification (v1) says, so that any chat, pager or script can be a way out.

use super::http;
use super::{Acceptance, Answer, Channel, Outgoing};
use crate::core::contact::Medium;
use crate::core::notification::{Attachment, Fault, Purpose};
use crate::core::sms;
use crate::core::text::Untrusted;
use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, Mac as _};
use jiff::Timestamp;
use reqwest::{Client, StatusCode, Url};
use secrecy::{ExposeSecret as _, SecretSlice, SecretString};
use serde::Serialize;
use sha2::Sha256;
use std::time::Duration;

/// Where the messages go.
#[derive(Clone, Debug)]
pub struct Settings {
    pub url: String,
    /// `whsec_` and base64; without one the messages are not signed.
    pub secret: Option<SecretString>,
    /// For one request, from connecting to the last byte of the answer.
    pub timeout: Duration,
    pub connections: usize,
}

/// Why the webhook cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BadSettings {
    #[error("the webhook's url must be an http or https address, such as https://example.net/hook")]
    Url,
    #[error("the webhook's secret must be whsec_ followed by base64; `openssl rand -base64 32` makes one")]
    Secret,
    #[error("the webhook's HTTP client cannot be set up: {0}")]
    Client(String),
}

/// A signed POST of the message as JSON.
pub struct Webhook {
    url: Url,
    /// Keyed with the secret.
    mac: Option<Hmac<Sha256>>,
    client: Client,
    connections: usize,
}

/// The body of the POST.
#[derive(Serialize)]
struct Payload<'a> {
    id: String,
    attempt: u32,
    medium: Medium,
    to: &'a str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    html: Option<&'a str>,
    #[serde(skip_serializing_if = "<[Attachment]>::is_empty")]
    attachments: &'a [Attachment],
    purpose: Purpose,
    urgent: bool,
    idempotency_key: &'a str,
    possible_duplicate: bool,
    created_at: Timestamp,
}

impl Webhook {
    pub fn new(settings: Settings) -> Result<Self, BadSettings> {
        let Settings { url, secret, timeout, connections } = settings;
        let url = http::parse_url(&url).ok_or(BadSettings::Url)?;
        let mac = secret.as_ref().map(keyed).transpose()?;
        let connections = connections.max(1);
        let client = http::client(&url, timeout, connections).map_err(BadSettings::Client)?;
        Ok(Self { url, mac, client, connections })
    }
}

#[async_trait]
impl Channel for Webhook {
    async fn send(&self, message: &Outgoing) -> Answer {
        let body = match serde_json::to_vec(&payload(message)) {
            Ok(body) => body,
            Err(e) => {
                return Answer::Refused {
                    said: format!("the message cannot be written as JSON: {e}"),
                    fault: Fault::Message,
                };
            }
        };
        let now = Timestamp::now();
        let id = &message.idempotency_key;
        let timestamp = now.as_second().to_string();
        let mut request = self
            .client
            .post(self.url.clone())
            .header("content-type", "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", &timestamp);
        if let Some(mac) = &self.mac {
            request = request.header("webhook-signature", sign(mac, id, &timestamp, &body));
        }
        match request.body(body).send().await {
            Err(e) => http::unanswered(e),
            Ok(response) => {
                let pause = http::retry_after(response.headers(), now);
                let (status, text) = http::said(response).await;
                judge(status, text, pause, parts(message))
            }
        }
    }

    fn connections(&self) -> usize {
        self.connections
    }
}

fn payload(message: &Outgoing) -> Payload<'_> {
    Payload {
        id: message.notification.to_string(),
        attempt: message.attempt,
        medium: message.medium,
        to: &message.address,
        name: message.name.raw(),
        subject: (!message.subject.is_empty()).then(|| message.subject.raw()),
        text: message.body.raw(),
        html: message.html.as_ref().map(Untrusted::raw),
        attachments: &message.attachments,
        purpose: message.purpose,
        urgent: message.urgent,
        idempotency_key: &message.idempotency_key,
        possible_duplicate: message.possible_duplicate,
        created_at: message.created_at,
    }
}

fn judge(status: StatusCode, text: String, after: Option<Duration>, parts: u32) -> Answer {
    let said = format!("{status} {text}").trim_end().to_owned();
    match status.as_u16() {
        200..=299 => Answer::Accepted(Acceptance { said, parts, ..Acceptance::default() }),
        408 | 425 | 429 | 503 => Answer::Deferred { said, after },
        // A server or a gateway before it that failed on the way may have passed the message on
        // first (RFC 9110, sections 15.6.1, 15.6.3 and 15.6.5).
        500..=599 => Answer::Unknown { said },
        // Nothing was taken, and only the configuration has to change.
        300..=399 => {
            Answer::Deferred { said: format!("{said}: the address has moved; change the url"), after }
        }
        _ => Answer::Refused { said, fault: Fault::Message },
    }
}

fn parts(message: &Outgoing) -> u32 {
    match message.medium {
        Medium::Email => 1,
        Medium::Sms => u32::try_from(sms::segments(message.body.raw()).parts.len()).unwrap_or(u32::MAX),
    }
}

fn keyed(secret: &SecretString) -> Result<Hmac<Sha256>, BadSettings> {
    let coded = secret.expose_secret();
    let coded = coded.strip_prefix("whsec_").unwrap_or(coded);
    match BASE64.decode(coded).map(SecretSlice::from) {
        Ok(key) if !key.expose_secret().is_empty() => {
            Hmac::new_from_slice(key.expose_secret()).map_err(|_| BadSettings::Secret)
        }
        _ => Err(BadSettings::Secret),
    }
}

/// `v1,` and the base64 of HMAC-SHA256 over `{id}.{timestamp}.{body}`.
fn sign(mac: &Hmac<Sha256>, id: &str, timestamp: &str, body: &[u8]) -> String {
    let mac = mac.clone().chain_update(format!("{id}.{timestamp}.")).chain_update(body);
    format!("v1,{}", BASE64.encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_the_specification() {
        let mac = keyed(&"whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD".into()).unwrap();
        let body = br#"{"email":"test@example.com","username":"test_user"}"#;
        assert_eq!(
            sign(&mac, "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk", "1649367553", body),
            "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw="
        );
    }

    #[test]
    fn bad_settings_are_full_sentences_without_the_secret() {
        let settings = |url: &str, secret: &str| Settings {
            url: url.into(),
            secret: Some(secret.into()),
            timeout: Duration::from_secs(1),
            connections: 1,
        };
        assert!(matches!(Webhook::new(settings("ftp://x", "whsec_aGk=")), Err(BadSettings::Url)));
        let refused = Webhook::new(settings("http://x/", "whsec_hush hush")).err().unwrap();
        assert!(!refused.to_string().contains("hush"));
    }
}
