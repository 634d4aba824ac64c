//! Why somebody is on call at a time, or why nobody is.

use super::Told;
use crate::console::clock;
use crate::console::model::Model;
use crate::console::oncall::{self, TurnKey, arranged, goes_on, who, why};
use crate::console::theme::Meaning;
use crate::console::view::cover::clocks;
use crate::core::alert::Target;
use crate::core::schedule::Why;
use crate::core::text::sanitise;
use jiff::tz::TimeZone;

pub fn tell(told: &mut Told, model: &Model, key: &TurnKey) {
    let (Some(desk), Some((schedule, turn))) = (&model.desk, oncall::turn(model, key)) else {
        told.say("This turn is over, or the plan was changed.", Meaning::Quiet);
        return;
    };
    let (own, there) = (model.zone(), TimeZone::get(&schedule.time_zone).unwrap_or(TimeZone::UTC));
    let name = sanitise(&schedule.schedule);
    let nobody = turn.people.is_empty();
    let on = if nobody {
        format!("Nobody is on call by {name}.")
    } else {
        let are = if turn.people.len() > 1 || who(desk, turn) == "you" { "are" } else { "is" };
        let mut said = format!("{} {are} on call by {name}.", who(desk, turn));
        if let Some(first) = said.get(..1).map(str::to_uppercase) {
            said.replace_range(..1, &first);
        }
        said
    };
    told.say(&on, if nobody { Meaning::Bad } else { Meaning::Strong });
    let from = if turn.from <= model.now { "now".to_owned() } else { clocks(turn.from, &own, &there) };
    told.fact("from", &from, Meaning::Plain);
    let longer = if goes_on(schedule, turn) { ", or longer" } else { "" };
    told.fact("until", &format!("{}{longer}", clocks(turn.until, &own, &there)), Meaning::Plain);
    told.gap();
    let because = why(desk, schedule, turn);
    match &turn.why {
        Why::Rotation { .. } => {
            let said = format!("It is {because}: the rotation of the configuration says so.");
            told.fact("because", &said, Meaning::Plain);
        }
        Why::Calendar { .. } => told.fact("because", &because, Meaning::Plain),
        Why::Override { .. } => {
            told.fact("because", &because, Meaning::Accent);
            if let Some(over) = arranged(schedule, turn) {
                let at = clock::when(model.now, over.created_at, &own);
                told.fact("arranged", &format!("{at} by {}", desk.short_name(&over.by)), Meaning::Plain);
                if let Some(with) = over.swap {
                    told.fact("swap", &format!("the other half is {with}"), Meaning::Plain);
                }
            }
            let planned = schedule.planned.iter().find(|one| one.from < turn.until && turn.from < one.until);
            if let Some(planned) = planned {
                let said = format!("{} ({})", who(desk, planned), why(desk, schedule, planned));
                told.fact("plan", &format!("without it: {said}"), Meaning::Quiet);
            }
        }
        Why::Nobody => {
            let said = "no layer of the schedule has anybody on, and nothing was arranged beside it";
            told.fact("because", said, Meaning::Bad);
        }
    }
    told.gap();
    let pages = |alert: &&crate::core::alert::Alert| {
        let all = alert.policy.steps.iter().chain([&alert.policy.last_resort]);
        let mut targets = all.flat_map(|step| &step.notify);
        targets.any(|target| matches!(target, Target::OnCall(name) if *name == schedule.schedule))
    };
    let open = |alert: &&crate::core::alert::Alert| alert.state == crate::core::alert::AlertState::Open;
    let waiting: Vec<String> =
        desk.alerts.values().filter(open).filter(pages).map(|alert| alert.id.to_string()).collect();
    let said = match (nobody, waiting.is_empty()) {
        (true, _) => {
            "A step that pages this schedule then tells nobody and goes on to the next at once; o puts \
             somebody on."
                .to_owned()
        }
        (false, true) => "No open alert pages this schedule now.".to_owned(),
        (false, false) => format!("Open alerts whose policy pages this schedule: {}.", waiting.join(", ")),
    };
    told.say(&said, if nobody { Meaning::Warn } else { Meaning::Plain });
}
