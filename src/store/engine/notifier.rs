//! LISTEN and NOTIFY between services on one PostgreSQL database: a commit of one wakes the workers of the others. It
//! saves waiting, and nothing depends on it, because every dispatcher also polls.
//!
//! NOTIFY runs outside the writers' transactions, because PostgreSQL lets only one transaction that notifies commit at
//! a time: <https://www.postgresql.org/docs/current/sql-notify.html>.

use std::sync::{Arc, Weak};
use std::time::Duration;

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
    IDENTITY = { postgres: "SELECT current_schema()::text, CAST(pg_backend_pid() AS BIGINT)" };
    /// Reaches services on other schemas of the database too; they compare the payload with their own schema.
    NOTIFY = { postgres: "SELECT pg_notify('handoff', current_schema()::text)::text" };
}

/// Sends and receives commit notifications of one service.
pub struct Notifier {
    /// Notified after every commit of this process that made work due.
    pub committed: Arc<Notify>,
    /// Counts what wakes the workers of this process. Weak: its end is the end of the writers.
    pub changed: Weak<watch::Sender<u64>>,
    pub clock: Clock,
}

impl Notifier {
    /// Notifies and listens until the writers have ended.
    pub async fn run(self, server: Arc<Server>, mut ended: watch::Receiver<u64>) {
        let end = async { while ended.changed().await.is_ok() {} };
        let work = async {
            loop {
                if let Err(error) = self.connected(&server).await {
                    tracing::debug!(%error, "other processes cannot be heard for a while");
                }
                self.clock.sleep(RETRY).await;
                self.notify_workers();
            }
        };
        tokio::select! {
            () = end => {}
            () = work => {}
        }
    }

    /// Returns when a connection is lost.
    async fn connected(&self, server: &Server) -> Result<(), DatabaseError> {
        let pool = server.pool(2);
        let mut listener = within(PATIENCE, PgListener::connect_with(&pool)).await?;
        within(PATIENCE, listener.listen(CHANNEL)).await?;
        let mut sender = within(PATIENCE, pool.acquire()).await?;
        let (schema, own): (String, i64) = Conn::Postgres(&mut sender).one(query(IDENTITY)).await?;
        loop {
            tokio::select! {
                heard = listener.try_recv() => {
                    let Some(heard) = heard? else { return Ok(()) };
                    if heard.payload() == schema && i64::from(heard.process_id()) != own {
                        self.notify_workers();
                    }
                }
                () = self.committed.notified() => {
                    within(PATIENCE, Conn::Postgres(&mut sender).execute(query(NOTIFY))).await?;
                }
            }
        }
    }

    fn notify_workers(&self) {
        if let Some(changed) = self.changed.upgrade() {
            changed.send_modify(|count| *count += 1);
        }
    }
}
