//! What OpenText's status of a job says of one message, as evidence.
//!
//! `Sent` with gamma code 0 only means that an aggregator or mail server took it; delivery comes later, as an
//! event. Of several tries only what came of the last one counts, and a failure only once the job is done.
//! (opentext/Cloud-Fax-and-Notifications; the shape of the mail events is not documented, so that they are
//! read by the words of RFC 3464 and RFC 3463 wherever those stand)

use super::super::codes::in_words;
use super::super::codes::mail::Enhanced;
use super::super::http::clip;
use super::super::{Asked, Of, Receipt};
use crate::core::contact::Medium;
use crate::core::notification::{Fault, Rung};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;
use serde_json::Value;

/// A job's status.
#[derive(Debug, Deserialize)]
pub(super) struct Status {
    job_id: Option<String>,
    #[serde(default)]
    job_state: Vec<String>,
    customer_reference_base64: Option<String>,
    #[serde(default)]
    deliveries: Vec<Delivery>,
}

/// What became of one destination.
#[derive(Debug, Deserialize)]
struct Delivery {
    ref_base64: Option<String>,
    #[serde(default)]
    delivery_attempts: Vec<Try>,
    #[serde(default)]
    events: Value,
}

#[derive(Debug, Deserialize)]
struct Try {
    /// A word, or its number.
    state: Value,
    #[serde(default)]
    gamma_code: Value,
}

/// One thing that a status proves.
struct Proof {
    rung: Option<Rung>,
    by: &'static str,
    detail: String,
    fault: Option<Fault>,
}

impl Proof {
    fn new(rung: Option<Rung>, by: &'static str, detail: impl Into<String>) -> Self {
        Self { rung, by, detail: clip(&detail.into()), fault: None }
    }
}

/// What the status of the job proves of the message that went out as `ours`; says what does not fit.
pub(super) fn read(status: &Status, asked: &Asked, ours: &str) -> Result<Vec<Receipt>, String> {
    if status.job_id.as_deref().is_some_and(|job| job != asked.provider_ref) {
        return Err(format!("{} was asked about, and another job came back", clip(&asked.provider_ref)));
    }
    let whole = status.customer_reference_base64.as_deref().map(decoded);
    if whole.is_some_and(|reference| reference.as_deref() != Some(ours)) {
        return Err(format!("job {} is not of this message", clip(&asked.provider_ref)));
    }
    let named = |delivery: &&Delivery| {
        delivery.ref_base64.as_deref().is_none_or(|text| decoded(text).as_deref() == Some(ours))
    };
    // One message is one destination; a second one that claims to be ours would be somebody else's.
    let mut mine = status.deliveries.iter().filter(named);
    let delivery = match (mine.next(), mine.next()) {
        (Some(delivery), None) => delivery,
        (None, _) if status.deliveries.is_empty() => {
            return Ok(vec![receipt(asked, Proof::new(Some(Rung::Accepted), "OpenText", words(status)))]);
        }
        _ => return Err(format!("job {} is not of this message", clip(&asked.provider_ref))),
    };
    let mut proofs = Vec::new();
    if let Some(last) = delivery.delivery_attempts.last() {
        proofs.push(of_try(last, is_done(status)));
    }
    proofs.extend(match asked.medium {
        Medium::Sms => of_sms(&delivery.events),
        Medium::Email => of_mail(&delivery.events),
    });
    Ok(proofs.into_iter().map(|proof| receipt(asked, proof)).collect())
}

/// What is left to say of a job that OpenText has forgotten.
pub(super) fn purged(asked: &Asked) -> Receipt {
    let said = "OpenText no longer has this job; nothing more will be heard of it";
    receipt(asked, Proof::new(None, "OpenText", said))
}

fn receipt(asked: &Asked, proof: Proof) -> Receipt {
    let Proof { rung, by, detail, fault } = proof;
    let of = Of::Attempt { notification: asked.notification, attempt: asked.attempt, part: 1 };
    Receipt { of, provider_ref: Some(asked.provider_ref.clone()), rung, by, detail, fault }
}

fn decoded(text: &str) -> Option<String> {
    String::from_utf8(BASE64.decode(text.trim()).ok()?).ok()
}

fn words(status: &Status) -> String {
    status.job_state.join(", ")
}

/// A job that does not say how far it is has nothing more to say.
fn is_done(status: &Status) -> bool {
    let done = |state: &String| matches!(state.to_ascii_lowercase().as_str(), "complete" | "posted");
    status.job_state.is_empty() || status.job_state.iter().any(done)
}

/// State codes 1 Pending, 2 Submitted, 3 InProcess, 4 Error, 5 Cancelled, 6 Held, 7 Sent, 8 Expired.
fn of_try(one: &Try, done: bool) -> Proof {
    let said = text(&one.state).to_ascii_lowercase().replace([' ', '_', '-'], "");
    let gamma = match text(&one.gamma_code) {
        code if code.is_empty() => "0".to_owned(),
        code => code,
    };
    let code = if gamma == "0" { String::new() } else { format!(", gamma code {gamma}") };
    let (rung, word) = match said.as_str() {
        "1" | "pending" => (Some(Rung::Accepted), "Pending"),
        "2" | "submitted" => (Some(Rung::Accepted), "Submitted"),
        "3" | "inprocess" => (Some(Rung::Accepted), "InProcess"),
        "4" | "error" => (Some(Rung::Failed), "Error"),
        "5" | "cancelled" | "canceled" => (Some(Rung::Failed), "Cancelled"),
        "6" | "held" => (None, "Held"),
        "7" | "sent" if gamma == "0" => (Some(Rung::Sent), "Sent"),
        "7" | "sent" => (Some(Rung::Failed), "Sent, but not delivered"),
        "8" | "expired" => (Some(Rung::Expired), "Expired"),
        _ => return Proof::new(None, "OpenText", text(&one.state)),
    };
    // It may try again.
    let rung = rung.filter(|rung| *rung < Rung::Failed || done);
    Proof::new(rung, "OpenText", format!("{word}{code}"))
}

fn of_sms(events: &Value) -> Vec<Proof> {
    let all = each(&events["sms_delivery_events"]);
    all.into_iter()
        .map(|event| {
            let status = text(&event["status"]);
            let (rung, by) = match status.to_ascii_lowercase().as_str() {
                "confirmed" | "delivered" => (Some(Rung::Delivered), "handset receipt"),
                "failed" | "undelivered" | "undeliverable" | "rejected" => (Some(Rung::Failed), "carrier"),
                "expired" => (Some(Rung::Expired), "carrier"),
                _ => (None, "carrier"),
            };
            let message = text(&event["message"]);
            let detail = if message.is_empty() { status } else { format!("{status}: {message}") };
            Proof::new(rung, by, detail)
        })
        .collect()
}

fn of_mail(events: &Value) -> Vec<Proof> {
    let events = &events["email_delivery_events"];
    let mut proofs: Vec<Proof> = each(&events["dsn"]).into_iter().map(of_dsn).collect();
    // Mail readers open a mail again and again; one time proves it.
    for (name, detail) in [("html_open", "opened"), ("pull", "an attachment was fetched")] {
        if !each(&events[name]).is_empty() {
            proofs.push(Proof::new(Some(Rung::Read), "recipient", detail));
        }
    }
    if !each(&events["opt_out"]).is_empty() {
        let said = "opted out by the link in a mail";
        proofs.push(Proof { fault: Some(Fault::OptedOut), ..Proof::new(None, "recipient", said) });
    }
    proofs
}

/// A mail server's report, by its action (RFC 3464 §2.3.3) or else its enhanced code (RFC 3463).
fn of_dsn(event: &Value) -> Proof {
    let fields: Vec<String> = match event {
        Value::Object(fields) => {
            fields.iter().filter(|(name, _)| !name.ends_with("time")).map(|(_, v)| text(v)).collect()
        }
        other => vec![text(other)],
    };
    let detail = fields.iter().filter(|field| !field.is_empty()).cloned().collect::<Vec<_>>().join(" ");
    let has = |word: &str| {
        let mut words = detail.split(|c: char| !c.is_ascii_alphanumeric() && c != '.');
        words.any(|one| one.trim_matches('.').eq_ignore_ascii_case(word))
    };
    let status = Enhanced::within(&detail);
    let rung = if has("failed") || has("failure") || status.is_some_and(Enhanced::is_permanent) {
        let nobody = status.is_some_and(Enhanced::proves_nobody);
        Some(if nobody { Rung::Bounced } else { Rung::Failed })
    } else if has("delayed") || status.is_some_and(Enhanced::is_temporary) {
        None
    } else if has("relayed") || has("expanded") {
        Some(Rung::Sent)
    } else if has("delivered") || status.is_some_and(Enhanced::is_success) {
        Some(Rung::Delivered)
    } else {
        None
    };
    Proof::new(rung, "mail server", in_words(status.and_then(Enhanced::words), &detail))
}

/// An event alone or several in a list; nothing where there is none.
fn each(value: &Value) -> Vec<&Value> {
    match value {
        Value::Null | Value::Bool(false) => Vec::new(),
        Value::Array(all) => all.iter().filter(|one| !one.is_null()).collect(),
        Value::Object(fields) if fields.is_empty() => Vec::new(),
        other => vec![other],
    }
}

/// A word or a number; their samples sometimes wrap them as `{"value": …}`.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Object(fields) => fields.get("value").map(text).unwrap_or_default(),
        _ => String::new(),
    }
}
