//! Fields: unknown, on another object, archived, sensitive, hidden; and those that cannot give what is asked of them.

use super::{nearest, speech};
use crate::record::{AccountMetadata, CrmKind, CrmObject, FieldKind, FieldMetadata};
use crate::record::{FieldObject, FieldPath};
use crate::source::{Problems, Span};
use crate::workbench::lint::draft::{Draft, Purpose};

/// What HubSpot says about an owner; there are no properties behind it.
/// <https://developers.hubspot.com/docs/api-reference/latest/crm/owners/guide>
const OWNER: [&str; 10] = [
    "id",
    "email",
    "firstName",
    "lastName",
    "userId",
    "userIdIncludingInactive",
    "type",
    "archived",
    "createdAt",
    "updatedAt",
];

pub(crate) fn look(draft: &Draft<'_>, account: &AccountMetadata, problems: &mut Problems) {
    for (path, span) in draft.mentions() {
        match find(account, path) {
            Found::Field(field) => readable(path, field, span, account, problems),
            Found::Missing(object, name) => missing(path, object, name, span, account, problems),
            Found::Unknown => {}
        }
    }
    for pointer in &draft.pointers {
        if let Found::Field(field) = find(account, &pointer.path) {
            gives(pointer.purpose, &pointer.path, field, pointer.span, problems);
        }
    }
}

/// What the account says about a path.
pub(crate) enum Found<'a> {
    /// It is this field.
    Field(&'a FieldMetadata),
    /// This object has no field, or no lookup, of this name.
    Missing(CrmObject, &'a str),
    /// It lies behind something that the account was not asked about.
    Unknown,
}

pub(crate) fn find<'a>(account: &'a AccountMetadata, path: &'a FieldPath) -> Found<'a> {
    let object = CrmObject::from(path.object);
    if account.account.crm == CrmKind::Hubspot && object == CrmObject::User {
        let known = OWNER.contains(&path.name.as_str());
        return if known { Found::Unknown } else { Found::Missing(object, &path.name) };
    }
    within(account, object, &path.name)
}

fn within<'a>(account: &'a AccountMetadata, object: CrmObject, name: &'a str) -> Found<'a> {
    let Some(fields) = account.fields(object) else { return Found::Unknown };
    if name.eq_ignore_ascii_case("id") {
        return Found::Unknown;
    }
    let dotted = name.split_once('.').filter(|_| account.account.crm == CrmKind::Salesforce);
    let Some((first, rest)) = dotted else {
        return account.field(object, name).map_or(Found::Missing(object, name), Found::Field);
    };
    let mut lookups = fields.iter().filter_map(|field| field.lookup.as_ref());
    let Some(lookup) = lookups.find(|lookup| lookup.way.eq_ignore_ascii_case(first)) else {
        return Found::Missing(object, first);
    };
    match lookup.to.iter().find_map(|name| described(name)) {
        Some(behind) => within(account, behind, rest),
        None => Found::Unknown,
    }
}

fn described(name: &str) -> Option<CrmObject> {
    match name {
        "Opportunity" => Some(CrmObject::Deal),
        "Account" => Some(CrmObject::Company),
        "Contact" => Some(CrmObject::Contact),
        "User" => Some(CrmObject::User),
        _ => None,
    }
}

fn missing(
    path: &FieldPath,
    object: CrmObject,
    name: &str,
    span: Span,
    account: &AccountMetadata,
    problems: &mut Problems,
) {
    let crm = account.account.crm;
    let records = speech::records(crm, object);
    if let Some(other) = elsewhere(account, object, name) {
        let theirs = speech::records(crm, other);
        let message = format!("`{path}`: {records} have no field `{name}`, {theirs} have one");
        let help = match other.mapped() {
            Some(object) => format!("write `{}.{name}`", object.as_str()),
            None => {
                "people come from `roles`; to show such a field, let the CRM copy it to one of the deal, and \
                     write that"
                    .to_owned()
            }
        };
        problems.error(span, message, help);
        return;
    }
    let fields = account.fields(object).unwrap_or_default();
    let written = |field: &FieldMetadata| written(path, name, &field.name);
    let labelled =
        |field: &&FieldMetadata| !field.archived && nearest::plain(&field.label) == nearest::plain(name);
    let mut by_label = fields.iter().filter(labelled);
    if let (Some(field), None) = (by_label.next(), by_label.next()) {
        let message = format!("`{path}` has the label of a field, not its name");
        problems.error(span, message, format!("write `{}` ({})", written(field), field.label));
        return;
    }
    let hidden = match crm {
        CrmKind::Hubspot => "",
        CrmKind::Salesforce => ", or it is hidden from the integration user",
    };
    let message =
        format!("`{path}`: {records} of {} have no field `{name}`{hidden}", speech::account(account));
    let meant: Vec<String> = nearest::fields(name, fields)
        .into_iter()
        .map(|field| format!("`{}` ({})", written(field), field.label))
        .collect();
    let help = match (or(&meant), crm, object) {
        (Some(meant), CrmKind::Hubspot, _) => format!("did you mean {meant}?"),
        (Some(meant), CrmKind::Salesforce, _) => {
            format!(
                "did you mean {meant}? If not, give the integration user's permission set read access to it"
            )
        }
        (None, CrmKind::Hubspot, CrmObject::User) => {
            "write `owner.email`, `owner.firstName` or `owner.lastName`".to_owned()
        }
        (None, _, _) => speech::where_names_stand(crm).to_owned(),
    };
    problems.error(span, message, help);
}

/// The path with another name in place of the one that is wrong: `deal.Account.Industri` keeps `deal.Account.`.
fn written(path: &FieldPath, wrong: &str, right: &str) -> String {
    let name = path.name.replacen(wrong, right, 1);
    format!("{}.{name}", path.object.as_str())
}

/// `a`, `b` or `c`.
pub(crate) fn or(words: &[String]) -> Option<String> {
    match words.split_last()? {
        (last, []) => Some(last.clone()),
        (last, others) => Some(format!("{} or {last}", others.join(", "))),
    }
}

/// The object that has a field of just this name.
fn elsewhere(account: &AccountMetadata, object: CrmObject, name: &str) -> Option<CrmObject> {
    let others = account.objects.keys().copied().filter(|other| *other != object);
    // What a mapping can read comes first.
    let (mapped, others): (Vec<_>, Vec<_>) = others.partition(|other| other.mapped().is_some());
    let has = |other: &CrmObject| account.field(*other, name).is_some_and(|field| !field.archived);
    mapped.into_iter().chain(others).find(has)
}

fn readable(
    path: &FieldPath,
    field: &FieldMetadata,
    span: Span,
    account: &AccountMetadata,
    problems: &mut Problems,
) {
    if field.archived {
        let message = format!("`{path}` ({}) is archived: HubSpot returns no value of it", field.label);
        let help = "restore it under Settings > Properties > Archived properties, or write another field";
        problems.error(span, message, help);
    } else if let Some(scope) = field.needs.first() {
        let message =
            format!("`{path}` ({}) is sensitive, and its values are kept from the app", field.label);
        let help = format!("grant the app the scope {scope} and install it again, or write another field");
        // Where the scopes are not known, it may have been granted.
        match account.granted {
            Some(_) => problems.error(span, message, help),
            None => problems.warning(span, message.replace("are kept", "may be kept"), help),
        }
    }
}

/// Whether a field can give what it is pointed at for.
fn gives(purpose: Purpose, path: &FieldPath, field: &FieldMetadata, span: Span, problems: &mut Problems) {
    let (holds, label) = (speech::holds(field.kind), &field.label);
    match purpose {
        Purpose::Owner if path.object == FieldObject::Deal && field.kind != FieldKind::User => {
            let message =
                format!("`{path}` ({label}) holds {holds}, not a CRM user: the fallback takes every handoff");
            problems.warning(span, message, "write a field that holds a user, such as the deal's owner");
        }
        Purpose::Due
            if matches!(
                field.kind,
                FieldKind::Number | FieldKind::Money | FieldKind::Bool | FieldKind::User
            ) =>
        {
            let message = format!("`{path}` ({label}) holds {holds}, and no day can be read from it");
            problems.warning(
                span,
                message,
                "write a date field, or a text field with words such as `within 21 days`",
            );
        }
        Purpose::Due | Purpose::Who | Purpose::Owner => {}
    }
}
