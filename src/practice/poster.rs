//! Posts the recorded day to the agent's intake, signed as Standard Webhooks wants it.
//!
//! The signing is written here once more on purpose: an outside party has its own, and two that
//! agree prove more than one that agrees with itself.

use crate::practice::day::Day;
use crate::practice::{Contacts, Haste, Post, keep};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use hmac::{Hmac, Mac};
use jiff::Timestamp;
use reqwest::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use sha2::Sha256;
use std::time::Duration;

/// Whom to post to, and how.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Such as `http://127.0.0.1:8787/v1/events/community`.
    pub intake_url: String,
    /// `whsec_…`; without one the events go unsigned.
    pub secret: Option<SecretString>,
    /// Where the SMS gateway hands on what handsets send back, and what it proves itself with.
    pub inbound: Option<(String, SecretString)>,
    /// Makes ids that no other run has, and the small differences in pace.
    pub seed: u64,
    pub pace: Pace,
    /// How often the day is posted before the community falls silent.
    pub rounds: u32,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    /// As it was recorded, give or take a tenth, or in a share of that time.
    Recorded(Haste),
    /// One event after the other.
    AtOnce,
}

impl Settings {
    /// As a demonstration runs: at the recorded pace, for some days.
    pub fn demo(intake_url: String, secret: SecretString, seed: u64) -> Self {
        let pace = Pace::Recorded(Haste::REAL);
        Self { intake_url, secret: Some(secret), inbound: None, seed, pace, rounds: 200 }
    }

    /// The same as another source of the desk; all of them share the secret.
    pub(super) fn of_source(&self, source: Option<&str>) -> Settings {
        let mut settings = self.clone();
        if let (Some(source), Some((base, _))) = (source, self.intake_url.rsplit_once('/')) {
            settings.intake_url = format!("{base}/{source}");
        }
        settings
    }
}

/// How often an event is tried while the agent does not answer; it may still be starting.
const TRIES: u32 = 120;

pub(super) async fn day(
    day: &Day,
    post: &Post,
    contacts: &Contacts,
    settings: &Settings,
    client: &reqwest::Client,
) {
    for round in 0..settings.rounds {
        let mut before = 0.0;
        for (line, entry) in day.entries().iter().enumerate() {
            let run = format!("{:x}-{round}-{line}", settings.seed);
            if let Pace::Recorded(haste) = settings.pace {
                let own = (settings.seed ^ (line as u64 * 7919)) % 21;
                let pause = (entry.at - before) * (0.9 + own as f64 / 100.0);
                tokio::time::sleep(haste.of(pause)).await;
            }
            before = entry.at;
            if let Some(author) = entry.author() {
                contacts.join(author);
            }
            tell(post, settings, client, &run, entry.event(&run, round, Timestamp::now())).await;
        }
    }
}

/// Posts one event, and remembers it as the community does what it has said.
pub(super) async fn tell(post: &Post, settings: &Settings, client: &reqwest::Client, id: &str, event: Value) {
    let body = event.to_string();
    keep(&post.posted, event);
    if let Err(why) = deliver(settings, client, id, &body).await {
        tracing::warn!(event = %id, %why, "the practice community could not post an event");
    }
}

/// Tries until the desk takes the event or says that it never will.
async fn deliver(settings: &Settings, client: &reqwest::Client, id: &str, body: &str) -> Result<(), String> {
    let mut last = String::new();
    for _ in 0..TRIES {
        // A retry is signed anew, since a signature ages.
        let mut request = client
            .post(&settings.intake_url)
            .header("content-type", "application/cloudevents+json; charset=utf-8")
            .body(body.to_owned());
        if let Some(secret) = &settings.secret {
            let at = Timestamp::now().as_second();
            let signature = sign(secret, id, at, body).ok_or("the secret is no base64")?;
            request = request
                .header("webhook-id", id)
                .header("webhook-timestamp", at)
                .header("webhook-signature", signature);
        }
        let pause = match request.send().await {
            Ok(answer) if answer.status().is_success() => return Ok(()),
            Ok(answer) => {
                let status = answer.status();
                let after = answer.headers().get("retry-after").and_then(|value| value.to_str().ok());
                let after: u64 = after.and_then(|text| text.parse().ok()).unwrap_or(1);
                last = format!("{status}");
                if status != StatusCode::TOO_MANY_REQUESTS && !status.is_server_error() {
                    return Err(last);
                }
                Duration::from_secs(after.min(30))
            }
            Err(error) => {
                last = error.to_string();
                Duration::from_millis(250)
            }
        };
        tokio::time::sleep(pause).await;
    }
    Err(last)
}

fn sign(secret: &SecretString, id: &str, at: i64, body: &str) -> Option<String> {
    let text = secret.expose_secret();
    let text = text.strip_prefix("whsec_").unwrap_or(text).trim_end_matches('=');
    let mut mac = Hmac::<Sha256>::new_from_slice(&STANDARD_NO_PAD.decode(text).ok()?).ok()?;
    mac.update(format!("{id}.{at}.{body}").as_bytes());
    Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}
