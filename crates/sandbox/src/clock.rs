//! Time on the platforms: what the caller's function says, so that a test moves theirs together with the product's.
#![allow(
    clippy::disallowed_methods,
    reason = "the one place of the sandbox that may read the machine's clock"
)]

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

/// The time source that all platforms share.
#[derive(Clone)]
pub(crate) struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    pub(crate) fn new(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.0)()
    }
}

/// The machine's time, whatever the platforms' clock shows.
pub(crate) fn machine_now() -> Timestamp {
    Timestamp::now()
}

/// Waits for `span` of the machine's time.
pub(crate) async fn delay(span: Duration) {
    tokio::time::sleep(span).await;
}

/// A clock that stands still until a test moves it.
#[cfg(test)]
#[derive(Clone)]
pub(crate) struct ManualClock(Arc<std::sync::Mutex<Timestamp>>);

#[cfg(test)]
impl ManualClock {
    pub(crate) fn new(start: Timestamp) -> Self {
        Self(Arc::new(std::sync::Mutex::new(start)))
    }

    pub(crate) fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }

    pub(crate) fn advance(&self, span: Duration) {
        *self.0.lock().unwrap() += span;
    }

    pub(crate) fn clock(&self) -> Clock {
        let clock = self.clone();
        Clock::new(move || clock.now())
    }
}
