//! The flows from outside: events go in by HTTP, and what each recipient gets is read from a mail server and
//! an SMS gateway and compared word for word. Then the same is told again, under the same ids and under others,
//! out of order, with the agent stopped and killed in between: nobody gets anything twice.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/desk.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod desk;
#[path = "support/fake_smtp.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod fake_smtp;
#[path = "support/peer.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod peer;

use desk::Desk;
use fake_smtp::FakeSmtp;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use mail_parser::MessageParser;
use peer::until;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// Ann answers, Bob is on call and sees to EDI, Fin reviews invoices, Mia brings partners aboard, Lena leads.
const CONFIG: &str = r#"
[[channel]]
name = "mail"
kind = "smtp"
host = "127.0.0.1"
port = MAIL
tls = "none"
from = "desk@example.org"

[[channel]]
name = "sms"
kind = "kannel"
url = "SMS"
user = "desk"
password = { env = "SMS_PASSWORD" }
from = "NIGHTDESK"

[[person]]
id = "ann"
name = "Ann Lee"
role = "responder"
email = "ann@example.net"
phone = "+49 151 23456701"

[[person]]
id = "bob"
name = "Bob Roth"
role = "responder"
email = "bob@example.net"
phone = "+49 151 23456702"

[[person]]
id = "fin"
name = "Fin Berg"
email = "fin@example.net"

[[person]]
id = "mia"
name = "Mia Falk"
email = "mia@example.net"

[[person]]
id = "lena"
name = "Lena Orth"
email = "lena@example.net"

[[team]]
name = "service"
members = ["ann"]
lead = "lena"

[[team]]
name = "edi"
members = ["bob"]

[[assign]]
role = "onboarding_manager"
person = "mia"

[[assign]]
role = "reviewer"
person = "ann"

[[assign]]
role = "reviewer:invoice"
person = "fin"

[[assign]]
role = "coordinator"
person = "ann"

[[calendar]]
name = "always"
hours = { mon = ["00:00-24:00"], tue = ["00:00-24:00"], wed = ["00:00-24:00"], thu = ["00:00-24:00"], fri = ["00:00-24:00"], sat = ["00:00-24:00"], sun = ["00:00-24:00"] }

[[calendar]]
name = "every day"
hours = { mon = ["08:00-18:00"], tue = ["08:00-18:00"], wed = ["08:00-18:00"], thu = ["08:00-18:00"], fri = ["08:00-18:00"], sat = ["08:00-18:00"], sun = ["08:00-18:00"] }

[work.cases]
team = "service"

[work.posts]
team = "service"
within = "4h"

[work.documents]
team = "service"
tell = ["reviewer"]
within = "WITHIN"
lead_after = "LEAD_AFTER"

[work.onboarding]
team = "service"
calendar = "every day"

[[policy]]
name = "urgent"
steps = [{ after = "0s", notify = ["person:bob", "coordinator"] }, { after = "6h", notify = ["lead:service"] }]
last_resort = { every = "6h", notify = ["person:bob"] }

[catch_all]
policy = "urgent"

[[rule]]
name = "discrepancies"
match = { type = "community.case.opened", kind = "order_discrepancy" }
tell = ["team:edi"]

[[contact]]
id = "ana"
partner_id = "acme"
name = "Ana López"
emails = ["ana@acme.example"]
phones = ["+34 612 345 678"]
locale = "de"
time_zone = "Europe/Madrid"

[[contact]]
id = "ben"
partner_id = "acme"
name = "Ben Ott"
phones = ["+34 612 345 679"]
locale = "en"
channels = { onboarding = [] }

[[contact]]
id = "eve"
partner_id = "borg"
name = "Eve Lind"
emails = ["eve@borg.example"]
channels = { case_updates = ["email"] }
"#;

/// A gateway that takes every SMS: to whom, and the text.
struct Texts {
    url: String,
    taken: Arc<Mutex<Vec<(String, String)>>>,
}

impl Texts {
    async fn start() -> Self {
        let taken: Arc<Mutex<Vec<(String, String)>>> = Arc::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/cgi-bin/sendsms", listener.local_addr().unwrap());
        let of_server = taken.clone();
        let take = move |axum::extract::Query(query): axum::extract::Query<HashMap<String, String>>| {
            of_server.lock().unwrap().push((query["to"].clone(), query["text"].clone()));
            async { (axum::http::StatusCode::ACCEPTED, "0: Accepted for delivery") }
        };
        let router = axum::Router::new().route("/cgi-bin/sendsms", axum::routing::get(take));
        tokio::spawn(axum::serve(listener, router).into_future());
        Self { url, taken }
    }
}

/// An event of the community, and when it was made.
#[derive(Clone)]
struct Told {
    kind: &'static str,
    at: &'static str,
    data: Value,
}

fn told(kind: &'static str, at: &'static str, mut data: Value) -> Told {
    data["partner"] = json!({ "id": "acme", "name": "Acme Tools", "time_zone": "Europe/Berlin" });
    Told { kind, at, data }
}

/// A message as its recipient gets it: address, subject (none in an SMS) and text.
type Got = (String, String, String);

fn mail(to: &str, subject: &str, text: &str) -> Got {
    (to.to_owned(), subject.to_owned(), text.trim().to_owned())
}

fn sms(to: &str, text: &str) -> Got {
    (to.to_owned(), String::new(), text.to_owned())
}

struct World {
    desk: Desk,
    mails: FakeSmtp,
    texts: Texts,
    ids: u32,
}

impl World {
    async fn start(more: &str) -> Self {
        Self::with(more, "8h", "4h").await
    }

    async fn with(more: &str, within: &str, lead_after: &str) -> Self {
        let (mails, texts) = (FakeSmtp::start(&[]).await, Texts::start().await);
        let config = CONFIG
            .replace("MAIL", &mails.address.port().to_string())
            .replace("\"SMS\"", &format!("{:?}", texts.url))
            .replace("WITHIN", within)
            .replace("LEAD_AFTER", lead_after);
        let mut desk = Desk::with_environment(&format!("{config}{more}"), &[("SMS_PASSWORD", "hush")]);
        desk.start().await;
        Self { desk, mails, texts, ids: 0 }
    }

    fn event(&mut self, told: &Told) -> Value {
        self.ids += 1;
        json!({ "specversion": "1.0", "id": format!("e{}", self.ids), "source": "urn:test:community",
            "type": format!("community.{}", told.kind), "time": told.at, "data": told.data })
    }

    /// Under an id of its own.
    async fn tell(&mut self, told: &Told) -> Value {
        let event = self.event(told);
        self.desk.raise(&event).await;
        event
    }

    /// Until nothing is on its way any more; what is held waits on purpose.
    async fn settle(&self) {
        until("every message to be handed over", async || {
            let all = self.desk.list(&["notifications", "list", "--limit", "1000"]).await;
            let moves = |n: &Value| matches!(n["state"].as_str(), Some("queued" | "sending" | "in_doubt"));
            (!all.iter().any(moves)).then_some(())
        })
        .await;
    }

    /// Everything that arrived so far, by recipient; in the order of arrival for each.
    fn got(&self) -> Vec<Got> {
        let mut got: Vec<Got> = Vec::new();
        for taken in self.mails.taken() {
            let parsed = MessageParser::default().parse(taken.text.as_bytes()).unwrap();
            let text = parsed.body_text(0).unwrap().replace("\r\n", "\n").trim().to_owned();
            let to = taken.rcpt_to.split(['<', '>']).nth(1).unwrap().to_owned();
            got.push((to, parsed.subject().unwrap().to_owned(), text));
        }
        got.extend(self.texts.taken.lock().unwrap().iter().map(|(to, text)| sms(to, text)));
        got.sort_by(|a, b| a.0.cmp(&b.0));
        got
    }

    async fn expect(&self, wanted: &[Got]) {
        self.settle().await;
        let mut wanted = wanted.to_vec();
        wanted.sort_by(|a, b| a.0.cmp(&b.0));
        let got = self.got();
        for (got, wanted) in got.iter().zip(&wanted) {
            assert_eq!(got.2, wanted.2, "{} {}", got.0, got.1);
        }
        assert_eq!(got, wanted);
    }

    /// Tells everything again under the same ids and under new ones, turned round, with the agent stopped and
    /// killed in between.
    async fn again(&mut self, heard: &[Value], told: &[Told]) {
        for event in heard {
            let (status, text) = self.desk.post(event).await;
            assert_eq!((status, text.as_str()), (202, r#"{"accepted":0,"duplicates":1}"#));
        }
        self.settle().await;
        self.desk.stop().await;
        self.desk.start().await;
        for one in told {
            self.tell(one).await;
        }
        self.settle().await;
        self.desk.kill();
        self.desk.start().await;
        for one in told.iter().rev() {
            self.tell(one).await;
        }
        self.settle().await;
    }

    /// Of the one task of that kind: its id, and when it is due as a reader of the desk sees it.
    async fn task(&self, kind: &str) -> (String, Timestamp) {
        let tasks = self.desk.list(&["tasks", "list"]).await;
        let found: Vec<_> = tasks.iter().filter(|task| task["kind"] == kind).collect();
        assert_eq!(found.len(), 1, "{found:#?}");
        (found[0]["id"].as_str().unwrap().to_owned(), found[0]["due_at"].as_str().unwrap().parse().unwrap())
    }
}

fn english(at: Timestamp) -> String {
    at.to_zoned(TimeZone::get("Europe/Berlin").unwrap()).strftime("%-d %b %Y %H:%M %Z").to_string()
}

const LATER: &str = "2026-11-20T10:00:00Z";

#[tokio::test(flavor = "multi_thread")]
async fn a_case_reaches_its_team_once_by_sms_and_email_as_it_is_pressing() {
    let mut world = World::start("").await;
    let dispute = told(
        "case.opened",
        LATER,
        json!({ "case": { "id": "c1", "reference": "DSP-2041", "kind": "dispute", "title": "Short delivery",
            "description": "40 of 50 came.", "order": "PO-7", "amount": { "value": 1250.5, "currency": "EUR" },
            "deadline": "2026-12-01T12:00:00Z" }, "priority": "high", "opened_by": { "contact_id": "ana" } }),
    );
    let heard = vec![world.tell(&dispute).await];
    let (task, due) = world.task("answer").await;
    let due = english(due);
    let first = [
        mail(
            "ann@example.net",
            "DSP-2041: dispute from Acme Tools - Short delivery",
            &format!(
                "Acme Tools has opened a case:
Short delivery

Case        DSP-2041
Kind        Dispute
Priority    High
Order       PO-7
Amount      €1,250.50
Deadline    1 Dec 2026 13:00 CET
Opened by   Ana López

40 of 50 came.

Task {task} of team service: answer it by {due}.

You get this because: team service"
            ),
        ),
        sms(
            "+4915123456701",
            &format!(
                "Acme Tools: new dispute DSP-2041 \"Short delivery\". Deadline 1 Dec 2026 13:00 CET. Task {task}, due {due}."
            ),
        ),
    ];
    world.expect(&first).await;
    world.again(&heard, &[dispute]).await;
    world.expect(&first).await;

    let discrepancy = told(
        "case.opened",
        LATER,
        json!({ "case": { "id": "c2", "reference": "OD-7", "kind": "order_discrepancy", "title": "Wrong price" },
            "priority": "normal" }),
    );
    world.tell(&discrepancy).await;
    world.settle().await;
    let to_bob: Vec<_> = world.got().into_iter().filter(|got| got.0 != "ann@example.net").collect();
    assert_eq!((to_bob.len(), to_bob[1].0.as_str()), (2, "bob@example.net"), "{to_bob:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_reaches_its_reviewer_once_and_its_review_closes_the_task() {
    let mut world = World::start("").await;
    let uploaded = told(
        "document.uploaded",
        "2026-11-20T10:00:00Z",
        json!({ "document": { "id": "d1", "name": "INV-778.pdf", "kind": "invoice",
            "url": "https://example.com/d1" }, "uploaded_by": { "contact_id": "ana" } }),
    );
    let mut data = uploaded.data.clone();
    data["outcome"] = json!("approved");
    let reviewed = told("document.reviewed", "2026-11-20T11:00:00Z", data);
    let mut heard = vec![world.tell(&uploaded).await];
    let (task, due) = world.task("review").await;
    let wanted = [mail(
        "fin@example.net",
        "To review: invoice from Acme Tools - INV-778.pdf",
        &format!(
            "Acme Tools has sent a document:
INV-778.pdf

Kind        Invoice
Sent by     Ana López
Open        https://example.com/d1

Task {task} of team service: review it by {}.

You get this because: invoice reviewer of Acme Tools",
            english(due)
        ),
    )];
    world.expect(&wanted).await;
    heard.push(world.tell(&reviewed).await);
    world.again(&heard, &[uploaded, reviewed]).await;
    world.expect(&wanted).await;
    let open = world.desk.list(&["tasks", "list", "--in", "open"]).await;
    assert!(open.is_empty(), "{open:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_review_that_is_overdue_reminds_its_owner_once_and_then_its_lead_once() {
    let mut world = World::with("", "1s", "1s").await;
    let uploaded = told(
        "document.uploaded",
        LATER,
        json!({ "document": { "id": "d1", "name": "INV-778.pdf", "kind": "invoice" } }),
    );
    world.tell(&uploaded).await;
    let (task, due) = world.task("review").await;
    until("the lead to be told", async || {
        world.got().iter().any(|got| got.0 == "lena@example.net").then_some(())
    })
    .await;
    world.settle().await;
    world.desk.kill();
    world.desk.start().await;
    world.settle().await;
    let text = |head: &str, tail: &str, why: &str| {
        format!(
            "{head}\nInvoice: INV-778.pdf\n\nTask        {task}\nKind        Document review\nPartner     Acme Tools
Was due     {}\nOwner       Fin Berg\n\n{tail}\n\nYou get this because: {why}",
            english(due)
        )
    };
    let subject = format!("Overdue: {task} - Acme Tools: Invoice: INV-778.pdf");
    let got = world.got();
    assert_eq!(got.len(), 3, "{got:#?}");
    let owner = text(
        "This task is overdue:",
        "Please take care of it, or pass it on to somebody who can.",
        &format!("owner of {task}"),
    );
    assert_eq!(got[1], mail("fin@example.net", &subject, &owner));
    let lead = text(
        "A task of your team is still overdue after a first reminder:",
        "Please see that somebody takes care of it.",
        "lead of service",
    );
    assert_eq!(got[2], mail("lena@example.net", &subject, &lead));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_is_acknowledged_once_in_its_authors_language_and_on_their_clock() {
    let mut world = World::start("").await;
    let asked = told(
        "post.created",
        "2026-11-20T10:00:00Z",
        json!({ "post": { "id": "p1", "thread": "T-9", "kind": "question", "subject": "Where is PO-7?",
            "body": "It should be here." }, "author": { "contact_id": "ana" } }),
    );
    let answered = told(
        "post.answered",
        "2026-11-20T11:00:00Z",
        json!({ "post": { "id": "p2", "thread": "T-9", "kind": "question", "subject": "On its way" },
            "author": { "contact_id": "desk" } }),
    );
    let mut heard = vec![world.tell(&asked).await];
    let (task, due) = world.task("answer").await;
    let madrid = due.to_zoned(TimeZone::get("Europe/Madrid").unwrap()).strftime("%d.%m.%Y %H:%M %Z");
    let wanted = [
        mail(
            "ana@acme.example",
            "Wir haben Ihre Nachricht erhalten - T-9",
            &format!(
                "Guten Tag Ana López,

vielen Dank für Ihre Nachricht. Sie ist bei uns angekommen, und wir kümmern uns darum.

Referenz           T-9
Art                Frage
Betreff            Where is PO-7?
Unsere Antwort bis {madrid}

Bitte geben Sie T-9 an, wenn Sie uns dazu schreiben.

Freundliche Grüße
test"
            ),
        ),
        mail(
            "ann@example.net",
            "T-9: question from Acme Tools - Where is PO-7?",
            &format!(
                "Ana López of Acme Tools has written to us.

Reference   T-9
Kind        Question
Subject     Where is PO-7?

It should be here.

Task {task} of team service: answer it by {}.

You get this because: team service",
                english(due)
            ),
        ),
    ];
    world.expect(&wanted).await;
    heard.push(world.tell(&answered).await);
    world.again(&heard, &[asked, answered]).await;
    world.expect(&wanted).await;
    let open = world.desk.list(&["tasks", "list", "--in", "open"]).await;
    assert!(open.is_empty(), "{open:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_author_nobody_knows_is_acknowledged_once_they_are_and_a_machine_never() {
    let mut world = World::start("").await;
    let post = |id: &str, author: &str, subject: &str| {
        told(
            "post.created",
            LATER,
            json!({ "post": { "id": id, "thread": id, "kind": "request", "subject": subject },
                "author": { "contact_id": author } }),
        )
    };
    world.tell(&post("p1", "zoe", "A price list")).await;
    world.tell(&post("p2", "ana", "Automatische Antwort: away")).await;
    world.settle().await;
    assert!(world.got().iter().all(|got| got.0 == "ann@example.net"), "{:#?}", world.got());
    let known = json!({ "specversion": "1.0", "id": "k1", "source": "urn:test:community", "time": LATER,
        "type": "community.contact.changed", "data": { "contact": { "id": "zoe", "version": "1",
        "partner_id": "acme", "name": "Zoe Paz", "emails": ["zoe@acme.example"], "locale": "en",
        "time_zone": "America/New_York" } } });
    world.desk.kill();
    world.desk.start().await;
    world.desk.raise(&known).await;
    let mut later = known.clone();
    (later["id"], later["data"]["contact"]["version"]) = (json!("k2"), json!("2"));
    world.desk.raise(&later).await;
    world.settle().await;
    let to_zoe: Vec<_> = world.got().into_iter().filter(|got| got.0 == "zoe@acme.example").collect();
    assert_eq!(to_zoe.len(), 1, "{to_zoe:#?}");
    assert_eq!(to_zoe[0].1, "We have your request - p1");
    assert!(to_zoe[0].2.starts_with("Hello Zoe Paz,") && to_zoe[0].2.contains(" EST"), "{}", to_zoe[0].2);
}

fn status(at: &'static str, status: &str, more: Value) -> Told {
    let mut data = json!({ "case": { "id": "c1", "reference": "DSP-2041", "title": "Short delivery" },
        "status": status, "note": "SECRET: they always complain", "opened_by": { "contact_id": "ana" },
        "watchers": ["ben", "ana", "eve"] });
    data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    told("case.status_changed", at, data)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_change_of_a_case_is_told_once_to_each_follower_and_nothing_internal() {
    let mut world = World::start("").await;
    let all = [
        status("2026-11-20T10:00:00Z", "received", json!({})),
        status("2026-11-20T11:00:00Z", "under_review", json!({})),
        status(
            "2026-11-20T12:00:00Z",
            "awaiting_documents",
            json!({ "message": "Please send the delivery note.", "wanted": ["Delivery note", "Photos"],
                "due": "2026-12-01T12:00:00Z" }),
        ),
        status("2026-11-20T13:00:00Z", "approved", json!({})),
        status("2026-11-20T14:00:00Z", "resolved", json!({})),
    ];
    let mut heard = Vec::new();
    for one in &all {
        heard.push(world.tell(one).await);
        // One after the other, so that they arrive in that order.
        world.settle().await;
    }
    let german = |stand: &str, more: &str| {
        mail(
            "ana@acme.example",
            &format!("DSP-2041: {stand} - Short delivery"),
            &format!(
                "Guten Tag Ana López,

es gibt Neues zu Ihrem Fall DSP-2041 (Short delivery).

Stand: {stand}
{more}
Bitte geben Sie DSP-2041 an, wenn Sie uns dazu schreiben.

Freundliche Grüße
test"
            ),
        )
    };
    let english = |stand: &str, more: &str| {
        sms("+34612345679", &format!("test: your case DSP-2041 is now: {stand}.{more}"))
    };
    let wanted = [
        german("Eingegangen", ""),
        german("In Prüfung", ""),
        german(
            "Unterlagen ausstehend",
            "
Please send the delivery note.

Das benötigen wir bis 01.12.2026 13:00 CET von Ihnen:
- Delivery note
- Photos
",
        ),
        german("Genehmigt", ""),
        german("Abgeschlossen", ""),
        english("received", ""),
        english("under review", ""),
        english("awaiting documents", " We need Delivery note, Photos by 1 Dec 2026 13:00 CET."),
        english("approved", ""),
        english("resolved", ""),
    ];
    world.expect(&wanted).await;
    world.again(&heard, &all).await;
    world.expect(&wanted).await;
    for taken in world.mails.taken() {
        assert!(!taken.text.contains("SECRET"));
    }
    // Mails of one case are one conversation.
    let thread = |text: &str| {
        let parsed = MessageParser::default().parse(text.as_bytes()).unwrap();
        format!("{:?}", parsed.header("References").cloned())
    };
    let threads: std::collections::BTreeSet<_> =
        world.mails.taken().iter().map(|taken| thread(&taken.text)).collect();
    assert_eq!(threads.len(), 1, "{threads:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_changes_that_arrive_out_of_order_only_the_newest_is_told() {
    let mut world = World::start("").await;
    world.tell(&status("2026-11-20T13:00:00Z", "approved", json!({}))).await;
    world.settle().await;
    world.desk.kill();
    world.desk.start().await;
    world.tell(&status("2026-11-20T10:00:00Z", "received", json!({}))).await;
    world.tell(&status("2026-11-20T12:00:00Z", "awaiting_documents", json!({}))).await;
    world.settle().await;
    let subjects: Vec<_> = world.got().into_iter().map(|got| (got.0, got.1)).collect();
    let wanted = [("+34612345679", ""), ("ana@acme.example", "DSP-2041: Genehmigt - Short delivery")];
    assert_eq!(subjects, wanted.map(|(to, subject)| (to.to_owned(), subject.to_owned())));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_urgent_exception_pages_once_and_its_outcome_follows_once() {
    let mut world = World::start("").await;
    let exception = json!({ "exception": { "id": "x1", "kind": "late_shipment", "title": "Truck broke down",
        "order": "PO-7", "shipment": "SH-3", "amount": { "value": 48000, "currency": "EUR" },
        "deadline": "2027-01-08T12:00:00Z",
        "codes": [{ "set": "214", "element": "AT701", "code": "SD" }] }, "severity": "critical" });
    let raised = told("exception.raised", "2026-11-20T10:00:00Z", exception.clone());
    let cleared = told("exception.cleared", "2026-11-20T11:00:00Z", exception);
    let mut heard = vec![world.tell(&raised).await];
    let alert = world.desk.list(&["alerts", "list"]).await.remove(0);
    let at = |field: &str| alert[field].as_str().unwrap().parse::<Timestamp>().unwrap();
    let berlin = |at: Timestamp, pattern: &str| {
        at.to_zoned(TimeZone::get("Europe/Berlin").unwrap()).strftime(pattern).to_string()
    };
    world.settle().await;
    let got = world.got();
    let texts: Vec<_> = got.iter().filter(|got| got.1.is_empty()).collect();
    let next = at("next_escalation_at");
    assert_eq!(texts.len(), 2, "{texts:#?}");
    for (number, text) in ["+4915123456701", "+4915123456702"].iter().zip(&texts) {
        let page = format!(
            "CRIT Acme Tools: Truck broke down PO-7 €48k due 8 Jan 13:00. Next L.Orth {}.",
            berlin(next, "%H:%M")
        );
        // Each ends in a reply code of its own.
        let (words, code) = text.2.rsplit_once(' ').unwrap();
        assert_eq!((text.0.as_str(), words), (*number, page.as_str()));
        assert!(code.parse::<nightdesk::core::reply::Code>().is_ok(), "{code}");
    }
    let detail = |to: &str, why: &str| {
        mail(
            to,
            "[CRIT] Acme Tools: Truck broke down (A1)",
            &format!(
                "Acme Tools: Truck broke down

Severity    Critical
At risk     €48,000
Deadline    Fri 8 Jan 2027 13:00 CET
Raised      {}
Alert       A1

- Truck broke down (late shipment, critical)
  Order      PO-7
  Shipment   SH-3
  Amount     €48,000
  Deadline   Fri 8 Jan 2027 13:00 CET
  Code       Shipment delayed (214 SD)

If nobody acknowledges, L.Orth is told at {}.
You get this because: {why} (rule \"catch-all\", policy \"urgent\").",
                berlin(at("created_at"), "%a %-d %b %Y %H:%M %Z"),
                berlin(next, "%a %-d %b %Y %H:%M %Z"),
            ),
        )
    };
    let paged: Vec<_> = texts.into_iter().cloned().collect();
    let mut wanted = paged.clone();
    wanted.push(detail("ann@example.net", "coordinator of Acme Tools"));
    wanted.push(detail("bob@example.net", "named by the policy"));
    world.expect(&wanted).await;

    heard.push(world.tell(&cleared).await);
    world.settle().await;
    let over = world.desk.list(&["alerts", "list"]).await.remove(0);
    let over: Timestamp = over["cleared_at"].as_str().unwrap().parse().unwrap();
    let outcome = |to: &str, why: &str| {
        mail(
            to,
            "Over: Acme Tools: Truck broke down (A1)",
            &format!(
                "It is over:
Acme Tools: Truck broke down

Alert       A1
Severity    Critical
Concerns    PO-7, SH-3
At risk     €48,000
Raised      {}
Over        {}
Closed      cleared by the community

Nothing more is asked of you.

You get this because: {why}",
                english(at("created_at")),
                english(over),
            ),
        )
    };
    wanted.push(outcome("ann@example.net", "coordinator of Acme Tools"));
    wanted.push(outcome("bob@example.net", "named by the policy"));
    for text in &paged {
        let words = "Cleared, nobody is paged any more: Acme Tools: Truck broke down (A1)";
        wanted.push((text.0.clone(), text.1.clone(), words.to_owned()));
    }
    world.expect(&wanted).await;
    world.again(&heard, &[raised.clone(), cleared.clone()]).await;
    world.expect(&wanted).await;

    // Closed by hand and told once more, it is still the same; a new one of the same name is not.
    world.desk.run(&["resolve", "A1", "the truck runs again"]).await;
    world.tell(&raised).await;
    world.tell(&cleared).await;
    world.expect(&wanted).await;
    let mut anew = raised;
    anew.at = "2026-11-20T12:00:00Z";
    world.tell(&anew).await;
    world.settle().await;
    assert_eq!(world.got().len(), wanted.len() + 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_that_overtakes_its_exception_pages_nobody() {
    let mut world = World::start("").await;
    let exception = json!({ "exception": { "id": "x1", "kind": "late_shipment", "title": "Truck broke down" },
        "severity": "critical" });
    world.tell(&told("exception.cleared", "2026-11-20T11:00:00Z", exception.clone())).await;
    world.desk.kill();
    world.desk.start().await;
    world.tell(&told("exception.raised", "2026-11-20T10:00:00Z", exception)).await;
    world.expect(&[]).await;
    assert!(world.desk.list(&["alerts", "list"]).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_milestone_says_to_each_involved_what_is_next_who_does_it_and_by_when() {
    let mut world = World::start("").await;
    let reached =
        |name: &str, at: &'static str| told("onboarding.milestone", at, json!({ "milestone": name }));
    let all = [
        reached("profile_approved", "2026-11-20T10:00:00Z"),
        reached("documents_complete", "2026-11-20T11:00:00Z"),
    ];
    let heard = vec![world.tell(&all[0]).await];
    world.settle().await;
    let heard_at = world.desk.list(&["events", "list"]).await[0]["created_at"].as_str().unwrap().to_owned();
    let today =
        heard_at.parse::<Timestamp>().unwrap().to_zoned(TimeZone::get("Europe/Berlin").unwrap()).date();
    // Every day is a working day here.
    let in_days = |days: i64, pattern: &str| {
        today.checked_add(jiff::Span::new().days(days)).unwrap().strftime(pattern).to_string()
    };
    let de = |days| in_days(days, "%d.%m.%Y");
    let en = |days| in_days(days, "%-d %b %Y");
    let desk_text = |why: &str| {
        format!(
            "Acme Tools has reached a milestone: profile approved

Next        Documents complete
Who         Acme Tools
By          {}

The plan:
- Profile approved: reached, {}
- Documents complete: expected, {}
- Ready for testing: expected, {}
- Go-live: expected, {}

You get this because: {why}",
            en(5),
            en(0),
            en(5),
            en(15),
            en(20),
        )
    };
    let subject = "Acme Tools: milestone reached: profile approved";
    let wanted = [
        mail(
            "ana@acme.example",
            "Meilenstein erreicht: Profil freigegeben - Acme Tools",
            &format!(
                "Guten Tag Ana López,

Ihr Onboarding hat einen Meilenstein erreicht: Profil freigegeben.

Nächster Schritt: Unterlagen vollständig
Zuständig:        Acme Tools
Termin:           {}

Der Stand im Überblick:
- Profil freigegeben: erreicht, {}
- Unterlagen vollständig: geplant, {}
- Bereit zum Testen: geplant, {}
- Produktivstart: geplant, {}

Freundliche Grüße
test",
                de(5),
                de(0),
                de(5),
                de(15),
                de(20),
            ),
        ),
        mail("ann@example.net", subject, &desk_text("team service")),
        mail("mia@example.net", subject, &desk_text("onboarding manager of Acme Tools")),
    ];
    world.expect(&wanted).await;
    world.again(&heard, &all[..1]).await;
    world.expect(&wanted).await;
    // The next one, out of order with a withdrawal that is older than it.
    world.tell(&all[1]).await;
    let mut withdrawn = reached("documents_complete", "2026-11-20T10:30:00Z");
    withdrawn.data["withdrawn"] = json!(true);
    world.tell(&withdrawn).await;
    world.settle().await;
    let subjects: Vec<_> = world.got().into_iter().map(|got| got.1).collect();
    assert_eq!(subjects.len(), 6, "{subjects:#?}");
    assert!(
        subjects.contains(&"Meilenstein erreicht: Unterlagen vollständig - Acme Tools".to_owned()),
        "{subjects:#?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ship_notice_that_does_not_come_is_an_event_that_goes_through_the_rules_and_tells() {
    let mut world = World::start(
        r#"
[[expect]]
name = "ship notice"
after = { type = "community.case.opened" }
expect = { type = "community.document.uploaded" }
same = "data.case.order if data.case else data.document.order"
by_deadline = true

[[expect]]
name = "first answer"
after = { type = "community.case.opened" }
expect = { type = "community.case.status_changed" }
same = "data.case.id"
within = "1s"
calendar = "always"

[[rule]]
name = "missed ship notices"
match = { type = "nightdesk.expectation.missed" }
when = "data.expectation.name == 'ship notice'"
tell = ["person:lena"]

[[rule]]
name = "cases"
match = { type = "community.case.opened" }
quiet = true
"#,
    )
    .await;
    let order = |id: &str, deadline: Timestamp| {
        told(
            "case.opened",
            LATER,
            json!({ "case": { "id": id, "reference": format!("R-{id}"), "kind": "order", "title": format!("Order {id}"),
                "order": id, "deadline": deadline.to_string() }, "priority": "normal" }),
        )
    };
    let notice = told(
        "document.uploaded",
        "2026-11-20T11:00:00Z",
        json!({ "document": { "id": "d1", "name": "ASN", "kind": "shipping_document", "order": "PO-2" } }),
    );
    let soon = Timestamp::now() + SignedDuration::from_secs(2);
    world.tell(&order("PO-1", soon)).await;
    world.tell(&order("PO-2", soon)).await;
    world.tell(&notice).await;
    world.settle().await;
    world.desk.kill();
    world.desk.start().await;
    until("the ship notice to be missed", async || {
        world.got().iter().any(|got| got.0 == "lena@example.net").then_some(())
    })
    .await;
    let missed = until("both first answers to be missed, too", async || {
        let events = world.desk.list(&["events", "list", "--limit", "1000"]).await;
        let missed: Vec<_> =
            events.into_iter().filter(|event| event["type"] == "nightdesk.expectation.missed").collect();
        (missed.len() == 3).then_some(missed)
    })
    .await;
    world.settle().await;
    let to_lena: Vec<_> = world.got().into_iter().filter(|got| got.0 == "lena@example.net").collect();
    let event = missed.iter().find(|event| event["data"]["expectation"]["name"] == "ship notice").unwrap();
    let line = "Acme Tools: ship notice did not come: Order PO-1 (R-PO-1)";
    let text = format!(
        "{line}\n\nEvent       {}\n\nYou get this because: named by the policy",
        event["id"].as_str().unwrap()
    );
    assert_eq!(to_lena, [mail("lena@example.net", line, &text)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_that_refuses_moves_the_message_to_the_telephone_once() {
    let mut world = World::start("").await;
    world.mails.fail(fake_smtp::Step::Rcpt, fake_smtp::Fault::Say("550 5.1.1 no such user"));
    world.tell(&status("2026-11-20T10:00:00Z", "received", json!({ "watchers": [] }))).await;
    until("the telephone to ring", async || (!world.got().is_empty()).then_some(())).await;
    world.settle().await;
    world.desk.kill();
    world.desk.start().await;
    world.tell(&status("2026-11-20T11:00:00Z", "approved", json!({ "watchers": [] }))).await;
    let text = |stand: &str| sms("+34612345678", &format!("test: Stand Ihres Falls DSP-2041: {stand}."));
    world.expect(&[text("Eingegangen"), text("Genehmigt")]).await;
    let (_, fixes) = (world.settle().await, world.desk.list(&["tasks", "list"]).await);
    assert_eq!(fixes.iter().filter(|task| task["kind"] == "fix").count(), 1, "{fixes:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_optional_field_of_the_wrong_type_is_left_out_and_named_and_loses_no_event() {
    let mut world = World::start("").await;
    let case = json!({ "id": "c1", "reference": "R", "kind": "dispute", "title": "T" });
    let document = json!({ "id": "d1", "name": "D", "kind": "invoice" });
    let post = json!({ "id": "p1", "thread": "t1", "kind": "question", "subject": "S" });
    let exception = json!({ "id": "x1", "kind": "k", "title": "T" });
    let author = json!({ "contact_id": "ana" });
    for (kind, base, field) in [
        ("case.opened", json!({ "case": case, "priority": "low" }), "opened_by"),
        ("case.opened", json!({ "case": case, "priority": "low" }), "watchers"),
        ("case.opened", json!({ "case": case, "priority": "low" }), "case.deadline"),
        ("case.status_changed", json!({ "case": case, "status": "approved" }), "wanted"),
        ("case.status_changed", json!({ "case": case, "status": "approved" }), "due"),
        ("case.status_changed", json!({ "case": case, "status": "approved" }), "message"),
        ("document.uploaded", json!({ "document": document }), "uploaded_by"),
        ("document.uploaded", json!({ "document": document }), "document.url"),
        ("post.created", json!({ "post": post, "author": author }), "post.automatic"),
        ("exception.raised", json!({ "exception": exception, "severity": "low" }), "exception.amount"),
        ("exception.raised", json!({ "exception": exception, "severity": "low" }), "exception.codes"),
        ("onboarding.milestone", json!({ "milestone": "go_live" }), "contacts"),
        ("onboarding.milestone", json!({ "milestone": "go_live" }), "withdrawn"),
    ] {
        let mut told = told(kind, LATER, base);
        let pointer = format!("/{}", field.replace('.', "/"));
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        told.data.pointer_mut(parent).unwrap()[name] = json!(-7.5);
        world.tell(&told).await;
        let newest = world.desk.list(&["events", "list", "--limit", "1"]).await.remove(0);
        let named = newest["unreadable"][0]["field"].as_str().unwrap_or_default();
        assert_eq!(named, format!("data.{field}"), "{kind}: {newest:#}");
    }
}
