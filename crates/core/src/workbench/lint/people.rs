//! Roles that nobody can get, and words that lead to two roles.

use super::logic::same;
use crate::mapping::file::ast::{MappingFile, RolesKey};
use crate::packet::Role;
use crate::source::Problems;

/// The roles every handoff asks for.
const ASKED_FOR: [Role; 4] = [Role::Sponsor, Role::Operator, Role::Evaluator, Role::Blocker];

pub(super) fn lint(file: &MappingFile, problems: &mut Problems) {
    contradictions(file, problems);
    let dialect = file.dialect();
    let without = dialect.filter(|dialect| dialect.fields.buying_role.is_none());
    if let (Some(dialect), Some(key)) = (without, file.roles.buying_key) {
        let (label, deals) = (dialect.nouns.label, dialect.nouns.deals);
        let message = format!("{} has no buying roles: this block has no effect", dialect.name);
        let help = format!("move its lines to `labels` and write the {label}s of your {deals} there");
        problems.warning(key, message, help);
    }
    match file.roles.key {
        RolesKey::Block(key) => {
            for role in ASKED_FOR.into_iter().filter(|role| !is_reachable(*role, file, without.is_none())) {
                let role = role.as_str();
                let message = format!(
                    "nothing leads to the role `{role}`: it will be reported as missing on every handoff"
                );
                let help = format!("add the label of such a person under `labels`: `Label: {role}`");
                problems.warning(key, message, help);
            }
        }
        RolesKey::Unreadable => {}
        RolesKey::Absent => {
            let message = "there is no `roles`: nobody has a role, and four roles will be reported as missing on \
                           every handoff";
            let help = dialect.map_or(NO_ROLES, |dialect| dialect.hints.roles);
            problems.warning(file.start, message, help);
        }
    }
}

/// What to write where the CRM is not known.
const NO_ROLES: &str = "write `roles: {labels: {Sponsor: sponsor}}` with the labels of your contacts";

fn is_reachable(role: Role, file: &MappingFile, has_buying_roles: bool) -> bool {
    let buying = file.roles.buying.iter().filter(|_| has_buying_roles);
    file.roles.labels.iter().chain(buying).any(|label| label.role == Some(role))
}

/// A label wins over a buying role, so one word for two roles depends on where the CRM keeps it.
fn contradictions(file: &MappingFile, problems: &mut Problems) {
    for buying in &file.roles.buying {
        let plain = |word: &str| word.replace(['_', '-'], " ");
        let mut labels = file.roles.labels.iter();
        let label = labels.find(|label| same(&plain(&label.word), &plain(&buying.word)));
        if let Some(label) = label
            && let (Some(one), Some(two)) = (label.role, buying.role)
            && one != two
        {
            let (line, one, two) = (problems.line(label.span), one.as_str(), two.as_str());
            let message = format!(
                "`{}` leads to `{two}` here and to `{one}` in line {line}: the same word, two roles",
                buying.word
            );
            problems.warning(buying.span, message, format!("write `{one}` or `{two}` in both places"));
        }
    }
}
