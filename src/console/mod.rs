//! The console: what an operator sees and does at night.
//!
//! Keys and the agent's words arrive as [`message::Msg`]s in one order. [`update::update`] folds
//! them into the [`model::Model`] and answers with effects; a view paints the model. Only this file
//! touches the world. It draws at once after a key, together after changes, and not at all while
//! nothing changes.

pub mod act;
pub mod allowed;
pub mod appear;
pub mod beside;
pub mod bulk;
pub mod clock;
pub mod colours;
pub mod configuration;
pub mod contacts;
pub mod cover;
pub mod desk;
pub mod dialog;
pub mod drill;
pub mod effect;
pub mod find;
pub mod follow;
pub mod form;
pub mod goal;
pub mod handover;
pub mod heard;
pub mod intent;
pub mod keep;
pub mod keymap;
pub mod keys;
pub mod known;
pub mod line;
pub mod link;
pub mod look;
pub mod message;
pub mod messages;
pub mod model;
pub mod moved;
pub mod moves;
pub mod narrow;
pub mod nav;
pub mod newcomer;
pub mod oncall;
pub mod order;
pub mod others;
pub mod partners;
pub mod people;
pub mod pick;
pub mod press;
pub mod providers;
pub mod question;
pub mod resend;
pub mod rows;
pub mod say;
pub mod search;
pub mod setup;
pub mod sort;
pub mod sources;
pub mod streamed;
pub mod templates;
pub mod theme;
pub mod told;
pub mod update;
pub mod view;
pub mod views;
pub mod waiting;
pub mod why;

use crate::console::effect::Effect;
use crate::console::keep::Keeper;
use crate::console::link::AgentLink;
use crate::console::message::Msg;
use crate::console::model::Model;
use crate::console::newcomer::Newcomer;
use crate::console::setup::Setup;
use crate::console::update::update;
use crate::term::bell::Bell;
use crate::term::capabilities::Within;
use crate::term::frames::Frames;
use crate::term::guard::Guard;
use crate::term::input::Input;
use crate::term::{clipboard, frames, input};
use crate::wire::client::Client;
use jiff::Timestamp;
use std::fs::File;
use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout_at};

/// Changes that come within this time are drawn as one frame.
const TOGETHER: Duration = Duration::from_millis(60);
/// If the agent answers sooner than this, its snapshot is the first frame.
const ANSWERS_WITHIN: Duration = Duration::from_millis(100);

/// So long a console that ends waits for answers.
const HEARS_OUT: Duration = Duration::from_secs(1);

#[derive(Clone, Debug)]
pub struct Options {
    /// The way to the agent.
    pub client: Client,
    /// The configuration, which may say how the console looks and is played.
    pub config: PathBuf,
    /// Write nothing but ASCII, whatever the locale says.
    pub ascii: bool,
    /// The theme that was asked for on the command line.
    pub theme: Option<String>,
    /// Nothing is to be done from here, whoever looks.
    pub read_only: bool,
    pub agent: AgentAfter,
    /// Where what waits for the agent is kept.
    pub state: PathBuf,
    /// A drill to be played; the agent runs once its briefing is closed.
    pub drill: Option<drill::Seat>,
}

/// What becomes of the agent when the operator leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AgentAfter {
    GoesOn,
    /// It was started for this console alone.
    Ends,
}

#[derive(Debug, thiserror::Error)]
pub enum ConsoleError {
    #[error(
        "the console needs a terminal that can be drawn on; nightdesk --plain does without one, and every action is also a subcommand, see nightdesk --help"
    )]
    NotATerminal,
    /// The command line asked for something that there is not.
    #[error("{0}")]
    Usage(String),
    #[error("the terminal failed: {0}")]
    Terminal(#[from] io::Error),
}

/// Runs until the operator leaves or the terminal is gone.
pub async fn run(options: Options) -> Result<(), ConsoleError> {
    let dumb = std::env::var("TERM").is_ok_and(|term| term == "dumb");
    if dumb || !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return Err(ConsoleError::NotATerminal);
    }
    let setup = Setup::find(&options).map_err(ConsoleError::Usage)?;
    let (tell, messages) = unbounded_channel();
    let link = AgentLink::new(options.client, tell.clone());
    let signals = Signals::listen()?;
    let guard = Guard::take()?;
    let keys = tell.clone();
    input::read(move |input| keys.send(Msg::Input(input)).is_ok())?;
    let (width, height) = frames::size();
    let mut model = Model::new(Timestamp::now());
    model.agent_after = options.agent;
    model.session = link.session().to_owned();
    // One that only looks takes nothing over that another console left to be sent.
    let keeper = (!options.read_only).then(|| Keeper::start(&options.state, link.session(), tell.clone()));
    model.read_only = options.read_only;
    (model.keys, model.looks, model.warnings) = (setup.keys, setup.looks, setup.warnings);
    model.local = std::env::var("TZ").ok().and_then(|named| clock::zone_named(&named));
    model.clipboard = clipboard::longest(Within::of_environment());
    let newcomer = Newcomer::new(options.state.join("console.seen"));
    model.newcomer = newcomer.is_here();
    update(&mut model, Msg::Size(width, height));
    // Before a drill begins no agent runs.
    let listening = match &options.drill {
        None => tokio::spawn(link.clone().listen()),
        Some(seat) => {
            tokio::spawn(drill::follow(seat.news.clone(), tell.clone()));
            tokio::spawn(std::future::pending())
        }
    };
    let mut console = Console {
        listening,
        seat: options.drill,
        frames: Frames::new(frames::terminal()?, width, height),
        model,
        bell: Bell::new(setup.bell, setup.notify, Within::of_environment()),
        began: Instant::now(),
        link,
        keeper,
        tell,
        newcomer,
        guard,
        draw_at: Some(Instant::now() + ANSWERS_WITHIN),
    };
    console.go_on(messages, signals).await
}

struct Signals {
    ends: [Signal; 3],
    stop: Signal,
    go_on: Signal,
    resized: Signal,
}

impl Signals {
    fn listen() -> io::Result<Self> {
        use rustix::process::Signal as Number;
        let on = |number: Number| signal(SignalKind::from_raw(number.as_raw()));
        Ok(Self {
            ends: [on(Number::HUP)?, on(Number::TERM)?, on(Number::INT)?],
            stop: on(Number::TSTP)?,
            go_on: on(Number::CONT)?,
            resized: on(Number::WINCH)?,
        })
    }
}

struct Console {
    model: Model,
    bell: Bell,
    began: Instant,
    frames: Frames<File>,
    link: AgentLink,
    keeper: Option<Keeper>,
    listening: JoinHandle<()>,
    seat: Option<drill::Seat>,
    tell: UnboundedSender<Msg>,
    newcomer: Newcomer,
    guard: Guard,
    /// When the next frame is due, if anything may have changed.
    draw_at: Option<Instant>,
}

/// Whether the console goes on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Then {
    GoOn,
    Leave,
}

impl Console {
    async fn go_on(
        &mut self,
        mut messages: UnboundedReceiver<Msg>,
        mut signals: Signals,
    ) -> Result<(), ConsoleError> {
        loop {
            if self.draw_at.is_some_and(|at| at <= Instant::now()) {
                self.draw()?;
            }
            let draw = self.draw_at.unwrap_or_else(|| Instant::now() + Duration::from_secs(3600));
            let wake = Instant::now() + self.until_wake();
            let [hup, term, int] = &mut signals.ends;
            let then = tokio::select! {
                biased;
                _ = hup.recv() => self.fold(Msg::Input(Input::HungUp))?,
                _ = term.recv() => self.fold(Msg::Input(Input::HungUp))?,
                _ = int.recv() => self.fold(Msg::Input(Input::HungUp))?,
                _ = signals.stop.recv() => self.suspend()?,
                _ = signals.go_on.recv() => {
                    self.guard.retake()?;
                    self.start_anew()?
                }
                _ = signals.resized.recv() => self.start_anew()?,
                Some(msg) = messages.recv() => {
                    let mut then = self.handle(msg)?;
                    while then == Then::GoOn && let Ok(more) = messages.try_recv() {
                        then = self.handle(more)?;
                    }
                    then
                }
                () = sleep_until(draw), if self.draw_at.is_some() => Then::GoOn,
                () = sleep_until(wake) => {
                    self.fold(Msg::Clock(Timestamp::now()))?;
                    self.draw_by(Instant::now());
                    Then::GoOn
                }
            };
            if then == Then::Leave {
                return self.hear_out(&mut messages).await;
            }
        }
    }

    /// Waits a moment for the answers to what was just sent, so that what arrived need not be kept.
    async fn hear_out(&mut self, messages: &mut UnboundedReceiver<Msg>) -> Result<(), ConsoleError> {
        let until = Instant::now() + HEARS_OUT;
        while waiting::is_anything_on_its_way(&self.model) {
            match timeout_at(until, messages.recv()).await {
                Ok(Some(answer @ (Msg::Answered(..) | Msg::Together(..)))) => _ = self.fold(answer)?,
                Ok(Some(_)) => {}
                Ok(None) | Err(_) => break,
            }
        }
        Ok(())
    }

    fn handle(&mut self, msg: Msg) -> Result<Then, ConsoleError> {
        let due = match &msg {
            Msg::Input(Input::Resized) => return self.start_anew(),
            Msg::Changes(_) | Msg::Health(_) => Instant::now() + TOGETHER,
            _ => Instant::now(),
        };
        let mut then = self.fold(Msg::Clock(Timestamp::now()))?;
        if then == Then::GoOn {
            then = self.fold(msg)?;
        }
        self.draw_by(due);
        Ok(then)
    }

    fn draw_by(&mut self, due: Instant) {
        self.draw_at = Some(self.draw_at.map_or(due, |at| at.min(due)));
    }

    fn fold(&mut self, msg: Msg) -> Result<Then, ConsoleError> {
        for effect in update(&mut self.model, msg) {
            match effect {
                Effect::Command { ticket, action, expect } => self.link.command(ticket, action, expect),
                Effect::Retry { ticket, command } => self.link.retry(ticket, command),
                Effect::Keep(items) => {
                    if let Some(keeper) = &self.keeper {
                        keeper.keep(items);
                    }
                }
                Effect::Look(alert) => self.link.look(alert),
                Effect::Preview { ticket, each } => self.link.preview_of(ticket, each),
                Effect::Together { ticket, each } => self.link.together(ticket, each),
                Effect::FetchDetail(alert) => self.link.detail(alert),
                Effect::FetchSteps(alert) => self.link.steps(alert),
                Effect::FetchPartners(find) => self.link.partners(find),
                Effect::FetchPartner(id) => self.link.partner(id),
                Effect::FetchContact(id) => self.link.contact(id),
                Effect::Seen => self.newcomer.seen(),
                Effect::FetchThing(of) => self.link.thing(of),
                Effect::FetchMessages => self.link.messages(),
                Effect::FetchMessage(id) => self.link.message(id),
                Effect::FetchSearch(query) => self.link.search(query),
                Effect::FetchViews => self.link.views(),
                Effect::FetchProviders => self.link.providers(),
                Effect::Plan(asked) => self.link.plan(asked),
                Effect::Probe(name) => self.link.probe(&name),
                Effect::FetchOnCall => self.link.on_call(),
                Effect::FetchHandover => self.link.handover(),
                Effect::FetchTemplates => self.link.templates(),
                Effect::FetchPreview(asked) => self.link.preview(asked),
                Effect::FetchContacts => self.link.contacts(),
                Effect::FetchPerson(id) => self.link.person(id),
                Effect::FetchConfig => self.link.config(),
                Effect::FetchDigests => self.link.digests(),
                Effect::FetchDigest(name) => self.link.digest(name),
                Effect::Wait(wait, after) => {
                    let tell = self.tell.clone();
                    tokio::spawn(async move {
                        tokio::time::sleep(after).await;
                        // The console has ended when nobody listens.
                        let _ = tell.send(Msg::Waited(wait));
                    });
                }
                Effect::LogIn { person, pin } => {
                    self.link.log_in(&person, &pin);
                    self.listening.abort();
                    self.listening = tokio::spawn(self.link.clone().listen());
                }
                Effect::Rest(rest, after) => {
                    let tell = self.tell.clone();
                    tokio::spawn(async move {
                        tokio::time::sleep(after).await;
                        // The console has ended when nobody listens.
                        let _ = tell.send(Msg::Rested(rest));
                    });
                }
                Effect::BeginDrill => {
                    if let Some(seat) = &self.seat {
                        let _ = seat.begin.send(());
                    }
                }
                Effect::Listen => {
                    self.listening.abort();
                    self.listening = tokio::spawn(self.link.clone().listen());
                }
                Effect::Copy(text) => {
                    if let Some(sequence) = clipboard::copy(&text, self.bell.within) {
                        self.frames.write(&sequence)?;
                    }
                }
                Effect::Bell => {
                    let rung = self.bell.ring(self.began.elapsed());
                    self.frames.write(&rung)?;
                }
                Effect::Redraw => {
                    self.start_anew()?;
                }
                Effect::Suspend => return self.suspend(),
                Effect::Quit => return Ok(Then::Leave),
            }
        }
        Ok(Then::GoOn)
    }

    fn suspend(&mut self) -> Result<Then, ConsoleError> {
        self.guard.suspend()?;
        self.start_anew()
    }

    /// Draws everything, at the size that the terminal has now.
    fn start_anew(&mut self) -> Result<Then, ConsoleError> {
        let (width, height) = frames::size();
        self.frames.start_anew(width, height);
        let then = self.fold(Msg::Size(width, height))?;
        self.draw_by(Instant::now());
        Ok(then)
    }

    fn draw(&mut self) -> Result<(), ConsoleError> {
        self.draw_at = None;
        let model = &self.model;
        self.frames.draw(|buffer| view::paint(model, model.theme(), buffer))?;
        Ok(())
    }

    /// How long nothing on the screen can change by itself.
    fn until_wake(&self) -> Duration {
        let local = Timestamp::now();
        let now = local.saturating_add(self.model.clock_offset).unwrap_or(local);
        let left = self.model.wakes_at().duration_since(now);
        // A little late rather than a little early, which would wake twice.
        Duration::try_from(left).unwrap_or_default() + Duration::from_millis(2)
    }
}
