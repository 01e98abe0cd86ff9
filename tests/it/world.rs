//! A world to tell scenarios in: one HubSpot portal, one Slack workspace, one running service.
//!
//! A scenario is told on SQLite. Those in a list marked `both engines` are told on PostgreSQL as well: what
//! becomes of a delivery, a kill, a replay or a missed win depends on the store, and how a signature is checked,
//! a mapping reloaded or a digest worded does not.

use std::future::Future;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use handoff_bridge::clock::{Clock, Entropy};
use handoff_bridge::commands::check::check;
use handoff_bridge::demo::{Installation, PUBLIC_URL, start_sandbox};
use handoff_bridge::server::Service;
use handoff_bridge::store::{
    DealState, DeliveryState, Destination, EventRow, Pause, StoreUrl, StoredPacket, WinFilter, WinRow,
};
use handoff_sandbox::{Delivery, Fault, Sandbox, Times, deals, slack};
use jiff::Timestamp;
use libtest_mimic::{Failed, Trial};
use reqwest::StatusCode;
use serde_json::Value;
use tempfile::TempDir;

use crate::side::{Announcement, Side};
use crate::test_database::{Engine, SERVER, TestDatabase};

/// HubSpot's deal that is complete and important.
pub const NORTHLIGHT: &str = deals::STORY[0].id;
/// HubSpot's half empty deal.
pub const PINEBROOK: &str = deals::STORY[1].id;
/// HubSpot's deal with hostile text.
pub const ZAZOLC: &str = deals::STORY[2].id;
/// Created directly in a won stage of a custom pipeline of HubSpot; does not exist before.
pub const QUARRY: &str = deals::STORY[3].id;

/// Nothing in a scenario takes longer, unless it never happens.
const PATIENCE: Duration = Duration::from_secs(30);

/// Short times; a scenario that is about time moves the clock, and one that is about sweeps switches them on.
pub const WORK: &str = r#"first_retry = "2s"
longest_retry = "6h"
http_timeout = "1s"
lease = "30s"
poll = "200ms"
reload = "100ms"
shutdown = "5s"
catch_up = "off""#;

/// One scenario's world. It must end tidy: see [`World::end`].
pub struct World {
    /// The CRM that the scenario plays in; the other one is there too.
    pub side: Side,
    pub clock: Clock,
    pub sandbox: Sandbox,
    pub installation: Installation,
    pub directory: TempDir,
    /// Where the service keeps its store.
    pub store_url: StoreUrl,
    service: Option<Service>,
    http: reqwest::Client,
    digests_seen: usize,
    leftovers_expected: bool,
}

/// A scenario as a test: makes a world, tells the story, checks that the world ends tidy.
pub fn scenario<F>(engine: Engine, side: Side, name: &str, story: F) -> Trial
where
    F: AsyncFnOnce(&mut World) + Send + 'static,
{
    told_on(engine, format!("{name}::{}", side.name()), async move |database| {
        let mut world = World::without_service(side, WORK);
        world.keeps_its_store_at(&database);
        world.starts().await;
        story(&mut world).await;
        world.end().await;
    })
}

/// A test that makes its own world, and lets it keep its store in a database on this engine. Without a server,
/// PostgreSQL's are ignored, or fail where they are required.
pub fn told_on<F>(engine: Engine, name: impl Into<String>, story: F) -> Trial
where
    F: AsyncFnOnce(Arc<TestDatabase>) + Send + 'static,
{
    let name = match engine {
        Engine::Sqlite => name.into(),
        Engine::Postgres => format!("{}::{engine}", name.into()),
    };
    let missing = engine == Engine::Postgres && std::env::var_os(SERVER).is_none();
    let required = std::env::var("HANDOFF_REQUIRE_POSTGRES").is_ok_and(|value| value == "1");
    let trial = if missing {
        Trial::test(name, || Err(Failed::from(format!("{SERVER} is not set"))))
    } else {
        told(name, async move || {
            let database = Arc::new(TestDatabase::create(engine).await);
            let told = AssertUnwindSafe(story(Arc::clone(&database))).catch_unwind().await;
            database.remove().await;
            if let Err(failed) = told {
                resume_unwind(failed);
            }
        })
    };
    trial.with_ignored_flag(missing && !required)
}

/// A test that makes its own world.
pub fn told<F>(name: impl Into<String>, story: F) -> Trial
where
    F: AsyncFnOnce() + Send + 'static,
{
    Trial::test(name, move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        runtime.block_on(story());
        Ok(())
    })
}

/// Waits for something that must happen.
pub async fn must<T>(what: &str, happening: impl Future<Output = T>) -> T {
    let happened = tokio::time::timeout(PATIENCE, happening).await;
    happened.unwrap_or_else(|_| panic!("it never happened: {what}"))
}

/// A test's name in the runner: that of its function, after its module.
#[macro_export]
macro_rules! named {
    ($test:ident) => {
        concat!(module_path!(), "::", stringify!($test)).trim_start_matches("it::")
    };
}

/// Lists tests that make their own world by the name of their function; those with sides once for each.
#[macro_export]
macro_rules! tests {
    ($($test:ident),* $(,)?) => { vec![$($crate::world::told($crate::named!($test), $test)),*] };
    ($($side:ident),+: $($test:ident),* $(,)?) => {{
        let mut trials = Vec::new();
        for side in [$($crate::side::Side::$side),+] {
            $(trials.push($crate::world::told(
                format!("{}::{}", $crate::named!($test), side.name()),
                async move || $test(side).await,
            ));)*
        }
        trials
    }};
}

/// Lists tests without anything to wait for by the name of their function.
#[macro_export]
macro_rules! plain_tests {
    ($($test:ident),* $(,)?) => {
        vec![$(libtest_mimic::Trial::test($crate::named!($test), || {
            $test();
            Ok(())
        })),*]
    };
}

/// Lists scenarios by the name of their function: once for each side that is named, on SQLite or on
/// `both engines`. `faults::an_html_error_page_is_survived` is two or four tests, with `::hubspot`,
/// `::hubspot::postgres` and so on behind it.
#[macro_export]
macro_rules! scenarios {
    (both engines, $($side:ident),+: $($story:ident),* $(,)?) => {{
        let mut trials = $crate::scenarios![$($side),+: $($story),*];
        trials.extend($crate::scenarios![@ Postgres, $($side),+: $($story),*]);
        trials
    }};
    (@ $engine:ident, $($side:ident),+: $($story:ident),*) => {{
        let mut trials = Vec::new();
        for side in [$($crate::side::Side::$side),+] {
            $(trials.push($crate::world::scenario(
                $crate::test_database::Engine::$engine,
                side,
                $crate::named!($story),
                $story,
            ));)*
        }
        trials
    }};
    ($($side:ident),+: $($story:ident),* $(,)?) => { $crate::scenarios![@ Sqlite, $($side),+: $($story),*] };
}

impl World {
    /// The morning of 20 November 2026, before anything is won and before the service is started.
    pub fn without_service(side: Side, work: &str) -> Self {
        Self::on(side, Clock::running_from("2026-11-20T08:00:00Z".parse().unwrap()), work)
    }

    /// A world on another clock and with other times in the configuration, before the service is started.
    pub fn on(side: Side, clock: Clock, work: &str) -> Self {
        let sandbox = start_sandbox(&clock).unwrap();
        let directory = tempfile::tempdir().unwrap();
        let installation = Installation::write(directory.path(), &sandbox, work).unwrap();
        Self {
            side,
            clock,
            sandbox,
            installation,
            store_url: StoreUrl::from(&directory.path().join("handoff.db")),
            directory,
            service: None,
            http: reqwest::Client::new(),
            digests_seen: 0,
            leftovers_expected: false,
        }
    }

    /// The service will keep its store there.
    pub fn keeps_its_store_at(&mut self, database: &TestDatabase) {
        self.store_url = database.url();
        self.installation.keeps_its_store_at(&self.store_url).unwrap();
    }

    /// Changes the configuration: nothing outside reaches the service.
    pub fn has_no_address(&self) {
        let of_webhooks = [
            "public_url",
            "client_secrets_env",
            "workflow_secrets_env",
            "outbound_secrets_sha256",
            "webhook_secrets_env",
            "body_secrets_env",
        ];
        let config = std::fs::read_to_string(&self.installation.config).unwrap();
        let kept = config.lines().filter(|line| !of_webhooks.iter().any(|key| line.starts_with(key)));
        let kept = kept.flat_map(|line| [line, "\n"]).collect::<String>();
        std::fs::write(&self.installation.config, kept).unwrap();
    }

    /// Starts the service on the files of this world.
    pub async fn starts(&mut self) {
        self.starts_with(&Installation::secret).await;
    }

    /// The same with other secrets.
    pub async fn starts_with(&mut self, secret: &dyn Fn(&str) -> Option<String>) {
        let report = check(&self.installation.config, secret);
        assert!(report.is_clean(), "{report}");
        let service = Service::start(report.config.unwrap(), self.clock.clone(), Entropy::seeded(7)).await;
        self.service = Some(service.unwrap());
    }

    /// Stops the service as SIGTERM does.
    pub async fn stops(&mut self) {
        must("the service stops", self.service.take().unwrap().stop()).await;
    }

    pub fn service(&self) -> &Service {
        self.service.as_ref().expect("the service is running")
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Time passes at once.
    pub fn passes(&self, span: Duration) {
        self.clock.advance(span);
    }

    /// The deal is won in the CRM, and the CRM says so.
    pub async fn closes_deal(&self, deal: &str) {
        let announcement = self.wins(deal);
        assert_eq!(self.hears(&announcement).await, StatusCode::OK);
    }

    /// The deal is won in the CRM, and nobody has heard of it yet.
    pub fn wins(&self, deal: &str) -> Announcement {
        self.side.wins(&self.sandbox, deal)
    }

    /// The deal is won in HubSpot, and these are its events.
    pub fn hubspot_events(&self, deal: &str) -> Vec<Value> {
        match Side::Hubspot.wins(&self.sandbox, deal) {
            Announcement::Events(events) => events,
            Announcement::Notifications(_) => Vec::new(),
        }
    }

    /// What the CRM has to say arrives; the worst of the answers.
    pub async fn hears(&self, announcement: &Announcement) -> StatusCode {
        let mut worst = StatusCode::OK;
        for webhook in announcement.webhooks(&self.sandbox, self.now(), 0) {
            worst = worst.max(self.receives(&webhook).await);
        }
        worst
    }

    /// HubSpot sends a signed batch.
    pub async fn hubspot_sends(&self, events: &[Value]) -> StatusCode {
        let url = format!("{PUBLIC_URL}/webhooks/hubspot");
        self.receives(&Delivery::batch(&url, deals::CLIENT_SECRET, events, self.now())).await
    }

    /// A request arrives at the service, whatever it was signed for.
    pub async fn receives(&self, delivery: &Delivery) -> StatusCode {
        self.answer(delivery).await.status()
    }

    pub async fn answer(&self, delivery: &Delivery) -> reqwest::Response {
        let path = delivery.url.strip_prefix(PUBLIC_URL).unwrap_or(&delivery.url);
        let url = format!("http://{}{path}", self.service().address);
        let mut request = self.http.post(url).body(delivery.body.clone());
        for (name, value) in &delivery.headers {
            request = request.header(name, value);
        }
        must("the service answers", request.send()).await.unwrap()
    }

    /// The next digest that nobody has looked at yet, once it is in Slack.
    pub async fn next_digest(&mut self) -> slack::Message {
        let wanted = self.digests_seen + 1;
        must("a digest", self.sandbox.slack.until(|slack| slack.messages().len() >= wanted)).await;
        self.digests_seen = wanted;
        self.sandbox.slack.see(|slack| slack.messages()[wanted - 1].clone())
    }

    /// Every digest that is in Slack.
    pub fn digests(&self) -> Vec<slack::Message> {
        self.sandbox.slack.see(|slack| slack.messages().to_vec())
    }

    /// The only task on a deal, once it is there.
    pub async fn task_on(&self, deal: &str) -> Task {
        must("a task", self.side.has_task(&self.sandbox, deal)).await;
        let tasks = self.tasks_on(deal);
        assert_eq!(tasks.len(), 1, "one task on {deal}");
        tasks.into_iter().next().unwrap()
    }

    /// Every task on a deal.
    pub fn tasks_on(&self, deal: &str) -> Vec<Task> {
        self.side.tasks_on(&self.sandbox, deal)
    }

    /// The CRM misbehaves.
    pub fn crm_fails(&self, pattern: &str, fault: Fault, times: Times) {
        self.side.fails(&self.sandbox, pattern, fault, times);
    }

    /// The CRM behaves again.
    pub fn crm_recovers(&self) {
        self.side.recovers(&self.sandbox);
    }

    /// Time passes until a delivery of the only packet is done.
    pub async fn delivers(&self, destination: Destination) {
        self.waits_for(destination, DeliveryState::Done, Duration::from_secs(1)).await;
    }

    /// Time passes in steps until a delivery of the only packet is in a state. It almost stands still while a
    /// worker has the delivery, and stands still while one is about to take something: no call takes hours. If a
    /// lease did run out under it, another worker comes.
    pub async fn waits_for(&self, destination: Destination, wanted: DeliveryState, step: Duration) {
        self.eventually(&format!("{destination} becomes {}", wanted.as_str()), async || {
            // In this order: what was due before may be leased by now.
            let due = self.something_is_due().await;
            let state = self.delivery_state(destination).await;
            if state == Some(DeliveryState::Leased) || (state.is_none() && self.a_deal_is_leased().await) {
                self.passes(Duration::from_millis(100));
            } else if state != Some(wanted) && !due {
                self.passes(step);
            }
            state == Some(wanted)
        })
        .await;
    }

    /// Whether a worker reads a deal right now.
    async fn a_deal_is_leased(&self) -> bool {
        let wins = self.service().app.store.wins(0, &WinFilter::default()).await.unwrap();
        wins.iter().any(|win| matches!(win, WinRow::Deal(deal) if deal.state == DealState::Leased))
    }

    /// Time passes, but hardly any while work is leased: a lease that runs out takes the work away from a worker that is
    /// only slow.
    pub async fn passes_between_leases(&self, span: Duration) {
        let packets = self.packets().await;
        let mut deliveries = packets.iter().flat_map(|packet| &packet.deliveries);
        let works = deliveries.any(|delivery| delivery.state == DeliveryState::Leased)
            || self.a_deal_is_leased().await;
        self.passes(if works { Duration::from_millis(100) } else { span });
    }

    async fn something_is_due(&self) -> bool {
        let due = self.service().app.store.due().await.unwrap();
        due.first().is_some_and(|due| due.at <= self.now())
    }

    /// Time passes until nothing is left to do.
    pub async fn finishes(&self) {
        self.eventually("all work is done", async || {
            self.passes(Duration::from_secs(1));
            !self.packets().await.is_empty() && self.open_work().await.is_empty()
        })
        .await;
    }

    /// The only pause, once there is one.
    pub async fn pause(&self) -> Pause {
        let store = &self.service().app.store;
        self.eventually("something is paused", async || !store.pauses().await.unwrap().is_empty()).await;
        store.pauses().await.unwrap().remove(0)
    }

    /// Waits until no deal and no delivery is left to work on.
    pub async fn settles(&self) {
        self.eventually("all work is done", async || self.open_work().await.is_empty()).await;
    }

    /// Waits until a look at the world shows what must become true.
    pub async fn eventually(&self, what: &str, look: impl AsyncFn() -> bool) {
        let mut looks = tokio::time::interval(Duration::from_millis(10));
        must(what, async {
            while !look().await {
                looks.tick().await;
            }
        })
        .await;
    }

    /// Work that is waiting, in hand, unknown, held or dead, one line each.
    pub async fn open_work(&self) -> Vec<String> {
        let mut open = Vec::new();
        for win in self.service().app.store.wins(1000, &WinFilter::default()).await.unwrap() {
            match win {
                WinRow::Deal(deal) => {
                    open.push(format!("deal {} {} {:?}", deal.deal, deal.state.as_str(), deal.error));
                }
                WinRow::Packet(packet) => open.extend(
                    packet.deliveries.iter().filter(|delivery| delivery.state != DeliveryState::Done).map(
                        |delivery| {
                            format!("{} {} {}", packet.deal, delivery.destination, delivery.state.as_str())
                        },
                    ),
                ),
            }
        }
        open
    }

    /// The state of one delivery of the only packet.
    pub async fn delivery_state(&self, destination: Destination) -> Option<DeliveryState> {
        let packet = self.packets().await.into_iter().next()?;
        let delivery = packet.deliveries.iter().find(|delivery| delivery.destination == destination)?;
        Some(delivery.state)
    }

    /// Waits until one delivery of the only packet is in a state.
    pub async fn delivery_becomes(&self, destination: Destination, state: DeliveryState) {
        let what = format!("{destination} becomes {}", state.as_str());
        self.eventually(&what, async || self.delivery_state(destination).await == Some(state)).await;
    }

    /// Outcomes of one delivery's attempts, oldest first.
    pub async fn attempts(&self, destination: Destination) -> Vec<String> {
        let packets = self.packets().await;
        let deliveries = packets.iter().flat_map(|packet| &packet.deliveries);
        deliveries
            .filter(|delivery| delivery.destination == destination)
            .flat_map(|delivery| delivery.attempts.iter().map(|attempt| attempt.outcome.clone()))
            .collect()
    }

    /// Every packet, newest first.
    pub async fn packets(&self) -> Vec<StoredPacket> {
        let store = &self.service().app.store;
        let mut packets = Vec::new();
        for win in store.wins(1000, &WinFilter::default()).await.unwrap() {
            if let WinRow::Packet(row) = win {
                packets.extend(store.packet(&row.packet_id).await.unwrap());
            }
        }
        packets
    }

    /// The inbox, newest first.
    pub async fn events(&self) -> Vec<EventRow> {
        self.service().app.store.events(1000).await.unwrap()
    }

    /// Waits until every accepted event has an outcome, and returns them, newest first.
    pub async fn outcomes(&self) -> Vec<String> {
        self.eventually("every event has an outcome", async || {
            self.events().await.iter().all(|event| event.outcome != "waiting")
        })
        .await;
        self.events().await.into_iter().map(|event| event.outcome).collect()
    }

    /// This scenario ends with work that cannot be done.
    pub fn leaves_work(&mut self) {
        self.leftovers_expected = true;
    }

    /// The end of a scenario: no work is left, every digest was looked at, and no request of ours was one
    /// that HubSpot or Slack would refuse.
    pub async fn end(mut self) {
        if self.service.is_some() {
            if !self.leftovers_expected {
                self.settles().await;
            }
            self.stops().await;
        }
        let unseen: Vec<String> =
            self.digests().iter().skip(self.digests_seen).map(|digest| digest.text.clone()).collect();
        assert!(unseen.is_empty(), "nobody looked at these digests: {unseen:#?}");
        assert_eq!(self.sandbox.hubspot.problems(), Vec::<String>::new(), "wrong requests to HubSpot");
        // A login that was on its way while the scenario moved the clock arrives too late; nobody's mistake.
        let mut wrong = self.sandbox.salesforce.problems();
        wrong.retain(|call| !call.ends_with("invalid_grant: expired authorization code"));
        assert_eq!(wrong, Vec::<String>::new(), "wrong requests to Salesforce");
        assert_eq!(self.sandbox.slack.problems(), Vec::<String>::new(), "wrong requests to Slack");
        let violations = self.sandbox.slack.see(|slack| slack.violations().to_vec());
        assert_eq!(violations, Vec::<String>::new(), "digests over Slack's limits");
    }
}

/// A task as the CRM keeps it.
#[derive(Debug, Clone)]
pub struct Task {
    pub id: String,
    pub subject: String,
    pub body: String,
    pub owner: Option<String>,
    pub due: String,
    pub priority: String,
    /// As the CRM calls it: `NOT_STARTED`, `Completed`.
    pub status: String,
}
