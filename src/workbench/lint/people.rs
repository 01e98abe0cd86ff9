//! Roles that nobody can get, and words that lead to two roles.

use crate::packet::Role;
use crate::record::CrmKind;
use crate::source::Problems;

use super::draft::{Draft, Roles};
use super::verdict::same;

/// The roles every handoff asks for.
const ASKED_FOR: [Role; 4] = [Role::Sponsor, Role::Operator, Role::Evaluator, Role::Blocker];

pub(crate) fn look(draft: &Draft<'_>, problems: &mut Problems) {
    contradictions(draft, problems);
    if draft.crm == Some(CrmKind::Salesforce)
        && let Some(key) = draft.buying_roles_key
    {
        let help = "move its lines to `labels` and write the contact roles of your opportunities there";
        problems.warning(key, "Salesforce has no buying roles: this block has no effect", help);
    }
    unreachable(draft, problems);
}

/// A label wins over a buying role, so one word for two roles depends on where the CRM keeps it.
fn contradictions(draft: &Draft<'_>, problems: &mut Problems) {
    for buying in &draft.buying_roles {
        let plain = |word: &str| word.replace(['_', '-'], " ");
        let mut labels = draft.labels.iter();
        let label = labels.find(|label| same(&plain(label.word), &plain(buying.word)));
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

fn unreachable(draft: &Draft<'_>, problems: &mut Problems) {
    let roles = match draft.roles {
        Roles::Block(roles) => roles,
        Roles::Unreadable => return,
        Roles::Absent => return absent(draft, problems),
    };
    let works = |role: &&Role| {
        let buying = draft.buying_roles.iter().filter(|_| draft.crm != Some(CrmKind::Salesforce));
        draft.labels.iter().chain(buying).any(|labelled| labelled.role == Some(**role))
    };
    let missing: Vec<&Role> = ASKED_FOR.iter().filter(|role| !works(role)).collect();
    for role in missing {
        let role = role.as_str();
        let message =
            format!("nothing leads to the role `{role}`: it will be reported as missing on every handoff");
        problems.warning(
            roles,
            message,
            format!("add the label of such a person under `labels`: `Label: {role}`"),
        );
    }
}

fn absent(draft: &Draft<'_>, problems: &mut Problems) {
    let message =
        "there is no `roles`: nobody has a role, and four roles will be reported as missing on every handoff";
    let help = match draft.crm {
        Some(CrmKind::Salesforce) => {
            "write `roles: {labels: {Decision Maker: sponsor}}` with your contact roles"
        }
        _ => "write `roles: {labels: {Sponsor: sponsor}}` with the labels of your contacts",
    };
    problems.warning(draft.start, message, help);
}
