//! One full and one bare example of every message: what templates are checked against and previewed with.

use crate::core::message::{
    Acknowledgment, CaseOpened, CaseStatusNews, DocumentUploaded, Frame, Message, MilestoneNews, NextStep,
    Notice, Outcome, PostCreated, ProgressLine, TaskLine, TaskOverdue,
};

/// Words of a sample that the desk would say in the recipient's language.
struct Words {
    dispute: &'static str,
    question: &'static str,
    invoice: &'static str,
    high: &'static str,
    critical: &'static str,
    awaiting: &'static str,
    answer: &'static str,
    wednesday: &'static str,
    friday: &'static str,
    profile: &'static str,
    documents: &'static str,
    testing: &'static str,
    live: &'static str,
}

const ENGLISH: Words = Words {
    dispute: "dispute",
    question: "question",
    invoice: "invoice",
    high: "high",
    critical: "critical",
    awaiting: "awaiting documents",
    answer: "answer",
    wednesday: "Wed 25 Nov 17:00 CET",
    friday: "Fri 27 Nov 12:00 CET",
    profile: "profile approved",
    documents: "documents complete",
    testing: "testing ready",
    live: "go-live",
};

const GERMAN: Words = Words {
    dispute: "Reklamation",
    question: "Frage",
    invoice: "Rechnung",
    high: "hoch",
    critical: "kritisch",
    awaiting: "wartet auf Unterlagen",
    answer: "Antwort",
    wednesday: "Mi., 25. Nov., 17:00 Uhr MEZ",
    friday: "Fr., 27. Nov., 12:00 Uhr MEZ",
    profile: "Profil freigegeben",
    documents: "Unterlagen vollständig",
    testing: "bereit zum Test",
    live: "Produktivstart",
};

const FRENCH: Words = Words {
    dispute: "litige",
    question: "question",
    invoice: "facture",
    high: "haute",
    critical: "critique",
    awaiting: "en attente de documents",
    answer: "réponse",
    wednesday: "mer. 25 nov. à 17:00 CET",
    friday: "ven. 27 nov. à 12:00 CET",
    profile: "profil approuvé",
    documents: "documents complets",
    testing: "prêt pour les tests",
    live: "mise en service",
};

const SPANISH: Words = Words {
    dispute: "disputa",
    question: "pregunta",
    invoice: "factura",
    high: "alta",
    critical: "crítica",
    awaiting: "en espera de documentos",
    answer: "respuesta",
    wednesday: "mié 25 nov 17:00 CET",
    friday: "vie 27 nov 12:00 CET",
    profile: "perfil aprobado",
    documents: "documentos completos",
    testing: "listo para pruebas",
    live: "puesta en marcha",
};

fn words(locale: &str) -> &'static Words {
    match super::name::locale(locale).split('-').next() {
        Some("de") => &GERMAN,
        Some("fr") => &FRENCH,
        Some("es") => &SPANISH,
        _ => &ENGLISH,
    }
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
    /// Every message twice: with everything it may carry, then with only what is always there. Words
    /// that the desk itself says are in the language, or in English.
    pub fn samples(locale: &str) -> Vec<[Message; 2]> {
        let words = words(locale);
        vec![
            case_opened(words),
            document_uploaded(words),
            acknowledgment(words),
            post_created(words),
            case_status(words),
            outcome(words),
            milestone(words).map(Message::Milestone),
            milestone(words).map(Message::MilestoneDesk),
            task_overdue(words),
            notice(),
        ]
    }
}

fn own(text: &str) -> String {
    text.to_owned()
}

fn task(words: &Words) -> Option<TaskLine> {
    Some(TaskLine { id: own("T214"), due: Some(own(words.friday)) })
}

fn case_opened(words: &Words) -> [Message; 2] {
    let full = CaseOpened {
        reference: own("CASE-771"),
        kind: own(words.dispute),
        title: own("Two pallets short on PO-450017"),
        description: vec![
            own("We ordered 12 pallets and counted 10 at the dock."),
            own("The driver signed for 10; photos are attached to the case."),
        ],
        order: Some(own("PO-450017")),
        amount: Some(own("€8,420")),
        deadline: Some(own(words.wednesday)),
        priority: own(words.high),
        opened_by: Some(own("Lucía Lopez")),
        task: task(words),
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

fn document_uploaded(words: &Words) -> [Message; 2] {
    let full = DocumentUploaded {
        document: own("INV-2026-1147.pdf"),
        kind: own(words.invoice),
        case: Some(own("CASE-771")),
        url: Some(own("https://community.example/documents/1147")),
        uploaded_by: Some(own("Lucía Lopez")),
        task: task(words),
    };
    let bare = DocumentUploaded { case: None, url: None, uploaded_by: None, task: None, ..full.clone() };
    [full, bare].map(Message::DocumentUploaded)
}

fn acknowledgment(words: &Words) -> [Message; 2] {
    let full = Acknowledgment {
        reference: own("CASE-771"),
        kind: own(words.question),
        subject: own("When do the missing pallets ship?"),
        answer_by: Some(own(words.wednesday)),
    };
    let bare = Acknowledgment { subject: String::new(), answer_by: None, ..full.clone() };
    [full, bare].map(Message::Acknowledgment)
}

fn post_created(words: &Words) -> [Message; 2] {
    let full = PostCreated {
        reference: own("CASE-771"),
        kind: own(words.question),
        subject: own("When do the missing pallets ship?"),
        body: vec![own("Our line needs them by Friday."), own("Can you confirm a date?")],
        author: own("Lucía Lopez"),
        author_unknown: true,
        task: task(words),
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

fn case_status(words: &Words) -> [Message; 2] {
    let full = CaseStatusNews {
        reference: own("CASE-771"),
        title: own("Two pallets short on PO-450017"),
        status: own(words.awaiting),
        word: own("awaiting_documents"),
        message: vec![own("The carrier confirms 10 pallets. To credit the rest we need your papers.")],
        wanted: vec![own("signed delivery note"), own("photos of the pallets")],
        due: Some(own(words.friday)),
    };
    let bare =
        CaseStatusNews { title: String::new(), message: vec![], wanted: vec![], due: None, ..full.clone() };
    [full, bare].map(Message::CaseStatus)
}

fn outcome(words: &Words) -> [Message; 2] {
    let full = Outcome {
        alert: own("A4711"),
        title: own("Line 12 stands still"),
        severity: own(words.critical),
        references: vec![own("PO-450017"), own("SH-7")],
        amount: vec![own("€84,200")],
        raised: own(words.wednesday),
        over: own(words.friday),
        holder: Some(own("Maria Weber")),
        resolution: Some(own("Replacement truck unloaded at dock 4.")),
    };
    let bare = Outcome { references: vec![], amount: vec![], holder: None, resolution: None, ..full.clone() };
    [full, bare].map(Message::Outcome)
}

fn milestone(words: &Words) -> [MilestoneNews; 2] {
    let line = |milestone: &str, state: &str, date: Option<&str>| ProgressLine {
        milestone: own(milestone),
        state: own(state),
        date: date.map(own),
    };
    let full = MilestoneNews {
        milestone: own(words.documents),
        next: Some(NextStep {
            milestone: own(words.testing),
            who: own("EDI support"),
            by: Some(own(words.friday)),
        }),
        progress: vec![
            line(words.profile, "reached", Some(words.wednesday)),
            line(words.documents, "reached", Some(words.wednesday)),
            line(words.testing, "expected", Some(words.friday)),
            line(words.live, "expected", None),
        ],
        withdrawn: false,
    };
    let bare = MilestoneNews {
        milestone: own(words.live),
        next: None,
        progress: vec![
            line(words.profile, "skipped", None),
            line(words.documents, "withdrawn", None),
            line(words.testing, "late", None),
        ],
        withdrawn: true,
    };
    [full, bare]
}

fn task_overdue(words: &Words) -> [Message; 2] {
    let full = TaskOverdue {
        task: own("T214"),
        kind: own(words.answer),
        title: own("Answer CASE-771: When do the missing pallets ship?"),
        due: own(words.wednesday),
        owner: Some(own("Maria Weber")),
        to_lead: true,
    };
    let bare = TaskOverdue { owner: None, to_lead: false, ..full.clone() };
    [full, bare].map(Message::TaskOverdue)
}

fn notice() -> [Message; 2] {
    let full = Notice { title: own("New price list for 2027"), event: own("community.pricelist.published") };
    [full.clone(), full].map(Message::Notice)
}
