//! Where events come in, and from whom.

use super::{ALWAYS, Check, unknown};
use crate::config::file::{self, Text};
use crate::config::mapping::MappingTable;
use crate::config::{Intake, Silence, Source};
use crate::core::calendar::Calendar;
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, BTreeSet};

impl Check<'_> {
    pub(super) fn intake(&mut self, intake: file::IntakeTable) -> Intake {
        let default = std::net::SocketAddr::from(([127, 0, 0, 1], 8787));
        let listen = match &intake.listen {
            Some(listen) => listen.as_ref().parse().unwrap_or_else(|_| {
                self.wrong(listen.span(), "an address to listen on is written 127.0.0.1:8787 or [::1]:8787");
                default
            }),
            None => default,
        };
        if let Some(url) = &intake.public_url
            && !(url.as_ref().starts_with("http://") || url.as_ref().starts_with("https://"))
        {
            self.wrong(url.span(), "a public_url starts with https:// (or http://)");
        }
        if let Some(url) = &intake.public_url
            && !url.as_ref().bytes().all(|b| b.is_ascii_graphic() && !b"<>\"?#,".contains(&b))
        {
            self.wrong(url.span(), "a public_url is plain ASCII without spaces, <, >, commas, ? and #");
        }
        let public_url = intake.public_url.map(|url| url.into_inner().trim_end_matches('/').to_owned());
        Intake { listen, public_url }
    }

    pub(super) fn sources(
        &mut self,
        tables: Vec<file::SourceTable>,
        zone: &TimeZone,
        calendars: &BTreeMap<String, Calendar>,
        main: Option<&Calendar>,
    ) -> Vec<Source> {
        let mut names = BTreeSet::new();
        let mut sources = Vec::new();
        for table in tables {
            self.name("source", &table.name, &mut names);
            let secrets = table.secrets.iter().filter_map(|secret| self.signing_secret(secret)).collect();
            let calendar = self.hours(table.calendar.as_ref(), calendars, main);
            let after = table.silent_after.as_ref().map(|text| self.duration(text));
            if let (Some(calendar), None) = (&table.calendar, after) {
                self.wrong(calendar.span(), "a calendar counts the hours of silent_after, which is not set");
            }
            let silence = after.map(|after| Silence { after, calendar });
            let mapping = self.mapping(
                table.name.as_ref(),
                MappingTable {
                    map: table.map,
                    unmapped: table.unmapped,
                    headers: table.headers,
                    time_zone: table.time_zone,
                },
                zone,
            );
            sources.push(Source { name: table.name.into_inner(), secrets, silence, mapping });
        }
        sources
    }

    /// The working hours that count: those of the calendar named, else of the first; none for [`ALWAYS`].
    pub(in crate::config) fn hours(
        &mut self,
        name: Option<&Text>,
        calendars: &BTreeMap<String, Calendar>,
        main: Option<&Calendar>,
    ) -> Option<Calendar> {
        match name {
            None => main.cloned(),
            Some(name) => {
                let found = calendars.get(name.as_ref()).cloned();
                if found.is_none() && name.as_ref() != ALWAYS {
                    let known = calendars.keys().map(String::as_str).chain([ALWAYS]);
                    self.wrong(name.span(), unknown("calendar", name.as_ref(), known));
                }
                found
            }
        }
    }
}
