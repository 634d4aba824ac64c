//! How the desk is doing: who works here, who is on call, how sources and channels are.

use super::{Agent, Desk, Failure, maintenance, not_found};
use crate::agent::identity::Identified;
use crate::agent::providers;
use crate::core::event::Severity;
use crate::core::handover::{Handover, HandoverState};
use crate::core::person::Role;
use crate::core::text::{Untrusted, sanitise};
use crate::store::list::List;
use crate::store::{StoreError, Tx};
use crate::wire::{DeskInfo, Health, OnCall, OpenHandover, OpenTasks, ProviderInfo, Status};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

/// Nothing is counted further than this.
pub const COUNTED: u32 = 100_000;

pub async fn providers(State(desk): State<Desk>) -> Result<Json<Vec<ProviderInfo>>, Failure> {
    let agent = &desk.agent;
    let health = health_now(agent).await?;
    let (setup, now) = (agent.setup(), health.now);
    let listed = health.channels.into_iter().map(|channel| {
        let provider = agent.providers.get(&channel.name);
        let gauge = agent.vitals.gauge(&channel.name);
        let carrier = setup.settings.desk.carrier_named(&channel.name);
        ProviderInfo {
            id: channel.name.clone(),
            created_at: agent.since,
            failures: provider.as_ref().map_or(0, |provider| provider.failures),
            probe_at: provider.and_then(|provider| provider.probe_at),
            paused_until: agent.providers.paused_until(&channel.name, now),
            proof_within: carrier.and_then(|carrier| carrier.proof).map(|proof| proof.urgent),
            hour: gauge.hour(now),
            bars: gauge.bars(now),
            channel,
        }
    });
    Ok(Json(listed.collect()))
}

/// Has a provider that is down tried at once.
pub async fn probe(
    State(desk): State<Desk>,
    Extension(who): Extension<Identified>,
    Path(name): Path<String>,
) -> Result<Json<Untrusted>, Failure> {
    let asker = who.asker();
    if who.me.pin_needed || asker.role < Role::Responder {
        let said = format!("{} may look but not act; ask for the role responder.", asker.name);
        return Err(Failure(StatusCode::FORBIDDEN, said));
    }
    let agent = &desk.agent;
    let provider = agent.providers.get(&name).ok_or_else(|| not_found("provider", &name))?;
    if !provider.is_down() {
        let said = format!("{} works; there is nothing to probe.", sanitise(&name));
        return Err(Failure(StatusCode::CONFLICT, said));
    }
    agent.providers.probe_now(&name, agent.world.now());
    Ok(Json(format!("{} is tried now.", sanitise(&name)).into()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskedOnCall {
    at: Option<Timestamp>,
}

pub async fn on_call(State(desk): State<Desk>, Query(asked): Query<AskedOnCall>) -> Json<Vec<OnCall>> {
    let at = asked.at.unwrap_or_else(|| desk.agent.world.now());
    Json(who_is_on_call(&desk.agent, at))
}

fn who_is_on_call(agent: &Agent, at: Timestamp) -> Vec<OnCall> {
    let setup = agent.setup();
    let schedules = setup.settings.desk.schedules.values();
    schedules
        .map(|schedule| {
            let turn = schedule.at(at);
            OnCall {
                schedule: schedule.name.clone(),
                time_zone: schedule.time_zone.iana_name().unwrap_or("UTC").to_owned(),
                person: turn.people.first().cloned(),
                people: turn.people,
                until: turn.until,
                why: Some(turn.why),
                next: turn.next.as_ref().and_then(|next| next.people.first().cloned()),
                then: turn.next,
            }
        })
        .collect()
}

/// Maintenance that begins later need not be known to everybody.
const SOON: SignedDuration = SignedDuration::from_hours(24 * 14);

fn desk_info(agent: &Agent) -> DeskInfo {
    let setup = agent.setup();
    let desk = &setup.settings.desk;
    DeskInfo {
        name: desk.name.clone(),
        host: rustix::system::uname().nodename().to_string_lossy().into_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        practice: setup.settings.practice,
        time_zone: desk.time_zone.iana_name().unwrap_or("UTC").to_owned(),
        config_version: desk.version,
        config_file: agent.config_file().to_string_lossy().into_owned(),
        config_note: agent.config_note(),
        audit: agent.audited.told(setup.settings.heartbeat.is_some()),
        promises: Severity::ALL.into_iter().map(|s| (s, desk.promise.for_severity(s))).collect(),
        labels: desk.labels.clone(),
        codes: desk.codes.clone(),
        maintenance: {
            let mut soon = maintenance::soon(&desk.maintenance, agent.world.now(), SOON);
            soon.truncate(50);
            soon
        },
        down: providers::media_down(agent),
        exchange: setup.settings.exchange.clone(),
        mailbox: agent.vitals.mailbox(&setup),
        counting_since: agent.vitals.counting_since(agent.since),
    }
}

/// How everything is at this moment.
pub async fn health_now(agent: &Agent) -> Result<Health, StoreError> {
    let read = |tx: &Tx<'_>| {
        let waiting = tx.channels_waiting()?;
        let open_tasks = OpenTasks { seq: tx.newest_seq()?, many: tx.count(List::Tasks, "open", COUNTED)? };
        Ok((waiting, tx.fields_in_conflict()?, tx.live_handovers()?, open_tasks))
    };
    let (queued, conflicts, handovers, open_tasks) = agent.store.read(read).await?;
    let (setup, now) = (agent.setup(), agent.world.now());
    Ok(Health {
        now,
        sources: agent.vitals.sources(&setup, now),
        channels: agent.vitals.channels(&setup, &agent.providers, &queued, agent.since),
        on_call: who_is_on_call(agent, now),
        handovers: not_accepted(handovers),
        sync: agent.vitals.sync(&setup, conflicts),
        desk: desk_info(agent),
        traffic: agent.vitals.traffic(now),
        open_tasks: Some(open_tasks),
    })
}

fn not_accepted(live: Vec<Handover>) -> Vec<OpenHandover> {
    let open = live.into_iter().filter(|one| one.state == HandoverState::Open);
    open.map(|one| OpenHandover {
        id: one.id,
        at: one.at.unwrap_or(one.created_at),
        schedule: one.schedule,
        outgoing: one.outgoing,
        incoming: one.incoming,
    })
    .collect()
}

pub async fn status(State(desk): State<Desk>) -> Result<Json<Status>, Failure> {
    let agent = &desk.agent;
    let health = health_now(agent).await?;
    let (seq, open_alerts, open_tasks, queued) = agent
        .store
        .read(|tx| {
            // All that wait, those of a channel that is no longer configured included.
            let queued: u64 = tx.channels_waiting()?.iter().map(|(_, waiting)| waiting).sum();
            let open = |list| tx.count(list, "open", COUNTED);
            Ok((tx.newest_seq()?, open(List::Alerts)?, open(List::Tasks)?, queued))
        })
        .await?;
    Ok(Json(Status {
        ready: !agent.stopping.is_cancelled(),
        desk: health.desk,
        pid: std::process::id(),
        since: agent.since,
        seq,
        intake: Some(agent.setup().settings.intake.listen.to_string()),
        queued,
        handovers: health.handovers,
        sources: health.sources,
        channels: health.channels,
        calendars: agent.calendar_health(),
        open_alerts,
        open_tasks,
        sync: health.sync,
    }))
}
