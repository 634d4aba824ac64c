//! A page by Twilio, from the event to the proof on the handset and back, against a real agent: its callbacks
//! come in odd orders, some of them are not Twilio's, and some numbers have told Twilio to stop.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/desk.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod desk;
#[path = "support/fake_http.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod fake_http;
#[path = "support/peer.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod peer;
#[path = "support/twilio.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod twilio;

use desk::{Desk, exception, http};
use peer::until;
use serde_json::Value;
use twilio::{Call, Fault, Message, TOKEN, Twilio};

const PEOPLE: &str = r#"
[[channel]]
name = "mail"
kind = "spool"
carries = ["email"]

[[person]]
id = "ann"
name = "Ann Lee"
role = "responder"
phone = "+49 151 23456701"
email = "ann@example.net"

[[policy]]
name = "urgent"
steps = [{ after = "0s", notify = ["person:ann"] }]
last_resort = { every = "1h", notify = ["person:ann"] }

[catch_all]
policy = "urgent"
"#;

async fn desk(twilio: &Twilio) -> Desk {
    let channel = format!(
        "[[channel]]\nname = \"sms\"\nkind = \"twilio\"\nurl = \"{}\"\naccount = \"{}\"\nfrom = \"+15550006789\"\n\
         auth_token = {{ env = \"TWILIO_TOKEN\" }}\nvalid_for = \"15m\"\nreceipts = true\n",
        twilio.url(),
        twilio::ACCOUNT
    );
    let mut desk = Desk::with_environment(&(channel + PEOPLE), &[("TWILIO_TOKEN", TOKEN)]);
    desk.start().await;
    desk
}

/// The messages that Twilio took, once there are so many.
async fn taken(twilio: &Twilio, count: usize) -> Vec<Message> {
    until("Twilio to have them", async || Some(twilio.messages()).filter(|all| all.len() >= count)).await
}

async fn page(desk: &Desk, id: &str) -> Value {
    desk.json(&["notifications", "show", id]).await
}

#[tokio::test]
async fn a_page_is_delivered_when_twilio_proves_it_in_whatever_order_and_nobody_else_can() {
    let twilio = Twilio::start().await;
    let desk = desk(&twilio).await;
    desk.raise(&exception("1")).await;
    let message = taken(&twilio, 1).await.remove(0);
    assert_eq!((message.to.as_str(), message.validity.as_deref()), ("+4915123456701", Some("900")));
    until("Twilio's answer", async || (page(&desk, "N1").await["state"] == "accepted").then_some(())).await;

    let client = http();
    let status = |status: &str| Call::status(&message, status, None);
    let other = Message {
        status_callback: message.status_callback.as_ref().map(|url| url.replace("n=N1", "n=N2")),
        ..message.clone()
    };
    for forged in [
        status("delivered"),
        status("delivered").signed("guess"),
        status("delivered").signed_for(TOKEN, "https://elsewhere.example.net/v1/receipts/sms"),
        Call::status(&other, "delivered", None).signed(TOKEN),
    ] {
        let before = page(&desk, "N1").await;
        let (code, _, text) = forged.post(&client).await;
        assert_eq!((code, page(&desk, "N1").await), (403, before), "{forged:?}: {text}");
        assert!(!text.contains(TOKEN));
    }

    for one in ["partially_delivered", "delivered", "sent", "queued", "delivered", "sending"] {
        let (code, _, text) = status(one).signed(TOKEN).post(&client).await;
        assert_eq!(code, 200, "{one}: {text}");
    }
    let shown = page(&desk, "N1").await;
    assert_eq!(
        (shown["state"].as_str(), shown["provider_ref"].as_str()),
        (Some("delivered"), Some(message.sid.as_str()))
    );
    let details: Vec<&str> =
        shown["evidence"].as_array().unwrap().iter().map(|e| e["detail"].as_str().unwrap()).collect();
    assert_eq!(details[1..], ["partially_delivered", "delivered", "sent", "queued", "sending"]);
    let told = desk.run(&["notifications", "show", "N1"]).await.out;
    assert!(told.contains("delivered by handset receipt"), "{told}");
    // A failure that comes later is shown for what it is.
    let late = Call::status(&message, "undelivered", Some(30003)).signed(TOKEN);
    assert_eq!(late.post(&client).await.0, 200);
    let shown = page(&desk, "N1").await;
    assert_eq!((shown["state"].as_str(), shown["disputed"].as_bool()), (Some("failed"), Some(true)));
}

#[tokio::test]
async fn an_answer_by_text_takes_the_alert_and_twilio_is_told_to_say_nothing() {
    let twilio = Twilio::start().await;
    let desk = desk(&twilio).await;
    desk.raise(&exception("1")).await;
    let page = taken(&twilio, 1).await.remove(0);
    let code = page.body.rsplit(' ').next().unwrap();
    let inbound = desk.url("/v1/inbound/sms");
    let says = |sid: &str| Call::text(&inbound, sid, "+4915123456701", &format!("ack {code}"));
    let client = http();
    for forged in [
        says("SM1"),
        says("SM1").signed("guess"),
        says("SM1").signed_for(TOKEN, &desk.url("/v1/receipts/sms")),
    ] {
        assert_eq!(forged.post(&client).await.0, 403);
        assert_eq!(desk.json(&["alerts", "show", "A1"]).await["state"], "open");
    }
    for _ in 0..2 {
        let (code, media_type, text) = says("SM2").signed(TOKEN).post(&client).await;
        assert_eq!((code, media_type.as_str()), (200, "text/xml; charset=utf-8"));
        assert!(text.ends_with("<Response/>") && !text.contains("Message"), "{text}");
    }
    let alert = desk.json(&["alerts", "show", "A1"]).await;
    assert_eq!((alert["state"].as_str(), alert["holder"].as_str()), (Some("acknowledged"), Some("ann")));
    // The desk's own answer, once.
    assert_eq!(taken(&twilio, 2).await.len(), 2);
}

#[tokio::test]
async fn whoever_told_twilio_to_stop_is_sent_nothing_more() {
    let twilio = Twilio::start().await;
    let desk = desk(&twilio).await;
    twilio.fail(Fault::Error(21610));
    desk.raise(&exception("1")).await;
    let failed = until("the page to fail", async || {
        Some(page(&desk, "N1").await).filter(|page| page["state"] == "failed")
    })
    .await;
    assert!(failed["attempts"][0]["answer"].as_str().unwrap().contains("21610"), "{failed}");

    twilio.fail(Fault::None);
    desk.raise(&exception("2")).await;
    until("the page by mail instead", async || {
        let pages = desk.list(&["notifications", "list"]).await;
        let of_second = pages.iter().find(|page| page["alert"] == "A2" && page["purpose"] == "page")?;
        assert_eq!(of_second["medium"], "email", "{of_second}");
        Some(())
    })
    .await;
    assert!(twilio.messages().is_empty(), "{:?}", twilio.messages());
    // They take it back themselves.
    let start = Call::text(&desk.url("/v1/inbound/sms"), "SM9", "+4915123456701", "START").signed(TOKEN);
    assert_eq!(start.post(&http()).await.0, 200);
    desk.raise(&exception("3")).await;
    until("a page again", async || twilio.messages().iter().any(|m| m.body.contains("PO-3")).then_some(()))
        .await;
}
