//! Connections that only read, a few at a time.

use sqlx::pool::PoolConnection;
use sqlx::{PgPool, Postgres, Sqlite, SqlitePool};

use super::postgres::{PATIENCE, within};
use super::query::{Conn, Query, Row};

/// A pool of connections to either engine. Connects when it has to, also after the server was gone.
#[derive(Clone)]
pub(super) enum Readers {
    /// To a SQLite file.
    Sqlite(SqlitePool),
    /// To a PostgreSQL server.
    Postgres(PgPool),
}

enum Reader {
    Sqlite(PoolConnection<Sqlite>),
    Postgres(PoolConnection<Postgres>),
}

impl Reader {
    fn conn(&mut self) -> Conn<'_> {
        match self {
            Self::Sqlite(conn) => Conn::Sqlite(conn),
            Self::Postgres(conn) => Conn::Postgres(conn),
        }
    }
}

impl Readers {
    /// All rows.
    pub async fn all<T: Row>(&self, query: Query) -> sqlx::Result<Vec<T>> {
        let read = async { self.reader().await?.conn().all(query).await };
        match self {
            Self::Sqlite(_) => read.await,
            Self::Postgres(_) => within(PATIENCE, read).await,
        }
    }

    /// The row of a statement that gives at most one.
    pub async fn optional<T: Row>(&self, query: Query) -> sqlx::Result<Option<T>> {
        Ok(self.all(query).await?.pop())
    }

    /// The row of a statement that gives exactly one.
    pub async fn one<T: Row>(&self, query: Query) -> sqlx::Result<T> {
        self.optional(query).await?.ok_or(sqlx::Error::RowNotFound)
    }

    /// Refuses later reads, and returns when the running ones have ended.
    pub async fn close(&self) {
        match self {
            Self::Sqlite(pool) => pool.close().await,
            Self::Postgres(pool) => pool.close().await,
        }
    }

    async fn reader(&self) -> sqlx::Result<Reader> {
        Ok(match self {
            Self::Sqlite(pool) => Reader::Sqlite(pool.acquire().await?),
            Self::Postgres(pool) => Reader::Postgres(pool.acquire().await?),
        })
    }
}
