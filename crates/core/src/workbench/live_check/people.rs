//! `roles`: labels, contact roles and buying roles that the account does not have.

use super::nearest;
use crate::mapping::file::ast::{Label, MappingFile};
use crate::packet::RoleTarget;
use crate::record::{AccountMetadata, CrmObject, OptionMetadata};
use crate::source::Problems;
use crate::workbench::lint::logic::same;

pub(super) fn check(file: &MappingFile, account: &AccountMetadata, problems: &mut Problems) {
    let dialect = account.dialect();
    if let Some(known) = &account.labels {
        match (file.roles.labels.first(), dialect.hints.no_labels) {
            // Without the subscription that has labels, every line would be reported.
            (Some(first), Some(help)) if known.is_empty() => {
                let message = format!(
                    "{} has no labels between deals and contacts: nobody gets a role from here",
                    account.named()
                );
                problems.warning(first.span, message, help);
            }
            _ => words(&file.roles.labels, known, dialect.nouns.label, account, problems),
        }
    }
    if let Some(target) = &file.roles.write
        && target.value == RoleTarget::Roles
        && account.may_give_roles == Some(false)
    {
        let message =
            format!("{} lets our user create no contact roles: none can be written", account.named());
        problems.error(target.span, message, dialect.hints.read_only.1);
    }
    let buying = dialect.fields.buying_role.and_then(|name| account.field(CrmObject::Contact, name));
    if let Some(field) = buying.filter(|field| !field.options.is_empty()) {
        words(&file.roles.buying, &field.options, "buying role", account, problems);
    }
}

fn words(
    named: &[Label],
    known: &[OptionMetadata],
    what: &str,
    account: &AccountMetadata,
    problems: &mut Problems,
) {
    for Label { word, span, .. } in named {
        if known.iter().any(|option| same(&option.value, word)) {
            continue;
        }
        if let Some(option) = known.iter().find(|option| same(&option.label, word)) {
            let message = format!("`{word}` is what people read, not the {what} as it is stored");
            problems.error(*span, message, format!("write `{}`", option.value));
            continue;
        }
        let quoted = |option: &OptionMetadata| format!("`{}`", option.value);
        let message = format!("{} has no {what} `{word}`: nobody ever gets a role from it", account.named());
        let help = match nearest::offers(word, known, quoted) {
            (Some(meant), _) => format!("did you mean {meant}?"),
            (None, Some(all)) if known.len() <= 5 => format!("remove the line, or write {all}"),
            (None, Some(all)) => format!("remove the line, or write one that is there, such as {all}"),
            (None, None) => "remove the line, or add the value in the CRM".to_owned(),
        };
        problems.error(*span, message, help);
    }
}
