//! How clicks leave Slack: posted to the Request URL of the app, or over one of its sockets.

use std::time::Duration;

use super::interactions::{Outgoing, Reply};
use super::views::PATIENCE;
use super::{SlackState, sockets};
use crate::Delivery;
use crate::clock::delay;
use crate::fake_server::Shared;

/// How often a click that waits for an answer looks at the sandbox's clock.
const LOOK: Duration = Duration::from_millis(20);

/// How the app wants its clicks.
#[derive(Debug, Clone, Default)]
pub enum Transport {
    /// Interactivity is switched off.
    #[default]
    Off,
    /// Posted to this address, which is plain http on this machine, and signed with this secret.
    Http { request_url: String, signing_secret: String },
    /// Over any of the app's sockets.
    Socket,
}

impl SlackState {
    /// Sets how the app gets its clicks.
    pub fn set_transport(&mut self, transport: Transport) {
        self.transport = transport;
    }
}

/// Delivers every click once, and listens for sockets.
pub(super) async fn run(shared: Shared<SlackState>) {
    let deliver_all = async {
        loop {
            shared.until(|slack| !slack.outgoing.is_empty()).await;
            for click in shared.change(|slack| std::mem::take(&mut slack.outgoing)) {
                tokio::spawn(deliver(shared.clone(), click));
            }
        }
    };
    tokio::join!(deliver_all, sockets::listen(shared.clone()));
}

async fn deliver(shared: Shared<SlackState>, click: Outgoing) {
    let (id, made) = (click.id, click.made);
    let transport = shared.see(|slack| slack.transport.clone());
    let reply = async {
        match transport {
            Transport::Off => Reply::None("no Request URL is configured".to_owned()),
            Transport::Http { request_url, signing_secret } => {
                let now = shared.see(|slack| slack.clock.now());
                let click = Delivery::interaction(&request_url, &signing_secret, &click.payload, now);
                let authority = request_url.split('/').nth(2).unwrap_or_default();
                match click.post(authority).await {
                    Ok(answer) => Reply::Http(answer.status, answer.media_type, answer.body),
                    Err(error) => Reply::None(error.to_string()),
                }
            }
            Transport::Socket => {
                if let Err(why) = shared.change(|slack| slack.send_envelope(&click)) {
                    return Reply::None(why);
                }
                // The socket's reader judges the acknowledgement.
                std::future::pending().await
            }
        }
    };
    let too_late = async {
        while shared.see(|slack| slack.clock.now()).duration_since(made) <= PATIENCE {
            if shared.see(|slack| slack.ack(id).is_some()) {
                return;
            }
            delay(LOOK).await;
        }
    };
    let reply = tokio::select! {
        reply = reply => reply,
        () = too_late => Reply::None("no answer within 3 s".to_owned()),
    };
    shared.change(|slack| slack.answered(id, reply));
}
