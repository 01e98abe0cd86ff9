//! What goes wrong: on the other side, on the way there, and on our own machine.

use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use handoff_sandbox::deals::{BOT_TOKEN, TOKEN};
use handoff_sandbox::opportunities::ORG;
use handoff_sandbox::{Fault, Times};

use crate::database::Database;
use crate::environment::Environment;
use crate::proxy::Way;
use crate::rest::{rest, rest_millis};
use crate::test_database::Engine;

const HUBSPOT: [&str; 6] = [
    "*",
    "POST /crm/objects/*/tasks",
    "GET /crm/objects/*/deals/*",
    "PATCH /crm/objects/*/deals/*",
    "POST /crm/objects/*/tasks/batch/read",
    "GET /crm/objects/*/deals/*/associations/tasks",
];
const SALESFORCE: [&str; 5] = [
    "*",
    "POST /services/data/*/sobjects/Task",
    "PATCH /services/data/*/sobjects/Opportunity/*",
    "GET /services/data/*/query",
    "POST /services/oauth2/token",
];
const SLACK: [&str; 5] = [
    "*",
    "POST /api/chat.postMessage",
    "POST /api/chat.postMessage",
    "POST /api/chat.update",
    "GET /api/conversations.history",
];

/// How bad it is. The other side's faults change at every [`Faults::change`].
pub struct FaultRates {
    /// One fault in so many lasts until the next change; the others are over after a few calls.
    pub lasting: u32,
    /// Slack, when it is down, is down for so many changes.
    pub slack_down: std::ops::Range<u32>,
}

/// What is wrong at the moment, and how far the clock is moved.
pub struct Faults {
    rng: Rng,
    /// The clock jumps so many milliseconds at most, forwards or back.
    longest_jump: i64,
    shift: i64,
    rates: FaultRates,
    /// Slack is down for so many more changes.
    slack_down: u32,
}

impl Faults {
    pub fn new(seed: u64, longest_jump: Duration, rates: FaultRates) -> Self {
        let longest_jump = i64::try_from(longest_jump.as_millis()).unwrap_or_default();
        Self { rng: Rng::with_seed(seed), longest_jump, shift: 0, rates, slack_down: 0 }
    }

    /// The other side changes for the better or the worse.
    pub fn change(&mut self, environment: &Environment) {
        let rng = &mut self.rng;
        if rng.u32(..10) < 7 {
            all_well(environment, self.slack_down > 0);
        }
        self.slack_down = self.slack_down.saturating_sub(1);
        for _ in 0..rng.u32(..4) {
            let fault = any_fault(rng);
            let times = if rng.u32(..self.rates.lasting) == 0 {
                Times::UntilCleared
            } else {
                Times::Next(rng.u32(1..6))
            };
            match rng.u32(..3) {
                0 => environment.sandbox.hubspot.fails(HUBSPOT[rng.usize(..HUBSPOT.len())], fault, times),
                1 => environment.sandbox.salesforce.fails(
                    SALESFORCE[rng.usize(..SALESFORCE.len())],
                    fault,
                    times,
                ),
                _ => environment.sandbox.slack.fails(SLACK[rng.usize(..SLACK.len())], fault, times),
            }
        }
        match rng.u32(..24) {
            0 => environment.sandbox.hubspot.change(|hubspot| hubspot.revoke_token(TOKEN)),
            1 => environment.sandbox.slack.change(|slack| slack.revoke_token(BOT_TOKEN)),
            2 => environment.sandbox.salesforce.change(|salesforce| {
                salesforce.org_mut(ORG).unwrap().revoke_tokens();
            }),
            3 => {
                self.slack_down = rng.u32(self.rates.slack_down.clone());
                environment.sandbox.slack.fails("*", Fault::DropBefore, Times::UntilCleared);
            }
            4 => {
                let lag = rng.u32(1..2);
                environment.sandbox.slack.change(|slack| slack.history_lags(lag));
            }
            5 | 6 if self.longest_jump > 0 => {
                let jump = rng.i64(-self.longest_jump..self.longest_jump);
                self.jump(environment, jump);
            }
            7 if self.shift != 0 => self.jump(environment, 0),
            _ => {}
        }
    }

    /// The services' clock goes so many milliseconds before the machine's.
    fn jump(&mut self, environment: &Environment, shift: i64) {
        self.shift = shift;
        write_shift(environment, shift);
    }

    /// Something happens to the database; ends by itself.
    pub fn at_home(&mut self, environment: &Arc<Environment>) -> Option<tokio::task::JoinHandle<()>> {
        let span = Duration::from_millis(self.rng.u64(50..1_500));
        let which = self.rng.u32(..10);
        let environment = Arc::clone(environment);
        match which {
            0 | 1 => Some(tokio::spawn(async move { lock(&environment, span).await })),
            2 if environment.proxy.is_some() => {
                Some(tokio::spawn(async move { away(&environment, Way::Cut, span).await }))
            }
            3 if environment.proxy.is_some() => {
                Some(tokio::spawn(async move { away(&environment, Way::Silent, span).await }))
            }
            4 if environment.proxy.is_some() => {
                Some(tokio::spawn(async move { end_connections(&environment).await }))
            }
            _ => None,
        }
    }

    /// How many KiB a file may grow to in the next process; usually there is no limit.
    pub fn room(&mut self, environment: &Environment) -> Option<u64> {
        if environment.database.engine() == Engine::Postgres || self.rng.u32(..8) > 0 {
            return None;
        }
        let kib = |path: std::path::PathBuf| std::fs::metadata(path).map_or(0, |file| file.len() / 1024);
        let file = environment.database.file();
        let grown = kib(file.clone()).max(kib(file.with_extension("db-wal")));
        Some(grown + self.rng.u64(4..200))
    }

    /// Everything is as it should be again, the clock included.
    pub fn end(&mut self, environment: &Environment) {
        self.jump(environment, 0);
        self.calm(environment);
    }

    /// Everything is as it should be again; the clock goes on.
    pub fn calm(&mut self, environment: &Environment) {
        self.slack_down = 0;
        all_well(environment, false);
        environment.sandbox.slack.change(|slack| slack.history_lags(0));
        if let Some(proxy) = &environment.proxy {
            proxy.becomes(Way::Open);
        }
    }
}

/// Moves the clock of all processes.
pub fn write_shift(environment: &Environment, millis: i64) {
    let file = environment.shift_file();
    // Whole or not at all: a reader never sees half a number.
    let fresh = file.with_extension("new");
    std::fs::write(&fresh, millis.to_string()).unwrap();
    std::fs::rename(fresh, file).unwrap();
}

fn all_well(environment: &Environment, but_slack: bool) {
    let sandbox = &environment.sandbox;
    sandbox.hubspot.clear_faults();
    sandbox.salesforce.clear_faults();
    sandbox.hubspot.change(|hubspot| hubspot.restore_token(TOKEN));
    sandbox.hubspot.release();
    sandbox.salesforce.release();
    if !but_slack {
        sandbox.slack.clear_faults();
        sandbox.slack.change(|slack| slack.add_bot(BOT_TOKEN));
        sandbox.slack.release();
    }
}

fn any_fault(rng: &mut Rng) -> Fault {
    match rng.u32(..13) {
        0 | 1 => Fault::DropBefore,
        2..=4 => Fault::DropAfter,
        5 | 6 => Fault::FailAfter,
        7 => Fault::Truncate,
        8 => Fault::HangBefore,
        9 => Fault::HangAfter,
        // A burst: no Retry-After.
        10 => Fault::status(429),
        11 => Fault::status(if rng.bool() { 500 } else { 503 }),
        _ => Fault::bad_gateway(),
    }
}

/// Another program holds what everybody needs to write.
async fn lock(environment: &Environment, span: Duration) {
    let Ok(mut database) = Database::try_connect(environment).await else { return };
    let begin = match database {
        Database::Sqlite(_) => "BEGIN IMMEDIATE",
        Database::Postgres(_) => {
            "BEGIN; SET LOCAL lock_timeout = '2s'; LOCK TABLE inbox, deliveries IN ACCESS EXCLUSIVE MODE"
        }
    };
    if database.execute(begin).await.is_ok() {
        rest(span).await;
    }
    let _ = database.execute("ROLLBACK").await;
}

async fn away(environment: &Environment, way: Way, span: Duration) {
    let proxy = environment.proxy.as_ref().unwrap();
    proxy.becomes(way);
    rest(span).await;
    proxy.becomes(Way::Open);
}

/// As an administrator, or a failover, would.
async fn end_connections(environment: &Environment) {
    let Ok(mut database) = Database::try_connect(environment).await else { return };
    for _ in 0..3 {
        // Who serves this schema holds a lock that is named after it.
        let _ = database
            .execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND pid IN
                    (SELECT pid FROM pg_locks WHERE locktype = 'advisory'
                        AND objid = CAST(hashtext(current_schema()::text) AS bigint) & 4294967295)",
            )
            .await;
        rest_millis(40).await;
    }
}
