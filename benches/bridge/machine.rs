//! What it ran on.

use crate::report::number;
use crate::schema::Schema;
use crate::{disk, schema};

/// A few lines for the head of the table.
pub fn describe() -> Vec<String> {
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let cpu = field("/proc/cpuinfo", "model name").unwrap_or_else(|| std::env::consts::ARCH.to_owned());
    let kib = field("/proc/meminfo", "MemTotal")
        .and_then(|total| total.trim_end_matches(" kB").parse::<u64>().ok());
    let memory = kib.map_or_else(|| "unknown".to_owned(), |kib| format!("{} GiB", kib / 1024 / 1024));
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let postgres = match schema::server() {
        Some(_) => format!("PostgreSQL {}", Schema::version()),
        None => "without PostgreSQL".to_owned(),
    };
    let fsync = disk::fsync(disk::directory("machine").path(), 400);
    vec![
        format!("{cores} cores of {cpu}, shared by client and server; {memory} of memory"),
        format!("{} {}, SQLite {}, {postgres}", std::env::consts::OS, kernel.trim(), rusqlite::version()),
        format!(
            "4 KiB appended and synced: p50 {} ms, p99 {} ms",
            number(fsync.median()),
            number(fsync.at(0.99))
        ),
    ]
}

/// What stands behind a name in one of the kernel's lists.
pub fn field(file: &str, name: &str) -> Option<String> {
    let text = std::fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// Ticks of all cores since the machine started: those of work, and all.
pub fn ticks() -> (f64, f64) {
    let text = std::fs::read_to_string("/proc/stat").unwrap_or_default();
    let all = text.lines().next().unwrap_or_default().split_whitespace().skip(1).take(8);
    let all: Vec<f64> = all.filter_map(|ticks| ticks.parse().ok()).collect();
    // The fourth is idling, the fifth waiting for a disk.
    let idle: f64 = all.iter().skip(3).take(2).sum();
    let total: f64 = all.iter().sum();
    (total - idle, total)
}
