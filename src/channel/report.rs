//! Reads what mail servers report of mails we sent (RFC 3464; what older servers write in plain words), and
//! what mailbox providers report of readers who call one unwanted (RFC 5965).
//!
//! Anybody can send such a report. It counts only where it carries a token of ours: in the return path it was
//! sent to, in the envelope id that we gave the mail, or in the mail that it returns.

use super::codes::in_words;
use super::codes::mail::Enhanced;
use super::http::clip;
use super::mailbox::letter::{addressees, token};
use crate::core::contact::Mailbox as Address;
use crate::core::id::NotificationId;
use crate::core::notification::Rung;
use crate::core::reply::ReplyKey;
use mail_parser::{HeaderValue, Message, MessageParser, MimeHeaders as _, PartType};
use std::collections::BTreeMap;

/// A report on a mail of ours, proven by its token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// What became of one attempt.
    Delivery {
        notification: NotificationId,
        attempt: u32,
        /// Of the mail that it returns, where it returns any: must be that attempt's.
        message_id: Option<String>,
        fates: Vec<Fate>,
    },
    /// Its reader does not want such mail.
    Complaint { notification: NotificationId, message_id: Option<String>, said: String },
}

/// What a report says of one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fate {
    /// As the report names them: as we addressed the mail, and as it was last addressed on its way.
    pub recipients: Vec<String>,
    /// `None`: it is late, or was passed on to a list, which proves nothing.
    pub rung: Option<Rung>,
    pub detail: String,
}

/// Recipients that are read of one report.
const RECIPIENTS: usize = 50;
/// Whose mailbox undelivered mail comes from, where nothing else says that it is that.
const DAEMONS: &[&str] = &["mailer-daemon", "mailerdaemon", "mail-daemon", "postmaster", "mdaemon"];
/// Say in a subject that a server still tries.
const LATE: &[&str] = &["delay", "warning", "deferred", "not yet", "still being"];
/// What such words say.
const NOBODY_THERE: &str = "there is no such mailbox; correct the address";
/// Say that nobody is there, in the words of a server that has no code for it.
const NOBODY: &[&str] = &[
    "user unknown",
    "unknown user",
    "unknown recipient",
    "no such user",
    "no such recipient",
    "no such mailbox",
    "no mailbox here",
    "does not exist",
    "doesn't exist",
    "unrouteable address",
    "mailbox not found",
    "recipient rejected",
    "invalid recipient",
];

/// Reads a letter as a report; `None` for one that is none, or not on a mail of ours.
pub fn read(message: &Message<'_>, from: &str, ours: &Address, key: &ReplyKey) -> Option<Report> {
    let returned = returned(message);
    let message_id = returned.as_ref().and_then(|mail| mail.message_id()).map(str::to_owned);
    if let Some(fields) = part(message, &["feedback-report"]) {
        return complaint(&groups(&fields), returned.as_ref(), message_id, ours, key);
    }
    let to = addressees(message).find_map(|to| key.of_return_token(token(&to, ours)?));
    let Some(status) = part(message, &["delivery-status", "global-delivery-status"]) else {
        let (notification, attempt) = to?;
        let fates = vec![in_plain_words(message, from)?];
        return Some(Report::Delivery { notification, attempt, message_id, fates });
    };
    let groups = groups(&status);
    let envelope = groups.iter().find_map(|group| group.get("original-envelope-id"));
    let envelope = envelope.and_then(|id| key.of_return_token(id.trim()));
    // Both are ours, and must name the same.
    if envelope.is_some() && to.is_some() && envelope != to {
        return None;
    }
    let (notification, attempt) = to.or(envelope)?;
    let told = |group: &&Group| group.contains_key("action") || group.contains_key("final-recipient");
    let fates = groups.iter().filter(told).take(RECIPIENTS).map(fate).collect();
    Some(Report::Delivery { notification, attempt, message_id, fates })
}

/// Fields by their names in small letters; of one that stands twice the first.
type Group = BTreeMap<String, String>;

/// The text of the first part `message/…` of one of these kinds. Parts of the returned mail don't count.
fn part(message: &Message<'_>, kinds: &[&str]) -> Option<String> {
    let found = message.parts.iter().find(|part| {
        let kind = part.content_type();
        kind.is_some_and(|kind| {
            kind.ctype().eq_ignore_ascii_case("message")
                && kind
                    .subtype()
                    .is_some_and(|sub| kinds.iter().any(|wanted| sub.eq_ignore_ascii_case(wanted)))
        })
    })?;
    Some(match &found.body {
        PartType::Text(text) | PartType::Html(text) => text.clone().into_owned(),
        PartType::Binary(bytes) | PartType::InlineBinary(bytes) => {
            String::from_utf8_lossy(bytes).into_owned()
        }
        PartType::Message(mail) => String::from_utf8_lossy(mail.raw_message()).into_owned(),
        PartType::Multipart(_) => return None,
    })
}

/// The mail that is returned with the report, or its header.
fn returned<'m>(message: &'m Message<'_>) -> Option<Message<'m>> {
    message.parts.iter().skip(1).find_map(|part| match &part.body {
        PartType::Message(mail) => Some(mail.clone()),
        PartType::Text(text) if is_header(part.content_type()) => {
            MessageParser::default().parse(text.as_bytes())
        }
        PartType::Binary(bytes) if is_header(part.content_type()) => {
            MessageParser::default().parse(bytes.as_ref())
        }
        _ => None,
    })
}

fn is_header(kind: Option<&mail_parser::ContentType<'_>>) -> bool {
    kind.and_then(|kind| kind.subtype()).is_some_and(|sub| {
        sub.eq_ignore_ascii_case("rfc822-headers") || sub.eq_ignore_ascii_case("global-headers")
    })
}

/// Groups of fields, which blank lines part (RFC 3464 §2.1).
fn groups(text: &str) -> Vec<Group> {
    let mut groups = vec![Group::new()];
    let mut last: Option<String> = None;
    for line in text.lines() {
        if line.trim().is_empty() {
            if groups.last().is_some_and(|group| !group.is_empty()) {
                if groups.len() > RECIPIENTS {
                    break;
                }
                groups.push(Group::new());
            }
            last = None;
            continue;
        }
        let Some(group) = groups.last_mut() else { break };
        if line.starts_with([' ', '\t']) {
            if let Some(value) = last.as_ref().and_then(|name| group.get_mut(name)) {
                value.push(' ');
                value.push_str(line.trim());
            }
            continue;
        }
        last = None;
        if let Some((name, value)) = line.split_once(':') {
            let name = name.trim().to_ascii_lowercase();
            if !group.contains_key(&name) {
                group.insert(name.clone(), value.trim().to_owned());
                last = Some(name);
            }
        }
    }
    groups
}

fn fate(group: &Group) -> Fate {
    let field = |name: &str| group.get(name).map(String::as_str).unwrap_or_default();
    let recipients = ["original-recipient", "final-recipient"].into_iter().filter_map(|name| {
        // `rfc822; ann@example.net`
        let (_, address) = group.get(name)?.split_once(';')?;
        Some(address.trim().trim_matches(['<', '>']).to_owned())
    });
    let action = field("action").split([' ', '(']).next().unwrap_or_default().to_ascii_lowercase();
    let said = field("diagnostic-code");
    let status = Enhanced::of(field("status"));
    let telling = status.into_iter().chain(Enhanced::within(said)).find(|status| status.tells());
    let rung = match action.as_str() {
        "failed" => Some(failed(telling, said)),
        "relayed" => Some(Rung::Sent),
        "delivered" => Some(Rung::Delivered),
        // Without the field, the class says as much (RFC 3463).
        "" if status.is_some_and(Enhanced::is_permanent) => Some(failed(telling, said)),
        _ => None,
    };
    let words = match telling.and_then(Enhanced::words) {
        None if rung == Some(Rung::Bounced) => Some(NOBODY_THERE),
        words => words,
    };
    let status = status.map(|status| format!(" {status}"));
    let (action, status) = (if action.is_empty() { "reported" } else { &action }, status.unwrap_or_default());
    let said = if said.is_empty() { String::new() } else { format!(": {said}") };
    let detail = in_words(words, &clip(&format!("{action}{status}{said}")));
    Fate { recipients: recipients.collect(), rung, detail }
}

/// A status says whose fault it is. Where a server has no code but 5.0.0, the answer it quotes may have one,
/// or plain words.
fn failed(status: Option<Enhanced>, said: &str) -> Rung {
    match status {
        Some(status) if status.proves_nobody() => Rung::Bounced,
        Some(_) => Rung::Failed,
        None if is_nobody(said) => Rung::Bounced,
        None => Rung::Failed,
    }
}

fn is_nobody(said: &str) -> bool {
    let said = said.to_lowercase();
    NOBODY.iter().any(|words| said.contains(words))
}

/// Undelivered mail as servers returned it before there were reports, and some still do: whoever sent it is no
/// person, and its token says which mail it is about.
fn in_plain_words(message: &Message<'_>, from: &str) -> Option<Fate> {
    let local = from.split('@').next().unwrap_or_default().to_ascii_lowercase();
    let failed = message.header("X-Failed-Recipients").and_then(HeaderValue::as_text);
    if failed.is_none() && !DAEMONS.contains(&local.as_str()) {
        return None;
    }
    let subject = message.subject().unwrap_or_default();
    let late = LATE.iter().any(|word| subject.to_lowercase().contains(word));
    let text = message.body_text(0).unwrap_or_default();
    // The line with the answer of the other server, if there is one.
    let telling = |line: &str| Enhanced::within(line).filter(|status| status.tells());
    let mut lines = text.lines().map(str::trim);
    let answer = lines.find(|line| line.contains("550") || is_nobody(line) || telling(line).is_some());
    let status = answer.and_then(telling);
    let detail = answer.map_or_else(|| subject.to_owned(), |answer| format!("{subject}: {answer}"));
    let rung = match status {
        _ if late => None,
        Some(status) if !status.proves_nobody() => Some(Rung::Failed),
        _ => Some(Rung::Bounced),
    };
    let words = status.and_then(Enhanced::words);
    let words = words.or_else(|| answer.is_some_and(is_nobody).then_some(NOBODY_THERE));
    Some(Fate {
        recipients: failed.map(|address| address.trim().to_owned()).into_iter().collect(),
        rung,
        detail: in_words(words.filter(|_| !late), &clip(&detail)),
    })
}

fn complaint(
    groups: &[Group],
    returned: Option<&Message<'_>>,
    message_id: Option<String>,
    ours: &Address,
    key: &ReplyKey,
) -> Option<Report> {
    let fields = groups.first()?;
    let kind = fields.get("feedback-type")?.to_ascii_lowercase();
    // The others tell of viruses, of broken signatures, or that something was wanted after all.
    if !["abuse", "fraud", "opt-out", "opt-out-list"].contains(&kind.as_str()) {
        return None;
    }
    let by = |address: &str| {
        let token = token(address.trim().trim_matches(['<', '>']), ours)?;
        key.of_return_token(token).map(|(id, _)| id).or_else(|| key.of_token(token))
    };
    let in_mail = |mail: &Message<'_>| {
        let reply_to = mail.reply_to().and_then(|list| list.first()).and_then(|one| one.address());
        mail.return_address().and_then(by).or_else(|| reply_to.and_then(by))
    };
    let named = fields.get("original-mail-from").and_then(|from| by(from));
    let notification = named.or_else(|| returned.and_then(in_mail))?;
    let agent = fields.get("user-agent").map(|name| format!(", told by {name}")).unwrap_or_default();
    Some(Report::Complaint { notification, message_id, said: clip(&format!("complaint ({kind}){agent}")) })
}

#[cfg(test)]
mod tests;
