//! Our own name of a message in an address that a provider calls back: `n` the message, `a` the attempt,
//! and `t` a keyed digest of both that nobody else can make. So a receipt finds its message even where the
//! provider's answer, with the provider's own name, was lost.

use super::http::clip;
use super::{CallbackRefused, Of};
use crate::core::id::NotificationId;
use hmac::{Hmac, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use subtle::ConstantTimeEq as _;

/// Octets of the digest; 128 bits are out of anybody's reach.
const DIGEST: usize = 16;

/// Makes and reads such names.
pub struct Named(Hmac<Sha256>);

impl Named {
    /// `None` for an empty key: anybody could name our messages.
    pub fn new(key: &SecretString) -> Option<Self> {
        match key.expose_secret() {
            "" => None,
            key => Hmac::new_from_slice(key.as_bytes()).ok().map(Self),
        }
    }

    /// The address with the name of this attempt.
    pub fn address(&self, base: &str, id: NotificationId, attempt: u32) -> String {
        let join = if base.contains('?') { '&' } else { '?' };
        format!("{base}{join}n={id}&a={attempt}&t={}", self.digest(id, attempt))
    }

    /// Whose attempt the query of a called address names.
    pub fn read(&self, query: &BTreeMap<String, String>) -> Result<Of, CallbackRefused> {
        let field = |name: &str| {
            query.get(name).ok_or_else(|| CallbackRefused::Unreadable(format!("it has no {name}")))
        };
        let unreadable =
            |name: &str, value: &str| CallbackRefused::Unreadable(format!("its {name} is {:?}", clip(value)));
        let (named, counted, digest) = (field("n")?, field("a")?, field("t")?);
        let notification: NotificationId = named.parse().map_err(|_| unreadable("n", named))?;
        let attempt: u32 = counted.parse().map_err(|_| unreadable("a", counted))?;
        let ours = self.digest(notification, attempt);
        if !bool::from(ours.as_bytes().ct_eq(digest.as_bytes())) {
            return Err(CallbackRefused::Forged("its t does not belong to its n and a".into()));
        }
        Ok(Of::Attempt { notification, attempt, part: 1 })
    }

    pub fn digest(&self, id: NotificationId, attempt: u32) -> String {
        let mac = self.0.clone().chain_update(format!("{id}.{attempt}"));
        mac.finalize().into_bytes().iter().take(DIGEST).fold(String::new(), |mut hex, byte| {
            // Writing to a String cannot fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }
}
