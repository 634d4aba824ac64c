//! A `[[channel]]` of kind `smpp`: which message centre, as whom, and how it wants its texts.

use super::channel::{ChannelTable, TlsWord};
use super::check::{Check, is_this_machine};
use secrecy::SecretString;
use serde::Deserialize;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{ChannelKind, parse};
    use crate::core::contact::Medium;
    use crate::core::desk::Doubt;
    use std::path::Path;

    const GOOD: &str = r#"[[channel]]
name = "carrier"
kind = "smpp"
host = "smpp.example.net"
tls = "tls"
user = "desk"
password = { env = "PATH" }
from = "12345"
"#;

    fn read(channel: &str) -> Result<super::super::Settings, String> {
        let spool = "[[channel]]\nname = \"spool\"\n";
        let text = crate::config::DEFAULT.replacen(spool, &format!("{channel}\n{spool}"), 1);
        assert_ne!(text, crate::config::DEFAULT);
        parse(&text, Path::new("config.toml")).map_err(|why| why.to_string())
    }

    #[test]
    fn a_centre_needs_its_address_and_a_login_and_has_defaults_for_the_rest() {
        let settings = read(GOOD).unwrap();
        let channel = &settings.channels[0];
        let ChannelKind::Smpp(centre) = &channel.kind else { panic!("{channel:?}") };
        assert_eq!((centre.port, centre.alphabet, centre.split), (2775, AlphabetWord::Gsm7, SplitWord::Udh));
        assert_eq!((centre.enquire_every, centre.valid_for), (Duration::from_secs(30), None));
        assert_eq!((&channel.carries[..], channel.carrier().doubt), (&[Medium::Sms][..], Doubt::Unknowable));
        let proven = read(&format!("{GOOD}receipts = true\n")).unwrap();
        assert_eq!(proven.channels[0].carrier().doubt, Doubt::Listen);
        let here = GOOD.replace("smpp.example.net", "127.0.0.1").replace("tls = \"tls\"\n", "");
        let ChannelKind::Smpp(centre) = read(&here).unwrap().channels[0].kind.clone() else { panic!() };
        assert!(!centre.tls);
    }

    #[test]
    fn what_cannot_be_meant_is_said_with_what_can() {
        for (from, to, said) in [
            ("tls = \"tls\"\n", "", "or tls = \"none\" where the way"),
            ("tls = \"tls\"", "tls = \"starttls\"", "SMPP has no STARTTLS"),
            ("host = \"smpp.example.net\"\n", "", "this channel needs `host`"),
            ("user = \"desk\"\n", "", "this channel needs `user`"),
            ("password = { env = \"PATH\" }\n", "", "needs password = "),
            ("from = \"12345\"\n", "", "this channel needs `from`"),
            ("from =", "url = \"http://x\"\nfrom =", "a channel of kind \"smpp\" has no `url`"),
            ("from =", "carries = [\"email\"]\nfrom =", "cannot carry \"email\""),
            ("from =", "split = \"halves\"\nfrom =", "halves"),
            ("from =", "enquire_every = \"0s\"\nfrom =", "enquire_every is at least 1s"),
            (
                "kind = \"smpp\"",
                "kind = \"kannel\"\nsplit = \"sar\"",
                "a channel of kind \"kannel\" has no `split`",
            ),
        ] {
            let text = GOOD.replace(from, to);
            assert_ne!(text, GOOD);
            let text = if to.contains("kannel") {
                text.replace("from =", "url = \"http://x\"\nfrom =")
            } else {
                text
            };
            let why = read(&text).unwrap_err();
            assert!(why.contains(said), "{said}: {why}");
        }
    }
}
