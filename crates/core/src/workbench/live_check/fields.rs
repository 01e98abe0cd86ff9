//! Fields: unknown, on another object, archived, sensitive, hidden; and those that cannot give what is asked of them.

use super::{holds, nearest, or};
use crate::mapping::file::ast::{MappingFile, Purpose};
use crate::record::{AccountMetadata, CrmObject, FieldKind, FieldMetadata, FieldObject, FieldPath};
use crate::source::{Problems, Span};

/// Characters that a field for answers should have room for: a long paragraph.
const ROOM: u32 = 1_000;

pub(super) fn check(file: &MappingFile, account: &AccountMetadata, problems: &mut Problems) {
    for (path, span) in file.mentions() {
        match find(account, path) {
            Found::Field(field) => readable(path, field, span, account, problems),
            Found::Missing(object, name) => missing(path, object, name, span, account, problems),
            Found::Unknown => {}
        }
    }
    for (purpose, pointer) in file.pointers() {
        if let Found::Field(field) = find(account, &pointer.value) {
            gives(purpose, &pointer.value, field, pointer.span, account, problems);
        }
    }
    may_write(file, account, problems);
}

/// Whether the app may change deals at all, said once, where the first answer is to be written.
fn may_write(file: &MappingFile, account: &AccountMetadata, problems: &mut Problems) {
    let hints = &account.dialect().hints;
    let (Some(scope), Some(granted)) = (hints.write_scope, &account.granted) else { return };
    let is_target = |purpose| matches!(purpose, Purpose::Write | Purpose::WriteDue);
    let targets = file.pointers().filter(|(purpose, _)| is_target(*purpose)).map(|(_, path)| path.span);
    let roles = file.roles.write.as_ref().map(|target| target.span);
    if let Some(span) = targets.chain(roles).next().filter(|_| !granted.contains(scope)) {
        let message = "answers are to be written to the CRM, and the app may not change deals";
        problems.error(span, message, (hints.grant)(&[scope.to_owned()]));
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
    match account.dialect().fields.of_users.filter(|_| object == CrmObject::User) {
        Some(known) if known.contains(&path.name.as_str()) => Found::Unknown,
        Some(_) => Found::Missing(object, &path.name),
        None => within(account, object, &path.name),
    }
}

fn within<'a>(account: &'a AccountMetadata, object: CrmObject, name: &'a str) -> Found<'a> {
    let Some(fields) = account.fields(object) else { return Found::Unknown };
    if name.eq_ignore_ascii_case("id") {
        return Found::Unknown;
    }
    let behind = account.dialect().naming.lookups;
    let dotted = name.split_once('.').filter(|_| !behind.is_empty());
    let Some((first, rest)) = dotted else {
        return account.field(object, name).map_or(Found::Missing(object, name), Found::Field);
    };
    let mut lookups = fields.iter().filter_map(|field| field.lookup.as_ref());
    let Some(lookup) = lookups.find(|lookup| lookup.way.eq_ignore_ascii_case(first)) else {
        return Found::Missing(object, first);
    };
    let described = |to: &String| behind.iter().find(|(name, _)| name == to).map(|(_, object)| *object);
    lookup.to.iter().find_map(described).map_or(Found::Unknown, |object| within(account, object, rest))
}

fn missing(
    path: &FieldPath,
    object: CrmObject,
    name: &str,
    span: Span,
    account: &AccountMetadata,
    problems: &mut Problems,
) {
    let dialect = account.dialect();
    let records = dialect.records(object);
    if let Some(other) = elsewhere(account, object, name) {
        let theirs = dialect.records(other);
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
    let message = format!(
        "`{path}`: {records} of {} have no field `{name}`{}",
        account.named(),
        dialect.hints.or_hidden
    );
    let meant: Vec<String> = nearest::fields(name, fields)
        .into_iter()
        .map(|field| format!("`{}` ({})", written(field), field.label))
        .collect();
    let of_users = dialect.hints.user_fields.filter(|_| object == CrmObject::User);
    let help = match or(&meant) {
        Some(meant) => format!("did you mean {meant}?{}", dialect.hints.not_meant),
        None => of_users.unwrap_or(dialect.hints.unknown_field).to_owned(),
    };
    problems.error(span, message, help);
}

/// The path with another name in place of the one that is wrong: `deal.Account.Industri` keeps `deal.Account.`.
fn written(path: &FieldPath, wrong: &str, right: &str) -> String {
    let name = path.name.replacen(wrong, right, 1);
    format!("{}.{name}", path.object.as_str())
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
        let message = format!(
            "`{path}` ({}) is archived: {} returns no value of it",
            field.label,
            account.dialect().name
        );
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
fn gives(
    purpose: Purpose,
    path: &FieldPath,
    field: &FieldMetadata,
    span: Span,
    account: &AccountMetadata,
    problems: &mut Problems,
) {
    let (holds, label) = (holds(field.kind), &field.label);
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
        Purpose::Link if !matches!(field.kind, FieldKind::Text | FieldKind::Html) => {
            let message =
                format!("`{path}` ({label}) holds {holds}, not the address of a page: no link is made");
            problems.warning(span, message, "write a text field that holds an address");
        }
        Purpose::Write | Purpose::WriteDue if field.calculated || field.read_only => {
            let (why, help) = match account.dialect().hints.read_only {
                _ if field.calculated => ("is calculated", "write a field that people fill in"),
                read_only => read_only,
            };
            let message = format!("`{path}` ({label}) {why}: no answer can be written to it");
            problems.error(span, message, help);
        }
        Purpose::Write
            if !matches!(
                field.kind,
                FieldKind::Text | FieldKind::Html | FieldKind::Choice | FieldKind::Choices
            ) =>
        {
            let message = format!("`{path}` ({label}) holds {holds}, and an answer is text");
            problems.error(span, message, "write a text field, rich text included, or a pick list");
        }
        Purpose::WriteDue
            if !matches!(field.kind, FieldKind::Date | FieldKind::DateTime | FieldKind::Text) =>
        {
            let message = format!("`{path}` ({label}) holds {holds}, and the answer is a day");
            problems.error(span, message, "write a date field");
        }
        Purpose::Write
            if matches!(field.kind, FieldKind::Text | FieldKind::Html)
                && field.length.is_some_and(|length| length < ROOM) =>
        {
            let length = field.length.unwrap_or_default();
            let message =
                format!("`{path}` ({label}) holds {length} characters: a longer answer stays in the packet");
            problems.warning(span, message, "write a field for long text");
        }
        Purpose::Due | Purpose::Who | Purpose::Link | Purpose::Owner | Purpose::Write | Purpose::WriteDue => {
        }
    }
}
