//! A few figures in Prometheus' text format (exposition format 0.0.4), for whoever watches the desk itself.

use super::Agent;
use super::serve::health_now;
use crate::store::StoreError;
use crate::wire::ChannelState;
use std::fmt::{Display, Write as _};

/// `None` where the store cannot be read.
pub async fn text(agent: &Agent) -> Option<String> {
    match gather(agent).await {
        Ok(text) => Some(text),
        Err(why) => {
            tracing::error!(%why, "the metrics could not be read");
            None
        }
    }
}

async fn gather(agent: &Agent) -> Result<String, StoreError> {
    let now = agent.world.now();
    let health = health_now(agent).await?;
    let (alerts, next_due) = agent.store.read(|tx| Ok((tx.alerts_by_state()?, tx.next_due()?))).await?;
    let mut text = Figures::default();
    text.family(
        "nightdesk_audit_clean",
        "1: nothing is overdue or stuck; 0: something is, or it is not known.",
    );
    text.add("", u8::from(agent.audited.is_clean(now)));
    text.family("nightdesk_alerts", "Alerts by state.");
    for state in ["open", "acknowledged", "snoozed", "resolved"] {
        let count = alerts.iter().find(|(name, _)| name == state).map_or(0, |(_, count)| *count);
        text.add(&label("state", state), count);
    }
    text.family(
        "nightdesk_escalation_lag_seconds",
        "How long the next thing to do has been due; 0: nothing is.",
    );
    let lag = next_due.map_or(0.0, |due| now.duration_since(due).as_secs_f64().max(0.0));
    text.add("", format!("{lag:.3}"));
    text.family("nightdesk_notifications_queued", "Messages that wait to be sent, by channel.");
    for channel in &health.channels {
        text.add(&label("channel", &channel.name), channel.queued);
    }
    text.family("nightdesk_channel_failing", "1: the last attempts over the channel failed.");
    for channel in &health.channels {
        text.add(
            &label("channel", &channel.name),
            u8::from(matches!(channel.state, ChannelState::Failing | ChannelState::Down)),
        );
    }
    text.family("nightdesk_channel_down", "1: nothing leaves by the channel but a probe now and then.");
    for channel in &health.channels {
        text.add(&label("channel", &channel.name), u8::from(channel.state == ChannelState::Down));
    }
    text.family("nightdesk_source_silent", "1: the source has been silent for longer than it may.");
    for source in &health.sources {
        text.add(&label("source", &source.name), u8::from(source.silent));
    }
    text.family("nightdesk_on_call", "People on call, by schedule; 0 is a gap.");
    for schedule in &health.on_call {
        text.add(&label("schedule", &schedule.schedule), schedule.people.len());
    }
    Ok(text.text)
}

/// The text as it grows, family by family.
#[derive(Default)]
struct Figures {
    text: String,
    family: &'static str,
}

impl Figures {
    fn family(&mut self, name: &'static str, help: &str) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} gauge");
        self.family = name;
    }

    fn add(&mut self, labels: &str, value: impl Display) {
        let _ = writeln!(self.text, "{}{labels} {value}", self.family);
    }
}

/// A label's value, escaped as the format wants it.
fn label(name: &str, value: &str) -> String {
    let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("{{{name}=\"{value}\"}}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_written_as_prometheus_reads_them() {
        let mut figures = Figures::default();
        figures.family("nightdesk_x", "What it is.");
        figures.add("", 1);
        figures.add(&label("channel", "a\"b\\c\nd"), 2);
        let expected = "# HELP nightdesk_x What it is.\n# TYPE nightdesk_x gauge\nnightdesk_x 1\n\
                        nightdesk_x{channel=\"a\\\"b\\\\c\\nd\"} 2\n";
        assert_eq!(figures.text, expected);
    }
}
