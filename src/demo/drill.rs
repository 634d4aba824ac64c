//! Runs a drill: shows its briefing, starts agent and community when the operator is ready, counts what the
//! agent publishes, and says in the end how it went. It listens to the agent like any other client.

use super::on_one_thread;
use super::stage::{self, Stage, Wanted};
use futures_util::StreamExt;
use jiff::Timestamp;
use nightdesk::cli::drill::DrillCommand;
use nightdesk::cli::{self, Cli, Failed, print};
use nightdesk::console::AgentAfter;
use nightdesk::console::drill::{News, Phase, Seat, Weight};
use nightdesk::console::view::drill::laid;
use nightdesk::practice::drill::{Drill, Line, Score, Weight as Said};
use nightdesk::wire::client::{Client, StreamItem};
use std::collections::BTreeSet;
use std::io::IsTerminal;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch};

/// The width of what is printed.
const COLUMNS: u16 = 79;

/// How often it is looked whether the time is over.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// `nightdesk drill …`.
pub fn command(command: &DrillCommand) -> Result<(), Failed> {
    let DrillCommand::List { json } = command;
    let drills = shipped()?;
    if *json {
        let rows: Vec<_> = drills
            .iter()
            .map(|drill| {
                serde_json::json!({ "name": drill.name, "title": drill.title, "about": drill.about,
                    "seconds": drill.seconds, "goals": drill.goals.len() })
            })
            .collect();
        return print::json(&rows);
    }
    for drill in &drills {
        print::line(&format!("{:<12} {}", drill.name, drill.about))?;
    }
    eprintln!("nightdesk --demo --drill {} begins the first of them.", drills[0].name);
    Ok(())
}

pub fn run(cli: &Cli, name: &str) -> Result<(), Failed> {
    let drills = shipped()?;
    let Some(at) = drills.iter().position(|drill| drill.name == name) else {
        let known: Vec<&str> = drills.iter().map(|drill| drill.name.as_str()).collect();
        return Err(Failed::Usage(format!("there is no drill of that name; there are {}", known.join(", "))));
    };
    let course = Course::new(drills[at].clone(), drills.get(at + 1).cloned());
    let stage = Stage::set(cli)?;
    let with_console = std::io::stdin().is_terminal() && std::io::stdout().is_terminal() && !cli.plain;
    let ended = on_one_thread(async {
        match with_console {
            true => in_console(cli, stage, course.clone()).await,
            false => without_console(cli, stage, course.clone()).await,
        }
    });
    let score = course.score();
    ended.and(match score {
        None => Err(Failed::No("the drill was left before it began".to_owned())),
        Some(score) if score.is_passed() => Ok(()),
        Some(score) => Err(Failed::No(score.result())),
    })
}

fn shipped() -> Result<Vec<Drill>, Failed> {
    Drill::shipped().map_err(|why| Failed::No(why.to_string()))
}

/// The operator has a console; when they leave it, the night is over.
async fn in_console(cli: &Cli, stage: Stage, course: Course) -> Result<(), Failed> {
    // How the console looks may be said there; the night's own times follow when it begins.
    course.configure(&stage)?;
    let (begin, mut begun) = mpsc::unbounded_channel();
    let seat = Seat { news: course.news.subscribe(), begin };
    let shown = {
        let mut console = pin!(crate::show(cli, &stage.context, AgentAfter::Ends, Some(seat)));
        let mut night = pin!(async {
            match begun.recv().await {
                Some(()) => {
                    course.begin(&stage).await?;
                    course.listen(&stage.context.client).await;
                    Ok(())
                }
                None => std::future::pending().await,
            }
        });
        let mut ended: Option<Result<(), Failed>> = None;
        loop {
            tokio::select! {
                shown = &mut console => break shown,
                // An agent that does not start ends it; a drill that is over leaves the operator where they are.
                over = &mut night, if ended.is_none() => match over {
                    Ok(()) => ended = Some(Ok(())),
                    Err(why) => break Err(why),
                },
            }
        }
    };
    course.end();
    if course.score().is_none() {
        // It may have been left while the agent was starting.
        let _ = cli::agent::end(&stage.context).await;
        return shown;
    }
    let stopped = cli::agent::end(&stage.context).await;
    course.debrief()?;
    shown.and(stopped)
}

/// The operator reads here what is wanted, and acts from elsewhere by commands; or here, a line at a time.
async fn without_console(cli: &Cli, stage: Stage, course: Course) -> Result<(), Failed> {
    write_out(course.drill.briefing())?;
    course.begin(&stage).await?;
    print::line("")?;
    print::line("Act from another terminal, with these:")?;
    print::line(&format!("export NIGHTDESK_CONFIG={}", stage.config().display()))?;
    print::line(&format!("export NIGHTDESK_STATE={}", stage.context.paths.state.display()))?;
    print::line("")?;
    let listened = {
        let mut said = pin!(course.say());
        let mut listening = pin!(course.listen(&stage.context.client));
        let mut plain = pin!(async {
            match cli.plain {
                true => crate::show(cli, &stage.context, AgentAfter::Ends, None).await,
                false => std::future::pending().await,
            }
        });
        let ends = |kind| signal(kind).map_err(|why| Failed::No(format!("signals cannot be heard: {why}")));
        let (mut term, mut int, mut hup) =
            (ends(SignalKind::terminate())?, ends(SignalKind::interrupt())?, ends(SignalKind::hangup())?);
        tokio::select! {
            said = &mut said => said,
            left = &mut plain => left,
            () = &mut listening => Ok(()),
            _ = term.recv() => Ok(()),
            _ = int.recv() => Ok(()),
            _ = hup.recv() => Ok(()),
        }
    };
    course.end();
    let stopped = cli::agent::end(&stage.context).await;
    course.debrief()?;
    listened.and(stopped)
}

/// A drill under way: its score, and what is told of it.
#[derive(Clone)]
struct Course {
    drill: Drill,
    next: Option<Drill>,
    score: Arc<Mutex<Option<Score>>>,
    news: watch::Sender<News>,
    reached: watch::Sender<BTreeSet<String>>,
}

impl Course {
    fn new(drill: Drill, next: Option<Drill>) -> Self {
        let news = News {
            phase: Phase::Briefing,
            title: drill.title.clone(),
            line: String::new(),
            hints: Vec::new(),
            page: page(drill.briefing()),
        };
        Self {
            drill,
            next,
            score: Arc::default(),
            news: watch::Sender::new(news),
            reached: watch::Sender::default(),
        }
    }

    /// Writes a desk whose times begin now.
    fn configure(&self, stage: &Stage) -> Result<(), Failed> {
        let login = stage::login();
        stage.configure(|community, intake| community.desk_of(&self.drill, intake, &login, Timestamp::now()))
    }

    /// Starts the agent on a desk whose times begin now, and then the community.
    async fn begin(&self, stage: &Stage) -> Result<(), Failed> {
        self.configure(stage)?;
        cli::agent::start(&stage.context).await?;
        *self.locked() = Some(Score::new(self.drill.clone(), Timestamp::now()));
        self.tell();
        let settings = stage.settings();
        stage.play(Wanted::Drill(Box::new(self.drill.clone()), settings, self.reached.subscribe()));
        Ok(())
    }

    /// Counts what the agent publishes until the drill is over.
    async fn listen(&self, client: &Client) {
        let mut look = tokio::time::interval(LOOK_EVERY);
        let mut since = 0;
        loop {
            let mut stream = pin!(client.stream(since));
            loop {
                tokio::select! {
                    item = stream.next() => match item {
                        Some(Ok(StreamItem::Change(change))) => {
                            since = change.seq;
                            if let Ok(line) = serde_json::to_value(&change) {
                                self.with(|score| score.hear(&line, change.change.at));
                            }
                        }
                        Some(Ok(_)) => {}
                        // The agent is away; what it says meanwhile is heard afterwards.
                        Some(Err(_)) | None => break,
                    },
                    _ = look.tick() => self.with(|score| score.pass(Timestamp::now())),
                }
                if self.score().is_none_or(|score| score.is_over()) {
                    return;
                }
            }
            look.tick().await;
        }
    }

    /// Prints what is wanted whenever that changes.
    async fn say(&self) -> Result<(), Failed> {
        let mut news = self.news.subscribe();
        let mut last = String::new();
        loop {
            let line = news.borrow_and_update().line.clone();
            if line != last && !line.is_empty() {
                print::line(&line)?;
                last = line;
            }
            if news.changed().await.is_err() {
                return Ok(());
            }
        }
    }

    /// Nothing counts from now on.
    fn end(&self) {
        self.with(Score::end);
    }

    fn debrief(&self) -> Result<(), Failed> {
        let Some(score) = self.score() else { return Ok(()) };
        print::line("")?;
        write_out(score.debrief(self.next.as_ref()))
    }

    fn score(&self) -> Option<Score> {
        self.locked().clone()
    }

    fn with(&self, act: impl FnOnce(&mut Score)) {
        if let Some(score) = &mut *self.locked() {
            act(score);
        }
        self.tell();
    }

    fn tell(&self) {
        let Some(score) = self.score() else { return };
        let reached: BTreeSet<String> = score.reached().map(str::to_owned).collect();
        self.reached.send_if_modified(|known| {
            let news = *known != reached;
            *known = reached;
            news
        });
        let over = score.is_over();
        let news = News {
            phase: if over { Phase::Over } else { Phase::Running },
            title: self.drill.title.clone(),
            line: score.line(),
            hints: score.hints().to_vec(),
            page: page(if over { score.debrief(self.next.as_ref()) } else { self.drill.briefing() }),
        };
        self.news.send_if_modified(|known| {
            let changed = *known != news;
            *known = news;
            changed
        });
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, Option<Score>> {
        self.score.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Prints a page for a terminal, or whatever reads it.
fn write_out(lines: Vec<Line>) -> Result<(), Failed> {
    lines.iter().flat_map(|(_, line)| laid(line, COLUMNS)).try_for_each(|line| print::line(&line))
}

fn page(lines: Vec<Line>) -> Vec<(Weight, String)> {
    let weight = |said| match said {
        Said::Head => Weight::Head,
        Said::Plain => Weight::Plain,
        Said::Good => Weight::Good,
        Said::Bad => Weight::Bad,
        Said::Quiet => Weight::Quiet,
    };
    lines.into_iter().map(|(said, line)| (weight(said), line)).collect()
}
