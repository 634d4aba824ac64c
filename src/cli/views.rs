//! Saved views: queries under a name, one's own and those of the whole desk.

use super::list::{self, ListArgs, Things};
use super::print::{self, Table};
use super::search::{self, SearchArgs};
use super::{Context, Failed, act};
use crate::core::command::Action;
use crate::core::saved_view::{SavedView, ViewOf};
use crate::core::text::sanitise;
use crate::wire::search::{USUAL, ViewInfo};
use clap::{Args, Subcommand};

#[derive(Subcommand, Debug)]
pub enum ViewCommand {
    /// Your own, and those of the whole desk
    List(ViewListArgs),
    /// What a view finds now
    Show(ViewShowArgs),
    /// Keep a query under a name; one of the same name is replaced
    Save(ViewSaveArgs),
    /// Drop one of your own
    Delete {
        /// The name it is kept under
        #[arg(value_name = "NAME")]
        name: String,
    },
}

#[derive(Args, Debug)]
pub struct ViewListArgs {
    /// One JSON array
    #[arg(long)]
    pub json: bool,
}

#[derive(Args, Debug)]
pub struct ViewShowArgs {
    /// The name it is kept under
    #[arg(value_name = "NAME")]
    pub name: String,
    /// One JSON array
    #[arg(long)]
    pub json: bool,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub limit: u32,
}

#[derive(Args, Debug)]
pub struct ViewSaveArgs {
    /// What to call it
    #[arg(value_name = "NAME")]
    pub name: String,
    /// What it narrows: triage, stream, partners, contacts, messages or search
    #[arg(long, value_name = "PLACE", default_value = "search")]
    pub of: ViewOf,
    /// The query
    #[arg(required = true, value_name = "QUERY")]
    pub query: Vec<String>,
}

pub async fn run(command: ViewCommand, context: &Context) -> Result<(), Failed> {
    match command {
        ViewCommand::List(args) => {
            let views = views(context).await?;
            if args.json {
                return print::json(&views);
            }
            let mut table = Table::new(&["NAME", "OF", "WHOSE", "QUERY"]);
            for ViewInfo { view, shared } in views {
                table.row(vec![
                    view.name.into(),
                    view.of.as_str().into(),
                    if shared { "desk" } else { "you" }.into(),
                    print::cell(&view.query),
                ]);
            }
            table.print()
        }
        ViewCommand::Show(args) => show(&args, context).await,
        ViewCommand::Save(args) => {
            let query = args.query.join(" ").as_str().into();
            let view = SavedView { name: args.name, of: args.of, query };
            act::each([Action::SaveView { view }], |action| action, context).await
        }
        ViewCommand::Delete { name } => {
            act::each([Action::DropView { name }], |action| action, context).await
        }
    }
}

async fn views(context: &Context) -> Result<Vec<ViewInfo>, Failed> {
    Ok(context.client.get("/v1/views").await?)
}

async fn show(args: &ViewShowArgs, context: &Context) -> Result<(), Failed> {
    let found = views(context).await?.into_iter().find(|info| info.view.name == args.name);
    let Some(SavedView { of, query, .. }) = found.map(|info| info.view) else {
        return Err(Failed::No(format!(
            "There is no view {}; `nightdesk views list` shows what there is.",
            sanitise(&args.name)
        )));
    };
    let query = vec![query.raw().to_owned()];
    let things = match of {
        // Alerts come first in Triage; its tasks are `nightdesk tasks list`.
        ViewOf::Triage => Things::Alerts,
        ViewOf::Partners => Things::Partners,
        ViewOf::Contacts => Things::Contacts,
        ViewOf::Messages => Things::Notifications,
        ViewOf::Stream | ViewOf::Search => {
            let limit = if args.limit == 0 { USUAL } else { args.limit as usize };
            return search::run(&SearchArgs { query, json: args.json, limit }, context).await;
        }
    };
    let asked =
        ListArgs { query, json: args.json, states: None, partner: None, alert: None, limit: args.limit };
    list::list(things, &asked, context).await
}
