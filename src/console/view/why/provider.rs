//! Why a provider is used, left, or not heard of.

use super::Told;
use crate::console::clock;
use crate::console::model::Model;
use crate::console::theme::Meaning;
use crate::console::view::messages::medium_word;
use crate::core::counted::counted;
use crate::core::provider::FAILURES;
use crate::core::text::sanitise;
use crate::wire::ChannelState;

pub fn tell(told: &mut Told, model: &Model, name: &str) {
    let Some(one) = model.providers.known.iter().find(|one| one.id == name) else {
        told.say("It is no longer configured.", Meaning::Quiet);
        return;
    };
    let zone = model.zone();
    let when = |at| clock::when(model.now, at, &zone);
    let (channel, since) = (&one.channel, when(one.channel.since));
    let shown = sanitise(name);
    let (said, meaning) = match channel.state {
        ChannelState::Untried => (format!("Nothing was sent by {shown} yet."), Meaning::Quiet),
        ChannelState::Working => (format!("{shown} works since {since}."), Meaning::Strong),
        ChannelState::Failing => {
            (format!("{shown} fails since {since}, and is tried all the same."), Meaning::Warn)
        }
        ChannelState::Down => (format!("{shown} is not used since {since}."), Meaning::Bad),
    };
    told.say(&said, meaning);
    if channel.state == ChannelState::Down {
        let probe =
            one.probe_at.map(|at| format!("; the next probe leaves {}", when(at))).unwrap_or_default();
        let said = format!(
            "It did not answer {FAILURES} times in a row or more ({} by now), so what it would carry takes \
             the next provider of its route{probe}. It is taken back slowly once a probe is taken; b tries \
             it now.",
            one.failures
        );
        told.say(&said, Meaning::Plain);
    }
    if let Some(until) = one.paused_until {
        let said = format!("It asked to be left alone until {}, and is.", when(until));
        told.say(&said, Meaning::Warn);
    }
    told.gap();
    if let Some(error) = &channel.last_error {
        told.fact("it said", error.printable().as_str(), Meaning::Warn);
    }
    let waits = match channel.queued {
        0 => "nothing".to_owned(),
        many => counted(many, "message", "messages"),
    };
    told.fact("waits", &waits, Meaning::Plain);
    let proof = match one.proof_within {
        Some(within) => {
            let within = clock::length(within.as_secs());
            format!("an urgent message without a receipt after {within} goes another way")
        }
        None => "it gives no receipts that are waited for".to_owned(),
    };
    told.fact("proof", &proof, Meaning::Plain);
    if let Some(desk) = &model.desk {
        for medium in &channel.carries {
            let others: Vec<String> = desk
                .carriers(*medium)
                .filter(|other| other.name != channel.name)
                .map(|other| {
                    let state = if other.state == ChannelState::Down { " (DOWN)" } else { "" };
                    format!("{}{state}", sanitise(&other.name))
                })
                .collect();
            let said = match others.is_empty() {
                true => "no other provider carries it".to_owned(),
                false => format!("carried by {} as well", others.join(", ")),
            };
            told.fact(medium_word(*medium), &said, Meaning::Plain);
        }
    }
}
