//! Whether our credentials open the portal or org that is configured, and let us do what we have to.

use super::Finding;
use crate::clock::Clock;
use crate::config::Config;
use crate::crm::Crm;
use crate::server;
use handoff_core::mapping::Mapping;
use handoff_core::record::WantedFields;

pub(super) async fn look(config: &Config, mappings: &[Mapping], http: &reqwest::Client) -> Vec<Finding> {
    let clock = Clock::machine();
    let outbound = server::outbound(config, http.clone(), clock.clone());
    let wanted = |file: &std::path::Path| {
        let file = file.display().to_string();
        mappings.iter().find(|mapping| mapping.file == file).map(Mapping::wanted_fields).unwrap_or_default()
    };
    let mut found = Vec::new();
    for configured in &config.accounts {
        match configured.settings.connect(&outbound) {
            Ok(crm) => found.extend(account(&*crm, &wanted(&configured.mapping), &clock).await),
            Err(why) => {
                let remedy = "correct it in the account's block of the configuration";
                found.push(Finding::bad(&configured.settings.account().to_string(), why, remedy));
            }
        }
    }
    found
}

async fn account(crm: &dyn Crm, wanted: &WantedFields, clock: &Clock) -> Vec<Finding> {
    let key = crm.account();
    let subject = key.to_string();
    let metadata = match crm.metadata(wanted).await {
        Ok(metadata) => metadata,
        Err(failure) => {
            let remedy = "the answer names what is wrong: most often a token, a login, or an address";
            return vec![Finding::bad(&subject, failure.to_string(), remedy)];
        }
    };
    let mut found = Vec::new();
    match &metadata.opened {
        Some(opened) if *opened != key.account => {
            let remedy = "use the token of that account, or correct its id in the configuration";
            found.push(Finding::bad(&subject, format!("the credentials open {opened}"), remedy));
        }
        Some(_) => found.push(Finding::good(&subject, "the credentials open this account")),
        None => found.push(Finding::good(&subject, "the credentials are accepted")),
    }
    for lacking in &metadata.lacking {
        let permissions = lacking.permissions.join(" or ");
        found.push(Finding::bad(&subject, lacking.consequence.clone(), format!("grant {permissions}")));
    }
    for setting in &metadata.settings {
        found.push(Finding::bad(
            &subject,
            format!("{}: {}", setting.key, setting.message),
            setting.help.clone(),
        ));
    }
    match crm.won_since(clock.now()).await {
        Ok(_) => found.push(Finding::good(&subject, "won deals can be looked for")),
        Err(failure) => {
            let remedy = "let our user or app read deals, with all fields of the mapping";
            found.push(Finding::bad(&subject, failure.to_string(), remedy));
        }
    }
    found
}
