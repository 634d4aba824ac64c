//! People, their logins and absences, the teams they are in, and whom partners have.

use super::{Check, unknown};
use crate::config::Login;
use crate::config::file::{self, Text};
use crate::core::assignment::{Assignment, Origin, Pattern, Scope};
use crate::core::desk::{Absence, Team};
use crate::core::person::{Person, PersonId, Role};
use crate::core::text::sanitise;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

impl Check<'_> {
    pub(super) fn people(
        &mut self,
        tables: Vec<file::PersonTable>,
    ) -> (BTreeMap<PersonId, Person>, Vec<Login>) {
        let mut names = BTreeSet::new();
        let mut people = BTreeMap::new();
        let mut logins: Vec<Login> = Vec::new();
        for t in tables {
            self.name("person", &t.id, &mut names);
            let id = PersonId(t.id.as_ref().clone());
            let role = match t.role {
                Some(file::RoleWord::Admin) => Role::Admin,
                Some(file::RoleWord::Responder) => Role::Responder,
                Some(file::RoleWord::Viewer) | None => Role::Viewer,
            };
            let pin = t.pin.as_ref().and_then(|pin| self.secret(pin));
            match (&t.login, t.shared, &pin) {
                (Some(login), true, None) => self.wrong(
                    login.span(),
                    "a shared login needs a pin for each person: pin = { env = \"NAME\" } or { file = \"path\" }",
                ),
                (Some(login), _, _) => {
                    let taken = logins.iter().any(|l| &l.login == login.as_ref() && (!t.shared || l.pin.is_none()));
                    if taken {
                        self.wrong(login.span(), "two people have this login; mark it shared = true for both");
                    }
                    let pin = if t.shared { pin.clone() } else { None };
                    logins.push(Login { login: login.as_ref().clone(), person: id.clone(), role, pin });
                }
                (None, true, _) => self.wrong(t.id.span(), "shared = true needs a login"),
                (None, false, _) => {}
            }
            let person = Person {
                id: id.clone(),
                name: sanitise(t.name.as_ref()).into_owned(),
                role,
                email: self.parsed(t.email.as_ref()),
                phone: self.parsed(t.phone.as_ref()),
                time_zone: t.time_zone.as_ref().map(|zone| {
                    self.zone(zone);
                    zone.as_ref().clone()
                }),
                locale: t.locale.as_ref().map(|locale| self.locale(locale)),
                teams: Vec::new(),
                opted_out: BTreeSet::new(),
            };
            people.insert(id, person);
        }
        (people, logins)
    }

    pub(super) fn absences(&mut self, people: &[file::PersonTable]) -> Vec<Absence> {
        let mut absences = Vec::new();
        for (person, days) in people.iter().flat_map(|t| t.away.iter().map(move |days| (&t.id, days))) {
            let (first, last) = days.as_ref().split_once("..").unwrap_or((days.as_ref(), days.as_ref()));
            match (first.trim().parse(), last.trim().parse()) {
                (Ok(first), Ok(last)) if first <= last => {
                    absences.push(Absence { person: PersonId(person.as_ref().clone()), first, last });
                }
                _ => {
                    let message = "days away are written 2026-12-24 or 2026-12-24..2027-01-02";
                    self.wrong(days.span(), message);
                }
            }
        }
        absences
    }

    pub(in crate::config) fn person(
        &mut self,
        id: &Text,
        people: &BTreeMap<PersonId, Person>,
    ) -> Option<PersonId> {
        let person = PersonId(id.as_ref().clone());
        if people.contains_key(&person) {
            return Some(person);
        }
        self.wrong(id.span(), unknown("person", id.as_ref(), people.keys()));
        None
    }

    /// Somebody who takes turns, and so must be able to take an alert.
    pub(in crate::config) fn on_call(
        &mut self,
        id: &Text,
        people: &BTreeMap<PersonId, Person>,
    ) -> Option<PersonId> {
        let person = self.person(id, people)?;
        if people.get(&person).is_some_and(|person| !person.may_act()) {
            let message = format!(
                "{:?} may look but not acknowledge, and so cannot be on call; give them role = \"responder\" or \
                 \"admin\" (without a role somebody is a viewer)",
                sanitise(id.as_ref())
            );
            self.wrong(id.span(), message);
        }
        Some(person)
    }

    pub(super) fn teams(
        &mut self,
        tables: Vec<file::TeamTable>,
        people: &BTreeMap<PersonId, Person>,
    ) -> BTreeMap<String, Team> {
        let mut names = BTreeSet::new();
        let mut teams = BTreeMap::new();
        for t in tables {
            self.name("team", &t.name, &mut names);
            let members = t.members.iter().filter_map(|id| self.person(id, people)).collect();
            let lead = t.lead.as_ref().and_then(|id| self.person(id, people));
            let name = t.name.into_inner();
            teams.insert(name.clone(), Team { name, members, lead });
        }
        teams
    }

    pub(super) fn assignments(
        &mut self,
        tables: Vec<file::AssignTable>,
        people: &BTreeMap<PersonId, Person>,
    ) -> Vec<Assignment> {
        let mut assignments = Vec::new();
        for t in tables {
            let scopes: Vec<(Range<usize>, Scope)> = [
                t.partner.map(|text| (text.span(), Scope::Partner(text.into_inner()))),
                t.pattern.map(|text| (text.span(), Scope::Pattern(Pattern(text.into_inner())))),
                t.region.map(|text| (text.span(), Scope::Region(text.into_inner()))),
                t.tier.map(|text| (text.span(), Scope::Tier(text.into_inner()))),
            ]
            .into_iter()
            .flatten()
            .collect();
            if let Some((span, _)) = scopes.get(1) {
                let message = "an assignment is by one of partner, pattern, region and tier";
                self.wrong(span.clone(), message);
            }
            let scope = scopes.into_iter().next().map_or(Scope::Everyone, |(_, scope)| scope);
            let deputy = t.deputy.as_ref().and_then(|id| self.person(id, people));
            if let Some(person) = self.person(&t.person, people) {
                let (role, origin) = (t.role.into_inner(), Origin::File);
                assignments.push(Assignment { role, person, deputy, scope, until: None, origin });
            }
        }
        assignments
    }
}

pub(super) fn with_teams(
    mut people: BTreeMap<PersonId, Person>,
    teams: &BTreeMap<String, Team>,
) -> BTreeMap<PersonId, Person> {
    for team in teams.values() {
        for member in team.members.iter().chain(&team.lead) {
            if let Some(person) = people.get_mut(member)
                && !person.teams.contains(&team.name)
            {
                person.teams.push(team.name.clone());
            }
        }
    }
    people
}
