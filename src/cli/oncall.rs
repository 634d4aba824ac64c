//! Who is on call, now or at another time.

use super::print::{self, Table};
use super::{Context, Failed, list, time};
use crate::wire::OnCall;
use clap::Args;

#[derive(Args, Debug)]
pub struct OncallArgs {
    /// At that time instead of now: 2h, 06:30 (in your zone, else the desk's) or RFC 3339
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
    /// One JSON array
    #[arg(long)]
    pub json: bool,
}

pub async fn run(args: &OncallArgs, context: &Context) -> Result<(), Failed> {
    let path = match &args.at {
        Some(typed) => {
            let at = time::typed(typed, context).await?;
            format!("/v1/oncall?at={}", list::encoded(&at.to_string()))
        }
        None => "/v1/oncall".to_owned(),
    };
    let found: Vec<OnCall> = context.client.get(&path).await?;
    if args.json {
        return print::json(&found);
    }
    time::settle(context).await?;
    let mut table = Table::new(&["SCHEDULE", "ON CALL", "UNTIL", "THEN"]);
    for one in found {
        let name =
            |person: Option<crate::core::person::PersonId>| person.map_or("nobody".to_owned(), |p| p.0);
        table.row(vec![
            one.schedule.into(),
            name(one.person).into(),
            one.until.map(time::short).unwrap_or_default().into(),
            name(one.next).into(),
        ]);
    }
    table.print()
}
