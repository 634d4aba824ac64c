//! The drills that `--demo --drill NAME` plays. They belong to the practice community, so `main` answers.

use clap::Subcommand;

#[derive(Subcommand, Debug)]
pub enum DrillCommand {
    /// Which there are, in the order in which one plays them
    List {
        /// One JSON array
        #[arg(long)]
        json: bool,
    },
}
