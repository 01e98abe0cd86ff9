//! Opening a store: connect, bring the tables up to date, start writers and readers.

use super::migrate::migrate;
use super::query::query;
use super::writer::{Command, Tx, Writer};
use super::writer_connection::{OpenMode, WriterConnection};
use super::{DatabaseError, StoreError, StoreUrl};
use crate::clock::Clock;
use crate::store::Store;

statements! {
    /// A lease without an end was a try.
    VOID_DEALS = "
        UPDATE deals SET state = 'ready', due_at = $1, attempts = attempts + 1
        WHERE state <> 'idle' AND state = 'leased'";
    VOID_DELIVERIES = "
        UPDATE deliveries SET state = 'waiting', due_at = $1, attempts = attempts + 1
        WHERE state <> 'done' AND state = 'leased'";
    VOID_CLICKS = "
        UPDATE clicks SET state = 'ready', due_at = $1, attempts = attempts + 1
        WHERE state <> 'done' AND state = 'leased'";
    VOID_WRITES = "
        UPDATE answers SET due_at = $1, attempts = attempts + CASE WHEN state = 'writing' THEN 1 ELSE 0 END,
            state = CASE WHEN state = 'writing' THEN 'given' ELSE state END
        WHERE due_at IS NOT NULL AND state IN ('writing', 'conflict')";
}

impl Store {
    /// Opens a store for a command beside running services; creates and migrates it when needed.
    pub async fn open(at: impl Into<StoreUrl>, clock: Clock) -> Result<Self, StoreError> {
        Self::start(&at.into(), clock, OpenMode::Command).await
    }

    /// The same, by its URL: `sqlite:PATH` or `postgres://user@host:5432/database`.
    pub async fn open_url(url: &str, clock: Clock) -> Result<Self, StoreError> {
        Self::open(url.parse::<StoreUrl>()?, clock).await
    }

    /// Opens a store for a service. A SQLite file is served by one process, so every lease of an earlier one
    /// is void at once; this fails with [`StoreError::Served`] if there is another. PostgreSQL may be served by
    /// several, and nobody's leases are touched: they go on when they have run out.
    pub async fn open_exclusive(at: impl Into<StoreUrl>, clock: Clock) -> Result<Self, StoreError> {
        let url = at.into();
        let store = Self::start(&url, clock, OpenMode::Service).await?;
        if let StoreUrl::Sqlite(_) = url {
            let void = store.writer.run(VoidLeases).await?;
            if void > 0 {
                tracing::info!(rows = void, "took back the work of an earlier process");
            }
        }
        Ok(store)
    }

    async fn start(url: &StoreUrl, clock: Clock, mode: OpenMode) -> Result<Self, StoreError> {
        let mut connection = WriterConnection::open(url, mode).await?;
        migrate(&mut connection, clock.now_millis()).await?;
        let readers = connection.readers();
        Ok(Self { writer: Writer::start(connection, &clock)?, readers })
    }
}

/// Takes back what was leased, for when no worker can be at it. Returns how many rows it was.
pub struct VoidLeases;

impl Command<u64> for VoidLeases {
    async fn run(&self, tx: &mut Tx<'_>) -> Result<u64, DatabaseError> {
        let deals = tx.conn.execute(query(VOID_DEALS).bind(tx.now)).await?;
        let deliveries = tx.conn.execute(query(VOID_DELIVERIES).bind(tx.now)).await?;
        let clicks = tx.conn.execute(query(VOID_CLICKS).bind(tx.now)).await?;
        let writes = tx.conn.execute(query(VOID_WRITES).bind(tx.now)).await?;
        Ok(deals + deliveries + clicks + writes)
    }
}
