//! The command line: every action of the console, to be scripted and read aloud. One file a
//! subcommand; all of them talk to the agent through `wire`, as the console does.
//!
//! Data goes to standard output, everything else to standard error. Exit codes: 0 done · 1 the
//! answer is no · 2 wrong usage or configuration · 3 no agent answers.

pub mod act;
pub mod agent;
pub mod assign;
pub mod check;
pub mod check_partner;
pub mod config;
pub mod consent;
pub mod contacts;
pub mod digest;
pub mod drill;
pub mod explain;
pub mod handover;
pub mod list;
pub mod maintenance;
pub mod oncall;
pub mod overrides;
pub mod page_test;
pub mod partner;
pub mod plain;
pub mod print;
pub mod probe;
pub mod resend;
pub mod search;
pub mod sheet;
pub mod sheets;
pub mod show;
pub mod tail;
pub mod template;
pub mod time;
pub mod views;

use crate::config::paths::{Environment, Named, Paths};
use crate::core::id::{AlertId, TaskId};
use crate::wire::client::{Client, LinkError};
use clap::{Args, CommandFactory, Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// What every subcommand takes stands apart in its help, behind what is its own.
const EVERYWHERE: &str = "Everywhere";

/// A terminal operations console and a local dispatch agent for B2B trading communities.
#[derive(Parser, Debug)]
#[command(
    name = "nightdesk",
    version,
    about,
    propagate_version = true,
    args_conflicts_with_subcommands = false
)]
pub struct Cli {
    #[command(flatten)]
    pub places: Places,
    /// Open the console on a throw-away desk with the built-in practice community
    #[arg(long)]
    pub demo: bool,
    /// With --demo: play a drill and score it; `nightdesk drill list` shows which there are
    #[arg(long, value_name = "NAME", requires = "demo")]
    pub drill: Option<String>,
    /// Write nothing but ASCII in the console
    #[arg(long)]
    pub ascii: bool,
    /// How the console looks: dark, light, high-contrast, high-contrast-light, mono, auto, or a file of
    /// your own in themes/ beside the configuration
    #[arg(long, env = "NIGHTDESK_THEME", value_name = "NAME", hide_env_values = true)]
    pub theme: Option<String>,
    /// Only look: every action is refused, in the console and by every subcommand
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    pub read_only: bool,
    /// A line for everything that happens and a prompt for everything one can do, without colours or a
    /// cursor that jumps: for screen readers, logs and pipes
    #[arg(long)]
    pub plain: bool,
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Where everything is, and who asks.
#[derive(Args, Debug, Clone)]
pub struct Places {
    /// The configuration [default: ./config.toml if it has a [desk] section and is yours, else the
    /// XDG config folder, else /etc/nightdesk/config.toml]
    #[arg(long, global = true, help_heading = EVERYWHERE, env = "NIGHTDESK_CONFIG", value_name = "FILE", hide_env_values = true)]
    pub config: Option<PathBuf>,
    /// The state folder [default: nightdesk under the XDG state folder]
    #[arg(long, global = true, help_heading = EVERYWHERE, env = "NIGHTDESK_STATE", value_name = "DIR", hide_env_values = true)]
    pub state: Option<PathBuf>,
    /// The agent's socket [default: run/agent.sock under the state folder]
    #[arg(long, global = true, help_heading = EVERYWHERE, env = "NIGHTDESK_SOCKET", value_name = "PATH", hide_env_values = true)]
    pub socket: Option<PathBuf>,
    /// Behind a shared login: who you are; the PIN comes from the environment variable NIGHTDESK_PIN
    #[arg(long = "as", global = true, help_heading = EVERYWHERE, value_name = "PERSON")]
    pub person: Option<String>,
}

impl Places {
    pub fn find(&self) -> Paths {
        let named =
            Named { config: self.config.clone(), state: self.state.clone(), socket: self.socket.clone() };
        Paths::find(named, &Environment::of_process())
    }
}

#[derive(Subcommand, Debug)]
pub enum Command {
    /// Run, start, stop or look after the agent
    #[command(subcommand)]
    Agent(agent::AgentCommand),
    /// Check the configuration, and that everybody it would page can be reached
    Check(check::CheckArgs),
    /// Community events, as they came in
    #[command(subcommand)]
    Events(list::ListCommand),
    /// Alerts: what somebody must acknowledge
    #[command(subcommand)]
    Alerts(list::ListCommand),
    /// Tasks: what somebody must do; take, close or put them off
    #[command(subcommand)]
    Tasks(act::TaskCommand),
    /// Messages, with their attempts and what proves them
    #[command(subcommand)]
    Notifications(list::ListCommand),
    /// Cases of partners, and where each stands
    #[command(subcommand)]
    Cases(list::ListCommand),
    /// Documents of partners, and their reviews
    #[command(subcommand)]
    Documents(list::ListCommand),
    /// Questions, requests and action items of partners
    #[command(subcommand)]
    Threads(list::ListCommand),
    /// How far each partner has come aboard
    #[command(subcommand)]
    Milestones(list::ListCommand),
    /// Partners the desk has heard of; show tells everything about one
    #[command(subcommand)]
    Partners(list::ListCommand),
    /// Contacts of partners, and how each wants to be told
    #[command(subcommand)]
    Contacts(contacts::ContactCommand),
    /// Who said that they want messages or none, when, in which words, and what proves it
    #[command(subcommand)]
    Consent(consent::ConsentCommand),
    /// Who looks after which partner: a role, by partner, pattern, region or tier
    #[command(subcommand)]
    Assign(assign::AssignCommand),
    /// The people of the desk
    #[command(subcommand)]
    People(list::ListCommand),
    /// The ways out, and how they are doing
    #[command(subcommand)]
    Providers(list::ListCommand),
    /// Take alerts; pages stop and news is promised
    #[command(after_help = "Examples:\n  nightdesk ack A12\n  nightdesk ack A12 A15 --by 06:30")]
    Ack(act::AckArgs),
    /// Give alerts back; paging goes on
    Unack(act::AlertsArgs),
    /// Take back what you just did: alerts that you took or put to sleep are as they were, tasks are to do again
    Undo(act::UndoArgs),
    /// Put alerts to sleep until a time
    #[command(after_help = "Examples:\n  nightdesk snooze A12 --until 07:00")]
    Snooze(act::SnoozeArgs),
    /// Close alerts with a reason
    #[command(after_help = "Examples:\n  nightdesk resolve A12 --reason \"rebooked\"")]
    Resolve(act::ResolveArgs),
    /// Take the next step of the policy now, or a chosen one
    #[command(after_help = "Examples:\n  nightdesk escalate A12\n  nightdesk escalate A12 --step 3")]
    Escalate(act::EscalateArgs),
    /// Ask somebody to take alerts over
    #[command(after_help = "Examples:\n  nightdesk hand A12 --to jonas")]
    Hand(act::HandArgs),
    /// Send a message again, or an alert's latest to each person responsible
    #[command(
        after_help = "Examples:\n  nightdesk resend A12\n  nightdesk resend N45 --to aylin --via email"
    )]
    Resend(resend::ResendArgs),
    /// Take back what was just sent again and has not left
    Unsend(resend::UnsendArgs),
    /// Decide about a message of which nobody can tell whether it arrived
    Settle(resend::SettleArgs),
    /// Try a provider that is down at once, and take it back if it works
    Probe(probe::ProbeArgs),
    /// Send somebody a real test message, and see whether it arrives
    #[command(after_help = "Examples:\n  nightdesk page-test maria --wait")]
    PageTest(page_test::PageTestArgs),
    /// Write a note on an alert or a task
    Note(act::NoteArgs),
    /// Why each message was or was not sent; on a file, what would happen, sending nothing
    Explain(explain::ExplainArgs),
    /// Who is on call
    Oncall(oncall::OncallArgs),
    /// What whoever comes on call has to know, on one sheet; add to it, and accept it
    Handover(handover::HandoverArgs),
    /// Put somebody else on call for a while, or swap two turns
    #[command(subcommand)]
    Override(overrides::OverrideCommand),
    /// Times in which what was to be expected pages nobody
    #[command(subcommand)]
    Maintenance(maintenance::MaintenanceCommand),
    /// Scheduled summaries: look at one, or send it now
    #[command(subcommand)]
    Digest(digest::DigestCommand),
    /// Drills of --demo: short nights that are scored
    #[command(subcommand)]
    Drill(drill::DrillCommand),
    /// Search everything there ever was: events, alerts, messages with their texts, notes, contacts …
    #[command(
        after_help = "Examples:\n  nightdesk search partner:acme state:failed since:2h late\n  nightdesk search order:4500123"
    )]
    Search(search::SearchArgs),
    /// Queries that are kept under a name
    #[command(subcommand)]
    Views(views::ViewCommand),
    /// The live stream, a line a change
    Tail(tail::TailArgs),
    /// The words of messages: what there is, and how it reads
    #[command(subcommand)]
    Template(template::TemplateCommand),
    /// Look after the configuration
    #[command(subcommand)]
    Config(config::ConfigCommand),
    /// Completions for a shell
    Completions {
        /// For which
        shell: clap_complete::Shell,
    },
    /// The manual page, in roff
    Man,
}

/// How a command ended.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    /// The command ran and the answer is no; said already, or in this sentence.
    #[error("{0}")]
    No(String),
    #[error("{0}")]
    Usage(String),
    #[error("{0}")]
    NoAgent(String),
}

impl Failed {
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Failed::No(_) => 1,
            Failed::Usage(_) => 2,
            Failed::NoAgent(_) => 3,
        })
    }
}

impl From<LinkError> for Failed {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::NoAgent { .. } => {
                Failed::NoAgent(format!("{error}; `nightdesk agent start` starts one"))
            }
            LinkError::Refused { status: 400, sentence } => Failed::Usage(sentence),
            LinkError::Refused { sentence, .. } => Failed::No(sentence),
            LinkError::Broken(sentence) => Failed::No(sentence),
        }
    }
}

/// Everything a command needs.
pub struct Context {
    pub paths: Paths,
    pub client: Client,
}

impl Context {
    pub fn new(places: &Places) -> Result<Self, Failed> {
        let paths = places.find();
        let mut client = Client::new(paths.socket.clone());
        if let Some(person) = &places.person {
            let pin = std::env::var("NIGHTDESK_PIN").map_err(|_| {
                Failed::Usage("--as needs the PIN in the environment variable NIGHTDESK_PIN".to_owned())
            })?;
            client = client.with_session(person, &pin);
        }
        Ok(Self { paths, client })
    }

    /// As the whole command line asks for.
    pub fn of(cli: &Cli) -> Result<Self, Failed> {
        let mut context = Self::new(&cli.places)?;
        if cli.read_only {
            context.client = context.client.read_only();
        }
        Ok(context)
    }
}

/// Runs every command that is not the agent itself, the console or the demo.
pub async fn run(command: Command, context: &Context) -> Result<(), Failed> {
    use list::Things;
    match command {
        Command::Agent(command) => agent::run(command, context).await,
        Command::Check(args) => check::run(&args, context).await,
        Command::Events(command) => list::run(Things::Events, command, context).await,
        Command::Alerts(command) => list::run(Things::Alerts, command, context).await,
        Command::Tasks(command) => act::tasks(command, context).await,
        Command::Notifications(command) => list::run(Things::Notifications, command, context).await,
        Command::Cases(command) => list::run(Things::Cases, command, context).await,
        Command::Documents(command) => list::run(Things::Documents, command, context).await,
        Command::Threads(command) => list::run(Things::Threads, command, context).await,
        Command::Milestones(command) => list::run(Things::Milestones, command, context).await,
        Command::Partners(command) => list::run(Things::Partners, command, context).await,
        Command::Contacts(command) => contacts::run(command, context).await,
        Command::Consent(command) => consent::run(command, context).await,
        Command::Assign(command) => assign::run(command, context).await,
        Command::People(command) => list::run(Things::People, command, context).await,
        Command::Providers(command) => list::run(Things::Providers, command, context).await,
        Command::Ack(args) => act::ack(args, context).await,
        Command::Unack(args) => act::unack(args, context).await,
        Command::Undo(args) => act::undo(args, context).await,
        Command::Snooze(args) => act::snooze(args, context).await,
        Command::Resolve(args) => act::resolve(args, context).await,
        Command::Escalate(args) => act::escalate(args, context).await,
        Command::Hand(args) => act::hand(args, context).await,
        Command::Resend(args) => resend::resend(args, context).await,
        Command::Unsend(args) => resend::unsend(args, context).await,
        Command::Settle(args) => resend::settle(args, context).await,
        Command::Probe(args) => probe::run(&args, context).await,
        Command::PageTest(args) => page_test::run(args, context).await,
        Command::Note(args) => act::note(args, context).await,
        Command::Explain(args) => explain::run(&args, context).await,
        Command::Oncall(args) => oncall::run(&args, context).await,
        Command::Handover(args) => handover::run(args, context).await,
        Command::Override(command) => overrides::run(command, context).await,
        Command::Maintenance(command) => maintenance::run(command, context).await,
        Command::Digest(command) => digest::run(command, context).await,
        // `main` knows the practice community.
        Command::Drill(_) => Err(Failed::Usage("drills are listed by the program itself".to_owned())),
        Command::Search(args) => search::run(&args, context).await,
        Command::Views(command) => views::run(command, context).await,
        Command::Tail(args) => tail::run(&args, context).await,
        Command::Template(command) => template::run(command, context).await,
        Command::Config(command) => config::run(command, context).await,
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "nightdesk", &mut script);
            std::io::Write::write_all(&mut std::io::stdout(), &script)
                .map_err(|why| Failed::No(format!("the completions cannot be written: {why}")))
        }
        Command::Man => clap_mangen::Man::new(Cli::command())
            .render(&mut std::io::stdout())
            .map_err(|why| Failed::No(format!("the manual cannot be written: {why}"))),
    }
}

/// What a note can be written on.
#[derive(Clone, Copy, Debug)]
pub enum Noted {
    Alert(AlertId),
    Task(TaskId),
}

impl std::str::FromStr for Noted {
    type Err = String;

    fn from_str(typed: &str) -> Result<Self, String> {
        let task = typed.starts_with(['T', 't']);
        let parsed = if task { typed.parse().map(Noted::Task) } else { typed.parse().map(Noted::Alert) };
        parsed.map_err(|why| why.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn silent(command: &clap::Command, path: &str, found: &mut Vec<String>) {
        let path = format!("{path} {}", command.get_name());
        let unsaid = command.get_arguments().filter(|one| one.get_help().is_none() && !one.is_hide_set());
        found.extend(unsaid.map(|one| format!("{path} {}", one.get_id())));
        command.get_subcommands().for_each(|below| silent(below, &path, found));
    }

    #[test]
    fn every_argument_of_every_subcommand_says_what_it_is() {
        let mut found = Vec::new();
        silent(&Cli::command(), "", &mut found);
        assert!(found.is_empty(), "{found:#?}");
    }

    #[test]
    fn every_example_in_the_help_is_understood() {
        let command = Cli::command();
        for below in command.get_subcommands() {
            let help = below.get_after_help().map(ToString::to_string).unwrap_or_default();
            for example in help.lines().filter_map(|line| line.strip_prefix("  nightdesk ")) {
                let words = ["nightdesk"].into_iter().chain(example.split(' '));
                assert!(Cli::try_parse_from(words).is_ok(), "{example}");
            }
        }
    }
}
