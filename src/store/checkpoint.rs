//! Brings what was committed from the log beside a SQLite file into the file, on a thread of its own: the writer
//! would have to wait for several more syncs of the disk, and everybody who waits for a commit with it.
//!
//! A log begins anew only when all of it has been copied, and the thread never gets to the end of one that always
//! grows. So it comes as near as it can, and tells the writer, which copies the last few pages itself.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use rusqlite::Connection;
use rusqlite::hooks::Wal;

use super::{DatabaseError, sqlite};

/// Whenever the log has grown by so many pages of 4 KiB, it is copied back. A page that changes often is then not
/// copied as often.
const STEP: i32 = 2_000;

/// A log of so many pages should begin anew.
const LONG: i32 = 8_000;

/// At so many, the writer copies whatever is left.
const LONGEST: i32 = 32_000;

/// What the writer may have to copy for a log to begin anew, in pages: nobody notices that.
const FEW: i32 = 200;

/// How often in a row the thread copies what has been added while it copied.
const PASSES: u32 = 5;

/// The thread beside a writer.
pub(super) struct Checkpoints(JoinHandle<()>);

impl Checkpoints {
    /// Starts the thread, with a connection of its own; `writer` tells it when to begin.
    pub fn beside(path: &Path, writer: &mut Connection) -> Result<Self, DatabaseError> {
        let conn = sqlite::frugal(sqlite::read_write(path)?)?;
        let (due, asked) = sync_channel(1);
        let copied = Arc::new(AtomicI32::new(0));
        writer.wal_hook(Some(told_by_commits(due, Arc::clone(&copied))))?;
        let thread = thread::Builder::new().name("store-checkpoint".to_owned());
        thread.spawn(move || run(&conn, &asked, &copied)).map(Self).map_err(DatabaseError::Thread)
    }

    /// Ends the thread.
    pub fn end(self, writer: &mut Connection) {
        let nothing: Option<fn(&mut Wal, i32) -> rusqlite::Result<()>> = None;
        if writer.wal_hook(nothing).is_ok() {
            let _ = self.0.join();
        }
    }
}

/// What the writer does after each commit, given how many pages the log has. `copied` is how many of them the thread
/// had copied when it last stopped.
fn told_by_commits(
    due: SyncSender<()>,
    copied: Arc<AtomicI32>,
) -> impl FnMut(&mut Wal, i32) -> rusqlite::Result<()> + Send {
    let mut told_at = 0;
    move |wal, pages| {
        let left = pages - copied.load(Ordering::Relaxed);
        if pages >= LONGEST || (pages >= LONG && left <= FEW) {
            // An error here would be told as one of the commit, which has happened. The next commit tries again.
            let _ = wal.checkpoint();
        }
        if pages / STEP != told_at / STEP {
            told_at = pages;
            // If it has been told and has not begun yet, once is enough.
            let _ = due.try_send(());
        }
        Ok(())
    }
}

/// Checkpoints that wait for nobody: what readers still need stays for the next one.
fn run(conn: &Connection, asked: &Receiver<()>, copied: &AtomicI32) {
    while asked.recv().is_ok() {
        let mut until = 0;
        for _ in 0..PASSES {
            match pass(conn) {
                Ok(now) => {
                    copied.store(now, Ordering::Relaxed);
                    if now - until <= FEW / 2 {
                        break;
                    }
                    until = now;
                }
                Err(error) => {
                    tracing::debug!(%error, "no checkpoint now; the next one takes more");
                    break;
                }
            }
        }
    }
}

/// Copies what is there, and says up to which page of the log.
fn pass(conn: &Connection) -> rusqlite::Result<i32> {
    conn.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| row.get("checkpointed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_that_always_grows_begins_anew() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("handoff.db");
        let mut writer = sqlite::connect(&path).unwrap();
        writer
            .execute_batch("PRAGMA synchronous = OFF; CREATE TABLE t (n BIGINT); INSERT INTO t VALUES (0)")
            .unwrap();
        let checkpoints = Checkpoints::beside(&path, &mut writer).unwrap();
        for _ in 0..2 * LONGEST {
            writer.execute("UPDATE t SET n = n + 1", []).unwrap();
        }
        let log = std::fs::metadata(directory.path().join("handoff.db-wal")).unwrap().len();
        assert!(log <= u64::try_from(LONGEST).unwrap() * 5_000, "{log} bytes");
        checkpoints.end(&mut writer);
    }
}
