//! What `/metrics` says: webhooks by result, deals by outcome, attempts by outcome, gaps by kind, backlog.

use std::fmt::Write as _;
use std::sync::atomic::Ordering;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Metric, Registry};

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct WebhookLabels {
    /// The route without its secrets: `hubspot`, `hubspot_workflow`, `salesforce`, `salesforce_outbound`.
    pub route: &'static str,
    /// `accepted`, or why it was refused.
    pub result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct OutcomeLabels {
    pub outcome: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct AttemptLabels {
    /// See [`crate::store::Destination::as_str`].
    pub destination: &'static str,
    /// See [`crate::store::Attempt::outcome`].
    pub outcome: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct WriteLabels {
    /// `written`, `refused`, `conflict`, `retry`, `paused`, `not_allowed` or `stopped`.
    pub outcome: &'static str,
    /// The CRM's code of a refusal, else empty.
    pub code: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct GapLabels {
    pub gap: String,
    pub section: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct BacklogLabels {
    /// `deal`, `click`, or a destination of deliveries, such as `crm_task`.
    pub kind: &'static str,
    /// `waiting`, `leased`, `unknown`, `held` or `dead`.
    pub state: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct AgeLabels {
    /// `0`, `1`, `3`, `7`: at least so many days, and fewer than the next.
    pub days: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct PauseLabels {
    /// `hubspot:48210077`, or `slack`.
    pub scope: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct SocketLabels {
    /// `open`: held by this process; `counted`: of the whole app, at Slack's latest greeting.
    pub side: &'static str,
}

/// Every metric of one service. Its help text in [`Metrics::default`] says what one counts.
pub struct Metrics {
    registry: Registry,
    pub webhooks: Family<WebhookLabels, Counter>,
    pub events: Family<OutcomeLabels, Counter>,
    pub deals: Family<OutcomeLabels, Counter>,
    pub attempts: Family<AttemptLabels, Counter>,
    /// `first`, `same`, `changed`, `gone`, `failed`.
    pub looks: Family<OutcomeLabels, Counter>,
    pub completed: Counter,
    pub completed_seconds: Counter,
    pub open_packets: Family<AgeLabels, Gauge>,
    /// Only gaps that count.
    pub gaps: Family<GapLabels, Counter>,
    /// `loaded`, `refused`.
    pub reloads: Family<OutcomeLabels, Counter>,
    /// What Slack heard: see [`crate::interactive::Receiver`].
    pub acks: Family<OutcomeLabels, Counter>,
    pub clicks: Family<OutcomeLabels, Counter>,
    /// `given` or `nonsense`.
    pub answers: Family<OutcomeLabels, Counter>,
    pub answered: Counter,
    pub answered_seconds: Counter,
    pub answer_writes: Family<WriteLabels, Counter>,
    /// Absent where clicks do not come over sockets.
    pub sockets: Family<SocketLabels, Gauge>,
    pub backlog: Family<BacklogLabels, Gauge>,
    pub oldest_undelivered_seconds: Gauge,
    pub paused: Family<PauseLabels, Gauge>,
    pub won_without_packet: Family<PauseLabels, Gauge>,
    pub oldest_waiting_deal_seconds: Gauge,
    pub refused_mappings: Gauge,
    pub store_up: Gauge,
    pub store_queue: Gauge,
    pub store_commits: Counter,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("handoff");
        let of = &mut registry;
        let metrics = Self {
            webhooks: register(of, "webhooks", "Webhooks by route and result"),
            events: register(of, "events", "Events by what became of them on arrival"),
            deals: register(of, "deals", "Deals worked on, by outcome"),
            attempts: register(of, "attempts", "Delivery attempts"),
            looks: register(of, "looks", "Deals of open packets looked at again, by outcome"),
            completed: register(of, "completed", "Packets that were completed after they were made"),
            completed_seconds: register(
                of,
                "completed_seconds",
                "Their times from win to complete, added up",
            ),
            open_packets: register(of, "open_packets", "Packets that are followed, by days since the win"),
            gaps: register(of, "gaps", "Gaps raised in packets"),
            reloads: register(of, "mapping_reloads", "Mapping files read again"),
            acks: register(of, "click_acks", "Clicks in Slack by what was answered"),
            clicks: register(of, "clicks", "Clicks in Slack worked on, by outcome"),
            answers: register(of, "answers", "Answers in Slack, by what they are"),
            answered: register(
                of,
                "answered",
                "Submits that answered something, where it is known when it was asked",
            ),
            answered_seconds: register(
                of,
                "answered_seconds",
                "Their times from asked to answered, added up",
            ),
            answer_writes: register(
                of,
                "answer_writes",
                "Answers on their way to the CRM, by outcome and code",
            ),
            sockets: register(
                of,
                "slack_sockets",
                "Sockets over which clicks come in, as held here and as Slack counts",
            ),
            backlog: register(of, "backlog", "Work that is left"),
            oldest_undelivered_seconds: register(
                of,
                "oldest_undelivered_seconds",
                "Age of the oldest packet that is not delivered everywhere",
            ),
            paused: register(of, "paused", "1 while an account or Slack is paused"),
            won_without_packet: register(
                of,
                "won_without_packet",
                "Won deals that the latest sweep found without a packet",
            ),
            oldest_waiting_deal_seconds: register(
                of,
                "oldest_waiting_deal_seconds",
                "Time since the deal was announced that has waited longest to be looked at",
            ),
            refused_mappings: register(
                of,
                "refused_mappings",
                "Mapping files whose newest version was refused",
            ),
            store_up: register(of, "store_up", "1 if the store takes writes"),
            store_queue: register(of, "store_queue", "Writes that wait for the store"),
            store_commits: register(of, "store_commits", "Transactions of this process"),
            registry,
        };
        // What has not happened yet is 0, and not unknown.
        for outcome in ["first", "same", "changed", "gone", "failed"] {
            metrics.look(outcome, 0);
        }
        metrics
    }
}

fn register<M: Metric + Clone + Default>(registry: &mut Registry, name: &str, help: &str) -> M {
    let metric = M::default();
    registry.register(name, help, metric.clone());
    metric
}

impl Metrics {
    pub fn webhook(&self, route: &'static str, result: &'static str) {
        self.webhooks.get_or_create(&WebhookLabels { route, result }).inc();
    }

    /// Counts events on arrival: `new`, `repeated`, `swept` (new, and no webhook had told), or why they were dropped.
    pub fn event(&self, outcome: &str, count: u64) {
        if count > 0 {
            self.events.get_or_create(&OutcomeLabels { outcome: outcome.to_owned() }).inc_by(count);
        }
    }

    pub fn won_without_packet(&self, scope: String, deals: usize) {
        let deals = i64::try_from(deals).unwrap_or(i64::MAX);
        self.won_without_packet.get_or_create(&PauseLabels { scope }).set(deals);
    }

    pub fn look(&self, outcome: &str, looks: usize) {
        let labels = OutcomeLabels { outcome: outcome.to_owned() };
        self.looks.get_or_create(&labels).inc_by(looks as u64);
    }

    /// Counts a packet that was completed, so many seconds after the win.
    pub fn completed(&self, seconds: i64) {
        self.completed.inc();
        self.completed_seconds.inc_by(u64::try_from(seconds).unwrap_or(0));
    }

    pub fn deal(&self, outcome: &str) {
        self.deals.get_or_create(&OutcomeLabels { outcome: outcome.to_owned() }).inc();
    }

    pub fn attempt(&self, destination: &'static str, outcome: &str) {
        self.attempts.get_or_create(&AttemptLabels { destination, outcome: outcome.to_owned() }).inc();
    }

    pub fn ack(&self, outcome: &str) {
        self.acks.get_or_create(&OutcomeLabels { outcome: outcome.to_owned() }).inc();
    }

    pub fn answer(&self, outcome: &str) {
        self.answers.get_or_create(&OutcomeLabels { outcome: outcome.to_owned() }).inc();
    }

    /// Counts a submit that answered something, so many seconds after it was asked.
    pub fn answered(&self, seconds: i64) {
        self.answered.inc();
        self.answered_seconds.inc_by(u64::try_from(seconds).unwrap_or(0));
    }

    pub fn set_sockets(&self, side: &'static str, sockets: usize) {
        let sockets = i64::try_from(sockets).unwrap_or(i64::MAX);
        self.sockets.get_or_create(&SocketLabels { side }).set(sockets);
    }

    /// Counts a click that was worked on, by the first word of its outcome.
    pub fn click(&self, outcome: &str) {
        let word = outcome.split([':', ' ']).next().unwrap_or_default();
        self.clicks.get_or_create(&OutcomeLabels { outcome: word.to_owned() }).inc();
    }

    /// Counts a try to write an answer to the CRM.
    pub fn answer_write(&self, outcome: &'static str, code: &str) {
        self.answer_writes.get_or_create(&WriteLabels { outcome, code: code.to_owned() }).inc();
    }

    pub fn gap(&self, gap: &str, section: &str) {
        self.gaps.get_or_create(&GapLabels { gap: gap.to_owned(), section: section.to_owned() }).inc();
    }

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
