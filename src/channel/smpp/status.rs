//! What the centre's status codes mean for a message and for the way in (SMPP 3.4, §5.1.3).

use crate::core::notification::Fault;

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

/// A status by its name, its number, and what to do where that is known.
pub fn words(status: u32) -> String {
    let (name, meaning) = match status {
        0x01 => ("ESME_RINVMSGLEN", "the text is too long for the centre; try another split"),
        0x02 => ("ESME_RINVCMDLEN", "the centre could not read the request"),
        0x03 => ("ESME_RINVCMDID", "the centre does not know this request"),
        0x04 => ("ESME_RINVBNDSTS", "the centre says that this session is not bound"),
        0x05 => ("ESME_RALYBND", "already bound; is another agent or gateway running with this user?"),
        0x08 => ("ESME_RSYSERR", "the centre failed"),
        0x0a => ("ESME_RINVSRCADR", "the centre does not allow this sender; check from"),
        0x0b => ("ESME_RINVDSTADR", "there is no such number"),
        0x0d => (
            "ESME_RBINDFAIL",
            "the centre does not let this user in; check user, password and system_type, and that it allows transceivers",
        ),
        0x0e => ("ESME_RINVPASWD", "the password is wrong; check user and password"),
        0x0f => ("ESME_RINVSYSID", "the user is not known; check user"),
        0x14 => ("ESME_RMSGQFUL", "the centre's queue is full"),
        0x15 => ("ESME_RINVSERTYP", "the centre wants another service type"),
        0x43 => ("ESME_RINVESMCLASS", "the centre takes no headers; try split = \"sar\" or \"payload\""),
        0x45 => ("ESME_RSUBMITFAIL", "the centre could not take it"),
        0x48 | 0x49 => ("ESME_RINVSRCTON", "the centre wants another kind of sender; check from"),
        0x50 | 0x51 => ("ESME_RINVDSTTON", "the centre takes no international numbers"),
        0x53 => ("ESME_RINVSYSTYP", "check system_type"),
        0x58 => ("ESME_RTHROTTLED", "more messages than this account may send"),
        0x62 => ("ESME_RINVEXPIRY", "the centre does not take valid_for"),
        0x64 => ("ESME_RX_T_APPN", "temporarily not taken"),
        0x65 => ("ESME_RX_P_APPN", "permanently not taken"),
        0x66 => ("ESME_RX_R_APPN", "rejected"),
        0xc1 => ("ESME_ROPTPARNOTALLWD", "the centre does not allow a parameter; try another split"),
        0xff => ("ESME_RUNKNOWNERR", "unknown error"),
        _ => return format!("status 0x{status:08x}"),
    };
    format!("{name} (0x{status:02x}): {meaning}")
}
