//! An independent SCIM server as a process of its own; see `scim_server.py`.

use super::peer::{Process, free_ports, until_listening};
use serde_json::{Value, json};
use std::process::Command;

pub const PREFERENCES: &str = "urn:nightdesk:scim:2.0:Preferences";

pub struct Community {
    port: u16,
    client: reqwest::Client,
    _server: Process,
}

impl Community {
    pub async fn start(options: Value) -> Self {
        let [.., port] = free_ports::<40>();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/scim_server.py");
        let mut command = Command::new("python3");
        command.arg(script).arg(port.to_string()).arg(options.to_string());
        let server = Process::start(&mut command);
        until_listening("the SCIM server", port).await;
        Self { port, client: super::desk::http(), _server: server }
    }

    /// What `[community]` needs.
    pub fn config(&self, more: &str) -> String {
        format!("[community]\nscim = \"http://127.0.0.1:{}/scim/v2\"\n{more}\n", self.port)
    }

    async fn post(&self, path: &str, body: Value) {
        let url = format!("http://127.0.0.1:{}{path}", self.port);
        self.client.post(url).body(body.to_string()).send().await.unwrap().error_for_status().unwrap();
    }

    /// A partner edits their own details there.
    pub async fn edit(&self, id: &str, values: Value) {
        self.post("/_edit", json!({ id: values })).await;
    }

    pub async fn delete(&self, id: &str) {
        self.post("/_delete", id.into()).await;
    }

    pub async fn set(&self, options: Value) {
        self.post("/_options", options).await;
    }

    async fn state(&self) -> Value {
        let url = format!("http://127.0.0.1:{}/_state", self.port);
        let text = self.client.get(url).send().await.unwrap().text().await.unwrap();
        serde_json::from_str(&text).unwrap()
    }

    pub async fn user(&self, id: &str) -> Value {
        self.state().await["users"][id].clone()
    }

    pub async fn version(&self, id: &str) -> u64 {
        self.state().await["versions"][id].as_u64().unwrap()
    }

    /// What was asked of it, oldest first.
    pub async fn asked(&self, what: &str) -> Vec<Value> {
        let state = self.state().await;
        let log = state["log"].as_array().unwrap();
        log.iter().filter(|entry| entry["do"] == what).cloned().collect()
    }
}
