//! Who asks: the system user at the other end of the socket, as the kernel says, and the person
//! behind it, as the configuration says. Never what the request's body says.

use crate::config::{Login, Settings};
use crate::core::apply::Asker;
use crate::core::person::{Person, PersonId, Role};
use crate::wire::Me;
use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use subtle::ConstantTimeEq;

/// Sessions of people behind shared logins. They end with the agent.
#[derive(Default)]
pub struct Sessions {
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// By token: the system user it was given to, and the person.
    sessions: HashMap<String, (u32, PersonId)>,
    /// Wrong PINs of a system user, newest last.
    wrong: HashMap<u32, Vec<Timestamp>>,
}

/// What the kernel says of the other end, and of us.
#[derive(Clone, Copy, Debug)]
pub struct Kernel<'a> {
    pub uid: u32,
    /// The name of that user.
    pub login: &'a str,
    /// The user the agent runs as.
    pub own: u32,
}

/// What a request brings beside the kernel's word.
#[derive(Clone, Debug, Default)]
pub struct Credentials {
    pub session: Option<String>,
    pub person: Option<String>,
    pub pin: Option<String>,
}

/// Why somebody is not let in as the person they name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotLetIn {
    #[error("the login {0} is shared: give your person id and PIN")]
    PinNeeded(String),
    #[error("person or PIN is wrong")]
    WrongPin,
    #[error("too many wrong PINs; wait a minute")]
    TooMany,
}

/// Somebody at the socket.
#[derive(Clone, Debug)]
pub struct Identified {
    pub me: Me,
    /// A new session to hand out.
    pub token: Option<String>,
}

impl Identified {
    /// Who acts, if this login may act at all.
    pub fn asker(&self) -> Asker {
        let shared = self.token.is_some();
        match &self.me.person {
            Some(person) => Asker {
                id: person.id.clone(),
                name: person.name.clone(),
                role: self.me.role,
                login: (shared || person.id.0 != self.me.login).then(|| self.me.login.clone()),
            },
            None => Asker {
                id: PersonId(self.me.login.clone()),
                name: self.me.login.clone(),
                role: self.me.role,
                login: None,
            },
        }
    }
}

const TRIES_A_MINUTE: usize = 5;

impl Sessions {
    /// Settles who is at the other end.
    pub fn identify(
        &self,
        settings: &Settings,
        kernel: Kernel<'_>,
        given: &Credentials,
        fresh_token: impl FnOnce() -> String,
        now: Timestamp,
    ) -> Result<Identified, NotLetIn> {
        let Kernel { uid, login, own } = kernel;
        let behind: Vec<&Login> = settings.logins.iter().filter(|l| l.login == login).collect();
        let shared = behind.iter().any(|l| l.pin.is_some());
        let is_own = uid == own && settings.agent.group.is_none();
        let plain = |person: Option<Person>, role: Role| {
            Ok(Identified { me: me(settings, login, person, role), token: None })
        };
        match behind.first() {
            None if is_own => {
                let id = PersonId(login.to_owned());
                let person = settings.desk.person(&id).cloned();
                plain(Some(person.unwrap_or_else(|| own_person(id, login))), Role::Admin)
            }
            None => plain(None, Role::Viewer),
            Some(one) if !shared => {
                let role = if is_own { Role::Admin } else { one.role };
                plain(settings.desk.person(&one.person).cloned(), role)
            }
            Some(_) => self.shared(settings, &behind, kernel, given, fresh_token, now),
        }
    }

    fn shared(
        &self,
        settings: &Settings,
        behind: &[&Login],
        Kernel { uid, login, .. }: Kernel<'_>,
        given: &Credentials,
        fresh_token: impl FnOnce() -> String,
        now: Timestamp,
    ) -> Result<Identified, NotLetIn> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let let_in = |person: &PersonId, token: String| {
            let role = behind.iter().find(|l| &l.person == person).map_or(Role::Viewer, |l| l.role);
            let person = settings.desk.person(person).cloned();
            Identified { me: me(settings, login, person, role), token: Some(token) }
        };
        if let Some(token) = &given.session
            && let Some((of, person)) = known.sessions.get(token)
            && *of == uid
            && behind.iter().any(|l| &l.person == person)
        {
            return Ok(let_in(person, token.clone()));
        }
        let (Some(person), Some(pin)) = (&given.person, &given.pin) else {
            let me = Me { pin_needed: true, ..me(settings, login, None, Role::Viewer) };
            return Ok(Identified { me, token: None });
        };
        let tries = known.wrong.entry(uid).or_default();
        tries.retain(|at| now.duration_since(*at) < SignedDuration::from_mins(1));
        if tries.len() >= TRIES_A_MINUTE {
            return Err(NotLetIn::TooMany);
        }
        let found = behind.iter().find(|l| l.person.0 == *person);
        let right = found
            .and_then(|l| l.pin.as_ref())
            .is_some_and(|wanted| bool::from(wanted.expose_secret().as_bytes().ct_eq(pin.as_bytes())));
        match (right, found) {
            (true, Some(one)) => {
                let token = fresh_token();
                known.sessions.insert(token.clone(), (uid, one.person.clone()));
                Ok(let_in(&one.person, token))
            }
            _ => {
                tries.push(now);
                Err(NotLetIn::WrongPin)
            }
        }
    }
}

fn me(settings: &Settings, login: &str, person: Option<Person>, role: Role) -> Me {
    let own = person.as_ref().and_then(|person| person.time_zone.clone());
    let desk = || settings.desk.time_zone.iana_name().unwrap_or("UTC").to_owned();
    Me { login: login.to_owned(), time_zone: own.unwrap_or_else(desk), person, role, pin_needed: false }
}

/// The user of a personal agent, where the configuration does not name them.
fn own_person(id: PersonId, login: &str) -> Person {
    Person {
        id,
        name: login.to_owned(),
        role: Role::Admin,
        email: None,
        phone: None,
        time_zone: None,
        locale: None,
        teams: Vec::new(),
    }
}
