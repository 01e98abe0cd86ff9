//! `[[hubspot]]`, `[[salesforce]]`: one block for each account. What stands in a block is for its CRM to read.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::AccountConfig;
use crate::crm::{CONNECTORS, ReadWith};
use crate::settings::Secrets;
use handoff_core::record::CrmKind;
use handoff_core::source::{Block, Problems};

/// Every mapping file that exists, once for each CRM whose accounts name it.
pub type MappingFiles = Vec<(CrmKind, PathBuf)>;

/// Reads all accounts. Mapping files that exist are added to `mappings`.
pub(super) fn read(
    top: &mut Block<'_>,
    with: &ReadWith<'_>,
    mappings: &mut MappingFiles,
    problems: &mut Problems,
) -> Vec<AccountConfig> {
    let blocks = CONNECTORS.map(|connector| (connector, top.take(connector.crm.as_str())));
    if blocks.iter().all(|(_, blocks)| !blocks.is_present()) {
        let blocks = CONNECTORS
            .map(|known| format!("a [[{}]] block for each {}", known.crm, known.crm.dialect().nouns.account));
        problems.error(top.span(), "no CRM account is configured", format!("add {}", blocks.join(", ")));
    }
    let mut accounts = Vec::new();
    for (connector, blocks) in blocks {
        let mut seen = BTreeSet::new();
        for node in blocks.list(problems) {
            let block = format!("[[{}]]", connector.crm);
            let Some(section) = Block::of(node, &block, problems) else { continue };
            let mut section = section.at(node.span);
            let account = (connector.read_account)(&mut section, &mut seen, problems);
            let is_wanted = |id: &str| {
                with.only
                    .is_none_or(|only| only == connector.crm.as_str() || only.rsplit(':').next() == Some(id))
            };
            if account.as_deref().is_some_and(|id| !is_wanted(id)) {
                continue;
            }
            let mapping = mapping_file(&mut section, connector.crm, with.secrets, mappings, problems);
            let account = account.filter(|_| mapping.is_some());
            let settings = (connector.read_settings)(section, account, with, problems);
            let account = settings.zip(mapping);
            accounts.extend(account.map(|(settings, mapping)| AccountConfig { settings, mapping }));
        }
    }
    accounts
}

/// Reads the key `mapping` and adds the file to `files` if it is new.
fn mapping_file(
    section: &mut Block<'_>,
    crm: CrmKind,
    secrets: &Secrets<'_>,
    files: &mut MappingFiles,
    problems: &mut Problems,
) -> Option<PathBuf> {
    let help = format!("write which mapping file to use: mapping = \"mappings/{crm}.yaml\"");
    let (text, span) = section.require("mapping", &help).text(problems)?;
    let path = secrets.beside(text);
    if secrets.serving && !path.is_file() {
        let help = secrets.moved(text).unwrap_or_else(|| {
            "write the path as seen from this file; `handoff init --from-crm` writes a first mapping there".to_owned()
        });
        problems.error(span, format!("there is no mapping file {}", path.display()), help);
        return None;
    }
    if !files.iter().any(|(known_crm, known)| *known_crm == crm && *known == path) {
        files.push((crm, path.clone()));
    }
    Some(path)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use insta::assert_snapshot;

    use super::super::load::parse;
    use crate::settings::Secrets;

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
            "CLIENT" | "BOT" | "PLAIN" => Some("something of a secret".to_owned()),
            _ => None,
        };
        let loaded =
            parse("handoff.toml", &text, &Secrets { env: &env, directory: Path::new(""), serving: true });
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
          = help: a Standard Webhooks secret is whsec_ and at least 24 bytes in base64, as `openssl rand -base64 32` prints it
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
