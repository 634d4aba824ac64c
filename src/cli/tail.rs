//! The live stream, a line a change. When the agent goes away the command waits for it and goes on
//! from where it was.

use super::{Context, Failed, print, time};
use crate::core::change::Numbered;
use crate::wire::Status;
use crate::wire::client::{LinkError, StreamItem};
use clap::Args;
use futures_util::StreamExt;
use std::pin::pin;
use std::time::Duration;

#[derive(Args, Debug)]
pub struct TailArgs {
    /// NDJSON: one JSON object a line
    #[arg(long)]
    pub json: bool,
    /// Everything after this number first [default: only what is new]
    #[arg(long, value_name = "SEQ")]
    pub since: Option<u64>,
}

pub async fn run(args: &TailArgs, context: &Context) -> Result<(), Failed> {
    // Whether there is an agent at all is asked once; one that goes away later is waited for.
    let status = context.client.get::<Status>("/v1/status").await?;
    time::settle(context).await?;
    let mut seq = args.since.unwrap_or(status.seq);
    loop {
        let mut stream = pin!(context.client.stream(seq));
        while let Some(item) = stream.next().await {
            match item {
                Ok(StreamItem::Change(change)) => {
                    seq = change.seq;
                    show(&change, args.json)?;
                }
                Ok(_) => {}
                Err(why @ LinkError::Refused { .. }) => return Err(why.into()),
                Err(why) => {
                    eprintln!("nightdesk: {why}; waiting for the agent");
                    break;
                }
            }
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

fn show(change: &Numbered, json: bool) -> Result<(), Failed> {
    if json {
        return print::json_line(change);
    }
    let c = &change.change;
    let what = serde_json::to_value(c.what).ok().and_then(|what| what.as_str().map(str::to_owned));
    let at = time::second(c.at);
    let alert = c.alert.map(|alert| format!("{alert} ")).unwrap_or_default();
    print::line(&format!("{} {at} {} {alert}{}", change.seq, what.unwrap_or_default(), c.summary.printable()))
}
