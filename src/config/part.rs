//! Parts of the configuration for commands that need no more: what they do not use may be missing or wrong.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{AccountConfig, accounts, defaults, load, store, work};
use crate::crm::{CONNECTORS, ReadWith};
use crate::settings::{Secrets, secret, url};
use crate::store::StoreConfig;
use handoff_core::record::AccountKey;
use handoff_core::source::{self, Block, Problems};

/// What working on the store takes: no secret but the database's own.
pub struct StoreAccess {
    pub store: StoreConfig,
    pub listen: SocketAddr,
    /// What CRMs call, if they call us.
    pub public_url: Option<String>,
    /// Whether Slack shows what was posted: a bot may look, an incoming webhook may not.
    pub slack_reads_back: bool,
    /// The mapping file of each account.
    pub mappings: Vec<(AccountKey, PathBuf)>,
}

/// What calling the CRMs takes: their tokens. The mapping files need not exist yet.
pub struct CrmAccess {
    pub accounts: Vec<AccountConfig>,
    pub http_timeout: Duration,
    /// Whether CRMs call us.
    pub webhooks: bool,
}

/// What the Slack app is made from; takes no secret.
pub struct SlackOutline {
    pub public_url: Option<String>,
    /// How clicks come in, as the file names it.
    pub interactive: Option<String>,
}

/// Reads what working on the store takes.
///
/// # Errors
///
/// What is wrong with that part.
pub fn store_access(path: &Path, env: &dyn Fn(&str) -> Option<String>) -> Result<StoreAccess, Problems> {
    read(path, env, |top, secrets, problems| {
        let mut unused = Problems::new("", problems.text());
        let slack = top.take("slack").block(&mut unused);
        let is_webhook = |mut slack: Block<'_>| {
            ["webhook_url_env", "webhook_url_file"].iter().any(|key| slack.take(key).is_present())
        };
        StoreAccess {
            public_url: url::read(top.take("public_url"), &mut unused),
            store: store::read(top.take("store").block(problems), secrets, problems),
            listen: load::address(top.take("listen"), &mut unused).unwrap_or(defaults::LISTEN),
            slack_reads_back: !slack.is_some_and(is_webhook),
            mappings: mappings(top, secrets, &mut unused),
        }
    })
}

/// Reads what calling the CRMs takes, or only that one of an account (see [`ReadWith::only`]).
///
/// # Errors
///
/// What is wrong with that part.
pub fn crm_access(
    path: &Path,
    env: &dyn Fn(&str) -> Option<String>,
    only: Option<&str>,
) -> Result<CrmAccess, Problems> {
    read(path, env, |top, secrets, problems| {
        let webhooks = top.take("public_url").is_present();
        let work = work::read(top.take("work").block(problems), &StoreConfig::default(), webhooks, problems);
        let with = ReadWith { secrets, only, replicas: work.replicas, webhooks };
        let accounts = accounts::read(top, &with, &mut Vec::new(), problems);
        CrmAccess { accounts, http_timeout: work.http_timeout, webhooks }
    })
}

/// Reads what the Slack app is made from.
///
/// # Errors
///
/// The file cannot be read, or is no configuration.
pub fn slack_outline(path: &Path) -> Result<SlackOutline, Problems> {
    read(path, &|_| None, |top, _, problems| {
        let mut unused = Problems::new("", problems.text());
        let slack = top.take("slack").block(&mut unused);
        let interactive = slack.and_then(|mut slack| slack.take("interactive").text(&mut unused));
        SlackOutline {
            public_url: url::read(top.take("public_url"), &mut unused),
            interactive: interactive.map(|(text, _)| text.to_owned()),
        }
    })
}

fn read<T>(
    path: &Path,
    env: &dyn Fn(&str) -> Option<String>,
    part: impl FnOnce(&mut Block<'_>, &Secrets<'_>, &mut Problems) -> T,
) -> Result<T, Problems> {
    let text = load::text_of(path)?;
    let mut problems = Problems::new(&path.display().to_string(), &text);
    secret::conceal(&mut problems);
    let secrets = Secrets { env, directory: path.parent().unwrap_or(Path::new("")), serving: false };
    let root = source::toml(&text, &mut problems);
    let top = root.as_ref().and_then(|root| Block::of(root, "a configuration file", &mut problems));
    let part = top.map(|mut top| part(&mut top, &secrets, &mut problems));
    part.filter(|_| !problems.has_errors()).ok_or(problems)
}

fn mappings(top: &mut Block<'_>, secrets: &Secrets<'_>, unused: &mut Problems) -> Vec<(AccountKey, PathBuf)> {
    let mut mappings = Vec::new();
    for connector in CONNECTORS {
        for node in top.take(connector.crm.as_str()).list(unused) {
            let Some(mut section) = Block::of(node, "", unused) else { continue };
            let account = (connector.read_account)(&mut section, &mut BTreeSet::default(), unused);
            let mapping = section.take("mapping").text(unused);
            mappings.extend(account.zip(mapping).map(|(account, (path, _))| {
                (AccountKey { crm: connector.crm, account }, secrets.beside(path))
            }));
        }
    }
    mappings
}
