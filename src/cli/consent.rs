//! The consent ledger: who said that they want messages or none, when, in which words, and what proves it.

use super::print::Table;
use super::{Context, Failed, list, print, time};
use crate::core::consent::Consent;
use clap::{Args, Subcommand};

#[derive(Subcommand, Debug)]
pub enum ConsentCommand {
    /// Newest first; no entry is ever changed or removed
    List(ConsentArgs),
}

#[derive(Args, Debug)]
pub struct ConsentArgs {
    /// Only this number or mailbox
    #[arg(long)]
    pub address: Option<String>,
    /// Only this contact
    #[arg(long, value_name = "ID")]
    pub contact: Option<String>,
    /// At most so many
    #[arg(long, default_value_t = 100)]
    pub limit: u32,
    /// One JSON array
    #[arg(long)]
    pub json: bool,
}

pub async fn run(command: ConsentCommand, context: &Context) -> Result<(), Failed> {
    let ConsentCommand::List(args) = command;
    let mut path = format!("/v1/consent?limit={}", args.limit);
    for (name, value) in [("address", &args.address), ("contact", &args.contact)] {
        if let Some(value) = value {
            path.push_str(&format!("&{name}={}", list::encoded(value)));
        }
    }
    let found: Vec<Consent> = context.client.get(&path).await?;
    if args.json {
        return print::json(&found);
    }
    time::settle(context).await?;
    let mut table = Table::new(&["ID", "AT", "WANTS", "WHOSE", "ADDRESS", "HOW", "WORDS", "PROVEN BY"]);
    for entry in found {
        let person = entry.person.as_ref().map(|id| id.0.clone());
        let contact = entry.contact.as_ref().map(|id| id.printable().into_string());
        table.row(vec![
            entry.id.to_string().into(),
            time::short(entry.created_at).into(),
            wants(&entry).into(),
            person.or(contact).unwrap_or_default().into(),
            entry
                .address
                .as_ref()
                .map(|address| address.printable().into_string())
                .unwrap_or_default()
                .into(),
            entry.means.as_str().replace('_', " ").into(),
            entry.words.printable().as_str().chars().take(60).collect::<String>().into(),
            entry.evidence.printable().into_string().into(),
        ]);
    }
    table.print()
}

/// `no email about digests`, `sms again`.
pub fn wants(entry: &Consent) -> String {
    use crate::core::consent::Choice;
    let about = entry.category.map(|category| format!(" about {}", category.as_str().replace('_', " ")));
    let about = about.unwrap_or_default();
    match entry.state {
        Choice::In => format!("{}{about} again", entry.medium.as_str()),
        Choice::Out => format!("no {}{about}", entry.medium.as_str()),
    }
}
