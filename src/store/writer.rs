//! The one task that writes. It takes whatever is queued, runs it in one transaction and answers after the
//! COMMIT, so callers that come together share an fsync and nobody waits for a timer.
//!
//! A batch runs optimistically. If anything in it fails, it is rolled back and its commands run one by one,
//! each in its own transaction: a broken command fails alone.

use std::fs::File;
use std::slice;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::future::BoxFuture;
use sqlx::{Connection, SqliteConnection};
use tokio::sync::{mpsc, oneshot, watch};

use super::inbox::{self, RecordCall};
use super::{Recorded, StoreError};
use crate::clock::Clock;
use crate::crash_point;
use crate::crm::Event;

/// Commands that share a transaction at most.
const BATCH: usize = 128;

/// Commands that may wait; further callers wait to queue theirs.
const QUEUE: usize = 1024;

statements! {
    BEGIN = "BEGIN IMMEDIATE";
    COMMIT = "COMMIT";
    ROLLBACK = "ROLLBACK";
}

/// Something to do inside a transaction. It may run twice, the second time after a rollback.
pub(super) trait Command: Send + Sync + 'static {
    /// What the caller gets once it is committed.
    type Output: Send + 'static;

    /// Does it.
    fn run(&self, tx: &mut Tx<'_>) -> impl Future<Output = sqlx::Result<Self::Output>> + Send;
}

/// An open transaction.
pub(super) struct Tx<'a> {
    /// Where statements go.
    pub conn: &'a mut SqliteConnection,
    /// The instant of the transaction.
    pub now: i64,
    /// Set by a command that gives some row a time at which it is due.
    pub wakes: bool,
}

/// The handle through which everybody writes. Cheap to clone; the task ends when the last one is gone.
#[derive(Clone)]
pub(super) struct Writer {
    queue: mpsc::Sender<Item>,
    changed: watch::Receiver<u64>,
    commits: Arc<AtomicU64>,
}

enum Item {
    Record(RecordCall),
    Command(Box<dyn Pending>),
    Close,
}

impl Writer {
    /// Starts the task. It holds `lock` until its last write is on disk.
    pub fn start(conn: SqliteConnection, clock: Clock, lock: Option<File>) -> Self {
        let (queue, items) = mpsc::channel(QUEUE);
        let changed = watch::Sender::new(0);
        let commits = Arc::new(AtomicU64::new(0));
        let handle = Self { queue, changed: changed.subscribe(), commits: Arc::clone(&commits) };
        tokio::spawn(WriterTask { conn, items, clock, changed, commits }.run(lock));
        handle
    }

    /// Runs a command and waits for its COMMIT. A caller that stops waiting does not stop the command.
    pub async fn run<C: Command>(&self, command: C) -> Result<C::Output, StoreError> {
        let (reply, answer) = oneshot::channel();
        let call = CommandCall { command, output: None, reply };
        self.send(Item::Command(Box::new(call))).await?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    /// Records events; see [`super::Store::record`].
    pub async fn record(&self, events: Vec<Event>) -> Result<Recorded, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.send(Item::Record(RecordCall::new(events, reply))).await?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    /// Counts commits that made work due, from now on; ends when the writer has.
    pub fn changed(&self) -> watch::Receiver<u64> {
        let mut changed = self.changed.clone();
        changed.mark_unchanged();
        changed
    }

    /// Transactions committed so far.
    pub fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    /// Takes no more commands, finishes those that are queued and closes the connection.
    pub async fn close(&self) {
        let mut changed = self.changed.clone();
        // It may be closing already; either way its end is what to wait for.
        let _ = self.send(Item::Close).await;
        while changed.changed().await.is_ok() {}
    }

    async fn send(&self, item: Item) -> Result<(), StoreError> {
        self.queue.send(item).await.map_err(|_| StoreError::Closed)
    }
}

struct WriterTask {
    conn: SqliteConnection,
    items: mpsc::Receiver<Item>,
    clock: Clock,
    changed: watch::Sender<u64>,
    commits: Arc<AtomicU64>,
}

/// Why a transaction did not happen.
enum Failed {
    /// It could not begin (another process writes): trying its commands one by one would not help.
    Begin(StoreError),
    /// A command or the COMMIT failed.
    Inside(StoreError),
}

impl WriterTask {
    async fn run(mut self, lock: Option<File>) {
        let mut batch = Vec::new();
        while self.items.recv_many(&mut batch, BATCH).await > 0 {
            if batch.iter().any(|item| matches!(item, Item::Close)) {
                self.items.close();
            }
            self.settle(std::mem::take(&mut batch)).await;
        }
        if let Err(error) = self.conn.close().await {
            tracing::warn!(%error, "the database was not closed cleanly");
        }
        // In this order: whoever waits for the end of `changed` may open the database again.
        drop(lock);
        drop(self.changed);
    }

    async fn settle(&mut self, mut batch: Vec<Item>) {
        let alone = batch.len() == 1;
        match self.transact(&mut batch).await {
            Ok(()) => {
                for item in batch {
                    item.answer(Ok(()));
                }
            }
            Err(Failed::Inside(_)) if !alone => {
                for mut item in batch {
                    let done = self.transact(slice::from_mut(&mut item)).await;
                    item.answer(done.map_err(|(Failed::Begin(error) | Failed::Inside(error))| error));
                }
            }
            Err(Failed::Begin(error) | Failed::Inside(error)) => {
                for item in batch {
                    item.answer(Err(error.clone()));
                }
            }
        }
    }

    async fn transact(&mut self, batch: &mut [Item]) -> Result<(), Failed> {
        let begun = sqlx::query(BEGIN).execute(&mut self.conn).await;
        let done = match begun {
            Ok(_) => self.inside(batch).await.map_err(|error| Failed::Inside(error.into())),
            Err(error) => Err(Failed::Begin(error.into())),
        };
        match done {
            Ok(wakes) => {
                self.commits.fetch_add(1, Ordering::Relaxed);
                if wakes {
                    self.changed.send_modify(|count| *count += 1);
                }
                Ok(())
            }
            Err(failed) => {
                // SQLite has already rolled back on some errors (a full disk); then this one says so.
                if let Err(error) = sqlx::query(ROLLBACK).execute(&mut self.conn).await {
                    tracing::debug!(%error, "nothing to roll back");
                }
                Err(failed)
            }
        }
    }

    async fn inside(&mut self, batch: &mut [Item]) -> sqlx::Result<bool> {
        let mut tx = Tx { conn: &mut self.conn, now: self.clock.now_millis(), wakes: false };
        let mut records = Vec::new();
        let mut commands = Vec::new();
        for item in batch {
            match item {
                Item::Record(call) => records.push(call),
                Item::Command(call) => commands.push(call),
                Item::Close => {}
            }
        }
        if !records.is_empty() {
            inbox::insert(&mut tx, &mut records).await?;
        }
        for command in commands {
            command.run(&mut tx).await?;
        }
        if !records.is_empty() {
            crash_point!("webhook.before_commit");
        }
        sqlx::query(COMMIT).execute(&mut *tx.conn).await?;
        if !records.is_empty() {
            crash_point!("webhook.after_commit");
        }
        Ok(tx.wakes)
    }
}

impl Item {
    fn answer(self, committed: Result<(), StoreError>) {
        match self {
            Self::Record(call) => call.answer(committed),
            Self::Command(call) => call.answer(committed),
            Self::Close => {}
        }
    }
}

/// A [`Command`] of any type, with whoever waits for it.
trait Pending: Send {
    fn run<'a>(&'a mut self, tx: &'a mut Tx<'_>) -> BoxFuture<'a, sqlx::Result<()>>;
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
}

struct CommandCall<C: Command> {
    command: C,
    output: Option<C::Output>,
    reply: oneshot::Sender<Result<C::Output, StoreError>>,
}

impl<C: Command> Pending for CommandCall<C> {
    fn run<'a>(&'a mut self, tx: &'a mut Tx<'_>) -> BoxFuture<'a, sqlx::Result<()>> {
        Box::pin(async move {
            self.output = Some(self.command.run(tx).await?);
            Ok(())
        })
    }

    fn answer(self: Box<Self>, committed: Result<(), StoreError>) {
        let Self { output, reply, .. } = *self;
        // Nobody may be waiting any more; the work is done all the same.
        let _ = reply.send(committed.and_then(|()| output.ok_or(StoreError::Closed)));
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::{join, join_all};

    use super::super::fixture::{Fixture, event};
    use super::*;

    struct Broken;

    impl Command for Broken {
        type Output = ();

        async fn run(&self, tx: &mut Tx<'_>) -> sqlx::Result<()> {
            sqlx::query(
                "INSERT INTO packets (packet_id, created_at, packet, record) VALUES ('no win', 0, '', '')",
            )
            .execute(&mut *tx.conn)
            .await?;
            Ok(())
        }
    }

    /// The disk is full once the database has this many pages.
    struct LimitPages(&'static str);

    impl Command for LimitPages {
        type Output = ();

        async fn run(&self, tx: &mut Tx<'_>) -> sqlx::Result<()> {
            sqlx::query(self.0).execute(&mut *tx.conn).await?;
            Ok(())
        }
    }

    #[tokio::test]
    async fn calls_that_come_together_share_one_commit() {
        let Fixture { store, .. } = &Fixture::new().await;
        let before = store.commits();
        let calls = (0..100).map(|n| store.record(vec![event("1", &format!("event {n}"))]));
        let recorded = join_all(calls).await;
        assert!(recorded.into_iter().all(|call| call.unwrap() == Recorded { new: 1, repeated: 0 }));
        assert_eq!(store.commits() - before, 1);
    }

    #[tokio::test]
    async fn a_lone_call_is_committed_without_waiting_for_company() {
        let fixture = Fixture::new().await;
        let before = fixture.store.commits();
        fixture.hears("1", "a").await;
        assert_eq!(fixture.store.commits() - before, 1);
    }

    #[tokio::test]
    async fn a_broken_command_does_not_sink_its_siblings() {
        let fixture = Fixture::new().await;
        let (broken, (first, second)) = join(
            fixture.store.writer.run(Broken),
            join(fixture.store.record(vec![event("1", "a")]), fixture.store.record(vec![event("1", "a")])),
        )
        .await;
        let error = broken.unwrap_err().to_string();
        insta::assert_snapshot!(error, @"database: error returned from database: (code: 787) FOREIGN KEY constraint failed");
        assert_eq!(first.unwrap(), Recorded { new: 1, repeated: 0 });
        assert_eq!(second.unwrap(), Recorded { new: 0, repeated: 1 });
        assert_eq!(fixture.outcomes().await, ["waiting"]);
    }

    #[tokio::test]
    async fn a_full_disk_refuses_and_the_store_goes_on_when_there_is_room() {
        let fixture = Fixture::new().await;
        fixture.store.writer.run(LimitPages("PRAGMA max_page_count = 1")).await.unwrap();
        let many = |round: &str| (0..2000).map(|n| event("1", &format!("{round} {n:0100}"))).collect();
        let refused = fixture.store.record(many("first")).await.unwrap_err().to_string();
        insta::assert_snapshot!(refused, @"database: error returned from database: (code: 13) database or disk is full");
        assert_eq!(fixture.outcomes().await.len(), 0);

        fixture.store.writer.run(LimitPages("PRAGMA max_page_count = 1000000")).await.unwrap();
        let recorded = fixture.store.record(many("second")).await.unwrap();
        assert_eq!(recorded, Recorded { new: 2000, repeated: 0 });
    }

    #[tokio::test]
    async fn a_caller_that_stops_waiting_does_not_stop_the_command() {
        let fixture = Fixture::new().await;
        let queued = fixture.store.record(vec![event("1", "a")]);
        // Polled once, which queues it, and dropped.
        assert!(futures_util::FutureExt::now_or_never(queued).is_none());
        fixture.store.ping().await.unwrap();
        assert_eq!(fixture.outcomes().await, ["waiting"]);
    }

    #[tokio::test]
    async fn closing_finishes_what_is_queued_and_refuses_the_rest() {
        let fixture = Fixture::new().await;
        let (recorded, ()) = join(fixture.store.record(vec![event("1", "a")]), fixture.store.close()).await;
        assert_eq!(recorded.unwrap().new, 1);
        let refused = fixture.store.record(vec![event("1", "b")]).await;
        assert!(matches!(refused, Err(StoreError::Closed)));
        assert!(fixture.store.changed().changed().await.is_err());
        fixture.store.close().await;
    }

    #[tokio::test]
    async fn workers_are_woken_by_new_events_and_not_by_repeated_ones() {
        let fixture = Fixture::new().await;
        let mut changed = fixture.store.changed();
        fixture.hears("1", "a").await;
        assert!(changed.has_changed().unwrap());
        changed.mark_unchanged();
        fixture.hears("1", "a").await;
        assert!(!changed.has_changed().unwrap());
    }
}
