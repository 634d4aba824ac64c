//! `[page_test]`: how long a proof that somebody is reached counts.

use super::check::Check;
use super::file::Text;
use crate::core::shift_test::ShiftTests;
use jiff::SignedDuration;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PageTestTable {
    /// In days: `"30d"`.
    pub every: Text,
    pub within: Option<Text>,
}

impl Check<'_> {
    pub(super) fn page_test(&mut self, table: PageTestTable) -> ShiftTests {
        let typed = table.every.as_ref().trim();
        let days = typed.strip_suffix('d').and_then(|days| days.trim().parse::<i64>().ok());
        let days = days.filter(|days| (1..=365).contains(days)).unwrap_or_else(|| {
            self.wrong(table.every.span(), "a proof counts for days, such as \"30d\" (1d to 365d)");
            30
        });
        let within = table.within.as_ref().map_or(SignedDuration::from_mins(30), |text| {
            let within = self.duration(text);
            if !(SignedDuration::from_mins(2)..=SignedDuration::from_hours(24)).contains(&within) {
                self.wrong(text.span(), "a test is proven within two minutes to a day");
            }
            within
        });
        ShiftTests { every: SignedDuration::from_hours(24 * days), within }
    }
}
