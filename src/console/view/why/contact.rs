//! Why a contact can be reached or not, and why a field of theirs differs on two sides.

use super::Told;
use crate::console::clock;
use crate::console::desk::Desk;
use crate::console::model::Model;
use crate::console::theme::Meaning;
use crate::console::view::messages::medium_word;
use crate::console::view::page;
use crate::core::consent::{Choice, Means};
use crate::core::contact::{Category, Contact, ContactState, Medium};
use crate::core::notification::RecipientId;
use crate::core::standing::Standing;
use crate::core::text::{Untrusted, sanitise};
use crate::wire::ContactDetail;

type Known<'a> = Option<&'a Result<Box<ContactDetail>, String>>;

pub fn tell(told: &mut Told, model: &Model, id: &Untrusted, known: Known<'_>) {
    let Some((desk, contact)) = model.desk.as_ref().and_then(|desk| Some((desk, desk.contacts.get(id)?)))
    else {
        told.say("This contact is not known here.", Meaning::Quiet);
        return;
    };
    let zone = desk.zone();
    let name = contact.name.printable();
    let reach = desk.reach.get(id);
    let (said, meaning) = match (contact.state, reach.map(|reach| reach.reachable)) {
        (ContactState::Inactive, _) => (format!("{name} has left; nothing is sent to them."), Meaning::Warn),
        (_, Some(true)) => (format!("{name} can be reached."), Meaning::Strong),
        (_, Some(false)) => (format!("Nothing would reach {name} now."), Meaning::Bad),
        (_, None) => (format!("{name}: asking the agent what would reach them."), Meaning::Strong),
    };
    told.say(&said, meaning);
    if let Some(successor) = &contact.successor {
        let said = desk.contacts.get(successor).map_or(successor, |one| &one.name).printable();
        told.fact("instead", &format!("{said} gets what waits for them"), Meaning::Plain);
    }
    for medium in Medium::ALL {
        let standing = reach.and_then(|reach| reach.media.iter().find(|one| one.medium == medium));
        let (said, meaning) = match standing.map(|one| one.standing) {
            Some(Standing::Usable) => {
                let at = standing.map(|one| one.usable.join(", ")).unwrap_or_default();
                (format!("would reach {}", sanitise(&at)), Meaning::Good)
            }
            Some(Standing::NoAddress) => ("there is no address".to_owned(), Meaning::Warn),
            Some(Standing::OptedOut) => {
                ("they do not want it, and only they can end that".to_owned(), Meaning::Warn)
            }
            Some(Standing::Dead) => {
                ("every address was said to reach nobody; Enter mends it".to_owned(), Meaning::Bad)
            }
            Some(Standing::NoChannel) => ("no provider of this desk carries it".to_owned(), Meaning::Bad),
            None => (as_known(contact, medium), Meaning::Plain),
        };
        told.fact(medium_word(medium), &said, meaning);
        if let Some((said, meaning)) = last(model, desk, id, medium) {
            told.fact("", &said, meaning);
        }
    }
    if let Some(hours) = contact.quiet_hours {
        let now = reach.and_then(|reach| reach.quiet_until).map(|until| clock::when(model.now, until, &zone));
        let now = now.map(|until| format!("; now, until {until} here")).unwrap_or_default();
        let said = format!("{hours} on their own clock{now}; urgent messages go all the same");
        told.fact("quiet", &said, Meaning::Plain);
    }
    told.gap();
    wishes(told, contact);
    told.gap();
    match known {
        None => told.say("Asking the agent what they said about getting messages.", Meaning::Quiet),
        Some(Err(why)) => {
            told.say(&format!("What they said could not be read: {}.", sanitise(why)), Meaning::Warn)
        }
        Some(Ok(detail)) if detail.consent.is_empty() => {
            told.say("They have said nothing about getting messages.", Meaning::Quiet);
        }
        Some(Ok(detail)) => {
            for entry in &detail.consent {
                let what = match entry.state {
                    Choice::In => "wanted",
                    Choice::Out => "ended",
                };
                let of = entry.category.map(|of| format!(" for {}", category(of))).unwrap_or_default();
                let said = format!(
                    "{what} {}{of}: \u{201c}{}\u{201d}, {} ({})",
                    medium_word(entry.medium),
                    entry.words.printable(),
                    means(entry.means),
                    entry.evidence.printable(),
                );
                told.fact(&clock::when(model.now, entry.created_at, &zone), &said, Meaning::Plain);
            }
        }
    }
}

/// What the contact itself says, before the agent has.
fn as_known(contact: &Contact, medium: Medium) -> String {
    let has = match medium {
        Medium::Sms => !contact.phones.is_empty(),
        Medium::Email => !contact.emails.is_empty(),
    };
    match (contact.opted_out.contains(&medium), has) {
        (true, _) => "opted out".to_owned(),
        (false, true) => "there is an address".to_owned(),
        (false, false) => "there is no address".to_owned(),
    }
}

/// What became of the last message to them.
fn last(model: &Model, desk: &Desk, id: &Untrusted, medium: Medium) -> Option<(String, Meaning)> {
    let of_page = model.page.iter().filter_map(|page| page.detail.as_ref()).flat_map(|d| &d.notifications);
    let of_pane = model.beside.detail.iter().flat_map(|detail| &detail.notifications);
    let all = desk.messages.values().chain(of_page).chain(of_pane);
    let to_them = all.filter(|message| {
        message.medium == medium && matches!(&message.recipient.who, RecipientId::Contact(who) if who == id)
    });
    let newest = to_them.max_by_key(|message| message.updated_at)?;
    let when = clock::when(model.now, newest.updated_at, &desk.zone());
    let state = newest.state.as_str().replace('_', " ");
    let why = newest.reason.outcome.as_ref().filter(|_| !newest.state.is_proven());
    let why = why.map(|why| format!(": {}", why.printable())).unwrap_or_default();
    let meaning = match newest.state {
        state if state.is_proven() => Meaning::Good,
        state if state.is_failure() => Meaning::Bad,
        _ => Meaning::Quiet,
    };
    Some((format!("last {} {when} {state}{why}", newest.id), meaning))
}

fn category(of: Category) -> String {
    of.as_str().replace('_', " ")
}

/// What they want over which medium.
fn wishes(told: &mut Told, contact: &Contact) {
    if contact.channels.is_empty() && contact.unsubscribed.is_empty() {
        told.fact("wishes", "none named: both media, SMS first when it is urgent", Meaning::Plain);
        return;
    }
    for of in Category::ALL {
        let wanted = contact.channels.get(&of);
        let mut said = match wanted.map(Vec::as_slice) {
            None => "no wish".to_owned(),
            Some([]) => "nothing".to_owned(),
            Some(media) => {
                media.iter().map(|medium| medium_word(*medium)).collect::<Vec<_>>().join(", then ")
            }
        };
        if contact.unsubscribed.contains(&of) {
            said.push_str("; they ended mails of this kind");
        }
        if wanted.is_some() || contact.unsubscribed.contains(&of) {
            told.fact("wishes", &format!("{}: {said}", category(of)), Meaning::Plain);
        }
    }
}

fn means(means: Means) -> &'static str {
    match means {
        Means::Reply => "by a reply",
        Means::OneClick => "by the unsubscribe button of a mail",
        Means::Mail => "by a mail to the unsubscribe address",
        Means::Link => "by their own link",
        Means::Complaint => "by a complaint to their mailbox provider",
        Means::Operator => "told to an operator",
        Means::Community => "heard from the community",
        Means::Spreadsheet => "from a spreadsheet",
        Means::Provider => "told by a provider",
    }
}

/// A row of the Sync view of a partner's page.
pub fn conflict(told: &mut Told, model: &Model, at: usize) {
    let detail = model.page.as_ref().and_then(|page| page.detail.as_ref());
    let Some(conflict) = detail.and_then(|detail| detail.conflicts.get(at)) else {
        told.say("It was settled meanwhile.", Meaning::Quiet);
        return;
    };
    let side = sanitise(&conflict.side.spoken()).into_owned();
    told.say(&page::of_conflict(conflict), Meaning::Strong);
    let said = format!(
        "Both the desk and {side} changed {} since they last agreed. What was agreed on is no longer said by \
         either, so the desk writes over neither; a person chooses.",
        sanitise(&conflict.field)
    );
    told.say(&said, Meaning::Plain);
    told.gap();
    told.fact("since", &clock::when(model.now, conflict.created_at, &model.zone()), Meaning::Plain);
    told.fact("until", "messages go to what the desk has", Meaning::Plain);
    told.fact(
        "ends",
        "with Enter: ours or theirs; or by itself when both say the same again",
        Meaning::Plain,
    );
}
