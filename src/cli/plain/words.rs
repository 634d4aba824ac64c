//! What can be typed at the prompt, in one table: the words of the console's palette with what they
//! are about, each turned into a command line of the program or into something the prompt does itself.
//! Whatever is none of these words is taken for a subcommand as it stands.

use crate::console::keymap::Action;
use Action as A;

/// What a line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// The words of a subcommand.
    Run(Vec<String>),
    Own(Own),
}

/// What the prompt does itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Own {
    /// What needs somebody now.
    Overview,
    Sources,
    Configuration,
    Recent,
    Find(String),
    Announce(Announce),
    LogIn(String),
    Help(Option<String>),
    Leave,
}

/// How much is announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Announce {
    Nothing,
    /// What somebody may have to do something about.
    Usual,
    Everything,
}

pub struct Word {
    pub name: &'static str,
    /// What follows it.
    pub takes: &'static str,
    pub help: &'static str,
    /// What of the console it does.
    pub does: &'static [Action],
    read: fn(&[String]) -> Result<Said, String>,
}

const fn word(
    name: &'static str,
    takes: &'static str,
    help: &'static str,
    does: &'static [Action],
    read: fn(&[String]) -> Result<Said, String>,
) -> Word {
    Word { name, takes, help, does, read }
}

#[rustfmt::skip]
pub const WORDS: &[Word] = &[
    word("triage", "", "what needs somebody now: alerts, then tasks", &[A::Triage], |_| own(Own::Overview)),
    word("list", "alerts|tasks|messages|cases|documents|threads|partners|contacts|people|providers [STATE]", "a list, newest first", &[], list),
    word("show", "ID", "one thing, whole: A12, T3, N45, E7; case ID, contact ID, partner ID …", &[A::Open], show),
    word("search", "QUERY", "everything there ever was: search partner:acme 4500123", &[A::Search], |rest| match rest.is_empty() {
        true => Err("search for what? search 4500123".to_owned()),
        false => run(&["search"], rest),
    }),
    word("view", "[NAME]", "what a saved view finds; without a name, those there are", &[A::Views], |rest| match rest.is_empty() {
        true => run(&["views", "list"], rest),
        false => run(&["views", "show"], rest),
    }),
    word("save", "NAME [--of PLACE] QUERY", "keep a query as a view: save acme-late --of triage partner:acme late", &[A::KeepView], |rest| run(&["views", "save"], rest)),
    word("find", "QUERY", "the alerts and tasks that it finds: find partner:acme late", &[A::Filter], |rest| match rest.is_empty() {
        true => Err("find what? find acme".to_owned()),
        false => own(Own::Find(rest.join(" "))),
    }),
    word("stream", "", "what happened lately", &[A::Stream], |_| own(Own::Recent)),
    word("ack", "A12 [TIME]", "take an alert; pages stop, and news is promised by then: ack A12 30m", &[A::Ack], |rest| with_time("ack", "--by", rest)),
    word("unack", "A12", "give an alert back; paging goes on", &[A::Undo], |rest| run(&["unack"], rest)),
    word("undo", "A12|T3|N45", "take back what you just did: an alert is as it was, a task is to do again, a message sent again does not leave", &[A::Undo], |rest| match rest.first() {
        Some(id) if id.starts_with(['N', 'n']) => run(&["unsend"], rest),
        _ => run(&["undo"], rest),
    }),
    word("escalate", "A12 [STEP]", "wake the next step now, or another; asks first", &[A::Escalate], |rest| match rest {
        [alert, step] => run(&["escalate"], &[alert.clone(), "--step".to_owned(), step.clone()]),
        rest => run(&["escalate"], rest),
    }),
    word("resend", "A12|N45… [to PERSON] [via CHANNEL]", "send again; shows what would leave and asks first", &[A::Resend, A::Mark, A::MarkFailed], resend),
    word("unsend", "A12|N45", "take back what was just sent again", &[A::Undo], |rest| run(&["unsend"], rest)),
    word("snooze", "A12|T3 TIME", "be quiet until then: 30m, 06:30", &[A::Snooze], |rest| match rest {
        [id, _, ..] if id.starts_with(['T', 't']) => with_time("tasks snooze", "--until", rest),
        [_, _, ..] => with_time("snooze", "--until", rest),
        _ => Err("until when? snooze A12 30m".to_owned()),
    }),
    word("note", "A12|T3|handover TEXT", "write a note", &[A::Note], |rest| match rest.first().map(String::as_str) {
        Some("handover") => run(&["handover", "note"], &rest[1..]),
        _ => run(&["note"], rest),
    }),
    word("why", "A12|T3|N45|E7|contact ID|provider NAME|on-call SCHEDULE", "why it is so: who was told, what ends it, who can be reached", &[A::Why, A::OfAlert], |rest| match rest {
        [id] if id.starts_with(['T', 't']) && is_id(id) => run(&["tasks", "show"], std::slice::from_ref(id)),
        [of, id] if of == "contact" => run(&["contacts", "show"], std::slice::from_ref(id)),
        [of, name] if of == "provider" => run(&["providers", "show"], std::slice::from_ref(name)),
        [of, schedule] if of == "on-call" || of == "oncall" => {
            run(&["oncall", "--schedule"], std::slice::from_ref(schedule))
        }
        [id] if id.starts_with(['N', 'n']) => run(&["explain"], &[format!("notification:{id}")]),
        [id] if id.starts_with(['E', 'e']) => run(&["explain"], &[format!("event:{id}")]),
        [id] => run(&["alerts", "show"], std::slice::from_ref(id)),
        _ => Err("why what? why A12".to_owned()),
    }),
    word("hand", "A12 to PERSON|keep", "ask somebody to take an alert over; keep takes that back", &[A::Hand], |rest| match rest {
        [alert, to, person] if to == "to" => run(&["hand"], &[alert.clone(), "--to".to_owned(), person.clone()]),
        [alert, keep] if keep == "keep" => run(&["hand"], &[alert.clone(), "--keep".to_owned()]),
        _ => Err("to whom? hand A12 to maria".to_owned()),
    }),
    word("close", "A12 REASON", "close with a reason; asks first", &[A::Close], |rest| match rest {
        [alert, reason @ ..] if !reason.is_empty() => run(&["resolve"], &[alert.clone(), "--reason".to_owned(), reason.join(" ")]),
        _ => Err("with which reason? close A12 carrier came at six".to_owned()),
    }),
    word("take", "T3", "take a task", &[A::Take], |rest| run(&["tasks", "take"], rest)),
    word("done", "T3 [anyway]", "the task is done", &[A::Done], |rest| match rest {
        [tasks @ .., anyway] if anyway == "anyway" => run(&["tasks", "done", "--anyway"], tasks),
        rest => run(&["tasks", "done"], rest),
    }),
    word("settle", "N45 arrived|again|leave", "what became of a message in doubt", &[A::Settle], |rest| run(&["settle"], rest)),
    word("messages", "[STATE|A12]", "what was said, and what became of it: messages failed", &[A::Messages, A::MessagesOf, A::Group], |rest| match rest {
        [alert] if is_id(alert) => run(&["notifications", "list", "--alert"], rest),
        rest => states("notifications", rest),
    }),
    word("partners", "", "the partners", &[A::Partners], |rest| run(&["partners", "list"], rest)),
    word("partner", "ID", "everything about one partner", &[A::Partner], |rest| run(&["partners", "show"], rest)),
    word("contacts", "", "the contacts of all partners", &[A::Contacts], |rest| match rest.is_empty() {
        true => run(&["contacts", "list"], rest),
        false => run(&["contacts"], rest),
    }),
    word("contact", "ID [FIELD=VALUE…]", "one contact; with fields, set them: contact acme-lopez phones=+34612345678", &[A::Contact, A::Edit], |rest| match rest {
        [_] => run(&["contacts", "show"], rest),
        [id, _, ..] if !matches!(id.as_str(), "leave" | "erase" | "resolve") => run(&["contacts", "set"], rest),
        rest => run(&["contacts"], rest),
    }),
    word("desk", "", "who is on call; people, providers, sources and configuration are words of their own", &[A::Desk], |rest| run(&["oncall"], rest)),
    word("people", "", "who works here", &[A::People], |rest| run(&["people", "list"], rest)),
    word("person", "ID", "everything about one person", &[A::People], |rest| run(&["people", "show"], rest)),
    word("sources", "", "where events come from, and when each was heard last", &[A::Sources], |_| own(Own::Sources)),
    word("configuration", "", "which version counts", &[A::Configuration], |_| own(Own::Configuration)),
    word("oncall", "", "who is on call", &[A::OnCall], |rest| run(&["oncall"], rest)),
    word("override", "SCHEDULE PERSON from TIME until TIME", "somebody else is on call for a while", &[A::Cover], |rest| match rest {
        [schedule, person, from, start, until, end] if from == "from" && until == "until" => run(
            &["override", "add", "--from", start, "--until", end], &[schedule.clone(), person.clone()]),
        [schedule, person, until, end] if until == "until" => run(&["override", "add", "--until", end], &[schedule.clone(), person.clone()]),
        rest => run(&["override"], rest),
    }),
    word("overrides", "", "those that count now or later; override remove O3 takes one back", &[A::TakeBack], |rest| run(&["override", "list"], rest)),
    word("swap", "SCHEDULE PERSON@TIME PERSON@TIME", "two people swap turns", &[A::Swap], |rest| run(&["override", "swap"], rest)),
    word("handover", "[note TEXT]", "what is handed over, on one sheet", &[A::Handover], |rest| run(&["handover"], rest)),
    word("accept", "[H12]", "take what is handed over to you", &[A::Accept], |rest| run(&["handover", "accept"], rest)),
    word("maintenance", "[add …|remove W3]", "what pages nobody for a while", &[A::Maintenance], |rest| match rest.is_empty() {
        true => run(&["maintenance", "list"], rest),
        false => run(&["maintenance"], rest),
    }),
    word("providers", "", "the ways out, and how they are doing", &[A::Providers], |rest| run(&["providers", "list"], rest)),
    word("probe", "CHANNEL", "try a provider that is down now", &[A::Probe], |rest| run(&["probe"], rest)),
    word("templates", "", "every template", &[A::Templates], |rest| run(&["template", "list"], rest)),
    word("template", "NAME [--to WHOM] [--locale L] …", "how a message reads, and to whom", &[A::Reader, A::Language, A::Medium, A::Sample], |rest| run(&["template", "preview"], rest)),
    word("announce", "all|usual|off", "how much is announced", &[A::Follow], |rest| match rest.first().map(String::as_str) {
        Some("all") => own(Own::Announce(Announce::Everything)),
        Some("usual") => own(Own::Announce(Announce::Usual)),
        Some("off") => own(Own::Announce(Announce::Nothing)),
        _ => Err("announce all, usual or off".to_owned()),
    }),
    word("login", "PERSON", "say who you are behind a shared login; asks for the PIN", &[A::LogIn], |rest| match rest {
        [person] => own(Own::LogIn(person.clone())),
        _ => Err("who are you? login maria".to_owned()),
    }),
    word("help", "[WORD]", "what can be typed", &[A::Help, A::Palette], |rest| own(Own::Help(rest.first().cloned()))),
    word("quit", "", "leave", &[A::Quit], |_| own(Own::Leave)),
];

/// What moves an eye or a hand over a screen, and has nothing to do where there is none.
pub const ONLY_SEEN: &[Action] = &[
    A::Down,
    A::Up,
    A::First,
    A::Last,
    A::ScrollDown,
    A::ScrollUp,
    A::Back,
    A::Switch,
    A::SwitchBack,
    A::GoTo,
    A::LastView,
    A::MarkAll,
    A::Sort,
    A::Hint,
    A::Brief,
    A::CopyReference,
    A::Theme,
    A::Redraw,
    A::Suspend,
];

/// What a line asks for; `None` where nothing stands on it.
pub fn read(line: &str) -> Result<Option<Said>, String> {
    let words = split(line)?;
    let Some((first, rest)) = words.split_first() else { return Ok(None) };
    let name = first.trim_start_matches(':').to_lowercase();
    let name = match name.as_str() {
        "q" | "exit" => "quit",
        "?" => "help",
        "alerts" | "tasks" if rest.is_empty() => return list(&[name]).map(Some),
        other => other,
    };
    match WORDS.iter().find(|word| word.name == name) {
        Some(word) => (word.read)(rest).map(Some),
        None => Ok(Some(Said::Run(std::iter::once(name.to_owned()).chain(rest.iter().cloned()).collect()))),
    }
}

/// Words by blanks; quotes keep blanks together.
fn split(line: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in line.trim().chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), c) => word.get_or_insert_default().push(c),
            // An apostrophe within a word is one.
            (None, '"') | (None, '\'') if c == '"' || word.is_none() => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (None, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    match quote {
        Some(open) => Err(format!("a {open} is opened and not closed")),
        None => Ok(words),
    }
}

fn own(own: Own) -> Result<Said, String> {
    Ok(Said::Own(own))
}

fn run(command: &[&str], rest: &[String]) -> Result<Said, String> {
    Ok(Said::Run(command.iter().map(|word| (*word).to_owned()).chain(rest.iter().cloned()).collect()))
}

/// An alert or a task.
fn is_id(word: &str) -> bool {
    word.len() > 1 && word.starts_with(['A', 'a', 'T', 't']) && word[1..].bytes().all(|b| b.is_ascii_digit())
}

/// Ids, and after them a time.
fn with_time(command: &str, flag: &str, rest: &[String]) -> Result<Said, String> {
    let ids = rest.iter().take_while(|word| is_id(word)).count();
    let mut words: Vec<String> = command.split(' ').map(str::to_owned).collect();
    words.extend_from_slice(&rest[..ids]);
    if ids < rest.len() {
        words.push(flag.to_owned());
        words.push(rest[ids..].join(" "));
    }
    Ok(Said::Run(words))
}

fn resend(rest: &[String]) -> Result<Said, String> {
    let mut words = vec!["resend".to_owned()];
    for word in rest {
        words.push(match word.as_str() {
            "to" => "--to".to_owned(),
            "via" => "--via".to_owned(),
            other => other.to_owned(),
        });
    }
    Ok(Said::Run(words))
}

fn things(word: &str) -> &str {
    match word {
        "messages" => "notifications",
        other => other,
    }
}

fn states(things: &str, rest: &[String]) -> Result<Said, String> {
    match rest {
        [] => run(&[things, "list"], &[]),
        [state] if !state.starts_with('-') => run(&[things, "list", "--in"], std::slice::from_ref(state)),
        rest => run(&[things, "list"], rest),
    }
}

fn list(rest: &[impl AsRef<str>]) -> Result<Said, String> {
    let Some((what, rest)) = rest.split_first() else { return own(Own::Overview) };
    let rest: Vec<String> = rest.iter().map(|word| word.as_ref().to_owned()).collect();
    states(things(what.as_ref()), &rest)
}

fn show(rest: &[String]) -> Result<Said, String> {
    match rest {
        [] => own(Own::Overview),
        [id] => {
            let things = match id.chars().next().map(|c| c.to_ascii_uppercase()) {
                Some('A') => "alerts",
                Some('T') => "tasks",
                Some('N') => "notifications",
                Some('E') => "events",
                Some('H') => return run(&["handover", "show"], rest),
                _ => return Err(format!("{id} may be many things; show case {id}, show contact {id} …")),
            };
            run(&[things, "show"], rest)
        }
        [what, rest @ ..] => {
            let plural = if what.ends_with('s') { what.clone() } else { format!("{what}s") };
            run(&[things(&plural), "show"], rest)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Cli;
    use crate::console::keymap::{COMMANDS, KEYMAP};
    use clap::Parser;

    fn command(line: &str) -> String {
        match read(line).unwrap().unwrap() {
            Said::Run(words) => words.join("|"),
            Said::Own(own) => format!("{own:?}"),
        }
    }

    #[test]
    fn every_action_of_the_console_can_be_typed() {
        let actions =
            KEYMAP.iter().map(|binding| binding.action).chain(COMMANDS.iter().map(|(_, action, _)| *action));
        for action in actions {
            let typed = WORDS.iter().any(|word| word.does.contains(&action));
            assert!(
                typed != ONLY_SEEN.contains(&action),
                "{action:?} has no word, or is only seen and has one"
            );
        }
    }

    #[test]
    fn every_word_of_the_palette_that_acts_means_the_same_here() {
        for (name, action, _) in COMMANDS.iter().filter(|(_, action, _)| !ONLY_SEEN.contains(action)) {
            let Ok(Some(said)) = read(name) else { continue };
            let word = WORDS.iter().find(|word| word.name == *name || (*name == "q" && word.name == "quit"));
            let word = word.unwrap_or_else(|| panic!(":{name} is not known here: {said:?}"));
            assert!(word.does.contains(action), ":{name} is {action:?} in the palette");
        }
    }

    #[test]
    fn what_is_typed_becomes_a_command_line_that_the_program_takes() {
        for (line, wanted) in [
            ("ack A12", "ack|A12"),
            (":ack a12 A13 30m", "ack|a12|A13|--by|30m"),
            ("snooze A12 06:30", "snooze|A12|--until|06:30"),
            ("snooze T3 fri 18:00", "tasks|snooze|T3|--until|fri 18:00"),
            ("escalate A12 2", "escalate|A12|--step|2"),
            ("resend N45 to maria via email", "resend|N45|--to|maria|--via|email"),
            ("note A12 the carrier's van broke down", "note|A12|the|carrier's|van|broke|down"),
            ("note handover 'look at Acme'", "handover|note|look at Acme"),
            ("why N45", "explain|notification:N45"),
            ("why T3", "tasks|show|T3"),
            ("why contact acme-lopez", "contacts|show|acme-lopez"),
            ("why provider kannel", "providers|show|kannel"),
            ("why on-call primary", "oncall|--schedule|primary"),
            ("close A12 it came at six", "resolve|A12|--reason|it came at six"),
            ("done T3 anyway", "tasks|done|--anyway|T3"),
            ("show case CASE-7", "cases|show|CASE-7"),
            ("list alerts open", "alerts|list|--in|open"),
            ("messages failed", "notifications|list|--in|failed"),
            ("messages A12", "notifications|list|--alert|A12"),
            ("hand A12 to maria", "hand|A12|--to|maria"),
            ("person maria", "people|show|maria"),
            ("contact acme-lopez phones=+34612345678", "contacts|set|acme-lopez|phones=+34612345678"),
            ("contact acme-lopez", "contacts|show|acme-lopez"),
            ("override primary maria until 07:00", "override|add|--until|07:00|primary|maria"),
            ("partners", "partners|list"),
            ("accept", "handover|accept"),
            ("probe kannel", "probe|kannel"),
            ("maintenance", "maintenance|list"),
            ("template case-status --to acme-lopez", "template|preview|case-status|--to|acme-lopez"),
        ] {
            assert_eq!(command(line), wanted);
            let words = wanted.split('|');
            let parsed = Cli::try_parse_from(std::iter::once("nightdesk").chain(words));
            assert!(parsed.is_ok(), "{line}: {}", parsed.unwrap_err());
        }
        assert_eq!(read("   "), Ok(None));
        assert!(read("note A12 \"open").is_err());
        assert_eq!(command("q"), "Leave");
    }
}
