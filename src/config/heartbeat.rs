//! `[heartbeat]`: somebody outside who is told, again and again, that the desk is well, and who makes noise
//! when that stops.

use super::check::Check;
use super::file::{SecretRef, Text};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use std::time::Duration;
use toml::Spanned;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeartbeatTable {
    pub url: Option<Text>,
    pub url_secret: Option<Spanned<SecretRef>>,
    pub every: Option<Text>,
}

/// Where beats go.
#[derive(Clone, Debug)]
pub struct Heartbeat {
    /// Such addresses are usually known to nobody else.
    pub url: SecretString,
    pub every: Duration,
}

const LEAST: Duration = Duration::from_secs(10);

impl Check<'_> {
    pub(super) fn heartbeat(&mut self, table: HeartbeatTable) -> Option<Heartbeat> {
        let every = table.every.as_ref().map_or(Duration::from_secs(60), |text| {
            let every = self.duration(text).unsigned_abs();
            if every < LEAST {
                self.wrong(text.span(), "the heart beats once in ten seconds at most");
            }
            every
        });
        let (url, span) = match (table.url, table.url_secret) {
            (Some(url), None) => {
                let span = url.span();
                (SecretString::from(url.into_inner()), span)
            }
            (None, Some(secret)) => (self.secret(&secret)?, secret.span()),
            (Some(url), Some(_)) => {
                self.wrong(url.span(), "[heartbeat] takes `url` or `url_secret`, not both");
                return None;
            }
            (None, None) => {
                self.wrong(0..0, "[heartbeat] needs `url`, the address that is asked for while all is well");
                return None;
            }
        };
        self.may_be_asked("a heartbeat", url.expose_secret(), span);
        Some(Heartbeat { url, every })
    }
}
