//! A PostgreSQL server: safe settings, bounded waiting, and who may serve the database beside whom.

use std::io;
use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, PgConnection, PgPool};

use super::query::{Conn, query};
use super::writer_connection::OpenMode;
use super::{DatabaseError, StoreError};

/// Older ones are not maintained, and do not know `AS MATERIALIZED`.
const OLDEST: u32 = 13;

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(3);

/// How long a transaction or a read may take before the server counts as gone.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Reads at the same time.
pub const READERS: u32 = 4;

statements! {
    /// A commit is on disk before it is answered, whatever the server's default. A process that hangs in the
    /// middle of a transaction does not hold up the others for longer than this.
    SETTINGS = { postgres: "
        SELECT set_config('synchronous_commit', 'on', false)
            FROM (SELECT current_setting('synchronous_commit') AS found) s WHERE s.found = 'off'
        UNION ALL SELECT set_config('lock_timeout', '5s', false)
        UNION ALL SELECT set_config('idle_in_transaction_session_timeout', '30s', false)" };
    VERSION = { postgres: "SELECT CAST(current_setting('server_version_num') AS BIGINT)" };
    /// Locks are named by two numbers: ours, and the schema that holds the tables.
    SERVE = { postgres: "SELECT pg_try_advisory_lock_shared(1751217778, hashtext(current_schema()::text))" };
    MOVE = { postgres: "SELECT pg_try_advisory_lock(1751217778, hashtext(current_schema()::text))" };
    /// Ends with the transaction.
    MIGRATE = { postgres: "SELECT pg_advisory_xact_lock(1751215469, hashtext(current_schema()::text))::text" };
}

/// Where the server is, and how this process opens it.
pub struct Server {
    options: PgConnectOptions,
    mode: OpenMode,
}

impl Server {
    /// Reads the URL; does not connect yet.
    pub fn new(url: &str, mode: OpenMode) -> Result<Self, DatabaseError> {
        let mut options = PgConnectOptions::from_str(url)?.disable_statement_logging();
        if options.get_application_name().is_none() {
            options = options.application_name("handoff");
        }
        Ok(Self { options, mode })
    }

    /// Whether this process is a service.
    pub fn serves(&self) -> bool {
        self.mode == OpenMode::Service
    }

    pub async fn connect(&self) -> Result<PgConnection, StoreError> {
        within(CONNECT, async {
            let mut conn = self.options.connect().await?;
            let mut on = Conn::Postgres(&mut conn);
            let found = major_version(&mut on).await?;
            if found < OLDEST {
                return Err(StoreError::OldPostgres { found, needed: OLDEST });
            }
            on.execute(query(SETTINGS)).await?;
            let lock = match self.mode {
                OpenMode::Command => None,
                OpenMode::Service => Some(SERVE),
                OpenMode::Copy => Some(MOVE),
            };
            if let Some(lock) = lock {
                let (granted,): (bool,) = on.one(query(lock)).await?;
                if !granted {
                    return Err(StoreError::InUse);
                }
            }
            Ok(conn)
        })
        .await
    }

    /// A pool beside the writers, which connects when it has to.
    pub fn pool(&self, connections: u32) -> PgPool {
        PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(CONNECT)
            .connect_lazy_with(self.options.clone())
    }
}

pub async fn major_version(conn: &mut Conn<'_>) -> Result<u32, DatabaseError> {
    let (found,): (i64,) = conn.one(query(VERSION)).await?;
    Ok(u32::try_from(found / 10_000).unwrap_or(0))
}

/// Waits until no other process changes the tables; inside a transaction.
pub async fn take_turns(conn: &mut Conn<'_>) -> Result<(), DatabaseError> {
    conn.one::<(String,)>(query(MIGRATE)).await?;
    Ok(())
}

/// Gives up on a server that does not answer.
pub async fn within<T, E: From<sqlx::Error>>(
    limit: Duration,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    match tokio::time::timeout(limit, work).await {
        Ok(done) => done,
        Err(_) => Err(no_answer().into()),
    }
}

/// The server has not answered for as long as we wait.
pub fn no_answer() -> sqlx::Error {
    sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, "no answer in time"))
}

/// Whether two transactions stood in each other's way, and the same one may succeed when it runs again.
/// <https://www.postgresql.org/docs/current/mvcc-serialization-failure-handling.html>
pub fn is_conflict(error: &DatabaseError) -> bool {
    let DatabaseError::Postgres(error) = error else { return false };
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    matches!(code.as_deref(), Some("40001" | "40P01"))
}
