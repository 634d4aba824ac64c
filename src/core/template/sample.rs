//! One full and one bare example of every message: what templates are checked against and previewed with.

use super::{Name, Said, Templates};
use crate::core::digest::write;
use crate::core::label::Labels;
use crate::core::message::{
    Acknowledgment, CaseOpened, CaseStatusNews, DocumentUploaded, Frame, Message, MilestoneNews, NextStep,
    Notice, Outcome, PostCreated, ProgressLine, TaskLine, TaskOverdue,
};
use crate::core::money::Money;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value as Json, json};

/// In whose language and zone a sample is written.
struct Reader<'a> {
    labels: &'a Labels,
    locale: &'a str,
    zone: &'a TimeZone,
}

impl Reader<'_> {
    fn word(&self, word: &str) -> String {
        self.labels.word(self.locale, word)
    }

    /// A sum at risk.
    fn sum(&self) -> String {
        self.labels.money(self.locale, &Money { cents: 8_420_000, currency: "EUR".into() })
    }

    fn day_time(&self, at: Timestamp) -> String {
        self.labels.day_time(self.locale, at, self.zone)
    }

    fn wednesday(&self) -> String {
        self.labels.date_time(self.locale, WEDNESDAY, self.zone)
    }

    fn friday(&self) -> String {
        self.labels.date_time(self.locale, FRIDAY, self.zone)
    }
}

/// 25 November 2026, 16:00 UTC.
const WEDNESDAY: Timestamp = Timestamp::constant(1_795_622_400, 0);
/// 27 November 2026, 11:00 UTC.
const FRIDAY: Timestamp = Timestamp::constant(1_795_777_200, 0);

/// Longer than any reference, so that a template that cuts one is found out.
pub(super) fn long_reference() -> String {
    "REFERENCE-".repeat(70)
}

impl Said {
    /// The samples of one template: with everything it may say, then with as little as there may be.
    pub fn samples(
        name: Name,
        frames: &[Frame; 2],
        labels: &Labels,
        locale: &str,
        zone: &TimeZone,
    ) -> Vec<Said> {
        let frames = &frames.clone().map(|frame| Frame { why: labels.reason(locale, &frame.why), ..frame });
        if name == Name::Detail {
            let reader = &Reader { labels, locale, zone };
            let said = |values| Said::new(Name::Detail, values, "A4711", "Line 12 stands still");
            return frames
                .iter()
                .zip(detail(reader))
                .map(|(frame, values)| said(with(frame, values)))
                .collect();
        }
        if name == Name::Digest {
            return Said::digests(&Templates::shipped(), &frames[0], labels, locale, zone);
        }
        Message::samples(labels, locale, zone)
            .iter()
            .filter(|pair| pair.iter().all(|message| Name::of(message) == name))
            .flat_map(|pair| pair.iter().zip(frames))
            .map(|(message, frame)| Said::message(message, frame))
            .collect()
    }

    /// Those of digests, in these phrases: their layout is given nothing but finished words.
    pub(super) fn digests(
        templates: &Templates,
        frame: &Frame,
        labels: &Labels,
        locale: &str,
        zone: &TimeZone,
    ) -> Vec<Said> {
        let said = |values| Said::new(Name::Digest, values, "", "Digest");
        write::samples(templates, frame, labels, locale, zone).map(said).into()
    }

    /// The same with another reference, wherever it stands alone.
    pub(super) fn with_reference(&self, reference: &str) -> Said {
        let mut said = self.clone();
        if !self.reference.is_empty() {
            replace(&mut said.values, &self.reference, reference);
            said.reference = reference.to_owned();
        }
        said
    }
}

fn replace(values: &mut Json, old: &str, new: &str) {
    match values {
        Json::String(text) if text == old => new.clone_into(text),
        Json::Array(items) => items.iter_mut().for_each(|item| replace(item, old, new)),
        Json::Object(fields) => fields.values_mut().for_each(|field| replace(field, old, new)),
        _ => {}
    }
}

/// A detail's own partner and reason, from the frame.
fn with(frame: &Frame, mut values: Json) -> Json {
    values["partner"] = json!(frame.partner);
    values["why"] = json!(frame.why);
    values
}

/// Of an alert's mail, which is made from the alert itself and no message.
fn detail(reader: &Reader) -> [Json; 2] {
    let full = json!({
        "id": "A4711",
        "severity": reader.word("critical"),
        "short": "CRIT",
        "partner": "",
        "title": "Line 12 stands still",
        "at_risk": [reader.sum()],
        "deadline": reader.day_time(FRIDAY),
        "raised": reader.day_time(WEDNESDAY),
        "members": [{
            "title": "Line 12 stands still",
            "kind": reader.word("blocked_order"),
            "severity": reader.word("critical"),
            "description": ["Plant 12 waits.", "Call the dock."],
            "order": "PO-450017",
            "shipment": "SH-7",
            "case": "CASE-771",
            "amount": reader.sum(),
            "deadline": reader.day_time(FRIDAY),
            "codes": ["Shipment delayed (214 SD)"],
            "cleared": true,
        }],
        "more": 3,
        "next": {"who": "Jonas Brandt", "at": reader.day_time(WEDNESDAY)},
        "policy": "urgent",
        "rule": "blocked orders",
        "why": "",
    });
    let mut bare = full.clone();
    (bare["deadline"], bare["next"], bare["more"], bare["at_risk"]) =
        (Json::Null, Json::Null, json!(0), json!([]));
    let member = &mut bare["members"][0];
    for field in ["description", "order", "shipment", "case", "amount", "deadline"] {
        member[field] = Json::Null;
    }
    (member["codes"], member["cleared"]) = (json!([]), json!(false));
    [full, bare]
}

impl Frame {
    /// Of a sample: all there is, and as little as there may be.
    pub fn samples() -> [Frame; 2] {
        let full = Frame {
            desk: "Northwind Service Desk".into(),
            partner: "Acme Tools".into(),
            name: "Lucía Lopez".into(),
            why: "reviewer of Acme Tools".into(),
        };
        let bare = Frame { partner: String::new(), name: String::new(), ..full.clone() };
        [full, bare]
    }
}

impl Message {
    /// Every message twice, as the desk would write it for a reader of this language and zone: with
    /// everything it may carry, then with only what is always there.
    pub fn samples(labels: &Labels, locale: &str, zone: &TimeZone) -> Vec<[Message; 2]> {
        let reader = &Reader { labels, locale, zone };
        vec![
            case_opened(reader),
            document_uploaded(reader),
            acknowledgment(reader),
            post_created(reader),
            case_status(reader),
            outcome(reader),
            milestone(reader).map(Message::Milestone),
            milestone(reader).map(Message::MilestoneDesk),
            task_overdue(reader),
            notice(reader),
        ]
    }
}

fn own(text: &str) -> String {
    text.to_owned()
}

fn task(reader: &Reader) -> Option<TaskLine> {
    Some(TaskLine { id: own("T214"), team: Some(own("service")), due: Some(reader.friday()) })
}

fn case_opened(reader: &Reader) -> [Message; 2] {
    let full = CaseOpened {
        reference: own("CASE-771"),
        kind: reader.word("dispute"),
        title: own("Two pallets short on PO-450017"),
        description: vec![
            own("We ordered 12 pallets and counted 10 at the dock."),
            own("The driver signed for 10; photos are attached to the case."),
        ],
        order: Some(own("PO-450017")),
        amount: Some(reader.sum()),
        deadline: Some(reader.wednesday()),
        priority: reader.word("high"),
        opened_by: Some(own("Lucía Lopez")),
        task: task(reader),
    };
    let bare = CaseOpened {
        description: vec![],
        order: None,
        amount: None,
        deadline: None,
        opened_by: None,
        task: None,
        ..full.clone()
    };
    [full, bare].map(Message::CaseOpened)
}

fn document_uploaded(reader: &Reader) -> [Message; 2] {
    let full = DocumentUploaded {
        document: own("INV-2026-1147.pdf"),
        kind: reader.word("invoice"),
        case: Some(own("CASE-771")),
        url: Some(own("https://community.example/documents/1147")),
        uploaded_by: Some(own("Lucía Lopez")),
        task: task(reader),
    };
    let bare = DocumentUploaded { case: None, url: None, uploaded_by: None, task: None, ..full.clone() };
    [full, bare].map(Message::DocumentUploaded)
}

fn acknowledgment(reader: &Reader) -> [Message; 2] {
    let full = Acknowledgment {
        reference: own("CASE-771"),
        kind: reader.word("question"),
        subject: own("When do the missing pallets ship?"),
        answer_by: Some(reader.wednesday()),
    };
    let bare = Acknowledgment { subject: String::new(), answer_by: None, ..full.clone() };
    [full, bare].map(Message::Acknowledgment)
}

fn post_created(reader: &Reader) -> [Message; 2] {
    let full = PostCreated {
        reference: own("CASE-771"),
        kind: reader.word("question"),
        subject: own("When do the missing pallets ship?"),
        body: vec![own("Our line needs them by Friday."), own("Can you confirm a date?")],
        author: own("Lucía Lopez"),
        author_unknown: true,
        task: task(reader),
    };
    let bare = PostCreated {
        subject: String::new(),
        body: vec![],
        author_unknown: false,
        task: None,
        ..full.clone()
    };
    [full, bare].map(Message::PostCreated)
}

fn case_status(reader: &Reader) -> [Message; 2] {
    let full = CaseStatusNews {
        reference: own("CASE-771"),
        title: own("Two pallets short on PO-450017"),
        status: reader.word("awaiting_documents"),
        word: own("awaiting_documents"),
        message: vec![own("The carrier confirms 10 pallets. To credit the rest we need your papers.")],
        wanted: vec![own("signed delivery note"), own("photos of the pallets")],
        due: Some(reader.friday()),
    };
    let bare =
        CaseStatusNews { title: String::new(), message: vec![], wanted: vec![], due: None, ..full.clone() };
    [full, bare].map(Message::CaseStatus)
}

fn outcome(reader: &Reader) -> [Message; 2] {
    let full = Outcome {
        alert: own("A4711"),
        title: own("Line 12 stands still"),
        severity: reader.word("critical"),
        references: vec![own("PO-450017"), own("SH-7")],
        amount: vec![reader.sum()],
        raised: reader.wednesday(),
        over: reader.friday(),
        holder: Some(own("Maria Weber")),
        resolution: Some(own("Replacement truck unloaded at dock 4.")),
    };
    let bare = Outcome { references: vec![], amount: vec![], holder: None, resolution: None, ..full.clone() };
    [full, bare].map(Message::Outcome)
}

fn milestone(reader: &Reader) -> [MilestoneNews; 2] {
    let line = |milestone: &str, state: &str, date: Option<String>| ProgressLine {
        milestone: reader.word(milestone),
        state: own(state),
        date,
    };
    let full = MilestoneNews {
        milestone: reader.word("documents_complete"),
        next: Some(NextStep {
            milestone: reader.word("testing_ready"),
            who: own("EDI support"),
            by: Some(reader.friday()),
        }),
        progress: vec![
            line("profile_approved", "reached", Some(reader.wednesday())),
            line("documents_complete", "reached", Some(reader.wednesday())),
            line("testing_ready", "expected", Some(reader.friday())),
            line("go_live", "expected", None),
        ],
        withdrawn: false,
    };
    let bare = MilestoneNews {
        milestone: reader.word("go_live"),
        next: None,
        progress: vec![
            line("profile_approved", "skipped", None),
            line("documents_complete", "withdrawn", None),
            line("testing_ready", "late", None),
        ],
        withdrawn: true,
    };
    [full, bare]
}

fn task_overdue(reader: &Reader) -> [Message; 2] {
    let full = TaskOverdue {
        task: own("T214"),
        kind: reader.word("task_answer"),
        title: own("Answer CASE-771: When do the missing pallets ship?"),
        due: reader.wednesday(),
        owner: Some(own("Maria Weber")),
        to_lead: true,
    };
    let bare = TaskOverdue { owner: None, to_lead: false, ..full.clone() };
    [full, bare].map(Message::TaskOverdue)
}

fn notice(reader: &Reader) -> [Message; 2] {
    let full = Notice {
        title: own("New price list for 2027"),
        event: own("community.pricelist.published"),
        facts: vec![
            format!("{} 4500123", reader.word("order")),
            format!("{} {}", reader.word("at_risk"), reader.sum()),
        ],
    };
    let bare = Notice { facts: Vec::new(), ..full.clone() };
    [full, bare].map(Message::Notice)
}
