//! The connection of one writer, and how to get it back when it is lost.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use sqlx::{Connection, PgConnection};

use super::checkpoint::Checkpoints;
use super::postgres::{self, Server, within};
use super::query::{Conn, query};
use super::readers::Readers;
use super::{DatabaseError, StoreError, StoreUrl, sqlite};

/// How many write to a PostgreSQL database at once. One more was slower where the server shares the machine, and two
/// would leave too little when one of them waits for a lock.
const POSTGRES_WRITERS: usize = 3;

/// How long a server may take to begin or to undo a transaction before its connection counts as lost.
const PROMPT: Duration = Duration::from_secs(2);

statements! {
    /// On SQLite the write lock is taken at once: taking it later can fail halfway. On PostgreSQL a server's
    /// own defaults do not matter, and a standby refuses here.
    BEGIN = { sqlite: "BEGIN IMMEDIATE", postgres: "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE" };
    COMMIT = "COMMIT";
    ROLLBACK = "ROLLBACK";
}

/// What a process does with a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenMode {
    /// A command, beside services that may be running.
    Command,
    /// A service. It has a SQLite file to itself; it shares PostgreSQL with other services.
    Service,
    /// Copies everything elsewhere: no service may be running.
    Copy,
}

pub enum WriterConnection {
    /// To a file. The lock is the right to serve it; whoever has it takes care of the log beside it. It is the last
    /// to be dropped, also when a writer panics.
    Sqlite { path: PathBuf, checkpoints: Option<Checkpoints>, conn: rusqlite::Connection, lock: Option<File> },
    /// To a server, unless the connection is lost.
    Postgres { server: Arc<Server>, conn: Option<PgConnection> },
}

impl WriterConnection {
    pub async fn open(url: &StoreUrl, mode: OpenMode) -> Result<Self, StoreError> {
        match url {
            StoreUrl::Sqlite(path) => {
                let lock = if mode == OpenMode::Command { None } else { Some(sqlite::lock_beside(path)?) };
                let mut conn = sqlite::connect(path)?;
                let checkpoints = lock.is_some().then(|| Checkpoints::beside(path, &mut conn)).transpose()?;
                Ok(Self::Sqlite { path: path.clone(), conn, lock, checkpoints })
            }
            StoreUrl::Postgres(url) => {
                let server = Arc::new(Server::new(url, mode)?);
                let conn = Some(server.connect().await?);
                Ok(Self::Postgres { server, conn })
            }
        }
    }

    /// Connections to the same database that only read.
    pub fn readers(&self) -> Readers {
        match self {
            Self::Sqlite { path, .. } => Readers::of_file(path.clone()),
            Self::Postgres { server, .. } => Readers::Postgres(server.pool(postgres::READERS)),
        }
    }

    /// One connection for each writer that the engine can use. The further ones connect when they have to.
    pub fn for_every_writer(self) -> Vec<Self> {
        let mut connections = Vec::new();
        if let Self::Postgres { server, .. } = &self {
            let unconnected = || Self::Postgres { server: Arc::clone(server), conn: None };
            connections.extend(std::iter::repeat_with(unconnected).take(POSTGRES_WRITERS - 1));
        }
        connections.push(self);
        connections
    }

    /// The server, if other services may be on it beside this one.
    pub fn shared_server(&self) -> Option<Arc<Server>> {
        match self {
            Self::Postgres { server, .. } if server.serves() => Some(Arc::clone(server)),
            _ => None,
        }
    }

    /// Whether other transactions may run at the same time.
    pub fn is_shared(&self) -> bool {
        matches!(self, Self::Postgres { .. })
    }

    /// How long a transaction may take. A file is never given up on.
    pub fn patience(&self) -> Option<Duration> {
        self.is_shared().then_some(postgres::PATIENCE)
    }

    /// Begins a transaction, on a new connection if the old one is lost.
    pub async fn begin(&mut self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite { conn, .. } => {
                Conn::Sqlite(conn).execute(query(BEGIN)).await?;
            }
            Self::Postgres { server, conn } => {
                // It may have died since the last transaction; nothing is lost by trying once more.
                if let Some(mut old) = conn.take()
                    && within(PROMPT, Conn::Postgres(&mut old).execute(query(BEGIN))).await.is_ok()
                {
                    *conn = Some(old);
                    return Ok(());
                }
                let mut fresh = server.connect().await?;
                within(PROMPT, Conn::Postgres(&mut fresh).execute(query(BEGIN))).await?;
                *conn = Some(fresh);
            }
        }
        Ok(())
    }

    /// Where the statements of a transaction go.
    pub fn conn(&mut self) -> Result<Conn<'_>, DatabaseError> {
        match self {
            Self::Sqlite { conn, .. } => Ok(Conn::Sqlite(conn)),
            Self::Postgres { conn, .. } => conn.as_mut().map(Conn::Postgres).ok_or(DatabaseError::Closed),
        }
    }

    pub async fn commit(&mut self) -> Result<(), DatabaseError> {
        self.conn()?.execute(query(COMMIT)).await?;
        Ok(())
    }

    /// Undoes a transaction. False: the connection is lost, and the transaction with it.
    pub async fn roll_back(&mut self) -> bool {
        match self {
            Self::Sqlite { conn, .. } => {
                // SQLite has already rolled back on some errors (a full disk); then this one says so.
                if let Err(error) = Conn::Sqlite(conn).execute(query(ROLLBACK)).await {
                    tracing::debug!(%error, "nothing to roll back");
                }
                true
            }
            Self::Postgres { conn, .. } => {
                let Some(mut old) = conn.take() else { return false };
                let undone = within(PROMPT, Conn::Postgres(&mut old).execute(query(ROLLBACK))).await.is_ok();
                *conn = undone.then_some(old);
                undone
            }
        }
    }

    /// Gives up a connection to a server, with whatever is under way on it.
    pub fn lose(&mut self) {
        if let Self::Postgres { conn, .. } = self {
            *conn = None;
        }
    }

    /// Ends the connection, and with it the right to serve.
    pub async fn close(self) {
        let closed = match self {
            // The lock is released last: whoever gets it may open the file.
            Self::Sqlite { mut conn, lock, checkpoints, .. } => {
                if let Some(checkpoints) = checkpoints {
                    checkpoints.end(&mut conn);
                }
                let closed = conn.close().map_err(|(_, error)| DatabaseError::from(error));
                drop(lock);
                closed
            }
            Self::Postgres { conn: Some(conn), .. } => {
                within(PROMPT, conn.close()).await.map_err(DatabaseError::from)
            }
            Self::Postgres { conn: None, .. } => Ok(()),
        };
        if let Err(error) = closed {
            tracing::warn!(%error, "the database was not closed cleanly");
        }
    }
}
