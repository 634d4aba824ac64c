//! The file's values, checked and given meaning. Everything wrong is reported at once.

use super::file::{self, CategoryWord, File, MediumWord, SecretRef, Text, ThrottleTable};
use super::mapping::MappingTable;
use super::problem::{ConfigError, Problem};
use super::templates;
use super::{Agent, Channel, ChannelKind, Intake, Login, Settings, Silence, Source, Start, digest};
use crate::core::alert::{PolicySnapshot, Step, Target, Variant};
use crate::core::assignment::{Assignment, Origin, Pattern, Scope};
use crate::core::calendar::Calendar;
use crate::core::contact::{Category, Contact, ContactState, Medium};
use crate::core::desk::{Absence, Desk, Promise, Retry, Team};
use crate::core::duty::DutyChange;
use crate::core::event::Priority;
use crate::core::label;
use crate::core::person::{Person, PersonId, Role};
use crate::core::reply::ReplyKey;
use crate::core::rule::{GroupField, Match, Rule, Then, check_expression};
use crate::core::schedule::Schedule;
use crate::core::storm::Storm;
use crate::core::sync::{is_blank, synced_fields};
use crate::core::template::Templates;
use crate::core::text::sanitise;
use crate::core::throttle::{Limit, Throttle};
use crate::core::unsubscribe::Links;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use toml::Spanned;

/// Where no calendar has this name: round the clock.
pub(super) const ALWAYS: &str = "always";

pub fn settings(text: &str, path: &Path) -> Result<Settings, ConfigError> {
    let file: File = toml::from_str(text).map_err(|error| {
        let span = error.span().unwrap_or(0..0);
        let message = sentence(error.message());
        ConfigError::Wrong { problems: vec![Problem::at(text, path, span, message)] }
    })?;
    let (templates, wrong) = templates::carried(text, path);
    let mut check = Check { text, path, languages: templates::languages(text, path), problems: Vec::new() };
    let mut settings = check.file(file);
    settings.desk.templates = templates;
    check.problems.sort_by_key(|problem| (problem.line, problem.column));
    check.problems.extend(wrong);
    match check.problems.is_empty() {
        true => Ok(settings),
        false => Err(ConfigError::Wrong { problems: check.problems }),
    }
}

/// The parser's message on one line.
fn sentence(message: &str) -> String {
    sanitise(message).trim().to_owned()
}

pub(super) struct Check<'t> {
    pub(super) text: &'t str,
    pub(super) path: &'t Path,
    /// Those that there are templates in.
    languages: BTreeSet<String>,
    pub(super) problems: Vec<Problem>,
}

impl Check<'_> {
    pub(super) fn wrong(&mut self, span: Range<usize>, message: impl Into<String>) {
        self.problems.push(Problem::at(self.text, self.path, span, message));
    }

    fn file(&mut self, file: File) -> Settings {
        let zone = match &file.desk.time_zone {
            Some(name) => self.zone(name),
            None => TimeZone::UTC,
        };
        let locale = file.desk.locale.as_ref().map_or_else(|| "en".to_owned(), |locale| self.locale(locale));
        if file.desk.name.as_ref().trim().is_empty() {
            self.wrong(file.desk.name.span(), "the desk needs a name");
        }
        self.store(&file.store);
        let channels = self.channels(file.channel);
        let absences = self.absences(&file.person);
        let (people, logins) = self.people(file.person);
        let teams = self.teams(file.team, &people);
        let people = with_teams(people, &teams);
        let (schedules, rosters) = self.schedules(file.schedule, &people, &zone);
        let (calendars, main_calendar) = self.calendars(file.calendar, &zone);
        let assignments = self.assignments(file.assign, &people);
        let webhooks = channels.iter().filter(|c| matches!(c.kind, ChannelKind::Webhook { .. }));
        let webhooks = webhooks.map(|channel| channel.name.clone()).collect();
        let known = Known {
            webhooks: &webhooks,
            people: &people,
            teams: &teams,

            schedules: &schedules,
            assignments: &assignments,
            calendars: &calendars,
        };
        let main = main_calendar.as_ref().and_then(|name| calendars.get(name));
        let policies = self.policies(file.policy, &known);
        let rules = self.rules(file.rule, &policies, &known);
        let digests = self.digests(file.digest, &zone, &known);
        if !policies.contains_key(file.catch_all.policy.as_ref()) {
            let message = unknown("policy", file.catch_all.policy.as_ref(), policies.keys());
            self.wrong(file.catch_all.policy.span(), message);
        }
        let nobody_else = policies
            .get(file.catch_all.policy.as_ref())
            .and_then(|policy| policy.steps.first())
            .map(|step| step.notify.clone())
            .unwrap_or_default();
        let work = self.work(file.work, &known, &nobody_else);
        let plans = self.plans(file.plan, &known);
        let expects = self.expects(file.expect, &known);
        let promise = Promise {
            critical: self.duration_or(file.promise.critical.as_ref(), 30 * 60),
            high: self.duration_or(file.promise.high.as_ref(), 60 * 60),
            other: self.duration_or(file.promise.other.as_ref(), 4 * 60 * 60),
        };
        if let Some(alerts) = file.storm.alerts.as_ref().filter(|n| *n.as_ref() > 20) {
            self.wrong(alerts.span(), "a storm begins at 20 alerts at the latest; 0 turns it off");
        }
        let storm = Storm {
            alerts: file.storm.alerts.as_ref().map_or(10, |n| *n.as_ref()),
            within: self.duration_or(file.storm.within.as_ref(), 5 * 60),
            quiet: self.duration_or(file.storm.quiet.as_ref(), 15 * 60),
        };
        let throttle = self.throttle(file.throttle);
        let source_names: Vec<String> =
            file.source.iter().map(|source| source.name.as_ref().clone()).collect();
        let maintenance = self.maintenance(file.maintenance, &source_names, &zone);
        let inhibits = self.inhibits(file.inhibit);
        let page_test = file.page_test.map(|table| self.page_test(table));
        let retry = Retry {
            first: self.duration_or(file.retry.first.as_ref(), 5),
            longest: self.duration_or(file.retry.longest.as_ref(), 5 * 60),
            give_up: self.duration_or(file.retry.give_up.as_ref(), 4 * 60 * 60),
        };
        let carriers = channels.iter().map(Channel::carrier).collect();
        let routes = self.routes(file.route, &channels);
        let contacts = self.contacts(file.contact);
        let community = file.community.map(|table| self.community(table));
        let sources = self.sources(file.source, &zone, &calendars, main);
        let links = Links { base: None, categories: self.unsubscribe(&file.unsubscribe) };
        let replies = file.replies.and_then(|table| self.replies(table));
        let heartbeat = file.heartbeat.and_then(|table| self.heartbeat(table));
        let exchange = file.exchange.and_then(|table| self.exchange(table));
        let handover = self.handover(file.handover);
        let labels = self.labels(file.labels);
        let codes = self.codes(&file.edi);
        Settings {
            desk: Desk {
                version: 0,
                name: sanitise(file.desk.name.as_ref()).into_owned(),
                instance: String::new(),
                reply_key: ReplyKey::new(&[]),
                time_zone: zone,
                locale,
                people,
                teams,

                schedules,
                handover,
                unaccepted: Vec::new(),
                calendars,
                main_calendar,
                policies,
                rules,
                catch_all: file.catch_all.policy.into_inner(),
                assignments,
                absences,
                labels,
                codes,
                work,
                plans,
                expects,
                carriers,
                routes,
                links,
                asks_community: community.is_some(),
                promise,
                storm,
                maintenance,
                inhibits,
                page_test,
                bundle_from: file.bundle.pages.unwrap_or(10),
                throttle,
                retry,
                amount_factor: 2.0,
                templates: Templates::shipped(),
            },
            practice: file.desk.practice,
            agent: Agent {
                start: match file.agent.start {
                    Some(file::StartWord::Service) => Start::Service,
                    Some(file::StartWord::Console) | None => Start::Console,
                },
                group: file.agent.group.map(Spanned::into_inner),
            },
            intake: self.intake(file.intake),
            sources,
            channels,
            logins,
            digests,
            contacts,
            community,
            rosters,
            replies,
            heartbeat,
            exchange,
            text: self.text.to_owned(),
            sha256: digest(self.text),
        }
    }

    /// A language that messages can be written in: one with templates, or a country of one.
    pub(super) fn locale(&mut self, typed: &Text) -> String {
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

    fn store(&mut self, store: &file::StoreTable) {
        if let Some(engine) = store.engine.as_ref().filter(|engine| engine.as_ref() != "sqlite") {
            let message = format!(
                "there is no store engine {:?} here; this one has \"sqlite\"",
                sanitise(engine.as_ref())
            );
            self.wrong(engine.span(), message);
        }
        if let Some(url) = store.url.as_ref().filter(|url| !url.as_ref().is_empty()) {
            self.wrong(url.span(), "the sqlite engine lies under the state folder and takes no url");
        }
    }

    fn intake(&mut self, intake: file::IntakeTable) -> Intake {
        let default = std::net::SocketAddr::from(([127, 0, 0, 1], 8787));
        let listen = match &intake.listen {
            Some(listen) => listen.as_ref().parse().unwrap_or_else(|_| {
                self.wrong(listen.span(), "an address to listen on is written 127.0.0.1:8787 or [::1]:8787");
                default
            }),
            None => default,
        };
        if let Some(url) = &intake.public_url
            && !(url.as_ref().starts_with("http://") || url.as_ref().starts_with("https://"))
        {
            self.wrong(url.span(), "a public_url starts with https:// (or http://)");
        }
        if let Some(url) = &intake.public_url
            && !url.as_ref().bytes().all(|b| b.is_ascii_graphic() && !b"<>\"?#,".contains(&b))
        {
            self.wrong(url.span(), "a public_url is plain ASCII without spaces, <, >, commas, ? and #");
        }
        let public_url = intake.public_url.map(|url| url.into_inner().trim_end_matches('/').to_owned());
        Intake { listen, public_url }
    }

    fn sources(
        &mut self,
        tables: Vec<file::SourceTable>,
        zone: &TimeZone,
        calendars: &BTreeMap<String, Calendar>,
        main: Option<&Calendar>,
    ) -> Vec<Source> {
        let mut names = BTreeSet::new();
        let mut sources = Vec::new();
        for table in tables {
            self.name("source", &table.name, &mut names);
            let secrets = table.secrets.iter().filter_map(|secret| self.signing_secret(secret)).collect();
            let calendar = self.hours(table.calendar.as_ref(), calendars, main);
            let after = table.silent_after.as_ref().map(|text| self.duration(text));
            if let (Some(calendar), None) = (&table.calendar, after) {
                self.wrong(calendar.span(), "a calendar counts the hours of silent_after, which is not set");
            }
            let silence = after.map(|after| Silence { after, calendar });
            let mapping = self.mapping(
                table.name.as_ref(),
                MappingTable {
                    map: table.map,
                    unmapped: table.unmapped,
                    headers: table.headers,
                    time_zone: table.time_zone,
                },
                zone,
            );
            sources.push(Source { name: table.name.into_inner(), secrets, silence, mapping });
        }
        sources
    }

    /// The working hours that count: those of the calendar named, else of the first; none for [`ALWAYS`].
    fn hours(
        &mut self,
        name: Option<&Text>,
        calendars: &BTreeMap<String, Calendar>,
        main: Option<&Calendar>,
    ) -> Option<Calendar> {
        match name {
            None => main.cloned(),
            Some(name) => {
                let found = calendars.get(name.as_ref()).cloned();
                if found.is_none() && name.as_ref() != ALWAYS {
                    let known = calendars.keys().map(String::as_str).chain([ALWAYS]);
                    self.wrong(name.span(), unknown("calendar", name.as_ref(), known));
                }
                found
            }
        }
    }

    fn people(&mut self, tables: Vec<file::PersonTable>) -> (BTreeMap<PersonId, Person>, Vec<Login>) {
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

    fn absences(&mut self, people: &[file::PersonTable]) -> Vec<Absence> {
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

    fn teams(
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

    fn assignments(
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

    fn policies(
        &mut self,
        tables: Vec<file::PolicyTable>,
        known: &Known<'_>,
    ) -> BTreeMap<String, PolicySnapshot> {
        let mut names = BTreeSet::new();
        let mut policies = BTreeMap::new();
        for t in tables {
            self.name("policy", &t.name, &mut names);
            let steps = self.steps(t.steps, t.repeat, t.repeat_after, known);
            let last_resort = self.last_resort(t.last_resort, known);
            let mut variants = Vec::new();
            for t in t.variants {
                if t.severity.as_ref().is_empty() {
                    self.wrong(t.severity.span(), "name the severities that these steps are for");
                }
                variants.push(Variant {
                    severities: t.severity.into_inner().into_iter().map(Into::into).collect(),
                    steps: self.steps(t.steps, t.repeat, t.repeat_after, known),
                    last_resort: self.last_resort(t.last_resort, known),
                });
            }
            if !variants.is_empty() {
                // So that an alert whose severity changes finds the others' steps again.
                let (steps, last_resort) = (steps.clone(), last_resort.clone());
                variants.push(Variant { severities: Vec::new(), steps, last_resort });
            }
            let name = t.name.into_inner();
            policies.insert(name.clone(), PolicySnapshot { name, steps, last_resort, variants });
        }
        policies
    }

    /// The steps, and the same again as often as they are to be repeated.
    fn steps(
        &mut self,
        tables: Spanned<Vec<file::StepTable>>,
        repeat: Option<Spanned<u8>>,
        repeat_after: Option<Text>,
        known: &Known<'_>,
    ) -> Vec<Step> {
        if tables.as_ref().is_empty() {
            self.wrong(tables.span(), "a policy needs at least one step");
        }
        let mut steps = Vec::new();
        for step in tables.into_inner() {
            let after = self.duration(&step.after);
            steps.push(Step { after, notify: self.targets(&step.notify, known) });
        }
        let times = repeat.as_ref().map_or(0, |times| *times.as_ref());
        if let Some(times) = repeat.as_ref().filter(|times| *times.as_ref() > 20) {
            self.wrong(times.span(), "steps are repeated 20 times at most; after them comes the last resort");
        }
        let pause = match (&repeat, &repeat_after) {
            (_, Some(text)) => self.duration(text),
            (Some(times), None) if times.as_ref() > &0 => {
                self.wrong(
                    times.span(),
                    "say how long after the last step they begin again: repeat_after = \"10m\"",
                );
                SignedDuration::from_mins(10)
            }
            _ => SignedDuration::ZERO,
        };
        if let (None, Some(text)) = (&repeat, &repeat_after) {
            self.wrong(text.span(), "repeat_after is of no use without repeat = 1 or more");
        }
        let mut again = steps.clone();
        if let Some(first) = again.first_mut() {
            first.after = pause;
        }
        (0..times.min(20)).for_each(|_| steps.extend(again.iter().cloned()));
        steps
    }

    fn last_resort(&mut self, table: Spanned<file::LastResortTable>, known: &Known<'_>) -> Step {
        let last = table.into_inner();
        let every = self.duration(&last.every);
        if every < SignedDuration::from_mins(1) {
            self.wrong(last.every.span(), "a last resort repeats at most once a minute");
        }
        let notify = self.targets(&last.notify, known);
        if !notify.is_empty() && notify.iter().all(|target| matches!(target, Target::Webhook(_))) {
            self.wrong(
                last.notify.span(),
                "a last resort tells at least one person; a webhook wakes nobody for sure",
            );
        }
        Step { after: every, notify }
    }

    pub(super) fn targets(&mut self, list: &Spanned<Vec<Text>>, known: &Known<'_>) -> Vec<Target> {
        if list.as_ref().is_empty() {
            self.wrong(
                list.span(),
                "somebody must be told; name \"oncall:…\", \"team:…\", \"lead:…\", \"person:…\" or a role",
            );
        }
        list.as_ref().iter().filter_map(|word| self.target(word, known)).collect()
    }

    pub(super) fn target(&mut self, word: &Text, known: &Known<'_>) -> Option<Target> {
        let text = word.as_ref();
        let (kind, name) = text.split_once(':').unwrap_or(("", text));
        let problem = match kind {
            "oncall" if known.schedules.contains_key(name) => return Some(Target::OnCall(name.to_owned())),
            "oncall" => unknown("schedule", name, known.schedules.keys()),
            "team" if known.teams.contains_key(name) => return Some(Target::Team(name.to_owned())),
            "team" => unknown("team", name, known.teams.keys()),
            "lead" if known.teams.get(name).is_some_and(|team| team.lead.is_some()) => {
                return Some(Target::Lead(name.to_owned()));
            }
            "lead" if known.teams.contains_key(name) => format!("team {name:?} has no lead"),
            "lead" => unknown("team", name, known.teams.keys()),
            "person" if known.people.contains_key(&PersonId(name.to_owned())) => {
                return Some(Target::Person(PersonId(name.to_owned())));
            }
            "person" => unknown("person", name, known.people.keys()),
            "webhook" if known.webhooks.contains(name) => return Some(Target::Webhook(name.to_owned())),
            "webhook" => unknown("channel of kind webhook", name, known.webhooks.iter()),
            "" if known.assignments.iter().any(|a| a.role == name) => {
                return Some(Target::Assigned(name.to_owned()));
            }
            "" => {
                let roles: BTreeSet<_> = known.assignments.iter().map(|a| &a.role).collect();
                unknown("role in any [[assign]]", name, roles.into_iter())
            }
            other => format!(
                "{:?} is no kind of target; allowed are oncall:SCHEDULE, team:TEAM, lead:TEAM, person:ID, webhook:CHANNEL or a role of [[assign]]",
                sanitise(other)
            ),
        };
        self.wrong(word.span(), problem);
        None
    }

    fn rules(
        &mut self,
        tables: Vec<file::RuleTable>,
        policies: &BTreeMap<String, PolicySnapshot>,
        known: &Known<'_>,
    ) -> Vec<Rule> {
        let mut names = BTreeSet::new();
        let mut rules = Vec::new();
        for t in tables {
            self.name("rule", &t.name, &mut names);
            if let Some(when) = &t.when
                && let Err(why) = check_expression(when.as_ref())
            {
                self.wrong(when.span(), format!("this expression cannot be read: {why}"));
            }
            let quiet = t.quiet.as_ref().is_some_and(|quiet| *quiet.as_ref());
            let then = match (&t.policy, &t.tell, quiet) {
                (Some(policy), None, false) => {
                    if !policies.contains_key(policy.as_ref()) {
                        let message = unknown("policy", policy.as_ref(), policies.keys());
                        self.wrong(policy.span(), message);
                    }
                    Then::Alert { policy: policy.as_ref().clone() }
                }
                (None, Some(tell), false) => Then::Tell {
                    targets: self.targets(tell, known),
                    by: t.by.clone().unwrap_or_default().into_iter().map(medium).collect(),
                },
                (None, None, true) => Then::Quiet,
                _ => {
                    self.wrong(
                        t.name.span(),
                        "a rule says one of: policy = \"…\", tell = [\"…\"], quiet = true",
                    );
                    continue;
                }
            };
            let duty = DutyChange {
                team: t.team.as_ref().and_then(|team| self.team(team, known)),
                within: t.within.as_ref().map(|text| self.duration(text)),
                lead_after: t.lead_after.as_ref().map(|text| self.duration(text)),
            };
            let group_window = match &t.group_window {
                Some(text) => self.duration(text),
                None => SignedDuration::ZERO,
            };
            rules.push(Rule {
                name: t.name.into_inner(),
                matches: matches(t.matches),
                when: t.when.map(Spanned::into_inner),
                then,
                duty,
                group_by: t
                    .group_by
                    .into_iter()
                    .map(|word| match word {
                        file::GroupWord::Partner => GroupField::Partner,
                        file::GroupWord::Kind => GroupField::Kind,
                        file::GroupWord::Order => GroupField::Order,
                        file::GroupWord::Shipment => GroupField::Shipment,
                    })
                    .collect(),
                group_window,
            });
        }
        rules
    }

    fn contacts(&mut self, tables: Vec<file::ContactTable>) -> Vec<Contact> {
        let mut names = BTreeSet::new();
        let mut contacts = Vec::new();
        for t in tables {
            self.name("contact", &t.id, &mut names);
            if let Some(zone) = &t.time_zone {
                self.zone(zone);
            }
            let text = |text: Option<Text>| text.map(|t| t.into_inner().into());
            let mut contact = Contact {
                id: t.id.as_ref().as_str().into(),
                partner_id: text(t.partner_id),
                name: t.name.into_inner().into(),
                state: ContactState::Active,
                emails: t.emails.iter().filter_map(|email| self.parsed(Some(email))).collect(),
                phones: t.phones.iter().filter_map(|phone| self.parsed(Some(phone))).collect(),
                locale: text(t.locale),
                time_zone: text(t.time_zone),
                roles: t.roles.into_iter().map(|role| role.into_inner().into()).collect(),
                channels: t
                    .channels
                    .into_iter()
                    .map(|(word, media)| (category(word), media.into_iter().map(medium).collect()))
                    .collect(),
                quiet_hours: self.parsed(t.quiet_hours.as_ref()),
                opted_out: BTreeSet::new(),
                opted_in: BTreeSet::new(),
                unsubscribed: BTreeSet::new(),
                successor: None,
                notes: "".into(),
                as_configured: BTreeSet::new(),
                created_at: Timestamp::UNIX_EPOCH,
                updated_at: Timestamp::UNIX_EPOCH,
            };
            let said = synced_fields(&contact).into_iter().filter(|field| !is_blank(field));
            contact.as_configured = said.map(|field| field.name().to_owned()).collect();
            contacts.push(contact);
        }
        contacts
    }

    pub(super) fn name(&mut self, what: &str, name: &Text, taken: &mut BTreeSet<String>) {
        let text = name.as_ref();
        if text.trim().is_empty() || text.chars().any(char::is_control) || text.contains('/') {
            self.wrong(name.span(), format!("a {what} needs a name of letters and digits"));
        }
        if !taken.insert(text.clone()) {
            self.wrong(name.span(), format!("there is a {what} {text:?} already"));
        }
    }

    pub(super) fn person(&mut self, id: &Text, people: &BTreeMap<PersonId, Person>) -> Option<PersonId> {
        let person = PersonId(id.as_ref().clone());
        if people.contains_key(&person) {
            return Some(person);
        }
        self.wrong(id.span(), unknown("person", id.as_ref(), people.keys()));
        None
    }

    pub(super) fn parsed<T: FromStr>(&mut self, text: Option<&Text>) -> Option<T>
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

    pub(super) fn zone(&mut self, name: &Text) -> TimeZone {
        TimeZone::get(name.as_ref()).unwrap_or_else(|_| {
            let message = format!(
                "{:?} is not a time zone; they are named like Europe/Berlin",
                sanitise(name.as_ref())
            );
            self.wrong(name.span(), message);
            TimeZone::UTC
        })
    }

    fn throttle(&mut self, table: ThrottleTable) -> Throttle {
        let Some(limits) = table.limits else { return Throttle::default() };
        let limits = limits
            .into_iter()
            .map(|limit| {
                if !(1..=1000).contains(limit.sms.as_ref()) {
                    self.wrong(
                        limit.sms.span(),
                        "a limit lets 1 to 1000 texts through; leave it out for none",
                    );
                }
                Limit { sms: *limit.sms.as_ref(), within: self.duration(&limit.within) }
            })
            .collect();
        Throttle { limits }
    }

    fn duration_or(&mut self, text: Option<&Text>, default_seconds: i64) -> SignedDuration {
        text.map_or(SignedDuration::from_secs(default_seconds), |text| self.duration(text))
    }

    pub(super) fn duration(&mut self, text: &Text) -> SignedDuration {
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

    /// The secret itself; `None` where it is optional and not set, or a problem was noted.
    pub(super) fn secret(&mut self, secret: &Spanned<SecretRef>) -> Option<SecretString> {
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
    pub(super) fn signing_secret(&mut self, secret: &Spanned<SecretRef>) -> Option<SecretString> {
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
    pub(super) fn readable(&mut self, file: &Text) -> PathBuf {
        let path = self.beside(file.as_ref());
        if let Err(why) = std::fs::File::open(&path) {
            self.wrong(
                file.span(),
                format!("{} cannot be read: {why}", sanitise(&path.display().to_string())),
            );
        }
        path
    }

    /// A host as it stands in an address.
    pub(super) fn host(&mut self, host: &Text) {
        let odd = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '_'));
        if host.as_ref().is_empty() || host.as_ref().contains(odd) {
            self.wrong(host.span(), "this is neither a host name nor an IP address");
        }
    }

    pub(super) fn http_url(&mut self, url: &Text) {
        let text = url.as_ref();
        let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
        if rest
            .is_none_or(|rest| rest.is_empty() || rest.starts_with('/') || rest.contains(char::is_whitespace))
        {
            self.wrong(url.span(), "this must be an address such as https://example.net/path");
        }
    }

    /// Relative files are beside the configuration.
    pub(super) fn beside(&self, file: &str) -> PathBuf {
        self.path.parent().unwrap_or(Path::new(".")).join(file)
    }
}

/// What targets may name.
pub(super) struct Known<'k> {
    pub people: &'k BTreeMap<PersonId, Person>,
    pub teams: &'k BTreeMap<String, Team>,
    pub schedules: &'k BTreeMap<String, Schedule>,
    pub assignments: &'k [Assignment],
    pub calendars: &'k BTreeMap<String, Calendar>,
    /// Channels of that kind.
    pub webhooks: &'k BTreeSet<String>,
}

pub(super) fn unknown(what: &str, name: &str, known: impl Iterator<Item = impl Display>) -> String {
    let known: Vec<_> = known.map(|k| k.to_string()).collect();
    let known =
        if known.is_empty() { "there is none".to_owned() } else { format!("there are {}", known.join(", ")) };
    format!("there is no {what} {:?}; {known}", sanitise(name))
}

fn with_teams(
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

pub(super) fn medium(word: MediumWord) -> Medium {
    match word {
        MediumWord::Sms => Medium::Sms,
        MediumWord::Email => Medium::Email,
    }
}

pub(super) fn category(word: CategoryWord) -> Category {
    match word {
        CategoryWord::Urgent => Category::Urgent,
        CategoryWord::CaseUpdates => Category::CaseUpdates,
        CategoryWord::Documents => Category::Documents,
        CategoryWord::Onboarding => Category::Onboarding,
        CategoryWord::Digests => Category::Digests,
        CategoryWord::Acknowledgments => Category::Acknowledgments,
    }
}

pub(super) fn matches(t: file::MatchTable) -> Match {
    use file::words;
    Match {
        types: words(t.kind_of_event),
        kinds: words(t.kind),
        partners: words(t.partner),
        tiers: words(t.tier),
        authors: words(t.author),
        amount_at_least: t.amount_at_least,
        severities: t
            .severity
            .map(|words| words.into_vec())
            .unwrap_or_default()
            .into_iter()
            .map(Into::into)
            .collect(),
        priorities: t
            .priority
            .map(|words| words.into_vec())
            .unwrap_or_default()
            .into_iter()
            .map(|word| match word {
                file::PriorityWord::Low => Priority::Low,
                file::PriorityWord::Normal => Priority::Normal,
                file::PriorityWord::High => Priority::High,
                file::PriorityWord::Urgent => Priority::Urgent,
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(edit: impl Fn(&str) -> String) -> String {
        let text = edit(crate::config::DEFAULT);
        assert_ne!(text, crate::config::DEFAULT, "the edit must change something");
        settings(&text, Path::new("config.toml")).unwrap_err().to_string()
    }

    #[test]
    fn the_default_configuration_is_accepted() {
        let settings = settings(crate::config::DEFAULT, Path::new("config.toml")).unwrap();
        assert_eq!(settings.desk.teams.len(), 3);
        assert!(settings.desk.carrier(Medium::Sms).is_some());
        assert_eq!(settings.contacts.len(), 3);
    }

    #[test]
    fn an_error_shows_file_line_column_the_text_and_what_is_allowed() {
        let error = wrong(|text| {
            text.replace("priority = \"x\"", "").replace("severity = \"medium\"", "severity = \"mid\"")
        });
        let mut lines = error.lines();
        let first = lines.next().unwrap();
        assert!(first.starts_with("config.toml:"), "{error}");
        assert!(first.contains("mid") && first.contains("critical"), "{error}");
        assert!(error.contains("^^^"), "{error}");
    }

    #[test]
    fn unknown_keys_people_schedules_and_kinds_are_refused_by_name() {
        for (from, to, wanted) in [
            ("time_zone = \"Europe/Berlin\"", "timezone = \"Europe/Berlin\"", "timezone"),
            (
                "members = [\"jonas\"]",
                "members = [\"jonsa\"]",
                "there is no person \"jonsa\"; there are aylin, jonas, maria",
            ),
            (
                "\"oncall:primary\", \"coordinator\"",
                "\"oncall:secondary\"",
                "there is no schedule \"secondary\"",
            ),
            (
                "time_zone = \"Europe/Istanbul\"",
                "locale = \"tr\"",
                "there are no templates in \"tr\"; there are some in de, en, es, fr",
            ),
            ("locale = \"en\"", "locale = \"german\"", "no templates in \"german\""),
            ("after = \"6m\"", "after = \"six\"", "is not a length of time"),
            (
                "when = \"minutes_left is none",
                "when = \"minutes_left is none or ( ",
                "this expression cannot be read",
            ),
            ("phone = \"+49 151 23456701\"", "phone = \"0151 23456701\"", "is not a phone number"),
            (
                "kind = \"spool\"",
                "kind = \"spool\"\nhost = \"x\"",
                "a channel of kind \"spool\" has no `host`",
            ),
            (
                "{ env = \"NIGHTDESK_COMMUNITY_SECRET\", optional = true }",
                "{ env = \"NIGHTDESK_NOT_SET\" }",
                "NIGHTDESK_NOT_SET is not set",
            ),
            ("engine = \"sqlite\"", "engine = \"mysql\"", "there is no store engine"),
            ("every = \"10m\"", "every = \"1s\"", "at most once a minute"),
        ] {
            let error = wrong(|text| text.replacen(from, to, 1));
            assert!(error.contains(wanted), "{to}: {error}");
        }
    }

    #[test]
    fn all_problems_are_reported_at_once_in_the_order_of_the_file() {
        let error = wrong(|text| {
            text.replace("Europe/Istanbul", "Mars/Olympus").replace("every = \"10m\"", "every = \"x\"")
        });
        assert!(error.find("Mars").unwrap() < error.find("\"x\" is not a length").unwrap(), "{error}");
    }

    #[test]
    fn a_source_may_be_silent_for_so_many_working_hours() {
        let silence = |edit: &str| {
            let text = crate::config::DEFAULT.replacen("silent_after = \"10h\"", edit, 1);
            assert_ne!(text, crate::config::DEFAULT);
            settings(&text, Path::new("config.toml")).map(|settings| settings.sources[0].silence.clone())
        };
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        // Friday 16:00 in Berlin, Monday at 09:59 and at 10:01.
        let (friday, before, after) =
            (at("2026-11-20T15:00:00Z"), at("2026-11-23T08:59:00Z"), at("2026-11-23T09:01:00Z"));
        for usual in ["silent_after = \"4h\"", "silent_after = \"4h\"\ncalendar = \"office\""] {
            let silence = silence(usual).unwrap().unwrap();
            assert!(!silence.is_broken(friday, before), "the weekend is no silence");
            assert!(silence.is_broken(friday, after));
        }
        let always = silence("silent_after = \"4h\"\ncalendar = \"always\"").unwrap().unwrap();
        assert!(!always.is_broken(friday, at("2026-11-20T19:00:00Z")));
        assert!(always.is_broken(friday, at("2026-11-20T19:00:01Z")));
        assert!(silence("").unwrap().is_none());
        let error = silence("silent_after = \"4h\"\ncalendar = \"shop\"").unwrap_err().to_string();
        assert!(error.contains("there is no calendar \"shop\"; there are office, always"), "{error}");
        let error = silence("calendar = \"office\"").unwrap_err().to_string();
        assert!(error.contains("silent_after, which is not set"), "{error}");
    }
}
