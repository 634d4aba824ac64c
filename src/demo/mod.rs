//! `nightdesk --demo`: the practice community and a throw-away desk that is configured to talk to
//! it. The agent is started like any other and knows nothing of this.

pub mod drill;
mod stage;

use super::on_one_thread;
use nightdesk::cli::{self, Cli, Failed};
use nightdesk::console;
use stage::{Stage, Wanted};

pub fn run(cli: &Cli) -> Result<(), Failed> {
    if let Some(name) = &cli.drill {
        return drill::run(cli, name);
    }
    let stage = Stage::set(cli)?;
    let login = stage::login();
    stage.configure(|community, intake| community.desk(intake, &login, jiff::Timestamp::now()))?;
    on_one_thread(async {
        cli::agent::start(&stage.context).await?;
        stage.play(Wanted::Day(stage.settings()));
        let shown = super::show(cli, &stage.context, console::AgentAfter::Ends, None).await;
        let stopped = cli::agent::end(&stage.context).await;
        shown.and(stopped)
    })
}
