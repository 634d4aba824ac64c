//! Partners who act: they read what the desk sends them and do something about it after a while. They
//! upload what a case waits for, write again, change their own details, or have had enough of texts.
//!
//! Who does what is a table, [`TRAITS`]; how long it takes follows from the seed. Nobody does the same
//! twice about the same thing, so two machines never answer each other without end.

use crate::practice::poster::{self, Settings};
use crate::practice::{Post, scim};
use jiff::Timestamp;
use mail_parser::MessageParser;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// A message that a mailbox or a phone has taken.
#[derive(Clone, Debug)]
pub(super) struct Arrival {
    /// A mailbox in lower case, or a number with its `+`.
    pub to: String,
    pub letter: Letter,
}

#[derive(Clone, Debug)]
pub(super) enum Letter {
    /// As it came over SMTP.
    Mail(Vec<u8>),
    Text(String),
}

/// What somebody does about a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deed {
    /// Uploads what the case in the message waits for; the community reviews it a little later.
    Upload,
    /// Writes once more in the thread that the message confirms.
    AskAgain(&'static str),
    /// Notes another mobile number in their own details.
    Phone(&'static str),
    /// Wants to be written to in another language.
    Language(&'static str),
    /// Has had enough of texts, and answers one with STOP.
    NoMoreTexts,
}

/// A contact, the seconds they take, and what they do then.
const TRAITS: [(&str, f64, Deed); 7] = [
    ("b.sand", 12.0, Deed::Upload),
    ("m.devries", 18.0, Deed::Upload),
    ("r.ames", 15.0, Deed::Upload),
    ("c.ruiz", 25.0, Deed::AskAgain("Gracias. ¿Hay ya una hora prevista de salida?")),
    ("l.bernard", 20.0, Deed::Phone("+33698765432")),
    ("a.lopez", 30.0, Deed::Language("es")),
    ("k.lie", 8.0, Deed::NoMoreTexts),
];

/// How long the community takes to review what a partner has uploaded.
const REVIEW: f64 = 25.0;

/// So many deeds, and nobody does any more.
const MOST_DEEDS: usize = 500;

/// Somebody about to act.
struct Errand {
    contact: &'static str,
    deed: Deed,
    /// The mailbox or number where the message came in.
    at: String,
    /// What it is about: a case, a thread, or nothing in particular.
    about: Option<Value>,
    seconds: f64,
}

/// Reads what arrives and acts on it until it is dropped.
pub(super) async fn live(
    post: Arc<Post>,
    contacts: Arc<scim::Contacts>,
    arrivals: &mut mpsc::Receiver<Arrival>,
    settings: &Settings,
    client: &reqwest::Client,
) {
    let mut done = HashSet::new();
    let mut errands = JoinSet::new();
    while let Some(arrival) = arrivals.recv().await {
        while errands.try_join_next().is_some() {}
        let Some(contact) = contacts.whose(&arrival.to) else { continue };
        let words = words(&arrival.letter);
        for (who, seconds, deed) in TRAITS.into_iter().filter(|(who, ..)| *who == contact) {
            let Some(about) = about(deed, &arrival.letter, &words, &post, who) else { continue };
            let name = format!("{who} {deed:?} {}", about.as_ref().map(subject).unwrap_or_default());
            if done.len() == MOST_DEEDS || !done.insert(name.clone()) {
                continue;
            }
            // Give or take a fifth, the same every time for one seed.
            let own = name
                .bytes()
                .fold(settings.seed, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
            let seconds = seconds * (0.8 + (own >> 32) as f64 / f64::from(u32::MAX) * 0.4);
            let errand = Errand { contact: who, deed, at: arrival.to.clone(), about, seconds };
            let (post, contacts) = (post.clone(), contacts.clone());
            let (settings, client) = (settings.clone(), client.clone());
            errands.spawn(async move { errand.run(&post, &contacts, &settings, &client).await });
        }
    }
}

/// What can be read in a message: the subject and the text.
fn words(letter: &Letter) -> String {
    match letter {
        Letter::Text(text) => text.clone(),
        Letter::Mail(content) => {
            let Some(mail) = MessageParser::default().parse(content) else { return String::new() };
            format!("{}\n{}", mail.subject().unwrap_or_default(), mail.body_text(0).unwrap_or_default())
        }
    }
}

/// The case or the thread of an event: what it is about, whichever event of it was heard last.
fn subject(event: &Value) -> &str {
    let data = &event["data"];
    data["case"]["id"].as_str().or(data["post"]["thread"].as_str()).unwrap_or_default()
}

/// What a deed would be about; the outer `None`: there is no reason for it in this message.
fn about(deed: Deed, letter: &Letter, words: &str, post: &Post, contact: &str) -> Option<Option<Value>> {
    let said =
        |event: &Value, path: &str| event["data"].pointer(path).and_then(Value::as_str).map(str::to_owned);
    let names = |event: &Value, path: &str| said(event, path).is_some_and(|name| words.contains(&name));
    match deed {
        Deed::Upload => post
            .last_posted(|event| {
                let wanted =
                    event["data"]["wanted"].as_array().into_iter().flatten().filter_map(Value::as_str);
                event["type"] == "community.case.status_changed"
                    && names(event, "/case/reference")
                    && wanted.clone().count() > 0
                    && wanted.clone().all(|document| words.contains(document))
            })
            .map(Some),
        Deed::AskAgain(_) => post
            .last_posted(|event| {
                event["type"] == "community.post.created"
                    && said(event, "/author/contact_id").as_deref() == Some(contact)
                    && names(event, "/post/thread")
            })
            .map(Some),
        Deed::NoMoreTexts => matches!(letter, Letter::Text(_)).then_some(None),
        Deed::Phone(_) | Deed::Language(_) => Some(None),
    }
}

impl Errand {
    async fn run(
        self,
        post: &Post,
        contacts: &scim::Contacts,
        settings: &Settings,
        client: &reqwest::Client,
    ) {
        tokio::time::sleep(post.haste.of(self.seconds)).await;
        let tell = async |name: &str, kind: &str, place: &str, data: Value| {
            let id = format!("{:x}-{name}", settings.seed);
            let event = json!({
                "specversion": "1.0", "id": id, "source": format!("/community/{place}"), "type": kind,
                "time": Timestamp::now().to_string(), "datacontenttype": "application/json", "data": data,
            });
            poster::tell(post, settings, client, &id, event).await;
        };
        let about = self.about.as_ref().map(|event| &event["data"]);
        match (self.deed, about) {
            (Deed::Upload, Some(about)) => {
                let case = about["case"]["id"].as_str().unwrap_or_default();
                let wanted: Vec<&str> =
                    about["wanted"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
                let documents: Vec<Value> = wanted
                    .iter()
                    .enumerate()
                    .map(|(number, name)| {
                        json!({
                            "id": format!("D-{case}-{}", number + 1), "name": format!("{name}.pdf"),
                            "kind": "claims_evidence", "case_id": case,
                        })
                    })
                    .collect();
                for document in &documents {
                    let data = json!({
                        "document": document, "partner": about["partner"],
                        "uploaded_by": { "contact_id": self.contact },
                    });
                    let name = format!("upload-{}", document["id"].as_str().unwrap_or_default());
                    tell(&name, "community.document.uploaded", "documents", data).await;
                }
                tokio::time::sleep(post.haste.of(REVIEW)).await;
                for document in &documents {
                    let data =
                        json!({ "document": document, "partner": about["partner"], "outcome": "approved" });
                    let name = format!("review-{}", document["id"].as_str().unwrap_or_default());
                    tell(&name, "community.document.reviewed", "documents", data).await;
                }
            }
            (Deed::AskAgain(words), Some(about)) => {
                let mut data = about.clone();
                let first = about["post"]["id"].as_str().unwrap_or_default();
                let id = format!("{first}-2");
                data["post"]["id"] = id.as_str().into();
                data["post"]["body"] = words.into();
                tell(&format!("again-{id}"), "community.post.created", "discussions", data).await;
            }
            (Deed::NoMoreTexts, _) => {
                let Some((url, secret)) = &settings.inbound else { return };
                let id = format!("{:x}-{}", settings.seed, self.contact);
                let asked = client.get(url).query(&[
                    ("secret", secret.expose_secret()),
                    ("from", self.at.as_str()),
                    ("id", id.as_str()),
                    ("text", "STOP"),
                ]);
                if let Err(why) = asked.send().await {
                    tracing::warn!(why = %why.without_url(), "the practice gateway could not hand on a text");
                }
            }
            (deed, _) => {
                let (attribute, value) = match deed {
                    Deed::Phone(number) => {
                        ("phoneNumbers", json!([{ "value": number, "type": "mobile", "primary": true }]))
                    }
                    Deed::Language(locale) => ("locale", json!(locale)),
                    _ => return,
                };
                contacts.edit(self.contact, attribute, value);
                let Some((version, data)) = contacts.notice(self.contact) else { return };
                let name = format!("contact-{}-{version}", self.contact);
                tell(&name, "community.contact.changed", "contacts", data).await;
            }
        }
    }
}
