//! Assignments: a role (coordinator, account_manager, a reviewer) of some partners, given to a person.
//! The configuration file has those of a desk that seldom changes; operators give others, which are
//! kept in the store and laid over the file's. The most specific one counts, whoever wrote it.

use crate::core::change::{Actor, Change, Object, What};
use crate::core::command::{Refusal, RefusalCode};
use crate::core::desk::Desk;
use crate::core::escalation::Decision;
use crate::core::partner::PartnerRef;
use crate::core::person::PersonId;
use crate::core::text::sanitise;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::cmp::{Ordering, Reverse};

/// A role of some partners, given to a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    pub role: String,
    pub person: PersonId,
    /// Stands in while the person is away.
    #[serde(default)]
    pub deputy: Option<PersonId>,
    pub scope: Scope,
    /// The last day on which it counts, in the desk's zone.
    #[serde(default)]
    pub until: Option<Date>,
    pub origin: Origin,
}

/// Who wrote an assignment down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// An operator, with `nightdesk assign`. Of two that are equally specific, this one counts.
    Stored,
    /// An `[[assign]]` of the configuration file.
    File,
}

/// Which partners an assignment is for, most specific first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "by", content = "value", rename_all = "snake_case")]
pub enum Scope {
    Partner(String),
    /// Partners whose id fits a pattern, where `*` is any text.
    Pattern(Pattern),
    Region(String),
    Tier(String),
    Everyone,
}

/// A text with `*` for any text. One that says more counts as the more specific.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pattern(pub String);

/// An assignment that an operator gave, as the store keeps it; one of a role and scope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredAssignment {
    /// [`Assignment::id`].
    pub id: String,
    pub state: AssignmentState,
    #[serde(flatten)]
    pub assignment: Assignment,
    /// Who gave it.
    pub set_by: PersonId,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AssignmentState {
    Active,
    Removed,
}

impl AssignmentState {
    pub fn as_str(self) -> &'static str {
        match self {
            AssignmentState::Active => "active",
            AssignmentState::Removed => "removed",
        }
    }
}

/// No longer than any name of a role or a partner.
const LONGEST: usize = 200;

impl Assignment {
    /// What it is called: `coordinator@partner=acme`, `reviewer:invoice@everyone`.
    pub fn id(&self) -> String {
        let scope = match &self.scope {
            Scope::Partner(id) => format!("partner={id}"),
            Scope::Pattern(pattern) => format!("pattern={}", pattern.0),
            Scope::Region(region) => format!("region={region}"),
            Scope::Tier(tier) => format!("tier={tier}"),
            Scope::Everyone => "everyone".to_owned(),
        };
        format!("{}@{scope}", self.role)
    }

    /// Whether it is for this partner on this day, in the desk's zone.
    pub fn is_for(&self, partner: &PartnerRef, today: Date) -> bool {
        self.until.is_none_or(|last| today <= last) && self.scope.covers(partner)
    }

    /// Least for the one that counts: the more specific, then an operator's before the file's, then by name.
    pub fn precedence(&self) -> impl Ord + use<'_> {
        (self.scope.specificity(), self.origin, &self.scope)
    }
}

impl Scope {
    pub fn covers(&self, partner: &PartnerRef) -> bool {
        match self {
            Scope::Partner(id) => partner.id.raw() == id,
            Scope::Pattern(pattern) => pattern.fits(partner.id.raw()),
            Scope::Region(region) => partner.region.as_ref().is_some_and(|r| r.raw() == region),
            Scope::Tier(tier) => partner.tier.as_ref().is_some_and(|t| t.raw() == tier),
            Scope::Everyone => true,
        }
    }

    /// Least for the most specific.
    fn specificity(&self) -> (u8, Reverse<usize>) {
        match self {
            Scope::Partner(_) => (0, Reverse(0)),
            Scope::Pattern(pattern) => (1, Reverse(pattern.said())),
            Scope::Region(_) => (2, Reverse(0)),
            Scope::Tier(_) => (3, Reverse(0)),
            Scope::Everyone => (4, Reverse(0)),
        }
    }

    /// For a sentence: `of acme`, `of partners like ac*`.
    pub fn spoken(&self) -> String {
        match self {
            Scope::Partner(id) => format!("of {}", sanitise(id)),
            Scope::Pattern(pattern) => format!("of partners like {}", sanitise(&pattern.0)),
            Scope::Region(region) => format!("of the region {}", sanitise(region)),
            Scope::Tier(tier) => format!("of the tier {}", sanitise(tier)),
            Scope::Everyone => "of all partners".to_owned(),
        }
    }

    fn text(&self) -> Option<&str> {
        match self {
            Scope::Partner(text)
            | Scope::Pattern(Pattern(text))
            | Scope::Region(text)
            | Scope::Tier(text) => Some(text),
            Scope::Everyone => None,
        }
    }
}

impl Pattern {
    pub fn fits(&self, text: &str) -> bool {
        let mut parts = self.0.split('*');
        let Some(mut rest) = parts.next().and_then(|head| text.strip_prefix(head)) else { return false };
        let Some(tail) = self.0.contains('*').then(|| self.0.rsplit('*').next().unwrap_or_default()) else {
            return rest.is_empty();
        };
        let middle: Vec<&str> = parts.collect();
        for part in middle.iter().take(middle.len().saturating_sub(1)) {
            match rest.find(part) {
                Some(at) => rest = &rest[at + part.len()..],
                None => return false,
            }
        }
        rest.ends_with(tail)
    }

    /// How much it says.
    fn said(&self) -> usize {
        self.0.chars().filter(|c| *c != '*').count()
    }
}

impl Ord for Pattern {
    fn cmp(&self, other: &Self) -> Ordering {
        other.said().cmp(&self.said()).then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for Pattern {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl StoredAssignment {
    /// Whether decisions can use it: one whose person is no longer configured reaches nobody.
    pub fn counts(&self, desk: &Desk) -> bool {
        self.state == AssignmentState::Active && desk.person(&self.assignment.person).is_some()
    }
}

/// The file's assignments with those of the store laid over them.
pub fn lay_over(desk: &mut Desk, stored: &[StoredAssignment]) {
    desk.assignments.retain(|assignment| assignment.origin == Origin::File);
    let counting: Vec<Assignment> = stored
        .iter()
        .filter(|stored| stored.counts(desk))
        .map(|stored| Assignment {
            // A deputy who is no more stands in for nobody.
            deputy: stored.assignment.deputy.clone().filter(|deputy| desk.person(deputy).is_some()),
            ..stored.assignment.clone()
        })
        .collect();
    desk.assignments.extend(counting);
}

/// Gives a role to somebody; one of the same role and scope that an operator gave before is replaced.
///
/// # Errors
/// The role or scope is no word, a person is unknown, or the last day is over.
pub fn assign(
    decision: &mut Decision<'_>,
    actor: &Actor,
    who: (&PersonId, &str),
    before: Option<StoredAssignment>,
    asked: Assignment,
) -> Result<String, Refusal> {
    let (desk, now) = (decision.desk, decision.now);
    let invalid = |said: String| Err(Refusal { code: RefusalCode::Invalid, said: said.into(), by: None });
    let role = sanitise(&asked.role).into_owned();
    if !is_role(&asked.role) {
        return invalid(format!(
            "{role:?} is no name for a role; write it like coordinator or reviewer:invoice, without blanks or @."
        ));
    }
    if let Some(text) = asked.scope.text()
        && (text.trim().is_empty() || text.len() > LONGEST || text.chars().any(char::is_control))
    {
        return invalid(format!("{:?} names no partner, pattern, region or tier.", sanitise(text)));
    }
    for person in [Some(&asked.person), asked.deputy.as_ref()].into_iter().flatten() {
        if desk.person(person).is_none() {
            let known: Vec<&str> = desk.people.keys().map(|id| id.0.as_str()).collect();
            return invalid(format!(
                "Nothing was assigned: there is no [[person]] {:?}; there are {}.",
                sanitise(&person.0),
                known.join(", ")
            ));
        }
    }
    if asked.deputy.as_ref() == Some(&asked.person) {
        return invalid("Nobody stands in for themselves; name another deputy.".to_owned());
    }
    if let Some(last) = asked.until.filter(|last| *last < desk.day(now)) {
        return invalid(format!("{last} is over; an assignment ends today or later."));
    }
    let assignment = Assignment { origin: Origin::Stored, ..asked };
    let mut sentence =
        format!("{} is {role} {}", desk.name_of(&assignment.person), assignment.scope.spoken());
    if let Some(deputy) = &assignment.deputy {
        sentence.push_str(&format!(", with {} as deputy", desk.name_of(deputy)));
    }
    if let Some(last) = assignment.until {
        sentence.push_str(&format!(", until {last}"));
    }
    let before = before.filter(|before| before.state == AssignmentState::Active);
    match &before {
        Some(before) if before.assignment == assignment => return Ok(format!("{sentence} already.")),
        Some(before) if before.assignment.person != assignment.person => {
            sentence.push_str(&format!(", instead of {}", desk.name_of(&before.assignment.person)));
        }
        _ => {}
    }
    let stored = StoredAssignment {
        id: assignment.id(),
        state: AssignmentState::Active,
        set_by: who.0.clone(),
        created_at: before.map_or(now, |before| before.created_at),
        updated_at: now,
        assignment,
    };
    decision.changes.push(change(now, actor, What::Assigned, format!("{}: {sentence}.", who.1), stored));
    Ok(format!("{sentence}."))
}

/// Takes back what an operator gave.
///
/// # Errors
/// There is no such assignment, or it stands in the file.
pub fn unassign(
    decision: &mut Decision<'_>,
    actor: &Actor,
    who: (&PersonId, &str),
    id: &str,
    before: Option<StoredAssignment>,
) -> Result<String, Refusal> {
    let (desk, now) = (decision.desk, decision.now);
    let shown = sanitise(id);
    let Some(mut stored) = before.filter(|before| before.state == AssignmentState::Active) else {
        let in_file = desk.assignments.iter().any(|a| a.origin == Origin::File && a.id() == id);
        let (code, said) = match in_file {
            true => (
                RefusalCode::WrongState,
                format!(
                    "{shown} stands in the configuration file; take it out there and apply the file, or lay \
                     another one over it with `nightdesk assign add`."
                ),
            ),
            false => (
                RefusalCode::NotFound,
                format!("There is no assignment {shown}; `nightdesk assign list` shows their ids."),
            ),
        };
        return Err(Refusal { code, said: said.into(), by: None });
    };
    stored.state = AssignmentState::Removed;
    stored.set_by = who.0.clone();
    stored.updated_at = now;
    let sentence = format!(
        "{} is no longer {} {}",
        desk.name_of(&stored.assignment.person),
        sanitise(&stored.assignment.role),
        stored.assignment.scope.spoken()
    );
    decision.changes.push(change(now, actor, What::Unassigned, format!("{}: {sentence}.", who.1), stored));
    Ok(format!("{sentence}."))
}

fn change(now: Timestamp, actor: &Actor, what: What, summary: String, stored: StoredAssignment) -> Change {
    let partner = match &stored.assignment.scope {
        Scope::Partner(id) => Some(id.as_str().into()),
        _ => None,
    };
    Change {
        at: now,
        actor: actor.clone(),
        what,
        summary: summary.into(),
        alert: None,
        partner,
        object: Object::Assignment(Box::new(stored)),
    }
}

/// `@` parts role and scope in an id.
fn is_role(role: &str) -> bool {
    !role.is_empty()
        && role.len() <= LONGEST
        && !role.chars().any(|c| c == '@' || c.is_whitespace() || c.is_control())
        && sanitise(role) == role
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::id::Ids;
    use crate::core::scenario::Scene;

    fn asked(scope: Scope, person: &str) -> Assignment {
        let person = PersonId(person.into());
        let role = "coordinator".to_owned();
        Assignment { role, person, deputy: None, scope, until: None, origin: Origin::File }
    }

    fn acme() -> Scope {
        Scope::Partner("acme".into())
    }

    struct Kept(Scene, Vec<StoredAssignment>);

    impl Kept {
        fn ask(&mut self, asked: Assignment) -> Result<String, Refusal> {
            let before = self.1.iter().find(|known| known.id == asked.id()).cloned();
            let nils = PersonId("nils".into());
            let actor = Actor::Person { id: nils.clone(), login: None };
            let mut decision = Decision::new(&self.0.desk, self.0.now, Ids::default());
            let said = assign(&mut decision, &actor, (&nils, "Nils"), before, asked)?;
            let changes = decision.changes;
            for change in changes {
                let Object::Assignment(stored) = change.object else { panic!("{change:?}") };
                self.1.retain(|known| known.id != stored.id);
                self.1.push(*stored);
            }
            lay_over(&mut self.0.desk, &self.1);
            Ok(said)
        }

        fn holder(&self, partner: &str) -> Option<String> {
            let partner = PartnerRef { id: partner.into(), ..PartnerRef::default() };
            self.0.desk.assigned("coordinator", &partner, self.0.now).map(|person| person.0.clone())
        }
    }

    #[test]
    fn what_an_operator_gave_beats_the_file_where_it_is_no_less_specific() {
        let mut kept = Kept(Scene::usual(), Vec::new());
        kept.0.desk.assignments = vec![asked(acme(), "maria"), asked(Scope::Everyone, "maria")];
        assert_eq!(
            kept.ask(asked(Scope::Everyone, "jonas")).unwrap(),
            "jonas is coordinator of all partners."
        );
        assert_eq!(kept.holder("borg").as_deref(), Some("jonas"));
        assert_eq!(kept.holder("acme").as_deref(), Some("maria"), "the file is more specific");
        kept.ask(asked(acme(), "nils")).unwrap();
        assert_eq!(kept.holder("acme").as_deref(), Some("nils"));
        let said = kept.ask(asked(acme(), "jonas")).unwrap();
        assert_eq!(said, "jonas is coordinator of acme, instead of nils.");
        assert_eq!(kept.holder("acme").as_deref(), Some("jonas"));
        assert_eq!(kept.1.len(), 2, "one of a role and scope");
    }

    #[test]
    fn an_operators_pattern_beats_the_files_of_the_same_length_whatever_its_letters() {
        let mut kept = Kept(Scene::usual(), Vec::new());
        let pattern = |text: &str| Scope::Pattern(Pattern(text.into()));
        kept.0.desk.assignments = vec![asked(pattern("ac*"), "maria")];
        kept.ask(asked(pattern("*me"), "jonas")).unwrap();
        assert_eq!(kept.holder("acme").as_deref(), Some("jonas"));
        assert_eq!(kept.holder("acorn").as_deref(), Some("maria"));
    }

    #[test]
    fn it_counts_until_the_end_of_its_last_day_in_the_desks_zone() {
        let mut kept = Kept(Scene::usual(), Vec::new());
        kept.0.desk.time_zone = jiff::tz::TimeZone::get("Europe/Berlin").unwrap();
        kept.0.now = "2026-07-01T21:30:00Z".parse().unwrap();
        let until = |day: &str| Assignment { until: Some(day.parse().unwrap()), ..asked(acme(), "maria") };
        let refusal = kept.ask(until("2026-06-30")).unwrap_err();
        assert_eq!(refusal.code, RefusalCode::Invalid);
        kept.ask(until("2026-07-01")).unwrap();
        assert_eq!(kept.holder("acme").as_deref(), Some("maria"));
        kept.0.now = "2026-07-01T22:00:00Z".parse().unwrap();
        assert_eq!(kept.holder("acme"), None);
    }

    #[test]
    fn who_is_unknown_gets_nothing_and_who_left_holds_nothing() {
        let mut kept = Kept(Scene::usual(), Vec::new());
        let refusal = kept.ask(asked(acme(), "lena")).unwrap_err();
        let said = "Nothing was assigned: there is no [[person]] \"lena\"; there are jonas, maria, nils.";
        assert_eq!(refusal.said.raw(), said);
        for role in ["", "two words", "a@b", "x\u{1b}[2J"] {
            let asked = Assignment { role: role.into(), ..asked(acme(), "maria") };
            assert_eq!(kept.ask(asked).unwrap_err().code, RefusalCode::Invalid, "{role}");
        }
        kept.0.desk.assignments = vec![asked(acme(), "maria")];
        kept.ask(asked(acme(), "jonas")).unwrap();
        kept.0.desk.people.remove(&PersonId("jonas".into()));
        lay_over(&mut kept.0.desk, &kept.1);
        assert_eq!(kept.holder("acme").as_deref(), Some("maria"));
    }

    #[test]
    fn only_what_was_given_here_can_be_taken_back() {
        let mut kept = Kept(Scene::usual(), Vec::new());
        kept.0.desk.assignments = vec![asked(acme(), "maria")];
        let id = asked(acme(), "maria").id();
        let take = |kept: &Kept, id: &str| {
            let nils = PersonId("nils".into());
            let mut decision = Decision::new(&kept.0.desk, kept.0.now, Ids::default());
            let before = kept.1.iter().find(|known| known.id == id).cloned();
            unassign(&mut decision, &Actor::Desk, (&nils, "Nils"), id, before)
                .map(|said| (said, decision.changes))
        };
        let refusal = take(&kept, &id).unwrap_err();
        assert_eq!(refusal.code, RefusalCode::WrongState);
        assert_eq!(take(&kept, "x@everyone").unwrap_err().code, RefusalCode::NotFound);
        kept.ask(asked(acme(), "jonas")).unwrap();
        let (said, changes) = take(&kept, &id).unwrap();
        assert_eq!(said, "jonas is no longer coordinator of acme.");
        let Object::Assignment(removed) = &changes[0].object else { panic!("{changes:?}") };
        lay_over(&mut kept.0.desk, std::slice::from_ref(removed));
        assert_eq!(kept.holder("acme").as_deref(), Some("maria"));
    }

    #[test]
    fn only_an_admin_changes_who_looks_after_partners() {
        use crate::core::apply::{self, Asker, CommandView};
        use crate::core::command::{Action, Command, Expect};
        use crate::core::person::Role;
        let scene = Scene::usual();
        let ask = |role, action: &Action| {
            let command = Command { id: "1".into(), action: action.clone(), expect: Expect::default() };
            let asker = Asker { id: PersonId("nils".into()), name: "Nils".into(), role, login: None };
            apply::command(&scene.desk, CommandView::default(), &command, &asker, Ids::default(), scene.now)
        };
        let assign = Action::Assign { assignment: asked(acme(), "maria") };
        let unassign = Action::Unassign { assignment: "x@everyone".into() };
        for role in [Role::Viewer, Role::Responder] {
            for action in [&assign, &unassign] {
                assert_eq!(ask(role, action).unwrap_err().code, RefusalCode::NotAllowed);
            }
        }
        let (said, changes, _) = ask(Role::Admin, &assign).unwrap();
        assert_eq!((said.as_str(), changes.len()), ("maria is coordinator of acme.", 1));
        assert!(matches!(&changes[0].actor, Actor::Person { id, .. } if id.0 == "nils"));
        assert_eq!(changes[0].summary.raw(), "Nils: maria is coordinator of acme.");
    }
}
