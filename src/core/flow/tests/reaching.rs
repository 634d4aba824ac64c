//! Contacts: wishes, opt-outs, quiet hours, failures and leavers.

use super::*;
use crate::core::change::What;
use crate::core::contact::{ContactState, QuietHours};
use crate::core::delivery::Answered;
use crate::core::notification::{Acceptance, Fault, NotificationState};
use crate::core::reach::{Reach, Way};
use crate::core::suppression::{Suppression, SuppressionCause, SuppressionState, address_key};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

fn news(stage: &mut Stage, status: &str) {
    let data = json!({ "case": { "id": "c1" }, "status": status, "opened_by": { "contact_id": "ana" } });
    stage.tell("case.status_changed", data);
}

fn refuse(medium: Medium, fault: Fault) -> impl Fn(&super::super::stage::Sent) -> Answered {
    move |sent| match sent.medium == medium {
        true => Answered::Refused { said: "no".into(), fault },
        false => Answered::Accepted(Acceptance { said: "ok".into(), parts: 1, ..Acceptance::default() }),
    }
}

fn media() -> impl Strategy<Value = Vec<Medium>> {
    prop::sample::subsequence(Medium::ALL.to_vec(), 0..=2).prop_shuffle()
}

proptest! {
    #[test]
    fn nobody_gets_what_they_opted_out_of_and_wishes_go_in_order(
        wished in prop::option::of(media()),
        opted_out in media(),
        addresses in media(),
        dead in media(),
        stopped in media(),
        category in prop::sample::select(Category::ALL.to_vec()),
    ) {
        let stage = Stage::new();
        let mut ana = contact("ana");
        if !addresses.contains(&Medium::Sms) { ana.phones.clear(); }
        if !addresses.contains(&Medium::Email) { ana.emails.clear(); }
        ana.opted_out = opted_out.iter().copied().collect();
        if let Some(wished) = &wished { ana.channels.insert(category, wished.clone()); }
        let mut reach = Reach { contact: Some(ana.clone()), ..Reach::default() };
        let whole = contact("ana");
        let address = |medium: Medium| match medium {
            Medium::Sms => whole.phones[0].to_string(),
            Medium::Email => whole.emails[0].to_string(),
        };
        let causes = [(&dead, SuppressionCause::Dead), (&stopped, SuppressionCause::OptedOut)];
        for (media, cause) in causes {
            for medium in media {
                let key = address_key(&address(*medium));
                let one = Suppression { id: key.as_str().into(), state: SuppressionState::Active, medium: *medium,
                    cause, detail: "".into(), created_at: stage.now, updated_at: stage.now };
                reach.suppressed.insert(key, one);
            }
        }
        let works = |medium: &Medium| addresses.contains(medium) && !opted_out.contains(medium)
            && !dead.contains(medium) && !stopped.contains(medium);
        let order = crate::core::reach::wishes(&ana, category);
        match reach.way(&stage.desk, &ana, category, stage.now) {
            Way::Send { medium, address: to } => {
                prop_assert!(works(&medium) && to == address(medium));
                if let Some(best) = order.iter().find(|medium| works(medium)) {
                    prop_assert_eq!(medium, *best);
                }
            }
            Way::Wait(_) => prop_assert!(false, "there are no quiet hours"),
            Way::None(_) => {
                // Who said stop to what they had asked for is not answered over what they did not name.
                let said_stop = |medium: &&Medium| opted_out.contains(medium) || stopped.contains(medium);
                let stop = order.iter().any(|medium| said_stop(&medium));
                let left = if stop { order.clone() } else { Medium::ALL.to_vec() };
                prop_assert!(order.is_empty() || !left.iter().any(works));
            }
        }
    }

    #[test]
    fn nothing_is_sent_in_quiet_hours_and_nothing_waits_longer_than_them(
        zone in prop::sample::select(vec!["Europe/Berlin", "America/New_York", "Australia/Lord_Howe",
            "America/Santiago", "Africa/Casablanca", "UTC"]),
        // Around the clock changes of a year.
        minute in 0i64..(365 * 24 * 60),
        near in prop::sample::select(vec!["2026-03-29T00:00:00Z", "2026-10-25T00:00:00Z", "2026-11-01T05:00:00Z",
            "2026-03-08T06:00:00Z", "2026-04-04T14:00:00Z", "2026-01-01T00:00:00Z"]),
        spread in prop::sample::select(vec![1i64, 200]),
        from in 0i8..48,
        to in 0i8..48,
    ) {
        let stage = Stage::new();
        let mut ana = contact("ana");
        ana.time_zone = Some(zone.into());
        let half = |n: i8| jiff::civil::time(n / 2, n % 2 * 30, 0, 0);
        let hours = QuietHours { from: half(from), to: half(to) };
        ana.quiet_hours = Some(hours);
        let now = near.parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minute / 365 / spread);
        let reach = Reach { contact: Some(ana.clone()), ..Reach::default() };
        let zone = TimeZone::get(zone).unwrap();
        let quiet = |at: Timestamp| from != to && hours.covers(zone.to_datetime(at).time());
        match reach.way(&stage.desk, &ana, Category::CaseUpdates, now) {
            Way::Send { .. } => prop_assert!(!quiet(now)),
            Way::Wait(until) => {
                prop_assert!(quiet(now) && !quiet(until) && until > now, "{now} {until}");
                let mut at = now;
                while at < until {
                    prop_assert!(quiet(at), "it is not quiet at {at}, and it waits until {until}");
                    at += SignedDuration::from_mins(5);
                }
            }
            Way::None(why) => prop_assert!(false, "{why:?}"),
        }
        let urgent = reach.way(&stage.desk, &ana, Category::Urgent, now);
        let goes = matches!(urgent, Way::Send { .. });
        prop_assert!(goes);
    }
}

#[test]
fn a_night_in_which_the_clock_is_set_back_ends_twice_and_nothing_waits_a_day_for_it() {
    let stage = Stage::new();
    let mut ana = contact("ana");
    ana.time_zone = Some("Europe/Berlin".into());
    ana.quiet_hours = Some("22:00-02:30".parse().unwrap());
    let reach = Reach { contact: Some(ana.clone()), ..Reach::default() };
    let way = |at: &str| reach.way(&stage.desk, &ana, Category::CaseUpdates, at.parse().unwrap());
    let until = |at: &str| Way::Wait(at.parse().unwrap());
    assert_eq!(way("2026-10-25T00:10:00Z"), until("2026-10-25T00:30:00Z"));
    assert!(matches!(way("2026-10-25T00:40:00Z"), Way::Send { .. }));
    assert_eq!(way("2026-10-25T01:10:00Z"), until("2026-10-25T01:30:00Z"));
    // In spring 02:30 is skipped: it is over as the clock jumps.
    assert_eq!(way("2026-03-29T00:30:00Z"), until("2026-03-29T01:00:00Z"));
}

#[test]
fn what_the_configuration_names_urgent_wakes_a_contact_and_nothing_else_does() {
    let mut stage = Stage::new();
    let mut ana = contact("ana");
    ana.quiet_hours = Some("22:00-07:00".parse().unwrap());
    ana.time_zone = Some("UTC".into());
    let reach = Reach { contact: Some(ana.clone()), ..Reach::default() };
    let night = "2026-03-01T23:00:00Z".parse().unwrap();
    stage.desk.wakes_contacts = [Category::CaseUpdates].into();
    for (category, goes) in [(Category::CaseUpdates, true), (Category::Urgent, false)] {
        let way = reach.way(&stage.desk, &ana, category, night);
        assert_eq!(matches!(way, Way::Send { .. }), goes, "{category:?}: {way:?}");
    }
}

#[test]
fn a_night_that_ends_as_the_clock_is_set_back_is_over_until_its_hour_comes_again() {
    let stage = Stage::new();
    let mut ana = contact("ana");
    ana.time_zone = Some("America/Santiago".into());
    ana.quiet_hours = Some("23:30-00:00".parse().unwrap());
    let reach = Reach { contact: Some(ana.clone()), ..Reach::default() };
    let way = |at: &str| reach.way(&stage.desk, &ana, Category::CaseUpdates, at.parse().unwrap());
    let until = |at: &str| Way::Wait(at.parse().unwrap());
    // On 4 April 2026 midnight is 23:00 again.
    assert_eq!(way("2026-04-05T02:45:00Z"), until("2026-04-05T03:00:00Z"));
    assert!(matches!(way("2026-04-05T03:10:00Z"), Way::Send { .. }));
    assert_eq!(way("2026-04-05T03:45:00Z"), until("2026-04-05T04:00:00Z"));
}

#[test]
fn a_failure_for_good_is_one_task_and_one_message_another_way() {
    for fault in [Fault::Address, Fault::Message] {
        let mut stage = Stage::with([contact("ana")]);
        news(&mut stage, "received");
        let sent = stage.send_with(refuse(Medium::Email, fault));
        let media: Vec<_> = sent.iter().map(|sent| sent.medium).collect();
        assert_eq!(media, [Medium::Email, Medium::Sms], "{fault:?}");
        assert_eq!(stage.open_tasks(TaskKind::Fix).len(), 1);
        // The address is given up where it was at fault, and tried again where the message was.
        news(&mut stage, "approved");
        let first = stage.send()[0].medium;
        assert_eq!(first, if fault == Fault::Address { Medium::Sms } else { Medium::Email });
        assert_eq!(stage.open_tasks(TaskKind::Fix).len(), 1);
    }
}

#[test]
fn a_provider_that_says_an_owner_opted_out_is_believed_and_no_way_is_taken_that_they_never_named() {
    for wished in [&[Medium::Sms, Medium::Email][..], &[Medium::Sms]] {
        let mut stage = Stage::with([wants(contact("ana"), Category::CaseUpdates, wished)]);
        news(&mut stage, "received");
        let sent = stage.send_with(refuse(Medium::Sms, Fault::OptedOut));
        let media: Vec<_> = sent.iter().map(|sent| sent.medium).collect();
        assert_eq!(media, wished);
        news(&mut stage, "approved");
        let after: Vec<_> = stage.send().iter().map(|sent| sent.medium).collect();
        assert_eq!(after, wished[1..], "the number stays stopped");
    }
}

#[test]
fn where_every_way_fails_it_ends_with_one_task() {
    for fault in [Fault::Address, Fault::Message] {
        let mut stage = Stage::with([contact("ana")]);
        news(&mut stage, "received");
        let sent = stage.send_with(|_| Answered::Refused { said: "no".into(), fault });
        assert_eq!((sent.len(), stage.open_tasks(TaskKind::Fix).len()), (2, 1), "{fault:?}");
    }
}

#[test]
fn a_second_number_is_tried_before_another_medium() {
    let mut ana = wants(contact("ana"), Category::CaseUpdates, &[Medium::Sms, Medium::Email]);
    ana.phones.push("+4915123456799".parse().unwrap());
    let first = ana.phones[0].to_string();
    let mut stage = Stage::with([ana]);
    news(&mut stage, "received");
    let sent = stage.send_with(|sent| match sent.address == first {
        true => Answered::Refused { said: "no".into(), fault: Fault::Message },
        false => Answered::Accepted(Acceptance { said: "ok".into(), parts: 1, ..Acceptance::default() }),
    });
    let to: Vec<_> = sent.iter().map(|sent| sent.address.as_str()).collect();
    assert_eq!(to, [first.as_str(), "+4915123456799"]);
}

#[test]
fn what_waited_for_one_who_left_goes_to_another_or_is_a_task() {
    let mut left = contact("ana");
    left.state = ContactState::Inactive;
    left.successor = Some("zoe".into());
    let mut stage = Stage::with([left.clone(), contact("ben"), contact("zoe")]);
    news(&mut stage, "received");
    let to: Vec<_> = stage.send().into_iter().map(|sent| sent.to).collect();
    assert_eq!(to, ["zoe"]);

    let mut alone = Stage::with([left.clone()]);
    news(&mut alone, "received");
    assert!(alone.send().is_empty());
    assert_eq!(alone.open_tasks(TaskKind::Fix).len(), 1);
    assert!(alone.notifications.values().all(|n| n.state == NotificationState::Suppressed));
    left.emails = vec!["new@acme.example".parse().unwrap()];
    alone.meet(left.clone());
    assert_eq!(alone.open_tasks(TaskKind::Fix).len(), 1, "they are away still");
    left.state = ContactState::Active;
    alone.meet(left);
    assert!(alone.open_tasks(TaskKind::Fix).is_empty());
    let to: Vec<_> = alone.send().into_iter().map(|sent| sent.address).collect();
    assert_eq!(to, ["new@acme.example"], "what nobody could get leaves when somebody can");
}

fn by_mail_only() -> Contact {
    let mut ana = wants(contact("ana"), Category::CaseUpdates, &[Medium::Email]);
    ana.phones.clear();
    ana
}

fn at_a_new_address(ana: &Contact) -> Contact {
    Contact { emails: vec!["new@acme.example".parse().unwrap()], ..ana.clone() }
}

#[test]
fn the_last_word_of_each_case_that_did_not_arrive_leaves_once_the_address_is_mended() {
    let ana = by_mail_only();
    let mut stage = Stage::with([ana.clone()]);
    news(&mut stage, "received");
    stage.send_with(refuse(Medium::Email, Fault::Address));
    news(&mut stage, "under_review");
    let other = json!({ "case": { "id": "c2" }, "status": "received", "opened_by": { "contact_id": "ana" } });
    stage.tell("case.status_changed", other);
    stage.send_with(refuse(Medium::Email, Fault::Address));
    assert_eq!(stage.open_tasks(TaskKind::Fix).len(), 1);
    let changes = stage.meet(at_a_new_address(&ana));
    let done = changes.iter().find(|change| change.what == What::TaskDone).unwrap();
    assert!(done.summary.raw().contains("2 messages that did not arrive leave again"), "{done:?}");
    let sent = stage.send();
    assert!(sent.iter().all(|sent| sent.address == "new@acme.example"));
    let said: Vec<_> = sent.iter().map(|sent| sent.body.contains("Eingegangen")).collect();
    assert_eq!(said, [false, true], "that c1 was received is old by now: {sent:#?}");
    stage.meet(at_a_new_address(&ana));
    assert_eq!(stage.send(), [], "once");
}

#[test]
fn what_arrived_another_way_or_is_no_news_any_more_does_not_leave_when_the_address_is_mended() {
    let both = wants(contact("ana"), Category::CaseUpdates, &[Medium::Email, Medium::Sms]);
    for threaded in [true, false] {
        let mut stage = Stage::with([both.clone()]);
        news(&mut stage, "received");
        stage.send_with(refuse(Medium::Email, Fault::Address));
        stage.notifications.values_mut().filter(|_| !threaded).for_each(|n| n.thread = None);
        stage.meet(at_a_new_address(&both));
        assert!(stage.open_tasks(TaskKind::Fix).is_empty());
        assert_eq!(stage.send(), [], "the text had it");
    }

    let ana = by_mail_only();
    let mut stage = Stage::with([ana.clone()]);
    news(&mut stage, "received");
    stage.send_with(refuse(Medium::Email, Fault::Address));
    stage.now += SignedDuration::from_hours(73);
    stage.meet(at_a_new_address(&ana));
    assert!(stage.open_tasks(TaskKind::Fix).is_empty());
    assert_eq!(stage.send(), []);
}

#[test]
fn an_address_that_refused_the_words_does_not_get_them_again_because_something_else_was_mended() {
    let ana = by_mail_only();
    let mut stage = Stage::with([ana.clone()]);
    news(&mut stage, "received");
    stage.send_with(refuse(Medium::Email, Fault::Message));
    stage.meet(Contact { locale: Some("fr".into()), ..ana });
    assert_eq!(stage.send(), []);
}

#[test]
fn what_is_held_for_the_night_leaves_once_in_the_morning() {
    let mut ana = contact("ana");
    ana.quiet_hours = Some("22:00-07:00".parse().unwrap());
    let mut stage = Stage::with([ana]);
    stage.now = "2026-03-28T22:00:00Z".parse().unwrap();
    news(&mut stage, "received");
    assert!(stage.send().is_empty());
    // Madrid changes its clock that night: 07:00 is 05:00Z.
    stage.now = "2026-03-29T04:59:59Z".parse().unwrap();
    assert!(stage.send().is_empty());
    stage.now = "2026-03-29T05:00:00Z".parse().unwrap();
    assert_eq!(stage.send().len(), 1);
    assert!(stage.send().is_empty());
}

#[test]
fn an_opt_out_binds_the_number_whoever_else_has_it() {
    let mut ana = contact("ana");
    ana.channels.insert(Category::CaseUpdates, vec![Medium::Sms]);
    let mut bob = contact("bob");
    bob.phones = ana.phones.clone();
    bob.emails.clear();
    let mut stage = Stage::with([ana.clone(), bob]);
    ana.opted_out.insert(Medium::Sms);
    let changes = stage.meet(ana);
    assert_eq!(changes.iter().filter(|change| change.what == What::AddressSuppressed).count(), 1);
    let reach = stage.reach("bob");
    let bob = reach.contact.clone().unwrap();
    assert!(matches!(reach.way(&stage.desk, &bob, Category::Urgent, stage.now), Way::None(_)));
}

#[test]
fn a_contact_who_went_to_another_company_gets_nothing_more_of_the_old_ones() {
    let mut ana = contact("ana");
    ana.channels.insert(Category::CaseUpdates, vec![Medium::Email]);
    let mut stage = Stage::with([ana.clone()]);
    stage.tell("case.status_changed", json!({ "case": { "id": "c1" }, "status": "under_review" }));
    ana.partner_id = Some("borg".into());
    stage.meet(ana);
    assert_eq!(stage.send(), []);
    assert_eq!(stage.open_tasks(TaskKind::Fix).len(), 1);
}
