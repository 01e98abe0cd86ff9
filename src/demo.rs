//! A demo installation: the sandbox with the story of `handoff demo` in it, and what a person writes to connect the
//! service to it, a configuration, mappings and a few secrets. `handoff demo` and tests use it.

use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::clock::Clock;
use crate::store::StoreUrl;
use handoff_sandbox::{Sandbox, deals, opportunities};

/// The mapping for HubSpot that the product ships.
pub const HUBSPOT_MAPPING: &str = include_str!("../mappings/hubspot.yaml");

/// The mapping for Salesforce that the product ships.
pub const SALESFORCE_MAPPING: &str = include_str!("../mappings/salesforce.yaml");

/// The address that the sandbox's HubSpot calls, and signs over. Nothing listens there: like behind a proxy,
/// requests arrive somewhere else.
pub const PUBLIC_URL: &str = "https://hooks.example.com";

/// The secret that a workflow of the sandbox's HubSpot sends in a header.
pub const WORKFLOW_SECRET: &str = "sandbox-workflow-secret";

/// Starts a sandbox on the time of `clock`, with the story in it and nothing won yet.
pub fn start_sandbox(clock: &Clock) -> io::Result<Sandbox> {
    let (start, clock) = (clock.now(), clock.clone());
    let sandbox = Sandbox::start(move || clock.now())?;
    deals::set_up(&sandbox, start);
    opportunities::set_up(&sandbox, start);
    Ok(sandbox)
}

/// The files of one installation, in a directory of its own.
#[derive(Debug, Clone)]
pub struct Installation {
    pub config: PathBuf,
    pub mapping: PathBuf,
    pub salesforce_mapping: PathBuf,
}

impl Installation {
    /// Writes configuration and mapping for a service that talks to this sandbox. `work` goes into the
    /// `[work]` section as it is.
    pub fn write(directory: &Path, sandbox: &Sandbox, work: &str) -> io::Result<Self> {
        let installation = Self {
            config: directory.join("handoff.toml"),
            mapping: directory.join("hubspot.yaml"),
            salesforce_mapping: directory.join("salesforce.yaml"),
        };
        std::fs::write(&installation.mapping, HUBSPOT_MAPPING)?;
        std::fs::write(&installation.salesforce_mapping, SALESFORCE_MAPPING)?;
        std::fs::write(directory.join("salesforce.key"), &opportunities::JWT_KEY.private_pem)?;
        let config = format!(
            r#"public_url = "{PUBLIC_URL}"
listen = "127.0.0.1:0"
operator_listen = "127.0.0.1:0"

[store]
url = 'sqlite:{database}'

[log]
format = "json"

[work]
{work}

[[hubspot]]
portal = "{portal}"
mapping = '{mapping}'
client_secrets_env = ["HUBSPOT_CLIENT_SECRET"]
workflow_secrets_env = ["HUBSPOT_WORKFLOW_SECRET"]
token_env = "HUBSPOT_TOKEN"
api_url = "{hubspot}"

[[salesforce]]
org = "{org}"
mapping = '{salesforce_mapping}'
instance_url = "{salesforce}"
outbound_secrets_sha256 = ["{outbound}"]
webhook_secrets_env = ["SALESFORCE_WEBHOOK_SECRET"]
body_secrets_env = ["SALESFORCE_BODY_SECRET"]
[salesforce.jwt]
client_id = "{client_id}"
username = "{username}"
private_key_file = "salesforce.key"

[slack]
bot_token_env = "SLACK_BOT_TOKEN"
api_url = "{slack}"
"#,
            database = directory.join("handoff.db").display(),
            mapping = installation.mapping.display(),
            portal = deals::PORTAL,
            hubspot = sandbox.hubspot.url(),
            org = opportunities::ORG,
            salesforce_mapping = installation.salesforce_mapping.display(),
            salesforce = sandbox.salesforce.url(),
            outbound = hex::encode(Sha256::digest(opportunities::OUTBOUND_SECRET)),
            client_id = opportunities::CONSUMER_KEY,
            username = opportunities::USERNAME,
            slack = sandbox.slack.api_url(),
        );
        std::fs::write(&installation.config, config)?;
        Ok(installation)
    }

    /// Changes the configuration: the store is there instead of beside it. The URL may hold a password, so it
    /// goes into a file of its own.
    pub fn keeps_its_store_at(&self, url: &StoreUrl) -> io::Result<()> {
        let url = match url {
            StoreUrl::Sqlite(path) => format!("sqlite:{}", path.display()),
            StoreUrl::Postgres(url) => url.clone(),
        };
        std::fs::write(self.config.with_file_name("store-url"), url)?;
        let config = std::fs::read_to_string(&self.config)?;
        let line = |line: &str| {
            let line = if line.starts_with("url = 'sqlite:") { "url_file = 'store-url'" } else { line };
            format!("{line}\n")
        };
        std::fs::write(&self.config, config.lines().map(line).collect::<String>())
    }

    /// Changes the configuration: clicks in Slack come in over `transport`, `http` or `socket`.
    pub fn takes_clicks(&self, transport: &str) -> io::Result<()> {
        let token = "bot_token_env = \"SLACK_BOT_TOKEN\"\n";
        let interactive = format!(
            "{token}interactive = \"{transport}\"\n\
             signing_secrets_env = [\"SLACK_SIGNING_SECRET\"]\napp_token_env = \"SLACK_APP_TOKEN\"\n"
        );
        let config = std::fs::read_to_string(&self.config)?;
        std::fs::write(&self.config, config.replace(token, &interactive))
    }

    /// Changes both mappings: people are asked in direct messages too, at any hour of a working day.
    pub fn asks_in_direct_messages(&self) -> io::Result<()> {
        for mapping in [&self.mapping, &self.salesforce_mapping] {
            let text = std::fs::read_to_string(mapping)?;
            let asks = "\nslack:\n  ask: dm\n  hours: \"0-24\"\n";
            std::fs::write(mapping, text.replacen("\nslack:\n", asks, 1))?;
        }
        Ok(())
    }

    /// Changes both mappings: answers are written to the fields that they are shipped with as comments.
    pub fn writes_answers(&self) -> io::Result<()> {
        for mapping in [&self.mapping, &self.salesforce_mapping] {
            let text = std::fs::read_to_string(mapping)?;
            std::fs::write(
                mapping,
                text.replace("# write: ", "write: ").replace("# write_due: ", "write_due: "),
            )?;
        }
        Ok(())
    }

    /// The secrets that the configuration names.
    pub fn environment() -> [(&'static str, &'static str); 8] {
        [
            ("HUBSPOT_CLIENT_SECRET", deals::CLIENT_SECRET),
            ("HUBSPOT_WORKFLOW_SECRET", WORKFLOW_SECRET),
            ("HUBSPOT_TOKEN", deals::TOKEN),
            ("SALESFORCE_WEBHOOK_SECRET", opportunities::WEBHOOK_SECRET),
            ("SALESFORCE_BODY_SECRET", opportunities::BODY_SECRET),
            ("SLACK_BOT_TOKEN", deals::BOT_TOKEN),
            ("SLACK_SIGNING_SECRET", deals::SIGNING_SECRET),
            ("SLACK_APP_TOKEN", deals::APP_TOKEN),
        ]
    }

    /// Looks a secret up, as the service would in its environment.
    pub fn secret(name: &str) -> Option<String> {
        let found = Self::environment().into_iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| value.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use handoff_core::packet::{Role, SectionName};
    use handoff_core::record::{FieldObject, FieldPath};
    use handoff_core::workbench::lint::parse;
    use handoff_sandbox::salesforce::Object;

    #[test]
    fn the_mapping_as_shipped_reads_what_the_org_has_and_nothing_else() {
        let (mapping, problems) = parse("mappings/salesforce.yaml", SALESFORCE_MAPPING);
        assert!(problems.is_empty(), "{problems}");
        let mapping = mapping.unwrap();
        assert_eq!(mapping.crm.as_str(), "salesforce");
        assert_eq!(mapping.sections.len(), SectionName::ALL.len());
        let org = opportunities::org("2026-11-20T08:00:00Z".parse().unwrap());
        let has = |path: &FieldPath| {
            let object = match path.object {
                FieldObject::Deal => Object::Opportunity,
                FieldObject::Company => Object::Account,
                FieldObject::Owner => Object::User,
                FieldObject::LineItems => Object::LineItem,
            };
            org.field(object, &path.name).is_some()
        };
        let wanted = mapping.wanted_fields();
        assert_eq!(wanted.paths.iter().find(|path| !has(path)), None);
        for field in org.fields_of(Object::Opportunity).filter(|field| field.is_custom()) {
            assert!(wanted.paths.contains(&FieldPath::deal(&field.name)), "{}", field.name);
        }
        let roles = &org.field(Object::ContactRole, "Role").unwrap().choices;
        let unknown =
            mapping.roles.labels.keys().find(|label| !roles.iter().any(|role| role.value == **label));
        assert_eq!(unknown, None);
        for role in Role::ALL {
            assert!(mapping.roles.labels.values().any(|known| *known == role), "{role:?}");
        }
    }
}
