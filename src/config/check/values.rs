//! Values as they stand in the file: names, times, lengths of time, secrets, files, addresses.

use super::Check;
use crate::config::file::{SecretRef, Text};
use crate::core::label;
use crate::core::text::sanitise;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use secrecy::{ExposeSecret, SecretString};
use std::collections::BTreeSet;
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use toml::Spanned;

impl Check<'_> {
    pub(in crate::config) fn name(&mut self, what: &str, name: &Text, taken: &mut BTreeSet<String>) {
        let text = name.as_ref();
        if text.trim().is_empty() || text.chars().any(char::is_control) || text.contains('/') {
            self.wrong(name.span(), format!("a {what} needs a name of letters and digits"));
        }
        if !taken.insert(text.clone()) {
            self.wrong(name.span(), format!("there is a {what} {text:?} already"));
        }
    }

    pub(in crate::config) fn parsed<T: FromStr>(&mut self, text: Option<&Text>) -> Option<T>
    where
        T::Err: Display,
    {
        let text = text?;
        match text.as_ref().parse() {
            Ok(value) => Some(value),
            Err(why) => {
                self.wrong(text.span(), why.to_string());
                None
            }
        }
    }

    pub(in crate::config) fn zone(&mut self, name: &Text) -> TimeZone {
        TimeZone::get(name.as_ref()).unwrap_or_else(|_| {
            let message = format!(
                "{:?} is not a time zone; they are named like Europe/Berlin",
                sanitise(name.as_ref())
            );
            self.wrong(name.span(), message);
            TimeZone::UTC
        })
    }

    pub(super) fn duration_or(&mut self, text: Option<&Text>, default_seconds: i64) -> SignedDuration {
        text.map_or(SignedDuration::from_secs(default_seconds), |text| self.duration(text))
    }

    pub(in crate::config) fn duration(&mut self, text: &Text) -> SignedDuration {
        let parsed = text.as_ref().parse::<SignedDuration>().ok();
        match parsed.filter(|d| !d.is_negative() && *d <= SignedDuration::from_hours(24 * 366)) {
            Some(duration) => duration,
            None => {
                let message = format!(
                    "{:?} is not a length of time; write 30s, 6m, 1h or 1h 30m",
                    sanitise(text.as_ref())
                );
                self.wrong(text.span(), message);
                SignedDuration::from_mins(1)
            }
        }
    }

    /// A language that messages can be written in: one with templates, or a country of one.
    pub(in crate::config) fn locale(&mut self, typed: &Text) -> String {
        let wanted = label::tag(typed.as_ref());
        if !label::ladder(&wanted).any(|tag| self.languages.contains(tag)) {
            let known: Vec<_> = self.languages.iter().map(String::as_str).collect();
            let message = format!(
                "there are no templates in {:?}; there are some in {}",
                sanitise(typed.as_ref()),
                known.join(", ")
            );
            self.wrong(typed.span(), message);
        }
        wanted
    }

    /// The secret itself; `None` where it is optional and not set, or a problem was noted.
    pub(in crate::config) fn secret(&mut self, secret: &Spanned<SecretRef>) -> Option<SecretString> {
        let SecretRef { env, file, optional } = secret.as_ref();
        match (env, file) {
            (Some(name), None) => match std::env::var(name.as_ref()) {
                Ok(value) if !value.is_empty() => Some(SecretString::from(value)),
                _ if *optional => None,
                _ => {
                    let message = format!("the environment variable {} is not set", sanitise(name.as_ref()));
                    self.wrong(name.span(), message);
                    None
                }
            },
            (None, Some(path)) => match std::fs::read_to_string(self.beside(path.as_ref())) {
                Ok(value) if value.trim().is_empty() => {
                    self.wrong(path.span(), "the file of this secret is empty");
                    None
                }
                Ok(value) => Some(SecretString::from(value.trim_end_matches(['\r', '\n']).to_owned())),
                Err(why) if *optional && why.kind() == std::io::ErrorKind::NotFound => None,
                Err(why) => {
                    self.wrong(path.span(), format!("the secret cannot be read from this file: {why}"));
                    None
                }
            },
            _ => {
                self.wrong(secret.span(), "a secret is { env = \"NAME\" } or { file = \"path\" }");
                None
            }
        }
    }

    /// A secret that can sign web hooks: 8 to 128 bytes in base64, after `whsec_` or bare.
    pub(in crate::config) fn signing_secret(&mut self, secret: &Spanned<SecretRef>) -> Option<SecretString> {
        let found = self.secret(secret)?;
        let text = found.expose_secret();
        let bytes = BASE64.decode(text.strip_prefix("whsec_").unwrap_or(text)).unwrap_or_default();
        if (8..=128).contains(&bytes.len()) {
            return Some(found);
        }
        let message = "this secret cannot sign: it must be whsec_ and base64 of 24 to 64 bytes, such as \
            whsec_ followed by the output of `openssl rand -base64 32`";
        self.wrong(secret.span(), message);
        None
    }

    /// A file that is there and can be read.
    pub(in crate::config) fn readable(&mut self, file: &Text) -> PathBuf {
        let path = self.beside(file.as_ref());
        if let Err(why) = std::fs::File::open(&path) {
            self.wrong(
                file.span(),
                format!("{} cannot be read: {why}", sanitise(&path.display().to_string())),
            );
        }
        path
    }

    /// Relative files are beside the configuration.
    pub(in crate::config) fn beside(&self, file: &str) -> PathBuf {
        self.path.parent().unwrap_or(Path::new(".")).join(file)
    }

    /// A host as it stands in an address.
    pub(in crate::config) fn host(&mut self, host: &Text) {
        let odd = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '_'));
        if host.as_ref().is_empty() || host.as_ref().contains(odd) {
            self.wrong(host.span(), "this is neither a host name nor an IP address");
        }
    }

    pub(in crate::config) fn http_url(&mut self, url: &Text) {
        let text = url.as_ref();
        let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
        if rest
            .is_none_or(|rest| rest.is_empty() || rest.starts_with('/') || rest.contains(char::is_whitespace))
        {
            self.wrong(url.span(), "this must be an address such as https://example.net/path");
        }
    }
}

/// A host of which it is sure that it is this one.
pub(in crate::config) fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}
