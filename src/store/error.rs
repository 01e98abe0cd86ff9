//! What can go wrong with the store, in words for the operator.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

/// A failed call to the store. The text names files and columns, never a value from a row.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The file or the lock beside it cannot be created or opened.
    #[error("cannot open {}: {source}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        source: Arc<io::Error>,
    },
    /// Another process serves this database.
    #[error("{} is already being served by another process (it holds the lock file)", path.display())]
    Served {
        /// The lock file.
        path: PathBuf,
    },
    /// This SQLite can corrupt a database that two connections write and checkpoint at once.
    #[error("SQLite {found} is too old: {needed} or newer is needed")]
    OldSqlite {
        /// What is linked in.
        found: String,
        /// The oldest that is safe.
        needed: &'static str,
    },
    /// A newer release of this program has changed the tables.
    #[error("the database has version {found}, this program knows up to {known}: use the newer program")]
    NewerDatabase {
        /// Version of the database.
        found: i64,
        /// Newest version this program knows.
        known: i64,
    },
    /// The database refused or could not be reached.
    #[error("database: {0}")]
    Database(Arc<sqlx::Error>),
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(Arc::new(error))
    }
}
