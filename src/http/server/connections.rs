//! Who is connected, and whose turn it is to go when there is no room for one more.
//!
//! A connection either waits for its client (a request head, or a body) or is in our hands. When all places are
//! taken, the one that has waited for its client the longest is closed: thousands of connections that say
//! nothing cost each other their places, and nobody else theirs.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// The connections of one listener.
pub(super) struct Connections {
    places: Arc<Semaphore>,
    waiting: Mutex<Waiting>,
    /// Rung when a connection begins to wait for its client.
    begins: Notify,
}

/// Those that wait for their client, the longest first.
#[derive(Default)]
struct Waiting {
    turn: u64,
    since: BTreeMap<u64, Wait>,
}

struct Wait {
    /// For a body, with memory set aside for it.
    for_body: bool,
    close: Arc<Notify>,
}

impl Connections {
    /// Room for so many at once.
    pub(super) fn new(places: usize) -> Arc<Self> {
        Arc::new(Self {
            places: Arc::new(Semaphore::new(places)),
            waiting: Mutex::default(),
            begins: Notify::new(),
        })
    }

    /// A place for one more connection; if need be, one that another has to leave.
    pub(super) async fn seat(self: &Arc<Self>) -> Arc<Seat> {
        loop {
            let begins = self.begins.notified();
            if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
                return self.seated(place);
            }
            if self.shed() {
                // What was told to close leaves its place at once.
                if let Ok(place) = Arc::clone(&self.places).acquire_owned().await {
                    return self.seated(place);
                }
            }
            // All of them are in our hands: wait until one is done, or waits for its client again.
            tokio::select! {
                place = Arc::clone(&self.places).acquire_owned() => {
                    if let Ok(place) = place {
                        return self.seated(place);
                    }
                }
                () = begins => {}
            }
        }
    }

    fn seated(self: &Arc<Self>, place: OwnedSemaphorePermit) -> Arc<Seat> {
        let close = Arc::new(Notify::new());
        let seat =
            Arc::new(Seat { connections: Arc::clone(self), close, turn: Mutex::new(None), _place: place });
        seat.waits(false);
        seat
    }

    /// Closes the connection that has waited for its client the longest; false if none waits.
    pub(super) fn shed(&self) -> bool {
        self.close_first(|_| true)
    }

    /// Closes the connection that has waited for the rest of a body the longest.
    pub(super) fn shed_body(&self) -> bool {
        self.close_first(|wait| wait.for_body)
    }

    fn close_first(&self, which: impl Fn(&Wait) -> bool) -> bool {
        let mut waiting = self.lock();
        let first = waiting.since.iter().find(|(_, wait)| which(wait)).map(|(turn, _)| *turn);
        let closed = first.and_then(|turn| waiting.since.remove(&turn));
        closed.inspect(|wait| wait.close.notify_one()).is_some()
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One connection's place. It is free again when the last handle is dropped.
pub(super) struct Seat {
    connections: Arc<Connections>,
    close: Arc<Notify>,
    /// Where this one stands among those that wait.
    turn: Mutex<Option<u64>>,
    _place: OwnedSemaphorePermit,
}

impl Seat {
    /// From here on it is the client's turn: to send a head, or (`for_body`) a body.
    pub(super) fn waits(&self, for_body: bool) {
        self.in_hand();
        let mut waiting = self.connections.lock();
        waiting.turn += 1;
        let turn = waiting.turn;
        waiting.since.insert(turn, Wait { for_body, close: Arc::clone(&self.close) });
        *self.turn.lock().unwrap_or_else(PoisonError::into_inner) = Some(turn);
        drop(waiting);
        self.connections.begins.notify_waiters();
    }

    /// From here on it is ours: it is not closed to make room.
    pub(super) fn in_hand(&self) {
        let mut waiting = self.connections.lock();
        if let Some(turn) = self.turn.lock().unwrap_or_else(PoisonError::into_inner).take() {
            waiting.since.remove(&turn);
        }
    }

    /// Ends when this connection must make room.
    pub(super) async fn must_go(&self) {
        self.close.notified().await;
    }

    /// See [`Connections::shed_body`].
    pub(super) fn sheds_body(&self) -> bool {
        self.connections.shed_body()
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.in_hand();
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn goes(seat: &Seat) -> bool {
        seat.must_go().now_or_never().is_some()
    }

    #[tokio::test]
    async fn the_connection_that_has_waited_longest_makes_room() {
        let connections = Connections::new(2);
        let (first, second) = (connections.seat().await, connections.seat().await);
        first.in_hand();
        first.waits(false);
        assert!(connections.seat().now_or_never().is_none(), "nobody has left yet");
        assert!(goes(&second) && !goes(&first));
        drop(second);
        assert!(connections.seat().now_or_never().is_some());
    }

    #[tokio::test]
    async fn a_connection_in_our_hands_is_never_closed_and_its_end_makes_room() {
        let connections = Connections::new(1);
        let only = connections.seat().await;
        only.in_hand();
        let mut newcomer = Box::pin(connections.seat());
        assert!(newcomer.as_mut().now_or_never().is_none());
        assert!(!goes(&only));
        drop(only);
        assert!(newcomer.now_or_never().is_some());
    }

    #[tokio::test]
    async fn a_connection_that_begins_to_wait_while_somebody_asks_for_a_place_makes_room() {
        let connections = Connections::new(1);
        let only = connections.seat().await;
        only.in_hand();
        let mut newcomer = Box::pin(connections.seat());
        assert!(newcomer.as_mut().now_or_never().is_none());
        only.waits(false);
        assert!(newcomer.as_mut().now_or_never().is_none());
        assert!(goes(&only), "it is asked to go although the newcomer was here first");
    }

    #[tokio::test]
    async fn room_for_bodies_is_made_by_those_that_wait_for_a_body() {
        let connections = Connections::new(2);
        let (idle, sending) = (connections.seat().await, connections.seat().await);
        sending.waits(true);
        assert!(idle.sheds_body());
        assert!(goes(&sending) && !goes(&idle));
        assert!(!idle.sheds_body(), "there is only one");
    }
}
