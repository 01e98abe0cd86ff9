//! `roles`, `owner` and `colleagues`: who is who.

use super::ast::{Label, Roles, RolesKey};
use super::values::{self, is_address, is_domain};
use crate::packet::{Role, RoleTarget};
use crate::record::{CrmKind, FieldObject, FieldPath};
use crate::source::{Block, Field, Node, Problems, Span, Spanned, alternatives, did_you_mean};
use crate::text::case;

/// What stands behind `fallback:` of a new file until its author writes an address.
pub const NO_FALLBACK: &str = "revops@example.com";

/// How people get their roles.
pub(super) fn roles(field: Field<'_>, problems: &mut Problems) -> Roles {
    let mut roles = Roles::default();
    let Some(key) = field.key_span() else { return roles };
    roles.key = RolesKey::Unreadable;
    let Some(mut section) = field.block(problems) else { return roles };
    let (labels, buying_roles) = (section.take("labels"), section.take("buying_roles"));
    let write = section.take("write");
    let target = write.choice(&RoleTarget::ALL, problems).zip(write.value_span());
    roles.write = target.map(|(value, span)| Spanned { value, span });
    roles.labels = table(labels, problems);
    roles.buying = table(buying_roles, problems);
    roles.buying_key = buying_roles.key_span();
    let all = roles.labels.iter().chain(&roles.buying).all(|label| label.role.is_some());
    if section.finish(problems) && all {
        roles.key = RolesKey::Block(key);
    }
    roles
}

/// Each CRM keeps the roles of contacts in its own places.
pub(super) fn refuse_target(crm: Option<CrmKind>, roles: &Roles, problems: &mut Problems) {
    let (Some(crm), Some(target)) = (crm, &roles.write) else { return };
    let dialect = crm.dialect();
    let fitting: &[&str] = match dialect.fields.buying_role {
        Some(_) => &["labels", "buying_roles"],
        None => &["roles"],
    };
    let word = RoleTarget::ALL.iter().find(|(_, known)| *known == target.value).map_or("", |(word, _)| *word);
    if !fitting.contains(&word) {
        let message = format!("{} keeps no roles in `{word}`", dialect.name);
        problems.error(target.span, message, format!("write `write: {}`", fitting.join("` or `write: ")));
    }
}

fn table(field: Field<'_>, problems: &mut Problems) -> Vec<Label> {
    let mut table: Vec<Label> = Vec::new();
    let Some(mut block) = field.block(problems) else { return table };
    for entry in block.rest() {
        let (word, role) = (entry.key.trim(), role(&entry.value));
        let same = |other: &&Label| other.role.is_some() && case::is_same(&other.word, word);
        if word.is_empty() {
            problems.error(entry.span, "the label is empty", "write `Label: role`");
        } else if let Some(Label { word: other, .. }) = table.iter().find(same) {
            let message = format!("`{word}` and `{other}` are the same: capitals make no difference");
            problems.error(entry.span, message, "keep one of the two");
        } else if role.is_none() {
            refuse_role(&entry.value, entry.span, problems);
        }
        table.push(Label { word: word.to_owned(), role, span: entry.span });
    }
    table
}

/// The role a key holds.
pub(super) fn one_role(field: Field<'_>, problems: &mut Problems) -> Option<Role> {
    let key = field.key_span()?;
    let node = field.node(problems)?;
    role(node).or_else(|| refuse_role(node, key, problems))
}

fn role(node: &Node) -> Option<Role> {
    let text = node.text().map(str::trim);
    Role::ALL.into_iter().find(|role| Some(role.as_str()) == text)
}

fn refuse_role(node: &Node, key: Span, problems: &mut Problems) -> Option<Role> {
    let names = Role::ALL.map(Role::as_str);
    let Some(text) = node.text().map(str::trim).filter(|text| !text.is_empty()) else {
        return problems.reject(key, "one role belongs here", format!("write {}", alternatives("", names)));
    };
    problems.reject(node.span, format!("there is no role `{text}`"), did_you_mean(text, names))
}

/// Who takes the handoff: the deal field with the person, and the `fallback:` address.
pub(super) fn owner(
    mut section: Block<'_>,
    problems: &mut Problems,
) -> (Option<Spanned<FieldPath>>, Option<Spanned<String>>) {
    let from =
        section.require("from", "write the deal field that holds the person: `from: deal.hubspot_owner_id`");
    let from = values::path(from, problems);
    let fallback =
        section.require("fallback", "write who takes it otherwise: `fallback: revops@seller.example`");
    let fallback = fallback.text(problems);
    section.finish(problems);
    if let Some(Spanned { value: path, span }) =
        from.as_ref().filter(|from| from.value.object != FieldObject::Deal)
    {
        let message = format!("the owner of the handoff cannot come from `{path}`");
        problems.error(*span, message, "write a field of the deal, such as `deal.hubspot_owner_id`");
    }
    if let Some((address, span)) = fallback.filter(|(address, _)| !is_address(address)) {
        let help = "write the address of a person or a team: `fallback: revops@seller.example`";
        problems.error(span, format!("`{address}` is not an e-mail address"), help);
    } else if let Some((address, span)) =
        fallback.filter(|(address, _)| address.eq_ignore_ascii_case(NO_FALLBACK))
    {
        let help = "write the address of a person or a team of yours, who takes what nobody owns";
        problems.stand_in(
            span,
            format!("`{address}` is a stand-in for an address and has to be replaced"),
            help,
        );
    }
    (from, fallback.map(Spanned::from))
}

/// E-mail addresses, each of one person.
pub(super) fn addresses(field: Field<'_>, problems: &mut Problems) -> Vec<Spanned<String>> {
    let addresses = field.owned_texts(problems);
    for Spanned { value, span } in addresses.iter().filter(|address| !is_address(&address.value)) {
        let help = "write the address that the person has in Slack, such as lead@example.com";
        problems.error(*span, format!("`{value}` is not an e-mail address"), help);
    }
    addresses
}

/// Our own e-mail domains.
pub(super) fn colleagues(field: Field<'_>, problems: &mut Problems) -> Vec<Spanned<String>> {
    let domains = field.owned_texts(problems);
    for Spanned { value: text, span } in &domains {
        let domain = text.to_lowercase();
        if !is_domain(&domain) {
            let behind_at = domain.rsplit('@').next().filter(|domain| is_domain(domain));
            let help = format!("write `{}`", behind_at.unwrap_or("example.com"));
            problems.error(*span, format!("`{text}` is not a mail domain"), help);
        }
    }
    domains
}
