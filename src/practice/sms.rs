//! The practice community's SMS gateway: Kannel's `sendsms`, with delivery reports that come later,
//! out of order, or never.

use crate::practice::drill::Gateway as Mood;
use crate::practice::partners::{Arrival, Letter};
use crate::practice::{Habit, PHONES, Post, keep, locked};
use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::routing::get;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::net::TcpListener;

/// One text as it arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    pub to: String,
    pub from: String,
    pub text: String,
}

/// Kannel's words for what happened to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Report {
    Delivered,
    Failed,
    Carrier,
}

impl Report {
    /// The bit in `dlr-mask`, and the value of `%d`.
    fn bit(self) -> u32 {
        match self {
            Report::Delivered => 1,
            Report::Failed => 2,
            Report::Carrier => 8,
        }
    }

    /// What a carrier's SMSC says, for `%A`.
    fn reply(self, id: u32) -> String {
        match self {
            Report::Delivered => {
                format!("id:{id:08x} sub:001 dlvrd:001 stat:DELIVRD err:000 text:")
            }
            Report::Failed => format!("id:{id:08x} sub:001 dlvrd:000 stat:UNDELIV err:001 text:"),
            Report::Carrier => "ACK/".to_owned(),
        }
    }
}

#[derive(Clone)]
struct Gateway {
    post: Arc<Post>,
    client: reqwest::Client,
    /// Counts the messages, as an SMSC would.
    next: Arc<std::sync::atomic::AtomicU32>,
    /// How many delivery reports may be under way.
    reports: Arc<tokio::sync::Semaphore>,
}

pub async fn serve(listener: TcpListener, post: Arc<Post>, client: reqwest::Client) {
    let gateway = Gateway {
        post,
        client,
        next: Arc::new(std::sync::atomic::AtomicU32::new(1)),
        reports: Arc::new(tokio::sync::Semaphore::new(1000)),
    };
    let router = Router::new().route("/cgi-bin/sendsms", get(sendsms)).with_state(gateway);
    if let Err(error) = axum::serve(listener, router).await {
        tracing::warn!(%error, "the practice SMS gateway stopped");
    }
}

async fn sendsms(
    State(gateway): State<Gateway>,
    Query(query): Query<HashMap<String, String>>,
) -> (StatusCode, &'static str) {
    let said = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
    if said("username").is_empty() || said("password").is_empty() {
        return (StatusCode::FORBIDDEN, "Authorization failed for sendsms");
    }
    if *locked(&gateway.post.gateway) == Mood::Down {
        return (StatusCode::SERVICE_UNAVAILABLE, "The link to the carrier is down.");
    }
    let to = said("to").replace(' ', "+");
    let digits = to.trim_start_matches('+').trim_start_matches("00");
    if digits.len() < 7 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return (StatusCode::BAD_REQUEST, "Missing or bad receiver number, rejected");
    }
    let to = format!("+{digits}");
    let habit = PHONES.iter().find(|(phone, _)| *phone == to).map_or(Habit::Answers, |(_, habit)| *habit);
    match habit {
        Habit::Refuses => {
            return (StatusCode::BAD_REQUEST, "Number(s) has/have been denied by white- and/or black-lists.");
        }
        Habit::DefersFirst if gateway.post.defer_once(&to) => {
            return (StatusCode::SERVICE_UNAVAILABLE, "Temporal failure, try again later.");
        }
        _ => {}
    }
    let text = Text { to: to.clone(), from: said("from").to_owned(), text: said("text").to_owned() };
    let id = gateway.next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let mask = said("dlr-mask").parse().unwrap_or(0);
    let url = said("dlr-url").to_owned();
    if mask != 0 && !url.is_empty() {
        let escapes = Escapes { from: text.from.clone(), to, id };
        tokio::spawn(report(gateway.clone(), habit, mask, url, escapes));
    }
    if !matches!(habit, Habit::Unreachable) {
        gateway.post.arrived(Arrival { to: text.to.clone(), letter: Letter::Text(text.text.clone()) });
    }
    keep(&gateway.post.texts, text);
    (StatusCode::ACCEPTED, "0: Accepted for delivery")
}

/// What may stand in a `dlr-url` beside the report itself.
struct Escapes {
    from: String,
    to: String,
    id: u32,
}

/// Calls back as the handset's habit says, when the mask asked for it.
async fn report(gateway: Gateway, habit: Habit, mask: u32, url: String, escapes: Escapes) {
    let Ok(_place) = gateway.reports.try_acquire() else { return };
    // Phones differ; the number decides how much, so that a demonstration repeats itself.
    let own = f64::from(escapes.id.wrapping_mul(2_654_435_761) >> 22) / 1024.0;
    let reports: &[(f64, Report)] = match habit {
        Habit::Unreachable => &[(0.6, Report::Carrier), (6.0, Report::Failed)],
        Habit::Silent => &[],
        Habit::OutOfOrder => &[(1.5, Report::Delivered), (1.0, Report::Carrier)],
        _ => &[(0.5 + own / 2.0, Report::Carrier), (1.5 + own * 4.0, Report::Delivered)],
    };
    for (seconds, report) in reports {
        tokio::time::sleep(gateway.post.haste.of(*seconds)).await;
        if mask & report.bit() == 0 {
            continue;
        }
        let url = filled(&url, *report, &escapes);
        // Kannel tries a few times too when the other side does not answer.
        for _ in 0..3 {
            match gateway.client.get(&url).send().await {
                Ok(answer) if !answer.status().is_server_error() => break,
                _ => tokio::time::sleep(gateway.post.haste.of(5.0)).await,
            }
        }
    }
}

/// Replaces Kannel's escape codes; each value is URL-encoded, what is no code stays as it is.
fn filled(url: &str, report: Report, escapes: &Escapes) -> String {
    let mut out = String::with_capacity(url.len() + 60);
    let mut rest = url;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let value = match rest.chars().next() {
            Some('d') => report.bit().to_string(),
            Some('A') => report.reply(escapes.id),
            Some('p') => escapes.from.clone(),
            Some('P') => escapes.to.clone(),
            Some('i') => "practice".to_owned(),
            Some('I') => format!("{:08x}", escapes.id),
            Some('T') => jiff::Timestamp::now().as_second().to_string(),
            Some('%') => {
                out.push('%');
                rest = &rest[1..];
                continue;
            }
            _ => {
                out.push('%');
                continue;
            }
        };
        rest = &rest[1..];
        for byte in value.bytes() {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' => out.push(char::from(byte)),
                b' ' => out.push('+'),
                _ => out.push_str(&format!("%{byte:02X}")),
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kannels_escapes_are_filled_in_and_others_are_left() {
        let escapes = Escapes { from: "desk".into(), to: "+4915112345601".into(), id: 255 };
        let url = "http://h/r?n=N1&s=%d&a=%A&to=%P&from=%p&keep=%2B&per=%%d";
        assert_eq!(
            filled(url, Report::Carrier, &escapes),
            "http://h/r?n=N1&s=8&a=ACK%2F&to=%2B4915112345601&from=desk&keep=%2B&per=%d"
        );
        assert!(filled("%A", Report::Failed, &escapes).contains("stat%3AUNDELIV+err%3A001"));
    }
}
