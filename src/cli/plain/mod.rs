//! The console without a screen: a line for everything that happens, and a prompt for everything one
//! can do. For screen readers, for logs and for pipes: no colour, no cursor that jumps, nothing that
//! is written over.
//!
//! The prompt speaks the language of the command line ([`words`] adds that of the palette), so that
//! there is no second list of what can be done.

pub mod ask;
pub mod say;
pub mod words;

use super::{Cli, Command, Context, Failed, print, time};
use crate::console::desk::Desk;
use crate::console::find;
use crate::console::line::Line;
use crate::console::link::AgentLink;
use crate::console::message::Msg;
use crate::console::model::{Filter, Model};
use crate::console::say::sentence;
use crate::core::text::sanitise;
use clap::Parser;
use jiff::Timestamp;
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use std::io::{BufRead, IsTerminal, Write};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use words::{Announce, Own, Said, WORDS};

/// As many of one batch are said, most urgent first; of the rest their number.
const AT_ONCE: usize = 10;

/// Announces and obeys until somebody leaves. Without anybody at the prompt it only announces.
pub async fn run(context: &Context, read_only: bool) -> Result<(), Failed> {
    let (tell, heard) = unbounded_channel();
    let listening = tokio::spawn(AgentLink::new(context.client.clone(), tell).listen());
    let mut plain = Plain {
        context,
        heard,
        lines: lines(),
        model: Model::new(Timestamp::now()),
        announce: Announce::Usual,
        warned: Vec::new(),
        away: false,
        obeyed: false,
        prompted: false,
    };
    if read_only {
        plain.say("Read-only: every action is refused.")?;
    }
    let ended = plain.go_on().await;
    listening.abort();
    ended
}

struct Plain<'c> {
    context: &'c Context,
    heard: UnboundedReceiver<Msg>,
    lines: UnboundedReceiver<Option<String>>,
    /// Holds the desk and knows what is most urgent.
    model: Model,
    announce: Announce,
    /// What of the desk was last said not to work.
    warned: Vec<String>,
    away: bool,
    /// Somebody is, or was, at the prompt.
    obeyed: bool,
    /// The cursor stands behind a prompt.
    prompted: bool,
}

/// What is typed, line by line, on a thread of its own; `None` at its end.
fn lines() -> UnboundedReceiver<Option<String>> {
    let (tell, lines) = unbounded_channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            let Ok(line) = line else { break };
            if tell.send(Some(line)).is_err() {
                return;
            }
        }
        // Nobody is left to tell when the console has ended.
        let _ = tell.send(None);
    });
    lines
}

impl Plain<'_> {
    async fn go_on(&mut self) -> Result<(), Failed> {
        // What is typed ahead waits until there is a desk to ask.
        while self.model.desk.is_none() {
            match self.heard.recv().await {
                Some(msg) => self.hear(msg)?,
                None => return Ok(()),
            }
            if self.away && self.model.desk.is_none() {
                break;
            }
        }
        self.prompt()?;
        let mut typing = true;
        loop {
            tokio::select! {
                biased;
                Some(msg) = self.heard.recv() => self.hear(msg)?,
                line = self.lines.recv(), if typing => match line.flatten() {
                    Some(line) => {
                        self.prompted = false;
                        self.obeyed = true;
                        if self.obey(&line).await? == Then::Leave {
                            return Ok(());
                        }
                        self.prompt()?;
                    }
                    None if self.obeyed => return Ok(()),
                    // Nobody ever typed anything: a log, which goes on.
                    None => typing = false,
                },
                else => return Ok(()),
            }
        }
    }

    fn say(&mut self, line: &str) -> Result<(), Failed> {
        if std::mem::take(&mut self.prompted) {
            print::line("")?;
        }
        print::line(line)
    }

    fn prompt(&mut self) -> Result<(), Failed> {
        if !std::io::stdin().is_terminal() {
            return Ok(());
        }
        self.prompted = true;
        let mut out = std::io::stdout().lock();
        let written = out.write_all(b"nightdesk> ").and_then(|()| out.flush());
        written.map_err(|why| Failed::No(format!("standard output cannot be written: {why}")))
    }

    fn hear(&mut self, msg: Msg) -> Result<(), Failed> {
        let was_prompted = self.prompted;
        match msg {
            Msg::Snapshot(snapshot) => {
                let first = self.model.desk.is_none();
                self.model.now = snapshot.now;
                let (name, host) =
                    (sanitise(&snapshot.desk.name).into_owned(), sanitise(&snapshot.desk.host).into_owned());
                let practice = if snapshot.desk.practice { ", PRACTICE" } else { "" };
                let pin_needed = snapshot.me.pin_needed;
                self.model.desk = Some(Desk::new(*snapshot));
                self.away = false;
                self.say(&format!("Live: desk {name} on {host}{practice}."))?;
                if pin_needed {
                    self.say("This login is shared; say who you are first: login PERSON.")?;
                }
                if first {
                    self.overview()?;
                    self.say("help says what can be typed.")?;
                }
                self.note_warnings();
            }
            Msg::Told(Ok(messages)) => {
                if let Some(desk) = &mut self.model.desk {
                    messages.into_iter().for_each(|message| desk.messages.learn(message));
                }
            }
            Msg::Changes(changes) => self.changes(changes)?,
            Msg::Health(health) => {
                self.model.now = Timestamp::now();
                if let Some(desk) = &mut self.model.desk {
                    desk.health(*health);
                }
                for (line, before) in self.news_of_the_desk() {
                    self.say(&if before { format!("No longer: {line}") } else { line })?;
                }
            }
            Msg::Away(why) if !self.away => {
                self.away = true;
                self.say(&format!("The agent is away: {why}. Trying again."))?;
            }
            _ => {}
        }
        if was_prompted && !self.prompted {
            self.prompt()?;
        }
        Ok(())
    }

    fn changes(&mut self, changes: Vec<crate::core::change::Numbered>) -> Result<(), Failed> {
        let Some(desk) = &mut self.model.desk else { return Ok(()) };
        let mut lines = Vec::new();
        for numbered in changes {
            let kept = numbered.clone();
            if desk.fold(numbered) {
                let severity =
                    kept.change.alert.and_then(|alert| desk.alerts.get(&alert)).map(|alert| alert.severity);
                lines.extend(say::change(desk, &kept, self.announce).map(|line| (severity, line)));
            }
        }
        self.model.now = Timestamp::now();
        let more = lines.len().saturating_sub(AT_ONCE);
        if more > 0 {
            // A stable order: those of one severity stay as they came.
            lines.sort_by_key(|(severity, _)| std::cmp::Reverse(*severity));
            lines.truncate(AT_ONCE);
        }
        for (_, line) in lines {
            self.say(&line)?;
        }
        if more > 0 {
            self.say(&format!("{more} more at once: stream."))?;
        }
        Ok(())
    }

    fn note_warnings(&mut self) {
        self.warned =
            self.model.desk.as_ref().map(|desk| say::warnings(desk, self.model.now)).unwrap_or_default();
    }

    /// What no longer works (`false`), and what works again (`true`).
    fn news_of_the_desk(&mut self) -> Vec<(String, bool)> {
        let before = std::mem::take(&mut self.warned);
        self.note_warnings();
        let new = self.warned.iter().filter(|line| !before.contains(line)).map(|line| (line.clone(), false));
        let gone = before.iter().filter(|line| !self.warned.contains(line)).map(|line| (line.clone(), true));
        new.chain(gone).collect()
    }

    fn overview(&mut self) -> Result<(), Failed> {
        let lines = match &self.model.desk {
            Some(desk) => {
                let (alerts, tasks) = (self.model.wanted_alerts(), self.model.wanted_tasks());
                let alerts: Vec<_> = alerts.iter().filter_map(|id| desk.alerts.get(id)).collect();
                let tasks: Vec<_> = tasks.iter().filter_map(|id| desk.tasks.get(id)).collect();
                say::overview(desk, &alerts, &tasks, self.model.now)
            }
            None => vec!["Nothing has come from the agent yet.".to_owned()],
        };
        lines.iter().try_for_each(|line| self.say(line))
    }

    async fn obey(&mut self, line: &str) -> Result<Then, Failed> {
        match words::read(line) {
            Ok(None) => Ok(Then::GoOn),
            Ok(Some(Said::Own(own))) => self.own(own).await,
            Ok(Some(Said::Run(words))) => {
                self.run(&words).await?;
                Ok(Then::GoOn)
            }
            Err(why) => {
                self.say(&format!("No: {why}"))?;
                Ok(Then::GoOn)
            }
        }
    }

    async fn own(&mut self, own: Own) -> Result<Then, Failed> {
        self.model.now = Timestamp::now();
        match own {
            Own::Overview => self.overview()?,
            Own::Sources | Own::Configuration => {
                let Some(desk) = &self.model.desk else { return Ok(Then::GoOn) };
                let lines = match own {
                    Own::Sources => say::sources(desk, self.model.now),
                    _ => say::configuration(desk),
                };
                lines.iter().try_for_each(|line| self.say(line))?;
            }
            Own::Recent => {
                let Some(desk) = &self.model.desk else { return Ok(Then::GoOn) };
                let recent = desk.recent.iter().rev().take(20).rev();
                let lines: Vec<String> =
                    recent.filter_map(|numbered| say::change(desk, numbered, Announce::Everything)).collect();
                lines.iter().try_for_each(|line| self.say(line))?;
            }
            Own::Find(words) => {
                self.model.triage.filter = Filter { line: Line::new(&words), open: false };
                if let Some(problem) = find::problem(&self.model, &self.model.triage.filter) {
                    self.say(&sentence(&problem.to_string()))?;
                }
                let Some(desk) = &self.model.desk else { return Ok(Then::GoOn) };
                let alerts = self.model.wanted_alerts().into_iter().filter_map(|id| desk.alerts.get(&id));
                let tasks = self.model.wanted_tasks().into_iter().filter_map(|id| desk.tasks.get(&id));
                let alerts = alerts.map(|one| say::alert(desk, one, self.model.now));
                let lines: Vec<String> =
                    alerts.chain(tasks.map(|one| say::task(desk, one, self.model.now))).collect();
                self.model.triage.filter = Filter::default();
                if lines.is_empty() {
                    self.say("No alert and no task is found.")?;
                }
                lines.iter().try_for_each(|line| self.say(line))?;
            }
            Own::Announce(announce) => {
                self.announce = announce;
                self.say(match announce {
                    Announce::Nothing => "Nothing more is announced.",
                    Announce::Usual => "What somebody may have to do something about is announced.",
                    Announce::Everything => "Everything is announced.",
                })?;
            }
            Own::LogIn(person) => {
                let pin = self.answer("Your PIN:", Typed::Unseen).await?;
                self.context.client.log_in(&person, pin.trim());
                let me = self.context.client.get::<crate::wire::Me>("/v1/me").await;
                match me {
                    Ok(me) => {
                        let name = me.person.map_or(me.login, |person| person.name);
                        self.say(&format!("You are {}.", sanitise(&name)))?;
                    }
                    Err(why) => self.say(&format!("No: {why}"))?,
                }
            }
            Own::Help(of) => self.help(of.as_deref())?,
            Own::Leave => return Ok(Then::Leave),
        }
        Ok(Then::GoOn)
    }

    fn help(&mut self, of: Option<&str>) -> Result<(), Failed> {
        let words: Vec<_> = WORDS.iter().filter(|word| of.is_none_or(|of| word.name == of)).collect();
        for word in &words {
            let takes = if word.takes.is_empty() { String::new() } else { format!(" {}", word.takes) };
            self.say(&format!("{}{takes}: {}.", word.name, word.help))?;
        }
        self.say(if words.is_empty() {
            "There is no such word; help lists them."
        } else {
            "Every subcommand of nightdesk can be typed as well; with --help it explains itself."
        })
    }

    /// A command line of the program, with its question first where it cannot be taken back.
    async fn run(&mut self, words: &[String]) -> Result<(), Failed> {
        let typed = std::iter::once("nightdesk").chain(words.iter().map(String::as_str));
        let command = match Cli::try_parse_from(typed) {
            Ok(Cli { command: Some(command), .. }) => command,
            Ok(_) => return self.say("No: help says what can be typed."),
            Err(why) => {
                let said = why.render().to_string();
                return said
                    .lines()
                    .filter(|line| !line.trim().is_empty())
                    .try_for_each(|line| self.say(line));
            }
        };
        if matches!(
            command,
            Command::Agent(_) | Command::Tail(_) | Command::Completions { .. } | Command::Man
        ) {
            return self.say("No: that is a command for the shell, not for this prompt.");
        }
        let kept = matches!(command, Command::Ack(_) | Command::Note(_));
        let done = match ask::before(command, self.context).await {
            Ok(ask::Before::Do(command)) => Box::pin(super::run(*command, self.context)).await,
            Ok(ask::Before::Ask(lines, command)) => {
                lines.iter().try_for_each(|line| self.say(line))?;
                let answer =
                    self.answer("Do it? Type yes to do it; anything else leaves it:", Typed::Seen).await?;
                if answer.trim().eq_ignore_ascii_case("yes") {
                    Box::pin(super::run(*command, self.context)).await
                } else {
                    return self.say("Nothing was done.");
                }
            }
            Err(why) => Err(why),
        };
        match done {
            Ok(()) => Ok(()),
            // The console on a screen keeps these; here nothing is kept, and nobody should think so.
            Err(why @ Failed::NoAgent(_)) if kept => {
                self.say(&format!("No: {why}"))?;
                self.say("Nothing was done and nothing is kept; pages continue. Type it again when the agent is live.")
            }
            Err(why) => format!("No: {why}").lines().try_for_each(|line| self.say(line)),
        }
    }

    /// The next line that is typed. No line is an empty answer.
    async fn answer(&mut self, question: &str, typed: Typed) -> Result<String, Failed> {
        self.say(question)?;
        let echo = Echo::off(typed);
        let line = self.lines.recv().await.flatten().unwrap_or_default();
        drop(echo);
        Ok(line)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Then {
    GoOn,
    Leave,
}

/// Whether what is typed shows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Typed {
    Seen,
    Unseen,
}

/// Keeps the terminal from showing what is typed while it lives.
struct Echo(Option<rustix::termios::Termios>);

impl Echo {
    fn off(typed: Typed) -> Self {
        let stdin = std::io::stdin();
        let before = tcgetattr(&stdin).ok().filter(|_| typed == Typed::Unseen);
        if let Some(mut modes) = before.clone() {
            modes.local_modes.remove(LocalModes::ECHO);
            let _ = tcsetattr(&stdin, OptionalActions::Now, &modes);
        }
        Self(before)
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        if let Some(before) = &self.0 {
            let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, before);
        }
    }
}

/// Settles the zone first, so that the first line already has the asker's time.
pub async fn open(context: &Context, read_only: bool) -> Result<(), Failed> {
    // Without an agent the prompt waits for one.
    let _ = time::settle(context).await;
    run(context, read_only).await
}
