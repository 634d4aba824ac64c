//! The long-running jobs, one file each, around one shared [`Agent`].

pub mod audit;
mod calendar;
mod consent;
mod contact_api;
pub mod contacts;
pub mod digest;
pub mod dispatch;
pub mod escalate;
pub mod explain;
pub mod feed;
mod handover;
pub mod health;
mod heartbeat;
pub mod identity;
pub mod intake;
mod letters;
mod life;
mod metrics;
pub mod notice;
pub mod presence;
pub mod proof;
pub mod providers;
mod quiet;
pub mod receipts;
pub mod replies;
mod reports;
mod resend;
mod roster;
pub mod run;
pub mod search;
pub mod serve;
pub mod setup;
mod shift_test;
pub mod silence;
pub mod sync;
pub mod together;
pub mod world;

use crate::core::alert::Alert;
use crate::core::apply::{self, Asker, CommandView};
use crate::core::change::{Actor, Change, Object, What};
use crate::core::command::{Action, Command, Outcome, Refusal, RefusalCode};
use crate::core::contact_commands::About;
use crate::core::decide::Thing;
use crate::core::delivery;
use crate::core::desk::Desk;
use crate::core::escalation::Decision;
use crate::core::flow::{case_task, plan_task};
use crate::core::matter::Matter;
use crate::core::onboarding::MilestoneRecord;
use crate::core::saved_view::OwnView;
use crate::core::sync::task_key;
use crate::core::task::{Task, TaskKind};
use crate::core::text::Untrusted;
use crate::store::list::{Filter, List};
use crate::store::{Store, StoreError, Tx};
use health::Vitals;
use jiff::Timestamp;
use setup::{Origin, Setup};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use world::World;

/// What all jobs share.
pub struct Agent {
    pub store: Store,
    pub world: World,
    pub origin: Origin,
    pub vitals: Vitals,
    pub(crate) providers: providers::Providers,
    pub since: Timestamp,
    setup: watch::Sender<Arc<Setup>>,
    /// Held by whoever applies a configuration, so that none is applied over a newer one.
    settling: tokio::sync::Mutex<()>,
    /// What there is to say of the file beside what was said when the set-up was made.
    noticed: Mutex<Option<String>>,
    submissions: tokio::sync::mpsc::Sender<intake::Submission>,
    /// How reading the calendars elsewhere goes.
    pub(crate) calendars: calendar::Reading,
    /// Who looks at what.
    pub(crate) presence: Arc<presence::Presence>,
    /// What the auditor found last.
    pub(crate) audited: audit::Audited,
    /// `None` for a store that runs inline.
    pub(crate) search: Option<search::Search>,
    /// Only one at a time lays what is stored over what is configured.
    laying: tokio::sync::Mutex<()>,
    /// No new work once cancelled.
    pub stopping: CancellationToken,
    /// What is on its way and wants to be finished.
    pub tracker: TaskTracker,
}

impl Agent {
    /// Settles what an earlier agent left, and starts the jobs. Sockets are opened by [`run`].
    pub async fn start(
        store: Store,
        world: World,
        origin: Origin,
        setup: Setup,
    ) -> Result<Arc<Self>, StoreError> {
        let now = world.now();
        settle_left_sending(&store, setup.settings.desk.clone(), now).await?;
        settle_cleared(&store, setup.settings.desk.clone(), now).await?;
        let away = life::begins(&store, now).await?;
        let setup = roster::laid(setup, &store, now).await?;
        let vitals = Vitals::load(&store, &setup).await?;
        let providers = providers::Providers::load(&store).await?;
        let (submissions, queue) = tokio::sync::mpsc::channel(intake::QUEUE);
        let desk = setup.settings.desk.clone();
        store.write(move |tx| quiet::all(tx, &desk, now)).await?;
        let search = search::Search::open(&store)?;
        let agent = Arc::new(Self {
            search,
            store,
            world,
            origin,
            vitals,
            providers,
            since: now,
            setup: watch::Sender::new(Arc::new(setup)),
            settling: tokio::sync::Mutex::new(()),
            noticed: Mutex::new(None),
            submissions,
            calendars: calendar::Reading::default(),
            presence: Arc::default(),
            audited: audit::Audited::default(),
            laying: tokio::sync::Mutex::new(()),
            stopping: CancellationToken::new(),
            tracker: TaskTracker::new(),
        });
        agent.note(What::AgentStarted, "The agent started.").await?;
        agent.tracker.spawn(intake::job(agent.clone(), queue));
        agent.tracker.spawn(dispatch::job(agent.clone()));
        agent.tracker.spawn(escalate::job(agent.clone(), away));
        agent.tracker.spawn(life::job(agent.clone()));
        agent.tracker.spawn(silence::job(agent.clone()));
        agent.tracker.spawn(sync::job(agent.clone()));
        agent.tracker.spawn(digest::job(agent.clone()));
        agent.tracker.spawn(handover::job(agent.clone()));
        agent.tracker.spawn(calendar::job(agent.clone()));
        agent.tracker.spawn(notice::job(agent.clone()));
        agent.tracker.spawn(letters::job(agent.clone()));
        agent.tracker.spawn(receipts::job(agent.clone()));
        agent.tracker.spawn(proof::look_for_lost(agent.clone()));
        agent.tracker.spawn(proof::ask(agent.clone()));
        agent.tracker.spawn(shift_test::job(agent.clone()));
        agent.tracker.spawn(audit::job(agent.clone()));
        agent.tracker.spawn(heartbeat::job(agent.clone()));
        agent.tracker.spawn(search::job(agent.clone()));
        Ok(agent)
    }

    pub fn setup(&self) -> Arc<Setup> {
        self.setup.borrow().clone()
    }

    /// Something to say about the configuration file, if there is.
    pub fn config_note(&self) -> Option<String> {
        let noticed = self.noticed.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.setup().note.clone().or(noticed)
    }

    fn notice(&self, note: Option<String>) {
        let mut noticed = self.noticed.lock().unwrap_or_else(PoisonError::into_inner);
        if *noticed != note {
            *noticed = note;
            drop(noticed);
            self.vitals.beat();
        }
    }

    pub fn setups(&self) -> watch::Receiver<Arc<Setup>> {
        self.setup.subscribe()
    }

    /// The file this agent applies, without links in its path.
    pub fn config_file(&self) -> PathBuf {
        std::fs::canonicalize(&self.origin.file).unwrap_or_else(|_| self.origin.file.clone())
    }

    /// Applies the file as it is now; on an error nothing changes.
    pub async fn apply_file(&self, why: &str, actor: Actor) -> Result<u64, setup::NotApplied> {
        let _settling = self.settling.lock().await;
        let settings = crate::config::load(&self.origin.file)?;
        let before = self.setup();
        if settings.sha256 == before.settings.sha256 {
            // No new version; but secrets may have changed where it points, and a note that the
            // file differs or is broken holds no longer.
            let version = before.settings.desk.version;
            let mut settings = settings;
            settings.intake = before.settings.intake.clone();
            settings.agent = before.settings.agent.clone();
            let setup = Setup::build(settings, version, &self.store, &self.origin.state)?;
            self.lay_over(Some(setup)).await?;
            return Ok(version);
        }
        let (listens, group) = (settings.intake.listen, settings.agent.group.clone());
        let mut settings = settings;
        // Sockets are opened once; what the file says of them counts from the next start.
        settings.intake = before.settings.intake.clone();
        settings.agent = before.settings.agent.clone();
        let plans = Some(before.settings.desk.schedules.clone());
        let mut setup =
            setup::apply(settings, why, actor, plans, &self.origin, &self.store, &self.world).await?;
        if listens != before.settings.intake.listen || group != before.settings.agent.group {
            setup.note =
                Some("[intake] and [agent] of the file count from the agent's next start".to_owned());
        }
        let version = setup.settings.desk.version;
        self.lay_over(Some(setup)).await?;
        Ok(version)
    }

    /// Decides an operator's command; the same id again gets the same answer.
    pub async fn command(&self, command: Command, asker: Asker) -> Result<Outcome, StoreError> {
        let setup = self.setup();
        let (now, down) = (self.world.now(), self.providers.down());
        let laid_over = command.action.is_laid_over();
        let outcome = self
            .store
            .write(move |tx| {
                if let Some(outcome) = tx.answered(&command.id, &asker.id.0)? {
                    return Ok(outcome);
                }
                let mut view = command_view(tx, &command.action, now)?;
                view.saved = saved_view(tx, &command.action, &asker)?;
                view.resend.down = down;
                let outcome =
                    match apply::command(&setup.settings.desk, view, &command, &asker, tx.ids(), now) {
                        Ok((said, changes, ids)) => {
                            tx.keep_ids(ids);
                            contacts::apply(tx, &setup.settings.desk, changes, now)?;
                            Outcome::Done { said: Untrusted::new(said) }
                        }
                        Err(refusal) => Outcome::Refused { refusal },
                    };
                // A refusal for a race is worth remembering too: the retry must not succeed by luck.
                tx.keep_answer(&command.id, &asker.id.0, now, &outcome)?;
                Ok(outcome)
            })
            .await?;
        if laid_over && matches!(outcome, Outcome::Done { .. }) {
            // Whoever hears that it is done may rely on it: what is decided from now on knows of it.
            self.lay_over(None).await?;
        }
        Ok(outcome)
    }

    /// Stops taking work, waits for what is on its way, and says so in the history.
    pub async fn stop(&self, patience: std::time::Duration) -> Result<(), StoreError> {
        self.stopping.cancel();
        self.tracker.close();
        let finished = tokio::time::timeout(patience, self.tracker.wait()).await.is_ok();
        life::seen(&self.store, self.world.now()).await?;
        let summary = if finished {
            "The agent stopped; nothing was on its way."
        } else {
            "The agent stopped; what was on its way is in doubt until it starts again."
        };
        self.note(What::AgentStopped, summary).await
    }

    async fn note(&self, what: What, summary: &str) -> Result<(), StoreError> {
        let change = Change {
            at: self.world.now(),
            actor: Actor::Desk,
            what,
            summary: summary.into(),
            alert: None,
            partner: None,
            object: Object::Nothing,
        };
        self.store.append(vec![change]).await
    }
}

/// What was cleared before the desk closed such alerts by itself is closed at the next hand-over, too.
async fn settle_cleared(store: &Store, desk: Desk, now: Timestamp) -> Result<(), StoreError> {
    store
        .write(move |tx| {
            let open = Filter { states: vec!["open".to_owned()], limit: 10_000, ..Filter::default() };
            let mut decision = Decision::new(&desk, now, tx.ids());
            for mut alert in tx.list::<Alert>(List::Alerts, &open)? {
                if alert.cleared_at.is_some() && alert.next_due().is_none() {
                    alert.close_at = Some(decision.next_hand_over(&alert));
                    let sentence = "It is cleared, and stays in sight until the hand-over.";
                    decision.alert_change(Actor::Desk, What::AlertCleared, sentence, &alert);
                }
            }
            tx.apply(decision.changes)
        })
        .await
}

/// Messages that were claimed and never answered for are in doubt.
async fn settle_left_sending(store: &Store, desk: Desk, now: Timestamp) -> Result<(), StoreError> {
    store
        .write(move |tx| {
            for mut notification in tx.left_sending()? {
                let alerts = dispatch::alerts_of(tx, &notification)?;
                let (needed, over) = delivery::still_needed(&notification, &alerts);
                if needed {
                    delivery::leave_out_what_is_over(&mut notification, &over);
                }
                let mut ids = tx.ids();
                let changes = delivery::lease_ended(&desk, &mut notification, needed, &mut ids, now);
                tx.keep_ids(ids);
                tx.apply(changes)?;
            }
            Ok(())
        })
        .await
}

/// Reads what an action names.
fn command_view(tx: &Tx<'_>, action: &Action, now: Timestamp) -> Result<CommandView, StoreError> {
    let mut view = CommandView::default();
    match action {
        Action::Ack { alert, .. }
        | Action::Unack { alert }
        | Action::RestoreAlert { alert }
        | Action::Snooze { alert, .. }
        | Action::Resolve { alert, .. }
        | Action::Escalate { alert, .. }
        | Action::HandAlert { alert, .. }
        | Action::KeepAlert { alert }
        | Action::NoteAlert { alert, .. } => {
            view.alert = tx.alert(*alert)?;
            view.notifications = tx.notifications_of(*alert)?;
        }
        Action::PageTest { .. } => {}
        Action::Resend(asked) => view.resend = resend::known(tx, asked)?,
        Action::Unsend { what } => view.resend = resend::copies(tx, what)?,
        Action::Settle { notification, .. } => {
            if let Some(n) = tx.notification(*notification)? {
                view.task = tx.open_task(&delivery::doubt_task(&n))?;
                view.notifications = vec![n];
            }
        }
        Action::RestoreTask { task, .. } => {
            view.task = tx.task(*task)?;
            if let Some(task) = &view.task {
                view.same = tx.open_task(task.key.raw())?.filter(|same| same.id != task.id);
            }
        }
        Action::NoteTask { task, .. } | Action::TakeTask { task } | Action::SnoozeTask { task, .. } => {
            view.task = tx.task(*task)?
        }
        Action::DoneTask { task, .. } => {
            view.task = tx.task(*task)?;
            if let Some(task) = &view.task {
                view.matter = matter(tx, task)?;
            }
            let about =
                view.task.as_ref().filter(|task| task.kind == TaskKind::Fix).and_then(|t| t.about.as_ref());
            if let Some(id) = about
                && let Some(contact) = tx.contact(id.raw())?
            {
                view.suppressed = tx.reach_of(contact)?.suppressed.into_values().collect();
            }
        }
        Action::Assign { assignment } => view.assignment = tx.assignment(&assignment.id())?,
        Action::Unassign { assignment } => view.assignment = tx.assignment(assignment)?,
        Action::AddOverride { .. } | Action::SwapOverride { .. } => view.overrides = tx.overrides(now)?,
        Action::RemoveOverride { id } => {
            view.overrides = tx.overrides(now)?;
            view.over = tx.override_of(*id)?;
        }
        Action::AcceptHandover { handover } | Action::NoteHandover { handover, .. } => {
            view.handovers = handover::loaded(tx, *handover)?;
        }
        Action::AddMaintenance { .. } | Action::SaveView { .. } | Action::DropView { .. } => {}
        Action::RemoveMaintenance { id } => view.window = tx.window(*id)?,
        Action::SetContact { contact, .. } => view.contact = tx.contact(contact.raw())?,
        Action::ResolveContact { contact, .. } | Action::EraseContact { contact } => {
            view.contact = tx.contact(contact.raw())?;
            view.about = about(tx, contact, None)?;
        }
        Action::LeaveContact { contact, successor } => {
            view.contact = tx.contact(contact.raw())?;
            view.about = about(tx, contact, successor.as_ref())?;
        }
    }
    Ok(view)
}

/// The asker's own view that an action names.
fn saved_view(tx: &Tx<'_>, action: &Action, asker: &Asker) -> Result<Option<OwnView>, StoreError> {
    match action {
        Action::SaveView { view } => tx.view_of(&asker.id, &view.name),
        Action::DropView { name } => tx.view_of(&asker.id, name),
        _ => Ok(None),
    }
}

/// What a task is about, for the kinds that the facts close.
fn matter(tx: &Tx<'_>, task: &Task) -> Result<Option<Matter>, StoreError> {
    let Some(about) = &task.about else { return Ok(None) };
    if task.kind == TaskKind::Sync {
        let Some(contact) = tx.contact(about.raw())? else { return Ok(None) };
        let links = tx.links_of(about.raw())?;
        let link = links.into_iter().find(|link| task.key.raw() == task_key(about, &link.side));
        return Ok(link.map(|link| Matter::Contact(contact.name, link)));
    }
    let Some(partner) = &task.partner else { return Ok(None) };
    let of = Thing::of(partner, about);
    Ok(match task.kind {
        TaskKind::Answer if task.key.raw() == case_task(partner, about) => tx.case(&of)?.map(Matter::Case),
        TaskKind::Answer => tx.thread(&of)?.map(Matter::Thread),
        TaskKind::Review => tx.document(&of)?.map(Matter::Document),
        TaskKind::Plan => {
            let named = |m: &MilestoneRecord| task.key.raw() == plan_task(partner, &m.milestone);
            tx.milestones_of(partner.id.raw())?.into_iter().find(named).map(Matter::Milestone)
        }
        TaskKind::Fix | TaskKind::Doubt | TaskKind::Sync => None,
    })
}

fn about(tx: &Tx<'_>, contact: &Untrusted, successor: Option<&Untrusted>) -> Result<About, StoreError> {
    let mut about = About::default();
    for link in tx.links_of(contact.raw())? {
        let task = tx.open_task(&task_key(contact, &link.side))?;
        about.links.push((link, task));
    }
    if let Some(successor) = successor {
        about.successor = tx.contact(successor.raw())?;
    }
    Ok(about)
}

/// A refusal for somebody who may not act at all.
pub fn not_allowed(said: &str) -> Outcome {
    Outcome::Refused { refusal: Refusal { code: RefusalCode::NotAllowed, said: said.into(), by: None } }
}
