//! What whoever comes on call has to know: one sheet, the same on the screen, in a mail and on paper.

use crate::core::alert::{Alert, AlertState};
use crate::core::desk::Desk;
use crate::core::event::Severity;
use crate::core::handover::{Handover, HandoverState};
use crate::core::id::{AlertId, HandoverId, NotificationId, TaskId};
use crate::core::money::Money;
use crate::core::notification::Notification;
use crate::core::person::PersonId;
use crate::core::schedule::Schedule;
use crate::core::task::Task;
use crate::core::text::{Untrusted, sanitise};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// As wide as paper and mail take it.
pub const WIDTH: usize = 80;

/// What is known of the desk at that moment.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// All that are not resolved.
    pub alerts: Vec<Alert>,
    /// Cleared before anybody took them, and closed by the desk at this hand-over.
    pub seen_off: Vec<Alert>,
    /// Open ones, those due first; `open_tasks` counts the others, too.
    pub tasks: Vec<Task>,
    pub open_tasks: u64,
    /// Handed over, and nobody can tell whether they were taken.
    pub in_doubt: Vec<Notification>,
    pub silent: Vec<Silent>,
    pub failing: Vec<Failing>,
    /// Those that are not accepted, and those ahead.
    pub handovers: Vec<Handover>,
}

/// A source that has been quiet for longer than configured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silent {
    pub source: String,
    /// `None`: it has never sent anything.
    pub last_event_at: Option<Timestamp>,
}

/// A way out whose last attempts failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failing {
    pub channel: String,
    pub since: Timestamp,
    pub why: Option<Untrusted>,
}

/// The sheet. Names are spoken ones; nothing in it needs another look-up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sheet {
    pub at: Timestamp,
    /// Only what concerns this schedule; `None`: everything.
    pub schedule: Option<String>,
    pub turns: Vec<Turn>,
    /// Most urgent first.
    pub alerts: Vec<OpenAlert>,
    /// Cleared before anybody took them; they close at the hand-over unless somebody looks.
    pub cleared: Vec<OpenAlert>,
    pub tasks: Vec<OpenTask>,
    /// Open ones beyond those listed.
    pub more_tasks: u64,
    pub in_doubt: Vec<Doubt>,
    pub silent: Vec<Silent>,
    pub failing: Vec<Failing>,
    /// Hand-overs that are not accepted yet, and those ahead of which something is said.
    #[serde(default)]
    pub handovers: Vec<Going>,
}

/// A hand-over, as people speak of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Going {
    pub id: HandoverId,
    pub schedule: String,
    pub state: HandoverState,
    pub at: Option<Timestamp>,
    pub from: Vec<String>,
    pub to: Vec<String>,
    pub notes: Vec<Said>,
}

/// Something that whoever leaves, or somebody else, said beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    pub by: String,
    pub at: Timestamp,
    pub text: Untrusted,
}

/// Who is on call by a schedule, and who comes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    pub schedule: String,
    pub people: Vec<String>,
    /// `None`: nothing changes for more than a year.
    pub until: Option<Timestamp>,
    pub then: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenAlert {
    pub id: AlertId,
    pub severity: Severity,
    pub partner: Untrusted,
    pub title: Untrusted,
    pub holder: Option<String>,
    pub next: Next,
    pub deadline: Option<Timestamp>,
    pub at_risk: Vec<Money>,
    pub cleared_at: Option<Timestamp>,
}

/// What happens to an alert if nobody acts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Next {
    /// Step `step` tells the next ones.
    Step {
        step: u32,
        at: Timestamp,
    },
    LastResort {
        at: Timestamp,
    },
    /// Its holder promised news.
    Promise {
        by: Timestamp,
    },
    Wakes {
        at: Timestamp,
    },
    /// It is closed unless somebody looks.
    Closes {
        at: Timestamp,
    },
    Nothing,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenTask {
    pub id: TaskId,
    pub title: Untrusted,
    pub partner: Option<Untrusted>,
    /// A person, or the team where nobody owns it.
    pub owner: Option<String>,
    pub due_at: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doubt {
    pub id: NotificationId,
    pub alert: Option<AlertId>,
    pub to: Untrusted,
    pub channel: String,
    pub since: Timestamp,
}

/// What the text is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Medium {
    Screen,
    /// With boxes to tick and lines to write on.
    Paper,
}

/// The sheet of one schedule or of all. With a schedule, alerts are those that page it or that somebody
/// on call by it holds; everything else concerns whoever is on call.
pub fn sheet(desk: &Desk, schedule: Option<&str>, known: Known, now: Timestamp) -> Sheet {
    let schedules = desk.schedules.values().filter(|one| schedule.is_none_or(|name| name == one.name));
    let chosen: Vec<&Schedule> = schedules.collect();
    let on: Vec<PersonId> = chosen.iter().flat_map(|schedule| schedule.who(now).0).collect();
    let concerns = |alert: &Alert| {
        let Some(name) = schedule else { return true };
        alert.asks(name) || alert.held_by().is_some_and(|holder| on.contains(holder))
    };
    let names = |people: &[PersonId]| people.iter().map(|id| desk.name_of(id)).collect();
    let turns = chosen.iter().map(|schedule| {
        let turn = schedule.at(now);
        let then = turn.next.map(|next| names(&next.people)).unwrap_or_default();
        Turn { schedule: schedule.name.clone(), people: names(&turn.people), until: turn.until, then }
    });
    let turns = turns.collect();
    let mut alerts: Vec<Alert> = known.alerts;
    alerts.retain(|alert| alert.state != AlertState::Resolved && concerns(alert));
    alerts.sort_by_key(|alert| {
        (std::cmp::Reverse(alert.severity), alert.deadline.is_none(), alert.deadline, alert.id)
    });
    let unseen = |alert: &Alert| alert.state == AlertState::Open && alert.cleared_at.is_some();
    let (mut cleared, open): (Vec<Alert>, Vec<Alert>) = alerts.into_iter().partition(unseen);
    cleared.extend(known.seen_off.into_iter().filter(|alert| concerns(alert)));
    let rows = |alerts: Vec<Alert>| alerts.into_iter().map(|alert| open_alert(desk, alert)).collect();
    let listed = u64::try_from(known.tasks.len()).unwrap_or(u64::MAX);
    Sheet {
        at: now,
        schedule: schedule.map(str::to_owned),
        turns,
        alerts: rows(open),
        cleared: rows(cleared),
        more_tasks: known.open_tasks.saturating_sub(listed),
        tasks: known.tasks.into_iter().map(|task| open_task(desk, task)).collect(),
        in_doubt: known
            .in_doubt
            .into_iter()
            .map(|message| Doubt {
                id: message.id,
                alert: message.alert,
                to: message.recipient.name,
                channel: message.channel,
                since: message.updated_at,
            })
            .collect(),
        silent: known.silent,
        failing: known.failing,
        handovers: going(desk, schedule, &known.handovers),
    }
}

fn going(desk: &Desk, schedule: Option<&str>, known: &[Handover]) -> Vec<Going> {
    let names = |people: &[PersonId]| people.iter().map(|id| desk.name_of(id)).collect();
    let chosen = known.iter().filter(|one| schedule.is_none_or(|name| name == one.schedule));
    let told = chosen.filter(|one| one.state == HandoverState::Open || !one.notes.is_empty());
    told.map(|one| Going {
        id: one.id,
        schedule: one.schedule.clone(),
        state: one.state,
        at: one.at,
        from: names(&one.outgoing),
        to: names(&one.incoming),
        notes: one
            .notes
            .iter()
            .map(|note| Said { by: desk.name_of(&note.by), at: note.at, text: note.text.clone() })
            .collect(),
    })
    .collect()
}

fn open_alert(desk: &Desk, alert: Alert) -> OpenAlert {
    let next = match (alert.state, alert.next_escalation_at, alert.close_at) {
        (AlertState::Acknowledged, ..) => alert.next_update_by.map(|by| Next::Promise { by }),
        (AlertState::Snoozed, ..) => alert.snoozed_until.map(|at| Next::Wakes { at }),
        (_, None, Some(at)) => Some(Next::Closes { at }),
        (_, Some(at), _) => {
            let step = alert.next_step().0;
            let steps = alert.policy.steps.len();
            let resort = usize::try_from(step).is_ok_and(|step| step > steps);
            Some(if resort { Next::LastResort { at } } else { Next::Step { step, at } })
        }
        (_, None, None) => None,
    };
    OpenAlert {
        id: alert.id,
        severity: alert.severity,
        holder: alert.held_by().map(|holder| desk.name_of(holder)),
        next: next.unwrap_or(Next::Nothing),
        partner: alert.partner.name,
        title: alert.title,
        deadline: alert.deadline,
        at_risk: alert.at_risk,
        cleared_at: alert.cleared_at,
    }
}

fn open_task(desk: &Desk, task: Task) -> OpenTask {
    let team = task.team.map(|team| format!("team {team}"));
    OpenTask {
        id: task.id,
        title: task.title,
        partner: task.partner.map(|partner| partner.name),
        owner: task.owner.map(|owner| desk.name_of(&owner)).or(team),
        due_at: task.due_at,
    }
}

impl Sheet {
    /// Whether anything needs more than a look at who is on call.
    pub fn is_quiet(&self) -> bool {
        self.alerts.is_empty()
            && self.cleared.is_empty()
            && self.tasks.is_empty()
            && self.in_doubt.is_empty()
            && self.silent.is_empty()
            && self.failing.is_empty()
            && self.handovers.is_empty()
    }

    /// Plain text of at most [`WIDTH`] columns, on the clock of the reader.
    pub fn text(&self, zone: &TimeZone, medium: Medium) -> String {
        let mut page = Page { text: String::new(), medium };
        let of = self.schedule.as_deref().map(|name| format!(" of {}", sanitise(name))).unwrap_or_default();
        let at = self.at.to_zoned(zone.clone()).strftime("%a %-d %b %Y %H:%M %Z").to_string();
        page.line(&format!("HAND-OVER{of}, {at}"));
        page.head("On call", self.turns.len());
        for turn in &self.turns {
            page.line(&format!("  {}", fitted(&self.turn(turn, zone), "    ")));
        }
        self.going_on(&mut page, zone);
        self.alerts_on(&mut page, zone);
        page.head("Tasks", self.tasks.len());
        for task in &self.tasks {
            let due = task.due_at.map(|at| format!("due {}", self.when(at, zone)));
            let owner = task.owner.clone().unwrap_or_else(|| "nobody has it".to_owned());
            page.item(&task.id.to_string(), &named(task.partner.as_ref(), &task.title), &[Some(owner), due]);
        }
        if self.more_tasks > 0 {
            page.line(&format!("  and {} more, due later", self.more_tasks));
        }
        page.head("In doubt: sent, and nobody can tell whether it arrived", self.in_doubt.len());
        for doubt in &self.in_doubt {
            let about = doubt.alert.map(|alert| format!("about {alert}"));
            let since = format!("since {} by {}", self.when(doubt.since, zone), doubt.channel);
            page.item(&doubt.id.to_string(), doubt.to.printable().as_str(), &[about, Some(since)]);
        }
        page.head("Silent sources", self.silent.len());
        for silent in &self.silent {
            let said = match silent.last_event_at {
                Some(at) => format!("nothing since {}", self.when(at, zone)),
                None => "has never sent anything".to_owned(),
            };
            page.item("", &silent.source, &[Some(said)]);
        }
        page.head("Ways out that fail", self.failing.len());
        for failing in &self.failing {
            let why = failing.why.as_ref().map(|why| why.printable().into_string());
            page.item(
                "",
                &failing.channel,
                &[Some(format!("since {}", self.when(failing.since, zone))), why],
            );
        }
        if self.is_quiet() {
            page.line("\nNothing is open, nothing is silent, everything that was sent is accounted for.");
        }
        if medium == Medium::Paper {
            page.head("Said beside it", 1);
            for _ in 0..4 {
                page.line(&format!("\n  {}", "_".repeat(WIDTH - 4)));
            }
            page.line("\n  handed over by ______________________   taken over by ______________________");
        }
        page.text
    }

    fn going_on(&self, page: &mut Page, zone: &TimeZone) {
        page.head("Hand-over", self.handovers.len());
        let names = |people: &[String]| match people {
            [] => "nobody".to_owned(),
            people => people.join(", "),
        };
        for one in &self.handovers {
            let title = format!("{}: {} to {}", one.schedule, names(&one.from), names(&one.to));
            let at = one.at.map(|at| self.when(at, zone));
            let stands = match (one.state, at) {
                (HandoverState::Ahead, Some(at)) => format!("comes at {at}"),
                (HandoverState::Ahead, None) => "not planned".to_owned(),
                (HandoverState::Open, at) => {
                    let since = at.map(|at| format!(" since {at}")).unwrap_or_default();
                    format!("not accepted{since}; nightdesk handover accept {}", one.id)
                }
                (HandoverState::Accepted | HandoverState::Closed, _) => one.state.as_str().to_owned(),
            };
            page.item(&one.id.to_string(), &title, &[Some(stands)]);
            let indent = page.indent();
            for note in &one.notes {
                let head = format!("{} {}: ", note.by, self.when(note.at, zone));
                for (nth, line) in note.text.raw().lines().enumerate() {
                    let head = if nth == 0 { head.as_str() } else { "" };
                    page.line(&format!("{indent}{}", fitted(&format!("{head}{line}"), &indent)));
                }
            }
        }
    }

    fn alerts_on(&self, page: &mut Page, zone: &TimeZone) {
        let holder = |alert: &OpenAlert| match &alert.holder {
            Some(holder) => format!("{holder} has it"),
            None => "nobody has it".to_owned(),
        };
        page.head("Alerts", self.alerts.len());
        for alert in &self.alerts {
            let title =
                format!("{:<8} {}", alert.severity.as_str(), named(Some(&alert.partner), &alert.title));
            let deadline = alert.deadline.map(|at| format!("deadline {}", self.when(at, zone)));
            let money: Vec<String> = alert.at_risk.iter().map(Money::short).collect();
            let money = (!money.is_empty()).then(|| format!("{} at risk", money.join(" and ")));
            let cleared = alert.cleared_at.map(|at| format!("cleared {}, not closed", self.when(at, zone)));
            let next = self.next(alert.next.clone(), zone);
            page.item(&alert.id.to_string(), &title, &[Some(holder(alert)), next, deadline, money, cleared]);
        }
        page.head("Cleared, not seen", self.cleared.len());
        for alert in &self.cleared {
            let cleared = alert.cleared_at.map(|at| format!("cleared {}", self.when(at, zone)));
            let title = named(Some(&alert.partner), &alert.title);
            page.item(&alert.id.to_string(), &title, &[cleared, self.next(alert.next.clone(), zone)]);
        }
    }

    fn next(&self, next: Next, zone: &TimeZone) -> Option<String> {
        Some(match next {
            Next::Step { step, at } => format!("step {step} at {}", self.when(at, zone)),
            Next::LastResort { at } => format!("LAST RESORT again at {}", self.when(at, zone)),
            Next::Promise { by } => format!("news promised by {}", self.when(by, zone)),
            Next::Wakes { at } => format!("snoozed until {}", self.when(at, zone)),
            Next::Closes { at } => format!("closes itself at {}", self.when(at, zone)),
            Next::Nothing => return None,
        })
    }

    fn turn(&self, turn: &Turn, zone: &TimeZone) -> String {
        let names = |people: &[String]| match people {
            [] => "NOBODY".to_owned(),
            people => people.join(", "),
        };
        let until = match turn.until {
            Some(at) => format!(" until {}, then {}", self.when(at, zone), names(&turn.then)),
            None => " until further notice".to_owned(),
        };
        format!("{}: {}{until}", turn.schedule, names(&turn.people))
    }

    /// `06:00` on the day of the sheet, else with its day.
    fn when(&self, at: Timestamp, zone: &TimeZone) -> String {
        let (then, today) = (at.to_zoned(zone.clone()), self.at.to_zoned(zone.clone()));
        let form = if then.date() == today.date() { "%H:%M" } else { "%a %-d %b %H:%M" };
        then.strftime(form).to_string()
    }
}

/// `Acme Tools: Blocked order 4500123`.
fn named(partner: Option<&Untrusted>, title: &Untrusted) -> String {
    match partner {
        Some(partner) => format!("{}: {}", partner.printable(), title.printable()),
        None => title.printable().into_string(),
    }
}

/// The text being written.
struct Page {
    text: String,
    medium: Medium,
}

impl Page {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// A section that has nothing in it is left out.
    fn head(&mut self, title: &str, rows: usize) {
        if rows > 0 {
            self.line(&format!("\n{title}"));
        }
    }

    fn tick(&self) -> &'static str {
        match self.medium {
            Medium::Screen => "  ",
            Medium::Paper => "  [ ] ",
        }
    }

    /// Of what belongs to a thing.
    fn indent(&self) -> String {
        " ".repeat(self.tick().len() + 7)
    }

    /// One thing with what is to be known of it below; a box to tick on paper.
    fn item(&mut self, id: &str, title: &str, facts: &[Option<String>]) {
        let (tick, indent) = (self.tick(), self.indent());
        let id = if id.is_empty() { String::new() } else { format!("{id:<6} ") };
        let facts: Vec<&str> = facts.iter().flatten().map(String::as_str).collect();
        self.line(&format!("{tick}{}", fitted(&format!("{id}{title}"), &indent)));
        self.line(&format!("{indent}{}", fitted(&facts.join("; "), &indent)));
    }
}

/// Broken between words so that no line is wider than the sheet, later lines indented.
fn fitted(text: &str, indent: &str) -> String {
    let room = WIDTH - indent.len();
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    let text = sanitise(text);
    for word in text.split(' ') {
        if !line.is_empty() && line.width() + 1 + word.width() > room {
            lines.push(std::mem::take(&mut line));
        } else if !line.is_empty() {
            line.push(' ');
        }
        for c in word.chars() {
            if line.width() + c.width().unwrap_or(0) > room {
                lines.push(std::mem::take(&mut line));
            }
            line.push(c);
        }
    }
    lines.push(line);
    lines.join(&format!("\n{indent}"))
}

#[cfg(test)]
mod tests;
