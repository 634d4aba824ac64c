//! Reports in the shapes in which well-known servers and providers write them.

use super::*;
use crate::core::notification::Rung;
use proptest::prelude::*;

const ADDRESS: &str = "desk@example.net";

fn key() -> ReplyKey {
    ReplyKey::new(b"secret")
}

/// The return path of the second attempt of N45.
fn verp() -> String {
    let (local, domain) = ADDRESS.split_once('@').unwrap();
    format!("{local}+{}@{domain}", key().return_token(NotificationId(45), 2))
}

fn read_mail(text: &str) -> Option<Report> {
    let message = MessageParser::default().parse(text.as_bytes())?;
    let from = message.from().and_then(|from| from.first()).and_then(|one| one.address()).unwrap_or_default();
    read(&message, from, &ADDRESS.parse().unwrap(), &key())
}

/// A report on one recipient, to our return path.
fn dsn(to: &str, of_mail: &str, of_recipient: &str) -> String {
    format!(
        "Return-Path: <>\nFrom: Mail Delivery System <MAILER-DAEMON@mx.example.com>\nTo: {to}\n\
         Subject: Undelivered Mail\nMIME-Version: 1.0\n\
         Content-Type: multipart/report; report-type=delivery-status;\n boundary=\"b/1\"\n\n--b/1\n\
         Content-Type: text/plain\n\nI am sorry.\n\n--b/1\nContent-Type: message/delivery-status\n\n\
         Reporting-MTA: dns; mx.example.com\n{of_mail}\n{of_recipient}\n\n--b/1\nContent-Type: text/rfc822-headers\n\n\
         Return-Path: <{to}>\nMessage-ID: <0011-N45@example.net>\nSubject: News of your case\n\n--b/1--\n"
    )
}

fn fates(text: &str) -> Vec<(Option<Rung>, String)> {
    match read_mail(text) {
        Some(Report::Delivery { notification: NotificationId(45), attempt: 2, fates, .. }) => {
            fates.into_iter().map(|fate| (fate.rung, fate.detail)).collect()
        }
        other => panic!("{other:?}"),
    }
}

fn rung(of_recipient: &str) -> Option<Rung> {
    fates(&dsn(&verp(), "", of_recipient)).remove(0).0
}

#[test]
fn a_failure_is_the_addresss_fault_only_where_the_status_says_so() {
    for (shape, report, wanted) in [
        (
            "Postfix, a local user that is not there",
            "Final-Recipient: rfc822; bob@example.com\nOriginal-Recipient: rfc822;bob@example.com\nAction: failed\n\
             Status: 5.1.1\nDiagnostic-Code: x-unix; user unknown",
            Rung::Bounced,
        ),
        (
            "Postfix, answered by another server",
            "Final-Recipient: rfc822; bob@example.com\nAction: failed\nStatus: 5.7.1\nRemote-MTA: dns; mx.example.com\n\
             Diagnostic-Code: smtp; 550 5.7.1 Message refused by\n    policy",
            Rung::Failed,
        ),
        (
            "Postfix, tried for days",
            "Final-Recipient: rfc822; bob@example.com\nAction: failed\nStatus: 4.4.1\n\
             Diagnostic-Code: X-Postfix; connect to mx.example.com[192.0.2.1]:25: timed out",
            Rung::Failed,
        ),
        (
            "Exim, which knows no codes",
            "Action: failed\nFinal-Recipient: rfc822;bob@example.com\nStatus: 5.0.0\nRemote-MTA: dns; mx.example.com\n\
             Diagnostic-Code: smtp; 550 No such user here",
            Rung::Bounced,
        ),
        (
            "Exim, quoting a code",
            "Action: failed\nFinal-Recipient: rfc822;bob@example.com\nStatus: 5.0.0\n\
             Diagnostic-Code: smtp; 552-5.2.2 The mailbox is full",
            Rung::Failed,
        ),
        (
            "Exchange",
            "Original-Recipient: rfc822;bob@example.com\nFinal-Recipient: rfc822;bob@example.com\nAction: failed\n\
             Status: 5.1.10\nDiagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found",
            Rung::Bounced,
        ),
        (
            "Gmail",
            "Final-Recipient: rfc822; bob@example.com\nAction: failed\nStatus: 5.1.1\n\
             Remote-MTA: dns; mx.example.com. (192.0.2.1, the server for the domain example.com.)\n\
             Diagnostic-Code: smtp; 550-5.1.1 The email account that you tried to reach does not exist.\n\
             Last-Attempt-Date: Mon, 02 Mar 2026 09:00:00 -0800 (PST)",
            Rung::Bounced,
        ),
        (
            "our own sender is at fault",
            "Final-Recipient: rfc822; bob@example.com\nAction: failed\nStatus: 5.1.8 (bad sender)",
            Rung::Failed,
        ),
        (
            "a server that leaves the action out",
            "Final-Recipient: rfc822; bob@example.com\nStatus: 5.1.1",
            Rung::Bounced,
        ),
    ] {
        let (rung, said) = fates(&dsn(&verp(), "", report)).remove(0);
        assert_eq!(rung, Some(wanted), "{shape}");
        let nobody = said.starts_with("there is no such mailbox; correct the address (");
        let moved = said.starts_with("its domain takes no mail; correct the address (");
        assert_eq!(nobody || moved, wanted == Rung::Bounced, "{shape}: {said}");
        assert!(said.contains('('), "{shape}: the code stays behind the words: {said}");
    }
}

#[test]
fn what_is_relayed_delivered_late_or_passed_on_is_told_apart() {
    for (action, wanted) in [
        ("delivered", Some(Rung::Delivered)),
        ("Relayed (to a server without reports)", Some(Rung::Sent)),
        ("delayed", None),
        ("expanded", None),
        ("vanished", None),
    ] {
        let report = format!("Final-Recipient: rfc822; bob@example.com\nAction: {action}\nStatus: 2.0.0");
        assert_eq!(rung(&report), wanted, "{action}");
    }
    let late = "Final-Recipient: rfc822; bob@example.com\nAction: delayed\nStatus: 4.4.1\n\
                Diagnostic-Code: smtp; 451 4.4.1 try later";
    assert_eq!(
        fates(&dsn(&verp(), "", late)),
        [(None, "their mail server does not answer (delayed 4.4.1: smtp; 451 4.4.1 try later)".to_owned())]
    );
}

#[test]
fn several_recipients_of_one_report_stay_apart() {
    let two = "Original-Recipient: rfc822;list@example.com\nFinal-Recipient: rfc822;ann@example.com\nAction: delivered\n\
               Status: 2.1.5\n\nFinal-Recipient: rfc822;bob@example.com\nAction: failed\nStatus: 5.1.1";
    let Some(Report::Delivery { fates, message_id, .. }) = read_mail(&dsn(&verp(), "", two)) else {
        panic!()
    };
    assert_eq!(message_id.as_deref(), Some("0011-N45@example.net"));
    assert_eq!(fates[0].recipients, ["list@example.com", "ann@example.com"]);
    assert_eq!((fates[0].rung, fates[1].rung), (Some(Rung::Delivered), Some(Rung::Bounced)));
}

#[test]
fn only_a_token_of_ours_makes_a_report_one_of_ours() {
    let failed = "Final-Recipient: rfc822; bob@example.com\nAction: failed\nStatus: 5.1.1";
    let foreign = ReplyKey::new(b"guessed").return_token(NotificationId(45), 2);
    let answer = key().token(NotificationId(45));
    for to in [
        ADDRESS.to_owned(),
        format!("desk+{foreign}@example.net"),
        // The one in Reply-To is made for answers.
        format!("desk+{answer}@example.net"),
        format!("desk+b{answer}@example.net"),
        verp().replace("example.net", "example.org"),
        verp().replace("-2-", "-3-"),
    ] {
        assert_eq!(read_mail(&dsn(&to, "", failed)), None, "{to}");
    }
    // Where the address was lost on the way, the envelope id is as good; two that differ are no good.
    let ours = key().return_token(NotificationId(45), 2);
    assert!(read_mail(&dsn(ADDRESS, &format!("Original-Envelope-Id: {ours}\n"), failed)).is_some());
    assert!(read_mail(&dsn(&verp(), &format!("Original-Envelope-Id: {ours}\n"), failed)).is_some());
    let other = key().return_token(NotificationId(44), 1);
    assert_eq!(read_mail(&dsn(&verp(), &format!("Original-Envelope-Id: {other}\n"), failed)), None);
    // Servers write the address in capitals, and note it where they like.
    let noted = dsn(ADDRESS, "", failed);
    let noted = format!("Delivered-To: {}\n{noted}", verp().to_uppercase());
    assert!(read_mail(&noted).is_some());
}

#[test]
fn undelivered_mail_in_plain_words_counts_and_an_answer_to_the_return_path_does_not() {
    let plain = |from: &str, subject: &str, more: &str| {
        format!(
            "Return-Path: <>\n{more}From: {from}\nTo: {}\nSubject: {subject}\n\nThis message was created \
             automatically.\n\n  bob@example.com\n    550 Unknown user\n",
            verp()
        )
    };
    let daemon = "Mail Delivery System <Mailer-Daemon@mx.example.com>";
    let bounced = fates(&plain(daemon, "Mail delivery failed: returning message to sender", ""));
    assert_eq!(bounced[0].0, Some(Rung::Bounced));
    assert!(bounced[0].1.starts_with("there is no such mailbox; correct the address ("), "{bounced:?}");
    assert!(bounced[0].1.ends_with("550 Unknown user)"), "{bounced:?}");
    let full = plain(daemon, "Mail delivery failed", "").replace("550 Unknown user", "552-5.2.2 over quota");
    assert_eq!(fates(&full)[0].0, Some(Rung::Failed), "a full mailbox is not dead");
    let exim = plain("desk@mx.example.com", "Mail delivery failed", "X-Failed-Recipients: bob@example.com\n");
    assert_eq!(fates(&exim)[0].0, Some(Rung::Bounced));
    assert_eq!(fates(&plain(daemon, "Warning: message 1abc delayed 24 hours", ""))[0].0, None);
    // Out-of-office notes go to the return path (RFC 3834 §4), and say nothing of delivery.
    let away = plain("Bob <bob@example.com>", "Automatic reply: News", "Auto-Submitted: auto-replied\n");
    assert_eq!(read_mail(&away), None);
    let foreign = plain(daemon, "Mail delivery failed", "").replace(&verp(), ADDRESS);
    assert_eq!(read_mail(&foreign), None);
}

fn feedback(kind: &str, mail_from: &str, returned: &str) -> String {
    format!(
        "From: <complaints@isp.example>\nTo: <abuse@example.net>\nSubject: FW: News\nMIME-Version: 1.0\n\
         Content-Type: multipart/report; report-type=feedback-report; boundary=\"f\"\n\n--f\n\
         Content-Type: text/plain\n\nThis is an abuse report.\n\n--f\nContent-Type: message/feedback-report\n\n\
         Feedback-Type: {kind}\nUser-Agent: SomeISP/1.0\nVersion: 1\n{mail_from}\n--f\nContent-Type: message/rfc822\n\n\
         {returned}Message-ID: <0011-N45@example.net>\nSubject: News\n\nText\n--f--\n"
    )
}

#[test]
fn a_complaint_is_bound_by_the_mail_it_is_about() {
    let complaint = |text: &str| match read_mail(text) {
        Some(Report::Complaint { notification, said, .. }) => Some((notification.0, said)),
        Some(other) => panic!("{other:?}"),
        None => None,
    };
    let from = format!("Original-Mail-From: <{}>\n", verp());
    let wanted = Some((45, "complaint (abuse), told by SomeISP/1.0".to_owned()));
    assert_eq!(complaint(&feedback("abuse", &from, "")), wanted);
    assert_eq!(complaint(&feedback("abuse", "", &format!("Return-Path: <{}>\n", verp()))), wanted);
    let answer = format!("Reply-To: Desk <desk+{}@example.net>\n", key().token(NotificationId(45)));
    assert_eq!(complaint(&feedback("abuse", "", &answer)), wanted);
    assert_eq!(complaint(&feedback("not-spam", &from, "")), None);
    assert_eq!(complaint(&feedback("abuse", "", "")), None, "any mail could be returned so");
    assert_eq!(
        complaint(&feedback("abuse", "Original-Mail-From: <desk+b45-2-aaaa@example.net>\n", "")),
        None
    );
}

proptest! {
    /// Whoever writes such a report, reading it ends, and what it says is bounded.
    #[test]
    fn no_report_is_too_odd_to_read(
        fields in "(Action: (failed|delivered)\n|Status: [0-9.]{0,9}\n|Final-Recipient: rfc822; \\PC{0,20}\n|\n| \\PC{0,40}\n|[A-Za-z-]{0,9}:\\PC{0,300}\n){0,200}",
    ) {
        if let Some(Report::Delivery { fates, .. }) = read_mail(&dsn(&verp(), "", &fields)) {
            prop_assert!(fates.len() <= RECIPIENTS);
            prop_assert!(fates.iter().all(|fate| fate.detail.chars().count() < 1000 && !fate.detail.contains('\n')));
        }
    }
}
