//! What a service stands on: a sandbox, a configuration for it, and a database.

use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

use handoff_bridge::clock::Clock;
use handoff_bridge::demo::{Installation, PUBLIC_URL, start_sandbox};
use handoff_sandbox::deals::{self, CLIENT_SECRET};
use handoff_sandbox::{Delivery, Sandbox};
use rusqlite::Connection;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::disk;
use crate::load::{Requests, WINS, Wire};
use crate::options::Options;
use crate::samples::Samples;
use crate::schema::Schema;
use crate::service::Service;

/// No handoff takes longer, unless something is wrong.
const PATIENCE: Duration = Duration::from_mins(1);

pub struct Ground {
    pub sandbox: Sandbox,
    pub clock: Clock,
    /// Further secrets that the configuration names.
    pub environment: Vec<(String, String)>,
    installation: Installation,
    binary: PathBuf,
    directory: TempDir,
    schema: Option<Schema>,
    runtime: Runtime,
}

impl Ground {
    /// The sandbox's story, and the configuration that is shipped, with the database in a SQLite file.
    pub fn prepare(options: &Options) -> Self {
        let clock = Clock::machine();
        let sandbox = start_sandbox(&clock).unwrap();
        let directory = disk::directory("ground");
        let installation = Installation::write(directory.path(), &sandbox, "").unwrap();
        let just_made = || env!("CARGO_BIN_EXE_handoff").into();
        let binary = options.binary.clone().unwrap_or_else(just_made);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (environment, schema) = (Vec::new(), None);
        let ground = Self { sandbox, clock, environment, installation, binary, directory, schema, runtime };
        ground.edits_config("\n[log]\nformat = \"json\"\n", "");
        ground
    }

    /// The same with the database in PostgreSQL.
    pub fn prepare_on_postgres(options: &Options) -> Self {
        let (mut ground, schema) = (Self::prepare(options), Schema::create());
        ground.installation.keeps_its_store_at(&schema.url().parse().unwrap()).unwrap();
        ground.schema = Some(schema);
        ground
    }

    pub fn directory(&self) -> &std::path::Path {
        self.directory.path()
    }

    pub fn binary(&self) -> &std::path::Path {
        &self.binary
    }

    /// Starts the service.
    pub fn serves(&self) -> Service {
        Service::start(&self.binary, &self.installation.config, &self.environment)
    }

    /// A number out of the service's database.
    pub fn number(&self, sql: &str) -> i64 {
        if let Some(schema) = &self.schema {
            return schema.number(sql);
        }
        let conn = Connection::open(self.directory().join("handoff.db")).unwrap();
        conn.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// Changes the database in its SQLite file, while the service is down.
    pub fn changes_database(&self, sql: &str) {
        Connection::open(self.directory().join("handoff.db")).unwrap().execute_batch(sql).unwrap();
    }

    /// A text out of the service's database, which is in a file.
    pub fn text(&self, sql: &str) -> String {
        let conn = Connection::open(self.directory().join("handoff.db")).unwrap();
        conn.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// People may answer in Slack: the service will take clicks over HTTP.
    pub fn takes_clicks(&self) {
        self.installation.takes_clicks("http").unwrap();
    }

    /// A person presses the button of the only digest so many times; how long it took until the modal was there, in
    /// milliseconds, while every call to Slack and HubSpot took `latency`.
    pub fn opens_modals(&self, user: &str, times: usize, latency: Duration) -> Samples {
        let slack = &self.sandbox.slack;
        let digest = slack.see(|slack| slack.messages()[0].clone());
        slack.is_away(latency);
        self.sandbox.hubspot.is_away(latency);
        let waits = (0..times).map(|_| {
            let before = slack.see(|slack| slack.open_view(user).map(|view| view.id.clone()));
            let watch = Clock::stopwatch();
            self.runtime.block_on(async {
                slack.presses(user, &digest.channel, &digest.ts, "answer").await.unwrap();
                let opened =
                    slack.until(|slack| slack.open_view(user).map(|view| &view.id) != before.as_ref());
                tokio::time::timeout(PATIENCE, opened).await.unwrap();
            });
            watch.elapsed().as_secs_f64() * 1_000.0
        });
        waits.collect()
    }

    /// Every event that was acknowledged and may win a deal is in the inbox, once.
    pub fn holds_every_win(&self, acknowledged: usize) {
        let Range { start, end } = WINS;
        let found = self.number(&format!(
            "SELECT COUNT(*) FROM inbox WHERE CAST(provider_id AS BIGINT) >= {start} AND CAST(provider_id AS BIGINT) < {end}"
        ));
        assert_eq!(usize::try_from(found), Ok(acknowledged), "events found and events acknowledged");
    }

    /// A deal of the story is won and handed over: from now on the service knows the portal.
    pub fn first_win(&self, service: &Service) {
        let deal = deals::STORY[0].id;
        self.wins(&mut Wire::to(service.address), deal);
    }

    /// A deal is won; returns when its digest is in Slack.
    pub fn wins(&self, wire: &mut Wire, deal: &str) {
        let before = self.sandbox.slack.see(|slack| slack.messages().len());
        let request = self.closes(deal);
        wire.sends(request.get(0).unwrap());
        self.waits_for_digests(before + 1);
    }

    /// Moves a deal to won; what HubSpot says about it.
    pub fn closes(&self, deal: &str) -> Requests {
        let events = self.sandbox.hubspot.closes_deal(deal).unwrap();
        let url = format!("{PUBLIC_URL}/webhooks/hubspot");
        Requests::of(&Delivery::batch(&url, CLIENT_SECRET, &events, self.clock.now()))
    }

    /// Returns when so many digests are in Slack.
    pub fn waits_for_digests(&self, count: usize) {
        let there = self.runtime.block_on(async {
            let there = self.sandbox.slack.until(|slack| slack.messages().len() >= count);
            tokio::time::timeout(PATIENCE, there).await
        });
        assert!(there.is_ok(), "there are no {count} digests:\n{}", self.log());
    }

    /// The end of what the service said.
    fn log(&self) -> String {
        let text = std::fs::read_to_string(self.directory().join("service.log")).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(10)..].join("\n")
    }

    /// The configuration as it is.
    pub fn config(&self) -> String {
        std::fs::read_to_string(&self.installation.config).unwrap()
    }

    /// Replaces the configuration.
    pub fn writes_config(&self, config: &str) {
        std::fs::write(&self.installation.config, config).unwrap();
    }

    /// Changes the mapping of HubSpot's accounts.
    pub fn edits_mapping(&self, edit: impl FnOnce(&str) -> String) {
        let mapping = std::fs::read_to_string(&self.installation.mapping).unwrap();
        std::fs::write(&self.installation.mapping, edit(&mapping)).unwrap();
    }

    /// Changes the configuration.
    pub fn edits_config(&self, old: &str, new: &str) {
        let config = self.config();
        assert!(config.contains(old), "{old}");
        std::fs::write(&self.installation.config, config.replace(old, new)).unwrap();
    }
}
