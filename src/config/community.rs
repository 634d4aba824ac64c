//! `[community]`: where the community's contacts are kept.

use super::check::Check;
use super::file::{SecretRef, Text};
use secrecy::SecretString;
use serde::Deserialize;
use std::time::Duration;
use toml::Spanned;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommunityTable {
    pub scim: Text,
    pub token: Option<Spanned<SecretRef>>,
    pub every: Option<Text>,
    pub timeout: Option<Text>,
    pub page: Option<Spanned<u32>>,
}

/// A community whose contacts are kept the same on both sides, over SCIM 2.0.
#[derive(Clone, Debug)]
pub struct Community {
    /// The base address, such as `https://community.example.net/scim/v2`.
    pub scim: String,
    /// A bearer token.
    pub token: Option<SecretString>,
    /// How often all contacts are listed.
    pub every: Duration,
    /// For one request.
    pub timeout: Duration,
    /// How many contacts are asked for at once.
    pub page: u32,
}

impl Check<'_> {
    pub(super) fn community(&mut self, table: CommunityTable) -> Community {
        self.http_url(&table.scim);
        let scim = table.scim.as_ref();
        let host =
            scim.strip_prefix("http://").map(|rest| rest.split(['/', '?', '#']).next().unwrap_or(rest));
        let here = |host: &str| {
            let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
            matches!(name, "localhost" | "[::1]") || name.starts_with("127.")
        };
        if table.token.is_some() && host.is_some_and(|host| !here(host)) {
            self.wrong(table.scim.span(), "a token is only sent over https, or to this machine");
        }
        let every = table.every.as_ref().map_or(Duration::from_secs(600), |text| {
            let every = self.duration(text).unsigned_abs();
            if every < Duration::from_secs(1) {
                self.wrong(text.span(), "contacts are listed once a second at most");
            }
            every
        });
        let page = table.page.as_ref().map_or(200, |page| {
            if !(1..=10_000).contains(page.as_ref()) {
                self.wrong(page.span(), "page is between 1 and 10000");
            }
            *page.as_ref()
        });
        Community {
            scim: scim.to_owned(),
            token: table.token.as_ref().and_then(|token| self.secret(token)),
            every,
            timeout: table
                .timeout
                .as_ref()
                .map_or(Duration::from_secs(30), |text| self.duration(text).unsigned_abs()),
            page,
        }
    }
}
