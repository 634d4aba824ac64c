//! The eight flows as their recipients read them: events go in by HTTP, and each letter is read from a real
//! Postfix, each text from the carrier behind a real Kannel, and compared word for word with what it should
//! say. Everything is told twice, out of order and with the agent killed in between; nobody gets more.
//!
//! Ignored unless asked for; needs the Debian packages `kannel`, `kannel-extras` and `postfix`, and root.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/desk.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod desk;
#[path = "support/kannel.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod kannel_peer;
#[path = "support/letters.rs"]
mod letters;
#[path = "support/peer.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod peer;
#[path = "support/smtp.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod smtp_peer;

use jiff::{Timestamp, tz::TimeZone};
use letters::Letters;
use peer::until;
use serde_json::{Value, json};

/// Ann answers in Berlin, Bob is on call in New York, Cora looks after partners from London, Lena leads.
const CONFIG: &str = r#"
[desk]
name = "Nordlicht"
time_zone = "Europe/Berlin"

[[person]]
id = "ann"
name = "Ann Lee"
role = "responder"
email = "ann@nordlicht.example"
phone = "+49 151 23456701"

[[person]]
id = "bob"
name = "Bob Roth"
role = "responder"
email = "bob@nordlicht.example"
phone = "+1 212 555 0142"
time_zone = "America/New_York"

[[person]]
id = "cora"
name = "Cora Diaz"
role = "responder"
email = "cora@nordlicht.example"
phone = "+44 7700 900123"
time_zone = "Europe/London"

[[person]]
id = "edi"
name = "Edi Kern"
email = "edi@nordlicht.example"

[[person]]
id = "fin"
name = "Fin Berg"
email = "fin@nordlicht.example"

[[person]]
id = "lena"
name = "Lena Orth"
role = "responder"
email = "lena@nordlicht.example"
phone = "+49 151 23456704"

[[person]]
id = "mia"
name = "Mia Falk"
email = "mia@nordlicht.example"

[[team]]
name = "service"
members = ["ann"]
lead = "lena"

[[team]]
name = "edi-support"
members = ["edi"]
lead = "lena"

[[team]]
name = "onboarding"
members = ["mia"]
lead = "lena"

[[calendar]]
name = "always"
hours = { mon = ["00:00-24:00"], tue = ["00:00-24:00"], wed = ["00:00-24:00"], thu = ["00:00-24:00"], fri = ["00:00-24:00"], sat = ["00:00-24:00"], sun = ["00:00-24:00"] }

[[assign]]
role = "coordinator"
person = "cora"

[[assign]]
role = "account_manager"
person = "cora"

[[assign]]
role = "onboarding_manager"
person = "cora"
partner = "acme"

[[assign]]
role = "reviewer"
person = "ann"

[[assign]]
role = "reviewer:invoice"
person = "fin"

[work.cases]
team = "service"
within = "8h"

[work.posts]
team = "service"
within = "4h"

[work.documents]
team = "service"
tell = ["reviewer"]
within = "16h"

[work.onboarding]
team = "onboarding"

[[plan]]
name = "standard"
steps = [
  { milestone = "profile_approved" },
  { milestone = "documents_complete", within_days = 5, by = "partner" },
  { milestone = "testing_ready", within_days = 10, by = "team:edi-support" },
  { milestone = "go_live", within_days = 5, by = "onboarding_manager" },
]

[[policy]]
name = "urgent"
steps = [{ after = "0s", notify = ["person:bob", "coordinator"] }, { after = "6h", notify = ["lead:service"] }]
last_resort = { every = "6h", notify = ["person:bob"] }

[catch_all]
policy = "urgent"

[[rule]]
name = "discrepancies"
match = { type = "community.case.opened", kind = "order_discrepancy" }
tell = ["team:edi-support"]
team = "edi-support"

[[rule]]
name = "large disputes"
match = { type = "community.case.opened", kind = "dispute", priority = ["low", "normal", "high"], amount_at_least = 10000 }
tell = ["account_manager"]

[[rule]]
name = "evidence is pressing"
match = { type = "community.document.uploaded", kind = "claims_evidence" }
tell = ["reviewer"]
within = "1s"
lead_after = "1s"

[[digest]]
name = "morning"
schedule = "0 7 1 1 *"
to = ["coordinator"]

[[contact]]
id = "ana"
partner_id = "acme"
name = "Ana López"
emails = ["ana@acme.example"]
phones = ["+34 612 345 678"]
locale = "es"
time_zone = "Atlantic/Canary"

[[contact]]
id = "ben"
partner_id = "acme"
name = "Ben Ott"
phones = ["+1 312 555 0101"]
locale = "en"
time_zone = "America/Chicago"

[[contact]]
id = "claire"
partner_id = "acme"
name = "Claire Brun"
emails = ["claire@acme.example"]
locale = "fr"
time_zone = "America/Toronto"

[[contact]]
id = "dora"
partner_id = "acme"
name = "Dora Weiß"
emails = ["dora@acme.example"]
locale = "de"
channels = { case_updates = ["email"], onboarding = [] }
"#;

/// What happened at Acme, whose clocks are Berlin's.
fn acme(mut data: Value) -> Value {
    data["partner"] = json!({ "id": "acme", "name": "Acme Tools", "time_zone": "Europe/Berlin" });
    data
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs kannel and postfix"]
async fn a_case_is_read_by_those_whom_kind_amount_and_urgency_choose_by_postfix_and_kannel() {
    let mut letters = Letters::start(CONFIG).await;
    letters
        .tell(
            "An ordinary dispute",
            "case.opened",
            "2026-11-20T10:00:00Z",
            acme(json!({ "case": { "id": "c1", "reference": "DSP-2041", "kind": "dispute",
                "title": "Short delivery", "description": "40 of 50 pallets came.\nPlease credit the rest.",
                "order": "PO-450017", "amount": { "value": 1250.5, "currency": "EUR" },
                "deadline": "2031-01-08T12:00:00Z" }, "priority": "normal", "opened_by": { "contact_id": "ana" } })),
        )
        .await;
    letters
        .tell(
            "A large one, pressing",
            "case.opened",
            "2026-11-20T10:01:00Z",
            acme(json!({ "case": { "id": "c2", "reference": "DSP-2042", "kind": "dispute",
                "title": "Broken pallets", "order": "PO-450018",
                "amount": { "value": 25000, "currency": "EUR" }, "deadline": "2031-01-08T12:00:00Z" },
                "priority": "high" })),
        )
        .await;
    letters.crash().await;
    letters
        .tell(
            "A wrong price, for EDI support",
            "case.opened",
            "2026-11-20T10:02:00Z",
            acme(json!({ "case": { "id": "c3", "reference": "OD-77", "kind": "order_discrepancy",
                "title": "Price differs from the contract" }, "priority": "low" })),
        )
        .await;
    letters
        .tell(
            "An urgent shipment exception",
            "case.opened",
            "2026-11-20T10:03:00Z",
            acme(json!({ "case": { "id": "c4", "reference": "SE-9", "kind": "shipment_exception",
                "title": "Reefer fails at the border", "description": "Two degrees an hour.",
                "order": "PO-450019", "amount": { "value": 84200, "currency": "EUR" },
                "deadline": "2031-01-08T12:00:00Z" }, "priority": "urgent" })),
        )
        .await;
    letters.dues().await;
    alert_times(&mut letters).await;
    insta::assert_snapshot!("case", letters.page().await);
}

/// When each alert was raised, when who is told next, and when it was over.
async fn alert_times(letters: &mut Letters) {
    for alert in letters.desk.list(&["alerts", "list"]).await {
        let at = |field: &str| alert[field].as_str().map(|at| at.parse::<Timestamp>().unwrap());
        letters.instant("Raised      ", "raised", at("created_at").unwrap());
        if let Some(next) = at("next_escalation_at") {
            letters.instant("told at ", "in six hours", next);
            letters.time("Next L.Orth ", "in six hours", next, "%H:%M");
        }
        if let Some(over) = at("cleared_at") {
            letters.instant("Over        ", "over", over);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs kannel and postfix"]
async fn a_document_is_read_by_its_reviewer_and_overdue_by_its_lead_by_postfix_and_kannel() {
    let mut letters = Letters::start(CONFIG).await;
    let document = |id: &str, name: &str, kind: &str| {
        acme(json!({ "document": { "id": id, "name": name, "kind": kind,
            "url": format!("https://acme.example/{id}") }, "uploaded_by": { "contact_id": "ana" } }))
    };
    let invoice = document("d1", "INV-778.pdf", "invoice");
    letters.tell("An invoice", "document.uploaded", "2026-11-20T10:00:00Z", invoice.clone()).await;
    let certificate = document("d2", "REACH 2026.pdf", "compliance_certificate");
    letters.tell("A certificate", "document.uploaded", "2026-11-20T10:01:00Z", certificate).await;
    letters.crash().await;
    let mut reviewed = invoice;
    reviewed["outcome"] = json!("approved");
    letters.tell("The invoice's review", "document.reviewed", "2026-11-20T11:00:00Z", reviewed).await;
    let evidence = document("d3", "Photos of the damage.zip", "claims_evidence");
    letters
        .tell("Evidence, wanted within a second", "document.uploaded", "2026-11-20T10:02:00Z", evidence)
        .await;
    letters.dues().await;
    letters.crash().await;
    until("the lead to be told", async || {
        let all = letters.desk.list(&["notifications", "list"]).await;
        all.iter().any(|n| n["recipient"]["name"] == "Lena Orth").then_some(())
    })
    .await;
    letters.arrived("Nobody reviews the evidence").await;
    insta::assert_snapshot!("document", letters.page().await);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs kannel and postfix"]
async fn a_post_is_acknowledged_in_its_authors_language_by_postfix_and_kannel() {
    let mut letters = Letters::start(CONFIG).await;
    let post = |id: &str, kind: &str, subject: &str, author: &str| {
        acme(json!({ "post": { "id": id, "thread": format!("T-{id}"), "kind": kind, "subject": subject,
            "body": "It should have been here on Monday." }, "author": { "contact_id": author } }))
    };
    for (id, kind, subject, author, at) in [
        ("1", "question", "¿Dónde está el PO-7?", "ana", "2026-11-20T10:00:00Z"),
        ("2", "request", "A new price list", "ben", "2026-11-20T10:01:00Z"),
        ("3", "action_item", "Nouveau quai à partir de lundi", "claire", "2026-11-20T10:02:00Z"),
        ("4", "question", "Wo bleibt PO-8?", "dora", "2026-11-20T10:03:00Z"),
    ] {
        let what = format!("{author} writes: {}", kind.replace('_', " "));
        letters.tell(&what, "post.created", at, post(id, kind, subject, author)).await;
    }
    letters.crash().await;
    letters.dues().await;
    let unknown = post("5", "request", "A price list", "zoe");
    letters.tell("Somebody nobody knows writes", "post.created", "2026-11-20T10:04:00Z", unknown).await;
    let known = json!({ "contact": { "id": "zoe", "version": "1", "partner_id": "acme", "name": "Zoe Paz",
        "emails": ["zoe@acme.example"], "locale": "en-US", "time_zone": "America/Chicago" } });
    letters.tell("and is known now", "contact.changed", "2026-11-20T10:05:00Z", known).await;
    let machine = post("6", "question", "Automatische Antwort: außer Haus", "dora");
    letters.tell("A machine writes", "post.created", "2026-11-20T10:06:00Z", machine).await;
    letters.dues().await;
    let answer = post("1", "question", "Llega mañana", "desk");
    letters.tell("Ana's question is answered", "post.answered", "2026-11-20T11:00:00Z", answer).await;
    insta::assert_snapshot!("post", letters.page().await);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs kannel and postfix"]
async fn a_case_is_followed_through_each_status_and_nothing_internal_leaves_by_postfix_and_kannel() {
    let mut letters = Letters::start(CONFIG).await;
    let status = |status: &str, more: Value| {
        let mut data =
            acme(json!({ "case": { "id": "c1", "reference": "DSP-2041", "title": "Short delivery" },
            "status": status, "note": "SECRET: they always complain", "opened_by": { "contact_id": "ana" },
            "watchers": ["ben", "ana", "claire"] }));
        data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        data
    };
    let kind = "case.status_changed";
    letters.tell("Received", kind, "2026-11-20T10:00:00Z", status("received", json!({}))).await;
    letters.tell("Under review", kind, "2026-11-20T11:00:00Z", status("under_review", json!({}))).await;
    let wanted = json!({ "message": "The carrier denies the damage.\nPlease send the signed delivery note.",
        "wanted": ["Delivery note", "Photos"], "due": "2031-01-08T12:00:00Z" });
    letters
        .tell("Documents are wanted", kind, "2026-11-20T12:00:00Z", status("awaiting_documents", wanted))
        .await;
    letters.crash().await;
    let late = status("under_review", json!({}));
    letters.tell("What comes out of order", kind, "2026-11-20T11:30:00Z", late).await;
    letters.tell("Approved", kind, "2026-11-20T13:00:00Z", status("approved", json!({}))).await;
    letters.tell("Resolved", kind, "2026-11-20T14:00:00Z", status("resolved", json!({}))).await;
    let mut other = status("rejected", json!({ "message": "The claim came too late." }));
    other["case"] = json!({ "id": "c2", "reference": "DSP-2042", "title": "Broken pallets" });
    letters.tell("Another case is rejected", kind, "2026-11-20T14:00:00Z", other).await;
    let page = letters.page().await;
    assert!(!page.contains("SECRET"));
    insta::assert_snapshot!("status", page);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs kannel and postfix"]
async fn an_urgent_exception_wakes_on_each_readers_clock_and_its_end_is_told_by_postfix_and_kannel() {
    let mut letters = Letters::start(CONFIG).await;
    let exception =
        acme(json!({ "exception": { "id": "x1", "kind": "late_shipment", "title": "Truck broke down",
        "description": "Near Lyon. A second truck is on its way.", "order": "PO-450017", "shipment": "SH-3",
        "amount": { "value": 48000, "currency": "EUR" }, "deadline": "2031-01-08T12:00:00Z",
        "codes": [{ "set": "214", "element": "AT701", "code": "SD" },
            { "set": "214", "element": "AT702", "code": "AI" }] }, "severity": "critical" }));
    letters.tell("Raised", "exception.raised", "2026-11-20T10:00:00Z", exception.clone()).await;
    alert_times(&mut letters).await;
    letters.crash().await;
    letters.tell("Cleared", "exception.cleared", "2026-11-20T11:00:00Z", exception).await;
    alert_times(&mut letters).await;
    let overtaken =
        acme(json!({ "exception": { "id": "x2", "kind": "blocked_order", "title": "Order PO-9 is blocked" },
        "severity": "high" }));
    letters
        .tell("An end that overtakes", "exception.cleared", "2026-11-20T11:00:00Z", overtaken.clone())
        .await;
    letters.tell("its beginning", "exception.raised", "2026-11-20T10:00:00Z", overtaken).await;
    let long = json!({ "partner": { "id": "hinterhuber", "name": "Hinterhuber Maschinenbau und Anlagentechnik GmbH" },
        "exception": { "id": "x3", "kind": "compliance_failure",
            "title": "Für zwölf Paletten Hydrauliköl fehlt das {Sicherheitsdatenblatt} am Zoll in Antwerpen",
            "order": "PO-2026-0004500171", "amount": { "value": 1234567, "currency": "EUR" },
            "deadline": "2031-01-08T12:00:00Z",
            "codes": [{ "set": "824", "element": "TED01", "code": "007" }] }, "severity": "critical" });
    letters.tell("Long names, and another alphabet", "exception.raised", "2026-11-20T12:00:00Z", long).await;
    alert_times(&mut letters).await;
    insta::assert_snapshot!("exception", letters.page().await);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs kannel and postfix"]
async fn each_milestone_says_what_is_next_to_everybody_involved_by_postfix_and_kannel() {
    let mut letters = Letters::start(CONFIG).await;
    let began = Timestamp::now();
    let reached = |milestone: &str| acme(json!({ "milestone": milestone }));
    let kind = "onboarding.milestone";
    for (at, milestone) in [
        ("2026-11-20T10:00:00Z", "profile_approved"),
        ("2026-11-20T11:00:00Z", "documents_complete"),
        ("2026-11-20T12:00:00Z", "testing_ready"),
    ] {
        letters.tell(milestone, kind, at, reached(milestone)).await;
    }
    letters.crash().await;
    let mut older = reached("documents_complete");
    older["withdrawn"] = json!(true);
    letters.tell("A withdrawal that is older", kind, "2026-11-20T10:30:00Z", older).await;
    let mut withdrawn = reached("testing_ready");
    withdrawn["withdrawn"] = json!(true);
    letters.tell("A withdrawal that counts", kind, "2026-11-20T12:30:00Z", withdrawn).await;
    letters.tell("go_live", kind, "2026-11-20T13:00:00Z", reached("go_live")).await;
    // Every day is a working day here. Two days are "today" when midnight passes; no date of one is one of the
    // other, for the milestones are five days apart.
    for day in [began, Timestamp::now()] {
        let today = day.to_zoned(TimeZone::get("Europe/Berlin").unwrap()).date();
        for (days, name) in [
            (0, "{today}"),
            (5, "{in 5 days}"),
            (10, "{in 10 days}"),
            (15, "{in 15 days}"),
            (20, "{in 20 days}"),
        ] {
            let day = today.checked_add(jiff::Span::new().days(days)).unwrap();
            for pattern in ["%d.%m.%Y", "%d/%m/%Y", "%-d %b %Y"] {
                letters.mask(&day.strftime(pattern).to_string(), name);
            }
        }
    }
    insta::assert_snapshot!("milestone", letters.page().await);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs kannel and postfix"]
async fn a_digest_is_read_as_text_and_as_a_page_by_postfix_and_kannel() {
    let mut letters = Letters::start(CONFIG).await;
    letters
        .tell(
            "A dispute",
            "case.opened",
            "2026-11-20T10:00:00Z",
            acme(json!({ "case": { "id": "c1", "reference": "DSP-2041", "kind": "dispute",
                "title": "Short delivery", "order": "PO-450017",
                "amount": { "value": 1250.5, "currency": "EUR" }, "deadline": "2031-01-08T12:00:00Z" },
                "priority": "normal" })),
        )
        .await;
    letters
        .tell(
            "An invoice",
            "document.uploaded",
            "2026-11-20T10:01:00Z",
            acme(json!({ "document": { "id": "d1", "name": "INV-778.pdf", "kind": "invoice" } })),
        )
        .await;
    letters
        .tell(
            "A question",
            "post.created",
            "2026-11-20T10:02:00Z",
            acme(json!({ "post": { "id": "1", "thread": "T-1", "kind": "question",
                "subject": "Where is <b>PO-7</b> & co?" }, "author": { "contact_id": "ben" } })),
        )
        .await;
    letters.crash().await;
    let ran = letters.desk.run(&["digest", "send", "morning", "--yes"]).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    letters.arrived("The digest, asked for").await;
    letters.dues().await;
    let digests = letters.desk.list(&["digest", "list"]).await;
    let sent: Timestamp = digests[0]["runs"][0]["at"].as_str().unwrap().parse().unwrap();
    letters.instant("As of ", "now", sent);
    // Before midnight in London it is the next day in Berlin: a day, unlike a time, is one reader's own.
    let day = sent.to_zoned(TimeZone::get("Europe/London").unwrap()).strftime("(%a %-d %b)").to_string();
    letters.mask(&day, "{today, by London's clock}");
    for minutes in 0..5 {
        letters.mask(&format!("open for {minutes} min"), "open for {n} min");
    }
    insta::assert_snapshot!("digest", letters.page().await);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs kannel and postfix"]
async fn a_changed_contact_is_reached_where_they_are_now_and_not_where_they_opted_out_by_postfix_and_kannel()
{
    let mut letters = Letters::start(CONFIG).await;
    let status = |status: &str| {
        acme(json!({ "case": { "id": "c1", "reference": "DSP-2041", "title": "Short delivery" },
            "status": status, "opened_by": { "contact_id": "ana" }, "watchers": ["ben"] }))
    };
    let (changed, case) = ("contact.changed", "case.status_changed");
    let contact = |contact: Value| json!({ "contact": contact });
    // What both sides agree on to begin with: only then is a later difference a change, and no conflict.
    for known in [
        json!({ "id": "ana", "version": "1", "emails": ["ana@acme.example"], "locale": "es" }),
        json!({ "id": "ben", "version": "1", "phones": ["+1 312 555 0101"] }),
    ] {
        letters.tell("The community knows the same", changed, "2026-11-20T09:00:00Z", contact(known)).await;
    }
    letters.tell("The case is received", case, "2026-11-20T10:00:00Z", status("received")).await;
    let ana = json!({ "id": "ana", "version": "5", "emails": ["ana.lopez@new.example"], "locale": "de" });
    letters
        .tell("Ana has a new mailbox and reads German", changed, "2026-11-20T10:10:00Z", contact(ana))
        .await;
    let ben = json!({ "id": "ben", "version": "5", "phones": ["+1 312 555 0199"] });
    letters.tell("Ben has a new number", changed, "2026-11-20T10:11:00Z", contact(ben)).await;
    letters.crash().await;
    let old = json!({ "id": "ana", "version": "4", "emails": ["ana@acme.example"], "locale": "es" });
    letters.tell("An older notice of Ana's comes late", changed, "2026-11-20T10:05:00Z", contact(old)).await;
    letters.tell("The case is under review", case, "2026-11-20T11:00:00Z", status("under_review")).await;
    let ana = json!({ "id": "ana", "version": "6", "opted_out": ["email"] });
    letters.tell("Ana opts out of mail", changed, "2026-11-20T11:10:00Z", contact(ana)).await;
    let ben = json!({ "id": "ben", "version": "6", "opted_out": ["sms"] });
    letters.tell("Ben opts out of SMS", changed, "2026-11-20T11:11:00Z", contact(ben)).await;
    letters.crash().await;
    let back = json!({ "id": "ben", "version": "7", "opted_out": [] });
    letters.tell("No notice takes that back", changed, "2026-11-20T11:12:00Z", contact(back)).await;
    letters.tell("The case is approved", case, "2026-11-20T12:00:00Z", status("approved")).await;
    insta::assert_snapshot!("contact", letters.page().await);
}
