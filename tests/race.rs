//! Fifty operators take the same alert at the same moment, each with a session of their own.

// A test fails by panicking, in its peers as well.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/desk.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod desk;
#[path = "support/peer.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod peer;

use desk::{Desk, exception};
use futures_util::future::join_all;
use nightdesk::core::command::{Action, Command, Expect, Outcome, RefusalCode};
use nightdesk::core::id::AlertId;
use nightdesk::wire::client::Client;

const OPERATORS: usize = 50;

#[tokio::test]
async fn of_fifty_who_take_the_same_alert_at_once_one_has_it_and_all_others_are_told_who() {
    let user = std::process::Command::new("id").arg("-un").output().unwrap().stdout;
    let user = String::from_utf8(user).unwrap().trim().to_owned();
    let people: String = (0..OPERATORS)
        .map(|i| {
            format!(
                "[[person]]\nid = \"p{i}\"\nname = \"Operator {i}\"\nrole = \"responder\"\nlogin = \"{user}\"\n\
                 shared = true\npin = {{ env = \"PIN\" }}\n\n"
            )
        })
        .collect();
    let rest = "[[channel]]\nname = \"spool\"\nkind = \"spool\"\n\n[[person]]\nid = \"lead\"\nname = \"Lead\"\n\
                phone = \"+49 151 23456701\"\nrole = \"admin\"\n\n[[policy]]\nname = \"urgent\"\n\
                steps = [{ after = \"0s\", notify = [\"person:lead\"] }]\n\
                last_resort = { every = \"1h\", notify = [\"person:lead\"] }\n\n[catch_all]\npolicy = \"urgent\"\n";
    let mut desk = Desk::with_environment(&format!("{people}{rest}"), &[("PIN", "2468")]);
    desk.start().await;
    desk.raise(&exception("x1")).await;

    let socket = desk.state().join("run/agent.sock");
    let clients: Vec<Client> =
        (0..OPERATORS).map(|i| Client::new(&socket).with_session(&format!("p{i}"), "2468")).collect();
    let takes = clients.iter().enumerate().map(|(i, client)| async move {
        let command = Command {
            id: format!("take-{i}"),
            action: Action::Ack { alert: AlertId(1), next_update_by: None },
            // What all of them saw: nobody has it.
            expect: Expect { holder: Some(None), ..Expect::default() },
        };
        client.command(&command).await.unwrap()
    });
    let outcomes = join_all(takes).await;

    let alerts =
        desk.run_by(&[], &["--as", "p0", "alerts", "list", "--json"], &[("NIGHTDESK_PIN", "2468")]).await;
    let owner = alerts.json()[0]["holder"].as_str().unwrap().to_owned();
    let name = owner.replace('p', "Operator ");
    for (i, outcome) in outcomes.iter().enumerate() {
        match outcome {
            Outcome::Done { said } => {
                assert_eq!(format!("p{i}"), owner, "{said:?}");
                assert!(said.raw().starts_with("You took A1;"), "{said:?}");
            }
            Outcome::Refused { refusal } => {
                assert_eq!(refusal.code, RefusalCode::Raced);
                assert_eq!(refusal.by.as_ref().map(|by| by.0.as_str()), Some(owner.as_str()));
                assert!(
                    refusal.said.raw().starts_with(&format!("{name} was first: A1 is theirs")),
                    "{refusal:?}"
                );
            }
        }
    }
    let done = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Done { .. })).count();
    assert_eq!(done, 1, "one owner, {} who are told who", OPERATORS - 1);
}
