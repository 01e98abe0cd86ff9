//! `[[salesforce]]`: one block for each org.

use super::mapping_file::{self, MappingFiles};
use super::secret::Secrets;
use super::{SalesforceAuth, SalesforceConfig, defaults, url};
use crate::crm::salesforce::{Prefix, Salesforce, SalesforceId, webhook_key};
use crate::record::CrmKind;
use crate::source::{Block, Field, Node, Problems};

/// Reads all orgs. Mapping files that exist are added to `mappings`.
pub(super) fn orgs(
    nodes: &[&Node],
    secrets: &Secrets<'_>,
    mappings: &mut MappingFiles,
    problems: &mut Problems,
) -> Vec<SalesforceConfig> {
    let mut seen: Vec<String> = Vec::new();
    let mut orgs = Vec::new();
    for node in nodes {
        let Some(section) = Block::of(node, "[[salesforce]]", problems) else { continue };
        orgs.extend(org(section.at(node.span), &mut seen, secrets, mappings, problems));
    }
    orgs
}

fn org(
    mut section: Block<'_>,
    seen: &mut Vec<String>,
    secrets: &Secrets<'_>,
    mappings: &mut MappingFiles,
    problems: &mut Problems,
) -> Option<SalesforceConfig> {
    let span = section.span();
    let org = org_id(&mut section, seen, problems);
    let mapping = mapping_file::read(&mut section, CrmKind::Salesforce, mappings, problems);
    let instance = section.require(
        "instance_url",
        "write the org's My Domain: instance_url = \"https://acme.my.salesforce.com\"",
    );
    let instance_url = url::read(instance, problems);
    let login_url = url::read(section.take("login_url"), problems);
    let app_url = url::read(section.take("app_url"), problems);
    let api_version = section.take("api_version").text(problems).map(|(text, _)| text.to_owned());
    let webhook = secrets.several(&mut section, "webhook_secrets", problems);
    let body = secrets.several(&mut section, "body_secrets", problems);
    let outbound = section.take("outbound_secrets_sha256");
    let outbound_secrets_sha256 = hashes(outbound, problems);
    let client_certs_sha256 = hashes(section.take("client_certs_sha256"), problems);
    let client_cert_header =
        section.take("client_cert_header").text(problems).map(|(text, _)| text.to_owned());
    let task_status = section.take("task_status").text(problems).map(|(text, _)| text.to_owned());
    let task_key_field = section.take("task_key_field").text(problems).map(|(text, _)| text.to_owned());
    let (auth, audience) = auth(&mut section, secrets, problems);
    section.finish(problems);

    if let Some(span) = webhook.named.filter(|_| webhook.secrets.iter().any(|one| webhook_key(one).is_none()))
    {
        let help = "a Standard Webhooks secret is whsec_ and base64, as `openssl rand -base64 32` prints it";
        problems.error(span, "one of `webhook_secrets` is not a Standard Webhooks secret", help);
    }
    let no_outbound = !outbound.is_present() || outbound.is_empty_list();
    if webhook.listed == 0 && body.listed == 0 && no_outbound {
        let help = "add outbound_secrets_sha256 = [\"…\"] for Outbound Messages, or webhook_secrets_env or \
                    body_secrets_env for signed JSON";
        problems.error(span, "no webhook of this org could be verified", help);
    }
    if !client_certs_sha256.is_empty() && client_cert_header.is_none() {
        let help = "add client_cert_header with the header in which your proxy hands the certificate on";
        problems.error(span, "client certificates are pinned, but nothing says where they are seen", help);
    }
    let instance_url = instance_url?;
    let config = SalesforceConfig {
        org: org?,
        mapping: mapping?,
        login_url: login_url.unwrap_or_else(|| instance_url.clone()),
        app_url: app_url.unwrap_or_else(|| instance_url.clone()),
        instance_url,
        api_version: api_version.unwrap_or_else(|| defaults::SALESFORCE_API_VERSION.to_owned()),
        audience,
        auth: auth?,
        webhook_secrets: webhook.secrets,
        body_secrets: body.secrets,
        outbound_secrets_sha256,
        client_certs_sha256,
        client_cert_header,
        task_status,
        task_key_field,
    };
    // What only the client can judge: the version, the private key, the name of the key field.
    if let Err(problem) = Salesforce::check(&config) {
        problems.error(span, problem, "mend this setting, or see docs/salesforce.md");
        return None;
    }
    Some(config)
}

fn org_id(section: &mut Block<'_>, seen: &mut Vec<String>, problems: &mut Problems) -> Option<String> {
    let help = "write the organisation id from Setup > Company Information: org = \"00DHn0000012AbCMAU\"";
    let (text, span) = section.require("org", help).text(problems)?;
    let Some(org) = SalesforceId::of(Prefix::Organization, text) else {
        problems.error(span, format!("`{text}` is not an organisation id"), help);
        return None;
    };
    let org = org.to_string();
    if seen.contains(&org) {
        problems.error(span, format!("org {org} is configured twice"), "keep one [[salesforce]] block");
        return None;
    }
    seen.push(org.clone());
    Some(org)
}

/// Hex SHA-256 hashes.
fn hashes(field: Field<'_>, problems: &mut Problems) -> Vec<String> {
    let texts = if field.is_empty_list() { Vec::new() } else { field.texts(problems) };
    let mut hashes = Vec::new();
    for (text, span) in texts {
        let digits = text.replace(':', "").to_lowercase();
        if digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            hashes.push(digits);
        } else {
            // Perhaps the secret itself was written here.
            problems.conceal(span);
            let help = "write the 64 digits that `printf %s THE-SECRET | sha256sum` prints";
            problems.error(span, "this is not a SHA-256 hash", help);
        }
    }
    hashes
}

fn auth(
    section: &mut Block<'_>,
    secrets: &Secrets<'_>,
    problems: &mut Problems,
) -> (Option<SalesforceAuth>, String) {
    let span = section.span();
    let (jwt, credentials) = (section.take("jwt"), section.take("client_credentials"));
    match (jwt.key_span(), credentials.key_span()) {
        (None, None) => {
            let help = "add a [salesforce.jwt] block with client_id, username and private_key_file";
            problems.error(span, "nothing says how to log in to this org", help);
        }
        (Some(_), Some(second)) => {
            problems.error(second, "this org has two ways to log in", "keep [salesforce.jwt]");
        }
        _ => {}
    }
    let mut audience = defaults::SALESFORCE_AUDIENCE.to_owned();
    let jwt = jwt.block(problems).and_then(|section| self::jwt(section, &mut audience, secrets, problems));
    let credentials =
        credentials.block(problems).and_then(|section| self::credentials(section, secrets, problems));
    (jwt.or(credentials), audience)
}

fn jwt(
    mut section: Block<'_>,
    audience: &mut String,
    secrets: &Secrets<'_>,
    problems: &mut Problems,
) -> Option<SalesforceAuth> {
    let client_id = section.require("client_id", "write the consumer key").text(problems);
    let username = section.require("username", "write the integration user's name").text(problems);
    let key = secrets.one(&mut section, "private_key", problems);
    if key.named.is_none() {
        let help = "add private_key_file = \"handoff-salesforce.key\"";
        problems.error(section.span(), "the login needs `private_key`", help);
    }
    if let Some(url) = url::read(section.take("audience"), problems) {
        *audience = url;
    }
    section.finish(problems);
    let (client_id, username) = (client_id?.0.to_owned(), username?.0.to_owned());
    Some(SalesforceAuth::Jwt { client_id, username, private_key: key.only()? })
}

fn credentials(
    mut section: Block<'_>,
    secrets: &Secrets<'_>,
    problems: &mut Problems,
) -> Option<SalesforceAuth> {
    let client_id = section.require("client_id", "write the consumer key").text(problems);
    let secret = secrets.one(&mut section, "client_secret", problems);
    if secret.named.is_none() {
        let help = "add client_secret_env = \"SALESFORCE_CLIENT_SECRET\"";
        problems.error(section.span(), "the login needs `client_secret`", help);
    }
    section.finish(problems);
    Some(SalesforceAuth::ClientCredentials {
        client_id: client_id?.0.to_owned(),
        client_secret: secret.only()?,
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use insta::assert_snapshot;

    use super::super::load::parse;
    use super::super::secret::Secrets;

    /// A configuration with one org; `changes` are made to its text.
    fn problems(changes: &[(&str, &str)]) -> String {
        let directory = tempfile::tempdir().unwrap();
        let mapping = directory.path().join("salesforce.yaml");
        std::fs::write(&mapping, "").unwrap();
        let mut text = format!(
            "public_url = \"https://hooks.example.com\"\n\n[[salesforce]]\norg = \"00DHn0000012AbC\"\n\
             mapping = '{}'\ninstance_url = \"https://acme.my.salesforce.com\"\n\
             webhook_secrets_env = [\"WEBHOOK\"]\nclient_credentials.client_id = \"key\"\n\
             client_credentials.client_secret_env = \"CLIENT\"\n\n[slack]\nbot_token_env = \"BOT\"\n",
            mapping.display()
        );
        for (from, to) in changes {
            assert!(text.contains(from), "{from}");
            text = text.replace(from, to);
        }
        let env = |name: &str| match name {
            "WEBHOOK" => Some("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=".to_owned()),
            "CLIENT" | "BOT" | "PLAIN" => Some("something!".to_owned()),
            _ => None,
        };
        let loaded = parse("handoff.toml", &text, &Secrets { env: &env, directory: Path::new("") });
        loaded.problems.to_string()
    }

    #[test]
    fn an_org_alone_is_enough() {
        assert_eq!(problems(&[]), "");
    }

    #[test]
    fn an_organisation_id_with_a_typing_mistake_is_found_by_its_checksum() {
        assert_snapshot!(problems(&[("00DHn0000012AbC", "00DHn0000012AbCMAX")]), @r#"
        error: `00DHn0000012AbCMAX` is not an organisation id
         --> handoff.toml:4:7
          |
        4 | org = "00DHn0000012AbCMAX"
          |       ^^^^^^^^^^^^^^^^^^^^
          |
          = help: write the organisation id from Setup > Company Information: org = "00DHn0000012AbCMAU"
        "#);
    }

    #[test]
    fn a_secret_in_place_of_its_hash_is_refused_and_not_shown() {
        let text =
            problems(&[("webhook_secrets_env = [\"WEBHOOK\"]", "outbound_secrets_sha256 = [\"hunter2\"]")]);
        assert!(!text.contains("hunter2"), "{text}");
        assert_snapshot!(text, @r#"
        error: this is not a SHA-256 hash
         --> handoff.toml:7:28
          |
        7 | outbound_secrets_sha256 = ***********
          |                            ^^^^^^^^^
          |
          = help: write the 64 digits that `printf %s THE-SECRET | sha256sum` prints
        "#);
    }

    #[test]
    fn a_webhook_secret_that_is_no_standard_webhooks_secret_is_refused() {
        assert_snapshot!(problems(&[("\"WEBHOOK\"", "\"PLAIN\"")]), @r#"
        error: one of `webhook_secrets` is not a Standard Webhooks secret
         --> handoff.toml:7:1
          |
        7 | webhook_secrets_env = ["PLAIN"]
          | ^^^^^^^^^^^^^^^^^^^
          |
          = help: a Standard Webhooks secret is whsec_ and base64, as `openssl rand -base64 32` prints it
        "#);
    }

    #[test]
    fn an_api_version_that_is_too_old_is_refused() {
        let old = ("instance_url =", "api_version = \"v42.0\"\ninstance_url =");
        assert_snapshot!(problems(&[old]), @"
        error: api_version must be v58.0 or later, such as v66.0
         --> handoff.toml:3:1
          |
        3 | [[salesforce]]
          | ^^^^^^^^^^^^^^
          |
          = help: mend this setting, or see docs/salesforce.md
        ");
    }

    #[test]
    fn two_ways_to_log_in_are_one_too_many() {
        let second = ("client_credentials.client_id", "jwt.client_id = \"x\"\nclient_credentials.client_id");
        assert_snapshot!(problems(&[second]), @r#"
        error: the login needs `private_key`
         --> handoff.toml:8:1
          |
        8 | jwt.client_id = "x"
          | ^^^
          |
          = help: add private_key_file = "handoff-salesforce.key"

        error: `username` is missing
         --> handoff.toml:8:1
          |
        8 | jwt.client_id = "x"
          | ^^^
          |
          = help: write the integration user's name

        error: this org has two ways to log in
         --> handoff.toml:9:1
          |
        9 | client_credentials.client_id = "key"
          | ^^^^^^^^^^^^^^^^^^
          |
          = help: keep [salesforce.jwt]
        "#);
    }
}
