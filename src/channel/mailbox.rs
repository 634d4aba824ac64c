//! Reads mailed replies out of a Maildir, and tells a human's answer from what machines send:
//! auto-replies, bounces and mailing lists (RFC 3834). Reports on mails of ours come in here as well.

use super::report::{self, Report};
use crate::core::contact::Mailbox as Address;
use crate::core::id::NotificationId;
use crate::core::reply::{Link, ReplyKey};
use mail_parser::{HeaderValue, Message, MessageParser};
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use tokio::fs;

/// A letter of more bytes than this is no reply that anybody typed, and is not read.
const LARGEST: u64 = 4 << 20;

/// One letter, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    pub file: PathBuf,
    /// Its Message-ID, else the name of its file.
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

/// Why a mailbox cannot be looked into.
#[derive(Debug, thiserror::Error)]
#[error(
    "the mailbox for replies at {path} cannot be read: {why}; the agent's user must be able to read and write it"
)]
pub struct Unreadable {
    path: PathBuf,
    why: io::Error,
}

/// A Maildir in which replies arrive.
pub struct Mailbox<'a> {
    maildir: &'a Path,
    address: &'a Address,
    /// Tells which message a token names, if it is ours.
    key: &'a ReplyKey,
}

impl<'a> Mailbox<'a> {
    pub fn new(maildir: &'a Path, address: &'a Address, key: &'a ReplyKey) -> Self {
        Self { maildir, address, key }
    }

    /// New letters, in the order of their names, at most so many.
    pub async fn letters(&self, most: usize) -> Result<Vec<Letter>, Unreadable> {
        let folder = self.maildir.join("new");
        let failed = |why| Unreadable { path: folder.clone(), why };
        let mut names: Vec<OsString> = Vec::new();
        let mut entries = fs::read_dir(&folder).await.map_err(failed)?;
        while let Some(entry) = entries.next_entry().await.map_err(failed)? {
            if !entry.file_name().as_encoded_bytes().starts_with(b".") {
                names.push(entry.file_name());
            }
        }
        names.sort();
        let mut letters = Vec::new();
        for name in names {
            if letters.len() == most {
                break;
            }
            let file = folder.join(&name);
            // One that cannot be read (yet) keeps no other from being read.
            let Ok(about) = fs::metadata(&file).await else { continue };
            if !about.is_file() {
                continue;
            }
            let bytes = match about.len() > LARGEST {
                true => Ok(Vec::new()),
                false => fs::read(&file).await,
            };
            let bytes = match bytes {
                Ok(bytes) => bytes,
                Err(why) => {
                    tracing::error!(file = %file.display(), %why, "a mailed reply cannot be read");
                    continue;
                }
            };
            letters.push(self.letter(file, &bytes));
        }
        Ok(letters)
    }

    /// Puts a letter that was taken among those that were seen (maildir(5)).
    pub async fn read(&self, file: &Path) -> Result<(), Unreadable> {
        let mut name = file.file_name().unwrap_or_default().to_owned();
        if !name.as_encoded_bytes().windows(3).any(|three| three == b":2,") {
            name.push(":2,");
        }
        name.push("S");
        let seen = self.maildir.join("cur").join(name);
        fs::rename(file, &seen).await.map_err(|why| Unreadable { path: seen, why })
    }

    fn letter(&self, file: PathBuf, bytes: &[u8]) -> Letter {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let nothing = |why: &str| Letter {
            file: file.clone(),
            id: name.clone(),
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
            id: message.message_id().map_or(name.clone(), str::to_owned),
            automatic: automatic(&message, &from),
            text: unquoted(&text),
            file,
            from,
            answers,
        }
    }
}

/// What stands behind the `+` of an address that is ours.
pub(super) fn token<'t>(to: &'t str, ours: &Address) -> Option<&'t str> {
    let (local, domain) = to.rsplit_once('@')?;
    let (our_local, our_domain) = ours.as_str().rsplit_once('@')?;
    let (name, token) = local.split_once('+')?;
    (name.eq_ignore_ascii_case(our_local) && domain.eq_ignore_ascii_case(our_domain)).then_some(token)
}

/// Every address it was sent to, as the envelope says (where the server noted it) and the letter.
pub(super) fn addressees<'m>(message: &'m Message<'_>) -> impl Iterator<Item = String> + 'm {
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
mod tests {
    use super::*;

    const ADDRESS: &str = "desk@example.net";

    fn letter(text: &str) -> Letter {
        let address: Address = ADDRESS.parse().unwrap();
        let key = ReplyKey::new(b"test");
        let text = text.replace("45-secret", &key.token(NotificationId(45))).replace('\n', "\r\n");
        let mailbox = Mailbox::new(Path::new("/nowhere"), &address, &key);
        mailbox.letter(PathBuf::from("/nowhere/new/1.2.3"), text.as_bytes())
    }

    const REPLY: &str = "Return-Path: <maria@example.net>\nFrom: Maria Weber <maria@example.net>\n\
        To: Night desk <Desk+45-secret@Example.net>\nSubject: Re: [CRIT] Acme\nMessage-ID: <m1@example.net>\n\n\
        ack 45\n\nOn Tue, 3 Mar 2026 at 03:00, Night desk <desk@example.net> wrote:\n> resolve\n";

    #[test]
    fn a_humans_answer_is_read_above_what_it_quotes() {
        let letter = letter(REPLY);
        assert_eq!(letter.automatic, None);
        assert_eq!((letter.answers, letter.from.as_str()), (Some(NotificationId(45)), "maria@example.net"));
        assert_eq!((letter.text.as_str(), letter.id.as_str()), ("ack 45", "m1@example.net"));
    }

    #[test]
    fn nothing_that_a_machine_sends_passes_for_a_human() {
        for header in [
            "Auto-Submitted: auto-replied",
            "Auto-Submitted: auto-generated (vacation)",
            "auto-submitted: AUTO-NOTIFIED",
            "Precedence: bulk",
            "Precedence: auto_reply",
            "Precedence: list",
            "List-Id: <partners.example.net>",
            "List-Unsubscribe: <mailto:x@example.net>",
            "X-Autoreply: yes",
            "X-Autorespond: away",
            "X-Failed-Recipients: a@b.example",
            "X-Loop: maria@example.net",
            "Content-Type: multipart/report; report-type=delivery-status; boundary=x",
            "Content-Type: message/rfc822",
        ] {
            assert!(letter(&format!("{header}\n{REPLY}")).automatic.is_some(), "{header}");
        }
        for (from, to) in [
            ("Return-Path: <maria@example.net>", "Return-Path: <>"),
            ("Maria Weber <maria@example.net>", "Mail Delivery System <MAILER-DAEMON@mx.example.net>"),
            ("Maria Weber <maria@example.net>", "noreply@example.net"),
            ("Re: [CRIT] Acme", "Automatic reply: [CRIT] Acme"),
            ("Re: [CRIT] Acme", "Out of Office: Re: [CRIT] Acme"),
            ("Re: [CRIT] Acme", "Abwesenheitsnotiz: [CRIT] Acme"),
            ("Re: [CRIT] Acme", "Réponse automatique : [CRIT] Acme"),
            ("Re: [CRIT] Acme", "Respuesta automática: [CRIT] Acme"),
            ("Re: [CRIT] Acme", "Undeliverable: [CRIT] Acme"),
            ("Re: [CRIT] Acme", "Read: [CRIT] Acme"),
        ] {
            let text = REPLY.replacen(from, to, 1);
            assert_ne!(text, REPLY);
            assert!(letter(&text).automatic.is_some(), "{to}");
        }
        assert_eq!(letter(&format!("Auto-Submitted: no\n{REPLY}")).automatic, None);
        assert!(letter("").automatic.is_some());
    }

    #[test]
    fn a_token_counts_only_in_our_own_address() {
        for to in [
            "desk+45-secret@evil.example",
            "other+45-secret@example.net",
            "desk+45-guessed@example.net",
            ADDRESS,
        ] {
            let text = REPLY.replacen("Desk+45-secret@Example.net", to, 1);
            assert_eq!(letter(&text).answers, None, "{to}");
        }
        let noted = format!(
            "Delivered-To: desk+45-secret@example.net\n{}",
            REPLY.replacen("Desk+45-secret@Example.net", ADDRESS, 1)
        );
        assert_eq!(letter(&noted).answers, Some(NotificationId(45)));
    }

    #[test]
    fn quotes_of_other_mail_programs_end_the_answer_too() {
        for quote in [
            "Am Di., 3. März 2026 um 03:00 Uhr schrieb Night desk <desk@example.net>:",
            "-----Original Message-----",
            "________________________________",
            "From: Night desk <desk@example.net>",
            "> resolve",
            "--",
        ] {
            let quote = quote.replace("schrieb Night desk <desk@example.net>:", "Night desk schrieb:");
            assert_eq!(unquoted(&format!("esc\n\n{quote}\nresolve it")), "esc", "{quote}");
        }
    }
}
