//! Sends SMS through Twilio, or a provider with the same interface, and reads its signed status callbacks
//! and the texts it hands on.
//!
//! Our own name rides in the `StatusCallback`, so that a callback finds its message even where Twilio's
//! answer was lost. What was lost is looked for among the messages to the same number. (Twilio docs,
//! "Message resource", "Outbound message status in status callbacks", "Error and warning dictionary")

mod signature;

use super::codes::{in_words, twilio as codes};
use super::http;
use super::named::Named;
use super::texts::{is_number, is_word, text_of};
use super::{
    Acceptance, Answer, Callback, CallbackRefused, Channel, Found, Lost, Outgoing, Receipt, Written,
};
use crate::core::contact::Medium;
use crate::core::notification::{Fault, Rung};
use crate::core::sms;
use crate::core::text::sanitise;
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use reqwest::header::{DATE, HeaderMap};
use reqwest::{Client, RequestBuilder, Response, StatusCode, Url};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use signature::{Form, is_genuine};
use std::time::Duration;

/// How much of an answer about one message is read.
const MAX_MESSAGE: usize = 64 << 10;
/// How much of a page of a listing is read.
const MAX_PAGE: usize = 2 << 20;
/// Pages of a listing that are looked through; a number that got more since was not lost sight of.
const MAX_PAGES: usize = 5;

/// Twilio's clock is told in whole seconds, and so is when a message was made.
const SLACK: SignedDuration = SignedDuration::from_secs(2);
/// What Twilio writes before the texts of a trial account.
const TRIAL: &str = "Sent from your Twilio trial account - ";

/// Whose account, and where its callbacks come in.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `https://api.twilio.com`.
    pub url: String,
    /// `AC…`.
    pub account: String,
    /// Of the account: Twilio signs its callbacks with it, and it lets us in where there is no `api_key`.
    pub auth_token: SecretString,
    /// `SK…` and its secret, to come in with instead.
    pub api_key: Option<(String, SecretString)>,
    pub sender: Sender,
    /// A text that did not get through by then is dropped; without it Twilio's own limit holds.
    pub valid_for: Option<Duration>,
    /// This agent's `/v1/receipts/{channel}` as Twilio reaches it; without it no callbacks are asked for.
    pub receipts_url: Option<String>,
    /// This agent's `/v1/inbound/{channel}` as Twilio reaches it.
    pub inbound_url: String,
    /// Signs our names in the callbacks.
    pub receipt_key: SecretString,
    /// For one request, from connecting to the last byte of the answer.
    pub timeout: Duration,
    pub connections: usize,
}

/// Whom handsets show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sender {
    /// A number, a short code, or up to eleven letters and digits.
    From(String),
    /// `MG…`: Twilio picks one of its senders.
    Service(String),
}

/// Why Twilio cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BadSettings {
    #[error("the url of Twilio must be an http or https address, such as https://api.twilio.com")]
    Url,
    #[error(
        "{0:?} is no address that Twilio could call; [intake] public_url is how it reaches this agent, such as https://desk.example.org"
    )]
    PublicUrl(String),
    #[error(
        "the Twilio account {0:?} must be its SID of letters and digits, such as AC followed by 32 of them"
    )]
    Account(String),
    #[error("the Twilio auth_token is empty; it stands beside the account's SID in Twilio's console")]
    Token,
    #[error("the SMS sender {0:?} must be a number or at most eleven letters and digits")]
    From(String),
    #[error("valid_for is between one second and ten hours; that is what Twilio takes")]
    ValidFor,
    #[error("the receipt key is empty; without one anybody could forge a delivery report")]
    ReceiptKey,
    #[error("the HTTP client for Twilio cannot be set up: {0}")]
    Client(String),
}

/// One account.
pub struct Twilio {
    /// Of its messages.
    messages: Url,
    login: (String, SecretString),
    auth_token: SecretString,
    sender: Sender,
    valid_for: Option<Duration>,
    receipts: Option<(String, Named)>,
    inbound_url: String,
    client: Client,
    connections: usize,
}

/// A message as Twilio tells of it; of a refusal `code` and `message`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Told {
    sid: Option<String>,
    status: Option<serde_json::Value>,
    num_segments: Option<serde_json::Value>,
    code: Option<u32>,
    error_code: Option<u32>,
    message: Option<String>,
    to: Option<String>,
    body: Option<String>,
    direction: Option<String>,
    date_created: Option<String>,
}

/// A page of a listing.
#[derive(Debug, Deserialize)]
struct Page {
    messages: Vec<Told>,
    next_page_uri: Option<String>,
}

impl Told {
    fn status(&self) -> &str {
        self.status.as_ref().and_then(|status| status.as_str()).unwrap_or_default()
    }

    fn parts(&self) -> Option<u32> {
        let told = self.num_segments.as_ref()?;
        let number = told.as_str().and_then(|text| text.parse().ok());
        number.or_else(|| u32::try_from(told.as_u64()?).ok()).filter(|parts| *parts > 0)
    }
}

impl Twilio {
    pub fn new(settings: Settings) -> Result<Self, BadSettings> {
        let Settings { url, account, auth_token, api_key, sender, valid_for, .. } = settings;
        let Settings { receipts_url, inbound_url, receipt_key, timeout, connections, .. } = settings;
        let base = http::parse_url(&url).ok_or(BadSettings::Url)?;
        for url in receipts_url.iter().chain([&inbound_url]) {
            http::parse_url(url).ok_or_else(|| BadSettings::PublicUrl(sanitise(url).into_owned()))?;
        }
        if account.is_empty() || !account.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            return Err(BadSettings::Account(sanitise(&account).into_owned()));
        }
        if auth_token.expose_secret().is_empty() {
            return Err(BadSettings::Token);
        }
        if let Sender::From(from) = &sender
            && !is_number(from)
            && !is_word(from)
        {
            return Err(BadSettings::From(sanitise(from).into_owned()));
        }
        if valid_for.is_some_and(|time| !(1..=36_000).contains(&time.as_secs())) {
            return Err(BadSettings::ValidFor);
        }
        let path =
            format!("{}/2010-04-01/Accounts/{account}/Messages.json", base.path().trim_end_matches('/'));
        let messages = base.join(&path).map_err(|_| BadSettings::Url)?;
        let named = Named::new(&receipt_key).ok_or(BadSettings::ReceiptKey)?;
        let receipts = receipts_url.map(|url| (url, named));
        let connections = connections.max(1);
        let client = http::client(&messages, timeout, connections).map_err(BadSettings::Client)?;
        let login = api_key.unwrap_or_else(|| (account, auth_token.clone()));
        Ok(Self {
            messages,
            login,
            auth_token,
            sender,
            valid_for,
            receipts,
            inbound_url,
            client,
            connections,
        })
    }

    fn let_in(&self, request: RequestBuilder) -> RequestBuilder {
        request.basic_auth(&self.login.0, Some(self.login.1.expose_secret()))
    }

    fn form(&self, message: &Outgoing, text: &str) -> Vec<(&'static str, String)> {
        let mut form = vec![("To", message.address.clone()), ("Body", text.to_owned())];
        form.push(match &self.sender {
            Sender::From(from) => ("From", from.clone()),
            Sender::Service(sid) => ("MessagingServiceSid", sid.clone()),
        });
        if let Some((url, named)) = &self.receipts {
            form.push(("StatusCallback", named.address(url, message.notification, message.attempt)));
        }
        if let Some(time) = self.valid_for {
            form.push(("ValidityPeriod", time.as_secs().to_string()));
        }
        form
    }

    /// Refuses what was not signed for the address that Twilio was given.
    fn genuine(&self, base: &str, callback: &Callback) -> Result<Form, CallbackRefused> {
        match is_genuine(self.auth_token.expose_secret(), base, callback) {
            true => Ok(Form::of(callback)),
            false => Err(CallbackRefused::Forged(format!(
                "its X-Twilio-Signature does not belong to {base}; check auth_token and [intake] public_url"
            ))),
        }
    }

    /// One page of what went to a number. By number alone: what is still queued has no date on which it
    /// was sent, so a filter by that date would hide it.
    async fn page(&self, url: Url) -> Result<(Page, HeaderMap), String> {
        let response = self.let_in(self.client.get(url)).send().await;
        let response = response.map_err(|e| format!("Twilio cannot be asked: {}", http::why(e)))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = http::body(response, MAX_PAGE).await;
        if status != StatusCode::OK {
            return Err(format!(
                "Twilio would not list its messages: {}",
                words(status, &told(&body), &body)
            ));
        }
        let page = serde_json::from_slice(&body).map_err(|_| "Twilio's list cannot be read".to_owned())?;
        Ok((page, headers))
    }

    /// The address of the next page, if it is on the same server: the login goes nowhere else.
    fn next(&self, uri: &str) -> Option<Url> {
        let url = self.messages.join(uri).ok()?;
        (url.origin() == self.messages.origin()).then_some(url)
    }
}

#[async_trait]
impl Channel for Twilio {
    async fn send(&self, message: &Outgoing) -> Answer {
        if message.medium != Medium::Sms {
            return Answer::Refused { said: "Twilio carries SMS only".into(), fault: Fault::Message };
        }
        if !message.address.starts_with('+') || !is_number(&message.address) {
            return Answer::Refused {
                said: "the recipient is not a phone number in international form".into(),
                fault: Fault::Address,
            };
        }
        let text = text_of(message);
        let parts = parts_of(&text);
        let request = self.client.post(self.messages.clone()).form(&self.form(message, &text));
        match self.let_in(request).send().await {
            Err(e) => http::unanswered(e),
            Ok(response) => judge(response, parts).await,
        }
    }

    fn receipt(&self, callback: &Callback) -> Result<Receipt, CallbackRefused> {
        let Some((url, named)) = &self.receipts else { return Err(CallbackRefused::NotHere) };
        let form = self.genuine(url, callback)?;
        let of = named.read(&callback.query)?;
        let status = form.get("MessageStatus").or_else(|| form.get("SmsStatus"));
        let status = status.ok_or_else(|| CallbackRefused::Unreadable("it has no MessageStatus".into()))?;
        let code = form.get("ErrorCode").and_then(|code| code.parse().ok()).filter(|code| *code != 0);
        let (rung, by) = rung(status, code);
        let detail = match code {
            Some(code) => in_words(codes::words(code), &format!("{}, error {code}", http::clip(status))),
            None => http::clip(status),
        };
        let fault =
            code.and_then(codes::meaning).map(|(fault, _)| fault).filter(|_| rung >= Some(Rung::Failed));
        let provider_ref = form.get("MessageSid").or_else(|| form.get("SmsSid")).and_then(sid);
        Ok(Receipt { of, provider_ref, rung, by, detail, fault })
    }

    /// Twilio's "A message comes in", by POST or GET to `/v1/inbound/{channel}`.
    fn inbound(&self, callback: &Callback) -> Result<Written, CallbackRefused> {
        let form = self.genuine(&self.inbound_url, callback)?;
        let from = form.get("From").ok_or_else(|| CallbackRefused::Unreadable("it has no From".into()))?;
        if !is_number(from) {
            return Err(CallbackRefused::Unreadable(format!("its From is {:?}", http::clip(from))));
        }
        let id = form.get("MessageSid").or_else(|| form.get("SmsSid")).unwrap_or_default().to_owned();
        let text = form.get("Body").unwrap_or_default().to_owned();
        Ok(Written { id, from: from.to_owned(), text, gathered: None })
    }

    /// TwiML that does nothing: text would go out as an answer, and no XML is logged as an error.
    fn thanks(&self) -> (&'static str, &'static str) {
        ("text/xml; charset=utf-8", "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response/>")
    }

    /// Looks through what went to the number since, the newest first, for this very text.
    async fn find(&self, lost: &Lost) -> Found {
        let text = text_of(&lost.message);
        let mut url = self.messages.clone();
        url.query_pairs_mut().append_pair("To", &lost.message.address).append_pair("PageSize", "100");
        let mut candidate: Option<(Timestamp, Told)> = None;
        for _ in 0..MAX_PAGES {
            let (page, headers) = match self.page(url).await {
                Ok(page) => page,
                Err(why) => return Found::Unknown { said: why },
            };
            let from = lost.from + clock(&headers) - SLACK;
            let mut older = false;
            for told in page.messages {
                let Some(created) = told.date_created.as_deref().and_then(date) else { continue };
                older |= created < from;
                let ours = told.to.as_deref() == Some(lost.message.address.as_str())
                    && told.direction.as_deref().is_none_or(|way| way.starts_with("outbound"))
                    && told.body.as_deref().is_some_and(|body| {
                        body.strip_prefix(TRIAL).unwrap_or(body).trim_end() == text.trim_end()
                    });
                // Of several, the first one since: the others came later than ours can have.
                if ours && created >= from && candidate.as_ref().is_none_or(|(known, _)| created <= *known) {
                    candidate = Some((created, told));
                }
            }
            match page.next_page_uri.filter(|_| !older) {
                None => return found(candidate.map(|(_, told)| told), &text),
                Some(uri) => match self.next(&uri) {
                    Some(next) => url = next,
                    None => {
                        return Found::Unknown { said: "Twilio's list goes on at another server".to_owned() };
                    }
                },
            }
        }
        Found::Unknown { said: "there are too many messages to this number to look through".to_owned() }
    }

    fn connections(&self) -> usize {
        self.connections
    }
}

fn found(told: Option<Told>, text: &str) -> Found {
    let Some(told) = told else {
        return Found::Nothing { said: "Twilio has no such text to this number since".to_owned() };
    };
    let Some(provider_ref) = told.sid.as_deref().and_then(sid) else {
        return Found::Unknown { said: "Twilio's list cannot be read".to_owned() };
    };
    let parts = told.parts().unwrap_or_else(|| parts_of(text));
    let said = format!("found at Twilio: {}", http::clip(told.status()));
    Found::Taken(Acceptance { provider_ref: Some(provider_ref), names: Vec::new(), said, parts })
}

fn parts_of(text: &str) -> u32 {
    u32::try_from(sms::segments(text).parts.len()).unwrap_or(u32::MAX)
}

/// By how much the provider's clock is ahead of ours; nothing where it does not say.
fn clock(headers: &HeaderMap) -> SignedDuration {
    let told = headers.get(DATE).and_then(|value| value.to_str().ok()).and_then(date);
    told.map_or(SignedDuration::ZERO, |theirs| theirs.duration_since(Timestamp::now()))
}

fn date(text: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::parse(text).ok().map(|at| at.timestamp())
}

/// A name that Twilio gave, if it looks like one.
fn sid(text: &str) -> Option<String> {
    let good = (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    good.then(|| text.to_owned())
}

fn told(body: &[u8]) -> Told {
    serde_json::from_slice(body).unwrap_or_default()
}

/// The status and Twilio's own words, or whatever else stands there.
fn words(status: StatusCode, told: &Told, body: &[u8]) -> String {
    match (told.code, &told.message) {
        (Some(code), Some(message)) => {
            in_words(codes::words(code), &http::clip(&format!("{status}, error {code}: {message}")))
        }
        (Some(code), None) => in_words(codes::words(code), &format!("{status}, error {code}")),
        _ => http::clip(format!("{status} {}", String::from_utf8_lossy(body)).trim()),
    }
}

/// What an answer to a new message means. A refused login and a wrong address are wrong on our side, not in
/// the message, and somebody can repair them.
async fn judge(response: Response, parts: u32) -> Answer {
    let status = response.status();
    let after = http::retry_after(response.headers(), Timestamp::now());
    let body = http::body(response, MAX_MESSAGE).await;
    let told = told(&body);
    let said = words(status, &told, &body);
    match (status.as_u16(), told.code) {
        (200..=299, _) => match told.sid.as_deref().and_then(sid) {
            Some(_) if matches!(told.status(), "failed" | "undelivered" | "canceled") => {
                let fault =
                    told.error_code.and_then(codes::meaning).map_or(Fault::Message, |(fault, _)| fault);
                let code = told.error_code.unwrap_or_default();
                let said = http::clip(&format!("{status}, {} with error {code}", told.status()));
                Answer::Refused { said: in_words(codes::words(code), &said), fault }
            }
            Some(provider_ref) => Answer::Accepted(Acceptance {
                parts: told.parts().unwrap_or(parts),
                said: http::clip(&format!("{status}, {}", told.status())),
                provider_ref: Some(provider_ref),
                names: Vec::new(),
            }),
            None => {
                Answer::Unknown { said: format!("{said}: this is not what Twilio answers; check the url") }
            }
        },
        (401 | 403, _) => Answer::Deferred {
            said: format!(
                "{said}: Twilio does not let this account in; check account, auth_token and api_key"
            ),
            after,
        },
        (300..=399, _) => {
            Answer::Deferred { said: format!("{said}: the address has moved; change the url"), after }
        }
        (404 | 405, _) => Answer::Deferred {
            said: format!("{said}: there is no such account; check url and account"),
            after,
        },
        // Too many at once, by the account or by its sender.
        (408 | 425 | 429, _) | (400..=499, Some(20429 | 14107 | 21611 | 30001)) => {
            Answer::Deferred { said, after }
        }
        // What failed on the way may have been taken first (RFC 9110, sections 15.6.1, 15.6.3 and 15.6.5),
        // and Twilio can be asked.
        (500..=599, _) => Answer::Unknown { said },
        (_, code) => {
            let fault = code.and_then(codes::meaning).map_or(Fault::Message, |(fault, _)| fault);
            Answer::Refused { said, fault }
        }
    }
}

/// What a status proves. (Twilio docs, "Message status values")
fn rung(status: &str, code: Option<u32>) -> (Option<Rung>, &'static str) {
    match status {
        "queued" | "accepted" | "scheduled" | "sending" => (Some(Rung::Accepted), "Twilio"),
        "sent" => (Some(Rung::Sent), "carrier"),
        "delivered" => (Some(Rung::Delivered), "handset receipt"),
        "read" => (Some(Rung::Read), "recipient"),
        "undelivered" | "failed" => match code.and_then(codes::meaning) {
            Some((Fault::Address, _)) => (Some(Rung::Bounced), "carrier"),
            _ => (Some(Rung::Failed), if status == "failed" { "Twilio" } else { "carrier" }),
        },
        "canceled" => (Some(Rung::Failed), "Twilio"),
        // `partially_delivered` proves nothing of the rest; others may be invented tomorrow.
        _ => (None, "Twilio"),
    }
}
