//! Socket Mode: a WebSocket server on loopback that greets, recycles, repeats and drops as a test wants it.
//!
//! <https://docs.slack.dev/apis/events-api/using-socket-mode>

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, TcpListener};

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Map, Value, json};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_tungstenite::accept_hdr_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};

use super::interactions::{Outgoing, Reply};
use super::read::{APP, object};
use super::{Refused, SlackState};
use crate::call::{Call, Verdict, pairs};
use crate::fake_server::Shared;

/// Sockets that one app may have.
const LIMIT: usize = 10;

/// The app's sockets.
#[derive(Default)]
pub(super) struct Sockets {
    /// App-level tokens, and whether they have the scope `connections:write`.
    tokens: BTreeMap<String, bool>,
    is_disabled: bool,
    port: u16,
    tickets: BTreeSet<String>,
    open: Vec<Socket>,
    ghosts: usize,
    duplicates: bool,
    envelopes: BTreeMap<String, Envelope>,
    turn: usize,
    /// How many were opened, ever.
    so_far: usize,
    events_acknowledged: usize,
}

struct Socket {
    id: u64,
    orders: mpsc::UnboundedSender<Order>,
    /// Told to go; it delivers until it is closed.
    is_leaving: bool,
}

/// What becomes of a socket.
enum Order {
    Send(Value),
    /// A proper end.
    Close,
    /// The connection ends in the middle.
    Cut,
    /// Nothing is read or written any more, and neither side is told.
    Freeze,
}

struct Envelope {
    click: u64,
    /// Where it was delivered.
    sockets: BTreeSet<u64>,
    accepts_payload: bool,
}

impl SlackState {
    /// Makes an app-level token that may open sockets.
    pub fn add_app_token(&mut self, token: &str) {
        self.sockets.tokens.insert(token.to_owned(), true);
    }

    /// Takes the scope `connections:write` from an app-level token.
    pub fn withdraw_connections(&mut self, token: &str) {
        self.sockets.tokens.insert(token.to_owned(), false);
    }

    /// How many sockets are open.
    pub fn open_sockets(&self) -> usize {
        self.sockets.open.len()
    }

    /// How many sockets were opened, those that are closed included.
    pub fn sockets_so_far(&self) -> usize {
        self.sockets.so_far
    }

    /// Whether an envelope that is no click was acknowledged.
    pub fn event_acknowledged(&self) -> bool {
        self.sockets.events_acknowledged > 0
    }

    /// Slack counts so many sockets more than there are, of clients that are gone.
    pub fn set_ghosts(&mut self, ghosts: usize) {
        self.sockets.ghosts = ghosts;
    }

    /// From now on every envelope is delivered twice, over different sockets if there are several.
    pub fn duplicates_envelopes(&mut self) {
        self.sockets.duplicates = true;
    }

    /// Tells the oldest socket to go: `warning`, `refresh_requested`, `too_many_websockets`. It delivers until
    /// [`SlackState::close_leaving`].
    pub fn disconnects(&mut self, reason: &str) {
        if let Some(socket) = self.sockets.open.iter_mut().find(|socket| !socket.is_leaving) {
            socket.is_leaving = true;
            let _ = socket.orders.send(Order::Send(disconnect(reason)));
        }
    }

    /// Closes the sockets that were told to go.
    pub fn close_leaving(&mut self) {
        for socket in self.sockets.open.iter().filter(|socket| socket.is_leaving) {
            let _ = socket.orders.send(Order::Close);
        }
    }

    /// An admin switches Socket Mode off: every socket is told so, and closed.
    pub fn disable_socket_mode(&mut self) {
        self.sockets.is_disabled = true;
        for socket in &self.sockets.open {
            let _ = socket.orders.send(Order::Send(disconnect("link_disabled")));
            let _ = socket.orders.send(Order::Close);
        }
    }

    /// Every connection breaks.
    pub fn drop_sockets(&mut self) {
        self.order(|| Order::Cut);
    }

    /// Every connection stands still: nothing arrives, and nothing is refused.
    pub fn freeze_sockets(&mut self) {
        self.order(|| Order::Freeze);
    }

    /// Sends an envelope that is no click, as of the Events API.
    pub fn send_event(&mut self, event: &Value) {
        let id = format!("event-{}", self.number());
        let envelope = json!({"envelope_id": id, "type": "events_api", "accepts_response_payload": false,
            "retry_attempt": 0, "retry_reason": "", "payload": event});
        let sockets = self.sockets.open.iter().map(|socket| socket.id).take(1).collect();
        self.sockets.envelopes.insert(id, Envelope { click: 0, sockets, accepts_payload: false });
        if let Some(socket) = self.sockets.open.first() {
            let _ = socket.orders.send(Order::Send(envelope));
        }
    }

    fn order(&self, order: impl Fn() -> Order) {
        for socket in &self.sockets.open {
            let _ = socket.orders.send(order());
        }
    }

    /// `apps.connections.open`
    pub(super) fn open_connection(&mut self, call: &Call) -> Result<Map<String, Value>, Refused> {
        let Some(token) = call.bearer() else {
            return Err(Refused::wrong("not_authed", "the app-level token belongs in the header"));
        };
        match self.sockets.tokens.get(token) {
            _ if token.starts_with("xoxb-") => {
                return Err(Refused::wrong("not_allowed_token_type", "this method takes an app-level token"));
            }
            None => return Err(Refused::wrong("invalid_auth", "no app has this token")),
            Some(false) => return Err(Refused::missing("connections:write")),
            Some(true) => {}
        }
        if call.method != "POST" || !call.body.is_empty() || !call.query.is_empty() {
            return Err(Refused::wrong("invalid_arguments", "a POST without arguments"));
        }
        if self.sockets.is_disabled {
            let verdict = Verdict::Switched;
            return Err(Refused { code: "forbidden_team", verdict, messages: Vec::new(), needed: None });
        }
        let ticket = format!("ticket-{:08x}", self.number() * 2_654_435_761 % 0xffff_ffff);
        self.sockets.tickets.insert(ticket.clone());
        let port = self.sockets.port;
        Ok(object(json!({"url": format!("ws://127.0.0.1:{port}/link/?ticket={ticket}&app_id={APP}")})))
    }

    /// Delivers a click over any of the sockets.
    pub(super) fn send_envelope(&mut self, click: &Outgoing) -> Result<(), String> {
        let id = format!("envelope-{}", self.number());
        let accepts_payload = click.accepts_payload();
        let envelope = json!({"envelope_id": id, "type": "interactive",
            "accepts_response_payload": accepts_payload, "payload": click.payload});
        let sockets = &mut self.sockets;
        let mut used = BTreeSet::new();
        for _ in 0..=usize::from(sockets.duplicates) {
            sockets.turn += 1;
            let at = sockets.turn % sockets.open.len().max(1);
            let Some(socket) = sockets.open.get(at) else { return Err("no socket is open".to_owned()) };
            used.insert(socket.id);
            let _ = socket.orders.send(Order::Send(envelope.clone()));
        }
        sockets.envelopes.insert(id, Envelope { click: click.id, sockets: used, accepts_payload });
        Ok(())
    }

    /// A new socket is greeted; one too many is told so and closed.
    fn join(&mut self, orders: mpsc::UnboundedSender<Order>) -> u64 {
        let id = self.number();
        let count = self.sockets.open.len() + self.sockets.ghosts + 1;
        if count > LIMIT {
            let _ = orders.send(Order::Send(disconnect("too_many_websockets")));
            let _ = orders.send(Order::Close);
            return id;
        }
        self.sockets.so_far += 1;
        let hello = json!({"type": "hello", "num_connections": count, "connection_info": {"app_id": APP},
            "debug_info": {"host": "applink-sandbox", "approximate_connection_time": 3600}});
        let _ = orders.send(Order::Send(hello));
        self.sockets.open.push(Socket { id, orders, is_leaving: false });
        id
    }

    /// What the app sends over a socket, which can only be an acknowledgement.
    fn acknowledge(&mut self, socket: u64, text: &str) {
        let answer: Map<String, Value> = serde_json::from_str(text).unwrap_or_default();
        let id = answer.get("envelope_id").and_then(Value::as_str).unwrap_or_default();
        let known = self.sockets.envelopes.get(id);
        let only = answer.keys().all(|key| key == "envelope_id" || key == "payload");
        let payload = answer.get("payload");
        let why = match known {
            None => "it names no envelope",
            Some(_) if !only => "it holds more than envelope_id and payload",
            Some(known) if !known.sockets.contains(&socket) => "it came over another socket",
            Some(known) if payload.is_some() && !known.accepts_payload => "its payload was not asked for",
            Some(known) => {
                let click = known.click;
                self.sockets.events_acknowledged += usize::from(click == 0);
                return self.answered(click, Reply::Socket(payload.cloned()));
            }
        };
        self.violations.push(format!("acknowledgement over a socket: {why}: {text}"));
        if let Some(known) = known {
            let click = known.click;
            self.answered(click, Reply::None(why.to_owned()));
        }
    }
}

fn disconnect(reason: &str) -> Value {
    json!({"type": "disconnect", "reason": reason, "debug_info": {"host": "wss-sandbox"}})
}

/// Takes connections until the sandbox ends.
pub(super) async fn listen(shared: Shared<SlackState>) {
    let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)) else { return };
    let port = listener.local_addr().map_or(0, |address| address.port());
    shared.change(|slack| slack.sockets.port = port);
    if listener.set_nonblocking(true).is_err() {
        return;
    }
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(serve(shared.clone(), stream));
    }
}

async fn serve(shared: Shared<SlackState>, stream: TcpStream) {
    let admitted = shared.clone();
    // A ticket opens one socket.
    #[expect(clippy::result_large_err, reason = "the library's type")]
    let admit = move |request: &Request, response: Response| {
        let query = pairs(request.uri().query().unwrap_or_default());
        let ticket = query.into_iter().find(|(name, _)| name == "ticket").map(|(_, ticket)| ticket);
        let known =
            admitted.change(|slack| ticket.is_some_and(|ticket| slack.sockets.tickets.remove(&ticket)));
        if known && request.uri().path() == "/link/" {
            return Ok(response);
        }
        let mut refusal = ErrorResponse::new(Some("no such ticket".to_owned()));
        *refusal.status_mut() = tokio_tungstenite::tungstenite::http::StatusCode::FORBIDDEN;
        Err(refusal)
    };
    let Ok(mut socket) = accept_hdr_async(stream, admit).await else { return };
    let (orders, mut inbox) = mpsc::unbounded_channel();
    let id = shared.change(|slack| slack.join(orders));
    loop {
        tokio::select! {
            order = inbox.recv() => match order {
                Some(Order::Send(frame)) => {
                    if socket.send(Message::text(frame.to_string())).await.is_err() {
                        break;
                    }
                }
                Some(Order::Close) => {
                    let _ = socket.close(None).await;
                    break;
                }
                Some(Order::Freeze) => std::future::pending().await,
                Some(Order::Cut) | None => break,
            },
            frame = socket.next() => match frame {
                Some(Ok(Message::Text(text))) => shared.change(|slack| slack.acknowledge(id, &text)),
                Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                // Pings are answered by the library.
                Some(Ok(_)) => {}
            },
        }
    }
    shared.change(|slack| slack.sockets.open.retain(|socket| socket.id != id));
}
