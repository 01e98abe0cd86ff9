//! `[[hubspot]]`: one block for each portal.

use std::path::PathBuf;

use super::mapping_file::{self, MappingFiles};
use super::secret::Secrets;
use super::{HubspotAuth, HubspotConfig, defaults, url};
use crate::record::CrmKind;
use crate::source::{Block, Field, Node, Problems};

/// Reads all portals. Mapping files that exist are added to `mappings`.
pub(super) fn portals(
    nodes: &[&Node],
    replicas: u32,
    secrets: &Secrets<'_>,
    mappings: &mut MappingFiles,
    problems: &mut Problems,
) -> Vec<HubspotConfig> {
    let mut seen: Vec<String> = Vec::new();
    let mut portals = Vec::new();
    for node in nodes {
        let Some(mut section) = Block::of(node, "[[hubspot]]", problems) else { continue };
        let portal = portal(&mut section, &mut seen, problems);
        let mapping = mapping_file::read(&mut section, CrmKind::Hubspot, mappings, problems);
        portals.extend(settings(section.at(node.span), (portal, mapping), replicas, secrets, problems));
    }
    portals
}

/// Everything but the portal id and the mapping, which [`portals`] compares across blocks.
fn settings(
    mut section: Block<'_>,
    (portal, mapping): (Option<String>, Option<PathBuf>),
    replicas: u32,
    secrets: &Secrets<'_>,
    problems: &mut Problems,
) -> Option<HubspotConfig> {
    let span = section.span();
    let api = url::read(section.take("api_url"), problems);
    let app = url::read(section.take("app_url"), problems);
    let api_version = api_version(section.take("api_version"), problems);
    let client = secrets.several(&mut section, "client_secrets", problems);
    let workflow = secrets.several(&mut section, "workflow_secrets", problems);
    let auth = auth(&mut section, secrets, problems);
    let calls = section.take("calls_per_10s");
    let calls_per_10s = calls.integer(1, 250, problems).unwrap_or(defaults::HUBSPOT_CALLS_PER_10S);
    if let Some(span) = calls.value_span().filter(|_| calls_per_10s < replicas) {
        let help = format!("write at least {replicas}, one for each of the replicas under [work]");
        problems.error(
            span,
            format!("{calls_per_10s} calls cannot be divided among {replicas} replicas"),
            help,
        );
    }
    section.finish(problems);
    if client.named.is_none() && workflow.named.is_none() {
        let help = "add client_secrets_env = [\"HUBSPOT_CLIENT_SECRET\"] with the client secret of the app";
        problems.error(span, "no webhook of this portal could be verified", help);
    } else if client.listed == 0 && workflow.listed == 0 {
        let help = "name at least one client secret";
        problems.error(
            client.named.or(workflow.named).unwrap_or(span),
            "no webhook of this portal could be verified",
            help,
        );
    }
    Some(HubspotConfig {
        portal: portal?,
        mapping: mapping?,
        api_url: api.unwrap_or_else(|| defaults::HUBSPOT_API.to_owned()),
        app_url: app.unwrap_or_else(|| defaults::HUBSPOT_APP.to_owned()),
        api_version: api_version.unwrap_or_else(|| defaults::HUBSPOT_API_VERSION.to_owned()),
        client_secrets: client.secrets,
        workflow_secrets: workflow.secrets,
        auth: auth?,
        calls_per_10s,
        replicas,
    })
}

fn portal(section: &mut Block<'_>, seen: &mut Vec<String>, problems: &mut Problems) -> Option<String> {
    let field = section
        .require("portal", "write the portal id, the number in HubSpot's address bar: portal = \"48210077\"");
    let (portal, span) = field.text(problems)?;
    if !portal.bytes().all(|byte| byte.is_ascii_digit()) {
        let help = "write the number in HubSpot's address bar: portal = \"48210077\"";
        problems.error(span, format!("`{portal}` is not a portal id"), help);
        return None;
    }
    if seen.iter().any(|other| other == portal) {
        let message = format!("portal {portal} is configured twice");
        problems.error(span, message, "keep one [[hubspot]] block; it can list several secrets");
        return None;
    }
    seen.push(portal.to_owned());
    Some(portal.to_owned())
}

/// Versions are named by year and month, some with `-beta`.
fn api_version(field: Field<'_>, problems: &mut Problems) -> Option<String> {
    let (text, span) = field.text(problems)?;
    let date = text.strip_suffix("-beta").unwrap_or(text);
    let digits = |part: &str, length| part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit());
    if date.split_once('-').is_some_and(|(year, month)| digits(year, 4) && digits(month, 2)) {
        return Some(text.to_owned());
    }
    let help = format!("write year and month: api_version = \"{}\"", defaults::HUBSPOT_API_VERSION);
    problems.error(span, format!("`{text}` is not a dated API version"), help);
    None
}

fn auth(section: &mut Block<'_>, secrets: &Secrets<'_>, problems: &mut Problems) -> Option<HubspotAuth> {
    let span = section.span();
    let token = secrets.one(section, "token", problems);
    let oauth = section.take("oauth");
    match (token.named, oauth.key_span()) {
        (None, None) => {
            let help = "add token_env = \"HUBSPOT_TOKEN\", or a [hubspot.oauth] block";
            problems.error(span, "no token to call this portal with", help);
        }
        (Some(_), Some(second)) => {
            problems.error(second, "this portal has a token and OAuth", "keep one of the two");
        }
        _ => {}
    }
    let oauth = oauth.block(problems).and_then(|oauth| self::oauth(oauth, secrets, problems));
    token.only().map(HubspotAuth::Token).or(oauth)
}

fn oauth(mut section: Block<'_>, secrets: &Secrets<'_>, problems: &mut Problems) -> Option<HubspotAuth> {
    let span = section.span();
    let client_id = section.require("client_id", "write the app's client id").text(problems);
    let secret = secrets.one(&mut section, "client_secret", problems);
    let refresh = secrets.one(&mut section, "refresh_token", problems);
    section.finish(problems);
    for (key, found) in [("client_secret", &secret), ("refresh_token", &refresh)] {
        if found.named.is_none() {
            let help = format!("add {key}_env with the name of an environment variable");
            problems.error(span, format!("OAuth needs `{key}`"), help);
        }
    }
    let refresh_token_file = refresh.files.first().cloned();
    Some(HubspotAuth::OAuth {
        client_id: client_id?.0.to_owned(),
        client_secret: secret.only()?,
        refresh_token: refresh.only()?,
        refresh_token_file,
    })
}
