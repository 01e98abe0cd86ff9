//! Field paths: `deal.handoff_why_now`.

use crate::record::{FieldObject, FieldPath};
use crate::source::{Field, Node, Problems, Span, nearest};

/// What people call an object when they do not call it as the mapping does.
const OTHER_NAMES: [(&str, FieldObject); 12] = [
    ("deals", FieldObject::Deal),
    ("opportunity", FieldObject::Deal),
    ("companies", FieldObject::Company),
    ("account", FieldObject::Company),
    ("organization", FieldObject::Company),
    ("seller", FieldObject::Owner),
    ("user", FieldObject::Owner),
    ("line_item", FieldObject::LineItems),
    ("lineitems", FieldObject::LineItems),
    ("products", FieldObject::LineItems),
    ("product", FieldObject::LineItems),
    ("opportunitylineitem", FieldObject::LineItems),
];

/// The path a key holds.
pub(crate) fn of(field: Field<'_>, problems: &mut Problems) -> Option<FieldPath> {
    let (text, span) = field.text(problems)?;
    read(text, span, problems)
}

/// The path an element of a list holds.
pub(crate) fn element(node: &Node, problems: &mut Problems) -> Option<FieldPath> {
    let Some(text) = node.text() else {
        let message = format!("the name of a field stands here, not {}", node.kind());
        problems.error(node.span, message, "write a field such as `deal.handoff_risks`");
        return None;
    };
    read(text.trim(), node.span, problems)
}

fn read(text: &str, span: Span, problems: &mut Problems) -> Option<FieldPath> {
    let Some((object, name)) = text.split_once('.') else {
        let help = format!("write `deal.{text}` for a field of the deal, `company.{text}` for the company's");
        problems.error(span, format!("`{text}` does not say whose field it is"), help);
        return None;
    };
    if let Some(help) = wrong_name(object, name) {
        problems.error(span, format!("`{text}` is not the internal name of a field"), help);
        return None;
    }
    if let Some((_, object)) = FieldObject::ALL.into_iter().find(|(word, _)| *word == object) {
        return Some(FieldPath { object, name: name.to_owned() });
    }
    let help = match meant(object) {
        Some(object) => format!("write `{}.{name}`", object.as_str()),
        None if nearest(object, ["contact", "contacts"]).is_some() => {
            "people come from `roles`; a section can read `deal`, `company`, `owner` and `line_items`"
                .to_owned()
        }
        None => "begin with `deal.`, `company.`, `owner.` or `line_items.`".to_owned(),
    };
    problems.error(span, format!("there is no object `{object}`"), help);
    None
}

fn wrong_name(object: &str, name: &str) -> Option<String> {
    if name.is_empty() {
        return Some(format!("write the field's name behind the dot: `{object}.handoff_risks`"));
    }
    let plain = |char: char| char.is_alphanumeric() || matches!(char, '_' | '.' | '-');
    (!name.chars().all(plain) || object.contains(char::is_whitespace)).then(|| {
        "write the internal name, not the label that people see: it has no spaces, as in `deal.handoff_risks`"
            .to_owned()
    })
}

fn meant(object: &str) -> Option<FieldObject> {
    let names = || FieldObject::ALL.into_iter().chain(OTHER_NAMES);
    let word = nearest(object, names().map(|(word, _)| word))?;
    names().find(|(other, _)| *other == word).map(|(_, object)| object)
}
