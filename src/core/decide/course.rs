//! The course of an alert as events tell it: raised, joined, cleared, over.

use super::View;
use super::member::member_keys;
use crate::core::alert::{Alert, AlertState, Member, MemberOf};
use crate::core::bundle::Left;
use crate::core::change::{Actor, Change, What};
use crate::core::counted::counted;
use crate::core::escalation::Decision;
use crate::core::flow;
use crate::core::id::AlertId;
use crate::core::money::Money;
use crate::core::notification::{Notification, NotificationState, Purpose};
use crate::core::partner::PartnerRef;
use crate::core::status_update;
use crate::core::storm;
use crate::core::text::Untrusted;
use std::collections::BTreeMap;

pub(in crate::core) fn raise(
    decision: &mut Decision<'_>,
    view: &mut View,
    member: Member,
    partner: PartnerRef,
    policy: &str,
    rule: &str,
    group: Option<String>,
) -> Option<AlertId> {
    let policy = decision.desk.policies.get(policy)?.clone().for_severity(member.severity);
    let storm = group.as_deref().and_then(|group| storm::goes_on(decision, view, group));
    let id = decision.ids.next_alert();
    let mut alert = Alert {
        id,
        state: AlertState::Open,
        severity: member.severity,
        partner,
        title: member.title.clone(),
        kind: member.kind.clone(),
        key: Untrusted::new(group.unwrap_or_default()),
        members: vec![member],
        at_risk: Vec::new(),
        deadline: None,
        policy,
        step: 0,
        next_escalation_at: None,
        holder: None,
        before: None,
        next_update_by: None,
        snoozed_until: None,
        quiet: None,
        quiet_at_most: None,
        inhibited_at: None,
        offered: None,
        cleared_at: None,
        joined_at: None,
        round_from: None,
        storm,
        close_at: None,
        resolution: None,
        rule: rule.to_owned(),
        config_version: decision.desk.version,
        created_at: decision.now,
        updated_at: decision.now,
    };
    let lately = view.raised_lately.entry(alert.partner.id.raw().to_owned()).or_default();
    lately.push(decision.now);
    sum_up(&mut alert);
    let sentence = format!("Raised by rule {rule}, policy {}.", alert.policy.name);
    decision.open_because(&mut alert, What::AlertRaised, &sentence);
    remember(view, alert);
    Some(id)
}

/// A further exception on an alert. It pages again only if it makes things worse.
pub(in crate::core) fn join(decision: &mut Decision<'_>, view: &mut View, id: AlertId, member: Member) {
    let Some(mut alert) = view.alerts.get(&id).cloned() else { return };
    let before = (alert.severity, alert.deadline, alert.at_risk.clone(), alert.cleared_at);
    let title = member.title.clone();
    let rests = alert.resting().is_some() && decision.rests_with(&alert, &member);
    alert.joined_at = Some(decision.now);
    if let Some(raging) = &mut alert.storm {
        raging.over_at = decision.now + decision.desk.storm.quiet;
    }
    alert.members.retain(|m| !(m.id == member.id && m.of == member.of));
    alert.members.push(member);
    alert.cleared_at = None;
    alert.close_at = None;
    sum_up(&mut alert);
    alert.updated_at = decision.now;
    let steps = alert.policy.clone().for_severity(alert.severity);
    let other_steps = alert.severity > before.0 && steps != alert.policy;
    alert.policy = steps;
    // In a storm sums grow by themselves; what counts there is one that is large by itself.
    let factor = decision.desk.amount_factor + if alert.storm.is_some() { 1.0 } else { 0.0 };
    let worse = if before.3.is_some() {
        Some("it came back after it was cleared")
    } else if alert.severity > before.0 {
        Some("the severity rose")
    } else if alert.deadline.is_some_and(|new| before.1.is_none_or(|old| new < old)) && before.1.is_some() {
        Some("the deadline came nearer")
    } else if multiplied(&before.2, &alert.at_risk, factor) {
        Some("the amount at risk grew")
    } else {
        None
    };
    let named = title.raw();
    match (worse, alert.state) {
        // What the desk lets sleep wakes for what nothing keeps quiet, however small.
        (_, AlertState::Snoozed) if alert.resting().is_some() && !rests => {
            awake(&mut alert);
            let sentence = format!("Joined: {named}; nothing keeps that quiet, so paging begins.");
            decision.start_policy_because(
                &mut alert,
                Actor::Desk,
                What::AlertJoined,
                Untrusted::new(sentence),
            );
        }
        (None, _) => {
            let sentence = Untrusted::new(format!("Joined: {named}."));
            decision.alert_change(Actor::Desk, What::AlertJoined, sentence, &alert);
        }
        (Some(why), AlertState::Snoozed) if alert.resting().is_some() && before.3.is_none() => {
            let sentence = Untrusted::new(format!("Joined: {named}; {why}, and it stays quiet."));
            decision.alert_change(Actor::Desk, What::AlertJoined, sentence, &alert);
        }
        // Nobody was told yet; whoever is will hear how it stands then.
        (Some(why), AlertState::Open) if before.3.is_none() && alert.step == 0 && alert.holder.is_none() => {
            let sentence = Untrusted::new(format!("Joined: {named}; {why}, before anybody was paged."));
            decision.alert_change(Actor::Desk, What::AlertJoined, sentence, &alert);
        }
        (Some(why), AlertState::Open) if before.3.is_none() && alert.step == 0 => {
            let sentence = Untrusted::new(format!("Joined: {named}; {why}, so paging starts again."));
            decision.start_again_with_owner(&mut alert, What::AlertJoined, sentence);
        }
        (Some(why), AlertState::Open) if before.3.is_none() && !other_steps => {
            if alert.severity > before.0 {
                decision.begin_round(&mut alert);
            }
            let sentence =
                Untrusted::new(format!("Joined: {named}; {why}, so those already told are paged again."));
            decision.alert_change(Actor::Desk, What::AlertJoined, sentence, &alert);
            let taken: Vec<_> =
                alert.policy.steps.iter().take(alert.step as usize).flat_map(|s| s.notify.clone()).collect();
            let (told, _) = decision.desk.people_behind(&taken, &alert.partner, decision.now);
            decision.page(&alert, &told, alert.step, true);
        }
        // It begins anew, as if it were raised now.
        (Some(why), _) if before.3.is_some() => {
            awake(&mut alert);
            decision.open_because(&mut alert, What::AlertJoined, &format!("Joined: {named}; {why}."));
        }
        (Some(why), _) => {
            awake(&mut alert);
            let sentence = Untrusted::new(format!("Joined: {named}; {why}, so paging starts again."));
            decision.start_policy_because(&mut alert, Actor::Desk, What::AlertJoined, sentence);
        }
    }
    remember(view, alert);
}

fn awake(alert: &mut Alert) {
    alert.state = AlertState::Open;
    alert.next_update_by = None;
    alert.snoozed_until = None;
    alert.quiet = None;
}

fn multiplied(before: &[Money], after: &[Money], factor: f64) -> bool {
    before.iter().any(|old| {
        old.cents > 0
            && after.iter().any(|new| {
                new.currency == old.currency
                    && new.cents > old.cents
                    && new.cents as f64 >= old.cents as f64 * factor
            })
    })
}

/// An exception or a case is over. Once all members are, nobody is paged any more; the alert stays in sight.
pub(super) fn clear(
    decision: &mut Decision<'_>,
    view: &mut View,
    mut alert: Alert,
    of: MemberOf,
    id: &Untrusted,
    title: &Untrusted,
) {
    let mut any = false;
    for member in alert.members.iter_mut().filter(|m| m.of == of && m.id == *id) {
        any |= member.cleared_at.is_none();
        member.cleared_at.get_or_insert(decision.now);
    }
    if !any {
        return;
    }
    sum_up(&mut alert);
    alert.updated_at = decision.now;
    let left = alert.members.iter().filter(|m| m.cleared_at.is_none()).count();
    let named = title.raw();
    if left > 0 {
        let open = counted(left, "more is open", "more are open");
        let sentence = Untrusted::new(format!("Cleared: {named}; {open}."));
        decision.alert_change(Actor::Desk, What::AlertCleared, sentence, &alert);
    } else {
        let end = if alert.state == AlertState::Open { "; nobody is paged any more" } else { "" };
        over(decision, view, &mut alert, &format!("Cleared: {named}{end}."));
    }
    remember(view, alert);
}

/// All that an alert was about is over: nobody is paged any more, and those who were are told. If nobody
/// had taken it, it stays in sight until the next hand-over; whoever has it is asked to close it.
pub(in crate::core) fn over(decision: &mut Decision<'_>, view: &mut View, alert: &mut Alert, sentence: &str) {
    alert.cleared_at = Some(decision.now);
    alert.next_escalation_at = None;
    alert.updated_at = decision.now;
    if alert.state == AlertState::Open {
        alert.close_at = Some(decision.next_hand_over(alert));
    }
    decision.alert_change(Actor::Desk, What::AlertCleared, sentence, alert);
    // What this very batch has queued waits too. In the order in which they were said, each as it is now.
    let stored = view.waiting.iter().filter(|n| n.is_about(alert.id)).cloned();
    let all: BTreeMap<_, _> = stored.chain(decision.queued_for(alert.id)).map(|n| (n.id, n)).collect();
    let mut waiting: Vec<_> = all.into_values().collect();
    cancel_pages(decision, alert.id, waiting.iter_mut(), "it was cleared");
    view.waiting.retain(|n| n.bundle.is_some() || n.alert != Some(alert.id));
    flow::outcome::tell(decision, alert, &waiting, None);
    status_update::tell(decision, alert, &waiting, None);
}

/// Cancels the pages of an alert that have not left yet, and what would have told others how things stood.
/// One that speaks of other alerts too leaves for those alone.
pub fn cancel_pages<'n>(
    decision: &mut Decision<'_>,
    alert: AlertId,
    waiting: impl Iterator<Item = &'n mut Notification>,
    because: &str,
) {
    for notification in waiting {
        if !ends_with_paging(notification) || !notification.is_waiting() {
            continue;
        }
        notification.updated_at = decision.now;
        if notification.bundle.is_some() {
            match notification.leave_out(alert, because) {
                Left::Untouched => continue,
                Left::Others => {
                    let who = notification.recipient.name.printable();
                    let summary = format!("Left out of the message to {who}: {because}.");
                    let what = What::NotificationCancelled;
                    let change = Change::notification(decision.now, Actor::Desk, what, summary, notification);
                    decision.changes.push(Change { alert: Some(alert), ..change });
                    continue;
                }
                Left::Nothing => {}
            }
        }
        notification.due_at = None;
        notification.hold = None;
        // What may already have got through stays what it is; it is only not sent again.
        if matches!(notification.state, NotificationState::Queued | NotificationState::Held) {
            notification.state = NotificationState::Cancelled;
        }
        notification.reason.outcome = Some(because.into());
        let summary = format!("Not sent to {}: {because}.", notification.recipient.name.printable());
        decision.changes.push(Change::notification(
            decision.now,
            Actor::Desk,
            What::NotificationCancelled,
            summary,
            notification,
        ));
    }
}

/// Whether a message is of no use once the alert is in hand or over: a page, the mail with its detail, unless
/// somebody asked for that, and a word of how things stood.
fn ends_with_paging(n: &Notification) -> bool {
    match n.purpose {
        Purpose::Page | Purpose::Status => true,
        Purpose::Detail => n.again.by.is_none(),
        Purpose::Outcome | Purpose::Notice | Purpose::Test => false,
    }
}

pub(in crate::core) fn remember(view: &mut View, alert: Alert) {
    for key in keys_of_newest(&alert, 1) {
        view.keys.insert(key, alert.id);
    }
    view.alerts.insert(alert.id, alert);
}

/// Recomputes what an alert shows of its members.
pub fn sum_up(alert: &mut Alert) {
    let live = || alert.members.iter().filter(|m| m.cleared_at.is_none());
    let mut at_risk = Vec::new();
    live().filter_map(|m| m.amount.as_ref()).for_each(|amount| Money::add_to(&mut at_risk, amount));
    at_risk.sort_by_key(|sum: &Money| std::cmp::Reverse(sum.cents));
    let deadline = live().filter_map(|m| m.deadline).min();
    let severity = live().map(|m| m.severity).max();
    alert.at_risk = at_risk;
    alert.deadline = deadline;
    alert.severity = severity.unwrap_or(alert.severity);
}

/// The keys under which later events find this alert, for so many members that came last.
pub fn keys_of_newest(alert: &Alert, members: usize) -> Vec<String> {
    let newest = alert.members.iter().rev().take(members);
    let mut keys: Vec<String> = newest.flat_map(|m| member_keys(&alert.partner.id, m)).collect();
    if !alert.key.is_empty() {
        keys.push(alert.key.raw().to_owned());
    }
    keys
}
