//! `roles`, `owner` and `colleagues`: who is who.

use std::collections::BTreeMap;

use super::super::{OwnerMapping, RoleMapping};
use super::field;
use crate::packet::Role;
use crate::record::FieldObject;
use crate::source::{Field, Problems, Section, Span, alternatives, nearest};

/// How people get their roles.
pub(crate) fn roles(section: Option<Section<'_>>, problems: &mut Problems) -> RoleMapping {
    let Some(mut section) = section else { return RoleMapping::default() };
    let read = RoleMapping {
        labels: table(section.take("labels"), problems),
        buying_roles: table(section.take("buying_roles"), problems),
    };
    section.finish(problems);
    read
}

fn table(field: Field<'_>, problems: &mut Problems) -> BTreeMap<String, Role> {
    let mut table: BTreeMap<String, Role> = BTreeMap::new();
    let Some(mut block) = field.section(problems) else { return table };
    for entry in block.rest() {
        let label = entry.key.trim();
        let same = table.keys().find(|other| other.to_lowercase() == label.to_lowercase());
        if let Some(other) = same {
            let message = format!("`{label}` and `{other}` are the same: capitals make no difference");
            problems.error(entry.span, message, "keep one of the two");
        } else if label.is_empty() {
            problems.error(entry.span, "the label is empty", "write `Label: role`");
        } else if let Some(role) = role(entry.value.text(), entry.value.span, entry.span, problems) {
            table.insert(label.to_owned(), role);
        }
    }
    table
}

/// The role a key holds.
pub(crate) fn one_role(field: Field<'_>, problems: &mut Problems) -> Option<Role> {
    let key = field.key_span()?;
    let node = field.node(problems)?;
    role(node.text(), node.span, key, problems)
}

fn role(text: Option<&str>, span: Span, key: Span, problems: &mut Problems) -> Option<Role> {
    let names = Role::ALL.map(Role::as_str);
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else {
        problems.error(key, "one role belongs here", format!("write {}", alternatives("", names)));
        return None;
    };
    let found = Role::ALL.into_iter().find(|role| role.as_str() == text);
    if found.is_none() {
        let help = match nearest(text, names) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("write {}", alternatives(text, names)),
        };
        problems.error(span, format!("there is no role `{text}`"), help);
    }
    found
}

/// Who takes the handoff.
pub(crate) fn owner(mut section: Section<'_>, problems: &mut Problems) -> Option<OwnerMapping> {
    let from =
        section.require("from", "write the deal field that holds the person: `from: deal.hubspot_owner_id`");
    let from_span = from.value_span();
    let from = field::of(from, problems);
    let fallback =
        section.require("fallback", "write who takes it otherwise: `fallback: revops@example.com`");
    let fallback = fallback.text(problems);
    section.finish(problems);
    if let (Some(path), Some(span)) = (&from, from_span)
        && path.object != FieldObject::Deal
    {
        let message = format!("the owner of the handoff cannot come from `{path}`");
        problems.error(span, message, "write a field of the deal, such as `deal.hubspot_owner_id`");
    }
    let (address, span) = fallback?;
    if !is_address(address) {
        let help = "write the address of a person or a team: `fallback: revops@example.com`";
        problems.error(span, format!("`{address}` is not an e-mail address"), help);
        return None;
    }
    Some(OwnerMapping { from: from?, fallback: address.to_owned() })
}

/// Our own e-mail domains, in small letters.
pub(crate) fn colleagues(field: Field<'_>, problems: &mut Problems) -> Vec<String> {
    let mut domains = Vec::new();
    for (text, span) in field.texts(problems) {
        let domain = text.to_lowercase();
        if is_domain(&domain) {
            domains.push(domain);
        } else {
            let behind_at = domain.rsplit('@').next().filter(|domain| is_domain(domain));
            let help = format!("write `{}`", behind_at.unwrap_or("example.com"));
            problems.error(span, format!("`{text}` is not a mail domain"), help);
        }
    }
    domains
}

fn is_address(text: &str) -> bool {
    let allowed = |char: char| char.is_ascii_graphic() && !matches!(char, '@' | '<' | '>' | ',' | ';' | '"');
    text.split_once('@').is_some_and(|(person, domain)| {
        !person.is_empty() && person.chars().all(allowed) && is_domain(domain)
    })
}

fn is_domain(text: &str) -> bool {
    let label =
        |label: &str| !label.is_empty() && label.chars().all(|char| char.is_alphanumeric() || char == '-');
    text.contains('.') && text.split('.').all(label)
}
