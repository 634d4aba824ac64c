//! What the walk found, in words.

use super::{ANY_PARTNER, Finding, NoWay, Place, Span};
use crate::core::contact::Medium;
use crate::core::counted::counted;
use crate::core::suppression::SuppressionCause;
use crate::core::text::sanitise;
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Times and partners named one by one; further ones are counted.
const NAMED: usize = 3;

impl Finding {
    /// A sentence without its full stop; times are in that zone, which they name.
    pub fn words(&self, zone: &TimeZone) -> String {
        match self {
            Finding::Nobody { place, times, always, because, partners, unread } => {
                let of = match partners.is_empty() {
                    true => String::new(),
                    false => format!(" for {}", named(partners)),
                };
                let mut said = format!(
                    "{} reaches nobody{of} {}: {}",
                    at(place),
                    when(times, *always, zone),
                    because.join("; ")
                );
                if !unread.is_empty() {
                    said.push_str(&format!(
                        "; the calendars of {} are elsewhere and were not read, no agent having told of them",
                        unread.join(", ")
                    ));
                }
                said
            }
            Finding::Gap { place, schedule, times, always, unread } => {
                let mut said = format!(
                    "no one is on call in {schedule} {}; {} reaches only others then",
                    when(times, *always, zone),
                    at(place)
                );
                if *unread {
                    said.push_str("; a calendar elsewhere was not read, no agent having told of it");
                }
                said
            }
            Finding::NoHolder { place, role, partners } => {
                format!("nobody is {role} of {}; {} reaches only others then", named(partners), at(place))
            }
            Finding::NoWay { name, medium, because, policies, .. } => {
                format!("{name} is paged by policy {}: {}", policies.join(", "), no_way(*medium, *because))
            }
            Finding::Away { place, name, times, .. } => format!(
                "{name} is on call or in charge, and away, {}; {} reaches only others then",
                when(times, false, zone),
                at(place)
            ),
            Finding::MayNotAct { name, policies, .. } => format!(
                "{name} is paged by policy {} and may not acknowledge: the role is viewer, which it is where none is \
                 said",
                policies.join(", ")
            ),
            Finding::TooShort { place, after, least } => format!(
                "{} follows after {after:#}; a message needs {least:#} to arrive and be read, so the next are woken \
                 before the first can act",
                at(place)
            ),
            Finding::NoReceipts { channel, medium, policies } => format!(
                "channel {channel} does not report deliveries (receipts = true): pages by {} of policy {} are \
                 accepted, never proven",
                word(*medium),
                policies.join(", ")
            ),
            Finding::NoWayBack { channel } => format!(
                "channel {channel} waits for proof of delivery (receipts = true), and reports on mails have nowhere \
                 to come back to: set [replies]; until then nothing it carries is ever proven"
            ),
            Finding::NoChannel { medium } => format!("no channel carries {}", word(*medium)),
            Finding::WindowNeverComes { window } => {
                format!("maintenance window {} does not come within a year", sanitise(window))
            }
            Finding::QuietOnAndOn { windows, covers, span, endless, at_most } => {
                let end = match endless {
                    true => format!("without an end from {} on", day(span.from, zone)),
                    false => format!("without a pause {}", span_in_words(span, zone)),
                };
                format!(
                    "maintenance windows {} follow on each other and keep {} quiet {end}; what begins in them pages \
                     after {at_most:#} all the same ([quiet] at_most)",
                    windows.iter().map(|name| sanitise(name)).collect::<Vec<_>>().join(", "),
                    covers.words()
                )
            }
            Finding::InhibitsNothing { rule } => format!(
                "inhibit rule {} keeps nothing quiet: no two alerts can fit its source, its target and what must be \
                 equal",
                sanitise(rule)
            ),
            Finding::UnusedPolicy { policy } => format!("no rule uses policy {policy}"),
            Finding::Contact(lost) => {
                let of =
                    lost.partner.as_ref().map(|id| format!(" of {}", id.printable())).unwrap_or_default();
                let why = match lost.cause {
                    SuppressionCause::Dead => "is dead: a message bounced",
                    SuppressionCause::OptedOut => "is stopped: they opted out",
                };
                format!(
                    "contact {} ({}){of}: their {} {why}",
                    lost.name.printable(),
                    lost.contact.printable(),
                    address(lost.medium)
                )
            }
            Finding::AgentNotAsked => {
                "no agent answers, so only the file was walked: not overrides, assignments made \
                                       with `nightdesk assign`, partners, opt-outs and dead addresses"
                    .to_owned()
            }
        }
    }
}

/// Why a medium does not reach somebody.
pub(super) fn no_way(medium: Medium, why: NoWay) -> String {
    let address = address(medium);
    match why {
        NoWay::NoAddress => format!("no {address}"),
        NoWay::NoChannel => format!("no channel carries {}", word(medium)),
        NoWay::Bounced => format!("the {address} is dead, a message bounced"),
        NoWay::Failed => {
            format!("a message to the {address} failed, and none is proven to have arrived there since")
        }
        NoWay::OptedOut => format!("the {address} opted out; only its owner can end that, with START"),
    }
}

fn address(medium: Medium) -> &'static str {
    match medium {
        Medium::Sms => "phone number",
        Medium::Email => "mailbox",
    }
}

fn word(medium: Medium) -> &'static str {
    match medium {
        Medium::Sms => "SMS",
        Medium::Email => "email",
    }
}

/// `step 2 of policy urgent (critical)`.
fn at(place: &Place) -> String {
    if place.policy.is_empty() {
        return format!("rule {}", place.rules.join(", "));
    }
    let step = place.step.map_or("the last resort".to_owned(), |step| format!("step {step}"));
    let severities: Vec<_> = place.severities.iter().map(|severity| severity.as_str()).collect();
    let severities = match severities.is_empty() {
        true => String::new(),
        false => format!(" ({})", severities.join(", ")),
    };
    format!("{step} of policy {}{severities}", place.policy)
}

fn when(times: &[Span], always: bool, zone: &TimeZone) -> String {
    if always {
        return "at any time".to_owned();
    }
    let mut said: Vec<String> = times.iter().take(NAMED).map(|span| span_in_words(span, zone)).collect();
    if times.len() > NAMED {
        said.push(format!("and {} more", counted(times.len() - NAMED, "time", "times")));
    }
    said.join(", ")
}

/// `Sat 28 Nov 18:00 to Sun 29 Nov 08:00 CET`.
fn span_in_words(span: &Span, zone: &TimeZone) -> String {
    let local = |at: Timestamp| at.to_zoned(zone.clone());
    let (from, until) = (local(span.from), local(span.until));
    let (day, clock) = ("%a %-d %b %H:%M", "%H:%M %Z");
    match (from.date() == until.date(), from.offset() == until.offset()) {
        (true, true) => format!("{} to {}", from.strftime(day), until.strftime(clock)),
        (false, true) => {
            format!("{} to {} {}", from.strftime(day), until.strftime(day), until.strftime("%Z"))
        }
        (_, false) => format!(
            "{} {} to {} {}",
            from.strftime(day),
            from.strftime("%Z"),
            until.strftime(day),
            until.strftime("%Z")
        ),
    }
}

/// `Sat 28 Nov 18:00 CET`.
fn day(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%a %-d %b %H:%M %Z").to_string()
}

fn named(partners: &[String]) -> String {
    let one = |id: &String| match id.as_str() {
        ANY_PARTNER => "a partner that nobody is assigned to".to_owned(),
        id => sanitise(id).into_owned(),
    };
    let mut said: Vec<String> = partners.iter().take(NAMED).map(one).collect();
    if partners.len() > NAMED {
        said.push(format!("and {} more", partners.len() - NAMED));
    }
    said.join(", ")
}
