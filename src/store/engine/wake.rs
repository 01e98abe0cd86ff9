//! Several processes on one PostgreSQL database wake each other's workers. It saves waiting, and nothing depends
//! on it: who hears nothing still looks now and then.
//!
//! Telling is not part of any transaction, because PostgreSQL lets only one transaction that notifies commit at a
//! time: <https://www.postgresql.org/docs/current/sql-notify.html>.

use std::sync::{Arc, Weak};
use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::PgListener;
use tokio::sync::{Notify, watch};

use super::DatabaseError;
use super::postgres::{PATIENCE, Server, within};
use super::query::{Conn, query};
use crate::clock::Clock;

/// The pause before the next connection after one was lost or refused.
const RETRY: Duration = Duration::from_secs(5);

const CHANNEL: &str = "handoff";

statements! {
    WHO = { postgres: "SELECT current_schema()::text, CAST(pg_backend_pid() AS BIGINT)" };
    /// Processes on other schemas of the database are told too, and look whether it is theirs.
    TELL = { postgres: "SELECT pg_notify('handoff', current_schema()::text)::text" };
}

/// What a process needs to tell others and to hear them.
pub struct Wake {
    /// Rings after every commit of this process that made work due.
    pub told: Arc<Notify>,
    /// Counts what wakes the workers of this process. Weak: its end is the end of the writers.
    pub changed: Weak<watch::Sender<u64>>,
    /// Paces connecting again.
    pub clock: Clock,
}

impl Wake {
    /// Tells and listens until the writers have ended.
    pub async fn run(self, server: Arc<Server>, mut ended: watch::Receiver<u64>) {
        let end = async { while ended.changed().await.is_ok() {} };
        let work = async {
            loop {
                if let Err(error) = self.connected(&server).await {
                    tracing::debug!(%error, "other processes cannot be heard for a while");
                }
                self.clock.sleep(RETRY).await;
                self.ring();
            }
        };
        tokio::select! {
            () = end => {}
            () = work => {}
        }
    }

    /// Returns when a connection is lost.
    async fn connected(&self, server: &Server) -> Result<(), DatabaseError> {
        let pool: PgPool = server.wakers();
        let mut listener = within(PATIENCE, PgListener::connect_with(&pool)).await?;
        within(PATIENCE, listener.listen(CHANNEL)).await?;
        let mut teller = within(PATIENCE, pool.acquire()).await?;
        let (schema, own): (String, i64) = Conn::Postgres(&mut teller).one(query(WHO)).await?;
        loop {
            tokio::select! {
                heard = listener.try_recv() => {
                    let Some(heard) = heard? else { return Ok(()) };
                    if heard.payload() == schema && i64::from(heard.process_id()) != own {
                        self.ring();
                    }
                }
                () = self.told.notified() => {
                    within(PATIENCE, Conn::Postgres(&mut teller).execute(query(TELL))).await?;
                }
            }
        }
    }

    fn ring(&self) {
        if let Some(changed) = self.changed.upgrade() {
            changed.send_modify(|count| *count += 1);
        }
    }
}
