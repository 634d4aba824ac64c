//! Who writes: a human above what they quote, or a machine that must never act.

use super::*;

const ADDRESS: &str = "desk@example.net";

fn letter(text: &str) -> Letter {
    let address: Address = ADDRESS.parse().unwrap();
    let key = ReplyKey::new(b"test");
    let text = text.replace("45-secret", &key.token(NotificationId(45))).replace('\n', "\r\n");
    Desk { address: &address, key: &key }.read("1.2.3", text.as_bytes())
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
    for to in
        ["desk+45-secret@evil.example", "other+45-secret@example.net", "desk+45-guessed@example.net", ADDRESS]
    {
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
