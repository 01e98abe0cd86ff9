//! What one fsync costs where the databases are.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use handoff_bridge::clock::Clock;
use tempfile::TempDir;

use crate::samples::Samples;

/// A directory on the disk that cargo builds on: a temporary directory is often in memory.
pub fn directory(name: &str) -> TempDir {
    let all = Path::new(env!("CARGO_TARGET_TMPDIR"));
    std::fs::create_dir_all(all).unwrap();
    tempfile::Builder::new().prefix(&format!("{name}-")).tempdir_in(all).unwrap()
}

/// Milliseconds for appending 4 KiB and syncing them, again and again.
pub fn fsync(directory: &Path, times: usize) -> Samples {
    let file = directory.join("fsync");
    let mut open = OpenOptions::new().create(true).append(true).open(&file).unwrap();
    let block = [b'x'; 4096];
    let one = || {
        let watch = Clock::stopwatch();
        open.write_all(&block).unwrap();
        open.sync_data().unwrap();
        watch.elapsed().as_secs_f64() * 1e3
    };
    let samples = std::iter::repeat_with(one).take(times).collect();
    std::fs::remove_file(file).unwrap();
    samples
}
