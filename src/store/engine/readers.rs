//! Connections that only read, a few at a time.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use sqlx::PgPool;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use super::postgres::{PATIENCE, within};
use super::query::{Conn, DecodeRow, Query};
use super::{DatabaseError, sqlite};

/// How many read a SQLite file at the same time. Each connection keeps pages and prepared statements.
const READERS: u32 = 2;

/// A pool of connections to either engine. Connects when it has to, also after the server was gone.
#[derive(Clone)]
pub enum Readers {
    Sqlite(Arc<FileReaders>),
    Postgres(PgPool),
}

impl Readers {
    pub fn of_file(path: PathBuf) -> Self {
        let turns = Arc::new(Semaphore::new(READERS as usize));
        Self::Sqlite(Arc::new(FileReaders { path, turns, idle: Mutex::default() }))
    }

    pub async fn all<T: DecodeRow>(&self, query: Query<'_>) -> Result<Vec<T>, DatabaseError> {
        match self {
            Self::Sqlite(readers) => Arc::clone(readers).all(query).await,
            Self::Postgres(pool) => {
                within(PATIENCE, async { Conn::Postgres(&mut *pool.acquire().await?).all(query).await }).await
            }
        }
    }

    /// The row of a statement that gives at most one.
    pub async fn optional<T: DecodeRow>(&self, query: Query<'_>) -> Result<Option<T>, DatabaseError> {
        Ok(self.all(query).await?.pop())
    }

    /// The row of a statement that gives exactly one.
    pub async fn one<T: DecodeRow>(&self, query: Query<'_>) -> Result<T, DatabaseError> {
        self.optional(query).await?.ok_or(DatabaseError::NoRow)
    }

    /// Refuses later reads, and returns when the running ones have ended.
    pub async fn close(&self) {
        match self {
            Self::Sqlite(readers) => readers.close().await,
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

/// Connections to a SQLite file. Reading it blocks, so it happens on threads that may.
pub struct FileReaders {
    path: PathBuf,
    turns: Arc<Semaphore>,
    idle: Mutex<Vec<Connection>>,
}

impl FileReaders {
    async fn all<T: DecodeRow>(self: Arc<Self>, query: Query<'_>) -> Result<Vec<T>, DatabaseError> {
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|_| DatabaseError::Closed)?;
        let query = query.owned();
        let read = spawn_blocking(move || {
            let idle = self.idle().pop();
            let conn = match idle {
                Some(conn) => conn,
                None => sqlite::frugal(sqlite::read_only(&self.path)?)?,
            };
            let rows = sqlite::all(&conn, &query)?;
            self.idle().push(conn);
            drop(turn);
            Ok(rows)
        });
        read.await.unwrap_or(Err(DatabaseError::Closed))
    }

    /// Whoever wants a turn later than this gets none.
    async fn close(&self) {
        let last = self.turns.acquire_many(READERS).await;
        self.turns.close();
        self.idle().clear();
        drop(last);
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
