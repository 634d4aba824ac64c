//! What one reader's copy says: the partners it covers, what is worst, how much more there is, what is
//! new and what was closed, and the sums. Nothing here has words yet.

use super::{Digest, DigestInput, Kind, Reader, Row, Section};
use crate::core::desk::Desk;
use crate::core::money::Money;
use crate::core::partner::PartnerRef;
use crate::core::person::PersonId;
use jiff::Timestamp;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// How many of something there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub open: usize,
    /// Of those open.
    pub overdue: usize,
    /// Of those open: younger than the last digest.
    pub new: usize,
    pub closed: usize,
}

/// One reader's copy, chosen and sorted.
#[derive(Clone, Debug, PartialEq)]
pub struct Copy<'i> {
    /// Covers only the partners assigned to the reader.
    pub assigned: bool,
    pub counts: Counts,
    pub at_risk: Vec<Money>,
    pub sections: Vec<Part<'i>>,
    /// By partner, worst first; only at the month's end.
    pub partners: Vec<PartnerSum<'i>>,
    /// Everything that is open, worst first, then everything closed: for the file.
    pub all: Vec<&'i Row>,
}

/// A section of a copy.
#[derive(Clone, Debug, PartialEq)]
pub struct Part<'i> {
    pub section: Section,
    pub counts: Counts,
    /// Worst first.
    pub rows: Vec<&'i Row>,
    /// Open beside those shown.
    pub more: usize,
}

/// What there is of one partner.
#[derive(Clone, Debug, PartialEq)]
pub struct PartnerSum<'i> {
    pub partner: &'i PartnerRef,
    pub counts: Counts,
    /// Began in the time looked back on, closed again or not.
    pub opened: usize,
    pub at_risk: Vec<Money>,
}

impl Row {
    pub fn is_overdue(&self, at: Timestamp) -> bool {
        self.closed_at.is_none() && (self.task_overdue || self.due.is_some_and(|due| due < at))
    }

    pub fn is_new(&self, since: Option<Timestamp>) -> bool {
        since.is_some_and(|since| self.since > since)
    }

    /// Overdue first, then the more severe, then the greater amount, then what waits longer. Amounts are compared by their
    /// number, whatever the currency.
    pub(super) fn badness(&self, at: Timestamp) -> impl Ord {
        let amount = self.amounts.iter().map(|money| money.cents).max().unwrap_or(0);
        (
            Reverse(self.is_overdue(at)),
            Reverse(self.severity),
            Reverse(amount),
            self.since,
            self.reference.clone(),
        )
    }
}

impl Counts {
    fn of<'i>(open: impl Iterator<Item = &'i Row>, closed: usize, input: &DigestInput) -> Self {
        open.fold(Counts { closed, ..Counts::default() }, |counts, row| Counts {
            open: counts.open + 1,
            overdue: counts.overdue + usize::from(row.is_overdue(input.as_of)),
            new: counts.new + usize::from(row.is_new(input.since)),
            ..counts
        })
    }

    /// Of everything, whoever reads it.
    pub fn whole(digest: &Digest, input: &DigestInput) -> Self {
        let wanted = |row: &&Row| digest.sections.contains(&row.section);
        let closed = input.closed.iter().filter(wanted).count();
        Self::of(input.open.iter().filter(wanted), closed, input)
    }
}

impl Copy<'_> {
    /// Nothing is open and nothing was closed.
    pub fn is_empty(&self) -> bool {
        self.counts == Counts::default()
    }
}

/// Who looks after each partner that is told of, in any role.
pub struct Coverage<'i> {
    holders: BTreeMap<&'i str, BTreeSet<&'i PersonId>>,
}

impl<'i> Coverage<'i> {
    pub fn of(desk: &'i Desk, input: &'i DigestInput) -> Self {
        let roles: BTreeSet<&str> = desk.assignments.iter().map(|a| a.role.as_str()).collect();
        let mut holders = BTreeMap::new();
        for row in input.open.iter().chain(&input.closed) {
            holders.entry(row.partner.id.raw()).or_insert_with(|| {
                roles.iter().filter_map(|role| desk.assigned(role, &row.partner, input.as_of)).collect()
            });
        }
        Self { holders }
    }

    fn covers(&self, reader: &Reader, row: &Row) -> bool {
        let held = || self.holders.get(row.partner.id.raw());
        reader.all || held().is_some_and(|holders| holders.contains(&reader.person))
    }
}

/// Chooses what a reader's copy says.
pub fn copy<'i>(
    digest: &Digest,
    reader: &Reader,
    input: &'i DigestInput,
    coverage: &Coverage<'_>,
) -> Copy<'i> {
    let wanted = |row: &&Row| digest.sections.contains(&row.section) && coverage.covers(reader, row);
    let mut open: Vec<&Row> = input.open.iter().filter(wanted).collect();
    let mut closed: Vec<&Row> = input.closed.iter().filter(wanted).collect();
    open.sort_by_cached_key(|row| row.badness(input.as_of));
    closed.sort_by_key(|row| Reverse(row.closed_at));
    let sections = digest
        .sections
        .iter()
        .map(|section| {
            let here = || open.iter().copied().filter(|row| row.section == *section);
            let closed = closed.iter().filter(|row| row.section == *section).count();
            let counts = Counts::of(here(), closed, input);
            let rows: Vec<_> = here().take(digest.limit).collect();
            Part { section: *section, counts, more: counts.open - rows.len(), rows }
        })
        .collect();
    let partners = match digest.kind {
        Kind::Daily => Vec::new(),
        Kind::MonthEnd => partners(&open, &closed, input),
    };
    Copy {
        assigned: !reader.all,
        counts: Counts::of(open.iter().copied(), closed.len(), input),
        at_risk: at_risk(&open),
        sections,
        partners,
        all: open.into_iter().chain(closed).collect(),
    }
}

fn at_risk(open: &[&Row]) -> Vec<Money> {
    let mut sums = Vec::new();
    open.iter().flat_map(|row| &row.amounts).for_each(|amount| Money::add_to(&mut sums, amount));
    sums
}

fn partners<'i>(open: &[&'i Row], closed: &[&'i Row], input: &DigestInput) -> Vec<PartnerSum<'i>> {
    let mut rows: BTreeMap<&str, (Vec<&'i Row>, Vec<&'i Row>)> = BTreeMap::new();
    for row in open {
        rows.entry(row.partner.id.raw()).or_default().0.push(row);
    }
    for row in closed {
        rows.entry(row.partner.id.raw()).or_default().1.push(row);
    }
    let mut sums: Vec<PartnerSum<'i>> = rows
        .into_values()
        .filter_map(|(open, closed)| {
            let partner = &open.first().or(closed.first())?.partner;
            let counts = Counts::of(open.iter().copied(), closed.len(), input);
            let opened = counts.new + closed.iter().filter(|row| row.is_new(input.since)).count();
            Some(PartnerSum { partner, counts, opened, at_risk: at_risk(&open) })
        })
        .collect();
    let most = |sum: &PartnerSum<'_>| sum.at_risk.iter().map(|money| money.cents).max();
    sums.sort_by_key(|sum| Reverse((sum.counts.overdue, most(sum), sum.counts.open, sum.counts.closed)));
    sums
}
