//! Digests: scheduled summaries of what is unresolved, for those who look after it. Here is what one is,
//! what it is made from, and when it runs; [`compose`] chooses what a reader's copy says, [`write`] says it.
//!
//! A run is one civil time of the schedule's zone ([`crate::core::cron`]). It is kept with its messages in
//! one transaction under a name that no second run can have: that is what makes it go exactly once.

pub mod compose;
#[cfg(test)]
mod tests;
pub mod write;

use crate::core::alert::Target;
use crate::core::change::{Actor, Change, Object, What};
use crate::core::contact::{Category, Medium};
use crate::core::counted::counted;
use crate::core::cron::{CronSchedule, Run};
use crate::core::desk::Desk;
use crate::core::escalation::{About, Decision};
use crate::core::event::Severity;
use crate::core::id::{Ids, NotificationId};
use crate::core::money::Money;
use crate::core::notification::{Content, Purpose, Reason};
use crate::core::partner::PartnerRef;
use crate::core::person::PersonId;
use crate::core::text::Untrusted;
use compose::Counts;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// A run this long after its time says that it is late.
pub const LATE: SignedDuration = SignedDuration::from_mins(15);

/// Missed runs are counted this far back.
const LOOK_BACK: SignedDuration = SignedDuration::from_hours(24 * 366);

/// A configured digest.
#[derive(Clone, Debug, PartialEq)]
pub struct Digest {
    pub name: String,
    pub schedule: CronSchedule,
    pub to: Vec<Target>,
    pub covers: Covers,
    pub kind: Kind,
    /// In this order.
    pub sections: Vec<Section>,
    /// A copy with nothing in it is not sent.
    pub skip_empty: bool,
    /// Rows of a section before "and 41 more".
    pub limit: usize,
    /// How long after its time a run is still of use; one missed for longer is left out.
    pub late: SignedDuration,
    /// The language it is written in; without one, each reader's own.
    pub locale: Option<String>,
}

/// Whose partners a reader's copy covers. A team's lead always reads of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Covers {
    /// Those for which the reader holds a role.
    Assigned,
    All,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// What is open now, and what changed since the last one.
    Daily,
    /// The month: totals by partner, and every row in a CSV file.
    MonthEnd,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Section {
    /// Open cases and alerts.
    Issues,
    /// Documents that wait for their review.
    Reviews,
    /// Threads that wait for an answer.
    Threads,
}

impl Section {
    pub const ALL: [Section; 3] = [Section::Issues, Section::Reviews, Section::Threads];

    pub fn as_str(self) -> &'static str {
        match self {
            Section::Issues => "issues",
            Section::Reviews => "reviews",
            Section::Threads => "threads",
        }
    }
}

/// One thing that is open, or was closed in the time the digest looks back on.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub section: Section,
    pub partner: PartnerRef,
    pub reference: Untrusted,
    pub title: Untrusted,
    /// In the community's words, or the desk's: a word that labels name.
    pub state: String,
    /// Of an alert, or by a case's priority.
    pub severity: Option<Severity>,
    pub since: Timestamp,
    pub due: Option<Timestamp>,
    /// At risk, one sum a currency.
    pub amounts: Vec<Money>,
    pub owner: Option<PersonId>,
    /// The task that goes with it is overdue, whatever its own due time.
    pub task_overdue: bool,
    pub closed_at: Option<Timestamp>,
}

/// Everything there is to tell, as of one instant.
#[derive(Clone, Debug, PartialEq)]
pub struct DigestInput {
    pub as_of: Timestamp,
    /// What is younger is new: when the last digest was, or the month began. `None`: there was none.
    pub since: Option<Timestamp>,
    pub open: Vec<Row>,
    /// Closed after `since`.
    pub closed: Vec<Row>,
}

/// Somebody who gets a copy, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reader {
    pub person: PersonId,
    /// `lead of operations`, `coordinator`.
    pub via: String,
    /// Reads of all partners, not only of those assigned.
    pub all: bool,
}

/// What became of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// No run yet: the digest, or its schedule, is new, and counts from here.
    Watched,
    Sent,
    /// There was nothing to tell anybody.
    Empty,
    /// Missed for so long that it would be of no use.
    TooLate,
    /// Asked for by a person; the schedule takes no notice of it.
    ByHand,
}

impl RunState {
    pub fn as_str(self) -> &'static str {
        match self {
            RunState::Watched => "watched",
            RunState::Sent => "sent",
            RunState::Empty => "empty",
            RunState::TooLate => "too_late",
            RunState::ByHand => "by_hand",
        }
    }
}

/// A digest's run as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DigestRun {
    /// `morning 2026-11-23T07:00[Europe/Berlin]`: a second run of that name is impossible.
    pub id: String,
    pub state: RunState,
    pub name: String,
    /// The schedule it ran by; a changed one counts anew.
    pub schedule: String,
    /// When it was due.
    pub at: Timestamp,
    /// The instant that was told, and that the next one's changes count from.
    pub as_of: Option<Timestamp>,
    #[serde(default)]
    pub late: bool,
    /// Missed runs that it stands for beside its own.
    #[serde(default)]
    pub folded: u32,
    pub open: usize,
    pub overdue: usize,
    #[serde(default)]
    pub messages: Vec<NotificationId>,
    pub created_at: Timestamp,
}

/// What is next for a digest.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// It is new, or its schedule is: keep that it counts from now.
    Watch,
    /// Nothing before this moment; never where the schedule has no more runs.
    Wait(Option<Timestamp>),
    Run(Due),
}

/// A run that is due, and what it stands for.
#[derive(Clone, Debug, PartialEq)]
pub struct Due {
    pub run: Run,
    pub late: bool,
    pub folded: u32,
    /// Too late to be of use.
    pub too_late: bool,
}

impl Digest {
    /// What its runs are kept under, so that a changed schedule is noticed.
    pub fn schedule_name(&self) -> String {
        format!("{} {}", self.schedule.expression, self.zone())
    }

    fn zone(&self) -> &str {
        self.schedule.time_zone.iana_name().unwrap_or("UTC")
    }

    fn run_id(&self, run: &Run) -> String {
        format!("{} {}[{}]", self.name, run.name(), self.zone())
    }

    /// What is to be done, by the last run that is kept.
    pub fn next(&self, last: Option<&DigestRun>, now: Timestamp) -> Next {
        let Some(last) = last.filter(|last| last.schedule == self.schedule_name()) else {
            return Next::Watch;
        };
        let from = last.at.max(now.saturating_sub(LOOK_BACK).unwrap_or(Timestamp::MIN));
        let (latest, count) = self.schedule.missed(from, now);
        let Some(run) = latest else {
            return Next::Wait(self.schedule.next_after(last.at).map(|run| run.at));
        };
        let age = now.duration_since(run.at);
        Next::Run(Due {
            late: age >= LATE,
            too_late: age > self.late,
            folded: u32::try_from(count.saturating_sub(1)).unwrap_or(u32::MAX),
            run,
        })
    }

    /// Since when a run at this moment tells what changed.
    pub fn since(&self, last: Option<&DigestRun>, at: Timestamp) -> Option<Timestamp> {
        match self.kind {
            Kind::Daily => last.and_then(|last| last.as_of),
            Kind::MonthEnd => {
                let zone = &self.schedule.time_zone;
                Some(crate::core::wall::moment(zone, self.month(at).first_of_month().into()))
            }
        }
    }

    /// A day of the month that a run at this moment is about: one early on the first is about the month
    /// before.
    fn month(&self, at: Timestamp) -> jiff::civil::Date {
        let day = self.schedule.time_zone.to_datetime(at).date();
        day.yesterday().unwrap_or(day)
    }

    /// Everybody who gets it, each once.
    pub fn readers(&self, desk: &Desk, at: Timestamp) -> Vec<Reader> {
        let mut readers: Vec<Reader> = Vec::new();
        let mut add = |person: &PersonId, via: String, all: bool| {
            let all = all || self.covers == Covers::All;
            match readers.iter_mut().find(|reader| reader.person == *person) {
                Some(reader) => reader.all |= all,
                None => readers.push(Reader { person: person.clone(), via, all }),
            }
        };
        for target in &self.to {
            match target {
                Target::OnCall(schedule) => {
                    for person in &desk.on_call(schedule, at).0 {
                        add(person, format!("on call: {schedule}"), false);
                    }
                }
                Target::Team(name) => {
                    for member in desk.teams.get(name).into_iter().flat_map(|team| &team.members) {
                        add(member, format!("team {name}"), false);
                    }
                }
                Target::Lead(name) => {
                    if let Some(lead) = desk.teams.get(name).and_then(|team| team.lead.as_ref()) {
                        add(lead, format!("lead of {name}"), true);
                    }
                }
                Target::Webhook(_) => {}
                Target::Person(person) => add(person, "named by the digest".to_owned(), false),
                Target::Assigned(role) => {
                    for assignment in desk.holders(role, at) {
                        add(&assignment.person, role.clone(), false);
                    }
                }
            }
        }
        readers
    }

    /// Keeps that a new digest, or one with a new schedule, counts from now.
    pub fn watched(&self, last: Option<&DigestRun>, now: Timestamp) -> Change {
        let run = DigestRun {
            id: format!("{} from {now}", self.name),
            as_of: last.and_then(|last| last.as_of),
            ..self.kept(RunState::Watched, now, now)
        };
        let first = self.schedule.next_after(now).map(|run| run.at.to_zoned(self.schedule.time_zone.clone()));
        let summary = match first {
            Some(first) => {
                format!("Digest {} goes next on {}.", self.name, first.strftime("%a %-d %b %Y %H:%M %Z"))
            }
            None => format!("Digest {} has no run ahead.", self.name),
        };
        change(now, Actor::Desk, What::DigestPlanned, summary, run)
    }

    /// Keeps that a missed run is left out.
    pub fn left_out(&self, due: &Due, last: Option<&DigestRun>, now: Timestamp) -> Change {
        let run = DigestRun {
            id: self.run_id(&due.run),
            as_of: last.and_then(|last| last.as_of),
            late: true,
            folded: due.folded,
            ..self.kept(RunState::TooLate, due.run.at, now)
        };
        let summary =
            format!("Digest {} of {} was missed and is too old to be sent.", self.name, due.run.name());
        change(now, Actor::Desk, What::DigestSkipped, summary, run)
    }

    fn kept(&self, state: RunState, at: Timestamp, now: Timestamp) -> DigestRun {
        DigestRun {
            id: String::new(),
            state,
            name: self.name.clone(),
            schedule: self.schedule_name(),
            at,
            as_of: None,
            late: false,
            folded: 0,
            open: 0,
            overdue: 0,
            messages: Vec::new(),
            created_at: now,
        }
    }
}

/// Why a run is made.
#[derive(Clone, Debug, PartialEq)]
pub enum Cause {
    Schedule(Due),
    /// A person asked; `command` names the asking.
    Asked {
        by: Actor,
        command: String,
    },
}

/// A run with its copies written, ready to be kept.
#[derive(Clone, Debug)]
pub struct Prepared {
    pub digest: Digest,
    pub cause: Cause,
    pub as_of: Timestamp,
    pub counts: Counts,
    pub copies: Vec<(Reader, Content)>,
}

impl Prepared {
    /// Writes the copies: each reader's own, or one person's where only theirs is asked for.
    pub fn new(
        desk: &Desk,
        digest: &Digest,
        cause: Cause,
        only: Option<&PersonId>,
        input: &DigestInput,
    ) -> Self {
        let coverage = compose::Coverage::of(desk, input);
        let mut readers = digest.readers(desk, input.as_of);
        if let Some(only) = only {
            readers.retain(|reader| reader.person == *only);
            if readers.is_empty() {
                let all = digest.covers == Covers::All;
                readers.push(Reader { person: only.clone(), via: "asked for".to_owned(), all });
            }
        }
        // What a person asks for they get, even if it says that there is nothing.
        let skip_empty = digest.skip_empty && matches!(cause, Cause::Schedule(_));
        let copies = readers
            .into_iter()
            .filter_map(|reader| {
                let person = desk.person(&reader.person)?;
                let copy = compose::copy(digest, &reader, input, &coverage);
                if skip_empty && copy.is_empty() {
                    return None;
                }
                let content = write::content(desk, digest, person, &cause, input, &copy);
                Some((reader, content))
            })
            .collect();
        let counts = Counts::whole(digest, input);
        Self { digest: digest.clone(), cause, as_of: input.as_of, counts, copies }
    }

    /// The name its run is kept under.
    pub fn id(&self) -> String {
        match &self.cause {
            Cause::Schedule(due) => self.digest.run_id(&due.run),
            Cause::Asked { command, .. } => format!("{} by hand {command}", self.digest.name),
        }
    }

    /// The run and all its messages, to be kept together.
    pub fn settle(&self, desk: &Desk, ids: Ids, now: Timestamp) -> (Vec<Change>, Ids, DigestRun) {
        let mut decision = Decision::new(desk, now, ids);
        let first = ids.notification;
        for (reader, content) in &self.copies {
            let Some(person) = desk.person(&reader.person) else { continue };
            let about = About {
                alert: None,
                event: None,
                partner: None,
                category: Category::Digests,
                urgent: false,
                thread: None,
            };
            let reason = Reason {
                rule: format!("digest {}", self.digest.name),
                policy: None,
                step: None,
                via: reader.via.as_str().into(),
                outcome: None,
            };
            let content = content.clone();
            decision.queue_message(about, person, Medium::Email, Purpose::Notice, content, reason, None);
        }
        let Decision { mut changes, ids, .. } = decision;
        let messages: Vec<_> = (first..ids.notification).map(NotificationId).collect();
        let (state, at, late, folded, actor) = match &self.cause {
            Cause::Schedule(due) => {
                let state = if messages.is_empty() { RunState::Empty } else { RunState::Sent };
                (state, due.run.at, due.late, due.folded, Actor::Desk)
            }
            Cause::Asked { by, .. } => (RunState::ByHand, now, false, 0, by.clone()),
        };
        let told = match messages.len() {
            0 => "had nothing to tell".to_owned(),
            n => format!("went to {}", counted(n, "person", "people")),
        };
        let late_word = if late { ", late" } else { "" };
        let Counts { open, overdue, .. } = self.counts;
        let summary =
            format!("Digest {} {told}{late_word}: {overdue} overdue, {open} open.", self.digest.name);
        let what = if messages.is_empty() { What::DigestSkipped } else { What::DigestSent };
        let run = DigestRun {
            id: self.id(),
            as_of: Some(self.as_of),
            late,
            folded,
            open,
            overdue,
            messages,
            ..self.digest.kept(state, at, now)
        };
        changes.push(change(now, actor, what, summary, run.clone()));
        (changes, ids, run)
    }
}

fn change(at: Timestamp, actor: Actor, what: What, summary: String, run: DigestRun) -> Change {
    Change {
        at,
        actor,
        what,
        summary: summary.into(),
        alert: None,
        partner: None,
        object: Object::Digest(Box::new(run)),
    }
}
