//! Waiting, where the passing of time itself is what is wanted: between two kills, between two samples.

use std::time::Duration;

use handoff_bridge::clock::Clock;

/// Lets time pass.
pub async fn rest(span: Duration) {
    Clock::machine().sleep(span).await;
}

/// `rest` in milliseconds.
pub async fn rest_millis(millis: u64) {
    rest(Duration::from_millis(millis)).await;
}
