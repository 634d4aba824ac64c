//! Trying a provider that is down at once, instead of when its next probe is due.

use super::{Context, Failed, print};
use crate::core::text::Untrusted;
use crate::wire::client::encoded;
use clap::Args;

#[derive(Args, Debug)]
pub struct ProbeArgs {
    /// A channel that is down, by its name
    #[arg(value_name = "CHANNEL")]
    pub name: String,
}

pub async fn run(args: &ProbeArgs, context: &Context) -> Result<(), Failed> {
    let path = format!("/v1/providers/{}/probe", encoded(&args.name));
    let said: Untrusted = context.client.post(&path, &()).await?;
    print::line(said.printable().as_str())
}
