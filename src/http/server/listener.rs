//! Takes connections, no more than there is room for, and gives each a limited time to say something.
//!
//! TLS is the proxy's in front: <https://docs.rs/hyper/latest/hyper/server/conn/http1/struct.Builder.html>
//! has the one deadline that matters here, for a request head, which also ends idle connections.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::http::header::{CONNECTION, HOST, HeaderValue, TRANSFER_ENCODING};
use axum::http::{StatusCode, Version};
use axum::response::{IntoResponse as _, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::connections::{ConnectionSlot, Connections};
use super::strict_heads::StrictHeads;
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
        let accepted = match accepted {
            Ok(accepted) => accepted,
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
        open.spawn(connection(accepted, routes.clone(), slot, limits.idle, stopped.clone()));
    }
    drop(listener);
    let finish = async { while open.join_next().await.is_some() {} };
    if tokio::time::timeout(limits.shutdown, finish).await.is_err() {
        tracing::warn!("connections were still open at shutdown; they are closed");
    }
}

async fn connection(
    (stream, peer): (TcpStream, SocketAddr),
    routes: Router,
    slot: Arc<ConnectionSlot>,
    idle: Duration,
    mut stopped: watch::Receiver<bool>,
) {
    let service = service_fn(|request: Request<Incoming>| {
        Box::pin(answer(routes.clone(), Arc::clone(&slot), peer, request))
    });
    let (read, write) = stream.into_split();
    let mut served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(idle)
        .max_buf_size(MAX_HEAD)
        .serve_connection(TokioIo::new(tokio::io::join(StrictHeads::new(read), write)), service);
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
async fn close(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    let _ = stream.shutdown().await;
    let _ = tokio::time::timeout(LINGER, tokio::io::copy(&mut stream, &mut tokio::io::sink())).await;
}

/// Two readings of a request begin with two hosts: <https://www.rfc-editor.org/rfc/rfc9112#section-3.2>.
fn names_one_host(request: &Request<Incoming>) -> bool {
    let hosts = request.headers().get_all(HOST).iter().count();
    hosts == 1 || (hosts == 0 && request.version() < Version::HTTP_11)
}

async fn answer(
    mut routes: Router,
    slot: Arc<ConnectionSlot>,
    peer: SocketAddr,
    mut request: Request<Incoming>,
) -> Result<Response, std::convert::Infallible> {
    use tower_service::Service as _;

    slot.mark_busy();
    request.extensions_mut().insert(Arc::clone(&slot));
    request.extensions_mut().insert(ConnectInfo(peer));
    // Where a chunked body ends is hyper's affair, and the next head begins there.
    let last = request.headers().contains_key(TRANSFER_ENCODING);
    let mut answered = if names_one_host(&request) {
        routes.call(request).await
    } else {
        Ok((StatusCode::BAD_REQUEST, [(CONNECTION, "close")], "one Host header is needed\n").into_response())
    };
    if let Ok(answer) = &mut answered
        && last
    {
        answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    slot.mark_idle(false);
    answered
}
