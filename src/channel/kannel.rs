//! Sends SMS through a Kannel gateway (HTTP `sendsms`) and reads its delivery reports.
//!
//! Kannel's answer names no message, so our own name rides in the `dlr-url` it calls back, with a
//! keyed digest that nobody else can make. Kannel splits long texts: its `sendsms-user` needs
//! `concatenation = true` and a `max-messages` of at least the parts a message may take. (Kannel
//! user guide, chapters "Using the HTTP interface" and "Delivery Reports")

use super::codes::in_words;
use super::codes::smpp::{self, MessageState};
use super::http;
use super::named::Named;
use super::texts::{is_number, is_word, text_of};
use super::{Acceptance, Answer, Callback, CallbackRefused, Channel, Outgoing, Receipt, Written};
use crate::core::contact::Medium;
use crate::core::notification::{Fault, Rung};
use crate::core::sms::{self, Encoding};
use crate::core::text::sanitise;
use async_trait::async_trait;
use jiff::Timestamp;
use reqwest::{Client, StatusCode, Url};
use secrecy::{ExposeSecret as _, SecretString};
use std::time::Duration;
use subtle::ConstantTimeEq as _;

/// Which gateway, as whom, and where its reports come back.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `http://host:13013/cgi-bin/sendsms`.
    pub url: String,
    /// Of the `sendsms-user` group.
    pub user: String,
    pub password: SecretString,
    /// The sender that handsets show: a number or up to eleven letters and digits.
    pub from: String,
    /// This agent's `/v1/receipts/{channel}` as the gateway reaches it; without it no reports are asked for.
    pub receipts_url: Option<String>,
    /// Signs the names in the reports; reports of messages sent under another key are refused.
    pub receipt_key: SecretString,
    /// What its `sms-service` proves itself with when it hands on replies; without it none are taken.
    pub inbound_secret: Option<SecretString>,
    /// For one request, from connecting to the last byte of the answer.
    pub timeout: Duration,
    pub connections: usize,
}

/// Why the gateway cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BadSettings {
    #[error(
        "the url of Kannel must be an http or https address, such as http://127.0.0.1:13013/cgi-bin/sendsms"
    )]
    Url,
    #[error(
        "the receipts url must be an http or https address that Kannel can reach, such as http://127.0.0.1:8787/v1/receipts/sms"
    )]
    ReceiptsUrl,
    #[error("Kannel needs a user; it is the username of a sendsms-user group in kannel.conf")]
    User,
    #[error("the SMS sender {0:?} must be a number or at most eleven letters and digits")]
    From(String),
    #[error("the receipt key is empty; without one anybody could forge a delivery report")]
    ReceiptKey,
    #[error("the HTTP client for Kannel cannot be set up: {0}")]
    Client(String),
}

/// One `sendsms` account of a gateway.
pub struct Kannel {
    url: Url,
    user: String,
    password: SecretString,
    from: String,
    receipts_url: Option<String>,
    /// Without a key no report can be ours.
    named: Option<Named>,
    inbound_secret: Option<SecretString>,
    client: Client,
    connections: usize,
}

/// All reports: delivered 1, failed 2, queued 4, accepted by the SMSC 8, rejected by it 16.
const EVERY_REPORT: &str = "31";

impl Kannel {
    pub fn new(settings: Settings) -> Result<Self, BadSettings> {
        let Settings {
            url,
            user,
            password,
            from,
            receipts_url,
            receipt_key,
            inbound_secret,
            timeout,
            connections,
        } = settings;
        let url = http::parse_url(&url).ok_or(BadSettings::Url)?;
        if receipts_url.as_deref().is_some_and(|u| http::parse_url(u).is_none()) {
            return Err(BadSettings::ReceiptsUrl);
        }
        if user.is_empty() {
            return Err(BadSettings::User);
        }
        if !is_number(&from) && !is_word(&from) {
            return Err(BadSettings::From(sanitise(&from).into_owned()));
        }
        let named = Named::new(&receipt_key);
        if receipts_url.is_some() && named.is_none() {
            return Err(BadSettings::ReceiptKey);
        }
        let connections = connections.max(1);
        let client = http::client(&url, timeout, connections).map_err(BadSettings::Client)?;
        let inbound_secret = inbound_secret.filter(|secret| !secret.expose_secret().is_empty());
        Ok(Self { url, user, password, from, receipts_url, named, inbound_secret, client, connections })
    }

    /// Every value is percent-encoded, so that nothing in a text can become a parameter.
    fn request(&self, message: &Outgoing, text: &str, encoding: Encoding) -> Url {
        let mut url = self.url.clone();
        let mut query = url.query_pairs_mut();
        query
            .append_pair("username", &self.user)
            .append_pair("password", self.password.expose_secret())
            .append_pair("from", &self.from)
            .append_pair("to", &message.address)
            .append_pair("charset", "UTF-8")
            .append_pair("coding", if encoding == Encoding::Gsm7 { "0" } else { "2" })
            .append_pair("text", text);
        if let (Some(receipts), Some(named)) = (&self.receipts_url, &self.named) {
            query
                .append_pair("dlr-mask", EVERY_REPORT)
                .append_pair("dlr-url", &report_to(receipts, named, message));
        }
        drop(query);
        url
    }
}

/// A field of the receipt text that most SMSCs send (SMPP 3.4, appendix B), such as `stat:UNDELIV`.
fn receipt_field<'r>(reply: &'r str, name: &str) -> Option<&'r str> {
    let value = reply.split_once(name)?.1.split_whitespace().next()?;
    (value.len() <= 16 && value.chars().all(|c| c.is_ascii_alphanumeric())).then_some(value)
}

/// With which status an SMSC refused the message, as Kannel quotes it: `NACK/0x0000000b/Invalid Destination`.
fn refusal(reply: &str) -> Option<u32> {
    let digits = reply.strip_prefix("NACK/0x")?.split('/').next()?;
    u32::from_str_radix(digits, 16).ok()
}

fn is_of_the_number(status: u32) -> bool {
    smpp::verdict(status) == smpp::Verdict::Never(Fault::Address)
}

/// What a report says: the SMSC's own receipt or refusal where it quotes one, else what its bit means.
fn detail(status: u32, reply: &str) -> String {
    if let Some(stat) = receipt_field(reply, "stat:") {
        return smpp::receipt_words(MessageState::written(stat), stat, receipt_field(reply, "err:"));
    }
    if let Some(status) = refusal(reply) {
        return smpp::words(status);
    }
    let words = match status {
        2 => Some("the carrier cannot deliver it to this phone; check the number"),
        4 => Some("Kannel keeps it until the carrier takes it"),
        8 => Some("the carrier has taken it"),
        16 => Some("the carrier rejected it; ask the provider why"),
        _ => None,
    };
    in_words(words, format!("status {status} {}", http::clip(reply)).trim_end())
}

#[async_trait]
impl Channel for Kannel {
    async fn send(&self, message: &Outgoing) -> Answer {
        if message.medium != Medium::Sms {
            return Answer::Refused { said: "Kannel carries SMS only".into(), fault: Fault::Message };
        }
        if !is_number(&message.address) {
            return Answer::Refused {
                said: "the recipient is not a phone number in international form".into(),
                fault: Fault::Address,
            };
        }
        let text = text_of(message);
        let segments = sms::segments(&text);
        let parts = u32::try_from(segments.parts.len()).unwrap_or(u32::MAX);
        let request = self.client.get(self.request(message, &text, segments.encoding));
        match request.send().await {
            Err(e) => http::unanswered(e),
            Ok(response) => {
                let pause = http::retry_after(response.headers(), Timestamp::now());
                let (status, text) = http::said(response).await;
                judge(status, &text, pause, parts)
            }
        }
    }

    fn receipt(&self, callback: &Callback) -> Result<Receipt, CallbackRefused> {
        let Some(named) = &self.named else { return Err(CallbackRefused::NotHere) };
        let of = named.read(&callback.query)?;
        let status = callback.query.get("s").map(String::as_str);
        let status = status.ok_or_else(|| CallbackRefused::Unreadable("it has no s".into()))?;
        let unreadable = |_| CallbackRefused::Unreadable(format!("its s is {:?}", http::clip(status)));
        let status: u32 = status.parse().map_err(unreadable)?;
        let reply = callback.query.get("e").map(String::as_str).unwrap_or_default();
        let (rung, by) = match status {
            1 => (Some(Rung::Delivered), "handset receipt"),
            2 => (Some(Rung::Failed), "carrier"),
            8 => (Some(Rung::Sent), "carrier"),
            16 if refusal(reply).is_some_and(is_of_the_number) => (Some(Rung::Bounced), "SMSC rejected"),
            16 => (Some(Rung::Failed), "SMSC rejected"),
            // What its 202 said before, where that was not lost.
            4 => (Some(Rung::Accepted), "gateway"),
            _ => (None, "gateway"),
        };
        let detail = detail(status, reply);
        Ok(Receipt { of, provider_ref: None, rung, by, detail, fault: None })
    }

    /// Kannel's `sms-service`, by its `get-url` with `from=%p&id=%I&text=%a`, or by its `post-url`, which
    /// gives the text as the body and the rest as `X-Kannel-` headers. (Kannel user guide, chapter
    /// "SMS-service")
    fn inbound(&self, callback: &Callback) -> Result<Written, CallbackRefused> {
        let Some(secret) = &self.inbound_secret else { return Err(CallbackRefused::NotHere) };
        let given = callback.query.get("secret").map(String::as_str).unwrap_or_default();
        if !bool::from(secret.expose_secret().as_bytes().ct_eq(given.as_bytes())) {
            return Err(CallbackRefused::Forged("its secret is wrong".into()));
        }
        let header = |name: &str| {
            let found = callback.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.clone())
        };
        let field = |query: &str, named: &str| callback.query.get(query).cloned().or_else(|| header(named));
        let from = field("from", "x-kannel-from");
        let from = from.ok_or_else(|| CallbackRefused::Unreadable("it has no from".into()))?;
        // A `+` that was not encoded arrives as a space.
        let number = from.trim().trim_start_matches('+').to_owned();
        let number = number.strip_prefix("00").unwrap_or(&number);
        if number.is_empty() || number.len() > 20 || !number.chars().all(|c| c.is_ascii_digit()) {
            return Err(CallbackRefused::Unreadable(format!("its from is {:?}", http::clip(&from))));
        }
        let text = match callback.query.get("text") {
            Some(text) => text.clone(),
            None => text_of_body(&callback.body, &header("content-type").unwrap_or_default()),
        };
        let id = field("id", "x-kannel-id").unwrap_or_default();
        Ok(Written { id, from: format!("+{number}"), text, gathered: None })
    }

    fn connections(&self) -> usize {
        self.connections
    }
}

/// The text of a reply: UTF-8, unless Kannel says that it hands on the UCS-2 as it came.
fn text_of_body(body: &[u8], content_type: &str) -> String {
    let kind = content_type.to_ascii_lowercase();
    if kind.contains("utf-16") || kind.contains("ucs-2") || kind.contains("octet-stream") {
        let units: Vec<u16> = body.chunks_exact(2).map(|two| u16::from_be_bytes([two[0], two[1]])).collect();
        return String::from_utf16_lossy(&units);
    }
    String::from_utf8_lossy(body).into_owned()
}

/// The address of a report; `%d` and `%A` are filled in by Kannel, which takes any other `%` for an
/// escape too.
fn report_to(receipts: &str, named: &Named, message: &Outgoing) -> String {
    let base = receipts.replace('%', "%%");
    format!("{}&s=%d&e=%A", named.address(&base, message.notification, message.attempt))
}

/// Kannel's own codes: 202 taken, 4xx for what is wrong in the request, 503 for "try later". A
/// refused login is wrong on our side, not in the message, and somebody can repair it.
fn judge(status: StatusCode, text: &str, after: Option<Duration>, parts: u32) -> Answer {
    let said = format!("{status} {text}").trim_end().to_owned();
    match status.as_u16() {
        202 => Answer::Accepted(Acceptance { said, parts, ..Acceptance::default() }),
        200..=299 if text.starts_with("0:") || text.starts_with("3:") => {
            Answer::Accepted(Acceptance { said, parts, ..Acceptance::default() })
        }
        // Some other server would say that, too.
        200..=299 => {
            Answer::Unknown { said: format!("{said}: this is not what Kannel answers; check the url") }
        }
        401 | 403 => Answer::Deferred {
            said: format!(
                "{said}: Kannel does not let this user in; check user and password here, and \
                 user-allow-ip in the sendsms-user group of kannel.conf"
            ),
            after,
        },
        300..=399 => {
            Answer::Deferred { said: format!("{said}: the address has moved; change the url"), after }
        }
        408 | 425 | 429 | 503 => Answer::Deferred { said, after },
        // A server or a gateway before it that failed on the way may have passed the message on
        // first (RFC 9110, sections 15.6.1, 15.6.3 and 15.6.5).
        500..=599 => Answer::Unknown { said },
        _ if text.contains("Temporal failure") => Answer::Deferred { said, after },
        _ => Answer::Refused { said, fault: Fault::Message },
    }
}

#[cfg(test)]
mod tests {
    use super::super::Of;
    use super::*;
    use crate::core::id::NotificationId;
    use crate::core::notification::Purpose;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn kannel() -> Kannel {
        Kannel::new(Settings {
            url: "http://127.0.0.1:9/cgi-bin/sendsms".into(),
            user: "desk".into(),
            password: "p&w=%d#".into(),
            from: "Nightdesk".into(),
            receipts_url: Some("http://127.0.0.1:8787/v1/receipts/sms%20one".into()),
            receipt_key: "key".into(),
            inbound_secret: None,
            timeout: Duration::from_secs(1),
            connections: 1,
        })
        .unwrap()
    }

    fn outgoing(body: &str) -> Outgoing {
        Outgoing {
            notification: NotificationId(7),
            attempt: 2,
            medium: Medium::Sms,
            address: "+491512345678".into(),
            name: "Ann".into(),
            subject: "".into(),
            body: body.into(),
            html: None,
            attachments: Vec::new(),
            purpose: Purpose::Page,
            urgent: true,
            reply_to: None,
            return_path: None,
            unsubscribe: None,
            idempotency_key: "k".into(),
            thread: None,
            possible_duplicate: false,
            created_at: Timestamp::UNIX_EPOCH,
        }
    }

    fn callback(query: &[(&str, &str)]) -> Callback {
        Callback {
            uri: String::new(),
            query: query.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
            headers: Vec::new(),
            body: Vec::new(),
            peer: std::net::Ipv4Addr::LOCALHOST.into(),
        }
    }

    #[test]
    fn a_report_is_read_by_its_bits() {
        let kannel = kannel();
        let digest = kannel.named.as_ref().unwrap().digest(NotificationId(7), 2);
        for (status, rung) in [
            ("1", Some(Rung::Delivered)),
            ("2", Some(Rung::Failed)),
            ("4", Some(Rung::Accepted)),
            ("8", Some(Rung::Sent)),
            ("16", Some(Rung::Failed)),
            ("64", None),
        ] {
            let read = kannel.receipt(&callback(&[
                ("n", "N7"),
                ("a", "2"),
                ("t", &digest),
                ("s", status),
                ("e", "x\u{1b}"),
            ]));
            let read = read.unwrap();
            let of = Of::Attempt { notification: NotificationId(7), attempt: 2, part: 1 };
            assert_eq!((read.of, read.rung), (of, rung));
            assert!(!read.detail.contains('\u{1b}'));
        }
    }

    #[test]
    fn a_report_says_in_words_what_its_codes_mean_and_keeps_them() {
        let kannel = kannel();
        let digest = kannel.named.as_ref().unwrap().digest(NotificationId(7), 2);
        for (status, reply, rung, said) in [
            (
                "2",
                "id:1 sub:001 dlvrd:000 stat:UNDELIV err:001 text:",
                Rung::Failed,
                "the carrier cannot deliver it to this phone; check the number (UNDELIV err 001)",
            ),
            (
                "2",
                "id:1 stat:EXPIRED err:000",
                Rung::Failed,
                "the phone was off or out of reach until the carrier gave up; try again later (EXPIRED)",
            ),
            (
                "16",
                "NACK/0x0000000b/Invalid Destination Address",
                Rung::Bounced,
                "there is no such number; correct it (ESME_RINVDSTADR 0x0b)",
            ),
            (
                "16",
                "NACK/0x00000058/Throttling error",
                Rung::Failed,
                "more messages than this account may send (ESME_RTHROTTLED 0x58)",
            ),
            ("16", "NACK/", Rung::Failed, "the carrier rejected it; ask the provider why (status 16 NACK/)"),
            ("8", "ACK/", Rung::Sent, "the carrier has taken it (status 8 ACK/)"),
            ("1", "id:1 stat:DELIVRD err:000", Rung::Delivered, "DELIVRD"),
            ("2", "id:1 stat:PUZZLED err:009", Rung::Failed, "PUZZLED err 009"),
        ] {
            let query = [("n", "N7"), ("a", "2"), ("t", digest.as_str()), ("s", status), ("e", reply)];
            let read = kannel.receipt(&callback(&query)).unwrap();
            assert_eq!((read.rung, read.detail.as_str()), (Some(rung), said), "{reply}");
        }
    }

    #[test]
    fn a_report_for_another_message_or_without_a_digest_changes_nothing() {
        let kannel = kannel();
        let digest = kannel.named.as_ref().unwrap().digest(NotificationId(7), 2);
        for forged in
            [("N8", "2", digest.as_str()), ("N7", "1", &digest), ("N7", "2", ""), ("N7", "2", &digest[1..])]
        {
            let (n, a, t) = forged;
            let answer = kannel.receipt(&callback(&[("n", n), ("a", a), ("t", t), ("s", "1")]));
            assert!(matches!(answer, Err(CallbackRefused::Forged(_))), "{forged:?}");
        }
        for unreadable in
            [vec![], vec![("n", "N7"), ("a", "x"), ("t", "")], vec![("n", "N7"), ("a", "2"), ("t", &digest)]]
        {
            assert!(matches!(kannel.receipt(&callback(&unreadable)), Err(CallbackRefused::Unreadable(_))));
        }
    }

    #[test]
    fn kannels_own_escapes_survive_and_no_others_are_made() {
        let kannel = kannel();
        let url = kannel.request(&outgoing("hi"), "hi", Encoding::Gsm7);
        let query: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
        assert!(query["dlr-url"].starts_with("http://127.0.0.1:8787/v1/receipts/sms%%20one?n=N7&a=2&t="));
        assert!(query["dlr-url"].ends_with("&s=%d&e=%A"));
        assert_eq!(query["password"], "p&w=%d#");
    }

    #[test]
    fn a_refused_login_waits_for_the_operator() {
        let answer = judge(StatusCode::FORBIDDEN, "Authorization failed for sendsms", None, 1);
        assert!(matches!(answer, Answer::Deferred { said, .. } if said.contains("check user and password")));
    }

    #[test]
    fn only_kannels_own_words_are_an_acceptance() {
        let judged = |code, text| judge(StatusCode::from_u16(code).unwrap(), text, None, 1);
        for (code, text) in
            [(202, ""), (202, "3: Queued for later delivery"), (200, "0: Accepted for delivery")]
        {
            assert!(matches!(judged(code, text), Answer::Accepted(_)), "{code} {text}");
        }
        assert!(matches!(judged(200, "<html>It works!"), Answer::Unknown { .. }));
    }

    proptest! {
        #[test]
        fn no_text_can_become_a_parameter(body in "\\PC{0,80}|(&to=\\+1|#|%26|%0a|\r\n|=|;|\\+|\0|x){0,12}") {
            let message = outgoing(&body);
            let text = text_of(&message);
            let url = kannel().request(&message, &text, sms::segments(&text).encoding);
            let names: Vec<String> = url.query_pairs().map(|(name, _)| name.into_owned()).collect();
            prop_assert_eq!(names, ["username", "password", "from", "to", "charset", "coding", "text", "dlr-mask", "dlr-url"]);
            let sent = url.query_pairs().find(|(name, _)| name == "text").unwrap().1.into_owned();
            prop_assert_eq!(sent, text);
            prop_assert!(url.fragment().is_none() && url.as_str().is_ascii());
        }
    }
}
