//! Brings what was committed from the log beside a SQLite file into the file, on a thread of its own: the writer
//! would have to wait for several more syncs of the disk, and everybody who waits for a commit with it.

use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use rusqlite::Connection;
use rusqlite::hooks::Wal;

use super::{DatabaseError, sqlite};

/// Whenever the log has grown by so many pages of 4 KiB, it is copied back. A page that changes often is then not
/// copied as often.
const STEP: i32 = 2_000;

/// The thread never gets to the end of a log that always grows, and only a log at its end begins anew. At so many pages
/// the writer takes the last step itself; the thread has left it little to do.
const LONGEST: i32 = 8_000;

/// The thread beside a writer.
pub struct Checkpoints(JoinHandle<()>);

impl Checkpoints {
    /// Starts the thread, with a connection of its own; `writer` says when it begins.
    pub fn beside(path: &Path, writer: &mut Connection) -> Result<Self, DatabaseError> {
        let conn = sqlite::frugal(sqlite::read_write(path)?)?;
        let (due, asked) = sync_channel(1);
        writer.wal_hook(Some(after_commit(due)))?;
        let thread = thread::Builder::new().name("store-checkpoint".to_owned());
        thread.spawn(move || run(&conn, &asked)).map(Self).map_err(DatabaseError::Thread)
    }

    pub fn end(self, writer: &mut Connection) {
        let nothing: Option<fn(&mut Wal, i32) -> rusqlite::Result<()>> = None;
        if writer.wal_hook(nothing).is_ok() {
            let _ = self.0.join();
        }
    }
}

/// The hook of the writer after each commit; gets how many pages the log has.
fn after_commit(due: SyncSender<()>) -> impl FnMut(&mut Wal, i32) -> rusqlite::Result<()> + Send {
    let mut begun_at = 0;
    move |wal, pages| {
        if pages >= LONGEST {
            // An error here would be taken for one of the commit, which has happened. The next commit tries again.
            let _ = wal.checkpoint();
        } else if pages / STEP != begun_at / STEP {
            begun_at = pages;
            // A checkpoint that is due and has not begun yet is enough.
            let _ = due.try_send(());
        }
        Ok(())
    }
}

/// A checkpoint that waits for nobody: what readers still need stays for the next one.
fn run(conn: &Connection, asked: &Receiver<()>) {
    while asked.recv().is_ok() {
        if let Err(error) = conn.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())) {
            tracing::debug!(%error, "no checkpoint now; the next one takes more");
        }
    }
}
