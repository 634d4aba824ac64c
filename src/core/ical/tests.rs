//! Known occurrences: every example of RFC 5545 section 3.8.5.3 as it is printed there, rules made at
//! random with what python-dateutil 2.9 makes of them (`rules.txt`), and calendars as they come from
//! Google, Exchange and others.

use super::*;
use jiff::civil::date;
use proptest::prelude::*;

fn new_york() -> TimeZone {
    TimeZone::get("America/New_York").unwrap()
}

/// The times of a series by its properties, on New York's clock, until a date.
fn times(properties: &str, until: Date) -> Vec<DateTime> {
    let text = format!(
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nDURATION:PT5M\n{properties}\nEND:VEVENT\nEND:VCALENDAR\n"
    );
    let calendar = Calendar::read(&text).unwrap_or_else(|why| panic!("{why}: {text}"));
    let zone = new_york();
    let (from, until) =
        (Timestamp::UNIX_EPOCH, moment(&zone, until.to_datetime(jiff::civil::Time::midnight())));
    calendar.events[0].between(&zone, from, until).iter().map(|(at, _)| zone.to_datetime(*at)).collect()
}

/// `1997 sep 2,4-6 oct 1`: those days at nine.
fn at_nine(text: &str) -> Vec<DateTime> {
    let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let (mut year, mut month, mut found) = (0, 0, Vec::new());
    for word in text.split_whitespace() {
        if let Some(at) = months.iter().position(|name| *name == word) {
            month = at as i8 + 1;
        } else if word.len() == 4 && word.parse::<i16>().is_ok_and(|number| number > 1000) {
            year = word.parse().unwrap();
        } else {
            for part in word.split(',') {
                let (first, last) = part.split_once('-').unwrap_or((part, part));
                let days = first.parse::<i8>().unwrap()..=last.parse().unwrap();
                found.extend(days.map(|day| date(year, month, day).at(9, 0, 0, 0)));
            }
        }
    }
    found
}

/// DTSTART, the rules that say the same, and the days at nine; `…` where it goes on for ever.
const EXAMPLES: &[(&str, &[&str], &str)] = &[
    ("19970902", &["FREQ=DAILY;COUNT=10"], "1997 sep 2-11"),
    ("19970902", &["FREQ=DAILY;UNTIL=19971224T000000Z"], "1997 sep 2-30 oct 1-31 nov 1-30 dec 1-23"),
    (
        "19970902",
        &["FREQ=DAILY;INTERVAL=2"],
        "1997 sep 2,4,6,8,10,12,14,16,18,20,22,24,26,28,30 \
      oct 2,4,6,8,10,12,14,16,18,20,22,24,26,28,30 nov 1,3,5,7,9,11,13,15,17,19,21,23,25,27,29 dec 1,3 …",
    ),
    ("19970902", &["FREQ=DAILY;INTERVAL=10;COUNT=5"], "1997 sep 2,12,22 oct 2,12"),
    (
        "19980101",
        &[
            "FREQ=YEARLY;UNTIL=20000131T140000Z;BYMONTH=1;BYDAY=SU,MO,TU,WE,TH,FR,SA",
            "FREQ=DAILY;UNTIL=20000131T140000Z;BYMONTH=1",
        ],
        "1998 jan 1-31 1999 jan 1-31 2000 jan 1-31",
    ),
    ("19970902", &["FREQ=WEEKLY;COUNT=10"], "1997 sep 2,9,16,23,30 oct 7,14,21,28 nov 4"),
    (
        "19970902",
        &["FREQ=WEEKLY;UNTIL=19971224T000000Z"],
        "1997 sep 2,9,16,23,30 oct 7,14,21,28 nov 4,11,18,25 dec 2,9,16,23",
    ),
    (
        "19970902",
        &["FREQ=WEEKLY;INTERVAL=2;WKST=SU"],
        "1997 sep 2,16,30 oct 14,28 nov 11,25 dec 9,23 1998 jan 6,20 feb 3,17 …",
    ),
    (
        "19970902",
        &[
            "FREQ=WEEKLY;UNTIL=19971007T000000Z;WKST=SU;BYDAY=TU,TH",
            "FREQ=WEEKLY;COUNT=10;WKST=SU;BYDAY=TU,TH",
        ],
        "1997 sep 2,4,9,11,16,18,23,25,30 oct 2",
    ),
    (
        "19970901",
        &["FREQ=WEEKLY;INTERVAL=2;UNTIL=19971224T000000Z;WKST=SU;BYDAY=MO,WE,FR"],
        "1997 sep 1,3,5,15,17,19,29 oct 1,3,13,15,17,27,29,31 nov 10,12,14,24,26,28 dec 8,10,12,22",
    ),
    (
        "19970902",
        &["FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH"],
        "1997 sep 2,4,16,18,30 oct 2,14,16",
    ),
    (
        "19970905",
        &["FREQ=MONTHLY;COUNT=10;BYDAY=1FR"],
        "1997 sep 5 oct 3 nov 7 dec 5 1998 jan 2 feb 6 mar 6 apr 3 may 1 jun 5",
    ),
    ("19970905", &["FREQ=MONTHLY;UNTIL=19971224T000000Z;BYDAY=1FR"], "1997 sep 5 oct 3 nov 7 dec 5"),
    (
        "19970907",
        &["FREQ=MONTHLY;INTERVAL=2;COUNT=10;BYDAY=1SU,-1SU"],
        "1997 sep 7,28 nov 2,30 1998 jan 4,25 mar 1,29 may 3,31",
    ),
    ("19970922", &["FREQ=MONTHLY;COUNT=6;BYDAY=-2MO"], "1997 sep 22 oct 20 nov 17 dec 22 1998 jan 19 feb 16"),
    ("19970928", &["FREQ=MONTHLY;BYMONTHDAY=-3"], "1997 sep 28 oct 29 nov 28 dec 29 1998 jan 29 feb 26 …"),
    (
        "19970902",
        &["FREQ=MONTHLY;COUNT=10;BYMONTHDAY=2,15"],
        "1997 sep 2,15 oct 2,15 nov 2,15 dec 2,15 1998 jan 2,15",
    ),
    (
        "19970930",
        &["FREQ=MONTHLY;COUNT=10;BYMONTHDAY=1,-1"],
        "1997 sep 30 oct 1,31 nov 1,30 dec 1,31 1998 jan 1,31 feb 1",
    ),
    (
        "19970910",
        &["FREQ=MONTHLY;INTERVAL=18;COUNT=10;BYMONTHDAY=10,11,12,13,14,15"],
        "1997 sep 10-15 1999 mar 10-13",
    ),
    (
        "19970902",
        &["FREQ=MONTHLY;INTERVAL=2;BYDAY=TU"],
        "1997 sep 2,9,16,23,30 nov 4,11,18,25 1998 jan 6,13,20,27 mar 3,10,17,24,31 …",
    ),
    (
        "19970610",
        &["FREQ=YEARLY;COUNT=10;BYMONTH=6,7"],
        "1997 jun 10 jul 10 1998 jun 10 jul 10 1999 jun 10 jul 10 2000 jun 10 jul 10 2001 jun 10 jul 10",
    ),
    (
        "19970310",
        &["FREQ=YEARLY;INTERVAL=2;COUNT=10;BYMONTH=1,2,3"],
        "1997 mar 10 1999 jan 10 feb 10 mar 10 2001 jan 10 feb 10 mar 10 2003 jan 10 feb 10 mar 10",
    ),
    (
        "19970101",
        &["FREQ=YEARLY;INTERVAL=3;COUNT=10;BYYEARDAY=1,100,200"],
        "1997 jan 1 apr 10 jul 19 \
      2000 jan 1 apr 9 jul 18 2003 jan 1 apr 10 jul 19 2006 jan 1",
    ),
    ("19970519", &["FREQ=YEARLY;BYDAY=20MO"], "1997 may 19 1998 may 18 1999 may 17 …"),
    ("19970512", &["FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO"], "1997 may 12 1998 may 11 1999 may 17 …"),
    (
        "19970313",
        &["FREQ=YEARLY;BYMONTH=3;BYDAY=TH"],
        "1997 mar 13,20,27 1998 mar 5,12,19,26 1999 mar 4,11,18,25 …",
    ),
    (
        "19970605",
        &["FREQ=YEARLY;BYDAY=TH;BYMONTH=6,7,8"],
        "1997 jun 5,12,19,26 jul 3,10,17,24,31 \
      aug 7,14,21,28 1998 jun 4,11,18,25 jul 2,9,16,23,30 aug 6,13,20,27 \
      1999 jun 3,10,17,24 jul 1,8,15,22,29 aug 5,12,19,26 …",
    ),
    (
        "19970913",
        &["FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13"],
        "1997 sep 13 oct 11 nov 8 dec 13 1998 jan 10 feb 7 mar 7 apr 11 may 9 jun 13 …",
    ),
    (
        "19961105",
        &["FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8"],
        "1996 nov 5 2000 nov 7 2004 nov 2 …",
    ),
    ("19970904", &["FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3"], "1997 sep 4 oct 7 nov 6"),
    (
        "19970929",
        &["FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2"],
        "1997 sep 29 oct 30 nov 27 dec 30 1998 jan 29 feb 26 mar 30 …",
    ),
    ("19970805", &["FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO"], "1997 aug 5,10,19,24"),
    ("19970805", &["FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU"], "1997 aug 5,17,19,31"),
    ("20070115", &["FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5"], "2007 jan 15,30 feb 15 mar 15,30"),
];

#[test]
fn every_example_of_the_rfc_has_the_times_that_are_printed_there() {
    for (start, rules, wanted) in EXAMPLES {
        let wanted_times = at_nine(wanted.trim_end_matches(" …"));
        for rule in *rules {
            let start = format!("DTSTART;TZID=America/New_York:{start}T090000\nRRULE:{rule}");
            let mut found = times(&start, date(2010, 1, 1));
            if wanted.ends_with('…') {
                assert!(found.len() > wanted_times.len(), "{rule} goes on");
                found.truncate(wanted_times.len());
            }
            assert_eq!(found, wanted_times, "{rule}");
        }
    }
}

#[test]
fn every_friday_the_thirteenth_leaves_its_own_start_out() {
    let start = "DTSTART;TZID=America/New_York:19970902T090000\nEXDATE;TZID=America/New_York:19970902T090000\n\
                 RRULE:FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13";
    let wanted = at_nine("1998 feb 13 mar 13 nov 13 1999 aug 13 2000 oct 13");
    assert_eq!(times(start, date(2001, 1, 1)), wanted);
}

#[test]
fn the_examples_within_a_day_have_their_times_of_day() {
    let clock = |rule: &str, until| -> Vec<String> {
        let start = format!("DTSTART;TZID=America/New_York:19970902T090000\nRRULE:{rule}");
        times(&start, until).iter().map(|at| at.strftime("%H:%M").to_string()).collect()
    };
    let next = date(1997, 9, 3);
    // The RFC prints 15:00 as well, which is after its own UNTIL of 13:00 there (erratum 3883).
    assert_eq!(clock("FREQ=HOURLY;INTERVAL=3;UNTIL=19970902T170000Z", next), ["09:00", "12:00"]);
    let eastern = clock("FREQ=HOURLY;INTERVAL=3;UNTIL=19970902T210000Z", next);
    assert_eq!(eastern, ["09:00", "12:00", "15:00"]);
    let quarters = clock("FREQ=MINUTELY;INTERVAL=15;COUNT=6", next);
    assert_eq!(quarters, ["09:00", "09:15", "09:30", "09:45", "10:00", "10:15"]);
    assert_eq!(clock("FREQ=MINUTELY;INTERVAL=90;COUNT=4", next), ["09:00", "10:30", "12:00", "13:30"]);
    let day: Vec<String> = (9..17).flat_map(|h| [0, 20, 40].map(|m| format!("{h:02}:{m:02}"))).collect();
    let two = [day.clone(), day].concat();
    let until = date(1997, 9, 4);
    assert_eq!(clock("FREQ=DAILY;BYHOUR=9,10,11,12,13,14,15,16;BYMINUTE=0,20,40", until), two);
    assert_eq!(clock("FREQ=MINUTELY;INTERVAL=20;BYHOUR=9,10,11,12,13,14,15,16", until), two);
}

#[test]
fn rules_made_at_random_come_when_another_library_says() {
    let mut count = 0;
    for line in include_str!("rules.txt").lines() {
        let mut words = line.split(' ');
        let rule: Rule = words.next().unwrap().parse().unwrap_or_else(|why| panic!("{why}: {line}"));
        let wanted: Vec<DateTime> = words.map(|word| format!("{word}00").parse().unwrap()).collect();
        let (start, last) = (wanted[0], wanted[wanted.len() - 1]);
        assert_eq!(rule.times(start, start, last, |_| false), wanted, "{line}");
        // Asked for later, what came before is skipped and what comes is the same.
        assert_eq!(rule.times(start, wanted[8], last, |_| false), wanted[8..], "{line}");
        count += 1;
    }
    assert!(count >= 400);
}

/// A calendar's shifts on Berlin's clock, `summary Mon 02 08:00 – Tue 03 08:00`.
fn shifts(events: &str, from: &str, until: &str) -> Vec<String> {
    let text =
        format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{}\r\nEND:VCALENDAR\r\n", events.replace('\n', "\r\n"));
    let calendar = Calendar::read(&text).unwrap_or_else(|why| panic!("{why}"));
    let zone = TimeZone::get("Europe/Berlin").unwrap();
    let (from, until) = (from.parse().unwrap(), until.parse().unwrap());
    let mut found: Vec<_> = calendar
        .events
        .iter()
        .flat_map(|event| event.between(&zone, from, until).into_iter().map(move |times| (times, event)))
        .collect();
    found.sort_by_key(|(times, _)| *times);
    let said = |at: Timestamp| at.to_zoned(zone.clone()).strftime("%a %d %H:%M").to_string();
    found.iter().map(|((a, b), e)| format!("{} {} – {}", e.summary.raw(), said(*a), said(*b))).collect()
}

#[test]
fn a_weekly_shift_begins_and_ends_at_the_same_wall_time_over_a_change_of_the_clock() {
    let event = "BEGIN:VEVENT\nUID:a\nDTSTART;TZID=Europe/Berlin:20261018T200000\n\
                 DTEND;TZID=Europe/Berlin:20261019T080000\nRRULE:FREQ=WEEKLY\nSUMMARY:n\nEND:VEVENT";
    assert_eq!(
        shifts(event, "2026-10-18T00:00:00Z", "2026-10-30T00:00:00Z"),
        ["n Sun 18 20:00 – Mon 19 08:00", "n Sun 25 20:00 – Mon 26 08:00"]
    );
    // A DURATION's hours are real ones, its days are days (section 3.3.6).
    let event = "BEGIN:VEVENT\nUID:a\nDTSTART;TZID=Europe/Berlin:20261024T200000\nDURATION:PT12H\n\
                 RDATE;VALUE=PERIOD;TZID=Europe/Berlin:20261024T120000/P1DT1H\nSUMMARY:n\nEND:VEVENT";
    assert_eq!(
        shifts(event, "2026-10-24T00:00:00Z", "2026-10-30T00:00:00Z"),
        ["n Sat 24 12:00 – Sun 25 13:00", "n Sat 24 20:00 – Sun 25 07:00"]
    );
}

#[test]
fn whole_days_are_days_where_the_schedule_is_and_end_before_their_dtend() {
    let event = "BEGIN:VEVENT\nUID:a\nDTSTART;VALUE=DATE:20260327\nDTEND;VALUE=DATE:20260330\nSUMMARY:w\nEND:VEVENT\n\
                 BEGIN:VEVENT\nUID:b\nDTSTART;VALUE=DATE:20260330\nSUMMARY:d\nEND:VEVENT";
    assert_eq!(
        shifts(event, "2026-03-26T00:00:00Z", "2026-04-02T00:00:00Z"),
        ["w Fri 27 00:00 – Mon 30 00:00", "d Mon 30 00:00 – Tue 31 00:00"]
    );
}

#[test]
fn what_moved_comes_once_and_what_was_called_off_not_at_all() {
    let event = "BEGIN:VEVENT\nUID:a\nDTSTART;TZID=Europe/Berlin:20261102T080000\nDTEND;TZID=Europe/Berlin:20261102T180000\n\
                 RRULE:FREQ=DAILY;COUNT=5\nEXDATE;TZID=Europe/Berlin:20261103T080000\nSUMMARY:s\nEND:VEVENT\n\
                 BEGIN:VEVENT\nUID:a\nRECURRENCE-ID:20261104T070000Z\nDTSTART;TZID=Europe/Berlin:20261104T100000\n\
                 DTEND;TZID=Europe/Berlin:20261104T120000\nSUMMARY:moved\nEND:VEVENT\n\
                 BEGIN:VEVENT\nUID:a\nRECURRENCE-ID;TZID=Europe/Berlin:20261105T080000\nSTATUS:CANCELLED\n\
                 DTSTART;TZID=Europe/Berlin:20261105T080000\nDTEND;TZID=Europe/Berlin:20261105T180000\nSUMMARY:s\nEND:VEVENT\n\
                 BEGIN:VEVENT\nUID:b\nDTSTART:20261106T000000Z\nSTATUS:CANCELLED\nSUMMARY:off\nEND:VEVENT";
    assert_eq!(
        shifts(event, "2026-11-01T00:00:00Z", "2026-11-30T00:00:00Z"),
        [
            "s Mon 02 08:00 – Mon 02 18:00",
            "moved Wed 04 10:00 – Wed 04 12:00",
            "s Fri 06 08:00 – Fri 06 18:00"
        ]
    );
}

#[test]
fn zones_are_found_by_iana_name_a_longer_one_their_place_or_as_windows_says() {
    let zone = "BEGIN:VTIMEZONE\nTZID:Mine\nX-LIC-LOCATION:America/New_York\nBEGIN:STANDARD\nTZOFFSETTO:-0500\n\
                END:STANDARD\nEND:VTIMEZONE\n";
    for (id, wanted) in [
        ("Europe/London", "10:00"),
        ("/mozilla.org/20070129_1/Europe/London", "10:00"),
        ("/freeassociation.sourceforge.net/America/Argentina/Buenos_Aires", "13:00"),
        ("Mine", "15:00"),
        ("W. Europe Standard Time", "09:00"),
        ("\"Eastern Standard Time\"", "15:00"),
    ] {
        let event = format!(
            "{zone}BEGIN:VEVENT\nUID:a\nDTSTART;TZID={id}:20261102T090000\nDURATION:PT1H\nSUMMARY:s\nEND:VEVENT"
        );
        let found = shifts(&event, "2026-11-01T00:00:00Z", "2026-11-30T00:00:00Z");
        assert!(found[0].starts_with(&format!("s Mon 02 {wanted}")), "{id}: {found:?}");
    }
}

#[test]
fn folded_lines_escapes_and_alarms_are_read_as_they_are_meant() {
    let text = "BEGIN:VCALENDAR\r\nX-WR-CALNAME:On call\r\nBEGIN:VEVENT\r\nUID:a\r\nDTSTART:20261102T090000Z\r\n\
                DTEND:20261102T100000Z\r\nSUMMARY:Weber\\, Mar\r\n ia\\n(first)\r\nATTENDEE;CN=\"Weber; M: 1\";PARTSTAT=\
                ACCEPTED:mailto:maria@\r\n example.net\r\nATTENDEE;PARTSTAT=DECLINED:MAILTO:jonas@example.net\r\n\
                ORGANIZER:mailto:lead@example.net\r\nBEGIN:VALARM\r\nTRIGGER:-PT15M\r\nATTENDEE:mailto:x@example.net\r\n\
                END:VALARM\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    let calendar = Calendar::read(text).unwrap();
    let [event] = calendar.events.as_slice() else { panic!("{calendar:?}") };
    assert_eq!(event.summary.raw(), "Weber, Maria\n(first)");
    assert_eq!(event.attendees, [Untrusted::new("maria@example.net")]);
    assert_eq!(event.organizer, Some(Untrusted::new("lead@example.net")));
}

#[test]
fn what_cannot_be_understood_is_refused_with_its_line() {
    let event =
        |lines: &str| format!("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:a\n{lines}\nEND:VEVENT\nEND:VCALENDAR");
    for (text, line, wanted) in [
        ("<html>".to_owned(), 1, "no line of an iCalendar file"),
        ("BEGIN:VCARD\nEND:VCARD".to_owned(), 1, "begins with BEGIN:VCALENDAR"),
        ("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1".to_owned(), 2, "cut off"),
        ("BEGIN:VCALENDAR\nEND:VEVENT".to_owned(), 2, "did not begin"),
        (event("SUMMARY:x"), 2, "no DTSTART"),
        (event("DTSTART:2026-11-02"), 4, "is no time"),
        (event("DTSTART:20261302T000000Z"), 4, "is no time"),
        (event("DTSTART;TZID=Mars/Olympus:20261102T000000"), 4, "no time zone"),
        (event("DTSTART:20261102T000000Z\nDTEND:20261101T000000Z"), 5, "ends before it begins"),
        (event("DTSTART:20261102T000000Z\nDURATION:8H"), 5, "no length of time"),
        (event("DTSTART:20261102T000000Z\nRRULE:FREQ=SECONDLY"), 5, "by the second"),
        (event("DTSTART:20261102T000000Z\nRRULE:FREQ=DAILY;BYDAY=XX"), 5, "BYDAY cannot be \"XX\""),
        (event("DTSTART:20261102T000000Z\nRRULE:FREQ=DAILY;BYEASTER=1"), 5, "no part of a recurrence rule"),
        (event("DTSTART:20261102T000000Z\nRRULE:FREQ=DAILY;COUNT=3;UNTIL=20261201"), 5, "COUNT or by UNTIL"),
        (event("DTSTART:20261102T000000Z\nRECURRENCE-ID;RANGE=THISANDFUTURE:20261102T000000Z"), 5, "RANGE"),
    ] {
        let problem = Calendar::read(&text).unwrap_err();
        assert!(problem.line == line && problem.message.contains(wanted), "{text}: {problem}");
    }
}

proptest! {
    #[test]
    fn any_text_is_a_calendar_or_a_sentence(text in "(BEGIN:(VCALENDAR|VEVENT)\n|DTSTART:[0-9TZ]{6,16}\n|\
        RRULE:FREQ=(DAILY|YEARLY|HOURLY);(COUNT|BYMONTHDAY|BYSETPOS|INTERVAL)=-?[0-9]{1,5}\n|END:(VEVENT|VCALENDAR)\n|.*\n){0,20}") {
        if let Ok(calendar) = Calendar::read(&text) {
            let (from, until) = (Timestamp::UNIX_EPOCH, "2026-01-01T00:00:00Z".parse().unwrap());
            for event in calendar.events {
                event.between(&TimeZone::UTC, from, until);
            }
        }
    }
}
