//! The deal of a case: written out, saved in a file, or the usual one with changes.

use std::collections::BTreeMap;
use std::path::Path;

use super::expect::{owned, texts};
use crate::record::{Contact, CrmKind, DealRecord, FieldInfo, FieldKind, Object, User};
use crate::source::{self, Block, Entry, Field, Node, Problems, Value};

const KINDS: [(&str, FieldKind); 10] = [
    ("text", FieldKind::Text),
    ("html", FieldKind::Html),
    ("number", FieldKind::Number),
    ("money", FieldKind::Money),
    ("bool", FieldKind::Bool),
    ("date", FieldKind::Date),
    ("date_time", FieldKind::DateTime),
    ("choice", FieldKind::Choice),
    ("choices", FieldKind::Choices),
    ("user", FieldKind::User),
];

/// A deal record, and whether it says which CRM it is from.
#[derive(Debug, Clone)]
pub(crate) struct Written {
    pub(crate) crm: Option<CrmKind>,
    pub(crate) record: DealRecord,
}

impl Written {
    fn empty() -> Self {
        Self { crm: None, record: DealRecord::empty(CrmKind::Hubspot, "1", "1") }
    }
}

/// Takes `record`, `record_file` and `change` of a case or of the file's top; `usual` is what the top gave.
/// `None` when there is no deal at all, or not a readable one.
pub(crate) fn parse(
    section: &mut Block<'_>,
    directory: &Path,
    usual: Option<&Written>,
    problems: &mut Problems,
) -> Option<Written> {
    let (written, saved, change) =
        (section.take("record"), section.take("record_file"), section.take("change"));
    if let (Some(_), Some(second)) = (written.key_span(), saved.key_span()) {
        problems.error(second, "`record` and `record_file` both give the deal", "keep one of the two");
    }
    let base = if written.is_present() {
        let mut base = Written::empty();
        if let Some(written) = written.block(problems) {
            put(written, &mut base, problems);
        }
        Some(base)
    } else if saved.is_present() {
        self::saved(saved, directory, problems).or_else(|| Some(Written::empty()))
    } else {
        usual.cloned()
    };
    let mut base = base?;
    if let Some(change) = change.block(problems) {
        put(change, &mut base, problems);
    }
    Some(base)
}

fn saved(field: Field<'_>, directory: &Path, problems: &mut Problems) -> Option<Written> {
    let (name, span) = field.text(problems)?;
    let help = "save one with `handoff fetch --deal ID > deal.json`; the path is relative to this file";
    let text = match std::fs::read_to_string(source::beside(directory, name)) {
        Ok(text) => text,
        Err(error) => {
            return problems.reject(span, format!("`{name}` cannot be read: {error}"), help);
        }
    };
    match serde_json::from_str::<DealRecord>(&text) {
        Ok(record) => Some(Written { crm: Some(record.crm), record }),
        Err(error) => {
            let (line, column) = (error.line(), error.column());
            problems.reject(
                span,
                format!("`{name}` is not a deal record: see its line {line}, column {column}"),
                help,
            )
        }
    }
}

/// Puts what a block says over a record: properties one by one, lists as a whole.
fn put(mut section: Block<'_>, onto: &mut Written, problems: &mut Problems) {
    let crm = section.take("crm");
    onto.crm = crm.choice(&CrmKind::ALL.map(|crm| (crm.as_str(), crm)), problems).or(onto.crm);
    let record = &mut onto.record;
    if let Some((account, _)) = section.take("account").text(problems) {
        account.clone_into(&mut record.account);
    }
    if let Some((url, _)) = section.take("url").text(problems) {
        record.url = Some(url.to_owned());
    }
    if let Some(deal) = section.take("deal").block(problems) {
        object(deal, &mut record.deal, problems);
    }
    if let Some(company) = section.take("company").block(problems) {
        object(company, record.company.get_or_insert_default(), problems);
    }
    if let Some(owner) = section.take("owner").block(problems) {
        object(owner, &mut record.owner.get_or_insert_default().0, problems);
    }
    if let Some(mut users) = section.take("users").block(problems) {
        for entry in users.rest() {
            if let Some(user) = Block::of(&entry.value, "a user", problems) {
                let known = record.users.entry(entry.key.clone());
                let known =
                    known.or_insert_with(|| User(Object { id: entry.key.clone(), ..Object::default() }));
                object(user, &mut known.0, problems);
            }
        }
    }
    let contacts = section.take("contacts");
    if contacts.is_present() {
        record.contacts = blocks(contacts, "a contact", problems, contact);
    }
    let line_items = section.take("line_items");
    if line_items.is_present() {
        record.line_items = blocks(line_items, "a line item", problems, |mut section, problems| {
            let mut item = Object::default();
            values(section.rest(), "", &mut item, problems);
            item
        });
    }
    if let Some(mut fields) = section.take("fields").block(problems) {
        for entry in fields.rest() {
            if let Some(info) = field_info(&entry.value, problems) {
                record.fields.insert(entry.key.clone(), info);
            }
        }
    }
    let unavailable = section.take("unavailable");
    if unavailable.is_present() {
        record.unavailable = owned(texts(unavailable, problems));
    }
    section.take("fetched_at");
    section.finish(problems);
}

fn blocks<T>(
    field: Field<'_>,
    what: &str,
    problems: &mut Problems,
    read: impl Fn(Block<'_>, &mut Problems) -> T,
) -> Vec<T> {
    let nodes = if field.is_empty_list() { Vec::new() } else { field.list(problems) };
    nodes.into_iter().filter_map(|node| Some(read(Block::of(node, what, problems)?, problems))).collect()
}

fn contact(mut section: Block<'_>, problems: &mut Problems) -> Contact {
    let labels = owned(texts(section.take("labels"), problems));
    let mut contact = Contact { labels, ..Contact::default() };
    values(section.rest(), "", &mut contact.object, problems);
    contact
}

fn object(mut section: Block<'_>, onto: &mut Object, problems: &mut Problems) {
    values(section.rest(), "", onto, problems);
}

/// Values by name. A block below a name becomes dotted names, as in a deal record; `properties` is one that
/// only groups.
fn values(entries: Vec<&Entry>, prefix: &str, onto: &mut Object, problems: &mut Problems) {
    for entry in entries {
        let name = format!("{prefix}{}", entry.key);
        match &entry.value.value {
            Value::Scalar(scalar) if matches!(name.as_str(), "id" | "Id") => onto.id.clone_from(&scalar.text),
            Value::Scalar(scalar) => {
                onto.properties.insert(name, Some(scalar.text.clone()));
            }
            Value::Nothing => {
                onto.properties.insert(name, None);
            }
            Value::Map(inner) => {
                let prefix = if name == "properties" { String::new() } else { format!("{name}.") };
                values(inner.iter().collect(), &prefix, onto, problems);
            }
            Value::List(_) => {
                let help = "write one value; several values of a pick list are joined by `;`";
                problems.error(entry.span, format!("`{name}` holds a list"), help);
            }
        }
    }
}

fn field_info(node: &Node, problems: &mut Problems) -> Option<FieldInfo> {
    let mut section = Block::of(node, "what the CRM says about a field", problems)?;
    let kind = section.require("kind", "write how to read the field: `kind: choices`");
    let kind = kind.choice(&KINDS, problems);
    let label = section.take("label").text(problems);
    let mut options = BTreeMap::new();
    if let Some(mut block) = section.take("options").block(problems) {
        for entry in block.rest() {
            let shown = entry.value.text().unwrap_or(&entry.key);
            options.insert(entry.key.clone(), shown.to_owned());
        }
    }
    section.finish(problems);
    Some(FieldInfo {
        kind: kind?,
        label: label.map(|(label, _)| label.to_owned()).unwrap_or_default(),
        options,
    })
}
