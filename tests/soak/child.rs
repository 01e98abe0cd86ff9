//! `handoff serve` in a process of its own.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::OnceLock;
use std::time::Duration;

use handoff_bridge::demo::Installation;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use crate::environment::Environment;
use crate::rest::rest;

/// A start takes no longer, unless the database is away.
const PATIENCE: Duration = Duration::from_secs(20);

/// The build of the service that is tried, if it is not the one that cargo has just made.
pub static BINARY: OnceLock<PathBuf> = OnceLock::new();

/// How a process is started.
#[derive(Debug, Clone, Default)]
pub struct Start {
    /// Dies there by itself; see `handoff_bridge::crash`.
    pub crash_at: Option<String>,
    /// No file grows beyond so many KiB: as near to a full disk as a user can bring one process.
    pub file_limit: Option<u64>,
    /// Does not write its log down.
    pub quiet: bool,
}

pub struct Child {
    process: tokio::process::Child,
    /// Where it takes webhooks: `127.0.0.1:40123`.
    pub address: String,
    pub pid: u32,
}

impl Child {
    /// Starts the service and waits until it is ready. `None`: it died, or ended because of the database.
    pub async fn start(environment: &Environment, start: &Start) -> Option<Self> {
        // What a shell has set stays set for the program that takes its place. Without the trap the first write
        // beyond the limit would be the end, as no full disk is.
        let limit =
            start.file_limit.map_or(String::new(), |kib| format!("trap '' XFSZ; ulimit -f {}; ", kib * 2));
        let mut command = Command::new("sh");
        command.arg("-c").arg(format!("{limit}exec \"$0\" serve --config \"$1\""));
        let just_made = || env!("CARGO_BIN_EXE_handoff").into();
        command.arg(BINARY.get().cloned().unwrap_or_else(just_made)).arg(&environment.installation.config);
        command.envs(Installation::environment()).env("HANDOFF_CLOCK_SHIFT", environment.shift_file());
        command.kill_on_drop(true).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        if let Some(point) = &start.crash_at {
            command.env("HANDOFF_CRASH_AT", point);
        }
        let mut process = command.spawn().unwrap();
        let pid = process.id()?;
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let mut log = OpenOptions::new().create(true).append(true).open(environment.log_file()).unwrap();
        let ready = async {
            while let Ok(Some(line)) = lines.next_line().await {
                let _ = writeln!(log, "{pid} {line}");
                let entry: serde_json::Value = serde_json::from_str(&line).unwrap_or_default();
                if let Some(address) = entry["fields"]["address"].as_str() {
                    return Some(address.to_owned());
                }
            }
            None
        };
        let Ok(Some(address)) = tokio::time::timeout(PATIENCE, ready).await else {
            let _ = process.kill().await;
            return None;
        };
        let quiet = start.quiet;
        // Somebody must read the log, or the pipe fills up.
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                if !quiet {
                    let _ = writeln!(log, "{pid} {line}");
                }
            }
        });
        Some(Self { process, address, pid })
    }

    /// Waits until it dies by itself, for `span` at most, then kills it with signal 9.
    pub async fn killed_within(mut self, span: Duration) -> bool {
        let alone = tokio::time::timeout(span, self.process.wait()).await.is_ok();
        if !alone {
            self.kill().await;
        }
        alone
    }

    /// `kill -9`; returns when it is gone.
    pub async fn kill(mut self) {
        let _ = self.process.kill().await;
    }

    /// Stands still for `span`, and then goes on as if nothing had happened.
    pub async fn freezes(&self, span: Duration) {
        let signal = |name: &str| Command::new("kill").args([name, &self.pid.to_string()]).status();
        let _ = signal("-STOP").await;
        rest(span).await;
        let _ = signal("-CONT").await;
    }

    /// Open file descriptors.
    pub fn descriptors(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.pid)).map_or(0, Iterator::count)
    }

    /// Memory in KiB: `VmRSS` for all of it, `RssAnon` without the program's own pages and the files it maps.
    pub fn memory(&self, name: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid)).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse().ok()).unwrap_or_default()
    }

    /// Whether it is still there.
    pub fn lives(&mut self) -> bool {
        matches!(self.process.try_wait(), Ok(None))
    }
}
