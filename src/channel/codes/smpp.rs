//! What a centre's status codes mean for a message and for the way in (SMPP 3.4, §5.1.3), and the states that
//! its receipts tell of (§5.2.28 and appendix B). The `err` of a receipt is each carrier's own.

use super::in_words;
use crate::core::notification::{Fault, Rung};

pub const OK: u32 = 0;
/// Its length is not what it should be.
pub const INVALID_COMMAND_LENGTH: u32 = 0x02;
/// Its command is not known.
pub const INVALID_COMMAND: u32 = 0x03;
/// The receiver cannot take it now; it is to be given again.
pub const RECEIVER_TEMPORARY: u32 = 0x64;

/// What a refused `submit_sm` asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Too many, too fast: later and slower.
    Slower,
    /// Nothing is taken at the moment.
    Failing,
    /// Just this message, not now.
    Later,
    /// This session is not one to the centre; a new one may be.
    NotBound,
    /// Never, and what is at fault.
    Never(Fault),
}

pub fn verdict(status: u32) -> Verdict {
    match status {
        0x14 | 0x58 => Verdict::Slower,
        0x04 => Verdict::NotBound,
        0x08 | 0xff => Verdict::Failing,
        // Submit failed, temporary, delivery failure: says nothing of the next message.
        0x45 | 0x64 | 0xfe => Verdict::Later,
        0x0b => Verdict::Never(Fault::Address),
        _ => Verdict::Never(Fault::Message),
    }
}

/// A status in words, what to do where that is known, and its name and number behind.
pub fn words(status: u32) -> String {
    let (name, meaning) = match status {
        0x01 => ("ESME_RINVMSGLEN", "the text is too long for the centre; try another split"),
        0x02 => ("ESME_RINVCMDLEN", "the centre could not read the request"),
        0x03 => ("ESME_RINVCMDID", "the centre does not know this request"),
        0x04 => ("ESME_RINVBNDSTS", "the centre says that this session is not bound"),
        0x05 => ("ESME_RALYBND", "already bound; is another agent or gateway running with this user?"),
        0x08 => ("ESME_RSYSERR", "the centre failed"),
        0x0a => ("ESME_RINVSRCADR", "the centre does not allow this sender; check from"),
        0x0b => ("ESME_RINVDSTADR", "there is no such number; correct it"),
        0x0d => (
            "ESME_RBINDFAIL",
            "the centre does not let this user in; check user, password and system_type, and that it allows transceivers",
        ),
        0x0e => ("ESME_RINVPASWD", "the password is wrong; check user and password"),
        0x0f => ("ESME_RINVSYSID", "the user is not known; check user"),
        0x14 => ("ESME_RMSGQFUL", "the centre's queue is full"),
        0x15 => ("ESME_RINVSERTYP", "the centre wants another service type; ask the provider"),
        0x43 => ("ESME_RINVESMCLASS", "the centre takes no headers; try split = \"sar\" or \"payload\""),
        0x45 => ("ESME_RSUBMITFAIL", "the centre could not take it"),
        0x48 => ("ESME_RINVSRCTON", "the centre wants another kind of sender; check from"),
        0x49 => ("ESME_RINVSRCNPI", "the centre wants another kind of sender; check from"),
        0x50 => ("ESME_RINVDSTTON", "the centre takes no international numbers; ask the provider"),
        0x51 => ("ESME_RINVDSTNPI", "the centre takes no international numbers; ask the provider"),
        0x53 => ("ESME_RINVSYSTYP", "the centre wants another system type; check system_type"),
        0x58 => ("ESME_RTHROTTLED", "more messages than this account may send"),
        0x62 => ("ESME_RINVEXPIRY", "the centre does not take valid_for"),
        0x64 => ("ESME_RX_T_APPN", "temporarily not taken"),
        0x65 => ("ESME_RX_P_APPN", "never taken; ask the provider why"),
        0x66 => ("ESME_RX_R_APPN", "rejected; ask the provider why"),
        0xc1 => ("ESME_ROPTPARNOTALLWD", "the centre does not allow a parameter; try another split"),
        0xfe => ("ESME_RDELIVERYFAILURE", "the centre could not deliver it"),
        0xff => ("ESME_RUNKNOWNERR", "the centre failed and does not say why"),
        _ => return format!("status 0x{status:08x}"),
    };
    in_words(Some(meaning), &format!("{name} 0x{status:02x}"))
}

/// Where a message stands, as a receipt tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageState {
    EnRoute,
    Delivered,
    Expired,
    Deleted,
    Undeliverable,
    Accepted,
    Unknown,
    Rejected,
    /// Given up without an attempt (SMPP 5.0).
    Skipped,
}

impl MessageState {
    /// By its number (§5.2.28; 9 is of SMPP 5.0).
    pub fn numbered(number: u8) -> Option<Self> {
        Some(match number {
            1 => Self::EnRoute,
            2 => Self::Delivered,
            3 => Self::Expired,
            4 => Self::Deleted,
            5 => Self::Undeliverable,
            6 => Self::Accepted,
            7 => Self::Unknown,
            8 => Self::Rejected,
            9 => Self::Skipped,
            _ => return None,
        })
    }

    /// By its letters, cut to seven of them or not (appendix B); some centres write FAILED.
    pub fn written(word: &str) -> Option<Self> {
        let word = word.to_ascii_uppercase();
        let begins = |with: &str| word.starts_with(with);
        Some(match () {
            () if begins("DELIVRD") || begins("DELIVERED") => Self::Delivered,
            () if begins("EXPIR") => Self::Expired,
            () if begins("ENROUTE") => Self::EnRoute,
            () if begins("ACCEPT") => Self::Accepted,
            () if begins("UNDELIV") || begins("FAIL") => Self::Undeliverable,
            () if begins("REJECT") => Self::Rejected,
            () if begins("DELET") => Self::Deleted,
            () if begins("UNKNOWN") => Self::Unknown,
            () => return None,
        })
    }

    /// What it proves.
    pub fn rung(self) -> Option<Rung> {
        match self {
            Self::EnRoute | Self::Accepted => Some(Rung::Sent),
            Self::Delivered => Some(Rung::Delivered),
            Self::Expired => Some(Rung::Expired),
            Self::Deleted | Self::Undeliverable | Self::Rejected | Self::Skipped => Some(Rung::Failed),
            Self::Unknown => None,
        }
    }

    /// What it means, and what to do; nothing for what has arrived, which the rung says.
    pub fn words(self) -> Option<&'static str> {
        Some(match self {
            Self::Delivered => return None,
            Self::EnRoute => "it is on its way to the phone",
            Self::Accepted => "the carrier has taken it",
            Self::Expired => "the phone was off or out of reach until the carrier gave up; try again later",
            Self::Deleted => "the carrier deleted it; ask the provider why",
            Self::Undeliverable => "the carrier cannot deliver it to this phone; check the number",
            Self::Unknown => "the carrier does not know what became of it",
            Self::Rejected => "the carrier rejected it; ask the provider why",
            Self::Skipped => "the carrier never tried to deliver it; ask the provider why",
        })
    }
}

/// A receipt's state in words, with the carrier's own error behind where it tells one: what is not all zeros.
pub fn receipt_words(state: Option<MessageState>, written: &str, error: Option<&str>) -> String {
    let error = error.filter(|error| !error.trim_matches('0').is_empty());
    let code = match error {
        Some(error) => format!("{written} err {error}").trim_start().to_owned(),
        None => written.to_owned(),
    };
    in_words(state.and_then(MessageState::words), &code)
}
