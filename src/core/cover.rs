//! Whether everything urgent reaches somebody, at every minute of the days ahead: each policy that a rule
//! uses is walked step by step, along every change of who is on call or in charge.
//!
//! Who a step tells changes only at certain moments: a hand-over, an override, the first and last day of an
//! absence or an assignment. Between two of them it is asked once, so no minute is left out.

mod quiet;
mod say;
#[cfg(test)]
mod tests;

use crate::core::alert::{PolicySnapshot, Step, Target};
use crate::core::assignment::Assignment;
use crate::core::contact::Medium;
use crate::core::desk::Desk;
use crate::core::event::Severity;
use crate::core::maintenance::Covers;
use crate::core::notification::{Notification, NotificationState, RecipientId};
use crate::core::partner::PartnerRef;
use crate::core::person::{Person, PersonId};
use crate::core::rule::Then;
use crate::core::schedule::Segment;
use crate::core::suppression::{SuppressionCause, address_key};
use crate::core::text::Untrusted;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What is known beside the desk itself.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Names of the channels that report deliveries.
    pub proving: BTreeSet<String>,
    /// Schedules with calendars elsewhere that nobody has read for this walk.
    pub unread: BTreeSet<String>,
    /// Addresses that nothing reaches any more, by [`address_key`].
    pub suppressed: BTreeMap<String, SuppressionCause>,
    /// Addresses at which messages to somebody of the desk fail, see [`failing`].
    pub failing: BTreeSet<String>,
    pub partners: Vec<PartnerRef>,
    pub contacts: Vec<LostContact>,
}

/// A contact of a partner with an address that nothing is sent to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LostContact {
    pub contact: Untrusted,
    pub name: Untrusted,
    #[serde(default)]
    pub partner: Option<Untrusted>,
    pub medium: Medium,
    pub cause: SuppressionCause,
}

/// A way to somebody of the desk by which a message failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failing {
    pub person: PersonId,
    pub medium: Medium,
    /// As [`address_key`] has it.
    pub address: String,
}

/// The newest of these messages to somebody of the desk that failed at the address they have now.
pub fn failed_last<'n>(
    person: &Person,
    medium: Medium,
    messages: &'n [Notification],
) -> Option<&'n Notification> {
    let address = address_key(person.address(medium)?);
    let failed = |n: &&Notification| {
        let known = n.state.is_failure() && n.state != NotificationState::Expired && !n.disputed;
        known && sent_to(n).as_ref() == Some(&address)
    };
    messages.iter().filter(failed).max_by_key(|n| n.id)
}

/// The way by which a message to somebody of the desk failed. It counts as broken until the address is another, or a
/// message is proven to have arrived there since; where nothing that carries it reports that (`reports`), until no
/// task about the message is open (`open`).
pub fn failing(n: &Notification, proven: &[Notification], reports: bool, open: bool) -> Option<Failing> {
    let RecipientId::Person(person) = &n.recipient.who else { return None };
    let address = sent_to(n)?;
    let arrived = |other: &Notification| other.state.is_proven() && sent_to(other).as_ref() == Some(&address);
    let mended = proven.iter().any(arrived) || !(reports || open);
    (!mended).then(|| Failing { person: person.clone(), medium: n.medium, address })
}

fn sent_to(n: &Notification) -> Option<String> {
    n.attempts.last().map(|attempt| address_key(attempt.address.raw()))
}

/// Which step of which policy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// Empty for a rule that only tells.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub policy: String,
    /// The rules that use it; `[catch_all]` is one.
    pub rules: Vec<String>,
    /// Those it is for; nothing means all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub severities: Vec<Severity>,
    /// Counted from 1; `None` is the last resort.
    pub step: Option<u32>,
}

/// From a moment until another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Span {
    pub from: Timestamp,
    pub until: Timestamp,
}

/// Why a way to a person does not work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NoWay {
    /// They have no number or mailbox.
    NoAddress,
    /// No configured channel carries it.
    NoChannel,
    /// A provider said for good that nobody is reached there.
    Bounced,
    /// A message failed there, and none is known to have arrived since.
    Failed,
    /// Its owner said stop.
    OptedOut,
}

/// How much something found weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    /// Something urgent reaches nobody.
    Error,
    /// Somebody else is still reached, or it may come to that.
    Warning,
    /// Nothing is wrong; it tells how far the walk could see.
    Note,
}

/// What the walk found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "finding", rename_all = "snake_case")]
pub enum Finding {
    /// A step tells nobody who can be reached.
    Nobody {
        #[serde(flatten)]
        place: Place,
        times: Vec<Span>,
        /// It is so at all times that were walked.
        always: bool,
        because: Vec<String>,
        /// Only for these partners; empty means for all.
        partners: Vec<String>,
        /// Calendars elsewhere, not read for this walk, may name somebody.
        unread: Vec<String>,
    },
    /// A schedule has nobody on, and the step reaches somebody else.
    Gap {
        #[serde(flatten)]
        place: Place,
        schedule: String,
        times: Vec<Span>,
        always: bool,
        unread: bool,
    },
    /// A role that nobody holds for some partner, and the step reaches somebody else.
    NoHolder {
        #[serde(flatten)]
        place: Place,
        role: String,
        /// Ids; `*` is a partner that no assignment speaks of.
        partners: Vec<String>,
    },
    /// Somebody who is paged cannot be reached by that medium.
    NoWay { person: PersonId, name: String, medium: Medium, because: NoWay, policies: Vec<String> },
    /// The next step comes before a message to the one before can be there.
    TooShort {
        #[serde(flatten)]
        place: Place,
        after: SignedDuration,
        least: SignedDuration,
    },
    /// Somebody who is paged may look, but not acknowledge.
    MayNotAct { person: PersonId, name: String, policies: Vec<String> },
    /// Somebody on call or in charge of a partner is away, and the step reaches somebody else.
    Away {
        #[serde(flatten)]
        place: Place,
        person: PersonId,
        name: String,
        times: Vec<Span>,
    },
    /// Pages leave by a channel that does not say whether they arrive.
    NoReceipts { channel: String, medium: Medium, policies: Vec<String> },
    /// A mail channel waits for reports that have no mailbox to come back to.
    NoWayBack { channel: String },
    /// Nothing carries that medium.
    NoChannel { medium: Medium },
    /// No rule uses the policy.
    UnusedPolicy { policy: String },
    /// A maintenance window that does not come within a year.
    WindowNeverComes { window: String },
    /// Windows of several names that follow on each other keep this quiet for longer than anything may be.
    QuietOnAndOn {
        windows: Vec<String>,
        covers: Covers,
        #[serde(flatten)]
        span: Span,
        /// There is no end to it in the days that were walked.
        endless: bool,
        at_most: SignedDuration,
    },
    /// No two alerts can fit the inhibit rule.
    InhibitsNothing { rule: String },
    /// A partner's contact whom messages no longer reach.
    Contact(LostContact),
    /// No agent answered, so only the file was walked.
    AgentNotAsked,
}

/// What a text needs to reach a handset and be read, at the least.
pub const LEAST_WAIT: SignedDuration = SignedDuration::from_mins(2);

/// Stands for a partner that no assignment speaks of.
pub const ANY_PARTNER: &str = "*";

impl Finding {
    pub fn weight(&self) -> Weight {
        match self {
            Finding::Nobody { unread, .. } if unread.is_empty() => Weight::Error,
            Finding::AgentNotAsked => Weight::Note,
            _ => Weight::Warning,
        }
    }
}

/// Walks every urgent path from a moment until another. What weighs most comes first.
pub fn walk(desk: &Desk, known: &Known, from: Timestamp, until: Timestamp) -> Vec<Finding> {
    let mut walk = Walk {
        desk,
        known,
        from,
        until,
        turns: BTreeMap::new(),
        found: Vec::new(),
        lost: Lost::new(),
        idle: BTreeMap::new(),
    };
    for (name, schedule) in &desk.schedules {
        walk.turns.insert(name, schedule.turns(from, until));
    }
    let used = used(desk);
    for name in desk.policies.keys().filter(|name| !used.contains_key(name.as_str())) {
        walk.found.push(Finding::UnusedPolicy { policy: name.clone() });
    }
    for (name, (rules, severities)) in &used {
        if let Some(policy) = desk.policies.get(*name) {
            walk.policy(policy, rules, severities);
        }
    }
    walk.told_at_once();
    walk.quiet();
    walk.people();
    walk.channels(used.keys().map(|name| (*name).to_owned()).collect());
    walk.found.extend(known.contacts.iter().cloned().map(Finding::Contact));
    walk.found.sort_by_key(Finding::weight);
    walk.found
}

/// The policies that rules use, with the rules and the severities that these speak of.
fn used(desk: &Desk) -> BTreeMap<&str, (Vec<String>, BTreeSet<Severity>)> {
    let mut used: BTreeMap<&str, (Vec<String>, BTreeSet<Severity>)> = BTreeMap::new();
    for rule in &desk.rules {
        let Then::Alert { policy } = &rule.then else { continue };
        let (rules, severities) = used.entry(policy).or_default();
        rules.push(rule.name.clone());
        match rule.matches.severities.as_slice() {
            // What joins an alert may raise it.
            [] => severities.extend(Severity::ALL),
            some => severities.extend(Severity::ALL.into_iter().filter(|s| some.iter().any(|one| one <= s))),
        }
    }
    let (rules, severities) = used.entry(&desk.catch_all).or_default();
    rules.push("[catch_all]".to_owned());
    severities.extend(Severity::ALL);
    used
}

/// Who cannot be reached by what, and the policies that would page them.
type Lost = BTreeMap<(PersonId, Medium), (NoWay, BTreeSet<String>)>;

struct Walk<'a> {
    desk: &'a Desk,
    known: &'a Known,
    from: Timestamp,
    until: Timestamp,
    turns: BTreeMap<&'a str, Vec<Segment>>,
    found: Vec<Finding>,
    lost: Lost,
    /// Who may not acknowledge, and the policies that would page them.
    idle: BTreeMap<PersonId, BTreeSet<String>>,
}

/// Partners for whom the same assignments count.
struct Class<'a> {
    sample: PartnerRef,
    /// Ids, or [`ANY_PARTNER`].
    partners: Vec<&'a str>,
}

/// What one class of partners meets at one step.
#[derive(Default)]
struct Met {
    /// Nobody is reached, because of this.
    nobody: BTreeMap<Vec<String>, Vec<Span>>,
    /// Schedules without anybody while others are reached.
    gaps: BTreeMap<String, Vec<Span>>,
    /// Roles that nobody holds while others are reached.
    vacant: BTreeSet<String>,
    /// Who is on call or in charge and away while others are reached.
    away: BTreeMap<PersonId, Vec<Span>>,
}

impl<'a> Walk<'a> {
    fn policy(&mut self, policy: &PolicySnapshot, rules: &[String], severities: &BTreeSet<Severity>) {
        // For each severity the steps it takes: the policy's own, or those of a variant.
        let mut ways: Vec<(PolicySnapshot, Vec<Severity>)> = Vec::new();
        for severity in severities {
            let way = policy.clone().for_severity(*severity);
            match ways
                .iter_mut()
                .find(|(other, _)| other.steps == way.steps && other.last_resort == way.last_resort)
            {
                Some((_, same)) => same.push(*severity),
                None => ways.push((way, vec![*severity])),
            }
        }
        let only = ways.len() == 1;
        for (way, severities) in ways {
            let severities = if only { Vec::new() } else { severities };
            let last = way.steps.len();
            for (index, step) in way.steps.iter().chain([&way.last_resort]).enumerate() {
                let place = Place {
                    policy: policy.name.clone(),
                    rules: rules.to_vec(),
                    severities: severities.clone(),
                    step: (index < last).then_some(index as u32 + 1),
                };
                if index > 0 && step.after < LEAST_WAIT {
                    let (after, least) = (step.after, LEAST_WAIT);
                    self.found.push(Finding::TooShort { place: place.clone(), after, least });
                }
                self.step(place, step);
            }
        }
    }

    /// What is high or critical and only told, without an alert, must reach somebody as well.
    fn told_at_once(&mut self) {
        for rule in &self.desk.rules {
            let Then::Tell { targets, .. } = &rule.then else { continue };
            let severities: Vec<Severity> = rule
                .matches
                .severities
                .iter()
                .copied()
                .filter(|severity| *severity >= Severity::High)
                .collect();
            if severities.is_empty() {
                continue;
            }
            let (policy, rules) = (String::new(), vec![rule.name.clone()]);
            let place = Place { policy, rules, severities, step: Some(1) };
            self.step(place, &Step { after: SignedDuration::ZERO, notify: targets.clone() });
        }
    }

    fn step(&mut self, place: Place, step: &Step) {
        let cuts = self.cuts(step);
        let mut nobody: BTreeMap<(Vec<String>, Vec<Span>), Vec<String>> = BTreeMap::new();
        let mut gaps: BTreeMap<String, BTreeSet<Span>> = BTreeMap::new();
        let mut vacant: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut away: BTreeMap<PersonId, BTreeSet<Span>> = BTreeMap::new();
        let classes = self.classes(step);
        for class in &classes {
            let met = self.meet(&place, step, class, &cuts);
            let ids = || class.partners.iter().map(|id| (*id).to_owned());
            for (because, times) in met.nobody {
                nobody.entry((because, times)).or_default().extend(ids());
            }
            for (schedule, times) in met.gaps {
                gaps.entry(schedule).or_default().extend(times);
            }
            for (person, times) in met.away {
                away.entry(person).or_default().extend(times);
            }
            for role in met.vacant {
                vacant.entry(role).or_default().extend(ids());
            }
        }
        let everyone: usize = classes.iter().map(|class| class.partners.len()).sum();
        let unread: Vec<String> = step
            .notify
            .iter()
            .filter_map(|target| match target {
                Target::OnCall(name) if self.known.unread.contains(name) => Some(name.clone()),
                _ => None,
            })
            .collect();
        for ((because, times), partners) in nobody {
            let partners = if partners.len() == everyone { Vec::new() } else { partners };
            let (always, unread) = (self.is_all(&times), unread.clone());
            self.found.push(Finding::Nobody {
                place: place.clone(),
                times,
                always,
                because,
                partners,
                unread,
            });
        }
        for (schedule, times) in gaps {
            let times: Vec<Span> = times.into_iter().collect();
            let (always, unread) = (self.is_all(&times), unread.contains(&schedule));
            self.found.push(Finding::Gap { place: place.clone(), schedule, times, always, unread });
        }
        for (person, times) in away {
            let (name, times) = (self.desk.name_of(&person), times.into_iter().collect());
            self.found.push(Finding::Away { place: place.clone(), person, name, times });
        }
        for (role, partners) in vacant {
            self.found.push(Finding::NoHolder { place: place.clone(), role, partners });
        }
    }

    fn is_all(&self, times: &[Span]) -> bool {
        times.first().is_some_and(|one| *one == Span { from: self.from, until: self.until })
    }

    /// What happens at a step for these partners, from each cut to the next.
    fn meet(&mut self, place: &Place, step: &Step, class: &Class<'_>, cuts: &[Timestamp]) -> Met {
        let mut met = Met::default();
        let calls = step.notify.iter().any(|target| matches!(target, Target::Webhook(_)));
        for (index, from) in cuts.iter().copied().enumerate() {
            let span = Span { from, until: cuts.get(index + 1).copied().unwrap_or(self.until) };
            let (mut told, mut because) = (Vec::new(), Vec::new());
            let (mut empty, mut vacant) = (Vec::new(), Vec::new());
            let mut due = BTreeSet::new();
            for target in &step.notify {
                match target {
                    Target::OnCall(schedule) => {
                        let on = self.on_call(schedule, from);
                        if on.is_empty() {
                            empty.push(schedule);
                            because.push(format!("no one is on call in {schedule}"));
                        }
                        due.extend(on.iter().cloned());
                        told.extend(on);
                    }
                    Target::Assigned(role) => match self.desk.acting(role, &class.sample, from) {
                        Some(person) => {
                            due.insert(person.clone());
                            told.push(person.clone());
                        }
                        None => {
                            vacant.push(role);
                            because.push(format!("nobody is {role}"));
                        }
                    },
                    other => {
                        let (people, why) =
                            self.desk.people_behind(std::slice::from_ref(other), &class.sample, from);
                        told.extend(people.into_iter().map(|told| told.person));
                        because.extend(why);
                    }
                }
            }
            let mut reached = false;
            due.retain(|person| self.desk.is_away(person, from));
            for person in &told {
                match self.reach(person, &place.policy) {
                    Ok(()) if self.desk.is_away(person, from) => {
                        because.push(format!("{} is away", self.desk.name_of(person)));
                    }
                    Ok(()) => reached = true,
                    Err(why) => because.push(why),
                }
            }
            // A step that calls another system waits for somebody to act; the last resort is for people.
            if reached || (calls && place.step.is_some()) {
                for schedule in empty {
                    extend(met.gaps.entry(schedule.clone()).or_default(), span);
                }
                for person in due {
                    extend(met.away.entry(person).or_default(), span);
                }
                met.vacant.extend(vacant.into_iter().cloned());
            } else {
                let mut seen = BTreeSet::new();
                because.retain(|why| seen.insert(why.clone()));
                extend(met.nobody.entry(because).or_default(), span);
            }
        }
        met
    }

    /// Whether the person can take an alert and any way to them works; what does not is remembered.
    fn reach(&mut self, id: &PersonId, policy: &str) -> Result<(), String> {
        let Some(person) = self.desk.person(id) else {
            return Err(format!("{id} is nobody of the desk"));
        };
        let mut reached = false;
        let mut said = Vec::new();
        for medium in Medium::ALL {
            match self.way(person, medium) {
                Ok(()) => reached = true,
                Err(why) => {
                    said.push(say::no_way(medium, why));
                    if !policy.is_empty() {
                        let lost = self.lost.entry((id.clone(), medium)).or_insert((why, BTreeSet::new()));
                        lost.1.insert(policy.to_owned());
                    }
                }
            }
        }
        // Whoever is only told need not be able to act.
        if !policy.is_empty() && !person.may_act() {
            self.idle.entry(id.clone()).or_default().insert(policy.to_owned());
            return Err(format!("{} may not acknowledge (role viewer)", person.name));
        }
        if reached { Ok(()) } else { Err(format!("{}: {}", person.name, said.join(", "))) }
    }

    fn way(&self, person: &Person, medium: Medium) -> Result<(), NoWay> {
        let Some(address) = person.address(medium).map(str::to_owned) else { return Err(NoWay::NoAddress) };
        if self.desk.carrier(medium).is_none() {
            return Err(NoWay::NoChannel);
        }
        match self.known.suppressed.get(&address_key(&address)) {
            Some(SuppressionCause::Dead) => Err(NoWay::Bounced),
            Some(SuppressionCause::OptedOut) => Err(NoWay::OptedOut),
            None if self.known.failing.contains(&address_key(&address)) => Err(NoWay::Failed),
            None => Ok(()),
        }
    }

    fn on_call(&self, schedule: &str, at: Timestamp) -> Vec<PersonId> {
        let Some(turns) = self.turns.get(schedule) else { return Vec::new() };
        let past = turns.partition_point(|turn| turn.until <= at);
        turns.get(past).filter(|turn| turn.from <= at).map(|turn| turn.people.clone()).unwrap_or_default()
    }

    /// The moments at which whom the step tells may change, the first of all included.
    fn cuts(&self, step: &Step) -> Vec<Timestamp> {
        let mut cuts = vec![self.from];
        let mut roles = false;
        for absence in &self.desk.absences {
            let zone = self.desk.zone_of(&absence.person);
            cuts.extend(begins(absence.first, &zone));
            cuts.extend(absence.last.tomorrow().ok().and_then(|day| begins(day, &zone)));
        }
        for target in &step.notify {
            match target {
                Target::OnCall(schedule) => {
                    let turns = self.turns.get(schedule.as_str()).into_iter().flatten();
                    cuts.extend(turns.flat_map(|turn| [turn.from, turn.until]));
                }
                Target::Assigned(_) => roles = true,
                Target::Team(_) | Target::Lead(_) | Target::Person(_) | Target::Webhook(_) => {}
            }
        }
        if roles {
            let ends = self.desk.assignments.iter().filter_map(|assignment| assignment.until);
            cuts.extend(ends.filter_map(|last| begins(last.tomorrow().ok()?, &self.desk.time_zone)));
        }
        cuts.retain(|cut| self.from <= *cut && *cut < self.until);
        cuts.sort();
        cuts.dedup();
        cuts
    }

    /// The known partners, and one that nobody has heard of, by the assignments that may count for them.
    fn classes(&self, step: &Step) -> Vec<Class<'a>> {
        let anybody = PartnerRef { name: "a partner".into(), ..PartnerRef::default() };
        let roles: BTreeSet<&str> = step
            .notify
            .iter()
            .filter_map(|target| match target {
                Target::Assigned(role) => Some(role.as_str()),
                _ => None,
            })
            .collect();
        let mut classes = vec![Class { sample: anybody, partners: vec![ANY_PARTNER] }];
        if roles.is_empty() {
            return classes;
        }
        let about: Vec<&Assignment> =
            self.desk.assignments.iter().filter(|a| roles.contains(a.role.as_str())).collect();
        let covered = |partner: &PartnerRef| -> Vec<usize> {
            (0..about.len()).filter(|index| about[*index].scope.covers(partner)).collect()
        };
        let mut by_cover = BTreeMap::from([(covered(&classes[0].sample), 0)]);
        for partner in &self.known.partners {
            let class = *by_cover.entry(covered(partner)).or_insert_with(|| {
                classes.push(Class { sample: partner.clone(), partners: Vec::new() });
                classes.len() - 1
            });
            classes[class].partners.push(partner.id.raw());
        }
        classes
    }

    /// Whoever would be paged and has a way that does not work.
    fn people(&mut self) {
        for (person, policies) in std::mem::take(&mut self.idle) {
            let (name, policies) = (self.desk.name_of(&person), policies.into_iter().collect());
            self.found.push(Finding::MayNotAct { person, name, policies });
        }
        for ((person, medium), (because, policies)) in std::mem::take(&mut self.lost) {
            let policies = policies.into_iter().collect();
            let name = self.desk.name_of(&person);
            match (because, medium) {
                // Said once of the medium; and a mailbox is only for the detail.
                (NoWay::NoChannel, _) | (NoWay::NoAddress, Medium::Email) => {}
                _ => self.found.push(Finding::NoWay { person, name, medium, because, policies }),
            }
        }
    }

    fn channels(&mut self, policies: Vec<String>) {
        for medium in Medium::ALL {
            match self.desk.carrier(medium) {
                None => self.found.push(Finding::NoChannel { medium }),
                Some(carrier) if !self.known.proving.contains(&carrier.name) => {
                    let (channel, policies) = (carrier.name.clone(), policies.clone());
                    self.found.push(Finding::NoReceipts { channel, medium, policies });
                }
                Some(_) => {}
            }
        }
    }
}

/// Adds a time that follows on those before.
fn extend(times: &mut Vec<Span>, span: Span) {
    match times.last_mut() {
        Some(last) if last.until == span.from => last.until = span.until,
        _ => times.push(span),
    }
}

fn begins(day: Date, zone: &TimeZone) -> Option<Timestamp> {
    day.to_zoned(zone.clone()).ok().map(|midnight| midnight.timestamp())
}
