//! One SQLite file: safe settings, and for a service the sole right to serve it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{CachedStatement, Connection, OpenFlags};
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

use super::StoreError;
use super::query::{DecodeRow, Query};

/// Older ones can corrupt a write-ahead log when two connections write and checkpoint at once:
/// <https://www.sqlite.org/wal.html#walresetbug>.
const OLDEST: (&str, i32) = ("3.51.3", 3_051_003);

/// How long a statement waits for another process (a command beside the service).
const BUSY: Duration = Duration::from_secs(5);

/// More than there are statements in the store, so that each is prepared once for a connection.
const PREPARED: usize = 256;

/// A commit is on disk before it is answered. The log beside the file gives back what a burst made it grow to. The
/// writer keeps 2 MiB of pages, which is what it comes back to.
const SETTINGS: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA foreign_keys = ON;
    PRAGMA journal_size_limit = 67108864;
    PRAGMA cache_size = -2048;";

/// KiB of pages that a connection beside the writer keeps. The system keeps those of the file for all of them.
const FRUGAL: i32 = 256;

/// Opens the file for writing; creates it when it is missing.
pub fn connect(path: &Path) -> Result<Connection, StoreError> {
    refuse_old()?;
    create_private(path)?;
    let conn = read_write(path)?;
    conn.execute_batch(SETTINGS)?;
    Ok(conn)
}

/// Opens a file that [`connect`] has opened before.
pub fn read_write(path: &Path) -> rusqlite::Result<Connection> {
    open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)
}

/// Opens the file for reading, whatever is in it.
pub fn read_only(path: &Path) -> rusqlite::Result<Connection> {
    open(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
}

/// Every connection belongs to one thread at a time, so SQLite need not see to that.
fn open(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let conn = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    conn.busy_timeout(BUSY)?;
    // Otherwise a statement is planned anew for every value that its plan might look at, which costs more than
    // running it: https://www.sqlite.org/c3ref/c_dbconfig_defensive.html#sqlitedbconfigenableqpsg
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    conn.set_prepared_statement_cache_capacity(PREPARED);
    Ok(conn)
}

/// Keeps a long-lived connection from keeping much.
pub fn frugal(conn: Connection) -> rusqlite::Result<Connection> {
    conn.pragma_update(None, "cache_size", -FRUGAL)?;
    Ok(conn)
}

/// Does elsewhere what would keep the caller's thread from everything else for long.
pub async fn apart<T: Send + 'static>(
    work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
) -> Result<T, StoreError> {
    let runtime = Handle::current();
    spawn_blocking(move || runtime.block_on(work)).await.unwrap_or(Err(StoreError::Closed))
}

/// Runs a statement; says how many rows it changed.
pub fn execute(conn: &Connection, query: &Query<'_>) -> rusqlite::Result<u64> {
    Ok(prepare(conn, query)?.raw_execute()? as u64)
}

/// All rows of a statement.
pub fn all<T: DecodeRow>(conn: &Connection, query: &Query<'_>) -> rusqlite::Result<Vec<T>> {
    prepare(conn, query)?.raw_query().mapped(|row| T::try_from(row)).collect()
}

fn prepare<'c>(conn: &'c Connection, query: &Query<'_>) -> rusqlite::Result<CachedStatement<'c>> {
    let mut statement = conn.prepare_cached(query.sql.sqlite)?;
    let expected = statement.parameter_count();
    // What only PostgreSQL's text uses comes last.
    let values = query.values.get(..expected);
    let missing = rusqlite::Error::InvalidParameterCount(query.values.len(), expected);
    for (index, value) in values.ok_or(missing)?.iter().enumerate() {
        statement.raw_bind_parameter(index + 1, value)?;
    }
    Ok(statement)
}

/// Creates the file unless it is there.
fn create_private(path: &Path) -> Result<(), StoreError> {
    match private_file(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(refused(path, error)),
        _ => Ok(()),
    }
}

/// Creates the file; fails if there is one.
pub fn create_new(path: &Path) -> Result<File, StoreError> {
    private_file(path).map_err(|error| refused(path, error))
}

/// The file holds customers' words: only its owner may read it. SQLite gives the files beside it the same mode.
fn private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Fails if there is no such file yet.
pub fn must_exist(path: &Path) -> Result<(), StoreError> {
    std::fs::metadata(path).map(drop).map_err(|error| refused(path, error))
}

/// The sole right to serve the file.
pub fn lock_beside(path: &Path) -> Result<File, StoreError> {
    lock(&beside(path, ".lock"))
}

/// The sole right to a file that only its owner can read; creates it when it is missing. Held by the system for as long
/// as the process lives, whatever way it ends.
pub fn lock(path: &Path) -> Result<File, StoreError> {
    create_private(path)?;
    let file = OpenOptions::new().write(true).open(path).map_err(|error| refused(path, error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::Served { path: path.to_owned() }),
        Err(TryLockError::Error(error)) => Err(refused(path, error)),
    }
}

/// The path with this ending.
pub fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// What the system refused to do with a file.
pub fn refused(path: &Path, source: io::Error) -> StoreError {
    StoreError::File { path: path.to_owned(), source: Arc::new(source) }
}

fn refuse_old() -> Result<(), StoreError> {
    let (needed, oldest) = OLDEST;
    if rusqlite::version_number() < oldest {
        return Err(StoreError::OldSqlite { found: rusqlite::version().to_owned(), needed });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commits_are_synced_and_only_the_owner_can_read_the_files() {
        let directory = tempfile::tempdir().unwrap();
        let conn = connect(&directory.path().join("handoff.db")).unwrap();
        let found = |pragma: &str| {
            conn.pragma_query_value(None, pragma, |row| row.get::<_, rusqlite::types::Value>(0)).unwrap()
        };
        assert_eq!(found("journal_mode"), "wal".to_owned().into());
        for (pragma, value) in [("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 5000)] {
            assert_eq!(found(pragma), value.into(), "{pragma}");
        }
        conn.execute_batch("CREATE TABLE t (a BIGINT)").unwrap();
        #[cfg(unix)]
        for name in ["handoff.db", "handoff.db-wal", "handoff.db-shm"] {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(directory.path().join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
    }
}
