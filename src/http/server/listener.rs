//! Takes connections, no more than there is room for, and gives each a limited time to say something.
//!
//! TLS is the proxy's in front: <https://docs.rs/hyper/latest/hyper/server/conn/http1/struct.Builder.html>
//! has the one deadline that matters here, for a request head, which also ends idle connections.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::connections::{ConnectionSlot, Connections};
use crate::clock::Clock;

/// The pause after a connection could not be accepted, most likely for want of file descriptors.
const AFTER_FAILURE: Duration = Duration::from_millis(100);

/// The largest request head, in bytes. Signatures and secrets fit into one many times over.
const MAX_HEAD: usize = 32 * 1024;

/// How long a client that was answered before it had sent everything may go on sending.
const LINGER: Duration = Duration::from_secs(10);

/// What one listener allows.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections at once. One more evicts the one that has been idle longest.
    pub connections: usize,
    /// How long a connection may be open without having sent a whole request head: a new one, and one that is
    /// kept after an answer.
    pub idle: Duration,
    /// How long the end of the service waits for requests in flight.
    pub shutdown: Duration,
}

/// Serves until told to stop, then finishes what is in flight. Dropped, it closes every connection.
pub async fn serve(
    listener: TcpListener,
    routes: Router,
    limits: Limits,
    clock: Clock,
    mut stopped: watch::Receiver<bool>,
) {
    let connections = Connections::new(limits.connections);
    let mut open = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            _ = stopped.wait_for(|stopped| *stopped) => break,
            Some(_) = open.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "a connection cannot be accepted");
                connections.evict_idle();
                clock.sleep(AFTER_FAILURE).await;
                continue;
            }
        };
        let slot = tokio::select! {
            _ = stopped.wait_for(|stopped| *stopped) => break,
            slot = connections.acquire() => slot,
        };
        open.spawn(connection(stream, routes.clone(), slot, limits.idle, stopped.clone()));
    }
    drop(listener);
    let finish = async { while open.join_next().await.is_some() {} };
    if tokio::time::timeout(limits.shutdown, finish).await.is_err() {
        tracing::warn!("connections were still open at shutdown; they are closed");
    }
}

async fn connection(
    stream: TcpStream,
    routes: Router,
    slot: Arc<ConnectionSlot>,
    idle: Duration,
    mut stopped: watch::Receiver<bool>,
) {
    let service =
        service_fn(|request: Request<Incoming>| Box::pin(answer(routes.clone(), Arc::clone(&slot), request)));
    let mut served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(idle)
        .max_buf_size(MAX_HEAD)
        .serve_connection(TokioIo::new(stream), service);
    let stopping = tokio::select! {
        ended = poll_fn(|context| served.poll_without_shutdown(context)) => match ended {
            Ok(()) => false,
            // That is the client's business: it went away, said nothing, or spoke no HTTP.
            Err(_) => return,
        },
        () = slot.evicted() => return,
        _ = stopped.wait_for(|stopped| *stopped) => true,
    };
    if stopping {
        Pin::new(&mut served).graceful_shutdown();
        let _ = served.await;
        return;
    }
    let stream = served.into_parts().io.into_inner();
    tokio::select! {
        () = close(stream) => (),
        () = slot.evicted() => (),
        _ = stopped.wait_for(|stopped| *stopped) => (),
    }
}

/// Reads what the client still sends, and forgets it. Closing at once would reset the connection, and a client
/// that is told its body is too large might never read so: <https://www.rfc-editor.org/rfc/rfc9112#section-9.6>.
async fn close(mut stream: TcpStream) {
    let _ = stream.shutdown().await;
    let _ = tokio::time::timeout(LINGER, tokio::io::copy(&mut stream, &mut tokio::io::sink())).await;
}

async fn answer(
    mut routes: Router,
    slot: Arc<ConnectionSlot>,
    mut request: Request<Incoming>,
) -> Result<Response, std::convert::Infallible> {
    use tower_service::Service as _;

    slot.mark_busy();
    request.extensions_mut().insert(Arc::clone(&slot));
    let answered = routes.call(request).await;
    slot.mark_idle(false);
    answered
}
