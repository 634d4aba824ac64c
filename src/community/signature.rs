//! Standard Webhooks signatures, scheme v1: who sent it, and that it is not an old recording.
//!
//! A signature covers id, time and the raw body. Any of a source's secrets may have made any of the
//! signatures in the header, so that both sides can change secrets without a gap.

use axum::http::HeaderMap;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use hmac::{Hmac, Mac};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

pub const ID: &str = "webhook-id";
pub const TIMESTAMP: &str = "webhook-timestamp";
pub const SIGNATURE: &str = "webhook-signature";

/// How far a sender's clock, or a message under way, may be from now.
const TOLERANCE_SECONDS: u64 = 300;

/// Why a request is not from whom it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotSigned {
    #[error("This source is signed, and the request has no {0} header.")]
    Missing(&'static str),
    #[error("The {0} header stands more than once, or is not text.")]
    Ambiguous(&'static str),
    #[error("The webhook-timestamp is not a number of seconds since 1970.")]
    UnreadableTimestamp,
    #[error(
        "The webhook-timestamp is {age} seconds old; {TOLERANCE_SECONDS} are allowed. A retry is signed anew."
    )]
    Stale { age: u64 },
    #[error(
        "The webhook-timestamp is {ahead} seconds ahead of the desk's clock; {TOLERANCE_SECONDS} are allowed."
    )]
    Future { ahead: u64 },
    #[error("The webhook-signature has no v1 signature of this body by a secret of this source.")]
    NoMatch,
}

/// A secret that no key can be made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a webhook secret is 8 to 128 bytes in base64, with or without `whsec_` before it")]
pub struct UnusableSecret;

/// The three headers, read and found fresh; the body is still to be checked.
pub struct Claim<'a> {
    id: &'a str,
    timestamp: &'a str,
    signatures: &'a str,
}

/// Reads the headers and checks the time, which needs no body and so can refuse before one is read.
pub fn claim(headers: &HeaderMap, now: Timestamp) -> Result<Claim<'_>, NotSigned> {
    let claim = Claim {
        id: only(headers, ID)?,
        timestamp: only(headers, TIMESTAMP)?,
        signatures: only(headers, SIGNATURE)?,
    };
    let digits = !claim.timestamp.is_empty() && claim.timestamp.bytes().all(|b| b.is_ascii_digit());
    let at: i64 = claim.timestamp.parse().ok().filter(|_| digits).ok_or(NotSigned::UnreadableTimestamp)?;
    let off = now.as_second().abs_diff(at);
    match (off > TOLERANCE_SECONDS, now.as_second() > at) {
        (true, true) => Err(NotSigned::Stale { age: off }),
        (true, false) => Err(NotSigned::Future { ahead: off }),
        (false, _) => Ok(claim),
    }
}

impl Claim<'_> {
    /// Whether one of the secrets signed this body. Every pair is compared, each in constant time.
    pub fn holds(&self, secrets: &[SecretString], body: &[u8]) -> Result<(), NotSigned> {
        let mut found = false;
        for secret in secrets {
            let Ok(mac) = keyed(secret, self.id, self.timestamp, body) else { continue };
            for signature in self.signatures.split(' ').filter_map(|s| s.strip_prefix("v1,")) {
                if let Ok(bytes) = STANDARD.decode(signature) {
                    found |= mac.clone().verify_slice(&bytes).is_ok();
                }
            }
        }
        found.then_some(()).ok_or(NotSigned::NoMatch)
    }
}

/// Checks headers and body at once.
pub fn verify(
    secrets: &[SecretString],
    headers: &HeaderMap,
    body: &[u8],
    now: Timestamp,
) -> Result<(), NotSigned> {
    claim(headers, now)?.holds(secrets, body)
}

/// The value of a `webhook-signature` header.
pub fn sign(secret: &SecretString, id: &str, at: Timestamp, body: &[u8]) -> Result<String, UnusableSecret> {
    let mac = keyed(secret, id, &at.as_second().to_string(), body)?;
    Ok(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

/// Whether a configured secret can be used at all; asked when the configuration is read.
pub fn usable(secret: &SecretString) -> Result<(), UnusableSecret> {
    key(secret).map(|_| ())
}

fn keyed(
    secret: &SecretString,
    id: &str,
    timestamp: &str,
    body: &[u8],
) -> Result<Hmac<Sha256>, UnusableSecret> {
    let mut mac = Hmac::<Sha256>::new_from_slice(&key(secret)?).map_err(|_| UnusableSecret)?;
    for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
        mac.update(part);
    }
    Ok(mac)
}

fn key(secret: &SecretString) -> Result<Vec<u8>, UnusableSecret> {
    let text = secret.expose_secret().trim();
    let text = text.strip_prefix("whsec_").unwrap_or(text).trim_end_matches('=');
    let key = STANDARD_NO_PAD.decode(text).map_err(|_| UnusableSecret)?;
    (8..=128).contains(&key.len()).then_some(key).ok_or(UnusableSecret)
}

fn only<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<&'a str, NotSigned> {
    let mut values = headers.get_all(name).iter();
    let value = values.next().ok_or(NotSigned::Missing(name))?;
    match (values.next(), value.to_str()) {
        (None, Ok(text)) if text.trim().is_empty() => Err(NotSigned::Missing(name)),
        (None, Ok(text)) => Ok(text.trim()),
        _ => Err(NotSigned::Ambiguous(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    const BODY: &[u8] = br#"{"email":"test@example.com","username":"test_user"}"#;
    const GOOD: &str = "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=";
    const AT: i64 = 1_649_367_553;

    fn headers(signature: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(ID, "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk".parse().unwrap());
        headers.insert(TIMESTAMP, AT.to_string().parse().unwrap());
        headers.insert(SIGNATURE, signature.parse().unwrap());
        headers
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn the_published_vector_is_made_and_accepted() {
        let secret = SecretString::from(SECRET);
        let made = sign(&secret, "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk", at(AT), BODY).unwrap();
        assert_eq!(made, GOOD);
        assert_eq!(verify(&[secret], &headers(GOOD), BODY, at(AT)), Ok(()));
    }

    #[test]
    fn any_secret_may_have_made_any_signature() {
        let other = SecretString::from("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
        let plain = SecretString::from(SECRET.trim_start_matches("whsec_"));
        let several = format!("v1a,xyz v1,AAAA v1,%%% {GOOD} v2,zzz");
        assert_eq!(verify(&[other.clone(), plain], &headers(&several), BODY, at(AT)), Ok(()));
        assert_eq!(verify(&[other], &headers(&several), BODY, at(AT)), Err(NotSigned::NoMatch));
        assert_eq!(verify(&[], &headers(GOOD), BODY, at(AT)), Err(NotSigned::NoMatch));
    }

    #[test]
    fn five_minutes_either_way_and_not_a_second_more() {
        let secrets = [SecretString::from(SECRET)];
        for (now, wanted) in [
            (AT + 300, Ok(())),
            (AT - 300, Ok(())),
            (AT + 301, Err(NotSigned::Stale { age: 301 })),
            (AT - 301, Err(NotSigned::Future { ahead: 301 })),
        ] {
            assert_eq!(verify(&secrets, &headers(GOOD), BODY, at(now)), wanted);
        }
    }

    #[test]
    fn unreadable_and_repeated_headers_are_refused_by_name() {
        let secrets = [SecretString::from(SECRET)];
        for name in [ID, TIMESTAMP, SIGNATURE] {
            let mut missing = headers(GOOD);
            missing.remove(name);
            assert_eq!(verify(&secrets, &missing, BODY, at(AT)), Err(NotSigned::Missing(name)));
            let mut twice = headers(GOOD);
            twice.append(name, "again".parse().unwrap());
            assert_eq!(verify(&secrets, &twice, BODY, at(AT)), Err(NotSigned::Ambiguous(name)));
        }
        for bad in ["soon", "-1", "+1649367553", "1649367553.5", "99999999999999999999"] {
            let mut unreadable = headers(GOOD);
            unreadable.insert(TIMESTAMP, bad.parse().unwrap());
            let found = verify(&secrets, &unreadable, BODY, at(AT));
            assert_eq!(found, Err(NotSigned::UnreadableTimestamp), "{bad}");
        }
    }

    #[test]
    fn a_secret_that_is_no_key_never_matches() {
        for bad in ["", "whsec_", "whsec_!!", "whsec_AAAA"] {
            let secret = SecretString::from(bad);
            assert_eq!(usable(&secret), Err(UnusableSecret), "{bad}");
            assert_eq!(verify(&[secret], &headers(GOOD), BODY, at(AT)), Err(NotSigned::NoMatch));
        }
    }
}
