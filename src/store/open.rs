//! Opening a database: safe settings, the right tables, and for a service the sole right to serve it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, SqliteConnection};

use super::migrate::migrate;
use super::writer::{Command, Tx, Writer};
use super::{Store, StoreError};
use crate::clock::Clock;

/// Older ones can corrupt a write-ahead log when two connections write and checkpoint at once:
/// <https://www.sqlite.org/wal.html#walresetbug>.
const OLDEST_SQLITE: (&str, [u32; 3]) = ("3.51.3", [3, 51, 3]);

/// How long a statement waits for another process (a command beside the service).
const BUSY: Duration = Duration::from_secs(5);

/// Reads at the same time.
const READERS: u32 = 4;

statements! {
    SQLITE_VERSION = "SELECT sqlite_version()";
    VOID_DEALS = "UPDATE deals SET state = 'ready', due_at = $1 WHERE state <> 'idle' AND state = 'leased'";
    VOID_DELIVERIES = "UPDATE deliveries SET state = 'waiting', due_at = $1 WHERE state <> 'done' AND state = 'leased'";
}

impl Store {
    /// Opens the database for a command beside a running service; creates and migrates it when needed.
    pub async fn open(path: &Path, clock: Clock) -> Result<Self, StoreError> {
        Self::start(path, clock, None).await
    }

    /// Opens the database for the one process that serves it. Nobody else works on its rows, so every
    /// lease of an earlier process is void at once. Fails with [`StoreError::Served`] if there is another.
    pub async fn open_exclusive(path: &Path, clock: Clock) -> Result<Self, StoreError> {
        let lock = lock_beside(path)?;
        let store = Self::start(path, clock, Some(lock)).await?;
        let void = store.writer.run(VoidLeases).await?;
        if void > 0 {
            tracing::info!(rows = void, "took back the work of an earlier process");
        }
        Ok(store)
    }

    async fn start(path: &Path, clock: Clock, lock: Option<File>) -> Result<Self, StoreError> {
        create_private(path)?;
        let file = SqliteConnectOptions::new().filename(path).busy_timeout(BUSY).disable_statement_logging();
        let mut conn = file
            .clone()
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .pragma("journal_size_limit", "67108864")
            .connect()
            .await?;
        refuse_old_sqlite(&mut conn).await?;
        migrate(&mut conn, clock.now_millis()).await?;
        let readers =
            SqlitePoolOptions::new().max_connections(READERS).connect_lazy_with(file.read_only(true));
        Ok(Self { writer: Writer::start(conn, clock.clone(), lock), readers, clock })
    }
}

/// The file holds customers' words: only its owner may read it. SQLite gives the files beside it the same mode.
fn create_private(path: &Path) -> Result<(), StoreError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(refused(path, error)),
        _ => Ok(()),
    }
}

/// Held by the system for as long as the process lives, whatever way it ends.
fn lock_beside(path: &Path) -> Result<File, StoreError> {
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

fn refused(path: &Path, source: io::Error) -> StoreError {
    StoreError::File { path: path.to_owned(), source: Arc::new(source) }
}

async fn refuse_old_sqlite(conn: &mut SqliteConnection) -> Result<(), StoreError> {
    let found: String = sqlx::query_scalar(SQLITE_VERSION).fetch_one(conn).await?;
    let (needed, oldest) = OLDEST_SQLITE;
    if is_older(&found, oldest) { Err(StoreError::OldSqlite { found, needed }) } else { Ok(()) }
}

fn is_older(version: &str, oldest: [u32; 3]) -> bool {
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    let found: [u32; 3] = std::array::from_fn(|_| parts.next().unwrap_or(0));
    found < oldest
}

struct VoidLeases;

impl Command for VoidLeases {
    type Output = u64;

    async fn run(&self, tx: &mut Tx<'_>) -> sqlx::Result<u64> {
        let mut rows = 0;
        for sql in [VOID_DEALS, VOID_DELIVERIES] {
            rows += sqlx::query(sql).bind(tx.now).execute(&mut *tx.conn).await?.rows_affected();
        }
        Ok(rows)
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Fixture, event};
    use super::*;

    #[tokio::test]
    async fn a_database_is_served_by_one_process() {
        let fixture = Fixture::new().await;
        let second = Store::open_exclusive(&fixture.path, fixture.clock.clone()).await;
        assert!(matches!(second, Err(StoreError::Served { .. })));
        let fixture = fixture.reopened().await;
        fixture.store.ping().await.unwrap();
    }

    #[tokio::test]
    async fn a_command_works_beside_the_service() {
        let fixture = Fixture::new().await;
        fixture.hears("1", "a").await;
        let lease = fixture.claims_deal().await;
        let beside = Store::open(&fixture.path, fixture.clock.clone()).await.unwrap();
        assert_eq!(beside.events(10).await.unwrap().len(), 1);
        beside.record(vec![event("2", "b")]).await.unwrap();
        beside.close().await;
        assert_eq!(fixture.claims_deal().await.deal.deal, "2", "the first deal's lease still holds");
        fixture.ends(&lease, super::super::fixture::nothing()).await;
    }

    #[tokio::test]
    async fn the_next_process_takes_back_every_lease_at_once() {
        let fixture = Fixture::new().await;
        fixture.has_packet("1").await;
        fixture.hears("2", "a").await;
        let deal = fixture.claims_deal().await;
        let delivery = fixture.claims_delivery().await;

        let fixture = fixture.reopened().await;
        let deal_again = fixture.claims_deal().await;
        let delivery_again = fixture.claims_delivery().await;
        assert_eq!((&deal_again.deal, deal_again.attempts), (&deal.deal, 0));
        assert!(deal_again.epoch > deal.epoch && delivery_again.epoch > delivery.epoch);
        assert!(!delivery_again.unknown, "nothing was tried under the void lease");
    }

    #[tokio::test]
    async fn commits_are_synced_and_only_the_owner_can_read_the_files() {
        struct Setting(&'static str);

        impl Command for Setting {
            type Output = String;

            async fn run(&self, tx: &mut Tx<'_>) -> sqlx::Result<String> {
                let row = sqlx::query(self.0).fetch_one(&mut *tx.conn).await?;
                sqlx::Row::try_get_unchecked(&row, 0)
            }
        }

        let fixture = Fixture::new().await;
        for (pragma, value) in [
            ("PRAGMA journal_mode", "wal"),
            ("PRAGMA synchronous", "2"),
            ("PRAGMA foreign_keys", "1"),
            ("PRAGMA busy_timeout", "5000"),
        ] {
            assert_eq!(fixture.store.writer.run(Setting(pragma)).await.unwrap(), value, "{pragma}");
        }
        #[cfg(unix)]
        for name in ["handoff.db", "handoff.db-wal", "handoff.db-shm"] {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(fixture.directory().join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
    }

    #[tokio::test]
    async fn a_missing_directory_is_named() {
        let path = Path::new("/nowhere/handoff.db");
        let clock = Clock::manual(jiff::Timestamp::UNIX_EPOCH);
        let refused = Store::open(path, clock).await.err().unwrap();
        insta::assert_snapshot!(refused, @"cannot open /nowhere/handoff.db: No such file or directory (os error 2)");
    }

    #[test]
    fn a_sqlite_that_can_corrupt_its_log_is_refused() {
        let (_, oldest) = OLDEST_SQLITE;
        for old in ["3.51.2", "3.50.4", "3.9.0", "2.99.99", ""] {
            assert!(is_older(old, oldest), "{old}");
        }
        for new in ["3.51.3", "3.51.10", "3.52.0", "4.0.0"] {
            assert!(!is_older(new, oldest), "{new}");
        }
    }
}
