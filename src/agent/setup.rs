//! From checked settings to a running set-up: channels built, feeds ready, a version named.

use crate::channel::mailbox::{Mailbox, imap};
use crate::channel::tls::Tls;
use crate::channel::{Channel, http_client, kannel, opentext, smpp, smtp, spool, twilio, webhook};
use crate::community::intake::Feed;
use crate::community::scim::{self, Scim};
use crate::config::{self, ChannelKind, ConfigError, Settings};
use crate::core::change::{Actor, Change, ConfigVersion, Object, What};
use crate::core::contact::Medium;
use crate::core::delivery;
use crate::core::desk::Desk;
use crate::core::escalation::Decision;
use crate::core::override_commands::tell_of_configuration;
use crate::core::reply::ReplyKey;
use crate::core::schedule::Schedule;
use crate::core::task::TaskState;
use crate::core::text::Untrusted;
use crate::store::{Store, StoreError, Tx};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::world::World;
use super::{roster, sync};

/// By when a mail server must have answered.
const MAIL_SERVER_ANSWERS: Duration = Duration::from_secs(30);

/// One applied configuration, ready to work with.
#[derive(Clone)]
pub struct Setup {
    pub settings: Settings,
    pub channels: BTreeMap<String, Arc<dyn Channel>>,
    pub feeds: BTreeMap<String, Arc<Feed>>,
    /// The way to the community's contacts, if it offers one.
    pub community: Option<Arc<Scim>>,
    /// Where mailed replies lie, if they come anywhere.
    pub mailbox: Option<Arc<Mailbox>>,
    /// Something to say about the file: it differs from what is applied, or is broken.
    pub note: Option<String>,
}

/// Why a configuration is not applied.
#[derive(Debug, thiserror::Error)]
pub enum NotApplied {
    #[error("{0}")]
    Config(#[from] ConfigError),
    #[error("channel {name} cannot be set up: {why}")]
    Channel { name: String, why: String },
    #[error("[community] cannot be set up: {0}")]
    Community(String),
    #[error("[replies] cannot be set up: {0}")]
    Replies(#[from] imap::BadSettings),
    #[error("{0}")]
    Store(#[from] StoreError),
}

/// Where a set-up comes from and what it needs beside the file.
#[derive(Clone)]
pub struct Origin {
    pub file: PathBuf,
    pub state: PathBuf,
    /// Apply a changed file though the configuration says `start = "service"`.
    pub apply: bool,
}

/// That the file is not what is applied; which file it is comes last, where a narrow screen cuts.
pub fn differs(file: &Path, version: u64) -> String {
    let name = file.file_name().unwrap_or(file.as_os_str()).to_string_lossy();
    let whole = file.display();
    format!("{name} differs from version {version}: `nightdesk config apply` applies it ({whole})")
}

impl Setup {
    /// Builds what the settings describe.
    pub fn build(
        mut settings: Settings,
        version: u64,
        store: &Store,
        state: &Path,
    ) -> Result<Self, NotApplied> {
        settings.desk.version = version;
        settings.desk.instance = store.instance().to_owned();
        settings.desk.reply_key = reply_key(state, store.instance())
            .map_err(|why| NotApplied::Channel { name: "replies".into(), why })?;
        let https = |url: &String| url.starts_with("https://");
        settings.desk.links.base = settings.intake.public_url.clone().filter(https);
        let base = settings
            .intake
            .public_url
            .clone()
            .unwrap_or_else(|| format!("http://{}", settings.intake.listen));
        let mut channels = BTreeMap::new();
        for channel in &settings.channels {
            let built = build_channel(channel, &base, store.instance(), state)
                .map_err(|why| NotApplied::Channel { name: channel.name.clone(), why })?;
            channels.insert(channel.name.clone(), built);
        }
        let feeds = settings
            .sources
            .iter()
            .map(|source| {
                let feed = Feed {
                    name: source.name.clone(),
                    secrets: source.secrets.clone(),
                    allowed_origins: Vec::new(),
                    mapping: source.mapping.clone(),
                };
                (source.name.clone(), Arc::new(feed))
            })
            .collect();
        let community = settings.community.as_ref().map(build_community).transpose()?;
        let mailbox = settings.replies.as_ref().map(build_mailbox).transpose()?;
        Ok(Self { settings, channels, feeds, community, mailbox, note: None })
    }
}

/// What an agent works with when it starts: the last applied configuration, or the file where that
/// is to be applied. A changed or broken file never stops a start once something was applied.
pub async fn at_start(origin: &Origin, store: &Store, world: &World) -> Result<Setup, NotApplied> {
    let stored = store.read(|tx| tx.config()).await?;
    let file = config::load(&origin.file);
    let Some(stored) = stored else {
        return apply(file?, "the first configuration", Actor::Desk, None, origin, store, world).await;
    };
    match file {
        Ok(file) if file.sha256 == stored.sha256 => Setup::build(file, stored.version, store, &origin.state),
        Ok(file) if origin.apply || file.agent.start == config::Start::Console => {
            let why = "the file had changed when the agent started";
            let before = schedules_of(&stored.text, origin, store, world).await?;
            match apply(file, why, Actor::Desk, before, origin, store, world).await {
                Err(NotApplied::Channel { name, why }) if !origin.apply => {
                    let settings = config::parse(&stored.text, &origin.file)?;
                    let mut setup = Setup::build(settings, stored.version, store, &origin.state)?;
                    let version = stored.version;
                    setup.note = Some(format!(
                        "version {version} is used: channel {name} of the file cannot be set up: {why}"
                    ));
                    Ok(setup)
                }
                applied => applied,
            }
        }
        Ok(file) => {
            let mut settings = config::parse(&stored.text, &origin.file)?;
            (settings.agent, settings.intake) = (file.agent, file.intake);
            let mut setup = Setup::build(settings, stored.version, store, &origin.state)?;
            setup.note = Some(differs(&origin.file, stored.version));
            Ok(setup)
        }
        Err(broken) => {
            let settings = config::parse(&stored.text, &origin.file)?;
            let mut setup = Setup::build(settings, stored.version, store, &origin.state)?;
            let first = broken.to_string().lines().next().unwrap_or_default().to_owned();
            setup.note = Some(format!("version {} is used, the file is broken: {first}", stored.version));
            Ok(setup)
        }
    }
}

/// Who is on call when by a configuration that was applied before, with what is stored laid over it; `None`
/// where it cannot be read any more.
async fn schedules_of(
    text: &str,
    origin: &Origin,
    store: &Store,
    world: &World,
) -> Result<Option<BTreeMap<String, Schedule>>, StoreError> {
    let Ok(settings) = config::parse(text, &origin.file) else { return Ok(None) };
    let (channels, feeds) = (BTreeMap::new(), BTreeMap::new());
    let bare = Setup { settings, channels, feeds, community: None, mailbox: None, note: None };
    Ok(Some(roster::laid(bare, store, world.now()).await?.settings.desk.schedules))
}

/// Applies a configuration: a new version in the history, contacts it brings that are absent, and a word to
/// those who are on call at other times than `before`.
pub async fn apply(
    settings: Settings,
    why: &str,
    actor: Actor,
    before: Option<BTreeMap<String, Schedule>>,
    origin: &Origin,
    store: &Store,
    world: &World,
) -> Result<Setup, NotApplied> {
    let version = store.read(|tx| tx.config()).await?.map_or(1, |last| last.version + 1);
    let setup = Setup::build(settings, version, store, &origin.state)?;
    let now = world.now();
    let applied = ConfigVersion {
        version,
        sha256: setup.settings.sha256.clone(),
        text: setup.settings.text.clone(),
        why: why.into(),
        created_at: now,
    };
    let contacts = setup.settings.contacts.clone();
    let desk = roster::laid(setup.clone(), store, now).await?.settings.desk;
    store
        .write(move |tx| {
            let mut changes = vec![Change {
                at: now,
                actor: actor.clone(),
                what: What::ConfigApplied,
                summary: Untrusted::new(format!(
                    "Configuration version {} applied: {}.",
                    applied.version,
                    applied.why.raw()
                )),
                alert: None,
                partner: None,
                object: Object::Config(Box::new(applied)),
            }];
            for mut contact in contacts {
                if tx.contact(contact.id.raw())?.is_some() {
                    continue;
                }
                (contact.created_at, contact.updated_at) = (now, now);
                changes.push(Change {
                    at: now,
                    actor: actor.clone(),
                    what: What::ContactCreated,
                    summary: Untrusted::new(format!(
                        "Contact {} from the configuration.",
                        contact.name.raw()
                    )),
                    alert: None,
                    partner: contact.partner_id.clone(),
                    object: Object::Contact(Box::new(contact)),
                });
            }
            if let Some(before) = before {
                let mut decision = Decision::new(&desk, now, tx.ids());
                let applied_by = match &actor {
                    Actor::Person { id, .. } => Some(id),
                    _ => None,
                };
                let plans = (&before, &desk.schedules);
                let told = tell_of_configuration(&mut decision, version, applied_by, plans);
                if let Some(applied) = changes.first_mut().filter(|_| !told.is_empty()) {
                    applied.summary = Untrusted::new(format!("{}{told}", applied.summary.raw()));
                }
                tx.keep_ids(decision.ids);
                changes.extend(decision.changes);
            }
            changes.extend(mended(tx, &desk, now)?);
            super::contacts::apply(tx, &desk, changes, now)
        })
        .await?;
    Ok(setup)
}

/// Closes what was to be mended of how people of the desk are reached, where it is mended now.
fn mended(tx: &Tx<'_>, desk: &Desk, now: Timestamp) -> Result<Vec<Change>, StoreError> {
    let mut changes = Vec::new();
    for person in desk.people.values() {
        for medium in Medium::ALL {
            let Some(mut task) = tx.open_task(&delivery::person_fix_task(&person.id, medium))? else {
                continue;
            };
            let failed = task.notification.map(|id| tx.notification(id)).transpose()?.flatten();
            if delivery::is_mended(person, medium, failed.as_ref()) {
                (task.state, task.updated_at) = (TaskState::Done, now);
                let because = format!("{} is reached at another address now.", person.name);
                changes.push(Change::task(now, Actor::Desk, What::TaskDone, because, &task));
            }
        }
    }
    Ok(changes)
}

fn build_community(community: &config::Community) -> Result<Arc<Scim>, NotApplied> {
    let failed = |why: &dyn std::fmt::Display| NotApplied::Community(why.to_string());
    let url = community.scim.parse().map_err(|_| failed(&scim::BadUrl))?;
    let client = http_client(&url, community.timeout, sync::AT_ONCE).map_err(|why| failed(&why))?;
    let settings =
        scim::Settings { url: community.scim.clone(), token: community.token.clone(), page: community.page };
    Scim::new(settings, client).map(Arc::new).map_err(|why| failed(&why))
}

fn protection(tls: config::Tls) -> Tls {
    match tls {
        config::Tls::None => Tls::None,
        config::Tls::Starttls => Tls::StartTls,
        config::Tls::Tls => Tls::Tls,
    }
}

fn build_mailbox(replies: &config::Replies) -> Result<Arc<Mailbox>, NotApplied> {
    let imap = match &replies.letters {
        config::Letters::Maildir(folder) => return Ok(Arc::new(Mailbox::Maildir(folder.clone()))),
        config::Letters::Imap(imap) => imap,
    };
    let settings = imap::Settings {
        host: imap.host.clone(),
        port: imap.port,
        tls: protection(imap.tls),
        user: imap.user.clone(),
        password: imap.password.clone(),
        folder: imap.folder.clone(),
        ca_file: imap.ca_file.clone(),
        timeout: MAIL_SERVER_ANSWERS,
    };
    Ok(Arc::new(Mailbox::Imap(imap::Server::new(settings)?)))
}

fn build_channel(
    channel: &config::Channel,
    public_url: &str,
    instance: &str,
    state: &Path,
) -> Result<Arc<dyn Channel>, String> {
    let config::Channel { name, connections, timeout, proof, .. } = channel;
    let (connections, timeout): (usize, Duration) = (*connections, *timeout);
    let host = || rustix::system::uname().nodename().to_string_lossy().into_owned();
    let said = |why: &dyn std::fmt::Display| why.to_string();
    Ok(match channel.kind.clone() {
        ChannelKind::Spool => {
            let settings = spool::Settings { folder: state.join("outbox") };
            Arc::new(spool::Spool::new(settings).map_err(|why| said(&why))?)
        }
        ChannelKind::Webhook { url, secret } => {
            let settings = webhook::Settings { url, secret, timeout, connections };
            Arc::new(webhook::Webhook::new(settings).map_err(|why| said(&why))?)
        }
        ChannelKind::Smtp { host: server, port, tls, user, password, from, from_name, hello, ca_file } => {
            let hello = if hello.is_empty() { host() } else { hello };
            let domain = from.rsplit_once('@').map_or_else(|| hello.clone(), |(_, domain)| domain.to_owned());
            let settings = smtp::Settings {
                host: server,
                port,
                tls: protection(tls),
                user,
                password,
                from,
                from_name,
                hello,
                message_id_domain: domain,
                ca_file,
                receipts: proof.is_some(),
                timeout,
                connections,
            };
            Arc::new(smtp::Smtp::new(settings).map_err(|why| said(&why))?)
        }
        ChannelKind::Kannel { url, user, password, from, inbound_secret } => {
            let settings = kannel::Settings {
                url,
                user,
                password,
                from,
                receipts_url: proof.is_some().then(|| format!("{public_url}/v1/receipts/{name}")),
                receipt_key: receipt_key(state, instance)?,
                inbound_secret,
                timeout,
                connections,
            };
            Arc::new(kannel::Kannel::new(settings).map_err(|why| said(&why))?)
        }
        ChannelKind::Twilio { url, account, auth_token, api_key, sender, valid_for } => {
            let settings = twilio::Settings {
                url,
                account,
                auth_token,
                api_key,
                sender: match sender {
                    config::TwilioSender::From(from) => twilio::Sender::From(from),
                    config::TwilioSender::Service(sid) => twilio::Sender::Service(sid),
                },
                valid_for,
                receipts_url: proof.is_some().then(|| format!("{public_url}/v1/receipts/{name}")),
                inbound_url: format!("{public_url}/v1/inbound/{name}"),
                receipt_key: receipt_key(state, instance)?,
                timeout,
                connections,
            };
            Arc::new(twilio::Twilio::new(settings).map_err(|why| said(&why))?)
        }
        ChannelKind::Opentext { url, login, from_name } => {
            let settings = opentext::Settings {
                url,
                login: match login {
                    config::OpentextLogin::Basic { user, password } => {
                        opentext::Login::Basic { user, password }
                    }
                    config::OpentextLogin::Client { token_url, id, secret, scope } => {
                        opentext::Login::Client { token_url, id, secret, scope }
                    }
                },
                from_name,
                receipt_key: receipt_key(state, instance)?,
                timeout,
                connections,
            };
            Arc::new(opentext::OpenText::new(settings).map_err(|why| said(&why))?)
        }
        ChannelKind::Smpp(centre) => {
            let settings = smpp_settings(*centre, proof.is_some(), timeout, connections);
            Arc::new(smpp::Smpp::new(settings).map_err(|why| said(&why))?)
        }
    })
}

fn smpp_settings(
    centre: config::Smpp,
    receipts: bool,
    timeout: Duration,
    connections: usize,
) -> smpp::Settings {
    smpp::Settings {
        host: centre.host,
        port: centre.port,
        tls: centre.tls,
        ca_file: centre.ca_file,
        user: centre.user,
        password: centre.password,
        system_type: centre.system_type,
        from: centre.from,
        alphabet: match centre.alphabet {
            config::AlphabetWord::Gsm7 => smpp::Alphabet::Gsm7,
            config::AlphabetWord::Latin1 => smpp::Alphabet::Latin1,
        },
        split: match centre.split {
            config::SplitWord::Udh => smpp::Split::Udh,
            config::SplitWord::Sar => smpp::Split::Sar,
            config::SplitWord::Payload => smpp::Split::Payload,
        },
        receipts,
        valid_for: centre.valid_for,
        enquire_every: centre.enquire_every,
        timeout,
        connections,
    }
}

/// What makes reply codes and tokens this desk's own; of the same secret as callback links, and yet
/// another key.
fn reply_key(state: &Path, instance: &str) -> Result<ReplyKey, String> {
    let key = receipt_key(state, instance)?;
    Ok(ReplyKey::new(format!("replies\u{1f}{}", key.expose_secret()).as_bytes()))
}

/// The key that signs callback links: made once, in a file of its own beside the store.
fn receipt_key(state: &Path, instance: &str) -> Result<SecretString, String> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let path = state.join("receipt.key");
    if let Ok(key) = std::fs::read_to_string(&path)
        && key.trim().len() >= 32
    {
        return Ok(SecretString::from(key.trim().to_owned()));
    }
    let random: [u8; 32] = rand::random();
    let key: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    let written = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&path)
        .and_then(|mut file| writeln!(file, "{key}").and_then(|()| file.sync_all()));
    match written {
        Ok(()) => Ok(SecretString::from(key)),
        Err(why) => Err(format!("{} cannot be written for desk {instance}: {why}", path.display())),
    }
}
