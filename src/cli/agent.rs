//! Starting an agent detached, stopping it, and asking how it is.

use super::{Context, Failed, print, time};
use crate::core::counted::counted;
use crate::core::person::PersonId;
use crate::core::text::Untrusted;
use crate::wire::client::LinkError;
use crate::wire::{Audit, ChannelState, MailboxHealth, Status, SyncHealth};
use clap::Subcommand;
use std::os::unix::process::CommandExt;
use std::process::Stdio;
use std::time::{Duration, Instant};

#[derive(Subcommand, Debug)]
pub enum AgentCommand {
    /// In the foreground, until it is told to stop
    Run {
        /// Apply a changed configuration though the system starts the agent
        #[arg(long)]
        apply: bool,
    },
    /// Detached; returns once it is ready
    Start,
    /// Ends it; what is on its way is finished or recorded first
    Stop,
    /// How it is; exits 0 only when it is ready
    Status {
        /// One JSON object
        #[arg(long)]
        json: bool,
    },
}

/// How long an agent may take to answer after its start, and to end after being told to.
const START: Duration = Duration::from_secs(20);
const STOP: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(20);

pub async fn run(command: AgentCommand, context: &Context) -> Result<(), Failed> {
    match command {
        // The agent itself is run by `main`, which knows the agent.
        AgentCommand::Run { .. } => {
            Err(Failed::Usage("the agent runs in the foreground only by itself".to_owned()))
        }
        AgentCommand::Start => {
            let (status, said) = match status_of(context).await {
                Ok(status) => (status, "An agent runs already"),
                Err(_) => (start(context).await?, "The agent runs"),
            };
            print::line(&format!("{said}, process {}.", status.pid))?;
            if let Some(note) = &status.desk.config_note {
                eprintln!("nightdesk: warning: {}", crate::core::text::sanitise(note));
            }
            Ok(())
        }
        AgentCommand::Stop => stop(context).await,
        AgentCommand::Status { json } => status(json, context).await,
    }
}

async fn status_of(context: &Context) -> Result<Status, LinkError> {
    context.client.get("/v1/status").await
}

/// Starts a detached agent and waits until it is ready. What it has to say before that is shown.
pub async fn start(context: &Context) -> Result<Status, Failed> {
    let paths = &context.paths;
    let log_path = paths.state.join("agent.log");
    let failed = |what: &str, why: std::io::Error| Failed::No(format!("{what}: {why}"));
    std::os::unix::fs::DirBuilderExt::mode(std::fs::DirBuilder::new().recursive(true), 0o700)
        .create(&paths.state)
        .map_err(|why| failed(&format!("the state folder {} cannot be made", paths.state.display()), why))?;
    let mut open = std::fs::OpenOptions::new();
    std::os::unix::fs::OpenOptionsExt::mode(open.create(true).append(true), 0o600);
    let log = open.open(&log_path).map_err(|why| failed("the agent's log cannot be opened", why))?;
    let begins = log.metadata().map_or(0, |meta| meta.len());
    let errors = log.try_clone().map_err(|why| failed("the agent's log cannot be opened", why))?;
    let program = std::env::current_exe().map_err(|why| failed("this program cannot find itself", why))?;
    let mut child = std::process::Command::new(program)
        .args(["agent", "run", "--config"])
        .arg(&paths.config)
        .arg("--state")
        .arg(&paths.state)
        .arg("--socket")
        .arg(&paths.socket)
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(errors)
        .process_group(0)
        .spawn()
        .map_err(|why| failed("the agent cannot be started", why))?;
    let began = Instant::now();
    loop {
        if let Ok(status) = status_of(context).await
            && status.ready
        {
            // A console stays beside the agent it started, and takes note when that ends.
            std::thread::spawn(move || child.wait());
            return Ok(status);
        }
        if let Ok(Some(ended)) = child.try_wait() {
            let said = std::fs::read(&log_path).unwrap_or_default();
            let said = said.get(begins as usize..).unwrap_or_default();
            let said = String::from_utf8_lossy(said).trim().to_owned();
            let said = said
                .lines()
                .map(|l| crate::core::text::sanitise(l).into_owned())
                .collect::<Vec<_>>()
                .join("\n");
            return Err(match ended.code() {
                Some(2) => Failed::Usage(said),
                _ => Failed::No(format!("the agent did not start:\n{said}")),
            });
        }
        if began.elapsed() > START {
            return Err(Failed::No(format!(
                "the agent is not ready after {START:?}; see {}",
                log_path.display()
            )));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

async fn stop(context: &Context) -> Result<(), Failed> {
    end(context).await?;
    print::line("The agent has stopped.")
}

/// Tells the agent to stop and waits until its process is gone.
pub async fn end(context: &Context) -> Result<(), Failed> {
    let status = status_of(context).await?;
    let pid = i32::try_from(status.pid).ok().and_then(rustix::process::Pid::from_raw);
    let pid = pid.ok_or_else(|| Failed::No("the agent names no process".to_owned()))?;
    rustix::process::kill_process(pid, rustix::process::Signal::TERM)
        .map_err(|why| Failed::No(format!("process {} cannot be told to stop: {why}", status.pid)))?;
    let began = Instant::now();
    loop {
        if rustix::process::test_kill_process(pid).is_err() || is_zombie(status.pid) {
            return Ok(());
        }
        if began.elapsed() > STOP {
            return Err(Failed::No(format!("process {} has not ended after {STOP:?}", status.pid)));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Whether the process has ended and only waits for whoever started it to take note (proc_pid_stat(5)).
fn is_zombie(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| state_of(&stat) == Some("Z"))
}

/// The third field; the second is a name in brackets, which may hold blanks and brackets itself.
fn state_of(stat: &str) -> Option<&str> {
    stat.rsplit_once(')')?.1.split_whitespace().next()
}

async fn status(json: bool, context: &Context) -> Result<(), Failed> {
    let status = match status_of(context).await {
        Ok(status) => status,
        Err(why) => {
            if json {
                print::json(&serde_json::json!({ "ready": false, "error": why.to_string() }))?;
            }
            return Err(why.into());
        }
    };
    if json {
        print::json(&status)?;
    } else {
        time::settle(context).await?;
        let desk = &status.desk;
        print::line(&format!(
            "{} on {}: {}, process {}, since {}, configuration version {}",
            desk.name,
            desk.host,
            if status.ready { "ready" } else { "not ready" },
            status.pid,
            time::short(status.since),
            desk.config_version
        ))?;
        if let Some(note) = &desk.config_note {
            print::line(note)?;
        }
        print::line(&audit_in_words(desk.audit.as_ref()))?;
        let (alerts, tasks, queued) = (status.open_alerts, status.open_tasks, status.queued);
        print::line(&format!(
            "{}, {}, {} waiting",
            counted(alerts, "open alert", "open alerts"),
            counted(tasks, "open task", "open tasks"),
            counted(queued, "message", "messages"),
        ))?;
        for one in &status.handovers {
            let names = |people: &[PersonId]| {
                let names = people.iter().map(|id| crate::core::text::sanitise(&id.0).into_owned());
                names.collect::<Vec<_>>().join(", ")
            };
            print::line(&format!(
                "hand-over {} of {}: {} has not accepted it from {}, since {}",
                one.id,
                crate::core::text::sanitise(&one.schedule),
                names(&one.incoming),
                names(&one.outgoing),
                time::short(one.at)
            ))?;
        }
        for source in &status.sources {
            let last = source
                .last_event_at
                .map_or("never sent anything".to_owned(), |at| format!("last sent {}", time::short(at)));
            let signed = if source.signed { "signed" } else { "unsigned, this machine only" };
            let silent = if source.silent { ", SILENT" } else { "" };
            print::line(&format!("source {}: {last}, {signed}{silent}", source.name))?;
        }
        for channel in &status.channels {
            let state = match channel.state {
                ChannelState::Untried => "not used yet".to_owned(),
                ChannelState::Working => "working".to_owned(),
                ChannelState::Failing | ChannelState::Down => {
                    let word = if channel.state == ChannelState::Down { "DOWN" } else { "FAILING" };
                    let why =
                        channel.last_error.as_ref().map(|e| e.printable().into_string()).unwrap_or_default();
                    format!("{word} since {}: {why}", time::short(channel.since))
                }
            };
            print::line(&format!("channel {} ({}): {state}", channel.name, channel.kind))?;
        }
        if let Some(sync) = &status.sync {
            print::line(&format!("sync with the community: {}", sync_in_words(sync)))?;
        }
        if let Some(mailbox) = &status.desk.mailbox {
            print::line(&format!(
                "mailed replies, {}: {}",
                mailbox.place.printable(),
                read_in_words(mailbox)
            ))?;
        }
        for calendar in &status.calendars {
            let read = calendar.read_at.map_or_else(
                || "NEVER READ, nobody is on call by it".to_owned(),
                |at| format!("as read {}", time::short(at)),
            );
            let wrong = calendar.last_error.as_ref().map(|why| format!(", FAILING: {}", why.printable()));
            let strangers: Vec<_> =
                calendar.strangers.iter().map(|title| title.printable().to_string()).collect();
            let strangers = match strangers.is_empty() {
                true => String::new(),
                false => format!(", names nobody of the desk: {}", strangers.join(", ")),
            };
            let layer = format!("{}/{}", calendar.schedule, calendar.layer);
            print::line(&format!("calendar {layer}: {read}{}{strangers}", wrong.unwrap_or_default()))?;
        }
        if let Some(intake) = &status.intake {
            print::line(&format!("intake: http://{intake}/v1/events/{{source}}"))?;
        }
    }
    if status.ready { Ok(()) } else { Err(Failed::No("the agent is not ready".to_owned())) }
}

fn audit_in_words(audit: Option<&Audit>) -> String {
    let Some(audit) = audit else { return "audit: not done yet".to_owned() };
    let mut words = match audit.clean {
        true => "audit: clean, nothing is overdue or stuck".to_owned(),
        false => {
            let stuck: Vec<String> = audit.stuck.iter().map(ToString::to_string).collect();
            format!("AUDIT: {}, found {}", stuck.join("; "), time::short(audit.since))
        }
    };
    if let Some(beats) = &audit.heartbeat {
        words.push_str(&match (&beats.last_error, beats.last_beat_at) {
            (Some(why), _) => format!("; heartbeat FAILING: {}", why.printable()),
            (None, Some(at)) => format!("; last heartbeat {}", time::short(at)),
            (None, None) => "; no heartbeat yet".to_owned(),
        });
    }
    words
}

fn read_in_words(mailbox: &MailboxHealth) -> String {
    let read = match mailbox.last_read_at {
        Some(at) => format!("last read {}", time::short(at)),
        None => "not read yet".to_owned(),
    };
    match mailbox.state {
        ChannelState::Untried | ChannelState::Working => read,
        ChannelState::Failing | ChannelState::Down => {
            let why = mailbox.last_error.as_ref().map(|e| e.printable().into_string()).unwrap_or_default();
            format!("FAILING since {}: {why}; {read}", time::short(mailbox.since))
        }
    }
}

fn sync_in_words(sync: &SyncHealth) -> String {
    let said = |text: &Option<Untrusted>| text.as_ref().map(|text| text.printable().into_string());
    let mut words = vec![match sync.state {
        ChannelState::Untried => "not asked yet".to_owned(),
        ChannelState::Working => "working".to_owned(),
        ChannelState::Failing | ChannelState::Down => {
            let why = said(&sync.last_error).unwrap_or_default();
            format!("FAILING since {}: {why}", time::short(sync.since))
        }
    }];
    words.push(match sync.last_listed_at {
        Some(at) => format!("all contacts listed {}", time::short(at)),
        None => "never listed all contacts since the agent started".to_owned(),
    });
    if sync.pending > 0 {
        words.push(format!("{} waiting to be exchanged", sync.pending));
    }
    if sync.conflicts > 0 {
        words.push(counted(sync.conflicts, "field in conflict", "fields in conflict"));
    }
    words.extend(said(&sync.warning));
    words.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ended_process_that_nobody_took_note_of_is_told_from_a_running_one() {
        assert_eq!(state_of("17 (night) desk) Z 1 17"), Some("Z"));
        let mut child = std::process::Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        assert!(!is_zombie(child.id()));
        drop(child.stdin.take());
        let began = Instant::now();
        while !is_zombie(child.id()) {
            assert!(began.elapsed() < STOP, "it never ended");
            std::thread::yield_now();
        }
        child.wait().unwrap();
        assert!(!is_zombie(child.id()));
    }
}
