//! What `/metrics` says: webhooks by result, deals by outcome, attempts by outcome, gaps by kind, backlog.

use std::fmt::Write as _;
use std::sync::atomic::Ordering;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// Labels of a webhook counter.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct WebhookLabels {
    /// The route without its secrets: `hubspot`, `hubspot_workflow`, `salesforce`, `salesforce_outbound`.
    pub route: &'static str,
    /// `accepted`, or why it was refused.
    pub result: &'static str,
}

/// Labels of anything counted by what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct OutcomeLabels {
    /// What became of it.
    pub outcome: String,
}

/// Labels of an attempt counter.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct AttemptLabels {
    /// `crm_task` or `slack_digest`.
    pub destination: &'static str,
    /// See [`crate::store::Attempt::outcome`].
    pub outcome: String,
}

/// Labels of a gap counter.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct GapLabels {
    /// The rule.
    pub gap: String,
    /// The section.
    pub section: String,
}

/// Labels of the backlog gauges.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct BacklogLabels {
    /// `deal`, `crm_task` or `slack_digest`.
    pub kind: &'static str,
    /// `waiting`, `leased`, `unknown`, `held` or `dead`.
    pub state: &'static str,
}

/// Labels of the pause gauge.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct PauseLabels {
    /// `hubspot:48210077`, or `slack`.
    pub scope: String,
}

/// Every metric of one service.
pub struct Metrics {
    registry: Registry,
    /// Webhooks by route and result.
    pub webhooks: Family<WebhookLabels, Counter>,
    /// Events by what became of them on arrival.
    pub events: Family<OutcomeLabels, Counter>,
    /// Deals worked on, by outcome.
    pub deals: Family<OutcomeLabels, Counter>,
    /// Delivery attempts.
    pub attempts: Family<AttemptLabels, Counter>,
    /// Counting gaps raised.
    pub gaps: Family<GapLabels, Counter>,
    /// Mapping reloads: `loaded`, `refused`.
    pub reloads: Family<OutcomeLabels, Counter>,
    /// Work that is left.
    pub backlog: Family<BacklogLabels, Gauge>,
    /// Seconds since the oldest packet that is not delivered everywhere.
    pub oldest_undelivered_seconds: Gauge,
    /// 1 while an account, or Slack, is paused.
    pub paused: Family<PauseLabels, Gauge>,
    /// Seconds since the deal was announced that has waited longest to be looked at.
    pub oldest_waiting_deal_seconds: Gauge,
    /// Mapping files whose newest version was refused.
    pub refused_mappings: Gauge,
    /// 1 if the store answered when it was last asked.
    pub store_up: Gauge,
    /// Writes that wait for the store.
    pub store_queue: Gauge,
    /// Transactions of this process.
    pub store_commits: Counter,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("handoff");
        let metrics = Self {
            webhooks: Family::default(),
            events: Family::default(),
            deals: Family::default(),
            attempts: Family::default(),
            gaps: Family::default(),
            reloads: Family::default(),
            backlog: Family::default(),
            oldest_undelivered_seconds: Gauge::default(),
            paused: Family::default(),
            oldest_waiting_deal_seconds: Gauge::default(),
            refused_mappings: Gauge::default(),
            store_up: Gauge::default(),
            store_queue: Gauge::default(),
            store_commits: Counter::default(),
            registry: Registry::default(),
        };
        registry.register("webhooks", "Webhooks by route and result", metrics.webhooks.clone());
        registry.register("events", "Events by what became of them on arrival", metrics.events.clone());
        registry.register("deals", "Deals worked on, by outcome", metrics.deals.clone());
        registry.register("attempts", "Delivery attempts", metrics.attempts.clone());
        registry.register("gaps", "Gaps raised in packets", metrics.gaps.clone());
        registry.register("mapping_reloads", "Mapping files read again", metrics.reloads.clone());
        registry.register("backlog", "Work that is left", metrics.backlog.clone());
        registry.register(
            "oldest_undelivered_seconds",
            "Age of the oldest packet that is not delivered everywhere",
            metrics.oldest_undelivered_seconds.clone(),
        );
        registry.register("paused", "1 while an account or Slack is paused", metrics.paused.clone());
        registry.register(
            "oldest_waiting_deal_seconds",
            "Time since the deal was announced that has waited longest to be looked at",
            metrics.oldest_waiting_deal_seconds.clone(),
        );
        registry.register(
            "refused_mappings",
            "Mapping files whose newest version was refused",
            metrics.refused_mappings.clone(),
        );
        registry.register("store_up", "1 if the store answered", metrics.store_up.clone());
        registry.register("store_queue", "Writes that wait for the store", metrics.store_queue.clone());
        registry.register("store_commits", "Transactions of this process", metrics.store_commits.clone());
        Self { registry, ..metrics }
    }
}

impl Metrics {
    /// Counts one webhook.
    pub fn webhook(&self, route: &'static str, result: &'static str) {
        self.webhooks.get_or_create(&WebhookLabels { route, result }).inc();
    }

    /// Counts events on arrival: `new`, `repeated`, `swept` (new, and no webhook had told), or why they were dropped.
    pub fn event(&self, outcome: &str, count: u64) {
        if count > 0 {
            self.events.get_or_create(&OutcomeLabels { outcome: outcome.to_owned() }).inc_by(count);
        }
    }

    /// Counts one deal worked on.
    pub fn deal(&self, outcome: &str) {
        self.deals.get_or_create(&OutcomeLabels { outcome: outcome.to_owned() }).inc();
    }

    /// Counts one delivery attempt.
    pub fn attempt(&self, destination: &'static str, outcome: &str) {
        self.attempts.get_or_create(&AttemptLabels { destination, outcome: outcome.to_owned() }).inc();
    }

    /// Counts one gap.
    pub fn gap(&self, gap: &str, section: &str) {
        self.gaps.get_or_create(&GapLabels { gap: gap.to_owned(), section: section.to_owned() }).inc();
    }

    /// Counts one mapping reload.
    pub fn reload(&self, outcome: &str) {
        self.reloads.get_or_create(&OutcomeLabels { outcome: outcome.to_owned() }).inc();
    }

    /// Takes over how many transactions the store has counted.
    pub fn set_store_commits(&self, commits: u64) {
        self.store_commits.inner().store(commits, Ordering::Relaxed);
    }

    /// Everything in Prometheus' text format.
    pub fn render(&self) -> String {
        let mut text = String::new();
        if encode(&mut text, &self.registry).is_err() {
            text.clear();
            let _ = writeln!(text, "# EOF");
        }
        text
    }
}
