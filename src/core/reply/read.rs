//! What somebody meant who wrote back. A text is read for one of a few words at its beginning; words
//! that opt out win over everything, and the words that act are none that carriers act on themselves.

use super::code::Code;
use jiff::SignedDuration;

/// What a reply asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// To get no more messages this way.
    OptOut,
    /// To get messages again.
    OptIn,
    /// What one may answer.
    Help,
    /// To take the alert, promising news within the time, if one is said.
    Ack(Option<SignedDuration>),
    /// To take over what somebody hands over.
    Accept,
    Snooze(Option<SignedDuration>),
    Escalate,
    /// To close it, for this reason.
    Resolve(String),
    /// How it stands.
    Ask,
    /// Nothing of these: words for a person to read.
    Words,
}

/// A reply, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    pub wish: Wish,
    /// Which message is meant, where a code says so.
    pub code: Option<Code>,
}

/// Opt out wherever they stand in a short text, or at the start of a long one.
const OPT_OUT: &[&str] = &[
    "STOP",
    "STOPALL",
    "STOPP",
    "UNSUBSCRIBE",
    "OPTOUT",
    "OPT-OUT",
    "ARRET",
    "ARRÊT",
    "ABMELDEN",
    "BAJA",
    "REVOKE",
];
/// Opt out where nothing else is said than that, politely or not.
const OPT_OUT_ALONE: &[&str] = &["CANCEL", "END", "QUIT", "REMOVE", "ALTO"];
const OPT_IN: &[&str] = &["START", "YES", "UNSTOP"];
const HELP: &[&str] = &["HELP", "INFO", "HILFE", "AIDE", "AYUDA"];
/// Say nothing of their own beside a word that opts out.
const FILLERS: &[&str] = &[
    "PLEASE",
    "PLS",
    "PLZ",
    "BITTE",
    "NOW",
    "ALL",
    "ME",
    "MY",
    "THIS",
    "THESE",
    "THE",
    "IT",
    "SMS",
    "TEXT",
    "TEXTS",
    "TEXTING",
    "TXT",
    "MESSAGE",
    "MESSAGES",
    "MESSAGING",
    "SENDING",
    "FROM",
    "SUBSCRIPTION",
    "NUMBER",
    "JETZT",
    "SVP",
    "MERCI",
    "THANKS",
    "THANK",
    "YOU",
    "DANKE",
    "OFF",
    "LIST",
    "YOUR",
    "OUT",
    "OPT",
];
/// Act whatever follows.
const ACK: &[&str] = &["ACK", "ACKNOWLEDGE", "ACKNOWLEDGED", "ÜBERNEHME", "UEBERNEHME", "QUITTIERT"];
const ACCEPT: &[&str] = &["ACCEPT", "ACCEPTED"];
const RESOLVE: &[&str] = &["RESOLVE", "RESOLVED", "CLOSE"];
const SNOOZE: &[&str] = &["SNOOZE"];
const ESCALATE: &[&str] = &["ESC", "ESCALATE"];
const ASK: &[&str] = &["?", "STATUS", "WHY", "WHO"];
/// Act only where nothing else is said but a time: "OK, I am driving" is no answer to a page.
const ACK_ALONE: &[&str] =
    &["A", "OK", "OKAY", "ON IT", "GOT IT", "TAKE", "TAKE IT", "TAKEN", "MINE", "PRIS", "TOMADO"];
const RESOLVE_ALONE: &[&str] = &["R", "CLOSED", "DONE", "FIXED"];
const SNOOZE_ALONE: &[&str] = &["Z", "SLEEP"];
const ESCALATE_ALONE: &[&str] = &["E", "NEXT"];

/// Of times.
const UNITS: &[&str] =
    &["M", "MIN", "MINS", "MINUTE", "MINUTES", "MINUTEN", "H", "HR", "HOUR", "HOURS", "STD", "STUNDEN"];

/// A text with more words than this is not read for an opt-out in its midst.
const SHORT: usize = 5;

/// Reads a reply. Only its first line acts; a mail's quoted text must be gone before.
pub fn read(text: &str) -> Said {
    let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let words: Vec<String> = line.split_whitespace().map(bare).filter(|word| !word.is_empty()).collect();
    let is = |list: &[&str], word: &String| list.contains(&word.as_str());
    let codes: Vec<Code> = words.iter().filter_map(|word| word.parse().ok()).collect();
    let code = codes.first().copied();
    let said = |wish| Said { wish, code };
    let opts_out = if words.len() <= SHORT {
        words.iter().any(|word| is(OPT_OUT, word))
    } else {
        words.iter().find(|word| !is(FILLERS, word)).is_some_and(|word| is(OPT_OUT, word))
    };
    let meant: Vec<&String> = words.iter().filter(|word| !is(FILLERS, word)).collect();
    let opting =
        words.len() <= SHORT && ["OPT", "OUT"].iter().all(|half| words.iter().any(|word| word == half));
    if opts_out || opting || (!meant.is_empty() && meant.iter().all(|word| is(OPT_OUT_ALONE, word))) {
        return said(Wish::OptOut);
    }
    // The code may come first or last; what else there is follows the verb.
    let mut rest = words.iter().filter(|word| word.parse::<Code>().is_err());
    let Some(verb) = rest.next() else { return said(if code.is_some() { Wish::Ask } else { Wish::Words }) };
    let rest: Vec<&String> = rest.collect();
    let alone = rest.is_empty();
    let untimed =
        |word: &&&String| !word.starts_with(|c: char| c.is_ascii_digit()) && !UNITS.contains(&word.as_str());
    let whole: Vec<&str> =
        std::iter::once(verb).chain(rest.iter().filter(untimed).copied()).map(String::as_str).collect();
    let whole = whole.join(" ");
    let begins = |list: &[&str], only: &[&str]| is(list, verb) || only.contains(&whole.as_str());
    said(match () {
        () if is(OPT_IN, verb) && alone => Wish::OptIn,
        () if is(HELP, verb) && alone => Wish::Help,
        () if begins(ACK, ACK_ALONE) => Wish::Ack(duration(&rest)),
        () if is(ACCEPT, verb) => Wish::Accept,
        () if begins(SNOOZE, SNOOZE_ALONE) => Wish::Snooze(duration(&rest)),
        () if begins(ESCALATE, ESCALATE_ALONE) => Wish::Escalate,
        () if begins(RESOLVE, RESOLVE_ALONE) => Wish::Resolve(after_verb(line)),
        () if is(ASK, verb) || verb.chars().all(|c| c == '?') => Wish::Ask,
        () => Wish::Words,
    })
}

/// A word without what stands around it, in capitals.
fn bare(word: &str) -> String {
    let kept = word.trim_matches(|c: char| !c.is_alphanumeric() && c != '?');
    let kept = if kept.len() > 1 { kept.trim_matches('?') } else { kept };
    let all = if kept.is_empty() && word.contains('?') { "?" } else { kept };
    all.to_uppercase()
}

/// `30`, `30M`, `45 MIN`, `2H`: the first time that is said, in minutes unless it says hours.
fn duration(words: &[&String]) -> Option<SignedDuration> {
    let (index, word) =
        words.iter().enumerate().find(|(_, word)| word.starts_with(|c: char| c.is_ascii_digit()))?;
    let digits = word.trim_end_matches(|c: char| !c.is_ascii_digit());
    let count: i64 = digits.parse().ok()?;
    let unit = match &word[digits.len()..] {
        "" => words.get(index + 1).map_or("", |next| next.as_str()),
        unit => unit,
    };
    let minutes =
        if unit.starts_with('H') || unit.starts_with("STD") { count.checked_mul(60)? } else { count };
    (1..=7 * 24 * 60).contains(&minutes).then(|| SignedDuration::from_mins(minutes))
}

/// The line as it was written, without its verb and code.
fn after_verb(line: &str) -> String {
    let mut verb = true;
    let kept: Vec<&str> = line
        .split_whitespace()
        .filter(|word| bare(word).parse::<Code>().is_err())
        .filter(|_| !std::mem::take(&mut verb))
        .collect();
    kept.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(text: &str) -> Wish {
        read(text).wish
    }

    #[test]
    fn whatever_a_reasonable_person_reads_as_stop_opts_out() {
        for text in [
            "STOP",
            "stop",
            "Stop.",
            "STOP PLEASE",
            "please stop",
            "Stop texting me",
            "stop sending me messages",
            "STOPALL",
            "unsubscribe",
            "Unsubscribe me please",
            "UNSUBSCRIBE!",
            "cancel",
            "CANCEL please",
            "end",
            "quit",
            "revoke",
            "OPTOUT",
            "opt-out",
            "opt out",
            "please opt me out",
            "ARRET",
            "arrêt svp",
            "remove",
            "remove me from this list",
            "REMOVE MY NUMBER",
            "\n  stop\n",
            "ack stop",
            "STOP ack K7RBM",
            "Stop, whoever you are, I never asked for any of this",
            "\"STOP\"",
        ] {
            assert_eq!(wish(text), Wish::OptOut, "{text}");
        }
        for text in [
            "cancel order 4500123",
            "The end of the quay is blocked",
            "We could not stop the truck before the border",
            "remove pallet 7 from the shipment",
            "start",
            "ack",
            "",
        ] {
            assert_ne!(wish(text), Wish::OptOut, "{text}");
        }
    }

    #[test]
    fn no_word_that_acts_is_one_that_carriers_act_on() {
        let carriers = [OPT_OUT, OPT_OUT_ALONE, OPT_IN, HELP].concat();
        for word in
            [ACK, ACK_ALONE, SNOOZE, SNOOZE_ALONE, ESCALATE, ESCALATE_ALONE, RESOLVE, RESOLVE_ALONE, ASK]
                .concat()
        {
            assert!(!carriers.contains(&word), "{word}");
            assert!(word.parse::<Code>().is_err(), "{word} could be a code");
        }
        assert!(carriers.iter().all(|word| word.parse::<Code>().is_err()));
    }

    #[test]
    fn verb_code_and_time_come_in_any_order() {
        let minutes = |m| Some(SignedDuration::from_mins(m));
        let code: Code = "K7RBM".parse().unwrap();
        for (text, wanted) in [
            ("ack", Wish::Ack(None)),
            ("Ack K7RBM", Wish::Ack(None)),
            ("k7rbm ack 30", Wish::Ack(minutes(30))),
            ("ACK 45m k7rbm", Wish::Ack(minutes(45))),
            ("ack 2h", Wish::Ack(minutes(120))),
            ("ack 2 hours", Wish::Ack(minutes(120))),
            ("got it.", Wish::Ack(None)),
            ("a k7rbm", Wish::Ack(None)),
            ("A driver was hurt at dock 3", Wish::Words),
            ("Got it, but I cannot", Wish::Words),
            ("Next truck is at 9", Wish::Words),
            ("ok", Wish::Ack(None)),
            ("on it", Wish::Ack(None)),
            ("Übernehme", Wish::Ack(None)),
            ("ok, I am driving", Wish::Words),
            ("esc K7RBM", Wish::Escalate),
            ("snooze 1h", Wish::Snooze(minutes(60))),
            (
                "Resolve K7RBM carrier found, Plant 12 informed",
                Wish::Resolve("carrier found, Plant 12 informed".into()),
            ),
            ("done", Wish::Resolve(String::new())),
            ("?", Wish::Ask),
            ("??", Wish::Ask),
            ("status?", Wish::Ask),
            ("K7RBM", Wish::Ask),
            ("help", Wish::Help),
            ("START", Wish::OptIn),
            ("yes", Wish::OptIn),
            ("yes, the truck has left", Wish::Words),
            ("I am out of office until Monday", Wish::Words),
        ] {
            let read = read(text);
            assert_eq!(read.wish, wanted, "{text}");
            assert_eq!(read.code, text.to_uppercase().contains("K7RBM").then_some(code), "{text}");
        }
    }

    #[test]
    fn only_the_first_line_acts() {
        assert_eq!(wish("Thank you for the call.\nack"), Wish::Words);
    }
}
