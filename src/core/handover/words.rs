//! What people read of a hand-over: a text, a mail with the sheet, a word that somebody took over.

use super::course::Facts;
use super::sheet::{self, Medium as On};
use super::{Going, Handover, HandoverState, Known, Matters};
use crate::core::desk::Desk;
use crate::core::notification::Content;
use crate::core::page::plain;
use crate::core::person::{Person, PersonId};
use crate::core::reply::Code;
use crate::core::sms::{clip, length};
use crate::core::text::{Untrusted, sanitise};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// Room for the mark of a second copy.
const ROOM: usize = 150;

/// `Ann Lee and Bob Roth`; `nobody`.
pub fn names(desk: &Desk, people: &[PersonId]) -> String {
    joined(people.iter().map(|id| desk.name_of(id)).collect())
}

/// `A.Lee and B.Roth`, for where there is little room.
fn short_names(desk: &Desk, people: &[PersonId]) -> String {
    let short = |id: &PersonId| desk.person(id).map_or_else(|| id.0.clone(), Person::short_name);
    match people {
        [first, _, rest @ ..] if !rest.is_empty() => format!("{} +{}", short(first), people.len() - 1),
        few => joined(few.iter().map(short).collect()),
    }
}

fn joined(names: Vec<String>) -> String {
    match names.as_slice() {
        [] => "nobody".to_owned(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// `Fri 27 Nov 18:00 CET`.
pub fn long(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%a %-d %b %H:%M %Z").to_string()
}

/// `18:00` today, `Fri 18:00` within days, else with its date.
fn short(at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let (then, today) = (at.to_zoned(zone.clone()), now.to_zoned(zone.clone()));
    let form = if then.date() == today.date() {
        "%H:%M"
    } else if at.duration_since(now).abs() < SignedDuration::from_hours(6 * 24) {
        "%a %H:%M"
    } else {
        "%a %-d %b %H:%M"
    };
    then.strftime(form).to_string()
}

/// `You have primary until Mon 07:00 from A.Lee. 3 open, 2 promises. Reply ACCEPT K7RBM`, in one part.
pub fn text(
    desk: &Desk,
    one: &Handover,
    matters: &Matters,
    to: &Person,
    code: Code,
    late: bool,
    now: Timestamp,
) -> Content {
    let zone = desk.zone_of(&to.id);
    let since = one.at.filter(|_| late).map(|at| format!(" since {}", short(at, now, &zone)));
    let until = one.until.map(|until| format!(" until {}", short(until, now, &zone))).unwrap_or_default();
    let late = if late { "(Late: the desk was away.) " } else { "" };
    let from = clip(&short_names(desk, &one.outgoing), 30);
    let schedule = clip(&sanitise(&one.schedule), 24);
    let head = format!("{late}You have {schedule}{}{until} from {from}. ", since.unwrap_or_default());
    fitted(&head, &matters.counted(), &format!(". Reply ACCEPT {code}"))
}

/// The same once more, for whoever has not answered.
pub fn reminder(desk: &Desk, one: &Handover, matters: &Matters, code: Code) -> Content {
    let from = clip(&short_names(desk, &one.outgoing), 30);
    let schedule = clip(&sanitise(&one.schedule), 24);
    let head = format!("Not accepted yet: {schedule} from {from}, who is still paged, too. ");
    fitted(&head, &matters.counted(), &format!(". Reply ACCEPT {code}"))
}

fn fitted(head: &str, said: &str, tail: &str) -> Content {
    let (head, tail) = (plain(head), plain(tail));
    let room = ROOM.saturating_sub(length(&head) + length(&tail)).max(8);
    let body = format!("{head}{}{tail}", clip(&plain(said), room));
    Content { body: body.into(), ..Content::default() }
}

/// What whoever comes reads: who left, what was said, and the sheet.
pub fn mail(
    desk: &Desk,
    one: &Handover,
    matters: &Matters,
    to: &Person,
    facts: &Facts,
    now: Timestamp,
) -> Content {
    let zone = desk.zone_of(&to.id);
    let schedule = sanitise(&one.schedule);
    let from = names(desk, &one.outgoing);
    let until = one.until.map(|until| format!(" until {}", short(until, now, &zone))).unwrap_or_default();
    let open = one.state == HandoverState::Open;
    let counted = if open { matters.counted() } else { "nothing to take over".to_owned() };
    let subject = format!("[{schedule}] You are on call{until} from {from}: {counted}");
    let mut body = format!("You are on call for {schedule}{until}, from {from}.\n");
    if open {
        body.push_str(&format!(
            "\nPlease accept it ({}): what {from} has in hand becomes yours then, and until then {from} is paged, too.\n\
             Answer this mail with ACCEPT, or run `nightdesk handover accept {}`, or type :handover in the console.\n",
            one.id, one.id
        ));
    } else {
        body.push_str("\nThere is nothing to take over, and nothing to do.\n");
    }
    body.push('\n');
    body.push_str(&sheet_of(desk, one, facts, &zone, now));
    Content { subject: subject.into(), body: body.into(), ..Content::default() }
}

/// What whoever leaves reads: the note they are to finish.
pub fn note_wanted(
    desk: &Desk,
    one: &Handover,
    matters: &Matters,
    to: &Person,
    facts: &Facts,
    now: Timestamp,
) -> Content {
    let zone = desk.zone_of(&to.id);
    let schedule = sanitise(&one.schedule);
    let whom = names(desk, &one.incoming);
    let at = one.at.map(|at| short(at, now, &zone)).unwrap_or_default();
    let counted = if matters.is_empty() { "nothing is open".to_owned() } else { matters.counted() };
    let subject = format!("[{schedule}] You hand over to {whom} at {at}: {counted}");
    let body = format!(
        "You hand {schedule} over to {whom} at {at}. Below is what they will read. What it cannot say, add:\n\n  \
         nightdesk handover note --of {} \"…\"\n\nor type :handover in the console and press n. A line may be added until \
         {whom} accepts it; until then you are paged, too, after them.\n\n{}",
        one.id,
        sheet_of(desk, one, facts, &zone, now)
    );
    Content { subject: subject.into(), body: body.into(), ..Content::default() }
}

/// The sheet as it is now, with what was said for this hand-over.
fn sheet_of(desk: &Desk, one: &Handover, facts: &Facts, zone: &TimeZone, now: Timestamp) -> String {
    let mut known = Known { handovers: vec![one.clone()], ..facts.known.clone() };
    known.seen_off.retain(|alert| one.at.is_some_and(|at| at <= alert.updated_at));
    let mut sheet = sheet::sheet(desk, Some(&one.schedule), known, now);
    // How it is accepted stands above.
    sheet.handovers.retain(|going: &Going| !going.notes.is_empty());
    sheet.text(zone, On::Screen)
}

/// A line that came after whoever comes had read the sheet.
pub fn added(one: &Handover, by: &str, text: &Untrusted) -> Content {
    let schedule = sanitise(&one.schedule);
    Content {
        subject: format!("[{schedule}] {by} adds to the hand-over").into(),
        body: Untrusted::new(format!(
            "{by} adds to the hand-over of {schedule} ({}):\n\n{}\n",
            one.id,
            text.raw()
        )),
        ..Content::default()
    }
}

/// `B.Roth has taken over primary: 2 promises, 1 task are theirs now (H12)`.
pub fn relieved(one: &Handover, by: &str, moved: &str) -> Content {
    let head = format!("{} has taken over {}", clip(by, 40), clip(&sanitise(&one.schedule), 24));
    let tail = if moved.is_empty() {
        format!(" ({})", one.id)
    } else {
        format!(": {moved} now theirs. Nobody pages you for it any more ({})", one.id)
    };
    let said = plain(&format!("{head}{tail}"));
    Content { subject: said.clone().into(), body: clip(&said, ROOM).into(), ..Content::default() }
}
