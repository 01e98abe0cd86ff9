//! How a store is, without changing anything in it; for readiness and `handoff doctor`.

use std::path::PathBuf;
use std::time::Duration;

use sqlx::Connection;

use crate::clock::Clock;
use crate::store::Store;
use crate::store::engine::postgres::{PATIENCE, Server, major_version, within};
use crate::store::engine::{
    Command, Conn, DatabaseError, OpenMode, StoreError, StoreUrl, Tx, migrate, query, sqlite,
};

statements! {
    QUICK_CHECK = { sqlite: "PRAGMA quick_check(1)" };
    JOURNAL_MODE = { sqlite: "PRAGMA journal_mode" };
    WAITING_FOR_A_PERSON = "
        SELECT (SELECT COUNT(*) FROM deals WHERE state <> 'idle' AND state = 'dead')
            + (SELECT COUNT(*) FROM deliveries WHERE state <> 'done' AND state IN ('dead', 'held'))
            + (SELECT COUNT(*) FROM clicks WHERE state <> 'done' AND state = 'dead')
            + (SELECT COUNT(*) FROM answers WHERE state = 'given' AND code = 'too_many')";
    /// A transaction that changes nothing would not notice a full disk.
    WRITE_PROBE = "INSERT INTO pauses (scope, until, reason, since) VALUES ('probe', 0, '', 0)";
    REMOVE_PROBE = "DELETE FROM pauses WHERE scope = 'probe'";
}

/// What was seen of a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreHealth {
    Sqlite {
        /// `ok`, or the first damage.
        quick_check: String,
        /// `wal`, once a service has opened it.
        journal_mode: String,
        /// Dead deals and clicks, and dead and held deliveries.
        waiting_for_a_person: i64,
    },
    /// Of a server that is new enough.
    Postgres {
        version: u32,
        /// Version of the tables; 0 without any.
        tables: i64,
        /// Version of the tables that this program makes.
        known: i64,
        /// The quickest of three answers.
        round_trip: Duration,
        waiting_for_a_person: i64,
    },
}

impl Store {
    /// Succeeds if the store takes writes: a row is written, taken back and committed.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.writer.run(Ping).await
    }

    /// Examines a store that may be in use. Creates and migrates nothing.
    pub async fn health(url: &StoreUrl) -> Result<StoreHealth, StoreError> {
        match url {
            StoreUrl::Sqlite(path) => sqlite::apart(file(path.clone())).await,
            StoreUrl::Postgres(url) => within(PATIENCE, postgres(url)).await,
        }
    }
}

struct Ping;

impl Command<()> for Ping {
    async fn run(&self, tx: &mut Tx<'_>) -> Result<(), DatabaseError> {
        tx.conn.execute(query(WRITE_PROBE)).await?;
        tx.conn.execute(query(REMOVE_PROBE)).await?;
        Ok(())
    }
}

async fn file(path: PathBuf) -> Result<StoreHealth, StoreError> {
    let mut conn = sqlite::read_only(&path)?;
    let mut on = Conn::Sqlite(&mut conn);
    let quick_check = quick_check(&mut on).await.unwrap_or_else(|damage| damage.to_string());
    let (journal_mode,) = on.one(query(JOURNAL_MODE)).await.unwrap_or(("an unknown mode".to_owned(),));
    let (waiting_for_a_person,) = on.one(query(WAITING_FOR_A_PERSON)).await.unwrap_or((0,));
    Ok(StoreHealth::Sqlite { quick_check, journal_mode, waiting_for_a_person })
}

/// `ok`, or the first damage.
pub(in crate::store) async fn quick_check(conn: &mut Conn<'_>) -> Result<String, DatabaseError> {
    let (found,) = conn.one(query(QUICK_CHECK)).await?;
    Ok(found)
}

async fn postgres(url: &str) -> Result<StoreHealth, StoreError> {
    let mut conn = Server::new(url, OpenMode::Command)?.connect().await?;
    let mut on = Conn::Postgres(&mut conn);
    let mut round_trip = Duration::MAX;
    let mut version = 0;
    for _ in 0..3 {
        let watch = Clock::stopwatch();
        version = major_version(&mut on).await?;
        round_trip = round_trip.min(watch.elapsed());
    }
    let tables = migrate::newest(&mut on).await.unwrap_or(0);
    let (waiting_for_a_person,) = on.one(query(WAITING_FOR_A_PERSON)).await.unwrap_or((0,));
    conn.close().await?;
    Ok(StoreHealth::Postgres { version, tables, known: migrate::known(), round_trip, waiting_for_a_person })
}
