//! Digests: which there are, what one would say now, and sending one beside its schedule.

use super::act::fresh_id;
use super::print::{self, Table};
use super::{Context, Failed, list, time};
use crate::core::command::Outcome;
use crate::core::person::PersonId;
use crate::core::text::sanitise;
use crate::wire::{DigestAsked, DigestCopy, DigestInfo};
use clap::{Args, Subcommand};
use std::io::{BufRead, IsTerminal};

#[derive(Subcommand, Debug)]
pub enum DigestCommand {
    /// Every configured digest: when it goes next, and when it went last
    List {
        /// One JSON array
        #[arg(long)]
        json: bool,
    },
    /// What it would say now; nothing is sent
    Preview(PreviewArgs),
    /// Send it now, beside its schedule
    Send(SendArgs),
}

#[derive(Args, Debug)]
pub struct PreviewArgs {
    /// The digest's name
    pub name: String,
    /// Only this person's copy [default: every reader's]
    #[arg(long, value_name = "PERSON")]
    pub to: Option<String>,
    /// The HTML page instead of the text
    #[arg(long, conflicts_with = "json")]
    pub html: bool,
    /// One JSON array: person, subject, text, page and files of each copy
    #[arg(long)]
    pub json: bool,
}

#[derive(Args, Debug)]
pub struct SendArgs {
    /// The digest's name
    pub name: String,
    /// Only to this person [default: every reader]
    #[arg(long, value_name = "PERSON")]
    pub to: Option<String>,
    /// Don't ask
    #[arg(long, short)]
    pub yes: bool,
    /// One JSON object: what became of it
    #[arg(long)]
    pub json: bool,
}

pub async fn run(command: DigestCommand, context: &Context) -> Result<(), Failed> {
    match command {
        DigestCommand::List { json } => all(json, context).await,
        DigestCommand::Preview(args) => preview(&args, context).await,
        DigestCommand::Send(args) => send(args, context).await,
    }
}

async fn all(json: bool, context: &Context) -> Result<(), Failed> {
    let found: Vec<DigestInfo> = context.client.get("/v1/digests").await?;
    if json {
        return print::json(&found);
    }
    time::settle(context).await?;
    let mut table = Table::new(&["DIGEST", "SCHEDULE", "NEXT", "LAST", "READERS"]);
    for digest in found {
        let last = digest.runs.iter().find(|run| !run.messages.is_empty());
        let readers: Vec<_> = digest.readers.iter().map(|reader| reader.0.as_str()).collect();
        table.row(vec![
            sanitise(&digest.name).into_owned().into(),
            sanitise(&format!("{} {}", digest.schedule, digest.time_zone)).into_owned().into(),
            digest.next.map(time::short).unwrap_or_default().into(),
            last.map(|run| time::short(run.created_at)).unwrap_or_default().into(),
            sanitise(&readers.join(", ")).into_owned().into(),
        ]);
    }
    table.print()
}

async fn preview(args: &PreviewArgs, context: &Context) -> Result<(), Failed> {
    let to = args.to.as_ref().map(|to| format!("?to={}", list::encoded(to))).unwrap_or_default();
    let path = format!("/v1/digests/{}/preview{to}", list::encoded(&args.name));
    let copies: Vec<DigestCopy> = context.client.get(&path).await?;
    if args.json {
        return print::json(&copies);
    }
    let mut first = true;
    for DigestCopy { person, content } in &copies {
        if args.html {
            let page = content.html.as_ref().unwrap_or(&content.body);
            lines(page.raw())?;
            continue;
        }
        if !std::mem::take(&mut first) {
            print::line("")?;
        }
        print::line(&format!("To: {}", sanitise(&person.0)))?;
        print::line(&format!("Subject: {}", content.subject.printable()))?;
        for file in &content.attachments {
            print::line(&format!("File: {} ({} bytes)", sanitise(&file.name), file.text.raw().len()))?;
        }
        print::line("")?;
        lines(content.body.raw())?;
    }
    match copies.is_empty() {
        true => Err(Failed::No("This digest has no readers now.".to_owned())),
        false => Ok(()),
    }
}

fn lines(text: &str) -> Result<(), Failed> {
    text.lines().try_for_each(|line| print::line(&sanitise(line)))
}

async fn send(args: SendArgs, context: &Context) -> Result<(), Failed> {
    if !args.yes && std::io::stdin().is_terminal() {
        let to = args.to.clone().unwrap_or_else(|| "all its readers".to_owned());
        eprint!("Send digest {} now to {}? [y/N] ", sanitise(&args.name), sanitise(&to));
        let mut answer = String::new();
        let read = std::io::stdin().lock().read_line(&mut answer);
        if read.is_err() || !matches!(answer.trim(), "y" | "Y" | "yes") {
            return Err(Failed::No("Nothing was sent.".to_owned()));
        }
    }
    let path = format!("/v1/digests/{}/send", list::encoded(&args.name));
    let asked = DigestAsked { id: fresh_id(), to: args.to.map(PersonId) };
    let outcome: Outcome = context.client.post(&path, &asked).await?;
    if args.json {
        print::json(&outcome)?;
    }
    match outcome {
        Outcome::Done { .. } if args.json => Ok(()),
        Outcome::Done { said } => print::line(said.printable().as_str()),
        Outcome::Refused { refusal } => Err(Failed::No(refusal.said.printable().into_string())),
    }
}
