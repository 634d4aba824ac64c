//! The words of events: lists that the community may extend, and those that it may not.

use crate::core::text::Untrusted;
use serde::{Deserialize, Serialize};

/// A list of words that we know by name and that the community may extend.
macro_rules! open_list {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(from = "String", into = "String")]
        pub enum $name { $($variant,)+ Other(Untrusted) }

        impl From<String> for $name {
            fn from(word: String) -> Self {
                match word.as_str() { $($word => Self::$variant,)+ _ => Self::Other(Untrusted::new(word)) }
            }
        }
        impl From<$name> for String {
            fn from(kind: $name) -> String {
                kind.word().to_owned()
            }
        }
        impl $name {
            /// The word as the community writes it; from outside where it is none of ours.
            pub fn word(&self) -> &str {
                match self { $(Self::$variant => $word,)+ Self::Other(word) => word.raw() }
            }
        }
    };
}

open_list!(/// What went wrong.
ExceptionKind {
    LateShipment = "late_shipment",
    BlockedOrder = "blocked_order",
    ComplianceFailure = "compliance_failure",
    Dispute = "dispute",
    ShipmentException = "shipment_exception",
    OrderDiscrepancy = "order_discrepancy",
});
open_list!(/// What a partner's case is about.
CaseKind {
    Dispute = "dispute",
    ShipmentException = "shipment_exception",
    OrderDiscrepancy = "order_discrepancy",
});
open_list!(DocumentKind {
    Invoice = "invoice",
    ComplianceCertificate = "compliance_certificate",
    ShippingDocument = "shipping_document",
    ClaimsEvidence = "claims_evidence",
});
open_list!(PostKind { Question = "question", Request = "request", ActionItem = "action_item" });
open_list!(/// Where a case stands; `opened` until its first status is heard.
CaseStatus {
    Opened = "opened",
    Received = "received",
    UnderReview = "under_review",
    AwaitingDocuments = "awaiting_documents",
    Approved = "approved",
    Rejected = "rejected",
    Resolved = "resolved",
});
open_list!(Milestone {
    ProfileApproved = "profile_approved",
    DocumentsComplete = "documents_complete",
    TestingReady = "testing_ready",
    GoLive = "go_live",
});

/// How bad it is, as the community says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Low,
    Medium,
    High,
    Critical,
}

impl Severity {
    pub const ALL: [Severity; 4] = [Severity::Low, Severity::Medium, Severity::High, Severity::Critical];

    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
            Severity::Critical => "critical",
        }
    }

    /// Four letters for narrow columns and SMS.
    pub fn short(self) -> &'static str {
        match self {
            Severity::Low => "LOW",
            Severity::Medium => "MED",
            Severity::High => "HIGH",
            Severity::Critical => "CRIT",
        }
    }
}

/// How pressing a case is, as the community says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    Low,
    Normal,
    High,
    Urgent,
}

impl Priority {
    /// As severe as an alert of it would be.
    pub fn severity(self) -> Severity {
        match self {
            Priority::Low => Severity::Low,
            Priority::Normal => Severity::Medium,
            Priority::High => Severity::High,
            Priority::Urgent => Severity::Critical,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewOutcome {
    Approved,
    Rejected,
}
