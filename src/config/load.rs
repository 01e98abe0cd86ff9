//! Reading `handoff.toml`: the file as a whole.

use std::net::SocketAddr;
use std::path::Path;

use tracing::Level;

use super::accounts::{self, MappingFiles};
use super::{Config, HttpConfig, LogConfig, defaults, follow, operator, slack, store, work};
use crate::crm::ReadWith;
use crate::settings::{Secrets, secret, url};
use handoff_core::source::{self, Block, Field, Problems};

/// What reading a configuration file gave.
#[derive(Debug)]
pub struct Loaded {
    /// The configuration, unless one of the problems is an error.
    pub config: Option<Config>,
    /// Mapping files it names that exist, each once for a CRM, also when something else is wrong.
    pub mappings: MappingFiles,
    /// Everything that is wrong with the file.
    pub problems: Problems,
}

/// Reads a configuration file and the secrets it names. `env` looks up an environment variable; paths are relative to
/// the file.
pub fn load(path: &Path, env: &dyn Fn(&str) -> Option<String>) -> Loaded {
    match text_of(path) {
        Ok(text) => {
            let directory = path.parent().unwrap_or(Path::new(""));
            parse(&path.display().to_string(), &text, &Secrets { env, directory, serving: true })
        }
        Err(problems) => Loaded { config: None, mappings: Vec::new(), problems },
    }
}

pub(super) fn text_of(path: &Path) -> Result<String, Problems> {
    std::fs::read_to_string(path).map_err(|error| {
        let mut problems = Problems::new(&path.display().to_string(), "");
        let message = format!("the configuration file cannot be read: {error}");
        problems.file_error(message, "name a file that exists with --config or the variable HANDOFF_CONFIG");
        problems
    })
}

pub(super) fn parse(name: &str, text: &str, secrets: &Secrets<'_>) -> Loaded {
    let mut problems = Problems::new(name, text);
    secret::conceal(&mut problems);
    let mut mappings = Vec::new();
    let config = read(text, secrets, &mut mappings, &mut problems);
    Loaded { config: config.filter(|_| !problems.has_errors()), mappings, problems }
}

fn read(
    text: &str,
    secrets: &Secrets<'_>,
    mappings: &mut MappingFiles,
    problems: &mut Problems,
) -> Option<Config> {
    let root = source::toml(text, problems)?;
    let mut top = Block::of(&root, "a configuration file", problems)?;
    let public_url = top.take("public_url");
    let webhooks = public_url.is_present();
    let public_url = url::read(public_url, problems);
    let listen = address(top.take("listen"), problems).unwrap_or(defaults::LISTEN);
    let (operator_listen, operator) = operator::read(&mut top, secrets, problems);
    let http = http(top.take("http").block(problems), problems);
    let store = store::read(top.take("store").block(problems), secrets, problems);
    let log = log(top.take("log").block(problems), problems);
    let mut work = work::read(top.take("work").block(problems), &store, webhooks, problems);
    work.follow = follow::read(top.take("follow").block(problems), problems);
    let with = ReadWith { secrets, only: None, replicas: work.replicas, webhooks };
    let accounts = accounts::read(&mut top, &with, mappings, problems);
    let slack = top.require("slack", "add a [slack] block with bot_token_env = \"SLACK_BOT_TOKEN\"");
    let slack = slack.block(problems);
    let slack = slack.and_then(|slack| slack::read(slack, (&work, webhooks), secrets, problems));
    top.finish(problems);
    Some(Config {
        public_url,
        listen,
        operator_listen,
        operator,
        http,
        store,
        log,
        work,
        accounts,
        slack: slack?,
    })
}

/// An address to listen on.
pub(super) fn address(field: Field<'_>, problems: &mut Problems) -> Option<SocketAddr> {
    let (text, span) = field.text(problems)?;
    let address = text.parse().ok();
    if address.is_none() {
        let help =
            "write an IP address and a port: \"127.0.0.1:8080\", or \"0.0.0.0:8080\" for all interfaces";
        problems.error(span, format!("`{text}` is not an address to listen on"), help);
    }
    address
}

const LEVELS: [(&str, Level); 5] = [
    ("error", Level::ERROR),
    ("warn", Level::WARN),
    ("info", Level::INFO),
    ("debug", Level::DEBUG),
    ("trace", Level::TRACE),
];

fn log(section: Option<Block<'_>>, problems: &mut Problems) -> LogConfig {
    let default = LogConfig::default();
    let Some(mut section) = section else { return default };
    let json = section.take("format").choice(&[("text", false), ("json", true)], problems);
    let level = section.take("level").choice(&LEVELS, problems);
    section.finish(problems);
    LogConfig { json: json.unwrap_or(default.json), level: level.unwrap_or(default.level) }
}

/// Reads `[http]`; what it leaves out keeps its default.
fn http(section: Option<Block<'_>>, problems: &mut Problems) -> HttpConfig {
    let default = HttpConfig::default();
    let Some(mut section) = section else { return default };
    let connections = section.take("max_connections").integer(8, 1_000_000, problems);
    let body_memory_mib = section.take("body_memory_mib").integer(16, 65_536, problems);
    let mut time = |name: &str, default| section.take(name).duration(problems).unwrap_or(default);
    let http = HttpConfig {
        max_connections: connections
            .and_then(|most| usize::try_from(most).ok())
            .unwrap_or(default.max_connections),
        idle_timeout: time("idle_timeout", default.idle_timeout),
        body_timeout: time("body_timeout", default.body_timeout),
        body_memory_mib: body_memory_mib.unwrap_or(default.body_memory_mib),
        answer_within: time("answer_within", default.answer_within),
    };
    section.finish(problems);
    http
}
