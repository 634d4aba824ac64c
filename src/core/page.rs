//! What a page says. The SMS is one GSM-7 part that answers, in this order: how bad, whose, what,
//! which order, how much, by when, who is next and when. Names are cut to fit; the order, the
//! amount, the deadline and the reply code never are.

use crate::core::alert::Alert;
use crate::core::contact::Medium;
use crate::core::flow::reader::{Reader, line, lines, maybe_line};
use crate::core::money::Money;
use crate::core::notification::Content;
use crate::core::partner::PartnerRef;
use crate::core::reply::Code;
use crate::core::sms::{self, clip, length};
use crate::core::template::{Name, Said};
use crate::core::text::Untrusted;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

/// What comes after this page if nobody acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Next {
    pub who: String,
    pub at: Timestamp,
}

/// The mark before a text whose recipient may have got it already.
pub const AGAIN: &str = "(again?) ";

/// Septets a page may use, so that it stays one part when [`AGAIN`] comes before it.
pub(super) const ROOM: usize = 160 - AGAIN.len();

/// Septets that partner and title together keep, whatever else there is to say.
const LEAST_NAMES: usize = 24;

/// A shorter name of who is next would name nobody.
const LEAST_NEXT: usize = 6;

/// The SMS that wakes somebody; its times are those of `zone`, the reader's own, and name none.
pub fn sms(alert: &Alert, next: Option<&Next>, code: Code, zone: &TimeZone, now: Timestamp) -> Content {
    let head = format!("{} ", alert.severity.short());
    let title = plain(alert.title.printable().as_str());
    let mut facts = String::new();
    if let Some(order) = alert.members.iter().find_map(|m| m.order.as_ref().or(m.shipment.as_ref())) {
        let order = plain(order.printable().as_str());
        if !title.contains(&order) {
            facts.push_str(&format!(" {}", clip(&order, 40)));
        }
    }
    if alert.members.len() > 1 {
        facts.push_str(&format!(" x{}", alert.members.len()));
    }
    for sum in alert.at_risk.iter().take(2) {
        facts.push_str(&format!(" {}", plain(&Money::short(sum))));
    }
    if let Some(deadline) = alert.deadline {
        facts.push_str(&format!(" due {}", clock(deadline, zone, now)));
    }
    facts.push('.');
    let id = format!(" {code}");
    let reference = order_in(alert);
    let fixed = length(&head) + length(&facts) + length(&id);
    // Who is next gives way before the partner and what happened do.
    if let Some(next) = next {
        let when = clock(next.at, zone, now);
        let kept = reference.as_ref().map_or(0, |r| length(&clip(r, 40)) + 1) + LEAST_NAMES;
        let room = ROOM.saturating_sub(fixed + kept + length(&when) + " Next  .".len());
        if room >= LEAST_NEXT {
            facts.push_str(&format!(" Next {} {when}.", clip(&plain(&next.who), room.min(20))));
        }
    }
    facts.push_str(&id);
    let room = ROOM.saturating_sub(length(&head) + length(&facts));
    let named = names(&partner_called(&alert.partner), &title, reference.as_deref(), room);
    Content { body: Untrusted::new(format!("{head}{named}{facts}")), ..Content::default() }
}

/// The email with the detail, in the words of its template, as this reader reads it.
pub fn email(alert: &Alert, next: Option<&Next>, why: &str, reader: &Reader<'_>) -> Content {
    let id = alert.id.to_string();
    let bare = format!("{}: {}", alert.partner.name.printable(), alert.title.printable());
    let said = Said::new(Name::Detail, detail(alert, next, why, reader), &id, &bare);
    reader.desk().templates.write(&said, Medium::Email, &reader.locale)
}

/// Everything a template of the detail may use.
fn detail(alert: &Alert, next: Option<&Next>, why: &str, reader: &Reader<'_>) -> Value {
    let members: Vec<_> = alert
        .members
        .iter()
        .take(50)
        .map(|m| {
            json!({
                "title": line(&m.title),
                "kind": reader.word(m.kind.word()),
                "severity": reader.word(m.severity.as_str()),
                "description": m.description.as_ref().map(|_| lines(&m.description)),
                "order": maybe_line(&m.order),
                "shipment": maybe_line(&m.shipment),
                "case": maybe_line(&m.case),
                "amount": m.amount.as_ref().map(|amount| reader.money(amount)),
                "deadline": m.deadline.map(|at| reader.day_time(at)),
                "codes": m.codes.iter().map(|code| reader.desk().codes.in_words(code)).collect::<Vec<_>>(),
                "cleared": m.cleared_at.is_some(),
            })
        })
        .collect();
    json!({
        "id": alert.id.to_string(),
        "severity": reader.word(alert.severity.as_str()),
        "short": alert.severity.short(),
        "partner": line(&alert.partner.name),
        "title": line(&alert.title),
        "at_risk": alert.at_risk.iter().map(|sum| reader.money(sum)).collect::<Vec<_>>(),
        "deadline": alert.deadline.map(|at| reader.day_time(at)),
        "raised": reader.day_time(alert.created_at),
        "members": members,
        "more": alert.members.len().saturating_sub(50),
        "next": next.map(|n| json!({"who": n.who, "at": reader.day_time(n.at)})),
        "policy": alert.policy.name,
        "rule": alert.rule,
        "why": reader.reason(why),
    })
}

/// `06:00`, `Tue 06:00` when it is not within the next day, `8 Jan 06:00` when another Tuesday is nearer.
pub(super) fn clock(at: Timestamp, zone: &TimeZone, now: Timestamp) -> String {
    let format = match at.duration_since(now).as_hours().abs() {
        ..20 => "%H:%M",
        20..144 => "%a %H:%M",
        _ => "%-d %b %H:%M",
    };
    at.to_zoned(zone.clone()).strftime(format).to_string()
}

fn order_in(alert: &Alert) -> Option<String> {
    let order = alert.members.iter().find_map(|m| m.order.as_ref().or(m.shipment.as_ref()))?;
    let order = plain(order.printable().as_str());
    plain(alert.title.printable().as_str()).contains(&order).then_some(order)
}

/// `Partner: title` in at most `room` septets; a reference inside the title is moved behind the cut.
pub(super) fn names(partner: &str, title: &str, reference: Option<&str>, room: usize) -> String {
    let whole = format!("{partner}: {title}");
    if length(&whole) <= room {
        return whole;
    }
    let reference = reference.map(|r| format!(" {}", clip(r, 40))).unwrap_or_default();
    let left = room.saturating_sub(length(&reference) + 2);
    let partner = clip(partner, (left / 2).max(left.saturating_sub(length(title))));
    let title = clip(title, left.saturating_sub(length(&partner)));
    let lost = !title.contains(reference.trim());
    let title = if lost { format!("{title}{reference}") } else { title };
    format!("{partner}: {title}")
}

/// Text in GSM-7's characters. A word of which nothing can be written there is left out, unless it is all there is;
/// within a word, what cannot be written is one `?`.
pub fn plain(text: &str) -> String {
    let text = sms::fold(&sms::to_gsm7_text(text));
    let kept = |word: &&str| word.is_empty() || word.chars().any(|c| sms::septets(c).is_some());
    let words: Vec<&str> = text.split(' ').filter(kept).collect();
    let text = if words.iter().all(|word| word.is_empty()) { text } else { words.join(" ") };
    let mut plain = String::with_capacity(text.len());
    let mut lost = false;
    for c in text.chars() {
        let writes = sms::septets(c).is_some();
        if writes || !lost {
            plain.push(if writes { c } else { '?' });
        }
        lost = !writes;
    }
    plain
}

/// The partner in such characters: the id, where nothing of the name can be written.
fn partner_called(partner: &PartnerRef) -> String {
    let name = plain(partner.name.printable().as_str());
    if name.chars().any(char::is_alphanumeric) { name } else { plain(partner.id.printable().as_str()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::alert::{AlertState, Member, MemberOf, PolicySnapshot, Step};
    use crate::core::desk::Desk;
    use crate::core::edi::Codes;
    use crate::core::event::{Code, ExceptionKind, Severity};
    use crate::core::id::{AlertId, EventId};
    use crate::core::label::Labels;
    use crate::core::message::Frame;
    use crate::core::scenario::Scene;
    use crate::core::text::sanitise;
    use jiff::SignedDuration;
    use proptest::prelude::*;

    fn alert(partner: &str, title: &str, order: Option<&str>, cents: i64) -> Alert {
        let deadline = Some("2026-03-29T04:00:00Z".parse().unwrap());
        let amount = Money { cents, currency: "EUR".into() };
        let member = Member {
            event: EventId(1),
            id: "x1".into(),
            of: MemberOf::Exception,
            kind: ExceptionKind::BlockedOrder,
            title: title.into(),
            description: Some("Plant 12 waits.\nCall the dock.".into()),
            severity: Severity::Critical,
            order: order.map(Untrusted::from),
            shipment: Some("SH-7".into()),
            case: Some("CS-9".into()),
            amount: Some(amount.clone()),
            deadline,
            codes: vec![Code { set: "214".into(), element: "AT701".into(), code: "SD".into() }],
            cleared_at: None,
            feed: String::new(),
        };
        let now = "2026-03-28T22:00:00Z".parse().unwrap();
        Alert {
            id: AlertId(4711),
            state: AlertState::Open,
            severity: Severity::Critical,
            partner: PartnerRef { id: "acme".into(), name: partner.into(), ..PartnerRef::default() },
            title: title.into(),
            kind: ExceptionKind::BlockedOrder,
            key: "".into(),
            members: vec![member],
            at_risk: vec![amount, Money { cents: 98_765_432_100, currency: "SEKX".into() }],
            deadline,
            policy: PolicySnapshot {
                name: "urgent".into(),
                steps: vec![],
                last_resort: Step { after: SignedDuration::from_mins(10), notify: vec![] },
                variants: vec![],
            },
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
            rule: "blocked orders".into(),
            config_version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    fn code() -> crate::core::reply::Code {
        "K7RBM".parse().unwrap()
    }

    fn next() -> Next {
        Next { who: "M.Weber-Hinterhuber +3".into(), at: "2026-03-30T00:12:00Z".parse().unwrap() }
    }

    proptest! {
        #[test]
        fn a_page_is_one_part_even_marked_and_keeps_order_amount_deadline_and_code(
            partner in "\\PC{1,60}|[a-z\u{202e}\u{1b}€株{}]{1,200}",
            title in "\\PC{1,60}|[A-Za-z0-9 €\\[\\]]{1,300}",
            order in "[A-Z]{2}-[0-9]{1,30}",
            inside in any::<bool>(),
            cents in 0i64..100_000_000_000,
        ) {
            let title = if inside { format!("{title} {order}") } else { title };
            let alert = alert(&partner, &title, Some(&order), cents);
            let body = sms(&alert, Some(&next()), code(), &TimeZone::UTC, alert.created_at).body;
            let marked = format!("{AGAIN}{}", body.raw());
            prop_assert!(sms::segments(&marked).culprit.is_none(), "{marked:?}");
            prop_assert!(length(&marked) <= 160, "{} septets: {marked:?}", length(&marked));
            for kept in [order.as_str(), &alert.at_risk[0].short(), "04:00", "K7RBM"] {
                prop_assert!(body.raw().contains(kept), "{kept} is cut: {marked:?}");
            }
            prop_assert_eq!(sanitise(&marked), marked.as_str());
        }
    }

    #[test]
    fn what_a_text_cannot_write_is_left_out_word_by_word_and_a_partner_is_never_without_a_name() {
        assert_eq!(plain("Sakura Parts 株式会社"), "Sakura Parts");
        assert_eq!(plain("(株式)Sakura"), "(?)Sakura");
        assert_eq!(plain("株式会社"), "?");
        let mut alert = alert("株式会社", "Line 12 stands still", None, 1);
        alert.partner.id = "sakura".into();
        let body = sms(&alert, None, code(), &TimeZone::UTC, alert.created_at).body;
        assert!(body.raw().contains("sakura: Line 12"), "{body:?}");
    }

    #[test]
    fn the_sample_that_templates_are_checked_with_has_the_same_values() {
        let alert = alert("Acme Tools", "Line 12 stands still", Some("PO-450017"), 8_420_000);
        let real = detail(&alert, Some(&next()), "on call: primary", &reader(&Scene::usual().desk, None));
        let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        for sample in Said::samples(Name::Detail, &Frame::samples(), &Labels::shipped(), "en", &TimeZone::UTC)
        {
            assert_eq!(keys(&real), keys(sample.values()));
            assert_eq!(keys(&real["members"][0]), keys(&sample.values()["members"][0]));
        }
    }

    fn reader<'d>(desk: &'d Desk, locale: Option<&str>) -> Reader<'d> {
        let mut person = desk.people.values().next().unwrap().clone();
        person.locale = locale.map(str::to_owned);
        Reader::person(desk, &person)
    }

    #[test]
    fn the_email_is_written_in_the_words_of_its_reader() {
        let alert = alert("Acme Tools", "Line 12 stands still", Some("PO-450017"), 8_420_000);
        let mut desk = Scene::usual().desk;
        let written =
            |desk: &Desk, locale| email(&alert, Some(&next()), "on call: primary", &reader(desk, locale));
        insta::assert_snapshot!(written(&desk, Some("de-AT")).body.raw(), @r#"
        Acme Tools: Line 12 stands still

        Schweregrad   Kritisch
        Risiko        84.200 €, 987.654.321 SEKX
        Frist         So 29.03.2026 04:00 UTC
        Ausgelöst     Sa 28.03.2026 22:00 UTC
        Alarm         A4711

        - Line 12 stands still (Gesperrter Auftrag, kritisch)
          Plant 12 waits.
          Call the dock.
          Bestellung  PO-450017
          Sendung     SH-7
          Fall        CS-9
          Betrag      84.200 €
          Frist       So 29.03.2026 04:00 UTC
          Code        Shipment delayed (214 SD)

        Wenn niemand übernimmt, wird M.Weber-Hinterhuber +3 benachrichtigt: Mo 30.03.2026 00:12 UTC.
        Grund für diese Nachricht: Bereitschaft: primary (Regel „blocked orders“, Eskalationsplan „urgent“).
        "#);
        desk.locale = "fr".into();
        let french = written(&desk, None).body.raw().to_owned();
        assert!(french.contains("Gravité       Critique\n"), "{french}");
    }

    #[test]
    fn the_email_says_everything_that_is_known() {
        let alert = alert("Acme Tools", "Line 12 stands still", Some("PO-450017"), 8_420_000);
        let mut desk = Scene::usual().desk;
        desk.codes = Codes::shipped();
        let content = email(&alert, Some(&next()), "on call: primary", &reader(&desk, None));
        assert_eq!(content.subject.raw(), "[CRIT] Acme Tools: Line 12 stands still (A4711)");
        insta::assert_snapshot!(content.body.raw(), @r#"
        Acme Tools: Line 12 stands still

        Severity    Critical
        At risk     €84,200, SEKX 987,654,321
        Deadline    Sun 29 Mar 2026 04:00 UTC
        Raised      Sat 28 Mar 2026 22:00 UTC
        Alert       A4711

        - Line 12 stands still (blocked order, critical)
          Plant 12 waits.
          Call the dock.
          Order      PO-450017
          Shipment   SH-7
          Case       CS-9
          Amount     €84,200
          Deadline   Sun 29 Mar 2026 04:00 UTC
          Code       Shipment delayed (214 SD)

        If nobody acknowledges, M.Weber-Hinterhuber +3 is told at Mon 30 Mar 2026 00:12 UTC.
        You get this because: on call: primary (rule "blocked orders", policy "urgent").
        "#);
    }
}
