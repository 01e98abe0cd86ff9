//! How everybody writes: by putting a command into a queue and waiting for its COMMIT. The tasks behind it take
//! whatever is queued, so callers that come together share an fsync and nobody waits for a timer. A SQLite
//! file has one of them, PostgreSQL a few.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::future::BoxFuture;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Mutex, Notify, mpsc, oneshot, watch};

use super::commit::WriterTask;
use super::notifier::Notifier;
use super::query::Conn;
use super::writer_connection::WriterConnection;
use super::{DatabaseError, StoreError};
use crate::clock::Clock;
use crate::record::Event;
use crate::store::{Recorded, inbox::recording::RecordCall};

/// Commands that may wait. Events that find no room are refused; everything else waits to be queued.
const QUEUE: usize = 1024;

/// Something to do inside a transaction. It may run twice, the second time after a rollback.
pub trait Command: Send + Sync + 'static {
    /// What the caller gets once it is committed.
    type Output: Send + 'static;

    /// Does it.
    fn run(&self, tx: &mut Tx<'_>) -> impl Future<Output = Result<Self::Output, DatabaseError>> + Send;

    /// The row that it changes before anything else, if it is one. Commands that say so may share a
    /// transaction where there are several: they run in the order of their rows, which cannot deadlock.
    fn row(&self) -> Option<String> {
        None
    }
}

/// An open transaction.
pub struct Tx<'a> {
    /// Where statements go.
    pub conn: Conn<'a>,
    /// The instant of the transaction.
    pub now: i64,
    /// Set by a command that gives some row a time at which it is due.
    pub notify: bool,
}

/// The handle through which everybody writes. Cheap to clone; the tasks end when the last one is gone.
#[derive(Clone)]
pub struct Writer {
    queue: mpsc::Sender<Item>,
    changed: watch::Receiver<u64>,
    commits: Arc<AtomicU64>,
}

/// What waits in the queue.
pub enum Item {
    /// Events, recorded together with those of other calls.
    Record(RecordCall),
    /// Anything else.
    Command(Box<dyn Pending>),
    /// Nothing comes after this.
    Close,
}

impl Writer {
    /// Starts the tasks.
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
    pub async fn run<C: Command>(&self, command: C) -> Result<C::Output, StoreError> {
        let (reply, answer) = oneshot::channel();
        let call = CommandCall { command, output: None, reply };
        self.send(Item::Command(Box::new(call))).await?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    /// Records events; see [`super::Store::record`].
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

    /// Counts commits that made work due, from now on; ends when the writers have.
    pub fn changed(&self) -> watch::Receiver<u64> {
        let mut changed = self.changed.clone();
        changed.mark_unchanged();
        changed
    }

    /// Transactions committed so far.
    pub fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    /// What waits to be taken up.
    pub fn queued(&self) -> usize {
        self.queue.max_capacity() - self.queue.capacity()
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
            Self::Command(call) => call.answer(committed),
            Self::Close => {}
        }
    }
}

/// A [`Command`] of any type, with whoever waits for it.
pub trait Pending: Send {
    /// See [`Command::row`].
    fn row(&self) -> Option<String>;
    /// See [`Command::run`].
    fn run<'a>(&'a mut self, tx: &'a mut Tx<'_>) -> BoxFuture<'a, Result<(), DatabaseError>>;
    /// Tells whoever waits for it how the transaction ended.
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
}

struct CommandCall<C: Command> {
    command: C,
    output: Option<C::Output>,
    reply: oneshot::Sender<Result<C::Output, StoreError>>,
}

impl<C: Command> Pending for CommandCall<C> {
    fn row(&self) -> Option<String> {
        self.command.row()
    }

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
