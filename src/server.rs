//! Starting and stopping: opens the store, binds the listeners, runs the workers.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::{OnceCell, watch};
use tokio::task::JoinSet;

use crate::app::App;
use crate::clock::{Clock, Entropy};
use crate::config::Config;
use crate::crm::outbound::Outbound;
use crate::crm::{CONNECTORS, Connector, OpenDeals};
use crate::delivery::slack::{Interactive, SlackClient};
use crate::http::server::{Limits, serve};
use crate::http::{Access, HttpState, RefusedMapping};
use crate::interactive::{AccountOf, ClickRoute, Clicks, Desk, Receiver, SocketMode};
use crate::metrics::Metrics;
use crate::operations::{MappingOf, Operations};
use crate::store::Store;
use crate::worker::dispatcher::Dispatcher;
use crate::worker::reload::{self, ReloadableMapping};
use crate::worker::{Account, Accounts, Context, WorkConfig};
use crate::{http, worker};

/// Connections of operators at once: a Prometheus or two, and people.
const OPERATOR_CONNECTIONS: usize = 64;

/// Why the service does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A setting is wrong, or a mapping has problems; the text names it, or file, line and column.
    #[error("{0}")]
    Config(String),
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] crate::store::StoreError),
    /// No HTTP client can be built.
    #[error("cannot build an HTTP client: {0}")]
    Client(#[from] reqwest::Error),
    /// A listener cannot be bound.
    #[error("cannot listen on {address}: {error}")]
    Listen { address: SocketAddr, error: std::io::Error },
}

/// A running service. Dropping it without [`Service::stop`] is like a crash: the next start takes over.
pub struct Service {
    /// Where webhooks are taken.
    pub address: SocketAddr,
    /// Where `/metrics` is served.
    pub operator_address: Option<SocketAddr>,
    pub app: Arc<App>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Service {
    /// Starts everything. When this returns, webhooks are taken.
    pub async fn start(config: Config, clock: Clock, entropy: Entropy) -> Result<Self, StartError> {
        let store = Store::open_exclusive(&config.store.url, clock.clone()).await?;
        // A restart is what an operator does after mending a token: what was paused may try again at once.
        for pause in store.pauses().await? {
            store.lift_pause(&pause.scope).await?;
        }
        let app = Arc::new(build(&config, store, clock, entropy)?);
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();

        let listener = bind(config.listen).await?;
        let address = local(&listener, config.listen)?;
        let limits = Limits {
            connections: config.http.max_connections,
            idle: config.http.idle_timeout,
            shutdown: config.work.shutdown,
        };
        let routes = http::webhook_routes(app.http.clone());
        tasks.spawn(serve(listener, routes, limits, app.worker.clock.clone(), stopped.clone()));
        let mut operator_address = None;
        if let Some(wanted) = config.operator_listen {
            let listener = bind(wanted).await?;
            operator_address = Some(local(&listener, wanted)?);
            let limits = Limits { connections: OPERATOR_CONNECTIONS, ..limits };
            let access = Access::new(&config.operator, app.worker.clock.clone());
            let routes = http::operator_routes(app.http.clone(), access);
            tasks.spawn(serve(listener, routes, limits, app.worker.clock.clone(), stopped.clone()));
        }
        tasks.spawn(Dispatcher::new(app.worker.clone()).run(stopped.clone()));
        if let Some(sockets) = app.sockets.clone() {
            tasks.spawn(sockets.run(stopped.clone()));
        }
        tasks.spawn(worker::clicks::run(app.worker.clone(), stopped.clone()));
        if app.worker.slack.is_interactive() {
            tasks.spawn(worker::first_value::run(app.worker.clone(), stopped.clone()));
            tasks.spawn(worker::writes::run(app.worker.clone(), stopped.clone()));
        }
        if app.worker.slack.can_read_back() {
            tasks.spawn(worker::roll_up::run(app.worker.clone(), stopped.clone()));
        }
        tasks.spawn(worker::reload::run(app.worker.clone(), stopped.clone()));
        tasks.spawn(worker::purge::run(app.worker.clone(), stopped.clone(), config.store.clone()));
        if !config.work.follow.span.is_zero() {
            tasks.spawn(worker::follow::run(app.worker.clone(), stopped.clone()));
        }
        if config.public_url.is_none() {
            tracing::info!(every = ?config.work.catch_up, "no public_url: the CRMs are asked for wins");
        }
        if let Some(every) = config.work.catch_up {
            tasks.spawn(worker::catch_up::run(app.worker.clone(), stopped, every));
        }
        tracing::info!(%address, operator = ?operator_address, "ready");
        Ok(Self { address, operator_address, app, stop, tasks })
    }

    /// Stops taking webhooks, finishes the work in flight (or gives its leases back), closes the store.
    pub async fn stop(mut self) {
        let _ = self.stop.send(true);
        while self.tasks.join_next().await.is_some() {}
        self.app.store.close().await;
        tracing::info!("stopped");
    }
}

/// Connects the parts. Starts nothing.
pub fn build(config: &Config, store: Store, clock: Clock, entropy: Entropy) -> Result<App, StartError> {
    let client = http_client()?;
    let mut accounts = BTreeMap::new();
    let mut connected = Vec::new();
    let mut mappings = BTreeMap::new();
    let outbound = outbound(config, client, clock.clone());
    for account in &config.accounts {
        let reloadable = shared(&mut mappings, &account.mapping)?;
        let crm = account.settings.connect(&outbound).map_err(StartError::Config)?;
        accounts.insert(crm.account().clone(), Account { crm: Arc::clone(&crm), reloadable });
        connected.push((account.settings.clone(), crm));
    }
    let open_deals = Arc::new(OpenDeals::default());
    let mut webhooks = Vec::new();
    if let Some(public_url) = &config.public_url {
        let routes = |crm: &Connector| (crm.webhooks)(public_url, &connected, &open_deals);
        webhooks.extend(CONNECTORS.iter().flat_map(routes));
    }
    let (accounts, metrics) = (Arc::new(accounts), Arc::new(Metrics::default()));
    let refused_mappings = {
        let accounts = Arc::clone(&accounts);
        Box::new(move || refused_mappings(&accounts))
    };
    let slack = Arc::new(SlackClient::new(&config.slack, outbound));
    let account: AccountOf = {
        let accounts = Arc::clone(&accounts);
        Box::new(move |key| accounts.get(key).map(|one| (Arc::clone(&one.crm), one.mapping())))
    };
    let clicks: Arc<dyn Clicks> = Arc::new(Desk {
        store: store.clone(),
        slack: Arc::clone(&slack),
        clock: clock.clone(),
        account,
        metrics: Arc::clone(&metrics),
        team: OnceCell::new(),
    });
    let receiver = Arc::new(Receiver::new(store.clone(), Arc::clone(&metrics), Arc::clone(&clicks)));
    let (mut click_route, mut sockets) = (None, None);
    match &config.slack.interactive {
        Interactive::Off => {}
        Interactive::Http { signing_secrets } => {
            let signing_secrets = signing_secrets.clone();
            click_route = Some(Arc::new(ClickRoute { receiver, signing_secrets }));
        }
        Interactive::Socket { .. } => {
            sockets = Some(Arc::new(SocketMode {
                slack: Arc::clone(&slack),
                receiver,
                status: Arc::default(),
                clock: clock.clone(),
                entropy: entropy.clone(),
                metrics: Arc::clone(&metrics),
                timeout: config.work.http_timeout,
                pause: config.work.pause,
                replicas: config.work.replicas,
            }));
        }
    }
    let mapping: MappingOf = {
        let accounts = Arc::clone(&accounts);
        Box::new(move |key| Ok(accounts.get(key).map(Account::mapping)))
    };
    let http = HttpState {
        clock: clock.clone(),
        store: store.clone(),
        operations: Operations { store: store.clone(), slack_reads_back: slack.can_read_back(), mapping },
        account_keys: accounts.keys().map(ToString::to_string).collect(),
        budgets: budgets(config),
        metrics: metrics.clone(),
        webhooks,
        clicks: click_route,
        sockets: sockets.as_ref().map(|mode| Arc::clone(&mode.status)),
        probe: http::StoreProbe::default(),
        body_budget: http::BodyBudget::new(config.http.body_memory_mib, config.http.body_timeout),
        answer_within: config.http.answer_within,
        throttle: http::LogThrottle::default(),
        refused_mappings,
    };
    let worker = Context {
        slack,
        clicks,
        clock,
        entropy,
        store: store.clone(),
        accounts: accounts.clone(),
        open_deals,
        work: config.work.clone(),
        operator_url: config.operator.url.clone(),
        metrics: metrics.clone(),
    };
    Ok(App { store, accounts, metrics, worker: Arc::new(worker), http: Arc::new(http), sockets })
}

/// What every call of this installation is made with.
pub fn outbound(config: &Config, http: reqwest::Client, clock: Clock) -> Outbound {
    let WorkConfig { http_timeout, longest_retry, pause, .. } = config.work;
    let limit_pause = pause.min(longest_retry);
    Outbound { http, timeout: http_timeout, longest_wait: longest_retry, limit_pause, clock }
}

/// What this process allows itself.
fn budgets(config: &Config) -> Vec<(String, String)> {
    let WorkConfig { workers, replicas, .. } = config.work;
    let body = config.http.body_memory_mib;
    vec![
        ("Workers".to_owned(), workers.to_string()),
        ("Replicas that divide the limits of CRM and Slack".to_owned(), replicas.to_string()),
        ("Memory for bodies of webhooks".to_owned(), format!("{body} MiB")),
    ]
}

/// What `/readyz` says about mapping files.
fn refused_mappings(accounts: &Accounts) -> Vec<RefusedMapping> {
    reload::refused(accounts)
        .into_iter()
        .map(|(reloadable, refusal, accounts)| RefusedMapping {
            file: reloadable.path().display().to_string(),
            running: reloadable.current().version.clone(),
            refused: refusal.version,
            accounts,
            problems: refusal.places,
        })
        .collect()
}

/// The mapping in a file, read once however many accounts name it.
fn shared(
    mappings: &mut BTreeMap<PathBuf, Arc<ReloadableMapping>>,
    path: &Path,
) -> Result<Arc<ReloadableMapping>, StartError> {
    if let Some(reloadable) = mappings.get(path) {
        return Ok(Arc::clone(reloadable));
    }
    let reloadable =
        ReloadableMapping::load(path).map_err(|problems| StartError::Config(problems.to_string()))?;
    let reloadable = Arc::new(reloadable);
    mappings.insert(path.to_owned(), Arc::clone(&reloadable));
    Ok(reloadable)
}

/// The one HTTP client: TLS by `ring` with roots compiled in, so that an image without files works. A proxy that the
/// environment names (`HTTPS_PROXY`, `ALL_PROXY`, but for `NO_PROXY`) is used for other machines only.
pub fn http_client() -> Result<reqwest::Client, reqwest::Error> {
    let roots = webpki_root_certs::TLS_SERVER_ROOT_CERTS
        .iter()
        .filter_map(|root| reqwest::Certificate::from_der(root).ok());
    let variable = |names: [&str; 2]| {
        names.iter().find_map(|name| std::env::var(name).ok()).filter(|url| !url.is_empty())
    };
    let mut client = reqwest::Client::builder().no_proxy();
    let proxy = variable(["HTTPS_PROXY", "https_proxy"]).or_else(|| variable(["ALL_PROXY", "all_proxy"]));
    if let Some(url) = proxy {
        // Plain http is for this machine only, and no proxy leads there.
        let direct =
            format!("localhost,127.0.0.0/8,::1,{}", variable(["NO_PROXY", "no_proxy"]).unwrap_or_default());
        client = client.proxy(reqwest::Proxy::https(url)?.no_proxy(reqwest::NoProxy::from_string(&direct)));
    }
    client
        .user_agent(concat!("handoff-bridge/", env!("CARGO_PKG_VERSION")))
        .tls_certs_only(roots)
        .redirect(reqwest::redirect::Policy::none())
        .build()
}

async fn bind(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|error| StartError::Listen { address, error })
}

fn local(listener: &TcpListener, address: SocketAddr) -> Result<SocketAddr, StartError> {
    listener.local_addr().map_err(|error| StartError::Listen { address, error })
}
