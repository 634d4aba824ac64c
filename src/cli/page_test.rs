//! `nightdesk page-test`: a real message to a person, and whether it arrived.

use super::act::command;
use super::list::encoded;
use super::{Context, Failed, print};
use crate::core::command::{Action, Outcome};
use crate::core::contact::Medium;
use crate::core::id::NotificationId;
use crate::core::notification::{Notification, NotificationState};
use crate::core::person::PersonId;
use clap::{Args, ValueEnum};
use std::time::{Duration, Instant};

#[derive(Args, Debug)]
pub struct PageTestArgs {
    // Not `person`: the global --as has that name.
    /// Whom to test; yourself, or anybody if you are an admin
    #[arg(value_name = "PERSON")]
    pub who: String,
    /// By this medium [default: the one that would page them first]
    #[arg(long, value_name = "MEDIUM")]
    pub via: Option<Via>,
    /// Wait until a receipt proves it (exit 0) or it failed (exit 1)
    #[arg(long)]
    pub wait: bool,
    /// With --wait: give up after so many seconds, with exit 1
    #[arg(long, value_name = "SECONDS", default_value_t = 300, requires = "wait")]
    pub timeout: u64,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Via {
    Sms,
    Email,
}

const LOOK_EVERY: Duration = Duration::from_millis(500);

pub async fn run(args: PageTestArgs, context: &Context) -> Result<(), Failed> {
    let via = args.via.map(|via| match via {
        Via::Sms => Medium::Sms,
        Via::Email => Medium::Email,
    });
    let action = Action::PageTest { person: PersonId(args.who), via };
    let said = match context.client.command(&command(action)).await? {
        Outcome::Done { said } => said.printable().into_string(),
        Outcome::Refused { refusal } => return Err(Failed::No(refusal.said.printable().into_string())),
    };
    print::line(&said)?;
    if !args.wait {
        return Ok(());
    }
    let id = said.split(':').next().and_then(|id| id.parse::<NotificationId>().ok());
    let id = id.ok_or_else(|| Failed::No("the agent did not say which message it is".to_owned()))?;
    follow(id, Duration::from_secs(args.timeout), context).await
}

/// Says every state the message comes to, until it says whether they were reached.
async fn follow(id: NotificationId, patience: Duration, context: &Context) -> Result<(), Failed> {
    let began = Instant::now();
    let mut before = None;
    loop {
        let path = format!("/v1/notifications/{}", encoded(&id.to_string()));
        let n: Notification = context.client.get(&path).await?;
        let detail = n.reason.outcome.as_ref().or(n.evidence.last().map(|last| &last.detail));
        let detail = detail.map(|said| format!(": {}", said.printable())).unwrap_or_default();
        if before != Some(n.state) {
            print::line(&format!("{id} {}{detail}", n.state.as_str()))?;
            before = Some(n.state);
        }
        if n.state.is_proven() {
            return Ok(());
        }
        if n.state.is_failure()
            || matches!(n.state, NotificationState::Suppressed | NotificationState::Cancelled)
        {
            let who = n.recipient.name.printable();
            return Err(Failed::No(format!("{who} was not reached{detail}.")));
        }
        if began.elapsed() >= patience {
            let hint = match n.state {
                NotificationState::Accepted | NotificationState::Sent => {
                    format!("; does channel {} report deliveries (receipts = true)?", n.channel)
                }
                _ => String::new(),
            };
            let state = n.state.as_str();
            return Err(Failed::No(format!(
                "{id} is {state} after {} s, and nothing proves that it arrived{hint}",
                patience.as_secs()
            )));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
