//! A fake server: a platform behind HTTP on loopback.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{ConnectInfo, Request, State};
use axum::response::Response;
use tokio::sync::watch;

use super::call::{Answer, Call, Verdict, pairs};
use super::clock::delay;
use super::fault::{Fault, Faults, Times, truncate};
use super::line::Cut;
use super::log::Log;
use super::loopback::LoopbackServer;

/// Larger bodies are not read.
const BODY_LIMIT: usize = 8 * 1024 * 1024;

/// The recorder of one platform: the log of its requests, and the faults and the latency that a test switches on.
#[derive(Debug, Default)]
pub struct Recorder {
    /// Every request.
    pub log: Log,
    /// What is switched to fail.
    pub faults: Faults,
    /// How long a request takes to get here, as if from another continent; no time unless changed.
    pub latency: Duration,
}

/// A platform: state that answers calls, one at a time.
pub trait Platform: Send + Sync + Sized + 'static {
    /// What it does without being called, until it is gone.
    fn run(_shared: Shared<Self>) -> impl Future<Output = ()> + Send {
        std::future::pending()
    }

    /// Does what the call asks for, or refuses it.
    fn answer(&mut self, call: &Call) -> Answer;

    /// What is there, for a person who opens the address in a browser.
    fn overview(&self) -> String;

    /// Log, faults and latency.
    fn recorder(&self) -> &Recorder;

    /// Log, faults and latency.
    fn recorder_mut(&mut self) -> &mut Recorder;
}

/// An HTTP server on loopback that answers for one platform.
pub struct FakeServer<P> {
    server: LoopbackServer,
    shared: Shared<P>,
}

impl<P: Platform> FakeServer<P> {
    pub(super) fn start(platform: P) -> io::Result<Self> {
        let inner = Inner { state: Mutex::new(platform), changed: watch::Sender::new(()) };
        let shared = Shared(Arc::new(inner));
        let app = Router::new().fallback(serve::<P>).with_state(shared.clone());
        let server = LoopbackServer::start(app, P::run(shared.clone()))?;
        Ok(Self { server, shared })
    }

    /// The state, for a server that shows it.
    pub(super) fn shared(&self) -> Shared<P> {
        self.shared.clone()
    }

    /// `http://127.0.0.1:PORT`, without a trailing slash.
    pub fn url(&self) -> &str {
        self.server.url()
    }

    /// Looks at the state.
    pub fn see<T>(&self, look: impl FnOnce(&P) -> T) -> T {
        look(&self.shared.lock())
    }

    /// Changes the state, as a person or another program on the platform would.
    pub fn change<T>(&self, change: impl FnOnce(&mut P) -> T) -> T {
        self.shared.change(change)
    }

    /// Waits until the state is as described. The caller sets the time limit.
    pub async fn until(&self, reached: impl FnMut(&P) -> bool) {
        self.shared.until(reached).await;
    }

    /// A copy of the log.
    pub fn log(&self) -> Log {
        self.see(|state| state.recorder().log.clone())
    }

    /// See [`Log::problems`].
    pub fn problems(&self) -> Vec<String> {
        self.see(|state| state.recorder().log.problems())
    }

    /// Switches a fault on for requests like `POST /crm/objects/*/tasks`; see [`super::Pattern`].
    pub fn fails(&self, pattern: &str, fault: Fault, times: Times) {
        self.change(|state| state.recorder_mut().faults.switch(pattern, fault, times));
    }

    /// Lets every request from now on take so long to get here.
    pub fn is_away(&self, latency: Duration) {
        self.change(|state| state.recorder_mut().latency = latency);
    }

    /// Switches all faults off. Requests that hang already go on hanging.
    pub fn clear_faults(&self) {
        self.change(|state| state.recorder_mut().faults.clear());
    }

    /// Lets every hanging request go on.
    pub fn release(&self) {
        self.change(|state| state.recorder_mut().faults.releases += 1);
    }
}

/// The state of a platform, shared with its server.
pub struct Shared<P>(Arc<Inner<P>>);

struct Inner<P> {
    state: Mutex<P>,
    changed: watch::Sender<()>,
}

impl<P> Clone for Shared<P> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<P> Shared<P> {
    fn lock(&self) -> MutexGuard<'_, P> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn see<T>(&self, look: impl FnOnce(&P) -> T) -> T {
        look(&self.lock())
    }

    pub(super) fn change<T>(&self, change: impl FnOnce(&mut P) -> T) -> T {
        let outcome = change(&mut self.lock());
        self.0.changed.send_replace(());
        outcome
    }

    /// A receiver that is told of every change from now on.
    pub(super) fn changes(&self) -> watch::Receiver<()> {
        self.0.changed.subscribe()
    }

    pub(super) async fn until(&self, mut reached: impl FnMut(&P) -> bool) {
        // Subscribed before the first look, so that no change falls between look and wait.
        let mut changes = self.0.changed.subscribe();
        while !reached(&self.lock()) {
            if changes.changed().await.is_err() {
                return;
            }
        }
    }
}

async fn serve<P: Platform>(
    State(shared): State<Shared<P>>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    request: Request,
) -> Response {
    let call = match read(request).await {
        Ok(call) => call,
        Err(error) => return Answer::text(400, &error.to_string()).into_response(),
    };
    // Also what the links to Salesforce's web app in a digest lead to.
    if call.method == "GET" && (call.path == "/" || call.path.starts_with("/lightning/")) {
        return Answer::text(200, &shared.lock().overview()).into_response();
    }
    let latency = shared.lock().recorder().latency;
    if !latency.is_zero() {
        delay(latency).await;
    }
    let fault = shared.change(|platform| platform.recorder_mut().faults.strike(&call));
    match fault {
        Some(Fault::Refuse(answer)) => {
            note(&shared, &call, Some(answer.status), Verdict::Switched);
            return answer.into_response();
        }
        Some(Fault::DropBefore) => {
            note(&shared, &call, None, Verdict::Switched);
            return dropped(&cut);
        }
        Some(Fault::HangBefore) => hang(&shared).await,
        _ => {}
    }
    let answer = shared.change(|platform| {
        let answer = platform.answer(&call);
        platform.recorder_mut().log.record(&call, Some(answer.status), answer.verdict.clone());
        answer
    });
    match fault {
        Some(Fault::DropAfter) => dropped(&cut),
        Some(Fault::FailAfter) => Answer::text(500, "internal error").into_response(),
        Some(Fault::Truncate) => truncate(answer).into_response(),
        Some(Fault::HangAfter) => {
            hang(&shared).await;
            answer.into_response()
        }
        _ => answer.into_response(),
    }
}

async fn read(request: Request) -> Result<Call, axum::Error> {
    let (head, body) = request.into_parts();
    Ok(Call {
        method: head.method.as_str().to_owned(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().map(pairs).unwrap_or_default(),
        uri_bytes: head.uri.path_and_query().map_or(0, |sent| sent.as_str().len()),
        headers: head.headers,
        body: to_bytes(body, BODY_LIMIT).await?.to_vec(),
    })
}

fn note<P: Platform>(shared: &Shared<P>, call: &Call, status: Option<u16>, verdict: Verdict) {
    shared.change(|platform| platform.recorder_mut().log.record(call, status, verdict));
}

/// The answer is never seen: writing it fails, and with that the connection ends.
fn dropped(cut: &Cut) -> Response {
    cut.cut();
    Answer::text(500, "dropped").into_response()
}

async fn hang<P: Platform>(shared: &Shared<P>) {
    let releases = shared.change(|platform| {
        let faults = &mut platform.recorder_mut().faults;
        faults.hung += 1;
        faults.releases
    });
    shared.until(|platform| platform.recorder().faults.releases > releases).await;
}
