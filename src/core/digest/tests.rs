//! What a digest says and when it goes, on a small desk.

use super::*;
use crate::core::assignment::{Assignment, Origin, Scope};
use crate::core::desk::Team;
use crate::core::scenario::Scene;
use jiff::tz::TimeZone;
use proptest::prelude::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn id(person: &str) -> PersonId {
    PersonId(person.to_owned())
}

/// Maria looks after acme, Jonas after everybody else, Nils leads.
fn desk() -> Desk {
    let mut desk = Scene::usual().desk;
    desk.time_zone = TimeZone::get("Europe/Berlin").unwrap();
    let assigned = |person: &str, scope| Assignment {
        role: "coordinator".into(),
        person: id(person),
        deputy: None,
        scope,
        until: None,
        origin: Origin::File,
    };
    desk.assignments =
        vec![assigned("maria", Scope::Partner("acme".into())), assigned("jonas", Scope::Everyone)];
    let members = vec![id("maria"), id("jonas")];
    desk.teams =
        [("operations".into(), Team { name: "operations".into(), members, lead: Some(id("nils")) })].into();
    desk
}

fn digest(kind: Kind) -> Digest {
    Digest {
        name: match kind {
            Kind::Daily => "morning".into(),
            Kind::MonthEnd => "month-end".into(),
        },
        schedule: CronSchedule::parse("0 7 * * mon-fri", TimeZone::get("Europe/Berlin").unwrap()).unwrap(),
        to: vec![Target::Assigned("coordinator".into()), Target::Lead("operations".into())],
        covers: Covers::Assigned,
        kind,
        sections: Section::ALL.to_vec(),
        skip_empty: true,
        limit: 3,
        late: SignedDuration::from_hours(12),
        locale: Some("en".into()),
    }
}

fn row(section: Section, partner: &str, reference: &str, since: &str) -> Row {
    Row {
        section,
        partner: PartnerRef {
            id: partner.to_lowercase().as_str().into(),
            name: partner.into(),
            region: None,
            tier: None,
            time_zone: None,
        },
        reference: reference.into(),
        title: "".into(),
        state: "under_review".into(),
        severity: None,
        since: at(since),
        due: None,
        amounts: vec![],
        owner: None,
        task_overdue: false,
        closed_at: None,
    }
}

fn euros(units: i64) -> Vec<Money> {
    vec![Money { cents: units * 100, currency: "EUR".into() }]
}

/// Monday morning.
fn input() -> DigestInput {
    use Section::*;
    let old = "2026-11-10T09:00:00Z";
    DigestInput {
        as_of: at("2026-11-23T06:00:00Z"),
        since: Some(at("2026-11-20T06:00:00Z")),
        open: vec![
            Row { title: "Price on order 88 <b>&amp;".into(), ..row(Issues, "Acme", "D-1", old) },
            Row { amounts: euros(84_200), owner: Some(id("maria")), ..row(Issues, "Acme", "D-2", old) },
            Row { due: Some(at("2026-11-20T16:00:00Z")), ..row(Issues, "Acme", "D-3", old) },
            Row {
                amounts: euros(1_200),
                due: Some(at("2026-11-24T16:00:00Z")),
                ..row(Issues, "Acme", "D-4", "2026-11-22T20:00:00Z")
            },
            row(Issues, "Acme", "D-5", "2026-11-01T09:00:00Z"),
            Row {
                task_overdue: true,
                state: "invoice".into(),
                ..row(Reviews, "Acme", "Rechnung 7.pdf", old)
            },
            Row {
                state: "question".into(),
                title: "Where is it?".into(),
                ..row(Threads, "Borg", "T-9", "2026-11-23T05:00:00Z")
            },
        ],
        closed: vec![Row {
            closed_at: Some(at("2026-11-21T10:00:00Z")),
            state: "resolved".into(),
            amounts: euros(10),
            title: "=1+1".into(),
            ..row(Issues, "Acme", "D-0, old", old)
        }],
    }
}

fn prepared(digest: &Digest, cause: Cause, input: &DigestInput) -> Prepared {
    Prepared::new(&desk(), digest, cause, None, input)
}

fn on_time() -> Cause {
    let run = digest(Kind::Daily).schedule.next_after(at("2026-11-23T05:00:00Z")).unwrap();
    Cause::Schedule(Due { run, late: false, folded: 0, too_late: false })
}

fn copy_of<'p>(prepared: &'p Prepared, person: &str) -> &'p Content {
    &prepared.copies.iter().find(|(reader, _)| reader.person == id(person)).unwrap().1
}

#[test]
fn what_is_severe_comes_before_what_is_dear() {
    let old = "2026-11-20T08:00:00Z";
    let severe = Row {
        severity: Some(crate::core::event::Severity::Critical),
        ..row(Section::Issues, "Acme", "D-9", old)
    };
    let dear = Row { amounts: euros(1_200), ..row(Section::Issues, "Acme", "D-1", old) };
    let at = at("2026-11-21T08:00:00Z");
    assert!(severe.badness(at) < dear.badness(at));
}

#[test]
fn a_morning_digest_says_the_worst_first_and_how_much_more_there_is() {
    let prepared = prepared(&digest(Kind::Daily), on_time(), &input());
    let copy = copy_of(&prepared, "maria");
    assert_eq!(copy.subject.raw(), "Morning digest: 2 overdue, 6 open (Mon 23 Nov)");
    insta::assert_snapshot!("morning_text", copy.body.raw());
    insta::assert_snapshot!("morning_html", copy.html.as_ref().unwrap().raw());
    assert!(copy.attachments.is_empty());
    assert!(copy_of(&prepared, "nils").body.raw().contains("T-9"), "a lead reads of all partners");
    let jonas = copy_of(&prepared, "jonas").body.raw();
    assert!(jonas.contains("Borg") && !jonas.contains("Acme"), "{jonas}");
}

#[test]
fn a_month_end_has_totals_by_partner_and_a_file_of_every_row() {
    let mut input = input();
    input.since = Some(at("2026-10-31T23:00:00Z"));
    let prepared = prepared(&digest(Kind::MonthEnd), on_time(), &input);
    let copy = copy_of(&prepared, "nils");
    assert_eq!(copy.subject.raw(), "Month end digest: 2 overdue, 7 open (November 2026)");
    insta::assert_snapshot!("month_end_text", copy.body.raw());
    assert_eq!(copy.attachments[0].name, "month-end-2026-11.csv");
    insta::assert_snapshot!("month_end_csv", copy.attachments[0].text.raw());
}

#[test]
fn a_digest_reads_as_reviewed_in_every_language() {
    for locale in ["en", "de", "fr", "es"] {
        let mut digest = digest(Kind::MonthEnd);
        digest.locale = Some(locale.to_owned());
        let due = Due {
            folded: 2,
            late: true,
            ..match on_time() {
                Cause::Schedule(due) => due,
                other => panic!("{other:?}"),
            }
        };
        let prepared = prepared(&digest, Cause::Schedule(due), &input());
        let copy = copy_of(&prepared, "maria");
        insta::assert_snapshot!(
            format!("month_end_{locale}_late"),
            format!("{}\n\n{}", copy.subject.raw(), copy.body.raw())
        );
        assert!(copy.html.is_some());
    }
}

#[test]
fn an_empty_copy_is_skipped_only_where_that_is_configured() {
    let nothing = DigestInput { open: vec![], closed: vec![], ..input() };
    let mut digest = digest(Kind::Daily);
    let skipped = prepared(&digest, on_time(), &nothing);
    assert!(skipped.copies.is_empty());
    let (changes, _, run) = skipped.settle(&desk(), Ids::default(), at("2026-11-23T06:00:01Z"));
    assert_eq!((changes.len(), changes[0].what, run.state), (1, What::DigestSkipped, RunState::Empty));
    let asked = Cause::Asked { by: Actor::Desk, command: "c1".into() };
    assert_eq!(prepared(&digest, asked, &nothing).copies.len(), 3, "who asks gets an answer");
    digest.skip_empty = false;
    let sent = prepared(&digest, on_time(), &nothing);
    assert_eq!(copy_of(&sent, "maria").subject.raw(), "Morning digest: nothing open (Mon 23 Nov)");
}

#[test]
fn a_run_and_its_messages_are_one_decision() {
    let prepared = prepared(&digest(Kind::Daily), on_time(), &input());
    let (changes, ids, run) = prepared.settle(&desk(), Ids::default(), at("2026-11-23T06:00:01Z"));
    assert_eq!(run.id, "morning 2026-11-23T07:00[Europe/Berlin]");
    assert_eq!(run.messages.len(), 3);
    assert_eq!(ids.notification, 4);
    let whats: Vec<_> = changes.iter().map(|change| change.what).collect();
    assert_eq!(
        whats,
        [What::NotificationQueued, What::NotificationQueued, What::NotificationQueued, What::DigestSent]
    );
    assert_eq!(changes[3].summary.raw(), "Digest morning went to 3 people: 2 overdue, 7 open.");
    let Object::Notification(message) = &changes[0].object else { panic!("a message") };
    assert_eq!((message.category, message.urgent, message.medium), (Category::Digests, false, Medium::Email));
    assert_eq!(message.reason.via.raw(), "coordinator");
}

#[test]
fn a_missed_run_goes_once_marked_late_and_stands_for_the_older_ones() {
    let digest = digest(Kind::Daily);
    let watched = |now: &str| match digest.watched(None, at(now)).object {
        Object::Digest(run) => *run,
        other => panic!("{other:?}"),
    };
    assert_eq!(digest.next(None, at("2026-11-18T12:00:00Z")), Next::Watch);
    // Wednesday noon; away until Monday half past eight.
    let last = watched("2026-11-18T11:00:00Z");
    assert_eq!(
        digest.next(Some(&last), at("2026-11-18T12:00:00Z")),
        Next::Wait(Some(at("2026-11-19T06:00:00Z")))
    );
    let Next::Run(due) = digest.next(Some(&last), at("2026-11-23T07:30:00Z")) else { panic!("due") };
    assert_eq!(
        (due.run.name().as_str(), due.late, due.folded, due.too_late),
        ("2026-11-23T07:00", true, 2, false)
    );
    let Next::Run(due) = digest.next(Some(&last), at("2026-11-21T12:00:00Z")) else { panic!("due") };
    assert!(due.too_late, "Friday's on Saturday");
    let mut moved = digest.clone();
    moved.schedule = CronSchedule::parse("0 6 * * *", TimeZone::UTC).unwrap();
    assert_eq!(
        moved.next(Some(&last), at("2026-11-23T07:30:00Z")),
        Next::Watch,
        "a new schedule counts anew"
    );
}

#[test]
fn a_month_end_early_on_the_first_is_about_the_month_before() {
    let digest = digest(Kind::MonthEnd);
    let november = Some(at("2026-10-31T23:00:00Z"));
    assert_eq!(digest.since(None, at("2026-11-30T17:00:00Z")), november);
    assert_eq!(digest.since(None, at("2026-12-01T05:00:00Z")), november);
}

prop_compose! {
    fn any_row()(
        section in prop::sample::select(Section::ALL.to_vec()),
        partner in prop::sample::select(vec!["acme", "borg", "crane"]),
        reference in "[A-Z]{1,3}|\\PC{0,12}",
        age in 0i64..5000,
        due in prop::option::of(-500i64..500),
        amount in prop::option::of((0i64..1_000_000, prop::sample::select(vec!["EUR", "USD"]))),
        task_overdue in any::<bool>(),
    ) -> Row {
        let now = at("2026-11-23T06:00:00Z");
        Row {
            since: now - SignedDuration::from_hours(age),
            due: due.map(|hours| now + SignedDuration::from_hours(hours)),
            amounts: amount.map(|(cents, currency)| Money { cents, currency: currency.into() }).into_iter().collect(),
            task_overdue,
            ..row(section, partner, &reference, "2026-11-01T00:00:00Z")
        }
    }
}

proptest! {
    #[test]
    fn what_is_shown_and_what_is_more_add_up_and_the_worst_come_first(
        open in prop::collection::vec(any_row(), 0..40), limit in 1usize..10, month in any::<bool>(),
    ) {
        let desk = desk();
        let input = DigestInput { open, closed: vec![], ..input() };
        let mut digest = digest(if month { Kind::MonthEnd } else { Kind::Daily });
        digest.limit = limit;
        let coverage = compose::Coverage::of(&desk, &input);
        let mut covered = 0;
        for reader in digest.readers(&desk, input.as_of) {
            let copy = compose::copy(&digest, &reader, &input, &coverage);
            for part in &copy.sections {
                prop_assert_eq!(part.rows.len() + part.more, part.counts.open);
                prop_assert!(part.rows.len() == limit || part.more == 0);
                let overdue: Vec<_> = part.rows.iter().map(|row| row.is_overdue(input.as_of)).collect();
                prop_assert!(overdue.is_sorted_by(|a, b| a >= b), "overdue first");
            }
            let sum = |count: fn(&Counts) -> usize| copy.sections.iter().map(|part| count(&part.counts)).sum::<usize>();
            prop_assert_eq!(sum(|c| c.open), copy.counts.open);
            prop_assert_eq!(sum(|c| c.overdue), copy.counts.overdue);
            if month {
                prop_assert_eq!(copy.partners.iter().map(|p| p.counts.open).sum::<usize>(), copy.counts.open);
            }
            if !reader.all {
                covered += copy.counts.open;
            }
        }
        prop_assert_eq!(covered, input.open.len(), "each partner is looked after by exactly one of the two");
    }

    #[test]
    fn whatever_partners_write_no_page_gets_markup_and_no_file_a_formula_or_a_row(
        text in "\\PC{0,40}|[=+@<>&\"',\n\r-]{1,12}",
    ) {
        let mut input = input();
        let odd = Row { title: text.as_str().into(), reference: text.as_str().into(), state: text.clone(), ..input.open[0].clone() };
        input.open = vec![odd];
        input.closed.clear();
        let prepared = prepared(&digest(Kind::MonthEnd), on_time(), &input);
        let copy = copy_of(&prepared, "nils");
        let html = copy.html.as_ref().unwrap().raw();
        let plain = prepared_html_tags();
        prop_assert_eq!(html.matches('<').count(), plain, "{}", html);
        let file = copy.attachments[0].text.raw();
        prop_assert_eq!(file.matches("\r\n").count(), 2);
        // The reference begins the fourth cell.
        let cell = file.lines().nth(1).unwrap().splitn(4, ',').nth(3).unwrap();
        let cell = cell.strip_prefix('"').unwrap_or(cell);
        prop_assert!(!cell.starts_with(['=', '+', '-', '@']) || text.parse::<f64>().is_ok(), "{}", file);
    }
}

/// The tags of a page with one harmless row.
fn prepared_html_tags() -> usize {
    let mut input = input();
    input.open = vec![row(Section::Issues, "Acme", "D-1", "2026-11-10T09:00:00Z")];
    input.closed.clear();
    let prepared = prepared(&digest(Kind::MonthEnd), on_time(), &input);
    copy_of(&prepared, "nils").html.as_ref().unwrap().raw().matches('<').count()
}

#[test]
fn everybody_reads_a_digest_in_their_own_language_unless_it_names_one() {
    let mut desk = desk();
    desk.locale = "fr".into();
    desk.people.get_mut(&id("maria")).unwrap().locale = Some("de-AT".into());
    let mut digest = Digest { locale: None, ..digest(Kind::Daily) };
    let subjects = |digest: &Digest| {
        let prepared = Prepared::new(&desk, digest, on_time(), None, &input());
        ["maria", "jonas"].map(|who| copy_of(&prepared, who).subject.raw().to_owned())
    };
    let [maria, jonas] = subjects(&digest);
    assert!(maria.starts_with("Übersicht Morning: ") && jonas.starts_with("Récapitulatif Morning : "));
    digest.locale = Some("es".into());
    assert!(subjects(&digest).iter().all(|subject| subject.starts_with("Resumen Morning: ")));
}

#[test]
fn the_longest_digest_that_can_be_configured_is_laid_out() {
    let sections = Section::ALL.into_iter();
    let rows = sections.flat_map(|section| {
        (0..600)
            .map(move |at| row(section, &format!("Partner {at}"), &format!("R-{at}"), "2026-11-20T08:00:00Z"))
    });
    let input = DigestInput { open: rows.collect(), ..input() };
    let mut digest = digest(Kind::MonthEnd);
    (digest.limit, digest.covers) = (500, Covers::All);
    let prepared = prepared(&digest, on_time(), &input);
    let copy = copy_of(&prepared, "nils");
    assert_eq!(copy.body.raw().matches("  and 100 more").count(), 3);
    assert_eq!(copy.html.as_ref().unwrap().raw().matches("and 100 more").count(), 3);
}
