//! Contacts from spreadsheets and into them.

use super::{Context, Failed, print};
use crate::core::contact::Contact;
use crate::core::contact_commands::{RowOutcome, RowTaken};
use crate::core::counted::counted;
use crate::core::sheet::{self, BadRow};
use crate::wire::Import;
use clap::Args;
use jiff::Timestamp;
use serde::Serialize;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;

#[derive(Args, Debug)]
pub struct ImportArgs {
    /// A CSV file whose first row names the columns; `contacts export` shows them
    pub file: PathBuf,
    /// Say what would change, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// The name this spreadsheet goes by from one import to the next [default: the file's name]
    #[arg(long, value_name = "NAME")]
    pub source: Option<String>,
    /// One JSON object
    #[arg(long)]
    pub json: bool,
}

#[derive(Args, Debug)]
pub struct ExportArgs {
    /// Only of this partner (its id)
    #[arg(long, value_name = "ID")]
    pub partner: Option<String>,
}

/// What an import did, or would do.
#[derive(Debug, Default, Serialize)]
struct Report {
    dry_run: bool,
    created: usize,
    changed: usize,
    same: usize,
    conflicts: usize,
    erased: usize,
    rows: Vec<RowTaken>,
    /// Rows not taken, each with why.
    invalid: Vec<BadRow>,
}

/// Rows in one request.
const AT_ONCE: usize = 200;

pub async fn import(args: &ImportArgs, context: &Context) -> Result<(), Failed> {
    let shown = crate::core::text::sanitise(&args.file.display().to_string()).into_owned();
    let bytes =
        std::fs::read(&args.file).map_err(|why| Failed::Usage(format!("{shown} cannot be read: {why}")))?;
    let text = String::from_utf8(bytes)
        .map_err(|_| Failed::Usage(format!("{shown} is not UTF-8 text; save it as \"CSV UTF-8\"")))?;
    let sheet = sheet::read(&text).map_err(|why| Failed::Usage(format!("{shown}: {why}")))?;
    let named = args.file.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let source = args.source.clone().or(named).unwrap_or_default();
    let mut report = Report { dry_run: args.dry_run, invalid: sheet.bad, ..Report::default() };
    for rows in sheet.rows.chunks(AT_ONCE) {
        let asked = Import { source: source.clone(), dry_run: args.dry_run, rows: rows.to_vec() };
        let taken: Vec<RowTaken> = context.client.post("/v1/contacts/import", &asked).await?;
        report.rows.extend(taken);
    }
    for row in &report.rows {
        *match row.outcome {
            RowOutcome::Created => &mut report.created,
            RowOutcome::Changed => &mut report.changed,
            RowOutcome::Same => &mut report.same,
            RowOutcome::Conflict => &mut report.conflicts,
            RowOutcome::Erased => &mut report.erased,
        } += 1;
    }
    say(&report, args.json)?;
    match (report.conflicts, report.invalid.len()) {
        (0, 0) => Ok(()),
        (0, bad) => Err(Failed::No(format!(
            "{} not taken; mend and import again.",
            counted(bad, "row was", "rows were")
        ))),
        (conflicts, _) => Err(Failed::No(format!(
            "{} in conflict: `nightdesk contacts conflicts` shows both values.",
            counted(conflicts, "contact is", "contacts are")
        ))),
    }
}

fn say(report: &Report, json: bool) -> Result<(), Failed> {
    if json {
        return print::json(report);
    }
    for row in report.rows.iter().filter(|row| row.outcome != RowOutcome::Same) {
        let id = row.id.printable();
        let taken = match row.taken.is_empty() {
            true => String::new(),
            false => format!(" ({})", row.taken.join(", ")),
        };
        print::line(&match row.outcome {
            RowOutcome::Created => format!("line {}: {id} is new", row.line),
            RowOutcome::Conflict => {
                format!(
                    "line {}: {id}: {} changed both here and there{taken}",
                    row.line,
                    row.disputed.join(", ")
                )
            }
            RowOutcome::Erased => format!("line {}: {id} was erased here, and stays so", row.line),
            RowOutcome::Changed | RowOutcome::Same => format!("line {}: {id} changes{taken}", row.line),
        })?;
    }
    for bad in &report.invalid {
        print::line(&format!("line {}: not taken: {}", bad.line, bad.why))?;
    }
    let would = if report.dry_run { "nothing was changed; it would be: " } else { "" };
    print::line(&format!(
        "{would}{} new, {} changed, {} as they were, {} in conflict, {} not taken",
        report.created,
        report.changed,
        report.same,
        report.conflicts,
        report.invalid.len() + report.erased
    ))
}

pub async fn export(args: &ExportArgs, context: &Context) -> Result<(), Failed> {
    let mut path = "/v1/contacts?limit=100000".to_owned();
    if let Some(partner) = &args.partner {
        path.push_str(&format!("&partner={}", super::list::encoded(partner)));
    }
    let mut contacts: Vec<Contact> = context.client.get(&path).await?;
    contacts.sort_by(|one, other| one.id.cmp(&other.id));
    let written = sheet::write(&contacts, Timestamp::now());
    if std::io::stdout().is_terminal() {
        return written.lines().try_for_each(print::line);
    }
    // As it is: the file is for a program.
    let mut out = std::io::stdout().lock();
    out.write_all(written.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|why| Failed::No(format!("the sheet cannot be written: {why}")))
}
