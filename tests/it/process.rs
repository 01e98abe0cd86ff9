//! The real binary in a process of its own, which can be killed.

use std::process::Stdio;

use handoff_bridge::sandbox::Delivery;
use handoff_bridge::sandbox::installation::{Installation, PUBLIC_URL};
use reqwest::StatusCode;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::world::must;

/// `handoff serve`, running.
pub struct Process {
    child: Child,
    /// Where it takes webhooks.
    pub address: String,
}

/// The binary with the secrets of the sandbox in its environment.
pub fn handoff(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_handoff"));
    command.args(arguments).envs(Installation::environment()).kill_on_drop(true);
    command
}

impl Process {
    /// Starts the service; it dies at `crash_at` (see `handoff_bridge::crash`), if that is given.
    pub async fn serve(installation: &Installation, crash_at: Option<&str>) -> Self {
        let config = installation.config.to_str().unwrap();
        let mut command = handoff(&["serve", "--config", config]);
        command.stderr(Stdio::piped()).stdout(Stdio::null());
        if let Some(point) = crash_at {
            command.env("HANDOFF_CRASH_AT", point);
        }
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let address = must("the service is ready", async {
            loop {
                let line = lines.next_line().await.unwrap().expect("the service said that it is ready");
                let Ok(entry) = serde_json::from_str::<serde_json::Value>(&line) else { continue };
                if let Some(address) = entry["fields"]["address"].as_str() {
                    return address.to_owned();
                }
            }
        })
        .await;
        // Somebody must read the log, or the pipe fills up.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self { child, address }
    }

    /// Sends a webhook; `None` if the process died over it.
    pub async fn receives(&self, delivery: &Delivery) -> Option<StatusCode> {
        let path = delivery.url.strip_prefix(PUBLIC_URL)?;
        let mut request = reqwest::Client::new().post(format!("http://{}{path}", self.address));
        for (name, value) in &delivery.headers {
            request = request.header(name, value);
        }
        request.body(delivery.body.clone()).send().await.ok().map(|answer| answer.status())
    }

    /// Waits until the process has died by itself.
    pub async fn dies(&mut self) {
        let status = must("the process dies", self.child.wait()).await.unwrap();
        assert!(!status.success(), "it ended well instead of dying");
    }

    /// `kill -9`.
    pub async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }
}
