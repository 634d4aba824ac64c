//! Hand-offs that are known, and what holds for any schedule in any zone.

use super::*;
use jiff::civil::{Date, DateTime, Time, date, time};
use jiff::tz::TimeZoneTransition;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{RngSeed, TestRunner};

fn people(ids: &[&str]) -> Vec<PersonId> {
    ids.iter().map(|id| PersonId((*id).into())).collect()
}

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

fn moment(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn rotation(ids: &[&str], length: Length, handoff: Time, start: Start, zone: &TimeZone) -> Source {
    Source::Rotation(Rotation::new(people(ids), &length, handoff, start, zone))
}

fn layer(name: &str, source: Source, hours: &[&str]) -> Layer {
    let mut week = WeekHours::default();
    hours.iter().for_each(|text| week.add(text).unwrap());
    let hours = (!hours.is_empty()).then_some(week);
    Layer { name: name.into(), source, hours, from: None, until: None }
}

fn schedule(zone: &TimeZone, layers: Vec<Layer>) -> Schedule {
    Schedule { name: "s".into(), time_zone: zone.clone(), layers, overrides: Vec::new() }
}

fn over(id: u64, person: &str, instead: Option<&str>, from: &str, until: &str) -> Override {
    Override {
        id: OverrideId(id),
        state: OverrideState::Active,
        schedule: "s".into(),
        person: PersonId(person.into()),
        instead: instead.map(|id| PersonId(id.into())),
        from: moment(from),
        until: moment(until),
        swap: None,
        by: PersonId("maria".into()),
        created_at: moment(from),
        updated_at: moment(from),
    }
}

/// `maria 2026-03-28T07:00+01:00`, on the schedule's own clock; `-` for nobody.
fn said(schedule: &Schedule, from: &str, until: &str) -> Vec<String> {
    let turns = schedule.turns(moment(from), moment(until));
    let names = |people: &[PersonId]| people.iter().map(|p| p.0.as_str()).collect::<Vec<_>>().join("+");
    turns
        .iter()
        .map(|turn| {
            let at = turn.from.to_zoned(schedule.time_zone.clone());
            let who = if turn.people.is_empty() { "-".to_owned() } else { names(&turn.people) };
            format!("{who} {}", at.strftime("%a %d %H:%M %:z"))
        })
        .collect()
}

#[test]
fn a_weekly_hand_off_stays_at_seven_on_the_wall_over_both_changes_of_the_clock() {
    let berlin = zone("Europe/Berlin");
    let weekly = rotation(
        &["maria", "jonas"],
        Length::Weeks(1),
        time(7, 0, 0, 0),
        Start::Day(date(2026, 1, 5)),
        &berlin,
    );
    let schedule = schedule(&berlin, vec![layer("l", weekly, &[])]);
    let spring = said(&schedule, "2026-03-23T06:00:00Z", "2026-04-06T05:00:00Z");
    assert_eq!(spring, ["jonas Mon 23 07:00 +01:00", "maria Mon 30 07:00 +02:00"]);
    let autumn = said(&schedule, "2026-10-19T05:00:00Z", "2026-11-02T06:00:00Z");
    assert_eq!(autumn, ["jonas Mon 19 07:00 +02:00", "maria Mon 26 07:00 +01:00"]);
}

#[test]
fn turns_of_hours_that_fit_a_day_hand_over_at_the_same_times_every_day_and_others_drift() {
    let berlin = zone("Europe/Berlin");
    let start = Start::Day(date(2026, 3, 28));
    let of = |hours| {
        let source = rotation(&["a", "b", "c"], Length::Hours(hours), time(7, 0, 0, 0), start, &berlin);
        schedule(&berlin, vec![layer("l", source, &[])])
    };
    // The night of the change is eleven hours long.
    assert_eq!(
        said(&of(12), "2026-03-28T06:00:00Z", "2026-03-29T18:00:00Z"),
        ["a Sat 28 07:00 +01:00", "b Sat 28 19:00 +01:00", "c Sun 29 07:00 +02:00", "a Sun 29 19:00 +02:00"]
    );
    assert_eq!(
        said(&of(10), "2026-03-28T06:00:00Z", "2026-03-29T13:00:00Z"),
        ["a Sat 28 07:00 +01:00", "b Sat 28 17:00 +01:00", "c Sun 29 04:00 +02:00", "a Sun 29 14:00 +02:00"]
    );
    let two_days = of(48);
    assert_eq!(
        said(&two_days, "2026-03-28T06:00:00Z", "2026-03-31T00:00:00Z"),
        ["a Sat 28 07:00 +01:00", "b Mon 30 07:00 +02:00"]
    );
}

#[test]
fn a_hand_off_in_a_gap_is_at_the_jump_and_one_in_an_overlap_the_first_time() {
    let berlin = zone("Europe/Berlin");
    let daily =
        rotation(&["a", "b"], Length::Days(1), time(2, 30, 0, 0), Start::Day(date(2026, 3, 28)), &berlin);
    let schedule = schedule(&berlin, vec![layer("l", daily, &[])]);
    assert_eq!(
        said(&schedule, "2026-03-28T12:00:00Z", "2026-03-30T12:00:00Z")[1..],
        ["b Sun 29 03:00 +02:00", "a Mon 30 02:30 +02:00"]
    );
    assert_eq!(
        said(&schedule, "2026-10-24T12:00:00Z", "2026-10-26T12:00:00Z")[1..],
        ["b Sun 25 02:30 +02:00", "a Mon 26 02:30 +01:00"]
    );
}

#[test]
fn half_hours_and_skipped_days_lose_nobody_more_than_their_turn_there() {
    let howe = zone("Australia/Lord_Howe");
    let daily =
        rotation(&["a", "b"], Length::Days(1), time(2, 0, 0, 0), Start::Day(date(2026, 10, 3)), &howe);
    let schedule_howe = schedule(&howe, vec![layer("l", daily, &[])]);
    // At 02:00 on 4 October the clock jumps to 02:30.
    assert_eq!(
        said(&schedule_howe, "2026-10-02T15:30:00Z", "2026-10-05T00:00:00Z"),
        ["a Sat 03 02:00 +10:30", "b Sun 04 02:30 +11:00", "a Mon 05 02:00 +11:00"]
    );
    let apia = zone("Pacific/Apia");
    let daily =
        rotation(&["a", "b", "c"], Length::Days(1), time(0, 0, 0, 0), Start::Day(date(2011, 12, 29)), &apia);
    let schedule_apia = schedule(&apia, vec![layer("l", daily, &[])]);
    // There was no 30 December, so it was nobody's turn: b's, which had no length.
    assert_eq!(
        said(&schedule_apia, "2011-12-29T10:00:00Z", "2012-01-01T00:00:00Z"),
        ["a Thu 29 00:00 -10:00", "c Sat 31 00:00 +14:00", "a Sun 01 00:00 +14:00"]
    );
}

#[test]
fn hand_offs_of_ones_own_choice_are_counted_from_the_start() {
    let berlin = zone("Europe/Berlin");
    let handoffs = ["mon 08:00", "fri 17:00"].map(|text| text.parse::<Handoff>().unwrap()).to_vec();
    let midnight = Time::midnight();
    let of = |start| {
        let source = rotation(&["week", "end"], Length::Handoffs(handoffs.clone()), midnight, start, &berlin);
        schedule(&berlin, vec![layer("l", source, &[])])
    };
    let wanted = ["week Mon 16 08:00 +01:00", "end Fri 20 17:00 +01:00", "week Mon 23 08:00 +01:00"]
        .map(str::to_owned);
    let window = ("2026-11-16T07:00:00Z", "2026-11-24T00:00:00Z");
    assert_eq!(said(&of(Start::Day(date(2026, 11, 9))), window.0, window.1), wanted);
    // From a Wednesday on, the first hand-off is Friday's.
    let midweek = of(Start::Day(date(2026, 11, 18)));
    assert_eq!(said(&midweek, "2026-11-20T16:00:00Z", "2026-11-23T08:00:00Z")[0], "week Fri 20 17:00 +01:00");
    // From a moment on, the first has what is left of that turn.
    let moment = of(Start::Moment(date(2026, 11, 18).at(9, 0, 0, 0)));
    assert_eq!(
        said(&moment, "2026-11-18T08:00:00Z", "2026-11-23T08:00:00Z"),
        ["week Wed 18 09:00 +01:00", "end Fri 20 17:00 +01:00", "week Mon 23 08:00 +01:00"]
    );
    let daily = ["08:00", "20:00"].map(|text| text.parse::<Handoff>().unwrap()).to_vec();
    let source = rotation(
        &["a", "b", "c"],
        Length::Handoffs(daily),
        midnight,
        Start::Day(date(2026, 11, 16)),
        &berlin,
    );
    assert_eq!(
        said(
            &schedule(&berlin, vec![layer("l", source, &[])]),
            "2026-11-16T07:00:00Z",
            "2026-11-17T08:00:00Z"
        ),
        ["a Mon 16 08:00 +01:00", "b Mon 16 20:00 +01:00", "c Tue 17 08:00 +01:00"]
    );
}

#[test]
fn layers_lie_over_each_other_and_hours_that_none_covers_are_a_gap() {
    let berlin = zone("Europe/Berlin");
    let weekly = |ids: &[&str]| {
        rotation(ids, Length::Weeks(1), time(8, 0, 0, 0), Start::Day(date(2026, 11, 16)), &berlin)
    };
    let schedule = schedule(
        &berlin,
        vec![
            layer("days", weekly(&["day"]), &["mon-fri 08:00-18:00"]),
            layer("nights", weekly(&["night", "owl"]), &["mon-fri 18:00-08:00"]),
            layer("friday", weekly(&["eve"]), &["fri 17:00 - sat 01:00"]),
        ],
    );
    assert_eq!(
        said(&schedule, "2026-11-19T17:00:00Z", "2026-11-23T08:00:00Z"),
        [
            "night Thu 19 18:00 +01:00",
            "day Fri 20 08:00 +01:00",
            "eve Fri 20 17:00 +01:00",
            "night Sat 21 01:00 +01:00",
            "- Sat 21 08:00 +01:00",
            "day Mon 23 08:00 +01:00",
        ]
    );
    let saturday = schedule.at(moment("2026-11-21T09:00:00Z"));
    assert_eq!((saturday.people.len(), saturday.why), (0, Why::Nobody));
    assert_eq!(saturday.until, Some(moment("2026-11-23T07:00:00Z")));
    assert_eq!(saturday.next.unwrap().people, people(&["day"]));
}

#[test]
fn a_layer_counts_from_its_start_until_its_end() {
    let zone = TimeZone::UTC;
    let daily =
        |ids: &[&str]| rotation(ids, Length::Days(1), time(0, 0, 0, 0), Start::Day(date(2026, 11, 1)), &zone);
    let mut holiday = layer("holiday", daily(&["h"]), &[]);
    holiday.from = Some(moment("2026-11-03T06:00:00Z"));
    holiday.until = Some(moment("2026-11-03T18:00:00Z"));
    let schedule = schedule(&zone, vec![layer("l", daily(&["a", "b"]), &[]), holiday]);
    assert_eq!(
        said(&schedule, "2026-11-03T00:00:00Z", "2026-11-04T00:00:00Z"),
        ["a Tue 03 00:00 +00:00", "h Tue 03 06:00 +00:00", "a Tue 03 18:00 +00:00"]
    );
}

#[test]
fn an_override_takes_all_or_only_what_one_person_has_and_the_newest_counts() {
    let zone = TimeZone::UTC;
    let daily =
        rotation(&["a", "b"], Length::Days(1), time(0, 0, 0, 0), Start::Day(date(2026, 11, 1)), &zone);
    let mut schedule = schedule(&zone, vec![layer("l", daily, &[])]);
    let (from, until) = ("2026-11-01T00:00:00Z", "2026-11-05T00:00:00Z");
    schedule.overrides = vec![over(1, "c", Some("b"), "2026-11-01T12:00:00Z", "2026-11-03T12:00:00Z")];
    assert_eq!(
        said(&schedule, from, until),
        ["a Sun 01 00:00 +00:00", "c Mon 02 00:00 +00:00", "a Tue 03 00:00 +00:00", "b Wed 04 00:00 +00:00"]
    );
    schedule.overrides.push(over(2, "d", None, "2026-11-02T18:00:00Z", "2026-11-03T06:00:00Z"));
    assert_eq!(
        said(&schedule, from, until),
        [
            "a Sun 01 00:00 +00:00",
            "c Mon 02 00:00 +00:00",
            "d Mon 02 18:00 +00:00",
            "a Tue 03 06:00 +00:00",
            "b Wed 04 00:00 +00:00"
        ]
    );
    let (_, why) = schedule.who(moment("2026-11-02T20:00:00Z"));
    assert_eq!(why, Why::Override { id: OverrideId(2), by: PersonId("maria".into()) });
}

#[test]
fn who_follows_is_known_however_far_off_and_nobody_for_nobody() {
    let zone = TimeZone::UTC;
    let long =
        rotation(&["a", "b"], Length::Weeks(10), time(0, 0, 0, 0), Start::Day(date(2026, 1, 5)), &zone);
    let now = schedule(&zone, vec![layer("l", long, &[])]).at(moment("2026-01-06T00:00:00Z"));
    assert_eq!(now.until, Some(moment("2026-03-16T00:00:00Z")));
    assert_eq!(now.next.unwrap().people, people(&["b"]));
    let none = schedule(&zone, Vec::new()).at(moment("2026-01-06T00:00:00Z"));
    assert_eq!(none, Turn { people: Vec::new(), why: Why::Nobody, until: None, next: None });
}

#[test]
fn what_cannot_be_read_is_refused() {
    let mut week = WeekHours::default();
    for bad in
        ["", "mon-fri 18:00", "foo", "mon 25:00-26:00", "mon 08:00-17:00 x", "mon -", "8-17", "mon 8-9"]
    {
        assert!(week.add(bad).is_err(), "{bad:?}");
    }
    for good in ["mon", "fri-mon", "sat,sun 10:00-24:00", "mon-fri 18:00-08:00", "fri 17:00-mon 8:00"] {
        assert!(week.add(good).is_ok(), "{good:?}");
    }
    for bad in ["", "8", "mon", "24:00", "mon 8:0", "mon  tue 08:00"] {
        assert!(bad.parse::<Handoff>().is_err(), "{bad:?}");
    }
}

/// Any schedule: some layers, some of them at some hours, and some overrides.
fn any_schedule(zone: TimeZone, near: Timestamp) -> impl Strategy<Value = Schedule> {
    let day: Date = zone.to_datetime(near).date();
    let length = prop_oneof![
        (1u16..60).prop_map(Length::Hours),
        (1u16..9).prop_map(Length::Days),
        (1u16..3).prop_map(Length::Weeks),
        prop::sample::subsequence(vec!["mon 08:00", "fri 17:00", "02:30", "sun 00:00", "wed 23:59"], 1..5)
            .prop_map(|texts| Length::Handoffs(texts.iter().map(|text| text.parse().unwrap()).collect())),
    ];
    let start =
        (-400i32..30, any::<bool>(), 0i8..24, 0i8..60).prop_map(move |(days, exact, hour, minute)| {
            let day = day.checked_add(jiff::Span::new().days(days)).unwrap();
            if exact { Start::Moment(day.at(hour, minute, 0, 0)) } else { Start::Day(day) }
        });
    let hours = prop::sample::subsequence(
        vec!["mon-fri 18:00-08:00", "sat,sun", "fri 17:00 - mon 08:00", "sun 01:30-03:10", "wed 00:00-24:00"],
        0..4,
    );
    let one = (length, 0i8..24, prop::sample::select(vec![0i8, 30, 59]), start, hours, 1usize..4);
    let in_zone = zone.clone();
    let layer = one.prop_map(move |(length, hour, minute, start, hours, count)| {
        let ids = &["a", "b", "c"][..count];
        layer("l", rotation(ids, length, time(hour, minute, 0, 0), start, &in_zone), &hours)
    });
    let over = (-72i64..72, 1i64..50, any::<bool>()).prop_map(move |(from, hours, instead)| {
        let from = near + SignedDuration::from_hours(from);
        let until = from + SignedDuration::from_hours(hours);
        over(1, "x", instead.then_some("a"), &from.to_string(), &until.to_string())
    });
    (prop::collection::vec(layer, 1..4), prop::collection::vec(over, 0..3))
        .prop_map(move |(layers, overrides)| Schedule { overrides, ..schedule(&zone, layers) })
}

/// No gap, no overlap, and at every moment what is said of that moment alone.
fn holds(schedule: &Schedule, from: Timestamp, until: Timestamp, more: &[Timestamp]) -> Result<(), String> {
    let turns = schedule.turns(from, until);
    let ends = (turns.first().map(|turn| turn.from), turns.last().map(|turn| turn.until));
    if ends != (Some(from), Some(until)) || turns.iter().any(|turn| turn.from >= turn.until) {
        return Err(format!("{ends:?} is not {from} to {until}: {turns:?}"));
    }
    if let Some(pair) = turns.windows(2).find(|pair| pair[0].until != pair[1].from) {
        return Err(format!("between {:?} and {:?}", pair[0], pair[1]));
    }
    let before = |at: Timestamp| Timestamp::from_nanosecond(at.as_nanosecond() - 1).unwrap();
    let edges = turns.iter().flat_map(|turn| [turn.from, before(turn.until)]);
    for at in edges.chain(more.iter().copied()).filter(|at| from <= *at && *at < until) {
        let turn = turns.iter().find(|turn| turn.from <= at && at < turn.until).unwrap();
        let (people, why) = schedule.who(at);
        if (&people, &why) != (&turn.people, &turn.why) {
            return Err(format!("at {at} {people:?} by {why:?}, but in {turn:?}"));
        }
    }
    Ok(())
}

/// Every zone there is, around its changes of the clock, with other schedules in each.
#[test]
fn in_every_zone_turns_leave_no_gap_do_not_overlap_and_agree_with_each_moment() {
    let zones: Vec<String> = jiff::tz::db().available().map(|name| name.to_string()).collect();
    assert!(zones.len() > 300, "{} zones", zones.len());
    let mut runner =
        TestRunner::new(ProptestConfig { rng_seed: RngSeed::Fixed(4), ..ProptestConfig::default() });
    for name in &zones {
        let zone = zone(name);
        let begin = moment("2005-06-01T00:00:00Z");
        let end = moment("2038-01-01T00:00:00Z");
        let changes: Vec<TimeZoneTransition<'_>> =
            zone.following(begin).take_while(|change| change.timestamp() < end).collect();
        // The skipped day of Apia is among them; a zone that never changes is looked at once.
        let step = (changes.len() / 4).max(1);
        let mut near: Vec<Timestamp> =
            changes.iter().step_by(step).map(|change| change.timestamp()).collect();
        near.push(moment("2026-03-29T01:00:00Z"));
        if name == "Pacific/Apia" {
            near.push(moment("2011-12-30T10:00:00Z"));
        }
        for near in near {
            let schedule = any_schedule(zone.clone(), near).new_tree(&mut runner).unwrap().current();
            let seconds =
                prop::collection::vec(-300_000i64..300_000, 12).new_tree(&mut runner).unwrap().current();
            let more: Vec<_> =
                seconds.iter().map(|second| near + SignedDuration::from_secs(*second)).collect();
            let (from, until) =
                (near - SignedDuration::from_hours(80), near + SignedDuration::from_hours(90));
            if let Err(why) = holds(&schedule, from, until, &more) {
                panic!("{name} near {near}: {why}\n{schedule:?}");
            }
        }
    }
}

proptest! {
    #[test]
    fn the_end_of_a_turn_is_where_the_next_begins(
        (schedule, at) in (0..9usize, 1_200_000_000i64..2_000_000_000).prop_flat_map(|(i, second)| {
            let zones = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia",
                "America/St_Johns", "Asia/Kathmandu", "Africa/Casablanca", "America/Santiago"];
            let at = Timestamp::from_second(second).unwrap();
            (any_schedule(zone(zones[i]), at), Just(at))
        }),
    ) {
        let turn = schedule.at(at);
        prop_assert_eq!(&turn.people, &schedule.who(at).0);
        if let (Some(until), Some(next)) = (turn.until, turn.next) {
            prop_assert!(at < until && next.from == until);
            prop_assert_eq!(schedule.who(until).0, next.people);
            for segment in schedule.turns(at, until) {
                prop_assert_eq!(&segment.people, &turn.people);
            }
        }
    }

    #[test]
    fn in_a_rotation_everybody_has_their_turn_before_anybody_has_another(
        days in 1u16..20, hour in 0i8..24, second in 1_200_000_000i64..2_000_000_000,
    ) {
        let santiago = zone("America/Santiago");
        let (start, handoff) = (Start::Day(date(2008, 1, 1)), time(hour, 30, 0, 0));
        let source = rotation(&["a", "b", "c"], Length::Days(days), handoff, start, &santiago);
        let schedule = schedule(&santiago, vec![layer("l", source, &[])]);
        let at = Timestamp::from_second(second).unwrap();
        let until = at + SignedDuration::from_hours(24 * 20 * 6);
        let turns = schedule.turns(at, until);
        for three in turns.windows(3) {
            let mut ids: Vec<_> = three.iter().map(|turn| &turn.people[0].0).collect();
            ids.sort();
            prop_assert_eq!(ids, ["a", "b", "c"]);
        }
    }
}

#[test]
fn a_start_at_a_moment_may_be_any_civil_time() {
    let berlin = zone("Europe/Berlin");
    let start: DateTime = "2026-11-20T09:30".parse().unwrap();
    let source = rotation(&["a", "b"], Length::Days(1), start.time(), Start::Moment(start), &berlin);
    assert_eq!(
        said(
            &schedule(&berlin, vec![layer("l", source, &[])]),
            "2026-11-20T08:30:00Z",
            "2026-11-21T09:00:00Z"
        ),
        ["a Fri 20 09:30 +01:00", "b Sat 21 09:30 +01:00"]
    );
}
