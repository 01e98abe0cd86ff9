//! Connection slots with LRU eviction: when all are taken, the connection that has been idle longest is closed.
//!
//! A connection is either idle, waiting for its client (a request head, or a body), or busy with a request. Thousands
//! of connections that send nothing cost each other their slots, and no busy connection its own.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// The connections of one listener.
pub(super) struct Connections {
    slots: Arc<Semaphore>,
    idle: Mutex<IdleList>,
    /// Notified when a connection becomes idle.
    became_idle: Notify,
}

/// The idle connections, the longest idle first.
#[derive(Default)]
struct IdleList {
    last_stamp: u64,
    since: BTreeMap<u64, Idle>,
}

struct Idle {
    /// Waits for a body, with memory reserved for it.
    for_body: bool,
    close: Arc<Notify>,
}

impl Connections {
    /// Slots for so many at once.
    pub(super) fn new(slots: usize) -> Arc<Self> {
        Arc::new(Self {
            slots: Arc::new(Semaphore::new(slots)),
            idle: Mutex::default(),
            became_idle: Notify::new(),
        })
    }

    /// Waits for a slot for one more connection; evicts an idle one if all are taken.
    pub(super) async fn acquire(self: &Arc<Self>) -> Arc<ConnectionSlot> {
        loop {
            let became_idle = self.became_idle.notified();
            if let Ok(permit) = Arc::clone(&self.slots).try_acquire_owned() {
                return self.slot(permit);
            }
            if self.evict_idle() {
                // An evicted connection leaves its slot at once.
                if let Ok(permit) = Arc::clone(&self.slots).acquire_owned().await {
                    return self.slot(permit);
                }
            }
            // All of them are busy: wait until one is done, or idle again.
            tokio::select! {
                permit = Arc::clone(&self.slots).acquire_owned() => {
                    if let Ok(permit) = permit {
                        return self.slot(permit);
                    }
                }
                () = became_idle => {}
            }
        }
    }

    fn slot(self: &Arc<Self>, permit: OwnedSemaphorePermit) -> Arc<ConnectionSlot> {
        let (connections, close) = (Arc::clone(self), Arc::new(Notify::new()));
        let slot = ConnectionSlot { connections, close, stamp: Mutex::new(None), _permit: permit };
        slot.mark_idle(false);
        Arc::new(slot)
    }

    /// Closes the connection that has been idle longest. Returns false if none is idle.
    pub(super) fn evict_idle(&self) -> bool {
        self.evict_first(|_| true)
    }

    fn evict_first(&self, which: impl Fn(&Idle) -> bool) -> bool {
        let mut list = self.lock();
        let first = list.since.iter().find(|(_, idle)| which(idle)).map(|(stamp, _)| *stamp);
        let evicted = first.and_then(|stamp| list.since.remove(&stamp));
        evicted.inspect(|idle| idle.close.notify_one()).is_some()
    }

    fn lock(&self) -> MutexGuard<'_, IdleList> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One connection's slot. It is free again when the last handle is dropped.
pub(super) struct ConnectionSlot {
    connections: Arc<Connections>,
    close: Arc<Notify>,
    /// Its key in the list of idle connections, while it is idle.
    stamp: Mutex<Option<u64>>,
    _permit: OwnedSemaphorePermit,
}

impl ConnectionSlot {
    /// From here on it is the client's turn: to send a head, or (`for_body`) a body. It may be evicted.
    pub(super) fn mark_idle(&self, for_body: bool) {
        self.mark_busy();
        let mut list = self.connections.lock();
        list.last_stamp += 1;
        let stamp = list.last_stamp;
        list.since.insert(stamp, Idle { for_body, close: Arc::clone(&self.close) });
        *self.stamp.lock().unwrap_or_else(PoisonError::into_inner) = Some(stamp);
        drop(list);
        self.connections.became_idle.notify_waiters();
    }

    /// From here on it is our turn: it is not evicted.
    pub(super) fn mark_busy(&self) {
        let mut list = self.connections.lock();
        if let Some(stamp) = self.stamp.lock().unwrap_or_else(PoisonError::into_inner).take() {
            list.since.remove(&stamp);
        }
    }

    /// Ends when this connection is evicted.
    pub(super) async fn evicted(&self) {
        self.close.notified().await;
    }

    /// Closes the connection of this listener that has waited longest for the rest of a body.
    pub(super) fn evict_body(&self) -> bool {
        self.connections.evict_first(|idle| idle.for_body)
    }
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        self.mark_busy();
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn is_evicted(slot: &ConnectionSlot) -> bool {
        slot.evicted().now_or_never().is_some()
    }

    #[tokio::test]
    async fn the_connection_that_has_been_idle_longest_is_evicted() {
        let connections = Connections::new(2);
        let (first, second) = (connections.acquire().await, connections.acquire().await);
        first.mark_busy();
        first.mark_idle(false);
        assert!(connections.acquire().now_or_never().is_none(), "nobody has left yet");
        assert!(is_evicted(&second) && !is_evicted(&first));
        drop(second);
        assert!(connections.acquire().now_or_never().is_some());
    }

    #[tokio::test]
    async fn a_busy_connection_is_never_evicted_and_its_end_makes_room() {
        let connections = Connections::new(1);
        let only = connections.acquire().await;
        only.mark_busy();
        let mut newcomer = Box::pin(connections.acquire());
        assert!(newcomer.as_mut().now_or_never().is_none());
        assert!(!is_evicted(&only));
        drop(only);
        assert!(newcomer.now_or_never().is_some());
    }

    #[tokio::test]
    async fn a_connection_that_becomes_idle_while_a_slot_is_asked_for_is_evicted() {
        let connections = Connections::new(1);
        let only = connections.acquire().await;
        only.mark_busy();
        let mut newcomer = Box::pin(connections.acquire());
        assert!(newcomer.as_mut().now_or_never().is_none());
        only.mark_idle(false);
        assert!(newcomer.as_mut().now_or_never().is_none());
        assert!(is_evicted(&only), "it is evicted although the newcomer was here first");
    }

    #[tokio::test]
    async fn room_for_bodies_is_made_by_those_that_wait_for_a_body() {
        let connections = Connections::new(2);
        let (idle, sending) = (connections.acquire().await, connections.acquire().await);
        sending.mark_idle(true);
        assert!(idle.evict_body());
        assert!(is_evicted(&sending) && !is_evicted(&idle));
        assert!(!idle.evict_body(), "there is only one");
    }
}
