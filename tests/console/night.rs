//! One night at a desk, as an agent would describe it: what every test of the console looks at.

use jiff::{SignedDuration, Timestamp};
use nightdesk::console::templates::AskedPreview;
use nightdesk::core::alert::{Alert, AlertState, Member, MemberOf, PolicySnapshot, Step, Target};
use nightdesk::core::case::Case;
use nightdesk::core::change::{Actor, Change, Numbered, Object, What};
use nightdesk::core::consent::{Choice, Consent, Means};
use nightdesk::core::contact::{Category, Contact, ContactState, Medium, QuietHours};
use nightdesk::core::document::{Document, ReviewState};
use nightdesk::core::event::{CaseKind, CaseStatus, DocumentKind, Milestone, PostKind};
use nightdesk::core::event::{Code, Event, EventState, ExceptionKind, Severity, Verdict};
use nightdesk::core::handover::sheet::{Next, OpenAlert, Said, Turn};
use nightdesk::core::handover::{Going, Handover, HandoverState, Note, Sheet};
use nightdesk::core::id::{AlertId, ConsentId, EventId, HandoverId, NotificationId, OverrideId, TaskId};
use nightdesk::core::label::Labels;
use nightdesk::core::mark::Mark;
use nightdesk::core::money::Money;
use nightdesk::core::notification::Hold;
use nightdesk::core::notification::{
    Attempt, AttemptState, Content, Evidence, Notification, NotificationState, Purpose, Reason, Recipient,
    RecipientId, Rung,
};
use nightdesk::core::onboarding::{MilestoneRecord, MilestoneState};
use nightdesk::core::partner::PartnerRef;
use nightdesk::core::partner::{Partner, PartnerState};
use nightdesk::core::person::{Person, PersonId, Role};
use nightdesk::core::schedule::{Override, OverrideState, Segment, Why};
use nightdesk::core::standing::{MediumReach, Reachability, Standing};
use nightdesk::core::sync::Side;
use nightdesk::core::task::{Task, TaskKind, TaskState};
use nightdesk::core::template::{Beholder, Listed, Name, Piece, Shown, Templates};
use nightdesk::core::text::Untrusted;
use nightdesk::core::thread::{Thread, ThreadState};
use nightdesk::core::traffic::Traffic;
use nightdesk::wire::partner::{
    Messages, Onboarding, OpenCounts, PartnerDetail, PartnerRow, PartnerRows, ReachedContact, Responsible,
    Settled, WithTimeline,
};
use nightdesk::wire::{
    AlertDetail, ChannelHealth, ChannelState, ContactDetail, DeskInfo, FieldConflict, Me, OnCall,
    OwnHandover, ScheduleTimeline, Snapshot, SourceHealth, StepPreview, Wake,
};
use std::collections::{BTreeMap, BTreeSet};

/// Tuesday, 03:07:38 in Berlin.
pub const NOW: &str = "2026-11-24T02:07:38Z";

pub fn at(text: &str) -> Timestamp {
    format!("2026-11-24T{text}Z").parse().unwrap()
}

pub fn now() -> Timestamp {
    NOW.parse().unwrap()
}

pub fn person(id: &str) -> PersonId {
    PersonId(id.to_owned())
}

fn partner(id: &str, name: &str) -> PartnerRef {
    PartnerRef {
        id: id.into(),
        name: name.into(),
        region: None,
        tier: (id == "acme").then(|| "gold".into()),
        time_zone: (id == "acme").then(|| "America/New_York".into()),
    }
}

fn eur(euros: i64) -> Money {
    Money { cents: euros * 100, currency: "EUR".into() }
}

fn policy() -> PolicySnapshot {
    let minutes = SignedDuration::from_mins;
    let lead = Target::Lead("grid".into());
    PolicySnapshot {
        name: "urgent".into(),
        steps: vec![
            Step {
                after: minutes(0),
                notify: vec![Target::OnCall("primary".into()), Target::Assigned("coordinator".into())],
            },
            Step { after: minutes(9), notify: vec![Target::Person(person("maria"))] },
            Step { after: minutes(10), notify: vec![lead.clone()] },
        ],
        last_resort: Step { after: minutes(10), notify: vec![Target::Person(person("maria")), lead] },
        variants: vec![],
    }
}

fn member(event: u64, title: &str, amount: Option<i64>) -> Member {
    Member {
        event: EventId(event),
        id: Untrusted::new(format!("EX-{event}")),
        of: MemberOf::Exception,
        kind: ExceptionKind::LateShipment,
        title: title.into(),
        description: None,
        severity: Severity::High,
        order: None,
        shipment: None,
        case: None,
        amount: amount.map(eur),
        deadline: None,
        codes: Vec::new(),
        cleared_at: None,
        feed: String::new(),
    }
}

pub fn alert(
    id: u64,
    of: PartnerRef,
    severity: Severity,
    title: &str,
    deadline: &str,
    risk: Option<i64>,
) -> Alert {
    Alert {
        id: AlertId(id),
        state: AlertState::Open,
        severity,
        partner: of,
        title: title.into(),
        kind: ExceptionKind::LateShipment,
        key: Untrusted::new(format!("order {id}")),
        members: vec![member(id, title, risk)],
        at_risk: risk.map(eur).into_iter().collect(),
        deadline: Some(at(deadline)),
        policy: policy(),
        step: 1,
        next_escalation_at: None,
        holder: None,
        before: None,
        next_update_by: None,
        snoozed_until: None,
        quiet: None,
        quiet_at_most: None,
        inhibited_at: None,
        offered: None,
        cleared_at: None,
        joined_at: None,
        round_from: None,
        storm: None,
        close_at: None,
        resolution: None,
        rule: "urgent-exceptions".into(),
        config_version: 12,
        created_at: at("02:00:03"),
        updated_at: at("02:00:31"),
    }
}

pub fn alerts() -> Vec<Alert> {
    let mut acme = alert(
        8812,
        partner("acme", "Acme Tools"),
        Severity::Critical,
        "Blocked order 4500123",
        "05:00:00",
        Some(84_200),
    );
    acme.next_escalation_at = Some(at("02:09:30"));
    let of_acme = &mut acme.members[0];
    of_acme.description = Some("Credit block, plant 12. Shipment delayed. Carrier pickup 06:00.".into());
    of_acme.order = Some("4500123".into());
    of_acme.case = Some("CASE-771".into());
    of_acme.codes = vec![Code { set: "214".into(), element: "AT701".into(), code: "SD".into() }];

    let mut borg = alert(
        8809,
        partner("borg", "Borg Steel"),
        Severity::High,
        "Late shipment",
        "08:00:00",
        Some(1_204_000),
    );
    borg.members = (0..37).map(|n| member(9000 + n, "Late shipment 88-1900", Some(32_540))).collect();
    borg.next_escalation_at = Some(at("02:13:48"));
    borg.created_at = at("01:51:10");

    let mut delta =
        alert(8801, partner("delta", "Delta Foods"), Severity::High, "Certificate expired", "11:00:00", None);
    delta.state = AlertState::Acknowledged;
    delta.holder = Some(person("kim"));
    delta.next_update_by = Some(at("02:41:00"));
    delta.created_at = at("00:40:00");

    let mut fjord = alert(
        8797,
        partner("fjord", "Fjord AS"),
        Severity::High,
        "Late shipment 88-1920",
        "13:00:00",
        Some(12_000),
    );
    fjord.state = AlertState::Acknowledged;
    fjord.holder = Some(person("maria"));
    fjord.next_update_by = Some(at("06:22:00"));
    fjord.created_at = at("00:02:00");
    vec![acme, borg, delta, fjord]
}

pub fn notification(
    id: u64,
    alert: u64,
    to: (&str, &str),
    medium: Medium,
    state: NotificationState,
) -> Notification {
    let sent = at("02:00:04");
    let rung = |rung, time: &str, by: &str, said: &str| Evidence {
        at: at(time),
        attempt: 1,
        part: 1,
        rung,
        by: by.into(),
        detail: said.into(),
    };
    let evidence = match state {
        NotificationState::Delivered => {
            vec![rung(Some(Rung::Delivered), "02:00:09", "handset receipt", "DELIVRD")]
        }
        NotificationState::Accepted => vec![rung(Some(Rung::Accepted), "02:00:05", "mx1", "250 queued")],
        NotificationState::Failed => {
            vec![rung(Some(Rung::Failed), "02:00:31", "carrier", "number unreachable, mail instead")]
        }
        _ => Vec::new(),
    };
    let channel = match medium {
        Medium::Sms => "kannel",
        Medium::Email => "smtp",
    };
    Notification {
        id: NotificationId(id),
        state,
        disputed: false,
        purpose: Purpose::Page,
        category: Category::Urgent,
        urgent: true,
        alert: Some(AlertId(alert)),
        event: Some(EventId(alert)),
        partner: Some("acme".into()),
        bundle: None,
        recipient: Recipient { who: RecipientId::Person(person(to.0)), name: to.1.into() },
        medium,
        channel: channel.into(),
        content: Content {
            subject: "".into(),
            body: "CRIT Acme Tools: Blocked order 4500123, €84k, due 06:00".into(),
            ..Content::default()
        },
        said: None,
        stranded: false,
        hold: None,
        failed_at: vec![],
        answers: None,
        thread: None,
        reason: Reason {
            rule: "urgent-exceptions".into(),
            policy: Some("urgent".into()),
            step: Some(1),
            via: "on call: primary".into(),
            outcome: None,
        },
        attempts: vec![Attempt {
            number: 1,
            state: AttemptState::Handed,
            channel: channel.into(),
            address: match medium {
                Medium::Sms => "+4915123456789".into(),
                Medium::Email => format!("{}@desk.example", to.0).into(),
            },
            started_at: sent,
            ended_at: Some(sent),
            provider_ref: None,
            names: Vec::new(),
            answer: None,
            possible_duplicate: false,
            parts: 1,
        }],
        evidence,
        provider_ref: None,
        idempotency_key: format!("nd-{id}"),
        pinned: false,
        again: Default::default(),
        proof_by: None,
        due_at: None,
        expires_at: None,
        config_version: 12,
        created_at: sent,
        updated_at: sent,
    }
}

fn notifications() -> Vec<Notification> {
    use NotificationState::*;
    let (kim, jonas, maria, anna) =
        (("kim", "Kim Okafor"), ("jonas", "Jonas Roth"), ("maria", "Maria Weber"), ("anna", "Anna Lind"));
    let mut doubt = notification(60, 8797, maria, Medium::Sms, InDoubt);
    doubt.alert = None;
    doubt.urgent = false;
    doubt.purpose = Purpose::Notice;
    doubt.recipient = Recipient { who: RecipientId::Contact("c-ames".into()), name: "Rita Ames".into() };
    doubt.content.body = "Your order 4500123 is blocked; we are on it. CASE-771".into();
    vec![
        notification(45, 8812, kim, Medium::Sms, Delivered),
        notification(46, 8812, kim, Medium::Email, Accepted),
        notification(47, 8812, jonas, Medium::Sms, Failed),
        notification(41, 8809, kim, Medium::Sms, Delivered),
        notification(42, 8809, anna, Medium::Sms, Delivered),
        notification(31, 8801, kim, Medium::Sms, Delivered),
        notification(21, 8797, maria, Medium::Sms, Delivered),
        doubt,
    ]
}

fn task(
    id: u64,
    kind: TaskKind,
    of: PartnerRef,
    title: &str,
    owner: Option<&str>,
    due: Option<Timestamp>,
) -> Task {
    Task {
        id: TaskId(id),
        state: TaskState::Open,
        kind,
        title: title.into(),
        partner: Some(of),
        alert: None,
        notification: None,
        key: Untrusted::new(format!("task\u{1f}{id}")),
        team: Some("grid".into()),
        owner: owner.map(person),
        due_at: due,
        lead_at: None,
        reminded: None,
        about: None,
        snoozed_until: None,
        created_at: at("01:30:00"),
        updated_at: at("01:30:00"),
    }
}

fn tasks() -> Vec<Task> {
    let mut doubt =
        task(302, TaskKind::Doubt, partner("acme", "Acme Tools"), "SMS R.Ames: sent or not?", None, None);
    doubt.notification = Some(NotificationId(60));
    vec![
        task(
            301,
            TaskKind::Fix,
            partner("gamma", "Gamma GmbH"),
            "A.Lopez: phone is dead",
            None,
            Some(at("07:00:00")),
        ),
        doubt,
        task(
            303,
            TaskKind::Fix,
            partner("borg", "Borg Steel"),
            "Nobody for documents is known",
            Some("jonas"),
            Some("2026-11-22T02:00:00Z".parse().unwrap()),
        ),
        task(
            304,
            TaskKind::Fix,
            partner("ibex", "Ibex Ltd"),
            "Their mail bounces since Monday",
            None,
            Some(at("09:00:00")),
        ),
        task(305, TaskKind::Fix, partner("kilo", "Kilo Corp"), "B.Sand: two mobiles", None, None),
    ]
}

pub fn contact(id: &str, of: &str, name: &str) -> Contact {
    Contact {
        id: id.into(),
        partner_id: Some(of.into()),
        name: name.into(),
        state: ContactState::Active,
        emails: vec![format!("{id}@{of}.example").parse().unwrap()],
        phones: vec!["+4915123456789".parse().unwrap()],
        locale: Some("en".into()),
        time_zone: Some("America/New_York".into()),
        roles: vec!["shipping".into()],
        channels: BTreeMap::from([(Category::Urgent, vec![Medium::Sms, Medium::Email])]),
        quiet_hours: None,
        opted_out: BTreeSet::new(),
        opted_in: BTreeSet::new(),
        unsubscribed: BTreeSet::new(),
        successor: None,
        notes: "".into(),
        as_configured: Default::default(),
        created_at: at("00:00:00"),
        updated_at: at("00:00:00"),
    }
}

fn contacts() -> Vec<Contact> {
    let mut lopez = contact("c-lopez", "gamma", "Ana Lopez");
    lopez.opted_out.insert(Medium::Sms);
    let mut sand = contact("c-sand", "kilo", "Bill Sand");
    sand.phones.push("+4915123456780".parse().unwrap());
    sand.quiet_hours = Some("22:00-07:00".parse::<QuietHours>().unwrap());
    let mut gone = contact("c-old", "acme", "Otto Alt");
    gone.state = ContactState::Inactive;
    vec![contact("c-ames", "acme", "Rita Ames"), gone, lopez, sand]
}

fn people() -> Vec<Person> {
    [
        ("kim", "Kim Okafor", "Europe/Berlin"),
        ("jonas", "Jonas Roth", "Europe/Berlin"),
        ("maria", "Maria Weber", "Europe/Berlin"),
        ("anna", "Anna Lind", "Europe/Stockholm"),
        ("asli", "Aslı Kaya", "Asia/Kolkata"),
    ]
    .map(|(id, name, zone)| Person {
        id: person(id),
        name: name.into(),
        role: Role::Responder,
        email: Some(format!("{id}@desk.example").parse().unwrap()),
        phone: Some("+4915123456789".parse().unwrap()),
        time_zone: Some(zone.into()),
        locale: None,
        teams: vec!["grid".into()],

        opted_out: Default::default(),
    })
    .into()
}

pub fn change(
    seq: u64,
    time: &str,
    what: What,
    alert: Option<u64>,
    summary: &str,
    object: Object,
) -> Numbered {
    let actor = match what {
        What::EventReceived => Actor::Source("grid".into()),
        What::NotificationEvidence => Actor::Channel("kannel".into()),
        _ => Actor::Desk,
    };
    Numbered {
        seq,
        change: Change {
            at: at(time),
            actor,
            what,
            summary: summary.into(),
            alert: alert.map(AlertId),
            partner: Some("acme".into()),
            object,
        },
    }
}

fn recent() -> Vec<Numbered> {
    let acme = || Object::Alert(Box::new(alerts().remove(0)));
    vec![
        change(
            101,
            "02:00:03",
            What::EventReceived,
            Some(8812),
            "Blocked order 4500123 raised by grid",
            Object::Nothing,
        ),
        change(
            102,
            "02:00:03",
            What::AlertRaised,
            Some(8812),
            "A8812 raised by rule urgent-exceptions",
            acme(),
        ),
        change(
            103,
            "02:00:04",
            What::NotificationSending,
            Some(8812),
            "SMS to Kim Okafor handed to kannel",
            Object::Nothing,
        ),
        change(
            104,
            "02:00:09",
            What::NotificationEvidence,
            Some(8812),
            "SMS to Kim Okafor delivered, by handset receipt",
            Object::Nothing,
        ),
        change(
            105,
            "02:00:31",
            What::NotificationEvidence,
            Some(8812),
            "SMS to Jonas Roth failed: number unreachable",
            Object::Nothing,
        ),
        change(
            106,
            "02:05:40",
            What::Noted,
            Some(8812),
            "Carrier says the truck waits until 06:15",
            Object::Nothing,
        ),
    ]
}

/// A few events over the last half hour, the worst of them seven minutes ago.
pub fn traffic() -> Traffic {
    let mut traffic = Traffic::default();
    let mut came = |time: &str, severity: Option<Severity>, many: u32| {
        (0..many).for_each(|_| traffic.record(severity, at(time)));
    };
    came("01:40:10", None, 2);
    came("01:45:10", Some(Severity::Medium), 3);
    came("01:51:10", Some(Severity::High), 6);
    came("01:52:10", None, 4);
    came("02:00:03", Some(Severity::Critical), 1);
    came("02:03:03", None, 1);
    traffic
}

pub fn snapshot() -> Snapshot {
    let people = people();
    Snapshot {
        seq: 106,
        now: now(),
        me: Me {
            login: "kim".into(),
            person: Some(people[0].clone()),
            time_zone: "Europe/Berlin".into(),
            role: Role::Responder,
            pin_needed: false,
        },
        desk: DeskInfo {
            name: "eu-prod".into(),
            host: "ops1".into(),
            version: "0.1.0".into(),
            practice: false,
            time_zone: "Europe/Berlin".into(),
            config_version: 12,
            config_file: "/etc/nightdesk/config.toml".into(),
            config_note: None,
            audit: None,
            promises: Severity::ALL.map(|severity| (severity, SignedDuration::from_mins(30))).into(),
            labels: Default::default(),
            codes: Default::default(),
            maintenance: Vec::new(),
            down: Vec::new(),
            exchange: None,
            mailbox: None,
            counting_since: None,
        },
        alerts: alerts(),
        notifications: notifications(),
        told: alerts().len(),
        open_tasks: tasks().len() as u64,
        tasks: tasks(),
        recent: recent(),
        contacts: contacts(),
        people,
        on_call: vec![OnCall {
            schedule: "primary".into(),
            time_zone: String::new(),
            person: Some(person("kim")),
            people: vec![person("kim")],
            until: Some(at("06:00:00")),
            why: None,
            next: Some(person("maria")),
            then: None,
        }],
        handovers: vec![],
        sources: vec![SourceHealth {
            name: "grid".into(),
            signed: true,
            last_event_at: Some(at("02:07:26")),
            silent: false,
        }],
        channels: vec![channel("kannel", Medium::Sms), channel("smtp", Medium::Email)],
        sync: None,
        traffic: traffic(),
    }
}

pub fn channel(name: &str, medium: Medium) -> ChannelHealth {
    ChannelHealth {
        name: name.into(),
        kind: name.into(),
        carries: vec![medium],
        state: ChannelState::Working,
        since: at("00:00:00"),
        last_accepted_at: Some(at("02:00:05")),
        last_proven_at: Some(at("01:51:20")),
        last_error: None,
        queued: 0,
    }
}

/// A night in which nothing needs anybody.
pub fn quiet() -> Snapshot {
    Snapshot { alerts: Vec::new(), notifications: Vec::new(), tasks: Vec::new(), open_tasks: 0, ..snapshot() }
}

pub fn steps() -> Vec<StepPreview> {
    let wake = |id: &str, name: &str, zone: &str, via: &str| Wake {
        person: person(id),
        name: name.into(),
        time_zone: Some(zone.into()),
        media: vec![Medium::Sms],
        via: via.into(),
    };
    let maria = || wake("maria", "Maria Weber", "Europe/Berlin", "named by the policy");
    let asli = || wake("asli", "Aslı Kaya", "Asia/Kolkata", "lead of grid");
    let kim = wake("kim", "Kim Okafor", "Europe/Berlin", "on call: primary");
    vec![
        StepPreview { step: 1, last_resort: false, wakes: vec![kim] },
        StepPreview { step: 2, last_resort: false, wakes: vec![maria()] },
        StepPreview { step: 3, last_resort: false, wakes: vec![asli()] },
        StepPreview { step: 4, last_resort: true, wakes: vec![maria(), asli()] },
    ]
}

pub fn detail(id: u64) -> AlertDetail {
    let alert = alerts().into_iter().find(|alert| alert.id.0 == id).unwrap();
    let verdict =
        |rule: &str, matched, because: &str| Verdict { rule: rule.into(), matched, because: because.into() };
    AlertDetail {
        notifications: notifications().into_iter().filter(|n| n.alert == Some(alert.id)).collect(),
        timeline: recent().into_iter().filter(|c| c.change.alert == Some(alert.id)).collect(),
        events: vec![Event {
            id: EventId(id),
            state: EventState::Handled,
            feed: "grid".into(),
            source: "/grid".into(),
            event_id: "ev-1".into(),
            kind: "community.exception.raised".into(),
            subject: None,
            time: Some(at("02:00:02")),
            attributes: BTreeMap::new(),
            data: serde_json::Value::Null,
            unreadable: Vec::new(),
            partner: Some(alert.partner.clone()),
            severity: Some(alert.severity),
            title: alert.title.clone(),
            alert: Some(alert.id),
            why: vec![
                verdict("night-digest", false, "severity is critical, the rule wants low"),
                verdict("urgent-exceptions", true, "severity is critical"),
            ],
            fingerprint: "f".into(),
            config_version: 12,
            created_at: at("02:00:03"),
        }],
        steps: steps(),
        alert,
    }
}

/// What the agent says of partners when the place is opened.
pub fn partner_rows() -> PartnerRows {
    let row = |id: &str, name: &str, open: [u32; 5], next: Option<(Milestone, &str)>, contacts, reachable| {
        let [alerts, cases, reviews, threads, tasks] = open;
        PartnerRow {
            partner: Partner {
                about: partner(id, name),
                state: PartnerState::Active,
                created_at: at("00:00:00"),
                updated_at: at("00:00:00"),
            },
            open: OpenCounts { alerts, cases, reviews, threads, tasks },
            onboarding: next.map(|(next, due)| Onboarding {
                reached: 2,
                of: 4,
                next: Some(next),
                due_at: Some(format!("{due}T17:00:00Z").parse().unwrap()),
            }),
            contacts,
            reachable,
        }
    };
    PartnerRows {
        rows: vec![
            row("acme", "Acme Tools", [1, 2, 1, 1, 1], Some((Milestone::TestingReady, "2026-11-27")), 4, 2),
            row("borg", "Borg Steel", [1, 0, 1, 0, 1], None, 2, 2),
            row("gamma", "Gamma GmbH", [0, 1000, 0, 12, 3], Some((Milestone::GoLive, "2026-11-20")), 1, 0),
            row("ibex", "Ibex Ltd", [0, 0, 0, 1, 1], None, 0, 0),
            row("tokyo", "東京製作所株式会社カスタマーサービス", [0, 3, 0, 0, 0], None, 3, 3),
        ],
        more: true,
    }
}

pub fn case(id: &str, title: &str, state: CaseStatus, due: Option<&str>) -> Case {
    Case {
        id: id.into(),
        state,
        partner: partner("acme", "Acme Tools"),
        reference: id.into(),
        kind: Some(CaseKind::Dispute),
        title: title.into(),
        description: Some("Invoice 88-17 names 4.20 a piece, the order 3.90.\nPlease correct it.".into()),
        order: Some("4500123".into()),
        amount: Some(eur(9_300)),
        deadline: None,
        priority: None,
        opened_by: Some("c-ames".into()),
        watchers: vec!["c-old".into()],
        opened: true,
        message: None,
        wanted: vec!["the signed order".into()],
        due: due.map(|due| due.parse().unwrap()),
        mark: None,
        alert: None,
        task: None,
        created_at: at("00:10:00"),
        updated_at: at("01:10:00"),
    }
}

pub fn case_with_timeline() -> WithTimeline<Case> {
    let case = case("CASE-771", "Price dispute on invoice 88-17", CaseStatus::AwaitingDocuments, None);
    let fact = |seq, time, what, said: &str| change(seq, time, what, None, said, Object::Nothing);
    WithTimeline {
        thing: case,
        timeline: vec![
            fact(
                90,
                "00:10:00",
                What::CaseOpened,
                "Acme Tools opened CASE-771: Price dispute on invoice 88-17",
            ),
            fact(94, "00:40:00", What::CaseMoved, "CASE-771 is under review"),
            fact(99, "01:10:00", What::CaseMoved, "CASE-771 awaits documents; Rita Ames is told"),
        ],
    }
}

/// Everything about one partner.
pub fn partner_detail() -> PartnerDetail {
    let milestone = |milestone: Milestone, place, state, due: Option<&str>, reached: Option<&str>| {
        let of = partner("acme", "Acme Tools");
        MilestoneRecord {
            id: MilestoneRecord::name(&of.id, &milestone),
            state,
            partner: of,
            milestone,
            plan: "usual".into(),
            place,
            due_at: due.map(|due| due.parse().unwrap()),
            reached_at: reached.map(|at| at.parse().unwrap()),
            task: None,
            mark: Mark::default(),
            created_at: at("00:00:00"),
            updated_at: at("00:00:00"),
        }
    };
    let document = Document {
        id: "D-1".into(),
        state: ReviewState::Pending,
        partner: partner("acme", "Acme Tools"),
        name: "photos-of-the-damage.zip".into(),
        kind: DocumentKind::ClaimsEvidence,
        url: None,
        case: Some("CASE-771".into()),
        uploaded_by: Some("c-ames".into()),
        uploaded: true,
        review_by: Some("2026-11-22T09:00:00Z".parse().unwrap()),
        reviewed_at: None,
        mark: Mark::default(),
        task: Some(TaskId(310)),
        created_at: at("00:30:00"),
        updated_at: at("00:30:00"),
    };
    let thread = Thread {
        id: "TH-9".into(),
        state: ThreadState::Open,
        partner: partner("acme", "Acme Tools"),
        subject: "Where is our 856?".into(),
        kind: PostKind::Question,
        author: "c-ames".into(),
        case: None,
        posts: vec!["p-1".into()],
        answer_by: Some(at("09:00:00")),
        answered_at: None,
        mark: Mark::default(),
        task: None,
        created_at: at("00:50:00"),
        updated_at: at("00:50:00"),
    };
    let medium = |medium, standing| MediumReach { medium, standing, usable: Vec::new() };
    let known = |contact: Contact, sms, mail, quiet: Option<&str>| ReachedContact {
        reach: Reachability {
            reachable: sms == Standing::Usable || mail == Standing::Usable,
            media: vec![medium(Medium::Sms, sms), medium(Medium::Email, mail)],
            quiet_until: quiet.map(|at| at.parse().unwrap()),
        },
        contact,
    };
    let mut gone = contact("c-old", "acme", "Otto Alt");
    gone.state = ContactState::Inactive;
    let to_rita = |id, medium, state, subject: &str| {
        let mut message = notification(id, 8812, ("rita", "Rita Ames"), medium, state);
        message.recipient =
            Recipient { who: RecipientId::Contact("c-ames".into()), name: "Rita Ames".into() };
        message.alert = None;
        message.urgent = false;
        message.category = Category::CaseUpdates;
        message.content.subject = subject.into();
        message
    };
    PartnerDetail {
        partner: partner_rows().rows.remove(0).partner,
        open: OpenCounts { alerts: 1, cases: 2, reviews: 1, threads: 1, tasks: 1 },
        alerts: vec![alerts().remove(0)],
        cases: vec![
            case(
                "CASE-771",
                "Price dispute on invoice 88-17",
                CaseStatus::AwaitingDocuments,
                Some("2026-11-26T08:00:00Z"),
            ),
            case("CASE-760", "Pallet short", CaseStatus::UnderReview, None),
        ],
        reviews: vec![document],
        threads: vec![thread],
        tasks: vec![tasks().remove(1)],
        settled: Settled {
            cases: vec![case("CASE-702", "Wrong label", CaseStatus::Resolved, None)],
            ..Settled::default()
        },
        milestones: vec![
            milestone(
                Milestone::ProfileApproved,
                1,
                MilestoneState::Reached,
                None,
                Some("2026-11-03T09:00:00Z"),
            ),
            milestone(
                Milestone::DocumentsComplete,
                2,
                MilestoneState::Reached,
                None,
                Some("2026-11-12T09:00:00Z"),
            ),
            milestone(
                Milestone::TestingReady,
                3,
                MilestoneState::Expected,
                Some("2026-11-27T17:00:00Z"),
                None,
            ),
            milestone(Milestone::GoLive, 4, MilestoneState::Expected, Some("2026-12-11T17:00:00Z"), None),
        ],
        contacts: vec![
            known(contact("c-ames", "acme", "Rita Ames"), Standing::Usable, Standing::Usable, None),
            known(
                contact("c-sato", "acme", "佐藤 健"),
                Standing::NoAddress,
                Standing::Usable,
                Some("2026-11-24T12:00:00Z"),
            ),
            known(contact("c-diaz", "acme", "Luz Diaz"), Standing::Dead, Standing::OptedOut, None),
            known(gone, Standing::Usable, Standing::Usable, None),
        ],
        responsible: [
            ("coordinator", Some("jonas")),
            ("account_manager", Some("maria")),
            ("onboarding_manager", None),
        ]
        .map(|(role, who)| Responsible { role: role.into(), person: who.map(person) })
        .into(),
        notifications: vec![
            to_rita(71, Medium::Email, NotificationState::Accepted, "CASE-771: we need the signed order"),
            to_rita(70, Medium::Sms, NotificationState::Delivered, ""),
            to_rita(69, Medium::Email, NotificationState::Failed, "CASE-760 is under review"),
        ],
        conflicts: Vec::new(),
    }
}

/// What the agent says of messages when the place is opened.
pub fn messages() -> Messages {
    let mut held = notification(72, 8812, ("x", "x"), Medium::Email, NotificationState::Held);
    held.recipient = Recipient { who: RecipientId::Contact("c-new".into()), name: "c-new".into() };
    held.hold = Some(Hold::UnknownContact);
    held.partner = Some("ibex".into());
    held.category = Category::Acknowledgments;
    held.attempts.clear();
    held.alert = None;
    let mut digest =
        notification(73, 8812, ("maria", "Maria Weber"), Medium::Email, NotificationState::Delivered);
    digest.category = Category::Digests;
    digest.alert = None;
    digest.partner = None;
    digest.content.subject = "12 unresolved issues of your partners".into();
    digest.content.body =
        "12 unresolved issues, worst first:\n\n  Acme Tools  Blocked order 4500123\n\nand 41 more.".into();
    let mut latest = notifications();
    latest.extend([held, digest]);
    latest.extend(partner_detail().notifications);
    Messages { look: Vec::new(), latest }
}

/// Every template, one of them in French replaced.
pub fn templates() -> Vec<Listed> {
    let mut listed = Templates::shipped().listed();
    let status = listed.iter_mut().find(|one| one.name == Name::CaseStatus && one.piece == Piece::Sms);
    status.unwrap().yours = vec!["fr".into()];
    listed
}

/// What the agent would show.
pub fn preview(asked: &AskedPreview) -> Shown {
    let known: Vec<Contact> = contacts();
    let reader = Beholder::sample(None);
    let contact = asked.to.as_ref().and_then(|id| known.iter().find(|c| c.id.raw() == *id));
    let reader = match contact {
        Some(contact) => reader.contact(contact, Some("Acme Tools".into())),
        None => reader,
    };
    let reader = reader.reading(asked.locale.as_deref());
    Templates::shipped().shown(asked.row, &Labels::shipped(), &reader, asked.sample).unwrap()
}

fn turn(from: &str, until: &str, people: &[&str], why: Why) -> Segment {
    let (from, until) = (from.parse().unwrap(), until.parse().unwrap());
    Segment { from, until, people: people.iter().map(|id| person(id)).collect(), why }
}

fn in_turn(layer: &str) -> Why {
    Why::Rotation { layer: layer.into() }
}

/// Two weeks of two schedules: one with an override and a swap, one in another zone and with gaps.
pub fn plan() -> Vec<ScheduleTimeline> {
    let (first, last) = ("2026-11-24T02:07:38Z", "2026-12-08T02:07:38Z");
    let days: Vec<String> = (24..=30)
        .map(|day| format!("2026-11-{day}T06:00:00Z"))
        .chain((1..=7).map(|day| format!("2026-12-{day:02}T06:00:00Z")))
        .collect();
    let cuts: Vec<&str> = [first].into_iter().chain(days.iter().map(String::as_str)).chain([last]).collect();
    let planned: Vec<Segment> = cuts
        .windows(2)
        .enumerate()
        .map(|(i, pair)| turn(pair[0], pair[1], &[["kim", "maria", "jonas"][i % 3]], in_turn("primary")))
        .collect();
    let mut segments = planned.clone();
    let by_jonas = |id| Why::Override { id: OverrideId(id), by: person("jonas") };
    let half = "2026-11-25T17:00:00Z";
    segments[2] = turn(cuts[2], half, &["jonas"], in_turn("primary"));
    segments.insert(3, turn(half, cuts[3], &["anna"], by_jonas(3)));
    // Maria and Jonas swap the 27th and the 28th.
    segments[5] = turn(cuts[4], cuts[5], &["jonas"], by_jonas(4));
    segments[6] = turn(cuts[5], cuts[6], &["maria"], by_jonas(5));
    let over =
        |id: u64, who: &str, from: &str, until: &str, instead: Option<&str>, swap: Option<u64>| Override {
            id: OverrideId(id),
            state: OverrideState::Active,
            schedule: "primary".into(),
            person: person(who),
            instead: instead.map(person),
            from: from.parse().unwrap(),
            until: until.parse().unwrap(),
            swap: swap.map(OverrideId),
            by: person("jonas"),
            created_at: "2026-11-23T17:03:00Z".parse().unwrap(),
            updated_at: "2026-11-23T17:03:00Z".parse().unwrap(),
        };
    let overrides = vec![
        over(3, "anna", half, cuts[3], None, None),
        over(4, "jonas", cuts[4], cuts[5], Some("maria"), Some(5)),
        over(5, "maria", cuts[5], cuts[6], Some("jonas"), Some(4)),
    ];
    let overseas = vec![
        turn(first, "2026-11-28T13:00:00Z", &["asli"], in_turn("week")),
        turn("2026-11-28T13:00:00Z", "2026-11-30T13:00:00Z", &[], Why::Nobody),
        turn(
            "2026-11-30T13:00:00Z",
            "2026-12-05T13:00:00Z",
            &["anna"],
            Why::Calendar { layer: "roster".into(), event: "Anna Lind covers for Aslı".into() },
        ),
        turn("2026-12-05T13:00:00Z", last, &[], Why::Nobody),
    ];
    vec![
        ScheduleTimeline {
            schedule: "primary".into(),
            time_zone: "Europe/Berlin".into(),
            segments,
            planned,
            overrides,
        },
        ScheduleTimeline {
            schedule: "overseas".into(),
            time_zone: "America/New_York".into(),
            planned: overseas.clone(),
            segments: overseas,
            overrides: Vec::new(),
        },
    ]
}

/// What Maria hands over to Kim since 07:00 of the day before, not accepted; with the sheet of its schedule.
pub fn own_handover() -> OwnHandover {
    let note = Note {
        at: at("00:41:00"),
        by: person("maria"),
        text: "The plant answers only before nine; ask for Lopez.".into(),
    };
    let handover = Handover {
        id: HandoverId(12),
        state: HandoverState::Open,
        schedule: "primary".into(),
        at: Some(at("01:00:00")),
        outgoing: vec![person("maria")],
        incoming: vec![person("kim")],
        until: Some(at("06:00:00")),
        notes: vec![note],
        accepted: None,
        closed: None,
        asked: vec![],
        note_asked: true,
        reminded: false,
        since: at("00:00:00"),
        due_at: None,
        created_at: at("00:00:00"),
        updated_at: at("01:00:00"),
    };
    let going = Going {
        id: handover.id,
        schedule: "primary".into(),
        state: handover.state,
        at: handover.at,
        from: vec!["Maria Weber".into()],
        to: vec!["Kim Okafor".into()],
        notes: vec![Said {
            by: "Maria Weber".into(),
            at: handover.notes[0].at,
            text: handover.notes[0].text.clone(),
        }],
    };
    let alert = |id: u64, title: &str, holder: Option<&str>, next: Next| OpenAlert {
        id: AlertId(id),
        severity: Severity::High,
        partner: "Acme Tools".into(),
        title: title.into(),
        holder: holder.map(str::to_owned),
        next,
        deadline: Some(at("05:00:00")),
        at_risk: vec![],
        cleared_at: None,
    };
    let sheet = Sheet {
        at: now(),
        schedule: Some("primary".into()),
        turns: vec![Turn {
            schedule: "primary".into(),
            people: vec!["Kim Okafor".into()],
            until: Some(at("06:00:00")),
            then: vec!["Maria Weber".into()],
        }],
        alerts: vec![
            alert(8812, "Blocked order 4500123", None, Next::Step { step: 2, at: at("02:13:00") }),
            alert(8813, "Late shipment 88-1920", Some("Maria Weber"), Next::Promise { by: at("03:00:00") }),
        ],
        cleared: vec![],
        tasks: vec![],
        more_tasks: 0,
        in_doubt: vec![],
        silent: vec![],
        failing: vec![],
        handovers: vec![going],
    };
    OwnHandover { handover: Some(handover), sheet }
}

/// What the agent says of one contact, who has ended SMS and wants mail all the same.
pub fn contact_detail(id: &Untrusted) -> ContactDetail {
    let known = contacts().into_iter().find(|contact| contact.id == *id);
    let contact = known.unwrap_or_else(|| contact(id.raw(), "acme", "Somebody New"));
    let entry = |number: u64, state, words: &str, time: &str| Consent {
        id: ConsentId(number),
        state,
        medium: Medium::Sms,
        category: None,
        address: None,
        contact: Some(id.clone()),
        person: None,
        means: Means::Reply,
        words: words.into(),
        evidence: "R12".into(),
        created_at: at(time),
    };
    let consent = vec![entry(2, Choice::Out, "STOP PLEASE", "01:12:00")];
    ContactDetail { contact, links: vec![], consent }
}

/// A number that both sides changed.
pub fn conflict() -> FieldConflict {
    FieldConflict {
        id: "c-ames.phones".into(),
        state: "open".into(),
        contact: "c-ames".into(),
        name: "Rita Ames".into(),
        partner: Some("acme".into()),
        field: "phones".into(),
        mine: serde_json::json!(["+4915123456789"]),
        theirs: serde_json::json!(["+4915123456780"]),
        side: Side::Community,
        created_at: at("01:00:00"),
    }
}
/// Kim, who is on call, as the agent tells of them.
pub fn person_detail() -> nightdesk::wire::person::PersonDetail {
    use nightdesk::core::schedule::Why;
    use nightdesk::wire::person::{PersonDetail, Proven, Reach, Turn};
    let snapshot = snapshot();
    let person = snapshot.people.into_iter().find(|one| one.id == person("maria")).unwrap();
    let turn = |from: &str, until: Timestamp| Turn {
        schedule: "primary".into(),
        from: at(from),
        until,
        why: Why::Rotation { layer: "primary".into() },
    };
    let day = SignedDuration::from_hours(24);
    PersonDetail {
        state: "active".into(),
        created_at: at("00:00:00"),
        turns: vec![turn("06:00:00", at("06:00:00") + day)],
        away: Vec::new(),
        reach: vec![
            Reach {
                medium: Medium::Sms,
                address: "+491512345679".into(),
                opted_out: false,
                down: false,
                proven: Some(Proven {
                    message: NotificationId(21),
                    at: at("02:00:09"),
                    by: "handset receipt".into(),
                }),
                failed: None,
            },
            Reach {
                medium: Medium::Email,
                address: "maria@desk.example".into(),
                opted_out: false,
                down: false,
                proven: None,
                failed: None,
            },
        ],
        holds: alerts().into_iter().filter(|alert| alert.held_by() == Some(&person.id)).collect(),
        offered: Vec::new(),
        tasks: Vec::new(),
        looks_after: Vec::new(),
        messages: vec![notification(
            21,
            8797,
            ("maria", "Maria Weber"),
            Medium::Sms,
            NotificationState::Delivered,
        )],
        person,
    }
}

pub fn config() -> nightdesk::wire::ConfigInfo {
    use nightdesk::wire::{AppliedConfig, ConfigInfo};
    let applied = |version, time: &str, why: &str| AppliedConfig { version, at: at(time), why: why.into() };
    ConfigInfo {
        file: "/etc/nightdesk/config.toml".into(),
        note: Some("the file differs from what is applied (version 12)".into()),
        applied: vec![applied(12, "01:10:00", "the winter rota"), applied(11, "00:10:00", "first start")],
    }
}

pub fn digests() -> Vec<nightdesk::wire::DigestInfo> {
    let digest = serde_json::json!({
        "name": "morning", "schedule": "0 7 * * 1-5", "time_zone": "Europe/Berlin", "kind": "daily",
        "readers": ["kim", "maria"], "next": "2026-11-24T06:00:00Z", "runs": []
    });
    vec![serde_json::from_value(digest).unwrap()]
}

pub fn digest_copies() -> Vec<nightdesk::wire::DigestCopy> {
    use nightdesk::wire::DigestCopy;
    let content = Content {
        subject: "2 alerts are open".into(),
        body: "Acme Tools: blocked order".into(),
        ..Content::default()
    };
    vec![DigestCopy { person: person("kim"), content }]
}
