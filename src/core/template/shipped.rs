//! The templates that come with the desk, compiled in.

macro_rules! template {
    ($locale:literal, $name:literal) => {
        (
            concat!($locale, "/", $name, ".txt"),
            include_str!(concat!("../../../assets/templates/", $locale, "/", $name, ".txt")),
        )
    };
}

macro_rules! files {
    ($($locale:literal)*) => {
        &[$(
            template!($locale, "case-opened.email"),
            template!($locale, "case-opened.sms"),
            template!($locale, "document-uploaded.email"),
            template!($locale, "document-uploaded.sms"),
            template!($locale, "acknowledgment.email"),
            template!($locale, "acknowledgment.sms"),
            template!($locale, "post-created.email"),
            template!($locale, "post-created.sms"),
            template!($locale, "case-status.email"),
            template!($locale, "case-status.sms"),
            template!($locale, "outcome.email"),
            template!($locale, "outcome.sms"),
            template!($locale, "milestone.email"),
            template!($locale, "milestone.sms"),
            template!($locale, "milestone-desk.email"),
            template!($locale, "milestone-desk.sms"),
            template!($locale, "task-overdue.email"),
            template!($locale, "task-overdue.sms"),
            template!($locale, "notice.email"),
            template!($locale, "notice.sms"),
            template!($locale, "detail.email"),
            // One layout in all languages; the words are in phrases.
            (concat!($locale, "/digest.email.txt"), include_str!("../../../assets/templates/digest.email.txt")),
            (concat!($locale, "/digest.email.html"), include_str!("../../../assets/templates/digest.email.html")),
        )*]
    };
}

/// Name and source of each.
pub const ALL: &[(&str, &str)] = files!("en" "de" "fr" "es");
