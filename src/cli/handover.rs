//! The hand-over sheet on the screen and on paper.

use super::print;
use super::{Context, Failed, list, time};
use crate::core::handover::{Handover, Medium};
use clap::Args;

#[derive(Args, Debug)]
pub struct HandoverArgs {
    /// Only what concerns this schedule
    #[arg(long, value_name = "SCHEDULE")]
    pub schedule: Option<String>,
    /// For paper: with boxes to tick and lines to write on; pipe it to lp
    #[arg(long, conflicts_with = "json")]
    pub print: bool,
    /// One JSON object
    #[arg(long)]
    pub json: bool,
}

pub async fn run(args: &HandoverArgs, context: &Context) -> Result<(), Failed> {
    let of = args.schedule.as_ref().map(|name| format!("?schedule={}", list::encoded(name)));
    let path = format!("/v1/handover{}", of.unwrap_or_default());
    let sheet: Handover = context.client.get(&path).await?;
    if args.json {
        return print::json(&sheet);
    }
    time::settle(context).await?;
    let medium = if args.print { Medium::Paper } else { Medium::Screen };
    sheet.text(&time::zone(), medium).lines().try_for_each(print::line)
}
