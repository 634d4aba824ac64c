//! The ways out of that night, and what sending again would come to, as an agent would say it.

use crate::night::{at, channel, now, person};
use jiff::SignedDuration;
use nightdesk::core::command::RefusalCode;
use nightdesk::core::contact::Medium;
use nightdesk::core::gauge::{Did, Gauge};
use nightdesk::core::id::NotificationId;
use nightdesk::core::notification::{Recipient, RecipientId};
use nightdesk::core::resend::{Asked, Going, LeftOut, Plan, Seen, Target, UNDO};
use nightdesk::wire::{ChannelState, Planned, ProviderInfo};

/// A gateway that went down, the one that took over, and the mail server.
pub fn providers() -> Vec<ProviderInfo> {
    let busy = |seed: u32| {
        let mut gauge = Gauge::default();
        for minute in 0..55u32 {
            let then = now() - SignedDuration::from_mins(i64::from(minute));
            for n in 0..(minute * seed) % 7 {
                let took = SignedDuration::from_millis(i64::from(40 + (minute * 37 + n * 11) % 400));
                gauge.record(Did::Accepted(Some(took)), then);
                gauge.record(Did::Proven(Some(took * 20)), then);
            }
            if minute % 19 == seed % 19 {
                gauge.record(Did::Failed, then);
            }
        }
        gauge
    };
    let info = |name: &str, medium, gauge: Gauge, proof: Option<i64>| ProviderInfo {
        channel: channel(name, medium),
        id: name.to_owned(),
        created_at: at("00:00:00"),
        failures: 0,
        probe_at: None,
        paused_until: None,
        proof_within: proof.map(SignedDuration::from_secs),
        hour: gauge.hour(now()),
        bars: gauge.bars(now()),
    };
    let mut down = info("kannel", Medium::Sms, busy(3), Some(90));
    down.channel.state = ChannelState::Down;
    down.channel.since = at("01:14:00");
    down.channel.queued = 3;
    down.channel.last_error = Some("connection refused by 10.0.0.7:13013".into());
    down.failures = 7;
    down.probe_at = Some(at("02:09:00"));
    let mut mail = info("smtp", Medium::Email, Gauge::default(), None);
    mail.channel.state = ChannelState::Untried;
    vec![down, info("twilio-of-the-desk", Medium::Sms, busy(5), Some(90)), mail]
}

/// Contacts and people alike get a mail; of an alert somebody has opted out.
pub fn planned(asked: &Asked) -> Planned {
    let going = |of: &Target| Going {
        of: *of,
        to: Recipient {
            who: asked.to.clone().unwrap_or(RecipientId::Person(person("maria"))),
            name: "Maria Weber".into(),
        },
        address: Some("maria@desk.example".into()),
        medium: Medium::Email,
        channel: "smtp".into(),
        parts: 1,
        at: Some(now() + UNDO),
        waits: None,
        marked: false,
        undoable: true,
    };
    let out = |of: &Target| LeftOut {
        of: *of,
        who: Some("R.Ames".into()),
        because: "opted out of sms".into(),
        code: RefusalCode::NotAllowed,
    };
    let alerts = asked.what.iter().filter(|of| matches!(of, Target::Alert(_)));
    let last = |of: &Target| match of {
        Target::Message(NotificationId(68)) => Some(NotificationId(70)),
        _ => None,
    };
    Planned::Goes(Plan {
        goes: asked.what.iter().map(going).collect(),
        left_out: alerts.map(out).collect(),
        seen: asked.what.iter().map(|of| Seen { of: *of, last: last(of) }).collect(),
    })
}
