//! Reads a letter, and tells a human's answer from what machines send: auto-replies, bounces and mailing
//! lists (RFC 3834). Reports on mails of ours are read here as well.

use crate::channel::report::{self, Report};
use crate::core::contact::Mailbox as Address;
use crate::core::id::NotificationId;
use crate::core::reply::{Link, ReplyKey};
use mail_parser::{HeaderValue, Message, MessageParser};
use sha2::{Digest as _, Sha256};

/// A letter of more bytes than this is no reply that anybody typed, and is not read.
pub const LARGEST: u64 = 4 << 20;

/// One letter, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Its Message-ID, else what it is called where it lies.
    pub id: String,
    pub from: String,
    /// What was written, without what it quotes.
    pub text: String,
    /// The message whose token stands in the address it was sent to.
    pub answers: Option<NotificationId>,
    /// It is no human's, for this reason.
    pub automatic: Option<String>,
    /// What it reports of a mail of ours.
    pub report: Option<Report>,
    /// It was sent to the address that a mail of ours gave for getting no more of its category.
    pub leaves: Option<NotificationId>,
}

/// Whose letters are read: the address they come to, and what tells which message a token names.
#[derive(Clone, Copy)]
pub struct Desk<'a> {
    pub address: &'a Address,
    pub key: &'a ReplyKey,
}

impl Desk<'_> {
    /// Reads a letter that is called `name` where it lies; an empty one stands for one that is too large.
    pub fn read(&self, name: &str, bytes: &[u8]) -> Letter {
        let nothing = |why: &str| Letter {
            id: name.to_owned(),
            from: String::new(),
            text: String::new(),
            answers: None,
            automatic: Some(why.to_owned()),
            report: None,
            leaves: None,
        };
        if bytes.is_empty() {
            return nothing("it is empty or too large");
        }
        let Some(message) = MessageParser::default().parse(bytes) else {
            return nothing("it is no mail");
        };
        let from = message.from().and_then(|from| from.first()).and_then(|from| from.address());
        let from = from.unwrap_or_default().to_owned();
        let answers = addressees(&message).find_map(|to| self.key.of_token(token(&to, self.address)?));
        let leaves = addressees(&message).find_map(|to| {
            let token = token(&to, self.address)?.strip_prefix(['u', 'U'])?;
            self.key.of_link_token(Link::Unsubscribe, token)
        });
        let text = message.body_text(0).unwrap_or_default();
        Letter {
            report: report::read(&message, &from, self.address, self.key),
            leaves,
            id: message.message_id().map_or_else(|| name.to_owned(), str::to_owned),
            automatic: automatic(&message, &from),
            text: unquoted(&text),
            from,
            answers,
        }
    }
}

/// A name for a letter that lies under a number which may be given away again: its own octets.
pub fn name_of(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// What stands behind the `+` of an address that is ours.
pub(in crate::channel) fn token<'t>(to: &'t str, ours: &Address) -> Option<&'t str> {
    let (local, domain) = to.rsplit_once('@')?;
    let (our_local, our_domain) = ours.as_str().rsplit_once('@')?;
    let (name, token) = local.split_once('+')?;
    (name.eq_ignore_ascii_case(our_local) && domain.eq_ignore_ascii_case(our_domain)).then_some(token)
}

/// Every address it was sent to, as the envelope says (where the server noted it) and the letter.
pub(in crate::channel) fn addressees<'m>(message: &'m Message<'_>) -> impl Iterator<Item = String> + 'm {
    let noted = ["Delivered-To", "X-Original-To", "Envelope-To"].into_iter().flat_map(|name| {
        message.header_values(name).filter_map(|value| match value {
            HeaderValue::Text(text) => Some(text.trim().trim_matches(['<', '>']).to_owned()),
            HeaderValue::Address(address) => address.first()?.address().map(str::to_owned),
            _ => None,
        })
    });
    let written = message.to().into_iter().chain(message.cc());
    noted.chain(written.flat_map(|list| list.iter()).filter_map(|one| one.address().map(str::to_owned)))
}

/// Why a letter is no human's answer, if it is none.
fn automatic(message: &Message<'_>, from: &str) -> Option<String> {
    let raw = |name: &str| message.header_raw(name).map(|value| value.trim().to_ascii_lowercase());
    // RFC 3834, section 5: anything but "no" was sent by a program.
    if let Some(word) =
        raw("Auto-Submitted").filter(|word| !word.starts_with("no") || word.starts_with("not"))
    {
        return Some(format!("Auto-Submitted: {word}"));
    }
    // RFC 5321, section 4.5.5: reports come from nobody.
    if raw("Return-Path").is_some_and(|path| path.replace(' ', "") == "<>") {
        return Some("its return path is empty, as a bounce's is".to_owned());
    }
    if let Some(word) = raw("Precedence").filter(|word| {
        ["bulk", "junk", "list", "auto_reply", "auto-reply"].iter().any(|machine| word.starts_with(machine))
    }) {
        return Some(format!("Precedence: {word}"));
    }
    for name in MACHINE_HEADERS {
        if message.header_raw(*name).is_some() {
            return Some(format!("it has {name}"));
        }
    }
    let kind = raw("Content-Type").unwrap_or_default();
    if kind.starts_with("multipart/report") || kind.starts_with("message/") {
        return Some("it is a report".to_owned());
    }
    let local = from.split('@').next().unwrap_or_default().to_ascii_lowercase();
    if from.is_empty() || MACHINES.iter().any(|machine| local.starts_with(machine)) {
        return Some("it comes from no human's mailbox".to_owned());
    }
    let subject = message.subject().unwrap_or_default().trim().to_lowercase();
    let subject = subject.trim_start_matches("re:").trim();
    if SUBJECTS.iter().any(|start| subject.starts_with(start)) {
        return Some(format!("its subject says so: {}", subject.chars().take(40).collect::<String>()));
    }
    None
}

/// Set by mailing lists (RFC 2369, RFC 2919) and by programs that answer for people.
const MACHINE_HEADERS: &[&str] = &[
    "List-Id",
    "List-Unsubscribe",
    "List-Post",
    "X-Autoreply",
    "X-Autorespond",
    "X-Auto-Reply",
    "X-Autoreply-From",
    "X-Mail-Autoreply",
    "X-Auto-Response-From",
    "X-Failed-Recipients",
    "X-FC-MachineGenerated",
    "X-POST-MessageClass",
    "X-Loop",
    "Feedback-ID",
];
const MACHINES: &[&str] =
    &["mailer-daemon", "postmaster", "noreply", "no-reply", "donotreply", "do-not-reply", "bounce"];
const SUBJECTS: &[&str] = &[
    "automatic reply",
    "auto reply",
    "auto-reply",
    "autoreply",
    "auto:",
    "auto response",
    "out of office",
    "out of the office",
    "out-of-office",
    "ooo:",
    "away from",
    "on vacation",
    "vacation:",
    "automatische antwort",
    "abwesenheit",
    "abwesend",
    "nicht im büro",
    "réponse automatique",
    "reponse automatique",
    "absence du bureau",
    "absent",
    "respuesta automática",
    "respuesta automatica",
    "fuera de la oficina",
    "ausente",
    "risposta automatica",
    "undeliverable",
    "undelivered mail",
    "delivery status notification",
    "mail delivery failed",
    "returned mail",
    "delivery failure",
    "unzustellbar",
    "read:",
    "gelesen:",
];

/// What was typed above the mail it answers.
fn unquoted(text: &str) -> String {
    let mut kept = Vec::new();
    for line in text.lines() {
        let trimmed = line.trim();
        let lower = trimmed.to_lowercase();
        let attribution = (lower.ends_with("wrote:") && lower.starts_with("on "))
            || (lower.ends_with("schrieb:") && lower.starts_with("am "))
            || (lower.ends_with("a écrit :") || lower.ends_with("a écrit:"))
            || (lower.ends_with("escribió:"));
        let divider = trimmed.starts_with("-----") || trimmed.starts_with("_____") || trimmed == "--";
        let headed = ["from:", "von:", "de :", "de:"].iter().any(|head| lower.starts_with(head))
            && lower.contains('@');
        if trimmed.starts_with('>') || attribution || divider || headed {
            break;
        }
        kept.push(line.trim_end());
    }
    kept.join("\n").trim().to_owned()
}

#[cfg(test)]
mod tests;
