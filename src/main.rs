//! Opens the console on the agent's socket.

use nightdesk::console::{Options, run};
use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut options = Options { socket: PathBuf::from("agent.sock"), ascii: false };
    let mut arguments = std::env::args_os().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.to_str() {
            Some("--ascii") => options.ascii = true,
            Some("--socket") => options.socket = arguments.next().unwrap_or_default().into(),
            _ => {
                eprintln!("usage: nightdesk [--ascii] --socket PATH");
                return ExitCode::from(2);
            }
        }
    }
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("nightdesk: the runtime did not start: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(run(options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("nightdesk: {error}");
            ExitCode::FAILURE
        }
    }
}
