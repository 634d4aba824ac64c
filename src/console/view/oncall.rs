//! Who is on call over two weeks, by every schedule: hand-offs on the operator's clock and on the schedule's,
//! what was arranged beside the plan, and when nobody is.

use crate::console::allowed::allowed;
use crate::console::clock;
use crate::console::desk::Desk;
use crate::console::keymap::Action;
use crate::console::model::{About, Model};
use crate::console::oncall::{TurnKey, arranged, gap, goes_on, selected, turn, who, why};
use crate::console::theme::Meaning;
use crate::console::view::cover::{clocks, long};
use crate::console::view::paint::{Canvas, Spans, cells, wrap};
use crate::console::view::stream::filter_line;
use crate::console::view::{WIDE, crumbs, first_row, new_rows};
use crate::core::counted::counted;
use crate::core::person::PersonId;
use crate::core::schedule::{Segment, Why};
use crate::core::text::sanitise;
use crate::core::wall;
use crate::wire::ScheduleTimeline;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use ratatui::layout::{Position, Rect};

/// Below the list: the turn in words, and its schedule as a picture.
const DETAIL: u16 = 7;
/// Days in the picture: today and two weeks.
const DAYS: i32 = 15;

enum Line<'m> {
    Schedule(&'m ScheduleTimeline),
    Turn(&'m TurnKey),
}

pub fn paint(canvas: &mut Canvas<'_>, model: &Model, area: Rect) -> Option<Position> {
    let desk = model.desk.as_ref()?;
    let plan = &model.on_call;
    let x = canvas.put_spans(area.x + 1, area.y, area.width.saturating_sub(2), &counts(model));
    let cursor = filter_line(canvas, &plan.filter, x + 2, area.y, area.right().saturating_sub(x + 3));
    if let Some(new) = new_rows(canvas, plan.rows.waiting()) {
        canvas.put_right(area.x, area.y, area.width - 1, &new, Meaning::Accent);
    }
    let columns = Columns::of(model, area);
    columns.heads(canvas, area.y + 1);
    if plan.rows.is_empty() {
        let (said, meaning) = match (&plan.missing, plan.heard) {
            (Some(why), _) => (format!("Who is on call could not be read: {why}."), Meaning::Warn),
            (None, false) => ("Asking the agent.".to_owned(), Meaning::Quiet),
            (None, true) if plan.filter.is_active() => {
                ("No turn matches. Esc shows all again.".to_owned(), Meaning::Quiet)
            }
            (None, true) => (
                "No [[schedule]] is configured; policies page people and teams by name.".to_owned(),
                Meaning::Plain,
            ),
        };
        canvas.put(area.x + 2, area.y + 2, area.width.saturating_sub(3), &said, meaning);
        canvas.rule(area, area.bottom().saturating_sub(1), "", "", Meaning::Accent);
        return cursor;
    }

    let mut lines: Vec<Line<'_>> = Vec::new();
    for key in plan.rows.order() {
        let before = match lines.last() {
            Some(Line::Turn(last)) => Some(last.schedule.as_str()),
            _ => None,
        };
        if before != Some(key.schedule.as_str())
            && let Some((schedule, _)) = turn(model, key)
        {
            lines.push(Line::Schedule(schedule));
        }
        lines.push(Line::Turn(key));
    }
    let at =
        lines.iter().position(|line| matches!(line, Line::Turn(key) if plan.rows.selected() == Some(*key)));
    let top = area.y + 2;
    let detail_rows = DETAIL + pictures(model, area);
    let room = area.bottom().saturating_sub(top + detail_rows + 2);
    let first = first_row(at, lines.len(), usize::from(room));
    // The head of the first turn in sight is worth its line.
    let first = if first == 1 && room > 1 && at.is_some_and(|at| at < usize::from(room)) { 0 } else { first };
    for (y, line) in (top..).zip(lines.iter().skip(first).take(usize::from(room))) {
        match line {
            Line::Schedule(schedule) => head(canvas, model, schedule, area, y),
            Line::Turn(key) => {
                let Some((schedule, turn)) = self::turn(model, key) else { continue };
                canvas.selected = plan.rows.selected() == Some(*key);
                if canvas.selected {
                    let marker = canvas.theme.signs.marker;
                    canvas.put(area.x, y, 1, marker, Meaning::Accent);
                }
                columns.row(canvas, model, desk, schedule, turn, y);
                canvas.selected = false;
            }
        }
    }
    let more = lines.len().saturating_sub(first + usize::from(room));
    if more > 0 {
        let hint = format!(" {more} more {} ", canvas.theme.signs.down);
        canvas.put_right(area.x, area.y + 1, area.width.saturating_sub(1), &hint, Meaning::Quiet);
    }
    let height = detail_rows + 1;
    let below = Rect { y: area.bottom().saturating_sub(height + 1), height, ..area };
    detail(canvas, model, desk, below);
    let (says, meaning) = intent(model, desk);
    canvas.rule(area, area.bottom().saturating_sub(1), &says, "", meaning);
    cursor
}

/// `On call  2 schedules  1 gap within two weeks`.
fn counts(model: &Model) -> Spans {
    let plan = &model.on_call;
    let mut spans = crumbs::spans(model);
    if !plan.heard || plan.known.is_empty() {
        return spans;
    }
    let coming = |turn: &&Segment| turn.until > model.now;
    let gaps = plan.known.iter().flat_map(|known| known.segments.iter().filter(coming));
    spans.push(match gaps.filter(|turn| turn.people.is_empty()).count() {
        0 => ("  somebody is on all the time, for two weeks".to_owned(), Meaning::Good),
        1 => ("  1 gap within two weeks".to_owned(), Meaning::Bad),
        n => (format!("  {n} gaps within two weeks"), Meaning::Bad),
    });
    let arranged: std::collections::BTreeSet<_> =
        plan.known.iter().flat_map(|known| known.overrides.iter().map(|over| over.id)).collect();
    match arranged.len() {
        0 => {}
        n => spans.push((format!("  {}", counted(n, "override", "overrides")), Meaning::Accent)),
    }
    if plan.missing.is_some() {
        spans.push(("  as last heard".to_owned(), Meaning::Warn));
    }
    spans
}

/// `─ primary · Europe/Berlin ── nobody for 14 h ─`.
fn head(canvas: &mut Canvas<'_>, model: &Model, schedule: &ScheduleTimeline, area: Rect, y: u16) {
    let coming = schedule.segments.iter().filter(|turn| turn.until > model.now && turn.people.is_empty());
    let empty: SignedDuration = coming.map(|turn| turn.from.max(model.now).duration_until(turn.until)).sum();
    let right = if empty.is_zero() {
        String::new()
    } else {
        format!("nobody for {} in all", clock::length(empty.as_secs()))
    };
    let dot = canvas.theme.signs.dot;
    let title = format!("{} {dot} {}", sanitise(&schedule.schedule), sanitise(&schedule.time_zone));
    canvas.rule(area, y, &title, &right, Meaning::Strong);
}

fn zone_of(schedule: &ScheduleTimeline) -> TimeZone {
    TimeZone::get(&schedule.time_zone).unwrap_or(TimeZone::UTC)
}

struct Columns {
    from: (u16, u16),
    /// The same moment by the schedule's clock; no width where every clock shows the same.
    there: (u16, u16),
    long: (u16, u16),
    who: (u16, u16),
    why: (u16, u16),
    wide: bool,
}

impl Columns {
    fn of(model: &Model, area: Rect) -> Self {
        let wide = area.width >= WIDE;
        let own = model.zone();
        let differs = model.on_call.known.iter().any(|schedule| {
            let there = zone_of(schedule);
            schedule.segments.iter().any(|turn| own.to_datetime(turn.from) != there.to_datetime(turn.from))
        });
        let mut at = area.x + 2;
        let mut column = |width: u16| {
            let x = at;
            at += width + if width > 0 { 2 } else { 0 };
            (x, width)
        };
        let there = match (differs, wide) {
            (false, _) => 0,
            (true, false) => 9,
            (true, true) => 21,
        };
        let from = column(if wide { 21 } else { 16 });
        let (there, long) = (column(there), column(7));
        let who = column(if wide { 20 } else { 11 });
        Self { from, there, long, who, why: (at, area.right().saturating_sub(at + 1)), wide }
    }

    fn heads(&self, canvas: &mut Canvas<'_>, y: u16) {
        for ((x, width), head) in [
            (self.from, "FROM"),
            (self.there, "THERE"),
            (self.long, "FOR"),
            (self.who, "ON CALL"),
            (self.why, "WHY"),
        ] {
            canvas.put(x, y, width, head, Meaning::Quiet);
        }
    }

    fn row(
        &self,
        canvas: &mut Canvas<'_>,
        model: &Model,
        desk: &Desk,
        schedule: &ScheduleTimeline,
        turn: &Segment,
        y: u16,
    ) {
        let (own, there) = (model.zone(), zone_of(schedule));
        let from = match (turn.from <= model.now, self.wide) {
            (true, _) => "now".to_owned(),
            (false, true) => long(turn.from, &own),
            (false, false) => turn.from.to_zoned(own.clone()).strftime("%a %e %b %H:%M").to_string(),
        };
        canvas.put(self.from.0, y, self.from.1, &from, Meaning::Plain);
        if turn.from > model.now && own.to_datetime(turn.from) != there.to_datetime(turn.from) {
            let said = match self.wide {
                true => long(turn.from, &there),
                false => turn.from.to_zoned(there).strftime("%a %H:%M").to_string(),
            };
            canvas.put(self.there.0, y, self.there.1, &said, Meaning::Quiet);
        }
        let left = turn.from.max(model.now).duration_until(turn.until);
        canvas.put(self.long.0, y, self.long.1, &clock::length(left.as_secs() / 60 * 60), Meaning::Quiet);
        if turn.people.is_empty() {
            let width = self.who.1 + 2 + self.why.1;
            canvas.put(self.who.0, y, width, &gap(model, schedule, turn), Meaning::Bad);
            return;
        }
        let arranged = matches!(turn.why, Why::Override { .. });
        let meaning = if arranged { Meaning::Accent } else { Meaning::Plain };
        canvas.put(self.who.0, y, self.who.1, &who(desk, turn), meaning);
        let meaning = if arranged { Meaning::Accent } else { Meaning::Quiet };
        canvas.put(self.why.0, y, self.why.1, &why(desk, schedule, turn), meaning);
    }
}

/// The selected turn in words, and the two weeks of its schedule.
fn detail(canvas: &mut Canvas<'_>, model: &Model, desk: &Desk, area: Rect) {
    let Some((schedule, turn)) = selected(model) else {
        canvas.rule(area, area.y, "", "", Meaning::Quiet);
        return;
    };
    let dot = canvas.theme.signs.dot;
    let title = format!("{} {dot} {}", sanitise(&schedule.schedule), who(desk, turn));
    canvas.rule(area, area.y, &title, "", Meaning::Strong);
    let (x, width) = (area.x + 1, area.width.saturating_sub(2));
    let (own, there) = (model.zone(), zone_of(schedule));
    let from = if turn.from <= model.now { "now".to_owned() } else { clocks(turn.from, &own, &there) };
    canvas.put(x, area.y + 1, width, &format!("from  {from}"), Meaning::Plain);
    let longer = if goes_on(schedule, turn) { ", or longer: no more was asked for" } else { "" };
    canvas.put(
        x,
        area.y + 2,
        width,
        &format!("until {}{longer}", clocks(turn.until, &own, &there)),
        Meaning::Plain,
    );
    for (y, line) in (area.y + 3..).zip(wrap(&reason(model, desk, schedule, turn), width).iter().take(2)) {
        let meaning = if turn.people.is_empty() { Meaning::Bad } else { Meaning::Plain };
        canvas.put(x, y, width, line, meaning);
    }
    picture(canvas, model, desk, schedule, Rect { x, y: area.y + 5, width, height: 3 });
    // Where there is room, the two weeks of the other schedules as well.
    let others = model.on_call.known.iter().filter(|other| other.schedule != schedule.schedule);
    let mut y = area.y + 8;
    for other in others {
        if y + PICTURE > area.bottom() {
            break;
        }
        canvas.put(x, y, width, &sanitise(&other.schedule), Meaning::Strong);
        picture(canvas, model, desk, other, Rect { x, y: y + 1, width, height: 3 });
        y += PICTURE;
    }
}

/// Rows of one more picture: its name, the days, who is on, and the letters.
const PICTURE: u16 = 4;

/// Rows for the pictures of schedules that are not selected: a third of the place at most.
fn pictures(model: &Model, area: Rect) -> u16 {
    let others = u16::try_from(model.on_call.known.len().saturating_sub(1)).unwrap_or(u16::MAX);
    let room = if area.height >= 30 { area.height / 3 / PICTURE } else { 0 };
    others.min(room) * PICTURE
}

/// Why they are on, in a sentence.
fn reason(model: &Model, desk: &Desk, schedule: &ScheduleTimeline, turn: &Segment) -> String {
    let own = model.zone();
    match &turn.why {
        Why::Rotation { .. } => format!("It is {}; the configuration says so.", why(desk, schedule, turn)),
        Why::Calendar { .. } => format!("By {}.", why(desk, schedule, turn)),
        Why::Nobody => {
            "Nobody: no layer has anybody on. A step that pages this schedule goes on to the next at once."
                .to_owned()
        }
        Why::Override { .. } => {
            let made = arranged(schedule, turn);
            let when = made.map(|over| format!(" on {}", long(over.created_at, &own))).unwrap_or_default();
            let swap =
                made.and_then(|over| over.swap).map(|id| format!("; a swap, with {id}")).unwrap_or_default();
            format!("{}{when}{swap}.", why(desk, schedule, turn))
        }
    }
}

/// Two weeks as letters, a few to a day: who is on, small where it was arranged, `!` where nobody is.
fn picture(canvas: &mut Canvas<'_>, model: &Model, desk: &Desk, schedule: &ScheduleTimeline, area: Rect) {
    let own = model.zone();
    let today = own.to_datetime(model.now).date();
    let days = u16::try_from(DAYS).unwrap_or(15);
    let cells_a_day = (area.width / days).clamp(1, 7);
    let mut people: Vec<&PersonId> = Vec::new();
    let mut empty = false;
    for day in 0..days {
        let midnight = |ahead: i32| {
            let date = today.saturating_add(ahead.days());
            wall::moment(&own, date.to_datetime(Time::midnight()))
        };
        let (from, until) = (midnight(i32::from(day)), midnight(i32::from(day) + 1));
        let x = area.x + day * cells_a_day;
        let form = if cells_a_day > 5 { "%a %e" } else { "%e" };
        let label = from.to_zoned(own.clone()).strftime(form).to_string();
        let meaning = if day == 0 { Meaning::Strong } else { Meaning::Quiet };
        canvas.put(x, area.y, cells_a_day.saturating_sub(1), label.trim(), meaning);
        for cell in 0..cells_a_day {
            let at = |part: u16| {
                let length = from.duration_until(until).as_secs() * i64::from(part) / i64::from(cells_a_day);
                from.saturating_add(SignedDuration::from_secs(length)).unwrap_or(from)
            };
            let Some(turn) = shown(schedule, at(cell).max(model.now), at(cell + 1)) else { continue };
            let (sign, meaning) = match turn.people.first() {
                None => {
                    empty = true;
                    ('!', Meaning::Bad)
                }
                Some(first) => {
                    let place = people.iter().position(|known| *known == first).unwrap_or_else(|| {
                        people.push(first);
                        people.len() - 1
                    });
                    let letter = u8::try_from(place % 26).map_or('?', |place| char::from(b'A' + place));
                    let mine = desk.is_me(first);
                    match turn.why {
                        Why::Override { .. } => (letter.to_ascii_lowercase(), Meaning::Accent),
                        _ if mine => (letter, Meaning::Strong),
                        _ => (letter, Meaning::Plain),
                    }
                }
            };
            canvas.put(x + cell, area.y + 1, 1, &sign.to_string(), meaning);
        }
    }
    let mut legend: Spans = Vec::new();
    for (place, person) in people.iter().enumerate().take(26) {
        let letter = u8::try_from(place).map_or('?', |place| char::from(b'A' + place));
        legend.push((format!("{letter} {}  ", desk.short_name(person)), Meaning::Quiet));
    }
    if empty {
        legend.push(("! nobody  ".to_owned(), Meaning::Bad));
    }
    let used: u16 = legend.iter().map(|(text, _)| cells(text)).sum();
    let small = "small: arranged";
    if !schedule.overrides.is_empty() && used + cells(small) <= area.width {
        legend.push((small.to_owned(), Meaning::Accent));
    }
    canvas.put_spans(area.x, area.y + 2, area.width, &legend);
}

/// What a cell of the picture shows: a gap however short, else what was arranged, else who is on longest.
fn shown(schedule: &ScheduleTimeline, from: Timestamp, until: Timestamp) -> Option<&Segment> {
    let within = schedule.segments.iter().filter(|turn| turn.from < until && from < turn.until);
    within.max_by_key(|turn| {
        let long = turn.from.max(from).duration_until(turn.until.min(until));
        (turn.people.is_empty(), matches!(turn.why, Why::Override { .. }), long)
    })
}

/// What `o` will do to the selected time.
fn intent(model: &Model, desk: &Desk) -> (String, Meaning) {
    let Some((schedule, turn)) = selected(model) else { return (String::new(), Meaning::Quiet) };
    if let Some(pending) = model.pending_for(&About::OnCall(schedule.schedule.clone())) {
        let name = sanitise(&schedule.schedule);
        return (format!("{} in {name}: waiting for the agent", pending.word), Meaning::Quiet);
    }
    if let Err(why) = allowed(model, Action::Cover) {
        return (format!("o: not now, {why}"), Meaning::Quiet);
    }
    let says = match (&turn.why, turn.people.is_empty()) {
        (_, true) => "o: put somebody on call for this gap".to_owned(),
        (Why::Override { id, .. }, _) => {
            format!("o: put somebody else on instead of {}; x takes {id} back", who(desk, turn))
        }
        _ => format!("o: put somebody else on instead of {}; s swaps turns", who(desk, turn)),
    };
    (says, Meaning::Accent)
}
