//! The demo page: deals of both CRMs to edit and win, beside them Slack as its readers see it, in a browser.
//!
//! It acts on the sandbox as people do: a change of a deal is made in the CRM's state and announced by a signed webhook,
//! a press or a submit is a click that Slack delivers to the app. It may use the whole sandbox; nothing of the sandbox
//! uses it. The HTML is complete without scripts; `page.js` replaces the parts that changed. Read [`Playground`] first.

mod act;
mod blocks;
mod deal;
mod edit;
mod form;
mod hubspot;
mod layout;
mod links;
mod messages;
mod modal;
mod mrkdwn;
mod place;
mod routes;
mod salesforce;
mod shelf;
mod story;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use crate::clock::{Clock, delay};
use crate::fake_server::Shared;
use crate::loopback::LoopbackServer;
use crate::{HubspotState, SalesforceState, Sandbox, SlackState};

use story::Story;
pub use story::Told;

/// Deliveries that the page lists.
const LISTED: usize = 12;

/// Where the service takes webhooks.
#[derive(Debug, Clone)]
pub struct ServiceAddress {
    /// What the CRMs call and sign over, without a trailing slash.
    pub public_url: String,
    /// Where it listens on this machine.
    pub listens: SocketAddr,
}

/// The demo page on loopback. Dropping it closes its port.
pub struct DemoPage {
    server: LoopbackServer,
    playground: Arc<Playground>,
}

impl DemoPage {
    /// Serves the page for a sandbox and the service between its platforms. The story rests for `pace` between two steps, so
    /// that a person can read along.
    ///
    /// # Errors
    ///
    /// Loopback has no free port.
    pub fn start(sandbox: &Sandbox, service: ServiceAddress, pace: Duration) -> io::Result<Self> {
        let playground = Arc::new(Playground::new(sandbox, service, pace));
        let server = LoopbackServer::start(routes::router(Arc::clone(&playground)), std::future::pending())?;
        Ok(Self { server, playground })
    }

    /// Plays the story, as its button does, without anyone looking.
    ///
    /// # Errors
    ///
    /// The step that did not come to its end.
    pub async fn plays(&self) -> Result<Told, String> {
        story::steps(&self.playground).await
    }

    /// `http://127.0.0.1:PORT`, without a trailing slash.
    pub fn url(&self) -> &str {
        self.server.url()
    }
}

/// The platforms that the page shows and acts on, and what it remembers itself.
struct Playground {
    hubspot: Shared<HubspotState>,
    salesforce: Shared<SalesforceState>,
    slack: Shared<SlackState>,
    clock: Clock,
    service: ServiceAddress,
    pace: Duration,
    board: Mutex<Board>,
    changed: watch::Sender<()>,
}

/// What the page remembers beside the platforms.
#[derive(Default)]
struct Board {
    story: Story,
    /// Webhooks that were sent, newest first.
    sent: VecDeque<SentWebhook>,
    /// What went wrong with the latest action of a person, by Slack id.
    notices: BTreeMap<String, String>,
}

/// One webhook that a CRM sent to the service.
struct SentWebhook {
    at: jiff::Timestamp,
    what: String,
    /// The status, or why there is none.
    answer: Result<u16, String>,
}

impl Playground {
    fn new(sandbox: &Sandbox, service: ServiceAddress, pace: Duration) -> Self {
        Self {
            hubspot: sandbox.hubspot.shared(),
            salesforce: sandbox.salesforce.shared(),
            slack: sandbox.slack.shared(),
            clock: sandbox.clock.clone(),
            service,
            pace,
            board: Mutex::default(),
            changed: watch::Sender::new(()),
        }
    }

    fn board(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes what the page remembers, and lets every open page know.
    fn note(&self, change: impl FnOnce(&mut Board)) {
        change(&mut self.board());
        self.changed.send_replace(());
    }

    /// Lists a webhook that was sent.
    fn list(&self, sent: SentWebhook) {
        self.note(|board| {
            board.sent.push_front(sent);
            board.sent.truncate(LISTED);
        });
    }

    /// Rests between two steps of the story.
    async fn rest(&self) {
        delay(self.pace).await;
    }
}
