//! What the desk has to say, before it has words: one struct a message, every value already chosen,
//! localised and safe to show. Templates turn it into an SMS or a mail.

use serde::{Deserialize, Serialize};

/// Who reads it and why; every template sees these.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame {
    /// The desk's configured name.
    pub desk: String,
    /// The partner's name; empty where no partner is concerned.
    pub partner: String,
    /// The recipient's name.
    pub name: String,
    /// The reason this recipient gets it: `reviewer of Acme Tools`. Only desk-internal templates print it.
    pub why: String,
}

/// The task that goes with a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskLine {
    pub id: String,
    /// The team it is of; its readers may be others.
    #[serde(default)]
    pub team: Option<String>,
    pub due: Option<String>,
}

/// Everything there is to say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "says", rename_all = "snake_case")]
pub enum Message {
    /// To the responsible team: a partner opened a case. (internal)
    CaseOpened(CaseOpened),
    /// To the reviewers: a document waits for them. (internal)
    DocumentUploaded(DocumentUploaded),
    /// To the author: we have your question. (to a contact)
    Acknowledgment(Acknowledgment),
    /// To the responsible team: somebody asks. (internal)
    PostCreated(PostCreated),
    /// To a partner's contact: the case moved. (to a contact)
    CaseStatus(CaseStatusNews),
    /// To those who were told of an urgent exception: it is over. (internal)
    Outcome(Outcome),
    /// To a partner's contact: a milestone is reached. (to a contact)
    Milestone(MilestoneNews),
    /// To the onboarding team and the partner's manager. (internal)
    MilestoneDesk(MilestoneNews),
    /// To a task's owner, or its team's lead: it is overdue. (internal)
    TaskOverdue(TaskOverdue),
    /// Of any event a rule tells people about. (internal)
    Notice(Notice),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseOpened {
    pub reference: String,
    pub kind: String,
    pub title: String,
    /// Paragraph lines; may be empty.
    pub description: Vec<String>,
    pub order: Option<String>,
    pub amount: Option<String>,
    pub deadline: Option<String>,
    pub priority: String,
    pub opened_by: Option<String>,
    pub task: Option<TaskLine>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentUploaded {
    pub document: String,
    pub kind: String,
    pub case: Option<String>,
    pub url: Option<String>,
    pub uploaded_by: Option<String>,
    pub task: Option<TaskLine>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledgment {
    /// The case's or thread's reference; never cut.
    pub reference: String,
    pub kind: String,
    pub subject: String,
    /// By when an answer is due, in the recipient's zone.
    pub answer_by: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostCreated {
    pub reference: String,
    pub kind: String,
    pub subject: String,
    pub body: Vec<String>,
    pub author: String,
    /// Nobody knows how to reach the author, so no acknowledgment went out yet.
    pub author_unknown: bool,
    pub task: Option<TaskLine>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseStatusNews {
    pub reference: String,
    /// The case's title; empty where it is not known.
    pub title: String,
    /// In the recipient's language.
    pub status: String,
    /// The community's word: `awaiting_documents`.
    pub word: String,
    /// Written for the partner, as it stands.
    pub message: Vec<String>,
    /// Documents wanted from the partner.
    pub wanted: Vec<String>,
    pub due: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    pub alert: String,
    pub title: String,
    pub severity: String,
    /// Orders and shipments concerned.
    pub references: Vec<String>,
    pub amount: Vec<String>,
    pub raised: String,
    pub over: String,
    /// Who held it, where somebody did.
    pub holder: Option<String>,
    /// The reason it was closed with, or nothing when the community cleared it.
    pub resolution: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MilestoneNews {
    pub milestone: String,
    /// What comes next; nothing after the last.
    pub next: Option<NextStep>,
    /// The whole plan in order.
    pub progress: Vec<ProgressLine>,
    /// The milestone was taken back.
    pub withdrawn: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextStep {
    pub milestone: String,
    /// Who does it: the partner's or the person's or team's name.
    pub who: String,
    /// By when.
    pub by: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgressLine {
    pub milestone: String,
    /// `reached`, `expected`, `late`, `skipped` or `withdrawn`.
    pub state: String,
    /// When it was reached or is expected.
    pub date: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskOverdue {
    pub task: String,
    pub kind: String,
    pub title: String,
    pub due: String,
    pub owner: Option<String>,
    /// The recipient is the lead, and the owner was reminded before.
    pub to_lead: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    pub title: String,
    pub event: String,
    /// What else is known of it, a line each: `Order 4500123`.
    #[serde(default)]
    pub facts: Vec<String>,
}
