//! The service: the binary that users get, in a process of its own.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use handoff_bridge::clock::Clock;
use handoff_bridge::demo::Installation;

use crate::machine;

/// No start takes longer, unless something is wrong.
const PATIENCE: Duration = Duration::from_secs(20);

/// Killed when it is dropped.
pub struct Service {
    child: Child,
    /// Where it takes webhooks.
    pub address: SocketAddr,
    /// From the start of the process to the first answer that it is ready.
    pub started_in: Duration,
}

impl Service {
    /// Starts it on a port that is free, and waits until it is ready. Its log is `service.log` beside the
    /// configuration.
    pub fn start(binary: &Path, config: &Path, environment: &[(String, String)]) -> Self {
        let address = free_address();
        let text = std::fs::read_to_string(config).unwrap();
        let started = config.with_file_name("started.toml");
        let text = text.replace("\nlisten = \"127.0.0.1:0\"", &format!("\nlisten = \"{address}\""));
        std::fs::write(&started, text).unwrap();
        let log = config.with_file_name("service.log");
        let open = OpenOptions::new().create(true).append(true).open(&log).unwrap();
        let mut command = Command::new(binary);
        command.args(["serve", "--config"]).arg(&started).envs(Installation::environment());
        command.envs(environment.iter().map(|(name, value)| (name, value)));
        command.current_dir(config.parent().unwrap());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(open);
        let watch = Clock::stopwatch();
        let mut service = Self { child: command.spawn().unwrap(), address, started_in: Duration::ZERO };
        while !service.is_ready() {
            let ended = service.child.try_wait().unwrap();
            assert!(ended.is_none() && watch.elapsed() < PATIENCE, "it does not start:\n{}", tail(&log));
            thread::sleep(Duration::from_micros(200));
        }
        service.started_in = watch.elapsed();
        service
    }

    fn is_ready(&self) -> bool {
        let Ok(mut stream) = TcpStream::connect(self.address) else { return false };
        let mut answer = String::new();
        let asked = stream.write_all(b"GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        asked.and_then(|()| stream.read_to_string(&mut answer)).is_ok() && answer.starts_with("HTTP/1.1 200")
    }

    /// Processor time that it has used, in milliseconds.
    pub fn processor_ms(&self) -> f64 {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.child.id())).unwrap();
        let nanoseconds = |task: PathBuf| -> Option<f64> {
            std::fs::read_to_string(task.join("schedstat")).ok()?.split(' ').next()?.parse().ok()
        };
        tasks.filter_map(|task| nanoseconds(task.ok()?.path())).sum::<f64>() / 1e6
    }

    /// Resident memory in MiB.
    pub fn memory(&self) -> f64 {
        self.mebibytes("VmRSS")
    }

    /// The most that it ever was.
    pub fn most_memory(&self) -> f64 {
        self.mebibytes("VmHWM")
    }

    fn mebibytes(&self, name: &str) -> f64 {
        let size = machine::field(&format!("/proc/{}/status", self.child.id()), name).unwrap();
        size.trim_end_matches(" kB").parse::<f64>().unwrap() / 1024.0
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that nobody has taken yet.
fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn tail(log: &PathBuf) -> String {
    let mut text = String::new();
    let _ = File::open(log).and_then(|mut log| log.read_to_string(&mut text));
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(10)..].join("\n")
}
