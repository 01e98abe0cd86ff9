//! How everybody writes: by putting a command into a queue and waiting for its COMMIT. The tasks behind it take
//! whatever is queued, so callers that come together share an fsync and nobody waits for a timer. A SQLite
//! file has one of them, PostgreSQL a few.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use futures_util::future::BoxFuture;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Mutex, Notify, mpsc, oneshot, watch};

use super::commit::WriterTask;
use super::notifier::Notifier;
use super::query::{Conn, Query};
use super::writer_connection::WriterConnection;
use super::{DatabaseError, StoreError};
use crate::clock::Clock;
use crate::store::{Recorded, inbox::recording::RecordCall};
use handoff_core::record::Event;

/// Commands that may wait. Events that find no room are refused; everything else waits to be queued.
const QUEUE: usize = 1024;

/// Something to do inside a transaction. It may run twice, the second time after a rollback.
/// The caller gets its `T` once it is committed.
pub trait Command<T>: Send + Sync + 'static {
    fn run(&self, tx: &mut Tx<'_>) -> impl Future<Output = Result<T, DatabaseError>> + Send;
}

pub struct Tx<'a> {
    pub conn: Conn<'a>,
    /// The instant of the transaction.
    pub now: i64,
    /// Set by a command that gives some row a time at which it is due.
    pub notify: bool,
}

/// A command of one statement. The caller gets how many rows it changed.
pub struct Execute<S> {
    /// Gives the statement with its values at the instant of the transaction.
    pub statement: S,
    /// Whether a row that it changes may be due then.
    pub notify: bool,
}

impl<S: Fn(i64) -> Query<'static> + Send + Sync + 'static> Command<u64> for Execute<S> {
    async fn run(&self, tx: &mut Tx<'_>) -> Result<u64, DatabaseError> {
        let rows = tx.conn.execute((self.statement)(tx.now)).await?;
        tx.notify |= self.notify && rows > 0;
        Ok(rows)
    }
}

/// The handle through which everybody writes. Cheap to clone; the tasks end when the last one is gone.
#[derive(Clone)]
pub struct Writer {
    pub queue: mpsc::Sender<Item>,
    /// Counts commits that made work due; ends when the writers have.
    pub changed: watch::Receiver<u64>,
    pub commits: Arc<AtomicU64>,
}

/// What waits in the queue.
pub enum Item {
    /// Events, recorded together with those of other calls.
    Record(RecordCall),
    /// Anything else, and the row that it changes before anything else, if it is one.
    Command(Option<String>, Box<dyn Pending>),
    /// Nothing comes after this.
    Close,
}

impl Writer {
    pub fn start(connection: WriterConnection, clock: &Clock) -> Result<Self, DatabaseError> {
        let (queue, items) = mpsc::channel(QUEUE);
        let items = Arc::new(Mutex::new(items));
        let (changed, receiver) = watch::channel(0);
        let changed = Arc::new(changed);
        let commits = Arc::new(AtomicU64::new(0));
        let committed = Arc::new(Notify::new());
        if let Some(server) = connection.shared_server() {
            let changed = Arc::downgrade(&changed);
            let notifier = Notifier { committed: Arc::clone(&committed), changed, clock: clock.clone() };
            tokio::spawn(notifier.run(server, receiver.clone()));
        }
        for connection in connection.for_every_writer() {
            let task = WriterTask {
                connection,
                items: Arc::clone(&items),
                clock: clock.clone(),
                changed: Arc::clone(&changed),
                committed: Arc::clone(&committed),
                commits: Arc::clone(&commits),
            };
            task.start()?;
        }
        Ok(Self { queue, changed: receiver, commits })
    }

    /// Runs a command and waits for its COMMIT. A caller that stops waiting does not stop the command.
    pub async fn run<T: Send + 'static>(&self, command: impl Command<T>) -> Result<T, StoreError> {
        self.run_on(None, command).await
    }

    /// The same for a command that changes this row before anything else. Such commands may share a transaction where
    /// there are several: they run in the order of their rows, which cannot deadlock.
    pub async fn run_on<T: Send + 'static>(
        &self,
        row: impl Into<Option<String>>,
        command: impl Command<T>,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let call = CommandCall { command, output: None, reply };
        self.send(Item::Command(row.into(), Box::new(call))).await?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    pub async fn record(&self, events: Vec<Event>) -> Result<Recorded, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.queue.try_send(Item::Record(RecordCall::new(events, reply))).map_err(
            |refused| match refused {
                TrySendError::Full(_) => StoreError::Busy,
                TrySendError::Closed(_) => StoreError::Closed,
            },
        )?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    /// Takes no more commands, finishes those that are queued and closes the connections.
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

impl Item {
    /// Tells whoever waits for it how the transaction ended.
    pub fn answer(self, committed: Result<(), StoreError>) {
        match self {
            Self::Record(call) => call.answer(committed),
            Self::Command(_, call) => call.answer(committed),
            Self::Close => {}
        }
    }
}

/// A [`Command`] of any type, with whoever waits for it.
pub trait Pending: Send {
    fn run<'a>(&'a mut self, tx: &'a mut Tx<'_>) -> BoxFuture<'a, Result<(), DatabaseError>>;
    /// Tells whoever waits for it how the transaction ended.
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
}

struct CommandCall<C, T> {
    command: C,
    output: Option<T>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<T: Send + 'static, C: Command<T>> Pending for CommandCall<C, T> {
    fn run<'a>(&'a mut self, tx: &'a mut Tx<'_>) -> BoxFuture<'a, Result<(), DatabaseError>> {
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
