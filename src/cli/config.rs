//! Looking after the configuration.

use super::{Context, Failed, print};
use clap::Subcommand;
use serde_json::{Value, json};

#[derive(Subcommand, Debug)]
pub enum ConfigCommand {
    /// Make the agent use the file as it is now; one that does not validate is never applied
    Apply {
        /// Why, for the history
        #[arg(short = 'm', value_name = "WHY", default_value = "")]
        why: String,
    },
}

pub async fn run(command: ConfigCommand, context: &Context) -> Result<(), Failed> {
    match command {
        ConfigCommand::Apply { why } => {
            // Said here, with its place, before the agent is asked.
            crate::config::load(&context.paths.config).map_err(|why| Failed::Usage(why.to_string()))?;
            let path = &context.paths.config;
            let file = std::fs::canonicalize(path).unwrap_or_else(|_| path.clone());
            // The agent reads its own file; one that is another is refused by it.
            let asked = json!({ "why": why, "file": file.to_string_lossy() });
            let applied: Value = context.client.post("/v1/config/apply", &asked).await?;
            print::line(&format!("Version {} is in force.", applied["version"]))
        }
    }
}
