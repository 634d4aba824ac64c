//! Searching everything there ever was: events, alerts, messages with their texts, notes and all the rest.

use super::print::{self, Table, cell};
use super::{Context, Failed, time};
use crate::core::query::found::Kind;
use crate::wire::client::encoded;
use crate::wire::search::{Hit, Indexed, MOST, SearchAnswer, USUAL};
use clap::Args;
use std::borrow::Cow;

#[derive(Args, Debug)]
pub struct SearchArgs {
    /// What to look for: words, "several together", -without, partner:acme since:2h kind:message;
    /// put -- before a first word that begins with a dash
    #[arg(required = true, value_name = "QUERY")]
    pub query: Vec<String>,
    /// One JSON array
    #[arg(long)]
    pub json: bool,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = USUAL)]
    pub limit: usize,
}

pub async fn run(args: &SearchArgs, context: &Context) -> Result<(), Failed> {
    let limit = args.limit.clamp(1, MOST);
    let path = format!("/v1/search?limit={limit}&q={}", encoded(&args.query.join(" ")));
    let answer: SearchAnswer = context.client.get(&path).await?;
    time::settle(context).await?;
    if let Some(said) = lag(&answer.indexed) {
        eprintln!("nightdesk: {said}");
    }
    if answer.more {
        eprintln!("nightdesk: there are more than {limit}; narrow the query, or ask for more with --limit");
    }
    if args.json {
        return print::json(&answer.hits);
    }
    if answer.hits.is_empty() {
        eprintln!("nightdesk: nothing is found");
        return Ok(());
    }
    let mut table = Table::new(&["KIND", "ID", "AT", "STATE", "PARTNER", "WHAT"]);
    for hit in &answer.hits {
        table.row(vec![
            hit.kind.as_str().into(),
            cell(&hit.id),
            time::short(hit.created_at).into(),
            Cow::Owned(hit.state.printable().into_string().replace('_', " ")),
            hit.partner.as_ref().map_or("".into(), |partner| cell(&partner.name)),
            Cow::Owned(what(hit)),
        ]);
    }
    table.print()
}

/// The title, who it is to or of, and the words that were found where the title does not show them.
fn what(hit: &Hit) -> String {
    let mut what = hit.title.printable().into_string();
    if let Some(who) = &hit.who {
        let how = if hit.kind == Kind::Message { "to" } else { "by" };
        what = format!("{what} ({how} {})", who.printable());
    }
    if !hit.said.is_empty() {
        what = format!("{what}: {}", hit.said.printable());
    }
    what
}

/// What is not found yet, if there is any.
fn lag(indexed: &Indexed) -> Option<String> {
    let trouble = indexed.trouble.as_ref().map(|why| format!("the search index does not go on: {why}; "));
    if indexed.behind == 0 && trouble.is_none() {
        return None;
    }
    let until = match indexed.at {
        Some(at) => format!("searched up to {} (change {})", time::short(at), indexed.seq),
        None => "nothing is indexed yet".to_owned(),
    };
    let behind = format!("{until}, {} newer changes are not found yet", indexed.behind);
    Some(crate::core::text::sanitise(&format!("{}{behind}", trouble.unwrap_or_default())).into_owned())
}
