//! The loop of one writer: it takes what is queued, runs it in one transaction and answers after the COMMIT.
//!
//! A batch runs optimistically. If anything in it fails, it is rolled back and its commands run one by one,
//! each in its own transaction: a broken command fails alone, and two that lock each other out do not.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::{slice, thread};

use tokio::runtime::Handle;
use tokio::sync::{Mutex, Notify, mpsc, watch};

use super::postgres::{self, is_conflict};
use super::writer::{Item, Tx};
use super::writer_connection::WriterConnection;
use super::{DatabaseError, StoreError};
use crate::clock::Clock;
use crate::crash_point;
use crate::store::inbox::recording;

/// Commands that one writer takes at most at once; the first where it is alone, the second where there are
/// several.
const BATCH: (usize, usize) = (128, 16);

/// How often a command that collided with another transaction runs again.
const COLLISIONS: u32 = 5;

pub struct WriterTask {
    pub connection: WriterConnection,
    /// The queue, which all writers of a store share.
    pub items: Arc<Mutex<mpsc::Receiver<Item>>>,
    /// Says when each transaction happens.
    pub clock: Clock,
    /// Counts commits that made work due; its end is the end of all writers.
    pub changed: Arc<watch::Sender<u64>>,
    /// Notified with it, for services on other machines.
    pub committed: Arc<Notify>,
    pub commits: Arc<AtomicU64>,
}

/// Why a transaction did not happen.
enum Failed {
    /// There was none: another process writes, or the database is gone. Trying its commands one by one would
    /// not help.
    Outside(StoreError),
    /// A command or the COMMIT failed.
    Inside(Arc<DatabaseError>),
}

impl WriterTask {
    /// Starts it. SQLite blocks whoever calls it, so its writer has a thread, which needs nothing of the runtime
    /// but to be woken.
    pub fn start(self) -> Result<(), DatabaseError> {
        if self.connection.is_shared() {
            tokio::spawn(self.run());
            return Ok(());
        }
        let runtime = Handle::current();
        let thread = thread::Builder::new().name("store-writer".to_owned());
        thread.spawn(move || runtime.block_on(self.run())).map_err(DatabaseError::Thread)?;
        Ok(())
    }

    /// Works until the queue is closed and empty.
    async fn run(mut self) {
        loop {
            let batch = self.next_batch().await;
            if batch.is_empty() {
                break;
            }
            for transaction in self.transactions(batch) {
                self.commit_batch(transaction).await;
            }
        }
        self.connection.close().await;
        // In this order: whoever waits for the end of `changed` may serve the database.
        drop(self.changed);
    }

    /// Waits for something to do; nothing comes after the end. The writer that waits keeps the others from the
    /// queue until there is something in it.
    async fn next_batch(&mut self) -> Vec<Item> {
        let size = if self.connection.is_shared() { BATCH.1 } else { BATCH.0 };
        let mut batch = Vec::new();
        let mut items = self.items.lock().await;
        items.recv_many(&mut batch, size).await;
        if batch.iter().any(|item| matches!(item, Item::Close)) {
            items.close();
        }
        batch
    }

    /// Divides a batch where other transactions run at the same time, so that no two wait for each other:
    /// events; commands that lock one row first, by row; and alone what locks whatever it finds.
    fn transactions(&self, batch: Vec<Item>) -> Vec<Vec<Item>> {
        if !self.connection.is_shared() {
            return vec![batch];
        }
        let (mut records, mut by_row, mut alone) = (Vec::new(), Vec::new(), Vec::new());
        for item in batch {
            match item {
                Item::Record(_) => records.push(item),
                Item::Command(Some(row), call) => by_row.push((row, call)),
                Item::Command(None, _) => alone.push(vec![item]),
                Item::Close => {}
            }
        }
        by_row.sort_by(|(one, _), (other, _)| one.cmp(other));
        let by_row = by_row.into_iter().map(|(_, call)| Item::Command(None, call));
        let mut transactions = vec![records, by_row.collect()];
        transactions.append(&mut alone);
        transactions.retain(|transaction| !transaction.is_empty());
        transactions
    }

    async fn commit_batch(&mut self, mut batch: Vec<Item>) {
        match self.transact(&mut batch).await {
            Ok(()) => self.answer_committed(batch),
            Err(Failed::Inside(error)) if batch.len() > 1 || is_conflict(&error) => {
                let mut batch = batch.into_iter();
                while let Some(item) = batch.next() {
                    if let Err(error) = self.commit_alone(item).await {
                        answer(batch.by_ref(), &Err(error));
                    }
                }
            }
            Err(Failed::Inside(error)) => answer(batch, &Err(StoreError::Database(error))),
            Err(Failed::Outside(error)) => self.refuse_all(batch, &error),
        }
    }

    /// Answers what was committed. A thread of its own leaves that to the runtime's: to wake many tasks one by one
    /// from outside costs more than to hand all of them over at once.
    fn answer_committed(&self, batch: Vec<Item>) {
        if self.connection.is_shared() {
            answer(batch, &Ok(()));
        } else {
            tokio::spawn(async { answer(batch, &Ok(())) });
        }
    }

    /// Commits one item in a transaction of its own. Fails if there is no database to commit others to.
    async fn commit_alone(&mut self, mut item: Item) -> Result<(), StoreError> {
        let mut done = self.transact(slice::from_mut(&mut item)).await;
        for _ in 0..COLLISIONS {
            if !matches!(&done, Err(Failed::Inside(error)) if is_conflict(error)) {
                break;
            }
            done = self.transact(slice::from_mut(&mut item)).await;
        }
        match done {
            Ok(()) => item.answer(Ok(())),
            Err(Failed::Inside(error)) => item.answer(Err(StoreError::Database(error))),
            Err(Failed::Outside(error)) => {
                item.answer(Err(error.clone()));
                return Err(error);
            }
        }
        Ok(())
    }

    /// Nobody waits longer than the first to find out that the database is gone.
    fn refuse_all(&self, batch: Vec<Item>, error: &StoreError) {
        answer(batch, &Err(error.clone()));
        // Another writer that waits for the queue has found it empty.
        if let Ok(mut items) = self.items.try_lock() {
            while let Ok(item) = items.try_recv() {
                if matches!(item, Item::Close) {
                    items.close();
                }
                item.answer(Err(error.clone()));
            }
        }
    }

    async fn transact(&mut self, batch: &mut [Item]) -> Result<(), Failed> {
        self.connection.begin().await.map_err(Failed::Outside)?;
        let limit = self.connection.patience();
        let inside = self.inside(batch);
        let done = match limit {
            Some(limit) => tokio::time::timeout(limit, inside).await,
            None => Ok(inside.await),
        };
        let Ok(done) = done else {
            // Whether it happened, nobody knows; it must not be tried again as if it had not.
            self.connection.lose();
            return Err(Failed::Outside(StoreError::Database(Arc::new(postgres::no_answer().into()))));
        };
        match done {
            Ok(notify) => {
                self.commits.fetch_add(1, Ordering::Relaxed);
                if notify {
                    self.changed.send_modify(|count| *count += 1);
                    self.committed.notify_one();
                }
                Ok(())
            }
            Err(error) => {
                let error = Arc::new(error);
                let undone = self.connection.roll_back().await;
                Err(if undone { Failed::Inside(error) } else { Failed::Outside(StoreError::Database(error)) })
            }
        }
    }

    async fn inside(&mut self, batch: &mut [Item]) -> Result<bool, DatabaseError> {
        let mut tx = Tx { conn: self.connection.conn()?, now: self.clock.now_millis(), notify: false };
        let mut records = Vec::new();
        let mut commands = Vec::new();
        for item in batch {
            match item {
                Item::Record(call) => records.push(call),
                Item::Command(_, call) => commands.push(call),
                Item::Close => {}
            }
        }
        if !records.is_empty() {
            recording::insert(&mut tx, &mut records).await?;
        }
        for command in commands {
            command.run(&mut tx).await?;
        }
        let notify = tx.notify;
        if !records.is_empty() {
            crash_point!("webhook.before_commit");
        }
        self.connection.commit().await?;
        if !records.is_empty() {
            crash_point!("webhook.after_commit");
        }
        Ok(notify)
    }
}

fn answer(items: impl IntoIterator<Item = Item>, committed: &Result<(), StoreError>) {
    for item in items {
        item.answer(committed.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::super::query::Conn;
    use super::super::writer::Command;
    use super::*;
    use crate::store::{Recorded, Store};
    use handoff_core::record::{Event, EventKind};

    /// The disk is full once the database has this many pages.
    struct LimitPages(&'static str);

    impl Command<()> for LimitPages {
        async fn run(&self, tx: &mut Tx<'_>) -> Result<(), DatabaseError> {
            let Conn::Sqlite(conn) = &mut tx.conn else { panic!("only SQLite counts pages") };
            Ok(conn.execute_batch(self.0)?)
        }
    }

    fn many(round: &str) -> Vec<Event> {
        let event = |n| Event {
            deal: "hubspot:48210077:1".parse().unwrap(),
            kind: EventKind::StageChanged,
            dedupe_key: format!("{round} {n:0100}"),
            provider_id: String::new(),
            occurred_at: None,
            verification: String::new(),
        };
        (0..2000).map(event).collect()
    }

    #[tokio::test]
    async fn a_full_disk_refuses_and_the_store_goes_on_when_there_is_room() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("handoff.db");
        let store = Store::open_exclusive(&path, Clock::manual(jiff::Timestamp::UNIX_EPOCH)).await.unwrap();
        store.writer.run(LimitPages("PRAGMA max_page_count = 1")).await.unwrap();
        let refused = store.record(many("first")).await.unwrap_err().to_string();
        insta::assert_snapshot!(refused, @"database: database or disk is full (code 13)");
        assert_eq!(store.events(10).await.unwrap().len(), 0);

        store.writer.run(LimitPages("PRAGMA max_page_count = 1000000")).await.unwrap();
        let recorded = store.record(many("second")).await.unwrap();
        assert_eq!(recorded, Recorded { new: 2000, repeated: 0 });
    }

    struct Panics;

    impl Command<()> for Panics {
        async fn run(&self, _: &mut Tx<'_>) -> Result<(), DatabaseError> {
            panic!("as a test wants it")
        }
    }

    #[tokio::test]
    async fn a_writer_that_panics_closes_the_store_and_another_process_may_serve() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("handoff.db");
        let clock = Clock::manual(jiff::Timestamp::UNIX_EPOCH);
        let store = Store::open_exclusive(&path, clock.clone()).await.unwrap();
        assert!(matches!(store.writer.run(Panics).await, Err(StoreError::Closed)));
        store.close().await;
        let next = Store::open_exclusive(&path, clock).await.unwrap();
        assert_eq!(next.record(many("after")).await.unwrap().new, 2000);
    }
}
