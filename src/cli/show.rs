//! One thing whole, in words: what each kind of thing says of itself on its [`Sheet`].

use super::list::{Things, read, title_of};
use super::partner;
use super::sheet::Sheet;
use super::{Context, Failed, consent, print, time};
use crate::core::alert::{Alert, AlertState, Member};
use crate::core::case::Case;
use crate::core::contact::{Contact, ContactState};
use crate::core::document::Document;
use crate::core::event::Event;
use crate::core::money::Money;
use crate::core::notification::{AttemptState, Notification};
use crate::core::partner::PartnerRef;
use crate::core::person::{Person, PersonId};
use crate::core::task::Task;
use crate::core::text::{Untrusted, sanitise};
use crate::core::thread::Thread;
use crate::wire::partner::{Dated, Filed};
use crate::wire::{AlertDetail, ChannelState, ContactDetail, DeskInfo, ProviderInfo, Status, WithTimeline};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::Value;

/// What a sheet needs to know of the desk.
pub struct Words {
    desk: DeskInfo,
}

impl Words {
    /// A word of the community's as this desk calls it.
    fn of(&self, word: &str) -> String {
        self.desk.labels.word("en", word)
    }
}

/// Prints what the agent said of one thing.
pub async fn in_words(things: Things, value: Value, context: &Context) -> Result<(), Failed> {
    let status: Status = context.client.get("/v1/status").await?;
    let words = Words { desk: status.desk };
    match things {
        Things::Alerts => alert(&read(value)?, &words),
        Things::Cases => case(&read(value)?, &words),
        Things::Documents => document(&read(value)?, &words),
        Things::Threads => thread(&read(value)?, &words),
        Things::Milestones => milestone(&read(value)?, &words),
        Things::Tasks => task(&read(value)?),
        Things::Notifications => notification(&read(value)?),
        Things::Events => return event(&read(value)?),
        Things::Contacts => contact(&read(value)?),
        Things::People => person(&read(value)?),
        Things::Providers => provider(&read(value)?),
        Things::Partners => {
            let zone = TimeZone::get(&words.desk.time_zone).unwrap_or(TimeZone::UTC);
            partner::sheet(&read(value)?, &zone, Timestamp::now())
        }
    }
    .print()
}

/// `Acme Tools (acme)`.
fn of(partner: &PartnerRef) -> String {
    format!("{} ({})", partner.name.printable(), partner.id.printable())
}

fn nobody(person: Option<&PersonId>) -> String {
    person.map_or_else(|| "nobody".to_owned(), |person| person.0.clone())
}

fn alert(detail: &AlertDetail, words: &Words) -> Sheet {
    let a = &detail.alert;
    let title = format!("{} {}: {}", a.severity.short(), a.partner.name.printable(), title_of(a));
    let mut sheet = Sheet::new(title);
    sheet
        .any("Id", Some(a.id))
        .fact("State", a.state.as_str())
        .fact("Held by", nobody(a.holder.as_ref()))
        .fact("Next", next(a))
        .fact("Partner", of(&a.partner))
        .list("At risk", a.at_risk.iter().map(Money::long))
        .at("Deadline", a.deadline)
        .fact("Rule", format!("{}, configuration {}", a.rule, a.config_version))
        .fact("Policy", format!("{}, step {}", a.policy.name, a.step))
        .at("Cleared", a.cleared_at)
        .word("Closed with", a.resolution.as_ref());
    sheet.part("What it is about", detail.alert.members.iter().flat_map(|m| member(m, words)).collect());
    sheet.part("Messages", detail.notifications.iter().map(one_line).collect());
    sheet.timeline(&detail.timeline);
    sheet
}

/// What happens if nobody acts.
fn next(a: &Alert) -> String {
    let at = |what: &str| a.next_due().map(|at| format!("{what} {}", time::short(at))).unwrap_or_default();
    match a.state {
        AlertState::Open if a.cleared_at.is_some() => {
            "its source cleared it; somebody is to close it".to_owned()
        }
        AlertState::Open if a.in_last_resort() => at("last resort again"),
        AlertState::Open => at("next page"),
        AlertState::Acknowledged => at("news promised by"),
        AlertState::Snoozed => match a.resting() {
            Some(quiet) => format!("{}, quiet because of {}", at("sleeps until"), quiet.words()),
            None => at("sleeps until"),
        },
        AlertState::Resolved => String::new(),
    }
}

fn member(m: &Member, words: &Words) -> Vec<String> {
    let named = |what: &str, id: &Option<Untrusted>| {
        id.as_ref().map(|id| format!("{what} {}", id.printable())).unwrap_or_default()
    };
    let mut facts = vec![
        format!("{} {}", m.severity.short(), m.title.printable()),
        words.of(m.kind.word()),
        named("order", &m.order),
        named("shipment", &m.shipment),
        named("case", &m.case),
        m.amount.as_ref().map(Money::long).unwrap_or_default(),
        m.deadline.map(|at| format!("due {}", time::short(at))).unwrap_or_default(),
        m.cleared_at.map(|at| format!("cleared {}", time::short(at))).unwrap_or_default(),
    ];
    facts.retain(|fact| !fact.is_empty());
    let mut lines = vec![format!("{}: {}", m.event, facts.join(", "))];
    lines.extend(m.codes.iter().map(|code| format!("  {}", words.desk.codes.in_words(code))));
    let description = m.description.iter().flat_map(Untrusted::printable_lines);
    lines.extend(description.map(|line| format!("  {line}")));
    lines
}

fn one_line(n: &Notification) -> String {
    format!(
        "{} {}  {} to {}: {}",
        n.id,
        time::short(n.created_at),
        n.medium.as_str(),
        n.recipient.name.printable(),
        n.state.as_str().replace('_', " ")
    )
}

fn case(detail: &WithTimeline<Case>, words: &Words) -> Sheet {
    let c = &detail.thing;
    let title = match c.title.is_empty() {
        true => c.reference.printable().into_string(),
        false => format!("{}  {}", c.reference.printable(), c.title.printable()),
    };
    let mut sheet = Sheet::new(title);
    sheet
        .fact("State", words.of(c.state.word()))
        .fact("Kind", c.kind.as_ref().map(|kind| words.of(kind.word())).unwrap_or_default())
        .fact("Partner", of(&c.partner))
        .word("Id", Some(&c.id))
        .word("Order", c.order.as_ref())
        .fact("Amount", c.amount.as_ref().map(Money::long).unwrap_or_default())
        .fact(
            "Priority",
            c.priority.map(|priority| format!("{priority:?}").to_lowercase()).unwrap_or_default(),
        )
        .at("Deadline", c.deadline)
        .list("Wanted", c.wanted.iter().map(Untrusted::printable))
        .at("By", c.due)
        .word("Opened by", c.opened_by.as_ref())
        .list("Watched by", c.watchers.iter().map(Untrusted::printable))
        .any("Alert", c.alert)
        .any("Task", c.task)
        .at("Since", Some(c.created_at));
    sheet.text("Description", c.description.as_ref()).text("Written for the partner", c.message.as_ref());
    sheet.timeline(&detail.timeline);
    sheet
}

fn document(detail: &WithTimeline<Filed<Document>>, words: &Words) -> Sheet {
    let d = &detail.thing.thing;
    let mut sheet = Sheet::new(d.name.printable().as_str());
    sheet
        .fact("State", d.state.as_str())
        .fact("Kind", words.of(d.kind.word()))
        .fact("Partner", of(&d.partner))
        .word("Id", Some(&d.id))
        .word("Case", detail.thing.case_reference.as_ref().or(d.case.as_ref()))
        .word("Link", d.url.as_ref())
        .word("Uploaded by", d.uploaded_by.as_ref())
        .at("Review by", d.review_by)
        .at("Reviewed", d.reviewed_at)
        .any("Task", d.task)
        .at("Since", Some(d.created_at));
    sheet.timeline(&detail.timeline);
    sheet
}

fn thread(detail: &WithTimeline<Filed<Thread>>, words: &Words) -> Sheet {
    let t = &detail.thing.thing;
    let mut sheet = Sheet::new(t.subject.printable().as_str());
    sheet
        .fact("State", t.state.as_str())
        .fact("Kind", words.of(t.kind.word()))
        .fact("Partner", of(&t.partner))
        .word("Id", Some(&t.id))
        .word("Author", Some(&t.author))
        .word("Case", detail.thing.case_reference.as_ref().or(t.case.as_ref()))
        .at("Answer by", t.answer_by)
        .at("Answered", t.answered_at)
        .list("Posts", t.posts.iter().map(Untrusted::printable))
        .any("Task", t.task)
        .at("Since", Some(t.created_at));
    sheet.timeline(&detail.timeline);
    sheet
}

fn milestone(detail: &WithTimeline<Dated>, words: &Words) -> Sheet {
    let dated = &detail.thing;
    let m = &dated.milestone;
    let milestone = words.of(m.milestone.word());
    let mut sheet = Sheet::new(format!("{}: {milestone}", m.partner.name.printable()));
    let place = match m.place {
        0 => "of no plan".to_owned(),
        place => format!("{}, step {place}", m.plan),
    };
    let day = |day: Option<Date>| day.map(time::day).unwrap_or_default();
    sheet
        .fact("State", dated.word())
        .fact("Partner", of(&m.partner))
        .word("Id", Some(&m.id))
        .fact("Plan", place)
        .fact("Expected by", day(dated.due_on))
        .fact("Reached", day(dated.reached_on))
        .any("Task", m.task);
    sheet.timeline(&detail.timeline);
    sheet
}

fn task(detail: &WithTimeline<Task>) -> Sheet {
    let t = &detail.thing;
    let mut sheet = Sheet::new(format!("{}  {}", t.id, t.title.printable()));
    sheet
        .fact("State", t.state.as_str())
        .fact("Kind", t.kind.as_str())
        .fact("Why", t.cause())
        .fact("Ends", t.ends())
        .fact("Owner", nobody(t.owner.as_ref()))
        .any("Team", t.team.as_deref())
        .at("Due", t.due_at)
        .at("Sleeps until", t.snoozed_until)
        .at("Lead told", t.lead_at)
        .fact("Partner", t.partner.as_ref().map(of).unwrap_or_default())
        .word("About", t.about.as_ref())
        .any("Alert", t.alert)
        .any("Message", t.notification)
        .at("Since", Some(t.created_at));
    sheet.timeline(&detail.timeline);
    sheet
}

fn notification(n: &Notification) -> Sheet {
    let state = n.state.as_str().replace('_', " ");
    let disputed = if n.disputed { ", disputed" } else { "" };
    let mut sheet =
        Sheet::new(format!("{}  {} to {}", n.id, n.medium.as_str(), n.recipient.name.printable()));
    let step = n.reason.step.map(|step| format!(", step {step}")).unwrap_or_default();
    sheet
        .fact("State", format!("{state}{disputed}"))
        .word("Why so", n.reason.outcome.as_ref())
        .fact("Because", format!("{} (rule {}{step})", n.reason.via.printable(), n.reason.rule))
        .fact("About", n.category.as_str().replace('_', " "))
        .word("Partner", n.partner.as_ref())
        .any("Alert", n.alert)
        .any("Event", n.event)
        .fact("Channel", n.channel.clone())
        .at("Decided", Some(n.created_at))
        .at("Next try", n.due_at)
        .at("Of use until", n.expires_at)
        .word("Provider calls it", n.provider_ref.as_ref())
        .any("Configuration", Some(n.config_version))
        .word("Subject", Some(&n.content.subject).filter(|subject| !subject.is_empty()));
    sheet.text("Text", Some(&n.content.body));
    sheet.part("Timeline", sendings(n));
    sheet
}

/// Each attempt and what proves how far it came.
fn sendings(n: &Notification) -> Vec<String> {
    let mut lines = vec![format!("{}  decided", time::exact(n.created_at))];
    for attempt in &n.attempts {
        let word = match attempt.state {
            AttemptState::Sending => "being sent",
            AttemptState::Handed => "taken",
            AttemptState::Deferred => "not taken, to be tried again",
            AttemptState::Refused => "refused",
            AttemptState::InDoubt => "handed over; nobody knows",
        };
        let again = if attempt.possible_duplicate { ", perhaps a second time" } else { "" };
        let cost = if attempt.parts > 1 { format!(", {} parts", attempt.parts) } else { String::new() };
        let answer = attempt.answer.as_ref().map(|said| format!(": {}", said.printable()));
        lines.push(format!(
            "{}  attempt {} {word} by {}, {}{cost}{again}{}",
            time::exact(attempt.started_at),
            attempt.number,
            attempt.channel,
            attempt.address.printable(),
            answer.unwrap_or_default()
        ));
        for evidence in n.evidence.iter().filter(|evidence| evidence.attempt == attempt.number) {
            let part = if attempt.parts > 1 { format!(" part {}", evidence.part) } else { String::new() };
            let rung = evidence.word();
            let said = evidence.detail.printable();
            lines.push(format!("{}  {rung}{part} by {}: {said}", time::exact(evidence.at), evidence.by));
        }
    }
    lines
}

/// An event is kept as it came: its data follows as JSON.
fn event(e: &Event) -> Result<(), Failed> {
    let mut sheet = Sheet::new(format!("{}  {}", e.id, e.title.printable()));
    let state = serde_json::to_value(&e.state).ok();
    let state = state.as_ref().and_then(Value::as_str).unwrap_or_default().replace('_', " ");
    sheet
        .fact("State", state)
        .word("Type", Some(&e.kind))
        .fact("Partner", e.partner.as_ref().map(of).unwrap_or_default())
        .fact("Severity", e.severity.map(|severity| severity.as_str()).unwrap_or_default())
        .any("Alert", e.alert)
        .fact("Source", format!("{} ({})", e.feed, e.source.printable()))
        .word("Its id", Some(&e.event_id))
        .word("Subject", e.subject.as_ref())
        .at("Made", e.time)
        .at("Came in", Some(e.created_at))
        .any("Configuration", Some(e.config_version));
    let verdicts = e.why.iter().map(|verdict| {
        let word = if verdict.matched { "matched" } else { "did not match" };
        format!("rule {} {word}: {}", verdict.rule, verdict.because.printable())
    });
    sheet.part("Why", verdicts.collect());
    sheet.part(
        "Not read",
        e.unreadable.iter().map(|wrong| sanitise(&wrong.to_string()).into_owned()).collect(),
    );
    sheet.print()?;
    print::line("")?;
    print::line("Data")?;
    print::json(&e.data)
}

fn contact(detail: &ContactDetail) -> Sheet {
    let c = &detail.contact;
    let mut sheet = Sheet::new(c.name.printable().as_str());
    let state = match c.state {
        ContactState::Active => "active",
        ContactState::Inactive => "has left; gets nothing more",
    };
    sheet
        .fact("State", state)
        .word("Partner", c.partner_id.as_ref())
        .word("Id", Some(&c.id))
        .list("Mailboxes", c.emails.iter().map(|email| email.as_str()))
        .list("Numbers", c.phones.iter().map(|phone| phone.as_str()))
        .word("Language", c.locale.as_ref())
        .word("Zone", c.time_zone.as_ref())
        .any("Quiet hours", c.quiet_hours)
        .list("Roles", c.roles.iter().map(Untrusted::printable))
        .list("Opted out of", c.opted_out.iter().map(|medium| medium.as_str()))
        .word("Successor", c.successor.as_ref())
        .at("Since", Some(c.created_at))
        .at("Changed", Some(c.updated_at));
    sheet.part("Wants", wants(c));
    sheet.text("Notes", Some(&c.notes));
    let sides = detail.links.iter().map(|link| {
        let conflicts: Vec<&str> = link.conflicts.iter().map(|conflict| conflict.mine.name()).collect();
        match conflicts.is_empty() {
            true => format!("{}: agrees", link.side.spoken()),
            false => format!("{}: differs in {}", link.side.spoken(), conflicts.join(", ")),
        }
    });
    sheet.part("Also kept by", sides.collect());
    let consent = detail.consent.iter().map(|entry| {
        let (at, wants) = (time::short(entry.created_at), consent::wants(entry));
        let how = entry.means.as_str().replace('_', " ");
        format!("{at} {wants}, by {how} ({})", entry.evidence.printable())
    });
    sheet.part("Consent", consent.collect());
    sheet
}

fn wants(c: &Contact) -> Vec<String> {
    let each = c.channels.iter().map(|(category, media)| {
        let media: Vec<&str> = media.iter().map(|medium| medium.as_str()).collect();
        let media = if media.is_empty() { "nothing".to_owned() } else { media.join(", then ") };
        format!("{}: {media}", category.as_str().replace('_', " "))
    });
    each.collect()
}

fn person(p: &Person) -> Sheet {
    let mut sheet = Sheet::new(p.name.as_str());
    sheet
        .fact("Id", p.id.0.clone())
        .fact("Role", format!("{:?}", p.role).to_lowercase())
        .any("Mailbox", p.email.as_ref())
        .any("Number", p.phone.as_ref())
        .any("Zone", p.time_zone.as_ref())
        .list("Teams", &p.teams);
    sheet
}

fn state_word(state: ChannelState) -> &'static str {
    match state {
        ChannelState::Untried => "untried",
        ChannelState::Working => "working",
        ChannelState::Failing => "failing",
        ChannelState::Down => "down",
    }
}

fn provider(info: &ProviderInfo) -> Sheet {
    let (c, hour) = (&info.channel, &info.hour);
    let took =
        |millis: Option<i64>| millis.map(|millis| format!(", {millis} ms on average")).unwrap_or_default();
    let mut sheet = Sheet::new(c.name.as_str());
    let at = |at: Option<Timestamp>| at.map_or("never".to_owned(), time::short);
    sheet
        .fact("State", format!("{} since {}", state_word(c.state), time::short(c.since)))
        .fact("Kind", c.kind.clone())
        .list("Carries", c.carries.iter().map(|medium| medium.as_str()))
        .any("Queued", Some(c.queued))
        .fact("Next probe", info.probe_at.map(time::short).unwrap_or_default())
        .fact("Paused until", info.paused_until.map(time::short).unwrap_or_default())
        .fact("Taken in the last hour", format!("{}{}", hour.accepted, took(hour.to_acceptance_ms)))
        .fact("Proven in the last hour", format!("{}{}", hour.proven, took(hour.to_proof_ms)))
        .fact("Failed in the last hour", hour.failed.to_string())
        .fact("Last accepted", at(c.last_accepted_at))
        .fact("Last proven", at(c.last_proven_at))
        .word("Last error", c.last_error.as_ref());
    sheet
}
