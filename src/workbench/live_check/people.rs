//! `roles`: labels, contact roles and buying roles that the account does not have.

use super::fields::or;
use super::{nearest, speech};
use crate::record::{AccountMetadata, CrmKind, CrmObject, OptionMetadata};
use crate::source::Problems;
use crate::workbench::lint::draft::{Draft, Labelled};
use crate::workbench::lint::verdict::same;

/// The property with a contact's buying role.
const BUYING_ROLE: &str = "hs_buying_role";

pub(crate) fn look(draft: &Draft<'_>, account: &AccountMetadata, problems: &mut Problems) {
    let crm = account.account.crm;
    if let Some(known) = &account.labels {
        match (draft.labels.first(), crm) {
            // Without the subscription that has labels, every line would be reported.
            (Some(first), CrmKind::Hubspot) if known.is_empty() => {
                let message = format!(
                    "{} has no labels between deals and contacts: nobody gets a role from here",
                    speech::account(account)
                );
                let help = "make them under Settings > Objects > Deals > Associations (Professional or Enterprise), or \
                            rely on `buying_roles`";
                problems.warning(first.span, message, help);
            }
            _ => words(&draft.labels, known, label_of(crm), account, problems),
        }
    }
    let buying = account.field(CrmObject::Contact, BUYING_ROLE).filter(|field| !field.options.is_empty());
    if let (CrmKind::Hubspot, Some(field)) = (crm, buying) {
        words(&draft.buying_roles, &field.options, "buying role", account, problems);
    }
}

fn label_of(crm: CrmKind) -> &'static str {
    match crm {
        CrmKind::Hubspot => "association label",
        CrmKind::Salesforce => "contact role",
    }
}

fn words(
    named: &[Labelled<'_>],
    known: &[OptionMetadata],
    what: &str,
    account: &AccountMetadata,
    problems: &mut Problems,
) {
    for Labelled { word, span, .. } in named {
        if known.iter().any(|option| same(&option.value, word)) {
            continue;
        }
        if let Some(option) = known.iter().find(|option| same(&option.label, word)) {
            let message = format!("`{word}` is what people read, not the {what} as it is stored");
            problems.error(*span, message, format!("write `{}`", option.value));
            continue;
        }
        let quoted = |option: &OptionMetadata| format!("`{}`", option.value);
        let message =
            format!("{} has no {what} `{word}`: nobody ever gets a role from it", speech::account(account));
        let meant: Vec<String> = nearest::options(word, known).into_iter().map(quoted).collect();
        let all: Vec<String> = known.iter().take(5).map(quoted).collect();
        let help = match (or(&meant), or(&all)) {
            (Some(meant), _) => format!("did you mean {meant}?"),
            (None, Some(all)) if known.len() <= 5 => format!("remove the line, or write {all}"),
            (None, Some(all)) => format!("remove the line, or write one that is there, such as {all}"),
            (None, None) => "remove the line, or add the value in the CRM".to_owned(),
        };
        problems.error(*span, message, help);
    }
}
