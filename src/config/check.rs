//! The file's values, checked and given meaning. Everything wrong is reported at once.

mod contacts;
mod people;
mod policies;
mod rules;
mod sources;
#[cfg(test)]
mod tests;
mod values;

pub(super) use rules::matches;
pub(super) use values::is_this_machine;

use super::file::{self, CategoryWord, File, MediumWord};
use super::problem::{ConfigError, Problem};
use super::{Agent, Channel, ChannelKind, Settings, Start, digest, templates};
use crate::core::assignment::Assignment;
use crate::core::calendar::Calendar;
use crate::core::contact::{Category, Medium};
use crate::core::desk::{Desk, Promise, Retry, Team};
use crate::core::person::{Person, PersonId};
use crate::core::reply::ReplyKey;
use crate::core::schedule::Schedule;
use crate::core::storm::Storm;
use crate::core::template::Templates;
use crate::core::text::sanitise;
use crate::core::unsubscribe::Links;
use jiff::tz::TimeZone;
use people::with_teams;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::ops::Range;
use std::path::Path;
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
        let amount_factor = file.joining.amount_factor.as_ref().map_or(2.0, |factor| *factor.as_ref());
        if !(1.01..=1000.0).contains(&amount_factor) {
            let at = file.joining.amount_factor.as_ref().map_or(0..0, Spanned::span);
            self.wrong(
                at,
                "who joins pages again from a factor of 1.01 to 1000 on, such as amount_factor = 2.0",
            );
        }
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
        let quiet_at_most = self.quiet_at_most(&file.quiet);
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
        let views = self.views(file.view);
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
                wakes_contacts: self.wakes_contacts(&file.quiet_hours),
                links,
                asks_community: community.is_some(),
                promise,
                storm,
                maintenance,
                inhibits,
                quiet_at_most,
                page_test,
                bundle_from: file.bundle.pages.unwrap_or(10),
                throttle,
                retry,
                amount_factor,
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
            views,
            exchange,
            text: self.text.to_owned(),
            sha256: digest(self.text),
        }
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
