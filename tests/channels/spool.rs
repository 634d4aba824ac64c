//! What only the spool promises.

use super::stand::{Got, HOSTILE, Mood, Peer, Stand, is_accepted, mail_is_harmless, message};
use mail_parser::MessageParser;
use nightdesk::channel::{Outgoing, spool};
use nightdesk::core::contact::Medium;
use std::path::PathBuf;

pub struct Folder {
    folder: tempfile::TempDir,
    outbox: PathBuf,
    medium: Medium,
}

pub fn stand(medium: Medium) -> Stand<Folder> {
    let folder = tempfile::tempdir().unwrap();
    let outbox = folder.path().join("outbox");
    let channel = spool::Spool::new(spool::Settings { folder: outbox.clone() }).unwrap();
    let name = if medium == Medium::Sms { "spool of SMS" } else { "spool of mail" };
    let peer = Box::new(Folder { folder, outbox, medium });
    Stand { name, medium, channel: Box::new(channel), to: None, peer }
}

impl Folder {
    fn contents(&self) -> Vec<Vec<u8>> {
        let files = std::fs::read_dir(&self.outbox).unwrap();
        files.map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect()
    }
}

impl Peer for Folder {
    fn is(&self, mood: Mood) -> bool {
        match mood {
            Mood::Takes if self.outbox.is_file() => {
                std::fs::remove_file(&self.outbox).unwrap();
                std::fs::create_dir(&self.outbox).unwrap();
            }
            Mood::Takes => {}
            Mood::Busy => {
                // Not even root can write into a folder that is a file.
                std::fs::remove_dir_all(&self.outbox).unwrap();
                std::fs::write(&self.outbox, "").unwrap();
            }
            _ => return false,
        }
        true
    }

    fn got(&self) -> Vec<Got> {
        let got = |content: Vec<u8>| match self.medium {
            Medium::Email => {
                let mail = MessageParser::default().parse(&content).unwrap();
                let to = mail.to().unwrap().first().unwrap().address().unwrap().to_owned();
                Got { to, text: mail.body_text(0).unwrap().into_owned() }
            }
            Medium::Sms => {
                let file: serde_json::Value = serde_json::from_slice(&content).unwrap();
                let field = |name: &str| file[name].as_str().unwrap().to_owned();
                Got { to: field("to"), text: field("text") }
            }
        };
        self.contents().into_iter().map(got).collect()
    }

    fn connections(&self) -> usize {
        0
    }

    fn can_ask_for_a_pause(&self) -> bool {
        false
    }

    fn assert_harmless(&self) {
        assert_eq!(std::fs::read_dir(&self.folder).unwrap().count(), 1, "nothing outside the outbox");
        let content = &self.contents()[0];
        match self.medium {
            Medium::Email => mail_is_harmless(content),
            Medium::Sms => {
                let file: serde_json::Value = serde_json::from_slice(content).unwrap();
                assert_eq!(file["text"].as_str(), Some(HOSTILE));
                assert_eq!((file["encoding"].as_str(), file["parts"].as_u64()), (Some("ucs2"), Some(2)));
            }
        }
    }
}

#[tokio::test]
async fn a_spooled_file_is_private_written_once_and_leaves_nothing_beside_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let stand = stand(Medium::Sms);
    let outbox = &stand.peer.outbox;
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let first = message(Medium::Sms, 1);
    stand.channel.send(&first).await;
    let file = outbox.join("key-1-1.sms.json");
    assert_eq!((mode(outbox), mode(&file)), (0o700, 0o600));
    let written = std::fs::read(&file).unwrap();

    let again = stand.channel.send(&Outgoing { body: "something else".into(), ..first.clone() }).await;
    assert!(is_accepted(&again));
    assert_eq!(std::fs::read(&file).unwrap(), written);
    stand.channel.send(&Outgoing { attempt: 2, possible_duplicate: true, ..first }).await;
    let mut names: Vec<_> = std::fs::read_dir(outbox).unwrap().map(|f| f.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["key-1-1.sms.json", "key-1-2.sms.json"]);
    let file: serde_json::Value = serde_json::from_slice(&written).unwrap();
    insta::assert_snapshot!(file, @r#"{"attempt":1,"created_at":"2026-02-03T04:05:06Z","encoding":"gsm7","id":"N1","idempotency_key":"key-1","name":"Ann Lee","parts":1,"possible_duplicate":false,"text":"Order 4711 is late; message 1.","to":"+491512345678"}"#);
}
