//! One SQLite file: safe settings, and for a service the sole right to serve it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, SqliteConnection, SqlitePool};

use super::StoreError;
use super::query::{Conn, query};

/// Older ones can corrupt a write-ahead log when two connections write and checkpoint at once:
/// <https://www.sqlite.org/wal.html#walresetbug>.
const OLDEST: (&str, [u32; 3]) = ("3.51.3", [3, 51, 3]);

/// How long a statement waits for another process (a command beside the service).
const BUSY: Duration = Duration::from_secs(5);

/// Reads at the same time.
const READERS: u32 = 4;

statements! {
    VERSION = { sqlite: "SELECT sqlite_version()" };
}

/// Opens the file for writing; creates it when it is missing.
pub(super) async fn connect(path: &Path) -> Result<SqliteConnection, StoreError> {
    create_private(path)?;
    let mut conn = file(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .pragma("journal_size_limit", "67108864")
        .connect()
        .await?;
    refuse_old(&mut conn).await?;
    Ok(conn)
}

/// Connections that only read.
pub(super) fn readers(path: &Path) -> SqlitePool {
    SqlitePoolOptions::new().max_connections(READERS).connect_lazy_with(file(path).read_only(true))
}

/// One connection that only reads, for a file of which nothing is known.
pub(super) async fn read_only(path: &Path) -> Result<SqliteConnection, StoreError> {
    Ok(file(path).read_only(true).connect().await?)
}

fn file(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new().filename(path).busy_timeout(BUSY).disable_statement_logging()
}

/// Creates the file unless it is there.
fn create_private(path: &Path) -> Result<(), StoreError> {
    match private_file(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(refused(path, error)),
        _ => Ok(()),
    }
}

/// Creates the file; fails if there is one.
pub(super) fn create_new(path: &Path) -> Result<File, StoreError> {
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
pub(super) fn must_exist(path: &Path) -> Result<(), StoreError> {
    std::fs::metadata(path).map(drop).map_err(|error| refused(path, error))
}

/// The sole right to serve the file. Held by the system for as long as the process lives, whatever way it ends.
pub(super) fn lock_beside(path: &Path) -> Result<File, StoreError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let path = PathBuf::from(name);
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(|error| refused(&path, error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::Served { path }),
        Err(TryLockError::Error(error)) => Err(refused(&path, error)),
    }
}

/// What the system refused to do with a file.
pub(super) fn refused(path: &Path, source: io::Error) -> StoreError {
    StoreError::File { path: path.to_owned(), source: Arc::new(source) }
}

async fn refuse_old(conn: &mut SqliteConnection) -> Result<(), StoreError> {
    let (found,): (String,) = Conn::Sqlite(conn).one(query(VERSION)).await?;
    let (needed, oldest) = OLDEST;
    if is_older(&found, oldest) { Err(StoreError::OldSqlite { found, needed }) } else { Ok(()) }
}

fn is_older(version: &str, oldest: [u32; 3]) -> bool {
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    let found: [u32; 3] = std::array::from_fn(|_| parts.next().unwrap_or(0));
    found < oldest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn commits_are_synced_and_only_the_owner_can_read_the_files() {
        let directory = tempfile::tempdir().unwrap();
        let mut conn = connect(&directory.path().join("handoff.db")).await.unwrap();
        for (pragma, value) in [
            ("PRAGMA journal_mode", "wal"),
            ("PRAGMA synchronous", "2"),
            ("PRAGMA foreign_keys", "1"),
            ("PRAGMA busy_timeout", "5000"),
        ] {
            let row = sqlx::query(pragma).fetch_one(&mut conn).await.unwrap();
            let found: String = sqlx::Row::try_get_unchecked(&row, 0).unwrap();
            assert_eq!(found, value, "{pragma}");
        }
        sqlx::query("CREATE TABLE t (a BIGINT)").execute(&mut conn).await.unwrap();
        #[cfg(unix)]
        for name in ["handoff.db", "handoff.db-wal", "handoff.db-shm"] {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(directory.path().join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
    }

    #[test]
    fn a_sqlite_that_can_corrupt_its_log_is_refused() {
        let (_, oldest) = OLDEST;
        for old in ["3.51.2", "3.50.4", "3.9.0", "2.99.99", ""] {
            assert!(is_older(old, oldest), "{old}");
        }
        for new in ["3.51.3", "3.51.10", "3.52.0", "4.0.0"] {
            assert!(!is_older(new, oldest), "{new}");
        }
    }
}
