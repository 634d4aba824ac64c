//! How this console looks and is played: what was asked for, what the configuration says, and what
//! the terminal can do. Read once, before the first frame.
//!
//! A mistake in the configuration never keeps an operator out at night: what is wrong stays as it is
//! built in, and a line says so. `nightdesk check` refuses it.

use crate::config::{self, ConfigError, ConsoleSettings, NotifyWord, Problem};
use crate::console::Options;
use crate::console::keys::Keys;
use crate::console::look::{AUTO, Looks};
use crate::term::bell::Notify;
use crate::term::capabilities::{Background, Capabilities};
use std::path::Path;

#[derive(Debug)]
pub struct Setup {
    pub keys: Keys,
    pub looks: Looks,
    pub bell: bool,
    pub notify: Notify,
    /// What the operator should know about the configuration, a sentence each.
    pub warnings: Vec<String>,
}

impl Setup {
    /// Fails only where the command line asks for a theme that there is not.
    pub fn find(options: &Options) -> Result<Self, String> {
        let capabilities = Capabilities::of_environment(options.ascii);
        let mut looks = Looks::beside(&options.config, capabilities, Background::of_environment());
        let mut warnings: Vec<String> = looks.problems.drain(..).map(|problem| line(&problem)).collect();
        let said = config::console(&options.config).unwrap_or_else(|why| {
            warnings.extend(lines(&why));
            ConsoleSettings::default()
        });
        let keys = Keys::changed_by(&said.keys).unwrap_or_else(|problems| {
            warnings.extend(problems.iter().map(line));
            Keys::default()
        });
        looks.choose(AUTO)?;
        match (&options.theme, &said.theme) {
            (Some(asked), _) => looks.choose(asked)?,
            (None, Some((named, at))) => {
                if let Err(why) = looks.choose(named) {
                    warnings.push(line(&said.keys.problem(at.clone(), why)));
                }
            }
            (None, None) => {}
        }
        let notify = match said.notify {
            NotifyWord::Off => Notify::Off,
            NotifyWord::Osc9 => Notify::Osc9,
            NotifyWord::Osc777 => Notify::Osc777,
        };
        Ok(Self { keys, looks, bell: !said.silent, notify, warnings })
    }
}

/// Everything that is wrong in a configuration with the console's part of it, and in the themes beside it.
pub fn problems(config: &Path) -> Vec<Problem> {
    let mut looks = Looks::beside(config, Capabilities::of_environment(false), Background::Dark);
    let mut problems = std::mem::take(&mut looks.problems);
    match config::console(config) {
        Ok(said) => {
            problems.extend(Keys::changed_by(&said.keys).err().unwrap_or_default());
            if let Some((named, at)) = said.theme
                && let Err(why) = looks.choose(&named)
            {
                problems.push(said.keys.problem(at, why));
            }
        }
        Err(ConfigError::Wrong { problems: more }) => problems.extend(more),
        Err(ConfigError::Unreadable { .. }) => {}
    }
    problems
}

fn lines(why: &ConfigError) -> Vec<String> {
    match why {
        ConfigError::Wrong { problems } => problems.iter().map(line).collect(),
        other => vec![other.to_string()],
    }
}

fn line(problem: &Problem) -> String {
    format!("{}:{}:{}: {}", problem.file, problem.line, problem.column, problem.message)
}
