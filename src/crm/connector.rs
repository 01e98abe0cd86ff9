//! The CRMs that can be connected: the one list of them. A further CRM is a folder beside `hubspot/` and
//! `salesforce/` and an entry in [`CONNECTORS`].

use std::any::Any;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use secrecy::SecretString;

use super::hubspot;
use super::outbound::Outbound;
use super::salesforce;
use super::{Crm, OpenDeals, PersonStep, SetupAt, WebhookRoute};
use crate::settings::Secrets;
use handoff_core::record::{AccountKey, CrmKind};
use handoff_core::source::{Block, Problems, Span};

/// An account's settings, and its client.
pub type Connected = (Settings, Arc<dyn Crm>);

/// How the accounts of a CRM are configured.
#[derive(Clone, Copy)]
pub struct Connector {
    /// Which CRM; its blocks in the configuration are called like it.
    pub crm: CrmKind,
    /// Reads the id of a block's account, which must not be among those seen before, and adds it to them.
    pub read_account: fn(&mut Block<'_>, &mut BTreeSet<String>, &mut Problems) -> Option<String>,
    /// Reads the rest of the block. Without an account, only its problems are of interest.
    pub read_settings: fn(Block<'_>, Option<String>, &ReadWith<'_>, &mut Problems) -> Option<Settings>,
    /// The routes on which it sends webhooks, for the accounts that are its own; `public_url` is what CRMs call,
    /// without a trailing slash.
    pub webhooks: fn(public_url: &str, accounts: &[Connected], open: &Arc<OpenDeals>) -> Vec<WebhookRoute>,
    /// Where its app says which webhooks it wants, if an app does.
    pub subscriptions: Option<Subscriptions>,
    /// Writes what has it tell of changes of these fields of a deal, for [`super::OpenDeals`].
    pub follow: fn(public_url: &str, fields: &BTreeSet<String>) -> Vec<SetupFile>,
    /// What only a person can do to prepare an account.
    pub person_steps: fn(&SetupAt<'_>) -> Vec<PersonStep>,
}

/// A file for a CRM's own tool, to be put below the configuration's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetupFile {
    pub path: &'static str,
    pub text: String,
}

/// The webhook subscriptions of an app that is uploaded from a folder beside the configuration.
#[derive(Clone, Copy)]
pub struct Subscriptions {
    /// From the configuration's folder.
    pub directory: &'static str,
    /// Properties that no webhook tells of, although they are not calculated.
    pub silent: &'static [&'static str],
}

/// Every CRM, in the order in which the configuration is read.
pub const CONNECTORS: [Connector; 2] = [
    Connector {
        crm: CrmKind::Hubspot,
        read_account: hubspot::config::portal,
        read_settings: hubspot::config::read,
        webhooks: hubspot::webhooks,
        subscriptions: Some(hubspot::config::SUBSCRIPTIONS),
        follow: hubspot::subscriptions,
        person_steps: hubspot::person_steps,
    },
    Connector {
        crm: CrmKind::Salesforce,
        read_account: salesforce::config::org,
        read_settings: salesforce::config::read,
        webhooks: salesforce::webhooks,
        subscriptions: None,
        follow: salesforce::change_flow,
        person_steps: salesforce::person_steps,
    },
];

/// What the settings of an account depend on beside its block.
pub struct ReadWith<'a> {
    pub secrets: &'a Secrets<'a>,
    /// The accounts to read: one by its id or as `hubspot:48210077`, or all of a CRM by its name; others are passed over.
    /// `None` reads all.
    pub only: Option<&'a str>,
    /// Processes that serve this installation together.
    pub replicas: u32,
    /// CRMs reach us: the secrets that prove it are needed, and otherwise a mistake.
    pub webhooks: bool,
}

/// Reports secrets of webhooks that are named although none comes.
pub(super) fn no_webhooks(named: impl IntoIterator<Item = Option<Span>>, problems: &mut Problems) {
    let Some(span) = named.into_iter().flatten().next() else { return };
    let help = "write where CRMs reach the service: public_url = \"https://hooks.example.com\"; or remove this, and \
                the CRM is asked for wins";
    problems.error(span, "webhooks are to be verified, and without `public_url` none comes", help);
}

/// The settings of one account of a CRM.
pub trait AccountSettings: Any + fmt::Debug + Send + Sync {
    fn account(&self) -> AccountKey;

    fn api_url(&self) -> &str;

    /// Base of the web app, for pages that people open.
    fn app_url(&self) -> &str;

    /// Secrets by which the CRM signs webhooks together with the public address, as [`hubspot::sign_v3`] does.
    fn address_secrets(&self) -> &[SecretString] {
        &[]
    }

    /// A client of the account; makes no call. The error names the setting that is wrong.
    fn connect(&self, outbound: &Outbound) -> Result<Arc<dyn Crm>, String>;
}

/// The settings of any account.
pub type Settings = Arc<dyn AccountSettings>;

/// The accounts of one CRM: those whose settings are of its type.
pub(super) fn accounts_of<T: AccountSettings>(
    accounts: &[Connected],
) -> impl Iterator<Item = (&T, &Arc<dyn Crm>)> {
    accounts.iter().filter_map(|(settings, crm)| {
        let settings: &dyn Any = settings.as_ref();
        Some((settings.downcast_ref()?, crm))
    })
}
