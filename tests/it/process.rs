//! The real binary in a process of its own, which can be killed.

use std::process::Stdio;
use std::sync::{Arc, Mutex};

use handoff_bridge::demo::{Installation, PUBLIC_URL};
use handoff_sandbox::Delivery;
use reqwest::StatusCode;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;

use crate::world::must;

/// `handoff serve`, running.
pub struct Process {
    child: Child,
    /// Where it takes webhooks.
    pub address: String,
    /// Where operators look.
    pub operator_address: String,
    /// What it has logged since it was ready.
    log: Arc<Mutex<Vec<serde_json::Value>>>,
    /// The crash point that somebody in it stands at.
    standing: watch::Receiver<Option<String>>,
    http: reqwest::Client,
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
        Self::serve_with(installation, crash_at.map(|point| ("HANDOFF_CRASH_AT", point))).await
    }

    /// Starts the service; from this crash point on nobody in it gets any further, and the rest goes on.
    pub async fn serve_and_stand_at(installation: &Installation, point: &str) -> Self {
        Self::serve_with(installation, Some(("HANDOFF_HANG_AT", point))).await
    }

    /// Starts the service with a shell that gives it the signals that a full disk gives: a write that goes beyond the
    /// limit of a file's size fails, and does not kill.
    pub async fn serve_on_a_limited_disk(installation: &Installation) -> Self {
        let mut command = Command::new("sh");
        command.args([
            "-c",
            "trap '' XFSZ; exec \"$0\" serve --config \"$1\"",
            env!("CARGO_BIN_EXE_handoff"),
        ]);
        command.arg(&installation.config).envs(Installation::environment()).kill_on_drop(true);
        Self::run(command).await
    }

    /// Files of this process cannot grow beyond so many bytes; `None` lifts that.
    pub fn limits_files_to(&self, bytes: Option<u64>) {
        let pid = self.child.id().and_then(|pid| rustix::process::Pid::from_raw(pid.cast_signed()));
        let limit = rustix::process::Rlimit { current: bytes, maximum: None };
        rustix::process::prlimit(pid, rustix::process::Resource::Fsize, limit).unwrap();
    }

    async fn serve_with(installation: &Installation, variable: Option<(&str, &str)>) -> Self {
        let config = installation.config.to_str().unwrap();
        let mut command = handoff(&["serve", "--config", config]);
        command.envs(variable);
        Self::run(command).await
    }

    /// The same, if it does not die before it is ready.
    pub async fn serve_unless_it_dies(installation: &Installation, crash_at: &str) -> Option<Self> {
        let config = installation.config.to_str().unwrap();
        let mut command = handoff(&["serve", "--config", config]);
        command.env("HANDOFF_CRASH_AT", crash_at);
        Self::try_run(command).await
    }

    async fn run(command: Command) -> Self {
        Self::try_run(command).await.expect("the service said that it is ready")
    }

    async fn try_run(mut command: Command) -> Option<Self> {
        command.stderr(Stdio::piped()).stdout(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let (address, operator_address) = must("the service is ready", async {
            loop {
                let line = lines.next_line().await.unwrap()?;
                let Ok(entry) = serde_json::from_str::<serde_json::Value>(&line) else { continue };
                let fields = &entry["fields"];
                if let (Some(address), Some(operator)) =
                    (fields["address"].as_str(), fields["operator"].as_str())
                {
                    let operator = operator.trim_start_matches("Some(").trim_end_matches(')');
                    return Some((address.to_owned(), operator.to_owned()));
                }
            }
        })
        .await?;
        // Somebody must read the log, or the pipe fills up.
        let (stands, standing) = watch::channel(None);
        let log = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&log);
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                let entry: serde_json::Value = serde_json::from_str(&line).unwrap_or_default();
                if let Some(point) = entry["fields"]["point"].as_str() {
                    let _ = stands.send(Some(point.to_owned()));
                }
                kept.lock().unwrap().push(entry);
            }
        });
        Some(Self { child, address, operator_address, log, standing, http: reqwest::Client::new() })
    }

    /// Level and fields of each line with this message that it has logged.
    pub fn logged(&self, message: &str) -> Vec<(String, serde_json::Value)> {
        let log = self.log.lock().unwrap();
        let of_message = log.iter().filter(|entry| entry["fields"]["message"] == message);
        of_message
            .map(|entry| (entry["level"].as_str().unwrap().to_owned(), entry["fields"].clone()))
            .collect()
    }

    /// Everything that it has logged since it was ready, as JSON.
    pub fn whole_log(&self) -> String {
        let log = self.log.lock().unwrap();
        log.iter().map(ToString::to_string).collect::<Vec<String>>().join("\n")
    }

    /// Sends a webhook; `None` if the process died over it.
    pub async fn receives(&self, delivery: &Delivery) -> Option<StatusCode> {
        let path = delivery.url.strip_prefix(PUBLIC_URL)?;
        let mut request = self.http.post(format!("http://{}{path}", self.address));
        for (name, value) in &delivery.headers {
            request = request.header(name, value);
        }
        request.body(delivery.body.clone()).send().await.ok().map(|answer| answer.status())
    }

    /// A number that `/metrics` shows.
    pub async fn reads_metric(&self, name: &str) -> usize {
        let url = format!("http://{}/metrics", self.operator_address);
        let text = self.http.get(url).send().await.unwrap().text().await.unwrap();
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.expect("the metric is there").parse().unwrap()
    }

    /// Waits until somebody in it stands at the crash point, and everybody else has had his turn: what was on its
    /// way out has left.
    pub async fn stands(&self) {
        let mut standing = self.standing.clone();
        must("it comes to the crash point", standing.wait_for(Option::is_some)).await.unwrap();
        for _ in 0..100 {
            let healthy = self.http.get(format!("http://{}/healthz", self.address)).send();
            assert_eq!(must("it answers", healthy).await.unwrap().status(), StatusCode::OK);
        }
    }

    /// Waits until the process has died by itself.
    pub async fn dies(&mut self) {
        let status = must("the process dies", self.child.wait()).await.unwrap();
        assert!(!status.success(), "it ended well instead of dying");
    }

    /// `kill -9`, while somebody may still wait for an answer.
    pub fn is_killed(&self) {
        let pid = self.child.id().expect("it lives");
        let killed = std::process::Command::new("kill").args(["-9", &pid.to_string()]).status().unwrap();
        assert!(killed.success());
    }

    /// `kill -9`.
    pub async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }
}
