//! `[[channel]]` and `[[route]]`: the ways out, and which of them is taken to where.

use super::check::{Check, medium, unknown};
use super::file::{MediumWord, SecretRef, Text};
use crate::core::contact::{Mailbox, Medium};
use crate::core::desk::{Carrier, Doubt, ProofWithin, Route};
use jiff::SignedDuration;
use secrecy::SecretString;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;
use toml::Spanned;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChannelTable {
    pub name: Text,
    pub kind: Spanned<ChannelWord>,
    pub carries: Option<Spanned<Vec<MediumWord>>>,
    pub receipts: Option<bool>,
    pub connections: Option<Spanned<u16>>,
    pub rate: Option<Spanned<f64>>,
    pub timeout: Option<Text>,
    pub proof_within: Option<ProofTable>,
    pub url: Option<Text>,
    pub secret: Option<Spanned<SecretRef>>,
    pub host: Option<Text>,
    pub port: Option<Spanned<u16>>,
    pub tls: Option<Spanned<TlsWord>>,
    pub user: Option<Text>,
    pub password: Option<Spanned<SecretRef>>,
    pub from: Option<Text>,
    pub from_name: Option<Text>,
    pub hello: Option<Text>,
    pub ca_file: Option<Text>,
    pub inbound_secret: Option<Spanned<SecretRef>>,
    pub account: Option<Text>,
    pub auth_token: Option<Spanned<SecretRef>>,
    pub messaging_service: Option<Text>,
    pub valid_for: Option<Text>,
    pub client_id: Option<Text>,
    pub client_secret: Option<Spanned<SecretRef>>,
    pub token_url: Option<Text>,
    pub scope: Option<Text>,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum ChannelWord {
    Spool,
    Webhook,
    Smtp,
    Kannel,
    Twilio,
    Opentext,
}

/// How long delivery may stay unproven.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProofTable {
    pub urgent: Option<Text>,
    pub other: Option<Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouteTable {
    pub medium: MediumWord,
    /// What a number begins with: `+49`; without it, every address that no longer prefix fits.
    pub prefix: Option<Text>,
    /// In order of preference.
    pub channels: Spanned<Vec<Text>>,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum TlsWord {
    None,
    Starttls,
    Tls,
}

#[derive(Clone, Debug)]
pub struct Channel {
    pub name: String,
    pub carries: Vec<Medium>,
    /// By when delivery must be proven; `None` for one that gives no receipts.
    pub proof: Option<ProofWithin>,
    pub connections: usize,
    /// Messages a second at most.
    pub rate: Option<f64>,
    pub timeout: Duration,
    pub kind: ChannelKind,
}

/// What each kind of channel needs.
#[derive(Clone, Debug)]
pub enum ChannelKind {
    Spool,
    Webhook {
        url: String,
        secret: Option<SecretString>,
    },
    Smtp {
        host: String,
        port: u16,
        tls: Tls,
        user: Option<String>,
        password: Option<SecretString>,
        from: String,
        from_name: String,
        hello: String,
        ca_file: Option<PathBuf>,
    },
    Kannel {
        url: String,
        user: String,
        password: SecretString,
        from: String,
        /// Proves that replies come from the gateway; without it none are taken.
        inbound_secret: Option<SecretString>,
    },
    Twilio {
        url: String,
        account: String,
        auth_token: SecretString,
        /// An API key and its secret, to come in with instead of the token.
        api_key: Option<(String, SecretString)>,
        sender: TwilioSender,
        valid_for: Option<Duration>,
    },
    Opentext {
        url: String,
        login: OpentextLogin,
        from_name: String,
    },
}

/// Whom handsets show.
#[derive(Clone, Debug)]
pub enum TwilioSender {
    From(String),
    Service(String),
}

/// How OpenText lets the desk in.
#[derive(Clone, Debug)]
pub enum OpentextLogin {
    Basic { user: String, password: SecretString },
    Client { token_url: String, id: String, secret: SecretString, scope: Option<String> },
}

impl ChannelKind {
    pub fn word(&self) -> &'static str {
        match self {
            ChannelKind::Spool => "spool",
            ChannelKind::Webhook { .. } => "webhook",
            ChannelKind::Smtp { .. } => "smtp",
            ChannelKind::Kannel { .. } => "kannel",
            ChannelKind::Twilio { .. } => "twilio",
            ChannelKind::Opentext { .. } => "opentext",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// No encryption.
    None,
    /// Upgraded with STARTTLS, refused if the server does not offer it.
    Starttls,
    /// Encrypted from the first byte.
    Tls,
}

impl Channel {
    /// What decisions need to know of it.
    pub fn carrier(&self) -> Carrier {
        let doubt = match &self.kind {
            ChannelKind::Smtp { .. } | ChannelKind::Webhook { .. } | ChannelKind::Spool => Doubt::Repeat,
            ChannelKind::Kannel { .. } if self.proof.is_some() => Doubt::Listen,
            ChannelKind::Twilio { .. } => Doubt::Ask,
            ChannelKind::Kannel { .. } | ChannelKind::Opentext { .. } => Doubt::Unknowable,
        };
        Carrier {
            name: self.name.clone(),
            carries: self.carries.clone(),
            proof: self.proof,
            doubt,
            files: matches!(self.kind, ChannelKind::Spool),
        }
    }
}

impl Check<'_> {
    pub(super) fn channels(&mut self, tables: Vec<ChannelTable>) -> Vec<Channel> {
        let mut names = BTreeSet::new();
        let mut channels = Vec::new();
        for table in tables {
            self.name("channel", &table.name, &mut names);
            if let Some(channel) = self.channel(table) {
                channels.push(channel);
            }
        }
        channels
    }

    fn channel(&mut self, mut t: ChannelTable) -> Option<Channel> {
        let kind = *t.kind.as_ref();
        let may_carry: &[Medium] = match kind {
            ChannelWord::Spool | ChannelWord::Webhook | ChannelWord::Opentext => &Medium::ALL,
            ChannelWord::Smtp => &[Medium::Email],
            ChannelWord::Kannel | ChannelWord::Twilio => &[Medium::Sms],
        };
        let carries: Vec<Medium> = match &t.carries {
            Some(words) => words.as_ref().iter().map(|word| medium(*word)).collect(),
            None => may_carry.to_vec(),
        };
        if let Some(words) = &t.carries {
            if carries.is_empty() && kind != ChannelWord::Webhook {
                self.wrong(
                    words.span(),
                    "a channel that carries nothing is of no use; say \"sms\", \"email\" or both",
                );
            }
            if let Some(odd) = carries.iter().find(|m| !may_carry.contains(m)) {
                self.wrong(words.span(), format!("a channel of this kind cannot carry {:?}", odd.as_str()));
            }
        }
        let connections = match &t.connections {
            Some(n) if *n.as_ref() == 0 || *n.as_ref() > 512 => {
                self.wrong(n.span(), "connections is between 1 and 512");
                1
            }
            Some(n) => usize::from(*n.as_ref()),
            None => 8,
        };
        let rate = t.rate.as_ref().map(|rate| *rate.as_ref());
        if let Some(odd) = t.rate.as_ref().filter(|rate| !(0.01..=10_000.0).contains(rate.as_ref())) {
            self.wrong(odd.span(), "rate is in messages a second, from 0.01 to 10000");
        }
        let timeout = match t.timeout.take() {
            Some(text) => self.duration(&text).unsigned_abs(),
            None => Duration::from_secs(30),
        };
        let proof = self.proof(t.receipts.unwrap_or(false), t.proof_within.take(), &carries, t.name.span());
        for url in t.url.iter().chain(&t.token_url) {
            self.http_url(url);
        }
        if let Some(host) = &t.host {
            self.host(host);
        }
        if kind == ChannelWord::Smtp {
            self.parsed::<Mailbox>(t.from.as_ref());
        }
        if kind == ChannelWord::Webhook
            && let Some(secret) = &t.secret
        {
            self.signing_secret(secret);
        }
        let kind = match kind {
            ChannelWord::Spool => ChannelKind::Spool,
            ChannelWord::Webhook => ChannelKind::Webhook {
                url: self.needed(&t.name, "url", t.url.take())?,
                secret: t.secret.take().and_then(|secret| self.secret(&secret)),
            },
            ChannelWord::Smtp => ChannelKind::Smtp {
                host: self.needed(&t.name, "host", t.host.take())?,
                tls: match t.tls.take().map(Spanned::into_inner) {
                    Some(TlsWord::None) => Tls::None,
                    Some(TlsWord::Tls) => Tls::Tls,
                    Some(TlsWord::Starttls) | None => Tls::Starttls,
                },
                port: t.port.take().map_or(587, Spanned::into_inner),
                user: t.user.take().map(Spanned::into_inner),
                password: t.password.take().and_then(|secret| self.secret(&secret)),
                from: self.needed(&t.name, "from", t.from.take())?,
                from_name: t.from_name.take().map(Spanned::into_inner).unwrap_or_default(),
                hello: t.hello.take().map(Spanned::into_inner).unwrap_or_default(),
                ca_file: t.ca_file.take().map(|file| self.readable(&file)),
            },
            ChannelWord::Kannel => ChannelKind::Kannel {
                url: self.needed(&t.name, "url", t.url.take())?,
                user: self.needed(&t.name, "user", t.user.take())?,
                password: {
                    let password = t.password.take();
                    self.needed_secret(&t.name, "password", password)?
                },
                from: self.needed(&t.name, "from", t.from.take())?,
                inbound_secret: t.inbound_secret.take().and_then(|secret| self.secret(&secret)),
            },
            ChannelWord::Twilio => self.twilio(&mut t)?,
            ChannelWord::Opentext => self.opentext(&mut t)?,
        };
        self.no_leftovers(&t, kind.word());
        Some(Channel { name: t.name.into_inner(), carries, proof, connections, rate, timeout, kind })
    }

    fn twilio(&mut self, t: &mut ChannelTable) -> Option<ChannelKind> {
        let auth_token = t.auth_token.take();
        let sender = match (t.from.take(), t.messaging_service.take()) {
            (Some(from), None) => TwilioSender::From(from.into_inner()),
            (None, Some(service)) => TwilioSender::Service(service.into_inner()),
            (None, None) => {
                self.wrong(t.name.span(), "this channel needs `from` or `messaging_service`");
                return None;
            }
            (Some(_), Some(service)) => {
                self.wrong(service.span(), "`from` and `messaging_service` exclude each other: say one");
                return None;
            }
        };
        let api_key = match (t.user.take(), t.password.take()) {
            (Some(user), Some(password)) => self.secret(&password).map(|secret| (user.into_inner(), secret)),
            (None, None) => None,
            (user, password) => {
                let span = user.map(|user| user.span()).or(password.map(|password| password.span()));
                let said = "an API key is `user` (its SID) and `password` (its secret) together; without one, auth_token is used";
                self.wrong(span.unwrap_or(t.name.span()), said);
                None
            }
        };
        let valid_for = t.valid_for.take().map(|text| {
            let time = self.duration(&text).unsigned_abs();
            if !(1..=36_000).contains(&time.as_secs()) {
                self.wrong(text.span(), "valid_for is between 1s and 10h; that is what Twilio takes");
            }
            time
        });
        Some(ChannelKind::Twilio {
            url: t.url.take().map_or_else(|| "https://api.twilio.com".to_owned(), Spanned::into_inner),
            account: self.needed(&t.name, "account", t.account.take())?,
            auth_token: self.needed_secret(&t.name, "auth_token", auth_token)?,
            api_key,
            sender,
            valid_for,
        })
    }

    fn opentext(&mut self, t: &mut ChannelTable) -> Option<ChannelKind> {
        let url = self.needed(&t.name, "url", t.url.take())?;
        let login = match (t.user.take(), t.client_id.take()) {
            (Some(user), None) => {
                let password = t.password.take();
                let password = self.needed_secret(&t.name, "password", password)?;
                OpentextLogin::Basic { user: user.into_inner(), password }
            }
            (None, Some(id)) => {
                let secret = t.client_secret.take();
                OpentextLogin::Client {
                    secret: self.needed_secret(&t.name, "client_secret", secret)?,
                    token_url: self.needed(&t.name, "token_url", t.token_url.take())?,
                    id: id.into_inner(),
                    scope: t.scope.take().map(Spanned::into_inner),
                }
            }
            (None, None) => {
                let said = "this channel needs `user` and `password`, or `client_id`, `client_secret` and `token_url`";
                self.wrong(t.name.span(), said);
                return None;
            }
            (Some(_), Some(id)) => {
                self.wrong(id.span(), "`user` and `client_id` exclude each other: say one");
                return None;
            }
        };
        let from_name = t.from_name.take().map(Spanned::into_inner).unwrap_or_default();
        Some(ChannelKind::Opentext { url, login, from_name })
    }

    /// Keys that belong to another kind of channel.
    fn no_leftovers(&mut self, t: &ChannelTable, kind: &str) {
        let left = [
            ("url", t.url.as_ref().map(Spanned::span)),
            ("secret", t.secret.as_ref().map(Spanned::span)),
            ("host", t.host.as_ref().map(Spanned::span)),
            ("port", t.port.as_ref().map(Spanned::span)),
            ("tls", t.tls.as_ref().map(Spanned::span)),
            ("user", t.user.as_ref().map(Spanned::span)),
            ("password", t.password.as_ref().map(Spanned::span)),
            ("from", t.from.as_ref().map(Spanned::span)),
            ("from_name", t.from_name.as_ref().map(Spanned::span)),
            ("hello", t.hello.as_ref().map(Spanned::span)),
            ("ca_file", t.ca_file.as_ref().map(Spanned::span)),
            ("inbound_secret", t.inbound_secret.as_ref().map(Spanned::span)),
            ("account", t.account.as_ref().map(Spanned::span)),
            ("auth_token", t.auth_token.as_ref().map(Spanned::span)),
            ("messaging_service", t.messaging_service.as_ref().map(Spanned::span)),
            ("valid_for", t.valid_for.as_ref().map(Spanned::span)),
            ("client_id", t.client_id.as_ref().map(Spanned::span)),
            ("client_secret", t.client_secret.as_ref().map(Spanned::span)),
            ("token_url", t.token_url.as_ref().map(Spanned::span)),
            ("scope", t.scope.as_ref().map(Spanned::span)),
        ];
        for (key, span) in left {
            if let Some(span) = span {
                self.wrong(span, format!("a channel of kind \"{kind}\" has no `{key}`"));
            }
        }
    }

    /// Where nothing else is said, a page must be proven within two minutes by SMS and ten by mail, anything
    /// else within half an hour and four hours.
    fn proof(
        &mut self,
        receipts: bool,
        table: Option<ProofTable>,
        carries: &[Medium],
        span: Range<usize>,
    ) -> Option<ProofWithin> {
        if !receipts {
            if table.is_some() {
                self.wrong(
                    span,
                    "proof_within needs receipts = true: without receipts nothing is ever proven",
                );
            }
            return None;
        }
        let (urgent, other) = match carries.contains(&Medium::Sms) {
            true => (SignedDuration::from_mins(2), SignedDuration::from_mins(30)),
            false => (SignedDuration::from_mins(10), SignedDuration::from_hours(4)),
        };
        let table = table.unwrap_or(ProofTable { urgent: None, other: None });
        Some(ProofWithin {
            urgent: table.urgent.as_ref().map_or(urgent, |text| self.duration(text)),
            other: table.other.as_ref().map_or(other, |text| self.duration(text)),
        })
    }

    pub(super) fn routes(&mut self, tables: Vec<RouteTable>, channels: &[Channel]) -> Vec<Route> {
        let mut routes: Vec<Route> = Vec::new();
        for table in tables {
            let medium = medium(table.medium);
            let prefix = table.prefix.as_ref().map(|text| {
                let digits = text.as_ref().strip_prefix('+');
                if medium != Medium::Sms
                    || digits.is_none_or(|d| d.is_empty() || !d.bytes().all(|b| b.is_ascii_digit()))
                {
                    self.wrong(text.span(), "a prefix is the beginning of phone numbers, such as \"+49\"");
                }
                text.as_ref().clone()
            });
            let prefix = prefix.unwrap_or_default();
            let mut names = Vec::new();
            if table.channels.as_ref().is_empty() {
                self.wrong(table.channels.span(), "a route names at least one channel");
            }
            for name in table.channels.as_ref() {
                match channels.iter().find(|channel| channel.name == *name.as_ref()) {
                    None => {
                        let known = channels.iter().map(|channel| channel.name.as_str());
                        self.wrong(name.span(), unknown("channel", name.as_ref(), known));
                    }
                    Some(channel) if !channel.carries.contains(&medium) => {
                        let said = format!("channel {} carries no {}", channel.name, medium.as_str());
                        self.wrong(name.span(), said);
                    }
                    Some(channel) => names.push(channel.name.clone()),
                }
            }
            if routes.iter().any(|route| route.medium == medium && route.prefix == prefix) {
                self.wrong(
                    table.channels.span(),
                    "there is a route for these already; name all channels in one",
                );
            }
            routes.push(Route { medium, prefix, channels: names });
        }
        // The longest prefix that fits decides.
        routes.sort_by_key(|route| std::cmp::Reverse(route.prefix.len()));
        routes
    }

    fn needed_secret(
        &mut self,
        name: &Text,
        key: &str,
        value: Option<Spanned<SecretRef>>,
    ) -> Option<SecretString> {
        let Some(secret) = value else {
            let said = format!("this channel needs {key} = {{ env = \"NAME\" }} or {{ file = \"path\" }}");
            self.wrong(name.span(), said);
            return None;
        };
        Some(self.secret(&secret).unwrap_or_else(|| SecretString::from("")))
    }

    fn needed(&mut self, name: &Text, key: &str, value: Option<Text>) -> Option<String> {
        if value.is_none() {
            self.wrong(name.span(), format!("this channel needs `{key}`"));
        }
        value.map(Spanned::into_inner)
    }
}

#[cfg(test)]
mod tests;
