//! Twilio's error codes (Twilio docs, "Error and Warning Dictionary": one page a code, under
//! `https://www.twilio.com/docs/api/errors/`).

use crate::core::notification::Fault;

/// What an error means, and what is at fault. What is said of a number for good is the address's; every other
/// one is about the message, the account or the way: 30003, a handset out of reach, passes.
pub fn meaning(code: u32) -> Option<(Fault, &'static str)> {
    use Fault::{Address, Message, OptedOut};
    Some(match code {
        14107 => (Message, "the sender has texted too much at once; give it a rate"),
        20003 => (Message, "Twilio does not know this login; check account, auth_token and api_key"),
        20429 => (Message, "Twilio is asked too much at once; give the channel a rate"),
        21211 | 21217 => (Address, "it is no phone number; correct it"),
        21212 => (Message, "the sender is no phone number; check from"),
        21265 => (Address, "it is a short code, which takes no texts; ask for a mobile number"),
        21408 => (Message, "the account may not text this country; allow it in Twilio's console"),
        21606 => (Message, "the sender cannot text; check from"),
        21608 => (Message, "a trial account texts verified numbers only; verify it at Twilio"),
        21610 => (OptedOut, "its owner opted out, and only they can take that back by texting START"),
        21611 => (Message, "the sender's queue at Twilio is full; give it a rate"),
        21612 => (Message, "this sender cannot text this number; check from"),
        21614 => (Address, "it takes no texts; ask for a mobile number"),
        21617 => (Message, "the text is too long; shorten its template"),
        21635 => (Address, "it is a landline; ask for a mobile number"),
        30001 => (Message, "the sender's queue at Twilio is full; give it a rate"),
        30002 => (Message, "Twilio has suspended the account; ask Twilio"),
        30003 => (Message, "the phone is switched off or out of reach; try again later"),
        30004 => (Message, "the carrier or the phone's owner blocks it; reach them another way"),
        30005 => (Address, "nobody has this number; correct it"),
        30006 => (Address, "it is a landline, or its carrier takes no texts; ask for a mobile number"),
        30007 => (Message, "the carrier or Twilio took it for spam; change its template, or ask Twilio"),
        30008 => (Message, "the carrier did not deliver it and does not say why; try again"),
        30034 => (Message, "the sender is not registered for the USA; register it at Twilio (A2P 10DLC)"),
        30036 => (Message, "it waited at Twilio longer than valid_for; try again"),
        _ => return None,
    })
}

/// What an error means, in words.
pub fn words(code: u32) -> Option<&'static str> {
    meaning(code).map(|(_, words)| words)
}
