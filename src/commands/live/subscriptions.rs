//! The webhook subscriptions in the HubSpot project that lies beside the configuration: properties that do not exist,
//! and calculated ones, whose changes no webhook tells of.
//!
//! <https://developers.hubspot.com/docs/apps/developer-platform/add-features/configure-webhooks>

use std::collections::BTreeSet;
use std::path::Path;

use crate::crm::{CONNECTORS, Connector, Subscriptions};
use handoff_core::record::{AccountMetadata, CrmKind, CrmObject, FieldObject, WantedFields};
use handoff_core::source::{self, Block, Node, Problems};

/// The files with subscriptions, each with its CRM, what that is silent about, and what is wrong with the file.
pub(super) struct Files(Vec<(CrmKind, Subscriptions, Problems)>);

impl Files {
    /// Every `*-hsmeta.json` of the project beside a configuration file; none if there is no such project.
    pub(super) fn beside(config_file: &Path) -> Self {
        let mut files = Vec::new();
        for Connector { crm, subscriptions, .. } in CONNECTORS {
            let Some(subscriptions) = subscriptions else { continue };
            let directory = config_file.parent().unwrap_or(Path::new("")).join(subscriptions.directory);
            let Ok(entries) = std::fs::read_dir(directory) else { continue };
            let mut paths: Vec<_> =
                entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
            paths.retain(|path| path.to_string_lossy().ends_with("-hsmeta.json"));
            paths.sort();
            for path in paths {
                let Ok(text) = std::fs::read_to_string(&path) else { continue };
                files.push((crm, subscriptions, Problems::new(&path.display().to_string(), &text)));
            }
        }
        Self(files)
    }

    /// Compares them with an account, and with what its mapping reads.
    pub(super) fn compare(&mut self, account: &AccountMetadata, wanted: &WantedFields) {
        for (crm, subscriptions, problems) in &mut self.0 {
            if account.account.crm == *crm {
                compare(account, wanted, subscriptions, problems);
            }
        }
    }

    /// The files in which something was found.
    pub(super) fn into_problems(self) -> impl Iterator<Item = Problems> {
        self.0.into_iter().map(|(.., problems)| problems).filter(|problems| !problems.is_empty())
    }
}

fn compare(account: &AccountMetadata, wanted: &WantedFields, of: &Subscriptions, problems: &mut Problems) {
    let text = problems.text().to_owned();
    // JSON is YAML, and this reader knows places.
    let silent = &mut Problems::default();
    let Some(root) = source::yaml(&text, silent) else { return };
    let Some(mut subscriptions) = Block::of(&root, "", silent)
        .and_then(|mut top| top.take("config").block(silent))
        .and_then(|mut config| config.take("subscriptions").block(silent))
    else {
        return;
    };
    let (mut told, mut place) = (BTreeSet::new(), None);
    for key in ["crmObjects", "legacyCrmObjects"] {
        let field = subscriptions.take(key);
        place = place.or(field.key_span());
        for node in field.list(silent) {
            told.extend(subscription(node, account, of, problems));
        }
    }
    let of_deals = wanted.paths.iter().filter(|path| path.object == FieldObject::Deal);
    let can_tell = |name: &&str| {
        account.field(CrmObject::Deal, name).is_some_and(|field| !field.calculated)
            && !of.silent.contains(name)
    };
    let (heard, silent): (Vec<&str>, Vec<&str>) =
        of_deals.map(|path| path.name.as_str()).filter(can_tell).partition(|name| told.contains(*name));
    // Who subscribes to none of them leaves it to the schedule.
    if let (Some(place), Some(_), [first, ..]) = (place, heard.first(), silent.as_slice()) {
        let message = format!(
            "no webhook tells when `{first}` changes, and the mapping reads it ({} such fields)",
            silent.len()
        );
        problems.warning(place, message, "write the file again: handoff init --subscriptions --force");
    }
}

/// Returns the property of a deal that it is about.
fn subscription(
    node: &Node,
    account: &AccountMetadata,
    of: &Subscriptions,
    problems: &mut Problems,
) -> Option<String> {
    let silent = &mut Problems::default();
    let mut block = Block::of(node, "", silent)?;
    let active = block.take("active").text(silent).is_none_or(|(active, _)| active == "true");
    let on_deals =
        block.take("objectType").text(silent).is_none_or(|(object, _)| matches!(object, "deal" | "0-3"));
    let (name, span) = block.take("propertyName").text(silent).filter(|_| active && on_deals)?;
    let help = "subscribe to `dealstage`: it changes whenever a deal is won";
    match account.field(CrmObject::Deal, name) {
        None if account.fields(CrmObject::Deal).is_some() => {
            let message = format!(
                "portal {} has no deal property `{name}`: no webhook ever comes",
                account.account.account
            );
            problems.error(span, message, help);
        }
        Some(field) if field.calculated || of.silent.contains(&name) => {
            let message =
                format!("`{name}` ({}) is calculated: HubSpot sends no webhook when it changes", field.label);
            problems.error(span, message, help);
        }
        _ => {}
    }
    Some(name.to_owned())
}
