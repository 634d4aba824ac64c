//! Enhanced status codes of mail servers (RFC 3463; further ones of its registry from RFC 4954, 7372 and 7505),
//! and the plain reply codes of those that have none (RFC 5321 §4.2.3, RFC 7504).

/// `5.1.1`: class, subject and detail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Enhanced {
    class: u16,
    subject: u16,
    detail: u16,
}

impl Enhanced {
    /// An enhanced status code, whatever follows it.
    pub fn of(text: &str) -> Option<Self> {
        let word = text.trim().split([' ', '(', ';', ':']).next()?;
        let mut numbers = word.split('.').map(|number| number.parse::<u16>().ok().filter(|n| *n < 1000));
        let (class, subject, detail) = (numbers.next()??, numbers.next()??, numbers.next()??);
        let whole = numbers.next().is_none() && matches!(class, 2 | 4 | 5);
        whole.then_some(Self { class, subject, detail })
    }

    /// The first one that a server's answer quotes and that says something, else the first one.
    pub fn within(text: &str) -> Option<Self> {
        let words = || text.split([' ', '(', ')', '#', '-', ',', ';']);
        // Other numbers with two points in them are versions.
        let mut quoted = words().filter_map(Self::of).filter(|one| one.subject <= 7);
        let first = quoted.next()?;
        std::iter::once(first).chain(quoted).find(|one| one.tells()).or(Some(first))
    }

    /// `x.0.0` says nothing but its class.
    pub fn tells(self) -> bool {
        (self.subject, self.detail) != (0, 0)
    }

    /// 5: the same mail will never arrive there.
    pub fn is_permanent(self) -> bool {
        self.class == 5
    }

    pub fn is_temporary(self) -> bool {
        self.class == 4
    }

    pub fn is_success(self) -> bool {
        self.class == 2
    }

    /// "Mail system" or "network and routing": about all mail there, not about this one.
    pub fn is_about_the_way(self) -> bool {
        matches!(self.subject, 3 | 4)
    }

    /// Nobody will ever be behind the address: x.1 is about addresses, and x.1.7 and x.1.8 about ours. A
    /// mailbox that is full, disabled or takes too much at once (x.2) may take mail again.
    pub fn proves_nobody(self) -> bool {
        self.is_permanent() && self.subject == 1 && !matches!(self.detail, 7..=9)
    }

    /// What it means, and what to do where it is final.
    pub fn words(self) -> Option<&'static str> {
        let words = words(self.subject, self.detail)?;
        match self.class {
            2 => None,
            // What passes by itself needs nobody.
            4 => words.split("; ").next(),
            _ => Some(words),
        }
    }
}

impl std::fmt::Display for Enhanced {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

/// What a server's refusal of a recipient means, by its reply code, where it gives no better one.
pub fn reply_words(code: u16) -> Option<&'static str> {
    Some(match code {
        550 => "there is no such mailbox, or it is closed to us; check the address",
        551 => "the mailbox is not there any more; ask for the new address",
        552 => "the mailbox is full; ask for another address",
        553 => "it is no mail address there; correct it",
        521 | 556 => "its domain takes no mail; correct the address",
        _ => return None,
    })
}

/// Whether a server that refuses a recipient with this reply code says that nobody is there.
pub fn reply_proves_nobody(code: u16) -> bool {
    matches!(code, 550 | 551 | 553 | 556)
}

fn words(subject: u16, detail: u16) -> Option<&'static str> {
    Some(match (subject, detail) {
        (1, 0) => "the address is not taken; check it",
        (1, 1) => "there is no such mailbox; correct the address",
        (1, 2) => "there is no such mail domain; correct the address",
        (1, 3) => "it is no mail address; correct it",
        (1, 4) => "several mailboxes have this address; correct it",
        (1, 6) => "the mailbox has moved; ask for the new address",
        (1, 7) => "our sender's address is no mail address; check from",
        (1, 8) => "our sender's domain is not known there; check from",
        (1, 10) => "its domain takes no mail; correct the address",
        (2, 0) => "the mailbox cannot take it; ask for another address",
        (2, 1) => "the mailbox takes no mail; ask for another address",
        (2, 2) => "the mailbox is full; ask for another address",
        (2, 3) => "the mail is too long for this mailbox; ask for another address",
        (2, 4) => "the mailing list behind the address does not work; ask for another address",
        (3, 0) => "their mail system has trouble; ask their postmaster",
        (3, 1) => "their mail system is full; ask their postmaster",
        (3, 2) => "their mail system takes no mail; ask their postmaster",
        (3, 3) => "their mail system cannot do what this mail needs; ask their postmaster",
        (3, 4) => "the mail is too big for their mail system; send less",
        (3, 5) => "their mail system is set up wrongly; ask their postmaster",
        (4, 0) => "the way to their mail server fails; try again later",
        (4, 1) => "their mail server does not answer; check the domain, or try again later",
        (4, 2) => "the connection to their mail server breaks; try again later",
        (4, 3) => "the directory that says where their mail goes does not answer; try again later",
        (4, 4) => "nothing says where their mail goes; check the domain",
        (4, 5) => "the mail servers are too busy; try again later",
        (4, 6) => "their mail goes in a circle; ask their postmaster",
        (4, 7) => "it could not be delivered in time; try again",
        (5, 0..=5) => "the mail servers do not understand each other; ask who runs the relay",
        (6, 0..=5) => "their mail system does not take mail of this form; ask their postmaster",
        (7, 0) => "their rules forbid it; ask their postmaster",
        (7, 1) => "their rules forbid this mail or its sender; ask their postmaster to allow it",
        (7, 2) => "the mailing list does not take mail from us; ask its owner",
        (7, 7) => "the mail was changed on its way; ask who runs the relay",
        (7, 8) => "the login is refused; check user and password",
        (7, 20..=22) => "the mail's signature (DKIM) is missing or not ours; ask who runs the relay",
        (7, 23 | 24) => "the relay may not send for our domain (SPF); ask who runs the domain",
        (7, 25) => "the relay's own address has no name; ask who runs the relay",
        (7, 26) => "the mail cannot prove that it is from us (SPF, DKIM); ask who runs the relay",
        (7, 27) => "our sender's domain takes no mail; check from",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(text: &str) -> Enhanced {
        Enhanced::of(text).unwrap()
    }

    #[test]
    fn what_is_final_says_what_to_do_and_what_passes_does_not() {
        assert_eq!(status("5.1.1").words(), Some("there is no such mailbox; correct the address"));
        assert_eq!(status("5.2.2 (full)").words(), Some("the mailbox is full; ask for another address"));
        assert_eq!(status("4.2.2").words(), Some("the mailbox is full"));
        for silent in ["2.1.5", "5.0.0", "5.9.9", "5.7.99"] {
            assert_eq!(status(silent).words(), None, "{silent}");
        }
    }

    #[test]
    fn only_a_code_about_the_recipients_address_proves_it_bad() {
        for bad in ["5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10"] {
            assert!(status(bad).proves_nobody(), "{bad}");
        }
        for good in ["5.1.7", "5.1.8", "4.1.1", "5.2.1", "5.2.2", "5.7.1", "5.4.4", "2.1.5"] {
            assert!(!status(good).proves_nobody(), "{good}");
        }
    }

    #[test]
    fn a_code_is_found_within_an_answer_and_never_in_an_address_or_a_version() {
        for (text, found) in [
            ("550-5.1.1 The email account", Some("5.1.1")),
            ("550 #5.1.0 Address rejected", Some("5.1.0")),
            ("smtp;550 5.1.10 RESOLVER.ADR", Some("5.1.10")),
            ("550 5.0.0 no", Some("5.0.0")),
            ("550 5.0.0 Exim 4.96.1 says 5.2.2", Some("5.2.2")),
            ("550 host 5.1.1.1 said no", None),
            ("550 no such user", None),
        ] {
            assert_eq!(Enhanced::within(text).map(|one| one.to_string()).as_deref(), found, "{text}");
        }
    }
}
