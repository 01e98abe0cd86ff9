//! A click is stored, then acknowledged, then applied. Slack sends it once: what was acknowledged must not be lost, and what
//! cannot be stored is not acknowledged, so that the person sees it and clicks again.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::{Value as Json, json};

use super::payload::{Interaction, Kind};
use super::signature;
use crate::crash_point;
use crate::crm::{RawWebhook, Rejected};
use crate::failure::Failure;
use crate::metrics::Metrics;
use crate::store::{Store, StoreError};

/// The longest wait for the answer to a submit and for the commit together; Slack gives up after three seconds.
/// <https://docs.slack.dev/interactivity/handling-user-interaction>
const PATIENCE: Duration = Duration::from_millis(2_500);

/// What clicks mean.
#[async_trait]
pub trait Clicks: Send + Sync {
    /// What a submitted modal is answered, before it is stored. Slack waits: who may answer was looked up when the modal
    /// was opened, and is kept.
    async fn check(&self, submitted: &Interaction) -> Reply;

    /// Opens what a press asks for, which only works within the three seconds of its trigger. Called once for a press, as
    /// soon as it is stored; a crash in between loses the modal and not the click.
    async fn open(&self, pressed: Interaction);

    /// Gives a stored click its effect and says what became of it, beginning with a word for the metrics. It may be
    /// called again for the same click after a failure or a crash.
    async fn apply(&self, click: &Click) -> Result<String, Failure>;
}

/// A stored click.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Click {
    /// The same for the same click, however often it is delivered or applied.
    pub id: String,
    pub received_at: Timestamp,
    pub interaction: Interaction,
}

/// What Slack is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// The click is taken; a submitted modal closes.
    Empty,
    /// The submit is not taken: what is wrong, by the block of the input that it is shown at. Nothing is stored.
    Errors(BTreeMap<String, String>),
    /// The submit is taken, and the modal shows this view.
    Update(Json),
}

impl Reply {
    /// What is sent, if not nothing. <https://docs.slack.dev/surfaces/modals>
    pub fn body(&self) -> Option<Json> {
        match self {
            Self::Empty => None,
            Self::Errors(errors) => Some(json!({"response_action": "errors", "errors": errors})),
            Self::Update(view) => Some(json!({"response_action": "update", "view": view})),
        }
    }

    /// The name in `handoff_click_acks_total`.
    fn as_str(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Errors(_) => "errors",
            Self::Update(_) => "update",
        }
    }
}

/// Takes clicks, whichever way they come.
pub struct Receiver {
    store: Store,
    metrics: Arc<Metrics>,
    clicks: Arc<dyn Clicks>,
    patience: Duration,
}

impl Receiver {
    pub fn new(store: Store, metrics: Arc<Metrics>, clicks: Arc<dyn Clicks>) -> Self {
        Self { store, metrics, clicks, patience: PATIENCE }
    }

    /// Answers a click. When this returns a reply other than errors, the click is committed.
    ///
    /// # Errors
    ///
    /// The click could not be stored in time and must not be acknowledged.
    pub async fn take(&self, interaction: Interaction) -> Result<Reply, StoreError> {
        if interaction.kind == Kind::Other {
            self.metrics.ack("ignored");
            return Ok(Reply::Empty);
        }
        let taken = tokio::time::timeout(self.patience, self.store(interaction)).await;
        let taken = taken.unwrap_or(Err(StoreError::Busy));
        self.metrics.ack(taken.as_ref().map_or("not_stored", Reply::as_str));
        taken
    }

    async fn store(&self, interaction: Interaction) -> Result<Reply, StoreError> {
        let is_submit = matches!(interaction.kind, Kind::Submitted(_));
        let reply = if is_submit { self.clicks.check(&interaction).await } else { Reply::Empty };
        if matches!(reply, Reply::Errors(_)) {
            return Ok(reply);
        }
        let id = interaction.dedupe_key();
        let click = serde_json::to_string(&interaction).map_err(crate::store::DatabaseError::from)?;
        crash_point!("click.before_commit");
        let is_new = self.store.record_click(&id, &click).await?;
        crash_point!("click.after_commit");
        if is_new && interaction.trigger_id.is_some() && matches!(interaction.kind, Kind::Pressed(_)) {
            let clicks = Arc::clone(&self.clicks);
            tokio::spawn(async move { clicks.open(interaction).await });
        }
        Ok(reply)
    }
}

/// Where Slack posts clicks: proves who sent one before anything of it is read.
pub struct ClickRoute {
    pub receiver: Arc<Receiver>,
    /// Any of them may have signed.
    pub signing_secrets: Vec<SecretString>,
}

impl ClickRoute {
    /// Verifies a request and reads the click in it.
    pub fn verify(&self, raw: RawWebhook, now: Timestamp) -> Result<Interaction, Rejected> {
        let verified = signature::verify(raw, &self.signing_secrets, now).map_err(Rejected::Unverified)?;
        let payload = form_urlencoded::parse(verified.body()).find(|(name, _)| name == "payload");
        let (_, payload) = payload.ok_or(Rejected::Unreadable)?;
        Interaction::parse(&payload).map_err(|_| Rejected::Unreadable)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use tokio::sync::Notify;

    use super::*;
    use crate::clock::Clock;
    use crate::interactive::{Clicker, Press, Submission, Surface, Value};

    /// Answers what it is told to, and keeps what it was asked.
    struct Scripted {
        reply: Reply,
        /// Never answers a submit.
        silent: bool,
        opened: Mutex<Vec<Interaction>>,
        was_opened: Notify,
        /// How many clicks were stored when a modal was asked for.
        store: Store,
    }

    #[async_trait]
    impl Clicks for Scripted {
        async fn check(&self, _: &Interaction) -> Reply {
            if self.silent {
                std::future::pending::<()>().await;
            }
            self.reply.clone()
        }

        async fn open(&self, pressed: Interaction) {
            assert_eq!(stored(&self.store).await, 1, "it is stored first");
            self.opened.lock().unwrap().push(pressed);
            self.was_opened.notify_one();
        }

        async fn apply(&self, _: &Click) -> Result<String, Failure> {
            unreachable!("a worker's call")
        }
    }

    async fn stored(store: &Store) -> usize {
        store.clicks(Timestamp::UNIX_EPOCH).await.unwrap().len()
    }

    /// A receiver on an empty store whose clicks mean this.
    async fn receiver(reply: Reply, silent: bool) -> (Receiver, Arc<Scripted>, tempfile::TempDir) {
        let directory = tempfile::tempdir().unwrap();
        let clock = Clock::manual("2026-12-02T08:00:00Z".parse().unwrap());
        let store = Store::open(directory.path().join("handoff.db").as_path(), clock).await.unwrap();
        let (opened, was_opened) = (Mutex::default(), Notify::new());
        let clicks = Arc::new(Scripted { reply, silent, opened, was_opened, store: store.clone() });
        let receiver = Receiver::new(store, Arc::default(), Arc::clone(&clicks) as Arc<dyn Clicks>);
        (receiver, clicks, directory)
    }

    fn click(kind: Kind) -> Interaction {
        let user = Clicker { id: "U1".to_owned(), name: "Dana".to_owned(), team: "T1".to_owned() };
        Interaction { team: "T1".to_owned(), user, trigger_id: Some("1.2.a".to_owned()), kind }
    }

    fn press() -> Interaction {
        let (channel, ts) = ("C1".to_owned(), "1.5".to_owned());
        let [action_id, block_id, action_ts] = ["answer", "ask", "2.5"].map(ToOwned::to_owned);
        let from = Surface::Message { channel, ts };
        let values = BTreeMap::new();
        click(Kind::Pressed(Press { action_id, block_id, value: None, action_ts, from, values }))
    }

    fn submit(text: &str) -> Interaction {
        let [callback_id, view_id, hash, metadata] =
            ["answers", "V1", "1.a", "pkt_1:1"].map(ToOwned::to_owned);
        let input = BTreeMap::from([("text".to_owned(), Value::Text(text.to_owned()))]);
        let values = BTreeMap::from([("promises".to_owned(), input)]);
        click(Kind::Submitted(Submission { callback_id, view_id, hash, metadata, values }))
    }

    fn errors() -> Reply {
        Reply::Errors(BTreeMap::from([("promises".to_owned(), "\"TBD\" is a stand-in".to_owned())]))
    }

    #[tokio::test]
    async fn a_submit_with_errors_is_answered_with_them_and_not_stored() {
        let (receiver, clicks, _directory) = receiver(errors(), false).await;
        let reply = receiver.take(submit("TBD")).await.unwrap();
        insta::assert_snapshot!(reply.body().unwrap(), @r#"{"errors":{"promises":"\"TBD\" is a stand-in"},"response_action":"errors"}"#);
        assert_eq!(stored(&clicks.store).await, 0);
    }

    #[tokio::test]
    async fn a_submit_that_is_taken_is_stored_before_it_is_answered() {
        let view = json!({"type": "modal"});
        for (reply, body) in [
            (Reply::Empty, None),
            (Reply::Update(view.clone()), Some(json!({"response_action": "update", "view": view}))),
        ] {
            let (receiver, clicks, _directory) = receiver(reply, false).await;
            assert_eq!(receiver.take(submit("Data export by March")).await.unwrap().body(), body);
            assert_eq!(stored(&clicks.store).await, 1);
        }
    }

    #[tokio::test]
    async fn a_press_opens_its_modal_once_after_it_is_stored() {
        let (receiver, clicks, _directory) = receiver(errors(), false).await;
        for _ in 0..2 {
            assert_eq!(receiver.take(press()).await.unwrap(), Reply::Empty);
        }
        clicks.was_opened.notified().await;
        assert_eq!(*clicks.opened.lock().unwrap(), [press()], "with its trigger, and once");
    }

    #[tokio::test]
    async fn what_is_not_answered_in_time_is_not_acknowledged() {
        let (mut receiver, clicks, _directory) = receiver(Reply::Empty, true).await;
        receiver.patience = Duration::from_millis(1);
        assert!(receiver.take(submit("Data export")).await.is_err());
        assert_eq!(stored(&clicks.store).await, 0);
    }

    #[tokio::test]
    async fn what_cannot_be_stored_is_not_acknowledged() {
        let (receiver, clicks, _directory) = receiver(Reply::Empty, false).await;
        clicks.store.close().await;
        assert!(receiver.take(press()).await.is_err());
        assert!(clicks.opened.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn what_has_no_effect_is_not_stored() {
        let (receiver, clicks, _directory) = receiver(errors(), false).await;
        assert_eq!(receiver.take(click(Kind::Other)).await.unwrap(), Reply::Empty);
        assert_eq!(stored(&clicks.store).await, 0);
    }
}
