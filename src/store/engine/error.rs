//! What can go wrong with the store, in words for the operator.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::StoreUrlError;
use crate::failure::Failure;

/// A failed call to the store. The text names files and columns, never a value from a row.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The file or the lock beside it cannot be created or opened.
    #[error("cannot open {}: {source}", path.display())]
    File { path: PathBuf, source: Arc<io::Error> },
    /// Another process serves this database.
    #[error("{} is already being served by another process (it holds the lock file)", path.display())]
    Served { path: PathBuf },
    /// This SQLite can corrupt a database that two connections write and checkpoint at once.
    #[error("SQLite {found} is too old: {needed} or newer is needed")]
    OldSqlite { found: String, needed: &'static str },
    /// This PostgreSQL is no longer maintained.
    #[error("PostgreSQL {found} is too old: {needed} or newer is needed")]
    OldPostgres { found: u32, needed: u32 },
    /// A database cannot be moved while it is served, nor served while it is moved.
    #[error("the PostgreSQL database is being served, or moved, by another process")]
    InUse,
    /// Only an empty store takes the rows of another.
    #[error("the store to copy to is not empty: it has rows in {table}")]
    NotEmpty { table: &'static str },
    /// Not every row arrived; nothing was copied.
    #[error("{copied} of {found} rows of {table} were copied: nothing is kept of it")]
    Miscounted { table: &'static str, found: u64, copied: u64 },
    /// The text is not the URL of a store.
    #[error(transparent)]
    Url(#[from] StoreUrlError),
    /// A copy that cannot be what somebody took it for.
    #[error("{} cannot be used: {what}", path.display())]
    Unusable {
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// A newer release of this program has changed the tables.
    #[error("the database has version {found}, this program knows up to {known}: use the newer program")]
    NewerDatabase {
        found: i64,
        /// Newest version this program knows.
        known: i64,
    },
    /// More is waiting to be written than fits: come back later. Nothing was written.
    #[error("the store is busy: its queue is full")]
    Busy,
    /// The database refused or could not be reached.
    #[error("database: {0}")]
    Database(Arc<DatabaseError>),
    #[error("the store is closed")]
    Closed,
}

/// What a database said when it refused, or why nobody could ask it.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// SQLite refused, with the code by which <https://www.sqlite.org/rescode.html> explains it.
    #[error("{error}{}", code(error))]
    Sqlite {
        #[from]
        error: rusqlite::Error,
    },
    /// PostgreSQL refused, or could not be reached.
    #[error(transparent)]
    Postgres(#[from] sqlx::Error),
    /// A row that is always there was not.
    #[error("no row where there must be one")]
    NoRow,
    /// Rows that cannot be handed over as JSON.
    #[error("cannot write rows as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// There is no thread for the writer of a file.
    #[error("cannot start a thread: {0}")]
    Thread(std::io::Error),
    /// The connection was closed or lost.
    #[error("the connection is closed")]
    Closed,
}

fn code(error: &rusqlite::Error) -> String {
    error.sqlite_error().map(|error| format!(" (code {})", error.extended_code)).unwrap_or_default()
}

impl<E: Into<DatabaseError>> From<E> for StoreError {
    fn from(error: E) -> Self {
        Self::Database(Arc::new(error.into()))
    }
}

/// Whatever is wrong with the store, the work that met it is tried again.
impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::retry(error.to_string())
    }
}
