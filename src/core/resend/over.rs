//! The way that was asked for.

use crate::core::command::{Refusal, RefusalCode};
use crate::core::contact::Medium;
use crate::core::desk::Desk;
use crate::core::text::sanitise;

/// The way that was asked for.
pub(super) struct Over {
    /// None: the way of before.
    pub(super) media: Option<Vec<Medium>>,
    pub(super) channel: Option<String>,
}

impl Over {
    pub(super) fn parse(desk: &Desk, via: Option<&str>) -> Result<Self, Refusal> {
        Ok(match via {
            None => Over { media: None, channel: None },
            Some("sms") => Over { media: Some(vec![Medium::Sms]), channel: None },
            Some("email") => Over { media: Some(vec![Medium::Email]), channel: None },
            Some(name) => match desk.carrier_named(name) {
                Some(carrier) => {
                    Over { media: Some(carrier.carries.clone()), channel: Some(carrier.name.clone()) }
                }
                None => {
                    let known: Vec<_> = desk.carriers.iter().map(|c| c.name.as_str()).collect();
                    let name = sanitise(name);
                    let said =
                        format!("There is no channel {name}; there are sms, email, {}.", known.join(", "));
                    return Err(Refusal { code: RefusalCode::Invalid, said: said.into(), by: None });
                }
            },
        })
    }

    /// The medium for something that went over `like` before.
    pub(super) fn medium(&self, like: Medium) -> Medium {
        match &self.media {
            Some(media) if !media.contains(&like) => media.first().copied().unwrap_or(like),
            _ => like,
        }
    }
}
