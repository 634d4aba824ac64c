//! The desk as it is configured: who works here, who is on call, what the rules say. It is the part
//! of the configuration that decisions need, already checked; decisions never see a file.

use crate::core::alert::{Alert, PolicySnapshot, Target};
use crate::core::assignment::Assignment;
use crate::core::calendar::Calendar;
use crate::core::contact::{Category, Medium};
use crate::core::duty::{Dues, Duty, Work};
use crate::core::edi::Codes;
use crate::core::event::Severity;
use crate::core::expectation::Expect;
use crate::core::handover::{Terms, Unaccepted};
use crate::core::inhibit::Inhibit;
use crate::core::label::Labels;
use crate::core::maintenance::Window;
use crate::core::onboarding::Plan;
use crate::core::partner::PartnerRef;
use crate::core::person::{Person, PersonId, Role};
use crate::core::reply::ReplyKey;
use crate::core::rule::Rule;
use crate::core::schedule::{Schedule, Why};
use crate::core::shift_test::ShiftTests;
use crate::core::storm::Storm;
use crate::core::template::Templates;
use crate::core::throttle::Throttle;
use crate::core::unsubscribe::Links;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// A team: people who share responsibility, and the one who leads them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Team {
    pub name: String,
    pub members: Vec<PersonId>,
    pub lead: Option<PersonId>,
}

/// Days on which a person does no work for partners, first and last included, in their own zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Absence {
    pub person: PersonId,
    pub first: Date,
    pub last: Date,
}

/// A configured way out, as far as decisions care.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carrier {
    pub name: String,
    pub carries: Vec<Medium>,
    /// By when delivery must be proven; `None` for one that gives no receipts.
    pub proof: Option<ProofWithin>,
    pub doubt: Doubt,
    /// It only writes files: nobody is told by it, so it is no way around a provider that fails.
    pub files: bool,
}

/// How long delivery may stay unproven once the provider took a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProofWithin {
    pub urgent: SignedDuration,
    pub other: SignedDuration,
}

/// What can be done about a message that was handed over and never answered for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// Nothing: a person decides, and what is urgent is sent again, labelled.
    Unknowable,
    /// The provider is asked whether it has it.
    Ask,
    /// A receipt that names it is waited for.
    Listen,
    /// It is handed over again: who takes it twice knows it by its name (Message-ID, `webhook-id`).
    Repeat,
}

/// The channels that carry a medium to some addresses, in order of preference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    pub medium: Medium,
    /// What the address begins with; empty for every address.
    pub prefix: String,
    pub channels: Vec<String>,
}

/// How long to wait between attempts, and when to give up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// Before the second attempt; doubles from there.
    pub first: SignedDuration,
    pub longest: SignedDuration,
    /// A message not taken for this long expires.
    pub give_up: SignedDuration,
}

/// How soon the holder of an alert promises news, unless they say otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Promise {
    pub critical: SignedDuration,
    pub high: SignedDuration,
    /// For medium and low.
    pub other: SignedDuration,
}

impl Promise {
    pub fn for_severity(&self, severity: Severity) -> SignedDuration {
        match severity {
            Severity::Critical => self.critical,
            Severity::High => self.high,
            Severity::Medium | Severity::Low => self.other,
        }
    }
}

/// Everything decisions ask of the configuration.
#[derive(Clone, Debug)]
pub struct Desk {
    /// The applied configuration's number; every decision names it.
    pub version: u64,
    pub name: String,
    /// Made once with the store; keeps our message ids apart from any other desk's.
    pub instance: String,
    /// Makes the codes and tokens by which replies name messages.
    pub reply_key: ReplyKey,
    pub time_zone: TimeZone,
    /// BCP 47 tag of the language that is written in where the reader's is not known.
    pub locale: String,
    pub people: BTreeMap<PersonId, Person>,
    pub teams: BTreeMap<String, Team>,
    pub schedules: BTreeMap<String, Schedule>,
    pub handover: Terms,
    /// Whoever left a schedule, until whoever came has accepted.
    pub unaccepted: Vec<Unaccepted>,
    pub calendars: BTreeMap<String, Calendar>,
    /// The calendar that counts where none is named: the first configured.
    pub main_calendar: Option<String>,
    pub policies: BTreeMap<String, PolicySnapshot>,
    /// In order; the first that matches decides.
    pub rules: Vec<Rule>,
    /// The policy for urgent events that no rule matches.
    pub catch_all: String,
    pub assignments: Vec<Assignment>,
    pub absences: Vec<Absence>,
    /// What the words of the community are called, in each reader's language.
    pub labels: Labels,
    /// EDI codes in plain words.
    pub codes: Codes,
    /// Who is responsible for each kind of work where no rule says otherwise.
    pub work: BTreeMap<Work, Duty>,
    /// How partners come aboard; the first that fits a partner's tier.
    pub plans: Vec<Plan>,
    pub expects: Vec<Expect>,
    /// In order of preference.
    pub carriers: Vec<Carrier>,
    /// The longest prefix first; where none fits, all carriers of the medium.
    pub routes: Vec<Route>,
    /// Messages of these categories do not wait for the end of a contact's quiet hours.
    pub wakes_contacts: BTreeSet<Category>,
    /// What mails to contacts say about getting no more of them.
    pub links: Links,
    /// The community can be asked for contacts.
    pub asks_community: bool,
    pub promise: Promise,
    pub storm: Storm,
    /// Configured and stored windows that count now or later.
    pub maintenance: Vec<Window>,
    pub inhibits: Vec<Inhibit>,
    /// The desk lets no alert sleep on for longer, one reason after another.
    pub quiet_at_most: SignedDuration,
    /// Whoever comes on call is tested where no text was proven to reach them.
    pub page_test: Option<ShiftTests>,
    /// So many pages to one person at one moment are one message; 0: never.
    pub bundle_from: u32,
    pub throttle: Throttle,
    pub retry: Retry,
    /// A joining exception that multiplies the amount at risk by at least this pages again.
    pub amount_factor: f64,
    pub templates: Templates,
}

/// A person a policy step would tell now, and why it is them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub person: PersonId,
    /// `on call: primary, in turn`, `coordinator of Acme Tools`.
    pub via: String,
}

impl Carrier {
    /// One that gives no receipts.
    pub fn plain(name: &str, carries: &[Medium]) -> Self {
        Self {
            name: name.to_owned(),
            carries: carries.to_vec(),
            proof: None,
            doubt: Doubt::Unknowable,
            files: false,
        }
    }
}

impl Desk {
    pub fn person(&self, id: &PersonId) -> Option<&Person> {
        self.people.get(id)
    }

    /// The name people know them by; the bare id for somebody no longer configured.
    pub fn name_of(&self, id: &PersonId) -> String {
        self.person(id).map_or_else(|| id.0.clone(), |person| person.name.clone())
    }

    pub fn role_of(&self, id: &PersonId) -> Role {
        self.person(id).map_or(Role::Viewer, |person| person.role)
    }

    /// Who is on call by a schedule, and why; nobody for one that is no more.
    pub fn on_call(&self, schedule: &str, at: Timestamp) -> (Vec<PersonId>, Why) {
        self.schedules.get(schedule).map_or((Vec::new(), Why::Nobody), |schedule| schedule.who(at))
    }

    /// Whether the person is on call in any schedule; `None` for somebody who is in no rotation.
    pub fn is_on_shift(&self, person: &PersonId, at: Timestamp) -> Option<bool> {
        let mine = || self.schedules.values().filter(|schedule| schedule.names(person));
        mine().next()?;
        Some(self.schedules.keys().any(|name| self.on_call(name, at).0.contains(person)))
    }

    /// The named calendar; without a name, or for one that is no more, the first configured; where there
    /// is none, Monday to Friday 08:00 to 18:00 in the desk's zone.
    pub fn calendar(&self, name: Option<&str>) -> Calendar {
        let found = name.and_then(|name| self.calendars.get(name));
        let first = || self.main_calendar.as_ref().and_then(|name| self.calendars.get(name));
        found.or_else(first).cloned().unwrap_or_else(|| {
            let (from, to) = (jiff::civil::time(8, 0, 0, 0), jiff::civil::time(18, 0, 0, 0));
            Calendar::weekdays("office hours", self.time_zone.clone(), from, to)
        })
    }

    /// What a kind of work asks; for one that nothing is said of, what cases ask.
    pub fn duty(&self, work: Work) -> Duty {
        self.work.get(&work).or_else(|| self.work.get(&Work::Cases)).cloned().unwrap_or_default()
    }

    /// The limits of a duty that begins at this moment.
    pub fn dues(&self, duty: &Duty, from: Timestamp) -> Dues {
        let calendar = self.calendar(duty.calendar.as_deref());
        let due = calendar.after(from, duty.within);
        Dues { due, lead: calendar.after(due, duty.lead_after) }
    }

    /// The first channel that carries the medium.
    pub fn carrier(&self, medium: Medium) -> Option<&Carrier> {
        self.carriers.iter().find(|carrier| carrier.carries.contains(&medium))
    }

    pub fn carrier_named(&self, name: &str) -> Option<&Carrier> {
        self.carriers.iter().find(|carrier| carrier.name == name)
    }

    /// The channels that may carry the medium to this address, in order of preference.
    pub fn route(&self, medium: Medium, address: &str) -> Vec<&Carrier> {
        let fits = |route: &&Route| route.medium == medium && address.starts_with(&route.prefix);
        match self.routes.iter().find(fits) {
            Some(route) => {
                let named = |name: &String| self.carriers.iter().find(|carrier| carrier.name == *name);
                route.channels.iter().filter_map(named).collect()
            }
            None => {
                let carries = |carrier: &&Carrier| carrier.carries.contains(&medium);
                let all: Vec<&Carrier> = self.carriers.iter().filter(carries).collect();
                let (first, rest) = match all.split_first() {
                    Some((first, rest)) if !first.files => (first, rest),
                    _ => return all.into_iter().take(1).collect(),
                };
                [first].into_iter().chain(rest.iter().filter(|carrier| !carrier.files)).copied().collect()
            }
        }
    }

    /// Who holds the role for this partner, present or not: by partner, else by pattern, region or tier,
    /// else the default.
    pub fn assigned(&self, role: &str, partner: &PartnerRef, at: Timestamp) -> Option<&PersonId> {
        self.assignment(role, partner, at).map(|assignment| &assignment.person)
    }

    /// The day it is in the desk's zone.
    pub fn day(&self, at: Timestamp) -> Date {
        self.time_zone.to_datetime(at).date()
    }

    /// Who acts in the role for this partner at this moment: its holder, or the deputy while they are away.
    pub fn acting(&self, role: &str, partner: &PartnerRef, at: Timestamp) -> Option<&PersonId> {
        let assignment = self.assignment(role, partner, at)?;
        let deputy = assignment.deputy.as_ref().filter(|_| self.is_away(&assignment.person, at));
        Some(deputy.filter(|deputy| !self.is_away(deputy, at)).unwrap_or(&assignment.person))
    }

    /// The zone in which somebody reads times: their own, else the desk's.
    pub fn zone_of(&self, person: &PersonId) -> TimeZone {
        let own = self.person(person).and_then(|person| person.time_zone.as_deref());
        own.and_then(|name| TimeZone::get(name).ok()).unwrap_or_else(|| self.time_zone.clone())
    }

    pub fn is_away(&self, person: &PersonId, at: Timestamp) -> bool {
        let day = at.to_zoned(self.zone_of(person)).date();
        self.absences.iter().any(|a| a.person == *person && a.first <= day && day <= a.last)
    }

    /// The assignment by which somebody holds the role for this partner.
    pub fn assignment(&self, role: &str, partner: &PartnerRef, at: Timestamp) -> Option<&Assignment> {
        let today = self.day(at);
        self.assignments
            .iter()
            .filter(|assignment| assignment.role == role && assignment.is_for(partner, today))
            .min_by(|one, other| one.precedence().cmp(&other.precedence()))
    }

    /// The assignments of a role that count for some partner or other.
    pub fn holders(&self, role: &str, at: Timestamp) -> impl Iterator<Item = &Assignment> {
        let today = self.day(at);
        let counts = move |a: &&Assignment| a.role == role && a.until.is_none_or(|last| today <= last);
        self.assignments.iter().filter(counts).filter(move |assignment| {
            let overrules = |other: &Assignment| {
                other.scope == assignment.scope && other.origin < assignment.origin && counts(&other)
            };
            !self.assignments.iter().any(overrules)
        })
    }

    /// The people behind the targets at this moment, each once, in the targets' order; and for each
    /// target that names nobody now, why.
    pub fn people_behind(
        &self,
        targets: &[Target],
        partner: &PartnerRef,
        at: Timestamp,
    ) -> (Vec<Told>, Vec<String>) {
        let mut told: Vec<Told> = Vec::new();
        let mut nobody = Vec::new();
        let mut tell = |person: &PersonId, via: String| {
            if !told.iter().any(|t| &t.person == person) {
                told.push(Told { person: person.clone(), via });
            }
        };
        for target in targets {
            match target {
                Target::OnCall(schedule) => {
                    let (people, why) = self.on_call(schedule, at);
                    if people.is_empty() {
                        nobody.push(format!("no one is on call in {schedule}"));
                    }
                    let by = match why {
                        Why::Override { id, by } => format!(", arranged by {} ({id})", self.name_of(&by)),
                        // A plan of one layer has the schedule's own name.
                        Why::Rotation { layer } if layer == *schedule => ", in turn".to_owned(),
                        Why::Rotation { layer } => format!(", in turn by {layer}"),
                        Why::Calendar { layer, .. } => format!(", by calendar {layer}"),
                        Why::Nobody => String::new(),
                    };
                    people.iter().for_each(|person| tell(person, format!("on call: {schedule}{by}")));
                }
                Target::Team(name) => match self.teams.get(name) {
                    Some(team) if !team.members.is_empty() => {
                        team.members.iter().for_each(|member| tell(member, format!("team {name}")));
                    }
                    _ => nobody.push(format!("team {name} has no members")),
                },
                Target::Lead(name) => match self.teams.get(name).and_then(|team| team.lead.as_ref()) {
                    Some(lead) => tell(lead, format!("lead of {name}")),
                    None => nobody.push(format!("team {name} has no lead")),
                },
                // It is called by the step itself.
                Target::Webhook(_) => {}
                Target::Person(person) => tell(person, "named by the policy".to_owned()),
                Target::Assigned(role) => match self.acting(role, partner, at) {
                    Some(person) => tell(person, format!("{role} of {}", partner.name.printable())),
                    None => nobody.push(format!("{} has no {role}", partner.name.printable())),
                },
            }
        }
        // Whoever left and was not relieved yet comes last.
        for target in targets {
            let Target::OnCall(schedule) = target else { continue };
            for open in self.unaccepted.iter().filter(|open| open.schedule == *schedule && open.covers(at)) {
                let via = format!("hands over {schedule}, not accepted yet");
                open.outgoing.iter().for_each(|person| tell(person, via.clone()));
            }
        }
        (told, nobody)
    }

    /// The hand-over by which somebody gives an alert away that they still have.
    pub fn hands_over(&self, person: &PersonId, alert: &Alert, at: Timestamp) -> Option<&Unaccepted> {
        let of = |open: &&Unaccepted| alert.asks(&open.schedule) && open.outgoing.contains(person);
        self.unaccepted.iter().filter(of).find(|open| open.covers(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::assignment::{Origin, Pattern, Scope};
    use crate::core::scenario::Scene;

    fn desk(assignments: Vec<(Scope, &str, Option<&str>)>) -> Desk {
        let id = |name: &str| PersonId(name.to_owned());
        let mut desk = Scene::usual().desk;
        desk.assignments = assignments
            .into_iter()
            .map(|(scope, person, deputy)| Assignment {
                role: "coordinator".into(),
                person: id(person),
                deputy: deputy.map(id),
                scope,
                until: None,
                origin: Origin::File,
            })
            .collect();
        desk
    }

    fn partner(partner: &str, region: Option<&str>, tier: Option<&str>) -> PartnerRef {
        PartnerRef {
            id: partner.into(),
            region: region.map(Into::into),
            tier: tier.map(Into::into),
            ..PartnerRef::default()
        }
    }

    #[test]
    fn the_most_specific_assignment_counts_whatever_the_order() {
        let pattern = |text: &str| Scope::Pattern(Pattern(text.to_owned()));
        let mut all = vec![
            (Scope::Everyone, "everyone", None),
            (Scope::Tier("gold".into()), "tier", None),
            (Scope::Region("nordics".into()), "region", None),
            (pattern("ac*"), "short", None),
            (pattern("acme-*"), "long", None),
            (Scope::Partner("acme-1".into()), "partner", None),
        ];
        for _ in 0..all.len() {
            all.rotate_left(1);
            let desk = desk(all.clone());
            let of = |id: &str, region, tier| {
                desk.assigned("coordinator", &partner(id, region, tier), Timestamp::UNIX_EPOCH)
                    .unwrap()
                    .0
                    .clone()
            };
            assert_eq!(of("acme-1", Some("nordics"), Some("gold")), "partner");
            assert_eq!(of("acme-2", Some("nordics"), Some("gold")), "long");
            assert_eq!(of("acorn", Some("nordics"), None), "short");
            assert_eq!(of("borg", Some("nordics"), Some("gold")), "region");
            assert_eq!(of("borg", None, Some("gold")), "tier");
            assert_eq!(of("borg", None, None), "everyone");
        }
    }

    #[test]
    fn a_pattern_fits_the_whole_id() {
        for (pattern, id, fits) in [
            ("acme", "acme", true),
            ("acme", "acme-2", false),
            ("acme*", "acme", true),
            ("*-de", "acme-de", true),
            ("*-de", "acme-de-2", false),
            ("a*c*e", "abcde", true),
            ("a*c*e", "abde", false),
            ("ab*ba", "aba", false),
            ("*", "", true),
        ] {
            assert_eq!(Pattern(pattern.to_owned()).fits(id), fits, "{pattern} and {id}");
        }
    }

    #[test]
    fn a_deputy_acts_while_the_holder_is_away_and_not_themselves() {
        let mut desk = desk(vec![(Scope::Everyone, "maria", Some("jonas"))]);
        let date = |text: &str| text.parse::<Date>().unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let away = |person: &str, first, last| Absence {
            person: PersonId(person.into()),
            first: date(first),
            last: date(last),
        };
        desk.absences =
            vec![away("maria", "2026-12-24", "2026-12-31"), away("jonas", "2026-12-31", "2026-12-31")];
        let acting =
            |when| desk.acting("coordinator", &partner("acme", None, None), at(when)).unwrap().0.clone();
        assert_eq!(acting("2026-12-23T23:59:59Z"), "maria");
        assert_eq!(acting("2026-12-24T00:00:00Z"), "jonas");
        assert_eq!(acting("2026-12-31T12:00:00Z"), "maria");
        assert_eq!(acting("2027-01-01T00:00:00Z"), "maria");
    }
}
