//! Where it happens: the sandbox, a configuration with short times, a database, and ways to spoil each of them.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use handoff_bridge::clock::Clock;
use handoff_bridge::demo::{Installation, start_sandbox};
use handoff_bridge::store::StoreUrl;
use handoff_sandbox::{Sandbox, deals};
use tempfile::TempDir;

use crate::proxy::Proxy;
use crate::test_database::{Engine, SERVER, TestDatabase};

/// Times that make everything happen soon. A lost answer is given up after 400 ms, and a row of a killed process is
/// taken over after two seconds.
pub const WORK: &str = r#"workers = 8
http_timeout = "400ms"
lease = "2s"
first_retry = "50ms"
longest_retry = "1s"
tries = 1000
pause = "1s"
poll = "100ms"
digest_waits = "300ms"
shutdown = "2s"
catch_up = "off""#;

/// Slack takes about one message a second in each channel, so a busy account spreads its digests.
const CHANNELS: u32 = 40;

pub struct Environment {
    pub sandbox: Sandbox,
    /// The sandbox's time.
    pub clock: Clock,
    pub installation: Installation,
    pub database: Arc<TestDatabase>,
    /// The way to the server that the services take.
    pub proxy: Option<Proxy>,
    directory: TempDir,
}

impl Environment {
    /// An empty database, and accounts without anything to hand over.
    pub async fn prepare(engine: Engine, work: &str) -> Self {
        // The processes have the machine's clock and no other, but this one can be moved along with theirs.
        let clock = Clock::running_from(Clock::machine().now());
        let sandbox = start_sandbox(&clock).unwrap();
        sandbox.hubspot.change(|hubspot| {
            let portal = hubspot.portal_mut(deals::PORTAL).unwrap();
            // Several processes share a portal here, each with the limit of a whole one.
            portal.calls_per_10s = 1_000_000;
            portal.announces = handoff_sandbox::hubspot::Announce::Both;
        });
        let directory = tempfile::Builder::new().prefix("soak-").disable_cleanup(true).tempdir().unwrap();
        let installation = Installation::write(directory.path(), &sandbox, work).unwrap();
        let environment = Self {
            sandbox,
            clock,
            installation,
            database: Arc::new(TestDatabase::create(engine).await),
            proxy: None,
            directory,
        };
        environment.spreads_digests();
        environment.employs_sellers();
        environment.with_store().await
    }

    async fn with_store(mut self) -> Self {
        let mut url = self.database.url();
        if self.database.engine() == Engine::Postgres {
            let mut server: reqwest::Url = std::env::var(SERVER).unwrap().parse().unwrap();
            let address = format!("{}:{}", server.host_str().unwrap(), server.port().unwrap_or(5432));
            let proxy = Proxy::before(&address).await;
            server.set_host(Some("127.0.0.1")).unwrap();
            server.set_port(Some(proxy.address.port())).unwrap();
            url = self.database.url_by(server.as_str());
            self.proxy = Some(proxy);
        }
        self.installation.keeps_its_store_at(&url).unwrap();
        self.edits_config("\n[store]\n", "\n[store]\nretention_days = 1\n");
        self.edits_config(
            "\ntoken_env = \"HUBSPOT_TOKEN\"",
            "\ncalls_per_10s = 250\ntoken_env = \"HUBSPOT_TOKEN\"",
        );
        self
    }

    /// HubSpot answers so many calls in ten seconds, and we allow ourselves so many.
    pub fn hubspot_allows(&self, calls: usize, ours: usize) {
        self.sandbox.hubspot.change(|hubspot| {
            hubspot.portal_mut(deals::PORTAL).unwrap().calls_per_10s = calls;
        });
        self.edits_config("\ncalls_per_10s = 250\n", &format!("\ncalls_per_10s = {ours}\n"));
    }

    fn edits_config(&self, old: &str, new: &str) {
        let config = std::fs::read_to_string(&self.installation.config).unwrap();
        assert!(config.contains(old), "{old}");
        std::fs::write(&self.installation.config, config.replace(old, new)).unwrap();
    }

    /// Deals of 1,000 to 40,000 go to a channel each.
    fn spreads_digests(&self) {
        let Installation { mapping, salesforce_mapping, .. } = &self.installation;
        for (file, field, account) in
            [(mapping, "deal.amount", 'H'), (salesforce_mapping, "deal.Amount", 'S')]
        {
            let text = std::fs::read_to_string(file).unwrap();
            let (head, rest) = text.split_once("\nslack:\n").unwrap();
            let (_, tail) = rest.split_once("\n\n").unwrap();
            let mut routes = format!("  channel: C0SOAK{account}00\n  routes:\n");
            for channel in (1..=CHANNELS).rev() {
                let when = format!("{{field: {field}, at_least: {}}}", channel * 1000);
                let _ = writeln!(routes, "    - when: {when}\n      channel: C0SOAK{account}{channel:02}");
            }
            std::fs::write(file, format!("{head}\nslack:\n{routes}\n{tail}")).unwrap();
            self.sandbox.slack.change(|slack| {
                for channel in 0..=CHANNELS {
                    slack.add_channel(&format!("C0SOAK{account}{channel:02}"), "handoffs");
                }
            });
        }
    }

    /// The amount of the `number`th deal, which decides on its channel.
    pub fn amount(number: u64) -> String {
        ((number % u64::from(CHANNELS) + 1) * 1000).to_string()
    }

    /// The file that moves the clock of the processes.
    pub fn shift_file(&self) -> PathBuf {
        self.directory.path().join("clock-shift")
    }

    /// What the processes said.
    pub fn log_file(&self) -> PathBuf {
        self.directory.path().join("service.log")
    }

    /// Where PostgreSQL is, past the proxy.
    pub fn direct_url(&self) -> StoreUrl {
        self.database.url()
    }

    /// The sandbox forgets the calls it has seen, but not those that were wrong.
    pub fn forget_calls(&self) {
        use handoff_sandbox::Platform as _;
        self.sandbox.hubspot.change(|hubspot| hubspot.recorder_mut().log.forget());
        self.sandbox.salesforce.change(|salesforce| salesforce.recorder_mut().log.forget());
        self.sandbox.slack.change(|slack| slack.recorder_mut().log.forget());
    }

    /// Cleans up, unless somebody will want to look.
    pub async fn leave(self, failed: bool) {
        let files = self.directory.path();
        if failed {
            eprintln!("the files and the log of the services are kept in {}", files.display());
        } else {
            let _ = std::fs::remove_dir_all(files);
        }
        self.database.remove().await;
    }
}
