//! Tasks: who is reminded, when, and how often.

use super::*;
use crate::core::person::PersonId;
use crate::core::task::{Task, TaskState};
use jiff::{SignedDuration, Timestamp};

/// A review of an invoice: Fin owns it, Lena leads the team.
fn review() -> Stage {
    let mut stage = Stage::new();
    let data = json!({ "document": { "id": "d1", "name": "INV-1.pdf", "kind": "invoice" } });
    stage.tell("document.uploaded", data);
    stage
}

fn task(stage: &Stage) -> Task {
    stage.tasks.values().next().unwrap().clone()
}

/// How many reminders owner and lead have.
fn reminders(stage: &Stage) -> (usize, usize) {
    (stage.to_person("fin").len() - 1, stage.to_person("lena").len())
}

#[test]
fn the_owner_is_reminded_once_when_it_is_due_and_the_lead_told_once_after_that() {
    let mut stage = review();
    // Eight hours from Monday 09:00 within 08:00 to 18:00, and four more on Tuesday.
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let (due, lead) = (at("2026-03-02T17:00:00Z"), at("2026-03-03T11:00:00Z"));
    assert_eq!((task(&stage).due_at, task(&stage).lead_at), (Some(due), Some(lead)));
    let second = SignedDuration::from_secs(1);
    for (now, wanted) in [
        (due - second, (0, 0)),
        (due, (1, 0)),
        (due + second, (1, 0)),
        (lead - second, (1, 0)),
        (lead, (1, 1)),
        (lead + SignedDuration::from_hours(1000), (1, 1)),
    ] {
        stage.now = now;
        stage.due();
        stage.due();
        assert_eq!(reminders(&stage), wanted, "{now}");
    }
}

#[test]
fn nobody_is_reminded_of_what_is_done() {
    for after in [0, 1] {
        let mut stage = review();
        for _ in 0..after {
            stage.now = task(&stage).next_due().unwrap();
            stage.due();
        }
        let mut data = json!({ "document": { "id": "d1", "name": "INV-1.pdf", "kind": "invoice" } });
        data["outcome"] = json!("approved");
        stage.tell("document.reviewed", data);
        stage.now += SignedDuration::from_hours(1000);
        stage.due();
        assert_eq!(reminders(&stage), (after, 0));
    }
}

#[test]
fn what_sleeps_is_silent_until_it_wakes_and_reminds_then() {
    let mut stage = review();
    let mut asleep = task(&stage);
    let until = asleep.due_at.unwrap() + SignedDuration::from_hours(2);
    (asleep.state, asleep.snoozed_until) = (TaskState::Snoozed, Some(until));
    stage.tasks.insert(asleep.id, asleep);
    stage.now = until - SignedDuration::from_secs(1);
    stage.due();
    assert_eq!(reminders(&stage), (0, 0));
    stage.now = until;
    stage.due();
    assert_eq!((task(&stage).state, reminders(&stage)), (TaskState::Open, (1, 0)));
}

#[test]
fn a_task_of_a_team_reminds_the_whole_team() {
    let mut stage = Stage::with([contact("ana")]);
    let data = json!({ "post": { "id": "p1", "thread": "t1", "kind": "question", "subject": "Why?" },
        "author": { "contact_id": "ana" } });
    stage.tell("post.created", data);
    stage.now = task(&stage).due_at.unwrap();
    stage.due();
    assert_eq!((stage.to_person("maria").len(), stage.to_person("jonas").len()), (2, 2));
}

#[test]
fn each_of_the_desk_reads_in_their_own_language_else_in_the_desks() {
    let mut stage = Stage::with([contact("ana")]);
    stage.desk.locale = "fr".into();
    stage.desk.people.get_mut(&PersonId("fin".into())).unwrap().locale = Some("de-AT".into());
    let document = json!({ "document": { "id": "d1", "name": "INV-1.pdf", "kind": "invoice" } });
    stage.tell("document.uploaded", document);
    let task = stage.open_tasks(TaskKind::Review)[0].clone();
    assert_eq!(task.title.raw(), "Facture: INV-1.pdf", "a title is for everybody");
    stage.now = task.lead_at.unwrap();
    stage.due();
    stage.due();
    let read = |who: &str| -> String {
        let told = stage.to_person(who).into_iter();
        told.map(|n| format!("{}\n{}", n.content.subject.raw(), n.content.body.raw())).collect()
    };
    let (fin, lena) = (read("fin"), read("lena"));
    for said in ["Bitte prüfen: Rechnung", "Grund für diese Nachricht: Rechnungsprüfung für Acme"] {
        assert!(fin.contains(said), "{said} in {fin}");
    }
    for said in ["En retard : ", "Type          Vérification de document", "responsable de service"] {
        assert!(lena.contains(said), "{said} in {lena}");
    }
}

/// Fin says that the review is done.
fn done(stage: &Stage, anyway: bool) -> Result<String, crate::core::command::Refusal> {
    use crate::core::apply::{self, Asker, CommandView};
    use crate::core::command::{Action, Command, Expect};
    use crate::core::matter::Matter;
    use crate::core::person::{PersonId, Role};
    let matter = stage.documents.values().next().cloned().map(Matter::Document);
    let task = Task { state: TaskState::Open, ..task(stage) };
    let action = Action::DoneTask { task: task.id, anyway };
    let command = Command { id: "c".into(), action, expect: Expect::default() };
    let asker = Asker { id: PersonId("fin".into()), name: "Fin".into(), role: Role::Responder, login: None };
    let view = CommandView { task: Some(task), matter, ..CommandView::default() };
    let applied = apply::command(&stage.desk, view, &command, &asker, Default::default(), stage.now);
    applied.map(|(_, changes, _)| changes[0].summary.raw().to_owned())
}

#[test]
fn a_task_is_not_done_while_what_it_is_about_waits_unless_somebody_insists() {
    use crate::core::command::RefusalCode;
    let mut stage = review();
    let refusal = done(&stage, false).unwrap_err();
    assert_eq!(refusal.code, RefusalCode::StillOpen);
    let said = refusal.said.raw();
    assert!(said.starts_with("INV-1.pdf of ") && said.contains("waits for its review"), "{said}");
    assert!(said.contains("closes when the community says it was reviewed"), "{said}");
    let told = done(&stage, true).unwrap();
    assert_eq!(told, "Fin closed it before what it is about was settled.", "the history says so");
    let mut data = json!({ "document": { "id": "d1", "name": "INV-1.pdf", "kind": "invoice" } });
    data["outcome"] = json!("approved");
    stage.tell("document.reviewed", data);
    assert_eq!(done(&stage, false).unwrap(), "Fin closed it.", "once it was reviewed nothing is in the way");
}

#[test]
fn what_waits_is_said_of_every_kind_of_thing_and_nothing_once_it_is_over() {
    use crate::core::matter::Matter;
    let mut stage = Stage::new();
    let case = |status: &str| json!({ "case": { "id": "c1", "reference": "CASE-1" }, "status": status });
    let opened = json!({ "case": { "id": "c1", "reference": "CASE-1", "kind": "dispute", "title": "Price" },
        "priority": "normal" });
    stage.tell("case.opened", opened);
    let matter = |stage: &Stage| Matter::Case(stage.cases.values().next().unwrap().clone());
    assert!(matter(&stage).waits().unwrap().starts_with("Case CASE-1 of "));
    stage.tell("case.status_changed", case("under_review"));
    assert_eq!(matter(&stage).waits(), None, "somebody has taken it up");
    let post = json!({ "post": { "id": "p1", "thread": "t1", "kind": "question", "subject": "Where?" },
        "author": { "contact_id": "ana" } });
    stage.tell("post.created", post.clone());
    let matter = |stage: &Stage| Matter::Thread(stage.threads.values().next().unwrap().clone());
    assert!(matter(&stage).waits().unwrap().starts_with("“Where?” of "));
    stage.tell("post.answered", post);
    assert_eq!(matter(&stage).waits(), None);
}
