//! How requests wait for a commit.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use tokio::sync::{mpsc, oneshot};

use super::body::{self, Row, Verifier};

/// Requests that may wait.
pub const ROOM: usize = 1024;

/// The events of one request, and who waits for them.
pub struct Waiting {
    pub rows: Vec<Row>,
    pub committed: oneshot::Sender<()>,
}

/// The way to whoever commits.
#[derive(Clone)]
pub struct Queue {
    verifier: Verifier,
    queue: mpsc::Sender<Waiting>,
}

impl Queue {
    /// A queue, and its other end.
    pub fn begin() -> (Self, mpsc::Receiver<Waiting>) {
        let (queue, waiting) = mpsc::channel(ROOM);
        (Self { verifier: Verifier::new(), queue }, waiting)
    }
}

/// Answers when the events are on the disk.
pub async fn receive(
    State(floor): State<Queue>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, StatusCode> {
    floor.verifier.verify(&headers, &body)?;
    let rows = body::rows(&body)?;
    let (committed, done) = oneshot::channel();
    let sent = floor.queue.send(Waiting { rows, committed }).await;
    sent.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    done.await.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    Ok(StatusCode::OK)
}
