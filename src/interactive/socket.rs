//! Socket Mode: clicks over connections that are opened from here, so that no public address is needed.
//!
//! <https://docs.slack.dev/apis/events-api/using-socket-mode>

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use jiff::Timestamp;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::Message;

use super::connection::{Connection, Envelope, Frame, acknowledgement, connect};
use super::plan::{Event, Plan, WANTED};
use super::{Interaction, Receiver};
use crate::clock::{Clock, Entropy, later};
use crate::delivery::slack::SlackClient;
use crate::failure::Failure;
use crate::metrics::Metrics;

/// How long nothing may arrive before a ping is sent; Slack sends its own more often.
const QUIET: Duration = Duration::from_secs(30);

/// How long the answer to a ping, a greeting or a farewell may take.
const ANSWER: Duration = Duration::from_secs(10);

/// How long a socket that was told to go is read on, if Slack does not close it before.
const FAREWELL: Duration = Duration::from_mins(1);

/// Holds sockets to Slack and takes the clicks that come over them.
pub struct SocketMode {
    pub slack: Arc<SlackClient>,
    pub receiver: Arc<Receiver>,
    pub status: Arc<SocketStatus>,
    pub clock: Clock,
    pub entropy: Entropy,
    pub metrics: Arc<Metrics>,
    /// Limit for opening one connection.
    pub timeout: Duration,
    /// The wait after a refusal that ends only when a person acts.
    pub pause: Duration,
    /// Processes that hold sockets of this app.
    pub replicas: u32,
}

/// Whether clicks can come in, for operators.
#[derive(Debug, Default)]
pub struct SocketStatus(Mutex<(usize, String)>);

impl SocketStatus {
    /// `2 open`, or why there is none.
    pub fn describe(&self) -> String {
        let (open, why) = &*self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match open {
            0 if why.is_empty() => "connecting".to_owned(),
            0 => format!("down: {why}"),
            open => format!("{open} open"),
        }
    }

    /// Takes over how many sockets are open and why one ended; returns how many there were.
    fn set(&self, open: usize, why: Option<&str>) -> usize {
        let mut status = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(why) = why {
            why.clone_into(&mut status.1);
        }
        std::mem::replace(&mut status.0, open)
    }
}

impl SocketMode {
    /// Holds sockets until the service stops; then each acknowledges what it took and is closed.
    pub async fn run(self: Arc<Self>, mut stopped: watch::Receiver<bool>) {
        self.metrics.set_sockets("open", 0);
        let (events, mut inbox) = mpsc::unbounded_channel();
        let (mut plan, mut sockets) = (Plan::default(), JoinSet::new());
        while !*stopped.borrow() {
            let now = self.clock.now();
            let next = plan.next(now);
            if next.is_some_and(|next| next <= now) {
                plan.begin(now);
                let (mode, events, stopped) = (Arc::clone(&self), events.clone(), stopped.clone());
                sockets.spawn(async move { mode.hold(&events, stopped).await });
                continue;
            }
            tokio::select! {
                _ = stopped.changed() => {}
                Some(event) = inbox.recv() => self.note(&mut plan, &event),
                Some(_) = sockets.join_next() => {}
                () = self.clock.sleep_until(next.unwrap_or(Timestamp::MAX)), if next.is_some() => {}
            }
            if plan.is_disabled() {
                // Sockets that are still open are of no use: Slack delivers nothing over them.
                sockets.abort_all();
            }
        }
        while sockets.join_next().await.is_some() {}
        self.metrics.set_sockets("open", 0);
    }

    /// Hears of an event, and says what an operator should know of it.
    fn note(&self, plan: &mut Plan, event: &Event) {
        plan.note(event, self.clock.now(), self.entropy.fraction(), self.pause);
        let why = match event {
            Event::Connected { counted } => {
                self.metrics.set_sockets("counted", *counted);
                let ours = 2 * WANTED * usize::try_from(self.replicas.max(1)).unwrap_or(usize::MAX / 4);
                if *counted > ours {
                    tracing::warn!(
                        counted,
                        "Slack counts more sockets of this app than its services hold; clicks that it sends over the others \
                         are lost: look for another process with the same app-level token"
                    );
                }
                None
            }
            Event::Leaving { .. } => None,
            Event::Crowded { .. } => Some(
                "Slack has too many sockets of this app: look for other processes with its app-level token",
            ),
            Event::Disabled => Some("Socket Mode is switched off in the Slack app: switch it on and restart"),
            Event::Lost { .. } => Some("the connection ended"),
            Event::Failed(failure) => Some(failure.why()),
        };
        let open = plan.open();
        let before = self.status.set(open, why);
        self.metrics.set_sockets("open", open);
        let why = why.unwrap_or("it is being replaced");
        match event {
            Event::Disabled | Event::Failed(Failure::Pause { .. } | Failure::GiveUp { .. }) => {
                tracing::error!(
                    open,
                    why,
                    "no socket to Slack can be opened; clicks are lost until a person mends that"
                );
            }
            Event::Crowded { .. } => tracing::warn!(open, why, "a socket to Slack was given up"),
            _ if open == 0 && before > 0 => {
                tracing::warn!(why, "no socket to Slack is open; clicks are lost until one is");
            }
            _ if open > 0 && before == 0 => tracing::info!(open, "clicks come in over a socket to Slack"),
            _ => tracing::debug!(open, why, "sockets to Slack"),
        }
    }

    /// Opens one socket and takes what comes over it until it ends.
    async fn hold(&self, events: &mpsc::UnboundedSender<Event>, stopped: watch::Receiver<bool>) {
        // The supervisor is gone only when the service is.
        let tell = |event| drop(events.send(event));
        let mut socket = match connect(&self.slack, self.timeout).await {
            Ok(connection) => Socket::new(self, connection, stopped),
            Err(failure) => return tell(Event::Failed(failure)),
        };
        let connected_at = match socket.next().await {
            Some(Heard::Hello { counted }) => {
                tell(Event::Connected { counted });
                self.clock.elapsed()
            }
            Some(Heard::Disconnect { reason }) => {
                return tell(match reason.as_str() {
                    "too_many_websockets" => Event::Crowded { was_connected: false },
                    "link_disabled" => Event::Disabled,
                    _ => Event::Failed(Failure::retry("Slack: the socket was sent away before its greeting")),
                });
            }
            None => return tell(Event::Failed(Failure::retry("Slack: the socket was not greeted"))),
        };
        let held = || self.clock.elapsed().saturating_sub(connected_at);
        loop {
            match socket.next().await {
                // It was replaced already.
                None if socket.leaves_at.is_some() => return,
                None => return tell(Event::Lost { held: held() }),
                Some(Heard::Hello { .. }) => {}
                Some(Heard::Disconnect { reason }) => match reason.as_str() {
                    // To overlap would make it worse.
                    "too_many_websockets" => return tell(Event::Crowded { was_connected: true }),
                    "link_disabled" => return tell(Event::Disabled),
                    _ if socket.leaves_at.is_none() => {
                        socket.leaves_at = Some(later(self.clock.now(), FAREWELL));
                        tell(Event::Leaving { held: held() });
                    }
                    _ => {}
                },
            }
        }
    }
}

/// What a socket hears beside clicks.
enum Heard {
    Hello { counted: usize },
    Disconnect { reason: String },
}

/// Why a socket stopped waiting.
enum Woken {
    Stopped,
    Taken(Option<String>),
    Quiet,
    Frame(Message),
}

/// One open connection, with the clicks that came over it and are not acknowledged yet.
struct Socket<'a> {
    mode: &'a SocketMode,
    connection: Connection,
    stopped: watch::Receiver<bool>,
    /// Acknowledgements in the making; `None` for a click that could not be stored.
    taking: JoinSet<Option<String>>,
    /// When it is given up, once Slack told it to go.
    leaves_at: Option<Timestamp>,
}

impl<'a> Socket<'a> {
    fn new(mode: &'a SocketMode, connection: Connection, stopped: watch::Receiver<bool>) -> Self {
        Self { mode, connection, stopped, taking: JoinSet::new(), leaves_at: None }
    }

    /// The next thing that is no click; `None` once the connection has ended, stands still, or the service stops. Clicks are
    /// taken and acknowledged meanwhile, over this very connection.
    async fn next(&mut self) -> Option<Heard> {
        let clock = &self.mode.clock;
        let (mut quiet_until, mut pinged) = (later(clock.now(), QUIET), false);
        loop {
            let wake = self.leaves_at.map_or(quiet_until, |leaves_at| leaves_at.min(quiet_until));
            let woken = tokio::select! {
                _ = self.stopped.wait_for(|stopped| *stopped) => Woken::Stopped,
                Some(taken) = self.taking.join_next() => Woken::Taken(taken.ok().flatten()),
                () = clock.sleep_until(wake) => Woken::Quiet,
                frame = self.connection.next() => Woken::Frame(frame?.ok()?),
            };
            let text = match woken {
                Woken::Stopped => {
                    self.close().await;
                    return None;
                }
                Woken::Taken(acknowledgement) => {
                    self.send(acknowledgement).await?;
                    continue;
                }
                Woken::Quiet => {
                    let given_up = self.leaves_at.is_some_and(|leaves_at| leaves_at <= clock.now());
                    if pinged || given_up {
                        return None;
                    }
                    (quiet_until, pinged) = (later(clock.now(), ANSWER), true);
                    self.connection.send(Message::Ping(Vec::new().into())).await.ok()?;
                    continue;
                }
                Woken::Frame(frame) => {
                    (quiet_until, pinged) = (later(clock.now(), QUIET), false);
                    let Message::Text(text) = frame else { continue };
                    text
                }
            };
            match serde_json::from_str(&text) {
                Ok(Frame::Hello { num_connections }) => {
                    return Some(Heard::Hello { counted: num_connections });
                }
                Ok(Frame::Disconnect { reason }) => return Some(Heard::Disconnect { reason }),
                Ok(Frame::Interactive(envelope)) => self.take(envelope),
                Ok(Frame::EventsApi(Envelope { id, .. })) => {
                    self.send(Some(acknowledgement(&id, false, None))).await?;
                }
                Ok(Frame::Unknown) | Err(_) => {
                    tracing::debug!("a frame of Slack's that is not known was passed over");
                }
            }
        }
    }

    /// Takes a click beside others: one that waits for the disk holds up none.
    fn take(&mut self, envelope: Envelope) {
        let receiver = Arc::clone(&self.mode.receiver);
        self.taking.spawn(async move {
            let Envelope { id, accepts_response_payload, payload } = envelope;
            match receiver.take(Interaction::read(&payload)).await {
                Ok(reply) => Some(acknowledgement(&id, accepts_response_payload, Some(&reply))),
                Err(error) => {
                    tracing::warn!(%error, "a click cannot be stored now; the person has to click again");
                    None
                }
            }
        });
    }

    async fn send(&mut self, acknowledgement: Option<String>) -> Option<()> {
        match acknowledgement {
            Some(text) => self.connection.send(Message::text(text)).await.ok(),
            None => Some(()),
        }
    }

    /// Acknowledges what was taken, and says farewell so that Slack sends nothing more here.
    async fn close(&mut self) {
        let farewell = async {
            while let Some(taken) = self.taking.join_next().await {
                self.send(taken.ok().flatten()).await?;
            }
            self.connection.close(None).await.ok()
        };
        let _ = tokio::time::timeout(ANSWER, farewell).await;
    }
}
