//! Parses the command line and hands over. The only place that knows every room: it starts the
//! agent, the practice community and the console.

use clap::Parser;
use nightdesk::agent;
use nightdesk::cli::agent::AgentCommand;
use nightdesk::cli::{self, Cli, Command, Context, Failed};
use nightdesk::config::{self, Start};
use nightdesk::console;
use nightdesk::console::drill::Seat;
use std::future::Future;
use std::pin::Pin;
use std::process::ExitCode;

mod demo;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match &cli.command {
        Some(Command::Agent(AgentCommand::Run { apply })) => run_agent(&cli, *apply),
        Some(Command::Drill(command)) => demo::drill::command(command),
        None if cli.demo => demo::run(&cli),
        None => open_console(&cli),
        Some(_) if cli.demo => {
            Err(Failed::Usage("--demo opens the console and goes with no subcommand".to_owned()))
        }
        Some(_) => run_command(cli),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failed) => {
            eprintln!("nightdesk: {failed}");
            failed.exit_code()
        }
    }
}

fn run_command(cli: Cli) -> Result<(), Failed> {
    let context = Context::of(&cli)?;
    let Some(command) = cli.command else { return Ok(()) };
    on_one_thread(cli::run(command, &context))
}

/// The agent in the foreground, on two threads beside those of its store.
fn run_agent(cli: &Cli, apply: bool) -> Result<(), Failed> {
    let filter = tracing_subscriber::EnvFilter::try_from_env("NIGHTDESK_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("nightdesk=info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(std::io::stderr).init();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|why| Failed::No(format!("the agent's threads do not start: {why}")))?;
    let paths = cli.places.find();
    let ended = runtime.block_on(Box::pin(agent::run::run(&paths, apply)));
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    ended.map_err(|why| match why {
        agent::run::NotRunning::Config(why) => Failed::Usage(why.to_string()),
        other => Failed::No(other.to_string()),
    })
}

/// The console, with an agent started first where the configuration says that consoles do that.
fn open_console(cli: &Cli) -> Result<(), Failed> {
    let context = Context::of(cli)?;
    on_one_thread(async {
        // Nothing is asked: the first frame waits for nothing but the snapshot.
        if context.client.is_absent().await {
            let start = match config::load(&context.paths.config) {
                Ok(settings) => settings.agent.start,
                Err(why) => return Err(Failed::Usage(why.to_string())),
            };
            if start == Start::Console {
                cli::agent::start(&context).await?;
            }
        }
        show(cli, &context, console::AgentAfter::GoesOn, None).await
    })
}

/// The console on the screen or, where that is wished for, a line at a time.
async fn show(
    cli: &Cli,
    context: &Context,
    agent: console::AgentAfter,
    drill: Option<Seat>,
) -> Result<(), Failed> {
    if cli.plain {
        return cli::plain::open(context, cli.read_only).await;
    }
    let options = console::Options {
        client: context.client.clone(),
        config: context.paths.config.clone(),
        ascii: cli.ascii,
        theme: cli.theme.clone(),
        read_only: cli.read_only,
        agent,
        state: context.paths.state.clone(),
        drill,
    };
    console::run(options).await.map_err(|why| match why {
        console::ConsoleError::Usage(why) => Failed::Usage(why),
        other => Failed::No(other.to_string()),
    })
}

fn on_one_thread<T>(work: impl Future<Output = Result<T, Failed>>) -> Result<T, Failed> {
    // Behind a pointer: the runtime holds code of its own for every type of work it can be given.
    let work: Pin<Box<dyn Future<Output = Result<T, Failed>> + '_>> = Box::pin(work);
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|why| Failed::No(format!("the runtime does not start: {why}")))?
        .block_on(work)
}
