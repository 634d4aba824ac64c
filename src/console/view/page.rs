//! Everything about one partner on one screen, and the views inside it.

use crate::console::clock;
use crate::console::desk::Desk;
use crate::console::model::Model;
use crate::console::partners::{Item, Page, View};
use crate::console::theme::Meaning;
use crate::console::view::item::{self, Columns};
use crate::console::view::paint::{Canvas, Spans};
use crate::console::view::{crumbs, first_row, opened};
use crate::core::event::Milestone;
use crate::core::onboarding::{MilestoneRecord, MilestoneState};
use crate::core::text::sanitise;
use crate::wire::{ChannelState, FieldConflict, PartnerDetail};
use ratatui::layout::Rect;

pub fn paint(canvas: &mut Canvas<'_>, model: &Model, area: Rect) {
    let (Some(desk), Some(page)) = (&model.desk, &model.page) else { return };
    if page.opened.is_some() {
        opened::paint(canvas, model, area);
        return;
    }
    let y = title(canvas, model, desk, page, area);
    let rest = Rect { y, height: area.bottom().saturating_sub(y + 1), ..area };
    match &page.detail {
        None => {
            let (said, meaning) = match &page.missing {
                Some(why) => (format!("It could not be read: {}", sanitise(why)), Meaning::Warn),
                None => ("Asking the agent.".to_owned(), Meaning::Quiet),
            };
            canvas.put(area.x + 2, y, area.width.saturating_sub(3), &said, meaning);
        }
        Some(detail) => match page.view {
            View::Overview => overview(canvas, model, desk, page, detail, rest),
            view => one_view(canvas, model, desk, page, view, rest),
        },
    }
    let says = page.rows.selected().map(|item| item::enter_says(model, page, item)).unwrap_or_default();
    canvas.rule(area, area.bottom().saturating_sub(1), &says, "", Meaning::Accent);
}

/// Who they are, the views there are, who is responsible, how far they have come; the row below.
fn title(canvas: &mut Canvas<'_>, model: &Model, desk: &Desk, page: &Page, area: Rect) -> u16 {
    let width = area.width.saturating_sub(2);
    let Some(detail) = &page.detail else {
        canvas.put_spans(area.x + 1, area.y, width, &crumbs::spans(model));
        return area.y + 2;
    };
    let about = &detail.partner.about;
    let mut facts = vec![about.id.printable().into_string()];
    facts.extend(about.tier.as_ref().map(|tier| tier.printable().into_string()));
    let zone = Desk::zone_of(about);
    facts.extend(zone.map(|zone| format!("{} there", clock::day_hour_zone(model.now, &zone))));
    let dot = format!(" {} ", canvas.theme.signs.dot);
    let mut spans = crumbs::spans(model);
    spans.extend([("  ".to_owned(), Meaning::Plain), (facts.join(&dot), Meaning::Quiet)]);
    canvas.put_spans(area.x + 1, area.y, width, &spans);
    if let Some(new) = super::new_rows(canvas, page.rows.waiting()) {
        canvas.put_right(area.x, area.y, area.width - 1, &new, Meaning::Accent);
    }
    canvas.put_spans(area.x + 1, area.y + 1, width, &views(page, detail));
    let mut y = area.y + 2;
    if page.view == View::Overview {
        let responsible = responsible(desk, detail);
        canvas.put(area.x + 1, y, width, &responsible.join(&dot), Meaning::Plain);
        y += 1;
        if !detail.milestones.is_empty() {
            let line = progress(canvas, model, desk, detail);
            canvas.put_spans(area.x + 1, y, width, &line);
            y += 1;
        }
    }
    y
}

/// `coordinator J.Roth`, one for each role; nobody where nobody has it.
pub fn responsible(desk: &Desk, detail: &PartnerDetail) -> Vec<String> {
    let all = detail.responsible.iter().map(|responsible| {
        let role = sanitise(&responsible.role).replace('_', " ");
        let who = responsible.person.as_ref().map(|person| desk.short_name(person));
        format!("{role} {}", who.unwrap_or_else(|| "nobody".to_owned()))
    });
    all.collect()
}

/// `overview  cases 3  docs 2 …`: where one is among the views.
fn views(page: &Page, detail: &PartnerDetail) -> Spans {
    let reached = detail.milestones.iter().filter(|m| m.state == MilestoneState::Reached).count();
    let many = |count: usize| if count == 0 { String::new() } else { format!(" {count}") };
    let open = |count: u32| many(count as usize);
    let mut spans: Spans = Vec::new();
    for view in View::ALL {
        let name = match view {
            View::Overview => "overview".to_owned(),
            View::Cases => format!("cases{}", open(detail.open.cases)),
            View::Documents => format!("docs{}", open(detail.open.reviews)),
            View::Posts => format!("posts{}", open(detail.open.threads)),
            View::Onboarding if detail.milestones.is_empty() => "onboarding".to_owned(),
            View::Onboarding => format!("onboarding {reached}/{}", detail.milestones.len()),
            View::Contacts => format!("contacts{}", many(detail.contacts.len())),
            View::Told => "told".to_owned(),
            View::Conflicts => format!("sync{}", many(detail.conflicts.len())),
        };
        let meaning = if view == page.view { Meaning::Accent } else { Meaning::Quiet };
        if !spans.is_empty() {
            spans.push(("  ".to_owned(), Meaning::Plain));
        }
        let name = if view == page.view { format!("[{name}]") } else { name };
        spans.push((name, meaning));
    }
    spans
}

/// The short word of a milestone.
pub fn milestone_word(milestone: &Milestone) -> String {
    match milestone {
        Milestone::ProfileApproved => "profile".to_owned(),
        Milestone::DocumentsComplete => "documents".to_owned(),
        Milestone::TestingReady => "testing".to_owned(),
        Milestone::GoLive => "go-live".to_owned(),
        Milestone::Other(word) => word.printable().as_str().replace('_', " "),
    }
}

/// `profile ✓ 3 Nov · documents ✓ · testing → Fri 27 Nov · go-live`.
pub fn progress(canvas: &Canvas<'_>, model: &Model, desk: &Desk, detail: &PartnerDetail) -> Spans {
    let signs = canvas.theme.signs;
    let next = detail.milestones.iter().find(|m| m.state == MilestoneState::Expected);
    let mut spans: Spans = Vec::new();
    for milestone in &detail.milestones {
        if !spans.is_empty() {
            spans.push((format!(" {} ", signs.dot), Meaning::Quiet));
        }
        let is_next = next.is_some_and(|next| next.id == milestone.id);
        let (said, meaning) = of_milestone(model, desk, milestone, signs.proven, is_next);
        spans.push((said, meaning));
    }
    spans
}

/// A field that differs here and elsewhere: `Ana López phones: ours +49…, the community +34…`.
pub fn of_conflict(conflict: &FieldConflict) -> String {
    let shown = |value: &serde_json::Value| match value {
        serde_json::Value::Array(items) => items
            .iter()
            .map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned))
            .collect::<Vec<_>>()
            .join(", "),
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let said = format!(
        "{} {}: ours {}, {} {}",
        conflict.name.raw(),
        conflict.field,
        shown(&conflict.mine),
        conflict.side.spoken(),
        shown(&conflict.theirs)
    );
    crate::core::text::sanitise(&said).into_owned()
}

pub fn of_milestone(
    model: &Model,
    desk: &Desk,
    milestone: &MilestoneRecord,
    tick: &str,
    is_next: bool,
) -> (String, Meaning) {
    let (zone, word) = (milestone.zone(&desk.own_zone()), milestone_word(&milestone.milestone));
    match (milestone.state, milestone.due_at) {
        (MilestoneState::Reached, _) => {
            let when = milestone.reached_at.map(|at| format!(" {}", clock::date(at, &zone)));
            (format!("{word} {tick}{}", when.unwrap_or_default()), Meaning::Good)
        }
        (MilestoneState::Expected, Some(due)) if milestone.is_late(model.now) => {
            (format!("{word} late since {}", clock::last_day(due, &zone)), Meaning::Bad)
        }
        (MilestoneState::Expected, Some(due)) if is_next => {
            (format!("{word} → {}", clock::last_day(due, &zone)), Meaning::Strong)
        }
        (MilestoneState::Expected, _) => (word, Meaning::Quiet),
        (MilestoneState::Skipped, _) => (format!("{word} skipped"), Meaning::Quiet),
        (MilestoneState::Withdrawn, _) => (format!("{word} withdrawn"), Meaning::Warn),
    }
}

/// What waits, whom we can reach and what was told lately, each with as many rows as it needs.
fn overview(
    canvas: &mut Canvas<'_>,
    model: &Model,
    desk: &Desk,
    page: &Page,
    detail: &PartnerDetail,
    area: Rect,
) {
    let (open, contacts, told) = (page.open_items(), page.contact_items(), page.told_items());
    let waiting = detail.open.alerts + detail.open.cases + detail.open.reviews + detail.open.threads;
    let hidden_tasks = open.iter().filter(|item| matches!(item, Item::Task(_))).count();
    let titles = [
        ("waits for somebody", (waiting as usize + hidden_tasks).to_string()),
        ("can we reach them?", contacts.len().to_string()),
        ("told lately", String::new()),
    ];
    let items = [open, contacts, told];
    let empty = [
        "Nothing waits.",
        "No contact of theirs is known; c from Partners shows all.",
        "Nothing was told of late.",
    ];
    let heights = shares(area.height, [items[0].len(), items[1].len(), items[2].len()]);
    let mut y = area.y;
    for (i, height) in (0..).zip(heights) {
        let part = Rect { y, height, ..area };
        section(canvas, model, desk, page, &titles[i], &items[i], empty[i], part);
        y += height;
    }
}

/// Rows with their line, shared out: the first has at least half, and none is cut for another's empty rows.
fn shares(height: u16, rows: [usize; 3]) -> [u16; 3] {
    let wanted = rows.map(|rows| u16::try_from(rows.max(1)).unwrap_or(u16::MAX).saturating_add(1));
    let third = (height / 4).max(2);
    let most_first = height.saturating_sub(wanted[1].min(third) + wanted[2].min(third));
    let first = wanted[0].min(most_first);
    let second = wanted[1].min(height.saturating_sub(first + wanted[2].min(third)));
    [first, second, height.saturating_sub(first + second)]
}

#[allow(clippy::too_many_arguments, reason = "one call for each of three like sections")]
fn section(
    canvas: &mut Canvas<'_>,
    model: &Model,
    desk: &Desk,
    page: &Page,
    (title, count): &(&str, String),
    items: &[Item],
    empty: &str,
    area: Rect,
) {
    if area.height == 0 {
        return;
    }
    let room = usize::from(area.height - 1);
    let count = match items.len() > room {
        true => format!("{count} {}", canvas.theme.signs.down).trim().to_owned(),
        false => count.clone(),
    };
    canvas.rule(area, area.y, title, &count, Meaning::Quiet);
    let below = Rect { y: area.y + 1, height: area.height - 1, ..area };
    list(canvas, model, desk, page, items, empty, below);
}

fn one_view(canvas: &mut Canvas<'_>, model: &Model, desk: &Desk, page: &Page, view: View, area: Rect) {
    let (heads, empty) = match view {
        View::Cases => (true, "No case of theirs has been heard of."),
        View::Documents => (true, "No document of theirs has been heard of."),
        View::Posts => (true, "They have asked nothing yet."),
        View::Onboarding => {
            (false, "No milestone of theirs has been heard of; the first one starts their plan.")
        }
        View::Contacts => (false, "No contact of theirs is known."),
        View::Told => (false, "Nothing was told of late."),
        View::Conflicts => (false, "No contact differs from what the community has."),
        View::Overview => (false, ""),
    };
    let area = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    if heads && !page.rows.is_empty() {
        Columns::of(area).heads(canvas, area.y - 1);
    }
    if view == View::Conflicts {
        let (said, meaning) = sync_line(model, desk);
        canvas.put(area.x + 2, area.y - 1, area.width.saturating_sub(3), &said, meaning);
    }
    list(canvas, model, desk, page, page.rows.order(), empty, area);
}

/// How the exchange with the community goes, of which the conflicts are.
fn sync_line(model: &Model, desk: &Desk) -> (String, Meaning) {
    let Some(sync) = &desk.sync else {
        return ("There is no [community] to exchange contacts with.".to_owned(), Meaning::Quiet);
    };
    let listed = match sync.last_listed_at {
        Some(at) => format!("all contacts listed {} ago", clock::age(model.now, at)),
        None => "contacts not listed yet".to_owned(),
    };
    let waiting = match sync.pending {
        0 => String::new(),
        pending => format!(", {pending} waiting to be exchanged"),
    };
    if sync.state == ChannelState::Failing {
        let since = clock::hour_minute(sync.since, &desk.zone());
        return (format!("failing since {since}; {listed}{waiting}"), Meaning::Bad);
    }
    match &sync.warning {
        Some(warning) => (warning.printable().into_string(), Meaning::Warn),
        None => (format!("{listed}{waiting}"), Meaning::Quiet),
    }
}

fn list(
    canvas: &mut Canvas<'_>,
    model: &Model,
    desk: &Desk,
    page: &Page,
    items: &[Item],
    empty: &str,
    area: Rect,
) {
    if items.is_empty() && area.height > 0 {
        canvas.put(area.x + 2, area.y, area.width.saturating_sub(3), empty, Meaning::Quiet);
    }
    let selected = page.rows.selected();
    let at = selected.and_then(|selected| items.iter().position(|item| item == selected));
    let room = usize::from(area.height);
    let first = first_row(at, items.len(), room);
    for (y, item) in (area.y..).zip(items.iter().skip(first).take(room)) {
        canvas.selected = selected == Some(item);
        if canvas.selected {
            let marker = canvas.theme.signs.marker;
            canvas.put(area.x, y, 1, marker, Meaning::Accent);
        }
        item::paint(canvas, model, desk, page, item, Rect { y, height: 1, ..area });
        canvas.selected = false;
    }
}
