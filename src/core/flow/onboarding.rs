//! Onboarding: a milestone reaches everybody involved and says what is next, who does it and when;
//! one that does not come in time is somebody's task.

use super::audience::{Audience, Pressing, ruling};
use super::cases::{belongs, without_leavers};
use super::reader::{Reader, line};
use super::tasks::Draft;
use super::{Heard, Taken, plan_task};
use crate::core::alert::Target;
use crate::core::change::{Change, Object, What};
use crate::core::contact::{Category, Contact, ContactState};
use crate::core::decide::View;
use crate::core::desk::Desk;
use crate::core::duty::Dues;
use crate::core::duty::{Duty, Work};
use crate::core::escalation::Decision;
use crate::core::event::Milestone;
use crate::core::mark::Mark;
use crate::core::message::{Message, MilestoneNews, NextStep, ProgressLine};
use crate::core::onboarding::{Doer, MilestoneRecord, MilestoneState, Plan, PlanStep};
use crate::core::partner::PartnerRef;
use crate::core::task::TaskKind;
use crate::core::text::Untrusted;
use jiff::Timestamp;
use std::collections::BTreeSet;

/// The role in `[[assign]]` of who looks after a partner's onboarding, and who stands in where nobody does.
const MANAGERS: [&str; 2] = ["onboarding_manager", "account_manager"];

pub fn told(
    decision: &mut Decision<'_>,
    view: &mut View,
    heard: &Heard<'_>,
    partner: &PartnerRef,
    milestone: &Milestone,
    contacts: &[Untrusted],
    withdrawn: bool,
) -> Taken {
    let id = MilestoneRecord::name(&partner.id, milestone);
    let known = view.milestones.get(id.raw()).cloned();
    let spoken_of =
        |m: &MilestoneRecord| matches!(m.state, MilestoneState::Reached | MilestoneState::Withdrawn);
    if known.as_ref().is_some_and(|known| heard.mark.is_before(&known.mark)) {
        return Taken::quiet("a newer report about the milestone was heard before");
    }
    if let Some(mut known) = known.clone().filter(spoken_of)
        && (known.state == MilestoneState::Withdrawn) == withdrawn
    {
        known.mark = heard.mark.over(&known.mark);
        let sentence = format!("{}: {} once more.", partner.name.printable(), word(milestone));
        keep(decision, view, known, What::Repeated, &sentence);
        return Taken::quiet("it was heard before");
    }
    let ruling = ruling(decision.desk, Work::Onboarding, heard.rule);
    let duty = ruling.as_ref().map_or_else(Duty::default, |(_, duty)| duty.clone());
    let plan = plan_of(decision.desk, view, partner);
    let place =
        plan.as_ref().and_then(|plan| plan.steps.iter().position(|step| step.milestone == *milestone));
    if withdrawn && !known.as_ref().is_some_and(spoken_of) {
        // Its milestone may still come, and is then none.
        let place = place.map_or(0, |place| place as u32 + 1);
        let mut record = known.unwrap_or_else(|| MilestoneRecord {
            state: MilestoneState::Withdrawn,
            ..fresh(partner, milestone, plan.as_ref(), place, decision.now)
        });
        record.mark = heard.mark.over(&record.mark);
        let sentence = format!("{}: {} was taken back unreached.", partner.name.printable(), word(milestone));
        keep(decision, view, record, What::MilestoneWithdrawn, &sentence);
        return Taken::quiet("a milestone that was never reached is taken back");
    }
    let mut record = known.unwrap_or_else(|| {
        fresh(partner, milestone, plan.as_ref(), place.map_or(0, |place| place as u32 + 1), decision.now)
    });
    record.state = if withdrawn { MilestoneState::Withdrawn } else { MilestoneState::Reached };
    record.reached_at = (!withdrawn).then_some(decision.now);
    record.mark = heard.mark.over(&record.mark);
    let (what, end) = if withdrawn {
        (What::MilestoneWithdrawn, "was taken back")
    } else {
        (What::MilestoneReached, "is reached")
    };
    let sentence = format!("{}: {} {end}.", partner.name.printable(), word(milestone));
    keep(decision, view, record, what, &sentence);
    decision.close_task(view, &plan_task(partner, milestone), &format!("It {end}."));
    if let (Some(plan), Some(place)) = (&plan, place) {
        lay_out(decision, view, plan, place, partner, &duty, withdrawn);
    }
    let Some((audience, _)) = ruling else { return Taken::quiet("a rule keeps it quiet") };

    let now = decision.now;
    let audience = with_manager(decision.desk, audience, partner, now);
    let about = heard.about(partner, Category::Onboarding, None);
    let (_, mut why) = decision.tell_people(&audience, partner, &about, Pressing::No, |reader| {
        Message::MilestoneDesk(news(reader, view, plan.as_ref(), partner, milestone, withdrawn, now))
    });
    let involved = involved(view, partner, contacts);
    if involved.is_empty() {
        why.push("the partner has no contact to tell".into());
    }
    for (contact, via) in involved {
        decision.tell_contact(&contact, partner, &about, &audience.rule, via, |reader| {
            Message::Milestone(news(reader, view, plan.as_ref(), partner, milestone, withdrawn, now))
        });
    }
    Taken::handled(why)
}

/// A milestone whose day is over becomes somebody's task.
pub fn late(decision: &mut Decision<'_>, view: &mut View, mut record: MilestoneRecord) {
    let partner = record.partner.clone();
    let duty = decision.desk.work.get(&Work::Onboarding).cloned().unwrap_or_default();
    let owner = manager(decision.desk, &partner, decision.now);
    let key = plan_task(&partner, &record.milestone);
    let due = record.due_at.unwrap_or(decision.now);
    let task = match view.tasks.get(&key) {
        Some(open) => open.id,
        None => {
            let named = |word: &str| decision.desk.labels.word(&decision.desk.locale, word);
            let draft = Draft {
                kind: TaskKind::Plan,
                key,
                title: format!("{}: {}", named(record.milestone.word()), named("late")),
                partner: &partner,
                about: record.id.clone(),
                alert: None,
            };
            // It is overdue by its nature; the owner hears of it at once.
            let lead = decision.dues(&duty).lead;
            let team = duty.team.clone();
            decision.open_task_of(view, draft, team, owner, Some(Dues { due, lead })).id
        }
    };
    record.task = Some(task);
    let sentence = format!("{}: {} is late.", partner.name.printable(), word(&record.milestone));
    keep(decision, view, record, What::MilestoneLate, &sentence);
}

/// The plan a partner began with, else the first that fits its tier, else the first for everyone.
fn plan_of(desk: &Desk, view: &View, partner: &PartnerRef) -> Option<Plan> {
    let begun =
        of_partner(view, partner).find(|record| !record.plan.is_empty()).map(|record| record.plan.clone());
    let named = begun.and_then(|name| desk.plans.iter().find(|plan| plan.name == name));
    let tier = partner.tier.as_ref().map(Untrusted::raw);
    let fits = |plan: &&Plan| tier.is_some_and(|tier| plan.tiers.iter().any(|t| t == tier));
    named
        .or_else(|| desk.plans.iter().find(fits))
        .or_else(|| desk.plans.iter().find(|plan| plan.tiers.is_empty()))
        .cloned()
}

fn of_partner<'v>(view: &'v View, partner: &PartnerRef) -> impl Iterator<Item = &'v MilestoneRecord> {
    let partner = partner.id.clone();
    view.milestones.values().filter(move |record| record.partner.id == partner)
}

/// Lays out the plan from this milestone on: what came before and was never told is skipped, what comes
/// after is expected in its time. Taken back, the milestone itself is expected anew by somebody's word only.
fn lay_out(
    decision: &mut Decision<'_>,
    view: &mut View,
    plan: &Plan,
    place: usize,
    partner: &PartnerRef,
    duty: &Duty,
    withdrawn: bool,
) {
    let all: Vec<_> = of_partner(view, partner)
        .filter(|record| record.state == MilestoneState::Reached)
        .map(|record| record.milestone.clone())
        .collect();
    let reached = |step: &PlanStep| all.contains(&step.milestone);
    let mut from = decision.now;
    for (i, step) in plan.steps.iter().enumerate() {
        let id = MilestoneRecord::name(&partner.id, &step.milestone);
        let known = view.milestones.get(id.raw()).cloned();
        if i < place {
            let open = known.as_ref().is_none_or(|known| known.state == MilestoneState::Expected);
            if open && !withdrawn {
                let mut record = known.unwrap_or_else(|| {
                    fresh(partner, &step.milestone, Some(plan), i as u32 + 1, decision.now)
                });
                record.state = MilestoneState::Skipped;
                record.due_at = None;
                let sentence =
                    format!("{}: {} was passed over.", partner.name.printable(), word(&step.milestone));
                keep(decision, view, record, What::MilestoneSkipped, &sentence);
                let because = "A later milestone is reached.";
                decision.close_task(view, &plan_task(partner, &step.milestone), because);
            }
        } else if i > place && !withdrawn {
            let due = decision.partner_day(duty, partner, from, step.within_days);
            from = due;
            // What a later one has overtaken is not waited for either.
            if plan.steps.iter().skip(i).any(reached) {
                continue;
            }
            let mut record = known
                .unwrap_or_else(|| fresh(partner, &step.milestone, Some(plan), i as u32 + 1, decision.now));
            // A day once given is kept; only what was not expected yet gets one.
            if record.state == MilestoneState::Expected && record.due_at.is_some() {
                from = record.due_at.unwrap_or(from);
                continue;
            }
            record.state = MilestoneState::Expected;
            record.due_at = Some(due);
            record.task = None;
            let sentence = format!("{}: {} is expected.", partner.name.printable(), word(&step.milestone));
            keep(decision, view, record, What::MilestoneExpected, &sentence);
        }
    }
}

/// The team of the rule, and the partner's manager where the rule does not name one.
fn with_manager(desk: &Desk, mut audience: Audience, partner: &PartnerRef, now: Timestamp) -> Audience {
    if !audience.targets.is_empty()
        && let Some(role) = MANAGERS.iter().find(|role| desk.assigned(role, partner, now).is_some())
    {
        let target = Target::Assigned((*role).to_owned());
        if !audience.targets.contains(&target) {
            audience.targets.push(target);
        }
    }
    audience
}

fn manager(desk: &Desk, partner: &PartnerRef, now: Timestamp) -> Option<crate::core::person::PersonId> {
    MANAGERS.iter().find_map(|role| desk.assigned(role, partner, now)).cloned()
}

/// The contacts the event names, else all of the partner's; those who want no such messages are left
/// to the moment of sending, which says so.
fn involved(view: &View, partner: &PartnerRef, named: &[Untrusted]) -> Vec<(Contact, &'static str)> {
    let found: Vec<(Contact, &'static str)> = named
        .iter()
        .filter_map(|id| view.contacts.get(id.raw()))
        .filter(|contact| belongs(contact, partner))
        .map(|contact| (contact.clone(), "named by the community"))
        .collect();
    if !found.is_empty() {
        return without_leavers(each_once(found));
    }
    let wants = |contact: &&Contact| {
        contact.channels.get(&Category::Onboarding).is_none_or(|media| !media.is_empty())
    };
    let mut all: Vec<&Contact> = view
        .contacts
        .values()
        .filter(|contact| contact.partner_id.as_ref() == Some(&partner.id))
        .filter(|contact| contact.state == ContactState::Active)
        .filter(wants)
        .collect();
    all.sort_by(|a, b| (a.created_at, a.id.raw()).cmp(&(b.created_at, b.id.raw())));
    each_once(all.into_iter().map(|contact| (contact.clone(), "contact of the partner")).collect())
}

/// A contact may be named twice, or be known by two names.
fn each_once(mut found: Vec<(Contact, &'static str)>) -> Vec<(Contact, &'static str)> {
    let mut seen = BTreeSet::new();
    found.retain(|(contact, _)| seen.insert(contact.id.raw().to_owned()));
    found
}

fn news(
    reader: &Reader<'_>,
    view: &View,
    plan: Option<&Plan>,
    partner: &PartnerRef,
    milestone: &Milestone,
    withdrawn: bool,
    now: Timestamp,
) -> MilestoneNews {
    let record =
        |milestone: &Milestone| view.milestones.get(MilestoneRecord::name(&partner.id, milestone).raw());
    let steps = plan.map(|plan| plan.steps.as_slice()).unwrap_or_default();
    let state = |step: &PlanStep| record(&step.milestone).map(|record| record.state);
    // What a later one has overtaken is not waited for; what was taken back is to be reached anew.
    let ahead = steps.iter().rposition(|step| state(step) == Some(MilestoneState::Reached));
    let waits =
        |step: &PlanStep| matches!(state(step), Some(MilestoneState::Expected | MilestoneState::Withdrawn));
    let told = steps.iter().find(|step| withdrawn && step.milestone == *milestone);
    let next = told.or_else(|| steps.iter().skip(ahead.map_or(0, |at| at + 1)).find(|step| waits(step)));
    let next = next.map(|step| NextStep {
        milestone: reader.word(step.milestone.word()),
        who: doer(reader, partner, &step.by, now),
        by: record(&step.milestone)
            .filter(|record| record.state == MilestoneState::Expected)
            .and_then(|record| record.due_at)
            .map(|due| reader.day_of(partner, due)),
    });
    let progress = steps
        .iter()
        .filter_map(|step| {
            let record = record(&step.milestone)?;
            let late = record.state == MilestoneState::Expected && record.task.is_some();
            Some(ProgressLine {
                milestone: reader.word(step.milestone.word()),
                state: if late { "late".into() } else { record.state.as_str().into() },
                // The day that one taken back was once expected on says nothing any more.
                date: record
                    .reached_at
                    .or(record.due_at.filter(|_| record.state != MilestoneState::Withdrawn))
                    .map(|at| reader.day_of(partner, at)),
            })
        })
        .collect();
    MilestoneNews { milestone: reader.word(milestone.word()), next, progress, withdrawn }
}

/// Who brings a milestone about, by name.
fn doer(reader: &Reader<'_>, partner: &PartnerRef, by: &Doer, now: Timestamp) -> String {
    let desk = reader.desk();
    let target = match by {
        Doer::Partner => return line(&partner.name),
        Doer::Us(target) => target,
    };
    match target {
        Target::Person(id) => desk.name_of(id),
        Target::Team(team) => reader.word(team),
        Target::Lead(team) => {
            let lead = desk.teams.get(team).and_then(|team| team.lead.as_ref());
            lead.map_or_else(|| reader.word(team), |lead| desk.name_of(lead))
        }
        Target::Assigned(role) => match desk.assigned(role, partner, now) {
            Some(person) => desk.name_of(person),
            None => reader.word(role),
        },
        Target::OnCall(name) | Target::Webhook(name) => name.clone(),
    }
}

fn fresh(
    partner: &PartnerRef,
    milestone: &Milestone,
    plan: Option<&Plan>,
    place: u32,
    now: Timestamp,
) -> MilestoneRecord {
    MilestoneRecord {
        id: MilestoneRecord::name(&partner.id, milestone),
        state: MilestoneState::Expected,
        partner: partner.clone(),
        milestone: milestone.clone(),
        plan: plan.filter(|_| place > 0).map(|plan| plan.name.clone()).unwrap_or_default(),
        place,
        due_at: None,
        reached_at: None,
        task: None,
        mark: Mark::default(),
        created_at: now,
        updated_at: now,
    }
}

fn word(milestone: &Milestone) -> String {
    crate::core::text::sanitise(milestone.word()).replace('_', " ")
}

fn keep(
    decision: &mut Decision<'_>,
    view: &mut View,
    mut record: MilestoneRecord,
    what: What,
    sentence: &str,
) {
    record.updated_at = decision.now;
    let object = Object::Milestone(Box::new(record.clone()));
    let change = Change::of_partner(decision.now, what, sentence, &record.partner.id, object);
    decision.changes.push(change);
    view.milestones.insert(record.id.raw().to_owned(), record);
}
