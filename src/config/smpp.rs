//! A `[[channel]]` of kind `smpp`: which message centre, as whom, and how it wants its texts.

use super::channel::{ChannelTable, TlsWord};
use super::check::Check;
use secrecy::SecretString;
use serde::Deserialize;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;
use toml::Spanned;

/// The port that IANA lists for SMPP.
const PORT: u16 = 2775;
/// Centres close sessions that say nothing for a minute or more.
const ENQUIRE_EVERY: Duration = Duration::from_secs(30);

#[derive(Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum AlphabetWord {
    Gsm7,
    Latin1,
}

#[derive(Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum SplitWord {
    Udh,
    Sar,
    Payload,
}

#[derive(Clone, Debug)]
pub struct Smpp {
    pub host: String,
    pub port: u16,
    pub tls: bool,
    pub ca_file: Option<PathBuf>,
    pub user: String,
    pub password: SecretString,
    pub system_type: String,
    pub from: String,
    pub alphabet: AlphabetWord,
    pub split: SplitWord,
    pub enquire_every: Duration,
    /// `None`: as long as the centre likes.
    pub valid_for: Option<Duration>,
}

impl Check<'_> {
    pub(super) fn smpp(&mut self, t: &mut ChannelTable) -> Option<Smpp> {
        let host_span = t.host.as_ref().map(Spanned::span);
        let host = self.needed(&t.name, "host", t.host.take())?;
        let tls = match t.tls.take() {
            Some(word) => match *word.as_ref() {
                TlsWord::None => false,
                TlsWord::Tls => true,
                TlsWord::Starttls => {
                    self.wrong(word.span(), "SMPP has no STARTTLS; say tls = \"tls\" or \"none\"");
                    true
                }
            },
            None if is_this_machine(&host) => false,
            None => {
                self.wrong(
                    host_span.unwrap_or_else(|| t.name.span()),
                    "say tls = \"tls\"; or tls = \"none\" where the way to this host is protected \
                     otherwise, as by a VPN: the password and every text travel as they are",
                );
                true
            }
        };
        let password = match t.password.take() {
            Some(secret) => self.secret(&secret).unwrap_or_else(|| SecretString::from("")),
            None => {
                self.wrong(
                    t.name.span(),
                    "this channel needs password = { env = \"NAME\" } or { file = \"path\" }",
                );
                return None;
            }
        };
        let enquire_every = match t.enquire_every.take() {
            Some(text) => match self.duration(&text).unsigned_abs() {
                Duration::ZERO => {
                    self.wrong(text.span(), "enquire_every is at least 1s");
                    ENQUIRE_EVERY
                }
                time => time,
            },
            None => ENQUIRE_EVERY,
        };
        Some(Smpp {
            host,
            port: t.port.take().map_or(PORT, Spanned::into_inner),
            tls,
            ca_file: t.ca_file.take().map(|file| self.readable(&file)),
            user: self.needed(&t.name, "user", t.user.take())?,
            password,
            system_type: t.system_type.take().map(Spanned::into_inner).unwrap_or_default(),
            from: self.needed(&t.name, "from", t.from.take())?,
            alphabet: t.alphabet.take().map_or(AlphabetWord::Gsm7, Spanned::into_inner),
            split: t.split.take().map_or(SplitWord::Udh, Spanned::into_inner),
            enquire_every,
            valid_for: t.valid_for.take().map(|text| self.duration(&text).unsigned_abs()),
        })
    }
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}
