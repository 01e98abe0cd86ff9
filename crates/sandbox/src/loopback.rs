//! A server on loopback, on a thread of its own.

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::thread;

use axum::Router;
use tokio::sync::oneshot;

use super::line::{Cut, Lines};

/// An HTTP server with a port, a thread and a runtime of its own. Dropping it closes the port and every connection.
pub(super) struct LoopbackServer {
    url: String,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl LoopbackServer {
    /// Binds a port and serves `app` on it; `background` runs beside it until the server is dropped.
    ///
    /// # Errors
    ///
    /// Loopback has no free port.
    pub(super) fn start(
        app: Router,
        background: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let url = format!("http://{}", listener.local_addr()?);
        let (stop, stopped) = oneshot::channel();
        // A runtime of its own takes every connection with it when it ends, hanging ones included.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let thread = thread::Builder::new().name("sandbox".to_owned()).spawn(move || {
            runtime.block_on(async {
                let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
                let app = app.into_make_service_with_connect_info::<Cut>();
                tokio::select! {
                    _ = axum::serve(Lines(listener), app) => {}
                    () = background => {}
                    _ = stopped => {}
                }
            });
        })?;
        Ok(Self { url, stop: Some(stop), thread: Some(thread) })
    }

    /// `http://127.0.0.1:PORT`, without a trailing slash.
    pub(super) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for LoopbackServer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // The thread only panics on a bug of the sandbox, and then has printed it.
            let _ = thread.join();
        }
    }
}
