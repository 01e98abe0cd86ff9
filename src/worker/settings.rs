//! What an operator can set about the workers.

use std::time::Duration;

/// Workers, retries and time limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkConfig {
    /// Deals, and as many deliveries, worked on at once.
    pub workers: usize,
    /// Processes that serve this installation together: each keeps to its part of what HubSpot and Slack allow.
    pub replicas: u32,
    /// Limit for one HTTP call. Well under `lease`.
    pub http_timeout: Duration,
    /// Delay before the second try.
    pub first_retry: Duration,
    /// The longest delay between two tries, and the longest `Retry-After` that is honoured.
    pub longest_retry: Duration,
    /// Tries before a delivery or a deal is dead. With the defaults that is about two days.
    pub tries: u32,
    /// How long a claimed row belongs to its worker.
    pub lease: Duration,
    /// How long an account stays paused after 401 or 403 before one call tries again.
    pub pause: Duration,
    /// How often to look for due work when nothing wakes the workers.
    pub poll: Duration,
    /// How long a digest waits for the first try of its task, so that it can link to it.
    pub digest_waits: Duration,
    /// How often mapping files are looked at for changes.
    pub reload: Duration,
    /// How long shutdown waits for work in flight.
    pub shutdown: Duration,
    /// How often each CRM is asked for wins that no webhook told of; `None` never asks.
    pub catch_up: Option<Duration>,
    /// How far back that looks. At least twice as long as `catch_up`, so that sweeps overlap.
    pub catch_up_window: Duration,
}
