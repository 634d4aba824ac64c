//! What is asked before something is done that cannot be taken back: in words, and no is the answer
//! unless `yes` is typed.

use super::super::act::TaskCommand;
use super::super::contacts::ContactCommand;
use super::super::digest::DigestCommand;
use super::super::handover::HandoverCommand;
use super::super::overrides::OverrideCommand;
use super::super::{Command, Context, Failed, resend};
use crate::console::clock;
use crate::core::id::AlertId;
use crate::core::text::sanitise;
use crate::wire::{AlertDetail, StepPreview};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Whether to ask, and what is said before.
pub enum Before {
    Do(Box<Command>),
    /// These lines first; the command is done after a yes.
    Ask(Vec<String>, Box<Command>),
}

/// A command line as it is typed; its question where it cannot be taken back.
pub async fn before(command: Command, context: &Context) -> Result<Before, Failed> {
    let (said, command) = match command {
        Command::Escalate(mut args) => {
            let mut said = Vec::new();
            for alert in args.alerts.alerts.clone() {
                let (step, lines) = escalation(alert, args.step, context).await?;
                said.extend(lines);
                // What was said is what is done, whatever the desk does meanwhile.
                if args.alerts.alerts.len() == 1 {
                    args.step = Some(step);
                }
            }
            (said, Command::Escalate(args))
        }
        Command::Resend(mut args) if !args.yes => {
            let said = resend::sentences(&resend::plan(&args, context).await?.1);
            args.yes = true;
            (said, Command::Resend(args))
        }
        Command::Resolve(args) => {
            let ids: Vec<String> = args.alerts.alerts.iter().map(ToString::to_string).collect();
            let said = format!("{} is closed for good: {}", ids.join(", "), sanitise(&args.reason));
            (vec![said], Command::Resolve(args))
        }
        Command::Settle(args) => {
            let said = match args.how {
                resend::How::Arrived => format!("You vouch that {} arrived.", args.notification),
                resend::How::Again => {
                    format!("{} is sent once more, marked as perhaps a second copy.", args.notification)
                }
                resend::How::Leave => format!("Nothing more is done about {}.", args.notification),
            };
            (vec![said], Command::Settle(args))
        }
        Command::PageTest(args) => (vec!["A real test message is sent.".to_owned()], Command::PageTest(args)),
        Command::Digest(DigestCommand::Send(mut args)) if !args.yes => {
            args.yes = true;
            (
                vec!["The digest is sent now, to everybody it is for.".to_owned()],
                Command::Digest(DigestCommand::Send(args)),
            )
        }
        Command::Contacts(ContactCommand::Erase { id, yes: false }) => {
            let said = format!("Everything personal is taken out of {}. It cannot be undone.", sanitise(&id));
            (vec![said], Command::Contacts(ContactCommand::Erase { id, yes: true }))
        }
        Command::Contacts(ContactCommand::Leave { id, successor, yes: false, json }) => {
            let said = format!("{} has left and gets nothing more.", sanitise(&id));
            (vec![said], Command::Contacts(ContactCommand::Leave { id, successor, yes: true, json }))
        }
        Command::Override(OverrideCommand::Remove { id }) => (
            vec![format!("{id} is taken back; those it concerns are told.")],
            Command::Override(OverrideCommand::Remove { id }),
        ),
        Command::Handover(args) if matches!(args.command, Some(HandoverCommand::Accept { .. })) => {
            let said = "What is handed over becomes yours, with every promise. It cannot be undone.";
            (vec![said.to_owned()], Command::Handover(args))
        }
        Command::Tasks(TaskCommand::Done { tasks, anyway: true }) => {
            let said = "It is closed although what it is about still waits.".to_owned();
            (vec![said], Command::Tasks(TaskCommand::Done { tasks, anyway: true }))
        }
        other => return Ok(Before::Do(Box::new(other))),
    };
    Ok(Before::Ask(said, Box::new(command)))
}

/// Whom a step wakes, and what time it is where they are.
async fn escalation(
    alert: AlertId,
    step: Option<u32>,
    context: &Context,
) -> Result<(u32, Vec<String>), Failed> {
    let steps: Vec<StepPreview> = context.client.get(&format!("/v1/alerts/{alert}/steps")).await?;
    let detail: AlertDetail = context.client.get(&format!("/v1/alerts/{alert}")).await?;
    let taken = detail.alert.step;
    let wanted = |preview: &&StepPreview| step.map_or(preview.step > taken, |step| preview.step == step);
    let found = match step {
        Some(_) => steps.iter().find(wanted),
        None => steps.iter().find(wanted).or(steps.last()),
    };
    let Some(preview) = found else {
        return Err(Failed::No(format!("{alert} has {} steps, the last resort among them.", steps.len())));
    };
    let name =
        if preview.last_resort { "the last resort".to_owned() } else { format!("step {}", preview.step) };
    let mut said = vec![format!("{alert}: {name} is paged now.")];
    for wake in &preview.wakes {
        let there = wake.time_zone.as_deref().and_then(|zone| TimeZone::get(zone).ok());
        let there = there.map(|zone| format!(", {} there", clock::hour_minute(Timestamp::now(), &zone)));
        let media: Vec<&str> = wake.media.iter().map(|medium| medium.as_str()).collect();
        let media = if media.is_empty() { "no way that works".to_owned() } else { media.join(", then ") };
        said.push(format!("It wakes {} by {media}{}.", sanitise(&wake.name), there.unwrap_or_default()));
    }
    if preview.wakes.is_empty() {
        said.push("Nobody is there to be woken by it.".to_owned());
    }
    Ok((preview.step, said))
}
