//! Finding rows that only moved: a list that scrolls by one is one line of news and one scroll of a
//! region, instead of every row once more.

use crate::term::cells::{Row, Spot, blank};
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

/// The rows from `top` up to `bottom` move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shift {
    pub top: u16,
    /// The first row that stays.
    pub bottom: u16,
    pub by: By,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    Up(u16),
    Down(u16),
}

/// What setting a region and scrolling it costs, and a little more so that it is worth it.
const COST: isize = 40;
/// Distances that get a closer look.
const CANDIDATES: usize = 3;

/// The shift that saves most, if any does.
pub fn find(shown: &[Row<'_>], next: &[Row<'_>]) -> Option<Shift> {
    let changed = shown.iter().zip(next).filter(|(shown, next)| shown != next).count();
    if changed < 3 || shown.len() != next.len() {
        return None;
    }
    let best = distances(shown, next).into_iter().filter_map(|by| saving(shown, next, by));
    best.max_by_key(|(saved, _)| *saved).filter(|(saved, _)| *saved > COST).map(|(_, shift)| shift)
}

/// The rows as they are once the terminal has done it.
pub fn apply(rows: &mut [Row<'_>], shift: Shift) {
    let Some(region) = rows.get_mut(usize::from(shift.top)..usize::from(shift.bottom)) else { return };
    let width = region.first().map_or(0, Vec::len);
    let empty = blank(u16::try_from(width).unwrap_or(0));
    match shift.by {
        By::Up(by) => {
            let by = usize::from(by).min(region.len());
            region.rotate_left(by);
            let kept = region.len() - by;
            region[kept..].fill(empty);
        }
        By::Down(by) => {
            let by = usize::from(by).min(region.len());
            region.rotate_right(by);
            region[..by].fill(empty);
        }
    }
}

/// How far rows moved, those first that most rows did.
fn distances(shown: &[Row<'_>], next: &[Row<'_>]) -> Vec<isize> {
    let hash = |row: &Row<'_>| {
        let mut hasher = DefaultHasher::new();
        row.hash(&mut hasher);
        hasher.finish()
    };
    let mut places: HashMap<u64, Vec<usize>> = HashMap::new();
    for (y, row) in shown.iter().enumerate().filter(|(_, row)| !row.iter().all(Spot::is_blank)) {
        places.entry(hash(row)).or_default().push(y);
    }
    let mut votes: HashMap<isize, usize> = HashMap::new();
    for (y, row) in next.iter().enumerate().filter(|(y, row)| shown[*y] != **row) {
        for was in places.get(&hash(row)).map(Vec::as_slice).unwrap_or_default() {
            *votes.entry(was.cast_signed() - y.cast_signed()).or_default() += 1;
        }
    }
    let mut distances: Vec<(usize, isize)> =
        votes.into_iter().filter(|(_, n)| *n >= 2).map(|(by, n)| (n, by)).collect();
    distances.sort_unstable_by_key(|(n, by)| (std::cmp::Reverse(*n), by.unsigned_abs(), *by));
    distances.into_iter().take(CANDIDATES).map(|(_, by)| by).collect()
}

/// The region that gains most from moving by `distance` (positive: up), and what it saves in bytes.
fn saving(shown: &[Row<'_>], next: &[Row<'_>], distance: isize) -> Option<(isize, Shift)> {
    let rows = shown.len();
    let by = distance.unsigned_abs();
    // A row that moves up is taken from below; one that moves down is the same, seen upside down.
    let at = |y: usize| if distance > 0 { y } else { rows - 1 - y };
    let empty = blank(u16::try_from(shown.first()?.len()).ok()?);
    let as_is: Vec<isize> = (0..rows).map(|y| cost(&shown[at(y)], &next[at(y)])).collect();
    let bare: Vec<isize> = (0..rows).map(|y| as_is[y] - cost(&empty, &next[at(y)])).collect();
    let mut best: Option<(isize, usize, usize)> = None;
    let (mut start, mut gained) = (0, 0);
    for end in 0..rows.checked_sub(by)? {
        if gained < 0 {
            (start, gained) = (end, 0);
        }
        gained += as_is[end] - cost(&shown[at(end + by)], &next[at(end)]);
        let uncovered: isize = bare[end + 1..=end + by].iter().sum();
        if best.is_none_or(|(saved, ..)| gained + uncovered > saved) {
            best = Some((gained + uncovered, start, end + by));
        }
    }
    let (saved, first, last) = best?;
    let (top, bottom) = if distance > 0 { (first, last) } else { (at(last), at(first)) };
    let rows_by = u16::try_from(by).ok()?;
    let by = if distance > 0 { By::Up(rows_by) } else { By::Down(rows_by) };
    Some((saved, Shift { top: u16::try_from(top).ok()?, bottom: u16::try_from(bottom).ok()? + 1, by }))
}

/// About how many bytes it takes to make one row the other.
fn cost(from: &Row<'_>, to: &Row<'_>) -> isize {
    let mut cost = 0;
    let mut pen = None;
    for (from, to) in from.iter().zip(to).filter(|(from, to)| from != to) {
        cost += to.text.len();
        if pen != Some(to.pen) {
            pen = Some(to.pen);
            cost += 6;
        }
        if from.text.len() > to.text.len() && to.is_blank() {
            cost += 1;
        }
    }
    cost.cast_signed()
}
