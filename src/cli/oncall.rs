//! Who is on call, now, at another time, or over the weeks to come, in the reader's zone and in the
//! schedule's own.

use super::print::{self, Table};
use super::{Context, Failed, list, time};
use crate::core::person::PersonId;
use crate::core::schedule::{Segment, Why};
use crate::core::text::sanitise;
use crate::wire::{OnCall, ScheduleTimeline};
use clap::Args;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

#[derive(Args, Debug)]
pub struct OncallArgs {
    /// At that time instead of now: 2h, 06:30, fri 18:00 (in your zone, else the desk's) or RFC 3339
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
    /// Only by this schedule
    #[arg(long, value_name = "SCHEDULE")]
    pub schedule: Option<String>,
    /// Everybody over that many weeks, from now or from --at, and the times without anybody
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=13))]
    pub weeks: Option<u16>,
    /// One JSON array
    #[arg(long)]
    pub json: bool,
}

pub async fn run(args: &OncallArgs, context: &Context) -> Result<(), Failed> {
    let at = match &args.at {
        Some(typed) => Some(time::typed(typed, context).await?),
        None => None,
    };
    match args.weeks {
        Some(weeks) => timeline(args, at, weeks, context).await,
        None => moment(args, at, context).await,
    }
}

async fn moment(args: &OncallArgs, at: Option<Timestamp>, context: &Context) -> Result<(), Failed> {
    let path = match at {
        Some(at) => format!("/v1/oncall?at={}", list::encoded(&at.to_string())),
        None => "/v1/oncall".to_owned(),
    };
    let mut found: Vec<OnCall> = context.client.get(&path).await?;
    if let Some(schedule) = &args.schedule {
        found.retain(|one| one.schedule == *schedule);
        if found.is_empty() {
            return Err(Failed::No(format!("There is no schedule {}.", sanitise(schedule))));
        }
    }
    if args.json {
        return print::json(&found);
    }
    time::settle(context).await?;
    let mut table = Table::new(&["SCHEDULE", "ON CALL", "UNTIL", "THERE", "THEN", "WHY"]);
    for one in found {
        let next = one.then.as_ref().map(|next| names(&next.people)).unwrap_or_default();
        table.row(vec![
            sanitise(&one.schedule).into_owned().into(),
            names(&one.people).into(),
            one.until.map_or_else(|| "further notice".to_owned(), time::short).into(),
            one.until.map(|until| there(until, &one.time_zone)).unwrap_or_default().into(),
            next.into(),
            one.why.as_ref().map(why).unwrap_or_default().into(),
        ]);
    }
    table.print()
}

async fn timeline(
    args: &OncallArgs,
    at: Option<Timestamp>,
    weeks: u16,
    context: &Context,
) -> Result<(), Failed> {
    let mut path = format!("/v1/oncall/timeline?days={}", weeks * 7);
    if let Some(at) = at {
        path.push_str(&format!("&from={}", list::encoded(&at.to_string())));
    }
    if let Some(schedule) = &args.schedule {
        path.push_str(&format!("&schedule={}", list::encoded(schedule)));
    }
    let found: Vec<ScheduleTimeline> = context.client.get(&path).await?;
    if args.json {
        return print::json(&found);
    }
    time::settle(context).await?;
    for (i, one) in found.iter().enumerate() {
        if i > 0 {
            print::line("")?;
        }
        print::line(&format!("{} ({})", sanitise(&one.schedule), sanitise(&one.time_zone)))?;
        let mut table = Table::new(&["FROM", "UNTIL", "THERE", "ON CALL", "WHY"]);
        for segment in &one.segments {
            table.row(vec![
                time::short(segment.from).into(),
                time::short(segment.until).into(),
                there(segment.until, &one.time_zone).into(),
                names(&segment.people).into(),
                why(&segment.why).into(),
            ]);
        }
        table.print()?;
        print::line(&gaps(&one.segments))?;
    }
    Ok(())
}

/// `2 gaps, 62 h in all: nobody is on call then.`
fn gaps(segments: &[Segment]) -> String {
    let empty: Vec<_> = segments.iter().filter(|segment| segment.people.is_empty()).collect();
    let sum = empty.iter().map(|gap| gap.from.duration_until(gap.until)).sum::<SignedDuration>();
    let (hours, minutes) = (sum.as_hours(), sum.as_mins() % 60);
    let length = if minutes == 0 { format!("{hours} h") } else { format!("{hours} h {minutes} min") };
    match empty.len() {
        0 => "Somebody is on call all the time.".to_owned(),
        1 => format!("1 gap of {length}: nobody is on call then."),
        n => format!("{n} gaps, {length} in all: nobody is on call then."),
    }
}

/// The same moment on the schedule's clock, where that is another.
fn there(at: Timestamp, zone: &str) -> String {
    match TimeZone::get(zone) {
        Ok(zone) if zone.to_datetime(at) != time::zone().to_datetime(at) => {
            at.to_zoned(zone).strftime("%a %H:%M %Z").to_string()
        }
        _ => String::new(),
    }
}

fn names(people: &[PersonId]) -> String {
    match people {
        [] => "NOBODY".to_owned(),
        people => people.iter().map(|person| sanitise(&person.0)).collect::<Vec<_>>().join(", "),
    }
}

fn why(why: &Why) -> String {
    match why {
        Why::Rotation { layer } => format!("their turn in {}", sanitise(layer)),
        Why::Calendar { layer, event } => format!("calendar {}: {}", sanitise(layer), event.printable()),
        Why::Override { id, by } => format!("{id}, arranged by {}", sanitise(&by.0)),
        Why::Nobody => "no layer has anybody on".to_owned(),
    }
}
