//! Writes one message as an Internet mail, for every channel that speaks or stores mail.
//!
//! Written by hand rather than with a builder because the text comes from outside: a subject that
//! only looks like an encoded word must be encoded too, a name is never quoted around an encoded
//! word, and the body stays readable on the wire wherever the next server allows it.

use super::{Outgoing, Unsubscribe};
use crate::core::notification::Attachment;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use jiff::tz::TimeZone;
use std::fmt::Write as _;

/// Whom the mail is from, and the domain that its identifiers live in.
#[derive(Clone, Debug)]
pub(super) struct Sender {
    pub mailbox: String,
    /// Already printable.
    pub name: String,
    pub domain: String,
}

/// A finished mail with CRLF line ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mail {
    pub text: String,
    /// The body carries octets above 127: only for a server that offers 8BITMIME (RFC 6152).
    pub eight_bit: bool,
}

/// RFC 5322 §2.1.1: no line is longer than this, line end not counted.
const MAX_LINE: usize = 998;
/// What one encoded word may carry before base64, so that it and "Subject: " stay within a line of
/// 76 characters (RFC 2047 §2).
const ENCODED_WORD: usize = 39;
const PLAIN: &str = "text/plain; charset=utf-8";
/// Where a folded header line or a quoted-printable line ends.
const FOLD: usize = 76;

/// Encodes the message (RFC 5322, RFC 2045): as `text/plain`, which stays 8-bit where that is allowed;
/// with an HTML page as `multipart/alternative`, the page last (RFC 2046 §5.1.4); with files as
/// `multipart/mixed` around that. The header is ASCII in any case.
pub(super) fn compose(message: &Outgoing, sender: &Sender, eight_bit_allowed: bool) -> Mail {
    let domain = &sender.domain;
    let to_name = message.name.printable();
    let mut text = String::with_capacity(message.body.raw().len() + 1024);
    header(&mut text, "From", &mailbox_with_name(&sender.name, &sender.mailbox));
    header(&mut text, "To", &mailbox_with_name(to_name.as_str(), &message.address));
    if let Some(reply_to) = &message.reply_to {
        header(&mut text, "Reply-To", &mailbox_with_name(&sender.name, reply_to));
    }
    header(&mut text, "Date", &date(message.created_at));
    header(&mut text, "Subject", &unstructured(message.subject.printable().as_str()));
    header(&mut text, "Message-ID", &format!("<{}@{domain}>", identifier(&message.idempotency_key)));
    if let Some(thread) = &message.thread {
        let thread = format!("<thread-{}@{domain}>", identifier(thread));
        header(&mut text, "In-Reply-To", &thread);
        header(&mut text, "References", &thread);
    }
    // RFC 3834 §5: asks other programs not to answer.
    header(&mut text, "Auto-Submitted", "auto-generated");
    if let Some(unsubscribe) = &message.unsubscribe {
        list_unsubscribe(&mut text, unsubscribe);
    }
    header(&mut text, "X-Nightdesk-Id", &message.notification.to_string());
    header(&mut text, "MIME-Version", "1.0");
    if message.html.is_some() || !message.attachments.is_empty() {
        text.push_str(&multipart(message));
        return Mail { text, eight_bit: false };
    }
    header(&mut text, "Content-Type", PLAIN);

    let body = crlf_lines(message.body.raw());
    let (encoding, body, eight_bit) = match body_needs(&body) {
        Needs::Nothing => ("7bit", body, false),
        Needs::EightBit if eight_bit_allowed => ("8bit", body, true),
        Needs::EightBit | Needs::Encoding => ("quoted-printable", quoted_printable(&body), false),
    };
    header(&mut text, "Content-Transfer-Encoding", encoding);
    text.push_str("\r\n");
    text.push_str(&body);
    Mail { text, eight_bit }
}

/// RFC 2369 §3.2 and, where a POST is enough, RFC 8058 §3.1. Whoever signs the mail (DKIM) must sign both.
fn list_unsubscribe(text: &mut String, ways: &Unsubscribe) {
    let web = ways.web.as_ref().map(|url| format!("<{url}>"));
    let mail = ways.mail.as_ref().map(|mailbox| format!("<mailto:{mailbox}?subject=unsubscribe>"));
    let all: Vec<String> = web.into_iter().chain(mail).collect();
    header(text, "List-Unsubscribe", &all.join(",\r\n "));
    if ways.web.is_some() {
        header(text, "List-Unsubscribe-Post", "List-Unsubscribe=One-Click");
    }
}

/// The name by which replies and reports know a message, without the domain.
pub fn message_name(idempotency_key: &str) -> String {
    identifier(idempotency_key)
}

/// The rest of a mail of several parts, from its Content-Type on.
fn multipart(message: &Outgoing) -> String {
    let key = identifier(&message.idempotency_key);
    let plain = encoded_text(PLAIN, message.body.raw());
    let said = match &message.html {
        None => plain,
        Some(html) => {
            let html = encoded_text("text/html; charset=utf-8", html.raw());
            joined("alternative", &format!("=_a_{key}"), &[plain, html])
        }
    };
    if message.attachments.is_empty() {
        return said;
    }
    let mut parts = vec![said];
    parts.extend(message.attachments.iter().map(attached));
    joined("mixed", &format!("=_m_{key}"), &parts)
}

/// Parts behind their common boundary (RFC 2046 §5.1.1). A boundary begins with `=_`, which stands in
/// no quoted-printable or base64 text, and every part is one of these.
fn joined(kind: &str, boundary: &str, parts: &[String]) -> String {
    // At most 70 characters; the key of a message is shorter unless a desk has an odd name.
    let boundary: String = boundary.chars().take(70).collect();
    let mut out = String::new();
    header(&mut out, "Content-Type", &format!("multipart/{kind};\r\n boundary=\"{boundary}\""));
    for part in parts {
        out.push_str(&format!("\r\n--{boundary}\r\n"));
        out.push_str(part);
    }
    out.push_str(&format!("\r\n--{boundary}--\r\n"));
    out
}

fn encoded_text(media_type: &str, body: &str) -> String {
    let mut out = String::new();
    header(&mut out, "Content-Type", media_type);
    header(&mut out, "Content-Transfer-Encoding", "quoted-printable");
    out.push_str("\r\n");
    out.push_str(&quoted_printable(&crlf_lines(body)));
    out
}

/// A file (RFC 2183), its text in base64 so that it arrives octet by octet.
fn attached(file: &Attachment) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let name: String = file.name.chars().map(|c| if plain(c) { c } else { '_' }).take(60).collect();
    let mut out = String::new();
    header(&mut out, "Content-Type", &format!("{}; charset=utf-8;\r\n name=\"{name}\"", file.media_type));
    header(&mut out, "Content-Disposition", &format!("attachment;\r\n filename=\"{name}\""));
    header(&mut out, "Content-Transfer-Encoding", "base64");
    out.push_str("\r\n");
    let coded = BASE64.encode(file.text.raw());
    let mut rest = coded.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(FOLD));
        out.push_str(line);
        out.push_str("\r\n");
        rest = after;
    }
    out
}

/// Whether this can stand in an SMTP command and in a header as it is: one ASCII mailbox without
/// anything that ends an address.
pub(super) fn is_plain_mailbox(address: &str) -> bool {
    address.len() <= 254
        && address.bytes().all(|b| b.is_ascii_graphic() && !b"<>()[],;:\\\"".contains(&b))
        && email_address::EmailAddress::is_valid(address)
}

fn header(text: &mut String, name: &str, value: &str) {
    text.push_str(name);
    text.push_str(": ");
    text.push_str(value);
    text.push_str("\r\n");
}

fn date(at: jiff::Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%a, %d %b %Y %H:%M:%S +0000").to_string()
}

/// A display name and its mailbox: plain words as a quoted string, others as encoded words, which
/// may not stand inside quotes (RFC 2047 §5).
fn mailbox_with_name(name: &str, mailbox: &str) -> String {
    let name = name.trim();
    if name.is_empty() {
        return format!("<{mailbox}>");
    }
    if needs_encoded_words(name) || name.len() > FOLD - "Subject: ".len() {
        return format!("{}\r\n <{mailbox}>", encoded_words(name));
    }
    let quoted = name.replace('\\', "\\\\").replace('"', "\\\"");
    if quoted.len() + mailbox.len() > FOLD - 12 {
        format!("\"{quoted}\"\r\n <{mailbox}>")
    } else {
        format!("\"{quoted}\" <{mailbox}>")
    }
}

fn unstructured(value: &str) -> String {
    if needs_encoded_words(value) { encoded_words(value) } else { folded(value) }
}

/// Not ASCII, or something a reader would decode although nobody encoded it; a word too long to
/// fold counts, too.
fn needs_encoded_words(value: &str) -> bool {
    !value.bytes().all(|b| (b' '..=b'~').contains(&b))
        || value.contains("=?")
        || value.starts_with(' ')
        || value.ends_with(' ')
        || value.split(' ').any(|word| word.len() > FOLD)
}

fn encoded_words(value: &str) -> String {
    let mut out = String::new();
    let mut rest = value;
    while !rest.is_empty() {
        let mut end = rest.len().min(ENCODED_WORD);
        while !rest.is_char_boundary(end) {
            end -= 1;
        }
        let (word, after) = rest.split_at(end);
        if !out.is_empty() {
            out.push_str("\r\n ");
        }
        out.push_str("=?utf-8?B?");
        BASE64.encode_string(word, &mut out);
        out.push_str("?=");
        rest = after;
    }
    out
}

/// Breaks a plain value at single spaces only, so that unfolding gives it back unchanged.
fn folded(value: &str) -> String {
    let mut out = String::with_capacity(value.len() + 8);
    let mut column = "Subject: ".len();
    for (at, word) in value.split(' ').enumerate() {
        if at > 0 {
            if column + 1 + word.len() > FOLD && !word.is_empty() {
                out.push_str("\r\n");
                column = 0;
            }
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += word.len();
    }
    // A run of spaces may have been left alone on a line; such a line would end the header early
    // for some readers.
    if out.split("\r\n").any(|line| line.trim().is_empty()) { encoded_words(value) } else { out }
}

/// The left side of a message id (RFC 5322 §3.6.4): what is not safe in it becomes `_` and hex.
fn identifier(key: &str) -> String {
    let mut out = String::with_capacity(key.len());
    for byte in key.bytes() {
        if byte.is_ascii_alphanumeric() || byte == b'-' {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "_{byte:02x}");
        }
    }
    out
}

fn crlf_lines(body: &str) -> String {
    let mut out = body.replace("\r\n", "\n").replace('\r', "\n").replace('\n', "\r\n");
    if !out.ends_with("\r\n") {
        out.push_str("\r\n");
    }
    out
}

enum Needs {
    Nothing,
    EightBit,
    Encoding,
}

fn body_needs(body: &str) -> Needs {
    let plain = |c: char| !c.is_control() || c == '\t';
    if body.split("\r\n").any(|line| line.len() > MAX_LINE || !line.chars().all(plain)) {
        Needs::Encoding
    } else if body.is_ascii() {
        Needs::Nothing
    } else {
        Needs::EightBit
    }
}

/// RFC 2045 §6.7. Lines are broken after a space where there is one, so that a reference or a code
/// can still be found in the raw mail.
fn quoted_printable(body: &str) -> String {
    let mut out = String::with_capacity(body.len() * 2);
    for line in body.split_terminator("\r\n") {
        let mut column = 0;
        for word in line.split_inclusive(' ') {
            let coded: Vec<String> = word.bytes().map(quoted).collect();
            let length: usize = coded.iter().map(String::len).sum();
            if column > 0 && column + length >= FOLD {
                out.push_str("=\r\n");
                column = 0;
            }
            for code in coded {
                if column + code.len() >= FOLD {
                    out.push_str("=\r\n");
                    column = 0;
                }
                column += code.len();
                out.push_str(&code);
            }
        }
        // White space at the end of a line would be lost on the way.
        if let Some(last @ (' ' | '\t')) = out.chars().next_back()
            && column > 0
        {
            out.pop();
            out.push_str(if last == ' ' { "=20" } else { "=09" });
        }
        out.push_str("\r\n");
    }
    out
}

fn quoted(byte: u8) -> String {
    match byte {
        b' ' | b'\t' | b'!'..=b'<' | b'>'..=b'~' => char::from(byte).to_string(),
        other => format!("={other:02X}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::contact::Medium;
    use crate::core::id::NotificationId;
    use crate::core::notification::Purpose;
    use mail_parser::MessageParser;
    use proptest::prelude::*;

    fn outgoing(name: &str, subject: &str, body: &str) -> Outgoing {
        Outgoing {
            notification: NotificationId(12),
            attempt: 1,
            medium: Medium::Email,
            address: "ann@example.net".into(),
            name: name.into(),
            subject: subject.into(),
            body: body.into(),
            html: None,
            attachments: Vec::new(),
            purpose: Purpose::Page,
            urgent: true,
            reply_to: None,
            return_path: None,
            unsubscribe: None,
            idempotency_key: "nightdesk/n12".into(),
            thread: Some("A7".into()),
            possible_duplicate: false,
            created_at: "2026-02-03T04:05:06Z".parse().unwrap(),
        }
    }

    fn sender() -> Sender {
        Sender { mailbox: "desk@example.org".into(), name: "Night desk".into(), domain: "example.org".into() }
    }

    #[test]
    fn a_plain_page_reads_as_it_was_written() {
        let mail = compose(
            &outgoing("Ann Lee", "Order 4711 is late", "It is late.\nPlease call.\n"),
            &sender(),
            false,
        );
        insta::assert_snapshot!(mail.text.replace("\r\n", "\n"), @r#"
        From: "Night desk" <desk@example.org>
        To: "Ann Lee" <ann@example.net>
        Date: Tue, 03 Feb 2026 04:05:06 +0000
        Subject: Order 4711 is late
        Message-ID: <nightdesk_2fn12@example.org>
        In-Reply-To: <thread-A7@example.org>
        References: <thread-A7@example.org>
        Auto-Submitted: auto-generated
        X-Nightdesk-Id: N12
        MIME-Version: 1.0
        Content-Type: text/plain; charset=utf-8
        Content-Transfer-Encoding: 7bit

        It is late.
        Please call.
        "#);
    }

    #[test]
    fn who_may_unsubscribe_is_told_how_and_by_one_click_only_over_https() {
        let ways = |web: Option<&str>| Unsubscribe {
            web: web.map(str::to_owned),
            mail: Some("desk+u12-abc@example.org".into()),
        };
        let head = |ways| {
            let message = Outgoing { unsubscribe: Some(ways), ..outgoing("Ann", "s", "b") };
            let text = compose(&message, &sender(), false).text;
            text.split_once("Auto-Submitted").unwrap().1.split_once("X-Nightdesk").unwrap().0.to_owned()
        };
        assert_eq!(
            head(ways(Some("https://desk.example.org/v1/unsubscribe/12-abc"))),
            ": auto-generated\r\nList-Unsubscribe: <https://desk.example.org/v1/unsubscribe/12-abc>,\r\n \
             <mailto:desk+u12-abc@example.org?subject=unsubscribe>\r\n\
             List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
        );
        assert!(!head(ways(None)).contains("List-Unsubscribe-Post"), "nobody could post anything");
    }

    #[test]
    fn a_token_in_an_encoded_body_can_still_be_found() {
        let token = "token-0123456789abcdef0123456789abcdef0123456789";
        let body = format!("Ťažký deň, {} and then {token} is due\n", "x".repeat(40));
        let mail = compose(&outgoing("", "s", &body), &sender(), false);
        assert!(mail.text.contains("quoted-printable") && mail.text.contains(token), "{}", mail.text);
        assert!(compose(&outgoing("", "s", &body), &sender(), true).eight_bit);
    }

    fn with_page_and_file(body: &str, html: &str, csv: &str) -> Outgoing {
        let file =
            Attachment { name: "month end\"ü.csv".into(), media_type: "text/csv".into(), text: csv.into() };
        Outgoing { html: Some(html.into()), attachments: vec![file], ..outgoing("Ann", "Digest", body) }
    }

    #[test]
    fn a_page_and_a_file_go_beside_the_text() {
        let message = with_page_and_file("3 overdue", "<p>3 overdue</p>", "a,b\r\n1,2\r\n");
        let mail = compose(&message, &sender(), true);
        let (_, rest) = mail.text.split_once("MIME-Version: 1.0\r\n").unwrap();
        insta::assert_snapshot!(rest.replace("\r\n", "\n"), @r#"
        Content-Type: multipart/mixed;
         boundary="=_m_nightdesk_2fn12"

        --=_m_nightdesk_2fn12
        Content-Type: multipart/alternative;
         boundary="=_a_nightdesk_2fn12"

        --=_a_nightdesk_2fn12
        Content-Type: text/plain; charset=utf-8
        Content-Transfer-Encoding: quoted-printable

        3 overdue

        --=_a_nightdesk_2fn12
        Content-Type: text/html; charset=utf-8
        Content-Transfer-Encoding: quoted-printable

        <p>3 overdue</p>

        --=_a_nightdesk_2fn12--

        --=_m_nightdesk_2fn12
        Content-Type: text/csv; charset=utf-8;
         name="month_end__.csv"
        Content-Disposition: attachment;
         filename="month_end__.csv"
        Content-Transfer-Encoding: base64

        YSxiDQoxLDINCg==

        --=_m_nightdesk_2fn12--
        "#);
    }

    #[test]
    fn mailboxes_that_could_end_a_command_are_not_plain() {
        for good in ["ann@example.net", "a.b+c@mail.example.co.uk"] {
            assert!(is_plain_mailbox(good), "{good}");
        }
        for bad in [
            "",
            "ann",
            "a b@x.net",
            "a@x.net>\r\nDATA",
            "a@x.net\n",
            "\"a b\"@x.net",
            "ä@x.net",
            "a@x.net, b@x.net",
        ] {
            assert!(!is_plain_mailbox(bad), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn every_part_says_what_was_written_whatever_it_is(
            body in "\\PC{0,200}|(.|\n|--=_[am]_nightdesk_2fn12(--)?\n){0,30}",
            html in "\\PC{0,200}|(<p>|\n|--=_[am]_nightdesk_2fn12(--)?\n|[a-z]{300}){0,30}",
            csv in "(\\PC|\r\n|,|--=_m_nightdesk_2fn12){0,200}",
        ) {
            let mail = compose(&with_page_and_file(&body, &html, &csv), &sender(), false);
            prop_assert!(mail.text.is_ascii());
            prop_assert!(mail.text.split("\r\n").all(|l| l.len() <= FOLD + 2 && !l.contains(['\r', '\n'])));
            let read = MessageParser::default().parse(mail.text.as_bytes()).unwrap();
            let same = |got: &str, said: &str| got.replace("\r\n", "\n") == crlf_lines(said).replace("\r\n", "\n");
            prop_assert!(same(&read.body_text(0).unwrap(), &body));
            prop_assert!(same(&read.body_html(0).unwrap(), &html));
            prop_assert_eq!(read.attachment_count(), 1);
            prop_assert_eq!(read.attachment(0).unwrap().contents(), csv.as_bytes());
        }

        #[test]
        fn whatever_comes_from_outside_the_mail_says_the_same_and_has_no_more_headers(
            name in "\\PC{0,90}|.{0,30}|(a|\r\n|\n|Bcc: x@y.net|\"|\\\\|=\\?utf-8\\?B\\?Cg==\\?=| ){0,8}",
            subject in "\\PC{0,200}|(.|\r\n|\n){0,40}|(word|  |\r\nBcc: x@y.net|=\\?utf-8\\?Q\\?=0A\\?=|[a-z]{90}| ){0,30}",
            body in "\\PC{0,300}|(.|\n|\r|\r\n\\.\r\n| \n|\t\n){0,60}|[a-z =]{900,1200}",
            eight in any::<bool>(),
        ) {
            let message = outgoing(&name, &subject, &body);
            let mail = compose(&message, &sender(), eight);
            prop_assert!(mail.text.split("\r\n").all(|l| l.len() <= MAX_LINE && !l.contains(['\r', '\n'])));
            let (head, _) = mail.text.split_once("\r\n\r\n").unwrap();
            prop_assert!(head.is_ascii());
            prop_assert!(head.split("\r\n").all(|l| l.len() <= 78 && !l.trim().is_empty()));
            let names: Vec<_> = head.split("\r\n").filter(|l| !l.starts_with(' '))
                .map(|l| l.split(':').next().unwrap()).collect();
            prop_assert_eq!(names, ["From", "To", "Date", "Subject", "Message-ID", "In-Reply-To", "References",
                "Auto-Submitted", "X-Nightdesk-Id", "MIME-Version", "Content-Type", "Content-Transfer-Encoding"]);
            let read = MessageParser::default().parse(mail.text.as_bytes()).unwrap();
            let said = message.subject.printable();
            prop_assert_eq!(read.subject().unwrap_or("").trim(), said.as_str().trim());
            let expected = crlf_lines(&body);
            let got = read.body_text(0).unwrap();
            prop_assert_eq!(got.replace("\r\n", "\n"), expected.replace("\r\n", "\n"));
        }
    }
}
